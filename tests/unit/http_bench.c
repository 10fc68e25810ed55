/* SPDX-License-Identifier: GPL-2.0-or-later */
/* See http_bench.h. */
#include "http_bench.h"

#include <atf-c.h>
#include <string.h>

static const struct tls_reply ok_reply = { .text = OK_REPLY };

static int64_t bench_clock(void *context)
{
	return *(int64_t *)context;
}

void bench_init_curve(struct bench *b, enum esim_curve curve)
{
	struct rsp_x509 *recipe;

	*b = (struct bench){ .now = FIXTURE_NOW };
	fixture_init(&b->pki, curve);
	recipe = &b->pki.recipe[FIXTURE_DPAUTH];
	recipe->policy = "2.23.146.1.2.1.3";
	recipe->extended_key_usage = RSP_EKU_SERVER;
	recipe->dns_name = HOST;
	ATF_REQUIRE_EQ(0, rsp_key_der(b->pki.key[FIXTURE_DPAUTH], &b->key));
	b->server_options = (struct tls_server_options){ .replies = &ok_reply, .count = 1 };
	b->options = (struct esim_http_options){
		.tls_roots = &b->pki.pool,
		.connect_to = &b->connect_to,
		.connect_to_count = 1,
		.clock = bench_clock,
		.clock_context = &b->now,
		.connect_timeout_ms = 30000,
		.request_timeout_ms = 60000,
	};
}

void bench_init(struct bench *b)
{
	bench_init_curve(b, ESIM_CURVE_P256);
}

void bench_serve(struct bench *b)
{
	b->server_options.certificate = fixture_der(&b->pki, FIXTURE_DPAUTH);
	b->server_options.key = esim_buf_slice(&b->key);
	b->server = tls_server_start(&b->server_options);
	b->connect_to = (struct esim_connect_to){ .from_host = HOST, .from_port = 443,
						  .to_host = "127.0.0.1",
						  .to_port = tls_server_port(b->server) };
	esim_http_free(&b->http);
	ATF_REQUIRE_EQ_MSG(0, esim_http_new(&b->options, &b->http, &b->err), "%s", b->err.message);
}

void bench_start(struct bench *b)
{
	fixture_make(&b->pki, FIXTURE_DPAUTH, b->pki.key[FIXTURE_CI]);
	bench_serve(b);
}

int bench_post_to(struct bench *b, const char *host)
{
	const struct esim_http_request request = {
		.host = host,
		.path = PATH,
		.content_type = "application/json",
		.admin_protocol = "gsma/rsp/v2.5.0",
		.body = esim_slice("{\"a\":1}", 7),
	};

	esim_http_response_clear(&b->response);
	return esim_http_post(b->http, &request, &b->response, &b->err);
}

int bench_post(struct bench *b)
{
	return bench_post_to(b, HOST);
}

void bench_finish(struct bench *b, struct tls_server_log *log)
{
	esim_http_response_clear(&b->response);
	esim_http_free(&b->http);
	tls_server_stop(b->server, log);
	fixture_free(&b->pki);
	esim_buf_free(&b->key);
}

void require_failure(struct bench *b, int code, const char *words)
{
	int r = bench_post(b);

	ATF_REQUIRE_EQ_MSG(code, r, "%s: %s", esim_code_name(r), b->err.message);
	ATF_REQUIRE_EQ(code, b->err.code);
	ATF_REQUIRE_MSG(strstr(b->err.message, words), "%s", b->err.message);
	ATF_REQUIRE_MSG(strstr(b->err.message, HOST), "%s", b->err.message);
	ATF_REQUIRE_EQ(0, b->response.status);
}

void require_network_failure(struct bench *b, int code, const char *words)
{
	require_failure(b, code, words);
	ATF_REQUIRE_EQ(ESIM_DOMAIN_NETWORK, b->err.domain);
}
