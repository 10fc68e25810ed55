/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The emulated card's end of T=1: what drivers are tested against has to keep the rules itself. */
#include "rsp/pki.h"
#include "vreader/slot.h"

#include <atf-c.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

/* SELECT of the ISD-R, whose template makes a response longer than 32 bytes. */
#define SELECT "00A4040010A0000005591010FFFFFFFF890000010000"

struct bench {
	struct vreader_options options;
	struct vreader_stats stats;
	struct vreader_slot slot;
	struct vreader_plan plan;
	struct esim_buf answer;
	uint8_t atr[ESIM_MAX_ATR];
	uint8_t waiting;		/* bBWI of the next block */
};

static void make_pki(void)
{
	const struct rsp_pki_options options = { .required = RSP_PKI_ALL, .fresh = true };
	struct rsp_pki *pki = NULL;
	struct esim_error err = { 0 };

	ATF_REQUIRE_EQ(0, mkdir("pki", 0700));
	ATF_REQUIRE_EQ_MSG(0, rsp_pki_load("pki", &options, &pki, &err), "%s", err.message);
	ATF_REQUIRE_EQ_MSG(0, rsp_pki_save(pki, "pki", &err), "%s", err.message);
	rsp_pki_free(&pki);
}

static void power_on(struct bench *b)
{
	const uint8_t parameters[] = { 0x11, b->options.t1_crc ? 0x11 : 0x10, 0, 0x05, 0,
				       (uint8_t)(b->options.t1_ifsc ? b->options.t1_ifsc : 254), 0 };
	const struct ccid_command set = { .type = CCID_SET_PARAMETERS, .specific = { 1 },
					  .data = parameters, .length = sizeof(parameters) };
	struct esim_slice atr;
	uint8_t error;

	ATF_REQUIRE(vreader_slot_on(&b->slot, 1, &atr, &error));
	ATF_REQUIRE(vreader_slot_set(&b->slot, &set, &error));
}

static void start(struct bench *b)
{
	struct esim_error err = { 0 };

	make_pki();
	b->options.t1 = true;
	b->options.card.pki_dirs[0] = "pki";
	b->options.card.pki_count = 1;
	b->options.card.atr = esim_slice(b->atr, vreader_atr_make_t1(&b->options, b->atr));
	ATF_REQUIRE_EQ_MSG(0, veuicc_new(&b->options.card, &b->slot.card, &err), "%s", err.message);
	b->slot.options = &b->options;
	b->slot.stats = &b->stats;
	b->slot.plan = &b->plan;
	b->slot.present = true;
	b->answer = ESIM_BUF_INIT_MAX(1024);
	power_on(b);
}

static void end(struct bench *b)
{
	vreader_slot_off(&b->slot);
	veuicc_free(&b->slot.card);
	esim_buf_free(&b->answer);
}

static uint8_t lrc(const uint8_t *data, size_t len)
{
	uint8_t sum = 0;

	for (size_t i = 0; i < len; i++)
		sum ^= data[i];
	return sum;
}

/* Bytes as they are, to the card and back. False: it is mute. */
static bool send_raw(struct bench *b, const uint8_t *bytes, size_t len)
{
	const struct ccid_command command = { .type = CCID_XFR_BLOCK, .specific = { b->waiting },
					      .data = bytes, .length = (uint32_t)len };
	uint8_t chain, error = 0;
	bool good;

	esim_buf_reset(&b->answer);
	good = vreader_exchange(&b->slot, &command, &b->answer, &chain, &error);
	if (!good)
		ATF_REQUIRE_EQ(CCID_ICC_MUTE, error);
	b->plan = (struct vreader_plan){ 0 };
	return good;
}

/* A block with a right LRC. */
static bool block(struct bench *b, uint8_t pcb, const char *inf)
{
	uint8_t bytes[3 + 254 + 1] = { 0, pcb };
	size_t len;

	ATF_REQUIRE_EQ(0, esim_hex_decode(inf, bytes + 3, 254, &len));
	bytes[2] = (uint8_t)len;
	bytes[3 + len] = lrc(bytes, 3 + len);
	return send_raw(b, bytes, 4 + len);
}

static void expect(struct bench *b, uint8_t pcb, uint8_t len)
{
	const uint8_t *p = b->answer.data;

	ATF_REQUIRE_MSG(b->answer.len == 4u + len && p[0] == 0 && p[1] == pcb && p[2] == len,
			"%zu bytes, PCB %02X, LEN %u; not PCB %02X, LEN %u", b->answer.len, p[1], p[2],
			pcb, len);
	ATF_REQUIRE_EQ(0, lrc(p, b->answer.len));
}

static void violations(struct bench *b, unsigned count)
{
	ATF_REQUIRE_EQ_MSG(count, b->stats.count[STAT_VIOLATIONS], "%llu violations: %s",
			   (unsigned long long)b->stats.count[STAT_VIOLATIONS], b->stats.violation);
}

/* --- the answer to reset ------------------------------------------------------ */

ATF_TC_WITHOUT_HEAD(its_answer_to_reset_says_what_the_card_does);
ATF_TC_BODY(its_answer_to_reset_says_what_the_card_does, tc)
{
	const struct vreader_options options = { .t1_crc = true, .t1_ifsc = 77, .t1_bwi = 3, .t1_cwi = 9 };
	uint8_t atr[ESIM_MAX_ATR], check = 0;
	size_t len = vreader_atr_make_t1(&options, atr);
	struct vreader_atr parsed;

	vreader_atr_parse(esim_slice(atr, len), &parsed);
	ATF_REQUIRE_EQ(1, parsed.protocol);
	ATF_REQUIRE_EQ(1u << 1, parsed.offered);
	ATF_REQUIRE_EQ(77, parsed.ifsc);
	ATF_REQUIRE_EQ(0x39, parsed.waiting);
	ATF_REQUIRE(parsed.crc && !parsed.specific);
	for (size_t i = 1; i < len; i++)
		check ^= atr[i];
	ATF_REQUIRE_EQ(0, check);
	for (size_t cut = 0; cut < len; cut++)
		vreader_atr_parse(esim_slice(atr, cut), &parsed);
}

/* --- the rules ------------------------------------------------------------------ */

ATF_TC_WITHOUT_HEAD(a_command_and_its_response_go_in_chains);
ATF_TC_BODY(a_command_and_its_response_go_in_chains, tc)
{
	struct bench b = { .options.t1_ifsc = 12 };

	start(&b);
	ATF_REQUIRE(block(&b, 0x20, "00A4040010A0000005591010"));
	expect(&b, 0x90, 0);
	ATF_REQUIRE(block(&b, 0x40, "FFFFFFFF890000010000"));
	ATF_REQUIRE_EQ(0x20, b.answer.data[1]);
	expect(&b, 0x20, 32);
	ATF_REQUIRE(block(&b, 0x90, ""));
	ATF_REQUIRE_EQ(0x40, b.answer.data[1]);
	ATF_REQUIRE_EQ(0x90, b.answer.data[b.answer.len - 3]);
	violations(&b, 0);
	end(&b);
}

ATF_TC_WITHOUT_HEAD(ifsd_makes_its_blocks_longer);
ATF_TC_BODY(ifsd_makes_its_blocks_longer, tc)
{
	struct bench b = { 0 };

	start(&b);
	ATF_REQUIRE(block(&b, 0xC1, "FE"));
	expect(&b, 0xE1, 1);
	ATF_REQUIRE(block(&b, 0x00, SELECT));
	ATF_REQUIRE_EQ(0x00, b.answer.data[1]);
	ATF_REQUIRE(b.answer.data[2] > 32);
	violations(&b, 0);
	end(&b);
}

/* Bytes that cards and readers in the field exchange. */
ATF_TC_WITHOUT_HEAD(its_crc_is_that_of_cards);
ATF_TC_BODY(its_crc_is_that_of_cards, tc)
{
	struct bench b = { .options.t1_crc = true };

	start(&b);
	ATF_REQUIRE(send_raw(&b, (const uint8_t[]){ 0x00, 0xC1, 0x01, 0xFE, 0x54, 0x4E }, 6));
	ATF_REQUIRE_EQ(6, b.answer.len);
	ATF_REQUIRE_EQ(0, memcmp(b.answer.data, (const uint8_t[]){ 0x00, 0xE1, 0x01, 0xFE, 0x57, 0x75 }, 6));
	violations(&b, 0);
	end(&b);
}

ATF_TC_WITHOUT_HEAD(what_was_lost_is_sent_again);
ATF_TC_BODY(what_was_lost_is_sent_again, tc)
{
	struct bench b = { 0 };

	start(&b);
	b.plan.wanted[FAULT_T1_EDC] = true;
	ATF_REQUIRE(block(&b, 0x00, SELECT));
	ATF_REQUIRE(lrc(b.answer.data, b.answer.len) != 0);
	b.plan.wanted[FAULT_T1_LOST] = true;
	ATF_REQUIRE(!block(&b, 0x81, ""));
	ATF_REQUIRE(block(&b, 0x82, ""));
	expect(&b, 0x20, 32);
	ATF_REQUIRE(block(&b, 0x90, ""));
	ATF_REQUIRE(block(&b, 0x91, ""));
	ATF_REQUIRE_EQ(0x40, b.answer.data[1]);
	violations(&b, 0);
	end(&b);
}

ATF_TC_WITHOUT_HEAD(a_block_that_it_did_not_understand_can_come_again);
ATF_TC_BODY(a_block_that_it_did_not_understand_can_come_again, tc)
{
	struct bench b = { 0 };

	start(&b);
	b.plan.wanted[FAULT_T1_R] = true;
	b.plan.value[FAULT_T1_R] = 1;
	ATF_REQUIRE(block(&b, 0x00, SELECT));
	expect(&b, 0x81, 0);
	b.plan.wanted[FAULT_T1_DEAF] = true;
	ATF_REQUIRE(!block(&b, 0x00, SELECT));
	ATF_REQUIRE(block(&b, 0x80, ""));
	ATF_REQUIRE_EQ(0x80, b.answer.data[1] & 0xFC);
	ATF_REQUIRE(block(&b, 0x00, SELECT));
	expect(&b, 0x20, 32);
	ATF_REQUIRE(block(&b, 0x90, ""));
	b.plan.wanted[FAULT_T1_DEAF] = true;
	ATF_REQUIRE(!block(&b, 0x40, SELECT));
	ATF_REQUIRE(block(&b, 0x80, ""));
	expect(&b, 0x92, 0);
	ATF_REQUIRE(block(&b, 0x40, SELECT));
	expect(&b, 0x20, 32);
	violations(&b, 0);
	end(&b);
}

ATF_TC_WITHOUT_HEAD(more_time_is_asked_for_and_bbwi_has_to_say_so);
ATF_TC_BODY(more_time_is_asked_for_and_bbwi_has_to_say_so, tc)
{
	struct bench b = { .options.t1_wtx = 2 };

	start(&b);
	ATF_REQUIRE(block(&b, 0x00, SELECT));
	for (unsigned i = 0; i < 2; i++) {
		expect(&b, 0xC3, 1);
		b.waiting = 2;
		ATF_REQUIRE(block(&b, 0xE3, "02"));
	}
	expect(&b, 0x20, 32);
	violations(&b, 0);
	ATF_REQUIRE(block(&b, 0x90, ""));
	violations(&b, 1);
	end(&b);
}

ATF_TC_WITHOUT_HEAD(its_own_requests_come_before_the_answer);
ATF_TC_BODY(its_own_requests_come_before_the_answer, tc)
{
	struct bench b = { 0 };

	start(&b);
	b.plan.wanted[FAULT_T1_IFS] = true;
	b.plan.value[FAULT_T1_IFS] = 9;
	ATF_REQUIRE(block(&b, 0x00, SELECT));
	expect(&b, 0xC1, 1);
	ATF_REQUIRE(block(&b, 0x80, ""));
	expect(&b, 0xC1, 1);
	ATF_REQUIRE(block(&b, 0xE1, "09"));
	expect(&b, 0x20, 32);
	b.plan.wanted[FAULT_T1_ABORT] = true;
	ATF_REQUIRE(block(&b, 0x90, ""));
	expect(&b, 0xC2, 0);
	ATF_REQUIRE(block(&b, 0xE2, ""));
	expect(&b, 0x90, 0);
	violations(&b, 0);
	ATF_REQUIRE(block(&b, 0x40, "00A4000C023F00FFFFFF"));
	violations(&b, 1);
	end(&b);
}

ATF_TC_WITHOUT_HEAD(out_of_step_nothing_but_resynch_helps);
ATF_TC_BODY(out_of_step_nothing_but_resynch_helps, tc)
{
	struct bench b = { 0 };

	start(&b);
	ATF_REQUIRE(block(&b, 0x00, "00A4000C023F00"));
	b.plan.wanted[FAULT_T1_RESYNCH] = true;
	ATF_REQUIRE(block(&b, 0x40, SELECT));
	expect(&b, 0x92, 0);
	ATF_REQUIRE(block(&b, 0x40, SELECT));
	expect(&b, 0x92, 0);
	ATF_REQUIRE(block(&b, 0xC0, ""));
	expect(&b, 0xE0, 0);
	ATF_REQUIRE(block(&b, 0x00, SELECT));
	expect(&b, 0x20, 32);
	ATF_REQUIRE_EQ(1, b.stats.count[STAT_T1_RESYNCHS]);
	violations(&b, 0);
	end(&b);
}

/* --- what a host must not do ---------------------------------------------------- */

ATF_TC_WITHOUT_HEAD(mistakes_of_the_host_are_told_and_counted);
ATF_TC_BODY(mistakes_of_the_host_are_told_and_counted, tc)
{
	static const struct {
		uint8_t bytes[8], len, answer;
	} cases[] = {
		{ { 0x00, 0x00, 0x00, 0x01 }, 4, 0x81 },	/* LRC */
		{ { 0x00, 0x00, 0x05, 0x05 }, 4, 0x82 },	/* LEN */
		{ { 0x00, 0x00, 0xFF, 0xFF }, 4, 0x82 },
		{ { 0x00, 0x00 }, 2, 0x82 },
		{ { 0x12, 0x00, 0x00, 0x12 }, 4, 0x82 },	/* NAD */
		{ { 0x00, 0x40, 0x00, 0x40 }, 4, 0x82 },	/* N(S) */
		{ { 0x00, 0x01, 0x00, 0x01 }, 4, 0x82 },	/* reserved bit */
		{ { 0x00, 0x90, 0x00, 0x90 }, 4, 0x82 },	/* N(R) */
		{ { 0x00, 0xC3, 0x01, 0x01, 0xC3 }, 5, 0x82 },	/* a card's request */
		{ { 0x00, 0xC1, 0x01, 0xFF, 0x3F }, 5, 0x82 },	/* IFSD of 255 */
		{ { 0x00, 0xE3, 0x01, 0x01, 0xE3 }, 5, 0x82 },	/* an answer to nothing */
	};

	struct bench b = { 0 };

	start(&b);
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		power_on(&b);
		b.stats = (struct vreader_stats){ 0 };
		ATF_REQUIRE(send_raw(&b, cases[i].bytes, cases[i].len));
		expect(&b, cases[i].answer, 0);
		violations(&b, 1);
	}
	end(&b);
}

ATF_TC_WITHOUT_HEAD(a_reader_at_another_protocol_is_not_understood);
ATF_TC_BODY(a_reader_at_another_protocol_is_not_understood, tc)
{
	struct bench b = { 0 };
	struct esim_slice atr;
	uint8_t error;

	start(&b);
	ATF_REQUIRE(vreader_slot_on(&b.slot, 1, &atr, &error));
	ATF_REQUIRE(!block(&b, 0x00, SELECT));
	violations(&b, 1);
	end(&b);
}

ATF_TP_ADD_TCS(tp)
{
	ATF_TP_ADD_TC(tp, its_answer_to_reset_says_what_the_card_does);
	ATF_TP_ADD_TC(tp, a_command_and_its_response_go_in_chains);
	ATF_TP_ADD_TC(tp, ifsd_makes_its_blocks_longer);
	ATF_TP_ADD_TC(tp, its_crc_is_that_of_cards);
	ATF_TP_ADD_TC(tp, what_was_lost_is_sent_again);
	ATF_TP_ADD_TC(tp, a_block_that_it_did_not_understand_can_come_again);
	ATF_TP_ADD_TC(tp, more_time_is_asked_for_and_bbwi_has_to_say_so);
	ATF_TP_ADD_TC(tp, its_own_requests_come_before_the_answer);
	ATF_TP_ADD_TC(tp, out_of_step_nothing_but_resynch_helps);
	ATF_TP_ADD_TC(tp, mistakes_of_the_host_are_told_and_counted);
	ATF_TP_ADD_TC(tp, a_reader_at_another_protocol_is_not_understood);
	return atf_no_error();
}
