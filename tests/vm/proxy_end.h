/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * A transport's end in the hands of the test: it reads each message and writes each answer
 * itself, byte for byte, while a client's call waits in a thread. For proxy_vmtest.c; a card that
 * answers by itself is in fakecard.h.
 */
#ifndef COREESIM_TESTS_VM_PROXY_END_H
#define COREESIM_TESTS_VM_PROXY_END_H

#include <pthread.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <linux/euicc.h>

#include "vm/fakecard_uicc.h"

#define END_DEVICE "/dev/euicc-proxy"

struct end_message {
	struct euicc_proxy_msg msg;
	uint8_t payload[EUICC_PROXY_PAYLOAD_MAX];
};

struct end {
	int fd;				/* O_NONBLOCK */
	unsigned int minor;
	struct end_message in;		/* what end_next() read */
	struct fakecard_options options;
	struct fakecard_uicc uicc;	/* what end_serve() answers with */
	uint8_t out[FAKECARD_ANSWER_MAX];
};

/* NEW_DEV with ARGS, or those of a short-APDU card with an ATR where it is NULL. 0 or -errno; a
 * success fills ARGS' outputs. Never NULL: without memory a test is over. */
struct end *end_new(const struct euicc_proxy_new_dev *args);
/* NEW_DEV alone: 0 or -errno. */
int end_new_dev(struct euicc_proxy_new_dev *args);
struct euicc_proxy_new_dev end_args(void);
void end_close(struct end *end);	/* the transport's end alone; once is enough */
void end_free(struct end *end);		/* NULL is fine */

/* The next message, waited for at most DEVICE_WAIT_MS: end->in. 0 or -errno, -ETIMEDOUT. */
int end_next(struct end *end);
/* The same, and it must be OP: false, with a line on stderr. */
bool end_expect(struct end *end, uint32_t op);
/* Nothing is there to read, now. */
bool end_is_quiet(struct end *end);

/* One write of a message; 0 or -errno. */
int end_send(struct end *end, const struct euicc_proxy_msg *msg, const void *payload);
/* ANSWER to end->in. */
int end_answer(struct end *end, const void *payload, size_t len);
int end_fail(struct end *end, int error);
/* Whatever a small UICC answers to end->in. */
int end_card_answer(struct end *end);

/* --- a client in a thread of its own ------------------------------------------------------- */

enum client_call { CLIENT_OPEN, CLIENT_XFER, CLIENT_RESET, CLIENT_READ, CLIENT_POLL };

struct client {
	enum client_call call;
	int fd;
	uint32_t timeout_ms;		/* 0: the default */
	uint8_t command[512];		/* XFER */
	size_t command_len;
	/* after client_wait() */
	int result;			/* 0 or -errno; POLL: what came */
	struct euicc_open_channel open;
	struct euicc_xfer_entry entry;	/* one, and what the call made of it */
	struct euicc_xfer xfer;
	uint8_t response[65538];
	struct euicc_event event;
	/* inside */
	pthread_t thread;
	int over;			/* eventfd */
	bool started;
};

/* Never NULL. FD stays the caller's. */
struct client *client_start(enum client_call call, int fd, uint32_t timeout_ms);
/* An XFER of one command. */
struct client *client_start_xfer(int fd, uint32_t timeout_ms, const void *command, size_t len);
/* Waits for the end of the call, at most DEVICE_WAIT_MS: where it does not come the suite is
 * over. The result. */
int client_wait(struct client *client);
void client_free(struct client *client);	/* waits; NULL is fine */

/* Answer as a small UICC until CLIENT's call is over; its result. */
int end_serve(struct end *end, struct client *client);

/* A client's file on END's device with a channel to the ISD-R, or -errno. */
int end_channel(struct end *end);

#endif
