/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Sentences and advice for requests that failed below HTTP. */
#include "http_error.h"

#include <esim/limits.h>
#include <esim/text.h>

#include <curl/curl.h>
#include <stdio.h>
#include <string.h>

static const struct {
	CURLcode curl_code;
	int code;
	const char *what;
	const char *advice;
} failures[] = {
	{ CURLE_COULDNT_RESOLVE_HOST, ESIM_ENET, "its name cannot be resolved",
	  "Check the address and the network connection." },
	{ CURLE_COULDNT_CONNECT, ESIM_ENET, "no connection", "Check the network; try again later." },
	{ CURLE_GOT_NOTHING, ESIM_ENET, "it closed the connection without an answer",
	  "Try again later." },
	{ CURLE_PARTIAL_FILE, ESIM_ENET, "its answer is cut short", "Try again later." },
	{ CURLE_RECV_ERROR, ESIM_ENET, "the connection broke while its answer came",
	  "Try again later." },
	{ CURLE_SEND_ERROR, ESIM_ENET, "the connection broke while the request was sent",
	  "Try again later." },
	{ CURLE_WEIRD_SERVER_REPLY, ESIM_EHTTP, "its answer is no HTTP", "" },
	{ CURLE_UNSUPPORTED_PROTOCOL, ESIM_EHTTP, "its answer is no HTTP/1.x", "" },
	{ CURLE_BAD_CONTENT_ENCODING, ESIM_EHTTP, "its answer is encoded in an unknown way", "" },
	{ CURLE_OUT_OF_MEMORY, ESIM_ENOMEM, "no memory left", "" },
	{ CURLE_URL_MALFORMAT, ESIM_EINVAL, "its address or path cannot be used", "" },
};

static int timed_out(const struct http_failure *failure, struct esim_error *err)
{
	if (failure->connected)
		esim_error_set(err, ESIM_ETIMEDOUT, "%s: no complete answer within %u ms",
			       failure->host, failure->request_timeout_ms);
	else
		esim_error_set(err, ESIM_ETIMEDOUT, "%s: no connection within %u ms",
			       failure->host, failure->connect_timeout_ms);
	if (err)
		err->domain = ESIM_DOMAIN_NETWORK;
	esim_error_advise(err, "Check the network; try again later.");
	return ESIM_ETIMEDOUT;
}

static int private_address(const struct http_failure *failure, struct esim_error *err)
{
	esim_error_set(err, ESIM_EREFUSED, "%s: its name leads to %s, which is no public address",
		       failure->host, failure->private_address);
	esim_error_advise(err, "Permit private addresses or this one host only if you run that server.");
	return ESIM_EREFUSED;
}

static int too_long(const struct http_failure *failure, struct esim_error *err)
{
	esim_error_set(err, ESIM_ETOOBIG,
		       "%s: its answer is longer than %d bytes of body or %d of header",
		       failure->host, ESIM_MAX_HTTP_BODY, ESIM_MAX_HTTP_HEADERS);
	if (err)
		err->domain = ESIM_DOMAIN_SERVER;
	return ESIM_ETOOBIG;
}

int http_error(const struct http_failure *failure, struct esim_error *err)
{
	char detail[128];

	if (failure->too_long)
		return too_long(failure, err);
	if (failure->private_address[0] && failure->curl_code == CURLE_COULDNT_CONNECT)
		return private_address(failure, err);
	if (failure->curl_code == CURLE_OPERATION_TIMEDOUT)
		return timed_out(failure, err);

	esim_text_printable(failure->detail, strlen(failure->detail), detail, sizeof(detail));
	for (size_t i = 0; i < sizeof(failures) / sizeof(failures[0]); i++) {
		if ((int)failures[i].curl_code != failure->curl_code)
			continue;
		if (failure->os_errno)
			esim_error_errno(err, failures[i].code, failure->os_errno, "%s: %s",
					 failure->host, failures[i].what);
		else
			esim_error_set(err, failures[i].code, "%s: %s%s%s%s", failure->host,
				       failures[i].what, detail[0] ? " (" : "", detail,
				       detail[0] ? ")" : "");
		esim_error_advise(err, "%s", failures[i].advice);
		return failures[i].code;
	}
	return esim_error_set(err, ESIM_ENET, "%s: the transfer failed (%s)", failure->host,
			      detail[0] ? detail : curl_easy_strerror((CURLcode)failure->curl_code));
}
