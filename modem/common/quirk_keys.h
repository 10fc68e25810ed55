/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What quirks_parse.c, which reads lines, asks of quirk_keys.c, which knows what they may say. */
#ifndef MODEM_QUIRK_KEYS_H
#define MODEM_QUIRK_KEYS_H

#include "quirks.h"

#define QUIRKS_MAX_BYTES	(256 * 1024)	/* of one file */
#define QUIRKS_MAX_FILES	64

/* "usb 2c7c:0125", "usb 2c7c:*", "*": 1 it fits, 0 it does not, ESIM_EINVAL: it is no such thing. */
int quirk_section_fits(const char *section, size_t len, const struct quirk_subject *subject);

/* "Firmware" and "Protocol": 1, 0 or an error, as above; ESIM_ENOENT: @name is neither. */
int quirk_condition_fits(const char *name, const char *value, const struct quirk_subject *subject,
			 struct esim_error *err);

/* A key of quirks.h. ESIM_EINVAL: there is no such key, or it cannot have this value. */
int quirk_set(struct quirks *quirks, const char *name, const char *value, struct esim_error *err);

#endif
