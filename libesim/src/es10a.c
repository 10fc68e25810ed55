/* SPDX-License-Identifier: GPL-2.0-or-later */
/* ES10a: the addresses that the eUICC keeps; see esim/es10a.h. */
#include <esim/es10a.h>

#include "es10.h"

#include <string.h>

#define TAG_GET_ADDRESSES 0xBF3C
#define TAG_SET_DEFAULT_DP_ADDRESS 0xBF3F
#define TAG_DEFAULT_DP_ADDRESS 0x80

/* A text that may be absent: then "". */
static int optional_text(const struct es10_answer *answer, const char *path, char *out,
			 size_t size, struct esim_error *err)
{
	int r = esim_asn1_text(answer->obj, path, out, size);

	return r && r != ESIM_ENOENT ? es10_bad_field(answer, path, r, err) : 0;
}

int es10a_get_euicc_configured_addresses(struct esim_card *card, struct es10a_addresses *ret,
					 struct esim_error *err)
{
	struct es10_answer answer = ES10_ANSWER_INIT("ES10a.GetEuiccConfiguredAddresses");
	struct es10a_addresses addresses = { 0 };
	int r;

	r = es10_call_empty(card, TAG_GET_ADDRESSES, "EuiccConfiguredAddressesResponse", &answer,
			    err);
	if (!r)
		r = optional_text(&answer, "defaultDpAddress", addresses.default_smdp,
				  sizeof(addresses.default_smdp), err);
	if (!r)
		r = optional_text(&answer, "rootDsAddress", addresses.root_smds,
				  sizeof(addresses.root_smds), err);
	if (!r)
		*ret = addresses;
	es10_answer_clear(&answer);
	return r;
}

int es10a_set_default_dp_address(struct esim_card *card, const char *address,
				 struct esim_error *err)
{
	struct es10_answer answer = ES10_ANSWER_INIT("ES10a.SetDefaultDpAddress");
	struct esim_buf request = ESIM_BUF_INIT;
	size_t mark;
	int r;

	if (strlen(address) > ESIM_MAX_FQDN)
		return esim_error_set(err, ESIM_EINVAL, "%s: the address is longer than %d bytes",
				      answer.function, ESIM_MAX_FQDN);
	mark = esim_tlv_begin(&request, TAG_SET_DEFAULT_DP_ADDRESS);
	esim_tlv_put_text(&request, TAG_DEFAULT_DP_ADDRESS, address);
	esim_tlv_end(&request, mark);
	r = es10_call(card, &request, "SetDefaultDpAddressResponse", &answer, err);
	if (!r)
		r = es10_result(&answer, "setDefaultDpAddressResult", err);
	es10_answer_clear(&answer);
	return r;
}
