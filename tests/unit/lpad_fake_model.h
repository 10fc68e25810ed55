/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The model as a test of the bus would have it: one eUICC with a part of each kind, all of them with
 * private things planted, and functions that keep what they were asked. Its
 * functions are those of model.h, so a program has this once.
 */
#ifndef LPAD_FAKE_MODEL_H
#define LPAD_FAKE_MODEL_H

#include "lpad_bus_rig.h"

#define PLANTED_EID	"89049032123451234512345678901235"
#define PLANTED_ICCID	"89440000000000000177"
#define PLANTED_NAME	"Planted Profile Name"
#define PLANTED_ADDRESS	"planted.example.com"
#define PLANTED_CODE	"PLANTED-MATCHING-ID"
#define PLANTED_ERROR	"planted error sentence"
#define PLANTED_URI	"unix:/planted/socket/path"

static struct fake {
	struct daemon daemon;
	struct euicc euiccs[2];
	struct profile profiles[2];			/* the second is hidden */
	struct notification notification;
	struct event event;
	bool test_mode;
	/* what was asked */
	unsigned submitted, confirmed, cancelled, refreshed, dropped, opened, gone;
	struct job_request request;
	struct euicc *of;
	bool consent, policy_consent;
	char code[ESIM_MAX_CONFIRMATION_CODE + 1];
	enum lpa_answer reason;
	model_done done;
	void (*opened_done)(void *context, int fd, const struct esim_error *err);
	void *context;
	uint8_t aid[ESIM_MAX_AID];
	size_t aid_len;
	char borrower[32];
	/* what is answered */
	int fails;					/* ESIM_E…, 0: nothing */
	const char *check;
} fake;

static inline int fake_error(struct esim_error *err)
{
	if (!fake.fails)
		return 0;
	esim_error_set(err, fake.fails, "the model says no");
	snprintf(err->check, sizeof(err->check), "%s", fake.check ? fake.check : "");
	return fake.fails;
}

/* --- model.h ------------------------------------------------------------------------------------- */

void daemon_activity(struct daemon *daemon)
{
	ATF_CHECK(daemon == &fake.daemon);
}

struct euicc *model_euiccs(struct daemon *daemon)
{
	return daemon->euiccs;
}

struct euicc *model_euicc(struct daemon *daemon, unsigned number)
{
	struct euicc *euicc = daemon->euiccs;

	while (euicc && euicc->number != number)
		euicc = euicc->next;
	return euicc;
}

struct job *model_jobs(struct daemon *daemon)
{
	return daemon->jobs;
}

struct job *model_job(struct daemon *daemon, unsigned number)
{
	struct job *job = daemon->jobs;

	while (job && job->number != number)
		job = job->next;
	return job;
}

bool euicc_shows_profile(const struct euicc *euicc, const struct profile *profile)
{
	(void)euicc;
	return profile->info.profile_class == ESIM_CLASS_OPERATIONAL;
}

bool model_test_mode(const struct daemon *daemon)
{
	(void)daemon;
	return fake.test_mode;
}

const char *euicc_state_name(enum euicc_state state)
{
	return state == EUICC_READY ? "ready" : state == EUICC_BUSY ? "busy" : "gone";
}

const char *job_kind_name(enum job_kind kind)
{
	return kind == JOB_DOWNLOAD ? "download" : kind == JOB_DISCOVER ? "discover" : "another";
}

const char *job_state_name(enum job_state state)
{
	return state == JOB_WAITING ? "waiting" : state == JOB_DONE ? "done" : state == JOB_QUEUED ? "queued" : "failed";
}

static inline struct job *fake_job(struct euicc *euicc, const struct job_request *request)
{
	struct job *job = calloc(1, sizeof(*job)), **at = &fake.daemon.jobs;

	ATF_REQUIRE(job);
	job->daemon = &fake.daemon;
	job->number = ++fake.daemon.next_job;
	job->euicc = euicc;
	job->euicc_number = euicc->number;
	job->request = *request;
	while (*at)
		at = &(*at)->next;
	*at = job;
	bus_job_added(fake.daemon.bus, job);
	return job;
}

int job_submit(struct euicc *euicc, const struct job_request *request, struct job **ret, struct esim_error *err)
{
	fake.of = euicc;
	fake.request = *request;
	fake.submitted++;
	if (fake_error(err))
		return fake.fails;
	*ret = fake_job(euicc, request);
	return 0;
}

int job_confirm(struct job *job, const struct job_answer *answer, struct esim_error *err)
{
	(void)job;
	fake.confirmed++;
	fake.consent = answer->has_consent && answer->consent;
	fake.policy_consent = answer->has_policy_consent && answer->policy_consent;
	snprintf(fake.code, sizeof(fake.code), "%s", answer->confirmation_code ? answer->confirmation_code : "");
	return fake_error(err);
}

int job_cancel(struct job *job, enum lpa_answer reason, struct esim_error *err)
{
	(void)job;
	fake.cancelled++;
	fake.reason = reason;
	return fake_error(err);
}

int euicc_refresh(struct euicc *euicc, model_done done, void *context, struct esim_error *err)
{
	(void)euicc;
	fake.refreshed++;
	fake.done = done;
	fake.context = context;
	return fake_error(err);
}

int notification_drop(struct notification *notification, model_done done, void *context, struct esim_error *err)
{
	(void)notification;
	fake.dropped++;
	fake.done = done;
	fake.context = context;
	return fake_error(err);
}

int euicc_open_channel(struct euicc *euicc, struct esim_slice aid, const char *borrower,
		       void (*done)(void *context, int fd, const struct esim_error *err), void *context,
		       struct esim_error *err)
{
	(void)euicc;
	fake.opened++;
	memcpy(fake.aid, aid.data, aid.len);
	fake.aid_len = aid.len;
	snprintf(fake.borrower, sizeof(fake.borrower), "%s", borrower);
	fake.opened_done = done;
	fake.context = context;
	return fake_error(err);
}

void model_borrower_gone(struct daemon *daemon, const char *borrower)
{
	ATF_CHECK(daemon == &fake.daemon);
	ATF_CHECK_STREQ(borrower, fake.borrower);
	fake.gone++;
}

/* --- what stands in it ------------------------------------------------------------------------------ */

static inline void fake_profiles(struct euicc *euicc)
{
	for (int i = 0; i < 2; i++) {
		struct profile *profile = &fake.profiles[i];

		*profile = (struct profile){ .euicc = euicc, .number = (unsigned)i + 1 };
		profile->info.has_state = true;
		profile->info.profile_class = i ? ESIM_CLASS_TEST : ESIM_CLASS_OPERATIONAL;
		profile->info.policy_rules = ESIM_PPR1;
		ATF_REQUIRE_EQ(esim_iccid_parse(PLANTED_ICCID, &profile->info.iccid), 0);
		profile->info.details = json_pack("{s:s,s:s}", "iccid", PLANTED_ICCID, "profileName", PLANTED_NAME);
	}
	fake.profiles[0].next = &fake.profiles[1];
	euicc->profiles = fake.profiles;
	euicc->profile_count = 2;
}

static inline void fake_notification(struct euicc *euicc)
{
	struct outbox_entry *entry = &fake.notification.info;

	fake.notification = (struct notification){ .euicc = euicc, .number = 1 };
	strcpy(entry->name, "0");
	entry->metadata.operation = ESIM_EVENT_INSTALL;
	strcpy(entry->metadata.address, PLANTED_ADDRESS);
	entry->metadata.has_iccid = true;
	ATF_REQUIRE_EQ(esim_iccid_parse(PLANTED_ICCID, &entry->metadata.iccid), 0);
	strcpy(entry->error, PLANTED_ERROR);
	entry->attempts = 3;
	entry->next_attempt = 1234567890;
	euicc->notifications = &fake.notification;
}

static inline void fake_euicc(struct euicc *euicc, unsigned number)
{
	*euicc = (struct euicc){ .daemon = &fake.daemon, .number = number, .state = EUICC_READY, .identified = true,
				 .complete = true, .spec_version = "2.2.2", .transport = "unix",
				 .shown_device = "unix" };
	strcpy(euicc->target.uri, PLANTED_URI);
	ATF_REQUIRE_EQ(esim_eid_parse(PLANTED_EID, &euicc->target.eid), 0);
	euicc->details = json_pack("{s:s,s:s}", "eid", PLANTED_EID, "defaultDpAddress", PLANTED_ADDRESS);
}

/* Tells the bus of all of it, if there is one yet. */
static inline void fake_populate(void)
{
	struct euicc *first = &fake.euiccs[0];

	fake_euicc(first, 1);
	fake_euicc(&fake.euiccs[1], 2);
	fake_profiles(first);
	fake_notification(first);
	fake.event = (struct event){ .euicc = first, .number = 1 };
	strcpy(fake.event.info.event_id, PLANTED_CODE);
	strcpy(fake.event.info.server_address, PLANTED_ADDRESS);
	first->events = &fake.event;
	first->next = &fake.euiccs[1];
	fake.daemon.euiccs = first;
	bus_euicc_added(fake.daemon.bus, first);
	bus_euicc_added(fake.daemon.bus, &fake.euiccs[1]);
	bus_profile_added(fake.daemon.bus, &fake.profiles[0]);
	bus_profile_added(fake.daemon.bus, &fake.profiles[1]);
	bus_notification_added(fake.daemon.bus, &fake.notification);
	bus_event_added(fake.daemon.bus, &fake.event);
}

static inline void fake_clear(void)
{
	while (fake.daemon.jobs) {
		struct job *job = fake.daemon.jobs;

		fake.daemon.jobs = job->next;
		json_decref(job->details);
		free(job);
	}
	for (int i = 0; i < 2; i++) {
		json_decref(fake.euiccs[i].details);
		json_decref(fake.profiles[i].info.details);
	}
}

/* The bus under test with its name, polkit and the model above; and one caller. */
static inline sd_bus *fake_start(void)
{
	struct esim_error err;

	bus_rig_start();
	bus_rig_polkit();
	fake.daemon.event = rig.event;
	ATF_REQUIRE_EQ_MSG(bus_new(&fake.daemon, rig.event, rig.address, &fake.daemon.bus, &err), 0, "%s", err.message);
	fake_populate();
	ATF_REQUIRE_EQ_MSG(bus_take_name(fake.daemon.bus, &err), 0, "%s", err.message);
	return bus_rig_client();
}

static inline void fake_end(sd_bus *client)
{
	sd_bus_flush_close_unref(client);
	bus_free(&fake.daemon.bus);
	fake_clear();
	bus_rig_end();
}

#endif
