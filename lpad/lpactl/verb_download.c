/* SPDX-License-Identifier: GPL-2.0-or-later */
/* lpactl download: an order from the command line, a profile onto the card. */
#include "app.h"
#include "bus_client.h"
#include "bus_euicc.h"
#include "bus_job.h"
#include "code.h"
#include "modem.h"
#include "output.h"
#include "progress.h"
#include "prompt.h"

#include "lpad/common/modem_manager.h"

#include <stdio.h>
#include <string.h>

static int misuse(struct app *app, const char *message)
{
	return esim_error_set(&app->err, ESIM_EINVAL, "%s", message);
}

/* --- the order ------------------------------------------------------------------------------------- */

static int check_options(struct app *app)
{
	const struct options *o = &app->options;
	const int ways = (o->argument_count > 0) + (o->code_file != NULL) + (o->qr != NULL) +
			 (o->smdp != NULL) + (o->discover || o->smds);

	if (ways > 1)
		return misuse(app, "give one of: an activation code, --code-file, --qr, --smdp, --discover");
	if (o->matching_id && !o->smdp)
		return misuse(app, "--matching-id goes with --smdp");
	return 0;
}

/* The activation code, or the matching id of --smdp; both are secrets. */
static int read_secrets(struct app *app, struct code *code)
{
	const struct options *o = &app->options;
	int rc = 0;

	if (o->argument_count > 0 || o->code_file || o->qr)
		rc = code_read(app, code);
	else if (o->matching_id)
		rc = code_take(app, (char *)(uintptr_t)o->matching_id, code);
	if (!rc && o->confirmation_code_file)
		rc = prompt_read_file(app, o->confirmation_code_file, "the confirmation code",
				      app->confirmation_code, sizeof(app->confirmation_code));
	return rc;
}

/* With everything that can be said against it, before anything is asked for. */
static int run_with_secrets(struct app *app, int (*run)(struct app *app, const struct code *code))
{
	struct code code = { 0 };
	int rc = check_options(app);

	if (!rc)
		rc = read_secrets(app, &code);
	if (!rc)
		rc = run(app, &code);
	explicit_bzero(&code, sizeof(code));
	return rc;
}

/* --- directly ---------------------------------------------------------------------------------------- */

static void make_order(const struct options *o, const struct code *code, struct lpa_order *order)
{
	if (o->argument_count > 0 || o->code_file || o->qr) {
		order->source = LPA_ORDER_ACTIVATION_CODE;
		order->activation_code = code->text;
	} else if (o->smdp) {
		order->source = LPA_ORDER_EVENT;
		order->smdp_address = o->smdp;
		order->matching_id = o->matching_id ? code->text : NULL;
	} else if (o->discover || o->smds) {
		order->source = LPA_ORDER_SMDS;
		order->smdp_address = o->smds;
	} else {
		order->source = LPA_ORDER_DEFAULT_SMDP;
	}
}

static void say_device(struct app *app)
{
	if (!lpa_device(app->lpa)->has_imei)
		fputs("lpactl: note: without --imei the server is told TAC 00000000 and no IMEI\n",
		      stderr);
}

static json_t *json_device(struct app *app)
{
	const struct es10b_device_info *device = lpa_device(app->lpa);
	json_t *object = json_object();

	json_object_set_new(object, "source", json_string(app->options.imei ? "--imei" : device->has_imei ? "modem" : "none"));
	json_object_set_new(object, "tac", json_hex(esim_slice(device->tac, sizeof(device->tac))));
	return object;
}

/* The modem is ModemManager's until the last byte of the download is there. */
static int enable_behind_modem(struct app *app, const struct lpa_order *order, struct lpa_download_result *result)
{
	struct esim_profile profile = { .iccid = result->metadata.iccid, .isdp_aid = result->result.isdp_aid };
	int rc = modem_set_aside(app);

	if (!rc)
		rc = lpa_enable_profile(app->lpa, &profile, &order->enable_how, &app->err);
	if (rc)
		esim_error_prefix(&app->err, "the profile is installed, but not enabled: ");
	result->enabled = !rc;
	return modem_give_back(app, rc, &profile.iccid);
}

static int run_order(struct app *app, const struct code *code)
{
	struct lpa_order order = {
		/* Behind a modem it is a step of its own: the download may go over that very modem. */
		.enable_after = app->options.enable && !mm_is_modem_uri(app->where.uri),
		.enable_how = { .refresh = app->options.refresh },
	};
	struct lpa_download_result result;
	int rc;

	make_order(&app->options, code, &order);
	rc = app_open_servers(app);
	if (rc)
		return rc;
	say_device(app);
	rc = lpa_download(app->lpa, &order, &result, &app->err);
	if (!rc && app->options.enable && !order.enable_after)
		rc = enable_behind_modem(app, &order, &result);
	if (rc == ESIM_EREFUSED && app->unanswered)
		esim_error_advise(&app->err, "%s", app->unanswered);
	json_object_set_new(app->result, "deviceInfo", json_device(app));
	json_object_update_new(app->result, json_download_result(&result));
	lpa_download_result_clear(&result);
	return rc;
}

int download_direct(struct app *app)
{
	return run_with_secrets(app, run_order);
}

/* --- by lpad ------------------------------------------------------------------------------------------- */

/* What was known at the end, also of a failure. */
static void take_result(struct app *app, const json_t *details)
{
	static const char *const names[] = {
		"profileMetadata", "profileInstallationResult", "serverAddress", "installed", "enabled",
		"notificationSent", "sessions", "modem",
	};

	for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++)
		json_object_set(app->result, names[i], json_object_get(details, names[i]));
}

/* The object of lpad that is the event which was found first. */
static int find_event(struct app *app, const json_t *event, json_t **ret_path)
{
	json_t *children = NULL, *child;
	size_t i;
	int rc = bus_children(app, "event", "Event1", &children);

	if (rc)
		return rc;
	json_array_foreach(children, i, child)
		if (!*ret_path && json_equal(json_object_get(child, "details"), event))
			*ret_path = json_incref(json_object_get(child, "path"));
	json_decref(children);
	return *ret_path ? 0 : esim_error_set(&app->err, ESIM_ENOENT, "the event is not there any more");
}

static int discover_event(struct app *app, json_t **ret_path)
{
	json_t *options = json_object(), *details = NULL;
	const json_t *event;
	int rc;

	if (app->options.smds)
		json_object_set_new(options, "smds", json_string(app->options.smds));
	rc = bus_euicc_job(app, "Discover", options, &details);
	event = json_array_get(json_object_get(details, "events"), 0);
	if (!rc)
		rc = event ? find_event(app, event, ret_path) :
		     esim_error_set(&app->err, ESIM_ENOENT, "the SM-DS holds nothing for this eUICC");
	json_decref(options);
	json_decref(details);
	return rc;
}

static json_t *make_options(const struct options *o, const struct code *code)
{
	json_t *options = json_object();

	json_object_set_new(options, "interactive", json_true());
	json_object_set_new(options, "enable_after", json_boolean(o->enable));
	if (o->smdp) {
		json_object_set_new(options, "smdp_address", json_string(o->smdp));
		if (o->matching_id)
			json_object_set_new(options, "matching_id", json_string(code->text));
	} else if (code->text[0]) {
		json_object_set_new(options, "activation_code", json_string(code->text));
	}
	return options;
}

static int order_by_lpad(struct app *app, const struct code *code)
{
	const struct options *o = &app->options;
	const bool discover = o->discover || o->smds;
	json_t *options, *event = NULL, *details = NULL;
	sd_bus_message *reply = NULL;
	int rc = discover ? discover_event(app, &event) : 0;

	if (rc)
		return rc;
	options = make_options(o, code);
	rc = bus_call_dict(app->bus, discover ? json_string_value(event) : app->euicc,
			   discover ? "Event1" : "Euicc1", "Download", options, &reply, &app->err);
	if (!rc)
		rc = bus_job_follow(app, reply, &details);
	take_result(app, details);
	json_decref(options);
	json_decref(event);
	json_decref(details);
	return rc;
}

int download_by_lpad(struct app *app)
{
	if (app->options.refresh) {
		esim_error_set(&app->err, ESIM_EINVAL, "lpad enables after a download by a reset of the card alone");
		esim_error_advise(&app->err, "leave --enable out, then: lpactl enable --refresh; or use --direct");
		return ESIM_EINVAL;
	}
	return run_with_secrets(app, order_by_lpad);
}

/* --- for people ------------------------------------------------------------------------------------------ */

void download_print(const json_t *result)
{
	if (json_is_true(json_object_get(result, "installed")))
		printf("%s is installed%s\n",
		       output_text(json_object_get(result, "profileMetadata"), "iccid"),
		       json_is_true(json_object_get(result, "enabled")) ? " and enabled" : "");
	modem_print(result, "the new profile");
}
