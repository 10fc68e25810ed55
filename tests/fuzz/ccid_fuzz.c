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
	demand(ccid_level_name(ccid_level(desc.features))[0]);
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
	struct ccid_header header;
	__u8 again[CCID_HEADER_SIZE];

	if (size < 3)
		return;
	if (!ccid_header_get(data + 3, size - 3, &header)) {
		ccid_header_put(again, &header);
		demand(memcmp(again, data + 3, sizeof(again)) == 0);
	}
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
	__u8 out[CCID_PARAMETERS_T1_SIZE];

	if (atr_parse(data, size, &atr))
		return;
	demand(size <= ATR_MAX && atr.protocols && !(atr.protocols & 0x8000));
	demand(atr.protocols & 1u << atr.first_protocol);
	demand((size_t)atr.historical + atr.historical_len <= size);
	ccid_parameters_t0(&atr, atr.rate, out);
	if (!ccid_parameters_t1(&atr, atr.rate, out))
		demand(out[1] >> 2 == 4 && out[3] >> 4 <= 9 && out[5] >= 1 && out[5] <= 254);
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

/* A reader that chains its answers: each one that does not end it brings something. */
static void chain(const uint8_t *data, size_t size)
{
	enum ccid_chain next = CCID_CHAIN_SEND;
	size_t gathered = 0, blocks = 0;
	bool sent = false;

	for (; size >= 2 && (next == CCID_CHAIN_SEND || next == CCID_CHAIN_MORE); data += 2, size -= 2) {
		sent = sent || data[1] & 0x80;
		next = ccid_chain_in(data[0], data[1] & 0x7F, sent, gathered > 0);
		demand(sent || next == CCID_CHAIN_SEND || next == CCID_CHAIN_BAD);
		demand(!sent || next != CCID_CHAIN_SEND);
		blocks += next == CCID_CHAIN_MORE;
		gathered += next == CCID_CHAIN_MORE ? data[1] & 0x7F : 0;
		demand(gathered >= blocks);
	}
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static void (*const readers[])(const uint8_t *, size_t) = {
		descriptor, message, interrupt, card, pps, apdu, chain,
	};

	if (size > 0)
		readers[data[0] % (sizeof(readers) / sizeof(readers[0]))](data + 1, size - 1);
	return 0;
}
