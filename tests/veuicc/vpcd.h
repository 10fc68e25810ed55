/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The socket framing of pcscd's vpcd, card side: two bytes of length, big-endian,
 * then that many bytes. One byte is control: 00 power off, 01 power on, 02 reset,
 * without reply, 04 asks for the ATR. Four bytes and more are a command APDU.
 */
#ifndef VEUICC_VPCD_H
#define VEUICC_VPCD_H

#include "veuicc/veuicc.h"

/*
 * Act on all whole messages of @in, which loses them, and append the replies. An
 * error closes the connection: ESIM_EPROTO for a length that no message has.
 */
int veuicc_vpcd_feed(struct veuicc *card, struct esim_buf *in, struct esim_buf *out);

#endif
