/* SPDX-License-Identifier: GPL-2.0-or-later */
/* A call under way: who calls, how many at once, authorisation, and its one answer. */
#include "bus_private.h"

#include "lpad/common/variant.h"

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* --- a call's life ---------------------------------------------------------------------------- */

static int check_limits(const struct bus *bus, const char *sender, sd_bus_error *error)
{
	unsigned of_sender = 0;

	for (const struct call *call = bus->calls; call; call = call->next)
		of_sender += strcmp(sd_bus_message_get_sender(call->message), sender) == 0;
	if (of_sender >= BUS_MAX_CALLS_SENDER)
		return bus_error_set(error, "TooMany", "%u calls of yours have no answer yet: wait for one",
				     of_sender);
	if (bus->call_count >= BUS_MAX_CALLS)
		return bus_error_set(error, "TooMany", "lpad has %u calls to answer: try again later",
				     bus->call_count);
	return 0;
}

int bus_call_new(struct bus *bus, sd_bus_message *message, const struct bus_id *target, struct call **ret,
		 sd_bus_error *error)
{
	const char *sender = sd_bus_message_get_sender(message);
	struct call *call;
	int r;

	if (bus->ending)
		return bus_error_set(error, "NotReady", "lpad is ending: call again");
	if (!sender)
		return bus_error_set(error, "NotAuthorized", "the bus does not say who calls");
	r = check_limits(bus, sender, error);
	if (r < 0)
		return r;
	call = calloc(1, sizeof(*call));
	if (!call)
		return -ENOMEM;
	call->bus = bus;
	call->message = sd_bus_message_ref(message);
	call->target = *target;
	call->next = bus->calls;
	bus->calls = call;
	bus->call_count++;
	daemon_activity(bus->daemon);
	*ret = call;
	return 0;
}

/* Out of the bus's list, and no message any more. */
static void detach(struct call *call)
{
	struct bus *bus = call->bus;
	struct call **at = &bus->calls;

	while (*at != call)
		at = &(*at)->next;
	*at = call->next;
	bus->call_count--;
	authority_cancel(&call->query);
	call->asking = sd_bus_slot_unref(call->asking);
	call->message = sd_bus_message_unref(call->message);
	call->bus = NULL;
	daemon_activity(bus->daemon);
}

static void bus_call_free(struct call *call)
{
	if (call->bus)
		detach(call);
	explicit_bzero(call, sizeof(*call));
	free(call);
}

/* --- may it? ------------------------------------------------------------------------------------ */

/* @denied: why not, NULL: granted. */
static void authorised(void *context, const char *denied)
{
	struct call *call = context;
	bool foreign = call->has_owner && call->owner != call->request.uid;

	call->query = NULL;
	if (denied)
		bus_call_fail(call, "NotAuthorized", "%s%s", foreign ? "the job is another user's; " : "", denied);
	else
		call->act(call);
}

static bool uid_has_room(const struct call *call)
{
	unsigned of_uid = 0;

	for (const struct call *other = call->bus->calls; other; other = other->next)
		of_uid += other != call && other->identified && other->request.uid == call->request.uid;
	return call->request.uid == 0 || of_uid < BUS_MAX_CALLS_UID;
}

/* It is known whose call it is. */
static void identified(struct call *call, bool known, uid_t uid)
{
	const char *action = call->action;

	if (!known) {
		bus_call_fail(call, "NotAuthorized", "the bus does not say which user calls");
		return;
	}
	call->identified = true;
	call->request.uid = uid;
	if (call->has_owner && call->owner != uid)
		action = "org.coreesim.lpa1.configure";
	if (!uid_has_room(call))
		bus_call_fail(call, "TooMany", "%d calls of this user have no answer yet: wait for one",
			      BUS_MAX_CALLS_UID);
	else if (!action)
		call->act(call);
	else if (authority_ask(call->bus->authority, call->message, action, authorised, call, &call->query) < 0)
		bus_call_fail(call, "System", "polkit cannot be asked: no memory, or no bus");
}

int bus_call_authorise(struct call *call, int r, const char *action, void (*act)(struct call *call))
{
	if (r < 0) {
		bus_call_free(call);
		return r;
	}
	call->action = action;
	call->act = act;
	bus_caller_identify(call, identified);
	return 1;
}

/* --- answers ---------------------------------------------------------------------------------- */

void bus_call_return_message(struct call *call, sd_bus_message *reply, int r)
{
	bus_news_flush(call->bus->news);
	if (r >= 0)
		r = sd_bus_send(call->bus->sd, reply, NULL);
	sd_bus_message_unref(reply);
	if (r < 0)
		bus_call_fail(call, "System", "the answer cannot be sent: %s", strerror(-r));
	else
		bus_call_free(call);
}

void bus_call_return(struct call *call)
{
	sd_bus_message *reply = NULL;
	int r = sd_bus_message_new_method_return(call->message, &reply);

	bus_call_return_message(call, reply, r);
}

void bus_call_return_path(struct call *call, const struct bus_id *id)
{
	char path[BUS_PATH_SIZE];
	sd_bus_message *reply = NULL;
	int r = sd_bus_message_new_method_return(call->message, &reply);

	bus_path_format(id, path);
	if (r >= 0)
		r = sd_bus_message_append_basic(reply, 'o', path);
	bus_call_return_message(call, reply, r);
}

void bus_call_return_details(struct call *call, const json_t *details)
{
	sd_bus_message *reply = NULL;
	int r = sd_bus_message_new_method_return(call->message, &reply);

	if (r >= 0)
		r = variant_append_dict(reply, details);
	bus_call_return_message(call, reply, r);
}

void bus_call_return_fd(struct call *call, int fd)
{
	sd_bus_message *reply = NULL;
	int r = sd_bus_message_new_method_return(call->message, &reply);

	if (r >= 0)
		r = sd_bus_message_append_basic(reply, 'h', &fd);
	bus_call_return_message(call, reply, r);
}

static void fail_with(struct call *call, sd_bus_error *error)
{
	bus_news_flush(call->bus->news);
	sd_bus_reply_method_error(call->message, error);
	sd_bus_error_free(error);
	bus_call_free(call);
}

void bus_call_fail(struct call *call, const char *name, const char *fmt, ...)
{
	sd_bus_error error = SD_BUS_ERROR_NULL;
	char sentence[640];
	va_list ap;

	va_start(ap, fmt);
	vsnprintf(sentence, sizeof(sentence), fmt, ap);
	va_end(ap);
	bus_error_set(&error, name, "%s", sentence);
	fail_with(call, &error);
}

void bus_call_fail_from(struct call *call, const struct esim_error *err)
{
	sd_bus_error error = SD_BUS_ERROR_NULL;

	bus_error_from(&error, err);
	fail_with(call, &error);
}

/* --- asking the model ------------------------------------------------------------------------- */

void *bus_call_find(struct call *call)
{
	void *object = bus_interface_of(call->target.kind)->find(call->bus->daemon, &call->target);

	if (!object)
		bus_call_fail(call, "NotFound", "%s is not there any more",
			      sd_bus_message_get_path(call->message));
	return object;
}

void bus_call_submit(struct call *call, struct euicc *euicc)
{
	struct esim_error err;
	struct job *job;

	esim_error_clear(&err);
	if (job_submit(euicc, &call->request, &job, &err))
		bus_call_fail_from(call, &err);
	else
		bus_call_return_path(call, &(struct bus_id){ BUS_JOB, 0, job->number });
}

void bus_call_submit_and_wait(struct call *call, struct euicc *euicc,
			      void (*ended)(struct call *call, struct job *job))
{
	struct esim_error err;
	struct job *job;

	esim_error_clear(&err);
	if (job_submit(euicc, &call->request, &job, &err)) {
		bus_call_fail_from(call, &err);
		return;
	}
	call->job = job->number;
	call->ended = ended;
}

void bus_calls_job_ended(struct bus *bus, struct job *job)
{
	struct call *next;

	for (struct call *call = bus->calls; call; call = next) {
		next = call->next;
		if (call->job == job->number)
			call->ended(call, job);
	}
}

bool bus_call_orphaned(struct call *call)
{
	if (call->bus)
		return false;
	bus_call_free(call);
	return true;
}

void bus_call_done(void *context, const struct esim_error *err)
{
	struct call *call = context;

	if (bus_call_orphaned(call))
		return;
	if (err && err->code)
		bus_call_fail_from(call, err);
	else
		bus_call_return(call);
}

/* The bus ends: each call gets its answer now. Those that the model owes an outcome are freed by that. */
void bus_calls_free(struct bus *bus)
{
	while (bus->calls) {
		struct call *call = bus->calls;

		if (!call->owed) {
			bus_call_fail(call, "NotReady", "lpad is ending");
			continue;
		}
		sd_bus_reply_method_errorf(call->message, BUS_NAME ".Error.NotReady", "lpad is ending");
		detach(call);
	}
}
