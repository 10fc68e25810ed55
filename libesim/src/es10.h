/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What the functions of ES10a, ES10b and ES10c share: the way to the card and back. */
#ifndef ES10_H
#define ES10_H

#include <esim/asn1.h>
#include <esim/card.h>
#include <esim/es10c.h>
#include <esim/rsp_types.h>
#include <esim/tlv.h>

/* An answer and what it was decoded into; the object points into the bytes. */
struct es10_answer {
	const char *function;		/* "ES10b.GetEUICCInfo1" */
	struct esim_buf bytes;
	struct esim_asn1 *obj;
};

#define ES10_ANSWER_INIT(name) { .function = (name) }

void es10_answer_clear(struct es10_answer *answer);

/*
 * Send @request (wiped and freed here, also on failure) and decode the answer
 * as @type. The caller clears @answer in every case.
 */
int es10_call(struct esim_card *card, struct esim_buf *request, const char *type,
	      struct es10_answer *answer, struct esim_error *err);

/* A request without fields. */
int es10_call_empty(struct esim_card *card, uint32_t tag, const char *type,
		    struct es10_answer *answer, struct esim_error *err);

/* The result code at @path: 0 is success, another ESIM_ERESULT with its name in SGP.22. */
int es10_result(const struct es10_answer *answer, const char *path, struct esim_error *err);

/* The same for the error alternative of a CHOICE, where 0 means nothing: never returns 0. */
int es10_refusal(const struct es10_answer *answer, const char *path, struct esim_error *err);

/* Field @path of the answer cannot be used: ESIM_EPROTO, or @r where that says more. */
int es10_bad_field(const struct es10_answer *answer, const char *path, int r,
		   struct esim_error *err);

/* @tlv is exactly one TLV with @tag, as the caller was asked to pass. ESIM_EINVAL, @name in the message. */
int es10_require_tlv(const char *function, struct esim_slice tlv, uint32_t tag, const char *name,
		     struct esim_error *err);

/* A BIT STRING of named bits, bit n of @bits being bit n of the string, in DER. */
void es10_put_bits(struct esim_buf *buf, uint32_t tag, unsigned bits);

/* The BIT STRING at @path as a number, its bit n being bit n; at most 32 are looked at. */
uint32_t es10_bits(const struct esim_asn1 *obj, const char *path);

/* ICCID or AID, as ES10c's ProfileIdentifier. */
void es10_put_profile_id(struct esim_buf *buf, const struct esim_iccid *iccid,
			 const struct esim_aid_value *aid);

/* ESIM_ENOTSUP for what this version cannot ask of a card. */
int es10c_check_switch(const struct es10c_switch *how, struct esim_error *err);

/* The name of @value in component @component of the schema's @type ("" : of @type itself). NULL: none. */
const char *es10_value_name(const char *type, const char *component, uint64_t value);

/* Decode one BF2F; @obj and @path say where it lies. */
int es10_notification_metadata(const struct esim_asn1 *obj, const char *path,
			       struct esim_notification *ret, struct esim_error *err);

/* The fields of an OperatorId at @path. */
int es10_operator_id(const struct esim_asn1 *obj, const char *path, struct esim_operator_id *ret,
		     struct esim_error *err);

#endif
