/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Units of euicc-publish(8); see publish.h. */
#include "publish.h"

#include "log.h"

#include <esim/limits.h>

#include <stdio.h>
#include <string.h>

#define SYSTEMD		"org.freedesktop.systemd1"
#define MAX_UNIT_NAME	255
#define UNIT_SIZE	(4 * ESIM_URI_SIZE)	/* each byte may be escaped */

/* "euicc-publish@mbim:-dev-cdc\x2dwdm0.service". false: it is too long for a unit. */
static bool unit_of(const char *uri, char unit[static UNIT_SIZE])
{
	static const char plain[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789:_.";
	size_t len = (size_t)snprintf(unit, UNIT_SIZE, "euicc-publish@");

	/* As systemd-escape(1) has it, which the unit's %I undoes. */
	for (const char *c = uri; *c && len < MAX_UNIT_NAME; c++) {
		if (*c == '/')
			unit[len++] = '-';
		else if (strchr(plain, *c))
			unit[len++] = *c;
		else
			len += (size_t)snprintf(unit + len, UNIT_SIZE - len, "\\x%02x", (unsigned char)*c);
	}
	len += (size_t)snprintf(unit + len, UNIT_SIZE - len, ".service");
	return len <= MAX_UNIT_NAME;
}

static int on_answer(sd_bus_message *reply, void *userdata, sd_bus_error *error)
{
	const sd_bus_error *refused = sd_bus_message_get_error(reply);

	(void)userdata, (void)error;
	if (refused)
		log_say(LOG_WARNING, "a modem cannot be published as a device: systemd says: %s",
			refused->message ? refused->message : refused->name);
	return 0;
}

void publish_change(sd_bus *bus, const char *uri, bool start)
{
	char unit[UNIT_SIZE];

	if (!bus || !unit_of(uri, unit) ||
	    sd_bus_call_method_async(bus, NULL, SYSTEMD, "/org/freedesktop/systemd1", SYSTEMD ".Manager",
				     start ? "StartUnit" : "StopUnit", on_answer, NULL, "ss", unit, "replace") < 0)
		log_say(LOG_WARNING, "a modem cannot be published as a device: systemd cannot be asked");
}
