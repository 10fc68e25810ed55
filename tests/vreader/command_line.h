/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The command line of the program `vreader`. */
#ifndef VREADER_COMMAND_LINE_H
#define VREADER_COMMAND_LINE_H

#include "vreader/vreader.h"

enum { EXIT_OTHER = 1, EXIT_USAGE = 2 };

struct vreader_arguments {
	struct vreader_options reader;
	bool stats, read_stdin;
	const char *control, *to;
	uint8_t atr[ESIM_MAX_ATR];
	char **command;			/* what follows --to */
};

/* 0, EXIT_USAGE, or -1: said what was asked for. */
int vreader_command_line(int argc, char **argv, struct vreader_arguments *arguments);

#endif
