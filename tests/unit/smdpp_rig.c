/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Server, eUICC and the steps between them; see smdpp_rig.h. */
#include "smdpp_rig.h"

#include "rsp/file.h"
#include "rsp/profile.h"

#include <esim/tlv.h>

#include <atf-c.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

static void require(int r, const struct esim_error *err, const char *what)
{
	if (r)
		atf_tc_fail("%s: %s", what, err->message);
}

/* --- set-up --------------------------------------------------------------------------------- */

static void make_pki(struct rig *rig)
{
	const struct rsp_pki_options options = { .required = RSP_PKI_ALL, .fresh = true };

	ATF_REQUIRE_EQ(0, mkdir("pki", 0700));
	require(rsp_pki_load("pki", &options, &rig->pki, &rig->err), &rig->err, "PKI");
	require(rsp_pki_save(rig->pki, "pki", &rig->err), &rig->err, "PKI");
	require(esim_pool_add_cert(&rig->roots, esim_buf_slice(&rig->pki->entries[RSP_PKI_CI].der), &rig->err),
		&rig->err, "CI");
}

void rig_order(const char *name, const char *json)
{
	static unsigned serial;
	struct rsp_profile profile = { .imsi = "001010123456789", .k = { 1 }, .opc = { 2 } };
	struct esim_buf package = ESIM_BUF_INIT;
	struct esim_error err;
	char iccid[32], path[256];

	snprintf(iccid, sizeof(iccid), "89444765000%08u", ++serial);
	profile.iccid = iccid;
	require(rsp_profile_build(&profile, &package, &err), &err, name);
	snprintf(path, sizeof(path), "profiles/%s.der", name);
	require(rsp_file_write(path, esim_buf_slice(&package), 0600, &err), &err, name);
	esim_buf_free(&package);
	if (!json)
		return;
	snprintf(path, sizeof(path), "profiles/%s.json", name);
	require(rsp_file_write(path, esim_slice(json, strlen(json)), 0600, &err), &err, name);
}

void rig_open(struct rig *rig)
{
	*rig = (struct rig){
		.options = { .listen = "127.0.0.1:0", .profiles = "profiles", .pki = { "pki" }, .pki_count = 1,
			     .notifications = "notifications" },
		.card_options = { .pki_dirs = { "pki" }, .pki_count = 1 },
	};
	make_pki(rig);
	ATF_REQUIRE_EQ(0, mkdir("profiles", 0700));
	rig_order("plain", NULL);
}

static void *serve(void *arg)
{
	struct rig *rig = arg;
	struct esim_error err;

	smdpp_run(rig->server, &err);
	return NULL;
}

static void connect_http(struct rig *rig)
{
	static const char *const names[] = { RSP_PKI_NAME, RSP_PKI_SMDS };
	struct esim_connect_to to[2];
	const struct esim_http_options options = {
		.tls_roots = &rig->roots, .connect_to = to, .connect_to_count = 2,
	};
	char text[256];

	for (size_t i = 0; i < 2; i++) {
		snprintf(text, sizeof(text), "%s:443:%s", names[i], smdpp_address(rig->server));
		require(esim_connect_to_parse(text, &to[i], &rig->err), &rig->err, text);
	}
	require(esim_http_new(&options, &rig->http, &rig->err), &rig->err, "HTTP");
	rig->peer.http = rig->http;
	strcpy(rig->peer.address, RSP_PKI_NAME);
}

void rig_start(struct rig *rig)
{
	struct esim_transport *transport;

	require(smdpp_new(&rig->options, &rig->server, &rig->err), &rig->err, "server");
	ATF_REQUIRE_EQ(0, pthread_create(&rig->thread, NULL, serve, rig));
	connect_http(rig);
	require(veuicc_new(&rig->card_options, &rig->euicc, &rig->err), &rig->err, "eUICC");
	require(veuicc_transport(rig->euicc, &transport, &rig->err), &rig->err, "eUICC");
	require(esim_card_open(transport, NULL, &rig->card, &rig->err), &rig->err, "card");
	rig_read_card(rig);
}

static void forget_answers(struct rig *rig)
{
	es9p_initiate_authentication_response_clear(&rig->initiated);
	es10b_authenticate_server_response_clear(&rig->authenticated);
	es9p_authenticate_client_response_clear(&rig->offered);
	es10b_prepare_download_response_clear(&rig->prepared);
	esim_buf_free(&rig->package);
}

void rig_close(struct rig *rig)
{
	forget_answers(rig);
	es10b_euicc_info1_clear(&rig->info1);
	esim_card_free(&rig->card);
	veuicc_free(&rig->euicc);
	esim_http_free(&rig->http);
	smdpp_stop(rig->server);
	pthread_join(rig->thread, NULL);
	smdpp_free(&rig->server);
	esim_pool_free(&rig->roots);
	rsp_pki_free(&rig->pki);
}

void rig_face_smds(struct rig *rig)
{
	strcpy(rig->peer.address, RSP_PKI_SMDS);
}

/* --- the steps -------------------------------------------------------------------------------- */

void rig_read_card(struct rig *rig)
{
	es10b_euicc_info1_clear(&rig->info1);
	require(es10b_get_euicc_info1(rig->card, &rig->info1, &rig->err), &rig->err, "GetEuiccInfo1");
}

int rig_initiate(struct rig *rig)
{
	uint8_t challenge[ESIM_CHALLENGE_SIZE];

	forget_answers(rig);
	require(es10b_get_euicc_challenge(rig->card, challenge, &rig->err), &rig->err, "GetEuiccChallenge");
	return es9p_initiate_authentication(&rig->peer, challenge, esim_buf_slice(&rig->info1.whole),
					    &rig->initiated, &rig->err);
}

void rig_card_authenticate(struct rig *rig, const char *matching_id)
{
	const struct es10b_device_info device = { .tac = { 0x35, 0x29, 0x06, 0x11 } };
	const struct es10b_authenticate_server in = {
		.server_signed1 = rig->initiated.server_signed1,
		.server_signature1 = rig->initiated.server_signature1,
		.ci_key_id = rig->initiated.ci_key_id,
		.server_certificate = rig->initiated.server_certificate,
		.matching_id = matching_id, .device = &device,
	};

	require(es10b_authenticate_server(rig->card, &in, &rig->authenticated, &rig->err), &rig->err,
		"AuthenticateServer");
}

int rig_authenticate(struct rig *rig)
{
	return es9p_authenticate_client(&rig->peer, rig->initiated.transaction_id_text,
					esim_buf_slice(&rig->authenticated.whole), &rig->offered, &rig->err);
}

/* SHA256(SHA256(code) | transactionId). */
static void hash_code(const struct rig *rig, const char *code, uint8_t hash[static 32])
{
	struct esim_slice text = esim_slice(code, strlen(code)), parts[2];
	uint8_t inner[32];

	ATF_REQUIRE_EQ(0, esim_sha256(&text, 1, inner));
	parts[0] = esim_slice(inner, sizeof(inner));
	parts[1] = esim_slice(rig->initiated.transaction_id.bytes, rig->initiated.transaction_id.len);
	ATF_REQUIRE_EQ(0, esim_sha256(parts, 2, hash));
}

void rig_card_prepare(struct rig *rig, const char *confirmation_code)
{
	struct es10b_prepare_download in = {
		.smdp_signed2 = rig->offered.smdp_signed2, .smdp_signature2 = rig->offered.smdp_signature2,
		.smdp_certificate = rig->offered.smdp_certificate, .has_hash_cc = confirmation_code != NULL,
	};

	if (confirmation_code)
		hash_code(rig, confirmation_code, in.hash_cc);
	require(es10b_prepare_download(rig->card, &in, &rig->prepared, &rig->err), &rig->err, "PrepareDownload");
}

int rig_fetch(struct rig *rig)
{
	esim_buf_reset(&rig->package);
	return es9p_get_bound_profile_package(&rig->peer, rig->initiated.transaction_id_text,
					      esim_buf_slice(&rig->prepared.whole), &rig->package, &rig->err);
}

int rig_cancel(struct rig *rig)
{
	struct esim_buf response = ESIM_BUF_INIT;
	int r;

	require(es10b_cancel_session(rig->card, &rig->initiated.transaction_id, ES10B_CANCEL_POSTPONED,
				     &response, &rig->err), &rig->err, "CancelSession");
	r = es9p_cancel_session(&rig->peer, rig->initiated.transaction_id_text, esim_buf_slice(&response),
				&rig->err);
	esim_buf_free(&response);
	return r;
}

int rig_offer(struct rig *rig, const char *matching_id)
{
	int r = rig_initiate(rig);

	if (r)
		return r;
	rig_card_authenticate(rig, matching_id);
	return rig_authenticate(rig);
}

int rig_download(struct rig *rig, const char *matching_id, const char *confirmation_code)
{
	int r = rig_offer(rig, matching_id);

	if (r)
		return r;
	rig_card_prepare(rig, confirmation_code);
	return rig_fetch(rig);
}

void rig_install(struct rig *rig)
{
	struct es10b_installation_result result = { 0 };
	bool begun;

	require(es10b_load_bound_profile_package(rig->card, esim_buf_slice(&rig->package), NULL, NULL, &result,
						 &begun, &rig->err), &rig->err, "LoadBoundProfilePackage");
	require(es9p_handle_notification(&rig->peer, esim_buf_slice(&result.whole), &rig->err), &rig->err,
		"handleNotification");
	es10b_installation_result_clear(&result);
}

void rig_swap_chain(struct rig *rig, struct esim_slice euicc, struct esim_slice eum)
{
	struct es10b_authenticate_server_response *a = &rig->authenticated;
	struct esim_buf swapped = ESIM_BUF_INIT;
	size_t whole = esim_tlv_begin(&swapped, 0xBF38), ok = esim_tlv_begin(&swapped, 0xA0);

	esim_buf_append_slice(&swapped, a->euicc_signed1);
	esim_buf_append_slice(&swapped, a->euicc_signature1);
	esim_buf_append_slice(&swapped, euicc);
	esim_buf_append_slice(&swapped, eum);
	esim_tlv_end(&swapped, ok);
	esim_tlv_end(&swapped, whole);
	ATF_REQUIRE_EQ(0, esim_buf_failed(&swapped));
	esim_buf_free(&a->whole);
	a->whole = swapped;
}

void rig_expect(struct rig *rig, int result, const char *subject, const char *reason)
{
	ATF_CHECK_EQ_MSG(ESIM_ESERVER, result, "%s/%s expected: %s", subject, reason,
			 result ? rig->err.message : "success");
	if (result != ESIM_ESERVER)
		return;
	ATF_CHECK_STREQ_MSG(subject, rig->err.subject_code, "%s", rig->err.message);
	ATF_CHECK_STREQ_MSG(reason, rig->err.reason_code, "%s", rig->err.message);
}

int rig_post(struct rig *rig, const char *function, const char *content_type,
	     const char *admin_protocol, const char *body, struct esim_http_response *ret)
{
	struct esim_http_request request = {
		.host = rig->peer.address, .content_type = content_type, .admin_protocol = admin_protocol,
		.body = esim_slice(body, strlen(body)),
	};
	char path[128];

	snprintf(path, sizeof(path), "/gsma/rsp2/es9plus/%s", function);
	request.path = path;
	return esim_http_post(rig->http, &request, ret, &rig->err);
}
