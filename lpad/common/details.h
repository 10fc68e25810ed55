/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * libesim's objects as JSON with the names of SGP.22's ASN.1: what `lpactl --json`
 * prints and what GetDetails() on D-Bus carries (variant.h). Text that a card or a
 * server gave is made printable. New references; NULL only without memory, which
 * json_object_set_new() bears.
 */
#ifndef LPAD_DETAILS_H
#define LPAD_DETAILS_H

#include <esim/lpa.h>

#include <jansson.h>

json_t *json_text(const char *text);
json_t *json_hex(struct esim_slice bytes);
/* names[] ends with NULL and starts at bit 0. */
json_t *json_bits(unsigned bits, const char *const *names);
json_t *json_version(struct esim_version version);
json_t *json_profile(const struct esim_profile *profile);
json_t *json_notification(const struct esim_notification *notification);
json_t *json_info1(const struct es10b_euicc_info1 *info);
json_t *json_info2(const struct es10b_euicc_info2 *info);
json_t *json_rat(const struct esim_rat *rat);
json_t *json_installation_result(const struct es10b_installation_result *result);
json_t *json_reset_options(unsigned options);	/* enum es10c_reset_options, by their names in ES10c */
json_t *json_steps(const struct lpa *lpa);
json_t *json_offer(const struct lpa_offer *offer);
json_t *json_download_result(const struct lpa_download_result *result);
json_t *json_attestation(const struct lpa_attestation *attestation);
json_t *json_error(const struct esim_error *err);
/* The way back, for who reads it from D-Bus: as far as @object goes. */
void error_from_json(const json_t *object, struct esim_error *ret);

/* "8944…" of an ICCID, also of a malformed one. */
void format_iccid(const struct esim_iccid *iccid, char text[static ESIM_ICCID_DIGITS + 1]);

/* Of policy rules, for json_bits(). */
extern const char *const ppr_names[];

#endif
