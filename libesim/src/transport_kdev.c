/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The kernel's eUICC devices, `/dev/euiccN` (euicc(4)). Each channel is a file of its
 * own, which the kernel locks to the application that was selected; one more file, that
 * never has a channel, is there to ask what the device is. The basic channel, where the
 * process may have it, is a file too.
 *
 * The calls block in the kernel. A cancel handle stops them by a watch: the trigger
 * itself spoils the arguments of a call that has not begun, which the kernel then
 * refuses with EINVAL, and ends one that has with EUICC_CANCEL.
 */
#include "kdev_error.h"
#include "transport_schemes.h"

#include <linux/euicc.h>

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <unistd.h>

#define MAX_CHANNELS 32			/* files that the kernel gives on one device */
#define SW_SIZE 2

struct kdev {
	char path[256];
	int fd;				/* has no channel */
	int basic;			/* the basic channel's file; -1: not opened yet */
	int channels[MAX_CHANNELS];	/* -1: free */
	const struct esim_cancel *cancel;
	struct euicc_xfer_entry entries[EUICC_BATCH_MAX];
	uint8_t commands[EUICC_AREA_MAX];
	uint8_t responses[EUICC_AREA_MAX];
};

/* --- calls that block and can be cancelled ---------------------------------------------- */

struct call {
	struct esim_cancel_watch watch;		/* first: stop_call() finds the rest by it */
	int fd;
	volatile uint32_t *reserved;		/* of the arguments: not zero is EINVAL */
};

static void stop_call(struct esim_cancel_watch *watch)
{
	struct call *call = (struct call *)watch;

	*call->reserved = 1;
	ioctl(call->fd, EUICC_CANCEL);
}

/*
 * 0 or an errno. ECANCELED: cancelled before the call began. Another signal's handler
 * is none of the caller's wishes: where nothing was sent, the call begins again.
 */
static int call_kernel(struct kdev *t, int fd, unsigned long request, void *arguments,
		       volatile uint32_t *reserved)
{
	struct call call = { { stop_call }, fd, reserved };
	int failure, r = esim_cancel_watch(t->cancel, &call.watch);

	if (r)
		return r == ESIM_ECANCELED ? ECANCELED : EBUSY;
	do
		failure = ioctl(fd, request, arguments) < 0 ? errno : 0;
	while (failure == EINTR && !*reserved);
	esim_cancel_unwatch(t->cancel, &call.watch);
	return failure == EINVAL && *reserved ? ECANCELED : failure;
}

/* The kernel takes no more, and takes 0 for its own default. */
static uint32_t timeout_for_kernel(unsigned timeout_ms)
{
	if (timeout_ms == 0)
		return 1;
	return timeout_ms < EUICC_TIMEOUT_MAX ? timeout_ms : EUICC_TIMEOUT_MAX;
}

/* --- channels ------------------------------------------------------------------------------ */

static int open_file(struct kdev *t, struct esim_error *err)
{
	int fd;

	do
		fd = open(t->path, O_RDWR | O_CLOEXEC);
	while (fd < 0 && errno == EINTR);
	return fd >= 0 ? fd : kdev_error_open(err, t->path, errno);
}

static void close_file(int *fd)
{
	if (*fd >= 0)
		close(*fd);
	*fd = -1;
}

/* A file with the channel that @args ask for, or a negative code. */
static int open_channel_file(struct kdev *t, struct euicc_open_channel *args, struct esim_error *err)
{
	int failure, fd = open_file(t, err);

	if (fd < 0)
		return fd;
	failure = call_kernel(t, fd, EUICC_OPEN_CHANNEL, args, &args->reserved[0]);
	if (!failure)
		return fd;
	close(fd);
	return kdev_error_channel(err, failure, args->sw);
}

static int kdev_channel_open(void *priv, unsigned port, struct esim_slice aid, uint8_t p2,
			     uint32_t *ret_handle, struct esim_buf *fci, unsigned timeout_ms,
			     struct esim_error *err)
{
	struct euicc_open_channel args = {
		.aid_len = (uint8_t)aid.len,
		.p2 = p2,
		.timeout_ms = timeout_for_kernel(timeout_ms),
	};
	struct kdev *t = priv;
	uint32_t handle = 0;
	int fd;

	if (port != 0)
		return esim_error_set(err, ESIM_ENOTSUP, "this device has no eSIM port but 0");
	if (aid.len > sizeof(args.aid))
		return esim_error_set(err, ESIM_EINVAL, "an AID has at most %zu bytes", sizeof(args.aid));
	if (aid.len > 0)
		memcpy(args.aid, aid.data, aid.len);
	while (handle < MAX_CHANNELS && t->channels[handle] >= 0)
		handle++;
	if (handle == MAX_CHANNELS)
		return esim_error_set(err, ESIM_EBUSY, "%d channels are open already", MAX_CHANNELS);
	fd = open_channel_file(t, &args, err);
	if (fd < 0)
		return fd;
	if (args.fci_len <= sizeof(args.fci))
		esim_buf_append(fci, args.fci, args.fci_len);
	t->channels[handle] = fd;
	*ret_handle = handle;
	return 0;
}

static void kdev_channel_close(void *priv, uint32_t handle)
{
	struct kdev *t = priv;

	if (handle < MAX_CHANNELS)
		close_file(&t->channels[handle]);
}

/* --- commands ------------------------------------------------------------------------------- */

static int fill_entries(struct kdev *t, const struct esim_transport_batch *batch,
			struct euicc_xfer *xfer, struct esim_error *err)
{
	size_t used = 0;

	if (batch->count == 0 || batch->count > EUICC_BATCH_MAX)
		return esim_error_set(err, ESIM_EINVAL, "a batch has 1 to %d commands", EUICC_BATCH_MAX);
	for (size_t i = 0; i < batch->count; i++) {
		const struct esim_slice command = batch->commands[i];

		if (command.len > sizeof(t->commands) - used)
			return esim_error_set(err, ESIM_ETOOBIG, "a batch has at most %zu bytes",
					      sizeof(t->commands));
		t->entries[i] = (struct euicc_xfer_entry){
			.command_offset = (uint32_t)used,
			.command_len = (uint32_t)command.len,
			.flags = batch->stop_on_data ? EUICC_XFER_STOP_ON_DATA : 0,
			.timeout_ms = timeout_for_kernel(batch->timeout_ms),
			.sw_wanted = batch->sw_wanted,
			.sw_mask = batch->sw_mask,
			.status = -EINPROGRESS,
		};
		if (command.len > 0)
			memcpy(t->commands + used, command.data, command.len);
		used += command.len;
	}
	*xfer = (struct euicc_xfer){
		.entries = (uintptr_t)t->entries,
		.commands = (uintptr_t)t->commands,
		.responses = (uintptr_t)t->responses,
		.entry_count = (uint32_t)batch->count,
		.commands_len = (uint32_t)used,
		.responses_size = sizeof(t->responses),
	};
	return 0;
}

/* Does the batch end with @entry, which was answered, because it was asked to? */
static bool ends_batch(const struct euicc_xfer_entry *entry)
{
	return (entry->sw & entry->sw_mask) != entry->sw_wanted ||
	       ((entry->flags & EUICC_XFER_STOP_ON_DATA) && entry->response_len > 0);
}

/* What became of a command that has no answer to show. */
static int failed_entry(struct kdev *t, const struct euicc_xfer_entry *entry, struct esim_error *err)
{
	int r;

	if (entry->status == -EOVERFLOW) {
		r = esim_error_set(err, ESIM_ETOOBIG,
				   "the card answered %04X with %u bytes, more than there is room for",
				   entry->sw, entry->response_len);
		if (err)
			err->sw = entry->sw;
		return r;
	}
	r = kdev_error_status(err, entry->status);
	if (entry->status == -ECANCELED && esim_cancel_triggered(t->cancel)) {
		r = esim_error_set(err, ESIM_ECANCELED, "cancelled before the command was sent");
		esim_error_outcome(err, r, ESIM_OUTCOME_NEVER_SENT);
	}
	return r;
}

static int take_answer(struct kdev *t, const struct euicc_xfer_entry *entry,
		       struct esim_buf *responses, size_t *ret_length, struct esim_error *err)
{
	const uint8_t sw[SW_SIZE] = { (uint8_t)(entry->sw >> 8), (uint8_t)entry->sw };
	int r;

	if (entry->response_offset > sizeof(t->responses) ||
	    entry->response_len > sizeof(t->responses) - entry->response_offset)
		return esim_error_set(err, ESIM_EPROTO, "the kernel's answer lies beside its area");
	esim_buf_append(responses, t->responses + entry->response_offset, entry->response_len);
	esim_buf_append(responses, sw, sizeof(sw));
	*ret_length = entry->response_len + sizeof(sw);
	r = esim_buf_failed(responses);
	return r ? esim_error_set(err, r, "no room for an answer of %u bytes", entry->response_len) : 0;
}

static int transfer(struct kdev *t, int fd, const struct esim_transport_batch *batch,
		    struct esim_buf *responses, size_t *lengths, size_t *ret_done,
		    struct esim_error *err)
{
	struct euicc_xfer xfer;
	int failure, r = fill_entries(t, batch, &xfer, err);

	*ret_done = 0;
	if (r)
		return r;
	failure = call_kernel(t, fd, EUICC_XFER, &xfer, &xfer.reserved[0]);
	if (failure)
		return kdev_error_xfer(err, failure);
	for (size_t i = 0; i < batch->count; i++) {
		const struct euicc_xfer_entry *entry = &t->entries[i];

		if (entry->status)
			return failed_entry(t, entry, err);
		r = take_answer(t, entry, responses, &lengths[i], err);
		if (r)
			return r;
		*ret_done = i + 1;
		if (ends_batch(entry))
			return 0;
	}
	return 0;
}

static int channel_fd(const struct kdev *t, uint32_t handle, struct esim_error *err)
{
	if (handle < MAX_CHANNELS && t->channels[handle] >= 0)
		return t->channels[handle];
	return kdev_error_xfer(err, ENOTCONN);
}

static int kdev_channel_transmit_batch(void *priv, uint32_t handle,
				       const struct esim_transport_batch *batch,
				       struct esim_buf *responses, size_t *lengths, size_t *ret_done,
				       struct esim_error *err)
{
	int fd = channel_fd(priv, handle, err);

	*ret_done = 0;
	return fd < 0 ? fd : transfer(priv, fd, batch, responses, lengths, ret_done, err);
}

static int transmit_one(struct kdev *t, int fd, struct esim_slice command, struct esim_buf *response,
			unsigned timeout_ms, struct esim_error *err)
{
	const struct esim_transport_batch batch = {
		.commands = &command, .count = 1, .timeout_ms = timeout_ms,
	};
	size_t length, done;

	return transfer(t, fd, &batch, response, &length, &done, err);
}

static int kdev_channel_transmit(void *priv, uint32_t handle, struct esim_slice command,
				 struct esim_buf *response, unsigned timeout_ms,
				 struct esim_error *err)
{
	int fd = channel_fd(priv, handle, err);

	return fd < 0 ? fd : transmit_one(priv, fd, command, response, timeout_ms, err);
}

/* The basic channel is taken with the first command that wants it: others may need it too. */
static int kdev_transmit(void *priv, struct esim_slice command, struct esim_buf *response,
			 unsigned timeout_ms, struct esim_error *err)
{
	struct euicc_open_channel args = {
		.flags = EUICC_OPEN_BASIC,
		.timeout_ms = timeout_for_kernel(timeout_ms),
	};
	struct kdev *t = priv;
	int fd;

	if (t->basic < 0) {
		fd = open_channel_file(t, &args, err);
		if (fd < 0)
			return fd;
		t->basic = fd;
	}
	return transmit_one(t, t->basic, command, response, timeout_ms, err);
}

/* --- the device -------------------------------------------------------------------------------- */

static void kdev_describe(void *priv, struct esim_transport_info *ret)
{
	struct kdev *t = priv;
	struct euicc_info info = { 0 };

	snprintf(ret->scheme, sizeof(ret->scheme), "kdev");
	snprintf(ret->name, sizeof(ret->name), "%.60s", t->path);
	ret->features = ESIM_TRANSPORT_OWNED | ESIM_TRANSPORT_CASE4;
	ret->max_batch = 1;
	if (ioctl(t->fd, EUICC_GET_INFO, &info) < 0)
		return;
	snprintf(ret->name, sizeof(ret->name), "%.60s (%.*s)", t->path,
		 (int)strnlen(info.name, sizeof(info.name) - 1), info.name);
	if (info.features & EUICC_FEATURE_BASIC)
		ret->features |= ESIM_TRANSPORT_RAW;
	if (info.features & (EUICC_FEATURE_WARM | EUICC_FEATURE_COLD))
		ret->features |= ESIM_TRANSPORT_RESET;
	if (info.features & EUICC_FEATURE_EXTENDED)
		ret->features |= ESIM_TRANSPORT_EXTENDED;
	ret->max_batch = info.max_batch < ESIM_MAX_BATCH ? info.max_batch : ESIM_MAX_BATCH;
	ret->max_data = transport_max_data(info.max_command);
	if (info.atr_len <= sizeof(ret->atr)) {
		memcpy(ret->atr, info.atr, info.atr_len);
		ret->atr_len = info.atr_len;
	}
}

/*
 * To the kernel each of our files is a program of its own, and a reset is refused while
 * another than the one that asks has a channel: one of those with a channel asks, and the
 * rest are closed. They would not live through the reset anyway.
 */
static int file_for_reset(struct kdev *t)
{
	int *asks = &t->basic;

	for (size_t i = 0; i < MAX_CHANNELS; i++)
		if (t->channels[i] >= 0) {
			close_file(asks);
			asks = &t->channels[i];
		}
	return *asks >= 0 ? *asks : t->fd;
}

static void close_channels(struct kdev *t)
{
	for (size_t i = 0; i < MAX_CHANNELS; i++)
		close_file(&t->channels[i]);
	close_file(&t->basic);
}

static int kdev_reset(void *priv, enum esim_reset kind, struct esim_error *err)
{
	struct euicc_reset args = {
		.kind = kind == ESIM_RESET_WARM ? EUICC_RESET_WARM :
			kind == ESIM_RESET_COLD ? EUICC_RESET_COLD : EUICC_RESET_ANY,
	};
	struct kdev *t = priv;
	int fd = file_for_reset(t);
	int failure = call_kernel(t, fd, EUICC_RESET, &args, &args.reserved[0]);

	if (failure)
		return kdev_error_reset(err, failure);
	close_channels(t);
	return 0;
}

static void kdev_set_cancel(void *priv, const struct esim_cancel *cancel)
{
	((struct kdev *)priv)->cancel = cancel;
}

static void kdev_close(void *priv)
{
	struct kdev *t = priv;

	close_channels(t);
	close_file(&t->fd);
	/* Commands and answers may have held what is secret. */
	explicit_bzero(t, sizeof(*t));
	free(t);
}

static const struct esim_transport_ops kdev_ops = {
	.close = kdev_close,
	.describe = kdev_describe,
	.transmit = kdev_transmit,
	.channel_open = kdev_channel_open,
	.channel_transmit = kdev_channel_transmit,
	.channel_close = kdev_channel_close,
	.reset = kdev_reset,
	.set_cancel = kdev_set_cancel,
	.channel_transmit_batch = kdev_channel_transmit_batch,
};

/* --- opening -------------------------------------------------------------------------------------- */

/* Whoever knows mbimcli and qmicli leaves the scheme out. */
static void advise_scheme(const char *path, struct esim_error *err)
{
	static const char *const ports[] = { "/dev/cdc-wdm", "/dev/wwan", "/dev/tty" };

	for (size_t i = 0; i < sizeof(ports) / sizeof(ports[0]); i++)
		if (strncmp(path, ports[i], strlen(ports[i])) == 0)
			esim_error_advise(err, "A modem's port is named with its protocol: mbim:%.32s, qmi:%.32s or at:%.32s.",
					  path, path, path);
}

static int check_device(struct kdev *t, struct esim_error *err)
{
	struct euicc_info info;

	t->fd = open_file(t, err);
	if (t->fd < 0)
		return t->fd;
	if (!ioctl(t->fd, EUICC_GET_INFO, &info))
		return 0;
	if (errno != ENODEV)
		return esim_error_set(err, ESIM_EINVAL, "%s is no eUICC device", t->path);
	return kdev_error_open(err, t->path, errno);
}

int transport_kdev_open(const char *rest, struct esim_transport **ret, struct esim_error *err)
{
	struct kdev *t = calloc(1, sizeof(*t));
	int r;

	if (!t)
		return esim_error_set(err, ESIM_ENOMEM, "out of memory");
	t->fd = t->basic = -1;
	for (size_t i = 0; i < MAX_CHANNELS; i++)
		t->channels[i] = -1;
	if (strlen(rest) + 1 >= sizeof(t->path))
		r = esim_error_set(err, ESIM_EINVAL, "a device's path has at most %zu bytes",
				   sizeof(t->path) - 1);
	else
		r = snprintf(t->path, sizeof(t->path), "/%s", rest) < 0 ? ESIM_EINVAL :
									   check_device(t, err);
	if (r) {
		advise_scheme(t->path, err);
		kdev_close(t);
		return r;
	}
	r = esim_transport_new(&kdev_ops, t, ret);
	return r ? esim_error_set(err, r, "out of memory") : 0;
}
