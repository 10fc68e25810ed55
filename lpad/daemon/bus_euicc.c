/* SPDX-License-Identifier: GPL-2.0-or-later */
/* org.coreesim.Lpa1.Euicc1 */
#include "bus_private.h"

#include <stdio.h>
#include <string.h>
#include <unistd.h>

#define LENGTH(a)	(sizeof(a) / sizeof((a)[0]))

static int begin(sd_bus_message *message, void *userdata, struct call **ret, sd_bus_error *error)
{
	const struct euicc *euicc = userdata;
	const struct bus_id id = { BUS_EUICC, euicc->number, 0 };

	return bus_call_new(euicc->daemon->bus, message, &id, ret, error);
}

/* --- GetDetails ------------------------------------------------------------------------------- */

static void act_details(struct call *call)
{
	const struct euicc *euicc = bus_call_find(call);
	json_t *details;
	json_int_t owed = 0;

	if (!euicc)
		return;
	details = euicc->details ? json_copy(euicc->details) : json_object();
	for (const struct notification *n = euicc->notifications; n; n = n->next)
		owed++;
	json_object_set_new(details, "notificationsOwed", json_integer(owed));
	json_object_set_new(details, "complete", json_boolean(euicc->complete));
	bus_call_return_details(call, details);
	json_decref(details);
}

static int method_get_details(sd_bus_message *message, void *userdata, sd_bus_error *error)
{
	struct call *call;
	int r = begin(message, userdata, &call, error);

	return r < 0 ? r : bus_call_authorise(call, r, "org.coreesim.lpa1.read-details", act_details);
}

/* --- methods that queue a job ----------------------------------------------------------------- */

static void act_submit(struct call *call)
{
	struct euicc *euicc = bus_call_find(call);

	if (euicc)
		bus_call_submit(call, euicc);
}

static int method_download(sd_bus_message *message, void *userdata, sd_bus_error *error)
{
	struct call *call;
	int r = begin(message, userdata, &call, error);

	if (r < 0)
		return r;
	r = order_read(message, userdata, NULL, &call->request, error);
	return bus_call_authorise(call, r, "org.coreesim.lpa1.download", act_submit);
}

static int method_discover(sd_bus_message *message, void *userdata, sd_bus_error *error)
{
	struct call *call;
	bool given = false;
	int r = begin(message, userdata, &call, error);

	if (r < 0)
		return r;
	call->request.kind = JOB_DISCOVER;
	r = arguments_read(message, &(struct argument){ "smds", 's', call->request.address,
							sizeof(call->request.address), &given }, 1, error);
	if (r >= 0 && given)
		r = argument_address("smds", call->request.address, error);
	return bus_call_authorise(call, r, "org.coreesim.lpa1.download", act_submit);
}

static const struct {
	const char *name;
	unsigned option;
} reset_names[] = {
	{ "operational-profiles", ES10C_RESET_OPERATIONAL_PROFILES },
	{ "test-profiles", ES10C_RESET_FIELD_LOADED_TEST_PROFILES },
	{ "default-address", ES10C_RESET_DEFAULT_SMDP_ADDRESS },
};

static int read_reset_options(sd_bus_message *message, unsigned *options, sd_bus_error *error)
{
	const char *name;
	size_t i;
	int r = sd_bus_message_enter_container(message, 'a', "s");

	/* An unknown name and a second one of a known name end it: no caller can make this long. */
	while (r >= 0 && (r = sd_bus_message_read_basic(message, 's', &name)) > 0) {
		for (i = 0; i < LENGTH(reset_names) && strcmp(reset_names[i].name, name) != 0; i++)
			;
		if (i == LENGTH(reset_names))
			return bus_error_set(error, "InvalidArgument", "what: only operational-profiles, "
					     "test-profiles and default-address can be reset");
		if (*options & reset_names[i].option)
			return bus_error_set(error, "InvalidArgument", "what: %s is there twice",
					     reset_names[i].name);
		*options |= reset_names[i].option;
	}
	return r < 0 ? bus_error_set(error, "InvalidArgument", "what cannot be read") : 0;
}

static int method_memory_reset(sd_bus_message *message, void *userdata, sd_bus_error *error)
{
	struct call *call;
	int r = begin(message, userdata, &call, error);

	if (r < 0)
		return r;
	call->request.kind = JOB_RESET;
	r = read_reset_options(message, &call->request.reset_options, error);
	return bus_call_authorise(call, r, "org.coreesim.lpa1.memory-reset", act_submit);
}

static int method_set_default_smdp_address(sd_bus_message *message, void *userdata, sd_bus_error *error)
{
	struct call *call;
	int r = begin(message, userdata, &call, error);

	if (r < 0)
		return r;
	call->request.kind = JOB_ADDRESS;
	r = argument_text(message, "address", call->request.address, sizeof(call->request.address), error);
	if (r >= 0 && call->request.address[0])
		r = argument_address("address", call->request.address, error);
	return bus_call_authorise(call, r, "org.coreesim.lpa1.default-address", act_submit);
}

/* --- methods that wait ------------------------------------------------------------------------ */

static void act_refresh(struct call *call)
{
	struct euicc *euicc = bus_call_find(call);
	struct esim_error err;

	if (!euicc)
		return;
	esim_error_clear(&err);
	call->owed = true;
	if (euicc_refresh(euicc, bus_call_done, call, &err))
		bus_call_fail_from(call, &err);
}

static int method_refresh(sd_bus_message *message, void *userdata, sd_bus_error *error)
{
	struct call *call;
	int r = begin(message, userdata, &call, error);

	return r < 0 ? r : bus_call_authorise(call, r, "org.coreesim.lpa1.read-details", act_refresh);
}

static void attested(struct call *call, struct job *job)
{
	if (job->state == JOB_DONE)
		bus_call_return_details(call, json_object_get(job->details, "attestation"));
	else if (job->error.code)
		bus_call_fail_from(call, &job->error);
	else
		bus_call_fail(call, "Cancelled", "the attestation was cancelled");
}

static void act_attest(struct call *call)
{
	struct euicc *euicc = bus_call_find(call);

	if (euicc)
		bus_call_submit_and_wait(call, euicc, attested);
}

static int method_attest(sd_bus_message *message, void *userdata, sd_bus_error *error)
{
	struct call *call;
	int r = begin(message, userdata, &call, error);

	if (r < 0)
		return r;
	call->request.kind = JOB_ATTEST;
	r = argument_octets(message, "nonce", LPA_MIN_NONCE, LPA_MAX_NONCE, call->request.nonce,
			    &call->request.nonce_len, error);
	return bus_call_authorise(call, r, "org.coreesim.lpa1.attest", act_attest);
}

/* --- OpenChannel ------------------------------------------------------------------------------ */

static void channel_opened(void *context, int fd, const struct esim_error *err)
{
	struct call *call = context;
	bool there;

	if (bus_call_orphaned(call)) {
		if (fd >= 0)
			close(fd);
		return;
	}
	there = borrower_end(call->bus, sd_bus_message_get_sender(call->message), fd >= 0);
	if (fd < 0) {
		bus_call_fail_from(call, err);
	} else if (!there) {
		model_borrower_gone(call->bus->daemon, sd_bus_message_get_sender(call->message));
		bus_call_fail(call, "Cancelled", "the caller has left");
	} else {
		bus_call_return_fd(call, fd);
	}
	if (fd >= 0)
		close(fd);
}

static void act_open_channel(struct call *call)
{
	const char *borrower = sd_bus_message_get_sender(call->message);
	const struct esim_slice aid = esim_slice(call->aid.bytes, call->aid.len);
	struct euicc *euicc = bus_call_find(call);
	struct esim_error err;

	if (!euicc)
		return;
	esim_error_clear(&err);
	if (borrower_begin(call->bus, borrower, &err)) {
		bus_call_fail_from(call, &err);
		return;
	}
	call->owed = true;
	if (euicc_open_channel(euicc, aid, borrower, channel_opened, call, &err)) {
		borrower_end(call->bus, borrower, false);
		bus_call_fail_from(call, &err);
	}
}

static int method_open_channel(sd_bus_message *message, void *userdata, sd_bus_error *error)
{
	struct call *call;
	int r = begin(message, userdata, &call, error);

	if (r < 0)
		return r;
	r = argument_octets(message, "aid", 5, ESIM_MAX_AID, call->aid.bytes, &call->aid.len, error);
	return bus_call_authorise(call, r, "org.coreesim.lpa1.open-channel", act_open_channel);
}

/* --- properties ------------------------------------------------------------------------------- */

static unsigned shown_profiles(const struct euicc *euicc)
{
	unsigned count = 0;

	for (const struct profile *p = euicc->profiles; p; p = p->next)
		count += euicc_shows_profile(euicc, p);
	return count;
}

static void print(const void *object, uint64_t prints[BUS_MAX_PROPERTIES])
{
	const struct euicc *euicc = object;

	prints[0] = bus_print(euicc->shown_device);
	prints[1] = bus_print(euicc->transport);
	prints[2] = euicc->state;
	prints[3] = bus_print(euicc->spec_version);
	prints[4] = shown_profiles(euicc);
}

static int get_text(sd_bus *sd, const char *path, const char *interface, const char *property,
		    sd_bus_message *reply, void *userdata, sd_bus_error *error)
{
	const struct euicc *euicc = userdata;
	const char *text = euicc->spec_version;

	(void)sd;
	(void)path;
	(void)interface;
	(void)error;
	if (strcmp(property, "Device") == 0)
		text = euicc->shown_device;
	else if (strcmp(property, "Transport") == 0)
		text = euicc->transport;
	else if (strcmp(property, "State") == 0)
		text = euicc_state_name(euicc->state);
	return sd_bus_message_append_basic(reply, 's', text);
}

static int get_profile_count(sd_bus *sd, const char *path, const char *interface, const char *property,
			     sd_bus_message *reply, void *userdata, sd_bus_error *error)
{
	uint32_t count = shown_profiles(userdata);

	(void)sd;
	(void)path;
	(void)interface;
	(void)property;
	(void)error;
	return sd_bus_message_append_basic(reply, 'u', &count);
}

static const sd_bus_vtable vtable[] = {
	SD_BUS_VTABLE_START(0),
	SD_BUS_METHOD_WITH_ARGS("GetDetails", SD_BUS_NO_ARGS, SD_BUS_RESULT("a{sv}", details), method_get_details,
				SD_BUS_VTABLE_UNPRIVILEGED),
	SD_BUS_METHOD_WITH_ARGS("Download", SD_BUS_ARGS("a{sv}", order), SD_BUS_RESULT("o", job), method_download,
				SD_BUS_VTABLE_UNPRIVILEGED | SD_BUS_VTABLE_SENSITIVE),
	SD_BUS_METHOD_WITH_ARGS("Discover", SD_BUS_ARGS("a{sv}", options), SD_BUS_RESULT("o", job), method_discover,
				SD_BUS_VTABLE_UNPRIVILEGED),
	SD_BUS_METHOD_WITH_ARGS("MemoryReset", SD_BUS_ARGS("as", what), SD_BUS_RESULT("o", job),
				method_memory_reset, SD_BUS_VTABLE_UNPRIVILEGED),
	SD_BUS_METHOD_WITH_ARGS("SetDefaultSmdpAddress", SD_BUS_ARGS("s", address), SD_BUS_RESULT("o", job),
				method_set_default_smdp_address, SD_BUS_VTABLE_UNPRIVILEGED),
	SD_BUS_METHOD_WITH_ARGS("Refresh", SD_BUS_NO_ARGS, SD_BUS_NO_RESULT, method_refresh,
				SD_BUS_VTABLE_UNPRIVILEGED),
	SD_BUS_METHOD_WITH_ARGS("OpenChannel", SD_BUS_ARGS("ay", aid), SD_BUS_RESULT("h", channel),
				method_open_channel, SD_BUS_VTABLE_UNPRIVILEGED),
	SD_BUS_METHOD_WITH_ARGS("Attest", SD_BUS_ARGS("ay", nonce), SD_BUS_RESULT("a{sv}", details), method_attest,
				SD_BUS_VTABLE_UNPRIVILEGED),
	SD_BUS_PROPERTY("Device", "s", get_text, 0, SD_BUS_VTABLE_PROPERTY_EMITS_CHANGE),
	SD_BUS_PROPERTY("Transport", "s", get_text, 0, SD_BUS_VTABLE_PROPERTY_EMITS_CHANGE),
	SD_BUS_PROPERTY("State", "s", get_text, 0, SD_BUS_VTABLE_PROPERTY_EMITS_CHANGE),
	SD_BUS_PROPERTY("SpecVersion", "s", get_text, 0, SD_BUS_VTABLE_PROPERTY_EMITS_CHANGE),
	SD_BUS_PROPERTY("ProfileCount", "u", get_profile_count, 0, SD_BUS_VTABLE_PROPERTY_EMITS_CHANGE),
	SD_BUS_VTABLE_END,
};

static void *find(struct daemon *daemon, const struct bus_id *id)
{
	return model_euicc(daemon, id->euicc);
}

const struct bus_interface bus_euicc_interface = {
	.name = BUS_NAME ".Euicc1",
	.vtable = vtable,
	.find = find,
	.properties = { "Device", "Transport", "State", "SpecVersion", "ProfileCount", NULL },
	.print = print,
};
