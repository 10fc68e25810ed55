/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Trust anchors from directories, the administrator's in front of the package's; see trust.h. */
#include "trust.h"

#include <dirent.h>
#include <errno.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

/* Files of both directories that may lie in one "ci.d". */
#define MAX_FILES (4 * ESIM_MAX_ROOTS)

static bool ends_with(const char *name, const char *ending)
{
	const size_t a = strlen(name), b = strlen(ending);

	return a > b && strcmp(name + a - b, ending) == 0;
}

static int is_certificate(const struct dirent *entry)
{
	return entry->d_name[0] != '.' &&
	       (ends_with(entry->d_name, ".der") || ends_with(entry->d_name, ".pem"));
}

static int by_name(const struct dirent **a, const struct dirent **b)
{
	return strcmp((*a)->d_name, (*b)->d_name);
}

/* An empty file, and /dev/null, stand for "not this one". */
static bool is_mask(const char *path)
{
	struct stat st;

	return stat(path, &st) == 0 && (S_ISCHR(st.st_mode) || (S_ISREG(st.st_mode) && st.st_size == 0));
}

static bool exists(const char *path)
{
	struct stat st;

	return lstat(path, &st) == 0;
}

static int add_file(struct esim_pool *pool, const char *dir, const char *name, struct esim_error *err)
{
	char path[PATH_MAX];
	int n = snprintf(path, sizeof(path), "%s/%s", dir, name);

	if (n < 0 || (size_t)n >= sizeof(path))
		return esim_error_set(err, ESIM_EINVAL, "%s: a path that is too long", dir);
	return is_mask(path) ? 0 : esim_pool_add_file(pool, path, err);
}

/* @over: a directory whose files of the same name count instead; NULL: none. A missing @dir is empty. */
static int add_dir(struct esim_pool *pool, const char *dir, const char *over, struct esim_error *err)
{
	struct dirent **names = NULL;
	int n = scandir(dir, &names, is_certificate, by_name), rc = 0;

	if (n < 0)
		return errno == ENOENT ? 0 :
		       esim_error_errno(err, ESIM_EINVAL, errno, "cannot read the directory %s", dir);
	if (n > MAX_FILES)
		rc = esim_error_set(err, ESIM_ETOOBIG, "%s holds more than %d files", dir, MAX_FILES);
	for (int i = 0; i < n; i++) {
		char replaced[PATH_MAX] = "";

		if (over)
			snprintf(replaced, sizeof(replaced), "%s/%s", over, names[i]->d_name);
		if (!rc && !(over && exists(replaced)))
			rc = add_file(pool, dir, names[i]->d_name, err);
		free(names[i]);
	}
	free(names);
	return rc;
}

static int add_both(struct esim_pool *pool, const char *data_dir, const char *sysconf_dir,
		    const char *name, struct esim_error *err)
{
	char data[PATH_MAX], sysconf[PATH_MAX];
	int rc;

	snprintf(data, sizeof(data), "%s/%s", data_dir, name);
	snprintf(sysconf, sizeof(sysconf), "%s/%s", sysconf_dir, name);
	rc = add_dir(pool, sysconf, NULL, err);
	return rc ? rc : add_dir(pool, data, sysconf, err);
}

static int add_chosen(struct esim_pool *pool, const struct config *config, struct esim_error *err)
{
	int rc = 0;

	for (size_t i = 0; i < config->ci_roots_count && !rc; i++)
		rc = esim_pool_add_dir(pool, config->ci_roots[i], err);
	return rc;
}

int trust_load_from(const struct config *config, const char *data_dir, const char *sysconf_dir,
		    struct esim_pool *ret, struct esim_error *err)
{
	struct esim_pool pool = { 0 };
	int rc;

	if (config->ci_roots_count > 0) {
		rc = add_chosen(&pool, config, err);
	} else {
		rc = add_both(&pool, data_dir, sysconf_dir, "ci.d", err);
		if (!rc && config->device_test_mode)
			rc = add_both(&pool, data_dir, sysconf_dir, "ci-test.d", err);
	}
	if (rc) {
		esim_pool_free(&pool);
		return rc;
	}
	*ret = pool;
	return 0;
}

int trust_load(const struct config *config, struct esim_pool *ret, struct esim_error *err)
{
	return trust_load_from(config, LPAD_DATADIR, LPAD_SYSCONFDIR, ret, err);
}

static int add_anchor(struct esim_pool *to, const struct esim_anchor *anchor, struct esim_error *err)
{
	const struct esim_anchor_facts facts = {
		.key_id = esim_slice(anchor->key_id, anchor->key_id_len),
		.subject = esim_slice(anchor->subject, anchor->subject_len),
		.key = anchor->key,
		.not_before = anchor->not_before,
		.not_after = anchor->not_after,
	};

	if (anchor->der)
		return esim_pool_add_cert(to, esim_slice(anchor->der, anchor->der_len), err);
	return esim_pool_add_anchor(to, &facts, err);
}

int trust_add_wanted(struct esim_pool *to, const struct esim_pool *from,
		     const struct esim_key_id_list *wanted, struct esim_error *err)
{
	int rc = 0;

	for (size_t i = 0; i < from->count && !rc; i++) {
		const struct esim_anchor *anchor = &from->anchors[i];

		if (!wanted || esim_key_id_list_has(wanted, esim_slice(anchor->key_id, anchor->key_id_len)))
			rc = add_anchor(to, anchor, err);
	}
	return rc;
}
