/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The context of the procedures: options, the table of steps and their cost, notes. */
#include "lpa_internal.h"

#include <esim/text.h>

#include <errno.h>
#include <poll.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

/* Most procedures have fewer; a download has about this many. */
#define STEPS_AT_ONCE 16

_Static_assert(LPA_MAX_STEPS % STEPS_AT_ONCE == 0, "room for steps grows up to the maximum");

/* For each command to the card, while a person waits for an interruption to take effect. */
#define CLEAN_UP_TIMEOUT_MS 5000

static int check_servers(const struct lpa_options *options, struct esim_error *err)
{
	if (options->http && (!options->rsp_roots || !options->device))
		return esim_error_set(err, ESIM_EINVAL,
				      "servers need trust anchors and device information");
	return 0;
}

int lpa_new(const struct lpa_options *options, struct lpa **ret, struct esim_error *err)
{
	struct lpa *lpa;
	int rc = check_servers(options, err);

	if (rc)
		return rc;
	lpa = calloc(1, sizeof(*lpa));
	if (!lpa)
		return esim_error_set(err, ESIM_ENOMEM, "no memory");
	lpa->options = *options;
	*ret = lpa;
	return 0;
}

void lpa_free(struct lpa **lpa)
{
	if (!lpa || !*lpa)
		return;
	if ((*lpa)->has_info1)
		es10b_euicc_info1_clear(&(*lpa)->info1);
	if ((*lpa)->has_info2)
		es10b_euicc_info2_clear(&(*lpa)->info2);
	free((*lpa)->steps);
	free(*lpa);
	*lpa = NULL;
}

int lpa_set_http(struct lpa *lpa, struct esim_http *http, struct esim_error *err)
{
	struct lpa_options options = lpa->options;
	int rc;

	options.http = http;
	rc = check_servers(&options, err);
	if (!rc)
		lpa->options = options;
	return rc;
}

/* --- steps ----------------------------------------------------------------------- */

static void read_counters(const struct lpa *lpa, struct lpa_reading *ret)
{
	struct timespec now;

	memset(ret, 0, sizeof(*ret));
	clock_gettime(CLOCK_MONOTONIC, &now);
	ret->now = (uint64_t)now.tv_sec * 1000000000 + (uint64_t)now.tv_nsec;
	if (lpa->options.card)
		esim_card_stats(lpa->options.card, &ret->card);
	if (lpa->options.http)
		esim_http_stats(lpa->options.http, &ret->http);
}

static void charge(struct lpa_step *step, const struct lpa_reading *a, const struct lpa_reading *b)
{
	step->nanoseconds += b->now - a->now;
	step->apdus += b->card.apdus - a->card.apdus;
	step->blocks += b->card.blocks - a->card.blocks;
	step->card_bytes_sent += b->card.bytes_sent - a->card.bytes_sent;
	step->card_bytes_received += b->card.bytes_received - a->card.bytes_received;
	step->card_nanoseconds += b->card.nanoseconds - a->card.nanoseconds;
	step->requests += b->http.requests - a->http.requests;
	step->connections += b->http.connections - a->http.connections;
	step->tls_handshakes += b->http.tls_handshakes - a->http.tls_handshakes;
	step->http_bytes_sent += b->http.bytes_sent - a->http.bytes_sent;
	step->http_bytes_received += b->http.bytes_received - a->http.bytes_received;
	step->http_nanoseconds += b->http.nanoseconds - a->http.nanoseconds;
}

/* Figures are no reason to fail: without memory for one more, the last one goes on. */
static bool begin_step(struct lpa *lpa, const char *name)
{
	struct lpa_step *step;

	if (lpa->step_count == lpa->step_room && lpa->step_room < LPA_MAX_STEPS) {
		const size_t room = lpa->step_room + STEPS_AT_ONCE;
		struct lpa_step *steps = reallocarray(lpa->steps, room, sizeof(*steps));

		if (steps) {
			memset(steps + lpa->step_room, 0, STEPS_AT_ONCE * sizeof(*steps));
			lpa->steps = steps;
			lpa->step_room = room;
		}
	}
	if (lpa->step_room == 0)
		return false;
	if (lpa->step_count < lpa->step_room)
		lpa->step_count++;
	step = &lpa->steps[lpa->step_count - 1];
	snprintf(step->name, sizeof(step->name), "%s", name);
	return true;
}

void lpa_step(struct lpa *lpa, const char *name)
{
	const struct lpa_callbacks *callbacks = &lpa->options.callbacks;
	struct lpa_reading now;

	read_counters(lpa, &now);
	if (lpa->in_step)
		charge(&lpa->steps[lpa->step_count - 1], &lpa->step_start, &now);
	lpa->in_step = name && begin_step(lpa, name);
	lpa->step_start = now;
	if (callbacks->progress)
		callbacks->progress(callbacks->context,
				    &(struct lpa_progress){ .step = name ? name : "" });
}

const struct lpa_step *lpa_steps(const struct lpa *lpa, size_t *ret_count)
{
	*ret_count = lpa->step_count;
	return lpa->steps;
}

/* --- small services of the procedures ------------------------------------------------ */

void lpa_note(struct lpa *lpa, const char *fmt, ...)
{
	const struct lpa_callbacks *callbacks = &lpa->options.callbacks;
	char raw[512], sentence[512];
	va_list args;

	if (!callbacks->note)
		return;
	va_start(args, fmt);
	vsnprintf(raw, sizeof(raw), fmt, args);
	va_end(args);
	esim_text_printable(raw, strlen(raw), sentence, sizeof(sentence));
	callbacks->note(callbacks->context, sentence);
}

int64_t lpa_now(const struct lpa *lpa)
{
	if (lpa->options.clock)
		return lpa->options.clock(lpa->options.clock_context);
	return (int64_t)time(NULL);
}

int lpa_need_servers(const struct lpa *lpa, struct esim_error *err)
{
	if (!lpa->options.http)
		return esim_error_set(err, ESIM_EINVAL, "no connection to servers was configured");
	return 0;
}

int lpa_check_cancel(const struct lpa *lpa, struct esim_error *err)
{
	if (!esim_cancel_triggered(lpa->options.cancel))
		return 0;
	return esim_error_set(err, ESIM_ECANCELED, "cancelled");
}

bool lpa_hold_cancel(struct lpa *lpa)
{
	if (!esim_cancel_triggered(lpa->options.cancel)) {
		lpa->cleaning_up = lpa->clean_up_interrupted = false;
		return false;
	}
	if (lpa->clean_up_interrupted)
		return false;
	/* Before the note: what it invites to must not be cleared too. */
	esim_cancel_clear(lpa->options.cancel);
	if (!lpa->cleaning_up)
		lpa_note(lpa, "cleaning up; interrupt again to stop at once");
	lpa->cleaning_up = true;
	esim_card_set_timeout(lpa->options.card, CLEAN_UP_TIMEOUT_MS);
	return true;
}

void lpa_restore_cancel(struct lpa *lpa, bool interrupted)
{
	if (!interrupted)
		return;
	lpa->clean_up_interrupted = esim_cancel_triggered(lpa->options.cancel);
	esim_card_set_timeout(lpa->options.card, 0);
	esim_cancel_trigger(lpa->options.cancel);
}

int lpa_pause(const struct lpa *lpa, unsigned milliseconds, struct esim_error *err)
{
	struct pollfd fd = { .fd = esim_cancel_fd(lpa->options.cancel), .events = POLLIN };

	poll(&fd, 1, (int)milliseconds);
	return lpa_check_cancel(lpa, err);
}

int lpa_server_init(struct lpa *lpa, const char *address, struct es9p_server *ret,
		    struct esim_error *err)
{
	struct es9p_server server = {
		.http = lpa->options.http,
		.codec = lpa->options.codec,
		.version = lpa->options.version,
	};
	int rc = esim_address_normalise(address, lpa->options.allow_ports,
					lpa->options.allow_literal, server.address, err);

	if (!rc)
		*ret = server;
	return rc;
}

int lpa_reset_card(struct lpa *lpa, struct esim_error *err)
{
	int rc;

	lpa_step(lpa, "reset");
	rc = esim_card_reset(lpa->options.card, err);
	if (rc == ESIM_ENOTSUP)
		rc = esim_card_reselect(lpa->options.card, err);
	lpa_step(lpa, NULL);
	return rc;
}
