/* SPDX-License-Identifier: GPL-2.0-or-later */
/* A picture's QR code; see qr.h. A picture is hostile: its size is known before its pixels are. */
#include "qr.h"
#include "qr_zbar.h"

#include <errno.h>
#include <fcntl.h>
#include <png.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

struct picture {
	unsigned width, height;
	uint8_t *pixels;		/* a byte each, 0 is black */
};

static int refuse(struct esim_error *err, const char *message, const char *advice)
{
	esim_error_set(err, ESIM_EINVAL, "%s", message);
	esim_error_advise(err, "%s", advice);
	return ESIM_EINVAL;
}

/* --- pixels ------------------------------------------------------------------------------------ */

static int open_regular(const char *file, FILE **ret, struct esim_error *err)
{
	struct stat st;
	int fd = open(file, O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY);

	if (fd < 0 || fstat(fd, &st)) {
		esim_error_errno(err, ESIM_EINVAL, errno, "the picture cannot be opened");
		err->domain = ESIM_DOMAIN_USAGE;
		if (fd >= 0)
			close(fd);
		return ESIM_EINVAL;
	}
	if (!S_ISREG(st.st_mode) || st.st_size > QR_MAX_FILE) {
		close(fd);
		return refuse(err, "the picture is no file of at most 16 MiB", "cut the code out of it");
	}
	*ret = fdopen(fd, "rb");
	return *ret ? 0 : esim_error_set(err, ESIM_ENOMEM, "no memory");
}

/* In grey, on white where it is transparent. */
static int read_pixels(png_image *image, struct picture *ret, struct esim_error *err)
{
	const png_color white = { 255, 255, 255 };

	if (image->width > QR_MAX_PIXELS || image->height > QR_MAX_PIXELS)
		return refuse(err, "the picture is larger than 4096 pixels a side", "cut the code out of it");
	image->format = PNG_FORMAT_GRAY;
	ret->width = image->width;
	ret->height = image->height;
	ret->pixels = malloc(PNG_IMAGE_SIZE(*image));
	if (!ret->pixels)
		return esim_error_set(err, ESIM_ENOMEM, "no memory for the picture");
	if (png_image_finish_read(image, &white, ret->pixels, 0, NULL) && !PNG_IMAGE_FAILED(*image))
		return 0;
	free(ret->pixels);
	return refuse(err, "the picture is damaged", "make it anew");
}

static int read_picture(const char *file, struct picture *ret, struct esim_error *err)
{
	png_image image = { .version = PNG_IMAGE_VERSION };
	FILE *in = NULL;
	int rc = open_regular(file, &in, err);

	if (rc)
		return rc;
	if (png_image_begin_read_from_stdio(&image, in))
		rc = read_pixels(&image, ret, err);
	else
		rc = refuse(err, "this is no picture in PNG format", "save the picture as PNG");
	png_image_free(&image);
	fclose(in);
	return rc;
}

/* --- the code ------------------------------------------------------------------------------------ */

static int take_text(const struct qr_zbar *zbar, const zbar_symbol_t *symbol, char *text,
		     size_t size, struct esim_error *err)
{
	const char *data = zbar->symbol_get_data(symbol);
	const size_t len = zbar->symbol_get_data_length(symbol);

	if (len == 0 || len >= size || memchr(data, '\0', len))
		return refuse(err, "the QR code holds no activation code", "is this the operator's picture?");
	memcpy(text, data, len);
	text[len] = '\0';
	return 0;
}

static int take_only(const struct qr_zbar *zbar, zbar_image_t *image, int count, char *text,
		     size_t size, struct esim_error *err)
{
	if (count < 0)
		return esim_error_set(err, ESIM_ENOMEM, "the picture cannot be searched");
	if (count == 0)
		return refuse(err, "no QR code is found in the picture", "is it whole, sharp, and with a light "
			      "margin around it?");
	if (count > 1)
		return refuse(err, "there are several QR codes in the picture", "cut out the one that is meant");
	return take_text(zbar, zbar->image_first_symbol(image), text, size, err);
}

static int scan(const struct qr_zbar *zbar, const struct picture *picture, char *text,
		size_t size, struct esim_error *err)
{
	zbar_image_scanner_t *scanner = zbar->image_scanner_create();
	zbar_image_t *image = zbar->image_create();
	int rc;

	if (!scanner || !image) {
		rc = esim_error_set(err, ESIM_ENOMEM, "no memory");
	} else {
		zbar->image_scanner_set_config(scanner, ZBAR_NONE, ZBAR_CFG_ENABLE, 0);
		zbar->image_scanner_set_config(scanner, ZBAR_QRCODE, ZBAR_CFG_ENABLE, 1);
		zbar->image_set_format(image, zbar_fourcc('Y', '8', '0', '0'));
		zbar->image_set_size(image, picture->width, picture->height);
		zbar->image_set_data(image, picture->pixels,
				     (unsigned long)picture->width * picture->height, NULL);
		rc = take_only(zbar, image, zbar->scan_image(scanner, image), text, size, err);
	}
	if (image)
		zbar->image_destroy(image);
	if (scanner)
		zbar->image_scanner_destroy(scanner);
	return rc;
}

int qr_read_png(const char *file, char *text, size_t size, struct esim_error *err)
{
	struct picture picture = { 0 };
	struct qr_zbar zbar;
	int rc = qr_zbar_load(&zbar, err);

	if (!rc)
		rc = read_picture(file, &picture, err);
	if (rc)
		return rc;
	rc = scan(&zbar, &picture, text, size, err);
	explicit_bzero(picture.pixels, (size_t)picture.width * picture.height);
	free(picture.pixels);
	return rc;
}
