/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The truth of lpad after a daemon that died: sessions are ended, and no notification is lost. */
#include "lpad_fixture.h"

#include <atf-c.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* --- sessions ---------------------------------------------------------------------------------------- */

static void download(struct lpad_fixture *f)
{
	lpad_download(f, "demo");
}

/* Kill a daemon in the midst of a download, where session.json says that a session is open. */
static void leave_session(struct lpad_fixture *f)
{
	bool open = false;

	lpad_daemon_stop(f);
	for (unsigned at = 1; !open; at++) {
		ATF_REQUIRE(lpad_killed_at(f, at, download));
		lpad_daemon_start(f);
		open = lpad_session_is_open(f);
		if (!open)
			lpad_daemon_stop(f);
	}
}

ATF_TC_WITHOUT_HEAD(a_session_that_was_left_open_is_ended_on_card_and_server);
ATF_TC_BODY(a_session_that_was_left_open_is_ended_on_card_and_server, tc)
{
	struct lpad_fixture f = { 0 };
	struct session_record record = { 0 };
	struct snapshot s;

	lpa_fixture_order("demo", NULL, "{\"once\": true}");
	lpad_fixture_start(&f);
	leave_session(&f);
	ATF_REQUIRE_EQ(0, session_record_read(f.store, &f.target.eid, &record, &f.err));
	ATF_CHECK_STREQ(FIXTURE_NAME, record.server_address);
	lpad_truth(&f, &s);
	ATF_CHECK_EQ(1, lpad_card_saw("BF41"));
	ATF_CHECK(!lpad_session_is_open(&f));
	ATF_CHECK_EQ(0, s.profile_count);
	snapshot_clear(&s);
	/* The order is free again. */
	ATF_CHECK_EQ_MSG(0, lpad_download(&f, "demo"), "%s", f.err.message);
	lpad_fixture_stop(&f);
}

/* Each stage is on disk before the step that it names. */
ATF_TC_WITHOUT_HEAD(the_journal_knows_how_far_a_download_had_come);
ATF_TC_BODY(the_journal_knows_how_far_a_download_had_come, tc)
{
	struct lpad_fixture f = { 0 };
	struct session_record record;
	bool had_iccid = false, had_begun = false, was_loading = false, killed = true;

	lpa_fixture_order("demo", NULL, NULL);
	lpad_fixture_start(&f);
	lpad_daemon_stop(&f);
	for (unsigned at = 1; killed; at++) {
		ATF_REQUIRE_EQ(0, system("rm -rf state"));
		killed = lpad_killed_at(&f, at, download);
		lpad_daemon_start(&f);
		if (session_record_read(f.store, &f.target.eid, &record, NULL) == 0) {
			had_begun |= !record.has_iccid;
			had_iccid |= record.has_iccid && !record.loading;
			was_loading |= record.loading;
			ATF_CHECK(record.loading || lpad_card_saw("BF36") == 0);
		}
		lpad_daemon_stop(&f);
		ATF_REQUIRE_EQ(0, system("rm -f card.log"));
		lpad_card_stop(&f.card);
		lpad_card_start(&f.card, &f.card_options, LPAD_CARD);
	}
	ATF_CHECK(had_begun && had_iccid && was_loading);
	lpad_fixture_stop(&f);
}

ATF_TC_WITHOUT_HEAD(a_session_whose_server_is_gone_is_ended_all_the_same);
ATF_TC_BODY(a_session_whose_server_is_gone_is_ended_all_the_same, tc)
{
	struct lpad_fixture f = { 0 };
	struct snapshot s;

	lpa_fixture_order("demo", NULL, NULL);
	lpad_fixture_start(&f);
	leave_session(&f);
	lpad_server_stop(&f);
	lpad_truth(&f, &s);
	ATF_CHECK(!lpad_session_is_open(&f));
	snapshot_clear(&s);
	lpad_fixture_stop(&f);
}

ATF_TC_WITHOUT_HEAD(a_session_that_the_card_does_not_know_is_over);
ATF_TC_BODY(a_session_that_the_card_does_not_know_is_over, tc)
{
	const struct session_record record = { .server_address = FIXTURE_NAME, .transaction_id = "0102" };
	struct lpad_fixture f = { 0 };
	struct snapshot s;

	lpad_fixture_start(&f);
	ATF_REQUIRE_EQ(0, session_record_write(f.store, &f.target.eid, &record, &f.err));
	lpad_truth(&f, &s);
	ATF_CHECK(!lpad_session_is_open(&f));
	snapshot_clear(&s);
	lpad_fixture_stop(&f);
}

ATF_TC_WITHOUT_HEAD(a_session_that_a_mute_card_holds_is_not_forgotten);
ATF_TC_BODY(a_session_that_a_mute_card_holds_is_not_forgotten, tc)
{
	struct lpad_fixture f = { 0 };
	struct snapshot s = { 0 };

	lpa_fixture_order("demo", NULL, NULL);
	lpad_fixture_start(&f);
	leave_session(&f);
	ATF_REQUIRE_EQ(0, veuicc_set_fault(f.card.veuicc, "power-loss@BF41", &f.err));
	ATF_CHECK(work_truth(f.session, &f.target, NULL, false, &s, &f.err) < 0);
	ATF_CHECK_EQ(ESIM_DOMAIN_TRANSPORT, f.err.domain);
	ATF_CHECK(lpad_session_is_open(&f));
	ATF_REQUIRE_EQ(0, veuicc_set_fault(f.card.veuicc, NULL, &f.err));
	snapshot_clear(&s);
	lpad_truth(&f, &s);
	ATF_CHECK(!lpad_session_is_open(&f));
	snapshot_clear(&s);
	lpad_fixture_stop(&f);
}

/* --- a daemon that is killed ----------------------------------------------------------------------------------- */

static void truth_and_delivery(struct lpad_fixture *f)
{
	struct snapshot s = { 0 };

	work_truth(f->session, &f->target, &f->hooks, false, &s, &f->err);
	lpad_deliver(f, NULL);
	snapshot_clear(&s);
}

static void a_life(struct lpad_fixture *f)
{
	static const enum work_switch changes[] = { WORK_ENABLE, WORK_DISABLE, WORK_DELETE };

	truth_and_delivery(f);
	lpad_download(f, "demo");
	truth_and_delivery(f);
	for (size_t i = 0; i < 3; i++) {
		lpad_switch(f, changes[i]);
		truth_and_delivery(f);
	}
}

/* After a restart everything the eUICC ever numbered is at the server, and it holds nothing any more. */
static void check_after_restart(struct lpad_fixture *f, unsigned at)
{
	struct esim_notification *list = NULL;
	struct snapshot s;
	unsigned twice = 0;
	size_t count = 0;
	int highest = -1;

	lpad_daemon_start(f);
	lpad_truth(f, &s);
	for (size_t i = 0; i < s.outbox.count; i++)
		highest = (int)s.outbox.entries[i].metadata.seq_number;
	ATF_CHECK_MSG(!lpad_session_is_open(f), "killed at %u: a session stays open", at);
	ATF_CHECK_EQ_MSG(0, lpad_deliver(f, NULL), "killed at %u: %s", at, f->err.message);
	for (int seq = 0; seq <= highest; seq++) {
		const unsigned times = lpad_server_has((unsigned)seq);

		ATF_CHECK_MSG(times > 0, "killed at %u: number %d is missing in %s", at, seq,
			      lpad_server_numbers());
		twice += times - 1;
	}
	/* Of the server's 204 nothing but a crash before it was written down lets a second one go out. */
	ATF_CHECK_EQ_MSG(strcmp(lpad_killed_in(), "ES9+.HandleNotification ended") == 0 ? 1 : 0, twice,
			 "killed at %u, %s: %s", at, lpad_killed_in(), lpad_server_numbers());
	ATF_CHECK_EQ(0, es10b_list_notification(card_session_card(f->session), 0, &list, &count, &f->err));
	ATF_CHECK_EQ_MSG(0, count, "killed at %u: the card holds %zu", at, count);
	ATF_CHECK_EQ(0, lpad_outbox_files(f, ""));
	free(list);
	snapshot_clear(&s);
	lpad_daemon_stop(f);
}

static void fresh_start(struct lpad_fixture *f)
{
	lpad_card_stop(&f->card);
	ATF_REQUIRE_EQ(0, system("rm -rf state notifications.log card.log"));
	lpad_server_stop(f);
	lpad_server_start(f, NULL);
	lpad_card_start(&f->card, &f->card_options, LPAD_CARD);
}

ATF_TC(every_number_reaches_the_server_wherever_the_daemon_is_killed);
ATF_TC_HEAD(every_number_reaches_the_server_wherever_the_daemon_is_killed, tc)
{
	atf_tc_set_md_var(tc, "timeout", "900");
}
ATF_TC_BODY(every_number_reaches_the_server_wherever_the_daemon_is_killed, tc)
{
	struct lpad_fixture f = { 0 };
	bool killed = true;

	lpa_fixture_order("demo", NULL, NULL);
	lpad_fixture_start(&f);
	lpad_daemon_stop(&f);
	for (unsigned at = 1; killed; at++) {
		fresh_start(&f);
		killed = lpad_killed_at(&f, at, a_life);
		check_after_restart(&f, at);
	}
	ATF_CHECK_STREQ("0 1 2 3", lpad_server_numbers());
	lpad_fixture_stop(&f);
}

ATF_TP_ADD_TCS(tp)
{
	ATF_TP_ADD_TC(tp, a_session_that_was_left_open_is_ended_on_card_and_server);
	ATF_TP_ADD_TC(tp, the_journal_knows_how_far_a_download_had_come);
	ATF_TP_ADD_TC(tp, a_session_whose_server_is_gone_is_ended_all_the_same);
	ATF_TP_ADD_TC(tp, a_session_that_the_card_does_not_know_is_over);
	ATF_TP_ADD_TC(tp, a_session_that_a_mute_card_holds_is_not_forgotten);
	ATF_TP_ADD_TC(tp, every_number_reaches_the_server_wherever_the_daemon_is_killed);
	return atf_no_error();
}
