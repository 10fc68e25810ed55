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
#define RESET_TIMEOUT_MS	90000		/* until a modem that left the bus is back, too */
#define ASK_TIMEOUT_MS		5000		/* one question */
#define REOPEN_AGAIN_MS		200
#define ASK_AGAIN_MS		1000		/* where the modem does not tell by itself */

struct climb {
	struct esim_transport *transport;
	const struct esim_modem_ops *modem;
	const struct esim_modem_settle *how;
	struct esim_modem_policy policy;
	struct esim_modem_settled *ret;
	char tried[200];			/* for people: each rung, and why it was none */
	char unheard[80];			/* why it did not tell what it reports */
	bool gone;				/* it left the bus and is not back */
	bool wordless;				/* it does not tell what it reports */
	bool heard;				/* it has told, once at least */
};

/* What ends the climb whatever comes: the caller's wish. */
static bool is_final(int r)
{
	return r == ESIM_ECANCELED || r == ESIM_ENOMEM;
}

static bool same_iccid(const struct esim_iccid *a, const struct esim_iccid *b)
{
	return memcmp(a, b, sizeof(*a)) == 0;
}

static bool is_expected(const struct climb *climb)
{
	const struct esim_iccid *expected = climb->how->expected;
	const struct esim_modem_settled *ret = climb->ret;

	return expected ? ret->has_iccid && same_iccid(&ret->iccid, expected) : !ret->has_iccid;
}

/* The time of a call: bounded by what is left, and by what one may take. */
static unsigned within(uint64_t deadline, unsigned most_ms)
{
	unsigned left = (unsigned)deadline_left_ms(deadline);

	return left < most_ms ? left : most_ms;
}

/* --- one question -------------------------------------------------------------------------------- */

/* What the modem reports now. 0: it said so; ESIM_EBUSY: not now. */
static int ask(struct climb *climb, struct esim_error *err)
{
	struct esim_modem_settled *ret = climb->ret;
	struct esim_iccid iccid;
	int r = ESIM_ENOTSUP;

	if (climb->modem->iccid)
		r = climb->modem->iccid(climb->transport->priv, &iccid, ASK_TIMEOUT_MS, err);
	if (r == 0)
		ret->iccid = iccid;
	if (r == 0 || r == ESIM_ENOENT) {
		climb->heard = true;
		ret->has_iccid = r == 0;
		ret->reported = is_expected(climb);
		return 0;
	}
	climb->gone = r == ESIM_ENODEV;
	climb->wordless = r == ESIM_ENOTSUP;
	snprintf(climb->unheard, sizeof(climb->unheard), "%.*s", (int)sizeof(climb->unheard) - 1, err->message);
	return r;
}

/* Until the modem has news, or it is time to ask again. What fails at once is not tried again at once. */
static int await_news(struct climb *climb, uint64_t deadline, struct esim_error *err)
{
	const unsigned time_ms = within(deadline, ASK_AGAIN_MS);
	int r = ESIM_ENOTSUP;

	if (climb->modem->wait)
		r = climb->modem->wait(climb->transport->priv, time_ms, err);
	climb->gone = r == ESIM_ENODEV;
	if (r && r != ESIM_ETIMEDOUT && !is_final(r) && !climb->gone)
		poll(NULL, 0, (int)time_ms);
	return is_final(r) ? r : 0;
}

/* It left the bus: what comes back to its place is the same modem, and may be half there at first. */
static int follow_to_the_bus(struct climb *climb, struct esim_error *err)
{
	const uint64_t deadline = deadline_in(RESET_TIMEOUT_MS);
	int r;

	climb->ret->re_enumerated = true;
	if (!climb->modem->reopen)
		return ESIM_ENODEV;
	for (;;) {
		r = climb->modem->reopen(climb->transport->priv, within(deadline, RESET_TIMEOUT_MS), err);
		climb->gone = r != 0;
		if (!r || is_final(r) || deadline_left_ms(deadline) == 0)
			return r;
		poll(NULL, 0, (int)within(deadline, REOPEN_AGAIN_MS));
	}
}

/*
 * Until the modem reports what is expected, or @time_ms is over; both are 0. A modem that was away has
 * its time from when it is back, once.
 */
static int listen_to(struct climb *climb, unsigned time_ms, struct esim_error *err)
{
	uint64_t deadline = deadline_in(time_ms);
	bool followed = false;
	int r;

	for (;;) {
		if (climb->gone) {
			/* It leaves again as soon as it is there. */
			if (followed)
				poll(NULL, 0, REOPEN_AGAIN_MS);
			r = follow_to_the_bus(climb, err);
			if (r)
				return r;
			deadline = followed ? deadline : deadline_in(time_ms);
			followed = true;
		}
		r = ask(climb, err);
		if (is_final(r) || climb->ret->reported)
			return r;
		if (deadline_left_ms(deadline) == 0 && !(climb->gone && !followed))
			return 0;
		r = climb->gone ? 0 : await_news(climb, deadline, err);
		if (is_final(r) || (climb->wordless && !climb->gone))
			return r;
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

static void note(struct climb *climb, enum esim_modem_step step, const char *failure)
{
	const size_t used = strlen(climb->tried);

	snprintf(climb->tried + used, sizeof(climb->tried) - used, "%s%s%s%.80s", used ? ", " : "",
		 esim_modem_step_name(step), failure[0] ? ", which failed: " : "", failure);
}

/* Was it refused? Where the answer was lost it may have been done all the same. */
static bool was_refused(int r, const struct esim_error *err)
{
	return r && r != ESIM_ENODEV && r != ESIM_ETIMEDOUT && err->outcome != ESIM_OUTCOME_UNKNOWN;
}

/* One rung. ESIM_ENOTSUP: this modem has no such means, and the next is tried. */
static int take_step(struct climb *climb, enum esim_modem_step step, struct esim_error *err)
{
	const unsigned time_ms = time_of(climb, step);
	int r = 0;

	if (step != ESIM_MODEM_REFRESH && !climb->modem->step)
		return ESIM_ENOTSUP;
	if (climb->how->rung)
		climb->how->rung(climb->how->context, step);
	esim_error_clear(err);
	if (step != ESIM_MODEM_REFRESH)
		r = climb->modem->step(climb->transport->priv, step, time_ms, err);
	if (r == ESIM_ENOTSUP || is_final(r))
		return r;
	if (was_refused(r, err)) {
		note(climb, step, err->message);
		return ask(climb, err);
	}
	note(climb, step, "");
	climb->ret->step = step;
	climb->ret->step_needed = true;
	climb->gone = climb->gone || r == ESIM_ENODEV;
	return listen_to(climb, time_ms, err);
}

/* --- the end --------------------------------------------------------------------------------------- */

static int did_not_follow(const struct climb *climb, struct esim_error *err)
{
	const struct esim_modem_settled *ret = climb->ret;
	const struct esim_iccid *before = climb->how->before;
	const char *tried = climb->tried[0] ? climb->tried : "nothing could be tried";
	char digits[ESIM_ICCID_DIGITS + 1];

	if (climb->gone)
		esim_error_set(err, ESIM_ENODEV, "the modem left the bus and did not come back (after: %s)", tried);
	else if (!climb->heard)
		esim_error_set(err, ESIM_EIO, "the modem cannot say which profile it sees: %s (after: %s)",
			       climb->unheard, tried);
	else if (ret->has_iccid && !esim_iccid_format(&ret->iccid, digits))
		esim_error_set(err, ESIM_EIO, "the modem %s ICCID %s (after: %s)",
			       before && !same_iccid(before, &ret->iccid) ? "reports" : "still reports", digits, tried);
	else
		esim_error_set(err, ESIM_EIO, "the modem reports no profile (after: %s)", tried);
	err->domain = ESIM_DOMAIN_TRANSPORT;
	esim_error_advise(err, "The eUICC itself has switched. Switch the modem or this machine off and on.");
	return err->code;
}

static int was_cancelled(const struct climb *climb, struct esim_error *err)
{
	esim_error_set(err, ESIM_ECANCELED, "cancelled before the modem reported the new profile (after: %s)",
		       climb->tried[0] ? climb->tried : "nothing was tried");
	esim_error_advise(err, "The eUICC itself has switched. The modem may follow by itself, or when it is restarted.");
	return ESIM_ECANCELED;
}

/* Before any rung: while REFRESH goes on its rung asks, and a word that is the same as before says nothing. */
static bool is_worth_asking(const struct climb *climb)
{
	const struct esim_modem_settle *how = climb->how;

	return !is_allowed(climb, ESIM_MODEM_REFRESH) &&
	       !(how->before && how->expected && same_iccid(how->before, how->expected));
}

/* Of a modem that does not tell nobody can say more than what it was made to do, if there is anything. */
static bool is_done(const struct climb *climb)
{
	return climb->ret->reported || (climb->wordless && (climb->ret->step_needed || !climb->tried[0]));
}

static int climb_up(struct climb *climb, struct esim_error *err)
{
	int r = is_worth_asking(climb) ? ask(climb, err) : 0;

	/* It left by itself, of what it saw of its card. */
	if (climb->gone)
		r = listen_to(climb, ASK_TIMEOUT_MS, err);
	for (unsigned i = 0; i < ESIM_MODEM_STEPS && !is_final(r) && !climb->ret->reported && !climb->gone; i++) {
		const enum esim_modem_step step = (enum esim_modem_step)i;

		if (!is_allowed(climb, step))
			continue;
		r = take_step(climb, step, err);
		if (climb->wordless && climb->ret->step_needed)
			break;
	}
	if (r == ESIM_ECANCELED)
		return was_cancelled(climb, err);
	if (is_final(r))
		return r;
	return is_done(climb) ? 0 : did_not_follow(climb, err);
}

int esim_modem_settle(struct esim_transport *transport, const struct esim_modem_settle *how,
		      struct esim_modem_settled *ret, struct esim_error *err)
{
	struct climb climb = { .transport = transport, .modem = transport->ops->modem, .how = how, .ret = ret };
	struct esim_error local;

	*ret = (struct esim_modem_settled){ .reported = false };
	if (!climb.modem)
		return esim_error_set(err, ESIM_ENOTSUP, "there is no modem before this card");
	if (!err)
		err = &local;
	esim_error_clear(err);
	esim_modem_policy(transport, &climb.policy);
	return climb_up(&climb, err);
}
