/* SPDX-License-Identifier: GPL-2.0-or-later */
/* ES10a: the addresses of the default SM-DP+ and the root SM-DS (SGP.22, 5.7.3, 5.7.4). */
#include "veuicc/card.h"

#include <string.h>

uint16_t veuicc_get_euicc_configured_addresses(struct veuicc *card,
					       const struct veuicc_request *request,
					       struct esim_buf *out)
{
	size_t mark = esim_tlv_begin(out, 0xBF3C);

	(void)request;
	if (card->store.default_smdp.len)
		esim_tlv_put_slice(out, 0x80, esim_buf_slice(&card->store.default_smdp));
	esim_tlv_put_text(out, 0x81, card->root_smds);
	esim_tlv_end(out, mark);
	return SW_OK;
}

uint16_t veuicc_set_default_dp_address(struct veuicc *card, const struct veuicc_request *request,
				       struct esim_buf *out)
{
	struct esim_tlv address;
	unsigned result = 0;

	if (esim_tlv_find(request->value, 0x80, &address) != 1)
		return SW_WRONG_DATA;
	if (address.value.len > ESIM_MAX_FQDN) {
		veuicc_put_result(out, 0xBF3F, VEUICC_UNDEFINED_ERROR);
		return SW_OK;
	}
	esim_buf_reset(&card->store.default_smdp);
	esim_buf_append_slice(&card->store.default_smdp, address.value);
	if (veuicc_store_commit(card))
		result = VEUICC_UNDEFINED_ERROR;
	veuicc_put_result(out, 0xBF3F, result);
	return SW_OK;
}
