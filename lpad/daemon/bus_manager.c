/* SPDX-License-Identifier: GPL-2.0-or-later */
/* org.coreesim.Lpa1.Manager1 */
#include "bus_private.h"

#include "lpad/common/details.h"

#include <esim/activation_code.h>
#include <esim/trust.h>

#include <string.h>

static const struct bus_id manager = { .kind = BUS_KINDS };

/* --- ParseActivationCode ---------------------------------------------------------------------- */

static json_t *parsed_details(const struct esim_activation_code *code)
{
	json_t *details = json_object();

	json_object_set_new(details, "smdpAddress", json_text(code->smdp_address));
	json_object_set_new(details, "matchingId", json_text(code->matching_id));
	if (code->smdp_oid[0])
		json_object_set_new(details, "smdpOid", json_text(code->smdp_oid));
	json_object_set_new(details, "confirmationCodeRequired", json_boolean(code->confirmation_code_required));
	return details;
}

static void act_parse(struct call *call)
{
	struct esim_activation_code code;
	struct esim_error err;
	json_t *details;

	esim_error_clear(&err);
	if (esim_activation_code_parse(call->request.download.activation_code, false, &code, &err)) {
		bus_call_fail_from(call, &err);
		return;
	}
	details = parsed_details(&code);
	esim_activation_code_clear(&code);
	bus_call_return_details(call, details);
	json_decref(details);
}

static int method_parse_activation_code(sd_bus_message *message, void *userdata, sd_bus_error *error)
{
	struct call *call;
	int r = bus_call_new(userdata, message, &manager, &call, error);

	if (r < 0)
		return r;
	r = argument_text(message, "activation_code", call->request.download.activation_code,
			  sizeof(call->request.download.activation_code), error);
	return bus_call_authorise(call, r, "org.coreesim.lpa1.read-details", act_parse);
}

/* --- CheckEvents ------------------------------------------------------------------------------ */

/* Every eUICC that is there gets its job; one that cannot take it now is passed over, unless it is so of all. */
static int submit_discoveries(struct call *call, sd_bus_message *reply, struct esim_error *err)
{
	bool any = false;
	int failed = 0, r = 0;

	for (struct euicc *e = model_euiccs(call->bus->daemon); e && r >= 0; e = e->next) {
		char path[BUS_PATH_SIZE];
		struct job *job;

		if (e->state != EUICC_READY && e->state != EUICC_BUSY)
			continue;
		failed = job_submit(e, &call->request, &job, err);
		if (failed)
			continue;
		any = true;
		bus_path_format(&(struct bus_id){ BUS_JOB, 0, job->number }, path);
		r = sd_bus_message_append_basic(reply, 'o', path);
	}
	if (r < 0)
		return esim_error_errno(err, ESIM_ENOMEM, -r, "the answer cannot be made");
	return any ? 0 : err->code;
}

static void act_check_events(struct call *call)
{
	sd_bus_message *reply = NULL;
	struct esim_error err;
	int r = sd_bus_message_new_method_return(call->message, &reply);

	esim_error_clear(&err);
	call->request.kind = JOB_DISCOVER;
	if (r >= 0)
		r = sd_bus_message_open_container(reply, 'a', "o");
	if (r >= 0 && submit_discoveries(call, reply, &err)) {
		sd_bus_message_unref(reply);
		bus_call_fail_from(call, &err);
		return;
	}
	if (r >= 0)
		r = sd_bus_message_close_container(reply);
	bus_call_return_message(call, reply, r);
}

static int method_check_events(sd_bus_message *message, void *userdata, sd_bus_error *error)
{
	struct call *call;
	int r = bus_call_new(userdata, message, &manager, &call, error);

	return r < 0 ? r : bus_call_authorise(call, r, "org.coreesim.lpa1.download", act_check_events);
}

/* --- properties ------------------------------------------------------------------------------- */

static int get_text(sd_bus *sd, const char *path, const char *interface, const char *property,
		    sd_bus_message *reply, void *userdata, sd_bus_error *error)
{
	const char *text = COREESIM_VERSION;

	(void)sd;
	(void)path;
	(void)interface;
	(void)userdata;
	(void)error;
	if (strcmp(property, "CryptoDevice") == 0)
		text = esim_crypto_describe();
	else if (strcmp(property, "CryptoPolicy") == 0)
		text = strstr(esim_crypto_describe(), ", validated FIPS module") ? "fips" : "approved";
	return sd_bus_message_append_basic(reply, 's', text);
}

static int get_test_mode(sd_bus *sd, const char *path, const char *interface, const char *property,
			 sd_bus_message *reply, void *userdata, sd_bus_error *error)
{
	const struct bus *bus = userdata;
	int on = model_test_mode(bus->daemon);

	(void)sd;
	(void)path;
	(void)interface;
	(void)property;
	(void)error;
	return sd_bus_message_append_basic(reply, 'b', &on);
}

const sd_bus_vtable bus_manager_vtable[] = {
	SD_BUS_VTABLE_START(0),
	SD_BUS_METHOD_WITH_ARGS("ParseActivationCode", SD_BUS_ARGS("s", activation_code),
				SD_BUS_RESULT("a{sv}", details), method_parse_activation_code,
				SD_BUS_VTABLE_UNPRIVILEGED | SD_BUS_VTABLE_SENSITIVE),
	SD_BUS_METHOD_WITH_ARGS("CheckEvents", SD_BUS_NO_ARGS, SD_BUS_RESULT("ao", jobs), method_check_events,
				SD_BUS_VTABLE_UNPRIVILEGED),
	SD_BUS_PROPERTY("Version", "s", get_text, 0, SD_BUS_VTABLE_PROPERTY_CONST),
	SD_BUS_PROPERTY("CryptoDevice", "s", get_text, 0, SD_BUS_VTABLE_PROPERTY_CONST),
	SD_BUS_PROPERTY("CryptoPolicy", "s", get_text, 0, SD_BUS_VTABLE_PROPERTY_CONST),
	SD_BUS_PROPERTY("TestMode", "b", get_test_mode, 0, SD_BUS_VTABLE_PROPERTY_EMITS_CHANGE),
	SD_BUS_VTABLE_END,
};
