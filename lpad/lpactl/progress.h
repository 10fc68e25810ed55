/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The line that says what is going on, on a terminal alone. */
#ifndef LPACTL_PROGRESS_H
#define LPACTL_PROGRESS_H

#include "app.h"

void progress_show(struct app *app, const struct lpa_progress *progress);

/* Take the line away, before anything else is written. */
void progress_end(struct app *app);

#endif
