/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The JSON binding: every field of every answer missing, of another type, badly
 * encoded, with another tag, cut short, doubled. Answers are built by jansson
 * from good values and spoilt one field at a time.
 */
#include "es9p_codec.h"
#include "trust_fixture.h"

#include <esim/base64.h>
#include <esim/tlv.h>

#include <atf-c.h>
#include <jansson.h>
#include <malloc.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define COUNT(array) (sizeof(array) / sizeof((array)[0]))
#define TRANSACTION "0123456789aBcDeF"

/* What a field of an answer is; tag 0: plain text. */
struct field {
	const char *name;
	uint32_t tag;
	size_t size;	/* of the value */
};

struct shape {
	enum es9p_function function;
	const struct field *fields;
	size_t count;
};

static const struct field initiate_fields[] = {
	{ "transactionId", 0, 0 },	    { "serverSigned1", 0x30, 70 },
	{ "serverSignature1", 0x5F37, 64 }, { "euiccCiPKIdToBeUsed", 0x04, 20 },
	{ "serverCertificate", 0x30, 500 },
};
static const struct field client_fields[] = {
	{ "transactionId", 0, 0 },	  { "profileMetadata", 0xBF25, 100 },
	{ "smdpSigned2", 0x30, 30 },	  { "smdpSignature2", 0x5F37, 64 },
	{ "smdpCertificate", 0x30, 500 },
};
static const struct field package_fields[] = {
	{ "transactionId", 0, 0 },
	{ "boundProfilePackage", 0xBF36, 9000 },
};
static const struct shape shapes[] = {
	{ ES9P_INITIATE_AUTHENTICATION, initiate_fields, COUNT(initiate_fields) },
	{ ES9P_AUTHENTICATE_CLIENT, client_fields, COUNT(client_fields) },
	{ ES9P_GET_BOUND_PROFILE_PACKAGE, package_fields, COUNT(package_fields) },
};

/* A TLV whose value is @size bytes: a primitive one as it is, a constructed one of a single 80. */
static void make_tlv(uint32_t tag, size_t size, struct esim_buf *out)
{
	struct esim_buf value = ESIM_BUF_INIT;

	if (esim_tlv_constructed(tag)) {
		size_t header = size < 0x82 ? 2 : size < 0x103 ? 3 : size < 0x10004 ? 4 : 5;
		uint8_t *bytes;

		esim_tlv_put_header(&value, 0x80, size - header);
		bytes = esim_buf_extend(&value, size - header);
		memset(bytes, 0x5A, size - header);
	} else {
		memset(esim_buf_extend(&value, size), 0x5A, size);
	}
	ATF_REQUIRE_EQ(size, value.len);
	esim_tlv_put_slice(out, tag, esim_buf_slice(&value));
	esim_buf_free(&value);
}

static json_t *text_of(struct esim_slice bytes)
{
	struct esim_buf text = ESIM_BUF_INIT_MAX(4 * ESIM_MAX_TLV_OBJECT);
	json_t *value;

	esim_base64_encode(bytes, &text);
	ATF_REQUIRE_EQ(0, esim_buf_failed(&text));
	value = json_stringn(text.len ? (char *)text.data : "", text.len);
	esim_buf_free(&text);
	return value;
}

static json_t *tlv_text(uint32_t tag, size_t size)
{
	struct esim_buf tlv = ESIM_BUF_INIT_MAX(4 * ESIM_MAX_TLV_OBJECT);
	json_t *value;

	make_tlv(tag, size, &tlv);
	value = text_of(esim_buf_slice(&tlv));
	esim_buf_free(&tlv);
	return value;
}

static json_t *good_header(void)
{
	return json_pack("{s:{s:s}}", "functionExecutionStatus", "status", "Executed-Success");
}

static json_t *good_answer(const struct shape *shape)
{
	json_t *root = json_object();

	json_object_set_new(root, "header", good_header());
	for (size_t i = 0; i < shape->count; i++)
		json_object_set_new(root, shape->fields[i].name,
				    shape->fields[i].tag ? tlv_text(shape->fields[i].tag,
								    shape->fields[i].size)
							 : json_string(TRANSACTION));
	return root;
}

static int decode_text(enum es9p_function function, const char *text, size_t len,
		       struct es9p_answer *answer, struct esim_error *err)
{
	*answer = (struct es9p_answer){ 0 };
	esim_error_clear(err);
	return es9p_json()->decode(function, esim_slice(text, len), answer, err);
}

/* Consumes @root. */
static int decode(enum es9p_function function, json_t *root, struct es9p_answer *answer,
		  struct esim_error *err)
{
	char *text = json_dumps(root, JSON_COMPACT);
	int r;

	ATF_REQUIRE(text);
	json_decref(root);
	r = decode_text(function, text, strlen(text), answer, err);
	free(text);
	return r;
}

/* ESIM_EPROTO that names the function and @field. */
static void refused(enum es9p_function function, json_t *root, const char *field, const char *words)
{
	struct es9p_answer answer;
	struct esim_error err;
	int r = decode(function, root, &answer, &err);

	ATF_REQUIRE_EQ_MSG(ESIM_EPROTO, r, "%s %s %s: %d", es9p_function_name(function), field,
			   words, r);
	ATF_REQUIRE_EQ(ESIM_EPROTO, err.code);
	ATF_REQUIRE_EQ(ESIM_DOMAIN_SERVER, err.domain);
	ATF_REQUIRE_MSG(strstr(err.message, es9p_function_name(function)), "%s", err.message);
	ATF_REQUIRE_MSG(strstr(err.message, field), "%s, wanted %s", err.message, field);
	ATF_REQUIRE_MSG(strstr(err.message, words), "%s, wanted %s", err.message, words);
	es9p_answer_clear(&answer);
}

typedef void visit(const struct shape *shape, const struct field *field);

static void each_field(visit *visit_field)
{
	for (size_t s = 0; s < COUNT(shapes); s++)
		for (size_t f = 0; f < shapes[s].count; f++)
			visit_field(&shapes[s], &shapes[s].fields[f]);
}

static void replaced(const struct shape *shape, const struct field *field, json_t *value,
		     const char *words)
{
	json_t *root = good_answer(shape);

	json_object_set_new(root, field->name, value);
	refused(shape->function, root, field->name, words);
}

ATF_TC_WITHOUT_HEAD(good_answers_decode);
ATF_TC_BODY(good_answers_decode, tc)
{
	struct esim_buf wanted = ESIM_BUF_INIT;
	struct es9p_answer answer;
	struct esim_error err;

	ATF_REQUIRE_EQ_MSG(0, decode(shapes[0].function, good_answer(&shapes[0]), &answer, &err),
			   "%s", err.message);
	ATF_REQUIRE_STREQ(TRANSACTION, answer.initiate_authentication.transaction_id_text);
	ATF_REQUIRE_EQ(8, answer.initiate_authentication.transaction_id.len);
	ATF_REQUIRE_EQ(0xAB, answer.initiate_authentication.transaction_id.bytes[5]);
	make_tlv(0x5F37, 64, &wanted);
	ATF_REQUIRE(esim_slice_equal(answer.initiate_authentication.server_signature1,
				     esim_buf_slice(&wanted)));
	esim_buf_free(&wanted);
	make_tlv(0x30, 500, &wanted);
	ATF_REQUIRE(esim_slice_equal(answer.initiate_authentication.server_certificate,
				     esim_buf_slice(&wanted)));
	es9p_answer_clear(&answer);

	ATF_REQUIRE_EQ_MSG(0, decode(shapes[1].function, good_answer(&shapes[1]), &answer, &err),
			   "%s", err.message);
	ATF_REQUIRE(!answer.authenticate_client.is_smds);
	ATF_REQUIRE(esim_slice_equal(answer.authenticate_client.smdp_certificate,
				     esim_buf_slice(&wanted)));
	esim_buf_free(&wanted);
	es9p_answer_clear(&answer);

	ATF_REQUIRE_EQ_MSG(0, decode(shapes[2].function, good_answer(&shapes[2]), &answer, &err),
			   "%s", err.message);
	make_tlv(0xBF36, 9000, &wanted);
	ATF_REQUIRE(esim_slice_equal(esim_buf_slice(&answer.bound_profile_package),
				     esim_buf_slice(&wanted)));
	esim_buf_free(&wanted);
	es9p_answer_clear(&answer);
}

ATF_TC_WITHOUT_HEAD(unknown_members_are_ignored);
ATF_TC_BODY(unknown_members_are_ignored, tc)
{
	struct es9p_answer answer;
	struct esim_error err;

	for (size_t s = 0; s < COUNT(shapes); s++) {
		json_t *root = good_answer(&shapes[s]);

		json_object_set_new(root, "somethingNew", json_pack("[i,{s:n}]", 1, "a"));
		ATF_REQUIRE_EQ(0, decode(shapes[s].function, root, &answer, &err));
		es9p_answer_clear(&answer);
	}
}

static void missing(const struct shape *shape, const struct field *field)
{
	json_t *root = good_answer(shape);

	json_object_del(root, field->name);
	refused(shape->function, root, field->name, "is missing");
}

ATF_TC_WITHOUT_HEAD(a_missing_field_is_refused);
ATF_TC_BODY(a_missing_field_is_refused, tc)
{
	each_field(missing);
}

static void other_type(const struct shape *shape, const struct field *field)
{
	replaced(shape, field, json_integer(1), "is no string");
	replaced(shape, field, json_null(), "is no string");
	replaced(shape, field, json_true(), "is no string");
	replaced(shape, field, json_array(), "is no string");
	replaced(shape, field, json_object(), "is no string");
}

ATF_TC_WITHOUT_HEAD(a_field_of_another_type_is_refused);
ATF_TC_BODY(a_field_of_another_type_is_refused, tc)
{
	each_field(other_type);
}

static void bad_text(const struct shape *shape, const struct field *field)
{
	static const char *const bad[] = { "====", "MAA", "MAA\n", " MAA=", "M-A=", "\xC3\xA4", "MAB=" };

	if (!field->tag)
		return;
	for (size_t i = 0; i < COUNT(bad); i++)
		replaced(shape, field, json_string(bad[i]), "is no base64");
	replaced(shape, field, json_string(""), "is empty");
}

ATF_TC_WITHOUT_HEAD(bad_base64_is_refused);
ATF_TC_BODY(bad_base64_is_refused, tc)
{
	each_field(bad_text);
}

static void other_tag(const struct shape *shape, const struct field *field)
{
	if (!field->tag)
		return;
	replaced(shape, field, tlv_text(field->tag == 0x30 ? 0x31 : 0x30, field->size), "another tag");
	replaced(shape, field, tlv_text(0x81, field->size), "another tag");
}

ATF_TC_WITHOUT_HEAD(another_tag_is_refused);
ATF_TC_BODY(another_tag_is_refused, tc)
{
	each_field(other_tag);
}

/* Every shorter form, and one byte too many. */
static void cut_short(const struct shape *shape, const struct field *field)
{
	struct esim_buf tlv = ESIM_BUF_INIT;

	if (!field->tag)
		return;
	make_tlv(field->tag, field->size, &tlv);
	for (size_t len = 1; len < tlv.len; len += 1 + len / 16)
		replaced(shape, field, text_of(esim_slice(tlv.data, len)), "");
	replaced(shape, field, text_of(esim_slice(tlv.data, tlv.len - 1)), "cut short");
	esim_buf_append_byte(&tlv, 0);
	replaced(shape, field, text_of(esim_buf_slice(&tlv)), "too many");
	esim_buf_free(&tlv);
}

ATF_TC_WITHOUT_HEAD(truncated_and_trailing_bytes_are_refused);
ATF_TC_BODY(truncated_and_trailing_bytes_are_refused, tc)
{
	each_field(cut_short);
}

static void broken_inside(const struct shape *shape, const struct field *field)
{
	struct esim_buf tlv = ESIM_BUF_INIT;

	if (!field->tag || !esim_tlv_constructed(field->tag))
		return;
	esim_tlv_put(&tlv, field->tag, "\x80\x05\x01", 3);
	replaced(shape, field, text_of(esim_buf_slice(&tlv)), "malformed");
	esim_buf_free(&tlv);
}

ATF_TC_WITHOUT_HEAD(a_broken_inner_structure_is_refused);
ATF_TC_BODY(a_broken_inner_structure_is_refused, tc)
{
	each_field(broken_inside);
}

static void doubled(const struct shape *shape, const struct field *field)
{
	json_t *root = good_answer(shape);
	char *once = json_dumps(root, JSON_COMPACT), *twice;
	struct es9p_answer answer;
	struct esim_error err;

	twice = malloc(strlen(once) + 64);
	ATF_REQUIRE(twice);
	sprintf(twice, "{\"%s\":\"\",%s", field->name, once + 1);
	ATF_REQUIRE_EQ(ESIM_EPROTO,
		       decode_text(shape->function, twice, strlen(twice), &answer, &err));
	ATF_REQUIRE_EQ(ESIM_DOMAIN_SERVER, err.domain);
	ATF_REQUIRE(strstr(err.message, "twice"));
	es9p_answer_clear(&answer);
	json_decref(root);
	free(once);
	free(twice);
}

ATF_TC_WITHOUT_HEAD(a_doubled_field_is_refused);
ATF_TC_BODY(a_doubled_field_is_refused, tc)
{
	each_field(doubled);
}

static void oversized(const struct shape *shape, const struct field *field)
{
	if (!field->tag)
		return;
	replaced(shape, field,
		 tlv_text(field->tag, field->tag == 0xBF36 ? ESIM_MAX_BPP + 1 : 20000), "length");
}

ATF_TC_WITHOUT_HEAD(an_oversized_field_is_refused);
ATF_TC_BODY(an_oversized_field_is_refused, tc)
{
	each_field(oversized);
}

ATF_TC_WITHOUT_HEAD(a_signature_of_another_length_is_refused);
ATF_TC_BODY(a_signature_of_another_length_is_refused, tc)
{
	replaced(&shapes[0], &initiate_fields[2], tlv_text(0x5F37, 63), "length");
	replaced(&shapes[0], &initiate_fields[2], tlv_text(0x5F37, 65), "length");
	replaced(&shapes[1], &client_fields[3], tlv_text(0x5F37, 63), "length");
	replaced(&shapes[0], &initiate_fields[3], tlv_text(0x04, 33), "length");
}

ATF_TC_WITHOUT_HEAD(a_transaction_id_that_is_no_hex_is_refused);
ATF_TC_BODY(a_transaction_id_that_is_no_hex_is_refused, tc)
{
	static const char *const bad[] = { "", "1", "0g", "01 2", "0x01", "012",
					   "0123456789ABCDEF0123456789ABCDEF01" };

	for (size_t s = 0; s < COUNT(shapes); s++)
		for (size_t i = 0; i < COUNT(bad); i++)
			replaced(&shapes[s], &shapes[s].fields[0], json_string(bad[i]), "hex");
}

/* --- the header --------------------------------------------------------------------------- */

ATF_TC_WITHOUT_HEAD(a_header_that_says_nothing_is_refused);
ATF_TC_BODY(a_header_that_says_nothing_is_refused, tc)
{
	for (int f = 0; f < ES9P_FUNCTIONS; f++) {
		enum es9p_function function = (enum es9p_function)f;

		refused(function, json_object(), "header", "missing");
		refused(function, json_pack("{s:i}", "header", 1), "header", "missing");
		refused(function, json_pack("{s:{}}", "header"), "functionExecutionStatus", "missing");
		refused(function, json_pack("{s:{s:[]}}", "header", "functionExecutionStatus"),
			"functionExecutionStatus", "no object");
		refused(function, json_pack("{s:{s:{}}}", "header", "functionExecutionStatus"),
			"status", "missing");
		refused(function, json_pack("{s:{s:{s:i}}}", "header", "functionExecutionStatus",
					    "status", 1), "status", "no string");
		refused(function, json_pack("{s:{s:{s:s}}}", "header", "functionExecutionStatus",
					    "status", "executed"), "status", "unknown");
		refused(function, json_array(), "body", "no object");
	}
}

ATF_TC_WITHOUT_HEAD(what_is_no_json_is_refused);
ATF_TC_BODY(what_is_no_json_is_refused, tc)
{
	static const char *const bad[] = { "", " ", "{", "{}x", "null", "\"a\"", "<html>", "{\"a\":\"\xFF\"}",
					   "{\"a\":\"\\u0000\"}", "{\"header\":{\"header\":1,\"header\":2}}" };
	struct es9p_answer answer;
	struct esim_error err;

	for (size_t i = 0; i < COUNT(bad); i++) {
		ATF_REQUIRE_EQ_MSG(ESIM_EPROTO, decode_text(ES9P_CANCEL_SESSION, bad[i], strlen(bad[i]),
							    &answer, &err), "%s", bad[i]);
		ATF_REQUIRE_EQ(ESIM_DOMAIN_SERVER, err.domain);
		es9p_answer_clear(&answer);
	}
}

ATF_TC_WITHOUT_HEAD(a_deep_body_is_refused);
ATF_TC_BODY(a_deep_body_is_refused, tc)
{
	static char deep[100000];
	struct es9p_answer answer;
	struct esim_error err;

	memset(deep, '[', sizeof(deep));
	ATF_REQUIRE_EQ(ESIM_EPROTO, decode_text(ES9P_CANCEL_SESSION, deep, sizeof(deep), &answer, &err));
}

static json_t *failed_header(json_t *data)
{
	json_t *execution = json_pack("{s:s}", "status", "Failed");

	if (data)
		json_object_set_new(execution, "statusCodeData", data);
	return json_pack("{s:{s:o}}", "header", "functionExecutionStatus", execution);
}

ATF_TC_WITHOUT_HEAD(a_failure_carries_its_codes_made_printable);
ATF_TC_BODY(a_failure_carries_its_codes_made_printable, tc)
{
	struct es9p_answer answer;
	struct esim_error err;

	ATF_REQUIRE_EQ(0, decode(ES9P_AUTHENTICATE_CLIENT,
				 failed_header(json_pack("{s:s,s:s,s:s,s:s}", "subjectCode", "8.2.6",
							 "reasonCode", "3.8", "subjectIdentifier",
							 "id\x1B[31m", "message",
							 "re\nfused\xE2\x80\xAE")), &answer, &err));
	ATF_REQUIRE(answer.status.failed);
	ATF_REQUIRE_STREQ("8.2.6", answer.status.subject_code);
	ATF_REQUIRE_STREQ("3.8", answer.status.reason_code);
	ATF_REQUIRE_STREQ("id[31m", answer.status.subject_identifier);
	ATF_REQUIRE_STREQ("refused", answer.status.message);
	es9p_answer_clear(&answer);
}

ATF_TC_WITHOUT_HEAD(a_failure_without_codes_is_a_failure);
ATF_TC_BODY(a_failure_without_codes_is_a_failure, tc)
{
	json_t *const data[] = { NULL, json_object(), json_string("x"),
				 json_pack("{s:i,s:n}", "subjectCode", 8, "message") };
	struct es9p_answer answer;
	struct esim_error err;

	for (size_t i = 0; i < COUNT(data); i++) {
		ATF_REQUIRE_EQ(0, decode(ES9P_GET_BOUND_PROFILE_PACKAGE, failed_header(data[i]), &answer,
					 &err));
		ATF_REQUIRE(answer.status.failed);
		ATF_REQUIRE_STREQ("", answer.status.subject_code);
		es9p_answer_clear(&answer);
	}
}

/* --- events ----------------------------------------------------------------------------------- */

static json_t *smds_answer(json_t *entries)
{
	return json_pack("{s:o,s:s,s:o}", "header", good_header(), "transactionId", TRANSACTION,
			 "eventEntries", entries);
}

ATF_TC_WITHOUT_HEAD(events_of_an_smds_are_read);
ATF_TC_BODY(events_of_an_smds_are_read, tc)
{
	struct es9p_answer answer;
	struct esim_error err;

	ATF_REQUIRE_EQ(0, decode(ES9P_AUTHENTICATE_CLIENT,
				 smds_answer(json_pack("[{s:s,s:s},{s:s,s:s}]", "eventId", "E-1",
						       "rspServerAddress", "SMDP.example.com", "eventId",
						       "E-2", "rspServerAddress", "b.example.com")),
				 &answer, &err));
	ATF_REQUIRE(answer.authenticate_client.is_smds);
	ATF_REQUIRE_EQ(2, answer.authenticate_client.event_count);
	ATF_REQUIRE_STREQ("E-1", answer.authenticate_client.events[0].event_id);
	ATF_REQUIRE_STREQ("smdp.example.com", answer.authenticate_client.events[0].server_address);
	ATF_REQUIRE_STREQ("E-2", answer.authenticate_client.events[1].event_id);
	es9p_answer_clear(&answer);
	ATF_REQUIRE_EQ(0, decode(ES9P_AUTHENTICATE_CLIENT, smds_answer(json_array()), &answer, &err));
	ATF_REQUIRE(answer.authenticate_client.is_smds);
	ATF_REQUIRE_EQ(0, answer.authenticate_client.event_count);
	es9p_answer_clear(&answer);
}

#define SECRET_EVENT "SECRET-EVENT-OF-THIS-EUICC"

static unsigned given_back_readable;

/* jansson's free(): a string value is a block of its own. */
static void look_and_free(void *block)
{
	if (block && malloc_usable_size(block) >= sizeof(SECRET_EVENT) &&
	    memcmp(block, SECRET_EVENT, sizeof(SECRET_EVENT)) == 0)
		given_back_readable++;
	free(block);
}

ATF_TC_WITHOUT_HEAD(event_ids_are_wiped_before_their_memory_is_given_back);
ATF_TC_BODY(event_ids_are_wiped_before_their_memory_is_given_back, tc)
{
	struct es9p_answer answer = { 0 };
	json_t *root = smds_answer(json_pack("[{s:s,s:s}]", "eventId", SECRET_EVENT,
					     "rspServerAddress", "smdp.example.com"));
	char *text = json_dumps(root, 0);

	ATF_REQUIRE(text);
	json_set_alloc_funcs(malloc, look_and_free);
	ATF_REQUIRE_EQ(0, decode_text(ES9P_AUTHENTICATE_CLIENT, text, strlen(text), &answer, NULL));
	json_set_alloc_funcs(malloc, free);
	ATF_CHECK_STREQ(SECRET_EVENT, answer.authenticate_client.events[0].event_id);
	ATF_CHECK_EQ(0, given_back_readable);
	es9p_answer_clear(&answer);
	json_decref(root);
	free(text);
}

ATF_TC_WITHOUT_HEAD(bad_events_are_refused);
ATF_TC_BODY(bad_events_are_refused, tc)
{
	json_t *many = json_array();
	char long_id[ESIM_MAX_MATCHING_ID + 2];

	for (int i = 0; i <= ESIM_MAX_EVENTS; i++)
		json_array_append_new(many, json_pack("{s:s,s:s}", "eventId", "E", "rspServerAddress",
						      "a.example.com"));
	refused(ES9P_AUTHENTICATE_CLIENT, smds_answer(many), "eventEntries", "more entries");
	refused(ES9P_AUTHENTICATE_CLIENT, smds_answer(json_object()), "eventEntries", "no array");
	refused(ES9P_AUTHENTICATE_CLIENT, smds_answer(json_pack("[i]", 1)), "eventEntries", "without");
	refused(ES9P_AUTHENTICATE_CLIENT, smds_answer(json_pack("[{s:s}]", "eventId", "E")),
		"eventEntries", "without");
	refused(ES9P_AUTHENTICATE_CLIENT,
		smds_answer(json_pack("[{s:i,s:s}]", "eventId", 1, "rspServerAddress", "a.example.com")),
		"eventEntries", "without");
	refused(ES9P_AUTHENTICATE_CLIENT,
		smds_answer(json_pack("[{s:s,s:s}]", "eventId", "", "rspServerAddress", "a.example.com")),
		"eventEntries", "eventId");
	memset(long_id, 'E', sizeof(long_id) - 1);
	long_id[sizeof(long_id) - 1] = '\0';
	refused(ES9P_AUTHENTICATE_CLIENT,
		smds_answer(json_pack("[{s:s,s:s}]", "eventId", long_id, "rspServerAddress", "a.example.com")),
		"eventEntries", "eventId");
	refused(ES9P_AUTHENTICATE_CLIENT,
		smds_answer(json_pack("[{s:s,s:s}]", "eventId", "E", "rspServerAddress", "a b/c")),
		"eventEntries", "rspServerAddress");
}

/* --- requests ------------------------------------------------------------------------------------- */

static json_t *encode(const struct es9p_request *request)
{
	struct esim_buf body = ESIM_BUF_INIT;
	struct esim_error err;
	json_t *root;

	ATF_REQUIRE_EQ(0, es9p_json()->encode(request, &body, &err));
	root = json_loadb((char *)body.data, body.len, JSON_REJECT_DUPLICATES, NULL);
	ATF_REQUIRE(root);
	esim_buf_free(&body);
	return root;
}

static void require_member(const json_t *root, const char *name, const char *value)
{
	const char *text = json_string_value(json_object_get(root, name));

	ATF_REQUIRE_MSG(text, "%s is missing", name);
	ATF_REQUIRE_STREQ(value, text);
}

ATF_TC_WITHOUT_HEAD(requests_have_the_fields_of_the_specification);
ATF_TC_BODY(requests_have_the_fields_of_the_specification, tc)
{
	static const struct {
		enum es9p_function function;
		const char *path, *object;
	} rows[] = {
		{ ES9P_AUTHENTICATE_CLIENT, "/gsma/rsp2/es9plus/authenticateClient",
		  "authenticateServerResponse" },
		{ ES9P_GET_BOUND_PROFILE_PACKAGE, "/gsma/rsp2/es9plus/getBoundProfilePackage",
		  "prepareDownloadResponse" },
		{ ES9P_CANCEL_SESSION, "/gsma/rsp2/es9plus/cancelSession", "cancelSessionResponse" },
		{ ES9P_HANDLE_NOTIFICATION, "/gsma/rsp2/es9plus/handleNotification",
		  "pendingNotification" },
	};
	struct es9p_request request = {
		.function = ES9P_INITIATE_AUTHENTICATION,
		.smdp_address = "smdp.example.com",
		.euicc_challenge = esim_slice("0123456789abcdef", 16),
		.euicc_info1 = esim_slice("\xBF\x20\x00", 3),
	};
	json_t *root = encode(&request);

	ATF_REQUIRE_STREQ("/gsma/rsp2/es9plus/initiateAuthentication",
			  es9p_json()->path(ES9P_INITIATE_AUTHENTICATION));
	ATF_REQUIRE_STREQ("application/json", es9p_json()->content_type);
	ATF_REQUIRE_EQ(3, json_object_size(root));
	require_member(root, "smdpAddress", "smdp.example.com");
	require_member(root, "euiccChallenge", "MDEyMzQ1Njc4OWFiY2RlZg==");
	require_member(root, "euiccInfo1", "vyAA");
	json_decref(root);

	for (size_t i = 0; i < COUNT(rows); i++) {
		bool has_id = rows[i].function != ES9P_HANDLE_NOTIFICATION;

		request = (struct es9p_request){ .function = rows[i].function,
						 .transaction_id_text = has_id ? TRANSACTION : NULL,
						 .object = esim_slice("\xBF\x38\x00", 3) };
		root = encode(&request);
		ATF_REQUIRE_STREQ(rows[i].path, es9p_json()->path(rows[i].function));
		ATF_REQUIRE_EQ(has_id ? 2 : 1, json_object_size(root));
		if (has_id)
			require_member(root, "transactionId", TRANSACTION);
		require_member(root, rows[i].object, "vzgA");
		json_decref(root);
	}
}

ATF_TC_WITHOUT_HEAD(a_request_that_does_not_fit_is_an_error);
ATF_TC_BODY(a_request_that_does_not_fit_is_an_error, tc)
{
	struct es9p_request request = { .function = ES9P_CANCEL_SESSION,
					.transaction_id_text = TRANSACTION,
					.object = esim_slice("\xBF\x41\x00", 3) };
	struct esim_buf body = ESIM_BUF_INIT_MAX(20);
	struct esim_error err;

	ATF_REQUIRE_EQ(ESIM_ETOOBIG, es9p_json()->encode(&request, &body, &err));
	esim_buf_free(&body);
}

/* --- a recorded download ------------------------------------------------------------------------------ */

static void replay(const json_t *exchange)
{
	const char *url = json_string_value(json_object_get(exchange, "url"));
	char *text = json_dumps(json_object_get(exchange, "response"), 0);
	struct es9p_answer answer;
	struct esim_error err;
	int f = 0;

	while (!strstr(url, es9p_function_name((enum es9p_function)f)))
		ATF_REQUIRE(++f < ES9P_FUNCTIONS);
	ATF_REQUIRE_EQ_MSG(0, decode_text((enum es9p_function)f, text, strlen(text), &answer, &err), "%s",
			   err.message);
	if (f == ES9P_GET_BOUND_PROFILE_PACKAGE)
		ATF_REQUIRE_EQ(0x36, answer.bound_profile_package.data[1]);
	es9p_answer_clear(&answer);
	free(text);
}

ATF_TC_WITHOUT_HEAD(a_recorded_download_decodes);
ATF_TC_BODY(a_recorded_download_decodes, tc)
{
	struct esim_buf file = ESIM_BUF_INIT;
	const json_t *exchange;
	json_t *root;
	size_t i;

	read_or_skip("REFDATA", "es9p-sample/exchange.json", &file);
	root = json_loadb((char *)file.data, file.len, 0, NULL);
	ATF_REQUIRE(root);
	ATF_REQUIRE_EQ(3, json_array_size(root));
	json_array_foreach(root, i, exchange)
		replay(exchange);
	json_decref(root);
	esim_buf_free(&file);
}

ATF_TP_ADD_TCS(tp)
{
	ATF_TP_ADD_TC(tp, good_answers_decode);
	ATF_TP_ADD_TC(tp, unknown_members_are_ignored);
	ATF_TP_ADD_TC(tp, a_missing_field_is_refused);
	ATF_TP_ADD_TC(tp, a_field_of_another_type_is_refused);
	ATF_TP_ADD_TC(tp, bad_base64_is_refused);
	ATF_TP_ADD_TC(tp, another_tag_is_refused);
	ATF_TP_ADD_TC(tp, truncated_and_trailing_bytes_are_refused);
	ATF_TP_ADD_TC(tp, a_broken_inner_structure_is_refused);
	ATF_TP_ADD_TC(tp, a_doubled_field_is_refused);
	ATF_TP_ADD_TC(tp, an_oversized_field_is_refused);
	ATF_TP_ADD_TC(tp, a_signature_of_another_length_is_refused);
	ATF_TP_ADD_TC(tp, a_transaction_id_that_is_no_hex_is_refused);
	ATF_TP_ADD_TC(tp, a_header_that_says_nothing_is_refused);
	ATF_TP_ADD_TC(tp, what_is_no_json_is_refused);
	ATF_TP_ADD_TC(tp, a_deep_body_is_refused);
	ATF_TP_ADD_TC(tp, a_failure_carries_its_codes_made_printable);
	ATF_TP_ADD_TC(tp, a_failure_without_codes_is_a_failure);
	ATF_TP_ADD_TC(tp, events_of_an_smds_are_read);
	ATF_TP_ADD_TC(tp, event_ids_are_wiped_before_their_memory_is_given_back);
	ATF_TP_ADD_TC(tp, bad_events_are_refused);
	ATF_TP_ADD_TC(tp, requests_have_the_fields_of_the_specification);
	ATF_TP_ADD_TC(tp, a_request_that_does_not_fit_is_an_error);
	ATF_TP_ADD_TC(tp, a_recorded_download_decodes);
	return atf_no_error();
}
