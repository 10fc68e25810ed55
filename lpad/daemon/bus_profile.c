/* SPDX-License-Identifier: GPL-2.0-or-later */
/* org.coreesim.Lpa1.Profile1 */
#include "bus_private.h"

#include "lpad/common/details.h"

#include <esim/text.h>

#include <string.h>

#define MANAGE	"org.coreesim.lpa1.manage-profiles"
#define DELETE	"org.coreesim.lpa1.delete-profile"

static int begin(sd_bus_message *message, void *userdata, struct call **ret, sd_bus_error *error)
{
	const struct profile *profile = userdata;
	const struct bus_id id = { BUS_PROFILE, profile->euicc->number, profile->number };

	return bus_call_new(profile->euicc->daemon->bus, message, &id, ret, error);
}

/* --- methods ---------------------------------------------------------------------------------- */

static void act_details(struct call *call)
{
	const struct profile *profile = bus_call_find(call);

	if (profile)
		bus_call_return_details(call, profile->info.details);
}

static int method_get_details(sd_bus_message *message, void *userdata, sd_bus_error *error)
{
	struct call *call;
	int r = begin(message, userdata, &call, error);

	return r < 0 ? r : bus_call_authorise(call, r, "org.coreesim.lpa1.read-details", act_details);
}

static void act_submit(struct call *call)
{
	struct profile *profile = bus_call_find(call);

	if (!profile)
		return;
	call->request.iccid = profile->info.iccid;
	bus_call_submit(call, profile->euicc);
}

static int change(sd_bus_message *message, void *userdata, enum job_kind kind, const char *action,
		  sd_bus_error *error)
{
	struct call *call;
	int r = begin(message, userdata, &call, error);

	if (r < 0)
		return r;
	call->request.kind = kind;
	r = arguments_read(message, (const struct argument[]){
		{ "refresh", 'b', &call->request.how.refresh, 0, NULL },
		{ "port", 'u', &call->request.how.port, 0, NULL },
	}, 2, error);
	return bus_call_authorise(call, r, action, act_submit);
}

static int method_enable(sd_bus_message *message, void *userdata, sd_bus_error *error)
{
	return change(message, userdata, JOB_ENABLE, MANAGE, error);
}

static int method_disable(sd_bus_message *message, void *userdata, sd_bus_error *error)
{
	return change(message, userdata, JOB_DISABLE, MANAGE, error);
}

static int method_delete(sd_bus_message *message, void *userdata, sd_bus_error *error)
{
	return change(message, userdata, JOB_DELETE, DELETE, error);
}

static size_t characters(const char *text)
{
	size_t count = 0;

	for (; *text; text++)
		count += (*text & 0xC0) != 0x80;
	return count;
}

static int method_set_nickname(sd_bus_message *message, void *userdata, sd_bus_error *error)
{
	struct call *call;
	int r = begin(message, userdata, &call, error);

	if (r < 0)
		return r;
	call->request.kind = JOB_NICKNAME;
	r = argument_text(message, "nickname", call->request.nickname, sizeof(call->request.nickname), error);
	if (r >= 0 && characters(call->request.nickname) > ESIM_MAX_NICKNAME)
		r = bus_error_set(error, "InvalidArgument", "nickname has %zu characters, at most %d can be",
				  characters(call->request.nickname), ESIM_MAX_NICKNAME);
	return bus_call_authorise(call, r, MANAGE, act_submit);
}

/* --- properties ------------------------------------------------------------------------------- */

static const char *state_name(const struct profile *profile)
{
	if (profile->unknown_state || !profile->info.has_state)
		return "unknown";
	return esim_profile_state_name(profile->info.state);
}

static void print(const void *object, uint64_t prints[BUS_MAX_PROPERTIES])
{
	const struct profile *profile = object;

	prints[0] = bus_print(state_name(profile));
	prints[1] = profile->info.profile_class;
	prints[2] = profile->info.port;
	prints[3] = profile->info.policy_rules;
}

static int get_text(sd_bus *sd, const char *path, const char *interface, const char *property,
		    sd_bus_message *reply, void *userdata, sd_bus_error *error)
{
	const struct profile *profile = userdata;
	const char *text = strcmp(property, "State") == 0 ? state_name(profile) :
			   esim_profile_class_name(profile->info.profile_class);

	(void)sd;
	(void)path;
	(void)interface;
	(void)error;
	return sd_bus_message_append_basic(reply, 's', text);
}

static int get_port(sd_bus *sd, const char *path, const char *interface, const char *property,
		    sd_bus_message *reply, void *userdata, sd_bus_error *error)
{
	const struct profile *profile = userdata;
	uint32_t port = profile->info.port;

	(void)sd;
	(void)path;
	(void)interface;
	(void)property;
	(void)error;
	return sd_bus_message_append_basic(reply, 'u', &port);
}

static int get_policy_rules(sd_bus *sd, const char *path, const char *interface, const char *property,
			    sd_bus_message *reply, void *userdata, sd_bus_error *error)
{
	const struct profile *profile = userdata;

	(void)sd;
	(void)path;
	(void)interface;
	(void)property;
	(void)error;
	return bus_append_bits(reply, profile->info.policy_rules, ppr_names);
}

static const sd_bus_vtable vtable[] = {
	SD_BUS_VTABLE_START(0),
	SD_BUS_METHOD_WITH_ARGS("GetDetails", SD_BUS_NO_ARGS, SD_BUS_RESULT("a{sv}", details), method_get_details,
				SD_BUS_VTABLE_UNPRIVILEGED),
	SD_BUS_METHOD_WITH_ARGS("Enable", SD_BUS_ARGS("a{sv}", options), SD_BUS_RESULT("o", job), method_enable,
				SD_BUS_VTABLE_UNPRIVILEGED),
	SD_BUS_METHOD_WITH_ARGS("Disable", SD_BUS_ARGS("a{sv}", options), SD_BUS_RESULT("o", job), method_disable,
				SD_BUS_VTABLE_UNPRIVILEGED),
	SD_BUS_METHOD_WITH_ARGS("Delete", SD_BUS_ARGS("a{sv}", options), SD_BUS_RESULT("o", job), method_delete,
				SD_BUS_VTABLE_UNPRIVILEGED),
	SD_BUS_METHOD_WITH_ARGS("SetNickname", SD_BUS_ARGS("s", nickname), SD_BUS_RESULT("o", job),
				method_set_nickname, SD_BUS_VTABLE_UNPRIVILEGED),
	SD_BUS_PROPERTY("State", "s", get_text, 0, SD_BUS_VTABLE_PROPERTY_EMITS_CHANGE),
	SD_BUS_PROPERTY("Class", "s", get_text, 0, SD_BUS_VTABLE_PROPERTY_EMITS_CHANGE),
	SD_BUS_PROPERTY("Port", "u", get_port, 0, SD_BUS_VTABLE_PROPERTY_EMITS_CHANGE),
	SD_BUS_PROPERTY("PolicyRules", "as", get_policy_rules, 0, SD_BUS_VTABLE_PROPERTY_EMITS_CHANGE),
	SD_BUS_VTABLE_END,
};

/* A profile of a hidden class is not there for the bus. */
static void *find(struct daemon *daemon, const struct bus_id *id)
{
	const struct euicc *euicc = model_euicc(daemon, id->euicc);
	struct profile *profile = euicc ? euicc->profiles : NULL;

	while (profile && profile->number != id->number)
		profile = profile->next;
	return profile && euicc_shows_profile(euicc, profile) ? profile : NULL;
}

const struct bus_interface bus_profile_interface = {
	.name = BUS_NAME ".Profile1",
	.vtable = vtable,
	.find = find,
	.properties = { "State", "Class", "Port", "PolicyRules", NULL },
	.print = print,
};
