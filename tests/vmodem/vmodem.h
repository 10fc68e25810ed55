/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * A virtual modem with virtual eUICCs in its slots. The inside (modem.c) knows slots, cards, logical
 * channels, power, radio, and what the modem takes its card for; fronts (mbim*.c, qmi*.c, at*.c) put a
 * protocol before it; ways (pty.c, usb*.c, socket.c) put a front where a driver or a library finds it.
 * Every habit of modems in the field is a switch (enum vmodem_quirk), every failure a fault that names
 * the message that it happens at.
 */
#ifndef VMODEM_H
#define VMODEM_H

#include "veuicc/veuicc.h"

#include <esim/modem.h>

#define VMODEM_MAX_SLOTS	4

/* --quirk NAME[=N], repeated; set and cleared by the control channel while it runs. */
enum vmodem_quirk {
	/* APDUs */
	VMODEM_LE_REQUIRED,		/* le-required: case 3 without Le is answered 6700 */
	VMODEM_LE_REFUSED,		/* le-refused: data with Le is answered 6700 */
	VMODEM_CLASS_BITS,		/* class-bits: the modem leaves CLA alone: the host must put the channel in */
	VMODEM_SEGMENT_LIMIT,		/* segment-limit=N: more data is answered 6601 */
	VMODEM_SHOW_61,			/* show-61: GET RESPONSE is the host's */
	VMODEM_ISDR_DENIED,		/* isdr-denied: the firmware refuses the ISD-R's AID, in its protocol's words */
	VMODEM_CHANNELS,		/* channels=N: logical channels at a time [3] */
	VMODEM_NO_FCI,			/* no-fci: opening tells no FCI */
	/* the card's state as the modem sees it */
	VMODEM_FOLLOWS,			/* follows=STEP: 0 REFRESH, 1 UIM power, 2 airplane, 3 reset, 4 never: from which
					   rung on it reads the new ICCID; gentler ones do nothing [0] */
	VMODEM_REENUMERATES,		/* reenumerates: REFRESH makes it leave the bus and come back */
	VMODEM_READY_AFTER,		/* ready-after=N: after a step it says so many times that it is not ready */
	VMODEM_LOSES_CHANNELS,		/* loses-channels: a REFRESH closes them, without a word */
	/* slots */
	VMODEM_NO_SLOTS,		/* no-slots: the messages on slots are not there */
	VMODEM_SLOTS_SWAPPED,		/* slots-swapped: what is switched to as 1 is told of as 2 */
	VMODEM_NO_EID,			/* no-eid: it does not tell an EID */
	/* what is not there */
	VMODEM_NO_UICC,			/* no-uicc: MBIM: no low-level access; QMI: no logical channels; AT: no CCHO, CGLA,
					   CCHC, CSIM */
	VMODEM_NO_ATR, VMODEM_NO_POWER,	/* no-atr, no-power: UIM power cannot be switched */
	VMODEM_NO_RESET, VMODEM_NO_IMEI,
	VMODEM_NO_GROUP,		/* no-group: MBIM: closing by group is an error */
	VMODEM_NO_INDICATIONS,
	VMODEM_MBIMEX_3,		/* mbimex-3=FLAGS: it agrees on MBIMEx 3.0, and has the FLAGS in its ready status */
	/* AT's dialects */
	VMODEM_AT_NO_TEST,		/* at-no-test: AT+CCHO=? is ERROR though AT+CCHO works */
	VMODEM_AT_BARE,			/* at-bare: "1" in place of "+CCHO: 1" */
	VMODEM_AT_NO_CCHC,		/* at-no-cchc */
	VMODEM_AT_CSIM_ONLY,		/* at-csim-only */
	VMODEM_AT_ECHO,			/* at-echo: ATE0 does nothing */
	VMODEM_AT_CHATTER,		/* at-chatter: unsolicited lines before, between and after */
	VMODEM_AT_NO_CME,		/* at-no-cme: "ERROR" and no more */
	VMODEM_AT_SHORT_LINES,		/* at-short-lines=N: longer lines are cut, answered ERROR */
	VMODEM_QUIRKS,
};

/* --fault NAME@N[:MESSAGE][,…]: the Nth request (of that kind) from the host; see vmodem --help. */
enum vmodem_fault {
	VMODEM_FAULT_MUTE,		/* no answer */
	VMODEM_FAULT_LATE,		/* the answer comes after the next request's, or when told so */
	VMODEM_FAULT_GARBAGE,		/* an answer that is none, framed as one */
	VMODEM_FAULT_NOISE,		/* bytes that are no message, before the answer */
	VMODEM_FAULT_TRUNCATED,		/* its lengths go beyond its end */
	VMODEM_FAULT_TWICE,		/* the same answer again */
	VMODEM_FAULT_BUSY,		/* the protocol's word for busy */
	VMODEM_FAULT_ERROR,		/* the protocol's word for failure */
	VMODEM_FAULT_RESET,		/* the modem starts anew: it leaves the bus and comes back, no channel is left */
	VMODEM_FAULT_VANISH,		/* it leaves the bus until told to come back */
	VMODEM_FAULT_CLOSES,		/* the channel is lost, without a word */
	VMODEM_FAULTS,
};

enum vmodem_protocol { VMODEM_MBIM = 1, VMODEM_QMI = 2, VMODEM_AT = 4 };

/* Zeroed members take the value in brackets. Strings are borrowed for the modem's life. */
struct vmodem_options {
	unsigned protocols;		/* one of MBIM and QMI, and AT, which goes with both */
	unsigned slots;			/* [1] */
	unsigned active;		/* slot in use at start, from 1 [1] */
	unsigned empty;			/* bit per slot, 1 << 0 is slot 1 */
	struct veuicc_options card;	/* of each slot; state and log get .N from slot 2 on */
	const char *const *quirks;	/* NULL-terminated [none] */
	const char *fault;		/* [none] */
	const char *imei;		/* [490154203237518] */
	const char *manufacturer, *model, *firmware;
	unsigned vendor, product;	/* [1d6b:0105]: no plugin knows it */
};

struct vmodem;

/* ESIM_EINVAL names the option. */
int vmodem_new(const struct vmodem_options *options, struct vmodem **ret, struct esim_error *err);
void vmodem_free(struct vmodem **modem);

/* --- the inside, for fronts (modem.c, channels.c, quirk.c, fault.c) ---------------------------------------------- */

bool vmodem_quirk(const struct vmodem *modem, enum vmodem_quirk quirk);
unsigned vmodem_quirk_value(const struct vmodem *modem, enum vmodem_quirk quirk);
/* "le-required", "follows=2", "-follows" clears. ESIM_EINVAL. */
int vmodem_set_quirk(struct vmodem *modem, const char *text, struct esim_error *err);

/*
 * Counts the request and tells what is to go wrong with it; VMODEM_FAULTS: nothing. @message is one of "open", "apdu",
 * "close", "atr", "capability", "power" (of the card), "radio", "reset", "slots", "switch" (of the slot), "ready"
 * (state of the card, ICCID), "info" (of the modem), "sync" (of the protocol), "other". The front carries the request
 * out all the same, whatever its answer becomes (vmodem_answer()), save with BUSY and ERROR. RESET, VANISH and CLOSES
 * happen by themselves, the first two once the front has returned.
 */
enum vmodem_fault vmodem_next_fault(struct vmodem *modem, const char *message);
int vmodem_set_fault(struct vmodem *modem, const char *spec, struct esim_error *err);

enum vmodem_card_state { VMODEM_CARD_ABSENT, VMODEM_CARD_OFF, VMODEM_CARD_NOT_READY, VMODEM_CARD_READY };

/* A @slot of 0 is the active one here. */
unsigned vmodem_slots(const struct vmodem *modem);
unsigned vmodem_active_slot(const struct vmodem *modem);	/* from 1 */
int vmodem_switch_slot(struct vmodem *modem, unsigned slot);
/* By the numbers that slots are told of, which are others where they are swapped. */
bool vmodem_slot_in_use(const struct vmodem *modem, unsigned slot);
enum vmodem_card_state vmodem_card_state(struct vmodem *modem, unsigned slot);
struct esim_slice vmodem_atr(struct vmodem *modem, unsigned slot);
const struct esim_eid *vmodem_eid(struct vmodem *modem, unsigned slot);	/* NULL: not an eUICC, or not told */
/* What the modem takes the card for: as it last read EF.ICCID, see VMODEM_FOLLOWS. False: no profile. */
bool vmodem_iccid(struct vmodem *modem, struct esim_iccid *ret);
bool vmodem_imsi(struct vmodem *modem, char digits[static 16]);
const struct vmodem_options *vmodem_options(const struct vmodem *modem);

/*
 * Logical channels of the card in the active slot. 0 with *@ret_sw; a channel is open when that is 9000 (or 61xx, 91xx).
 * ESIM_EBUSY: none is free. ESIM_EREFUSED: VMODEM_ISDR_DENIED. ESIM_ENODEV: no card that answers.
 */
int vmodem_channel_open(struct vmodem *modem, struct esim_slice aid, uint8_t p2, unsigned *ret_channel,
			struct esim_buf *fci, uint16_t *ret_sw);
/* ESIM_ENOENT: no such channel. */
int vmodem_channel_close(struct vmodem *modem, unsigned channel);
/*
 * @channel 0: the basic one; ESIM_ENOENT: no such channel; ESIM_ENODEV: no card that answers. The response with its status word is appended; 61xx is followed here unless VMODEM_SHOW_61,
 * 91xx (REFRESH) is the modem's: it acts on it as VMODEM_FOLLOWS and VMODEM_REENUMERATES say.
 */
int vmodem_transmit(struct vmodem *modem, unsigned channel, struct esim_slice command, struct esim_buf *response);
unsigned vmodem_channels_open(const struct vmodem *modem);	/* what a test wants to be 0 at the end */

/* The rungs. */
void vmodem_uim_power(struct vmodem *modem, unsigned slot, bool on);
bool vmodem_radio(const struct vmodem *modem);
void vmodem_set_radio(struct vmodem *modem, bool on);
void vmodem_restart(struct vmodem *modem);		/* leaves the bus and comes back */

/* What fronts push indications for; told when the front that it came of has returned from its feed. */
enum vmodem_news { VMODEM_NEWS_CARD, VMODEM_NEWS_SLOT, VMODEM_NEWS_RADIO, VMODEM_NEWS_RESTART };

/* --- fronts ----------------------------------------------------------------------------------------------------------- */

/*
 * A protocol over a way. @feed: bytes from the host, in whatever pieces; answers and indications leave by
 * @send, whole messages (MBIM, QMUX) or bytes (AT).
 */
struct vmodem_front;
struct vmodem_front_ops {
	const char *name;			/* "mbim", "qmi", "at" */
	enum vmodem_protocol protocol;
	int (*open)(struct vmodem *modem, struct vmodem_front *front);	/* fills front->priv */
	void (*close)(struct vmodem_front *front);
	void (*feed)(struct vmodem_front *front, struct esim_slice bytes);
	void (*news)(struct vmodem_front *front, enum vmodem_news news);
};
struct vmodem_front {
	const struct vmodem_front_ops *ops;
	struct vmodem *modem;
	void *priv;
	void (*send)(struct vmodem_front *front, struct esim_slice message);	/* the way's */
	void *way;
	struct esim_buf late;			/* vmodem_answer()'s; starts as ESIM_BUF_INIT */
};
extern const struct vmodem_front_ops vmodem_mbim, vmodem_qmi, vmodem_at;

/* The fronts that this build has: NULL where there is none by that protocol. */
const struct vmodem_front_ops *vmodem_front_ops(enum vmodem_protocol protocol);
/* Opens it; vmodem_free() closes it. The front itself stays the caller's and lives as long. */
int vmodem_front_add(struct vmodem *modem, struct vmodem_front *front);

/* A way has bytes from the host: the front gets them, then each front the news that came of them. */
void vmodem_feed(struct vmodem_front *front, struct esim_slice bytes);

/*
 * A front has an answer: sent, kept for later, sent twice or dropped, as @fault says. GARBAGE, NOISE and TRUNCATED have
 * been made of it by the front. What was kept goes after the next answer, or by vmodem_release().
 */
void vmodem_answer(struct vmodem_front *front, enum vmodem_fault fault, struct esim_slice message);
void vmodem_release(struct vmodem *modem);

/* Where the modem is; a way that sees it leave hangs up, and calls vmodem_arrived() when it is there again. */
enum vmodem_bus { VMODEM_BUS_THERE, VMODEM_BUS_RESTARTS, VMODEM_BUS_GONE };
enum vmodem_bus vmodem_bus(const struct vmodem *modem);
void vmodem_arrived(struct vmodem *modem);
void vmodem_unplug(struct vmodem *modem);
void vmodem_plug(struct vmodem *modem);

#endif
