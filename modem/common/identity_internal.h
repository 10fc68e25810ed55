/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What identity.c, which reads sysfs, and identity_wait.c, which hears of news, share; and tests, for their own places. */
#ifndef MODEM_IDENTITY_INTERNAL_H
#define MODEM_IDENTITY_INTERNAL_H

#include "identity.h"

struct identity_places {
	const char *sysfs;		/* "/sys" */
	const char *dev;		/* "/dev" */
	const char *udev;		/* "/run/udev": control is there where udev runs, data/cMAJ:MIN where it is done */
};

extern const struct identity_places identity_system;

int identity_read(const struct identity_places *places, const char *path, struct modem_identity *ret,
		  struct esim_error *err);

/* Of @from's subsystem the port at the same place with the same interface. ESIM_ENODEV: there is none. */
int identity_find(const struct identity_places *places, const struct modem_identity *from,
		  struct modem_identity *ret);

int identity_wait_in(const struct identity_places *places, struct modem_identity *identity,
		     const struct esim_cancel *cancel, unsigned timeout_ms, struct esim_error *err);

#endif
