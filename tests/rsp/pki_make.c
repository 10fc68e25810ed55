/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What each certificate of a test PKI looks like; see pki_make.h. Shapes follow SGP.14. */
#include "rsp/pki_make.h"

#include "rsp/x509.h"

#include <stdio.h>
#include <string.h>
#include <time.h>

#define DAY ((int64_t)24 * 3600)
#define YEAR (365 * DAY)

#define EUM_ORGANIZATION "CoreESIM Test EUM"
#define EUM_PREFIX "89049032"

/* What differs from role to role. */
static const struct recipe {
	enum rsp_pki_slot issuer;
	const char *policy;
	const char *organization, *common_name;
	const char *registered_id;
	int64_t lifetime;
	uint8_t key_usage;
	bool tls;
	bool policy_not_critical;
	bool is_ca;
	int path_len;
} recipes[RSP_PKI_SLOTS] = {
	[RSP_PKI_CI] = {
		RSP_PKI_CI, "2.23.146.1.2.1.0", "CoreESIM", "CoreESIM Test CI", "2.999.1", 35 * YEAR,
		RSP_KEY_USAGE_CERT_SIGN | RSP_KEY_USAGE_CRL_SIGN, .is_ca = true, .path_len = -1,
	},
	[RSP_PKI_EUM] = {
		RSP_PKI_CI, "2.23.146.1.2.1.2", EUM_ORGANIZATION, "CoreESIM EUM", "2.999.5", 30 * YEAR,
		RSP_KEY_USAGE_CERT_SIGN, .is_ca = true,
	},
	[RSP_PKI_EUICC] = {
		RSP_PKI_EUM, "2.23.146.1.2.1.1", NULL, "CoreESIM Test eUICC", NULL, 25 * YEAR,
		RSP_KEY_USAGE_DIGITAL_SIGNATURE,
	},
	[RSP_PKI_DPAUTH] = {
		RSP_PKI_CI, "2.23.146.1.2.1.4", "CoreESIM", "CoreESIM Test SM-DP+", "2.999.10", 10 * YEAR,
		RSP_KEY_USAGE_DIGITAL_SIGNATURE,
	},
	[RSP_PKI_DPPB] = {
		RSP_PKI_CI, "2.23.146.1.2.1.5", "CoreESIM", "CoreESIM Test SM-DP+", "2.999.10", 10 * YEAR,
		RSP_KEY_USAGE_DIGITAL_SIGNATURE,
	},
	[RSP_PKI_DPTLS] = {
		RSP_PKI_CI, "2.23.146.1.2.1.3", "CoreESIM", NULL, "2.999.10", YEAR,
		RSP_KEY_USAGE_DIGITAL_SIGNATURE, .tls = true, .policy_not_critical = true,
	},
	[RSP_PKI_DSAUTH] = {
		RSP_PKI_CI, "2.23.146.1.2.1.7", "CoreESIM", "CoreESIM Test SM-DS", "2.999.15", 10 * YEAR,
		RSP_KEY_USAGE_DIGITAL_SIGNATURE,
	},
	[RSP_PKI_DSTLS] = {
		RSP_PKI_CI, "2.23.146.1.2.1.6", "CoreESIM", NULL, "2.999.15", YEAR,
		RSP_KEY_USAGE_DIGITAL_SIGNATURE, .tls = true, .policy_not_critical = true,
	},
};

/* --- EIDs ------------------------------------------------------------------------ */

/* An EID under @prefix with its two check digits (SGP.29, 4.2). */
static void eid_under(const char *prefix, char eid[static ESIM_EID_DIGITS + 1])
{
	unsigned remainder = 0;

	snprintf(eid, ESIM_EID_DIGITS - 1, "%-30.30s", prefix);
	for (size_t i = 0; i < ESIM_EID_DIGITS - 2; i++) {
		if (eid[i] == ' ')
			eid[i] = i == ESIM_EID_DIGITS - 3 ? '1' : '0';
		remainder = (remainder * 10 + (unsigned)(eid[i] - '0')) % 97;
	}
	snprintf(eid + ESIM_EID_DIGITS - 2, 3, "%02u", 98 - remainder * 100 % 97);
}

/* The EID asked for, else the usual one where the EUM may certify it, else one that it may. */
static int choose_eid(const struct esim_cert *eum, const char *wish,
		      char eid[static ESIM_EID_DIGITS + 1], struct esim_error *err)
{
	const char *prefix = eum->permitted_serial;
	struct esim_eid parsed;

	if (!wish && strncmp(RSP_PKI_EID, prefix, strlen(prefix)) == 0)
		wish = RSP_PKI_EID;
	if (!wish) {
		eid_under(prefix, eid);
		return 0;
	}
	if (esim_eid_parse(wish, &parsed) || !esim_eid_valid(&parsed))
		return esim_error_set(err, ESIM_EINVAL, "%s is no valid EID (32 digits, modulo 97 equal to 1)",
				      wish);
	if (strncmp(wish, prefix, strlen(prefix)) != 0)
		return esim_error_set(err, ESIM_EINVAL, "EID %s is outside the EUM's range %s", wish, prefix);
	snprintf(eid, ESIM_EID_DIGITS + 1, "%s", wish);
	return 0;
}

/* --- making ------------------------------------------------------------------------ */

/* Names that live as long as the template that points at them. */
struct texts {
	char organization[128];
	char eid[ESIM_EID_DIGITS + 1];
	uint8_t key_id[RSP_KEY_ID_SIZE];
};

/* The SM-DP+'s certificates share one registered ID: that of a DPauth from the directory. */
static void share_registered_id(struct rsp_x509 *cert, const struct rsp_pki *pki, enum rsp_pki_slot slot)
{
	static const enum rsp_pki_slot donors[][2] = {
		{ RSP_PKI_DPTLS, RSP_PKI_DPAUTH },
		{ RSP_PKI_DPPB, RSP_PKI_DPAUTH },
		{ RSP_PKI_DSTLS, RSP_PKI_DSAUTH },
	};
	const struct rsp_pki_entry *donor;

	for (size_t i = 0; i < sizeof(donors) / sizeof(donors[0]); i++) {
		donor = rsp_pki_entry(pki, donors[i][1]);
		if (donors[i][0] == slot && donor)
			cert->registered_id_der = donor->cert.registered_id;
	}
}

static int describe_euicc(struct rsp_x509 *cert, struct texts *texts, const struct esim_cert *eum,
			  const char *eid, struct esim_error *err)
{
	struct esim_slice organization = eum->permitted_organization;

	if (!organization.len)
		organization = eum->subject_organization;
	snprintf(texts->organization, sizeof(texts->organization), "%.*s", (int)organization.len,
		 (const char *)organization.data);
	cert->subject.organization = texts->organization;
	cert->subject.serial_number = texts->eid;
	return choose_eid(eum, eid, texts->eid, err);
}

static int describe(struct rsp_x509 *cert, struct texts *texts, const struct rsp_pki *pki,
		    enum rsp_pki_slot slot, const struct rsp_pki_options *options, struct esim_error *err)
{
	const struct recipe *recipe = &recipes[slot];
	int64_t now = options->now ? options->now : (int64_t)time(NULL);

	cert->subject = (struct rsp_name){
		.organization = recipe->organization, .common_name = recipe->common_name,
	};
	cert->policy = recipe->policy;
	cert->policy_not_critical = recipe->policy_not_critical;
	cert->key_usage = recipe->key_usage;
	cert->registered_id = recipe->registered_id;
	cert->is_ca = recipe->is_ca;
	cert->path_len = recipe->path_len;
	cert->not_before = now - DAY;
	cert->not_after = now + recipe->lifetime;
	if (slot != RSP_PKI_EUICC)
		cert->crl[0] = "http://ci.example.com/CRL.crl";
	share_registered_id(cert, pki, slot);
	if (recipe->tls) {
		cert->extended_key_usage = RSP_EKU_SERVER | RSP_EKU_CLIENT;
		if (slot == RSP_PKI_DPTLS)
			cert->dns_name = options->name ? options->name : RSP_PKI_NAME;
		else
			cert->dns_name = options->smds_name ? options->smds_name : RSP_PKI_SMDS;
		cert->subject.common_name = cert->dns_name;
	}
	if (slot == RSP_PKI_EUM) {
		cert->permitted_organization = EUM_ORGANIZATION;
		cert->permitted_serial = EUM_PREFIX;
	}
	if (slot == RSP_PKI_EUICC)
		return describe_euicc(cert, texts, &pki->entries[RSP_PKI_EUM].cert, options->eid, err);
	return 0;
}

/*
 * A TLS key is on P-256 whatever the CI's curve: TLS 1.3 has no brainpool in the
 * versions of wolfSSL and OpenSSL that peers run.
 */
static enum esim_curve curve_of(const struct rsp_pki *pki, enum rsp_pki_slot slot,
				const struct rsp_pki_options *options)
{
	if (slot == RSP_PKI_CI)
		return options->curve;
	return recipes[slot].tls ? ESIM_CURVE_P256 : pki->entries[RSP_PKI_CI].cert.key.curve;
}

static int random_serial(uint64_t *ret)
{
	uint64_t serial;
	int r = esim_random((uint8_t *)&serial, sizeof(serial));

	if (!r)
		*ret = (serial >> 1) | 1;
	return r;
}

int rsp_pki_make(struct rsp_pki *pki, enum rsp_pki_slot slot, const struct rsp_pki_options *options,
		 struct esim_error *err)
{
	struct rsp_pki_entry *entry = &pki->entries[slot];
	const struct rsp_pki_entry *issuer = &pki->entries[recipes[slot].issuer];
	struct rsp_x509 cert = { 0 };
	struct texts texts;
	int r;

	if (slot != RSP_PKI_CI && (!issuer->key || !issuer->der.len))
		return ESIM_ENOENT;
	r = describe(&cert, &texts, pki, slot, options, err);
	if (r)
		return r;
	if (random_serial(&cert.serial) || rsp_key_generate(curve_of(pki, slot, options), &entry->key))
		return esim_error_set(err, ESIM_EIO, "no key can be generated");

	cert.key = rsp_key_public(entry->key);
	rsp_x509_key_id(cert.key, texts.key_id);
	cert.subject_key_id = esim_slice(texts.key_id, sizeof(texts.key_id));
	if (slot == RSP_PKI_CI) {
		cert.issuer = cert.subject;
	} else {
		cert.issuer_der = issuer->cert.subject;
		cert.authority_key_id = issuer->cert.subject_key_id;
	}
	r = rsp_x509_make(&cert, slot == RSP_PKI_CI ? entry->key : issuer->key, &entry->der, err);
	return r ? r : esim_cert_parse(esim_buf_slice(&entry->der), &entry->cert, err);
}
