/* SPDX-License-Identifier: GPL-2.0-or-later */
/* lpactl reset: eUICC memory reset. */
#include "app.h"
#include "prompt.h"

#include <stdio.h>

static json_t *json_options(unsigned options)
{
	static const char *const names[] = {
		"deleteOperationalProfiles", "deleteFieldLoadedTestProfiles", "resetDefaultSmdpAddress",
	};
	json_t *array = json_array();

	for (unsigned i = 0; i < 3; i++)
		if (options & 1u << i)
			json_array_append_new(array, json_string(names[i]));
	return array;
}

int verb_reset(struct app *app)
{
	unsigned options = app->options.reset_options;
	int rc = prompt_confirm(app, options == ES10C_RESET_DEFAULT_SMDP_ADDRESS ?
				"Set the default SM-DP+ address back?" :
				"Delete all profiles that were chosen from the eUICC for good?");

	if (!rc)
		rc = app_open_card(app);
	if (!rc && !options)
		rc = lpa_reset_options(app->lpa, &options, &app->err);
	if (!rc)
		rc = lpa_memory_reset(app->lpa, options, &app->err);
	if (rc)
		return rc;
	if (app->options.json)
		json_object_set_new(app->result, "resetOptions", json_options(options));
	else
		puts("the eUICC's memory was reset");
	return 0;
}
