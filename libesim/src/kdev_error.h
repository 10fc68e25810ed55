/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What the kernel's eUICC devices answer, as errors of libesim that keep their cause. */
#ifndef KDEV_ERROR_H
#define KDEV_ERROR_H

#include <esim/error.h>

/* open(2) of the device at @path failed with @errnum. */
int kdev_error_open(struct esim_error *err, const char *path, int errnum);

/* EUICC_OPEN_CHANNEL failed; @sw is the card's last status word, 0 where there was none. */
int kdev_error_channel(struct esim_error *err, int errnum, uint16_t sw);

/* EUICC_XFER failed: nothing was sent. */
int kdev_error_xfer(struct esim_error *err, int errnum);

/* EUICC_RESET failed. */
int kdev_error_reset(struct esim_error *err, int errnum);

/* An entry of a batch came back with @status, a negative errno that is not -EOVERFLOW. */
int kdev_error_status(struct esim_error *err, int status);

#endif
