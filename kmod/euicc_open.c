// SPDX-License-Identifier: GPL-2.0-only
/*
 * OPEN_CHANNEL: power and what goes with it, MANAGE CHANNEL, SELECT; and the way back, so that no
 * channel stays open on the card that no file holds.
 */
#include <linux/capability.h>
#include <linux/jiffies.h>
#include <linux/slab.h>
#include <linux/uaccess.h>

#include "compat.h"
#include "euicc.h"
#include "euicc_apdu.h"

enum euicc_open_state {
	EUICC_OPEN_PREPARE,
	EUICC_OPEN_MANAGE,
	EUICC_OPEN_SELECT,
	EUICC_OPEN_UNDO,
};

struct euicc_open_job {
	struct euicc_job job;
	struct euicc_open_channel args;
	/* the worker's */
	enum euicc_open_state state;
	int error;			/* to give when the channel is closed again */
	/* under the lock */
	struct euicc_channel *channel;
	u16 sw;
	u32 generation;
	u32 fci_len;
	u8 fci[EUICC_FCI_MAX];
};

static struct euicc_open_job *to_open_job(struct euicc_job *job)
{
	return container_of(job, struct euicc_open_job, job);
}

/* --- the steps -------------------------------------------------------------------------- */

static enum euicc_step open_done(struct euicc_open_job *open, int result)
{
	open->job.result = result;
	return EUICC_STEP_DONE;
}

/* The channel is open on the card, and the call has failed: close it, then say so. */
static enum euicc_step open_undo(struct euicc_open_job *open, int error)
{
	open->error = error;
	open->state = EUICC_OPEN_UNDO;
	return EUICC_STEP_AGAIN;
}

static void open_record(struct euicc_open_job *open, u16 sw, const u8 *fci, size_t fci_len)
{
	struct euicc_device *edev = open->job.edev;

	spin_lock_irq(&edev->lock);
	if (!open->job.abandoned) {
		open->sw = sw;
		open->fci_len = min_t(size_t, fci_len, EUICC_FCI_MAX);
		memcpy(open->fci, fci, open->fci_len);
	}
	spin_unlock_irq(&edev->lock);
}

static int open_sw_error(u16 sw)
{
	if (euicc_sw_ok(sw))
		return 0;
	return sw == 0x6A82 ? -ENOENT : -EREMOTEIO;
}

/* An exchange that failed, as OPEN_CHANNEL says it. */
static int open_exchange_error(struct euicc_open_job *open, int err)
{
	struct euicc_device *edev = open->job.edev;

	if (err != -ECANCELED)
		return err;
	/* Never sent: because the device goes, or the time has passed, or the transport says so. */
	spin_lock_irq(&edev->lock);
	err = edev->dead ? -ENODEV : -EIO;
	spin_unlock_irq(&edev->lock);
	if (err == -EIO && time_after_eq(jiffies, open->job.deadline))
		err = -ETIMEDOUT;
	return err;
}

/* Were there no channels, and has one been given back since? Then it is worth another try. */
static enum euicc_step open_no_space(struct euicc_open_job *open)
{
	struct euicc_device *edev = open->job.edev;
	bool again;

	spin_lock_irq(&edev->lock);
	again = !list_empty(&edev->closing);
	spin_unlock_irq(&edev->lock);
	return again ? EUICC_STEP_AGAIN : open_done(open, -ENOSPC);
}

static bool open_no_channel(u16 sw)
{
	return sw == 0x6881 || sw == 0x6A81 || sw == 0x6A84;
}

/* The channel exists: it belongs to the job, and to the card session in which it was asked for. */
static int open_take_channel(struct euicc_open_job *open, u32 id, u32 generation)
{
	struct euicc_device *edev = open->job.edev;
	int ret = 0;

	spin_lock_irq(&edev->lock);
	if (generation == edev->generation && euicc_channel_taken(edev, id)) {
		ret = -EIO;
	} else {
		open->channel->id = id;
		open->channel->generation = generation;
		open->generation = generation;
	}
	spin_unlock_irq(&edev->lock);
	return ret;
}

static enum euicc_step open_manage_step(struct euicc_open_job *open, u32 generation)
{
	static const u8 command[] = { 0x00, EUICC_INS_MANAGE_CHANNEL, 0x00, 0x00, 0x01 };
	struct euicc_device *edev = open->job.edev;
	struct euicc_exchange ex = {
		.command = command,
		.len = sizeof(command),
		.deadline = open->job.deadline,
	};
	int ret;

	ret = euicc_exchange(edev, &ex);
	if (ret == -ECANCELED)
		return open_done(open, open_exchange_error(open, ret));
	if (ret) {
		euicc_channel_lost(edev);
		return open_done(open, ret);
	}
	open_record(open, ex.sw, ex.data, 0);
	if (open_no_channel(ex.sw))
		return open_no_space(open);
	if (!euicc_sw_ok(ex.sw))
		return open_done(open, -EREMOTEIO);
	if (ex.data_len != 1 || !ex.data[0] || ex.data[0] > EUICC_CHANNEL_MAX ||
	    open_take_channel(open, ex.data[0], generation)) {
		euicc_channel_lost(edev);
		return open_done(open, -EIO);
	}
	open->state = EUICC_OPEN_SELECT;
	return EUICC_STEP_AGAIN;
}

static size_t open_select_command(const struct euicc_open_channel *args, u8 *command)
{
	size_t len = 4;

	command[0] = 0x00;
	command[1] = EUICC_INS_SELECT;
	command[2] = 0x04;
	command[3] = args->p2;
	if (args->aid_len) {
		command[len++] = args->aid_len;
		memcpy(command + len, args->aid, args->aid_len);
		len += args->aid_len;
	}
	if (args->p2 != 0x0C)
		command[len++] = 0x00;
	return len;
}

static enum euicc_step open_select_step(struct euicc_open_job *open)
{
	struct euicc_device *edev = open->job.edev;
	u8 command[6 + EUICC_AID_MAX];
	struct euicc_exchange ex = {
		.channel = open->channel->id,
		.command = command,
		.len = open_select_command(&open->args, command),
		.deadline = open->job.deadline,
	};
	int ret;

	ret = euicc_exchange(edev, &ex);
	if (ret)
		return open_undo(open, open_exchange_error(open, ret));
	open_record(open, ex.sw, ex.data, euicc_sw_ok(ex.sw) ? ex.data_len : 0);
	ret = open_sw_error(ex.sw);
	return ret ? open_undo(open, ret) : open_done(open, 0);
}

/* A transport that owns channels does it all in one. */
static enum euicc_step open_owned_step(struct euicc_open_job *open, u32 generation)
{
	struct euicc_device *edev = open->job.edev;
	struct euicc_response response = {
		.data = edev->answer,
		.size = edev->max_response + 2,
	};
	long left = open->job.deadline - jiffies;
	u32 handle = 0;
	u16 sw;
	int ret;

	ret = edev->ops->open(edev, &open->args, &response, &handle, max_t(long, left, 1));
	if (ret == -ENOSPC)
		return open_no_space(open);
	if (ret == -EOPNOTSUPP)
		return open_done(open, ret);
	if (ret)
		return open_done(open, open_exchange_error(open, euicc_transport_error(edev, ret)));
	if (response.len >= 2 && response.len <= response.size) {
		sw = get_unaligned_be16(response.data + response.len - 2);
		open_record(open, sw, response.data, euicc_sw_ok(sw) ? response.len - 2 : 0);
		ret = open_sw_error(sw);
		if (ret)
			return open_done(open, ret);
	} else {
		ret = -EIO;
	}
	if (open_take_channel(open, handle, generation))
		return open_done(open, -EIO);
	return ret ? open_undo(open, ret) : open_done(open, 0);
}

static enum euicc_step open_basic_step(struct euicc_open_job *open, u32 generation)
{
	struct euicc_device *edev = open->job.edev;

	spin_lock_irq(&edev->lock);
	open->channel->generation = generation;
	open->generation = generation;
	spin_unlock_irq(&edev->lock);
	return open_done(open, 0);
}

static enum euicc_step open_undo_step(struct euicc_open_job *open)
{
	struct euicc_device *edev = open->job.edev;

	euicc_channel_close(edev, open->channel);
	spin_lock_irq(&edev->lock);
	open->channel->generation = 0;
	spin_unlock_irq(&edev->lock);
	return open_done(open, open->error);
}

/* Power is there: on to the channel, in the card session that there is now. */
static enum euicc_step open_channel_step(struct euicc_open_job *open)
{
	struct euicc_device *edev = open->job.edev;
	u32 generation;
	bool session;

	spin_lock_irq(&edev->lock);
	session = edev->session;
	generation = edev->generation;
	spin_unlock_irq(&edev->lock);
	if (!session) {
		open->state = EUICC_OPEN_PREPARE;
		return EUICC_STEP_AGAIN;
	}
	if (euicc_owns_channels(edev))
		return open_owned_step(open, generation);
	if (open->args.flags & EUICC_OPEN_BASIC)
		return open_basic_step(open, generation);
	return open_manage_step(open, generation);
}

static enum euicc_step open_step(struct euicc_job *job)
{
	struct euicc_open_job *open = to_open_job(job);
	struct euicc_device *edev = job->edev;
	bool live;
	int ret;

	spin_lock_irq(&edev->lock);
	live = euicc_channel_live(edev, open->channel);
	spin_unlock_irq(&edev->lock);
	/* A reset took the new channel: begin again, there is time for it or there is not. */
	if (open->state == EUICC_OPEN_SELECT && !live)
		open->state = EUICC_OPEN_PREPARE;
	if (open->state == EUICC_OPEN_UNDO)
		return open_undo_step(open);
	if (time_after_eq(jiffies, job->deadline))
		return open->state == EUICC_OPEN_SELECT ? open_undo(open, -ETIMEDOUT) :
							  open_done(open, -ETIMEDOUT);
	if (open->state == EUICC_OPEN_SELECT)
		return open_select_step(open);
	ret = euicc_power_prepare(edev, job->deadline);
	if (ret < 0)
		return open_done(open, ret);
	if (!ret)
		return EUICC_STEP_AGAIN;
	return open_channel_step(open);
}

/* The file gets the channel, and is locked to the application for good. */
static void open_finish(struct euicc_job *job)
{
	struct euicc_open_job *open = to_open_job(job);
	struct euicc_file *file = job->file;
	struct euicc_channel *old = file->channel;

	if (job->result)
		return;
	/* Where the transport owns the channels, this is how it shows. */
	if (job->edev->session)
		job->edev->card_state = EUICC_CARD_ON;
	file->channel = open->channel;
	open->channel = NULL;
	if (old)
		euicc_channel_drop(job->edev, old);
	if (!file->locked) {
		file->locked = true;
		file->flags = open->args.flags;
		file->aid_len = open->args.aid_len;
		memcpy(file->aid, open->args.aid, sizeof(file->aid));
	}
	euicc_count(job->edev, EUICC_COUNT_OPENS);
}

/* Whatever way the job went: a channel that it still has is closed. */
static void open_free(struct euicc_job *job)
{
	struct euicc_open_job *open = to_open_job(job);
	struct euicc_device *edev = job->edev;

	spin_lock_irq(&edev->lock);
	if (open->channel)
		euicc_channel_drop(edev, open->channel);
	spin_unlock_irq(&edev->lock);
	kfree_sensitive(open);
}

static const struct euicc_job_type euicc_open_type = {
	.kind = EUICC_JOB_OPEN,
	.step = open_step,
	.finish = open_finish,
	.free = open_free,
};

/* --- the call --------------------------------------------------------------------------- */

static int open_validate(const struct euicc_device *edev, const struct euicc_open_channel *args)
{
	bool basic = args->flags & EUICC_OPEN_BASIC;

	if (memchr_inv(args->reserved, 0, sizeof(args->reserved)))
		return -EINVAL;
	if (args->flags & ~(EUICC_OPEN_BASIC | EUICC_OPEN_FILE_SELECT))
		return -EINVAL;
	if (args->timeout_ms > EUICC_TIMEOUT_MAX || args->aid_len > EUICC_AID_MAX)
		return -EINVAL;
	if (args->p2 != 0x00 && args->p2 != 0x04 && args->p2 != 0x0C)
		return -EINVAL;
	if (basic && (args->aid_len || args->p2))
		return -EINVAL;
	if (basic && !capable(CAP_SYS_RAWIO))
		return -EPERM;
	if (basic && !(edev->features & EUICC_FEATURE_BASIC))
		return -EOPNOTSUPP;
	if (args->p2 && !(edev->features & EUICC_FEATURE_P2))
		return -EOPNOTSUPP;
	return 0;
}

/* May this file open this, and is the basic channel to be had? Then it is reserved. */
static int open_admit(struct euicc_file *file, struct euicc_open_job *open)
{
	const struct euicc_open_channel *args = &open->args;
	struct euicc_device *edev = file->edev;

	lockdep_assert_held(&edev->lock);
	if (edev->dead)
		return -ENODEV;
	if (euicc_channel_live(edev, file->channel))
		return -EBUSY;
	if (file->locked && ((args->flags ^ file->flags) & EUICC_OPEN_BASIC ||
			     args->flags & ~file->flags || args->aid_len != file->aid_len ||
			     memcmp(args->aid, file->aid, args->aid_len)))
		return -EPERM;
	if (!(args->flags & EUICC_OPEN_BASIC))
		return 0;
	/* One that is not open yet (generation 0) is about to be; one of an old session is dead. */
	if (edev->basic && (!edev->basic->generation || euicc_channel_live(edev, edev->basic)))
		return -EBUSY;
	edev->basic = open->channel;
	return 0;
}

static struct euicc_open_job *open_alloc(struct euicc_file *file,
					 const struct euicc_open_channel *args)
{
	struct euicc_open_job *open = kzalloc(sizeof(*open), GFP_KERNEL_ACCOUNT);

	if (!open)
		return NULL;
	open->channel = euicc_channel_alloc(file->edev, args->flags);
	if (!open->channel) {
		kfree(open);
		return NULL;
	}
	open->args = *args;
	euicc_job_init(&open->job, &euicc_open_type, file);
	open->job.timed = true;
	open->job.deadline = euicc_deadline(args->timeout_ms);
	return open;
}

static int open_run(struct euicc_file *file, struct euicc_open_channel *args)
{
	struct euicc_device *edev = file->edev;
	struct euicc_open_job *open = open_alloc(file, args);
	int ret;

	if (!open)
		return -ENOMEM;
	spin_lock_irq(&edev->lock);
	ret = open_admit(file, open);
	spin_unlock_irq(&edev->lock);
	if (!ret) {
		ret = euicc_job_run(&open->job);
		if (ret == -ECANCELED || (ret == -ERESTARTSYS && open->job.sent))
			ret = -EINTR;
	}
	args->sw = open->sw;
	if (!ret) {
		args->generation = open->generation;
		args->fci_len = open->fci_len;
		memcpy(args->fci, open->fci, open->fci_len);
	}
	euicc_job_put(&open->job);
	return ret;
}

long euicc_open_ioctl(struct euicc_file *file, struct euicc_open_channel __user *arg)
{
	struct euicc_open_channel args;
	int ret;

	if (copy_from_user(&args, arg, sizeof(args)))
		return -EFAULT;
	args.sw = 0;
	args.generation = 0;
	args.fci_len = 0;
	memset(args.fci, 0, sizeof(args.fci));
	ret = open_validate(file->edev, &args);
	if (ret)
		return ret;
	/* Memory that cannot be written is found before anything is sent. */
	if (copy_to_user(arg, &args, sizeof(args)))
		return -EFAULT;
	ret = open_run(file, &args);
	/* Where it has gone since, the channel is open all the same, and so says the call. */
	if (copy_to_user(arg, &args, sizeof(args)))
		dev_dbg(&file->edev->dev, "what OPEN_CHANNEL found cannot be written\n");
	return ret;
}
