/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What an answer on an AT port says; see parser.h. Every length is checked against what is there. */
#include "parser.h"

#include <esim/error.h>
#include <esim/hex.h>
#include <esim/text.h>

#include <string.h>

#define DIGITS	"0123456789"
#define HEX	DIGITS "ABCDEFabcdef"
#define MIN_DIGITS 14		/* of an IMEI or an ICCID */

static const char *skip_blanks(const char *text)
{
	return text + strspn(text, " ");
}

/* A decimal number of at most six digits; *@text is moved behind it. */
static bool take_number(const char **text, unsigned *ret)
{
	const size_t len = strspn(*text, DIGITS);
	unsigned number = 0;

	if (len == 0 || len > 6)
		return false;
	for (size_t i = 0; i < len; i++)
		number = number * 10 + (unsigned)((*text)[i] - '0');
	*text = skip_blanks(*text + len);
	*ret = number;
	return true;
}

static bool take_comma(const char **text)
{
	if (**text != ',')
		return false;
	*text = skip_blanks(*text + 1);
	return true;
}

/* Hex with or without quotes, to the end of @text. */
static bool take_hex(const char *text, const char **ret, size_t *ret_len)
{
	const bool quoted = *text == '"';
	size_t len;

	text += quoted;
	len = strspn(text, HEX);
	if (quoted ? text[len] != '"' || *skip_blanks(text + len + 1) : *skip_blanks(text + len) != '\0')
		return false;
	*ret = text;
	*ret_len = len;
	return true;
}

static int decode(const char *hex, size_t len, struct esim_buf *ret)
{
	uint8_t *to;
	size_t size;

	if (len % 2)
		return ESIM_EPROTO;
	if (len == 0)
		return 0;
	to = esim_buf_extend(ret, len / 2);
	if (!to)
		return esim_buf_failed(ret);
	for (size_t i = 0; i < len; i += 2)
		if (esim_hex_decode((char[]){ hex[i], hex[i + 1], '\0' }, to + i / 2, 1, &size))
			return ESIM_EPROTO;
	return 0;
}

int at_value_number(const char *text, unsigned max, unsigned *ret)
{
	const bool quoted = *text == '"';
	unsigned number;

	text += quoted;
	if (!take_number(&text, &number) || number > max || strcmp(text, quoted ? "\"" : "") != 0)
		return ESIM_EPROTO;
	*ret = number;
	return 0;
}

int at_value_apdu(const char *text, struct esim_buf *response)
{
	const char *hex;
	unsigned said;
	size_t len;

	if (!take_number(&text, &said) || !take_comma(&text) || !take_hex(text, &hex, &len) || said != len || len < 4)
		return ESIM_EPROTO;
	return decode(hex, len, response);
}

int at_value_file(const char *text, uint16_t *ret_sw, struct esim_buf *data)
{
	const char *hex = "";
	unsigned sw1, sw2;
	size_t len = 0;

	if (!take_number(&text, &sw1) || !take_comma(&text) || !take_number(&text, &sw2) || sw1 > 0xFF || sw2 > 0xFF)
		return ESIM_EPROTO;
	if (take_comma(&text) ? !take_hex(text, &hex, &len) : *text != '\0')
		return ESIM_EPROTO;
	*ret_sw = (uint16_t)(sw1 << 8 | sw2);
	return decode(hex, len, data);
}

int at_value_digits(const char *text, char *ret, size_t size)
{
	size_t len;

	text += *text == '"';
	len = strspn(text, HEX);
	if (len < MIN_DIGITS || (text[len] && !strchr("\", ", text[len])))
		return ESIM_EPROTO;
	if (len >= size)
		return ESIM_ETOOBIG;
	memcpy(ret, text, len);
	ret[len] = '\0';
	return 0;
}

void at_value_text(const char *text, char *ret, size_t size)
{
	size_t len = strlen(text);

	if (len >= 2 && text[0] == '"' && text[len - 1] == '"') {
		text++;
		len -= 2;
	}
	esim_text_printable(text, len, ret, size);
}

bool at_has_shape(const char *text, enum at_shape shape)
{
	const char *hex;
	unsigned number;
	char digits[AT_LATE_SIZE];
	size_t len;

	switch (shape) {
	case AT_SHAPE_NONE:
		return false;
	case AT_SHAPE_NUMBER:
		return at_value_number(text, UINT16_MAX, &number) == 0;
	case AT_SHAPE_APDU:
		return take_number(&text, &number) && take_comma(&text) && take_hex(text, &hex, &len) && len >= 4;
	case AT_SHAPE_FILE:
		return take_number(&text, &number) && take_comma(&text) && take_number(&text, &number);
	case AT_SHAPE_DIGITS:
		return at_value_digits(text, digits, sizeof(digits)) == 0;
	case AT_SHAPE_TEXT:
		return true;
	}
	return false;
}
