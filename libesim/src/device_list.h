/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The kinds of devices that esim/devices.h lists: each fills in what it has. */
#ifndef DEVICE_LIST_H
#define DEVICE_LIST_H

#include <esim/devices.h>

struct device_list {
	struct esim_device_entry *entries;	/* ESIM_MAX_DEVICES */
	size_t count;
};

/* How close a look is. */
enum device_look {
	DEVICE_LOOK_CARD,	/* is there a card? */
	DEVICE_LOOK_ATR,	/* and what does it say? */
};

/* The next entry, with these; NULL: the list is full. */
struct esim_device_entry *device_add(struct device_list *list, const char *transport, const char *reader);

/* 0, also where there are none; else why nothing can be said. */
int device_list_kdev(const char *dir, struct device_list *list, struct esim_error *err);
int device_list_usb(enum device_look look, struct device_list *list, struct esim_error *err);
int device_list_pcsc(struct device_list *list, struct esim_error *err);
int device_list_modem(const char *sysfs, struct device_list *list, struct esim_error *err);

/* Of @list from @first on, which are of the kernel in @dir: the one that DIR/euicc points to, or NULL. */
const struct esim_device_entry *device_preferred_kdev(const char *dir, const struct device_list *list);

/* The only entry with a card, or modem, from @first on; NULL: none, or several, as *@ret_cards says. */
const struct esim_device_entry *device_only_card(const struct device_list *list, size_t first,
						 size_t *ret_cards);

/* What esim_device_find() says where there are several of those from @first on, and where there is none. */
int device_several(const struct device_list *list, size_t first, struct esim_error *err);
int device_none(const struct device_list *list, struct esim_error *err);

#endif
