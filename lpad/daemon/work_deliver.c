/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Delivery of the outbox: from disk to the server, then the card forgets, then the disk. What is
 * written down in between makes a crash at any point cost a second delivery at most, and only where
 * the server's 204 had not been written down.
 */
#include "session_internal.h"

#include "lpad/common/details.h"

#include <stdio.h>
#include <string.h>
#include <time.h>

struct delivery {
	struct card_session *session;
	struct lpa *lpa;
	const struct esim_eid *eid;
	struct outbox *outbox;
	struct esim_error *err;		/* the first failure's */
	int rc;
};

static struct store *store_of(const struct delivery *d)
{
	return d->session->context->store;
}

static void took(struct delivery *d, int rc, const struct esim_error *cause)
{
	if (!rc || d->rc)
		return;
	d->rc = rc;
	*d->err = *cause;
}

static size_t find_entry(const struct outbox *outbox, const char *name)
{
	size_t i = 0;

	while (i < outbox->count && strcmp(outbox->entries[i].name, name) != 0)
		i++;
	return i;
}

/* --- a failure ------------------------------------------------------------------------------------- */

static void postpone(struct delivery *d, struct outbox_entry *entry, const struct esim_error *cause)
{
	const struct config *config = &d->session->context->config;
	const struct outbox_retry retry = { config->retry_min_usec, config->retry_max_usec };
	struct esim_error ignored;
	uint64_t random = 0;

	esim_random((uint8_t *)&random, sizeof(random));
	entry->attempts++;
	entry->next_attempt = outbox_next(&retry, entry->attempts, cause->retry_after, random, time(NULL));
	snprintf(entry->error, sizeof(entry->error), "%s", cause->message);
	json_decref(entry->error_details);
	entry->error_details = json_error(cause);
	outbox_update(store_of(d), d->eid, entry, &ignored);
}

/* --- one notification -------------------------------------------------------------------------------- */

static int post_entry(struct delivery *d, const struct outbox_entry *entry, struct esim_error *err)
{
	struct esim_buf tlv = ESIM_BUF_INIT;
	int rc = outbox_read(store_of(d), d->eid, entry, &tlv, err);

	if (!rc)
		rc = lpa_post_notification(d->lpa, &entry->metadata, esim_buf_slice(&tlv), err);
	esim_buf_free(&tlv);
	return rc;
}

/* The 204 is on disk before the card forgets: one that is gone by then is not owed again. */
static int send_entry(struct delivery *d, struct outbox_entry *entry, struct esim_error *err)
{
	struct esim_error cause;
	int rc = post_entry(d, entry, err);

	if (rc && rc != ESIM_ECANCELED)
		postpone(d, entry, err);
	if (rc)
		return rc;
	entry->delivered = true;
	took(d, outbox_update(store_of(d), d->eid, entry, &cause), &cause);
	return 0;
}

/* --- which of them, in order ---------------------------------------------------------------------------- */

/* Entry @index, or one that goes to the same server before it. */
static bool leads_to(const struct outbox *outbox, size_t i, size_t index)
{
	return i <= index && outbox_same_server(&outbox->entries[i], &outbox->entries[index]);
}

/* Every entry whose time has come; what fails holds up its own server alone. */
static void send_due(struct delivery *d)
{
	struct esim_error cause;

	for (size_t i = 0; i < d->outbox->count; i++) {
		int rc = outbox_due(d->outbox, i, time(NULL)) ?
			 send_entry(d, &d->outbox->entries[i], &cause) : 0;

		took(d, rc, &cause);
		if (rc == ESIM_ECANCELED)
			return;
	}
}

static void send_up_to(struct delivery *d, size_t index)
{
	struct esim_error cause;
	int rc = 0;

	for (size_t i = 0; i <= index && !rc; i++)
		if (!d->outbox->entries[i].delivered && leads_to(d->outbox, i, index))
			rc = send_entry(d, &d->outbox->entries[i], &cause);
	took(d, rc, &cause);
}

static void forget_delivered(struct delivery *d)
{
	struct esim_error cause;

	for (size_t i = d->outbox->count; i-- > 0;)
		if (d->outbox->entries[i].delivered)
			took(d, session_forget(d->session, d->outbox, i, &cause), &cause);
}

/* Nothing could be tried: a later time for what was due, or the loop would be back at once. */
static void postpone_due(struct delivery *d)
{
	const int64_t now = time(NULL);

	for (size_t i = d->outbox->count; i-- > 0;)
		if (outbox_due(d->outbox, i, now))
			postpone(d, &d->outbox->entries[i], d->err);
}

/* --- the whole --------------------------------------------------------------------------------------------- */

static bool has_due(const struct outbox *outbox)
{
	return outbox_wake(outbox) <= time(NULL);
}

/*
 * With the card, or where that cannot be reached from disk alone: what is delivered then
 * is forgotten by the card when it is seen again.
 */
static int open_way(struct delivery *d, const struct card_target *target, const struct session_hooks *hooks)
{
	struct card_target gone = *target;
	int rc = card_session_open(d->session, target, hooks, true, &d->lpa, d->err);

	if (!rc || !target->uri[0] || rc == ESIM_ECANCELED ||
	    (rc != ESIM_ESTALE && d->err->domain != ESIM_DOMAIN_TRANSPORT))
		return rc;
	gone.uri[0] = '\0';
	return card_session_open(d->session, &gone, hooks, true, &d->lpa, d->err);
}

/* What came since the last look is mirrored before anything goes out, and numbers are sure again. */
static void look_at_card(struct delivery *d)
{
	struct esim_error cause;

	if (!d->session->card || d->session->listed)
		return;
	outbox_clear(d->outbox);
	took(d, session_mirror(d->session, d->outbox, &cause), &cause);
}

static int deliver(struct delivery *d, const char *only)
{
	size_t index;

	look_at_card(d);
	index = only ? find_entry(d->outbox, only) : 0;
	if (!only)
		send_due(d);
	else if (index < d->outbox->count)
		send_up_to(d, index);
	forget_delivered(d);
	return d->rc;
}

int work_deliver(struct card_session *session, const struct card_target *target,
		 const struct session_hooks *hooks, const char *only, struct outbox *ret, struct esim_error *err)
{
	struct delivery d = { .session = session, .eid = &target->eid, .outbox = ret, .err = err };
	int rc;

	if (!target->has_eid)
		return 0;
	rc = outbox_load(session->context->store, d.eid, ret, err);
	if (rc)
		return rc;
	if (only && find_entry(ret, only) == ret->count)
		return esim_error_set(err, ESIM_ENOENT, "this notification is no longer there");
	if (!only && !has_due(ret))
		return 0;
	rc = open_way(&d, target, hooks);
	if (!rc)
		return session_leave(session, deliver(&d, only), err);
	if (rc != ESIM_ECANCELED)
		postpone_due(&d);
	return rc;
}

/* --- forgotten unsent ------------------------------------------------------------------------------------------ */

/* Of an eUICC that is gone the disk alone can forget. */
static int drop(struct card_session *session, const struct card_target *target, const char *name,
		struct esim_error *err)
{
	struct outbox outbox = { 0 };
	size_t index;
	int rc = session->card ? session_mirror(session, &outbox, err) :
				 outbox_load(session->context->store, &target->eid, &outbox, err);

	index = find_entry(&outbox, name);
	if (!rc && index == outbox.count)
		rc = esim_error_set(err, ESIM_ENOENT, "this notification is no longer there");
	if (!rc && session->card)
		rc = session_forget(session, &outbox, index, err);
	else if (!rc)
		rc = outbox_purge(session->context->store, &target->eid, &outbox, index, err);
	outbox_clear(&outbox);
	return rc;
}

int work_drop(struct card_session *session, const struct card_target *target,
	      const struct session_hooks *hooks, const char *name, struct esim_error *err)
{
	struct lpa *lpa;
	int rc;

	if (!target->has_eid)
		return esim_error_set(err, ESIM_ENOENT, "this notification is no longer there");
	rc = card_session_open(session, target, hooks, false, &lpa, err);
	if (rc)
		return rc;
	return session_leave(session, drop(session, target, name, err), err);
}
