/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Certificates of the RSP PKI: RFC 5280, 4.1, as profiled by SGP.22, 4.5.2. */
#include "cert.h"

#include "crypto.h"

#include <esim/limits.h>

#include <string.h>

#define MAX_SERIAL (20 + 1)	/* RFC 5280, 4.1.2.2, and a sign octet */
#define SCALAR_SIZE (ESIM_SIGNATURE_SIZE / 2)

static const struct esim_slice version_3 = CERT_BYTES(0xA0, 0x03, 0x02, 0x01, 0x02);
const struct esim_slice cert_ecdsa_with_sha256 =	/* AlgorithmIdentifier, whole TLV */
	CERT_BYTES(0x30, 0x0A, 0x06, 0x08, 0x2A, 0x86, 0x48, 0xCE, 0x3D, 0x04, 0x03, 0x02);
const struct esim_slice cert_oid_ec_public_key =
	CERT_BYTES(0x2A, 0x86, 0x48, 0xCE, 0x3D, 0x02, 0x01);

static const struct esim_slice curve_oids[] = {
	[ESIM_CURVE_P256] = CERT_BYTES(0x2A, 0x86, 0x48, 0xCE, 0x3D, 0x03, 0x01, 0x07),
	[ESIM_CURVE_BRAINPOOL_P256R1] =
		CERT_BYTES(0x2B, 0x24, 0x03, 0x03, 0x02, 0x08, 0x01, 0x01, 0x07),
};

struct esim_slice cert_oid_curve(enum esim_curve curve)
{
	return curve_oids[curve];
}

static const char *const role_certificates[] = {
	[ESIM_ROLE_CI] = "CERT.CI.ECDSA",
	[ESIM_ROLE_EUICC] = "CERT.EUICC.ECDSA",
	[ESIM_ROLE_EUM] = "CERT.EUM.ECDSA",
	[ESIM_ROLE_DP_TLS] = "CERT.DP.TLS",
	[ESIM_ROLE_DP_AUTH] = "CERT.DPauth.ECDSA",
	[ESIM_ROLE_DP_PB] = "CERT.DPpb.ECDSA",
	[ESIM_ROLE_DS_TLS] = "CERT.DS.TLS",
	[ESIM_ROLE_DS_AUTH] = "CERT.DSauth.ECDSA",
};

const char *esim_role_certificate(enum esim_role role)
{
	if (role < 0 || (size_t)role >= sizeof(role_certificates) / sizeof(role_certificates[0]))
		return "certificate";
	return role_certificates[role];
}

static int malformed(struct esim_error *err, const char *field)
{
	return esim_error_set(err, ESIM_EPROTO, "certificate: %s is missing, malformed or not supported",
			      field);
}

/* --- validity --------------------------------------------------------------------- */

/* Two digits at @at, or -1. */
static int two_digits(struct esim_slice text, size_t at)
{
	uint8_t a = text.data[at], b = text.data[at + 1];

	if (a < '0' || a > '9' || b < '0' || b > '9')
		return -1;
	return 10 * (a - '0') + b - '0';
}

/* UTCTime YYMMDDHHMMSSZ or GeneralizedTime YYYYMMDDHHMMSSZ: RFC 5280, 4.1.2.5. */
static int parse_time(const struct esim_tlv *tlv, int64_t *ret)
{
	struct esim_slice text = tlv->value;
	struct tm tm = { 0 }, normal;
	int field[7];
	size_t first = 1;
	time_t seconds;

	if (tlv->tag == DER_GENERALIZED_TIME && text.len == 15)
		first = 0;
	else if (tlv->tag != DER_UTC_TIME || text.len != 13)
		return ESIM_EPROTO;
	for (size_t i = first, at = 0; i < 7; i++, at += 2) {
		field[i] = two_digits(text, at);
		if (field[i] < 0)
			return ESIM_EPROTO;
	}
	if (text.data[text.len - 1] != 'Z')
		return ESIM_EPROTO;
	if (first == 1)
		field[0] = field[1] >= 50 ? 19 : 20;

	tm.tm_year = 100 * field[0] + field[1] - 1900;
	tm.tm_mon = field[2] - 1;
	tm.tm_mday = field[3];
	tm.tm_hour = field[4];
	tm.tm_min = field[5];
	tm.tm_sec = field[6];
	normal = tm;
	seconds = timegm(&normal);
	/* timegm repairs the 31st of February; a certificate does not have one. */
	if (normal.tm_mon != tm.tm_mon || normal.tm_mday != tm.tm_mday ||
	    normal.tm_hour != tm.tm_hour || normal.tm_min != tm.tm_min ||
	    normal.tm_sec != tm.tm_sec)
		return ESIM_EPROTO;
	*ret = seconds;
	return 0;
}

static int parse_validity(struct esim_slice in, struct esim_cert *cert)
{
	struct esim_tlv from, to;

	if (esim_tlv_next(&in, &from) != 1 || esim_tlv_next(&in, &to) != 1 || in.len > 0 ||
	    parse_time(&from, &cert->not_before) || parse_time(&to, &cert->not_after))
		return ESIM_EPROTO;
	return cert->not_before <= cert->not_after ? 0 : ESIM_EPROTO;
}

/* --- key and signature -------------------------------------------------------------- */

/* SubjectPublicKeyInfo: an uncompressed point on one of the two named curves. */
static int parse_public_key(struct esim_slice in, struct esim_public_key *ret)
{
	struct esim_tlv algorithm, oid, curve, bits;
	size_t i;

	if (cert_take(&in, DER_SEQUENCE, &algorithm) || cert_take(&in, DER_BIT_STRING, &bits) ||
	    in.len > 0 || cert_take(&algorithm.value, DER_OID, &oid) ||
	    cert_take(&algorithm.value, DER_OID, &curve) || algorithm.value.len > 0 ||
	    !esim_slice_equal(oid.value, cert_oid_ec_public_key))
		return ESIM_EPROTO;
	for (i = 0; i < sizeof(curve_oids) / sizeof(curve_oids[0]); i++)
		if (esim_slice_equal(curve.value, curve_oids[i]))
			break;
	if (i == sizeof(curve_oids) / sizeof(curve_oids[0]) ||
	    bits.value.len != 1 + ESIM_PUBLIC_KEY_SIZE || bits.value.data[0] != 0)
		return ESIM_EPROTO;
	ret->curve = (enum esim_curve)i;
	memcpy(ret->point, bits.value.data + 1, ESIM_PUBLIC_KEY_SIZE);
	return crypto_key_valid(ret) ? 0 : ESIM_EPROTO;
}

/* A positive, minimal INTEGER of at most 256 bits, right-aligned into @out. */
static int parse_scalar(struct esim_slice *in, uint8_t out[SCALAR_SIZE])
{
	struct esim_tlv tlv;
	struct esim_slice v;

	if (cert_take(in, DER_INTEGER, &tlv))
		return ESIM_EPROTO;
	v = tlv.value;
	if (v.len == 0 || (v.data[0] & 0x80) || (v.len > 1 && v.data[0] == 0 && !(v.data[1] & 0x80)))
		return ESIM_EPROTO;
	if (v.data[0] == 0)
		v = esim_slice(v.data + 1, v.len - 1);
	if (v.len > SCALAR_SIZE)
		return ESIM_EPROTO;
	memset(out, 0, SCALAR_SIZE);
	if (v.len > 0)
		memcpy(out + SCALAR_SIZE - v.len, v.data, v.len);
	return 0;
}

/* Ecdsa-Sig-Value in a BIT STRING to r | s. */
static int parse_signature(struct esim_slice bits, uint8_t out[ESIM_SIGNATURE_SIZE])
{
	struct esim_slice in;
	struct esim_tlv pair;

	if (bits.len < 1 || bits.data[0] != 0)
		return ESIM_EPROTO;
	in = esim_slice(bits.data + 1, bits.len - 1);
	if (cert_take(&in, DER_SEQUENCE, &pair) || in.len > 0 ||
	    parse_scalar(&pair.value, out) || parse_scalar(&pair.value, out + SCALAR_SIZE))
		return ESIM_EPROTO;
	return pair.value.len == 0 ? 0 : ESIM_EPROTO;
}

/* --- certificate ----------------------------------------------------------------------- */

static int parse_serial(struct esim_slice serial)
{
	if (serial.len == 0 || serial.len > MAX_SERIAL)
		return ESIM_EPROTO;
	if (serial.len > 1 && ((serial.data[0] == 0x00 && !(serial.data[1] & 0x80)) ||
			       (serial.data[0] == 0xFF && (serial.data[1] & 0x80))))
		return ESIM_EPROTO;
	return 0;
}

/* The two attributes that SGP.22 gives a meaning; each at most once. */
static int parse_subject(struct esim_cert *cert)
{
	struct esim_slice serial = { 0 };

	if (cert_name_find(cert->subject, cert_oid_organization, &cert->subject_organization) < 0 ||
	    cert_name_find(cert->subject, cert_oid_serial_number, &serial) < 0)
		return ESIM_EPROTO;
	/* Only an eUICC's matters, and that one is an EID. */
	if (serial.len > ESIM_EID_DIGITS)
		return 0;
	return cert_copy_text(serial, cert->subject_serial, sizeof(cert->subject_serial));
}

static int parse_tbs(struct esim_slice in, struct esim_cert *cert, struct esim_error *err)
{
	struct esim_tlv tlv, extensions;

	if (cert_take(&in, 0xA0, &tlv) || !esim_slice_equal(tlv.whole, version_3))
		return malformed(err, "version");
	if (cert_take(&in, DER_INTEGER, &tlv) || parse_serial(tlv.value))
		return malformed(err, "serialNumber");
	cert->serial = tlv.value;
	if (cert_take(&in, DER_SEQUENCE, &tlv) || !esim_slice_equal(tlv.whole, cert_ecdsa_with_sha256))
		return malformed(err, "signature algorithm");
	if (cert_take(&in, DER_SEQUENCE, &tlv) || !cert_name_valid(tlv.whole))
		return malformed(err, "issuer");
	cert->issuer = tlv.whole;
	if (cert_take(&in, DER_SEQUENCE, &tlv) || parse_validity(tlv.value, cert))
		return malformed(err, "validity");
	if (cert_take(&in, DER_SEQUENCE, &tlv))
		return malformed(err, "subject");
	cert->subject = tlv.whole;
	if (parse_subject(cert))
		return malformed(err, "subject");
	if (cert_take(&in, DER_SEQUENCE, &tlv) || parse_public_key(tlv.value, &cert->key))
		return malformed(err, "subjectPublicKeyInfo");
	if (cert_take(&in, 0xA3, &tlv) || in.len > 0 ||
	    cert_take(&tlv.value, DER_SEQUENCE, &extensions) || tlv.value.len > 0)
		return malformed(err, "extensions");
	return cert_parse_extensions(extensions.value, cert, err);
}

int esim_cert_parse(struct esim_slice der, struct esim_cert *ret, struct esim_error *err)
{
	struct esim_cert cert = { .der = der, .role = ESIM_ROLE_NONE, .path_len = -1 };
	struct esim_tlv outer, tbs, algorithm, signature;
	int r;

	if (der.len > ESIM_MAX_CERTIFICATE)
		return esim_error_set(err, ESIM_ETOOBIG, "certificate has %zu bytes, more than %d",
				      der.len, ESIM_MAX_CERTIFICATE);
	r = esim_tlv_check(der, "certificate", &outer, err);
	if (r)
		return r;
	if (outer.tag != DER_SEQUENCE || cert_take(&outer.value, DER_SEQUENCE, &tbs) ||
	    cert_take(&outer.value, DER_SEQUENCE, &algorithm) ||
	    cert_take(&outer.value, DER_BIT_STRING, &signature) || outer.value.len > 0)
		return malformed(err, "outer structure");
	if (!esim_slice_equal(algorithm.whole, cert_ecdsa_with_sha256))
		return malformed(err, "signatureAlgorithm");
	if (parse_signature(signature.value, cert.signature))
		return malformed(err, "signatureValue");
	r = parse_tbs(tbs.value, &cert, err);
	if (r)
		return r;
	cert.tbs = tbs.whole;
	*ret = cert;
	return 0;
}
