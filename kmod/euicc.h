/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The core of /dev/euiccN, inside.
 *
 * Who may do what: struct euicc_device.lock (a spinlock, since transports report from interrupts)
 * guards everything below that is not constant; the worker alone talks to the transport, with no
 * lock held. A call of a client becomes a job: the caller waits for it, the worker runs it step by
 * step, and both hold a reference. A channel has one owner at a time: the job that opens it, the
 * file that uses it, or the list of those to be closed.
 */
#ifndef _EUICC_H
#define _EUICC_H

#include <linux/atomic.h>
#include <linux/cdev.h>
#include <linux/device.h>
#include <linux/list.h>
#include <linux/refcount.h>
#include <linux/spinlock.h>
#include <linux/wait.h>
#include <linux/workqueue.h>

#include <linux/euicc.h>
#include <euicc/transport.h>

#include "euicc_ring.h"

#define EUICC_MINORS		256
#define EUICC_FILES_MAX		32	/* per device */
#define EUICC_TERMINAL_CAPABILITY_MAX	64
#define EUICC_LATENCY_BUCKETS	32

enum euicc_counter {
	EUICC_COUNT_EXCHANGES,
	EUICC_COUNT_GET_RESPONSES,
	EUICC_COUNT_WRONG_LENGTHS,
	EUICC_COUNT_UNKNOWN,
	EUICC_COUNT_TIMEOUTS,
	EUICC_COUNT_ACTIVATIONS,
	EUICC_COUNT_DEACTIVATIONS,
	EUICC_COUNT_SESSIONS_LOST,
	EUICC_COUNT_OPENS,
	EUICC_COUNT_CLOSES,
	EUICC_COUNT_BATCHES,
	EUICC_COUNT_ENTRIES,
	EUICC_COUNT_RESETS,
	EUICC_COUNT_ABANDONED,
	EUICC_COUNTERS,
};

struct euicc_channel {
	struct list_head link;		/* on euicc_device.closing */
	struct list_head all;		/* on euicc_device.channels */
	u32 id;				/* number on the card, or the transport's handle */
	u32 generation;			/* the card session it belongs to; 0: not open yet */
	u32 flags;			/* EUICC_OPEN_* */
};

/* TERMINAL CAPABILITY in this card session. */
enum euicc_capability_state {
	EUICC_CAPABILITY_DONE,		/* sent, or not to be sent */
	EUICC_CAPABILITY_ASK,		/* the MF is to be asked */
	EUICC_CAPABILITY_SEND,
};

struct euicc_device {
	/* constant from euicc_register() on */
	struct device dev;
	struct cdev cdev;
	unsigned int minor;
	u64 features;
	u32 max_command;
	u32 max_response;
	u32 slot;
	char transport[16];
	char name[64];
	void *priv;
	struct dentry *debugfs;
	struct workqueue_struct *wq;
	struct work_struct work;
	struct delayed_work idle_work;

	/* the worker's own; @ops is dropped when the worker has ended */
	const struct euicc_transport_ops *ops;
	u8 *command;			/* a command as it goes out: max_command and two bytes */
	u8 *answer;			/* gathered response data, and one more answer */
	enum euicc_capability_state capability;
	bool get_response_8x;		/* this card wants GET RESPONSE with class 8x */

	spinlock_t lock;		/* guards all that follows */
	bool dead;
	bool suspended;
	bool busy;			/* the worker is inside the transport */
	bool session;			/* the card has power, and channels of @generation live */
	bool dirty;			/* the card may have channels that nobody knows */
	u32 generation;
	u32 removals;			/* of the card, so far */
	u32 card_state;
	u32 protocol;
	u32 atr_len;
	u8 atr[EUICC_ATR_MAX];
	u8 terminal_capability_len;
	u8 terminal_capability[EUICC_TERMINAL_CAPABILITY_MAX];
	unsigned int file_count;
	struct list_head files;
	struct list_head ready;		/* jobs that wait for the worker */
	struct list_head closing;	/* channels that wait for it */
	struct list_head channels;	/* all of them, whoever owns them */
	struct euicc_channel *basic;	/* who has, or is about to have, the basic channel */
	wait_queue_head_t quiet;	/* for @busy to become false */

	atomic64_t counters[EUICC_COUNTERS];
	atomic64_t latency[EUICC_LATENCY_BUCKETS];	/* by powers of two, in microseconds */
};

struct euicc_job;

/* An open file. All but @edev and @wait under the device's lock. */
struct euicc_file {
	struct euicc_device *edev;
	struct list_head link;		/* on euicc_device.files */
	wait_queue_head_t wait;		/* for events */
	struct euicc_event_ring ring;
	bool busy;			/* an OPEN, XFER or RESET is under way */
	bool cancelled;			/* CANCEL came before its job was queued */
	struct euicc_job *job;
	struct euicc_channel *channel;
	bool locked;			/* to the application below, for life */
	u8 aid[EUICC_AID_MAX];
	u8 aid_len;
	u32 flags;			/* EUICC_OPEN_* of the first OPEN that succeeded */
};

enum euicc_step {
	EUICC_STEP_AGAIN,		/* back to the end of the line */
	EUICC_STEP_DONE,		/* job->result is set */
};

enum euicc_job_kind {
	EUICC_JOB_OPEN,
	EUICC_JOB_XFER,
	EUICC_JOB_RESET,
};

struct euicc_job_type {
	enum euicc_job_kind kind;
	bool first;			/* before all others */
	/* Worker, no lock held: at most one complete exchange. */
	enum euicc_step (*step)(struct euicc_job *job);
	/* Lock held. The last step is over, and the caller still waits. */
	void (*finish)(struct euicc_job *job);
	/* Lock held. The caller leaves; job->running tells whether an exchange is on the wire. */
	void (*abandon)(struct euicc_job *job);
	/* No lock held, no one refers to it any more. */
	void (*free)(struct euicc_job *job);
};

struct euicc_job {
	const struct euicc_job_type *type;
	struct euicc_device *edev;
	struct euicc_file *file;	/* valid until @abandoned */
	refcount_t refs;		/* the caller's and the worker's */
	wait_queue_head_t wait;
	unsigned long deadline;		/* jiffies; heeded where @timed */
	bool timed;

	/* under the device's lock */
	struct list_head link;		/* on euicc_device.ready */
	bool running;			/* a step is under way */
	bool sent;			/* a step has begun at some time: bytes may have gone out */
	bool done;
	bool abandoned;
	int cause;			/* why it was abandoned */
	int result;
	unsigned int steps;
};

/* One complete exchange: GET RESPONSE and the repetition with the right Le included. */
struct euicc_exchange {
	u32 channel;			/* number on the card, or the transport's handle */
	const u8 *command;		/* class byte without a channel */
	size_t len;
	unsigned long deadline;		/* jiffies */
	/* out */
	u16 sw;
	const u8 *data;			/* valid until the next exchange */
	size_t data_len;
};

static inline void euicc_count(struct euicc_device *edev, enum euicc_counter counter)
{
	atomic64_inc(&edev->counters[counter]);
}

static inline bool euicc_owns_channels(const struct euicc_device *edev)
{
	return edev->features & EUICC_FEATURE_OWNED;
}

static inline unsigned long euicc_deadline(u32 timeout_ms)
{
	return jiffies + msecs_to_jiffies(timeout_ms ? timeout_ms : EUICC_TIMEOUT_DEFAULT);
}

/* euicc_main.c */
extern const struct attribute_group *euicc_groups[];

/* euicc_file.c */
extern const struct file_operations euicc_fops;

/* euicc_event.c */
struct poll_table_struct;
void euicc_event_push(struct euicc_device *edev, u16 type, u32 argument);
ssize_t euicc_event_read(struct file *filp, char __user *buf, size_t size, loff_t *pos);
__poll_t euicc_event_poll(struct file *filp, struct poll_table_struct *table);

/* euicc_queue.c */
void euicc_job_init(struct euicc_job *job, const struct euicc_job_type *type,
		    struct euicc_file *file);
void euicc_job_put(struct euicc_job *job);
int euicc_job_run(struct euicc_job *job);
void euicc_job_abandon(struct euicc_job *job, int cause);
void euicc_queue_kick(struct euicc_device *edev);
void euicc_queue_work(struct work_struct *work);

/* euicc_exchange.c */
int euicc_exchange(struct euicc_device *edev, struct euicc_exchange *ex);
int euicc_transport_error(struct euicc_device *edev, int err);

/* euicc_channel.c */
bool euicc_channel_live(const struct euicc_device *edev, const struct euicc_channel *channel);
bool euicc_channel_any_live(const struct euicc_device *edev, const struct euicc_file *self);
bool euicc_channel_taken(const struct euicc_device *edev, u32 id);
struct euicc_channel *euicc_channel_alloc(struct euicc_device *edev, u32 flags);
void euicc_channel_free(struct euicc_channel *channel);
void euicc_channel_drop(struct euicc_device *edev, struct euicc_channel *channel);
void euicc_channel_close(struct euicc_device *edev, struct euicc_channel *channel);
void euicc_channel_lost(struct euicc_device *edev);

/* euicc_power.c */
int euicc_session_check(const struct euicc_device *edev, u32 generation);
void euicc_session_end(struct euicc_device *edev, u32 card_state, u16 event, u32 argument);
int euicc_power_activate(struct euicc_device *edev, u32 kind, unsigned long deadline);
int euicc_power_prepare(struct euicc_device *edev, unsigned long deadline);
bool euicc_power_idle(const struct euicc_device *edev);
void euicc_power_idle_work(struct work_struct *work);

/* euicc_open.c, euicc_xfer.c, euicc_reset.c: of a file that is claimed */
long euicc_open_ioctl(struct euicc_file *file, struct euicc_open_channel __user *arg);
long euicc_xfer_ioctl(struct euicc_file *file, struct euicc_xfer __user *arg);
long euicc_reset_ioctl(struct euicc_file *file, struct euicc_reset __user *arg);

/* euicc_debugfs.c */
void euicc_debugfs_init(void);
void euicc_debugfs_exit(void);
void euicc_debugfs_add(struct euicc_device *edev);
void euicc_debugfs_remove(struct euicc_device *edev);

#endif /* _EUICC_H */
