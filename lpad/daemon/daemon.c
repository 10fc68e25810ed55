/* SPDX-License-Identifier: GPL-2.0-or-later */
/* lpad from its start to its end: what is made in which order, reloads, signals. */
#include "core.h"

#include "courier.h"
#include "log.h"
#include "modem_board.h"
#include "monitor.h"
#include "systemd.h"
#include "trust.h"

#include <malloc.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define HEAPS 2				/* of all threads; each is of use to one at a time, and to none when idle */

/* --- the configuration ------------------------------------------------------------------------------------ */

static int load_config(const struct daemon_options *options, struct config *ret, struct esim_error *err)
{
	char dropins[4096];

	if (!options->config)
		return config_load(LPAD_SYSCONFDIR "/lpad.conf", LPAD_SYSCONFDIR "/lpad.conf.d", ret, err);
	if ((size_t)snprintf(dropins, sizeof(dropins), "%s.d", options->config) >= sizeof(dropins))
		return esim_error_set(err, ESIM_EINVAL, "the name of the configuration is too long");
	return config_load(options->config, dropins, ret, err);
}

/* One file of CIs is good for both: what a certificate may do is in it. */
static int load_context(const struct daemon *daemon, struct session_context **ret, struct esim_error *err)
{
	const struct daemon_options *options = daemon->options;
	struct session_context *context = calloc(1, sizeof(*context));
	int rc;

	if (!context)
		return esim_error_set(err, ESIM_ENOMEM, "no memory");
	context->references = 1;
	context->store = daemon->store;
	context->modems = daemon->modems;
	context->bus = options->bus;
	context->has_clock = options->has_clock;
	context->clock = options->clock;
	config_defaults(&context->config);
	rc = load_config(options, &context->config, err);
	if (!rc)
		rc = trust_load(&context->config, &context->tls_roots, err);
	if (!rc)
		rc = trust_load(&context->config, &context->rsp_roots, err);
	if (rc)
		session_context_unref(context);
	else
		*ret = context;
	return rc;
}

static bool shows_hidden(const struct session_context *context)
{
	return context->config.show_hidden_profiles || context->config.device_test_mode;
}

static void show_hidden(struct daemon *daemon)
{
	for (struct euicc *euicc = daemon->euiccs; euicc; euicc = euicc->next) {
		for (struct profile *profile = euicc->profiles; profile; profile = profile->next) {
			if (profile->info.profile_class == ESIM_CLASS_OPERATIONAL)
				continue;
			if (euicc_shows_profile(euicc, profile))
				bus_profile_added(daemon->bus, profile);
			else
				bus_profile_removed(daemon->bus, profile);
		}
		bus_euicc_changed(daemon->bus, euicc);
	}
}

static void take_context(struct daemon *daemon, struct session_context *context)
{
	struct session_context *old = daemon->context;

	daemon->context = context;
	for (struct device *device = daemon->devices; device; device = device->next)
		lane_set_context(device->lane, context);
	for (struct euicc *euicc = daemon->euiccs; euicc; euicc = euicc->next)
		if (euicc->lane && !euicc->device)
			lane_set_context(euicc->lane, context);
	if (shows_hidden(old) != shows_hidden(context))
		show_hidden(daemon);
	if (old->config.device_test_mode != context->config.device_test_mode)
		bus_manager_changed(daemon->bus);
	session_context_unref(old);
}

/* --- signals ------------------------------------------------------------------------------------------------- */

static int on_hangup(sd_event_source *source, const struct signalfd_siginfo *info, void *userdata)
{
	struct daemon *daemon = userdata;
	struct session_context *context;
	struct esim_error err;

	(void)source, (void)info;
	activity_reloading();
	if (load_context(daemon, &context, &err)) {
		log_say(LOG_ERR, "%s: the configuration stays as it was", err.message);
	} else {
		take_context(daemon, context);
		monitor_reload(daemon->monitor);
		courier_update(daemon->courier);
		log_say(LOG_INFO, "the configuration was read anew");
	}
	activity_reloaded();
	daemon_activity(daemon);
	return 0;
}

static int on_end(sd_event_source *source, const struct signalfd_siginfo *info, void *userdata)
{
	(void)source, (void)info;
	daemon_stop(userdata);
	return 0;
}

/* Blocked before the first thread: they are the loop's. */
static int listen_to_signals(struct daemon *daemon, struct esim_error *err)
{
	sigset_t signals;
	int r;

	signal(SIGPIPE, SIG_IGN);
	sigemptyset(&signals);
	sigaddset(&signals, SIGHUP);
	sigaddset(&signals, SIGTERM);
	sigaddset(&signals, SIGINT);
	sigprocmask(SIG_BLOCK, &signals, NULL);
	r = sd_event_add_signal(daemon->event, NULL, SIGHUP, on_hangup, daemon);
	if (r >= 0)
		r = sd_event_add_signal(daemon->event, NULL, SIGTERM, on_end, daemon);
	if (r >= 0)
		r = sd_event_add_signal(daemon->event, NULL, SIGINT, on_end, daemon);
	return r >= 0 ? 0 : esim_error_errno(err, ESIM_EIO, -r, "signals cannot be heard");
}

/* --- the end ---------------------------------------------------------------------------------------------------- */

void daemon_stop(struct daemon *daemon)
{
	if (daemon->stopping)
		return;
	daemon->stopping = true;
	activity_stopping();
	monitor_free(&daemon->monitor);
	devices_shut(daemon);
	for (struct euicc *euicc = daemon->euiccs; euicc; euicc = euicc->next)
		jobs_end(euicc, ESIM_ECANCELED, "lpad ends");
	deliver_stop_gone(daemon);
	daemon_activity(daemon);
}

static void take_down(struct daemon *daemon)
{
	daemon->stopping = true;
	monitor_free(&daemon->monitor);
	devices_shut(daemon);
	while (daemon->euiccs)
		euicc_remove(daemon->euiccs);
	if (daemon->poster)
		poster_wait(daemon->poster);
	jobs_forget(daemon);
	courier_free(&daemon->courier);
	bus_free(&daemon->bus);
	activity_free(&daemon->activity);
	modem_board_free(&daemon->modems);
	poster_free(&daemon->poster);
	session_context_unref(daemon->context);
	store_close(&daemon->store);
	sd_event_unref(daemon->event);
}

/* --- the beginning ------------------------------------------------------------------------------------------------ */

static void on_modem_switched(void *context, const char *uri)
{
	struct daemon *daemon = context;

	(void)uri;
	if (daemon->monitor)
		monitor_modem_switched(daemon->monitor);
}

/* What others see comes last: the name is taken when everything behind it stands. */
static int set_up(struct daemon *daemon, struct esim_error *err)
{
	const struct daemon_options *options = daemon->options;
	int rc = store_open(options->state, &daemon->store, err);

	if (!rc)
		rc = poster_new(daemon->event, &daemon->poster, err);
	if (!rc)
		rc = modem_board_new(daemon->poster, on_modem_switched, daemon, &daemon->modems, err);
	if (!rc)
		rc = load_context(daemon, &daemon->context, err);
	if (!rc)
		rc = listen_to_signals(daemon, err);
	if (!rc)
		rc = activity_new(daemon, err);
	if (!rc)
		rc = bus_new(daemon, daemon->event, options->bus, &daemon->bus, err);
	if (!rc)
		rc = courier_new(daemon, &daemon->courier, err);
	if (!rc)
		rc = known_load(daemon, err);
	if (!rc)
		rc = bus_take_name(daemon->bus, err);
	if (!rc)
		rc = monitor_new(daemon, &daemon->monitor, err);
	return rc;
}

static int loop(struct daemon *daemon, struct esim_error *err)
{
	int r;

	courier_update(daemon->courier);
	activity_ready(daemon);
	if (daemon->options->verbose)
		fputs("ready\n", stderr);
	r = sd_event_loop(daemon->event);
	return r == 0 ? 0 : esim_error_set(err, ESIM_EIO, "lpad ends: %s", r < 0 ? strerror(-r) :
					   "the connection to the bus broke");
}

int daemon_run(const struct daemon_options *options, struct esim_error *err)
{
	struct daemon daemon = { .options = options, .next_euicc = 1 };
	int rc;

	mallopt(M_ARENA_MAX, HEAPS);
	/* Before the first use of cryptography, and nothing goes on where it fails. */
	rc = esim_crypto_self_test(err);
	if (!rc && sd_event_new(&daemon.event) < 0)
		rc = esim_error_set(err, ESIM_ENOMEM, "no event loop");
	if (!rc)
		rc = set_up(&daemon, err);
	if (!rc)
		rc = loop(&daemon, err);
	take_down(&daemon);
	return rc;
}
