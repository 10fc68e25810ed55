/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* From an address to a reader that is held. */
#include "finder.h"
#include "holder.h"
#include "wire_libusb.h"

#include <stdio.h>

/* --- who is in the way ----------------------------------------------------------------------- */

/* Asked when the device is closed again: this program is none of those that have it open. */
static int busy(const struct found_reader *found, struct usbccid_error *err)
{
	const struct usbccid_info *info = &found->setup.info;
	const struct holder_query query = {
		.bus_port = info->bus_port,
		.configuration = found->configuration,
		.interface = info->interface,
		.bus = found->bus,
		.address = found->address,
	};
	char holder[sizeof(err->holder)];

	holder_find(&holder_system, &query, holder, sizeof(holder));
	/* Whoever it was has let go since. */
	if (!holder[0])
		snprintf(holder, sizeof(holder), "another program");
	error_set(err, USBCCID_EBUSY, "%s (%s) is held by %s", info->bus_port, info->name, holder);
	if (err) {
		err->usb = LIBUSB_ERROR_BUSY;
		memcpy(err->holder, holder, sizeof(err->holder));
	}
	return USBCCID_EBUSY;
}

static int no_access(const struct found_reader *found, struct usbccid_error *err)
{
	error_set(err, USBCCID_EACCES,
		  "%s: no permission for /dev/bus/usb/%03u/%03u: be root, or have a udev rule that gives "
		  "you this reader (MODE, GROUP or TAG+=\"uaccess\")",
		  found->setup.info.bus_port, found->bus, found->address);
	if (err)
		err->usb = LIBUSB_ERROR_ACCESS;
	return USBCCID_EACCES;
}

static int failed(const struct found_reader *found, int usb, const char *what,
		  struct usbccid_error *err)
{
	char text[128];

	if (usb == LIBUSB_ERROR_ACCESS)
		return no_access(found, err);
	snprintf(text, sizeof(text), "%s: %s", found->setup.info.bus_port, what);
	return usb_error_set(err, usb, text);
}

/* --- taking it ------------------------------------------------------------------------------- */

/*
 * A device has one configuration for all that use its interfaces: it is only set where there is
 * none, which leaves nobody with less than he had.
 */
static int configure(const struct claimed *claimed, const struct found_reader *found,
		     struct usbccid_error *err)
{
	int current, r;

	if (!found->unconfigured)
		return 0;
	r = libusb_get_configuration(claimed->handle, &current);
	if (!r && current == 0)
		r = libusb_set_configuration(claimed->handle, found->configuration);
	return r ? failed(found, r, "the device cannot be configured", err) : 0;
}

static int detach(struct claimed *claimed, const struct found_reader *found,
		  struct usbccid_error *err)
{
	int r = libusb_kernel_driver_active(claimed->handle, claimed->interface);

	if (r == 1)
		r = libusb_detach_kernel_driver(claimed->handle, claimed->interface);
	else
		return 0;
	claimed->detached = r == 0;
	if (r && r != LIBUSB_ERROR_NOT_FOUND)
		return failed(found, r, "the kernel's driver keeps the reader", err);
	return 0;
}

/* LIBUSB_ERROR_BUSY is told by the caller, as libusb gives it. */
static int claim(struct claimed *claimed, const struct found_reader *found,
		 const struct usbccid_open_options *options, int *usb, struct usbccid_error *err)
{
	int r = configure(claimed, found, err);

	if (!r && options->detach)
		r = detach(claimed, found, err);
	if (r)
		return r;
	*usb = libusb_claim_interface(claimed->handle, claimed->interface);
	if (*usb)
		return failed(found, *usb, "the interface cannot be claimed", err);
	if (found->alternate == 0)
		return 0;
	r = libusb_set_interface_alt_setting(claimed->handle, claimed->interface, found->alternate);
	return r ? failed(found, r, "the interface does not take its alternate setting", err) : 0;
}

int claimed_renew(struct claimed *claimed)
{
	libusb_device *device = libusb_ref_device(libusb_get_device(claimed->handle));
	int r;

	libusb_close(claimed->handle);
	claimed->handle = NULL;
	r = libusb_open(device, &claimed->handle);
	libusb_unref_device(device);
	if (r) {
		claimed->handle = NULL;
		return r;
	}
	/* It got the interface back by the reset. */
	if (claimed->detached && libusb_kernel_driver_active(claimed->handle, claimed->interface) == 1)
		libusb_detach_kernel_driver(claimed->handle, claimed->interface);
	r = libusb_claim_interface(claimed->handle, claimed->interface);
	if (!r && claimed->alternate)
		r = libusb_set_interface_alt_setting(claimed->handle, claimed->interface,
						     claimed->alternate);
	return r;
}

void claimed_release(struct claimed *claimed)
{
	if (claimed->handle) {
		libusb_release_interface(claimed->handle, claimed->interface);
		if (claimed->detached)
			libusb_attach_kernel_driver(claimed->handle, claimed->interface);
		libusb_close(claimed->handle);
	}
	claimed->handle = NULL;
	claimed->detached = false;
}

static int take(libusb_context *context, struct found_reader *found,
		const struct usbccid_open_options *options, struct wire **ret,
		struct usbccid_error *err)
{
	struct claimed claimed = {
		.context = context,
		.interface = found->setup.info.interface,
		.alternate = found->alternate,
	};
	int usb = libusb_open(found->device, &claimed.handle);
	int r;

	if (usb) {
		claimed.handle = NULL;
		r = failed(found, usb, "the device cannot be opened", err);
	} else {
		r = claim(&claimed, found, options, &usb, err);
	}
	if (!r)
		r = wire_libusb_new(&claimed, found, ret, err);
	if (!r)
		return 0;
	claimed_release(&claimed);
	return usb == LIBUSB_ERROR_BUSY ? busy(found, err) : r;
}

int usbccid_open(struct usbccid *ccid, const char *address, const struct usbccid_open_options *options,
		 struct usbccid_reader **ret, struct usbccid_error *err)
{
	static const struct usbccid_open_options defaults = { .interface = -1 };
	struct found_reader *chosen = NULL;
	libusb_context *context = NULL;
	struct reader_setup setup;
	struct found_readers found;
	struct wire *wire = NULL;
	int r = context_new(&context, err);

	(void)ccid;
	if (r)
		return r;
	if (!options)
		options = &defaults;
	r = found_readers_list(context, &found, err);
	if (!r)
		r = address_choose(&found, address, options->interface, &chosen, err);
	if (!r) {
		setup = chosen->setup;
		setup.info.holder[0] = '\0';
		r = take(context, chosen, options, &wire, err);
	}
	found_readers_free(&found);
	if (r) {
		libusb_exit(context);
		return r;
	}
	return reader_new(wire, &setup, ret, err);
}
