// SPDX-License-Identifier: GPL-2.0-only
/*
 * The line between the core's worker and the program: one request at a time, its answer, and the
 * notices that go before it.
 *
 * A request is over for the worker when it is answered, when its time has passed or when the
 * device goes. What nobody had read by then was never sent, for nobody can read it any more; what
 * somebody had read is unknown, and a CANCEL says so to the program.
 */
#include <linux/err.h>
#include <linux/lockdep.h>
#include <linux/poll.h>
#include <linux/string.h>

#include "euicc_proxy.h"

/* What is next in line; NULL: nothing that has not been taken. */
static const struct euicc_proxy_msg *next_message(const struct euicc_proxy *proxy)
{
	lockdep_assert_held(&proxy->lock);
	if (proxy->notice_count)
		return &proxy->notices[0];
	if (proxy->request && !proxy->request->taken)
		return &proxy->request->msg;
	return NULL;
}

/* After every change of the line. */
static void line_changed(struct euicc_proxy *proxy)
{
	bool readable = next_message(proxy);

	WRITE_ONCE(proxy->readable, readable);
	if (readable)
		wake_up_interruptible_poll(&proxy->readers, EPOLLIN | EPOLLRDNORM);
}

/* --- notices ----------------------------------------------------------------------- */

static void insert_notice(struct euicc_proxy *proxy, size_t at, const struct euicc_proxy_msg *msg)
{
	lockdep_assert_held(&proxy->lock);
	if (proxy->notice_count == EUICC_PROXY_NOTICES)
		return;
	memmove(&proxy->notices[at + 1], &proxy->notices[at],
		(proxy->notice_count - at) * sizeof(proxy->notices[0]));
	proxy->notices[at] = *msg;
	proxy->notice_count++;
}

static void remove_notice(struct euicc_proxy *proxy, size_t at)
{
	lockdep_assert_held(&proxy->lock);
	proxy->notice_count--;
	memmove(&proxy->notices[at], &proxy->notices[at + 1],
		(proxy->notice_count - at) * sizeof(proxy->notices[0]));
}

static void forget_channels(struct euicc_proxy *proxy)
{
	size_t i = 0;

	lockdep_assert_held(&proxy->lock);
	while (i < proxy->notice_count) {
		if (proxy->notices[i].op == EUICC_PROXY_CLOSE)
			remove_notice(proxy, i);
		else
			i++;
	}
	memset(proxy->lost_opens, 0, sizeof(proxy->lost_opens));
	line_changed(proxy);
}

void euicc_proxy_session_over(struct euicc_proxy *proxy)
{
	mutex_lock(&proxy->lock);
	forget_channels(proxy);
	mutex_unlock(&proxy->lock);
}

void euicc_proxy_new_card(struct euicc_proxy *proxy, const u8 *atr, size_t len)
{
	mutex_lock(&proxy->lock);
	proxy->atr_len = len;
	if (len)
		memcpy(proxy->atr, atr, len);
	forget_channels(proxy);
	mutex_unlock(&proxy->lock);
}

/* --- channels that nobody waits for any more ------------------------------------------ */

static void remember_lost_open(struct euicc_proxy *proxy, u32 id)
{
	lockdep_assert_held(&proxy->lock);
	proxy->lost_opens[proxy->lost_at] = id;
	proxy->lost_at = (proxy->lost_at + 1) % EUICC_PROXY_LOST_OPENS;
}

/* ISO/IEC 7816-4, 5.1.3 and ETSI TS 102 221, 10.2.1: done, with or without a remark. */
static bool sw_is_success(const u8 *sw)
{
	return sw[0] == 0x90 || sw[0] == 0x91 || sw[0] == 0x9F ||
	       (sw[0] >= 0x61 && sw[0] <= 0x63);
}

/* An answer to a request that is over. */
static void drop_answer(struct euicc_proxy *proxy, const struct euicc_proxy_msg *msg,
			const u8 *payload)
{
	const struct euicc_proxy_msg close = {
		.id = msg->id,
		.op = EUICC_PROXY_CLOSE,
		.handle = msg->handle,
	};
	unsigned int i;

	lockdep_assert_held(&proxy->lock);
	for (i = 0; i < EUICC_PROXY_LOST_OPENS; i++) {
		if (proxy->lost_opens[i] != msg->id)
			continue;
		proxy->lost_opens[i] = 0;
		if (msg->op == EUICC_PROXY_ANSWER && msg->length >= 2 &&
		    sw_is_success(payload + msg->length - 2)) {
			insert_notice(proxy, proxy->notice_count, &close);
			line_changed(proxy);
		}
	}
}

/* --- the worker's side ------------------------------------------------------------- */

static void put_in_line(struct euicc_proxy *proxy, struct euicc_proxy_request *request)
{
	lockdep_assert_held(&proxy->lock);
	if (!++proxy->last_id)
		proxy->last_id = 1;
	request->msg.id = proxy->last_id;
	proxy->request = request;
	line_changed(proxy);
}

/* The worker leaves; nothing reaches @request from here on. */
static int take_out_of_line(struct euicc_proxy *proxy, struct euicc_proxy_request *request)
{
	const struct euicc_proxy_msg cancel = {
		.id = request->msg.id,
		.op = EUICC_PROXY_CANCEL,
	};
	int r = 0;

	lockdep_assert_held(&proxy->lock);
	proxy->request = NULL;
	if (!request->done && request->seen) {
		insert_notice(proxy, proxy->notice_count, &cancel);
		if (request->msg.op == EUICC_PROXY_OPEN)
			remember_lost_open(proxy, request->msg.id);
		r = proxy->stopped ? -ENODEV : -ETIMEDOUT;
	} else if (!request->done) {
		if (request->msg.op == EUICC_PROXY_CLOSE)
			insert_notice(proxy, proxy->notice_count, &request->msg);
		r = -ECANCELED;
	}
	line_changed(proxy);
	return r;
}

int euicc_proxy_ask(struct euicc_proxy *proxy, struct euicc_proxy_request *request,
		    unsigned long timeout)
{
	int r;

	mutex_lock(&proxy->lock);
	if (proxy->stopped) {
		mutex_unlock(&proxy->lock);
		return -ECANCELED;
	}
	put_in_line(proxy, request);
	mutex_unlock(&proxy->lock);

	/* A transport may take minutes: no load, and no hung task. */
	wait_event_idle_timeout(proxy->worker,
				READ_ONCE(request->done) || READ_ONCE(proxy->stopped), timeout);

	mutex_lock(&proxy->lock);
	r = take_out_of_line(proxy, request);
	mutex_unlock(&proxy->lock);
	return r;
}

void euicc_proxy_stop(struct euicc_proxy *proxy)
{
	mutex_lock(&proxy->lock);
	WRITE_ONCE(proxy->stopped, true);
	mutex_unlock(&proxy->lock);
	wake_up_all(&proxy->worker);
}

/* --- the transport's side ------------------------------------------------------------ */

static size_t message_len(const struct euicc_proxy_msg *msg)
{
	return msg ? sizeof(*msg) + msg->length : 0;
}

size_t euicc_proxy_next_len(struct euicc_proxy *proxy)
{
	size_t len;

	mutex_lock(&proxy->lock);
	len = message_len(next_message(proxy));
	mutex_unlock(&proxy->lock);
	return len;
}

int euicc_proxy_take(struct euicc_proxy *proxy, struct euicc_proxy_msg *to, size_t len)
{
	struct euicc_proxy_request *request;
	const struct euicc_proxy_msg *msg;
	int r = 0;

	mutex_lock(&proxy->lock);
	request = proxy->request;
	msg = next_message(proxy);
	if (!msg || message_len(msg) != len) {
		r = -EAGAIN;
	} else if (proxy->notice_count) {
		*to = *msg;
		remove_notice(proxy, 0);
	} else {
		*to = *msg;
		if (msg->length)
			memcpy(to + 1, request->payload, msg->length);
		request->taken = true;
		request->seen = true;
	}
	line_changed(proxy);
	mutex_unlock(&proxy->lock);
	return r;
}

void euicc_proxy_untake(struct euicc_proxy *proxy, const struct euicc_proxy_msg *msg)
{
	struct euicc_proxy_request *request;

	mutex_lock(&proxy->lock);
	request = proxy->request;
	if (request && request->msg.id == msg->id && request->msg.op == msg->op)
		request->taken = request->done;
	else if (msg->op == EUICC_PROXY_CANCEL || msg->op == EUICC_PROXY_CLOSE)
		insert_notice(proxy, 0, msg);
	line_changed(proxy);
	mutex_unlock(&proxy->lock);
}

/* Never sent, or unknown in one of the ways that the ABI has; anything else is an I/O error. */
static int failure(u32 op, u32 errnum)
{
	switch (errnum) {
	case ETIMEDOUT:
	case ENODEV:
	case ENOMEDIUM:
		return -(int)errnum;
	case ECANCELED:
		return op == EUICC_PROXY_XFER || op == EUICC_PROXY_OPEN ? -ECANCELED : -EIO;
	case ENOSPC:
		return op == EUICC_PROXY_OPEN ? -ENOSPC : -EIO;
	case EOPNOTSUPP:
		return op == EUICC_PROXY_OPEN || op == EUICC_PROXY_RESET ? -EOPNOTSUPP : -EIO;
	default:
		return -EIO;
	}
}

/* Is this the answer that such a request can have? Its handle is its own but for OPEN's. */
static bool answer_is_sane(const struct euicc_proxy_request *request,
			   const struct euicc_proxy_msg *msg)
{
	const size_t sw = 2;

	if (msg->op == EUICC_PROXY_FAILED)
		return !msg->length && msg->handle && msg->handle <= MAX_ERRNO;
	if (msg->length > request->size)
		return false;
	switch (request->msg.op) {
	case EUICC_PROXY_OPEN:
		return msg->length >= sw;
	case EUICC_PROXY_XFER:
		return msg->length >= sw && (!msg->handle || msg->handle == request->msg.handle);
	case EUICC_PROXY_RESET:
		return euicc_proxy_is_atr_len(msg->length) &&
		       (!msg->handle || msg->handle == request->msg.handle);
	default:
		return !msg->handle || msg->handle == request->msg.handle;
	}
}

static void complete_request(struct euicc_proxy_request *request,
			     const struct euicc_proxy_msg *msg, const void *payload)
{
	if (msg->op == EUICC_PROXY_FAILED) {
		request->error = failure(request->msg.op, msg->handle);
	} else {
		request->handle = msg->handle;
		request->len = msg->length;
		if (msg->length)
			memcpy(request->data, payload, msg->length);
	}
	WRITE_ONCE(request->done, true);
}

int euicc_proxy_answer(struct euicc_proxy *proxy, const struct euicc_proxy_msg *msg,
		       const void *payload)
{
	struct euicc_proxy_request *request;
	int r = 0;

	mutex_lock(&proxy->lock);
	request = proxy->request;
	if (!msg->id || (s32)(msg->id - proxy->last_id) > 0)
		r = -EINVAL;	/* no request ever had this id */
	else if (!request || request->msg.id != msg->id || request->done)
		drop_answer(proxy, msg, payload);
	else if (!request->taken || !answer_is_sane(request, msg))
		r = -EINVAL;
	else
		complete_request(request, msg, payload);
	mutex_unlock(&proxy->lock);
	wake_up(&proxy->worker);
	return r;
}
