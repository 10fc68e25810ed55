/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * A PKI directory: CERT_x.der and SK_x.pem, x in CI, EUM, EUICC, DPauth, DPpb,
 * DPtls, DSauth, DStls (SGP.26's shape). What is missing below the CI is made in
 * memory where SK_CI.pem is there to sign it.
 */
#ifndef RSP_PKI_H
#define RSP_PKI_H

#include "rsp/key.h"

enum rsp_pki_slot {
	RSP_PKI_CI,
	RSP_PKI_EUM,
	RSP_PKI_EUICC,
	RSP_PKI_DPAUTH,
	RSP_PKI_DPPB,
	RSP_PKI_DPTLS,
	RSP_PKI_DSAUTH,
	RSP_PKI_DSTLS,
	RSP_PKI_SLOTS,
};

#define RSP_PKI_BIT(slot)	(1u << (slot))
#define RSP_PKI_CARD		(RSP_PKI_BIT(RSP_PKI_CI) | RSP_PKI_BIT(RSP_PKI_EUM) | \
				 RSP_PKI_BIT(RSP_PKI_EUICC))
#define RSP_PKI_SMDP		(RSP_PKI_BIT(RSP_PKI_CI) | RSP_PKI_BIT(RSP_PKI_DPAUTH) | \
				 RSP_PKI_BIT(RSP_PKI_DPPB))
#define RSP_PKI_ALL		((1u << RSP_PKI_SLOTS) - 1)

struct rsp_pki_entry {
	struct esim_buf der;		/* empty: this slot is not there */
	struct esim_cert cert;		/* points into der */
	struct rsp_key *key;		/* NULL: certificate only */
};

struct rsp_pki {
	char *dir;
	struct rsp_pki_entry entries[RSP_PKI_SLOTS];
};

struct rsp_pki_options {
	unsigned required;		/* RSP_PKI_BIT()s that must be there, with keys (the CI without) */
	unsigned optional;		/* taken or made where possible */
	const char *name;		/* DPtls covers this FQDN; NULL: whatever the file says */
	const char *smds_name;		/* the same for DStls */
	const char *eid;		/* 32 digits for an eUICC that is made; NULL: RSP_PKI_EID */
	int64_t now;			/* validity of what is made starts a day before; 0: the real time */
	bool fresh;			/* do not read: make all, a CI too (mkpki) */
	enum esim_curve curve;		/* with `fresh` */
};

#define RSP_PKI_EID	"89049032000001000000012345678954"
#define RSP_PKI_NAME	"smdpp.example.com"
#define RSP_PKI_SMDS	"testrootsmds.example.com"

/* The message names the file that is missing or unusable. */
int rsp_pki_load(const char *dir, const struct rsp_pki_options *options, struct rsp_pki **ret,
		 struct esim_error *err);

/* Write every slot that is there to @dir (which exists). */
int rsp_pki_save(const struct rsp_pki *pki, const char *dir, struct esim_error *err);

/* The subjectAltName's DNS names (a left-most "*." wildcard included) cover @name. */
bool rsp_pki_covers(const struct rsp_pki_entry *entry, const char *name);

/* The subjectAltName's first DNS name; false: it has none that fits. */
bool rsp_pki_first_name(const struct rsp_pki_entry *entry, char *name, size_t size);

/* "DPauth", "CI": x of CERT_x.der. */
const char *rsp_pki_slot_name(enum rsp_pki_slot slot);

/* The entry where it is there, else NULL. */
const struct rsp_pki_entry *rsp_pki_entry(const struct rsp_pki *pki, enum rsp_pki_slot slot);

void rsp_pki_free(struct rsp_pki **pki);

#endif
