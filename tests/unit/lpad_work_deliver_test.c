/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Delivery of lpad's outbox: order, failures, what is forgotten and when. */
#include "lpad_fixture.h"

#include <atf-c.h>
#include <stdio.h>
#include <string.h>
#include <time.h>

#define GONE	"gone.example.com"

/* A card with the notification of an installation, mirrored. @order: its side file. */
static void owe_order(struct lpad_fixture *f, const char *order)
{
	struct snapshot s;

	lpa_fixture_order("demo", NULL, order);
	lpad_fixture_start(f);
	ATF_REQUIRE_EQ_MSG(0, lpad_download(f, "demo"), "%s", f->err.message);
	lpad_truth(f, &s);
	ATF_REQUIRE_EQ(1, s.outbox.count);
	snapshot_clear(&s);
}

static void owe(struct lpad_fixture *f)
{
	owe_order(f, NULL);
}

/* Enable and disable, and mirror what that made. */
static void owe_more(struct lpad_fixture *f)
{
	struct snapshot s;

	ATF_REQUIRE_EQ_MSG(0, lpad_switch(f, WORK_ENABLE), "%s", f->err.message);
	ATF_REQUIRE_EQ_MSG(0, lpad_switch(f, WORK_DISABLE), "%s", f->err.message);
	lpad_truth(f, &s);
	snapshot_clear(&s);
}

/* The same server, anew; the lane's connection goes with the old one. */
static void restart_server(struct lpad_fixture *f, const char *fault)
{
	lpad_server_stop(f);
	lpad_server_start(f, fault);
	card_session_free(&f->session);
	f->session = card_session_new(f->context);
}

static int deliver_only(struct lpad_fixture *f, const char *name, struct outbox *ret)
{
	memset(ret, 0, sizeof(*ret));
	return work_deliver(f->session, &f->target, &f->hooks, name, ret, &f->err);
}

ATF_TC_WITHOUT_HEAD(nothing_is_forgotten_before_the_servers_204);
ATF_TC_BODY(nothing_is_forgotten_before_the_servers_204, tc)
{
	struct lpad_fixture f = { .server_fault = "handleNotification:http=500" };
	struct outbox outbox;
	int64_t now = time(NULL);

	owe(&f);
	ATF_CHECK_EQ(ESIM_EHTTP, lpad_deliver(&f, &outbox));
	ATF_REQUIRE_EQ(1, outbox.count);
	ATF_CHECK(!outbox.entries[0].delivered);
	ATF_CHECK_EQ(1, outbox.entries[0].attempts);
	ATF_CHECK(outbox.entries[0].next_attempt > now);
	ATF_CHECK(outbox.entries[0].error[0] != '\0');
	ATF_CHECK_EQ(500, json_integer_value(json_object_get(outbox.entries[0].error_details, "httpStatus")));
	outbox_clear(&outbox);
	ATF_CHECK_EQ(0, lpad_card_saw("BF30"));
	ATF_CHECK_EQ(1, lpad_outbox_files(&f, ".tlv"));

	/* Its time has not come, unless someone asks for it by name. */
	restart_server(&f, NULL);
	ATF_CHECK_EQ(0, lpad_deliver(&f, NULL));
	ATF_CHECK_STREQ("", lpad_server_numbers());
	ATF_CHECK_EQ(0, deliver_only(&f, "0", &outbox));
	ATF_CHECK_EQ(0, outbox.count);
	outbox_clear(&outbox);
	ATF_CHECK_STREQ("0", lpad_server_numbers());
	ATF_CHECK_EQ(1, lpad_card_saw("BF30"));
	ATF_CHECK_EQ(ESIM_ENOENT, deliver_only(&f, "0", &outbox));
	outbox_clear(&outbox);
	lpad_fixture_stop(&f);
}

ATF_TC_WITHOUT_HEAD(the_servers_own_wish_for_a_later_try_is_kept);
ATF_TC_BODY(the_servers_own_wish_for_a_later_try_is_kept, tc)
{
	struct lpad_fixture f = { .server_fault = "handleNotification:retry-after=7200" };
	struct outbox outbox;
	int64_t now = time(NULL);

	owe(&f);
	ATF_CHECK(lpad_deliver(&f, &outbox) < 0);
	ATF_REQUIRE_EQ(1, outbox.count);
	ATF_CHECK_MSG(outbox.entries[0].next_attempt >= now + 7200, "%lld", (long long)(outbox.entries[0].next_attempt - now));
	outbox_clear(&outbox);
	lpad_fixture_stop(&f);
}

ATF_TC_WITHOUT_HEAD(a_failure_holds_up_its_own_server_alone);
ATF_TC_BODY(a_failure_holds_up_its_own_server_alone, tc)
{
	static const char order[] =
		"{\"notificationEvents\": [{\"event\": \"enable\", \"address\": \"" GONE "\"},"
		" {\"event\": \"disable\", \"address\": \"" FIXTURE_NAME "\"},"
		" {\"event\": \"disable\", \"address\": \"" GONE "\"}]}";
	struct lpad_fixture f = { 0 };
	struct outbox outbox;

	owe_order(&f, order);
	owe_more(&f);
	ATF_CHECK(lpad_deliver(&f, &outbox) < 0);
	/* 0 to the server, 1 and one of 2 and 3 to nowhere. */
	ATF_CHECK_EQ(2, outbox.count);
	for (size_t i = 0; i < outbox.count; i++) {
		ATF_CHECK_STREQ(GONE, outbox.entries[i].metadata.address);
		ATF_CHECK_EQ(i == 0, outbox.entries[i].attempts);
	}
	ATF_CHECK(lpad_server_has(0) == 1 && lpad_server_has(2) + lpad_server_has(3) == 1);
	outbox_clear(&outbox);
	lpad_fixture_stop(&f);
}

ATF_TC_WITHOUT_HEAD(a_server_gets_its_notifications_in_order);
ATF_TC_BODY(a_server_gets_its_notifications_in_order, tc)
{
	struct lpad_fixture f = { .server_fault = "handleNotification:http=503@2" };
	struct outbox outbox;

	owe(&f);
	owe_more(&f);
	/* 1 fails: 2 waits, though its own time has come. */
	ATF_CHECK(lpad_deliver(&f, &outbox) < 0);
	ATF_CHECK_EQ(2, outbox.count);
	outbox_clear(&outbox);
	ATF_CHECK_STREQ("0", lpad_server_numbers());
	ATF_CHECK_EQ(0, lpad_deliver(&f, NULL));
	ATF_CHECK_STREQ("0", lpad_server_numbers());
	/* Who asks for 2 gets 1 sent before. */
	ATF_CHECK_EQ(0, deliver_only(&f, "2", &outbox));
	ATF_CHECK_EQ(0, outbox.count);
	outbox_clear(&outbox);
	ATF_CHECK_STREQ("0 1 2", lpad_server_numbers());
	lpad_fixture_stop(&f);
}

ATF_TC_WITHOUT_HEAD(what_a_gone_euicc_owes_is_sent_from_disk_once);
ATF_TC_BODY(what_a_gone_euicc_owes_is_sent_from_disk_once, tc)
{
	struct lpad_fixture f = { 0 };
	struct card_target gone;
	struct outbox outbox = { 0 };
	struct snapshot s;

	owe(&f);
	gone = f.target;
	gone.uri[0] = '\0';
	ATF_CHECK_EQ_MSG(0, work_deliver(f.session, &gone, &f.hooks, NULL, &outbox, &f.err), "%s", f.err.message);
	ATF_CHECK_STREQ("0", lpad_server_numbers());
	ATF_REQUIRE_EQ(1, outbox.count);
	ATF_CHECK(outbox.entries[0].delivered);
	ATF_CHECK_EQ(0, lpad_card_saw("BF30"));
	outbox_clear(&outbox);
	/* It comes back, and still holds it. */
	lpad_truth(&f, &s);
	ATF_CHECK_EQ(0, s.outbox.count);
	ATF_CHECK_EQ(1, lpad_card_saw("BF30"));
	ATF_CHECK_EQ(0, lpad_deliver(&f, NULL));
	ATF_CHECK_STREQ("0", lpad_server_numbers());
	snapshot_clear(&s);
	lpad_fixture_stop(&f);
}

ATF_TC_WITHOUT_HEAD(a_card_that_cannot_be_reached_holds_up_no_delivery);
ATF_TC_BODY(a_card_that_cannot_be_reached_holds_up_no_delivery, tc)
{
	struct lpad_fixture f = { 0 };
	struct outbox outbox;

	owe(&f);
	card_session_close_card(f.session);
	lpad_card_stop(&f.card);
	ATF_CHECK_EQ_MSG(0, lpad_deliver(&f, &outbox), "%s", f.err.message);
	ATF_CHECK_STREQ("0", lpad_server_numbers());
	ATF_REQUIRE_EQ(1, outbox.count);
	ATF_CHECK(outbox.entries[0].delivered);
	outbox_clear(&outbox);
	lpad_fixture_stop(&f);
}

ATF_TC_WITHOUT_HEAD(without_roots_there_is_a_later_try);
ATF_TC_BODY(without_roots_there_is_a_later_try, tc)
{
	struct lpad_fixture f = { 0 };
	struct outbox outbox;

	owe(&f);
	lpad_daemon_stop(&f);
	f.no_roots = true;
	lpad_daemon_start(&f);
	ATF_CHECK_EQ(ESIM_EVERIFY, lpad_deliver(&f, &outbox));
	ATF_REQUIRE_EQ(1, outbox.count);
	ATF_CHECK_EQ(1, outbox.entries[0].attempts);
	ATF_CHECK(outbox.entries[0].next_attempt > time(NULL));
	outbox_clear(&outbox);
	lpad_fixture_stop(&f);
}

ATF_TC_WITHOUT_HEAD(a_cancelled_delivery_counts_no_attempt);
ATF_TC_BODY(a_cancelled_delivery_counts_no_attempt, tc)
{
	struct lpad_fixture f = { 0 };
	struct outbox outbox;

	owe(&f);
	esim_cancel_trigger(f.cancel);
	ATF_CHECK_EQ(ESIM_ECANCELED, lpad_deliver(&f, &outbox));
	ATF_REQUIRE_EQ(1, outbox.count);
	ATF_CHECK_EQ(0, outbox.entries[0].attempts);
	outbox_clear(&outbox);
	esim_cancel_clear(f.cancel);
	ATF_CHECK_EQ(0, lpad_deliver(&f, NULL));
	ATF_CHECK_STREQ("0", lpad_server_numbers());
	lpad_fixture_stop(&f);
}

ATF_TC_WITHOUT_HEAD(what_is_dropped_is_forgotten_unsent);
ATF_TC_BODY(what_is_dropped_is_forgotten_unsent, tc)
{
	struct lpad_fixture f = { 0 };

	owe(&f);
	ATF_CHECK_EQ(ESIM_ENOENT, work_drop(f.session, &f.target, &f.hooks, "7", &f.err));
	ATF_CHECK_EQ(0, lpad_card_saw("BF30"));
	ATF_CHECK_EQ_MSG(0, work_drop(f.session, &f.target, &f.hooks, "0", &f.err), "%s", f.err.message);
	ATF_CHECK_EQ(1, lpad_card_saw("BF30"));
	ATF_CHECK_EQ(0, lpad_outbox_files(&f, ""));
	ATF_CHECK_EQ(0, lpad_deliver(&f, NULL));
	ATF_CHECK_STREQ("", lpad_server_numbers());
	lpad_fixture_stop(&f);
}

ATF_TC_WITHOUT_HEAD(what_a_gone_euicc_owes_can_be_dropped);
ATF_TC_BODY(what_a_gone_euicc_owes_can_be_dropped, tc)
{
	struct lpad_fixture f = { 0 };

	owe(&f);
	f.target.uri[0] = '\0';
	ATF_CHECK_EQ_MSG(0, work_drop(f.session, &f.target, &f.hooks, "0", &f.err), "%s", f.err.message);
	ATF_CHECK_EQ(0, lpad_outbox_files(&f, ""));
	lpad_fixture_stop(&f);
}

ATF_TP_ADD_TCS(tp)
{
	ATF_TP_ADD_TC(tp, nothing_is_forgotten_before_the_servers_204);
	ATF_TP_ADD_TC(tp, the_servers_own_wish_for_a_later_try_is_kept);
	ATF_TP_ADD_TC(tp, a_failure_holds_up_its_own_server_alone);
	ATF_TP_ADD_TC(tp, a_server_gets_its_notifications_in_order);
	ATF_TP_ADD_TC(tp, what_a_gone_euicc_owes_is_sent_from_disk_once);
	ATF_TP_ADD_TC(tp, a_card_that_cannot_be_reached_holds_up_no_delivery);
	ATF_TP_ADD_TC(tp, without_roots_there_is_a_later_try);
	ATF_TP_ADD_TC(tp, a_cancelled_delivery_counts_no_attempt);
	ATF_TP_ADD_TC(tp, what_is_dropped_is_forgotten_unsent);
	ATF_TP_ADD_TC(tp, what_a_gone_euicc_owes_can_be_dropped);
	return atf_no_error();
}
