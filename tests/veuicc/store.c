/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The state directory: state.der, and upp-ICCID.der for each installed profile.
 * A change is a new file, synced, renamed over the old one, and the directory
 * synced: a kill at any point leaves the state before or the state after.
 */
#include "veuicc/card.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#define STATE_FILE	"state.der"
#define TEMPORARY	".new"
#define PACKAGE_NAME	(sizeof("upp-.der") + 2 * ESIM_ICCID_SIZE)

void veuicc_store_free(struct veuicc_store *store)
{
	for (size_t i = 0; i < store->profile_count; i++)
		veuicc_profile_free(&store->profiles[i]);
	for (size_t i = 0; i < store->notification_count; i++) {
		esim_buf_free(&store->notifications[i].metadata);
		esim_buf_free(&store->notifications[i].pending);
	}
	for (size_t i = 0; i < store->crl_count; i++) {
		esim_buf_free(&store->crls[i].ci);
		esim_buf_free(&store->crls[i].serials);
		esim_buf_free(&store->crls[i].parts);
	}
	esim_buf_free(&store->default_smdp);
	esim_buf_free(&store->loading);
	explicit_bzero(store, sizeof(*store));
}

/* --- files ----------------------------------------------------------------- */

static void package_name(const struct esim_iccid *iccid, char name[PACKAGE_NAME])
{
	char digits[2 * ESIM_ICCID_SIZE + 1];

	if (esim_iccid_format(iccid, digits))
		esim_hex_encode(esim_slice(iccid->bytes, ESIM_ICCID_SIZE), digits);
	snprintf(name, PACKAGE_NAME, "upp-%s.der", digits);
}

static int write_all(int fd, const uint8_t *data, size_t len)
{
	while (len > 0) {
		ssize_t n = write(fd, data, len);

		if (n < 0 && errno == EINTR)
			continue;
		if (n <= 0)
			return ESIM_EIO;
		data += n;
		len -= (size_t)n;
	}
	return 0;
}

/* A fault may take the power between any two steps. */
static bool power_goes(struct veuicc *card)
{
	if (veuicc_fault_at_write(&card->fault))
		card->power_lost = true;
	return card->power_lost;
}

static int write_steps(struct veuicc *card, int fd, const char *name, struct esim_slice data)
{
	size_t half = data.len / 2;

	if (power_goes(card) || write_all(fd, data.data, half) || power_goes(card) ||
	    write_all(fd, data.data + half, data.len - half) || fsync(fd) || power_goes(card) ||
	    renameat(card->state_fd, TEMPORARY, card->state_fd, name) || power_goes(card) ||
	    fsync(card->state_fd))
		return ESIM_EIO;
	return 0;
}

static int write_file(struct veuicc *card, const char *name, struct esim_slice data)
{
	int fd, r;

	fd = openat(card->state_fd, TEMPORARY, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
	if (fd < 0)
		return ESIM_EIO;
	r = write_steps(card, fd, name, data);
	if (close(fd) && !r)
		r = ESIM_EIO;
	return r;
}

/* ESIM_ENOENT where there is no such file. */
static int read_file(struct veuicc *card, const char *name, struct esim_buf *out,
		     struct esim_error *err)
{
	int fd = openat(card->state_fd, name, O_RDONLY | O_CLOEXEC);
	int code = errno == ENOENT ? ESIM_ENOENT : ESIM_EIO;
	uint8_t block[4096];
	ssize_t n;

	if (fd < 0)
		return esim_error_errno(err, code, errno, "cannot open %s/%s", card->state_dir, name);
	while ((n = read(fd, block, sizeof(block))) != 0) {
		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0)
			break;
		esim_buf_append(out, block, (size_t)n);
	}
	code = errno;
	close(fd);
	if (n < 0)
		return esim_error_errno(err, ESIM_EIO, code, "cannot read %s/%s", card->state_dir, name);
	if (esim_buf_failed(out))
		return esim_error_set(err, esim_buf_failed(out), "%s/%s is too big", card->state_dir, name);
	return 0;
}

/* --- packages -------------------------------------------------------------- */

int veuicc_store_package(struct veuicc *card, const struct veuicc_profile *profile)
{
	char name[PACKAGE_NAME];

	if (!card->state_dir)
		return 0;
	package_name(&profile->iccid, name);
	return write_file(card, name, esim_buf_slice(&profile->package));
}

static bool package_in_use(const struct veuicc *card, const char *name)
{
	char used[PACKAGE_NAME];

	for (size_t i = 0; i < card->store.profile_count; i++) {
		package_name(&card->store.profiles[i].iccid, used);
		if (!strcmp(used, name))
			return true;
	}
	return false;
}

/* Remove packages of no profile: deleted, or written just before a power loss. */
static void sweep(struct veuicc *card)
{
	int fd = openat(card->state_fd, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	DIR *dir = fd < 0 ? NULL : fdopendir(fd);
	const struct dirent *entry;

	if (!dir) {
		if (fd >= 0)
			close(fd);
		return;
	}
	while ((entry = readdir(dir)))
		if (!strncmp(entry->d_name, "upp-", 4) && !package_in_use(card, entry->d_name))
			unlinkat(card->state_fd, entry->d_name, 0);
	closedir(dir);
	card->packages_stale = false;
}

static int load_packages(struct veuicc *card, struct esim_error *err)
{
	char name[PACKAGE_NAME];
	int r = 0;

	for (size_t i = 0; !r && i < card->store.profile_count; i++) {
		package_name(&card->store.profiles[i].iccid, name);
		r = read_file(card, name, &card->store.profiles[i].package, err);
	}
	return r;
}

/* --- the state ------------------------------------------------------------- */

static int open_dir(struct veuicc *card, struct esim_error *err)
{
	if (mkdir(card->state_dir, 0700) && errno != EEXIST)
		return esim_error_errno(err, ESIM_EIO, errno, "cannot make %s", card->state_dir);
	card->state_fd = open(card->state_dir, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (card->state_fd < 0)
		return esim_error_errno(err, ESIM_EIO, errno, "cannot open %s", card->state_dir);
	if (flock(card->state_fd, LOCK_EX | LOCK_NB))
		return esim_error_set(err, ESIM_EBUSY, "%s is in use by another card", card->state_dir);
	return 0;
}

static void fresh(struct veuicc *card)
{
	esim_buf_append(&card->store.default_smdp, card->first_smdp, strlen(card->first_smdp));
}

int veuicc_store_load(struct veuicc *card, struct esim_error *err)
{
	struct esim_buf state = ESIM_BUF_INIT;
	int r = 0;

	if (card->state_dir && card->state_fd < 0)
		r = open_dir(card, err);
	if (r)
		return r;
	veuicc_store_free(&card->store);
	if (!card->state_dir) {
		fresh(card);
		return 0;
	}
	r = read_file(card, STATE_FILE, &state, err);
	if (!r)
		r = veuicc_store_decode(esim_buf_slice(&state), &card->store, err);
	if (!r)
		r = load_packages(card, err);
	if (r == ESIM_ENOENT && state.len == 0) {
		esim_error_clear(err);
		fresh(card);
		r = 0;
	}
	esim_buf_free(&state);
	if (!r)
		sweep(card);
	return r;
}

int veuicc_store_rollback(struct veuicc *card)
{
	if (card->state_dir && !card->power_lost && veuicc_store_load(card, NULL))
		card->power_lost = true;
	return ESIM_EIO;
}

int veuicc_store_commit(struct veuicc *card)
{
	struct esim_buf state = ESIM_BUF_INIT;
	int r = 0;

	veuicc_link_write(&card->link);
	if (!card->state_dir)
		return 0;
	r = veuicc_store_encode(&card->store, &state);
	if (!r)
		r = write_file(card, STATE_FILE, esim_buf_slice(&state));
	esim_buf_free(&state);
	if (r)
		return veuicc_store_rollback(card);
	if (card->packages_stale)
		sweep(card);
	return 0;
}
