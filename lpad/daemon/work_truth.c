/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The truth: what card and disk say, whatever was believed before. The notifications come first, since
 * the card may lose them; the session that an earlier process or job left open is ended last, since its
 * server may be slow.
 */
#include "session_internal.h"

#include "lpad/common/details.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* For a server that is told of the end of an old session. */
#define END_TIMEOUT_MS 5000

/* One look at an eUICC. */
struct look {
	struct card_session *session;
	struct lpa *lpa;
	struct snapshot *ret;
	struct esim_error *err;		/* the first cause */
	int rc;				/* and its code */
	bool over;			/* nothing more can be asked */
};

/* What could not be read is left unknown; the rest is asked for as long as the card is there. */
static void took(struct look *look, int rc, const struct esim_error *cause)
{
	if (!rc)
		return;
	if (!look->rc) {
		look->rc = rc;
		*look->err = *cause;
	}
	look->over = cause->domain == ESIM_DOMAIN_TRANSPORT || rc == ESIM_ECANCELED;
}

/* --- what changes with every job ------------------------------------------------------------------ */

static void read_notifications(struct look *look)
{
	struct esim_error cause;

	if (!look->session->has_eid)
		return;
	took(look, session_mirror(look->session, &look->ret->outbox, &cause), &cause);
	look->ret->notifications_known = look->session->listed;
}

static void read_profiles(struct look *look)
{
	struct esim_profile *profiles = NULL;
	struct esim_error cause;
	size_t count = 0;
	int rc;

	if (look->over)
		return;
	rc = lpa_profiles(look->lpa, &profiles, &count, &cause);
	if (!rc)
		rc = snapshot_take_profiles(look->ret, profiles, count, &cause);
	es10c_profiles_free(&profiles, count);
	took(look, rc, &cause);
}

/* --- what hardly ever does ------------------------------------------------------------------------------ */

static void read_info1(struct look *look)
{
	const struct es10b_euicc_info1 *info1;
	struct esim_error cause;
	int rc;

	if (look->over)
		return;
	rc = lpa_euicc_info1(look->lpa, &info1, &cause);
	if (!rc) {
		esim_version_format(info1->svn, look->ret->spec_version);
		json_object_set_new(look->ret->details, "euiccInfo1", json_info1(info1));
	}
	took(look, rc, &cause);
}

static void read_info2(struct look *look)
{
	struct es10b_euicc_info2 info2 = { 0 };
	struct esim_error cause;
	int rc;

	if (look->over)
		return;
	lpa_step(look->lpa, "ES10b.GetEUICCInfo2");
	rc = es10b_get_euicc_info2(look->session->card, &info2, &cause);
	lpa_step(look->lpa, NULL);
	if (!rc) {
		json_object_set_new(look->ret->details, "euiccInfo2", json_info2(&info2));
		look->session->stale &= ~(unsigned)STALE_INFO2;
	}
	es10b_euicc_info2_clear(&info2);
	took(look, rc, &cause);
}

static void read_addresses(struct look *look)
{
	json_t *details = look->ret->details;
	struct es10a_addresses addresses;
	struct esim_error cause;
	int rc;

	if (look->over)
		return;
	rc = lpa_addresses(look->lpa, &addresses, &cause);
	if (!rc) {
		json_object_set_new(details, "defaultDpAddress", json_text(addresses.default_smdp));
		json_object_set_new(details, "rootDsAddress", json_text(addresses.root_smds));
		look->session->stale &= ~(unsigned)STALE_ADDRESSES;
	}
	took(look, rc, &cause);
}

/* Cards of version 2.0 lack the table: nothing is missing then. */
static void read_rat(struct look *look)
{
	struct esim_rat rat = { 0 };
	struct esim_error cause;
	int rc;

	if (look->over)
		return;
	lpa_step(look->lpa, "ES10b.GetRAT");
	rc = es10b_get_rat(look->session->card, &rat, &cause);
	lpa_step(look->lpa, NULL);
	if (!rc)
		json_object_set_new(look->ret->details, "rulesAuthorisationTable", json_rat(&rat));
	esim_rat_clear(&rat);
	if (rc && cause.domain == ESIM_DOMAIN_TRANSPORT)
		took(look, rc, &cause);
}

static void read_facts(struct look *look)
{
	json_decref(look->ret->details);
	look->ret->details = snapshot_details(&look->session->eid, esim_card_aid(look->session->card));
	look->ret->spec_version[0] = '\0';
	read_info1(look);
	read_info2(look);
	read_addresses(look);
	read_rat(look);
}

/* The details may be the loop's to read by now: they are changed in a copy. */
static void read_stale_facts(struct look *look)
{
	json_t *copy;

	if (!look->session->stale)
		return;
	copy = json_deep_copy(look->ret->details);
	json_decref(look->ret->details);
	look->ret->details = copy;
	if (look->session->stale & STALE_INFO2)
		read_info2(look);
	if (look->session->stale & STALE_ADDRESSES)
		read_addresses(look);
}

/* --- the session that was left open ---------------------------------------------------------------------- */

/* Whatever it says: a card that answers has ended the session, or knows of none. */
static bool card_answered(int rc, const struct esim_error *err)
{
	return !rc || rc == ESIM_ERESULT || rc == ESIM_ESW ||
	       (rc == ESIM_EPROTO && err->domain == ESIM_DOMAIN_CARD) || rc == ESIM_EINVAL;
}

/* What has been read waits for this: a connection of its own, with little patience. */
static int end_on_both(struct look *look, const struct session_record *record, bool *ret_card,
		       struct esim_error *err)
{
	struct card_session *session = look->session;
	struct esim_error ignored;
	bool on_server;
	int rc;

	session_close_servers(session);
	session->http_timeout_ms = END_TIMEOUT_MS;
	session_open_servers(session, false, &ignored);
	session->http_timeout_ms = 0;
	rc = lpa_end_session(look->lpa, record->server_address, record->transaction_id, record->is_smds,
			     LPA_LATER, ret_card, &on_server, err);
	lpa_set_http(look->lpa, NULL, &ignored);
	session_close_servers(session);
	return rc;
}

/*
 * The card's signed word is made once: a server that cannot be reached now is left to its own
 * deadline, and the session is over all the same.
 */
static int end_session(struct look *look, const struct session_record *record, struct esim_error *err)
{
	struct card_session *session = look->session;
	bool on_card = false;
	int rc = end_on_both(look, record, &on_card, err);

	if (!on_card && !card_answered(rc, err))
		return rc;
	return session_record_end(session->context->store, &session->eid, err);
}

static void end_open_session(struct look *look)
{
	struct session_record record;
	struct esim_error cause;
	int rc;

	if (look->over || !look->session->has_eid)
		return;
	rc = session_record_read(look->session->context->store, &look->session->eid, &record, &cause);
	if (rc == ESIM_ENOENT)
		return;
	if (!rc)
		rc = end_session(look, &record, &cause);
	took(look, rc, &cause);
}

/* --- what is kept of card and reader ------------------------------------------------------------------------ */

static void describe(struct look *look)
{
	const struct card_session *session = look->session;
	struct snapshot *ret = look->ret;

	ret->eid = session->eid;
	ret->eid_is_zero = !session->has_eid;
	ret->isdr_aid = *esim_card_aid(session->card);
	snprintf(ret->transport, sizeof(ret->transport), "%s", session->info.scheme);
	snprintf(ret->reader, sizeof(ret->reader), "%s", session->info.name);
}

/* The smallest that had to be found: a look sends nothing long, so it says nothing of long blocks. */
static unsigned smaller(unsigned known, unsigned found)
{
	return known > 0 && known < found ? known : found;
}

static bool is_same_record(const struct card_record *a, const struct card_record *b)
{
	return a->segment_size == b->segment_size && strcmp(a->reader, b->reader) == 0 &&
	       a->isdr_aid.len == b->isdr_aid.len && memcmp(a->isdr_aid.bytes, b->isdr_aid.bytes, a->isdr_aid.len) == 0;
}

static void keep_record(struct look *look)
{
	const struct card_session *session = look->session;
	const struct esim_aid *aid = esim_card_aid(session->card);
	struct card_record old = { 0 }, now;
	struct esim_error cause;

	if (!session->has_eid)
		return;
	card_record_read(session->context->store, &session->eid, &old);
	now = old;
	session_reader_label(session, now.reader);
	if (strcmp(now.reader, old.reader) == 0)
		look->ret->segment_size = smaller(old.segment_size, look->ret->segment_size);
	now.segment_size = look->ret->segment_size;
	now.isdr_aid.len = aid->len;
	memcpy(now.isdr_aid.bytes, aid->bytes, aid->len);
	if (is_same_record(&now, &old))
		return;
	took(look, card_record_write(session->context->store, &session->eid, &now, &cause), &cause);
}

/* --- the whole --------------------------------------------------------------------------------------------------- */

/* No card: what the disk holds is owed all the same. */
static int look_at_disk(struct card_session *session, const struct card_target *target,
			struct snapshot *ret, int rc, struct esim_error *err)
{
	if (target->has_eid)
		outbox_load(session->context->store, &target->eid, &ret->outbox, NULL);
	return rc ? rc : esim_error_set(err, ESIM_ENODEV, "the eUICC is not there");
}

static void forget_what_changes(struct snapshot *ret)
{
	snapshot_clear_profiles(ret);
	outbox_clear(&ret->outbox);
	ret->notifications_known = false;
}

int work_truth(struct card_session *session, const struct card_target *target,
	       const struct session_hooks *hooks, bool brief, struct snapshot *ret, struct esim_error *err)
{
	struct look look = { .session = session, .ret = ret, .err = err };
	int rc;

	forget_what_changes(ret);
	rc = card_session_open(session, target, hooks, false, &look.lpa, err);
	if (rc || !session->card) {
		rc = look_at_disk(session, target, ret, rc, err);
		return session_leave(session, rc, err);
	}
	describe(&look);
	read_notifications(&look);
	read_profiles(&look);
	if (brief && ret->details)
		read_stale_facts(&look);
	else
		read_facts(&look);
	end_open_session(&look);
	ret->segment_size = esim_card_segment_size(session->card);
	keep_record(&look);
	return session_leave(session, look.rc, err);
}
