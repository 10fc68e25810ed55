/* SPDX-License-Identifier: GPL-2.0-or-later */
/* euicc-publish(8) for a modem, as systemd's unit: lpad itself may not make devices. */
#ifndef LPAD_PUBLISH_H
#define LPAD_PUBLISH_H

#include <esim/limits.h>

#include <systemd/sd-bus.h>

#include <stdbool.h>

#define PUBLISH_UNIT_SIZE (4 * ESIM_URI_SIZE)	/* each byte may be escaped */

/* "euicc-publish@mbim:-dev-cdc\x2dwdm0.service". false: it is too long for a unit. */
bool publish_unit(const char *uri, char unit[static PUBLISH_UNIT_SIZE]);
/* Start or stop the one for @uri, on the bus where systemd is; what comes of it is for the journal. */
void publish_change(sd_bus *bus, const char *uri, bool start);

#endif
