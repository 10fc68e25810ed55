/* SPDX-License-Identifier: GPL-2.0-or-later */
/* RFC 3339 times on command lines (--clock), always in UTC or with an offset. */
#ifndef RSP_CLOCK_H
#define RSP_CLOCK_H

#include <stdint.h>

/* "2026-11-22T13:00:00Z", "…+01:00": seconds since the epoch; 0 or ESIM_EINVAL. */
int rsp_clock_parse(const char *text, int64_t *ret);

#endif
