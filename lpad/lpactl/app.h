/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What every verb stands on: options, the card, the connection, the procedures, the result. */
#ifndef LPACTL_APP_H
#define LPACTL_APP_H

#include "options.h"

#include <esim/devices.h>
#include <esim/lpa.h>

#include <jansson.h>

struct trace;
struct progress;

/* docs/man/lpactl.1, EXIT STATUS */
enum exit_status {
	EXIT_OK = 0,
	EXIT_OTHER = 1,
	EXIT_USAGE = 2,
	EXIT_REFUSED = 3,
	EXIT_CARD = 4,
	EXIT_SERVER = 5,
	EXIT_VERIFICATION = 6,
};

struct app {
	struct options options;
	struct esim_device where;	/* the card's, chosen before anything else is asked or opened */
	struct esim_cancel *cancel;	/* fired by SIGINT, SIGTERM and SIGHUP */
	struct trace *trace;		/* NULL: none */
	struct esim_card *card;
	struct esim_pool roots;		/* of RSP and of TLS: one list of CIs feeds both */
	struct esim_http *http;
	struct es10b_device_info device;
	struct lpa *lpa;
	char confirmation_code[ESIM_MAX_CONFIRMATION_CODE + 1];	/* of its file; wiped */
	const char *unanswered;		/* advice, where a question met the end of input */
	json_t *result;			/* what --json prints; a verb adds its members */
	struct esim_error err;
};

/* Open the card, make the LPA on it. */
int app_open_card(struct app *app);

/* The same with trust anchors and a connection to servers. */
int app_open_servers(struct app *app);

/* 0, or ESIM_EIO: the trace could not be written to its end. */
int app_close(struct app *app);

/* The exit status that fits a cause. */
enum exit_status app_exit_status(const struct esim_error *err);

struct verb {
	const char *name;
	unsigned bit;
	int min_arguments, max_arguments;
	const char *synopsis;
	const char *summary;
	/* 0 or the code in app->err. Without --json it prints tables on standard output. */
	int (*run)(struct app *app);
};

int verb_devices(struct app *app);
int verb_info(struct app *app);
int verb_profiles(struct app *app);
int verb_download(struct app *app);
int verb_enable(struct app *app);
int verb_disable(struct app *app);
int verb_delete(struct app *app);
int verb_rename(struct app *app);
int verb_notifications(struct app *app);
int verb_address(struct app *app);
int verb_discover(struct app *app);
int verb_reset(struct app *app);
int verb_apdu(struct app *app);

#endif
