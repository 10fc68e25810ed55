// SPDX-License-Identifier: GPL-2.0-only
/*
 * Which readers are ours: the driver attribute "match" takes "add BUS-PORT[:CONFIG.INTERFACE]" and
 * "del BUS-PORT[:CONFIG.INTERFACE]", as the names in /sys/bus/usb/devices are, and gives what it
 * holds, one a line. Readers elsewhere stay with whoever uses them.
 */
#include <linux/ctype.h>
#include <linux/list.h>
#include <linux/slab.h>
#include <linux/string.h>

#include "compat.h"
#include "euicc_ccid.h"

#define MATCHES_MAX	64
#define NAME_MAX_LEN	40		/* bus, seven ports and an interface, with room */

struct ccid_port {
	struct list_head link;
	char name[NAME_MAX_LEN];
};

static LIST_HEAD(ports);
static unsigned int port_count;
static DEFINE_MUTEX(ports_lock);	/* guards both */

/* --- the list ------------------------------------------------------------------------------ */

static struct ccid_port *find_port(const char *name)
{
	struct ccid_port *port;

	lockdep_assert_held(&ports_lock);
	list_for_each_entry(port, &ports, link)
		if (!strcmp(port->name, name))
			return port;
	return NULL;
}

bool ccid_match(struct usb_interface *intf)
{
	bool found;

	mutex_lock(&ports_lock);
	found = find_port(dev_name(&intf->dev)) ||
		find_port(dev_name(&interface_to_usbdev(intf)->dev));
	mutex_unlock(&ports_lock);
	return found;
}

static int add_port(const char *name)
{
	struct ccid_port *port;
	int r = 0;

	mutex_lock(&ports_lock);
	if (find_port(name))
		goto out;
	r = -ENOSPC;
	if (port_count == MATCHES_MAX)
		goto out;
	r = -ENOMEM;
	port = kzalloc(sizeof(*port), GFP_KERNEL);
	if (!port)
		goto out;
	strscpy(port->name, name, sizeof(port->name));
	list_add_tail(&port->link, &ports);
	port_count++;
	r = 0;
out:
	mutex_unlock(&ports_lock);
	return r;
}

static int del_port(const char *name)
{
	struct ccid_port *port;

	mutex_lock(&ports_lock);
	port = find_port(name);
	if (port) {
		list_del(&port->link);
		port_count--;
	}
	mutex_unlock(&ports_lock);
	kfree(port);
	return port ? 0 : -ENOENT;
}

void ccid_match_free(void)
{
	struct ccid_port *port, *next;

	list_for_each_entry_safe(port, next, &ports, link)
		kfree(port);
}

/* --- devices that are there already -------------------------------------------------------- */

/* The interfaces of @udev that @name means; each with a reference. */
static unsigned int named_interfaces(struct usb_device *udev, const char *name,
				     struct usb_interface **found)
{
	bool all = !strcmp(dev_name(&udev->dev), name);
	struct usb_interface *intf;
	unsigned int count = 0, i;

	device_lock_assert(&udev->dev);
	for (i = 0; udev->actconfig && i < udev->actconfig->desc.bNumInterfaces; i++) {
		intf = udev->actconfig->interface[i];
		if (intf && (all || !strcmp(dev_name(&intf->dev), name)))
			found[count++] = usb_get_intf(intf);
	}
	return count;
}

/* A free interface is probed by this driver alone; one that somebody has is left to him. */
static void bind_interface(struct usb_interface *intf)
{
	int r = device_driver_attach(&ccid_driver.euicc_usb_driver_core, &intf->dev);

	if (r == -EBUSY)
		dev_info(&intf->dev, "euicc_ccid: the reader has a driver, or a program uses it\n");
	else if (r)
		dev_info(&intf->dev, "euicc_ccid: not bound (%d)\n", r);
}

static int bind_named(struct usb_device *udev, void *name)
{
	struct usb_interface *found[USB_MAXINTERFACES];
	bool wanted[USB_MAXINTERFACES];
	unsigned int count, i;

	usb_lock_device(udev);
	count = named_interfaces(udev, name, found);
	for (i = 0; i < count; i++)
		wanted[i] = found[i]->dev.driver != &ccid_driver.euicc_usb_driver_core &&
			    usb_match_id(found[i], ccid_driver.id_table);
	usb_unlock_device(udev);
	for (i = 0; i < count; i++) {
		if (wanted[i])
			bind_interface(found[i]);
		usb_put_intf(found[i]);
	}
	return 0;
}

static int release_named(struct usb_device *udev, void *name)
{
	struct usb_interface *found[USB_MAXINTERFACES];
	unsigned int count, i;

	usb_lock_device(udev);
	count = named_interfaces(udev, name, found);
	for (i = 0; i < count; i++) {
		if (found[i]->dev.driver == &ccid_driver.euicc_usb_driver_core &&
		    !ccid_match(found[i]))
			usb_driver_release_interface(&ccid_driver, found[i]);
		usb_put_intf(found[i]);
	}
	usb_unlock_device(udev);
	return 0;
}

/* --- the attribute ------------------------------------------------------------------------- */

static const char *skip_number(const char *text)
{
	const char *end = text;

	while (isdigit(*end))
		end++;
	return end == text ? NULL : end;
}

/* BUS-PORT.PORT...[:CONFIG.INTERFACE] */
static bool is_name(const char *text)
{
	text = skip_number(text);
	if (!text || *text++ != '-')
		return false;
	text = skip_number(text);
	while (text && *text == '.')
		text = skip_number(text + 1);
	if (text && *text == ':') {
		text = skip_number(text + 1);
		if (!text || *text++ != '.')
			return false;
		text = skip_number(text);
	}
	return text && !*text;
}

static ssize_t match_store(struct device_driver *driver, const char *buf, size_t count)
{
	char line[NAME_MAX_LEN + 8], *name;
	bool add;
	int r;

	if (count >= sizeof(line))
		return -EINVAL;
	memcpy(line, buf, count);
	line[count] = '\0';
	name = strim(line);
	add = !strncmp(name, "add ", 4);
	if (!add && strncmp(name, "del ", 4))
		return -EINVAL;
	name += 4;
	if (strlen(name) >= NAME_MAX_LEN || !is_name(name))
		return -EINVAL;
	r = add ? add_port(name) : del_port(name);
	if (r)
		return r;
	usb_for_each_dev(name, add ? bind_named : release_named);
	return count;
}

static ssize_t match_show(struct device_driver *driver, char *buf)
{
	struct ccid_port *port;
	int len = 0;

	mutex_lock(&ports_lock);
	list_for_each_entry(port, &ports, link)
		len += sysfs_emit_at(buf, len, "%s\n", port->name);
	mutex_unlock(&ports_lock);
	return len;
}

static DRIVER_ATTR_RW(match);

static struct attribute *ccid_match_attrs[] = {
	&driver_attr_match.attr,
	NULL,
};

static const struct attribute_group ccid_match_group = {
	.attrs = ccid_match_attrs,
};

const struct attribute_group *ccid_match_groups[] = {
	&ccid_match_group,
	NULL,
};
