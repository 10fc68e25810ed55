/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The modems that are served, and how they were called last: what a list of those that are there changes. A modem is the
 * hardware that it is, by whatever port it is reached. One that is not listed is there as long as its port is.
 */
#ifndef LPAD_MODEM_KNOWN_H
#define LPAD_MODEM_KNOWN_H

#include "model.h"

#include "lpad/common/modem_manager.h"

#include <systemd/sd-bus.h>

struct modem_known {
	struct daemon *daemon;
	sd_bus *bus;				/* where systemd is, to publish; borrowed */
	struct modem_seen *seen;
};

/* Each tells device_appeared(), device_moved(), device_changed(), device_went(), or publishes. */
void modem_known_take(struct modem_known *known, const struct mm_modem *modems, size_t count);
void modem_known_drop_gone(struct modem_known *known);
/* What the configuration does not want any more, or otherwise, goes. */
void modem_known_reload(struct modem_known *known);
/* Tells nobody. */
void modem_known_forget(struct modem_known *known);

#endif
