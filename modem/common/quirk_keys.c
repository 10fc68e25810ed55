/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The keys of modems.conf(5): one table of what each is, where its value goes and what it may be. */
#include "quirk_keys.h"

#include <esim/text.h>

#include <fnmatch.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define SECOND	1000u			/* all spans are milliseconds */
#define MINUTE	(60 * SECOND)
#define MAX_WORDS 4

struct key {
	const char *name;
	int (*set)(const struct key *key, struct quirks *quirks, const char *value, struct esim_error *err);
	size_t offset;				/* of the value in struct quirks */
	unsigned min, max;			/* of a number or a span */
	const char *words[MAX_WORDS + 1];	/* of a word: the index is the value */
};

static void *field(const struct key *key, struct quirks *quirks)
{
	return (char *)quirks + key->offset;
}

/* --- words, numbers, spans --------------------------------------------------------------------------- */

static int find_word(const char *const *words, const char *value, size_t len)
{
	for (int i = 0; words[i]; i++)
		if (strlen(words[i]) == len && strncmp(words[i], value, len) == 0)
			return i;
	return -1;
}

static int refuse_word(const struct key *key, const char *value, size_t len, struct esim_error *err)
{
	char list[80] = "";
	size_t at = 0;

	for (int i = 0; key->words[i]; i++)
		at += (size_t)snprintf(list + at, sizeof(list) - at, "%s%s", i ? ", " : "", key->words[i]);
	return esim_error_set(err, ESIM_EINVAL, "%s is one of %s, not '%.*s'", key->name, list,
			      len > 40 ? 40 : (int)len, value);
}

static int set_word(const struct key *key, struct quirks *quirks, const char *value, struct esim_error *err)
{
	const int word = find_word(key->words, value, strlen(value));

	if (word < 0)
		return refuse_word(key, value, strlen(value), err);
	/* An enumeration without negative values is an unsigned, here as everywhere. */
	*(unsigned *)field(key, quirks) = (unsigned)word;
	return 0;
}

/* GroupClose=no sets no_group_close. */
static int set_no(const struct key *key, struct quirks *quirks, const char *value, struct esim_error *err)
{
	if (strcmp(value, "yes") != 0 && strcmp(value, "no") != 0)
		return esim_error_set(err, ESIM_EINVAL, "%s is yes or no", key->name);
	*(bool *)field(key, quirks) = value[0] == 'n';
	return 0;
}

static int set_number(const struct key *key, struct quirks *quirks, const char *value, struct esim_error *err)
{
	const size_t digits = strspn(value, "0123456789");
	unsigned long number = digits > 0 && digits < 10 ? strtoul(value, NULL, 10) : 0;

	if (value[digits] || number < key->min || number > key->max)
		return esim_error_set(err, ESIM_EINVAL, "%s is a number from %u to %u", key->name, key->min, key->max);
	*(unsigned *)field(key, quirks) = (unsigned)number;
	return 0;
}

static const struct {
	const char *name;
	unsigned ms;
} units[] = { { "ms", 1 }, { "s", SECOND }, { "min", MINUTE } };

static int set_span(const struct key *key, struct quirks *quirks, const char *value, struct esim_error *err)
{
	const size_t digits = strspn(value, "0123456789");
	unsigned long number = digits > 0 && digits < 7 ? strtoul(value, NULL, 10) : 0;

	for (size_t i = 0; number > 0 && i < sizeof(units) / sizeof(units[0]); i++) {
		if (strcmp(value + digits, units[i].name) != 0)
			continue;
		number *= units[i].ms;
		if (number < key->min || number > key->max)
			break;
		*(unsigned *)field(key, quirks) = (unsigned)number;
		return 0;
	}
	return esim_error_set(err, ESIM_EINVAL, "%s is a number with ms, s or min, from %u ms to %u s", key->name,
			      key->min, key->max / SECOND);
}

static int set_ladder(const struct key *key, struct quirks *quirks, const char *value, struct esim_error *err)
{
	unsigned steps = 0;

	for (value += strspn(value, " \t"); *value; value += strspn(value, " \t")) {
		const size_t len = strcspn(value, " \t");
		const int step = find_word(key->words, value, len);

		if (step < 0)
			return refuse_word(key, value, len, err);
		steps |= 1u << step;
		value += len;
	}
	if (!steps)
		return esim_error_set(err, ESIM_EINVAL, "%s has one rung at least", key->name);
	*(unsigned *)field(key, quirks) = steps;
	return 0;
}

static int set_note(const struct key *key, struct quirks *quirks, const char *value, struct esim_error *err)
{
	char *to = field(key, quirks);

	if (strlen(value) >= sizeof(quirks->note))
		return esim_error_set(err, ESIM_EINVAL, "%s is longer than %zu bytes", key->name,
				      sizeof(quirks->note) - 1);
	esim_text_printable(value, strlen(value), to, sizeof(quirks->note));
	return 0;
}

/* --- the table ------------------------------------------------------------------------------------------ */

#define AT(member)	.offset = offsetof(struct quirks, member)
#define TIMEOUT(step)	.offset = offsetof(struct quirks, policy.step_timeout_ms[step])
_Static_assert(sizeof(enum quirk_le) == sizeof(unsigned) && sizeof(enum esim_modem_refresh) == sizeof(unsigned),
	       "words are stored as unsigned");

static const struct key keys[] = {
	{ "Le", set_word, AT(le), .words = { "auto", "always", "never" } },
	{ "Class", set_word, AT(cla), .words = { "plain", "channel" } },
	{ "Slots", set_word, AT(slots), .words = { "auto", "none", "swapped", "executor" } },
	{ "AtChannel", set_word, AT(at_channel), .words = { "auto", "ccho", "csim" } },
	{ "SegmentSize", set_number, AT(segment_size), .min = 1, .max = 255 },
	{ "MaxChannels", set_number, AT(max_channels), .min = 1, .max = ESIM_MAX_CHANNEL },
	{ "ApduTimeout", set_span, AT(apdu_timeout_ms), .min = SECOND, .max = 30 * MINUTE },
	{ "SettleTime", set_span, AT(settle_ms), .min = 1, .max = 2 * MINUTE },
	{ "GroupClose", set_no, AT(no_group_close) },
	{ "Proxy", set_no, AT(no_proxy) },
	{ "Indications", set_no, AT(no_indications) },
	{ "Refresh", set_word, AT(policy.refresh), .words = { "always", "as-asked", "never" } },
	{ "Ladder", set_ladder, AT(policy.steps), .words = { "refresh", "uim-power", "airplane", "reset" } },
	{ "RefreshTimeout", set_span, TIMEOUT(ESIM_MODEM_REFRESH), .min = SECOND, .max = 10 * MINUTE },
	{ "UimPowerTimeout", set_span, TIMEOUT(ESIM_MODEM_UIM_POWER), .min = SECOND, .max = 10 * MINUTE },
	{ "AirplaneTimeout", set_span, TIMEOUT(ESIM_MODEM_AIRPLANE), .min = SECOND, .max = 10 * MINUTE },
	{ "ResetTimeout", set_span, TIMEOUT(ESIM_MODEM_RESET), .min = SECOND, .max = 10 * MINUTE },
	{ "Note", set_note, AT(note) },
};

int quirk_set(struct quirks *quirks, const char *name, const char *value, struct esim_error *err)
{
	for (size_t i = 0; i < sizeof(keys) / sizeof(keys[0]); i++)
		if (strcmp(keys[i].name, name) == 0)
			return keys[i].set(&keys[i], quirks, value, err);
	return esim_error_set(err, ESIM_EINVAL, "there is no key %.40s", name);
}

/* --- what fits ------------------------------------------------------------------------------------------- */

/* Four hexadecimal digits. */
static bool parse_id(const char *text, uint16_t *ret)
{
	if (strspn(text, "0123456789abcdefABCDEF") < 4)
		return false;
	*ret = (uint16_t)strtoul((char[]){ text[0], text[1], text[2], text[3], '\0' }, NULL, 16);
	return true;
}

int quirk_section_fits(const char *section, size_t len, const struct quirk_subject *subject)
{
	uint16_t vendor, product;
	char text[16];

	if (len == 1 && section[0] == '*')
		return 1;
	if (len >= sizeof(text) || len < strlen("usb 2c7c:*") || memchr(section, '\0', len))
		return ESIM_EINVAL;
	memcpy(text, section, len);
	text[len] = '\0';
	if (strncmp(text, "usb ", 4) != 0 || !parse_id(text + 4, &vendor) || text[8] != ':')
		return ESIM_EINVAL;
	if (strcmp(text + 9, "*") == 0)
		return vendor && vendor == subject->usb_vendor;
	if (!parse_id(text + 9, &product) || text[13])
		return ESIM_EINVAL;
	return vendor && vendor == subject->usb_vendor && product == subject->usb_product;
}

/* Several words: any of them. */
static int protocol_fits(const char *value, const struct quirk_subject *subject, struct esim_error *err)
{
	static const char *const words[] = { "mbim", "qmi", "at", NULL };
	unsigned protocols = 0;

	for (value += strspn(value, " \t"); *value; value += strspn(value, " \t")) {
		const size_t len = strcspn(value, " \t");
		const int word = find_word(words, value, len);

		if (word < 0)
			return esim_error_set(err, ESIM_EINVAL, "Protocol is one of mbim, qmi, at, not '%.*s'",
					      len > 40 ? 40 : (int)len, value);
		protocols |= 1u << word;
		value += len;
	}
	if (!protocols)
		return esim_error_set(err, ESIM_EINVAL, "Protocol is one of mbim, qmi, at");
	return (protocols & subject->protocol) != 0;
}

int quirk_condition_fits(const char *name, const char *value, const struct quirk_subject *subject,
			 struct esim_error *err)
{
	if (strcmp(name, "Protocol") == 0)
		return protocol_fits(value, subject, err);
	if (strcmp(name, "Firmware") != 0)
		return ESIM_ENOENT;
	if (!*value)
		return esim_error_set(err, ESIM_EINVAL, "Firmware is a pattern, such as EC25EFA*");
	return subject->firmware && subject->firmware[0] && fnmatch(value, subject->firmware, 0) == 0;
}
