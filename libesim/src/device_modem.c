/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Modems, for esim/devices.h: what sysfs knows of their control ports. None is opened: a modem has few
 * users at a time, and ModemManager may be one. A port is /sys/class/usbmisc/cdc-wdmN, or of the kernel's WWAN
 * class (wwan0mbim0), which has ports on USB once more: a modem is listed once, by the first of its ports.
 */
#include "device_list.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define LEVELS 16			/* up from a port to its bus */

/* --- sysfs ------------------------------------------------------------------------------------ */

/* The attribute's first line; "" where there is none. */
static void read_attribute(const char *directory, const char *name, char *ret, size_t size)
{
	char path[PATH_MAX];
	ssize_t len;
	int fd;

	ret[0] = '\0';
	if (snprintf(path, sizeof(path), "%s/%s", directory, name) >= (int)sizeof(path))
		return;
	fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK);
	if (fd < 0)
		return;
	len = read(fd, ret, size - 1);
	close(fd);
	ret[len > 0 ? len : 0] = '\0';
	ret[strcspn(ret, "\n")] = '\0';
}

static bool exists(const char *directory, const char *name)
{
	char path[PATH_MAX];

	return snprintf(path, sizeof(path), "%s/%s", directory, name) < (int)sizeof(path) && access(path, F_OK) == 0;
}

/* The driver that has @directory's device; "" where none has. */
static void read_driver(const char *directory, char *ret, size_t size)
{
	char path[PATH_MAX], target[PATH_MAX];

	ret[0] = '\0';
	if (snprintf(path, sizeof(path), "%s/driver", directory) < (int)sizeof(path) && realpath(path, target))
		snprintf(ret, size, "%.*s", (int)size - 1, strrchr(target, '/') + 1);
}

/* --- a port -------------------------------------------------------------------------------------- */

struct port {
	char driver[32];			/* of the nearest device above it that has one */
	char hardware[PATH_MAX];		/* directory of what is plugged in: a USB device, else what has the driver */
};

/* From the port of @class up to its hardware. */
static bool find_hardware(const char *sysfs, const char *class, const char *name, struct port *ret)
{
	char path[PATH_MAX], directory[PATH_MAX];

	if (snprintf(path, sizeof(path), "%s/class/%s/%s", sysfs, class, name) >= (int)sizeof(path) ||
	    !realpath(path, directory))
		return false;
	ret->hardware[0] = '\0';
	ret->driver[0] = '\0';
	for (int level = 0; level < LEVELS && strrchr(directory, '/') > directory; level++) {
		*strrchr(directory, '/') = '\0';
		if (!ret->driver[0]) {
			read_driver(directory, ret->driver, sizeof(ret->driver));
			if (ret->driver[0])
				memcpy(ret->hardware, directory, sizeof(directory));
		} else if (exists(directory, "idVendor")) {
			memcpy(ret->hardware, directory, sizeof(directory));
			return true;
		}
	}
	return ret->driver[0] != '\0';
}

/* The protocol of a port; NULL: none that an eUICC is reached by. */
static const char *protocol_of(const char *class, const char *name, const struct port *port)
{
	if (strcmp(class, "wwan") == 0)
		return strstr(name, "mbim") ? "mbim" : strstr(name, "qmi") ? "qmi" : NULL;
	if (strcmp(port->driver, "cdc_mbim") == 0)
		return "mbim";
	return strcmp(port->driver, "qmi_wwan") == 0 ? "qmi" : NULL;
}

/* --- the list --------------------------------------------------------------------------------------- */

/* What is plugged in where: each once, however many ports it has. */
struct seen {
	char hardware[ESIM_MAX_DEVICES][PATH_MAX];
	size_t count;
};

static bool is_new(struct seen *seen, const char *hardware)
{
	for (size_t i = 0; i < seen->count; i++)
		if (strcmp(seen->hardware[i], hardware) == 0)
			return false;
	if (seen->count == ESIM_MAX_DEVICES)
		return false;
	snprintf(seen->hardware[seen->count++], sizeof(seen->hardware[0]), "%s", hardware);
	return true;
}

/* "Quectel EM120R-GL"; without strings, as off USB, where it is: "modem at 0000:02:00.0". */
static void name_it(const char *hardware, struct esim_device_entry *entry)
{
	char manufacturer[64], product[64];

	read_attribute(hardware, "manufacturer", manufacturer, sizeof(manufacturer));
	read_attribute(hardware, "product", product, sizeof(product));
	if (manufacturer[0] || product[0])
		snprintf(entry->reader, sizeof(entry->reader), "%s%s%s", manufacturer,
			 manufacturer[0] && product[0] ? " " : "", product);
	else
		snprintf(entry->reader, sizeof(entry->reader), "modem at %.64s", strrchr(hardware, '/') + 1);
}

static void list_port(const char *sysfs, const char *class, const char *name, struct seen *seen,
		      struct device_list *list)
{
	struct esim_device_entry *entry;
	const char *protocol;
	struct port port;

	if (!find_hardware(sysfs, class, name, &port))
		return;
	protocol = protocol_of(class, name, &port);
	if (!protocol || !is_new(seen, port.hardware))
		return;
	entry = device_add(list, protocol, "");
	if (!entry)
		return;
	snprintf(entry->uri, sizeof(entry->uri), "%s:/dev/%.64s", protocol, name);
	entry->state = ESIM_DEVICE_MODEM;
	name_it(port.hardware, entry);
}

static int is_visible(const struct dirent *entry)
{
	return entry->d_name[0] != '.';
}

/* A machine without the class has no modems of this kind. */
static int list_class(const char *sysfs, const char *class, struct seen *seen, struct device_list *list,
		      struct esim_error *err)
{
	struct dirent **entries = NULL;
	char path[PATH_MAX];
	int count;

	snprintf(path, sizeof(path), "%s/class/%s", sysfs, class);
	count = scandir(path, &entries, is_visible, versionsort);
	if (count < 0)
		return errno == ENOENT ? 0 : esim_error_errno(err, ESIM_EIO, errno, "%.200s", path);
	for (int i = 0; i < count; i++) {
		list_port(sysfs, class, entries[i]->d_name, seen, list);
		free(entries[i]);
	}
	free(entries);
	return 0;
}

int device_list_modem(const char *sysfs, struct device_list *list, struct esim_error *err)
{
	struct seen *seen = calloc(1, sizeof(*seen));
	int r;

	if (!seen)
		return esim_error_set(err, ESIM_ENOMEM, "out of memory");
	r = list_class(sysfs, "usbmisc", seen, list, err);
	if (!r)
		r = list_class(sysfs, "wwan", seen, list, err);
	free(seen);
	return r;
}
