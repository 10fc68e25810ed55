/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Pools of trust anchors: certificates, bare keys, and directories of certificates. */
#include "cert.h"

#include "crypto.h"

#include <esim/limits.h>

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define PEM_BEGIN "-----BEGIN CERTIFICATE-----"
#define PEM_END "-----END CERTIFICATE-----"

static struct esim_slice key_id_of(const struct esim_anchor *anchor)
{
	return esim_slice(anchor->key_id, anchor->key_id_len);
}

static bool same_key(const struct esim_public_key *a, const struct esim_public_key *b)
{
	return a->curve == b->curve && memcmp(a->point, b->point, sizeof(a->point)) == 0;
}

const struct esim_anchor *esim_pool_find(const struct esim_pool *pool, struct esim_slice key_id)
{
	for (size_t i = 0; i < pool->count; i++)
		if (esim_slice_equal(key_id_of(&pool->anchors[i]), key_id))
			return &pool->anchors[i];
	return NULL;
}

static void free_anchor(struct esim_anchor *anchor)
{
	free(anchor->subject);
	free(anchor->der);
	*anchor = (struct esim_anchor){ 0 };
}

static void truncate_pool(struct esim_pool *pool, size_t count)
{
	while (pool->count > count)
		free_anchor(&pool->anchors[--pool->count]);
}

void esim_pool_free(struct esim_pool *pool)
{
	if (!pool)
		return;
	truncate_pool(pool, 0);
	free(pool->anchors);
	*pool = (struct esim_pool){ 0 };
}

/*
 * Is @anchor no more than what @known is? A root that was issued anew with its old
 * key is more: it has other dates. So is the certificate of what was known by facts.
 */
static bool adds_nothing(const struct esim_anchor *anchor, const struct esim_anchor *known)
{
	if (anchor->der)
		return esim_slice_is(esim_slice(anchor->der, anchor->der_len), known->der,
				     known->der_len);
	return anchor->not_before == known->not_before && anchor->not_after == known->not_after &&
	       esim_slice_is(esim_slice(anchor->subject, anchor->subject_len), known->subject,
			     known->subject_len);
}

/*
 * The same anchor twice is one anchor. One key id for two keys is refused: which
 * of them counts must not depend on the order in which they came.
 */
static int find_double(const struct esim_pool *pool, const struct esim_anchor *anchor,
		       bool *ret_known, struct esim_error *err)
{
	const struct esim_anchor *other;

	*ret_known = false;
	for (size_t i = 0; i < pool->count; i++) {
		other = &pool->anchors[i];
		if (!esim_slice_equal(key_id_of(other), key_id_of(anchor)))
			continue;
		if (!same_key(&other->key, &anchor->key))
			return esim_error_set(err, ESIM_EINVAL,
					      "trust anchors '%s' and '%s' claim one key id for two keys",
					      other->name, anchor->name);
		*ret_known |= adds_nothing(anchor, other);
	}
	return 0;
}

/* Takes over what @anchor owns, also on failure. */
static int add_anchor(struct esim_pool *pool, struct esim_anchor *anchor, struct esim_error *err)
{
	struct esim_anchor *grown;
	bool known;
	int r = find_double(pool, anchor, &known, err);

	if (r == 0 && !known && pool->count == ESIM_MAX_ROOTS)
		r = esim_error_set(err, ESIM_ETOOBIG, "more than %d trust anchors", ESIM_MAX_ROOTS);
	if (r || known) {
		free_anchor(anchor);
		return r;
	}
	grown = realloc(pool->anchors, (pool->count + 1) * sizeof(*grown));
	if (!grown) {
		free_anchor(anchor);
		return esim_error_set(err, ESIM_ENOMEM, "no memory for a trust anchor");
	}
	pool->anchors = grown;
	pool->anchors[pool->count++] = *anchor;
	return 0;
}

static uint8_t *copy_of(struct esim_slice s)
{
	uint8_t *copy = malloc(s.len);

	if (copy)
		memcpy(copy, s.data, s.len);
	return copy;
}

static int check_ci(const struct esim_cert *cert, struct esim_error *err)
{
	const char *check = esim_role_certificate(ESIM_ROLE_CI);

	if (!esim_slice_equal(cert->issuer, cert->subject))
		return esim_error_verify(err, check, "the certificate is not self-signed");
	if (cert->role != ESIM_ROLE_CI || !cert->is_ca || !cert->may_sign_certificates)
		return esim_error_verify(err, check, "the certificate is not one of a CI "
					 "(policy, basicConstraints or keyUsage)");
	if (cert->subject_key_id.len == 0)
		return esim_error_verify(err, check, "the certificate has no subjectKeyIdentifier");
	if (cert->has_name_constraints)
		return esim_error_verify(err, check, "the certificate has name constraints, "
					 "which only an EUM's may have");
	if (esim_signature_verify(&cert->key, cert->tbs,
				  esim_slice(cert->signature, sizeof(cert->signature))))
		return esim_error_verify(err, check, "the certificate's own signature is wrong");
	return 0;
}

static int add_parsed(struct esim_pool *pool, const struct esim_cert *cert, struct esim_error *err)
{
	struct esim_anchor anchor = {
		.key_id_len = cert->subject_key_id.len,
		.key = cert->key,
		.not_before = cert->not_before,
		.not_after = cert->not_after,
		.path_len = cert->path_len,
		.subject_len = cert->subject.len,
		.der_len = cert->der.len,
	};
	int r = check_ci(cert, err);

	if (r)
		return r;
	memcpy(anchor.key_id, cert->subject_key_id.data, cert->subject_key_id.len);
	cert_name_print(cert->subject, anchor.name, sizeof(anchor.name));
	anchor.subject = copy_of(cert->subject);
	anchor.der = copy_of(cert->der);
	if (!anchor.subject || !anchor.der) {
		free_anchor(&anchor);
		return esim_error_set(err, ESIM_ENOMEM, "no memory for a trust anchor");
	}
	return add_anchor(pool, &anchor, err);
}

int esim_pool_add_cert(struct esim_pool *pool, struct esim_slice der, struct esim_error *err)
{
	struct esim_cert cert;
	int r = esim_cert_parse(der, &cert, err);

	return r ? r : add_parsed(pool, &cert, err);
}

static int check_facts(const struct esim_anchor_facts *facts, struct esim_error *err)
{
	if (facts->key_id.len == 0 || facts->key_id.len > ESIM_MAX_KEY_ID)
		return esim_error_set(err, ESIM_EINVAL, "a key id has 1 to %d bytes, not %zu",
				      ESIM_MAX_KEY_ID, facts->key_id.len);
	if (!crypto_key_valid(&facts->key))
		return esim_error_set(err, ESIM_EINVAL, "the trust anchor's key is not on its curve");
	if (facts->subject.len > 0 && !cert_name_valid(facts->subject))
		return esim_error_set(err, ESIM_EINVAL, "the trust anchor's name is malformed");
	if (facts->not_before > facts->not_after)
		return esim_error_set(err, ESIM_EINVAL, "the trust anchor ends before it begins");
	return 0;
}

/* Without a subject, @name is what messages call it. */
static int add_facts(struct esim_pool *pool, const struct esim_anchor_facts *facts,
		     const char *name, struct esim_error *err)
{
	struct esim_anchor anchor = {
		.key_id_len = facts->key_id.len,
		.key = facts->key,
		.not_before = facts->not_before,
		.not_after = facts->not_after,
		.path_len = -1,
		.subject_len = facts->subject.len,
	};
	int r = check_facts(facts, err);

	if (r)
		return r;
	memcpy(anchor.key_id, facts->key_id.data, facts->key_id.len);
	snprintf(anchor.name, sizeof(anchor.name), "%s", name);
	if (facts->subject.len > 0) {
		cert_name_print(facts->subject, anchor.name, sizeof(anchor.name));
		anchor.subject = copy_of(facts->subject);
		if (!anchor.subject)
			return esim_error_set(err, ESIM_ENOMEM, "no memory for a trust anchor");
	}
	return add_anchor(pool, &anchor, err);
}

int esim_pool_add_anchor(struct esim_pool *pool, const struct esim_anchor_facts *facts,
			 struct esim_error *err)
{
	return add_facts(pool, facts, "an anchor without a name", err);
}

int esim_pool_add_key(struct esim_pool *pool, struct esim_slice key_id, const char *name,
		      const struct esim_public_key *key, struct esim_error *err)
{
	const struct esim_anchor_facts facts = {
		.key_id = key_id,
		.key = *key,
		.not_before = INT64_MIN,
		.not_after = INT64_MAX,
	};

	return add_facts(pool, &facts, name ? name : "a bare key", err);
}

/* --- directories -------------------------------------------------------------------- */

static bool ends_with(const char *name, const char *ending)
{
	size_t a = strlen(name), b = strlen(ending);

	return a > b && strcmp(name + a - b, ending) == 0;
}

static int wanted(const struct dirent *entry)
{
	return entry->d_name[0] != '.' &&
	       (ends_with(entry->d_name, ".der") || ends_with(entry->d_name, ".pem"));
}

/* Byte order: the locale must not decide which certificate comes first. */
static int by_name(const struct dirent **a, const struct dirent **b)
{
	return strcmp((*a)->d_name, (*b)->d_name);
}

/* O_NONBLOCK: a FIFO that someone put there must not hold us. */
static int read_file(int dir, const char *name, struct esim_buf *ret, struct esim_error *err)
{
	int fd = openat(dir, name, O_RDONLY | O_CLOEXEC | O_NONBLOCK);
	struct stat st;
	uint8_t *to;
	ssize_t n;
	int r = 0;

	if (fd < 0)
		return esim_error_errno(err, ESIM_EINVAL, errno, "cannot open");
	if (fstat(fd, &st) < 0 || !S_ISREG(st.st_mode) || st.st_size > ESIM_MAX_ROOTS_FILE) {
		r = esim_error_set(err, ESIM_EINVAL, "not a regular file of at most %d bytes",
				   ESIM_MAX_ROOTS_FILE);
	} else if (st.st_size > 0) {
		to = esim_buf_extend(ret, (size_t)st.st_size);
		n = to ? read(fd, to, (size_t)st.st_size) : 0;
		if (!to)
			r = esim_error_set(err, ESIM_ENOMEM, "no memory to read it");
		else if (n != st.st_size)
			r = esim_error_errno(err, ESIM_EINVAL, n < 0 ? errno : EIO, "cannot read");
	}
	close(fd);
	return r;
}

/*
 * A certificate of someone else than a CI may lie beside; it is no anchor. The
 * others are counted in *@found, known ones too.
 */
static int add_if_self_issued(struct esim_pool *pool, struct esim_slice der, size_t *found,
			      struct esim_error *err)
{
	struct esim_cert cert;
	int r = esim_cert_parse(der, &cert, err);

	if (r || !esim_slice_equal(cert.issuer, cert.subject))
		return r;
	++*found;
	return add_parsed(pool, &cert, err);
}

static int add_pem(struct esim_pool *pool, struct esim_slice text, size_t *found,
		   struct esim_error *err)
{
	uint8_t der[ESIM_MAX_CERTIFICATE];
	const uint8_t *begin, *end;
	size_t len;
	int r = 0;

	if (!memmem(text.data, text.len, "-----BEGIN ", strlen("-----BEGIN ")))
		return esim_error_set(err, ESIM_EPROTO, "neither DER nor PEM");
	while (r == 0 && (begin = memmem(text.data, text.len, PEM_BEGIN, strlen(PEM_BEGIN)))) {
		text = esim_slice(begin, text.len - (size_t)(begin - text.data));
		end = memmem(text.data, text.len, PEM_END, strlen(PEM_END));
		if (!end)
			return esim_error_set(err, ESIM_EPROTO, "a PEM certificate without an end");
		end += strlen(PEM_END);
		if (crypto_pem_decode(esim_slice(begin, (size_t)(end - begin)), der, sizeof(der), &len))
			return esim_error_set(err, ESIM_EPROTO, "a PEM certificate is malformed");
		r = add_if_self_issued(pool, esim_slice(der, len), found, err);
		text = esim_slice(end, text.len - (size_t)(end - text.data));
	}
	return r;
}

static int add_file(struct esim_pool *pool, int dir, const char *name, size_t *found,
		    struct esim_error *err)
{
	struct esim_buf file = ESIM_BUF_INIT;
	int r = read_file(dir, name, &file, err);

	if (r == 0 && file.len == 0)
		r = esim_error_set(err, ESIM_EPROTO, "the file is empty");
	else if (r == 0 && file.data[0] == DER_SEQUENCE)
		r = add_if_self_issued(pool, esim_buf_slice(&file), found, err);
	else if (r == 0)
		r = add_pem(pool, esim_buf_slice(&file), found, err);
	esim_buf_free(&file);
	return r;
}

/* Nothing is added where anything failed; an unusable file is no fault of the card's. */
static int conclude(struct esim_pool *pool, size_t before, int r, struct esim_error *err)
{
	if (!r)
		return 0;
	truncate_pool(pool, before);
	if (err && err->domain == ESIM_DOMAIN_CARD)
		err->domain = ESIM_DOMAIN_USAGE;
	return r;
}

int esim_pool_add_file(struct esim_pool *pool, const char *path, struct esim_error *err)
{
	size_t before = pool->count, found = 0;
	int r = add_file(pool, AT_FDCWD, path, &found, err);

	if (r == 0 && found == 0)
		r = esim_error_set(err, ESIM_EINVAL, "no CI certificate");
	if (r)
		esim_error_prefix(err, "%s: ", path);
	return conclude(pool, before, r, err);
}

int esim_pool_add_dir(struct esim_pool *pool, const char *dir, struct esim_error *err)
{
	struct dirent **names = NULL;
	size_t before = pool->count, found = 0;
	int fd, n, r = 0;

	fd = open(dir, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (fd < 0)
		return esim_error_errno(err, ESIM_EINVAL, errno, "cannot open the directory %s", dir);
	n = scandirat(fd, ".", &names, wanted, by_name);
	if (n < 0)
		r = esim_error_errno(err, ESIM_EINVAL, errno, "cannot read the directory %s", dir);
	for (int i = 0; i < n; i++) {
		if (r == 0) {
			r = add_file(pool, fd, names[i]->d_name, &found, err);
			if (r)
				esim_error_prefix(err, "%s/%s: ", dir, names[i]->d_name);
		}
		free(names[i]);
	}
	free(names);
	close(fd);
	if (r == 0 && found == 0)
		r = esim_error_set(err, ESIM_EINVAL, "%s holds no CI certificate (*.der, *.pem)", dir);
	return conclude(pool, before, r, err);
}
