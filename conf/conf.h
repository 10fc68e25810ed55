/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Configuration files, read by inih. That takes what it is given as far as it can: the rest of a line that is too long
 * for another line, what is indented for more of the value before it, nothing after a NUL, a section without keys
 * silently. So each line is looked at before inih has it, and the first that is not plain ends the reading.
 */
#ifndef CONF_H
#define CONF_H

#include <esim/bytes.h>
#include <esim/error.h>

#include <stddef.h>

/* Who knows what the lines may say. */
struct conf_keys {
	/* A section begins. NULL, or what is wrong with it: a sentence. */
	const char *(*section)(void *context, const char *name, size_t len);
	/* @section "": none began yet. 0, or a code with a sentence in @err. */
	int (*value)(void *context, const char *section, const char *name, const char *value, struct esim_error *err);
	void *context;
};

/* The text of one file; an error's message begins with @name and the line. ESIM_EINVAL, ESIM_ENOMEM, or value()'s. */
int conf_parse(const char *name, const char *text, size_t len, const struct conf_keys *keys, struct esim_error *err);

/* A file of at most @max_bytes, appended to @text. ESIM_ENOENT, with nothing said: it is not there. */
int conf_read(const char *path, size_t max_bytes, struct esim_buf *text, struct esim_error *err);

/*
 * @load for each @directory/NAME.conf in the order of their names, @max_files at most, until it gives an error, which
 * is returned. No directory is no file.
 */
int conf_dropins(const char *directory, int max_files, int (*load)(void *context, const char *path, struct esim_error *err),
		 void *context, struct esim_error *err);

#endif
