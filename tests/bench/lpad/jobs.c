/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Jobs of lpad, asked for and waited for. */
#include "rows.h"

#include "bus.h"

#include <err.h>
#include <stdio.h>
#include <string.h>

#define PATIENCE_US (600 * UINT64_C(1000000))

void one_object(struct machine *m, const char *interface, char path[])
{
	char paths[1][BUS_PATH_SIZE];

	if (bus_objects(m->bus, interface, NULL, paths, 1) != 1)
		errx(1, "there is not one %s", interface);
	memcpy(path, paths[0], sizeof(paths[0]));
}

/* The first end that is told: there is one job at a time. */
struct waiting {
	bool over, success;
};

static int note_end(sd_bus_message *signal, void *context, sd_bus_error *error)
{
	struct waiting *waiting = context;
	int success = 0, r = sd_bus_message_read(signal, "b", &success);

	(void)error;
	waiting->over = true;
	waiting->success = r >= 0 && success;
	return 0;
}

bool run_job(struct machine *m, sd_bus_message *call)
{
	sd_bus_error error = SD_BUS_ERROR_NULL;
	const uint64_t start = now_us();
	struct waiting waiting = { 0 };
	sd_bus_slot *slot = NULL;
	int r = sd_bus_match_signal(m->bus, &slot, MACHINE_SERVICE, NULL, MACHINE_SERVICE ".Job1",
				    "Finished", note_end, &waiting);

	if (r >= 0)
		r = sd_bus_call(m->bus, call, PATIENCE_US, &error, NULL);
	if (r < 0)
		errx(1, "%s: %s", sd_bus_message_get_member(call),
		     error.message ? error.message : strerror(-r));
	sd_bus_message_unref(call);
	while (!waiting.over) {
		if (now_us() - start > PATIENCE_US)
			errx(1, "a job did not end");
		bus_turn(m->bus, PATIENCE_US);
	}
	sd_bus_slot_unref(slot);
	return waiting.success;
}
