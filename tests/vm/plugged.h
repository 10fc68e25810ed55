/* SPDX-License-Identifier: GPL-2.0-or-later */
/* An emulated USB reader (tests/vreader) that euicc_ccid drives: plugged in, bound, opened. */
#ifndef COREESIM_TESTS_VM_PLUGGED_H
#define COREESIM_TESTS_VM_PLUGGED_H

#include "vreader/vreader.h"

#include <stdbool.h>
#include <stdint.h>

struct plugged {
	struct vreader_thread *reader;
	char bus_port[VREADER_BUS_PORT_SIZE];
	int minor;			/* of slot 0; negative: euicc_ccid did not take the reader */
	int fd;				/* /dev/euiccN of slot 0; negative: none */
};

/* A plain T=0 reader with a card of the build's PKI. */
void plugged_options(struct vreader_options *ret);

/*
 * Plug in, tell euicc_ccid to take it, open the device. False, with a line of TAP, where a reader
 * cannot be plugged in at all; whether it was taken is for the test to look at.
 */
bool plugged_start(struct plugged *plugged, const struct vreader_options *options);
/* The same without euicc_ccid being told. */
bool plugged_start_unmatched(struct plugged *plugged, const struct vreader_options *options);
void plugged_stop(struct plugged *plugged);

/* "add" or "del" to the driver's attribute. 0 or a negative errno. */
int plugged_match(const char *verb, const char *bus_port);

/* A suite begins with no port named, whatever those before it left. */
void plugged_forget_ports(void);

/* Who drives interface 0; an empty string for nobody. */
const char *plugged_driver(const char *bus_port, char name[64]);
/* Of /dev/euiccN; -1: there is none. */
int plugged_minor(const char *bus_port, unsigned slot);

/* Write a small file of sysfs or procfs, or read its first line. 0 or a negative errno. */
int plugged_write(const char *path, const char *text);
int plugged_read(const char *path, char *text, size_t size);

/* Bounded by DEVICE_WAIT_MS: until reading the attribute gives TEXT. */
bool plugged_wait(const char *path, const char *text);

/* Has the host broken a rule of CCID or T=0? Says which, with the test's name. */
bool plugged_obeys(struct plugged *plugged, const char *name);

#endif
