/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Decoding against the ASN.1 modules: strict in form, open in contents. */
#include "asn1_objects.h"

#include <esim/asn1.h>
#include <esim/hex.h>
#include <esim/limits.h>
#include <esim/tlv.h>

#include <atf-c.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define MAX_OBJECT 2048

static struct esim_slice from_hex(const char *hex, uint8_t *out, size_t size)
{
	size_t len = 0;

	ATF_REQUIRE_EQ(0, esim_hex_decode(hex, out, size, &len));
	return esim_slice(out, len);
}

static struct esim_slice bytes(const char *hex)
{
	static uint8_t store[4][MAX_OBJECT];
	static unsigned turn;
	uint8_t *to = store[turn++ % 4];

	return from_hex(hex, to, sizeof(store[0]));
}

static struct esim_asn1 *decode(const char *type, const char *hex)
{
	struct esim_asn1 *obj = NULL;
	struct esim_error err;

	ATF_REQUIRE_MSG(esim_asn1_decode(type, bytes(hex), &obj, &err) == 0, "%s: %s", type,
			err.message);
	return obj;
}

/* Decoding must fail, leave the output alone, and say @message (all of it, or its part). */
static void refuse(const char *type, const char *hex, const char *message)
{
	struct esim_asn1 *untouched = (struct esim_asn1 *)&untouched, *obj = untouched;
	struct esim_error err;
	int r = esim_asn1_decode(type, bytes(hex), &obj, &err);

	ATF_CHECK_MSG(r == ESIM_EPROTO, "%s %s: %d", type, hex, r);
	ATF_CHECK_EQ(untouched, obj);
	ATF_CHECK_MSG(strstr(err.message, message) != NULL, "%s %s: \"%s\" lacks \"%s\"", type, hex,
		      err.message, message);
}

/* --- every object ------------------------------------------------------------ */

ATF_TC_WITHOUT_HEAD(every_object_decodes_without_unknown_fields);
ATF_TC_BODY(every_object_decodes_without_unknown_fields, tc)
{
	for (size_t i = 0; i < asn1_object_count; i++) {
		struct esim_asn1 *obj = decode(asn1_objects[i].type, asn1_objects[i].hex);

		ATF_CHECK_EQ_MSG(0, esim_asn1_unknown_seen(obj), "%s", asn1_objects[i].type);
		esim_asn1_free(&obj);
		ATF_CHECK_EQ(NULL, obj);
	}
	esim_asn1_free(NULL);
}

/* Each prefix gets memory of its own, so that a read beyond it is seen. */
ATF_TC_WITHOUT_HEAD(every_truncation_of_every_object_is_refused);
ATF_TC_BODY(every_truncation_of_every_object_is_refused, tc)
{
	for (size_t i = 0; i < asn1_object_count; i++) {
		struct esim_slice whole = bytes(asn1_objects[i].hex);

		for (size_t len = 0; len < whole.len; len++) {
			struct esim_asn1 *obj = NULL;
			struct esim_error err;
			uint8_t *cut = malloc(len ? len : 1);

			memcpy(cut, whole.data, len);
			ATF_CHECK_EQ_MSG(ESIM_EPROTO,
					 esim_asn1_decode(asn1_objects[i].type,
							  esim_slice(cut, len), &obj, &err),
					 "%s at %zu", asn1_objects[i].type, len);
			ATF_CHECK(obj == NULL && err.message[0] != '\0');
			free(cut);
		}
	}
}

/*
 * Copy @in with one child in front of, between or behind the children of one
 * constructed value: the @at-th such place. True while there is one.
 */
struct insertion {
	struct esim_slice what;
	size_t at, place;
	bool done;
	uint32_t parent;	/* tag that it went into */
};

static void copy_with(struct esim_buf *out, struct esim_slice in, struct insertion *ins,
		      uint32_t parent)
{
	struct esim_tlv tlv;

	for (;;) {
		if (parent && ins->place++ == ins->at) {
			esim_buf_append_slice(out, ins->what);
			ins->done = true;
			ins->parent = parent;
		}
		if (esim_tlv_next(&in, &tlv) != 1)
			return;
		if (esim_tlv_constructed(tlv.tag)) {
			size_t mark = esim_tlv_begin(out, tlv.tag);

			copy_with(out, tlv.value, ins, tlv.tag);
			esim_tlv_end(out, mark);
		} else {
			esim_buf_append_slice(out, tlv.whole);
		}
	}
}

/* Values that the schema leaves open take anything in: certificates, requests without data. */
static bool holds_any(const char *type)
{
	static const char *const opaque[] = {
		"Request", "AuthenticateServerResponse", "PendingNotification",
		"RetrieveNotificationsListResponse", "RemoteProfileProvisioningResponse",
		"ProfileInfoListResponse", "LoadCRLRequest",
	};

	for (size_t i = 0; i < sizeof(opaque) / sizeof(opaque[0]); i++)
		if (strstr(type, opaque[i]))
			return true;
	return false;
}

static bool is_closed(const char *type)
{
	static const char *const pkix[] = {
		"Certificate", "NameConstraints", "SubjectAltName", "CertificatePolicies",
		"BasicConstraints", "KeyUsage", "AuthorityKeyIdentifier", "CRLDistributionPoints",
		"CertificateList",
	};

	for (size_t i = 0; i < sizeof(pkix) / sizeof(pkix[0]); i++)
		if (strcmp(type, pkix[i]) == 0)
			return true;
	return false;
}

ATF_TC_WITHOUT_HEAD(an_unknown_field_at_any_place_is_kept_aside);
ATF_TC_BODY(an_unknown_field_at_any_place_is_kept_aside, tc)
{
	static const uint8_t unknown[] = { 0xDF, 0x7E, 0x02, 0xAB, 0xCD };
	struct esim_buf copy = ESIM_BUF_INIT;
	size_t kept = 0;

	for (size_t i = 0; i < asn1_object_count; i++) {
		const char *type = asn1_objects[i].type;
		struct insertion ins = { .what = esim_slice(unknown, sizeof(unknown)) };

		if (is_closed(type))
			continue;
		for (ins.done = true; ins.done; ins.at++) {
			struct esim_asn1 *obj = NULL;
			struct esim_slice aside;
			struct esim_error err;

			ins.done = false;
			ins.place = 0;
			esim_buf_reset(&copy);
			copy_with(&copy, bytes(asn1_objects[i].hex), &ins, 0);
			if (!ins.done)
				break;
			if (esim_asn1_decode(type, esim_buf_slice(&copy), &obj, &err)) {
				/* ANY under a tag, as in a vendor's extension, takes exactly one. */
				ATF_CHECK_MSG(strstr(err.message, "vendorSpecificData"), "%s",
					      err.message);
				continue;
			}
			if (esim_asn1_unknown_seen(obj) == 0) {
				ATF_CHECK_MSG(holds_any(type), "%s at %zu", type, ins.at);
			} else {
				ATF_CHECK_EQ(1, esim_asn1_unknown(obj, &aside, 1));
				ATF_CHECK(esim_slice_is(aside, unknown, sizeof(unknown)));
				ATF_CHECK(aside.data > copy.data &&
					  aside.data < copy.data + copy.len);
				kept++;
			}
			esim_asn1_free(&obj);
		}
	}
	ATF_CHECK_MSG(kept > 800, "%zu", kept);
	esim_buf_free(&copy);
}

ATF_TC_WITHOUT_HEAD(a_certificate_takes_no_unknown_field);
ATF_TC_BODY(a_certificate_takes_no_unknown_field, tc)
{
	refuse("BasicConstraints", "30060101FF9F7F00", "holds an unknown field with tag 9F7F");
	refuse("NameConstraints", "3002A500", "holds an unknown field with tag A5");
	/* Nor another order. */
	refuse("BasicConstraints", "30060201000101FF", "unknown field with tag 1");
}

/* Slices are of the received bytes, whatever was left out for libtasn1. */
ATF_TC_WITHOUT_HEAD(values_come_from_the_received_bytes);
ATF_TC_BODY(values_come_from_the_received_bytes, tc)
{
	struct esim_slice in = bytes("BF2F1BDF7E020102800107810206400C01785A0A98001032547698103214");
	struct esim_slice value, whole;
	struct esim_asn1 *obj = NULL;

	ATF_REQUIRE_EQ(0, esim_asn1_decode("NotificationMetadata", in, &obj, NULL));
	ATF_CHECK_EQ(0, esim_asn1_slice(obj, "iccid", &value));
	ATF_CHECK_EQ(in.data + in.len - 10, value.data);
	ATF_CHECK_EQ(10, value.len);
	ATF_CHECK_EQ(0, esim_asn1_whole(obj, "iccid", &whole));
	ATF_CHECK_EQ(in.data + in.len - 12, whole.data);
	ATF_CHECK_EQ(12, whole.len);
	ATF_CHECK_EQ(0, esim_asn1_whole(obj, "", &whole));
	ATF_CHECK_EQ(in.data, whole.data);
	ATF_CHECK_EQ(in.len, whole.len);
	esim_asn1_free(&obj);
}

/* --- what is missing, wrong or there twice ----------------------------------- */

ATF_TC_WITHOUT_HEAD(a_missing_field_is_named);
ATF_TC_BODY(a_missing_field_is_named, tc)
{
	refuse("EUICCInfo2", "BF2200", "EUICCInfo2.profileVersion is missing");
	refuse("EUICCInfo1", "BF20058203020500", "EUICCInfo1.euiccCiPKIdListForVerification is missing");
	refuse("GetEuiccChallengeResponse", "BF2E00", "euiccChallenge is missing");
	refuse("EnableProfileResponse", "BF3100", "EnableProfileResponse.enableResult is missing");
	refuse("SetNicknameRequest", "BF29029000", "SetNicknameRequest.iccid is missing");
	refuse("AuthenticateServerResponse", "BF3805A103800101",
	       "AuthenticateServerResponse.authenticateResponseError.authenticateErrorCode is missing");
	refuse("ListNotificationResponse", "BF2808A006BF2F03800101",
	       "ListNotificationResponse.notificationMetadataList.?1.profileManagementOperation is missing");
}

ATF_TC_WITHOUT_HEAD(a_choice_without_a_known_alternative_is_refused);
ATF_TC_BODY(a_choice_without_a_known_alternative_is_refused, tc)
{
	refuse("ProfileInfoListResponse", "BF2D00", "has none of its alternatives");
	refuse("ProfileInfoListResponse", "BF2D03850100", "has none of its alternatives");
	refuse("ProfileInfoListResponse", "BF2D05A000810101", "profileInfoListError is a second alternative");
}

ATF_TC_WITHOUT_HEAD(a_field_there_twice_is_refused);
ATF_TC_BODY(a_field_there_twice_is_refused, tc)
{
	refuse("EnableProfileResponse", "BF3106800100800105", "enableResult is there twice");
	refuse("GetEuiccChallengeResponse",
	       "BF2E24801000000000000000000000000000000000801000000000000000000000000000000000",
	       "euiccChallenge is there twice");
}

ATF_TC_WITHOUT_HEAD(another_order_is_taken_from_cards);
ATF_TC_BODY(another_order_is_taken_from_cards, tc)
{
	struct esim_asn1 *obj = decode("ProfileInfoListResponse",
				       "BF2D17A015E3139201419F7001015A0A98001032547698103214");
	char name[8];

	ATF_CHECK_EQ(0, esim_asn1_text(obj, "profileInfoListOk.?1.profileName", name, sizeof(name)));
	ATF_CHECK_STREQ("A", name);
	ATF_CHECK(esim_asn1_has(obj, "profileInfoListOk.?1.iccid"));
	ATF_CHECK_EQ(0, esim_asn1_unknown_seen(obj));
	esim_asn1_free(&obj);
}

ATF_TC_WITHOUT_HEAD(sizes_are_checked);
ATF_TC_BODY(sizes_are_checked, tc)
{
	refuse("GetEuiccChallengeResponse", "BF2E11800F000000000000000000000000000000",
	       "euiccChallenge has a size that its type does not allow");
	refuse("GetEuiccDataResponse", "BF3E115A0F890490321234512345123456789012",
	       "eidValue has a size");
	refuse("DeleteProfileRequest", "BF330B5A09980010325476981032", "iccid has a size");
	refuse("DeleteProfileRequest", "BF33024F00", "isdpAid has a size");
	refuse("CancelSessionRequest", "BF41058000810100", "transactionId has a size");
	/* 33 characters of two bytes are too many for serviceProviderName, 32 are not. */
	refuse("UpdateMetadataRequest",
	       "BF2A449142" "C3A9C3A9C3A9C3A9C3A9C3A9C3A9C3A9C3A9C3A9C3A9C3A9C3A9C3A9C3A9C3A9C3A9"
	       "C3A9C3A9C3A9C3A9C3A9C3A9C3A9C3A9C3A9C3A9C3A9C3A9C3A9C3A9C3A9C3A9",
	       "serviceProviderName has a size");
	refuse("CertificatePolicies", "3000", "has too few or too many elements");
}

ATF_TC_WITHOUT_HEAD(a_text_of_32_characters_fits_whatever_its_bytes);
ATF_TC_BODY(a_text_of_32_characters_fits_whatever_its_bytes, tc)
{
	struct esim_asn1 *obj = decode("UpdateMetadataRequest",
		"BF2A429140" "C3A9C3A9C3A9C3A9C3A9C3A9C3A9C3A9C3A9C3A9C3A9C3A9C3A9C3A9C3A9C3A9"
		"C3A9C3A9C3A9C3A9C3A9C3A9C3A9C3A9C3A9C3A9C3A9C3A9C3A9C3A9C3A9C3A9");
	char small[64] = "untouched", enough[65];

	ATF_CHECK_EQ(ESIM_ETOOBIG, esim_asn1_text(obj, "serviceProviderName", small, sizeof(small)));
	ATF_CHECK_STREQ("untouched", small);
	ATF_CHECK_EQ(0, esim_asn1_text(obj, "serviceProviderName", enough, sizeof(enough)));
	ATF_CHECK_EQ(64, strlen(enough));
	esim_asn1_free(&obj);
}

ATF_TC_WITHOUT_HEAD(malformed_utf8_is_refused);
ATF_TC_BODY(malformed_utf8_is_refused, tc)
{
	static const char *const bad[] = {
		"80", "FF", "C0AF", "C1BF", "C3", "E28281C3", "E0808A", "EDA080", "F0808080",
		"F4908080", "F5808080", "E282", "C328", "F09F98",
	};
	char hex[64];

	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
		unsigned len = (unsigned)strlen(bad[i]) / 2;

		snprintf(hex, sizeof(hex), "BF2A%02X92%02X%s", len + 2, len, bad[i]);
		refuse("UpdateMetadataRequest", hex,
		       "UpdateMetadataRequest.profileName is not valid UTF-8");
	}
}

ATF_TC_WITHOUT_HEAD(malformed_primitives_are_refused);
ATF_TC_BODY(malformed_primitives_are_refused, tc)
{
	refuse("EnableProfileResponse", "BF31028000", "enableResult is not a valid INTEGER");
	refuse("EnableProfileResponse", "BF310480020005", "superfluous octets");
	refuse("EuiccMemoryResetRequest", "BF34028200", "resetOptions is not a valid BIT STRING");
	refuse("EuiccMemoryResetRequest", "BF3404820208E0", "is not a valid BIT STRING");
	refuse("EuiccMemoryResetRequest", "BF3403820101", "is not a valid BIT STRING");
	refuse("EnableProfileRequest", "BF3110A00C5A0A980010325476981032148100",
	       "refreshFlag is not a valid BOOLEAN");
	refuse("ConfigureISDPRequest", "BF2405B803800180", "dpOid is not a valid OBJECT IDENTIFIER");
	refuse("ConfigureISDPRequest", "BF2406B8048002802B", "is not a valid OBJECT IDENTIFIER");
	refuse("ProfileElement", "AA08A006800100810101", "mandated is not a valid NULL");
	refuse("CRLDistributionPoints", "30093007A005A0038601E9", "characters that its type");
}

ATF_TC_WITHOUT_HEAD(another_object_and_an_unknown_type_are_told);
ATF_TC_BODY(another_object_and_an_unknown_type_are_told, tc)
{
	struct esim_asn1 *obj = NULL;
	struct esim_error err;

	refuse("EUICCInfo2", "BF2000", "EUICCInfo2 expected, but the object's tag is BF20");
	refuse("EUICCInfo2", "BF220000", "too many");
	refuse("HandleNotification", "BF3D04A0025A00", "has none of its alternatives");
	ATF_CHECK_EQ(ESIM_EINVAL, esim_asn1_decode("NoSuchType", bytes("3000"), &obj, &err));
	ATF_CHECK_STREQ("no ASN.1 module defines NoSuchType", err.message);
}

ATF_TC_WITHOUT_HEAD(an_explicit_tag_holds_exactly_its_type);
ATF_TC_BODY(an_explicit_tag_holds_exactly_its_type, tc)
{
	static const char *const bad[] = { "A000", "A003040102", "A006020102020102" };
	static const char rest[] = "0201013000";
	char hex[64];

	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
		snprintf(hex, sizeof(hex), "30%02zX%s%s", (strlen(bad[i]) + strlen(rest)) / 2, bad[i], rest);
		refuse("TBSCertificate", hex,
		       "TBSCertificate.version does not hold the type that its tag announces");
	}
}

ATF_TC_WITHOUT_HEAD(a_value_left_open_is_exactly_one);
ATF_TC_BODY(a_value_left_open_is_exactly_one, tc)
{
	refuse("OtherName", "300906012AA00405000500", "OtherName.value does not hold exactly one value");
	refuse("OtherName", "300506012AA000", "OtherName.value does not hold exactly one value");
}

ATF_TC_WITHOUT_HEAD(the_number_of_fields_is_bounded);
ATF_TC_BODY(the_number_of_fields_is_bounded, tc)
{
	struct esim_buf big = ESIM_BUF_INIT;
	size_t outer = esim_tlv_begin(&big, 0xBF2D), inner = esim_tlv_begin(&big, 0xA0);
	struct esim_asn1 *obj = NULL;
	struct esim_error err;

	for (int i = 0; i < 20000; i++)
		esim_tlv_put(&big, 0xE3, NULL, 0);
	esim_tlv_end(&big, inner);
	esim_tlv_end(&big, outer);
	ATF_CHECK_EQ(ESIM_ETOOBIG, esim_asn1_decode("ProfileInfoListResponse",
						    esim_buf_slice(&big), &obj, &err));
	esim_buf_free(&big);
}

ATF_TC_WITHOUT_HEAD(unknown_fields_beyond_the_bound_are_counted);
ATF_TC_BODY(unknown_fields_beyond_the_bound_are_counted, tc)
{
	struct esim_slice all[ESIM_ASN1_MAX_UNKNOWN];
	struct esim_buf big = ESIM_BUF_INIT;
	size_t mark = esim_tlv_begin(&big, 0xBF31);
	struct esim_asn1 *obj = NULL;

	for (int i = 0; i < 200; i++)
		esim_tlv_put(&big, 0x9F7F, NULL, 0);
	esim_tlv_put_uint(&big, 0x80, 5);
	esim_tlv_end(&big, mark);
	ATF_REQUIRE_EQ(0, esim_asn1_decode("EnableProfileResponse", esim_buf_slice(&big), &obj, NULL));
	ATF_CHECK_EQ(200, esim_asn1_unknown_seen(obj));
	ATF_CHECK_EQ(ESIM_ASN1_MAX_UNKNOWN, esim_asn1_unknown(obj, all, ESIM_ASN1_MAX_UNKNOWN));
	ATF_CHECK_STREQ("catBusy", esim_asn1_value_name(obj, "enableResult"));
	esim_asn1_free(&obj);
	esim_buf_free(&big);
}

/* --- reading ----------------------------------------------------------------- */

ATF_TC_WITHOUT_HEAD(fields_are_read_by_their_paths);
ATF_TC_BODY(fields_are_read_by_their_paths, tc)
{
	struct esim_asn1 *obj = decode("ProfileInfoListResponse",
		"BF2D21A01FE3175A0A980010325476981032149002414295010099020640E3049F700101");
	const char *nickname = "profileInfoListOk.?1.profileNickname";
	struct esim_slice slice = { 0 };
	uint64_t number = 99;
	bool flag = true;
	char text[8];

	ATF_CHECK_EQ(2, esim_asn1_count(obj, "profileInfoListOk"));
	ATF_CHECK_EQ(0, esim_asn1_count(obj, "profileInfoListOk.?1"));
	ATF_CHECK_EQ(0, esim_asn1_count(obj, "profileInfoListError"));
	ATF_CHECK(esim_asn1_has(obj, "profileInfoListOk"));
	ATF_CHECK(!esim_asn1_has(obj, "profileInfoListError"));
	ATF_CHECK(esim_asn1_has(obj, "profileInfoListOk.?2"));
	ATF_CHECK(!esim_asn1_has(obj, "profileInfoListOk.?0"));
	ATF_CHECK(!esim_asn1_has(obj, "profileInfoListOk.?3"));
	ATF_CHECK(!esim_asn1_has(obj, "profileInfoListOk.?2.iccid"));
	ATF_CHECK(!esim_asn1_has(obj, "profileInfoListOk.?1.icci"));
	ATF_CHECK(!esim_asn1_has(obj, "profileInfoListOk.?1.iccidd"));

	ATF_CHECK_EQ(0, esim_asn1_text(obj, nickname, text, sizeof(text)));
	ATF_CHECK_STREQ("AB", text);
	ATF_CHECK_EQ(ESIM_ETOOBIG, esim_asn1_text(obj, nickname, text, 2));
	ATF_CHECK_EQ(ESIM_EINVAL, esim_asn1_text(obj, "profileInfoListOk.?1.iccid", text, sizeof(text)));
	ATF_CHECK_EQ(ESIM_ENOENT, esim_asn1_text(obj, "profileInfoListOk.?2.profileName", text, 8));

	ATF_CHECK_EQ(0, esim_asn1_uint(obj, "profileInfoListOk.?1.profileClass", &number));
	ATF_CHECK_EQ(0, number);
	ATF_CHECK_STREQ("test", esim_asn1_value_name(obj, "profileInfoListOk.?1.profileClass"));
	ATF_CHECK_EQ(NULL, esim_asn1_value_name(obj, "profileInfoListOk.?2.profileClass"));
	ATF_CHECK_EQ(ESIM_ENOENT, esim_asn1_uint(obj, "profileInfoListOk.?2.profileClass", &number));
	ATF_CHECK_EQ(ESIM_EINVAL, esim_asn1_uint(obj, nickname, &number));
	ATF_CHECK_EQ(ESIM_EINVAL, esim_asn1_uint(obj, "noSuchField", &number));
	ATF_CHECK_EQ(ESIM_EINVAL, esim_asn1_bool(obj, nickname, &flag));

	ATF_CHECK(esim_asn1_bit(obj, "profileInfoListOk.?1.profilePolicyRules", 1));
	ATF_CHECK(!esim_asn1_bit(obj, "profileInfoListOk.?1.profilePolicyRules", 0));
	ATF_CHECK(!esim_asn1_bit(obj, "profileInfoListOk.?1.profilePolicyRules", 2));
	ATF_CHECK(!esim_asn1_bit(obj, "profileInfoListOk.?1.profilePolicyRules", 4000));
	ATF_CHECK(!esim_asn1_bit(obj, "profileInfoListOk.?2.profilePolicyRules", 1));

	ATF_CHECK_EQ(ESIM_ENOENT, esim_asn1_slice(obj, "profileInfoListOk.?2.iccid", &slice));
	ATF_CHECK_EQ(ESIM_ENOENT, esim_asn1_whole(obj, "profileInfoListOk.?2.iccid", &slice));
	ATF_CHECK_EQ(NULL, slice.data);
	esim_asn1_free(&obj);
}

ATF_TC_WITHOUT_HEAD(defaults_stand_in_for_absent_fields);
ATF_TC_BODY(defaults_stand_in_for_absent_fields, tc)
{
	struct esim_asn1 *obj = decode("StoreMetadataRequest", "BF25105A0A9800103254769810321491009200");
	uint64_t number = 99;
	bool flag = true;

	ATF_CHECK(!esim_asn1_has(obj, "profileClass"));
	ATF_CHECK_EQ(0, esim_asn1_uint(obj, "profileClass", &number));
	ATF_CHECK_EQ(2, number);
	ATF_CHECK_STREQ("operational", esim_asn1_value_name(obj, "profileClass"));
	esim_asn1_free(&obj);

	obj = decode("BasicConstraints", "3000");
	ATF_CHECK_EQ(0, esim_asn1_bool(obj, "cA", &flag));
	ATF_CHECK(!flag);
	esim_asn1_free(&obj);
	obj = decode("BasicConstraints", "30030101FF");
	ATF_CHECK_EQ(0, esim_asn1_bool(obj, "cA", &flag));
	ATF_CHECK(flag);
	esim_asn1_free(&obj);
}

ATF_TC_WITHOUT_HEAD(a_zero_inside_a_text_is_refused_by_the_reader);
ATF_TC_BODY(a_zero_inside_a_text_is_refused_by_the_reader, tc)
{
	struct esim_asn1 *obj = decode("UpdateMetadataRequest", "BF2A059203410042");
	char text[8] = "same";

	ATF_CHECK_EQ(ESIM_EPROTO, esim_asn1_text(obj, "profileName", text, sizeof(text)));
	ATF_CHECK_STREQ("same", text);
	esim_asn1_free(&obj);
}

ATF_TC_WITHOUT_HEAD(large_and_negative_numbers_are_no_uint);
ATF_TC_BODY(large_and_negative_numbers_are_no_uint, tc)
{
	struct esim_asn1 *obj = decode("NotificationSentRequest", "BF30038001FF");
	uint64_t number = 7;

	ATF_CHECK_EQ(ESIM_EPROTO, esim_asn1_uint(obj, "seqNumber", &number));
	esim_asn1_free(&obj);
	obj = decode("NotificationSentRequest", "BF300C800A01000000000000000000");
	ATF_CHECK_EQ(ESIM_EPROTO, esim_asn1_uint(obj, "seqNumber", &number));
	ATF_CHECK_EQ(7, number);
	esim_asn1_free(&obj);
}

/* What a signature covers is the received TLV, its unknown fields included. */
ATF_TC_WITHOUT_HEAD(signed_parts_keep_their_unknown_fields);
ATF_TC_BODY(signed_parts_keep_their_unknown_fields, tc)
{
	static const char signed2[] = "300A8001010101FF9F7E01AA";
	char hex[64];
	struct esim_asn1 *obj;
	struct esim_slice whole;
	bool flag = false;

	snprintf(hex, sizeof(hex), "BF2115%s5F370111%s", signed2, "3003020105");
	obj = decode("PrepareDownloadRequest", hex);
	ATF_CHECK_EQ(1, esim_asn1_unknown_seen(obj));
	ATF_CHECK_EQ(0, esim_asn1_whole(obj, "smdpSigned2", &whole));
	ATF_CHECK(esim_slice_equal(whole, bytes(signed2)));
	ATF_CHECK_EQ(0, esim_asn1_whole(obj, "smdpSignature2", &whole));
	ATF_CHECK(esim_slice_equal(whole, bytes("5F370111")));
	ATF_CHECK_EQ(0, esim_asn1_bool(obj, "smdpSigned2.ccRequiredFlag", &flag));
	ATF_CHECK(flag);
	esim_asn1_free(&obj);
}

/* --- recorded data ----------------------------------------------------------- */

static struct esim_slice read_reference(const char *name, uint8_t *store, size_t size)
{
	const char *dir = getenv("REFDATA");
	char path[512];
	FILE *file;
	size_t len;

	if (!dir || !*dir)
		atf_tc_skip("REFDATA names no reference data");
	snprintf(path, sizeof(path), "%s/%s", dir, name);
	file = fopen(path, "rb");
	if (!file)
		atf_tc_skip("%s is not there", path);
	len = fread(store, 1, size, file);
	fclose(file);
	return esim_slice(store, len);
}

ATF_TC_WITHOUT_HEAD(recorded_profile_packages_decode);
ATF_TC_BODY(recorded_profile_packages_decode, tc)
{
	static const char *const names[] = {
		"upp/TS48v1_A.der", "upp/TS48v4_SAIP2.3_BERTLV.der", "upp/TS48v5_SAIP2.3_NoBERTLV.der",
	};
	static uint8_t store[32768];

	for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
		struct esim_slice in = read_reference(names[i], store, sizeof(store)), element;
		bool ended = false;
		struct esim_tlv tlv;

		while (esim_tlv_next(&in, &tlv) == 1) {
			struct esim_asn1 *obj = NULL;
			struct esim_error err;

			ATF_REQUIRE_MSG(esim_asn1_decode("ProfileElement", tlv.whole, &obj, &err) == 0,
					"%s: %s", names[i], err.message);
			if (esim_asn1_slice(obj, "header.iccid", &element) == 0)
				ATF_CHECK_EQ(10, element.len);
			if (esim_asn1_has(obj, "mf") || esim_asn1_has(obj, "usim"))
				ATF_CHECK_EQ(0, esim_asn1_unknown_seen(obj));
			ended = esim_asn1_has(obj, "end");
			esim_asn1_free(&obj);
		}
		ATF_CHECK_EQ(0, in.len);
		ATF_CHECK(ended);
	}
}

ATF_TC_WITHOUT_HEAD(recorded_certificates_decode);
ATF_TC_BODY(recorded_certificates_decode, tc)
{
	static const char *const names[] = {
		"sgp26-nist/CERT_CI.der", "sgp26-nist/CERT_EUM.der", "sgp26-nist/CERT_EUICC.der",
		"sgp26-nist/CERT_DPauth.der", "sgp26-nist/CERT_DPpb.der", "sgp26-nist/CERT_DPtls.der",
		"sgp26-brp/CERT_CI.der", "sgp26-brp/CERT_DPauth.der", "sgp26-brp/CERT_DPpb.der",
	};
	static uint8_t store[4096];

	for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
		struct esim_slice in = read_reference(names[i], store, sizeof(store));
		struct esim_asn1 *obj = NULL;
		struct esim_error err;
		uint64_t version = 0;

		ATF_REQUIRE_MSG(esim_asn1_decode("Certificate", in, &obj, &err) == 0, "%s: %s", names[i],
				err.message);
		ATF_CHECK_EQ(0, esim_asn1_uint(obj, "tbsCertificate.version", &version));
		ATF_CHECK_EQ(2, version);
		ATF_CHECK(esim_asn1_count(obj, "tbsCertificate.extensions") >= 4);
		esim_asn1_free(&obj);
	}
}

/* What travelled in one direction: requests come cut into STORE DATA blocks, the package too. */
static void check_stream(struct esim_slice in, bool requests, unsigned *count)
{
	static const struct {
		uint32_t tag;
		const char *request, *response;
	} types[] = {
		{ 0xBF2E, "GetEuiccChallengeRequest", "GetEuiccChallengeResponse" },
		{ 0xBF20, "GetEuiccInfo1Request", "EUICCInfo1" },
		{ 0xBF38, "AuthenticateServerRequest", "AuthenticateServerResponse" },
		{ 0xBF21, "PrepareDownloadRequest", "PrepareDownloadResponse" },
		{ 0xBF36, "BoundProfilePackage", NULL },
		{ 0xBF37, NULL, "ProfileInstallationResult" },
	};
	struct esim_tlv tlv;

	while (esim_tlv_next(&in, &tlv) == 1) {
		for (size_t i = 0; i < sizeof(types) / sizeof(types[0]); i++) {
			const char *type = requests ? types[i].request : types[i].response;
			struct esim_asn1 *obj = NULL;
			struct esim_error err;

			if (types[i].tag != tlv.tag)
				continue;
			ATF_REQUIRE(type != NULL);
			ATF_REQUIRE_MSG(esim_asn1_decode(type, tlv.whole, &obj, &err) == 0, "%s",
					err.message);
			ATF_CHECK_EQ(0, esim_asn1_unknown_seen(obj));
			esim_asn1_free(&obj);
			(*count)++;
		}
	}
	ATF_CHECK_EQ(0, in.len);
}

ATF_TC_WITHOUT_HEAD(recorded_apdus_decode);
ATF_TC_BODY(recorded_apdus_decode, tc)
{
	static uint8_t text[65536];
	struct esim_slice in = read_reference("es9p-sample/apdu.txt", text, sizeof(text) - 1);
	struct esim_buf sent = ESIM_BUF_INIT, received = ESIM_BUF_INIT;
	unsigned count = 0;
	char *rest = NULL;

	text[in.len] = '\0';
	for (char *line = strtok_r((char *)text, "\n", &rest); line; line = strtok_r(NULL, "\n", &rest)) {
		uint8_t apdu[300];
		size_t len;

		if (strlen(line) < 2)
			continue;
		line[2 + strspn(line + 2, "0123456789abcdefABCDEF")] = '\0';
		if (esim_hex_decode(line + 2, apdu, sizeof(apdu), &len))
			continue;
		if (line[0] == '>' && len > 5 && apdu[1] == 0xE2)
			esim_buf_append(&sent, apdu + 5, apdu[4]);
		if (line[0] == '<' && len > 2)
			esim_buf_append(&received, apdu, len - 2);
	}
	check_stream(esim_buf_slice(&sent), true, &count);
	check_stream(esim_buf_slice(&received), false, &count);
	ATF_CHECK_EQ(10, count);
	esim_buf_free(&sent);
	esim_buf_free(&received);
}

ATF_TP_ADD_TCS(tp)
{
	ATF_TP_ADD_TC(tp, every_object_decodes_without_unknown_fields);
	ATF_TP_ADD_TC(tp, every_truncation_of_every_object_is_refused);
	ATF_TP_ADD_TC(tp, an_unknown_field_at_any_place_is_kept_aside);
	ATF_TP_ADD_TC(tp, a_certificate_takes_no_unknown_field);
	ATF_TP_ADD_TC(tp, values_come_from_the_received_bytes);
	ATF_TP_ADD_TC(tp, a_missing_field_is_named);
	ATF_TP_ADD_TC(tp, a_choice_without_a_known_alternative_is_refused);
	ATF_TP_ADD_TC(tp, a_field_there_twice_is_refused);
	ATF_TP_ADD_TC(tp, another_order_is_taken_from_cards);
	ATF_TP_ADD_TC(tp, sizes_are_checked);
	ATF_TP_ADD_TC(tp, a_text_of_32_characters_fits_whatever_its_bytes);
	ATF_TP_ADD_TC(tp, malformed_utf8_is_refused);
	ATF_TP_ADD_TC(tp, malformed_primitives_are_refused);
	ATF_TP_ADD_TC(tp, another_object_and_an_unknown_type_are_told);
	ATF_TP_ADD_TC(tp, an_explicit_tag_holds_exactly_its_type);
	ATF_TP_ADD_TC(tp, a_value_left_open_is_exactly_one);
	ATF_TP_ADD_TC(tp, the_number_of_fields_is_bounded);
	ATF_TP_ADD_TC(tp, unknown_fields_beyond_the_bound_are_counted);
	ATF_TP_ADD_TC(tp, fields_are_read_by_their_paths);
	ATF_TP_ADD_TC(tp, defaults_stand_in_for_absent_fields);
	ATF_TP_ADD_TC(tp, a_zero_inside_a_text_is_refused_by_the_reader);
	ATF_TP_ADD_TC(tp, large_and_negative_numbers_are_no_uint);
	ATF_TP_ADD_TC(tp, signed_parts_keep_their_unknown_fields);
	ATF_TP_ADD_TC(tp, recorded_profile_packages_decode);
	ATF_TP_ADD_TC(tp, recorded_certificates_decode);
	ATF_TP_ADD_TC(tp, recorded_apdus_decode);
	return atf_no_error();
}
