/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The card of fakecard.h: one APDU in, one answer out, channels and the response that waits
 * for GET RESPONSE in between. No thread and no device in here.
 */
#ifndef COREESIM_TESTS_VM_FAKECARD_UICC_H
#define COREESIM_TESTS_VM_FAKECARD_UICC_H

#include "vm/fakecard.h"

#define FAKECARD_CHANNELS 20
#define FAKECARD_ANSWER_MAX 65538	/* data and SW1 SW2 */

struct fakecard_uicc {
	const struct fakecard_options *options;
	bool open[FAKECARD_CHANNELS];
	unsigned int lost;

	/* What GET RESPONSE will give, on which channel; nothing where waiting_len is 0. */
	unsigned int waiting_channel;
	size_t waiting_at, waiting_len;
	uint16_t waiting_sw;
	uint8_t waiting[65536];
};

void fakecard_uicc_reset(struct fakecard_uicc *uicc);

/* The class byte's channel, 0 to 19. */
unsigned int fakecard_uicc_channel(uint8_t cla);
enum fakecard_kind fakecard_uicc_kind(const uint8_t *apdu, size_t len);
uint32_t fakecard_uicc_tag(const uint8_t *apdu, size_t len);

/* ANSWER has room for FAKECARD_ANSWER_MAX bytes. Its length, SW1 SW2 included. */
size_t fakecard_uicc_apdu(struct fakecard_uicc *uicc, unsigned int channel, const uint8_t *apdu,
			  size_t len, uint8_t *answer);

/* The lowest free channel, opened; 0 where there is none. */
unsigned int fakecard_uicc_take(struct fakecard_uicc *uicc);
/* SELECT by AID: FCI and SW1 SW2. */
size_t fakecard_uicc_select(struct fakecard_uicc *uicc, const uint8_t *aid, size_t aid_len,
			    uint8_t p2, uint8_t *answer);

#endif
