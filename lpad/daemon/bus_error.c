/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Failures as D-Bus errors: org.coreesim.Lpa1.Error.NAME and a sentence. */
#include "bus_private.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#define ANY		1000		/* codes are negative, domains are few */
#define LENGTH(a)	(sizeof(a) / sizeof((a)[0]))

/* The first row that fits counts; of the codes that say little the domain decides. */
static const struct {
	int code, domain;
	const char *check, *name;
} names[] = {
	{ ESIM_EINVAL, ANY, NULL, "InvalidArgument" },
	{ ESIM_ENOMEM, ANY, NULL, "System" },
	{ ESIM_ETIMEDOUT, ANY, NULL, "Timeout" },
	{ ESIM_ECANCELED, ANY, NULL, "Cancelled" },
	{ ESIM_ENODEV, ANY, NULL, "NotReady" },
	{ ESIM_EBUSY, ANY, "tooMany", "TooMany" },
	{ ESIM_EBUSY, ANY, NULL, "Busy" },
	{ ESIM_ENOTSUP, ANY, NULL, "NotSupported" },
	{ ESIM_ESW, ANY, NULL, "Card" },
	{ ESIM_ERESULT, ANY, NULL, "Card" },
	{ ESIM_ENET, ANY, NULL, "Network" },
	{ ESIM_ETLS, ANY, NULL, "Network" },
	{ ESIM_EHTTP, ANY, NULL, "Network" },
	{ ESIM_ESERVER, ANY, NULL, "Server" },
	{ ESIM_EVERIFY, ANY, NULL, "Verification" },
	{ ESIM_EREFUSED, ANY, NULL, "Refused" },
	{ ESIM_ENOENT, ANY, NULL, "NotFound" },
	{ ESIM_ESTALE, ANY, NULL, "Transport" },
	{ ANY, ESIM_DOMAIN_USAGE, NULL, "InvalidArgument" },
	{ ANY, ESIM_DOMAIN_TRANSPORT, NULL, "Transport" },
	{ ANY, ESIM_DOMAIN_CARD, NULL, "Card" },
	{ ANY, ESIM_DOMAIN_NETWORK, NULL, "Network" },
	{ ANY, ESIM_DOMAIN_SERVER, NULL, "Server" },
	{ ANY, ESIM_DOMAIN_VERIFY, NULL, "Verification" },
	{ ANY, ESIM_DOMAIN_POLICY, NULL, "Refused" },
	{ ESIM_EIO, ESIM_DOMAIN_NONE, NULL, "Transport" },
	{ ESIM_EPROTO, ESIM_DOMAIN_NONE, NULL, "Card" },
	{ ANY, ANY, NULL, "System" },
};

const char *bus_error_name(const struct esim_error *err)
{
	size_t i = 0;

	while (i < LENGTH(names) - 1 &&
	       ((names[i].code != ANY && names[i].code != err->code) ||
		(names[i].domain != ANY && names[i].domain != (int)err->domain) ||
		(names[i].check && strcmp(names[i].check, err->check) != 0)))
		i++;
	return names[i].name;
}

int bus_error_set(sd_bus_error *error, const char *name, const char *fmt, ...)
{
	char full[64], sentence[640];
	va_list ap;

	va_start(ap, fmt);
	vsnprintf(sentence, sizeof(sentence), fmt, ap);
	va_end(ap);
	snprintf(full, sizeof(full), BUS_NAME ".Error.%s", name);
	return sd_bus_error_set(error, full, sentence);
}

int bus_error_from(sd_bus_error *error, const struct esim_error *err)
{
	return bus_error_set(error, bus_error_name(err), "%s%s%s",
			     err->message[0] ? err->message : "it failed for an unknown reason",
			     err->advice[0] ? "; " : "", err->advice);
}
