/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The arguments of vmodem. */
#ifndef VMODEM_COMMAND_LINE_H
#define VMODEM_COMMAND_LINE_H

#include "vmodem/way.h"

enum { EXIT_OTHER = 1, EXIT_USAGE = 2 };

#define VMODEM_MAX_QUIRKS 32

struct vmodem_arguments {
	struct vmodem_serve_options serve;
	unsigned ways;				/* how many it names */
	const char *quirks[VMODEM_MAX_QUIRKS + 1];
	size_t quirk_count;
	const char *to;				/* a running modem that gets a command */
	char **command;
};

/* 0, EXIT_USAGE, or -1: it said what was asked for. The strings of @argv are borrowed. */
int vmodem_command_line(int argc, char **argv, struct vmodem_arguments *arguments);

#endif
