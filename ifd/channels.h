/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Logical channels as a PC/SC client sees them, against files of /dev/euiccN. A channel of the
 * client's is a number here; the first SELECT by name makes it a file, whose channel on the card
 * has a number of the kernel's. Another application is another file.
 */
#ifndef IFD_CHANNELS_H
#define IFD_CHANNELS_H

#include "answer.h"
#include "policy.h"

#include <stdatomic.h>

struct channel {
	bool open;
	int fd;				/* -1: no application yet */
	struct policy_aid aid;
	struct answer_kept kept;
};

struct channels {
	const char *device;
	const struct policy *policy;
	struct channel channel[APDU_CHANNELS];
	/* The card session that the files belong to; 0 while there are none. Others may read it. */
	_Atomic uint32_t generation;
	/* The last session in which there was a file: what is left of it on the card is ours. */
	uint32_t used_generation;
	uint8_t *command, *response;	/* of EUICC_AREA_MAX each */
};

/* -ENOMEM. @device and @policy must outlive it. */
int channels_init(struct channels *channels, const char *device, const struct policy *policy);
void channels_free(struct channels *channels);

/* As after a reset: the basic channel alone is open, and nothing has been selected. */
void channels_reset(struct channels *channels);

/*
 * Answer a command. Returns 0, or why there is no answer:
 *   -ESTALE      the card session is over, or the device or the card went (-ENODEV, -ENOMEDIUM)
 *   -ETIMEDOUT   no answer in time; -EIO: unknown what became of it
 *   -EMSGSIZE    @answer is too small; -ENOMEM
 */
int channels_transmit(struct channels *channels, const uint8_t *command, size_t len, struct answer *answer);

#endif
