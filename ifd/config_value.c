/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "config_value.h"

#include <ctype.h>
#include <string.h>

#define AID_MIN 5			/* ISO/IEC 7816-4, 12.2.1 */

const struct policy_aid config_value_usim = {
	.bytes = { 0xA0, 0x00, 0x00, 0x00, 0x87, 0x10, 0x02 }, .len = 7,
};

static const char *set_switch(bool *out, const char *value)
{
	if (strcmp(value, "yes") == 0)
		*out = true;
	else if (strcmp(value, "no") == 0)
		*out = false;
	else
		return "it is yes or no";
	return NULL;
}

static const char *set_allow_isdr(struct config_slot *slot, const char *value)
{
	return set_switch(&slot->policy.allow_isdr, value);
}

static const char *set_allow_ecasd(struct config_slot *slot, const char *value)
{
	return set_switch(&slot->policy.allow_ecasd, value);
}

static const char *set_basic_channel(struct config_slot *slot, const char *value)
{
	return set_switch(&slot->policy.basic_channel, value);
}

static const char *set_device(struct config_slot *slot, const char *value)
{
	size_t len = strlen(value);

	if (strcmp(value, "none") == 0)
		value = "";
	else if (strncmp(value, "/dev/", 5) != 0 || strstr(value, "/.") || value[len - 1] == '/')
		return "it is a file in /dev, or none";
	if (len >= sizeof(slot->device))
		return "the name is too long";
	memcpy(slot->device, value, strlen(value) + 1);
	return NULL;
}

static int digit(char c)
{
	return c <= '9' ? c - '0' : (c | 0x20) - 'a' + 10;
}

static bool parse_aid(const char *text, size_t len, struct policy_aid *out)
{
	struct policy_aid aid = { .len = len / 2 };

	if (len % 2 || aid.len < AID_MIN || aid.len > POLICY_AID_MAX)
		return false;
	for (size_t i = 0; i < len; i++) {
		if (!isxdigit((unsigned char)text[i]))
			return false;
		aid.bytes[i / 2] = (uint8_t)(aid.bytes[i / 2] << 4 | digit(text[i]));
	}
	*out = aid;
	return true;
}

static const char *set_start(struct config_slot *slot, const char *value)
{
	if (strcmp(value, "none") == 0)
		slot->policy.start.len = 0;
	else if (!parse_aid(value, strlen(value), &slot->policy.start))
		return "it is an AID of 5 to 16 bytes in hexadecimal, or none";
	return NULL;
}

/* A slot's list goes on where [driver]'s ends: nothing that all refuse is allowed by one. */
static const char *add_refused(struct config_slot *slot, const char *value)
{
	struct policy *policy = &slot->policy;
	size_t len;

	for (value += strspn(value, " \t,"); *value; value += strspn(value, " \t,")) {
		len = strcspn(value, " \t,");
		if (policy->refused_count == POLICY_REFUSED_MAX)
			return "16 AIDs are the most";
		if (!parse_aid(value, len, &policy->refused[policy->refused_count]))
			return "an AID is 5 to 16 bytes in hexadecimal";
		policy->refused_count++;
		value += len;
	}
	return NULL;
}

static const struct {
	const char *name;
	const char *(*set)(struct config_slot *slot, const char *value);
	bool slot_only, list;
} settings[] = {
	{ "device", set_device, true, false },
	{ "allow_isdr", set_allow_isdr, false, false },
	{ "allow_ecasd", set_allow_ecasd, false, false },
	{ "basic_channel", set_basic_channel, false, false },
	{ "start_aid", set_start, false, false },
	{ "refuse_aids", add_refused, false, true },
};
#define SETTINGS (sizeof(settings) / sizeof(settings[0]))

static const char *set_slots(unsigned *slots, const char *value, unsigned *seen)
{
	if (*seen & 1u << SETTINGS)
		return "it is there twice";
	*seen |= 1u << SETTINGS;
	if (value[0] < '1' || value[0] > '0' + CONFIG_SLOTS_MAX || value[1])
		return "it is 1 to 8";
	*slots = (unsigned)(value[0] - '0');
	return NULL;
}

const char *config_value_set(struct config_slot *slot, unsigned *slots, const char *name, const char *value,
			     unsigned *seen)
{
	if (slots && strcmp(name, "slots") == 0)
		return set_slots(slots, value, seen);
	for (unsigned i = 0; i < SETTINGS; i++) {
		if (strcmp(name, settings[i].name) != 0 || (settings[i].slot_only && slots))
			continue;
		/* inih gives each line of a value that goes on as a value of its own. */
		if ((*seen & 1u << i) && !settings[i].list)
			return "it is there twice";
		*seen |= 1u << i;
		return settings[i].set(slot, value);
	}
	return "there is no such setting here";
}

const char *config_value_conflict(const struct config_slot *slot)
{
	const struct policy_aid *start = &slot->policy.start;

	if (start->len && policy_refuses_name(&slot->policy, start->bytes, start->len))
		return "start_aid is refused itself";
	return NULL;
}
