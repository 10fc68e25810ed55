/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The probe of euicc_ccid, for failnth_vmtest, by the driver's bind file. The faults meet USB's
 * core and the host controller on the way as well. vhci_hcd does not survive them (an URB that it
 * has no memory for never comes back), so this takes the reader that QEMU has behind its xHCI.
 */
#include "vm/churn_reader.h"
#include "vm/device.h"
#include "vm/failnth_call.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

static char port[VREADER_BUS_PORT_SIZE], interface[VREADER_BUS_PORT_SIZE + 8];
static int bind_fd = -1;

/* 0: the reader's device opens a channel. */
static int use(void)
{
	int minor = churn_port_minor(port);
	int fd = minor < 0 ? -ENODEV : device_open((unsigned int)minor, 0), r;

	if (fd < 0)
		return fd;
	r = device_isdr_channel(fd);
	close(fd);
	return r;
}

bool failnth_probe_begin(void)
{
	if (access(CHURN_DRIVER "bind", F_OK) || !churn_qemu_reader(port))
		return false;
	snprintf(interface, sizeof(interface), "%s:1.0", port);
	bind_fd = open(CHURN_DRIVER "bind", O_WRONLY | O_CLOEXEC);
	return bind_fd >= 0 && churn_port_match(port) && !use();
}

void failnth_probe_end(void)
{
	char text[64];

	if (bind_fd < 0)
		return;
	close(bind_fd);
	snprintf(text, sizeof(text), "del %s", port);
	churn_driver_write("match", text);
}

static bool prepare(void)
{
	return !churn_driver_write("unbind", interface);
}

static int run(void)
{
	return pwrite(bind_fd, interface, strlen(interface), 0) < 0 ? -errno : 0;
}

static const char *check(int rc)
{
	static char why[96];
	int r;

	if (rc && run())
		return "after it the reader cannot be bound";
	r = use();
	snprintf(why, sizeof(why), "bound, and the device does not work: %s", strerror(-r));
	return r ? why : NULL;
}

const struct failnth_call failnth_probe = {
	.name = "probe of euicc_ccid", .prepare = prepare, .run = run, .check = check, .any_errno = true,
};
