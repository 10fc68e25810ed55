/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Faults on purpose: their grammar, and what they do to an answer. */
#include "veuicc/fault.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define DEFAULT_OVERSIZE 300
#define MAX_OVERSIZE 65000

static const struct {
	const char *name;
	enum veuicc_fault_action action;
	int base;			/* of the value after '='; 0: takes none */
	bool needs_value;
} actions[] = {
	{ "sw", FAULT_SW, 16, true },
	{ "mute", FAULT_MUTE, 0, false },
	{ "corrupt", FAULT_CORRUPT, 10, false },
	{ "truncate", FAULT_TRUNCATE, 10, false },
	{ "oversize", FAULT_OVERSIZE, 10, false },
	{ "empty", FAULT_EMPTY, 0, false },
	{ "power-loss", FAULT_POWER_LOSS, 0, false },
	{ "result", FAULT_RESULT, 10, true },
};

static bool parse_number(const char *text, const char *end, int base, uint64_t max, uint64_t *ret)
{
	char *stop;
	unsigned long long n;

	if (text == end || *text == '+' || *text == '-' || *text == ' ')
		return false;
	n = strtoull(text, &stop, base);
	if (stop != end || n > max)
		return false;
	*ret = n;
	return true;
}

static bool parse_action(const char *text, const char *end, struct veuicc_fault_rule *rule)
{
	const char *equals = memchr(text, '=', (size_t)(end - text));
	size_t len = (size_t)((equals ? equals : end) - text);
	uint64_t value = 0;

	for (size_t i = 0; i < sizeof(actions) / sizeof(actions[0]); i++) {
		if (strlen(actions[i].name) != len || strncmp(text, actions[i].name, len))
			continue;
		if (equals && (!actions[i].base ||
			       !parse_number(equals + 1, end, actions[i].base, 0xFFFF, &value)))
			return false;
		if (!equals && actions[i].needs_value)
			return false;
		rule->action = actions[i].action;
		rule->has_value = equals;
		rule->value = (uint32_t)value;
		return rule->action != FAULT_OVERSIZE || value <= MAX_OVERSIZE;
	}
	return false;
}

static bool parse_where(const char *text, const char *end, struct veuicc_fault_rule *rule)
{
	const char *colon = memchr(text, ':', (size_t)(end - text));
	uint64_t tag;

	if (!strncmp(text, "write:", 6)) {
		rule->where = AT_WRITE;
		return rule->action == FAULT_POWER_LOSS &&
		       parse_number(text + 6, end, 10, UINT32_MAX, &rule->number);
	}
	if (!strncmp(text, "BF", 2) || !strncmp(text, "bf", 2)) {
		rule->where = AT_FUNCTION;
		if (!parse_number(text, colon ? colon : end, 16, 0xFFFF, &tag) || tag < 0xBF00)
			return false;
		rule->tag = (uint32_t)tag;
		return !colon || parse_number(colon + 1, end, 10, UINT32_MAX, &rule->number);
	}
	rule->where = AT_APDU;
	if (end > text && end[-1] == '+') {
		rule->where = AT_APDU_AND_ON;
		end--;
	}
	return rule->action != FAULT_RESULT && parse_number(text, end, 10, UINT32_MAX, &rule->number);
}

int veuicc_fault_parse(const char *spec, struct veuicc_fault *ret, struct esim_error *err)
{
	struct veuicc_fault fault = { 0 };
	const char *end, *at;

	for (const char *text = spec; text && *text; text = *end ? end + 1 : end) {
		struct veuicc_fault_rule rule = { 0 };

		end = strchrnul(text, ',');
		at = memchr(text, '@', (size_t)(end - text));
		if (fault.count == VEUICC_MAX_FAULTS)
			return esim_error_set(err, ESIM_EINVAL, "more than %d faults",
					      VEUICC_MAX_FAULTS);
		if (!at || !parse_action(text, at, &rule) || !parse_where(at + 1, end, &rule))
			return esim_error_set(err, ESIM_EINVAL, "\"%.*s\" is no fault; one is ACTION@WHERE",
					      (int)(end - text), text);
		fault.rules[fault.count++] = rule;
	}
	*ret = fault;
	return 0;
}

const struct veuicc_fault_rule *veuicc_fault_at_apdu(const struct veuicc_fault *fault,
						     uint64_t number)
{
	for (size_t i = 0; i < fault->count; i++) {
		const struct veuicc_fault_rule *rule = &fault->rules[i];

		if ((rule->where == AT_APDU && rule->number == number) ||
		    (rule->where == AT_APDU_AND_ON && rule->number <= number))
			return rule;
	}
	return NULL;
}

const struct veuicc_fault_rule *veuicc_fault_at_function(struct veuicc_fault *fault, uint32_t tag)
{
	const struct veuicc_fault_rule *hit = NULL;

	for (size_t i = 0; i < fault->count; i++) {
		struct veuicc_fault_rule *rule = &fault->rules[i];

		if (rule->where != AT_FUNCTION || rule->tag != tag)
			continue;
		rule->seen++;
		if (!hit && (rule->number == 0 || rule->number == rule->seen))
			hit = rule;
	}
	return hit;
}

bool veuicc_fault_at_write(struct veuicc_fault *fault)
{
	fault->writes++;
	for (size_t i = 0; i < fault->count; i++)
		if (fault->rules[i].where == AT_WRITE && fault->rules[i].number == fault->writes)
			return true;
	return false;
}

void veuicc_fault_spoil(const struct veuicc_fault_rule *rule, struct esim_buf *data, size_t from)
{
	size_t len = data->len - from;
	size_t n = rule->has_value ? rule->value : len / 2;

	switch (rule->action) {
	case FAULT_CORRUPT:
		if (n < len)
			data->data[from + n] ^= 0xFF;
		break;
	case FAULT_TRUNCATE:
		if (n < len)
			data->len = from + n;
		break;
	case FAULT_OVERSIZE:
		n = rule->has_value ? rule->value : DEFAULT_OVERSIZE;
		for (size_t i = 0; i < n; i++)
			esim_buf_append_byte(data, 0xA5);
		break;
	case FAULT_EMPTY:
		data->len = from;
		break;
	case FAULT_SW:
	case FAULT_MUTE:
	case FAULT_POWER_LOSS:
	case FAULT_RESULT:
		break;
	}
}
