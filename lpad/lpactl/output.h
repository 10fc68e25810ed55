/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The two ways out: JSON with SGP.22's names for machines (output_json.c), tables
 * for people (output_table.c). Text that a card or a server gave is stripped of
 * control and bidirectional characters in both.
 */
#ifndef LPACTL_OUTPUT_H
#define LPACTL_OUTPUT_H

#include "app.h"

#include <stdio.h>

/* --- JSON: new references; NULL only without memory, which json_object_set_new() bears ---- */

json_t *json_text(const char *text);
json_t *json_hex(struct esim_slice bytes);
json_t *json_version(struct esim_version version);
json_t *json_profile(const struct esim_profile *profile);
json_t *json_notification(const struct esim_notification *notification);
json_t *json_info2(const struct es10b_euicc_info2 *info);
json_t *json_rat(const struct esim_rat *rat);
json_t *json_installation_result(const struct es10b_installation_result *result);
json_t *json_steps(const struct lpa *lpa);
json_t *json_error(const struct esim_error *err);

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

void output_offer(FILE *out, const struct lpa_offer *offer);
void output_profiles(FILE *out, const struct esim_profile *profiles, size_t count);
void output_steps(FILE *out, const struct lpa *lpa);
void output_error(FILE *out, const struct esim_error *err);

/* --- both ----------------------------------------------------------------------------------------- */

/* "8944…" of an ICCID, also of a malformed one. */
void format_iccid(const struct esim_iccid *iccid, char text[static ESIM_ICCID_DIGITS + 1]);

/* "ppr1, ppr2" of bits; names[] ends with NULL and starts at bit 0. */
void format_bits(unsigned bits, const char *const *names, char *text, size_t size);
extern const char *const ppr_names[];

#endif
