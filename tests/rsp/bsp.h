/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The BPP protection protocol (SGP.22, 2.5.4 and annex G; SCP03t): session keys
 * from the shared secret, and segments encrypted and chained by their MACs. One
 * struct serves the side that protects and the side that opens.
 */
#ifndef RSP_BSP_H
#define RSP_BSP_H

#include <esim/bytes.h>

#define RSP_BSP_KEY_TYPE	0x88	/* AES */
#define RSP_BSP_KEY_LEN		0x10	/* bytes */
#define RSP_BSP_KEY_SIZE	16
#define RSP_BSP_MAC_SIZE	8

/* A segment: the largest TLV, and what of plaintext fits into it. The caller cuts. */
#define RSP_BSP_MAX_SEGMENT	1020
#define RSP_BSP_MAX_PLAIN	1007	/* encrypted: 4 header, 1008 padded, 8 MAC */
#define RSP_BSP_MAX_PLAIN_MAC	1008	/* MAC only: 4 header, 8 MAC */

struct rsp_bsp {
	uint8_t chain[RSP_BSP_KEY_SIZE];	/* MAC chaining value */
	uint8_t s_enc[RSP_BSP_KEY_SIZE];
	uint8_t s_mac[RSP_BSP_KEY_SIZE];
	uint32_t counter;			/* of the next segment; starts at 1 */
};

/* Keys from the ECDH result @z: X9.63 KDF over key_type | key_len | LV(host_id) | LV(eid). */
int rsp_bsp_derive(struct rsp_bsp *bsp, const uint8_t z[static 32], uint8_t key_type,
		   uint8_t key_len, struct esim_slice host_id, struct esim_slice eid);

/* ReplaceSessionKeys (BF26): other keys, and the counter restarts at 1. */
void rsp_bsp_set_keys(struct rsp_bsp *bsp, const uint8_t chain[static RSP_BSP_KEY_SIZE],
		      const uint8_t s_enc[static RSP_BSP_KEY_SIZE],
		      const uint8_t s_mac[static RSP_BSP_KEY_SIZE]);

/* Append one segment TLV (87 and 86: encrypted, 88: MAC only) to @out. 0 or ESIM_EIO. */
int rsp_bsp_encrypt(struct rsp_bsp *bsp, uint32_t tag, struct esim_slice plain, struct esim_buf *out);
int rsp_bsp_mac_only(struct rsp_bsp *bsp, uint32_t tag, struct esim_slice plain,
		     struct esim_buf *out);

/*
 * Open one segment TLV as received and append its plaintext to @plain.
 * ESIM_EVERIFY: the MAC is wrong; ESIM_EPROTO: no segment, or wrong padding.
 * After a failure the chain is unchanged and the session is over.
 */
int rsp_bsp_decrypt(struct rsp_bsp *bsp, struct esim_slice tlv, struct esim_buf *plain);
int rsp_bsp_verify(struct rsp_bsp *bsp, struct esim_slice tlv, struct esim_buf *plain);

void rsp_bsp_wipe(struct rsp_bsp *bsp);

#endif
