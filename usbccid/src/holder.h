/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Who has an interface: a kernel driver, or a program. Files are read, nothing is opened or asked. */
#ifndef USBCCID_HOLDER_H
#define USBCCID_HOLDER_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* Where to look: "/sys", "/proc"; tests have trees of their own. */
struct holder_places {
	const char *sysfs, *procfs;
};

extern const struct holder_places holder_system;

struct holder_query {
	const char *bus_port;
	uint8_t configuration, interface;
	uint8_t bus, address;		/* of the device's node */
};

/*
 * "pcscd (process 512)", "another program", "the kernel's euicc_ccid as /dev/euicc0", "the kernel's
 * DRIVER"; "" where nobody is seen.
 */
void holder_find(const struct holder_places *places, const struct holder_query *query, char *ret,
		 size_t size);

/* The same for the first of the other interfaces of the device that somebody has; false: nobody. */
bool holder_of_others(const struct holder_places *places, const struct holder_query *query, char *ret,
		      size_t size);

#endif
