/* SPDX-License-Identifier: GPL-2.0-or-later */
/* polkit. See authority.h. */
#include "authority.h"

#include "bus_departure.h"

#include <errno.h>
#include <inttypes.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define POLKIT		"org.freedesktop.PolicyKit1"
#define POLKIT_PATH	"/org/freedesktop/PolicyKit1/Authority"
#define POLKIT_IFACE	"org.freedesktop.PolicyKit1.Authority"

#define ALLOW_USER_INTERACTION	1u

struct authority {
	sd_bus *bus;
	uint64_t patience, person_patience;	/* microseconds */
	uint64_t queries;			/* so far: what tells one from the others */
};

struct authority_query {
	sd_bus *bus;
	sd_bus_slot *slot;
	struct departure *departure;		/* of the caller, where a person may be asked */
	char *action;
	char id[24];				/* polkit's cancellation_id; "": of none */
	void (*answer)(void *context, const char *denied);
	void *context;
};

static void query_free(struct authority_query *query)
{
	sd_bus_slot_unref(query->slot);
	departure_free(&query->departure);
	free(query->action);
	free(query);
}

/* Nobody shall be asked for a password that is of no use any more. */
static void call_off(const struct authority_query *query)
{
	if (query->id[0])
		sd_bus_call_method_async(query->bus, NULL, POLKIT, POLKIT_PATH, POLKIT_IFACE,
					 "CancelCheckAuthorization", NULL, NULL, "s", query->id);
}

static void finish(struct authority_query *query, const char *denied)
{
	void (*answer)(void *context, const char *why) = query->answer;
	void *context = query->context;

	query_free(query);
	answer(context, denied);
}

static void deny(struct authority_query *query, const char *why)
{
	char sentence[400];

	snprintf(sentence, sizeof(sentence), "%s is not granted: %s", query->action, why);
	finish(query, sentence);
}

static void deny_for_error(struct authority_query *query, const sd_bus_error *error)
{
	char why[300];

	if (sd_bus_error_has_names(error, SD_BUS_ERROR_NO_REPLY, SD_BUS_ERROR_TIMEOUT,
				   "org.freedesktop.DBus.Error.TimedOut")) {
		call_off(query);
		snprintf(why, sizeof(why), "polkit did not answer in time");
	} else if (sd_bus_error_has_names(error, SD_BUS_ERROR_SERVICE_UNKNOWN, SD_BUS_ERROR_NAME_HAS_NO_OWNER)) {
		snprintf(why, sizeof(why),
			 "polkit, which decides it, is not there: is polkitd installed and running?");
	} else {
		snprintf(why, sizeof(why), "polkit failed: %s", error->message ? error->message : error->name);
	}
	deny(query, why);
}

static int on_answer(sd_bus_message *message, void *userdata, sd_bus_error *ret_error)
{
	struct authority_query *query = userdata;
	int granted = 0, challenge = 0;

	(void)ret_error;
	if (sd_bus_message_is_method_error(message, NULL))
		deny_for_error(query, sd_bus_message_get_error(message));
	else if (sd_bus_message_enter_container(message, 'r', "bba{ss}") < 0 ||
		 sd_bus_message_read(message, "bb", &granted, &challenge) < 0)
		deny(query, "polkit's answer cannot be read");
	else if (granted)
		finish(query, NULL);
	else if (challenge)
		deny(query, query->id[0] ? "nobody gave the password that polkit asks for" :
			    "polkit asks for a password; the call is to allow interactive authorization");
	else
		deny(query, "polkit says no to this user, or to a session that is remote or not active");
	return 0;
}

static void on_departure(void *context)
{
	struct authority_query *query = context;

	call_off(query);
	deny(query, "the caller has left");
}

static int append_question(sd_bus_message *message, const struct authority_query *query, const char *sender)
{
	return sd_bus_message_append(message, "(sa{sv})sa{ss}us", "system-bus-name", 1, "name", "s", sender,
				     query->action, 0, query->id[0] ? ALLOW_USER_INTERACTION : 0u, query->id);
}

static int send_question(struct authority *authority, struct authority_query *query, const char *sender)
{
	sd_bus_message *message = NULL;
	int r = sd_bus_message_new_method_call(query->bus, &message, POLKIT, POLKIT_PATH, POLKIT_IFACE,
					       "CheckAuthorization");

	if (r >= 0)
		r = append_question(message, query, sender);
	if (r >= 0)
		r = sd_bus_call_async(query->bus, &query->slot, message, on_answer, query,
				      query->id[0] ? authority->person_patience : authority->patience);
	sd_bus_message_unref(message);
	if (r >= 0 && query->id[0])
		r = departure_watch(query->bus, sender, on_departure, query, &query->departure);
	return r;
}

int authority_ask(struct authority *authority, sd_bus_message *call, const char *action,
		  void (*answer)(void *context, const char *denied), void *context, struct authority_query **ret)
{
	struct authority_query *query = calloc(1, sizeof(*query));
	int r = -ENOMEM;

	if (!query)
		return r;
	query->bus = authority->bus;
	query->answer = answer;
	query->context = context;
	query->action = strdup(action);
	if (sd_bus_message_get_allow_interactive_authorization(call) > 0)
		snprintf(query->id, sizeof(query->id), "lpad-%" PRIu64, ++authority->queries);
	if (query->action)
		r = send_question(authority, query, sd_bus_message_get_sender(call));
	if (r < 0) {
		query_free(query);
		return r;
	}
	*ret = query;
	return 0;
}

void authority_cancel(struct authority_query **query)
{
	if (!*query)
		return;
	call_off(*query);
	query_free(*query);
	*query = NULL;
}

void authority_set_patience(struct authority *authority, uint64_t usec, uint64_t person_usec)
{
	authority->patience = usec;
	authority->person_patience = person_usec;
}

int authority_new(sd_bus *bus, struct authority **ret)
{
	struct authority *authority = calloc(1, sizeof(*authority));

	if (!authority)
		return -ENOMEM;
	authority->bus = bus;
	authority_set_patience(authority, AUTHORITY_PATIENCE_USEC, AUTHORITY_PERSON_USEC);
	*ret = authority;
	return 0;
}

void authority_free(struct authority **authority)
{
	free(*authority);
	*authority = NULL;
}
