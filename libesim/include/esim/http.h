/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * HTTPS towards RSP servers: libcurl over wolfSSL. One struct esim_http lives
 * for a whole procedure and keeps its connections and TLS sessions: one
 * handshake per server. Verification cannot be switched off, redirects are
 * refused, TLS is 1.2 or 1.3. Proxies, those of the environment too, are not used.
 *
 * A server is an RSP server by its certificate too: CERT.DP.TLS or CERT.DS.TLS
 * under a CI of the roots, else ESIM_EVERIFY with that certificate as `check`.
 *
 * The first esim_http_new() makes the global state of libcurl and wolfSSL, from
 * any thread. It removes SSLKEYLOGFILE from the environment, since libcurl would
 * write the connections' secrets there: do not use the environment in other threads
 * then. It sets wolfSSL's clock for certificates (wc_SetTimeCb): it is the
 * system's except inside esim_http_post() of a client with a clock of its own.
 * One struct esim_http belongs to one thread at a time.
 */
#ifndef ESIM_HTTP_H
#define ESIM_HTTP_H

#include <esim/bytes.h>
#include <esim/cancel.h>
#include <esim/error.h>
#include <esim/limits.h>
#include <esim/trust.h>

#ifdef __cplusplus
extern "C" {
#endif

struct esim_http;

/* "HOST:PORT:HOST:PORT": a request for the first goes to the second. TLS still names the first. */
struct esim_connect_to {
	char from_host[ESIM_MAX_FQDN + 1];
	char to_host[ESIM_MAX_FQDN + 1];
	uint16_t from_port, to_port;
};
int esim_connect_to_parse(const char *text, struct esim_connect_to *ret, struct esim_error *err);

struct esim_http_trace {
	const char *method_path;		/* "POST /gsma/rsp2/es9plus/authenticateClient" */
	const char *host;
	int status;				/* 0: no answer */
	int result;				/* 0 or ESIM_E… */
	struct esim_slice request, response;	/* bodies; hold secrets: redact before showing */
	uint64_t nanoseconds;
	unsigned new_connections;		/* made for this request: TCP and TLS handshakes */
};

struct esim_http_options {
	const struct esim_pool *tls_roots;	/* required, borrowed; anchors without a name (esim_pool_add_key) do not count */
	const struct esim_connect_to *connect_to;
	size_t connect_to_count;
	bool allow_ports;			/* addresses may carry ":PORT"; else 443 alone, and what connect_to names */
	bool allow_private;			/* literal IPs and names that resolve to private ranges */
	int64_t (*clock)(void *context);	/* for certificate checks; NULL: the system's */
	void *clock_context;
	const struct esim_cancel *cancel;
	unsigned connect_timeout_ms, request_timeout_ms; /* 0: esim/limits.h */
	void (*trace)(void *context, const struct esim_http_trace *exchange);
	void *trace_context;
	const char *user_agent;			/* NULL: "gsma-rsp-lpad" */
};

int esim_http_new(const struct esim_http_options *options, struct esim_http **ret,
		  struct esim_error *err);
void esim_http_free(struct esim_http **http);

struct esim_http_stats {
	unsigned requests, connections, tls_handshakes, tls_resumed;
	uint64_t bytes_sent, bytes_received;
	uint64_t nanoseconds;
	char local_address[46];			/* this host's end of the last connection, as text; "": none yet */
};
void esim_http_stats(const struct esim_http *http, struct esim_http_stats *ret);

struct esim_http_request {
	const char *host;			/* FQDN, or FQDN:PORT where allowed */
	const char *path;			/* "/gsma/rsp2/es9plus/authenticateClient" */
	const char *content_type;
	const char *admin_protocol;		/* X-Admin-Protocol, "gsma/rsp/v2.5.0" */
	struct esim_slice body;
};

struct esim_http_response {
	int status;
	char content_type[64];
	char admin_protocol[64];
	unsigned retry_after;			/* seconds, of Retry-After as number or date, up to ESIM_MAX_RETRY_AFTER; 0: none */
	struct esim_buf body;			/* owned; bounded by ESIM_MAX_HTTP_BODY */
};
void esim_http_response_clear(struct esim_http_response *response);

/*
 * 0 for any HTTP status except 3xx (ESIM_EHTTP). ESIM_ENET, ESIM_ETLS, ESIM_ETIMEDOUT and
 * ESIM_ETOOBIG as the network and the server fail, ESIM_ECANCELED, ESIM_EREFUSED where the
 * address is a port, a literal or a private place that the options do not permit. A
 * connection that an idle server closed is made anew once, before any byte of an answer.
 */
int esim_http_post(struct esim_http *http, const struct esim_http_request *request,
		   struct esim_http_response *ret, struct esim_error *err);

/*
 * The registered ID (contents octets) in the TLS certificate that @host showed at
 * its latest full handshake with this client; a connection used again and a session
 * taken up again rest on that one. Lent until the next esim_http_post() or
 * esim_http_free(). Empty: none in the certificate, or no handshake is remembered.
 */
struct esim_slice esim_http_server_registered_id(const struct esim_http *http, const char *host);

/*
 * Normalise a server address from a card, a code or a user: spaces trimmed,
 * lower case, no trailing dot; an FQDN of at most ESIM_MAX_FQDN characters, with
 * ":PORT" only if allowed. ESIM_EINVAL says what is wrong.
 */
int esim_address_normalise(const char *text, bool allow_port, bool allow_literal,
			   char ret[ESIM_AT_LEAST(ESIM_MAX_FQDN + 1)], struct esim_error *err);

#ifdef __cplusplus
}
#endif
#endif
