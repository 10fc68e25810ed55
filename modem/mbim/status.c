/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What a modem says in place of an answer: statuses and protocol errors of MBIM 1.0 (9.4.5, 9.3.4), and Microsoft's. */
#include "answers.h"

#include <stddef.h>
#include <string.h>

struct cause {
	uint32_t number;
	const char *name;		/* as the specification has it, without its prefix */
	int code;
	const char *text;
	const char *advice;		/* NULL: none */
};

static const char busy_advice[] = "Try again in a moment; a modem that stays so needs a reset.";

static const struct cause statuses[] = {
	{ 1, "BUSY", ESIM_EBUSY, "it is busy", busy_advice },
	{ 2, "FAILURE", ESIM_EIO, "it failed, and does not say why", NULL },
	{ 3, "SIM_NOT_INSERTED", ESIM_ENODEV, "no card is in its slot", "Is it the right slot? See ?slot=N." },
	{ 4, "BAD_SIM", ESIM_ENODEV, "the card does not answer as one", NULL },
	{ 5, "PIN_REQUIRED", ESIM_EIO, "the card wants its PIN", NULL },
	{ 9, "NO_DEVICE_SUPPORT", ESIM_ENOTSUP, "its firmware cannot do this", NULL },
	{ 14, "NOT_INITIALIZED", ESIM_EBUSY, "it is not ready yet", busy_advice },
	{ 20, "RADIO_POWER_OFF", ESIM_EIO, "its radio is off", "Switch airplane mode off." },
	{ 21, "INVALID_PARAMETERS", ESIM_EIO, "it refuses the parameters", NULL },
	{ 22, "READ_FAILURE", ESIM_EIO, "it cannot read from the card", NULL },
	{ 23, "WRITE_FAILURE", ESIM_EIO, "it cannot write to the card", NULL },
	{ 26, "PARAMETER_TOO_LONG", ESIM_EIO, "a parameter is too long for it", NULL },
	{ 28, "OPERATION_NOT_ALLOWED", ESIM_ENOTSUP, "its firmware does not allow this", NULL },
	{ 34, "INVALID_DEVICE_SERVICE_OPERATION", ESIM_ENOTSUP, "its firmware has no such operation", NULL },
	{ MBIM_STATUS_NO_LOGICAL_CHANNELS, "MS_NO_LOGICAL_CHANNELS", ESIM_EBUSY, "no logical channel is free",
	  "Other programs hold them all: try again when one has ended, or reset the modem." },
	{ MBIM_STATUS_SELECT_FAILED, "MS_SELECT_FAILED", ESIM_ENOENT, "the card has no such application", NULL },
	{ MBIM_STATUS_INVALID_LOGICAL_CHANNEL, "MS_INVALID_LOGICAL_CHANNEL", ESIM_ESTALE, "the channel is gone",
	  "Begin anew." },
};

/* A session that the modem has lost is as if it had left: it is to be opened again. */
static const struct cause protocol_errors[] = {
	{ 1, "TIMEOUT_FRAGMENT", ESIM_EIO, "a part of the message did not reach it in time", NULL },
	{ 2, "FRAGMENT_OUT_OF_SEQUENCE", ESIM_EPROTO, "it got the parts of the message in disorder", NULL },
	{ 3, "LENGTH_MISMATCH", ESIM_EPROTO, "it finds the message's length wrong", NULL },
	{ 4, "DUPLICATED_TID", ESIM_EIO, "it takes the message for one that is under way", NULL },
	{ 5, "NOT_OPENED", ESIM_ENODEV, "it began anew and knows this session no more", "Begin anew." },
	{ 6, "UNKNOWN", ESIM_EIO, "it does not say why", NULL },
	{ 7, "CANCEL", ESIM_EIO, "it dropped the message", NULL },
	{ 8, "MAX_TRANSFER", ESIM_EIO, "the message is too long for it", NULL },
};

static const struct cause *find(const struct cause *causes, size_t count, uint32_t number)
{
	for (size_t i = 0; i < count; i++)
		if (causes[i].number == number)
			return &causes[i];
	return NULL;
}

static int failed(struct esim_error *err, const char *what, const char *kind, uint32_t number,
		  const struct cause *cause)
{
	const char *name = cause ? cause->name : mbim_status_error_get_string((MbimStatusError)number);
	int code = cause ? cause->code : ESIM_EIO;
	char digits[16];

	g_snprintf(digits, sizeof(digits), number < 1000 ? "%u" : "0x%08X", number);
	esim_error_set(err, code, "%s: the modem answers %s (%s %s): %s", what, name ? name : "what has no name",
		       kind, digits, cause ? cause->text : "it does not say why");
	if (cause && cause->advice)
		esim_error_advise(err, "%s", cause->advice);
	if (err && code == ESIM_ENOENT)
		err->domain = ESIM_DOMAIN_CARD;
	return code;
}

int mbim_status_failed(struct esim_error *err, const char *what, uint32_t status)
{
	const struct cause *cause = find(statuses, G_N_ELEMENTS(statuses), status);

	return failed(err, what, "MBIM status", status, cause);
}

static int protocol_failed(struct esim_error *err, const char *what, const MbimMessage *answer)
{
	uint32_t number = (uint32_t)mbim_message_error_get_error_status_code(answer);
	const struct cause *cause = find(protocol_errors, G_N_ELEMENTS(protocol_errors), number);

	return failed(err, what, "MBIM protocol error", number, cause);
}

int mbim_malformed(struct esim_error *err, const char *what, GError **error)
{
	esim_error_set(err, ESIM_EPROTO, "%s: the modem's answer is malformed: %s", what,
		       *error ? (*error)->message : "no reason given");
	g_clear_error(error);
	return ESIM_EPROTO;
}

/* libmbim puts the parts of a message together; one alone is not to be looked into. */
static bool is_part(const MbimMessage *answer)
{
	guint32 len = 0;
	const guint8 *raw = mbim_message_get_raw(answer, &len, NULL);
	guint32 total;

	if (!raw || len < 20)
		return true;
	memcpy(&total, raw + 12, sizeof(total));
	return GUINT32_FROM_LE(total) != 1;
}

int mbim_answer_fits(const MbimMessage *answer, const char *what, MbimService service, uint32_t cid,
		     struct esim_error *err)
{
	GError *error = NULL;

	if (!mbim_message_validate(answer, &error))
		return mbim_malformed(err, what, &error);
	if (mbim_message_get_message_type(answer) == MBIM_MESSAGE_TYPE_FUNCTION_ERROR)
		return protocol_failed(err, what, answer);
	if (mbim_message_get_message_type(answer) != MBIM_MESSAGE_TYPE_COMMAND_DONE || is_part(answer))
		return esim_error_set(err, ESIM_EPROTO, "%s: the modem's answer is none to a command", what);
	if (mbim_message_command_done_get_service(answer) != service ||
	    mbim_message_command_done_get_cid(answer) != cid)
		return esim_error_set(err, ESIM_EPROTO, "%s: the modem answers another command", what);
	return 0;
}

int mbim_answer_status(const MbimMessage *answer, const char *what, struct esim_error *err)
{
	uint32_t status = (uint32_t)mbim_message_command_done_get_status_code(answer);

	return status ? mbim_status_failed(err, what, status) : 0;
}

/* libmbim makes room for as many as are announced before it looks for them. */
int mbim_answer_list_fits(const MbimMessage *answer, const char *what, size_t fixed_size, struct esim_error *err)
{
	const size_t pair = 2 * sizeof(guint32);
	guint32 len = 0, count = 0;
	const guint8 *info = mbim_message_command_done_get_raw_information_buffer(answer, &len);

	if (info && len >= fixed_size)
		memcpy(&count, info, sizeof(count));
	count = GUINT32_FROM_LE(count);
	if (!info || len < fixed_size || count > (len - fixed_size) / pair)
		return esim_error_set(err, ESIM_EPROTO, "%s: the modem's answer is shorter than its list", what);
	return 0;
}
