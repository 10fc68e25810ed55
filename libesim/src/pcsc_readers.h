/* SPDX-License-Identifier: GPL-2.0-or-later */
/* pcscd's readers: what they are called, what they hold, and which one is meant. */
#ifndef PCSC_READERS_H
#define PCSC_READERS_H

#include <esim/error.h>
#include <esim/limits.h>

#include <winscard.h>

#include <stddef.h>
#include <stdint.h>

#define PCSC_MAX_READERS	PCSCLITE_MAX_READERS_CONTEXTS
#define PCSC_NAME_SIZE		MAX_READERNAME
#define PCSC_URI_SIZE		(5 + 3 * PCSC_NAME_SIZE)	/* "pcsc:", and each byte as %XX */

struct pcsc_reader {
	char name[PCSC_NAME_SIZE];
	unsigned state;			/* SCARD_STATE_* */
	uint8_t atr[ESIM_MAX_ATR];
	size_t atr_len;
};

/* All readers that pcscd has; none is no error. */
int pcsc_list(SCARDCONTEXT context, struct pcsc_reader ret[static PCSC_MAX_READERS], size_t *ret_count,
	      struct esim_error *err);

/*
 * The reader that is named @wanted; else the only one whose name contains it, in upper case or
 * lower; for "" the only one, or the only one with a card.
 */
int pcsc_choose(const struct pcsc_reader *readers, size_t count, const char *wanted,
		const struct pcsc_reader **ret, struct esim_error *err);

/* "pcsc:Virtual%20PCD%2000%2000": needs no quotes in a shell. */
void pcsc_uri(const char *name, char uri[static PCSC_URI_SIZE]);

/* What follows "pcsc:" in a URI; a % that begins no %XX stands for itself. */
int pcsc_name(const char *rest, char name[static PCSC_NAME_SIZE], struct esim_error *err);

#endif
