/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Which hardware a port belongs to; see identity.h. A port is a class device: the way up from it in sysfs
 * passes the USB interface that it is a function of, and the USB device that this is an interface of.
 */
#include "identity_internal.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define QRTR		"qrtr://"
#define CLASS_ENTRIES	4096		/* looked at, of one class */
#define LEVELS		32		/* up from a port to its bus */

const struct identity_places identity_system = { .sysfs = "/sys", .dev = "/dev", .udev = "/run/udev" };

static const char *const classes[] = { "usbmisc", "wwan", "tty" };

/* --- attributes ----------------------------------------------------------------------------------- */

static bool read_attribute(const char *directory, const char *name, char *ret, size_t size)
{
	char path[PATH_MAX];
	ssize_t len;
	int fd;

	if (snprintf(path, sizeof(path), "%s/%s", directory, name) >= (int)sizeof(path))
		return false;
	fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK);
	if (fd < 0)
		return false;
	len = read(fd, ret, size - 1);
	close(fd);
	if (len < 0)
		return false;
	ret[len] = '\0';
	ret[strcspn(ret, "\n")] = '\0';
	return true;
}

static unsigned read_number(const char *directory, const char *name, int base)
{
	char text[32], *end;
	unsigned long number;

	if (!read_attribute(directory, name, text, sizeof(text)))
		return 0;
	number = strtoul(text, &end, base);
	return end == text || *end || number > UINT_MAX ? 0 : (unsigned)number;
}

static bool has_attribute(const char *directory, const char *name)
{
	char text[2];

	return read_attribute(directory, name, text, sizeof(text));
}

static void copy_name(char *to, size_t size, const char *from)
{
	snprintf(to, size, "%.*s", (int)size - 1, from);
}

static bool driver_of(const char *directory, char *ret, size_t size)
{
	char path[PATH_MAX], target[PATH_MAX];
	const char *last;
	ssize_t len;

	if (snprintf(path, sizeof(path), "%s/driver", directory) >= (int)sizeof(path))
		return false;
	len = readlink(path, target, sizeof(target) - 1);
	if (len <= 0)
		return false;
	target[len] = '\0';
	last = strrchr(target, '/');
	copy_name(ret, size, last ? last + 1 : target);
	return true;
}

/* --- from a port up ---------------------------------------------------------------------------------- */

static void take_usb_device(const char *directory, struct modem_identity *identity)
{
	copy_name(identity->bus_port, sizeof(identity->bus_port), strrchr(directory, '/') + 1);
	identity->devnum = read_number(directory, "devnum", 10);
	identity->usb_vendor = (uint16_t)read_number(directory, "idVendor", 16);
	identity->usb_product = (uint16_t)read_number(directory, "idProduct", 16);
}

/* @directory, which this shortens, is the port's own; @top is sysfs's. */
static void climb(char *directory, size_t top, struct modem_identity *identity)
{
	bool interface = false;

	for (int level = 0; level < LEVELS && strlen(directory) > top; level++) {
		if (!interface && has_attribute(directory, "bInterfaceNumber")) {
			interface = true;
			identity->interface = read_number(directory, "bInterfaceNumber", 16);
			driver_of(directory, identity->driver, sizeof(identity->driver));
		} else if (interface && has_attribute(directory, "idVendor")) {
			take_usb_device(directory, identity);
			return;
		} else if (!interface && !identity->driver[0]) {
			driver_of(directory, identity->driver, sizeof(identity->driver));
		}
		*strrchr(directory, '/') = '\0';
	}
}

/* What sysfs knows of the port @name of @class; false: nothing. */
static bool read_sysfs(const struct identity_places *places, const char *class, const char *name,
		       struct modem_identity *identity)
{
	char path[PATH_MAX], top[PATH_MAX], directory[PATH_MAX];

	if (snprintf(path, sizeof(path), "%s/class/%s/%s", places->sysfs, class, name) >= (int)sizeof(path) ||
	    !realpath(path, directory) || !realpath(places->sysfs, top))
		return false;
	copy_name(identity->subsystem, sizeof(identity->subsystem), class);
	climb(directory, strlen(top), identity);
	return true;
}

/* --- the name of what is kept of it ----------------------------------------------------------------- */

static void make_key(struct modem_identity *identity)
{
	const char *name = identity->port;
	size_t at;

	if (identity->bus_port[0]) {
		snprintf(identity->key, sizeof(identity->key), "usb-%s", identity->bus_port);
		return;
	}
	if (strncmp(name, QRTR, strlen(QRTR)) == 0) {
		snprintf(identity->key, sizeof(identity->key), "qrtr-%.16s", name + strlen(QRTR));
		return;
	}
	if (strncmp(name, "/dev/", 5) == 0)
		name += 5;
	at = (size_t)snprintf(identity->key, sizeof(identity->key), "dev-");
	/* The end of a long path tells more than its beginning. */
	if (strlen(name) >= sizeof(identity->key) - at)
		name += strlen(name) - (sizeof(identity->key) - at - 1);
	for (; *name; name++)
		identity->key[at++] = strchr("/%. \t", *name) ? '-' : *name;
	identity->key[at] = '\0';
}

/*
 * A port that sysfs knows goes by its own name, whatever link led there. What it does not know (a pty) keeps
 * the name that it was asked for by: what the name leads to may be another one after a restart.
 */
static void name_port(const struct identity_places *places, const char *path, const char *resolved,
		      struct modem_identity *identity)
{
	const char *name = strrchr(resolved, '/') + 1;
	const size_t dev = strlen(places->dev);

	if (strncmp(resolved, places->dev, dev) == 0 && name == resolved + dev + 1)
		for (size_t i = 0; i < sizeof(classes) / sizeof(classes[0]) && !identity->subsystem[0]; i++)
			read_sysfs(places, classes[i], name, identity);
	copy_name(identity->port, sizeof(identity->port), identity->subsystem[0] ? resolved : path);
}

int identity_read(const struct identity_places *places, const char *path, struct modem_identity *ret,
		  struct esim_error *err)
{
	struct modem_identity identity = { 0 };
	char resolved[PATH_MAX];
	struct stat st;

	if (strlen(path) >= sizeof(identity.port))
		return esim_error_set(err, ESIM_EINVAL, "%.64s…: the path is too long", path);
	if (strncmp(path, QRTR, strlen(QRTR)) == 0) {
		copy_name(identity.port, sizeof(identity.port), path);
	} else {
		if (!realpath(path, resolved) || stat(resolved, &st))
			return esim_error_errno(err, ESIM_ENODEV, errno, "%s", path);
		name_port(places, path, resolved, &identity);
		/* Off USB another node is another enumeration, be it of the same name and number: a modem that was reset. */
		if (!identity.bus_port[0])
			identity.devnum = (unsigned)st.st_ino;
	}
	make_key(&identity);
	*ret = identity;
	return 0;
}

int modem_identity_of(const char *path, struct modem_identity *ret, struct esim_error *err)
{
	struct stat st;
	int rc;

	if (stat(path, &st) == 0 && !S_ISCHR(st.st_mode))
		return esim_error_set(err, ESIM_EINVAL, "%.128s is no device", path);
	rc = identity_read(&identity_system, path, ret, err);
	if (rc == ESIM_ENODEV)
		esim_error_advise(err, "Is the modem there, and is this its port? lpactl --direct devices lists those that are.");
	return rc;
}

void modem_identity_facts(const struct modem_identity *identity, struct esim_modem_facts *ret)
{
	*ret = (struct esim_modem_facts){ .usb_vendor = identity->usb_vendor, .usb_product = identity->usb_product };
	copy_name(ret->bus_port, sizeof(ret->bus_port), identity->bus_port);
}

bool modem_identity_same(const struct modem_identity *a, const struct modem_identity *b)
{
	return a->devnum == b->devnum && strcmp(a->port, b->port) == 0;
}

/* --- where it is now ------------------------------------------------------------------------------------ */

static bool is_same_function(const struct modem_identity *a, const struct modem_identity *b)
{
	return strcmp(a->bus_port, b->bus_port) == 0 && a->interface == b->interface;
}

/* Among the @class's ports; several of one function (ttyUSB has one each): the first by name is as good. */
static bool find_in_class(const struct identity_places *places, const char *class,
			  const struct modem_identity *from, char *ret, size_t size)
{
	char path[PATH_MAX];
	unsigned entries = 0;
	struct dirent *entry;
	bool found = false;
	DIR *dir;

	snprintf(path, sizeof(path), "%s/class/%s", places->sysfs, class);
	dir = opendir(path);
	while (dir && entries++ < CLASS_ENTRIES && (entry = readdir(dir)) != NULL) {
		struct modem_identity one = { 0 };

		if (entry->d_name[0] == '.' || !read_sysfs(places, class, entry->d_name, &one) ||
		    !is_same_function(&one, from) || (found && strverscmp(entry->d_name, ret) > 0))
			continue;
		copy_name(ret, size, entry->d_name);
		found = true;
	}
	if (dir)
		closedir(dir);
	return found;
}

int identity_find(const struct identity_places *places, const struct modem_identity *from,
		  struct modem_identity *ret)
{
	char name[64], path[sizeof(from->port)];

	if (!from->bus_port[0])
		return identity_read(places, from->port, ret, NULL);
	if (!find_in_class(places, from->subsystem, from, name, sizeof(name)) ||
	    snprintf(path, sizeof(path), "%s/%s", places->dev, name) >= (int)sizeof(path))
		return ESIM_ENODEV;
	return identity_read(places, path, ret, NULL);
}
