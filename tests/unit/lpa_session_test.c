/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What a journal hears of a session, whom a cancelled procedure names as its reason,
 * and how a session that was left open is ended by a later process.
 */
#include "lpa_fixture.h"
#include "lpa_session.h"

#include <atf-c.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* "begun offered loading ended", with "!" where an event names another session than the first. */
static const char *stages(const struct lpa_fixture *f, char *text, size_t size)
{
	static const char *const names[] = {
		[LPA_SESSION_BEGUN] = "begun", [LPA_SESSION_OFFERED] = "offered",
		[LPA_SESSION_LOADING] = "loading", [LPA_SESSION_ENDED] = "ended",
	};
	size_t used = 0;

	ATF_REQUIRE(f->event_count <= FIXTURE_EVENTS);
	text[0] = '\0';
	for (size_t i = 0; i < f->event_count; i++) {
		const struct fixture_session_event *event = &f->events[i];
		bool same = strcmp(event->transaction_id, f->events[0].transaction_id) == 0;

		used += (size_t)snprintf(text + used, size - used, "%s%s%s", i ? " " : "",
					 names[event->stage], same ? "" : "!");
	}
	return text;
}

static void require_stages(const struct lpa_fixture *f, const char *expected, const char *when)
{
	char text[256];

	stages(f, text, sizeof(text));
	ATF_CHECK_MSG(strcmp(text, expected) == 0, "%s: \"%s\", not \"%s\"", when, text, expected);
}

/* --- a journal's story -------------------------------------------------------------------- */

static unsigned done_at[4];

/* How far card and server had been taken when each stage was told. */
static void note_what_was_done(struct lpa_fixture *f, const struct lpa_session_event *event)
{
	(void)f;
	done_at[event->stage] = (lpa_fixture_card_saw("BF38") ? 1u : 0) |
				(lpa_fixture_card_saw("BF21") ? 2u : 0) |
				(lpa_fixture_card_saw("BF36") ? 4u : 0);
}

ATF_TC_WITHOUT_HEAD(each_stage_is_told_before_its_step);
ATF_TC_BODY(each_stage_is_told_before_its_step, tc)
{
	struct lpa_fixture f = { .at_session = note_what_was_done };
	struct esim_iccid iccid;
	struct esim_error err;

	ATF_REQUIRE_EQ(0, esim_iccid_parse(FIXTURE_ICCID, &iccid));
	lpa_fixture_order("demo", NULL, NULL);
	lpa_fixture_start(&f);
	ATF_CHECK_EQ_MSG(0, lpa_fixture_download(&f, "demo", &err), "%s", err.message);
	require_stages(&f, "begun offered loading ended", "a good download");
	ATF_CHECK_EQ(0, done_at[LPA_SESSION_BEGUN]);
	ATF_CHECK_EQ(1, done_at[LPA_SESSION_OFFERED]);
	ATF_CHECK_EQ(3, done_at[LPA_SESSION_LOADING]);
	ATF_CHECK_EQ(7, done_at[LPA_SESSION_ENDED]);
	for (unsigned i = 0; i < f.event_count; i++) {
		ATF_CHECK_STREQ(FIXTURE_NAME, f.events[i].server_address);
		ATF_CHECK_EQ(32, strlen(f.events[i].transaction_id));
		ATF_CHECK_EQ(i > 0, f.events[i].has_iccid);
		ATF_CHECK(!f.events[i].has_iccid || memcmp(&iccid, &f.events[i].iccid, sizeof(iccid)) == 0);
	}
	lpa_fixture_stop(&f);
}

static unsigned cancels_at_end;

static void note_cancels(struct lpa_fixture *f, const struct lpa_session_event *event)
{
	if (event->stage == LPA_SESSION_ENDED)
		cancels_at_end = f->cancels_done;
}

ATF_TC_WITHOUT_HEAD(a_refused_session_ends_when_both_sides_were_told);
ATF_TC_BODY(a_refused_session_ends_when_both_sides_were_told, tc)
{
	struct lpa_fixture f = { .consent = LPA_NO, .at_session = note_cancels };
	struct esim_error err;

	lpa_fixture_order("demo", NULL, NULL);
	lpa_fixture_start(&f);
	ATF_CHECK_EQ(ESIM_EREFUSED, lpa_fixture_download(&f, "demo", &err));
	require_stages(&f, "begun offered ended", "a refused one");
	ATF_CHECK_EQ(1, cancels_at_end);
	ATF_CHECK_EQ(0, f.asked_why_cancelled);
	lpa_fixture_stop(&f);
}

ATF_TC_WITHOUT_HEAD(whatever_step_of_the_server_fails_the_end_is_told_once);
ATF_TC_BODY(whatever_step_of_the_server_fails_the_end_is_told_once, tc)
{
	static const struct {
		const char *fault, *stages;
	} cases[] = {
		{ "initiateAuthentication:http=500", "" },
		{ "initiateAuthentication:tamper=serverSignature1", "begun ended" },
		{ "authenticateClient:http=500", "begun ended" },
		{ "authenticateClient:close", "begun ended" },
		{ "authenticateClient:status=8.2.6/3.8", "begun ended" },
		{ "authenticateClient:tamper=smdpSignature2", "begun ended" },
		{ "getBoundProfilePackage:http=503", "begun offered ended" },
		{ "getBoundProfilePackage:tamper=signature", "begun offered ended" },
		{ "getBoundProfilePackage:tamper=metadata", "begun offered ended" },
		/* Told, although the server cannot be: the card has ended it. */
		{ "getBoundProfilePackage:http=503,cancelSession:http=503", "begun offered ended" },
	};

	lpa_fixture_order("demo", NULL, NULL);
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct lpa_fixture f = { .server_options.fault = cases[i].fault };
		struct esim_error err;

		lpa_fixture_start(&f);
		ATF_CHECK_MSG(lpa_fixture_download(&f, "demo", &err) != 0, "%s", cases[i].fault);
		require_stages(&f, cases[i].stages, cases[i].fault);
		lpa_fixture_stop(&f);
	}
}

ATF_TC_WITHOUT_HEAD(whatever_step_of_the_card_fails_the_end_is_told_once);
ATF_TC_BODY(whatever_step_of_the_card_fails_the_end_is_told_once, tc)
{
	static const struct {
		const char *fault, *stages;
	} cases[] = {
		{ "result=127@BF2E:1", "" },
		{ "result=7@BF38:1", "begun ended" },
		{ "sw=6F00@BF38:1", "begun ended" },
		/* Mute until it is reset: nobody knows that it has ended anything. */
		{ "mute@BF38:1", "begun" },
		{ "sw=6F00@BF21:1", "begun offered ended" },
		{ "result=5@BF21:1", "begun offered ended" },
		/* It had finished: the result is found on the card. */
		{ "mute@BF36:1", "begun offered loading ended" },
		{ "power-loss@BF36:1", "begun offered loading ended" },
	};

	lpa_fixture_order("demo", NULL, NULL);
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct lpa_fixture f = { .card_options.fault = cases[i].fault };
		struct esim_error err;

		lpa_fixture_start(&f);
		lpa_fixture_download(&f, "demo", &err);
		require_stages(&f, cases[i].stages, cases[i].fault);
		lpa_fixture_stop(&f);
	}
}

ATF_TC_WITHOUT_HEAD(a_session_begun_afresh_is_told_apart);
ATF_TC_BODY(a_session_begun_afresh_is_told_apart, tc)
{
	struct lpa_fixture f = { .codes = { "0000", "1234" } };
	struct esim_error err;

	lpa_fixture_order("demo", NULL, "{\"confirmationCode\": \"1234\", \"retries\": 5}");
	lpa_fixture_start(&f);
	ATF_CHECK_EQ_MSG(0, lpa_fixture_download(&f, "demo", &err), "%s", err.message);
	require_stages(&f, "begun offered ended begun! offered! loading! ended!", "a second session");
	lpa_fixture_stop(&f);
}

/* --- why it was cancelled ------------------------------------------------------------------ */

static enum lpa_session_stage cancel_at;

static void cancel(struct lpa_fixture *f, const struct lpa_session_event *event)
{
	if (event->stage == cancel_at)
		esim_cancel_trigger(f->cancel);
}

static void cancel_half_way(struct lpa_fixture *f, const struct es10b_load_progress *load)
{
	if (load->segments_done == load->segments / 2)
		esim_cancel_trigger(f->cancel);
}

static void cancel_with(enum lpa_answer why, int expected, void (*while_loading)(struct lpa_fixture *,
									const struct es10b_load_progress *))
{
	struct lpa_fixture f = { .why_cancelled = why, .while_loading = while_loading,
				 .at_session = while_loading ? NULL : cancel };
	struct esim_error err;

	remove("card.log");
	lpa_fixture_start(&f);
	ATF_CHECK_EQ(ESIM_ECANCELED, lpa_fixture_download(&f, "demo", &err));
	ATF_CHECK_EQ(1, f.asked_why_cancelled);
	ATF_CHECK_EQ_MSG(expected, lpa_fixture_cancel_reason(), "answer %d: %d", why,
			 lpa_fixture_cancel_reason());
	ATF_CHECK_EQ(1, f.cancels_done);
	ATF_CHECK(esim_cancel_triggered(f.cancel));
	lpa_fixture_stop(&f);
}

static const struct {
	enum lpa_answer why;
	int reason;
} reasons[] = {
	{ LPA_NO, ES10B_CANCEL_END_USER_REJECTION },
	{ LPA_LATER, ES10B_CANCEL_POSTPONED },
	{ LPA_NO_ANSWER, ES10B_CANCEL_TIMEOUT },
};

ATF_TC_WITHOUT_HEAD(card_and_server_hear_why_a_download_was_cancelled);
ATF_TC_BODY(card_and_server_hear_why_a_download_was_cancelled, tc)
{
	lpa_fixture_order("demo", NULL, NULL);
	cancel_at = LPA_SESSION_OFFERED;
	for (size_t i = 0; i < 3; i++)
		cancel_with(reasons[i].why, reasons[i].reason, NULL);
	/* Nothing in particular: one who is being asked and interrupts wants none of it. */
	cancel_with(LPA_YES, ES10B_CANCEL_END_USER_REJECTION, NULL);
	cancel_at = LPA_SESSION_LOADING;
	cancel_with(LPA_LATER, ES10B_CANCEL_POSTPONED, NULL);
}

ATF_TC_WITHOUT_HEAD(a_cancelled_load_has_the_users_reason);
ATF_TC_BODY(a_cancelled_load_has_the_users_reason, tc)
{
	lpa_fixture_order("demo", NULL, NULL);
	cancel_with(LPA_LATER, ES10B_CANCEL_POSTPONED, cancel_half_way);
	cancel_with(LPA_NO, ES10B_CANCEL_END_USER_REJECTION, cancel_half_way);
	cancel_with(LPA_YES, ES10B_CANCEL_LOAD_BPP_EXECUTION_ERROR, cancel_half_way);
}

static void cancel_when_the_card_has_answered(struct lpa_fixture *f)
{
	if (!lpa_fixture_card_saw("BF38"))
		return;
	f->at_step = NULL;
	esim_cancel_trigger(f->cancel);
}

ATF_TC_WITHOUT_HEAD(a_cancelled_discovery_tells_the_card_why);
ATF_TC_BODY(a_cancelled_discovery_tells_the_card_why, tc)
{
	struct lpa_fixture f = { .why_cancelled = LPA_NO_ANSWER,
				 .at_step = cancel_when_the_card_has_answered };
	struct es9p_event *events = NULL;
	struct esim_error err;
	size_t count = 0;

	lpa_fixture_order("demo", NULL, NULL);
	lpa_fixture_start(&f);
	ATF_CHECK_EQ(ESIM_ECANCELED, lpa_discover(f.lpa, NULL, &events, &count, &err));
	ATF_CHECK_EQ(1, f.asked_why_cancelled);
	ATF_CHECK_EQ(ES10B_CANCEL_TIMEOUT, lpa_fixture_cancel_reason());
	/* ES11 has no function for it. */
	ATF_CHECK_EQ(0, f.cancels_sent);
	require_stages(&f, "begun ended", "a cancelled discovery");
	ATF_CHECK(f.events[1].is_smds);
	lpa_fixture_stop(&f);
}

ATF_TC_WITHOUT_HEAD(a_discovery_that_works_is_told_as_a_whole);
ATF_TC_BODY(a_discovery_that_works_is_told_as_a_whole, tc)
{
	struct es9p_event *events = NULL;
	struct lpa_fixture f = { 0 };
	struct esim_error err;
	size_t count = 0;

	lpa_fixture_order("demo", NULL, NULL);
	lpa_fixture_start(&f);
	ATF_CHECK_EQ_MSG(0, lpa_discover(f.lpa, NULL, &events, &count, &err), "%s", err.message);
	free(events);
	require_stages(&f, "begun ended", "a discovery");
	/* Known from the start: a later process must not look for a function that ES11 has not. */
	ATF_CHECK(f.events[0].is_smds);
	lpa_fixture_stop(&f);
}

/* --- a session that was left open ------------------------------------------------------------ */

/* What a process that died had written down, with the session as it left it. */
static void leave_open(struct lpa_fixture *f, const char *server, enum lpa_server_kind kind,
		       struct fixture_session_event *ret)
{
	struct lpa_session session = {
		.lpa = f->lpa, .reason = LPA_NO_REASON, .server_oid = "",
		.matching_id = kind == LPA_SERVER_SMDP ? "demo" : NULL, .kind = kind,
	};
	struct esim_error err;

	ATF_REQUIRE_EQ(0, lpa_server_init(f->lpa, server, &session.server, &err));
	ATF_REQUIRE_EQ_MSG(0, lpa_session_authenticate(&session, &err), "%s", err.message);
	lpa_session_clear(&session);
	ATF_REQUIRE(f->event_count > 0);
	*ret = f->events[(f->event_count - 1) % FIXTURE_EVENTS];
	ATF_REQUIRE_EQ(LPA_SESSION_BEGUN, ret->stage);
}

static int end_it(struct lpa_fixture *f, const struct fixture_session_event *left, enum lpa_answer why,
		  bool *card, bool *server, struct esim_error *err)
{
	return lpa_end_session(f->lpa, left->server_address, left->transaction_id, left->is_smds, why,
			       card, server, err);
}

ATF_TC_WITHOUT_HEAD(a_session_left_open_is_ended_on_both_sides);
ATF_TC_BODY(a_session_left_open_is_ended_on_both_sides, tc)
{
	struct lpa_fixture f = { 0 };
	struct fixture_session_event left;
	bool card = false, server = false;
	struct esim_error err;

	lpa_fixture_order("demo", NULL, NULL);
	lpa_fixture_start(&f);
	for (size_t i = 0; i < 3; i++) {
		leave_open(&f, FIXTURE_NAME, LPA_SERVER_SMDP, &left);
		ATF_CHECK_EQ_MSG(0, end_it(&f, &left, reasons[i].why, &card, &server, &err), "%s",
				 err.message);
		ATF_CHECK(card);
		ATF_CHECK(server);
		ATF_CHECK_EQ(reasons[i].reason, lpa_fixture_cancel_reason());
		ATF_CHECK_EQ(i + 1, f.cancels_done);
	}
	/* The order was not used up by any of it. */
	ATF_CHECK_EQ_MSG(0, lpa_fixture_download(&f, "demo", &err), "%s", err.message);
	lpa_fixture_stop(&f);
}

ATF_TC_WITHOUT_HEAD(a_card_that_forgot_the_session_has_ended_it);
ATF_TC_BODY(a_card_that_forgot_the_session_has_ended_it, tc)
{
	struct lpa_fixture f = { 0 };
	struct fixture_session_event left;
	bool card = false, server = true;
	struct esim_error err;

	lpa_fixture_order("demo", NULL, NULL);
	lpa_fixture_start(&f);
	leave_open(&f, FIXTURE_NAME, LPA_SERVER_SMDP, &left);
	ATF_REQUIRE_EQ(0, esim_card_reset(f.card, &err));
	ATF_CHECK_EQ_MSG(0, end_it(&f, &left, LPA_LATER, &card, &server, &err), "%s", err.message);
	ATF_CHECK(card);
	ATF_CHECK(!server);
	ATF_CHECK_EQ(0, f.cancels_sent);
	ATF_CHECK_EQ(0, err.code);
	lpa_fixture_stop(&f);
}

ATF_TC_WITHOUT_HEAD(an_smds_is_not_told);
ATF_TC_BODY(an_smds_is_not_told, tc)
{
	struct lpa_fixture f = { 0 };
	struct fixture_session_event left;
	bool card = false, server = true;
	struct esim_error err;

	lpa_fixture_order("demo", NULL, NULL);
	lpa_fixture_start(&f);
	leave_open(&f, FIXTURE_SMDS, LPA_SERVER_SMDS, &left);
	left.is_smds = true;
	ATF_CHECK_EQ_MSG(0, end_it(&f, &left, LPA_LATER, &card, &server, &err), "%s", err.message);
	ATF_CHECK(card);
	ATF_CHECK(!server);
	ATF_CHECK_EQ(0, f.cancels_sent);
	lpa_fixture_stop(&f);
}

ATF_TC_WITHOUT_HEAD(a_server_that_is_away_leaves_the_card_ended);
ATF_TC_BODY(a_server_that_is_away_leaves_the_card_ended, tc)
{
	struct lpa_fixture f = { .server_options.fault = "cancelSession:http=503" };
	struct fixture_session_event left;
	bool card = false, server = true;
	struct esim_error err;

	lpa_fixture_order("demo", NULL, NULL);
	lpa_fixture_start(&f);
	leave_open(&f, FIXTURE_NAME, LPA_SERVER_SMDP, &left);
	ATF_CHECK_EQ(ESIM_EHTTP, end_it(&f, &left, LPA_LATER, &card, &server, &err));
	ATF_CHECK(card);
	ATF_CHECK(!server);
	lpa_fixture_stop(&f);
}

ATF_TC_WITHOUT_HEAD(a_transaction_id_from_a_damaged_journal_is_refused);
ATF_TC_BODY(a_transaction_id_from_a_damaged_journal_is_refused, tc)
{
	static const char *const ids[] = { "", "A", "ZZ", "00112233445566778899AABBCCDDEEFF00" };
	struct lpa_fixture f = { 0 };
	struct esim_error err;
	bool card, server;

	lpa_fixture_order("demo", NULL, NULL);
	lpa_fixture_start(&f);
	for (size_t i = 0; i < sizeof(ids) / sizeof(ids[0]); i++)
		ATF_CHECK_EQ(ESIM_EINVAL, lpa_end_session(f.lpa, FIXTURE_NAME, ids[i], false, LPA_LATER,
							  &card, &server, &err));
	ATF_CHECK(!lpa_fixture_card_saw("BF41"));
	lpa_fixture_stop(&f);
}

ATF_TC_WITHOUT_HEAD(no_end_is_told_where_the_card_was_silent);
ATF_TC_BODY(no_end_is_told_where_the_card_was_silent, tc)
{
	struct lpa_fixture f = { .consent = LPA_LATER, .card_options.fault = "mute@BF41:1" };
	struct esim_error err;
	bool card = false, server = false;

	lpa_fixture_order("demo", NULL, NULL);
	lpa_fixture_start(&f);
	ATF_CHECK_EQ(ESIM_EREFUSED, lpa_fixture_download(&f, "demo", &err));
	require_stages(&f, "begun offered", "a silent card");
	/* What a later process does. */
	ATF_REQUIRE_EQ(0, esim_card_reset(f.card, &err));
	ATF_CHECK_EQ_MSG(0, end_it(&f, &f.events[1], LPA_LATER, &card, &server, &err), "%s", err.message);
	ATF_CHECK(card);
	lpa_fixture_stop(&f);
}

ATF_TP_ADD_TCS(tp)
{
	ATF_TP_ADD_TC(tp, each_stage_is_told_before_its_step);
	ATF_TP_ADD_TC(tp, a_refused_session_ends_when_both_sides_were_told);
	ATF_TP_ADD_TC(tp, whatever_step_of_the_server_fails_the_end_is_told_once);
	ATF_TP_ADD_TC(tp, whatever_step_of_the_card_fails_the_end_is_told_once);
	ATF_TP_ADD_TC(tp, a_session_begun_afresh_is_told_apart);
	ATF_TP_ADD_TC(tp, card_and_server_hear_why_a_download_was_cancelled);
	ATF_TP_ADD_TC(tp, a_cancelled_load_has_the_users_reason);
	ATF_TP_ADD_TC(tp, a_cancelled_discovery_tells_the_card_why);
	ATF_TP_ADD_TC(tp, a_discovery_that_works_is_told_as_a_whole);
	ATF_TP_ADD_TC(tp, a_session_left_open_is_ended_on_both_sides);
	ATF_TP_ADD_TC(tp, a_card_that_forgot_the_session_has_ended_it);
	ATF_TP_ADD_TC(tp, an_smds_is_not_told);
	ATF_TP_ADD_TC(tp, a_server_that_is_away_leaves_the_card_ended);
	ATF_TP_ADD_TC(tp, a_transaction_id_from_a_damaged_journal_is_refused);
	ATF_TP_ADD_TC(tp, no_end_is_told_where_the_card_was_silent);
	return atf_no_error();
}
