/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * What a transport gives to the core of /dev/euiccN, and what it may call.
 *
 * The core runs one ordered worker per device. Every operation below but stop() is called from
 * that worker, one at a time, with no lock held; it may sleep, must come back within the time that
 * it is given (and a bounded clean-up), and must come back at once after stop().
 *
 * Return values of exchange() and open() are honest: -ECANCELED means that not a byte can have
 * reached the card. Any other error means: sent, outcome unknown.
 */
#ifndef _EUICC_TRANSPORT_H
#define _EUICC_TRANSPORT_H

#include <linux/device.h>
#include <linux/types.h>
#include <linux/euicc.h>

struct euicc_device;

/* A card's answer: response data with SW1 SW2 at its end. */
struct euicc_response {
	u8 *data;		/* the core's buffer */
	size_t size;		/* its room: max_response and two bytes */
	size_t len;		/* set by the transport: bytes of the answer */
};

struct euicc_transport_ops {
	/*
	 * Power the card up, or reset it where it has power: cold or warm as @kind says, ANY as
	 * the transport does it best. @atr has room for EUICC_ATR_MAX bytes; *@atr_len 0 means "as
	 * before". Called also while the card is absent as far as the core was told: the transport
	 * knows better. -ENOMEDIUM: no card, or it is mute; -EOPNOTSUPP: no such reset; -ETIMEDOUT;
	 * -EIO; -ENODEV. -ECANCELED: the card was not touched, and its session goes on.
	 */
	int (*activate)(struct euicc_device *edev, u32 kind, unsigned long timeout, u8 *atr,
			size_t *atr_len);

	/* Take the power away. NULL: the transport keeps it on. */
	void (*deactivate)(struct euicc_device *edev);

	/*
	 * One command APDU, one answer; 61xx and 6Cxx are the core's. @channel is the handle that
	 * open() gave, and 0 for transports that do not own channels. @timeout in jiffies.
	 * -ETIMEDOUT, -ENODEV, -ENOMEDIUM, -EIO: sent and unknown; -ENOMEDIUM ends the card session.
	 */
	int (*exchange)(struct euicc_device *edev, u32 channel, const u8 *command, size_t len,
			struct euicc_response *response, unsigned long timeout);

	/*
	 * EUICC_FEATURE_OWNED only: open a channel to an application. @response takes the FCI
	 * and SW1 SW2. Errors also -ENOSPC, -EOPNOTSUPP.
	 */
	int (*open)(struct euicc_device *edev, const struct euicc_open_channel *args,
		    struct euicc_response *response, u32 *handle, unsigned long timeout);
	void (*close)(struct euicc_device *edev, u32 handle, unsigned long timeout);

	/*
	 * Called once, by euicc_unregister() or an euicc_register() that fails, while an operation
	 * may be running: that one and every later one come back at once with -ENODEV (-ECANCELED
	 * where that is the truth).
	 * May sleep.
	 */
	void (*stop)(struct euicc_device *edev);
};

struct euicc_transport_desc {
	const char *transport;		/* "ccid", "proxy" */
	const char *name;		/* for people; copied */
	u64 features;			/* EUICC_FEATURE_* */
	u32 max_command;		/* bytes */
	u32 max_response;		/* bytes of data */
	u32 protocol;			/* EUICC_PROTOCOL_* */
	u32 slot;			/* of the reader, for sysfs */
	u32 card_state;			/* EUICC_CARD_* at the start */
	const u8 *atr;			/* NULL: not known yet */
	size_t atr_len;
};

/*
 * A device, not yet visible. The transport holds one reference until euicc_put(); open files hold
 * others. @priv is the transport's own, and is no more touched after euicc_unregister(). ERR_PTR.
 */
struct euicc_device *euicc_alloc(struct device *parent, const struct euicc_transport_ops *ops,
				 const struct euicc_transport_desc *desc, void *priv);
void *euicc_priv(struct euicc_device *edev);
struct device *euicc_dev(struct euicc_device *edev);
unsigned int euicc_minor(struct euicc_device *edev);

/* From here on the operations may be called, before this returns too. */
int euicc_register(struct euicc_device *edev);

/*
 * The end: no operation runs when this returns, and none will. Sleeps until the worker has come
 * out of the transport, never longer than stop() makes it. The reference stays the transport's.
 */
void euicc_unregister(struct euicc_device *edev);
void euicc_put(struct euicc_device *edev);

/*
 * What the transport notices by itself. From any context, interrupts included; between
 * euicc_register() and euicc_unregister().
 */
void euicc_card_inserted(struct euicc_device *edev);
void euicc_card_removed(struct euicc_device *edev);
/* The card lost its session (power, reset of the reader): channels are dead, the card is off. */
void euicc_session_lost(struct euicc_device *edev);
/* The protocol is known only after activation with some transports. */
void euicc_set_protocol(struct euicc_device *edev, u32 protocol);

/*
 * System sleep, from the transport's suspend and resume. euicc_suspend() lets the exchange on the
 * wire come to its end for a short time, starts no other, and returns -EBUSY where the card did not
 * answer in that time (the system stays awake). After euicc_resume() the queue goes on.
 */
int euicc_suspend(struct euicc_device *edev);
void euicc_resume(struct euicc_device *edev);

#endif /* _EUICC_TRANSPORT_H */
