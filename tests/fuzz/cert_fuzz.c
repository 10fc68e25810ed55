/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Fuzzer of certificates: what parses lies inside the input, and a walk of the
 * chain over it, under itself and under its own key, comes to an end.
 */
#include "crypto.h"

#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void require_inside(struct esim_slice s, struct esim_slice whole)
{
	if (s.len > 0 && (s.data < whole.data || s.data + s.len > whole.data + whole.len))
		abort();
}

static void check_fields(const struct esim_cert *cert, struct esim_slice whole)
{
	const struct esim_slice slices[] = {
		cert->der, cert->tbs, cert->serial, cert->issuer, cert->subject,
		cert->subject_key_id, cert->authority_key_id, cert->registered_id,
		cert->subject_organization, cert->permitted_organization,
		cert->permitted_subtrees, cert->permitted_eins,
	};

	for (size_t i = 0; i < sizeof(slices) / sizeof(slices[0]); i++)
		require_inside(slices[i], whole);
	if (strlen(cert->subject_serial) > ESIM_EID_DIGITS ||
	    strlen(cert->permitted_serial) > ESIM_EID_DIGITS ||
	    cert->path_len < -1 || cert->path_len > 255 || cert->not_before > cert->not_after ||
	    cert->subject_key_id.len > ESIM_MAX_KEY_ID ||
	    cert->authority_key_id.len > ESIM_MAX_KEY_ID || !crypto_key_valid(&cert->key))
		abort();
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct esim_chain_rules rules = { .role = ESIM_ROLE_NONE };
	uint8_t der[ESIM_MAX_CERTIFICATE];
	struct esim_pool pool = { 0 };
	struct esim_cert chain[2];
	struct esim_error err;
	size_t len;

	if (size > 0 && data[0] == '-') {
		if (crypto_pem_decode(esim_slice(data, size), der, sizeof(der), &len))
			return 0;
		data = der;
		size = len;
	}
	if (esim_cert_parse(esim_slice(data, size), &chain[0], &err))
		return 0;
	check_fields(&chain[0], esim_slice(data, size));
	chain[1] = chain[0];
	rules.now = chain[0].not_before;
	rules.role = chain[0].role;
	esim_chain_verify(chain, 2, &pool, &rules, NULL, &err);
	esim_pool_add_cert(&pool, chain[0].der, &err);
	esim_pool_add_key(&pool, chain[0].authority_key_id, "fuzz", &chain[0].key, &err);
	esim_chain_verify(chain, 2, &pool, &rules, NULL, &err);
	esim_pool_free(&pool);
	return 0;
}
