/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The thread of a reader; see lane.h. It does not end before the loop has heard of all that it did: what
 * follows from a task (the outbox after a job) finds the card open still.
 */
#include "poster.h"
#include "session.h"

#include <malloc.h>
#include <stdlib.h>

/*
 * Address space, of which what is used counts: a download touches 48 KiB of it, TLS included (libcurl
 * resolves names in a thread of its own). The C library keeps 40 MiB of stacks of threads that ended, with
 * some used pages in each: fewer of them where they are large. Sanitizers have larger frames.
 */
#if defined(__SANITIZE_ADDRESS__)
#define STACK_SIZE (4096 * 1024)
#else
#define STACK_SIZE (1024 * 1024)
#endif

struct lane {
	struct poster *poster;
	size_t depth;				/* the loop's: submitted, not done */
	bool shut;				/* the loop's */
	bool has_thread;			/* the loop's: until it has heard of its end */
	pthread_t thread;
	struct post ended;

	pthread_mutex_t lock;			/* for all that follows */
	pthread_cond_t news;			/* a task, or one less to be heard of */
	struct session_context *context;
	struct task *first, *last;
	size_t unheard;				/* tasks that are over, of which the loop has yet to hear */
};

/* --- the lane's thread ------------------------------------------------------------------------------ */

static struct task *take(struct lane *lane)
{
	struct task *task = lane->first;

	if (task) {
		lane->first = task->next;
		task->next = NULL;
	}
	return task;
}

/* The next task; NULL: there is none, and nothing is left that could bring one. */
static struct task *next_task(struct lane *lane, struct session_context **ret_context)
{
	struct task *task;

	pthread_mutex_lock(&lane->lock);
	while (!lane->first && lane->unheard)
		pthread_cond_wait(&lane->news, &lane->lock);
	task = take(lane);
	*ret_context = task ? session_context_ref(lane->context) : NULL;
	pthread_mutex_unlock(&lane->lock);
	return task;
}

static void run(struct lane *lane, struct task *task, struct card_session *session)
{
	if (session) {
		task->run(task, session);
		task->ran = true;
	}
	pthread_mutex_lock(&lane->lock);
	lane->unheard++;
	pthread_mutex_unlock(&lane->lock);
	post(lane->poster, &task->post);
}

/* false: a task came while the session was ended. What comes after true is for the next thread. */
static bool retire(struct lane *lane)
{
	bool idle;

	pthread_mutex_lock(&lane->lock);
	idle = !lane->first;
	pthread_mutex_unlock(&lane->lock);
	return idle;
}

static void *work(void *context_of_thread)
{
	struct lane *lane = context_of_thread;
	struct card_session *session = NULL;
	struct session_context *context;
	struct task *task;

	do {
		while ((task = next_task(lane, &context))) {
			if (session && card_session_context(session) != context)
				card_session_free(&session);
			if (!session)
				session = card_session_new(context);
			session_context_unref(context);
			run(lane, task, session);
		}
		card_session_free(&session);
	} while (!retire(lane));
	post(lane->poster, &lane->ended);
	return NULL;
}

/* --- the loop ----------------------------------------------------------------------------------------- */

static void free_if_over(struct lane *lane)
{
	if (!lane->shut || lane->depth > 0 || lane->has_thread)
		return;
	session_context_unref(lane->context);
	pthread_cond_destroy(&lane->news);
	pthread_mutex_destroy(&lane->lock);
	free(lane);
}

static int start_thread(struct lane *lane)
{
	pthread_attr_t attr;
	int r = pthread_attr_init(&attr);

	if (r)
		return r;
	r = pthread_attr_setstacksize(&attr, STACK_SIZE);
	if (!r)
		r = pthread_create(&lane->thread, &attr, work, lane);
	pthread_attr_destroy(&attr);
	if (!r) {
		lane->has_thread = true;
		lane->poster->threads++;
	}
	return r;
}

/* The loop hears of a task. */
static void finish(struct post *post)
{
	struct task *task = (struct task *)((char *)post - offsetof(struct task, post));
	struct lane *lane = task->lane;
	const bool ran = task->ran;

	lane->depth--;
	task->done(task, ran);
	pthread_mutex_lock(&lane->lock);
	lane->unheard--;
	pthread_cond_signal(&lane->news);
	pthread_mutex_unlock(&lane->lock);
	free_if_over(lane);
}

/* What waits is done without having run: later, as all news is. */
static void drop_queue(struct lane *lane)
{
	struct task *task;

	pthread_mutex_lock(&lane->lock);
	while ((task = take(lane))) {
		lane->unheard++;
		post(lane->poster, &task->post);
	}
	pthread_mutex_unlock(&lane->lock);
}

static void thread_ended(struct post *post)
{
	struct lane *lane = (struct lane *)((char *)post - offsetof(struct lane, ended));

	pthread_join(lane->thread, NULL);
	lane->has_thread = false;
	/* The heaps that threads leave behind are the system's again when nobody works. */
	if (--lane->poster->threads == 0)
		malloc_trim(0);
	if (lane->first && start_thread(lane))
		drop_queue(lane);
	free_if_over(lane);
}

int lane_new(struct poster *poster, struct session_context *context, struct lane **ret,
	     struct esim_error *err)
{
	struct lane *lane = calloc(1, sizeof(*lane));

	if (!lane)
		return esim_error_set(err, ESIM_ENOMEM, "no memory");
	lane->poster = poster;
	lane->context = session_context_ref(context);
	lane->ended.run = thread_ended;
	pthread_mutex_init(&lane->lock, NULL);
	pthread_cond_init(&lane->news, NULL);
	*ret = lane;
	return 0;
}

void lane_set_context(struct lane *lane, struct session_context *context)
{
	struct session_context *old;

	pthread_mutex_lock(&lane->lock);
	old = lane->context;
	lane->context = session_context_ref(context);
	pthread_mutex_unlock(&lane->lock);
	session_context_unref(old);
}

static void enqueue(struct lane *lane, struct task *task)
{
	task->next = NULL;
	if (lane->first)
		lane->last->next = task;
	else
		lane->first = task;
	lane->last = task;
	pthread_cond_signal(&lane->news);
}

int lane_submit(struct lane *lane, struct task *task, struct esim_error *err)
{
	int r = 0;

	task->lane = lane;
	task->post.run = finish;
	task->ran = false;
	pthread_mutex_lock(&lane->lock);
	if (!lane->has_thread)
		r = start_thread(lane);
	if (!r)
		enqueue(lane, task);
	pthread_mutex_unlock(&lane->lock);
	if (r)
		return esim_error_errno(err, ESIM_ENOMEM, r, "cannot start a thread");
	lane->depth++;
	return 0;
}

size_t lane_depth(const struct lane *lane)
{
	return lane->depth;
}

bool lane_withdraw(struct lane *lane, struct task *task)
{
	struct task *before = NULL, *t;

	pthread_mutex_lock(&lane->lock);
	for (t = lane->first; t && t != task; t = t->next)
		before = t;
	if (t && before)
		before->next = t->next;
	else if (t)
		lane->first = t->next;
	if (t && lane->last == t)
		lane->last = before;
	pthread_mutex_unlock(&lane->lock);
	if (t)
		lane->depth--;
	return t;
}

void lane_shut(struct lane *lane)
{
	lane->shut = true;
	drop_queue(lane);
	free_if_over(lane);
}
