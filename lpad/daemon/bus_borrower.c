/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Callers that OpenChannel() lends a descriptor to: what one borrowed is given back when it leaves. */
#include "bus_private.h"

#include "bus_departure.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

struct borrower {
	struct borrower *next;
	struct bus *bus;
	struct departure *departure;
	unsigned asking;			/* calls that have no descriptor yet */
	bool lent;
	char name[];
};

static struct borrower *find_borrower(const struct bus *bus, const char *name)
{
	struct borrower *borrower = bus->borrowers;

	while (borrower && strcmp(borrower->name, name) != 0)
		borrower = borrower->next;
	return borrower;
}

static void release(struct borrower *borrower)
{
	departure_free(&borrower->departure);
	free(borrower);
}

static void borrower_free(struct borrower *borrower)
{
	struct borrower **at = &borrower->bus->borrowers;

	while (*at != borrower)
		at = &(*at)->next;
	*at = borrower->next;
	release(borrower);
}

static void on_departure(void *context)
{
	struct borrower *borrower = context;

	model_borrower_gone(borrower->bus->daemon, borrower->name);
	borrower_free(borrower);
}

static struct borrower *borrower_new(struct bus *bus, const char *name)
{
	struct borrower *borrower = calloc(1, sizeof(*borrower) + strlen(name) + 1);

	if (!borrower)
		return NULL;
	strcpy(borrower->name, name);
	borrower->bus = bus;
	borrower->next = bus->borrowers;
	bus->borrowers = borrower;
	if (departure_watch(bus->sd, name, on_departure, borrower, &borrower->departure) < 0) {
		borrower_free(borrower);
		return NULL;
	}
	return borrower;
}

int borrower_begin(struct bus *bus, const char *name, struct esim_error *err)
{
	struct borrower *borrower = find_borrower(bus, name);
	unsigned count = 0;

	for (const struct borrower *b = bus->borrowers; b; b = b->next)
		count++;
	if (!borrower && count >= BUS_MAX_BORROWERS) {
		esim_error_set(err, ESIM_EBUSY, "%u programs have borrowed a channel: that is the most", count);
		snprintf(err->check, sizeof(err->check), "tooMany");
		return ESIM_EBUSY;
	}
	if (!borrower)
		borrower = borrower_new(bus, name);
	if (!borrower)
		return esim_error_set(err, ESIM_ENOMEM, "the caller cannot be watched: no memory, or no bus");
	borrower->asking++;
	return 0;
}

bool borrower_end(struct bus *bus, const char *name, bool lent)
{
	struct borrower *borrower = find_borrower(bus, name);

	if (!borrower)
		return false;
	borrower->asking--;
	borrower->lent |= lent;
	if (!borrower->asking && !borrower->lent)
		borrower_free(borrower);
	return true;
}

void borrowers_free(struct bus *bus)
{
	while (bus->borrowers) {
		struct borrower *borrower = bus->borrowers;

		bus->borrowers = borrower->next;
		release(borrower);
	}
}
