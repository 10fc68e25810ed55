/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What PC/SC clients may not reach on a card. Pure functions. */
#ifndef IFD_POLICY_H
#define IFD_POLICY_H

#include "apdu.h"

#define POLICY_AID_MAX 16
#define POLICY_REFUSED_MAX 16

struct policy_aid {
	uint8_t bytes[POLICY_AID_MAX];
	size_t len;
};

struct policy {
	bool allow_isdr, allow_ecasd;
	bool basic_channel;		/* channel 0 is the card's basic channel */
	struct policy_aid start;	/* what channel 0 reaches before any SELECT; may be empty */
	struct policy_aid refused[POLICY_REFUSED_MAX];
	size_t refused_count;
};

/*
 * Could a SELECT by this name end at an application that is refused? The name may be cut on the
 * right, or empty: the card then takes the first that fits.
 */
bool policy_refuses_name(const struct policy *policy, const uint8_t *aid, size_t len);

/* Is the application that the card says it selected (@fci: its answer) one that is refused? */
bool policy_refuses_answer(const struct policy *policy, const uint8_t *fci, size_t len);

/*
 * May this go to the card as it is, on a channel that has an application or is the basic one?
 * Gives 0, or the status word to answer instead. MANAGE CHANNEL and GET RESPONSE are not asked of.
 */
uint16_t policy_check_command(const struct policy *policy, const struct apdu *apdu, bool basic);

#endif
