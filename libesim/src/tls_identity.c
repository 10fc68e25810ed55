/* SPDX-License-Identifier: GPL-2.0-or-later */
/* RSP servers by their TLS certificates; see tls_identity.h. */
#include "tls_identity.h"

#include <stdio.h>
#include <string.h>

/* What does not parse is no issuer: the walk ends before it. */
static size_t parse_issuers(const struct esim_slice *chain, size_t count, struct esim_cert *certs)
{
	size_t parsed = 1;

	while (parsed < count && parsed < ESIM_MAX_CHAIN &&
	       esim_cert_parse(chain[parsed], &certs[parsed], NULL) == 0)
		parsed++;
	return parsed;
}

int tls_identity_check(const struct esim_slice *chain, size_t count, const struct esim_pool *roots,
		       int64_t now, struct esim_slice *ret_id, struct esim_error *err)
{
	const char *check = esim_role_certificate(ESIM_ROLE_DP_TLS);
	struct esim_chain_rules rules = { .role = ESIM_ROLE_DP_TLS, .now = now };
	struct esim_cert certs[ESIM_MAX_CHAIN];
	struct esim_error why;
	int r;

	if (count == 0)
		return esim_error_verify(err, check, "the server shows no certificate");
	if (esim_cert_parse(chain[0], &certs[0], &why))
		return esim_error_verify(err, check, "%s: %s", check, why.message);
	if (certs[0].role == ESIM_ROLE_DS_TLS)
		rules.role = ESIM_ROLE_DS_TLS;
	r = esim_chain_verify(certs, parse_issuers(chain, count, certs), roots, &rules, NULL, err);
	if (r == 0)
		*ret_id = certs[0].registered_id;
	return r;
}

/* --- whom hosts showed themselves as ------------------------------------------------------- */

static bool is_of(const struct tls_identity *entry, const struct address *host)
{
	return entry->host[0] && entry->port == host->port && strcmp(entry->host, host->host) == 0;
}

static size_t index_of(const struct tls_identities *identities, const struct address *host)
{
	size_t i = 0;

	while (i < TLS_IDENTITY_HOSTS && !is_of(&identities->entries[i], host))
		i++;
	return i;
}

static struct tls_identity *least_used(struct tls_identities *identities)
{
	struct tls_identity *least = &identities->entries[0];

	for (size_t i = 1; i < TLS_IDENTITY_HOSTS; i++)
		if (identities->entries[i].used < least->used)
			least = &identities->entries[i];
	return least;
}

void tls_identity_remember(struct tls_identities *identities, const struct address *host,
			   struct esim_slice registered_id)
{
	size_t i = index_of(identities, host);
	struct tls_identity *entry = i < TLS_IDENTITY_HOSTS ? &identities->entries[i]
							    : least_used(identities);

	*entry = (struct tls_identity){ .port = host->port, .used = ++identities->uses };
	snprintf(entry->host, sizeof(entry->host), "%s", host->host);
	if (registered_id.len == 0 || registered_id.len > sizeof(entry->registered_id.bytes))
		return;
	memcpy(entry->registered_id.bytes, registered_id.data, registered_id.len);
	entry->registered_id.len = registered_id.len;
}

void tls_identity_touch(struct tls_identities *identities, const struct address *host)
{
	size_t i = index_of(identities, host);

	if (i < TLS_IDENTITY_HOSTS)
		identities->entries[i].used = ++identities->uses;
}

struct esim_slice tls_identity_find(const struct tls_identities *identities,
				    const struct address *host)
{
	size_t i = index_of(identities, host);
	const struct esim_registered_id *id;

	if (i == TLS_IDENTITY_HOSTS)
		return esim_slice(NULL, 0);
	id = &identities->entries[i].registered_id;
	return esim_slice(id->bytes, id->len);
}
