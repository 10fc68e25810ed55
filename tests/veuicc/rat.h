/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The Rules Authorisation Table (SGP.22, 2.9.2) of the card. Its text form:
 *
 *   RULES    = RULE { ";" RULE }, or "none"
 *   RULE     = PPRS ":" OPERATORS [ ":consent" ]
 *   PPRS     = "ppr1" | "ppr2" | "ppr1+ppr2"
 *   OPERATORS= OPERATOR { "|" OPERATOR }
 *   OPERATOR = MCCMNC [ "/" GID1 [ "/" GID2 ] ]
 *
 * MCCMNC has 5 or 6 digits, E stands for any digit, "*" for EEEEEE. A GID is hex;
 * empty: any; left out: the profile must have none.
 */
#ifndef VEUICC_RAT_H
#define VEUICC_RAT_H

#include <esim/bytes.h>
#include <esim/error.h>

#define VEUICC_MAX_RULES	16
#define VEUICC_MAX_OPERATORS	16
#define VEUICC_GID_SIZE		16

struct veuicc_operator {
	uint8_t mccmnc[3];		/* as in EF.PLMN: swapped, F-filled */
	bool has_gid[2];
	uint8_t gid[2][VEUICC_GID_SIZE];
	size_t gid_len[2];
};

struct veuicc_rule {
	unsigned pprs;			/* 1: PPR1, 2: PPR2 */
	bool consent;
	struct veuicc_operator operators[VEUICC_MAX_OPERATORS];
	size_t operator_count;
};

struct veuicc_rat {
	struct veuicc_rule rules[VEUICC_MAX_RULES];
	size_t count;
};

/* NULL: both PPRs for every operator, by consent. */
int veuicc_rat_parse(const char *text, struct veuicc_rat *ret, struct esim_error *err);

/* The rules as in the answer of GetRAT: SEQUENCEs, one after the other. */
void veuicc_rat_put(const struct veuicc_rat *rat, struct esim_buf *out);

/* May a profile of @owner (value of an OperatorId) have this one PPR? The first match says. */
bool veuicc_rat_allows(const struct veuicc_rat *rat, unsigned ppr, struct esim_slice owner);

/* A BIT STRING of PprIds: PPR1 is bit 1, PPR2 bit 2. */
void veuicc_put_ppr_ids(struct esim_buf *out, uint32_t tag, unsigned pprs);

#endif
