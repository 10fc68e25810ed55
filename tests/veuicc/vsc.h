/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The VSC protocol of QEMU's ccid-card-passthru, card side: messages of type,
 * reader id and length, four bytes each, big-endian, then the payload.
 */
#ifndef VEUICC_VSC_H
#define VEUICC_VSC_H

#include "veuicc/veuicc.h"

struct veuicc_vsc {
	bool inserted;		/* the ATR has been sent */
};

/* What the card says first. */
void veuicc_vsc_hello(struct esim_buf *out);

/* All whole messages of @in, which loses them. An error closes the connection. */
int veuicc_vsc_feed(struct veuicc_vsc *vsc, struct veuicc *card, struct esim_buf *in,
		    struct esim_buf *out);

#endif
