/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Which readers there are; see monitor.h. udev tells: nothing is asked twice. */
#include "monitor.h"

#include "core.h"
#include "log.h"
#include "monitor_card.h"
#include "monitor_modem.h"

#include <systemd/sd-device.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <unistd.h>

/* A reader that udev told of, or the configuration. */
struct seen {
	struct seen *next;
	bool configured, plugged;
	struct card_watch *cards;		/* of a device of the kernel's */
	char uri[ESIM_URI_SIZE];
};

struct monitor {
	struct daemon *daemon;
	sd_device_monitor *udev;		/* NULL: there is nothing to scan */
	struct seen *seen;
	struct modem_watch *modems;
};

static const struct config *config_of(const struct monitor *monitor)
{
	return &monitor->daemon->context->config;
}

/* --- readers that are known -------------------------------------------------------------------------------- */

static struct seen *find_seen(struct monitor *monitor, const char *uri)
{
	struct seen *seen = monitor->seen;

	while (seen && strcmp(seen->uri, uri) != 0)
		seen = seen->next;
	return seen;
}

static struct seen *add_seen(struct monitor *monitor, const char *uri)
{
	struct seen *seen = find_seen(monitor, uri);

	if (seen)
		return seen;
	seen = calloc(1, sizeof(*seen));
	if (!seen)
		return NULL;
	snprintf(seen->uri, sizeof(seen->uri), "%s", uri);
	seen->next = monitor->seen;
	monitor->seen = seen;
	return seen;
}

static void drop_seen(struct monitor *monitor, struct seen *seen)
{
	struct seen **at = &monitor->seen;

	while (*at != seen)
		at = &(*at)->next;
	*at = seen->next;
	card_watch_free(&seen->cards);
	free(seen);
}

static void plugged(struct monitor *monitor, const char *uri)
{
	struct seen *seen = add_seen(monitor, uri);
	const bool news = seen && (seen->plugged || seen->configured);

	if (!seen)
		return;
	seen->plugged = true;
	if (uri[0] == '/' && !seen->cards)
		seen->cards = card_watch_new(monitor->daemon, uri);
	if (news)
		device_changed(monitor->daemon, uri);
	else
		device_appeared(monitor->daemon, uri);
}

static void unplugged(struct monitor *monitor, const char *uri)
{
	struct seen *seen = find_seen(monitor, uri);

	if (!seen || !seen->plugged)
		return;
	seen->plugged = false;
	card_watch_free(&seen->cards);
	/* What it was doing is over; that it is to come back is for the configuration to say. */
	device_went(monitor->daemon, uri);
	if (seen->configured) {
		device_appeared(monitor->daemon, uri);
		device_set_configured(monitor->daemon, uri, true);
	} else {
		drop_seen(monitor, seen);
	}
}

/* --- udev ---------------------------------------------------------------------------------------------------------- */

static bool is_allowed(const struct config *config, const char *bus_port, const char *vid_pid)
{
	for (size_t i = 0; i < config->usb_allow_count; i++)
		if (strcmp(config->usb_allow[i], bus_port) == 0 ||
		    (vid_pid[0] && strcasecmp(config->usb_allow[i], vid_pid) == 0))
			return true;
	return false;
}

static bool usb_uri(const struct monitor *monitor, sd_device *device, char *uri, size_t size)
{
	const char *name, *vendor, *product;
	char vid_pid[16] = "";

	if (sd_device_get_sysname(device, &name) < 0)
		return false;
	if (sd_device_get_sysattr_value(device, "idVendor", &vendor) >= 0 &&
	    sd_device_get_sysattr_value(device, "idProduct", &product) >= 0)
		snprintf(vid_pid, sizeof(vid_pid), "%.4s:%.4s", vendor, product);
	snprintf(uri, size, "usb:%s", name);
	return is_allowed(config_of(monitor), name, vid_pid);
}

/* false: it is none of ours. */
static bool uri_of(const struct monitor *monitor, sd_device *device, char *uri, size_t size)
{
	const char *subsystem, *name;

	if (sd_device_get_subsystem(device, &subsystem) < 0)
		return false;
	if (strcmp(subsystem, "usb") == 0)
		return sd_device_get_devtype(device, &name) >= 0 && strcmp(name, "usb_device") == 0 &&
		       (config_of(monitor)->scan & CONFIG_SCAN_USB) && usb_uri(monitor, device, uri, size);
	if (strcmp(subsystem, "euicc") != 0 || !(config_of(monitor)->scan & CONFIG_SCAN_KERNEL) ||
	    sd_device_get_devname(device, &name) < 0)
		return false;
	return (size_t)snprintf(uri, size, "%s", name) < size;
}

static void look_at(struct monitor *monitor, sd_device *device)
{
	char uri[ESIM_URI_SIZE];

	if (uri_of(monitor, device, uri, sizeof(uri)))
		plugged(monitor, uri);
}

static int on_device(sd_device_monitor *udev, sd_device *device, void *userdata)
{
	struct monitor *monitor = userdata;
	sd_device_action_t action;
	char uri[ESIM_URI_SIZE];

	(void)udev;
	if (sd_device_get_action(device, &action) < 0)
		return 0;
	if (action != SD_DEVICE_REMOVE) {
		look_at(monitor, device);
		return 0;
	}
	/* Its attributes are gone by now: what is known by that name is what goes. */
	if (!uri_of(monitor, device, uri, sizeof(uri))) {
		const char *name;

		if (sd_device_get_sysname(device, &name) < 0)
			return 0;
		snprintf(uri, sizeof(uri), "usb:%s", name);
	}
	unplugged(monitor, uri);
	return 0;
}

static int enumerate(struct monitor *monitor)
{
	sd_device_enumerator *list = NULL;
	int r = sd_device_enumerator_new(&list);

	if (r >= 0)
		r = sd_device_enumerator_add_match_subsystem(list, "euicc", 1);
	if (r >= 0)
		r = sd_device_enumerator_add_match_subsystem(list, "usb", 1);
	/* Where no udev runs nothing ever counts as initialised. */
	if (r >= 0 && access("/run/udev/control", F_OK) < 0)
		r = sd_device_enumerator_allow_uninitialized(list);
	for (sd_device *d = r >= 0 ? sd_device_enumerator_get_device_first(list) : NULL; d;
	     d = sd_device_enumerator_get_device_next(list))
		look_at(monitor, d);
	sd_device_enumerator_unref(list);
	return r;
}

static int listen_to_udev(struct monitor *monitor)
{
	int r = sd_device_monitor_new(&monitor->udev);

	if (r >= 0)
		r = sd_device_monitor_filter_add_match_subsystem_devtype(monitor->udev, "euicc", NULL);
	if (r >= 0 && (config_of(monitor)->scan & CONFIG_SCAN_USB))
		r = sd_device_monitor_filter_add_match_subsystem_devtype(monitor->udev, "usb", "usb_device");
	if (r >= 0)
		r = sd_device_monitor_attach_event(monitor->udev, monitor->daemon->event);
	if (r >= 0)
		r = sd_device_monitor_start(monitor->udev, on_device, monitor);
	/* First the ears, then the list: nothing falls between. */
	return r >= 0 ? enumerate(monitor) : r;
}

static void scan(struct monitor *monitor)
{
	int r;

	monitor->udev = sd_device_monitor_unref(monitor->udev);
	if (!(config_of(monitor)->scan & (CONFIG_SCAN_KERNEL | CONFIG_SCAN_USB)))
		return;
	r = listen_to_udev(monitor);
	if (r < 0)
		log_say(LOG_WARNING, "udev cannot be asked, readers that come are not seen: %s", strerror(-r));
}

/* --- the configuration ------------------------------------------------------------------------------------------------ */

static void configured(struct monitor *monitor, const char *uri)
{
	struct seen *seen = add_seen(monitor, uri);

	if (!seen || seen->configured)
		return;
	seen->configured = true;
	if (!seen->plugged)
		device_appeared(monitor->daemon, uri);
	device_set_configured(monitor->daemon, uri, true);
}

static bool is_configured(const struct config *config, const char *uri)
{
	for (size_t i = 0; i < config->device_count; i++)
		if (strcmp(config->devices[i], uri) == 0)
			return true;
	return false;
}

static void forget_configured(struct monitor *monitor)
{
	struct seen *next;

	for (struct seen *seen = monitor->seen; seen; seen = next) {
		next = seen->next;
		if (!seen->configured || is_configured(config_of(monitor), seen->uri))
			continue;
		seen->configured = false;
		device_set_configured(monitor->daemon, seen->uri, false);
		if (seen->plugged)
			continue;
		device_went(monitor->daemon, seen->uri);
		drop_seen(monitor, seen);
	}
}

/* May a reader that udev told of still be used? */
static bool is_wanted(const struct monitor *monitor, const char *uri)
{
	const struct config *config = config_of(monitor);
	sd_device *device = NULL;
	char ignored[ESIM_URI_SIZE];
	bool wanted = false;

	if (uri[0] == '/')
		return config->scan & CONFIG_SCAN_KERNEL;
	if ((config->scan & CONFIG_SCAN_USB) &&
	    sd_device_new_from_subsystem_sysname(&device, "usb", uri + strlen("usb:")) >= 0)
		wanted = usb_uri(monitor, device, ignored, sizeof(ignored));
	sd_device_unref(device);
	return wanted;
}

static void forget_unwanted(struct monitor *monitor)
{
	struct seen *next;

	for (struct seen *seen = monitor->seen; seen; seen = next) {
		next = seen->next;
		if (seen->plugged && !is_wanted(monitor, seen->uri))
			unplugged(monitor, seen->uri);
	}
}

static void take_configured(struct monitor *monitor)
{
	const struct config *config = config_of(monitor);

	for (size_t i = 0; i < config->device_count; i++)
		configured(monitor, config->devices[i]);
}

/* --- the whole ----------------------------------------------------------------------------------------------------------- */

int monitor_new(struct daemon *daemon, struct monitor **ret, struct esim_error *err)
{
	struct monitor *monitor = calloc(1, sizeof(*monitor));

	if (!monitor)
		return esim_error_set(err, ESIM_ENOMEM, "no memory");
	monitor->daemon = daemon;
	take_configured(monitor);
	scan(monitor);
	if (modem_watch_new(daemon, &monitor->modems, err)) {
		monitor_free(&monitor);
		return err->code;
	}
	*ret = monitor;
	return 0;
}

void monitor_free(struct monitor **monitor)
{
	if (!*monitor)
		return;
	modem_watch_free(&(*monitor)->modems);
	sd_device_monitor_unref((*monitor)->udev);
	while ((*monitor)->seen)
		drop_seen(*monitor, (*monitor)->seen);
	free(*monitor);
	*monitor = NULL;
}

void monitor_reload(struct monitor *monitor)
{
	forget_configured(monitor);
	forget_unwanted(monitor);
	take_configured(monitor);
	scan(monitor);
	modem_watch_reload(monitor->modems);
}

void monitor_modem_switched(struct monitor *monitor)
{
	modem_watch_look(monitor->modems);
}
