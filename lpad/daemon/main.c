/* SPDX-License-Identifier: GPL-2.0-or-later */
/* lpad(8): the command line, and what a process is before it does anything. */
#include "daemon.h"
#include "log.h"
#include "trust.h"

#include "lpad/common/clock.h"

#include <esim/program.h>

#include <getopt.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/stat.h>

#ifndef LPAD_STATEDIR
#define LPAD_STATEDIR "/var/lib/coreesim"
#endif

enum { EXIT_USAGE = 2 };

static const struct option table[] = {
	{ "config", required_argument, NULL, 'c' },
	{ "state", required_argument, NULL, 's' },
	{ "bus", required_argument, NULL, 'b' },
	{ "clock", required_argument, NULL, 'C' },
	{ "verbose", no_argument, NULL, 'v' },
	{ "help", no_argument, NULL, 'h' },
	{ "version", no_argument, NULL, 'V' },
	{ 0 },
};

static void print_help(void)
{
	puts("lpad [option...]\n"
	     "Manages the eUICCs of this machine, for programs that ask it as org.coreesim.Lpa1 on D-Bus.\n"
	     "\n"
	     "  --config FILE    in place of " LPAD_SYSCONFDIR "/lpad.conf; drop-ins are those of FILE.d\n"
	     "  --state DIR      in place of $STATE_DIRECTORY, or else " LPAD_STATEDIR "\n"
	     "  --bus ADDRESS    the bus; default: the system bus\n"
	     "  --clock TIME     the time of certificate checks (RFC 3339)\n"
	     "  --verbose        say more, and \"ready\" when it is\n"
	     "  --help           this text\n"
	     "  --version        the version\n"
	     "\n"
	     "SIGHUP reads the configuration anew. See lpad(8), lpad.conf(5), org.coreesim.Lpa1(7).");
}

static int fail(const char *sentence, const char *what)
{
	fprintf(stderr, "lpad: %s%s\nlpad: --help lists the options\n", sentence, what);
	return EXIT_USAGE;
}

/* getopt_long() takes abbreviations, which would mean another option in a later version. */
static bool is_whole(const char *word, const char *name)
{
	const size_t len = strlen(name);

	return strncmp(word, "--", 2) == 0 && strncmp(word + 2, name, len) == 0 &&
	       (word[2 + len] == '\0' || word[2 + len] == '=');
}

static const char *word_of_option(char **argv)
{
	return optarg && optarg == argv[optind - 1] ? argv[optind - 2] : argv[optind - 1];
}

static int take(int option, struct daemon_options *options)
{
	struct esim_error err;

	switch (option) {
	case 'c':
		options->config = optarg;
		return 0;
	case 's':
		options->state = optarg;
		return 0;
	case 'b':
		options->bus = optarg;
		return 0;
	case 'C':
		options->has_clock = true;
		return clock_parse(optarg, &options->clock, &err) ? fail("--clock: ", err.message) : 0;
	case 'v':
		options->verbose = true;
		return 0;
	default:
		return 0;
	}
}

/* -1: go on; else the exit status. */
static int parse(int argc, char **argv, struct daemon_options *options)
{
	int option, index, status;

	opterr = 0;
	while ((option = getopt_long(argc, argv, ":", table, &index)) != -1) {
		if (option == ':')
			return fail("a value is missing: ", argv[optind - 1]);
		if (option == '?')
			return fail("unknown or wrongly used option: ", argv[optind - 1]);
		if (!is_whole(word_of_option(argv), table[index].name))
			return fail("options are not abbreviated: ", word_of_option(argv));
		if (option == 'h') {
			print_help();
			return EXIT_SUCCESS;
		}
		if (option == 'V') {
			printf("lpad %s, %s\n", COREESIM_VERSION, esim_crypto_describe());
			return EXIT_SUCCESS;
		}
		status = take(option, options);
		if (status)
			return status;
	}
	return optind < argc ? fail("lpad takes no arguments: ", argv[optind]) : -1;
}

/* Memory holds codes of users: it is written nowhere. Each running job takes a few descriptors. */
static void set_limits(void)
{
	const struct rlimit no_core = { 0, 0 };
	struct rlimit files;

	setrlimit(RLIMIT_CORE, &no_core);
	if (getrlimit(RLIMIT_NOFILE, &files) == 0) {
		files.rlim_cur = files.rlim_max;
		setrlimit(RLIMIT_NOFILE, &files);
	}
	umask(077);
}

int main(int argc, char **argv)
{
	const char *state = getenv("STATE_DIRECTORY");
	struct daemon_options options = { .state = state && state[0] ? state : LPAD_STATEDIR };
	struct esim_error err;
	int status;

	esim_open_standard_fds();
	status = parse(argc, argv, &options);
	if (status >= 0)
		return status;
	set_limits();
	log_start(options.verbose);
	esim_error_clear(&err);
	if (!daemon_run(&options, &err))
		return EXIT_SUCCESS;
	log_say(LOG_ERR, "%s", err.message);
	if (err.advice[0])
		log_say(LOG_ERR, "%s", err.advice);
	return EXIT_FAILURE;
}
