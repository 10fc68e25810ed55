/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The program `veuicc`: a virtual eUICC behind a socket or a device; see veuicc(1). */
#include "veuicc/default_pki.h"
#include "veuicc/proxy.h"
#include "veuicc/serve.h"

#include "rsp/clock.h"

#include <esim/program.h>

#include <errno.h>
#include <getopt.h>
#include <limits.h>
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/signalfd.h>
#include <unistd.h>

enum { EXIT_OTHER = 1, EXIT_USAGE = 2 };

enum way { NO_WAY, LISTEN, VPCD, VSC, PROXY };

struct arguments {
	struct veuicc_options card;
	enum way way;
	const char *address;
	uint8_t atr[ESIM_MAX_ATR];
};

static const char usage[] =
"Usage: veuicc --state DIR WAY [OPTION]...\n"
"A virtual eUICC (SGP.22) with real cryptography.\n"
"\n"
"Ways in, one of:\n"
"  --listen unix:PATH|tcp:HOST:PORT  wait for a reader (vpcd's framing)\n"
"  --vpcd HOST:PORT                  be the card of pcscd's vpcd\n"
"  --vsc PATH                        be the card of QEMU's ccid-card-passthru\n"
"  --proxy DEV                       be the card of a /dev/euiccN that /dev/euicc-proxy makes\n"
"\n"
"The card:\n"
"  --state DIR            where its state is kept; made where missing\n"
"  --pki DIR              CERT_CI, CERT_EUM, CERT_EUICC, SK_EUICC; may be repeated, the first\n"
"                         gives the EID (default: $COREESIM_PKI/nist, else the build's own)\n"
"  --svn V                2.0, 2.1, 2.2.2 or 2.5 (default)\n"
"  --memory BYTES         for profiles (default 524288)\n"
"  --max-profiles N       (default 16)\n"
"  --default-smdp FQDN    default SM-DP+ of a fresh card (none)\n"
"  --root-smds FQDN       root SM-DS (testrootsmds.example.com)\n"
"  --rat RULES            Rules Authorisation Table, such as ppr1+ppr2:00101|*:consent;ppr2:* , or none\n"
"  --forbid-ppr 1|2|3     PPR1, PPR2 or both are forbidden\n"
"  --no-test-profiles     profiles of class test are refused\n"
"  --require-test-keys    profiles of class test need the USIM test algorithm\n"
"  --busy N               the next N profile changes answer catBusy\n"
"  --segment-limit N      STORE DATA with more bytes gets status word 6601\n"
"  --atr HEX              answer to reset\n"
"  --clock RFC3339        time of certificate checks (now)\n"
"\n"
"What happens on the way:\n"
"  --link SPEC            baud=N,apdu-us=N,crypto-us=N,write-us=N\n"
"  --fault SPEC           ACTION@WHERE, separated by commas\n"
"      actions: sw=HHHH mute corrupt[=BYTE] truncate[=N] oversize[=N] empty power-loss result=N\n"
"      where:   12 (APDU number), 12+ (from there on), BF38 (ES10 function), BF38:2 (its second\n"
"               call), write:3 (third step of writing the state; power-loss only)\n"
"  --log FILE             one line per APDU: number > command < response\n"
"  --help, --version\n"
"\n"
"Prints \"listening ADDRESS\" when ready. SIGTERM and SIGINT end it with status 0.\n"
"Exit status: 0 ended by a signal, 1 failure, 2 usage.\n";

/* --- arguments ------------------------------------------------------------- */

__attribute__((format(printf, 1, 2))) static int complain(const char *format, ...)
{
	va_list list;

	fputs("veuicc: ", stderr);
	va_start(list, format);
	vfprintf(stderr, format, list);
	va_end(list);
	fputs("\nTry \"veuicc --help\".\n", stderr);
	return EXIT_USAGE;
}

static bool parse_size(const char *text, size_t max, size_t *ret)
{
	char *end;
	unsigned long long n;

	if (*text < '0' || *text > '9')
		return false;
	errno = 0;
	n = strtoull(text, &end, 10);
	if (*end || errno || n > max)
		return false;
	*ret = (size_t)n;
	return true;
}

static bool parse_unsigned(const char *text, unsigned max, unsigned *ret)
{
	size_t n;

	if (!parse_size(text, max, &n))
		return false;
	*ret = (unsigned)n;
	return true;
}

static bool parse_svn(const char *text, unsigned *ret)
{
	static const struct {
		const char *text;
		unsigned svn;
	} svns[] = {
		{ "2.0", VEUICC_SVN_2_0 }, { "2.0.0", VEUICC_SVN_2_0 },
		{ "2.1", VEUICC_SVN_2_1 }, { "2.1.0", VEUICC_SVN_2_1 },
		{ "2.2.2", VEUICC_SVN_2_2_2 },
		{ "2.5", VEUICC_SVN_2_5 }, { "2.5.0", VEUICC_SVN_2_5 },
	};

	for (size_t i = 0; i < sizeof(svns) / sizeof(svns[0]); i++) {
		if (!strcmp(svns[i].text, text)) {
			*ret = svns[i].svn;
			return true;
		}
	}
	return false;
}

enum choice {
	OPT_STATE = 256, OPT_LISTEN, OPT_VPCD, OPT_VSC, OPT_PROXY, OPT_PKI, OPT_SVN, OPT_MEMORY,
	OPT_MAX_PROFILES, OPT_SMDP, OPT_SMDS, OPT_RAT, OPT_FORBID_PPR, OPT_NO_TEST, OPT_TEST_KEYS,
	OPT_BUSY, OPT_SEGMENT, OPT_ATR, OPT_CLOCK, OPT_LINK, OPT_FAULT, OPT_LOG, OPT_HELP,
	OPT_VERSION,
};

static const struct option options[] = {
	{ "state", required_argument, NULL, OPT_STATE },
	{ "listen", required_argument, NULL, OPT_LISTEN },
	{ "vpcd", required_argument, NULL, OPT_VPCD },
	{ "vsc", required_argument, NULL, OPT_VSC },
	{ "proxy", required_argument, NULL, OPT_PROXY },
	{ "pki", required_argument, NULL, OPT_PKI },
	{ "svn", required_argument, NULL, OPT_SVN },
	{ "memory", required_argument, NULL, OPT_MEMORY },
	{ "max-profiles", required_argument, NULL, OPT_MAX_PROFILES },
	{ "default-smdp", required_argument, NULL, OPT_SMDP },
	{ "root-smds", required_argument, NULL, OPT_SMDS },
	{ "rat", required_argument, NULL, OPT_RAT },
	{ "forbid-ppr", required_argument, NULL, OPT_FORBID_PPR },
	{ "no-test-profiles", no_argument, NULL, OPT_NO_TEST },
	{ "require-test-keys", no_argument, NULL, OPT_TEST_KEYS },
	{ "busy", required_argument, NULL, OPT_BUSY },
	{ "segment-limit", required_argument, NULL, OPT_SEGMENT },
	{ "atr", required_argument, NULL, OPT_ATR },
	{ "clock", required_argument, NULL, OPT_CLOCK },
	{ "link", required_argument, NULL, OPT_LINK },
	{ "fault", required_argument, NULL, OPT_FAULT },
	{ "log", required_argument, NULL, OPT_LOG },
	{ "help", no_argument, NULL, OPT_HELP },
	{ "version", no_argument, NULL, OPT_VERSION },
	{ 0 },
};

static int take_way(struct arguments *arguments, enum way way, const char *address)
{
	if (arguments->way != NO_WAY)
		return complain("only one way in, not %s too", address);
	arguments->way = way;
	arguments->address = address;
	return 0;
}

static int take_atr(struct arguments *arguments, const char *hex)
{
	size_t len;

	if (esim_hex_decode(hex, arguments->atr, sizeof(arguments->atr), &len) || len < 2)
		return complain("\"%s\" is no ATR in hex", hex);
	arguments->card.atr = esim_slice(arguments->atr, len);
	return 0;
}

static int take_number(enum choice option, const char *text, struct veuicc_options *card)
{
	bool good = false;

	switch (option) {
	case OPT_SVN:
		good = parse_svn(text, &card->svn);
		break;
	case OPT_MEMORY:
		good = parse_size(text, UINT32_MAX, &card->memory) && card->memory > 0;
		break;
	case OPT_MAX_PROFILES:
		good = parse_unsigned(text, ESIM_MAX_PROFILES, &card->max_profiles) &&
		       card->max_profiles > 0;
		break;
	case OPT_FORBID_PPR:
		good = parse_unsigned(text, 3, &card->forbidden_pprs);
		break;
	case OPT_BUSY:
		good = parse_unsigned(text, UINT16_MAX, &card->busy);
		break;
	case OPT_SEGMENT:
		good = parse_size(text, UINT16_MAX, &card->segment_limit);
		break;
	default:
		good = !rsp_clock_parse(text, &card->now);
		break;
	}
	return good ? 0 : complain("\"%s\" is not a value of this option", text);
}

static int take_text(enum choice option, const char *text, struct veuicc_options *card)
{
	const char **to = option == OPT_STATE ? &card->state_dir :
			  option == OPT_SMDP  ? &card->default_smdp :
			  option == OPT_SMDS  ? &card->root_smds :
			  option == OPT_RAT   ? &card->rat :
			  option == OPT_LINK  ? &card->link :
			  option == OPT_FAULT ? &card->fault : &card->log;

	*to = text;
	return 0;
}

static int take(struct arguments *arguments, enum choice option, const char *value)
{
	struct veuicc_options *card = &arguments->card;

	switch (option) {
	case OPT_LISTEN:
		return take_way(arguments, LISTEN, value);
	case OPT_VPCD:
		return take_way(arguments, VPCD, value);
	case OPT_VSC:
		return take_way(arguments, VSC, value);
	case OPT_PROXY:
		return take_way(arguments, PROXY, value);
	case OPT_PKI:
		if (card->pki_count == VEUICC_MAX_PKI)
			return complain("too many PKI directories with %s", value);
		card->pki_dirs[card->pki_count++] = value;
		return 0;
	case OPT_NO_TEST:
		card->no_test_profiles = true;
		return 0;
	case OPT_TEST_KEYS:
		card->require_test_keys = true;
		return 0;
	case OPT_ATR:
		return take_atr(arguments, value);
	case OPT_STATE:
	case OPT_SMDP:
	case OPT_SMDS:
	case OPT_RAT:
	case OPT_LINK:
	case OPT_FAULT:
	case OPT_LOG:
		return take_text(option, value, card);
	default:
		return take_number(option, value, card);
	}
}

/* 0, EXIT_USAGE, or -1: said what was asked for. */
static int parse(int argc, char **argv, struct arguments *arguments)
{
	int option, r;

	while ((option = getopt_long(argc, argv, "", options, NULL)) != -1) {
		if (option == OPT_HELP) {
			fputs(usage, stdout);
			return -1;
		}
		if (option == OPT_VERSION) {
			puts("veuicc " COREESIM_VERSION);
			return -1;
		}
		if (option == '?')
			return EXIT_USAGE;
		r = take(arguments, (enum choice)option, optarg);
		if (r)
			return r;
	}
	if (optind < argc)
		return complain("what is \"%s\"?", argv[optind]);
	if (arguments->way == NO_WAY || !arguments->card.state_dir)
		return complain("--state and one of --listen, --vpcd, --vsc, --proxy are needed");
	if (arguments->card.pki_count == 0)
		arguments->card.pki_dirs[arguments->card.pki_count++] = veuicc_default_pki();
	arguments->card.real_time = true;
	return 0;
}

/* --- running --------------------------------------------------------------- */

static void ready(const char *address)
{
	printf("listening %s\n", address);
	fflush(stdout);
}

static int run(struct veuicc *card, const struct arguments *arguments, int stop_fd,
	       struct esim_error *err)
{
	switch (arguments->way) {
	case LISTEN:
		return veuicc_serve_listen(card, arguments->address, stop_fd, ready, err);
	case VPCD:
		return veuicc_serve_vpcd(card, arguments->address, stop_fd, ready, err);
	case VSC:
		return veuicc_serve_vsc(card, arguments->address, stop_fd, ready, err);
	case PROXY:
		return veuicc_serve_proxy(card, arguments->address, stop_fd, ready, err);
	case NO_WAY:
		break;
	}
	return ESIM_EINVAL;
}

static int fail(const struct esim_error *err)
{
	fprintf(stderr, "veuicc: %s\n", err->message);
	if (err->advice[0])
		fprintf(stderr, "%s\n", err->advice);
	return err->code == ESIM_EINVAL ? EXIT_USAGE : EXIT_OTHER;
}

int main(int argc, char **argv)
{
	struct arguments arguments = { 0 };
	struct veuicc *card = NULL;
	struct esim_error err = { 0 };
	sigset_t signals;
	int stop_fd, r;

	esim_open_standard_fds();
	r = parse(argc, argv, &arguments);
	if (r)
		return r < 0 ? 0 : r;
	sigemptyset(&signals);
	sigaddset(&signals, SIGTERM);
	sigaddset(&signals, SIGINT);
	sigprocmask(SIG_BLOCK, &signals, NULL);
	stop_fd = signalfd(-1, &signals, SFD_CLOEXEC);
	if (stop_fd < 0) {
		perror("veuicc: signalfd");
		return EXIT_OTHER;
	}
	r = veuicc_new(&arguments.card, &card, &err);
	if (!r)
		r = run(card, &arguments, stop_fd, &err);
	veuicc_free(&card);
	close(stop_fd);
	return r ? fail(&err) : 0;
}
