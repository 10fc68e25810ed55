/* SPDX-License-Identifier: GPL-2.0-or-later */
/* A modem that misbehaves at a message of choice: what is to go wrong, and when. */
#include "vmodem/inside.h"

#include <stdlib.h>
#include <string.h>

static const char *const names[VMODEM_FAULTS] = {
	[VMODEM_FAULT_MUTE] = "mute",
	[VMODEM_FAULT_LATE] = "late",
	[VMODEM_FAULT_GARBAGE] = "garbage",
	[VMODEM_FAULT_NOISE] = "noise",
	[VMODEM_FAULT_TRUNCATED] = "truncated",
	[VMODEM_FAULT_TWICE] = "twice",
	[VMODEM_FAULT_BUSY] = "busy",
	[VMODEM_FAULT_ERROR] = "error",
	[VMODEM_FAULT_RESET] = "reset",
	[VMODEM_FAULT_VANISH] = "vanish",
	[VMODEM_FAULT_CLOSES] = "closes",
};

static const char *const kinds[] = {
	"open", "apdu", "close", "atr", "capability", "power", "radio", "reset", "slots", "switch", "ready",
	"info", "sync", "other", NULL,
};

static bool take_name(const char *text, size_t len, struct vmodem_rule *rule)
{
	for (int i = 0; i < VMODEM_FAULTS; i++) {
		if (strlen(names[i]) != len || memcmp(names[i], text, len))
			continue;
		rule->fault = (enum vmodem_fault)i;
		return true;
	}
	return false;
}

static bool take_number(char *text, struct vmodem_rule *rule)
{
	size_t len = strlen(text);
	unsigned long n;
	char *end;

	if (len > 0 && text[len - 1] == '+') {
		rule->onwards = true;
		text[len - 1] = '\0';
	}
	if (*text < '0' || *text > '9')
		return false;
	n = strtoul(text, &end, 10);
	if (*end || n == 0 || n > UINT32_MAX)
		return false;
	rule->number = (unsigned)n;
	return true;
}

static bool take_kind(const char *text, struct vmodem_rule *rule)
{
	for (size_t i = 0; kinds[i]; i++) {
		if (strcmp(kinds[i], text))
			continue;
		strcpy(rule->kind, text);
		return true;
	}
	return false;
}

/* NAME@N, NAME@N+, NAME@N:KIND */
static bool parse(const char *from, size_t len, struct vmodem_rule *rule)
{
	char text[64], *number, *kind;

	if (len >= sizeof(text))
		return false;
	memcpy(text, from, len);
	text[len] = '\0';
	number = strchr(text, '@');
	if (!number)
		return false;
	*number++ = '\0';
	kind = strchr(number, ':');
	if (kind)
		*kind++ = '\0';
	return take_name(text, strlen(text), rule) && take_number(number, rule) &&
	       (!kind || take_kind(kind, rule));
}

int vmodem_set_fault(struct vmodem *modem, const char *spec, struct esim_error *err)
{
	struct vmodem_rule rules[VMODEM_MAX_RULES] = { 0 };
	size_t count = 0;
	const char *end;

	if (spec && strcmp(spec, "none")) {
		for (const char *text = spec; *text; text = *end ? end + 1 : end) {
			end = strchrnul(text, ',');
			if (count == VMODEM_MAX_RULES)
				return esim_error_set(err, ESIM_EINVAL, "at most %d faults", VMODEM_MAX_RULES);
			if (!parse(text, (size_t)(end - text), &rules[count++]))
				return esim_error_set(err, ESIM_EINVAL,
						      "\"%.*s\" is no fault of a modem; see vmodem --help",
						      (int)(end - text), text);
		}
	}
	memcpy(modem->rules, rules, sizeof(rules));
	modem->rule_count = count;
	return 0;
}

static bool strikes(struct vmodem_rule *rule, const char *message)
{
	if (rule->kind[0] && strcmp(rule->kind, message))
		return false;
	rule->seen++;
	return rule->seen == rule->number || (rule->onwards && rule->seen > rule->number);
}

enum vmodem_fault vmodem_next_fault(struct vmodem *modem, const char *message)
{
	enum vmodem_fault fault = VMODEM_FAULTS;

	modem->counts[COUNT_REQUESTS]++;
	for (size_t i = 0; i < modem->rule_count; i++)
		if (strikes(&modem->rules[i], message) && fault == VMODEM_FAULTS)
			fault = modem->rules[i].fault;
	if (fault == VMODEM_FAULTS)
		return fault;
	modem->counts[COUNT_FAULTS]++;
	if (fault == VMODEM_FAULT_RESET)
		vmodem_restart(modem);
	else if (fault == VMODEM_FAULT_VANISH)
		vmodem_unplug(modem);
	else if (fault == VMODEM_FAULT_CLOSES)
		vmodem_channels_lose(modem);
	return fault;
}
