/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The virtual eUICC: ES10a, ES10c and the notification functions of ES10b, each good case and result. */
#include "veuicc_fixture.h"

#include "rsp/x509.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define ICCID_1 "89000123456789012341"
#define WIRE_1 "98001032547698103214"
#define ICCID_2 "8900012345678901234"
#define WIRE_2 "980010325476981032F4"
#define ICCID_3 "890001234567890123"
#define WIRE_3 "980010325476981032FF"
#define NOBODY "11111111111111111111"

#define ENABLE(wire) "BF3111A00C5A0A" wire "810100"
#define DISABLE(wire) "BF3211A00C5A0A" wire "810100"
#define DELETE(wire) "BF330C5A0A" wire

#define ALL_EVENTS (EVENT_INSTALL_BIT | EVENT_ENABLE_BIT | EVENT_DISABLE_BIT | EVENT_DELETE_BIT)

static void install(struct fixture *f, const char *iccid, unsigned class, unsigned pprs,
		    unsigned events)
{
	struct profile_spec spec = { .iccid = iccid, .class = class, .pprs = pprs, .events = events };

	ATF_REQUIRE_EQ(-1, rsp_download(f, &spec));
}

/* States of all profiles, "enabled disabled ..." as digits in order of installation. */
static void require_states(struct fixture *f, const char *states)
{
	char answer[256] = "", item[32];
	size_t n = strlen(states);

	for (size_t i = 0; i < n; i++) {
		snprintf(item, sizeof(item), "E3049F70010%c", states[i]);
		strcat(answer, item);
	}
	snprintf(item, sizeof(item), "BF2D%02zXA0%02zX", 2 + 6 * n, 6 * n);
	memmove(answer + strlen(item), answer, strlen(answer) + 1);
	memcpy(answer, item, strlen(item));
	fixture_expect(f, "BF2D045C029F70", answer);
}

ATF_TC_WITHOUT_HEAD(addresses_are_given_and_set);
ATF_TC_BODY(addresses_are_given_and_set, tc)
{
	struct veuicc_options options = { .default_smdp = "a.b", .root_smds = "c.d",
					  .state_dir = "state" };
	struct fixture f;

	fixture_open(&f, &options);
	fixture_expect(&f, "BF3C00", "BF3C0A8003612E628103632E64");
	ATF_CHECK_EQ(0, fixture_result(&f, "BF3F0580036E2E6D"));
	fixture_expect(&f, "BF3C00", "BF3C0A80036E2E6D8103632E64");
	fixture_restart(&f);
	ATF_CHECK_EQ_MSG(0, fixture_result(&f, "BF3F028000"), "an empty one takes it away");
	fixture_expect(&f, "BF3C00", "BF3C058103632E64");
	ATF_CHECK_EQ_MSG(0x6A80, fixture_apdu(&f, "81E2910003BF3F00", NULL), "no address at all");
	fixture_close(&f);
}

ATF_TC_WITHOUT_HEAD(too_long_address_is_an_undefined_error);
ATF_TC_BODY(too_long_address_is_an_undefined_error, tc)
{
	struct esim_buf request = ESIM_BUF_INIT, out = ESIM_BUF_INIT;
	struct fixture f;
	char name[257] = "";
	size_t mark;

	fixture_open(&f, NULL);
	memset(name, 'a', sizeof(name) - 1);
	mark = esim_tlv_begin(&request, 0xBF3F);
	esim_tlv_put_text(&request, 0x80, name);
	esim_tlv_end(&request, mark);
	ATF_CHECK_EQ(0x9000, fixture_es10(&f, esim_buf_slice(&request), &out));
	ATF_CHECK(esim_slice_is(esim_buf_slice(&out), "\xBF\x3F\x03\x80\x01\x7F", 6));
	esim_buf_free(&request);
	esim_buf_free(&out);
	fixture_close(&f);
}

static bool has_tag(struct fixture *f, const char *request, uint32_t tag)
{
	struct esim_buf out = ESIM_BUF_INIT;
	struct esim_tlv whole, found;
	bool has;

	ATF_REQUIRE_EQ(0x9000, fixture_es10_hex(f, request, &out));
	ATF_REQUIRE_EQ(0, esim_tlv_check(esim_buf_slice(&out), "answer", &whole, NULL));
	has = esim_tlv_find(whole.value, tag, &found) == 1;
	esim_buf_free(&out);
	return has;
}

ATF_TC_WITHOUT_HEAD(info_has_the_shape_of_its_release);
ATF_TC_BODY(info_has_the_shape_of_its_release, tc)
{
	static const struct {
		unsigned svn;
		const char *info1, *capability;
		bool tre;
	} releases[] = {
		{ VEUICC_SVN_2_0, "8203020000", "880204D0", false },
		{ VEUICC_SVN_2_1, "8203020100", "880204D0", false },
		{ VEUICC_SVN_2_2_2, "8203020202", "880203D8", false },
		{ VEUICC_SVN_2_5, "8203020500", "880202DC", true },
	};

	for (size_t i = 0; i < sizeof(releases) / sizeof(releases[0]); i++) {
		struct veuicc_options options = { .svn = releases[i].svn };
		struct esim_buf out = ESIM_BUF_INIT;
		struct fixture f;
		char hex[1024];

		fixture_open(&f, &options);
		ATF_REQUIRE_EQ(0x9000, fixture_es10_hex(&f, "BF2000", &out));
		esim_hex_encode(esim_buf_slice(&out), hex);
		ATF_CHECK(!strncmp(hex + 6, releases[i].info1, strlen(releases[i].info1)));
		ATF_REQUIRE_EQ(0x9000, fixture_es10_hex(&f, "BF2200", &out));
		esim_hex_encode(esim_buf_slice(&out), hex);
		ATF_CHECK(strstr(hex, releases[i].capability) != NULL);
		ATF_CHECK_EQ(releases[i].tre, has_tag(&f, "BF2200", 0x8D));
		ATF_CHECK_EQ(releases[i].tre, has_tag(&f, "BF2200", 0x8E));
		ATF_CHECK_EQ(releases[i].tre, has_tag(&f, "BF2200", 0xAF));
		esim_buf_free(&out);
		fixture_close(&f);
	}
}

ATF_TC_WITHOUT_HEAD(challenges_differ);
ATF_TC_BODY(challenges_differ, tc)
{
	struct esim_buf a = ESIM_BUF_INIT, b = ESIM_BUF_INIT;
	struct fixture f;

	fixture_open(&f, NULL);
	ATF_REQUIRE_EQ(0x9000, fixture_es10_hex(&f, "BF2E00", &a));
	ATF_REQUIRE_EQ(0x9000, fixture_es10_hex(&f, "BF2E00", &b));
	ATF_CHECK(a.len == 21 && b.len == 21 && memcmp(a.data, b.data, 21) != 0);
	esim_buf_free(&a);
	esim_buf_free(&b);
	fixture_close(&f);
}

ATF_TC_WITHOUT_HEAD(eid_is_the_certificates);
ATF_TC_BODY(eid_is_the_certificates, tc)
{
	struct fixture f;

	fixture_open(&f, NULL);
	fixture_expect(&f, "BF3E035C015A", "BF3E125A10" RSP_PKI_EID);
	ATF_CHECK_EQ(0x6A80, fixture_apdu(&f, "81E2910003BF3E00", NULL));
	fixture_close(&f);
}

ATF_TC_WITHOUT_HEAD(rat_is_what_was_configured);
ATF_TC_BODY(rat_is_what_was_configured, tc)
{
	struct veuicc_options options = { .rat = "ppr1:00101/AB|310260:consent;ppr2:*//" };
	struct fixture f;

	fixture_open(&f, &options);
	fixture_expect(&f, "BF4300",
		       "BF4335A033301B80020640A1113008800300F1108101AB3005800313"
		       "006282020780301480020520A10B30098003EEEEEE81008200820100");
	fixture_close(&f);
}

/* A rule with a GID does not fit an owner without; the other operator and the wildcard do. */
ATF_TC_WITHOUT_HEAD(rat_decides_which_policy_rules_are_installed);
ATF_TC_BODY(rat_decides_which_policy_rules_are_installed, tc)
{
	static const struct {
		unsigned pprs;
		const char *owner;
		int outcome;
	} cases[] = {
		{ 1, "00F110", 2 << 8 | 15 },
		{ 1, "130062", -1 },
		{ 2, "00F110", -1 },
		{ 3, "00F110", 2 << 8 | 15 },
	};
	struct veuicc_options options = { .rat = "ppr1:00101/AB|310260:consent;ppr2:*//" };

	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct profile_spec spec = { .iccid = ICCID_1, .pprs = cases[i].pprs,
					     .owner = cases[i].owner };
		struct fixture f;

		fixture_open(&f, &options);
		ATF_CHECK_EQ_MSG(cases[i].outcome, rsp_download(&f, &spec), "case %zu", i);
		fixture_close(&f);
	}
}

/* --- GetProfilesInfo, SetNickname ------------------------------------------ */

ATF_TC_WITHOUT_HEAD(profiles_info_follows_criteria_and_tag_list);
ATF_TC_BODY(profiles_info_follows_criteria_and_tag_list, tc)
{
	struct fixture f;

	fixture_open(&f, NULL);
	fixture_expect(&f, "BF2D00", "BF2D02A000");
	install(&f, ICCID_1, 0, 0, EVENT_ENABLE_BIT);
	install(&f, ICCID_2, 1, 0, 0);
	fixture_expect(&f, "BF2D045C02915A",
		       "BF2D32A030E3165A0A" WIRE_1 "91084F70657261746F72" "E3165A0A" WIRE_2 "91084F70657261746F72");
	fixture_expect(&f, "BF2D12A00C5A0A" WIRE_2 "5C025A95", "BF2D13A011E30F5A0A" WIRE_2 "950100");
	fixture_expect(&f, "BF2D08A0039501025C015A", "BF2D10A00EE30C5A0A" WIRE_1);
	fixture_expect(&f, "BF2D0EA00C5A0A" NOBODY, "BF2D02A000");
	fixture_expect(&f, "BF2D17A0124F10A0000005591010FFFFFFFF89000011005C015A",
		       "BF2D10A00EE30C5A0A" WIRE_2);
	ATF_CHECK_EQ_MSG(1, fixture_result(&f, "BF2D05A003800100"), "unknown criteria");
	ATF_CHECK_EQ_MSG(1, fixture_result(&f, "BF2D045C029F80"), "cut tag");
	ATF_CHECK(fixture_es10_hex(&f, "BF2D00", &f.signature1) == 0x9000 && f.signature1.len > 60);
	fixture_close(&f);
}

ATF_TC_WITHOUT_HEAD(nickname_is_set_changed_and_taken_away);
ATF_TC_BODY(nickname_is_set_changed_and_taken_away, tc)
{
	struct veuicc_options options = { .state_dir = "state" };
	struct esim_buf request = ESIM_BUF_INIT, out = ESIM_BUF_INIT;
	struct esim_iccid iccid;
	struct fixture f;
	char name[66] = "";
	size_t mark;

	fixture_open(&f, &options);
	install(&f, ICCID_1, 0, 0, 0);
	ATF_CHECK_EQ(0, fixture_result(&f, "BF290F5A0A" WIRE_1 "900141"));
	fixture_restart(&f);
	fixture_expect(&f, "BF2D035C0190", "BF2D07A005E303900141");
	ATF_CHECK_EQ(0, fixture_result(&f, "BF290E5A0A" WIRE_1 "9000"));
	fixture_expect(&f, "BF2D035C0190", "BF2D04A002E300");
	ATF_CHECK_EQ(1, fixture_result(&f, "BF290F5A0A" NOBODY "900141"));
	memset(name, 'a', 65);
	ATF_REQUIRE_EQ(0, esim_iccid_parse(ICCID_1, &iccid));
	mark = esim_tlv_begin(&request, 0xBF29);
	esim_tlv_put(&request, 0x5A, iccid.bytes, 10);
	esim_tlv_put_text(&request, 0x90, name);
	esim_tlv_end(&request, mark);
	ATF_CHECK_EQ(0x9000, fixture_es10(&f, esim_buf_slice(&request), &out));
	ATF_CHECK(esim_slice_is(esim_buf_slice(&out), "\xBF\x29\x03\x80\x01\x7F", 6));
	esim_buf_free(&request);
	esim_buf_free(&out);
	fixture_close(&f);
}

/* --- EnableProfile, DisableProfile, DeleteProfile -------------------------- */

ATF_TC_WITHOUT_HEAD(profiles_are_enabled_disabled_and_deleted);
ATF_TC_BODY(profiles_are_enabled_disabled_and_deleted, tc)
{
	struct fixture f;

	fixture_open(&f, NULL);
	install(&f, ICCID_1, 0, 0, 0);
	install(&f, ICCID_2, 0, 0, 0);
	ATF_CHECK_EQ(1, fixture_result(&f, ENABLE(NOBODY)));
	ATF_CHECK_EQ(0, fixture_result(&f, ENABLE(WIRE_1)));
	ATF_CHECK_EQ(2, fixture_result(&f, ENABLE(WIRE_1)));
	require_states(&f, "10");
	ATF_CHECK_EQ_MSG(2, fixture_result(&f, DELETE(WIRE_1)), "an enabled one stays");
	ATF_CHECK_EQ(0, fixture_result(&f, ENABLE(WIRE_2)));
	require_states(&f, "01");
	ATF_CHECK_EQ(1, fixture_result(&f, DISABLE(NOBODY)));
	ATF_CHECK_EQ(2, fixture_result(&f, DISABLE(WIRE_1)));
	ATF_CHECK_EQ(0, fixture_result(&f, DISABLE(WIRE_2)));
	require_states(&f, "00");
	ATF_CHECK_EQ(1, fixture_result(&f, DELETE(NOBODY)));
	ATF_CHECK_EQ(0, fixture_result(&f, DELETE(WIRE_1)));
	require_states(&f, "0");
	ATF_CHECK_EQ_MSG(0, fixture_result(&f, "BF3117A0124F10A0000005591010FFFFFFFF8900001100810100"),
			 "by AID");
	require_states(&f, "1");
	ATF_CHECK_EQ(0x6A80, fixture_apdu(&f, "81E2910003BF3100", NULL));
	ATF_CHECK_EQ(0x6A80, fixture_apdu(&f, "81E2910003BF3300", NULL));
	fixture_close(&f);
}

ATF_TC_WITHOUT_HEAD(policy_rules_hold);
ATF_TC_BODY(policy_rules_hold, tc)
{
	struct fixture f;

	fixture_open(&f, NULL);
	install(&f, ICCID_1, 0, 3, 0);
	install(&f, ICCID_2, 0, 0, 0);
	ATF_CHECK_EQ_MSG(3, fixture_result(&f, DELETE(WIRE_1)), "PPR2");
	ATF_CHECK_EQ(0, fixture_result(&f, ENABLE(WIRE_1)));
	ATF_CHECK_EQ_MSG(3, fixture_result(&f, DISABLE(WIRE_1)), "PPR1");
	ATF_CHECK_EQ_MSG(3, fixture_result(&f, ENABLE(WIRE_2)), "PPR1");
	require_states(&f, "10");
	fixture_close(&f);
}

ATF_TC_WITHOUT_HEAD(test_profile_gives_back_the_profile_before_it);
ATF_TC_BODY(test_profile_gives_back_the_profile_before_it, tc)
{
	struct fixture f;

	fixture_open(&f, NULL);
	install(&f, ICCID_1, 0, 1, 0);
	install(&f, ICCID_2, 0, 0, 0);
	install(&f, ICCID_3, 1, 0, 0);
	ATF_CHECK_EQ(0, fixture_result(&f, ENABLE(WIRE_1)));
	ATF_CHECK_EQ_MSG(0, fixture_result(&f, ENABLE(WIRE_3)), "PPR1 does not hold up a test profile");
	require_states(&f, "001");
	ATF_CHECK_EQ_MSG(4, fixture_result(&f, ENABLE(WIRE_2)), "wrongProfileReenabling");
	ATF_CHECK_EQ(0, fixture_result(&f, DISABLE(WIRE_3)));
	require_states(&f, "100");
	ATF_CHECK_EQ(0, fixture_result(&f, ENABLE(WIRE_3)));
	ATF_CHECK_EQ(0, fixture_result(&f, ENABLE(WIRE_1)));
	require_states(&f, "100");
	fixture_close(&f);
}

ATF_TC_WITHOUT_HEAD(cat_busy_as_long_as_it_was_asked_for);
ATF_TC_BODY(cat_busy_as_long_as_it_was_asked_for, tc)
{
	struct veuicc_options options = { .busy = 3 }, old = { .busy = 1, .svn = VEUICC_SVN_2_1 };
	struct fixture f;

	fixture_open(&f, &options);
	install(&f, ICCID_1, 0, 0, 0);
	ATF_CHECK_EQ(5, fixture_result(&f, ENABLE(WIRE_1)));
	ATF_CHECK_EQ(5, fixture_result(&f, "BF340482020780"));
	ATF_CHECK_EQ(5, fixture_result(&f, ENABLE(WIRE_1)));
	ATF_CHECK_EQ(0, fixture_result(&f, ENABLE(WIRE_1)));
	fixture_close(&f);

	fixture_open(&f, &old);
	install(&f, ICCID_1, 0, 0, 0);
	ATF_CHECK_EQ_MSG(127, fixture_result(&f, ENABLE(WIRE_1)), "catBusy came with 2.2.2");
	fixture_close(&f);
}

ATF_TC_WITHOUT_HEAD(memory_reset_takes_what_its_options_say);
ATF_TC_BODY(memory_reset_takes_what_its_options_say, tc)
{
	struct veuicc_options options = { .default_smdp = "a.b", .root_smds = "c.d" };
	struct fixture f;

	fixture_open(&f, &options);
	ATF_CHECK_EQ_MSG(1, fixture_result(&f, "BF340482020780"), "nothing to delete");
	ATF_CHECK_EQ_MSG(1, fixture_result(&f, "BF340482020520"), "the address is the first");
	install(&f, ICCID_1, 0, 3, 0);
	install(&f, ICCID_2, 1, 0, 0);
	ATF_CHECK_EQ(0, fixture_result(&f, ENABLE(WIRE_1)));
	ATF_CHECK_EQ(0, fixture_result(&f, "BF340482020640"));
	require_states(&f, "1");
	ATF_CHECK_EQ_MSG(0, fixture_result(&f, "BF340482020780"), "whatever its rules say");
	ATF_CHECK_EQ_MSG(0x910B, f.sw, "the enabled one went: REFRESH");
	fixture_expect(&f, "BF2D00", "BF2D02A000");
	ATF_REQUIRE_EQ(0, veuicc_reset(f.card));
	fixture_select(&f);
	ATF_CHECK_EQ(0, fixture_result(&f, "BF3F0580036E2E6D"));
	ATF_CHECK_EQ(0, fixture_result(&f, "BF340482020520"));
	fixture_expect(&f, "BF3C00", "BF3C0A8003612E628103632E64");
	ATF_CHECK_EQ(0x6A80, fixture_apdu(&f, "81E2910003BF3400", NULL));
	fixture_close(&f);
}

/* --- notifications --------------------------------------------------------- */

static void require_list(struct fixture *f, const char *request, const char *seqs)
{
	struct esim_buf out = ESIM_BUF_INIT;
	struct esim_tlv whole, list, one, seq;
	char found[64] = "";

	ATF_REQUIRE_EQ(0x9000, fixture_es10_hex(f, request, &out));
	ATF_REQUIRE_EQ(0, esim_tlv_check(esim_buf_slice(&out), "list", &whole, NULL));
	ATF_REQUIRE_EQ(1, esim_tlv_find(whole.value, 0xA0, &list));
	while (esim_tlv_next(&list.value, &one) == 1) {
		struct esim_tlv meta = one, data;

		if (one.tag == 0xBF37) {
			ATF_REQUIRE_EQ(1, esim_tlv_find(one.value, 0xBF27, &data));
			ATF_REQUIRE_EQ(1, esim_tlv_find(data.value, 0xBF2F, &meta));
		} else if (one.tag == 0x30) {
			ATF_REQUIRE_EQ(1, esim_tlv_find(one.value, 0xBF2F, &meta));
		}
		ATF_REQUIRE_EQ(1, esim_tlv_find(meta.value, 0x80, &seq));
		ATF_REQUIRE(strlen(found) + 2 < sizeof(found));
		sprintf(found + strlen(found), "%u", seq.value.data[0]);
	}
	ATF_CHECK_STREQ(seqs, found);
	esim_buf_free(&out);
}

ATF_TC_WITHOUT_HEAD(notifications_count_from_zero_and_stay_until_removed);
ATF_TC_BODY(notifications_count_from_zero_and_stay_until_removed, tc)
{
	struct veuicc_options options = { .state_dir = "state" };
	struct fixture f;

	fixture_open(&f, &options);
	require_list(&f, "BF2800", "");
	install(&f, ICCID_1, 0, 0, ALL_EVENTS);
	install(&f, ICCID_2, 0, 0, EVENT_DISABLE_BIT);
	ATF_REQUIRE_EQ(0, fixture_result(&f, ENABLE(WIRE_1)));	/* 2: enable */
	ATF_REQUIRE_EQ(0, fixture_result(&f, ENABLE(WIRE_2)));	/* 3: disable of 1; 2 wants none */
	ATF_REQUIRE_EQ(0, fixture_result(&f, DELETE(WIRE_1)));	/* 4: delete */
	require_list(&f, "BF2800", "01234");
	require_list(&f, "BF280481020780", "01");
	require_list(&f, "BF280481020640", "2");
	require_list(&f, "BF280481020430", "34");
	fixture_restart(&f);
	require_list(&f, "BF2B00", "01234");
	require_list(&f, "BF2B05A003800100", "0");
	require_list(&f, "BF2B06A00481020410", "4");
	require_list(&f, "BF2B05A003800109", "");
	ATF_CHECK_EQ(127, fixture_result(&f, "BF2B05A003830109"));
	ATF_CHECK_EQ(0, fixture_result(&f, "BF3003800100"));
	ATF_CHECK_EQ(1, fixture_result(&f, "BF3003800100"));
	ATF_CHECK_EQ(0, fixture_result(&f, "BF3003800103"));
	require_list(&f, "BF2800", "124");
	ATF_REQUIRE_EQ(0, fixture_result(&f, DISABLE(WIRE_2)));
	require_list(&f, "BF2800", "1245");
	fixture_close(&f);
}

ATF_TC_WITHOUT_HEAD(notifications_are_signed_by_the_euicc);
ATF_TC_BODY(notifications_are_signed_by_the_euicc, tc)
{
	struct esim_buf out = ESIM_BUF_INIT;
	struct esim_tlv whole, list, one, meta, signature, euicc, eum;
	struct fixture f;

	fixture_open(&f, NULL);
	install(&f, ICCID_1, 0, 0, EVENT_ENABLE_BIT);
	ATF_REQUIRE_EQ(0, fixture_result(&f, ENABLE(WIRE_1)));
	ATF_REQUIRE_EQ(0x9000, fixture_es10_hex(&f, "BF2B05A003800101", &out));
	ATF_REQUIRE_EQ(0, esim_tlv_check(esim_buf_slice(&out), "list", &whole, NULL));
	ATF_REQUIRE_EQ(1, esim_tlv_find(whole.value, 0xA0, &list));
	ATF_REQUIRE_EQ(1, esim_tlv_next(&list.value, &one));
	ATF_REQUIRE(esim_tlv_next(&one.value, &meta) == 1 && esim_tlv_next(&one.value, &signature) == 1 &&
		    esim_tlv_next(&one.value, &euicc) == 1 && esim_tlv_next(&one.value, &eum) == 1);
	ATF_CHECK_EQ(0, esim_signature_verify(&f.pki->entries[RSP_PKI_EUICC].cert.key, meta.whole,
					      signature.value));
	ATF_CHECK(esim_slice_equal(euicc.whole, esim_buf_slice(&f.pki->entries[RSP_PKI_EUICC].der)));
	ATF_CHECK(esim_slice_equal(eum.whole, esim_buf_slice(&f.pki->entries[RSP_PKI_EUM].der)));
	esim_buf_free(&out);
	fixture_close(&f);
}

/* --- LoadCRL --------------------------------------------------------------- */

static void put_oid_extension(struct esim_buf *out, const char *oid, struct esim_slice value)
{
	size_t mark = esim_tlv_begin(out, 0x30), inner = esim_tlv_begin(out, 0x06);

	ATF_REQUIRE_EQ(0, rsp_oid_encode(oid, out));
	esim_tlv_end(out, inner);
	esim_tlv_put_slice(out, 0x04, value);
	esim_tlv_end(out, mark);
}

static void put_number_extension(struct esim_buf *out, const char *oid, unsigned number)
{
	uint8_t value[] = { 0x02, 0x01, (uint8_t)number };

	put_oid_extension(out, oid, esim_slice(value, sizeof(value)));
}

struct crl_spec {
	unsigned number, base, total, part;	/* base, total: 0 leaves the extension out */
	struct esim_slice serial, key_id;	/* empty: none revoked; the CI's */
	bool bad_signature, no_number;
};

static void put_authority_key(struct esim_buf *out, struct esim_slice id)
{
	struct esim_buf value = ESIM_BUF_INIT;
	size_t mark = esim_tlv_begin(&value, 0x30);

	esim_tlv_put_slice(&value, 0x80, id);
	esim_tlv_end(&value, mark);
	put_oid_extension(out, "2.5.29.35", esim_buf_slice(&value));
	esim_buf_free(&value);
}

static void put_tbs(struct fixture *f, const struct crl_spec *spec, struct esim_buf *out)
{
	static const uint8_t algorithm[] = { 0x30, 0x0A, 0x06, 0x08, 0x2A, 0x86, 0x48, 0xCE, 0x3D, 0x04, 0x03, 0x02 };
	const struct esim_cert *ci = &f->pki->entries[RSP_PKI_CI].cert;
	size_t mark = esim_tlv_begin(out, 0x30), list, inner;

	esim_tlv_put_uint(out, 0x02, 1);
	esim_buf_append(out, algorithm, sizeof(algorithm));
	esim_buf_append_slice(out, ci->subject);
	esim_tlv_put_text(out, 0x17, "260101000000Z");
	esim_tlv_put_text(out, 0x17, "300101000000Z");
	if (spec->serial.len) {
		list = esim_tlv_begin(out, 0x30);
		inner = esim_tlv_begin(out, 0x30);
		esim_tlv_put_slice(out, 0x02, spec->serial);
		esim_tlv_put_text(out, 0x17, "260101000000Z");
		esim_tlv_end(out, inner);
		esim_tlv_end(out, list);
	}
	inner = esim_tlv_begin(out, 0xA0);
	list = esim_tlv_begin(out, 0x30);
	put_authority_key(out, spec->key_id.len ? spec->key_id : ci->subject_key_id);
	if (!spec->no_number)
		put_number_extension(out, "2.5.29.20", spec->number);
	if (spec->base)
		put_number_extension(out, "2.5.29.27", spec->base);
	if (spec->total) {
		put_number_extension(out, "2.23.146.1.2.0.2", spec->total);
		put_number_extension(out, "2.23.146.1.2.0.3", spec->part);
	}
	esim_tlv_end(out, list);
	esim_tlv_end(out, inner);
	esim_tlv_end(out, mark);
}

/* The bits of a DER signature out of r | s. */
static void put_der_signature(const uint8_t *raw, struct esim_buf *out)
{
	size_t mark = esim_tlv_begin(out, 0x03), inner;

	esim_buf_append_byte(out, 0);
	inner = esim_tlv_begin(out, 0x30);
	for (size_t i = 0; i < 2; i++) {
		uint8_t number[33] = { 0 };
		size_t from = 0;

		memcpy(number + 1, raw + 32 * i, 32);
		while (from < 32 && number[from] == 0 && !(number[from + 1] & 0x80))
			from++;
		esim_tlv_put(out, 0x02, number + from, sizeof(number) - from);
	}
	esim_tlv_end(out, inner);
	esim_tlv_end(out, mark);
}

/* The error code, or 0 with the answer in hex. */
static unsigned load_crl(struct fixture *f, const struct crl_spec *spec, char *answer)
{
	static const uint8_t algorithm[] = { 0x30, 0x0A, 0x06, 0x08, 0x2A, 0x86, 0x48, 0xCE, 0x3D, 0x04, 0x03, 0x02 };
	struct esim_buf tbs = ESIM_BUF_INIT, request = ESIM_BUF_INIT, out = ESIM_BUF_INIT;
	size_t mark = esim_tlv_begin(&request, 0xBF35), list = esim_tlv_begin(&request, 0xA0);
	uint8_t raw[ESIM_SIGNATURE_SIZE];
	struct esim_slice covered;
	struct esim_tlv whole, result;
	uint64_t code = 0;

	put_tbs(f, spec, &tbs);
	covered = esim_buf_slice(&tbs);
	ATF_REQUIRE_EQ(0, rsp_key_sign(f->pki->entries[RSP_PKI_CI].key, &covered, 1, raw));
	raw[40] ^= spec->bad_signature;
	esim_buf_append_slice(&request, covered);
	esim_buf_append(&request, algorithm, sizeof(algorithm));
	put_der_signature(raw, &request);
	esim_tlv_end(&request, list);
	esim_tlv_end(&request, mark);
	ATF_REQUIRE_EQ(0x9000, fixture_es10(f, esim_buf_slice(&request), &out));
	ATF_REQUIRE_EQ(0, esim_tlv_check(esim_buf_slice(&out), "BF35", &whole, NULL));
	ATF_REQUIRE_EQ(1, esim_tlv_next(&whole.value, &result));
	if (result.tag == 0x81)
		ATF_REQUIRE_EQ(0, esim_tlv_uint(result.value, &code));
	else if (answer)
		esim_hex_encode(esim_buf_slice(&out), answer);
	esim_buf_free(&tbs);
	esim_buf_free(&request);
	esim_buf_free(&out);
	return (unsigned)code;
}

ATF_TC_WITHOUT_HEAD(crl_is_judged_before_it_is_kept);
ATF_TC_BODY(crl_is_judged_before_it_is_kept, tc)
{
	static const uint8_t other[20] = { 1 };
	struct veuicc_options small = { .memory = 10 };
	char answer[64];
	struct fixture f;

	fixture_open(&f, NULL);
	ATF_CHECK_EQ(1, load_crl(&f, &(struct crl_spec){ .number = 5, .bad_signature = true }, NULL));
	ATF_CHECK_EQ(2, load_crl(&f, &(struct crl_spec){ .no_number = true }, NULL));
	ATF_CHECK_EQ(4, load_crl(&f, &(struct crl_spec){ .number = 5, .key_id = esim_slice(other, 20) }, NULL));
	ATF_CHECK_EQ(6, load_crl(&f, &(struct crl_spec){ .number = 5, .base = 4 }, NULL));
	ATF_CHECK_EQ(0, load_crl(&f, &(struct crl_spec){ .number = 5 }, answer));
	ATF_CHECK_STREQ("BF3502A000", answer);
	ATF_CHECK_EQ(5, load_crl(&f, &(struct crl_spec){ .number = 5 }, NULL));
	ATF_CHECK_EQ(0, load_crl(&f, &(struct crl_spec){ .number = 6, .base = 5 }, NULL));
	fixture_close(&f);

	fixture_open(&f, &small);
	ATF_CHECK_EQ(3, load_crl(&f, &(struct crl_spec){ .number = 5 }, NULL));
	fixture_close(&f);
}

ATF_TC_WITHOUT_HEAD(partial_crl_tells_the_parts_that_are_missing);
ATF_TC_BODY(partial_crl_tells_the_parts_that_are_missing, tc)
{
	char answer[64];
	struct fixture f;

	fixture_open(&f, NULL);
	ATF_CHECK_EQ(0, load_crl(&f, &(struct crl_spec){ .number = 5, .total = 3, .part = 1 }, answer));
	ATF_CHECK_STREQ("BF350EA00CA00A" "3003800100" "3003800102", answer);
	ATF_CHECK_EQ(0, load_crl(&f, &(struct crl_spec){ .number = 5, .total = 3, .part = 0 }, answer));
	ATF_CHECK_EQ(5, load_crl(&f, &(struct crl_spec){ .number = 5, .total = 3, .part = 0 }, answer));
	ATF_CHECK_EQ(0, load_crl(&f, &(struct crl_spec){ .number = 5, .total = 3, .part = 2 }, answer));
	ATF_CHECK_STREQ("BF3502A000", answer);
	fixture_close(&f);
}

ATF_TC_WITHOUT_HEAD(revoked_server_is_refused_after_a_restart_too);
ATF_TC_BODY(revoked_server_is_refused_after_a_restart_too, tc)
{
	struct veuicc_options options = { .state_dir = "state" };
	struct fixture f;

	fixture_open(&f, &options);
	ATF_REQUIRE_EQ(0, rsp_authenticate(&f));
	ATF_REQUIRE_EQ(0, load_crl(&f, &(struct crl_spec){ .number = 1,
			.serial = f.pki->entries[RSP_PKI_DPAUTH].cert.serial }, NULL));
	ATF_CHECK_EQ(1, rsp_authenticate(&f));
	fixture_restart(&f);
	ATF_CHECK_EQ(1, rsp_authenticate(&f));
	fixture_close(&f);
}

ATF_TP_ADD_TCS(tp)
{
	ATF_TP_ADD_TC(tp, addresses_are_given_and_set);
	ATF_TP_ADD_TC(tp, too_long_address_is_an_undefined_error);
	ATF_TP_ADD_TC(tp, info_has_the_shape_of_its_release);
	ATF_TP_ADD_TC(tp, challenges_differ);
	ATF_TP_ADD_TC(tp, eid_is_the_certificates);
	ATF_TP_ADD_TC(tp, rat_is_what_was_configured);
	ATF_TP_ADD_TC(tp, rat_decides_which_policy_rules_are_installed);
	ATF_TP_ADD_TC(tp, profiles_info_follows_criteria_and_tag_list);
	ATF_TP_ADD_TC(tp, nickname_is_set_changed_and_taken_away);
	ATF_TP_ADD_TC(tp, profiles_are_enabled_disabled_and_deleted);
	ATF_TP_ADD_TC(tp, policy_rules_hold);
	ATF_TP_ADD_TC(tp, test_profile_gives_back_the_profile_before_it);
	ATF_TP_ADD_TC(tp, cat_busy_as_long_as_it_was_asked_for);
	ATF_TP_ADD_TC(tp, memory_reset_takes_what_its_options_say);
	ATF_TP_ADD_TC(tp, notifications_count_from_zero_and_stay_until_removed);
	ATF_TP_ADD_TC(tp, notifications_are_signed_by_the_euicc);
	ATF_TP_ADD_TC(tp, crl_is_judged_before_it_is_kept);
	ATF_TP_ADD_TC(tp, partial_crl_tells_the_parts_that_are_missing);
	ATF_TP_ADD_TC(tp, revoked_server_is_refused_after_a_restart_too);
	return atf_no_error();
}
