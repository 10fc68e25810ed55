/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The kernel's eUICC devices, for esim/devices.h: what /dev has, and what GET_INFO says of each. */
#include "device_list.h"
#include "kdev_error.h"

#include <linux/euicc.h>

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <unistd.h>

/* udev's link to the first device, see udev/70-euicc.rules. */
#define PREFERRED "euicc"

/* "euicc0", not "euicc-proxy". */
static int is_device(const struct dirent *entry)
{
	const size_t prefix = strlen(PREFERRED);

	return strncmp(entry->d_name, PREFERRED, prefix) == 0 && entry->d_name[prefix] &&
	       strspn(entry->d_name + prefix, "0123456789") == strlen(entry->d_name + prefix);
}

static enum esim_device_state state_of(const struct euicc_info *info)
{
	switch (info->card_state) {
	case EUICC_CARD_ABSENT:
		return ESIM_DEVICE_NO_CARD;
	case EUICC_CARD_MUTE:
		return ESIM_DEVICE_MUTE;
	default:
		return ESIM_DEVICE_CARD;
	}
}

static void describe(struct esim_device_entry *entry, const struct euicc_info *info)
{
	entry->state = state_of(info);
	snprintf(entry->reader, sizeof(entry->reader), "%.*s",
		 (int)strnlen(info->name, sizeof(info->name)), info->name);
	if (info->atr_len <= sizeof(entry->atr)) {
		memcpy(entry->atr, info->atr, info->atr_len);
		entry->atr_len = info->atr_len;
	}
}

static void cannot_open(struct esim_device_entry *entry, int errnum)
{
	struct esim_error cause;

	if (kdev_error_open(&cause, entry->uri, errnum) == ESIM_EBUSY)
		entry->state = ESIM_DEVICE_HELD;
	/* After "PATH: ". */
	snprintf(entry->detail, sizeof(entry->detail), "%.*s", (int)sizeof(entry->detail) - 1,
		 entry->state == ESIM_DEVICE_HELD ? "as many programs as it takes" :
						    cause.message + strlen(entry->uri) + 2);
}

static void list_device(const char *dir, const char *name, struct device_list *list)
{
	struct esim_device_entry *entry = device_add(list, "kdev", "");
	struct euicc_info info = { 0 };
	int fd;

	if (!entry)
		return;
	snprintf(entry->uri, sizeof(entry->uri), "%s/%.64s", dir, name);
	fd = open(entry->uri, O_RDWR | O_CLOEXEC);
	if (fd < 0) {
		cannot_open(entry, errno);
		return;
	}
	if (!ioctl(fd, EUICC_GET_INFO, &info))
		describe(entry, &info);
	else if (errno == ENODEV)
		cannot_open(entry, ENODEV);
	else
		list->count--;		/* a file that is called so */
	close(fd);
}

int device_list_kdev(const char *dir, struct device_list *list, struct esim_error *err)
{
	struct dirent **entries = NULL;
	int count = scandir(dir, &entries, is_device, versionsort);

	if (count < 0)
		return esim_error_errno(err, ESIM_EIO, errno, "%s", dir);
	for (int i = 0; i < count; i++) {
		list_device(dir, entries[i]->d_name, list);
		free(entries[i]);
	}
	free(entries);
	return 0;
}

const struct esim_device_entry *device_preferred_kdev(const char *dir, const struct device_list *list)
{
	char link[ESIM_URI_SIZE], target[64];
	const char *name;
	ssize_t n;

	snprintf(link, sizeof(link), "%s/" PREFERRED, dir);
	n = readlink(link, target, sizeof(target) - 1);
	if (n <= 0)
		return NULL;
	target[n] = '\0';
	name = strrchr(target, '/') ? strrchr(target, '/') + 1 : target;
	for (size_t i = 0; i < list->count; i++) {
		const struct esim_device_entry *entry = &list->entries[i];

		if (strcmp(strrchr(entry->uri, '/') + 1, name) == 0 && entry->state == ESIM_DEVICE_CARD)
			return entry;
	}
	return NULL;
}
