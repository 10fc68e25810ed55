/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The JSON binding of ES9+ and ES11 (SGP.22, 6.5): values are base64 of whole
 * TLVs, transactionId is hex text. Every field of an answer is described in a
 * table, with the tag that it must carry and its largest size.
 */
#include "es9p_codec.h"

#include <esim/base64.h>
#include <esim/text.h>
#include <esim/tlv.h>

#include <jansson.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define COUNT(array) (sizeof(array) / sizeof((array)[0]))

static const struct {
	const char *name, *path;
	const char *object;		/* the request's field that carries an object of the eUICC */
} functions[ES9P_FUNCTIONS] = {
	[ES9P_INITIATE_AUTHENTICATION] = { "initiateAuthentication",
					   "/gsma/rsp2/es9plus/initiateAuthentication", NULL },
	[ES9P_AUTHENTICATE_CLIENT] = { "authenticateClient",
				       "/gsma/rsp2/es9plus/authenticateClient",
				       "authenticateServerResponse" },
	[ES9P_GET_BOUND_PROFILE_PACKAGE] = { "getBoundProfilePackage",
					     "/gsma/rsp2/es9plus/getBoundProfilePackage",
					     "prepareDownloadResponse" },
	[ES9P_CANCEL_SESSION] = { "cancelSession", "/gsma/rsp2/es9plus/cancelSession",
				  "cancelSessionResponse" },
	[ES9P_HANDLE_NOTIFICATION] = { "handleNotification",
				       "/gsma/rsp2/es9plus/handleNotification",
				       "pendingNotification" },
};

const char *es9p_function_name(enum es9p_function function)
{
	return functions[function].name;
}

static const char *json_path(enum es9p_function function)
{
	return functions[function].path;
}

/* --- requests ------------------------------------------------------------------------- */

/* jansson frees without wiping, and requests and answers may hold a matching id: wipe every string. */
static void wipe(json_t *value)
{
	const char *key;
	json_t *member;
	size_t i;

	json_object_foreach(value, key, member) {
		wipe(member);
	}
	json_array_foreach(value, i, member) {
		wipe(member);
	}
	if (json_is_string(value))
		explicit_bzero((void *)(uintptr_t)json_string_value(value), json_string_length(value));
}

static void free_wiped(json_t *value)
{
	wipe(value);
	json_decref(value);
}

static bool put_text(json_t *object, const char *name, const char *text)
{
	return !text || json_object_set_new(object, name, json_string(text)) == 0;
}

static bool put_base64(json_t *object, const char *name, struct esim_slice value)
{
	struct esim_buf text = ESIM_BUF_INIT_MAX(2 * ESIM_MAX_TLV_OBJECT);
	bool ok;

	if (value.len == 0)
		return true;
	esim_base64_encode(value, &text);
	ok = esim_buf_failed(&text) == 0 &&
	     json_object_set_new(object, name,
				 json_stringn((const char *)text.data, text.len)) == 0;
	esim_buf_free(&text);
	return ok;
}

static int append_text(const char *text, size_t len, void *context)
{
	struct esim_buf *out = context;

	esim_buf_append(out, text, len);
	return esim_buf_failed(out) ? -1 : 0;
}

static int json_encode(const struct es9p_request *request, struct esim_buf *out,
		       struct esim_error *err)
{
	const char *object_name = functions[request->function].object;
	json_t *object = json_object();
	bool ok;

	ok = object && put_text(object, "smdpAddress", request->smdp_address) &&
	     put_text(object, "transactionId", request->transaction_id_text) &&
	     put_base64(object, "euiccChallenge", request->euicc_challenge) &&
	     put_base64(object, "euiccInfo1", request->euicc_info1) &&
	     (!object_name || put_base64(object, object_name, request->object)) &&
	     json_dump_callback(object, append_text, out, JSON_COMPACT) == 0;
	free_wiped(object);
	if (ok)
		return 0;
	return esim_error_set(err, esim_buf_failed(out) ? esim_buf_failed(out) : ESIM_ENOMEM,
			      "%s: the request does not fit into memory",
			      functions[request->function].name);
}

/* --- answers: one field ----------------------------------------------------------------- */

/* A body that is being decoded; errors are about it. */
struct reader {
	enum es9p_function function;
	const json_t *root;
	struct esim_buf *storage;
	struct esim_error *err;
};

static int bad(const struct reader *reader, const char *field, const char *what)
{
	esim_error_set(reader->err, ESIM_EPROTO, "%s: the server's answer: %s %s",
		       functions[reader->function].name, field, what);
	if (reader->err)
		reader->err->domain = ESIM_DOMAIN_SERVER;
	return ESIM_EPROTO;
}

/* A member of type string: 0, or ESIM_EPROTO. */
static int get_text(const struct reader *reader, const char *name, const char **ret, size_t *ret_len)
{
	const json_t *value = json_object_get(reader->root, name);

	if (!value)
		return bad(reader, name, "is missing");
	if (!json_is_string(value))
		return bad(reader, name, "is no string");
	*ret = json_string_value(value);
	*ret_len = json_string_length(value);
	return 0;
}

static int get_transaction_id(const struct reader *reader,
			      char text[static 2 * ESIM_MAX_TRANSACTION_ID + 1],
			      struct esim_transaction_id *ret)
{
	struct esim_transaction_id id = { 0 };
	const char *value;
	size_t len;
	int r;

	r = get_text(reader, "transactionId", &value, &len);
	if (r)
		return r;
	if (len == 0 || len > 2 * ESIM_MAX_TRANSACTION_ID ||
	    esim_hex_decode(value, id.bytes, sizeof(id.bytes), &id.len))
		return bad(reader, "transactionId", "is not 1 to 16 bytes in hex");
	memcpy(text, value, len + 1);
	if (ret)
		*ret = id;
	return 0;
}

/* A field that holds one TLV; where it goes in the answer's struct. */
struct tlv_field {
	const char *name;
	uint32_t tag;
	size_t min, max;		/* of the value, bytes */
	size_t offset;			/* of a struct esim_slice */
};

/* Append the field's bytes to the storage: 0 and their length, or an error. */
static int get_tlv(const struct reader *reader, const struct tlv_field *field, size_t *ret_len)
{
	size_t mark = reader->storage->len, len;
	struct esim_slice bytes;
	struct esim_tlv tlv;
	const char *text;
	int r;

	r = get_text(reader, field->name, &text, &len);
	if (r)
		return r;
	if (len == 0)
		return bad(reader, field->name, "is empty");
	r = esim_base64_decode(text, len, reader->storage);
	if (r == ESIM_EPROTO)
		return bad(reader, field->name, "is no base64");
	if (r)
		return esim_error_set(reader->err, r, "%s: the server's answer: %s does not fit into memory",
				      functions[reader->function].name, field->name);
	bytes = esim_slice(reader->storage->data + mark, reader->storage->len - mark);
	if (esim_tlv_check(bytes, field->name, &tlv, reader->err)) {
		esim_error_prefix(reader->err, "%s: the server's answer: ",
				  functions[reader->function].name);
		if (reader->err) {
			reader->err->code = ESIM_EPROTO;
			reader->err->domain = ESIM_DOMAIN_SERVER;
		}
		return ESIM_EPROTO;
	}
	if (tlv.tag != field->tag)
		return bad(reader, field->name, "carries another tag than it should");
	if (tlv.value.len < field->min || tlv.value.len > field->max)
		return bad(reader, field->name, "has a length that it cannot have");
	*ret_len = bytes.len;
	return 0;
}

#define MAX_FIELDS 4

/* Fill the slices of @object; they point into @reader's storage, which stays where it is from then on. */
static int get_tlvs(const struct reader *reader, const struct tlv_field *fields, size_t count,
		    void *object)
{
	size_t lens[MAX_FIELDS], at = 0;
	int r;

	for (size_t i = 0; i < count; i++) {
		r = get_tlv(reader, &fields[i], &lens[i]);
		if (r)
			return r;
	}
	for (size_t i = 0; i < count; i++) {
		struct esim_slice value = esim_slice(reader->storage->data + at, lens[i]);

		memcpy((char *)object + fields[i].offset, &value, sizeof(value));
		at += lens[i];
	}
	return 0;
}

/* --- answers: the functions ----------------------------------------------------------------- */

#define INITIATE(member) offsetof(struct es9p_initiate_authentication_response, member)
static const struct tlv_field initiate_fields[] = {
	{ "serverSigned1", 0x30, 1, ESIM_MAX_SIGNED_OBJECT, INITIATE(server_signed1) },
	{ "serverSignature1", 0x5F37, ESIM_SIGNATURE_SIZE, ESIM_SIGNATURE_SIZE,
	  INITIATE(server_signature1) },
	{ "euiccCiPKIdToBeUsed", 0x04, 1, ESIM_MAX_KEY_ID, INITIATE(ci_key_id) },
	{ "serverCertificate", 0x30, 1, ESIM_MAX_CERTIFICATE, INITIATE(server_certificate) },
};

#define CLIENT(member) offsetof(struct es9p_authenticate_client_response, member)
static const struct tlv_field client_fields[] = {
	{ "profileMetadata", 0xBF25, 1, ESIM_MAX_METADATA, CLIENT(profile_metadata) },
	{ "smdpSigned2", 0x30, 1, ESIM_MAX_SIGNED_OBJECT, CLIENT(smdp_signed2) },
	{ "smdpSignature2", 0x5F37, ESIM_SIGNATURE_SIZE, ESIM_SIGNATURE_SIZE,
	  CLIENT(smdp_signature2) },
	{ "smdpCertificate", 0x30, 1, ESIM_MAX_CERTIFICATE, CLIENT(smdp_certificate) },
};

static const struct tlv_field package_field = {
	"boundProfilePackage", 0xBF36, 1, ESIM_MAX_BPP, 0,
};

static int decode_initiate_authentication(struct reader *reader, struct es9p_answer *ret)
{
	struct es9p_initiate_authentication_response *r = &ret->initiate_authentication;

	reader->storage = &r->storage;
	return get_transaction_id(reader, r->transaction_id_text, &r->transaction_id) ?:
	       get_tlvs(reader, initiate_fields, COUNT(initiate_fields), r);
}

static int decode_event(const struct reader *reader, const json_t *entry, struct es9p_event *ret)
{
	const json_t *id = json_object_get(entry, "eventId");
	const json_t *address = json_object_get(entry, "rspServerAddress");

	if (!json_is_string(id) || !json_is_string(address))
		return bad(reader, "eventEntries", "has an entry without eventId or rspServerAddress");
	if (json_string_length(id) == 0 || json_string_length(id) > ESIM_MAX_MATCHING_ID)
		return bad(reader, "eventEntries", "has an eventId of a length that it cannot have");
	/* Whether a port or a literal address will do is for the request that goes there. */
	if (esim_address_normalise(json_string_value(address), true, true, ret->server_address, NULL))
		return bad(reader, "eventEntries", "has an rspServerAddress that is no address");
	memcpy(ret->event_id, json_string_value(id), json_string_length(id) + 1);
	return 0;
}

static int decode_events(const struct reader *reader, const json_t *entries,
			 struct es9p_authenticate_client_response *ret)
{
	size_t count = json_array_size(entries);
	int r;

	if (!json_is_array(entries))
		return bad(reader, "eventEntries", "is no array");
	if (count > ESIM_MAX_EVENTS)
		return bad(reader, "eventEntries", "has more entries than anyone needs");
	ret->is_smds = true;
	if (count == 0)
		return 0;
	ret->events = calloc(count, sizeof(*ret->events));
	if (!ret->events)
		return esim_error_set(reader->err, ESIM_ENOMEM, "no memory for the SM-DS's events");
	ret->event_count = count;
	for (size_t i = 0; i < count; i++) {
		r = decode_event(reader, json_array_get(entries, i), &ret->events[i]);
		if (r)
			return r;
	}
	return 0;
}

static int decode_authenticate_client(struct reader *reader, struct es9p_answer *ret)
{
	struct es9p_authenticate_client_response *r = &ret->authenticate_client;
	const json_t *entries = json_object_get(reader->root, "eventEntries");

	reader->storage = &r->storage;
	return get_transaction_id(reader, r->transaction_id_text, NULL) ?:
	       (entries ? decode_events(reader, entries, r)
			: get_tlvs(reader, client_fields, COUNT(client_fields), r));
}

static int decode_get_bound_profile_package(struct reader *reader, struct es9p_answer *ret)
{
	size_t len;

	reader->storage = &ret->bound_profile_package;
	return get_transaction_id(reader, ret->transaction_id_text, NULL) ?:
	       get_tlv(reader, &package_field, &len);
}

static int decode_nothing(struct reader *reader, struct es9p_answer *ret)
{
	(void)reader;
	(void)ret;
	return 0;
}

static int (*const decoders[ES9P_FUNCTIONS])(struct reader *reader, struct es9p_answer *ret) = {
	[ES9P_INITIATE_AUTHENTICATION] = decode_initiate_authentication,
	[ES9P_AUTHENTICATE_CLIENT] = decode_authenticate_client,
	[ES9P_GET_BOUND_PROFILE_PACKAGE] = decode_get_bound_profile_package,
	[ES9P_CANCEL_SESSION] = decode_nothing,
	[ES9P_HANDLE_NOTIFICATION] = decode_nothing,
};

/* --- answers: header.functionExecutionStatus ---------------------------------------------------- */

static void copy_printable(const json_t *object, const char *name, char *out, size_t size)
{
	const json_t *value = json_object_get(object, name);

	if (json_is_string(value))
		esim_text_printable(json_string_value(value), json_string_length(value), out, size);
	else
		out[0] = '\0';
}

static int decode_status(const struct reader *reader, struct es9p_status *ret)
{
	const json_t *header = json_object_get(reader->root, "header");
	const json_t *execution = json_object_get(header, "functionExecutionStatus");
	const json_t *status = json_object_get(execution, "status");
	const json_t *data = json_object_get(execution, "statusCodeData");
	const char *text = json_string_value(status);

	if (!header)
		return bad(reader, "header", "is missing");
	if (!json_is_object(execution))
		return bad(reader, "header.functionExecutionStatus", "is missing or no object");
	if (!text)
		return bad(reader, "header.functionExecutionStatus.status",
			   "is missing or no string");
	if (!strcmp(text, "Executed-Success") || !strcmp(text, "Executed-WithWarning"))
		return 0;
	if (strcmp(text, "Failed") && strcmp(text, "Expired"))
		return bad(reader, "header.functionExecutionStatus.status", "has an unknown value");
	ret->failed = true;
	copy_printable(data, "subjectCode", ret->subject_code, sizeof(ret->subject_code));
	copy_printable(data, "reasonCode", ret->reason_code, sizeof(ret->reason_code));
	copy_printable(data, "subjectIdentifier", ret->subject_identifier,
		       sizeof(ret->subject_identifier));
	copy_printable(data, "message", ret->message, sizeof(ret->message));
	return 0;
}

static int json_decode(enum es9p_function function, struct esim_slice body, struct es9p_answer *ret,
		       struct esim_error *err)
{
	struct reader reader = { .function = function, .err = err };
	json_error_t fault;
	json_t *root;
	int r;

	root = json_loadb((const char *)body.data, body.len, JSON_REJECT_DUPLICATES, &fault);
	if (!root) {
		bad(&reader, "the body", "is no JSON");
		if (err)
			snprintf(err->message, sizeof(err->message),
				 "%s: the server's answer is no JSON, or has a key twice: byte %d of %zu",
				 functions[function].name, fault.position, body.len);
		return ESIM_EPROTO;
	}
	reader.root = root;
	r = json_is_object(root) ? decode_status(&reader, &ret->status)
				 : bad(&reader, "the body", "is no object");
	if (r == 0 && !ret->status.failed)
		r = decoders[function](&reader, ret);
	free_wiped(root);
	return r;
}

static const struct es9p_codec json = {
	.content_type = "application/json",
	.path = json_path,
	.encode = json_encode,
	.decode = json_decode,
};

const struct es9p_codec *es9p_json(void)
{
	return &json;
}
