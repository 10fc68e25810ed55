/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The profile package builder (TCA interoperable format): header, MF, PUK and PIN
 * codes, USIM with its optional files, Milenage parameters, an ISD-P security
 * domain, end. And the few facts that a server reads from any package.
 */
#ifndef RSP_PROFILE_H
#define RSP_PROFILE_H

#include <esim/bytes.h>
#include <esim/error.h>
#include <esim/hex.h>

#define RSP_PROFILE_KEY_SIZE 16

struct rsp_profile {
	const char *iccid;		/* 18 to 20 digits */
	const char *imsi;		/* 6 to 15 digits */
	const char *type;		/* header's profileType; NULL: "CoreESIM test" */
	uint8_t k[RSP_PROFILE_KEY_SIZE];
	uint8_t opc[RSP_PROFILE_KEY_SIZE];
	size_t size;			/* pad the package to about this many bytes; 0: as it comes */
};

/* Append the package to @out. */
int rsp_profile_build(const struct rsp_profile *profile, struct esim_buf *out,
		      struct esim_error *err);

struct rsp_profile_header {
	struct esim_iccid iccid;	/* swapped, as everywhere but in the package */
	char type[64];			/* profileType, made printable */
};

/* The header of any package; ESIM_EPROTO where it has none. */
int rsp_profile_header(struct esim_slice package, struct rsp_profile_header *ret,
		       struct esim_error *err);

#endif
