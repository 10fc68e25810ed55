/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Faults in the server's own certificates: the same key in a certificate that must be refused. */
#ifndef SMDPP_CERTIFICATE_FAULT_H
#define SMDPP_CERTIFICATE_FAULT_H

#include "smdpp/call.h"

/*
 * Append the DER of @slot's certificate, or where one of tamper=oid, role,
 * expired, issuer hits the call, of its spoiled twin. ESIM_EINVAL: the CI's key
 * is not there to make one.
 */
int certificate_for_call(struct call *call, const struct rsp_pki *pki, enum rsp_pki_slot slot,
			 struct esim_buf *out);

#endif
