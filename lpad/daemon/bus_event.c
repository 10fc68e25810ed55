/* SPDX-License-Identifier: GPL-2.0-or-later */
/* org.coreesim.Lpa1.Event1: nothing of it is public but that it is there. */
#include "bus_private.h"

#include "lpad/common/details.h"

static int begin(sd_bus_message *message, void *userdata, struct call **ret, sd_bus_error *error)
{
	const struct event *event = userdata;
	const struct bus_id id = { BUS_EVENT, event->euicc->number, event->number };

	return bus_call_new(event->euicc->daemon->bus, message, &id, ret, error);
}

static void act_details(struct call *call)
{
	const struct event *event = bus_call_find(call);
	json_t *details;

	if (!event)
		return;
	details = json_object();
	json_object_set_new(details, "eventId", json_text(event->info.event_id));
	json_object_set_new(details, "rspServerAddress", json_text(event->info.server_address));
	bus_call_return_details(call, details);
	json_decref(details);
}

static int method_get_details(sd_bus_message *message, void *userdata, sd_bus_error *error)
{
	struct call *call;
	int r = begin(message, userdata, &call, error);

	return r < 0 ? r : bus_call_authorise(call, r, "org.coreesim.lpa1.read-details", act_details);
}

static void act_download(struct call *call)
{
	const struct event *event = bus_call_find(call);

	if (event)
		bus_call_submit(call, event->euicc);
}

static int method_download(sd_bus_message *message, void *userdata, sd_bus_error *error)
{
	const struct event *event = userdata;
	struct call *call;
	int r = begin(message, userdata, &call, error);

	if (r < 0)
		return r;
	r = order_read(message, event->euicc, event, &call->request, error);
	return bus_call_authorise(call, r, "org.coreesim.lpa1.download", act_download);
}

static const sd_bus_vtable vtable[] = {
	SD_BUS_VTABLE_START(0),
	SD_BUS_METHOD_WITH_ARGS("GetDetails", SD_BUS_NO_ARGS, SD_BUS_RESULT("a{sv}", details), method_get_details,
				SD_BUS_VTABLE_UNPRIVILEGED | SD_BUS_VTABLE_SENSITIVE),
	SD_BUS_METHOD_WITH_ARGS("Download", SD_BUS_ARGS("a{sv}", order), SD_BUS_RESULT("o", job), method_download,
				SD_BUS_VTABLE_UNPRIVILEGED | SD_BUS_VTABLE_SENSITIVE),
	SD_BUS_VTABLE_END,
};

static void *find(struct daemon *daemon, const struct bus_id *id)
{
	const struct euicc *euicc = model_euicc(daemon, id->euicc);
	struct event *event = euicc ? euicc->events : NULL;

	while (event && event->number != id->number)
		event = event->next;
	return event;
}

static void print(const void *object, uint64_t prints[BUS_MAX_PROPERTIES])
{
	(void)object;
	(void)prints;
}

const struct bus_interface bus_event_interface = {
	.name = BUS_NAME ".Event1",
	.vtable = vtable,
	.find = find,
	.properties = { NULL },
	.print = print,
};
