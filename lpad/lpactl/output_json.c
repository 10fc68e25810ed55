/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What a result's JSON looks like to people. */
#include "output.h"

#include <stdio.h>
#include <string.h>

#define MAX_CELL 512
#define MAX_COLUMNS 8

const char *output_text(const json_t *object, const char *name)
{
	const char *text = json_string_value(json_object_get(object, name));

	return text ? text : "";
}

/* A text, a number, or a list of texts with commas between them. */
static void describe(const json_t *value, char *text, size_t size)
{
	size_t used = 0, i;
	json_t *item;

	text[0] = '\0';
	if (json_is_string(value))
		snprintf(text, size, "%s", json_string_value(value));
	else if (json_is_integer(value))
		snprintf(text, size, "%" JSON_INTEGER_FORMAT, json_integer_value(value));
	else if (json_is_real(value))
		snprintf(text, size, "%.1f", json_real_value(value));
	json_array_foreach(value, i, item)
		if (json_is_string(item) && used < size)
			used += (size_t)snprintf(text + used, size - used, "%s%s", used ? ", " : "",
						 json_string_value(item));
}

void output_member(FILE *out, const char *name, const json_t *object, const char *member)
{
	char text[MAX_CELL];

	describe(json_object_get(object, member), text, sizeof(text));
	output_field(out, name, text);
}

static void add_row(struct table *table, const json_t *object, const struct column *columns, size_t count)
{
	char cells[MAX_COLUMNS][MAX_CELL];
	const char *pointers[MAX_COLUMNS];

	for (size_t i = 0; i < count; i++) {
		describe(json_object_get(object, columns[i].member), cells[i], sizeof(cells[i]));
		pointers[i] = cells[i];
	}
	table_row(table, pointers);
}

void output_table(FILE *out, const json_t *list, const struct column *columns, size_t count)
{
	const char *headings[MAX_COLUMNS];
	struct table *table;
	json_t *object;
	size_t i;

	if (!json_is_array(list))
		return;
	count = count < MAX_COLUMNS ? count : MAX_COLUMNS;
	for (i = 0; i < count; i++)
		headings[i] = columns[i].heading;
	table = table_new(headings, count);
	json_array_foreach(list, i, object) {
		add_row(table, object, columns, count);
	}
	table_print(table, out);
	table_free(&table);
}

void output_offer(FILE *out, const json_t *offer)
{
	const json_t *profile = json_object_get(offer, "profileMetadata");

	output_member(out, "Server", offer, "serverAddress");
	output_member(out, "ICCID", profile, "iccid");
	output_member(out, "Service provider", profile, "serviceProviderName");
	output_member(out, "Profile name", profile, "profileName");
	output_member(out, "Class", profile, "profileClass");
	output_member(out, "Policy rules", profile, "profilePolicyRules");
	if (json_is_true(json_object_get(offer, "confirmationCodeRequired")))
		output_field(out, "Confirmation code", "required");
}

void output_steps(FILE *out, const json_t *steps)
{
	static const struct column columns[] = {
		{ "STEP", "step" }, { "MS", "milliseconds" }, { "APDUS", "apdus" },
		{ "CARD SENT", "cardBytesSent" }, { "CARD RECEIVED", "cardBytesReceived" },
		{ "REQUESTS", "requests" }, { "HTTP SENT", "httpBytesSent" },
		{ "HTTP RECEIVED", "httpBytesReceived" },
	};

	output_table(out, steps, columns, 8);
}
