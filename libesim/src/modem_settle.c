/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The ladder: after a switch of profiles a modem may go on with what it read before. The gentlest means comes
 * first, and the modem's own word says when to stop; see esim/modem.h.
 */
#include "deadline.h"
#include "transport_internal.h"

#include <poll.h>
#include <stdio.h>
#include <string.h>

#define STEP_TIMEOUT_MS		20000
#define RESET_TIMEOUT_MS	90000
#define ASK_TIMEOUT_MS		5000		/* one question */
#define REOPEN_AGAIN_MS		200
#define ASK_AGAIN_MS		1000		/* where the modem does not tell by itself */

struct climb {
	struct esim_transport *transport;
	const struct esim_modem_ops *modem;
	const struct esim_modem_settle *how;
	struct esim_modem_policy policy;
	struct esim_modem_settled *ret;
	bool tried[ESIM_MODEM_STEPS];
	bool gone;				/* it left the bus and is not back */
	bool wordless;				/* it does not tell what it reports */
};

/* What ends the climb whatever comes: the caller's wish. */
static bool is_final(int r)
{
	return r == ESIM_ECANCELED || r == ESIM_ENOMEM;
}

static bool is_expected(const struct climb *climb)
{
	const struct esim_iccid *expected = climb->how->expected;
	const struct esim_modem_settled *ret = climb->ret;

	if (!expected)
		return !ret->has_iccid;
	return ret->has_iccid && memcmp(&ret->iccid, expected, sizeof(*expected)) == 0;
}

/* The time of a call: bounded by what is left, and by what one question may take. */
static unsigned within(uint64_t deadline, unsigned most_ms)
{
	int left = deadline_left_ms(deadline);

	return (unsigned)left < most_ms ? (unsigned)left : most_ms;
}

/* What the modem reports now. 0: it said so; ESIM_EBUSY: not now. */
static int ask(struct climb *climb, uint64_t deadline, struct esim_error *err)
{
	struct esim_modem_settled *ret = climb->ret;
	int r = climb->modem->iccid(climb->transport->priv, &ret->iccid, within(deadline, ASK_TIMEOUT_MS), err);

	if (r == 0 || r == ESIM_ENOENT) {
		ret->has_iccid = r == 0;
		ret->reported = is_expected(climb);
		return 0;
	}
	climb->gone = r == ESIM_ENODEV;
	climb->wordless = r == ESIM_ENOTSUP;
	return r;
}

/* It left the bus: what it comes back as is the same modem at the same place. */
static int follow_to_the_bus(struct climb *climb, uint64_t deadline, struct esim_error *err)
{
	int r = ESIM_ENODEV;

	climb->ret->re_enumerated = true;
	if (climb->modem->reopen)
		r = climb->modem->reopen(climb->transport->priv, within(deadline, RESET_TIMEOUT_MS), err);
	climb->gone = r != 0;
	return r;
}

/* Until the modem reports what is expected, or the rung's time is over. 0 in both cases. */
static int listen_until(struct climb *climb, uint64_t deadline, struct esim_error *err)
{
	for (;;) {
		int r = climb->gone ? follow_to_the_bus(climb, deadline, err) : 0;

		if (!r)
			r = ask(climb, deadline, err);
		if (is_final(r) || (!r && climb->ret->reported))
			return r;
		if (deadline_left_ms(deadline) == 0)
			return 0;
		if (climb->wordless || (climb->gone && !climb->modem->reopen))
			return r;
		if (climb->gone) {
			/* It may be half there: what failed at once is not tried again at once. */
			poll(NULL, 0, REOPEN_AGAIN_MS);
			continue;
		}
		r = climb->modem->wait ?
			    climb->modem->wait(climb->transport->priv, within(deadline, ASK_AGAIN_MS), err) : 0;
		if (is_final(r))
			return r;
		climb->gone = r == ESIM_ENODEV;
	}
}

/* --- rungs -------------------------------------------------------------------------------------- */

static bool is_allowed(const struct climb *climb, enum esim_modem_step step)
{
	if (step == ESIM_MODEM_REFRESH && !climb->how->refresh)
		return false;
	return climb->policy.steps == 0 || (climb->policy.steps & 1u << step);
}

static unsigned time_of(const struct climb *climb, enum esim_modem_step step)
{
	if (climb->policy.step_timeout_ms[step])
		return climb->policy.step_timeout_ms[step];
	return step == ESIM_MODEM_RESET ? RESET_TIMEOUT_MS : STEP_TIMEOUT_MS;
}

/* One rung. ESIM_ENOTSUP: this modem has no such means, and the next is tried. */
static int take_step(struct climb *climb, enum esim_modem_step step, struct esim_error *err)
{
	const unsigned time_ms = time_of(climb, step);
	const uint64_t deadline = deadline_in(time_ms);
	int r = 0;

	if (step != ESIM_MODEM_REFRESH && !climb->modem->step)
		return ESIM_ENOTSUP;
	if (climb->how->rung)
		climb->how->rung(climb->how->context, step);
	if (step != ESIM_MODEM_REFRESH)
		r = climb->modem->step(climb->transport->priv, step, time_ms, err);
	if (r == ESIM_ENOTSUP || is_final(r))
		return r;
	climb->tried[step] = true;
	climb->ret->step = step;
	climb->ret->step_needed = true;
	climb->gone = climb->gone || r == ESIM_ENODEV;
	return listen_until(climb, deadline, err);
}

/* --- the end --------------------------------------------------------------------------------------- */

static int did_not_follow(const struct climb *climb, struct esim_error *err)
{
	char tried[96] = "", digits[ESIM_ICCID_DIGITS + 1];
	size_t used = 0;

	for (unsigned step = 0; step < ESIM_MODEM_STEPS; step++)
		if (climb->tried[step] && used < sizeof(tried))
			used += (size_t)snprintf(tried + used, sizeof(tried) - used, "%s%s", used ? ", " : "",
						 esim_modem_step_name((enum esim_modem_step)step));
	if (climb->gone)
		esim_error_set(err, ESIM_ENODEV, "the modem left the bus and did not come back (after: %s)",
			       used ? tried : "nothing was tried");
	else if (climb->ret->has_iccid && !esim_iccid_format(&climb->ret->iccid, digits))
		esim_error_set(err, ESIM_EIO, "the modem still reports ICCID %s (after: %s)", digits,
			       used ? tried : "nothing could be tried");
	else
		esim_error_set(err, ESIM_EIO, "the modem reports no profile (after: %s)",
			       used ? tried : "nothing could be tried");
	if (err)
		err->domain = ESIM_DOMAIN_TRANSPORT;
	esim_error_advise(err, "The eUICC itself has switched. Switch the modem or this machine off and on.");
	return climb->gone ? ESIM_ENODEV : ESIM_EIO;
}

/* A modem that does not tell has done what it does of itself; nobody can say more. */
static int without_word(const struct climb *climb)
{
	climb->ret->reported = false;
	return 0;
}

static int climb_up(struct climb *climb, struct esim_error *err)
{
	int r = climb->how->refresh ? 0 : ask(climb, deadline_in(ASK_TIMEOUT_MS), err);

	if (is_final(r) || (!r && climb->ret->reported))
		return r;
	if (climb->wordless)
		return without_word(climb);
	for (unsigned step = 0; step < ESIM_MODEM_STEPS; step++) {
		if (!is_allowed(climb, (enum esim_modem_step)step))
			continue;
		r = take_step(climb, (enum esim_modem_step)step, err);
		if (is_final(r) || (!r && climb->ret->reported))
			return r;
		if (climb->wordless)
			return without_word(climb);
	}
	return did_not_follow(climb, err);
}

int esim_modem_settle(struct esim_transport *transport, const struct esim_modem_settle *how,
		      struct esim_modem_settled *ret, struct esim_error *err)
{
	struct climb climb = { .transport = transport, .modem = transport->ops->modem, .how = how, .ret = ret };
	struct esim_error local;

	*ret = (struct esim_modem_settled){ .reported = false };
	if (!climb.modem)
		return esim_error_set(err, ESIM_ENOTSUP, "there is no modem before this card");
	if (!climb.modem->iccid)
		return without_word(&climb);
	esim_modem_policy(transport, &climb.policy);
	return climb_up(&climb, err ? err : &local);
}
