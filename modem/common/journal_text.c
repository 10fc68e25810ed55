/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * A journal's file: a line for each fact, the last line "end". It is written by one write(2) over what was
 * there, which is longer at times: what comes after "end" is an older text's rest. A text that has no "end"
 * was cut, and says nothing.
 */
#include "journal_text.h"

#include <esim/text.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define MAGIC "coreesim-modem 1"

void journal_state_add(struct journal_state *state, const struct journal_channel *channel)
{
	for (size_t i = 0; i < state->count; i++)
		if (state->channels[i].channel == channel->channel)
			return;
	if (state->count < JOURNAL_MAX_CHANNELS)
		state->channels[state->count++] = *channel;
}

/* The word before the next blank, cut off @line; decimal, to @max. */
static bool take_number(char **line, unsigned long max, unsigned long *ret)
{
	char *word = strsep(line, " ");
	const size_t digits = word ? strspn(word, "0123456789") : 0;

	if (digits == 0 || digits > 10 || word[digits])
		return false;
	*ret = strtoul(word, NULL, 10);
	return *ret <= max;
}

/* "channel NUMBER GROUP SLOT" or "pending GROUP SLOT", the first word gone. */
static void take_channel(char *line, bool pending, struct journal_state *state)
{
	unsigned long number = JOURNAL_PENDING, group, slot;

	if (!pending && (!take_number(&line, JOURNAL_PENDING - 1, &number)))
		return;
	if (!take_number(&line, UINT32_MAX, &group) || !take_number(&line, UINT8_MAX, &slot) || line)
		return;
	journal_state_add(state, &(struct journal_channel){
		.channel = (uint32_t)number, .group = (uint32_t)group, .slot = (unsigned)slot,
	});
}

/* "slots BEFORE NOW", the first word gone. */
static void take_slots(char *line, struct journal_state *state)
{
	unsigned long before, now;

	if (take_number(&line, UINT8_MAX, &before) && take_number(&line, UINT8_MAX, &now) && !line && before && now)
		state->slots = (struct journal_slots){ .before = (unsigned)before, .now = (unsigned)now };
}

static void take_owner(char *line, struct journal_state *state)
{
	unsigned long number;

	if (!take_number(&line, UINT32_MAX, &number))
		return;
	state->owner = (unsigned)number;
	esim_text_printable(line ? line : "", line ? strlen(line) : 0, state->program, sizeof(state->program));
}

static void take_line(char *line, struct journal_state *state)
{
	const char *word = strsep(&line, " ");
	unsigned long number;

	if (!line)
		return;
	if (strcmp(word, "boot") == 0)
		esim_text_printable(line, strlen(line), state->boot, sizeof(state->boot));
	else if (strcmp(word, "devnum") == 0 && take_number(&line, UINT32_MAX, &number))
		state->devnum = (unsigned)number;
	else if (strcmp(word, "owner") == 0)
		take_owner(line, state);
	else if (strcmp(word, "slots") == 0)
		take_slots(line, state);
	else if (strcmp(word, "channel") == 0 || strcmp(word, "pending") == 0)
		take_channel(line, word[0] == 'p', state);
}

void journal_text_parse(const char *text, size_t len, struct journal_state *ret)
{
	struct journal_state state = { 0 };
	char copy[JOURNAL_MAX_BYTES + 1], *rest = copy, *line;

	*ret = state;
	if (len > JOURNAL_MAX_BYTES || memchr(text, '\0', len))
		return;
	memcpy(copy, text, len);
	copy[len] = '\0';
	line = strsep(&rest, "\n");
	if (strcmp(line, MAGIC) != 0)
		return;
	while ((line = strsep(&rest, "\n")) != NULL && strcmp(line, "end") != 0)
		take_line(line, &state);
	if (line && rest)
		*ret = state;
}

size_t journal_text_format(const struct journal_state *state, char ret[static JOURNAL_MAX_BYTES])
{
	size_t at = 0;

	/* A header of some 140 bytes, 19 lines of at most 35: far below the size. */
	at += (size_t)snprintf(ret + at, JOURNAL_MAX_BYTES - at, MAGIC "\nboot %s\ndevnum %u\n", state->boot,
			       state->devnum);
	if (state->owner)
		at += (size_t)snprintf(ret + at, JOURNAL_MAX_BYTES - at, "owner %u %s\n", state->owner,
				       state->program);
	if (state->slots.before)
		at += (size_t)snprintf(ret + at, JOURNAL_MAX_BYTES - at, "slots %u %u\n", state->slots.before,
				       state->slots.now);
	for (size_t i = 0; i < state->count; i++) {
		const struct journal_channel *channel = &state->channels[i];

		if (channel->channel == JOURNAL_PENDING)
			at += (size_t)snprintf(ret + at, JOURNAL_MAX_BYTES - at, "pending %u %u\n", channel->group,
					       channel->slot);
		else
			at += (size_t)snprintf(ret + at, JOURNAL_MAX_BYTES - at, "channel %u %u %u\n",
					       channel->channel, channel->group, channel->slot);
	}
	return at + (size_t)snprintf(ret + at, JOURNAL_MAX_BYTES - at, "end\n");
}
