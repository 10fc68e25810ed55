/* SPDX-License-Identifier: GPL-2.0-or-later */
/* When what is owed may be sent: backoff with jitter, Retry-After, the order at each server. */
#include "outbox.h"

#include <string.h>
#include <strings.h>

#define USEC_PER_SEC UINT64_C(1000000)

static uint64_t backoff_usec(const struct outbox_retry *retry, unsigned attempts)
{
	uint64_t wait = retry->min_usec;

	for (unsigned i = 1; i < attempts && wait < retry->max_usec; i++)
		wait *= 2;
	return wait < retry->max_usec ? wait : retry->max_usec;
}

int64_t outbox_next(const struct outbox_retry *retry, unsigned attempts, unsigned retry_after,
		    uint64_t random, int64_t now)
{
	const uint64_t whole = backoff_usec(retry, attempts), half = whole / 2;
	const uint64_t wait_usec = half + random % (whole - half + 1);
	int64_t wait = (int64_t)((wait_usec + USEC_PER_SEC - 1) / USEC_PER_SEC);

	if (wait < (int64_t)retry_after)
		wait = retry_after;
	return now + (wait < OUTBOX_MAX_WAIT ? wait : OUTBOX_MAX_WAIT);
}

bool outbox_same_server(const struct outbox_entry *a, const struct outbox_entry *b)
{
	return strcasecmp(a->metadata.address, b->metadata.address) == 0;
}

/* Is nothing owed to the server of entries[i] before it? */
static bool is_first(const struct outbox *outbox, size_t i)
{
	for (size_t before = 0; before < i; before++)
		if (!outbox->entries[before].delivered &&
		    outbox_same_server(&outbox->entries[before], &outbox->entries[i]))
			return false;
	return true;
}

bool outbox_due(const struct outbox *outbox, size_t i, int64_t now)
{
	return !outbox->entries[i].delivered && outbox->entries[i].next_attempt <= now && is_first(outbox, i);
}

int64_t outbox_wake(const struct outbox *outbox)
{
	int64_t wake = INT64_MAX;

	for (size_t i = 0; i < outbox->count; i++)
		if (!outbox->entries[i].delivered && outbox->entries[i].next_attempt < wake &&
		    is_first(outbox, i))
			wake = outbox->entries[i].next_attempt;
	return wake;
}

static bool is_text(const json_t *object, const char *name, const char *text)
{
	const char *value = json_string_value(json_object_get(object, name));

	return value && strcmp(value, text) == 0;
}

bool outbox_waits_for_network(const struct outbox_entry *entry)
{
	const json_t *error = entry->error_details;

	return !entry->delivered && entry->attempts > 0 && !json_object_get(error, "httpStatus") &&
	       (is_text(error, "domain", esim_domain_name(ESIM_DOMAIN_NETWORK)) ||
		is_text(error, "code", esim_code_name(ESIM_ETIMEDOUT)));
}
