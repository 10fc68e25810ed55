/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What systemd is told: readiness, reloads, the end; the watchdog and the idle exit follow daemon_activity(). */
#ifndef LPAD_SYSTEMD_H
#define LPAD_SYSTEMD_H

#include "daemon.h"

int activity_new(struct daemon *daemon, struct esim_error *err);
void activity_free(struct activity **activity);

void activity_ready(struct daemon *daemon);
void activity_reloading(void);
void activity_reloaded(void);
void activity_stopping(void);

#endif
