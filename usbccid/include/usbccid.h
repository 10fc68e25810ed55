/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * usbccid: smart-card readers of USB's CCID class, driven by a program over libusb, without a
 * daemon and without a kernel driver. T=0 and T=1, at TPDU, short APDU and extended APDU level.
 *
 *   struct usbccid         libusb, and what finds readers
 *   struct usbccid_reader  a reader that is held until it is closed
 *
 * Each object is used by one thread at a time. What ends a call from elsewhere is the descriptor
 * given to usbccid_set_cancel_fd(). There are no globals; libusb starts a thread of its own that
 * hears of readers that come and go.
 *
 * Every function that can fail returns 0 or a negative enum usbccid_code, and says why in a struct
 * usbccid_error, where it is not NULL. A time is in milliseconds, and is for the whole call: what
 * one step used the next one lacks, time extensions of the card included.
 */
#ifndef USBCCID_H
#define USBCCID_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

enum usbccid_code {
	USBCCID_OK = 0,
	USBCCID_EINVAL = -1,	/* the caller passed something unusable */
	USBCCID_ENOMEM = -2,
	USBCCID_ENODEV = -3,	/* there is no such reader, or it is gone for good */
	USBCCID_ENOMEDIUM = -4,	/* no card in the slot */
	USBCCID_EMUTE = -5,	/* the card gave no answer to reset at any voltage */
	USBCCID_EBUSY = -6,	/* a driver or another program holds the reader; see holder */
	USBCCID_EACCES = -7,	/* the device node may not be opened by this user */
	USBCCID_ENOTSUP = -8,	/* reader or card cannot do this */
	USBCCID_EPROTO = -9,	/* reader or card broke its protocol */
	USBCCID_EIO = -10,	/* the bus or the reader failed */
	USBCCID_ETIMEDOUT = -11,
	USBCCID_ECANCELED = -12,	/* the cancel descriptor became readable */
	USBCCID_ESTALE = -13,	/* the card's session ended (removed, reset by whomever): power on anew */
	USBCCID_EOVERFLOW = -14,	/* the answer is longer than the room for it */
};

struct usbccid_error {
	int code;		/* enum usbccid_code */
	bool sent;		/* the command may have reached the card, at least in part */
	uint8_t reader;		/* bError of the reader (CCID 1.1, 6.2.6); 0: none, or "not supported" */
	int usb;		/* LIBUSB_ERROR_*; 0: none */
	char holder[96];	/* EBUSY: "pcscd (process 512)", "the kernel's euicc_ccid as /dev/euicc0"; or "" */
	char message[256];	/* a sentence that says what and where */
};

/* "USBCCID_EPROTO" and so on; "unknown" for other values. */
const char *usbccid_code_name(int code);

/* --- finding readers ------------------------------------------------------------------------ */

struct usbccid;

int usbccid_new(struct usbccid **ret, struct usbccid_error *err);
/* All readers are closed before. */
void usbccid_free(struct usbccid **ccid);

enum usbccid_level {
	USBCCID_CHARACTER,	/* nothing that this library drives */
	USBCCID_TPDU,
	USBCCID_SHORT_APDU,
	USBCCID_EXTENDED_APDU,
};

#define USBCCID_BUS_PORT_SIZE	32
#define USBCCID_NAME_SIZE	96
#define USBCCID_MAX_SLOTS	16
#define USBCCID_MAX_READERS	64

/* An interface of a USB device that is a reader, as its descriptors say. Nothing is opened for it. */
struct usbccid_info {
	char bus_port[USBCCID_BUS_PORT_SIZE];	/* "3-1.4", as in /sys/bus/usb/devices */
	uint8_t interface;			/* bInterfaceNumber */
	uint16_t vendor, product;
	char name[USBCCID_NAME_SIZE];		/* manufacturer and product, printable; or "USB reader VID:PID" */
	enum usbccid_level level;
	unsigned slots;				/* 1 to USBCCID_MAX_SLOTS */
	bool t0, t1;				/* protocols of the reader */
	char holder[96];			/* who holds it, as in struct usbccid_error; "": nobody, as far as can be seen */
};

/*
 * The readers that are plugged in, ordered by bus and port: class 0B, and those known by VID:PID
 * whose class says otherwise. @ret is freed by free(3). A device whose descriptors are malformed is
 * no reader.
 */
int usbccid_list(struct usbccid *ccid, struct usbccid_info **ret, size_t *ret_count,
		 struct usbccid_error *err);

enum usbccid_change {
	USBCCID_ARRIVED,
	USBCCID_LEFT,
};

/*
 * Wait until a USB device that is or was a reader came or went. USBCCID_ETIMEDOUT after @timeout_ms
 * (-1: never). What changed before the first call is no change.
 */
int usbccid_wait_change(struct usbccid *ccid, int cancel_fd, int timeout_ms, enum usbccid_change *ret,
			char bus_port[USBCCID_BUS_PORT_SIZE], struct usbccid_error *err);

/* --- a reader --------------------------------------------------------------------------------- */

struct usbccid_reader;

struct usbccid_open_options {
	int interface;		/* bInterfaceNumber of the reader; -1: the first that is one */
	bool detach;		/* take it from the kernel driver that has it; it gets it back at the end */
};

/*
 * @address: "BUS-PORT" ("3-1.4"), "VID:PID" in hex ("08e6:3437"), or "" for the only reader there
 * is. Several that fit are USBCCID_EINVAL, and the message lists them. @options may be NULL. No card
 * is powered by this.
 */
int usbccid_open(struct usbccid *ccid, const char *address, const struct usbccid_open_options *options,
		 struct usbccid_reader **ret, struct usbccid_error *err);
/* Powers off what it powered on; where the reader does not answer, not for longer than a second. */
void usbccid_close(struct usbccid_reader **reader);

void usbccid_describe(const struct usbccid_reader *reader, struct usbccid_info *ret);

/* While @fd is readable, calls return USBCCID_ECANCELED, those under way soon after. -1: none. */
void usbccid_set_cancel_fd(struct usbccid_reader *reader, int fd);

/* A line per message that goes either way, for a trace; NULL: none. Payload may hold secrets. */
typedef void usbccid_trace(void *context, bool out, const uint8_t *message, size_t len);
void usbccid_set_trace(struct usbccid_reader *reader, usbccid_trace *trace, void *context);

/* --- cards -------------------------------------------------------------------------------------- */

#define USBCCID_ATR_MAX		33

enum usbccid_card_state {
	USBCCID_CARD_ABSENT,
	USBCCID_CARD_OFF,	/* there, without power */
	USBCCID_CARD_ON,
};

struct usbccid_card {
	enum usbccid_card_state state;
	uint8_t atr[USBCCID_ATR_MAX];	/* of the last power_on() in this slot */
	size_t atr_len;			/* 0: none so far */
	unsigned protocol;		/* 0 or 1, valid while ON */
	size_t max_command;		/* longest command APDU that transmit() takes, in bytes */
	bool extended;			/* takes extended-length APDUs */
};

enum usbccid_reset {
	USBCCID_COLD,		/* power off first, then from the lowest voltage up */
	USBCCID_WARM,		/* power on once more, at the voltage that it has */
};

/*
 * Activate the card, agree on a rate (PPS, where reader or card need it) and set the parameters. A
 * card that has power is reset by it. USBCCID_ENOMEDIUM; USBCCID_EMUTE; and the like.
 */
int usbccid_power_on(struct usbccid_reader *reader, unsigned slot, enum usbccid_reset kind,
		     unsigned timeout_ms, struct usbccid_error *err);
int usbccid_power_off(struct usbccid_reader *reader, unsigned slot, unsigned timeout_ms,
		      struct usbccid_error *err);

/* Asks the reader. */
int usbccid_card(struct usbccid_reader *reader, unsigned slot, unsigned timeout_ms,
		 struct usbccid_card *ret, struct usbccid_error *err);

/*
 * One command APDU and its response, status word included, in @response (@size bytes). 61xx and
 * 6Cxx are the caller's: they are shown as they come. At T=0 the Le of a case 4 command stays with
 * the reader's host, as ISO/IEC 7816-3 has it.
 *
 * Where it fails, err->sent tells whether the card may have seen the command. After
 * USBCCID_ETIMEDOUT and USBCCID_ECANCELED the reader is brought back in step before the next
 * command, and an answer that comes late is dropped: nobody gets another's answer. The card keeps
 * its session where reader and protocol allow that; else the next call says USBCCID_ESTALE.
 */
int usbccid_transmit(struct usbccid_reader *reader, unsigned slot, const uint8_t *command, size_t len,
		     uint8_t *response, size_t size, size_t *ret_len, unsigned timeout_ms,
		     struct usbccid_error *err);

/* --- events --------------------------------------------------------------------------------------- */

enum usbccid_event_type {
	USBCCID_EVENT_NONE,	/* the time is over */
	USBCCID_EVENT_INSERTED,
	USBCCID_EVENT_REMOVED,
	USBCCID_EVENT_GONE,	/* the reader was unplugged; nothing follows */
	USBCCID_EVENT_FD,	/* @fd can be read, or is at its end */
};

struct usbccid_event {
	enum usbccid_event_type type;
	unsigned slot;		/* INSERTED, REMOVED */
};

/*
 * Wait for a card or for @fd (-1: none). A card that came and went while nobody waited is told in
 * the order in which it happened, as far as the reader told it. A reader without an interrupt
 * endpoint tells nothing: USBCCID_ENOTSUP without @fd, and only USBCCID_EVENT_FD and GONE with it.
 */
int usbccid_wait(struct usbccid_reader *reader, int fd, int timeout_ms, struct usbccid_event *ret,
		 struct usbccid_error *err);

#ifdef __cplusplus
}
#endif
#endif
