/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The calls on /dev/euiccN, for failnth_vmtest. The card's log is what they are held against. */
#include "vm/device.h"
#include "vm/failnth_call.h"
#include "vm/fakecard.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <stdio.h>
#include <string.h>
#include <sys/ioctl.h>
#include <unistd.h>

#define BATCH 3
#define ANSWER 700	/* bytes: GET RESPONSE several times */

static struct fakecard *card;
static struct device_batch *batch;
static char path[32];
static int fd = -1;
static unsigned int from;	/* records of the card before the call */
static struct euicc_open_channel channel;
static struct euicc_reset reset;
static struct euicc_info info;
static struct euicc_event event;
static uint32_t sequence;

bool failnth_begin(void)
{
	card = fakecard_new(NULL);
	batch = device_batch_new();
	if (!card)
		return false;
	snprintf(path, sizeof(path), "/dev/euicc%u", fakecard_minor(card));
	return true;
}

void failnth_end(void)
{
	fakecard_free(card);
	device_batch_free(batch);
}

/* --- parts of the checks ----------------------------------------------------------------- */

static void fill_batch(void)
{
	uint8_t apdu[64];

	device_batch_clear(batch);
	for (uint32_t tag = 1; tag <= BATCH; tag++)
		device_batch_add(batch, apdu, fakecard_command(apdu, tag, 0x9000, ANSWER, 8, false));
}

/* What each entry says is so: done with the right bytes, or that nobody knows. */
static const char *batch_is_true(void)
{
	for (uint32_t i = 0; i < BATCH; i++) {
		const struct euicc_xfer_entry *entry = &batch->entries[i];

		if (entry->status == -EINPROGRESS)
			continue;
		if (entry->status)
			return "an entry failed on a card that answers";
		if (entry->sw != 0x9000 || entry->response_len != ANSWER)
			return "an entry has another answer than the card gave";
		if (!fakecard_is_response(i + 1, device_batch_response(batch, i), ANSWER))
			return "an entry is done, and its data never came";
	}
	return NULL;
}

/* A fresh file does everything, and closes again: NULL, or what does not work. */
static const char *works(void)
{
	const char *why = NULL;
	int other = device_open(fakecard_minor(card), 0);

	if (other < 0)
		return "after it open() fails";
	fill_batch();
	if (device_isdr_channel(other))
		why = "after it OPEN_CHANNEL fails";
	else if (device_batch_run(other, batch))
		why = "after it XFER fails";
	else
		why = batch_is_true() ? "after it XFER gives something else" : NULL;
	close(other);
	return why;
}

/* Closing is the kernel's work after the last close(): it is waited for. */
static const char *no_channel_left(void)
{
	unsigned int at = from;
	struct fakecard_record record;

	while (fakecard_open_channels(card)) {
		if (!fakecard_wait_record(card, at, FAKECARD_MANAGE_CLOSE, &record))
			return "a channel stays open on the card";
		at = record.order;
	}
	return NULL;
}

/* Closes the file and looks at everything. @why, where it is not NULL, comes first. */
static const char *end(const char *why)
{
	const char *after;

	if (fd >= 0)
		close(fd);
	fd = -1;
	/* First what gives the card a new session, where an event took the old one and its channels. */
	after = works();
	why = why ? why : after;
	after = no_channel_left();
	return why ? why : after;
}

static bool opened(void)
{
	fd = device_open(fakecard_minor(card), 0);
	from = fakecard_count(card);
	return fd >= 0;
}

static bool opened_channel(void)
{
	bool ok = opened() && !device_isdr_channel(fd);

	from = fakecard_count(card);
	return ok;
}

/* --- open and close ------------------------------------------------------------------------ */

static int run_open(void)
{
	fd = open(path, O_RDWR | O_CLOEXEC);
	return fd < 0 ? -errno : 0;
}

static const char *check_open(int rc)
{
	return end(!rc && device_info(fd, &info) ? "the file does not work" : NULL);
}

static const struct failnth_call call_open = {
	.name = "open", .run = run_open,
	.check = check_open,
};

static int run_close(void)
{
	int closing = fd;

	fd = -1;
	return close(closing) ? -errno : 0;
}

static const char *check_close(int rc)
{
	return end(rc ? "close() fails" : NULL);
}

static const struct failnth_call call_close = {
	.name = "close", .prepare = opened_channel,
	.run = run_close, .check = check_close,
};

/* --- GET_INFO --------------------------------------------------------------------------------- */

static int run_info(void)
{
	return ioctl(fd, EUICC_GET_INFO, &info) ? -errno : 0;
}

static const char *check_info(int rc)
{
	return end(!rc && strcmp(info.transport, "proxy") ? "another transport" : NULL);
}

static const struct failnth_call call_info = {
	.name = "GET_INFO", .prepare = opened,
	.run = run_info, .check = check_info,
};

/* --- OPEN_CHANNEL ----------------------------------------------------------------------------- */

static bool prepare_channel(void)
{
	channel = (struct euicc_open_channel){ .aid_len = sizeof(device_isdr) };
	memcpy(channel.aid, device_isdr, sizeof(device_isdr));
	return opened();
}

static int run_channel(void)
{
	return ioctl(fd, EUICC_OPEN_CHANNEL, &channel) ? -errno : 0;
}

static const char *check_channel(int rc)
{
	const char *why = NULL;

	if (rc == -ENOMEM && fakecard_count(card) != from)
		why = "ENOMEM, and the card was spoken to";
	else if (!rc && channel.generation && (channel.sw != 0x9000 || !channel.fci_len))
		why = "success, and half of the results";
	else if (!rc && device_isdr_channel(fd) != -EBUSY)
		why = "success, and there is no channel";
	else if (rc && device_isdr_channel(fd))
		why = "the file cannot open a channel any more";
	return end(why);
}

static const struct failnth_call call_channel = {
	.name = "OPEN_CHANNEL", .prepare = prepare_channel,
	.run = run_channel, .check = check_channel,
};

/* --- XFER --------------------------------------------------------------------------------------- */

static bool prepare_xfer(void)
{
	if (!opened_channel())
		return false;
	fill_batch();
	return true;
}

static int run_xfer(void)
{
	return ioctl(fd, EUICC_XFER, &batch->xfer) ? -errno : 0;
}

static const char *check_xfer(int rc)
{
	const char *why = NULL;

	if (rc && fakecard_count(card) != from)
		why = "an errno, and the card was spoken to";
	else if (!rc)
		why = batch_is_true();
	if (!why && !rc && fakecard_seen(card, from, FAKECARD_COMMAND, 0, NULL) != BATCH)
		why = "success, and the card saw another number of commands";
	return end(why);
}

static const struct failnth_call call_xfer = {
	.name = "XFER", .prepare = prepare_xfer,
	.run = run_xfer, .check = check_xfer,
};

/* --- CANCEL and RESET ---------------------------------------------------------------------------- */

static int run_cancel(void)
{
	return ioctl(fd, EUICC_CANCEL) ? -errno : 0;
}

static const char *check_cancel(int rc)
{
	return end(rc ? "CANCEL fails" : NULL);
}

static const struct failnth_call call_cancel = {
	.name = "CANCEL", .prepare = opened_channel,
	.run = run_cancel, .check = check_cancel,
};

static bool prepare_reset(void)
{
	reset = (struct euicc_reset){ .kind = EUICC_RESET_COLD };
	return opened_channel();
}

static int run_reset(void)
{
	return ioctl(fd, EUICC_RESET, &reset) ? -errno : 0;
}

static const char *check_reset(int rc)
{
	unsigned int resets = fakecard_seen(card, from, FAKECARD_RESET, 0, NULL);
	const char *why = NULL;

	if (rc && resets)
		why = "an errno, and the card was reset";
	else if (!rc && resets != 1)
		why = "success, and the card was not reset once";
	return end(why);
}

static const struct failnth_call call_reset = {
	.name = "RESET", .prepare = prepare_reset,
	.run = run_reset, .check = check_reset,
};

/* --- events --------------------------------------------------------------------------------------- */

static bool prepare_event(void)
{
	sequence = 0;
	return opened_channel() && !fakecard_event(card, EUICC_EVENT_RESET, NULL, 0) &&
	       device_poll(fd, POLLIN, DEVICE_WAIT_MS) & POLLIN;
}

static int run_read(void)
{
	return read(fd, &event, sizeof(event)) < 0 ? -errno : 0;
}

/* An event that could not be copied is still there. */
static const char *check_read(int rc)
{
	if (rc && device_event(fd, &event))
		return end("the event is lost");
	return end(event.sequence == 1 && event.type == EUICC_EVENT_RESET ? NULL : "another event");
}

static const struct failnth_call call_read = {
	.name = "read", .prepare = prepare_event,
	.run = run_read, .check = check_read,
};

static int run_poll(void)
{
	struct pollfd pollfd = { .fd = fd, .events = POLLIN };

	return poll(&pollfd, 1, 0) < 0 ? -errno : 0;
}

static const char *check_poll(int rc)
{
	(void)rc;
	return end(device_event(fd, &event) ? "the event is lost" : NULL);
}

static const struct failnth_call call_poll = {
	.name = "poll", .prepare = prepare_event,
	.run = run_poll, .check = check_poll,
};

const struct failnth_call *const failnth_calls[] = {
	&call_open, &call_close, &call_info, &call_channel, &call_xfer, &call_cancel, &call_reset,
	&call_read, &call_poll, NULL,
};
