/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Which modems there are, and by which port each is reached; see monitor_modem.h. */
#include "monitor_modem.h"

#include "daemon.h"
#include "log.h"
#include "modem_board.h"
#include "monitor.h"
#include "publish.h"

#include <systemd/sd-device.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

struct modem_seen {
	struct modem_seen *next;
	char uid[sizeof(((struct mm_modem *)0)->uid)];
	char uri[ESIM_URI_SIZE];
	unsigned slot;				/* in use, as ModemManager said; 0: it did not */
	bool published;				/* it is served as the /dev/euiccN that comes of that */
};

struct modem_watch {
	struct daemon *daemon;
	sd_bus *bus;				/* to ModemManager and systemd; NULL: neither is asked */
	sd_bus_slot *listing;			/* a list is under way */
	bool again;				/* and there was news meanwhile */
	sd_device_monitor *udev;
	struct modem_seen *seen;
};

static const struct config *config_of(const struct modem_watch *watch)
{
	return &watch->daemon->context->config;
}

/* --- modems that are known ------------------------------------------------------------------------------- */

/* stat() and not access(): that asks the unit's DeviceAllow= too, and a modem's port is modem-broker's to open. */
static bool has_node(const char *uri)
{
	char path[ESIM_URI_SIZE];
	struct stat status;
	const char *rest = strchr(uri, ':') + 1;

	snprintf(path, sizeof(path), "%.*s", (int)strcspn(rest, "?"), rest);
	return stat(path, &status) == 0;
}

static struct modem_seen *find_seen(struct modem_watch *watch, const struct mm_modem *modem, const char *uri)
{
	struct modem_seen *seen = watch->seen;

	while (seen && strcmp(seen->uid, modem->uid) != 0)
		seen = seen->next;
	/* ModemManager may have a name of its own for the hardware that udev told of. */
	if (!seen)
		for (seen = watch->seen; seen && strcmp(seen->uri, uri) != 0;)
			seen = seen->next;
	return seen;
}

/* One that the configuration names by a port of its own is that device's: a modem has one owner. */
static bool is_configured(const struct modem_watch *watch, const struct mm_modem *modem)
{
	const struct config *config = config_of(watch);

	for (size_t i = 0; i < config->device_count; i++)
		if (mm_find_uri(modem, 1, config->devices[i]))
			return true;
	return false;
}

static void add_seen(struct modem_watch *watch, const struct mm_modem *modem, const char *uri)
{
	struct modem_seen *seen = calloc(1, sizeof(*seen));

	if (!seen)
		return;
	snprintf(seen->uid, sizeof(seen->uid), "%s", modem->uid);
	snprintf(seen->uri, sizeof(seen->uri), "%s", uri);
	seen->slot = modem->slot;
	seen->next = watch->seen;
	watch->seen = seen;
	seen->published = config_of(watch)->publish;
	log_say(LOG_INFO, "a modem is there: %s", uri);
	if (seen->published)
		publish_change(watch->bus, uri, true);
	else
		device_appeared(watch->daemon, uri);
}

static void move_seen(struct modem_watch *watch, struct modem_seen *seen, const char *uri)
{
	if (seen->published) {
		publish_change(watch->bus, seen->uri, false);
		publish_change(watch->bus, uri, true);
	} else {
		device_moved(watch->daemon, seen->uri, uri);
	}
	snprintf(seen->uri, sizeof(seen->uri), "%s", uri);
}

static void update_seen(struct modem_watch *watch, struct modem_seen *seen, const struct mm_modem *modem,
			const char *uri)
{
	const bool other_slot = modem->slot && seen->slot && modem->slot != seen->slot;

	snprintf(seen->uid, sizeof(seen->uid), "%s", modem->uid);
	if (modem->slot)
		seen->slot = modem->slot;
	/* While its profile is switched the lane's work has the port; the end of that looks again. */
	if (modem_board_is_switching(watch->daemon->modems, seen->uri))
		return;
	if (strcmp(seen->uri, uri) != 0)
		move_seen(watch, seen, uri);
	else if (other_slot)
		device_changed(watch->daemon, uri);
}

static void drop_seen(struct modem_watch *watch, struct modem_seen **at)
{
	struct modem_seen *seen = *at;

	*at = seen->next;
	log_say(LOG_INFO, "a modem is there no more: %s", seen->uri);
	if (seen->published)
		publish_change(watch->bus, seen->uri, false);
	else
		device_went(watch->daemon, seen->uri);
	free(seen);
}

/* Those whose port is not there any more. */
static void drop_gone(struct modem_watch *watch)
{
	for (struct modem_seen **at = &watch->seen; *at;) {
		if (has_node((*at)->uri) || modem_board_is_switching(watch->daemon->modems, (*at)->uri))
			at = &(*at)->next;
		else
			drop_seen(watch, at);
	}
}

static void drop_configured(struct modem_watch *watch, const struct mm_modem *modem)
{
	for (struct modem_seen **at = &watch->seen; *at;) {
		if (strcmp((*at)->uid, modem->uid) != 0)
			at = &(*at)->next;
		else
			drop_seen(watch, at);
	}
}

static void take(struct modem_watch *watch, const struct mm_modem *modems, size_t count)
{
	char uri[ESIM_URI_SIZE];

	for (size_t i = 0; i < count; i++) {
		struct modem_seen *seen;

		if (!mm_uri(&modems[i], 0, uri))
			continue;
		if (is_configured(watch, &modems[i])) {
			drop_configured(watch, &modems[i]);
			continue;
		}
		seen = find_seen(watch, &modems[i], uri);
		if (seen)
			update_seen(watch, seen, &modems[i], uri);
		else
			add_seen(watch, &modems[i], uri);
	}
	drop_gone(watch);
}

/* --- udev ---------------------------------------------------------------------------------------------------- */

static void look_at_udev(struct modem_watch *watch)
{
	struct mm_modem *modems = NULL;
	size_t count = 0;

	if (modem_scan_udev(&modems, &count) >= 0)
		take(watch, modems, count);
	free(modems);
}

static int on_device(sd_device_monitor *udev, sd_device *device, void *userdata)
{
	struct modem_watch *watch = userdata;
	sd_device_action_t action;

	(void)udev;
	if (sd_device_get_action(device, &action) < 0)
		return 0;
	if (action == SD_DEVICE_REMOVE)
		drop_gone(watch);
	else
		modem_watch_look(watch);
	return 0;
}

static void listen_to_udev(struct modem_watch *watch)
{
	int r = sd_device_monitor_new(&watch->udev);

	if (r >= 0)
		r = sd_device_monitor_filter_add_match_subsystem_devtype(watch->udev, "usbmisc", NULL);
	if (r >= 0)
		r = sd_device_monitor_filter_add_match_subsystem_devtype(watch->udev, "wwan", NULL);
	if (r >= 0)
		r = sd_device_monitor_attach_event(watch->udev, watch->daemon->event);
	if (r >= 0)
		r = sd_device_monitor_start(watch->udev, on_device, watch);
	if (r < 0)
		log_say(LOG_WARNING, "udev cannot be asked, modems that go are not seen: %s", strerror(-r));
}

/* --- ModemManager ------------------------------------------------------------------------------------------------ */

static int on_list(sd_bus_message *reply, void *userdata, sd_bus_error *error)
{
	struct modem_watch *watch = userdata;
	struct mm_modem *modems = NULL;
	size_t count = 0;

	(void)error;
	watch->listing = sd_bus_slot_unref(watch->listing);
	if (watch->again)
		modem_watch_look(watch);
	else if (sd_bus_message_is_method_error(reply, NULL))
		look_at_udev(watch);
	else if (mm_read_modems(reply, &modems, &count) < 0)
		log_say(LOG_WARNING, "ModemManager's list of modems cannot be read");
	else
		take(watch, modems, count);
	free(modems);
	return 0;
}

static int ask_for_list(struct modem_watch *watch)
{
	sd_bus_message *message = NULL;
	int r = sd_bus_message_new_method_call(watch->bus, &message, MM_NAME, MM_PATH,
					       "org.freedesktop.DBus.ObjectManager", "GetManagedObjects");

	if (r >= 0)
		r = sd_bus_message_set_auto_start(message, false);
	if (r >= 0)
		r = sd_bus_call_async(watch->bus, &watch->listing, message, on_list, watch,
				      MM_CALL_TIMEOUT_MS * UINT64_C(1000));
	sd_bus_message_unref(message);
	return r;
}

void modem_watch_look(struct modem_watch *watch)
{
	watch->again = watch->listing;
	if (watch->listing || !(config_of(watch)->scan & CONFIG_SCAN_MODEM))
		return;
	if (!watch->bus || !config_of(watch)->modem_manager || ask_for_list(watch) < 0)
		look_at_udev(watch);
}

static int on_news(sd_bus_message *message, void *userdata, sd_bus_error *error)
{
	(void)message, (void)error;
	modem_watch_look(userdata);
	return 0;
}

static int connect_bus(struct modem_watch *watch)
{
	const char *address = watch->daemon->options->bus;
	int r = address ? sd_bus_new(&watch->bus) : sd_bus_open_system(&watch->bus);

	if (r >= 0 && address)
		r = sd_bus_set_address(watch->bus, address);
	if (r >= 0 && address)
		r = sd_bus_set_bus_client(watch->bus, true);
	if (r >= 0 && address)
		r = sd_bus_start(watch->bus);
	return r < 0 ? r : sd_bus_attach_event(watch->bus, watch->daemon->event, SD_EVENT_PRIORITY_NORMAL);
}

/* That it starts or ends, and which modems it has. */
static int listen_to_manager(struct modem_watch *watch)
{
	int r = connect_bus(watch);

	if (!config_of(watch)->modem_manager)
		return r;
	if (r >= 0)
		r = sd_bus_add_match_async(watch->bus, NULL, "type='signal',sender='org.freedesktop.DBus',"
					   "member='NameOwnerChanged',arg0='" MM_NAME "'", on_news, NULL, watch);
	if (r >= 0)
		r = sd_bus_add_match_async(watch->bus, NULL, "type='signal',sender='" MM_NAME "',path='" MM_PATH "',"
					   "interface='org.freedesktop.DBus.ObjectManager'", on_news, NULL, watch);
	return r;
}

static void stop(struct modem_watch *watch)
{
	watch->listing = sd_bus_slot_unref(watch->listing);
	watch->bus = sd_bus_close_unref(watch->bus);
	watch->udev = sd_device_monitor_unref(watch->udev);
}

static void start(struct modem_watch *watch)
{
	const struct config *config = config_of(watch);
	int r = 0;

	if (!(config->scan & CONFIG_SCAN_MODEM))
		return;
	listen_to_udev(watch);
	if (config->modem_manager || config->publish)
		r = listen_to_manager(watch);
	if (r < 0) {
		log_say(LOG_NOTICE, "ModemManager and systemd cannot be asked: %s", strerror(-r));
		watch->bus = sd_bus_close_unref(watch->bus);
	}
	modem_watch_look(watch);
}

/* --- the whole --------------------------------------------------------------------------------------------------- */

int modem_watch_new(struct daemon *daemon, struct modem_watch **ret, struct esim_error *err)
{
	struct modem_watch *watch = calloc(1, sizeof(*watch));

	if (!watch)
		return esim_error_set(err, ESIM_ENOMEM, "no memory");
	watch->daemon = daemon;
	start(watch);
	*ret = watch;
	return 0;
}

void modem_watch_free(struct modem_watch **watch)
{
	struct modem_seen *next;

	if (!*watch)
		return;
	stop(*watch);
	for (struct modem_seen *seen = (*watch)->seen; seen; seen = next) {
		next = seen->next;
		free(seen);
	}
	free(*watch);
	*watch = NULL;
}

void modem_watch_reload(struct modem_watch *watch)
{
	/* What is not wanted any more, or otherwise. */
	for (struct modem_seen **at = &watch->seen; *at;) {
		if ((config_of(watch)->scan & CONFIG_SCAN_MODEM) && (*at)->published == config_of(watch)->publish)
			at = &(*at)->next;
		else
			drop_seen(watch, at);
	}
	if (watch->bus)
		sd_bus_flush(watch->bus);
	stop(watch);
	start(watch);
}
