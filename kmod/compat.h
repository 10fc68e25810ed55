/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * What differs between Debian 12's 6.1 and later kernels: the only place that asks for the
 * version. Where one spelling serves all of them, that one is used instead: a static struct class
 * with class_register() (class_create() lost an argument in 6.4), nonseekable_open() (no_llseek
 * went in 6.12), no strings in tracepoints (__assign_str() lost an argument in 6.10).
 */
#ifndef _EUICC_COMPAT_H
#define _EUICC_COMPAT_H

#include <linux/version.h>

#if LINUX_VERSION_CODE < KERNEL_VERSION(6, 12, 0)
#include <asm/unaligned.h>
#else
#include <linux/unaligned.h>
#endif

#endif /* _EUICC_COMPAT_H */
