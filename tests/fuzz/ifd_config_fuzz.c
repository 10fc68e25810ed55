/* SPDX-License-Identifier: GPL-2.0-or-later */
/* ifdeuicc.conf(5): whatever it says, there is a configuration, and its slots name files in /dev. */
#include "ifd/config.h"

#include <stdint.h>
#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct config config;
	FILE *file = fmemopen((void *)(uintptr_t)data, size, "r");

	if (!file)
		return 0;
	config_read(&config, file, "fuzz.conf");
	fclose(file);
	if (config.slots < 1 || config.slots > CONFIG_SLOTS_MAX)
		abort();
	for (unsigned i = 0; i < CONFIG_SLOTS_MAX; i++) {
		const struct config_slot *slot = &config.slot[i];

		if (slot->device[0] && strncmp(slot->device, "/dev/", 5) != 0)
			abort();
		if (slot->policy.refused_count > POLICY_REFUSED_MAX || slot->policy.start.len > POLICY_AID_MAX)
			abort();
	}
	return 0;
}
