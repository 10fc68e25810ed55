/* SPDX-License-Identifier: GPL-2.0-or-later */
/* HTTP/1.1 as ES9+ needs it: POST with a body, keep-alive. Requests are hostile. */
#ifndef SMDPP_HTTP_H
#define SMDPP_HTTP_H

#include <esim/bytes.h>

#define HTTP_MAX_HEADERS	(16 * 1024)
#define HTTP_MAX_BODY		(512 * 1024)

/* What the head says about the body. */
struct http_framing {
	bool chunked, has_length, has_transfer_encoding;
	size_t length;
};

/* How far a request was read that is not whole yet: no byte is read twice. */
struct http_progress {
	bool over;			/* the last answer was final: begin afresh */
	size_t searched;		/* bytes without the head's end */
	bool has_head, in_trailer;
	struct http_framing framing;
	size_t at;			/* what comes next in the input */
};

struct http_request {
	char method[16];
	char path[256];
	char content_type[64];		/* without parameters; "" where it is absent */
	char admin_protocol[64];	/* X-Admin-Protocol; "" where it is absent */
	bool keep_alive;
	bool wants_continue;		/* Expect: 100-continue */
	struct esim_buf body;
	struct http_progress progress;
};

#define HTTP_REQUEST_INIT ((struct http_request){ .body = ESIM_BUF_INIT_MAX(HTTP_MAX_BODY) })

/*
 * Parse the request at the start of @in. 0: more bytes are needed (wants_continue
 * says whether the headers ask for 100 Continue); call again with the same request
 * and @in longer at its end. Positive: the bytes that it took, negative: minus the
 * HTTP status of the refusal; after either the next call begins afresh.
 */
long http_request_parse(struct esim_slice in, struct http_request *ret);
void http_request_clear(struct http_request *request);

struct http_response {
	int status;
	char content_type[64];
	char admin_protocol[64];	/* X-Admin-Protocol; "": none */
	char location[128];		/* with a redirect */
	char retry_after[16];		/* "": none */
	struct esim_buf body;
	bool no_body;			/* no Content-Type; 204 */
	bool close_now;			/* fault: no answer */
	bool stall;			/* fault: never answer */
	bool truncate;			/* fault: only send_limit bytes of the body, then close */
	size_t send_limit;
};

#define HTTP_MAX_ANSWER		(64 * 1024 * 1024)	/* oversize= wants room */
#define HTTP_RESPONSE_INIT \
	((struct http_response){ .status = 200, .body = ESIM_BUF_INIT_MAX(HTTP_MAX_ANSWER) })

/* Append head and body as they go over the wire. */
void http_response_write(const struct http_response *response, bool keep_alive, struct esim_buf *out);
void http_response_clear(struct http_response *response);

#endif
