/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The Bound Profile Package; see bind.h. */
#include "smdpp/bind.h"

#include "rsp/bsp.h"

#include <esim/tlv.h>

#include <string.h>

#define HOST_ID "smdpp.host"
#define INSTALL_BOUND_PROFILE_PACKAGE 1

/* Everything that lives while one package is made; wiped at the end. */
struct binding {
	const struct bind_request *request;
	struct rsp_key *otk;		/* the server's one-time key */
	struct rsp_bsp bsp;
	struct esim_buf *out;
};

static bool tampers(const struct binding *b, const char *what)
{
	return fault_tampers(b->request->faults, what);
}

/* --- InitialiseSecureChannel --------------------------------------------------------- */

static void put_control_reference(struct esim_buf *out)
{
	size_t mark = esim_tlv_begin(out, 0xA6);

	esim_tlv_put(out, 0x80, (uint8_t[]){ RSP_BSP_KEY_TYPE }, 1);
	esim_tlv_put(out, 0x81, (uint8_t[]){ RSP_BSP_KEY_LEN }, 1);
	esim_tlv_put(out, 0x84, HOST_ID, strlen(HOST_ID));
	esim_tlv_end(out, mark);
}

/* remoteOpId | transactionId | controlRefTemplate | smdpOtpk: in BF23 and under its signature. */
static void put_signed_part(const struct binding *b, struct esim_buf *out)
{
	const struct esim_public_key *otpk = rsp_key_public(b->otk);
	size_t start;

	esim_tlv_put_uint(out, 0x82, INSTALL_BOUND_PROFILE_PACKAGE);
	start = out->len;
	esim_tlv_put_slice(out, 0x80, b->request->transaction_id);
	if (tampers(b, "signedTransactionId") && !esim_buf_failed(out))
		out->data[start + 2] ^= 1;
	put_control_reference(out);
	esim_tlv_put(out, 0x5F49, otpk->point, sizeof(otpk->point));
}

static int initialise_secure_channel(struct binding *b, struct esim_error *err)
{
	struct esim_buf covered = ESIM_BUF_INIT, euicc = ESIM_BUF_INIT;
	uint8_t sig[ESIM_SIGNATURE_SIZE];
	struct esim_slice parts[2];
	size_t mark;
	int r;

	put_signed_part(b, &covered);
	esim_tlv_put(&euicc, 0x5F49, b->request->euicc_otpk->point, ESIM_PUBLIC_KEY_SIZE);
	parts[0] = esim_buf_slice(&covered);
	parts[1] = esim_buf_slice(&euicc);
	r = esim_buf_failed(&covered) ? ESIM_ENOMEM : rsp_key_sign(b->request->signer, parts, 2, sig);
	if (!r) {
		if (tampers(b, "signature"))
			sig[0] ^= 1;
		mark = esim_tlv_begin(b->out, 0xBF23);
		esim_buf_append_slice(b->out, parts[0]);
		esim_tlv_put(b->out, 0x5F37, sig, sizeof(sig));
		esim_tlv_end(b->out, mark);
	}
	esim_buf_free(&covered);
	esim_buf_free(&euicc);
	return r ? esim_error_set(err, r, "InitialiseSecureChannel cannot be signed") : 0;
}

static int derive_keys(struct binding *b, struct esim_error *err)
{
	const char *host_id = tampers(b, "hostId") ? "other.host" : HOST_ID;
	uint8_t z[RSP_SECRET_SIZE];
	int r;

	r = rsp_key_agree(b->otk, b->request->euicc_otpk, z);
	if (!r)
		r = rsp_bsp_derive(&b->bsp, z, RSP_BSP_KEY_TYPE, RSP_BSP_KEY_LEN,
				   esim_slice(host_id, strlen(host_id)), b->request->eid);
	explicit_bzero(z, sizeof(z));
	return r ? esim_error_set(err, r, "no session keys with this eUICC's one-time key") : 0;
}

/* --- segments ------------------------------------------------------------------------- */

/* @data cut into pieces of @piece bytes, each a segment with @tag, all within @sequence. */
static int put_sequence(struct binding *b, uint32_t sequence, uint32_t tag, struct esim_slice data,
			size_t piece)
{
	size_t mark = esim_tlv_begin(b->out, sequence), n;
	int r = 0;

	while (!r && data.len > 0) {
		n = data.len < piece ? data.len : piece;
		r = (tag == 0x88 ? rsp_bsp_mac_only : rsp_bsp_encrypt)(&b->bsp, tag,
								       esim_slice(data.data, n), b->out);
		data = esim_slice(data.data + n, data.len - n);
	}
	esim_tlv_end(b->out, mark);
	return r;
}

static int put_metadata(struct binding *b)
{
	struct esim_slice metadata = b->request->metadata;
	struct esim_buf changed = ESIM_BUF_INIT;
	size_t piece = b->request->split_metadata ? (metadata.len + 2) / 3 : RSP_BSP_MAX_PLAIN_MAC;
	int r;

	esim_buf_append_slice(&changed, metadata);
	if (tampers(b, "metadata") && !esim_buf_failed(&changed))
		changed.data[changed.len - 1] ^= 1;
	r = esim_buf_failed(&changed);
	if (!r)
		r = put_sequence(b, 0xA1, 0x88, esim_buf_slice(&changed), piece);
	esim_buf_free(&changed);
	return r;
}

/* ReplaceSessionKeys under the session keys; from then on the new ones hold. */
static int replace_keys(struct binding *b)
{
	uint8_t keys[3][RSP_BSP_KEY_SIZE];
	struct esim_buf command = ESIM_BUF_INIT;
	size_t mark;
	int r;

	if (esim_random(&keys[0][0], sizeof(keys)))
		return ESIM_EIO;
	mark = esim_tlv_begin(&command, 0xBF26);
	for (uint32_t i = 0; i < 3; i++)
		esim_tlv_put(&command, 0x80 + i, keys[i], RSP_BSP_KEY_SIZE);
	esim_tlv_end(&command, mark);
	r = esim_buf_failed(&command);
	if (!r)
		r = put_sequence(b, 0xA2, 0x87, esim_buf_slice(&command), RSP_BSP_MAX_PLAIN);
	if (!r)
		rsp_bsp_set_keys(&b->bsp, keys[0], keys[1], keys[2]);
	explicit_bzero(keys, sizeof(keys));
	esim_buf_free(&command);
	return r;
}

/* Faults on the elements: the last segment's MAC, or a byte of the package itself. */
static int put_elements(struct binding *b)
{
	struct esim_buf package = ESIM_BUF_INIT;
	int r;

	esim_buf_append_slice(&package, b->request->package);
	r = esim_buf_failed(&package);
	if (!r && tampers(b, "package"))
		package.data[package.len / 2] ^= 0xFF;
	if (!r)
		r = put_sequence(b, 0xA3, 0x86, esim_buf_slice(&package), RSP_BSP_MAX_PLAIN);
	esim_buf_free(&package);
	if (!r && !esim_buf_failed(b->out) && tampers(b, "mac"))
		b->out->data[b->out->len - 1] ^= 1;
	return r;
}

static int put_segments(struct binding *b)
{
	static const uint8_t configure_isdp[] = { 0xBF, 0x24, 0x00 };
	bool reordered = tampers(b, "order");
	int r;

	r = put_sequence(b, 0xA0, 0x87, esim_slice(configure_isdp, sizeof(configure_isdp)), RSP_BSP_MAX_PLAIN);
	if (!r && reordered)
		r = put_elements(b);
	if (!r)
		r = put_metadata(b);
	if (!r && b->request->protected_keys)
		r = replace_keys(b);
	if (!r && !reordered)
		r = put_elements(b);
	return r;
}

int bind_package(const struct bind_request *request, struct esim_buf *out, struct esim_error *err)
{
	struct binding b = { .request = request, .out = out };
	size_t mark;
	int r;

	r = rsp_key_generate(request->euicc_otpk->curve, &b.otk);
	if (r)
		return esim_error_set(err, r, "no one-time key can be generated");
	mark = esim_tlv_begin(out, 0xBF36);
	r = initialise_secure_channel(&b, err);
	if (!r)
		r = derive_keys(&b, err);
	if (!r) {
		r = put_segments(&b);
		esim_tlv_end(out, mark);
		if (!r)
			r = esim_buf_failed(out);
		if (r)
			esim_error_set(err, r, "the package cannot be protected");
	}
	rsp_bsp_wipe(&b.bsp);
	rsp_key_free(&b.otk);
	return r;
}
