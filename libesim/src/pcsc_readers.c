/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The readers of pcscd, by name; see pcsc_readers.h. */
#include "pcsc_readers.h"
#include "pcsc_error.h"

#include <ctype.h>
#include <stdio.h>
#include <string.h>

#define NAMES_SIZE 200			/* of a list of readers, in a message */
#define LOOKS_MAX 5			/* at readers that come and go */

/* --- names in URIs ------------------------------------------------------------------------ */

void pcsc_uri(const char *name, char uri[static PCSC_URI_SIZE])
{
	static const char digits[] = "0123456789ABCDEF", plain[] = "-._~:@,+/=";
	size_t used = (size_t)snprintf(uri, PCSC_URI_SIZE, "pcsc:");

	for (; *name && used + 3 < PCSC_URI_SIZE; name++) {
		const uint8_t byte = (uint8_t)*name;

		if (byte < 0x80 && (isalnum(byte) || strchr(plain, byte))) {
			uri[used++] = *name;
			continue;
		}
		uri[used++] = '%';
		uri[used++] = digits[byte >> 4];
		uri[used++] = digits[byte & 0xF];
	}
	uri[used] = '\0';
}

static int hex_digit(char c)
{
	if (c >= '0' && c <= '9')
		return c - '0';
	c = (char)tolower((uint8_t)c);
	return c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1;
}

int pcsc_name(const char *rest, char name[static PCSC_NAME_SIZE], struct esim_error *err)
{
	size_t len = 0;

	while (*rest && len + 1 < PCSC_NAME_SIZE) {
		char byte = *rest++;

		if (byte == '%' && hex_digit(rest[0]) >= 0 && hex_digit(rest[1]) >= 0) {
			byte = (char)(hex_digit(rest[0]) << 4 | hex_digit(rest[1]));
			rest += 2;
		}
		if ((uint8_t)byte < 0x20 || byte == 0x7F)
			return esim_error_set(err, ESIM_EINVAL, "no reader's name has a control character");
		name[len++] = byte;
	}
	name[len] = '\0';
	if (!*rest)
		return 0;
	return esim_error_set(err, ESIM_EINVAL, "a reader's name has at most %d bytes",
			      PCSC_NAME_SIZE - 1);
}

/* --- what there is -------------------------------------------------------------------------- */

/* The names of a multi-string, cut to what a name may be. */
static size_t take_names(const char *names, DWORD size, struct pcsc_reader *readers)
{
	const char *end = names + size;
	size_t count = 0;

	while (names < end && *names && count < PCSC_MAX_READERS) {
		size_t len = strnlen(names, (size_t)(end - names));

		readers[count] = (struct pcsc_reader){ .state = SCARD_STATE_UNAWARE };
		snprintf(readers[count++].name, PCSC_NAME_SIZE, "%.*s", (int)len, names);
		names += len + 1;
	}
	return count;
}

static LONG ask_states(SCARDCONTEXT context, struct pcsc_reader *readers, size_t count)
{
	SCARD_READERSTATE states[PCSC_MAX_READERS] = { 0 };
	LONG rv;

	for (size_t i = 0; i < count; i++)
		states[i].szReader = readers[i].name;
	rv = SCardGetStatusChange(context, 0, states, (DWORD)count);
	if (rv != SCARD_S_SUCCESS && rv != SCARD_E_TIMEOUT)
		return rv;
	for (size_t i = 0; i < count; i++) {
		readers[i].state = (unsigned)states[i].dwEventState;
		if (states[i].cbAtr <= sizeof(readers[i].atr) && states[i].cbAtr <= sizeof(states[i].rgbAtr)) {
			memcpy(readers[i].atr, states[i].rgbAtr, states[i].cbAtr);
			readers[i].atr_len = states[i].cbAtr;
		}
	}
	return SCARD_S_SUCCESS;
}

static LONG look(SCARDCONTEXT context, struct pcsc_reader *readers, size_t *ret_count)
{
	DWORD size = SCARD_AUTOALLOCATE;
	char *names = NULL;
	LONG rv = SCardListReaders(context, NULL, (char *)&names, &size);

	*ret_count = 0;
	if (rv != SCARD_S_SUCCESS)
		return rv == SCARD_E_NO_READERS_AVAILABLE ? SCARD_S_SUCCESS : rv;
	*ret_count = take_names(names, size, readers);
	SCardFreeMemory(context, names);
	return *ret_count ? ask_states(context, readers, *ret_count) : SCARD_S_SUCCESS;
}

int pcsc_list(SCARDCONTEXT context, struct pcsc_reader ret[static PCSC_MAX_READERS], size_t *ret_count,
	      struct esim_error *err)
{
	LONG rv = SCARD_E_UNKNOWN_READER;
	size_t count = 0;

	/* One that goes after its name was told makes pcscd refuse the question for all of them. */
	for (int i = 0; i < LOOKS_MAX && rv == SCARD_E_UNKNOWN_READER; i++)
		rv = look(context, ret, &count);
	if (rv != SCARD_S_SUCCESS)
		return pcsc_error(err, "pcscd", rv);
	*ret_count = count;
	return 0;
}

/* --- which one is meant ------------------------------------------------------------------------ */

static int fits(const struct pcsc_reader *reader, const char *wanted)
{
	return wanted[0] ? strcasestr(reader->name, wanted) != NULL :
			   (reader->state & SCARD_STATE_PRESENT) != 0;
}

/* The readers that fit, or all where @wanted is NULL, for a message. */
static void write_names(const struct pcsc_reader *readers, size_t count, const char *wanted,
			char text[static NAMES_SIZE])
{
	size_t used = 0;

	text[0] = '\0';
	for (size_t i = 0; i < count && used < NAMES_SIZE; i++)
		if (!wanted || fits(&readers[i], wanted))
			used += (size_t)snprintf(text + used, NAMES_SIZE - used, "%s%s", used ? ", " : "",
						 readers[i].name);
}

static int none_fits(const struct pcsc_reader *readers, size_t count, const char *wanted,
		     struct esim_error *err)
{
	char names[NAMES_SIZE];

	if (count == 0)
		return pcsc_error(err, "pcscd", SCARD_E_NO_READERS_AVAILABLE);
	write_names(readers, count, NULL, names);
	if (wanted[0])
		esim_error_set(err, ESIM_ENODEV, "pcscd has no reader '%.64s', only: %s", wanted, names);
	else
		esim_error_set(err, ESIM_ENODEV, "no card in any of pcscd's readers: %s", names);
	if (!wanted[0])
		esim_error_advise(err, "Insert the card, the right way round.");
	return ESIM_ENODEV;
}

int pcsc_choose(const struct pcsc_reader *readers, size_t count, const char *wanted,
		const struct pcsc_reader **ret, struct esim_error *err)
{
	const struct pcsc_reader *found = NULL;
	char names[NAMES_SIZE];
	size_t fitting = 0;

	for (size_t i = 0; i < count; i++) {
		if (strcmp(readers[i].name, wanted) == 0) {
			*ret = &readers[i];
			return 0;
		}
		if (fits(&readers[i], wanted)) {
			found = &readers[i];
			fitting++;
		}
	}
	/* An empty slot of the only reader has an error of its own. */
	if (fitting == 0 && count == 1 && !wanted[0])
		found = readers;
	if (fitting > 1) {
		write_names(readers, count, wanted, names);
		esim_error_set(err, ESIM_EINVAL, wanted[0] ? "%zu of pcscd's readers fit: %s" :
			       "%zu of pcscd's readers have a card: %s", fitting, names);
		esim_error_advise(err, "Write pcsc: and more of the name of one of them.");
		return ESIM_EINVAL;
	}
	if (!found)
		return none_fits(readers, count, wanted, err);
	*ret = found;
	return 0;
}
