/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Who has an interface; see holder.h. */
#include "finder.h"
#include "holder.h"

#include <ctype.h>
#include <dirent.h>
#include <fcntl.h>
#include <stdio.h>
#include <unistd.h>

#define PATH_SIZE	320
#define PROCESSES_MAX	65536		/* looked at, of each of which: */
#define FILES_MAX	65536
#define INTERFACES_MAX	32		/* of a device: as many as usbfs knows */

const struct holder_places holder_system = { .sysfs = "/sys", .procfs = "/proc" };

/* The last part of where a link leads; false: there is none. */
static bool link_name(const char *path, char *ret, size_t size)
{
	char target[PATH_SIZE];
	const ssize_t len = readlink(path, target, sizeof(target) - 1);
	const char *last;

	if (len <= 0)
		return false;
	target[len] = '\0';
	last = strrchr(target, '/');
	snprintf(ret, size, "%.*s", (int)size - 1, last ? last + 1 : target);
	return true;
}

static bool all_digits(const char *text)
{
	if (!*text)
		return false;
	for (; *text; text++)
		if (!isdigit((unsigned char)*text))
			return false;
	return true;
}

/* --- the kernel ------------------------------------------------------------------------------ */

/* The device that euicc_ccid made of the interface; with several slots the first. */
static bool find_euicc(const char *interface, char *ret, size_t size)
{
	char path[PATH_SIZE + 8];
	struct dirent *entry;
	bool found = false;
	DIR *dir;

	snprintf(path, sizeof(path), "%s/euicc", interface);
	dir = opendir(path);
	if (!dir)
		return false;
	while ((entry = readdir(dir)) != NULL) {
		if (strncmp(entry->d_name, "euicc", 5) != 0 || !all_digits(entry->d_name + 5) ||
		    (found && strverscmp(entry->d_name, ret) > 0))
			continue;
		snprintf(ret, size, "%.31s", entry->d_name);
		found = true;
	}
	closedir(dir);
	return found;
}

/* --- programs -------------------------------------------------------------------------------- */

/* Does the process have the device's node open? Those of other users do not show it. */
static bool has_open(const char *procfs, const char *pid, const char *node)
{
	char path[PATH_SIZE], target[64];
	struct dirent *entry;
	unsigned files = 0;
	bool found = false;
	DIR *dir;

	snprintf(path, sizeof(path), "%s/%.16s/fd", procfs, pid);
	dir = opendir(path);
	if (!dir)
		return false;
	while (!found && files++ < FILES_MAX && (entry = readdir(dir)) != NULL) {
		const ssize_t len = readlinkat(dirfd(dir), entry->d_name, target, sizeof(target) - 1);

		target[len > 0 ? len : 0] = '\0';
		found = strcmp(target, node) == 0;
	}
	closedir(dir);
	return found;
}

static void name_process(const char *procfs, const char *pid, char *ret, size_t size)
{
	char path[PATH_SIZE], text[64], name[64] = "";
	ssize_t len = -1;
	int fd;

	snprintf(path, sizeof(path), "%s/%.16s/comm", procfs, pid);
	fd = open(path, O_RDONLY | O_CLOEXEC);
	if (fd >= 0) {
		len = read(fd, text, sizeof(text));
		close(fd);
	}
	name_append(name, sizeof(name), text, len > 0 ? (size_t)len : 0);
	snprintf(ret, size, "%s (process %.16s)", name[0] ? name : "a program", pid);
}

static void find_program(const struct holder_places *places, const struct holder_query *query,
			 char *ret, size_t size)
{
	char node[32];
	struct dirent *entry;
	unsigned processes = 0;
	DIR *dir = opendir(places->procfs);

	snprintf(ret, size, "another program");
	snprintf(node, sizeof(node), "/dev/bus/usb/%03u/%03u", query->bus, query->address);
	while (dir && processes++ < PROCESSES_MAX && (entry = readdir(dir)) != NULL) {
		if (!all_digits(entry->d_name) || !has_open(places->procfs, entry->d_name, node))
			continue;
		name_process(places->procfs, entry->d_name, ret, size);
		break;
	}
	if (dir)
		closedir(dir);
}

void holder_find(const struct holder_places *places, const struct holder_query *query, char *ret,
		 size_t size)
{
	char interface[PATH_SIZE], path[PATH_SIZE + 8], driver[40], euicc[40];

	ret[0] = '\0';
	snprintf(interface, sizeof(interface), "%s/bus/usb/devices/%s:%u.%u", places->sysfs,
		 query->bus_port, query->configuration, query->interface);
	snprintf(path, sizeof(path), "%s/driver", interface);
	if (!link_name(path, driver, sizeof(driver)))
		return;
	if (strcmp(driver, "usbfs") == 0)
		find_program(places, query, ret, size);
	else if (find_euicc(interface, euicc, sizeof(euicc)))
		snprintf(ret, size, "the kernel's %s as /dev/%s", driver, euicc);
	else
		snprintf(ret, size, "the kernel's %s", driver);
}

bool holder_of_others(const struct holder_places *places, const struct holder_query *query, char *ret,
		      size_t size)
{
	struct holder_query other = *query;

	ret[0] = '\0';
	for (uint8_t i = 0; i < INTERFACES_MAX && !ret[0]; i++) {
		other.interface = i;
		if (i != query->interface)
			holder_find(places, &other, ret, size);
	}
	return ret[0];
}
