/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Readers and eUICCs: what comes, goes and comes back; what does not answer; what is owed meanwhile. */
#include "lpad_model.h"

#include <poll.h>

static struct euicc *stand_in(void)
{
	struct euicc *euicc = daemon_.euiccs;

	while (euicc && euicc->identified)
		euicc = euicc->next;
	return euicc;
}

static size_t count_euiccs(void)
{
	size_t count = 0;

	for (const struct euicc *euicc = daemon_.euiccs; euicc; euicc = euicc->next)
		count++;
	return count;
}

static void look_again(void)
{
	device_changed(&daemon_, "unix:A");
	until_idle();
}

ATF_TC_WITHOUT_HEAD(an_eUICC_comes_back_on_its_number_in_any_reader);
ATF_TC_BODY(an_eUICC_comes_back_on_its_number_in_any_reader, tc)
{
	struct euicc *euicc;
	unsigned number, profile;

	(void)tc;
	start();
	insert('A', 1);
	insert('B', 2);
	euicc = euicc_of(1);
	number = euicc->number;
	profile = euicc->profiles->number;
	ATF_CHECK_STREQ(euicc->shown_device, "unix");
	device_went(&daemon_, "unix:A");
	until_idle();
	ATF_CHECK_EQ(euicc_of(1), euicc);
	ATF_CHECK_EQ(euicc->state, EUICC_GONE);
	ATF_CHECK_EQ_MSG(euicc->profile_count, 1, "what was on it is forgotten with its reader");
	cards[1].eid = 1;
	device_changed(&daemon_, "unix:B");
	until_idle();
	ATF_CHECK_EQ(euicc->state, EUICC_READY);
	ATF_CHECK_EQ(euicc->number, number);
	ATF_CHECK_EQ(euicc->profiles->number, profile);
	ATF_CHECK_EQ(euicc_of(2)->state, EUICC_GONE);
	ATF_CHECK_EQ(count_euiccs(), 2);
	stop();
}

ATF_TC_WITHOUT_HEAD(a_number_is_that_of_the_state_directory_after_a_restart);
ATF_TC_BODY(a_number_is_that_of_the_state_directory_after_a_restart, tc)
{
	(void)tc;
	start();
	numbers[1] = 7;
	daemon_.next_euicc = 8;
	insert('A', 1);
	insert('B', 2);
	ATF_CHECK_EQ(euicc_of(1)->number, 7);
	ATF_CHECK_EQ(euicc_of(2)->number, 8);
	ATF_CHECK_EQ_MSG(numbers[2], 8, "a new number was shown before it was written down");
	stop();
}

ATF_TC_WITHOUT_HEAD(two_isdrs_on_a_card_are_two_eUICCs);
ATF_TC_BODY(two_isdrs_on_a_card_are_two_eUICCs, tc)
{
	(void)tc;
	start();
	insert('A', 1);
	ATF_CHECK_EQ(count_euiccs(), 1);
	cards[0].aids = 2;
	look_again();
	ATF_REQUIRE_EQ(count_euiccs(), 2);
	ATF_CHECK_EQ(euicc_of(101)->state, EUICC_READY);
	ATF_CHECK_EQ(euicc_of(1)->lane, euicc_of(101)->lane);
	cards[0].aids = 1;
	look_again();
	ATF_CHECK_EQ(euicc_of(101)->state, EUICC_GONE);
	ATF_CHECK_EQ(euicc_of(1)->state, EUICC_READY);
	stop();
}

static void stands_in(int rc, enum euicc_state state)
{
	start();
	cards[0] = (struct card){ .name = 'A', .rc = rc, .aids = 1, .eid = rc ? 1 : 0, .profiles = 1 };
	device_appeared(&daemon_, "unix:A");
	until_idle();
	ATF_REQUIRE(stand_in());
	ATF_CHECK_EQ(stand_in()->state, state);
	ATF_CHECK(stand_in()->state_cause[0]);
	ATF_CHECK_EQ(count_euiccs(), 1);
	/* When it answers, what stood in for it goes. */
	cards[0].rc = 0;
	cards[0].eid = 1;
	look_again();
	ATF_CHECK(!stand_in());
	ATF_CHECK_EQ(euicc_of(1)->state, EUICC_READY);
	ATF_CHECK_EQ(count_euiccs(), 1);
	stop();
}

ATF_TC_WITHOUT_HEAD(a_mute_card_is_shown);
ATF_TC_BODY(a_mute_card_is_shown, tc)
{
	(void)tc;
	stands_in(ESIM_ETIMEDOUT, EUICC_MUTE);
}

ATF_TC_WITHOUT_HEAD(a_card_that_another_has_is_shown);
ATF_TC_BODY(a_card_that_another_has_is_shown, tc)
{
	(void)tc;
	stands_in(ESIM_EBUSY, EUICC_BLOCKED);
}

ATF_TC_WITHOUT_HEAD(an_EID_of_zeros_is_shown_as_mute);
ATF_TC_BODY(an_EID_of_zeros_is_shown_as_mute, tc)
{
	(void)tc;
	stands_in(0, EUICC_MUTE);
}

ATF_TC_WITHOUT_HEAD(a_card_without_isdr_is_none_of_ours);
ATF_TC_BODY(a_card_without_isdr_is_none_of_ours, tc)
{
	(void)tc;
	start();
	cards[0] = (struct card){ .name = 'A', .rc = ESIM_ENOENT };
	device_appeared(&daemon_, "unix:A");
	until_idle();
	ATF_CHECK_EQ(count_euiccs(), 0);
	stop();
}

ATF_TC_WITHOUT_HEAD(what_is_configured_and_not_there_is_tried_again_and_later_each_time);
ATF_TC_BODY(what_is_configured_and_not_there_is_tried_again_and_later_each_time, tc)
{
	uint64_t now, first, second;

	(void)tc;
	start();
	cards[0] = (struct card){ .name = 'A', .rc = ESIM_ENODEV };
	device_appeared(&daemon_, "unix:A");
	device_set_configured(&daemon_, "unix:A", true);
	until_idle();
	ATF_CHECK_EQ(count_euiccs(), 0);
	ATF_REQUIRE(daemon_.devices->retry);
	ATF_REQUIRE(sd_event_now(daemon_.event, CLOCK_MONOTONIC, &now) >= 0);
	ATF_REQUIRE(sd_event_source_get_time(daemon_.devices->retry, &first) >= 0);
	ATF_CHECK_EQ(daemon_.devices->failures, 1);
	ATF_CHECK(first > now && first - now <= 1000000);
	for (unsigned i = 0; i < 10; i++)
		look_again();
	ATF_REQUIRE(sd_event_now(daemon_.event, CLOCK_MONOTONIC, &now) >= 0);
	ATF_REQUIRE(sd_event_source_get_time(daemon_.devices->retry, &second) >= 0);
	ATF_CHECK(second - now > 30 * UINT64_C(1000000) && second - now <= 60 * UINT64_C(1000000));
	stop();
}

ATF_TC_WITHOUT_HEAD(a_reader_of_the_systems_is_not_polled);
ATF_TC_BODY(a_reader_of_the_systems_is_not_polled, tc)
{
	(void)tc;
	start();
	cards[0] = (struct card){ .name = 'A', .rc = ESIM_ETIMEDOUT };
	device_appeared(&daemon_, "unix:A");
	until_idle();
	ATF_CHECK(!daemon_.devices->retry);
	stop();
}

/* --- what is owed ------------------------------------------------------------------------------------------ */

static int waits_for_cancel(const struct card_target *target, const struct session_hooks *hooks)
{
	struct pollfd fired = { .fd = esim_cancel_fd(hooks->cancel), .events = POLLIN };

	if (target->uri[0])
		return 0;
	while (poll(&fired, 1, -1) <= 0)
		;
	return ESIM_ECANCELED;
}

ATF_TC_WITHOUT_HEAD(what_is_owed_is_delivered_after_a_job_and_its_objects_go);
ATF_TC_BODY(what_is_owed_is_delivered_after_a_job_and_its_objects_go, tc)
{
	static const struct job_request nickname = { .kind = JOB_NICKNAME };

	(void)tc;
	start();
	insert('A', 1);
	cards[0].owed = 2;
	submit(euicc_of(1), nickname);
	while (!finished[0])
		turn();
	ATF_CHECK_MSG(euicc_of(1)->notifications && euicc_of(1)->notifications->next,
		      "the job's end waited for the server");
	until_idle();
	ATF_CHECK_EQ(deliveries, 1);
	ATF_CHECK(!euicc_of(1)->notifications);
	stop();
}

ATF_TC_WITHOUT_HEAD(of_one_that_is_gone_it_is_sent_from_disk_and_not_beside_a_probe);
ATF_TC_BODY(of_one_that_is_gone_it_is_sent_from_disk_and_not_beside_a_probe, tc)
{
	(void)tc;
	start();
	insert('A', 1);
	cards[0].owed = 1;
	look_again();
	ATF_REQUIRE(euicc_of(1)->notifications);
	device_went(&daemon_, "unix:A");
	until_idle();
	at_delivery = waits_for_cancel;
	euicc_deliver(euicc_of(1));
	ATF_CHECK(euicc_of(1)->delivery);
	/* The same card comes back while its outbox is at work: that stops, then the card is looked at. */
	device_appeared(&daemon_, "unix:A");
	ATF_CHECK(!daemon_.devices->probe);
	until_idle();
	ATF_CHECK_EQ(gone_deliveries, 1);
	ATF_CHECK_EQ(euicc_of(1)->state, EUICC_READY);
	ATF_CHECK_MSG(euicc_of(1)->notifications, "a delivery that was stopped took its objects along");
	stop();
}

static unsigned refreshed;

static void on_refreshed(void *context, const struct esim_error *err)
{
	(void)context;
	refreshed += err ? 100 : 1;
}

ATF_TC_WITHOUT_HEAD(refresh_answers_after_the_look_and_the_delivery);
ATF_TC_BODY(refresh_answers_after_the_look_and_the_delivery, tc)
{
	struct esim_error err;

	(void)tc;
	start();
	insert('A', 1);
	cards[0].owed = 1;
	cards[0].profiles = 3;
	ATF_REQUIRE_EQ(euicc_refresh(euicc_of(1), on_refreshed, NULL, &err), 0);
	ATF_REQUIRE_EQ(euicc_refresh(euicc_of(1), on_refreshed, NULL, &err), 0);
	until_idle();
	ATF_CHECK_EQ(refreshed, 2);
	ATF_CHECK_EQ(euicc_of(1)->profile_count, 3);
	ATF_CHECK_EQ(deliveries, 1);
	cards[0].rc = ESIM_EBUSY;
	ATF_REQUIRE_EQ(euicc_refresh(euicc_of(1), on_refreshed, NULL, &err), 0);
	until_idle();
	ATF_CHECK_EQ(refreshed, 102);
	device_went(&daemon_, "unix:A");
	ATF_CHECK_EQ(euicc_refresh(euicc_of(1), on_refreshed, NULL, &err), ESIM_ENODEV);
	stop();
}

static unsigned dropped;

static void on_dropped(void *context, const struct esim_error *err)
{
	(void)context, (void)err;
	dropped++;
}

ATF_TC_WITHOUT_HEAD(what_is_dropped_is_gone_from_the_bus_when_that_is_answered);
ATF_TC_BODY(what_is_dropped_is_gone_from_the_bus_when_that_is_answered, tc)
{
	struct esim_error err;

	(void)tc;
	start();
	insert('A', 1);
	cards[0].owed = 2;
	look_again();
	ATF_REQUIRE_EQ(notification_drop(euicc_of(1)->notifications, on_dropped, NULL, &err), 0);
	while (!dropped)
		turn();
	ATF_REQUIRE(euicc_of(1)->notifications);
	ATF_CHECK(!euicc_of(1)->notifications->next);
	until_idle();
	stop();
}

ATF_TP_ADD_TCS(tp)
{
	ATF_TP_ADD_TC(tp, an_eUICC_comes_back_on_its_number_in_any_reader);
	ATF_TP_ADD_TC(tp, a_number_is_that_of_the_state_directory_after_a_restart);
	ATF_TP_ADD_TC(tp, two_isdrs_on_a_card_are_two_eUICCs);
	ATF_TP_ADD_TC(tp, a_mute_card_is_shown);
	ATF_TP_ADD_TC(tp, a_card_that_another_has_is_shown);
	ATF_TP_ADD_TC(tp, an_EID_of_zeros_is_shown_as_mute);
	ATF_TP_ADD_TC(tp, a_card_without_isdr_is_none_of_ours);
	ATF_TP_ADD_TC(tp, what_is_configured_and_not_there_is_tried_again_and_later_each_time);
	ATF_TP_ADD_TC(tp, a_reader_of_the_systems_is_not_polled);
	ATF_TP_ADD_TC(tp, what_is_owed_is_delivered_after_a_job_and_its_objects_go);
	ATF_TP_ADD_TC(tp, of_one_that_is_gone_it_is_sent_from_disk_and_not_beside_a_probe);
	ATF_TP_ADD_TC(tp, refresh_answers_after_the_look_and_the_delivery);
	ATF_TP_ADD_TC(tp, what_is_dropped_is_gone_from_the_bus_when_that_is_answered);
	return atf_no_error();
}
