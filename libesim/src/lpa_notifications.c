/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Notifications (SGP.22, 3.5): every one reaches its server, in order, and is
 * forgotten by the eUICC only when the server said so. Numbers are compared as
 * they are: 0 is one, and there is no "newer than the last".
 */
#include "es10.h"
#include "lpa_internal.h"

#include <esim/verify.h>

#include <stdlib.h>
#include <string.h>

static int by_seq_number(const void *a, const void *b)
{
	const struct esim_notification *x = a, *y = b;

	return (x->seq_number > y->seq_number) - (x->seq_number < y->seq_number);
}

static int by_pending_seq_number(const void *a, const void *b)
{
	const struct esim_pending_notification *x = a, *y = b;

	return by_seq_number(&x->metadata, &y->metadata);
}

int lpa_list_notifications(struct lpa *lpa, struct esim_notification **ret, size_t *ret_count,
			   struct esim_error *err)
{
	struct esim_notification *list = NULL;
	size_t count = 0;
	int rc;

	lpa_step(lpa, "ES10b.ListNotification");
	rc = es10b_list_notification(lpa->options.card, 0, &list, &count, err);
	lpa_step(lpa, NULL);
	if (rc)
		return rc;
	if (count > 0)
		qsort(list, count, sizeof(*list), by_seq_number);
	*ret = list;
	*ret_count = count;
	return 0;
}

int lpa_drop_notification(struct lpa *lpa, uint32_t seq_number, struct esim_error *err)
{
	struct esim_error local;
	int rc;

	if (!err)
		err = &local;
	lpa_step(lpa, "ES10b.RemoveNotificationFromList");
	rc = es10b_remove_notification_from_list(lpa->options.card, seq_number, err);
	lpa_step(lpa, NULL);
	/* 1: nothingToDelete */
	if (rc == ESIM_ERESULT && err->es10_result == 1) {
		esim_error_prefix(err, "notification %u: ", seq_number);
		err->code = rc = ESIM_ENOENT;
	}
	return rc;
}

/*
 * A server answers 204 to whatever arrives, and then it is forgotten: what was
 * damaged on the way from the card must not go out. An installation result carries
 * no certificates; it was verified in its session.
 */
static int verify(const struct lpa *lpa, struct esim_slice pending, struct esim_error *err)
{
	const struct esim_verify_notification in = {
		.pool = lpa->options.rsp_roots,
		.now = lpa_now(lpa),
		.notification = pending,
		.eid = lpa->options.eid,
	};

	return pending.len > 0 && pending.data[0] == 0x30 ? esim_verify_notification(&in, err) : 0;
}

static int post(struct lpa *lpa, const struct esim_notification *metadata,
		struct esim_slice pending, struct esim_error *err)
{
	struct es9p_server server;
	int rc = lpa_server_init(lpa, metadata->address, &server, err);

	if (!rc)
		rc = verify(lpa, pending, err);
	if (!rc) {
		lpa_step(lpa, "ES9+.HandleNotification");
		rc = es9p_handle_notification(&server, pending, err);
		lpa_step(lpa, NULL);
	}
	if (rc)
		esim_error_prefix(err, "notification %u: ", metadata->seq_number);
	return rc;
}

int lpa_deliver_notification(struct lpa *lpa, const struct esim_notification *metadata,
			     struct esim_slice pending, bool *ret_sent, struct esim_error *err)
{
	int rc = post(lpa, metadata, pending, err);

	if (rc)
		return rc;
	*ret_sent = true;
	return lpa_drop_notification(lpa, metadata->seq_number, err);
}

/* What was kept outside the card is whole, and the one that @metadata names. */
static int check_kept(const struct esim_notification *metadata, struct esim_slice pending,
		      struct esim_error *err)
{
	struct esim_notification found;
	int rc = es10b_pending_metadata(pending, &found, err);

	if (!rc && (found.seq_number != metadata->seq_number ||
		    strcasecmp(found.address, metadata->address) != 0))
		rc = esim_error_set(err, ESIM_EPROTO,
				    "what was kept is another notification or goes elsewhere");
	if (rc)
		esim_error_prefix(err, "notification %u: ", metadata->seq_number);
	return rc;
}

int lpa_post_notification(struct lpa *lpa, const struct esim_notification *metadata,
			  struct esim_slice pending, struct esim_error *err)
{
	int rc = lpa_need_servers(lpa, err);

	if (!rc)
		rc = check_kept(metadata, pending, err);
	return rc ? rc : post(lpa, metadata, pending, err);
}

/* Has an earlier one to the same server failed? Then the order forbids this one. */
static bool server_failed(const struct lpa_notification *report, size_t before, const char *address)
{
	for (size_t i = 0; i < before; i++)
		if (report[i].error.code && !report[i].sent &&
		    strcasecmp(report[i].metadata.address, address) == 0)
			return true;
	return false;
}

static int deliver_all(struct lpa *lpa, const struct esim_pending_notification *pending,
		       size_t count, struct lpa_notification *report, struct esim_error *err)
{
	int first = 0;

	for (size_t i = 0; i < count; i++) {
		struct lpa_notification *entry = &report[i];
		int rc;

		entry->metadata = pending[i].metadata;
		if (server_failed(report, i, entry->metadata.address)) {
			entry->skipped = true;
			continue;
		}
		rc = lpa_check_cancel(lpa, &entry->error);
		if (!rc)
			rc = lpa_deliver_notification(lpa, &entry->metadata,
						      esim_buf_slice(&pending[i].whole),
						      &entry->sent, &entry->error);
		entry->removed = !rc;
		if (rc && !first) {
			first = rc;
			if (err)
				*err = entry->error;
		}
		if (rc == ESIM_ECANCELED)
			break;
	}
	return first;
}

int lpa_send_notifications(struct lpa *lpa, struct lpa_notification **ret, size_t *ret_count,
			   struct esim_error *err)
{
	struct esim_pending_notification *pending = NULL;
	struct lpa_notification *report = NULL;
	size_t count = 0;
	int rc = lpa_need_servers(lpa, err);

	if (rc)
		return rc;
	lpa_step(lpa, "ES10b.RetrieveNotificationsList");
	rc = es10b_retrieve_notifications_list(lpa->options.card, 0, &pending, &count, err);
	lpa_step(lpa, NULL);
	if (rc)
		return rc;
	if (count > 0) {
		qsort(pending, count, sizeof(*pending), by_pending_seq_number);
		report = calloc(count, sizeof(*report));
		rc = report ? deliver_all(lpa, pending, count, report, err) :
			      esim_error_set(err, ESIM_ENOMEM, "no memory for %zu notifications",
					     count);
	}
	es10b_pending_notifications_free(&pending, count);
	if (report) {
		*ret = report;
		*ret_count = count;
	} else if (!rc) {
		*ret = NULL;
		*ret_count = 0;
	}
	return rc;
}
