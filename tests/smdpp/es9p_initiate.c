/* SPDX-License-Identifier: GPL-2.0-or-later */
/* ES9+.InitiateAuthentication and ES11's (SGP.22, 5.6.1, 5.8.1). */
#include "smdpp/certificate_fault.h"
#include "smdpp/functions.h"

#include <string.h>

/* The two kinds of server differ in their subject codes alone. */
struct kind {
	const char *address, *key_id, *version, *certificate;
	const char *text;
	enum rsp_pki_slot slot;
};

static const struct kind smdp = { "8.8.1", "8.8.2", "8.8.3", "8.8.4", "SM-DP+", RSP_PKI_DPAUTH };
static const struct kind smds = { "8.9.1", "8.9.2", "8.9.3", "8.9.4", "SM-DS", RSP_PKI_DSAUTH };

/* The peer names the server that it means; an SM-DS may be addressed by either member. */
static const struct kind *addressed(struct call *call)
{
	const struct smdpp *server = call->server;
	const char *address = json_string_value(json_object_get(call->request, "smdsAddress"));
	const struct kind *kind = address ? &smds : &smdp;

	if (!address)
		address = call_text(call, "smdpAddress");
	if (!address)
		return NULL;
	if (strcasecmp(address, server->smds_name) == 0)
		return &smds;
	if (strcasecmp(address, server->name) == 0)
		return kind;
	call_failed(call, kind->address, "3.8", "%.80s is not the address of this %s", address, kind->text);
	return NULL;
}

static int check_version(struct call *call, const struct kind *kind, struct esim_slice info1)
{
	struct esim_tlv svn;

	if (esim_tlv_find(info1, 0x82, &svn) != 1 || svn.value.len != 3)
		return call_failed(call, "1.6", "2.1", "euiccInfo1 holds no svn");
	if (memcmp(svn.value.data, call->server->min_svn, 3) < 0)
		return call_failed(call, kind->version, "3.1", "Specification version %u.%u.%u is not supported",
				 svn.value.data[0], svn.value.data[1], svn.value.data[2]);
	return 0;
}

/* The eUICC's chain: the first CI of its signing list that this server trusts. */
static int choose_euicc_root(struct call *call, const struct kind *kind, struct esim_slice info1)
{
	struct esim_tlv list, id;
	struct esim_slice rest;

	if (esim_tlv_find(info1, 0xAA, &list) != 1)
		return call_failed(call, "1.6", "2.1", "euiccInfo1 holds no euiccCiPKIdListForSigning");
	rest = list.value;
	while (esim_tlv_next(&rest, &id) == 1) {
		if (id.tag != 0x04 || id.value.len > ESIM_MAX_KEY_ID ||
		    !esim_pool_find(&call->server->roots, id.value))
			continue;
		memcpy(call->session->ci_key_id, id.value.data, id.value.len);
		call->session->ci_key_id_len = id.value.len;
		return 0;
	}
	return call_failed(call, kind->key_id, "3.1", "None of the CI key identifiers is supported");
}

/* The server's chain: the first CI of the eUICC's verification list that certified this server. */
static int choose_server_chain(struct call *call, const struct kind *kind, struct esim_slice info1)
{
	struct esim_tlv list, id;
	struct esim_slice rest;

	if (esim_tlv_find(info1, 0xA9, &list) != 1)
		return call_failed(call, "1.6", "2.1", "euiccInfo1 holds no euiccCiPKIdListForVerification");
	rest = list.value;
	while (esim_tlv_next(&rest, &id) == 1) {
		for (size_t i = 0; i < call->server->pki_count; i++) {
			const struct rsp_pki *pki = call->server->pki[i];

			if (rsp_pki_entry(pki, kind->slot) &&
			    esim_slice_equal(id.value, pki->entries[RSP_PKI_CI].cert.subject_key_id)) {
				call->session->pki = pki;
				return 0;
			}
		}
	}
	return call_failed(call, kind->certificate, "3.7",
			 "No server certificate under a CI that the eUICC verifies");
}

/* serverSigned1; faults come before the signature, so that only a field's own check can see them. */
static void put_signed1(struct call *call, struct esim_slice euicc_challenge, struct esim_buf *out)
{
	const struct smdpp *server = call->server;
	const struct session *session = call->session;
	size_t mark = esim_tlv_begin(out, 0x30);
	const char *address = session->is_smds ? server->smds_name : server->name;

	esim_tlv_put(out, 0x80, session->id, sizeof(session->id));
	if (call_tampers(call, "signedTransactionId") && !esim_buf_failed(out))
		out->data[out->len - 1] ^= 1;
	esim_tlv_put_slice(out, 0x81, euicc_challenge);
	if (call_tampers(call, "challenge") && !esim_buf_failed(out))
		out->data[out->len - 1] ^= 1;
	esim_tlv_put_text(out, 0x83, call_tampers(call, "serverAddress") ? "other.example.com" : address);
	esim_tlv_put(out, 0x84, session->server_challenge, sizeof(session->server_challenge));
	esim_tlv_end(out, mark);
}

static int answer(struct call *call, const struct kind *kind, struct esim_slice euicc_challenge)
{
	const struct rsp_pki_entry *auth = &call->session->pki->entries[kind->slot];
	struct esim_buf signed1 = ESIM_BUF_INIT, signature = ESIM_BUF_INIT, key_id = ESIM_BUF_INIT,
			certificate = ESIM_BUF_INIT;
	uint8_t sig[ESIM_SIGNATURE_SIZE];
	struct esim_slice part;
	int r;

	put_signed1(call, euicc_challenge, &signed1);
	part = esim_buf_slice(&signed1);
	r = esim_buf_failed(&signed1) ? ESIM_ENOMEM : rsp_key_sign(auth->key, &part, 1, sig);
	esim_tlv_put(&signature, 0x5F37, sig, sizeof(sig));
	esim_tlv_put(&key_id, 0x04, call->session->ci_key_id, call->session->ci_key_id_len);
	if (!r)
		r = certificate_for_call(call, call->session->pki, kind->slot, &certificate);
	if (!r)
		r = call_put_transaction_id(call);
	if (!r)
		r = call_put(call, "serverSigned1", part);
	if (!r)
		r = call_put(call, "serverSignature1", esim_buf_slice(&signature));
	if (!r)
		r = call_put(call, "euiccCiPKIdToBeUsed", esim_buf_slice(&key_id));
	if (!r)
		r = call_put(call, "serverCertificate", esim_buf_slice(&certificate));
	esim_buf_free(&signed1);
	esim_buf_free(&signature);
	esim_buf_free(&key_id);
	esim_buf_free(&certificate);
	return r;
}

static int begin(struct call *call, const struct kind *kind, struct esim_slice challenge,
		 struct esim_slice info1)
{
	int r;

	if (challenge.len != 16)
		return call_failed(call, "1.6", "2.1", "euiccChallenge has %zu bytes, not 16", challenge.len);
	r = check_version(call, kind, info1);
	if (r)
		return r;
	call->session = session_new(&call->server->sessions);
	if (!call->session)
		return ESIM_EIO;
	call->session->is_smds = kind == &smds;
	r = choose_euicc_root(call, kind, info1);
	if (!r)
		r = choose_server_chain(call, kind, info1);
	if (!r)
		r = answer(call, kind, challenge);
	if (r)
		session_clear(call->session);
	return r;
}

int es9p_initiate_authentication_serve(struct call *call)
{
	struct esim_buf challenge = ESIM_BUF_INIT, info1 = ESIM_BUF_INIT;
	const struct kind *kind = addressed(call);
	struct esim_tlv info;
	int r = kind ? 0 : ESIM_ESERVER;

	if (!r)
		r = call_bytes(call, "euiccChallenge", &challenge);
	if (!r)
		r = call_tlv(call, "euiccInfo1", 0xBF20, &info1, &info);
	if (!r)
		r = begin(call, kind, esim_buf_slice(&challenge), info.value);
	esim_buf_free(&challenge);
	esim_buf_free(&info1);
	return r;
}
