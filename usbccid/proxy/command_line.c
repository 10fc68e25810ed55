/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The command line of usbccid-proxy. */
#include "proxy.h"

#include <getopt.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static const char usage[] =
"Usage: usbccid-proxy [OPTION]... [BUS-PORT|VID:PID]\n"
"Makes a USB smart-card reader (CCID) a /dev/euiccN, by way of /dev/euicc-proxy. For\n"
"readers that the kernel's euicc_ccid does not drive, such as those that speak T=1.\n"
"Needs root and the module euicc_proxy.\n"
"\n"
"The reader is named as in /sys/bus/usb/devices (3-1.4), or by vendor and product (08e6:3437).\n"
"Without a name it is the only one there is.\n"
"\n"
"  --slot N      of a reader with several, counted from 0 (0)\n"
"  --detach      take the reader from the kernel driver that has it\n"
"  --wait        wait for a reader that is not there, and again when it was unplugged\n"
"  --name NAME   of the device, for people (the reader's)\n"
"  --foreground  as it always runs\n"
"  --help, --version\n"
"\n"
"Prints \"listening /dev/euiccN\" when the device is there. SIGTERM and SIGINT end it with\n"
"status 0.\n"
"Exit status: 0 ended by a signal, 1 failure or the reader is gone, 2 usage.\n";

enum choice {
	OPT_SLOT = 256, OPT_DETACH, OPT_WAIT, OPT_NAME, OPT_FOREGROUND, OPT_HELP, OPT_VERSION,
};

static const struct option options[] = {
	{ "slot", required_argument, NULL, OPT_SLOT },
	{ "detach", no_argument, NULL, OPT_DETACH },
	{ "wait", no_argument, NULL, OPT_WAIT },
	{ "name", required_argument, NULL, OPT_NAME },
	{ "foreground", no_argument, NULL, OPT_FOREGROUND },
	{ "help", no_argument, NULL, OPT_HELP },
	{ "version", no_argument, NULL, OPT_VERSION },
	{ 0 },
};

static int misused(const char *what, const char *why)
{
	complain("%s%s\nTry \"usbccid-proxy --help\".", what, why);
	return EXIT_USAGE;
}

static int take_slot(const char *text, unsigned *ret)
{
	char *end;
	unsigned long n = strtoul(text, &end, 10);

	if (*text < '0' || *text > '9' || *end || n >= USBCCID_MAX_SLOTS)
		return misused(text, " is no slot of a reader");
	*ret = (unsigned)n;
	return 0;
}

static int take_name(const char *text, const char **ret)
{
	if (!*text || strlen(text) >= sizeof(((struct euicc_proxy_new_dev *)0)->name))
		return misused(text, " is no name: it takes 1 to 63 bytes");
	*ret = text;
	return 0;
}

static int take(enum choice option, const char *value, struct arguments *arguments)
{
	switch (option) {
	case OPT_SLOT:
		return take_slot(value, &arguments->slot);
	case OPT_NAME:
		return take_name(value, &arguments->name);
	case OPT_DETACH:
		arguments->detach = true;
		return 0;
	case OPT_WAIT:
		arguments->wait = true;
		return 0;
	case OPT_FOREGROUND:
		return 0;
	case OPT_HELP:
		fputs(usage, stdout);
		return -1;
	case OPT_VERSION:
		puts("usbccid-proxy " COREESIM_VERSION);
		return -1;
	}
	return EXIT_USAGE;
}

int command_line(int argc, char **argv, struct arguments *ret)
{
	int option, r = 0;

	*ret = (struct arguments){ .address = "" };
	while (!r && (option = getopt_long(argc, argv, "", options, NULL)) != -1)
		r = option == '?' ? EXIT_USAGE : take((enum choice)option, optarg, ret);
	if (r)
		return r;
	if (argc - optind > 1)
		return misused(argv[optind + 1], " is one reader too many");
	if (optind < argc)
		ret->address = argv[optind];
	return 0;
}
