/* SPDX-License-Identifier: GPL-2.0-or-later */
/* A connection to ModemManager, and questions over it that end in time; see modem_manager.h. */
#include "modem_client.h"
#include "system_bus.h"

#include <errno.h>
#include <poll.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#define DBUS_NAME	"org.freedesktop.DBus"
#define DBUS_PATH	"/org/freedesktop/DBus"

uint64_t mm_now(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return (uint64_t)now.tv_sec * 1000000 + (uint64_t)now.tv_nsec / 1000;
}

static int lost(int r, struct esim_error *err)
{
	esim_error_errno(err, ESIM_EIO, -r, "the way to ModemManager broke");
	err->domain = ESIM_DOMAIN_SYSTEM;
	return ESIM_EIO;
}

/* --- waiting --------------------------------------------------------------------------------------------- */

static int poll_bus(struct mm_client *client, uint64_t until)
{
	struct pollfd fds[] = {
		{ .fd = sd_bus_get_fd(client->bus) },
		{ .fd = esim_cancel_fd(client->cancel), .events = POLLIN },
	};
	int events = sd_bus_get_events(client->bus), r;
	uint64_t of_bus = UINT64_MAX, now = mm_now();

	if (fds[0].fd < 0 || events < 0)
		return -ENOTCONN;
	r = sd_bus_get_timeout(client->bus, &of_bus);
	if (r < 0)
		return r;
	fds[0].events = (short)events;
	if (of_bus < until)
		until = of_bus;
	return poll(fds, 2, until <= now ? 0 : (int)((until - now) / 1000 % 3600000) + 1) < 0 && errno != EINTR ?
	       -errno : 0;
}

/* One turn of the connection; ESIM_ECANCELED. */
static int turn(struct mm_client *client, uint64_t until, struct esim_error *err)
{
	int r;

	if (esim_cancel_triggered(client->cancel))
		return esim_error_set(err, ESIM_ECANCELED, "cancelled");
	r = sd_bus_process(client->bus, NULL);
	if (r == 0)
		r = poll_bus(client, until);
	return r < 0 ? lost(r, err) : 0;
}

int mm_wait(struct mm_client *client, uint64_t until, struct esim_error *err)
{
	int rc = 0;

	/* The time counts for one who always has news, too. */
	while (!rc) {
		if (mm_now() >= until)
			return ESIM_ETIMEDOUT;
		if (client->news)
			break;
		rc = turn(client, until, err);
	}
	client->news = false;
	return rc;
}

/* --- calls -------------------------------------------------------------------------------------------------- */

static const struct {
	const char *name;
	int code;
} errors[] = {
	{ MM_NAME ".Error.Core.Unauthorized", ESIM_EREFUSED },
	{ "org.freedesktop.DBus.Error.AccessDenied", ESIM_EREFUSED },
	{ MM_NAME ".Error.Core.InProgress", ESIM_EBUSY },
	{ MM_NAME ".Error.Core.NotFound", ESIM_ENOENT },
	{ "org.freedesktop.DBus.Error.ServiceUnknown", ESIM_ENOENT },
	{ "org.freedesktop.DBus.Error.NameHasNoOwner", ESIM_ENOENT },
	{ "org.freedesktop.DBus.Error.UnknownObject", ESIM_ENOENT },
	{ "org.freedesktop.DBus.Error.UnknownMethod", ESIM_ENOENT },
	{ "org.freedesktop.DBus.Error.NoReply", ESIM_ETIMEDOUT },
	{ "org.freedesktop.DBus.Error.Timeout", ESIM_ETIMEDOUT },
};

static int failed(const sd_bus_error *error, const char *method, struct esim_error *err)
{
	int code = ESIM_EIO;

	for (size_t i = 0; i < sizeof(errors) / sizeof(errors[0]); i++)
		if (sd_bus_error_has_name(error, errors[i].name))
			code = errors[i].code;
	esim_error_set(err, code, "%s of ModemManager: %.160s", method, error->message ? error->message : error->name);
	if (code == ESIM_EIO)
		err->domain = ESIM_DOMAIN_SYSTEM;
	return code;
}

static int on_reply(sd_bus_message *message, void *context, sd_bus_error *error)
{
	(void)error;
	*(sd_bus_message **)context = sd_bus_message_ref(message);
	return 0;
}

static int exchange(struct mm_client *client, sd_bus_message *message, unsigned timeout_ms, sd_bus_message **reply,
		    struct esim_error *err)
{
	sd_bus_slot *slot = NULL;
	int r = sd_bus_call_async(client->bus, &slot, message, on_reply, reply, (uint64_t)timeout_ms * 1000);
	int rc = r < 0 ? lost(r, err) : 0;

	while (!rc && !*reply)
		rc = turn(client, UINT64_MAX, err);
	sd_bus_slot_unref(slot);
	return rc;
}

int mm_call(struct mm_client *client, unsigned timeout_ms, const char *name, const char *path, const char *interface,
	    const char *method, sd_bus_message **ret, struct esim_error *err, const char *types, ...)
{
	sd_bus_message *message = NULL, *reply = NULL;
	va_list ap;
	int r = sd_bus_message_new_method_call(client->bus, &message, name, path, interface, method), rc;

	if (r >= 0)
		r = sd_bus_message_set_auto_start(message, false);
	va_start(ap, types);
	if (r >= 0 && types[0])
		r = sd_bus_message_appendv(message, types, ap);
	va_end(ap);
	rc = r < 0 ? lost(r, err) : exchange(client, message, timeout_ms, &reply, err);
	sd_bus_message_unref(message);
	if (!rc && sd_bus_message_is_method_error(reply, NULL))
		rc = failed(sd_bus_message_get_error(reply), method, err);
	if (!rc && ret) {
		*ret = reply;
		return 0;
	}
	sd_bus_message_unref(reply);
	return rc;
}

int mm_has_owner(struct mm_client *client, const char *name, struct esim_error *err)
{
	sd_bus_message *reply = NULL;
	int there = 0, r;
	int rc = mm_call(client, MM_CALL_TIMEOUT_MS, DBUS_NAME, DBUS_PATH, DBUS_NAME, "NameHasOwner", &reply, err,
			 "s", name);

	if (rc)
		return rc;
	r = sd_bus_message_read(reply, "b", &there);
	sd_bus_message_unref(reply);
	return r < 0 ? lost(r, err) : there;
}

/* --- the connection -------------------------------------------------------------------------------------------- */

int mm_open(const char *address, const struct esim_cancel *cancel, struct mm_client **ret, struct esim_error *err)
{
	struct mm_client *client = calloc(1, sizeof(*client));
	int rc;

	if (!client)
		return esim_error_set(err, ESIM_ENOMEM, "no memory");
	client->cancel = cancel;
	if (system_bus_open(address, NULL, &client->bus) < 0)
		rc = 0;
	else
		rc = mm_has_owner(client, MM_NAME, err);
	if (rc <= 0) {
		mm_close(&client);
		return rc ? rc : esim_error_set(err, ESIM_ENOENT, "ModemManager does not run");
	}
	*ret = client;
	return 0;
}

void mm_close(struct mm_client **client)
{
	if (!client || !*client)
		return;
	sd_bus_slot_unref((*client)->watch);
	sd_bus_close_unref((*client)->bus);
	free(*client);
	*client = NULL;
}

static int on_news(sd_bus_message *message, void *context, sd_bus_error *error)
{
	(void)message, (void)error;
	((struct mm_client *)context)->news = true;
	return 0;
}

int mm_watch(struct mm_client *client, struct esim_error *err)
{
	int r = sd_bus_add_match(client->bus, &client->watch, "type='signal',sender='" MM_NAME "'", on_news, client);

	return r < 0 ? lost(r, err) : 0;
}

/* --- modems ------------------------------------------------------------------------------------------------------ */

/* One that went meanwhile is an empty slot. */
static int read_sim(struct mm_client *client, struct mm_sim *sim, struct esim_error *err)
{
	sd_bus_message *reply = NULL;
	struct esim_error why;
	int rc, r;

	if (!sim->path[0])
		return 0;
	rc = mm_call(client, MM_CALL_TIMEOUT_MS, MM_NAME, sim->path, "org.freedesktop.DBus.Properties", "GetAll",
		     &reply, &why, "s", MM_NAME ".Sim");
	r = rc ? 0 : mm_read_sim(reply, sim);
	sd_bus_message_unref(reply);
	if (rc == ESIM_ENOENT || rc == ESIM_EREFUSED || r < 0)
		*sim = (struct mm_sim){ 0 };
	else if (rc)
		*err = why;
	return rc == ESIM_ENOENT || rc == ESIM_EREFUSED ? 0 : rc;
}

static int read_sims(struct mm_client *client, struct mm_modem *modem, struct esim_error *err)
{
	int rc = read_sim(client, &modem->sim, err);

	for (size_t i = 0; i < modem->slot_count && !rc; i++)
		rc = read_sim(client, &modem->slots[i], err);
	return rc;
}

int mm_list(struct mm_client *client, struct mm_modem **ret, size_t *ret_count, struct esim_error *err)
{
	sd_bus_message *reply = NULL;
	struct mm_modem *modems = NULL;
	size_t count = 0;
	int rc = mm_call(client, MM_CALL_TIMEOUT_MS, MM_NAME, MM_PATH, "org.freedesktop.DBus.ObjectManager",
			 "GetManagedObjects", &reply, err, "");

	if (!rc && mm_read_modems(reply, &modems, &count) < 0)
		rc = esim_error_set(err, ESIM_EPROTO, "ModemManager's list of modems cannot be read");
	sd_bus_message_unref(reply);
	for (size_t i = 0; i < count && !rc; i++)
		rc = read_sims(client, &modems[i], err);
	if (rc) {
		free(modems);
		return rc;
	}
	*ret = modems;
	*ret_count = count;
	return 0;
}
