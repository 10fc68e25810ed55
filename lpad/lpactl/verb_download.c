/* SPDX-License-Identifier: GPL-2.0-or-later */
/* lpactl download: an order from the command line, a profile onto the card. */
#include "app.h"
#include "output.h"
#include "progress.h"
#include "prompt.h"

#include <stdio.h>
#include <string.h>

struct code {
	char text[ESIM_MAX_ACTIVATION_CODE + 1];
};

static int misuse(struct app *app, const char *message)
{
	return esim_error_set(&app->err, ESIM_EINVAL, "%s", message);
}

/* A secret leaves the process's argument list, which others can read. */
static int take(struct app *app, char *argument, struct code *code)
{
	if (strlen(argument) >= sizeof(code->text))
		return misuse(app, "this code or matching id is too long");
	strcpy(code->text, argument);
	explicit_bzero(argument, strlen(argument));
	return 0;
}

static int check_options(struct app *app)
{
	const struct options *o = &app->options;
	const int ways = (o->argument_count > 0) + (o->code_file != NULL) + (o->smdp != NULL) +
			 (o->discover || o->smds);

	if (ways > 1)
		return misuse(app, "give one of: an activation code, --code-file, --smdp, --discover");
	if (o->matching_id && !o->smdp)
		return misuse(app, "--matching-id goes with --smdp");
	return 0;
}

static int make_order(struct app *app, struct code *code, struct lpa_order *order)
{
	const struct options *o = &app->options;

	if (o->argument_count > 0 || o->code_file) {
		order->source = LPA_ORDER_ACTIVATION_CODE;
		order->activation_code = code->text;
		return o->code_file ? prompt_read_file(app, o->code_file, "the activation code",
						       code->text, sizeof(code->text)) :
				      take(app, o->arguments[0], code);
	}
	if (o->smdp) {
		order->source = LPA_ORDER_EVENT;
		order->smdp_address = o->smdp;
		order->matching_id = o->matching_id ? code->text : NULL;
		return o->matching_id ? take(app, (char *)(uintptr_t)o->matching_id, code) : 0;
	}
	if (o->discover || o->smds) {
		order->source = LPA_ORDER_SMDS;
		order->smdp_address = o->smds;
	} else {
		order->source = LPA_ORDER_DEFAULT_SMDP;
	}
	return 0;
}

static void say_device(const struct app *app)
{
	if (!app->options.imei)
		fputs("lpactl: note: without --imei the server is told TAC 00000000 and no IMEI\n",
		      stderr);
}

static json_t *json_device(const struct app *app)
{
	json_t *object = json_object();

	json_object_set_new(object, "source", json_string(app->options.imei ? "--imei" : "none"));
	json_object_set_new(object, "tac", json_hex(esim_slice(app->device.tac,
								sizeof(app->device.tac))));
	return object;
}

static void fill_json(struct app *app, const struct lpa_download_result *result)
{
	json_object_set_new(app->result, "deviceInfo", json_device(app));
	if (result->has_metadata)
		json_object_set_new(app->result, "profileMetadata", json_profile(&result->metadata));
	if (result->has_result)
		json_object_set_new(app->result, "profileInstallationResult",
				    json_installation_result(&result->result));
	json_object_set_new(app->result, "serverAddress", json_text(result->server_address));
	json_object_set_new(app->result, "installed", json_boolean(result->installed));
	json_object_set_new(app->result, "enabled", json_boolean(result->enabled));
	json_object_set_new(app->result, "notificationSent", json_boolean(result->notification_sent));
	json_object_set_new(app->result, "sessions", json_integer(result->attempts));
}

static void print(struct app *app, const struct lpa_download_result *result)
{
	char iccid[ESIM_ICCID_DIGITS + 1];

	progress_end(app);
	if (!result->installed || !result->has_metadata)
		return;
	format_iccid(&result->metadata.iccid, iccid);
	printf("%s is installed%s\n", iccid, result->enabled ? " and enabled" : "");
}

static int run_order(struct app *app, const struct lpa_order *order)
{
	struct lpa_download_result result;
	int rc = app_open_servers(app);

	if (rc)
		return rc;
	say_device(app);
	rc = lpa_download(app->lpa, order, &result, &app->err);
	if (rc == ESIM_EREFUSED && app->unanswered)
		esim_error_advise(&app->err, "%s", app->unanswered);
	if (app->options.json)
		fill_json(app, &result);
	else
		print(app, &result);
	lpa_download_result_clear(&result);
	return rc;
}

int verb_download(struct app *app)
{
	const char *code_file = app->options.confirmation_code_file;
	struct lpa_order order = {
		.enable_after = app->options.enable,
		.enable_how = { .refresh = app->options.refresh },
	};
	struct code code = { 0 };
	int rc = check_options(app);

	if (!rc)
		rc = make_order(app, &code, &order);
	if (!rc && code_file)
		rc = prompt_read_file(app, code_file, "the confirmation code",
				      app->confirmation_code, sizeof(app->confirmation_code));
	if (!rc)
		rc = run_order(app, &order);
	explicit_bzero(&code, sizeof(code));
	return rc;
}
