/* SPDX-License-Identifier: GPL-2.0-or-later */
/* mkprofile: write a profile package for the test SM-DP+. */
#include "rsp/file.h"
#include "rsp/profile.h"

#include <esim/program.h>

#include <getopt.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static const char usage[] =
	"usage: mkprofile --iccid DIGITS --imsi DIGITS [--name TEXT] [--k HEX --opc HEX]\n"
	"                 [--size BYTES] FILE\n"
	"\n"
	"Writes an unprotected profile package (TCA interoperable format, DER): MF, USIM with\n"
	"Milenage keys, codes, a security domain.\n"
	"\n"
	"  --iccid DIGITS      18 to 20 digits\n"
	"  --imsi DIGITS       6 to 15 digits\n"
	"  --name TEXT         the profile type in its header (default \"CoreESIM test\")\n"
	"  --k HEX --opc HEX   16 bytes each (default: those of TS 35.208, test set 1)\n"
	"  --size BYTES        grow the package to about this size\n"
	"  --help, --version\n";

enum { OPT_ICCID = 256, OPT_IMSI, OPT_NAME, OPT_K, OPT_OPC, OPT_SIZE, OPT_HELP, OPT_VERSION };

static const struct option long_options[] = {
	{ "iccid", required_argument, NULL, OPT_ICCID },
	{ "imsi", required_argument, NULL, OPT_IMSI },
	{ "name", required_argument, NULL, OPT_NAME },
	{ "k", required_argument, NULL, OPT_K },
	{ "opc", required_argument, NULL, OPT_OPC },
	{ "size", required_argument, NULL, OPT_SIZE },
	{ "help", no_argument, NULL, OPT_HELP },
	{ "version", no_argument, NULL, OPT_VERSION },
	{ 0 },
};

static const struct rsp_profile defaults = {
	.k = { 0x46, 0x5B, 0x5C, 0xE8, 0xB1, 0x99, 0xB4, 0x9F, 0xAA, 0x5F, 0x0A, 0x2E, 0xE2, 0x38, 0xA6, 0xBC },
	.opc = { 0xCD, 0x63, 0xCB, 0x71, 0x95, 0x4A, 0x9F, 0x4E, 0x48, 0xA5, 0x99, 0x4E, 0x37, 0xA0, 0x2B, 0xAF },
};

static int usage_error(const char *message)
{
	if (message)
		fprintf(stderr, "mkprofile: %s\n", message);
	fputs("Try 'mkprofile --help'.\n", stderr);
	return 2;
}

static int parse_key(const char *hex, uint8_t key[static RSP_PROFILE_KEY_SIZE])
{
	size_t len;

	if (esim_hex_decode(hex, key, RSP_PROFILE_KEY_SIZE, &len) || len != RSP_PROFILE_KEY_SIZE)
		return usage_error("a key has 16 bytes in hex");
	return -1;
}

static int parse_size(const char *text, size_t *size)
{
	char *end;

	*size = strtoul(text, &end, 10);
	return *text && !*end ? -1 : usage_error("--size takes a number of bytes");
}

/* -1: go on; else the exit status. */
static int parse_option(struct rsp_profile *profile, int option)
{
	switch (option) {
	case OPT_ICCID:
		profile->iccid = optarg;
		return -1;
	case OPT_IMSI:
		profile->imsi = optarg;
		return -1;
	case OPT_NAME:
		profile->type = optarg;
		return -1;
	case OPT_K:
		return parse_key(optarg, profile->k);
	case OPT_OPC:
		return parse_key(optarg, profile->opc);
	case OPT_SIZE:
		return parse_size(optarg, &profile->size);
	case OPT_HELP:
		fputs(usage, stdout);
		return 0;
	case OPT_VERSION:
		puts("mkprofile " COREESIM_VERSION);
		return 0;
	default:
		return usage_error(NULL);
	}
}

int main(int argc, char **argv)
{
	struct rsp_profile profile = defaults;
	struct esim_buf package = ESIM_BUF_INIT;
	struct esim_error err;
	int option, status;

	esim_open_standard_fds();
	while ((option = getopt_long(argc, argv, "", long_options, NULL)) != -1) {
		status = parse_option(&profile, option);
		if (status >= 0)
			return status;
	}
	if (!profile.iccid || !profile.imsi)
		return usage_error("--iccid and --imsi are needed");
	if (argc - optind != 1)
		return usage_error("one file is needed");
	status = rsp_profile_build(&profile, &package, &err);
	if (!status)
		status = rsp_file_write(argv[optind], esim_buf_slice(&package), 0644, &err);
	if (status)
		fprintf(stderr, "mkprofile: %s\n", err.message);
	esim_buf_free(&package);
	return status == ESIM_EINVAL ? 2 : status ? 1 : 0;
}
