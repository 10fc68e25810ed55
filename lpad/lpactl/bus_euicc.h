/* SPDX-License-Identifier: GPL-2.0-or-later */
/* lpad's eUICCs, and what is on the one that was chosen. */
#ifndef LPACTL_BUS_EUICC_H
#define LPACTL_BUS_EUICC_H

#include "app.h"
#include "bus_client.h"

/*
 * As `lpactl devices --json` lists them, each with "euicc", its number; eidValue where it is known and
 * may be told. New reference.
 */
int bus_euiccs(struct app *app, json_t **ret);

/*
 * The one that --euicc means, else the only one: app->euicc. Several are an error, with the list in
 * app->result.
 */
int bus_choose_euicc(struct app *app);

/*
 * What lies on it as @kind ("profile") with @interface ("Profile1"), in the order of their numbers:
 * an array of { path, properties, details }. What went away meanwhile is left out. New reference.
 */
int bus_children(struct app *app, const char *kind, const char *interface, json_t **ret);

/* Call a method of it which makes a job, and follow that. */
int bus_euicc_job(struct app *app, const char *method, const json_t *options, json_t **ret_details);

#endif
