/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * One command at a time, and its own answer. AT has no numbers that tell which answer is whose: they come in order, so
 * all hangs on being in step. Whenever a command was given up, or something came that nobody had asked for, the port
 * is brought into step before the next one: AT is sent until one OK comes for it and then nothing for a while.
 */
#include "at.h"

#include "results.h"

#include "libesim/src/deadline.h"

#include <poll.h>
#include <string.h>

#define MAX_TRIES 64		/* of AT, with a modem that always answers something else */

const char *at_answer(const struct at *at)
{
	return at->parser.answer.len ? (const char *)at->parser.answer.data : "";
}

/* --- bytes ---------------------------------------------------------------------------------------------- */

/* Into the parser; what is behind a command's end is of none. */
static int feed(struct at *at, struct esim_slice bytes, struct esim_error *err)
{
	const bool listening = at->parser.listening;
	size_t taken;
	int r = at_parser_feed(&at->parser, bytes, &taken);

	if (!r && taken < bytes.len) {
		at->parser.listening = false;
		r = at_parser_feed(&at->parser, esim_slice(bytes.data + taken, bytes.len - taken), &taken);
		at->parser.listening = listening;
	}
	if (at->parser.stray)
		at->out_of_step = true;
	at->parser.stray = false;
	if (r == ESIM_ETOOBIG)
		return esim_error_set(err, ESIM_EPROTO, "the modem says more than any answer has");
	return r ? esim_error_set(err, r, "out of memory") : 0;
}

/* All that is there. */
static int take(struct at *at, struct esim_error *err)
{
	uint8_t bytes[4096];
	size_t len;
	int r;

	do {
		r = at_tty_read(&at->tty, bytes, sizeof(bytes), &len, err);
		if (!r && len)
			r = feed(at, esim_slice(bytes, len), err);
	} while (!r && len == sizeof(bytes));
	return r;
}

/* Nothing of a modem that hung up is waited for any more. */
static int gone(struct at *at, int code)
{
	if (code == ESIM_ENODEV) {
		at_tty_close(&at->tty);
		channels_stale(&at->channels);
	}
	return code;
}

static int send_line(struct at *at, const char *line, uint64_t deadline, bool *ret_begun, struct esim_error *err)
{
	struct esim_buf bytes = ESIM_BUF_INIT;
	size_t done = 0, n;
	int r;

	*ret_begun = false;
	esim_buf_append(&bytes, line, strlen(line));
	esim_buf_append_byte(&bytes, '\r');
	r = esim_buf_failed(&bytes) ? esim_error_set(err, ESIM_ENOMEM, "out of memory") : 0;
	while (!r && done < bytes.len) {
		r = at_tty_wait(&at->tty, POLLOUT, at->cancel, deadline, err);
		if (!r)
			r = at_tty_write(&at->tty, bytes.data + done, bytes.len - done, &n, err);
		if (!r)
			done += n;
		*ret_begun = done > 0;
	}
	esim_buf_free(&bytes);
	return r;
}

/* Until the command has its end. ESIM_ETIMEDOUT and ESIM_ECANCELED leave @err alone. */
static int wait_for_end(struct at *at, uint64_t deadline, struct esim_error *err)
{
	int r = 0;

	while (!r && at->parser.final == AT_PENDING) {
		r = at_tty_wait(&at->tty, POLLIN, at->cancel, deadline, err);
		if (!r)
			r = take(at, err);
	}
	return r;
}

/* --- in step -------------------------------------------------------------------------------------------- */

/* An answer that comes meanwhile means out of step. */
static int wait_for_silence(struct at *at, uint64_t deadline, struct esim_error *err)
{
	const uint64_t silent = deadline_in(AT_SILENCE_MS), end = silent < deadline ? silent : deadline;
	int r = 0;

	at_parser_begin(&at->parser, NULL);
	while (!r) {
		r = at_tty_wait(&at->tty, POLLIN, at->cancel, end, err);
		if (!r)
			r = take(at, err);
	}
	return r == ESIM_ETIMEDOUT ? 0 : r;
}

static int sync_once(struct at *at, uint64_t deadline, struct esim_error *err)
{
	const struct at_expect expect = { .command = "AT" };
	const uint64_t try = deadline_in(AT_SYNC_TRY_MS), end = try < deadline ? try : deadline;
	bool begun, in_step;
	int r;

	at->out_of_step = false;
	at_parser_begin(&at->parser, &expect);
	r = send_line(at, "AT", end, &begun, err);
	if (!r)
		r = wait_for_end(at, end, err);
	in_step = !r && at->parser.final == AT_OK;
	if (r && r != ESIM_ETIMEDOUT)
		return r;
	if (!r)
		r = wait_for_silence(at, deadline, err);
	/* Not yet is no failure: a round is wanted in which one OK comes and nothing else. */
	at->out_of_step |= !in_step;
	return r == ESIM_ETIMEDOUT ? 0 : r;
}

static int sync_failed(struct at *at, int code, struct esim_error *err)
{
	if (code == ESIM_ECANCELED)
		return esim_error_set(err, code, "cancelled while waiting for the modem");
	if (code)
		return gone(at, code);
	esim_error_set(err, ESIM_ETIMEDOUT, "the modem does not answer AT on %s", at->identity.port);
	esim_error_advise(err, "Is it the modem's AT port, and is no other program at work on it? A modem that stays "
			       "so needs a reset.");
	return ESIM_ETIMEDOUT;
}

int at_sync(struct at *at, unsigned timeout_ms, struct esim_error *err)
{
	const uint64_t deadline = deadline_in(timeout_ms);
	int r = 0;

	at->out_of_step = true;
	for (int i = 0; !r && at->out_of_step && i < MAX_TRIES && deadline_left_ms(deadline) > 0; i++)
		r = sync_once(at, deadline, err);
	return r || at->out_of_step ? sync_failed(at, r, err) : 0;
}

void at_expect_late(struct at *at, const char *name, enum at_shape shape)
{
	at->parser.late_name = name;
	at->parser.late_shape = shape;
	at->parser.late[0] = '\0';
}

/* --- a command -------------------------------------------------------------------------------------------- */

/* What came since the last one is looked at first: something that nobody asked for means out of step. */
static int prepare(struct at *at, unsigned timeout_ms, struct esim_error *err)
{
	int r;

	if (at->tty.fd < 0)
		return esim_error_set(err, ESIM_ENODEV, "the modem has left");
	if (esim_cancel_triggered(at->cancel))
		return esim_error_set(err, ESIM_ECANCELED, "cancelled before the command was sent");
	at_parser_begin(&at->parser, NULL);
	r = take(at, err);
	if (r)
		return gone(at, r);
	return at->out_of_step ? at_sync(at, timeout_ms, err) : 0;
}

static int say_no_end(struct at *at, const struct at_request *request, int code, struct esim_error *err)
{
	const int name = (int)strcspn(request->line, "=");

	at->out_of_step = true;
	switch (code) {
	case ESIM_ETIMEDOUT:
		return esim_error_set(err, code, "%.*s: the modem does not answer", name, request->line);
	case ESIM_ECANCELED:
		return esim_error_set(err, code, "%.*s: cancelled while waiting for the modem", name, request->line);
	default:
		return gone(at, code);
	}
}

int at_exchange(struct at *at, const struct at_request *request, unsigned timeout_ms, struct esim_error *err)
{
	const struct at_expect expect = { request->line, request->name, request->shape };
	const uint64_t deadline = deadline_in(timeout_ms);
	bool begun = false;
	int r = prepare(at, timeout_ms, err);

	if (r)
		return esim_error_outcome(err, r, ESIM_OUTCOME_NEVER_SENT);
	at_parser_begin(&at->parser, &expect);
	r = send_line(at, request->line, deadline, &begun, err);
	if (!r)
		r = wait_for_end(at, deadline, err);
	if (r)
		return esim_error_outcome(err, say_no_end(at, request, r, err),
					  begun ? ESIM_OUTCOME_UNKNOWN : ESIM_OUTCOME_NEVER_SENT);
	/* Two answers and one end, no answer, or busy with who knows what: the next is not to get what is left. */
	if (at->parser.final == AT_BUSY ||
	    (at->parser.final == AT_OK && request->shape != AT_SHAPE_NONE && at->parser.answers != 1))
		at->out_of_step = true;
	return 0;
}

int at_command(struct at *at, const char *what, const struct at_request *request, unsigned timeout_ms,
	       struct esim_error *err)
{
	int r = at_exchange(at, request, timeout_ms, err);

	if (r)
		return r;
	if (at->parser.final != AT_OK)
		return at_refused(err, what, &at->parser);
	if (request->shape == AT_SHAPE_NONE || at->parser.answers == 1)
		return 0;
	esim_error_set(err, ESIM_EPROTO, "%s: the modem says OK and gives %s", what,
		       at->parser.answers ? "two answers" : "no answer");
	return esim_error_outcome(err, ESIM_EPROTO, ESIM_OUTCOME_UNKNOWN);
}

/* --- news --------------------------------------------------------------------------------------------------- */

int at_listen(struct at *at, unsigned timeout_ms, struct esim_error *err)
{
	const uint64_t deadline = deadline_in(timeout_ms);
	int r = 0;

	if (at->tty.fd < 0)
		return esim_error_set(err, ESIM_ENODEV, "the modem has left");
	at_parser_begin(&at->parser, NULL);
	while (!r && !at->parser.card_news) {
		r = at_tty_wait(&at->tty, POLLIN, at->cancel, deadline, err);
		if (!r)
			r = take(at, err);
	}
	at->parser.card_news = false;
	if (r == ESIM_ECANCELED)
		return esim_error_set(err, r, "cancelled while waiting for news of the card");
	return r == ESIM_ETIMEDOUT ? 0 : gone(at, r);
}
