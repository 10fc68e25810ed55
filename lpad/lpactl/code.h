/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The activation code of a command line: an argument, a file's first line, a picture. */
#ifndef LPACTL_CODE_H
#define LPACTL_CODE_H

#include "app.h"

/* A secret: the caller wipes it. */
struct code {
	char text[ESIM_MAX_ACTIVATION_CODE + 1];
};

/* From what the options say; "" where they say nothing. */
int code_read(struct app *app, struct code *code);

/* A secret leaves the process's argument list, which others can read. */
int code_take(struct app *app, char *argument, struct code *code);

#endif
