/* SPDX-License-Identifier: GPL-2.0-or-later */
/* ES10c: what is sent byte for byte, what is read, each named result; and the virtual eUICC. */
#include "veuicc_card.h"
#include "es10_card.h"	/* its one error would shadow those of other headers */

#define ICCID_HEX "98001032547698103214"
#define AID_HEX "A0000005591010FFFFFFFF8900001100"

static struct es10c_profile_id by_aid(void)
{
	struct es10c_profile_id id = { .aid = { .len = 16 } };
	size_t len;

	ATF_REQUIRE_EQ(esim_hex_decode(AID_HEX, id.aid.bytes, 16, &len), 0);
	return id;
}

/* --- GetProfilesInfo --------------------------------------------------------------------- */

ATF_TC_WITHOUT_HEAD(profiles_are_read_in_order_with_unknown_fields_kept);
ATF_TC_BODY(profiles_are_read_in_order_with_unknown_fields_kept, tc)
{
	struct esim_card *card = answering(ANSWER_PROFILES);
	struct esim_profile *list;
	char digits[ESIM_ICCID_DIGITS + 1];
	size_t count;

	ATF_REQUIRE_EQ_MSG(es10c_get_profiles_info(card, NULL, &list, &count, &err), 0, "%s",
			   err.message);
	CHECK_SENT("BF2D00");
	ATF_REQUIRE_EQ(count, 2);
	ATF_CHECK_EQ(esim_iccid_format(&list[0].iccid, digits), 0);
	ATF_CHECK_STREQ(digits, "89000123456789012341");
	ATF_CHECK_EQ(esim_iccid_format(&list[1].iccid, digits), 0);
	ATF_CHECK_STREQ(digits, "8900012345678901234");
	ATF_CHECK_EQ(list[0].isdp_aid.len, 16);
	ATF_CHECK(list[0].has_state);
	ATF_CHECK_EQ(list[0].state, ESIM_PROFILE_ENABLED);
	ATF_CHECK_EQ(list[1].state, ESIM_PROFILE_DISABLED);
	ATF_CHECK_STREQ(list[0].nickname, "home");
	ATF_CHECK_STREQ(list[0].service_provider, "Operator");
	ATF_CHECK_STREQ(list[1].name, "Second");
	ATF_CHECK_EQ(list[0].icon_type, ESIM_ICON_PNG);
	ATF_CHECK_EQ(list[0].icon_len, 4);
	ATF_CHECK_EQ(list[0].profile_class, ESIM_CLASS_OPERATIONAL);
	ATF_REQUIRE_EQ(list[0].notification_count, 2);
	ATF_CHECK_EQ(list[0].notifications[0].events,
		     ESIM_EVENT_ENABLE | ESIM_EVENT_DISABLE | ESIM_EVENT_DELETE);
	ATF_CHECK_STREQ(list[0].notifications[1].address, "two.example.com");
	ATF_CHECK(list[0].has_owner);
	ATF_CHECK_EQ(list[0].owner.gid1[0], 0xAA);
	ATF_CHECK_EQ(list[0].policy_rules, ESIM_PPR1);
	ATF_CHECK(list[0].has_port);
	ATF_CHECK_EQ(list[0].port, 1);
	/* 9F24 01 01 and DF7F 02 AABB, as they came. */
	ATF_CHECK(esim_slice_is(esim_buf_slice(&list[0].unknown),
				"\x9F\x24\x01\x01\xDF\x7F\x02\xAA\xBB", 9));
	es10c_profiles_free(&list, count);
	ATF_CHECK(list == NULL);
	done(&card);
}

ATF_TC_WITHOUT_HEAD(an_empty_card_has_an_empty_list);
ATF_TC_BODY(an_empty_card_has_an_empty_list, tc)
{
	struct esim_card *card = answering("BF2D02A000");
	struct esim_profile *list;
	size_t count = 3;

	ATF_CHECK_EQ(es10c_get_profiles_info(card, NULL, &list, &count, &err), 0);
	ATF_CHECK_EQ(count, 0);
	es10c_profiles_free(&list, count);
	done(&card);
}

ATF_TC_WITHOUT_HEAD(search_criteria_and_tags_are_sent_as_asked);
ATF_TC_BODY(search_criteria_and_tags_are_sent_as_asked, tc)
{
	static const uint32_t tags[] = { 0x5A, 0x9F70, 0xBF76 };
	size_t default_count;
	const uint32_t *default_tags = es10c_default_tags(&default_count);
	const struct {
		struct es10c_search search;
		const char *sent;
	} cases[] = {
		{ { .by_iccid = true, .iccid = call_iccid }, "BF2D0EA00C5A0A" ICCID_HEX },
		{ { .by_aid = true, .aid = by_aid().aid }, "BF2D14A0124F10" AID_HEX },
		{ { .by_class = true, .profile_class = ESIM_CLASS_OPERATIONAL }, "BF2D05A003950102" },
		{ { .tags = tags, .tag_count = 3 }, "BF2D075C055A9F70BF76" },
		{ { .tags = default_tags, .tag_count = default_count },
		  "BF2D0F5C0D5A4F9F7090919295B6B7999394" },
		{ { .by_class = true, .profile_class = ESIM_CLASS_TEST, .tags = tags, .tag_count = 1 },
		  "BF2D08A0039501005C015A" },
	};

	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct esim_card *card = answering("BF2D02A000");
		struct esim_profile *list;
		size_t count;

		ATF_CHECK_EQ_MSG(es10c_get_profiles_info(card, &cases[i].search, &list, &count, &err), 0,
				 "%s", err.message);
		CHECK_SENT(cases[i].sent);
		es10c_profiles_free(&list, count);
		done(&card);
	}
}

ATF_TC_WITHOUT_HEAD(an_impossible_search_never_reaches_the_card);
ATF_TC_BODY(an_impossible_search_never_reaches_the_card, tc)
{
	static const uint32_t none[] = { 0 }, wide[] = { 0x1000000 };
	const struct es10c_search bad[] = {
		{ .by_iccid = true, .by_class = true },
		{ .by_aid = true },
		{ .tags = none, .tag_count = 1 },
		{ .tags = wide, .tag_count = 1 },
		{ .tags = wide, .tag_count = 0 },
	};
	struct esim_card *card = answering(ANSWER_PROFILES);
	struct esim_profile *list;
	size_t count;

	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++)
		ATF_CHECK_EQ(es10c_get_profiles_info(card, &bad[i], &list, &count, &err), ESIM_EINVAL);
	ATF_CHECK_EQ(s.data.len, 0);
	done(&card);
}

ATF_TC_WITHOUT_HEAD(more_profiles_than_the_limit_are_refused);
ATF_TC_BODY(more_profiles_than_the_limit_are_refused, tc)
{
	char hex[2048] = "BF2D8184A08181";
	struct esim_profile *list;
	struct esim_card *card;
	size_t count;

	/* 65 profiles without a field: 130 bytes. */
	snprintf(hex, sizeof(hex), "BF2D8185A08182");
	for (int i = 0; i <= ESIM_MAX_PROFILES; i++)
		strcat(hex, "E300");
	card = answering(hex);
	ATF_CHECK_EQ_MSG(es10c_get_profiles_info(card, NULL, &list, &count, &err), ESIM_ETOOBIG, "%s",
			 err.message);
	done(&card);
}

/* --- changes --------------------------------------------------------------------------------- */

ATF_TC_WITHOUT_HEAD(profiles_are_named_by_all_ten_bytes_or_by_aid);
ATF_TC_BODY(profiles_are_named_by_all_ten_bytes_or_by_aid, tc)
{
	static const struct es10c_switch refresh = { .refresh = true }, reset = { 0 };
	struct es10c_profile_id eighteen = { 0 }, aid = by_aid();
	struct esim_card *card = answering(ANSWER_ENABLE);

	ATF_REQUIRE_EQ(esim_iccid_parse("890001234567890123", &eighteen.iccid), 0);
	ATF_CHECK_EQ(es10c_enable_profile(card, &eighteen, &refresh, &err), 0);
	ATF_CHECK_EQ(es10c_enable_profile(card, &aid, &reset, &err), 0);
	CHECK_SENT("BF3111A00C5A0A980010325476981032FF8101FF" "BF3117A0124F10" AID_HEX "810100");
	done(&card);
	card = answering(ANSWER_DISABLE);
	ATF_CHECK_EQ(es10c_disable_profile(card, &aid, &refresh, &err), 0);
	CHECK_SENT("BF3217A0124F10" AID_HEX "8101FF");
	done(&card);
	card = answering(ANSWER_DELETE);
	ATF_CHECK_EQ(es10c_delete_profile(card, &eighteen, &err), 0);
	ATF_CHECK_EQ(es10c_delete_profile(card, &aid, &err), 0);
	CHECK_SENT("BF330C5A0A980010325476981032FF" "BF33124F10" AID_HEX);
	done(&card);
}

ATF_TC_WITHOUT_HEAD(a_port_that_cannot_be_named_yet_never_reaches_the_card);
ATF_TC_BODY(a_port_that_cannot_be_named_yet_never_reaches_the_card, tc)
{
	const struct es10c_switch how = { .port = 1 };
	struct esim_card *card = answering(ANSWER_ENABLE);
	struct es10c_profile_id aid = by_aid();

	ATF_CHECK_EQ(es10c_enable_profile(card, &aid, &how, &err), ESIM_ENOTSUP);
	ATF_CHECK_MSG(strstr(err.message, "port 1"), "%s", err.message);
	ATF_CHECK_EQ(es10c_disable_profile(card, &aid, &how, &err), ESIM_ENOTSUP);
	ATF_CHECK_EQ(s.data.len, 0);
	done(&card);
}

ATF_TC_WITHOUT_HEAD(memory_reset_sends_the_chosen_options);
ATF_TC_BODY(memory_reset_sends_the_chosen_options, tc)
{
	struct esim_card *card = answering(ANSWER_RESET);

	ATF_CHECK_EQ(es10c_euicc_memory_reset(card, ES10C_RESET_OPERATIONAL_PROFILES, &err), 0);
	ATF_CHECK_EQ(es10c_euicc_memory_reset(card, ES10C_RESET_FIELD_LOADED_TEST_PROFILES |
					      ES10C_RESET_DEFAULT_SMDP_ADDRESS, &err), 0);
	ATF_CHECK_EQ(es10c_euicc_memory_reset(card, 0, &err), 0);
	CHECK_SENT("BF340482020780" "BF340482020560" "BF3403820100");
	done(&card);
}

ATF_TC_WITHOUT_HEAD(nicknames_are_set_removed_and_checked);
ATF_TC_BODY(nicknames_are_set_removed_and_checked, tc)
{
	struct esim_card *card = answering(ANSWER_NICKNAME);
	char far_too_long[ESIM_MAX_NICKNAME + 2];

	memset(far_too_long, 'n', sizeof(far_too_long) - 1);
	far_too_long[sizeof(far_too_long) - 1] = '\0';
	ATF_CHECK_EQ(es10c_set_nickname(card, &call_iccid, far_too_long, &err), ESIM_EINVAL);
	ATF_CHECK_EQ(es10c_set_nickname(card, &call_iccid, "\xC3", &err), ESIM_EINVAL);
	ATF_CHECK_EQ(s.data.len, 0);
	ATF_CHECK_EQ(es10c_set_nickname(card, &call_iccid, "\xC3\xA9", &err), 0);
	ATF_CHECK_EQ(es10c_set_nickname(card, &call_iccid, "", &err), 0);
	CHECK_SENT("BF29105A0A" ICCID_HEX "9002C3A9" "BF290E5A0A" ICCID_HEX "9000");
	done(&card);
}

ATF_TC_WITHOUT_HEAD(a_nickname_is_measured_in_characters);
ATF_TC_BODY(a_nickname_is_measured_in_characters, tc)
{
	char name[4 * (ESIM_MAX_NICKNAME + 1) + 1] = "";
	struct esim_card *card = answering(ANSWER_NICKNAME);

	/* 64 characters of three bytes, then of four, then one more. */
	for (int i = 0; i < ESIM_MAX_NICKNAME; i++)
		strcat(name, "\xE5\x8D\xA1");
	ATF_CHECK_EQ_MSG(es10c_set_nickname(card, &call_iccid, name, &err), 0, "%s", err.message);
	name[0] = '\0';
	for (int i = 0; i < ESIM_MAX_NICKNAME; i++)
		strcat(name, "\xF0\x9F\x93\xB1");
	ATF_CHECK_EQ_MSG(es10c_set_nickname(card, &call_iccid, name, &err), 0, "%s", err.message);
	s.data.len = 0;
	strcat(name, "n");
	ATF_CHECK_EQ(es10c_set_nickname(card, &call_iccid, name, &err), ESIM_EINVAL);
	ATF_CHECK_MSG(strstr(err.message, "64 characters"), "%s", err.message);
	ATF_CHECK_EQ(s.data.len, 0);
	done(&card);
}

ATF_TC_WITHOUT_HEAD(the_eid_is_read_and_zeros_are_no_error_here);
ATF_TC_BODY(the_eid_is_read_and_zeros_are_no_error_here, tc)
{
	struct esim_card *card = answering(ANSWER_EID);
	struct esim_eid eid;

	ATF_CHECK_EQ(es10c_get_eid(card, &eid, &err), 0);
	CHECK_SENT("BF3E035C015A");
	ATF_CHECK_EQ(eid.bytes[0], 0x89);
	ATF_CHECK(!esim_eid_is_zero(&eid));
	done(&card);
	card = answering("BF3E125A10" "00000000000000000000000000000000");
	ATF_CHECK_EQ(es10c_get_eid(card, &eid, &err), 0);
	ATF_CHECK(esim_eid_is_zero(&eid));
	done(&card);
}

ATF_TC_WITHOUT_HEAD(each_result_has_its_name);
ATF_TC_BODY(each_result_has_its_name, tc)
{
	static const struct es10_result_case cases[] = {
		{ call_profiles, "ES10c.GetProfilesInfo", "BF2D038101%02X",
		  { { 1, "incorrectInputValues" }, { 127, "undefinedError" }, { 0 } } },
		{ call_enable, "ES10c.EnableProfile", "BF31038001%02X",
		  { { 1, "iccidOrAidNotFound" }, { 2, "profileNotInDisabledState" },
		    { 3, "disallowedByPolicy" }, { 4, "wrongProfileReenabling" }, { 5, "catBusy" },
		    { 127, "undefinedError" }, { 99, "" }, { 0 } } },
		{ call_disable, "ES10c.DisableProfile", "BF32038001%02X",
		  { { 1, "iccidOrAidNotFound" }, { 2, "profileNotInEnabledState" },
		    { 3, "disallowedByPolicy" }, { 5, "catBusy" }, { 127, "undefinedError" }, { 0 } } },
		{ call_delete, "ES10c.DeleteProfile", "BF33038001%02X",
		  { { 1, "iccidOrAidNotFound" }, { 2, "profileNotInDisabledState" },
		    { 3, "disallowedByPolicy" }, { 127, "undefinedError" }, { 0 } } },
		{ call_reset, "ES10c.eUICCMemoryReset", "BF34038001%02X",
		  { { 1, "nothingToDelete" }, { 5, "catBusy" }, { 127, "undefinedError" }, { 0 } } },
		{ call_nickname, "ES10c.SetNickname", "BF29038001%02X",
		  { { 1, "iccidNotFound" }, { 127, "undefinedError" }, { 0 } } },
	};

	check_results(cases, sizeof(cases) / sizeof(cases[0]));
}

ATF_TC_WITHOUT_HEAD(enabling_with_a_proactive_command_pending_is_success);
ATF_TC_BODY(enabling_with_a_proactive_command_pending_is_success, tc)
{
	struct esim_card *card = answering(ANSWER_ENABLE);

	answer.data[answer.len - 2] = 0x91;
	ATF_CHECK_EQ(call_enable(card, &err), 0);
	ATF_CHECK(esim_card_proactive(card));
	done(&card);
}

/* --- the virtual eUICC ------------------------------------------------------------------------- */

ATF_TC_WITHOUT_HEAD(the_virtual_euicc_without_profiles_answers_each_function);
ATF_TC_BODY(the_virtual_euicc_without_profiles_answers_each_function, tc)
{
	struct veuicc_options options = { 0 };
	struct veuicc *veuicc;
	struct esim_card *card = open_veuicc(&options, &veuicc);
	struct esim_profile *list;
	struct esim_eid eid;
	size_t count;

	ATF_CHECK_EQ(es10c_get_eid(card, &eid, &err), 0);
	ATF_CHECK(memcmp(&eid, veuicc_eid(veuicc), sizeof(eid)) == 0);
	ATF_CHECK(esim_eid_valid(&eid));
	ATF_CHECK_EQ(es10c_get_profiles_info(card, NULL, &list, &count, &err), 0);
	ATF_CHECK_EQ(count, 0);
	es10c_profiles_free(&list, count);
	ATF_CHECK_EQ(call_enable(card, &err), ESIM_ERESULT);
	ATF_CHECK_STREQ(err.result_name, "iccidOrAidNotFound");
	ATF_CHECK_EQ(call_disable(card, &err), ESIM_ERESULT);
	ATF_CHECK_STREQ(err.result_name, "iccidOrAidNotFound");
	ATF_CHECK_EQ(call_delete(card, &err), ESIM_ERESULT);
	ATF_CHECK_STREQ(err.result_name, "iccidOrAidNotFound");
	ATF_CHECK_EQ(call_nickname(card, &err), ESIM_ERESULT);
	ATF_CHECK_STREQ(err.result_name, "iccidNotFound");
	ATF_CHECK_EQ(call_reset(card, &err), ESIM_ERESULT);
	ATF_CHECK_STREQ(err.result_name, "nothingToDelete");
	close_veuicc(&card, &veuicc);
}

ATF_TC_WITHOUT_HEAD(the_virtual_euicc_behind_a_small_reader_teaches_the_size);
ATF_TC_BODY(the_virtual_euicc_behind_a_small_reader_teaches_the_size, tc)
{
	struct veuicc_options options = { .segment_limit = 128 };
	struct veuicc *veuicc;
	struct esim_card *card = open_veuicc(&options, &veuicc);
	struct esim_buf big = ESIM_BUF_INIT, out = ESIM_BUF_INIT;

	esim_buf_extend(&big, 300);
	memset(big.data, 0, big.len);
	memcpy(big.data, "\xBF\x7A\x82\x01\x27", 5);
	/* The card refuses what the command is, not its length any more. */
	esim_card_store_data(card, "ES10x.Test", esim_buf_slice(&big), &out, &err);
	ATF_CHECK_EQ(esim_card_segment_size(card), 128);
	esim_buf_free(&big);
	esim_buf_free(&out);
	close_veuicc(&card, &veuicc);
}

ATF_TC_WITHOUT_HEAD(the_virtual_euicc_is_the_same_after_a_reset);
ATF_TC_BODY(the_virtual_euicc_is_the_same_after_a_reset, tc)
{
	struct veuicc_options options = { 0 };
	struct veuicc *veuicc;
	struct esim_card *card = open_veuicc(&options, &veuicc);
	struct esim_eid before, after;

	ATF_CHECK_EQ(es10c_get_eid(card, &before, &err), 0);
	ATF_CHECK_EQ_MSG(esim_card_reset(card, &err), 0, "%s", err.message);
	ATF_CHECK_EQ(es10c_get_eid(card, &after, &err), 0);
	ATF_CHECK(memcmp(&before, &after, sizeof(before)) == 0);
	ATF_CHECK_EQ_MSG(esim_card_reselect(card, &err), 0, "%s", err.message);
	ATF_CHECK_EQ(es10c_get_eid(card, &after, &err), 0);
	close_veuicc(&card, &veuicc);
}

ATF_TP_ADD_TCS(tp)
{
	ATF_TP_ADD_TC(tp, profiles_are_read_in_order_with_unknown_fields_kept);
	ATF_TP_ADD_TC(tp, an_empty_card_has_an_empty_list);
	ATF_TP_ADD_TC(tp, search_criteria_and_tags_are_sent_as_asked);
	ATF_TP_ADD_TC(tp, an_impossible_search_never_reaches_the_card);
	ATF_TP_ADD_TC(tp, more_profiles_than_the_limit_are_refused);
	ATF_TP_ADD_TC(tp, profiles_are_named_by_all_ten_bytes_or_by_aid);
	ATF_TP_ADD_TC(tp, a_port_that_cannot_be_named_yet_never_reaches_the_card);
	ATF_TP_ADD_TC(tp, memory_reset_sends_the_chosen_options);
	ATF_TP_ADD_TC(tp, nicknames_are_set_removed_and_checked);
	ATF_TP_ADD_TC(tp, a_nickname_is_measured_in_characters);
	ATF_TP_ADD_TC(tp, the_eid_is_read_and_zeros_are_no_error_here);
	ATF_TP_ADD_TC(tp, each_result_has_its_name);
	ATF_TP_ADD_TC(tp, enabling_with_a_proactive_command_pending_is_success);
	ATF_TP_ADD_TC(tp, the_virtual_euicc_without_profiles_answers_each_function);
	ATF_TP_ADD_TC(tp, the_virtual_euicc_behind_a_small_reader_teaches_the_size);
	ATF_TP_ADD_TC(tp, the_virtual_euicc_is_the_same_after_a_reset);
	return atf_no_error();
}
