// SPDX-License-Identifier: GPL-2.0-only
/*
 * RESET: first in line, one step. Whoever holds a channel loses it, so that takes either that
 * nobody else does, or the right to.
 */
#include <linux/capability.h>
#include <linux/slab.h>
#include <linux/string.h>
#include <linux/uaccess.h>

#include "euicc.h"

struct euicc_reset_job {
	struct euicc_job job;
	u32 kind;
	bool force;
	u32 generation;			/* under the lock */
};

static struct euicc_reset_job *to_reset_job(struct euicc_job *job)
{
	return container_of(job, struct euicc_reset_job, job);
}

static enum euicc_step reset_step(struct euicc_job *job)
{
	struct euicc_reset_job *reset = to_reset_job(job);
	struct euicc_device *edev = job->edev;
	int ret = 0;

	spin_lock_irq(&edev->lock);
	if (!job->abandoned && !reset->force && euicc_channel_any_live(edev, job->file))
		ret = -EBUSY;
	spin_unlock_irq(&edev->lock);
	if (!ret)
		ret = euicc_power_activate(edev, reset->kind, job->deadline);
	if (!ret) {
		spin_lock_irq(&edev->lock);
		euicc_count(edev, EUICC_COUNT_RESETS);
		euicc_event_push(edev, EUICC_EVENT_RESET, reset->kind);
		reset->generation = edev->generation;
		spin_unlock_irq(&edev->lock);
	}
	job->result = ret;
	return EUICC_STEP_DONE;
}

static void reset_finish(struct euicc_job *job)
{
}

static void reset_free(struct euicc_job *job)
{
	kfree(to_reset_job(job));
}

static const struct euicc_job_type euicc_reset_type = {
	.kind = EUICC_JOB_RESET,
	.first = true,
	.step = reset_step,
	.finish = reset_finish,
	.free = reset_free,
};

static int reset_validate(const struct euicc_device *edev, const struct euicc_reset *args)
{
	if (memchr_inv(args->reserved, 0, sizeof(args->reserved)) ||
	    args->kind > EUICC_RESET_COLD || (args->flags & ~EUICC_RESET_FORCE) ||
	    args->timeout_ms > EUICC_TIMEOUT_MAX)
		return -EINVAL;
	if ((args->flags & EUICC_RESET_FORCE) && !capable(CAP_SYS_RAWIO))
		return -EPERM;
	if ((args->kind == EUICC_RESET_WARM && !(edev->features & EUICC_FEATURE_WARM)) ||
	    (args->kind == EUICC_RESET_COLD && !(edev->features & EUICC_FEATURE_COLD)))
		return -EOPNOTSUPP;
	return 0;
}

static int reset_run(struct euicc_file *file, struct euicc_reset *args)
{
	struct euicc_reset_job *reset = kzalloc(sizeof(*reset), GFP_KERNEL_ACCOUNT);
	struct euicc_device *edev = file->edev;
	bool hurts;
	int ret;

	if (!reset)
		return -ENOMEM;
	euicc_job_init(&reset->job, &euicc_reset_type, file);
	reset->kind = args->kind;
	reset->force = args->flags & EUICC_RESET_FORCE;
	reset->job.timed = true;
	reset->job.deadline = euicc_deadline(args->timeout_ms);

	/* Said at once where it is known at once; the worker asks again when it comes to it. */
	spin_lock_irq(&edev->lock);
	hurts = !edev->dead && !reset->force && euicc_channel_any_live(edev, file);
	spin_unlock_irq(&edev->lock);
	ret = hurts ? -EBUSY : euicc_job_run(&reset->job);
	if (ret == -ECANCELED || (ret == -ERESTARTSYS && reset->job.sent))
		ret = -EINTR;
	if (!ret)
		args->generation = reset->generation;
	euicc_job_put(&reset->job);
	return ret;
}

long euicc_reset_ioctl(struct euicc_file *file, struct euicc_reset __user *arg)
{
	struct euicc_reset args;
	int ret;

	if (copy_from_user(&args, arg, sizeof(args)))
		return -EFAULT;
	args.generation = 0;
	ret = reset_validate(file->edev, &args);
	if (ret)
		return ret;
	/* Memory that cannot be written is found before anything is sent. */
	if (put_user(0U, &arg->generation))
		return -EFAULT;
	ret = reset_run(file, &args);
	if (!ret)
		put_user(args.generation, &arg->generation);
	return ret;
}
