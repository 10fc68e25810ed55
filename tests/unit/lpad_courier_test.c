/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The courier: what is owed goes in its time, what waits for the network goes when that comes up, the
 * SM-DS is asked now and then, and where there is nothing to do nothing wakes. The model and the
 * network are stood in for by the functions below.
 */
#include "lpad/daemon/courier.h"

#include "lpad/daemon/daemon.h"
#include "lpad/daemon/network.h"

#include <atf-c.h>
#include <dirent.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#define SEC UINT64_C(1000000)
#define PATIENCE 30			/* seconds, for what comes at once on an idle machine */

static struct fake {
	struct daemon daemon;
	struct session_context context;
	struct euicc euiccs[3];
	struct notification notifications[4];
	unsigned delivered[3], network_told[3], discovered[3], activity;
	bool stays_owed;
	void (*up)(void *context);
	void *up_context;
} fake;

struct network {
	int nothing;
};

static size_t index_of(const struct euicc *euicc)
{
	return (size_t)(euicc - fake.euiccs);
}

/* --- what the courier asks -------------------------------------------------------------------------- */

struct euicc *model_euiccs(struct daemon *daemon)
{
	return daemon->euiccs;
}

void daemon_activity(struct daemon *daemon)
{
	(void)daemon;
	fake.activity++;
}

void euicc_deliver(struct euicc *euicc)
{
	fake.delivered[index_of(euicc)]++;
	if (!fake.stays_owed)
		euicc->notifications = NULL;
}

void euicc_network_up(struct euicc *euicc)
{
	fake.network_told[index_of(euicc)]++;
}

int job_submit(struct euicc *euicc, const struct job_request *request, struct job **ret, struct esim_error *err)
{
	(void)ret;
	(void)err;
	ATF_CHECK_EQ(request->kind, JOB_DISCOVER);
	ATF_CHECK_EQ(request->uid, 0);
	ATF_CHECK_STREQ(request->address, "");
	fake.discovered[index_of(euicc)]++;
	return 0;
}

int network_watch(sd_event *event, void (*up)(void *context), void *context, struct network **ret)
{
	(void)event;
	ATF_REQUIRE(!fake.up);
	fake.up = up;
	fake.up_context = context;
	*ret = calloc(1, sizeof(**ret));
	return 0;
}

void network_free(struct network **network)
{
	if (*network)
		fake.up = NULL;
	free(*network);
	*network = NULL;
}

static uint64_t clock_ahead;		/* of the true time: microseconds */

/* In place of the library's: the courier's clock is the test's. */
int sd_event_now(sd_event *event, clockid_t clock, uint64_t *ret)
{
	struct timespec now;

	(void)event;
	clock_gettime(clock, &now);
	*ret = (uint64_t)now.tv_sec * SEC + (uint64_t)now.tv_nsec / 1000;
	if (clock == CLOCK_REALTIME)
		*ret += clock_ahead;
	return 0;
}

/* --- a turn of the loop ------------------------------------------------------------------------------- */

static void start(size_t euiccs)
{
	struct esim_error err;

	ATF_REQUIRE_EQ(sd_event_new(&fake.daemon.event), 0);
	fake.daemon.context = &fake.context;
	fake.context.config.check_events_usec = 0;
	for (size_t i = euiccs; i-- > 0;) {
		fake.euiccs[i] = (struct euicc){
			.next = fake.daemon.euiccs, .daemon = &fake.daemon, .number = (unsigned)i + 1,
			.identified = true,
		};
		fake.daemon.euiccs = &fake.euiccs[i];
	}
	ATF_REQUIRE_EQ_MSG(courier_new(&fake.daemon, &fake.daemon.courier, &err), 0, "%s", err.message);
}

static void stop(void)
{
	courier_free(&fake.daemon.courier);
	ATF_CHECK(!fake.up);
	sd_event_unref(fake.daemon.event);
}

static struct notification *owe(size_t euicc, size_t i, int64_t next_attempt)
{
	struct notification *n = &fake.notifications[i], **end = &fake.euiccs[euicc].notifications;

	*n = (struct notification){ .euicc = &fake.euiccs[euicc], .number = (unsigned)i + 1 };
	n->info.next_attempt = next_attempt;
	snprintf(n->info.metadata.address, sizeof(n->info.metadata.address), "smdp.example.com");
	while (*end)
		end = &(*end)->next;
	*end = n;
	return n;
}

/* What is there to do at once. */
static void settle(void)
{
	unsigned turns = 0;

	courier_update(fake.daemon.courier);
	while (sd_event_run(fake.daemon.event, 0) > 0)
		ATF_REQUIRE_MSG(turns++ < 1000, "it spins");
}

/* With no news for the courier. */
static void wait_for(const unsigned *count, unsigned wanted)
{
	const time_t end = time(NULL) + PATIENCE;

	while (*count < wanted && time(NULL) < end)
		sd_event_run(fake.daemon.event, SEC);
	ATF_REQUIRE_MSG(*count >= wanted, "%u of %u", *count, wanted);
}

static void run_until(const unsigned *count, unsigned wanted)
{
	courier_update(fake.daemon.courier);
	wait_for(count, wanted);
}

/* Does a timer of this process run? */
static bool has_timer(void)
{
	DIR *dir = opendir("/proc/self/fdinfo");
	struct dirent *entry;
	bool found = false;

	ATF_REQUIRE(dir);
	while ((entry = readdir(dir))) {
		char path[300], line[256];
		FILE *file;

		snprintf(path, sizeof(path), "/proc/self/fdinfo/%s", entry->d_name);
		file = fopen(path, "r");
		while (file && fgets(line, sizeof(line), file))
			found |= strncmp(line, "it_value:", 9) == 0 && strcmp(line, "it_value: (0, 0)\n") != 0;
		if (file)
			fclose(file);
	}
	closedir(dir);
	return found;
}

/* --- the outboxes ------------------------------------------------------------------------------------------ */

ATF_TC_WITHOUT_HEAD(nothing_owed_wakes_nobody);
ATF_TC_BODY(nothing_owed_wakes_nobody, tc)
{
	start(3);
	settle();
	ATF_CHECK(!courier_owes(fake.daemon.courier));
	ATF_CHECK(!has_timer());
	ATF_CHECK(!fake.up);
	owe(1, 0, time(NULL) + 3600);
	settle();
	ATF_CHECK(courier_owes(fake.daemon.courier));
	ATF_CHECK(has_timer());
	fake.euiccs[1].notifications = NULL;
	settle();
	ATF_CHECK(!has_timer());
	ATF_CHECK_EQ(fake.delivered[1], 0);
	stop();
}

ATF_TC_WITHOUT_HEAD(what_is_due_goes_and_what_is_not_waits);
ATF_TC_BODY(what_is_due_goes_and_what_is_not_waits, tc)
{
	start(3);
	owe(0, 0, 0);
	owe(1, 1, time(NULL) + 3600);
	owe(2, 2, time(NULL) + 2);
	run_until(&fake.delivered[0], 1);
	run_until(&fake.delivered[2], 1);
	ATF_CHECK_EQ(fake.delivered[1], 0);
	ATF_CHECK_EQ(fake.delivered[0], 1);
	stop();
}

/* What is behind one that waits is due only after it. */
ATF_TC_WITHOUT_HEAD(the_first_of_each_server_counts);
ATF_TC_BODY(the_first_of_each_server_counts, tc)
{
	start(1);
	fake.stays_owed = true;
	owe(0, 0, time(NULL) + 3600);
	owe(0, 1, 0);
	settle();
	ATF_CHECK_EQ(fake.delivered[0], 0);
	snprintf(fake.notifications[1].info.metadata.address, 20, "other.example.com");
	run_until(&fake.delivered[0], 1);
	stop();
}

ATF_TC_WITHOUT_HEAD(a_time_of_a_wrong_clock_is_now);
ATF_TC_BODY(a_time_of_a_wrong_clock_is_now, tc)
{
	start(1);
	owe(0, 0, time(NULL) + 365 * 24 * 3600);
	run_until(&fake.delivered[0], 1);
	stop();
}

/* An RTC that was years ahead when lpad started, until the network told the time. */
ATF_TC_WITHOUT_HEAD(a_clock_set_back_delays_nothing);
ATF_TC_BODY(a_clock_set_back_delays_nothing, tc)
{
	start(1);
	clock_ahead = 365 * 24 * 3600 * SEC;
	owe(0, 0, time(NULL) + 365 * 24 * 3600 + 3);
	settle();
	ATF_CHECK_EQ(fake.delivered[0], 0);
	clock_ahead = 0;
	wait_for(&fake.delivered[0], 1);
	stop();
}

/* A card that is not to be had, a disk that is full: no loop that spins. */
ATF_TC_WITHOUT_HEAD(a_delivery_that_changes_nothing_is_held_back);
ATF_TC_BODY(a_delivery_that_changes_nothing_is_held_back, tc)
{
	struct timespec from, to;

	start(1);
	fake.stays_owed = true;
	owe(0, 0, 0);
	run_until(&fake.delivered[0], 1);
	clock_gettime(CLOCK_MONOTONIC, &from);
	run_until(&fake.delivered[0], 3);
	clock_gettime(CLOCK_MONOTONIC, &to);
	ATF_CHECK_MSG(to.tv_sec - from.tv_sec >= 2, "after %ld s", (long)(to.tv_sec - from.tv_sec));
	/* A new one has not failed yet. */
	owe(0, 1, 0);
	settle();
	ATF_CHECK_EQ(fake.delivered[0], 4);
	stop();
}

ATF_TC_WITHOUT_HEAD(one_at_a_time_for_an_euicc_that_is_known);
ATF_TC_BODY(one_at_a_time_for_an_euicc_that_is_known, tc)
{
	int running = 0;

	start(2);
	owe(0, 0, 0);
	owe(1, 1, 0);
	fake.euiccs[0].delivery = (struct delivery *)&running;
	fake.euiccs[1].identified = false;
	settle();
	ATF_CHECK_EQ(fake.delivered[0] + fake.delivered[1], 0);
	ATF_CHECK(!has_timer());
	fake.euiccs[0].delivery = NULL;
	run_until(&fake.delivered[0], 1);
	stop();
}

/* --- the network ----------------------------------------------------------------------------------------------- */

ATF_TC_WITHOUT_HEAD(the_network_is_watched_while_something_waits_for_it);
ATF_TC_BODY(the_network_is_watched_while_something_waits_for_it, tc)
{
	struct notification *waits;
	int running = 0;

	start(2);
	waits = owe(0, 0, time(NULL) + 3600);
	owe(1, 1, time(NULL) + 3600)->info.attempts = 1;
	settle();
	ATF_CHECK(!fake.up);
	waits->info.attempts = 1;
	waits->info.error_details = json_pack("{s:s}", "domain", "network");
	settle();
	ATF_REQUIRE(fake.up);
	fake.euiccs[0].delivery = (struct delivery *)&running;
	fake.up(fake.up_context);
	settle();
	ATF_CHECK_EQ(fake.network_told[0], 0);
	fake.euiccs[0].delivery = NULL;
	settle();
	ATF_CHECK_EQ(fake.network_told[0], 1);
	settle();
	ATF_CHECK_EQ(fake.network_told[0], 1);
	ATF_CHECK_EQ(fake.network_told[1], 0);
	fake.euiccs[0].notifications = NULL;
	settle();
	ATF_CHECK(!fake.up);
	json_decref(waits->info.error_details);
	stop();
}

/* --- the SM-DS ---------------------------------------------------------------------------------------------------- */

ATF_TC_WITHOUT_HEAD(the_smds_is_asked_on_schedule);
ATF_TC_BODY(the_smds_is_asked_on_schedule, tc)
{
	int device = 0;

	start(2);
	fake.context.config.check_events_usec = 2 * SEC;
	settle();
	ATF_CHECK_MSG(!has_timer(), "a timer for eUICCs that are gone");
	fake.euiccs[0].device = (struct device *)&device;
	settle();
	ATF_CHECK(has_timer());
	run_until(&fake.discovered[0], 3);
	ATF_CHECK_EQ(fake.discovered[1], 0);
	fake.context.config.check_events_usec = 0;
	settle();
	ATF_CHECK(!has_timer());
	stop();
}

ATF_TP_ADD_TCS(tp)
{
	ATF_TP_ADD_TC(tp, nothing_owed_wakes_nobody);
	ATF_TP_ADD_TC(tp, what_is_due_goes_and_what_is_not_waits);
	ATF_TP_ADD_TC(tp, the_first_of_each_server_counts);
	ATF_TP_ADD_TC(tp, a_time_of_a_wrong_clock_is_now);
	ATF_TP_ADD_TC(tp, a_clock_set_back_delays_nothing);
	ATF_TP_ADD_TC(tp, a_delivery_that_changes_nothing_is_held_back);
	ATF_TP_ADD_TC(tp, one_at_a_time_for_an_euicc_that_is_known);
	ATF_TP_ADD_TC(tp, the_network_is_watched_while_something_waits_for_it);
	ATF_TP_ADD_TC(tp, the_smds_is_asked_on_schedule);
	return atf_no_error();
}
