/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Binding (SGP.22, 2.5.3): a profile package becomes a Bound Profile Package for one eUICC. */
#ifndef SMDPP_BIND_H
#define SMDPP_BIND_H

#include "rsp/key.h"
#include "smdpp/fault.h"

/* What goes into a package. Slices are borrowed for the call. */
struct bind_request {
	struct esim_slice transaction_id;
	struct esim_slice eid;				/* 16 bytes */
	const struct esim_public_key *euicc_otpk;
	const struct rsp_key *signer;			/* DPpb's */
	struct esim_slice metadata;			/* BF25 */
	struct esim_slice package;
	bool protected_keys;				/* A2: fresh keys for the elements */
	bool split_metadata;				/* more than one segment in A1 */
	const struct fault_hits *faults;
};

/* Append the package (BF36). */
int bind_package(const struct bind_request *request, struct esim_buf *out, struct esim_error *err);

#endif
