/* SPDX-License-Identifier: GPL-2.0-only OR LGPL-2.1-or-later */
/* What the coders need from the kernel or from the C library, and numbers in wire order. */
#ifndef _EUICC_CCID_TYPES_H
#define _EUICC_CCID_TYPES_H

#ifdef __KERNEL__
#include <linux/errno.h>
#include <linux/string.h>
#include <linux/types.h>
#else
#include <errno.h>
#include <linux/types.h>
#include <stdbool.h>
#include <stddef.h>
#include <string.h>
#endif

static inline __u16 ccid_get_le16(const __u8 *in)
{
	return (__u16)(in[0] | in[1] << 8);
}

static inline __u32 ccid_get_le32(const __u8 *in)
{
	return (__u32)in[0] | (__u32)in[1] << 8 | (__u32)in[2] << 16 | (__u32)in[3] << 24;
}

static inline void ccid_put_le16(__u8 *out, __u16 value)
{
	out[0] = (__u8)(value & 0xFF);
	out[1] = (__u8)(value >> 8);
}

static inline void ccid_put_le32(__u8 *out, __u32 value)
{
	ccid_put_le16(out, (__u16)(value & 0xFFFF));
	ccid_put_le16(out + 2, (__u16)(value >> 16));
}

#endif /* _EUICC_CCID_TYPES_H */
