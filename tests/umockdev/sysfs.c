/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What sysfs and udev say of the bus and of the device on it; see device.h. */
#include "device.h"

#include <stdio.h>
#include <sys/stat.h>
#include <unistd.h>

#define HUB	"/devices/usb1"
#define DEVICE	HUB "/" DEVICE_BUS_PORT

enum { DESCRIPTOR_INTERFACE = 4 };

static void add(UMockdevTestbed *testbed, const GString *text)
{
	GError *error = NULL;

	if (!umockdev_testbed_add_from_string(testbed, text->str, &error))
		g_error("umockdev takes no device: %s", error->message);
}

static void put_descriptors(GString *text, const uint8_t *data, size_t len)
{
	for (size_t i = 0; i < len; i++)
		g_string_append_printf(text, "%02X", data[i]);
}

/* What all devices say; umockdev's node is not made by it: ours is a FIFO. */
static void put_device(GString *text, const char *path, unsigned number, const uint8_t *device)
{
	g_string_append_printf(text,
		"P: %s\nE: SUBSYSTEM=usb\nE: DEVTYPE=usb_device\nE: DRIVER=usb\n"
		"E: DEVNAME=/dev/bus/usb/001/%03u\nE: BUSNUM=001\nE: DEVNUM=%03u\n"
		"A: busnum=1\\n\nA: devnum=%u\\n\nA: idVendor=%02x%02x\\n\nA: idProduct=%02x%02x\\n\n"
		"A: bDeviceClass=%02x\\n\nA: bNumConfigurations=%u\\n\n",
		path, number, number, number, device[9], device[8], device[11], device[10], device[4],
		device[17]);
}

/* A bus has a hub at its root, and programs look at it. */
void sysfs_root_hub(UMockdevTestbed *testbed)
{
	static const uint8_t device[] = { 18, 1, 0, 2, 9, 0, 1, 64, 0x6B, 0x1D, 2, 0, 1, 6, 0, 0, 0, 1 };
	static const uint8_t config[] = { 9, 2, 25, 0, 1, 1, 0, 0xE0, 0, 9, 4, 0, 0, 1, 9, 0, 0, 0,
					  7, 5, 0x81, 3, 4, 0, 12 };
	g_autoptr(GString) text = g_string_new(NULL);

	put_device(text, HUB, 1, device);
	g_string_append(text, "A: speed=480\\n\nA: bConfigurationValue=1\\n\nH: descriptors=");
	put_descriptors(text, device, sizeof(device));
	put_descriptors(text, config, sizeof(config));
	g_string_append(text, "\n");
	add(testbed, text);
}

/* --- interfaces ------------------------------------------------------------- */

static void add_interface(struct usb_device *device, const uint8_t *interface)
{
	g_autoptr(GString) text = g_string_new(NULL);

	g_string_append_printf(text,
		"P: " DEVICE "/" DEVICE_BUS_PORT ":%u.%u\nE: SUBSYSTEM=usb\nE: DEVTYPE=usb_interface\n"
		"A: bInterfaceNumber=%02x\\n\nA: bAlternateSetting=%2u\\n\nA: bNumEndpoints=%02x\\n\n"
		"A: bInterfaceClass=%02x\\n\nA: bInterfaceSubClass=%02x\\n\nA: bInterfaceProtocol=%02x\\n\n",
		device->config[5], interface[2], interface[2], interface[3], interface[4], interface[5],
		interface[6], interface[7]);
	add(device->testbed, text);
	device->kernel_bound[interface[2]] = device->kernel_driver != NULL;
	if (device->kernel_driver)
		sysfs_driver(device, interface[2], device->kernel_driver);
}

/* umockdev forgets the children of a device that is removed, but for their names on the bus. */
static void remove_interface(struct usb_device *device, const uint8_t *interface)
{
	g_autofree char *path = g_strdup_printf("/sys" DEVICE "/" DEVICE_BUS_PORT ":%u.%u",
						device->config[5], interface[2]);

	umockdev_testbed_remove_device(device->testbed, path);
}

static void each_interface(struct usb_device *device,
			   void (*visit)(struct usb_device *device, const uint8_t *interface))
{
	bool seen[DEVICE_MAX_INTERFACES] = { false };

	for (const uint8_t *at = NULL; (at = usb_device_descriptor(device, at, DESCRIPTOR_INTERFACE));) {
		if (at[0] < 9 || at[2] >= DEVICE_MAX_INTERFACES || seen[at[2]])
			continue;
		seen[at[2]] = true;
		visit(device, at);
	}
}

void sysfs_driver(struct usb_device *device, unsigned interface, const char *name)
{
	g_autofree char *root = umockdev_testbed_get_root_dir(device->testbed);
	g_autofree char *drivers = g_strdup_printf("%s/sys/bus/usb/drivers/%s", root, name ? name : "");
	g_autofree char *link = g_strdup_printf("%s/sys" DEVICE "/" DEVICE_BUS_PORT ":%u.%u/driver", root,
						device->config[5], interface);
	g_autofree char *target = g_strdup_printf("../../../../bus/usb/drivers/%s", name ? name : "");

	unlink(link);
	if (!name)
		return;
	if (g_mkdir_with_parents(drivers, 0755) || symlink(target, link))
		g_warning("%s cannot be made", link);
}

/* --- the device ------------------------------------------------------------- */

static void put_strings(GString *text, const struct usb_device *device)
{
	static const char *const names[3] = { "manufacturer", "product", "serial" };

	for (size_t i = 0; i < 3; i++)
		if (device->strings[i][0])
			g_string_append_printf(text, "A: %s=%s\\n\n", names[i], device->strings[i]);
}

/* The device's uevent comes when all of it can be seen: its interfaces come before it. */
void sysfs_add(struct usb_device *device)
{
	g_autoptr(GString) text = g_string_new(NULL);

	put_device(text, DEVICE, device->number, device->device);
	put_strings(text, device);
	g_string_append_printf(text, "A: speed=%u\\n\nA: bConfigurationValue=%u\\n\nH: descriptors=",
			       device->high_speed ? 480 : 12, device->config[5]);
	put_descriptors(text, device->device, sizeof(device->device));
	put_descriptors(text, device->config, device->config_len);
	g_string_append(text, "\n");
	each_interface(device, add_interface);
	add(device->testbed, text);
}

void sysfs_remove(struct usb_device *device)
{
	g_autofree char *root = umockdev_testbed_get_root_dir(device->testbed);
	g_autofree char *node = g_strconcat(root, device->node, NULL);

	unlink(node);
	umockdev_testbed_uevent(device->testbed, "/sys" DEVICE, "remove");
	each_interface(device, remove_interface);
	umockdev_testbed_remove_device(device->testbed, "/sys" DEVICE);
	umockdev_testbed_detach_ioctl(device->testbed, device->node, NULL);
}
