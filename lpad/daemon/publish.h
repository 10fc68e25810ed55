/* SPDX-License-Identifier: GPL-2.0-or-later */
/* euicc-publish(8) for a modem, as systemd's unit: lpad itself may not make devices. */
#ifndef LPAD_PUBLISH_H
#define LPAD_PUBLISH_H

#include <systemd/sd-bus.h>

#include <stdbool.h>

/* Start or stop the one for @uri, on the bus where systemd is; what comes of it is for the journal. */
void publish_change(sd_bus *bus, const char *uri, bool start);

#endif
