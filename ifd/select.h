/* SPDX-License-Identifier: GPL-2.0-or-later */
/* An application and its file: a new file of the device is opened to one, or to none. */
#ifndef IFD_SELECT_H
#define IFD_SELECT_H

#include "policy.h"

#include <linux/euicc.h>

struct selected {
	int fd;				/* the caller's to close; -1: @sw says why there is none */
	uint16_t sw;			/* the card's answer to SELECT, or one in its place */
	bool in_use;			/* a channel less, and it might have worked */
	uint32_t generation;
	struct policy_aid aid;
	uint8_t fci[EUICC_FCI_MAX];
	size_t fci_len;
};

/* May this SELECT by name be carried out at all? Gives 0, or the status word that refuses it. */
uint16_t select_check(const struct policy *policy, const struct apdu *apdu);

/*
 * All return 0 with ret->fd or ret->sw; a negative errno where neither the card nor the kernel
 * can be asked: -ENODEV, -ENOMEDIUM, -ETIMEDOUT, -EIO, -ENOMEM.
 */
int select_application(const char *device, const struct policy *policy, const uint8_t *aid, size_t len,
		       uint8_t p2, struct selected *ret);

/* The card's basic channel. */
int select_basic(const char *device, struct selected *ret);

/*
 * What stands for the basic channel: the configured application's channel, in the MF as after a
 * reset. @scratch is of EUICC_AREA_MAX bytes.
 */
int select_start(const char *device, const struct policy *policy, uint8_t *scratch, struct selected *ret);

#endif
