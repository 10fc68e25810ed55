/* SPDX-License-Identifier: GPL-2.0-or-later */
/* A reader that misbehaves; see fault.h. */
#include "vreader/fault.h"
#include "vreader/message.h"

#include <stdlib.h>
#include <string.h>

enum value_wanted { NO_VALUE, DECIMAL, HEX, OPTIONAL };

static const struct {
	const char *name;
	enum value_wanted value;
	uint32_t max;
} actions[FAULT_ACTIONS] = {
	[FAULT_EXTEND] = { "extend", OPTIONAL, 1000000 },
	[FAULT_SLOW] = { "slow", DECIMAL, 600000 },
	[FAULT_MUTE] = { "mute", NO_VALUE, 0 },
	[FAULT_LOST] = { "lost", NO_VALUE, 0 },
	[FAULT_HOLD] = { "hold", NO_VALUE, 0 },
	[FAULT_STALE] = { "stale", DECIMAL, 255 },
	[FAULT_TYPE] = { "type", HEX, 0xFF },
	[FAULT_SLOT] = { "slot", HEX, 0xFF },
	[FAULT_SEQ] = { "seq", HEX, 0xFF },
	[FAULT_STATUS] = { "status", HEX, 0xFF },
	[FAULT_ERROR] = { "error", HEX, 0xFF },
	[FAULT_CHAIN] = { "chain", HEX, 0xFF },
	[FAULT_LENGTH] = { "length", DECIMAL, UINT32_MAX },
	[FAULT_SHORT] = { "short", DECIMAL, 65536 },
	[FAULT_LONG] = { "long", DECIMAL, 4096 },
	[FAULT_STALL_IN] = { "stall-in", NO_VALUE, 0 },
	[FAULT_STALL_OUT] = { "stall-out", NO_VALUE, 0 },
	[FAULT_REMOVE] = { "remove", NO_VALUE, 0 },
	[FAULT_DETACH] = { "detach", NO_VALUE, 0 },
	[FAULT_T1_EDC] = { "t1-edc", NO_VALUE, 0 },
	[FAULT_T1_LOST] = { "t1-lost", NO_VALUE, 0 },
	[FAULT_T1_DEAF] = { "t1-deaf", NO_VALUE, 0 },
	[FAULT_T1_SEQ] = { "t1-seq", NO_VALUE, 0 },
	[FAULT_T1_R] = { "t1-r", HEX, 0x0F },
	[FAULT_T1_WTX] = { "t1-wtx", OPTIONAL, 1000000 },
	[FAULT_T1_IFS] = { "t1-ifs", DECIMAL, 255 },
	[FAULT_T1_ABORT] = { "t1-abort", NO_VALUE, 0 },
	[FAULT_T1_RESYNCH] = { "t1-resynch", NO_VALUE, 0 },
	[FAULT_T1_MUTE] = { "t1-mute", NO_VALUE, 0 },
	[FAULT_T1_NAD] = { "t1-nad", HEX, 0xFF },
	[FAULT_T1_PCB] = { "t1-pcb", HEX, 0xFF },
	[FAULT_T1_LEN] = { "t1-len", HEX, 0xFF },
};

static const struct {
	const char *name;
	uint8_t kind;
} kinds[] = {
	{ "on", CCID_POWER_ON }, { "off", CCID_POWER_OFF }, { "status", CCID_GET_SLOT_STATUS },
	{ "xfr", CCID_XFR_BLOCK }, { "get", CCID_GET_PARAMETERS }, { "set", CCID_SET_PARAMETERS },
	{ "abort", CCID_ABORT },
};

static bool parse_value(const char *text, int base, uint32_t max, uint32_t *ret)
{
	unsigned long long n;
	char *end;

	if (*text == '\0' || *text == '-' || *text == '+' || *text == ' ')
		return false;
	n = strtoull(text, &end, base);
	if (*end || n > max)
		return false;
	*ret = (uint32_t)n;
	return true;
}

static bool parse_action(char *text, struct vreader_rule *rule)
{
	char *value = strchr(text, '=');

	if (value)
		*value++ = '\0';
	for (int i = 0; i < FAULT_ACTIONS; i++) {
		if (strcmp(actions[i].name, text))
			continue;
		rule->action = (enum vreader_fault_action)i;
		rule->value = VREADER_ENDLESS;
		if (!value)
			return actions[i].value == NO_VALUE || actions[i].value == OPTIONAL;
		return actions[i].value != NO_VALUE &&
		       parse_value(value, actions[i].value == HEX ? 16 : 10, actions[i].max,
				   &rule->value);
	}
	return false;
}

static bool parse_where(char *text, struct vreader_rule *rule)
{
	char *number = strchr(text, ':');
	uint32_t n;
	size_t len;

	if (*text >= '0' && *text <= '9') {
		number = text;
	} else {
		if (number)
			*number++ = '\0';
		for (size_t i = 0; i < sizeof(kinds) / sizeof(kinds[0]); i++)
			if (!strcmp(kinds[i].name, text))
				rule->kind = kinds[i].kind;
		if (!rule->kind)
			return false;
		if (!number)
			return true;
	}
	len = strlen(number);
	if (len > 0 && number[len - 1] == '+') {
		rule->onwards = true;
		number[len - 1] = '\0';
	}
	if (!parse_value(number, 10, UINT32_MAX, &n) || n == 0)
		return false;
	rule->number = n;
	return true;
}

static bool parse_rule(const char *from, size_t len, struct vreader_rule *rule)
{
	char text[64];
	char *where;

	if (len >= sizeof(text))
		return false;
	memcpy(text, from, len);
	text[len] = '\0';
	where = strchr(text, '@');
	if (!where)
		return false;
	*where++ = '\0';
	return parse_action(text, rule) && parse_where(where, rule);
}

int vreader_faults_parse(const char *spec, struct vreader_faults *ret, struct esim_error *err)
{
	struct vreader_faults faults = { 0 };
	const char *end;

	if (spec && strcmp(spec, "none")) {
		for (const char *text = spec; *text; text = *end ? end + 1 : end) {
			end = strchrnul(text, ',');
			if (faults.count == VREADER_MAX_FAULTS)
				return esim_error_set(err, ESIM_EINVAL, "at most %d faults",
						      VREADER_MAX_FAULTS);
			if (!parse_rule(text, (size_t)(end - text), &faults.rules[faults.count++]))
				return esim_error_set(err, ESIM_EINVAL,
						      "\"%.*s\" is no fault of a reader; see vreader --help",
						      (int)(end - text), text);
		}
	}
	*ret = faults;
	return 0;
}

bool vreader_faults_plan(struct vreader_faults *faults, uint8_t kind, struct vreader_plan *ret)
{
	bool any = false;

	*ret = (struct vreader_plan){ 0 };
	for (size_t i = 0; i < faults->count; i++) {
		struct vreader_rule *rule = &faults->rules[i];

		if (rule->kind && rule->kind != kind)
			continue;
		rule->seen++;
		if (rule->number && rule->seen != rule->number &&
		    !(rule->onwards && rule->seen > rule->number))
			continue;
		ret->wanted[rule->action] = any = true;
		ret->value[rule->action] = rule->value;
	}
	return any;
}

void vreader_fault_spoil(const struct vreader_plan *plan, struct esim_buf *answer)
{
	static const struct {
		enum vreader_fault_action action;
		size_t offset;
	} header[] = {
		{ FAULT_TYPE, 0 }, { FAULT_SLOT, 5 }, { FAULT_STATUS, 7 }, { FAULT_ERROR, 8 },
		{ FAULT_CHAIN, 9 },
	};

	for (size_t i = 0; i < sizeof(header) / sizeof(header[0]); i++)
		if (plan->wanted[header[i].action])
			answer->data[header[i].offset] = (uint8_t)plan->value[header[i].action];
	if (plan->wanted[FAULT_SEQ])
		answer->data[6] = (uint8_t)(answer->data[6] + plan->value[FAULT_SEQ]);
	if (plan->wanted[FAULT_LENGTH])
		ccid_put32(answer->data + 1, plan->value[FAULT_LENGTH]);
	if (plan->wanted[FAULT_LONG])
		for (uint32_t i = 0; i < plan->value[FAULT_LONG]; i++)
			esim_buf_append_byte(answer, (uint8_t)i);
	if (plan->wanted[FAULT_SHORT] && answer->len > plan->value[FAULT_SHORT])
		answer->len = plan->value[FAULT_SHORT];
}
