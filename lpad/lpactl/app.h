/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What every verb stands on: options, the result, and either lpad or the card with its procedures. */
#ifndef LPACTL_APP_H
#define LPACTL_APP_H

#include "options.h"

#include <esim/devices.h>
#include <esim/lpa.h>
#include <esim/modem.h>

#include <jansson.h>

struct trace;
struct bus_client;
struct mm_inhibition;

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
	struct bus_client *bus;		/* lpad; NULL: direct, what follows is set then */
	char euicc[64];			/* of lpad's objects, the one that was chosen */
	struct esim_device where;	/* the card's, chosen before anything else is asked or opened */
	struct esim_cancel *cancel;	/* fired by SIGINT, SIGTERM and SIGHUP */
	struct trace *trace;		/* NULL: none */
	struct esim_card *card;
	struct esim_pool roots;		/* of RSP and of TLS: one list of CIs feeds both */
	struct esim_http *http;
	struct es10b_device_info device;
	struct lpa *lpa;
	struct mm_inhibition *inhibition;	/* ModemManager leaves the modem alone; NULL: it need not */
	char confirmation_code[ESIM_MAX_CONFIRMATION_CODE + 1];	/* of its file; wiped */
	const char *unanswered;		/* advice, where a question met the end of input */
	json_t *result;			/* what --json prints; a verb adds its members */
	json_t *steps;			/* of lpad's job, for --stats; NULL: none */
	struct esim_error err;
};

/* Something worth telling that is no failure, on standard error. */
void app_note(struct app *app, const char *sentence);

/* Open the card, make the LPA on it. */
int app_open_card(struct app *app);

/* The same with trust anchors and a connection to servers. */
int app_open_servers(struct app *app);

/* 0, or ESIM_EIO: the trace could not be written to its end. */
int app_close(struct app *app);

/* The exit status that fits a cause. */
enum exit_status app_exit_status(const struct esim_error *err);

/*
 * A verb has a way by lpad and a direct one, which fill app->result alike, and one way to
 * show that to people. Each returns 0 or the code in app->err; what is known of a failure
 * is in the result too.
 */
struct verb {
	const char *name;
	unsigned bit;
	int min_arguments, max_arguments;
	const char *synopsis;
	const char *summary;
	int (*by_lpad)(struct app *app);	/* NULL: it needs the card itself, or none */
	int (*direct)(struct app *app);		/* NULL: there is no such thing without lpad */
	/* On standard output, as far as there is something. NULL: it wrote what there is as it came. */
	void (*print)(const json_t *result);
};

int devices_by_lpad(struct app *app);
int devices_direct(struct app *app);
void devices_print(const json_t *result);
int info_by_lpad(struct app *app);
int info_direct(struct app *app);
void info_print(const json_t *result);
int profiles_by_lpad(struct app *app);
int profiles_direct(struct app *app);
void profiles_print(const json_t *result);
int download_by_lpad(struct app *app);
int download_direct(struct app *app);
void download_print(const json_t *result);
int enable_by_lpad(struct app *app);
int enable_direct(struct app *app);
void enable_print(const json_t *result);
int disable_by_lpad(struct app *app);
int disable_direct(struct app *app);
void disable_print(const json_t *result);
int delete_by_lpad(struct app *app);
int delete_direct(struct app *app);
void delete_print(const json_t *result);
int rename_by_lpad(struct app *app);
int rename_direct(struct app *app);
void rename_print(const json_t *result);
int notifications_by_lpad(struct app *app);
int notifications_direct(struct app *app);
void notifications_print(const json_t *result);
int address_by_lpad(struct app *app);
int address_direct(struct app *app);
void address_print(const json_t *result);
int discover_by_lpad(struct app *app);
int discover_direct(struct app *app);
int check_events_by_lpad(struct app *app);
void events_print(const json_t *result);
int reset_by_lpad(struct app *app);
int reset_direct(struct app *app);
void reset_print(const json_t *result);
int attest_by_lpad(struct app *app);
int attest_direct(struct app *app);
void attest_print(const json_t *result);
int monitor_by_lpad(struct app *app);
int apdu_direct(struct app *app);
int show_qr(struct app *app);
void show_qr_print(const json_t *result);

#endif
