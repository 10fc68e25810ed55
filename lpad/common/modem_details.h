/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What a switch did to the modem in front of the card, as JSON: `modem` of `lpactl --json` and of a job's
 * details. And as sentences for people.
 */
#ifndef LPAD_MODEM_DETAILS_H
#define LPAD_MODEM_DETAILS_H

#include "modem_manager.h"

#include <jansson.h>

/*
 * @settled: what the modem itself said, @report: what ModemManager made of it; NULL where nobody was asked.
 * New reference; NULL where both are.
 */
json_t *json_modem(const struct esim_modem_settled *settled, const struct mm_report *report);

/* A modem as ModemManager lists it, for `lpactl devices`: @slot 0 is the one in use. */
json_t *json_mm_modem(const struct mm_modem *modem, unsigned slot);

/* "the modem reports the new profile after: REFRESH"; "" where the modem was not asked. */
void modem_sentence(const json_t *modem, const char *news, char *text, size_t size);
/* "ModemManager: registered (home), Operator"; "" where it did not run. */
void modem_manager_sentence(const json_t *modem, char *text, size_t size);

#endif
