/* SPDX-License-Identifier: GPL-2.0-or-later */
/* An emulated USB reader with euicc_ccid bound to it, for the suites that bind and unplug it. */
#ifndef COREESIM_TESTS_VM_CHURN_READER_H
#define COREESIM_TESTS_VM_CHURN_READER_H

#include "vreader/vreader.h"

#define CHURN_DRIVER "/sys/bus/usb/drivers/euicc_ccid/"

/* A short-APDU reader with a card, plugged in. NULL, with a line on stderr. */
struct vreader_thread *churn_reader_start(void);

/* Writes "add BUS-PORT" to the driver: it binds the reader, now and whenever it comes. */
bool churn_reader_match(struct vreader_thread *reader);

/* N of the /dev/euiccN of the reader's first slot, waited for; -1 where none comes in a minute. */
int churn_reader_minor(struct vreader_thread *reader);

/*
 * The BUS-PORT of the reader that QEMU has behind its xHCI. vhci_hcd has faults of its own where
 * URBs are taken back: it reads one that its other thread has given back and freed.
 */
bool churn_qemu_reader(char port[VREADER_BUS_PORT_SIZE]);

/* Both for any reader, by its BUS-PORT. */
bool churn_port_match(const char *port);
int churn_port_minor(const char *port);

/* Writes @text to a file of the driver: 0 or -errno. */
int churn_driver_write(const char *file, const char *text);

#endif
