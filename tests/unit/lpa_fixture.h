/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * A whole LPA in one process: a virtual eUICC as the card, a test SM-DP+ and SM-DS
 * on a thread of their own behind real TLS, and a user whose answers a test sets.
 * Works in the current directory. Skips the test where there is no PKI.
 */
#ifndef LPA_FIXTURE_H
#define LPA_FIXTURE_H

#include <esim/lpa.h>

#include "smdpp/smdpp.h"
#include "veuicc/veuicc.h"

#include <pthread.h>

#define FIXTURE_ICCID	"8944000000000000017"
#define FIXTURE_NAME	"smdpp.example.com"
#define FIXTURE_SMDS	"smds.example.com"
#define FIXTURE_EVENTS	16

/* What callbacks.session was told. */
struct fixture_session_event {
	enum lpa_session_stage stage;
	char server_address[ESIM_MAX_FQDN + 1];
	char transaction_id[2 * ESIM_MAX_TRANSACTION_ID + 1];
	bool is_smds, has_iccid;
	struct esim_iccid iccid;
};

struct lpa_fixture {
	/* Set before lpa_fixture_start(); zeroed members are defaults. */
	struct veuicc_options card_options;
	struct smdpp_options server_options;
	const char *curve;			/* "nist" */
	const char *server_pki;			/* directory; NULL: the card's */
	unsigned http_timeout_ms;		/* of a request; 0: the usual one */
	const struct esim_eid *eid;		/* as lpa_options has it */
	/* The way to a card of the test's own, in place of a virtual eUICC in-process; lpa_fixture_stop() closes it. */
	int (*open_transport)(struct lpa_fixture *f, struct esim_transport **ret, struct esim_error *err);
	unsigned apdu_timeout_ms;		/* 0: the usual one */

	/* The user. */
	enum lpa_answer consent, ppr_consent, why_cancelled;
	const char *codes[4];			/* confirmation codes, in order; NULL: no more */
	void (*while_loading)(struct lpa_fixture *f, const struct es10b_load_progress *load);
	void (*at_step)(struct lpa_fixture *f);		/* each that begins or ends */
	void (*at_session)(struct lpa_fixture *f, const struct lpa_session_event *event);
	unsigned consents, ppr_consents, codes_asked, notes, asked_why_cancelled;
	struct fixture_session_event events[FIXTURE_EVENTS];	/* those past the end are counted */
	unsigned event_count;
	unsigned cancels_sent, cancels_done;	/* ES9+.CancelSession: sent; carried out by the server */
	bool offered_test_profile;		/* in the last offer */
	char last_note[320];

	/* What was started. */
	struct veuicc *veuicc;
	struct esim_card *card;
	struct smdpp *server;
	pthread_t thread;
	struct esim_pool roots;
	struct esim_http *http;
	struct esim_cancel *cancel;
	struct es10b_device_info device;
	struct lpa *lpa;
};

/* profiles/NAME.der and, where @json is not NULL, NAME.json. @iccid NULL: FIXTURE_ICCID. */
void lpa_fixture_order(const char *name, const char *iccid, const char *json);

void lpa_fixture_start(struct lpa_fixture *f);
void lpa_fixture_stop(struct lpa_fixture *f);

/* The card and the LPA anew, by the same way; what opening said. lpa_fixture_stop() is fine after a failure. */
int lpa_fixture_reopen(struct lpa_fixture *f, struct esim_error *err);

/* lpa_download() of @matching_id; the result is cleared. */
int lpa_fixture_download(struct lpa_fixture *f, const char *matching_id, struct esim_error *err);

/* Profiles on the card now. */
size_t lpa_fixture_profiles(struct lpa_fixture *f);

/* Reason of the last ES10b.CancelSession that the card saw, -1: none. */
int lpa_fixture_cancel_reason(void);

/* Did the card see ES10 function @tag ("BF21")? */
bool lpa_fixture_card_saw(const char *tag);

/* Was @hex in any block that the card was sent? */
bool lpa_fixture_card_has(const char *hex);

#endif
