/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Commands to the modem while it runs: a line each, answered by lines and then `ok` or `error REASON`. */
#ifndef VMODEM_CONTROL_H
#define VMODEM_CONTROL_H

#include "vmodem/way.h"

#define VMODEM_MAX_CONTROLS 8

struct vmodem_control {
	struct vmodem *modem;
	/* What a command leads to on the bus happens before it is answered. */
	void (*settle)(void *context);
	void *context;
	int listener;			/* negative: none */
	char path[108];
	struct {
		int fd;			/* negative: free */
		struct esim_buf line;
	} clients[VMODEM_MAX_CONTROLS];
};

void vmodem_control_init(struct vmodem_control *control, struct vmodem *modem);
int vmodem_control_listen(struct vmodem_control *control, const char *path, struct esim_error *err);
/* Takes @fd over. */
void vmodem_control_add(struct vmodem_control *control, int fd);
void vmodem_control_clear(struct vmodem_control *control);

/* What it waits for: VMODEM_MAX_CONTROLS + 1 of them. */
void vmodem_control_wait(const struct vmodem_control *control, struct pollfd *fds);
void vmodem_control_take(struct vmodem_control *control, const struct pollfd *fds);

#endif
