/* SPDX-License-Identifier: GPL-2.0-or-later */
/* lpactl devices: where a card may be. */
#include "app.h"
#include "output.h"

#include <esim/hex.h>

#include <stdio.h>
#include <stdlib.h>

enum column {
	COLUMN_URI,
	COLUMN_TRANSPORT,
	COLUMN_READER,
	COLUMN_ATR,
	COLUMN_STATE,
	COLUMNS,
};

static const char *const headings[COLUMNS] = { "URI", "TRANSPORT", "READER", "ATR", "STATE" };

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

static void fill_json(struct app *app, const struct esim_device_entry *entries, size_t count)
{
	json_t *devices = json_array();

	for (size_t i = 0; i < count; i++)
		json_array_append_new(devices, json_device(&entries[i]));
	json_object_set_new(app->result, "devices", devices);
}

static void describe_state(const struct esim_device_entry *entry, char *text, size_t size)
{
	switch (entry->state) {
	case ESIM_DEVICE_CARD:
		snprintf(text, size, "card");
		return;
	case ESIM_DEVICE_NO_CARD:
		snprintf(text, size, "no card");
		return;
	case ESIM_DEVICE_MUTE:
		snprintf(text, size, "mute card");
		return;
	case ESIM_DEVICE_HELD:
		snprintf(text, size, "held by %s", entry->detail);
		return;
	case ESIM_DEVICE_UNUSABLE:
		snprintf(text, size, "%s", entry->detail);
		return;
	}
}

static void print(const struct esim_device_entry *entries, size_t count)
{
	char atr[2 * ESIM_MAX_ATR + 1], state[sizeof(entries->detail) + 16] = "";
	struct table *table = table_new(headings, COLUMNS);

	for (size_t i = 0; i < count; i++) {
		const char *cells[COLUMNS] = {
			[COLUMN_URI] = entries[i].uri,
			[COLUMN_TRANSPORT] = entries[i].transport,
			[COLUMN_READER] = entries[i].reader,
			[COLUMN_ATR] = atr,
			[COLUMN_STATE] = state,
		};

		esim_hex_encode(esim_slice(entries[i].atr, entries[i].atr_len), atr);
		describe_state(&entries[i], state, sizeof(state));
		table_row(table, cells);
	}
	table_print(table, stdout);
	table_free(&table);
}

int verb_devices(struct app *app)
{
	struct esim_device_entry *entries = NULL;
	size_t count = 0;
	int rc = esim_device_list(&entries, &count, &app->err);

	if (rc)
		return rc;
	if (app->options.json)
		fill_json(app, entries, count);
	else
		print(entries, count);
	if (count == 0)
		fputs("lpactl: there is no eUICC device and no card reader\n", stderr);
	free(entries);
	return 0;
}
