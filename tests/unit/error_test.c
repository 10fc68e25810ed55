/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Errors that keep their cause. */
#include <esim/error.h>

#include <atf-c.h>
#include <errno.h>
#include <string.h>

ATF_TC_WITHOUT_HEAD(null_is_accepted_everywhere_and_codes_come_back);
ATF_TC_BODY(null_is_accepted_everywhere_and_codes_come_back, tc)
{
	esim_error_clear(NULL);
	ATF_CHECK_EQ(ESIM_EPROTO, esim_error_set(NULL, ESIM_EPROTO, "x"));
	ATF_CHECK_EQ(ESIM_EIO, esim_error_errno(NULL, ESIM_EIO, ENOENT, "x"));
	ATF_CHECK_EQ(ESIM_ESW, esim_error_sw(NULL, "f", 0x6985));
	ATF_CHECK_EQ(ESIM_ERESULT, esim_error_result(NULL, "f", 1, "n"));
	ATF_CHECK_EQ(ESIM_EVERIFY, esim_error_verify(NULL, "c", "x"));
	ATF_CHECK(esim_error_prefix(NULL, "x") != 0);
	esim_error_advise(NULL, "x");
}

ATF_TC_WITHOUT_HEAD(each_code_has_a_name_and_a_domain);
ATF_TC_BODY(each_code_has_a_name_and_a_domain, tc)
{
	struct esim_error err;

	for (int code = ESIM_EINVAL; code >= ESIM_ESTALE; code--) {
		ATF_CHECK_EQ(code, esim_error_set(&err, code, "x"));
		ATF_CHECK_MSG(strncmp(esim_code_name(code), "ESIM_E", 6) == 0, "%d", code);
		ATF_CHECK_MSG(err.domain != ESIM_DOMAIN_NONE, "%d", code);
		ATF_CHECK(strcmp(esim_domain_name(err.domain), "unknown") != 0);
	}
	ATF_CHECK_STREQ("unknown", esim_code_name(-1000));
	ATF_CHECK_STREQ("unknown", esim_domain_name((enum esim_domain)1000));
}

ATF_TC_WITHOUT_HEAD(a_status_word_and_a_result_stay_with_their_function);
ATF_TC_BODY(a_status_word_and_a_result_stay_with_their_function, tc)
{
	struct esim_error err;

	esim_error_sw(&err, "ES10b.PrepareDownload", 0x6985);
	ATF_CHECK_EQ(0x6985, err.sw);
	ATF_CHECK_EQ(ESIM_DOMAIN_CARD, err.domain);
	ATF_CHECK_STREQ("ES10b.PrepareDownload", err.function);
	ATF_CHECK_STREQ("ES10b.PrepareDownload: the card answered 6985 (conditions of use not satisfied)",
			err.message);
	ATF_CHECK_EQ(ESIM_NO_RESULT, err.es10_result);

	esim_error_result(&err, "ES10c.EnableProfile", 5, "catBusy");
	ATF_CHECK_EQ(5, err.es10_result);
	ATF_CHECK_EQ(0, err.sw);
	ATF_CHECK_STREQ("catBusy", err.result_name);
	esim_error_result(&err, "ES10c.EnableProfile", 99, NULL);
	ATF_CHECK_STREQ("", err.result_name);
	ATF_CHECK(strstr(err.message, "99") != NULL);

	esim_error_verify(&err, "smdpSignature2", "does not verify");
	ATF_CHECK_STREQ("smdpSignature2", err.check);
	ATF_CHECK_EQ(ESIM_DOMAIN_VERIFY, err.domain);
}

/* What was never sent may be repeated; the difference must not get lost on the way to the user. */
ATF_TC_WITHOUT_HEAD(what_became_of_a_command_stays_with_its_error_and_ends_with_it);
ATF_TC_BODY(what_became_of_a_command_stays_with_its_error_and_ends_with_it, tc)
{
	struct esim_error err;

	esim_error_set(&err, ESIM_ESTALE, "x");
	ATF_CHECK_EQ(ESIM_OUTCOME_NONE, err.outcome);
	ATF_CHECK_EQ(ESIM_ESTALE, esim_error_outcome(&err, ESIM_ESTALE, ESIM_OUTCOME_NEVER_SENT));
	esim_error_prefix(&err, "context: ");
	esim_error_advise(&err, "try again");
	ATF_CHECK_EQ(ESIM_OUTCOME_NEVER_SENT, err.outcome);
	ATF_CHECK_STREQ("neverSent", esim_outcome_name(err.outcome));
	ATF_CHECK_STREQ("unknown", esim_outcome_name(ESIM_OUTCOME_UNKNOWN));
	esim_error_set(&err, ESIM_EIO, "another");
	ATF_CHECK_STREQ("", esim_outcome_name(err.outcome));
	ATF_CHECK_EQ(ESIM_EIO, esim_error_outcome(NULL, ESIM_EIO, ESIM_OUTCOME_UNKNOWN));
}

ATF_TC_WITHOUT_HEAD(errno_is_named_and_the_domain_is_the_systems);
ATF_TC_BODY(errno_is_named_and_the_domain_is_the_systems, tc)
{
	struct esim_error err;

	esim_error_errno(&err, ESIM_EINVAL, ENOENT, "roots/%s", "ci.der");
	ATF_CHECK_STREQ("roots/ci.der: No such file or directory", err.message);
	ATF_CHECK_EQ(ESIM_DOMAIN_SYSTEM, err.domain);
	esim_error_errno(&err, ESIM_EIO, 99999, "x");
	ATF_CHECK_STREQ("x: unknown error", err.message);
	ATF_CHECK_EQ(ESIM_DOMAIN_TRANSPORT, err.domain);
}

ATF_TC_WITHOUT_HEAD(a_prefix_and_an_advice_keep_the_cause);
ATF_TC_BODY(a_prefix_and_an_advice_keep_the_cause, tc)
{
	struct esim_error err;

	esim_error_sw(&err, "ES10c.DeleteProfile", 0x6A88);
	ATF_CHECK_EQ(ESIM_ESW, esim_error_prefix(&err, "profile %d: ", 3));
	esim_error_advise(&err, "try %s", "again");
	ATF_CHECK_EQ(0x6A88, err.sw);
	ATF_CHECK_STREQ("try again", err.advice);
	ATF_CHECK_EQ(0, strncmp(err.message, "profile 3: ES10c.DeleteProfile", 30));
}

ATF_TC_WITHOUT_HEAD(a_message_may_quote_the_one_it_replaces);
ATF_TC_BODY(a_message_may_quote_the_one_it_replaces, tc)
{
	struct esim_error err;

	esim_error_set(&err, ESIM_EPROTO, "inner");
	esim_error_set(&err, ESIM_ESERVER, "outer: %s", err.message);
	ATF_CHECK_STREQ("outer: inner", err.message);
}

/* JSON takes whole UTF-8 characters only: a cut must not leave half of one. */
ATF_TC_WITHOUT_HEAD(a_long_message_ends_on_a_whole_character);
ATF_TC_BODY(a_long_message_ends_on_a_whole_character, tc)
{
	char text[2 * sizeof(((struct esim_error *)0)->message)];
	struct esim_error err;

	for (unsigned shift = 0; shift < 4; shift++) {
		size_t len;

		memset(text, 'a', shift);
		for (size_t i = shift; i + 4 < sizeof(text); i += 4)
			memcpy(text + i, "\xF0\x9F\x98\x80", 5);
		esim_error_set(&err, ESIM_ESERVER, "%s", text);
		len = strlen(err.message);
		ATF_CHECK_EQ_MSG(shift, len % 4, "%u", shift);
		ATF_CHECK(len > 300);
		esim_error_set(&err, ESIM_ESERVER, "x");
		esim_error_advise(&err, "%s", text);
		ATF_CHECK_EQ(shift, strlen(err.advice) % 4);
		esim_error_set(&err, ESIM_ESERVER, "%.*s", 250, text);
		esim_error_prefix(&err, "%.*s", 100, "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa"
				  "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa");
		ATF_CHECK(err.message[0] == 'a' && strlen(err.message) < sizeof(err.message));
	}
}

ATF_TC_WITHOUT_HEAD(status_words_have_meanings);
ATF_TC_BODY(status_words_have_meanings, tc)
{
	ATF_CHECK_STREQ("success", esim_sw_meaning(0x9000));
	ATF_CHECK_STREQ("success, proactive command pending", esim_sw_meaning(0x910B));
	ATF_CHECK_STREQ("success, response data waiting", esim_sw_meaning(0x6115));
	ATF_CHECK_STREQ("incorrect data", esim_sw_meaning(0x6A80));
	ATF_CHECK_STREQ("a status word without a general meaning", esim_sw_meaning(0x1234));
}

ATF_TP_ADD_TCS(tp)
{
	ATF_TP_ADD_TC(tp, null_is_accepted_everywhere_and_codes_come_back);
	ATF_TP_ADD_TC(tp, each_code_has_a_name_and_a_domain);
	ATF_TP_ADD_TC(tp, a_status_word_and_a_result_stay_with_their_function);
	ATF_TP_ADD_TC(tp, what_became_of_a_command_stays_with_its_error_and_ends_with_it);
	ATF_TP_ADD_TC(tp, errno_is_named_and_the_domain_is_the_systems);
	ATF_TP_ADD_TC(tp, a_prefix_and_an_advice_keep_the_cause);
	ATF_TP_ADD_TC(tp, a_message_may_quote_the_one_it_replaces);
	ATF_TP_ADD_TC(tp, a_long_message_ends_on_a_whole_character);
	ATF_TP_ADD_TC(tp, status_words_have_meanings);
	return atf_no_error();
}
