// SPDX-License-Identifier: GPL-2.0-only
/*
 * /sys/class/euicc/euiccN: what the device is, and the payload of TERMINAL CAPABILITY.
 */
#include <linux/kernel.h>
#include <linux/string.h>
#include <linux/sysfs.h>

#include "euicc.h"

static struct euicc_device *to_euicc(struct device *dev)
{
	return container_of(dev, struct euicc_device, dev);
}

static ssize_t euicc_emit_hex(char *buf, const u8 *bytes, size_t len)
{
	return len ? sysfs_emit(buf, "%*phN\n", (int)len, bytes) : sysfs_emit(buf, "\n");
}

static ssize_t atr_show(struct device *dev, struct device_attribute *attr, char *buf)
{
	struct euicc_device *edev = to_euicc(dev);
	u8 atr[EUICC_ATR_MAX];
	size_t len;

	spin_lock_irq(&edev->lock);
	len = edev->atr_len;
	memcpy(atr, edev->atr, len);
	spin_unlock_irq(&edev->lock);
	return euicc_emit_hex(buf, atr, len);
}
static DEVICE_ATTR_RO(atr);

static ssize_t card_state_show(struct device *dev, struct device_attribute *attr, char *buf)
{
	static const char * const names[] = {
		[EUICC_CARD_UNKNOWN] = "unknown",
		[EUICC_CARD_ABSENT] = "absent",
		[EUICC_CARD_OFF] = "off",
		[EUICC_CARD_ON] = "on",
		[EUICC_CARD_MUTE] = "mute",
	};
	struct euicc_device *edev = to_euicc(dev);
	u32 state;

	spin_lock_irq(&edev->lock);
	state = edev->card_state;
	spin_unlock_irq(&edev->lock);
	return sysfs_emit(buf, "%s\n", state < ARRAY_SIZE(names) ? names[state] : "unknown");
}
static DEVICE_ATTR_RO(card_state);

static ssize_t generation_show(struct device *dev, struct device_attribute *attr, char *buf)
{
	struct euicc_device *edev = to_euicc(dev);
	u32 generation;

	spin_lock_irq(&edev->lock);
	generation = edev->generation;
	spin_unlock_irq(&edev->lock);
	return sysfs_emit(buf, "%u\n", generation);
}
static DEVICE_ATTR_RO(generation);

static ssize_t transport_show(struct device *dev, struct device_attribute *attr, char *buf)
{
	return sysfs_emit(buf, "%s\n", to_euicc(dev)->transport);
}
static DEVICE_ATTR_RO(transport);

static ssize_t name_show(struct device *dev, struct device_attribute *attr, char *buf)
{
	return sysfs_emit(buf, "%s\n", to_euicc(dev)->name);
}
static DEVICE_ATTR_RO(name);

static ssize_t slot_show(struct device *dev, struct device_attribute *attr, char *buf)
{
	return sysfs_emit(buf, "%u\n", to_euicc(dev)->slot);
}
static DEVICE_ATTR_RO(slot);

static ssize_t terminal_capability_show(struct device *dev, struct device_attribute *attr,
					char *buf)
{
	struct euicc_device *edev = to_euicc(dev);
	u8 payload[EUICC_TERMINAL_CAPABILITY_MAX];
	size_t len;

	spin_lock_irq(&edev->lock);
	len = edev->terminal_capability_len;
	memcpy(payload, edev->terminal_capability, len);
	spin_unlock_irq(&edev->lock);
	return euicc_emit_hex(buf, payload, len);
}

/* Hex of the whole command data, a data object A9 (TS 102 221, 11.1.19.2.1); nothing: not sent. */
static ssize_t terminal_capability_store(struct device *dev, struct device_attribute *attr,
					 const char *buf, size_t count)
{
	struct euicc_device *edev = to_euicc(dev);
	u8 payload[EUICC_TERMINAL_CAPABILITY_MAX];
	size_t digits = strcspn(buf, "\n");
	size_t len = digits / 2;

	if (digits % 2 || len > sizeof(payload) || hex2bin(payload, buf, len))
		return -EINVAL;
	if (len && (len < 2 || payload[0] != 0xA9 || payload[1] != len - 2))
		return -EINVAL;
	spin_lock_irq(&edev->lock);
	edev->terminal_capability_len = len;
	memcpy(edev->terminal_capability, payload, len);
	spin_unlock_irq(&edev->lock);
	return count;
}
static DEVICE_ATTR_ADMIN_RW(terminal_capability);

static struct attribute *euicc_attrs[] = {
	&dev_attr_atr.attr,
	&dev_attr_card_state.attr,
	&dev_attr_generation.attr,
	&dev_attr_transport.attr,
	&dev_attr_name.attr,
	&dev_attr_slot.attr,
	&dev_attr_terminal_capability.attr,
	NULL,
};

static const struct attribute_group euicc_group = {
	.attrs = euicc_attrs,
};

const struct attribute_group *euicc_groups[] = {
	&euicc_group,
	NULL,
};
