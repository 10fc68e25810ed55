/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Lanes: what is done with one reader goes in order and off the loop, and an idle lane has no thread. */
#include "lpad/daemon/poster.h"
#include "lpad/daemon/session.h"

#include <atf-c.h>
#include <dirent.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define PATIENCE_USEC (60 * UINT64_C(1000000))	/* for a loaded machine; nothing is measured by it */
#define MAX_STORY 512

/* --- a loop, its lanes, and the story that tasks tell ------------------------------------------------- */

static sd_event *event;
static struct poster *poster;
static struct session_context *context;
static char story[MAX_STORY];

static void tell(const char *what, const char *who)
{
	const size_t len = strlen(story);

	snprintf(story + len, sizeof(story) - len, "%s%s%s", len ? " " : "", what, who);
}

static struct session_context *make_context(void)
{
	struct session_context *made = calloc(1, sizeof(*made));

	ATF_REQUIRE(made);
	config_defaults(&made->config);
	made->references = 1;
	return made;
}

static void start(void)
{
	struct esim_error err;

	ATF_REQUIRE(sd_event_new(&event) >= 0);
	ATF_REQUIRE_EQ(poster_new(event, &poster, &err), 0);
	context = make_context();
	story[0] = '\0';
}

static struct lane *make_lane(void)
{
	struct lane *lane;
	struct esim_error err;

	ATF_REQUIRE_EQ(lane_new(poster, context, &lane, &err), 0);
	return lane;
}

static size_t threads(void)
{
	DIR *dir = opendir("/proc/self/task");
	size_t count = 0;

	ATF_REQUIRE(dir);
	for (struct dirent *entry; (entry = readdir(dir));)
		count += entry->d_name[0] != '.';
	closedir(dir);
	return count;
}

static void turn(void)
{
	ATF_REQUIRE_MSG(sd_event_run(event, PATIENCE_USEC) > 0, "nothing came for a minute: \"%s\"", story);
}

/* The end of a thread is the last that it says. */
static void run_until_idle(void)
{
	while (poster->threads > 0)
		turn();
}

static void stop(void)
{
	session_context_unref(context);
	poster_free(&poster);
	sd_event_unref(event);
}

struct step {
	struct task task;
	struct post post;
	const char *name;
	struct lane *lane;
	struct step *follows;			/* submitted when this one is done */
	struct card_session *session;		/* that it ran with */
	pid_t thread;				/* the kernel's number: the C library's is used again at once */
	pthread_barrier_t *begins, *meets;	/* waits for others within run() */
	bool ran;
};

static void said(struct post *said_post)
{
	tell("said:", ((struct step *)((char *)said_post - offsetof(struct step, post)))->name);
}

static void run_step(struct task *task, struct card_session *session)
{
	struct step *step = (struct step *)task;

	step->session = session;
	step->thread = gettid();
	if (step->begins)
		pthread_barrier_wait(step->begins);
	if (step->meets)
		pthread_barrier_wait(step->meets);
	step->post.run = said;
	post(poster, &step->post);
}

static void submit(struct step *step);

static void done_step(struct task *task, bool ran)
{
	struct step *step = (struct step *)task;

	step->ran = ran;
	tell(ran ? "done:" : "dropped:", step->name);
	if (step->follows)
		submit(step->follows);
}

static void submit(struct step *step)
{
	struct esim_error err;

	step->task.run = run_step;
	step->task.done = done_step;
	ATF_REQUIRE_EQ(lane_submit(step->lane, &step->task, &err), 0);
}

/* --- the tests ----------------------------------------------------------------------------------------- */

ATF_TC_WITHOUT_HEAD(tasks_run_in_order_and_what_they_say_comes_before_their_end);
ATF_TC_BODY(tasks_run_in_order_and_what_they_say_comes_before_their_end, tc)
{
	struct lane *lane;
	struct step a = { .name = "a" }, b = { .name = "b" }, c = { .name = "c" };

	(void)tc;
	start();
	lane = make_lane();
	a.lane = b.lane = c.lane = lane;
	submit(&a);
	submit(&b);
	submit(&c);
	ATF_CHECK_EQ(lane_depth(lane), 3);
	run_until_idle();
	ATF_CHECK_STREQ(story, "said:a done:a said:b done:b said:c done:c");
	ATF_CHECK(a.thread != gettid());
	ATF_CHECK_EQ(a.thread, b.thread);
	lane_shut(lane);
	stop();
}

ATF_TC_WITHOUT_HEAD(an_idle_lane_has_no_thread_and_works_again);
ATF_TC_BODY(an_idle_lane_has_no_thread_and_works_again, tc)
{
	const size_t before = threads();
	struct lane *lane;
	struct step a = { .name = "a" }, b = { .name = "b" };

	(void)tc;
	start();
	lane = make_lane();
	a.lane = b.lane = lane;
	ATF_CHECK_EQ(threads(), before);
	submit(&a);
	run_until_idle();
	ATF_CHECK_EQ(threads(), before);
	submit(&b);
	run_until_idle();
	ATF_CHECK_STREQ(story, "said:a done:a said:b done:b");
	lane_shut(lane);
	stop();
}

ATF_TC_WITHOUT_HEAD(what_follows_from_a_task_finds_its_session_open);
ATF_TC_BODY(what_follows_from_a_task_finds_its_session_open, tc)
{
	struct step b = { .name = "b" }, a = { .name = "a", .follows = &b };
	struct lane *lane;

	(void)tc;
	start();
	lane = make_lane();
	a.lane = b.lane = lane;
	submit(&a);
	run_until_idle();
	ATF_CHECK(b.ran);
	ATF_CHECK_MSG(a.session == b.session && a.thread == b.thread,
		      "the card was closed between a job and what follows from it");
	lane_shut(lane);
	stop();
}

ATF_TC_WITHOUT_HEAD(a_new_context_is_that_of_the_next_task);
ATF_TC_BODY(a_new_context_is_that_of_the_next_task, tc)
{
	struct lane *lane;
	struct step a = { .name = "a" };
	struct session_context *other;

	(void)tc;
	start();
	lane = make_lane();
	other = make_context();
	lane_set_context(lane, other);
	ATF_CHECK_EQ_MSG(context->references, 1, "the lane holds a context that it will not use again");
	a.lane = lane;
	submit(&a);
	run_until_idle();
	lane_shut(lane);
	ATF_CHECK_EQ(other->references, 1);
	session_context_unref(other);
	stop();
}

ATF_TC_WITHOUT_HEAD(lanes_go_side_by_side);
ATF_TC_BODY(lanes_go_side_by_side, tc)
{
	pthread_barrier_t both;
	struct step a = { .name = "a", .meets = &both }, b = { .name = "b", .meets = &both };

	(void)tc;
	start();
	pthread_barrier_init(&both, NULL, 2);
	a.lane = make_lane();
	b.lane = make_lane();
	submit(&a);
	submit(&b);
	run_until_idle();
	ATF_CHECK(a.ran && b.ran);
	lane_shut(a.lane);
	lane_shut(b.lane);
	stop();
}

ATF_TC_WITHOUT_HEAD(a_lane_that_is_shut_ends_what_runs_and_drops_what_waits);
ATF_TC_BODY(a_lane_that_is_shut_ends_what_runs_and_drops_what_waits, tc)
{
	pthread_barrier_t begun, until_shut;
	struct step a = { .name = "a", .begins = &begun, .meets = &until_shut }, b = { .name = "b" };
	struct lane *lane;

	(void)tc;
	start();
	lane = make_lane();
	pthread_barrier_init(&begun, NULL, 2);
	pthread_barrier_init(&until_shut, NULL, 2);
	a.lane = b.lane = lane;
	submit(&a);
	submit(&b);
	pthread_barrier_wait(&begun);
	lane_shut(lane);
	pthread_barrier_wait(&until_shut);
	run_until_idle();
	ATF_CHECK(a.ran);
	ATF_CHECK(strstr(story, "dropped:b"));
	stop();
}

ATF_TC_WITHOUT_HEAD(what_has_not_begun_can_be_withdrawn);
ATF_TC_BODY(what_has_not_begun_can_be_withdrawn, tc)
{
	pthread_barrier_t gate;
	struct step a = { .name = "a", .meets = &gate }, b = { .name = "b" }, c = { .name = "c" };
	struct lane *lane;

	(void)tc;
	start();
	lane = make_lane();
	pthread_barrier_init(&gate, NULL, 2);
	a.lane = b.lane = c.lane = lane;
	submit(&a);
	submit(&b);
	submit(&c);
	ATF_CHECK(lane_withdraw(lane, &c.task));
	ATF_CHECK(!lane_withdraw(lane, &c.task));
	submit(&c);
	ATF_CHECK(lane_withdraw(lane, &b.task));
	ATF_CHECK_EQ(lane_depth(lane), 2);
	pthread_barrier_wait(&gate);
	run_until_idle();
	ATF_CHECK_STREQ(story, "said:a done:a said:c done:c");
	lane_shut(lane);
	stop();
}

ATF_TP_ADD_TCS(tp)
{
	ATF_TP_ADD_TC(tp, tasks_run_in_order_and_what_they_say_comes_before_their_end);
	ATF_TP_ADD_TC(tp, an_idle_lane_has_no_thread_and_works_again);
	ATF_TP_ADD_TC(tp, what_follows_from_a_task_finds_its_session_open);
	ATF_TP_ADD_TC(tp, a_new_context_is_that_of_the_next_task);
	ATF_TP_ADD_TC(tp, lanes_go_side_by_side);
	ATF_TP_ADD_TC(tp, a_lane_that_is_shut_ends_what_runs_and_drops_what_waits);
	ATF_TP_ADD_TC(tp, what_has_not_begun_can_be_withdrawn);
	return atf_no_error();
}
