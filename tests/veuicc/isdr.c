/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The ISD-R: its FCI, STORE DATA put together per channel, and the table that
 * says which ES10 function a tag calls.
 */
#include "veuicc/card.h"

#define MORE_BLOCKS	0x11
#define LAST_BLOCK	0x91

const uint8_t veuicc_isdr_aid[VEUICC_AID_SIZE] = {
	0xA0, 0x00, 0x00, 0x05, 0x59, 0x10, 0x10, 0xFF,
	0xFF, 0xFF, 0xFF, 0x89, 0x00, 0x00, 0x01, 0x00,
};
const uint8_t veuicc_ecasd_aid[VEUICC_AID_SIZE] = {
	0xA0, 0x00, 0x00, 0x05, 0x59, 0x10, 0x10, 0xFF,
	0xFF, 0xFF, 0xFF, 0x89, 0x00, 0x00, 0x02, 0x00,
};

/* How a function says that it failed, for faults that make it. */
enum error_shape {
	SHAPE_RESULT,		/* 80 code */
	SHAPE_LIST,		/* 81 code */
	SHAPE_SESSION,		/* A1 { 80 transaction id, 02 code } */
};

static const struct {
	uint32_t tag;
	enum error_shape shape;
	veuicc_es10 *function;
} functions[] = {
	{ 0xBF20, SHAPE_RESULT, veuicc_get_euicc_info1 },
	{ 0xBF21, SHAPE_SESSION, veuicc_prepare_download },
	{ 0xBF22, SHAPE_RESULT, veuicc_get_euicc_info2 },
	{ 0xBF28, SHAPE_LIST, veuicc_list_notification },
	{ 0xBF29, SHAPE_RESULT, veuicc_set_nickname },
	{ 0xBF2B, SHAPE_LIST, veuicc_retrieve_notifications_list },
	{ 0xBF2D, SHAPE_LIST, veuicc_get_profiles_info },
	{ 0xBF2E, SHAPE_RESULT, veuicc_get_euicc_challenge },
	{ 0xBF30, SHAPE_RESULT, veuicc_remove_notification },
	{ 0xBF31, SHAPE_RESULT, veuicc_enable_profile },
	{ 0xBF32, SHAPE_RESULT, veuicc_disable_profile },
	{ 0xBF33, SHAPE_RESULT, veuicc_delete_profile },
	{ 0xBF34, SHAPE_RESULT, veuicc_memory_reset },
	{ 0xBF35, SHAPE_LIST, veuicc_load_crl },
	{ 0xBF38, SHAPE_SESSION, veuicc_authenticate_server },
	{ 0xBF3C, SHAPE_RESULT, veuicc_get_euicc_configured_addresses },
	{ 0xBF3E, SHAPE_RESULT, veuicc_get_eid },
	{ 0xBF3F, SHAPE_RESULT, veuicc_set_default_dp_address },
	{ 0xBF41, SHAPE_LIST, veuicc_cancel_session },
	{ 0xBF43, SHAPE_RESULT, veuicc_get_rat },
};

void veuicc_isdr_fci(struct veuicc *card, struct esim_buf *out)
{
	uint8_t svn[] = { (uint8_t)(card->options.svn >> 16), (uint8_t)(card->options.svn >> 8),
			  (uint8_t)card->options.svn };
	size_t mark = esim_tlv_begin(out, 0x6F), inner;

	esim_tlv_put(out, 0x84, veuicc_isdr_aid, sizeof(veuicc_isdr_aid));
	inner = esim_tlv_begin(out, 0xA5);
	esim_tlv_put(out, 0x9F65, "\xFF", 1);
	esim_tlv_end(out, inner);
	inner = esim_tlv_begin(out, 0xE0);
	esim_tlv_put(out, 0x82, svn, sizeof(svn));
	esim_tlv_end(out, inner);
	esim_tlv_end(out, mark);
}

void veuicc_put_result(struct esim_buf *out, uint32_t tag, unsigned result)
{
	size_t mark = esim_tlv_begin(out, tag);

	esim_tlv_put_uint(out, 0x80, result);
	esim_tlv_end(out, mark);
}

void veuicc_put_session_error(struct esim_buf *out, uint32_t tag, struct esim_slice transaction_id,
			      unsigned code)
{
	size_t mark = esim_tlv_begin(out, tag), inner = esim_tlv_begin(out, 0xA1);

	esim_tlv_put_slice(out, 0x80, transaction_id);
	esim_tlv_put_uint(out, 0x02, code);
	esim_tlv_end(out, inner);
	esim_tlv_end(out, mark);
}

void veuicc_put_list_error(struct esim_buf *out, uint32_t tag, unsigned code)
{
	size_t mark = esim_tlv_begin(out, tag);

	esim_tlv_put_uint(out, 0x81, code);
	esim_tlv_end(out, mark);
}

/* The transaction id in the signed part of AuthenticateServer and PrepareDownload. */
static struct esim_slice request_transaction_id(const struct veuicc_request *request)
{
	struct esim_tlv part, id;

	if (esim_tlv_find(request->value, 0x30, &part) == 1 &&
	    esim_tlv_find(part.value, 0x80, &id) == 1)
		return id.value;
	return esim_slice(NULL, 0);
}

static void put_error(size_t index, const struct veuicc_request *request, unsigned code,
		      struct esim_buf *out)
{
	uint32_t tag = functions[index].tag;

	switch (functions[index].shape) {
	case SHAPE_RESULT:
		veuicc_put_result(out, tag, code);
		break;
	case SHAPE_LIST:
		veuicc_put_list_error(out, tag, code);
		break;
	case SHAPE_SESSION:
		veuicc_put_session_error(out, tag, request_transaction_id(request), code);
		break;
	}
}

/* One ES10 function, with what a fault makes of it. */
static uint16_t call(struct veuicc *card, size_t index, const struct veuicc_request *request,
		     struct esim_buf *out)
{
	const struct veuicc_fault_rule *rule =
		veuicc_fault_at_function(&card->fault, functions[index].tag);
	uint16_t sw;

	if (rule && rule->action == FAULT_SW)
		return (uint16_t)rule->value;
	if (rule && rule->action == FAULT_RESULT) {
		put_error(index, request, rule->value, out);
		return SW_OK;
	}
	if (rule && rule->action == FAULT_POWER_LOSS) {
		card->power_lost = true;
		return SW_OK;
	}
	sw = functions[index].function(card, request, out);
	if (rule && rule->action == FAULT_MUTE)
		card->mute = true;
	else if (rule)
		veuicc_fault_spoil(rule, out, 0);
	return sw;
}

static uint16_t dispatch(struct veuicc *card, unsigned channel, struct esim_slice data,
			 struct esim_buf *out)
{
	struct veuicc_request request = { .channel = channel };
	struct esim_tlv tlv;
	size_t header, len;
	uint32_t tag;

	if (esim_tlv_header(data, &tag, &header, &len))
		return SW_WRONG_DATA;
	if (tag == 0xBF36 || veuicc_bpp_under_way(card, channel))
		return veuicc_load_bpp(card, channel, data, out);
	if ((tag >= 0xA0 && tag <= 0xA3) || (tag >= 0x86 && tag <= 0x88))
		return SW_CONDITIONS;
	if (esim_tlv_check(data, "ES10 request", &tlv, NULL))
		return SW_WRONG_DATA;
	request.whole = tlv.whole;
	request.value = tlv.value;
	for (size_t i = 0; i < sizeof(functions) / sizeof(functions[0]); i++)
		if (functions[i].tag == tlv.tag)
			return call(card, i, &request, out);
	return SW_NO_DATA;
}

/* Blocks count from 0; block 0 starts afresh; any number but the next ends the sequence. */
static uint16_t take_block(struct veuicc_channel *channel, const struct veuicc_apdu *apdu)
{
	if (apdu->p2 == 0 && channel->next_block != ESIM_MAX_STORE_DATA_BLOCKS) {
		esim_buf_free(&channel->input);
		channel->next_block = 0;
	}
	if (apdu->p2 != channel->next_block) {
		esim_buf_free(&channel->input);
		channel->next_block = 0;
		return SW_WRONG_P1P2;
	}
	esim_buf_append_slice(&channel->input, apdu->data);
	channel->next_block++;
	return esim_buf_failed(&channel->input) ? SW_NO_SPACE : SW_OK;
}

uint16_t veuicc_store_data(struct veuicc *card, const struct veuicc_apdu *apdu,
			   struct esim_buf *out)
{
	struct veuicc_channel *channel = &card->channels[apdu->channel];
	uint16_t sw;

	if (channel->app != APP_ISDR)
		return SW_NO_INS;
	if (apdu->p1 != MORE_BLOCKS && apdu->p1 != LAST_BLOCK)
		return SW_WRONG_P1P2;
	if (apdu->data.len == 0)
		return SW_WRONG_LENGTH;
	if (card->options.segment_limit && apdu->data.len > card->options.segment_limit)
		return SW_REFUSED_LENGTH;
	sw = take_block(channel, apdu);
	if (sw == SW_OK && apdu->p1 == LAST_BLOCK) {
		sw = dispatch(card, apdu->channel, esim_buf_slice(&channel->input), out);
		esim_buf_free(&channel->input);
		channel->next_block = 0;
	}
	return sw;
}
