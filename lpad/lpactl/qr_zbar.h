/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * zbar, loaded when a picture is to be read and not before: with it come libraries of screens and
 * cameras, which no other verb has a use for.
 */
#ifndef LPACTL_QR_ZBAR_H
#define LPACTL_QR_ZBAR_H

#include <esim/error.h>

#include <zbar.h>

#define QR_ZBAR_FUNCTIONS(f)		\
	f(image_create)			\
	f(image_destroy)		\
	f(image_first_symbol)		\
	f(image_scanner_create)		\
	f(image_scanner_destroy)	\
	f(image_scanner_set_config)	\
	f(image_set_data)		\
	f(image_set_format)		\
	f(image_set_size)		\
	f(scan_image)			\
	f(symbol_get_data)		\
	f(symbol_get_data_length)

#define QR_ZBAR_MEMBER(name) __typeof__(zbar_##name) *name;
struct qr_zbar {
	QR_ZBAR_FUNCTIONS(QR_ZBAR_MEMBER)
};
#undef QR_ZBAR_MEMBER

/* It stays loaded. ESIM_ENOTSUP: it is not installed. */
int qr_zbar_load(struct qr_zbar *ret, struct esim_error *err);

#endif
