/* SPDX-License-Identifier: GPL-2.0-or-later */
/* mkpki: write a whole test PKI, CI to eUICC, in the shape of SGP.26. */
#include "rsp/clock.h"
#include "rsp/pki.h"

#include <esim/program.h>

#include <getopt.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

static const char usage[] =
	"usage: mkpki --curve nist|brainpool [--eid DIGITS] [--name FQDN] [--smds-name FQDN]\n"
	"             [--clock RFC3339] DIR\n"
	"\n"
	"Writes CERT_x.der and SK_x.pem to DIR, which is made if it is not there; x is CI,\n"
	"EUM, EUICC, DPauth, DPpb, DPtls, DSauth, DStls.\n"
	"\n"
	"  --curve nist|brainpool  P-256 or brainpoolP256r1; TLS keys are always on P-256\n"
	"  --eid DIGITS            the eUICC's EID (default " RSP_PKI_EID ")\n"
	"  --name FQDN             the SM-DP+'s name (default " RSP_PKI_NAME ")\n"
	"  --smds-name FQDN        the SM-DS's name (default " RSP_PKI_SMDS ")\n"
	"  --clock RFC3339         certificates are valid from a day before this time\n"
	"  --help, --version\n";

enum { OPT_CURVE = 256, OPT_EID, OPT_NAME, OPT_SMDS_NAME, OPT_CLOCK, OPT_HELP, OPT_VERSION };

static const struct option long_options[] = {
	{ "curve", required_argument, NULL, OPT_CURVE },
	{ "eid", required_argument, NULL, OPT_EID },
	{ "name", required_argument, NULL, OPT_NAME },
	{ "smds-name", required_argument, NULL, OPT_SMDS_NAME },
	{ "clock", required_argument, NULL, OPT_CLOCK },
	{ "help", no_argument, NULL, OPT_HELP },
	{ "version", no_argument, NULL, OPT_VERSION },
	{ 0 },
};

static int usage_error(const char *message)
{
	if (message)
		fprintf(stderr, "mkpki: %s\n", message);
	fputs("Try 'mkpki --help'.\n", stderr);
	return 2;
}

static int make(const char *dir, const struct rsp_pki_options *options)
{
	struct esim_error err;
	struct rsp_pki *pki;
	int r;

	r = rsp_pki_load(dir, options, &pki, &err);
	if (!r) {
		mkdir(dir, 0777);
		r = rsp_pki_save(pki, dir, &err);
		rsp_pki_free(&pki);
	}
	if (r)
		fprintf(stderr, "mkpki: %s\n", err.message);
	return r ? 1 : 0;
}

int main(int argc, char **argv)
{
	struct rsp_pki_options options = { .required = RSP_PKI_ALL, .fresh = true };
	const char *curve = NULL;
	int option;

	esim_open_standard_fds();
	while ((option = getopt_long(argc, argv, "", long_options, NULL)) != -1) {
		switch (option) {
		case OPT_CURVE:
			curve = optarg;
			break;
		case OPT_EID:
			options.eid = optarg;
			break;
		case OPT_NAME:
			options.name = optarg;
			break;
		case OPT_SMDS_NAME:
			options.smds_name = optarg;
			break;
		case OPT_CLOCK:
			if (rsp_clock_parse(optarg, &options.now))
				return usage_error("--clock takes a time such as 2026-11-22T13:00:00Z");
			break;
		case OPT_HELP:
			fputs(usage, stdout);
			return 0;
		case OPT_VERSION:
			puts("mkpki " COREESIM_VERSION);
			return 0;
		default:
			return usage_error(NULL);
		}
	}
	if (!curve || (strcmp(curve, "nist") != 0 && strcmp(curve, "brainpool") != 0))
		return usage_error("--curve nist or --curve brainpool is needed");
	if (argc - optind != 1)
		return usage_error("one directory is needed");
	options.curve = strcmp(curve, "nist") == 0 ? ESIM_CURVE_P256 : ESIM_CURVE_BRAINPOOL_P256R1;
	return make(argv[optind], &options);
}
