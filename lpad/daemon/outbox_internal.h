/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What outbox*.c share. */
#ifndef LPAD_OUTBOX_INTERNAL_H
#define LPAD_OUTBOX_INTERNAL_H

#include "outbox.h"
#include "store_internal.h"

#define OUTBOX_DIRECTORY	"outbox/"
#define OUTBOX_FILE_SIZE	64

/* outbox.c */
void outbox_file(const char *name, const char *ending, char file[static OUTBOX_FILE_SIZE]);
/* Of an entry: SEQ, SEQ-2, SEQ-3 … as lpad writes it, and nothing else. */
bool outbox_parse_name(const char *name, uint32_t *ret_seq_number, unsigned *ret_which);
/* In its place; the entry is the outbox's then. */
int outbox_insert(struct outbox *outbox, const struct outbox_entry *entry, struct esim_error *err);

/* outbox_entry.c */
int outbox_hash(struct esim_slice tlv, uint8_t digest[static ESIM_SHA256_SIZE], struct esim_error *err);
/* Metadata and digest of @entry, of which the name is known. ESIM_EPROTO or ESIM_ETOOBIG: damaged. */
int outbox_read_tlv(struct store *store, const struct esim_eid *eid, struct outbox_entry *entry,
		    uint32_t seq_number, struct esim_error *err);
/* What became of the TLV that @entry was read from. ESIM_EPROTO: it is not the one that was kept. */
int outbox_read_state(struct store *store, const struct esim_eid *eid, struct outbox_entry *entry,
		      struct esim_error *err);

#endif
