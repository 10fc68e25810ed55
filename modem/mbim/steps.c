/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The rungs of the ladder (esim/modem.h) as MBIM has them. */
#include "answers.h"

#define RADIO_ON_TRIES 3

/* --- the card off and on --------------------------------------------------------------------------------- */

/* Not into pass-through: the modem is to use the card as before. */
static int uicc_reset(struct mbim *mbim, unsigned timeout_ms, struct esim_error *err)
{
	MbimMessage *answer = NULL;
	int r;

	if (!(mbim->services & MBIM_HAS_RESET))
		return esim_error_set(err, ESIM_ENOTSUP, "the modem's firmware cannot reset its card over MBIM");
	r = mbim_exchange(mbim, "UICC reset", mbim_message_ms_uicc_low_level_access_reset_set_new(
						 MBIM_UICC_PASS_THROUGH_ACTION_DISABLE, NULL), timeout_ms, &answer, err);
	if (r)
		return r;
	r = mbim_answer_uicc_reset(answer, err);
	mbim_message_unref(answer);
	return r;
}

int mbim_reset(void *priv, enum esim_reset kind, struct esim_error *err)
{
	(void)kind;
	return mbim_step(priv, ESIM_MODEM_UIM_POWER, MBIM_TIMEOUT_MS, err);
}

/* --- the radio ------------------------------------------------------------------------------------------------- */

static int radio(struct mbim *mbim, MbimMessage *request, unsigned timeout_ms, bool *ret_hardware, bool *ret_software,
		 struct esim_error *err)
{
	MbimMessage *answer = NULL;
	int r = mbim_exchange(mbim, "radio state", request, timeout_ms, &answer, err);

	if (r)
		return r;
	r = mbim_answer_radio(answer, ret_hardware, ret_software, err);
	mbim_message_unref(answer);
	return r;
}

static int radio_on(struct mbim *mbim, unsigned timeout_ms, struct esim_error *err)
{
	const struct esim_cancel *cancel = mbim->call.cancel;
	bool hardware, software = false;
	int r = ESIM_EIO;

	/* Whoever cancels now does not want to be left without a network. */
	mbim->call.cancel = NULL;
	for (int i = 0; i < RADIO_ON_TRIES && r && !mbim->call.removed; i++)
		r = radio(mbim, mbim_message_radio_state_set_new(MBIM_RADIO_SWITCH_STATE_ON, NULL), timeout_ms, &hardware,
			  &software, err);
	mbim->call.cancel = cancel;
	if (r)
		esim_error_advise(err, "The radio is off now: switch airplane mode off.");
	return r;
}

static int airplane(struct mbim *mbim, unsigned timeout_ms, struct esim_error *err)
{
	bool hardware = false, software = false;
	int r, on;

	r = radio(mbim, mbim_message_radio_state_query_new(NULL), timeout_ms, &hardware, &software, err);
	if (r)
		return r;
	if (!hardware || !software)
		return esim_error_set(err, ESIM_ENOTSUP, "the radio is off already, and stays as its user wants it");
	r = radio(mbim, mbim_message_radio_state_set_new(MBIM_RADIO_SWITCH_STATE_OFF, NULL), timeout_ms, &hardware,
		  &software, err);
	on = radio_on(mbim, timeout_ms, r ? NULL : err);
	return r ? r : on;
}

/* --- the modem itself -------------------------------------------------------------------------------------------- */

/* libmbim has no message for it. That the modem is gone before it answers is what was asked for. */
static int device_reset(struct mbim *mbim, unsigned timeout_ms, struct esim_error *err)
{
	MbimMessage *answer = NULL;
	int r;

	if (!(mbim->services & MBIM_HAS_DEVICE_RESET))
		return esim_error_set(err, ESIM_ENOTSUP, "the modem's firmware cannot be reset over MBIM");
	r = mbim_exchange(mbim, "modem reset",
			  mbim_message_command_new(0, MBIM_SERVICE_MS_BASIC_CONNECT_EXTENSIONS,
						   MBIM_CID_MS_BASIC_CONNECT_EXTENSIONS_DEVICE_RESET,
						   MBIM_MESSAGE_COMMAND_TYPE_SET), timeout_ms, &answer, err);
	if (r == ESIM_ENODEV && err && err->outcome == ESIM_OUTCOME_UNKNOWN) {
		esim_error_clear(err);
		return 0;
	}
	if (r)
		return r;
	r = mbim_answer_device_reset(answer, err);
	mbim_message_unref(answer);
	return r;
}

/* --- together -------------------------------------------------------------------------------------------------------- */

static int take(struct mbim *mbim, enum esim_modem_step step, unsigned timeout_ms, struct esim_error *err)
{
	switch (step) {
	case ESIM_MODEM_UIM_POWER:
		return uicc_reset(mbim, timeout_ms, err);
	case ESIM_MODEM_AIRPLANE:
		return airplane(mbim, timeout_ms, err);
	case ESIM_MODEM_RESET:
		return device_reset(mbim, timeout_ms, err);
	case ESIM_MODEM_REFRESH:
	case ESIM_MODEM_STEPS:
		break;
	}
	return esim_error_set(err, ESIM_EINVAL, "no step of a modem");
}

/* Airplane mode need not take the power from the card: of its channels only those are gone that were closed. */
int mbim_step(void *priv, enum esim_modem_step step, unsigned timeout_ms, struct esim_error *err)
{
	struct mbim *mbim = priv;
	struct esim_error cause;
	int r;

	esim_error_clear(&cause);
	mbim_channels_end(mbim, MBIM_CLOSE_TIMEOUT_MS);
	mbim->call.news = FALSE;
	r = take(mbim, step, timeout_ms, &cause);
	if (!r && step != ESIM_MODEM_AIRPLANE)
		mbim_channels_gone(mbim);
	if (!r && mbim->quirks.settle_ms)
		r = glib_call_wait(&mbim->call, &mbim->call.removed, mbim->quirks.settle_ms, &cause);
	if (r && err)
		*err = cause;
	return r;
}
