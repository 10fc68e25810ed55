/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * GLib's asynchronous libraries, one call at a time: a GMainContext of the transport's own, which is
 * run in the caller's thread until the answer is there, the deadline passed or the cancel handle fired.
 * And what the ways to a modem that use GLib have alike: whether it is still there, whether it has news.
 * Linked by these modules. Nothing runs between calls.
 */
#ifndef MODEM_GLIB_CALL_H
#define MODEM_GLIB_CALL_H

#include <esim/cancel.h>
#include <esim/error.h>

#include <gio/gio.h>
#include <stdbool.h>

struct glib_call {
	GMainContext *context;
	const struct esim_cancel *cancel;
	const char *proxy;		/* "mbim-proxy", for messages */
	GCancellable *under_way;	/* of the call that waits now; NULL: none does */
	gboolean removed;		/* the modem left the bus, or the proxy let us go */
	gboolean news;			/* an indication, not yet asked for by wait() */
};

/* A call to the modem's library: what came of it. The first member of what else the call needs. */
struct glib_operation {
	struct glib_call *call;
	unsigned timeout_ms;
	gboolean done;
	GError *error;
};

void glib_call_init(struct glib_call *call, const char *proxy, const struct esim_cancel *cancel);
void glib_call_clear(struct glib_call *call);

/*
 * Run the context until *@done. ESIM_ETIMEDOUT, ESIM_ECANCELED: @cancellable was cancelled and the
 * context run until *@done was set all the same, so that no callback comes later. The caller pushes
 * nothing: the context is the thread's default while this runs and while @begin does.
 */
int glib_call_run(struct glib_call *call, void (*begin)(void *data, GCancellable *cancellable), void *data,
		  const gboolean *done, unsigned timeout_ms, struct esim_error *err);

/*
 * Runs @begin, which gets @operation, until its done is set. 0 where it succeeded, be it at the last moment: what was
 * done in the modem is known then. ESIM_ENODEV: it left.
 */
int glib_operation_run(struct glib_operation *operation, const char *what,
		       void (*begin)(void *operation, GCancellable *cancellable), struct esim_error *err);
/* The library counts in seconds: ours is the deadline that ends it. */
guint glib_operation_seconds(const struct glib_operation *operation);

/* A port is about to be opened; the modem left, or the proxy did. */
void glib_call_begin(struct glib_call *call);
void glib_call_removed(struct glib_call *call);
int glib_call_gone(const struct glib_call *call, const char *what, enum esim_outcome outcome, struct esim_error *err);

/* The context for @timeout_ms or until @stop (may be NULL) becomes true: indications are heard meanwhile. */
int glib_call_wait(struct glib_call *call, const gboolean *stop, unsigned timeout_ms, struct esim_error *err);

/* Until the modem has news, which is taken. ESIM_ENODEV: it left; at once where its port is not open. */
int glib_call_wait_news(struct glib_call *call, bool is_open, unsigned timeout_ms, struct esim_error *err);

/* What cannot be had without the modem being out of order: not there, refused, not understood. */
bool glib_call_can_do_without(int code);

/* A GError of GIO or of the modem libraries into @err, its own text kept, and freed. @outcome: of a command. */
int glib_call_failed(struct esim_error *err, GError **error, const char *what, enum esim_outcome outcome);

/*
 * A modem library says on standard error what it thinks of a modem's bytes; what matters of it comes as an error. Of the
 * one @domain that a module has, from the first call on.
 */
void glib_call_quiet(const char *domain);

#endif
