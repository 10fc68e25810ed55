/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The habits of modems in the field, each a switch; see vmodem.h. */
#include "vmodem/inside.h"

#include <stdlib.h>
#include <string.h>

enum wanted { NO_VALUE, VALUE };

static const struct {
	const char *name;
	enum wanted wanted;
	unsigned min, max, otherwise;	/* the last: where it is not set */
} quirks[VMODEM_QUIRKS] = {
	[VMODEM_LE_REQUIRED] = { .name = "le-required" },
	[VMODEM_LE_REFUSED] = { .name = "le-refused" },
	[VMODEM_CLASS_BITS] = { .name = "class-bits" },
	[VMODEM_SEGMENT_LIMIT] = { "segment-limit", VALUE, 1, 255, 0 },
	[VMODEM_SHOW_61] = { .name = "show-61" },
	[VMODEM_ISDR_DENIED] = { .name = "isdr-denied" },
	[VMODEM_CHANNELS] = { "channels", VALUE, 1, ESIM_MAX_CHANNEL, 3 },
	[VMODEM_NO_FCI] = { .name = "no-fci" },
	[VMODEM_FOLLOWS] = { "follows", VALUE, 0, ESIM_MODEM_STEPS, 0 },
	[VMODEM_REENUMERATES] = { .name = "reenumerates" },
	[VMODEM_READY_AFTER] = { "ready-after", VALUE, 0, 1000, 0 },
	[VMODEM_LOSES_CHANNELS] = { .name = "loses-channels" },
	[VMODEM_NO_SLOTS] = { .name = "no-slots" },
	[VMODEM_SLOTS_SWAPPED] = { .name = "slots-swapped" },
	[VMODEM_NO_EID] = { .name = "no-eid" },
	[VMODEM_NO_UICC] = { .name = "no-uicc" },
	[VMODEM_NO_ATR] = { .name = "no-atr" },
	[VMODEM_NO_POWER] = { .name = "no-power" },
	[VMODEM_NO_RESET] = { .name = "no-reset" },
	[VMODEM_NO_IMEI] = { .name = "no-imei" },
	[VMODEM_NO_GROUP] = { .name = "no-group" },
	[VMODEM_NO_INDICATIONS] = { .name = "no-indications" },
	[VMODEM_MBIMEX_3] = { "mbimex-3", VALUE, 0, 15, 0 },
	[VMODEM_AT_NO_TEST] = { .name = "at-no-test" },
	[VMODEM_AT_BARE] = { .name = "at-bare" },
	[VMODEM_AT_NO_CCHC] = { .name = "at-no-cchc" },
	[VMODEM_AT_CSIM_ONLY] = { .name = "at-csim-only" },
	[VMODEM_AT_ECHO] = { .name = "at-echo" },
	[VMODEM_AT_CHATTER] = { .name = "at-chatter" },
	[VMODEM_AT_NO_CME] = { .name = "at-no-cme" },
	[VMODEM_AT_SHORT_LINES] = { "at-short-lines", VALUE, 16, 4096, 0 },
};

bool vmodem_quirk(const struct vmodem *modem, enum vmodem_quirk quirk)
{
	return modem->quirks[quirk].on;
}

unsigned vmodem_quirk_value(const struct vmodem *modem, enum vmodem_quirk quirk)
{
	return modem->quirks[quirk].on ? modem->quirks[quirk].value : quirks[quirk].otherwise;
}

static int find(const char *name, size_t len)
{
	for (int i = 0; i < VMODEM_QUIRKS; i++)
		if (strlen(quirks[i].name) == len && !memcmp(quirks[i].name, name, len))
			return i;
	return -1;
}

static bool parse_value(const char *text, unsigned min, unsigned max, unsigned *ret)
{
	unsigned long n;
	char *end;

	if (*text < '0' || *text > '9')
		return false;
	n = strtoul(text, &end, 10);
	if (*end || n < min || n > max)
		return false;
	*ret = (unsigned)n;
	return true;
}

int vmodem_set_quirk(struct vmodem *modem, const char *text, struct esim_error *err)
{
	const bool clear = *text == '-';
	const char *name = text + clear, *value = strchrnul(name, '=');
	const int i = find(name, (size_t)(value - name));
	unsigned n = 0;

	if (i < 0)
		return esim_error_set(err, ESIM_EINVAL, "\"%s\" is no quirk of a modem; see vmodem --help", text);
	if (clear && *value)
		return esim_error_set(err, ESIM_EINVAL, "what clears a quirk takes no value: \"%s\"", text);
	if (!clear && quirks[i].wanted == VALUE &&
	    (!*value || !parse_value(value + 1, quirks[i].min, quirks[i].max, &n)))
		return esim_error_set(err, ESIM_EINVAL, "%s takes a number from %u to %u, =N", quirks[i].name,
				      quirks[i].min, quirks[i].max);
	if (!clear && quirks[i].wanted == NO_VALUE && *value)
		return esim_error_set(err, ESIM_EINVAL, "%s takes no value", quirks[i].name);
	modem->quirks[i].on = !clear;
	modem->quirks[i].value = n;
	return 0;
}
