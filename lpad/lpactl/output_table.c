/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Tables and lines for people. */
#include "output.h"

#include <esim/text.h>

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#define MAX_COLUMNS 8

struct table {
	const char *const *headings;
	size_t columns, rows, room;
	size_t widths[MAX_COLUMNS];
	char **cells;			/* rows * columns */
};

/* Characters, as far as a terminal without double-width scripts is concerned. */
static size_t width_of(const char *text)
{
	size_t width = 0;

	for (; *text; text++)
		width += ((unsigned char)*text & 0xC0) != 0x80;
	return width;
}

struct table *table_new(const char *const *headings, size_t columns)
{
	struct table *table = calloc(1, sizeof(*table));

	if (!table)
		return NULL;
	table->headings = headings;
	table->columns = columns < MAX_COLUMNS ? columns : MAX_COLUMNS;
	for (size_t i = 0; i < table->columns; i++)
		table->widths[i] = width_of(headings[i]);
	return table;
}

static char *printable_copy(const char *text)
{
	char printable[512];

	esim_text_printable(text, strlen(text), printable, sizeof(printable));
	return strdup(printable);
}

static bool make_room(struct table *table)
{
	const size_t room = table->room ? 2 * table->room : 16;
	char **cells;

	if (table->rows < table->room)
		return true;
	cells = reallocarray(table->cells, room * table->columns, sizeof(*cells));
	if (!cells)
		return false;
	table->cells = cells;
	table->room = room;
	return true;
}

void table_row(struct table *table, const char *const *cells)
{
	if (!table || !make_room(table))
		return;
	for (size_t i = 0; i < table->columns; i++) {
		char *copy = printable_copy(cells[i]);
		const size_t width = copy ? width_of(copy) : 0;

		table->cells[table->rows * table->columns + i] = copy;
		if (width > table->widths[i])
			table->widths[i] = width;
	}
	table->rows++;
}

/* A row without blanks at its end: a cell's padding waits for the next one with text. */
static void print_row(const struct table *table, FILE *out, const char *const *cells)
{
	size_t padding = 0;

	for (size_t i = 0; i < table->columns; i++) {
		const char *text = cells[i] ? cells[i] : "";

		if (text[0])
			fprintf(out, "%*s%s", (int)padding, "", text);
		padding = (text[0] ? 0 : padding) + table->widths[i] - width_of(text) + 2;
	}
	fputc('\n', out);
}

void table_print(struct table *table, FILE *out)
{
	if (!table)
		return;
	if (table->rows == 0) {
		fputs("none\n", out);
		return;
	}
	print_row(table, out, table->headings);
	for (size_t row = 0; row < table->rows; row++)
		print_row(table, out,
			  (const char *const *)table->cells + row * table->columns);
}

void table_free(struct table **table)
{
	if (!table || !*table)
		return;
	for (size_t i = 0; i < (*table)->rows * (*table)->columns; i++)
		free((*table)->cells[i]);
	free((*table)->cells);
	free(*table);
	*table = NULL;
}

void output_field(FILE *out, const char *name, const char *value)
{
	char printable[1024];

	if (!value[0])
		return;
	esim_text_printable(value, strlen(value), printable, sizeof(printable));
	fprintf(out, "%-24s %s\n", name, printable);
}

void output_offer(FILE *out, const struct lpa_offer *offer)
{
	const struct esim_profile *profile = offer->metadata;
	char iccid[ESIM_ICCID_DIGITS + 1], rules[64];

	format_iccid(&profile->iccid, iccid);
	format_bits(profile->policy_rules, ppr_names, rules, sizeof(rules));
	output_field(out, "Server", offer->server_address);
	output_field(out, "ICCID", iccid);
	output_field(out, "Service provider", profile->service_provider);
	output_field(out, "Profile name", profile->name);
	output_field(out, "Class", esim_profile_class_name(profile->profile_class));
	output_field(out, "Policy rules", rules);
	if (offer->confirmation_code_required)
		output_field(out, "Confirmation code", "required");
}

void output_profiles(FILE *out, const struct esim_profile *profiles, size_t count)
{
	static const char *const headings[] = {
		"ICCID", "STATE", "CLASS", "PROVIDER", "NAME", "NICKNAME",
	};
	struct table *table = table_new(headings, 6);

	for (size_t i = 0; i < count; i++) {
		const struct esim_profile *p = &profiles[i];
		char iccid[ESIM_ICCID_DIGITS + 1];
		const char *const cells[] = {
			iccid, p->has_state ? esim_profile_state_name(p->state) : "",
			esim_profile_class_name(p->profile_class), p->service_provider, p->name,
			p->nickname,
		};

		format_iccid(&p->iccid, iccid);
		table_row(table, cells);
	}
	table_print(table, out);
	table_free(&table);
}

void output_steps(FILE *out, const struct lpa *lpa)
{
	static const char *const headings[] = {
		"STEP", "MS", "APDUS", "CARD SENT", "CARD RECEIVED", "REQUESTS", "HTTP SENT",
		"HTTP RECEIVED",
	};
	struct table *table = table_new(headings, 8);
	size_t count;
	const struct lpa_step *steps = lpa_steps(lpa, &count);

	for (size_t i = 0; i < count; i++) {
		const struct lpa_step *s = &steps[i];
		char numbers[7][24];
		const char *const cells[] = {
			s->name, numbers[0], numbers[1], numbers[2], numbers[3], numbers[4],
			numbers[5], numbers[6],
		};
		const uint64_t values[] = {
			s->apdus, s->card_bytes_sent, s->card_bytes_received, s->requests,
			s->http_bytes_sent, s->http_bytes_received,
		};

		snprintf(numbers[0], sizeof(numbers[0]), "%.1f", (double)s->nanoseconds / 1e6);
		for (size_t k = 0; k < 6; k++)
			snprintf(numbers[k + 1], sizeof(numbers[0]), "%" PRIu64, values[k]);
		table_row(table, cells);
	}
	table_print(table, out);
	table_free(&table);
}

void output_error(FILE *out, const struct esim_error *err)
{
	char message[512], advice[512];

	esim_text_printable(err->message, strlen(err->message), message, sizeof(message));
	esim_text_printable(err->advice, strlen(err->advice), advice, sizeof(advice));
	fprintf(out, "lpactl: %s\n", message[0] ? message : esim_code_name(err->code));
	if (err->subject_code[0])
		fprintf(out, "  cause: %s, subject %s, reason %s\n", err->function, err->subject_code,
			err->reason_code);
	if (err->check[0])
		fprintf(out, "  check: %s\n", err->check);
	if (advice[0])
		fprintf(out, "  advice: %s\n", advice);
}
