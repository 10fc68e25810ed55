/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * What differs between Debian 12's 6.1 and later kernels: the only place that asks for the
 * version; what stable releases changed as well, Kbuild finds in the headers. Where one spelling serves all of them, that one is used instead: a static struct class
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

/* The driver model's part of a struct usb_driver; the wrapper around it went in 6.8, and in a stable release. */
#ifdef EUICC_HAVE_USBDRV_WRAP
#define euicc_usb_driver_core drvwrap.driver
#else
#define euicc_usb_driver_core driver
#endif

#endif /* _EUICC_COMPAT_H */
