/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The rungs that AT commands reach (TS 27.007, 8.2): AT+CFUN=4 is airplane mode, and 0 where a modem has no 4;
 * AT+CFUN=1,1 is a reset. For the card's power alone there is no command that two makers share.
 */
#include "at.h"

#include "results.h"

#include "libesim/src/deadline.h"

static int run(struct at *at, const char *line, unsigned timeout_ms, struct esim_error *err)
{
	const struct at_request request = { .line = line, .shape = AT_SHAPE_NONE };

	return at_command(at, line, &request, timeout_ms, err);
}

/* Off by @off, and on again, whatever came of it: a modem is not left without its radio. */
static int cycle(struct at *at, const char *off, uint64_t deadline, struct esim_error *err)
{
	const struct esim_cancel *cancel = at->cancel;
	int r = run(at, off, (unsigned)deadline_left_ms(deadline), err), on;

	if (r && at_has_refused(at))
		return r;
	if (r == ESIM_ENODEV || (r && err && err->outcome == ESIM_OUTCOME_NEVER_SENT))
		return r;
	at->cancel = NULL;
	on = run(at, "AT+CFUN=1", AT_CARD_TIMEOUT_MS, r ? NULL : err);
	at->cancel = cancel;
	return r ? r : on;
}

/* A modem that does not tell is taken for one whose radio is on. */
static bool is_radio_off(struct at *at, uint64_t deadline)
{
	static const struct at_request request = { "AT+CFUN?", "+CFUN", AT_SHAPE_NUMBER };
	unsigned mode;

	return !at_command(at, "AT+CFUN?", &request, (unsigned)deadline_left_ms(deadline), NULL) &&
	       !at_value_number(at_answer(at), UINT8_MAX, &mode) && mode != 1;
}

static int airplane(struct at *at, uint64_t deadline, struct esim_error *err)
{
	int r;

	if (is_radio_off(at, deadline))
		return esim_error_set(err, ESIM_ENOTSUP, "the radio is off already, and stays as its user wants it");
	r = cycle(at, "AT+CFUN=4", deadline, err);
	return r && at_has_refused(at) ? cycle(at, "AT+CFUN=0", deadline, err) : r;
}

/* A modem that leaves before it has said OK did what it was told. */
static int restart(struct at *at, uint64_t deadline, struct esim_error *err)
{
	int r = run(at, "AT+CFUN=1,1", (unsigned)deadline_left_ms(deadline), err);

	if (r == ESIM_ENODEV && !at_has_refused(at)) {
		esim_error_clear(err);
		return 0;
	}
	if (!r)
		at->out_of_step = true;
	return r;
}

int at_step(void *priv, enum esim_modem_step step, unsigned timeout_ms, struct esim_error *err)
{
	struct at *at = priv;
	const uint64_t deadline = deadline_in(timeout_ms > AT_TIMEOUT_MS ? timeout_ms : AT_TIMEOUT_MS);
	int r;

	if (step != ESIM_MODEM_AIRPLANE && step != ESIM_MODEM_RESET)
		return esim_error_set(err, ESIM_ENOTSUP, "there is no AT command for it");
	/* Not every modem takes the card's power with the radio: a channel would stay. */
	at_channels_end(at, AT_END_TIMEOUT_MS);
	r = step == ESIM_MODEM_AIRPLANE ? airplane(at, deadline, err) : restart(at, deadline, err);
	if (!r)
		at_channels_gone(at);
	if (r && at_has_refused(at)) {
		if (err)
			err->code = ESIM_ENOTSUP;
		return ESIM_ENOTSUP;
	}
	return r;
}

int at_reset(void *priv, enum esim_reset kind, struct esim_error *err)
{
	struct at *at = priv;
	int r;

	(void)kind;
	at_channels_end(at, AT_END_TIMEOUT_MS);
	r = cycle(at, "AT+CFUN=0", deadline_in(AT_CARD_TIMEOUT_MS), err);
	if (!r)
		at_channels_gone(at);
	return r;
}
