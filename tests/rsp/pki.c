/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Reading, completing and writing a PKI directory; see pki.h. */
#include "rsp/pki.h"

#include "rsp/file.h"
#include "rsp/pki_make.h"

#include <esim/tlv.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static const char *const slot_names[RSP_PKI_SLOTS] = {
	"CI", "EUM", "EUICC", "DPauth", "DPpb", "DPtls", "DSauth", "DStls",
};

const char *rsp_pki_slot_name(enum rsp_pki_slot slot)
{
	return (unsigned)slot < RSP_PKI_SLOTS ? slot_names[slot] : "?";
}

const struct rsp_pki_entry *rsp_pki_entry(const struct rsp_pki *pki, enum rsp_pki_slot slot)
{
	return pki->entries[slot].der.len ? &pki->entries[slot] : NULL;
}

static void clear_entry(struct rsp_pki_entry *entry)
{
	rsp_key_free(&entry->key);
	esim_buf_free(&entry->der);
	entry->cert = (struct esim_cert){ 0 };
}

void rsp_pki_free(struct rsp_pki **pki)
{
	if (!pki || !*pki)
		return;
	for (int slot = 0; slot < RSP_PKI_SLOTS; slot++)
		clear_entry(&(*pki)->entries[slot]);
	free((*pki)->dir);
	free(*pki);
	*pki = NULL;
}

/* --- names that a TLS certificate covers ------------------------------------------- */

/* One label for "*", compared without case. */
static bool dns_matches(struct esim_slice pattern, const char *name)
{
	if (pattern.len > 2 && memcmp(pattern.data, "*.", 2) == 0) {
		name = strchr(name, '.');
		if (!name)
			return false;
		pattern = esim_slice(pattern.data + 1, pattern.len - 1);
	}
	return strlen(name) == pattern.len && strncasecmp(name, (const char *)pattern.data, pattern.len) == 0;
}

/* The value of an Extension whose extnID is subjectAltName, descended to its names. */
static bool alt_names(struct esim_slice extension, struct esim_slice *ret)
{
	struct esim_tlv oid, octets, names;

	if (esim_tlv_find(extension, 0x06, &oid) != 1 || !esim_slice_is(oid.value, "\x55\x1D\x11", 3) ||
	    esim_tlv_find(extension, 0x04, &octets) != 1 ||
	    esim_tlv_check(octets.value, "subjectAltName", &names, NULL))
		return false;
	*ret = names.value;
	return true;
}

/* Ask @matches for each DNS name of the certificate until it says yes. */
static bool any_dns_name(const struct rsp_pki_entry *entry,
			 bool (*matches)(struct esim_slice dns_name, void *arg), void *arg)
{
	struct esim_tlv tbs, tagged, list, extension, general_name;
	struct esim_slice names;

	if (esim_tlv_check(entry->cert.tbs, "TBSCertificate", &tbs, NULL) ||
	    esim_tlv_find(tbs.value, 0xA3, &tagged) != 1 || esim_tlv_find(tagged.value, 0x30, &list) != 1)
		return false;
	while (esim_tlv_next(&list.value, &extension) == 1) {
		if (!alt_names(extension.value, &names))
			continue;
		while (esim_tlv_next(&names, &general_name) == 1)
			if (general_name.tag == 0x82 && matches(general_name.value, arg))
				return true;
	}
	return false;
}

static bool covers(struct esim_slice pattern, void *arg)
{
	return dns_matches(pattern, arg);
}

bool rsp_pki_covers(const struct rsp_pki_entry *entry, const char *name)
{
	return any_dns_name(entry, covers, (void *)(uintptr_t)name);
}

struct text_buffer {
	char *text;
	size_t size;
};

static bool take_name(struct esim_slice name, void *arg)
{
	const struct text_buffer *to = arg;

	if (name.len >= to->size || memchr(name.data, '*', name.len))
		return false;
	snprintf(to->text, to->size, "%.*s", (int)name.len, (const char *)name.data);
	return true;
}

bool rsp_pki_first_name(const struct rsp_pki_entry *entry, char *name, size_t size)
{
	struct text_buffer to = { name, size };

	return any_dns_name(entry, take_name, &to);
}

/* --- loading ------------------------------------------------------------------------- */

static int slot_path(const char *dir, enum rsp_pki_slot slot, bool key, char *path, size_t size,
		     struct esim_error *err)
{
	int n = snprintf(path, size, key ? "%s/SK_%s.pem" : "%s/CERT_%s.der", dir, slot_names[slot]);

	if (n < 0 || (size_t)n >= size)
		return esim_error_set(err, ESIM_EINVAL, "the path of the PKI directory is too long");
	return 0;
}

/* Member by member: what fills the structure up is not defined. */
static bool same_key(const struct esim_public_key *a, const struct esim_public_key *b)
{
	return a->curve == b->curve && memcmp(a->point, b->point, sizeof(a->point)) == 0;
}

static int read_slot(struct rsp_pki *pki, enum rsp_pki_slot slot, struct esim_error *err)
{
	struct rsp_pki_entry *entry = &pki->entries[slot];
	char path[4096];
	int r;

	r = slot_path(pki->dir, slot, false, path, sizeof(path), err);
	if (!r)
		r = rsp_file_read(path, ESIM_MAX_CERTIFICATE, &entry->der, err);
	if (r)
		return r;
	r = esim_cert_parse(esim_buf_slice(&entry->der), &entry->cert, err);
	if (r) {
		esim_error_prefix(err, "%s: ", path);
		return r;
	}
	slot_path(pki->dir, slot, true, path, sizeof(path), err);
	r = rsp_key_load(path, &entry->key, err);
	if (r == ESIM_ENOENT)
		return 0;
	if (!r && !same_key(rsp_key_public(entry->key), &entry->cert.key))
		r = esim_error_set(err, ESIM_EINVAL, "%s is not the key of CERT_%s.der", path, slot_names[slot]);
	return r;
}

static bool covers_wish(const struct rsp_pki *pki, enum rsp_pki_slot slot,
			const struct rsp_pki_options *options)
{
	const char *wish = slot == RSP_PKI_DPTLS ? options->name :
			   slot == RSP_PKI_DSTLS ? options->smds_name : NULL;

	return !wish || rsp_pki_covers(&pki->entries[slot], wish);
}

/* A certificate without its key serves nobody, except the CI's. */
static bool usable(const struct rsp_pki *pki, enum rsp_pki_slot slot, const struct rsp_pki_options *options)
{
	const struct rsp_pki_entry *entry = &pki->entries[slot];

	return entry->der.len && (entry->key || slot == RSP_PKI_CI || slot == RSP_PKI_EUM) &&
	       covers_wish(pki, slot, options);
}

static int missing(const struct rsp_pki *pki, enum rsp_pki_slot slot, bool was_there,
		   struct esim_error *err)
{
	const char *issuer = slot == RSP_PKI_EUICC ? "EUM" : "CI";
	int r;

	if (slot == RSP_PKI_CI)
		return esim_error_set(err, ESIM_EINVAL, "%s holds no CERT_CI.der", pki->dir);
	r = esim_error_set(err, ESIM_EINVAL,
			   "%s: CERT_%s.der with SK_%s.pem %s, and there is no SK_%s.pem to make one",
			   pki->dir, slot_names[slot], slot_names[slot],
			   was_there ? "does not serve (no key, or not for this name)" : "is missing", issuer);
	esim_error_advise(err, "Complete the directory, or make a new one with mkpki.");
	return r;
}

static int load_slot(struct rsp_pki *pki, enum rsp_pki_slot slot, const struct rsp_pki_options *options,
		     struct esim_error *err)
{
	bool was_there;
	int r = options->fresh ? ESIM_ENOENT : read_slot(pki, slot, err);

	if (r && r != ESIM_ENOENT)
		return r;
	if (usable(pki, slot, options))
		return 0;
	was_there = pki->entries[slot].der.len > 0;
	clear_entry(&pki->entries[slot]);
	r = slot == RSP_PKI_CI && !options->fresh ? ESIM_ENOENT : rsp_pki_make(pki, slot, options, err);
	if (r != ESIM_ENOENT)
		return r;
	return options->required & RSP_PKI_BIT(slot) ? missing(pki, slot, was_there, err) : 0;
}

int rsp_pki_load(const char *dir, const struct rsp_pki_options *options, struct rsp_pki **ret,
		 struct esim_error *err)
{
	unsigned wanted = options->required | options->optional | RSP_PKI_BIT(RSP_PKI_CI);
	struct rsp_pki *pki = calloc(1, sizeof(*pki));
	int r = 0;

	if (pki)
		pki->dir = strdup(dir);
	if (!pki || !pki->dir) {
		rsp_pki_free(&pki);
		return esim_error_set(err, ESIM_ENOMEM, "no memory for the PKI directory %s", dir);
	}
	for (int slot = 0; slot < RSP_PKI_SLOTS && !r; slot++)
		if (wanted & RSP_PKI_BIT(slot))
			r = load_slot(pki, (enum rsp_pki_slot)slot, options, err);
	if (r) {
		rsp_pki_free(&pki);
		return r;
	}
	esim_error_clear(err);
	*ret = pki;
	return 0;
}

int rsp_pki_save(const struct rsp_pki *pki, const char *dir, struct esim_error *err)
{
	const struct rsp_pki_entry *entry;
	char path[4096];
	int r = 0;

	for (int slot = 0; slot < RSP_PKI_SLOTS && !r; slot++) {
		entry = rsp_pki_entry(pki, (enum rsp_pki_slot)slot);
		if (!entry)
			continue;
		r = slot_path(dir, (enum rsp_pki_slot)slot, false, path, sizeof(path), err);
		if (!r)
			r = rsp_file_write(path, esim_buf_slice(&entry->der), 0644, err);
		if (r || !entry->key)
			continue;
		slot_path(dir, (enum rsp_pki_slot)slot, true, path, sizeof(path), err);
		r = rsp_key_save(entry->key, path, err);
	}
	return r;
}
