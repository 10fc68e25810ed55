/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* What a caller calls a reader, and which one that is. */
#include "finder.h"

#include <ctype.h>
#include <stdio.h>

/* Past a number of up to three digits; NULL: there is none. */
static const char *skip_number(const char *text)
{
	const char *end = text;

	while (isdigit((unsigned char)*end))
		end++;
	return end == text || end - text > 3 ? NULL : end;
}

/* BUS-PORT[.PORT]... */
static bool is_bus_port(const char *text)
{
	if (strlen(text) >= USBCCID_BUS_PORT_SIZE)
		return false;
	text = skip_number(text);
	if (!text || *text != '-')
		return false;
	do
		text = skip_number(text + 1);
	while (text && *text == '.');
	return text && !*text;
}

/* One to four hex digits. */
static const char *get_hex(const char *text, uint16_t *ret)
{
	unsigned value = 0, digits = 0;

	for (; isxdigit((unsigned char)*text) && digits <= 4; text++, digits++)
		value = value << 4 | (unsigned)(isdigit((unsigned char)*text) ?
			*text - '0' : tolower((unsigned char)*text) - 'a' + 10);
	*ret = (uint16_t)value;
	return digits >= 1 && digits <= 4 ? text : NULL;
}

bool usb_address_parse(const char *text, struct address *ret)
{
	const char *end;

	*ret = (struct address){ .kind = ADDRESS_ONLY };
	if (!*text)
		return true;
	if (is_bus_port(text)) {
		ret->kind = ADDRESS_BUS_PORT;
		ret->bus_port = text;
		return true;
	}
	ret->kind = ADDRESS_PRODUCT;
	end = get_hex(text, &ret->vendor);
	if (!end || *end != ':')
		return false;
	end = get_hex(end + 1, &ret->product);
	return end && !*end;
}

static bool fits(const struct usbccid_info *info, const struct address *address, int interface)
{
	if (interface >= 0 && info->interface != interface)
		return false;
	switch (address->kind) {
	case ADDRESS_ONLY:
		return true;
	case ADDRESS_BUS_PORT:
		return strcmp(info->bus_port, address->bus_port) == 0;
	case ADDRESS_PRODUCT:
		return info->vendor == address->vendor && info->product == address->product;
	}
	return false;
}

/* The next that fits from @at on, of each device the first. */
static struct found_reader *next_fit(const struct found_readers *found, const struct address *address,
				     int interface, size_t *at)
{
	const struct found_reader *last = *at > 0 ? &found->readers[*at - 1] : NULL;

	for (; *at < found->count; ++*at) {
		struct found_reader *reader = &found->readers[*at];

		if (!fits(&reader->setup.info, address, interface))
			continue;
		if (last && strcmp(last->setup.info.bus_port, reader->setup.info.bus_port) == 0)
			continue;
		++*at;
		return reader;
	}
	return NULL;
}

static int none_fits(const char *text, const struct address *address, int interface,
		     struct usbccid_error *err)
{
	const char *what = interface < 0 ? "" : " with an interface of that number";

	switch (address->kind) {
	case ADDRESS_ONLY:
		return error_set(err, USBCCID_ENODEV, "there is no USB smart-card reader%s", what);
	case ADDRESS_BUS_PORT:
		return error_set(err, USBCCID_ENODEV, "at USB port %s there is no smart-card reader%s",
				 text, what);
	case ADDRESS_PRODUCT:
		break;
	}
	return error_set(err, USBCCID_ENODEV, "there is no USB smart-card reader %04x:%04x%s",
			 address->vendor, address->product, what);
}

/* Names them, as many as there is room for. */
static int several_fit(const struct found_readers *found, const struct address *address,
		       int interface, struct usbccid_error *err)
{
	char list[200] = "", item[USBCCID_BUS_PORT_SIZE + USBCCID_NAME_SIZE + 8];
	const struct found_reader *reader;
	size_t at = 0;

	while ((reader = next_fit(found, address, interface, &at)) != NULL) {
		const struct usbccid_info *info = &reader->setup.info;
		const size_t used = strlen(list);

		snprintf(item, sizeof(item), "%s%s (%s)", used ? ", " : "", info->bus_port, info->name);
		if (used + strlen(item) + sizeof(", ...") > sizeof(list)) {
			memcpy(list + used, ", ...", sizeof(", ..."));
			break;
		}
		memcpy(list + used, item, strlen(item) + 1);
	}
	return error_set(err, USBCCID_EINVAL, "choose one of several readers: %s", list);
}

int address_choose(const struct found_readers *found, const char *text, int interface,
		   struct found_reader **ret, struct usbccid_error *err)
{
	struct found_reader *first;
	struct address address;
	size_t at = 0;

	if (!usb_address_parse(text, &address))
		return error_set(err, USBCCID_EINVAL,
				 "\"%.64s\" is no USB reader: give BUS-PORT (3-1.4) or VID:PID (08e6:3437)",
				 text);
	first = next_fit(found, &address, interface, &at);
	if (!first)
		return none_fits(text, &address, interface, err);
	if (next_fit(found, &address, interface, &at))
		return several_fit(found, &address, interface, err);
	*ret = first;
	return 0;
}
