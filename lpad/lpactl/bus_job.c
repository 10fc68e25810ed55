/* SPDX-License-Identifier: GPL-2.0-or-later */
/* A job's properties say how it stands; see bus_job.h. */
#include "bus_job.h"

#include "bus_client.h"
#include "output.h"
#include "progress.h"
#include "prompt.h"

#include "lpad/common/variant.h"

#include <stdio.h>
#include <string.h>

struct follower {
	struct app *app;
	const char *path;
	json_t *properties;
	bool lpad_ended;
	bool postponed;			/* Cancel() was called */
	bool answered;			/* all that it needs now */
};

static const char *property(const struct follower *follower, const char *name)
{
	return output_text(follower->properties, name);
}

static bool has_ended(const struct follower *follower)
{
	const char *state = property(follower, "State");

	return strcmp(state, "done") == 0 || strcmp(state, "failed") == 0 || strcmp(state, "cancelled") == 0;
}

/* --- what lpad tells ------------------------------------------------------------------------------- */

static void show(const struct follower *follower)
{
	const json_int_t percent = json_integer_value(json_object_get(follower->properties, "Progress"));
	const char *stage = property(follower, "Stage");
	char detail[16] = "";

	if (percent > 0)
		snprintf(detail, sizeof(detail), "%d%%", (int)percent);
	if (!stage[0] && strcmp(property(follower, "State"), "queued") == 0)
		stage = "waits for the jobs before it";
	progress_show(follower->app, stage, detail);
}

static int on_changed(sd_bus_message *message, void *context, sd_bus_error *error)
{
	struct follower *follower = context;
	json_t *changed = NULL;
	const char *interface;

	(void)error;
	if (sd_bus_message_read_basic(message, 's', &interface) <= 0 ||
	    strcmp(interface, LPAD_NAME ".Job1") != 0 || variant_read_dict(message, &changed) < 0)
		return 0;
	if (json_object_get(changed, "Needs"))
		follower->answered = false;
	json_object_update(follower->properties, changed);
	json_decref(changed);
	show(follower);
	return 0;
}

static int on_owner(sd_bus_message *message, void *context, sd_bus_error *error)
{
	struct follower *follower = context;

	(void)message, (void)error;
	follower->lpad_ended = true;
	return 0;
}

static int begin(struct follower *follower, sd_bus_slot *slots[2])
{
	struct app *app = follower->app;
	char rule[256];
	int rc;

	snprintf(rule, sizeof(rule), "type='signal',sender='" LPAD_NAME "',path='%s',"
		 "interface='org.freedesktop.DBus.Properties',member='PropertiesChanged'", follower->path);
	rc = bus_client_match(app->bus, &slots[0], rule, on_changed, follower, &app->err);
	if (!rc)
		rc = bus_client_match(app->bus, &slots[1], "type='signal',sender='org.freedesktop.DBus',"
				      "member='NameOwnerChanged',arg0='" LPAD_NAME "'", on_owner, follower,
				      &app->err);
	return rc;
}

/* After the match: nothing that changes is missed. */
static int look(struct follower *follower)
{
	struct app *app = follower->app;
	json_t *properties;
	int rc = bus_properties(app->bus, follower->path, "Job1", &properties, &app->err);

	if (rc)
		return rc;
	json_decref(follower->properties);
	follower->properties = properties;
	show(follower);
	return 0;
}

/* --- what the user says ------------------------------------------------------------------------------ */

static bool needs(const struct follower *follower, const char *what)
{
	const json_t *list = json_object_get(follower->properties, "Needs");
	size_t i;
	json_t *need;

	json_array_foreach(list, i, need)
		if (strcmp(json_string_value(need), what) == 0)
			return true;
	return false;
}

static bool waits_for_user(const struct follower *follower)
{
	return strcmp(property(follower, "State"), "waiting") == 0 && !follower->answered &&
	       !follower->postponed && json_array_size(json_object_get(follower->properties, "Needs")) > 0;
}

/* ESIM_ESTALE: it ended meanwhile, or waits no more; what became of it is heard anyway. */
static int tolerate(int rc)
{
	return rc == ESIM_ESTALE ? 0 : rc;
}

static int call_off(struct follower *follower, const char *reason)
{
	struct app *app = follower->app;

	follower->postponed = true;
	return tolerate(bus_call(app->bus, follower->path, "Job1", "Cancel", NULL, &app->err, "s", reason));
}

static enum lpa_answer ask_for_code(struct follower *follower, const json_t *offer, json_t *answer)
{
	char code[ESIM_MAX_CONFIRMATION_CODE + 1] = "";
	json_int_t refused = json_integer_value(json_object_get(offer, "confirmationCodesRefused"));
	enum lpa_answer said = prompt_confirmation_code(follower->app, refused > 0, code);

	if (said == LPA_YES)
		json_object_set_new(answer, "confirmation_code", json_string(code));
	explicit_bzero(code, sizeof(code));
	return said;
}

/* All questions, then one answer to lpad: it may begin when it has what it waits for. */
static enum lpa_answer ask(struct follower *follower, json_t *offer, json_t *answer)
{
	struct app *app = follower->app;
	enum lpa_answer said = LPA_YES;

	if (needs(follower, "consent")) {
		said = prompt_consent(app, offer);
		json_object_set_new(answer, "consent", json_boolean(said == LPA_YES));
	}
	if (said == LPA_YES && needs(follower, "policy-consent")) {
		said = prompt_ppr_consent(app, offer);
		json_object_set_new(answer, "policy_consent", json_boolean(said == LPA_YES));
	}
	if (said == LPA_YES && needs(follower, "confirmation-code"))
		said = ask_for_code(follower, offer, answer);
	return said;
}

static int answer_needs(struct follower *follower)
{
	struct app *app = follower->app;
	json_t *offer = NULL, *answer = json_object();
	int rc = bus_details(app->bus, follower->path, "Job1", &offer, &app->err);
	enum lpa_answer said;

	if (rc) {
		json_decref(answer);
		return rc;
	}
	json_object_set_new(offer, "confirmationCodeRequired", json_boolean(needs(follower, "confirmation-code")));
	follower->answered = true;
	said = ask(follower, offer, answer);
	if (said == LPA_YES)
		rc = tolerate(bus_call_dict(app->bus, follower->path, "Job1", "Confirm", answer, NULL, &app->err));
	else if (!esim_cancel_triggered(app->cancel))
		rc = call_off(follower, said == LPA_NO ? "endUserRejection" : "postponed");
	json_decref(offer);
	json_decref(answer);
	return rc;
}

/* The first interrupt is lpad's to hear of, the second one ours. */
static int interrupted(struct follower *follower)
{
	struct app *app = follower->app;

	if (follower->postponed)
		return esim_error_set(&app->err, ESIM_ECANCELED, "cancelled; lpad has yet to end the job");
	esim_cancel_clear(app->cancel);
	progress_end(app);
	fputs("lpactl: note: the job is called off; interrupt again to leave at once\n", stderr);
	return call_off(follower, "postponed");
}

/* --- to the end ----------------------------------------------------------------------------------------- */

static int wait_for_end(struct follower *follower)
{
	struct app *app = follower->app;
	int rc = 0;

	while (!rc && !has_ended(follower) && !follower->lpad_ended) {
		if (esim_cancel_triggered(app->cancel))
			rc = interrupted(follower);
		else if (waits_for_user(follower))
			rc = answer_needs(follower);
		else
			rc = bus_client_turn(app->bus, &app->err);
	}
	if (!rc && !has_ended(follower)) {
		rc = esim_error_set(&app->err, ESIM_EIO, "lpad ended while the job was under way");
		app->err.domain = ESIM_DOMAIN_SYSTEM;
		esim_error_advise(&app->err, "look at what is on the eUICC now; lpad finishes what it can when it "
				  "is started");
	}
	return rc;
}

static void tell_notes(struct app *app, const json_t *details)
{
	size_t i;
	json_t *note;

	json_array_foreach(json_object_get(details, "notes"), i, note) {
		app_note(app, json_string_value(note));
	}
}

/* The job's own cause, as a direct run would have had it. */
static int take_outcome(struct follower *follower, const json_t *details)
{
	struct app *app = follower->app;
	const json_t *error = json_object_get(details, "error");

	tell_notes(app, details);
	json_decref(app->steps);
	app->steps = json_incref(json_object_get(details, "steps"));
	if (strcmp(property(follower, "State"), "done") == 0)
		return 0;
	if (error)
		error_from_json(error, &app->err);
	else
		esim_error_set(&app->err, ESIM_ECANCELED, "the job was cancelled");
	if (app->unanswered && app->err.domain == ESIM_DOMAIN_POLICY)
		esim_error_advise(&app->err, "%s", app->unanswered);
	return app->err.code;
}

int bus_job_follow_path(struct app *app, const char *path, json_t **ret)
{
	struct follower follower = { .app = app, .path = path, .properties = json_object() };
	sd_bus_slot *slots[2] = { NULL, NULL };
	json_t *details = NULL;
	int rc = begin(&follower, slots);

	if (!rc)
		rc = look(&follower);
	if (!rc)
		rc = wait_for_end(&follower);
	progress_end(app);
	if (!rc)
		rc = bus_details(app->bus, path, "Job1", &details, &app->err);
	if (!rc)
		rc = take_outcome(&follower, details);
	if (ret)
		*ret = json_incref(details);
	json_decref(details);
	json_decref(follower.properties);
	sd_bus_slot_unref(slots[0]);
	sd_bus_slot_unref(slots[1]);
	return rc;
}

int bus_job_follow(struct app *app, sd_bus_message *reply, json_t **ret)
{
	const char *path;
	int rc;

	if (ret)
		*ret = NULL;
	if (sd_bus_message_read_basic(reply, 'o', &path) > 0)
		rc = bus_job_follow_path(app, path, ret);
	else
		rc = esim_error_set(&app->err, ESIM_EPROTO, "lpad answered without a job");
	sd_bus_message_unref(reply);
	return rc;
}
