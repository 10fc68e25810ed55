/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * ES10b: what is sent byte for byte, what is read, each named result; the
 * virtual eUICC, and a recorded exchange where the reference data is there.
 */
#include "veuicc_card.h"
#include "es10_card.h"	/* its one error would shadow those of other headers */

#include <esim/capabilities.h>
#include <esim/tlv.h>

/* --- information ---------------------------------------------------------------------- */

ATF_TC_WITHOUT_HEAD(info1_is_read_and_kept_byte_for_byte);
ATF_TC_BODY(info1_is_read_and_kept_byte_for_byte, tc)
{
	struct esim_card *card = answering(ANSWER_INFO1);
	struct es10b_euicc_info1 info;

	ATF_REQUIRE_EQ_MSG(es10b_get_euicc_info1(card, &info, &err), 0, "%s", err.message);
	CHECK_SENT("BF2000");
	ATF_CHECK_EQ(info.svn.major, 2);
	ATF_CHECK_EQ(info.svn.minor, 5);
	ATF_CHECK_EQ(info.ci_for_verification.count, 2);
	ATF_CHECK_EQ(info.ci_for_signing.ids[1].len, 20);
	ATF_CHECK_EQ(info.ci_for_signing.ids[1].bytes[0], 2);
	ATF_CHECK_EQ(info.whole.len + 2, answer.len);
	ATF_CHECK(memcmp(info.whole.data, answer.data, info.whole.len) == 0);
	ATF_CHECK(esim_key_id_list_has(&info.ci_for_signing,
				       esim_slice(info.ci_for_verification.ids[0].bytes, 20)));
	ATF_CHECK(!esim_key_id_list_has(&info.ci_for_signing,
					esim_slice(info.ci_for_verification.ids[0].bytes, 19)));
	es10b_euicc_info1_clear(&info);
	done(&card);
}

ATF_TC_WITHOUT_HEAD(info2_is_read_with_what_is_unknown_kept);
ATF_TC_BODY(info2_is_read_with_what_is_unknown_kept, tc)
{
	struct esim_card *card = answering(ANSWER_INFO2);
	struct es10b_euicc_info2 info;

	ATF_REQUIRE_EQ_MSG(es10b_get_euicc_info2(card, &info, &err), 0, "%s", err.message);
	CHECK_SENT("BF2200");
	ATF_CHECK_EQ(info.profile_version.minor, 3);
	ATF_CHECK_EQ(info.firmware_version.revision, 3);
	ATF_CHECK(info.has_memory);
	ATF_CHECK_EQ(info.installed_applications, 8);
	ATF_CHECK_EQ(info.free_non_volatile_memory, 0x60000);
	ATF_CHECK_EQ(info.free_volatile_memory, 0xC000);
	ATF_CHECK(info.has_global_platform_version);
	ATF_CHECK_EQ(info.rsp_capability, 1 << 0 | 1 << 2 | 1 << 3 | 1 << 4 | 1 << 5);
	ATF_CHECK_EQ(info.uicc_capability & 0x1E, 0x1E);
	ATF_CHECK_EQ(info.category, 2);
	ATF_CHECK_EQ(info.forbidden_policy_rules, ESIM_PPR1);
	ATF_CHECK_STREQ(info.sas_accreditation_number, "EX-AC-2026");
	ATF_CHECK_STREQ(info.discovery_base_url, "https://dlo.example");
	/* The unknown 9F7E is there for whoever gets the whole. */
	ATF_CHECK_EQ(info.whole.len + 2, answer.len);
	es10b_euicc_info2_clear(&info);
	done(&card);
}

ATF_TC_WITHOUT_HEAD(more_ci_keys_than_the_limit_are_refused);
ATF_TC_BODY(more_ci_keys_than_the_limit_are_refused, tc)
{
	struct esim_buf info = ESIM_BUF_INIT;
	size_t outer = esim_tlv_begin(&info, 0xBF20), list;
	struct es10b_euicc_info1 ret = { 0 };
	struct esim_card *card;
	char hex[1024];

	esim_tlv_put(&info, 0x82, "\2\5\0", 3);
	for (uint32_t tag = 0xA9; tag <= 0xAA; tag++) {
		list = esim_tlv_begin(&info, tag);
		for (int i = 0; i <= ESIM_MAX_CI_KEY_IDS; i++)
			esim_tlv_put(&info, 0x04, "abcd", 4);
		esim_tlv_end(&info, list);
	}
	esim_tlv_end(&info, outer);
	esim_hex_encode(esim_buf_slice(&info), hex);
	card = answering(hex);
	ATF_CHECK_EQ(es10b_get_euicc_info1(card, &ret, &err), ESIM_ETOOBIG);
	ATF_CHECK(ret.whole.data == NULL);
	esim_buf_free(&info);
	done(&card);
}

ATF_TC_WITHOUT_HEAD(the_challenge_has_sixteen_bytes);
ATF_TC_BODY(the_challenge_has_sixteen_bytes, tc)
{
	struct esim_card *card = answering(ANSWER_CHALLENGE);
	uint8_t challenge[ESIM_CHALLENGE_SIZE] = { 0xEE };

	ATF_CHECK_EQ(es10b_get_euicc_challenge(card, challenge, &err), 0);
	CHECK_SENT("BF2E00");
	ATF_CHECK_EQ(challenge[15], 15);
	done(&card);
	card = answering("BF2E11" "800F" "000102030405060708090A0B0C0D0E");
	challenge[0] = 0xEE;
	ATF_CHECK_EQ(es10b_get_euicc_challenge(card, challenge, &err), ESIM_EPROTO);
	ATF_CHECK_EQ(challenge[0], 0xEE);
	done(&card);
}

ATF_TC_WITHOUT_HEAD(the_rat_is_read_in_order_with_absent_and_empty_gids);
ATF_TC_BODY(the_rat_is_read_in_order_with_absent_and_empty_gids, tc)
{
	struct esim_card *card = answering(ANSWER_RAT);
	struct esim_rat rat;

	ATF_REQUIRE_EQ_MSG(es10b_get_rat(card, &rat, &err), 0, "%s", err.message);
	CHECK_SENT("BF4300");
	ATF_REQUIRE_EQ(rat.count, 2);
	ATF_CHECK_EQ(rat.rules[0].ppr_ids, ESIM_PPR1);
	ATF_CHECK_EQ(rat.rules[0].operators[0].mcc_mnc[2], 0xEE);
	ATF_CHECK(!rat.rules[0].operators[0].has_gid1);
	ATF_CHECK(!rat.rules[0].consent_required);
	ATF_CHECK_EQ(rat.rules[1].ppr_ids, ESIM_PPR1 | ESIM_PPR2);
	ATF_CHECK(rat.rules[1].operators[0].has_gid1);
	ATF_CHECK_EQ(rat.rules[1].operators[0].gid1_len, 0);
	ATF_CHECK_EQ(rat.rules[1].operators[0].gid2[0], 0xBB);
	ATF_CHECK(rat.rules[1].consent_required);
	esim_rat_clear(&rat);
	done(&card);
	card = answering("BF4302A000");
	ATF_CHECK_EQ(es10b_get_rat(card, &rat, &err), 0);
	ATF_CHECK_EQ(rat.count, 0);
	esim_rat_clear(&rat);
	done(&card);
}

/* --- authentication --------------------------------------------------------------------- */

static const struct es10b_device_info device = { .tac = { 0x35, 0x29, 0x06, 0x11 } };

static struct es10b_authenticate_server authenticate_input(void)
{
	return (struct es10b_authenticate_server){
		SLICE(call_sequence), { call_signature, 67 }, SLICE(call_key_id),
		SLICE(call_sequence), NULL, &device, NULL,
	};
}

#define SIGNATURE_HEX "5F3740" \
	"00000000000000000000000000000000000000000000000000000000000000000000000000000000" \
	"000000000000000000000000000000000000000000000000"
#define AUTHENTICATE_PARTS "3003020101" SIGNATURE_HEX "0402AABB" "3003020101"

ATF_TC_WITHOUT_HEAD(authenticate_server_sends_what_is_known_and_nothing_else);
ATF_TC_BODY(authenticate_server_sends_what_is_known_and_nothing_else, tc)
{
	static const struct es10b_device_info full = {
		.tac = { 0x35, 0x29, 0x06, 0x11 },
		.has_imei = true,
		.imei = { 0x53, 0x92, 0x60, 0x11, 0x00, 0x00, 0x00, 0xF1 },
		.capabilities = { .gsm = { 15, 0, 0 }, .eutran_epc = { 15, 1, 2 },
				  .eutran_5gc = { 16, 0, 0 }, .form_factor_known = true },
	};
	static const struct esim_capabilities extensible = { .rsp_capability = 1u << 4,
							     .has_rsp_capability = true };
	struct es10b_authenticate_server in = authenticate_input();
	struct es10b_authenticate_server_response response;
	struct esim_card *card = answering(ANSWER_AUTHENTICATE);

	ATF_REQUIRE_EQ_MSG(es10b_authenticate_server(card, &in, &response, &err), 0, "%s", err.message);
	CHECK_SENT("BF385D" AUTHENTICATE_PARTS "A00A" "A108" "8004" "35290611" "A100");
	es10b_authenticate_server_response_clear(&response);
	done(&card);

	in.matching_id = "";
	card = answering(ANSWER_AUTHENTICATE);
	ATF_REQUIRE_EQ(es10b_authenticate_server(card, &in, &response, &err), 0);
	CHECK_SENT("BF385F" AUTHENTICATE_PARTS "A00C" "8000" "A108" "8004" "35290611" "A100");
	es10b_authenticate_server_response_clear(&response);
	done(&card);

	in.matching_id = "A-B";
	in.device = &full;
	in.capabilities = &extensible;
	card = answering(ANSWER_AUTHENTICATE);
	ATF_REQUIRE_EQ(es10b_authenticate_server(card, &in, &response, &err), 0);
	CHECK_SENT("BF387E" AUTHENTICATE_PARTS "A02B" "8003412D42" "A124" "8004" "35290611"
		   "A112" "80030F0000" "85030F0102" "8A03100000" "8D0101"
		   "8208" "53926011000000F1");
	es10b_authenticate_server_response_clear(&response);
	done(&card);
}

/* Fields of DeviceCapabilities that came later may make an older card refuse all of it. */
ATF_TC_WITHOUT_HEAD(later_device_capabilities_go_to_cards_that_take_them);
ATF_TC_BODY(later_device_capabilities_go_to_cards_that_take_them, tc)
{
	static const struct es10b_device_info later = {
		.tac = { 0x35, 0x29, 0x06, 0x11 },
		.capabilities = { .rsp_crl = { 2, 2, 2 }, .nr_epc = { 15, 0, 0 },
				  .nr_5gc = { 15, 0, 0 }, .form_factor_known = true },
	};
	static const struct esim_capabilities without = { .card_svn = { 2, 5, 0 },
							  .rsp_capability = ~(1u << 4),
							  .has_rsp_capability = true };
	const struct esim_capabilities *const refusing[] = { NULL, &without };
	struct es10b_authenticate_server in = authenticate_input();
	struct es10b_authenticate_server_response response;
	struct esim_card *card;

	in.device = &later;
	for (size_t i = 0; i < sizeof(refusing) / sizeof(refusing[0]); i++) {
		in.capabilities = refusing[i];
		card = answering(ANSWER_AUTHENTICATE);
		ATF_REQUIRE_EQ(es10b_authenticate_server(card, &in, &response, &err), 0);
		CHECK_SENT("BF3862" AUTHENTICATE_PARTS "A00F" "A10D" "8004" "35290611"
			   "A105" "8703020202");
		es10b_authenticate_server_response_clear(&response);
		done(&card);
	}
}

ATF_TC_WITHOUT_HEAD(authenticate_server_gives_slices_of_the_received_bytes);
ATF_TC_BODY(authenticate_server_gives_slices_of_the_received_bytes, tc)
{
	struct es10b_authenticate_server in = authenticate_input();
	struct es10b_authenticate_server_response r;
	struct esim_card *card = answering(ANSWER_AUTHENTICATE);

	ATF_REQUIRE_EQ(es10b_authenticate_server(card, &in, &r, &err), 0);
	ATF_CHECK_EQ(r.whole.len + 2, answer.len);
	/* The four parts follow one another up to the end. */
	ATF_CHECK_EQ(r.euicc_signed1.data[0], 0x30);
	ATF_CHECK(r.euicc_signed1.data > r.whole.data);
	ATF_CHECK(r.euicc_signature1.data == r.euicc_signed1.data + r.euicc_signed1.len);
	ATF_CHECK_EQ(r.euicc_signature1.len, 67);
	ATF_CHECK(r.euicc_certificate.data == r.euicc_signature1.data + 67);
	ATF_CHECK(r.eum_certificate.data + r.eum_certificate.len == r.whole.data + r.whole.len);
	es10b_authenticate_server_response_clear(&r);
	done(&card);
}

ATF_TC_WITHOUT_HEAD(a_refusal_is_kept_for_the_server);
ATF_TC_BODY(a_refusal_is_kept_for_the_server, tc)
{
	struct es10b_authenticate_server in = authenticate_input();
	struct es10b_authenticate_server_response r = { 0 };
	struct es10b_prepare_download prepare = {
		SLICE(call_sequence), { call_signature, 67 }, SLICE(call_sequence), false, { 0 },
	};
	struct es10b_prepare_download_response p = { 0 };
	struct esim_card *card = answering(ANSWER_X_AUTHENTICATE);

	ATF_CHECK_EQ(es10b_authenticate_server(card, &in, &r, &err), ESIM_ERESULT);
	ATF_CHECK_STREQ(err.result_name, "ciPKUnknown");
	ATF_CHECK_EQ(r.whole.len + 2, answer.len);
	ATF_CHECK_EQ(r.euicc_signed1.len, 0);
	es10b_authenticate_server_response_clear(&r);
	done(&card);

	card = answering(ANSWER_X_PREPARE);
	ATF_CHECK_EQ(es10b_prepare_download(card, &prepare, &p, &err), ESIM_ERESULT);
	ATF_CHECK_STREQ(err.result_name, "invalidTransactionId");
	ATF_CHECK_EQ(p.whole.len + 2, answer.len);
	es10b_prepare_download_response_clear(&p);
	done(&card);
}

ATF_TC_WITHOUT_HEAD(parts_that_are_not_the_right_tlv_never_reach_the_card);
ATF_TC_BODY(parts_that_are_not_the_right_tlv_never_reach_the_card, tc)
{
	static const uint8_t wrong_tag[] = { 0x31, 0x00 }, cut[] = { 0x30, 0x05, 0x00 };
	static const uint8_t two[] = { 0x30, 0x00, 0x30, 0x00 };
	const struct esim_slice bad[] = { SLICE(wrong_tag), SLICE(cut), SLICE(two), { NULL, 0 } };
	struct es10b_authenticate_server_response r;
	struct es10b_prepare_download_response p;
	struct esim_card *card = answering(ANSWER_AUTHENTICATE);
	struct esim_slice *parts[] = { NULL, NULL, NULL, NULL, NULL, NULL, NULL };

	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++)
		for (size_t j = 0; j < sizeof(parts) / sizeof(parts[0]); j++) {
			struct es10b_authenticate_server a = authenticate_input();
			struct es10b_prepare_download d = {
				SLICE(call_sequence), { call_signature, 67 }, SLICE(call_sequence), false, { 0 },
			};
			struct esim_slice *const all[] = {
				&a.server_signed1, &a.server_signature1, &a.ci_key_id, &a.server_certificate,
				&d.smdp_signed2, &d.smdp_signature2, &d.smdp_certificate,
			};

			*all[j] = bad[i];
			ATF_CHECK_EQ(j < 4 ? es10b_authenticate_server(card, &a, &r, &err) :
					     es10b_prepare_download(card, &d, &p, &err), ESIM_EINVAL);
			ATF_CHECK(err.function[0] != '\0');
		}
	ATF_CHECK_EQ(es10b_load_crl(card, bad[0], &err), ESIM_EINVAL);
	ATF_CHECK_EQ(s.data.len, 0);
	done(&card);
}

ATF_TC_WITHOUT_HEAD(prepare_download_sends_the_hash_between_signature_and_certificate);
ATF_TC_BODY(prepare_download_sends_the_hash_between_signature_and_certificate, tc)
{
	struct es10b_prepare_download in = {
		SLICE(call_sequence), { call_signature, 67 }, SLICE(call_sequence), true, { 0xAA },
	};
	struct es10b_prepare_download_response r;
	struct esim_card *card = answering(ANSWER_PREPARE);

	ATF_REQUIRE_EQ_MSG(es10b_prepare_download(card, &in, &r, &err), 0, "%s", err.message);
	CHECK_SENT("BF216F" "3003020101" SIGNATURE_HEX "0420"
		   "AA00000000000000000000000000000000000000000000000000000000000000" "3003020101");
	ATF_CHECK(r.euicc_signature2.data == r.euicc_signed2.data + r.euicc_signed2.len);
	ATF_CHECK(r.euicc_signature2.data + 67 == r.whole.data + r.whole.len);
	es10b_prepare_download_response_clear(&r);
	done(&card);
}

ATF_TC_WITHOUT_HEAD(cancel_session_sends_its_reason_and_keeps_the_answer);
ATF_TC_BODY(cancel_session_sends_its_reason_and_keeps_the_answer, tc)
{
	struct esim_buf whole = ESIM_BUF_INIT;
	struct esim_card *card = answering(ANSWER_CANCEL);

	ATF_CHECK_EQ(es10b_cancel_session(card, &call_transaction_id,
					  ES10B_CANCEL_UNDEFINED, &whole, &err), 0);
	CHECK_SENT("BF4108" "8003010203" "81017F");
	ATF_CHECK_EQ(whole.len + 2, answer.len);
	ATF_CHECK_STREQ(es10b_cancel_reason_name(ES10B_CANCEL_END_USER_REJECTION), "endUserRejection");
	ATF_CHECK_STREQ(es10b_cancel_reason_name(ES10B_CANCEL_LOAD_BPP_EXECUTION_ERROR),
			"loadBppExecutionError");
	ATF_CHECK_STREQ(es10b_cancel_reason_name((enum es10b_cancel_reason)99), "unknown");
	esim_buf_free(&whole);
	done(&card);
}

ATF_TC_WITHOUT_HEAD(load_crl_replaces_the_tag_of_the_list);
ATF_TC_BODY(load_crl_replaces_the_tag_of_the_list, tc)
{
	struct esim_card *card = answering(ANSWER_CRL);

	ATF_CHECK_EQ_MSG(es10b_load_crl(card, esim_slice(call_sequence, 5), &err), 0, "%s", err.message);
	CHECK_SENT("BF3505A003020101");
	done(&card);
}

/* --- download ------------------------------------------------------------------------------- */

struct seen {
	size_t calls, segments_done, bytes_done, segments, bytes;
};

static void see(void *context, const struct es10b_load_progress *p)
{
	struct seen *seen = context;

	ATF_CHECK(p->segments_done >= seen->segments_done);
	*seen = (struct seen){ seen->calls + 1, p->segments_done, p->bytes_done, p->segments, p->bytes };
}

/* Segments of the package below: BF36+BF23, A0+87, A1, 88, 88, A2+87, A3, 86, 86. */
#define PACKAGE_SEGMENTS 9

/* A card that says 9000 and gives its result at block @when. */
struct loading {
	size_t when, blocks;
	const char *result;
	struct esim_buf bytes;
};

static int loading_transmit(void *priv, struct esim_slice command, struct esim_buf *response,
			    unsigned timeout_ms, struct esim_error *e)
{
	struct loading *l = priv;

	(void)timeout_ms, (void)e;
	if (command.data[1] == 0x70 && command.data[2] == 0)
		scripted_put_hex(response, "01");
	if (command.data[1] == 0xE2) {
		esim_buf_append(&l->bytes, command.data + 5, command.data[4]);
		if (++l->blocks == l->when) {
			scripted_put_hex(response, l->result);
			return 0;
		}
	}
	scripted_put_hex(response, "9000");
	return 0;
}

static void loading_describe(void *priv, struct esim_transport_info *ret)
{
	(void)priv;
	ret->features = ESIM_TRANSPORT_RAW | ESIM_TRANSPORT_CASE4;
}

static void loading_close(void *priv)
{
	esim_buf_free(&((struct loading *)priv)->bytes);
}

static int load(struct loading *l, struct es10b_installation_result *ret, struct seen *seen,
		bool *begun, struct esim_card_stats *stats)
{
	static const struct esim_transport_ops ops = {
		.close = loading_close, .describe = loading_describe, .transmit = loading_transmit,
	};
	struct esim_buf bpp = ESIM_BUF_INIT;
	struct esim_transport *transport;
	struct esim_card *card;
	int r;

	ATF_REQUIRE_EQ(esim_transport_new(&ops, l, &transport), 0);
	ATF_REQUIRE_EQ(esim_card_open(transport, NULL, &card, &err), 0);
	esim_error_clear(&err);
	scripted_put_hex(&bpp, BOUND_PROFILE_PACKAGE);
	r = es10b_load_bound_profile_package(card, esim_buf_slice(&bpp), see, seen, ret, begun, &err);
	/* What was sent is the package from its start, byte for byte. */
	ATF_CHECK(l->bytes.len <= bpp.len && memcmp(l->bytes.data, bpp.data, l->bytes.len) == 0);
	if (r == 0 && ret->success)
		ATF_CHECK_EQ(l->bytes.len, bpp.len);
	esim_card_stats(card, stats);
	esim_buf_free(&bpp);
	esim_card_free(&card);
	return r;
}

ATF_TC_WITHOUT_HEAD(a_package_is_loaded_segment_by_segment_with_no_needless_apdu);
ATF_TC_BODY(a_package_is_loaded_segment_by_segment_with_no_needless_apdu, tc)
{
	/* The second to last segment is two blocks: 304 bytes. */
	struct loading l = { .when = PACKAGE_SEGMENTS + 1, .result = ANSWER_LOAD "9000" };
	struct es10b_installation_result result;
	struct esim_card_stats stats;
	struct seen seen = { 0 };
	bool begun = false;

	ATF_REQUIRE_EQ_MSG(load(&l, &result, &seen, &begun, &stats), 0, "%s", err.message);
	ATF_CHECK(begun);
	ATF_CHECK(result.success);
	ATF_CHECK_EQ(result.isdp_aid.len, 16);
	ATF_CHECK_EQ(result.transaction_id.len, 16);
	ATF_CHECK_EQ(result.notification.seq_number, 0);
	ATF_CHECK_EQ(result.notification.operation, ESIM_EVENT_INSTALL);
	ATF_CHECK_STREQ(result.notification.address, "smdp.example.com");
	ATF_CHECK_EQ(result.signed_data.data[1], 0x27);
	ATF_CHECK(result.signature.data == result.signed_data.data + result.signed_data.len);
	ATF_CHECK_EQ(stats.blocks, PACKAGE_SEGMENTS + 1);
	/* Opening is three APDUs; nothing beyond the blocks after it. */
	ATF_CHECK_EQ(stats.apdus, 3 + PACKAGE_SEGMENTS + 1);
	ATF_CHECK_EQ(seen.segments, PACKAGE_SEGMENTS);
	ATF_CHECK_EQ(seen.segments_done, PACKAGE_SEGMENTS);
	ATF_CHECK_EQ(seen.bytes_done, seen.bytes);
	ATF_CHECK_EQ(seen.calls, PACKAGE_SEGMENTS + 1);
	es10b_installation_result_clear(&result);
}

ATF_TC_WITHOUT_HEAD(an_early_result_stops_the_loading);
ATF_TC_BODY(an_early_result_stops_the_loading, tc)
{
	for (size_t when = 1; when < PACKAGE_SEGMENTS; when++) {
		struct loading l = { .when = when, .result = ANSWER_X_LOAD "9000" };
		struct es10b_installation_result result;
		struct esim_card_stats stats;
		struct seen seen = { 0 };
		bool begun;

		ATF_REQUIRE_EQ_MSG(load(&l, &result, &seen, &begun, &stats), 0, "%s", err.message);
		ATF_CHECK(!result.success);
		ATF_CHECK_EQ(l.blocks, when);
		ATF_CHECK_EQ(result.bpp_command_id, 5);
		ATF_CHECK_STREQ(es10b_bpp_command_name(result.bpp_command_id), "loadProfileElements");
		ATF_CHECK_STREQ(es10b_error_reason_name(result.error_reason),
				"installFailedDueToIccidAlreadyExistsOnEuicc");
		es10b_installation_result_clear(&result);
	}
	ATF_CHECK_STREQ(es10b_error_reason_name(99), "unknown");
	ATF_CHECK_STREQ(es10b_bpp_command_name(-1), "unknown");
}

ATF_TC_WITHOUT_HEAD(an_error_names_its_segment_and_no_result_is_an_error);
ATF_TC_BODY(an_error_names_its_segment_and_no_result_is_an_error, tc)
{
	struct es10b_installation_result result = { 0 };
	struct esim_card_stats stats;
	struct seen seen = { 0 };
	struct loading refused = { .when = 4, .result = "6985" }, silent = { .when = 100 };
	bool begun = false;

	ATF_CHECK_EQ(load(&refused, &result, &seen, &begun, &stats), ESIM_ESW);
	ATF_CHECK(begun);
	ATF_CHECK_EQ(err.sw, 0x6985);
	ATF_CHECK(strstr(err.message, "segment 4 of 9") != NULL);
	seen = (struct seen){ 0 };
	ATF_CHECK_EQ(load(&silent, &result, &seen, &begun, &stats), ESIM_EPROTO);
	ATF_CHECK(err.advice[0] != '\0');
	ATF_CHECK(result.whole.data == NULL);
}

ATF_TC_WITHOUT_HEAD(a_broken_package_never_reaches_the_card);
ATF_TC_BODY(a_broken_package_never_reaches_the_card, tc)
{
	struct es10b_installation_result result;
	struct esim_card *card = answering(ANSWER_LOAD);
	bool begun = true;

	ATF_CHECK_EQ(es10b_load_bound_profile_package(card, esim_slice("\xBF\x36\x00", 3), NULL, NULL,
						      &result, &begun, &err), ESIM_EPROTO);
	ATF_CHECK(!begun);
	ATF_CHECK_EQ(s.data.len, 0);
	done(&card);
}

/* --- notifications ----------------------------------------------------------------------------- */

ATF_TC_WITHOUT_HEAD(notifications_are_listed_with_number_zero_and_without_iccid);
ATF_TC_BODY(notifications_are_listed_with_number_zero_and_without_iccid, tc)
{
	struct esim_card *card = answering(ANSWER_LIST);
	struct esim_notification *list;
	size_t count;

	ATF_REQUIRE_EQ(es10b_list_notification(card, 0, &list, &count, &err), 0);
	ATF_REQUIRE_EQ(count, 2);
	ATF_CHECK_EQ(list[0].seq_number, 0);
	ATF_CHECK(list[0].has_iccid);
	ATF_CHECK_EQ(list[1].seq_number, 12);
	ATF_CHECK(!list[1].has_iccid);
	ATF_CHECK_EQ(list[1].operation, ESIM_EVENT_DELETE);
	free(list);
	ATF_REQUIRE_EQ(es10b_list_notification(card, ESIM_EVENT_INSTALL | ESIM_EVENT_DISABLE, &list,
					       &count, &err), 0);
	free(list);
	CHECK_SENT("BF2800" "BF2804810205A0");
	done(&card);
	card = answering("BF2802A000");
	ATF_CHECK_EQ(es10b_list_notification(card, 0, &list, &count, &err), 0);
	ATF_CHECK_EQ(count, 0);
	free(list);
	done(&card);
}

ATF_TC_WITHOUT_HEAD(pending_notifications_are_kept_byte_for_byte);
ATF_TC_BODY(pending_notifications_are_kept_byte_for_byte, tc)
{
	struct esim_card *card = answering(ANSWER_RETRIEVE);
	struct esim_pending_notification *list, one = { 0 };
	struct es10b_installation_result result;
	size_t count;

	ATF_REQUIRE_EQ(es10b_retrieve_notifications_list(card, 0, &list, &count, &err), 0);
	ATF_REQUIRE_EQ(count, 2);
	ATF_CHECK_EQ(list[0].whole.data[1], 0x37);
	ATF_CHECK_EQ(list[1].whole.data[0], 0x30);
	ATF_CHECK_EQ(list[0].whole.len + list[1].whole.len + 2 + 4 + 5, answer.len);
	ATF_CHECK_EQ(list[1].metadata.operation, ESIM_EVENT_ENABLE);
	ATF_CHECK_EQ(es10b_installation_result_decode(esim_buf_slice(&list[0].whole), &result, &err), 0);
	ATF_CHECK(result.success);
	es10b_installation_result_clear(&result);
	ATF_CHECK_EQ(es10b_installation_result_decode(esim_buf_slice(&list[1].whole), &result, &err),
		     ESIM_EPROTO);
	es10b_pending_notifications_free(&list, count);

	ATF_CHECK_EQ(es10b_retrieve_notification(card, 12, &one, &err), 0);
	ATF_CHECK_EQ(one.metadata.seq_number, 12);
	esim_pending_notification_clear(&one);
	ATF_CHECK_EQ(es10b_retrieve_notification(card, 0, &one, &err), 0);
	ATF_CHECK_EQ(one.whole.data[1], 0x37);
	esim_pending_notification_clear(&one);
	/* One that was not asked for is none. */
	ATF_CHECK_EQ(es10b_retrieve_notification(card, 200, &one, &err), ESIM_ENOENT);
	CHECK_SENT("BF2B00" "BF2B05A00380010C" "BF2B05A003800100" "BF2B06A004800200C8");
	done(&card);
}

ATF_TC_WITHOUT_HEAD(no_notification_is_an_empty_list_and_no_such_number_enoent);
ATF_TC_BODY(no_notification_is_an_empty_list_and_no_such_number_enoent, tc)
{
	static const char *const answers[] = { "BF2B02A000", "BF2B03810101" };

	for (size_t i = 0; i < 2; i++) {
		struct esim_card *card = answering(answers[i]);
		struct esim_pending_notification *list, one;
		size_t count = 9;

		ATF_CHECK_EQ(es10b_retrieve_notifications_list(card, 0, &list, &count, &err), 0);
		ATF_CHECK_EQ(count, 0);
		es10b_pending_notifications_free(&list, count);
		ATF_CHECK_EQ(es10b_retrieve_notification(card, 1, &one, &err), ESIM_ENOENT);
		done(&card);
	}
}

ATF_TC_WITHOUT_HEAD(number_zero_is_removed_like_any_other);
ATF_TC_BODY(number_zero_is_removed_like_any_other, tc)
{
	struct esim_card *card = answering(ANSWER_REMOVE);

	ATF_CHECK_EQ(es10b_remove_notification_from_list(card, 0, &err), 0);
	ATF_CHECK_EQ(es10b_remove_notification_from_list(card, 0x80, &err), 0);
	CHECK_SENT("BF3003800100" "BF300480020080");
	done(&card);
}

/* --- results -------------------------------------------------------------------------------------- */

ATF_TC_WITHOUT_HEAD(each_result_has_its_name);
ATF_TC_BODY(each_result_has_its_name, tc)
{
	static const struct es10_result_case cases[] = {
		{ call_authenticate, "ES10b.AuthenticateServer", "BF3808A10680010A0201%02X",
		  { { 1, "invalidCertificate" }, { 2, "invalidSignature" }, { 3, "unsupportedCurve" },
		    { 4, "noSessionContext" }, { 5, "invalidOid" }, { 6, "euiccChallengeMismatch" },
		    { 7, "ciPKUnknown" }, { 127, "undefinedError" }, { 99, "" }, { 0 } } },
		{ call_prepare, "ES10b.PrepareDownload", "BF2108A10680010A0201%02X",
		  { { 1, "invalidCertificate" }, { 2, "invalidSignature" }, { 3, "unsupportedCurve" },
		    { 4, "noSessionContext" }, { 5, "invalidTransactionId" },
		    { 127, "undefinedError" }, { 0 } } },
		{ call_cancel, "ES10b.CancelSession", "BF41038101%02X",
		  { { 5, "invalidTransactionId" }, { 127, "undefinedError" }, { 0 } } },
		{ call_crl, "ES10b.LoadCRL", "BF35038101%02X",
		  { { 1, "invalidSignature" }, { 2, "invalidCRLFormat" }, { 3, "notEnoughMemorySpace" },
		    { 4, "verificationKeyNotFound" }, { 5, "fresherCrlAlreadyLoaded" },
		    { 6, "baseCrlMissing" }, { 127, "undefinedError" }, { 0 } } },
		{ call_list, "ES10b.ListNotification", "BF28038101%02X",
		  { { 127, "undefinedError" }, { 0 } } },
		{ call_retrieve, "ES10b.RetrieveNotificationsList", "BF2B038101%02X",
		  { { 127, "undefinedError" }, { 0 } } },
		{ call_remove, "ES10b.RemoveNotificationFromList", "BF30038001%02X",
		  { { 1, "nothingToDelete" }, { 127, "undefinedError" }, { 0 } } },
	};

	check_results(cases, sizeof(cases) / sizeof(cases[0]));
}

/* --- the virtual eUICC ------------------------------------------------------------------------------- */

ATF_TC_WITHOUT_HEAD(the_virtual_euicc_tells_of_itself);
ATF_TC_BODY(the_virtual_euicc_tells_of_itself, tc)
{
	struct veuicc_options options = { 0 };
	struct veuicc *veuicc;
	struct esim_card *card = open_veuicc(&options, &veuicc);
	struct esim_notification *list;
	struct es10b_euicc_info1 info1;
	struct es10b_euicc_info2 info2;
	struct esim_card_stats before, after;
	uint8_t challenge[ESIM_CHALLENGE_SIZE];
	struct esim_rat rat;
	size_t count;

	esim_card_stats(card, &before);
	ATF_REQUIRE_EQ_MSG(es10b_get_euicc_info1(card, &info1, &err), 0, "%s", err.message);
	ATF_REQUIRE_EQ_MSG(es10b_get_euicc_info2(card, &info2, &err), 0, "%s", err.message);
	ATF_REQUIRE_EQ_MSG(es10b_get_euicc_challenge(card, challenge, &err), 0, "%s", err.message);
	ATF_REQUIRE_EQ_MSG(es10b_get_rat(card, &rat, &err), 0, "%s", err.message);
	ATF_REQUIRE_EQ_MSG(es10b_list_notification(card, 0, &list, &count, &err), 0, "%s", err.message);
	esim_card_stats(card, &after);
	ATF_CHECK_EQ(info1.svn.minor, 5);
	ATF_CHECK_EQ(info1.ci_for_signing.count, info2.ci_for_signing.count);
	ATF_CHECK_EQ(rat.count, 1);
	ATF_CHECK_EQ(count, 0);
	/* Five functions, five APDUs, save where an answer is longer than one can carry. */
	ATF_CHECK_EQ(after.blocks - before.blocks, 5);
	ATF_CHECK(after.apdus - before.apdus <= 6);
	ATF_CHECK_EQ(es10b_remove_notification_from_list(card, 0, &err), ESIM_ERESULT);
	ATF_CHECK_STREQ(err.result_name, "nothingToDelete");
	free(list);
	esim_rat_clear(&rat);
	es10b_euicc_info1_clear(&info1);
	es10b_euicc_info2_clear(&info2);
	close_veuicc(&card, &veuicc);
}

ATF_TC_WITHOUT_HEAD(the_virtual_euicc_refuses_a_session_that_is_none);
ATF_TC_BODY(the_virtual_euicc_refuses_a_session_that_is_none, tc)
{
	struct veuicc_options options = { 0 };
	struct veuicc *veuicc;
	struct esim_card *card = open_veuicc(&options, &veuicc);

	ATF_CHECK_EQ(call_cancel(card, &err), ESIM_ERESULT);
	ATF_CHECK_STREQ(err.result_name, "invalidTransactionId");
	close_veuicc(&card, &veuicc);
}

/* --- a recorded exchange --------------------------------------------------------------------------------- */

/* Answers of a recording, joined over GET RESPONSE, decode; the recording's own input is not ours. */
ATF_TC_WITHOUT_HEAD(recorded_answers_are_understood);
ATF_TC_BODY(recorded_answers_are_understood, tc)
{
	const char *dir = getenv("REFDATA");
	char path[512], line[2048];
	struct esim_buf joined = ESIM_BUF_INIT;
	unsigned understood = 0;
	FILE *f;

	snprintf(path, sizeof(path), "%s/es9p-sample/apdu.txt", dir ? dir : "");
	f = dir ? fopen(path, "r") : NULL;
	if (!f)
		atf_tc_skip("REFDATA has no es9p-sample/apdu.txt");
	while (fgets(line, sizeof(line), f)) {
		char *hex = line + 2, *end = hex + strspn(hex, "0123456789abcdef");
		size_t len = (size_t)(end - hex);

		if (line[0] == '>' && strncmp(hex, "81c0", 4) != 0)
			esim_buf_reset(&joined);
		if (line[0] != '<' || len < 4 || len % 2 != 0)
			continue;
		*end = '\0';
		scripted_put_hex(&joined, hex);
		if (strcmp(end - 4, "9000") != 0) {
			joined.len -= 2;
			continue;
		}
		for (size_t i = 0; joined.len > 2 && i < ES10_CALL_COUNT; i++) {
			char *text = malloc(2 * joined.len + 1);
			struct esim_card *card;

			esim_hex_encode(esim_slice(joined.data, joined.len - 2), text);
			card = answering(text);
			understood += es10_calls[i].call(card, &err) == 0;
			done(&card);
			free(text);
		}
	}
	fclose(f);
	esim_buf_free(&joined);
	/* Challenge, info1, AuthenticateServer, PrepareDownload, the installation result. */
	ATF_CHECK_MSG(understood >= 5, "%u answers understood", understood);
}

ATF_TP_ADD_TCS(tp)
{
	ATF_TP_ADD_TC(tp, info1_is_read_and_kept_byte_for_byte);
	ATF_TP_ADD_TC(tp, info2_is_read_with_what_is_unknown_kept);
	ATF_TP_ADD_TC(tp, more_ci_keys_than_the_limit_are_refused);
	ATF_TP_ADD_TC(tp, the_challenge_has_sixteen_bytes);
	ATF_TP_ADD_TC(tp, the_rat_is_read_in_order_with_absent_and_empty_gids);
	ATF_TP_ADD_TC(tp, authenticate_server_sends_what_is_known_and_nothing_else);
	ATF_TP_ADD_TC(tp, later_device_capabilities_go_to_cards_that_take_them);
	ATF_TP_ADD_TC(tp, authenticate_server_gives_slices_of_the_received_bytes);
	ATF_TP_ADD_TC(tp, a_refusal_is_kept_for_the_server);
	ATF_TP_ADD_TC(tp, parts_that_are_not_the_right_tlv_never_reach_the_card);
	ATF_TP_ADD_TC(tp, prepare_download_sends_the_hash_between_signature_and_certificate);
	ATF_TP_ADD_TC(tp, cancel_session_sends_its_reason_and_keeps_the_answer);
	ATF_TP_ADD_TC(tp, load_crl_replaces_the_tag_of_the_list);
	ATF_TP_ADD_TC(tp, a_package_is_loaded_segment_by_segment_with_no_needless_apdu);
	ATF_TP_ADD_TC(tp, an_early_result_stops_the_loading);
	ATF_TP_ADD_TC(tp, an_error_names_its_segment_and_no_result_is_an_error);
	ATF_TP_ADD_TC(tp, a_broken_package_never_reaches_the_card);
	ATF_TP_ADD_TC(tp, notifications_are_listed_with_number_zero_and_without_iccid);
	ATF_TP_ADD_TC(tp, pending_notifications_are_kept_byte_for_byte);
	ATF_TP_ADD_TC(tp, no_notification_is_an_empty_list_and_no_such_number_enoent);
	ATF_TP_ADD_TC(tp, number_zero_is_removed_like_any_other);
	ATF_TP_ADD_TC(tp, each_result_has_its_name);
	ATF_TP_ADD_TC(tp, the_virtual_euicc_tells_of_itself);
	ATF_TP_ADD_TC(tp, the_virtual_euicc_refuses_a_session_that_is_none);
	ATF_TP_ADD_TC(tp, recorded_answers_are_understood);
	return atf_no_error();
}
