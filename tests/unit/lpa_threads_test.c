/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Many LPAs in one process, as lpad has them: each thread with a card, a connection and an
 * LPA of its own, and of all that the trust anchors alone are shared.
 */
#include "lpa_fixture.h"

#include <atf-c.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#define THREADS 64

static atomic_bool foreign_clock;		/* a thread was given another's */

struct worker {
	struct lpa_fixture *shared;
	pthread_barrier_t *begin;
	pthread_t thread, self;
	unsigned number;
	bool asked_for_time;
	struct veuicc *veuicc;
	struct esim_card *card;
	struct esim_http *http;
	struct esim_cancel *cancel;
	struct lpa *lpa;
	char pki[256];
	size_t profiles;
	const char *failed;			/* NULL: all went well */
	struct esim_error err;
};

static enum lpa_answer agree(void *context, const struct lpa_offer *offer)
{
	(void)context, (void)offer;
	return LPA_YES;
}

/* TLS asks one function for the time, of all threads: it must find the clock of the one that asks. */
static int64_t own_clock(void *context)
{
	struct worker *w = context;

	if (pthread_equal(pthread_self(), w->self))
		w->asked_for_time = true;
	else
		foreign_clock = true;
	return (int64_t)time(NULL);
}

static int open_card(struct worker *w)
{
	const struct veuicc_options options = { .pki_dirs = { w->pki }, .pki_count = 1 };
	const struct esim_card_options card_options = { .cancel = w->cancel };
	struct esim_transport *transport = NULL;
	int rc = veuicc_new(&options, &w->veuicc, &w->err);

	if (!rc)
		rc = veuicc_transport(w->veuicc, &transport, &w->err);
	return rc ? rc : esim_card_open(transport, &card_options, &w->card, &w->err);
}

static int connect_to_server(struct worker *w)
{
	struct esim_connect_to connect_to;
	struct esim_http_options options = {
		.tls_roots = &w->shared->roots, .connect_to = &connect_to, .connect_to_count = 1,
		.clock = w->number % 2 ? own_clock : NULL, .clock_context = w,
		.cancel = w->cancel,
	};
	char text[256];
	int rc;

	snprintf(text, sizeof(text), "%s:443:%s", FIXTURE_NAME, smdpp_address(w->shared->server));
	rc = esim_connect_to_parse(text, &connect_to, &w->err);
	return rc ? rc : esim_http_new(&options, &w->http, &w->err);
}

static int begin_lpa(struct worker *w)
{
	const struct lpa_options options = {
		.card = w->card, .http = w->http, .rsp_roots = &w->shared->roots,
		.device = &w->shared->device, .cancel = w->cancel, .callbacks.consent = agree,
	};

	return lpa_new(&options, &w->lpa, &w->err);
}

static int download(struct worker *w)
{
	char matching_id[16];
	const struct lpa_order order = {
		.source = LPA_ORDER_ADDRESS, .smdp_address = FIXTURE_NAME, .matching_id = matching_id,
	};
	struct lpa_download_result result;
	int rc;

	snprintf(matching_id, sizeof(matching_id), "demo%u", w->number);
	rc = lpa_download(w->lpa, &order, &result, &w->err);
	if (!rc && !result.notification_sent)
		rc = esim_error_set(&w->err, ESIM_EIO, "the notification was not sent");
	lpa_download_result_clear(&result);
	return rc;
}

static int attest(struct worker *w)
{
	struct lpa_attestation attestation;
	const struct esim_slice nonce = esim_slice("a nonce of mine", 15);
	int rc = lpa_attest(w->lpa, FIXTURE_NAME, nonce, &attestation, &w->err);

	lpa_attestation_clear(&attestation);
	return rc;
}

static int look(struct worker *w)
{
	struct esim_profile *profiles = NULL;
	int rc = lpa_profiles(w->lpa, &profiles, &w->profiles, &w->err);

	es10c_profiles_free(&profiles, w->profiles);
	return rc;
}

static void *work(void *context)
{
	static const struct {
		int (*step)(struct worker *w);
		const char *name;
	} steps[] = {
		{ open_card, "card" }, { connect_to_server, "http" }, { begin_lpa, "lpa" },
		{ download, "download" }, { attest, "attestation" }, { look, "profiles" },
	};
	struct worker *w = context;

	w->self = pthread_self();
	pthread_barrier_wait(w->begin);
	for (size_t i = 0; !w->failed && i < sizeof(steps) / sizeof(steps[0]); i++)
		if (steps[i].step(w))
			w->failed = steps[i].name;
	lpa_free(&w->lpa);
	esim_http_free(&w->http);
	esim_card_free(&w->card);
	veuicc_free(&w->veuicc);
	return NULL;
}

static struct worker workers[THREADS];

ATF_TC_WITHOUT_HEAD(sixty_four_threads_download_at_once);
ATF_TC_BODY(sixty_four_threads_download_at_once, tc)
{
	struct lpa_fixture f = { .http_timeout_ms = 0 };
	pthread_barrier_t begin;
	char name[16];

	for (unsigned i = 0; i < THREADS; i++) {
		snprintf(name, sizeof(name), "demo%u", i);
		lpa_fixture_order(name, NULL, NULL);
	}
	lpa_fixture_start(&f);
	ATF_REQUIRE_EQ(0, pthread_barrier_init(&begin, NULL, THREADS));
	for (unsigned i = 0; i < THREADS; i++) {
		struct worker *w = &workers[i];

		w->shared = &f;
		w->begin = &begin;
		w->number = i;
		snprintf(w->pki, sizeof(w->pki), "%s/nist", getenv("COREESIM_PKI"));
		ATF_REQUIRE_EQ(0, esim_cancel_new(&w->cancel));
		ATF_REQUIRE_EQ(0, pthread_create(&w->thread, NULL, work, w));
	}
	for (unsigned i = 0; i < THREADS; i++) {
		struct worker *w = &workers[i];

		pthread_join(w->thread, NULL);
		esim_cancel_free(&w->cancel);
		ATF_CHECK_MSG(!w->failed, "thread %u, %s: %s", i, w->failed, w->err.message);
		ATF_CHECK_EQ(1, w->profiles);
		ATF_CHECK_EQ(i % 2 == 1, w->asked_for_time);
	}
	ATF_CHECK(!foreign_clock);
	pthread_barrier_destroy(&begin);
	lpa_fixture_stop(&f);
}

ATF_TP_ADD_TCS(tp)
{
	ATF_TP_ADD_TC(tp, sixty_four_threads_download_at_once);
	return atf_no_error();
}
