/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * A modem as the ladder sees it, for tests: a model with a clock of its own, which goes on only where modem or
 * ladder would wait. Minutes cost nothing, and every wait is measured. In no library: its clock is the program's.
 */
#ifndef UNIT_LIBESIM_MODEM_MODEL_H
#define UNIT_LIBESIM_MODEM_MODEL_H

#include <esim/modem.h>

#include <atf-c.h>
#include <poll.h>
#include <stdio.h>
#include <string.h>
#include <time.h>

#define OLD "8944000000000000017"
#define NEW "8944000000000000025"
#define NEVER ESIM_MODEM_STEPS
#define MAX_CALLS 100000u
#define FOR_EVER UINT64_MAX

/* --- the modem ------------------------------------------------------------------------------- */

static struct {
	/* what the test sets */
	const char *sees, *will_see;		/* ICCIDs; NULL: no profile */
	enum esim_modem_step follows;		/* from which rung on it reads its card again */
	uint64_t reads_for;			/* so long: it is not ready meanwhile */
	int step_result[ESIM_MODEM_STEPS];
	bool lost_answer;			/* of those results: the step was taken all the same */
	bool restarts[ESIM_MODEM_STEPS];	/* the rung makes it leave the bus */
	uint64_t away_for, half_there_for;
	bool tells_news;			/* wait() ends when it has read its card */
	int iccid_result, wait_result;		/* instead of what it sees; of wait() at once */
	unsigned cancel_at, vanish_at;		/* the call of that number, from 1 */
	struct esim_modem_policy policy;

	/* what became of it */
	uint64_t now, ready_at, back_at;
	bool reading, away;
	unsigned calls, asked, waits, reopens, after_cancel;
	char steps[ESIM_MODEM_STEPS * 2 + 1];	/* taken, as digits */
	char rungs[ESIM_MODEM_STEPS * 2 + 1];	/* told of */
} modem;

int clock_gettime(clockid_t clock, struct timespec *ret)
{
	(void)clock;
	ret->tv_sec = (time_t)(modem.now / 1000);
	ret->tv_nsec = (long)(modem.now % 1000) * 1000000;
	return 0;
}

int poll(struct pollfd *fds, nfds_t count, int timeout)
{
	(void)fds;
	(void)count;
	modem.now += timeout > 0 ? (uint64_t)timeout : 0;
	return 0;
}

static void read_card_after(enum esim_modem_step step)
{
	if (step < modem.follows)
		return;
	modem.reading = true;
	modem.ready_at = modem.now + modem.reads_for;
}

static void leave(void)
{
	modem.away = true;
	modem.back_at = modem.away_for == FOR_EVER ? FOR_EVER : modem.now + modem.away_for;
}

/* What @step does to it; what makes it leave the bus is a restart. */
static void take(enum esim_modem_step step)
{
	read_card_after(step);
	if (modem.restarts[step])
		leave();
}

/* What every call of the modem begins with. */
static int begin_call(struct esim_error *err)
{
	modem.calls++;
	modem.now++;
	ATF_REQUIRE_MSG(modem.calls < MAX_CALLS, "the ladder does not end");
	if (modem.cancel_at && modem.calls > modem.cancel_at)
		modem.after_cancel++;
	if (modem.calls == modem.cancel_at)
		return esim_error_set(err, ESIM_ECANCELED, "cancelled");
	if (modem.calls == modem.vanish_at) {
		read_card_after(ESIM_MODEM_RESET);
		leave();
	}
	if (modem.away)
		return esim_error_set(err, ESIM_ENODEV, "the modem left the bus");
	return 0;
}

static int modem_iccid(void *priv, struct esim_iccid *ret, unsigned timeout_ms, struct esim_error *err)
{
	int r = begin_call(err);

	(void)priv;
	ATF_CHECK(timeout_ms > 0);
	modem.asked++;
	if (r)
		return r;
	if (modem.iccid_result)
		return esim_error_set(err, modem.iccid_result, "the model says so");
	if (modem.reading && modem.now < modem.ready_at)
		return esim_error_set(err, ESIM_EBUSY, "not ready");
	if (modem.reading)
		modem.sees = modem.will_see;
	if (!modem.sees)
		return esim_error_set(err, ESIM_ENOENT, "no profile");
	ATF_REQUIRE_EQ(0, esim_iccid_parse(modem.sees, ret));
	return 0;
}

static int modem_step(void *priv, enum esim_modem_step step, unsigned timeout_ms, struct esim_error *err)
{
	int r = begin_call(err);

	(void)priv;
	ATF_CHECK(timeout_ms > 0);
	ATF_CHECK_MSG(step != ESIM_MODEM_REFRESH, "REFRESH is the card's, nothing to be begun");
	if (r)
		return r;
	if (modem.step_result[step] != ESIM_ENOTSUP)
		snprintf(modem.steps + strlen(modem.steps), 2, "%d", (int)step);
	if (!modem.step_result[step] || modem.lost_answer)
		take(step);
	if (!modem.step_result[step])
		return 0;
	esim_error_set(err, modem.step_result[step], "not allowed now");
	return modem.lost_answer ? esim_error_outcome(err, modem.step_result[step], ESIM_OUTCOME_UNKNOWN) :
				   modem.step_result[step];
}

static int modem_wait(void *priv, unsigned timeout_ms, struct esim_error *err)
{
	const uint64_t until = modem.now + timeout_ms;
	int r = begin_call(err);

	(void)priv;
	modem.waits++;
	if (r)
		return r;
	if (modem.wait_result)
		return esim_error_set(err, modem.wait_result, "the model says so");
	if (modem.tells_news && modem.reading && modem.ready_at > modem.now && modem.ready_at < until)
		modem.now = modem.ready_at;
	else
		modem.now = until;
	return 0;
}

static int modem_reopen(void *priv, unsigned timeout_ms, struct esim_error *err)
{
	const uint64_t until = modem.now + timeout_ms;

	(void)priv;
	modem.calls++;
	modem.reopens++;
	if (modem.calls == modem.cancel_at)
		return esim_error_set(err, ESIM_ECANCELED, "cancelled");
	ATF_REQUIRE_MSG(modem.away, "reopened though it is there");
	if (modem.back_at > until) {
		modem.now = until;
		return esim_error_set(err, ESIM_ETIMEDOUT, "not back");
	}
	if (modem.now < modem.back_at)
		modem.now = modem.back_at;
	if (modem.now < modem.back_at + modem.half_there_for)
		return esim_error_set(err, ESIM_EIO, "half there");
	modem.away = false;
	return 0;
}

static void modem_policy(void *priv, struct esim_modem_policy *ret)
{
	(void)priv;
	*ret = modem.policy;
}

static void modem_close(void *priv)
{
	(void)priv;
}

static const struct esim_modem_ops whole = {
	.policy = modem_policy, .iccid = modem_iccid, .step = modem_step, .wait = modem_wait, .reopen = modem_reopen,
};

/* --- doing ----------------------------------------------------------------------------------------- */

static struct esim_modem_settled settled;
static struct esim_error err;

static void reset_model(enum esim_modem_step follows)
{
	memset(&modem, 0, sizeof(modem));
	modem.sees = OLD;
	modem.will_see = NEW;
	modem.follows = follows;
	modem.reads_for = 3000;
	modem.away_for = 8000;
}

static void at_rung(void *context, enum esim_modem_step step)
{
	ATF_CHECK(context == &settled);
	snprintf(modem.rungs + strlen(modem.rungs), 2, "%d", (int)step);
}

static int settle_with(const struct esim_modem_ops *ops, bool refresh, const char *before)
{
	const struct esim_transport_ops vtable = { .close = modem_close, .modem = ops };
	struct esim_iccid expected, was;
	struct esim_modem_settle how = {
		.expected = modem.will_see ? &expected : NULL,
		.before = before ? &was : NULL,
		.refresh = refresh, .rung = at_rung, .context = &settled,
	};
	struct esim_transport *transport = NULL;
	int r;

	if (modem.will_see)
		ATF_REQUIRE_EQ(0, esim_iccid_parse(modem.will_see, &expected));
	if (before)
		ATF_REQUIRE_EQ(0, esim_iccid_parse(before, &was));
	ATF_REQUIRE_EQ(0, esim_transport_new(&vtable, NULL, &transport));
	/* The card does what it was told before the ladder begins. */
	if (refresh)
		take(ESIM_MODEM_REFRESH);
	memset(&settled, 0x55, sizeof(settled));
	esim_error_clear(&err);
	r = esim_modem_settle(transport, &how, &settled, &err);
	esim_transport_free(&transport);
	return r;
}

static int settle(bool refresh)
{
	return settle_with(&whole, refresh, OLD);
}

static void check_reported(enum esim_modem_step step, const char *rungs)
{
	char digits[ESIM_ICCID_DIGITS + 1] = "";

	ATF_CHECK(settled.reported);
	ATF_CHECK(settled.step_needed);
	ATF_CHECK_EQ_MSG(step, settled.step, "%s", esim_modem_step_name(settled.step));
	ATF_CHECK_STREQ(rungs, modem.rungs);
	ATF_REQUIRE(settled.has_iccid);
	esim_iccid_format(&settled.iccid, digits);
	ATF_CHECK_STREQ(NEW, digits);
}

#endif
