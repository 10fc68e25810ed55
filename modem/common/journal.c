/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * One owner for each modem, and what it has open there; see journal.h. The lock is on the file itself and goes
 * with the process that has it. The file is never replaced and never removed, so that all mean the same
 * lock, and written by one write(2), so that a process that is killed leaves the old text or the new one.
 * What a crash of the whole system leaves is of another boot, and not believed.
 *
 * The directory may be another user's, who may have put anything there: no link is followed, and nothing but a
 * plain file of that user's or our own is touched.
 */
#include "journal.h"

#include "journal_text.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#define BOOT_ID "/proc/sys/kernel/random/boot_id"

struct journal {
	int fd;				/* -1: there is nowhere to keep one */
	struct journal_state state;
};

/* --- where ------------------------------------------------------------------------------------------- */

/* A directory that can be written to, made where its parent is there; -1. */
static int open_directory(const char *path)
{
	int fd;

	(void)mkdir(path, 0700);
	fd = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (fd >= 0 && faccessat(fd, ".", W_OK | X_OK, AT_EACCESS) != 0) {
		close(fd);
		return -1;
	}
	return fd;
}

static int open_state_directory(void)
{
	if (geteuid() == 0)
		(void)mkdir(MODEM_STATEDIR, 0700);
	return open_directory(MODEM_STATEDIR);
}

static int open_runtime_directory(void)
{
	const char *runtime = secure_getenv("XDG_RUNTIME_DIR");
	char path[PATH_MAX];
	int fd;

	if (!runtime || runtime[0] != '/' ||
	    snprintf(path, sizeof(path), "%s/coreesim", runtime) >= PATH_MAX - (int)sizeof("/modems"))
		return -1;
	fd = open_directory(path);
	if (fd < 0)
		return -1;
	close(fd);
	strcat(path, "/modems");
	return open_directory(path);
}

static int open_place(void)
{
	const char *given = secure_getenv("COREESIM_MODEMS_STATE");
	int fd = given && given[0] ? open_directory(given) : open_state_directory();

	return fd >= 0 || (given && given[0]) ? fd : open_runtime_directory();
}

/* --- the file ---------------------------------------------------------------------------------------- */

static bool is_ours(int fd, int directory)
{
	struct stat file, place;

	if (fstat(fd, &file) || fstat(directory, &place) || !S_ISREG(file.st_mode) || file.st_nlink != 1 ||
	    (file.st_uid != geteuid() && file.st_uid != place.st_uid && file.st_uid != 0))
		return false;
	/* Or that user could not open what root left. */
	return geteuid() != 0 || file.st_uid == place.st_uid || fchown(fd, place.st_uid, place.st_gid) == 0;
}

static int open_file(int directory, const char *key)
{
	int fd = openat(directory, key, O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK | O_NOCTTY, 0600);

	if (fd < 0)
		return -1;
	if (!is_ours(fd, directory)) {
		close(fd);
		errno = EPERM;
		return -1;
	}
	return fd;
}

static void read_state(int fd, struct journal_state *ret)
{
	char text[JOURNAL_MAX_BYTES];
	ssize_t len = pread(fd, text, sizeof(text), 0);

	journal_text_parse(text, len > 0 ? (size_t)len : 0, ret);
}

/* The text, then what is behind it goes: between the two it is not read. */
static int write_state(struct journal *journal)
{
	char text[JOURNAL_MAX_BYTES];
	size_t len;

	if (journal->fd < 0)
		return 0;
	len = journal_text_format(&journal->state, text);
	if (pwrite(journal->fd, text, len, 0) != (ssize_t)len)
		return -1;
	return ftruncate(journal->fd, (off_t)len);
}

/* --- who and when --------------------------------------------------------------------------------------- */

static void read_boot_id(char *ret, size_t size)
{
	int fd = open(BOOT_ID, O_RDONLY | O_CLOEXEC);
	ssize_t len = fd >= 0 ? read(fd, ret, size - 1) : 0;

	if (fd >= 0)
		close(fd);
	ret[len > 0 ? len : 0] = '\0';
	ret[strcspn(ret, "\n")] = '\0';
}

static int say_busy(int fd, const struct modem_identity *identity, struct esim_error *err)
{
	struct journal_state state;

	read_state(fd, &state);
	if (state.owner == (unsigned)getpid())
		esim_error_set(err, ESIM_EBUSY, "this program already uses the modem %s", identity->port);
	else if (state.owner)
		esim_error_set(err, ESIM_EBUSY, "%s (process %u) uses the modem %s",
			       state.program[0] ? state.program : "a program", state.owner, identity->port);
	else
		esim_error_set(err, ESIM_EBUSY, "another program uses the modem %s", identity->port);
	esim_error_advise(err, "Wait until it is done, or end it.");
	return ESIM_EBUSY;
}

/* Of what the file says, what is still true of this modem in this boot. */
static void take_over(struct journal *journal, const struct modem_identity *identity)
{
	struct journal_state *state = &journal->state;
	char boot[sizeof(state->boot)];

	read_state(journal->fd, state);
	read_boot_id(boot, sizeof(boot));
	if (!boot[0] || strcmp(boot, state->boot) != 0 || state->devnum != identity->devnum)
		state->count = 0;
	snprintf(state->boot, sizeof(state->boot), "%s", boot);
	state->devnum = identity->devnum;
	state->owner = (unsigned)getpid();
	snprintf(state->program, sizeof(state->program), "%.*s", (int)sizeof(state->program) - 1,
		 program_invocation_short_name);
}

static int lock_file(struct journal *journal, const struct modem_identity *identity, struct esim_error *err)
{
	if (flock(journal->fd, LOCK_EX | LOCK_NB) != 0)
		return errno == EWOULDBLOCK ? say_busy(journal->fd, identity, err) :
			esim_error_errno(err, ESIM_EIO, errno, "the journal of the modem %s", identity->port);
	take_over(journal, identity);
	if (write_state(journal))
		return esim_error_errno(err, ESIM_EIO, errno, "the journal of the modem %s", identity->port);
	return 0;
}

int journal_open(const struct modem_identity *identity, struct journal **ret,
		 struct journal_channel ret_left[static JOURNAL_MAX_CHANNELS], size_t *ret_left_count,
		 struct esim_error *err)
{
	struct journal *journal = calloc(1, sizeof(*journal));
	int directory, rc = 0;

	if (!journal)
		return esim_error_set(err, ESIM_ENOMEM, "out of memory");
	directory = open_place();
	journal->fd = directory >= 0 ? open_file(directory, identity->key) : -1;
	if (directory >= 0) {
		/* A place is there and its file cannot be had: two owners would not see each other. */
		if (journal->fd < 0)
			rc = esim_error_errno(err, ESIM_EIO, errno, "the journal of the modem %s", identity->port);
		close(directory);
	}
	if (!rc && journal->fd >= 0)
		rc = lock_file(journal, identity, err);
	if (rc) {
		if (journal->fd >= 0)
			close(journal->fd);
		free(journal);
		return rc;
	}
	*ret_left_count = journal->state.count;
	memcpy(ret_left, journal->state.channels, sizeof(journal->state.channels));
	*ret = journal;
	return 0;
}

void journal_close(struct journal **journal)
{
	if (!journal || !*journal)
		return;
	if ((*journal)->fd >= 0) {
		(*journal)->state.owner = 0;
		(void)write_state(*journal);
		close((*journal)->fd);
	}
	free(*journal);
	*journal = NULL;
}

/* --- channels --------------------------------------------------------------------------------------------- */

static void remove_channel(struct journal_state *state, uint32_t channel)
{
	for (size_t i = 0; i < state->count; i++)
		if (state->channels[i].channel == channel) {
			state->count--;
			memmove(&state->channels[i], &state->channels[i + 1],
				(state->count - i) * sizeof(state->channels[0]));
			return;
		}
}

static int record(struct journal *journal, const struct journal_channel *channel, struct esim_error *err)
{
	struct journal_state before = journal->state;

	if (channel->channel != JOURNAL_PENDING)
		remove_channel(&journal->state, JOURNAL_PENDING);
	remove_channel(&journal->state, channel->channel);
	if (journal->state.count == JOURNAL_MAX_CHANNELS) {
		journal->state = before;
		return esim_error_set(err, ESIM_ETOOBIG, "more than %d channels are open", JOURNAL_MAX_CHANNELS);
	}
	journal_state_add(&journal->state, channel);
	if (write_state(journal)) {
		journal->state = before;
		return esim_error_errno(err, ESIM_EIO, errno, "the journal of open channels");
	}
	return 0;
}

int journal_opening(struct journal *journal, const struct journal_channel *channel, struct esim_error *err)
{
	struct journal_channel pending = *channel;

	pending.channel = JOURNAL_PENDING;
	return record(journal, &pending, err);
}

int journal_opened(struct journal *journal, const struct journal_channel *channel, struct esim_error *err)
{
	return record(journal, channel, err);
}

void journal_closed(struct journal *journal, uint32_t channel)
{
	remove_channel(&journal->state, channel);
	/* Where it cannot be written, the next owner closes a channel that is closed: harmless. */
	(void)write_state(journal);
}

/* --- the slot --------------------------------------------------------------------------------------------- */

int journal_slot_switching(struct journal *journal, const struct journal_slots *slots, struct esim_error *err)
{
	const struct journal_slots before = journal->state.slots;

	journal->state.slots = *slots;
	if (write_state(journal) == 0)
		return 0;
	journal->state.slots = before;
	return esim_error_errno(err, ESIM_EIO, errno, "the journal of the modem's slot");
}

void journal_slot_restored(struct journal *journal)
{
	journal->state.slots = (struct journal_slots){ 0 };
	(void)write_state(journal);
}

bool journal_slot_left(const struct journal *journal, struct journal_slots *ret)
{
	*ret = journal->state.slots;
	return ret->before != 0;
}

/* --- all of it --------------------------------------------------------------------------------------------- */

void journal_all_closed(struct journal *journal, const struct modem_identity *identity)
{
	journal->state.count = 0;
	journal->state.devnum = identity->devnum;
	(void)write_state(journal);
}
