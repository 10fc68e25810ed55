/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* What a reader is called: where it is plugged in, and its strings, which the kernel has read. */
#include "finder.h"

#include <fcntl.h>
#include <stdio.h>
#include <unistd.h>

bool bus_port_format(uint8_t bus, const uint8_t *ports, size_t count,
		     char ret[USBCCID_BUS_PORT_SIZE])
{
	int used = snprintf(ret, USBCCID_BUS_PORT_SIZE, "%u", bus);

	for (size_t i = 0; i < count; i++) {
		used += snprintf(ret + used, USBCCID_BUS_PORT_SIZE - (size_t)used, "%c%u",
				 i ? '.' : '-', ports[i]);
		if (used >= USBCCID_BUS_PORT_SIZE)
			return false;
	}
	return count > 0;
}

/* --- text from a device -------------------------------------------------------------------- */

/* The character at @text (its length, and its code in @ret); 0: these bytes are no UTF-8. */
static size_t utf8_get(const unsigned char *text, size_t len, uint32_t *ret)
{
	static const uint32_t least[] = { 0, 0, 0x80, 0x800, 0x10000 };
	const size_t size = text[0] < 0x80 ? 1 : text[0] < 0xC2 ? 0 : text[0] < 0xE0 ? 2 :
			    text[0] < 0xF0 ? 3 : text[0] < 0xF5 ? 4 : 0;
	uint32_t code = size == 1 ? text[0] : text[0] & (0x7Fu >> size);

	if (size == 0 || size > len)
		return 0;
	for (size_t i = 1; i < size; i++) {
		if ((text[i] & 0xC0) != 0x80)
			return 0;
		code = code << 6 | (text[i] & 0x3F);
	}
	if (code < least[size] || code > 0x10FFFF || (code >= 0xD800 && code <= 0xDFFF))
		return 0;
	*ret = code;
	return size;
}

/* Characters that change how the text around them is shown are no part of a name. */
static bool is_printable(uint32_t code)
{
	return code >= 0x20 && !(code >= 0x7F && code < 0xA0) && code != 0xFEFF && code != 0x061C &&
	       !(code >= 0x200B && code <= 0x200F) && !(code >= 0x2028 && code <= 0x202E) &&
	       !(code >= 0x2060 && code <= 0x206F);
}

void name_append(char *out, size_t size, const char *text, size_t len)
{
	const unsigned char *in = (const unsigned char *)text;
	size_t used = strlen(out), step;
	bool blank = used > 0;
	uint32_t code;

	for (size_t i = 0; i < len; i += step) {
		const bool valid = (step = utf8_get(in + i, len - i, &code)) > 0;
		const bool shown = valid && is_printable(code);
		const size_t width = shown ? step : 1;

		if (!valid)
			step = 1;
		if (valid && (code == ' ' || code == '\t' || code == '\n' || code == '\r')) {
			blank = used > 0;
			continue;
		}
		if (used + blank + width >= size)
			break;
		if (blank)
			out[used++] = ' ';
		blank = false;
		memcpy(out + used, shown ? text + i : "?", width);
		used += width;
	}
	out[used] = '\0';
}

/* Returns the length, 0 where there is none. */
static size_t read_attribute(const char *sysfs, const char *bus_port, const char *attribute,
			     char *text, size_t size)
{
	char path[256];
	ssize_t len;
	int fd;

	snprintf(path, sizeof(path), "%s/bus/usb/devices/%s/%s", sysfs, bus_port, attribute);
	fd = open(path, O_RDONLY | O_CLOEXEC);
	if (fd < 0)
		return 0;
	len = read(fd, text, size);
	close(fd);
	return len > 0 ? (size_t)len : 0;
}

void name_read(const char *sysfs, struct usbccid_info *info)
{
	char text[256];
	size_t len;

	info->name[0] = '\0';
	len = read_attribute(sysfs, info->bus_port, "manufacturer", text, sizeof(text));
	name_append(info->name, sizeof(info->name), text, len);
	len = read_attribute(sysfs, info->bus_port, "product", text, sizeof(text));
	name_append(info->name, sizeof(info->name), text, len);
	if (!info->name[0])
		snprintf(info->name, sizeof(info->name), "USB reader %04x:%04x", info->vendor,
			 info->product);
}
