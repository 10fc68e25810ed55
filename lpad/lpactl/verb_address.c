/* SPDX-License-Identifier: GPL-2.0-or-later */
/* lpactl address: the eUICC's default SM-DP+ and root SM-DS. */
#include "app.h"
#include "bus_client.h"
#include "bus_job.h"
#include "output.h"

#include <stdio.h>

int address_direct(struct app *app)
{
	struct es10a_addresses addresses;
	int rc = app_open_card(app);

	if (!rc && app->options.default_address)
		rc = lpa_set_default_smdp(app->lpa, app->options.default_address, &app->err);
	if (!rc)
		rc = lpa_addresses(app->lpa, &addresses, &app->err);
	if (rc)
		return rc;
	json_object_set_new(app->result, "defaultDpAddress", json_text(addresses.default_smdp));
	json_object_set_new(app->result, "rootDsAddress", json_text(addresses.root_smds));
	return 0;
}

static int set_by_lpad(struct app *app)
{
	sd_bus_message *reply = NULL;
	int rc = bus_call(app->bus, app->euicc, "Euicc1", "SetDefaultSmdpAddress", &reply, &app->err, "s",
			  app->options.default_address);

	return rc ? rc : bus_job_follow(app, reply, NULL);
}

int address_by_lpad(struct app *app)
{
	json_t *details = NULL;
	int rc = app->options.default_address ? set_by_lpad(app) : 0;

	if (!rc)
		rc = bus_details(app->bus, app->euicc, "Euicc1", &details, &app->err);
	if (rc)
		return rc;
	json_object_set(app->result, "defaultDpAddress", json_object_get(details, "defaultDpAddress"));
	json_object_set(app->result, "rootDsAddress", json_object_get(details, "rootDsAddress"));
	json_decref(details);
	return 0;
}

static void print(const json_t *result, const char *name, const char *member)
{
	const char *address = output_text(result, member);

	if (json_object_get(result, member))
		output_field(stdout, name, address[0] ? address : "(none)");
}

void address_print(const json_t *result)
{
	print(result, "Default SM-DP+", "defaultDpAddress");
	print(result, "Root SM-DS", "rootDsAddress");
}
