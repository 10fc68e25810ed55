/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What config.c, which reads lines, asks of config_keys.c, which knows what they may say. */
#ifndef LPAD_CONFIG_INTERNAL_H
#define LPAD_CONFIG_INTERNAL_H

#include "config.h"

bool config_has_section(const char *section, size_t len);
/* 0, or ESIM_EINVAL or ESIM_ENOMEM with a sentence that names the key. */
int config_set(struct config *config, const char *section, const char *name, const char *value,
	       struct esim_error *err);
/* Do the values go together? */
int config_check(const struct config *config, struct esim_error *err);

#endif
