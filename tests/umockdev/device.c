/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Plugging in and out; see device.h. */
#include "device.h"

#include <errno.h>
#include <string.h>
#include <unistd.h>

enum { GET_DESCRIPTOR = 6, SET_CONFIGURATION = 9 };
enum { DESCRIPTOR_DEVICE = 1, DESCRIPTOR_CONFIG = 2, DESCRIPTOR_STRING = 3, DESCRIPTOR_INTERFACE = 4 };

/* --- descriptors ------------------------------------------------------------ */

const uint8_t *usb_device_descriptor(const struct usb_device *device, const uint8_t *from, uint8_t type)
{
	const uint8_t *at = from ? from + from[0] : device->config;
	const uint8_t *end = device->config + device->config_len;

	for (; end - at >= 2 && at[0] >= 2 && at[0] <= end - at; at += at[0])
		if (at[1] == type)
			return at;
	return NULL;
}

bool usb_device_has_interface(const struct usb_device *device, unsigned interface)
{
	for (const uint8_t *at = NULL; (at = usb_device_descriptor(device, at, DESCRIPTOR_INTERFACE));)
		if (at[0] >= 9 && at[2] == interface)
			return true;
	return false;
}

/* --- enumeration ------------------------------------------------------------ */

static int get_descriptor(struct usb_device *device, uint8_t type, uint8_t index, uint16_t language,
			  void *data, size_t len)
{
	const uint8_t setup[8] = { 0x80, GET_DESCRIPTOR, index, type, (uint8_t)language,
				   (uint8_t)(language >> 8), (uint8_t)len, (uint8_t)(len >> 8) };

	return usbip_client_control(&device->link, setup, data);
}

/* The printable part of string @index in the device's first language. */
static void read_string(struct usb_device *device, uint8_t index, char *ret, size_t size)
{
	uint8_t text[255];
	size_t used = 0;
	int n;

	ret[0] = '\0';
	if (index == 0 || get_descriptor(device, DESCRIPTOR_STRING, 0, 0, text, sizeof(text)) < 4)
		return;
	n = get_descriptor(device, DESCRIPTOR_STRING, index, (uint16_t)(text[2] | text[3] << 8), text,
			   sizeof(text));
	for (int i = 2; i + 1 < n && used + 1 < size; i += 2)
		if (text[i + 1] == 0 && g_ascii_isprint((char)text[i]))
			ret[used++] = (char)text[i];
	ret[used] = '\0';
}

static bool read_device(struct usb_device *device)
{
	const uint8_t *p = device->device;
	int n = get_descriptor(device, DESCRIPTOR_DEVICE, 0, 0, device->device, sizeof(device->device));

	return n == sizeof(device->device) && p[0] >= n && p[1] == DESCRIPTOR_DEVICE && p[17] > 0 &&
	       (p[7] == 8 || p[7] == 16 || p[7] == 32 || p[7] == 64);
}

static bool read_config(struct usb_device *device)
{
	uint8_t *p = device->config;
	int n = get_descriptor(device, DESCRIPTOR_CONFIG, 0, 0, p, 9);
	size_t total;

	if (n < 4)
		return false;
	total = (size_t)(p[2] | p[3] << 8);
	if (total < 9)
		total = 9;
	if (total > DEVICE_MAX_CONFIG)
		total = DEVICE_MAX_CONFIG;
	n = get_descriptor(device, DESCRIPTOR_CONFIG, 0, 0, p, total);
	device->config_len = n > 0 ? (size_t)n : 0;
	return n >= 9 && p[0] >= 9 && p[0] <= n && p[1] == DESCRIPTOR_CONFIG;
}

/* What a kernel's hub driver does, and where it gives up. */
static bool enumerate(struct usb_device *device)
{
	if (!read_device(device) || !read_config(device))
		return false;
	for (size_t i = 0; i < 3; i++)
		read_string(device, device->device[14 + i], device->strings[i],
			    sizeof(device->strings[i]));
	return usbip_client_control(&device->link,
				    (uint8_t[8]){ 0, SET_CONFIGURATION, device->config[5] }, NULL) == 0;
}

/* --- the plug ---------------------------------------------------------------- */

/* Called with the lock held, or by the last who knows the device. */
void usb_device_release(struct usb_device *device)
{
	if (--device->references > 0) {
		g_mutex_unlock(&device->lock);
		return;
	}
	g_mutex_unlock(&device->lock);
	usbip_client_stop(&device->link);
	if (device->fifo >= 0)
		close(device->fifo);
	g_clear_object(&device->handler);
	g_mutex_clear(&device->lock);
	g_free(device);
}

struct usb_device *usb_device_plug(UMockdevTestbed *testbed, int fd, bool high_speed, unsigned number,
				   const char *kernel_driver)
{
	struct usb_device *device = g_new0(struct usb_device, 1);

	g_mutex_init(&device->lock);
	device->references = 1;
	device->testbed = testbed;
	device->high_speed = high_speed;
	device->number = number;
	device->kernel_driver = kernel_driver;
	device->fifo = -1;
	usbip_client_start(&device->link, fd);
	if (!enumerate(device) || usbfs_node_make(device)) {
		g_mutex_lock(&device->lock);
		usb_device_release(device);
		return NULL;
	}
	sysfs_add(device);
	return device;
}

bool usb_device_serve(struct usb_device *device)
{
	struct esim_buf data = ESIM_BUF_INIT;
	struct usbip_reply reply;
	bool there = usbip_client_receive(&device->link);
	int r = 0;

	g_mutex_lock(&device->lock);
	while (there && (r = usbip_client_next(&device->link, &reply, &data)) > 0)
		usbfs_reply(device, &reply, esim_buf_slice(&data));
	g_mutex_unlock(&device->lock);
	esim_buf_free(&data);
	return there && r == 0;
}

void usb_device_unplug(struct usb_device **device_pointer)
{
	struct usb_device *device = *device_pointer;

	if (!device)
		return;
	g_mutex_lock(&device->lock);
	usbfs_disconnect(device);
	g_mutex_unlock(&device->lock);
	sysfs_remove(device);
	g_mutex_lock(&device->lock);
	usb_device_release(device);
	*device_pointer = NULL;
}
