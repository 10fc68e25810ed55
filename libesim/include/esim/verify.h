/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The checks that the host makes on the flow of SGP.22, in the order of a
 * download: every signature, every certificate chain, and the fields that tie
 * the messages to one another. All is done over received bytes; nothing is
 * re-encoded.
 *
 * Inputs are whole TLVs as received, unless a comment says "contents". Results
 * are copies, or slices into the inputs where a comment says so; on failure they
 * are untouched. A slice with length 0 and a NULL pointer mean "not asked" only
 * where the comment says so: everything else must be given.
 *
 * Each function returns 0 or ESIM_EVERIFY, with `check` naming what failed
 * ("serverSignature1", "CERT.DPauth.ECDSA", "transactionId", …) and a sentence.
 */
#ifndef ESIM_VERIFY_H
#define ESIM_VERIFY_H

#include <esim/rsp_types.h>
#include <esim/trust.h>

#ifdef __cplusplus
extern "C" {
#endif

#define ESIM_OID_TEXT_SIZE	260	/* of ESIM_MAX_REGISTERED_ID contents octets, dotted */

/* A registered ID: contents octets of an OBJECT IDENTIFIER. */
struct esim_registered_id {
	uint8_t bytes[ESIM_MAX_REGISTERED_ID];
	size_t len;
};

/* "2.999.10" of contents octets: 0 or ESIM_EPROTO (malformed, or arcs above 32 bits). */
int esim_oid_format(struct esim_slice oid, char out[ESIM_AT_LEAST(ESIM_OID_TEXT_SIZE)]);

/* --- the server ------------------------------------------------------------------ */

/* A server that proved who it is. */
struct esim_verified_server {
	enum esim_role role;			/* DP_AUTH: an SM-DP+, DS_AUTH: an SM-DS */
	struct esim_key_id root;		/* the CI that its chain ends at */
	struct esim_registered_id registered_id;
	struct esim_transaction_id transaction_id;
	uint8_t server_challenge[16];
};

/* ES9+.InitiateAuthentication's answer: SGP.22, 3.0.1 steps 9 to 11, and 5.6.1. */
struct esim_verify_server_auth {
	const struct esim_pool *pool;		/* RSP roots */
	int64_t now;				/* seconds since the epoch */
	enum esim_role role;			/* DP_AUTH or DS_AUTH; NONE: either of them */
	struct esim_slice server_signed1;	/* 30 */
	struct esim_slice server_signature1;	/* 5F37 */
	struct esim_slice server_certificate;	/* 30 */
	const struct esim_slice *other_certificates; /* v3: up to the CI; NULL: none */
	size_t other_count;
	struct esim_slice transaction_id;	/* contents; the answer's own; empty: not asked */
	struct esim_slice euicc_challenge;	/* contents, 16 bytes: what the eUICC gave */
	const char *server_address;		/* the host contacted; case does not matter */
	const struct esim_key_id_list *ci_for_verification; /* the eUICC's; NULL: not asked */
	struct esim_slice ci_key_id;		/* contents; the only CI allowed; empty: any */
	const char *expected_oid;		/* dotted, of an activation code; NULL or "": not asked */
};
int esim_verify_server_auth(const struct esim_verify_server_auth *in,
			    struct esim_verified_server *ret, struct esim_error *err);

/*
 * The TLS certificate of the connection belongs to the server that authenticated:
 * CERT.DP.TLS and CERT.DPauth carry one registered ID, and so do CERT.DS.TLS and
 * CERT.DSauth. @tls_registered_id: contents; empty fails too. Call it before the
 * eUICC hears of the server. `check` is the TLS certificate's name.
 */
int esim_verify_server_tls(const struct esim_verified_server *server,
			   struct esim_slice tls_registered_id, struct esim_error *err);

/* What ES9+.AuthenticateClient's answer said, once verified. */
struct esim_verified_smdp {
	struct esim_public_key key;		/* CERT.DPpb's */
	struct esim_registered_id registered_id; /* CERT.DPpb's, equal to CERT.DPauth's */
	bool cc_required;			/* ccRequiredFlag */
	struct esim_slice bpp_euicc_otpk;	/* 5F49, whole, into the input; empty: absent */
};

/* ES9+.AuthenticateClient's answer: SGP.22, 3.1.3 and 5.6.3. */
struct esim_verify_smdp_signed2 {
	const struct esim_pool *pool;
	int64_t now;
	const struct esim_verified_server *server; /* from esim_verify_server_auth */
	struct esim_slice smdp_signed2;		/* 30 */
	struct esim_slice smdp_signature2;	/* 5F37 */
	struct esim_slice smdp_certificate;	/* 30 */
	const struct esim_slice *other_certificates; /* v3: up to the CI; NULL: none */
	size_t other_count;
	struct esim_slice euicc_signature1;	/* 5F37: covered by smdpSignature2 */
};
int esim_verify_smdp_signed2(const struct esim_verify_smdp_signed2 *in,
			     struct esim_verified_smdp *ret, struct esim_error *err);

/* What a bound profile package holds, counted. */
struct esim_verified_package {
	size_t segments_87, segments_88, segments_86;	/* of A0, A1 and A3 */
	bool replaces_session_keys;			/* A2 is there */
};

/* BoundProfilePackage: SGP.22, 2.5.4 and 5.5.1. */
struct esim_verify_package {
	struct esim_slice bound_profile_package; /* BF36 */
	const struct esim_verified_smdp *smdp;
	struct esim_slice euicc_otpk;		/* 5F49: from esim_verify_euicc_signed2 */
	struct esim_slice transaction_id;	/* contents */
};
int esim_verify_bound_profile_package(const struct esim_verify_package *in,
				      struct esim_verified_package *ret, struct esim_error *err);

/* --- the eUICC -------------------------------------------------------------------- */

/* An eUICC that proved who it is. */
struct esim_verified_euicc {
	struct esim_public_key key;
	struct esim_eid eid;
	struct esim_key_id root;		/* the CI that its chain ends at */
};

/* ES10b.AuthenticateServer's answer: SGP.22, 3.0.1 and 5.7.13. */
struct esim_verify_euicc_auth {
	const struct esim_pool *pool;
	int64_t now;
	struct esim_slice euicc_signed1;	/* 30 */
	struct esim_slice euicc_signature1;	/* 5F37 */
	struct esim_slice euicc_certificate;	/* 30 */
	struct esim_slice eum_certificate;	/* 30 */
	struct esim_slice ci_key_id;		/* contents of euiccCiPKIdToBeUsed; empty: any CI */
	const struct esim_eid *eid;		/* the card's own word for it; NULL: not asked */
	const struct esim_verified_server *server; /* whose transaction and challenge it must be */
	const char *server_address;		/* the host contacted */
};
int esim_verify_euicc_auth(const struct esim_verify_euicc_auth *in,
			   struct esim_verified_euicc *ret, struct esim_error *err);

/* ES10b.PrepareDownload's answer: SGP.22, 5.7.5. */
struct esim_verify_euicc_signed2 {
	const struct esim_verified_euicc *euicc;
	struct esim_slice euicc_signed2;	/* 30 */
	struct esim_slice euicc_signature2;	/* 5F37 */
	struct esim_slice smdp_signature2;	/* 5F37: covered by euiccSignature2 */
	struct esim_slice transaction_id;	/* contents */
	struct esim_slice hash_cc;		/* contents; empty: none was given */
};
/* *@ret_euicc_otpk: 5F49, whole, into the input. */
int esim_verify_euicc_signed2(const struct esim_verify_euicc_signed2 *in,
			      struct esim_slice *ret_euicc_otpk, struct esim_error *err);

/* ProfileInstallationResult: SGP.22, 2.5.6. */
struct esim_verify_installation_result {
	const struct esim_verified_euicc *euicc;
	struct esim_slice result;		/* BF37 */
	struct esim_slice transaction_id;	/* contents */
	struct esim_slice registered_id;	/* contents; the SM-DP+'s */
};
int esim_verify_installation_result(const struct esim_verify_installation_result *in,
				    struct esim_error *err);

/* ES10b.CancelSession's answer: SGP.22, 5.7.14. */
struct esim_verify_cancel_session {
	const struct esim_verified_euicc *euicc;
	struct esim_slice response;		/* BF41 */
	struct esim_slice transaction_id;	/* contents */
	struct esim_slice registered_id;	/* contents; the SM-DP+'s */
	unsigned reason;			/* CancelSessionReason that was asked for */
};
int esim_verify_cancel_session(const struct esim_verify_cancel_session *in,
			       struct esim_error *err);

/* OtherSignedNotification, 30, with its own certificates: SGP.22, 2.14.2. */
struct esim_verify_notification {
	const struct esim_pool *pool;
	int64_t now;
	struct esim_slice notification;		/* 30 */
	const struct esim_eid *eid;		/* the card's own word for it; NULL: not asked */
};
int esim_verify_notification(const struct esim_verify_notification *in, struct esim_error *err);

#ifdef __cplusplus
}
#endif
#endif
