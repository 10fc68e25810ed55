/* SPDX-License-Identifier: GPL-2.0-or-later */
/* ES9+ and ES11 against a scripted server: what each answer becomes, and what goes out. */
#include "tls_server.h"
#include "trust_fixture.h"

#include <esim/base64.h>
#include <esim/es11.h>

#include <atf-c.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#define HOST "smdpp.example.com"
#define ID "A1b2"
#define SUCCESS "\"header\":{\"functionExecutionStatus\":{\"status\":\"Executed-Success\"}}"
#define FAILED(subject, reason) "{\"header\":{\"functionExecutionStatus\":{\"status\":\"Failed\"," \
	"\"statusCodeData\":{\"subjectCode\":\"" subject "\",\"reasonCode\":\"" reason "\"," \
	"\"subjectIdentifier\":\"it\",\"message\":\"because\"}}}}"

#define MAX_REPLIES 4

struct bench {
	struct fixture pki;
	struct esim_buf key;
	struct tls_server_options server_options;
	struct tls_reply replies[MAX_REPLIES];
	char *texts[MAX_REPLIES];
	size_t count;
	struct tls_server *server;
	struct esim_connect_to connect_to;
	struct esim_http *http;
	struct es9p_server es9p;
	struct esim_error err;
};

static int64_t fixture_now(void *context)
{
	(void)context;
	return FIXTURE_NOW;
}

/* The next answer of the server. */
static void answer(struct bench *b, const char *status, const char *header, const char *body)
{
	ATF_REQUIRE(b->count < MAX_REPLIES);
	ATF_REQUIRE(asprintf(&b->texts[b->count], "HTTP/1.1 %s\r\nContent-Length: %zu\r\n%s\r\n%s",
			     status, strlen(body), header, body) > 0);
	b->replies[b->count].text = b->texts[b->count];
	b->count++;
}

static void answer_json(struct bench *b, const char *body)
{
	answer(b, "200 OK", "Content-Type: application/json; charset=utf-8\r\n", body);
}

static void bench_start(struct bench *b)
{
	struct rsp_x509 *recipe = &b->pki.recipe[FIXTURE_DPAUTH];
	struct esim_http_options options = {
		.tls_roots = &b->pki.pool,
		.connect_to = &b->connect_to,
		.connect_to_count = 1,
		.clock = fixture_now,
	};

	fixture_init(&b->pki, ESIM_CURVE_P256);
	recipe->policy = "2.23.146.1.2.1.3";
	recipe->extended_key_usage = RSP_EKU_SERVER;
	recipe->dns_name = HOST;
	fixture_make(&b->pki, FIXTURE_DPAUTH, b->pki.key[FIXTURE_CI]);
	ATF_REQUIRE_EQ(0, rsp_key_der(b->pki.key[FIXTURE_DPAUTH], &b->key));
	b->server_options = (struct tls_server_options){
		.certificate = fixture_der(&b->pki, FIXTURE_DPAUTH),
		.key = esim_buf_slice(&b->key),
		.replies = b->replies,
		.count = b->count,
	};
	b->server = tls_server_start(&b->server_options);
	b->connect_to = (struct esim_connect_to){ .from_host = HOST, .from_port = 443,
						  .to_host = "127.0.0.1",
						  .to_port = tls_server_port(b->server) };
	ATF_REQUIRE_EQ(0, esim_http_new(&options, &b->http, &b->err));
	b->es9p = (struct es9p_server){ .http = b->http, .address = HOST };
	esim_error_clear(&b->err);
}

static void bench_finish(struct bench *b, struct tls_server_log *log)
{
	esim_http_free(&b->http);
	tls_server_stop(b->server, log);
	for (size_t i = 0; i < MAX_REPLIES; i++)
		free(b->texts[i]);
	esim_buf_free(&b->key);
	fixture_free(&b->pki);
}

static int cancel(struct bench *b)
{
	return es9p_cancel_session(&b->es9p, ID, esim_slice("\xBF\x41\x00", 3), &b->err);
}

static int notify(struct bench *b)
{
	return es9p_handle_notification(&b->es9p, esim_slice("\xBF\x37\x00", 3), &b->err);
}

static int initiate(struct bench *b, struct es9p_initiate_authentication_response *ret)
{
	return es9p_initiate_authentication(&b->es9p, (const uint8_t *)"0123456789abcdef",
					    esim_slice("\xBF\x20\x00", 3), ret, &b->err);
}

static void require_code(int wanted, int r, const struct esim_error *err)
{
	ATF_REQUIRE_EQ_MSG(wanted, r, "%s: %s", esim_code_name(r), err->message);
	ATF_REQUIRE_EQ(wanted, err->code);
}

ATF_TC_WITHOUT_HEAD(initiate_authentication_sends_the_fqdn_and_keeps_the_answer);
ATF_TC_BODY(initiate_authentication_sends_the_fqdn_and_keeps_the_answer, tc)
{
	struct es9p_initiate_authentication_response r = { 0 };
	struct bench b = { 0 };
	struct tls_server_log log;
	uint8_t signature[3 + ESIM_SIGNATURE_SIZE] = { 0x5F, 0x37, ESIM_SIGNATURE_SIZE };
	struct esim_buf text = ESIM_BUF_INIT;
	char body[1024];

	esim_base64_encode(esim_slice(signature, sizeof(signature)), &text);
	snprintf(body, sizeof(body),
		 "{" SUCCESS ",\"transactionId\":\"" ID "\",\"serverSigned1\":\"MAMCAQE=\","
		 "\"serverSignature1\":\"%.*s\",\"euiccCiPKIdToBeUsed\":\"BAEB\","
		 "\"serverCertificate\":\"MAMCAQI=\"}", (int)text.len, (char *)text.data);
	esim_buf_free(&text);
	answer_json(&b, body);
	bench_start(&b);
	ATF_REQUIRE_EQ_MSG(0, initiate(&b, &r), "%s", b.err.message);
	ATF_REQUIRE_STREQ(ID, r.transaction_id_text);
	ATF_REQUIRE_EQ(2, r.transaction_id.len);
	ATF_REQUIRE(esim_slice_is(r.server_certificate, "\x30\x03\x02\x01\x02", 5));
	ATF_REQUIRE(esim_slice_is(r.ci_key_id, "\x04\x01\x01", 3));
	ATF_REQUIRE_EQ(67, r.server_signature1.len);
	es9p_initiate_authentication_response_clear(&r);
	bench_finish(&b, &log);
	ATF_REQUIRE(strstr((char *)log.text.data, "\"smdpAddress\":\"" HOST "\""));
	ATF_REQUIRE(strstr((char *)log.text.data, "X-Admin-Protocol: gsma/rsp/v2.5.0\r\n"));
	esim_buf_free(&log.text);
}

ATF_TC_WITHOUT_HEAD(a_failure_names_codes_and_advice);
ATF_TC_BODY(a_failure_names_codes_and_advice, tc)
{
	struct es9p_authenticate_client_response r = { 0 };
	struct bench b = { 0 };

	answer_json(&b, FAILED("8.2.6", "3.8"));
	answer_json(&b, FAILED("9.9", "9.9"));
	bench_start(&b);
	require_code(ESIM_ESERVER,
		     es9p_authenticate_client(&b.es9p, ID, esim_slice("\xBF\x38\x00", 3), &r, &b.err),
		     &b.err);
	ATF_REQUIRE_EQ(ESIM_DOMAIN_SERVER, b.err.domain);
	ATF_REQUIRE_STREQ("ES9+.AuthenticateClient", b.err.function);
	ATF_REQUIRE_STREQ("8.2.6", b.err.subject_code);
	ATF_REQUIRE_STREQ("3.8", b.err.reason_code);
	ATF_REQUIRE_STREQ("it", b.err.subject_identifier);
	ATF_REQUIRE(strstr(b.err.message, "matching id is refused"));
	ATF_REQUIRE(strstr(b.err.message, "because"));
	ATF_REQUIRE(strstr(b.err.advice, "activation code"));
	require_code(ESIM_ESERVER,
		     es9p_authenticate_client(&b.es9p, ID, esim_slice("\xBF\x38\x00", 3), &r, &b.err),
		     &b.err);
	ATF_REQUIRE(strstr(b.err.message, "9.9 / 9.9"));
	bench_finish(&b, NULL);
}

ATF_TC_WITHOUT_HEAD(another_transaction_is_refused);
ATF_TC_BODY(another_transaction_is_refused, tc)
{
	struct es9p_authenticate_client_response r = { 0 };
	struct esim_buf package = ESIM_BUF_INIT;
	struct bench b = { 0 };

	answer_json(&b, "{" SUCCESS ",\"transactionId\":\"FFFF\",\"eventEntries\":[]}");
	answer_json(&b, "{" SUCCESS ",\"transactionId\":\"FFFF\",\"boundProfilePackage\":\"vzYCgAA=\"}");
	answer_json(&b, "{" SUCCESS ",\"transactionId\":\"a1B2\",\"boundProfilePackage\":\"vzYCgAA=\"}");
	bench_start(&b);
	require_code(ESIM_EVERIFY,
		     es9p_authenticate_client(&b.es9p, ID, esim_slice("\xBF\x38\x00", 3), &r, &b.err),
		     &b.err);
	ATF_REQUIRE_STREQ("transactionId", b.err.check);
	ATF_REQUIRE_EQ(0, r.storage.len);
	require_code(ESIM_EVERIFY,
		     es9p_get_bound_profile_package(&b.es9p, ID, esim_slice("\xBF\x21\x00", 3),
						    &package, &b.err),
		     &b.err);
	ATF_REQUIRE_STREQ("transactionId", b.err.check);
	ATF_REQUIRE_EQ(0, package.len);
	ATF_REQUIRE_EQ_MSG(0, es9p_get_bound_profile_package(&b.es9p, ID, esim_slice("\xBF\x21\x00", 3),
							     &package, &b.err), "%s", b.err.message);
	ATF_REQUIRE(esim_slice_is(esim_buf_slice(&package), "\xBF\x36\x02\x80\x00", 5));
	esim_buf_free(&package);
	bench_finish(&b, NULL);
}

ATF_TC_WITHOUT_HEAD(the_transaction_id_is_echoed_verbatim);
ATF_TC_BODY(the_transaction_id_is_echoed_verbatim, tc)
{
	struct bench b = { 0 };
	struct tls_server_log log;

	answer_json(&b, "{" SUCCESS "}");
	bench_start(&b);
	ATF_REQUIRE_EQ_MSG(0, cancel(&b), "%s", b.err.message);
	bench_finish(&b, &log);
	ATF_REQUIRE(strstr((char *)log.text.data, "\"transactionId\":\"" ID "\""));
	esim_buf_free(&log.text);
}

ATF_TC_WITHOUT_HEAD(a_notification_is_delivered_only_by_204);
ATF_TC_BODY(a_notification_is_delivered_only_by_204, tc)
{
	struct bench b = { 0 };

	answer(&b, "204 No Content", "", "");
	answer_json(&b, "{" SUCCESS "}");
	answer_json(&b, FAILED("1.6", "2.1"));
	answer(&b, "202 Accepted", "", "");
	bench_start(&b);
	ATF_REQUIRE_EQ_MSG(0, notify(&b), "%s", b.err.message);
	require_code(ESIM_EHTTP, notify(&b), &b.err);
	require_code(ESIM_ESERVER, notify(&b), &b.err);
	require_code(ESIM_EHTTP, notify(&b), &b.err);
	ATF_REQUIRE_STREQ("ES9+.HandleNotification", b.err.function);
	bench_finish(&b, NULL);
}

ATF_TC_WITHOUT_HEAD(http_statuses_are_errors_with_advice);
ATF_TC_BODY(http_statuses_are_errors_with_advice, tc)
{
	static const int statuses[] = { 500, 503, 404 };
	struct bench b = { 0 };

	answer(&b, "500 Oops", "", "oops");
	answer(&b, "503 Later", "", "");
	answer(&b, "404 Where", "", "");
	bench_start(&b);
	for (size_t i = 0; i < 3; i++) {
		require_code(ESIM_EHTTP, cancel(&b), &b.err);
		ATF_REQUIRE_EQ(ESIM_DOMAIN_NETWORK, b.err.domain);
		ATF_REQUIRE_EQ(statuses[i], b.err.http_status);
		ATF_REQUIRE_STREQ("ES9+.CancelSession", b.err.function);
		ATF_REQUIRE(strstr(b.err.message, HOST));
		ATF_REQUIRE(strstr(b.err.advice, statuses[i] >= 500 ? "later" : "address"));
	}
	bench_finish(&b, NULL);
}

ATF_TC_WITHOUT_HEAD(another_content_type_is_refused);
ATF_TC_BODY(another_content_type_is_refused, tc)
{
	struct bench b = { 0 };

	answer(&b, "200 OK", "Content-Type: text/html\r\n", "{" SUCCESS "}");
	answer(&b, "200 OK", "Content-Type: application/jsonp\r\n", "{" SUCCESS "}");
	answer(&b, "200 OK", "Content-Type: Application/JSON;charset=x\r\n", "{" SUCCESS "}");
	answer(&b, "200 OK", "", "{" SUCCESS "}");
	bench_start(&b);
	require_code(ESIM_EHTTP, cancel(&b), &b.err);
	ATF_REQUIRE(strstr(b.err.message, "text/html"));
	require_code(ESIM_EHTTP, cancel(&b), &b.err);
	ATF_REQUIRE_EQ_MSG(0, cancel(&b), "%s", b.err.message);
	ATF_REQUIRE_EQ_MSG(0, cancel(&b), "%s", b.err.message);
	bench_finish(&b, NULL);
}

static unsigned occurrences(const char *text, const char *what)
{
	unsigned n = 0;

	for (; (text = strstr(text, what)); text += strlen(what))
		n++;
	return n;
}

ATF_TC_WITHOUT_HEAD(a_refused_version_is_lowered_to_the_servers_once);
ATF_TC_BODY(a_refused_version_is_lowered_to_the_servers_once, tc)
{
	struct bench b = { 0 };
	struct tls_server_log log;

	answer(&b, "200 OK", "X-Admin-Protocol: gsma/rsp/v2.2.2\r\n", FAILED("1.2.2", "2.1"));
	answer_json(&b, "{" SUCCESS "}");
	bench_start(&b);
	ATF_REQUIRE_EQ_MSG(0, cancel(&b), "%s", b.err.message);
	ATF_REQUIRE_EQ_MSG(0, cancel(&b), "%s", b.err.message);
	/* What the server once said holds, though the second answer was silent. */
	ATF_REQUIRE_EQ(0, esim_version_compare(b.es9p.server_svn, (struct esim_version){ 2, 2, 2 }));
	bench_finish(&b, &log);
	ATF_REQUIRE_EQ(3, log.requests);
	ATF_REQUIRE_EQ(1, occurrences((char *)log.text.data, "gsma/rsp/v2.5.0"));
	ATF_REQUIRE_EQ(2, occurrences((char *)log.text.data, "gsma/rsp/v2.2.2"));
	esim_buf_free(&log.text);
}

ATF_TC_WITHOUT_HEAD(a_version_is_not_lowered_for_ever);
ATF_TC_BODY(a_version_is_not_lowered_for_ever, tc)
{
	struct bench b = { 0 };
	struct tls_server_log log;

	answer_json(&b, FAILED("1.2.2", "2.1"));
	bench_start(&b);
	require_code(ESIM_ESERVER, cancel(&b), &b.err);
	ATF_REQUIRE_STREQ("1.2.2", b.err.subject_code);
	bench_finish(&b, &log);
	ATF_REQUIRE_EQ(2, log.requests);
	ATF_REQUIRE_EQ(1, occurrences((char *)log.text.data, "gsma/rsp/v2.1.0"));
	esim_buf_free(&log.text);
}

ATF_TC_WITHOUT_HEAD(a_v3_server_is_not_rejected);
ATF_TC_BODY(a_v3_server_is_not_rejected, tc)
{
	struct bench b = { 0 };

	answer(&b, "200 OK", "X-Admin-Protocol: gsma/rsp/v3.1.0\r\n", "{" SUCCESS "}");
	bench_start(&b);
	ATF_REQUIRE_EQ_MSG(0, cancel(&b), "%s", b.err.message);
	ATF_REQUIRE_EQ(3, b.es9p.server_svn.major);
	bench_finish(&b, NULL);
}

ATF_TC_WITHOUT_HEAD(a_malformed_answer_names_the_function);
ATF_TC_BODY(a_malformed_answer_names_the_function, tc)
{
	struct es9p_initiate_authentication_response r = { 0 };
	struct bench b = { 0 };

	answer_json(&b, "{" SUCCESS ",\"transactionId\":\"" ID "\"}");
	answer_json(&b, "<html>");
	bench_start(&b);
	require_code(ESIM_EPROTO, initiate(&b, &r), &b.err);
	ATF_REQUIRE_EQ(ESIM_DOMAIN_SERVER, b.err.domain);
	ATF_REQUIRE_STREQ("ES9+.InitiateAuthentication", b.err.function);
	ATF_REQUIRE(strstr(b.err.message, "serverSigned1"));
	ATF_REQUIRE_EQ(0, r.storage.len);
	require_code(ESIM_EPROTO, initiate(&b, &r), &b.err);
	bench_finish(&b, NULL);
}

ATF_TC_WITHOUT_HEAD(an_smds_is_spoken_to_in_the_name_of_es11);
ATF_TC_BODY(an_smds_is_spoken_to_in_the_name_of_es11, tc)
{
	struct es9p_initiate_authentication_response r = { 0 };
	struct tls_server_log log;
	struct bench b = { 0 };
	int i;

	answer_json(&b, FAILED("8.9.5", "3.1"));
	bench_start(&b);
	i = es11_initiate_authentication(&b.es9p, (const uint8_t *)"0123456789abcdef",
					 esim_slice("\xBF\x20\x00", 3), &r, &b.err);
	require_code(ESIM_ESERVER, i, &b.err);
	ATF_REQUIRE_STREQ("ES11.InitiateAuthentication", b.err.function);
	bench_finish(&b, &log);
	/* The path is one for both (SGP.22, 6.5.2). */
	ATF_REQUIRE_EQ(1, occurrences((char *)log.text.data, "/gsma/rsp2/es9plus/initiateAuthentication"));
	esim_buf_free(&log.text);
}

ATF_TC_WITHOUT_HEAD(an_smds_gives_events);
ATF_TC_BODY(an_smds_gives_events, tc)
{
	struct es9p_authenticate_client_response r = { 0 };
	struct bench b = { 0 };
	int i;

	answer_json(&b, "{" SUCCESS ",\"transactionId\":\"" ID "\",\"eventEntries\":[{\"eventId\":\"E\","
			"\"rspServerAddress\":\"a.example.com\"}]}");
	answer_json(&b, "{" SUCCESS ",\"transactionId\":\"" ID "\",\"profileMetadata\":\"vyUCgAA=\","
			"\"smdpSigned2\":\"MAA=\"}");
	bench_start(&b);
	ATF_REQUIRE_EQ_MSG(0, es11_authenticate_client(&b.es9p, ID, esim_slice("\xBF\x38\x00", 3), &r,
						       &b.err), "%s", b.err.message);
	ATF_REQUIRE_EQ(1, r.event_count);
	ATF_REQUIRE_STREQ("a.example.com", r.events[0].server_address);
	es9p_authenticate_client_response_clear(&r);
	i = es11_authenticate_client(&b.es9p, ID, esim_slice("\xBF\x38\x00", 3), &r, &b.err);
	require_code(ESIM_EPROTO, i, &b.err);
	ATF_REQUIRE_STREQ("ES11.AuthenticateClient", b.err.function);
	bench_finish(&b, NULL);
}

/* "Retry-After: DATE" of @seconds from now (RFC 9110, 5.6.7). */
static void retry_at(char *header, size_t size, time_t seconds)
{
	const time_t then = time(NULL) + seconds;
	struct tm utc;

	gmtime_r(&then, &utc);
	strftime(header, size, "Retry-After: %a, %d %b %Y %H:%M:%S GMT\r\n", &utc);
}

ATF_TC_WITHOUT_HEAD(a_servers_wish_when_to_come_again_is_kept);
ATF_TC_BODY(a_servers_wish_when_to_come_again_is_kept, tc)
{
	static const struct {
		const char *status, *header, *body;
		int code;
		unsigned retry_after;
	} cases[] = {
		{ "503 Busy", "Retry-After: 120\r\n", "", ESIM_EHTTP, 120 },
		{ "503 Busy", "", "", ESIM_EHTTP, 0 },
		{ "429 Slowly", "Retry-After: never\r\n", "", ESIM_EHTTP, 0 },
		{ "429 Slowly", "Retry-After: -5\r\n", "", ESIM_EHTTP, 0 },
		{ "302 Found", "Location: x\r\nRetry-After: 7\r\n", "", ESIM_EHTTP, 7 },
		{ "200 OK", "Content-Type: application/json\r\nRetry-After: 9\r\n",
		  FAILED("8.2.6", "3.8"), ESIM_ESERVER, 9 },
		{ "200 OK", "Content-Type: text/html\r\nRetry-After: 11\r\n", "hello", ESIM_EHTTP, 11 },
	};

	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct bench b = { 0 };

		answer(&b, cases[i].status, cases[i].header, cases[i].body);
		bench_start(&b);
		ATF_CHECK_EQ(cases[i].code, cancel(&b));
		ATF_CHECK_EQ_MSG(cases[i].retry_after, b.err.retry_after, "%s %s: %u", cases[i].status,
				 cases[i].header, b.err.retry_after);
		bench_finish(&b, NULL);
	}
}

static unsigned retry_after_of(const char *header)
{
	struct bench b = { 0 };
	unsigned wish;

	answer(&b, "503 Busy", header, "");
	bench_start(&b);
	ATF_CHECK_EQ(ESIM_EHTTP, cancel(&b));
	wish = b.err.retry_after;
	bench_finish(&b, NULL);
	return wish;
}

ATF_TC_WITHOUT_HEAD(a_wish_may_be_a_date_and_has_a_bound);
ATF_TC_BODY(a_wish_may_be_a_date_and_has_a_bound, tc)
{
	char header[80];
	unsigned wish;

	retry_at(header, sizeof(header), 1800);
	wish = retry_after_of(header);
	/* The time that the answer takes goes off. */
	ATF_CHECK_MSG(wish > 1500 && wish <= 1800, "%u", wish);
	retry_at(header, sizeof(header), -1800);
	ATF_CHECK_EQ(0, retry_after_of(header));
	wish = retry_after_of("Retry-After: 99999999999\r\n");
	ATF_CHECK_MSG(wish > 0 && wish <= ESIM_MAX_RETRY_AFTER, "%u", wish);
	wish = retry_after_of("Retry-After: 999999999999999999999999999999\r\n");
	ATF_CHECK_MSG(wish <= ESIM_MAX_RETRY_AFTER, "%u", wish);
}

ATF_TC_WITHOUT_HEAD(errors_may_go_unread);
ATF_TC_BODY(errors_may_go_unread, tc)
{
	struct bench b = { 0 };

	answer_json(&b, FAILED("8.2.6", "3.8"));
	answer_json(&b, "{}");
	answer(&b, "302 Found", "Location: x\r\n", "");
	bench_start(&b);
	for (int i = 0; i < 3; i++)
		ATF_REQUIRE(es9p_cancel_session(&b.es9p, ID, esim_slice("\xBF\x41\x00", 3), NULL) < 0);
	bench_finish(&b, NULL);
}

ATF_TP_ADD_TCS(tp)
{
	ATF_TP_ADD_TC(tp, initiate_authentication_sends_the_fqdn_and_keeps_the_answer);
	ATF_TP_ADD_TC(tp, a_failure_names_codes_and_advice);
	ATF_TP_ADD_TC(tp, another_transaction_is_refused);
	ATF_TP_ADD_TC(tp, the_transaction_id_is_echoed_verbatim);
	ATF_TP_ADD_TC(tp, a_notification_is_delivered_only_by_204);
	ATF_TP_ADD_TC(tp, http_statuses_are_errors_with_advice);
	ATF_TP_ADD_TC(tp, another_content_type_is_refused);
	ATF_TP_ADD_TC(tp, a_refused_version_is_lowered_to_the_servers_once);
	ATF_TP_ADD_TC(tp, a_version_is_not_lowered_for_ever);
	ATF_TP_ADD_TC(tp, a_v3_server_is_not_rejected);
	ATF_TP_ADD_TC(tp, a_malformed_answer_names_the_function);
	ATF_TP_ADD_TC(tp, an_smds_is_spoken_to_in_the_name_of_es11);
	ATF_TP_ADD_TC(tp, an_smds_gives_events);
	ATF_TP_ADD_TC(tp, a_servers_wish_when_to_come_again_is_kept);
	ATF_TP_ADD_TC(tp, a_wish_may_be_a_date_and_has_a_bound);
	ATF_TP_ADD_TC(tp, errors_may_go_unread);
	return atf_no_error();
}
