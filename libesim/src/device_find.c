/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The card to take where nobody named one; see esim/transport.h. */
#include "transport_schemes.h"

#include <dirent.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

/* udev's link to the first device, see udev/70-euicc.rules. */
#define CHOSEN "euicc"

#define NAMES_SIZE 128

/* "euicc0", not "euicc-proxy". */
static int is_device(const struct dirent *entry)
{
	const size_t prefix = strlen(CHOSEN);

	return strncmp(entry->d_name, CHOSEN, prefix) == 0 && entry->d_name[prefix] &&
	       strspn(entry->d_name + prefix, "0123456789") == strlen(entry->d_name + prefix);
}

/* The devices in @dir: how many, as far as there is room by name in @names, the last in @device. */
static int list_devices(const char *dir, char names[static NAMES_SIZE], struct esim_device *device)
{
	struct dirent **entries = NULL;
	int count = scandir(dir, &entries, is_device, versionsort);
	size_t used = 0;

	names[0] = '\0';
	for (int i = 0; i < count; i++) {
		snprintf(device->uri, sizeof(device->uri), "%s/%.64s", dir, entries[i]->d_name);
		if (used < NAMES_SIZE)
			used += (size_t)snprintf(names + used, NAMES_SIZE - used, "%s%s", i ? ", " : "",
						 device->uri);
		free(entries[i]);
	}
	free(entries);
	return count < 0 ? 0 : count;
}

int device_find_in(const char *dir, struct esim_device *ret, struct esim_error *err)
{
	struct esim_device device = { .basic_channel = false };
	char names[NAMES_SIZE];
	int count;

	snprintf(device.uri, sizeof(device.uri), "%s/" CHOSEN, dir);
	if (access(device.uri, F_OK) != 0) {
		count = list_devices(dir, names, &device);
		if (count == 0)
			return esim_error_set(err, ESIM_ENOENT, "there is no eUICC device in %s", dir);
		if (count > 1)
			return esim_error_set(err, ESIM_EINVAL, "there are %d eUICC devices: %s", count,
					      names);
	}
	*ret = device;
	return 0;
}

int esim_device_find(struct esim_device *ret, struct esim_error *err)
{
	return device_find_in("/dev", ret, err);
}
