/* SPDX-License-Identifier: GPL-2.0-or-later */
/* QR codes: read from a picture (libpng, zbar), and made (libqrencode). Pictures are PNG. */
#ifndef LPACTL_QR_H
#define LPACTL_QR_H

#include <esim/error.h>

#include <jansson.h>

#include <stddef.h>

/* Of pictures that are read. */
#define QR_MAX_PIXELS	4096		/* a side */
#define QR_MAX_FILE	(16 * 1024 * 1024)

/*
 * The text of the one QR code in the picture. Several, none, one that holds no text or more than
 * @size - 1 characters: ESIM_EINVAL. No message repeats what a code or @file says.
 */
int qr_read_png(const char *file, char *text, size_t size, struct esim_error *err);

/* The code's rows of '0' (light) and '1' (dark), without the margin. New reference. */
int qr_make(const char *text, json_t **ret_rows, struct esim_error *err);

/* The margin that a reader needs around a code, in modules. */
#define QR_MARGIN 4

/* Into a file that its owner alone can read. */
int qr_write_png(const json_t *rows, const char *file, struct esim_error *err);

#endif
