/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Modems as drivers show them, in the shape of ModemManager's; see monitor_modem.h. */
#include "monitor_modem.h"

#include <systemd/sd-device.h>

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

/* "wwan0mbim0": the port's kind is in its name. 0: none of ours. */
static unsigned type_of_wwan(const char *name)
{
	static const struct {
		const char *part;
		unsigned type;
	} kinds[] = { { "mbim", MM_PORT_MBIM }, { "qmi", MM_PORT_QMI }, { "at", MM_PORT_AT } };
	const char *kind = name + strlen("wwan");

	if (strncmp(name, "wwan", strlen("wwan")) != 0)
		return 0;
	kind += strspn(kind, "0123456789");
	for (size_t i = 0; i < sizeof(kinds) / sizeof(kinds[0]); i++)
		if (strncmp(kind, kinds[i].part, strlen(kinds[i].part)) == 0)
			return kinds[i].type;
	return 0;
}

static unsigned type_of_usbmisc(sd_device *device)
{
	sd_device *parent;
	const char *driver;

	if (sd_device_get_parent(device, &parent) < 0 || sd_device_get_driver(parent, &driver) < 0)
		return 0;
	return strcmp(driver, "cdc_mbim") == 0 ? MM_PORT_MBIM : strcmp(driver, "qmi_wwan") == 0 ? MM_PORT_QMI : 0;
}

/* As ModemManager names it: the USB device, or what the wwan device stands on. */
static int uid_of(sd_device *device, bool is_wwan, const char **ret)
{
	sd_device *parent;
	int r = sd_device_get_parent_with_subsystem_devtype(device, "usb", "usb_device", &parent);

	if (r < 0 && is_wwan) {
		r = sd_device_get_parent(device, &parent);
		if (r >= 0)
			r = sd_device_get_parent(parent, &parent);
	}
	return r < 0 ? r : sd_device_get_syspath(parent, ret);
}

static struct mm_modem *find_or_add(struct mm_modem *modems, size_t *count, const char *uid)
{
	struct mm_modem *modem;

	for (size_t i = 0; i < *count; i++)
		if (strcmp(modems[i].uid, uid) == 0)
			return &modems[i];
	if (*count == MM_MAX_MODEMS || strlen(uid) >= sizeof(modem->uid))
		return NULL;
	modem = &modems[(*count)++];
	snprintf(modem->uid, sizeof(modem->uid), "%s", uid);
	return modem;
}

static void take(sd_device *device, struct mm_modem *modems, size_t *count)
{
	const char *subsystem, *name, *uid;
	struct mm_modem *modem;
	struct mm_port *port;
	unsigned type;
	bool is_wwan;

	if (sd_device_get_subsystem(device, &subsystem) < 0 || sd_device_get_devname(device, &name) < 0 ||
	    strncmp(name, "/dev/", strlen("/dev/")) != 0)
		return;
	name += strlen("/dev/");
	is_wwan = strcmp(subsystem, "wwan") == 0;
	type = is_wwan ? type_of_wwan(name) : type_of_usbmisc(device);
	if (!type || strlen(name) >= sizeof(port->name) || uid_of(device, is_wwan, &uid) < 0)
		return;
	modem = find_or_add(modems, count, uid);
	if (!modem || modem->port_count == MM_MAX_PORTS)
		return;
	port = &modem->ports[modem->port_count++];
	snprintf(port->name, sizeof(port->name), "%s", name);
	port->type = type;
}

int modem_scan_udev(struct mm_modem **ret, size_t *ret_count)
{
	struct mm_modem *modems = calloc(MM_MAX_MODEMS, sizeof(*modems));
	sd_device_enumerator *list = NULL;
	size_t count = 0;
	int r = modems ? sd_device_enumerator_new(&list) : -ENOMEM;

	if (r >= 0)
		r = sd_device_enumerator_add_match_subsystem(list, "usbmisc", 1);
	if (r >= 0)
		r = sd_device_enumerator_add_match_subsystem(list, "wwan", 1);
	/* Where no udev runs nothing ever counts as initialised. */
	if (r >= 0 && access("/run/udev/control", F_OK) < 0)
		r = sd_device_enumerator_allow_uninitialized(list);
	for (sd_device *d = r >= 0 ? sd_device_enumerator_get_device_first(list) : NULL; d;
	     d = sd_device_enumerator_get_device_next(list))
		take(d, modems, &count);
	sd_device_enumerator_unref(list);
	if (r < 0) {
		free(modems);
		return r;
	}
	*ret = modems;
	*ret_count = count;
	return 0;
}
