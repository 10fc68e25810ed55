/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The two ways out: JSON with SGP.22's names for machines (lpad/common/details.h), tables
 * for people (output_table.c). Text that a card or a server gave is stripped of
 * control and bidirectional characters in both.
 */
#ifndef LPACTL_OUTPUT_H
#define LPACTL_OUTPUT_H

#include "app.h"

#include "lpad/common/details.h"

#include <stdio.h>

/* --- for people ----------------------------------------------------------------------------- */

/*
 * A table whose columns are as wide as their widest cell. Cells are UTF-8, made
 * printable and copied.
 */
struct table;
struct table *table_new(const char *const *headings, size_t columns);
void table_row(struct table *table, const char *const *cells);
void table_print(struct table *table, FILE *out);
void table_free(struct table **table);

/* "name  value" lines; nothing for an empty value. */
void output_field(FILE *out, const char *name, const char *value);

/* The member's text, "" where there is none. */
const char *output_text(const json_t *object, const char *name);
/* "name  value" of a member that is a text or a list of texts, which are joined. */
void output_member(FILE *out, const char *name, const json_t *object, const char *member);

/*
 * A table of a list of objects: a row each, a column for each member, which is a text or a
 * number. Nothing where @list is none.
 */
struct column {
	const char *heading, *member;
};
void output_table(FILE *out, const json_t *list, const struct column *columns, size_t count);

void output_offer(FILE *out, const json_t *offer);
void output_steps(FILE *out, const json_t *steps);
void output_error(FILE *out, const struct esim_error *err);

#endif
