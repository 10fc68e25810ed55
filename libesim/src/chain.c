/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The RSP chain walker: SGP.22, 4.5.2.2, on the ground of RFC 5280, 6. It walks
 * from the leaf upwards; at every certificate it asks what the certificate is,
 * who issued it, and whether that issuer was allowed to.
 */
#include "cert.h"

#include <esim/limits.h>

#include <string.h>

#define TIME_SIZE 32
#define NAME_SIZE 128

struct walk {
	const struct esim_cert *chain;
	const struct esim_pool *pool;
	const struct esim_chain_rules *rules;
	struct esim_error *err;
};

/* An issuer, be it the next certificate or an anchor. */
struct issuer {
	const struct esim_public_key *key;
	int path_len;
	const char *name;
};

/* Who must have issued a certificate of that role: SGP.22, 4.5.2. */
static enum esim_role issuer_role(enum esim_role role)
{
	return role == ESIM_ROLE_EUICC ? ESIM_ROLE_EUM : ESIM_ROLE_CI;
}

/* The role of the place in the chain, whatever the certificate says of itself. */
static enum esim_role place(const struct walk *walk, size_t i)
{
	if (i > 0)
		return issuer_role(walk->chain[i - 1].role);
	return walk->rules->role != ESIM_ROLE_NONE ? walk->rules->role : walk->chain[0].role;
}

static const char *check_name(const struct walk *walk, size_t i)
{
	return esim_role_certificate(place(walk, i));
}

/* Record why chain[i] fails: "CERT.EUM.ECDSA (CN=…): reason". */
#define fail(walk, i, ...) \
	(esim_error_verify((walk)->err, check_name(walk, i), __VA_ARGS__), name_it(walk, i))

static int name_it(const struct walk *walk, size_t i)
{
	char name[NAME_SIZE];

	cert_name_print(walk->chain[i].subject, name, sizeof(name));
	esim_error_prefix(walk->err, "%s (%s): ", check_name(walk, i), name);
	return ESIM_EVERIFY;
}

static const char *print_time(int64_t seconds, char out[TIME_SIZE])
{
	time_t t = (time_t)seconds;
	struct tm tm;

	if (!gmtime_r(&t, &tm) || strftime(out, TIME_SIZE, "%Y-%m-%d %H:%M:%S UTC", &tm) == 0)
		strcpy(out, "an unknown time");
	return out;
}

static const char *print_key_id(struct esim_slice id, char out[2 * ESIM_MAX_KEY_ID + 1])
{
	esim_hex_encode(id, out);
	return out;
}

/* --- the certificate by itself ---------------------------------------------------------- */

static int check_validity(const struct walk *walk, size_t i)
{
	const struct esim_cert *cert = &walk->chain[i];
	char when[TIME_SIZE], now[TIME_SIZE];

	print_time(walk->rules->now, now);
	if (walk->rules->now < cert->not_before)
		return fail(walk, i, "not valid before %s; the clock says %s",
			    print_time(cert->not_before, when), now);
	if (walk->rules->now > cert->not_after)
		return fail(walk, i, "expired on %s; the clock says %s",
			    print_time(cert->not_after, when), now);
	return 0;
}

static int wrong_role(const struct walk *walk, size_t i)
{
	enum esim_role role = walk->chain[i].role;

	return fail(walk, i, "wrong role: the certificate is %s",
		    role == ESIM_ROLE_NONE ? "without an RSP role (certificatePolicies)"
					   : esim_role_certificate(role));
}

static int check_leaf(const struct walk *walk)
{
	const struct esim_cert *leaf = &walk->chain[0];
	const struct esim_chain_rules *rules = walk->rules;

	if (rules->role != ESIM_ROLE_NONE && leaf->role != rules->role)
		return wrong_role(walk, 0);
	if (leaf->is_ca)
		return fail(walk, 0, "the certificate is a CA's (basicConstraints)");
	if (!leaf->may_sign_data)
		return fail(walk, 0, "the key may not sign data (keyUsage)");
	if (rules->registered_id.len > 0 &&
	    !esim_slice_equal(rules->registered_id, leaf->registered_id))
		return fail(walk, 0, leaf->registered_id.len == 0
			    ? "the registered ID is missing (subjectAltName)"
			    : "the registered ID is not the one expected (subjectAltName)");
	return 0;
}

static int check_ca(const struct walk *walk, size_t i)
{
	const struct esim_cert *cert = &walk->chain[i];

	if (cert->role != place(walk, i))
		return wrong_role(walk, i);
	if (!cert->is_ca || !cert->may_sign_certificates)
		return fail(walk, i, "the key may not sign certificates (%s)",
			    cert->is_ca ? "keyUsage" : "basicConstraints");
	if (cert->has_name_constraints && cert->role != ESIM_ROLE_EUM)
		return fail(walk, i, "name constraints in a certificate that is not an EUM's");
	return 0;
}

/* --- the EUM's constraints ------------------------------------------------------------------ */

static bool has_prefix(const char *text, struct esim_slice prefix)
{
	return prefix.len > 0 && prefix.len <= strlen(text) &&
	       memcmp(text, prefix.data, prefix.len) == 0;
}

/*
 * Every attribute of the permitted name is in the eUICC's subject: serialNumber as
 * a prefix of the EID, others as they are. A name without a serialNumber binds no
 * EID, so it permits none.
 */
static bool permits(struct esim_slice permitted, const struct esim_cert *euicc)
{
	struct esim_slice text;
	struct cert_attribute attribute;
	struct cert_name_walk walk;
	bool binds_eid = false;
	int r;

	if (cert_name_start(permitted, &walk))
		return false;
	while ((r = cert_name_next(&walk, &attribute)) > 0) {
		if (esim_slice_equal(attribute.type, cert_oid_serial_number)) {
			if (!has_prefix(euicc->subject_serial, attribute.text))
				return false;
			binds_eid = true;
		} else if (cert_name_find(euicc->subject, attribute.type, &text) != 1 ||
			   !esim_slice_equal(text, attribute.text)) {
			return false;
		}
	}
	return r == 0 && binds_eid;
}

static bool within_subtrees(struct esim_slice subtrees, const struct esim_cert *euicc)
{
	struct esim_tlv subtree, base;

	while (cert_take(&subtrees, DER_SEQUENCE, &subtree) == 0)
		if (cert_take(&subtree.value, 0xA4, &base) == 0 && permits(base.value, euicc))
			return true;
	return false;
}

static bool within_eins(struct esim_slice eins, const struct esim_cert *euicc)
{
	struct esim_tlv ein;

	while (cert_take(&eins, DER_PRINTABLE_STRING, &ein) == 0)
		if (has_prefix(euicc->subject_serial, ein.value))
			return true;
	return false;
}

static int check_eid(const struct walk *walk, size_t i)
{
	const struct esim_cert *euicc = &walk->chain[i], *eum = &walk->chain[i + 1];
	struct esim_eid eid;

	if (esim_eid_parse(euicc->subject_serial, &eid))
		return fail(walk, i, "the subject's serialNumber is not an EID");
	if (!eum->has_name_constraints && eum->permitted_eins.len == 0)
		return fail(walk, i + 1, "the certificate binds no EIDs (nameConstraints)");
	if (eum->has_name_constraints && !within_subtrees(eum->permitted_subtrees, euicc))
		return fail(walk, i, "EID or organization lie outside of what the EUM's certificate "
			    "permits (nameConstraints)");
	if (eum->permitted_eins.len > 0 && !within_eins(eum->permitted_eins, euicc))
		return fail(walk, i, "the EID lies outside of what the EUM's certificate permits "
			    "(permittedEins)");
	return 0;
}

/* --- the link to the issuer ------------------------------------------------------------------ */

/* Between the leaf and the issuer of chain[i] stand @i CA certificates. */
static int check_issued(const struct walk *walk, size_t i, const struct issuer *issuer)
{
	const struct esim_cert *cert = &walk->chain[i];

	if (issuer->path_len >= 0 && i > (size_t)issuer->path_len)
		return fail(walk, i, "the chain is longer than the issuer %s permits "
			    "(pathLenConstraint %d)", issuer->name, issuer->path_len);
	if (esim_signature_verify(issuer->key, cert->tbs,
				  esim_slice(cert->signature, sizeof(cert->signature))))
		return fail(walk, i, "the certificate is not signed by %s", issuer->name);
	return 0;
}

static int check_next(const struct walk *walk, size_t i)
{
	const struct esim_cert *cert = &walk->chain[i], *next = &walk->chain[i + 1];
	char name[NAME_SIZE];
	struct issuer issuer = { &next->key, next->path_len, name };
	int r;

	cert_name_print(next->subject, name, sizeof(name));
	if (!esim_slice_equal(cert->issuer, next->subject))
		return fail(walk, i, "the issuer's name is not that of the next certificate, %s", name);
	if (!esim_slice_equal(cert->authority_key_id, next->subject_key_id))
		return fail(walk, i, "the authorityKeyIdentifier is not that of the next certificate, %s",
			    name);
	r = check_ca(walk, i + 1);
	if (r == 0)
		r = check_issued(walk, i, &issuer);
	if (r == 0 && cert->role == ESIM_ROLE_EUICC)
		r = check_eid(walk, i);
	return r;
}

static bool issued(const struct esim_anchor *anchor, const struct esim_cert *cert)
{
	return esim_slice_is(cert->authority_key_id, anchor->key_id, anchor->key_id_len) &&
	       (!anchor->subject ||
		esim_slice_is(cert->issuer, anchor->subject, anchor->subject_len));
}

static bool valid_at(const struct esim_anchor *anchor, int64_t now)
{
	return anchor->not_before <= now && now <= anchor->not_after;
}

/*
 * Of two anchors for one key (a root issued anew), the better one: valid now, with a
 * certificate, valid for longer. The order in the pool does not count, so where all
 * that is equal the bytes decide.
 */
static bool better(const struct esim_anchor *a, const struct esim_anchor *b, int64_t now)
{
	size_t len = a->der_len < b->der_len ? a->der_len : b->der_len;

	if (valid_at(a, now) != valid_at(b, now))
		return valid_at(a, now);
	if (!a->der != !b->der)
		return a->der != NULL;
	if (a->not_after != b->not_after)
		return a->not_after > b->not_after;
	return len > 0 && memcmp(a->der, b->der, len) < 0;
}

/* The anchor with the key id and, where it has a name, the name that chain[i] gives its issuer. */
static const struct esim_anchor *find_anchor(const struct walk *walk, size_t i)
{
	const struct esim_anchor *anchor, *found = NULL;

	for (size_t k = 0; k < walk->pool->count; k++) {
		anchor = &walk->pool->anchors[k];
		if (issued(anchor, &walk->chain[i]) &&
		    (!found || better(anchor, found, walk->rules->now)))
			found = anchor;
	}
	return found;
}

static int check_anchor(const struct walk *walk, size_t i, const struct esim_anchor *anchor)
{
	struct issuer issuer = { &anchor->key, anchor->path_len, anchor->name };
	struct esim_slice wanted = walk->rules->root_key_id;
	char when[TIME_SIZE];

	if (issuer_role(walk->chain[i].role) != ESIM_ROLE_CI)
		return fail(walk, i, "issued by the CI %s itself instead of an EUM", anchor->name);
	if (wanted.len > 0 && !esim_slice_is(wanted, anchor->key_id, anchor->key_id_len))
		return fail(walk, i, "issued under %s, which is not the CI asked for", anchor->name);
	if (walk->rules->now < anchor->not_before)
		return esim_error_verify(walk->err, esim_role_certificate(ESIM_ROLE_CI),
					 "the root %s is not valid before %s", anchor->name,
					 print_time(anchor->not_before, when));
	if (walk->rules->now > anchor->not_after)
		return esim_error_verify(walk->err, esim_role_certificate(ESIM_ROLE_CI),
					 "the root %s expired on %s", anchor->name,
					 print_time(anchor->not_after, when));
	return check_issued(walk, i, &issuer);
}

static int issuer_unknown(const struct walk *walk, size_t i)
{
	const struct esim_cert *cert = &walk->chain[i];
	char name[NAME_SIZE], id[2 * ESIM_MAX_KEY_ID + 1];

	cert_name_print(cert->issuer, name, sizeof(name));
	return fail(walk, i, "the issuer %s with key id %s is unknown (%zu trusted roots)", name,
		    print_key_id(cert->authority_key_id, id), walk->pool->count);
}

int esim_chain_verify(const struct esim_cert *chain, size_t count, const struct esim_pool *pool,
		      const struct esim_chain_rules *rules, const struct esim_anchor **ret_anchor,
		      struct esim_error *err)
{
	const struct walk walk = { chain, pool, rules, err };
	const struct esim_anchor *anchor;
	int r;

	if (count == 0 || count > ESIM_MAX_CHAIN)
		return esim_error_verify(err, esim_role_certificate(rules->role),
					 "a chain of %zu certificates, not 1 to %d", count,
					 ESIM_MAX_CHAIN);
	r = check_leaf(&walk);
	for (size_t i = 0; r == 0; i++) {
		if (chain[i].authority_key_id.len == 0)
			return fail(&walk, i, "the authorityKeyIdentifier is missing");
		r = check_validity(&walk, i);
		if (r)
			break;
		anchor = find_anchor(&walk, i);
		if (anchor) {
			r = check_anchor(&walk, i, anchor);
			if (r == 0 && ret_anchor)
				*ret_anchor = anchor;
			break;
		}
		r = i + 1 < count ? check_next(&walk, i) : issuer_unknown(&walk, i);
	}
	return r;
}
