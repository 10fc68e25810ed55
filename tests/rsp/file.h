/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Whole files, bounded. */
#ifndef RSP_FILE_H
#define RSP_FILE_H

#include <esim/bytes.h>
#include <esim/error.h>

#include <sys/types.h>

/*
 * Append the file to @out. ESIM_ENOENT: no such file; ESIM_ETOOBIG: more than
 * @max bytes; ESIM_EINVAL: unreadable. The message names the file.
 */
int rsp_file_read(const char *path, size_t max, struct esim_buf *out, struct esim_error *err);

/* Write and rename into place, so that a reader sees the old file or the new one. */
int rsp_file_write(const char *path, struct esim_slice data, mode_t mode, struct esim_error *err);

#endif
