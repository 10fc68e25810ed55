/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The bound profile package before it goes to the card: its form, its session,
 * and the signature over its one-time keys. What lies under the session keys is
 * for the eUICC alone.
 */
#include "verify.h"

#include <esim/limits.h>

#define KEY_TYPE_AES 0x88
#define KEY_LENGTH_128 0x10
#define INSTALL_BOUND_PROFILE_PACKAGE 1

static const char package[] = "BoundProfilePackage";
static const char secure_channel[] = "initialiseSecureChannelRequest";

/* Take the next TLV of @in and insist on its tag. */
static int expect(struct esim_slice *in, uint32_t tag, const char *object, struct esim_tlv *ret,
		  struct esim_error *err)
{
	if (esim_tlv_next(in, ret) == 1 && ret->tag == tag)
		return 0;
	return esim_error_verify(err, object, "%s: tag %X is missing or not in its place", object,
				 (unsigned)tag);
}

/* --- BF23 ------------------------------------------------------------------------------ */

/* CRT for key agreement: AES-128, host id for the key derivation. */
static int check_control_ref(struct esim_slice whole, struct esim_error *err)
{
	struct esim_tlv type, length, host;
	const struct verify_field fields[] = {
		{ 0x80, "keyType", 1, 1, false, &type },
		{ 0x81, "keyLen", 1, 1, false, &length },
		{ 0x84, "hostId", 1, 16, false, &host },
	};
	int r = verify_fields(whole, 0xA6, "controlRefTemplate", fields,
			      sizeof(fields) / sizeof(fields[0]), err);

	if (r == 0 && (type.value.data[0] != KEY_TYPE_AES || length.value.data[0] != KEY_LENGTH_128))
		r = esim_error_verify(err, "controlRefTemplate",
				      "controlRefTemplate asks for another cipher than AES-128");
	return r;
}

/* The five parts stand in a row, so that what is signed is one slice of the package. */
static int check_secure_channel(const struct esim_verify_package *in, struct esim_slice value,
				struct esim_error *err)
{
	struct esim_tlv operation, id, control_ref, otpk, signature;
	struct esim_slice covered[2] = { { 0 }, in->euicc_otpk }, rest = value;
	int r;

	r = expect(&rest, 0x82, secure_channel, &operation, err);
	if (r == 0)
		r = expect(&rest, TAG_TRANSACTION_ID, secure_channel, &id, err);
	if (r == 0)
		r = expect(&rest, 0xA6, secure_channel, &control_ref, err);
	if (r == 0)
		r = expect(&rest, TAG_OTPK, secure_channel, &otpk, err);
	if (r)
		return r;
	covered[0] = esim_slice(value.data, value.len - rest.len);
	r = expect(&rest, TAG_SIGNATURE, secure_channel, &signature, err);
	if (r == 0)
		r = verify_signature(&in->smdp->key, covered, 2, signature.whole, "smdpSign",
				     esim_role_certificate(ESIM_ROLE_DP_PB), err);
	if (r == 0)
		r = verify_equal(id.value, in->transaction_id, "transactionId", secure_channel, err);
	if (r)
		return r;
	if (operation.value.len != 1 || operation.value.data[0] != INSTALL_BOUND_PROFILE_PACKAGE)
		return esim_error_verify(err, "remoteOpId", "%s is not for installing a profile",
					 secure_channel);
	if (otpk.value.len != ESIM_PUBLIC_KEY_SIZE)
		return esim_error_verify(err, "smdpOtpk", "smdpOtpk has %zu bytes", otpk.value.len);
	return check_control_ref(control_ref.whole, err);
}

/* --- A0 to A3 ----------------------------------------------------------------------------- */

static int count_segments(struct esim_slice sequence, uint32_t tag, size_t *ret,
			  struct esim_error *err)
{
	struct esim_tlv segment;
	size_t count = 0;
	int r;

	while (sequence.len > 0) {
		r = expect(&sequence, tag, package, &segment, err);
		if (r)
			return r;
		if (++count > ESIM_MAX_BPP_SEGMENTS)
			return esim_error_verify(err, package, "%s has more than %d segments", package,
						 ESIM_MAX_BPP_SEGMENTS);
	}
	if (count == 0)
		return esim_error_verify(err, package, "%s: a sequence of %X is empty", package,
					 (unsigned)tag);
	*ret = count;
	return 0;
}

static int check_sequences(struct esim_slice in, struct esim_verified_package *verified,
			   struct esim_error *err)
{
	struct esim_slice after;
	struct esim_tlv tlv;
	size_t keys;
	int r = expect(&in, 0xA0, package, &tlv, err);

	if (r == 0)
		r = count_segments(tlv.value, 0x87, &verified->segments_87, err);
	if (r == 0)
		r = expect(&in, 0xA1, package, &tlv, err);
	if (r == 0)
		r = count_segments(tlv.value, 0x88, &verified->segments_88, err);
	if (r)
		return r;
	after = in;
	verified->replaces_session_keys = esim_tlv_next(&after, &tlv) == 1 && tlv.tag == 0xA2;
	if (verified->replaces_session_keys) {
		in = after;
		r = count_segments(tlv.value, 0x87, &keys, err);
	}
	if (r == 0)
		r = expect(&in, 0xA3, package, &tlv, err);
	if (r == 0)
		r = count_segments(tlv.value, 0x86, &verified->segments_86, err);
	if (r == 0 && in.len > 0)
		r = esim_error_verify(err, package, "%s: %zu bytes follow its last sequence", package,
				      in.len);
	return r;
}

int esim_verify_bound_profile_package(const struct esim_verify_package *in,
				      struct esim_verified_package *ret, struct esim_error *err)
{
	struct esim_verified_package verified = { 0 };
	struct esim_tlv outer, channel;
	struct esim_error why;
	int r;

	if (in->bound_profile_package.len > ESIM_MAX_BPP)
		return esim_error_verify(err, package, "%s has %zu bytes, more than %d", package,
					 in->bound_profile_package.len, ESIM_MAX_BPP);
	if (esim_tlv_check(in->bound_profile_package, package, &outer, &why))
		return esim_error_verify(err, package, "%s", why.message);
	if (outer.tag != 0xBF36)
		return esim_error_verify(err, package, "%s has the tag %X instead of BF36", package,
					 (unsigned)outer.tag);
	r = expect(&outer.value, 0xBF23, package, &channel, err);
	if (r == 0)
		r = check_secure_channel(in, channel.value, err);
	if (r == 0)
		r = check_sequences(outer.value, &verified, err);
	if (r == 0)
		*ret = verified;
	return r;
}
