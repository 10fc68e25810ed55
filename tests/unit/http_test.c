/* SPDX-License-Identifier: GPL-2.0-or-later */
/* esim_http against a real TLS server: requests, spoilt answers, cancel, and where it may go. */
#include "http_bench.h"

#include <atf-c.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <wolfssl/options.h>

/* One request that the given reply lets fail. */
static void one_reply_fails(const struct tls_reply *reply, int code, const char *words)
{
	struct bench b;

	bench_init(&b);
	b.server_options.replies = reply;
	bench_start(&b);
	require_failure(&b, code, words);
	bench_finish(&b, NULL);
}

ATF_TC_WITHOUT_HEAD(a_request_carries_what_sgp22_asks_for);
ATF_TC_BODY(a_request_carries_what_sgp22_asks_for, tc)
{
	struct tls_server_log log;
	struct bench b;

	bench_init(&b);
	bench_start(&b);
	ATF_REQUIRE_EQ_MSG(0, bench_post(&b), "%s", b.err.message);
	ATF_REQUIRE_EQ(200, b.response.status);
	ATF_REQUIRE_STREQ("application/json;charset=UTF-8", b.response.content_type);
	ATF_REQUIRE_STREQ("gsma/rsp/v2.3.0", b.response.admin_protocol);
	ATF_REQUIRE(esim_slice_is(esim_buf_slice(&b.response.body), "{}", 2));
	bench_finish(&b, &log);
	ATF_REQUIRE_MSG(strstr((char *)log.text.data, "POST " PATH " HTTP/1.1\r\n"), "%s",
			(char *)log.text.data);
	ATF_REQUIRE(strstr((char *)log.text.data, "\r\nHost: " HOST "\r\n"));
	ATF_REQUIRE(strstr((char *)log.text.data, "\r\nUser-Agent: gsma-rsp-lpad\r\n"));
	ATF_REQUIRE(strstr((char *)log.text.data, "\r\nX-Admin-Protocol: gsma/rsp/v2.5.0\r\n"));
	ATF_REQUIRE(strstr((char *)log.text.data, "\r\nContent-Type: application/json\r\n"));
	ATF_REQUIRE(!strstr((char *)log.text.data, "Expect:"));
	ATF_REQUIRE(strstr((char *)log.text.data, "\r\n\r\n{\"a\":1}"));
	esim_buf_free(&log.text);
}

ATF_TC_WITHOUT_HEAD(three_requests_share_one_handshake);
ATF_TC_BODY(three_requests_share_one_handshake, tc)
{
	struct esim_http_stats stats;
	struct tls_server_log log;
	struct bench b;

	bench_init(&b);
	bench_start(&b);
	for (int i = 0; i < 3; i++)
		ATF_REQUIRE_EQ_MSG(0, bench_post(&b), "%s", b.err.message);
	esim_http_stats(b.http, &stats);
	bench_finish(&b, &log);
	ATF_REQUIRE_EQ(1, log.connections);
	ATF_REQUIRE_EQ(1, log.handshakes);
	ATF_REQUIRE_EQ(3, log.requests);
	ATF_REQUIRE_EQ(3, stats.requests);
	ATF_REQUIRE_EQ(1, stats.connections);
	ATF_REQUIRE_EQ(1, stats.tls_handshakes);
	ATF_REQUIRE_EQ(0, stats.tls_resumed);
	ATF_REQUIRE_EQ_MSG(log.text.len, stats.bytes_sent, "%zu sent, counted %zu", log.text.len,
			   (size_t)stats.bytes_sent);
	ATF_REQUIRE_EQ(3 * strlen(OK_REPLY), stats.bytes_received);
	esim_buf_free(&log.text);
}

static void resumption(bool tls12)
{
	const struct tls_reply closing = {
		.text = "HTTP/1.1 200 OK\r\nConnection: close\r\nContent-Length: 2\r\n\r\n{}",
		.close = true,
	};
	struct esim_http_stats stats;
	struct tls_server_log log;
	struct bench b;

#ifndef HAVE_EX_DATA
	atf_tc_skip("this wolfSSL was built without HAVE_EX_DATA: libcurl cannot keep its sessions");
#endif
	bench_init(&b);
	b.server_options.replies = &closing;
	b.server_options.tls12 = tls12;
	bench_start(&b);
	ATF_REQUIRE_EQ_MSG(0, bench_post(&b), "%s", b.err.message);
	ATF_REQUIRE_EQ_MSG(0, bench_post(&b), "%s", b.err.message);
	esim_http_stats(b.http, &stats);
	bench_finish(&b, &log);
	ATF_REQUIRE_EQ(2, log.handshakes);
	ATF_REQUIRE_EQ(2, stats.connections);
	ATF_REQUIRE_EQ(2, stats.tls_handshakes);
	ATF_REQUIRE_EQ(1, stats.tls_resumed);
	esim_buf_free(&log.text);
}

ATF_TC_WITHOUT_HEAD(a_new_connection_resumes_the_tls13_session);
ATF_TC_BODY(a_new_connection_resumes_the_tls13_session, tc)
{
	resumption(false);
}

ATF_TC_WITHOUT_HEAD(a_new_connection_resumes_the_tls12_session);
ATF_TC_BODY(a_new_connection_resumes_the_tls12_session, tc)
{
	resumption(true);
}

/* --- what the server says --------------------------------------------------------------------- */

ATF_TC_WITHOUT_HEAD(redirects_are_refused);
ATF_TC_BODY(redirects_are_refused, tc)
{
	static const struct tls_reply reply = {
		.text = "HTTP/1.1 302 Found\r\nLocation: https://evil.example.com/\r\nContent-Length: 0\r\n\r\n",
	};
	struct tls_server_log log;
	struct bench b;

	bench_init(&b);
	b.server_options.replies = &reply;
	bench_start(&b);
	require_network_failure(&b, ESIM_EHTTP, "evil.example.com");
	ATF_REQUIRE_EQ(302, b.err.http_status);
	bench_finish(&b, &log);
	ATF_REQUIRE_EQ(1, log.requests);
	esim_buf_free(&log.text);
}

ATF_TC_WITHOUT_HEAD(error_statuses_are_handed_on);
ATF_TC_BODY(error_statuses_are_handed_on, tc)
{
	static const struct tls_reply replies[] = {
		{ .text = "HTTP/1.1 500 Oops\r\nContent-Length: 0\r\n\r\n" },
		{ .text = "HTTP/1.1 503 Later\r\nContent-Length: 0\r\n\r\n" },
		{ .text = "HTTP/1.1 404 Where\r\nContent-Length: 0\r\n\r\n" },
		{ .text = "HTTP/1.1 204 No Content\r\n\r\n" },
	};
	static const int statuses[] = { 500, 503, 404, 204 };
	struct bench b;

	bench_init(&b);
	b.server_options.replies = replies;
	b.server_options.count = 4;
	bench_start(&b);
	for (int i = 0; i < 4; i++) {
		ATF_REQUIRE_EQ_MSG(0, bench_post(&b), "%s", b.err.message);
		ATF_REQUIRE_EQ(statuses[i], b.response.status);
	}
	bench_finish(&b, NULL);
}

ATF_TC_WITHOUT_HEAD(an_oversized_body_is_cut_off_while_it_comes);
ATF_TC_BODY(an_oversized_body_is_cut_off_while_it_comes, tc)
{
	static const struct tls_reply reply = {
		.text = "HTTP/1.1 200 OK\r\nConnection: close\r\n\r\n",
		.fill = ESIM_MAX_HTTP_BODY + 1,
		.stall = true,
	};

	one_reply_fails(&reply, ESIM_ETOOBIG, "longer than");
}

ATF_TC_WITHOUT_HEAD(an_oversized_body_is_refused_by_its_length);
ATF_TC_BODY(an_oversized_body_is_refused_by_its_length, tc)
{
	static const struct tls_reply reply = {
		.text = "HTTP/1.1 200 OK\r\nContent-Length: 1048577\r\n\r\n",
		.stall = true,
	};

	one_reply_fails(&reply, ESIM_ETOOBIG, "longer than");
}

ATF_TC_WITHOUT_HEAD(the_largest_body_arrives);
ATF_TC_BODY(the_largest_body_arrives, tc)
{
	static const struct tls_reply reply = {
		.text = "HTTP/1.1 200 OK\r\nContent-Length: 1048576\r\n\r\n",
		.fill = ESIM_MAX_HTTP_BODY,
	};
	struct bench b;

	bench_init(&b);
	b.server_options.replies = &reply;
	bench_start(&b);
	ATF_REQUIRE_EQ_MSG(0, bench_post(&b), "%s", b.err.message);
	ATF_REQUIRE_EQ(ESIM_MAX_HTTP_BODY, b.response.body.len);
	bench_finish(&b, NULL);
}

ATF_TC_WITHOUT_HEAD(endless_headers_are_refused);
ATF_TC_BODY(endless_headers_are_refused, tc)
{
	struct tls_reply reply = { .stall = true };
	struct bench b;
	char *text;
	size_t len;

	len = ESIM_MAX_HTTP_HEADERS + 100;
	text = malloc(len + 1);
	ATF_REQUIRE(text);
	len = (size_t)sprintf(text, "HTTP/1.1 200 OK\r\n");
	while (len < ESIM_MAX_HTTP_HEADERS + 50)
		len += (size_t)sprintf(text + len, "X-A: %030d\r\n", 0);
	reply.text = text;
	bench_init(&b);
	b.server_options.replies = &reply;
	bench_start(&b);
	require_failure(&b, ESIM_ETOOBIG, "header");
	bench_finish(&b, NULL);
	free(text);
}

ATF_TC_WITHOUT_HEAD(a_truncated_body_is_an_error);
ATF_TC_BODY(a_truncated_body_is_an_error, tc)
{
	static const struct tls_reply reply = {
		.text = "HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\n{\"header\":",
		.close = true,
	};

	one_reply_fails(&reply, ESIM_ENET, "cut short");
}

ATF_TC_WITHOUT_HEAD(a_close_without_answer_is_an_error);
ATF_TC_BODY(a_close_without_answer_is_an_error, tc)
{
	static const struct tls_reply reply = { .text = "", .close = true };

	one_reply_fails(&reply, ESIM_ENET, "without an answer");
}

ATF_TC_WITHOUT_HEAD(what_is_no_http_is_an_error);
ATF_TC_BODY(what_is_no_http_is_an_error, tc)
{
	static const struct tls_reply reply = { .text = "220 mail.example.com ESMTP\r\n", .close = true };

	one_reply_fails(&reply, ESIM_EHTTP, "no HTTP");
}

ATF_TC_WITHOUT_HEAD(a_stalled_answer_times_out);
ATF_TC_BODY(a_stalled_answer_times_out, tc)
{
	static const struct tls_reply reply = {
		.text = "HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\n",
		.stall = true,
	};
	struct bench b;

	bench_init(&b);
	b.options.request_timeout_ms = 700;
	b.server_options.replies = &reply;
	bench_start(&b);
	require_network_failure(&b, ESIM_ETIMEDOUT, "within 700 ms");
	bench_finish(&b, NULL);
}

ATF_TC_WITHOUT_HEAD(a_stalled_handshake_times_out);
ATF_TC_BODY(a_stalled_handshake_times_out, tc)
{
	static const struct tls_reply reply = { .text = "", .stall = true };
	struct bench b;

	bench_init(&b);
	b.options.connect_timeout_ms = 300;
	b.server_options.plain = true;
	b.server_options.replies = &reply;
	bench_start(&b);
	require_network_failure(&b, ESIM_ETIMEDOUT, "no connection within 300 ms");
	bench_finish(&b, NULL);
}

/* --- cancel ----------------------------------------------------------------------------------- */

struct canceller {
	struct tls_server *server;
	struct esim_cancel *cancel;
};

static void *cancel_when_connected(void *context)
{
	struct canceller *c = context;

	tls_server_wait_connection(c->server, 1);
	esim_cancel_trigger(c->cancel);
	return NULL;
}

ATF_TC_WITHOUT_HEAD(cancel_ends_a_request_that_waits);
ATF_TC_BODY(cancel_ends_a_request_that_waits, tc)
{
	static const struct tls_reply reply = { .text = "", .stall = true };
	struct esim_cancel *cancel;
	struct canceller canceller;
	pthread_t thread;
	struct bench b;

	bench_init(&b);
	ATF_REQUIRE_EQ(0, esim_cancel_new(&cancel));
	b.options.cancel = cancel;
	b.server_options.replies = &reply;
	bench_start(&b);
	canceller = (struct canceller){ b.server, cancel };
	ATF_REQUIRE_EQ(0, pthread_create(&thread, NULL, cancel_when_connected, &canceller));
	require_failure(&b, ESIM_ECANCELED, "cancelled");
	pthread_join(thread, NULL);
	require_failure(&b, ESIM_ECANCELED, "cancelled");
	bench_finish(&b, NULL);
	esim_cancel_free(&cancel);
}

/* --- where it may go ------------------------------------------------------------------------------ */

static void refused(struct bench *b, const char *host, const char *words)
{
	int r = bench_post_to(b, host);

	ATF_REQUIRE_EQ_MSG(ESIM_EREFUSED, r, "%s: %s: %s", host, esim_code_name(r), b->err.message);
	ATF_REQUIRE_MSG(strstr(b->err.message, words), "%s: %s", host, b->err.message);
	ATF_REQUIRE_EQ(ESIM_DOMAIN_POLICY, b->err.domain);
}

ATF_TC_WITHOUT_HEAD(private_addresses_are_refused_after_resolution);
ATF_TC_BODY(private_addresses_are_refused_after_resolution, tc)
{
	struct tls_server_log log;
	struct bench b;

	bench_init(&b);
	bench_start(&b);
	/* "localhost." as a search of nothing: one label, hence asked for by way of allow_ports below. */
	refused(&b, "localhost", "full host name");
	refused(&b, "127.0.0.1", "full host name");
	refused(&b, "[::1]", "full host name");
	bench_finish(&b, &log);
	ATF_REQUIRE_EQ(0, log.connections);
	esim_buf_free(&log.text);
}

/* A connect_to entry permits its own host and port and no other that leads to the same place. */
ATF_TC_WITHOUT_HEAD(connect_to_permits_nothing_else);
ATF_TC_BODY(connect_to_permits_nothing_else, tc)
{
	struct bench b;

	bench_init(&b);
	bench_start(&b);
	refused(&b, HOST ":8443", "port 8443");
	ATF_REQUIRE_EQ_MSG(0, bench_post(&b), "%s", b.err.message);
	bench_finish(&b, NULL);
}

ATF_TC_WITHOUT_HEAD(a_name_that_leads_to_loopback_is_refused);
ATF_TC_BODY(a_name_that_leads_to_loopback_is_refused, tc)
{
	struct tls_server_log log;
	char host[64];
	struct bench b;
	int r;

	bench_init(&b);
	b.options.allow_ports = true;
	bench_start(&b);
	snprintf(host, sizeof(host), "rsp.localhost:%u", tls_server_port(b.server));
	r = bench_post_to(&b, host);
	ATF_REQUIRE_EQ_MSG(ESIM_EREFUSED, r, "%s", b.err.message);
	ATF_REQUIRE_MSG(strstr(b.err.message, "no public address"), "%s", b.err.message);
	bench_finish(&b, &log);
	ATF_REQUIRE_EQ(0, log.connections);
	esim_buf_free(&log.text);
}

ATF_TC_WITHOUT_HEAD(private_addresses_are_reached_when_allowed);
ATF_TC_BODY(private_addresses_are_reached_when_allowed, tc)
{
	char host[64];
	struct bench b;

	bench_init(&b);
	b.options.allow_ports = b.options.allow_private = true;
	b.pki.recipe[FIXTURE_DPAUTH].dns_name = "rsp.localhost";
	bench_start(&b);
	snprintf(host, sizeof(host), "rsp.localhost:%u", tls_server_port(b.server));
	ATF_REQUIRE_EQ_MSG(0, bench_post_to(&b, host), "%s", b.err.message);
	bench_finish(&b, NULL);
}

ATF_TC_WITHOUT_HEAD(a_refused_connection_says_so);
ATF_TC_BODY(a_refused_connection_says_so, tc)
{
	struct bench b;

	bench_init(&b);
	bench_start(&b);
	esim_http_free(&b.http);
	b.connect_to.to_port = 1;
	ATF_REQUIRE_EQ(0, esim_http_new(&b.options, &b.http, &b.err));
	require_network_failure(&b, ESIM_ENET, "no connection: Connection refused");
	bench_finish(&b, NULL);
}

ATF_TC_WITHOUT_HEAD(a_name_that_does_not_resolve_says_so);
ATF_TC_BODY(a_name_that_does_not_resolve_says_so, tc)
{
	struct bench b;
	int r;

	bench_init(&b);
	b.options.connect_timeout_ms = 5000;
	bench_start(&b);
	r = bench_post_to(&b, "no-such-server.invalid");
	ATF_REQUIRE_MSG(r == ESIM_ENET || r == ESIM_ETIMEDOUT, "%s", b.err.message);
	ATF_REQUIRE(b.err.advice[0]);
	bench_finish(&b, NULL);
}

ATF_TC_WITHOUT_HEAD(no_roots_is_an_error);
ATF_TC_BODY(no_roots_is_an_error, tc)
{
	const struct esim_pool none = { 0 };
	const struct esim_http_options options = { .tls_roots = &none };
	struct esim_http *http = NULL;
	struct esim_error err;

	ATF_REQUIRE_EQ(ESIM_EINVAL, esim_http_new(&options, &http, &err));
	ATF_REQUIRE(!http);
	esim_http_free(&http);
	esim_http_free(NULL);
}

/* --- trace ------------------------------------------------------------------------------------------ */

struct traced {
	unsigned count, connections;
	int status, result;
	size_t request, response;
};

static void note(void *context, const struct esim_http_trace *exchange)
{
	struct traced *t = context;

	t->count++;
	t->connections += exchange->new_connections;
	t->status = exchange->status;
	t->result = exchange->result;
	t->request = exchange->request.len;
	t->response = exchange->response.len;
	ATF_REQUIRE_STREQ("POST " PATH, exchange->method_path);
	ATF_REQUIRE_STREQ(HOST, exchange->host);
}

ATF_TC_WITHOUT_HEAD(the_trace_sees_each_exchange);
ATF_TC_BODY(the_trace_sees_each_exchange, tc)
{
	struct traced traced = { 0 };
	struct bench b;

	bench_init(&b);
	b.options.trace = note;
	b.options.trace_context = &traced;
	bench_start(&b);
	ATF_REQUIRE_EQ(0, bench_post(&b));
	ATF_REQUIRE_EQ(0, bench_post(&b));
	ATF_REQUIRE_EQ(2, traced.count);
	ATF_REQUIRE_EQ(1, traced.connections);
	ATF_REQUIRE_EQ(200, traced.status);
	ATF_REQUIRE_EQ(7, traced.request);
	ATF_REQUIRE_EQ(2, traced.response);
	bench_finish(&b, NULL);
}

ATF_TP_ADD_TCS(tp)
{
	ATF_TP_ADD_TC(tp, a_request_carries_what_sgp22_asks_for);
	ATF_TP_ADD_TC(tp, three_requests_share_one_handshake);
	ATF_TP_ADD_TC(tp, a_new_connection_resumes_the_tls13_session);
	ATF_TP_ADD_TC(tp, a_new_connection_resumes_the_tls12_session);
	ATF_TP_ADD_TC(tp, redirects_are_refused);
	ATF_TP_ADD_TC(tp, error_statuses_are_handed_on);
	ATF_TP_ADD_TC(tp, an_oversized_body_is_cut_off_while_it_comes);
	ATF_TP_ADD_TC(tp, an_oversized_body_is_refused_by_its_length);
	ATF_TP_ADD_TC(tp, the_largest_body_arrives);
	ATF_TP_ADD_TC(tp, endless_headers_are_refused);
	ATF_TP_ADD_TC(tp, a_truncated_body_is_an_error);
	ATF_TP_ADD_TC(tp, a_close_without_answer_is_an_error);
	ATF_TP_ADD_TC(tp, what_is_no_http_is_an_error);
	ATF_TP_ADD_TC(tp, a_stalled_answer_times_out);
	ATF_TP_ADD_TC(tp, a_stalled_handshake_times_out);
	ATF_TP_ADD_TC(tp, cancel_ends_a_request_that_waits);
	ATF_TP_ADD_TC(tp, private_addresses_are_refused_after_resolution);
	ATF_TP_ADD_TC(tp, connect_to_permits_nothing_else);
	ATF_TP_ADD_TC(tp, a_name_that_leads_to_loopback_is_refused);
	ATF_TP_ADD_TC(tp, private_addresses_are_reached_when_allowed);
	ATF_TP_ADD_TC(tp, a_refused_connection_says_so);
	ATF_TP_ADD_TC(tp, a_name_that_does_not_resolve_says_so);
	ATF_TP_ADD_TC(tp, no_roots_is_an_error);
	ATF_TP_ADD_TC(tp, the_trace_sees_each_exchange);
	return atf_no_error();
}
