/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Cancel handles. A blocking call of libesim that was given a handle returns
 * ESIM_ECANCELED soon after esim_cancel_trigger(). The handle is a level, not an
 * edge: once triggered, every later call given it returns at once, until it is
 * cleared.
 */
#ifndef ESIM_CANCEL_H
#define ESIM_CANCEL_H

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

#ifdef __cplusplus
}
#endif
#endif
