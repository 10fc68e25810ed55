/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Ways: where a host finds the fronts of a modem. And the loop, in one thread, that they and the control channel run in. */
#ifndef VMODEM_WAY_H
#define VMODEM_WAY_H

#include "vmodem/vmodem.h"

#include <poll.h>

#define VMODEM_WAY_FDS		8	/* most descriptors that a way waits for */
#define VMODEM_LINE_SIZE	4096	/* of a notice, and of an answer to a command */

struct vmodem_way;
struct vmodem_way_ops {
	/* The modem is on the bus: fronts can be reached from now on. Says where by vmodem_way.notice. */
	int (*attach)(struct vmodem_way *way, struct esim_error *err);
	void (*detach)(struct vmodem_way *way);		/* called only where it is attached */
	/* What it waits for, attached or not; at most VMODEM_WAY_FDS. */
	size_t (*wait)(struct vmodem_way *way, struct pollfd *fds);
	void (*take)(struct vmodem_way *way, const struct pollfd *fds, size_t count);
	/* Detached before, or not. */
	void (*close)(struct vmodem_way *way);
};

struct vmodem_way {
	const struct vmodem_way_ops *ops;
	struct vmodem *modem;
	/* A line for those who wait: "listening mbim:/dev/pts/3", "attached 1-1"; "gone …", "detached …". */
	void (*notice)(void *context, const char *line);
	void *context;
};

struct vmodem_serve_options {
	struct vmodem_options modem;
	enum { VMODEM_PTY, VMODEM_USB, VMODEM_QRTR } way;	/* a pty for each protocol, ... */
	const char *pty_link;			/* PREFIX: PREFIX-mbim and so on follow the ptys [none] */
	const char *control;			/* path of a socket for commands [none] */
};

/* Each makes its way, not attached yet. *@ret is to be closed also on failure, after the modem. */
int vmodem_pty_new(struct vmodem *modem, const struct vmodem_serve_options *options, struct vmodem_way **ret,
		   struct esim_error *err);
int vmodem_usb_new(struct vmodem *modem, struct vmodem_way **ret, struct esim_error *err);
int vmodem_qrtr_new(struct vmodem *modem, struct vmodem_way **ret, struct esim_error *err);

/* --- run.c: the loop ------------------------------------------------------------------------------- */

/*
 * Serve until @stop_fd can be read. @command_fd: one more connection for commands, whose owner the call becomes;
 * negative: none. @notice gets a line at a time.
 */
int vmodem_serve(const struct vmodem_serve_options *options, int stop_fd, int command_fd,
		 void (*notice)(void *context, const char *line), void *context, struct esim_error *err);

/* --- thread.c: a modem in a thread of a test's own ----------------------------------------------------- */

struct vmodem_thread;

/* Returns when it has said where each protocol listens. vmodem_stop() ends it, NULL is accepted. */
int vmodem_start(const struct vmodem_serve_options *options, struct vmodem_thread **ret, struct esim_error *err);
void vmodem_stop(struct vmodem_thread **thread);
/* Where @protocol, "mbim" say, listens now; "" where it does not. */
const char *vmodem_where(struct vmodem_thread *thread, const char *protocol, char path[static 128]);
/* A command, see vmodem --help; its answer in @reply (VMODEM_LINE_SIZE, may be NULL). ESIM_EPROTO: it said error. */
int vmodem_ask(struct vmodem_thread *thread, char *reply, const char *format, ...)
	__attribute__((format(printf, 3, 4)));

#endif
