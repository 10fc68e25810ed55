/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The truth of lpad: what card, disk and servers are brought to, whatever happened before. */
#include "lpad_fixture.h"

#include <atf-c.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

static const char *detail(const struct snapshot *snapshot, const char *name)
{
	const char *text = json_string_value(json_object_get(snapshot->details, name));

	return text ? text : "";
}

static size_t owed(const struct outbox *outbox)
{
	size_t count = 0;

	for (size_t i = 0; i < outbox->count; i++)
		count += !outbox->entries[i].delivered;
	return count;
}

/* --- what it tells ------------------------------------------------------------------------------ */

ATF_TC_WITHOUT_HEAD(all_that_card_and_disk_say_is_told);
ATF_TC_BODY(all_that_card_and_disk_say_is_told, tc)
{
	struct lpad_fixture f = { .card_options.default_smdp = FIXTURE_NAME };
	struct snapshot s;
	char eid[ESIM_EID_DIGITS + 1];

	lpa_fixture_order("demo", NULL, NULL);
	lpad_fixture_start(&f);
	f.target.has_eid = false;
	lpad_truth(&f, &s);
	ATF_REQUIRE_EQ(0, esim_eid_format(&s.eid, eid));
	ATF_CHECK_EQ(0, memcmp(&s.eid, &f.target.eid, sizeof(s.eid)));
	ATF_CHECK_STREQ(eid, detail(&s, "eid"));
	ATF_CHECK_STREQ("A0000005591010FFFFFFFF8900000100", detail(&s, "isdrAid"));
	ATF_CHECK_STREQ(FIXTURE_NAME, detail(&s, "defaultDpAddress"));
	ATF_CHECK_STREQ(FIXTURE_SMDS, detail(&s, "rootDsAddress"));
	ATF_CHECK(json_object_get(json_object_get(s.details, "euiccInfo1"), "euiccCiPKIdListForSigning"));
	ATF_CHECK(json_object_get(json_object_get(s.details, "euiccInfo2"), "extCardResource"));
	ATF_CHECK(json_is_array(json_object_get(s.details, "rulesAuthorisationTable")));
	ATF_CHECK_STREQ("2.5.0", s.spec_version);
	ATF_CHECK_STREQ("unix", s.transport);
	ATF_CHECK(s.profiles_known && s.profile_count == 0 && s.notifications_known && s.outbox.count == 0);
	snapshot_clear(&s);

	f.target.has_eid = true;
	ATF_REQUIRE_EQ_MSG(0, lpad_download(&f, "demo"), "%s", f.err.message);
	lpad_truth(&f, &s);
	ATF_REQUIRE_EQ(1, s.profile_count);
	ATF_CHECK(s.profiles[0].has_state && s.profiles[0].state == ESIM_PROFILE_DISABLED);
	ATF_CHECK(json_object_get(s.profiles[0].details, "iccid"));
	ATF_CHECK_EQ(1, owed(&s.outbox));
	snapshot_clear(&s);
	lpad_fixture_stop(&f);
}

ATF_TC_WITHOUT_HEAD(a_brief_truth_asks_for_what_a_job_may_have_changed);
ATF_TC_BODY(a_brief_truth_asks_for_what_a_job_may_have_changed, tc)
{
	struct lpad_fixture f = { 0 };
	struct snapshot s;
	unsigned infos;

	lpa_fixture_order("demo", NULL, NULL);
	lpad_fixture_start(&f);
	lpad_truth(&f, &s);
	infos = lpad_card_saw("BF22");
	ATF_REQUIRE_EQ(0, work_truth(f.session, &f.target, NULL, true, &s, &f.err));
	ATF_CHECK_EQ(infos, lpad_card_saw("BF22"));
	ATF_CHECK(s.profiles_known && s.notifications_known);
	ATF_CHECK_STREQ("2.5.0", s.spec_version);

	ATF_REQUIRE_EQ(0, work_address(f.session, &f.target, NULL, "other.example.com", &f.err));
	ATF_REQUIRE_EQ(0, work_truth(f.session, &f.target, NULL, true, &s, &f.err));
	ATF_CHECK_STREQ("other.example.com", detail(&s, "defaultDpAddress"));
	snapshot_clear(&s);
	lpad_fixture_stop(&f);
}

ATF_TC_WITHOUT_HEAD(what_cannot_be_read_is_unknown_and_the_rest_is_told);
ATF_TC_BODY(what_cannot_be_read_is_unknown_and_the_rest_is_told, tc)
{
	struct lpad_fixture f = { .card_options.fault = "sw=6A88@BF2D" };
	struct snapshot s = { 0 };

	lpad_fixture_start(&f);
	ATF_CHECK_EQ(ESIM_ESW, work_truth(f.session, &f.target, NULL, false, &s, &f.err));
	ATF_CHECK_EQ(0x6A88, f.err.sw);
	ATF_CHECK(!s.profiles_known && s.notifications_known);
	ATF_CHECK(json_object_get(s.details, "euiccInfo2"));
	snapshot_clear(&s);
	lpad_fixture_stop(&f);
}

ATF_TC_WITHOUT_HEAD(another_euicc_in_the_place_of_the_known_one_is_left_alone);
ATF_TC_BODY(another_euicc_in_the_place_of_the_known_one_is_left_alone, tc)
{
	struct lpad_fixture f = { 0 };
	struct snapshot s = { 0 };

	lpad_fixture_start(&f);
	f.target.eid.bytes[15] ^= 0x01;
	ATF_CHECK_EQ(ESIM_ESTALE, work_truth(f.session, &f.target, NULL, false, &s, &f.err));
	ATF_CHECK_EQ(ESIM_ESTALE, lpad_switch(&f, WORK_ENABLE));
	ATF_CHECK_EQ(0, lpad_card_saw("BF31"));
	ATF_CHECK_EQ(0, lpad_card_saw("BF2D"));
	snapshot_clear(&s);
	lpad_fixture_stop(&f);
}

/* A card may hold two eUICCs, each behind an AID of its own. */
ATF_TC_WITHOUT_HEAD(an_aid_names_one_euicc_of_a_card_and_a_known_euicc_is_found_by_any);
ATF_TC_BODY(an_aid_names_one_euicc_of_a_card_and_a_known_euicc_is_found_by_any, tc)
{
	struct lpad_fixture f = { 0 };
	struct snapshot s = { 0 };
	size_t count;

	lpad_fixture_start(&f);
	f.target.isdr_aid = esim_isdr_aids(&count)[1];
	f.target.has_eid = false;
	ATF_CHECK_EQ(ESIM_ENOENT, work_truth(f.session, &f.target, NULL, false, &s, &f.err));
	snapshot_clear(&s);
	f.target.has_eid = true;
	lpad_truth(&f, &s);
	ATF_CHECK_EQ(0, memcmp(s.isdr_aid.bytes, esim_isdr_aids(&count)[0].bytes, s.isdr_aid.len));
	snapshot_clear(&s);
	lpad_fixture_stop(&f);
}

ATF_TC_WITHOUT_HEAD(a_gone_euicc_owes_what_its_disk_says);
ATF_TC_BODY(a_gone_euicc_owes_what_its_disk_says, tc)
{
	struct lpad_fixture f = { 0 };
	struct snapshot s;

	lpa_fixture_order("demo", NULL, NULL);
	lpad_fixture_start(&f);
	ATF_REQUIRE_EQ_MSG(0, lpad_download(&f, "demo"), "%s", f.err.message);
	lpad_truth(&f, &s);
	lpad_card_stop(&f.card);
	ATF_CHECK(work_truth(f.session, &f.target, NULL, true, &s, &f.err) < 0);
	ATF_CHECK(!s.profiles_known && !s.notifications_known);
	ATF_CHECK_EQ(1, owed(&s.outbox));
	f.target.uri[0] = '\0';
	ATF_CHECK_EQ(ESIM_ENODEV, work_truth(f.session, &f.target, NULL, true, &s, &f.err));
	ATF_CHECK_EQ(1, owed(&s.outbox));
	snapshot_clear(&s);
	lpad_fixture_stop(&f);
}

ATF_TC_WITHOUT_HEAD(the_segment_size_of_a_card_is_found_once);
ATF_TC_BODY(the_segment_size_of_a_card_is_found_once, tc)
{
	struct lpad_fixture f = { .card_options.segment_limit = 100 };
	struct card_record record = { 0 };
	struct snapshot s;

	lpa_fixture_order("demo", NULL, NULL);
	lpad_fixture_start(&f);
	ATF_REQUIRE_EQ_MSG(0, lpad_download(&f, "demo"), "%s", f.err.message);
	lpad_truth(&f, &s);
	ATF_CHECK(s.segment_size > 0 && s.segment_size <= 100);
	ATF_REQUIRE_EQ(0, card_record_read(f.store, &f.target.eid, &record));
	ATF_CHECK_EQ(s.segment_size, record.segment_size);
	snapshot_clear(&s);
	/* The next look sends nothing long, and must not unlearn it. */
	lpad_daemon_stop(&f);
	lpad_daemon_start(&f);
	f.target.has_eid = false;
	lpad_truth(&f, &s);
	snapshot_clear(&s);
	f.target.has_eid = true;
	card_session_close_card(f.session);
	lpad_truth(&f, &s);
	ATF_CHECK_EQ(record.segment_size, s.segment_size);
	ATF_CHECK_EQ(s.segment_size, esim_card_segment_size(card_session_card(f.session)));
	snapshot_clear(&s);
	lpad_fixture_stop(&f);
}

/* --- notifications --------------------------------------------------------------------------------------- */

ATF_TC_WITHOUT_HEAD(what_the_card_no_longer_holds_stays_owed);
ATF_TC_BODY(what_the_card_no_longer_holds_stays_owed, tc)
{
	struct lpad_fixture f = { 0 };
	struct snapshot s;

	lpa_fixture_order("demo", NULL, NULL);
	lpad_fixture_start(&f);
	ATF_REQUIRE_EQ_MSG(0, lpad_download(&f, "demo"), "%s", f.err.message);
	lpad_truth(&f, &s);
	snapshot_clear(&s);
	ATF_REQUIRE_EQ(0, es10b_remove_notification_from_list(card_session_card(f.session), 0, &f.err));
	lpad_truth(&f, &s);
	ATF_CHECK_EQ(1, owed(&s.outbox));
	snapshot_clear(&s);
	ATF_CHECK_EQ_MSG(0, lpad_deliver(&f, NULL), "%s", f.err.message);
	ATF_CHECK_STREQ("0", lpad_server_numbers());
	ATF_CHECK_EQ(0, lpad_outbox_files(&f, ""));
	lpad_fixture_stop(&f);
}

/* The daemon died between the server's 204 and the card's forgetting. */
ATF_TC_WITHOUT_HEAD(what_was_delivered_is_forgotten_and_not_sent_again);
ATF_TC_BODY(what_was_delivered_is_forgotten_and_not_sent_again, tc)
{
	struct lpad_fixture f = { 0 };
	struct snapshot s;

	lpa_fixture_order("demo", NULL, NULL);
	lpad_fixture_start(&f);
	ATF_REQUIRE_EQ_MSG(0, lpad_download(&f, "demo"), "%s", f.err.message);
	lpad_truth(&f, &s);
	ATF_REQUIRE_EQ(1, s.outbox.count);
	s.outbox.entries[0].delivered = true;
	ATF_REQUIRE_EQ(0, outbox_update(f.store, &f.target.eid, &s.outbox.entries[0], &f.err));
	snapshot_clear(&s);
	lpad_daemon_stop(&f);
	lpad_daemon_start(&f);
	lpad_truth(&f, &s);
	ATF_CHECK_EQ(0, s.outbox.count);
	ATF_CHECK_EQ(1, lpad_card_saw("BF30"));
	ATF_CHECK_EQ(0, lpad_deliver(&f, NULL));
	ATF_CHECK_STREQ("", lpad_server_numbers());
	snapshot_clear(&s);
	lpad_fixture_stop(&f);
}

/* An eUICC that counts anew: the number is known, the notification is another. */
static void renew_card(struct lpad_fixture *f)
{
	card_session_close_card(f->session);
	lpad_card_stop(&f->card);
	lpad_card_start(&f->card, &f->card_options, LPAD_CARD);
	ATF_REQUIRE_EQ_MSG(0, lpad_download(f, "demo"), "%s", f->err.message);
}

ATF_TC_WITHOUT_HEAD(two_notifications_of_one_number_are_both_sent);
ATF_TC_BODY(two_notifications_of_one_number_are_both_sent, tc)
{
	struct lpad_fixture f = { 0 };
	struct snapshot s;

	lpa_fixture_order("demo", NULL, NULL);
	lpad_fixture_start(&f);
	ATF_REQUIRE_EQ_MSG(0, lpad_download(&f, "demo"), "%s", f.err.message);
	lpad_truth(&f, &s);
	snapshot_clear(&s);
	renew_card(&f);
	lpad_truth(&f, &s);
	ATF_CHECK_EQ(2, owed(&s.outbox));
	snapshot_clear(&s);
	ATF_CHECK_EQ_MSG(0, lpad_deliver(&f, NULL), "%s", f.err.message);
	ATF_CHECK_STREQ("0 0", lpad_server_numbers());
	ATF_CHECK_EQ(1, lpad_card_saw("BF30"));
	ATF_CHECK_EQ(0, lpad_outbox_files(&f, ""));
	lpad_fixture_stop(&f);
}

ATF_TC_WITHOUT_HEAD(a_new_notification_is_not_taken_for_one_that_was_delivered);
ATF_TC_BODY(a_new_notification_is_not_taken_for_one_that_was_delivered, tc)
{
	struct lpad_fixture f = { 0 };
	struct snapshot s;

	lpa_fixture_order("demo", NULL, NULL);
	lpad_fixture_start(&f);
	ATF_REQUIRE_EQ_MSG(0, lpad_download(&f, "demo"), "%s", f.err.message);
	lpad_truth(&f, &s);
	s.outbox.entries[0].delivered = true;
	ATF_REQUIRE_EQ(0, outbox_update(f.store, &f.target.eid, &s.outbox.entries[0], &f.err));
	snapshot_clear(&s);
	renew_card(&f);
	lpad_truth(&f, &s);
	ATF_CHECK_EQ(1, owed(&s.outbox));
	ATF_CHECK_EQ(0, lpad_card_saw("BF30"));
	snapshot_clear(&s);
	ATF_CHECK_EQ(0, lpad_deliver(&f, NULL));
	ATF_CHECK_STREQ("0", lpad_server_numbers());
	lpad_fixture_stop(&f);
}

ATF_TP_ADD_TCS(tp)
{
	ATF_TP_ADD_TC(tp, all_that_card_and_disk_say_is_told);
	ATF_TP_ADD_TC(tp, a_brief_truth_asks_for_what_a_job_may_have_changed);
	ATF_TP_ADD_TC(tp, what_cannot_be_read_is_unknown_and_the_rest_is_told);
	ATF_TP_ADD_TC(tp, another_euicc_in_the_place_of_the_known_one_is_left_alone);
	ATF_TP_ADD_TC(tp, an_aid_names_one_euicc_of_a_card_and_a_known_euicc_is_found_by_any);
	ATF_TP_ADD_TC(tp, a_gone_euicc_owes_what_its_disk_says);
	ATF_TP_ADD_TC(tp, the_segment_size_of_a_card_is_found_once);
	ATF_TP_ADD_TC(tp, what_the_card_no_longer_holds_stays_owed);
	ATF_TP_ADD_TC(tp, what_was_delivered_is_forgotten_and_not_sent_again);
	ATF_TP_ADD_TC(tp, two_notifications_of_one_number_are_both_sent);
	ATF_TP_ADD_TC(tp, a_new_notification_is_not_taken_for_one_that_was_delivered);
	return atf_no_error();
}
