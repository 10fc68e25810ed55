/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Trust anchors: the production CIs that libesim knows (as far as the eUICC lists
 * them), and CI certificates in files. A directory NAME.der or NAME.pem of /etc/coreesim/ci.d
 * takes the place of one of that name in /usr/share/coreesim/ci.d; an empty file or a
 * link to /dev/null there takes it away. Test CIs (ci-test.d) count in DeviceTestMode alone.
 */
#ifndef LPAD_TRUST_H
#define LPAD_TRUST_H

#include "config.h"

#include <esim/trust.h>

#ifndef LPAD_DATADIR
#define LPAD_DATADIR "/usr/share/coreesim"
#endif
#ifndef LPAD_SYSCONFDIR
#define LPAD_SYSCONFDIR "/etc/coreesim"
#endif

/* The CiRoots of @config, or else the directories above. An unusable file is an error that names it. */
int trust_load(const struct config *config, struct esim_pool *ret, struct esim_error *err);

#endif
