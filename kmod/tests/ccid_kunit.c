// SPDX-License-Identifier: GPL-2.0-only
/*
 * The CCID coders as the kernel compiles them. tests/unit/ccid_test.c has every case; here is what
 * differs between the two worlds or guards the kernel: bounds, wire order, wide arithmetic.
 */
#include <kunit/test.h>
#include <linux/slab.h>

#include <euicc/ccid.h>

/* A descriptor in memory of exactly its size: KASAN sees whoever reads beyond. */
static void descriptor_is_read_within_its_bounds(struct kunit *test)
{
	struct ccid_descriptor desc;
	size_t len;
	u8 *extra;

	for (len = 0; len <= CCID_DESCRIPTOR_SIZE; len++) {
		extra = kunit_kzalloc(test, len, GFP_KERNEL);
		KUNIT_ASSERT_NOT_ERR_OR_NULL(test, extra);
		if (len > 1) {
			extra[0] = CCID_DESCRIPTOR_SIZE;
			extra[1] = CCID_DESCRIPTOR_TYPE;
		}
		KUNIT_EXPECT_EQ(test, ccid_descriptor_parse(extra, len, &desc),
				len == 0 ? -ENOENT : len < CCID_DESCRIPTOR_SIZE ? -EINVAL : 0);
	}
}

static void message_length_is_bounded(struct kunit *test)
{
	struct ccid_descriptor desc = { .max_message = U32_MAX };

	KUNIT_EXPECT_EQ(test, ccid_payload_max(&desc), 65544);
	desc.max_message = CCID_MESSAGE_MIN - 1;
	KUNIT_EXPECT_EQ(test, ccid_payload_max(&desc), 0);
}

static void header_is_little_endian(struct kunit *test)
{
	static const u8 wire[] = { 0x6F, 0x04, 0x03, 0x02, 0x01, 7, 250, 1, 2, 3 };
	struct ccid_header header;
	u8 out[CCID_HEADER_SIZE];

	KUNIT_ASSERT_EQ(test, ccid_header_get(wire, sizeof(wire), &header), 0);
	KUNIT_EXPECT_EQ(test, header.length, 0x01020304u);
	ccid_header_put(out, &header);
	KUNIT_EXPECT_EQ(test, memcmp(out, wire, sizeof(wire)), 0);
}

static void answer_never_reaches_beyond_its_message(struct kunit *test)
{
	static const u32 lengths[] = { 0, 2, 3, 0x7FFFFFFF, 0xFFFFFFF6, 0xFFFFFFF8, U32_MAX };
	struct ccid_answer answer;
	enum ccid_verdict verdict;
	unsigned int i;
	u8 in[12] = { CCID_DATA_BLOCK, 0, 0, 0, 0, 1, 9, 0, 0, 0, 0x90, 0x00 };

	for (i = 0; i < ARRAY_SIZE(lengths); i++) {
		ccid_put_le32(in + 1, lengths[i]);
		verdict = ccid_answer_get(in, sizeof(in), CCID_DATA_BLOCK, 1, 9, &answer);
		KUNIT_EXPECT_EQ(test, verdict,
				lengths[i] == 2 ? CCID_VERDICT_OK : CCID_VERDICT_MALFORMED);
	}
	KUNIT_EXPECT_EQ(test, ccid_answer_get(in, sizeof(in), CCID_DATA_BLOCK, 1, 8, &answer),
			CCID_VERDICT_FOREIGN);
}

static void slot_change_stays_in_its_message(struct kunit *test)
{
	u8 *in = kunit_kzalloc(test, 2, GFP_KERNEL);
	bool present, changed;

	KUNIT_ASSERT_NOT_ERR_OR_NULL(test, in);
	in[0] = CCID_NOTIFY_SLOT_CHANGE;
	in[1] = 0xC0;
	KUNIT_EXPECT_TRUE(test, ccid_slot_change(in, 2, 3, &present, &changed));
	KUNIT_EXPECT_TRUE(test, present && changed);
	KUNIT_EXPECT_FALSE(test, ccid_slot_change(in, 2, 4, &present, &changed));
	KUNIT_EXPECT_FALSE(test, ccid_slot_change(in, 2, U32_MAX, &present, &changed));
}

static void apdus_of_every_length_become_tpdus_that_fit(struct kunit *test)
{
	size_t len, tpdu;
	bool pad;
	u8 *apdu;

	for (len = 0; len <= 263; len++) {
		apdu = kunit_kzalloc(test, len, GFP_KERNEL);
		KUNIT_ASSERT_NOT_ERR_OR_NULL(test, apdu);
		if (len > 5)
			apdu[4] = min_t(size_t, len - 5, 255);
		if (ccid_t0_tpdu(apdu, len, &tpdu, &pad)) {
			KUNIT_EXPECT_TRUE(test, len < 4 || len > 261);
			continue;
		}
		KUNIT_EXPECT_EQ(test, pad, len == 4);
		KUNIT_EXPECT_EQ(test, tpdu, len == 261 ? 260 : len);
	}
}

static void atr_is_read_within_its_bounds(struct kunit *test)
{
	static const u8 good[] = {
		0x3B, 0x9F, 0x96, 0x80, 0x1F, 0xC7, 0x80, 0x31, 0xE0, 0x73, 0xFE,
		0x21, 0x1B, 0x63, 0x57, 0x4A, 0x45, 0x53, 0x49, 0x4D, 0x00, 0xDB,
	};
	struct atr atr;
	size_t len;
	u8 *in;

	for (len = 0; len <= sizeof(good); len++) {
		in = kunit_kzalloc(test, len, GFP_KERNEL);
		KUNIT_ASSERT_NOT_ERR_OR_NULL(test, in);
		memcpy(in, good, len);
		KUNIT_EXPECT_EQ(test, atr_parse(in, len, &atr),
				len == sizeof(good) ? 0 : -EINVAL);
	}
	KUNIT_EXPECT_EQ(test, atr.rate, 0x96);
	KUNIT_EXPECT_EQ(test, atr.protocols, 1);
}

/* Clock and data rate are the reader's to make up; 32 bits do not hold their products. */
static void rates_do_not_wrap(struct kunit *test)
{
	struct ccid_descriptor desc = { .default_clock = 4000, .max_data_rate = U32_MAX };

	KUNIT_EXPECT_EQ(test, ccid_rate_choose(&desc, 0x96), 0x96);
	desc.max_data_rate = 344086;
	KUNIT_EXPECT_EQ(test, ccid_rate_choose(&desc, 0x96), 0x96);
	/* 704 kHz, if it did */
	desc.default_clock = 4294968;
	KUNIT_EXPECT_EQ(test, ccid_rate_choose(&desc, 0x96), ATR_DEFAULT_RATE);
}

static void pps_answer_agrees_or_is_refused(struct kunit *test)
{
	static const u8 plain[] = { 0xFF, 0x00, 0xFF };
	u8 request[PPS_MAX], rate = 0;
	size_t len = pps_request(0, 0x96, request);

	KUNIT_EXPECT_EQ(test, pps_check(request, request, len, &rate), 0);
	KUNIT_EXPECT_EQ(test, rate, 0x96);
	KUNIT_EXPECT_EQ(test, pps_check(request, plain, sizeof(plain), &rate), 0);
	KUNIT_EXPECT_EQ(test, rate, ATR_DEFAULT_RATE);
	KUNIT_EXPECT_EQ(test, pps_check(request, request, len - 1, &rate), -EBADMSG);
}

static struct kunit_case ccid_cases[] = {
	KUNIT_CASE(descriptor_is_read_within_its_bounds),
	KUNIT_CASE(message_length_is_bounded),
	KUNIT_CASE(header_is_little_endian),
	KUNIT_CASE(answer_never_reaches_beyond_its_message),
	KUNIT_CASE(slot_change_stays_in_its_message),
	KUNIT_CASE(apdus_of_every_length_become_tpdus_that_fit),
	KUNIT_CASE(atr_is_read_within_its_bounds),
	KUNIT_CASE(rates_do_not_wrap),
	KUNIT_CASE(pps_answer_agrees_or_is_refused),
	{}
};

static struct kunit_suite ccid_suite = {
	.name = "euicc_ccid",
	.test_cases = ccid_cases,
};

kunit_test_suite(ccid_suite);

MODULE_LICENSE("GPL");
