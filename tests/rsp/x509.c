/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The certificate maker; see x509.h. */
#include "rsp/x509.h"

#include <esim/tlv.h>

#include <stdlib.h>
#include <string.h>
#include <time.h>

#define TAG_BOOLEAN	0x01
#define TAG_BIT_STRING	0x03
#define TAG_OCTETS	0x04
#define TAG_OID		0x06
#define TAG_UTF8	0x0C
#define TAG_PRINTABLE	0x13
#define TAG_UTC_TIME	0x17
#define TAG_TIME	0x18
#define TAG_SEQUENCE	0x30
#define TAG_SET		0x31

#define OID_ECDSA_SHA256	"1.2.840.10045.4.3.2"
#define OID_EC_PUBLIC_KEY	"1.2.840.10045.2.1"
#define OID_SUBJECT_KEY_ID	"2.5.29.14"
#define OID_KEY_USAGE		"2.5.29.15"
#define OID_ALT_NAME		"2.5.29.17"
#define OID_BASIC_CONSTRAINTS	"2.5.29.19"
#define OID_NAME_CONSTRAINTS	"2.5.29.30"
#define OID_CRL			"2.5.29.31"
#define OID_POLICIES		"2.5.29.32"
#define OID_AUTHORITY_KEY_ID	"2.5.29.35"
#define OID_EXTENDED_KEY_USAGE	"2.5.29.37"

/* --- pieces ------------------------------------------------------------------ */

static void put_arc(struct esim_buf *out, unsigned long arc)
{
	for (int shift = 28; shift > 0; shift -= 7)
		if (arc >> shift)
			esim_buf_append_byte(out, (uint8_t)(0x80 | (arc >> shift & 0x7F)));
	esim_buf_append_byte(out, (uint8_t)(arc & 0x7F));
}

static int next_arc(const char **text, unsigned long *ret)
{
	char *end;

	if (**text < '0' || **text > '9')
		return ESIM_EINVAL;
	*ret = strtoul(*text, &end, 10);
	if (*ret > UINT32_MAX || (*end != '.' && *end != '\0'))
		return ESIM_EINVAL;
	*text = *end ? end + 1 : end;
	return 0;
}

int rsp_oid_encode(const char *dotted, struct esim_buf *out)
{
	unsigned long first, second, arc;

	if (next_arc(&dotted, &first) || next_arc(&dotted, &second) || first > 2 ||
	    (first < 2 && second > 39))
		return ESIM_EINVAL;
	put_arc(out, first * 40 + second);
	while (*dotted) {
		if (next_arc(&dotted, &arc))
			return ESIM_EINVAL;
		put_arc(out, arc);
	}
	return esim_buf_failed(out);
}

/* An OID that cannot be written fails the whole certificate through the buffer. */
static void put_oid(struct esim_buf *out, uint32_t tag, const char *dotted)
{
	size_t mark = esim_tlv_begin(out, tag);

	if (rsp_oid_encode(dotted, out) && !esim_buf_failed(out))
		out->failed = ESIM_EINVAL;
	esim_tlv_end(out, mark);
}

static void put_attribute(struct esim_buf *out, const char *oid, uint32_t tag, const char *text)
{
	size_t set, sequence;

	if (!text)
		return;
	set = esim_tlv_begin(out, TAG_SET);
	sequence = esim_tlv_begin(out, TAG_SEQUENCE);
	put_oid(out, TAG_OID, oid);
	esim_tlv_put_text(out, tag, text);
	esim_tlv_end(out, sequence);
	esim_tlv_end(out, set);
}

static void put_name(struct esim_buf *out, const struct rsp_name *name)
{
	size_t mark = esim_tlv_begin(out, TAG_SEQUENCE);

	put_attribute(out, "2.5.4.6", TAG_PRINTABLE, name->country);
	put_attribute(out, "2.5.4.10", TAG_UTF8, name->organization);
	put_attribute(out, "2.5.4.11", TAG_UTF8, name->unit);
	put_attribute(out, "2.5.4.5", TAG_PRINTABLE, name->serial_number);
	put_attribute(out, "2.5.4.3", TAG_UTF8, name->common_name);
	esim_tlv_end(out, mark);
}

/* RFC 5280, 4.1.2.5: UTCTime through 2049, GeneralizedTime from then on. */
static void put_time(struct esim_buf *out, int64_t when)
{
	time_t t = (time_t)when;
	struct tm tm;
	char text[32];
	bool utc;

	if (!gmtime_r(&t, &tm)) {
		out->failed = ESIM_EINVAL;
		return;
	}
	utc = tm.tm_year + 1900 < 2050;
	strftime(text, sizeof(text), "%Y%m%d%H%M%SZ", &tm);
	esim_tlv_put_text(out, utc ? TAG_UTC_TIME : TAG_TIME, utc ? text + 2 : text);
}

static void put_algorithm(struct esim_buf *out)
{
	size_t mark = esim_tlv_begin(out, TAG_SEQUENCE);

	put_oid(out, TAG_OID, OID_ECDSA_SHA256);
	esim_tlv_end(out, mark);
}

static size_t begin_bit_string(struct esim_buf *out)
{
	size_t mark = esim_tlv_begin(out, TAG_BIT_STRING);

	esim_buf_append_byte(out, 0);
	return mark;
}

static void put_public_key(struct esim_buf *out, const struct esim_public_key *key)
{
	size_t whole = esim_tlv_begin(out, TAG_SEQUENCE), part;

	part = esim_tlv_begin(out, TAG_SEQUENCE);
	put_oid(out, TAG_OID, OID_EC_PUBLIC_KEY);
	put_oid(out, TAG_OID, key->curve == ESIM_CURVE_P256 ? "1.2.840.10045.3.1.7"
							     : "1.3.36.3.3.2.8.1.1.7");
	esim_tlv_end(out, part);
	part = begin_bit_string(out);
	esim_buf_append(out, key->point, sizeof(key->point));
	esim_tlv_end(out, part);
	esim_tlv_end(out, whole);
}

/* --- extensions ---------------------------------------------------------------- */

struct extension_marks {
	size_t whole, octets;
};

static struct extension_marks begin_extension(struct esim_buf *out, const char *oid, bool critical)
{
	struct extension_marks marks;

	marks.whole = esim_tlv_begin(out, TAG_SEQUENCE);
	put_oid(out, TAG_OID, oid);
	if (critical)
		esim_tlv_put(out, TAG_BOOLEAN, "\xFF", 1);
	marks.octets = esim_tlv_begin(out, TAG_OCTETS);
	return marks;
}

static void end_extension(struct esim_buf *out, struct extension_marks marks)
{
	esim_tlv_end(out, marks.octets);
	esim_tlv_end(out, marks.whole);
}

static void put_authority_key_id(struct esim_buf *out, const struct rsp_x509 *cert)
{
	struct extension_marks marks;
	size_t sequence;

	if (!cert->authority_key_id.len)
		return;
	marks = begin_extension(out, OID_AUTHORITY_KEY_ID, false);
	sequence = esim_tlv_begin(out, TAG_SEQUENCE);
	esim_tlv_put_slice(out, 0x80, cert->authority_key_id);
	esim_tlv_end(out, sequence);
	end_extension(out, marks);
}

static void put_subject_key_id(struct esim_buf *out, const struct rsp_x509 *cert)
{
	struct extension_marks marks;

	if (!cert->subject_key_id.len)
		return;
	marks = begin_extension(out, OID_SUBJECT_KEY_ID, false);
	esim_tlv_put_slice(out, TAG_OCTETS, cert->subject_key_id);
	end_extension(out, marks);
}

static void put_key_usage(struct esim_buf *out, const struct rsp_x509 *cert)
{
	struct extension_marks marks;
	uint8_t unused = 0;

	if (!cert->key_usage)
		return;
	while (!(cert->key_usage >> unused & 1))
		unused++;
	marks = begin_extension(out, OID_KEY_USAGE, true);
	esim_tlv_put(out, TAG_BIT_STRING, (uint8_t[]){ unused, cert->key_usage }, 2);
	end_extension(out, marks);
}

static void put_extended_key_usage(struct esim_buf *out, const struct rsp_x509 *cert)
{
	struct extension_marks marks;
	size_t sequence;

	if (!cert->extended_key_usage)
		return;
	marks = begin_extension(out, OID_EXTENDED_KEY_USAGE, true);
	sequence = esim_tlv_begin(out, TAG_SEQUENCE);
	if (cert->extended_key_usage & RSP_EKU_SERVER)
		put_oid(out, TAG_OID, "1.3.6.1.5.5.7.3.1");
	if (cert->extended_key_usage & RSP_EKU_CLIENT)
		put_oid(out, TAG_OID, "1.3.6.1.5.5.7.3.2");
	esim_tlv_end(out, sequence);
	end_extension(out, marks);
}

static void put_policy(struct esim_buf *out, const struct rsp_x509 *cert)
{
	struct extension_marks marks;
	size_t list, info;

	if (!cert->policy)
		return;
	marks = begin_extension(out, OID_POLICIES, !cert->policy_not_critical);
	list = esim_tlv_begin(out, TAG_SEQUENCE);
	info = esim_tlv_begin(out, TAG_SEQUENCE);
	put_oid(out, TAG_OID, cert->policy);
	esim_tlv_end(out, info);
	esim_tlv_end(out, list);
	end_extension(out, marks);
}

static void put_alt_name(struct esim_buf *out, const struct rsp_x509 *cert)
{
	struct extension_marks marks;
	size_t list;

	if (!cert->dns_name && !cert->registered_id && !cert->registered_id_der.len)
		return;
	marks = begin_extension(out, OID_ALT_NAME, false);
	list = esim_tlv_begin(out, TAG_SEQUENCE);
	if (cert->dns_name)
		esim_tlv_put_text(out, 0x82, cert->dns_name);
	if (cert->registered_id_der.len)
		esim_tlv_put_slice(out, 0x88, cert->registered_id_der);
	else if (cert->registered_id)
		put_oid(out, 0x88, cert->registered_id);
	esim_tlv_end(out, list);
	end_extension(out, marks);
}

static void put_basic_constraints(struct esim_buf *out, const struct rsp_x509 *cert)
{
	struct extension_marks marks;
	size_t sequence;

	if (!cert->is_ca)
		return;
	marks = begin_extension(out, OID_BASIC_CONSTRAINTS, true);
	sequence = esim_tlv_begin(out, TAG_SEQUENCE);
	esim_tlv_put(out, TAG_BOOLEAN, "\xFF", 1);
	if (cert->path_len >= 0)
		esim_tlv_put_uint(out, 0x02, (uint64_t)cert->path_len);
	esim_tlv_end(out, sequence);
	end_extension(out, marks);
}

/* permittedSubtrees with one directoryName: the EIDs that an EUM may certify. */
static void put_name_constraints(struct esim_buf *out, const struct rsp_x509 *cert)
{
	const struct rsp_name permitted = {
		.organization = cert->permitted_organization,
		.serial_number = cert->permitted_serial,
	};
	static const uint32_t nesting[] = { TAG_SEQUENCE, 0xA0, TAG_SEQUENCE, 0xA4 };
	size_t level[4];
	struct extension_marks marks;

	if (!permitted.organization && !permitted.serial_number)
		return;
	marks = begin_extension(out, OID_NAME_CONSTRAINTS, true);
	for (int i = 0; i < 4; i++)
		level[i] = esim_tlv_begin(out, nesting[i]);
	put_name(out, &permitted);
	for (int i = 3; i >= 0; i--)
		esim_tlv_end(out, level[i]);
	end_extension(out, marks);
}

static void put_crl(struct esim_buf *out, const struct rsp_x509 *cert)
{
	struct extension_marks marks;
	size_t list, point, name, full;

	if (!cert->crl[0])
		return;
	marks = begin_extension(out, OID_CRL, false);
	list = esim_tlv_begin(out, TAG_SEQUENCE);
	for (int i = 0; i < RSP_X509_MAX_CRL && cert->crl[i]; i++) {
		point = esim_tlv_begin(out, TAG_SEQUENCE);
		name = esim_tlv_begin(out, 0xA0);
		full = esim_tlv_begin(out, 0xA0);
		esim_tlv_put_text(out, 0x86, cert->crl[i]);
		esim_tlv_end(out, full);
		esim_tlv_end(out, name);
		esim_tlv_end(out, point);
	}
	esim_tlv_end(out, list);
	end_extension(out, marks);
}

static void put_extra(struct esim_buf *out, const struct rsp_x509 *cert)
{
	for (size_t i = 0; i < cert->extra_count; i++) {
		struct extension_marks marks =
			begin_extension(out, cert->extra[i].oid, cert->extra[i].critical);

		esim_buf_append_slice(out, cert->extra[i].value);
		end_extension(out, marks);
	}
}

static void put_extensions(struct esim_buf *out, const struct rsp_x509 *cert)
{
	static void (*const writers[])(struct esim_buf *, const struct rsp_x509 *) = {
		put_authority_key_id, put_subject_key_id, put_key_usage, put_extended_key_usage,
		put_policy, put_alt_name, put_basic_constraints, put_name_constraints, put_crl, put_extra,
	};
	size_t tagged = esim_tlv_begin(out, 0xA3), list = esim_tlv_begin(out, TAG_SEQUENCE);

	for (size_t i = 0; i < sizeof(writers) / sizeof(writers[0]); i++)
		writers[i](out, cert);
	esim_tlv_end(out, list);
	esim_tlv_end(out, tagged);
}

/* --- the certificate ------------------------------------------------------------- */

static void put_tbs(struct esim_buf *out, const struct rsp_x509 *cert)
{
	size_t tbs = esim_tlv_begin(out, TAG_SEQUENCE), part;

	part = esim_tlv_begin(out, 0xA0);
	esim_tlv_put_uint(out, 0x02, 2);
	esim_tlv_end(out, part);
	esim_tlv_put_uint(out, 0x02, cert->serial);
	put_algorithm(out);
	if (cert->issuer_der.len)
		esim_buf_append_slice(out, cert->issuer_der);
	else
		put_name(out, &cert->issuer);
	part = esim_tlv_begin(out, TAG_SEQUENCE);
	put_time(out, cert->not_before);
	put_time(out, cert->not_after);
	esim_tlv_end(out, part);
	put_name(out, &cert->subject);
	put_public_key(out, cert->key);
	put_extensions(out, cert);
	esim_tlv_end(out, tbs);
}

/* r or s as a minimal INTEGER. */
static void put_integer(struct esim_buf *out, const uint8_t number[static 32])
{
	size_t start = 0, mark = esim_tlv_begin(out, 0x02);

	while (start < 31 && number[start] == 0)
		start++;
	if (number[start] & 0x80)
		esim_buf_append_byte(out, 0);
	esim_buf_append(out, number + start, 32 - start);
	esim_tlv_end(out, mark);
}

static void put_signature(struct esim_buf *out, const uint8_t sig[static ESIM_SIGNATURE_SIZE])
{
	size_t bits = begin_bit_string(out), sequence = esim_tlv_begin(out, TAG_SEQUENCE);

	put_integer(out, sig);
	put_integer(out, sig + 32);
	esim_tlv_end(out, sequence);
	esim_tlv_end(out, bits);
}

int rsp_x509_make(const struct rsp_x509 *cert, const struct rsp_key *issuer, struct esim_buf *der,
		  struct esim_error *err)
{
	struct esim_buf tbs = ESIM_BUF_INIT;
	uint8_t sig[ESIM_SIGNATURE_SIZE];
	struct esim_slice part;
	size_t mark;
	int r;

	put_tbs(&tbs, cert);
	r = esim_buf_failed(&tbs);
	part = esim_buf_slice(&tbs);
	if (!r)
		r = rsp_key_sign(issuer, &part, 1, sig);
	if (!r) {
		mark = esim_tlv_begin(der, TAG_SEQUENCE);
		esim_buf_append_slice(der, part);
		put_algorithm(der);
		put_signature(der, sig);
		esim_tlv_end(der, mark);
		r = esim_buf_failed(der);
	}
	esim_buf_free(&tbs);
	return r ? esim_error_set(err, r, "a certificate cannot be made") : 0;
}

void rsp_x509_key_id(const struct esim_public_key *key, uint8_t id[static RSP_KEY_ID_SIZE])
{
	struct esim_slice point = esim_slice(key->point, sizeof(key->point));
	uint8_t digest[ESIM_SHA256_SIZE];

	/* Certificates with another id than their key's would fail far from here. */
	if (esim_sha256(&point, 1, digest))
		abort();
	memcpy(id, digest, RSP_KEY_ID_SIZE);
}
