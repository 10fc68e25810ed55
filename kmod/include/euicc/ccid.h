/* SPDX-License-Identifier: GPL-2.0-only OR LGPL-2.1-or-later */
/*
 * USB smart-card readers (USB-IF "Device Class: Smart Card CCID", release 1.1): constants and
 * pure coders, shared by the kernel's reader driver and by programs. Nothing here allocates,
 * waits or keeps state, and every function takes what it is given for hostile.
 *
 * Functions that can fail return 0 or a negative errno, and leave their outputs alone then.
 */
#ifndef _EUICC_CCID_H
#define _EUICC_CCID_H

#include <euicc/atr.h>
#include <euicc/ccid_apdu.h>
#include <euicc/ccid_desc.h>
#include <euicc/ccid_msg.h>
#include <euicc/ccid_params.h>

#endif /* _EUICC_CCID_H */
