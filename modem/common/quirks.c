/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The files of modems.conf(5), in their order; see quirks.h. */
#include "quirk_keys.h"

#include <esim/bytes.h>

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

/* What of several files went wrong first is told; the others are read all the same. */
struct loading {
	const struct quirk_subject *subject;
	struct quirks quirks;
	int rc;
	struct esim_error *err;
};

static int read_text(int fd, const char *path, struct esim_buf *text, struct esim_error *err)
{
	char part[4096];
	struct stat st;
	ssize_t n;

	if (fstat(fd, &st) == 0 && !S_ISREG(st.st_mode))
		return esim_error_set(err, ESIM_EINVAL, "%s is no regular file", path);
	while ((n = read(fd, part, sizeof(part))) > 0) {
		esim_buf_append(text, part, (size_t)n);
		if (text->len > QUIRKS_MAX_BYTES)
			return esim_error_set(err, ESIM_EINVAL, "%s is longer than %d KiB", path,
					      QUIRKS_MAX_BYTES / 1024);
	}
	if (n < 0)
		return esim_error_errno(err, ESIM_EINVAL, errno, "%s", path);
	return esim_buf_failed(text) ? esim_error_set(err, ESIM_ENOMEM, "out of memory") : 0;
}

/* Nothing to say of a file that is not there. */
static int load_one(const char *path, struct loading *loading, struct esim_error *err)
{
	struct esim_buf text = ESIM_BUF_INIT;
	int fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK);
	int rc;

	if (fd < 0)
		return errno == ENOENT || errno == ENOTDIR ? 0 :
			esim_error_errno(err, ESIM_EINVAL, errno, "%s", path);
	rc = read_text(fd, path, &text, err);
	close(fd);
	if (!rc)
		rc = quirks_parse(path, (const char *)text.data, text.len, loading->subject, &loading->quirks, err);
	esim_buf_free(&text);
	return rc;
}

static void load_file(const char *path, struct loading *loading)
{
	struct esim_error later;
	int rc = load_one(path, loading, loading->rc ? &later : loading->err);

	if (!loading->rc)
		loading->rc = rc;
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

static void load_dropins(const char *directory, struct loading *loading)
{
	struct dirent **entries;
	const int count = scandir(directory, &entries, is_dropin, by_name);

	if (count < 0) {
		if (errno != ENOENT && errno != ENOTDIR && !loading->rc)
			loading->rc = esim_error_errno(loading->err, ESIM_EINVAL, errno, "%s", directory);
		return;
	}
	for (int i = 0; i < count; i++) {
		char path[PATH_MAX];

		snprintf(path, sizeof(path), "%s/%s", directory, entries[i]->d_name);
		if (i < QUIRKS_MAX_FILES)
			load_file(path, loading);
		free(entries[i]);
	}
	free(entries);
	if (count > QUIRKS_MAX_FILES && !loading->rc)
		loading->rc = esim_error_set(loading->err, ESIM_EINVAL, "%s has more than %d files", directory,
					     QUIRKS_MAX_FILES);
}

int quirks_load(const struct quirk_subject *subject, struct quirks *ret, struct esim_error *err)
{
	const char *only = secure_getenv("COREESIM_MODEMS_CONF");
	struct loading loading = { .subject = subject, .err = err };

	if (only && only[0]) {
		load_file(only, &loading);
	} else {
		load_file(MODEM_DATADIR "/modems.conf", &loading);
		load_file(MODEM_SYSCONFDIR "/modems.conf", &loading);
		load_dropins(MODEM_SYSCONFDIR "/modems.conf.d", &loading);
	}
	*ret = loading.quirks;
	return loading.rc;
}

int quirks_load_of(const struct modem_identity *identity, enum quirk_protocol protocol, const char *firmware,
		   struct quirks *ret, struct esim_error *err)
{
	const struct quirk_subject subject = {
		.protocol = protocol, .usb_vendor = identity->usb_vendor, .usb_product = identity->usb_product,
		.firmware = firmware,
	};

	return quirks_load(&subject, ret, err);
}
