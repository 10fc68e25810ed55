/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * A small RSP PKI in memory, good as it stands: CI, EUM, eUICC, DPauth, DPpb and
 * DSauth. A test changes a recipe and issues that certificate again.
 */
#ifndef TRUST_FIXTURE_H
#define TRUST_FIXTURE_H

#include "rsp/x509.h"

#include <esim/verify.h>

enum fixture_slot {
	FIXTURE_CI,
	FIXTURE_EUM,
	FIXTURE_EUICC,
	FIXTURE_DPAUTH,
	FIXTURE_DPPB,
	FIXTURE_DSAUTH,
	FIXTURE_SLOTS,
};

#define FIXTURE_EID "89049032000001000000012345678954"
#define FIXTURE_NOW INT64_C(1800000000)		/* 2027-01-15 */
#define FIXTURE_DAY INT64_C(86400)

struct fixture {
	struct rsp_key *key[FIXTURE_SLOTS];
	uint8_t key_id[FIXTURE_SLOTS][RSP_KEY_ID_SIZE];
	struct rsp_x509 recipe[FIXTURE_SLOTS];
	struct esim_buf der[FIXTURE_SLOTS];
	struct esim_cert cert[FIXTURE_SLOTS];	/* parsed; points into der */
	struct esim_pool pool;			/* holds the CI */
};

void fixture_init(struct fixture *f, enum esim_curve curve);
void fixture_free(struct fixture *f);

/* Issue from the recipe: to DER alone (a certificate that must not parse), or parsed too. */
void fixture_make(struct fixture *f, enum fixture_slot slot, const struct rsp_key *issuer);
void fixture_issue(struct fixture *f, enum fixture_slot slot);
void fixture_issue_by(struct fixture *f, enum fixture_slot slot, const struct rsp_key *issuer);

/* A CI's certificate as an anchor without one; points into the certificate. */
struct esim_anchor_facts ci_facts(const struct esim_cert *ci);

struct esim_slice fixture_der(const struct fixture *f, enum fixture_slot slot);
struct esim_slice fixture_key_id(const struct fixture *f, enum fixture_slot slot);

/* 5F37 with the signature of @slot's key over the parts. */
void fixture_sign(const struct fixture *f, enum fixture_slot slot, const struct esim_slice *parts,
		  size_t count, struct esim_buf *out);

/* The result is ESIM_EVERIFY, the check is @check, the message holds @words. */
void require_failed_check(int result, const struct esim_error *err, const char *check,
			  const char *words);

/* REFDATA's or COREESIM_PKI's file @path; skips the test where the variable or the file is not there. */
void read_or_skip(const char *variable, const char *path, struct esim_buf *out);

#endif
