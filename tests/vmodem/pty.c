/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * A way without a kernel module: a pseudo-terminal in raw mode for each protocol, which programs open as
 * they open a modem's port. A modem that leaves the bus hangs them up, and comes back with others; symbolic
 * links follow.
 */
#include "vmodem/way.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/inotify.h>
#include <termios.h>
#include <unistd.h>

#define MAX_PORTS	2
#define MAX_WAITING	(1024 * 1024)

struct port {
	struct vmodem_front front;
	int master;			/* negative: hung up */
	int opened;			/* inotify: somebody opens it; negative: somebody has it open */
	char path[64], link[256];
	struct esim_buf out;		/* what the host has not taken yet */
};

struct pty {
	struct vmodem_way way;
	struct port ports[MAX_PORTS];
	size_t count;
};

/* --- one port ----------------------------------------------------------------------------------------- */

static void hang_up(struct port *port)
{
	if (port->master >= 0)
		close(port->master);
	if (port->opened >= 0)
		close(port->opened);
	port->master = port->opened = -1;
	esim_buf_free(&port->out);
	port->out = ESIM_BUF_INIT_MAX(MAX_WAITING);
	if (port->link[0])
		unlink(port->link);
}

/* What a program did not read is not for the next. Some waits in the terminal itself, which only its slave lets go. */
static void forget_unread(struct port *port)
{
	int slave = open(port->path, O_RDWR | O_NOCTTY | O_NONBLOCK | O_CLOEXEC);

	esim_buf_reset(&port->out);
	tcflush(port->master, TCOFLUSH);
	if (slave < 0)
		return;
	tcflush(slave, TCIFLUSH);
	close(slave);
}

/* No program has it open: a master without a slave is always "ready", so the next open is waited for instead. */
static void wait_for_open(struct port *port)
{
	struct pollfd pollfd = { .fd = port->master };

	forget_unread(port);
	port->opened = inotify_init1(IN_CLOEXEC | IN_NONBLOCK);
	if (port->opened < 0 || inotify_add_watch(port->opened, port->path, IN_OPEN) < 0)
		return;
	/* Opened before the watch was there. */
	if (poll(&pollfd, 1, 0) == 0) {
		close(port->opened);
		port->opened = -1;
	}
}

static int set_raw(int fd)
{
	struct termios termios;

	if (tcgetattr(fd, &termios))
		return -1;
	cfmakeraw(&termios);
	return tcsetattr(fd, TCSANOW, &termios);
}

static int set_link(struct port *port)
{
	char other[sizeof(port->link) + 5];

	if (!port->link[0])
		return 0;
	snprintf(other, sizeof(other), "%s.new", port->link);
	unlink(other);
	return symlink(port->path, other) || rename(other, port->link) ? -1 : 0;
}

static int open_port(struct port *port, struct esim_error *err)
{
	port->master = posix_openpt(O_RDWR | O_NOCTTY | O_NONBLOCK | O_CLOEXEC);
	if (port->master < 0 || grantpt(port->master) || unlockpt(port->master) ||
	    ptsname_r(port->master, port->path, sizeof(port->path)) || set_raw(port->master))
		return esim_error_errno(err, ESIM_EIO, errno, "no pseudo-terminal");
	wait_for_open(port);
	if (set_link(port))
		return esim_error_errno(err, ESIM_EIO, errno, "cannot make %s", port->link);
	return 0;
}

static void flush(struct port *port)
{
	while (port->out.len) {
		ssize_t n = write(port->master, port->out.data, port->out.len);

		if (n <= 0)
			return;
		port->out.len -= (size_t)n;
		memmove(port->out.data, port->out.data + n, port->out.len);
	}
}

/* A host that takes nothing any more loses what is beyond the bound. */
static void send_message(struct vmodem_front *front, struct esim_slice message)
{
	struct port *port = front->way;

	if (port->master < 0 || port->opened >= 0)
		return;
	esim_buf_append_slice(&port->out, message);
	if (esim_buf_failed(&port->out))
		esim_buf_reset(&port->out);
	flush(port);
}

/* Until there is no more, or no program that has it open. */
static void take_port(struct port *port)
{
	uint8_t bytes[8192];
	ssize_t n;

	while ((n = read(port->master, bytes, sizeof(bytes))) > 0) {
		vmodem_feed(&port->front, esim_slice(bytes, (size_t)n));
		if (vmodem_bus(port->front.modem) != VMODEM_BUS_THERE)
			return;
	}
	if (n < 0 && errno == EIO)
		wait_for_open(port);
}

/* --- the way -------------------------------------------------------------------------------------------- */

static struct pty *pty_of(struct vmodem_way *way)
{
	return (struct pty *)way;
}

static void say(struct pty *pty, const char *what, const struct port *port)
{
	char line[128];

	snprintf(line, sizeof(line), "%s %s:%s", what, port->front.ops->name, port->path);
	pty->way.notice(pty->way.context, line);
}

static void pty_detach(struct vmodem_way *way)
{
	struct pty *pty = pty_of(way);

	for (size_t i = 0; i < pty->count; i++) {
		hang_up(&pty->ports[i]);
		say(pty, "gone", &pty->ports[i]);
	}
}

static int pty_attach(struct vmodem_way *way, struct esim_error *err)
{
	struct pty *pty = pty_of(way);
	int r = 0;

	for (size_t i = 0; !r && i < pty->count; i++)
		r = open_port(&pty->ports[i], err);
	for (size_t i = 0; !r && i < pty->count; i++)
		say(pty, "listening", &pty->ports[i]);
	return r;
}

static size_t pty_wait(struct vmodem_way *way, struct pollfd *fds)
{
	struct pty *pty = pty_of(way);

	for (size_t i = 0; i < pty->count; i++) {
		const struct port *port = &pty->ports[i];

		fds[i] = (struct pollfd){
			.fd = port->opened >= 0 ? port->opened : port->master,
			.events = (short)(POLLIN | (port->out.len && port->opened < 0 ? POLLOUT : 0)),
		};
	}
	return pty->count;
}

static void pty_take(struct vmodem_way *way, const struct pollfd *fds, size_t count)
{
	struct pty *pty = pty_of(way);

	for (size_t i = 0; i < count; i++) {
		struct port *port = &pty->ports[i];

		if (!fds[i].revents || vmodem_bus(way->modem) != VMODEM_BUS_THERE)
			continue;
		if (port->opened >= 0) {
			close(port->opened);
			port->opened = -1;
		}
		flush(port);
		take_port(port);
	}
}

static void pty_close(struct vmodem_way *way)
{
	struct pty *pty = pty_of(way);

	for (size_t i = 0; i < pty->count; i++)
		hang_up(&pty->ports[i]);
	free(pty);
}

static const struct vmodem_way_ops pty_ops = {
	.attach = pty_attach,
	.detach = pty_detach,
	.wait = pty_wait,
	.take = pty_take,
	.close = pty_close,
};

static int add_port(struct pty *pty, enum vmodem_protocol protocol, const char *link, struct esim_error *err)
{
	struct port *port = &pty->ports[pty->count];
	const struct vmodem_front_ops *ops = vmodem_front_ops(protocol);
	int r;

	if (!ops)
		return esim_error_set(err, ESIM_ENOTSUP, "this build has no such front");
	*port = (struct port){ .front = { .ops = ops, .send = send_message, .way = port, .late = ESIM_BUF_INIT },
			       .master = -1, .opened = -1, .out = ESIM_BUF_INIT_MAX(MAX_WAITING) };
	if (link && (size_t)snprintf(port->link, sizeof(port->link), "%s-%s", link, ops->name) >= sizeof(port->link))
		return esim_error_set(err, ESIM_EINVAL, "%s is too long for a link", link);
	r = vmodem_front_add(pty->way.modem, &port->front);
	if (r)
		return esim_error_set(err, r, "no front for %s", ops->name);
	pty->count++;
	return 0;
}

int vmodem_pty_new(struct vmodem *modem, const struct vmodem_serve_options *options, struct vmodem_way **ret,
		   struct esim_error *err)
{
	static const enum vmodem_protocol protocols[] = { VMODEM_MBIM, VMODEM_QMI, VMODEM_AT };
	struct pty *pty = calloc(1, sizeof(*pty));
	int r = 0;

	if (!pty)
		return esim_error_set(err, ESIM_ENOMEM, "no memory for a way");
	pty->way = (struct vmodem_way){ .ops = &pty_ops, .modem = modem };
	for (size_t i = 0; !r && i < sizeof(protocols) / sizeof(protocols[0]); i++)
		if (options->modem.protocols & protocols[i])
			r = add_port(pty, protocols[i], options->pty_link, err);
	*ret = &pty->way;
	return r;
}
