/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What a modem says in place of an answer: the result TLV of every response, and its errors. */
#include "answers.h"

#define TLV_RESULT 0x02			/* result (u16, 0: success), error (u16) */

struct cause {
	uint32_t number;
	int code;
	const char *text;
	const char *advice;		/* NULL: none */
};

static const char busy_advice[] = "Try again in a moment; a modem that stays so needs a reset.";

static const struct cause causes[] = {
	{ QMI_PROTOCOL_ERROR_MALFORMED_MESSAGE, ESIM_EIO, "it does not understand the message", NULL },
	{ QMI_PROTOCOL_ERROR_NO_MEMORY, ESIM_EBUSY, "it has no memory left", busy_advice },
	{ QMI_PROTOCOL_ERROR_INTERNAL, ESIM_EIO, "it failed, and does not say why", NULL },
	{ QMI_PROTOCOL_ERROR_ABORTED, ESIM_EIO, "it dropped the message", NULL },
	{ QMI_PROTOCOL_ERROR_CLIENT_IDS_EXHAUSTED, ESIM_EBUSY, "it has no place for another client",
	  "Programs that died have left their clients in it: reset the modem." },
	{ QMI_PROTOCOL_ERROR_INVALID_CLIENT_ID, ESIM_ENODEV, "it began anew and knows this client no more", "Begin anew." },
	{ QMI_PROTOCOL_ERROR_INVALID_HANDLE, ESIM_ESTALE, "it knows no such channel", "Begin anew." },
	{ QMI_PROTOCOL_ERROR_DEVICE_IN_USE, ESIM_EBUSY, "it is busy", busy_advice },
	{ QMI_PROTOCOL_ERROR_DEVICE_UNSUPPORTED, ESIM_ENOTSUP, "its firmware cannot do this", NULL },
	{ QMI_PROTOCOL_ERROR_NO_EFFECT, ESIM_EIO, "this changes nothing", NULL },
	{ QMI_PROTOCOL_ERROR_UIM_UNINITIALIZED, ESIM_EBUSY, "it is still reading its card", busy_advice },
	{ QMI_PROTOCOL_ERROR_INVALID_ARGUMENT, ESIM_EIO, "it refuses a parameter", NULL },
	{ QMI_PROTOCOL_ERROR_DEVICE_NOT_READY, ESIM_EBUSY, "it is not ready yet", busy_advice },
	{ QMI_PROTOCOL_ERROR_INVALID_TRANSITION, ESIM_EIO, "it cannot do this in the state that it is in", NULL },
	{ QMI_PROTOCOL_ERROR_INSUFFICIENT_RESOURCES, ESIM_EBUSY, "it has no room for this", busy_advice },
	{ QMI_PROTOCOL_ERROR_DISABLED, ESIM_ENOTSUP, "its firmware has this switched off", NULL },
	{ QMI_PROTOCOL_ERROR_INVALID_OPERATION, ESIM_ENOTSUP, "its firmware does not do this", NULL },
	{ QMI_PROTOCOL_ERROR_INVALID_QMI_COMMAND, ESIM_ENOTSUP, "its firmware has no such message", NULL },
	{ QMI_PROTOCOL_ERROR_INFORMATION_UNAVAILABLE, ESIM_ENOENT, "it does not know", NULL },
	{ QMI_PROTOCOL_ERROR_SIM_FILE_NOT_FOUND, ESIM_ENOENT, "the card has no such file", NULL },
	{ QMI_PROTOCOL_ERROR_ACCESS_DENIED, ESIM_ENOTSUP, "its firmware does not allow this", NULL },
	{ QMI_PROTOCOL_ERROR_INCOMPATIBLE_STATE, ESIM_EBUSY, "it cannot do this now", busy_advice },
	{ QMI_PROTOCOL_ERROR_NOT_SUPPORTED, ESIM_ENOTSUP, "its firmware cannot do this", NULL },
	{ QMI_PROTOCOL_ERROR_NO_SIM, ESIM_ENODEV, "no card is in its slot", "Is it the right slot? See ?slot=N." },
};

static const struct cause *find(uint32_t number)
{
	for (size_t i = 0; i < G_N_ELEMENTS(causes); i++)
		if (causes[i].number == number)
			return &causes[i];
	return NULL;
}

int qmi_error_failed(struct esim_error *err, const char *what, uint32_t error)
{
	const struct cause *cause = find(error);
	const char *name = qmi_protocol_error_get_string((QmiProtocolError)error);

	esim_error_set(err, cause ? cause->code : ESIM_EIO, "%s: the modem answers %s (QMI error %u): %s", what,
		       name ? name : "what has no name", error, cause ? cause->text : "it does not say more");
	if (cause && cause->advice)
		esim_error_advise(err, "%s", cause->advice);
	return cause ? cause->code : ESIM_EIO;
}

int qmi_malformed(struct esim_error *err, const char *what)
{
	return esim_error_set(err, ESIM_EPROTO, "%s: the modem's answer is malformed", what);
}

int qmi_answer_fits(QmiMessage *answer, const char *what, QmiService service, uint16_t id, struct esim_error *err)
{
	if (!qmi_message_is_response(answer))
		return esim_error_set(err, ESIM_EPROTO, "%s: the modem's answer is none to a request", what);
	if (qmi_message_get_service(answer) != service || qmi_message_get_message_id(answer) != id)
		return esim_error_set(err, ESIM_EPROTO, "%s: the modem answers another request", what);
	return 0;
}

uint32_t qmi_answer_error(QmiMessage *answer)
{
	struct qmi_tlv tlv = qmi_tlv_of(answer, TLV_RESULT);
	uint16_t result = qmi_tlv_u16(&tlv), error = qmi_tlv_u16(&tlv);

	if (tlv.bad)
		return UINT32_MAX;
	return result ? error : 0;
}

int qmi_answer_result(QmiMessage *answer, const char *what, struct esim_error *err)
{
	uint32_t error = qmi_answer_error(answer);

	if (error == UINT32_MAX)
		return qmi_malformed(err, what);
	return error ? qmi_error_failed(err, what, error) : 0;
}

uint16_t qmi_answer_sw(QmiMessage *answer, uint8_t type)
{
	struct qmi_tlv tlv = qmi_tlv_of(answer, type);
	uint8_t sw1 = qmi_tlv_u8(&tlv), sw2 = qmi_tlv_u8(&tlv);

	return (uint16_t)(tlv.bad ? 0 : sw1 << 8 | sw2);
}
