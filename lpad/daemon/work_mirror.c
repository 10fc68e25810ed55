/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The card's notifications and the disk's (outbox.h). A number says little: an eUICC that was
 * reset counts anew, and another program may have been at the card meanwhile. So each notification
 * is compared by its bytes, once while the card stays open, before anything is done on the
 * ground of its number.
 */
#include "session_internal.h"

#include <stdlib.h>
#include <string.h>

static struct held *find_held(struct card_session *session, uint32_t seq_number)
{
	for (size_t i = 0; session->listed && i < session->held_count; i++)
		if (session->held[i].seq_number == seq_number)
			return &session->held[i];
	return NULL;
}

/* The last entry of a number is the newest of it: SIZE_MAX, there is none. */
static size_t last_entry(const struct outbox *outbox, uint32_t seq_number)
{
	size_t found = SIZE_MAX;

	for (size_t i = 0; i < outbox->count; i++)
		if (outbox->entries[i].metadata.seq_number == seq_number)
			found = i;
	return found;
}

static bool same_notification(const struct esim_notification *a, const struct esim_notification *b)
{
	return a->seq_number == b->seq_number && a->operation == b->operation &&
	       strcasecmp(a->address, b->address) == 0 && a->has_iccid == b->has_iccid &&
	       (!a->has_iccid || memcmp(&a->iccid, &b->iccid, sizeof(a->iccid)) == 0);
}

/* Was it compared since the card was opened, and is it still as it was? */
static bool is_mirrored(struct card_session *session, const struct outbox *outbox,
			const struct esim_notification *metadata)
{
	const struct held *held = find_held(session, metadata->seq_number);
	const size_t entry = last_entry(outbox, metadata->seq_number);

	return held && held->mirrored && entry != SIZE_MAX &&
	       same_notification(&outbox->entries[entry].metadata, metadata);
}

static int mirror_one(struct card_session *session, struct outbox *outbox, uint32_t seq_number,
		      struct esim_error *err)
{
	struct esim_pending_notification pending = { 0 };
	int rc;

	lpa_step(session->lpa, "ES10b.RetrieveNotificationsList");
	rc = es10b_retrieve_notification(session->card, seq_number, &pending, err);
	lpa_step(session->lpa, NULL);
	if (rc)
		return rc;
	rc = outbox_mirror(session->context->store, &session->eid, outbox, &pending.metadata,
			   esim_buf_slice(&pending.whole), err);
	esim_pending_notification_clear(&pending);
	return rc;
}

/* One that cannot be read or written holds up none of the others. */
static int mirror_all(struct card_session *session, struct outbox *outbox,
		      const struct esim_notification *list, size_t count, struct held *held,
		      struct esim_error *err)
{
	int first = 0;

	for (size_t i = 0; i < count; i++) {
		struct esim_error cause;
		int rc = 0;

		if (!is_mirrored(session, outbox, &list[i]))
			rc = mirror_one(session, outbox, list[i].seq_number, &cause);
		held[i] = (struct held){ list[i].seq_number, !rc };
		if (rc && rc != ESIM_ENOENT && !first) {
			first = rc;
			*err = cause;
		}
	}
	return first;
}

static int look(struct card_session *session, struct outbox *outbox, struct esim_error *err)
{
	struct held held[ESIM_MAX_NOTIFICATIONS];
	struct esim_notification *list = NULL;
	size_t count = 0;
	int rc = lpa_list_notifications(session->lpa, &list, &count, err);

	if (rc) {
		session->listed = false;
		return rc;
	}
	rc = mirror_all(session, outbox, list, count, held, err);
	memcpy(session->held, held, count * sizeof(*held));
	session->held_count = count;
	session->listed = true;
	free(list);
	return rc;
}

/* Does the card hold the very notification of this entry? */
static bool is_on_card(struct card_session *session, const struct outbox *outbox, size_t index)
{
	const uint32_t seq_number = outbox->entries[index].metadata.seq_number;
	const struct held *held = find_held(session, seq_number);

	return held && held->mirrored && last_entry(outbox, seq_number) == index;
}

/* What is held under its number could not be compared: then nothing is forgotten. */
static bool is_unsure(struct card_session *session, const struct outbox *outbox, size_t index)
{
	const struct held *held = find_held(session, outbox->entries[index].metadata.seq_number);

	return !session->card || !session->listed || (held && !held->mirrored);
}

static int forget_on_card(struct card_session *session, uint32_t seq_number, struct esim_error *err)
{
	struct held *held = find_held(session, seq_number);
	int rc = lpa_drop_notification(session->lpa, seq_number, err);

	if (rc && rc != ESIM_ENOENT)
		return rc;
	*held = session->held[--session->held_count];
	return 0;
}

int session_forget(struct card_session *session, struct outbox *outbox, size_t index,
		   struct esim_error *err)
{
	int rc = 0;

	if (is_unsure(session, outbox, index))
		return 0;
	if (is_on_card(session, outbox, index))
		rc = forget_on_card(session, outbox->entries[index].metadata.seq_number, err);
	return rc ? rc : outbox_purge(session->context->store, &session->eid, outbox, index, err);
}

static int forget_delivered(struct card_session *session, struct outbox *outbox, struct esim_error *err)
{
	int first = 0;

	for (size_t i = outbox->count; i-- > 0;) {
		struct esim_error cause;
		int rc = outbox->entries[i].delivered ?
			 session_forget(session, outbox, i, &cause) : 0;

		if (rc && !first) {
			first = rc;
			*err = cause;
		}
	}
	return first;
}

int session_mirror(struct card_session *session, struct outbox *ret, struct esim_error *err)
{
	struct esim_error second;
	int rc = outbox_load(session->context->store, &session->eid, ret, err), again;

	if (rc)
		return rc;
	rc = look(session, ret, err);
	again = forget_delivered(session, ret, rc ? &second : err);
	return rc ? rc : again;
}
