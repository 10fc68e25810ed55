/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The rungs of the ladder (esim/modem.h) as QMI has them. */
#include "answers.h"

#define ON_TRIES 3
#define MODE_SET 0x01			/* Set Operating Mode: u8 */
#define POWER_SLOT 0x01			/* Power Off SIM, Power On SIM: u8, logical */

/* --- the card off and on ----------------------------------------------------------------------------------- */

static int power(struct qmi *qmi, uint16_t id, const char *what, unsigned timeout_ms, struct esim_error *err)
{
	QmiMessage *request = qmi_uim_request(qmi, id), *answer = NULL;
	int r;

	qmi_put_u8(request, POWER_SLOT, (uint8_t)qmi->logical);
	r = qmi_exchange(qmi, what, request, timeout_ms, &answer, err);
	if (r)
		return r;
	/* It is so already. */
	if (qmi_answer_error(answer) != QMI_PROTOCOL_ERROR_NO_EFFECT)
		r = qmi_answer_result(answer, what, err);
	qmi_message_unref(answer);
	return r;
}

/* Whoever cancels now does not want to be left without a card. */
static int power_on(struct qmi *qmi, unsigned timeout_ms, struct esim_error *err)
{
	const struct esim_cancel *cancel = qmi->call.cancel;
	int r = ESIM_EIO;

	qmi->call.cancel = NULL;
	for (int i = 0; i < ON_TRIES && r && r != ESIM_ENODEV; i++)
		r = power(qmi, QMI_UIM_POWER_ON, "power on SIM", timeout_ms, err);
	qmi->call.cancel = cancel;
	if (r && r != ESIM_ENODEV)
		esim_error_advise(err, "The card is without power now: reset the modem.");
	return r;
}

/* After a failure that says nothing of the card, it is on again all the same. */
static int power_cycle(struct qmi *qmi, unsigned timeout_ms, struct esim_error *err)
{
	int r = power(qmi, QMI_UIM_POWER_OFF, "power off SIM", timeout_ms, err), on;

	if (r == ESIM_ENOTSUP || r == ESIM_ENODEV)
		return r;
	on = power_on(qmi, timeout_ms, r ? NULL : err);
	return r ? r : on;
}

int qmi_reset(void *priv, enum esim_reset kind, struct esim_error *err)
{
	(void)kind;
	return qmi_step(priv, ESIM_MODEM_UIM_POWER, QMI_TIMEOUT_MS, err);
}

/* --- operating modes ------------------------------------------------------------------------------------------ */

static int set_mode(struct qmi *qmi, QmiDmsOperatingMode mode, const char *what, unsigned timeout_ms,
		    struct esim_error *err)
{
	QmiMessage *request = qmi_dms_request(qmi, QMI_DMS_SET_MODE);

	qmi_put_u8(request, MODE_SET, (uint8_t)mode);
	return qmi_command(qmi, what, request, timeout_ms, err);
}

static int read_mode(struct qmi *qmi, unsigned timeout_ms, QmiDmsOperatingMode *ret, struct esim_error *err)
{
	QmiMessage *answer = NULL;
	int r = qmi_exchange(qmi, "operating mode", qmi_dms_request(qmi, QMI_DMS_GET_MODE), timeout_ms, &answer, err);

	if (r)
		return r;
	r = qmi_answer_mode(answer, ret, err);
	qmi_message_unref(answer);
	return r;
}

static int online(struct qmi *qmi, unsigned timeout_ms, struct esim_error *err)
{
	const struct esim_cancel *cancel = qmi->call.cancel;
	int r = ESIM_EIO;

	/* Whoever cancels now does not want to be left without a network. */
	qmi->call.cancel = NULL;
	for (int i = 0; i < ON_TRIES && r && r != ESIM_ENODEV; i++)
		r = set_mode(qmi, QMI_DMS_OPERATING_MODE_ONLINE, "operating mode online", timeout_ms, err);
	qmi->call.cancel = cancel;
	if (r && r != ESIM_ENODEV)
		esim_error_advise(err, "The radio is off now: switch airplane mode off.");
	return r;
}

static int airplane(struct qmi *qmi, unsigned timeout_ms, struct esim_error *err)
{
	QmiDmsOperatingMode mode = QMI_DMS_OPERATING_MODE_UNKNOWN;
	int r = read_mode(qmi, timeout_ms, &mode, err), on;

	if (r)
		return r;
	if (mode != QMI_DMS_OPERATING_MODE_ONLINE)
		return esim_error_set(err, ESIM_ENOTSUP, "the radio is off already, and stays as its user wants it");
	r = set_mode(qmi, QMI_DMS_OPERATING_MODE_LOW_POWER, "operating mode low power", timeout_ms, err);
	if (r == ESIM_ENODEV || r == ESIM_ENOTSUP)
		return r;
	on = online(qmi, timeout_ms, r ? NULL : err);
	return r ? r : on;
}

/* That the modem is gone before it answers is what was asked for. */
static int as_asked(int code, struct esim_error *err)
{
	if (code != ESIM_ENODEV || err->outcome != ESIM_OUTCOME_UNKNOWN)
		return code;
	esim_error_clear(err);
	return 0;
}

/* A modem resets itself from offline alone. One that does not know offline may know reset all the same. */
static int device_reset(struct qmi *qmi, unsigned timeout_ms, struct esim_error *err)
{
	QmiDmsOperatingMode before = QMI_DMS_OPERATING_MODE_ONLINE;
	int r, back;

	/* One that does not tell is taken for one whose radio is on. */
	read_mode(qmi, timeout_ms, &before, NULL);
	r = back = set_mode(qmi, QMI_DMS_OPERATING_MODE_OFFLINE, "operating mode offline", timeout_ms, err);
	if (r && !glib_call_can_do_without(r))
		return as_asked(r, err);
	r = as_asked(set_mode(qmi, QMI_DMS_OPERATING_MODE_RESET, "operating mode reset", timeout_ms, err), err);
	if (r && r != ESIM_ENODEV && !back && before == QMI_DMS_OPERATING_MODE_ONLINE)
		online(qmi, timeout_ms, NULL);
	return r;
}

/* --- together ------------------------------------------------------------------------------------------------------- */

static int take(struct qmi *qmi, enum esim_modem_step step, unsigned timeout_ms, struct esim_error *err)
{
	switch (step) {
	case ESIM_MODEM_UIM_POWER:
		return power_cycle(qmi, timeout_ms, err);
	case ESIM_MODEM_AIRPLANE:
		return airplane(qmi, timeout_ms, err);
	case ESIM_MODEM_RESET:
		return device_reset(qmi, timeout_ms, err);
	case ESIM_MODEM_REFRESH:
	case ESIM_MODEM_STEPS:
		break;
	}
	return esim_error_set(err, ESIM_EINVAL, "no step of a modem");
}

/* Airplane mode need not take the power from the card: of its channels only those are gone that were closed. */
int qmi_step(void *priv, enum esim_modem_step step, unsigned timeout_ms, struct esim_error *err)
{
	struct qmi *qmi = priv;
	struct esim_error cause;
	int r;

	esim_error_clear(&cause);
	qmi_channels_end(qmi, QMI_CLOSE_TIMEOUT_MS);
	qmi->call.news = FALSE;
	r = take(qmi, step, timeout_ms, &cause);
	if (!r && step != ESIM_MODEM_AIRPLANE)
		qmi_channels_gone(qmi);
	if (!r && qmi->quirks.settle_ms)
		r = glib_call_wait(&qmi->call, &qmi->call.removed, qmi->quirks.settle_ms, &cause);
	if (r && err)
		*err = cause;
	return r;
}
