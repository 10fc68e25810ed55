/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Every pair of subject and reason code that a conformant server sends is known, with its remedy. */
#include <esim/es9p.h>

#include <atf-c.h>
#include <stdio.h>
#include <string.h>

#define INITIATE "initiateAuthentication"
#define CLIENT	 "authenticateClient"
#define PACKAGE	 "getBoundProfilePackage"
#define CANCEL	 "cancelSession"
#define HANDLE	 "handleNotification"

static const char *const functions[] = { INITIATE, CLIENT, PACKAGE, CANCEL, HANDLE };

static const struct {
	const char *function;	/* NULL: all of them */
	const char *subject, *reason;
	enum es9p_remedy remedy;
} wanted[] = {
	{ NULL, "1.2.1", "2.1", ES9P_TELL_USER },
	{ NULL, "1.2.2", "2.1", ES9P_LOWER_VERSION },
	{ NULL, "1.6", "2.1", ES9P_TELL_USER },
	{ INITIATE, "8.8.1", "3.8", ES9P_TELL_USER },
	{ INITIATE, "8.8.2", "3.1", ES9P_TELL_USER },
	{ INITIATE, "8.8.3", "3.1", ES9P_TELL_USER },
	{ INITIATE, "8.8.4", "3.7", ES9P_TELL_USER },
	{ INITIATE, "8.9.1", "3.8", ES9P_TELL_USER },
	{ INITIATE, "8.9.2", "3.1", ES9P_TELL_USER },
	{ INITIATE, "8.9.3", "3.1", ES9P_TELL_USER },
	{ INITIATE, "8.9.4", "3.7", ES9P_TELL_USER },
	{ CLIENT, "8.1.2", "6.1", ES9P_TELL_USER },
	{ CLIENT, "8.1.2", "6.3", ES9P_TELL_USER },
	{ CLIENT, "8.1.3", "6.1", ES9P_TELL_USER },
	{ CLIENT, "8.1.3", "6.3", ES9P_TELL_USER },
	{ CLIENT, "8.1", "6.1", ES9P_FRESH_SESSION },
	{ CLIENT, "8.1.1", "3.8", ES9P_TELL_USER },
	{ CLIENT, "8.1.4", "6.1", ES9P_TELL_USER },
	{ CLIENT, "8.1", "4.8", ES9P_TELL_USER },
	{ CLIENT, "8.2", "1.2", ES9P_LATER },
	{ CLIENT, "8.2.5", "4.3", ES9P_TELL_USER },
	{ CLIENT, "8.2.6", "3.8", ES9P_TELL_USER },
	{ CLIENT, "8.8.5", "4.1", ES9P_TELL_USER },
	{ CLIENT, "8.8.5", "6.4", ES9P_TELL_USER },
	{ CLIENT, "8.9.5", "3.9", ES9P_TELL_USER },
	{ CLIENT, "8.10.1", "3.9", ES9P_FRESH_SESSION },
	{ CLIENT, "8.11.1", "3.9", ES9P_TELL_USER },
	{ PACKAGE, "8.1", "6.1", ES9P_FRESH_SESSION },
	{ PACKAGE, "8.2", "3.7", ES9P_TELL_USER },
	{ PACKAGE, "8.2.7", "2.2", ES9P_ASK_AGAIN },
	{ PACKAGE, "8.2.7", "3.8", ES9P_ASK_AGAIN },
	{ PACKAGE, "8.2.7", "6.4", ES9P_TELL_USER },
	{ PACKAGE, "8.10.1", "3.9", ES9P_FRESH_SESSION },
	{ CANCEL, "8.1", "6.1", ES9P_TELL_USER },
	{ CANCEL, "8.8", "3.1", ES9P_TELL_USER },
	{ CANCEL, "8.8", "3.10", ES9P_TELL_USER },
	{ CANCEL, "8.10.1", "3.9", ES9P_TELL_USER },
	{ NULL, "8.9", "4.2", ES9P_LATER },
	{ NULL, "8.9", "5.1", ES9P_LATER },
};

static void require_row(const char *function, size_t row)
{
	const struct es9p_status_info *info =
		es9p_status_lookup(function, wanted[row].subject, wanted[row].reason);

	ATF_REQUIRE_MSG(info, "%s %s/%s", function, wanted[row].subject, wanted[row].reason);
	ATF_REQUIRE_STREQ(wanted[row].subject, info->subject_code);
	ATF_REQUIRE_STREQ(wanted[row].reason, info->reason_code);
	ATF_REQUIRE_EQ_MSG(wanted[row].remedy, info->remedy, "%s %s/%s", function,
			   wanted[row].subject, wanted[row].reason);
	ATF_REQUIRE(info->meaning && strlen(info->meaning) > 10);
	ATF_REQUIRE(info->advice && strlen(info->advice) > 5);
}

ATF_TC_WITHOUT_HEAD(every_row_is_known);
ATF_TC_BODY(every_row_is_known, tc)
{
	for (size_t row = 0; row < sizeof(wanted) / sizeof(wanted[0]); row++) {
		if (wanted[row].function) {
			require_row(wanted[row].function, row);
			continue;
		}
		for (size_t f = 0; f < sizeof(functions) / sizeof(functions[0]); f++)
			require_row(functions[f], row);
	}
}

ATF_TC_WITHOUT_HEAD(a_code_means_what_its_function_says);
ATF_TC_BODY(a_code_means_what_its_function_says, tc)
{
	const struct es9p_status_info *client = es9p_status_lookup(CLIENT, "8.1", "6.1");
	const struct es9p_status_info *cancel = es9p_status_lookup(CANCEL, "8.1", "6.1");

	ATF_REQUIRE(client && cancel && client != cancel);
	ATF_REQUIRE_EQ(client, es9p_status_lookup("ES9+." CLIENT, "8.1", "6.1"));
	ATF_REQUIRE_EQ(client, es9p_status_lookup("ES11." CLIENT, "8.1", "6.1"));
	ATF_REQUIRE_EQ(client, es9p_status_lookup("ES9+.AuthenticateClient", "8.1", "6.1"));
	ATF_REQUIRE_EQ(cancel, es9p_status_lookup("CancelSession", "8.1", "6.1"));
}

ATF_TC_WITHOUT_HEAD(unknown_pairs_are_unknown);
ATF_TC_BODY(unknown_pairs_are_unknown, tc)
{
	ATF_REQUIRE(!es9p_status_lookup(CLIENT, "8.1", "9.9"));
	ATF_REQUIRE(!es9p_status_lookup(CLIENT, "", ""));
	ATF_REQUIRE(!es9p_status_lookup(CLIENT, "8.1.", "6.1"));
	ATF_REQUIRE(!es9p_status_lookup(INITIATE, "8.2.6", "3.8"));
	ATF_REQUIRE(!es9p_status_lookup("", "8.2.6", "3.8"));
}

ATF_TP_ADD_TCS(tp)
{
	ATF_TP_ADD_TC(tp, every_row_is_known);
	ATF_TP_ADD_TC(tp, a_code_means_what_its_function_says);
	ATF_TP_ADD_TC(tp, unknown_pairs_are_unknown);
	return atf_no_error();
}
