/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * An exchange of blocks as the standard's annex writes it, for the tests of T=1:
 *
 *   ">HEX"   this block has to be sent, check bytes included
 *   ">HEX xN" ... with a waiting time multiplier of N
 *   "<HEX"   this one comes from the card; "<" alone: nothing in time
 *   "=END"   DONE, OVERFLOW, ABORTED or LOST
 */
#ifndef UNIT_T1_SCRIPT_H
#define UNIT_T1_SCRIPT_H

#include "t1.h"

#include <esim/hex.h>

#include <atf-c.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

struct bytes {
	uint8_t data[600];
	size_t len;
};

/* Blanks are for the eye; what follows an "x" is no byte. */
static inline struct bytes bytes(const char *text)
{
	struct bytes out = { .len = 0 };
	char packed[2 * sizeof(out.data) + 1];
	size_t n = 0;

	for (; *text && *text != 'x'; text++)
		if (*text != ' ')
			packed[n++] = *text;
	packed[n] = '\0';
	ATF_REQUIRE_EQ_MSG(0, esim_hex_decode(packed, out.data, sizeof(out.data), &out.len), "%s", packed);
	return out;
}

static inline const char *end_name(enum t1_next next)
{
	static const char *const names[] = {
		[T1_SEND] = "SEND", [T1_DONE] = "DONE", [T1_OVERFLOW] = "OVERFLOW",
		[T1_ABORTED] = "ABORTED", [T1_LOST] = "LOST",
	};

	return names[next];
}

static inline void check_sent(const struct t1 *t1, enum t1_next next, const char *line, size_t at)
{
	const char *times = strchr(line, 'x');
	unsigned long wait = times ? strtoul(times + 1, NULL, 10) : 1;
	char sent[2 * T1_BLOCK_MAX + 1];
	struct bytes expected;

	ATF_REQUIRE_MSG(next == T1_SEND, "step %zu (%s): %s (the card %s)", at, line, end_name(next), t1->why);
	expected = bytes(line + 1);
	esim_hex_encode((struct esim_slice){ t1->block, t1->block_len }, sent);
	ATF_REQUIRE_MSG(expected.len == t1->block_len &&
			memcmp(expected.data, t1->block, t1->block_len) == 0,
			"step %zu: %s expected, %s sent (the card %s)", at, line, sent, t1->why);
	ATF_CHECK_EQ_MSG(wait, t1->wait, "step %zu (%s): waits %u times", at, line, t1->wait);
}

static inline void play(struct t1 *t1, enum t1_next next, const char *const *script)
{
	for (size_t at = 0;; at++) {
		const char *line = script[at];
		struct bytes block;
		uint8_t *copy;

		if (*line == '>') {
			check_sent(t1, next, line, at);
			continue;
		}
		if (*line == '=') {
			ATF_REQUIRE_MSG(strcmp(line + 1, end_name(next)) == 0, "step %zu: %s (the card %s)", at,
					end_name(next), t1->why);
			return;
		}
		ATF_REQUIRE_MSG(next == T1_SEND, "step %zu (%s): %s", at, line, end_name(next));
		/* In memory of exactly its size, where the sanitizer sees who reads beyond. */
		block = bytes(line + 1);
		copy = malloc(block.len + !block.len);
		ATF_REQUIRE(copy != NULL);
		memcpy(copy, block.data, block.len);
		next = t1_take(t1, copy, block.len);
		free(copy);
	}
}

#define PLAY(t1, next, ...) play(t1, next, (const char *const[]){ __VA_ARGS__ })

static uint8_t response[1024];

/* A command in hex, with all the room there is. */
static inline enum t1_next command(struct t1 *t1, const char *text)
{
	static struct bytes sent;

	sent = bytes(text);
	memset(response, 0x55, sizeof(response));
	return t1_begin(t1, sent.data, sent.len, response, sizeof(response));
}

static inline void check_response(const struct t1 *t1, const char *text)
{
	struct bytes expected = bytes(text);

	ATF_CHECK_EQ_MSG(expected.len, t1->response_len, "%s: %zu bytes", text, t1->response_len);
	ATF_CHECK_EQ_MSG(0, memcmp(expected.data, response, expected.len), "%s", text);
}

#endif
