/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What interrupt_vmtest.c shows on a scripted card, with the virtual eUICC in a process of its
 * own: a batch is broken off with each of its APDUs on the wire, and at moments of no choice, and
 * what XFER says is held against veuicc's own log.
 */
#include <errno.h>
#include <fcntl.h>
#include <sched.h>
#include <signal.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "vm/device.h"
#include "vm/tap.h"
#include "vm/thread.h"

#define LOG_MAX (1024 * 1024)
#define SHORT_BATCH 3u

enum action { SIGNAL, CANCEL, UNPLUG, TIMEOUT, POWER_LOSS, RESET };

static const char *const names[] = { "signal", "CANCEL", "unplug", "timeout", "power loss",
				     "RESET FORCE" };

struct card {
	pid_t pid;
	unsigned int minor;
	char dir[32];
	char *log;		/* as it was when it was read last */
	int fd, other;
	struct device_batch *batch;
	struct thread client, resetter;
};

static void fatal(const char *what)
{
	perror(what);
	exit(1);
}

/* --- veuicc ------------------------------------------------------------------------------------ */

static void run_veuicc(const char *dir, int out, const char *fault)
{
	char log[48];

	snprintf(log, sizeof(log), "%s/log", dir);
	dup2(out, STDOUT_FILENO);
	execlp("veuicc", "veuicc", "--state", dir, "--pki", "/pki/nist", "--proxy", "/dev/euicc-proxy",
	       "--log", log, fault ? "--fault" : NULL, fault, NULL);
	_exit(127);
}

static void start(struct card *card, const char *fault)
{
	int pipe_fds[2];
	FILE *out;

	memset(card, 0, sizeof(*card));
	strcpy(card->dir, "/tmp/veuicc.XXXXXX");
	card->log = malloc(LOG_MAX);
	card->batch = device_batch_new();
	if (!card->log || !mkdtemp(card->dir) || pipe2(pipe_fds, O_CLOEXEC) < 0)
		fatal("veuicc");
	card->pid = fork();
	if (card->pid == 0)
		run_veuicc(card->dir, pipe_fds[1], fault);
	close(pipe_fds[1]);
	out = fdopen(pipe_fds[0], "r");
	if (!out || fscanf(out, "listening /dev/euicc%u", &card->minor) != 1)
		fatal("veuicc did not start");
	fclose(out);
	card->fd = device_open(card->minor, 0);
	card->other = device_open(card->minor, 0);
	if (card->fd < 0 || card->other < 0 || device_isdr_channel(card->fd) < 0)
		fatal("no channel to the ISD-R");
}

static void kill_card(struct card *card)
{
	if (card->pid <= 0)
		return;
	kill(card->pid, SIGKILL);
	waitpid(card->pid, NULL, 0);
	card->pid = 0;
}

static void end(struct card *card)
{
	char command[64];

	close(card->fd);
	close(card->other);
	kill_card(card);
	snprintf(command, sizeof(command), "rm -rf %s", card->dir);
	if (system(command) != 0)
		tap_note("%s stays", card->dir);
	device_batch_free(card->batch);
	free(card->log);
}

/* --- its log ------------------------------------------------------------------------------------- */

static const char *read_log(struct card *card)
{
	char path[48];
	ssize_t n = 0;
	int fd;

	snprintf(path, sizeof(path), "%s/log", card->dir);
	fd = open(path, O_RDONLY | O_CLOEXEC);
	if (fd >= 0) {
		n = read(fd, card->log, LOG_MAX - 1);
		close(fd);
	}
	card->log[n > 0 ? n : 0] = '\0';
	return card->log;
}

static unsigned int count(const char *text, const char *what)
{
	unsigned int n = 0;

	for (const char *at = text; (at = strstr(at, what)); at += strlen(what))
		n++;
	return n;
}

/* Until WHAT is there so many times. */
static bool wait_log(struct card *card, const char *what, unsigned int times)
{
	struct timespec begun, now;

	clock_gettime(CLOCK_MONOTONIC, &begun);
	do {
		if (count(read_log(card), what) >= times)
			return true;
		sched_yield();
		clock_gettime(CLOCK_MONOTONIC, &now);
	} while ((now.tv_sec - begun.tv_sec) * 1000 < DEVICE_WAIT_MS);
	tap_note("the log never said %u times: %s", times, what);
	return false;
}

/* --- commands: a search for a profile that is not there, each for another ------------------------- */

#define ICCID_LEN 10

static void put_iccid(uint8_t *iccid, unsigned int number)
{
	memset(iccid, 0x98, ICCID_LEN);
	iccid[ICCID_LEN - 2] = (uint8_t)(0xA0 | number >> 4);
	iccid[ICCID_LEN - 1] = (uint8_t)(0xA0 | (number & 0x0F));
}

/* STORE DATA with ES10c.GetProfilesInfo. */
static void add_search(struct device_batch *batch, unsigned int number, uint32_t timeout_ms)
{
	uint8_t command[5 + 17] = { 0x80, 0xE2, 0x91, 0x00, 17, 0xBF, 0x2D, 0x0E, 0xA0, 0x0C, 0x5A,
				    ICCID_LEN };

	put_iccid(command + 12, number);
	device_batch_add(batch, command, sizeof(command))->timeout_ms = timeout_ms;
}

/* How often the card saw command NUMBER. */
static unsigned int saw(struct card *card, unsigned int number)
{
	char hex[2 * (2 + ICCID_LEN) + 1] = "5A0A";
	uint8_t iccid[ICCID_LEN];

	put_iccid(iccid, number);
	for (unsigned int i = 0; i < ICCID_LEN; i++)
		snprintf(hex + 4 + 2 * i, 3, "%02X", iccid[i]);
	return count(card->log, hex);
}

static bool answered(const struct card *card, unsigned int index)
{
	static const uint8_t nothing[] = { 0xBF, 0x2D, 0x02, 0xA0, 0x00 };
	const struct euicc_xfer_entry *entry = &card->batch->entries[index];

	return entry->sw == 0x9000 && entry->response_len == sizeof(nothing) &&
	       memcmp(device_batch_response(card->batch, index), nothing, sizeof(nothing)) == 0;
}

/* Status against the log. */
static bool honest(struct card *card, int result, unsigned int *unknown)
{
	bool ok = true;

	read_log(card);
	for (unsigned int i = 0; i < card->batch->xfer.entry_count; i++) {
		int status = card->batch->entries[i].status;
		unsigned int seen = saw(card, i);
		bool fine;

		if (result < 0 || status == -ECANCELED)
			fine = seen == 0;
		else if (status == 0)
			fine = seen == 1 && answered(card, i);
		else
			fine = seen <= 1 && (status == -EINTR || status == -ETIMEDOUT ||
					     status == -ENODEV || status == -EIO || status == -ENOMEDIUM);
		*unknown += result == 0 && status != 0 && status != -ECANCELED;
		if (!fine)
			tap_note("result %d: entry %u says %d, the card saw it %u times", result, i, status,
				 seen);
		ok = ok && fine;
	}
	return ok;
}

/* --- broken off ------------------------------------------------------------------------------------ */

static void on_signal(int number)
{
	(void)number;
}

static int run_batch(void *argument)
{
	struct card *card = argument;

	return device_batch_run(card->fd, card->batch);
}

static int run_reset(void *argument)
{
	struct card *card = argument;

	return device_reset(card->other, EUICC_RESET_ANY, EUICC_RESET_FORCE, NULL);
}

static void act(struct card *card, enum action action)
{
	switch (action) {
	case SIGNAL:
		pthread_kill(card->client.id, SIGUSR1);
		break;
	case CANCEL:
		device_cancel(card->fd);
		break;
	case UNPLUG:
		kill_card(card);
		break;
	case RESET:
		thread_start(&card->resetter, run_reset, card);
		break;
	case TIMEOUT:
	case POWER_LOSS:
		/* They come by themselves. */
		break;
	}
}

/* With APDU number N of the card's life on the wire and never answered. */
static void test_at(unsigned int n, enum action action)
{
	bool power = action == POWER_LOSS;
	unsigned int unknown = 0;
	struct card card;
	char fault[32];
	int result;
	bool ok;

	snprintf(fault, sizeof(fault), "%s@%u", power ? "power-loss" : "mute", n);
	start(&card, fault);
	for (unsigned int i = 0; i < SHORT_BATCH; i++)
		add_search(card.batch, i, action == TIMEOUT ? 500 : 0);
	thread_start(&card.client, run_batch, &card);
	ok = wait_log(&card, power ? "< power loss" : "< mute", 1);
	act(&card, action);
	result = thread_join(&card.client);
	ok = honest(&card, result, &unknown) && ok;
	ok = result == 0 && unknown == 1 && ok;
	tap_ok(ok, "veuicc, APDU %u on the wire, %s: unknown, and what follows was never seen", n,
	       names[action]);
	if (!ok)
		tap_note("result %d, %u unknown\n%s", result, unknown, card.log);
	end(&card);
}

/* At the moment when the log has so many lines: somewhere. */
static void test_somewhere(enum action action)
{
	unsigned int unknown = 0, done = 0, rounds = 6;
	bool ok = true;

	for (unsigned int round = 0; round < rounds; round++) {
		struct card card;
		int result;

		start(&card, NULL);
		for (unsigned int i = 0; i < EUICC_BATCH_MAX; i++)
			add_search(card.batch, i, 0);
		thread_start(&card.client, run_batch, &card);
		ok = wait_log(&card, "\n", 4 + 17 * round) && ok;
		act(&card, action);
		result = thread_join(&card.client);
		if (action == RESET)
			ok = thread_join(&card.resetter) == 0 && ok;
		/* What was on the wire comes to its end before another is served. */
		else if (action != UNPLUG)
			ok = device_isdr_channel(card.other) == 0 && ok;
		ok = honest(&card, result, &unknown) && ok;
		done += result == 0 ? card.batch->xfer.done : 0;
		end(&card);
	}
	tap_note("%s: %u entries done, %u unknown, of %u", names[action], done, unknown,
		 rounds * EUICC_BATCH_MAX);
	tap_ok(ok, "veuicc, %s somewhere in a batch of 64: what is told is what was", names[action]);
}

int main(void)
{
	struct sigaction action = { .sa_handler = on_signal };
	unsigned int first, last, unknown = 0;
	struct card card;

	sigaction(SIGUSR1, &action, NULL);
	start(&card, NULL);
	first = count(read_log(&card), "\n") + 1;
	for (unsigned int i = 0; i < SHORT_BATCH; i++)
		add_search(card.batch, i, 0);
	tap_ok(run_batch(&card) == 0 && honest(&card, 0, &unknown) && unknown == 0,
	       "veuicc answers a batch whole");
	last = count(card.log, "\n");
	tap_note("the batch is APDU %u to %u", first, last);
	end(&card);
	TAP_CHECK(last >= first + SHORT_BATCH - 1);
	for (unsigned int n = first; n <= last; n++) {
		for (enum action a = SIGNAL; a <= POWER_LOSS; a++)
			test_at(n, a);
	}
	test_somewhere(SIGNAL);
	test_somewhere(CANCEL);
	test_somewhere(RESET);
	test_somewhere(UNPLUG);
	return tap_exit();
}
