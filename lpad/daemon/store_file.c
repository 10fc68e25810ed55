/* SPDX-License-Identifier: GPL-2.0-or-later */
/* One file of the state: written whole or not at all, read within bounds, set aside where it is damaged. */
#include "log.h"
#include "store_internal.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

/* --- writing ------------------------------------------------------------------------------------------ */

static int write_all(int fd, struct esim_slice contents)
{
	while (contents.len > 0) {
		ssize_t n = write(fd, contents.data, contents.len);

		if (n < 0 && errno == EINTR)
			continue;
		if (n <= 0)
			return n ? -errno : -EIO;
		contents = esim_slice(contents.data + n, contents.len - (size_t)n);
	}
	return 0;
}

static int write_temporary(int directory, const char *name, struct esim_slice contents)
{
	int r, fd;

	unlinkat(directory, name, 0);
	fd = openat(directory, name, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0600);
	if (fd < 0)
		return -errno;
	r = fchmod(fd, 0600) ? -errno : write_all(fd, contents);
	if (!r && fsync(fd))
		r = -errno;
	if (close(fd) && !r)
		r = -errno;
	return r;
}

static int replace(int directory, const char *file, struct esim_slice contents)
{
	char temporary[STORE_NAME_SIZE + 8];
	int r;

	snprintf(temporary, sizeof(temporary), ".%s" STORE_TEMPORARY, file);
	r = write_temporary(directory, temporary, contents);
	if (!r && renameat(directory, temporary, directory, file))
		r = -errno;
	if (r) {
		unlinkat(directory, temporary, 0);
		return r;
	}
	return fsync(directory) ? -errno : 0;
}

int store_write(struct store *store, const struct esim_eid *eid, const char *name,
		struct esim_slice contents, struct esim_error *err)
{
	struct store_place place = { .directory = -1 };
	int r, rc;

	if (contents.len > STORE_MAX_FILE)
		return esim_error_set(err, ESIM_ETOOBIG, "%s would be too large to be kept", name);
	rc = store_find(store, eid, name, true, &place, err);
	if (rc)
		return rc;
	r = replace(place.directory, place.file, contents);
	close(place.directory);
	return r ? store_failed(err, -r, "cannot write %s", name) : 0;
}

int store_remove(struct store *store, const struct esim_eid *eid, const char *name, struct esim_error *err)
{
	struct store_place place = { .directory = -1 };
	int r, rc = store_find(store, eid, name, false, &place, err);

	if (rc)
		return rc;
	r = unlinkat(place.directory, place.file, 0) || fsync(place.directory) ? -errno : 0;
	close(place.directory);
	if (r == -ENOENT)
		return esim_error_set(err, ESIM_ENOENT, "there is no %s", name);
	return r ? store_failed(err, -r, "cannot remove %s", name) : 0;
}

/* --- reading -------------------------------------------------------------------------------------------- */

static int read_all(int fd, const char *name, struct esim_buf *ret, struct esim_error *err)
{
	uint8_t part[4096];
	ssize_t n;

	while ((n = read(fd, part, sizeof(part))) != 0) {
		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0)
			return store_failed(err, errno, "cannot read %s", name);
		if (ret->len + (size_t)n > STORE_MAX_FILE)
			return esim_error_set(err, ESIM_ETOOBIG, "%s is too large", name);
		esim_buf_append(ret, part, (size_t)n);
		if (esim_buf_failed(ret))
			return esim_error_set(err, esim_buf_failed(ret), "no memory for %s", name);
	}
	return 0;
}

static int open_file(int directory, const char *file, const char *name, int *ret, struct esim_error *err)
{
	struct stat st;
	int fd = openat(directory, file, O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC);

	if (fd < 0 && errno == ENOENT)
		return esim_error_set(err, ESIM_ENOENT, "there is no %s", name);
	if (fd < 0 && errno != ELOOP && errno != ENXIO)
		return store_failed(err, errno, "cannot open %s", name);
	if (fd < 0 || fstat(fd, &st) || !S_ISREG(st.st_mode)) {
		if (fd >= 0)
			close(fd);
		return esim_error_set(err, ESIM_EPROTO, "%s is no regular file", name);
	}
	*ret = fd;
	return 0;
}

int store_read(struct store *store, const struct esim_eid *eid, const char *name,
	       struct esim_buf *ret, struct esim_error *err)
{
	struct store_place place = { .directory = -1 };
	int fd = -1, rc = store_find(store, eid, name, false, &place, err);

	if (rc)
		return rc;
	rc = open_file(place.directory, place.file, name, &fd, err);
	close(place.directory);
	if (rc)
		return rc;
	esim_buf_reset(ret);
	ret->max = STORE_MAX_FILE;
	rc = read_all(fd, name, ret, err);
	close(fd);
	return rc;
}

/* --- setting aside ------------------------------------------------------------------------------------------ */

/* The first name that is free, else that of the one which was set aside longest ago. */
static void name_bad(int directory, const char *file, char *bad, size_t size)
{
	struct timespec oldest = { 0 };
	unsigned chosen = 0;

	for (unsigned k = 1; k <= STORE_MAX_BAD; k++) {
		struct stat st;

		snprintf(bad, size, "%s.bad-%u", file, k);
		if (fstatat(directory, bad, &st, AT_SYMLINK_NOFOLLOW))
			return;
		if (!chosen || st.st_ctim.tv_sec < oldest.tv_sec ||
		    (st.st_ctim.tv_sec == oldest.tv_sec && st.st_ctim.tv_nsec < oldest.tv_nsec)) {
			chosen = k;
			oldest = st.st_ctim;
		}
	}
	snprintf(bad, size, "%s.bad-%u", file, chosen);
}

void store_set_aside(struct store *store, const struct esim_eid *eid, const char *name, const char *why)
{
	char bad[STORE_NAME_SIZE + 16], digits[2 * ESIM_EID_SIZE + 1];
	struct store_place place = { .directory = -1 };
	int r;

	if (store_find(store, eid, name, false, &place, NULL))
		return;
	name_bad(place.directory, place.file, bad, sizeof(bad));
	r = renameat(place.directory, place.file, place.directory, bad) || fsync(place.directory) ? errno : 0;
	close(place.directory);
	if (r == ENOENT)
		return;
	esim_hex_encode(esim_slice(eid->bytes, sizeof(eid->bytes)), digits);
	if (r)
		log_say(LOG_ERR, "%s of an eUICC is of no use (%s) and cannot be set aside: %s", name, why,
			strerror(r));
	else
		log_say(LOG_WARNING, "%s of an eUICC is of no use and was set aside as %s: %s", name, bad, why);
	log_say(LOG_DEBUG, "this was in %s/euicc/%s", store->directory, digits);
}
