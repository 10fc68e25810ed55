/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What the caller says, taken in by a thread of its own, so that CANCEL and the end of the connection are
 * heard while the modem is at work. There is one request at a time.
 */
#ifndef BROKER_INBOX_H
#define BROKER_INBOX_H

#include <esim/cancel.h>
#include <modem/broker.h>

#include <stdbool.h>

struct broker_message {
	struct broker_request header;
	uint8_t payload[BROKER_MAX_PAYLOAD];
};

struct inbox;

/* @fd and @stop_fd are borrowed. ESIM_ENOMEM, ESIM_EIO. */
int inbox_start(int fd, int stop_fd, struct inbox **ret);
void inbox_end(struct inbox **inbox);

/* Fires at CANCEL of the request that was given out last, and for good at the connection's end. */
const struct esim_cancel *inbox_cancel(const struct inbox *inbox);

/* The next request, checked as far as its lengths go; false: the connection has ended. */
bool inbox_next(struct inbox *inbox, struct broker_message *ret);

/* The request given out last is over: its answer goes out after this call, and the next may come. */
void inbox_answering(struct inbox *inbox);

#endif
