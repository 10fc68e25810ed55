/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The settings of the configuration, each by its name. */
#ifndef IFD_CONFIG_VALUE_H
#define IFD_CONFIG_VALUE_H

#include "config.h"

/* The USIM, by the beginning of its name (TS 101 220, annex E): every profile of an operator has one. */
extern const struct policy_aid config_value_usim;

/*
 * Set @name to @value. @slots is NULL in a slot's section, @seen has a bit for each name that was
 * set there. Gives NULL, or what is wrong.
 */
const char *config_value_set(struct config_slot *slot, unsigned *slots, const char *name, const char *value,
			     unsigned *seen);

/* What does not go together in the end; NULL: all does. */
const char *config_value_conflict(const struct config_slot *slot);

#endif
