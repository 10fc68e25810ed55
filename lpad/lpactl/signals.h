/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What SIGINT and its like do to lpactl. */
#ifndef LPACTL_SIGNALS_H
#define LPACTL_SIGNALS_H

#include "app.h"

/* Makes app->cancel, which SIGINT, SIGTERM and SIGHUP fire. */
int signals_catch(struct app *app);

/* SIGTSTP waits, where the card could not bear it. */
void signals_put_off_stops(const struct app *app);

#endif
