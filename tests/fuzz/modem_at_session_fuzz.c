/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * A whole session over an AT port whose modem answers with what the fuzzer says, a NUL between one answer and the next,
 * and hangs up after the last: facts, ICCID, channels, commands, steps. Nothing is waited for (modem_at_script.h), and
 * the journal and the quirk files are none.
 */
#include "unit/modem_at_script.h"

#include <stdlib.h>

#define MAX_ANSWERS 64

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* In place of modem/common/journal.c and quirks.c. */
int journal_opening(struct journal *journal, const struct journal_channel *channel, struct esim_error *err)
{
	(void)journal, (void)channel, (void)err;
	return 0;
}

int journal_opened(struct journal *journal, const struct journal_channel *channel, struct esim_error *err)
{
	(void)journal, (void)channel, (void)err;
	return 0;
}

void journal_closed(struct journal *journal, uint32_t channel)
{
	(void)journal, (void)channel;
}

void journal_all_closed(struct journal *journal, const struct modem_identity *identity)
{
	(void)journal, (void)identity;
}

int quirks_load_of(const struct modem_identity *identity, enum quirk_protocol protocol, const char *firmware,
		   struct quirks *ret, struct esim_error *err)
{
	(void)identity, (void)protocol, (void)firmware, (void)ret, (void)err;
	return 0;
}

static void use_channel(struct at *at)
{
	static const uint8_t isdr[] = { 0xA0, 0x00, 0x00, 0x05, 0x59, 0x10, 0x10 };
	static const uint8_t command[] = { 0x80, 0xE2, 0x91, 0x00, 0x03, 0xBF, 0x3E, 0x00, 0x00 };
	struct esim_buf bytes = ESIM_BUF_INIT_MAX(ESIM_MAX_RESPONSE);
	uint32_t handle;

	if (!at_channel_open(at, 0, esim_slice(isdr, sizeof(isdr)), 0, &handle, &bytes, 1000, NULL)) {
		at_channel_transmit(at, handle, esim_slice(command, sizeof(command)), &bytes, 1000, NULL);
		at_channel_transmit(at, handle, esim_slice(command, sizeof(command)), &bytes, 1000, NULL);
		at_channel_close(at, handle);
	}
	esim_buf_free(&bytes);
}

static void run(void)
{
	struct at at = { 0 };
	struct esim_modem_facts facts;
	struct esim_iccid iccid;
	struct esim_error err;
	char digits[ESIM_ICCID_DIGITS + 1];

	at_parser_init(&at.parser);
	if (!at_iccid(&at, &iccid, 1000, &err) && esim_iccid_format(&iccid, digits))
		abort();
	use_channel(&at);
	use_channel(&at);
	if (!at_facts_read(&at, &err) && !at_facts(&at, &facts, &err) && facts.imei[0] && strlen(facts.imei) != 15)
		abort();
	at_wait(&at, 1, &err);
	at_step(&at, ESIM_MODEM_AIRPLANE, 1000, &err);
	use_channel(&at);
	at_channels_end(&at, 1000);
	at_parser_clear(&at.parser);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct script_step steps[MAX_ANSWERS];
	char *text = malloc(size + 1);
	size_t count = 0;

	if (!text)
		return 0;
	memcpy(text, data, size);
	text[size] = '\0';
	for (size_t at = 0; at < size && count < MAX_ANSWERS; at += strlen(text + at) + 1)
		steps[count++] = (struct script_step){ .reply = text + at };
	script_play(steps, count);
	script.hangs_up = true;
	run();
	free(text);
	return 0;
}
