/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What a modem says on an AT port is told apart: echo, unasked lines, answers in all dialects, ends. */
#include "modem/at/results.h"

#include <atf-c.h>
#include <stdio.h>
#include <string.h>

static struct at_parser parser;
static struct esim_error err;

static const struct at_expect ccho = { "AT+CCHO=\"A000\"", "+CCHO", AT_SHAPE_NUMBER };
static const struct at_expect cgla = { "AT+CGLA=1,4,\"00A4\"", "+CGLA", AT_SHAPE_APDU };
static const struct at_expect imei = { "AT+CGSN", "+CGSN", AT_SHAPE_DIGITS };
static const struct at_expect model = { "AT+CGMM", "+CGMM", AT_SHAPE_TEXT };
static const struct at_expect close_it = { "AT+CCHC=1", "+CCHC", AT_SHAPE_NONE };

/* All in one piece; what is behind the end stays. */
static size_t hear_bytes(const struct at_expect *expect, const char *bytes, size_t len)
{
	size_t taken = 0;

	at_parser_clear(&parser);
	at_parser_init(&parser);
	at_parser_begin(&parser, expect);
	ATF_REQUIRE_EQ(at_parser_feed(&parser, esim_slice(bytes, len), &taken), 0);
	return taken;
}

static void hear(const struct at_expect *expect, const char *text)
{
	hear_bytes(expect, text, strlen(text));
}

static const char *answer(void)
{
	return parser.answer.len ? (const char *)parser.answer.data : "";
}

static unsigned session(void)
{
	unsigned number = 0;

	ATF_REQUIRE_EQ_MSG(at_value_number(answer(), 100, &number), 0, "\"%s\"", answer());
	return number;
}

/* --- dialects ------------------------------------------------------------------------------------- */

ATF_TC_WITHOUT_HEAD(a_session_is_heard_in_every_dialect);
ATF_TC_BODY(a_session_is_heard_in_every_dialect, tc)
{
	static const char *const dialects[] = {
		"\r\n+CCHO: 3\r\n\r\nOK\r\n", "\r\n+CCHO:3\r\n\r\nOK\r\n", "\r\n3\r\n\r\nOK\r\n", "+CCHO : 3\rOK\r",
		"3\nOK\n", "\r\n +ccho:  3 \r\nok\r\n", "\r\n+CCHO: \"3\"\r\n\r\nOK\r\n", "\r\n\"3\"\r\n\r\nOK\r\n",
		"AT+CCHO=\"A000\"\r\r\n+CCHO: 3\r\n\r\nOK\r\n", "AT+CCHO=\"A0\r\r\n3\r\n\r\nOK\r\n",
	};

	for (size_t i = 0; i < sizeof(dialects) / sizeof(dialects[0]); i++) {
		hear(&ccho, dialects[i]);
		ATF_CHECK_EQ_MSG(parser.final, AT_OK, "%s", dialects[i]);
		ATF_CHECK_EQ_MSG(parser.answers, 1, "%s", dialects[i]);
		ATF_CHECK_EQ(session(), 3);
		ATF_CHECK(!parser.stray);
	}
	at_parser_clear(&parser);
}

ATF_TC_WITHOUT_HEAD(an_answer_may_come_in_any_pieces);
ATF_TC_BODY(an_answer_may_come_in_any_pieces, tc)
{
	static const char text[] = "\r\n+CREG: 1\r\n\r\n+CGLA: 4,\"9000\"\r\n\r\nOK\r\n";
	const size_t len = strlen(text);
	struct esim_buf response = ESIM_BUF_INIT;
	size_t taken;

	for (size_t split = 0; split <= len; split++) {
		at_parser_init(&parser);
		at_parser_begin(&parser, &cgla);
		ATF_REQUIRE_EQ(at_parser_feed(&parser, esim_slice(text, split), &taken), 0);
		ATF_REQUIRE_EQ(at_parser_feed(&parser, esim_slice(text + split, len - split), &taken), 0);
		ATF_CHECK_EQ_MSG(parser.final, AT_OK, "split at %zu", split);
		esim_buf_reset(&response);
		ATF_CHECK_EQ(at_value_apdu(answer(), &response), 0);
		ATF_CHECK(esim_slice_is(esim_buf_slice(&response), "\x90\x00", 2));
		at_parser_clear(&parser);
	}
	esim_buf_free(&response);
}

ATF_TC_WITHOUT_HEAD(bytes_that_are_no_text_are_no_answer);
ATF_TC_BODY(bytes_that_are_no_text_are_no_answer, tc)
{
	static const char text[] = "\0\0\xFF\xFE{]\r\n\0+CC\0HO: 2\0\r\n\r\n\x01\x02\r\nO\0K\r\n";

	hear_bytes(&ccho, text, sizeof(text) - 1);
	ATF_CHECK_EQ(parser.final, AT_OK);
	ATF_CHECK_EQ(parser.answers, 1);
	ATF_CHECK_EQ(session(), 2);
	at_parser_clear(&parser);
}

/* --- what comes unasked ------------------------------------------------------------------------------- */

ATF_TC_WITHOUT_HEAD(what_comes_unasked_answers_nothing);
ATF_TC_BODY(what_comes_unasked_answers_nothing, tc)
{
	hear(&model, "\r\nRING\r\n\r\n+CREG: 1\r\n\r\n^RSSI:17\r\n\r\nCall Ready\r\n\r\nNO CARRIER\r\n\r\n+QIND: \"csq\"\r\n"
		     "\r\nEC25\r\n\r\n*ECAV: 1\r\n\r\nOK\r\n\r\nRING\r\n");
	ATF_CHECK_EQ(parser.final, AT_OK);
	ATF_CHECK_EQ(parser.answers, 1);
	ATF_CHECK_STREQ(answer(), "EC25");
	ATF_CHECK(!parser.stray);
	ATF_CHECK(!parser.card_news);
	at_parser_clear(&parser);
}

ATF_TC_WITHOUT_HEAD(news_of_the_card_are_heard);
ATF_TC_BODY(news_of_the_card_are_heard, tc)
{
	static const char *const news[] = { "^SIMST:1\r\n", "+CPIN: READY\r\n", "+QUSIM: 1\r\n", "+QSTK: \"D0\"\r\n" };

	for (size_t i = 0; i < sizeof(news) / sizeof(news[0]); i++) {
		hear(NULL, news[i]);
		ATF_CHECK_MSG(parser.card_news, "%s", news[i]);
		ATF_CHECK(!parser.stray);
	}
	hear(NULL, "+CREG: 1\r\nRING\r\n");
	ATF_CHECK(!parser.card_news);
	at_parser_clear(&parser);
}

ATF_TC_WITHOUT_HEAD(an_answer_that_nobody_asked_for_is_noticed);
ATF_TC_BODY(an_answer_that_nobody_asked_for_is_noticed, tc)
{
	static const char *const strays[] = {
		"OK\r\n", "ERROR\r\n", "+CME ERROR: 14\r\n", "+CGLA: 4,\"9000\"\r\n", "+CCHO: 1\r\n", "4,\"9000\"\r\n",
	};

	for (size_t i = 0; i < sizeof(strays) / sizeof(strays[0]); i++) {
		hear(NULL, strays[i]);
		ATF_CHECK_MSG(parser.stray, "%s", strays[i]);
	}
	/* Another command's, before this one's own. */
	hear(&ccho, "+CGLA: 4,\"9000\"\r\n+CCHO: 1\r\nOK\r\n");
	ATF_CHECK(parser.stray);
	ATF_CHECK_EQ(session(), 1);
	/* And behind the end nothing is taken: it is the next one's, or nobody's. */
	ATF_CHECK_EQ(hear_bytes(&ccho, "3\r\nOK\r\nOK\r\n", 11), 6);
	ATF_CHECK(!parser.stray);
	/* Two of them and one end. */
	hear(&cgla, "+CGLA: 4,\"9000\"\r\n+CGLA: 4,\"6A82\"\r\nOK\r\n");
	ATF_CHECK_EQ(parser.answers, 2);
	at_parser_clear(&parser);
}

ATF_TC_WITHOUT_HEAD(the_number_of_a_channel_that_comes_late_is_kept);
ATF_TC_BODY(the_number_of_a_channel_that_comes_late_is_kept, tc)
{
	static const struct at_expect sync = { .command = "AT" };
	static const char late[] = "\r\n+CCHO: 2\r\n\r\nOK\r\n";
	size_t taken;

	at_parser_init(&parser);
	parser.late_name = "+CCHO";
	parser.late_shape = AT_SHAPE_NUMBER;
	at_parser_begin(&parser, &sync);
	ATF_REQUIRE_EQ(at_parser_feed(&parser, esim_slice(late, strlen(late)), &taken), 0);
	ATF_CHECK_STREQ(parser.late, "2");
	ATF_CHECK(parser.stray);
	at_parser_clear(&parser);
}

/* --- ends ------------------------------------------------------------------------------------------------ */

ATF_TC_WITHOUT_HEAD(every_no_has_its_name_and_its_code);
ATF_TC_BODY(every_no_has_its_name_and_its_code, tc)
{
	static const struct { const char *line; int code; const char *text; } cases[] = {
		{ "ERROR\r\n", ESIM_EIO, "ERROR" },
		{ "+CME ERROR: 3\r\n", ESIM_EREFUSED, "+CME ERROR: 3 (operation not allowed)" },
		{ "+CME ERROR: 4\r\n", ESIM_ENOTSUP, "+CME ERROR: 4 (operation not supported)" },
		{ "+CME ERROR:10\r\n", ESIM_ENODEV, "+CME ERROR: 10 (SIM not inserted)" },
		{ "+CME ERROR: SIM busy\r\n", ESIM_EBUSY, "+CME ERROR: 14 (SIM busy)" },
		{ "+CME ERROR: 21\r\n", ESIM_ESTALE, "invalid index" },
		{ "+CME ERROR: 65535\r\n", ESIM_EIO, "+CME ERROR: 65535" },
		{ "+CME ERROR: no can do\r\n", ESIM_EIO, "+CME ERROR: no can do" },
		{ "+CME ERROR:\r\n", ESIM_EIO, "+CME ERROR" },
		{ "+CMS ERROR: 302\r\n", ESIM_EIO, "ERROR" },
		{ "BUSY\r\n", ESIM_EBUSY, "busy" },
		{ "COMMAND NOT SUPPORT\r\n", ESIM_ENOTSUP, "no such command" },
	};

	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		hear(&ccho, cases[i].line);
		ATF_CHECK_MSG(parser.final != AT_PENDING && parser.final != AT_OK, "%s", cases[i].line);
		ATF_CHECK_EQ_MSG(at_refused(&err, "AT+CCHO", &parser), cases[i].code, "%s: %s", cases[i].line, err.message);
		ATF_CHECK_MSG(strstr(err.message, cases[i].text), "%s: %s", cases[i].line, err.message);
	}
	hear(&model, "AT+CGMM\r\r\nEC25\r\n\r\nOK\r\n");
	ATF_CHECK_STREQ(answer(), "EC25");
	hear(&close_it, "\r\n+CCHC\r\n\r\nOK\r\n");
	ATF_CHECK_EQ(parser.final, AT_OK);
	ATF_CHECK_EQ(parser.answers, 0);
	hear(&ccho, "OKAY\r\nERRORS\r\nNO CARRIER\r\n");
	ATF_CHECK_EQ(parser.final, AT_PENDING);
	at_parser_clear(&parser);
}

ATF_TC_WITHOUT_HEAD(what_a_modem_says_is_bounded);
ATF_TC_BODY(what_a_modem_says_is_bounded, tc)
{
	static char line[AT_MAX_LINE + 100];
	size_t taken;
	int r = 0;

	memset(line, '9', sizeof(line));
	memcpy(line, "+CGLA: 4,", 9);
	hear_bytes(&cgla, line, sizeof(line));
	ATF_CHECK(parser.line.len <= AT_MAX_LINE);
	ATF_REQUIRE_EQ(at_parser_feed(&parser, esim_slice("\r\n4,\"9000\"\r\nOK\r\n", 16), &taken), 0);
	/* The line that was too long counts for nothing, the one after it does. */
	ATF_CHECK_EQ(parser.final, AT_OK);
	ATF_CHECK_STREQ(answer(), "4,\"9000\"");
	hear(&cgla, "");
	for (int i = 0; !r && i < 1000; i++)
		r = at_parser_feed(&parser, esim_slice(line, sizeof(line)), &taken);
	ATF_CHECK_EQ(r, ESIM_ETOOBIG);
	at_parser_clear(&parser);
}

/* --- values ------------------------------------------------------------------------------------------------ */

ATF_TC_WITHOUT_HEAD(the_length_of_an_apdu_is_checked_against_its_hex);
ATF_TC_BODY(the_length_of_an_apdu_is_checked_against_its_hex, tc)
{
	static const char *const good[] = { "4,\"9000\"", "4,9000", "4, \"9000\"", "4 ,9000 " };
	static const char *const bad[] = {
		"", "4", "4,", "6,\"9000\"", "2,\"9000\"", "4,\"9000", "4,9000\"", "3,\"900\"", "4,\"90G0\"", "0,\"\"", "2,\"90\"",
		"-4,\"9000\"", "4,\"9000\",1", "4;\"9000\"", "99999999994,\"9000\"", "4,'9000'",
	};
	struct esim_buf response = ESIM_BUF_INIT;

	for (size_t i = 0; i < sizeof(good) / sizeof(good[0]); i++) {
		esim_buf_reset(&response);
		ATF_CHECK_EQ_MSG(at_value_apdu(good[i], &response), 0, "%s", good[i]);
		ATF_CHECK_EQ(response.len, 2);
	}
	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++)
		ATF_CHECK_EQ_MSG(at_value_apdu(bad[i], &response), ESIM_EPROTO, "%s", bad[i]);
	esim_buf_free(&response);
}

ATF_TC_WITHOUT_HEAD(a_file_has_a_status_and_perhaps_data);
ATF_TC_BODY(a_file_has_a_status_and_perhaps_data, tc)
{
	struct esim_buf data = ESIM_BUF_INIT;
	uint16_t sw = 0;

	ATF_CHECK_EQ(at_value_file("144,0,\"98940000\"", &sw, &data), 0);
	ATF_CHECK_EQ(sw, 0x9000);
	ATF_CHECK_EQ(data.len, 4);
	ATF_CHECK_EQ(at_value_file("106,130", &sw, &data), 0);
	ATF_CHECK_EQ(sw, 0x6A82);
	ATF_CHECK_EQ(at_value_file("106,130,\"\"", &sw, &data), 0);
	ATF_CHECK_EQ(at_value_file("256,0", &sw, &data), ESIM_EPROTO);
	ATF_CHECK_EQ(at_value_file("144", &sw, &data), ESIM_EPROTO);
	ATF_CHECK_EQ(at_value_file("144,0,\"989\"", &sw, &data), ESIM_EPROTO);
	ATF_CHECK_EQ(at_value_file("144,0 98", &sw, &data), ESIM_EPROTO);
	esim_buf_free(&data);
}

ATF_TC_WITHOUT_HEAD(digits_and_text_lose_their_quotes);
ATF_TC_BODY(digits_and_text_lose_their_quotes, tc)
{
	char digits[24], text[64];

	hear(&imei, "\r\n+CGSN: \"490154203237518\"\r\n\r\nOK\r\n");
	ATF_CHECK_EQ(at_value_digits(answer(), digits, sizeof(digits)), 0);
	ATF_CHECK_STREQ(digits, "490154203237518");
	hear(&imei, "\r\n490154203237518\r\n\r\nOK\r\n");
	ATF_CHECK_EQ(at_value_digits(answer(), digits, sizeof(digits)), 0);
	ATF_CHECK_EQ(at_value_digits("89440000000000000012F,1", digits, sizeof(digits)), 0);
	ATF_CHECK_STREQ(digits, "89440000000000000012F");
	ATF_CHECK_EQ(at_value_digits("1234", digits, sizeof(digits)), ESIM_EPROTO);
	ATF_CHECK_EQ(at_value_digits("490154203237518x", digits, sizeof(digits)), ESIM_EPROTO);
	ATF_CHECK_EQ(at_value_digits("490154203237518490154203237518", digits, sizeof(digits)), ESIM_ETOOBIG);
	at_value_text("\"AT&T \x1B[31mmodem\"", text, sizeof(text));
	ATF_CHECK_STREQ(text, "AT&T [31mmodem");
	at_parser_clear(&parser);
}

ATF_TP_ADD_TCS(tp)
{
	ATF_TP_ADD_TC(tp, a_session_is_heard_in_every_dialect);
	ATF_TP_ADD_TC(tp, an_answer_may_come_in_any_pieces);
	ATF_TP_ADD_TC(tp, bytes_that_are_no_text_are_no_answer);
	ATF_TP_ADD_TC(tp, what_comes_unasked_answers_nothing);
	ATF_TP_ADD_TC(tp, news_of_the_card_are_heard);
	ATF_TP_ADD_TC(tp, an_answer_that_nobody_asked_for_is_noticed);
	ATF_TP_ADD_TC(tp, the_number_of_a_channel_that_comes_late_is_kept);
	ATF_TP_ADD_TC(tp, every_no_has_its_name_and_its_code);
	ATF_TP_ADD_TC(tp, what_a_modem_says_is_bounded);
	ATF_TP_ADD_TC(tp, the_length_of_an_apdu_is_checked_against_its_hex);
	ATF_TP_ADD_TC(tp, a_file_has_a_status_and_perhaps_data);
	ATF_TP_ADD_TC(tp, digits_and_text_lose_their_quotes);
	return atf_no_error();
}
