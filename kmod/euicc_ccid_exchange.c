// SPDX-License-Identifier: GPL-2.0-only
/* A command APDU and its answer, as the level of the reader wants it. */
#include "euicc_ccid.h"

/* An answer that is put together from blocks. */
struct gathered {
	struct euicc_response *response;
	size_t len;
	bool begun;
};

static int gather(struct gathered *all, const struct ccid_answer *answer)
{
	if (answer->len > all->response->size - all->len)
		return -EIO;
	memcpy(all->response->data + all->len, answer->data, answer->len);
	all->len += answer->len;
	return 0;
}

/* What the reader says of a block that failed. It went out: whether the card saw it is unknown. */
static int block_error(struct ccid_slot *slot, const struct ccid_answer *answer)
{
	dev_dbg(&slot->reader->intf->dev, "slot %u: %s\n", slot->index,
		ccid_error_name(answer->error));
	if (answer->icc == CCID_ICC_ABSENT)
		return -ENOMEDIUM;
	return answer->error == CCID_ERROR_MUTE ? -ETIMEDOUT : -EIO;
}

/* One XfrBlock. Errors as ccid_command(), -EREMOTEIO translated. */
int ccid_block(struct ccid_slot *slot, const struct ccid_request *block, unsigned long deadline,
	       struct ccid_answer *answer)
{
	int r = ccid_command(slot, block, deadline, answer);

	if (r == -EREMOTEIO && answer->error != CCID_ERROR_SLOT_BUSY)
		return block_error(slot, answer);
	if (r == -EREMOTEIO)
		r = -EIO;
	if (r == -ETIMEDOUT || r == -EIO || r == -ENODEV)
		ccid_recover(slot);
	return r;
}

static struct ccid_request xfr_block(const u8 *data, size_t len, u8 level_parameter)
{
	return (struct ccid_request){
		.type = CCID_XFR_BLOCK,
		.answer = CCID_DATA_BLOCK,
		.specific = { 0, level_parameter, 0 },
		.data = data,
		.len = len,
	};
}

/* T=0 TPDU and short APDU level: one block each way. */
static int exchange_block(struct ccid_slot *slot, const u8 *command, size_t len, bool pad,
			  struct gathered *all, unsigned long deadline)
{
	struct ccid_request request = xfr_block(command, len, CCID_CHAIN_WHOLE);
	struct ccid_answer answer;
	int r;

	request.pad = pad;
	r = ccid_block(slot, &request, deadline, &answer);
	return r ? r : gather(all, &answer);
}

/* Extended APDU level: the command in blocks that the reader has room for, then the answer. */
static int exchange_chained(struct ccid_slot *slot, const u8 *command, size_t len,
			    struct gathered *all, unsigned long deadline)
{
	enum ccid_chain chain = CCID_CHAIN_SEND;
	struct ccid_request request;
	struct ccid_answer answer;
	size_t sent = 0, part;
	u8 parameter;
	int r;

	while (chain != CCID_CHAIN_DONE) {
		part = 0;
		parameter = CCID_CHAIN_NEXT;
		if (chain == CCID_CHAIN_SEND)
			parameter = ccid_chain_out(len, sent, slot->reader->payload_max, &part);
		request = xfr_block(command + sent, part, parameter);
		r = ccid_block(slot, &request, deadline, &answer);
		/* The first blocks went out, or the card has the whole command already. */
		if (r == -ECANCELED && sent)
			return -EIO;
		if (r)
			return r;
		sent += part;
		chain = ccid_chain_in(answer.specific, answer.len, sent == len, all->begun);
		if (chain == CCID_CHAIN_BAD || gather(all, &answer)) {
			ccid_recover(slot);
			return -EIO;
		}
		all->begun = chain == CCID_CHAIN_MORE;
	}
	return 0;
}

/* What can go out at all; the rest is refused before anything does. */
static int prepare(const struct ccid_reader *reader, const u8 *command, size_t *len, bool *pad)
{
	enum ccid_apdu form = ccid_apdu_case(command, *len);

	*pad = false;
	if (reader->level == CCID_LEVEL_TPDU)
		return ccid_t0_tpdu(command, *len, len, pad);
	if (form == CCID_APDU_INVALID)
		return -EINVAL;
	if (form == CCID_APDU_EXTENDED && reader->level != CCID_LEVEL_EXTENDED_APDU)
		return -EOPNOTSUPP;
	return 0;
}

int ccid_exchange(struct euicc_device *edev, u32 channel, const u8 *command, size_t len,
		  struct euicc_response *response, unsigned long timeout)
{
	struct ccid_slot *slot = euicc_priv(edev);
	struct ccid_reader *reader = slot->reader;
	struct gathered all = { .response = response };
	unsigned long deadline = jiffies + timeout;
	bool pad;
	int r;

	if (prepare(reader, command, &len, &pad) || ccid_claim(reader, deadline))
		return -ECANCELED;
	if (!ccid_slot_active(slot))
		r = -ECANCELED;
	else if (reader->level == CCID_LEVEL_EXTENDED_APDU)
		r = exchange_chained(slot, command, len, &all, deadline);
	else
		r = exchange_block(slot, command, len, pad, &all, deadline);
	ccid_release(reader);
	if (r)
		return r;
	if (all.len < 2)
		return -EIO;
	response->len = all.len;
	return 0;
}
