/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The command line of the program `vreader`; see command_line.h. */
#include "vreader/command_line.h"

#include "veuicc/default_pki.h"

#include <errno.h>
#include <getopt.h>
#include <limits.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static const char usage[] =
"Usage: vreader [OPTION]...\n"
"       vreader --to SOCKET COMMAND...\n"
"A USB smart-card reader (CCID) in software, plugged into this machine by vhci_hcd,\n"
"with a virtual eUICC in each slot. Needs root and the module vhci_hcd.\n"
"\n"
"The reader:\n"
"  --level tpdu|short|extended|character\n"
"                         exchange level (tpdu); character: its descriptor alone\n"
"  --speed full|high      (full)\n"
"  --slots N              1 to 4 (1)\n"
"  --empty N              slot N starts without a card; may be repeated\n"
"  --features HEX         dwFeatures, the level excepted\n"
"  --protocols HEX        dwProtocols (1: T=0; 2: T=1)\n"
"  --max-message N        dwMaxCCIDMessageLength (271; extended 65554)\n"
"  --max-rate N           dwMaxDataRate in bit/s (344086)\n"
"  --voltages LIST        of 5,3,1.8 (all)\n"
"  --no-interrupt         no interrupt endpoint\n"
"  --class-last           the class descriptor comes behind the last endpoint\n"
"  --show-procedure       short level: the host sees 61xx and 6Cxx\n"
"  --no-parameters        GetParameters answers without data\n"
"  --abort works|ignored|stalls\n"
"  --stray-zlp            a message of whole packets always ends with an empty one\n"
"  --remote-wakeup        the device can wake the host up\n"
"  --wtx MS               a time extension for every MS milliseconds of the card's time\n"
"  --id VID:PID           (1d6b:0104)\n"
"  --patch LIST           bytes of descriptors: device:OFFSET=HH, config:OFFSET=HH\n"
"\n"
"The card (in slots from 1 on, files have .N behind their names):\n"
"  --card-voltages LIST   at which it answers, of 5,3,1.8 (all)\n"
"  --card-protocol t0|t1  t1: T=1 alone; --atr goes before it (t0)\n"
"  --t1-edc lrc|crc       (lrc)  --t1-ifsc N (254)  --t1-bwi N (0)  --t1-cwi N (5)\n"
"  --t1-wtx N             it asks N times for more time before each answer (0)\n"
"  --pps accept|default|garbage|mute\n"
"                         its answer to PPS (accept)\n"
"  --atr HEX  --state DIR  --pki DIR  --link SPEC  --card-fault SPEC  --log FILE\n"
"                         as veuicc has them; --link is spent in real time\n"
"\n"
"Faults of the reader:\n"
"  --fault SPEC           ACTION@WHERE, separated by commas\n"
"      extend[=N]         N time extensions before the answer; without N no end of them\n"
"      slow=MS            the answer comes after MS milliseconds\n"
"      mute               no answer, the slot stays busy until an Abort\n"
"      lost               no answer, and the reader thinks that it gave one\n"
"      hold               the answer waits for the command release\n"
"      stale=N            N answers to older commands come first\n"
"      type=HH slot=HH status=HH error=HH chain=HH\n"
"                         that byte of the answer's header\n"
"      seq=HH             is added to the answer's bSeq\n"
"      length=N           dwLength of the answer\n"
"      short=N long=N     the answer ends after N bytes; N bytes follow it\n"
"      stall-in stall-out the answer, or the command, meets a stalled endpoint\n"
"      remove detach      the card, or the reader, is taken away at this command\n"
"      t1-edc t1-lost t1-deaf t1-seq\n"
"                         T=1: a block with a wrong EDC, a lost one, a lost one of the\n"
"                         host's, a wrong sequence number\n"
"      t1-nad=HH t1-pcb=HH t1-len=HH\n"
"                         that byte of the block\n"
"      t1-r=HH            an R-block with that error in place of the answer\n"
"      t1-wtx[=N] t1-ifs=N t1-abort\n"
"                         first the card asks for time, for INF of N bytes, gives up\n"
"      t1-resynch t1-mute out of step until RESYNCH; mute until a reset\n"
"      where:             12 (the twelfth command), 12+ (from there on), KIND, KIND:2,\n"
"                         KIND:2+; KIND is on, off, status, xfr, get, set or abort\n"
"\n"
"While it runs:\n"
"  --control SOCKET       commands over a Unix socket\n"
"  --stdin                commands from standard input, answers on standard output\n"
"  --stats                the figures on standard output at the end\n"
"  --to SOCKET            give one command to a running reader and print its answer\n"
"  Commands, a line each, answered by lines and then \"ok\" or \"error REASON\":\n"
"      insert N, remove N the card of slot N\n"
"      detach, attach     unplug and plug in; answered when the kernel has noticed\n"
"      plug               plug in, answered at once\n"
"      fault SPEC|none    other faults; commands are counted from here\n"
"      card-fault SPEC|none\n"
"      patch LIST|none    other descriptors; seen from the next attach on\n"
"      release            let go the answers that a fault holds\n"
"      notify HEX         these bytes on the interrupt endpoint\n"
"      stats, clear       the figures; set them to zero\n"
"      wait NAME N        answered when that figure has reached N\n"
"      port               where it is plugged in\n"
"  --help, --version\n"
"\n"
"Prints \"attached BUS-PORT\" when the kernel has enumerated the reader, and \"detached\n"
"BUS-PORT\" when it has gone. SIGTERM and SIGINT end it with status 0.\n"
"Exit status: 0 ended by a signal, 1 failure, 2 usage.\n";

/* --- arguments -------------------------------------------------------------- */

__attribute__((format(printf, 1, 2))) static int complain(const char *format, ...)
{
	va_list list;

	fputs("vreader: ", stderr);
	va_start(list, format);
	vfprintf(stderr, format, list);
	va_end(list);
	fputs("\nTry \"vreader --help\".\n", stderr);
	return EXIT_USAGE;
}

enum choice {
	OPT_LEVEL = 256, OPT_SPEED, OPT_SLOTS, OPT_EMPTY, OPT_FEATURES, OPT_PROTOCOLS,
	OPT_MAX_MESSAGE, OPT_MAX_RATE, OPT_VOLTAGES, OPT_NO_INTERRUPT, OPT_CLASS_LAST,
	OPT_SHOW_PROCEDURE, OPT_NO_PARAMETERS, OPT_ABORT, OPT_STRAY_ZLP, OPT_REMOTE_WAKEUP,
	OPT_WTX, OPT_CARD_PROTOCOL, OPT_T1_EDC, OPT_T1_IFSC, OPT_T1_BWI, OPT_T1_CWI, OPT_T1_WTX, OPT_ID, OPT_PATCH, OPT_CARD_VOLTAGES, OPT_PPS, OPT_ATR, OPT_STATE, OPT_PKI,
	OPT_LINK, OPT_CARD_FAULT, OPT_LOG, OPT_FAULT, OPT_CONTROL, OPT_STDIN, OPT_STATS, OPT_TO,
	OPT_HELP, OPT_VERSION,
};

static const struct option long_options[] = {
	{ "level", required_argument, NULL, OPT_LEVEL },
	{ "speed", required_argument, NULL, OPT_SPEED },
	{ "slots", required_argument, NULL, OPT_SLOTS },
	{ "empty", required_argument, NULL, OPT_EMPTY },
	{ "features", required_argument, NULL, OPT_FEATURES },
	{ "protocols", required_argument, NULL, OPT_PROTOCOLS },
	{ "max-message", required_argument, NULL, OPT_MAX_MESSAGE },
	{ "max-rate", required_argument, NULL, OPT_MAX_RATE },
	{ "voltages", required_argument, NULL, OPT_VOLTAGES },
	{ "no-interrupt", no_argument, NULL, OPT_NO_INTERRUPT },
	{ "class-last", no_argument, NULL, OPT_CLASS_LAST },
	{ "show-procedure", no_argument, NULL, OPT_SHOW_PROCEDURE },
	{ "no-parameters", no_argument, NULL, OPT_NO_PARAMETERS },
	{ "abort", required_argument, NULL, OPT_ABORT },
	{ "stray-zlp", no_argument, NULL, OPT_STRAY_ZLP },
	{ "remote-wakeup", no_argument, NULL, OPT_REMOTE_WAKEUP },
	{ "wtx", required_argument, NULL, OPT_WTX },
	{ "card-protocol", required_argument, NULL, OPT_CARD_PROTOCOL },
	{ "t1-edc", required_argument, NULL, OPT_T1_EDC },
	{ "t1-ifsc", required_argument, NULL, OPT_T1_IFSC },
	{ "t1-bwi", required_argument, NULL, OPT_T1_BWI },
	{ "t1-cwi", required_argument, NULL, OPT_T1_CWI },
	{ "t1-wtx", required_argument, NULL, OPT_T1_WTX },
	{ "id", required_argument, NULL, OPT_ID },
	{ "patch", required_argument, NULL, OPT_PATCH },
	{ "card-voltages", required_argument, NULL, OPT_CARD_VOLTAGES },
	{ "pps", required_argument, NULL, OPT_PPS },
	{ "atr", required_argument, NULL, OPT_ATR },
	{ "state", required_argument, NULL, OPT_STATE },
	{ "pki", required_argument, NULL, OPT_PKI },
	{ "link", required_argument, NULL, OPT_LINK },
	{ "card-fault", required_argument, NULL, OPT_CARD_FAULT },
	{ "log", required_argument, NULL, OPT_LOG },
	{ "fault", required_argument, NULL, OPT_FAULT },
	{ "control", required_argument, NULL, OPT_CONTROL },
	{ "stdin", no_argument, NULL, OPT_STDIN },
	{ "stats", no_argument, NULL, OPT_STATS },
	{ "to", required_argument, NULL, OPT_TO },
	{ "help", no_argument, NULL, OPT_HELP },
	{ "version", no_argument, NULL, OPT_VERSION },
	{ 0 },
};

static bool parse_number(const char *text, int base, unsigned long max, unsigned long *ret)
{
	char *end;

	errno = 0;
	*ret = strtoul(text, &end, base);
	return *text != '-' && *text && !*end && !errno && *ret <= max;
}

/* The place of @text in @names, negative: nowhere. */
static int parse_word(const char *text, const char *const *names)
{
	for (int i = 0; names[i]; i++)
		if (!strcmp(names[i], text))
			return i;
	return -1;
}

static bool parse_voltages(const char *text, unsigned *ret)
{
	static const char *const names[] = { "5", "3", "1.8", NULL };

	*ret = 0;
	while (*text) {
		size_t len = strcspn(text, ",");
		char name[4] = "";
		int i;

		if (len < sizeof(name))
			memcpy(name, text, len);
		i = parse_word(name, names);
		if (i < 0)
			return false;
		*ret |= 1u << i;
		text += len + (text[len] == ',');
	}
	return *ret != 0;
}

static bool take_word(enum choice option, const char *value, struct vreader_options *reader)
{
	static const char *const levels[] = { "tpdu", "short", "extended", "character", NULL };
	static const char *const speeds[] = { "full", "high", NULL };
	static const char *const pps[] = { "accept", "default", "garbage", "mute", NULL };
	static const char *const aborts[] = { "works", "ignored", "stalls", NULL };
	static const char *const protocols[] = { "t0", "t1", NULL };
	static const char *const checks[] = { "lrc", "crc", NULL };
	const char *const *names = option == OPT_LEVEL ? levels : option == OPT_SPEED ? speeds :
				   option == OPT_PPS ? pps : option == OPT_ABORT ? aborts :
				   option == OPT_T1_EDC ? checks : protocols;
	int i = parse_word(value, names);

	if (i < 0)
		return false;
	if (option == OPT_LEVEL)
		reader->level = (enum vreader_level)i;
	else if (option == OPT_SPEED)
		reader->high_speed = i == 1;
	else if (option == OPT_PPS)
		reader->pps = (enum vreader_pps)i;
	else if (option == OPT_CARD_PROTOCOL)
		reader->t1 = i == 1;
	else if (option == OPT_T1_EDC)
		reader->t1_crc = i == 1;
	else
		reader->abort = (enum vreader_abort)i;
	return true;
}

static bool take_number(enum choice option, const char *value, struct vreader_options *reader)
{
	bool hex = option == OPT_FEATURES || option == OPT_PROTOCOLS;
	unsigned long n;

	if (!parse_number(value, hex ? 16 : 10, UINT32_MAX, &n))
		return false;
	switch (option) {
	case OPT_SLOTS:
		reader->slots = (unsigned)n;
		return n > 0;
	case OPT_EMPTY:
		reader->empty |= n < VREADER_MAX_SLOTS ? 1u << n : 0;
		return n < VREADER_MAX_SLOTS;
	case OPT_FEATURES:
		reader->features = (uint32_t)n & ~0x70000u;
		reader->has_features = true;
		return true;
	case OPT_PROTOCOLS:
		reader->protocols = (uint32_t)n;
		return true;
	case OPT_MAX_MESSAGE:
		reader->max_message = (uint32_t)n;
		return true;
	case OPT_MAX_RATE:
		reader->max_rate = (uint32_t)n;
		return true;
	case OPT_T1_IFSC:
		reader->t1_ifsc = (unsigned)n;
		return n > 0;
	case OPT_T1_BWI:
		reader->t1_bwi = (unsigned)n;
		return true;
	case OPT_T1_CWI:
		reader->t1_cwi = (unsigned)n;
		return n > 0;
	case OPT_T1_WTX:
		reader->t1_wtx = (unsigned)n;
		return true;
	default:
		reader->wtx_ms = (unsigned)n;
		return n < 3600000;
	}
}

static void take_flag(enum choice option, struct vreader_arguments *arguments)
{
	struct vreader_options *reader = &arguments->reader;
	bool *flag = option == OPT_NO_INTERRUPT ? &reader->no_interrupt :
		     option == OPT_CLASS_LAST ? &reader->class_last :
		     option == OPT_SHOW_PROCEDURE ? &reader->show_procedure :
		     option == OPT_NO_PARAMETERS ? &reader->no_parameters :
		     option == OPT_STRAY_ZLP ? &reader->stray_zlp :
		     option == OPT_REMOTE_WAKEUP ? &reader->remote_wakeup :
		     option == OPT_STDIN ? &arguments->read_stdin : &arguments->stats;

	*flag = true;
}

static void take_text(enum choice option, const char *value, struct vreader_arguments *arguments)
{
	struct vreader_options *reader = &arguments->reader;
	const char **text = option == OPT_PATCH ? &reader->patch :
			    option == OPT_FAULT ? &reader->fault :
			    option == OPT_STATE ? &reader->card.state_dir :
			    option == OPT_LINK ? &reader->card.link :
			    option == OPT_CARD_FAULT ? &reader->card.fault :
			    option == OPT_LOG ? &reader->card.log :
			    option == OPT_CONTROL ? &arguments->control : &arguments->to;

	*text = value;
}

static bool take_id(const char *value, struct vreader_options *reader)
{
	int used = 0;

	return sscanf(value, "%4x:%4x%n", &reader->vendor, &reader->product, &used) == 2 &&
	       !value[used];
}

static bool take_atr(const char *value, struct vreader_arguments *arguments)
{
	size_t len;

	if (esim_hex_decode(value, arguments->atr, sizeof(arguments->atr), &len) || len < 2)
		return false;
	arguments->reader.card.atr = esim_slice(arguments->atr, len);
	return true;
}

static bool take_pki(const char *value, struct veuicc_options *card)
{
	if (card->pki_count == VEUICC_MAX_PKI)
		return false;
	card->pki_dirs[card->pki_count++] = value;
	return true;
}

static bool take(enum choice option, const char *value, struct vreader_arguments *arguments)
{
	struct vreader_options *reader = &arguments->reader;

	switch (option) {
	case OPT_LEVEL:
	case OPT_SPEED:
	case OPT_PPS:
	case OPT_ABORT:
	case OPT_CARD_PROTOCOL:
	case OPT_T1_EDC:
		return take_word(option, value, reader);
	case OPT_SLOTS:
	case OPT_EMPTY:
	case OPT_FEATURES:
	case OPT_PROTOCOLS:
	case OPT_MAX_MESSAGE:
	case OPT_MAX_RATE:
	case OPT_WTX:
	case OPT_T1_IFSC:
	case OPT_T1_BWI:
	case OPT_T1_CWI:
	case OPT_T1_WTX:
		return take_number(option, value, reader);
	case OPT_VOLTAGES:
		return parse_voltages(value, &reader->voltages);
	case OPT_CARD_VOLTAGES:
		return parse_voltages(value, &reader->card_voltages);
	case OPT_ID:
		return take_id(value, reader);
	case OPT_ATR:
		return take_atr(value, arguments);
	case OPT_PKI:
		return take_pki(value, &reader->card);
	default:
		if (value)
			take_text(option, value, arguments);
		else
			take_flag(option, arguments);
		return true;
	}
}

int vreader_command_line(int argc, char **argv, struct vreader_arguments *arguments)
{
	int option, index;

	while ((option = getopt_long(argc, argv, "", long_options, &index)) != -1) {
		if (option == OPT_HELP) {
			fputs(usage, stdout);
			return -1;
		}
		if (option == OPT_VERSION) {
			puts("vreader " COREESIM_VERSION);
			return -1;
		}
		if (option == '?')
			return EXIT_USAGE;
		if (!take((enum choice)option, optarg, arguments))
			return complain("\"%s\" is not a value of --%s", optarg,
					long_options[index].name);
	}
	if (!arguments->to && optind < argc)
		return complain("what is \"%s\"?", argv[optind]);
	if (arguments->to && optind == argc)
		return complain("--to needs a command");
	if (arguments->reader.card.pki_count == 0)
		take_pki(veuicc_default_pki(), &arguments->reader.card);
	arguments->command = argv + optind;
	return 0;
}
