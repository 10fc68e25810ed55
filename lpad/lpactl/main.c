/* SPDX-License-Identifier: GPL-2.0-or-later */
/* lpactl: the eUICC's profiles from the command line. The table of verbs, and how one is run. */
#include "app.h"
#include "bus_client.h"
#include "bus_euicc.h"
#include "output.h"
#include "progress.h"
#include "signals.h"
#include "trace.h"

#include <esim/program.h>
#include <esim/text.h>

#include <stdio.h>
#include <string.h>
#include <strings.h>
#include <sys/prctl.h>
#include <unistd.h>

#define ANY_NUMBER 256

static const struct verb verbs[] = {
	{ "info", VERB_INFO, 0, 0, "info", "what the eUICC is: EID, versions, memory, trusted CIs",
	  info_by_lpad, info_direct, info_print },
	{ "profiles", VERB_PROFILES, 0, 0, "profiles", "the profiles on the eUICC",
	  profiles_by_lpad, profiles_direct, profiles_print },
	{ "download", VERB_DOWNLOAD, 0, 1,
	  "download [CODE | --code-file FILE | --qr FILE | --smdp HOST [--matching-id ID] | --discover]",
	  "download a profile; without a code from the default SM-DP+",
	  download_by_lpad, download_direct, download_print },
	{ "enable", VERB_ENABLE, 1, 1, "enable PROFILE", "enable a profile",
	  enable_by_lpad, enable_direct, enable_print },
	{ "disable", VERB_DISABLE, 1, 1, "disable PROFILE", "disable a profile",
	  disable_by_lpad, disable_direct, disable_print },
	{ "delete", VERB_DELETE, 1, 1, "delete PROFILE", "delete a disabled profile",
	  delete_by_lpad, delete_direct, delete_print },
	{ "rename", VERB_RENAME, 2, 2, "rename PROFILE NICKNAME",
	  "give a profile a nickname; \"\" takes it away", rename_by_lpad, rename_direct, rename_print },
	{ "notifications", VERB_NOTIFICATIONS, 0, 0, "notifications [--send | --remove SEQ]",
	  "what the eUICC has to tell its operators",
	  notifications_by_lpad, notifications_direct, notifications_print },
	{ "address", VERB_ADDRESS, 0, 0, "address [--default HOST]",
	  "the default SM-DP+ and the root SM-DS", address_by_lpad, address_direct, address_print },
	{ "discover", VERB_DISCOVER, 0, 0, "discover [--smds HOST]",
	  "ask an SM-DS what waits for this eUICC", discover_by_lpad, discover_direct, events_print },
	{ "check-events", VERB_CHECK_EVENTS, 0, 0, "check-events",
	  "have lpad ask for every eUICC what waits", check_events_by_lpad, NULL, events_print },
	{ "reset", VERB_RESET, 0, 0, "reset [--operational] [--test] [--default-address]",
	  "eUICC memory reset; without a choice, all of it", reset_by_lpad, reset_direct, reset_print },
	{ "attest", VERB_ATTEST, 0, 0, "attest [--nonce HEX]",
	  "the eUICC's signature over a nonce, with its certificates",
	  attest_by_lpad, attest_direct, attest_print },
	{ "apdu", VERB_APDU, 1, ANY_NUMBER, "apdu HEX...",
	  "send command APDUs, one response a line", NULL, apdu_direct, NULL },
	{ "devices", VERB_DEVICES, 0, 0, "devices",
	  "lpad's eUICCs; with --direct the devices that a card may be in",
	  devices_by_lpad, devices_direct, devices_print },
	{ "monitor", VERB_MONITOR, 0, 0, "monitor", "what lpad tells, as it happens, a line each",
	  monitor_by_lpad, NULL, NULL },
	{ "show-qr", VERB_SHOW_QR, 0, 1, "show-qr [CODE | --code-file FILE] [--png FILE]",
	  "an activation code as QR code; needs no eUICC", NULL, show_qr, show_qr_print },
};
#define VERB_COUNT (sizeof(verbs) / sizeof(verbs[0]))

static const struct verb *find_verb(const char *name)
{
	for (size_t i = 0; i < VERB_COUNT; i++)
		if (strcmp(verbs[i].name, name) == 0)
			return &verbs[i];
	return NULL;
}

static void print_help(const struct verb *verb)
{
	if (verb) {
		printf("Usage: lpactl [OPTION...] %s\n\n%s.\n", verb->synopsis, verb->summary);
		if (strstr(verb->synopsis, "PROFILE"))
			puts("PROFILE: an ICCID or its beginning, a nickname, an AID.");
		options_print(verb->bit);
		return;
	}
	puts("Usage: lpactl [OPTION...] VERB [ARGUMENT...]\n\nManage the profiles of an eUICC (GSMA SGP.22).\n\nVerbs:");
	for (size_t i = 0; i < VERB_COUNT; i++)
		printf("  %-15s %s\n", verbs[i].name, verbs[i].summary);
	options_print(0);
	puts("\nlpactl VERB --help tells more about a verb.\n"
	     "Exit status: 0 ok, 1 other, 2 usage, 3 refused by user or policy, 4 card,\n"
	     "5 server or network, 6 verification failed.");
}

/* The one that was named. */
static int check_device(struct app *app)
{
	if (!app->options.device)
		return 0;
	return esim_device_parse(app->options.device, &app->where, &app->err);
}

/* Where none was named: the only one there is. It is said which, for nobody else can know. */
static int choose_device(struct app *app, const struct verb *verb)
{
	struct esim_device_entry found;
	char reader[sizeof(found.reader)];
	int rc;

	if (app->options.device || !(verb->bit & VERB_CARD))
		return 0;
	rc = esim_device_find(&found, &app->err);
	if (rc) {
		app->err.domain = ESIM_DOMAIN_USAGE;
		esim_error_prefix(&app->err, "no --device was given, and ");
		esim_error_advise(&app->err, "%s", rc == ESIM_ENOENT ?
				  "plug in a reader with a card, or free the one that is held; a card on a "
				  "socket is named with --device" :
				  "name one with --device; lpactl devices lists them");
		return rc;
	}
	snprintf(app->where.uri, sizeof(app->where.uri), "%s", found.uri);
	esim_text_printable(found.reader, strlen(found.reader), reader, sizeof(reader));
	fprintf(stderr, reader[0] ? "lpactl: using %s (%s)\n" : "lpactl: using %s\n", found.uri, reader);
	return 0;
}

static int check_arguments(struct app *app, const struct verb *verb)
{
	const int count = app->options.argument_count;
	char text[MAX_QUOTED];

	if (count >= verb->min_arguments && count <= verb->max_arguments)
		return 0;
	if (count > verb->max_arguments)
		esim_error_set(&app->err, ESIM_EINVAL, "%s: unexpected argument: %s", verb->name,
			       options_quote(app->options.arguments[verb->max_arguments], text));
	else
		esim_error_set(&app->err, ESIM_EINVAL, "%s: an argument is missing", verb->name);
	esim_error_advise(&app->err, "usage: lpactl %s", verb->synopsis);
	return ESIM_EINVAL;
}

/*
 * An activation code where none belongs is refused before anything else looks at
 * it, and perhaps repeats it.
 */
static int check_stray_codes(struct app *app, const struct verb *verb)
{
	const int first = (verb->bit & (VERB_DOWNLOAD | VERB_SHOW_QR)) != 0;

	for (int i = first; i < app->options.argument_count; i++)
		if (options_is_code(app->options.arguments[i])) {
			esim_error_set(&app->err, ESIM_EINVAL,
				       "%s: an activation code is no argument of this verb",
				       verb->name);
			esim_error_advise(&app->err, "usage: lpactl download CODE");
			return ESIM_EINVAL;
		}
	return 0;
}

/* --euicc is for lpad, others for a direct run: not both. */
static int check_way(struct app *app)
{
	const char *direct = options_direct();

	if (!app->options.euicc || !direct)
		return 0;
	return esim_error_set(&app->err, ESIM_EINVAL, "--euicc chooses one of lpad's eUICCs, and --%s goes "
			      "without lpad", direct);
}

/* All that can be said against a command line, before anything is opened. */
static int check_usage(struct app *app, const struct verb **ret_verb)
{
	const struct verb *verb = app->options.verb ? find_verb(app->options.verb) : NULL;
	char text[MAX_QUOTED];
	int rc;

	if (!app->options.verb)
		esim_error_set(&app->err, ESIM_EINVAL, "a verb is missing");
	else if (!verb)
		esim_error_set(&app->err, ESIM_EINVAL, "unknown verb: %s",
			       options_quote(app->options.verb, text));
	if (!verb) {
		esim_error_advise(&app->err, "lpactl --help lists the verbs");
		return ESIM_EINVAL;
	}
	rc = options_check_verb(verb->bit, &app->err);
	if (!rc)
		rc = check_stray_codes(app, verb);
	if (!rc)
		rc = check_arguments(app, verb);
	if (!rc && app->options.trace_secrets && !app->options.trace)
		rc = esim_error_set(&app->err, ESIM_EINVAL, "--trace-secrets goes with --trace");
	if (!rc)
		rc = check_way(app);
	if (!rc)
		rc = check_device(app);
	*ret_verb = verb;
	return rc;
}

/* A trace that looks whole and is not misleads whoever reads it. */
static int check_trace(struct app *app)
{
	if (!trace_lost(app->trace))
		return 0;
	esim_error_set(&app->err, ESIM_EIO, "the trace is not whole: it could not be written");
	esim_error_advise(&app->err, "what was asked for is done all the same");
	app->err.domain = ESIM_DOMAIN_SYSTEM;
	return ESIM_EIO;
}

/*
 * lpad where it can be reached, unless an option is for a direct run. A verb or an option that is for lpad
 * alone says why it cannot be had; else nothing is said: it is the device that is then.
 */
static int find_lpad(struct app *app, const struct verb *verb)
{
	int rc;

	if (!verb->by_lpad || options_direct())
		return 0;
	rc = bus_client_open(app->cancel, &app->bus, &app->err);
	if (rc && verb->direct && !app->options.euicc)
		rc = 0;
	if (rc)
		esim_error_advise(&app->err, verb->direct ? "leave --euicc out to look for a device" :
				  "this verb asks lpad: is it installed?");
	return rc;
}

static int run_by_lpad(struct app *app, const struct verb *verb)
{
	int rc = verb->bit & VERB_EUICC ? bus_choose_euicc(app) : 0;

	return rc ? rc : verb->by_lpad(app);
}

static int run_direct(struct app *app, const struct verb *verb)
{
	int rc = choose_device(app, verb);

	if (!rc) {
		signals_put_off_stops(app);
		rc = esim_crypto_self_test(&app->err);
	}
	return rc ? rc : verb->direct(app);
}

static int run(struct app *app, const struct verb **ret_verb)
{
	int rc = check_usage(app, ret_verb);

	if (!rc && app->options.trace)
		rc = trace_open(app->options.trace, app->options.trace_secrets, &app->trace,
				&app->err);
	if (!rc)
		rc = signals_catch(app);
	if (!rc)
		rc = find_lpad(app, *ret_verb);
	if (!rc)
		rc = app->bus ? run_by_lpad(app, *ret_verb) : run_direct(app, *ret_verb);
	return rc ? rc : check_trace(app);
}

static json_t *steps_of(const struct app *app)
{
	return app->lpa ? json_steps(app->lpa) : json_incref(app->steps);
}

/* With --json one document whatever happened; what is known goes with an error too. */
static void finish_json(struct app *app, int rc, json_t *steps)
{
	if (rc)
		json_object_set_new(app->result, "error", json_error(&app->err));
	if (app->options.stats && steps)
		json_object_set(app->result, "stats", steps);
	json_dumpf(app->result, stdout, JSON_INDENT(2) | JSON_REAL_PRECISION(9));
	putchar('\n');
}

static void finish_text(struct app *app, const struct verb *verb, json_t *steps)
{
	if (json_object_get(app->result, "devices"))
		devices_print(app->result);
	else if (verb && verb->print)
		verb->print(app->result);
	if (app->options.stats && steps)
		output_steps(stdout, steps);
}

static void finish(struct app *app, const struct verb *verb, int rc)
{
	json_t *steps = steps_of(app);

	progress_end(app);
	if (rc)
		output_error(stderr, &app->err);
	if (!app->options.json)
		finish_text(app, verb, steps);
	else if (rc || !verb || verb->bit != VERB_MONITOR)
		finish_json(app, rc, steps);
	json_decref(steps);
}

/* A lost answer must not look like success. */
static int flush(void)
{
	return fflush(stdout) || ferror(stdout) ? EXIT_OTHER : EXIT_OK;
}

int main(int argc, char **argv)
{
	const struct verb *verb = NULL;
	struct app app = { 0 };
	int status, rc;

	esim_open_standard_fds();
	/* Neither a core nor another process of the user is to have the secrets. */
	prctl(PR_SET_DUMPABLE, 0);
	app.result = json_object();
	esim_error_clear(&app.err);
	rc = options_parse(argc, argv, &app.options, &app.err);
	if (!rc && app.options.version) {
		printf("lpactl %s (%s)\n", COREESIM_VERSION, esim_crypto_describe());
	} else if (!rc && app.options.help &&
		   (!app.options.verb || find_verb(app.options.verb))) {
		print_help(app.options.verb ? find_verb(app.options.verb) : NULL);
	} else {
		if (!rc)
			rc = run(&app, &verb);
		finish(&app, verb, rc);
	}
	status = rc ? (int)app_exit_status(&app.err) : EXIT_OK;
	if (app_close(&app) && !(rc && app.err.code == ESIM_EIO)) {
		fputs("lpactl: the trace is not whole: it could not be written\n", stderr);
		status = status ? status : EXIT_OTHER;
	}
	return status ? status : flush();
}
