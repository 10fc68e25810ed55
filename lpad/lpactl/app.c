/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Opening and closing what a verb needs, and the exit status that fits a cause. */
#include "app.h"

#include "bus_client.h"
#include "output.h"
#include "progress.h"
#include "prompt.h"
#include "trace.h"

#include "lpad/common/modem_manager.h"

#include <stdio.h>
#include <string.h>

static int64_t fixed_clock(void *context)
{
	return ((const struct app *)context)->options.clock;
}

static enum lpa_answer ask(void *context, const struct lpa_offer *offer,
			   enum lpa_answer (*prompt)(struct app *app, const json_t *offer))
{
	json_t *object = json_offer(offer);
	enum lpa_answer answer = prompt(context, object);

	json_decref(object);
	return answer;
}

static enum lpa_answer consent(void *context, const struct lpa_offer *offer)
{
	return ask(context, offer, prompt_consent);
}

static enum lpa_answer ppr_consent(void *context, const struct lpa_offer *offer)
{
	return ask(context, offer, prompt_ppr_consent);
}

static enum lpa_answer confirmation_code(void *context, unsigned refused,
					 char code[static ESIM_MAX_CONFIRMATION_CODE + 1])
{
	return prompt_confirmation_code(context, refused, code);
}

static void show_progress(void *context, const struct lpa_progress *progress)
{
	const struct es10b_load_progress *load = progress->load;
	char detail[64] = "";

	if (load && load->bytes > 0)
		snprintf(detail, sizeof(detail), "%zu of %zu bytes (%zu%%)", load->bytes_done, load->bytes,
			 100 * load->bytes_done / load->bytes);
	progress_show(context, progress->step, detail);
}

void app_note(struct app *app, const char *sentence)
{
	progress_end(app);
	fprintf(stderr, "lpactl: note: %s\n", sentence);
}

static void note(void *context, const char *sentence)
{
	app_note(context, sentence);
}

static int make_lpa(struct app *app)
{
	const struct lpa_options options = {
		.card = app->card,
		.rsp_roots = &app->roots,
		.device = &app->device,
		.clock = app->options.has_clock ? fixed_clock : NULL,
		.clock_context = app,
		.cancel = app->cancel,
		.callbacks = {
			.context = app,
			.consent = consent,
			.ppr_consent = ppr_consent,
			.confirmation_code = confirmation_code,
			.progress = show_progress,
			.note = note,
		},
	};

	return lpa_new(&options, &app->lpa, &app->err);
}

static int open_card(struct app *app)
{
	struct esim_card_options options = {
		.cancel = app->cancel,
		.trace = app->trace ? trace_apdu : NULL,
		.trace_context = app->trace,
	};
	struct esim_transport *transport = NULL;
	int rc;

	progress_show(app, "open", app->where.uri);
	rc = esim_transport_open_cancellable(app->where.uri, app->cancel, &transport, &app->err);
	progress_end(app);
	if (rc)
		return rc;
	options.basic_channel = app->where.basic_channel;
	return esim_card_open(transport, &options, &app->card, &app->err);
}

int app_open_card(struct app *app)
{
	int rc = open_card(app);

	return rc ? rc : make_lpa(app);
}

/* Of the production CIs, those alone that this eUICC itself names. */
static int add_known_roots(struct app *app)
{
	const struct es10b_euicc_info1 *info1;
	struct esim_key_id_list wanted;
	size_t added = 0;
	int rc = lpa_euicc_info1(app->lpa, &info1, &app->err);

	if (rc)
		return rc;
	wanted = info1->ci_for_verification;
	for (size_t i = 0; i < info1->ci_for_signing.count && wanted.count < ESIM_MAX_CI_KEY_IDS; i++)
		wanted.ids[wanted.count++] = info1->ci_for_signing.ids[i];
	rc = esim_pool_add_known(&app->roots, &wanted, &added, &app->err);
	if (rc || added > 0)
		return rc;
	esim_error_verify(&app->err, "CERT.CI.ECDSA",
			  "this eUICC trusts none of the production root CIs that lpactl knows");
	esim_error_advise(&app->err, "for a test eUICC give its CI certificates with --ci-roots");
	return ESIM_EVERIFY;
}

static int open_http(struct app *app)
{
	const struct esim_http_options options = {
		.tls_roots = &app->roots,
		.connect_to = app->options.connect_to,
		.connect_to_count = app->options.connect_to_count,
		.clock = app->options.has_clock ? fixed_clock : NULL,
		.clock_context = app,
		.cancel = app->cancel,
		.trace = app->trace ? trace_http : NULL,
		.trace_context = app->trace,
	};

	int rc = esim_http_new(&options, &app->http, &app->err);

	return rc ? rc : lpa_set_http(app->lpa, app->http, &app->err);
}

/* What the server is told of the device: the user's IMEI, or plainly nothing. */
static int describe_device(struct app *app)
{
	if (app->options.imei)
		return lpa_device_info_from_imei(app->options.imei, &app->device, &app->err);
	memset(&app->device, 0, sizeof(app->device));
	return 0;
}

static int add_chosen_roots(struct app *app)
{
	int rc = esim_pool_add_dir(&app->roots, app->options.ci_roots, &app->err);

	if (rc)
		app->err.domain = ESIM_DOMAIN_USAGE;
	return rc;
}

int app_open_servers(struct app *app)
{
	int rc = describe_device(app);

	if (!rc && app->options.ci_roots)
		rc = add_chosen_roots(app);
	if (!rc)
		rc = app_open_card(app);
	if (!rc && !app->options.ci_roots)
		rc = add_known_roots(app);
	return rc ? rc : open_http(app);
}

int app_close(struct app *app)
{
	int rc;

	progress_end(app);
	bus_client_free(&app->bus);
	mm_inhibition_free(&app->inhibition);
	lpa_free(&app->lpa);
	esim_http_free(&app->http);
	esim_card_free(&app->card);
	esim_pool_free(&app->roots);
	rc = trace_close(&app->trace);
	esim_cancel_free(&app->cancel);
	json_decref(app->result);
	json_decref(app->steps);
	explicit_bzero(&app->device, sizeof(app->device));
	explicit_bzero(app->confirmation_code, sizeof(app->confirmation_code));
	return rc;
}

enum exit_status app_exit_status(const struct esim_error *err)
{
	switch (err->domain) {
	case ESIM_DOMAIN_USAGE:
		return EXIT_USAGE;
	case ESIM_DOMAIN_POLICY:
		return EXIT_REFUSED;
	case ESIM_DOMAIN_TRANSPORT:
	case ESIM_DOMAIN_CARD:
		return EXIT_CARD;
	case ESIM_DOMAIN_NETWORK:
	case ESIM_DOMAIN_SERVER:
		return EXIT_SERVER;
	case ESIM_DOMAIN_VERIFY:
		return EXIT_VERIFICATION;
	case ESIM_DOMAIN_NONE:
	case ESIM_DOMAIN_SYSTEM:
		return EXIT_OTHER;
	}
	return EXIT_OTHER;
}
