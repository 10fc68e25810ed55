/* SPDX-License-Identifier: GPL-2.0-or-later */
/* lpad.conf(5): whatever it says, there is a configuration within its bounds, or an error with its line. */
#include "lpad/daemon/config.h"

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

static void check_bounds(const struct config *config)
{
	if (config->device_count > CONFIG_MAX_DEVICES || config->usb_allow_count > CONFIG_MAX_USB_ALLOW ||
	    config->connect_to_count > CONFIG_MAX_CONNECT_TO || config->isdr_aid_count > ESIM_MAX_ISDR_AIDS)
		abort();
	for (size_t i = 0; i < config->isdr_aid_count; i++)
		if (config->isdr_aids[i].len < 5 || config->isdr_aids[i].len > ESIM_MAX_AID)
			abort();
	for (size_t i = 0; i < config->device_count; i++)
		if (strlen(config->devices[i]) >= ESIM_URI_SIZE)
			abort();
	if (config->apdu_timeout_ms < 1000 || config->retry_min_usec < 1000000 ||
	    config->retry_max_usec < 1000000 || config->consent_timeout_usec < 1000000)
		abort();
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct config config;
	struct esim_error err;

	config_defaults(&config);
	if (config_parse("fuzz.conf", (const char *)data, size, &config, &err))
		check_error(&err);
	check_bounds(&config);
	config_free(&config);
	return 0;
}
