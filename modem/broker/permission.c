/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What the broker opens for its callers, who may say any name; see broker.h. */
#include "broker.h"

#include <limits.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#define OWN_TERMINAL "/dev/pts/"

/* Below /dev. Opening some other device does harm by itself: a console, say. */
static const struct {
	const char *scheme, *prefix;
} ports[] = {
	{ "mbim:", "/dev/cdc-wdm" }, { "mbim:", "/dev/wwan" },
	{ "qmi:", "/dev/cdc-wdm" },  { "qmi:", "/dev/wwan" },
	{ "at:", "/dev/ttyUSB" },    { "at:", "/dev/ttyACM" }, { "at:", "/dev/wwan" },
};

static bool starts_with(const char *text, const char *start)
{
	return strncmp(text, start, strlen(start)) == 0;
}

/* "/dev/pts/3", and not /dev/pts/ptmx. */
static bool is_terminal(const char *path)
{
	const char *number = path + strlen(OWN_TERMINAL);

	return starts_with(path, OWN_TERMINAL) && *number && number[strspn(number, "0123456789")] == '\0';
}

/* A modem in software has a terminal; nobody is to reach another one's by way of root. */
static bool is_port(const char *scheme, const char *path, uid_t caller)
{
	struct stat status;

	if (stat(path, &status) != 0 || !S_ISCHR(status.st_mode))
		return false;
	if (is_terminal(path))
		return status.st_uid == caller;
	for (size_t i = 0; i < sizeof(ports) / sizeof(ports[0]); i++)
		if (starts_with(scheme, ports[i].scheme) && starts_with(path, ports[i].prefix))
			return true;
	return false;
}

static bool is_scheme(const char *uri)
{
	return starts_with(uri, "mbim:") || starts_with(uri, "qmi:") || starts_with(uri, "at:");
}

static int no_port(const char *uri, struct esim_error *err)
{
	return esim_error_set(err, ESIM_EINVAL, "'%.128s' names no modem's port", uri);
}

int broker_may_open(const char *uri, uid_t caller, char ret[static ESIM_URI_SIZE], struct esim_error *err)
{
	const char *rest = strchr(uri, ':'), *query;
	char path[ESIM_URI_SIZE], resolved[PATH_MAX];

	if (starts_with(uri, "qmi:qrtr://"))
		return (size_t)snprintf(ret, ESIM_URI_SIZE, "%s", uri) < ESIM_URI_SIZE ? 0 : no_port(uri, err);
	if (!rest || !is_scheme(uri))
		return no_port(uri, err);
	query = strchrnul(++rest, '?');
	if (*rest != '/' || (size_t)(query - rest) >= sizeof(path))
		return no_port(uri, err);
	memcpy(path, rest, (size_t)(query - rest));
	path[query - rest] = '\0';
	/* It may be gone for a moment: that is for the transport to say. */
	if (!realpath(path, resolved))
		return esim_error_set(err, ESIM_ENODEV, "%.128s: there is no such port", path);
	if (!is_port(uri, resolved, caller))
		return no_port(uri, err);
	/* A link could lead elsewhere by the time it is opened. */
	if (snprintf(ret, ESIM_URI_SIZE, "%.*s%s%s", (int)(rest - uri), uri, resolved, query) >= ESIM_URI_SIZE)
		return no_port(uri, err);
	return 0;
}
