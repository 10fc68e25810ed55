/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Verifying an eUICC's chain; see euicc_check.h. */
#include "smdpp/euicc_check.h"

#include <string.h>

static const struct euicc_verdict good = { NULL, NULL, NULL };
static const struct euicc_verdict eum_invalid = { "8.1.2", "6.1", "The EUM certificate is invalid" };
static const struct euicc_verdict eum_expired = { "8.1.2", "6.3", "The EUM certificate has expired" };
static const struct euicc_verdict euicc_invalid = { "8.1.3", "6.1", "The eUICC certificate is invalid" };
static const struct euicc_verdict euicc_expired = { "8.1.3", "6.3", "The eUICC certificate has expired" };
static const struct euicc_verdict eid_outside = { "8.1.4", "6.1", "The EID is outside the EUM's range" };
static const struct euicc_verdict ci_unknown = { "8.11.1", "3.9", "The CI of the eUICC's chain is unknown" };

/* The EUM may certify EIDs that begin with its permitted serial number. */
static bool eid_permitted(const struct esim_cert *eum, const struct esim_cert *euicc)
{
	size_t len = strlen(eum->permitted_serial);

	return !eum->has_name_constraints || strncmp(eum->permitted_serial, euicc->subject_serial, len) == 0;
}

struct euicc_verdict euicc_check_chain(const struct smdpp *server, struct esim_slice euicc_der,
				       struct esim_slice eum_der, struct esim_slice root_key_id,
				       struct esim_cert *ret_euicc)
{
	const struct esim_chain_rules rules = {
		.role = ESIM_ROLE_EUICC, .now = smdpp_now(server), .root_key_id = root_key_id,
	};
	struct esim_cert chain[2];
	struct esim_error err;

	if (esim_cert_parse(eum_der, &chain[1], NULL))
		return eum_invalid;
	if (esim_cert_parse(euicc_der, &chain[0], NULL))
		return euicc_invalid;
	if (!esim_pool_find(&server->roots, chain[1].authority_key_id) ||
	    (root_key_id.len && !esim_slice_equal(root_key_id, chain[1].authority_key_id)))
		return ci_unknown;
	if (chain[1].not_after < rules.now)
		return eum_expired;
	if (chain[0].not_after < rules.now)
		return euicc_expired;
	if (!eid_permitted(&chain[1], &chain[0]))
		return eid_outside;
	if (esim_chain_verify(chain, 2, &server->roots, &rules, NULL, &err)) {
		const char *eum = esim_role_certificate(ESIM_ROLE_EUM);

		return strncmp(err.check, eum, strlen(eum)) == 0 ? eum_invalid : euicc_invalid;
	}
	*ret_euicc = chain[0];
	return good;
}
