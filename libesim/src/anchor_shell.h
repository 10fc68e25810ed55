/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * A certificate around an anchor that has none, for a TLS library that takes its
 * roots as certificates. Only name, key id, key and validity count in it: the
 * signature is a placeholder, as nobody asks for that of a root.
 */
#ifndef LIBESIM_ANCHOR_SHELL_H
#define LIBESIM_ANCHOR_SHELL_H

#include <esim/trust.h>

/* Append the certificate to @out. ESIM_EINVAL: the anchor has no subject; ESIM_ENOMEM. */
int anchor_shell_make(const struct esim_anchor *anchor, struct esim_buf *out);

#endif
