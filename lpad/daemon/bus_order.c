/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What a caller orders with Download(): one way to name the profile, and how it is to go. */
#include "bus_private.h"

#include <esim/activation_code.h>

#include <string.h>

/* Which of the names were given. */
struct given {
	bool activation_code, smdp_address, matching_id, event, confirmation_code, expected_iccid;
};

static int check_one_source(const struct given *given, sd_bus_error *error)
{
	if (given->activation_code + given->smdp_address + given->event > 1)
		return bus_error_set(error, "InvalidArgument",
				     "of activation_code, smdp_address and event only one can name the profile");
	if (given->matching_id && !given->smdp_address)
		return bus_error_set(error, "InvalidArgument", "matching_id goes with smdp_address alone");
	return 0;
}

static int check_activation_code(struct job_request *request, sd_bus_error *error)
{
	struct esim_activation_code code;
	struct esim_error err;
	int r;

	esim_error_clear(&err);
	r = esim_activation_code_parse(request->download.activation_code, false, &code, &err);
	esim_activation_code_clear(&code);
	request->download.source = LPA_ORDER_ACTIVATION_CODE;
	return r ? bus_error_set(error, "InvalidArgument", "activation_code: %s", err.message) : 0;
}

static int take_event(const struct event *event, struct job_request *request)
{
	request->download.source = LPA_ORDER_EVENT;
	request->download.event_number = event->number;
	memcpy(request->download.address, event->info.server_address, sizeof(event->info.server_address));
	memcpy(request->download.matching_id, event->info.event_id, sizeof(event->info.event_id));
	request->download.has_matching_id = true;
	return 0;
}

static int take_event_path(const char *path, const struct euicc *euicc, struct job_request *request,
			   sd_bus_error *error)
{
	struct bus_id id;
	struct event *event;

	if (!bus_path_parse(path, &id) || id.kind != BUS_EVENT || id.euicc != euicc->number)
		return bus_error_set(error, "InvalidArgument", "event: %s is no event of this eUICC", path);
	event = bus_event_interface.find(euicc->daemon, &id);
	if (!event)
		return bus_error_set(error, "NotFound", "event: %s is not there any more", path);
	return take_event(event, request);
}

static int take_source(const struct given *given, const char *event_path, const struct euicc *euicc,
		       struct job_request *request, sd_bus_error *error)
{
	int r = check_one_source(given, error);

	if (r < 0)
		return r;
	request->download.has_matching_id = given->matching_id;
	if (given->activation_code)
		return check_activation_code(request, error);
	if (given->event)
		return take_event_path(event_path, euicc, request, error);
	request->download.source = given->smdp_address ? LPA_ORDER_ADDRESS : LPA_ORDER_DEFAULT_SMDP;
	return given->smdp_address ? argument_address("smdp_address", request->download.address, error) : 0;
}

static int check_codes(const struct given *given, const char *iccid, struct job_request *request,
		       sd_bus_error *error)
{
	if (given->confirmation_code && !request->download.confirmation_code[0])
		return bus_error_set(error, "InvalidArgument", "confirmation_code is empty: leave it out");
	request->download.has_expected_iccid = given->expected_iccid;
	if (given->expected_iccid && esim_iccid_parse(iccid, &request->download.expected_iccid))
		return bus_error_set(error, "InvalidArgument", "expected_iccid is no ICCID: 18 to 20 digits");
	return 0;
}

int order_read(sd_bus_message *message, const struct euicc *euicc, const struct event *event,
	       struct job_request *ret, sd_bus_error *error)
{
	char path[BUS_PATH_SIZE] = "", iccid[ESIM_ICCID_DIGITS + 1] = "";
	struct given given = { 0 };
	typeof(ret->download) *order = &ret->download;
	const struct argument arguments[] = {
		{ "interactive", 'b', &order->interactive, 0, NULL },
		{ "enable_after", 'b', &order->enable_after, 0, NULL },
		{ "confirmation_code", 's', order->confirmation_code, sizeof(order->confirmation_code),
		  &given.confirmation_code },
		{ "expected_iccid", 's', iccid, sizeof(iccid), &given.expected_iccid },
		/* What names the profile: an event is named by its own object. */
		{ "activation_code", 's', order->activation_code, sizeof(order->activation_code),
		  &given.activation_code },
		{ "smdp_address", 's', order->address, sizeof(order->address), &given.smdp_address },
		{ "matching_id", 's', order->matching_id, sizeof(order->matching_id), &given.matching_id },
		{ "event", 'o', path, sizeof(path), &given.event },
	};
	int r = arguments_read(message, arguments, event ? 4 : sizeof(arguments) / sizeof(arguments[0]), error);

	ret->kind = JOB_DOWNLOAD;
	if (r >= 0)
		r = check_codes(&given, iccid, ret, error);
	if (r >= 0)
		r = event ? take_event(event, ret) : take_source(&given, path, euicc, ret, error);
	return r;
}
