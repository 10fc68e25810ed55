/* SPDX-License-Identifier: GPL-2.0-or-later */
/* modems.conf(5): whatever it says, the quirks are within their bounds, or as they were and there is an error with its line. */
#include "modem/common/quirks.h"

#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void check_error(const struct esim_error *err)
{
	static const char prefix[] = "fuzz.conf:";
	const char *line = err->message + strlen(prefix);

	if (strncmp(err->message, prefix, strlen(prefix)) != 0 || strspn(line, "0123456789") == 0 ||
	    strncmp(line + strspn(line, "0123456789"), ": ", 2) != 0)
		abort();
}

static void check_bounds(const struct quirks *quirks)
{
	if (quirks->le > QUIRK_LE_NEVER || quirks->cla > QUIRK_CLASS_CHANNEL || quirks->slots > QUIRK_SLOTS_EXECUTOR ||
	    quirks->at_channel > QUIRK_AT_CSIM || quirks->segment_size > 255 || quirks->max_channels > 19 ||
	    quirks->apdu_timeout_ms > 30 * 60000 || quirks->settle_ms > 2 * 60000 ||
	    quirks->policy.refresh > ESIM_MODEM_REFRESH_NEVER || quirks->policy.steps >= 1u << ESIM_MODEM_STEPS ||
	    !memchr(quirks->note, '\0', sizeof(quirks->note)))
		abort();
	for (unsigned i = 0; i < ESIM_MODEM_STEPS; i++)
		if (quirks->policy.step_timeout_ms[i] > 10 * 60000)
			abort();
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static const struct quirk_subject subjects[] = {
		{ .protocol = QUIRK_MBIM, .usb_vendor = 0x2c7c, .usb_product = 0x0125, .firmware = "EG25GGBR07A08M2G" },
		{ 0 },
	};

	for (size_t i = 0; i < sizeof(subjects) / sizeof(subjects[0]); i++) {
		const struct quirks before = { .max_channels = 3, .note = "before" };
		struct quirks quirks = before;
		struct esim_error err;

		if (quirks_parse("fuzz.conf", (const char *)data, size, &subjects[i], &quirks, &err)) {
			check_error(&err);
			if (memcmp(&before, &quirks, sizeof(before)) != 0)
				abort();
		}
		check_bounds(&quirks);
	}
	return 0;
}
