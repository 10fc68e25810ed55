/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The ProfileInstallationResult; see result.h. */
#include "veuicc/result.h"

#include <string.h>

/* EUICCResponse of the interoperable profile format: what became of the elements. */
static void put_sima_response(const struct veuicc_outcome *outcome, uint32_t tag,
			      struct esim_buf *out)
{
	size_t mark = esim_tlv_begin(out, tag), response, list, status;

	response = esim_tlv_begin(out, 0x30);
	list = esim_tlv_begin(out, 0xA0);
	status = esim_tlv_begin(out, 0x30);
	esim_tlv_put_uint(out, 0x80, outcome->pe_status);
	if (outcome->element)
		esim_tlv_put_uint(out, 0x81, outcome->element);
	esim_tlv_end(out, status);
	esim_tlv_end(out, list);
	if (outcome->pe_status != PE_OK)
		esim_tlv_put(out, 0x81, NULL, 0);
	esim_tlv_end(out, response);
	esim_tlv_end(out, mark);
}

static void put_final_result(const struct veuicc_outcome *outcome, struct esim_buf *out)
{
	size_t mark = esim_tlv_begin(out, 0xA2), inner;

	if (outcome->installed) {
		inner = esim_tlv_begin(out, 0xA0);
		esim_tlv_put(out, 0x4F, outcome->installed->aid, VEUICC_AID_SIZE);
		put_sima_response(outcome, 0x04, out);
	} else {
		inner = esim_tlv_begin(out, 0xA1);
		esim_tlv_put_uint(out, 0x80, outcome->command);
		esim_tlv_put_uint(out, 0x81, outcome->reason);
		if (outcome->reason == REASON_PE_PROCESSING_ERROR)
			put_sima_response(outcome, 0x82, out);
	}
	esim_tlv_end(out, inner);
	esim_tlv_end(out, mark);
}

int veuicc_installation_result(struct veuicc *card, const struct veuicc_installation *installation,
			       const struct veuicc_outcome *outcome, struct esim_buf *out)
{
	struct esim_buf data = ESIM_BUF_INIT, metadata = ESIM_BUF_INIT, result = ESIM_BUF_INIT;
	struct esim_slice covered;
	size_t mark = esim_tlv_begin(&data, 0xBF27);
	uint32_t seq;
	int r;

	seq = veuicc_put_notification_metadata(card, EVENT_INSTALL, installation->server_address,
					       installation->iccid, &metadata);
	esim_tlv_put_slice(&data, 0x80, installation->transaction_id);
	esim_buf_append_slice(&data, esim_buf_slice(&metadata));
	esim_tlv_put_slice(&data, 0x06, installation->server_oid);
	put_final_result(outcome, &data);
	esim_tlv_end(&data, mark);

	covered = esim_buf_slice(&data);
	mark = esim_tlv_begin(&result, 0xBF37);
	esim_buf_append_slice(&result, covered);
	r = veuicc_sign(card, installation->pki, &covered, 1, &result);
	esim_tlv_end(&result, mark);
	if (!r && esim_buf_failed(&result))
		r = ESIM_ENOMEM;
	if (!r) {
		esim_buf_append_slice(out, esim_buf_slice(&result));
		r = veuicc_notification_keep(card, seq, EVENT_INSTALL, installation->iccid,
					     esim_buf_slice(&metadata), &result);
	}
	esim_buf_free(&data);
	esim_buf_free(&metadata);
	esim_buf_free(&result);
	return r;
}

void veuicc_installation_encode(const struct veuicc_installation *installation,
				struct esim_slice ci_key_id, struct esim_buf *out)
{
	esim_tlv_put_slice(out, 0x80, installation->transaction_id);
	esim_tlv_put_slice(out, 0x81, installation->server_address);
	esim_tlv_put_slice(out, 0x82, installation->server_oid);
	esim_tlv_put_slice(out, 0x83, ci_key_id);
	esim_tlv_put(out, 0x5A, installation->iccid->bytes, ESIM_ICCID_SIZE);
}

int veuicc_installation_decode(struct veuicc *card, struct esim_slice in, struct esim_iccid *iccid,
			       struct veuicc_installation *ret)
{
	struct esim_tlv id, address, oid, ci, number;

	if (esim_tlv_find(in, 0x80, &id) != 1 || esim_tlv_find(in, 0x81, &address) != 1 ||
	    esim_tlv_find(in, 0x82, &oid) != 1 || esim_tlv_find(in, 0x83, &ci) != 1 ||
	    esim_tlv_find(in, 0x5A, &number) != 1 || esim_iccid_from_wire(number.value, iccid))
		return ESIM_EPROTO;
	*ret = (struct veuicc_installation){
		.transaction_id = id.value,
		.server_address = address.value,
		.server_oid = oid.value,
		.pki = veuicc_pki_for(card, ci.value),
		.iccid = iccid,
	};
	return ret->pki ? 0 : ESIM_ENOENT;
}
