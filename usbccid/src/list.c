/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * The readers that are plugged in.
 *
 * Each list and each open reader has a libusb context of its own: a reader may be used in another
 * thread than the next one, and what comes for one wakes nobody else. A fresh context also sees what
 * the bus is now where no udev daemon tells an older one of changes.
 */
#include "change.h"
#include "finder.h"
#include "holder.h"

#include <stdlib.h>

#define CONFIGURATIONS_MAX	8	/* of a device that are looked at */

/* --- libusb ---------------------------------------------------------------------------------- */

int usb_error_set(struct usbccid_error *err, int usb, const char *what)
{
	int code;

	switch (usb) {
	case LIBUSB_ERROR_NO_MEM:
		code = USBCCID_ENOMEM;
		break;
	case LIBUSB_ERROR_NO_DEVICE:
	case LIBUSB_ERROR_NOT_FOUND:
		code = USBCCID_ENODEV;
		break;
	case LIBUSB_ERROR_ACCESS:
		code = USBCCID_EACCES;
		break;
	case LIBUSB_ERROR_BUSY:
		code = USBCCID_EBUSY;
		break;
	case LIBUSB_ERROR_TIMEOUT:
		code = USBCCID_ETIMEDOUT;
		break;
	case LIBUSB_ERROR_PIPE:
	case LIBUSB_ERROR_OVERFLOW:
		code = USBCCID_EPROTO;
		break;
	case LIBUSB_ERROR_NOT_SUPPORTED:
		code = USBCCID_ENOTSUP;
		break;
	default:
		code = USBCCID_EIO;
		break;
	}
	error_set(err, code, "%s (%s)", what, libusb_error_name(usb));
	if (err)
		err->usb = usb;
	return code;
}

int context_new(libusb_context **ret, struct usbccid_error *err)
{
	int r = libusb_init(ret);

	if (r)
		return usb_error_set(err, r, "USB cannot be used: libusb does not start");
	libusb_set_option(*ret, LIBUSB_OPTION_LOG_LEVEL, LIBUSB_LOG_LEVEL_NONE);
	return 0;
}

int usbccid_new(struct usbccid **ret, struct usbccid_error *err)
{
	struct usbccid *ccid = calloc(1, sizeof(*ccid));
	int r;

	if (!ccid)
		return error_set(err, USBCCID_ENOMEM, "out of memory");
	r = context_new(&ccid->context, err);
	if (r) {
		free(ccid);
		return r;
	}
	error_clear(err);
	*ret = ccid;
	return 0;
}

void usbccid_free(struct usbccid **ccid)
{
	if (!ccid || !*ccid)
		return;
	change_stop(*ccid);
	libusb_exit((*ccid)->context);
	free(*ccid);
	*ccid = NULL;
}

/* --- a device -------------------------------------------------------------------------------- */

/* The one in use, else the first. NULL: it is malformed. */
static struct libusb_config_descriptor *get_configuration(libusb_device *device, bool *unconfigured)
{
	struct libusb_config_descriptor *config;
	int r = libusb_get_active_config_descriptor(device, &config);

	*unconfigured = r == LIBUSB_ERROR_NOT_FOUND;
	if (*unconfigured)
		r = libusb_get_config_descriptor(device, 0, &config);
	return r ? NULL : config;
}

bool device_is_reader(libusb_device *device)
{
	struct libusb_device_descriptor desc;
	bool is_reader = false;

	if (libusb_get_device_descriptor(device, &desc))
		return false;
	for (uint8_t i = 0; i < desc.bNumConfigurations && i < CONFIGURATIONS_MAX && !is_reader; i++) {
		struct libusb_config_descriptor *config;
		struct found_reader ignored;

		if (libusb_get_config_descriptor(device, i, &config))
			continue;
		for (unsigned j = 0; j < config->bNumInterfaces && !is_reader; j++)
			is_reader = interface_is_reader(&config->interface[j], desc.idVendor,
							desc.idProduct, &ignored);
		libusb_free_config_descriptor(config);
	}
	return is_reader;
}

static void find_holder(struct found_reader *reader)
{
	struct usbccid_info *info = &reader->setup.info;
	const struct holder_query query = {
		.bus_port = info->bus_port,
		.configuration = reader->configuration,
		.interface = info->interface,
		.bus = reader->bus,
		.address = reader->address,
	};

	holder_find(&holder_system, &query, info->holder, sizeof(info->holder));
}

/* --- all of them ----------------------------------------------------------------------------- */

/* What all interfaces of a device have in common. */
static bool describe_device(libusb_device *device, struct found_reader *ret)
{
	const int ports = libusb_get_port_numbers(device, ret->ports, sizeof(ret->ports));

	ret->device = device;
	ret->bus = libusb_get_bus_number(device);
	ret->address = libusb_get_device_address(device);
	ret->port_count = (uint8_t)(ports > 0 ? ports : 0);
	return bus_port_format(ret->bus, ret->ports, ret->port_count, ret->setup.info.bus_port);
}

static void add_device(libusb_device *device, struct found_readers *found)
{
	struct found_reader reader = { 0 };
	struct libusb_config_descriptor *config;
	struct libusb_device_descriptor desc;

	if (libusb_get_device_descriptor(device, &desc) || !describe_device(device, &reader))
		return;
	config = get_configuration(device, &reader.unconfigured);
	if (!config)
		return;
	reader.configuration = config->bConfigurationValue;
	for (unsigned i = 0; i < config->bNumInterfaces && found->count < USBCCID_MAX_READERS; i++) {
		if (!interface_is_reader(&config->interface[i], desc.idVendor, desc.idProduct,
					 &reader))
			continue;
		name_read(holder_system.sysfs, &reader.setup.info);
		find_holder(&reader);
		libusb_ref_device(device);
		found->readers[found->count++] = reader;
	}
	libusb_free_config_descriptor(config);
}

static int compare(const void *left, const void *right)
{
	const struct found_reader *a = left, *b = right;
	const int ports = memcmp(a->ports, b->ports, sizeof(a->ports));

	if (a->bus != b->bus)
		return a->bus < b->bus ? -1 : 1;
	return ports ? ports : a->setup.info.interface - b->setup.info.interface;
}

int found_readers_list(libusb_context *context, struct found_readers *ret, struct usbccid_error *err)
{
	libusb_device **devices;
	ssize_t count = libusb_get_device_list(context, &devices);

	*ret = (struct found_readers){ 0 };
	if (count < 0)
		return usb_error_set(err, (int)count, "the USB devices cannot be listed");
	ret->readers = calloc(USBCCID_MAX_READERS, sizeof(*ret->readers));
	for (ssize_t i = 0; ret->readers && i < count; i++)
		add_device(devices[i], ret);
	libusb_free_device_list(devices, 1);
	if (!ret->readers)
		return error_set(err, USBCCID_ENOMEM, "out of memory");
	qsort(ret->readers, ret->count, sizeof(*ret->readers), compare);
	return 0;
}

void found_readers_free(struct found_readers *found)
{
	for (size_t i = 0; i < found->count; i++)
		libusb_unref_device(found->readers[i].device);
	free(found->readers);
	*found = (struct found_readers){ 0 };
}

int usbccid_list(struct usbccid *ccid, struct usbccid_info **ret, size_t *ret_count,
		 struct usbccid_error *err)
{
	struct usbccid_info *infos = NULL;
	libusb_context *context = NULL;
	struct found_readers found;
	int r = context_new(&context, err);

	(void)ccid;
	if (r)
		return r;
	r = found_readers_list(context, &found, err);
	if (!r) {
		/* One more than there are: malloc(0) may give NULL. */
		infos = calloc(found.count + 1, sizeof(*infos));
		if (!infos)
			r = error_set(err, USBCCID_ENOMEM, "out of memory");
	}
	if (!r) {
		for (size_t i = 0; i < found.count; i++)
			infos[i] = found.readers[i].setup.info;
		*ret = infos;
		*ret_count = found.count;
		error_clear(err);
	}
	found_readers_free(&found);
	libusb_exit(context);
	return r;
}
