/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Downloads from the test SM-DP+: how packages are protected, orders move on and notifications are kept. */
#include "smdpp_rig.h"

#include "rsp/file.h"

#include <esim/tlv.h>

#include <atf-c.h>
#include <jansson.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>

static void install(struct rig *rig, const char *matching_id)
{
	ATF_REQUIRE_EQ_MSG(0, rig_download(rig, matching_id, NULL), "%s: %s", matching_id, rig->err.message);
	rig_install(rig);
}

/* Segments with @tag in the sequence @sequence of the package at hand. */
static unsigned segments(const struct rig *rig, uint32_t sequence, uint32_t tag)
{
	struct esim_tlv whole, list, segment;
	unsigned count = 0;

	ATF_REQUIRE_EQ(0, esim_tlv_check(esim_buf_slice(&rig->package), "package", &whole, NULL));
	if (esim_tlv_find(whole.value, sequence, &list) != 1)
		return 0;
	while (esim_tlv_next(&list.value, &segment) == 1) {
		ATF_CHECK_EQ(tag, segment.tag);
		ATF_CHECK_MSG(segment.whole.len <= 1020, "a segment of %zu bytes", segment.whole.len);
		count++;
	}
	return count;
}

ATF_TC_WITHOUT_HEAD(every_kind_of_package_installs);
ATF_TC_BODY(every_kind_of_package_installs, tc)
{
	static const struct {
		const char *name, *json;
		unsigned metadata_segments, key_segments;
	} kinds[] = {
		{ "simple", NULL, 1, 0 },
		{ "keys", "{\"protectedKeys\": true}", 1, 1 },
		{ "split", "{\"splitMetadata\": true}", 3, 0 },
		{ "both", "{\"splitMetadata\": true, \"protectedKeys\": true}", 3, 1 },
		{ "icon", "{\"icon\": \"icon.png\"}", 2, 0 },
	};
	uint8_t icon[1024] = "\x89PNG\r\n\x1A\n";
	struct rig rig;

	(void)tc;
	rig_open(&rig);
	ATF_REQUIRE_EQ(0, rsp_file_write("profiles/icon.png", esim_slice(icon, sizeof(icon)), 0600, NULL));
	for (size_t i = 0; i < sizeof(kinds) / sizeof(kinds[0]); i++)
		rig_order(kinds[i].name, kinds[i].json);
	rig_start(&rig);
	for (size_t i = 0; i < sizeof(kinds) / sizeof(kinds[0]); i++) {
		install(&rig, kinds[i].name);
		ATF_CHECK_EQ(1, segments(&rig, 0xA0, 0x87));
		ATF_CHECK_EQ_MSG(kinds[i].metadata_segments, segments(&rig, 0xA1, 0x88), "%s", kinds[i].name);
		ATF_CHECK_EQ_MSG(kinds[i].key_segments, segments(&rig, 0xA2, 0x87), "%s", kinds[i].name);
		ATF_CHECK(segments(&rig, 0xA3, 0x86) > 0);
	}
	rig_close(&rig);
}

/* --- orders move on ---------------------------------------------------------------------------- */

/* bppEuiccOtpk of the present offer is there. */
static bool offers_old_key(const struct rig *rig)
{
	struct esim_tlv signed2, otpk;

	ATF_REQUIRE_EQ(0, esim_tlv_check(rig->offered.smdp_signed2, "smdpSigned2", &signed2, NULL));
	return esim_tlv_find(signed2.value, 0x5F49, &otpk) == 1;
}

ATF_TC_WITHOUT_HEAD(a_broken_session_is_bound_again);
ATF_TC_BODY(a_broken_session_is_bound_again, tc)
{
	struct rig rig;

	(void)tc;
	rig_open(&rig);
	rig_order("once", "{\"once\": true}");
	rig_start(&rig);
	ATF_REQUIRE_EQ(0, rig_download(&rig, "once", NULL));
	ATF_CHECK(!offers_old_key(&rig));
	ATF_REQUIRE_EQ_MSG(0, rig_download(&rig, "once", NULL), "%s", rig.err.message);
	ATF_CHECK(offers_old_key(&rig));
	rig_install(&rig);
	rig_expect(&rig, rig_offer(&rig, "once"), "8.2.6", "3.8");
	rig_close(&rig);
}

ATF_TC_WITHOUT_HEAD(other_orders_can_be_downloaded_again);
ATF_TC_BODY(other_orders_can_be_downloaded_again, tc)
{
	struct rig rig;

	(void)tc;
	rig_open(&rig);
	rig_start(&rig);
	install(&rig, "plain");
	ATF_CHECK_EQ_MSG(0, rig_offer(&rig, "plain"), "%s", rig.err.message);
	ATF_CHECK(!offers_old_key(&rig));
	rig_close(&rig);
}

/* --- several CIs --------------------------------------------------------------------------------- */

static void make_brainpool(void)
{
	const struct rsp_pki_options options = {
		.required = RSP_PKI_ALL, .fresh = true, .curve = ESIM_CURVE_BRAINPOOL_P256R1,
	};
	struct rsp_pki *pki;
	struct esim_error err;

	ATF_REQUIRE_EQ(0, mkdir("brainpool", 0700));
	ATF_REQUIRE_EQ(0, rsp_pki_load("brainpool", &options, &pki, &err));
	ATF_REQUIRE_EQ(0, rsp_pki_save(pki, "brainpool", &err));
	rsp_pki_free(&pki);
}

ATF_TC_WITHOUT_HEAD(the_chain_follows_the_euiccs_lists);
ATF_TC_BODY(the_chain_follows_the_euiccs_lists, tc)
{
	struct rig rig;

	(void)tc;
	rig_open(&rig);
	make_brainpool();
	rig.options.pki[1] = "brainpool";
	rig.options.pki_count = 2;
	rig.card_options.pki_dirs[0] = "brainpool";
	rig_start(&rig);
	install(&rig, "plain");
	rig_close(&rig);
}

/* --- notifications ------------------------------------------------------------------------------------ */

static void read_line(unsigned number, json_t **ret)
{
	struct esim_buf text = ESIM_BUF_INIT;
	struct esim_error err;
	char *line, *rest;

	ATF_REQUIRE_EQ(0, rsp_file_read("notifications", 100000, &text, &err));
	esim_buf_append_byte(&text, 0);
	line = strtok_r((char *)text.data, "\n", &rest);
	while (number-- > 0 && line)
		line = strtok_r(NULL, "\n", &rest);
	ATF_REQUIRE(line != NULL);
	*ret = json_loads(line, 0, NULL);
	ATF_REQUIRE(*ret != NULL);
	esim_buf_free(&text);
}

static void require_text(const json_t *line, const char *name, const char *value)
{
	const char *text = json_string_value(json_object_get(line, name));

	ATF_CHECK_MSG(text && strcmp(text, value) == 0, "%s: %s, not %s", name, text ? text : "absent", value);
}

ATF_TC_WITHOUT_HEAD(an_installation_is_logged_with_its_result);
ATF_TC_BODY(an_installation_is_logged_with_its_result, tc)
{
	struct rig rig;
	json_t *line;

	(void)tc;
	rig_open(&rig);
	rig_start(&rig);
	install(&rig, "plain");
	read_line(0, &line);
	require_text(line, "event", "install");
	require_text(line, "result", "success");
	require_text(line, "eid", RSP_PKI_EID);
	require_text(line, "notificationAddress", RSP_PKI_NAME);
	require_text(line, "transactionId", rig.initiated.transaction_id_text);
	ATF_CHECK(json_is_true(json_object_get(line, "verified")));
	ATF_CHECK_EQ(0, json_integer_value(json_object_get(line, "seqNumber")));
	json_decref(line);
	rig_close(&rig);
}

ATF_TC_WITHOUT_HEAD(a_forged_result_is_logged_as_such_and_moves_nothing);
ATF_TC_BODY(a_forged_result_is_logged_as_such_and_moves_nothing, tc)
{
	struct es10b_installation_result result = { 0 };
	struct rig rig;
	json_t *line;
	bool begun;

	(void)tc;
	rig_open(&rig);
	rig_order("once", "{\"once\": true}");
	rig_start(&rig);
	ATF_REQUIRE_EQ(0, rig_download(&rig, "once", NULL));
	ATF_REQUIRE_EQ(0, es10b_load_bound_profile_package(rig.card, esim_buf_slice(&rig.package), NULL, NULL,
							   &result, &begun, &rig.err));
	result.whole.data[result.whole.len - 1] ^= 1;
	ATF_REQUIRE_EQ_MSG(0, es9p_handle_notification(&rig.peer, esim_buf_slice(&result.whole), &rig.err),
			   "%s", rig.err.message);
	read_line(0, &line);
	ATF_CHECK(json_is_false(json_object_get(line, "verified")));
	require_text(line, "problem", "euiccSignPIR is invalid");
	json_decref(line);
	es10b_installation_result_clear(&result);
	ATF_CHECK_EQ_MSG(0, rig_offer(&rig, "once"), "%s", rig.err.message);
	rig_close(&rig);
}

ATF_TC_WITHOUT_HEAD(a_download_takes_one_handshake);
ATF_TC_BODY(a_download_takes_one_handshake, tc)
{
	struct esim_http_stats stats;
	struct rig rig;

	(void)tc;
	rig_open(&rig);
	rig_start(&rig);
	install(&rig, "plain");
	esim_http_stats(rig.http, &stats);
	ATF_CHECK_EQ(4, stats.requests);
	ATF_CHECK_EQ(1, stats.connections);
	ATF_CHECK_EQ(1, stats.tls_handshakes);
	rig_close(&rig);
}

ATF_TP_ADD_TCS(tp)
{
	ATF_TP_ADD_TC(tp, every_kind_of_package_installs);
	ATF_TP_ADD_TC(tp, a_broken_session_is_bound_again);
	ATF_TP_ADD_TC(tp, other_orders_can_be_downloaded_again);
	ATF_TP_ADD_TC(tp, the_chain_follows_the_euiccs_lists);
	ATF_TP_ADD_TC(tp, an_installation_is_logged_with_its_result);
	ATF_TP_ADD_TC(tp, a_forged_result_is_logged_as_such_and_moves_nothing);
	ATF_TP_ADD_TC(tp, a_download_takes_one_handshake);
	return atf_no_error();
}
