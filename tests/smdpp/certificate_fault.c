/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Spoiled twins of a certificate; see certificate_fault.h. */
#include "smdpp/certificate_fault.h"

#include "rsp/x509.h"

#define DAY ((int64_t)24 * 3600)

static bool any_hits(const struct call *call)
{
	static const char *const kinds[] = { "oid", "role", "expired", "issuer" };

	for (size_t i = 0; i < sizeof(kinds) / sizeof(kinds[0]); i++)
		if (call_tampers(call, kinds[i]))
			return true;
	return false;
}

static const char *policy_of(const struct call *call, enum rsp_pki_slot slot)
{
	static const char *const policies[RSP_PKI_SLOTS] = {
		[RSP_PKI_DPAUTH] = "2.23.146.1.2.1.4",
		[RSP_PKI_DPPB] = "2.23.146.1.2.1.5",
		[RSP_PKI_DSAUTH] = "2.23.146.1.2.1.7",
	};

	if (call_tampers(call, "role"))
		slot = slot == RSP_PKI_DPAUTH ? RSP_PKI_DPPB : RSP_PKI_DPAUTH;
	return policies[slot];
}

static int make_twin(struct call *call, const struct rsp_pki *pki, enum rsp_pki_slot slot,
		     struct esim_buf *out)
{
	const struct rsp_pki_entry *ci = &pki->entries[RSP_PKI_CI], *original = &pki->entries[slot];
	int64_t now = smdpp_now(call->server);
	struct rsp_key *stranger = NULL;
	struct rsp_x509 twin = {
		.serial = 0x5EED, .issuer_der = ci->cert.subject,
		.subject = { .organization = "CoreESIM", .common_name = "CoreESIM Test SM-DP+" },
		.not_before = now - 30 * DAY,
		.not_after = now + (call_tampers(call, "expired") ? -DAY : 30 * DAY),
		.key = &original->cert.key,
		.policy = policy_of(call, slot),
		.key_usage = RSP_KEY_USAGE_DIGITAL_SIGNATURE,
		.registered_id_der = original->cert.registered_id,
		.subject_key_id = original->cert.subject_key_id,
		.authority_key_id = ci->cert.subject_key_id,
	};
	int r;

	if (!ci->key)
		return ESIM_EINVAL;
	if (call_tampers(call, "oid")) {
		twin.registered_id_der = esim_slice(NULL, 0);
		twin.registered_id = "2.999.666";
	}
	if (call_tampers(call, "issuer") && rsp_key_generate(ci->cert.key.curve, &stranger))
		return ESIM_EIO;
	r = rsp_x509_make(&twin, stranger ? stranger : ci->key, out, NULL);
	rsp_key_free(&stranger);
	return r;
}

int certificate_for_call(struct call *call, const struct rsp_pki *pki, enum rsp_pki_slot slot,
			 struct esim_buf *out)
{
	if (any_hits(call))
		return make_twin(call, pki, slot, out);
	esim_buf_append_slice(out, esim_buf_slice(&pki->entries[slot].der));
	return esim_buf_failed(out);
}
