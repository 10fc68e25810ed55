/* SPDX-License-Identifier: GPL-2.0-or-later */
/* A modem that runs: its way, its control channel, and what it does about the bus, in one loop. */
#include "vmodem/control.h"

#include <errno.h>
#include <stdlib.h>

struct server {
	struct vmodem *modem;
	struct vmodem_way *way;
	struct vmodem_control control;
	bool attached;
	int failed;
	struct esim_error *err;
};

/* The modem leaves where it wants to, and comes back where it may. */
static void follow_bus(void *context)
{
	struct server *server = context;
	const struct vmodem_way_ops *way = server->way->ops;
	const enum vmodem_bus bus = vmodem_bus(server->modem);

	if (bus == VMODEM_BUS_THERE && server->attached)
		return;
	if (server->attached)
		way->detach(server->way);
	server->attached = false;
	if (bus == VMODEM_BUS_GONE)
		return;
	if (bus == VMODEM_BUS_RESTARTS)
		vmodem_arrived(server->modem);
	server->failed = way->attach(server->way, server->err);
	server->attached = !server->failed;
}

static int loop(struct server *server, int stop_fd)
{
	const struct vmodem_way_ops *way = server->way->ops;
	struct pollfd fds[1 + VMODEM_MAX_CONTROLS + 1 + VMODEM_WAY_FDS];
	struct pollfd *commands = fds + 1, *ways = commands + VMODEM_MAX_CONTROLS + 1;
	size_t count;

	for (;;) {
		follow_bus(server);
		if (server->failed)
			return server->failed;
		fds[0] = (struct pollfd){ .fd = stop_fd, .events = POLLIN };
		vmodem_control_wait(&server->control, commands);
		count = way->wait(server->way, ways);
		if (poll(fds, (nfds_t)((size_t)(ways - fds) + count), -1) < 0) {
			if (errno == EINTR)
				continue;
			return esim_error_errno(server->err, ESIM_EIO, errno, "poll");
		}
		if (fds[0].revents)
			return 0;
		way->take(server->way, ways, count);
		vmodem_control_take(&server->control, commands);
	}
}

static int make_way(const struct vmodem_serve_options *options, struct server *server, struct esim_error *err)
{
	switch (options->way) {
	case VMODEM_USB:
		return vmodem_usb_new(server->modem, &server->way, err);
	case VMODEM_QRTR:
		return vmodem_qrtr_new(server->modem, &server->way, err);
	case VMODEM_PTY:
		break;
	}
	return vmodem_pty_new(server->modem, options, &server->way, err);
}

int vmodem_serve(const struct vmodem_serve_options *options, int stop_fd, int command_fd,
		 void (*notice)(void *context, const char *line), void *context, struct esim_error *err)
{
	struct server server = { .err = err };
	int r = vmodem_new(&options->modem, &server.modem, err);

	vmodem_control_init(&server.control, server.modem);
	server.control.settle = follow_bus;
	server.control.context = &server;
	vmodem_control_add(&server.control, command_fd);
	if (!r && options->control)
		r = vmodem_control_listen(&server.control, options->control, err);
	if (!r)
		r = make_way(options, &server, err);
	if (!r) {
		server.way->notice = notice;
		server.way->context = context;
		r = loop(&server, stop_fd);
	}
	vmodem_control_clear(&server.control);
	if (server.way && server.attached)
		server.way->ops->detach(server.way);
	vmodem_free(&server.modem);
	if (server.way)
		server.way->ops->close(server.way);
	return r;
}
