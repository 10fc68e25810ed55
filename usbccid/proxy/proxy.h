/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * usbccid-proxy: a USB reader as the transport of a /dev/euiccN. From the outside in:
 *
 *   main.c          signals, and one life of the reader after the other
 *   device.c        the device, made as reader and card are
 *   serve.c         requests of the kernel, and news of the card
 *   command_line.c  what the user wants
 */
#ifndef USBCCID_PROXY_H
#define USBCCID_PROXY_H

#include <usbccid.h>

#include <linux/euicc.h>

enum { EXIT_OTHER = 1, EXIT_USAGE = 2 };

/* A line on standard error, with the program's name before it. */
void complain(const char *format, ...) __attribute__((format(printf, 1, 2)));

/* --- command_line.c --- */

struct arguments {
	const char *address;	/* as usbccid_open() has it; "": the only reader */
	const char *name;	/* of the device; NULL: the reader's */
	unsigned slot;
	bool detach, wait;
};

/* 0, EXIT_USAGE, or -1: said what was asked for. */
int command_line(int argc, char **argv, struct arguments *ret);

/* --- one life of the reader --- */

struct request {
	struct euicc_proxy_msg msg;
	uint8_t payload[EUICC_PROXY_PAYLOAD_MAX];
};

struct proxy {
	struct usbccid_reader *reader;
	unsigned slot;
	bool present;		/* what the kernel was told last of the card */
	int end;		/* the transport's end of the device; non-blocking */
	int stop_fd;		/* a signalfd: the program is to end */
	int wake_fd;		/* an epoll of both */
	bool disturbed;		/* not by a request alone: a signal may have come */
	struct request in, out;	/* room for one message each way */
};

enum outcome {
	OUTCOME_FAILED,		/* said why */
	OUTCOME_STOPPED,	/* by a signal */
	OUTCOME_GONE,		/* the reader was unplugged */
};

/* Make the device: sets @proxy->end, ->present and @ret_minor. Else what is to be done instead. */
bool device_make(struct proxy *proxy, const char *name, unsigned *ret_minor, enum outcome *ret_why);

/* Carry out what the kernel asks for, until the end. */
enum outcome serve(struct proxy *proxy);

#endif
