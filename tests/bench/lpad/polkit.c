/* SPDX-License-Identifier: GPL-2.0-or-later */
/* org.freedesktop.PolicyKit1 as far as lpad asks it; see polkit.h. */
#include "polkit.h"

#include "bus.h"

#include <err.h>
#include <errno.h>
#include <pthread.h>
#include <string.h>

static int say_yes(sd_bus_message *call, void *context, sd_bus_error *error)
{
	(void)context, (void)error;
	return sd_bus_reply_method_return(call, "(bba{ss})", 1, 0, 0);
}

static int take_cancel(sd_bus_message *call, void *context, sd_bus_error *error)
{
	(void)context, (void)error;
	return sd_bus_reply_method_return(call, "");
}

static const sd_bus_vtable authority[] = {
	SD_BUS_VTABLE_START(0),
	SD_BUS_METHOD("CheckAuthorization", "(sa{sv})sa{ss}us", "(bba{ss})", say_yes,
		      SD_BUS_VTABLE_UNPRIVILEGED),
	SD_BUS_METHOD("CancelCheckAuthorization", "s", "", take_cancel, SD_BUS_VTABLE_UNPRIVILEGED),
	SD_BUS_VTABLE_END,
};

static void *serve(void *context)
{
	sd_bus *bus = context;
	int r = 0;

	while (r >= 0 || r == -EINTR) {
		r = sd_bus_process(bus, NULL);
		if (r == 0)
			r = sd_bus_wait(bus, UINT64_MAX);
	}
	return NULL;
}

void polkit_start(const char *address)
{
	sd_bus *bus = bus_connect(address);
	pthread_t thread;
	int r = sd_bus_add_object_vtable(bus, NULL, "/org/freedesktop/PolicyKit1/Authority",
					 "org.freedesktop.PolicyKit1.Authority", authority, NULL);

	if (r >= 0)
		r = sd_bus_request_name(bus, "org.freedesktop.PolicyKit1", 0);
	if (r < 0)
		errx(1, "no stand-in for polkit: %s", strerror(-r));
	r = pthread_create(&thread, NULL, serve, bus);
	if (r)
		errx(1, "no thread: %s", strerror(r));
	pthread_detach(thread);
}
