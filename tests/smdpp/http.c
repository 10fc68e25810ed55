/* SPDX-License-Identifier: GPL-2.0-or-later */
/* One HTTP/1.1 request in, one response out; see http.h. */
#include "smdpp/http.h"

#include <esim/error.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define MAX_HEADER_LINES 100

/* --- the head ------------------------------------------------------------------------- */

static bool token(struct esim_slice s)
{
	for (size_t i = 0; i < s.len; i++)
		if (s.data[i] <= ' ' || s.data[i] >= 0x7F || strchr("()<>@,;:\\\"/[]?={}", s.data[i]))
			return false;
	return s.len > 0;
}

static bool copy_text(struct esim_slice s, char *to, size_t size)
{
	if (s.len >= size || (s.len && memchr(s.data, '\0', s.len)))
		return false;
	memcpy(to, s.data, s.len);
	to[s.len] = '\0';
	return true;
}

static struct esim_slice trim(struct esim_slice s)
{
	while (s.len && (s.data[0] == ' ' || s.data[0] == '\t'))
		s = esim_slice(s.data + 1, s.len - 1);
	while (s.len && (s.data[s.len - 1] == ' ' || s.data[s.len - 1] == '\t'))
		s.len--;
	return s;
}

/* Everything before @separator; *@rest is what follows it. */
static bool cut(struct esim_slice in, char separator, struct esim_slice *ret, struct esim_slice *rest)
{
	const uint8_t *at = in.len ? memchr(in.data, separator, in.len) : NULL;

	if (!at)
		return false;
	*ret = esim_slice(in.data, (size_t)(at - in.data));
	*rest = esim_slice(at + 1, in.len - ret->len - 1);
	return true;
}

static int parse_request_line(struct esim_slice line, struct http_request *request)
{
	struct esim_slice method, target, version;

	if (!cut(line, ' ', &method, &line) || !cut(line, ' ', &target, &version) || !token(method) ||
	    !copy_text(method, request->method, sizeof(request->method)))
		return 400;
	if (!copy_text(target, request->path, sizeof(request->path)))
		return 414;
	if (esim_slice_is(version, "HTTP/1.1", 8))
		request->keep_alive = true;
	else if (!esim_slice_is(version, "HTTP/1.0", 8))
		return 505;
	return 0;
}

static int on_length(struct esim_slice value, struct http_request *request, struct http_framing *framing)
{
	size_t length = 0;

	(void)request;
	if (framing->has_length || value.len == 0 || value.len > 9)
		return 400;
	for (size_t i = 0; i < value.len; i++) {
		if (value.data[i] < '0' || value.data[i] > '9')
			return 400;
		length = length * 10 + (size_t)(value.data[i] - '0');
	}
	framing->has_length = true;
	framing->length = length;
	return length > HTTP_MAX_BODY ? 413 : 0;
}

static int on_transfer_encoding(struct esim_slice value, struct http_request *request,
				struct http_framing *framing)
{
	(void)request;
	if (framing->has_transfer_encoding || value.len != 7 || strncasecmp((const char *)value.data, "chunked", 7))
		return 400;
	framing->has_transfer_encoding = framing->chunked = true;
	return 0;
}

static int on_connection(struct esim_slice value, struct http_request *request, struct http_framing *framing)
{
	(void)framing;
	if (value.len == 5 && strncasecmp((const char *)value.data, "close", 5) == 0)
		request->keep_alive = false;
	return 0;
}

static int on_content_type(struct esim_slice value, struct http_request *request, struct http_framing *framing)
{
	struct esim_slice type, parameters;

	(void)framing;
	if (cut(value, ';', &type, &parameters))
		value = trim(type);
	return copy_text(value, request->content_type, sizeof(request->content_type)) ? 0 : 400;
}

static int on_admin_protocol(struct esim_slice value, struct http_request *request, struct http_framing *framing)
{
	(void)framing;
	return copy_text(value, request->admin_protocol, sizeof(request->admin_protocol)) ? 0 : 400;
}

static int on_expect(struct esim_slice value, struct http_request *request, struct http_framing *framing)
{
	(void)framing;
	if (value.len != 12 || strncasecmp((const char *)value.data, "100-continue", 12) != 0)
		return 417;
	request->wants_continue = true;
	return 0;
}

static const struct {
	const char *name;
	int (*parse)(struct esim_slice value, struct http_request *request, struct http_framing *framing);
} headers[] = {
	{ "Content-Length", on_length },
	{ "Transfer-Encoding", on_transfer_encoding },
	{ "Connection", on_connection },
	{ "Content-Type", on_content_type },
	{ "X-Admin-Protocol", on_admin_protocol },
	{ "Expect", on_expect },
};

static int parse_header(struct esim_slice line, struct http_request *request, struct http_framing *framing)
{
	struct esim_slice name, value;

	if (!cut(line, ':', &name, &value) || !token(name))
		return 400;
	for (size_t i = 0; i < sizeof(headers) / sizeof(headers[0]); i++)
		if (name.len == strlen(headers[i].name) &&
		    strncasecmp((const char *)name.data, headers[i].name, name.len) == 0)
			return headers[i].parse(trim(value), request, framing);
	return 0;
}

/* One line without its CRLF; false where it has none. */
static bool next_line(struct esim_slice *in, struct esim_slice *line)
{
	const uint8_t *end = in->len ? memmem(in->data, in->len, "\r\n", 2) : NULL;

	if (!end)
		return false;
	*line = esim_slice(in->data, (size_t)(end - in->data));
	*in = esim_slice(end + 2, in->len - line->len - 2);
	return true;
}

/* 0 and the rest after the head in *@in, or the HTTP status of the refusal. */
static int parse_head(struct esim_slice *in, struct http_request *request, struct http_framing *framing)
{
	struct esim_slice line;
	int status;

	if (!next_line(in, &line))
		return 400;
	status = parse_request_line(line, request);
	for (unsigned lines = 0; !status && next_line(in, &line) && line.len; lines++)
		status = lines == MAX_HEADER_LINES ? 431 : parse_header(line, request, framing);
	if (!status && framing->chunked && framing->has_length)
		return 400;
	return status;
}

/* --- the body ------------------------------------------------------------------------- */

static int chunk_size(struct esim_slice line, size_t *ret)
{
	struct esim_slice size, extension;
	char text[8], *end;

	if (cut(line, ';', &size, &extension))
		line = trim(size);
	if (line.len == 0 || !copy_text(line, text, sizeof(text)))
		return 400;
	*ret = strtoul(text, &end, 16);
	if (*end || text[0] == '-' || text[0] == '+' || text[0] == ' ')
		return 400;
	return *ret > HTTP_MAX_BODY ? 413 : 0;
}

/* 1: the chunk is taken over, 0: more is needed, negative: refused. *@ret_size 0: it was the last. */
static int take_chunk(struct esim_slice *in, struct http_request *request, size_t *ret_size)
{
	struct esim_slice line, rest = *in;
	int status;

	if (!next_line(&rest, &line))
		return rest.len > HTTP_MAX_HEADERS ? -400 : 0;
	status = chunk_size(line, ret_size);
	if (status)
		return -status;
	if (*ret_size == 0) {
		*in = rest;
		return 1;
	}
	if (rest.len < *ret_size + 2)
		return 0;
	esim_buf_append(&request->body, rest.data, *ret_size);
	if (esim_buf_failed(&request->body))
		return -413;
	if (memcmp(rest.data + *ret_size, "\r\n", 2) != 0)
		return -400;
	*in = esim_slice(rest.data + *ret_size + 2, rest.len - *ret_size - 2);
	return 1;
}

/* 1: whole body there, and *@in stands behind it; 0: more is needed, from *@in on; negative: refused. */
static int parse_chunks(struct esim_slice *in, struct http_request *request)
{
	struct esim_slice line;
	size_t size;
	int r;

	while (!request->progress.in_trailer) {
		r = take_chunk(in, request, &size);
		if (r <= 0)
			return r;
		request->progress.in_trailer = size == 0;
	}
	do {
		if (!next_line(in, &line))
			return in->len > HTTP_MAX_HEADERS ? -431 : 0;
	} while (line.len);
	return 1;
}

static int parse_body(struct esim_slice *in, struct http_request *request)
{
	size_t length = request->progress.framing.length;

	if (request->progress.framing.chunked)
		return parse_chunks(in, request);
	if (in->len < length)
		return 0;
	if (length)
		esim_buf_append(&request->body, in->data, length);
	*in = esim_slice(in->data + length, in->len - length);
	return esim_buf_failed(&request->body) ? -413 : 1;
}

/* 1: the head was read and *@in stands behind it, 0: more is needed, negative: refused. */
static int take_head(struct esim_slice *in, struct http_request *request)
{
	struct http_progress *progress = &request->progress;
	size_t from = progress->searched > 3 ? progress->searched - 3 : 0;
	int status;

	if (progress->has_head) {
		*in = esim_slice(in->data + progress->at, in->len - progress->at);
		return 1;
	}
	if (in->len <= from || !memmem(in->data + from, in->len - from, "\r\n\r\n", 4)) {
		progress->searched = in->len;
		return in->len > HTTP_MAX_HEADERS ? -431 : 0;
	}
	progress->has_head = true;
	status = parse_head(in, request, &progress->framing);
	return status ? -status : 1;
}

long http_request_parse(struct esim_slice in, struct http_request *ret)
{
	struct esim_slice rest = in;
	int r;

	if (ret->progress.over)
		http_request_clear(ret);
	r = take_head(&rest, ret);
	if (r > 0) {
		r = parse_body(&rest, ret);
		ret->progress.at = in.len - rest.len;
	}
	ret->progress.over = r != 0;
	return r > 0 ? (long)ret->progress.at : r;
}

void http_request_clear(struct http_request *request)
{
	esim_buf_free(&request->body);
	*request = HTTP_REQUEST_INIT;
}

/* --- the response ------------------------------------------------------------------------ */

static const char *reason_phrase(int status)
{
	static const struct {
		int status;
		const char *phrase;
	} phrases[] = {
		{ 200, "OK" }, { 204, "No Content" }, { 302, "Found" }, { 400, "Bad Request" },
		{ 404, "Not Found" }, { 405, "Method Not Allowed" }, { 413, "Content Too Large" },
		{ 414, "URI Too Long" }, { 417, "Expectation Failed" },
		{ 431, "Request Header Fields Too Large" }, { 500, "Internal Server Error" },
		{ 503, "Service Unavailable" }, { 505, "HTTP Version Not Supported" },
	};

	for (size_t i = 0; i < sizeof(phrases) / sizeof(phrases[0]); i++)
		if (phrases[i].status == status)
			return phrases[i].phrase;
	return "Status";
}

static void put_text(struct esim_buf *out, const char *text)
{
	esim_buf_append(out, text, strlen(text));
}

static void put_header(struct esim_buf *out, const char *name, const char *value)
{
	if (!*value)
		return;
	put_text(out, name);
	put_text(out, ": ");
	put_text(out, value);
	put_text(out, "\r\n");
}

void http_response_write(const struct http_response *response, bool keep_alive, struct esim_buf *out)
{
	char line[128];
	size_t len = response->body.len;

	snprintf(line, sizeof(line), "HTTP/1.1 %d %s\r\n", response->status, reason_phrase(response->status));
	put_text(out, line);
	put_header(out, "X-Admin-Protocol", response->admin_protocol);
	put_header(out, "Location", response->location);
	put_header(out, "Retry-After", response->retry_after);
	if (!response->no_body) {
		put_header(out, "Content-Type", response->content_type);
		snprintf(line, sizeof(line), "%zu", len);
		put_header(out, "Content-Length", line);
	}
	put_header(out, "Connection", keep_alive ? "keep-alive" : "close");
	put_text(out, "\r\n");
	if (response->truncate && len > response->send_limit)
		len = response->send_limit;
	if (len)
		esim_buf_append(out, response->body.data, len);
}

void http_response_clear(struct http_response *response)
{
	esim_buf_free(&response->body);
	*response = HTTP_RESPONSE_INIT;
}
