/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The card that a lane keeps open from task to task, and the LPA on it; see session.h. */
#include "session_internal.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

struct card_session *card_session_new(struct session_context *context)
{
	struct card_session *session = calloc(1, sizeof(*session));

	if (!session || esim_cancel_new(&session->cancel)) {
		free(session);
		return NULL;
	}
	session->context = session_context_ref(context);
	session_drop_hooks(session);
	return session;
}

void card_session_free(struct card_session **session)
{
	if (!session || !*session)
		return;
	session_drop_hooks(*session);
	card_session_close_card(*session);
	lpa_free(&(*session)->lpa);
	session_close_servers(*session);
	esim_cancel_free(&(*session)->cancel);
	session_context_unref((*session)->context);
	free(*session);
	*session = NULL;
}

struct session_context *card_session_context(struct card_session *session)
{
	return session->context;
}

struct esim_card *card_session_card(struct card_session *session)
{
	return session->card;
}

struct esim_http *card_session_http(struct card_session *session)
{
	return session->http;
}

const struct lpa *card_session_lpa(const struct card_session *session)
{
	return session->lpa;
}

void card_session_close_card(struct card_session *session)
{
	esim_card_free(&session->card);
	session->listed = false;
	session->held_count = 0;
	session->has_eid = false;
}

/* --- the card ------------------------------------------------------------------------------------- */

static bool same_eid(const struct esim_eid *a, const struct esim_eid *b)
{
	return memcmp(a, b, sizeof(*a)) == 0;
}

static bool same_aid(const struct esim_aid *a, const struct esim_aid *b)
{
	return a->len == b->len && memcmp(a->bytes, b->bytes, a->len) == 0;
}

/* Is the card that is open the one that is wanted? */
static bool is_open(const struct card_session *session, const struct card_target *target)
{
	if (!session->card || strcmp(session->uri, target->uri) != 0)
		return false;
	if (target->has_eid)
		return session->has_eid && same_eid(&session->eid, &target->eid);
	return target->isdr_aid.len == 0 || same_aid(&target->isdr_aid, esim_card_aid(session->card));
}

/*
 * The AIDs to try. The one known of an eUICC goes first. Where an AID is asked for and no
 * eUICC, it is the one of several on the card, and no other will do.
 */
static size_t choose_aids(const struct card_session *session, const struct card_target *target,
			  struct esim_aid aids[static ESIM_MAX_ISDR_AIDS])
{
	const struct config *config = &session->context->config;
	const struct esim_aid *list = config->isdr_aids;
	size_t count = config->isdr_aid_count, n = 0;

	if (count == 0)
		list = esim_isdr_aids(&count);
	if (target->isdr_aid.len > 0)
		aids[n++] = target->isdr_aid;
	if (n > 0 && !target->has_eid)
		return n;
	for (size_t i = 0; i < count && n < ESIM_MAX_ISDR_AIDS; i++)
		if (!same_aid(&list[i], &target->isdr_aid))
			aids[n++] = list[i];
	return n;
}

void session_reader_label(const struct card_session *session, char label[static SESSION_READER_LABEL])
{
	snprintf(label, SESSION_READER_LABEL, "%s %.*s", session->info.scheme,
		 (int)(SESSION_READER_LABEL - sizeof(session->info.scheme) - 1), session->info.name);
}

/* The segment size is that of a card in a reader: in another one it is found anew. */
static unsigned known_segment_size(const struct card_session *session, const struct card_target *target)
{
	struct card_record record;
	char reader[SESSION_READER_LABEL];

	if (!target->has_eid || card_record_read(session->context->store, &target->eid, &record))
		return target->segment_size;
	session_reader_label(session, reader);
	return strcmp(record.reader, reader) == 0 ? record.segment_size : 0;
}

/* Channels that a process left open when it died are closed by a reset alone. */
static bool lacks_channel(const struct esim_error *err)
{
	return err->code == ESIM_ESW && strcmp(err->function, "MANAGE CHANNEL") == 0;
}

static int try_card(struct card_session *session, const char *uri, const struct card_target *target,
		    struct esim_card_options *options, bool reset, struct esim_error *err)
{
	struct esim_transport *transport = NULL;
	int rc = esim_transport_open_cancellable(uri, options->cancel, &transport, err);

	if (!rc && reset)
		rc = esim_transport_reset(transport, ESIM_RESET_ANY, err);
	if (rc) {
		esim_transport_free(&transport);
		return rc;
	}
	esim_transport_describe(transport, &session->info);
	options->segment_size = known_segment_size(session, target);
	return esim_card_open(transport, options, &session->card, err);
}

static int open_card(struct card_session *session, const struct card_target *target,
		     struct esim_error *err)
{
	struct esim_aid aids[ESIM_MAX_ISDR_AIDS];
	struct esim_card_options options = {
		.aids = aids,
		.aid_count = choose_aids(session, target, aids),
		.apdu_timeout_ms = session->context->config.apdu_timeout_ms,
		.cancel = session->cancel,
	};
	struct esim_device device;
	int rc = esim_device_parse(target->uri, &device, err);

	if (rc)
		return rc;
	options.basic_channel = device.basic_channel;
	rc = try_card(session, device.uri, target, &options, false, err);
	if (rc && lacks_channel(err))
		rc = try_card(session, device.uri, target, &options, true, err);
	return rc;
}

/* Whose card is it? */
static int identify(struct card_session *session, const struct card_target *target,
		    struct esim_error *err)
{
	int rc = es10c_get_eid(session->card, &session->eid, err);

	if (rc)
		return rc;
	session->has_eid = !esim_eid_is_zero(&session->eid);
	if (!target->has_eid || same_eid(&session->eid, &target->eid))
		return 0;
	esim_error_set(err, ESIM_ESTALE, "another eUICC is there now");
	esim_error_advise(err, "look for the eUICCs again");
	return ESIM_ESTALE;
}

static int find_card(struct card_session *session, const struct card_target *target,
		     struct esim_error *err)
{
	int rc;

	if (is_open(session, target))
		return 0;
	card_session_close_card(session);
	session->stale = 0;
	snprintf(session->uri, sizeof(session->uri), "%s", target->uri);
	rc = open_card(session, target, err);
	if (!rc)
		rc = identify(session, target, err);
	if (rc)
		card_session_close_card(session);
	return rc;
}

/* --- the LPA on it ------------------------------------------------------------------------------------ */

static int make_lpa(struct card_session *session, struct esim_error *err)
{
	const struct lpa_options options = {
		.card = session->card,
		.rsp_roots = &session->rsp_roots,
		.device = &session->device,
		.eid = session->has_eid ? &session->eid : NULL,
		.allow_literal = session->context->config.allow_private,
		.clock = session->context->has_clock ? session_clock : NULL,
		.clock_context = session,
		.cancel = session->cancel,
		.callbacks = session_callbacks(session),
	};

	return lpa_new(&options, &session->lpa, err);
}

int card_session_open(struct card_session *session, const struct card_target *target,
		      const struct session_hooks *hooks, bool servers, struct lpa **ret,
		      struct esim_error *err)
{
	const bool gone = target->uri[0] == '\0';
	int rc;

	lpa_free(&session->lpa);
	rc = session_take_hooks(session, hooks, err);
	if (!rc && gone) {
		card_session_close_card(session);
		session->eid = target->eid;
		session->has_eid = target->has_eid;
	} else if (!rc) {
		rc = find_card(session, target, err);
	}
	if (!rc)
		rc = make_lpa(session, err);
	if (!rc && servers)
		rc = session_open_servers(session, gone, err);
	if (rc)
		return session_leave(session, rc, err);
	*ret = session->lpa;
	return 0;
}

int session_begin(struct card_session *session, const struct card_target *target,
		  const struct session_hooks *hooks, bool servers, struct lpa **ret, struct esim_error *err)
{
	if (!target->uri[0])
		return esim_error_set(err, ESIM_ENODEV, "the eUICC is not there");
	return card_session_open(session, target, hooks, servers, ret, err);
}

/* After these nobody knows what the card would take the next command for, or whether it is there. */
static bool card_is_unsure(const struct esim_error *err)
{
	return err->domain == ESIM_DOMAIN_TRANSPORT || err->code == ESIM_ECANCELED ||
	       err->code == ESIM_ESTALE || err->code == ESIM_ENODEV;
}

int session_leave(struct card_session *session, int rc, struct esim_error *err)
{
	if (rc && card_is_unsure(err))
		card_session_close_card(session);
	if (rc && session->journal_error.code) {
		*err = session->journal_error;
		rc = err->code;
	}
	session->download = NULL;
	session_drop_hooks(session);
	return rc;
}
