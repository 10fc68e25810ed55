/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Cards that come and go, as the interrupt endpoint tells. */
#include "reader.h"

#define NOTICES_MAX	32		/* taken in at a time */

/* The oldest are of the least use to who did not listen for so long. */
static void push(struct usbccid_reader *reader, enum usbccid_event_type type, unsigned slot)
{
	if (reader->event_count == READER_EVENTS)
		memmove(reader->events, reader->events + 1,
			--reader->event_count * sizeof(reader->events[0]));
	reader->events[reader->event_count++] = (struct usbccid_event){ .type = type, .slot = slot };
}

static bool pop(struct usbccid_reader *reader, struct usbccid_event *ret)
{
	if (reader->event_count == 0)
		return false;
	*ret = reader->events[0];
	memmove(reader->events, reader->events + 1,
		--reader->event_count * sizeof(reader->events[0]));
	return true;
}

/*
 * A change from present to present is another card. But what the endpoint says first only says how
 * things are: readers report the card that they woke up with as a change.
 */
static void slot_told(struct usbccid_reader *reader, unsigned index, bool present, bool changed)
{
	struct slot *slot = &reader->slots[index];
	bool removed, inserted = false;

	if (present) {
		removed = slot->told == PRESENCE_PRESENT && changed && slot->heard;
		inserted = removed || slot->told == PRESENCE_ABSENT ||
			   (slot->told == PRESENCE_UNKNOWN && changed);
		slot->told = PRESENCE_PRESENT;
	} else {
		removed = slot->told == PRESENCE_PRESENT ||
			  (slot->told == PRESENCE_UNKNOWN && changed);
		slot->told = PRESENCE_ABSENT;
	}
	slot->heard = true;
	if (removed) {
		push(reader, USBCCID_EVENT_REMOVED, index);
		slot->stale = true;
		slot->card.state = USBCCID_CARD_ABSENT;
	}
	if (inserted) {
		push(reader, USBCCID_EVENT_INSERTED, index);
		if (slot->card.state == USBCCID_CARD_ABSENT)
			slot->card.state = USBCCID_CARD_OFF;
	}
}

static void take(struct usbccid_reader *reader, const uint8_t *notice, size_t len)
{
	bool present, changed;

	if (reader->trace)
		reader->trace(reader->trace_context, false, notice, len);
	if (reader->setup.quirks & QUIRK_NO_INTERRUPT)
		return;
	for (unsigned i = 0; i < reader->slot_count; i++)
		if (ccid_slot_change(notice, len, i, &present, &changed))
			slot_told(reader, i, present, changed);
}

void notices_take(struct usbccid_reader *reader, bool look)
{
	/* Any time that is over: the system is asked, and not waited for. */
	const uint64_t deadline = look ? 1 : 0;
	struct usbccid_error ignored;
	const uint8_t *notice;
	size_t len;
	int r;

	for (unsigned i = 0; i < NOTICES_MAX; i++) {
		r = reader->wire->ops->notice(reader->wire, &notice, &len, -1, deadline, -1,
					      &ignored);
		if (r == USBCCID_ENODEV)
			reader->gone = true;
		if (r == USBCCID_ESTALE)
			reader_was_reset(reader);
		if (r != 1)
			break;
		take(reader, notice, len);
	}
}

int usbccid_wait(struct usbccid_reader *reader, int fd, int timeout_ms, struct usbccid_event *ret,
		 struct usbccid_error *err)
{
	const uint64_t deadline = timeout_ms < 0 ? WIRE_FOREVER :
						   wire_now_ms() + (unsigned)timeout_ms;
	unsigned late = 0;
	const uint8_t *notice;
	size_t len;
	int r;

	error_clear(err);
	while (!pop(reader, ret)) {
		/* A reader that always has something to say, and never says anything, is left at it. */
		if (deadline != WIRE_FOREVER && wire_now_ms() >= deadline && ++late > NOTICES_MAX)
			r = USBCCID_ETIMEDOUT;
		else
			r = reader->gone ? USBCCID_ENODEV :
			    reader->wire->ops->notice(reader->wire, &notice, &len, fd, deadline,
						      reader->cancel_fd, err);
		switch (r) {
		case 1:
			take(reader, notice, len);
			continue;
		case 0:
			*ret = (struct usbccid_event){ .type = USBCCID_EVENT_FD };
			break;
		case USBCCID_ESTALE:
			/* No card came or went: the next call on a slot says it. */
			reader_was_reset(reader);
			continue;
		case USBCCID_ETIMEDOUT:
			*ret = (struct usbccid_event){ .type = USBCCID_EVENT_NONE };
			break;
		case USBCCID_ENODEV:
			reader->gone = true;
			*ret = (struct usbccid_event){ .type = USBCCID_EVENT_GONE };
			break;
		default:
			return r;
		}
		error_clear(err);
		return 0;
	}
	return 0;
}
