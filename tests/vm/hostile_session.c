/* SPDX-License-Identifier: GPL-2.0-or-later */
/* A session with a reader that may lie; see hostile_cases.h. */
#include "vm/device.h"
#include "vm/hostile_cases.h"
#include "vm/tap.h"

#include <errno.h>
#include <string.h>
#include <time.h>

static const uint8_t get_eid[] = { 0x80, 0xE2, 0x91, 0x00, 0x06, 0xBF, 0x3E, 0x03, 0x5C, 0x01, 0x5A };
static const uint8_t eid_head[] = { 0xBF, 0x3E, 0x12, 0x5A, 0x10, 0x89 };
#define EID_LEN 21

long hostile_now(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return now.tv_sec * 1000 + now.tv_nsec / 1000000;
}

static bool is_one_of(int r, const int *allowed, size_t count)
{
	for (size_t i = 0; i < count; i++)
		if (r == allowed[i])
			return true;
	return false;
}

#define ONE_OF(r, ...) \
	is_one_of(r, (const int[]){ __VA_ARGS__ }, sizeof((const int[]){ __VA_ARGS__ }) / sizeof(int))

static int reset(int fd, uint32_t timeout_ms)
{
	struct euicc_reset args = { .kind = EUICC_RESET_COLD, .timeout_ms = timeout_ms };

	return device_ioctl(fd, EUICC_RESET, &args);
}

static int open_channel(int fd, uint32_t timeout_ms)
{
	struct euicc_open_channel args = { .aid_len = sizeof(device_isdr), .timeout_ms = timeout_ms };

	memcpy(args.aid, device_isdr, sizeof(device_isdr));
	return device_ioctl(fd, EUICC_OPEN_CHANNEL, &args);
}

/* The call's errno, or the entry's status. *@RET_GOOD: what came is the EID. */
static int ask(int fd, uint32_t timeout_ms, bool *ret_good)
{
	struct euicc_xfer_entry entry = { .command_len = sizeof(get_eid), .timeout_ms = timeout_ms };
	uint8_t response[300];
	struct euicc_xfer args = {
		.entries = (uintptr_t)&entry,
		.commands = (uintptr_t)get_eid,
		.responses = (uintptr_t)response,
		.entry_count = 1,
		.commands_len = sizeof(get_eid),
		.responses_size = sizeof(response),
	};
	int r = device_ioctl(fd, EUICC_XFER, &args);

	*ret_good = !r && !entry.status && entry.sw == 0x9000 && entry.response_len == EID_LEN &&
		    !memcmp(response + entry.response_offset, eid_head, sizeof(eid_head));
	return r ? r : entry.status;
}

static bool in_time(long since, const char *call, const char *name)
{
	long took = hostile_now() - since;

	if (took > HOSTILE_BOUND_MS)
		tap_note("%s: %s took %ld ms", name, call, took);
	return took <= HOSTILE_BOUND_MS;
}

static bool known(bool good, const char *call, int r, const char *name)
{
	if (!good)
		tap_note("%s: %s gave %d", name, call, r);
	return good;
}

bool hostile_session(int fd, const char *name)
{
	long since = hostile_now();
	bool good, eid, kept;
	int r;

	r = reset(fd, HOSTILE_TIMEOUT_MS);
	good = in_time(since, "RESET", name) &&
	       known(ONE_OF(r, 0, -ENOMEDIUM, -ETIMEDOUT, -EIO, -ENODEV), "RESET", r, name);
	/* A reset that comes to its end later has not yet taken the channel away. */
	kept = r == -ETIMEDOUT;
	since = hostile_now();
	r = open_channel(fd, HOSTILE_TIMEOUT_MS);
	good = in_time(since, "OPEN_CHANNEL", name) && good &&
	       known((kept && r == -EBUSY) || ONE_OF(r, 0, -ENOENT, -EREMOTEIO, -ENOSPC, -ENOMEDIUM,
						    -ETIMEDOUT, -EIO, -ENODEV), "OPEN_CHANNEL", r, name);
	if (r && r != -EBUSY)
		return good;
	since = hostile_now();
	r = ask(fd, HOSTILE_TIMEOUT_MS, &eid);
	return in_time(since, "XFER", name) && good &&
	       known(r == 0 ? eid : ONE_OF(r, -ESTALE, -ENOMEDIUM, -ETIMEDOUT, -EIO, -ENODEV, -ECANCELED),
		     "XFER", r, name);
}

/* A reader that is being reset at the moment says EIO. */
bool hostile_works(int fd)
{
	const struct timespec moment = { .tv_nsec = 20000000 };
	long since = hostile_now();
	bool eid = false;
	int r, asked = 0;

	while ((r = open_channel(fd, 0)) == -EIO && hostile_now() - since < HOSTILE_BOUND_MS)
		nanosleep(&moment, NULL);
	if (!r)
		asked = ask(fd, 0, &eid);
	if (r || asked || !eid)
		tap_note("OPEN_CHANNEL %d, XFER %d, EID %s", r, asked, eid ? "right" : "wrong");
	return !r && !asked && eid;
}
