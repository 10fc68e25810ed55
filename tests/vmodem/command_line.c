/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The arguments of vmodem; see command_line.h. */
#include "vmodem/command_line.h"

#include "veuicc/default_pki.h"

#include <getopt.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static const char usage[] =
"Usage: vmodem --mbim|--qmi|--at --pty|--usb|--qrtr [OPTION]...\n"
"       vmodem --to SOCKET COMMAND\n"
"A virtual modem with a virtual eUICC in each slot.\n"
"\n"
"Protocols and ways:\n"
"  --mbim, --qmi          one of them;  --at  beside it, or alone\n"
"  --pty                  a pseudo-terminal for each; needs nothing\n"
"  --pty-link PREFIX      symbolic links PREFIX-mbim, PREFIX-qmi, PREFIX-at follow them\n"
"  --usb                  plugged into this machine by vhci_hcd; needs root and the module\n"
"  --qrtr                 QMI at this machine's own node of QRTR; needs root and the module\n"
"\n"
"The modem:\n"
"  --slots N              1 to 4 (1)    --active N   the slot in use at start (1)\n"
"  --empty N              slot N has no card; may be repeated\n"
"  --imei DIGITS  --manufacturer TEXT  --model TEXT  --firmware TEXT\n"
"  --id VID:PID           (1d6b:0105)\n"
"\n"
"The cards (of slots from 2 on, files have .N behind their names):\n"
"  --state DIR  --pki DIR  --link SPEC  --card-fault SPEC  --log FILE\n"
"                         as veuicc has them; --link is spent in real time\n"
"\n"
"Habits of modems:\n"
"  --quirk NAME[=N]       may be repeated\n"
"      APDUs: le-required le-refused class-bits segment-limit=N show-61 isdr-denied channels=N (3)\n"
"             no-fci\n"
"      follows=N          it reads the new profile after 0 REFRESH, 1 UIM power, 2 airplane mode,\n"
"                         3 reset, 4 never (0)\n"
"      reenumerates       REFRESH makes it leave the bus and come back\n"
"      ready-after=N      after a step it says N times that it is not ready\n"
"      loses-channels     a REFRESH closes them, without a word\n"
"      no-slots slots-swapped no-eid\n"
"      no-uicc no-atr no-power no-reset no-imei no-group no-indications\n"
"      mbimex-3=FLAGS     it agrees on MBIM extensions 3.0, and has the FLAGS in its ready status\n"
"      at-no-test at-bare at-no-cchc at-csim-only at-echo at-chatter at-no-cme at-short-lines=N\n"
"\n"
"Faults:\n"
"  --fault SPEC           FAULT@N[+][:KIND], separated by commas: at the Nth request (of that kind),\n"
"                         with + from there on\n"
"      faults: mute late garbage noise truncated twice busy error reset vanish closes\n"
"      kinds:  open apdu close atr capability power radio reset slots switch ready info sync other\n"
"\n"
"While it runs:\n"
"  --control SOCKET       commands over a Unix socket\n"
"  --to SOCKET COMMAND    give one to a running modem and print its answer\n"
"  Commands, a line each, answered by lines and then \"ok\" or \"error REASON\":\n"
"      quirk NAME[=N], quirk -NAME    fault SPEC|none    card-fault SPEC|none\n"
"      unplug, plug, restart          leave the bus, come back, both\n"
"      release                        late answers go out\n"
"      slot N                         another is the active one\n"
"      stats, channels, state         figures; channels that are open; what it takes the card for\n"
"  --help, --version\n"
"\n"
"Prints \"listening mbim:PATH\" and so on for each pseudo-terminal, and again after it has come back,\n"
"\"gone mbim:PATH\" when it left; with --usb \"attached BUS-PORT\" and \"detached BUS-PORT\".\n"
"SIGTERM and SIGINT end it with status 0. Exit status: 0 ended by a signal, 1 failure, 2 usage.\n";

__attribute__((format(printf, 1, 2))) static int complain(const char *format, ...)
{
	va_list list;

	fputs("vmodem: ", stderr);
	va_start(list, format);
	vfprintf(stderr, format, list);
	va_end(list);
	fputs("\nTry \"vmodem --help\".\n", stderr);
	return EXIT_USAGE;
}

enum choice {
	OPT_MBIM = 256, OPT_QMI, OPT_AT, OPT_PTY, OPT_PTY_LINK, OPT_USB, OPT_QRTR, OPT_SLOTS, OPT_ACTIVE, OPT_EMPTY, OPT_IMEI,
	OPT_MANUFACTURER, OPT_MODEL, OPT_FIRMWARE, OPT_ID, OPT_STATE, OPT_PKI, OPT_LINK, OPT_CARD_FAULT, OPT_LOG,
	OPT_QUIRK, OPT_FAULT, OPT_CONTROL, OPT_TO, OPT_HELP, OPT_VERSION,
};

static const struct option long_options[] = {
	{ "mbim", no_argument, NULL, OPT_MBIM },
	{ "qmi", no_argument, NULL, OPT_QMI },
	{ "at", no_argument, NULL, OPT_AT },
	{ "pty", no_argument, NULL, OPT_PTY },
	{ "pty-link", required_argument, NULL, OPT_PTY_LINK },
	{ "usb", no_argument, NULL, OPT_USB },
	{ "qrtr", no_argument, NULL, OPT_QRTR },
	{ "slots", required_argument, NULL, OPT_SLOTS },
	{ "active", required_argument, NULL, OPT_ACTIVE },
	{ "empty", required_argument, NULL, OPT_EMPTY },
	{ "imei", required_argument, NULL, OPT_IMEI },
	{ "manufacturer", required_argument, NULL, OPT_MANUFACTURER },
	{ "model", required_argument, NULL, OPT_MODEL },
	{ "firmware", required_argument, NULL, OPT_FIRMWARE },
	{ "id", required_argument, NULL, OPT_ID },
	{ "state", required_argument, NULL, OPT_STATE },
	{ "pki", required_argument, NULL, OPT_PKI },
	{ "link", required_argument, NULL, OPT_LINK },
	{ "card-fault", required_argument, NULL, OPT_CARD_FAULT },
	{ "log", required_argument, NULL, OPT_LOG },
	{ "quirk", required_argument, NULL, OPT_QUIRK },
	{ "fault", required_argument, NULL, OPT_FAULT },
	{ "control", required_argument, NULL, OPT_CONTROL },
	{ "to", required_argument, NULL, OPT_TO },
	{ "help", no_argument, NULL, OPT_HELP },
	{ "version", no_argument, NULL, OPT_VERSION },
	{ 0 },
};

static void take_flag(enum choice option, struct vmodem_arguments *arguments)
{
	if (option == OPT_PTY || option == OPT_USB || option == OPT_QRTR) {
		arguments->ways++;
		arguments->serve.way = option == OPT_PTY ? VMODEM_PTY : option == OPT_USB ? VMODEM_USB : VMODEM_QRTR;
	} else {
		arguments->serve.modem.protocols |= option == OPT_MBIM ? VMODEM_MBIM : option == OPT_QMI ? VMODEM_QMI :
						    VMODEM_AT;
	}
}

static bool take_text(enum choice option, const char *value, struct vmodem_arguments *arguments)
{
	struct vmodem_options *modem = &arguments->serve.modem;
	const char **text = option == OPT_IMEI	       ? &modem->imei :
			    option == OPT_MANUFACTURER ? &modem->manufacturer :
			    option == OPT_MODEL	       ? &modem->model :
			    option == OPT_FIRMWARE     ? &modem->firmware :
			    option == OPT_STATE	       ? &modem->card.state_dir :
			    option == OPT_LINK	       ? &modem->card.link :
			    option == OPT_CARD_FAULT   ? &modem->card.fault :
			    option == OPT_LOG	       ? &modem->card.log :
			    option == OPT_FAULT	       ? &modem->fault :
			    option == OPT_PTY_LINK     ? &arguments->serve.pty_link :
			    option == OPT_CONTROL      ? &arguments->serve.control : &arguments->to;

	*text = value;
	return option != OPT_IMEI || (strlen(value) == 15 && strspn(value, "0123456789") == 15);
}

static bool take_slot(enum choice option, const char *value, struct vmodem_options *modem)
{
	char *end;
	unsigned long n = strtoul(value, &end, 10);

	if (*value < '0' || *value > '9' || *end || n < 1 || n > VMODEM_MAX_SLOTS)
		return false;
	if (option == OPT_EMPTY)
		modem->empty |= 1u << (n - 1);
	else
		*(option == OPT_SLOTS ? &modem->slots : &modem->active) = (unsigned)n;
	return true;
}

static bool take(enum choice option, const char *value, struct vmodem_arguments *arguments)
{
	struct vmodem_options *modem = &arguments->serve.modem;
	int used = 0;

	switch (option) {
	case OPT_SLOTS:
	case OPT_ACTIVE:
	case OPT_EMPTY:
		return take_slot(option, value, modem);
	case OPT_ID:
		return sscanf(value, "%4x:%4x%n", &modem->vendor, &modem->product, &used) == 2 && !value[used];
	case OPT_PKI:
		if (modem->card.pki_count == VEUICC_MAX_PKI)
			return false;
		modem->card.pki_dirs[modem->card.pki_count++] = value;
		return true;
	case OPT_QUIRK:
		if (arguments->quirk_count == VMODEM_MAX_QUIRKS)
			return false;
		arguments->quirks[arguments->quirk_count++] = value;
		return true;
	default:
		if (value)
			return take_text(option, value, arguments);
		take_flag(option, arguments);
		return true;
	}
}

static int check(struct vmodem_arguments *arguments)
{
	struct vmodem_options *modem = &arguments->serve.modem;

	if (!modem->protocols)
		return complain("--mbim, --qmi or --at is needed");
	if (arguments->ways != 1)
		return complain("one of --pty, --usb and --qrtr is needed");
	if (arguments->serve.way == VMODEM_QRTR && modem->protocols != VMODEM_QMI)
		return complain("--qrtr is a way of --qmi, and of that alone");
	if (arguments->serve.pty_link && arguments->serve.way != VMODEM_PTY)
		return complain("--pty-link goes with --pty");
	if (modem->card.pki_count == 0)
		modem->card.pki_dirs[modem->card.pki_count++] = veuicc_default_pki();
	modem->card.real_time = modem->card.link;
	modem->quirks = arguments->quirks;
	return 0;
}

int vmodem_command_line(int argc, char **argv, struct vmodem_arguments *arguments)
{
	int option, index = 0;

	while ((option = getopt_long(argc, argv, "+", long_options, &index)) != -1) {
		if (option == OPT_HELP) {
			fputs(usage, stdout);
			return -1;
		}
		if (option == OPT_VERSION) {
			puts("vmodem " COREESIM_VERSION);
			return -1;
		}
		if (option == '?')
			return EXIT_USAGE;
		if (!take((enum choice)option, optarg, arguments))
			return complain("\"%s\" is not a value of --%s", optarg, long_options[index].name);
	}
	arguments->command = argv + optind;
	if (arguments->to)
		return optind < argc ? 0 : complain("--to needs a command");
	if (optind < argc)
		return complain("what is \"%s\"?", argv[optind]);
	return check(arguments);
}
