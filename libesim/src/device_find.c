/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The card to take where nobody named one; see esim/transport.h. */
#include "transport_schemes.h"

#include <ctype.h>
#include <dirent.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

/* udev's link to the first device, see udev/70-euicc.rules. */
#define CHOSEN "euicc"

/* "euicc0", not "euicc-proxy". */
static bool is_device(const char *name)
{
	const size_t prefix = strlen(CHOSEN);

	if (strncmp(name, CHOSEN, prefix) != 0 || !name[prefix])
		return false;
	for (const char *digit = name + prefix; *digit; digit++)
		if (!isdigit((unsigned char)*digit))
			return false;
	return true;
}

/* The devices in @dir: how many, the first few by name in @names, the last in @device. */
static size_t list_devices(const char *dir, char names[static 128], struct esim_device *device)
{
	DIR *entries = opendir(dir);
	const struct dirent *entry;
	size_t count = 0, used = 0;

	names[0] = '\0';
	while (entries && (entry = readdir(entries))) {
		if (!is_device(entry->d_name))
			continue;
		snprintf(device->uri, sizeof(device->uri), "%s/%.64s", dir, entry->d_name);
		if (used < 128)
			used += (size_t)snprintf(names + used, 128 - used, "%s%s", count ? ", " : "",
						 device->uri);
		count++;
	}
	if (entries)
		closedir(entries);
	return count;
}

int device_find_in(const char *dir, struct esim_device *ret, struct esim_error *err)
{
	struct esim_device device = { .basic_channel = false };
	char names[128];
	size_t count;

	snprintf(device.uri, sizeof(device.uri), "%s/" CHOSEN, dir);
	if (access(device.uri, F_OK) != 0) {
		count = list_devices(dir, names, &device);
		if (count == 0)
			return esim_error_set(err, ESIM_ENOENT, "there is no eUICC device in %s", dir);
		if (count > 1)
			return esim_error_set(err, ESIM_EINVAL, "there are %zu eUICC devices: %s", count,
					      names);
	}
	*ret = device;
	return 0;
}

int esim_device_find(struct esim_device *ret, struct esim_error *err)
{
	return device_find_in("/dev", ret, err);
}
