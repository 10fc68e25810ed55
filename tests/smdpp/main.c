/* SPDX-License-Identifier: GPL-2.0-or-later */
/* smdpp: the test SM-DP+ and SM-DS. */
#include "rsp/clock.h"
#include "smdpp/fault.h"
#include "smdpp/smdpp.h"

#include <esim/program.h>

#include <getopt.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

static const char usage[] =
	"usage: smdpp --listen HOST:PORT --profiles DIR [--name FQDN] [--smds-name FQDN]\n"
	"             [--pki DIR]... [--svn V] [--min-svn V] [--fault SPEC] [--clock RFC3339]\n"
	"             [--notifications FILE] [--stats FILE]\n"
	"\n"
	"A test SM-DP+ and SM-DS: ES9+ and ES11 over TLS, JSON binding. Prints\n"
	"'listening ADDRESS' when it is ready; SIGTERM and SIGINT end it.\n"
	"\n"
	"  --listen HOST:PORT    port 0: any free one; no host: 127.0.0.1\n"
	"  --profiles DIR        packages NAME.der (matching id NAME), orders NAME.json\n"
	"  --name FQDN           the SM-DP+'s address (default: that of CERT_DPtls.der)\n"
	"  --smds-name FQDN      the SM-DS's address on the same port (default testrootsmds.example.com)\n"
	"  --pki DIR             CERT_x.der and SK_x.pem; may be repeated, one CI each\n"
	"                        (default: ../pki/nist and ../pki/brainpool beside the program)\n"
	"  --svn V               the version that X-Admin-Protocol says (default 2.5)\n"
	"  --min-svn V           refuse eUICCs of a lower version (default 2.0)\n"
	"  --clock RFC3339       the time of certificate checks\n"
	"  --notifications FILE  append a line of JSON for each notification\n"
	"  --stats FILE          write connections, handshakes and requests at the end\n"
	"  --fault SPEC          see below\n"
	"  --help, --version\n"
	"\n";

enum {
	OPT_LISTEN = 256, OPT_PROFILES, OPT_NAME, OPT_SMDS_NAME, OPT_PKI, OPT_SVN, OPT_MIN_SVN, OPT_FAULT,
	OPT_CLOCK, OPT_NOTIFICATIONS, OPT_STATS, OPT_HELP, OPT_VERSION,
};

static const struct option long_options[] = {
	{ "listen", required_argument, NULL, OPT_LISTEN },
	{ "profiles", required_argument, NULL, OPT_PROFILES },
	{ "name", required_argument, NULL, OPT_NAME },
	{ "smds-name", required_argument, NULL, OPT_SMDS_NAME },
	{ "pki", required_argument, NULL, OPT_PKI },
	{ "svn", required_argument, NULL, OPT_SVN },
	{ "min-svn", required_argument, NULL, OPT_MIN_SVN },
	{ "fault", required_argument, NULL, OPT_FAULT },
	{ "clock", required_argument, NULL, OPT_CLOCK },
	{ "notifications", required_argument, NULL, OPT_NOTIFICATIONS },
	{ "stats", required_argument, NULL, OPT_STATS },
	{ "help", no_argument, NULL, OPT_HELP },
	{ "version", no_argument, NULL, OPT_VERSION },
	{ 0 },
};

static struct smdpp *running;

static void on_signal(int signal)
{
	(void)signal;
	smdpp_stop(running);
}

static int usage_error(const char *message)
{
	if (message)
		fprintf(stderr, "smdpp: %s\n", message);
	fputs("Try 'smdpp --help'.\n", stderr);
	return 2;
}

/* Options that are a text and nothing more. */
static const char **text_option(struct smdpp_options *options, int option)
{
	switch (option) {
	case OPT_LISTEN: return &options->listen;
	case OPT_PROFILES: return &options->profiles;
	case OPT_NAME: return &options->name;
	case OPT_SMDS_NAME: return &options->smds_name;
	case OPT_SVN: return &options->svn;
	case OPT_MIN_SVN: return &options->min_svn;
	case OPT_FAULT: return &options->fault;
	case OPT_NOTIFICATIONS: return &options->notifications;
	case OPT_STATS: return &options->stats;
	default: return NULL;
	}
}

/* -1: go on; else the exit status. */
static int parse_option(struct smdpp_options *options, int option)
{
	const char **text = text_option(options, option);

	if (text) {
		*text = optarg;
		return -1;
	}
	switch (option) {
	case OPT_PKI:
		if (options->pki_count == SMDPP_MAX_PKI)
			return usage_error("too many PKI directories");
		options->pki[options->pki_count++] = optarg;
		return -1;
	case OPT_CLOCK:
		if (rsp_clock_parse(optarg, &options->clock))
			return usage_error("--clock takes a time such as 2026-11-22T13:00:00Z");
		return -1;
	case OPT_HELP:
		fputs(usage, stdout);
		fputs(fault_help, stdout);
		return 0;
	case OPT_VERSION:
		puts("smdpp " COREESIM_VERSION);
		return 0;
	default:
		return usage_error(NULL);
	}
}

/* build/bin/smdpp finds build/pki. */
static void default_pki(struct smdpp_options *options)
{
	static char paths[2][4096];
	static const char *const names[] = { "nist", "brainpool" };
	char program[3072];
	ssize_t len = readlink("/proc/self/exe", program, sizeof(program) - 1);
	char *slash;
	struct stat st;

	if (len <= 0)
		return;
	program[len] = '\0';
	slash = strrchr(program, '/');
	*slash = '\0';
	for (size_t i = 0; i < 2; i++) {
		snprintf(paths[i], sizeof(paths[i]), "%s/../pki/%s", program, names[i]);
		if (stat(paths[i], &st) == 0)
			options->pki[options->pki_count++] = paths[i];
	}
}

static int serve(const struct smdpp_options *options)
{
	struct sigaction action = { .sa_handler = on_signal };
	struct esim_error err;
	int r;

	r = smdpp_new(options, &running, &err);
	if (r) {
		fprintf(stderr, "smdpp: %s\n", err.message);
		if (*err.advice)
			fprintf(stderr, "smdpp: %s\n", err.advice);
		return r == ESIM_EINVAL ? 2 : 1;
	}
	sigaction(SIGTERM, &action, NULL);
	sigaction(SIGINT, &action, NULL);
	signal(SIGPIPE, SIG_IGN);
	printf("listening %s\n", smdpp_address(running));
	fflush(stdout);
	r = smdpp_run(running, &err);
	if (r)
		fprintf(stderr, "smdpp: %s\n", err.message);
	smdpp_free(&running);
	return r ? 1 : 0;
}

int main(int argc, char **argv)
{
	struct smdpp_options options = { 0 };
	int option, status;

	esim_open_standard_fds();
	while ((option = getopt_long(argc, argv, "", long_options, NULL)) != -1) {
		status = parse_option(&options, option);
		if (status >= 0)
			return status;
	}
	if (optind < argc)
		return usage_error("it takes no arguments besides its options");
	if (!options.listen || !options.profiles)
		return usage_error("--listen and --profiles are needed");
	if (options.pki_count == 0)
		default_pki(&options);
	if (options.pki_count == 0)
		return usage_error("--pki is needed: no PKI lies beside the program (mkpki makes one)");
	return serve(&options);
}
