/* SPDX-License-Identifier: GPL-2.0-or-later */
/* lpactl profiles, and what changes one: enable, disable, delete, rename. */
#include "app.h"
#include "bus_client.h"
#include "bus_euicc.h"
#include "bus_job.h"
#include "modem.h"
#include "output.h"
#include "prompt.h"

#include <esim/hex.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* --- the list ---------------------------------------------------------------------------------- */

struct list {
	struct esim_profile *profiles;
	size_t count;
};

static int open_and_list(struct app *app, struct list *list)
{
	int rc = app_open_card(app);

	return rc ? rc : lpa_profiles(app->lpa, &list->profiles, &list->count, &app->err);
}

int profiles_direct(struct app *app)
{
	struct list list = { 0 };
	json_t *array;
	int rc = open_and_list(app, &list);

	if (rc)
		return rc;
	array = json_array();
	for (size_t i = 0; i < list.count; i++)
		json_array_append_new(array, json_profile(&list.profiles[i]));
	json_object_set_new(app->result, "profileInfoList", array);
	es10c_profiles_free(&list.profiles, list.count);
	return 0;
}

/* What a job that failed left unknown is not shown as it was before. */
static void forget_unknown_state(const json_t *child)
{
	if (strcmp(output_text(json_object_get(child, "properties"), "State"), "unknown") == 0)
		json_object_del(json_object_get(child, "details"), "profileState");
}

int profiles_by_lpad(struct app *app)
{
	json_t *children = NULL, *array, *child;
	size_t i;
	int rc = bus_children(app, "profile", "Profile1", &children);

	if (rc)
		return rc;
	array = json_array();
	json_array_foreach(children, i, child) {
		forget_unknown_state(child);
		json_array_append(array, json_object_get(child, "details"));
	}
	json_object_set_new(app->result, "profileInfoList", array);
	json_decref(children);
	return 0;
}

void profiles_print(const json_t *result)
{
	static const struct column columns[] = {
		{ "ICCID", "iccid" }, { "STATE", "profileState" }, { "CLASS", "profileClass" },
		{ "PROVIDER", "serviceProviderName" }, { "NAME", "profileName" },
		{ "NICKNAME", "profileNickname" },
	};

	output_table(stdout, json_object_get(result, "profileInfoList"), columns, 6);
}

/* --- a change of the one profile that the first argument names ------------------------------------- */

static void report(struct app *app, const char *iccid)
{
	json_object_set_new(app->result, "iccid", json_string(iccid));
}

static int change_direct(struct app *app, int (*call)(struct app *app, const struct esim_profile *profile))
{
	const struct esim_profile *profile;
	char iccid[ESIM_ICCID_DIGITS + 1];
	struct list list = { 0 };
	int rc = open_and_list(app, &list);

	if (!rc)
		rc = lpa_select_profile(list.profiles, list.count, app->options.arguments[0],
					&profile, &app->err);
	if (!rc)
		rc = call(app, profile);
	if (!rc) {
		format_iccid(&profile->iccid, iccid);
		report(app, iccid);
	}
	es10c_profiles_free(&list.profiles, list.count);
	return rc;
}

/* As far as it takes to find the one that is meant. */
static void name_profile(const json_t *details, struct esim_profile *ret)
{
	size_t len = 0;

	esim_iccid_parse(output_text(details, "iccid"), &ret->iccid);
	if (esim_hex_decode(output_text(details, "isdpAid"), ret->isdp_aid.bytes, sizeof(ret->isdp_aid.bytes),
			    &len) == 0)
		ret->isdp_aid.len = len;
	snprintf(ret->nickname, sizeof(ret->nickname), "%s", output_text(details, "profileNickname"));
}

static int select_child(struct app *app, const json_t *children, const json_t **ret)
{
	const size_t count = json_array_size(children);
	struct esim_profile *profiles = calloc(count + 1, sizeof(*profiles));
	const struct esim_profile *found = NULL;
	int rc;

	if (!profiles)
		return esim_error_set(&app->err, ESIM_ENOMEM, "no memory");
	for (size_t i = 0; i < count; i++)
		name_profile(json_object_get(json_array_get(children, i), "details"), &profiles[i]);
	rc = lpa_select_profile(profiles, count, app->options.arguments[0], &found, &app->err);
	if (!rc)
		*ret = json_array_get(children, (size_t)(found - profiles));
	free(profiles);
	return rc;
}

/* @call makes the job. */
static int change_by_lpad(struct app *app, int (*call)(struct app *app, const json_t *child, sd_bus_message **reply))
{
	sd_bus_message *reply = NULL;
	json_t *children = NULL, *details = NULL;
	const json_t *child = NULL;
	int rc = bus_children(app, "profile", "Profile1", &children);

	if (!rc)
		rc = select_child(app, children, &child);
	if (!rc)
		rc = call(app, child, &reply);
	if (!rc)
		rc = bus_job_follow(app, reply, &details);
	if (!rc)
		report(app, output_text(json_object_get(child, "details"), "iccid"));
	if (json_object_get(details, "modem"))
		json_object_set(app->result, "modem", json_object_get(details, "modem"));
	json_decref(details);
	json_decref(children);
	return rc;
}

static void print_done(const json_t *result, const char *done)
{
	if (json_object_get(result, "iccid"))
		printf("%s is %s\n", output_text(result, "iccid"), done);
}

/* --- enable, disable ------------------------------------------------------------------------------- */

static int enable(struct app *app, const struct esim_profile *profile)
{
	const struct es10c_switch how = { .refresh = app->options.refresh };
	int rc = lpa_enable_profile(app->lpa, profile, &how, &app->err);

	return modem_give_back(app, rc, &profile->iccid);
}

static int disable(struct app *app, const struct esim_profile *profile)
{
	const struct es10c_switch how = { .refresh = app->options.refresh };
	int rc = lpa_disable_profile(app->lpa, profile, &how, &app->err);

	return modem_give_back(app, rc, NULL);
}

static int call_switch(struct app *app, const json_t *child, const char *method, sd_bus_message **reply)
{
	json_t *options = json_object();
	int rc;

	if (app->options.refresh)
		json_object_set_new(options, "refresh", json_true());
	rc = bus_call_dict(app->bus, output_text(child, "path"), "Profile1", method, options, reply, &app->err);
	json_decref(options);
	return rc;
}

static int call_enable(struct app *app, const json_t *child, sd_bus_message **reply)
{
	return call_switch(app, child, "Enable", reply);
}

static int call_disable(struct app *app, const json_t *child, sd_bus_message **reply)
{
	return call_switch(app, child, "Disable", reply);
}

int enable_direct(struct app *app)
{
	int rc = modem_set_aside(app);

	return rc ? rc : change_direct(app, enable);
}

int enable_by_lpad(struct app *app)
{
	return change_by_lpad(app, call_enable);
}

void enable_print(const json_t *result)
{
	print_done(result, "enabled");
	modem_print(result, "the new profile");
}

int disable_direct(struct app *app)
{
	int rc = modem_set_aside(app);

	return rc ? rc : change_direct(app, disable);
}

int disable_by_lpad(struct app *app)
{
	return change_by_lpad(app, call_disable);
}

void disable_print(const json_t *result)
{
	print_done(result, "disabled");
	modem_print(result, "that no profile is enabled");
}

/* --- delete ------------------------------------------------------------------------------------------ */

static int confirm_deletion(struct app *app, const char *iccid)
{
	char question[96];

	snprintf(question, sizeof(question), "Delete profile %s for good?", iccid);
	return prompt_confirm(app, question);
}

static int delete(struct app *app, const struct esim_profile *profile)
{
	char iccid[ESIM_ICCID_DIGITS + 1];
	int rc;

	format_iccid(&profile->iccid, iccid);
	rc = confirm_deletion(app, iccid);
	return rc ? rc : lpa_delete_profile(app->lpa, profile, &app->err);
}

static int call_delete(struct app *app, const json_t *child, sd_bus_message **reply)
{
	int rc = confirm_deletion(app, output_text(json_object_get(child, "details"), "iccid"));

	return rc ? rc : call_switch(app, child, "Delete", reply);
}

int delete_direct(struct app *app)
{
	return change_direct(app, delete);
}

int delete_by_lpad(struct app *app)
{
	return change_by_lpad(app, call_delete);
}

void delete_print(const json_t *result)
{
	print_done(result, "deleted");
}

/* --- rename -------------------------------------------------------------------------------------------- */

static int rename_profile(struct app *app, const struct esim_profile *profile)
{
	return lpa_rename_profile(app->lpa, profile, app->options.arguments[1], &app->err);
}

static int call_rename(struct app *app, const json_t *child, sd_bus_message **reply)
{
	return bus_call(app->bus, output_text(child, "path"), "Profile1", "SetNickname", reply, &app->err, "s",
			app->options.arguments[1]);
}

int rename_direct(struct app *app)
{
	return change_direct(app, rename_profile);
}

int rename_by_lpad(struct app *app)
{
	return change_by_lpad(app, call_rename);
}

void rename_print(const json_t *result)
{
	print_done(result, "renamed");
}
