/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * GLib's asynchronous libraries, one call at a time: a GMainContext of the transport's own, which is
 * run in the caller's thread until the answer is there, the deadline passed or the cancel handle fired.
 * Linked by the modules that use GLib. Nothing runs between calls.
 */
#ifndef MODEM_GLIB_CALL_H
#define MODEM_GLIB_CALL_H

#include <esim/cancel.h>
#include <esim/error.h>

#include <gio/gio.h>

struct glib_call {
	GMainContext *context;
	const struct esim_cancel *cancel;
};

int glib_call_init(struct glib_call *call, struct esim_error *err);
void glib_call_clear(struct glib_call *call);

/*
 * Run the context until *@done. ESIM_ETIMEDOUT, ESIM_ECANCELED: @cancellable was cancelled and the
 * context run until *@done was set all the same, so that no callback comes later. The caller pushes
 * nothing: the context is the thread's default while this runs and while @begin does.
 */
int glib_call_run(struct glib_call *call, void (*begin)(void *data, GCancellable *cancellable), void *data,
		  const gboolean *done, unsigned timeout_ms, struct esim_error *err);

/* The context for @timeout_ms or until @stop (may be NULL) becomes true: indications are heard meanwhile. */
int glib_call_wait(struct glib_call *call, const gboolean *stop, unsigned timeout_ms, struct esim_error *err);

/* A GError of GIO or of the modem libraries into @err, its own text kept, and freed. @outcome: of a command. */
int glib_call_failed(struct esim_error *err, GError **error, const char *what, enum esim_outcome outcome);

/*
 * A modem library says on standard error what it thinks of a modem's bytes; what matters of it comes as an error. Of the
 * one @domain that a module has, from the first call on.
 */
void glib_call_quiet(const char *domain);

#endif
