/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Activation codes: what is understood, what is refused, and that errors keep the secret. */
#include <esim/activation_code.h>

#include <atf-c.h>
#include <stdio.h>
#include <string.h>

static void good(const char *text, struct esim_activation_code *ret)
{
	struct esim_error err;

	ATF_REQUIRE_EQ_MSG(0, esim_activation_code_parse(text, false, ret, &err), "%s: %s", text,
			   err.message);
}

static void refused(const char *text, const char *words)
{
	struct esim_activation_code code;
	struct esim_error err;

	memset(&code, 0x5A, sizeof(code));
	ATF_REQUIRE_EQ_MSG(ESIM_EINVAL, esim_activation_code_parse(text, false, &code, &err), "%s",
			   text);
	ATF_REQUIRE_EQ(ESIM_DOMAIN_USAGE, err.domain);
	ATF_REQUIRE_MSG(strstr(err.message, words), "%s: %s", text, err.message);
	ATF_REQUIRE_MSG(!strstr(err.message, "SECRET") && !strstr(err.advice, "SECRET"), "%s",
			err.message);
	ATF_REQUIRE_EQ(0x5A, code.smdp_address[0]);
}

ATF_TC_WITHOUT_HEAD(the_three_fields);
ATF_TC_BODY(the_three_fields, tc)
{
	struct esim_activation_code code;

	good("1$smdp.example.com$04386-AGYFT-A74Y8-3F815", &code);
	ATF_REQUIRE_STREQ("smdp.example.com", code.smdp_address);
	ATF_REQUIRE_STREQ("04386-AGYFT-A74Y8-3F815", code.matching_id);
	ATF_REQUIRE_STREQ("", code.smdp_oid);
	ATF_REQUIRE(!code.confirmation_code_required);
	ATF_REQUIRE_STREQ("", code.ci_key_indicator);
	ATF_REQUIRE(!code.delete_notification);
}

ATF_TC_WITHOUT_HEAD(optional_fields_keep_their_places);
ATF_TC_BODY(optional_fields_keep_their_places, tc)
{
	struct esim_activation_code code;

	good("1$smdp.example.com$ID$$1", &code);
	ATF_REQUIRE_STREQ("", code.smdp_oid);
	ATF_REQUIRE(code.confirmation_code_required);
	good("1$smdp.example.com$ID$1.3.6.1.4.1.31746", &code);
	ATF_REQUIRE_STREQ("1.3.6.1.4.1.31746", code.smdp_oid);
	ATF_REQUIRE(!code.confirmation_code_required);
	good("1$smdp.example.com$$1.3.6.1.4.1.31746$1", &code);
	ATF_REQUIRE_STREQ("", code.matching_id);
	ATF_REQUIRE(code.confirmation_code_required);
	good("1$smdp.example.com$ID$$$F54172bd$1", &code);
	ATF_REQUIRE_STREQ("F54172bd", code.ci_key_indicator);
	ATF_REQUIRE(code.delete_notification);
	good("1$smdp.example.com$ID$$$$", &code);
	ATF_REQUIRE(!code.delete_notification);
}

ATF_TC_WITHOUT_HEAD(pasted_text_is_cleaned);
ATF_TC_BODY(pasted_text_is_cleaned, tc)
{
	static const char *const pasted[] = {
		"LPA:1$smdp.example.com$aB-c",
		"lpa:1$SMDP.Example.COM$aB-c",
		"  \tLpA:1$smdp.example.com.$aB-c\r\n",
		"LPA: 1$ smdp.example.com $aB-c",
	};
	struct esim_activation_code code;

	for (size_t i = 0; i < sizeof(pasted) / sizeof(pasted[0]); i++) {
		good(pasted[i], &code);
		ATF_REQUIRE_STREQ("smdp.example.com", code.smdp_address);
		ATF_REQUIRE_STREQ("aB-c", code.matching_id);
	}
}

ATF_TC_WITHOUT_HEAD(the_matching_id_is_kept_verbatim);
ATF_TC_BODY(the_matching_id_is_kept_verbatim, tc)
{
	struct esim_activation_code code;

	good("1$smdp.example.com$TS48v4_SAIP2.3 b&<\"\xC3\xA4", &code);
	ATF_REQUIRE_STREQ("TS48v4_SAIP2.3 b&<\"\xC3\xA4", code.matching_id);
}

ATF_TC_WITHOUT_HEAD(an_empty_matching_id_is_legal);
ATF_TC_BODY(an_empty_matching_id_is_legal, tc)
{
	struct esim_activation_code code;

	good("1$smdp.example.com$", &code);
	ATF_REQUIRE_STREQ("", code.matching_id);
}

ATF_TC_WITHOUT_HEAD(malformed_codes_are_refused_without_repeating_them);
ATF_TC_BODY(malformed_codes_are_refused_without_repeating_them, tc)
{
	refused("", "empty");
	refused("   ", "empty");
	refused("LPA:", "empty");
	refused(NULL, "none");
	refused("1", "fewer than three");
	refused("1$smdp.example.com", "fewer than three");
	refused("LPA:1-SECRET", "fewer than three");
	refused("2$smdp.example.com$SECRET", "1$");
	refused("$smdp.example.com$SECRET", "1$");
	refused("11$smdp.example.com$SECRET", "1$");
	refused("https://SECRET.example.com/$a$b", "1$");
	refused("1$$SECRET", "server address");
	refused("1$SECRET_host.example.com$SECRET", "server address");
	refused("1$127.0.0.1$SECRET", "server address");
	refused("1$SECRET$SECRET", "server address");
	refused("1$https://smdp.example.com$SECRET", "web address");
	refused("1$smdp.example.com:8443$SECRET", "443");
	refused("1$smdp.example.com$SECRET\x01", "matching id");
	refused("1$smdp.example.com$SECRET\xFF", "matching id");
	refused("1$smdp.example.com$SECRET$1.3.SECRET", "OID");
	refused("1$smdp.example.com$SECRET$1..3", "OID");
	refused("1$smdp.example.com$SECRET$1.3.", "OID");
	refused("1$smdp.example.com$SECRET$1.03", "OID");
	refused("1$smdp.example.com$SECRET$3.1", "OID");
	refused("1$smdp.example.com$SECRET$1", "OID");
	refused("1$smdp.example.com$SECRET$$2", "flag");
	refused("1$smdp.example.com$SECRET$$11", "flag");
	refused("1$smdp.example.com$SECRET$$$xyz", "CI key indicator");
	refused("1$smdp.example.com$SECRET$$$abc", "CI key indicator");
	refused("1$smdp.example.com$SECRET$$$$x", "seventh");
	refused("1$smdp.example.com$SECRET$$$$1$", "seven fields");
}

ATF_TC_WITHOUT_HEAD(long_codes_are_refused);
ATF_TC_BODY(long_codes_are_refused, tc)
{
	char text[ESIM_MAX_ACTIVATION_CODE + 64];
	int n = snprintf(text, sizeof(text), "1$smdp.example.com$");

	memset(text + n, 'A', ESIM_MAX_MATCHING_ID + 1);
	text[(size_t)n + ESIM_MAX_MATCHING_ID + 1] = '\0';
	refused(text, "matching id");
	text[(size_t)n + ESIM_MAX_MATCHING_ID] = '\0';
	good(text, &(struct esim_activation_code){ 0 });
	memset(text + n, 'A', ESIM_MAX_ACTIVATION_CODE);
	text[ESIM_MAX_ACTIVATION_CODE + 1] = '\0';
	refused(text, "longer than any");
}

ATF_TC_WITHOUT_HEAD(a_port_is_taken_where_it_is_allowed);
ATF_TC_BODY(a_port_is_taken_where_it_is_allowed, tc)
{
	struct esim_activation_code code;
	struct esim_error err;

	ATF_REQUIRE_EQ(0, esim_activation_code_parse("1$smdp.example.com:8443$ID", true, &code, &err));
	ATF_REQUIRE_STREQ("smdp.example.com:8443", code.smdp_address);
}

ATF_TC_WITHOUT_HEAD(clear_wipes);
ATF_TC_BODY(clear_wipes, tc)
{
	static const struct esim_activation_code zero;
	struct esim_activation_code code;

	good("1$smdp.example.com$SECRET", &code);
	esim_activation_code_clear(&code);
	ATF_REQUIRE_EQ(0, memcmp(&code, &zero, sizeof(code)));
	esim_activation_code_clear(NULL);
}

ATF_TP_ADD_TCS(tp)
{
	ATF_TP_ADD_TC(tp, the_three_fields);
	ATF_TP_ADD_TC(tp, optional_fields_keep_their_places);
	ATF_TP_ADD_TC(tp, pasted_text_is_cleaned);
	ATF_TP_ADD_TC(tp, the_matching_id_is_kept_verbatim);
	ATF_TP_ADD_TC(tp, an_empty_matching_id_is_legal);
	ATF_TP_ADD_TC(tp, malformed_codes_are_refused_without_repeating_them);
	ATF_TP_ADD_TC(tp, long_codes_are_refused);
	ATF_TP_ADD_TC(tp, a_port_is_taken_where_it_is_allowed);
	ATF_TP_ADD_TC(tp, clear_wipes);
	return atf_no_error();
}
