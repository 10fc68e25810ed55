/* SPDX-License-Identifier: GPL-2.0-or-later */
/* ES10b: the notifications that the eUICC keeps (SGP.22, 5.7.9-5.7.11). */
#include <esim/es10b.h>

#include "es10.h"

#include <stdio.h>
#include <stdlib.h>

#define TAG_LIST_NOTIFICATION 0xBF28
#define TAG_RETRIEVE_NOTIFICATIONS_LIST 0xBF2B
#define TAG_NOTIFICATION_SENT 0xBF30
#define TAG_SEARCH_CRITERIA 0xA0
#define TAG_SEQ_NUMBER 0x80
#define TAG_OPERATION 0x81

#define NO_RESULT_AVAILABLE 1

/* --- ListNotification ---------------------------------------------------------------------- */

static int read_metadata_list(const struct es10_answer *answer, struct esim_notification **ret,
			      size_t *ret_count, struct esim_error *err)
{
	static const char list_path[] = "notificationMetadataList";
	size_t count = esim_asn1_count(answer->obj, list_path);
	struct esim_notification *list;
	char path[ESIM_ASN1_PATH_SIZE];
	int r = 0;

	if (!esim_asn1_has(answer->obj, list_path))
		return es10_refusal(answer, "listNotificationsResultError", err);
	if (count > ESIM_MAX_NOTIFICATIONS)
		return es10_bad_field(answer, list_path, ESIM_ETOOBIG, err);
	list = calloc(count + 1, sizeof(*list));
	if (!list)
		return esim_error_set(err, ESIM_ENOMEM, "out of memory");
	for (size_t i = 0; !r && i < count; i++) {
		snprintf(path, sizeof(path), "%s.?%zu", list_path, i + 1);
		r = es10_notification_metadata(answer->obj, path, &list[i], err);
	}
	if (r) {
		esim_error_prefix(err, "%s: ", answer->function);
		free(list);
		return r;
	}
	*ret = list;
	*ret_count = count;
	return 0;
}

int es10b_list_notification(struct esim_card *card, unsigned events,
			    struct esim_notification **ret, size_t *ret_count,
			    struct esim_error *err)
{
	struct es10_answer answer = ES10_ANSWER_INIT("ES10b.ListNotification");
	struct esim_buf request = ESIM_BUF_INIT;
	size_t mark = esim_tlv_begin(&request, TAG_LIST_NOTIFICATION);
	int r;

	if (events)
		es10_put_bits(&request, TAG_OPERATION, events);
	esim_tlv_end(&request, mark);
	r = es10_call(card, &request, "ListNotificationResponse", &answer, err);
	if (!r)
		r = read_metadata_list(&answer, ret, ret_count, err);
	es10_answer_clear(&answer);
	return r;
}

/* --- RetrieveNotificationsList ----------------------------------------------------------------- */

void es10b_pending_notifications_free(struct esim_pending_notification **list, size_t count)
{
	if (!list || !*list)
		return;
	for (size_t i = 0; i < count; i++)
		esim_pending_notification_clear(&(*list)[i]);
	free(*list);
	*list = NULL;
}

/* Of one element, @prefix before its fields: they lie elsewhere in each of the two kinds. */
static int read_metadata(const struct es10_answer *answer, const char *prefix,
			 struct esim_notification *ret, struct esim_error *err)
{
	static const char *const places[] = {
		"profileInstallationResult.profileInstallationResultData.notificationMetadata",
		"otherSignedNotification.tbsOtherNotification",
	};
	char field[2 * ESIM_ASN1_PATH_SIZE];
	int r;

	for (size_t i = 0; i < sizeof(places) / sizeof(places[0]); i++) {
		snprintf(field, sizeof(field), "%s%s", prefix, places[i]);
		if (!esim_asn1_has(answer->obj, field))
			continue;
		r = es10_notification_metadata(answer->obj, field, ret, err);
		if (r)
			esim_error_prefix(err, "%s: ", answer->function);
		return r;
	}
	return es10_bad_field(answer, places[0], 0, err);
}

static int read_pending(const struct es10_answer *answer, const char *path,
			struct esim_pending_notification *ret, struct esim_error *err)
{
	char prefix[ESIM_ASN1_PATH_SIZE + 1];
	struct esim_slice whole;
	int r;

	snprintf(prefix, sizeof(prefix), "%s.", path);
	r = read_metadata(answer, prefix, &ret->metadata, err);
	if (r)
		return r;
	if (esim_asn1_whole(answer->obj, path, &whole))
		return es10_bad_field(answer, path, 0, err);
	esim_buf_append_slice(&ret->whole, whole);
	r = esim_buf_failed(&ret->whole);
	return r ? esim_error_set(err, r, "out of memory") : 0;
}

int es10b_pending_metadata(struct esim_slice pending, struct esim_notification *ret,
			   struct esim_error *err)
{
	struct es10_answer kept = ES10_ANSWER_INIT("PendingNotification");
	int r = esim_asn1_decode(kept.function, pending, &kept.obj, err);

	if (!r)
		r = read_metadata(&kept, "", ret, err);
	es10_answer_clear(&kept);
	return r;
}

static int read_pending_list(const struct es10_answer *answer,
			     struct esim_pending_notification **ret, size_t *ret_count,
			     struct esim_error *err)
{
	static const char list_path[] = "notificationList";
	size_t count = esim_asn1_count(answer->obj, list_path);
	struct esim_pending_notification *list;
	char path[ESIM_ASN1_PATH_SIZE];
	int r = 0;

	if (count > ESIM_MAX_NOTIFICATIONS)
		return es10_bad_field(answer, list_path, ESIM_ETOOBIG, err);
	list = calloc(count + 1, sizeof(*list));
	if (!list)
		return esim_error_set(err, ESIM_ENOMEM, "out of memory");
	for (size_t i = 0; !r && i < count; i++) {
		snprintf(path, sizeof(path), "%s.?%zu", list_path, i + 1);
		r = read_pending(answer, path, &list[i], err);
	}
	if (r) {
		es10b_pending_notifications_free(&list, count);
		return r;
	}
	*ret = list;
	*ret_count = count;
	return 0;
}

/* @request's search criterion is there already; an eUICC that has nothing gives an empty list. */
static int retrieve(struct esim_card *card, struct esim_buf *request,
		    struct esim_pending_notification **ret, size_t *ret_count,
		    struct esim_error *err)
{
	struct es10_answer answer = ES10_ANSWER_INIT("ES10b.RetrieveNotificationsList");
	uint64_t code;
	int r = es10_call(card, request, "RetrieveNotificationsListResponse", &answer, err);

	if (!r && !esim_asn1_has(answer.obj, "notificationList") &&
	    !(esim_asn1_uint(answer.obj, "notificationsListResultError", &code) == 0 &&
	      code == NO_RESULT_AVAILABLE))
		r = es10_refusal(&answer, "notificationsListResultError", err);
	if (!r)
		r = read_pending_list(&answer, ret, ret_count, err);
	es10_answer_clear(&answer);
	return r;
}

int es10b_retrieve_notification(struct esim_card *card, uint32_t seq_number,
				struct esim_pending_notification *ret, struct esim_error *err)
{
	struct esim_buf request = ESIM_BUF_INIT;
	size_t outer = esim_tlv_begin(&request, TAG_RETRIEVE_NOTIFICATIONS_LIST);
	size_t criteria = esim_tlv_begin(&request, TAG_SEARCH_CRITERIA);
	struct esim_pending_notification *list;
	size_t count;
	int r;

	esim_tlv_put_uint(&request, TAG_SEQ_NUMBER, seq_number);
	esim_tlv_end(&request, criteria);
	esim_tlv_end(&request, outer);
	r = retrieve(card, &request, &list, &count, err);
	if (r)
		return r;
	r = ESIM_ENOENT;
	for (size_t i = 0; r && i < count; i++) {
		if (list[i].metadata.seq_number != seq_number)
			continue;
		*ret = list[i];
		list[i] = (struct esim_pending_notification){ 0 };
		r = 0;
	}
	if (r)
		esim_error_set(err, r, "the eUICC has no notification %u", seq_number);
	es10b_pending_notifications_free(&list, count);
	return r;
}

int es10b_retrieve_notifications_list(struct esim_card *card, unsigned events,
				      struct esim_pending_notification **ret, size_t *ret_count,
				      struct esim_error *err)
{
	struct esim_buf request = ESIM_BUF_INIT;
	size_t outer = esim_tlv_begin(&request, TAG_RETRIEVE_NOTIFICATIONS_LIST), criteria;

	if (events) {
		criteria = esim_tlv_begin(&request, TAG_SEARCH_CRITERIA);
		es10_put_bits(&request, TAG_OPERATION, events);
		esim_tlv_end(&request, criteria);
	}
	esim_tlv_end(&request, outer);
	return retrieve(card, &request, ret, ret_count, err);
}

/* --- RemoveNotificationFromList --------------------------------------------------------------------- */

int es10b_remove_notification_from_list(struct esim_card *card, uint32_t seq_number,
					struct esim_error *err)
{
	struct es10_answer answer = ES10_ANSWER_INIT("ES10b.RemoveNotificationFromList");
	struct esim_buf request = ESIM_BUF_INIT;
	size_t mark = esim_tlv_begin(&request, TAG_NOTIFICATION_SENT);
	int r;

	esim_tlv_put_uint(&request, TAG_SEQ_NUMBER, seq_number);
	esim_tlv_end(&request, mark);
	r = es10_call(card, &request, "NotificationSentResponse", &answer, err);
	if (!r)
		r = es10_result(&answer, "deleteNotificationStatus", err);
	es10_answer_clear(&answer);
	return r;
}
