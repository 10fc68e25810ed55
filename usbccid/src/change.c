/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Readers that come and go: libusb's callbacks fill a queue, and a call takes from it. */
#include "change.h"
#include "events.h"
#include "finder.h"

/* The oldest are of the least use to who did not listen for so long. */
static void push(struct usbccid *ccid, const struct change *change)
{
	if (ccid->change_count == CHANGES_MAX)
		memmove(ccid->changes, ccid->changes + 1,
			--ccid->change_count * sizeof(ccid->changes[0]));
	ccid->changes[ccid->change_count++] = *change;
}

static bool pop(struct usbccid *ccid, struct change *ret)
{
	if (ccid->change_count == 0)
		return false;
	*ret = ccid->changes[0];
	memmove(ccid->changes, ccid->changes + 1, --ccid->change_count * sizeof(ccid->changes[0]));
	return true;
}

static int LIBUSB_CALL changed(libusb_context *context, libusb_device *device,
			       libusb_hotplug_event event, void *data)
{
	struct change change = {
		.type = event == LIBUSB_HOTPLUG_EVENT_DEVICE_LEFT ? USBCCID_LEFT : USBCCID_ARRIVED,
	};
	uint8_t ports[7];
	const int count = libusb_get_port_numbers(device, ports, sizeof(ports));

	(void)context;
	if (count > 0 && device_is_reader(device) &&
	    bus_port_format(libusb_get_bus_number(device), ports, (size_t)count, change.bus_port))
		push(data, &change);
	return 0;
}

static int listen(struct usbccid *ccid, struct usbccid_error *err)
{
	int r;

	if (ccid->listening)
		return 0;
	if (!libusb_has_capability(LIBUSB_CAP_HAS_HOTPLUG))
		return error_set(err, USBCCID_ENOTSUP, "libusb does not tell of devices that come and go here");
	r = libusb_hotplug_register_callback(ccid->context,
					     LIBUSB_HOTPLUG_EVENT_DEVICE_ARRIVED |
					     LIBUSB_HOTPLUG_EVENT_DEVICE_LEFT, 0,
					     LIBUSB_HOTPLUG_MATCH_ANY, LIBUSB_HOTPLUG_MATCH_ANY,
					     LIBUSB_HOTPLUG_MATCH_ANY, changed, ccid,
					     &ccid->callback);
	if (r)
		return usb_error_set(err, r, "libusb does not tell of devices that come and go");
	ccid->listening = true;
	return 0;
}

/* What libusb kept for nobody until now is no change: it is handled before anybody hears it. */
static int start(struct usbccid *ccid, struct usbccid_error *err)
{
	if (!ccid->listening)
		events_handle(ccid->context);
	return listen(ccid, err);
}

void change_stop(struct usbccid *ccid)
{
	if (ccid->listening)
		libusb_hotplug_deregister_callback(ccid->context, ccid->callback);
	ccid->listening = false;
}

int usbccid_wait_change(struct usbccid *ccid, int cancel_fd, int timeout_ms, enum usbccid_change *ret,
			char bus_port[USBCCID_BUS_PORT_SIZE], struct usbccid_error *err)
{
	const uint64_t deadline = timeout_ms < 0 ? WIRE_FOREVER :
						   wire_now_ms() + (unsigned)timeout_ms;
	struct change change;
	int r = start(ccid, err);

	if (r)
		return r;
	while (!pop(ccid, &change)) {
		r = events_wait(ccid->context, -1, cancel_fd, deadline, err);
		if (r < 0)
			return r;
		if (r == EVENTS_CANCEL)
			return error_set(err, USBCCID_ECANCELED, "waiting for readers was broken off");
		if (r == EVENTS_TIME && ccid->change_count == 0)
			return error_set(err, USBCCID_ETIMEDOUT, "no reader came or went");
	}
	*ret = change.type;
	memcpy(bus_port, change.bus_port, USBCCID_BUS_PORT_SIZE);
	error_clear(err);
	return 0;
}
