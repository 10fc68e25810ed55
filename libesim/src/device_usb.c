/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Readers on USB, for esim/devices.h. A reader that somebody holds is not touched; of the others
 * each slot is asked for its card, which has power only while its ATR is wanted.
 */
#include "device_list.h"
#include "usb_error.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define CARD_TIMEOUT_MS 2000
#define POWER_TIMEOUT_MS 10000

static void take_atr(struct esim_device_entry *entry, const struct usbccid_card *card)
{
	if (card->atr_len > sizeof(entry->atr))
		return;
	memcpy(entry->atr, card->atr, card->atr_len);
	entry->atr_len = card->atr_len;
}

/* What a failure says of the slot. */
static void take_failure(struct esim_device_entry *entry, const struct usbccid_error *cause)
{
	switch (cause->code) {
	case USBCCID_ENOMEDIUM:
		entry->state = ESIM_DEVICE_NO_CARD;
		return;
	case USBCCID_EMUTE:
		entry->state = ESIM_DEVICE_MUTE;
		return;
	case USBCCID_EBUSY:
		entry->state = ESIM_DEVICE_HELD;
		snprintf(entry->detail, sizeof(entry->detail), "%s",
			 cause->holder[0] ? cause->holder : "another program");
		return;
	default:
		snprintf(entry->detail, sizeof(entry->detail), "%.*s", (int)sizeof(entry->detail) - 1,
			 cause->message);
	}
}

static void look_at_slot(struct usbccid_reader *reader, unsigned slot, enum device_look look,
			 struct esim_device_entry *entry)
{
	struct usbccid_error cause = { 0 };
	struct usbccid_card card = { 0 };
	int r = usbccid_card(reader, slot, CARD_TIMEOUT_MS, &card, &cause);

	if (!r && card.state == USBCCID_CARD_ABSENT) {
		entry->state = ESIM_DEVICE_NO_CARD;
		return;
	}
	if (!r && look == DEVICE_LOOK_ATR) {
		r = usbccid_power_on(reader, slot, USBCCID_COLD, POWER_TIMEOUT_MS, &cause);
		if (!r)
			r = usbccid_card(reader, slot, CARD_TIMEOUT_MS, &card, &cause);
		if (!r)
			take_atr(entry, &card);
	}
	if (r)
		take_failure(entry, &cause);
	else
		entry->state = ESIM_DEVICE_CARD;
}

/* An entry for each slot; the first is what a URI without one means. */
static struct esim_device_entry *add_slot(struct device_list *list, const struct usbccid_info *info,
					  unsigned slot)
{
	struct esim_device_entry *entry = device_add(list, "usb", info->name);

	if (entry && slot == 0)
		snprintf(entry->uri, sizeof(entry->uri), "usb:%s", info->bus_port);
	else if (entry)
		snprintf(entry->uri, sizeof(entry->uri), "usb:%s?slot=%u", info->bus_port, slot);
	return entry;
}

static void list_reader(struct usbccid *ccid, const struct usbccid_info *info, enum device_look look,
			struct device_list *list)
{
	const struct usbccid_open_options options = { .interface = info->interface };
	struct usbccid_error cause = { .code = USBCCID_EBUSY };
	struct usbccid_reader *reader = NULL;
	int r = USBCCID_EBUSY;

	if (info->holder[0])
		memcpy(cause.holder, info->holder, sizeof(cause.holder));
	else
		r = usbccid_open(ccid, info->bus_port, &options, &reader, &cause);
	for (unsigned slot = 0; slot < info->slots; slot++) {
		struct esim_device_entry *entry = add_slot(list, info, slot);

		if (entry && r)
			take_failure(entry, &cause);
		else if (entry)
			look_at_slot(reader, slot, look, entry);
	}
	usbccid_close(&reader);
}

int device_list_usb(enum device_look look, struct device_list *list, struct esim_error *err)
{
	struct usbccid_error cause = { 0 };
	struct usbccid_info *infos = NULL;
	struct usbccid *ccid = NULL;
	size_t count = 0;

	if (usbccid_new(&ccid, &cause))
		return usb_error(err, &cause);
	if (usbccid_list(ccid, &infos, &count, &cause)) {
		usbccid_free(&ccid);
		return usb_error(err, &cause);
	}
	/* A URI means the first interface of a device that is a reader. */
	for (size_t i = 0; i < count; i++)
		if (i == 0 || strcmp(infos[i].bus_port, infos[i - 1].bus_port) != 0)
			list_reader(ccid, &infos[i], look, list);
	free(infos);
	usbccid_free(&ccid);
	return 0;
}
