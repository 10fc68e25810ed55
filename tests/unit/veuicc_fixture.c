/* SPDX-License-Identifier: GPL-2.0-or-later */
/* A reader and a server for tests of the virtual eUICC; see veuicc_fixture.h. */
#include "veuicc_fixture.h"

#include "rsp/profile.h"
#include "smdpp/bind.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#define PKI_DIR "pki"
#define HASH_CC "0123456789abcdef0123456789abcdef"

static const uint8_t isdr[] = {
	0xA0, 0x00, 0x00, 0x05, 0x59, 0x10, 0x10, 0xFF,
	0xFF, 0xFF, 0xFF, 0x89, 0x00, 0x00, 0x01, 0x00,
};

static struct esim_buf from_hex(const char *hex)
{
	struct esim_buf out = ESIM_BUF_INIT;
	size_t len = strlen(hex) / 2;
	uint8_t *bytes = malloc(len + 1);

	ATF_REQUIRE(bytes && !esim_hex_decode(hex, bytes, len, &len));
	esim_buf_append(&out, bytes, len);
	free(bytes);
	return out;
}

/* --- the card -------------------------------------------------------------- */

static void make_card(struct fixture *f)
{
	struct esim_error err = { 0 };

	ATF_REQUIRE_EQ_MSG(0, veuicc_new(&f->options, &f->card, &err), "%s", err.message);
	fixture_select(f);
}

void fixture_open_curve(struct fixture *f, const struct veuicc_options *options,
			enum esim_curve curve)
{
	struct rsp_pki_options pki = {
		.required = RSP_PKI_ALL, .name = RSP_PKI_NAME, .smds_name = RSP_PKI_SMDS,
		.fresh = true, .curve = curve,
	};
	struct esim_error err = { 0 };

	*f = (struct fixture){ .channel = 1, .block = 255 };
	if (options)
		f->options = *options;
	ATF_REQUIRE_EQ_MSG(0, rsp_pki_load(PKI_DIR, &pki, &f->pki, &err), "%s", err.message);
	mkdir(PKI_DIR, 0700);
	ATF_REQUIRE_EQ_MSG(0, rsp_pki_save(f->pki, PKI_DIR, &err), "%s", err.message);
	f->options.pki_dirs[f->options.pki_count++] = PKI_DIR;
	make_card(f);
}

void fixture_open(struct fixture *f, const struct veuicc_options *options)
{
	fixture_open_curve(f, options, ESIM_CURVE_P256);
}

void fixture_close(struct fixture *f)
{
	veuicc_free(&f->card);
	rsp_pki_free(&f->pki);
	esim_buf_free(&f->signature1);
}

void fixture_restart(struct fixture *f)
{
	veuicc_free(&f->card);
	make_card(f);
}

void fixture_select(struct fixture *f)
{
	uint8_t open[] = { 0x00, 0x70, 0x00, (uint8_t)f->channel };
	uint8_t select[5 + sizeof(isdr) + 1] = { 0x00, 0xA4, 0x04, 0x00, sizeof(isdr) };

	ATF_REQUIRE_EQ(0, veuicc_power_on(f->card, NULL));
	ATF_REQUIRE_EQ(0x9000, fixture_transmit(f, esim_slice(open, sizeof(open)), NULL));
	select[0] = (uint8_t)(f->channel < 4 ? f->channel : 0x40 | (f->channel - 4));
	memcpy(select + 5, isdr, sizeof(isdr));
	ATF_REQUIRE_EQ(0x9000, fixture_transmit(f, esim_slice(select, sizeof(select)), NULL));
}

/* --- the reader ------------------------------------------------------------ */

uint16_t fixture_transmit(struct fixture *f, struct esim_slice command, struct esim_buf *out)
{
	struct esim_buf response = ESIM_BUF_INIT;
	int r = veuicc_transmit(f->card, command, &response);

	f->sw = 0;
	if (out)
		esim_buf_reset(out);
	if (!r && response.len >= 2) {
		f->sw = (uint16_t)(response.data[response.len - 2] << 8 | response.data[response.len - 1]);
		if (out)
			esim_buf_append(out, response.data, response.len - 2);
	}
	esim_buf_free(&response);
	return f->sw;
}

uint16_t fixture_apdu(struct fixture *f, const char *hex, struct esim_buf *out)
{
	struct esim_buf command = from_hex(hex);
	uint16_t sw = fixture_transmit(f, esim_buf_slice(&command), out);

	esim_buf_free(&command);
	return sw;
}

static uint8_t class_of(unsigned channel)
{
	return (uint8_t)(0x80 | (channel < 4 ? channel : 0x40 | (channel - 4)));
}

/* 61xx until all is there. */
static uint16_t collect(struct fixture *f, struct esim_buf *out)
{
	uint8_t get[] = { (uint8_t)(class_of(f->channel) & 0x7F), 0xC0, 0, 0, 0 };
	struct esim_buf part = ESIM_BUF_INIT;

	while (f->sw >> 8 == 0x61) {
		get[4] = (uint8_t)f->sw;
		fixture_transmit(f, esim_slice(get, sizeof(get)), &part);
		esim_buf_append_slice(out, esim_buf_slice(&part));
	}
	esim_buf_free(&part);
	return f->sw;
}

uint16_t fixture_es10(struct fixture *f, struct esim_slice request, struct esim_buf *out)
{
	uint8_t command[5 + 255];
	uint8_t block = 0;

	esim_buf_reset(out);
	do {
		size_t n = request.len < f->block ? request.len : f->block;

		command[0] = class_of(f->channel);
		command[1] = 0xE2;
		command[2] = n == request.len ? 0x91 : 0x11;
		command[3] = block++;
		command[4] = (uint8_t)n;
		memcpy(command + 5, request.data, n);
		request = esim_slice(request.data + n, request.len - n);
		fixture_transmit(f, esim_slice(command, 5 + n), NULL);
	} while (request.len > 0 && f->sw == 0x9000);
	return collect(f, out);
}

uint16_t fixture_es10_hex(struct fixture *f, const char *hex, struct esim_buf *out)
{
	struct esim_buf request = from_hex(hex);
	uint16_t sw = fixture_es10(f, esim_buf_slice(&request), out);

	esim_buf_free(&request);
	return sw;
}

static void require_success(struct fixture *f, const char *request)
{
	ATF_REQUIRE_MSG(f->sw == 0x9000 || f->sw >> 8 == 0x91, "%.60s got %04X", request, f->sw);
}

void fixture_expect(struct fixture *f, const char *request, const char *answer)
{
	struct esim_buf out = ESIM_BUF_INIT;
	char *hex;

	fixture_es10_hex(f, request, &out);
	require_success(f, request);
	hex = malloc(2 * out.len + 1);
	ATF_REQUIRE(hex != NULL);
	esim_hex_encode(esim_buf_slice(&out), hex);
	ATF_CHECK_STREQ(answer, hex);
	free(hex);
	esim_buf_free(&out);
}

unsigned fixture_result(struct fixture *f, const char *request)
{
	struct esim_buf out = ESIM_BUF_INIT;
	struct esim_tlv whole, code;
	uint64_t n = 0;

	fixture_es10_hex(f, request, &out);
	require_success(f, request);
	ATF_REQUIRE_EQ(0, esim_tlv_check(esim_buf_slice(&out), "answer", &whole, NULL));
	ATF_REQUIRE(esim_tlv_next(&whole.value, &code) == 1 && (code.tag == 0x80 || code.tag == 0x81));
	ATF_REQUIRE_EQ(0, esim_tlv_uint(code.value, &n));
	esim_buf_free(&out);
	return (unsigned)n;
}

/* --- the server's half ----------------------------------------------------- */

static const struct rsp_pki_entry *auth_entry(struct fixture *f)
{
	return &f->pki->entries[f->twist.auth_slot ? f->twist.auth_slot : RSP_PKI_DPAUTH];
}

static const struct rsp_pki_entry *pb_entry(struct fixture *f)
{
	return &f->pki->entries[f->twist.pb_slot ? f->twist.pb_slot : RSP_PKI_DPPB];
}

static void put_signature(const struct rsp_key *key, const struct esim_slice *parts, size_t count,
			  bool bad, struct esim_buf *out)
{
	uint8_t signature[ESIM_SIGNATURE_SIZE];

	ATF_REQUIRE_EQ(0, rsp_key_sign(key, parts, count, signature));
	signature[10] ^= bad;
	esim_tlv_put(out, 0x5F37, signature, sizeof(signature));
}

static void put_device_info(struct fixture *f, struct esim_buf *out)
{
	size_t tac = f->twist.tac_len ? f->twist.tac_len : 4;
	size_t mark = esim_tlv_begin(out, 0xA0), inner;

	esim_tlv_put_text(out, 0x80, "ORDER-1");
	inner = esim_tlv_begin(out, 0xA1);
	esim_tlv_put(out, 0x80, "\x35\x29\x06\x11\x35\x29\x06\x11", tac);
	esim_tlv_put(out, 0xA1, NULL, 0);
	esim_tlv_end(out, inner);
	esim_tlv_end(out, mark);
}

/* 0, or the code of A1{80, 02}; keeps what an answer's A0 says. */
static unsigned take_answer(struct fixture *f, struct esim_slice answer, uint32_t tag,
			    struct esim_tlv *ret_ok)
{
	struct esim_tlv whole, inner, code;
	uint64_t n;

	ATF_REQUIRE_EQ_MSG(0x9000, f->sw, "%04X", f->sw);
	ATF_REQUIRE_EQ(0, esim_tlv_check(answer, "answer", &whole, NULL));
	ATF_REQUIRE_EQ(tag, whole.tag);
	ATF_REQUIRE_EQ(1, esim_tlv_next(&whole.value, &inner));
	if (inner.tag == 0xA0) {
		*ret_ok = inner;
		return 0;
	}
	ATF_REQUIRE(esim_tlv_find(inner.value, 0x02, &code) == 1 && !esim_tlv_uint(code.value, &n));
	return (unsigned)n;
}

/* Both answers begin with the signed part and its signature. */
static void check_signed(struct fixture *f, struct esim_tlv ok, struct esim_slice also,
			 struct esim_tlv *ret_signed, struct esim_tlv *ret_signature)
{
	struct esim_slice parts[2];

	ATF_REQUIRE(esim_tlv_next(&ok.value, ret_signed) == 1 && ret_signed->tag == 0x30);
	ATF_REQUIRE(esim_tlv_next(&ok.value, ret_signature) == 1 && ret_signature->tag == 0x5F37);
	parts[0] = ret_signed->whole;
	parts[1] = also;
	ATF_CHECK_EQ(0, esim_signature_verify_parts(&f->pki->entries[RSP_PKI_EUICC].cert.key, parts,
						    also.len ? 2 : 1, ret_signature->value));
}

unsigned rsp_authenticate_with(struct fixture *f, struct esim_slice challenge)
{
	struct esim_buf signed1 = ESIM_BUF_INIT, request = ESIM_BUF_INIT, answer = ESIM_BUF_INIT;
	const struct rsp_pki_entry *entry = auth_entry(f);
	struct esim_tlv ok, part, signature;
	struct esim_slice covered, ci;
	size_t mark;
	unsigned code;

	ATF_REQUIRE_EQ(0, esim_random(f->transaction_id, sizeof(f->transaction_id)));
	mark = esim_tlv_begin(&signed1, 0x30);
	esim_tlv_put(&signed1, 0x80, f->transaction_id, sizeof(f->transaction_id));
	esim_tlv_put_slice(&signed1, 0x81, challenge);
	esim_tlv_put_text(&signed1, 0x83, "smdp.example.com");
	esim_tlv_put(&signed1, 0x84, f->transaction_id, 16);
	esim_tlv_end(&signed1, mark);
	if (f->twist.bad_challenge)
		signed1.data[2 + 18 + 2 + 3] ^= 1;

	covered = esim_buf_slice(&signed1);
	ci = f->twist.ci_key_id.len ? f->twist.ci_key_id :
				      f->pki->entries[RSP_PKI_CI].cert.subject_key_id;
	mark = esim_tlv_begin(&request, 0xBF38);
	esim_buf_append_slice(&request, covered);
	put_signature(f->twist.signing_key ? f->twist.signing_key : entry->key, &covered, 1,
		      f->twist.bad_signature1, &request);
	esim_tlv_put_slice(&request, 0x04, ci);
	esim_buf_append_slice(&request, f->twist.auth_cert.len ? f->twist.auth_cert :
								 esim_buf_slice(&entry->der));
	put_device_info(f, &request);
	esim_tlv_end(&request, mark);

	fixture_es10(f, esim_buf_slice(&request), &answer);
	code = take_answer(f, esim_buf_slice(&answer), 0xBF38, &ok);
	if (code == 0) {
		check_signed(f, ok, esim_slice(NULL, 0), &part, &signature);
		esim_buf_reset(&f->signature1);
		esim_buf_append_slice(&f->signature1, signature.whole);
	}
	esim_buf_free(&signed1);
	esim_buf_free(&request);
	esim_buf_free(&answer);
	return code;
}

unsigned rsp_authenticate(struct fixture *f)
{
	struct esim_buf answer = ESIM_BUF_INIT;
	unsigned code;

	ATF_REQUIRE_EQ(0x9000, fixture_es10_hex(f, "BF2E00", &answer));
	ATF_REQUIRE_EQ(5 + 16, answer.len);
	code = rsp_authenticate_with(f, esim_slice(answer.data + 5, 16));
	esim_buf_free(&answer);
	return code;
}

unsigned rsp_prepare(struct fixture *f)
{
	struct esim_buf signed2 = ESIM_BUF_INIT, request = ESIM_BUF_INIT, answer = ESIM_BUF_INIT;
	const struct rsp_pki_entry *entry = pb_entry(f);
	struct esim_tlv ok, part, signature, otpk;
	struct esim_slice covered[2];
	size_t mark;
	unsigned code;

	mark = esim_tlv_begin(&signed2, 0x30);
	esim_tlv_put(&signed2, 0x80, f->transaction_id, sizeof(f->transaction_id));
	esim_tlv_put(&signed2, 0x01, f->twist.cc_required ? "\xFF" : "\x00", 1);
	if (f->twist.bound_otpk.len)
		esim_tlv_put_slice(&signed2, 0x5F49, f->twist.bound_otpk);
	esim_tlv_end(&signed2, mark);
	if (f->twist.bad_transaction_id)
		signed2.data[5] ^= 1;

	covered[0] = esim_buf_slice(&signed2);
	covered[1] = esim_buf_slice(&f->signature1);
	mark = esim_tlv_begin(&request, 0xBF21);
	esim_buf_append_slice(&request, covered[0]);
	put_signature(f->twist.signing_key ? f->twist.signing_key : entry->key, covered, 2,
		      f->twist.bad_signature2, &request);
	if (f->twist.cc_required && !f->twist.no_hash_cc)
		esim_tlv_put(&request, 0x04, HASH_CC, 32);
	esim_buf_append_slice(&request, f->twist.pb_cert.len ? f->twist.pb_cert :
							       esim_buf_slice(&entry->der));
	esim_tlv_end(&request, mark);

	fixture_es10(f, esim_buf_slice(&request), &answer);
	code = take_answer(f, esim_buf_slice(&answer), 0xBF21, &ok);
	if (code == 0) {
		struct esim_tlv outer, sent;

		ATF_REQUIRE_EQ(0, esim_tlv_check(esim_buf_slice(&request), "request", &outer, NULL));
		ATF_REQUIRE_EQ(1, esim_tlv_find(outer.value, 0x5F37, &sent));
		check_signed(f, ok, sent.whole, &part, &signature);
		ATF_REQUIRE_EQ(1, esim_tlv_find(part.value, 0x5F49, &otpk));
		f->otpk.curve = pb_entry(f)->cert.key.curve;
		memcpy(f->otpk.point, otpk.value.data, ESIM_PUBLIC_KEY_SIZE);
		ATF_CHECK_EQ(f->twist.cc_required, esim_tlv_find(part.value, 0x04, &sent) == 1);
	}
	esim_buf_free(&signed2);
	esim_buf_free(&request);
	esim_buf_free(&answer);
	return code;
}

void rsp_metadata(const struct profile_spec *spec, struct esim_buf *bf25)
{
	size_t mark = esim_tlv_begin(bf25, 0xBF25), list, entry;
	struct esim_buf owner = from_hex(spec->owner ? spec->owner : "00F110");
	struct esim_iccid iccid;
	uint8_t events[] = { 4, (uint8_t)spec->events };
	uint8_t pprs[] = { 5, (uint8_t)((spec->pprs & 1 ? 0x40 : 0) | (spec->pprs & 2 ? 0x20 : 0)) };

	ATF_REQUIRE_EQ(0, esim_iccid_parse(spec->iccid, &iccid));
	esim_tlv_put(bf25, 0x5A, iccid.bytes, sizeof(iccid.bytes));
	esim_tlv_put_text(bf25, 0x91, "Operator");
	esim_tlv_put_text(bf25, 0x92, spec->name ? spec->name : "Profile");
	if (spec->class)
		esim_tlv_put_uint(bf25, 0x95, spec->class - 1);
	if (spec->events) {
		list = esim_tlv_begin(bf25, 0xB6);
		entry = esim_tlv_begin(bf25, 0x30);
		esim_tlv_put(bf25, 0x80, events, sizeof(events));
		esim_tlv_put_text(bf25, 0x81, "smdp.example.com");
		esim_tlv_end(bf25, entry);
		esim_tlv_end(bf25, list);
	}
	if (spec->pprs) {
		entry = esim_tlv_begin(bf25, 0xB7);
		esim_tlv_put_slice(bf25, 0x80, esim_buf_slice(&owner));
		esim_tlv_end(bf25, entry);
		esim_tlv_put(bf25, 0x99, pprs, sizeof(pprs));
	}
	esim_tlv_end(bf25, mark);
	esim_buf_free(&owner);
}

void rsp_package(const struct profile_spec *spec, struct esim_buf *package)
{
	struct rsp_profile profile = {
		.iccid = spec->header_iccid ? spec->header_iccid : spec->iccid,
		.imsi = "001010123456789",
		.size = spec->size,
	};
	struct esim_error err = { 0 };

	ATF_REQUIRE_EQ_MSG(0, rsp_profile_build(&profile, package, &err), "%s", err.message);
}

void rsp_bind_package(struct fixture *f, struct esim_slice metadata, struct esim_slice package,
		      struct esim_buf *bpp)
{
	struct faults faults = { 0 };
	struct fault_hits hits = { 0 };
	struct esim_error err = { 0 };
	struct bind_request request = {
		.transaction_id = esim_slice(f->transaction_id, sizeof(f->transaction_id)),
		.eid = esim_slice(veuicc_eid(f->card)->bytes, ESIM_EID_SIZE),
		.euicc_otpk = &f->otpk,
		.signer = pb_entry(f)->key,
		.metadata = metadata,
		.package = package,
		.protected_keys = f->twist.protected_keys,
		.split_metadata = f->twist.split_metadata,
		.faults = &hits,
	};

	if (f->twist.bpp_fault)
		ATF_REQUIRE_EQ_MSG(0, faults_parse(f->twist.bpp_fault, &faults, &err), "%s", err.message);
	faults_begin(&faults, FAULT_GET_BOUND_PROFILE_PACKAGE, &hits);
	ATF_REQUIRE_EQ_MSG(0, bind_package(&request, bpp, &err), "%s", err.message);
}

void rsp_bind(struct fixture *f, const struct profile_spec *spec, struct esim_buf *bpp)
{
	struct esim_buf metadata = ESIM_BUF_INIT, package = ESIM_BUF_INIT;

	rsp_metadata(spec, &metadata);
	rsp_package(spec, &package);
	rsp_bind_package(f, esim_buf_slice(&metadata), esim_buf_slice(&package), bpp);
	esim_buf_free(&metadata);
	esim_buf_free(&package);
}

/* Send in[from, to); true while the card wants more. */
static bool send_segment(struct fixture *f, const uint8_t *from, const uint8_t *to,
			 struct esim_buf *bf37)
{
	fixture_es10(f, esim_slice(from, (size_t)(to - from)), bf37);
	return f->sw == 0x9000 && bf37->len == 0;
}

/* A1 and A3 have headers of their own; A0 and A2 go with their first 87. */
static bool send_container(struct fixture *f, struct esim_tlv container, struct esim_buf *bf37)
{
	bool alone = container.tag == 0xA1 || container.tag == 0xA3;
	const uint8_t *from = container.whole.data;
	struct esim_tlv item;

	if (alone) {
		if (!send_segment(f, from, container.value.data, bf37))
			return false;
		from = container.value.data;
	}
	while (esim_tlv_next(&container.value, &item) == 1) {
		if (!send_segment(f, from, item.whole.data + item.whole.len, bf37))
			return false;
		from = item.whole.data + item.whole.len;
	}
	return true;
}

uint16_t rsp_load(struct fixture *f, struct esim_slice bpp, struct esim_buf *bf37)
{
	struct esim_tlv whole, first, container;

	ATF_REQUIRE_EQ(1, esim_tlv_next(&bpp, &whole));
	ATF_REQUIRE_EQ(1, esim_tlv_next(&whole.value, &first));
	if (!send_segment(f, whole.whole.data, first.whole.data + first.whole.len, bf37))
		return f->sw;
	while (esim_tlv_next(&whole.value, &container) == 1)
		if (!send_container(f, container, bf37))
			break;
	return f->sw;
}

int rsp_outcome(struct fixture *f, struct esim_slice bf37)
{
	struct esim_tlv whole, data, signature, id, result, kind, command, reason;
	uint64_t n, m;

	ATF_REQUIRE_EQ(0, esim_tlv_check(bf37, "BF37", &whole, NULL));
	ATF_REQUIRE_EQ(0xBF37, whole.tag);
	ATF_REQUIRE_EQ(1, esim_tlv_find(whole.value, 0xBF27, &data));
	ATF_REQUIRE_EQ(1, esim_tlv_find(whole.value, 0x5F37, &signature));
	ATF_CHECK_EQ(0, esim_signature_verify(&f->pki->entries[RSP_PKI_EUICC].cert.key, data.whole,
					      signature.value));
	ATF_REQUIRE_EQ(1, esim_tlv_find(data.value, 0x80, &id));
	ATF_CHECK(esim_slice_is(id.value, f->transaction_id, sizeof(f->transaction_id)));
	ATF_REQUIRE_EQ(1, esim_tlv_find(data.value, 0xA2, &result));
	ATF_REQUIRE_EQ(1, esim_tlv_next(&result.value, &kind));
	if (kind.tag == 0xA0)
		return -1;
	ATF_REQUIRE_EQ(0xA1, kind.tag);
	ATF_REQUIRE(esim_tlv_find(kind.value, 0x80, &command) == 1 && !esim_tlv_uint(command.value, &n));
	ATF_REQUIRE(esim_tlv_find(kind.value, 0x81, &reason) == 1 && !esim_tlv_uint(reason.value, &m));
	return (int)(n << 8 | m);
}

int rsp_download(struct fixture *f, const struct profile_spec *spec)
{
	struct esim_buf bpp = ESIM_BUF_INIT, bf37 = ESIM_BUF_INIT;
	int outcome;

	ATF_REQUIRE_EQ(0, rsp_authenticate(f));
	ATF_REQUIRE_EQ(0, rsp_prepare(f));
	rsp_bind(f, spec, &bpp);
	ATF_REQUIRE_EQ(0x9000, rsp_load(f, esim_buf_slice(&bpp), &bf37));
	outcome = rsp_outcome(f, esim_buf_slice(&bf37));
	esim_buf_free(&bpp);
	esim_buf_free(&bf37);
	return outcome;
}
