/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What is asked of the user, and lines read from files and standard input. Any
 * input will do for a download, a terminal or not; at its end nobody answers.
 */
#ifndef LPACTL_PROMPT_H
#define LPACTL_PROMPT_H

#include "app.h"

/*
 * The first line of @file, "-" standard input, without its end and the space
 * around it. Longer than @size - 1 or empty: ESIM_EINVAL that names @what, neither
 * the line nor the file: a code may have been given in place of its file.
 */
int prompt_read_file(struct app *app, const char *file, const char *what, char *line, size_t size);

/* Show what is typed again, if it was hidden: from a signal handler that ends the process. */
void prompt_restore_echo(void);

/* Asks on a terminal alone. 0: yes, or --yes, or no terminal. ESIM_EREFUSED, ESIM_ECANCELED. */
int prompt_confirm(struct app *app, const char *question);

/*
 * @offer: profileMetadata, serverAddress, policyConsent (the rules to agree to),
 * confirmationCodeRequired, knownTestProfile.
 */
enum lpa_answer prompt_consent(struct app *app, const json_t *offer);
enum lpa_answer prompt_ppr_consent(struct app *app, const json_t *offer);
enum lpa_answer prompt_confirmation_code(struct app *app, unsigned refused,
					 char code[static ESIM_MAX_CONFIRMATION_CODE + 1]);

#endif
