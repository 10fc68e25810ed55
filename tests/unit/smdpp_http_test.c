/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What the test server reads before any protocol: HTTP requests, --fault, order files. */
#include "rsp/file.h"
#include "smdpp/fault.h"
#include "smdpp/http.h"
#include "smdpp/orders.h"

#include <atf-c.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

/* --- requests ---------------------------------------------------------------------------------- */

static long parse(const char *text, struct http_request *request)
{
	return http_request_parse(esim_slice(text, strlen(text)), request);
}

static const char plain[] =
	"POST /p HTTP/1.1\r\nHost: h\r\ncontent-type: application/json; charset=utf-8\r\n"
	"X-ADMIN-PROTOCOL:gsma/rsp/v2.5.0 \r\nContent-Length: 5\r\n\r\nhello";

ATF_TC_WITHOUT_HEAD(a_request_is_whole_at_its_last_byte);
ATF_TC_BODY(a_request_is_whole_at_its_last_byte, tc)
{
	static const char chunked[] =
		"POST /p HTTP/1.1\r\nTransfer-Encoding: Chunked\r\n\r\n2\r\nhe\r\n3;x=y\r\nllo\r\n0\r\nT: r\r\n\r\n";
	static const char *const requests[] = { plain, chunked };
	struct http_request request = HTTP_REQUEST_INIT;

	(void)tc;
	for (size_t i = 0; i < 2; i++) {
		size_t len = strlen(requests[i]);

		for (size_t n = 0; n < len; n++)
			ATF_REQUIRE_EQ_MSG(0, http_request_parse(esim_slice(requests[i], n), &request), "%zu", n);
		ATF_REQUIRE_EQ((long)len, parse(requests[i], &request));
		ATF_CHECK(esim_slice_is(esim_buf_slice(&request.body), "hello", 5));
		ATF_CHECK(request.keep_alive);
	}
	http_request_clear(&request);
}

/* A client that sends byte by byte must not cost the square of its bytes. */
ATF_TC_WITHOUT_HEAD(what_was_read_of_a_chunked_request_is_not_read_again);
ATF_TC_BODY(what_was_read_of_a_chunked_request_is_not_read_again, tc)
{
	char text[] = "POST /p HTTP/1.1\r\nTransfer-Encoding: chunked\r\n\r\n2\r\nhe\r\n3\r\nllo\r\n0\r\nT: r\r\n\r\n";
	struct http_request request = HTTP_REQUEST_INIT;
	size_t len = strlen(text), chunk = (size_t)(strstr(text, "3\r\n") - text);

	(void)tc;
	ATF_REQUIRE_EQ(0, http_request_parse(esim_slice(text, chunk), &request));
	memset(text, '?', chunk);
	ATF_REQUIRE_EQ(0, http_request_parse(esim_slice(text, len - 2), &request));
	memset(text, '?', len - 2);
	ATF_REQUIRE_EQ((long)len, http_request_parse(esim_slice(text, len), &request));
	ATF_CHECK(esim_slice_is(esim_buf_slice(&request.body), "hello", 5));
	http_request_clear(&request);
}

ATF_TC_WITHOUT_HEAD(headers_are_read_whatever_their_case);
ATF_TC_BODY(headers_are_read_whatever_their_case, tc)
{
	struct http_request request = HTTP_REQUEST_INIT;

	(void)tc;
	ATF_REQUIRE(parse(plain, &request) > 0);
	ATF_CHECK_STREQ("POST", request.method);
	ATF_CHECK_STREQ("/p", request.path);
	ATF_CHECK_STREQ("application/json", request.content_type);
	ATF_CHECK_STREQ("gsma/rsp/v2.5.0", request.admin_protocol);
	ATF_REQUIRE(parse("POST / HTTP/1.0\r\n\r\n", &request) > 0);
	ATF_CHECK(!request.keep_alive);
	ATF_REQUIRE(parse("POST / HTTP/1.1\r\nConnection: Close\r\n\r\n", &request) > 0);
	ATF_CHECK(!request.keep_alive);
	ATF_CHECK_EQ(0, parse("POST / HTTP/1.1\r\nExpect: 100-continue\r\nContent-Length: 3\r\n\r\n", &request));
	ATF_CHECK(request.wants_continue);
	http_request_clear(&request);
}

ATF_TC_WITHOUT_HEAD(a_second_request_behind_the_first_is_left);
ATF_TC_BODY(a_second_request_behind_the_first_is_left, tc)
{
	struct http_request request = HTTP_REQUEST_INIT;
	char two[2 * sizeof(plain)];

	(void)tc;
	snprintf(two, sizeof(two), "%s%s", plain, plain);
	ATF_CHECK_EQ((long)strlen(plain), parse(two, &request));
	http_request_clear(&request);
}

ATF_TC_WITHOUT_HEAD(hostile_requests_are_refused);
ATF_TC_BODY(hostile_requests_are_refused, tc)
{
	static const struct {
		const char *text;
		long status;
	} bad[] = {
		{ "\r\n\r\n", -400 },
		{ "POST\r\n\r\n", -400 },
		{ "POST /\r\n\r\n", -400 },
		{ "P OST / HTTP/1.1\r\n\r\n", -505 },
		{ "POST / HTTP/2.0\r\n\r\n", -505 },
		{ "POST / HTTP/1.1\r\nno colon\r\n\r\n", -400 },
		{ "POST / HTTP/1.1\r\n folded: x\r\n\r\n", -400 },
		{ "POST / HTTP/1.1\r\nContent-Length: -1\r\n\r\n", -400 },
		{ "POST / HTTP/1.1\r\nContent-Length: 1x\r\n\r\n", -400 },
		{ "POST / HTTP/1.1\r\nContent-Length: 99999999999\r\n\r\n", -400 },
		{ "POST / HTTP/1.1\r\nContent-Length: 999999999\r\n\r\n", -413 },
		{ "POST / HTTP/1.1\r\nContent-Length: 1\r\nContent-Length: 1\r\n\r\na", -400 },
		{ "POST / HTTP/1.1\r\nContent-Length: 1\r\nTransfer-Encoding: chunked\r\n\r\na", -400 },
		{ "POST / HTTP/1.1\r\nTransfer-Encoding: gzip\r\n\r\n", -400 },
		{ "POST / HTTP/1.1\r\nTransfer-Encoding: chunked\r\n\r\n-1\r\n", -400 },
		{ "POST / HTTP/1.1\r\nTransfer-Encoding: chunked\r\n\r\nFFFFFF\r\n", -413 },
		{ "POST / HTTP/1.1\r\nTransfer-Encoding: chunked\r\n\r\nFFFFFFFFFFFFFFFFF\r\n", -400 },
		{ "POST / HTTP/1.1\r\nTransfer-Encoding: chunked\r\n\r\n1\r\nabc\r\n", -400 },
		{ "POST / HTTP/1.1\r\nExpect: everything\r\n\r\n", -417 },
	};
	struct http_request request = HTTP_REQUEST_INIT;

	(void)tc;
	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++)
		ATF_CHECK_EQ_MSG(bad[i].status, parse(bad[i].text, &request), "%zu: %s", i, bad[i].text);
	http_request_clear(&request);
}

ATF_TC_WITHOUT_HEAD(endless_requests_are_cut_off);
ATF_TC_BODY(endless_requests_are_cut_off, tc)
{
	struct http_request request = HTTP_REQUEST_INIT;
	struct esim_buf text = ESIM_BUF_INIT;

	(void)tc;
	while (text.len <= HTTP_MAX_HEADERS)
		esim_buf_append(&text, "xxxxxxxxxxxxxxxx", 16);
	ATF_CHECK_EQ(-431, http_request_parse(esim_buf_slice(&text), &request));
	esim_buf_reset(&text);
	esim_buf_append(&text, "POST / HTTP/1.1\r\n", 17);
	for (int i = 0; i < 200; i++)
		esim_buf_append(&text, "a: b\r\n", 6);
	esim_buf_append(&text, "\r\n", 2);
	ATF_CHECK_EQ(-431, http_request_parse(esim_buf_slice(&text), &request));
	esim_buf_reset(&text);
	esim_buf_append(&text, "POST / HTTP/1.1\r\nTransfer-Encoding: chunked\r\n\r\n", 47);
	while (text.len < 1000 * 1000)
		esim_buf_append(&text, "8\r\n01234567\r\n", 13);
	ATF_CHECK_EQ(-413, http_request_parse(esim_buf_slice(&text), &request));
	esim_buf_free(&text);
	http_request_clear(&request);
}

/* --- faults ------------------------------------------------------------------------------------- */

ATF_TC_WITHOUT_HEAD(faults_hit_the_calls_they_name);
ATF_TC_BODY(faults_hit_the_calls_they_name, tc)
{
	struct faults faults;
	struct fault_hits hits;
	struct esim_error err;

	(void)tc;
	ATF_REQUIRE_EQ(0, faults_parse("authenticateClient:status=8.1/4.8@2,any:http=503,"
				       "authenticateClient:tamper=oid", &faults, &err));
	faults_begin(&faults, FAULT_AUTHENTICATE_CLIENT, &hits);
	ATF_CHECK_EQ(NULL, fault_value(&hits, FAULT_STATUS));
	ATF_CHECK_STREQ("503", fault_value(&hits, FAULT_HTTP));
	ATF_CHECK(fault_tampers(&hits, "oid"));
	ATF_CHECK(!fault_tampers(&hits, "role"));
	faults_begin(&faults, FAULT_AUTHENTICATE_CLIENT, &hits);
	ATF_CHECK_STREQ("8.1/4.8", fault_value(&hits, FAULT_STATUS));
	faults_begin(&faults, FAULT_CANCEL_SESSION, &hits);
	ATF_CHECK_EQ(1, hits.count);
}

ATF_TC_WITHOUT_HEAD(unknown_faults_are_named);
ATF_TC_BODY(unknown_faults_are_named, tc)
{
	static const char *const bad[] = {
		"x", "x:close", "any:", "any:explode", "any:close=1", "any:http", "any:http=abc", "any:status=8.1",
		"any:tamper=", "any:close@0", "any:close@x", ",any:close",
	};
	struct faults faults;
	struct esim_error err;

	(void)tc;
	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++)
		ATF_CHECK_EQ_MSG(ESIM_EINVAL, faults_parse(bad[i], &faults, &err), "%s", bad[i]);
	ATF_CHECK(strstr(err.message, "is no fault") != NULL);
}

/* --- orders ---------------------------------------------------------------------------------------- */

static void write_order(const char *name, const char *text)
{
	char path[128];

	mkdir("profiles", 0700);
	snprintf(path, sizeof(path), "profiles/%s", name);
	ATF_REQUIRE_EQ(0, rsp_file_write(path, esim_slice(text, strlen(text)), 0600, NULL));
}

ATF_TC_WITHOUT_HEAD(orders_are_found_by_their_exact_name);
ATF_TC_BODY(orders_are_found_by_their_exact_name, tc)
{
	struct orders orders = { .dir = strdup("profiles") };
	struct order *order;
	struct esim_error err;

	(void)tc;
	write_order("A.der", "x");
	write_order("a b$.der.der", "x");
	write_order(".der", "x");
	write_order("A.json", "{\"owner\": {\"mccMnc\": \"310260\", \"gid1\": \"0A\"}, \"policyRules\": [\"ppr1\"]}");
	ATF_REQUIRE_EQ_MSG(0, orders_scan(&orders, &err), "%s", err.message);
	order = orders_find(&orders, esim_slice("A", 1));
	ATF_REQUIRE(order != NULL);
	ATF_CHECK_EQ(0, memcmp(order->owner, "\x13\x00\x62", 3));
	ATF_CHECK_EQ(ORDER_PPR1, order->policy_rules);
	ATF_CHECK_EQ(3, order->notification_count);
	ATF_CHECK(orders_find(&orders, esim_slice("a b$.der", 8)) != NULL);
	ATF_CHECK(orders_find(&orders, esim_slice("a", 1)) == NULL);
	ATF_CHECK(orders_find(&orders, esim_slice("", 0)) == NULL);
	ATF_REQUIRE_EQ(0, remove("profiles/A.der"));
	ATF_REQUIRE_EQ(0, orders_scan(&orders, &err));
	ATF_CHECK(orders_find(&orders, esim_slice("A", 1)) == NULL);
	orders_free(&orders);
}

ATF_TC_WITHOUT_HEAD(order_files_are_read_strictly);
ATF_TC_BODY(order_files_are_read_strictly, tc)
{
	static const char *const bad[] = {
		"", "[]", "{", "{\"unknown\": 1}", "{\"retries\": -1}", "{\"retries\": \"3\"}", "{\"eid\": \"12\"}",
		"{\"default\": 1}", "{\"class\": \"secret\"}", "{\"class\": 3}", "{\"policyRules\": \"ppr1\"}",
		"{\"policyRules\": [\"ppr3\"]}", "{\"owner\": \"0010\"}", "{\"icon\": \"absent.png\"}",
		"{\"serviceProviderName\": \"123456789012345678901234567890123\"}", "{\"expires\": \"soon\"}",
		"{\"notificationEvents\": [\"explode\"]}", "{\"once\": true, \"once\": true}", "{\"event\": {}}",
		"{\"confirmationCode\": \"\"}",
	};
	struct orders orders = { .dir = strdup("profiles") };
	struct esim_error err;

	(void)tc;
	write_order("A.der", "x");
	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
		write_order("A.json", bad[i]);
		ATF_CHECK_EQ_MSG(ESIM_EINVAL, orders_scan(&orders, &err), "%s", bad[i]);
		ATF_CHECK_MSG(strstr(err.message, "A.json") != NULL, "%s", err.message);
		ATF_CHECK(orders_find(&orders, esim_slice("A", 1)) == NULL);
	}
	orders_free(&orders);
}

ATF_TC_WITHOUT_HEAD(a_malformed_order_hides_no_other);
ATF_TC_BODY(a_malformed_order_hides_no_other, tc)
{
	struct orders orders = { 0 };
	struct esim_error err;
	char name[8];

	(void)tc;
	orders.dir = strdup("profiles");
	ATF_REQUIRE_EQ(0, mkdir("profiles", 0700));
	for (char c = 'A'; c <= 'P'; c++) {
		snprintf(name, sizeof(name), "%c.der", c);
		write_order(name, "x");
		snprintf(name, sizeof(name), "%c.json", c);
		write_order(name, c % 2 ? "{}" : "{");
	}
	ATF_CHECK_EQ(ESIM_EINVAL, orders_scan(&orders, &err));
	for (char c = 'A'; c <= 'P'; c++)
		ATF_CHECK_EQ_MSG(c % 2 != 0, orders_find(&orders, esim_slice(&c, 1)) != NULL, "%c", c);
	orders_free(&orders);
}

ATF_TP_ADD_TCS(tp)
{
	ATF_TP_ADD_TC(tp, a_request_is_whole_at_its_last_byte);
	ATF_TP_ADD_TC(tp, what_was_read_of_a_chunked_request_is_not_read_again);
	ATF_TP_ADD_TC(tp, headers_are_read_whatever_their_case);
	ATF_TP_ADD_TC(tp, a_second_request_behind_the_first_is_left);
	ATF_TP_ADD_TC(tp, hostile_requests_are_refused);
	ATF_TP_ADD_TC(tp, endless_requests_are_cut_off);
	ATF_TP_ADD_TC(tp, faults_hit_the_calls_they_name);
	ATF_TP_ADD_TC(tp, unknown_faults_are_named);
	ATF_TP_ADD_TC(tp, orders_are_found_by_their_exact_name);
	ATF_TP_ADD_TC(tp, order_files_are_read_strictly);
	ATF_TP_ADD_TC(tp, a_malformed_order_hides_no_other);
	return atf_no_error();
}
