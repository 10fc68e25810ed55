/* SPDX-License-Identifier: GPL-2.0-or-later */
/* STORE DATA on a transport that takes batches: how blocks are put together, and every end. */
#include "es10_answers.h"
#include "scripted.h"

#include <esim/es10b.h>
#include <esim/tlv.h>

#include <atf-c.h>

#define MAX_CALLS 64

static struct esim_error err;

/* A transport with batches, whose card says 9000 until told otherwise. */
struct batching {
	unsigned max_batch;		/* 0: 64 */
	size_t stop_at;			/* block, from 1, that is answered with ... */
	const char *answer;		/* this, or */
	int result;			/* this failure ... */
	enum esim_outcome outcome;
	size_t limit;			/* longer data is refused with 6700; 0: none */
	bool always_91;			/* a proactive command is pending all the time */

	size_t calls;			/* of the transport, channel_open not counted */
	size_t counts[MAX_CALLS];	/* commands of each call */
	size_t blocks;			/* that reached the card */
	struct esim_buf data;		/* what the card took */
	struct esim_buf last;		/* the last command, whole */
	size_t longest;			/* sum of the commands of one call */
};

static void card_takes(struct batching *b, struct esim_slice command, struct esim_buf *answer)
{
	b->blocks++;
	esim_buf_reset(&b->last);
	esim_buf_append_slice(&b->last, command);
	if (b->limit && command.data[4] > b->limit) {
		scripted_put_hex(answer, "6700");
		return;
	}
	esim_buf_append(&b->data, command.data + 5, command.data[4]);
	scripted_put_hex(answer, b->blocks == b->stop_at ? b->answer : b->always_91 ? "910F" : "9000");
}

static int batching_transmit_batch(void *priv, uint32_t handle,
				   const struct esim_transport_batch *batch,
				   struct esim_buf *responses, size_t *lengths, size_t *ret_done,
				   struct esim_error *e)
{
	struct batching *b = priv;
	size_t bytes = 0;

	ATF_REQUIRE_EQ(handle, 7);
	ATF_REQUIRE(b->calls < MAX_CALLS);
	ATF_REQUIRE(batch->count >= 1 && batch->count <= ESIM_MAX_BATCH);
	ATF_CHECK(batch->stop_on_data);
	b->counts[b->calls++] = batch->count;
	for (*ret_done = 0; *ret_done < batch->count; ++*ret_done) {
		const struct esim_slice command = batch->commands[*ret_done];
		const size_t before = responses->len;
		uint16_t sw;

		bytes += command.len;
		if (b->result && b->blocks + 1 == b->stop_at) {
			esim_error_set(e, b->result, "the test says so");
			return esim_error_outcome(e, b->result, b->outcome);
		}
		card_takes(b, command, responses);
		lengths[*ret_done] = responses->len - before;
		sw = (uint16_t)(responses->data[responses->len - 2] << 8 |
				responses->data[responses->len - 1]);
		if ((sw & batch->sw_mask) != batch->sw_wanted || lengths[*ret_done] > 2) {
			++*ret_done;
			break;
		}
	}
	b->longest = bytes > b->longest ? bytes : b->longest;
	return 0;
}

static int batching_transmit(void *priv, uint32_t handle, struct esim_slice command,
			     struct esim_buf *response, unsigned timeout_ms, struct esim_error *e)
{
	struct batching *b = priv;

	(void)timeout_ms, (void)e;
	ATF_REQUIRE_EQ(handle, 7);
	b->counts[b->calls++] = 1;
	card_takes(b, command, response);
	return 0;
}

static int batching_open(void *priv, unsigned port, struct esim_slice aid, uint8_t p2,
			 uint32_t *ret_handle, struct esim_buf *fci, unsigned timeout_ms,
			 struct esim_error *e)
{
	(void)priv, (void)port, (void)aid, (void)p2, (void)fci, (void)timeout_ms, (void)e;
	*ret_handle = 7;
	return 0;
}

static void batching_channel_close(void *priv, uint32_t handle)
{
	(void)priv;
	ATF_CHECK_EQ(handle, 7);
}

static void batching_describe(void *priv, struct esim_transport_info *ret)
{
	const struct batching *b = priv;

	ret->features = ESIM_TRANSPORT_OWNED | ESIM_TRANSPORT_CASE4;
	ret->max_batch = b->max_batch ? b->max_batch : ESIM_MAX_BATCH;
}

static void batching_close(void *priv)
{
	struct batching *b = priv;

	esim_buf_free(&b->data);
	esim_buf_free(&b->last);
}

static struct esim_card *open_card(struct batching *b, const struct esim_card_options *options)
{
	static const struct esim_transport_ops ops = {
		.close = batching_close,
		.describe = batching_describe,
		.channel_open = batching_open,
		.channel_transmit = batching_transmit,
		.channel_close = batching_channel_close,
		.channel_transmit_batch = batching_transmit_batch,
	};
	struct esim_transport *transport;
	struct esim_card *card;

	ATF_REQUIRE_EQ(esim_transport_new(&ops, b, &transport), 0);
	ATF_REQUIRE_EQ_MSG(esim_card_open(transport, options, &card, &err), 0, "%s", err.message);
	esim_error_clear(&err);
	return card;
}

static struct esim_slice bytes_of(size_t len)
{
	static uint8_t bytes[256 * 255];

	ATF_REQUIRE(len <= sizeof(bytes));
	for (size_t i = 0; i < sizeof(bytes); i++)
		bytes[i] = (uint8_t)(i * 7 + i / 256);
	return esim_slice(bytes, len);
}

/* --- one command of several blocks -------------------------------------------------------- */

ATF_TC_WITHOUT_HEAD(a_long_command_takes_one_call_for_64_blocks);
ATF_TC_BODY(a_long_command_takes_one_call_for_64_blocks, tc)
{
	static const struct {
		size_t blocks, calls, last;	/* last: commands of the last call */
	} cases[] = {
		{ 1, 1, 1 }, { 2, 1, 2 }, { 63, 1, 63 }, { 64, 1, 64 }, { 65, 2, 1 }, { 128, 2, 64 },
		{ 256, 4, 64 },
	};

	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct batching b = { .stop_at = cases[i].blocks, .answer = "AABB9000" };
		struct esim_card *card = open_card(&b, NULL);
		const struct esim_slice data = bytes_of(255 * cases[i].blocks - 3);
		struct esim_buf answer = ESIM_BUF_INIT;
		struct esim_card_stats stats;

		ATF_CHECK_EQ(esim_card_store_data(card, "ES10x.Test", data, &answer, &err), 0);
		ATF_CHECK(esim_slice_is(esim_buf_slice(&answer), "\xAA\xBB", 2));
		ATF_CHECK(esim_slice_equal(esim_buf_slice(&b.data), data));
		ATF_CHECK_EQ(b.calls, cases[i].calls);
		ATF_CHECK_EQ(b.counts[b.calls - 1], cases[i].last);
		ATF_CHECK(b.longest <= ESIM_MAX_BATCH_BYTES);
		/* P1 and P2 of the last block, and its Le. */
		ATF_CHECK_EQ(b.last.data[2], 0x91);
		ATF_CHECK_EQ(b.last.data[3], cases[i].blocks - 1);
		ATF_CHECK_EQ(b.last.len, 5u + b.last.data[4] + 1u);
		esim_card_stats(card, &stats);
		ATF_CHECK_EQ(stats.calls, cases[i].calls);
		ATF_CHECK_EQ(stats.apdus, cases[i].blocks);
		ATF_CHECK_EQ(stats.blocks, cases[i].blocks);
		ATF_CHECK_EQ(stats.bytes_received, 2 * cases[i].blocks + 2);
		esim_buf_free(&answer);
		esim_card_free(&card);
	}
}

ATF_TC_WITHOUT_HEAD(a_smaller_limit_of_the_transport_is_heeded);
ATF_TC_BODY(a_smaller_limit_of_the_transport_is_heeded, tc)
{
	struct batching b = { .max_batch = 3 };
	struct esim_card *card = open_card(&b, NULL);

	ATF_CHECK_EQ(esim_card_store_data(card, "ES10x.Test", bytes_of(255 * 7), NULL, &err), 0);
	ATF_CHECK_EQ(b.calls, 3);
	ATF_CHECK(b.counts[0] == 3 && b.counts[1] == 3 && b.counts[2] == 1);
	esim_card_free(&card);
}

ATF_TC_WITHOUT_HEAD(data_before_the_end_stops_the_batch_and_is_the_answer);
ATF_TC_BODY(data_before_the_end_stops_the_batch_and_is_the_answer, tc)
{
	struct batching b = { .stop_at = 3, .answer = "BF37009000" };
	struct esim_card *card = open_card(&b, NULL);
	struct esim_buf answer = ESIM_BUF_INIT;

	ATF_CHECK_EQ(esim_card_store_data(card, "ES10x.Test", bytes_of(255 * 10), &answer, &err), 0);
	ATF_CHECK(esim_slice_is(esim_buf_slice(&answer), "\xBF\x37\x00", 3));
	ATF_CHECK_EQ(b.blocks, 3);
	ATF_CHECK_EQ(b.calls, 1);
	esim_buf_free(&answer);
	esim_card_free(&card);
}

ATF_TC_WITHOUT_HEAD(an_unwanted_status_word_stops_the_batch_and_is_the_cause);
ATF_TC_BODY(an_unwanted_status_word_stops_the_batch_and_is_the_cause, tc)
{
	struct batching b = { .stop_at = 4, .answer = "6A80" };
	struct esim_card *card = open_card(&b, NULL);

	ATF_CHECK_EQ(esim_card_store_data(card, "ES10x.Test", bytes_of(255 * 10), NULL, &err), ESIM_ESW);
	ATF_CHECK_EQ(err.sw, 0x6A80);
	ATF_CHECK_STREQ(err.function, "ES10x.Test");
	ATF_CHECK_EQ(err.outcome, ESIM_OUTCOME_NONE);
	ATF_CHECK_EQ(b.blocks, 4);
	esim_card_free(&card);
}

ATF_TC_WITHOUT_HEAD(a_pending_proactive_command_neither_stops_nor_splits_a_batch);
ATF_TC_BODY(a_pending_proactive_command_neither_stops_nor_splits_a_batch, tc)
{
	struct batching b = { .always_91 = true };
	struct esim_card *card = open_card(&b, NULL);

	ATF_CHECK_EQ(esim_card_store_data(card, "ES10x.Test", bytes_of(255 * 10), NULL, &err), 0);
	ATF_CHECK_EQ(b.calls, 1);
	ATF_CHECK(esim_card_proactive(card));
	esim_card_free(&card);
}

/* What fails in the middle keeps its cause, and what is known of it. */
ATF_TC_WITHOUT_HEAD(a_failure_within_a_batch_says_whether_the_command_was_sent);
ATF_TC_BODY(a_failure_within_a_batch_says_whether_the_command_was_sent, tc)
{
	static const struct {
		int result;
		enum esim_outcome outcome;
		unsigned counted;	/* APDUs in the statistics */
	} cases[] = {
		{ ESIM_ETIMEDOUT, ESIM_OUTCOME_UNKNOWN, 3 },
		{ ESIM_ECANCELED, ESIM_OUTCOME_NEVER_SENT, 2 },
		{ ESIM_ESTALE, ESIM_OUTCOME_NEVER_SENT, 2 },
	};

	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct batching b = {
			.stop_at = 3, .result = cases[i].result, .outcome = cases[i].outcome,
		};
		struct esim_card *card = open_card(&b, NULL);
		struct esim_card_stats stats;

		ATF_CHECK_EQ(esim_card_store_data(card, "ES10x.Test", bytes_of(255 * 10), NULL, &err),
			     cases[i].result);
		ATF_CHECK_EQ(err.outcome, cases[i].outcome);
		ATF_CHECK_STREQ(err.function, "ES10x.Test");
		ATF_CHECK_EQ(b.calls, 1);
		esim_card_stats(card, &stats);
		ATF_CHECK_EQ(stats.apdus, cases[i].counted);
		ATF_CHECK_EQ(stats.blocks, cases[i].counted);
		/* Nobody has to ask why. */
		b.stop_at = b.blocks + 1;
		ATF_CHECK_EQ(esim_card_store_data(card, "ES10x.Test", bytes_of(255 * 10), NULL, NULL),
			     cases[i].result);
		esim_card_free(&card);
	}
}

ATF_TC_WITHOUT_HEAD(a_refused_size_is_negotiated_and_the_rest_goes_in_batches);
ATF_TC_BODY(a_refused_size_is_negotiated_and_the_rest_goes_in_batches, tc)
{
	struct batching b = { .limit = 130 };
	struct esim_card *card = open_card(&b, NULL);
	const struct esim_slice data = bytes_of(128 * 20);

	ATF_CHECK_EQ(esim_card_store_data(card, "ES10x.Test", data, NULL, &err), 0);
	ATF_CHECK_EQ(esim_card_segment_size(card), 128);
	ATF_CHECK(esim_slice_equal(esim_buf_slice(&b.data), data));
	/* A batch that stops at its first block, 240, 128, and all that is left. */
	ATF_CHECK_EQ(b.calls, 4);
	ATF_CHECK_EQ(b.counts[3], 19);
	esim_card_free(&card);
}

/* --- the tracer ----------------------------------------------------------------------------------- */

struct seen {
	unsigned calls, batch;
	uint64_t nanoseconds;
};

static void see(void *context, const struct esim_apdu_trace *apdu)
{
	struct seen *seen = context;

	ATF_CHECK_EQ(apdu->command.data[3], seen->calls);
	ATF_CHECK_EQ(apdu->response.len, 2);
	seen->calls++;
	seen->batch = apdu->batch;
	seen->nanoseconds += apdu->nanoseconds;
}

ATF_TC_WITHOUT_HEAD(each_command_of_a_batch_is_traced_with_its_share_of_the_time);
ATF_TC_BODY(each_command_of_a_batch_is_traced_with_its_share_of_the_time, tc)
{
	struct seen seen = { 0 };
	const struct esim_card_options options = { .trace = see, .trace_context = &seen };
	struct batching b = { 0 };
	struct esim_card *card = open_card(&b, &options);
	struct esim_card_stats stats;

	ATF_CHECK_EQ(esim_card_store_data(card, "ES10x.Test", bytes_of(255 * 7), NULL, &err), 0);
	ATF_CHECK_EQ(seen.calls, 7);
	ATF_CHECK_EQ(seen.batch, 7);
	esim_card_stats(card, &stats);
	ATF_CHECK_EQ(seen.nanoseconds, stats.nanoseconds);
	esim_card_free(&card);
}

/* --- a package ------------------------------------------------------------------------------------- */

#define ELEMENTS 200
#define ELEMENT_SIZE 1016	/* four blocks with its header */
#define PACKAGE_SEGMENTS (1 + 1 + 1 + 1 + 1 + ELEMENTS)	/* BF36 BF23, A0 87, A1, 88, A3, 86... */
#define PACKAGE_BLOCKS (5 + 4 * ELEMENTS)

static void build_package(struct esim_buf *package)
{
	static const uint8_t zeros[ELEMENT_SIZE];
	size_t whole = esim_tlv_begin(package, 0xBF36), part;

	part = esim_tlv_begin(package, 0xBF23);
	esim_tlv_put(package, 0x80, zeros, 20);
	esim_tlv_end(package, part);
	part = esim_tlv_begin(package, 0xA0);
	esim_tlv_put(package, 0x87, zeros, 20);
	esim_tlv_end(package, part);
	part = esim_tlv_begin(package, 0xA1);
	esim_tlv_put(package, 0x88, zeros, 20);
	esim_tlv_end(package, part);
	part = esim_tlv_begin(package, 0xA3);
	for (size_t i = 0; i < ELEMENTS; i++)
		esim_tlv_put(package, 0x86, zeros, sizeof(zeros));
	esim_tlv_end(package, part);
	esim_tlv_end(package, whole);
	ATF_REQUIRE_EQ(esim_buf_failed(package), 0);
}

static size_t segments_told;

static void count_segments(void *context, const struct es10b_load_progress *p)
{
	(void)context;
	ATF_CHECK(p->segments_done == segments_told || p->segments_done == segments_told + 1);
	segments_told = p->segments_done;
}

ATF_TC_WITHOUT_HEAD(a_package_takes_one_call_for_64_blocks_across_its_segments);
ATF_TC_BODY(a_package_takes_one_call_for_64_blocks_across_its_segments, tc)
{
	struct batching b = { .stop_at = PACKAGE_BLOCKS, .answer = ANSWER_LOAD "9000" };
	struct esim_card *card = open_card(&b, NULL);
	struct es10b_installation_result result;
	struct esim_buf package = ESIM_BUF_INIT;
	bool begun = false;

	build_package(&package);
	segments_told = 0;
	ATF_REQUIRE_EQ_MSG(es10b_load_bound_profile_package(card, esim_buf_slice(&package),
							    count_segments, NULL, &result, &begun, &err),
			   0, "%s", err.message);
	ATF_CHECK(begun && result.success);
	ATF_CHECK(esim_slice_equal(esim_buf_slice(&b.data), esim_buf_slice(&package)));
	ATF_CHECK_EQ(b.blocks, PACKAGE_BLOCKS);
	ATF_CHECK_EQ_MSG(b.calls, (PACKAGE_BLOCKS + 63) / 64, "%zu calls", b.calls);
	ATF_CHECK_EQ(segments_told, PACKAGE_SEGMENTS);
	es10b_installation_result_clear(&result);
	esim_buf_free(&package);
	esim_card_free(&card);
}

/* The eUICC may end the load at any block: nothing is sent after its result. */
ATF_TC_WITHOUT_HEAD(an_early_result_within_a_batch_ends_the_load);
ATF_TC_BODY(an_early_result_within_a_batch_ends_the_load, tc)
{
	for (size_t when = 1; when < 80; when++) {
		struct batching b = { .stop_at = when, .answer = ANSWER_X_LOAD "9000" };
		struct esim_card *card = open_card(&b, NULL);
		struct es10b_installation_result result;
		struct esim_buf package = ESIM_BUF_INIT;

		build_package(&package);
		ATF_REQUIRE_EQ(es10b_load_bound_profile_package(card, esim_buf_slice(&package), NULL,
								NULL, &result, NULL, &err), 0);
		ATF_CHECK(!result.success);
		ATF_CHECK_EQ(b.blocks, when);
		es10b_installation_result_clear(&result);
		esim_buf_free(&package);
		esim_card_free(&card);
	}
}

/* A load has begun when the card may have seen of it, not when it was tried. */
ATF_TC_WITHOUT_HEAD(a_load_whose_first_block_was_never_sent_has_not_begun);
ATF_TC_BODY(a_load_whose_first_block_was_never_sent_has_not_begun, tc)
{
	static const struct {
		size_t stop_at;
		enum esim_outcome outcome;
		bool begun;
	} cases[] = {
		{ 1, ESIM_OUTCOME_NEVER_SENT, false }, { 1, ESIM_OUTCOME_UNKNOWN, true },
		{ 2, ESIM_OUTCOME_NEVER_SENT, true },
	};

	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct batching b = {
			.stop_at = cases[i].stop_at, .result = ESIM_EIO, .outcome = cases[i].outcome,
		};
		struct esim_card *card = open_card(&b, NULL);
		struct es10b_installation_result result;
		struct esim_buf package = ESIM_BUF_INIT;
		bool begun = !cases[i].begun;

		build_package(&package);
		ATF_CHECK_EQ(es10b_load_bound_profile_package(card, esim_buf_slice(&package), NULL,
							      NULL, &result, &begun, &err), ESIM_EIO);
		ATF_CHECK_EQ(begun, cases[i].begun);
		ATF_CHECK(strstr(err.message, "segment ") != NULL);
		esim_buf_free(&package);
		esim_card_free(&card);
	}
}

ATF_TP_ADD_TCS(tp)
{
	ATF_TP_ADD_TC(tp, a_long_command_takes_one_call_for_64_blocks);
	ATF_TP_ADD_TC(tp, a_smaller_limit_of_the_transport_is_heeded);
	ATF_TP_ADD_TC(tp, data_before_the_end_stops_the_batch_and_is_the_answer);
	ATF_TP_ADD_TC(tp, an_unwanted_status_word_stops_the_batch_and_is_the_cause);
	ATF_TP_ADD_TC(tp, a_pending_proactive_command_neither_stops_nor_splits_a_batch);
	ATF_TP_ADD_TC(tp, a_failure_within_a_batch_says_whether_the_command_was_sent);
	ATF_TP_ADD_TC(tp, a_refused_size_is_negotiated_and_the_rest_goes_in_batches);
	ATF_TP_ADD_TC(tp, each_command_of_a_batch_is_traced_with_its_share_of_the_time);
	ATF_TP_ADD_TC(tp, a_package_takes_one_call_for_64_blocks_across_its_segments);
	ATF_TP_ADD_TC(tp, an_early_result_within_a_batch_ends_the_load);
	ATF_TP_ADD_TC(tp, a_load_whose_first_block_was_never_sent_has_not_begun);
	return atf_no_error();
}
