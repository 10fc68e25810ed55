/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The PKI of a virtual eUICC whose user names none. */
#ifndef VEUICC_DEFAULT_PKI_H
#define VEUICC_DEFAULT_PKI_H

/* $COREESIM_PKI/nist, else ../pki/nist beside the program. Never NULL; the string is static. */
const char *veuicc_default_pki(void);

#endif
