/* SPDX-License-Identifier: GPL-2.0-or-later */
/* An emulated USB reader that euicc_ccid drives; see plugged.h. */
#include "vm/plugged.h"
#include "vm/device.h"
#include "vm/tap.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#define DRIVER	"/sys/bus/usb/drivers/euicc_ccid/match"
#define DEVICES	"/sys/bus/usb/devices/"
#define POLL_MS	10

/* --- sysfs ------------------------------------------------------------------ */

int plugged_write(const char *path, const char *text)
{
	int fd = open(path, O_WRONLY | O_CLOEXEC), r = 0;

	if (fd < 0)
		return -errno;
	if (write(fd, text, strlen(text)) < 0)
		r = -errno;
	close(fd);
	return r;
}

int plugged_read(const char *path, char *text, size_t size)
{
	int fd = open(path, O_RDONLY | O_CLOEXEC);
	ssize_t n;

	text[0] = '\0';
	if (fd < 0)
		return -errno;
	n = read(fd, text, size - 1);
	close(fd);
	if (n < 0)
		return -errno;
	text[n] = '\0';
	text[strcspn(text, "\n")] = '\0';
	return 0;
}

/* Such attributes give no notice of a change: they are looked at again and again. */
bool plugged_wait(const char *path, const char *text)
{
	const struct timespec moment = { .tv_nsec = POLL_MS * 1000000L };
	char now[64];

	for (int waited = 0; waited < DEVICE_WAIT_MS; waited += POLL_MS) {
		if (!plugged_read(path, now, sizeof(now)) && !strcmp(now, text))
			return true;
		nanosleep(&moment, NULL);
	}
	tap_note("%s is still %s", path, now);
	return false;
}

int plugged_match(const char *verb, const char *bus_port)
{
	char text[64];

	snprintf(text, sizeof(text), "%s %s\n", verb, bus_port);
	return plugged_write(DRIVER, text);
}

void plugged_forget_ports(void)
{
	char first[64];

	while (!plugged_read(DRIVER, first, sizeof(first)) && first[0])
		if (plugged_match("del", first))
			return;
}

const char *plugged_driver(const char *bus_port, char name[64])
{
	char path[128], target[PATH_MAX];
	ssize_t n;

	name[0] = '\0';
	snprintf(path, sizeof(path), DEVICES "%s:1.0/driver", bus_port);
	n = readlink(path, target, sizeof(target) - 1);
	if (n > 0) {
		target[n] = '\0';
		snprintf(name, 64, "%.63s", strrchr(target, '/') + 1);
	}
	return name;
}

int plugged_minor(const char *bus_port, unsigned slot)
{
	char directory[128], path[512], text[16];
	const struct dirent *entry;
	int minor = -1;
	DIR *dir;

	snprintf(directory, sizeof(directory), DEVICES "%s:1.0/euicc", bus_port);
	dir = opendir(directory);
	while (dir && minor < 0 && (entry = readdir(dir))) {
		snprintf(path, sizeof(path), "%s/%s/slot", directory, entry->d_name);
		if (!plugged_read(path, text, sizeof(text)) && strtoul(text, NULL, 10) == slot &&
		    sscanf(entry->d_name, "euicc%d", &minor) != 1)
			minor = -1;
	}
	if (dir)
		closedir(dir);
	return minor;
}

/* --- readers ---------------------------------------------------------------- */

void plugged_options(struct vreader_options *ret)
{
	static char pki[PATH_MAX];
	const char *from = getenv("COREESIM_PKI");

	snprintf(pki, sizeof(pki), "%s/nist", from && *from ? from : "/pki");
	*ret = (struct vreader_options){ 0 };
	ret->card.pki_dirs[0] = pki;
	ret->card.pki_count = 1;
}

bool plugged_start_unmatched(struct plugged *plugged, const struct vreader_options *options)
{
	struct esim_error err = { 0 };

	*plugged = (struct plugged){ .minor = -1, .fd = -1 };
	if (vreader_start(options, &plugged->reader, &err)) {
		tap_fail("a reader is plugged in", "%s", err.message);
		return false;
	}
	vreader_bus_port(plugged->reader, plugged->bus_port);
	return true;
}

bool plugged_start(struct plugged *plugged, const struct vreader_options *options)
{
	int r;

	if (!plugged_start_unmatched(plugged, options))
		return false;
	r = plugged_match("add", plugged->bus_port);
	if (r) {
		tap_fail("euicc_ccid takes the port", "%s", strerror(-r));
		plugged_stop(plugged);
		return false;
	}
	plugged->minor = plugged_minor(plugged->bus_port, 0);
	if (plugged->minor >= 0)
		plugged->fd = device_open((unsigned)plugged->minor, 0);
	return true;
}

void plugged_stop(struct plugged *plugged)
{
	if (plugged->fd >= 0)
		close(plugged->fd);
	if (plugged->reader) {
		vreader_ask(plugged->reader, NULL, "detach");
		plugged_match("del", plugged->bus_port);
	}
	vreader_stop(&plugged->reader);
	*plugged = (struct plugged){ .minor = -1, .fd = -1 };
}

bool plugged_obeys(struct plugged *plugged, const char *name)
{
	char reply[VREADER_REPLY_SIZE];
	const char *why;

	if (vreader_ask(plugged->reader, reply, "stats"))
		return tap_ok(false, "%s: the reader answers", name);
	why = strstr(reply, "last-violation ");
	if (why)
		tap_note("%s: %s", name, why);
	return tap_ok(!why, "%s: the driver obeys CCID and T=0", name);
}
