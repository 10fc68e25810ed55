/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * A program as a transport: what the parts of the module share.
 *
 * Two sides meet here. The core's worker calls the operations of euicc_proxy_ops.c and waits there
 * for an answer; the program reads messages and writes answers at its end, euicc_proxy_end.c. What
 * is between them, euicc_proxy_line.c, is under one lock; the user's memory is touched with no
 * lock held.
 *
 * The transport's end owns everything. Its release comes when no read, write or poll is under way
 * any more: it unregisters the device (an unplug for the clients, which wakes the worker), and
 * frees the rest.
 */
#ifndef _EUICC_PROXY_H
#define _EUICC_PROXY_H

#include <linux/fs.h>
#include <linux/mutex.h>
#include <linux/types.h>
#include <linux/wait.h>

#include <euicc/transport.h>

/*
 * What may wait for a transport that reads nothing: closes of all files' channels and of lost
 * OPENs, a CANCEL, and room.
 */
#define EUICC_PROXY_NOTICES	64

/* OPENs that ended unanswered and are remembered. */
#define EUICC_PROXY_LOST_OPENS	8

/**
 * struct euicc_proxy_request - what the worker wants, and the room for the answer
 * @msg: header as it goes up
 * @payload: @msg.length bytes, the caller's
 * @taken: a reader has it
 * @seen: a reader has had it: the card may have got it
 * @done: it is answered, and what follows is valid; written under the lock, polled without
 * @error: 0, or what FAILED stands for
 * @handle: of the answer
 * @data: room for the payload of the answer; NULL with @size 0
 * @size: of @data
 * @len: bytes of the answer's payload
 *
 * Lies on the worker's stack.
 */
struct euicc_proxy_request {
	struct euicc_proxy_msg msg;
	const void *payload;
	bool taken;
	bool seen;
	bool done;
	int error;
	u32 handle;
	void *data;
	size_t size;
	size_t len;
};

/**
 * struct euicc_proxy - one transport
 * @edev: the device
 * @registered: @edev is, so the release has to undo it
 * @lock: of all that follows; held for copies within the kernel, never for the user's
 * @request: under way; NULL where there is none
 * @last_id: of the last request
 * @notices: messages without payload that go up before the request, and whose answers nobody
 *	waits for: CANCEL, and CLOSE that nobody read in time
 * @notice_count: how many
 * @lost_opens: ids of OPENs that were read and not answered in time, 0 where free: a channel that
 *	comes of one is nobody's, and is closed
 * @lost_at: where the next goes
 * @stopped: the device is going; written under the lock, polled without
 * @readable: there is something to read; written under the lock, polled without
 * @atr: what came with a card, for an activation that brings none
 * @atr_len: 0: none
 * @readers: the transport's end waits here for messages
 * @worker: the core's worker waits here for the answer
 */
struct euicc_proxy {
	struct euicc_device *edev;
	bool registered;

	struct mutex lock;	/* the line: all below */
	struct euicc_proxy_request *request;
	u32 last_id;
	struct euicc_proxy_msg notices[EUICC_PROXY_NOTICES];
	size_t notice_count;
	u32 lost_opens[EUICC_PROXY_LOST_OPENS];
	unsigned int lost_at;
	bool stopped;
	bool readable;
	u8 atr[EUICC_ATR_MAX];
	size_t atr_len;

	wait_queue_head_t readers;
	wait_queue_head_t worker;
};

extern const struct euicc_transport_ops euicc_proxy_ops;
extern const struct file_operations euicc_proxy_end_fops;

/* An ATR as messages carry it: none, or TS and T0 at least. */
static inline bool euicc_proxy_is_atr_len(size_t len)
{
	return len == 0 || (len >= 2 && len <= EUICC_ATR_MAX);
}

/* --- the worker's side ------------------------------------------------------------- */

/*
 * Send @request up and wait for its answer, for @timeout jiffies. 0: answered, @request->error
 * says how. -ECANCELED: nobody has read it; -ETIMEDOUT and -ENODEV: it was read, and not answered
 * in time or before the end.
 */
int euicc_proxy_ask(struct euicc_proxy *proxy, struct euicc_proxy_request *request,
		    unsigned long timeout);

/* No request is accepted from here on, and the one under way ends now. */
void euicc_proxy_stop(struct euicc_proxy *proxy);

/* --- the transport's side ------------------------------------------------------------ */

/* Bytes of the message that is next in line; 0: none waits. */
size_t euicc_proxy_next_len(struct euicc_proxy *proxy);

/* Take it: @len bytes at @to, header first. -EAGAIN: what is next now has not @len bytes. */
int euicc_proxy_take(struct euicc_proxy *proxy, struct euicc_proxy_msg *to, size_t len);

/* The reader could not be given what was taken: it is next in line again. */
void euicc_proxy_untake(struct euicc_proxy *proxy, const struct euicc_proxy_msg *msg);

/* ANSWER or FAILED. 0, also where the request is over; -EINVAL. */
int euicc_proxy_answer(struct euicc_proxy *proxy, const struct euicc_proxy_msg *msg,
		       const void *payload);

/* The card's session is over, whatever ended it: so are its channels, and closes that are owed. */
void euicc_proxy_session_over(struct euicc_proxy *proxy);

/* Another card, or none: its ATR, as far as it was told. */
void euicc_proxy_new_card(struct euicc_proxy *proxy, const u8 *atr, size_t len);

/* The end of both sides; the device is not registered, or not any more. */
void euicc_proxy_free(struct euicc_proxy *proxy);

#endif /* _EUICC_PROXY_H */
