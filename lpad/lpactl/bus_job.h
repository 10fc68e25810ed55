/* SPDX-License-Identifier: GPL-2.0-or-later */
/* One job of lpad, followed to its end. */
#ifndef LPACTL_BUS_JOB_H
#define LPACTL_BUS_JOB_H

#include "app.h"

#include <systemd/sd-bus.h>

/*
 * @reply is that of a method which makes a job; it is released. Shows how far the job is, asks the user
 * what it needs, calls it off when interrupted: then its end is waited for, until a second interrupt.
 * *@ret (NULL: not wanted) are its details whatever came of it, or NULL; a failure is in app->err.
 */
int bus_job_follow(struct app *app, sd_bus_message *reply, json_t **ret);

/* The same of a job by its path. */
int bus_job_follow_path(struct app *app, const char *path, json_t **ret);

#endif
