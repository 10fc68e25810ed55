/* SPDX-License-Identifier: GPL-2.0-or-later */
/* lpactl reset: eUICC memory reset. */
#include "app.h"
#include "bus_client.h"
#include "bus_job.h"
#include "modem.h"
#include "prompt.h"

#include "lpad/common/details.h"

#include <stdio.h>

static int ask(struct app *app)
{
	return prompt_confirm(app, app->options.reset_options == ES10C_RESET_DEFAULT_SMDP_ADDRESS ?
			      "Set the default SM-DP+ address back?" :
			      "Delete all profiles that were chosen from the eUICC for good?");
}

int reset_direct(struct app *app)
{
	unsigned options = app->options.reset_options;
	int rc = ask(app);

	if (!rc)
		rc = modem_set_aside(app);
	if (!rc)
		rc = app_open_card(app);
	if (!rc && !options)
		rc = lpa_reset_options(app->lpa, &options, &app->err);
	if (!rc)
		rc = lpa_memory_reset(app->lpa, options, &app->err);
	rc = modem_give_back(app, rc, NULL);
	if (!rc)
		json_object_set_new(app->result, "resetOptions", json_reset_options(options));
	return rc;
}

/* Without a choice lpad takes all that this eUICC has. */
static int call_lpad(struct app *app, json_t **details)
{
	static const char *const names[] = { "operational-profiles", "test-profiles", "default-address" };
	const char *chosen[3] = { NULL, NULL, NULL };
	sd_bus_message *reply = NULL;
	unsigned count = 0;
	int rc;

	for (unsigned i = 0; i < 3; i++)
		if (app->options.reset_options & 1u << i)
			chosen[count++] = names[i];
	rc = bus_call(app->bus, app->euicc, "Euicc1", "MemoryReset", &reply, &app->err, "as", count,
		      chosen[0], chosen[1], chosen[2]);
	return rc ? rc : bus_job_follow(app, reply, details);
}

int reset_by_lpad(struct app *app)
{
	json_t *details = NULL;
	int rc = ask(app);

	if (!rc)
		rc = call_lpad(app, &details);
	if (!rc)
		json_object_set(app->result, "resetOptions", json_object_get(details, "resetOptions"));
	if (json_object_get(details, "modem"))
		json_object_set(app->result, "modem", json_object_get(details, "modem"));
	json_decref(details);
	return rc;
}

void reset_print(const json_t *result)
{
	if (json_object_get(result, "resetOptions"))
		puts("the eUICC's memory was reset");
	modem_print(result, "the change");
}
