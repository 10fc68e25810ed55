/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The card as a transport of the kernel's proxy; see proxy.h and linux/euicc.h. */
#include "veuicc/proxy.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include <linux/euicc.h>

struct request {
	struct euicc_proxy_msg msg;
	uint8_t payload[EUICC_PROXY_PAYLOAD_MAX];
};

/* --- answers --------------------------------------------------------------- */

static int send_message(int fd, const struct euicc_proxy_msg *msg, const uint8_t *payload)
{
	struct esim_buf out = ESIM_BUF_INIT;
	ssize_t n = -1;

	esim_buf_append(&out, msg, sizeof(*msg));
	esim_buf_append(&out, payload, msg->length);
	if (esim_buf_failed(&out))
		errno = ENOMEM;
	else
		n = write(fd, out.data, out.len);
	esim_buf_free(&out);
	return n < 0 ? -errno : 0;
}

static int send_failure(int fd, uint32_t id, int errnum)
{
	struct euicc_proxy_msg msg = { .id = id, .op = EUICC_PROXY_FAILED, .handle = (uint32_t)errnum };

	return send_message(fd, &msg, NULL);
}

/* An answer that the kernel has no room for is a failure of the card. */
static int send_answer(int fd, uint32_t id, struct esim_slice payload)
{
	struct euicc_proxy_msg msg = {
		.id = id,
		.op = EUICC_PROXY_ANSWER,
		.length = (uint32_t)payload.len,
	};
	int r = send_message(fd, &msg, payload.data);

	return r == -EINVAL ? send_failure(fd, id, EIO) : r;
}

/* The card lost its power: its session is over before the command's outcome is told. */
static int send_power_loss(int fd, uint32_t id)
{
	struct euicc_proxy_msg msg = { .op = EUICC_PROXY_EVENT, .handle = EUICC_EVENT_RESET };
	int r = send_message(fd, &msg, NULL);

	return r ? r : send_failure(fd, id, EIO);
}

/* --- requests -------------------------------------------------------------- */

/* A mute card says nothing. */
static int exchange(struct veuicc *card, int fd, const struct request *request)
{
	struct esim_buf response = ESIM_BUF_INIT;
	int r = veuicc_transmit(card, esim_slice(request->payload, request->msg.length), &response);

	if (r == 0)
		r = send_answer(fd, request->msg.id, esim_buf_slice(&response));
	else if (r == ESIM_ENODEV)
		r = send_power_loss(fd, request->msg.id);
	else if (r == ESIM_ETIMEDOUT)
		r = 0;
	else
		r = send_failure(fd, request->msg.id, EIO);
	esim_buf_free(&response);
	return r;
}

static int handle(struct veuicc *card, int fd, const struct request *request)
{
	struct esim_slice atr;

	switch (request->msg.op) {
	case EUICC_PROXY_RESET:
		if (veuicc_power_on(card, &atr))
			return send_failure(fd, request->msg.id, ENOMEDIUM);
		return send_answer(fd, request->msg.id, atr);
	case EUICC_PROXY_XFER:
		return exchange(card, fd, request);
	case EUICC_PROXY_CANCEL:
		return 0;
	default:
		return send_failure(fd, request->msg.id, EOPNOTSUPP);
	}
}

/* One request, if there is one. */
static int read_and_handle(struct veuicc *card, int fd, struct request *request)
{
	ssize_t n = read(fd, request, sizeof(*request));
	int r;

	if (n < 0)
		return errno == EAGAIN || errno == EINTR ? 0 : ESIM_EIO;
	r = handle(card, fd, request);
	explicit_bzero(request, (size_t)n);
	return r ? ESIM_EIO : 0;
}

int veuicc_proxy_talk(struct veuicc *card, int fd, int stop_fd)
{
	struct pollfd fds[] = { { .fd = fd, .events = POLLIN }, { .fd = stop_fd, .events = POLLIN } };
	struct request *request = malloc(sizeof(*request));
	int r = request ? 0 : ESIM_ENOMEM;

	veuicc_watch(card, stop_fd);
	while (!r) {
		if (poll(fds, 2, -1) < 0) {
			r = errno == EINTR ? 0 : ESIM_EIO;
			continue;
		}
		if (fds[1].revents)
			break;
		r = read_and_handle(card, fd, request);
	}
	veuicc_watch(card, -1);
	veuicc_power_off(card);
	free(request);
	return r;
}

/* --- making the device ------------------------------------------------------- */

static int refused(const char *device, int errnum, struct esim_error *err)
{
	int r;

	if (errnum == ENOTTY)
		return esim_error_set(err, ESIM_EINVAL, "%s is not the kernel's proxy", device);
	r = esim_error_errno(err, ESIM_EIO, errnum, "cannot make a device at %s", device);
	if (errnum == ENOENT || errnum == ENXIO || errnum == ENODEV)
		esim_error_advise(err, "Load the module: modprobe euicc_proxy");
	else if (errnum == EPERM || errnum == EACCES)
		esim_error_advise(err, "A transport of the kernel needs root (CAP_SYS_ADMIN).");
	return r;
}

int veuicc_proxy_open(struct veuicc *card, const char *device, int *ret_fd, unsigned *ret_minor,
		      struct esim_error *err)
{
	struct esim_slice atr = veuicc_atr(card);
	struct euicc_proxy_new_dev args = {
		.features = EUICC_FEATURE_BASIC | EUICC_FEATURE_WARM | EUICC_FEATURE_COLD |
			    EUICC_FEATURE_EXTENDED,
		.protocol = EUICC_PROTOCOL_NONE,
		.atr_len = (uint32_t)atr.len,
		.name = "virtual eUICC",
	};
	int fd = open(device, O_RDWR | O_CLOEXEC), r = 0;

	if (fd < 0)
		return refused(device, errno, err);
	memcpy(args.atr, atr.data, atr.len);
	if (ioctl(fd, EUICC_PROXY_NEW_DEV, &args) < 0)
		r = refused(device, errno, err);
	close(fd);
	if (r)
		return r;
	/* A request that poll() has told of may be over when it is read. */
	fcntl(args.fd, F_SETFL, O_NONBLOCK);
	*ret_fd = args.fd;
	*ret_minor = args.minor;
	return 0;
}

int veuicc_serve_proxy(struct veuicc *card, const char *device, int stop_fd, veuicc_ready *ready,
		       struct esim_error *err)
{
	char address[32];
	unsigned minor;
	int fd, r = veuicc_proxy_open(card, device, &fd, &minor, err);

	if (r)
		return r;
	snprintf(address, sizeof(address), "/dev/euicc%u", minor);
	ready(address);
	r = veuicc_proxy_talk(card, fd, stop_fd);
	close(fd);
	return r ? esim_error_set(err, r, "%s: the kernel's proxy does not work", device) : 0;
}
