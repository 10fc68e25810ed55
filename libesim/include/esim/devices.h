/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The devices that a card may be in: the kernel's (/dev/euiccN), readers on USB (usb:), pcscd's
 * (pcsc:) and modems (mbim:, qmi:). Cards behind sockets and serial ports are not looked for.
 */
#ifndef ESIM_DEVICES_H
#define ESIM_DEVICES_H

#include <esim/error.h>
#include <esim/limits.h>
#include <esim/transport.h>

#include <stddef.h>
#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

enum esim_device_state {
	ESIM_DEVICE_CARD,	/* there is a card; whether it is an eUICC was not asked */
	ESIM_DEVICE_NO_CARD,
	ESIM_DEVICE_MUTE,	/* the card gave no answer to reset */
	ESIM_DEVICE_HELD,	/* another program or driver has it: see detail */
	ESIM_DEVICE_UNUSABLE,	/* it cannot be opened: see detail */
	ESIM_DEVICE_MODEM,	/* there is a modem; its card was not asked for */
};

struct esim_device_entry {
	char uri[ESIM_URI_SIZE];
	char transport[16];		/* "kdev", "usb", "pcsc", "mbim" or "qmi" */
	char reader[128];		/* for people; as the reader says it, not made printable */
	uint8_t atr[ESIM_MAX_ATR];
	size_t atr_len;			/* 0: not known */
	enum esim_device_state state;
	char detail[192];		/* HELD: by whom; UNUSABLE: why; else "" */
};

/*
 * All of them, ESIM_MAX_DEVICES at most, in the order in which esim_device_find() takes them. @ret is
 * freed by free(3). None is no error.
 *
 * The kernel and pcscd are asked what they know. A card in a reader on USB is powered, for its ATR
 * alone, where nobody holds the reader, and powered off again. A reader that pcscd holds is there
 * twice: as usb:, held by pcscd, and as pcsc:. A modem is there once, whatever ports it has, and is
 * not opened.
 */
int esim_device_list(struct esim_device_entry **ret, size_t *ret_count, struct esim_error *err);

/*
 * The device to take where the user names none: of the first kind that has a card, the only one
 * with a card; of the kernel's the one that /dev/euicc points to, if it has one. No card is powered,
 * and no kind is looked at beyond the one that decides. What is held is not taken. A modem comes
 * last, and counts as one with a card.
 *
 * ESIM_EINVAL: there are several, and the message lists them. ESIM_ENOENT: there is none; the
 * message says what there is instead.
 */
int esim_device_find(struct esim_device_entry *ret, struct esim_error *err);

/* "card", "noCard", "mute", "held", "unusable" and "modem", as `state` of lpactl's JSON. */
const char *esim_device_state_name(enum esim_device_state state);

#ifdef __cplusplus
}
#endif
#endif
