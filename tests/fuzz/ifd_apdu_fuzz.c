/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * PC/SC clients against libifdeuicc's channels: a first byte for the policy, then commands, each
 * behind two bytes of length. The kernel is made up; it does what a card might, and stops at once
 * where what is refused, or a channel in the class byte, gets through to it.
 */
#include "unit/fake_kernel.h"

#include "ifd/channels.h"

#include <stdlib.h>

#define COMMANDS_MAX 64

static const uint8_t isd_names[] = {
	0xA0, 0x00, 0x00, 0x05, 0x59, 0x10,
};
static struct policy policy;
static unsigned answers;

static bool could_be_refused(const uint8_t *aid, size_t len)
{
	size_t most = len < sizeof(isd_names) ? len : sizeof(isd_names);

	return most == 0 || memcmp(aid, isd_names, most) == 0;
}

/* What a card makes of a command: some data, by its instruction. */
static void card(struct esim_slice command, struct esim_buf *answer)
{
	bool nothing_allowed = !policy.allow_isdr && !policy.allow_ecasd;
	size_t len = command.data[1] * 3u % 700;

	if (command.len < 4 || command.data[0] & 0x43 || command.data[1] == 0x70)
		abort();
	if (command.data[1] == 0xA4 && nothing_allowed && command.data[2] > 0x03 &&
	    command.data[2] != 0x08 && command.data[2] != 0x09) {
		size_t head = command.len > 5 && command.data[4] == 0 ? 7 : 5;

		if (!policy.basic_channel || command.data[2] != 0x04 || command.len <= head ||
		    could_be_refused(command.data + head, command.len - head > 16 ? 16 : command.len - head))
			abort();
	}
	while (len--)
		esim_buf_append_byte(answer, (uint8_t)len);
	esim_buf_append(answer, answers++ % 5 ? "\x90\x00" : "\x91\x10", 2);
}

/* Each call of the kernel's may fail, as the input says. */
static void misbehave(uint8_t how)
{
	static const int errors[] = { 0, 0, 0, 0, ENOENT, ENOSPC, EREMOTEIO, ENODEV };

	if (!policy.allow_isdr && !policy.allow_ecasd && fake.opened.aid_len &&
	    could_be_refused(fake.opened.aid, fake.opened.aid_len))
		abort();
	fake.channel_errno = errors[how & 7];
	fake.xfer_errno = how & 0x80 ? ESTALE : 0;
	fake.info.generation = 1 + (how >> 6 & 1);
}

static void play(struct channels *channels, const uint8_t *data, size_t size)
{
	static uint8_t buffer[EUICC_AREA_MAX + 2];
	struct answer answer;
	size_t len;

	for (int i = 0; i < COMMANDS_MAX && size >= 3; i++) {
		len = (size_t)(data[0] << 8 | data[1]);
		misbehave(data[2]);
		data += 3;
		size -= 3;
		if (len > size)
			len = size;
		answer = (struct answer){ .bytes = buffer, .size = i % 7 ? sizeof(buffer) : 40 };
		if (channels_transmit(channels, data, len, &answer) == 0 && answer.len < 2)
			abort();
		data += len;
		size -= len;
	}
	misbehave(0);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct channels channels;

	if (size == 0)
		return 0;
	fake_kernel_reset();
	fake.card = card;
	policy = (struct policy){
		.allow_isdr = data[0] & 1, .allow_ecasd = data[0] & 2, .basic_channel = data[0] & 4,
		.start = { { 0xA0, 0x00, 0x00, 0x00, 0x87, 0x10, 0x02 }, data[0] & 8 ? 7 : 0 },
	};
	if (channels_init(&channels, FAKE_DEVICE, &policy))
		return 0;
	play(&channels, data + 1, size - 1);
	channels_free(&channels);
	if (fake_count(EUICC_RESET))
		abort();
	return 0;
}
