/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The floor of a download, from its own exchange; see floor.h. */
#include "bench/floor.h"

#include <esim/tlv.h>

#define INS_MANAGE_CHANNEL 0x70
#define INS_SELECT 0xA4
#define INS_TERMINAL_CAPABILITY 0xAA
#define INS_GET_RESPONSE 0xC0
#define INS_STORE_DATA 0xE2
#define P1_LAST_BLOCK 0x91
#define BLOCK 255
#define RESPONSE 256
#define HEADER 5
#define SW 2

/* What a download needs of ES10: once, or (segments of the package) each time. */
static const struct {
	uint32_t tag;
	bool segment;
} needed[] = {
	{ 0xBF20, false }, { 0xBF2E, false }, { 0xBF38, false }, { 0xBF21, false },
	{ 0xBF30, false }, { 0xBF36, true },  { 0xA0, true },	 { 0xA1, true },
	{ 0x88, true },	   { 0xA2, true },    { 0x87, true },	 { 0xA3, true },
	{ 0x86, true },
};

static uint64_t parts(size_t len, size_t size)
{
	return (len + size - 1) / size;
}

static void count(struct bench_floor *floor, size_t command, size_t response)
{
	uint64_t blocks = parts(command, BLOCK);
	uint64_t more = response > RESPONSE ? parts(response, RESPONSE) - 1 : 0;

	floor->blocks += blocks;
	floor->apdus += blocks + more;
	floor->bytes += blocks * (HEADER + SW) + command + response + more * (HEADER + SW);
	floor->bytes += response ? 1 : 0; /* Le */
}

void bench_floor_end(struct bench_floor *floor)
{
	for (size_t i = 0; i < sizeof(needed) / sizeof(needed[0]) && floor->command_len; i++) {
		if (needed[i].tag != floor->tag)
			continue;
		if (needed[i].segment || !(floor->tags_seen & 1ull << i))
			count(floor, floor->command_len, floor->response_len);
		floor->tags_seen |= 1ull << i;
	}
	floor->command_len = floor->response_len = 0;
}

static void store_data(struct bench_floor *floor, const struct esim_apdu_trace *apdu)
{
	size_t len = apdu->command.data[4];
	struct esim_slice data = esim_slice(apdu->command.data + HEADER, len);
	size_t header, value;

	floor->seen_blocks++;
	if (apdu->command.data[3] == 0) {
		bench_floor_end(floor);
		if (esim_tlv_header(data, &floor->tag, &header, &value))
			floor->tag = 0;
	}
	floor->command_len += len;
}

void bench_floor_apdu(void *context, const struct esim_apdu_trace *apdu)
{
	struct bench_floor *floor = context;

	if (apdu->command.len < 4 || apdu->response.len < SW)
		return;
	floor->seen_apdus++;
	floor->seen_bytes += apdu->command.len + apdu->response.len;
	switch (apdu->command.data[1]) {
	case INS_STORE_DATA:
		if (apdu->command.len > HEADER)
			store_data(floor, apdu);
		floor->response_len += apdu->response.len - SW;
		break;
	case INS_GET_RESPONSE:
		floor->response_len += apdu->response.len - SW;
		break;
	case INS_MANAGE_CHANNEL:
	case INS_SELECT:
	case INS_TERMINAL_CAPABILITY:
		floor->apdus++;
		floor->bytes += apdu->command.len + apdu->response.len;
		break;
	default:
		break;
	}
}
