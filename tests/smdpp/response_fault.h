/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Faults in an answer as a whole: its status, its members, its transfer. */
#ifndef SMDPP_RESPONSE_FAULT_H
#define SMDPP_RESPONSE_FAULT_H

#include "smdpp/call.h"
#include "smdpp/http.h"

/* status, http, redirect, retry-after, stall, close: the answer is made here and the function does not run. */
bool response_fault_instead(struct call *call, struct http_response *response);

/* tamper=MEMBER, drop-field, field-type: on the finished JSON object. */
void response_fault_members(struct call *call);

/* truncate, oversize, type: on the finished body. */
void response_fault_transfer(struct call *call, struct http_response *response);

#endif
