/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The messages of one download, made and signed from parameters: a test bends one
 * parameter, makes the message again, and sees that the host's check notices.
 */
#ifndef VERIFY_FLOW_H
#define VERIFY_FLOW_H

#include "trust_fixture.h"

#define FLOW_HOST "smdpp.example.com"
#define FLOW_OID "\x88\x37\x0A"		/* 2.999.10 */
#define FLOW_OID_SIZE 3

/* What the messages say, and the messages. */
struct flow {
	struct fixture pki;
	struct esim_key_id_list trusted;	/* the eUICC's list for verification */
	uint8_t transaction[16], euicc_challenge[16], server_challenge[16];
	uint8_t point[ESIM_PUBLIC_KEY_SIZE];	/* of every one-time key: its value does not matter */
	const char *address;
	uint8_t cancel_reason;
	struct esim_buf signed1, signature1;	/* the server's */
	struct esim_buf euicc_signed1, euicc_signature1;
	struct esim_buf smdp_signed2, smdp_signature2;
	struct esim_buf euicc_signed2, euicc_signature2;
	struct esim_buf package, result, cancel, notification;
	struct esim_verified_server server;
	struct esim_verified_smdp smdp;
	struct esim_verified_euicc euicc;
	struct esim_slice otpk;
};

/* What a test can bend in a package. */
struct package_shape {
	uint8_t operation, key_type;
	const char *order;		/* of A0 to A3: "013"; e: an empty A3, w: one of wrong segments */
};

/* Every message, each verified before the next is made: a download from end to end. */
void flow_start(struct flow *f, enum esim_curve curve);
void flow_end(struct flow *f);

/* Make a message again from the parameters, with right signatures. */
void flow_make_signed1(struct flow *f);
void flow_make_euicc_signed1(struct flow *f);
void flow_make_smdp_signed2(struct flow *f);
void flow_make_euicc_signed2(struct flow *f, struct esim_slice hash_cc);
void flow_make_package(struct flow *f, const struct package_shape *shape);

/* Sign @message, followed by @also (may be NULL), into @signature, which is emptied first. */
void flow_sign(struct flow *f, enum fixture_slot slot, const struct esim_buf *message,
	       const struct esim_buf *also, struct esim_buf *signature);

/* The inputs of the checks, good as they stand. */
struct esim_slice flow_transaction(const struct flow *f);
struct esim_verify_server_auth flow_server_auth(const struct flow *f);
struct esim_verify_euicc_auth flow_euicc_auth(const struct flow *f);
struct esim_verify_smdp_signed2 flow_smdp_signed2(const struct flow *f);
struct esim_verify_euicc_signed2 flow_euicc_signed2(const struct flow *f);
struct esim_verify_package flow_package(const struct flow *f);
struct esim_verify_installation_result flow_installation_result(const struct flow *f);
struct esim_verify_cancel_session flow_cancel_session(const struct flow *f);
struct esim_verify_notification flow_notification(const struct flow *f);

#endif
