/* SPDX-License-Identifier: GPL-2.0-or-later */
/* RFC 3339; see clock.h. */
#include "rsp/clock.h"

#include <esim/error.h>

#include <stdio.h>
#include <string.h>
#include <time.h>

/* "Z" or "+hh:mm" in seconds. */
static int parse_offset(const char *text, int64_t *ret)
{
	unsigned hours, minutes;
	int end = -1;
	char sign;

	if (strcasecmp(text, "z") == 0) {
		*ret = 0;
		return 0;
	}
	if (sscanf(text, "%c%2u:%2u%n", &sign, &hours, &minutes, &end) != 3 || end < 0 || text[end] ||
	    (sign != '+' && sign != '-') || hours > 23 || minutes > 59)
		return ESIM_EINVAL;
	*ret = (int64_t)(hours * 3600 + minutes * 60) * (sign == '-' ? -1 : 1);
	return 0;
}

int rsp_clock_parse(const char *text, int64_t *ret)
{
	struct tm tm = { 0 };
	const char *rest = strptime(text, "%Y-%m-%dT%H:%M:%S", &tm);
	int64_t offset;

	if (!rest)
		rest = strptime(text, "%Y-%m-%dt%H:%M:%S", &tm);
	if (!rest || parse_offset(rest, &offset))
		return ESIM_EINVAL;
	*ret = (int64_t)timegm(&tm) - offset;
	return 0;
}
