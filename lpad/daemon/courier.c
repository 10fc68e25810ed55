/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What is sent by itself: see courier.h. Everything is counted anew, once a turn of the loop, when
 * something changed; two timers stand for what comes next.
 */
#include "courier.h"

#include "daemon.h"
#include "log.h"
#include "network.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#define SEC		UINT64_C(1000000)
#define HOLD_MIN	(1 * SEC)		/* between two calls for the very same outbox */
#define HOLD_MAX	(300 * SEC)
#define LATE		(1 * SEC)		/* a timer may be, to go with others */
#define CHECK_LATE	(60 * SEC)		/* or a hundredth of the period */

/* What the courier has to remember of an eUICC. */
struct round {
	unsigned euicc;				/* its number */
	bool seen;				/* in this count */
	uint64_t print;				/* of the outbox when it was last sent for, */
	uint64_t sent_at, hold;			/* when that was (boot time), and how long to wait if it stays so */
	bool network_up;			/* to be told when no delivery runs */
	uint64_t check_at;			/* boot time; 0: no schedule yet */
	uint64_t check_every;			/* that this rests on */
};

struct courier {
	struct daemon *daemon;
	sd_event_source *recount, *deliver, *check;
	struct network *network;		/* while something waits for it */
	struct round rounds[MODEL_MAX_EUICCS];
	size_t round_count;
	bool waits_for_network;
	uint64_t deliver_at, check_at;		/* UINT64_MAX: never; real time, boot time */
};

static uint64_t now_of(const struct courier *courier, clockid_t clock)
{
	uint64_t now = 0;

	sd_event_now(courier->daemon->event, clock, &now);
	return now;
}

static struct round *round_of(struct courier *courier, unsigned euicc)
{
	struct round *round = courier->rounds;

	for (; round < courier->rounds + courier->round_count; round++)
		if (round->euicc == euicc)
			return round;
	if (courier->round_count == MODEL_MAX_EUICCS)
		return NULL;
	courier->round_count++;
	*round = (struct round){ .euicc = euicc, .hold = HOLD_MIN };
	return round;
}

/* --- the outboxes ---------------------------------------------------------------------------------------- */

/* FNV-1a. */
static uint64_t mix(uint64_t print, uint64_t value)
{
	for (unsigned shift = 0; shift < 64; shift += 8)
		print = (print ^ (value >> shift & 0xFF)) * UINT64_C(0x100000001B3);
	return print;
}

/* Of what a try changes. */
static uint64_t print_of(const struct euicc *euicc)
{
	uint64_t print = UINT64_C(0xCBF29CE484222325);

	for (const struct notification *n = euicc->notifications; n; n = n->next)
		print = mix(mix(mix(print, n->number), n->info.attempts), (uint64_t)n->info.next_attempt);
	return print;
}

static bool is_first(const struct euicc *euicc, const struct notification *notification)
{
	for (const struct notification *n = euicc->notifications; n != notification; n = n->next)
		if (outbox_same_server(&n->info, &notification->info))
			return false;
	return true;
}

/* Seconds since the epoch; a time that no clock of today has given is none. */
static int64_t due_at(const struct euicc *euicc, int64_t now)
{
	int64_t due = INT64_MAX;

	for (const struct notification *n = euicc->notifications; n; n = n->next) {
		const int64_t at = n->info.next_attempt > now + OUTBOX_MAX_WAIT ? now : n->info.next_attempt;

		if (at < due && is_first(euicc, n))
			due = at;
	}
	return due;
}

/* A delivery that leaves the outbox as it was is not asked for again at once. */
static uint64_t hold_back(const struct courier *courier, const struct round *round,
			  const struct euicc *euicc, uint64_t at)
{
	const uint64_t rested = round->sent_at + round->hold, now = now_of(courier, CLOCK_BOOTTIME);
	const uint64_t real = now_of(courier, CLOCK_REALTIME);

	if (!round->sent_at || round->print != print_of(euicc) || rested <= now || at > real + rested - now)
		return at;
	return real + rested - now;
}

static void count_owed(struct courier *courier, struct round *round, struct euicc *euicc)
{
	const int64_t now = (int64_t)(now_of(courier, CLOCK_REALTIME) / SEC);
	uint64_t at;

	if (!euicc->notifications)
		return;
	for (const struct notification *n = euicc->notifications; n; n = n->next)
		courier->waits_for_network |= outbox_waits_for_network(&n->info);
	if (euicc->delivery || !euicc->identified)
		return;
	at = hold_back(courier, round, euicc, (uint64_t)due_at(euicc, now) * SEC);
	if (at < courier->deliver_at)
		courier->deliver_at = at;
}

static void send_for(struct courier *courier, struct round *round, struct euicc *euicc)
{
	const uint64_t print = print_of(euicc);

	if (round->sent_at && round->print == print)
		round->hold = round->hold * 2 < HOLD_MAX ? round->hold * 2 : HOLD_MAX;
	else
		round->hold = HOLD_MIN;
	round->print = print;
	round->sent_at = now_of(courier, CLOCK_BOOTTIME);
	euicc_deliver(euicc);
}

static int on_deliver(sd_event_source *source, uint64_t usec, void *context)
{
	struct courier *courier = context;
	const uint64_t now = now_of(courier, CLOCK_REALTIME);

	(void)source;
	(void)usec;
	for (struct euicc *euicc = model_euiccs(courier->daemon); euicc; euicc = euicc->next) {
		struct round *round = round_of(courier, euicc->number);

		if (!round || euicc->delivery || !euicc->identified || !euicc->notifications)
			continue;
		if (hold_back(courier, round, euicc,
			      (uint64_t)due_at(euicc, (int64_t)(now / SEC)) * SEC) <= now)
			send_for(courier, round, euicc);
	}
	courier_update(courier);
	return 0;
}

/* --- the network -------------------------------------------------------------------------------------------- */

static bool has_network_waits(const struct euicc *euicc)
{
	for (const struct notification *n = euicc->notifications; n; n = n->next)
		if (outbox_waits_for_network(&n->info))
			return true;
	return false;
}

/* One that a delivery runs for may be failing now: it is told after that. */
static void tell_network(struct round *round, struct euicc *euicc)
{
	if (!round->network_up || euicc->delivery)
		return;
	round->network_up = false;
	if (euicc->identified && has_network_waits(euicc))
		euicc_network_up(euicc);
}

static void on_network_up(void *context)
{
	struct courier *courier = context;

	log_say(LOG_DEBUG, "the network has news: what waits for it is sent");
	for (struct euicc *euicc = model_euiccs(courier->daemon); euicc; euicc = euicc->next) {
		struct round *round = round_of(courier, euicc->number);

		if (round && euicc->notifications)
			round->network_up = true;
	}
	courier_update(courier);
}

static void watch_network(struct courier *courier)
{
	int r;

	if (!courier->waits_for_network) {
		network_free(&courier->network);
		return;
	}
	if (courier->network)
		return;
	r = network_watch(courier->daemon->event, on_network_up, courier, &courier->network);
	if (r < 0)
		log_say(LOG_WARNING, "the network cannot be watched (%s): what is owed waits its time",
			strerror(-r));
}

/* --- the SM-DS -------------------------------------------------------------------------------------------------- */

/* 0 to @most - 1. */
static uint64_t random_below(uint64_t most)
{
	uint64_t random = 0;

	esim_random((uint8_t *)&random, sizeof(random));
	return random % most;
}

/*
 * The first comes at any time within the period, so that machines that are on for a part of the day
 * check as often, in that part, as others do; the next ones a tenth of it early or late.
 */
static void schedule(struct courier *courier, struct round *round, uint64_t every, bool first)
{
	const uint64_t spread = first ? every : every / 5;

	sd_event_source_set_time_accuracy(courier->check, every / 100 < CHECK_LATE ? every / 100 : CHECK_LATE);
	round->check_every = every;
	round->check_at = now_of(courier, CLOCK_BOOTTIME) + (first ? 0 : every - every / 10) +
			  random_below(spread);
}

static bool can_check(const struct euicc *euicc)
{
	return euicc->device && euicc->identified &&
	       (euicc->state == EUICC_READY || euicc->state == EUICC_BUSY);
}

static void count_check(struct courier *courier, struct round *round, const struct euicc *euicc)
{
	const uint64_t every = courier->daemon->context->config.check_events_usec;

	if (!every || !can_check(euicc)) {
		round->check_at = every && round->check_every == every ? round->check_at : 0;
		return;
	}
	if (!round->check_at || round->check_every != every)
		schedule(courier, round, every, true);
	if (round->check_at < courier->check_at)
		courier->check_at = round->check_at;
}

static void discover(struct euicc *euicc)
{
	const struct job_request request = { .kind = JOB_DISCOVER };
	struct esim_error err;
	struct job *job;

	if (job_submit(euicc, &request, &job, &err))
		log_about(LOG_NOTICE, euicc->number, 0, "the SM-DS was not asked: %s", esim_code_name(err.code));
}

static int on_check(sd_event_source *source, uint64_t usec, void *context)
{
	struct courier *courier = context;
	const uint64_t now = now_of(courier, CLOCK_BOOTTIME);

	(void)source;
	(void)usec;
	for (struct euicc *euicc = model_euiccs(courier->daemon); euicc; euicc = euicc->next) {
		struct round *round = round_of(courier, euicc->number);

		if (!round || !round->check_at || round->check_at > now || !can_check(euicc))
			continue;
		schedule(courier, round, round->check_every, false);
		discover(euicc);
	}
	courier_update(courier);
	return 0;
}

/* --- counting ------------------------------------------------------------------------------------------------------- */

static void set_timer(sd_event_source *timer, uint64_t at)
{
	if (at != UINT64_MAX)
		sd_event_source_set_time(timer, at);
	sd_event_source_set_enabled(timer, at == UINT64_MAX ? SD_EVENT_OFF : SD_EVENT_ONESHOT);
}

/* A timer of the real time would sleep for years where the clock was ahead and is set right. */
static uint64_t to_wait_until(const struct courier *courier, uint64_t at)
{
	const uint64_t real = now_of(courier, CLOCK_REALTIME), boot = now_of(courier, CLOCK_BOOTTIME);

	if (at == UINT64_MAX)
		return at;
	return at > real ? boot + (at - real) : boot;
}

static void forget_unseen(struct courier *courier)
{
	size_t kept = 0;

	for (size_t i = 0; i < courier->round_count; i++)
		if (courier->rounds[i].seen)
			courier->rounds[kept++] = courier->rounds[i];
	courier->round_count = kept;
}

static int on_recount(sd_event_source *source, void *context)
{
	struct courier *courier = context;

	(void)source;
	courier->deliver_at = courier->check_at = UINT64_MAX;
	courier->waits_for_network = false;
	for (size_t i = 0; i < courier->round_count; i++)
		courier->rounds[i].seen = false;
	for (struct euicc *euicc = model_euiccs(courier->daemon); euicc; euicc = euicc->next) {
		struct round *round = round_of(courier, euicc->number);

		if (!round)
			continue;
		round->seen = true;
		tell_network(round, euicc);
		count_owed(courier, round, euicc);
		count_check(courier, round, euicc);
	}
	forget_unseen(courier);
	set_timer(courier->deliver, to_wait_until(courier, courier->deliver_at));
	set_timer(courier->check, courier->check_at);
	watch_network(courier);
	daemon_activity(courier->daemon);
	return 0;
}

void courier_update(struct courier *courier)
{
	if (courier)
		sd_event_source_set_enabled(courier->recount, SD_EVENT_ONESHOT);
}

bool courier_owes(const struct courier *courier)
{
	if (!courier)
		return false;
	for (struct euicc *euicc = model_euiccs(courier->daemon); euicc; euicc = euicc->next)
		if (euicc->notifications)
			return true;
	return false;
}

int courier_new(struct daemon *daemon, struct courier **ret, struct esim_error *err)
{
	struct courier *courier = calloc(1, sizeof(*courier));
	int r = courier ? 0 : -ENOMEM;

	if (r >= 0)
		courier->daemon = daemon;
	if (r >= 0)
		r = sd_event_add_defer(daemon->event, &courier->recount, on_recount, courier);
	if (r >= 0)
		r = sd_event_add_time(daemon->event, &courier->deliver, CLOCK_BOOTTIME, UINT64_MAX, LATE,
				      on_deliver, courier);
	if (r >= 0)
		r = sd_event_add_time(daemon->event, &courier->check, CLOCK_BOOTTIME, UINT64_MAX, CHECK_LATE,
				      on_check, courier);
	if (r < 0) {
		courier_free(&courier);
		return esim_error_errno(err, ESIM_EINVAL, -r, "cannot make timers");
	}
	set_timer(courier->deliver, UINT64_MAX);
	set_timer(courier->check, UINT64_MAX);
	*ret = courier;
	return 0;
}

void courier_free(struct courier **courier)
{
	if (!*courier)
		return;
	sd_event_source_disable_unref((*courier)->recount);
	sd_event_source_disable_unref((*courier)->deliver);
	sd_event_source_disable_unref((*courier)->check);
	network_free(&(*courier)->network);
	free(*courier);
	*courier = NULL;
}
