/* SPDX-License-Identifier: GPL-2.0-or-later */
/* lpactl: the eUICC's profiles from the command line. The table of verbs, and how one is run. */
#include "app.h"
#include "output.h"
#include "progress.h"
#include "prompt.h"
#include "trace.h"

#include <esim/program.h>
#include <esim/text.h>

#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <strings.h>
#include <sys/prctl.h>
#include <unistd.h>

#define ANY_NUMBER 256

static const struct verb verbs[] = {
	{ "info", VERB_INFO, 0, 0, "info", "what the eUICC is: EID, versions, memory, trusted CIs",
	  verb_info },
	{ "profiles", VERB_PROFILES, 0, 0, "profiles", "the profiles on the eUICC", verb_profiles },
	{ "download", VERB_DOWNLOAD, 0, 1,
	  "download [CODE | --code-file FILE | --smdp HOST [--matching-id ID] | --discover]",
	  "download a profile; without a code from the default SM-DP+", verb_download },
	{ "enable", VERB_ENABLE, 1, 1, "enable PROFILE", "enable a profile", verb_enable },
	{ "disable", VERB_DISABLE, 1, 1, "disable PROFILE", "disable a profile", verb_disable },
	{ "delete", VERB_DELETE, 1, 1, "delete PROFILE", "delete a disabled profile", verb_delete },
	{ "rename", VERB_RENAME, 2, 2, "rename PROFILE NICKNAME",
	  "give a profile a nickname; \"\" takes it away", verb_rename },
	{ "notifications", VERB_NOTIFICATIONS, 0, 0, "notifications [--send | --remove SEQ]",
	  "what the eUICC has to tell its operators", verb_notifications },
	{ "address", VERB_ADDRESS, 0, 0, "address [--default HOST]",
	  "the default SM-DP+ and the root SM-DS", verb_address },
	{ "discover", VERB_DISCOVER, 0, 0, "discover [--smds HOST]",
	  "ask an SM-DS what waits for this eUICC", verb_discover },
	{ "reset", VERB_RESET, 0, 0, "reset [--operational] [--test] [--default-address]",
	  "eUICC memory reset; without a choice, all of it", verb_reset },
	{ "apdu", VERB_APDU, 1, ANY_NUMBER, "apdu HEX...",
	  "send command APDUs on the basic channel, one response a line", verb_apdu },
	{ "devices", VERB_DEVICES, 0, 0, "devices", "the devices that a card may be in", verb_devices },
};
#define VERB_COUNT (sizeof(verbs) / sizeof(verbs[0]))

/* The signal handler has nothing else to hold on to. */
static struct esim_cancel *interrupted;

/* The second one stops what cleans up after the first, be it stuck where no handle reaches. */
#define LAST_WORDS_SECONDS 2

static void on_signal(int signal_number)
{
	static volatile sig_atomic_t again;

	(void)signal_number;
	esim_cancel_trigger(interrupted);
	if (again)
		alarm(LAST_WORDS_SECONDS);
	again = true;
}

static void on_alarm(int signal_number)
{
	(void)signal_number;
	prompt_restore_echo();
	_exit(EXIT_REFUSED);
}

/* Ends the process at once, as it always does, but with a terminal that can be used. */
static void on_quit(int signal_number)
{
	prompt_restore_echo();
	raise(signal_number);
}

static int catch_signals(struct app *app)
{
	const struct sigaction action = { .sa_handler = on_signal };
	const struct sigaction stop = { .sa_handler = on_alarm };
	const struct sigaction quit = { .sa_handler = on_quit, .sa_flags = (int)(SA_RESETHAND | SA_NODEFER) };
	struct sigaction hang_up;

	if (esim_cancel_new(&app->cancel))
		return esim_error_set(&app->err, ESIM_ENOMEM, "no cancel handle");
	interrupted = app->cancel;
	sigaction(SIGINT, &action, NULL);
	sigaction(SIGTERM, &action, NULL);
	sigaction(SIGALRM, &stop, NULL);
	sigaction(SIGQUIT, &quit, NULL);
	/* nohup(1) has asked for this one to be ignored. */
	if (!sigaction(SIGHUP, NULL, &hang_up) && hang_up.sa_handler != SIG_IGN)
		sigaction(SIGHUP, &action, NULL);
	signal(SIGPIPE, SIG_IGN);
	return 0;
}

/*
 * To a call of the kernel's eUICC device a stop by the terminal is an interruption, and what the
 * card was doing is unknown then: it waits until something is asked, or all is done.
 */
static void put_off_stops(const struct app *app)
{
	sigset_t stop;

	if (app->where.uri[0] != '/')
		return;
	sigemptyset(&stop);
	sigaddset(&stop, SIGTSTP);
	sigprocmask(SIG_BLOCK, &stop, NULL);
}

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

	if (app->options.device || verb->bit == VERB_DEVICES)
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
	const int first = verb->bit == VERB_DOWNLOAD;

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

static int run(struct app *app)
{
	const struct verb *verb;
	int rc = check_usage(app, &verb);

	if (!rc && app->options.trace)
		rc = trace_open(app->options.trace, app->options.trace_secrets, &app->trace,
				&app->err);
	if (!rc)
		rc = catch_signals(app);
	if (!rc)
		rc = choose_device(app, verb);
	if (!rc) {
		put_off_stops(app);
		rc = esim_crypto_self_test(&app->err);
	}
	if (!rc)
		rc = verb->run(app);
	return rc ? rc : check_trace(app);
}

/* With --json one document whatever happened; what is known goes with an error too. */
static void finish(struct app *app, int rc)
{
	progress_end(app);
	if (rc)
		output_error(stderr, &app->err);
	if (app->options.json) {
		if (rc)
			json_object_set_new(app->result, "error", json_error(&app->err));
		if (app->options.stats && app->lpa)
			json_object_set_new(app->result, "stats", json_steps(app->lpa));
		json_dumpf(app->result, stdout, JSON_INDENT(2) | JSON_REAL_PRECISION(9));
		putchar('\n');
	} else if (app->options.stats && app->lpa) {
		output_steps(stdout, app->lpa);
	}
}

/* A lost answer must not look like success. */
static int flush(void)
{
	return fflush(stdout) || ferror(stdout) ? EXIT_OTHER : EXIT_OK;
}

int main(int argc, char **argv)
{
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
			rc = run(&app);
		finish(&app, rc);
	}
	status = rc ? (int)app_exit_status(&app.err) : EXIT_OK;
	if (app_close(&app) && !(rc && app.err.code == ESIM_EIO)) {
		fputs("lpactl: the trace is not whole: it could not be written\n", stderr);
		status = status ? status : EXIT_OTHER;
	}
	return status ? status : flush();
}
