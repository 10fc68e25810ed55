/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The keys of lpad.conf(5): one table of what each is, where its value goes and what it may be. */
#include "config_internal.h"
#include "outbox.h"

#include <esim/lpa.h>

#include <ctype.h>
#include <limits.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define MSEC	UINT64_C(1000)			/* all spans are microseconds */
#define SEC	(1000 * MSEC)
#define MIN	(60 * SEC)
#define HOUR	(60 * MIN)
#define DAY	(24 * HOUR)
#define MIN_AID	5

struct key {
	const char *section, *name;
	int (*set)(const struct key *key, struct config *config, const char *value, struct esim_error *err);
	size_t offset;				/* of the value in struct config, and of a list's count */
	size_t count_offset;
	uint64_t min, max;			/* of a span, beside 0 where @or_never; of a list: most */
	bool or_never;
	int (*check)(const char *value, struct esim_error *err);	/* of each of a list of texts */
};

static void *field(const struct key *key, struct config *config)
{
	return (char *)config + key->offset;
}

static size_t *list_count(const struct key *key, struct config *config)
{
	return (size_t *)(void *)((char *)config + key->count_offset);
}

/* --- yes, no, spans --------------------------------------------------------------------------------- */

static int set_bool(const struct key *key, struct config *config, const char *value, struct esim_error *err)
{
	bool *to = field(key, config);

	if (strcmp(value, "yes") != 0 && strcmp(value, "no") != 0)
		return esim_error_set(err, ESIM_EINVAL, "yes or no is wanted");
	*to = value[0] == 'y';
	return 0;
}

static const struct unit {
	const char *name;
	uint64_t usec;
} units[] = { { "ms", MSEC }, { "s", SEC }, { "min", MIN }, { "h", HOUR }, { "d", DAY } };

/* "30s"; without a unit only 0. UINT64_MAX: none. */
static uint64_t parse_span(const char *value)
{
	const size_t digits = strspn(value, "0123456789");
	unsigned long number;

	if (digits == 0 || digits > 9)
		return UINT64_MAX;
	number = strtoul(value, NULL, 10);
	if (!value[digits] && number == 0)
		return 0;
	for (size_t i = 0; i < sizeof(units) / sizeof(units[0]); i++)
		if (strcmp(value + digits, units[i].name) == 0)
			return number * units[i].usec;
	return UINT64_MAX;
}

static void format_span(uint64_t usec, char *text, size_t size)
{
	size_t i = sizeof(units) / sizeof(units[0]) - 1;

	while (i > 0 && usec % units[i].usec != 0)
		i--;
	snprintf(text, size, "%llu%s", (unsigned long long)(usec / units[i].usec), units[i].name);
}

static int check_span(const struct key *key, const char *value, uint64_t *ret, struct esim_error *err)
{
	const uint64_t usec = parse_span(value);
	char min[32], max[32];

	if (usec == UINT64_MAX)
		return esim_error_set(err, ESIM_EINVAL, "a number with ms, s, min, h or d is wanted");
	format_span(key->min, min, sizeof(min));
	format_span(key->max, max, sizeof(max));
	if ((usec < key->min || usec > key->max) && !(usec == 0 && key->or_never))
		return esim_error_set(err, ESIM_EINVAL, "%s to %s is possible%s", min, max,
				      key->or_never ? ", or 0 for never" : "");
	*ret = usec;
	return 0;
}

static int set_span(const struct key *key, struct config *config, const char *value, struct esim_error *err)
{
	return check_span(key, value, field(key, config), err);
}

static int set_milliseconds(const struct key *key, struct config *config, const char *value,
			    struct esim_error *err)
{
	unsigned *to = field(key, config);
	uint64_t usec = 0;
	int rc = check_span(key, value, &usec, err);

	if (!rc)
		*to = (unsigned)(usec / MSEC);
	return rc;
}

/* --- words and names ------------------------------------------------------------------------------------ */

static int set_scan(const struct key *key, struct config *config, const char *value, struct esim_error *err)
{
	static const struct {
		const char *name;
		enum config_scan bit;
	} words[] = { { "kernel", CONFIG_SCAN_KERNEL }, { "usb", CONFIG_SCAN_USB }, { "modem", CONFIG_SCAN_MODEM } };
	const size_t count = sizeof(words) / sizeof(words[0]);
	unsigned *to = field(key, config), scan = 0;

	while (*(value += strspn(value, " \t"))) {
		const size_t len = strcspn(value, " \t");
		size_t i = 0;

		while (i < count && (strlen(words[i].name) != len || strncmp(value, words[i].name, len) != 0))
			i++;
		if (i == count)
			return esim_error_set(err, ESIM_EINVAL, "kernel, usb and modem can be searched, not '%.*s'",
					      (int)len, value);
		scan |= words[i].bit;
		value += len;
	}
	*to = scan;
	return 0;
}

static int set_address(const struct key *key, struct config *config, const char *value, struct esim_error *err)
{
	char *to = field(key, config), address[ESIM_MAX_FQDN + 1] = "";
	int rc = *value ? esim_address_normalise(value, false, false, address, err) : 0;

	if (!rc)
		memcpy(to, address, sizeof(address));
	return rc;
}

static int set_imei(const struct key *key, struct config *config, const char *value, struct esim_error *err)
{
	char *to = field(key, config);
	struct es10b_device_info ignored;
	int rc = *value ? lpa_device_info_from_imei(value, &ignored, err) : 0;

	if (!rc)
		snprintf(to, sizeof(config->imei), "%s", value);
	return rc;
}

/* --- lists ------------------------------------------------------------------------------------------------ */

static void clear_texts(char ***list, size_t *count)
{
	for (size_t i = 0; i < *count; i++)
		free((*list)[i]);
	free(*list);
	*list = NULL;
	*count = 0;
}

static int too_many(const struct key *key, struct esim_error *err)
{
	return esim_error_set(err, ESIM_EINVAL, "more than %u", (unsigned)key->max);
}

/* What is there already is not there twice. */
static int add_text(const struct key *key, struct config *config, const char *value, struct esim_error *err)
{
	char ***list = field(key, config), **more;
	size_t *count = list_count(key, config);
	int rc;

	if (!*value) {
		clear_texts(list, count);
		return 0;
	}
	rc = key->check(value, err);
	for (size_t i = 0; !rc && i < *count; i++)
		if (strcmp((*list)[i], value) == 0)
			return 0;
	if (rc || *count >= key->max)
		return rc ? rc : too_many(key, err);
	more = reallocarray(*list, *count + 1, sizeof(*more));
	if (more)
		*list = more;
	if (!more || !(more[*count] = strdup(value)))
		return esim_error_set(err, ESIM_ENOMEM, "out of memory");
	++*count;
	return 0;
}

static int check_device(const char *value, struct esim_error *err)
{
	struct esim_device ignored;

	return esim_device_parse(value, &ignored, err);
}

static bool is_digits(const char **text, const char *digits, size_t max)
{
	const size_t len = strspn(*text, digits);

	*text += len;
	return len > 0 && len <= max;
}

/* "08e6:3437", or "1-2.3" as the kernel names a place on USB. */
static int check_usb(const char *value, struct esim_error *err)
{
	static const char decimal[] = "0123456789", hex[] = "0123456789abcdefABCDEF";
	const char *at = value;
	bool good;

	if (strchr(value, ':')) {
		good = is_digits(&at, hex, 4) && at == value + 4 && *at++ == ':' && is_digits(&at, hex, 4) &&
		       at == value + 9;
	} else {
		good = is_digits(&at, decimal, 3) && *at++ == '-' && is_digits(&at, decimal, 3);
		while (good && *at == '.') {
			at++;
			good = is_digits(&at, decimal, 3);
		}
	}
	if (good && !*at)
		return 0;
	return esim_error_set(err, ESIM_EINVAL, "VID:PID (08e6:3437) or BUS-PORT (1-2.3) is wanted");
}

static int check_directory(const char *value, struct esim_error *err)
{
	return value[0] == '/' ? 0 : esim_error_set(err, ESIM_EINVAL, "a path that begins with / is wanted");
}

static int add_aid(const struct key *key, struct config *config, const char *value, struct esim_error *err)
{
	struct esim_aid *list = field(key, config), aid = { 0 };
	size_t *count = list_count(key, config);

	if (!*value) {
		*count = 0;
		return 0;
	}
	if (esim_hex_decode(value, aid.bytes, sizeof(aid.bytes), &aid.len) || aid.len < MIN_AID)
		return esim_error_set(err, ESIM_EINVAL, "5 to 16 bytes in hexadecimal are wanted");
	if (*count >= key->max)
		return too_many(key, err);
	list[(*count)++] = aid;
	return 0;
}

static int add_connect_to(const struct key *key, struct config *config, const char *value,
			  struct esim_error *err)
{
	struct esim_connect_to **list = field(key, config), *more, one;
	size_t *count = list_count(key, config);
	int rc;

	if (!*value) {
		free(*list);
		*list = NULL;
		*count = 0;
		return 0;
	}
	rc = esim_connect_to_parse(value, &one, err);
	if (rc || *count >= key->max)
		return rc ? rc : too_many(key, err);
	more = reallocarray(*list, *count + 1, sizeof(*more));
	if (!more)
		return esim_error_set(err, ESIM_ENOMEM, "out of memory");
	*list = more;
	more[(*count)++] = one;
	return 0;
}

/* --- the table -------------------------------------------------------------------------------------------------- */

#define AT(member) .offset = offsetof(struct config, member)
#define LIST(member, counter, most) AT(member), .count_offset = offsetof(struct config, counter), .max = (most)

static const struct key keys[] = {
	{ "Devices", "Scan", set_scan, AT(scan) },
	{ "Devices", "Device", add_text, LIST(devices, device_count, CONFIG_MAX_DEVICES),
	  .check = check_device },
	{ "Devices", "UsbAllow", add_text, LIST(usb_allow, usb_allow_count, CONFIG_MAX_USB_ALLOW),
	  .check = check_usb },
	{ "Devices", "IsdrAid", add_aid, LIST(isdr_aids, isdr_aid_count, ESIM_MAX_ISDR_AIDS) },
	{ "Devices", "ApduTimeout", set_milliseconds, AT(apdu_timeout_ms), .min = SEC, .max = 10 * MIN },
	{ "Modems", "ModemManager", set_bool, AT(modem_manager) },
	{ "Modems", "RegistrationTimeout", set_span, AT(registration_usec), .min = SEC, .max = 10 * MIN,
	  .or_never = true },
	{ "Modems", "Publish", set_bool, AT(publish) },
	{ "Servers", "ConnectTo", add_connect_to, LIST(connect_to, connect_to_count, CONFIG_MAX_CONNECT_TO) },
	{ "Servers", "CiRoots", add_text, LIST(ci_roots, ci_roots_count, ESIM_MAX_ROOTS),
	  .check = check_directory },
	{ "Servers", "AllowPrivateAddresses", set_bool, AT(allow_private) },
	{ "Servers", "Smds", set_address, AT(smds) },
	{ "Servers", "CheckEvents", set_span, AT(check_events_usec), .min = 15 * MIN, .max = 30 * DAY,
	  .or_never = true },
	{ "Servers", "Imei", set_imei, AT(imei) },
	{ "Download", "ConsentTimeout", set_span, AT(consent_timeout_usec), .min = SEC, .max = DAY },
	{ "Notifications", "RetryMin", set_span, AT(retry_min_usec), .min = SEC, .max = DAY },
	{ "Notifications", "RetryMax", set_span, AT(retry_max_usec), .min = SEC,
	  .max = OUTBOX_MAX_WAIT * SEC },
	{ "Daemon", "IdleExit", set_span, AT(idle_exit_usec), .min = SEC, .max = DAY, .or_never = true },
	{ "Daemon", "ShowHiddenProfiles", set_bool, AT(show_hidden_profiles) },
	{ "Daemon", "DeviceTestMode", set_bool, AT(device_test_mode) },
};
#define KEY_COUNT (sizeof(keys) / sizeof(keys[0]))

bool config_has_section(const char *section, size_t len)
{
	for (size_t i = 0; i < KEY_COUNT; i++)
		if (strlen(keys[i].section) == len && strncmp(keys[i].section, section, len) == 0)
			return true;
	return false;
}

int config_set(struct config *config, const char *section, const char *name, const char *value,
	       struct esim_error *err)
{
	size_t i = 0;
	int rc;

	while (i < KEY_COUNT && (strcmp(keys[i].section, section) != 0 || strcmp(keys[i].name, name) != 0))
		i++;
	if (!section[0])
		return esim_error_set(err, ESIM_EINVAL, "%.64s stands before the first [SECTION]", name);
	if (i == KEY_COUNT)
		return esim_error_set(err, ESIM_EINVAL, "there is no %.64s in [%s]", name, section);
	rc = keys[i].set(&keys[i], config, value, err);
	return rc ? esim_error_prefix(err, "%s: ", name) : 0;
}

int config_check(const struct config *config, struct esim_error *err)
{
	if (config->retry_min_usec > config->retry_max_usec)
		return esim_error_set(err, ESIM_EINVAL, "RetryMin is longer than RetryMax");
	return 0;
}

void config_defaults(struct config *ret)
{
	*ret = (struct config){
		.scan = CONFIG_SCAN_KERNEL | CONFIG_SCAN_USB | CONFIG_SCAN_MODEM,
		.modem_manager = true,
		.registration_usec = MIN,
		.apdu_timeout_ms = ESIM_DEFAULT_APDU_TIMEOUT_MS,
		.check_events_usec = DAY,
		.consent_timeout_usec = 5 * MIN,
		.retry_min_usec = 30 * SEC,
		.retry_max_usec = DAY,
		.idle_exit_usec = MIN,
	};
}

void config_free(struct config *config)
{
	clear_texts(&config->devices, &config->device_count);
	clear_texts(&config->usb_allow, &config->usb_allow_count);
	clear_texts(&config->ci_roots, &config->ci_roots_count);
	free(config->connect_to);
	*config = (struct config){ 0 };
}
