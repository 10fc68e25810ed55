/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Files and their directories; see conf.h. */
#include "conf.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define SUFFIX ".conf"

static int read_text(int fd, const char *path, size_t max_bytes, struct esim_buf *text, struct esim_error *err)
{
	char part[4096];
	struct stat st;
	ssize_t n;

	if (fstat(fd, &st) == 0 && !S_ISREG(st.st_mode))
		return esim_error_set(err, ESIM_EINVAL, "%s is no regular file", path);
	while ((n = read(fd, part, sizeof(part))) > 0) {
		esim_buf_append(text, part, (size_t)n);
		if (text->len > max_bytes)
			return esim_error_set(err, ESIM_EINVAL, "%s is longer than %zu KiB", path,
					      max_bytes / 1024);
	}
	if (n < 0)
		return esim_error_errno(err, ESIM_EINVAL, errno, "%s", path);
	return esim_buf_failed(text) ? esim_error_set(err, ESIM_ENOMEM, "out of memory") : 0;
}

int conf_read(const char *path, size_t max_bytes, struct esim_buf *text, struct esim_error *err)
{
	int fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK);
	int rc;

	if (fd < 0)
		return errno == ENOENT || errno == ENOTDIR ? ESIM_ENOENT :
			esim_error_errno(err, ESIM_EINVAL, errno, "%s", path);
	rc = read_text(fd, path, max_bytes, text, err);
	close(fd);
	return rc;
}

static int is_dropin(const struct dirent *entry)
{
	const size_t len = strlen(entry->d_name);

	return entry->d_name[0] != '.' && len > strlen(SUFFIX) &&
	       strcmp(entry->d_name + len - strlen(SUFFIX), SUFFIX) == 0;
}

static int by_name(const struct dirent **a, const struct dirent **b)
{
	return strcmp((*a)->d_name, (*b)->d_name);
}

int conf_dropins(const char *directory, int max_files, int (*load)(void *context, const char *path, struct esim_error *err),
		 void *context, struct esim_error *err)
{
	struct dirent **entries;
	int count = scandir(directory, &entries, is_dropin, by_name), rc = 0;

	if (count < 0)
		return errno == ENOENT || errno == ENOTDIR ? 0 :
			esim_error_errno(err, ESIM_EINVAL, errno, "%s", directory);
	if (count > max_files)
		rc = esim_error_set(err, ESIM_EINVAL, "%s has more than %d files", directory, max_files);
	for (int i = 0; i < count; i++) {
		char path[PATH_MAX];

		snprintf(path, sizeof(path), "%s/%s", directory, entries[i]->d_name);
		if (!rc)
			rc = load(context, path, err);
		free(entries[i]);
	}
	free(entries);
	return rc;
}
