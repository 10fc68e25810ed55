/* SPDX-License-Identifier: GPL-2.0-or-later */
/* An anchor as a certificate (RFC 5280, 4.1); see anchor_shell.h. */
#include "anchor_shell.h"

#include "cert.h"

#include <time.h>

#define FIRST_TIME INT64_C(0)			/* 1970-01-01: no certificate is older */
#define LAST_TIME INT64_C(253402300799)		/* 9999-12-31 23:59:59: "no expiry" of RFC 5280, 4.1.2.5 */
#define FIRST_GENERALIZED_YEAR 2050		/* UTCTime goes up to here */

/* Extensions of a CA's certificate, all but the key id and the path length. */
static const struct esim_slice key_usage_cert_sign =
	CERT_BYTES(0x30, 0x0E, 0x06, 0x03, 0x55, 0x1D, 0x0F, 0x01, 0x01, 0xFF,
		   0x04, 0x04, 0x03, 0x02, 0x02, 0x04);
static const struct esim_slice oid_subject_key_id = CERT_BYTES(0x55, 0x1D, 0x0E);
static const struct esim_slice oid_basic_constraints = CERT_BYTES(0x55, 0x1D, 0x13);

/* ECDSA-Sig-Value of r = s = 1, which signs nothing. */
static const struct esim_slice no_signature =
	CERT_BYTES(0x00, 0x30, 0x06, 0x02, 0x01, 0x01, 0x02, 0x01, 0x01);

static void put_time(struct esim_buf *out, int64_t when)
{
	time_t seconds = (time_t)(when < FIRST_TIME ? FIRST_TIME : when > LAST_TIME ? LAST_TIME : when);
	char text[32] = "";
	struct tm tm;
	bool utc;

	gmtime_r(&seconds, &tm);
	utc = tm.tm_year + 1900 < FIRST_GENERALIZED_YEAR;
	strftime(text, sizeof(text), "%Y%m%d%H%M%SZ", &tm);
	esim_tlv_put_text(out, utc ? DER_UTC_TIME : DER_GENERALIZED_TIME, utc ? text + 2 : text);
}

static void put_validity(struct esim_buf *out, const struct esim_anchor *anchor)
{
	size_t mark = esim_tlv_begin(out, DER_SEQUENCE);

	put_time(out, anchor->not_before);
	put_time(out, anchor->not_after);
	esim_tlv_end(out, mark);
}

static void put_public_key(struct esim_buf *out, const struct esim_public_key *key)
{
	size_t info = esim_tlv_begin(out, DER_SEQUENCE), part = esim_tlv_begin(out, DER_SEQUENCE);

	esim_tlv_put_slice(out, DER_OID, cert_oid_ec_public_key);
	esim_tlv_put_slice(out, DER_OID, cert_oid_curve(key->curve));
	esim_tlv_end(out, part);
	part = esim_tlv_begin(out, DER_BIT_STRING);
	esim_buf_append_byte(out, 0);
	esim_buf_append(out, key->point, sizeof(key->point));
	esim_tlv_end(out, part);
	esim_tlv_end(out, info);
}

static void put_key_id(struct esim_buf *out, const struct esim_anchor *anchor)
{
	size_t extension = esim_tlv_begin(out, DER_SEQUENCE), value;

	esim_tlv_put_slice(out, DER_OID, oid_subject_key_id);
	value = esim_tlv_begin(out, DER_OCTET_STRING);
	esim_tlv_put(out, DER_OCTET_STRING, anchor->key_id, anchor->key_id_len);
	esim_tlv_end(out, value);
	esim_tlv_end(out, extension);
}

static void put_basic_constraints(struct esim_buf *out, const struct esim_anchor *anchor)
{
	static const uint8_t yes = 0xFF;
	size_t extension = esim_tlv_begin(out, DER_SEQUENCE), value, constraints;

	esim_tlv_put_slice(out, DER_OID, oid_basic_constraints);
	esim_tlv_put(out, DER_BOOLEAN, &yes, sizeof(yes));
	value = esim_tlv_begin(out, DER_OCTET_STRING);
	constraints = esim_tlv_begin(out, DER_SEQUENCE);
	esim_tlv_put(out, DER_BOOLEAN, &yes, sizeof(yes));
	if (anchor->path_len >= 0)
		esim_tlv_put_uint(out, DER_INTEGER, (uint64_t)anchor->path_len);
	esim_tlv_end(out, constraints);
	esim_tlv_end(out, value);
	esim_tlv_end(out, extension);
}

static void put_extensions(struct esim_buf *out, const struct esim_anchor *anchor)
{
	size_t field = esim_tlv_begin(out, 0xA3), list = esim_tlv_begin(out, DER_SEQUENCE);

	put_basic_constraints(out, anchor);
	esim_buf_append_slice(out, key_usage_cert_sign);
	put_key_id(out, anchor);
	esim_tlv_end(out, list);
	esim_tlv_end(out, field);
}

static void put_tbs(struct esim_buf *out, const struct esim_anchor *anchor)
{
	size_t tbs = esim_tlv_begin(out, DER_SEQUENCE), version = esim_tlv_begin(out, 0xA0);

	esim_tlv_put_uint(out, DER_INTEGER, 2);
	esim_tlv_end(out, version);
	esim_tlv_put_uint(out, DER_INTEGER, 1);		/* serialNumber */
	esim_buf_append_slice(out, cert_ecdsa_with_sha256);
	esim_buf_append(out, anchor->subject, anchor->subject_len);
	put_validity(out, anchor);
	esim_buf_append(out, anchor->subject, anchor->subject_len);
	put_public_key(out, &anchor->key);
	put_extensions(out, anchor);
	esim_tlv_end(out, tbs);
}

int anchor_shell_make(const struct esim_anchor *anchor, struct esim_buf *out)
{
	size_t certificate;

	if (!anchor->subject)
		return ESIM_EINVAL;
	certificate = esim_tlv_begin(out, DER_SEQUENCE);
	put_tbs(out, anchor);
	esim_buf_append_slice(out, cert_ecdsa_with_sha256);
	esim_tlv_put_slice(out, DER_BIT_STRING, no_signature);
	esim_tlv_end(out, certificate);
	return esim_buf_failed(out);
}
