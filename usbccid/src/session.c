/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * A card has answered to reset: agree on protocol and rate, and tell the reader, as far as it does
 * not see to that by itself (dwFeatures; CCID 1.1, 5.1; ISO/IEC 7816-3, 6.3 and 9).
 */
#include "reader.h"

#define EXTENDED_MAX	(4 + 3 + 65535 + 2)

/* What this session is to be. */
struct plan {
	uint8_t protocol;
	uint8_t rate;
	bool pps;
};

static bool reader_does(const struct call *call, uint32_t feature)
{
	return call->reader->setup.descriptor.features & feature;
}

static bool has_quirk(const struct call *call, enum quirk quirk)
{
	return call->reader->setup.quirks & quirk;
}

static bool reader_has(const struct call *call, unsigned protocol)
{
	return call->reader->setup.descriptor.protocols >> protocol & 1;
}

static bool is_tpdu(const struct call *call)
{
	return call->reader->setup.info.level == USBCCID_TPDU;
}

/* May the card be asked for something else than what it begins with? */
static bool may_negotiate(const struct call *call, bool plain)
{
	if (plain || has_quirk(call, QUIRK_NO_PPS) || has_quirk(call, QUIRK_NO_SET_PARAMETERS))
		return false;
	return is_tpdu(call) || reader_does(call, CCID_AUTO_PPS);
}

/* The card's first protocol where the reader has it, else the other. */
static int choose_protocol(struct call *call, bool negotiable, uint8_t *ret)
{
	const struct atr *atr = &call->slot->atr;
	const uint8_t first = atr->specific ? atr->mode & 0x0F : atr->first_protocol;
	const uint8_t other = first == 0 ? 1 : 0;

	if (first <= 1 && reader_has(call, first)) {
		*ret = first;
		return 0;
	}
	if (!atr->specific && atr->protocols >> other & 1 && reader_has(call, other)) {
		if (!negotiable && is_tpdu(call))
			return call_fail(call, USBCCID_ENOTSUP,
					 "the card does not go from T=%u to T=%u, which the reader has",
					 first, other);
		*ret = other;
		return 0;
	}
	return call_fail(call, USBCCID_ENOTSUP, "the card wants T=%u, which the reader has not",
			 first);
}

/*
 * The rate that card and reader shall go on with. At the levels of APDUs PPS is the reader's; one
 * that does not say so stays at the default.
 */
static uint8_t choose_rate(const struct call *call, bool negotiable)
{
	const struct atr *atr = &call->slot->atr;

	if (atr->specific)
		return atr->mode & 0x10 ? ATR_DEFAULT_RATE : atr->rate;
	if (!negotiable)
		return ATR_DEFAULT_RATE;
	return ccid_rate_choose(&call->reader->setup.descriptor, atr->rate);
}

static int make_plan(struct call *call, bool plain, struct plan *plan)
{
	const struct atr *atr = &call->slot->atr;
	const bool negotiable = may_negotiate(call, plain);
	int r = choose_protocol(call, negotiable, &plan->protocol);

	if (r)
		return r;
	plan->rate = choose_rate(call, negotiable);
	plan->pps = negotiable && is_tpdu(call) && !reader_does(call, CCID_AUTO_PPS) &&
		    !atr->specific &&
		    (plan->rate != ATR_DEFAULT_RATE || plan->protocol != atr->first_protocol);
	return 0;
}

/* Whether the card can be asked anything once more, after a new activation. */
static bool is_final(int r)
{
	return r == USBCCID_ENODEV || r == USBCCID_ENOMEDIUM || r == USBCCID_ECANCELED ||
	       r == USBCCID_ENOMEM;
}

/* Ask the card; plan->rate becomes what it agreed to. RETRY_PLAIN: it did not. */
static int exchange_pps(struct call *call, struct plan *plan)
{
	uint8_t pps[PPS_MAX];
	const struct request request = {
		.type = CCID_XFR_BLOCK,
		.answer = CCID_DATA_BLOCK,
		.data = pps,
		.len = pps_request(plan->protocol, plan->rate, pps),
	};
	struct ccid_answer answer;
	int r = exchange_block(call, &request, NULL, &answer);

	if (is_final(r))
		return r;
	if (r)
		return RETRY_PLAIN;
	if (pps_check(pps, answer.data, answer.len, &plan->rate)) {
		call_fail(call, USBCCID_EPROTO, "the card refuses PPS");
		return RETRY_PLAIN;
	}
	return 0;
}

/* Returns their length; 0: the ATR has values in it that are reserved. */
static size_t put_parameters(const struct atr *atr, const struct plan *plan, uint8_t *out)
{
	if (plan->protocol == 1)
		return ccid_parameters_t1(atr, plan->rate, out) ? 0 : CCID_PARAMETERS_T1_SIZE;
	ccid_parameters_t0(atr, plan->rate, out);
	return CCID_PARAMETERS_T0_SIZE;
}

/* Readers may lack this command: with the card's defaults they have nothing to be told. */
static int set_parameters(struct call *call, const struct plan *plan)
{
	uint8_t parameters[CCID_PARAMETERS_T1_SIZE];
	const struct atr *atr = &call->slot->atr;
	const bool plain = plan->rate == ATR_DEFAULT_RATE && plan->protocol == atr->first_protocol;
	const struct request request = {
		.type = CCID_SET_PARAMETERS,
		.answer = CCID_PARAMETERS,
		.specific = { plan->protocol, 0, 0 },
		.data = parameters,
		.len = put_parameters(atr, plan, parameters),
	};
	struct ccid_answer answer;
	int r;

	if (has_quirk(call, QUIRK_NO_SET_PARAMETERS))
		return 0;
	if (request.len == 0)
		return call_fail(call, USBCCID_EPROTO,
				 "the answer to reset has values for T=1 that are reserved");
	r = exchange(call, &request, &answer);
	if (r < 0)
		return r;
	if (r == REFUSED && answer.icc == CCID_ICC_ABSENT)
		return refusal(call, &answer, "SetParameters");
	if (r == REFUSED && plain && answer.icc == CCID_ICC_ACTIVE)
		return 0;
	if (r == REFUSED) {
		refusal(call, &answer, "SetParameters");
		return RETRY_PLAIN;
	}
	/* Some answer without the parameters. */
	if (answer.len >= CCID_PARAMETERS_T0_SIZE && answer.specific != plan->protocol) {
		call_fail(call, USBCCID_EPROTO, "the reader stays at T=%u", answer.specific);
		return RETRY_PLAIN;
	}
	return 0;
}

/* Which protocol a reader that does it all has chosen; some answer without the parameters. */
static int ask_protocol(struct call *call, uint8_t *protocol)
{
	const struct request request = { .type = CCID_GET_PARAMETERS, .answer = CCID_PARAMETERS };
	struct ccid_answer answer;
	int r = exchange(call, &request, &answer);

	if (r < 0)
		return r;
	if (!r && answer.specific <= CCID_PARAMETERS_T1)
		*protocol = answer.specific;
	return 0;
}

/* The reader has done it all; what is left is to know the protocol. */
static int set_up_by_reader(struct call *call, struct plan *plan)
{
	const struct atr *atr = &call->slot->atr;
	int r = choose_protocol(call, true, &plan->protocol);

	if (r && !is_tpdu(call)) {
		plan->protocol = 0;
		return 0;
	}
	if (r || atr->specific || (atr->protocols & 3) != 3 || !reader_has(call, 0) ||
	    !reader_has(call, 1))
		return r;
	return ask_protocol(call, &plan->protocol);
}

static int set_up_by_us(struct call *call, bool plain, struct plan *plan)
{
	int r = make_plan(call, plain, plan);

	if (!r && plan->pps)
		r = exchange_pps(call, plan);
	return r ? r : set_parameters(call, plan);
}

/* --- T=1 at TPDU level --------------------------------------------------------------------- */

static uint8_t at_most(size_t value, size_t max)
{
	return (uint8_t)(value < max ? value : max);
}

static int begin_t1(struct call *call)
{
	const struct ccid_descriptor *desc = &call->reader->setup.descriptor;
	const struct atr *atr = &call->slot->atr;
	const size_t room = call->reader->payload_max - (T1_BLOCK_MAX - T1_INF_MAX);
	struct t1 *t1 = &call->slot->t1;
	uint8_t ifsd = at_most(room, T1_INF_MAX);

	if (!atr_t1_sound(atr))
		return call_fail(call, USBCCID_EPROTO,
				 "the answer to reset has values for T=1 that are reserved");
	t1_init(t1, at_most(atr->ifsc, room), atr->crc);
	if (desc->max_ifsd > 0)
		ifsd = at_most(desc->max_ifsd, ifsd);
	if (reader_does(call, CCID_AUTO_IFSD)) {
		t1->ifsd = ifsd;
		return 0;
	}
	return ifsd == T1_INF_DEFAULT ? 0 : t1_exchange(call, t1_announce_ifsd(t1, ifsd));
}

/* --- what the caller is told of it ---------------------------------------------------------- */

static void describe(struct call *call, const struct plan *plan)
{
	const struct usbccid_reader *reader = call->reader;
	struct usbccid_card *card = &call->slot->card;

	card->protocol = plan->protocol;
	card->extended = reader->setup.info.level == USBCCID_EXTENDED_APDU ||
			 (is_tpdu(call) && plan->protocol == 1);
	if (card->extended)
		card->max_command = EXTENDED_MAX;
	else if (reader->payload_max < CCID_SHORT_COMMAND_MAX)
		card->max_command = reader->payload_max;
	else
		card->max_command = CCID_SHORT_COMMAND_MAX;
}

int session_set_up(struct call *call, bool plain)
{
	struct plan plan = { .protocol = 0, .rate = ATR_DEFAULT_RATE };
	int r;

	if (reader_does(call, CCID_AUTO_PARAMETERS))
		r = set_up_by_reader(call, &plan);
	else
		r = set_up_by_us(call, plain, &plan);
	if (r == RETRY_PLAIN && plain)
		r = call->err.code;
	if (!r && is_tpdu(call) && plan.protocol == 1)
		r = begin_t1(call);
	if (!r)
		describe(call, &plan);
	return r;
}
