/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The virtual modem's AT port, byte by byte: what ModemManager's generic plugin asks, the card, the dialects. */
#include "vmodem/vmodem.h"

#include <atf-c.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static struct vmodem *modem;
static struct vmodem_front front;
static char said[65536];
static size_t said_len;
static struct esim_error err;

static void hear(struct vmodem_front *from, struct esim_slice bytes)
{
	(void)from;
	ATF_REQUIRE(said_len + bytes.len < sizeof(said));
	/* A NUL is noise here, and would end the text. */
	for (size_t i = 0; i < bytes.len; i++)
		if (bytes.data[i])
			said[said_len++] = (char)bytes.data[i];
	said[said_len] = '\0';
}

static void start(const char *quirk, const char *fault)
{
	static char pki[256];
	const char *quirks[] = { quirk, NULL };
	const struct vmodem_options options = {
		.protocols = VMODEM_AT, .card.pki_dirs = { pki }, .card.pki_count = 1, .quirks = quirks, .fault = fault,
	};

	if (!getenv("COREESIM_PKI"))
		atf_tc_skip("COREESIM_PKI is not set");
	snprintf(pki, sizeof(pki), "%s/nist", getenv("COREESIM_PKI"));
	ATF_REQUIRE_EQ_MSG(vmodem_new(&options, &modem, &err), 0, "%s", err.message);
	front = (struct vmodem_front){ .ops = vmodem_front_ops(VMODEM_AT), .send = hear, .late = ESIM_BUF_INIT };
	ATF_REQUIRE_EQ(vmodem_front_add(modem, &front), 0);
}

/* What is said to one line, its end included. */
static const char *ask(const char *line)
{
	said_len = 0;
	said[0] = '\0';
	vmodem_feed(&front, esim_slice(line, strlen(line)));
	vmodem_feed(&front, esim_slice("\r", 1));
	return said;
}

static void stop(void)
{
	ATF_CHECK_EQ(vmodem_channels_open(modem), 0);
	vmodem_free(&modem);
}

/* --- V.250 ------------------------------------------------------------------------------------------ */

ATF_TC_WITHOUT_HEAD(what_a_modem_manager_asks_first_is_answered);
ATF_TC_BODY(what_a_modem_manager_asks_first_is_answered, tc)
{
	start(NULL, NULL);
	ATF_CHECK_STREQ(ask("AT"), "AT\r\r\nOK\r\n");
	ATF_CHECK_STREQ(ask("ATE0"), "ATE0\r\r\nOK\r\n");
	ATF_CHECK_STREQ(ask("ATV1"), "\r\nOK\r\n");
	ATF_CHECK_STREQ(ask("ATX4 &C1"), "\r\nOK\r\n");
	ATF_CHECK_STREQ(ask("ATX4&C1S0=0"), "\r\nOK\r\n");
	ATF_CHECK_STREQ(ask("at+gcap"), "\r\n+GCAP: +CGSM\r\n\r\nOK\r\n");
	ATF_CHECK_STREQ(ask("ATI"), "\r\nCoreESIM\r\n\r\nVirtual modem\r\n\r\nVM1.0\r\n\r\nOK\r\n");
	ATF_CHECK_STREQ(ask("AT+CGMI"), "\r\nCoreESIM\r\n\r\nOK\r\n");
	ATF_CHECK_STREQ(ask("AT+CGSN"), "\r\n490154203237518\r\n\r\nOK\r\n");
	ATF_CHECK_STREQ(ask("AT+CPIN?"), "\r\n+CPIN: READY\r\n\r\nOK\r\n");
	ATF_CHECK_STREQ(ask("AT+CREG?"), "\r\n+CREG: 0,0\r\n\r\nOK\r\n");
	ATF_CHECK_STREQ(ask("AT+CFUN?"), "\r\n+CFUN: 1\r\n\r\nOK\r\n");
	ATF_CHECK_STREQ(ask("AT+NOSUCH=1"), "\r\nERROR\r\n");
	ATF_CHECK_STREQ(ask("AT^SYSINFO"), "\r\nERROR\r\n");
	ATF_CHECK_STREQ(ask("noise AT"), "\r\nOK\r\n");
	ATF_CHECK_STREQ(ask("no command"), "");
	stop();
}

ATF_TC_WITHOUT_HEAD(errors_have_numbers_where_they_were_asked_for);
ATF_TC_BODY(errors_have_numbers_where_they_were_asked_for, tc)
{
	start(NULL, NULL);
	ask("ATE0");
	ATF_CHECK_STREQ(ask("AT+CCID"), "\r\nERROR\r\n");
	ATF_CHECK_STREQ(ask("AT+CMEE=1"), "\r\nOK\r\n");
	ATF_CHECK_STREQ(ask("AT+CCID"), "\r\n+CME ERROR: 22\r\n");
	ATF_CHECK_STREQ(ask("AT+CMEE=2"), "\r\nOK\r\n");
	ATF_CHECK_STREQ(ask("AT+CCID"), "\r\n+CME ERROR: not found\r\n");
	stop();
	start("at-no-cme", NULL);
	ask("ATE0");
	ATF_CHECK_STREQ(ask("AT+CMEE=1"), "\r\nERROR\r\n");
	ATF_CHECK_STREQ(ask("AT+CCID"), "\r\nERROR\r\n");
	stop();
}

ATF_TC_WITHOUT_HEAD(lines_are_bounded_and_come_in_any_pieces);
ATF_TC_BODY(lines_are_bounded_and_come_in_any_pieces, tc)
{
	static char line[100000];

	start(NULL, NULL);
	ask("ATE0");
	memset(line, 'A', sizeof(line) - 1);
	ATF_CHECK_STREQ(ask(line), "");
	memcpy(line, "AT+CSIM=", 8);
	ATF_CHECK_STREQ(ask(line), "\r\nERROR\r\n");
	said_len = 0;
	for (const char *at = "A\x08" "AT+CFUN?\r"; *at; at++)
		vmodem_feed(&front, esim_slice(at, 1));
	ATF_CHECK_STREQ(said, "\r\n+CFUN: 1\r\n\r\nOK\r\n");
	stop();
	start("at-short-lines=20", NULL);
	ask("ATE0");
	ATF_CHECK_STREQ(ask("AT+CFUN?"), "\r\n+CFUN: 1\r\n\r\nOK\r\n");
	ATF_CHECK_STREQ(ask("AT+CRSM=176,12258,0,0,10"), "\r\nERROR\r\n");
	stop();
}

/* --- the card ------------------------------------------------------------------------------------------- */

#define ISDR "A0000005591010FFFFFFFF8900000100"
#define GET_EID "24,\"80E2910006BF3E035C015A00\""

ATF_TC_WITHOUT_HEAD(a_session_is_opened_used_and_closed);
ATF_TC_BODY(a_session_is_opened_used_and_closed, tc)
{
	start(NULL, NULL);
	ask("ATE0");
	ATF_CHECK_STREQ(ask("AT+CMEE=1"), "\r\nOK\r\n");
	ATF_CHECK_STREQ(ask("AT+CCHO=?"), "\r\nOK\r\n");
	ATF_CHECK_STREQ(ask("AT+CCHO=\"" ISDR "\""), "\r\n+CCHO: 1\r\n\r\nOK\r\n");
	ATF_CHECK_EQ(vmodem_channels_open(modem), 1);
	ATF_CHECK_MSG(strstr(ask("AT+CGLA=1," GET_EID), "\r\n+CGLA: 46,\"BF3E125A10") == said, "%s", said);
	ATF_CHECK_STREQ(ask("AT+CGLA=2," GET_EID), "\r\n+CME ERROR: 21\r\n");
	ATF_CHECK_STREQ(ask("AT+CGLA=1,22,\"80E2910006BF3E035C015A00\""), "\r\n+CME ERROR: 50\r\n");
	ATF_CHECK_STREQ(ask("AT+CGLA=1,4,\"80E\""), "\r\n+CME ERROR: 50\r\n");
	ATF_CHECK_STREQ(ask("AT+CCHC=1"), "\r\nOK\r\n");
	ATF_CHECK_STREQ(ask("AT+CCHC=1"), "\r\n+CME ERROR: 21\r\n");
	ATF_CHECK_STREQ(ask("AT+CCHO=\"A0000000000001\""), "\r\n+CME ERROR: 22\r\n");
	ATF_CHECK_STREQ(ask("AT+CCHO=\"xyz\""), "\r\n+CME ERROR: 50\r\n");
	stop();
}

ATF_TC_WITHOUT_HEAD(a_channel_that_the_host_opens_itself_is_counted);
ATF_TC_BODY(a_channel_that_the_host_opens_itself_is_counted, tc)
{
	start("channels=1", NULL);
	ask("ATE0");
	ATF_CHECK_STREQ(ask("AT+CSIM=10,\"0070000001\""), "\r\n+CSIM: 6,\"019000\"\r\n\r\nOK\r\n");
	ATF_CHECK_EQ(vmodem_channels_open(modem), 1);
	ATF_CHECK_STREQ(ask("AT+CSIM=10,\"0070000001\""), "\r\n+CSIM: 4,\"6A81\"\r\n\r\nOK\r\n");
	ATF_CHECK_STREQ(ask("AT+CSIM=8,\"00708001\""), "\r\n+CSIM: 4,\"9000\"\r\n\r\nOK\r\n");
	stop();
}

ATF_TC_WITHOUT_HEAD(every_habit_changes_what_it_says_and_no_more);
ATF_TC_BODY(every_habit_changes_what_it_says_and_no_more, tc)
{
	start("at-no-test", NULL);
	ask("ATE0");
	ATF_CHECK_STREQ(ask("AT+CCHO=?"), "\r\nERROR\r\n");
	stop();
	start("at-bare", NULL);
	ask("ATE0");
	ATF_CHECK_STREQ(ask("AT+CSIM=10,\"0070000001\""), "\r\n6,019000\r\n\r\nOK\r\n");
	ATF_CHECK_STREQ(ask("AT+CSIM=8,00708001"), "\r\n4,9000\r\n\r\nOK\r\n");
	stop();
	start("at-csim-only", NULL);
	ask("ATE0");
	ATF_CHECK_STREQ(ask("AT+CCHO=\"" ISDR "\""), "\r\nERROR\r\n");
	stop();
	start("no-uicc", NULL);
	ask("ATE0");
	ATF_CHECK_STREQ(ask("AT+CSIM=10,\"0070000001\""), "\r\nERROR\r\n");
	stop();
	start("at-echo", NULL);
	ask("ATE0");
	ATF_CHECK_STREQ(ask("AT"), "AT\r\r\nOK\r\n");
	stop();
	start("at-chatter", NULL);
	ask("ATE0");
	ATF_CHECK_MSG(strstr(ask("AT+CFUN?"), "+CREG: 1") < strstr(said, "+CFUN: 1") && strstr(said, "RING") &&
		      strstr(said, "OK\r\n\r\n+QIND"), "%s", said);
	stop();
	start("isdr-denied", NULL);
	ask("ATE0");
	ask("AT+CMEE=1");
	ATF_CHECK_STREQ(ask("AT+CCHO=\"" ISDR "\""), "\r\n+CME ERROR: 3\r\n");
	stop();
}

/* --- failures ----------------------------------------------------------------------------------------------- */

ATF_TC_WITHOUT_HEAD(every_fault_is_what_it_says);
ATF_TC_BODY(every_fault_is_what_it_says, tc)
{
	start(NULL, NULL);
	ask("ATE0");
	ask("AT+CMEE=1");
	ATF_REQUIRE_EQ(vmodem_set_fault(modem, "mute@1,late@2,garbage@3,truncated@4,twice@5,busy@6,error@7", &err), 0);
	ATF_CHECK_STREQ(ask("AT+CFUN?"), "");
	ATF_CHECK_STREQ(ask("AT+CFUN?"), "");
	ATF_CHECK_MSG(strstr(ask("AT+CGMI"), "+CGMI: \x01") && strstr(said, "OK"), "%s", said);
	ATF_CHECK_MSG(strstr(said, "+CFUN: 1"), "the late one follows: %s", said);
	ATF_CHECK_STREQ(ask("AT+CGSN"), "\r\n490154203237\r\n\r\nOK\r\n");
	ATF_CHECK_STREQ(ask("AT"), "\r\nOK\r\n\r\nOK\r\n");
	ATF_CHECK_STREQ(ask("AT+CFUN?"), "\r\n+CME ERROR: 14\r\n");
	ATF_CHECK_STREQ(ask("AT+CFUN?"), "\r\n+CME ERROR: 100\r\n");
	ATF_REQUIRE_EQ(vmodem_set_fault(modem, "vanish@1:reset", &err), 0);
	ATF_CHECK_STREQ(ask("AT+CFUN=1,1"), "");
	ATF_CHECK_EQ(vmodem_bus(modem), VMODEM_BUS_GONE);
	stop();
}

ATF_TC_WITHOUT_HEAD(the_radio_and_the_modem_are_switched);
ATF_TC_BODY(the_radio_and_the_modem_are_switched, tc)
{
	start(NULL, NULL);
	ask("ATE0");
	ask("AT+CMEE=1");
	ATF_CHECK_STREQ(ask("AT+CFUN=4"), "\r\nOK\r\n");
	ATF_CHECK(!vmodem_radio(modem));
	ATF_CHECK_STREQ(ask("AT+CFUN?"), "\r\n+CFUN: 4\r\n\r\nOK\r\n");
	ATF_CHECK_MSG(strstr(ask("AT+CFUN=0"), "OK"), "%s", said);
	ATF_CHECK_STREQ(ask("AT+CPIN?"), "\r\n+CME ERROR: 13\r\n");
	ATF_CHECK_MSG(strstr(ask("AT+CFUN=1"), "^SIMST:1"), "news of the card: %s", said);
	ATF_CHECK_STREQ(ask("AT+CPIN?"), "\r\n+CPIN: READY\r\n\r\nOK\r\n");
	ATF_CHECK_STREQ(ask("AT+CFUN=1,1"), "\r\nOK\r\n");
	ATF_CHECK_EQ(vmodem_bus(modem), VMODEM_BUS_RESTARTS);
	vmodem_arrived(modem);
	/* All that was agreed on is forgotten. */
	ATF_CHECK_STREQ(ask("AT"), "AT\r\r\nOK\r\n");
	stop();
}

ATF_TP_ADD_TCS(tp)
{
	ATF_TP_ADD_TC(tp, what_a_modem_manager_asks_first_is_answered);
	ATF_TP_ADD_TC(tp, errors_have_numbers_where_they_were_asked_for);
	ATF_TP_ADD_TC(tp, lines_are_bounded_and_come_in_any_pieces);
	ATF_TP_ADD_TC(tp, a_session_is_opened_used_and_closed);
	ATF_TP_ADD_TC(tp, a_channel_that_the_host_opens_itself_is_counted);
	ATF_TP_ADD_TC(tp, every_habit_changes_what_it_says_and_no_more);
	ATF_TP_ADD_TC(tp, every_fault_is_what_it_says);
	ATF_TP_ADD_TC(tp, the_radio_and_the_modem_are_switched);
	return atf_no_error();
}
