/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The card's end of T=1; see t1.h. */
#include "vreader/t1.h"
#include "vreader/slot.h"

#include <string.h>

#define MAX_APDU	65544
#define MAX_RESPONSE	(65536 + 2)
#define MAX_BLOCK	(3 + 254 + 2)
#define MULTIPLIER	2		/* of the block waiting time, in S(WTX request) */

enum { PCB_MORE = 0x20, PCB_NS = 0x40, PCB_R = 0x80, PCB_NR = 0x10, PCB_S = 0xC0, S_RESPONSE = 0x20 };
enum { S_RESYNCH = 0xC0, S_IFS = 0xC1, S_ABORT = 0xC2, S_WTX = 0xC3 };
enum { R_GOOD = 0, R_EDC = 1, R_OTHER = 2 };

struct block {
	uint8_t nad, pcb;
	struct esim_slice inf;
};

void vreader_t1_free(struct vreader_t1 *t1)
{
	esim_buf_free(&t1->command);
	esim_buf_free(&t1->response);
	esim_buf_free(&t1->last);
	esim_buf_free(&t1->held);
}

/* As after the answer to reset; RESYNCH brings the card here too. */
static void begin(struct vreader_t1 *t1)
{
	vreader_t1_free(t1);
	t1->command = ESIM_BUF_INIT_MAX(MAX_APDU);
	t1->response = ESIM_BUF_INIT_MAX(MAX_RESPONSE);
	t1->last = t1->held = ESIM_BUF_INIT_MAX(MAX_BLOCK);
	t1->ifsc = t1->first_ifsc;
	t1->ifsd = t1->first_ifsd;
	t1->nr = t1->ns = t1->last_ns = t1->asked = 0;
	t1->times = 0;
	t1->out_of_step = false;
}

void vreader_t1_start(struct vreader_t1 *t1, const struct vreader_atr *atr, uint8_t ifsd)
{
	t1->crc = atr->crc;
	t1->first_ifsc = atr->ifsc;
	t1->first_ifsd = ifsd;
	begin(t1);
}

/* --- blocks ----------------------------------------------------------------- */

/* Exclusive-or; or the CRC of ISO/IEC 13239 as cards have it: not inverted, the high byte first. */
static size_t put_edc(bool crc, const uint8_t *data, size_t len, uint8_t edc[2])
{
	uint16_t sum = crc ? 0xFFFF : 0;

	for (size_t i = 0; i < len; i++) {
		sum ^= data[i];
		for (int bit = 0; crc && bit < 8; bit++)
			sum = sum & 1 ? (uint16_t)(sum >> 1 ^ 0x8408) : (uint16_t)(sum >> 1);
	}
	edc[0] = (uint8_t)(crc ? sum >> 8 : sum);
	edc[1] = (uint8_t)sum;
	return crc ? 2 : 1;
}

static void make(const struct vreader_t1 *t1, struct esim_buf *ret, uint8_t pcb, struct esim_slice inf)
{
	uint8_t edc[2];
	size_t n;

	esim_buf_reset(ret);
	esim_buf_append(ret, (uint8_t[]){ 0, pcb, (uint8_t)inf.len }, 3);
	esim_buf_append_slice(ret, inf);
	n = put_edc(t1->crc, ret->data, ret->len, edc);
	esim_buf_append(ret, edc, n);
}

/* The card's next block: it is kept, for it may be asked for again. */
static void put(struct vreader_t1 *t1, uint8_t pcb, struct esim_slice inf)
{
	make(t1, &t1->last, pcb, inf);
}

static void put_r(struct vreader_t1 *t1, uint8_t why)
{
	put(t1, (uint8_t)(PCB_R | (t1->nr ? PCB_NR : 0) | why), esim_slice(NULL, 0));
}

static void put_s(struct vreader_t1 *t1, uint8_t pcb, const uint8_t *value)
{
	put(t1, pcb, esim_slice(value, value ? 1 : 0));
}

/* What R-block answers it: R_GOOD for a good one. */
static uint8_t read_block(struct vreader_slot *slot, struct esim_slice data, struct block *ret)
{
	const struct vreader_t1 *t1 = &slot->t1;
	size_t edc_len = t1->crc ? 2 : 1;
	uint8_t edc[2];

	if (data.len < 3 + edc_len || data.data[2] == 0xFF || data.len != 3u + data.data[2] + edc_len) {
		vreader_violation(slot->stats, "T=1: a block of %zu bytes whose LEN is not that", data.len);
		return R_OTHER;
	}
	put_edc(t1->crc, data.data, data.len - edc_len, edc);
	if (memcmp(edc, data.data + data.len - edc_len, edc_len)) {
		vreader_violation(slot->stats, "T=1: a block with a wrong %s", t1->crc ? "CRC" : "LRC");
		return R_EDC;
	}
	*ret = (struct block){ data.data[0], data.data[1], esim_slice(data.data + 3, data.data[2]) };
	if (ret->nad) {
		vreader_violation(slot->stats, "T=1: NAD is %02X", ret->nad);
		return R_OTHER;
	}
	return R_GOOD;
}

/* --- the response ------------------------------------------------------------- */

static void put_part(struct vreader_t1 *t1)
{
	size_t n = t1->response.len < t1->ifsd ? t1->response.len : t1->ifsd;
	uint8_t pcb = t1->ns ? PCB_NS : 0;

	if (n < t1->response.len)
		pcb |= PCB_MORE;
	t1->last_ns = t1->ns;
	put(t1, pcb, esim_slice(t1->response.data, n));
	t1->ns ^= 1;
	t1->response.len -= n;
	memmove(t1->response.data, t1->response.data + n, t1->response.len);
}

/* A question comes before the block that is ready; the host answers it, and gets that block. */
static void ask(struct vreader_t1 *t1, uint8_t pcb, uint8_t value, uint32_t times)
{
	esim_buf_reset(&t1->held);
	esim_buf_append_slice(&t1->held, esim_buf_slice(&t1->last));
	t1->asked = pcb;
	t1->asked_value = value;
	t1->times = times;
	put_s(t1, pcb, pcb == S_ABORT ? NULL : &t1->asked_value);
}

static void answered(struct vreader_t1 *t1)
{
	if (t1->times != VREADER_ENDLESS)
		t1->times--;
	if (t1->times > 0) {
		put_s(t1, t1->asked, &t1->asked_value);
		return;
	}
	if (t1->asked == S_IFS)
		t1->ifsc = t1->asked_value;
	t1->asked = 0;
	esim_buf_reset(&t1->last);
	esim_buf_append_slice(&t1->last, esim_buf_slice(&t1->held));
}

/* --- the host's blocks -------------------------------------------------------- */

static bool wrong(struct vreader_slot *slot, const char *what)
{
	vreader_violation(slot->stats, "T=1: %s", what);
	put_r(&slot->t1, R_OTHER);
	return true;
}

/* False: the card is mute. */
static bool take_i(struct vreader_slot *slot, const struct block *block, uint8_t *error)
{
	struct vreader_t1 *t1 = &slot->t1;
	bool good;

	slot->stats->count[STAT_T1_I]++;
	if (block->pcb & 0x1F || block->inf.len > t1->ifsc)
		return wrong(slot, block->pcb & 0x1F ? "PCB with reserved bits" : "INF longer than IFSC");
	if (t1->response.len > 0)
		return wrong(slot, "an I-block within the card's chain");
	if (t1->asked)
		return wrong(slot, "an I-block in place of the S-block that is asked for");
	if ((block->pcb & PCB_NS ? 1 : 0) != t1->nr)
		return wrong(slot, "N(S) is not the next");
	t1->nr ^= 1;
	esim_buf_append_slice(&t1->command, block->inf);
	if (esim_buf_failed(&t1->command))
		return wrong(slot, "a command without end");
	if (block->pcb & PCB_MORE) {
		put_r(t1, R_GOOD);
		return true;
	}
	good = vreader_card(slot, esim_buf_slice(&t1->command), &t1->response, error);
	esim_buf_reset(&t1->command);
	if (!good)
		return false;
	put_part(t1);
	if (slot->options->t1_wtx)
		ask(t1, S_WTX, MULTIPLIER, slot->options->t1_wtx);
	return true;
}

/*
 * The number of the I-block that the host expects: the last one, again; or the next part of the chain.
 * Where neither is meant, the card is the one that waits for an I-block, and says which.
 */
static bool take_r(struct vreader_slot *slot, const struct block *block)
{
	struct vreader_t1 *t1 = &slot->t1;
	uint8_t pcb = t1->last.len > 1 ? t1->last.data[1] : PCB_S | S_RESPONSE;
	uint8_t number = block->pcb & PCB_NR ? 1 : 0;
	bool last_is_i = !(pcb & 0x80);

	slot->stats->count[STAT_T1_R]++;
	if (block->pcb & 0x2C || block->inf.len > 0 || (block->pcb & 3) == 3)
		return wrong(slot, "an R-block with reserved bits or INF");
	if (t1->asked || (last_is_i && number == t1->last_ns))
		return true;
	if (number != t1->ns && !(last_is_i && t1->response.len > 0))
		return wrong(slot, "N(R) is of an I-block that has been received");
	if (last_is_i && t1->response.len > 0)
		put_part(t1);
	else if ((pcb & PCB_S) != PCB_R)
		put_r(t1, R_OTHER);
	return true;
}

static bool take_request(struct vreader_slot *slot, const struct block *block)
{
	struct vreader_t1 *t1 = &slot->t1;

	switch (block->pcb) {
	case S_RESYNCH:
		if (block->inf.len)
			return wrong(slot, "S(RESYNCH request) with INF");
		begin(t1);
		slot->stats->count[STAT_T1_RESYNCHS]++;
		break;
	case S_IFS:
		if (block->inf.len != 1 || block->inf.data[0] == 0 || block->inf.data[0] == 0xFF)
			return wrong(slot, "S(IFS request) without a size");
		t1->ifsd = block->inf.data[0];
		break;
	case S_ABORT:
		if (block->inf.len)
			return wrong(slot, "S(ABORT request) with INF");
		esim_buf_reset(&t1->command);
		esim_buf_reset(&t1->response);
		break;
	default:
		return wrong(slot, "an S-block that no host sends");
	}
	put(t1, block->pcb | S_RESPONSE, block->inf);
	return true;
}

static bool take_s(struct vreader_slot *slot, const struct block *block)
{
	struct vreader_t1 *t1 = &slot->t1;
	size_t len = t1->asked == S_ABORT ? 0 : 1;

	slot->stats->count[STAT_T1_S]++;
	if (!(block->pcb & S_RESPONSE))
		return take_request(slot, block);
	if (!t1->asked || block->pcb != (t1->asked | S_RESPONSE))
		return wrong(slot, "an answer to an S-block that was not sent");
	if (block->inf.len != len || (len && block->inf.data[0] != t1->asked_value))
		return wrong(slot, "an answer to an S-block that is not its INF");
	answered(t1);
	return true;
}

/* --- faults ------------------------------------------------------------------- */

/* The card has not understood the block, whatever was in it. */
static bool misunderstood(struct vreader_slot *slot, const struct block *block)
{
	const struct vreader_plan *plan = slot->plan;
	struct vreader_t1 *t1 = &slot->t1;

	if (plan->wanted[FAULT_T1_RESYNCH])
		t1->out_of_step = true;
	if (t1->out_of_step && block->pcb != S_RESYNCH) {
		put_r(t1, R_OTHER);
		return true;
	}
	if (!plan->wanted[FAULT_T1_R])
		return false;
	put_r(t1, (uint8_t)(plan->value[FAULT_T1_R] & 0x0F));
	return true;
}

/* What the card asks for where nobody expects it. */
static void interrupt(struct vreader_slot *slot)
{
	const struct vreader_plan *plan = slot->plan;
	struct vreader_t1 *t1 = &slot->t1;

	if (t1->asked)
		return;
	if (plan->wanted[FAULT_T1_WTX])
		ask(t1, S_WTX, MULTIPLIER, plan->value[FAULT_T1_WTX]);
	if (plan->wanted[FAULT_T1_IFS])
		ask(t1, S_IFS, (uint8_t)plan->value[FAULT_T1_IFS], 1);
	if (plan->wanted[FAULT_T1_ABORT]) {
		esim_buf_reset(&t1->command);
		esim_buf_reset(&t1->response);
		put_r(t1, R_GOOD);
		ask(t1, S_ABORT, 0, 1);
	}
}

/* Bytes of the block on its way; the card itself knows of nothing. */
static void spoil(struct vreader_slot *slot, struct esim_buf *block)
{
	const struct vreader_plan *plan = slot->plan;
	size_t edc_len = slot->t1.crc ? 2 : 1;
	uint8_t *p = block->data;

	if (plan->wanted[FAULT_T1_SEQ])
		p[1] ^= p[1] & 0x80 ? PCB_NR : PCB_NS;
	if (plan->wanted[FAULT_T1_PCB])
		p[1] = (uint8_t)plan->value[FAULT_T1_PCB];
	if (plan->wanted[FAULT_T1_NAD])
		p[0] = (uint8_t)plan->value[FAULT_T1_NAD];
	if (plan->wanted[FAULT_T1_LEN])
		p[2] = (uint8_t)plan->value[FAULT_T1_LEN];
	put_edc(slot->t1.crc, p, block->len - edc_len, p + block->len - edc_len);
	if (plan->wanted[FAULT_T1_EDC])
		p[block->len - 1] ^= 0x55;
}

/* --- one block each way ----------------------------------------------------------- */

static bool mute(uint8_t *error)
{
	*error = CCID_ICC_MUTE;
	return false;
}

static bool take(struct vreader_slot *slot, const struct block *block, uint8_t *error)
{
	if (!(block->pcb & 0x80))
		return take_i(slot, block, error);
	return (block->pcb & PCB_S) == PCB_R ? take_r(slot, block) : take_s(slot, block);
}

/* bBWI tells the reader how long it waits: as long as the card has asked for, and then no longer. */
static void check_waiting(struct vreader_slot *slot, uint8_t multiplier)
{
	uint8_t asked = slot->t1.asked == S_WTX ? slot->t1.asked_value : 1;

	if (multiplier != asked && (multiplier != 0 || asked != 1))
		vreader_violation(slot->stats, "T=1: bBWI is %u where the card has asked for %u",
				  multiplier, asked);
}

bool vreader_t1_block(struct vreader_slot *slot, const struct ccid_command *command,
		      struct esim_buf *ret_data, uint8_t *error)
{
	const struct vreader_plan *plan = slot->plan;
	struct vreader_t1 *t1 = &slot->t1;
	struct block block = { 0 };
	uint8_t why;

	slot->spoken = true;
	if (plan->wanted[FAULT_T1_MUTE])
		slot->mute = true;
	if (slot->mute || plan->wanted[FAULT_T1_DEAF])
		return mute(error);
	check_waiting(slot, command->specific[0]);
	why = read_block(slot, esim_slice(command->data, command->length), &block);
	if (why != R_GOOD)
		put_r(t1, why);
	else if (!misunderstood(slot, &block) && !take(slot, &block, error))
		return false;
	interrupt(slot);
	if (plan->wanted[FAULT_T1_LOST])
		return mute(error);
	esim_buf_append_slice(ret_data, esim_buf_slice(&t1->last));
	if (!esim_buf_failed(ret_data))
		spoil(slot, ret_data);
	return true;
}
