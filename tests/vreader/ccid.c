/* SPDX-License-Identifier: GPL-2.0-or-later */
/* CCID messages: which command, which answer, and when (CCID 1.1, chapter 6). */
#include "vreader/reader.h"

#include <string.h>

#define EXTENSION_US	10000		/* between the time extensions of a fault */
#define SLOT_BITS	2		/* of NotifySlotChange: there, changed */

/* --- answers ---------------------------------------------------------------- */

static enum ccid_message_type answer_type(uint8_t command)
{
	switch (command) {
	case CCID_POWER_ON:
	case CCID_XFR_BLOCK:
		return CCID_DATA_BLOCK;
	case CCID_GET_PARAMETERS:
	case CCID_SET_PARAMETERS:
	case CCID_RESET_PARAMETERS:
		return CCID_PARAMETERS;
	default:
		return CCID_SLOT_STATUS;
	}
}

static void make(struct esim_buf *ret, uint8_t type, uint8_t slot, uint8_t seq, uint8_t status,
		 uint8_t error, uint8_t last, struct esim_slice data)
{
	uint8_t header[CCID_HEADER] = { type, 0, 0, 0, 0, slot, seq, status, error, last };

	ccid_put32(header + 1, (uint32_t)data.len);
	esim_buf_append(ret, header, sizeof(header));
	esim_buf_append_slice(ret, data);
}

static void put(struct vreader *reader, struct esim_buf *message)
{
	reader->stats.count[STAT_ANSWERS]++;
	usbip_pipe_put(&reader->bulk_in, &reader->link, message);
	reader->stats.count[STAT_READS_WAITING] = reader->bulk_in.urb_count;
}

static void put_failure(struct vreader *reader, const struct ccid_command *command, uint8_t error)
{
	struct esim_buf message = ESIM_BUF_INIT;
	uint8_t state = command->slot < reader->slot_count ?
				vreader_slot_state(&reader->slots[command->slot]) : CCID_ICC_ABSENT;

	make(&message, (uint8_t)answer_type(command->type), command->slot, command->seq,
	     state | CCID_FAILED, error, 0, esim_slice(NULL, 0));
	put(reader, &message);
}

static void put_extension(struct vreader *reader, const struct vreader_pending *pending)
{
	struct esim_buf message = ESIM_BUF_INIT;

	make(&message, pending->answer.data[0], pending->slot, pending->seq,
	     vreader_slot_state(&reader->slots[pending->slot]) | CCID_TIME_EXTENSION, 1, 0,
	     esim_slice(NULL, 0));
	reader->stats.count[STAT_EXTENSIONS]++;
	put(reader, &message);
}

static void put_stale(struct vreader *reader, const struct vreader_pending *pending)
{
	for (uint32_t i = pending->plan.value[FAULT_STALE]; i > 0; i--) {
		struct esim_buf message = ESIM_BUF_INIT;

		esim_buf_append_slice(&message, esim_buf_slice(&pending->answer));
		message.data[6] = (uint8_t)(pending->seq - i);
		put(reader, &message);
	}
}

static void forget(struct vreader_pending *pending)
{
	esim_buf_free(&pending->answer);
	*pending = (struct vreader_pending){ 0 };
}

static void put_answer(struct vreader *reader, struct vreader_pending *pending)
{
	if (pending->plan.wanted[FAULT_STALE])
		put_stale(reader, pending);
	vreader_fault_spoil(&pending->plan, &pending->answer);
	if (pending->plan.wanted[FAULT_STALL_IN])
		usbip_pipe_halt(&reader->bulk_in, &reader->link);
	else
		put(reader, &pending->answer);
	forget(pending);
}

/* --- moments ---------------------------------------------------------------- */

/* When the answer goes out, from what the card took and what is to go wrong. */
static void schedule(const struct vreader *reader, struct vreader_pending *pending, uint64_t cost)
{
	const struct vreader_plan *plan = &pending->plan;
	uint64_t now = vreader_now();

	pending->due = now + cost;
	if (plan->wanted[FAULT_SLOW])
		pending->due += (uint64_t)plan->value[FAULT_SLOW] * 1000;
	pending->period = reader->options.wtx_ms * 1000ull;
	if (plan->wanted[FAULT_EXTEND]) {
		pending->period = EXTENSION_US;
		pending->due += plan->value[FAULT_EXTEND] * (uint64_t)EXTENSION_US + EXTENSION_US / 2;
		if (plan->value[FAULT_EXTEND] == VREADER_ENDLESS)
			pending->due = VREADER_NEVER;
	}
	if (plan->wanted[FAULT_MUTE] || plan->wanted[FAULT_HOLD])
		pending->due = VREADER_NEVER;
	pending->held = plan->wanted[FAULT_HOLD];
	if (pending->due == VREADER_NEVER && !plan->wanted[FAULT_EXTEND])
		pending->period = 0;
	pending->extension = pending->period ? now + pending->period : VREADER_NEVER;
}

uint64_t vreader_ccid_tick(struct vreader *reader, uint64_t now)
{
	uint64_t next = VREADER_NEVER;

	reader->stats.count[STAT_HELD] = 0;
	for (unsigned i = 0; i < reader->slot_count; i++) {
		struct vreader_pending *pending = &reader->pending[i];

		if (!pending->active)
			continue;
		while (pending->extension <= now && pending->extension < pending->due) {
			put_extension(reader, pending);
			pending->extension += pending->period;
		}
		if (pending->due <= now) {
			put_answer(reader, pending);
			continue;
		}
		reader->stats.count[STAT_HELD] += pending->held;
		if (pending->due < next)
			next = pending->due;
		if (pending->extension < next)
			next = pending->extension;
	}
	return next;
}

void vreader_ccid_release(struct vreader *reader)
{
	for (unsigned i = 0; i < reader->slot_count; i++)
		if (reader->pending[i].held)
			reader->pending[i].due = 0;
}

void vreader_ccid_reset(struct vreader *reader)
{
	for (unsigned i = 0; i < reader->slot_count; i++) {
		forget(&reader->pending[i]);
		reader->aborting[i] = (struct vreader_aborting){ 0 };
	}
}

/* --- what a command does ---------------------------------------------------- */

/* Data of the answer and its last header byte; false: it fails with @error. */
static bool execute(struct vreader *reader, struct vreader_slot *slot,
		    const struct ccid_command *command, struct esim_buf *data, uint8_t *last,
		    uint8_t *error)
{
	struct esim_slice atr = esim_slice(NULL, 0);

	switch (command->type) {
	case CCID_POWER_ON:
		if (!vreader_slot_on(slot, command->specific[0], &atr, error))
			return false;
		esim_buf_append_slice(data, atr);
		return true;
	case CCID_POWER_OFF:
		vreader_slot_off(slot);
		return true;
	case CCID_GET_SLOT_STATUS:
		return true;
	case CCID_XFR_BLOCK:
		return vreader_exchange(slot, command, data, last, error);
	case CCID_SET_PARAMETERS:
		if (!vreader_slot_set(slot, command, error))
			return false;
		break;
	case CCID_RESET_PARAMETERS:
		vreader_slot_reset_parameters(slot);
		break;
	case CCID_GET_PARAMETERS:
		break;
	default:
		*error = CCID_NOT_SUPPORTED;
		return false;
	}
	if (!reader->options.no_parameters)
		esim_buf_append(data, slot->parameters, vreader_slot_parameters(slot));
	*last = slot->protocol;
	return true;
}

static void count(struct vreader_stats *stats, uint8_t type)
{
	static const struct {
		uint8_t type;
		enum vreader_stat stat;
	} kinds[] = {
		{ CCID_POWER_ON, STAT_ON }, { CCID_POWER_OFF, STAT_OFF },
		{ CCID_GET_SLOT_STATUS, STAT_STATUS }, { CCID_XFR_BLOCK, STAT_XFR },
		{ CCID_GET_PARAMETERS, STAT_GET }, { CCID_SET_PARAMETERS, STAT_SET },
		{ CCID_RESET_PARAMETERS, STAT_SET }, { CCID_ABORT, STAT_ABORT },
	};

	stats->count[STAT_COMMANDS]++;
	for (size_t i = 0; i < sizeof(kinds) / sizeof(kinds[0]); i++) {
		if (kinds[i].type == type) {
			stats->count[kinds[i].stat]++;
			return;
		}
	}
	stats->count[STAT_OTHER]++;
}

/* --- Abort ------------------------------------------------------------------ */

static void abort_if_both(struct vreader *reader, uint8_t slot)
{
	struct vreader_aborting *aborting = &reader->aborting[slot];
	struct esim_buf message = ESIM_BUF_INIT;

	if (!aborting->asked || !aborting->told || reader->options.abort != VREADER_ABORT_WORKS)
		return;
	forget(&reader->pending[slot]);
	make(&message, CCID_SLOT_STATUS, slot, aborting->seq,
	     vreader_slot_state(&reader->slots[slot]), 0, 0, esim_slice(NULL, 0));
	put(reader, &message);
	*aborting = (struct vreader_aborting){ 0 };
}

static void abort_half(struct vreader *reader, uint8_t slot, uint8_t seq, bool asked)
{
	struct vreader_aborting *aborting = &reader->aborting[slot];

	if ((aborting->asked || aborting->told) && aborting->seq != seq)
		*aborting = (struct vreader_aborting){ 0 };
	aborting->seq = seq;
	aborting->asked = aborting->asked || asked;
	aborting->told = aborting->told || !asked;
	abort_if_both(reader, slot);
}

bool vreader_ccid_abort(struct vreader *reader, uint8_t slot, uint8_t seq)
{
	if (slot >= reader->slot_count)
		return false;
	abort_half(reader, slot, seq, true);
	return true;
}

/* --- commands --------------------------------------------------------------- */

static bool parse(struct vreader *reader, struct esim_slice block, struct ccid_command *ret)
{
	if (block.len < CCID_HEADER) {
		vreader_violation(&reader->stats, "a message of %zu bytes", block.len);
		return false;
	}
	*ret = (struct ccid_command){
		.type = block.data[0],
		.slot = block.data[5],
		.seq = block.data[6],
		.specific = { block.data[7], block.data[8], block.data[9] },
		.data = block.data + CCID_HEADER,
		.length = (uint32_t)(block.len - CCID_HEADER),
	};
	count(&reader->stats, ret->type);
	return true;
}

/* 0: the command can be carried out. 1: it has been answered. */
static int check(struct vreader *reader, struct esim_slice block, const struct ccid_command *command)
{
	uint8_t error;

	if (ccid_get32(block.data + 1) != command->length ||
	    block.len > vreader_max_message(&reader->options)) {
		vreader_violation(&reader->stats, "dwLength %u in a message of %zu bytes",
				  ccid_get32(block.data + 1), block.len);
		error = CCID_BAD_LENGTH;
	} else if (command->slot >= reader->slot_count) {
		vreader_violation(&reader->stats, "slot %u is not there", command->slot);
		error = CCID_BAD_SLOT;
	} else if (reader->pending[command->slot].active && command->type != CCID_ABORT) {
		vreader_violation(&reader->stats, "a command to a busy slot");
		error = CCID_SLOT_BUSY;
	} else {
		return 0;
	}
	put_failure(reader, command, error);
	return 1;
}

/* Faults that befall the whole command; true where nothing of an answer is left. */
static bool disaster(struct vreader *reader, struct vreader_pending *pending)
{
	if (pending->plan.wanted[FAULT_REMOVE])
		vreader_slot_remove(&reader->slots[pending->slot]);
	if (pending->plan.wanted[FAULT_DETACH])
		reader->unplug = true;
	return pending->plan.wanted[FAULT_DETACH] || pending->plan.wanted[FAULT_LOST];
}

void vreader_ccid_command(struct vreader *reader, struct esim_slice block,
			  const struct vreader_plan *plan)
{
	struct esim_buf data = ESIM_BUF_INIT;
	struct vreader_pending *pending;
	struct ccid_command command;
	struct vreader_slot *slot;
	uint8_t last = 0, error = 0;
	uint64_t cost;
	bool good;

	if (!parse(reader, block, &command) || check(reader, block, &command))
		return;
	if (command.type == CCID_ABORT) {
		abort_half(reader, command.slot, command.seq, false);
		return;
	}
	slot = &reader->slots[command.slot];
	pending = &reader->pending[command.slot];
	*pending = (struct vreader_pending){
		.active = true, .slot = command.slot, .seq = command.seq, .plan = *plan,
	};
	cost = veuicc_link_time_us(slot->card);
	slot->plan = plan;
	good = execute(reader, slot, &command, &data, &last, &error);
	cost = veuicc_link_time_us(slot->card) - cost;
	if (disaster(reader, pending)) {
		forget(pending);
		esim_buf_free(&data);
		return;
	}
	if (plan->wanted[FAULT_REMOVE]) {
		good = false;
		error = CCID_ICC_MUTE;
	}
	make(&pending->answer, (uint8_t)answer_type(command.type), command.slot, command.seq,
	     vreader_slot_state(slot) | (good ? 0 : CCID_FAILED), error, last,
	     good ? esim_buf_slice(&data) : esim_slice(NULL, 0));
	esim_buf_free(&data);
	schedule(reader, pending, cost);
	vreader_ccid_tick(reader, vreader_now());
}

/* --- slot changes ----------------------------------------------------------- */

/* One message for all that happened since the last, as real readers do. */
void vreader_ccid_notify(struct vreader *reader)
{
	struct esim_buf message = ESIM_BUF_INIT;
	bool any = false;
	uint8_t bits = 0;

	_Static_assert(VREADER_MAX_SLOTS * SLOT_BITS <= 8, "one byte holds the bits of all slots");
	if (reader->interrupt.urb_count == 0 || reader->interrupt.message_count > 0)
		return;
	for (unsigned i = 0; i < reader->slot_count; i++) {
		struct vreader_slot *slot = &reader->slots[i];

		any = any || slot->changed;
		bits |= (uint8_t)((slot->present | slot->changed << 1) << (i * SLOT_BITS));
		slot->changed = false;
	}
	if (!any)
		return;
	esim_buf_append(&message, (uint8_t[]){ CCID_NOTIFY_SLOT_CHANGE, bits }, 2);
	reader->stats.count[STAT_NOTIFICATIONS]++;
	usbip_pipe_put(&reader->interrupt, &reader->link, &message);
}
