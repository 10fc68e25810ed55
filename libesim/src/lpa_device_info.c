/* SPDX-License-Identifier: GPL-2.0-or-later */
/* DeviceInfo (SGP.22, 4.2) from an IMEI; nothing is made up. */
#include <esim/lpa.h>

#include <string.h>

#define IMEI_DIGITS 15

/* TS 23.003, annex B: every second digit counts double, its digits summed. */
static unsigned luhn_check_digit(const char *digits)
{
	unsigned sum = 0;

	for (int i = 0; i < IMEI_DIGITS - 1; i++) {
		unsigned digit = (unsigned)(digits[i] - '0');

		if (i % 2)
			digit = digit * 2 / 10 + digit * 2 % 10;
		sum += digit;
	}
	return (10 - sum % 10) % 10;
}

int lpa_device_info_from_imei(const char *imei, struct es10b_device_info *ret,
			      struct esim_error *err)
{
	struct es10b_device_info info = { .has_imei = true };
	size_t digits = strspn(imei, "0123456789");
	unsigned check;

	if (imei[digits] || (digits != IMEI_DIGITS && digits != IMEI_DIGITS - 1))
		return esim_error_set(err, ESIM_EINVAL, "an IMEI has 15 digits");
	check = luhn_check_digit(imei);
	if (digits == IMEI_DIGITS && (unsigned)(imei[IMEI_DIGITS - 1] - '0') != check)
		return esim_error_set(err, ESIM_EINVAL,
				      "the check digit of this IMEI is wrong: a digit was mistyped");
	for (size_t i = 0; i < 7; i++)
		info.imei[i] = (uint8_t)((imei[2 * i + 1] - '0') << 4 | (imei[2 * i] - '0'));
	info.imei[7] = (uint8_t)(check << 4 | 0xF);
	memcpy(info.tac, info.imei, sizeof(info.tac));
	*ret = info;
	return 0;
}
