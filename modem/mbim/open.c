/* SPDX-License-Identifier: GPL-2.0-or-later */
/* From the URI to a modem that is ours, and back; and after it left the bus. */
#include "answers.h"
#include "capability.h"

#include "libesim/src/deadline.h"

#include <stdlib.h>
#include <string.h>

#define AGAIN_MS 250u

/* --- the card ------------------------------------------------------------------------------------------------ */

/* A modem that tells no ATR may be used all the same; one without a card may not. */
static int read_atr(struct mbim *mbim, struct esim_error *err)
{
	MbimMessage *answer = NULL;
	int r;

	mbim->atr_len = 0;
	if (!(mbim->services & MBIM_HAS_ATR))
		return 0;
	r = mbim_exchange(mbim, "ATR", mbim_message_ms_uicc_low_level_access_atr_query_new(NULL), MBIM_TIMEOUT_MS, &answer,
			  err);
	if (!r) {
		r = mbim_answer_atr(answer, mbim->atr, &mbim->atr_len, err);
		mbim_message_unref(answer);
	}
	return r && glib_call_can_do_without(r) ? 0 : r;
}

/* --- opening --------------------------------------------------------------------------------------------------- */

static int own(struct mbim *mbim, struct journal_channel left[static JOURNAL_MAX_CHANNELS], size_t *count,
	       struct esim_error *err)
{
	int r = modem_identity_of(mbim->address.path, &mbim->identity, err);

	if (r)
		return r;
	r = quirks_load_of(&mbim->identity, QUIRK_MBIM, "", &mbim->quirks, err);
	return r ? r : journal_open(&mbim->identity, &mbim->journal, left, count, err);
}

/* The modem as it is to be, once its port is open and nothing of a former owner is in it. */
static int arrange(struct mbim *mbim, struct esim_error *err)
{
	int r = mbim_news_subscribe(mbim, err);

	if (!r)
		r = mbim_slot_take(mbim, err);
	if (!r)
		r = mbim_capability_tell(mbim, err);
	return r ? r : read_atr(mbim, err);
}

static int begin(struct mbim *mbim, const struct journal_channel *left, size_t count, struct esim_error *err)
{
	int r = mbim_port_open(mbim, err);

	if (!r)
		r = mbim_facts_read(mbim, err);
	if (!r)
		r = mbim_channels_clean(mbim, left, count, err);
	return r ? r : arrange(mbim, err);
}

int mbim_open(const char *rest, const struct esim_cancel *cancel, const struct esim_transport_ops **ret_ops, void **ret_priv,
	      struct esim_error *err)
{
	struct journal_channel left[JOURNAL_MAX_CHANNELS];
	struct mbim *mbim = calloc(1, sizeof(*mbim));
	size_t count = 0;
	int r;

	if (!mbim)
		return esim_error_set(err, ESIM_ENOMEM, "out of memory");
	glib_call_init(&mbim->call, "mbim-proxy", cancel);
	r = modem_address_parse("mbim", rest, false, true, &mbim->address, err);
	if (!r)
		r = own(mbim, left, &count, err);
	if (!r)
		r = begin(mbim, left, count, err);
	mbim->call.cancel = NULL;
	if (r) {
		mbim_close(mbim);
		return r;
	}
	*ret_ops = &mbim_transport_ops;
	*ret_priv = mbim;
	return 0;
}

void mbim_close(void *priv)
{
	struct mbim *mbim = priv;

	if (mbim->device) {
		mbim_channels_end(mbim, MBIM_END_TIMEOUT_MS);
		mbim_slot_restore(mbim);
		mbim_port_close(mbim);
	}
	if (mbim->journal)
		journal_close(&mbim->journal);
	glib_call_clear(&mbim->call);
	free(mbim);
}

/* --- opening again ------------------------------------------------------------------------------------------------ */

/* Where the proxy left and not the modem, its channels are still open: ours are closed by their groups. */
static int forget_channels(struct mbim *mbim, const struct modem_identity *before, struct esim_error *err)
{
	struct journal_channel left[CHANNELS_MAX + 1];
	size_t count = 0;

	if (!modem_identity_same(before, &mbim->identity)) {
		mbim_channels_gone(mbim);
		return 0;
	}
	count = mbim_channels_known(mbim, left);
	channels_stale(&mbim->channels);
	return mbim_channels_clean(mbim, left, count, err);
}

/* It is at its place again, but it or the proxy may still be at their beginnings. */
static int open_port_again(struct mbim *mbim, uint64_t deadline, struct esim_error *err)
{
	int r, waited;

	for (;;) {
		r = modem_identity_wait(&mbim->identity, mbim->call.cancel, (unsigned)deadline_left_ms(deadline), err);
		if (!r)
			r = mbim_port_open(mbim, err);
		if (!r || r == ESIM_ECANCELED || deadline_left_ms(deadline) == 0)
			return r;
		waited = glib_call_wait(&mbim->call, NULL, AGAIN_MS, err);
		if (waited)
			return waited;
	}
}

int mbim_reopen(void *priv, unsigned timeout_ms, struct esim_error *err)
{
	struct mbim *mbim = priv;
	struct modem_identity before = mbim->identity;
	int r;

	mbim_port_close(mbim);
	r = open_port_again(mbim, deadline_in(timeout_ms), err);
	if (!r)
		r = mbim_facts_read(mbim, err);
	if (!r)
		r = forget_channels(mbim, &before, err);
	return r ? r : arrange(mbim, err);
}
