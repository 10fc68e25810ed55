/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The line that says what is going on, on a terminal alone. */
#ifndef LPACTL_PROGRESS_H
#define LPACTL_PROGRESS_H

#include "app.h"

/* @step: SGP.22's name of what is going on, "" nothing now; @detail: how far it is, or "". */
void progress_show(struct app *app, const char *step, const char *detail);

/* Take the line away, before anything else is written. */
void progress_end(struct app *app);

#endif
