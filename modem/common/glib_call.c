/* SPDX-License-Identifier: GPL-2.0-or-later */
/* One asynchronous call at a time, in the caller's thread; see glib_call.h. */
#include "glib_call.h"

#include <glib-unix.h>
#include <string.h>

#define SPARE_S 2u

void glib_call_init(struct glib_call *call, const char *proxy, const struct esim_cancel *cancel)
{
	*call = (struct glib_call){ .context = g_main_context_new(), .cancel = cancel, .proxy = proxy };
}

void glib_call_clear(struct glib_call *call)
{
	if (call->context)
		g_main_context_unref(call->context);
	call->context = NULL;
}

/* --- what ends the waiting ------------------------------------------------------------------------- */

struct watch {
	gboolean expired, cancelled;
	GSource *timer, *canceller;
};

static gboolean on_expired(gpointer data)
{
	struct watch *watch = data;

	watch->expired = TRUE;
	return G_SOURCE_REMOVE;
}

static gboolean on_cancelled(gint fd, GIOCondition condition, gpointer data)
{
	struct watch *watch = data;

	(void)fd;
	(void)condition;
	watch->cancelled = TRUE;
	return G_SOURCE_REMOVE;
}

static void watch_begin(struct watch *watch, struct glib_call *call, unsigned timeout_ms)
{
	int fd = esim_cancel_fd(call->cancel);

	watch->timer = g_timeout_source_new(timeout_ms);
	g_source_set_callback(watch->timer, on_expired, watch, NULL);
	g_source_attach(watch->timer, call->context);
	if (fd < 0)
		return;
	watch->canceller = g_unix_fd_source_new(fd, G_IO_IN);
	g_source_set_callback(watch->canceller, G_SOURCE_FUNC(on_cancelled), watch, NULL);
	g_source_attach(watch->canceller, call->context);
}

static void source_end(GSource *source)
{
	if (!source)
		return;
	g_source_destroy(source);
	g_source_unref(source);
}

static void watch_end(struct watch *watch)
{
	source_end(watch->timer);
	source_end(watch->canceller);
}

static int cancelled(struct esim_error *err, enum esim_outcome outcome)
{
	esim_error_set(err, ESIM_ECANCELED, "cancelled");
	return esim_error_outcome(err, ESIM_ECANCELED, outcome);
}

/* --- the calls ------------------------------------------------------------------------------------- */

/* Runs until *@done; once it is over before that, the call is cancelled and run to its end. */
static void run(struct glib_call *call, struct watch *watch, GCancellable *cancellable, const gboolean *done)
{
	while (!*done) {
		g_main_context_iteration(call->context, TRUE);
		if ((watch->expired || watch->cancelled) && !*done)
			g_cancellable_cancel(cancellable);
	}
}

int glib_call_run(struct glib_call *call, void (*begin)(void *data, GCancellable *cancellable), void *data,
		  const gboolean *done, unsigned timeout_ms, struct esim_error *err)
{
	g_autoptr(GCancellable) cancellable = NULL;
	struct watch watch = { 0 };

	if (esim_cancel_triggered(call->cancel))
		return cancelled(err, ESIM_OUTCOME_NEVER_SENT);
	cancellable = g_cancellable_new();
	g_main_context_push_thread_default(call->context);
	watch_begin(&watch, call, timeout_ms);
	call->under_way = cancellable;
	begin(data, cancellable);
	run(call, &watch, cancellable, done);
	call->under_way = NULL;
	watch_end(&watch);
	g_main_context_pop_thread_default(call->context);
	if (!g_cancellable_is_cancelled(cancellable) || !(watch.expired || watch.cancelled))
		return 0;
	if (watch.cancelled)
		return cancelled(err, ESIM_OUTCOME_UNKNOWN);
	esim_error_set(err, ESIM_ETIMEDOUT, "no answer within %u ms", timeout_ms);
	return esim_error_outcome(err, ESIM_ETIMEDOUT, ESIM_OUTCOME_UNKNOWN);
}

int glib_call_wait(struct glib_call *call, const gboolean *stop, unsigned timeout_ms, struct esim_error *err)
{
	struct watch watch = { 0 };

	if (esim_cancel_triggered(call->cancel))
		return cancelled(err, ESIM_OUTCOME_NONE);
	g_main_context_push_thread_default(call->context);
	watch_begin(&watch, call, timeout_ms);
	while (!watch.expired && !watch.cancelled && !(stop && *stop))
		g_main_context_iteration(call->context, TRUE);
	watch_end(&watch);
	g_main_context_pop_thread_default(call->context);
	return watch.cancelled ? cancelled(err, ESIM_OUTCOME_NONE) : 0;
}

/* --- a modem's library -------------------------------------------------------------------------------- */

void glib_call_begin(struct glib_call *call)
{
	call->removed = call->news = FALSE;
}

void glib_call_removed(struct glib_call *call)
{
	call->removed = call->news = TRUE;
	if (call->under_way)
		g_cancellable_cancel(call->under_way);
}

int glib_call_gone(const struct glib_call *call, const char *what, enum esim_outcome outcome, struct esim_error *err)
{
	esim_error_set(err, ESIM_ENODEV, "%s: the modem left, or %s did", what, call->proxy);
	return esim_error_outcome(err, ESIM_ENODEV, outcome);
}

guint glib_operation_seconds(const struct glib_operation *operation)
{
	return operation->timeout_ms / 1000 + SPARE_S;
}

int glib_operation_run(struct glib_operation *operation, const char *what,
		       void (*begin)(void *operation, GCancellable *cancellable), struct esim_error *err)
{
	int r;

	operation->done = FALSE;
	r = glib_call_run(operation->call, begin, operation, &operation->done, operation->timeout_ms, err);
	if (operation->done && !operation->error) {
		esim_error_clear(err);
		return 0;
	}
	if (operation->call->removed) {
		g_clear_error(&operation->error);
		return glib_call_gone(operation->call, what, ESIM_OUTCOME_UNKNOWN, err);
	}
	if (r) {
		g_clear_error(&operation->error);
		esim_error_prefix(err, "%s: ", what);
		return r;
	}
	return glib_call_failed(err, &operation->error, what, ESIM_OUTCOME_UNKNOWN);
}

int glib_call_wait_news(struct glib_call *call, bool is_open, unsigned timeout_ms, struct esim_error *err)
{
	const bool there = is_open && !call->removed;
	int r = there ? glib_call_wait(call, &call->news, timeout_ms, err) : 0;

	call->news = FALSE;
	return !r && (!there || call->removed) ? esim_error_set(err, ESIM_ENODEV, "the modem left") : r;
}

/* --- errors ------------------------------------------------------------------------------------------ */

/* Both modem libraries number the errors of their own alike; linked is only one, so by name. */
enum core_error {
	CORE_TIMEOUT = 2,
	CORE_INVALID_ARGS = 3,
	CORE_INVALID_MESSAGE = 4,
};

static bool is_core_domain(GQuark domain)
{
	const char *name = g_quark_to_string(domain);

	return name && (strcmp(name, "mbim_core_error_quark") == 0 || strcmp(name, "qmi_core_error_quark") == 0);
}

static int code_of(const GError *error)
{
	if (is_core_domain(error->domain)) {
		switch ((enum core_error)error->code) {
		case CORE_TIMEOUT: return ESIM_ETIMEDOUT;
		case CORE_INVALID_ARGS: return ESIM_EINVAL;
		case CORE_INVALID_MESSAGE: return ESIM_EPROTO;
		}
		return ESIM_EIO;
	}
	if (g_error_matches(error, G_IO_ERROR, G_IO_ERROR_CANCELLED))
		return ESIM_ECANCELED;
	if (g_error_matches(error, G_IO_ERROR, G_IO_ERROR_TIMED_OUT))
		return ESIM_ETIMEDOUT;
	if (g_error_matches(error, G_IO_ERROR, G_IO_ERROR_NOT_FOUND))
		return ESIM_ENODEV;
	return ESIM_EIO;
}

int glib_call_failed(struct esim_error *err, GError **error, const char *what, enum esim_outcome outcome)
{
	int code = *error ? code_of(*error) : ESIM_EIO;

	esim_error_set(err, code, "%s: %s", what, *error ? (*error)->message : "failed for no reason given");
	g_clear_error(error);
	return esim_error_outcome(err, code, outcome);
}

bool glib_call_can_do_without(int code)
{
	return code == ESIM_ENOTSUP || code == ESIM_EIO || code == ESIM_EPROTO || code == ESIM_EBUSY ||
	       code == ESIM_ENOENT || code == ESIM_ESTALE;
}

/* --- what libraries say by themselves ----------------------------------------------------------------- */

static void say_nothing(const char *domain, GLogLevelFlags level, const char *message, void *data)
{
	(void)domain;
	(void)level;
	(void)message;
	(void)data;
}

void glib_call_quiet(const char *domain)
{
	static gsize done;

	if (!g_once_init_enter(&done))
		return;
	g_log_set_handler(domain, G_LOG_LEVEL_WARNING | G_LOG_LEVEL_MESSAGE | G_LOG_LEVEL_CRITICAL, say_nothing, NULL);
	g_once_init_leave(&done, 1);
}
