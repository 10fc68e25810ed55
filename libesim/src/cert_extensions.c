/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The extensions of RSP certificates: RFC 5280, 4.2, as profiled by SGP.22,
 * 4.5.2. Every parser gets the contents of extnValue, exactly one TLV.
 */
#include "cert.h"

#include <esim/limits.h>

#include <string.h>

/* id-rspRole 2.23.146.1.2.1 and below it the arcs of version 2 and of version 3. */
static const uint8_t rsp_role[] = { 0x67, 0x81, 0x12, 0x01, 0x02, 0x01 };

static const struct {
	enum esim_role role;
	uint8_t arcs[4];
	size_t len;
} roles[] = {
	{ ESIM_ROLE_CI, { 0 }, 1 },
	{ ESIM_ROLE_CI, { 0, 0 }, 2 },		/* v3: a subordinate CA of a CI */
	{ ESIM_ROLE_EUICC, { 1 }, 1 },
	{ ESIM_ROLE_EUM, { 2 }, 1 },
	{ ESIM_ROLE_EUM, { 0, 0, 0 }, 3 },	/* v3 */
	{ ESIM_ROLE_DP_TLS, { 3 }, 1 },
	{ ESIM_ROLE_DP_AUTH, { 4 }, 1 },
	{ ESIM_ROLE_DP_PB, { 5 }, 1 },
	{ ESIM_ROLE_DS_TLS, { 6 }, 1 },
	{ ESIM_ROLE_DS_AUTH, { 7 }, 1 },
};

/* id-rspRole of a policy: the role, or ESIM_ROLE_NONE for any other policy. */
static enum esim_role role_of_policy(struct esim_slice oid)
{
	if (oid.len <= sizeof(rsp_role) || memcmp(oid.data, rsp_role, sizeof(rsp_role)) != 0)
		return ESIM_ROLE_NONE;
	for (size_t i = 0; i < sizeof(roles) / sizeof(roles[0]); i++)
		if (esim_slice_is(esim_slice(oid.data + sizeof(rsp_role), oid.len - sizeof(rsp_role)),
				  roles[i].arcs, roles[i].len))
			return roles[i].role;
	return ESIM_ROLE_NONE;
}

static int parse_authority_key_id(struct esim_tlv value, struct esim_cert *cert)
{
	struct esim_tlv id;
	int r;

	if (value.tag != DER_SEQUENCE)
		return ESIM_EPROTO;
	r = esim_tlv_find(value.value, 0x80, &id);
	if (r <= 0)
		return r;
	if (id.value.len == 0 || id.value.len > ESIM_MAX_KEY_ID)
		return ESIM_EPROTO;
	cert->authority_key_id = id.value;
	return 0;
}

static int parse_subject_key_id(struct esim_tlv value, struct esim_cert *cert)
{
	if (value.tag != DER_OCTET_STRING || value.value.len == 0 ||
	    value.value.len > ESIM_MAX_KEY_ID)
		return ESIM_EPROTO;
	cert->subject_key_id = value.value;
	return 0;
}

static int parse_key_usage(struct esim_tlv value, struct esim_cert *cert)
{
	struct esim_slice bits = value.value;

	if (value.tag != DER_BIT_STRING || bits.len < 2 || bits.len > 3 || bits.data[0] > 7)
		return ESIM_EPROTO;
	cert->may_sign_data = bits.data[1] & 0x80;
	cert->may_sign_certificates = bits.data[1] & 0x04;
	return 0;
}

static int parse_basic_constraints(struct esim_tlv value, struct esim_cert *cert)
{
	struct esim_slice in = value.value;
	struct esim_tlv tlv;
	uint64_t path_len;

	if (value.tag != DER_SEQUENCE)
		return ESIM_EPROTO;
	if (cert_take(&in, DER_BOOLEAN, &tlv) == 0) {
		if (tlv.value.len != 1)
			return ESIM_EPROTO;
		cert->is_ca = tlv.value.data[0] != 0;
	}
	if (cert_take(&in, DER_INTEGER, &tlv) == 0) {
		if (!cert->is_ca || esim_tlv_uint(tlv.value, &path_len) || path_len > 255)
			return ESIM_EPROTO;
		cert->path_len = (int)path_len;
	}
	return in.len == 0 ? 0 : ESIM_EPROTO;
}

/* A certificate plays one role; other policies beside it are not ours to judge. */
static int parse_policies(struct esim_tlv value, struct esim_cert *cert)
{
	struct esim_slice in = value.value;
	struct esim_tlv info, oid;
	enum esim_role role;

	if (value.tag != DER_SEQUENCE || in.len == 0)
		return ESIM_EPROTO;
	while (in.len > 0) {
		if (cert_take(&in, DER_SEQUENCE, &info) || cert_take(&info.value, DER_OID, &oid))
			return ESIM_EPROTO;
		role = role_of_policy(oid.value);
		if (role == ESIM_ROLE_NONE)
			continue;
		if (cert->role != ESIM_ROLE_NONE && cert->role != role)
			return ESIM_EPROTO;
		cert->role = role;
	}
	return 0;
}

static int parse_subject_alt_name(struct esim_tlv value, struct esim_cert *cert)
{
	struct esim_slice in = value.value;
	struct esim_tlv name;

	if (value.tag != DER_SEQUENCE || in.len == 0)
		return ESIM_EPROTO;
	while (in.len > 0) {
		if (esim_tlv_next(&in, &name) != 1)
			return ESIM_EPROTO;
		if (name.tag != 0x88)
			continue;
		if (cert->registered_id.len > 0 || name.value.len == 0)
			return ESIM_EPROTO;
		cert->registered_id = name.value;
	}
	return 0;
}

/* The first subtree is shown in the certificate's own fields; the walker looks at all. */
static int show_first_subtree(struct esim_slice name, struct esim_cert *cert)
{
	struct esim_slice serial = { 0 };

	if (cert_name_find(name, cert_oid_organization, &cert->permitted_organization) < 0 ||
	    cert_name_find(name, cert_oid_serial_number, &serial) < 0)
		return ESIM_EPROTO;
	return cert_copy_text(serial, cert->permitted_serial, sizeof(cert->permitted_serial));
}

/*
 * What RSP uses: permitted subtrees of directory names, nothing excluded. Any
 * other form is one that the walker could not judge, so it is refused here.
 */
static int parse_name_constraints(struct esim_tlv value, struct esim_cert *cert)
{
	struct esim_slice in = value.value, subtrees;
	struct esim_tlv permitted, subtree, base, name;

	if (value.tag != DER_SEQUENCE || cert_take(&in, 0xA0, &permitted) || in.len > 0 ||
	    permitted.value.len == 0)
		return ESIM_EPROTO;
	subtrees = permitted.value;
	while (subtrees.len > 0) {
		bool first = subtrees.data == permitted.value.data;

		if (cert_take(&subtrees, DER_SEQUENCE, &subtree) ||
		    cert_take(&subtree.value, 0xA4, &base) || subtree.value.len > 0 ||
		    cert_take(&base.value, DER_SEQUENCE, &name) || base.value.len > 0)
			return ESIM_EPROTO;
		if (first && show_first_subtree(name.whole, cert))
			return ESIM_EPROTO;
	}
	cert->permitted_subtrees = permitted.value;
	cert->has_name_constraints = true;
	return 0;
}

static int parse_permitted_eins(struct esim_tlv value, struct esim_cert *cert)
{
	struct esim_slice in = value.value;
	struct esim_tlv ein;

	if (value.tag != DER_SEQUENCE || in.len == 0)
		return ESIM_EPROTO;
	while (in.len > 0)
		if (cert_take(&in, DER_PRINTABLE_STRING, &ein) || ein.value.len == 0 ||
		    ein.value.len > ESIM_EID_DIGITS)
			return ESIM_EPROTO;
	cert->permitted_eins = value.value;
	return 0;
}

/* A TLS certificate's purposes; the TLS library judges them. */
static int parse_extended_key_usage(struct esim_tlv value, struct esim_cert *cert)
{
	(void)cert;
	return value.tag == DER_SEQUENCE ? 0 : ESIM_EPROTO;
}

static const struct {
	struct esim_slice oid;
	const char *name;
	int (*parse)(struct esim_tlv value, struct esim_cert *cert);
} known[] = {
	{ CERT_BYTES(0x55, 0x1D, 0x23), "authorityKeyIdentifier", parse_authority_key_id },
	{ CERT_BYTES(0x55, 0x1D, 0x0E), "subjectKeyIdentifier", parse_subject_key_id },
	{ CERT_BYTES(0x55, 0x1D, 0x0F), "keyUsage", parse_key_usage },
	{ CERT_BYTES(0x55, 0x1D, 0x13), "basicConstraints", parse_basic_constraints },
	{ CERT_BYTES(0x55, 0x1D, 0x20), "certificatePolicies", parse_policies },
	{ CERT_BYTES(0x55, 0x1D, 0x11), "subjectAltName", parse_subject_alt_name },
	{ CERT_BYTES(0x55, 0x1D, 0x1E), "nameConstraints", parse_name_constraints },
	{ CERT_BYTES(0x55, 0x1D, 0x25), "extKeyUsage", parse_extended_key_usage },
	/* 2.23.146.1.2.2.0 */
	{ CERT_BYTES(0x67, 0x81, 0x12, 0x01, 0x02, 0x02, 0x00), "permittedEins", parse_permitted_eins },
};

struct extension {
	struct esim_slice oid, value;
	bool critical;
};

static int read_extension(struct esim_slice *in, struct extension *ret)
{
	struct esim_tlv sequence, oid, critical, value;
	struct esim_slice body;

	if (cert_take(in, DER_SEQUENCE, &sequence))
		return ESIM_EPROTO;
	body = sequence.value;
	if (cert_take(&body, DER_OID, &oid) || oid.value.len == 0)
		return ESIM_EPROTO;
	ret->critical = false;
	if (cert_take(&body, DER_BOOLEAN, &critical) == 0) {
		/* An explicit FALSE is not DER, yet found in the field and harmless. */
		if (critical.value.len != 1 ||
		    (critical.value.data[0] != 0xFF && critical.value.data[0] != 0x00))
			return ESIM_EPROTO;
		ret->critical = critical.value.data[0] == 0xFF;
	}
	if (cert_take(&body, DER_OCTET_STRING, &value) || body.len > 0)
		return ESIM_EPROTO;
	ret->oid = oid.value;
	ret->value = value.value;
	return 0;
}

static int apply_extension(const struct extension *extension, struct esim_cert *cert,
			   struct esim_error *err)
{
	struct esim_tlv value;
	char oid[2 * 16 + 1];

	for (size_t i = 0; i < sizeof(known) / sizeof(known[0]); i++) {
		if (!esim_slice_equal(known[i].oid, extension->oid))
			continue;
		if (esim_tlv_check(extension->value, known[i].name, &value, err)) {
			esim_error_prefix(err, "certificate: ");
			return ESIM_EPROTO;
		}
		if (known[i].parse(value, cert))
			return esim_error_set(err, ESIM_EPROTO, "certificate: extension %s is malformed",
					      known[i].name);
		return 0;
	}
	if (!extension->critical)
		return 0;
	esim_hex_encode(esim_slice(extension->oid.data,
				   extension->oid.len < 16 ? extension->oid.len : 16), oid);
	return esim_error_set(err, ESIM_EPROTO,
			      "certificate: unknown critical extension with OID %s (hex)", oid);
}

int cert_parse_extensions(struct esim_slice in, struct esim_cert *cert, struct esim_error *err)
{
	struct esim_slice seen[ESIM_MAX_EXTENSIONS];
	struct extension extension;
	size_t count = 0;
	int r;

	while (in.len > 0) {
		if (count == ESIM_MAX_EXTENSIONS)
			return esim_error_set(err, ESIM_ETOOBIG, "certificate: more than %d extensions",
					      ESIM_MAX_EXTENSIONS);
		if (read_extension(&in, &extension))
			return esim_error_set(err, ESIM_EPROTO, "certificate: extension %zu is malformed",
					      count + 1);
		for (size_t i = 0; i < count; i++)
			if (esim_slice_equal(seen[i], extension.oid))
				return esim_error_set(err, ESIM_EPROTO,
						      "certificate: extension %zu is there twice",
						      i + 1);
		seen[count++] = extension.oid;
		r = apply_extension(&extension, cert, err);
		if (r)
			return r;
	}
	return 0;
}
