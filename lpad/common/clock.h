/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Times as a person writes them: RFC 3339. */
#ifndef LPAD_CLOCK_H
#define LPAD_CLOCK_H

#include <esim/error.h>

#include <stdint.h>

/* "2026-12-01T00:00:00Z", or with +01:00: seconds since the epoch. */
int clock_parse(const char *text, int64_t *ret, struct esim_error *err);

#endif
