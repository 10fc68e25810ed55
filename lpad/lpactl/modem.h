/* SPDX-License-Identifier: GPL-2.0-or-later */
/* A modem's profile switched directly, beside ModemManager. */
#ifndef LPACTL_MODEM_H
#define LPACTL_MODEM_H

#include "app.h"

/*
 * Before the card changes, and before it is opened, since ModemManager may hold the port: have ModemManager
 * set the modem aside. 0 and nothing done where there is no modem or no ModemManager.
 */
int modem_set_aside(struct app *app);

/*
 * After it, with the switch's outcome @rc, which is returned: the modem is ModemManager's again, and
 * `modem` of the result says what it and ModemManager report. @expected: the ICCID that is enabled now;
 * NULL: none or not known.
 */
int modem_give_back(struct app *app, int rc, const struct esim_iccid *expected);

/*
 * ModemManager's modems into @devices, an array of lpactl devices, in place of what sysfs tells of their
 * ports: with slot and EID, and a row for each further slot with an eSIM. Nothing where it does not run.
 */
void modem_add_devices(struct app *app, json_t *devices);

/* For people; @news as in modem_details.h. */
void modem_print(const json_t *result, const char *news);

#endif
