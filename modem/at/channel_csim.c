/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Channels where the modem has no sessions: AT+CSIM (TS 27.007, 8.17) takes commands to the card as they are, so MANAGE
 * CHANNEL, SELECT and the class byte are ours (TS 102 221, 11.1.17, 11.1.1, 10.1.1).
 */
#include "at.h"

#include "libesim/src/apdu.h"
#include "modem/common/apdu_policy.h"

#define MAX_LINKS 8		/* of an FCI by GET RESPONSE */

int at_csim(struct at *at, struct esim_slice command, struct esim_buf *response, unsigned timeout_ms,
	    struct esim_error *err)
{
	return at_apdu_line(at, "AT+CSIM=", "+CSIM", command, response, timeout_ms, err);
}

/* @data gets the answer, its status word taken off. */
static int transmit(struct at *at, struct esim_slice command, struct esim_buf *data, uint16_t *ret_sw,
		    unsigned timeout_ms, struct esim_error *err)
{
	int r;

	esim_buf_reset(data);
	r = at_csim(at, command, data, timeout_ms, err);
	if (r)
		return r;
	*ret_sw = (uint16_t)(data->data[data->len - 2] << 8 | data->data[data->len - 1]);
	data->len -= 2;
	return 0;
}

static bool is_good(uint16_t sw)
{
	return sw == SW_OK || sw >> 8 == 0x91 || sw >> 8 == 0x61;
}

int at_csim_transmit(struct at *at, unsigned channel, struct esim_slice command, struct esim_buf *response,
		     unsigned timeout_ms, struct esim_error *err)
{
	struct quirks quirks = at->quirks;
	struct esim_buf sent = ESIM_BUF_INIT;
	int r;

	quirks.cla = QUIRK_CLASS_CHANNEL;
	r = apdu_policy_apply(&quirks, channel, command, &sent, err);
	if (!r)
		r = at_csim(at, esim_buf_slice(&sent), response, timeout_ms, err);
	esim_buf_free(&sent);
	return r;
}

/* --- opening ---------------------------------------------------------------------------------------------- */

static int open_channel(struct at *at, unsigned *ret_channel, unsigned timeout_ms, struct esim_error *err)
{
	static const uint8_t command[] = { 0x00, 0x70, 0x00, 0x00, 0x01 };
	struct esim_buf data = ESIM_BUF_INIT;
	uint16_t sw = 0;
	int r;

	at_expect_late(at, "+CSIM", AT_SHAPE_APDU);
	r = transmit(at, esim_slice(command, sizeof(command)), &data, &sw, timeout_ms, err);
	if (!r && (sw == 0x6A81 || sw == 0x6881)) {
		r = esim_error_set(err, ESIM_EBUSY, "MANAGE CHANNEL: the card has no logical channel free (SW %04X)", sw);
		if (err)
			err->sw = sw;
	} else if (!r && !is_good(sw)) {
		r = esim_error_sw(err, "MANAGE CHANNEL", sw);
	} else if (!r && (data.len != 1 || data.data[0] == 0 || data.data[0] > ESIM_MAX_CHANNEL)) {
		r = esim_error_set(err, ESIM_EPROTO, "MANAGE CHANNEL: the card answered no channel number");
		esim_error_outcome(err, r, ESIM_OUTCOME_UNKNOWN);
	} else if (!r) {
		*ret_channel = data.data[0];
	}
	esim_buf_free(&data);
	return r;
}

/* The rest of an FCI that was longer than Le, or that this modem gives by GET RESPONSE alone. */
static int get_response(struct at *at, unsigned channel, uint16_t *sw, struct esim_buf *fci, unsigned timeout_ms,
			struct esim_error *err)
{
	struct esim_buf data = ESIM_BUF_INIT;
	int r = 0;

	for (int i = 0; !r && i < MAX_LINKS && *sw >> 8 == 0x61; i++) {
		const uint8_t command[] = { (uint8_t)apdu_class(0x00, channel), 0xC0, 0x00, 0x00, (uint8_t)*sw };

		r = transmit(at, esim_slice(command, sizeof(command)), &data, sw, timeout_ms, err);
		if (!r && fci)
			esim_buf_append_slice(fci, esim_buf_slice(&data));
	}
	esim_buf_free(&data);
	return r;
}

static int select_application(struct at *at, struct esim_slice aid, uint8_t p2, unsigned channel, struct esim_buf *fci,
			      unsigned timeout_ms, struct esim_error *err)
{
	const struct apdu select = { 0x00, 0xA4, 0x04, p2, aid, APDU_SHORT_LE };
	struct esim_buf plain = ESIM_BUF_INIT, data = ESIM_BUF_INIT;
	uint16_t sw = 0;
	int r = apdu_build(&select, &plain);

	if (!r)
		r = at_csim_transmit(at, channel, esim_buf_slice(&plain), &data, timeout_ms, err);
	else
		esim_error_set(err, r, "SELECT: the AID is too long");
	if (!r) {
		sw = (uint16_t)(data.data[data.len - 2] << 8 | data.data[data.len - 1]);
		if (fci)
			esim_buf_append(fci, data.data, data.len - 2);
		r = get_response(at, channel, &sw, fci, timeout_ms, err);
	}
	if (!r && !is_good(sw))
		r = esim_error_sw(err, "SELECT", sw);
	esim_buf_free(&plain);
	esim_buf_free(&data);
	return r;
}

int at_csim_open(struct at *at, struct esim_slice aid, uint8_t p2, unsigned *ret_channel, struct esim_buf *fci,
		 unsigned timeout_ms, struct esim_error *err)
{
	const size_t mark = fci ? fci->len : 0;
	unsigned channel = 0;
	int r = open_channel(at, &channel, timeout_ms, err);

	if (r)
		return r;
	*ret_channel = channel;
	r = select_application(at, aid, p2, channel, fci, timeout_ms, err);
	if (r && fci)
		fci->len = mark;
	return r;
}

int at_csim_close(struct at *at, unsigned channel, unsigned timeout_ms, struct esim_error *err)
{
	const uint8_t command[] = { 0x00, 0x70, 0x80, (uint8_t)channel };
	struct esim_buf data = ESIM_BUF_INIT;
	uint16_t sw = 0;
	int r = transmit(at, esim_slice(command, sizeof(command)), &data, &sw, timeout_ms, err);

	esim_buf_free(&data);
	/* One that is not open is closed: 6881, 6A86 and the like. */
	if (!r && !is_good(sw) && sw >> 8 != 0x68 && sw >> 8 != 0x6A)
		r = esim_error_sw(err, "MANAGE CHANNEL", sw);
	return r;
}
