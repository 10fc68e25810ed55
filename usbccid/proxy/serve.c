/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Requests of the kernel, one at a time, and news of the card; linux/euicc.h has the messages.
 *
 * The kernel does not tell how long a client is ready to wait. Where its time is over the kernel
 * says CANCEL, which makes the end readable while an exchange runs: usbccid breaks the exchange off
 * then, and brings the reader back in step.
 *
 * What ends the card's session is told before the outcome of the request that found out.
 */
#include "proxy.h"

#include <errno.h>
#include <poll.h>
#include <string.h>
#include <unistd.h>

#define EXCHANGE_TIMEOUT EUICC_TIMEOUT_MAX	/* ms: longer than any client waits */

/* --- to the kernel ---------------------------------------------------------------- */

/* @proxy->out with @len bytes of payload; false: the device does not work. */
static bool send_out(struct proxy *proxy, uint32_t id, uint32_t op, uint32_t handle, size_t len)
{
	struct request *out = &proxy->out;
	ssize_t n;

	out->msg = (struct euicc_proxy_msg){
		.id = id,
		.op = op,
		.handle = handle,
		.length = (uint32_t)len,
	};
	n = write(proxy->end, out, sizeof(out->msg) + len);
	explicit_bzero(proxy->out.payload, len);
	return n >= 0;
}

static bool send_event(struct proxy *proxy, uint32_t event)
{
	return send_out(proxy, 0, EUICC_PROXY_EVENT, event, 0);
}

static bool send_failure(struct proxy *proxy, int errnum)
{
	return send_out(proxy, proxy->in.msg.id, EUICC_PROXY_FAILED, (uint32_t)errnum, 0);
}

/* An answer that the kernel has no room for is a failure of the card. */
static bool send_answer(struct proxy *proxy, size_t len)
{
	if (send_out(proxy, proxy->in.msg.id, EUICC_PROXY_ANSWER, 0, len))
		return true;
	return errno == EINVAL && send_failure(proxy, EIO);
}

/* --- news of the card ------------------------------------------------------------------ */

/* The kernel hears of a change once, whoever noticed it first. */
static bool tell_presence(struct proxy *proxy, bool present)
{
	if (present == proxy->present)
		return true;
	proxy->present = present;
	return send_event(proxy, present ? EUICC_EVENT_INSERTED : EUICC_EVENT_REMOVED);
}

static bool tell_change(struct proxy *proxy, const struct usbccid_event *event)
{
	if (event->slot != proxy->slot)
		return true;
	return tell_presence(proxy, event->type == USBCCID_EVENT_INSERTED);
}

/* What happened before this moment: an activation that follows is not undone by it. */
static bool tell_what_was(struct proxy *proxy)
{
	struct usbccid_event event;

	for (;;) {
		if (usbccid_wait(proxy->reader, -1, 0, &event, NULL))
			return true;
		if (event.type != USBCCID_EVENT_INSERTED && event.type != USBCCID_EVENT_REMOVED)
			return true;
		if (!tell_change(proxy, &event))
			return false;
	}
}

/* What the failure of a request says of the card's session. */
static bool tell_loss(struct proxy *proxy, int code)
{
	if (code == USBCCID_ENOMEDIUM)
		return tell_presence(proxy, false);
	return code != USBCCID_ESTALE || send_event(proxy, EUICC_EVENT_RESET);
}

/* --- requests ------------------------------------------------------------------------------ */

/* What the client is to hear of what was sent and failed; a mute card is none to it. */
static int errno_of(int code)
{
	switch (code) {
	case USBCCID_ENOMEDIUM:
	case USBCCID_EMUTE:
		return ENOMEDIUM;
	case USBCCID_ENODEV:
		return ENODEV;
	case USBCCID_ETIMEDOUT:
	case USBCCID_ECANCELED:
		return ETIMEDOUT;
	default:
		return EIO;
	}
}

/* Whatever became of it, the card's session of before is over. */
static bool reset(struct proxy *proxy)
{
	enum usbccid_reset kind = proxy->in.msg.handle == EUICC_RESET_WARM ? USBCCID_WARM : USBCCID_COLD;
	struct usbccid_error err = { 0 };
	struct usbccid_card card;
	int r;

	if (!tell_what_was(proxy))
		return false;
	r = usbccid_power_on(proxy->reader, proxy->slot, kind, EXCHANGE_TIMEOUT, &err);
	if (!r)
		r = usbccid_card(proxy->reader, proxy->slot, EXCHANGE_TIMEOUT, &card, &err);
	proxy->disturbed = r == USBCCID_ECANCELED;
	if (r)
		return (r != USBCCID_ENOMEDIUM || tell_presence(proxy, false)) &&
		       send_failure(proxy, errno_of(r));
	memcpy(proxy->out.payload, card.atr, card.atr_len);
	return tell_presence(proxy, true) && send_answer(proxy, card.atr_len);
}

static bool transmit(struct proxy *proxy)
{
	struct usbccid_error err = { 0 };
	size_t len;
	int r = usbccid_transmit(proxy->reader, proxy->slot, proxy->in.payload, proxy->in.msg.length,
				 proxy->out.payload, sizeof(proxy->out.payload), &len,
				 EXCHANGE_TIMEOUT, &err);

	if (!r)
		return send_answer(proxy, len);
	proxy->disturbed = r == USBCCID_ECANCELED;
	return tell_loss(proxy, r) && send_failure(proxy, err.sent ? errno_of(r) : ECANCELED);
}

static bool handle(struct proxy *proxy)
{
	switch (proxy->in.msg.op) {
	case EUICC_PROXY_RESET:
		return reset(proxy);
	case EUICC_PROXY_XFER:
		return transmit(proxy);
	case EUICC_PROXY_CANCEL:
		/* Its request was answered in this very moment. */
		return true;
	default:
		return send_failure(proxy, EOPNOTSUPP);
	}
}

/* One request, if there is one. */
static bool read_and_handle(struct proxy *proxy)
{
	ssize_t n = read(proxy->end, &proxy->in, sizeof(proxy->in));
	bool good;

	proxy->disturbed = true;
	if (n < 0)
		return errno == EAGAIN || errno == EINTR;
	proxy->disturbed = false;
	usbccid_set_cancel_fd(proxy->reader, proxy->wake_fd);
	good = handle(proxy);
	usbccid_set_cancel_fd(proxy->reader, -1);
	explicit_bzero(&proxy->in, (size_t)n);
	return good;
}

/* --- the loop --------------------------------------------------------------------------------- */

static bool stopped(const struct proxy *proxy)
{
	struct pollfd fd = { .fd = proxy->stop_fd, .events = POLLIN };

	return poll(&fd, 1, 0) > 0;
}

enum outcome serve(struct proxy *proxy)
{
	struct usbccid_error err = { 0 };
	struct usbccid_event event;
	bool good = true;
	int r;

	usbccid_set_cancel_fd(proxy->reader, -1);
	while (good) {
		r = usbccid_wait(proxy->reader, proxy->wake_fd, -1, &event, &err);
		if (r == USBCCID_ENODEV)
			return OUTCOME_GONE;
		if (r) {
			complain("%s", err.message);
			return OUTCOME_FAILED;
		}
		switch (event.type) {
		case USBCCID_EVENT_NONE:
			break;
		case USBCCID_EVENT_INSERTED:
		case USBCCID_EVENT_REMOVED:
			good = tell_change(proxy, &event);
			break;
		case USBCCID_EVENT_GONE:
			return OUTCOME_GONE;
		case USBCCID_EVENT_FD:
			good = read_and_handle(proxy);
			if (proxy->disturbed && stopped(proxy))
				return OUTCOME_STOPPED;
			break;
		}
	}
	complain("the kernel's proxy does not work: %s", strerror(errno));
	return OUTCOME_FAILED;
}
