// SPDX-License-Identifier: GPL-2.0-only
/*
 * KUnit tests of the core: the pure parts, and a device with a transport that is a few lines.
 */
#include <kunit/test.h>
#include <linux/err.h>
#include <linux/fs.h>
#include <linux/poll.h>
#include <linux/slab.h>
#include <linux/string.h>

#include <euicc/transport.h>

#include "euicc_apdu.h"
#include "euicc_ring.h"

/* --- class bytes ---------------------------------------------------------------- */

static void class_names_the_channel(struct kunit *test)
{
	unsigned int channel;

	for (channel = 0; channel < 4; channel++) {
		KUNIT_EXPECT_EQ(test, euicc_apdu_cla(0x00, channel), 0x00 + channel);
		KUNIT_EXPECT_EQ(test, euicc_apdu_cla(0x80, channel), 0x80 + channel);
		KUNIT_EXPECT_EQ(test, euicc_apdu_cla(0x8C, channel), 0x8C + channel);
		KUNIT_EXPECT_EQ(test, euicc_apdu_cla(0x10, channel), 0x10 + channel);
	}
	for (channel = 4; channel <= EUICC_CHANNEL_MAX; channel++) {
		KUNIT_EXPECT_EQ(test, euicc_apdu_cla(0x00, channel), 0x40 + channel - 4);
		KUNIT_EXPECT_EQ(test, euicc_apdu_cla(0x80, channel), 0xC0 + channel - 4);
		KUNIT_EXPECT_EQ(test, euicc_apdu_cla(0x90, channel), 0xD0 + channel - 4);
	}
}

/* ISO/IEC 7816-4, tables 2 and 3: one bit is left of the two for secure messaging. */
static void secure_messaging_survives(struct kunit *test)
{
	KUNIT_EXPECT_EQ(test, euicc_apdu_cla(0x04, 5), 0x61);
	KUNIT_EXPECT_EQ(test, euicc_apdu_cla(0x08, 5), 0x61);
	KUNIT_EXPECT_EQ(test, euicc_apdu_cla(0x8C, 19), 0xEF);
}

/* --- shapes ---------------------------------------------------------------- */

static const struct apdu_case {
	const char *what;
	u8 apdu[16];
	size_t len;
	int want;
	size_t lc;
	u8 le_size;
	bool extended;
} apdu_cases[] = {
	{ "case 1", { 0x00, 0x44, 0, 0 }, 4, 0, 0, 0, false },
	{ "case 2", { 0x00, 0xB0, 0, 0, 0 }, 5, 0, 0, 1, false },
	{ "case 3", { 0x00, 0xD6, 0, 0, 2, 1, 2 }, 7, 0, 2, 0, false },
	{ "case 4", { 0x00, 0xE2, 0, 0, 2, 1, 2, 0 }, 8, 0, 2, 1, false },
	{ "case 2, extended", { 0x00, 0xB0, 0, 0, 0, 1, 0 }, 7, 0, 0, 3, true },
	{ "case 3, extended", { 0x00, 0xD6, 0, 0, 0, 0, 2, 1, 2 }, 9, 0, 2, 0, true },
	{ "case 4, extended", { 0x00, 0xE2, 0, 0, 0, 0, 2, 1, 2, 0, 0 }, 11, 0, 2, 2, true },
	{ "three bytes", { 0x00, 0xB0, 0 }, 3, -EINVAL },
	{ "nothing", { 0 }, 0, -EINVAL },
	{ "data that is short", { 0x00, 0xD6, 0, 0, 3, 1, 2 }, 7, -EINVAL },
	{ "two bytes too many", { 0x00, 0xD6, 0, 0, 1, 1, 2, 3 }, 8, -EINVAL },
	{ "half an extended length", { 0x00, 0xB0, 0, 0, 0, 1 }, 6, -EINVAL },
	{ "an extended length of nothing", { 0x00, 0xD6, 0, 0, 0, 0, 0, 1 }, 8, -EINVAL },
	{ "half an extended Le", { 0x00, 0xE2, 0, 0, 0, 0, 2, 1, 2, 0 }, 10, -EINVAL },
	{ "INS 6x", { 0x00, 0x61, 0, 0 }, 4, -EINVAL },
	{ "INS 9x", { 0x00, 0x90, 0, 0 }, 4, -EINVAL },
};

static void shapes_are_told_apart(struct kunit *test)
{
	const struct apdu_case *c;
	struct euicc_apdu shape;
	unsigned int i;

	for (i = 0; i < ARRAY_SIZE(apdu_cases); i++) {
		c = &apdu_cases[i];
		KUNIT_EXPECT_EQ_MSG(test, euicc_apdu_parse(c->apdu, c->len, &shape), c->want, "%s",
				    c->what);
		if (c->want)
			continue;
		KUNIT_EXPECT_EQ_MSG(test, shape.lc, c->lc, "%s", c->what);
		KUNIT_EXPECT_EQ_MSG(test, shape.le_size, c->le_size, "%s", c->what);
		KUNIT_EXPECT_EQ_MSG(test, shape.extended, c->extended, "%s", c->what);
	}
}

static void le_is_replaced(struct kunit *test)
{
	u8 case1[6] = { 0x00, 0xB0, 0, 0 };
	u8 case2[7] = { 0x00, 0xB0, 0, 0, 0x10 };
	u8 case4[10] = { 0x00, 0xE2, 0, 0, 2, 1, 2, 0 };
	u8 extended[13] = { 0x00, 0xE2, 0, 0, 0, 0, 2, 1, 2, 0, 0 };
	u8 no_le[11] = { 0x00, 0xD6, 0, 0, 0, 0, 2, 1, 2 };

	KUNIT_EXPECT_EQ(test, euicc_apdu_set_le(case1, 4, 6, 0x20), 5UL);
	KUNIT_EXPECT_EQ(test, case1[4], 0x20);
	KUNIT_EXPECT_EQ(test, euicc_apdu_set_le(case2, 5, 7, 0x20), 5UL);
	KUNIT_EXPECT_EQ(test, case2[4], 0x20);
	KUNIT_EXPECT_EQ(test, euicc_apdu_set_le(case4, 8, 10, 0x20), 8UL);
	KUNIT_EXPECT_EQ(test, case4[7], 0x20);
	/* 00 stands for 256, which an extended Le spells out. */
	KUNIT_EXPECT_EQ(test, euicc_apdu_set_le(extended, 11, 13, 0x00), 11UL);
	KUNIT_EXPECT_EQ(test, extended[9] << 8 | extended[10], 256);
	KUNIT_EXPECT_EQ(test, euicc_apdu_set_le(no_le, 9, 11, 0x20), 11UL);
	KUNIT_EXPECT_EQ(test, no_le[9] << 8 | no_le[10], 0x20);
	KUNIT_EXPECT_EQ_MSG(test, euicc_apdu_set_le(case1, 5, 5, 0x20), 0UL, "no room");
}

/* --- rights ---------------------------------------------------------------- */

static int permitted(u8 cla, u8 ins, u8 p1, bool basic, bool file_select)
{
	u8 apdu[4] = { cla, ins, p1, 0 };

	return euicc_apdu_permitted(apdu, basic, file_select);
}

static void foreign_channels_are_refused(struct kunit *test)
{
	unsigned int cla;
	int want;

	for (cla = 0; cla < 256; cla++) {
		want = cla & 0x43 ? -EPERM : 0;
		KUNIT_EXPECT_EQ_MSG(test, permitted(cla, 0xE2, 0, true, false), want, "%02x", cla);
		want = cla & 0x63 ? -EPERM : 0;
		KUNIT_EXPECT_EQ_MSG(test, permitted(cla, 0xE2, 0, false, false), want, "%02x", cla);
		KUNIT_EXPECT_EQ_MSG(test, permitted(cla, 0x70, 0, true, true), -EPERM, "%02x", cla);
	}
}

static void select_is_locked(struct kunit *test)
{
	unsigned int p1;

	for (p1 = 0; p1 < 256; p1++) {
		bool file = p1 <= 3 || p1 == 8 || p1 == 9;

		KUNIT_EXPECT_EQ_MSG(test, permitted(0x00, 0xA4, p1, false, false), -EPERM, "%02x",
				    p1);
		KUNIT_EXPECT_EQ_MSG(test, permitted(0x00, 0xA4, p1, false, true),
				    file ? 0 : -EPERM, "%02x", p1);
		KUNIT_EXPECT_EQ_MSG(test, permitted(0x00, 0xA4, p1, true, false), 0, "%02x", p1);
	}
}

/* A SELECT could be inside. */
static void envelopes_are_locked(struct kunit *test)
{
	KUNIT_EXPECT_EQ(test, permitted(0x00, 0xC2, 0, false, true), -EPERM);
	KUNIT_EXPECT_EQ(test, permitted(0x1C, 0xC3, 0, false, true), -EPERM);
	KUNIT_EXPECT_EQ(test, permitted(0x80, 0xC2, 0, false, false), 0);
	KUNIT_EXPECT_EQ(test, permitted(0x00, 0xC2, 0, true, false), 0);
}

/* --- the MF's FCP ---------------------------------------------------------------- */

static const u8 fcp[] = {
	0x62, 0x14, 0x82, 0x02, 0x78, 0x21, 0x83, 0x02, 0x3F, 0x00, 0xA5, 0x06, 0x80, 0x01,
	0x71, 0x87, 0x01, 0x01, 0x8A, 0x01, 0x05, 0x00,
};

static void fcp_tells_of_terminal_capability(struct kunit *test)
{
	u8 copy[sizeof(fcp)];
	size_t len;

	KUNIT_EXPECT_TRUE(test, euicc_fcp_wants_terminal_capability(fcp, sizeof(fcp)));
	memcpy(copy, fcp, sizeof(fcp));
	copy[17] = 0xFE;
	KUNIT_EXPECT_FALSE(test, euicc_fcp_wants_terminal_capability(copy, sizeof(copy)));
	/* A template that is cut is none, and nothing behind its end is read (KASAN would tell). */
	for (len = 0; len < sizeof(fcp); len++) {
		u8 *cut = kunit_kzalloc(test, len + !len, GFP_KERNEL);

		KUNIT_ASSERT_NOT_ERR_OR_NULL(test, cut);
		memcpy(cut, fcp, len);
		KUNIT_EXPECT_FALSE(test, euicc_fcp_wants_terminal_capability(cut, len));
	}
}

static void tlv_lengths_are_bounded(struct kunit *test)
{
	static const u8 two[] = { 0x80, 0x81, 0x01, 0x55, 0x81, 0x82, 0x00, 0x01, 0x66 };
	static const u8 beyond[] = { 0x80, 0x82, 0xFF, 0xFF, 0x55 };
	static const u8 indefinite[] = { 0x80, 0x80, 0x00, 0x00 };
	const u8 *at;
	size_t len;

	at = euicc_tlv_find(two, sizeof(two), 0x81, &len);
	KUNIT_ASSERT_PTR_EQ(test, at, two + 8);
	KUNIT_EXPECT_EQ(test, len, 1UL);
	KUNIT_EXPECT_NULL(test, euicc_tlv_find(beyond, sizeof(beyond), 0x80, &len));
	KUNIT_EXPECT_NULL(test, euicc_tlv_find(indefinite, sizeof(indefinite), 0x80, &len));
}

/* --- events ---------------------------------------------------------------- */

static void ring_keeps_order(struct kunit *test)
{
	struct euicc_event_ring ring = { };
	struct euicc_event events[EUICC_EVENTS_KEPT];
	unsigned int i;

	for (i = 1; i <= EUICC_EVENTS_KEPT; i++)
		euicc_ring_push(&ring, EUICC_EVENT_PROACTIVE, 7, i);
	KUNIT_ASSERT_EQ(test, euicc_ring_take(&ring, events, 3), 3U);
	KUNIT_ASSERT_EQ(test, euicc_ring_take(&ring, events + 3, 99), EUICC_EVENTS_KEPT - 3U);
	for (i = 0; i < EUICC_EVENTS_KEPT; i++) {
		KUNIT_EXPECT_EQ(test, events[i].sequence, i + 1);
		KUNIT_EXPECT_EQ(test, events[i].argument, i + 1);
		KUNIT_EXPECT_EQ(test, events[i].generation, 7U);
	}
	KUNIT_EXPECT_EQ(test, euicc_ring_take(&ring, events, 1), 0U);
}

/* Whatever comes: what is there and what OVERFLOW counts is all, without a gap. */
static void ring_takes_back(struct kunit *test)
{
	struct euicc_event_ring ring = { };
	struct euicc_event events[EUICC_EVENTS_KEPT];
	unsigned int i;

	for (i = 0; i < 4; i++)
		euicc_ring_push(&ring, EUICC_EVENT_PROACTIVE, 7, i);
	KUNIT_ASSERT_EQ(test, euicc_ring_take(&ring, events, 3), 3U);
	for (i = 4; i < EUICC_EVENTS_KEPT + 1; i++)
		euicc_ring_push(&ring, EUICC_EVENT_PROACTIVE, 7, i);
	/* Fourteen are there; of the three there is room for two. */
	euicc_ring_put_back(&ring, events, 3);
	KUNIT_ASSERT_EQ(test, euicc_ring_take(&ring, events, 99), EUICC_EVENTS_KEPT + 0U);
	KUNIT_EXPECT_EQ(test, events[0].type, EUICC_EVENT_OVERFLOW);
	KUNIT_EXPECT_EQ(test, events[0].argument, 2U);
	for (i = 0; i < EUICC_EVENTS_KEPT; i++)
		KUNIT_EXPECT_EQ(test, events[i].sequence, i + 2);
}

static void ring_counts_what_it_drops(struct kunit *test)
{
	struct euicc_event events[EUICC_EVENTS_KEPT];
	unsigned int pushed, i;

	for (pushed = 17; pushed < 100; pushed++) {
		struct euicc_event_ring ring = { };

		for (i = 1; i <= pushed; i++)
			euicc_ring_push(&ring, EUICC_EVENT_PROACTIVE, 1, i);
		KUNIT_ASSERT_EQ(test, euicc_ring_take(&ring, events, 99), EUICC_EVENTS_KEPT + 0U);
		KUNIT_EXPECT_EQ(test, events[0].type, EUICC_EVENT_OVERFLOW);
		KUNIT_EXPECT_EQ(test, events[0].argument + EUICC_EVENTS_KEPT - 1, pushed);
		KUNIT_EXPECT_EQ(test, events[0].sequence, events[0].argument);
		for (i = 1; i < EUICC_EVENTS_KEPT; i++)
			KUNIT_EXPECT_EQ(test, events[i].sequence, events[0].sequence + i);
		KUNIT_EXPECT_EQ(test, events[15].argument, pushed);
	}
}

/* --- a device ---------------------------------------------------------------- */

struct fake {
	unsigned int stops;
};

static int fake_activate(struct euicc_device *edev, u32 kind, unsigned long timeout, u8 *atr,
			 size_t *atr_len)
{
	return -ENOMEDIUM;
}

static int fake_exchange(struct euicc_device *edev, u32 channel, const u8 *command, size_t len,
			 struct euicc_response *response, unsigned long timeout)
{
	return -ECANCELED;
}

static void fake_stop(struct euicc_device *edev)
{
	struct fake *fake = euicc_priv(edev);

	fake->stops++;
}

static const struct euicc_transport_ops fake_ops = {
	.activate = fake_activate,
	.exchange = fake_exchange,
	.stop = fake_stop,
};

static const struct euicc_transport_desc fake_desc = {
	.transport = "fake",
	.name = "KUnit \x07 \xC3\xBC",
	.max_command = 261,
	.max_response = 256,
	.protocol = EUICC_PROTOCOL_T0,
};

static struct euicc_device *fake_device(struct kunit *test, struct fake *fake)
{
	struct euicc_device *edev = euicc_alloc(NULL, &fake_ops, &fake_desc, fake);

	KUNIT_ASSERT_FALSE(test, IS_ERR(edev));
	return edev;
}

static void descriptions_are_checked(struct kunit *test)
{
	struct euicc_transport_ops ops = fake_ops;
	struct euicc_transport_desc desc = fake_desc;

	desc.max_command = 21;
	KUNIT_EXPECT_EQ(test, PTR_ERR(euicc_alloc(NULL, &ops, &desc, NULL)), -EINVAL);
	desc = fake_desc;
	desc.max_command = U32_MAX;
	KUNIT_EXPECT_EQ(test, PTR_ERR(euicc_alloc(NULL, &ops, &desc, NULL)), -EINVAL);
	desc = fake_desc;
	desc.max_response = EUICC_AREA_MAX + 1;
	KUNIT_EXPECT_EQ(test, PTR_ERR(euicc_alloc(NULL, &ops, &desc, NULL)), -EINVAL);
	desc = fake_desc;
	desc.atr_len = EUICC_ATR_MAX + 1;
	KUNIT_EXPECT_EQ(test, PTR_ERR(euicc_alloc(NULL, &ops, &desc, NULL)), -EINVAL);
	ops.activate = NULL;
	KUNIT_EXPECT_EQ(test, PTR_ERR(euicc_alloc(NULL, &ops, &fake_desc, NULL)), -EINVAL);
	ops = fake_ops;
	desc = fake_desc;
	desc.features = EUICC_FEATURE_OWNED;
	KUNIT_EXPECT_EQ_MSG(test, PTR_ERR(euicc_alloc(NULL, &ops, &desc, NULL)), -EINVAL,
			    "a transport that owns channels and cannot open one");
}

static void device_never_registered(struct kunit *test)
{
	struct fake fake = { };
	struct euicc_device *edev = fake_device(test, &fake);

	KUNIT_EXPECT_PTR_EQ(test, euicc_priv(edev), (void *)&fake);
	euicc_put(edev);
	KUNIT_EXPECT_EQ(test, fake.stops, 0U);
}

static void devices_come_and_go(struct kunit *test)
{
	struct fake fake = { };
	unsigned int minor = 0;
	unsigned int i;

	for (i = 0; i < 50; i++) {
		struct euicc_device *edev = fake_device(test, &fake);

		if (!i)
			minor = euicc_minor(edev);
		KUNIT_EXPECT_EQ_MSG(test, euicc_minor(edev), minor, "the minor was given back");
		KUNIT_ASSERT_EQ(test, euicc_register(edev), 0);
		euicc_card_inserted(edev);
		euicc_session_lost(edev);
		euicc_card_removed(edev);
		euicc_set_protocol(edev, EUICC_PROTOCOL_T1);
		KUNIT_EXPECT_EQ_MSG(test, euicc_suspend(edev), 0, "nothing is on the wire");
		if (i % 2)
			euicc_resume(edev);
		euicc_unregister(edev);
		KUNIT_EXPECT_EQ(test, fake.stops, i + 1);
		euicc_put(edev);
	}
}

/* An open file holds the device, its minor and nothing of the transport. */
static void file_outlives_the_device(struct kunit *test)
{
	struct fake fake = { };
	struct euicc_device *edev = fake_device(test, &fake);
	struct euicc_device *next;
	struct file *file;
	char path[32];

	KUNIT_ASSERT_EQ(test, euicc_register(edev), 0);
	snprintf(path, sizeof(path), "/dev/euicc%u", euicc_minor(edev));
	file = filp_open(path, O_RDWR, 0);
	if (IS_ERR(file)) {
		euicc_unregister(edev);
		euicc_put(edev);
		kunit_skip(test, "no %s here: %ld", path, PTR_ERR(file));
	}
	KUNIT_EXPECT_TRUE(test, vfs_poll(file, NULL) == 0);
	KUNIT_EXPECT_EQ(test, file->f_op->unlocked_ioctl(file, EUICC_CANCEL, 0), 0L);
	euicc_card_inserted(edev);
	KUNIT_EXPECT_TRUE(test, vfs_poll(file, NULL) == (EPOLLIN | EPOLLRDNORM));
	euicc_unregister(edev);
	KUNIT_EXPECT_TRUE(test, vfs_poll(file, NULL) == (EPOLLIN | EPOLLRDNORM | EPOLLHUP));
	KUNIT_EXPECT_EQ(test, file->f_op->unlocked_ioctl(file, EUICC_CANCEL, 0), (long)-ENODEV);

	next = fake_device(test, &fake);
	KUNIT_EXPECT_NE_MSG(test, euicc_minor(next), euicc_minor(edev),
			    "a minor that a file still stands for is not given away");
	euicc_put(next);
	euicc_put(edev);
	filp_close(file, NULL);
}

static struct kunit_case core_cases[] = {
	KUNIT_CASE(class_names_the_channel),
	KUNIT_CASE(secure_messaging_survives),
	KUNIT_CASE(shapes_are_told_apart),
	KUNIT_CASE(le_is_replaced),
	KUNIT_CASE(foreign_channels_are_refused),
	KUNIT_CASE(select_is_locked),
	KUNIT_CASE(envelopes_are_locked),
	KUNIT_CASE(fcp_tells_of_terminal_capability),
	KUNIT_CASE(tlv_lengths_are_bounded),
	KUNIT_CASE(ring_keeps_order),
	KUNIT_CASE(ring_takes_back),
	KUNIT_CASE(ring_counts_what_it_drops),
	KUNIT_CASE(descriptions_are_checked),
	KUNIT_CASE(device_never_registered),
	KUNIT_CASE(devices_come_and_go),
	KUNIT_CASE(file_outlives_the_device),
	{ }
};

static struct kunit_suite core_suite = {
	.name = "euicc_core",
	.test_cases = core_cases,
};

kunit_test_suite(core_suite);

MODULE_DESCRIPTION("KUnit tests of the eUICC modules");
MODULE_LICENSE("GPL");
