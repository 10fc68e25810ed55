/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Tables and lines of text for people. */
#include "output.h"

#include <esim/text.h>

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
