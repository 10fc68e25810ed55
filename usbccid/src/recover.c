/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * A message got no answer, or not one that can be understood. Before the next one goes out the
 * reader is brought back in step: by Abort, which costs no card its session; where the reader does
 * not answer to that, by a reset of the device, which costs all of them.
 */
#include "reader.h"

#define ABORT_MS	1000

static bool any_out_of_step(const struct usbccid_reader *reader)
{
	for (unsigned i = 0; i < reader->slot_count; i++)
		if (reader->slots[i].out_of_step)
			return true;
	return false;
}

/* CCID 1.1, 5.3.1: the request to the interface and the message name one sequence number. */
int abort_command(struct call *call, uint8_t index, uint64_t deadline)
{
	const struct request request = { .type = CCID_ABORT, .answer = CCID_SLOT_STATUS };
	struct usbccid_reader *reader = call->reader;
	struct slot *slot = &reader->slots[index];
	struct call own = {
		.reader = reader, .slot = slot, .index = index, .cancel_fd = -1, .deadline = deadline,
	};
	uint8_t seq = slot->seq++;
	struct ccid_answer answer;
	int r;

	r = reader->wire->ops->abort(reader->wire, index, seq, deadline, &own.err);
	if (r == USBCCID_ENODEV)
		reader->gone = true;
	/* A reader without this request may know the message, or at least answer it. */
	r = exchange_unsettled(&own, &request, seq, &answer);
	if (r == REFUSED && answer.error != CCID_ERROR_SLOT_BUSY)
		r = 0;
	if (r == REFUSED)
		r = refusal(&own, &answer, "Abort");
	if (!r)
		slot->out_of_step = false;
	call->err = own.err;
	return r;
}

static int abort_all(struct call *call, uint64_t deadline)
{
	struct usbccid_reader *reader = call->reader;
	int r = 0;

	for (unsigned i = 0; i < reader->slot_count && !r; i++)
		if (reader->slots[i].out_of_step)
			r = abort_command(call, (uint8_t)i, deadline);
	return r;
}

void reader_was_reset(struct usbccid_reader *reader)
{
	for (unsigned i = 0; i < reader->slot_count; i++) {
		slot_lost(&reader->slots[i]);
		reader->slots[i].heard = false;
		reader->slots[i].out_of_step = false;
		reader->slots[i].powered = false;
	}
}

/* The reader may have done a part of it. */
static void sessions_over(struct usbccid_reader *reader)
{
	for (unsigned i = 0; i < reader->slot_count; i++) {
		slot_lost(&reader->slots[i]);
		reader->slots[i].heard = false;
	}
}

static int reset_device(struct call *call)
{
	struct usbccid_reader *reader = call->reader;
	int r = reader->wire->ops->reset(reader->wire, &call->err);

	if (!r)
		reader_was_reset(reader);
	else if (r != USBCCID_EBUSY)
		sessions_over(reader);
	if (r == USBCCID_ENODEV)
		reader->gone = true;
	return r;
}

/*
 * @whole: the reader had all the time that it is given. A caller in a hurry is no reason to take the
 * power from all cards.
 */
static int escalate(struct call *call, uint64_t limit, bool whole)
{
	struct usbccid_reader *reader = call->reader;
	int r = USBCCID_ETIMEDOUT;

	reader->wire->ops->recover(reader->wire, &call->err);
	if (wire_now_ms() < limit)
		r = abort_all(call, limit);
	if (!r || reader->gone || (!whole && wire_now_ms() >= limit))
		return r;
	return reset_device(call);
}

static int no_way_back(struct call *call, int r)
{
	const struct usbccid_error why = call->err;

	/* Somebody else's reset: nothing is owed any more. */
	if (r == USBCCID_ESTALE && !any_out_of_step(call->reader))
		return 0;
	if (r == USBCCID_EBUSY)
		return call_fail(call, r, "the reader does not come back: %s", why.message);
	return call_fail(call, r, "the reader does not come back");
}

int settle(struct call *call)
{
	const uint64_t whole = wire_now_ms() + ABORT_MS;
	const uint64_t limit = whole < call->deadline ? whole : call->deadline;
	int r;

	if (!any_out_of_step(call->reader))
		return 0;
	error_clear(&call->err);
	r = wire_now_ms() < limit ? abort_all(call, limit) : USBCCID_ETIMEDOUT;
	if (r && any_out_of_step(call->reader) && !call->reader->gone && wire_now_ms() < call->deadline)
		r = escalate(call, limit, limit == whole);
	call->err.sent = false;
	if (call->reader->gone)
		return call_fail(call, USBCCID_ENODEV, "the reader is gone");
	if (r == USBCCID_ETIMEDOUT)
		return call_fail(call, r, "no time left to bring the reader back in step");
	return r ? no_way_back(call, r) : 0;
}
