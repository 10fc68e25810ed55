/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * ES10b.LoadBoundProfilePackage (SGP.22, 5.5, 5.7.6): the package as it streams in
 * through STORE DATA, one part after the other. The first fault ends it with a
 * ProfileInstallationResult; nothing of the profile stays.
 */
#include "veuicc/result.h"

#include <string.h>

enum phase {
	PHASE_NONE,
	PHASE_SECURE_CHANNEL,		/* BF23 */
	PHASE_CONFIGURE,		/* A0: firstSequenceOf87 */
	PHASE_METADATA,			/* A1: sequenceOf88 */
	PHASE_KEYS,			/* A2: secondSequenceOf87, or A3 at once */
	PHASE_ELEMENTS,			/* A3: sequenceOf86 */
	PHASE_DONE,
};

#define REMOTE_OPERATION_INSTALL 1

static const struct phase_rules {
	enum bpp_command command;
	uint32_t container, item;
} phases[] = {
	[PHASE_NONE] = { COMMAND_INITIALISE_SECURE_CHANNEL, 0, 0 },
	[PHASE_SECURE_CHANNEL] = { COMMAND_INITIALISE_SECURE_CHANNEL, 0, 0 },
	[PHASE_CONFIGURE] = { COMMAND_CONFIGURE_ISDP, 0xA0, 0x87 },
	[PHASE_METADATA] = { COMMAND_STORE_METADATA, 0xA1, 0x88 },
	[PHASE_KEYS] = { COMMAND_REPLACE_SESSION_KEYS, 0xA2, 0x87 },
	[PHASE_ELEMENTS] = { COMMAND_LOAD_PROFILE_ELEMENTS, 0xA3, 0x86 },
	[PHASE_DONE] = { COMMAND_LOAD_PROFILE_ELEMENTS, 0, 0 },
};

bool veuicc_bpp_under_way(const struct veuicc *card, unsigned channel)
{
	return card->bpp.phase != PHASE_NONE && card->bpp.channel == channel;
}

void veuicc_bpp_abandon(struct veuicc *card)
{
	struct veuicc_bpp *bpp = &card->bpp;

	rsp_bsp_wipe(&bpp->keys);
	esim_buf_free(&bpp->plain);
	veuicc_profile_free(&bpp->profile);
	veuicc_files_free(&bpp->upp.files);
	*bpp = (struct veuicc_bpp){ 0 };
}

/* --- BF23: InitialiseSecureChannel ----------------------------------------- */

struct secure_channel {
	struct esim_tlv operation, transaction_id, crt, otpk, signature;
};

static int parse_secure_channel(struct esim_slice in, struct secure_channel *ret)
{
	if (esim_tlv_find(in, 0x82, &ret->operation) != 1 ||
	    esim_tlv_find(in, 0x80, &ret->transaction_id) != 1 ||
	    esim_tlv_find(in, 0xA6, &ret->crt) != 1 ||
	    esim_tlv_find(in, 0x5F49, &ret->otpk) != 1 ||
	    esim_tlv_find(in, 0x5F37, &ret->signature) != 1)
		return ESIM_EPROTO;
	return ret->otpk.value.len == ESIM_PUBLIC_KEY_SIZE ? 0 : ESIM_EPROTO;
}

/* The signature covers operation, transaction id, CRT and both one-time keys. */
static bool secure_channel_signed(struct veuicc *card, const struct secure_channel *channel)
{
	struct esim_buf own = ESIM_BUF_INIT;
	struct esim_slice covered[5];
	bool good;

	esim_tlv_put(&own, 0x5F49, rsp_key_public(card->session.ot)->point, ESIM_PUBLIC_KEY_SIZE);
	covered[0] = channel->operation.whole;
	covered[1] = channel->transaction_id.whole;
	covered[2] = channel->crt.whole;
	covered[3] = channel->otpk.whole;
	covered[4] = esim_buf_slice(&own);
	good = veuicc_verify(card, &card->session.dppb, covered, 5, channel->signature.value);
	esim_buf_free(&own);
	return good;
}

static enum bpp_reason derive_keys(struct veuicc *card, const struct secure_channel *channel)
{
	struct esim_public_key peer = { .curve = rsp_key_public(card->session.ot)->curve };
	struct esim_tlv type, length, host;
	uint8_t z[RSP_SECRET_SIZE];
	int r;

	if (esim_tlv_find(channel->crt.value, 0x80, &type) != 1 ||
	    esim_tlv_find(channel->crt.value, 0x81, &length) != 1 ||
	    esim_tlv_find(channel->crt.value, 0x84, &host) != 1 || host.value.len > 16 ||
	    !esim_slice_is(type.value, &(uint8_t){ RSP_BSP_KEY_TYPE }, 1) ||
	    !esim_slice_is(length.value, &(uint8_t){ RSP_BSP_KEY_LEN }, 1))
		return REASON_UNSUPPORTED_CRT_VALUES;
	memcpy(peer.point, channel->otpk.value.data, ESIM_PUBLIC_KEY_SIZE);
	veuicc_link_crypto(&card->link);
	if (rsp_key_agree(card->session.ot, &peer, z))
		return REASON_INCORRECT_INPUT_VALUES;
	r = rsp_bsp_derive(&card->bpp.keys, z, RSP_BSP_KEY_TYPE, RSP_BSP_KEY_LEN, host.value,
			   esim_slice(card->eid.bytes, ESIM_EID_SIZE));
	explicit_bzero(z, sizeof(z));
	return r ? REASON_UNKNOWN_ERROR : REASON_NONE;
}

static enum bpp_reason initialise_secure_channel(struct veuicc *card, const struct esim_tlv *tlv)
{
	struct secure_channel channel;
	uint64_t operation;

	if (esim_tlv_check(tlv->whole, "BF23", &(struct esim_tlv){ 0 }, NULL) ||
	    parse_secure_channel(tlv->value, &channel))
		return REASON_INCORRECT_INPUT_VALUES;
	if (!secure_channel_signed(card, &channel))
		return REASON_INVALID_SIGNATURE;
	if (!esim_slice_equal(channel.transaction_id.value,
			      esim_buf_slice(&card->session.transaction_id)))
		return REASON_INVALID_TRANSACTION_ID;
	if (esim_tlv_uint(channel.operation.value, &operation) ||
	    operation != REMOTE_OPERATION_INSTALL)
		return REASON_UNSUPPORTED_REMOTE_OPERATION_TYPE;
	return derive_keys(card, &channel);
}

/* --- what the parts hold --------------------------------------------------- */

static enum bpp_reason configure_isdp(struct veuicc *card, struct esim_slice plain)
{
	struct esim_tlv request, data;

	if (esim_tlv_check(plain, "ConfigureISDP", &request, NULL) || request.tag != 0xBF24)
		return REASON_INCORRECT_INPUT_VALUES;
	if (esim_tlv_find(request.value, 0xB8, &data) == 1)
		esim_buf_append_slice(&card->bpp.profile.dp_data, data.value);
	return REASON_NONE;
}

static struct veuicc_installation installation_of(struct veuicc *card)
{
	struct veuicc_session *session = &card->session;

	return (struct veuicc_installation){
		.transaction_id = esim_buf_slice(&session->transaction_id),
		.server_address = esim_buf_slice(&session->server_address),
		.server_oid = esim_buf_slice(&session->server_oid),
		.pki = session->pki,
		.iccid = card->bpp.profile.metadata.len ? &card->bpp.profile.iccid : NULL,
	};
}

/* The ISD-P exists from here on: a power loss must be able to say what was lost. */
static enum bpp_reason store_metadata(struct veuicc *card, struct esim_slice plain)
{
	struct veuicc_profile *profile = &card->bpp.profile;
	struct veuicc_installation installation;
	enum bpp_reason reason;
	struct esim_tlv request;

	if (esim_tlv_check(plain, "StoreMetadata", &request, NULL) || request.tag != 0xBF25)
		return REASON_INCORRECT_INPUT_VALUES;
	esim_buf_append_slice(&profile->metadata, request.value);
	esim_buf_append_slice(&profile->ci,
			      rsp_pki_entry(card->session.pki, RSP_PKI_CI)->cert.subject_key_id);
	reason = veuicc_profile_digest(card, profile);
	if (reason == REASON_INCORRECT_INPUT_VALUES)
		esim_buf_free(&profile->metadata);
	if (reason != REASON_NONE)
		return reason;
	installation = installation_of(card);
	esim_buf_reset(&card->store.loading);
	veuicc_installation_encode(&installation, esim_buf_slice(&profile->ci), &card->store.loading);
	return veuicc_store_commit(card) ? REASON_UNKNOWN_ERROR : REASON_NONE;
}

static enum bpp_reason replace_session_keys(struct veuicc *card, struct esim_slice plain)
{
	struct esim_tlv request, chain, enc, mac;

	if (esim_tlv_check(plain, "ReplaceSessionKeys", &request, NULL) || request.tag != 0xBF26 ||
	    esim_tlv_find(request.value, 0x80, &chain) != 1 ||
	    esim_tlv_find(request.value, 0x81, &enc) != 1 ||
	    esim_tlv_find(request.value, 0x82, &mac) != 1 ||
	    chain.value.len != RSP_BSP_KEY_SIZE || enc.value.len != RSP_BSP_KEY_SIZE ||
	    mac.value.len != RSP_BSP_KEY_SIZE)
		return REASON_INCORRECT_INPUT_VALUES;
	rsp_bsp_set_keys(&card->bpp.keys, chain.value.data, enc.value.data, mac.value.data);
	return REASON_NONE;
}

/* --- profile elements ------------------------------------------------------ */

static enum bpp_reason pe_reason(struct veuicc_bpp *bpp, enum veuicc_pe_status status)
{
	bpp->pe_status = status;
	return status == PE_OK ? REASON_NONE : REASON_PE_PROCESSING_ERROR;
}

/* Elements are looked at as they complete, so that a wrong one stops the load early. */
static enum bpp_reason elements_so_far(struct veuicc *card)
{
	struct veuicc_bpp *bpp = &card->bpp;
	enum bpp_reason reason;

	if (esim_buf_failed(&bpp->profile.package) ||
	    bpp->profile.package.len > veuicc_memory_free(card))
		return REASON_INSUFFICIENT_MEMORY;
	reason = pe_reason(bpp, veuicc_upp_read(&bpp->upp, esim_buf_slice(&bpp->profile.package)));
	if (reason != REASON_NONE)
		return reason;
	if (bpp->upp.header && memcmp(bpp->upp.iccid.bytes, bpp->profile.iccid.bytes, ESIM_ICCID_SIZE))
		return REASON_DATA_MISMATCH;
	return REASON_NONE;
}

static enum bpp_reason elements_complete(struct veuicc *card)
{
	struct veuicc_bpp *bpp = &card->bpp;
	enum bpp_reason reason =
		pe_reason(bpp, veuicc_upp_finish(&bpp->upp, esim_buf_slice(&bpp->profile.package)));

	if (reason == REASON_NONE && bpp->profile.class == CLASS_TEST &&
	    card->options.require_test_keys && bpp->upp.aka && !bpp->upp.test_algorithm)
		return REASON_INVALID_NAA_KEY;
	return reason;
}

/* --- the stream ------------------------------------------------------------ */

static enum bpp_reason part_complete(struct veuicc *card)
{
	struct veuicc_bpp *bpp = &card->bpp;
	struct esim_slice plain = esim_buf_slice(&bpp->plain);
	enum bpp_reason reason;

	switch ((enum phase)bpp->phase) {
	case PHASE_CONFIGURE:
		reason = configure_isdp(card, plain);
		break;
	case PHASE_METADATA:
		reason = store_metadata(card, plain);
		break;
	case PHASE_KEYS:
		reason = replace_session_keys(card, plain);
		break;
	case PHASE_ELEMENTS:
		reason = elements_complete(card);
		break;
	case PHASE_NONE:
	case PHASE_SECURE_CHANNEL:
	case PHASE_DONE:
	default:
		return REASON_SCP03T_STRUCTURE_ERROR;
	}
	esim_buf_reset(&bpp->plain);
	if (reason == REASON_NONE)
		bpp->phase++;
	return reason;
}

static enum bpp_reason open_item(struct veuicc *card, const struct esim_tlv *item)
{
	struct veuicc_bpp *bpp = &card->bpp;
	bool elements = bpp->phase == PHASE_ELEMENTS;
	struct esim_buf *plain = elements ? &bpp->profile.package : &bpp->plain;
	int r;

	if (item->tag == 0x88)
		r = rsp_bsp_verify(&bpp->keys, item->whole, plain);
	else
		r = rsp_bsp_decrypt(&bpp->keys, item->whole, plain);
	if (r == ESIM_EVERIFY)
		return REASON_SCP03T_SECURITY_ERROR;
	if (r == ESIM_EPROTO)
		return REASON_SCP03T_STRUCTURE_ERROR;
	if (r && !esim_buf_failed(plain))
		return REASON_UNKNOWN_ERROR;
	return elements ? elements_so_far(card) : REASON_NONE;
}

/* The header of A0, A1, A2 or A3. A2 may be left out. */
static enum bpp_reason enter_container(struct veuicc *card, uint32_t tag, size_t header, size_t len)
{
	struct veuicc_bpp *bpp = &card->bpp;

	if (bpp->phase == PHASE_KEYS && tag == phases[PHASE_ELEMENTS].container)
		bpp->phase = PHASE_ELEMENTS;
	if (tag != phases[bpp->phase].container || len == 0 || header + len > bpp->left)
		return REASON_SCP03T_STRUCTURE_ERROR;
	bpp->container_left = len;
	bpp->left -= header;
	return REASON_NONE;
}

/* One header or one item off the front of @in. */
static enum bpp_reason take_one(struct veuicc *card, struct esim_slice *in)
{
	struct veuicc_bpp *bpp = &card->bpp;
	struct esim_tlv item;
	enum bpp_reason reason;
	size_t header, len;
	uint32_t tag;

	if (esim_tlv_header(*in, &tag, &header, &len))
		return REASON_SCP03T_STRUCTURE_ERROR;
	if (bpp->container_left == 0) {
		reason = enter_container(card, tag, header, len);
		*in = esim_slice(in->data + header, in->len - header);
		return reason;
	}
	if (tag != phases[bpp->phase].item || esim_tlv_next(in, &item) != 1 ||
	    item.whole.len > bpp->container_left)
		return REASON_SCP03T_STRUCTURE_ERROR;
	bpp->container_left -= item.whole.len;
	bpp->left -= item.whole.len;
	reason = open_item(card, &item);
	if (reason == REASON_NONE && bpp->container_left == 0)
		reason = part_complete(card);
	return reason;
}

/* BF36's header and the whole of BF23. */
static enum bpp_reason begin(struct veuicc *card, struct esim_slice *in)
{
	struct veuicc_bpp *bpp = &card->bpp;
	enum bpp_reason reason;
	struct esim_tlv tlv;
	size_t header;
	uint32_t tag;

	bpp->profile.package = ESIM_BUF_INIT_MAX(ESIM_MAX_BPP);
	if (esim_tlv_header(*in, &tag, &header, &bpp->left) || bpp->left > ESIM_MAX_BPP)
		return REASON_INCORRECT_INPUT_VALUES;
	*in = esim_slice(in->data + header, in->len - header);
	if (esim_tlv_next(in, &tlv) != 1 || tlv.tag != 0xBF23 || tlv.whole.len > bpp->left)
		return REASON_INCORRECT_INPUT_VALUES;
	reason = initialise_secure_channel(card, &tlv);
	bpp->left -= tlv.whole.len;
	bpp->phase = reason == REASON_NONE ? PHASE_CONFIGURE : PHASE_SECURE_CHANNEL;
	return reason;
}

/* --- the end --------------------------------------------------------------- */

/* The load is over, one way or the other: its key pair is used up, no power loss can hurt it. */
static int settle(struct veuicc *card)
{
	esim_buf_free(&card->store.loading);
	explicit_bzero(card->store.ot_scalar, sizeof(card->store.ot_scalar));
	card->store.ot_kept = false;
	return veuicc_store_commit(card);
}

static uint16_t end_with(struct veuicc *card, const struct veuicc_outcome *outcome,
			 struct esim_buf *out)
{
	struct veuicc_installation installation = installation_of(card);
	struct veuicc_fault_rule rule = card->bpp.fault;
	uint16_t sw = SW_OK;

	if (outcome->installed)
		installation.iccid = &outcome->installed->iccid;
	if (veuicc_installation_result(card, &installation, outcome, out) ||
	    (outcome->installed && veuicc_notify(card, outcome->installed, EVENT_INSTALL,
						 installation.server_address)) ||
	    settle(card)) {
		veuicc_store_rollback(card);
		esim_buf_reset(out);
		sw = SW_MEMORY_FAILURE;
	}
	veuicc_session_end(card);
	if (rule.action == FAULT_MUTE)
		card->mute = true;
	else
		veuicc_fault_spoil(&rule, out, 0);
	return sw;
}

static uint16_t fail(struct veuicc *card, enum bpp_reason reason, struct esim_buf *out)
{
	struct veuicc_outcome outcome = {
		.command = phases[card->bpp.phase].command,
		.reason = reason,
		.pe_status = card->bpp.pe_status,
		.element = card->bpp.upp.bad_element,
	};

	return end_with(card, &outcome, out);
}

/* ISD-P AIDs: the two bytes before the last run from 0010 to FFFF. */
static void give_aid(struct veuicc *card, struct veuicc_profile *profile)
{
	uint32_t number = 0x0010 + card->store.next_aid++ % 0xFFF0;

	memcpy(profile->aid, veuicc_isdr_aid, VEUICC_AID_SIZE);
	profile->aid[13] = (uint8_t)(number >> 8);
	profile->aid[14] = (uint8_t)number;
	profile->aid[15] = 0;
}

static uint16_t install(struct veuicc *card, struct esim_buf *out)
{
	struct veuicc_store *store = &card->store;
	struct veuicc_outcome outcome = { 0 };
	struct veuicc_profile *profile;

	if (store->profile_count >= card->options.max_profiles)
		return fail(card, REASON_INSUFFICIENT_MEMORY, out);
	if (veuicc_store_package(card, &card->bpp.profile))
		return fail(card, REASON_UNKNOWN_ERROR, out);
	profile = &store->profiles[store->profile_count++];
	*profile = card->bpp.profile;
	card->bpp.profile = (struct veuicc_profile){ 0 };
	give_aid(card, profile);
	outcome.installed = profile;
	return end_with(card, &outcome, out);
}

/* sw at once, power-loss and result when the first element comes, the rest on BF37. */
static uint16_t apply_fault(struct veuicc *card, struct esim_buf *out, bool *ret_over)
{
	struct veuicc_fault_rule *rule = &card->bpp.fault;

	*ret_over = true;
	if (rule->action == FAULT_RESULT)
		return fail(card, (enum bpp_reason)rule->value, out);
	if (rule->action == FAULT_POWER_LOSS)
		card->power_lost = true;
	else
		*ret_over = false;
	return SW_OK;
}

static uint16_t start(struct veuicc *card, unsigned channel, bool *ret_over)
{
	const struct veuicc_fault_rule *rule = veuicc_fault_at_function(&card->fault, 0xBF36);

	*ret_over = true;
	veuicc_bpp_abandon(card);
	if (card->session.stage != STAGE_PREPARED)
		return SW_CONDITIONS;
	if (rule && rule->action == FAULT_SW)
		return (uint16_t)rule->value;
	if (rule)
		card->bpp.fault = *rule;
	card->session.stage = STAGE_LOADING;
	card->bpp.channel = channel;
	card->bpp.phase = PHASE_SECURE_CHANNEL;
	*ret_over = false;
	return SW_OK;
}

uint16_t veuicc_load_bpp(struct veuicc *card, unsigned channel, struct esim_slice segment,
			 struct esim_buf *out)
{
	struct veuicc_bpp *bpp = &card->bpp;
	enum bpp_reason reason = REASON_NONE;
	bool over;
	uint16_t sw;

	if (bpp->phase == PHASE_NONE) {
		sw = start(card, channel, &over);
		if (over)
			return sw;
		reason = begin(card, &segment);
	}
	while (reason == REASON_NONE && segment.len > 0) {
		if (bpp->phase == PHASE_ELEMENTS && bpp->container_left > 0) {
			sw = apply_fault(card, out, &over);
			if (over)
				return sw;
		}
		reason = bpp->phase == PHASE_DONE ? REASON_SCP03T_STRUCTURE_ERROR :
						    take_one(card, &segment);
	}
	if (reason == REASON_NONE && bpp->phase == PHASE_DONE && bpp->left > 0)
		reason = REASON_SCP03T_STRUCTURE_ERROR;
	if (reason != REASON_NONE)
		return fail(card, reason, out);
	return bpp->phase == PHASE_DONE ? install(card, out) : SW_OK;
}

/* --- after a power loss ---------------------------------------------------- */

int veuicc_bpp_recover(struct veuicc *card)
{
	struct veuicc_outcome outcome = {
		.command = COMMAND_LOAD_PROFILE_ELEMENTS,
		.reason = REASON_INTERRUPTION,
	};
	struct veuicc_installation installation;
	struct esim_buf result = ESIM_BUF_INIT;
	struct esim_iccid iccid;
	int r = 0;

	if (card->store.loading.len == 0)
		return 0;
	if (!veuicc_installation_decode(card, esim_buf_slice(&card->store.loading), &iccid,
					&installation))
		r = veuicc_installation_result(card, &installation, &outcome, &result);
	esim_buf_free(&result);
	return r ? r : settle(card);
}
