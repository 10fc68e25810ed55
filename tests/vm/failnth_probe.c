/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The probe of euicc_ccid, for failnth_vmtest, by the driver's bind file. The faults meet USB
 * and vhci_hcd on the way as well, and the latter unplugs the reader when its memory runs out:
 * then it is plugged in again.
 */
#include "vm/churn_reader.h"
#include "vm/device.h"
#include "vm/failnth_call.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

static struct vreader_thread *reader;
static char interface[VREADER_BUS_PORT_SIZE + 8];
static int bind_fd = -1;

static void find_interface(void)
{
	char port[VREADER_BUS_PORT_SIZE];

	snprintf(interface, sizeof(interface), "%s:1.0", vreader_bus_port(reader, port));
}

/* 0: the reader's device opens a channel. */
static int use(void)
{
	int minor = churn_reader_minor(reader);
	int fd = minor < 0 ? -ENODEV : device_open((unsigned int)minor, 0), r;

	if (fd < 0)
		return fd;
	r = device_isdr_channel(fd);
	close(fd);
	return r;
}

bool failnth_probe_begin(void)
{
	if (access(CHURN_DRIVER "bind", F_OK))
		return false;
	reader = churn_reader_start();
	bind_fd = open(CHURN_DRIVER "bind", O_WRONLY | O_CLOEXEC);
	return reader && bind_fd >= 0 && churn_reader_match(reader);
}

void failnth_probe_end(void)
{
	if (reader)
		vreader_stop(&reader);
	close(bind_fd);
}

static bool prepare(void)
{
	find_interface();
	return !churn_driver_write("unbind", interface);
}

static int run(void)
{
	return pwrite(bind_fd, interface, strlen(interface), 0) < 0 ? -errno : 0;
}

static const char *check(int rc)
{
	int r;

	if (!rc) {
		r = use();
		if (r && r != -ENODEV)
			return "bound, and the device does not work";
		if (!r)
			return NULL;
	} else if (!run()) {
		return use() ? "bound after it, and the device does not work" : NULL;
	}
	if (vreader_ask(reader, NULL, "detach") || vreader_ask(reader, NULL, "attach"))
		return "the reader cannot be plugged in again";
	find_interface();
	return churn_reader_match(reader) && !use() ? NULL : "plugged in again, the device does not work";
}

const struct failnth_call failnth_probe = {
	.name = "probe of euicc_ccid", .prepare = prepare,
	.run = run, .check = check, .any_errno = true,
};
