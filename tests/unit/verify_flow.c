/* SPDX-License-Identifier: GPL-2.0-or-later */
/* See verify_flow.h. */
#include "verify_flow.h"

#include <esim/tlv.h>

#include <atf-c.h>
#include <string.h>

struct esim_slice flow_transaction(const struct flow *f)
{
	return esim_slice(f->transaction, sizeof(f->transaction));
}

void flow_sign(struct flow *f, enum fixture_slot slot, const struct esim_buf *message,
		 const struct esim_buf *also, struct esim_buf *signature)
{
	const struct esim_slice parts[] = { esim_buf_slice(message),
					    also ? esim_buf_slice(also) : esim_slice(NULL, 0) };

	esim_buf_reset(signature);
	fixture_sign(&f->pki, slot, parts, 2, signature);
}

void flow_make_signed1(struct flow *f)
{
	size_t mark;

	esim_buf_reset(&f->signed1);
	mark = esim_tlv_begin(&f->signed1, 0x30);
	esim_tlv_put_slice(&f->signed1, 0x80, flow_transaction(f));
	esim_tlv_put(&f->signed1, 0x81, f->euicc_challenge, 16);
	esim_tlv_put_text(&f->signed1, 0x83, f->address);
	esim_tlv_put(&f->signed1, 0x84, f->server_challenge, 16);
	esim_tlv_put_text(&f->signed1, 0x86, "from a later version");
	esim_tlv_end(&f->signed1, mark);
	flow_sign(f, FIXTURE_DPAUTH, &f->signed1, NULL, &f->signature1);
}

void flow_make_euicc_signed1(struct flow *f)
{
	size_t mark;

	esim_buf_reset(&f->euicc_signed1);
	mark = esim_tlv_begin(&f->euicc_signed1, 0x30);
	esim_tlv_put_slice(&f->euicc_signed1, 0x80, flow_transaction(f));
	esim_tlv_put_text(&f->euicc_signed1, 0x83, f->address);
	esim_tlv_put(&f->euicc_signed1, 0x84, f->server_challenge, 16);
	esim_tlv_put(&f->euicc_signed1, 0xBF22, "\x81\x03\x02\x03\x01", 5);
	esim_tlv_put(&f->euicc_signed1, 0xA0, NULL, 0);
	esim_tlv_end(&f->euicc_signed1, mark);
	flow_sign(f, FIXTURE_EUICC, &f->euicc_signed1, NULL, &f->euicc_signature1);
}

void flow_make_smdp_signed2(struct flow *f)
{
	size_t mark;

	esim_buf_reset(&f->smdp_signed2);
	mark = esim_tlv_begin(&f->smdp_signed2, 0x30);
	esim_tlv_put_slice(&f->smdp_signed2, 0x80, flow_transaction(f));
	esim_tlv_put(&f->smdp_signed2, 0x01, "\xFF", 1);
	esim_tlv_end(&f->smdp_signed2, mark);
	flow_sign(f, FIXTURE_DPPB, &f->smdp_signed2, &f->euicc_signature1, &f->smdp_signature2);
}

void flow_make_euicc_signed2(struct flow *f, struct esim_slice hash_cc)
{
	size_t mark;

	esim_buf_reset(&f->euicc_signed2);
	mark = esim_tlv_begin(&f->euicc_signed2, 0x30);
	esim_tlv_put_slice(&f->euicc_signed2, 0x80, flow_transaction(f));
	esim_tlv_put(&f->euicc_signed2, 0x5F49, f->point, sizeof(f->point));
	if (hash_cc.len > 0)
		esim_tlv_put_slice(&f->euicc_signed2, 0x04, hash_cc);
	esim_tlv_end(&f->euicc_signed2, mark);
	flow_sign(f, FIXTURE_EUICC, &f->euicc_signed2, &f->smdp_signature2, &f->euicc_signature2);
}

static const struct package_shape good_package = { 1, 0x88, "013" };

static void put_sequence(struct esim_buf *out, char which)
{
	static const struct {
		char name;
		uint32_t tag, segment;
		int count;
	} kinds[] = {
		{ '0', 0xA0, 0x87, 1 }, { '1', 0xA1, 0x88, 2 }, { '2', 0xA2, 0x87, 1 },
		{ '3', 0xA3, 0x86, 3 }, { 'e', 0xA3, 0x86, 0 }, { 'w', 0xA3, 0x87, 1 },
	};

	for (size_t i = 0; i < sizeof(kinds) / sizeof(kinds[0]); i++) {
		size_t mark;

		if (kinds[i].name != which)
			continue;
		mark = esim_tlv_begin(out, kinds[i].tag);
		for (int k = 0; k < kinds[i].count; k++)
			esim_tlv_put(out, kinds[i].segment, "0123456789abcdef", 16);
		esim_tlv_end(out, mark);
	}
}

void flow_make_package(struct flow *f, const struct package_shape *shape)
{
	struct esim_buf channel = ESIM_BUF_INIT, otpk = ESIM_BUF_INIT, signature = ESIM_BUF_INIT;
	size_t mark, whole;

	esim_tlv_put(&channel, 0x82, &shape->operation, 1);
	esim_tlv_put_slice(&channel, 0x80, flow_transaction(f));
	mark = esim_tlv_begin(&channel, 0xA6);
	esim_tlv_put(&channel, 0x80, &shape->key_type, 1);
	esim_tlv_put(&channel, 0x81, "\x10", 1);
	esim_tlv_put(&channel, 0x84, "a host", 6);
	esim_tlv_end(&channel, mark);
	esim_tlv_put(&channel, 0x5F49, f->point, sizeof(f->point));
	esim_tlv_put(&otpk, 0x5F49, f->point, sizeof(f->point));
	flow_sign(f, FIXTURE_DPPB, &channel, &otpk, &signature);
	esim_buf_append_slice(&channel, esim_buf_slice(&signature));

	esim_buf_reset(&f->package);
	whole = esim_tlv_begin(&f->package, 0xBF36);
	esim_tlv_put_slice(&f->package, 0xBF23, esim_buf_slice(&channel));
	for (const char *c = shape->order; *c; c++)
		put_sequence(&f->package, *c);
	esim_tlv_end(&f->package, whole);
	esim_buf_free(&channel);
	esim_buf_free(&otpk);
	esim_buf_free(&signature);
}

static void put_metadata(struct esim_buf *out)
{
	size_t mark = esim_tlv_begin(out, 0xBF2F);

	esim_tlv_put_uint(out, 0x80, 0);
	esim_tlv_put(out, 0x81, "\x07\x80", 2);
	esim_tlv_put_text(out, 0x0C, FLOW_HOST);
	esim_tlv_end(out, mark);
}

static void make_result(struct flow *f)
{
	struct esim_buf data = ESIM_BUF_INIT, signature = ESIM_BUF_INIT;
	size_t mark = esim_tlv_begin(&data, 0xBF27), whole;

	esim_tlv_put_slice(&data, 0x80, flow_transaction(f));
	put_metadata(&data);
	esim_tlv_put(&data, 0x06, FLOW_OID, FLOW_OID_SIZE);
	esim_tlv_put(&data, 0xA2, "\xA1\x06\x80\x01\x05\x81\x01\x09", 8);
	esim_tlv_end(&data, mark);
	flow_sign(f, FIXTURE_EUICC, &data, NULL, &signature);
	esim_buf_reset(&f->result);
	whole = esim_tlv_begin(&f->result, 0xBF37);
	esim_buf_append_slice(&f->result, esim_buf_slice(&data));
	esim_buf_append_slice(&f->result, esim_buf_slice(&signature));
	esim_tlv_end(&f->result, whole);
	esim_buf_free(&data);
	esim_buf_free(&signature);
}

static void make_cancel(struct flow *f)
{
	struct esim_buf data = ESIM_BUF_INIT, signature = ESIM_BUF_INIT;
	size_t mark = esim_tlv_begin(&data, 0x30), whole, ok;

	esim_tlv_put_slice(&data, 0x80, flow_transaction(f));
	esim_tlv_put(&data, 0x81, FLOW_OID, FLOW_OID_SIZE);
	esim_tlv_put(&data, 0x82, &f->cancel_reason, 1);
	esim_tlv_end(&data, mark);
	flow_sign(f, FIXTURE_EUICC, &data, NULL, &signature);
	esim_buf_reset(&f->cancel);
	whole = esim_tlv_begin(&f->cancel, 0xBF41);
	ok = esim_tlv_begin(&f->cancel, 0xA0);
	esim_buf_append_slice(&f->cancel, esim_buf_slice(&data));
	esim_buf_append_slice(&f->cancel, esim_buf_slice(&signature));
	esim_tlv_end(&f->cancel, ok);
	esim_tlv_end(&f->cancel, whole);
	esim_buf_free(&data);
	esim_buf_free(&signature);
}

static void make_notification(struct flow *f)
{
	struct esim_buf data = ESIM_BUF_INIT, signature = ESIM_BUF_INIT;
	size_t whole;

	put_metadata(&data);
	flow_sign(f, FIXTURE_EUICC, &data, NULL, &signature);
	esim_buf_reset(&f->notification);
	whole = esim_tlv_begin(&f->notification, 0x30);
	esim_buf_append_slice(&f->notification, esim_buf_slice(&data));
	esim_buf_append_slice(&f->notification, esim_buf_slice(&signature));
	esim_buf_append_slice(&f->notification, fixture_der(&f->pki, FIXTURE_EUICC));
	esim_buf_append_slice(&f->notification, fixture_der(&f->pki, FIXTURE_EUM));
	esim_tlv_end(&f->notification, whole);
	esim_buf_free(&data);
	esim_buf_free(&signature);
}

/* --- the inputs, good as they stand -------------------------------------------------- */

struct esim_verify_server_auth flow_server_auth(const struct flow *f)
{
	return (struct esim_verify_server_auth){
		.pool = &f->pki.pool,
		.now = FIXTURE_NOW,
		.role = ESIM_ROLE_NONE,
		.server_signed1 = esim_buf_slice(&f->signed1),
		.server_signature1 = esim_buf_slice(&f->signature1),
		.server_certificate = fixture_der(&f->pki, FIXTURE_DPAUTH),
		.transaction_id = flow_transaction(f),
		.euicc_challenge = esim_slice(f->euicc_challenge, 16),
		.server_address = FLOW_HOST,
		.ci_for_verification = &f->trusted,
		.ci_key_id = fixture_key_id(&f->pki, FIXTURE_CI),
		.expected_oid = "2.999.10",
	};
}

struct esim_verify_euicc_auth flow_euicc_auth(const struct flow *f)
{
	return (struct esim_verify_euicc_auth){
		.pool = &f->pki.pool,
		.now = FIXTURE_NOW,
		.euicc_signed1 = esim_buf_slice(&f->euicc_signed1),
		.euicc_signature1 = esim_buf_slice(&f->euicc_signature1),
		.euicc_certificate = fixture_der(&f->pki, FIXTURE_EUICC),
		.eum_certificate = fixture_der(&f->pki, FIXTURE_EUM),
		.ci_key_id = fixture_key_id(&f->pki, FIXTURE_CI),
		.server = &f->server,
		.server_address = FLOW_HOST,
	};
}

struct esim_verify_smdp_signed2 flow_smdp_signed2(const struct flow *f)
{
	return (struct esim_verify_smdp_signed2){
		.pool = &f->pki.pool,
		.now = FIXTURE_NOW,
		.server = &f->server,
		.smdp_signed2 = esim_buf_slice(&f->smdp_signed2),
		.smdp_signature2 = esim_buf_slice(&f->smdp_signature2),
		.smdp_certificate = fixture_der(&f->pki, FIXTURE_DPPB),
		.euicc_signature1 = esim_buf_slice(&f->euicc_signature1),
	};
}

struct esim_verify_euicc_signed2 flow_euicc_signed2(const struct flow *f)
{
	return (struct esim_verify_euicc_signed2){
		.euicc = &f->euicc,
		.euicc_signed2 = esim_buf_slice(&f->euicc_signed2),
		.euicc_signature2 = esim_buf_slice(&f->euicc_signature2),
		.smdp_signature2 = esim_buf_slice(&f->smdp_signature2),
		.transaction_id = flow_transaction(f),
	};
}

struct esim_verify_package flow_package(const struct flow *f)
{
	return (struct esim_verify_package){
		.bound_profile_package = esim_buf_slice(&f->package),
		.smdp = &f->smdp,
		.euicc_otpk = f->otpk,
		.transaction_id = flow_transaction(f),
	};
}

struct esim_verify_installation_result flow_installation_result(const struct flow *f)
{
	return (struct esim_verify_installation_result){
		.euicc = &f->euicc,
		.result = esim_buf_slice(&f->result),
		.transaction_id = flow_transaction(f),
		.registered_id = esim_slice(FLOW_OID, FLOW_OID_SIZE),
	};
}

struct esim_verify_cancel_session flow_cancel_session(const struct flow *f)
{
	return (struct esim_verify_cancel_session){
		.euicc = &f->euicc,
		.response = esim_buf_slice(&f->cancel),
		.transaction_id = flow_transaction(f),
		.registered_id = esim_slice(FLOW_OID, FLOW_OID_SIZE),
		.reason = 5,
	};
}

struct esim_verify_notification flow_notification(const struct flow *f)
{
	return (struct esim_verify_notification){
		.pool = &f->pki.pool,
		.now = FIXTURE_NOW,
		.notification = esim_buf_slice(&f->notification),
	};
}

void flow_start(struct flow *f, enum esim_curve curve)
{
	struct esim_verify_smdp_signed2 smdp_signed2_in;
	struct esim_verify_euicc_signed2 euicc_signed2_in;
	struct esim_verify_server_auth server_auth_in;
	struct esim_verify_euicc_auth euicc_auth_in;
	struct esim_error err = { 0 };

	*f = (struct flow){ .address = "SMDPP.example.com", .cancel_reason = 5 };
	fixture_init(&f->pki, curve);
	memcpy(f->trusted.ids[0].bytes, f->pki.key_id[FIXTURE_CI], RSP_KEY_ID_SIZE);
	f->trusted.ids[0].len = RSP_KEY_ID_SIZE;
	f->trusted.count = 1;
	memset(f->transaction, 0x11, 16);
	memset(f->euicc_challenge, 0x22, 16);
	memset(f->server_challenge, 0x33, 16);
	memcpy(f->point, rsp_key_public(f->pki.key[0])->point, sizeof(f->point));

	flow_make_signed1(f);
	server_auth_in = flow_server_auth(f);
	ATF_REQUIRE_EQ_MSG(0, esim_verify_server_auth(&server_auth_in, &f->server, &err), "%s", err.message);
	flow_make_euicc_signed1(f);
	euicc_auth_in = flow_euicc_auth(f);
	ATF_REQUIRE_EQ_MSG(0, esim_verify_euicc_auth(&euicc_auth_in, &f->euicc, &err), "%s", err.message);
	flow_make_smdp_signed2(f);
	smdp_signed2_in = flow_smdp_signed2(f);
	ATF_REQUIRE_EQ_MSG(0, esim_verify_smdp_signed2(&smdp_signed2_in, &f->smdp, &err), "%s", err.message);
	flow_make_euicc_signed2(f, esim_slice(NULL, 0));
	euicc_signed2_in = flow_euicc_signed2(f);
	ATF_REQUIRE_EQ_MSG(0, esim_verify_euicc_signed2(&euicc_signed2_in, &f->otpk, &err), "%s", err.message);
	flow_make_package(f, &good_package);
	make_result(f);
	make_cancel(f);
	make_notification(f);
}

void flow_end(struct flow *f)
{
	struct esim_buf *const all[] = {
		&f->signed1, &f->signature1, &f->euicc_signed1, &f->euicc_signature1,
		&f->smdp_signed2, &f->smdp_signature2, &f->euicc_signed2, &f->euicc_signature2,
		&f->package, &f->result, &f->cancel, &f->notification,
	};

	for (size_t i = 0; i < sizeof(all) / sizeof(all[0]); i++)
		esim_buf_free(all[i]);
	fixture_free(&f->pki);
}
