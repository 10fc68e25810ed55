/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Logical channels of the card in use, as a modem hands them out: few, by MANAGE CHANNEL and SELECT,
 * with a class byte that is the modem's, unless its habits say otherwise.
 */
#include "vmodem/inside.h"

#include <esim/tlv.h>

#include <string.h>

#define LAST_SHORT_CHANNEL	3	/* above it, the class byte has another form (ISO/IEC 7816-4, 5.4.1) */

/* All ISD-Rs and their kin: the RID of the GSMA's applications. */
static const uint8_t gsma_rid[] = { 0xA0, 0x00, 0x00, 0x05, 0x59 };

static uint8_t vmodem_class(uint8_t cla, unsigned channel)
{
	return (uint8_t)((cla & 0x80) |
			 (channel > LAST_SHORT_CHANNEL ? 0x40 | (channel - LAST_SHORT_CHANNEL - 1) : channel));
}

unsigned vmodem_channels_open(const struct vmodem *modem)
{
	unsigned count = 0;

	for (unsigned i = 1; i <= ESIM_MAX_CHANNEL; i++)
		count += modem->open[i];
	return count;
}

void vmodem_channels_forget(struct vmodem *modem)
{
	memset(modem->open, 0, sizeof(modem->open));
}

static int manage_channel(struct vmodem *modem, uint8_t p1, uint8_t p2, struct esim_buf *response, uint16_t *ret_sw)
{
	uint8_t command[] = { 0x00, 0x70, p1, p2, 0x01 };

	return vmodem_card_command(modem, esim_slice(command, p1 ? 4 : 5), true, response, ret_sw);
}

static int close_on_card(struct vmodem *modem, unsigned channel, uint16_t *ret_sw)
{
	struct esim_buf response = ESIM_BUF_INIT;
	int r = manage_channel(modem, 0x80, (uint8_t)channel, &response, ret_sw);

	esim_buf_free(&response);
	return r;
}

void vmodem_channels_lose(struct vmodem *modem)
{
	uint16_t sw;

	for (unsigned i = 1; i <= ESIM_MAX_CHANNEL; i++)
		if (modem->open[i])
			close_on_card(modem, i, &sw);
}

static int open_on_card(struct vmodem *modem, unsigned *ret_channel, uint16_t *ret_sw)
{
	struct esim_buf response = ESIM_BUF_INIT;
	int r = manage_channel(modem, 0x00, 0x00, &response, ret_sw);

	if (!r && *ret_sw == 0x6A81)
		r = ESIM_EBUSY;
	if (!r && response.len == 3 && response.data[0] >= 1 && response.data[0] <= ESIM_MAX_CHANNEL)
		*ret_channel = response.data[0];
	else if (!r)
		r = ESIM_ENODEV;
	esim_buf_free(&response);
	return r;
}

static int select_on_card(struct vmodem *modem, struct esim_slice aid, uint8_t p2, unsigned channel,
			  struct esim_buf *fci, uint16_t *ret_sw)
{
	struct esim_buf command = ESIM_BUF_INIT, response = ESIM_BUF_INIT;
	int r;

	esim_buf_append(&command, (uint8_t[]){ vmodem_class(0x00, channel), 0xA4, 0x04, p2, (uint8_t)aid.len }, 5);
	esim_buf_append_slice(&command, aid);
	esim_buf_append_byte(&command, 0x00);
	r = vmodem_card_command(modem, esim_buf_slice(&command), true, &response, ret_sw);
	if (!r && fci && !vmodem_quirk(modem, VMODEM_NO_FCI))
		esim_buf_append(fci, response.data, response.len - 2);
	esim_buf_free(&command);
	esim_buf_free(&response);
	return r;
}

static bool good(uint16_t sw)
{
	return sw == 0x9000 || sw >> 8 == 0x91 || sw >> 8 == 0x61;
}

int vmodem_channel_open(struct vmodem *modem, struct esim_slice aid, uint8_t p2, unsigned *ret_channel,
			struct esim_buf *fci, uint16_t *ret_sw)
{
	unsigned channel = 0;
	uint16_t sw = 0, ignored;
	int r;

	if (aid.len > ESIM_MAX_AID)
		return ESIM_EINVAL;
	if (vmodem_quirk(modem, VMODEM_ISDR_DENIED) && aid.len >= sizeof(gsma_rid) &&
	    !memcmp(aid.data, gsma_rid, sizeof(gsma_rid))) {
		modem->counts[COUNT_REFUSED]++;
		return ESIM_EREFUSED;
	}
	if (vmodem_channels_open(modem) >= vmodem_quirk_value(modem, VMODEM_CHANNELS))
		return ESIM_EBUSY;
	r = open_on_card(modem, &channel, &sw);
	if (r)
		return r;
	r = select_on_card(modem, aid, p2, channel, fci, &sw);
	if (r || !good(sw)) {
		close_on_card(modem, channel, &ignored);
	} else {
		modem->open[channel] = true;
		modem->counts[COUNT_OPENED]++;
		*ret_channel = channel;
	}
	if (!r)
		*ret_sw = sw;
	vmodem_proactive(modem, sw);
	return r;
}

int vmodem_channel_close(struct vmodem *modem, unsigned channel)
{
	uint16_t sw = 0;
	int r;

	if (channel == 0 || channel > ESIM_MAX_CHANNEL || !modem->open[channel])
		return ESIM_ENOENT;
	modem->open[channel] = false;
	modem->counts[COUNT_CLOSED]++;
	r = close_on_card(modem, channel, &sw);
	vmodem_proactive(modem, sw);
	return r;
}

/* --- APDUs ---------------------------------------------------------------------------------------- */

/* What the modem's own habits make of the command: its status word, or 0. Extended lengths pass. */
static uint16_t refused(const struct vmodem *modem, struct esim_slice command)
{
	const unsigned limit = vmodem_quirk_value(modem, VMODEM_SEGMENT_LIMIT);
	size_t lc;

	if (command.len < 4)
		return 0x6700;
	if (command.len <= 5 || command.data[4] == 0)
		return 0;
	lc = command.data[4];
	if (command.len != 5 + lc && command.len != 6 + lc)
		return 0x6700;
	if (limit && lc > limit)
		return 0x6601;
	if (command.len == 5 + lc)
		return vmodem_quirk(modem, VMODEM_LE_REQUIRED) ? 0x6700 : 0;
	return vmodem_quirk(modem, VMODEM_LE_REFUSED) ? 0x6700 : 0;
}

static int to_card(struct vmodem *modem, unsigned channel, struct esim_slice command, struct esim_buf *response,
		   uint16_t *ret_sw)
{
	struct esim_buf sent = ESIM_BUF_INIT;
	int r;

	esim_buf_append_slice(&sent, command);
	if (!esim_buf_failed(&sent) && channel && !vmodem_quirk(modem, VMODEM_CLASS_BITS))
		sent.data[0] = vmodem_class(command.data[0], channel);
	r = esim_buf_failed(&sent) ? ESIM_ENOMEM :
		vmodem_card_command(modem, esim_buf_slice(&sent), !vmodem_quirk(modem, VMODEM_SHOW_61), response,
				    ret_sw);
	esim_buf_free(&sent);
	return r;
}

/* MANAGE CHANNEL that the host sends itself, on the basic channel: the modem sees it go by. */
static bool manages(struct esim_slice command, unsigned channel, uint8_t p1)
{
	return channel == 0 && command.len >= 4 && command.data[0] == 0x00 && command.data[1] == 0x70 &&
	       command.data[2] == p1;
}

static void follow(struct vmodem *modem, struct esim_slice command, unsigned channel, struct esim_slice response)
{
	if (manages(command, channel, 0x00) && response.len == 3 && response.data[0] <= ESIM_MAX_CHANNEL) {
		modem->open[response.data[0]] = true;
		modem->counts[COUNT_OPENED]++;
	}
	if (manages(command, channel, 0x80) && command.data[3] <= ESIM_MAX_CHANNEL && modem->open[command.data[3]]) {
		modem->open[command.data[3]] = false;
		modem->counts[COUNT_CLOSED]++;
	}
}

int vmodem_transmit(struct vmodem *modem, unsigned channel, struct esim_slice command, struct esim_buf *response)
{
	const size_t from = response->len;
	uint16_t sw;
	int r;

	if (channel > ESIM_MAX_CHANNEL || (channel && !modem->open[channel]))
		return ESIM_ENOENT;
	if (!vmodem_active(modem)->answers)
		return ESIM_ENODEV;
	modem->counts[COUNT_APDUS]++;
	sw = refused(modem, command);
	if (!sw && manages(command, channel, 0x00) &&
	    vmodem_channels_open(modem) >= vmodem_quirk_value(modem, VMODEM_CHANNELS))
		sw = 0x6A81;
	if (sw) {
		esim_buf_append(response, (uint8_t[]){ (uint8_t)(sw >> 8), (uint8_t)sw }, 2);
		return 0;
	}
	r = to_card(modem, channel, command, response, &sw);
	if (r)
		return r;
	follow(modem, command, channel, esim_slice(response->data + from, response->len - from));
	vmodem_proactive(modem, sw);
	return 0;
}
