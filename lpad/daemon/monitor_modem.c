/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Which modems there are, and by which port each is reached; see monitor_modem.h. */
#include "monitor_modem.h"

#include "daemon.h"
#include "log.h"
#include "modem_known.h"

#include "lpad/common/system_bus.h"

#include <systemd/sd-device.h>

#include <stdlib.h>
#include <string.h>

struct modem_watch {
	struct daemon *daemon;
	sd_bus *bus;				/* to ModemManager and systemd; NULL: neither is asked */
	sd_bus_slot *listing;			/* a list is under way */
	bool again;				/* and there was news meanwhile */
	sd_device_monitor *udev;
	struct modem_known known;
};

static const struct config *config_of(const struct modem_watch *watch)
{
	return &watch->daemon->context->config;
}

/* --- udev ---------------------------------------------------------------------------------------------------- */

static void look_at_udev(struct modem_watch *watch)
{
	struct mm_modem *modems = NULL;
	size_t count = 0;

	if (modem_scan_udev(&modems, &count) >= 0)
		modem_known_take(&watch->known, modems, count);
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
		modem_known_drop_gone(&watch->known);
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
		modem_known_take(&watch->known, modems, count);
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

/* That it starts or ends, and which modems it has. */
static int listen_to_manager(struct modem_watch *watch)
{
	int r = system_bus_open(watch->daemon->options->bus, NULL, &watch->bus);

	if (r >= 0)
		r = sd_bus_attach_event(watch->bus, watch->daemon->event, SD_EVENT_PRIORITY_NORMAL);
	watch->known.bus = watch->bus;
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
	watch->known.bus = watch->bus = sd_bus_close_unref(watch->bus);
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
		watch->known.bus = watch->bus = sd_bus_close_unref(watch->bus);
	}
	modem_watch_look(watch);
}

/* --- the whole --------------------------------------------------------------------------------------------------- */

int modem_watch_new(struct daemon *daemon, struct modem_watch **ret, struct esim_error *err)
{
	struct modem_watch *watch = calloc(1, sizeof(*watch));

	if (!watch)
		return esim_error_set(err, ESIM_ENOMEM, "no memory");
	watch->daemon = watch->known.daemon = daemon;
	start(watch);
	*ret = watch;
	return 0;
}

void modem_watch_free(struct modem_watch **watch)
{
	if (!*watch)
		return;
	stop(*watch);
	modem_known_forget(&(*watch)->known);
	free(*watch);
	*watch = NULL;
}

void modem_watch_reload(struct modem_watch *watch)
{
	modem_known_reload(&watch->known);
	if (watch->bus)
		sd_bus_flush(watch->bus);
	stop(watch);
	start(watch);
}
