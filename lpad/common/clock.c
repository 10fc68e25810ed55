/* SPDX-License-Identifier: GPL-2.0-or-later */
/* RFC 3339. */
#include "clock.h"

#include <stdio.h>
#include <string.h>
#include <time.h>

/* "Z", or "+01:00" in seconds. */
static int parse_zone(const char *text, long *ret_seconds)
{
	unsigned hours, minutes;
	char sign;
	int end = 0;

	if ((text[0] == 'Z' || text[0] == 'z') && !text[1]) {
		*ret_seconds = 0;
		return 0;
	}
	if (sscanf(text, "%c%2u:%2u%n", &sign, &hours, &minutes, &end) != 3 || text[end] ||
	    (sign != '+' && sign != '-') || hours > 23 || minutes > 59)
		return ESIM_EINVAL;
	*ret_seconds = (long)(hours * 3600 + minutes * 60) * (sign == '+' ? 1 : -1);
	return 0;
}

int clock_parse(const char *text, int64_t *ret, struct esim_error *err)
{
	struct tm tm = { 0 };
	const char *zone = strptime(text, "%Y-%m-%dT%H:%M:%S", &tm);
	long offset;

	if (!zone || parse_zone(zone, &offset))
		return esim_error_set(err, ESIM_EINVAL,
				      "a time is written as 2026-12-01T00:00:00Z");
	*ret = (int64_t)timegm(&tm) - offset;
	return 0;
}
