/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What the test server reads before it knows anyone: HTTP requests, and notifications (first byte 30 or BF). */
#include "smdpp/http.h"
#include "smdpp/notifications.h"

#include <stdlib.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* A request ends where it ends, whatever comes behind it. */
static void one_request(struct esim_slice in)
{
	struct http_request request = HTTP_REQUEST_INIT;
	long taken = http_request_parse(in, &request);

	if (taken > (long)in.len || request.body.len > HTTP_MAX_BODY)
		abort();
	if (taken > 0 && http_request_parse(esim_slice(in.data, (size_t)taken), &request) != taken)
		abort();
	http_request_clear(&request);
	if (http_request_parse(esim_slice(in.data, in.len / 2), &request) == 0 &&
	    http_request_parse(in, &request) != taken)
		abort();
	http_request_clear(&request);
}

static void one_notification(struct esim_slice in)
{
	struct notification n;

	if (notification_parse(in, &n, NULL) == 0 && n.signed_part.whole.len > in.len)
		abort();
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct esim_slice in = esim_slice(data, size);

	if (size > 0 && (data[0] == 0x30 || data[0] == 0xBF))
		one_notification(in);
	else
		one_request(in);
	return 0;
}
