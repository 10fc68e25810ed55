/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What the broker opens for its callers, who may say any name; see broker.h. */
#include "broker.h"

#include <limits.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

/* Below /dev. Opening some other device does harm by itself. */
static const struct {
	const char *scheme, *prefix;
} ports[] = {
	{ "mbim:", "/dev/cdc-wdm" }, { "mbim:", "/dev/wwan" }, { "mbim:", "/dev/pts/" },
	{ "qmi:", "/dev/cdc-wdm" },  { "qmi:", "/dev/wwan" },  { "qmi:", "/dev/pts/" },
	{ "at:", "/dev/tty" },       { "at:", "/dev/wwan" },   { "at:", "/dev/pts/" },
};

static bool starts_with(const char *text, const char *start)
{
	return strncmp(text, start, strlen(start)) == 0;
}

static bool is_port(const char *scheme, const char *path)
{
	struct stat status;

	for (size_t i = 0; i < sizeof(ports) / sizeof(ports[0]); i++)
		if (starts_with(scheme, ports[i].scheme) && starts_with(path, ports[i].prefix))
			return stat(path, &status) == 0 && S_ISCHR(status.st_mode);
	return false;
}

bool broker_may_open(const char *uri, struct esim_error *err)
{
	const char *rest = strchr(uri, ':');
	char path[PATH_MAX], resolved[PATH_MAX];
	size_t len;

	if (rest && starts_with(uri, "qmi:qrtr://"))
		return true;
	len = rest ? strcspn(++rest, "?") : 0;
	if (len > 0 && len < sizeof(path)) {
		memcpy(path, rest, len);
		path[len] = '\0';
		/* It may be gone for a moment: that is for the transport to say. */
		if (!realpath(path, resolved)) {
			esim_error_set(err, ESIM_ENODEV, "%.128s: there is no such port", path);
			return false;
		}
		if (is_port(uri, resolved))
			return true;
	}
	esim_error_set(err, ESIM_EINVAL, "'%.128s' names no modem's port", uri);
	return false;
}
