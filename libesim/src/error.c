/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Errors that keep their cause; see esim/error.h. */
#include <esim/error.h>

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#define MESSAGE_SIZE sizeof(((struct esim_error *)NULL)->message)

static const struct {
	int code;
	enum esim_domain domain;
	const char *name;
} codes[] = {
	{ ESIM_OK, ESIM_DOMAIN_NONE, "ESIM_OK" },
	{ ESIM_EINVAL, ESIM_DOMAIN_USAGE, "ESIM_EINVAL" },
	{ ESIM_ENOMEM, ESIM_DOMAIN_SYSTEM, "ESIM_ENOMEM" },
	{ ESIM_ETOOBIG, ESIM_DOMAIN_CARD, "ESIM_ETOOBIG" },
	{ ESIM_EPROTO, ESIM_DOMAIN_CARD, "ESIM_EPROTO" },
	{ ESIM_EIO, ESIM_DOMAIN_TRANSPORT, "ESIM_EIO" },
	{ ESIM_ETIMEDOUT, ESIM_DOMAIN_TRANSPORT, "ESIM_ETIMEDOUT" },
	{ ESIM_ECANCELED, ESIM_DOMAIN_POLICY, "ESIM_ECANCELED" },
	{ ESIM_ENODEV, ESIM_DOMAIN_TRANSPORT, "ESIM_ENODEV" },
	{ ESIM_EBUSY, ESIM_DOMAIN_CARD, "ESIM_EBUSY" },
	{ ESIM_ENOTSUP, ESIM_DOMAIN_CARD, "ESIM_ENOTSUP" },
	{ ESIM_ESW, ESIM_DOMAIN_CARD, "ESIM_ESW" },
	{ ESIM_ERESULT, ESIM_DOMAIN_CARD, "ESIM_ERESULT" },
	{ ESIM_ENET, ESIM_DOMAIN_NETWORK, "ESIM_ENET" },
	{ ESIM_ETLS, ESIM_DOMAIN_NETWORK, "ESIM_ETLS" },
	{ ESIM_EHTTP, ESIM_DOMAIN_NETWORK, "ESIM_EHTTP" },
	{ ESIM_ESERVER, ESIM_DOMAIN_SERVER, "ESIM_ESERVER" },
	{ ESIM_EVERIFY, ESIM_DOMAIN_VERIFY, "ESIM_EVERIFY" },
	{ ESIM_EREFUSED, ESIM_DOMAIN_POLICY, "ESIM_EREFUSED" },
	{ ESIM_ENOENT, ESIM_DOMAIN_CARD, "ESIM_ENOENT" },
	{ ESIM_ESTALE, ESIM_DOMAIN_TRANSPORT, "ESIM_ESTALE" },
};

static const char *const domain_names[] = {
	[ESIM_DOMAIN_NONE] = "none",
	[ESIM_DOMAIN_USAGE] = "usage",
	[ESIM_DOMAIN_TRANSPORT] = "transport",
	[ESIM_DOMAIN_CARD] = "card",
	[ESIM_DOMAIN_NETWORK] = "network",
	[ESIM_DOMAIN_SERVER] = "server",
	[ESIM_DOMAIN_VERIFY] = "verify",
	[ESIM_DOMAIN_POLICY] = "policy",
	[ESIM_DOMAIN_SYSTEM] = "system",
};

/* ISO/IEC 7816-4, ETSI TS 102 221 clause 10.2, and what SGP.22 says of them. */
static const struct {
	uint16_t mask, sw;
	const char *meaning;
} status_words[] = {
	{ 0xFFFF, 0x9000, "success" },
	{ 0xFF00, 0x9100, "success, proactive command pending" },
	{ 0xFF00, 0x6100, "success, response data waiting" },
	{ 0xFFFF, 0x6283, "selected file or application is deactivated" },
	{ 0xFFFF, 0x6310, "more data available" },
	{ 0xFFFF, 0x6581, "memory failure in the card" },
	{ 0xFFFF, 0x6600, "security-related failure" },
	{ 0xFFFF, 0x6601, "refused by the modem or reader, often for its length" },
	{ 0xFFFF, 0x6700, "wrong length" },
	{ 0xFFFF, 0x6881, "logical channel not supported or not open" },
	{ 0xFFFF, 0x6882, "secure messaging not supported" },
	{ 0xFFFF, 0x6883, "last command of a chain expected" },
	{ 0xFFFF, 0x6884, "command chaining not supported" },
	{ 0xFFFF, 0x6981, "command incompatible with the selected file" },
	{ 0xFFFF, 0x6982, "security status not satisfied" },
	{ 0xFFFF, 0x6983, "authentication method blocked" },
	{ 0xFFFF, 0x6984, "referenced data unusable" },
	{ 0xFFFF, 0x6985, "conditions of use not satisfied" },
	{ 0xFFFF, 0x6986, "command not allowed, no file selected" },
	{ 0xFFFF, 0x6999, "application cannot be selected" },
	{ 0xFFFF, 0x6A80, "incorrect data" },
	{ 0xFFFF, 0x6A81, "function not supported or card locked" },
	{ 0xFFFF, 0x6A82, "file or application not found" },
	{ 0xFFFF, 0x6A83, "record not found" },
	{ 0xFFFF, 0x6A84, "not enough memory in the card" },
	{ 0xFFFF, 0x6A86, "incorrect P1 or P2" },
	{ 0xFFFF, 0x6A88, "referenced data not found" },
	{ 0xFFFF, 0x6B00, "P1 or P2 out of range" },
	{ 0xFF00, 0x6C00, "wrong Le" },
	{ 0xFFFF, 0x6D00, "instruction not supported" },
	{ 0xFFFF, 0x6E00, "class not supported" },
	{ 0xFFFF, 0x6F00, "the card failed and gives no reason" },
	{ 0xFFFF, 0x9300, "card application toolkit is busy" },
};

void esim_error_clear(struct esim_error *err)
{
	if (err)
		*err = (struct esim_error){ .es10_result = ESIM_NO_RESULT };
}

/*
 * A message that does not fit must not end within a UTF-8 character: it goes into
 * JSON, which takes whole characters only.
 */
static void trim(char *message, size_t size)
{
	size_t end = strlen(message), lead = end;

	if (end + 1 < size)
		return;
	while (lead > 0 && ((uint8_t)message[lead - 1] & 0xC0) == 0x80)
		lead--;
	if (lead > 0 && (uint8_t)message[lead - 1] >= 0xC0)
		message[lead - 1] = '\0';
}

/* The message is made before the error is cleared: its arguments may come from there. */
static void start(struct esim_error *err, int code, const char *fmt, va_list args)
	__attribute__((format(printf, 3, 0)));

static void start(struct esim_error *err, int code, const char *fmt, va_list args)
{
	char message[MESSAGE_SIZE] = "";

	vsnprintf(message, sizeof(message), fmt, args);
	trim(message, sizeof(message));
	esim_error_clear(err);
	memcpy(err->message, message, sizeof(message));
	err->code = code;
	for (size_t i = 0; i < sizeof(codes) / sizeof(codes[0]); i++)
		if (codes[i].code == code)
			err->domain = codes[i].domain;
}

int esim_error_set(struct esim_error *err, int code, const char *fmt, ...)
{
	va_list args;

	if (!err)
		return code;
	va_start(args, fmt);
	start(err, code, fmt, args);
	va_end(args);
	return code;
}

int esim_error_errno(struct esim_error *err, int code, int errnum, const char *fmt, ...)
{
	va_list args;
	size_t used;

	if (!err)
		return code;
	va_start(args, fmt);
	start(err, code, fmt, args);
	va_end(args);
	if (code == ESIM_EINVAL)
		err->domain = ESIM_DOMAIN_SYSTEM;
	used = strlen(err->message);
	snprintf(err->message + used, sizeof(err->message) - used, ": %s",
		 strerrordesc_np(errnum) ? strerrordesc_np(errnum) : "unknown error");
	return code;
}

int esim_error_sw(struct esim_error *err, const char *function, uint16_t sw)
{
	if (!err)
		return ESIM_ESW;
	esim_error_set(err, ESIM_ESW, "%s: the card answered %04X (%s)", function, sw,
		       esim_sw_meaning(sw));
	err->sw = sw;
	snprintf(err->function, sizeof(err->function), "%s", function);
	return ESIM_ESW;
}

int esim_error_result(struct esim_error *err, const char *function, int result, const char *name)
{
	if (!err)
		return ESIM_ERESULT;
	esim_error_set(err, ESIM_ERESULT, "%s: the eUICC answered %s (%d)", function,
		       name ? name : "an unknown result", result);
	err->es10_result = result;
	snprintf(err->function, sizeof(err->function), "%s", function);
	snprintf(err->result_name, sizeof(err->result_name), "%s", name ? name : "");
	return ESIM_ERESULT;
}

int esim_error_verify(struct esim_error *err, const char *check, const char *fmt, ...)
{
	va_list args;

	if (!err)
		return ESIM_EVERIFY;
	va_start(args, fmt);
	start(err, ESIM_EVERIFY, fmt, args);
	va_end(args);
	snprintf(err->check, sizeof(err->check), "%s", check);
	return ESIM_EVERIFY;
}

int esim_error_prefix(struct esim_error *err, const char *fmt, ...)
{
	char old[MESSAGE_SIZE];
	va_list args;
	size_t used;

	if (!err)
		return ESIM_EINVAL;
	memcpy(old, err->message, sizeof(old));
	va_start(args, fmt);
	vsnprintf(err->message, sizeof(err->message), fmt, args);
	va_end(args);
	used = strlen(err->message);
	/* A message that grows too long loses its end, never its beginning. */
	snprintf(err->message + used, sizeof(err->message) - used, "%.*s",
		 (int)(sizeof(err->message) - used - 1), old);
	trim(err->message, sizeof(err->message));
	return err->code;
}

void esim_error_advise(struct esim_error *err, const char *fmt, ...)
{
	va_list args;

	if (!err)
		return;
	va_start(args, fmt);
	vsnprintf(err->advice, sizeof(err->advice), fmt, args);
	va_end(args);
	trim(err->advice, sizeof(err->advice));
}

int esim_error_outcome(struct esim_error *err, int code, enum esim_outcome outcome)
{
	if (err)
		err->outcome = outcome;
	return code;
}

const char *esim_outcome_name(enum esim_outcome outcome)
{
	switch (outcome) {
	case ESIM_OUTCOME_NEVER_SENT:
		return "neverSent";
	case ESIM_OUTCOME_UNKNOWN:
		return "unknown";
	case ESIM_OUTCOME_NONE:
		return "";
	}
	return "";
}

const char *esim_code_name(int code)
{
	for (size_t i = 0; i < sizeof(codes) / sizeof(codes[0]); i++)
		if (codes[i].code == code)
			return codes[i].name;
	return "unknown";
}

const char *esim_domain_name(enum esim_domain domain)
{
	if ((size_t)domain >= sizeof(domain_names) / sizeof(domain_names[0]))
		return "unknown";
	return domain_names[domain];
}

const char *esim_sw_meaning(uint16_t sw)
{
	for (size_t i = 0; i < sizeof(status_words) / sizeof(status_words[0]); i++)
		if ((sw & status_words[i].mask) == status_words[i].sw)
			return status_words[i].meaning;
	return "a status word without a general meaning";
}
