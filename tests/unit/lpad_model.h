/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The model of lpad by itself, for tests of its parts: real lanes, jobs, readers; the bus counts what it is
 * told, and the work on the card is what a test says. To be included by one file of a test program.
 */
#ifndef LPAD_MODEL_FIXTURE_H
#define LPAD_MODEL_FIXTURE_H

#include "lpad/daemon/core.h"
#include "lpad/daemon/courier.h"
#include "lpad/daemon/monitor.h"
#include "lpad/daemon/poster.h"
#include "lpad/daemon/systemd.h"

#include <atf-c.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define PATIENCE_USEC (60 * UINT64_C(1000000))	/* for a loaded machine; nothing is measured by it */
#define MAX_CARDS 2

static struct daemon daemon_;
static struct session_context *context_;

/* --- the cards -------------------------------------------------------------------------------------------- */

/* What a reader holds, by its URI "unix:A" … Changed while nothing runs. */
static struct card {
	char name;				/* of the URI; 0: none */
	uint8_t eid;				/* its last octet; 0: no EID */
	int rc;					/* of every look; 0: fine */
	unsigned aids;				/* ISD-R AIDs that answer, of two */
	unsigned profiles;
	unsigned owed;
	unsigned looks;
} cards[MAX_CARDS];

static struct card *card_of(const struct card_target *target)
{
	for (size_t i = 0; i < MAX_CARDS; i++)
		if (cards[i].name && target->uri[5] == cards[i].name)
			return &cards[i];
	return NULL;
}

struct card_session {
	struct session_context *context;
};

/* On the lane's thread, which has taken its first task and not begun it. */
static void (*at_session)(void);

struct card_session *card_session_new(struct session_context *context)
{
	struct card_session *session = calloc(1, sizeof(*session));

	if (at_session)
		at_session();
	session->context = session_context_ref(context);
	return session;
}

void card_session_free(struct card_session **session)
{
	if (*session)
		session_context_unref((*session)->context);
	free(*session);
	*session = NULL;
}

struct session_context *card_session_context(struct card_session *session)
{
	return session->context;
}

const struct lpa *card_session_lpa(const struct card_session *session)
{
	(void)session;
	return NULL;
}

static void read_profiles(const struct card *card, struct snapshot *ret)
{
	ret->profiles = calloc(card->profiles + 1, sizeof(*ret->profiles));
	ret->profile_count = card->profiles;
	ret->profiles_known = true;
	for (unsigned i = 0; i < card->profiles; i++) {
		ret->profiles[i].iccid.bytes[0] = (uint8_t)(i + 1);
		ret->profiles[i].has_state = true;
		ret->profiles[i].profile_class = ESIM_CLASS_OPERATIONAL;
	}
}

static void read_outbox(const struct card *card, struct outbox *ret)
{
	ret->entries = calloc(card->owed + 1, sizeof(*ret->entries));
	ret->count = card->owed;
	for (unsigned i = 0; i < card->owed; i++) {
		ret->entries[i].metadata.seq_number = i;
		snprintf(ret->entries[i].name, sizeof(ret->entries[i].name), "%u", i);
	}
}

int work_truth(struct card_session *session, const struct card_target *target,
	       const struct session_hooks *hooks, bool brief, struct snapshot *ret, struct esim_error *err)
{
	struct card *card = card_of(target);
	size_t aids;
	unsigned which = target->isdr_aid.len && memcmp(&target->isdr_aid, &esim_isdr_aids(&aids)[1],
							 sizeof(target->isdr_aid)) == 0;

	(void)session, (void)hooks, (void)brief;
	if (card)
		card->looks++;
	if (!card || card->rc)
		return esim_error_set(err, card ? card->rc : ESIM_ENODEV, "no card that answers");
	if (which >= card->aids)
		return esim_error_set(err, ESIM_ENOENT, "no ISD-R");
	ret->eid.bytes[15] = (uint8_t)(card->eid + 100 * which);
	ret->eid_is_zero = card->eid == 0;
	ret->isdr_aid = esim_isdr_aids(&aids)[which];
	snprintf(ret->transport, sizeof(ret->transport), "unix");
	read_profiles(card, ret);
	read_outbox(card, &ret->outbox);
	ret->notifications_known = true;
	return 0;
}

/* Every other work: what a test says, on the lane's thread. */
static int (*at_work)(const struct card_target *target, const struct session_hooks *hooks, struct esim_error *err);

static int work(const struct card_target *target, const struct session_hooks *hooks, struct esim_error *err)
{
	return at_work ? at_work(target, hooks, err) : 0;
}

int work_download(struct card_session *session, const struct card_target *target, const struct session_hooks *hooks,
		  struct work_download *download, struct esim_error *err)
{
	(void)session, (void)download;
	return work(target, hooks, err);
}

int work_switch(struct card_session *session, const struct card_target *target, const struct session_hooks *hooks,
		enum work_switch what, const struct esim_iccid *iccid, const struct es10c_switch *how,
		struct esim_error *err)
{
	(void)session, (void)what, (void)iccid, (void)how;
	return work(target, hooks, err);
}

int work_nickname(struct card_session *session, const struct card_target *target, const struct session_hooks *hooks,
		  const struct esim_iccid *iccid, const char *nickname, struct esim_error *err)
{
	(void)session, (void)iccid, (void)nickname;
	return work(target, hooks, err);
}

int work_reset(struct card_session *session, const struct card_target *target, const struct session_hooks *hooks,
	       unsigned *options, struct esim_error *err)
{
	(void)session, (void)options;
	return work(target, hooks, err);
}

int work_address(struct card_session *session, const struct card_target *target, const struct session_hooks *hooks,
		 const char *address, struct esim_error *err)
{
	(void)session, (void)address;
	return work(target, hooks, err);
}

int work_discover(struct card_session *session, const struct card_target *target, const struct session_hooks *hooks,
		  const char *smds, struct es9p_event **ret, size_t *ret_count, struct esim_error *err)
{
	(void)session, (void)smds;
	*ret = calloc(1, sizeof(**ret));
	*ret_count = 1;
	return work(target, hooks, err);
}

int work_attest(struct card_session *session, const struct card_target *target, const struct session_hooks *hooks,
		struct esim_slice nonce, json_t **ret, struct esim_error *err)
{
	(void)session, (void)nonce;
	*ret = json_object();
	return work(target, hooks, err);
}

/* Deliveries come after everything by themselves: they have a story of their own. */
static unsigned deliveries, gone_deliveries;
static int (*at_delivery)(const struct card_target *target, const struct session_hooks *hooks);

int work_deliver(struct card_session *session, const struct card_target *target, const struct session_hooks *hooks,
		 const char *only, struct outbox *ret, struct esim_error *err)
{
	struct card *card = card_of(target);

	(void)session, (void)only, (void)ret;
	if (target->uri[0])
		__atomic_add_fetch(&deliveries, 1, __ATOMIC_SEQ_CST);
	else
		__atomic_add_fetch(&gone_deliveries, 1, __ATOMIC_SEQ_CST);
	if (at_delivery && at_delivery(target, hooks))
		return esim_error_set(err, ESIM_ECANCELED, "cancelled");
	if (card)
		card->owed = 0;
	return 0;
}

int work_drop(struct card_session *session, const struct card_target *target, const struct session_hooks *hooks,
	      const char *name, struct esim_error *err)
{
	struct card *card = card_of(target);

	(void)session, (void)hooks, (void)name, (void)err;
	if (card && card->owed)
		card->owed--;
	return 0;
}

int work_open_channel(struct card_session *session, const struct card_target *target, struct esim_slice aid,
		      int *ret_fd, struct esim_error *err)
{
	(void)session, (void)target, (void)aid;
	*ret_fd = 1000;
	return at_work ? at_work(target, NULL, err) : 0;
}

/* Numbers live as long as a test. */
static unsigned numbers[256];

int card_record_read(struct store *store, const struct esim_eid *eid, struct card_record *ret)
{
	(void)store;
	memset(ret, 0, sizeof(*ret));
	ret->number = numbers[eid->bytes[15]];
	return ret->number ? 0 : ESIM_ENOENT;
}

int card_record_write(struct store *store, const struct esim_eid *eid, const struct card_record *record,
		      struct esim_error *err)
{
	(void)store, (void)err;
	numbers[eid->bytes[15]] = record->number;
	return 0;
}

/* --- the bus and the courier ---------------------------------------------------------------------------------- */

static char finished[512];			/* "3:done 1:failed" */
static unsigned jobs_removed, euiccs_added, euiccs_removed;

void bus_euicc_added(struct bus *bus, struct euicc *euicc) { (void)bus, (void)euicc; euiccs_added++; }
void bus_euicc_changed(struct bus *bus, struct euicc *euicc) { (void)bus, (void)euicc; }
void bus_euicc_removed(struct bus *bus, struct euicc *euicc) { (void)bus, (void)euicc; euiccs_removed++; }
void bus_profile_added(struct bus *bus, struct profile *profile) { (void)bus, (void)profile; }
void bus_profile_changed(struct bus *bus, struct profile *profile) { (void)bus, (void)profile; }
void bus_profile_removed(struct bus *bus, struct profile *profile) { (void)bus, (void)profile; }
void bus_notification_added(struct bus *bus, struct notification *n) { (void)bus, (void)n; }
void bus_notification_changed(struct bus *bus, struct notification *n) { (void)bus, (void)n; }
void bus_notification_removed(struct bus *bus, struct notification *n) { (void)bus, (void)n; }
void bus_event_added(struct bus *bus, struct event *event) { (void)bus, (void)event; }
void bus_event_removed(struct bus *bus, struct event *event) { (void)bus, (void)event; }
void bus_job_added(struct bus *bus, struct job *job) { (void)bus, (void)job; }
void bus_job_changed(struct bus *bus, struct job *job) { (void)bus, (void)job; }
void bus_job_removed(struct bus *bus, struct job *job) { (void)bus, (void)job; jobs_removed++; }
unsigned bus_calls(const struct bus *bus) { (void)bus; return 0; }

void bus_job_finished(struct bus *bus, struct job *job)
{
	const size_t len = strlen(finished);

	(void)bus;
	snprintf(finished + len, sizeof(finished) - len, "%s%u:%s", len ? " " : "", job->number,
		 job_state_name(job->state));
}

void courier_update(struct courier *courier) { (void)courier; }
void daemon_stop(struct daemon *daemon) { daemon->stopping = true; }
bool courier_owes(const struct courier *courier) { (void)courier; return false; }

/* --- a loop ---------------------------------------------------------------------------------------------------------- */

static void turn(void)
{
	ATF_REQUIRE_MSG(sd_event_run(daemon_.event, PATIENCE_USEC) > 0, "nothing came for a minute; ended: %s",
			finished);
}

static void until_idle(void)
{
	while (core_is_busy(&daemon_) || daemon_.poster->threads > 0)
		turn();
}

static void start(void)
{
	struct esim_error err;

	context_ = calloc(1, sizeof(*context_));
	context_->references = 1;
	config_defaults(&context_->config);
	context_->config.idle_exit_usec = 0;
	daemon_.context = context_;
	daemon_.next_euicc = 1;
	ATF_REQUIRE(sd_event_new(&daemon_.event) >= 0);
	ATF_REQUIRE_EQ(poster_new(daemon_.event, &daemon_.poster, &err), 0);
	ATF_REQUIRE_EQ(activity_new(&daemon_, &err), 0);
}

static void stop(void)
{
	devices_shut(&daemon_);
	while (daemon_.euiccs)
		euicc_remove(daemon_.euiccs);
	poster_wait(daemon_.poster);
	ATF_CHECK_MSG(!daemon_.devices, "a reader was left behind");
	jobs_forget(&daemon_);
	activity_free(&daemon_.activity);
	poster_free(&daemon_.poster);
	session_context_unref(context_);
	sd_event_unref(daemon_.event);
}

/* A reader "unix:A" (B …) with a card that has one eUICC. */
static inline struct card *insert(char name, uint8_t eid)
{
	struct card *card = &cards[name - 'A'];
	const char uri[] = { 'u', 'n', 'i', 'x', ':', name, '\0' };

	*card = (struct card){ .name = name, .eid = eid, .aids = 1, .profiles = 1 };
	device_appeared(&daemon_, uri);
	until_idle();
	return card;
}

static inline struct euicc *euicc_of(uint8_t eid)
{
	struct esim_eid id = { .bytes = { [15] = eid } };

	return euicc_by_eid(&daemon_, &id);
}

static inline struct job *submit(struct euicc *euicc, struct job_request request)
{
	struct esim_error err;
	struct job *job = NULL;

	ATF_REQUIRE_EQ_MSG(job_submit(euicc, &request, &job, &err), 0, "%s", err.message);
	return job;
}

#endif
