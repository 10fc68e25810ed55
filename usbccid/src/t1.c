/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The rules of T=1 (ISO/IEC 7816-3, 11.6), as the interface device has to keep them. */
#include "t1.h"

#include <string.h>

/* --- what we send ------------------------------------------------------------------------------ */

static enum t1_next send_supervision(struct t1 *t1, uint8_t type, const uint8_t *inf)
{
	t1_block_put(t1, T1_PCB_S | type, inf, inf ? 1 : 0);
	return T1_SEND;
}

/* Says which block of the card's is expected, and what was wrong with the one before. */
static enum t1_next send_receipt(struct t1 *t1, enum t1_fault fault)
{
	t1_block_put(t1, (uint8_t)(T1_PCB_R | t1->nr << 4 | (int)fault), NULL, 0);
	return T1_SEND;
}

/* The part of the command that is on its way, be it again: the same bytes under the same number. */
static enum t1_next send_part(struct t1 *t1)
{
	uint8_t more = t1->state == T1_COMMAND ? T1_PCB_MORE : 0;

	t1_block_put(t1, (uint8_t)(t1->ns << 6 | more), t1->command + t1->command_sent, t1->part);
	return T1_SEND;
}

static enum t1_next send_next_part(struct t1 *t1)
{
	size_t left = t1->command_len - t1->command_sent;

	t1->part = left < t1->ifsc ? left : t1->ifsc;
	t1->state = left > t1->part ? T1_COMMAND : T1_EXECUTION;
	if (t1->state == T1_EXECUTION)
		t1->may_have_run = true;
	return send_part(t1);
}

static void part_arrived(struct t1 *t1)
{
	t1->command_sent += t1->part;
	t1->ns ^= 1;
}

/* --- beginning, end, recovery ------------------------------------------------------------------ */

static enum t1_next end(struct t1 *t1, enum t1_next how)
{
	t1->state = how == T1_LOST ? T1_DEAD : T1_AT_REST;
	return how;
}

static enum t1_next start(struct t1 *t1)
{
	t1->tries = 0;
	t1->command_sent = 0;
	t1->response_len = 0;
	if (!t1->announced)
		return send_next_part(t1);
	t1->state = T1_IFSD;
	return send_supervision(t1, T1_S_IFS, &t1->announced);
}

static enum t1_next resynch(struct t1 *t1)
{
	t1->tries = 0;
	t1->state = T1_RESYNCH;
	return send_supervision(t1, T1_S_RESYNCH, NULL);
}

/* Both ends are at their beginning (rule 6). */
static enum t1_next in_step(struct t1 *t1)
{
	t1->ns = 0;
	t1->nr = 0;
	/* The card may have gone back to the size it began with, or not. */
	if (t1->ifsc > t1->ifsc_first)
		t1->ifsc = t1->ifsc_first;
	if (t1->may_have_run || t1->broken_off || t1->restarts == 0)
		return end(t1, T1_ABORTED);
	t1->restarts--;
	return start(t1);
}

/* Rule 7: what to send where nothing came that takes the exchange on. */
static enum t1_next try_again(struct t1 *t1, enum t1_fault fault)
{
	t1->tries++;
	if (t1->tries >= T1_TRIES)
		return t1->state == T1_RESYNCH ? end(t1, T1_LOST) : resynch(t1);
	switch (t1->state) {
	case T1_RESYNCH:
		return send_supervision(t1, T1_S_RESYNCH, NULL);
	case T1_IFSD:
		return send_supervision(t1, T1_S_IFS, &t1->announced);
	default:
		return send_receipt(t1, fault);
	}
}

static enum t1_next refuse(struct t1 *t1, const char *why)
{
	t1->why = why;
	return try_again(t1, T1_FAULT_OTHER);
}

/* A card that keeps to the form, and never comes to an end. */
static enum t1_next too_much(struct t1 *t1, const char *why)
{
	t1->why = why;
	return resynch(t1);
}

/* --- what we take ------------------------------------------------------------------------------ */

static enum t1_next take_information(struct t1 *t1, uint8_t pcb, const uint8_t *inf, size_t len)
{
	size_t have = t1->response_len;

	if (t1->state == T1_COMMAND) {
		/* Who knows what it has done with the part that it has. */
		t1->may_have_run = true;
		return refuse(t1, "answered before it had the whole command");
	}
	if (t1->state == T1_ABANDONED)
		return refuse(t1, "went on after it had aborted the exchange");
	if (pcb >> 6 != t1->nr)
		return refuse(t1, "sent a block out of sequence");
	t1->tries = 0;
	t1->nr ^= 1;
	if (t1->state == T1_EXECUTION)
		part_arrived(t1);
	t1->state = T1_RESPONSE;
	if (len > 0 && have <= t1->response_size && len <= t1->response_size - have)
		memcpy(t1->response + have, inf, len);
	t1->response_len += len;
	if (!(pcb & T1_PCB_MORE))
		return end(t1, t1->response_len > t1->response_size ? T1_OVERFLOW : T1_DONE);
	if (t1->response_len > T1_RESPONSE_MAX || (len == 0 && ++t1->empty > T1_EMPTY_MAX))
		return too_much(t1, "sent a response without end");
	return send_receipt(t1, T1_SOUND);
}

static enum t1_next take_receipt(struct t1 *t1, uint8_t pcb)
{
	uint8_t expected = pcb >> 4 & 1;

	switch (t1->state) {
	case T1_COMMAND:
		if (expected != t1->ns) {
			t1->tries = 0;
			part_arrived(t1);
			return send_next_part(t1);
		}
		break;
	case T1_EXECUTION:
		/* It has the command, and lost our question for its response. */
		if (expected != t1->ns)
			return refuse(t1, "sent no response to the command");
		break;
	case T1_ABANDONED:
		t1->ns = expected;
		return end(t1, T1_ABORTED);
	default:
		t1->why = "asked again and again for what it was sent";
		return try_again(t1, T1_SOUND);
	}
	t1->why = "received a block of the command wrongly, again and again";
	t1->tries++;
	return t1->tries < T1_TRIES ? send_part(t1) : resynch(t1);
}

static enum t1_next take_request(struct t1 *t1, uint8_t type, const uint8_t *inf)
{
	switch (type) {
	case T1_S_IFS:
		if (++t1->ifs > T1_IFS_MAX)
			return too_much(t1, "changed IFSC again and again");
		t1->ifsc = *inf;
		break;
	case T1_S_WTX:
		if (++t1->wtx > T1_WTX_MAX)
			return too_much(t1, "asked for more time again and again");
		break;
	case T1_S_ABORT:
		if (++t1->aborts > T1_ABORT_MAX)
			return too_much(t1, "aborted again and again");
		t1->why = "aborted the exchange";
		t1->broken_off = true;
		t1->state = T1_ABANDONED;
		inf = NULL;
		break;
	default:
		return refuse(t1, "asked for RESYNCH, which is not its to do");
	}
	t1->tries = 0;
	send_supervision(t1, T1_PCB_ANSWER | type, inf);
	if (type == T1_S_WTX)
		t1->wait = *inf;
	return T1_SEND;
}

/* An S-block of ours waits for its response, and nothing else will do (rule 7.3). */
static enum t1_next take_answer(struct t1 *t1, uint8_t pcb, const uint8_t *inf)
{
	if (t1->state == T1_RESYNCH && pcb == (T1_PCB_S | T1_PCB_ANSWER | T1_S_RESYNCH))
		return in_step(t1);
	if (t1->state == T1_IFSD && pcb == (T1_PCB_S | T1_PCB_ANSWER | T1_S_IFS) &&
	    *inf == t1->announced) {
		t1->ifsd = t1->announced;
		return end(t1, T1_DONE);
	}
	return refuse(t1, "did not answer an S-block");
}

enum t1_next t1_take(struct t1 *t1, const uint8_t *block, size_t len)
{
	enum t1_fault fault;
	uint8_t pcb;

	if (t1->state == T1_AT_REST || t1->state == T1_DEAD)
		return end(t1, T1_LOST);
	fault = t1_block_check(t1, block, len);
	if (fault != T1_SOUND)
		return try_again(t1, fault);
	pcb = block[1];
	if (t1->state == T1_RESYNCH || t1->state == T1_IFSD)
		return take_answer(t1, pcb, block + 3);
	if (t1_is_information(pcb))
		return take_information(t1, pcb, block + 3, block[2]);
	if (t1_is_receipt(pcb))
		return take_receipt(t1, pcb);
	if (pcb & T1_PCB_ANSWER)
		return refuse(t1, "answered an S-block that was not sent");
	return take_request(t1, pcb & 0x1F, block + 3);
}

/* --- exchanges --------------------------------------------------------------------------------- */

void t1_init(struct t1 *t1, uint8_t ifsc, bool crc)
{
	*t1 = (struct t1){
		.ifsc = ifsc, .ifsc_first = ifsc, .ifsd = T1_INF_DEFAULT, .crc = crc, .wait = 1,
		.why = "is out of step",
	};
}

static enum t1_next begin(struct t1 *t1)
{
	bool in_midst = t1->state != T1_AT_REST;

	if (t1->state == T1_DEAD)
		return T1_LOST;
	t1->why = "is out of step";
	t1->may_have_run = false;
	t1->broken_off = false;
	t1->wtx = t1->ifs = t1->aborts = t1->empty = 0;
	t1->restarts = T1_RESTARTS;
	if (!in_midst)
		return start(t1);
	/* Nothing of it went out yet: what follows RESYNCH is no repetition. */
	t1->restarts++;
	return resynch(t1);
}

enum t1_next t1_announce_ifsd(struct t1 *t1, uint8_t ifsd)
{
	t1->announced = ifsd;
	/* The card may hear it, and its answer be lost. */
	if (t1->ifsd < ifsd)
		t1->ifsd = ifsd;
	return begin(t1);
}

enum t1_next t1_begin(struct t1 *t1, const uint8_t *command, size_t len, uint8_t *response, size_t size)
{
	t1->announced = 0;
	t1->command = command;
	t1->command_len = len;
	t1->response = response;
	t1->response_size = size;
	return begin(t1);
}
