/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What lpad knows, all of it the event loop's: readers (struct device), eUICCs with their
 * profiles, notifications and events, and jobs. The bus (bus_*.c) shows it and asks
 * it for changes by the functions below; it knows nothing of the bus but the calls of bus.h.
 */
#ifndef LPAD_MODEL_H
#define LPAD_MODEL_H

#include "lane.h"
#include "session.h"

#include <sys/types.h>

#define MODEL_MAX_EUICCS	256	/* gone ones included */
#define MODEL_MAX_QUEUED	32	/* jobs of one eUICC that have not ended */
#define MODEL_MAX_QUEUED_UID	64	/* and of one uid; root has no such bound */
#define MODEL_MAX_ENDED		64	/* jobs that ended and can still be read */
#define JOB_STAGE_SIZE		40	/* of a step's name, with the final zero */

struct daemon;
struct device;				/* device.c: a reader, its lane, its eUICCs */
struct bus;				/* bus.h */

enum euicc_state { EUICC_READY, EUICC_BUSY, EUICC_MUTE, EUICC_BLOCKED, EUICC_GONE };
const char *euicc_state_name(enum euicc_state state);

struct profile {
	struct profile *next;
	struct euicc *euicc;
	unsigned number;
	struct profile_snapshot info;
	bool unknown_state;			/* a job failed and the card could not be asked since */
};

struct notification {
	struct notification *next;
	struct euicc *euicc;
	unsigned number;
	struct outbox_entry info;
};

struct event {
	struct event *next;
	struct euicc *euicc;
	unsigned number;
	struct es9p_event info;
};

struct euicc {
	struct euicc *next;
	struct daemon *daemon;
	unsigned number;
	struct device *device;			/* NULL: gone */
	struct lane *lane;			/* the device's, or one of its own while gone with something owed */
	struct card_target target;
	enum euicc_state state;
	char state_cause[320];			/* why mute or blocked; for the journal */
	bool identified;			/* the EID is known */
	bool complete;				/* the truth was read whole since the last job or arrival */
	char spec_version[12], transport[16], shown_device[128];
	json_t *details;			/* owned; may be NULL */
	struct profile *profiles;
	size_t profile_count;
	struct notification *notifications;	/* ascending; owed alone */
	struct event *events;
	struct lent *lent;			/* descriptors that OpenChannel gave away: see lend.c */
	/* These are the core's. */
	unsigned next_profile, next_notification, next_event;
	unsigned jobs;				/* that have not ended */
	struct delivery *delivery;		/* that waits or runs; NULL: none */
};

enum job_kind {
	JOB_DOWNLOAD, JOB_DISCOVER, JOB_ENABLE, JOB_DISABLE, JOB_DELETE, JOB_NICKNAME, JOB_RESET,
	JOB_ADDRESS, JOB_NOTIFICATION, JOB_ATTEST,
};
enum job_state { JOB_QUEUED, JOB_RUNNING, JOB_WAITING, JOB_DONE, JOB_FAILED, JOB_CANCELLED };
enum job_needs { JOB_NEEDS_CONSENT = 1, JOB_NEEDS_POLICY_CONSENT = 2, JOB_NEEDS_CONFIRMATION_CODE = 4 };
const char *job_kind_name(enum job_kind kind);
const char *job_state_name(enum job_state state);

/* What a caller asked for. Checked and copied; wiped with the job's end. */
struct job_request {
	enum job_kind kind;
	uid_t uid;				/* the owner; 0 for what lpad does by itself */
	struct {
		enum lpa_order_source source;
		char activation_code[ESIM_MAX_ACTIVATION_CODE + 1];
		char address[ESIM_MAX_FQDN + 1];
		char matching_id[ESIM_MAX_MATCHING_ID + 1];
		bool has_matching_id;
		char confirmation_code[ESIM_MAX_CONFIRMATION_CODE + 1];	/* "": none given */
		bool interactive, enable_after, has_expected_iccid;
		struct esim_iccid expected_iccid;
		unsigned event_number;		/* of the Event1 it came from, 0: none */
	} download;
	struct esim_iccid iccid;		/* of the profile: enable, disable, delete, nickname */
	struct es10c_switch how;
	char nickname[4 * ESIM_MAX_NICKNAME + 1];
	unsigned reset_options;			/* enum es10c_reset_options */
	char address[ESIM_MAX_FQDN + 1];	/* address, discover ("" : by itself) */
	char notification[OUTBOX_NAME_SIZE];	/* outbox_entry.name; "": all that is due */
	uint8_t nonce[LPA_MAX_NONCE];
	size_t nonce_len;
};

struct job {
	struct job *next;
	struct daemon *daemon;
	unsigned number;
	struct euicc *euicc;			/* NULL once that object went away */
	unsigned euicc_number;
	struct job_request request;
	enum job_state state;
	char stage[JOB_STAGE_SIZE];
	unsigned progress;			/* percent */
	unsigned needs;				/* enum job_needs */
	json_t *details;			/* owned; what GetDetails() adds to kind, state and euicc */
	struct esim_error error;		/* code 0: none */
	struct job_run *run;			/* job.c: what the lane's thread and the loop share; NULL: ended */
	uint64_t ended;				/* the how many-th that ended it was; 0: it has not */
};

/* --- asked by the bus ------------------------------------------------------------------------ */

/*
 * Queue a job. ESIM_EBUSY with a sentence where there are too many (err->check "tooMany"), or a lent
 * descriptor is in the way of a reset ("lent"); ESIM_ENODEV where the eUICC is not there. *@ret is lent.
 */
int job_submit(struct euicc *euicc, const struct job_request *request, struct job **ret, struct esim_error *err);
/* What a user says to a waiting job; the code is copied. ESIM_EINVAL: it waits for nothing of that. */
struct job_answer {
	bool has_consent, consent, has_policy_consent, policy_consent;
	const char *confirmation_code;		/* NULL: none */
};
int job_confirm(struct job *job, const struct job_answer *answer, struct esim_error *err);
/* LPA_NO or LPA_LATER. ESIM_EINVAL: it has ended. */
int job_cancel(struct job *job, enum lpa_answer reason, struct esim_error *err);

/* Asynchronous: @done on the loop, once, with the outcome. */
typedef void (*model_done)(void *context, const struct esim_error *err);
int euicc_refresh(struct euicc *euicc, model_done done, void *context, struct esim_error *err);
/* For the courier: send what is due of its outbox, also of an eUICC that is gone. A task of its own, no
   job; nothing where one waits already. The outcome is in the outbox: courier_update() follows. */
void euicc_deliver(struct euicc *euicc);
/* The same, and what no server could be reached for is due at once. */
void euicc_network_up(struct euicc *euicc);
int notification_drop(struct notification *notification, model_done done, void *context, struct esim_error *err);
/* @done has the descriptor, which it owns, or -1. @borrower is the caller's unique name on the bus. */
int euicc_open_channel(struct euicc *euicc, struct esim_slice aid, const char *borrower,
		       void (*done)(void *context, int fd, const struct esim_error *err), void *context,
		       struct esim_error *err);
/* The caller of that name left the bus: what it borrowed counts as given back. */
void model_borrower_gone(struct daemon *daemon, const char *borrower);

/* --- found by the bus ---------------------------------------------------------------------------- */

struct euicc *model_euiccs(struct daemon *daemon);		/* list */
struct euicc *model_euicc(struct daemon *daemon, unsigned number);
struct job *model_jobs(struct daemon *daemon);			/* list, oldest first */
struct job *model_job(struct daemon *daemon, unsigned number);
bool euicc_shows_profile(const struct euicc *euicc, const struct profile *profile);	/* hidden classes */
bool model_test_mode(const struct daemon *daemon);

#endif
