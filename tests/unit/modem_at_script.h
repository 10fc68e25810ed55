/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * A port in place of modem/at/tty.c's: a modem that follows a script, and whose time passes without anybody waiting.
 * To each line that it is sent it gives the next reply; at a '|' within it nothing comes until one wait has timed out,
 * at a '~' until one more wait.
 */
#ifndef MODEM_AT_SCRIPT_H
#define MODEM_AT_SCRIPT_H

#include "modem/at/at.h"

#include <poll.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>

struct script_step {
	const char *line;		/* what it must be sent; NULL: anything */
	const char *reply;
};

static struct {
	const struct script_step *steps;
	size_t count, at;
	char sent[8192], ready[65536];
	size_t sent_len, ready_len, ready_at;
	bool wrong;			/* it was sent what it did not expect */
	char wrong_line[128];
	bool hangs_up;			/* when the script is at its end */
} script;

static inline void script_play(const struct script_step *steps, size_t count)
{
	memset(&script, 0, sizeof(script));
	script.steps = steps;
	script.count = count;
}

static inline void script_take_line(void)
{
	const struct script_step *step = script.at < script.count ? &script.steps[script.at] : NULL;
	size_t len;

	script.sent[script.sent_len] = '\0';
	script.sent_len = 0;
	if (!step || (step->line && strcmp(step->line, script.sent) != 0)) {
		script.wrong = true;
		snprintf(script.wrong_line, sizeof(script.wrong_line), "%.120s", script.sent);
		return;
	}
	script.at++;
	len = strlen(step->reply);
	if (script.ready_len + len <= sizeof(script.ready)) {
		memcpy(script.ready + script.ready_len, step->reply, len);
		script.ready_len += len;
	}
}

int at_tty_open(struct at_tty *tty, const char *path, struct esim_error *err)
{
	(void)path, (void)err;
	*tty = (struct at_tty){ .fd = 0 };
	return 0;
}

void at_tty_close(struct at_tty *tty)
{
	tty->fd = -1;
}

static inline bool script_is_over(void)
{
	return script.hangs_up && script.at == script.count && script.ready_at == script.ready_len;
}

int at_tty_read(struct at_tty *tty, uint8_t *bytes, size_t size, size_t *ret_len, struct esim_error *err)
{
	size_t len = 0;

	(void)tty;
	if (script_is_over())
		return esim_error_set(err, ESIM_ENODEV, "the modem hung up");
	while (len < size && script.ready_at < script.ready_len && !strchr("|~", script.ready[script.ready_at]))
		bytes[len++] = (uint8_t)script.ready[script.ready_at++];
	*ret_len = len;
	return 0;
}

int at_tty_write(struct at_tty *tty, const uint8_t *bytes, size_t len, size_t *ret_len, struct esim_error *err)
{
	(void)tty, (void)err;
	for (size_t i = 0; i < len; i++) {
		if (bytes[i] == '\r')
			script_take_line();
		else if (script.sent_len < sizeof(script.sent) - 1)
			script.sent[script.sent_len++] = (char)bytes[i];
	}
	*ret_len = len;
	return 0;
}

int at_tty_wait(struct at_tty *tty, short events, const struct esim_cancel *cancel, uint64_t deadline,
		struct esim_error *err)
{
	(void)tty, (void)deadline, (void)err;
	if (esim_cancel_triggered(cancel))
		return ESIM_ECANCELED;
	if (events & POLLOUT || script_is_over())
		return 0;
	if (script.ready_at < script.ready_len && script.ready[script.ready_at] != '|') {
		script.ready_at += script.ready[script.ready_at] == '~';
		return 0;
	}
	script.ready_at += script.ready_at < script.ready_len;
	return ESIM_ETIMEDOUT;
}

#endif
