/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The BPP protection protocol on wolfCrypt; see bsp.h. */
#include "rsp/bsp.h"

#include <esim/error.h>
#include <esim/tlv.h>

#include <wolfssl/options.h>
#include <wolfssl/wolfcrypt/aes.h>
#include <wolfssl/wolfcrypt/cmac.h>
#include <wolfssl/wolfcrypt/ecc.h>

#include <string.h>

#define BLOCK 16
#define PADDING_START 0x80

int rsp_bsp_derive(struct rsp_bsp *bsp, const uint8_t z[static 32], uint8_t key_type,
		   uint8_t key_len, struct esim_slice host_id, struct esim_slice eid)
{
	struct esim_buf info = ESIM_BUF_INIT;
	uint8_t keys[3 * RSP_BSP_KEY_SIZE];
	int r;

	if (key_type != RSP_BSP_KEY_TYPE || key_len != RSP_BSP_KEY_LEN || host_id.len > 16 || eid.len > 16)
		return ESIM_EINVAL;
	esim_buf_append_byte(&info, key_type);
	esim_buf_append_byte(&info, key_len);
	esim_buf_append_byte(&info, (uint8_t)host_id.len);
	esim_buf_append_slice(&info, host_id);
	esim_buf_append_byte(&info, (uint8_t)eid.len);
	esim_buf_append_slice(&info, eid);
	r = esim_buf_failed(&info);
	if (!r && wc_X963_KDF(WC_HASH_TYPE_SHA256, z, 32, info.data, (word32)info.len, keys, sizeof(keys)))
		r = ESIM_EIO;
	if (!r)
		rsp_bsp_set_keys(bsp, keys, keys + RSP_BSP_KEY_SIZE, keys + 2 * RSP_BSP_KEY_SIZE);
	explicit_bzero(keys, sizeof(keys));
	esim_buf_free(&info);
	return r;
}

void rsp_bsp_set_keys(struct rsp_bsp *bsp, const uint8_t chain[static RSP_BSP_KEY_SIZE],
		      const uint8_t s_enc[static RSP_BSP_KEY_SIZE],
		      const uint8_t s_mac[static RSP_BSP_KEY_SIZE])
{
	memcpy(bsp->chain, chain, RSP_BSP_KEY_SIZE);
	memcpy(bsp->s_enc, s_enc, RSP_BSP_KEY_SIZE);
	memcpy(bsp->s_mac, s_mac, RSP_BSP_KEY_SIZE);
	bsp->counter = 1;
}

void rsp_bsp_wipe(struct rsp_bsp *bsp)
{
	explicit_bzero(bsp, sizeof(*bsp));
}

/* ICV = AES(S-ENC, counter as a 128-bit big-endian number). */
static int icv(const struct rsp_bsp *bsp, uint8_t out[static BLOCK])
{
	uint8_t counter[BLOCK] = { 0 };
	Aes aes;
	int r;

	for (int i = 0; i < 4; i++)
		counter[BLOCK - 1 - i] = (uint8_t)(bsp->counter >> (8 * i));
	if (wc_AesInit(&aes, NULL, INVALID_DEVID))
		return ESIM_EIO;
	r = wc_AesSetKeyDirect(&aes, bsp->s_enc, sizeof(bsp->s_enc), NULL, AES_ENCRYPTION);
	if (!r)
		r = wc_AesEncryptDirect(&aes, out, counter);
	wc_AesFree(&aes);
	return r ? ESIM_EIO : 0;
}

static int cbc(const struct rsp_bsp *bsp, int direction, const uint8_t *in, uint8_t *out, size_t len)
{
	uint8_t iv[BLOCK];
	Aes aes;
	int r;

	if (icv(bsp, iv) || wc_AesInit(&aes, NULL, INVALID_DEVID))
		return ESIM_EIO;
	r = wc_AesSetKey(&aes, bsp->s_enc, sizeof(bsp->s_enc), iv, direction);
	if (!r)
		r = direction == AES_ENCRYPTION ? wc_AesCbcEncrypt(&aes, out, in, (word32)len)
						: wc_AesCbcDecrypt(&aes, out, in, (word32)len);
	wc_AesFree(&aes);
	return r ? ESIM_EIO : 0;
}

/* C-MAC over chaining value | tag | length with the MAC in it | data: all sixteen bytes. */
static int cmac(const struct rsp_bsp *bsp, struct esim_slice header, struct esim_slice data,
		uint8_t mac[static BLOCK])
{
	Cmac ctx;
	word32 len = BLOCK;

	if (wc_InitCmac(&ctx, bsp->s_mac, sizeof(bsp->s_mac), WC_CMAC_AES, NULL) ||
	    wc_CmacUpdate(&ctx, bsp->chain, sizeof(bsp->chain)) ||
	    wc_CmacUpdate(&ctx, header.data, (word32)header.len) ||
	    (data.len && wc_CmacUpdate(&ctx, data.data, (word32)data.len)) ||
	    wc_CmacFinal(&ctx, mac, &len) || len != BLOCK)
		return ESIM_EIO;
	return 0;
}

/* --- protecting -------------------------------------------------------------- */

static int append_segment(struct rsp_bsp *bsp, uint32_t tag, struct esim_slice data,
			  struct esim_buf *out)
{
	struct esim_buf header = ESIM_BUF_INIT;
	uint8_t mac[BLOCK];
	int r;

	esim_tlv_put_header(&header, tag, data.len + RSP_BSP_MAC_SIZE);
	r = esim_buf_failed(&header);
	if (!r)
		r = cmac(bsp, esim_buf_slice(&header), data, mac);
	if (!r) {
		esim_buf_append_slice(out, esim_buf_slice(&header));
		esim_buf_append_slice(out, data);
		esim_buf_append(out, mac, RSP_BSP_MAC_SIZE);
		r = esim_buf_failed(out);
	}
	if (!r) {
		memcpy(bsp->chain, mac, sizeof(mac));
		bsp->counter++;
	}
	esim_buf_free(&header);
	return r;
}

int rsp_bsp_encrypt(struct rsp_bsp *bsp, uint32_t tag, struct esim_slice plain, struct esim_buf *out)
{
	struct esim_buf data = ESIM_BUF_INIT;
	int r;

	esim_buf_append_slice(&data, plain);
	esim_buf_append_byte(&data, PADDING_START);
	while (data.len % BLOCK && !esim_buf_failed(&data))
		esim_buf_append_byte(&data, 0);
	r = esim_buf_failed(&data);
	if (!r)
		r = cbc(bsp, AES_ENCRYPTION, data.data, data.data, data.len);
	if (!r)
		r = append_segment(bsp, tag, esim_buf_slice(&data), out);
	esim_buf_free(&data);
	return r;
}

int rsp_bsp_mac_only(struct rsp_bsp *bsp, uint32_t tag, struct esim_slice plain,
		     struct esim_buf *out)
{
	return append_segment(bsp, tag, plain, out);
}

/* --- opening ----------------------------------------------------------------- */

/* Splits @whole and checks its MAC; @mac is the next chaining value. */
static int check_segment(const struct rsp_bsp *bsp, struct esim_slice whole, struct esim_slice *ret_data,
			 uint8_t mac[static BLOCK])
{
	struct esim_slice rest = whole, header;
	struct esim_tlv tlv;
	int r;

	if (esim_tlv_next(&rest, &tlv) != 1 || rest.len || tlv.value.len < RSP_BSP_MAC_SIZE)
		return ESIM_EPROTO;
	header = esim_slice(whole.data, whole.len - tlv.value.len);
	tlv.value.len -= RSP_BSP_MAC_SIZE;
	r = cmac(bsp, header, tlv.value, mac);
	if (r)
		return r;
	if (!esim_slice_equal_secret(esim_slice(mac, RSP_BSP_MAC_SIZE),
				     esim_slice(tlv.value.data + tlv.value.len, RSP_BSP_MAC_SIZE)))
		return ESIM_EVERIFY;
	*ret_data = tlv.value;
	return 0;
}

static void advance(struct rsp_bsp *bsp, const uint8_t mac[static BLOCK])
{
	memcpy(bsp->chain, mac, BLOCK);
	bsp->counter++;
}

/* Length without 80 00…; ESIM_EPROTO where there is no such padding. */
static int unpad(const uint8_t *data, size_t *len)
{
	size_t n = *len;

	while (n > 0 && data[n - 1] == 0)
		n--;
	if (n == 0 || data[n - 1] != PADDING_START || *len - n >= BLOCK)
		return ESIM_EPROTO;
	*len = n - 1;
	return 0;
}

int rsp_bsp_decrypt(struct rsp_bsp *bsp, struct esim_slice tlv, struct esim_buf *plain)
{
	struct esim_slice data;
	struct esim_buf clear = ESIM_BUF_INIT;
	uint8_t mac[BLOCK];
	size_t len;
	int r;

	r = check_segment(bsp, tlv, &data, mac);
	if (r)
		return r;
	if (data.len == 0 || data.len % BLOCK)
		return ESIM_EPROTO;
	len = data.len;
	if (!esim_buf_extend(&clear, len))
		return esim_buf_failed(&clear);
	r = cbc(bsp, AES_DECRYPTION, data.data, clear.data, len);
	if (!r)
		r = unpad(clear.data, &len);
	if (!r) {
		esim_buf_append(plain, clear.data, len);
		r = esim_buf_failed(plain);
	}
	if (!r)
		advance(bsp, mac);
	esim_buf_free(&clear);
	return r;
}

int rsp_bsp_verify(struct rsp_bsp *bsp, struct esim_slice tlv, struct esim_buf *plain)
{
	struct esim_slice data;
	uint8_t mac[BLOCK];
	int r;

	r = check_segment(bsp, tlv, &data, mac);
	if (r)
		return r;
	esim_buf_append_slice(plain, data);
	r = esim_buf_failed(plain);
	if (!r)
		advance(bsp, mac);
	return r;
}
