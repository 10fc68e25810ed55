/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What the way to the card and its processor cost, on a virtual clock:
 * `baud=N,apdu-us=N,crypto-us=N,write-us=N`. A character takes 12 bit times (T=0
 * with guard time); crypto-us is one ECDSA or ECDH operation or key generation,
 * write-us one durable change of the card's state.
 */
#ifndef VEUICC_LINK_H
#define VEUICC_LINK_H

#include <esim/bytes.h>
#include <esim/error.h>

struct veuicc_link {
	uint32_t baud;			/* 0: bytes cost nothing */
	uint32_t apdu_us, crypto_us, write_us;
	uint64_t now_us;		/* the virtual clock */
};

int veuicc_link_parse(const char *spec, struct veuicc_link *ret, struct esim_error *err);
void veuicc_link_apdu(struct veuicc_link *link, size_t bytes);
void veuicc_link_crypto(struct veuicc_link *link);
void veuicc_link_write(struct veuicc_link *link);

#endif
