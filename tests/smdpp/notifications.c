/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Reading and logging notifications; see notifications.h. */
#include "smdpp/notifications.h"

#include <jansson.h>
#include <string.h>
#include <time.h>

/* --- reading ------------------------------------------------------------------------------ */

static int read_metadata(struct esim_slice metadata, struct notification *n)
{
	struct esim_tlv seq, event, address, iccid;

	if (esim_tlv_find(metadata, 0x80, &seq) != 1 || esim_tlv_uint(seq.value, &n->seq_number) ||
	    esim_tlv_find(metadata, 0x81, &event) != 1 || event.value.len != 2 ||
	    esim_tlv_find(metadata, 0x0C, &address) != 1)
		return ESIM_EPROTO;
	n->event = event.value.data[1];
	n->address = address.value;
	if (esim_tlv_find(metadata, 0x5A, &iccid) == 1)
		n->iccid = iccid.value;
	return 0;
}

static int read_final_result(struct esim_slice data, struct notification *n)
{
	struct esim_tlv final, result, field;

	if (esim_tlv_find(data, 0xA2, &final) != 1 || esim_tlv_next(&final.value, &result) != 1)
		return ESIM_EPROTO;
	n->success = result.tag == 0xA0;
	if (n->success && esim_tlv_find(result.value, 0x4F, &field) == 1)
		n->aid = field.value;
	if (!n->success &&
	    (esim_tlv_find(result.value, 0x80, &field) != 1 || esim_tlv_uint(field.value, &n->bpp_command_id) ||
	     esim_tlv_find(result.value, 0x81, &field) != 1 || esim_tlv_uint(field.value, &n->error_reason)))
		return ESIM_EPROTO;
	return 0;
}

static int read_result(struct esim_slice value, struct notification *n)
{
	struct esim_tlv metadata, id;

	if (esim_tlv_find(value, 0xBF27, &n->signed_part) != 1 ||
	    esim_tlv_find(value, 0x5F37, &n->signature) != 1 ||
	    esim_tlv_find(n->signed_part.value, 0x80, &id) != 1 ||
	    esim_tlv_find(n->signed_part.value, 0xBF2F, &metadata) != 1 || read_metadata(metadata.value, n))
		return ESIM_EPROTO;
	n->transaction_id = id.value;
	return read_final_result(n->signed_part.value, n);
}

static int read_other(struct esim_slice value, struct notification *n)
{
	struct esim_tlv euicc, eum;

	if (esim_tlv_next(&value, &n->signed_part) != 1 || n->signed_part.tag != 0xBF2F ||
	    esim_tlv_next(&value, &n->signature) != 1 || n->signature.tag != 0x5F37 ||
	    esim_tlv_next(&value, &euicc) != 1 || esim_tlv_next(&value, &eum) != 1)
		return ESIM_EPROTO;
	n->euicc_certificate = euicc.whole;
	n->eum_certificate = eum.whole;
	return read_metadata(n->signed_part.value, n);
}

int notification_parse(struct esim_slice whole, struct notification *ret, struct esim_error *err)
{
	struct notification n = { 0 };
	struct esim_tlv tlv;
	int r;

	r = esim_tlv_check(whole, "pendingNotification", &tlv, err);
	if (r)
		return r;
	n.is_result = tlv.tag == 0xBF37;
	r = n.is_result ? read_result(tlv.value, &n) : tlv.tag == 0x30 ? read_other(tlv.value, &n) : ESIM_EPROTO;
	if (r)
		return esim_error_set(err, r, "pendingNotification is neither a result nor a notification");
	*ret = n;
	return 0;
}

/* --- the log -------------------------------------------------------------------------------- */

static const char *event_name(uint8_t event)
{
	static const struct {
		uint8_t event;
		const char *name;
	} names[] = {
		{ ORDER_EVENT_INSTALL, "install" }, { ORDER_EVENT_ENABLE, "enable" },
		{ ORDER_EVENT_DISABLE, "disable" }, { ORDER_EVENT_DELETE, "delete" },
	};

	for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++)
		if (names[i].event == event)
			return names[i].name;
	return "unknown";
}

static void set_hex(json_t *object, const char *name, struct esim_slice bytes)
{
	char text[2 * 32 + 1];

	if (!bytes.len || bytes.len > 32)
		return;
	esim_hex_encode(bytes, text);
	json_object_set_new(object, name, json_string(text));
}

static void set_iccid(json_t *object, struct esim_slice wire)
{
	char digits[ESIM_ICCID_DIGITS + 1];
	struct esim_iccid iccid;

	if (!esim_iccid_from_wire(wire, &iccid) && !esim_iccid_format(&iccid, digits))
		json_object_set_new(object, "iccid", json_string(digits));
}

static void set_result(json_t *object, const struct notification *n)
{
	set_hex(object, "transactionId", n->transaction_id);
	json_object_set_new(object, "result", json_string(n->success ? "success" : "error"));
	if (n->success) {
		set_hex(object, "aid", n->aid);
	} else {
		json_object_set_new(object, "bppCommandId", json_integer((json_int_t)n->bpp_command_id));
		json_object_set_new(object, "errorReason", json_integer((json_int_t)n->error_reason));
	}
}

static json_t *describe(const struct notification *n, const char *eid, const char *problem)
{
	json_t *object = json_object();
	char when[32];
	time_t now = time(NULL);
	struct tm tm;

	strftime(when, sizeof(when), "%Y-%m-%dT%H:%M:%SZ", gmtime_r(&now, &tm));
	json_object_set_new(object, "time", json_string(when));
	json_object_set_new(object, "event", json_string(event_name(n->event)));
	json_object_set_new(object, "seqNumber", json_integer((json_int_t)n->seq_number));
	set_iccid(object, n->iccid);
	json_object_set_new(object, "notificationAddress",
			    json_stringn((const char *)n->address.data, n->address.len));
	if (*eid)
		json_object_set_new(object, "eid", json_string(eid));
	if (n->is_result)
		set_result(object, n);
	json_object_set_new(object, "verified", json_boolean(!problem));
	if (problem)
		json_object_set_new(object, "problem", json_string(problem));
	return object;
}

void notification_log(struct smdpp *server, const struct notification *n, const char *eid,
		      const char *problem)
{
	json_t *object;

	server->stats.notifications++;
	if (!server->notifications)
		return;
	object = describe(n, eid, problem);
	json_dumpf(object, server->notifications, JSON_COMPACT);
	fputc('\n', server->notifications);
	fflush(server->notifications);
	json_decref(object);
}
