/* SPDX-License-Identifier: GPL-2.0-or-later */
/* All devices, and the one to take where nobody named one; see esim/devices.h. */
#include "device_list.h"

#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define DEVICES_DIR "/dev"
#define SYSFS "/sys"
#define TEXT_SIZE 250			/* of a list in a message */

struct esim_device_entry *device_add(struct device_list *list, const char *transport, const char *reader)
{
	struct esim_device_entry *entry;

	if (list->count == ESIM_MAX_DEVICES)
		return NULL;
	entry = &list->entries[list->count++];
	*entry = (struct esim_device_entry){ .state = ESIM_DEVICE_UNUSABLE };
	snprintf(entry->transport, sizeof(entry->transport), "%s", transport);
	snprintf(entry->reader, sizeof(entry->reader), "%s", reader);
	return entry;
}

const char *esim_device_state_name(enum esim_device_state state)
{
	switch (state) {
	case ESIM_DEVICE_CARD:
		return "card";
	case ESIM_DEVICE_NO_CARD:
		return "noCard";
	case ESIM_DEVICE_MUTE:
		return "mute";
	case ESIM_DEVICE_HELD:
		return "held";
	case ESIM_DEVICE_UNUSABLE:
		return "unusable";
	case ESIM_DEVICE_MODEM:
		return "modem";
	}
	return "unknown";
}

static int new_list(struct device_list *list, struct esim_error *err)
{
	list->count = 0;
	list->entries = calloc(ESIM_MAX_DEVICES, sizeof(*list->entries));
	return list->entries ? 0 : esim_error_set(err, ESIM_ENOMEM, "out of memory");
}

/* --- all ---------------------------------------------------------------------------------- */

/*
 * pcscd goes first: where the question starts it, it takes the readers on USB that it knows, and
 * what is said of those is to be true afterwards. It comes last in the list all the same.
 */
static int list_all(struct device_list *list, struct device_list *pcscs, struct esim_error *err)
{
	struct esim_error cause;
	int usb, pcsc = device_list_pcsc(pcscs, err);

	device_list_kdev(DEVICES_DIR, list, NULL);
	usb = device_list_usb(DEVICE_LOOK_ATR, list, pcsc ? &cause : err);
	for (size_t i = 0; i < pcscs->count && list->count < ESIM_MAX_DEVICES; i++)
		list->entries[list->count++] = pcscs->entries[i];
	device_list_modem(SYSFS, list, NULL);
	/* What failed beside others that did not is no reason to show nothing. */
	if (list->count > 0)
		return 0;
	return pcsc ? pcsc : usb;
}

int esim_device_list(struct esim_device_entry **ret, size_t *ret_count, struct esim_error *err)
{
	struct device_list list = { NULL, 0 }, pcscs = { NULL, 0 };
	int r = new_list(&list, err);

	if (!r)
		r = new_list(&pcscs, err);
	if (!r)
		r = list_all(&list, &pcscs, err);
	free(pcscs.entries);
	if (r) {
		free(list.entries);
		return r;
	}
	*ret = list.entries;
	*ret_count = list.count;
	return 0;
}

/* --- the one to take -------------------------------------------------------------------------- */

/* Of a modem nobody knows before it is opened whether it has a card. */
static bool may_be_taken(const struct esim_device_entry *entry)
{
	return entry->state == ESIM_DEVICE_CARD || entry->state == ESIM_DEVICE_MODEM;
}

const struct esim_device_entry *device_only_card(const struct device_list *list, size_t first,
						 size_t *ret_cards)
{
	const struct esim_device_entry *found = NULL;
	size_t cards = 0;

	for (size_t i = first; i < list->count; i++)
		if (may_be_taken(&list->entries[i])) {
			found = &list->entries[i];
			cards++;
		}
	*ret_cards = cards;
	return cards == 1 ? found : NULL;
}

static size_t append(char text[static TEXT_SIZE], size_t used, const char *word)
{
	if (used < TEXT_SIZE)
		used += (size_t)snprintf(text + used, TEXT_SIZE - used, "%s", word);
	return used;
}

int device_several(const struct device_list *list, size_t first, struct esim_error *err)
{
	char text[TEXT_SIZE] = "";
	size_t used = 0, cards = 0;
	bool modems = false;

	for (size_t i = first; i < list->count; i++) {
		if (!may_be_taken(&list->entries[i]))
			continue;
		modems = list->entries[i].state == ESIM_DEVICE_MODEM;
		used = append(text, used, cards++ ? ", " : "");
		used = append(text, used, list->entries[i].uri);
	}
	return esim_error_set(err, ESIM_EINVAL, "there are %zu %s: %s", cards,
			      modems ? "modems" : "devices with a card", text);
}

static const char *why_not(const struct esim_device_entry *entry)
{
	switch (entry->state) {
	case ESIM_DEVICE_CARD:
		return "has a card";
	case ESIM_DEVICE_NO_CARD:
		return "has no card";
	case ESIM_DEVICE_MUTE:
		return "has a mute card";
	case ESIM_DEVICE_HELD:
		return "is held by ";
	case ESIM_DEVICE_UNUSABLE:
		return "cannot be used: ";
	case ESIM_DEVICE_MODEM:
		return "is a modem";
	}
	return "";
}

int device_none(const struct device_list *list, struct esim_error *err)
{
	char text[TEXT_SIZE] = "";
	size_t used = 0;

	for (size_t i = 0; i < list->count; i++) {
		const struct esim_device_entry *entry = &list->entries[i];

		used = append(text, used, i ? ", " : "");
		used = append(text, used, entry->uri);
		used = append(text, used, " ");
		used = append(text, used, why_not(entry));
		used = append(text, used, entry->detail);
	}
	return esim_error_set(err, ESIM_ENOENT, list->count ? "no card is free to be used: %s" :
			      "there is no eUICC device, no card reader and no modem%s", text);
}

/* The devices of one kind decide, or leave it to the next: *@ret_found is NULL then. */
static int decide(const struct device_list *list, size_t first, const struct esim_device_entry **ret_found,
		  struct esim_error *err)
{
	size_t cards;

	*ret_found = device_only_card(list, first, &cards);
	return cards > 1 ? device_several(list, first, err) : 0;
}

static int find_among(struct device_list *list, const struct esim_device_entry **ret_found,
		      struct esim_error *err)
{
	size_t first;
	int r;

	device_list_kdev(DEVICES_DIR, list, NULL);
	*ret_found = device_preferred_kdev(DEVICES_DIR, list);
	r = *ret_found ? 0 : decide(list, 0, ret_found, err);
	if (r || *ret_found)
		return r;
	first = list->count;
	device_list_usb(DEVICE_LOOK_CARD, list, NULL);
	r = decide(list, first, ret_found, err);
	if (r || *ret_found)
		return r;
	first = list->count;
	device_list_pcsc(list, NULL);
	r = decide(list, first, ret_found, err);
	if (r || *ret_found)
		return r;
	first = list->count;
	device_list_modem(SYSFS, list, NULL);
	r = decide(list, first, ret_found, err);
	return r || *ret_found ? r : device_none(list, err);
}

int esim_device_find(struct esim_device_entry *ret, struct esim_error *err)
{
	const struct esim_device_entry *found;
	struct device_list list;
	int r = new_list(&list, err);

	if (r)
		return r;
	r = find_among(&list, &found, err);
	if (!r)
		*ret = *found;
	free(list.entries);
	return r;
}
