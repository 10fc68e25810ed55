/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * USB CCID readers as a transport of /dev/euiccN, inside.
 *
 * A reader has one pair of bulk pipes for all of its slots: whoever talks to it claims the pipe
 * first, and has its buffers and URBs until it lets go. One command is on the way at a time. The
 * claim is no lock of the kernel's: it is held for as long as a card takes to answer, and it ends
 * at once when the reader goes.
 *
 * What interrupts write as well is under struct ccid_reader.lock.
 */
#ifndef _EUICC_CCID_H_
#define _EUICC_CCID_H_

#include <linux/jiffies.h>
#include <linux/mutex.h>
#include <linux/spinlock.h>
#include <linux/suspend.h>
#include <linux/usb.h>
#include <linux/wait.h>
#include <linux/workqueue.h>

#include <linux/euicc.h>
#include <euicc/ccid.h>
#include <euicc/transport.h>

#define CCID_SLOTS_MAX		8
#define CCID_POWER_TIMEOUT	(15 * HZ)	/* a card that says nothing in it is mute */
#define CCID_STATUS_TIMEOUT	(5 * HZ)	/* what a reader answers by itself */

enum ccid_card {
	CCID_CARD_UNKNOWN,
	CCID_CARD_ABSENT,
	CCID_CARD_PRESENT,
};

struct ccid_slot {
	struct ccid_reader *reader;
	struct euicc_device *edev;
	u8 index;

	/* the worker's own */
	u8 voltage;			/* bPowerSelect of this session */
	bool powered;			/* the card may have power by our doing */
	bool unsettled;			/* a command was broken off, and not aborted */

	/* under ccid_reader.lock */
	bool live;			/* the core may be told */
	bool awake;			/* this slot holds the device out of autosuspend */
	bool active;			/* a card session is on */
	bool heard;			/* the interrupt pipe spoke of this slot since it runs */
	enum ccid_card card;
};

struct ccid_reader {
	/* constant while bound */
	struct usb_device *udev;
	struct usb_interface *intf;
	struct ccid_descriptor desc;
	enum ccid_level level;
	size_t payload_max;		/* bytes after a header, from us */
	size_t in_size;
	unsigned int out_pipe;
	unsigned int in_pipe;
	unsigned int int_pipe;
	u16 int_size;
	unsigned int slot_count;

	/* of whoever has the claim */
	struct urb *out_urb;
	struct urb *in_urb;
	u8 *out;
	u8 *in;
	u8 seq;

	/* the interrupt pipe */
	struct urb *int_urb;		/* NULL: there is no such pipe */
	u8 *int_in;
	unsigned int int_errors;
	struct delayed_work int_work;
	bool int_running;		/* under the device lock */

	struct notifier_block sleep_notifier;
	struct mutex stand_lock;	/* guards what follows */
	unsigned int stand;		/* why the core's queues stand still; 0: they do not */

	wait_queue_head_t claim_wait;
	wait_queue_head_t urb_wait;
	spinlock_t lock;		/* guards what follows, and what struct ccid_slot says */
	bool gone;			/* nothing more goes out */
	bool poisoned;			/* the bulk URBs are, for a reset */
	bool resetting;			/* between pre_reset() and post_reset() */
	bool broken;			/* a reset is on its way */
	bool claimed;
	bool out_done;
	bool in_done;
	int out_status;
	int in_status;

	struct ccid_slot slots[];
};

/* A command, and the type of its answer. */
struct ccid_request {
	u8 type;
	u8 answer;
	u8 specific[3];
	const u8 *data;
	size_t len;
	bool pad;			/* a byte of 00 after the data */
};

/* euicc_ccid_pipe.c */
int ccid_pipe_init(struct ccid_reader *reader, struct usb_host_interface *alt);
void ccid_pipe_free(struct ccid_reader *reader);
int ccid_claim(struct ccid_reader *reader, unsigned long deadline);
void ccid_release(struct ccid_reader *reader);
void ccid_pipe_stop(struct ccid_reader *reader);
void ccid_pipe_reopen(struct ccid_reader *reader);
void ccid_pipe_poison(struct ccid_reader *reader);
void ccid_pipe_unpoison(struct ccid_reader *reader);

/* euicc_ccid_command.c */
int ccid_pipe_send(struct ccid_reader *reader, size_t len);
int ccid_pipe_wait(struct ccid_reader *reader, unsigned long deadline);
int ccid_pipe_read(struct ccid_reader *reader);
int ccid_command(struct ccid_slot *slot, const struct ccid_request *request,
		 unsigned long deadline, struct ccid_answer *answer);
void ccid_recover(struct ccid_slot *slot);
void ccid_settle(struct ccid_slot *slot);
int ccid_slot_status(struct ccid_slot *slot);

/* euicc_ccid_exchange.c */
int ccid_block(struct ccid_slot *slot, const struct ccid_request *block, unsigned long deadline,
	       struct ccid_answer *answer);
int ccid_exchange(struct euicc_device *edev, u32 channel, const u8 *command, size_t len,
		  struct euicc_response *response, unsigned long timeout);

/* euicc_ccid_power.c */
int ccid_activate(struct euicc_device *edev, u32 kind, unsigned long timeout, u8 *atr,
		  size_t *atr_len);
void ccid_deactivate(struct euicc_device *edev);
int ccid_power_off(struct ccid_slot *slot, unsigned long deadline);

/* euicc_ccid_session.c */
int ccid_session_set_up(struct ccid_slot *slot, const u8 *atr, size_t len, bool plain,
			unsigned long deadline);

/* euicc_ccid_slot.c */
void ccid_slot_seen(struct ccid_slot *slot, u8 icc);
bool ccid_slot_active(struct ccid_slot *slot);
int ccid_slot_begin(struct ccid_slot *slot);
void ccid_slot_end(struct ccid_slot *slot);
void ccid_slot_lost(struct ccid_slot *slot);
int ccid_interrupt_init(struct ccid_reader *reader, struct usb_host_interface *alt);
void ccid_interrupt_free(struct ccid_reader *reader);
void ccid_interrupt_start(struct ccid_reader *reader);
void ccid_interrupt_stop(struct ccid_reader *reader);

/* euicc_ccid_pm.c */
int ccid_sleep_watch(struct ccid_reader *reader);
void ccid_sleep_unwatch(struct ccid_reader *reader);
int ccid_suspend(struct usb_interface *intf, pm_message_t message);
int ccid_resume(struct usb_interface *intf);
int ccid_reset_resume(struct usb_interface *intf);
int ccid_pre_reset(struct usb_interface *intf);
int ccid_post_reset(struct usb_interface *intf);

/* euicc_ccid_match.c */
extern const struct attribute_group *ccid_match_groups[];
bool ccid_match(struct usb_interface *intf);
void ccid_match_free(void);

/* euicc_ccid_main.c */
extern struct usb_driver ccid_driver;

static inline unsigned long ccid_until(unsigned long deadline, unsigned long timeout)
{
	unsigned long end = jiffies + timeout;

	return time_before(end, deadline) ? end : deadline;
}

static inline long ccid_left(unsigned long deadline)
{
	long left = deadline - jiffies;

	return max(left, 0L);
}

#endif /* _EUICC_CCID_H_ */
