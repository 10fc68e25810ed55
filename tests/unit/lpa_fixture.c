/* SPDX-License-Identifier: GPL-2.0-or-later */
/* See lpa_fixture.h. */
#include "lpa_fixture.h"

#include "rsp/profile.h"

#include <atf-c.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#define CARD_LOG "card.log"

static void require(int rc, const struct esim_error *err, const char *what)
{
	if (rc)
		atf_tc_fail("%s: %s", what, err->message);
}

static const char *pki_dir(const struct lpa_fixture *f, char *path, size_t size)
{
	const char *pki = getenv("COREESIM_PKI");

	if (!pki)
		atf_tc_skip("COREESIM_PKI names no PKI");
	snprintf(path, size, "%s/%s", pki, f->curve ? f->curve : "nist");
	return path;
}

static void write_file(const char *path, const void *data, size_t len)
{
	FILE *file = fopen(path, "wb");

	if (!file || fwrite(data, 1, len, file) != len || fclose(file))
		atf_tc_fail("%s cannot be written", path);
}

void lpa_fixture_order(const char *name, const char *iccid, const char *json)
{
	const struct rsp_profile profile = {
		.iccid = iccid ? iccid : FIXTURE_ICCID,
		.imsi = "001010123456789",
	};
	struct esim_buf package = ESIM_BUF_INIT;
	struct esim_error err;
	char path[128];

	if (mkdir("profiles", 0700) && errno != EEXIST)
		atf_tc_fail("profiles: %s", strerror(errno));
	require(rsp_profile_build(&profile, &package, &err), &err, "profile package");
	snprintf(path, sizeof(path), "profiles/%s.der", name);
	write_file(path, package.data, package.len);
	esim_buf_free(&package);
	if (!json)
		return;
	snprintf(path, sizeof(path), "profiles/%s.json", name);
	write_file(path, json, strlen(json));
}

/* --- the user ---------------------------------------------------------------------- */

static enum lpa_answer consent(void *context, const struct lpa_offer *offer)
{
	struct lpa_fixture *f = context;

	f->offered_test_profile = offer->known_test_profile;
	f->consents++;
	return f->consent;
}

static enum lpa_answer ppr_consent(void *context, const struct lpa_offer *offer)
{
	struct lpa_fixture *f = context;

	(void)offer;
	f->ppr_consents++;
	return f->ppr_consent;
}

static enum lpa_answer confirmation_code(void *context, unsigned refused,
					 char code[static ESIM_MAX_CONFIRMATION_CODE + 1])
{
	struct lpa_fixture *f = context;

	(void)refused;
	if (f->codes_asked >= 4 || !f->codes[f->codes_asked])
		return LPA_NO;
	strcpy(code, f->codes[f->codes_asked++]);
	return LPA_YES;
}

static void session(void *context, const struct lpa_session_event *event)
{
	struct lpa_fixture *f = context;
	struct fixture_session_event *entry = &f->events[f->event_count % FIXTURE_EVENTS];

	memset(entry, 0, sizeof(*entry));
	entry->stage = event->stage;
	entry->is_smds = event->is_smds;
	snprintf(entry->server_address, sizeof(entry->server_address), "%s", event->server_address);
	snprintf(entry->transaction_id, sizeof(entry->transaction_id), "%s", event->transaction_id);
	entry->has_iccid = event->iccid != NULL;
	if (event->iccid)
		entry->iccid = *event->iccid;
	f->event_count++;
	if (f->at_session)
		f->at_session(f, event);
}

static enum lpa_answer why_cancelled(void *context)
{
	struct lpa_fixture *f = context;

	f->asked_why_cancelled++;
	return f->why_cancelled;
}

static void watch_requests(void *context, const struct esim_http_trace *exchange)
{
	struct lpa_fixture *f = context;

	if (!strstr(exchange->method_path, "cancelSession"))
		return;
	f->cancels_sent++;
	if (exchange->response.len > 0 &&
	    memmem(exchange->response.data, exchange->response.len, "Executed-Success", 16))
		f->cancels_done++;
}

static void progress(void *context, const struct lpa_progress *p)
{
	struct lpa_fixture *f = context;

	if (p->load && f->while_loading)
		f->while_loading(f, p->load);
	if (!p->load && f->at_step)
		f->at_step(f);
}

static void note(void *context, const char *sentence)
{
	struct lpa_fixture *f = context;

	f->notes++;
	snprintf(f->last_note, sizeof(f->last_note), "%s", sentence);
}

/* --- start and stop ------------------------------------------------------------------- */

static int open_card(struct lpa_fixture *f, struct esim_error *err)
{
	const struct esim_card_options options = {
		.cancel = f->cancel, .apdu_timeout_ms = f->apdu_timeout_ms,
	};
	struct esim_transport *transport = NULL;
	int r;

	if (f->open_transport)
		r = f->open_transport(f, &transport, err);
	else
		r = veuicc_transport(f->veuicc, &transport, err);
	return r ? r : esim_card_open(transport, &options, &f->card, err);
}

static void start_card(struct lpa_fixture *f, const char *pki)
{
	struct veuicc_options options = f->card_options;
	struct esim_error err;

	options.pki_dirs[0] = pki;
	options.pki_count = 1;
	options.root_smds = FIXTURE_SMDS;
	options.log = CARD_LOG;
	if (!f->open_transport)
		require(veuicc_new(&options, &f->veuicc, &err), &err, "virtual eUICC");
	require(open_card(f, &err), &err, "the card");
}

static void *serve(void *context)
{
	smdpp_run(context, NULL);
	return NULL;
}

static void start_server(struct lpa_fixture *f, const char *pki)
{
	struct smdpp_options options = f->server_options;
	struct esim_error err;

	options.listen = "127.0.0.1:0";
	options.profiles = "profiles";
	options.name = FIXTURE_NAME;
	options.smds_name = FIXTURE_SMDS;
	options.pki[0] = f->server_pki ? f->server_pki : pki;
	options.pki_count = 1;
	require(smdpp_new(&options, &f->server, &err), &err, "test SM-DP+");
	if (pthread_create(&f->thread, NULL, serve, f->server))
		atf_tc_fail("no thread");
}

static void start_http(struct lpa_fixture *f, const char *pki)
{
	static const char *const names[] = { FIXTURE_NAME, FIXTURE_SMDS };
	struct esim_connect_to connect_to[2];
	const struct esim_http_options options = {
		.tls_roots = &f->roots,
		.connect_to = connect_to,
		.connect_to_count = 2,
		.request_timeout_ms = f->http_timeout_ms,
		.trace = watch_requests,
		.trace_context = f,
		.cancel = f->cancel,
	};
	struct esim_error err;
	char text[256], roots[320];

	for (size_t i = 0; i < 2; i++) {
		snprintf(text, sizeof(text), "%s:443:%s", names[i], smdpp_address(f->server));
		require(esim_connect_to_parse(text, &connect_to[i], &err), &err, text);
	}
	mkdir("roots", 0700);
	snprintf(roots, sizeof(roots), "cp '%s/CERT_CI.der' roots/", pki);
	if (system(roots))
		atf_tc_fail("no CI certificate");
	require(esim_pool_add_dir(&f->roots, "roots", &err), &err, "roots");
	require(esim_http_new(&options, &f->http, &err), &err, "HTTP");
}

static void start_lpa(struct lpa_fixture *f)
{
	const struct lpa_options options = {
		.card = f->card,
		.http = f->http,
		.rsp_roots = &f->roots,
		.device = &f->device,
		.eid = f->eid,
		.cancel = f->cancel,
		.callbacks = {
			.context = f,
			.session = session,
			.why_cancelled = why_cancelled,
			.consent = consent,
			.ppr_consent = ppr_consent,
			.confirmation_code = confirmation_code,
			.progress = progress,
			.note = note,
		},
	};
	struct esim_error err;

	require(lpa_new(&options, &f->lpa, &err), &err, "LPA");
}

void lpa_fixture_start(struct lpa_fixture *f)
{
	char pki[256];

	pki_dir(f, pki, sizeof(pki));
	if (esim_cancel_new(&f->cancel))
		atf_tc_fail("no cancel handle");
	start_card(f, pki);
	start_server(f, pki);
	start_http(f, pki);
	start_lpa(f);
}

int lpa_fixture_reopen(struct lpa_fixture *f, struct esim_error *err)
{
	int r;

	lpa_free(&f->lpa);
	esim_card_free(&f->card);
	r = open_card(f, err);
	if (!r)
		start_lpa(f);
	return r;
}

void lpa_fixture_stop(struct lpa_fixture *f)
{
	lpa_free(&f->lpa);
	esim_http_free(&f->http);
	esim_card_free(&f->card);
	if (f->server) {
		smdpp_stop(f->server);
		pthread_join(f->thread, NULL);
	}
	smdpp_free(&f->server);
	veuicc_free(&f->veuicc);
	esim_pool_free(&f->roots);
	esim_cancel_free(&f->cancel);
}

/* --- doing and looking -------------------------------------------------------------------- */

int lpa_fixture_download(struct lpa_fixture *f, const char *matching_id, struct esim_error *err)
{
	const struct lpa_order order = {
		.source = LPA_ORDER_ADDRESS,
		.smdp_address = FIXTURE_NAME,
		.matching_id = matching_id,
	};
	struct lpa_download_result result;
	int rc;

	esim_error_clear(err);
	rc = lpa_download(f->lpa, &order, &result, err);
	lpa_download_result_clear(&result);
	return rc;
}

size_t lpa_fixture_profiles(struct lpa_fixture *f)
{
	struct esim_profile *profiles = NULL;
	struct esim_error err;
	size_t count = 0;

	require(lpa_profiles(f->lpa, &profiles, &count, &err), &err, "profiles");
	es10c_profiles_free(&profiles, count);
	return count;
}

/* The last STORE DATA of @tag in the card's log, from the tag on; "" if there is none. */
static void last_command(const char *tag, char *ret, size_t size)
{
	FILE *log = fopen(CARD_LOG, "r");
	char *line = NULL;
	size_t room = 0;

	ret[0] = '\0';
	while (log && getline(&line, &room, log) > 0) {
		char *command = strstr(line, "> 8");

		/* "> 81E2910012BF41…": five bytes of header. */
		if (command && strlen(command) > 16 && strncmp(command + 4, "E2", 2) == 0 &&
		    strncmp(command + 12, tag, strlen(tag)) == 0)
			snprintf(ret, size, "%.*s", (int)strcspn(command + 12, " "), command + 12);
	}
	free(line);
	if (log)
		fclose(log);
}

int lpa_fixture_cancel_reason(void)
{
	char command[256], *reason;

	last_command("BF41", command, sizeof(command));
	reason = command[0] ? strstr(command + 10, "8101") : NULL;
	/* The transaction id before it may hold these digits too: the last ones count. */
	for (char *next = reason; next; next = strstr(next + 1, "8101"))
		reason = next;
	return reason ? (int)strtol((char[]){ reason[4], reason[5], '\0' }, NULL, 16) : -1;
}

bool lpa_fixture_card_saw(const char *tag)
{
	char command[32];

	last_command(tag, command, sizeof(command));
	return command[0] != '\0';
}

bool lpa_fixture_card_has(const char *hex)
{
	FILE *log = fopen(CARD_LOG, "r");
	bool found = false;
	char *line = NULL;
	size_t room = 0;

	while (log && !found && getline(&line, &room, log) > 0) {
		const char *command = strstr(line, "> ");

		found = command && strstr(command, hex);
	}
	free(line);
	if (log)
		fclose(log);
	return found;
}
