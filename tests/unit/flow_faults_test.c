/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Faults of card and server that a test of whole programs would have to wait for,
 * or to try too often: a silent card, a server that stalls, every part of the
 * eUICC's signed answers spoilt. Each time another try installs the profile.
 */
#include "lpa_fixture.h"

#include <atf-c.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* Enough for an answer under sanitizers on a busy machine. */
#define STALL_MS 1500

static void set_fault(struct lpa_fixture *f, const char *spec)
{
	struct esim_error err;

	ATF_REQUIRE_EQ_MSG(0, veuicc_set_fault(f->veuicc, spec, &err), "%s", err.message);
}

static void require_installs(struct lpa_fixture *f, const char *after)
{
	struct esim_error err;

	set_fault(f, NULL);
	ATF_REQUIRE_EQ_MSG(0, lpa_fixture_download(f, "demo", &err), "after %s: %s", after, err.message);
	ATF_CHECK_EQ(1, lpa_fixture_profiles(f));
}

/* --- a silent card -------------------------------------------------------------------- */

static void fall_silent(const char *tag)
{
	struct lpa_fixture f = { 0 };
	struct esim_error err;
	char fault[24];

	snprintf(fault, sizeof(fault), "mute@%s:1", tag);
	f.card_options.fault = fault;
	lpa_fixture_start(&f);
	ATF_CHECK_EQ_MSG(ESIM_ETIMEDOUT, lpa_fixture_download(&f, "demo", &err), "%s: %s", tag, err.message);
	ATF_CHECK_EQ(ESIM_DOMAIN_TRANSPORT, err.domain);
	ATF_CHECK_MSG(err.function[0], "%s: which function?", tag);
	ATF_CHECK_EQ_MSG(0, esim_card_reset(f.card, &err), "%s: %s", tag, err.message);
	ATF_CHECK_EQ(0, lpa_fixture_profiles(&f));
	require_installs(&f, fault);
	lpa_fixture_stop(&f);
}

ATF_TC_WITHOUT_HEAD(a_silent_card_is_named_and_works_again_after_a_reset);
ATF_TC_BODY(a_silent_card_is_named_and_works_again_after_a_reset, tc)
{
	static const char *const tags[] = { "BF20", "BF2E", "BF38", "BF21" };

	(void)tc;
	lpa_fixture_order("demo", NULL, NULL);
	for (size_t i = 0; i < sizeof(tags) / sizeof(tags[0]); i++)
		fall_silent(tags[i]);
}

ATF_TC_WITHOUT_HEAD(a_card_that_falls_silent_after_the_last_block_is_asked_again);
ATF_TC_BODY(a_card_that_falls_silent_after_the_last_block_is_asked_again, tc)
{
	struct lpa_fixture f = { .card_options.fault = "mute@BF36:1" };
	struct esim_error err;

	(void)tc;
	lpa_fixture_order("demo", NULL, NULL);
	lpa_fixture_start(&f);
	ATF_CHECK_EQ_MSG(0, lpa_fixture_download(&f, "demo", &err), "%s", err.message);
	ATF_CHECK_MSG(strstr(f.last_note, "yet the eUICC had finished"), "%s", f.last_note);
	ATF_CHECK_EQ(1, lpa_fixture_profiles(&f));
	lpa_fixture_stop(&f);
}

ATF_TC_WITHOUT_HEAD(a_card_silent_at_the_cancel_leaves_the_users_word_the_cause);
ATF_TC_BODY(a_card_silent_at_the_cancel_leaves_the_users_word_the_cause, tc)
{
	struct lpa_fixture f = { .card_options.fault = "mute@BF41:1", .consent = LPA_NO };
	struct esim_error err;

	(void)tc;
	lpa_fixture_order("demo", NULL, NULL);
	lpa_fixture_start(&f);
	ATF_CHECK_EQ(ESIM_EREFUSED, lpa_fixture_download(&f, "demo", &err));
	ATF_CHECK_EQ(1, f.notes);
	ATF_CHECK_EQ(0, esim_card_reset(f.card, &err));
	f.consent = LPA_YES;
	require_installs(&f, "mute@BF41:1");
	lpa_fixture_stop(&f);
}

/* --- the eUICC's signed answers --------------------------------------------------------------- */

/* Spoil every @step-th byte of the answer to @tag, one a time; how long it was. */
static unsigned spoil_each(struct lpa_fixture *f, const char *tag, const char *next, unsigned step)
{
	unsigned byte;

	for (byte = 0;; byte += step) {
		struct esim_error err;
		char fault[32];

		snprintf(fault, sizeof(fault), "corrupt=%u@%s:1", byte, tag);
		set_fault(f, fault);
		if (lpa_fixture_download(f, "demo", &err) == 0)
			break;
		ATF_CHECK_MSG(err.code == ESIM_EVERIFY || err.code == ESIM_EPROTO, "%s: %s: %s", fault,
			      esim_code_name(err.code), err.message);
		ATF_CHECK_MSG(!lpa_fixture_card_saw(next), "%s: the session went on", fault);
		ATF_CHECK_EQ_MSG(ES10B_CANCEL_UNDEFINED, lpa_fixture_cancel_reason(), "%s: %d", fault,
				 lpa_fixture_cancel_reason());
		ATF_CHECK_EQ_MSG(0, f->notes, "%s: %s", fault, f->last_note);
		ATF_REQUIRE_EQ(0, lpa_fixture_profiles(f));
	}
	return byte;
}

ATF_TC_WITHOUT_HEAD(no_spoilt_byte_of_authenticate_servers_answer_goes_unnoticed);
ATF_TC_BODY(no_spoilt_byte_of_authenticate_servers_answer_goes_unnoticed, tc)
{
	struct lpa_fixture f = { 0 };

	(void)tc;
	lpa_fixture_order("demo", NULL, NULL);
	lpa_fixture_start(&f);
	ATF_CHECK(spoil_each(&f, "BF38", "BF21", 3) > 1000);
	ATF_CHECK_EQ(1, lpa_fixture_profiles(&f));
	lpa_fixture_stop(&f);
}

ATF_TC_WITHOUT_HEAD(no_spoilt_byte_of_prepare_downloads_answer_goes_unnoticed);
ATF_TC_BODY(no_spoilt_byte_of_prepare_downloads_answer_goes_unnoticed, tc)
{
	struct lpa_fixture f = { 0 };

	(void)tc;
	lpa_fixture_order("demo", NULL, NULL);
	lpa_fixture_start(&f);
	ATF_CHECK(spoil_each(&f, "BF21", "BF36", 1) > 100);
	ATF_CHECK_EQ(1, lpa_fixture_profiles(&f));
	lpa_fixture_stop(&f);
}

/* --- a server that stalls ------------------------------------------------------------------------ */

static void stall(struct lpa_fixture *f, const char *fault)
{
	lpa_fixture_order("demo", NULL, NULL);
	f->http_timeout_ms = STALL_MS;
	f->server_options.fault = fault;
	lpa_fixture_start(f);
}

ATF_TC_WITHOUT_HEAD(a_stalled_session_is_given_up_as_timeout_and_can_be_repeated);
ATF_TC_BODY(a_stalled_session_is_given_up_as_timeout_and_can_be_repeated, tc)
{
	static const struct {
		const char *fault;
		int reason;
	} cases[] = {
		{ "initiateAuthentication:stall@1", -1 },
		{ "authenticateClient:stall@1", ES10B_CANCEL_TIMEOUT },
		{ "getBoundProfilePackage:stall@1", ES10B_CANCEL_TIMEOUT },
	};

	(void)tc;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct lpa_fixture f = { 0 };
		struct esim_error err;

		stall(&f, cases[i].fault);
		ATF_CHECK_EQ_MSG(ESIM_ETIMEDOUT, lpa_fixture_download(&f, "demo", &err), "%s: %s",
				 cases[i].fault, err.message);
		ATF_CHECK_EQ_MSG(ESIM_DOMAIN_NETWORK, err.domain, "%s: %s", cases[i].fault,
				 esim_domain_name(err.domain));
		ATF_CHECK_EQ(cases[i].reason, lpa_fixture_cancel_reason());
		ATF_CHECK_EQ_MSG(0, f.notes, "%s", f.last_note);
		require_installs(&f, cases[i].fault);
		lpa_fixture_stop(&f);
	}
}

ATF_TC_WITHOUT_HEAD(a_stalled_cancel_is_a_note_beside_the_cause);
ATF_TC_BODY(a_stalled_cancel_is_a_note_beside_the_cause, tc)
{
	struct lpa_fixture f = { .consent = LPA_NO };
	struct esim_error err;

	(void)tc;
	stall(&f, "cancelSession:stall@1");
	ATF_CHECK_EQ(ESIM_EREFUSED, lpa_fixture_download(&f, "demo", &err));
	ATF_CHECK_MSG(strstr(f.last_note, "could not be cancelled on the server"), "%s", f.last_note);
	f.consent = LPA_YES;
	require_installs(&f, "cancelSession:stall@1");
	lpa_fixture_stop(&f);
}

ATF_TC_WITHOUT_HEAD(a_stalled_notification_stays_on_the_card);
ATF_TC_BODY(a_stalled_notification_stays_on_the_card, tc)
{
	struct lpa_fixture f = { 0 };
	struct esim_notification *list = NULL;
	struct esim_error err;
	size_t count = 0;

	(void)tc;
	stall(&f, "handleNotification:stall@1");
	require_installs(&f, "nothing");
	ATF_CHECK_MSG(strstr(f.last_note, "still on the eUICC"), "%s", f.last_note);
	ATF_CHECK_EQ(0, lpa_list_notifications(f.lpa, &list, &count, &err));
	ATF_CHECK_EQ(1, count);
	free(list);
	lpa_fixture_stop(&f);
}

ATF_TP_ADD_TCS(tp)
{
	ATF_TP_ADD_TC(tp, a_silent_card_is_named_and_works_again_after_a_reset);
	ATF_TP_ADD_TC(tp, a_card_that_falls_silent_after_the_last_block_is_asked_again);
	ATF_TP_ADD_TC(tp, a_card_silent_at_the_cancel_leaves_the_users_word_the_cause);
	ATF_TP_ADD_TC(tp, no_spoilt_byte_of_authenticate_servers_answer_goes_unnoticed);
	ATF_TP_ADD_TC(tp, no_spoilt_byte_of_prepare_downloads_answer_goes_unnoticed);
	ATF_TP_ADD_TC(tp, a_stalled_session_is_given_up_as_timeout_and_can_be_repeated);
	ATF_TP_ADD_TC(tp, a_stalled_cancel_is_a_note_beside_the_cause);
	ATF_TP_ADD_TC(tp, a_stalled_notification_stays_on_the_card);
	return atf_no_error();
}
