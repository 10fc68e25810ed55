/* SPDX-License-Identifier: GPL-2.0-or-later */
/* pcscwait: come back when a reader of pcscd's has a card, or has none. For tests. */
#include <winscard.h>

#include <stdbool.h>
#include <stdio.h>
#include <string.h>

#define WAIT_MS 60000

/*
 * The upper half counts what pcscd's own watch saw, a card and its leaving in turn. The state alone
 * says "empty" as soon as a command failed, and a card that came before the watch looked again
 * would not be noticed.
 */
static bool is_wanted(DWORD state, DWORD wanted)
{
	const bool card_counted = (state >> 16) & 1;

	return (state & wanted) && card_counted == (wanted == SCARD_STATE_PRESENT);
}

int main(int argc, char **argv)
{
	SCARD_READERSTATE state = { .dwCurrentState = SCARD_STATE_UNAWARE };
	SCARDCONTEXT context;
	DWORD wanted;
	LONG rv;

	if (argc != 3 || (strcmp(argv[2], "card") != 0 && strcmp(argv[2], "empty") != 0)) {
		fputs("usage: pcscwait READER card|empty\n", stderr);
		return 2;
	}
	state.szReader = argv[1];
	wanted = strcmp(argv[2], "card") == 0 ? SCARD_STATE_PRESENT : SCARD_STATE_EMPTY;
	rv = SCardEstablishContext(SCARD_SCOPE_SYSTEM, NULL, NULL, &context);
	while (rv == SCARD_S_SUCCESS && !is_wanted(state.dwEventState, wanted)) {
		rv = SCardGetStatusChange(context, WAIT_MS, &state, 1);
		state.dwCurrentState = state.dwEventState & ~(DWORD)SCARD_STATE_CHANGED;
	}
	if (rv == SCARD_S_SUCCESS)
		return 0;
	fprintf(stderr, "pcscwait: %s: %s\n", argv[1], pcsc_stringify_error(rv));
	return 1;
}
