// SPDX-License-Identifier: GPL-2.0-only
/*
 * The queue: one worker per device, jobs that wait in line, and the way in and out of it.
 *
 * A job goes to the end of the line after each step, and a step is at most one complete exchange:
 * so nobody waits longer than one exchange of each other file. Inside a batch nothing but this
 * loop lies between an answer and the next command.
 *
 * Whoever gives up (a signal, CANCEL, the end of the time) marks the job abandoned, under the lock.
 * From then on the results belong to the caller: the worker, which may be in the middle of an
 * exchange, completes that, drops the answer, and lets go of the job.
 */
#include <linux/freezer.h>
#include <linux/jiffies.h>
#include <linux/moduleparam.h>
#include <linux/sched/signal.h>
#include <linux/slab.h>

#include "euicc.h"
#include "trace.h"

#define EUICC_GRACE_MS	1000	/* for a step to end after the time of its job */

static unsigned int idle_ms = 2000;
module_param(idle_ms, uint, 0644);
MODULE_PARM_DESC(idle_ms, "Milliseconds without a channel after which a card loses power");

void euicc_job_init(struct euicc_job *job, const struct euicc_job_type *type,
		    struct euicc_file *file)
{
	job->type = type;
	job->edev = file->edev;
	job->file = file;
	refcount_set(&job->refs, 1);
	init_waitqueue_head(&job->wait);
	INIT_LIST_HEAD(&job->link);
}

void euicc_job_put(struct euicc_job *job)
{
	if (refcount_dec_and_test(&job->refs))
		job->type->free(job);
}

/* Let the worker look. After the end of the device nobody may wake it but euicc_unregister(). */
void euicc_queue_kick(struct euicc_device *edev)
{
	lockdep_assert_held(&edev->lock);
	if (!edev->dead)
		queue_work(edev->wq, &edev->work);
}

static bool euicc_job_over(const struct euicc_job *job)
{
	return READ_ONCE(job->done) || READ_ONCE(job->abandoned);
}

/* The caller leaves, or is told to. Does nothing where the job is over. */
void euicc_job_abandon(struct euicc_job *job, int cause)
{
	lockdep_assert_held(&job->edev->lock);
	if (euicc_job_over(job))
		return;
	euicc_count(job->edev, EUICC_COUNT_ABANDONED);
	job->cause = cause;
	if (job->type->abandon)
		job->type->abandon(job);
	if (!job->running) {
		/* In line: the worker never sees it. The caller has a reference of its own. */
		list_del_init(&job->link);
		refcount_dec(&job->refs);
	}
	WRITE_ONCE(job->abandoned, true);
	trace_euicc_job(job, cause);
	wake_up(&job->wait);
}

static int euicc_job_submit(struct euicc_job *job)
{
	struct euicc_device *edev = job->edev;
	struct euicc_file *file = job->file;
	int ret = 0;

	spin_lock_irq(&edev->lock);
	if (edev->dead) {
		ret = -ENODEV;
	} else if (file->cancelled) {
		ret = -ECANCELED;
	} else {
		refcount_inc(&job->refs);
		if (job->type->first)
			list_add(&job->link, &edev->ready);
		else
			list_add_tail(&job->link, &edev->ready);
		file->job = job;
		euicc_queue_kick(edev);
	}
	spin_unlock_irq(&edev->lock);
	return ret;
}

static bool euicc_job_running(struct euicc_job *job)
{
	bool running;

	spin_lock_irq(&job->edev->lock);
	running = job->running;
	spin_unlock_irq(&job->edev->lock);
	return running;
}

/*
 * Whom the freezer meets on the way into his wait, it stops as a signal would, without there being
 * one. Freeze with the others. True: nothing else interrupted, go on with the wait.
 */
static bool euicc_only_frozen(void)
{
	/* A task that runs keeps its own. */
	struct sighand_struct *sighand = rcu_dereference_raw(current->sighand);

	do {
		try_to_freeze();
		spin_lock_irq(&sighand->siglock);
		recalc_sigpending();
		spin_unlock_irq(&sighand->siglock);
	} while (freezing(current));
	return !signal_pending(current);
}

/* Until the job is over: what is left of the time, 0 where it is up, -ERESTARTSYS. */
static long euicc_job_sleep(struct euicc_job *job, long timeout)
{
	long left;

	do {
		left = wait_event_freezable_timeout(job->wait, euicc_job_over(job), timeout);
	} while (left == -ERESTARTSYS && euicc_only_frozen());
	return left;
}

/*
 * The end of the wait: 0, -ERESTARTSYS, or -ETIMEDOUT where the time is up. The worker has the same
 * deadline: where it is in the middle of a step, it is about to come out of the transport and to
 * tell more than that.
 */
static int euicc_job_wait(struct euicc_job *job)
{
	long left = MAX_SCHEDULE_TIMEOUT;

	if (job->timed)
		left = max_t(long, job->deadline - jiffies, 1);
	left = euicc_job_sleep(job, left);
	if (!left && euicc_job_running(job))
		left = euicc_job_sleep(job, msecs_to_jiffies(EUICC_GRACE_MS));
	if (left < 0)
		return left;
	return left ? 0 : -ETIMEDOUT;
}

/*
 * Queue the job and wait for its end. Gives its result; -ERESTARTSYS where a signal came first,
 * -ECANCELED after CANCEL, -ETIMEDOUT. job->sent tells then whether anything went out.
 */
int euicc_job_run(struct euicc_job *job)
{
	struct euicc_device *edev = job->edev;
	int ret;

	ret = euicc_job_submit(job);
	if (ret)
		return ret;
	ret = euicc_job_wait(job);

	spin_lock_irq(&edev->lock);
	if (!euicc_job_over(job))
		euicc_job_abandon(job, ret ? ret : -EINTR);
	ret = job->done ? job->result : job->cause;
	job->file->job = NULL;
	spin_unlock_irq(&edev->lock);
	return ret;
}

static void euicc_job_finish(struct euicc_job *job)
{
	lockdep_assert_held(&job->edev->lock);
	job->type->finish(job);
	trace_euicc_job(job, job->result);
	WRITE_ONCE(job->done, true);
	wake_up(&job->wait);
}

static void euicc_queue_run_job(struct euicc_device *edev, struct euicc_job *job)
{
	enum euicc_step step = EUICC_STEP_DONE;
	bool over = true;
	bool dead;

	spin_lock_irq(&edev->lock);
	dead = edev->dead;
	spin_unlock_irq(&edev->lock);
	if (dead)
		job->result = -ENODEV;
	else
		step = job->type->step(job);

	spin_lock_irq(&edev->lock);
	job->running = false;
	if (!job->abandoned && step == EUICC_STEP_AGAIN) {
		list_add_tail(&job->link, &edev->ready);
		over = false;
	} else if (!job->abandoned) {
		euicc_job_finish(job);
	}
	spin_unlock_irq(&edev->lock);
	if (over)
		euicc_job_put(job);
}

static struct euicc_job *euicc_queue_take_job(struct euicc_device *edev)
{
	struct euicc_job *job;

	job = list_first_entry_or_null(&edev->ready, struct euicc_job, link);
	if (!job)
		return NULL;
	list_del_init(&job->link);
	job->running = true;
	job->sent = true;
	job->steps++;
	return job;
}

static struct euicc_channel *euicc_queue_take_channel(struct euicc_device *edev)
{
	struct euicc_channel *channel;
	struct euicc_job *job;

	job = list_first_entry_or_null(&edev->ready, struct euicc_job, link);
	if (job && job->type->first)
		return NULL;
	channel = list_first_entry_or_null(&edev->closing, struct euicc_channel, link);
	if (channel)
		list_del_init(&channel->link);
	return channel;
}

/* One thing of those that wait: a reset, else a close, else a step of the job that is first. */
static bool euicc_queue_step(struct euicc_device *edev)
{
	struct euicc_channel *channel;
	struct euicc_job *job = NULL;

	spin_lock_irq(&edev->lock);
	if (edev->suspended && !edev->dead) {
		spin_unlock_irq(&edev->lock);
		return false;
	}
	channel = euicc_queue_take_channel(edev);
	if (!channel)
		job = euicc_queue_take_job(edev);
	WRITE_ONCE(edev->busy, channel || job);
	spin_unlock_irq(&edev->lock);

	if (channel) {
		euicc_channel_close(edev, channel);
		spin_lock_irq(&edev->lock);
		euicc_channel_free(channel);
		spin_unlock_irq(&edev->lock);
	} else if (job) {
		euicc_queue_run_job(edev, job);
	} else {
		return false;
	}

	spin_lock_irq(&edev->lock);
	WRITE_ONCE(edev->busy, false);
	if (edev->suspended)
		wake_up(&edev->quiet);
	spin_unlock_irq(&edev->lock);
	return true;
}

void euicc_queue_work(struct work_struct *work)
{
	struct euicc_device *edev = container_of(work, struct euicc_device, work);

	while (euicc_queue_step(edev))
		cond_resched();

	spin_lock_irq(&edev->lock);
	if (edev->ops->deactivate && euicc_power_idle(edev))
		mod_delayed_work(edev->wq, &edev->idle_work,
				 msecs_to_jiffies(READ_ONCE(idle_ms)));
	spin_unlock_irq(&edev->lock);
}
