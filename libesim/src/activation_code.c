/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Activation codes (SGP.22, 4.1). Messages name the field, never its contents:
 * the matching id is what a profile is fetched with.
 */
#include <esim/activation_code.h>

#include <esim/http.h>
#include <esim/text.h>

#include <string.h>
#include <strings.h>

#define MAX_FIELDS 7

enum field {
	FIELD_FORMAT,
	FIELD_ADDRESS,
	FIELD_MATCHING_ID,
	FIELD_OID,
	FIELD_CONFIRMATION_CODE,
	FIELD_CI_KEY_INDICATOR,
	FIELD_DELETE_NOTIFICATION,
};

static int bad(struct esim_error *err, const char *what)
{
	esim_error_set(err, ESIM_EINVAL, "activation code: %s", what);
	esim_error_advise(err, "Copy the whole code as you were given it, 1$…$… or LPA:1$…$…; in a shell put it in single quotes.");
	return ESIM_EINVAL;
}

static bool is_space(char c)
{
	return c == ' ' || (c >= '\t' && c <= '\r');
}

/* Surrounding spaces and "LPA:" in any case go; so does the space that some put behind it. */
static struct esim_slice trim(const char *text)
{
	size_t len = strlen(text);

	while (len > 0 && is_space(text[len - 1]))
		len--;
	while (len > 0 && is_space(text[0]))
		text++, len--;
	if (len >= 4 && strncasecmp(text, "LPA:", 4) == 0) {
		text += 4;
		len -= 4;
	}
	while (len > 0 && is_space(text[0]))
		text++, len--;
	return esim_slice(text, len);
}

/* Cut at '$'. Returns the number of fields, 0 where there are too many; absent ones are empty. */
static size_t split(struct esim_slice code, struct esim_slice fields[MAX_FIELDS])
{
	const uint8_t *end = code.data + code.len, *at = code.data, *dollar;
	size_t count = 0;

	for (size_t i = 0; i < MAX_FIELDS; i++)
		fields[i] = esim_slice(end, 0);
	for (;;) {
		if (count == MAX_FIELDS)
			return 0;
		dollar = memchr(at, '$', (size_t)(end - at));
		fields[count++] = esim_slice(at, (size_t)((dollar ? dollar : end) - at));
		if (!dollar)
			return count;
		at = dollar + 1;
	}
}

/* Printable ASCII without spaces, at most @size - 1 characters. */
static bool take_text(struct esim_slice field, char *out, size_t size)
{
	if (field.len >= size)
		return false;
	for (size_t i = 0; i < field.len; i++)
		if (field.data[i] <= ' ' || field.data[i] > '~')
			return false;
	memcpy(out, field.data, field.len);
	out[field.len] = '\0';
	return true;
}

/* The matching id is whatever the server chose: any text without control characters. */
static bool take_matching_id(struct esim_slice field, char *out, size_t size)
{
	if (field.len >= size || !esim_utf8_valid((const char *)field.data, field.len))
		return false;
	for (size_t i = 0; i < field.len; i++)
		if (field.data[i] < ' ' || field.data[i] == 0x7F)
			return false;
	memcpy(out, field.data, field.len);
	out[field.len] = '\0';
	return true;
}

/* "1.3.6.1.4.1": two arcs at least, no leading zeros. */
static bool is_oid(const char *text)
{
	size_t arcs = 0;

	if (text[0] < '0' || text[0] > '2')
		return false;
	while (*text) {
		size_t digits = strspn(text, "0123456789");

		if (digits == 0 || (digits > 1 && text[0] == '0'))
			return false;
		arcs++;
		text += digits;
		if (*text == '.' && text[1] != '\0')
			text++;
		else if (*text)
			return false;
	}
	return arcs >= 2;
}

static bool take_flag(struct esim_slice field, bool *ret)
{
	if (field.len > 1 || (field.len == 1 && field.data[0] != '0' && field.data[0] != '1'))
		return false;
	*ret = field.len == 1 && field.data[0] == '1';
	return true;
}

static int take_address(struct esim_slice field, bool allow_port, struct esim_activation_code *code,
			struct esim_error *err)
{
	char text[ESIM_MAX_FQDN + 1];

	if (field.len == 0)
		return bad(err, "the server address (second field) is empty");
	if (field.len >= sizeof(text))
		return bad(err, "the server address (second field) is too long");
	memcpy(text, field.data, field.len);
	text[field.len] = '\0';
	if (esim_address_normalise(text, allow_port, false, code->smdp_address, err)) {
		esim_error_prefix(err, "activation code: ");
		return ESIM_EINVAL;
	}
	return 0;
}

static bool is_key_indicator(const char *text)
{
	size_t len = strlen(text);

	return len % 2 == 0 && strspn(text, "0123456789abcdefABCDEF") == len;
}

static int take_fields(const struct esim_slice fields[MAX_FIELDS], bool allow_port,
		       struct esim_activation_code *code, struct esim_error *err)
{
	int r;

	if (!esim_slice_is(fields[FIELD_FORMAT], "1", 1))
		return bad(err, "it does not begin with 1$ (or LPA:1$): another format, or no activation code");
	r = take_address(fields[FIELD_ADDRESS], allow_port, code, err);
	if (r)
		return r;
	if (!take_matching_id(fields[FIELD_MATCHING_ID], code->matching_id,
			      sizeof(code->matching_id)))
		return bad(err, "the matching id (third field) is too long or holds a character that it cannot have");
	if (!take_text(fields[FIELD_OID], code->smdp_oid, sizeof(code->smdp_oid)) ||
	    (code->smdp_oid[0] && !is_oid(code->smdp_oid)))
		return bad(err, "the server's OID (fourth field) is no object identifier");
	if (!take_flag(fields[FIELD_CONFIRMATION_CODE], &code->confirmation_code_required))
		return bad(err, "the confirmation code flag (fifth field) is not 1");
	if (!take_text(fields[FIELD_CI_KEY_INDICATOR], code->ci_key_indicator,
		       sizeof(code->ci_key_indicator)) ||
	    !is_key_indicator(code->ci_key_indicator))
		return bad(err, "the CI key indicator (sixth field) is no hex number");
	if (!take_flag(fields[FIELD_DELETE_NOTIFICATION], &code->delete_notification))
		return bad(err, "the delete notification flag (seventh field) is not 1");
	return 0;
}

int esim_activation_code_parse(const char *text, bool allow_port, struct esim_activation_code *ret,
			       struct esim_error *err)
{
	struct esim_activation_code code = { 0 };
	struct esim_slice fields[MAX_FIELDS];
	size_t count;
	int r;

	if (!text || strnlen(text, ESIM_MAX_ACTIVATION_CODE + 1) > ESIM_MAX_ACTIVATION_CODE)
		return bad(err, text ? "it is longer than any activation code" : "there is none");
	count = split(trim(text), fields);
	if (count == 0)
		return bad(err, "it has more than seven fields");
	if (fields[FIELD_FORMAT].len == 0 && count == 1)
		return bad(err, "it is empty");
	if (count < 3)
		return bad(err, "it has fewer than three fields (the signs between them are $)");
	r = take_fields(fields, allow_port, &code, err);
	if (r == 0)
		*ret = code;
	esim_activation_code_clear(&code);
	return r;
}

void esim_activation_code_clear(struct esim_activation_code *code)
{
	if (code)
		explicit_bzero(code, sizeof(*code));
}
