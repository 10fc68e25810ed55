/* SPDX-License-Identifier: GPL-2.0-or-later */
/* org.coreesim.Lpa1.Job1. A job is its owner's; anyone else needs what an administrator has. */
#include "bus_private.h"

#include "lpad/common/details.h"

#include <string.h>

static const char *const needs_names[] = { "consent", "policy-consent", "confirmation-code", NULL };

/* What a job of each kind took to be made takes it to be confirmed. */
static const char *const actions[] = {
	[JOB_DOWNLOAD] = "org.coreesim.lpa1.download",
	[JOB_DISCOVER] = "org.coreesim.lpa1.download",
	[JOB_ENABLE] = "org.coreesim.lpa1.manage-profiles",
	[JOB_DISABLE] = "org.coreesim.lpa1.manage-profiles",
	[JOB_DELETE] = "org.coreesim.lpa1.delete-profile",
	[JOB_NICKNAME] = "org.coreesim.lpa1.manage-profiles",
	[JOB_RESET] = "org.coreesim.lpa1.memory-reset",
	[JOB_ADDRESS] = "org.coreesim.lpa1.default-address",
	[JOB_NOTIFICATION] = "org.coreesim.lpa1.manage-profiles",
	[JOB_ATTEST] = "org.coreesim.lpa1.attest",
};

static int begin(sd_bus_message *message, void *userdata, struct call **ret, sd_bus_error *error)
{
	const struct job *job = userdata;
	const struct bus_id id = { BUS_JOB, 0, job->number };

	return bus_call_new(job->daemon->bus, message, &id, ret, error);
}

/* @action: what the owner needs; NULL: nothing. */
static int authorise(struct call *call, int r, const struct job *job, const char *action,
		     void (*act)(struct call *call))
{
	call->has_owner = true;
	call->owner = job->request.uid;
	return bus_call_authorise(call, r, action, act);
}

/* --- GetDetails ------------------------------------------------------------------------------- */

static json_t *job_details(const struct job *job)
{
	json_t *details = job->details ? json_copy(job->details) : json_object();
	char path[BUS_PATH_SIZE];

	bus_path_format(&(struct bus_id){ BUS_EUICC, job->euicc_number, 0 }, path);
	json_object_set_new(details, "euicc", json_string(path));
	json_object_set_new(details, "kind", json_string(job_kind_name(job->request.kind)));
	json_object_set_new(details, "state", json_string(job_state_name(job->state)));
	if (job->error.code)
		json_object_set_new(details, "error", json_error(&job->error));
	return details;
}

static void act_details(struct call *call)
{
	const struct job *job = bus_call_find(call);
	json_t *details;

	if (!job)
		return;
	details = job_details(job);
	bus_call_return_details(call, details);
	json_decref(details);
}

static int method_get_details(sd_bus_message *message, void *userdata, sd_bus_error *error)
{
	struct call *call;
	int r = begin(message, userdata, &call, error);

	return r < 0 ? r : authorise(call, r, userdata, "org.coreesim.lpa1.read-details", act_details);
}

/* --- Confirm ---------------------------------------------------------------------------------- */

static int read_answer(sd_bus_message *message, struct call *call, sd_bus_error *error)
{
	struct job_answer *answer = &call->answer;
	typeof(call->request.download) *download = &call->request.download;
	bool has_code = false;
	int r = arguments_read(message, (const struct argument[]){
		{ "consent", 'b', &answer->consent, 0, &answer->has_consent },
		{ "policy_consent", 'b', &answer->policy_consent, 0, &answer->has_policy_consent },
		{ "confirmation_code", 's', download->confirmation_code, sizeof(download->confirmation_code),
		  &has_code },
	}, 3, error);

	if (r < 0)
		return r;
	if (has_code && !download->confirmation_code[0])
		return bus_error_set(error, "InvalidArgument", "confirmation_code is empty");
	if (!has_code && !answer->has_consent && !answer->has_policy_consent)
		return bus_error_set(error, "InvalidArgument", "there is no answer: give consent, policy_consent or "
				     "confirmation_code, as Needs says");
	answer->confirmation_code = has_code ? download->confirmation_code : NULL;
	return 0;
}

/* What the model cannot use of a job is the job's state, not the argument. */
static void finish(struct call *call, const struct esim_error *err, int r)
{
	if (r == ESIM_EINVAL)
		bus_call_fail(call, "WrongState", "%s", err->message);
	else if (r)
		bus_call_fail_from(call, err);
	else
		bus_call_return(call);
}

static void act_confirm(struct call *call)
{
	struct job *job = bus_call_find(call);
	struct esim_error err;

	if (!job)
		return;
	esim_error_clear(&err);
	finish(call, &err, job_confirm(job, &call->answer, &err));
}

static int method_confirm(sd_bus_message *message, void *userdata, sd_bus_error *error)
{
	const struct job *job = userdata;
	struct call *call;
	int r = begin(message, userdata, &call, error);

	if (r < 0)
		return r;
	r = read_answer(message, call, error);
	return authorise(call, r, job, actions[job->request.kind], act_confirm);
}

/* --- Cancel ----------------------------------------------------------------------------------- */

static int read_reason(sd_bus_message *message, enum lpa_answer *reason, sd_bus_error *error)
{
	char text[24];
	int r = argument_text(message, "reason", text, sizeof(text), error);

	if (r < 0)
		return r;
	if (strcmp(text, "endUserRejection") == 0)
		*reason = LPA_NO;
	else if (!text[0] || strcmp(text, "postponed") == 0)
		*reason = LPA_LATER;
	else
		return bus_error_set(error, "InvalidArgument",
				     "reason is endUserRejection, postponed, or empty, which is postponed");
	return 0;
}

static void act_cancel(struct call *call)
{
	struct job *job = bus_call_find(call);
	struct esim_error err;

	if (!job)
		return;
	esim_error_clear(&err);
	finish(call, &err, job_cancel(job, call->reason, &err));
}

/* One may always stop what one began. */
static int method_cancel(sd_bus_message *message, void *userdata, sd_bus_error *error)
{
	struct call *call;
	int r = begin(message, userdata, &call, error);

	if (r < 0)
		return r;
	r = read_reason(message, &call->reason, error);
	return authorise(call, r, userdata, NULL, act_cancel);
}

/* --- properties ------------------------------------------------------------------------------- */

static void print(const void *object, uint64_t prints[BUS_MAX_PROPERTIES])
{
	const struct job *job = object;

	prints[0] = job->state;
	prints[1] = bus_print(job->stage);
	prints[2] = job->progress;
	prints[3] = job->needs;
}

static int get_text(sd_bus *sd, const char *path, const char *interface, const char *property,
		    sd_bus_message *reply, void *userdata, sd_bus_error *error)
{
	const struct job *job = userdata;
	const char *text = job->stage;

	(void)sd;
	(void)path;
	(void)interface;
	(void)error;
	if (strcmp(property, "Kind") == 0)
		text = job_kind_name(job->request.kind);
	else if (strcmp(property, "State") == 0)
		text = job_state_name(job->state);
	return sd_bus_message_append_basic(reply, 's', text);
}

static int get_progress(sd_bus *sd, const char *path, const char *interface, const char *property,
			sd_bus_message *reply, void *userdata, sd_bus_error *error)
{
	const struct job *job = userdata;
	uint32_t progress = job->progress;

	(void)sd;
	(void)path;
	(void)interface;
	(void)property;
	(void)error;
	return sd_bus_message_append_basic(reply, 'u', &progress);
}

static int get_needs(sd_bus *sd, const char *path, const char *interface, const char *property,
		     sd_bus_message *reply, void *userdata, sd_bus_error *error)
{
	const struct job *job = userdata;

	(void)sd;
	(void)path;
	(void)interface;
	(void)property;
	(void)error;
	return bus_append_bits(reply, job->needs, needs_names);
}

static const sd_bus_vtable vtable[] = {
	SD_BUS_VTABLE_START(0),
	SD_BUS_METHOD_WITH_ARGS("GetDetails", SD_BUS_NO_ARGS, SD_BUS_RESULT("a{sv}", details), method_get_details,
				SD_BUS_VTABLE_UNPRIVILEGED),
	SD_BUS_METHOD_WITH_ARGS("Confirm", SD_BUS_ARGS("a{sv}", answer), SD_BUS_NO_RESULT, method_confirm,
				SD_BUS_VTABLE_UNPRIVILEGED | SD_BUS_VTABLE_SENSITIVE),
	SD_BUS_METHOD_WITH_ARGS("Cancel", SD_BUS_ARGS("s", reason), SD_BUS_NO_RESULT, method_cancel,
				SD_BUS_VTABLE_UNPRIVILEGED),
	SD_BUS_PROPERTY("Kind", "s", get_text, 0, SD_BUS_VTABLE_PROPERTY_CONST),
	SD_BUS_PROPERTY("State", "s", get_text, 0, SD_BUS_VTABLE_PROPERTY_EMITS_CHANGE),
	SD_BUS_PROPERTY("Stage", "s", get_text, 0, SD_BUS_VTABLE_PROPERTY_EMITS_CHANGE),
	SD_BUS_PROPERTY("Progress", "u", get_progress, 0, SD_BUS_VTABLE_PROPERTY_EMITS_CHANGE),
	SD_BUS_PROPERTY("Needs", "as", get_needs, 0, SD_BUS_VTABLE_PROPERTY_EMITS_CHANGE),
	SD_BUS_SIGNAL_WITH_ARGS("Finished", SD_BUS_ARGS("b", success), 0),
	SD_BUS_VTABLE_END,
};

static void *find(struct daemon *daemon, const struct bus_id *id)
{
	return model_job(daemon, id->number);
}

const struct bus_interface bus_job_interface = {
	.name = BUS_NAME ".Job1",
	.vtable = vtable,
	.find = find,
	.properties = { "State", "Stage", "Progress", "Needs", NULL },
	.print = print,
};
