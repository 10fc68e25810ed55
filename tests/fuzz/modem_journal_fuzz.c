/* SPDX-License-Identifier: GPL-2.0-or-later */
/* A modem's journal lies where another user can write: whatever it says, the state is bounded, and is written as it was read. */
#include "modem/common/journal_text.h"

#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void check_bounds(const struct journal_state *state)
{
	if (state->count > JOURNAL_MAX_CHANNELS || !memchr(state->boot, '\0', sizeof(state->boot)) ||
	    !memchr(state->program, '\0', sizeof(state->program)))
		abort();
	if (!state->slots.before != !state->slots.now || state->slots.before > UINT8_MAX || state->slots.now > UINT8_MAX)
		abort();
	for (size_t i = 0; i < state->count; i++)
		for (size_t k = 0; k < i; k++)
			if (state->channels[i].channel == state->channels[k].channel)
				abort();
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	char text[JOURNAL_MAX_BYTES];
	struct journal_state state, again;
	size_t len;

	journal_text_parse((const char *)data, size, &state);
	check_bounds(&state);
	len = journal_text_format(&state, text);
	if (len >= sizeof(text))
		abort();
	journal_text_parse(text, len, &again);
	if (again.count != state.count || memcmp(&again.slots, &state.slots, sizeof(state.slots)) != 0 || again.devnum != state.devnum || strcmp(again.boot, state.boot) != 0 ||
	    memcmp(again.channels, state.channels, sizeof(state.channels)) != 0)
		abort();
	return 0;
}
