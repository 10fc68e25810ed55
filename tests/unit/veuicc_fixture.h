/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * A virtual eUICC with a PKI of its own in the current directory, a reader that
 * speaks raw APDUs to it, and the server's half of a download. What a request
 * holds can be spoiled through struct rsp_twist before it is sent.
 */
#ifndef UNIT_VEUICC_FIXTURE_H
#define UNIT_VEUICC_FIXTURE_H

#include "veuicc/veuicc.h"

#include "rsp/key.h"
#include "rsp/pki.h"

#include <esim/tlv.h>

#include <atf-c.h>

#define EVENT_INSTALL_BIT	0x80
#define EVENT_ENABLE_BIT	0x40
#define EVENT_DISABLE_BIT	0x20
#define EVENT_DELETE_BIT	0x10

/* What is wrong with the server's side; zeroed: nothing. */
struct rsp_twist {
	enum rsp_pki_slot auth_slot;		/* 0: DPauth */
	enum rsp_pki_slot pb_slot;		/* 0: DPpb */
	struct esim_slice auth_cert, pb_cert;	/* in place of the slot's */
	const struct rsp_key *signing_key;	/* in place of the slot's, in both signatures */
	struct esim_slice ci_key_id;		/* euiccCiPKIdToBeUsed */
	bool bad_signature1, bad_signature2, bad_challenge, bad_transaction_id;
	bool cc_required, no_hash_cc;
	size_t tac_len;				/* 0: 4 */
	struct esim_slice bound_otpk;		/* bppEuiccOtpk */
	bool protected_keys, split_metadata;
	const char *bpp_fault;			/* of the binding server, see tests/smdpp/fault.h */
};

struct fixture {
	struct veuicc *card;
	struct rsp_pki *pki;			/* the server's view: all slots */
	struct veuicc_options options;
	unsigned channel;			/* where the ISD-R is selected */
	size_t block;				/* data per STORE DATA */
	struct rsp_twist twist;
	uint8_t transaction_id[16];
	struct esim_buf signature1;		/* euiccSignature1, whole */
	struct esim_public_key otpk;		/* the eUICC's one-time key */
	uint16_t sw;				/* of the last APDU */
};

struct profile_spec {
	const char *iccid;			/* digits */
	const char *header_iccid;		/* NULL: the same */
	unsigned class;				/* 0: operational (2), else class + 1 */
	unsigned pprs;				/* 1: PPR1, 2: PPR2 */
	const char *owner;			/* hex of the mccMnc; NULL: 00F110 */
	unsigned events;			/* EVENT_…_BITs sent to smdp.example.com */
	const char *name;
	size_t size;
};

/* The card of @options (pki_dirs are set here), powered, ISD-R selected on channel 1. */
void fixture_open(struct fixture *f, const struct veuicc_options *options);
void fixture_open_curve(struct fixture *f, const struct veuicc_options *options,
			enum esim_curve curve);
void fixture_close(struct fixture *f);

/* Off and on again by a new card on the same state directory. */
void fixture_restart(struct fixture *f);

/* Power on and select again, after a loss or a reset. */
void fixture_select(struct fixture *f);

/* One APDU in hex; the answer's data replaces @out (may be NULL), its status word is returned. */
uint16_t fixture_apdu(struct fixture *f, const char *hex, struct esim_buf *out);
uint16_t fixture_transmit(struct fixture *f, struct esim_slice command, struct esim_buf *out);

/* An ES10 request by STORE DATA, GET RESPONSE included; final status word. */
uint16_t fixture_es10(struct fixture *f, struct esim_slice request, struct esim_buf *out);
uint16_t fixture_es10_hex(struct fixture *f, const char *hex, struct esim_buf *out);

/* The answer to a request in hex, as hex; fails the test unless it is 9000 or 91xx. */
void fixture_expect(struct fixture *f, const char *request, const char *answer);

/* Code in "tag{80 code}" that the request gets; fails the test on anything else. */
unsigned fixture_result(struct fixture *f, const char *request);

/* --- the server's half ----------------------------------------------------- */

/* GetEUICCChallenge and AuthenticateServer: 0 or the error code. */
unsigned rsp_authenticate(struct fixture *f);

/* AuthenticateServer alone, after a challenge of the test's own. */
unsigned rsp_authenticate_with(struct fixture *f, struct esim_slice challenge);

/* PrepareDownload: 0 or the error code. */
unsigned rsp_prepare(struct fixture *f);

/* The package of @spec, bound; all three steps must have gone well so far. */
void rsp_bind(struct fixture *f, const struct profile_spec *spec, struct esim_buf *bpp);

/* Bind these bytes with this BF25. */
void rsp_bind_package(struct fixture *f, struct esim_slice metadata, struct esim_slice package,
		      struct esim_buf *bpp);

/* Send by the segments of SGP.22 until an answer has data: BF37 or nothing. Returns the last SW. */
uint16_t rsp_load(struct fixture *f, struct esim_slice bpp, struct esim_buf *bf37);

/* How BF37 says it ended: -1 success, else bppCommandId << 8 | errorReason. Its signature is checked. */
int rsp_outcome(struct fixture *f, struct esim_slice bf37);

/* A whole download; the outcome as above. */
int rsp_download(struct fixture *f, const struct profile_spec *spec);

/* The same up to the package's last byte, with these contents. */
void rsp_metadata(const struct profile_spec *spec, struct esim_buf *bf25);
void rsp_package(const struct profile_spec *spec, struct esim_buf *package);

#endif
