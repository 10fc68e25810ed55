// SPDX-License-Identifier: GPL-2.0-only
/*
 * XFER: a batch is copied and validated whole, goes out entry by entry, and comes back with what is
 * true of each. The results lie in the kernel until the caller fetches them, so that a caller who
 * left is never written to.
 */
#include <linux/jiffies.h>
#include <linux/mm.h>
#include <linux/pagemap.h>
#include <linux/slab.h>
#include <linux/uaccess.h>

#include "euicc.h"
#include "euicc_apdu.h"

struct euicc_xfer_job {
	struct euicc_job job;
	struct euicc_xfer args;
	u32 channel;
	u32 generation;
	u8 *commands;
	u8 *responses;			/* a slice is the caller's when its entry is recorded */
	struct euicc_xfer_entry entries[EUICC_BATCH_MAX];	/* outcomes: under the lock */
	/* under the lock */
	u32 next;			/* the entry whose turn it is */
	u32 filled;			/* bytes of @responses */
	bool touched;			/* something may have reached the card */
};

static struct euicc_xfer_job *to_xfer_job(struct euicc_job *job)
{
	return container_of(job, struct euicc_xfer_job, job);
}

/* --- the worker's side ------------------------------------------------------------------ */

static enum euicc_step xfer_done(struct euicc_xfer_job *xfer, int error)
{
	xfer->job.result = error;
	return EUICC_STEP_DONE;
}

/* Lock held. Is the batch at its end after this entry? */
static bool xfer_stops(const struct euicc_xfer_job *xfer, const struct euicc_xfer_entry *entry)
{
	return entry->status || (entry->sw & entry->sw_mask) != entry->sw_wanted ||
	       (entry->response_len && (entry->flags & EUICC_XFER_STOP_ON_DATA)) ||
	       xfer->next == xfer->args.entry_count;
}

/* Lock held. The entry is done, its answer lies in place where it fits. */
static enum euicc_step xfer_record(struct euicc_xfer_job *xfer, const struct euicc_exchange *ex,
				   bool fits)
{
	struct euicc_xfer_entry *entry = &xfer->entries[xfer->next];

	entry->sw = ex->sw;
	entry->response_len = ex->data_len;
	entry->response_offset = xfer->filled;
	entry->status = fits ? 0 : -EOVERFLOW;
	if (fits)
		xfer->filled += ex->data_len;
	xfer->next++;
	euicc_count(xfer->job.edev, EUICC_COUNT_ENTRIES);
	return xfer_stops(xfer, entry) ? xfer_done(xfer, 0) : EUICC_STEP_AGAIN;
}

/* Lock held. Sent and unknown, or never sent. */
static enum euicc_step xfer_failed(struct euicc_xfer_job *xfer, int err)
{
	struct euicc_device *edev = xfer->job.edev;

	if (err == -ECANCELED)
		return xfer_done(xfer, euicc_session_check(edev, xfer->generation));
	xfer->touched = true;
	xfer->entries[xfer->next].status = err;
	return xfer_done(xfer, 0);
}

static enum euicc_step xfer_step(struct euicc_job *job)
{
	struct euicc_xfer_job *xfer = to_xfer_job(job);
	struct euicc_xfer_entry *entry = &xfer->entries[xfer->next];
	struct euicc_device *edev = job->edev;
	enum euicc_step step = EUICC_STEP_DONE;
	struct euicc_exchange ex = {
		.channel = xfer->channel,
		.command = xfer->commands + entry->command_offset,
		.len = entry->command_len,
		.deadline = euicc_deadline(entry->timeout_ms),
	};
	bool fits;
	int ret;

	spin_lock_irq(&edev->lock);
	ret = euicc_session_check(edev, xfer->generation);
	spin_unlock_irq(&edev->lock);
	if (ret)
		return xfer_done(xfer, ret);

	ret = euicc_exchange(edev, &ex);
	fits = !ret && ex.data_len <= xfer->args.responses_size - xfer->filled;
	/* Nobody else looks at this slice before the entry is recorded. */
	if (fits && ex.data_len)
		memcpy(xfer->responses + xfer->filled, ex.data, ex.data_len);

	spin_lock_irq(&edev->lock);
	if (!job->abandoned && ret) {
		step = xfer_failed(xfer, ret);
	} else if (!job->abandoned) {
		xfer->touched = true;
		step = xfer_record(xfer, &ex, fits);
	}
	spin_unlock_irq(&edev->lock);
	return step;
}

/* An errno means that nothing reached the card; otherwise the entries tell. */
static void xfer_finish(struct euicc_job *job)
{
	struct euicc_xfer_job *xfer = to_xfer_job(job);

	if (xfer->touched)
		job->result = 0;
}

static void xfer_abandon(struct euicc_job *job)
{
	struct euicc_xfer_job *xfer = to_xfer_job(job);

	if (!job->running)
		return;
	xfer->touched = true;
	xfer->entries[xfer->next].status = -EINTR;
}

static void xfer_free(struct euicc_job *job)
{
	struct euicc_xfer_job *xfer = to_xfer_job(job);

	kvfree_sensitive(xfer->commands, xfer->args.commands_len);
	kvfree_sensitive(xfer->responses, xfer->args.responses_size);
	kfree(xfer);
}

static const struct euicc_job_type euicc_xfer_type = {
	.kind = EUICC_JOB_XFER,
	.step = xfer_step,
	.finish = xfer_finish,
	.abandon = xfer_abandon,
	.free = xfer_free,
};

/* --- the caller's side: validation -------------------------------------------------------- */

static int xfer_validate_args(const struct euicc_xfer *args)
{
	if (args->flags || memchr_inv(args->reserved, 0, sizeof(args->reserved)))
		return -EINVAL;
	if (!args->entry_count)
		return -EINVAL;
	if (args->entry_count > EUICC_BATCH_MAX || args->commands_len > EUICC_AREA_MAX ||
	    args->responses_size > EUICC_AREA_MAX)
		return -E2BIG;
	return 0;
}

static int xfer_validate_entry(const struct euicc_xfer_job *xfer,
			       const struct euicc_xfer_entry *entry)
{
	const struct euicc_device *edev = xfer->job.edev;
	struct euicc_apdu shape;

	if (entry->reserved || entry->reserved2 || (entry->flags & ~EUICC_XFER_STOP_ON_DATA) ||
	    entry->timeout_ms > EUICC_TIMEOUT_MAX)
		return -EINVAL;
	if (entry->command_offset > xfer->args.commands_len ||
	    entry->command_len > xfer->args.commands_len - entry->command_offset)
		return -EINVAL;
	if (euicc_apdu_parse(xfer->commands + entry->command_offset, entry->command_len, &shape))
		return -EINVAL;
	if (shape.extended && !(edev->features & EUICC_FEATURE_EXTENDED))
		return -EINVAL;
	if (entry->command_len > edev->max_command)
		return -E2BIG;
	return 0;
}

/* Shapes first, then rights: what is malformed is EINVAL whoever sends it. */
static int xfer_validate(const struct euicc_xfer_job *xfer, u32 flags)
{
	const struct euicc_xfer_entry *entry;
	u32 i;
	int ret;

	for (i = 0; i < xfer->args.entry_count; i++) {
		ret = xfer_validate_entry(xfer, &xfer->entries[i]);
		if (ret)
			return ret;
	}
	for (i = 0; i < xfer->args.entry_count; i++) {
		entry = &xfer->entries[i];
		ret = euicc_apdu_permitted(xfer->commands + entry->command_offset,
					   flags & EUICC_OPEN_BASIC,
					   flags & EUICC_OPEN_FILE_SELECT);
		if (ret)
			return ret;
	}
	return 0;
}

/* --- the caller's side: memory ------------------------------------------------------------ */

static int xfer_copy_in(struct euicc_xfer_job *xfer)
{
	const struct euicc_xfer *args = &xfer->args;

	if (copy_from_user(xfer->entries, u64_to_user_ptr(args->entries),
			   args->entry_count * sizeof(*xfer->entries)))
		return -EFAULT;
	if (args->commands_len) {
		xfer->commands = kvmalloc(args->commands_len, GFP_KERNEL_ACCOUNT);
		if (!xfer->commands)
			return -ENOMEM;
		if (copy_from_user(xfer->commands, u64_to_user_ptr(args->commands),
				   args->commands_len))
			return -EFAULT;
	}
	if (args->responses_size) {
		xfer->responses = kvmalloc(args->responses_size, GFP_KERNEL_ACCOUNT);
		if (!xfer->responses)
			return -ENOMEM;
	}
	return 0;
}

static void xfer_set_outcomes(struct euicc_xfer_job *xfer, int status)
{
	u32 i;

	for (i = 0; i < xfer->args.entry_count; i++) {
		struct euicc_xfer_entry *entry = &xfer->entries[i];

		entry->sw = 0;
		entry->response_offset = 0;
		entry->response_len = 0;
		entry->status = status;
	}
}

static int xfer_copy_entries_out(const struct euicc_xfer_job *xfer)
{
	return copy_to_user(u64_to_user_ptr(xfer->args.entries), xfer->entries,
			    xfer->args.entry_count * sizeof(*xfer->entries)) ? -EFAULT : 0;
}

/*
 * Before anything is sent: all that is written later can be written now, and the entries say
 * "unknown" in case that they cannot be written any more.
 */
static int xfer_prewrite(struct euicc_xfer_job *xfer, struct euicc_xfer __user *arg)
{
	if (put_user(0U, &arg->done))
		return -EFAULT;
	if (xfer->args.responses_size &&
	    fault_in_writeable(u64_to_user_ptr(xfer->args.responses), xfer->args.responses_size))
		return -EFAULT;
	xfer_set_outcomes(xfer, -EINPROGRESS);
	if (xfer_copy_entries_out(xfer))
		return -EFAULT;
	xfer_set_outcomes(xfer, -ECANCELED);
	return 0;
}

/* A caller who has taken his memory away meanwhile finds -EINPROGRESS; that is no errno. */
static void xfer_copy_out(const struct euicc_xfer_job *xfer, struct euicc_xfer __user *arg)
{
	if (xfer->filled && copy_to_user(u64_to_user_ptr(xfer->args.responses), xfer->responses,
					 xfer->filled))
		return;
	if (xfer_copy_entries_out(xfer))
		return;
	put_user(xfer->next, &arg->done);
}

/* --- the call ----------------------------------------------------------------------------- */

/* The file's channel as it is now; the file is claimed, so it stays the file's. */
static int xfer_bind(struct euicc_file *file, struct euicc_xfer_job *xfer, u32 *flags)
{
	struct euicc_device *edev = file->edev;
	int ret = -ENOTCONN;

	spin_lock_irq(&edev->lock);
	if (edev->dead) {
		ret = -ENODEV;
	} else if (file->channel) {
		xfer->channel = file->channel->id;
		xfer->generation = file->channel->generation;
		*flags = file->channel->flags;
		ret = euicc_session_check(edev, xfer->generation);
	}
	spin_unlock_irq(&edev->lock);
	return ret;
}

static int xfer_run(struct euicc_file *file, struct euicc_xfer_job *xfer,
		    struct euicc_xfer __user *arg)
{
	u32 flags = 0;
	int ret;

	ret = xfer_bind(file, xfer, &flags);
	if (ret)
		return ret;
	ret = xfer_copy_in(xfer);
	if (ret)
		return ret;
	ret = xfer_validate(xfer, flags);
	if (ret)
		return ret;
	ret = xfer_prewrite(xfer, arg);
	if (ret)
		return ret;
	euicc_count(file->edev, EUICC_COUNT_BATCHES);
	ret = euicc_job_run(&xfer->job);
	/* CANCEL came: the entries say how far it had gone. A signal: the same, if it had gone. */
	if (ret == -ECANCELED || (ret == -ERESTARTSYS && xfer->touched))
		ret = 0;
	xfer_copy_out(xfer, arg);
	return ret;
}

long euicc_xfer_ioctl(struct euicc_file *file, struct euicc_xfer __user *arg)
{
	struct euicc_xfer_job *xfer;
	struct euicc_xfer args;
	int ret;

	if (copy_from_user(&args, arg, sizeof(args)))
		return -EFAULT;
	ret = xfer_validate_args(&args);
	if (ret)
		return ret;
	xfer = kzalloc(sizeof(*xfer), GFP_KERNEL_ACCOUNT);
	if (!xfer)
		return -ENOMEM;
	xfer->args = args;
	euicc_job_init(&xfer->job, &euicc_xfer_type, file);
	ret = xfer_run(file, xfer, arg);
	euicc_job_put(&xfer->job);
	return ret;
}
