/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * MBIM, Microsoft's UICC Low Level Access. Status words are two bytes in their order, in a number of four. What
 * refers to bytes has the size before the offset here, unlike all the rest of MBIM.
 */
#include "vmodem/mbim.h"



static uint32_t wire_sw(uint16_t sw)
{
	return (uint32_t)(sw >> 8 | (sw & 0xFF) << 8);
}

static enum mbim_status atr(struct mbim *mbim, bool set, struct esim_slice in, struct mbim_info *out)
{
	(void)set, (void)in;
	if (vmodem_quirk(mbim->modem, VMODEM_NO_ATR))
		return MBIM_NO_DEVICE_SUPPORT;
	if (vmodem_card_state(mbim->modem, 0) == VMODEM_CARD_ABSENT)
		return MBIM_SIM_NOT_INSERTED;
	vmbim_info_sized(out, vmodem_atr(mbim->modem, 0));
	return MBIM_SUCCESS;
}

static enum mbim_status failed(int r)
{
	return r == ESIM_EBUSY	  ? MBIM_NO_LOGICAL_CHANNELS :
	       r == ESIM_EREFUSED ? MBIM_OPERATION_NOT_ALLOWED :
	       r == ESIM_ENOENT	  ? MBIM_INVALID_LOGICAL_CHANNEL :
	       r == ESIM_EINVAL	  ? MBIM_INVALID_PARAMETERS :
	       r == ESIM_ENODEV	  ? MBIM_SIM_NOT_INSERTED : MBIM_FAILURE;
}

static enum mbim_status open_channel(struct mbim *mbim, bool set, struct esim_slice in, struct mbim_info *out)
{
	struct esim_buf fci = ESIM_BUF_INIT;
	struct esim_slice aid;
	uint32_t p2, group;
	unsigned channel = 0;
	uint16_t sw = 0;
	int r;

	(void)set;
	if (!vmbim_read_ref(in, 0, true, &aid) || !vmbim_read_u32(in, 8, &p2) || !vmbim_read_u32(in, 12, &group) ||
	    p2 > 0xFF)
		return MBIM_INVALID_PARAMETERS;
	r = vmodem_channel_open(mbim->modem, aid, (uint8_t)p2, &channel, &fci, &sw);
	if (channel)
		mbim->group[channel] = group;
	vmbim_info_u32(out, wire_sw(sw));
	vmbim_info_u32(out, channel);
	vmbim_info_sized(out, esim_buf_slice(&fci));
	esim_buf_free(&fci);
	return r ? failed(r) : channel ? MBIM_SUCCESS : MBIM_SELECT_FAILED;
}

/* Channel 0: all of the group. */
static enum mbim_status close_channel(struct mbim *mbim, bool set, struct esim_slice in, struct mbim_info *out)
{
	uint32_t channel, group;
	int r = 0;

	(void)set;
	if (!vmbim_read_u32(in, 0, &channel) || !vmbim_read_u32(in, 4, &group) || channel > ESIM_MAX_CHANNEL)
		return MBIM_INVALID_PARAMETERS;
	if (channel == 0 && vmodem_quirk(mbim->modem, VMODEM_NO_GROUP))
		return MBIM_INVALID_PARAMETERS;
	if (channel)
		r = vmodem_channel_close(mbim->modem, channel);
	for (unsigned i = 1; channel == 0 && i <= ESIM_MAX_CHANNEL; i++)
		if (mbim->group[i] == group)
			vmodem_channel_close(mbim->modem, i);
	vmbim_info_u32(out, wire_sw(0x9000));
	return r ? failed(r) : MBIM_SUCCESS;
}

static enum mbim_status apdu(struct mbim *mbim, bool set, struct esim_slice in, struct mbim_info *out)
{
	struct esim_buf response = ESIM_BUF_INIT_MAX(MBIM_MAX_MESSAGE / 2);
	struct esim_slice command;
	uint32_t channel, security, class_type;
	int r;

	(void)set;
	if (!vmbim_read_u32(in, 0, &channel) || !vmbim_read_u32(in, 4, &security) ||
	    !vmbim_read_u32(in, 8, &class_type) || !vmbim_read_ref(in, 12, true, &command) || security > 1 ||
	    class_type > 1 || command.len < 4)
		return MBIM_INVALID_PARAMETERS;
	r = vmodem_transmit(mbim->modem, channel, command, &response);
	if (!r && response.len >= 2) {
		const uint8_t *sw = response.data + response.len - 2;

		vmbim_info_u32(out, wire_sw((uint16_t)(sw[0] << 8 | sw[1])));
		vmbim_info_sized(out, esim_slice(response.data, response.len - 2));
	}
	esim_buf_free(&response);
	return r ? failed(r) : MBIM_SUCCESS;
}

/* Kept and told; what the card gets is the modem's own business. */
static enum mbim_status capability(struct mbim *mbim, bool set, struct esim_slice in, struct mbim_info *out)
{
	struct esim_slice one;
	uint32_t count;

	if (set) {
		if (!vmbim_read_u32(in, 0, &count) || count > 8)
			return MBIM_INVALID_PARAMETERS;
		for (uint32_t i = 0; i < count; i++)
			if (!vmbim_read_ref(in, 4 + 8 * i, false, &one))
				return MBIM_INVALID_PARAMETERS;
		esim_buf_reset(&mbim->capabilities);
		for (uint32_t i = 0; i < count; i++) {
			vmbim_read_ref(in, 4 + 8 * i, false, &one);
			vmbim_put_u32(&mbim->capabilities, (uint32_t)one.len);
			esim_buf_append_slice(&mbim->capabilities, one);
		}
		mbim->capability_count = count;
		return MBIM_SUCCESS;
	}
	vmbim_info_u32(out, mbim->capability_count);
	for (size_t at = 0; at + 4 <= mbim->capabilities.len;) {
		const uint32_t len = vmbim_get_u32(mbim->capabilities.data + at);

		vmbim_info_bytes(out, esim_slice(mbim->capabilities.data + at + 4, len));
		at += 4 + len;
	}
	return MBIM_SUCCESS;
}

/* Off and on; passed through, the modem itself keeps its hands off the card. */
static enum mbim_status reset(struct mbim *mbim, bool set, struct esim_slice in, struct mbim_info *out)
{
	uint32_t pass_through;

	if (vmodem_quirk(mbim->modem, VMODEM_NO_POWER))
		return MBIM_NO_DEVICE_SUPPORT;
	if (set) {
		if (!vmbim_read_u32(in, 0, &pass_through) || pass_through > 1)
			return MBIM_INVALID_PARAMETERS;
		mbim->pass_through = pass_through;
		vmodem_uim_power(mbim->modem, 0, false);
		vmodem_uim_power(mbim->modem, 0, true);
	}
	vmbim_info_u32(out, mbim->pass_through);
	return MBIM_SUCCESS;
}

const struct mbim_command vmbim_uicc_commands[] = {
	{ 1, MBIM_QUERY, "atr", NULL, atr },
	{ 2, MBIM_SET, NULL, "open", open_channel },
	{ 3, MBIM_SET, NULL, "close", close_channel },
	{ 4, MBIM_SET, NULL, "apdu", apdu },
	{ 5, MBIM_BOTH, "capability", "capability", capability },
	{ 6, MBIM_BOTH, "power", "power", reset },
	{ 0 },
};
