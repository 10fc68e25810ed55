/* SPDX-License-Identifier: GPL-2.0-or-later */
/* ifd: what the device's events mean to clients, also where they are read late or not at all. */
#include "fake_kernel.h"

#include "ifd/presence.h"

#include <atf-c.h>

static struct presence presence;
static _Atomic uint32_t generation;
static int events;			/* the end that events are written to */

/* This thread is pcscd's that waits; the clients' files are of session @ours, 0 where there are none. */
static void begin(uint32_t ours)
{
	int ends[2];

	fake_kernel_reset();
	atomic_store(&generation, ours);
	ATF_REQUIRE_EQ(presence_init(&presence, FAKE_DEVICE, &generation), 0);
	ATF_REQUIRE_EQ(pipe2(ends, O_NONBLOCK), 0);
	presence.fd = ends[0];
	events = ends[1];
	presence_wait(&presence, 0);
}

static void happens(uint16_t type, uint32_t after)
{
	struct euicc_event event = { .type = type, .generation = after };

	ATF_REQUIRE_EQ(write(events, &event, sizeof(event)), sizeof(event));
}

static void end(void)
{
	/* Who only looks takes no part in what the card does. */
	ATF_CHECK_EQ(fake_count(EUICC_RESET) + fake_count(EUICC_OPEN_CHANNEL), 0);
	close(events);
	presence_free(&presence);
}

/* pcscd sees the card go and at once come, or nothing at all. */
static void check_lost(bool changed, bool lost)
{
	ATF_CHECK_EQ(presence_check(&presence), !changed);
	ATF_CHECK(presence_check(&presence));
	ATF_CHECK_EQ(presence.lost, lost);
	end();
}

ATF_TC_WITHOUT_HEAD(a_removal_and_a_reset_end_the_session);
ATF_TC_BODY(a_removal_and_a_reset_end_the_session, tc)
{
	begin(7);
	happens(EUICC_EVENT_REMOVED, 8);
	check_lost(true, true);
	begin(0);
	happens(EUICC_EVENT_REMOVED, 8);
	check_lost(true, false);
	begin(7);
	happens(EUICC_EVENT_RESET, 8);
	check_lost(true, true);
	begin(0);
	happens(EUICC_EVENT_RESET, 8);
	check_lost(false, false);
	begin(7);
	happens(EUICC_EVENT_PROACTIVE, 7);
	check_lost(false, false);
}

ATF_TC_WITHOUT_HEAD(a_reset_before_the_session_is_none_of_it);
ATF_TC_BODY(a_reset_before_the_session_is_none_of_it, tc)
{
	begin(7);
	happens(EUICC_EVENT_RESET, 6);
	happens(EUICC_EVENT_RESET, 7);
	check_lost(false, false);
}

ATF_TC_WITHOUT_HEAD(what_overflowed_may_have_been_a_removal);
ATF_TC_BODY(what_overflowed_may_have_been_a_removal, tc)
{
	begin(7);
	happens(EUICC_EVENT_OVERFLOW, 8);
	happens(EUICC_EVENT_PROACTIVE, 8);
	check_lost(true, true);
	begin(0);
	happens(EUICC_EVENT_OVERFLOW, 8);
	check_lost(true, false);
	/* The session lasted longer than what was dropped. */
	begin(7);
	happens(EUICC_EVENT_OVERFLOW, 7);
	check_lost(false, false);
}

ATF_TP_ADD_TCS(tp)
{
	ATF_TP_ADD_TC(tp, a_removal_and_a_reset_end_the_session);
	ATF_TP_ADD_TC(tp, a_reset_before_the_session_is_none_of_it);
	ATF_TP_ADD_TC(tp, what_overflowed_may_have_been_a_removal);
	return atf_no_error();
}
