/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Hexadecimal, ICCID and EID; see esim/hex.h. */
#include <esim/hex.h>

#include <esim/error.h>

#include <string.h>

#define FILLER 0xF
#define ICCID_MIN_DIGITS 18

void esim_hex_encode(struct esim_slice in, char *out)
{
	static const char digits[] = "0123456789ABCDEF";

	for (size_t i = 0; i < in.len; i++) {
		*out++ = digits[in.data[i] >> 4];
		*out++ = digits[in.data[i] & 0xF];
	}
	*out = '\0';
}

static int hex_value(char c)
{
	if (c >= '0' && c <= '9')
		return c - '0';
	if (c >= 'a' && c <= 'f')
		return c - 'a' + 10;
	if (c >= 'A' && c <= 'F')
		return c - 'A' + 10;
	return -1;
}

int esim_hex_decode(const char *text, uint8_t *out, size_t size, size_t *ret_len)
{
	size_t digits = strlen(text);

	if (digits % 2 != 0)
		return ESIM_EINVAL;
	for (size_t i = 0; i < digits; i++)
		if (hex_value(text[i]) < 0)
			return ESIM_EINVAL;
	if (digits / 2 > size)
		return ESIM_ETOOBIG;
	for (size_t i = 0; i < digits / 2; i++)
		out[i] = (uint8_t)(hex_value(text[2 * i]) << 4 | hex_value(text[2 * i + 1]));
	*ret_len = digits / 2;
	return 0;
}

/* The number of leading decimal digits, or -1 where something else follows. */
static int count_digits(const char *text, int most)
{
	int n = 0;

	while (n <= most && text[n] >= '0' && text[n] <= '9')
		n++;
	return text[n] == '\0' && n <= most ? n : -1;
}

int esim_iccid_parse(const char *digits, struct esim_iccid *ret)
{
	int n = count_digits(digits, ESIM_ICCID_DIGITS);

	if (n < ICCID_MIN_DIGITS)
		return ESIM_EINVAL;
	for (int i = 0; i < ESIM_ICCID_SIZE; i++) {
		int low = 2 * i < n ? digits[2 * i] - '0' : FILLER;
		int high = 2 * i + 1 < n ? digits[2 * i + 1] - '0' : FILLER;

		ret->bytes[i] = (uint8_t)(high << 4 | low);
	}
	return 0;
}

int esim_iccid_format(const struct esim_iccid *iccid, char digits[static ESIM_ICCID_DIGITS + 1])
{
	char text[ESIM_ICCID_DIGITS + 1] = { 0 };
	bool ended = false;

	for (int i = 0; i < ESIM_ICCID_DIGITS; i++) {
		uint8_t pair = iccid->bytes[i / 2];
		int nibble = i % 2 ? pair >> 4 : pair & 0xF;

		if (nibble == FILLER)
			ended = true;
		else if (ended || nibble > 9)
			return ESIM_EPROTO;
		else
			text[i] = (char)('0' + nibble);
	}
	memcpy(digits, text, sizeof(text));
	return 0;
}

int esim_iccid_from_wire(struct esim_slice wire, struct esim_iccid *ret)
{
	if (wire.len != ESIM_ICCID_SIZE)
		return ESIM_EPROTO;
	memcpy(ret->bytes, wire.data, ESIM_ICCID_SIZE);
	return 0;
}

int esim_eid_parse(const char *digits, struct esim_eid *ret)
{
	size_t len;

	if (count_digits(digits, ESIM_EID_DIGITS) != ESIM_EID_DIGITS)
		return ESIM_EINVAL;
	return esim_hex_decode(digits, ret->bytes, ESIM_EID_SIZE, &len);
}

int esim_eid_format(const struct esim_eid *eid, char digits[static ESIM_EID_DIGITS + 1])
{
	for (int i = 0; i < ESIM_EID_SIZE; i++)
		if (eid->bytes[i] >> 4 > 9 || (eid->bytes[i] & 0xF) > 9)
			return ESIM_EPROTO;
	esim_hex_encode(esim_slice(eid->bytes, ESIM_EID_SIZE), digits);
	return 0;
}

bool esim_eid_valid(const struct esim_eid *eid)
{
	char digits[ESIM_EID_DIGITS + 1];
	unsigned rest = 0;

	if (esim_eid_format(eid, digits))
		return false;
	for (int i = 0; i < ESIM_EID_DIGITS; i++)
		rest = (rest * 10 + (unsigned)(digits[i] - '0')) % 97;
	return rest == 1;
}

bool esim_eid_is_zero(const struct esim_eid *eid)
{
	static const uint8_t zero[ESIM_EID_SIZE];

	return memcmp(eid->bytes, zero, ESIM_EID_SIZE) == 0;
}
