/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Looking for a channel that was lost; see lost.h. */
#include "lost.h"

#include "libesim/src/deadline.h"

#include <esim/limits.h>
#include <esim/tlv.h>

#define PROBE_TIMEOUT_MS	3000u
#define TAG_FCP			0x62
#define TAG_DF_NAME		0x84

/* ES10c.GetEID, which any ISD-R answers. */
static int has_isdr(const struct lost_way *way, unsigned number, struct esim_buf *response, bool *ret,
		    unsigned timeout_ms)
{
	static const uint8_t get_eid[] = { 0x80, 0xE2, 0x91, 0x00, 0x06, 0xBF, 0x3E, 0x03, 0x5C, 0x01, 0x5A, 0x00 };
	int r = way->transmit(way->context, number, esim_slice(get_eid, sizeof(get_eid)), response, timeout_ms);

	if (!r)
		*ret = (response->len > 4 && response->data[0] == 0xBF && response->data[1] == 0x3E) ||
		       (response->len == 2 && response->data[0] == 0x61);
	return r;
}

/* STATUS: what is current is the MF, so nothing was selected by its AID. */
static int has_nothing(const struct lost_way *way, unsigned number, struct esim_buf *response, bool *ret,
		       unsigned timeout_ms)
{
	static const uint8_t status[] = { 0x80, 0xF2, 0x00, 0x00, 0x00 };
	struct esim_tlv fcp, name;
	int r = way->transmit(way->context, number, esim_slice(status, sizeof(status)), response, timeout_ms);

	if (!r)
		*ret = response->len > 2 &&
		       esim_tlv_find(esim_slice(response->data, response->len - 2), TAG_FCP, &fcp) == 1 &&
		       esim_tlv_find(fcp.value, TAG_DF_NAME, &name) == 0;
	return r;
}

static bool is_ours(const struct channels *ours, unsigned number)
{
	for (unsigned i = 0; i < CHANNELS_MAX; i++)
		if (ours->list[i].open && ours->list[i].number == number)
			return true;
	return false;
}

/* The modem's no to a number is no failure: there is no such channel. */
static int look_at(const struct lost_way *way, unsigned number, struct esim_buf *response, bool *ret, unsigned timeout_ms)
{
	int r = has_isdr(way, number, response, ret, timeout_ms);

	if (!r && !*ret)
		r = has_nothing(way, number, response, ret, timeout_ms);
	return r && way->refuses(way->context, r) ? 0 : r;
}

int lost_find(const struct lost_way *way, const struct channels *ours, unsigned last, unsigned timeout_ms, unsigned *ret)
{
	const uint64_t deadline = deadline_in(timeout_ms);
	struct esim_buf response = ESIM_BUF_INIT_MAX(ESIM_MAX_RESPONSE);
	bool found = false;
	int r = 0;

	*ret = 0;
	for (unsigned n = 1; !r && !found && n <= last; n++) {
		const unsigned left = (unsigned)deadline_left_ms(deadline);

		if (left == 0)
			r = ESIM_ETIMEDOUT;
		else if (!is_ours(ours, n))
			r = look_at(way, n, &response, &found, left < PROBE_TIMEOUT_MS ? left : PROBE_TIMEOUT_MS);
		if (found)
			*ret = n;
	}
	esim_buf_free(&response);
	return r;
}
