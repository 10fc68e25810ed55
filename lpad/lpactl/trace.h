/* SPDX-License-Identifier: GPL-2.0-or-later */
/* --trace: one line for each APDU and HTTP message, with its latency. */
#ifndef LPACTL_TRACE_H
#define LPACTL_TRACE_H

#include <esim/card.h>
#include <esim/http.h>

struct trace;

/*
 * @file "-" is standard error. Without @secrets no contents are written, only their
 * kind and size; with them a file that was there becomes its owner's alone to read.
 */
int trace_open(const char *file, bool secrets, struct trace **ret, struct esim_error *err);

/* Was something of it lost, the disk being full or the reader gone? */
bool trace_lost(const struct trace *trace);

/* 0, or ESIM_EIO where something was lost. */
int trace_close(struct trace **trace);

/* For struct esim_card_options and struct esim_http_options; the context is a struct trace. */
void trace_apdu(void *context, const struct esim_apdu_trace *apdu);
void trace_http(void *context, const struct esim_http_trace *exchange);

#endif
