/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The state directory: who has it, what is in it, and where a name leads; see store.h. */
#include "store_internal.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#define MAX_NAMES 8192		/* of one directory */

int store_failed(struct esim_error *err, int errnum, const char *fmt, ...)
{
	char what[256];
	va_list args;

	va_start(args, fmt);
	vsnprintf(what, sizeof(what), fmt, args);
	va_end(args);
	esim_error_errno(err, ESIM_EIO, errnum, "%s", what);
	if (err)
		err->domain = ESIM_DOMAIN_SYSTEM;
	return ESIM_EIO;
}

/* --- directories ----------------------------------------------------------------------------------- */

int store_directory(int at, const char *name, bool make)
{
	int fd;

	if (make && mkdirat(at, name, 0700) == 0) {
		/* Whatever the umask took away. */
		if (fchmodat(at, name, 0700, 0) || fsync(at))
			return -errno;
	} else if (make && errno != EEXIST) {
		return -errno;
	}
	fd = openat(at, name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
	return fd < 0 ? -errno : fd;
}

static bool is_plain(const char *name, size_t len)
{
	static const char letters[] = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789._-";

	return len > 0 && len < STORE_NAME_SIZE && name[0] != '.' && strspn(name, letters) >= len;
}

static int enter(int at, const char *name, size_t len, bool make)
{
	char part[STORE_NAME_SIZE];

	snprintf(part, sizeof(part), "%.*s", (int)len, name);
	return store_directory(at, part, make);
}

int store_find(struct store *store, const struct esim_eid *eid, const char *name, bool make,
	       struct store_place *ret, struct esim_error *err)
{
	const char *slash = strchr(name, '/');
	const char *file = slash ? slash + 1 : name;
	char digits[2 * ESIM_EID_SIZE + 1];
	int fd, outer;

	if (!is_plain(file, strlen(file)) || (slash && !is_plain(name, (size_t)(slash - name))))
		return esim_error_set(err, ESIM_EINVAL, "'%.64s' is no name of the state's", name);
	esim_hex_encode(esim_slice(eid->bytes, sizeof(eid->bytes)), digits);
	fd = store_directory(store->euiccs, digits, make);
	if (fd >= 0 && slash) {
		outer = fd;
		fd = enter(outer, name, (size_t)(slash - name), make);
		close(outer);
	}
	if (fd == -ENOENT)
		return esim_error_set(err, ESIM_ENOENT, "there is no %s", name);
	if (fd < 0)
		return store_failed(err, -fd, "cannot open the directory of %s", name);
	ret->directory = fd;
	snprintf(ret->file, sizeof(ret->file), "%s", file);
	return 0;
}

/* --- what is in them ----------------------------------------------------------------------------------- */

void store_names_free(char ***names, size_t count)
{
	for (size_t i = 0; *names && i < count; i++)
		free((*names)[i]);
	free(*names);
	*names = NULL;
}

static int by_name(const void *a, const void *b)
{
	return strcmp(*(char *const *)a, *(char *const *)b);
}

static int add_name(char ***names, size_t *count, const char *name)
{
	char **more = reallocarray(*names, *count + 1, sizeof(**names));

	if (!more)
		return -ENOMEM;
	*names = more;
	more[*count] = strdup(name);
	if (!more[*count])
		return -ENOMEM;
	++*count;
	return 0;
}

static int read_names(DIR *dir, bool hidden, char ***names, size_t *count)
{
	struct dirent *entry;
	int r = 0;

	for (errno = 0; !r && (entry = readdir(dir)); errno = 0) {
		if (strcmp(entry->d_name, ".") == 0 || strcmp(entry->d_name, "..") == 0 ||
		    (entry->d_name[0] == '.' && !hidden))
			continue;
		r = *count < MAX_NAMES ? add_name(names, count, entry->d_name) : -EFBIG;
	}
	return r ? r : -errno;
}

int store_scan(int directory, bool hidden, char ***ret, size_t *ret_count, struct esim_error *err)
{
	DIR *dir = directory < 0 ? NULL : fdopendir(directory);
	char **names = NULL;
	size_t count = 0;
	int r = directory < 0 ? directory : dir ? read_names(dir, hidden, &names, &count) : -errno;

	if (dir)
		closedir(dir);
	else if (directory >= 0)
		close(directory);
	if (r) {
		store_names_free(&names, count);
		return store_failed(err, -r, "cannot list a directory of the state");
	}
	if (count)
		qsort(names, count, sizeof(*names), by_name);
	*ret = names;
	*ret_count = count;
	return 0;
}

int store_list(struct store *store, const struct esim_eid *eid, const char *directory,
	       char ***ret, size_t *ret_count, struct esim_error *err)
{
	struct store_place place = { .directory = -1 };
	int fd, rc = store_find(store, eid, directory, false, &place, err);

	*ret = NULL;
	*ret_count = 0;
	if (rc)
		return rc == ESIM_ENOENT ? 0 : rc;
	fd = store_directory(place.directory, place.file, false);
	close(place.directory);
	if (fd == -ENOENT)
		return 0;
	return store_scan(fd, false, ret, ret_count, err);
}

static bool is_eid(const char *name, struct esim_eid *ret)
{
	char again[2 * ESIM_EID_SIZE + 1];
	size_t len;

	if (strlen(name) != 2 * ESIM_EID_SIZE ||
	    esim_hex_decode(name, ret->bytes, sizeof(ret->bytes), &len))
		return false;
	esim_hex_encode(esim_slice(ret->bytes, len), again);
	return strcmp(name, again) == 0;
}

int store_euiccs(struct store *store, struct esim_eid **ret, size_t *ret_count, struct esim_error *err)
{
	char **names = NULL;
	size_t count = 0, kept = 0;
	struct esim_eid *eids;
	int rc = store_scan(store_directory(store->euiccs, ".", false), false, &names, &count, err);

	if (rc)
		return rc;
	eids = calloc(count + 1, sizeof(*eids));
	for (size_t i = 0; eids && i < count && kept < STORE_MAX_EUICCS; i++)
		kept += is_eid(names[i], &eids[kept]);
	store_names_free(&names, count);
	if (!eids)
		return esim_error_set(err, ESIM_ENOMEM, "out of memory");
	*ret = eids;
	*ret_count = kept;
	return 0;
}

/* --- the whole ---------------------------------------------------------------------------------------------- */

/* What a crash left half written was never the state. */
static void clean(int directory, unsigned depth)
{
	char **names = NULL;
	size_t count = 0;

	if (directory < 0)
		return;
	store_scan(store_directory(directory, ".", false), true, &names, &count, NULL);
	for (size_t i = 0; i < count; i++) {
		const char *end = strrchr(names[i], '.');

		if (names[i][0] == '.' && strcmp(end, STORE_TEMPORARY) == 0)
			unlinkat(directory, names[i], 0);
		else if (depth > 0)
			clean(store_directory(directory, names[i], false), depth - 1);
	}
	store_names_free(&names, count);
	close(directory);
}

static int take_lock(struct store *store, struct esim_error *err)
{
	store->lock = openat(store->top, "lock", O_RDWR | O_CREAT | O_NOFOLLOW | O_CLOEXEC, 0600);
	if (store->lock < 0)
		return store_failed(err, errno, "cannot open %s/lock", store->directory);
	if (flock(store->lock, LOCK_EX | LOCK_NB) == 0)
		return 0;
	if (errno == EWOULDBLOCK)
		return esim_error_set(err, ESIM_EBUSY, "another lpad has %s", store->directory);
	return store_failed(err, errno, "cannot lock %s/lock", store->directory);
}

static int open_top(struct store *store, struct esim_error *err)
{
	if (mkdir(store->directory, 0700) && errno != EEXIST)
		return store_failed(err, errno, "cannot make %s", store->directory);
	store->top = open(store->directory, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (store->top < 0)
		return store_failed(err, errno, "cannot open %s", store->directory);
	if (fchmod(store->top, 0700))
		return store_failed(err, errno, "cannot close %s to others", store->directory);
	return 0;
}

static int open_all(struct store *store, struct esim_error *err)
{
	int rc = open_top(store, err);

	if (!rc)
		rc = take_lock(store, err);
	if (rc)
		return rc;
	store->euiccs = store_directory(store->top, "euicc", true);
	if (store->euiccs < 0)
		return store_failed(err, -store->euiccs, "cannot open %s/euicc", store->directory);
	clean(store_directory(store->euiccs, ".", false), 2);
	return 0;
}

int store_open(const char *directory, struct store **ret, struct esim_error *err)
{
	struct store *store = malloc(sizeof(*store));
	int rc;

	if (!store)
		return esim_error_set(err, ESIM_ENOMEM, "out of memory");
	store->top = store->lock = store->euiccs = -1;
	if (snprintf(store->directory, sizeof(store->directory), "%s", directory) >=
	    (int)sizeof(store->directory))
		rc = esim_error_set(err, ESIM_EINVAL, "the state directory's name is too long");
	else
		rc = open_all(store, err);
	if (rc)
		store_close(&store);
	else
		*ret = store;
	return rc;
}

void store_close(struct store **store)
{
	if (!*store)
		return;
	if ((*store)->euiccs >= 0)
		close((*store)->euiccs);
	if ((*store)->lock >= 0)
		close((*store)->lock);
	if ((*store)->top >= 0)
		close((*store)->top);
	free(*store);
	*store = NULL;
}
