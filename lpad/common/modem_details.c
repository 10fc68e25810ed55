/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What a switch did to a modem, as JSON and for people; see modem_details.h. */
#include "modem_details.h"

#include "details.h"

#include <stdio.h>
#include <string.h>

static void set_text(json_t *object, const char *name, const char *text)
{
	if (text[0])
		json_object_set_new(object, name, json_text(text));
}

static void add_settled(json_t *modem, const struct esim_modem_settled *settled)
{
	char digits[ESIM_ICCID_DIGITS + 1];

	json_object_set_new(modem, "reported", json_boolean(settled->reported));
	if (settled->step_needed)
		json_object_set_new(modem, "step", json_string(esim_modem_step_id(settled->step)));
	if (settled->has_iccid) {
		format_iccid(&settled->iccid, digits);
		json_object_set_new(modem, "iccid", json_string(digits));
	}
	json_object_set_new(modem, "reEnumerated", json_boolean(settled->re_enumerated));
}

static void add_report(json_t *modem, const struct mm_report *report)
{
	json_object_set_new(modem, "inModemManager", json_boolean(report->back));
	if (!report->back)
		return;
	json_object_set_new(modem, "simReported", json_boolean(report->sim_fits));
	json_object_set_new(modem, "state", json_string(mm_state_name(report->state)));
	json_object_set_new(modem, "registration", json_string(mm_registration_name(report->registration)));
	set_text(modem, "operator", report->operator_name);
	set_text(modem, "operatorCode", report->operator_code);
	set_text(modem, "networkManager", report->network_manager);
}

json_t *json_modem(const struct esim_modem_settled *settled, const struct mm_report *report)
{
	json_t *modem = settled || report ? json_object() : NULL;

	if (settled)
		add_settled(modem, settled);
	if (report)
		add_report(modem, report);
	return modem;
}

/* --- lists ------------------------------------------------------------------------------------------------ */

static void set_reader(json_t *device, const struct mm_modem *modem)
{
	char reader[sizeof(modem->manufacturer) + sizeof(modem->model)];

	snprintf(reader, sizeof(reader), "%s%s%s", modem->manufacturer,
		 modem->manufacturer[0] && modem->model[0] ? " " : "", modem->model);
	json_object_set_new(device, "reader", json_text(reader));
}

json_t *json_mm_modem(const struct mm_modem *modem, unsigned slot)
{
	const struct mm_sim *sim = slot ? &modem->slots[slot - 1] : &modem->sim;
	char uri[ESIM_URI_SIZE];
	json_t *device;

	if (!mm_uri(modem, slot, uri))
		return NULL;
	device = json_object();
	json_object_set_new(device, "uri", json_text(uri));
	json_object_set_new(device, "transport", json_sprintf("%.*s", (int)strcspn(uri, ":"), uri));
	set_reader(device, modem);
	if (slot || modem->slot)
		json_object_set_new(device, "slot", json_integer(slot ? slot : modem->slot));
	set_text(device, "eidValue", sim->eid);
	set_text(device, "iccid", sim->iccid);
	json_object_set_new(device, "modemState", json_string(mm_state_name(modem->state)));
	json_object_set_new(device, "state", json_string(sim->path[0] ? "card" : "noCard"));
	return device;
}

/* --- for people ---------------------------------------------------------------------------------------------- */

static const char *text_of(const json_t *object, const char *name)
{
	const char *text = json_string_value(json_object_get(object, name));

	return text ? text : "";
}

static const char *step_of(const json_t *modem)
{
	const char *id = text_of(modem, "step");

	for (int step = ESIM_MODEM_REFRESH; id[0] && step < ESIM_MODEM_STEPS; step++)
		if (strcmp(id, esim_modem_step_id((enum esim_modem_step)step)) == 0)
			return esim_modem_step_name((enum esim_modem_step)step);
	return "";
}

void modem_sentence(const json_t *modem, const char *news, char *text, size_t size)
{
	const json_t *reported = json_object_get(modem, "reported");
	const char *step = step_of(modem);

	if (!reported)
		snprintf(text, size, "%s", "");
	else if (!json_is_true(reported))
		snprintf(text, size, "the modem does not report %s%s%s", news, step[0] ? "; tried last: " : "", step);
	else
		snprintf(text, size, "the modem reports %s%s%s%s", news, step[0] ? " after: " : "", step,
			 json_is_true(json_object_get(modem, "reEnumerated")) ? "; it left the bus and came back" : "");
}

void modem_manager_sentence(const json_t *modem, char *text, size_t size)
{
	const json_t *back = json_object_get(modem, "inModemManager");
	const char *name = text_of(modem, "operator"), *connection = text_of(modem, "networkManager");

	if (!back)
		snprintf(text, size, "%s", "");
	else if (!json_is_true(back))
		snprintf(text, size, "ModemManager does not have the modem again yet");
	else
		snprintf(text, size, "ModemManager: %s (%s)%s%s%s%s%s", text_of(modem, "state"),
			 text_of(modem, "registration"), name[0] ? ", " : "", name,
			 json_is_true(json_object_get(modem, "simReported")) ? "" :
			 ", and does not see the new SIM yet",
			 connection[0] ? "; NetworkManager: " : "", connection);
}
