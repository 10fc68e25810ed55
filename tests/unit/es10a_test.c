/* SPDX-License-Identifier: GPL-2.0-or-later */
/* ES10a: what is sent, what is read, each named result; and on the virtual eUICC. */
#include "es10_results.h"
#include "veuicc_card.h"

static struct esim_error err;

ATF_TC_WITHOUT_HEAD(addresses_are_read_and_a_missing_default_is_empty);
ATF_TC_BODY(addresses_are_read_and_a_missing_default_is_empty, tc)
{
	static const struct {
		const char *answer, *smdp, *smds;
	} cases[] = {
		{ ANSWER_ADDRESSES, "smdp.example.com", "smds.example.com" },
		{ "BF3C05810361" "2E62", "", "a.b" },
		{ "BF3C0A800081" "03612E62" "820161", "", "a.b" },
	};

	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct es10a_addresses a;
		struct esim_buf answer;
		struct scripted s;
		struct esim_card *card = card_answering(&s, &answer, cases[i].answer);
		char hex[64];

		ATF_CHECK_EQ_MSG(es10a_get_euicc_configured_addresses(card, &a, &err), 0, "%s",
				 err.message);
		ATF_CHECK_STREQ(a.default_smdp, cases[i].smdp);
		ATF_CHECK_STREQ(a.root_smds, cases[i].smds);
		sent_hex(&s, hex, sizeof(hex));
		ATF_CHECK_STREQ(hex, "BF3C00");
		esim_card_free(&card);
		esim_buf_free(&answer);
		scripted_clear(&s);
	}
}

ATF_TC_WITHOUT_HEAD(an_address_is_set_and_removed_and_one_too_long_refused);
ATF_TC_BODY(an_address_is_set_and_removed_and_one_too_long_refused, tc)
{
	char hex[64], far_too_long[ESIM_MAX_FQDN + 2];
	struct esim_buf answer;
	struct scripted s;
	struct esim_card *card = card_answering(&s, &answer, ANSWER_SET_ADDRESS);

	memset(far_too_long, 'a', sizeof(far_too_long) - 1);
	far_too_long[sizeof(far_too_long) - 1] = '\0';
	ATF_CHECK_EQ(es10a_set_default_dp_address(card, far_too_long, &err), ESIM_EINVAL);
	ATF_CHECK_EQ(es10a_set_default_dp_address(card, "a.b", &err), 0);
	ATF_CHECK_EQ(es10a_set_default_dp_address(card, "", &err), 0);
	sent_hex(&s, hex, sizeof(hex));
	ATF_CHECK_STREQ(hex, "BF3F058003612E62" "BF3F028000");
	esim_card_free(&card);
	esim_buf_free(&answer);
	scripted_clear(&s);
}

ATF_TC_WITHOUT_HEAD(each_result_has_its_name);
ATF_TC_BODY(each_result_has_its_name, tc)
{
	static const struct es10_result_case cases[] = {
		{ call_set_address, "ES10a.SetDefaultDpAddress", "BF3F038001%02X",
		  { { 127, "undefinedError" }, { 9, "" }, { 0 } } },
	};

	check_results(cases, sizeof(cases) / sizeof(cases[0]));
}

ATF_TC_WITHOUT_HEAD(the_virtual_euicc_keeps_a_default_address);
ATF_TC_BODY(the_virtual_euicc_keeps_a_default_address, tc)
{
	struct veuicc_options options = { 0 };
	struct veuicc *veuicc;
	struct esim_card *card = open_veuicc(&options, &veuicc);
	struct es10a_addresses a;

	ATF_CHECK_EQ(es10a_get_euicc_configured_addresses(card, &a, &err), 0);
	ATF_CHECK_STREQ(a.default_smdp, "");
	ATF_CHECK_EQ(es10a_set_default_dp_address(card, "smdp.example.com", &err), 0);
	ATF_CHECK_EQ(es10a_get_euicc_configured_addresses(card, &a, &err), 0);
	ATF_CHECK_STREQ(a.default_smdp, "smdp.example.com");
	close_veuicc(&card, &veuicc);
}

ATF_TP_ADD_TCS(tp)
{
	ATF_TP_ADD_TC(tp, addresses_are_read_and_a_missing_default_is_empty);
	ATF_TP_ADD_TC(tp, an_address_is_set_and_removed_and_one_too_long_refused);
	ATF_TP_ADD_TC(tp, each_result_has_its_name);
	ATF_TP_ADD_TC(tp, the_virtual_euicc_keeps_a_default_address);
	return atf_no_error();
}
