/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What store*.c share: directories by descriptor, so that no link in the state is ever followed. */
#ifndef LPAD_STORE_INTERNAL_H
#define LPAD_STORE_INTERNAL_H

#include "store.h"

#define STORE_NAME_SIZE		64	/* of one part of a name, with the final zero */
#define STORE_TEMPORARY		".tmp"	/* ends the name, which begins with a dot, of a file being written */

struct store {
	int top;			/* the state directory, */
	int lock;			/* its lock */
	int euiccs;			/* and "euicc" in it */
	char directory[4096];		/* for messages to an administrator */
};

/* A file below an eUICC's directory, found. */
struct store_place {
	int directory;			/* close() */
	char file[STORE_NAME_SIZE];
};

/* ESIM_EIO of the disk's, which is not the card's. */
int store_failed(struct esim_error *err, int errnum, const char *fmt, ...) __attribute__((format(printf, 3, 4)));

/* A directory in @at, made and synced if @make; a link is none. A descriptor or a negative errno. */
int store_directory(int at, const char *name, bool make);
/* @name of @eid is "card.json" or "outbox/1.tlv". ESIM_ENOENT where its directory is not there. */
int store_find(struct store *store, const struct esim_eid *eid, const char *name, bool make,
	       struct store_place *ret, struct esim_error *err);
/*
 * store_list() of an open directory, which it closes, or the negative errno of one that could not be
 * opened. What begins with a dot is passed over unless @hidden.
 */
int store_scan(int directory, bool hidden, char ***ret, size_t *ret_count, struct esim_error *err);

/* A field of a file that was read; false: it is missing or cannot be. */
bool store_take_text(const json_t *object, const char *name, char *text, size_t size);
bool store_take_number(const json_t *object, const char *name, int64_t max, int64_t *ret);	/* 0 to @max */
bool store_take_bool(const json_t *object, const char *name, bool *ret);
/* At most @size octets in hexadecimal. */
bool store_take_octets(const json_t *object, const char *name, uint8_t *octets, size_t size, size_t *ret_len);

#endif
