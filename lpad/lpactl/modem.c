/* SPDX-License-Identifier: GPL-2.0-or-later */
/* A modem's profile switched directly, beside ModemManager; see modem.h. */
#include "modem.h"

#include "output.h"
#include "progress.h"

#include "lpad/common/modem_details.h"

#include <stdio.h>
#include <stdlib.h>

#define REGISTRATION_TIMEOUT_MS 60000

int modem_set_aside(struct app *app)
{
	const struct mm_switch how = { .uri = app->where.uri, .cancel = app->cancel };

	if (!mm_is_modem_uri(app->where.uri))
		return 0;
	progress_show(app, "ModemManager.InhibitDevice", "");
	return mm_inhibit(&how, &app->inhibition, &app->err);
}

/* The switch is done: what ModemManager makes of it is a report, and who interrupts it does without. */
static bool await_registration(struct app *app, const struct esim_iccid *expected, struct mm_report *report)
{
	struct esim_error err;

	if (!app->inhibition)
		return false;
	progress_show(app, "waiting for the modem to register", "");
	if (mm_release(&app->inhibition, expected, REGISTRATION_TIMEOUT_MS, report, &err))
		app_note(app, "the profile is switched; whether the modem registers was not waited for");
	progress_end(app);
	return true;
}

int modem_give_back(struct app *app, int rc, const struct esim_iccid *expected)
{
	const struct esim_modem_settled *settled = app->lpa ? lpa_settled(app->lpa) : NULL;
	struct mm_report report;
	const bool reported = !rc && await_registration(app, expected, &report);
	json_t *modem = json_modem(settled, reported ? &report : NULL);

	mm_inhibition_free(&app->inhibition);
	if (modem)
		json_object_set_new(app->result, "modem", modem);
	return rc;
}

/* --- lists ------------------------------------------------------------------------------------------------ */

/* What the library saw of their ports. */
static void remove_ports(json_t *devices, const struct mm_modem *modems, size_t count)
{
	for (size_t i = json_array_size(devices); i-- > 0;)
		if (mm_find_uri(modems, count, output_text(json_array_get(devices, i), "uri")))
			json_array_remove(devices, i);
}

static void add_modem(json_t *devices, const struct mm_modem *modem)
{
	json_t *device = json_mm_modem(modem, 0);

	if (device)
		json_array_append_new(devices, device);
	for (unsigned slot = 1; slot <= modem->slot_count; slot++) {
		device = slot != modem->slot && modem->slots[slot - 1].is_esim ? json_mm_modem(modem, slot) : NULL;
		if (device)
			json_array_append_new(devices, device);
	}
}

void modem_add_devices(struct app *app, json_t *devices)
{
	struct mm_client *client = NULL;
	struct mm_modem *modems = NULL;
	struct esim_error err;
	size_t count = 0;
	int rc = mm_open(NULL, app->cancel, &client, &err);

	if (!rc)
		rc = mm_list(client, &modems, &count, &err);
	mm_close(&client);
	if (rc && rc != ESIM_ENOENT)
		app_note(app, err.message);
	remove_ports(devices, modems, count);
	for (size_t i = 0; i < count; i++)
		add_modem(devices, &modems[i]);
	free(modems);
}

/* --- for people ---------------------------------------------------------------------------------------------- */

void modem_print(const json_t *result, const char *news)
{
	const json_t *modem = json_object_get(result, "modem");
	char text[320];

	modem_sentence(modem, news, text, sizeof(text));
	if (text[0])
		puts(text);
	modem_manager_sentence(modem, text, sizeof(text));
	if (text[0])
		puts(text);
}
