/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Certificates of a PKI directory that are made rather than read; for pki.c. */
#ifndef RSP_PKI_MAKE_H
#define RSP_PKI_MAKE_H

#include "rsp/pki.h"

/* Make @slot below the entries that @pki already has. ESIM_ENOENT: its issuer's key is not there. */
int rsp_pki_make(struct rsp_pki *pki, enum rsp_pki_slot slot, const struct rsp_pki_options *options,
		 struct esim_error *err);

#endif
