/* SPDX-License-Identifier: GPL-2.0-or-later */
/* One line on standard error, written over and over. */
#include "progress.h"

#include <stdio.h>
#include <unistd.h>

static bool shown;

void progress_show(struct app *app, const char *step, const char *detail)
{
	if (app->options.json || !isatty(STDERR_FILENO))
		return;
	/* Between steps the line is free: what follows may be a table on the same terminal. */
	if (!step[0]) {
		progress_end(app);
		return;
	}
	fprintf(stderr, "\r\033[K%s%s%s", step, detail[0] ? "  " : "", detail);
	fflush(stderr);
	shown = true;
}

void progress_end(struct app *app)
{
	(void)app;
	if (shown)
		fputs("\r\033[K", stderr);
	shown = false;
}
