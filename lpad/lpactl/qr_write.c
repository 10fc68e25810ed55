/* SPDX-License-Identifier: GPL-2.0-or-later */
/* A text as QR code; see qr.h. */
#include "qr.h"

#include <errno.h>
#include <fcntl.h>
#include <png.h>
#include <qrencode.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define MODULE_PIXELS	8

int qr_make(const char *text, json_t **ret_rows, struct esim_error *err)
{
	QRcode *code = QRcode_encodeString8bit(text, 0, QR_ECLEVEL_M);
	json_t *rows;

	if (!code)
		return esim_error_errno(err, ESIM_ENOMEM, errno, "no QR code can be made of this");
	rows = json_array();
	for (int y = 0; y < code->width; y++) {
		char row[256];

		for (int x = 0; x < code->width; x++)
			row[x] = code->data[y * code->width + x] & 1 ? '1' : '0';
		json_array_append_new(rows, json_stringn(row, (size_t)code->width));
	}
	QRcode_free(code);
	*ret_rows = rows;
	return 0;
}

/* A byte a pixel; owned by the caller. */
static uint8_t *draw(const json_t *rows, unsigned side)
{
	uint8_t *pixels = malloc((size_t)side * side);

	if (!pixels)
		return NULL;
	memset(pixels, 255, (size_t)side * side);
	for (size_t y = 0; y < json_array_size(rows); y++) {
		const char *row = json_string_value(json_array_get(rows, y));

		for (size_t x = 0; row[x]; x++)
			for (size_t line = 0; row[x] == '1' && line < MODULE_PIXELS; line++)
				memset(pixels + ((QR_MARGIN + y) * MODULE_PIXELS + line) * side +
				       (QR_MARGIN + x) * MODULE_PIXELS, 0, MODULE_PIXELS);
	}
	return pixels;
}

static int write_file(png_image *image, const uint8_t *pixels, const char *file, struct esim_error *err)
{
	int fd = open(file, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
	FILE *out = fd < 0 ? NULL : fdopen(fd, "wb");
	int failed;

	if (!out) {
		esim_error_errno(err, ESIM_EINVAL, errno, "the picture cannot be written");
		err->domain = ESIM_DOMAIN_USAGE;
		if (fd >= 0)
			close(fd);
		return ESIM_EINVAL;
	}
	failed = fchmod(fd, 0600) != 0 || !png_image_write_to_stdio(image, out, 0, pixels, 0, NULL);
	if (fclose(out) || failed) {
		esim_error_set(err, ESIM_EIO, "the picture cannot be written");
		err->domain = ESIM_DOMAIN_SYSTEM;
		return ESIM_EIO;
	}
	return 0;
}

int qr_write_png(const json_t *rows, const char *file, struct esim_error *err)
{
	const unsigned side = ((unsigned)json_array_size(rows) + 2 * QR_MARGIN) * MODULE_PIXELS;
	png_image image = { .version = PNG_IMAGE_VERSION, .width = side, .height = side,
			    .format = PNG_FORMAT_GRAY };
	uint8_t *pixels = draw(rows, side);
	int rc;

	if (!pixels)
		return esim_error_set(err, ESIM_ENOMEM, "no memory for the picture");
	rc = write_file(&image, pixels, file, err);
	png_image_free(&image);
	free(pixels);
	return rc;
}
