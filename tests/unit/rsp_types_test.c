/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Versions, names, a profile's metadata, and the Rules Authorisation Table. */
#include "scripted.h"

#include <esim/rsp_types.h>

#include <atf-c.h>

static struct esim_error err;

ATF_TC_WITHOUT_HEAD(versions_are_parsed_compared_and_written);
ATF_TC_BODY(versions_are_parsed_compared_and_written, tc)
{
	static const char *const bad[] = {
		"", "2", "2.", ".2", "2.2.", "2.2.2.", "2.2.2.2", "a", "2.x", "2.256", "2.2 ", " 2.2",
		"-2.2", "2..2", "2.0002", "v2.2",
	};
	struct esim_version a, b;
	char text[12];

	ATF_CHECK_EQ(esim_version_parse("2.2.2", &a), 0);
	ATF_CHECK_EQ(esim_version_parse("2.1", &b), 0);
	ATF_CHECK(esim_version_compare(a, b) > 0);
	ATF_CHECK(esim_version_compare(b, a) < 0);
	ATF_CHECK_EQ(esim_version_compare(a, a), 0);
	esim_version_format(b, text);
	ATF_CHECK_STREQ(text, "2.1.0");
	esim_version_format((struct esim_version){ 255, 255, 255 }, text);
	ATF_CHECK_STREQ(text, "255.255.255");
	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++)
		ATF_CHECK_EQ_MSG(esim_version_parse(bad[i], &a), ESIM_EINVAL, "'%s'", bad[i]);
	ATF_CHECK_EQ(a.minor, 2);
}

ATF_TC_WITHOUT_HEAD(names_are_those_of_the_specification);
ATF_TC_BODY(names_are_those_of_the_specification, tc)
{
	ATF_CHECK_STREQ(esim_profile_state_name(ESIM_PROFILE_ENABLED), "enabled");
	ATF_CHECK_STREQ(esim_profile_state_name((enum esim_profile_state)7), "unknown");
	ATF_CHECK_STREQ(esim_profile_class_name(ESIM_CLASS_PROVISIONING), "provisioning");
	ATF_CHECK_STREQ(esim_profile_class_name((enum esim_profile_class)7), "unknown");
	ATF_CHECK_STREQ(esim_event_name(ESIM_EVENT_INSTALL), "install");
	ATF_CHECK_STREQ(esim_event_name(ESIM_EVENT_DELETE), "delete");
	ATF_CHECK_STREQ(esim_event_name(ESIM_EVENT_DELETE | ESIM_EVENT_ENABLE), "unknown");
	ATF_CHECK_STREQ(esim_event_name(0), "unknown");
}

static int decode(const char *hex, struct esim_profile *ret)
{
	struct esim_buf bytes = ESIM_BUF_INIT;
	int r;

	scripted_put_hex(&bytes, hex);
	esim_error_clear(&err);
	r = esim_profile_decode(esim_buf_slice(&bytes), "the profile", ret, &err);
	esim_buf_free(&bytes);
	return r;
}

ATF_TC_WITHOUT_HEAD(absent_fields_have_their_defaults);
ATF_TC_BODY(absent_fields_have_their_defaults, tc)
{
	struct esim_profile p;

	ATF_REQUIRE_EQ_MSG(decode("E300", &p), 0, "%s", err.message);
	ATF_CHECK_EQ(p.profile_class, ESIM_CLASS_OPERATIONAL);
	ATF_CHECK_EQ(p.icon_type, ESIM_ICON_NONE);
	ATF_CHECK(!p.has_state);
	ATF_CHECK(!p.has_owner);
	ATF_CHECK(!p.has_port);
	ATF_CHECK_STREQ(p.nickname, "");
	esim_profile_clear(&p);
}

ATF_TC_WITHOUT_HEAD(store_metadata_is_read_like_profile_info);
ATF_TC_BODY(store_metadata_is_read_like_profile_info, tc)
{
	struct esim_profile p;

	ATF_REQUIRE_EQ_MSG(decode("BF2518" "5A0A98001032547698103214" "910141" "920142" "950100"
				  "9F7F00", &p), 0, "%s", err.message);
	ATF_CHECK_STREQ(p.service_provider, "A");
	ATF_CHECK_STREQ(p.name, "B");
	ATF_CHECK_EQ(p.profile_class, ESIM_CLASS_TEST);
	ATF_CHECK_EQ(p.unknown.len, 3);
	esim_profile_clear(&p);
}

ATF_TC_WITHOUT_HEAD(metadata_that_cannot_be_used_is_refused_and_the_output_untouched);
ATF_TC_BODY(metadata_that_cannot_be_used_is_refused_and_the_output_untouched, tc)
{
	static const char *const bad[] = {
		"",						/* nothing */
		"3000",						/* not a profile */
		"E3025A00",					/* ICCID of no bytes */
		"E30A5A099800103254769810",			/* cut below */
		"E3039F7001",					/* cut */
		"E3049F700102",					/* a state to come */
		"E303950105",					/* a class to come */
		"E30490025C",					/* length that does not fit */
		"E3039201FF",					/* no UTF-8 */
		"BF2503920141",					/* mandatory fields missing */
		"E306B704" "80020000",				/* MCC and MNC of two bytes */
		"E318B716" "8003000000" "8111" "0102030405060708090A0B0C0D0E0F1011",	/* GID too long */
	};

	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
		struct esim_profile p = { .port = 77 };

		ATF_CHECK_EQ_MSG(decode(bad[i], &p), ESIM_EPROTO, "%s", bad[i]);
		ATF_CHECK_EQ(p.port, 77);
		ATF_CHECK_MSG(strstr(err.message, "the profile") != NULL, "%s", err.message);
	}
}

ATF_TC_WITHOUT_HEAD(names_of_64_characters_fit_in_any_script);
ATF_TC_BODY(names_of_64_characters_fit_in_any_script, tc)
{
	char hex[1024] = "E3820104" "92820100";
	struct esim_profile p;

	for (int i = 0; i < 64; i++)
		strcat(hex, "F09F93B1");
	ATF_REQUIRE_EQ_MSG(decode(hex, &p), 0, "%s", err.message);
	ATF_CHECK_EQ(strlen(p.name), 256);
	esim_profile_clear(&p);
}

/* --- the Rules Authorisation Table ------------------------------------------------------------ */

#define GID(byte) .has_gid1 = true, .gid1 = { byte }, .gid1_len = 1
#define ANY_GID .has_gid1 = true, .gid1_len = 0

static const struct {
	const char *name;
	struct esim_rat_rule rules[3];
	unsigned pprs;
	struct esim_operator_id owner;
	enum esim_ppr_verdict verdict;
} judgements[] = {
	{ "no rule is forbidden", { { 0 } }, ESIM_PPR1, { .mcc_mnc = { 0, 0xF1, 0x10 } }, ESIM_PPR_FORBIDDEN },
	{ "no PPR needs no rule", { { 0 } }, 0, { .mcc_mnc = { 0, 0xF1, 0x10 } }, ESIM_PPR_ALLOWED },
	{ "the control of updates needs none", { { 0 } }, ESIM_PPR_UPDATE_CONTROL,
	  { .mcc_mnc = { 0, 0xF1, 0x10 } }, ESIM_PPR_ALLOWED },
	{ "wildcards fit", { { ESIM_PPR1, { { .mcc_mnc = { 0xEE, 0xEE, 0xEE } } }, 1, false } }, ESIM_PPR1,
	  { .mcc_mnc = { 0, 0xF1, 0x10 } }, ESIM_PPR_ALLOWED },
	{ "one wildcard nibble", { { ESIM_PPR1, { { .mcc_mnc = { 0x0E, 0xF1, 0x10 } } }, 1, true } }, ESIM_PPR1,
	  { .mcc_mnc = { 0x09, 0xF1, 0x10 } }, ESIM_PPR_CONSENT },
	{ "another operator", { { ESIM_PPR1, { { .mcc_mnc = { 0, 0xF1, 0x20 } } }, 1, false } }, ESIM_PPR1,
	  { .mcc_mnc = { 0, 0xF1, 0x10 } }, ESIM_PPR_FORBIDDEN },
	{ "another rule", { { ESIM_PPR2, { { .mcc_mnc = { 0, 0xF1, 0x10 } } }, 1, false } }, ESIM_PPR1,
	  { .mcc_mnc = { 0, 0xF1, 0x10 } }, ESIM_PPR_FORBIDDEN },
	{ "the second operator of a rule",
	  { { ESIM_PPR1, { { .mcc_mnc = { 1, 1, 1 } }, { .mcc_mnc = { 0, 0xF1, 0x10 } } }, 2, false } }, ESIM_PPR1,
	  { .mcc_mnc = { 0, 0xF1, 0x10 } }, ESIM_PPR_ALLOWED },
	{ "the first rule that fits decides",
	  { { ESIM_PPR1, { { .mcc_mnc = { 0, 0xF1, 0x10 } } }, 1, true },
	    { ESIM_PPR1, { { .mcc_mnc = { 0, 0xF1, 0x10 } } }, 1, false } }, ESIM_PPR1,
	  { .mcc_mnc = { 0, 0xF1, 0x10 } }, ESIM_PPR_CONSENT },
	{ "the worse of two", { { ESIM_PPR1, { { .mcc_mnc = { 0, 0xF1, 0x10 } } }, 1, false },
				{ ESIM_PPR2, { { .mcc_mnc = { 0, 0xF1, 0x10 } } }, 1, true } },
	  ESIM_PPR1 | ESIM_PPR2, { .mcc_mnc = { 0, 0xF1, 0x10 } }, ESIM_PPR_CONSENT },
	{ "one of two is not there", { { ESIM_PPR1, { { .mcc_mnc = { 0, 0xF1, 0x10 } } }, 1, false } },
	  ESIM_PPR1 | ESIM_PPR2, { .mcc_mnc = { 0, 0xF1, 0x10 } }, ESIM_PPR_FORBIDDEN },
	{ "an absent GID wants an absent one", { { ESIM_PPR1, { { .mcc_mnc = { 0, 0xF1, 0x10 } } }, 1, false } },
	  ESIM_PPR1, { .mcc_mnc = { 0, 0xF1, 0x10 }, GID(1) }, ESIM_PPR_FORBIDDEN },
	{ "an empty GID is any", { { ESIM_PPR1, { { .mcc_mnc = { 0, 0xF1, 0x10 }, ANY_GID } }, 1, false } },
	  ESIM_PPR1, { .mcc_mnc = { 0, 0xF1, 0x10 }, GID(1) }, ESIM_PPR_ALLOWED },
	{ "the same GID", { { ESIM_PPR1, { { .mcc_mnc = { 0, 0xF1, 0x10 }, GID(1) } }, 1, false } },
	  ESIM_PPR1, { .mcc_mnc = { 0, 0xF1, 0x10 }, GID(1) }, ESIM_PPR_ALLOWED },
	{ "another GID", { { ESIM_PPR1, { { .mcc_mnc = { 0, 0xF1, 0x10 }, GID(1) } }, 1, false } },
	  ESIM_PPR1, { .mcc_mnc = { 0, 0xF1, 0x10 }, GID(2) }, ESIM_PPR_FORBIDDEN },
	{ "a GID that the owner lacks", { { ESIM_PPR1, { { .mcc_mnc = { 0, 0xF1, 0x10 }, GID(1) } }, 1, false } },
	  ESIM_PPR1, { .mcc_mnc = { 0, 0xF1, 0x10 } }, ESIM_PPR_FORBIDDEN },
	{ "a policy rule to come", { { ESIM_PPR1, { { .mcc_mnc = { 0, 0xF1, 0x10 } } }, 1, false } },
	  1u << 31, { .mcc_mnc = { 0, 0xF1, 0x10 } }, ESIM_PPR_FORBIDDEN },
};

ATF_TC_WITHOUT_HEAD(the_rat_judges_by_the_first_rule_that_fits);
ATF_TC_BODY(the_rat_judges_by_the_first_rule_that_fits, tc)
{
	for (size_t i = 0; i < sizeof(judgements) / sizeof(judgements[0]); i++) {
		struct esim_rat_rule rules[3];
		struct esim_rat rat = { .rules = rules };

		memcpy(rules, judgements[i].rules, sizeof(rules));
		while (rat.count < 3 && rules[rat.count].ppr_ids)
			rat.count++;
		ATF_CHECK_EQ_MSG(esim_rat_judge(&rat, judgements[i].pprs, &judgements[i].owner),
				 judgements[i].verdict, "%s", judgements[i].name);
	}
	ATF_CHECK_EQ(esim_rat_judge(&(struct esim_rat){ 0 }, ESIM_PPR1, NULL), ESIM_PPR_FORBIDDEN);
	ATF_CHECK_EQ(esim_rat_judge(&(struct esim_rat){ 0 }, 0, NULL), ESIM_PPR_ALLOWED);
}

ATF_TP_ADD_TCS(tp)
{
	ATF_TP_ADD_TC(tp, versions_are_parsed_compared_and_written);
	ATF_TP_ADD_TC(tp, names_are_those_of_the_specification);
	ATF_TP_ADD_TC(tp, absent_fields_have_their_defaults);
	ATF_TP_ADD_TC(tp, store_metadata_is_read_like_profile_info);
	ATF_TP_ADD_TC(tp, metadata_that_cannot_be_used_is_refused_and_the_output_untouched);
	ATF_TP_ADD_TC(tp, names_of_64_characters_fit_in_any_script);
	ATF_TP_ADD_TC(tp, the_rat_judges_by_the_first_rule_that_fits);
	return atf_no_error();
}
