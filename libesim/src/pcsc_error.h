/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What PC/SC says, as errors that say what to do; see transport_pcsc.c. */
#ifndef PCSC_ERROR_H
#define PCSC_ERROR_H

#include <esim/error.h>

#include <winscard.h>

/* Record why @where (a reader, or "pcscd") cannot be used; returns the code. */
int pcsc_error(struct esim_error *err, const char *where, LONG cause);

/* The same for a command, with what became of it. */
int pcsc_error_command(struct esim_error *err, const char *where, LONG cause);

/* Is the connection to pcscd itself of no more use? */
int pcsc_error_ends_service(LONG cause);

#endif
