/* SPDX-License-Identifier: GPL-2.0-or-later */
/* XfrBlock at the reader's level: T=0 TPDUs, short APDUs, extended APDUs; see slot.h. */
#include "vreader/descriptors.h"
#include "vreader/slot.h"

#include <string.h>

#define MAX_APDU	65544
#define MAX_SHORT_APDU	261
#define MAX_RESPONSE	(65536 + 2)

static bool refuse(struct vreader_slot *slot, uint8_t *error, uint8_t code, const char *why)
{
	vreader_violation(slot->stats, "%s", why);
	*error = code;
	return false;
}

/* Where card and reader are at different rates or protocols they do not understand each other. */
bool vreader_card(struct vreader_slot *slot, struct esim_slice apdu, struct esim_buf *ret_data,
		  uint8_t *error)
{
	slot->spoken = true;
	if (slot->mute || slot->parameters[0] != slot->card_rate ||
	    slot->protocol != slot->card_protocol ||
	    veuicc_transmit(slot->card, apdu, ret_data)) {
		slot->mute = true;
		*error = CCID_ICC_MUTE;
		return false;
	}
	return true;
}

/* --- T=0 -------------------------------------------------------------------- */

static void put_sw(struct esim_buf *data, uint8_t sw1, uint8_t sw2)
{
	esim_buf_append_byte(data, sw1);
	esim_buf_append_byte(data, sw2);
}

/* The command that 6Cxx asked for: what the card had ready then. */
static bool repeated(struct vreader_slot *slot, struct esim_slice block, struct esim_buf *ret_data)
{
	bool same = slot->again.len > 0 && block.len == 5 &&
		    !memcmp(block.data, slot->again_header, sizeof(slot->again_header)) &&
		    block.data[4] == (uint8_t)(slot->again.len - 2);

	if (same)
		esim_buf_append_slice(ret_data, esim_buf_slice(&slot->again));
	esim_buf_free(&slot->again);
	return same;
}

/*
 * The card of T=0 sends P3 bytes or none: with fewer ready it says 6Cxx. The virtual card sends what
 * it has, so the data is kept here until the command comes again, and lost when another does.
 */
static void exact_length(struct vreader_slot *slot, struct esim_slice block, struct esim_buf *data)
{
	size_t ne = block.data[4] ? block.data[4] : 256, n = data->len - 2;

	if (block.len != 5 || n == 0 || n >= ne)
		return;
	esim_buf_append_slice(&slot->again, esim_buf_slice(data));
	memcpy(slot->again_header, block.data, sizeof(slot->again_header));
	esim_buf_reset(data);
	put_sw(data, 0x6C, (uint8_t)n);
}

bool vreader_tpdu(struct vreader_slot *slot, struct esim_slice block, struct esim_buf *ret_data,
		  uint8_t *error)
{
	if (block.len < 5)
		return refuse(slot, error, CCID_BAD_LENGTH, "a TPDU shorter than five bytes");
	if (block.len != 5 && block.len != 5u + block.data[4])
		return refuse(slot, error, CCID_BAD_LENGTH, "a TPDU whose P3 is not its length");
	if (repeated(slot, block, ret_data))
		return true;
	if (!vreader_card(slot, block, ret_data, error))
		return false;
	exact_length(slot, block, ret_data);
	return true;
}

/* PPS, or what the card's protocol sends. */
static bool tpdu(struct vreader_slot *slot, const struct ccid_command *command,
		 struct esim_buf *ret_data, uint8_t *error)
{
	bool automatic = vreader_features(slot->options) & (CCID_AUTO_NEGOTIATION | CCID_AUTO_PPS);
	struct esim_slice data = esim_slice(command->data, command->length);

	if (data.len >= 1 && data.data[0] == 0xFF && !automatic)
		return vreader_pps(slot, data, ret_data, error);
	if (slot->card_protocol == 0)
		return vreader_tpdu(slot, data, ret_data, error);
	if (slot->protocol != slot->card_protocol || slot->parameters[0] != slot->card_rate) {
		slot->mute = true;
		return refuse(slot, error, CCID_ICC_MUTE, "a block for a card that the reader is not set to");
	}
	return vreader_t1_block(slot, command, ret_data, error);
}

/* --- short APDUs ------------------------------------------------------------ */

/* The command as T=0 takes it: case 1 gets P3, case 4 loses Le. */
static bool shown_apdu(struct vreader_slot *slot, struct esim_slice apdu, struct esim_buf *ret_data,
		       uint8_t *error)
{
	uint8_t header[5] = { 0 };

	if (apdu.len == 4) {
		memcpy(header, apdu.data, 4);
		apdu = esim_slice(header, sizeof(header));
	} else if (apdu.len == 6u + apdu.data[4] && apdu.data[4]) {
		apdu.len--;
	}
	return vreader_tpdu(slot, apdu, ret_data, error);
}

static bool short_apdu(struct vreader_slot *slot, struct esim_slice apdu, struct esim_buf *ret_data,
		       uint8_t *error)
{
	if (apdu.len < 4 || apdu.len > MAX_SHORT_APDU ||
	    (apdu.len > 5 && (apdu.data[4] == 0 || (apdu.len != 5u + apdu.data[4] &&
						    apdu.len != 6u + apdu.data[4]))))
		return refuse(slot, error, CCID_BAD_LENGTH, "no short APDU");
	return slot->options->show_procedure && slot->card_protocol == 0 ? shown_apdu(slot, apdu, ret_data, error) :
					       vreader_card(slot, apdu, ret_data, error);
}

/* --- extended APDUs, chained ------------------------------------------------ */

/* The next part of the response, as much as a message takes. */
static void send_rest(struct vreader_slot *slot, bool first, struct esim_buf *ret_data, uint8_t *chain)
{
	size_t room = vreader_max_message(slot->options) - CCID_HEADER;
	size_t n = slot->rest.len < room ? slot->rest.len : room;
	bool last = n == slot->rest.len;

	esim_buf_append(ret_data, slot->rest.data, n);
	slot->rest.len -= n;
	memmove(slot->rest.data, slot->rest.data + n, slot->rest.len);
	*chain = first ? (last ? CCID_WHOLE : CCID_BEGINS) : last ? CCID_ENDS : CCID_CONTINUES;
}

static bool whole_command(struct vreader_slot *slot, struct esim_slice apdu,
			  struct esim_buf *ret_data, uint8_t *chain, uint8_t *error)
{
	esim_buf_free(&slot->rest);
	slot->rest = ESIM_BUF_INIT_MAX(MAX_RESPONSE);
	if (apdu.len < 4)
		return refuse(slot, error, CCID_BAD_LENGTH, "no APDU");
	if (!vreader_card(slot, apdu, &slot->rest, error))
		return false;
	send_rest(slot, true, ret_data, chain);
	return true;
}

static bool chained_part(struct vreader_slot *slot, uint8_t level, struct esim_slice part,
			 struct esim_buf *ret_data, uint8_t *chain, uint8_t *error)
{
	bool good;

	if ((level == CCID_BEGINS) == slot->chaining)
		return refuse(slot, error, CCID_BAD_LEVEL, "a command's parts are out of order");
	if (level == CCID_BEGINS) {
		esim_buf_free(&slot->chained);
		slot->chained = ESIM_BUF_INIT_MAX(MAX_APDU);
	}
	slot->chaining = level != CCID_ENDS;
	esim_buf_append_slice(&slot->chained, part);
	if (esim_buf_failed(&slot->chained))
		return refuse(slot, error, CCID_BAD_LENGTH, "an APDU without end");
	if (slot->chaining) {
		*chain = CCID_MORE;
		return true;
	}
	good = whole_command(slot, esim_buf_slice(&slot->chained), ret_data, chain, error);
	esim_buf_free(&slot->chained);
	return good;
}

static bool extended_apdu(struct vreader_slot *slot, const struct ccid_command *command,
			  struct esim_buf *ret_data, uint8_t *chain, uint8_t *error)
{
	struct esim_slice data = esim_slice(command->data, command->length);
	uint8_t level = command->specific[1];

	switch (level) {
	case CCID_WHOLE:
		if (slot->chaining)
			return refuse(slot, error, CCID_BAD_LEVEL, "a command within another");
		return whole_command(slot, data, ret_data, chain, error);
	case CCID_BEGINS:
	case CCID_CONTINUES:
	case CCID_ENDS:
		return chained_part(slot, level, data, ret_data, chain, error);
	case CCID_MORE:
		if (slot->rest.len == 0 || data.len > 0)
			return refuse(slot, error, CCID_BAD_LEVEL, "nothing is left to send");
		send_rest(slot, false, ret_data, chain);
		return true;
	default:
		return refuse(slot, error, CCID_BAD_LEVEL, "wLevelParameter is not known");
	}
}

bool vreader_exchange(struct vreader_slot *slot, const struct ccid_command *command,
		      struct esim_buf *ret_data, uint8_t *ret_chain, uint8_t *error)
{
	struct esim_slice data = esim_slice(command->data, command->length);

	*ret_chain = CCID_WHOLE;
	if (!slot->powered) {
		*error = CCID_ICC_MUTE;
		if (slot->present)
			vreader_violation(slot->stats, "XfrBlock to a card without power");
		return false;
	}
	if (command->specific[2] ||
	    (slot->options->level != VREADER_EXTENDED && command->specific[1]))
		return refuse(slot, error, CCID_BAD_LEVEL, "wLevelParameter must be zero here");
	switch (slot->options->level) {
	case VREADER_TPDU:
		return tpdu(slot, command, ret_data, error);
	case VREADER_SHORT:
		return short_apdu(slot, data, ret_data, error);
	case VREADER_EXTENDED:
		return extended_apdu(slot, command, ret_data, ret_chain, error);
	case VREADER_CHARACTER:
		break;
	}
	*error = CCID_NOT_SUPPORTED;
	return false;
}
