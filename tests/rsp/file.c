/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Whole files, bounded; see file.h. */
#include "rsp/file.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <sys/stat.h>
#include <unistd.h>

static int read_all(int fd, size_t len, struct esim_buf *out)
{
	uint8_t *to = esim_buf_extend(out, len);
	size_t done = 0;
	ssize_t n;

	if (!to)
		return ENOMEM;
	while (done < len) {
		n = read(fd, to + done, len - done);
		if (n < 0 && errno != EINTR)
			return errno;
		if (n == 0)
			return EIO;
		if (n > 0)
			done += (size_t)n;
	}
	return 0;
}

int rsp_file_read(const char *path, size_t max, struct esim_buf *out, struct esim_error *err)
{
	int fd = open(path, O_RDONLY | O_CLOEXEC), failure = 0;
	struct stat st;

	if (fd < 0)
		return esim_error_errno(err, errno == ENOENT ? ESIM_ENOENT : ESIM_EINVAL, errno,
					"%s cannot be read", path);
	if (fstat(fd, &st) < 0)
		failure = errno;
	else if (!S_ISREG(st.st_mode))
		failure = EISDIR;
	else if ((uintmax_t)st.st_size > max)
		failure = EFBIG;
	else if (st.st_size > 0)
		failure = read_all(fd, (size_t)st.st_size, out);
	close(fd);
	if (!failure)
		return 0;
	return esim_error_errno(err, failure == EFBIG ? ESIM_ETOOBIG : ESIM_EINVAL, failure,
				"%s cannot be read", path);
}

static int write_all(int fd, struct esim_slice data)
{
	ssize_t n;

	while (data.len > 0) {
		n = write(fd, data.data, data.len);
		if (n < 0 && errno != EINTR)
			return errno;
		if (n > 0)
			data = esim_slice(data.data + n, data.len - (size_t)n);
	}
	return fsync(fd) < 0 ? errno : 0;
}

int rsp_file_write(const char *path, struct esim_slice data, mode_t mode, struct esim_error *err)
{
	char temporary[4096];
	int fd, failure;

	if ((size_t)snprintf(temporary, sizeof(temporary), "%s.tmp", path) >= sizeof(temporary))
		return esim_error_set(err, ESIM_EINVAL, "the path %s is too long", path);
	fd = open(temporary, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, mode);
	if (fd < 0)
		return esim_error_errno(err, ESIM_EINVAL, errno, "%s cannot be written", temporary);
	failure = write_all(fd, data);
	if (close(fd) < 0 && !failure)
		failure = errno;
	if (!failure && rename(temporary, path) < 0)
		failure = errno;
	if (!failure)
		return 0;
	unlink(temporary);
	return esim_error_errno(err, ESIM_EINVAL, failure, "%s cannot be written", path);
}
