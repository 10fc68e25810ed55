/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * An LPA whose card is in a virtual modem in this process, with no protocol between: what is tested is what libesim
 * does behind any modem. Card and profiles are vmodem_rig.h's; in no library, since the modem's room is linked by few.
 */
#ifndef UNIT_MODEM_LPA_RIG_H
#define UNIT_MODEM_LPA_RIG_H

#include "vmodem_rig.h"

#include <esim/lpa.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define GENERATION 8			/* bits of a handle below it */

static struct {
	/* what the test sets */
	struct esim_modem_policy policy;
	const char *imei;
	unsigned vanish_at, lose_at;	/* the call of that number, from 1: the modem restarts; the answer does not come */
	unsigned busy_opens;		/* so many channels are refused first, after a step */
	const char *cancel_in;		/* the step of the LPA's in which its user has had enough */

	/* what became of it */
	struct vrig rig;
	unsigned generation, calls, facts_asked;
	bool stepped;
	const struct esim_cancel *cancel_seen;
	struct esim_cancel *cancel;
	struct esim_card *card;
	struct lpa *lpa;
	struct esim_profile second;	/* VRIG_SECOND, as start() found it */
	unsigned notes;
	char last_note[320];
} way;

/* --- the transport ----------------------------------------------------------------------------- */

static int begin_call(struct esim_error *err)
{
	way.calls++;
	if (way.cancel_seen && esim_cancel_triggered(way.cancel_seen))
		return esim_error_set(err, ESIM_ECANCELED, "cancelled");
	if (way.calls == way.vanish_at)
		vmodem_restart(way.rig.modem);
	if (vmodem_bus(way.rig.modem) == VMODEM_BUS_THERE)
		return 0;
	esim_error_set(err, ESIM_ENODEV, "the modem left the bus");
	return esim_error_outcome(err, ESIM_ENODEV, ESIM_OUTCOME_NEVER_SENT);
}

/* The modem has done it; does its answer come? */
static int end_call(struct esim_error *err)
{
	if (way.calls != way.lose_at)
		return 0;
	esim_error_set(err, ESIM_ETIMEDOUT, "no answer");
	return esim_error_outcome(err, ESIM_ETIMEDOUT, ESIM_OUTCOME_UNKNOWN);
}

static void way_close(void *priv)
{
	(void)priv;
}

static void way_describe(void *priv, struct esim_transport_info *ret)
{
	(void)priv;
	snprintf(ret->scheme, sizeof(ret->scheme), "direct");
	ret->features = ESIM_TRANSPORT_OWNED | ESIM_TRANSPORT_RESET | ESIM_TRANSPORT_CASE4;
}

static int way_open(void *priv, unsigned port, struct esim_slice aid, uint8_t p2, uint32_t *ret_handle,
		    struct esim_buf *fci, unsigned timeout_ms, struct esim_error *err)
{
	int r = begin_call(err);
	unsigned channel;
	uint16_t sw = 0;

	(void)priv;
	(void)port;
	(void)timeout_ms;
	if (r)
		return r;
	if (way.stepped && way.busy_opens && way.busy_opens--)
		return esim_error_set(err, ESIM_EBUSY, "not ready");
	r = vmodem_channel_open(way.rig.modem, aid, p2, &channel, fci, &sw);
	if (r)
		return esim_error_set(err, r, "the modem refuses a channel");
	if (sw != 0x9000)
		return esim_error_sw(err, "SELECT", sw);
	*ret_handle = way.generation << GENERATION | channel;
	r = end_call(err);
	/* As a transport does, which knows that it may be open. */
	if (r)
		vmodem_channel_close(way.rig.modem, channel);
	return r;
}

static int way_transmit(void *priv, uint32_t handle, struct esim_slice command, struct esim_buf *response,
			unsigned timeout_ms, struct esim_error *err)
{
	int r = begin_call(err);

	(void)priv;
	(void)timeout_ms;
	if (r)
		return r;
	r = handle >> GENERATION == way.generation ?
		    vmodem_transmit(way.rig.modem, handle & ((1u << GENERATION) - 1), command, response) : ESIM_ENOENT;
	if (r == ESIM_ENOENT)
		return esim_error_set(err, ESIM_ESTALE, "the channel is gone");
	return r ? esim_error_set(err, r, "no card") : end_call(err);
}

static void way_channel_close(void *priv, uint32_t handle)
{
	(void)priv;
	if (handle >> GENERATION == way.generation && vmodem_bus(way.rig.modem) == VMODEM_BUS_THERE)
		vmodem_channel_close(way.rig.modem, handle & ((1u << GENERATION) - 1));
}

static void power_cycle(void)
{
	vmodem_uim_power(way.rig.modem, 0, false);
	vmodem_uim_power(way.rig.modem, 0, true);
}

static int way_reset(void *priv, enum esim_reset kind, struct esim_error *err)
{
	int r = begin_call(err);

	(void)priv;
	(void)kind;
	if (r)
		return r;
	power_cycle();
	way.generation++;
	return end_call(err);
}

static void way_set_cancel(void *priv, const struct esim_cancel *cancel)
{
	(void)priv;
	way.cancel_seen = cancel;
}

/* --- the modem ------------------------------------------------------------------------------------ */

static int way_facts(void *priv, struct esim_modem_facts *ret, struct esim_error *err)
{
	int r = begin_call(err);

	(void)priv;
	way.facts_asked++;
	if (r)
		return r;
	if (way.imei)
		snprintf(ret->imei, sizeof(ret->imei), "%s", way.imei);
	ret->eutran = 15;
	ret->form = ESIM_MODEM_FORM_REMOVABLE;
	return 0;
}

static void way_policy(void *priv, struct esim_modem_policy *ret)
{
	(void)priv;
	*ret = way.policy;
}

static int way_iccid(void *priv, struct esim_iccid *ret, unsigned timeout_ms, struct esim_error *err)
{
	int r = begin_call(err);

	(void)priv;
	(void)timeout_ms;
	if (r)
		return r;
	if (vmodem_card_state(way.rig.modem, 0) == VMODEM_CARD_NOT_READY)
		return esim_error_set(err, ESIM_EBUSY, "not ready");
	r = end_call(err);
	if (r)
		return r;
	return vmodem_iccid(way.rig.modem, ret) ? 0 : esim_error_set(err, ESIM_ENOENT, "no profile");
}

static int way_step(void *priv, enum esim_modem_step step, unsigned timeout_ms, struct esim_error *err)
{
	int r = begin_call(err);

	(void)priv;
	(void)timeout_ms;
	if (r)
		return r;
	way.generation++;
	way.stepped = true;
	if (step == ESIM_MODEM_UIM_POWER)
		power_cycle();
	if (step == ESIM_MODEM_AIRPLANE) {
		vmodem_set_radio(way.rig.modem, false);
		vmodem_set_radio(way.rig.modem, true);
	}
	if (step == ESIM_MODEM_RESET)
		vmodem_restart(way.rig.modem);
	return end_call(err);
}

/* This modem takes no time: whoever waits asks again at once, and ends by the time of its rung. */
static int way_wait(void *priv, unsigned timeout_ms, struct esim_error *err)
{
	(void)priv;
	(void)timeout_ms;
	return begin_call(err);
}

static int way_reopen(void *priv, unsigned timeout_ms, struct esim_error *err)
{
	(void)priv;
	(void)timeout_ms;
	way.calls++;
	if (way.cancel_seen && esim_cancel_triggered(way.cancel_seen))
		return esim_error_set(err, ESIM_ECANCELED, "cancelled");
	way.generation++;
	vmodem_arrived(way.rig.modem);
	return 0;
}

static const struct esim_modem_ops way_modem = {
	.facts = way_facts, .policy = way_policy, .iccid = way_iccid, .step = way_step, .wait = way_wait,
	.reopen = way_reopen,
};

static const struct esim_transport_ops way_ops = {
	.close = way_close, .describe = way_describe, .channel_open = way_open, .channel_transmit = way_transmit,
	.channel_close = way_channel_close, .reset = way_reset, .set_cancel = way_set_cancel, .modem = &way_modem,
};

/* --- the LPA ------------------------------------------------------------------------------------------ */

static void take_note(void *context, const char *sentence)
{
	(void)context;
	way.notes++;
	snprintf(way.last_note, sizeof(way.last_note), "%s", sentence);
}

static void take_progress(void *context, const struct lpa_progress *progress)
{
	(void)context;
	if (way.cancel_in && strcmp(progress->step, way.cancel_in) == 0)
		esim_cancel_trigger(way.cancel);
}

/* VRIG_FIRST or VRIG_SECOND as the card has it now. */
static struct esim_profile profile_of(const char *iccid)
{
	struct esim_profile *profiles = NULL, found = { .state = ESIM_PROFILE_DISABLED };
	struct esim_iccid wanted;
	struct esim_error err;
	size_t count = 0;

	ATF_REQUIRE_EQ(0, esim_iccid_parse(iccid, &wanted));
	ATF_REQUIRE_EQ_MSG(0, lpa_profiles(way.lpa, &profiles, &count, &err), "%s", err.message);
	for (size_t i = 0; i < count; i++)
		if (memcmp(&profiles[i].iccid, &wanted, sizeof(wanted)) == 0)
			found = (struct esim_profile){ .iccid = wanted, .isdp_aid = profiles[i].isdp_aid,
						       .state = profiles[i].state };
	es10c_profiles_free(&profiles, count);
	return found;
}

static bool is_enabled(const char *iccid)
{
	return profile_of(iccid).state == ESIM_PROFILE_ENABLED;
}

/* Once, before the first start(). */
static void make_card(void)
{
	vrig_card();
	ATF_REQUIRE_EQ(0, rename("card", "fresh"));
}

/* The card as it was made, in a modem with this habit (NULL: none). */
static void start(const char *quirk)
{
	static struct es10b_device_info device;
	struct lpa_options options = {
		.device = &device,
		.callbacks = { .note = take_note, .progress = take_progress },
	};
	struct esim_card_options card = { .basic_channel = false };
	struct esim_transport *transport;
	struct esim_error err;

	ATF_REQUIRE_EQ(0, system("rm -rf card && cp -r fresh card"));
	memset(&way, 0, sizeof(way));
	for (unsigned i = 0; i < ESIM_MODEM_STEPS; i++)
		way.policy.step_timeout_ms[i] = 100;
	vrig_open(&way.rig, 1, quirk);
	ATF_REQUIRE_EQ(0, esim_cancel_new(&way.cancel));
	ATF_REQUIRE_EQ(0, esim_transport_new(&way_ops, NULL, &transport));
	card.cancel = way.cancel;
	ATF_REQUIRE_EQ_MSG(0, esim_card_open(transport, &card, &way.card, &err), "%s", err.message);
	options.card = way.card;
	options.cancel = way.cancel;
	ATF_REQUIRE_EQ_MSG(0, lpa_new(&options, &way.lpa, &err), "%s", err.message);
	way.second = profile_of(VRIG_SECOND);
}

/* Nothing is left open in the modem, wherever it is now. */
static void stop(void)
{
	lpa_free(&way.lpa);
	esim_card_free(&way.card);
	ATF_CHECK_EQ(0, vmodem_channels_open(way.rig.modem));
	esim_cancel_free(&way.cancel);
	vrig_close(&way.rig);
}

#endif
