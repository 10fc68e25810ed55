/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Objects decoded against the project's ASN.1 modules: rsp (SGP.22), pkix
 * (certificates and revocation lists) and saip (profile packages).
 *
 * Decoding is strict in form and open in contents. In this order: the strict
 * TLV walk (esim_tlv_check), the match against the schema with mandatory
 * fields, SIZE, text and number forms checked, then libtasn1's own decode.
 * Fields that the schema does not know are kept aside, never an error
 * (EXTENSIBILITY IMPLIED); a field twice is one.
 *
 * A decoded object points into the bytes that it was decoded from: the caller
 * keeps them as long as the object or a slice from it lives. What a slice holds
 * is what was received, never a re-encoding.
 *
 * A path names a field in libtasn1's notation, from below the object itself:
 * "authenticateResponseOk.euiccSigned1.transactionId", an element of a SEQUENCE
 * OF by its number from 1: "profileInfoListOk.?1.iccid". The path "" is the
 * object itself.
 */
#ifndef ESIM_ASN1_H
#define ESIM_ASN1_H

#include <esim/bytes.h>
#include <esim/error.h>
#include <esim/limits.h>

#ifdef __cplusplus
extern "C" {
#endif

/* A decoded object. It can be read from several threads at once. */
struct esim_asn1;

/* Room for an element's path, "notificationList.?256" and so on. */
#define ESIM_ASN1_PATH_SIZE	160

/*
 * Decode @der, which is exactly one @type ("EUICCInfo2"; a type's name is unique
 * among the modules). ESIM_EPROTO with a message that names the field and what
 * is wrong with it, ESIM_ETOOBIG, ESIM_ENOMEM, ESIM_EINVAL (no such type).
 * On failure *@ret is untouched.
 */
int esim_asn1_decode(const char *type, struct esim_slice der, struct esim_asn1 **ret,
		     struct esim_error *err);

/* Free and clear the caller's pointer; NULL and a NULL object are accepted. */
void esim_asn1_free(struct esim_asn1 **obj);

/* The OPTIONAL field is there, the alternative of the CHOICE was taken. */
bool esim_asn1_has(const struct esim_asn1 *obj, const char *path);

/*
 * The field's contents octets (without tag and length; those inside where the
 * tag is EXPLICIT; of an untagged CHOICE the whole alternative). ESIM_ENOENT:
 * the field is absent.
 */
int esim_asn1_slice(const struct esim_asn1 *obj, const char *path, struct esim_slice *ret);

/* The field with tag and length, as received: what signatures cover. */
int esim_asn1_whole(const struct esim_asn1 *obj, const char *path, struct esim_slice *ret);

/*
 * A non-negative INTEGER or ENUMERATED. An absent field with a DEFAULT gives
 * that, else ESIM_ENOENT; a negative number or one above 64 bits ESIM_EPROTO; a
 * field of another type ESIM_EINVAL.
 */
int esim_asn1_uint(const struct esim_asn1 *obj, const char *path, uint64_t *ret);

/* The schema's name of the INTEGER's value ("catBusy"); NULL where it has none or the field is absent. */
const char *esim_asn1_value_name(const struct esim_asn1 *obj, const char *path);

/* A BOOLEAN; DEFAULT and errors as above. */
int esim_asn1_bool(const struct esim_asn1 *obj, const char *path, bool *ret);

/* Bit @bit of a BIT STRING, 0 the first; bits beyond its end and an absent field read as false. */
bool esim_asn1_bit(const struct esim_asn1 *obj, const char *path, unsigned bit);

/*
 * A text, checked (UTF-8, or the characters of its type) and zero-terminated.
 * ESIM_EPROTO where it holds a NUL, ESIM_ETOOBIG where it does not fit: 64
 * characters of UTF-8 can take 256 bytes. ESIM_ENOENT as above.
 */
int esim_asn1_text(const struct esim_asn1 *obj, const char *path, char *out, size_t size);

/* Elements of a SEQUENCE OF or SET OF; 0 where it is absent. */
size_t esim_asn1_count(const struct esim_asn1 *obj, const char *path);

/*
 * What the schema did not know, in the order received, at every level. Writes
 * at most @max whole TLVs to @out and returns how many the object keeps.
 */
size_t esim_asn1_unknown(const struct esim_asn1 *obj, struct esim_slice *out, size_t max);

/* How many unknown fields were seen, those beyond ESIM_ASN1_MAX_UNKNOWN included. */
size_t esim_asn1_unknown_seen(const struct esim_asn1 *obj);

#ifdef __cplusplus
}
#endif
#endif
