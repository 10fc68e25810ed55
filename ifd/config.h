/* SPDX-License-Identifier: GPL-2.0-or-later */
/* /etc/coreesim/ifdeuicc.conf, see ifdeuicc.conf(5). What is wrong there leaves slots empty. */
#ifndef IFD_CONFIG_H
#define IFD_CONFIG_H

#include "policy.h"

#include <stdio.h>
#include <sys/stat.h>

#define CONFIG_PATH "/etc/coreesim/ifdeuicc.conf"
#define CONFIG_SLOTS_MAX 8
#define CONFIG_DEVICE_MAX 64

struct config_slot {
	char device[CONFIG_DEVICE_MAX];	/* empty: nothing is ever in this slot */
	struct policy policy;
};

struct config {
	unsigned slots;
	struct config_slot slot[CONFIG_SLOTS_MAX];
};

/* Without a file: what applies where nothing is said. */
void config_defaults(struct config *config);

/* Read @path. Errors are logged with file and line, and there is always a configuration. */
void config_load(struct config *config, const char *path);

/* The same of an open file; @name is for the messages. */
void config_read(struct config *config, FILE *file, const char *name);

/* Only what root alone can change decides what is refused. */
bool config_is_trusted(const struct stat *status);

#endif
