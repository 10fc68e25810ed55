/* SPDX-License-Identifier: GPL-2.0-or-later */
/* org.coreesim.Lpa1.Notification1 */
#include "bus_private.h"

#include "lpad/common/details.h"

#include <string.h>

static int begin(sd_bus_message *message, void *userdata, struct call **ret, sd_bus_error *error)
{
	const struct notification *notification = userdata;
	const struct bus_id id = { BUS_NOTIFICATION, notification->euicc->number, notification->number };

	return bus_call_new(notification->euicc->daemon->bus, message, &id, ret, error);
}

/* --- methods ---------------------------------------------------------------------------------- */

static json_t *last_error(const struct outbox_entry *entry)
{
	json_t *error;

	if (entry->error_details)
		return json_incref(entry->error_details);
	error = json_object();
	json_object_set_new(error, "message", json_text(entry->error));
	return error;
}

static void act_details(struct call *call)
{
	const struct notification *notification = bus_call_find(call);
	json_t *details;

	if (!notification)
		return;
	details = json_notification(&notification->info.metadata);
	if (notification->info.error[0])
		json_object_set_new(details, "error", last_error(&notification->info));
	bus_call_return_details(call, details);
	json_decref(details);
}

static int method_get_details(sd_bus_message *message, void *userdata, sd_bus_error *error)
{
	struct call *call;
	int r = begin(message, userdata, &call, error);

	return r < 0 ? r : bus_call_authorise(call, r, "org.coreesim.lpa1.read-details", act_details);
}

static void act_send(struct call *call)
{
	struct notification *notification = bus_call_find(call);

	if (!notification)
		return;
	call->request.kind = JOB_NOTIFICATION;
	memcpy(call->request.notification, notification->info.name, sizeof(call->request.notification));
	bus_call_submit(call, notification->euicc);
}

static int method_send(sd_bus_message *message, void *userdata, sd_bus_error *error)
{
	struct call *call;
	int r = begin(message, userdata, &call, error);

	return r < 0 ? r : bus_call_authorise(call, r, "org.coreesim.lpa1.manage-profiles", act_send);
}

static void act_drop(struct call *call)
{
	struct notification *notification = bus_call_find(call);
	struct esim_error err;

	if (!notification)
		return;
	esim_error_clear(&err);
	call->owed = true;
	if (notification_drop(notification, bus_call_done, call, &err))
		bus_call_fail_from(call, &err);
}

static int method_drop(sd_bus_message *message, void *userdata, sd_bus_error *error)
{
	struct call *call;
	int r = begin(message, userdata, &call, error);

	return r < 0 ? r : bus_call_authorise(call, r, "org.coreesim.lpa1.drop-notification", act_drop);
}

/* --- properties ------------------------------------------------------------------------------- */

static void print(const void *object, uint64_t prints[BUS_MAX_PROPERTIES])
{
	const struct notification *notification = object;

	prints[0] = notification->info.metadata.operation;
	prints[1] = notification->info.attempts;
	prints[2] = (uint64_t)notification->info.next_attempt;
}

static int get_operation(sd_bus *sd, const char *path, const char *interface, const char *property,
			 sd_bus_message *reply, void *userdata, sd_bus_error *error)
{
	const struct notification *notification = userdata;

	(void)sd;
	(void)path;
	(void)interface;
	(void)property;
	(void)error;
	return sd_bus_message_append_basic(reply, 's', esim_event_name(notification->info.metadata.operation));
}

static int get_attempts(sd_bus *sd, const char *path, const char *interface, const char *property,
			sd_bus_message *reply, void *userdata, sd_bus_error *error)
{
	const struct notification *notification = userdata;
	uint32_t attempts = notification->info.attempts;

	(void)sd;
	(void)path;
	(void)interface;
	(void)property;
	(void)error;
	return sd_bus_message_append_basic(reply, 'u', &attempts);
}

static int get_next_attempt(sd_bus *sd, const char *path, const char *interface, const char *property,
			    sd_bus_message *reply, void *userdata, sd_bus_error *error)
{
	const struct notification *notification = userdata;
	uint64_t when = notification->info.next_attempt > 0 ? (uint64_t)notification->info.next_attempt : 0;

	(void)sd;
	(void)path;
	(void)interface;
	(void)property;
	(void)error;
	return sd_bus_message_append_basic(reply, 't', &when);
}

static const sd_bus_vtable vtable[] = {
	SD_BUS_VTABLE_START(0),
	SD_BUS_METHOD_WITH_ARGS("GetDetails", SD_BUS_NO_ARGS, SD_BUS_RESULT("a{sv}", details), method_get_details,
				SD_BUS_VTABLE_UNPRIVILEGED),
	SD_BUS_METHOD_WITH_ARGS("Send", SD_BUS_NO_ARGS, SD_BUS_RESULT("o", job), method_send,
				SD_BUS_VTABLE_UNPRIVILEGED),
	SD_BUS_METHOD_WITH_ARGS("Drop", SD_BUS_NO_ARGS, SD_BUS_NO_RESULT, method_drop, SD_BUS_VTABLE_UNPRIVILEGED),
	SD_BUS_PROPERTY("Operation", "s", get_operation, 0, SD_BUS_VTABLE_PROPERTY_EMITS_CHANGE),
	SD_BUS_PROPERTY("Attempts", "u", get_attempts, 0, SD_BUS_VTABLE_PROPERTY_EMITS_CHANGE),
	SD_BUS_PROPERTY("NextAttempt", "t", get_next_attempt, 0, SD_BUS_VTABLE_PROPERTY_EMITS_CHANGE),
	SD_BUS_VTABLE_END,
};

static void *find(struct daemon *daemon, const struct bus_id *id)
{
	const struct euicc *euicc = model_euicc(daemon, id->euicc);
	struct notification *notification = euicc ? euicc->notifications : NULL;

	while (notification && notification->number != id->number)
		notification = notification->next;
	return notification;
}

const struct bus_interface bus_notification_interface = {
	.name = BUS_NAME ".Notification1",
	.vtable = vtable,
	.find = find,
	.properties = { "Operation", "Attempts", "NextAttempt", NULL },
	.print = print,
};
