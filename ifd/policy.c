/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * ISD-R and ECASD (SGP.02, 2.2.3) are refused by every name that could select them. ISD-Ps have
 * names of the same form and go with the ISD-R, and so does all that begins as an ISD-R of a maker's
 * own does: such a card has its profiles changed by that one.
 */
#include "policy.h"

#include <string.h>

static const struct policy_aid isd_names[] = {
	{ { 0xA0, 0x00, 0x00, 0x05, 0x59, 0x10 }, 6 },		/* GSMA; 1010 in SGP.02 */
	{ { 0xA0, 0x65, 0x73, 0x74, 0x6B, 0x6D, 0x65 }, 7 },	/* a maker's, without a RID of GSMA's */
};
static const uint8_t ecasd[] = {
	0xA0, 0x00, 0x00, 0x05, 0x59, 0x10, 0x10, 0xFF, 0xFF, 0xFF, 0xFF, 0x89, 0x00, 0x00, 0x02, 0x00,
};

static bool begins_with(const uint8_t *aid, size_t len, const uint8_t *start, size_t start_len)
{
	return len >= start_len && memcmp(aid, start, start_len) == 0;
}

/* One is the beginning of the other. */
static bool overlaps(const uint8_t *a, size_t a_len, const uint8_t *b, size_t b_len)
{
	return memcmp(a, b, a_len < b_len ? a_len : b_len) == 0;
}

static bool refuses_listed(const struct policy *policy, const uint8_t *aid, size_t len)
{
	for (size_t i = 0; i < policy->refused_count; i++) {
		if (overlaps(aid, len, policy->refused[i].bytes, policy->refused[i].len))
			return true;
	}
	return false;
}

static bool is_isd(const uint8_t *aid, size_t len)
{
	for (size_t i = 0; i < sizeof(isd_names) / sizeof(isd_names[0]); i++) {
		if (overlaps(aid, len, isd_names[i].bytes, isd_names[i].len))
			return true;
	}
	return false;
}

bool policy_refuses_name(const struct policy *policy, const uint8_t *aid, size_t len)
{
	if (refuses_listed(policy, aid, len))
		return true;
	if (begins_with(aid, len, ecasd, sizeof(ecasd)))
		return !policy->allow_ecasd;
	if (overlaps(aid, len, ecasd, sizeof(ecasd)))
		return !policy->allow_ecasd || !policy->allow_isdr;
	return is_isd(aid, len) && !policy->allow_isdr;
}

/* --- the card's own word ------------------------------------------------------------------ */

/* The value of a data object of one tag byte in a list; NULL where there is none. */
static const uint8_t *find(const uint8_t *data, size_t len, uint8_t tag, size_t *value_len)
{
	size_t head, n;

	while (len >= 2) {
		head = 2;
		n = data[1];
		if (n == 0x81 && len >= 3) {
			head = 3;
			n = data[2];
		} else if (n >= 0x80) {
			return NULL;
		}
		if (n > len - head)
			return NULL;
		if (data[0] == tag) {
			*value_len = n;
			return data + head;
		}
		data += head + n;
		len -= head + n;
	}
	return NULL;
}

bool policy_refuses_answer(const struct policy *policy, const uint8_t *fci, size_t len)
{
	const uint8_t *template, *name;
	size_t template_len, name_len;

	template = find(fci, len, 0x6F, &template_len);
	if (!template)
		template = find(fci, len, 0x62, &template_len);
	if (!template)
		return false;
	name = find(template, template_len, 0x84, &name_len);
	return name && name_len && policy_refuses_name(policy, name, name_len);
}

/* --- commands -------------------------------------------------------------------------------- */

static bool refuses_nothing(const struct policy *policy)
{
	return policy->allow_isdr && policy->allow_ecasd && !policy->refused_count;
}

static uint16_t check_select_name(const struct policy *policy, const struct apdu *apdu)
{
	/* The next, the last or the one before: of whatever the card went through until now. */
	if (apdu->p2 & 0x03)
		return SW_WRONG_P1P2;
	return policy_refuses_name(policy, apdu->data, apdu->lc) ? SW_NOT_FOUND : 0;
}

static uint16_t check_select(const struct policy *policy, const struct apdu *apdu, bool basic)
{
	/* Neither a name in pieces nor one that cannot be read. */
	if (ifd_apdu_is_chained(apdu))
		return SW_NO_CHAINING;
	if (ifd_apdu_is_secure(apdu))
		return SW_NO_SECURE_MESSAGING;
	switch (apdu->p1) {
	case SELECT_BY_NAME:
		return basic ? check_select_name(policy, apdu) : SW_WRONG_P1P2;
	case 0x00:
	case 0x01:
	case 0x02:
	case 0x03:
		return apdu->lc == 0 || apdu->lc == 2 ? 0 : SW_WRONG_LENGTH;
	case 0x08:
	case 0x09:
		return apdu->lc % 2 == 0 ? 0 : SW_WRONG_LENGTH;
	default:
		return SW_WRONG_P1P2;
	}
}

uint16_t policy_check_command(const struct policy *policy, const struct apdu *apdu, bool basic)
{
	if (apdu->ins == INS_MANAGE_CHANNEL)
		return SW_WRONG_INS;
	if (!basic && (apdu->cla & 0x20))
		return SW_WRONG_CLA;
	if (basic && refuses_nothing(policy))
		return 0;
	if (apdu->ins == INS_SELECT)
		return check_select(policy, apdu, basic);
	/* A command inside: T=0's way to send what is longer than a TPDU (ISO/IEC 7816-3, 12.2.5). */
	if ((apdu->ins & 0xFE) == INS_ENVELOPE && ifd_apdu_is_interindustry(apdu))
		return SW_WRONG_INS;
	return 0;
}
