/* SPDX-License-Identifier: GPL-2.0-or-later */
/* lpactl profiles, enable, disable, delete, rename. */
#include "app.h"
#include "output.h"
#include "prompt.h"

#include <stdio.h>

struct list {
	struct esim_profile *profiles;
	size_t count;
};

static int open_and_list(struct app *app, struct list *list)
{
	int rc = app_open_card(app);

	return rc ? rc : lpa_profiles(app->lpa, &list->profiles, &list->count, &app->err);
}

static void show(struct app *app, const struct list *list)
{
	json_t *array;

	if (!app->options.json) {
		output_profiles(stdout, list->profiles, list->count);
		return;
	}
	array = json_array();
	for (size_t i = 0; i < list->count; i++)
		json_array_append_new(array, json_profile(&list->profiles[i]));
	json_object_set_new(app->result, "profileInfoList", array);
}

int verb_profiles(struct app *app)
{
	struct list list = { 0 };
	int rc = open_and_list(app, &list);

	if (!rc)
		show(app, &list);
	es10c_profiles_free(&list.profiles, list.count);
	return rc;
}

/* A change of the one profile that the first argument names. */
typedef int (*change)(struct app *app, const struct esim_profile *profile);

static void report(struct app *app, const struct esim_profile *profile, const char *done)
{
	char iccid[ESIM_ICCID_DIGITS + 1];

	format_iccid(&profile->iccid, iccid);
	if (app->options.json)
		json_object_set_new(app->result, "iccid", json_string(iccid));
	else
		printf("%s is %s\n", iccid, done);
}

static int change_profile(struct app *app, change call, const char *done)
{
	const struct esim_profile *profile;
	struct list list = { 0 };
	int rc = open_and_list(app, &list);

	if (!rc)
		rc = lpa_select_profile(list.profiles, list.count, app->options.arguments[0],
					&profile, &app->err);
	if (!rc)
		rc = call(app, profile);
	if (!rc)
		report(app, profile, done);
	es10c_profiles_free(&list.profiles, list.count);
	return rc;
}

static int enable(struct app *app, const struct esim_profile *profile)
{
	const struct es10c_switch how = { .refresh = app->options.refresh };

	return lpa_enable_profile(app->lpa, profile, &how, &app->err);
}

static int disable(struct app *app, const struct esim_profile *profile)
{
	const struct es10c_switch how = { .refresh = app->options.refresh };

	return lpa_disable_profile(app->lpa, profile, &how, &app->err);
}

static int delete(struct app *app, const struct esim_profile *profile)
{
	char iccid[ESIM_ICCID_DIGITS + 1], question[96];
	int rc;

	format_iccid(&profile->iccid, iccid);
	snprintf(question, sizeof(question), "Delete profile %s for good?", iccid);
	rc = prompt_confirm(app, question);
	return rc ? rc : lpa_delete_profile(app->lpa, profile, &app->err);
}

static int rename_profile(struct app *app, const struct esim_profile *profile)
{
	return lpa_rename_profile(app->lpa, profile, app->options.arguments[1], &app->err);
}

int verb_enable(struct app *app)
{
	return change_profile(app, enable, "enabled");
}

int verb_disable(struct app *app)
{
	return change_profile(app, disable, "disabled");
}

int verb_delete(struct app *app)
{
	return change_profile(app, delete, "deleted");
}

int verb_rename(struct app *app)
{
	return change_profile(app, rename_profile, "renamed");
}
