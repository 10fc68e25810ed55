/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * A lane: what is done with one reader, one thing after the other, off the event
 * loop. Its thread is there while it has tasks and ends with the last one, so that
 * an idle eUICC costs no stack and no wake-up. Lanes go side by side.
 */
#ifndef LPAD_LANE_H
#define LPAD_LANE_H

#include <esim/error.h>

#include <systemd/sd-event.h>

#include <stdbool.h>
#include <stddef.h>

struct card_session;			/* session.h: what the thread keeps open between tasks */
struct session_context;

/* What threads say to the loop: a function run there, in order. */
struct post {
	struct post *next;
	void (*run)(struct post *post);		/* on the loop; owns the post */
};

/* Embedded in what has more to say (struct job_run, struct probe). */
struct task {
	struct task *next;
	/* On the lane's thread. Touches the task's own, what session.h gives, and post(); nothing of the loop's. */
	void (*run)(struct task *task, struct card_session *session);
	/*
	 * On the loop, after run() and whatever it has posted; or without run() where the lane was
	 * shut first, or had no memory for a thread. Owns the task.
	 */
	void (*done)(struct task *task, bool ran);
	struct post post;			/* these are lane.c's */
	struct lane *lane;
	bool ran;
};

struct lane;
struct poster;

/* One for the daemon, over an eventfd. */
int poster_new(sd_event *event, struct poster **ret, struct esim_error *err);
void poster_free(struct poster **poster);
/* After the loop's end: run what is posted until no lane has a thread. */
void poster_wait(struct poster *poster);
void post(struct poster *poster, struct post *post);	/* any thread; never fails, takes no memory */

/* The context is held, and read by the lane's thread alone; @poster outlives the lane. */
int lane_new(struct poster *poster, struct session_context *context, struct lane **ret,
	     struct esim_error *err);
/* From the next task on. */
void lane_set_context(struct lane *lane, struct session_context *context);
/* FIFO. Fails where no thread can be made: the task is still the caller's. Loop only. */
int lane_submit(struct lane *lane, struct task *task, struct esim_error *err);
/* Tasks that wait or run. */
size_t lane_depth(const struct lane *lane);
/* Take one that has not begun out of the queue; false: it runs already, or did. Its done() is not called. */
bool lane_withdraw(struct lane *lane, struct task *task);
/* No more tasks. Those that wait are done with ran = false, the one that runs is waited for: by the
   loop's events, not by this call. The lane then frees itself. */
void lane_shut(struct lane *lane);

#endif
