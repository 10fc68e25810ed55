/* SPDX-License-Identifier: GPL-2.0-or-later */
/* lpactl devices: lpad's eUICCs; directly, where a card may be. */
#include "app.h"
#include "bus_euicc.h"
#include "modem.h"
#include "output.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static json_t *json_device(const struct esim_device_entry *entry)
{
	json_t *device = json_object();

	json_object_set_new(device, "uri", json_text(entry->uri));
	json_object_set_new(device, "transport", json_text(entry->transport));
	json_object_set_new(device, "reader", json_text(entry->reader));
	if (entry->atr_len > 0)
		json_object_set_new(device, "atr", json_hex(esim_slice(entry->atr, entry->atr_len)));
	json_object_set_new(device, "state", json_string(esim_device_state_name(entry->state)));
	if (entry->state == ESIM_DEVICE_HELD)
		json_object_set_new(device, "holder", json_text(entry->detail));
	else if (entry->state == ESIM_DEVICE_UNUSABLE)
		json_object_set_new(device, "reason", json_text(entry->detail));
	return device;
}

int devices_direct(struct app *app)
{
	struct esim_device_entry *entries = NULL;
	json_t *devices;
	size_t count = 0;
	int rc = esim_device_list(&entries, &count, &app->err);

	if (rc)
		return rc;
	devices = json_array();
	for (size_t i = 0; i < count; i++)
		json_array_append_new(devices, json_device(&entries[i]));
	modem_add_devices(app, devices);
	json_object_set_new(app->result, "devices", devices);
	if (json_array_size(devices) == 0)
		fputs("lpactl: there is no eUICC device, no card reader and no modem\n", stderr);
	free(entries);
	return 0;
}

int devices_by_lpad(struct app *app)
{
	json_t *devices = NULL;
	int rc = bus_euiccs(app, &devices);

	if (rc)
		return rc;
	if (json_array_size(devices) == 0)
		fputs("lpactl: lpad has no eUICC; lpactl --direct devices lists readers\n", stderr);
	json_object_set_new(app->result, "devices", devices);
	return 0;
}

/* "held by pcscd", "no card", or why it cannot be used. */
static json_t *describe_state(const json_t *device)
{
	const char *state = output_text(device, "state"), *holder = output_text(device, "holder");
	const char *reason = output_text(device, "reason");

	if (holder[0])
		return json_sprintf("held by %s", holder);
	return json_string(reason[0] ? reason : strcmp(state, "noCard") == 0 ? "no card" :
			   strcmp(state, "mute") == 0 ? "mute card" : state);
}

static void print_readers(const json_t *devices)
{
	static const struct column columns[] = {
		{ "URI", "uri" }, { "TRANSPORT", "transport" }, { "READER", "reader" }, { "ATR", "atr" },
		{ "STATE", "state" }, { "SLOT", "slot" }, { "EID", "eidValue" },
	};
	json_t *shown = json_deep_copy(devices), *device;
	bool modems = false;
	size_t i;

	json_array_foreach(shown, i, device) {
		json_object_set_new(device, "state", describe_state(device));
		modems |= json_object_get(device, "slot") || json_object_get(device, "eidValue");
	}
	output_table(stdout, shown, columns, modems ? 7 : 5);
	json_decref(shown);
}

void devices_print(const json_t *result)
{
	static const struct column columns[] = {
		{ "EUICC", "euicc" }, { "DEVICE", "uri" }, { "STATE", "state" }, { "VERSION", "svn" },
		{ "PROFILES", "profiles" }, { "EID", "eidValue" },
	};
	const json_t *devices = json_object_get(result, "devices");

	if (json_object_get(json_array_get(devices, 0), "euicc"))
		output_table(stdout, devices, columns, 6);
	else
		print_readers(devices);
}
