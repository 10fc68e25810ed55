/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Every exchange level: the same commands to /dev/euiccN and to a card of the same make in this
 * process, which has no reader in between. Data and status word must be the same.
 */
#include "vm/device.h"
#include "vm/plugged.h"
#include "vm/reader_cases.h"
#include "vm/tap.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define LONG_NAME 255			/* two of them make an answer of more than 256 bytes */

struct level {
	const char *name;
	struct vreader_options options;
};

static const struct level levels[] = {
	{ "TPDU, full speed", { .level = VREADER_TPDU } },
	{ "TPDU, high speed, empty packets at the end",
	  { .level = VREADER_TPDU, .high_speed = true, .stray_zlp = true } },
	{ "TPDU, no interrupt pipe, class descriptor last",
	  { .level = VREADER_TPDU, .no_interrupt = true, .class_last = true } },
	{ "short APDU", { .level = VREADER_SHORT } },
	{ "short APDU, procedure bytes shown", { .level = VREADER_SHORT, .show_procedure = true } },
	{ "short APDU, parameters by the reader, none told",
	  { .level = VREADER_SHORT, .has_features = true, .features = 0xFE, .no_parameters = true } },
	{ "extended APDU", { .level = VREADER_EXTENDED, .high_speed = true } },
	{ "extended APDU, chained in messages of 64 bytes",
	  { .level = VREADER_EXTENDED, .max_message = 64 } },
	{ "extended APDU, chained, empty packets at the end",
	  { .level = VREADER_EXTENDED, .max_message = 128, .stray_zlp = true } },
};

struct exchange {
	const char *name;
	const char *command;		/* hex, without channel */
	bool extended;			/* for extended level alone */
};

static const struct exchange exchanges[] = {
	{ "case 1", "80E29100", false },
	{ "case 1, unknown instruction", "80560000", false },
	{ "case 2", "80F2000000", false },
	{ "case 3 with an answer", "80E2910006BF3E035C015A", false },
	{ "case 4", "80E2910006BF3E035C015A00", false },
	{ "case 4, an answer of more than 256 bytes", "80E2910003BF3C0000", false },
	{ "case 3, an answer of more than 256 bytes", "80E2910003BF3C00", false },
	{ "case 4, unknown function", "80E2910003BF7F0000", false },
	{ "case 4, extended lengths", "80E29100000006BF3E035C015A0000", true },
	{ "case 4, extended lengths, long answer", "80E29100000003BF3C000000", true },
};

static struct veuicc *reference;
static uint8_t channel;

/* --- the card without a reader ---------------------------------------------- */

static bool reference_send(struct esim_slice command, struct esim_buf *ret)
{
	esim_buf_reset(ret);
	return veuicc_transmit(reference, command, ret) == 0 && ret->len >= 2;
}

/* The exchange with what 61xx asks for; data and the last status word. */
static bool reference_exchange(const uint8_t *command, size_t len, struct esim_buf *ret)
{
	uint8_t own[512];
	struct esim_buf part = ESIM_BUF_INIT;
	bool good;

	memcpy(own, command, len);
	own[0] = (uint8_t)(own[0] | channel);
	esim_buf_reset(ret);
	good = reference_send(esim_slice(own, len), &part);
	while (good) {
		const uint8_t *sw = part.data + part.len - 2;

		esim_buf_append(ret, part.data, part.len - (sw[0] == 0x61 ? 2 : 0));
		if (sw[0] != 0x61)
			break;
		good = reference_send(esim_slice(((uint8_t[]){ channel, 0xC0, 0, 0, sw[1] }), 5), &part);
	}
	esim_buf_free(&part);
	return good;
}

static bool reference_start(const struct veuicc_options *options)
{
	static const uint8_t manage[] = { 0, 0x70, 0, 0, 1 };
	uint8_t select[21] = { 0, 0xA4, 0x04, 0x00, 0x10 };
	struct esim_buf answer = ESIM_BUF_INIT;
	bool good;

	memcpy(select + 5, device_isdr, sizeof(device_isdr));
	good = !veuicc_new(options, &reference, NULL) && !veuicc_power_on(reference, NULL) &&
	       reference_send(esim_slice(manage, sizeof(manage)), &answer) && answer.len == 3;
	if (good)
		channel = answer.data[0];
	good = good && reference_exchange(select, sizeof(select), &answer);
	esim_buf_free(&answer);
	return tap_ok(good, "a card without a reader answers");
}

/* --- compare ---------------------------------------------------------------- */

static void check(int fd, const char *level, const struct exchange *exchange)
{
	static uint8_t response[EUICC_AREA_MAX];
	struct esim_buf want = ESIM_BUF_INIT;
	uint8_t command[512];
	uint16_t sw = 0, want_sw;
	size_t len = 0, got = 0;
	int r;

	esim_hex_decode(exchange->command, command, sizeof(command), &len);
	if (!reference_exchange(command, len, &want)) {
		tap_fail(exchange->name, "the card without a reader does not answer");
		return;
	}
	want_sw = (uint16_t)(want.data[want.len - 2] << 8 | want.data[want.len - 1]);
	r = device_apdu(fd, command, len, response, sizeof(response), &got, &sw);
	if (r || sw != want_sw || got != want.len - 2)
		tap_note("status %d, sw %04x, %zu bytes; wanted sw %04x, %zu bytes", r, sw, got, want_sw,
			 want.len - 2);
	tap_ok(!r && sw == want_sw && got == want.len - 2 && !memcmp(response, want.data, got),
	       "%s: %s", level, exchange->name);
	esim_buf_free(&want);
}

/* The longest command of short length, as it comes in a package: the card takes it. */
static void check_long_command(int fd, const char *level)
{
	uint8_t command[5 + 255] = { 0x80, 0xE2, 0x11, 0x00, 0xFF, 0xBF, 0x36, 0x82, 0x10, 0x00 };
	uint16_t sw = 0;
	int r = device_apdu(fd, command, sizeof(command), NULL, 0, NULL, &sw);

	tap_ok(!r && sw == 0x9000, "%s: a command of 255 bytes (%d, %04x)", level, r, sw);
}

static void check_level(const struct level *level, const struct veuicc_options *card)
{
	struct vreader_options options = level->options;
	struct euicc_open_channel open;
	struct plugged plugged;
	int r;

	options.card = *card;
	if (!plugged_start(&plugged, &options))
		return;
	if (!tap_ok(plugged.fd >= 0, "%s: euicc_ccid takes the reader", level->name)) {
		plugged_stop(&plugged);
		return;
	}
	r = device_channel(plugged.fd, device_isdr, sizeof(device_isdr), 0, &open);
	if (tap_ok(!r && open.sw == 0x9000 && open.fci_len > 20 && open.generation == 1,
		   "%s: a channel to the ISD-R (%d)", level->name, r)) {
		for (size_t i = 0; i < sizeof(exchanges) / sizeof(exchanges[0]); i++)
			if (!exchanges[i].extended || options.level == VREADER_EXTENDED)
				check(plugged.fd, level->name, &exchanges[i]);
		check_long_command(plugged.fd, level->name);
	}
	plugged_obeys(&plugged, level->name);
	plugged_stop(&plugged);
}

void reader_level_cases(void)
{
	struct vreader_options options;
	char name[LONG_NAME + 1];

	memset(name, 'a', LONG_NAME);
	for (size_t i = 50; i < LONG_NAME; i += 51)
		name[i] = '.';
	name[LONG_NAME] = '\0';
	plugged_options(&options);
	options.card.default_smdp = options.card.root_smds = name;
	if (reference_start(&options.card))
		for (size_t i = 0; i < sizeof(levels) / sizeof(levels[0]); i++)
			check_level(&levels[i], &options.card);
	veuicc_free(&reference);
}
