/* SPDX-License-Identifier: GPL-2.0-or-later */
/* From an HTTP request to a function and back: paths, headers, JSON envelope, faults. */
#ifndef SMDPP_SERVICE_H
#define SMDPP_SERVICE_H

#include "smdpp/http_server.h"

void service_handle(struct smdpp *server, const struct http_request *request,
		    struct http_response *response);

#endif
