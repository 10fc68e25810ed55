/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Cancel handles. A blocking call of libesim that was given a handle returns
 * ESIM_ECANCELED soon after esim_cancel_trigger(). The handle is a level, not an
 * edge: once triggered, every later call given it returns at once, until it is
 * cleared.
 */
#ifndef ESIM_CANCEL_H
#define ESIM_CANCEL_H

#include <esim/limits.h>

#include <stdbool.h>

#ifdef __cplusplus
extern "C" {
#endif

struct esim_cancel;

/* 0, ESIM_ENOMEM or ESIM_EIO (no descriptor left). */
int esim_cancel_new(struct esim_cancel **ret);
void esim_cancel_free(struct esim_cancel **cancel);

/* From any thread and from a signal handler. */
void esim_cancel_trigger(struct esim_cancel *cancel);
void esim_cancel_clear(struct esim_cancel *cancel);

/* NULL is a handle that never fires. */
bool esim_cancel_triggered(const struct esim_cancel *cancel);

/* Readable while triggered, for poll(2); -1 for NULL. */
int esim_cancel_fd(const struct esim_cancel *cancel);

/*
 * For a call that blocks where no descriptor can be polled, such as an ioctl: esim_cancel_trigger()
 * itself runs @fire, in its own thread or signal handler, as long as the watch stands. @fire must
 * not block, takes no locks and calls only what a signal handler may. The watch is the caller's
 * and may lie in a larger struct, by which @fire finds what it needs.
 */
struct esim_cancel_watch {
	void (*fire)(struct esim_cancel_watch *watch);
};

/*
 * ESIM_ECANCELED: triggered already, nothing is watched. ESIM_EBUSY: ESIM_MAX_CANCEL_WATCHES
 * stand already. No trigger is lost between this call and what it is followed by, provided that
 * what @fire does counts for a call that is yet to begin.
 */
int esim_cancel_watch(const struct esim_cancel *cancel, struct esim_cancel_watch *watch);

/* @fire does not run, nor will it, when this returns. */
void esim_cancel_unwatch(const struct esim_cancel *cancel, struct esim_cancel_watch *watch);

#ifdef __cplusplus
}
#endif
#endif
