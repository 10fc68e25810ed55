/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What a lane of lpad works with, in one process: a virtual eUICC behind a socket, a test SM-DP+ and
 * SM-DS on a thread, a state directory, and the lane's session with the card. A test can let a child
 * process do the work and die in the midst of it. Works in the current directory; skips without a PKI.
 */
#ifndef LPAD_FIXTURE_H
#define LPAD_FIXTURE_H

#include "lpad/daemon/session.h"

#include "lpa_fixture.h"

#include <sys/types.h>

#define LPAD_CARD	"unix:card.sock"
#define LPAD_ICCID	FIXTURE_ICCID

struct lpad_card {
	struct veuicc *veuicc;
	char address[64];
	int stop;
	pthread_t thread;
};

struct lpad_fixture {
	/* Set before lpad_fixture_start(); zeroed members are defaults. */
	struct veuicc_options card_options;
	const char *server_fault;
	const char *server_svn;
	bool no_roots;				/* the configuration names none */

	/* The user. */
	enum lpa_answer consent, ppr_consent, why_cancelled;
	unsigned consents, ppr_consents, notes;
	char last_note[320];
	/* At the beginning and the end of each step; NULL: nothing. @step "": an end. */
	void (*at_step)(struct lpad_fixture *f, const char *step);
	unsigned steps;

	/* What was started. */
	struct lpad_card card;
	struct smdpp *server;
	pthread_t thread;
	struct store *store;
	struct session_context *context;
	struct card_session *session;
	struct esim_cancel *cancel;
	struct session_hooks hooks;
	struct card_target target;		/* with the EID */
	struct esim_error err;
};

void lpad_fixture_start(struct lpad_fixture *f);
void lpad_fixture_stop(struct lpad_fixture *f);

/* Another card, on another socket. */
void lpad_card_start(struct lpad_card *card, const struct veuicc_options *options, const char *address);
void lpad_card_stop(struct lpad_card *card);

/* The test SM-DP+ goes, and comes back on another port. */
void lpad_server_stop(struct lpad_fixture *f);
void lpad_server_start(struct lpad_fixture *f, const char *fault);

/* Store and session, as a daemon has them from its start to its end. */
void lpad_daemon_start(struct lpad_fixture *f);
void lpad_daemon_stop(struct lpad_fixture *f);

/*
 * Run @work in a child of its own with a daemon of its own (none may be started here), which dies by
 * SIGKILL at step @at, counted from 1; 0: not at all. Whether it died.
 */
bool lpad_killed_at(struct lpad_fixture *f, unsigned at, void (*work)(struct lpad_fixture *f));
/* Where that was: "ES10b.PrepareDownload", or "ES10b.PrepareDownload ended". "": it did not die. */
const char *lpad_killed_in(void);

/* work_download() of @matching_id at the fixture's server; 0 or the error in f->err. */
int lpad_download(struct lpad_fixture *f, const char *matching_id);
/* work_truth(); the test fails where that fails. snapshot_clear(). */
void lpad_truth(struct lpad_fixture *f, struct snapshot *ret);
/* work_deliver() of what is due; 0 or the error in f->err. @ret may be NULL. */
int lpad_deliver(struct lpad_fixture *f, struct outbox *ret);
/* work_switch() of LPAD_ICCID, with a reset of the card. */
int lpad_switch(struct lpad_fixture *f, enum work_switch what);

/* How often the server took notification @seq_number. */
unsigned lpad_server_has(unsigned seq_number);
/* The numbers that it took, in order: "0 1 2". */
const char *lpad_server_numbers(void);
/* How often the card saw ES10 function @tag ("BF30"). */
unsigned lpad_card_saw(const char *tag);
/* Number of files in the outbox whose names end so (".tlv"). */
unsigned lpad_outbox_files(struct lpad_fixture *f, const char *ending);
bool lpad_session_is_open(struct lpad_fixture *f);

#endif
