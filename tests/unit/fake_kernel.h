/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The kernel's side of euicc(4) in this process: whoever includes this has an open(2) and an
 * ioctl(2) that go before those of the C library. FAKE_DEVICE and its calls end here, everything
 * else goes to the real ones. In no library: every test would be linked with them.
 */
#ifndef UNIT_FAKE_KERNEL_H
#define UNIT_FAKE_KERNEL_H

#include <esim/bytes.h>

#include <linux/euicc.h>

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <stdarg.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#define FAKE_DEVICE "/dev/euicc-of-the-test"
#define FAKE_CALLS 4096

struct fake_call {
	int fd;
	unsigned long request;
	unsigned entries;		/* of an XFER */
};

struct fake_kernel {
	/* what the test sets */
	struct euicc_info info;
	int open_errno;
	bool everywhere;		/* every file dev/euicc… is the device */
	int channel_errno;		/* of OPEN_CHANNEL, with sw */
	uint16_t channel_sw;
	struct esim_slice fci;		/* of OPEN_CHANNEL; what the card gave in answer to SELECT */
	int basic_errno;
	int reset_errno;
	int xfer_errno;			/* once, then 0 again */
	/* Runs before each XFER and after it has read its arguments: where a signal would come. */
	void (*before_xfer)(void), (*within_xfer)(void);
	bool never_sent;		/* a cancelled entry was not on the wire yet */
	size_t fail_at;			/* command, from 1, that ends with ... */
	int fail_status;		/* this status */
	void (*card)(struct esim_slice command, struct esim_buf *answer);	/* with its status word */

	/* what it saw */
	struct fake_call calls[FAKE_CALLS];
	size_t call_count;
	size_t commands;		/* that the card got */
	unsigned files;			/* opened */
	unsigned polls;			/* poll(2), of whatever */
	bool cancelled;			/* EUICC_CANCEL during an XFER */
	struct euicc_open_channel opened;
	uint32_t last_timeout;
};

static struct fake_kernel fake;

static bool in_xfer;

/* Start afresh, with a device that has every feature. */
static void fake_kernel_reset(void)
{
	memset(&fake, 0, sizeof(fake));
	fake.info = (struct euicc_info){
		.features = EUICC_FEATURE_FCI | EUICC_FEATURE_P2 | EUICC_FEATURE_BASIC |
			    EUICC_FEATURE_WARM | EUICC_FEATURE_COLD,
		.card_state = EUICC_CARD_ON,
		.max_batch = EUICC_BATCH_MAX,
		.max_command = 261,
		.max_response = 256,
		.atr_len = 2,
		.atr = { 0x3B, 0x00 },
		.transport = "fake",
		.name = "a reader",
	};
	fake.fci = esim_slice("\x6F\x00", 2);
}

/* How often @request was called. */
static size_t fake_count(unsigned long request)
{
	size_t count = 0;

	for (size_t i = 0; i < fake.call_count; i++)
		count += fake.calls[i].request == request;
	return count;
}

static int fail(int errnum)
{
	errno = errnum;
	return -1;
}

/* A descriptor of the fake device is a pipe's end: closing it is real. */
static int open_fake(int flags)
{
	int ends[2];

	if (fake.open_errno)
		return fail(fake.open_errno);
	if (pipe2(ends, flags & O_CLOEXEC))
		return -1;
	close(ends[0]);
	fake.files++;
	return ends[1];
}

int open(const char *path, int flags, ...)
{
	va_list args;
	mode_t mode = 0;

	if (strcmp(path, FAKE_DEVICE) == 0 || (fake.everywhere && strncmp(path, "dev/euicc", 9) == 0))
		return open_fake(flags);
	va_start(args, flags);
	if (flags & (O_CREAT | O_TMPFILE))
		mode = va_arg(args, mode_t);
	va_end(args);
	return (int)syscall(SYS_openat, AT_FDCWD, path, flags, mode);
}

int poll(struct pollfd *fds, nfds_t count, int timeout)
{
	fake.polls++;
	return (int)syscall(SYS_poll, fds, count, timeout);
}

static int open_channel(struct euicc_open_channel *args)
{
	int errnum = args->flags & EUICC_OPEN_BASIC ? fake.basic_errno : fake.channel_errno;

	fake.opened = *args;
	if (args->reserved[0])
		return fail(EINVAL);
	args->sw = fake.channel_sw;
	if (errnum)
		return fail(errnum);
	args->generation = fake.info.generation;
	args->fci_len = (uint32_t)fake.fci.len;
	memcpy(args->fci, fake.fci.data, fake.fci.len);
	return 0;
}

static void exchange(const struct euicc_xfer *xfer, struct euicc_xfer_entry *entry, size_t *used)
{
	const uint8_t *command = (const uint8_t *)(uintptr_t)xfer->commands + entry->command_offset;
	uint8_t *responses = (uint8_t *)(uintptr_t)xfer->responses;
	struct esim_buf answer = ESIM_BUF_INIT;

	fake.last_timeout = entry->timeout_ms;
	if (fake.card)
		fake.card(esim_slice(command, entry->command_len), &answer);
	else
		esim_buf_append(&answer, "\x90\x00", 2);
	entry->response_len = (uint32_t)answer.len - 2;
	entry->response_offset = (uint32_t)*used;
	entry->sw = (uint16_t)(answer.data[answer.len - 2] << 8 | answer.data[answer.len - 1]);
	memcpy(responses + *used, answer.data, answer.len - 2);
	*used += answer.len - 2;
	entry->status = 0;
	esim_buf_free(&answer);
}

static bool goes_on(const struct euicc_xfer_entry *entry)
{
	return entry->status == 0 && (entry->sw & entry->sw_mask) == entry->sw_wanted &&
	       !((entry->flags & EUICC_XFER_STOP_ON_DATA) && entry->response_len > 0);
}

static int xfer_entries(struct euicc_xfer *xfer)
{
	struct euicc_xfer_entry *entries = (struct euicc_xfer_entry *)(uintptr_t)xfer->entries;
	size_t used = 0, i = 0;

	if (xfer->entry_count == 0 || xfer->entry_count > EUICC_BATCH_MAX || xfer->reserved[0])
		return fail(EINVAL);
	if (fake.xfer_errno) {
		errno = fake.xfer_errno;
		fake.xfer_errno = 0;
		return -1;
	}
	for (size_t j = 0; j < xfer->entry_count; j++)
		entries[j].status = -ECANCELED;
	if (fake.within_xfer)
		fake.within_xfer();
	for (bool on = !(fake.cancelled && fake.never_sent); on && i < xfer->entry_count; i++) {
		fake.commands++;
		if (fake.cancelled)
			entries[i].status = -EINTR;
		else if (fake.commands == fake.fail_at)
			entries[i].status = fake.fail_status;
		else
			exchange(xfer, &entries[i], &used);
		on = goes_on(&entries[i]);
	}
	xfer->done = (uint32_t)i;
	return 0;
}

static int xfer(struct euicc_xfer *args)
{
	int r;

	if (fake.before_xfer)
		fake.before_xfer();
	in_xfer = true;
	r = xfer_entries(args);
	in_xfer = false;
	return r;
}

static bool is_real(int fd)
{
	struct stat status;

	return fstat(fd, &status) || !S_ISFIFO(status.st_mode);
}

int ioctl(int fd, unsigned long request, ...)
{
	va_list args;
	void *argument;

	va_start(args, request);
	argument = va_arg(args, void *);
	va_end(args);
	if (_IOC_TYPE(request) != EUICC_IOC_MAGIC || is_real(fd))
		return (int)syscall(SYS_ioctl, fd, request, argument);
	if (fake.call_count < FAKE_CALLS)
		fake.calls[fake.call_count++] = (struct fake_call){
			fd, request,
			request == EUICC_XFER ? ((struct euicc_xfer *)argument)->entry_count : 0,
		};
	switch (request) {
	case EUICC_GET_INFO:
		memcpy(argument, &fake.info, sizeof(fake.info));
		return 0;
	case EUICC_OPEN_CHANNEL:
		return open_channel(argument);
	case EUICC_XFER:
		return xfer(argument);
	case EUICC_CANCEL:
		fake.cancelled |= in_xfer;
		return 0;
	case EUICC_RESET:
		return fake.reset_errno ? fail(fake.reset_errno) : 0;
	}
	return fail(ENOTTY);
}

#endif
