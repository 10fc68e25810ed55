/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Fuzzer of what the kernel and programs read from a USB reader and its card. The first byte says
 * what the rest is; whatever is accepted has to lie within it and to keep to its bounds.
 */
#include <euicc/ccid.h>

#include <stdint.h>
#include <stdlib.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void demand(bool condition)
{
	if (!condition)
		abort();
}

static void descriptor(const uint8_t *data, size_t size)
{
	struct ccid_descriptor desc;
	__u8 steps[CCID_POWER_STEPS];
	unsigned count;

	if (ccid_descriptor_parse(data, size, &desc))
		return;
	demand(size >= CCID_DESCRIPTOR_SIZE);
	demand(ccid_level(desc.features) <= CCID_LEVEL_INVALID);
	demand(ccid_payload_max(&desc) <= CCID_MESSAGE_MAX - CCID_HEADER_SIZE);
	count = ccid_power_ladder(&desc, steps);
	demand(count >= 1 && count <= CCID_POWER_STEPS);
	for (unsigned card = 0; card < 256; card++) {
		__u8 rate = ccid_rate_choose(&desc, (__u8)card);

		demand(rate == ATR_DEFAULT_RATE || ccid_rate_fits(&desc, rate));
		demand(atr_di(rate) <= atr_di((__u8)card) || rate == ATR_DEFAULT_RATE);
	}
}

static void message(const uint8_t *data, size_t size)
{
	struct ccid_answer answer;

	if (size < 3)
		return;
	switch (ccid_answer_get(data + 3, size - 3, data[0], data[1], data[2], &answer)) {
	case CCID_VERDICT_OK:
	case CCID_VERDICT_EXTENSION:
	case CCID_VERDICT_FAILED:
		demand(answer.data == data + 3 + CCID_HEADER_SIZE);
		demand(answer.len == size - 3 - CCID_HEADER_SIZE);
		demand(ccid_error_name(answer.error)[0]);
		break;
	case CCID_VERDICT_FOREIGN:
	case CCID_VERDICT_MALFORMED:
		break;
	}
}

static void interrupt(const uint8_t *data, size_t size)
{
	bool present, changed;

	for (unsigned slot = 0; slot < 300; slot++)
		if (ccid_slot_change(data, size, slot, &present, &changed))
			demand(slot / 4 + 1 < size);
}

static void card(const uint8_t *data, size_t size)
{
	struct atr atr;
	__u8 out[CCID_PARAMETERS_T0_SIZE];

	if (atr_parse(data, size, &atr))
		return;
	demand(size <= ATR_MAX && atr.protocols && !(atr.protocols & 0x8000));
	demand(atr.protocols & 1u << atr.first_protocol);
	demand((size_t)atr.historical + atr.historical_len <= size);
	ccid_parameters_t0(&atr, atr.rate, out);
}

static void pps(const uint8_t *data, size_t size)
{
	__u8 request[PPS_MAX], rate;
	size_t len;

	if (size < 2)
		return;
	len = pps_request(data[0], data[1], request);
	demand(len >= 3 && len <= PPS_MAX);
	demand(!pps_check(request, request, len, &rate) && rate == data[1]);
	if (!pps_check(request, data + 2, size - 2, &rate))
		demand(rate == data[1] || rate == ATR_DEFAULT_RATE);
}

static void apdu(const uint8_t *data, size_t size)
{
	size_t len, sent = 0, part, room;
	__u8 parameter;
	bool pad;

	if (!ccid_t0_tpdu(data, size, &len, &pad))
		demand(len <= size && len + pad <= CCID_SHORT_COMMAND_MAX && (len > 4 || pad));
	if (size == 0)
		return;
	/* A reader that takes a bit at a time gets all of it, in order. */
	room = (size_t)data[0] + 33;
	do {
		parameter = ccid_chain_out(size, sent, room, &part);
		demand(part <= room && part > 0);
		demand((parameter == CCID_CHAIN_WHOLE || parameter == CCID_CHAIN_BEGIN) == (sent == 0));
		sent += part;
		demand((parameter == CCID_CHAIN_WHOLE || parameter == CCID_CHAIN_END) == (sent == size));
	} while (sent < size);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static void (*const readers[])(const uint8_t *, size_t) = {
		descriptor, message, interrupt, card, pps, apdu,
	};

	if (size > 0)
		readers[data[0] % (sizeof(readers) / sizeof(readers[0]))](data + 1, size - 1);
	return 0;
}
