/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What comes over the interrupt pipe without sense, while the card is in use. */
#include "vm/device.h"
#include "vm/hostile_cases.h"
#include "vm/plugged.h"
#include "vm/tap.h"

#include <unistd.h>

/* The driver has taken in COUNT more messages than when it had asked ASKED times: it asks again. */
static bool taken_in(struct plugged *plugged, uint64_t asked, unsigned count)
{
	return vreader_ask(plugged->reader, NULL, "wait interrupt-urbs %llu",
			   (unsigned long long)asked + count) == 0;
}

void hostile_notice_cases(void)
{
	static const char *const notices[] = {
		"", "50", "51", "00", "FF", "5000000000000000", "5100000000", "51000000000000FF", "80000000000000",
		"FFFFFFFFFFFFFFFF", "50FFFFFFFFFFFFFF", "50FFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFF",
	};
	struct vreader_options options;
	struct plugged plugged;
	uint64_t asked;

	plugged_options(&options);
	if (!plugged_start(&plugged, &options))
		return;
	/* The first message, of the card that is there, comes by itself. */
	vreader_ask(plugged.reader, NULL, "wait interrupt-urbs 2");
	for (size_t i = 0; i < sizeof(notices) / sizeof(notices[0]); i++) {
		bool good;

		asked = vreader_stat(plugged.reader, "interrupt-urbs");
		good = vreader_ask(plugged.reader, NULL, "notify %s", notices[i]) == 0 &&
		       hostile_session(plugged.fd, notices[i]);

		/* Whatever was said: a card is there. */
		good = good && vreader_ask(plugged.reader, NULL, "notify 5003") == 0 &&
		       taken_in(&plugged, asked, 2);
		close(plugged.fd);
		plugged.fd = device_open((unsigned)plugged.minor, 0);
		device_reset(plugged.fd, EUICC_RESET_ANY, 0, NULL);
		tap_ok(hostile_works(plugged.fd) && good, "interrupt message \"%s\": nothing breaks", notices[i]);
	}
	asked = vreader_stat(plugged.reader, "interrupt-urbs");
	for (int i = 0; i < 200; i++)
		vreader_ask(plugged.reader, NULL, "notify %s", i % 2 ? "5003" : "5002");
	tap_ok(taken_in(&plugged, asked, 200), "a storm of changes is taken in");
	close(plugged.fd);
	plugged.fd = device_open((unsigned)plugged.minor, 0);
	device_reset(plugged.fd, EUICC_RESET_ANY, 0, NULL);
	tap_ok(hostile_works(plugged.fd), "a storm of changes: nothing breaks");
	plugged_stop(&plugged);
}
