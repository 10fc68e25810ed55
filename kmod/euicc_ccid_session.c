// SPDX-License-Identifier: GPL-2.0-only
/*
 * A card has answered to reset: agree on protocol and rate, and tell the reader, as far as it does
 * not see to that by itself (dwFeatures; CCID 1.1, 5.1; ISO/IEC 7816-3, 6.3 and 9).
 */
#include "euicc_ccid.h"

static bool reader_does(const struct ccid_reader *reader, u32 feature)
{
	return reader->desc.features & feature;
}

/*
 * The rate that card and reader shall go on with. @plain: a faster one was tried, and failed.
 * At the levels of APDUs PPS is the reader's; one that does not say so stays at the default.
 */
static u8 wanted_rate(const struct ccid_reader *reader, const struct atr *atr, bool plain)
{
	if (atr->specific)
		return atr->mode & 0x10 ? ATR_DEFAULT_RATE : atr->rate;
	if (plain || (reader->level != CCID_LEVEL_TPDU && !reader_does(reader, CCID_AUTO_PPS)))
		return ATR_DEFAULT_RATE;
	return ccid_rate_choose(&reader->desc, atr->rate);
}

/* Ask the card for T=0 at *@rate, which becomes what it agreed to. -EAGAIN: it did not. */
static int exchange_pps(struct ccid_slot *slot, u8 *rate, unsigned long deadline)
{
	u8 pps[PPS_MAX];
	const struct ccid_request request = {
		.type = CCID_XFR_BLOCK,
		.answer = CCID_DATA_BLOCK,
		.data = pps,
		.len = pps_request(0, *rate, pps),
	};
	struct ccid_answer answer;
	int r = ccid_block(slot, &request, deadline, &answer);

	if (r == -ENODEV || r == -ENOMEDIUM)
		return r;
	if (r || pps_check(pps, answer.data, answer.len, rate))
		return -EAGAIN;
	return 0;
}

/* Readers may lack this command: at the default rate they have nothing to be told. */
static int set_parameters(struct ccid_slot *slot, const struct atr *atr, u8 rate,
			  unsigned long deadline)
{
	u8 parameters[CCID_PARAMETERS_T0_SIZE];
	const struct ccid_request request = {
		.type = CCID_SET_PARAMETERS,
		.answer = CCID_PARAMETERS,
		.specific = { CCID_PARAMETERS_T0, 0, 0 },
		.data = parameters,
		.len = sizeof(parameters),
	};
	struct ccid_answer answer;
	int r;

	ccid_parameters_t0(atr, rate, parameters);
	r = ccid_command(slot, &request, deadline, &answer);
	if (r == -EREMOTEIO) {
		if (answer.icc == CCID_ICC_ABSENT)
			return -ENOMEDIUM;
		return rate == ATR_DEFAULT_RATE ? 0 : -EAGAIN;
	}
	if (r == -ETIMEDOUT || r == -EIO)
		ccid_recover(slot);
	return r;
}

/* Which protocol a reader that does it all has chosen; some answer without the parameters. */
static int ask_protocol(struct ccid_slot *slot, u8 *protocol, unsigned long deadline)
{
	const struct ccid_request request = {
		.type = CCID_GET_PARAMETERS, .answer = CCID_PARAMETERS,
	};
	struct ccid_answer answer;
	int r = ccid_command(slot, &request, deadline, &answer);

	if (r == -ETIMEDOUT || r == -EIO)
		ccid_recover(slot);
	if (r && r != -EREMOTEIO)
		return r;
	if (!r && answer.specific <= CCID_PARAMETERS_T1)
		*protocol = answer.specific;
	return 0;
}

static int refuse(struct ccid_slot *slot, const char *why)
{
	dev_err_ratelimited(&slot->reader->intf->dev, "slot %u: %s\n", slot->index, why);
	return -EIO;
}

/* The reader has done it all; what is left is to know the protocol. */
static int set_up_by_reader(struct ccid_slot *slot, const struct atr *atr, unsigned long deadline)
{
	u8 protocol = atr->first_protocol;
	int r = 0;

	if (slot->reader->desc.protocols & CCID_PROTOCOL_T1 && atr->protocols & 2)
		r = ask_protocol(slot, &protocol, deadline);
	if (r)
		return r;
	if (protocol != 0 && slot->reader->level == CCID_LEVEL_TPDU)
		return refuse(slot, "the reader chose T=1: use usbccid through /dev/euicc-proxy");
	euicc_set_protocol(slot->edev, protocol == 0 ? EUICC_PROTOCOL_T0 :
			   protocol == 1 ? EUICC_PROTOCOL_T1 : EUICC_PROTOCOL_NONE);
	return 0;
}

static int set_up_by_us(struct ccid_slot *slot, const struct atr *atr, bool plain,
			unsigned long deadline)
{
	const struct ccid_reader *reader = slot->reader;
	bool pps = reader->level == CCID_LEVEL_TPDU && !reader_does(reader, CCID_AUTO_PPS) &&
		   !atr->specific && !plain;
	u8 rate = wanted_rate(reader, atr, plain);
	int r;

	if (!(atr->protocols & 1) || (atr->specific && atr->mode & 0x0F))
		return refuse(slot, "the card has no T=0: use usbccid through /dev/euicc-proxy");
	/* Without PPS a card goes on with the first protocol that it offered. */
	if (plain && atr->first_protocol != 0 && !atr->specific)
		return refuse(slot, "the card does not go from its first protocol to T=0");
	if (pps && (rate != ATR_DEFAULT_RATE || atr->first_protocol != 0)) {
		r = exchange_pps(slot, &rate, deadline);
		if (r)
			return r;
	}
	r = set_parameters(slot, atr, rate, deadline);
	if (r)
		return r;
	euicc_set_protocol(slot->edev, EUICC_PROTOCOL_T0);
	return 0;
}

/*
 * @plain: no PPS, default rate. -EAGAIN: switch the card off and on, and come back with @plain;
 * -ENOMEDIUM; -EIO; -ETIMEDOUT; -ECANCELED; -ENODEV.
 */
int ccid_session_set_up(struct ccid_slot *slot, const u8 *atr, size_t len, bool plain,
			unsigned long deadline)
{
	const struct ccid_reader *reader = slot->reader;
	struct atr parsed;
	int r = atr_parse(atr, len, &parsed);

	if (r) {
		/* The reader understood it, or it would not have got this far. */
		if (reader_does(reader, CCID_AUTO_PARAMETERS))
			return 0;
		return refuse(slot, "the answer to reset is malformed");
	}
	if (reader_does(reader, CCID_AUTO_PARAMETERS))
		return set_up_by_reader(slot, &parsed, deadline);
	r = set_up_by_us(slot, &parsed, plain, deadline);
	return r == -EAGAIN && plain ? -EIO : r;
}
