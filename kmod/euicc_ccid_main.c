// SPDX-License-Identifier: GPL-2.0-only
/* USB CCID readers as a transport of /dev/euiccN: binding, and the end. */
#include <linux/ctype.h>
#include <linux/module.h>
#include <linux/slab.h>

#include "compat.h"
#include "euicc_ccid.h"

static void ccid_stop(struct euicc_device *edev)
{
	struct ccid_slot *slot = euicc_priv(edev);

	ccid_pipe_stop(slot->reader);
}

static const struct euicc_transport_ops ccid_ops = {
	.activate = ccid_activate,
	.deactivate = ccid_deactivate,
	.exchange = ccid_exchange,
	.stop = ccid_stop,
};

/* --- what kind of reader it is ------------------------------------------------------------- */

/* Behind the interface descriptor, or behind one of the endpoints'. */
static int find_descriptor(const struct usb_host_interface *alt, struct ccid_descriptor *desc)
{
	int r = ccid_descriptor_parse(alt->extra, alt->extralen, desc);
	unsigned int i;

	for (i = 0; r && i < alt->desc.bNumEndpoints; i++)
		r = ccid_descriptor_parse(alt->endpoint[i].extra, alt->endpoint[i].extralen,
					  desc);
	return r;
}

static int check_reader(struct usb_interface *intf, const struct ccid_descriptor *desc)
{
	enum ccid_level level = ccid_level(desc->features);

	if (level == CCID_LEVEL_CHARACTER || level == CCID_LEVEL_INVALID) {
		dev_err(&intf->dev, "exchange level %s: use usbccid through /dev/euicc-proxy\n",
			ccid_level_name(level));
		return -ENODEV;
	}
	if (!(desc->protocols & CCID_PROTOCOL_T0)) {
		dev_err(&intf->dev, "no T=0 (dwProtocols %#x): use usbccid through /dev/euicc-proxy\n",
			desc->protocols);
		return -ENODEV;
	}
	if (!ccid_payload_max(desc)) {
		dev_err(&intf->dev, "dwMaxCCIDMessageLength %u has no room for a message\n",
			desc->max_message);
		return -ENODEV;
	}
	return 0;
}

static struct ccid_reader *alloc_reader(struct usb_interface *intf,
					const struct ccid_descriptor *desc)
{
	unsigned int count = min(desc->max_slot_index + 1, CCID_SLOTS_MAX), i;
	struct ccid_reader *reader;

	reader = kzalloc(struct_size(reader, slots, count), GFP_KERNEL);
	if (!reader)
		return NULL;
	reader->udev = usb_get_dev(interface_to_usbdev(intf));
	reader->intf = usb_get_intf(intf);
	reader->desc = *desc;
	reader->level = ccid_level(desc->features);
	reader->payload_max = ccid_payload_max(desc);
	reader->slot_count = count;
	init_waitqueue_head(&reader->claim_wait);
	init_waitqueue_head(&reader->urb_wait);
	spin_lock_init(&reader->lock);
	mutex_init(&reader->stand_lock);
	for (i = 0; i < count; i++) {
		reader->slots[i].reader = reader;
		reader->slots[i].index = i;
	}
	if (desc->max_slot_index >= CCID_SLOTS_MAX)
		dev_warn(&intf->dev, "of %u slots the first %u are used\n",
			 desc->max_slot_index + 1, CCID_SLOTS_MAX);
	return reader;
}

static void free_reader(struct ccid_reader *reader)
{
	unsigned int i;

	for (i = 0; i < reader->slot_count; i++) {
		if (reader->slots[i].edev)
			euicc_put(reader->slots[i].edev);
		/* USB core keeps the count of an interface that it unbinds. */
		if (reader->slots[i].awake)
			usb_autopm_put_interface_no_suspend(reader->intf);
	}
	ccid_interrupt_free(reader);
	ccid_pipe_free(reader);
	usb_put_intf(reader->intf);
	usb_put_dev(reader->udev);
	mutex_destroy(&reader->stand_lock);
	kfree(reader);
}

/* --- its slots ------------------------------------------------------------------------------ */

/* Who made it and what it is, as it says itself: whatever cannot be printed is a question mark. */
static void name_slot(const struct ccid_slot *slot, char *name, size_t size)
{
	const struct ccid_reader *reader = slot->reader;
	const struct usb_device *udev = reader->udev;
	char *c;

	if (reader->slot_count > 1)
		scnprintf(name, size, "%s %s slot %u", udev->manufacturer ?: "USB",
			  udev->product ?: "CCID reader", slot->index);
	else
		scnprintf(name, size, "%s %s", udev->manufacturer ?: "USB",
			  udev->product ?: "CCID reader");
	for (c = name; *c; c++)
		if (!isascii(*c) || !isprint(*c))
			*c = '?';
}

static u32 card_state(const struct ccid_slot *slot)
{
	switch (slot->card) {
	case CCID_CARD_ABSENT:
		return EUICC_CARD_ABSENT;
	case CCID_CARD_PRESENT:
		return EUICC_CARD_OFF;
	case CCID_CARD_UNKNOWN:
		break;
	}
	return EUICC_CARD_UNKNOWN;
}

static int alloc_slot(struct ccid_slot *slot)
{
	const struct ccid_reader *reader = slot->reader;
	const bool extended = reader->level == CCID_LEVEL_EXTENDED_APDU;
	char name[64];
	struct euicc_transport_desc desc = {
		.transport = "ccid",
		.name = name,
		.features = EUICC_FEATURE_FCI | EUICC_FEATURE_P2 | EUICC_FEATURE_BASIC |
			    EUICC_FEATURE_WARM | EUICC_FEATURE_COLD |
			    (extended ? EUICC_FEATURE_EXTENDED : 0),
		.max_command = extended ? 65544 : reader->payload_max,
		.max_response = extended ? 65536 : CCID_SHORT_RESPONSE_MAX,
		.protocol = EUICC_PROTOCOL_NONE,
		.slot = slot->index,
		.card_state = card_state(slot),
	};
	struct euicc_device *edev;

	name_slot(slot, name, sizeof(name));
	edev = euicc_alloc(&reader->intf->dev, &ccid_ops, &desc, slot);
	if (IS_ERR(edev))
		return PTR_ERR(edev);
	slot->edev = edev;
	return 0;
}

static void set_live(struct ccid_slot *slot, bool live)
{
	spin_lock_irq(&slot->reader->lock);
	slot->live = live;
	spin_unlock_irq(&slot->reader->lock);
}

/* Every slot's device ends here, in the order in which they came. */
static void unregister_slots(struct ccid_reader *reader, unsigned int count)
{
	unsigned int i;

	for (i = 0; i < count; i++) {
		euicc_unregister(reader->slots[i].edev);
		set_live(&reader->slots[i], false);
	}
}

static int register_slots(struct ccid_reader *reader)
{
	unsigned int i;
	int r;

	for (i = 0; i < reader->slot_count; i++) {
		r = alloc_slot(&reader->slots[i]);
		if (r)
			return r;
	}
	for (i = 0; i < reader->slot_count; i++) {
		set_live(&reader->slots[i], true);
		r = euicc_register(reader->slots[i].edev);
		if (r) {
			unregister_slots(reader, i);
			return r;
		}
	}
	return 0;
}

/* --- probe and disconnect ------------------------------------------------------------------ */

/* Which slots have a card. A reader that does not answer may do so later. */
static void look_at_cards(struct ccid_reader *reader)
{
	unsigned int i;

	for (i = 0; i < reader->slot_count; i++) {
		if (ccid_slot_status(&reader->slots[i])) {
			dev_warn(&reader->intf->dev, "the reader does not tell its state\n");
			return;
		}
		/* To hear of a card from a sleeping reader, that one must wake the host. */
		if (reader->int_urb && reader->slots[i].card == CCID_CARD_ABSENT)
			reader->intf->needs_remote_wakeup = 1;
	}
}

static int ccid_probe(struct usb_interface *intf, const struct usb_device_id *id)
{
	struct usb_host_interface *alt = intf->cur_altsetting;
	struct ccid_descriptor desc;
	struct ccid_reader *reader;
	int r;

	if (!ccid_match(intf))
		return -ENODEV;
	r = find_descriptor(alt, &desc);
	if (r) {
		dev_err(&intf->dev, "no CCID class descriptor (%d)\n", r);
		return -ENODEV;
	}
	r = check_reader(intf, &desc);
	if (r)
		return r;
	reader = alloc_reader(intf, &desc);
	if (!reader)
		return -ENOMEM;
	r = ccid_pipe_init(reader, alt);
	if (r)
		goto err_free;
	r = ccid_interrupt_init(reader, alt);
	if (r)
		goto err_free;
	usb_set_intfdata(intf, reader);
	look_at_cards(reader);
	r = register_slots(reader);
	if (r)
		goto err_free;
	r = ccid_sleep_watch(reader);
	if (r)
		goto err_unregister;
	ccid_interrupt_start(reader);
	dev_info(&intf->dev, "%s level, %u slot(s)\n", ccid_level_name(reader->level),
		 reader->slot_count);
	return 0;

err_unregister:
	unregister_slots(reader, reader->slot_count);
err_free:
	free_reader(reader);
	return r;
}

/* Whoever has the reader next finds cards without power. */
static void cut_power(struct ccid_reader *reader)
{
	unsigned long deadline = jiffies + CCID_STATUS_TIMEOUT;
	unsigned int i;

	if (reader->udev->state != USB_STATE_CONFIGURED)
		return;
	ccid_pipe_reopen(reader);
	for (i = 0; i < reader->slot_count; i++) {
		struct ccid_slot *slot = &reader->slots[i];

		ccid_settle(slot);
		if (slot->unsettled || (slot->powered && ccid_power_off(slot, deadline)))
			return;
	}
}

/*
 * The end, as a story: no more news of sleep and of cards; the core marks each device dead, wakes
 * who waits, calls stop(), which breaks off what is on the wire, and waits until the worker has
 * come out; so nobody but us is left to use pipes and buffers, and they are freed. Open files keep
 * the core's devices, which know nothing of the reader any more.
 */
static void ccid_disconnect(struct usb_interface *intf)
{
	struct ccid_reader *reader = usb_get_intfdata(intf);

	ccid_sleep_unwatch(reader);
	ccid_interrupt_stop(reader);
	unregister_slots(reader, reader->slot_count);
	ccid_pipe_unpoison(reader);
	cut_power(reader);
	free_reader(reader);
}

/* On purpose not exported by MODULE_DEVICE_TABLE: nothing loads this module for a reader. */
static const struct usb_device_id ccid_ids[] = {
	{ USB_INTERFACE_INFO(CCID_INTERFACE_CLASS, 0, 0) },
	{ }
};

struct usb_driver ccid_driver = {
	.name = "euicc_ccid",
	.id_table = ccid_ids,
	.probe = ccid_probe,
	.disconnect = ccid_disconnect,
	.suspend = ccid_suspend,
	.resume = ccid_resume,
	.reset_resume = ccid_reset_resume,
	.pre_reset = ccid_pre_reset,
	.post_reset = ccid_post_reset,
	.euicc_usb_driver_core.groups = ccid_match_groups,
	.supports_autosuspend = 1,
	.no_dynamic_id = 1,
	/* Cards are switched off when the driver is unbound. */
	.soft_unbind = 1,
};

static int __init ccid_init(void)
{
	return usb_register(&ccid_driver);
}

static void __exit ccid_exit(void)
{
	usb_deregister(&ccid_driver);
	ccid_match_free();
}

module_init(ccid_init);
module_exit(ccid_exit);

MODULE_DESCRIPTION("eUICCs in USB CCID readers, bound by port");
MODULE_LICENSE("GPL");
