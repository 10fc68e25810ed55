/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * A transport for churn_vmtest: as small as a card can be, since ten thousand of them live
 * for some milliseconds each. It answers 80 E2 with the command's own data, so that a client
 * knows its answer from another's; half of the answers wait for GET RESPONSE.
 */
#ifndef COREESIM_TESTS_VM_CHURN_CARD_H
#define COREESIM_TESTS_VM_CHURN_CARD_H

#include <stdbool.h>
#include <stdint.h>

#include <linux/euicc.h>

struct churn_card {
	int fd;				/* the transport's end */
	unsigned int minor;
	uint32_t channels;		/* bit N: channel N is open */
	uint8_t pending[256];		/* for GET RESPONSE */
	uint32_t pending_len;
	uint8_t pending_channel;
	unsigned int lost;		/* answers that another channel's command destroyed */
	unsigned int served;
	struct {
		struct euicc_proxy_msg head;
		uint8_t payload[EUICC_PROXY_PAYLOAD_MAX];
	} message;
};

/* NEW_DEV on @control (/dev/euicc-proxy): 0 or -errno. */
int churn_card_new(int control, struct churn_card *card);

/* Waits up to @ms for a request, reads it, and answers it unless @mute. False: none came. */
bool churn_card_serve(struct churn_card *card, int ms, bool mute);

int churn_card_event(struct churn_card *card, uint32_t type);

/* An unplug, with whatever is under way. */
void churn_card_end(struct churn_card *card);

/* A command for it: the length of the APDU. @tag comes back in the answer's first four bytes. */
#define CHURN_COMMAND_LEN 14
void churn_command(uint8_t apdu[CHURN_COMMAND_LEN], uint32_t tag);
#define CHURN_ANSWER_LEN 8

#endif
