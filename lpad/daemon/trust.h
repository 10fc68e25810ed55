/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Trust anchors: the production CIs that libesim knows (as far as the eUICC lists
 * them), and CI certificates in files. A file NAME.der or NAME.pem of /etc/coreesim/ci.d
 * takes the place of one of that name in /usr/share/coreesim/ci.d; an empty file or a
 * link to /dev/null there takes it away. Test CIs (ci-test.d) count in DeviceTestMode alone.
 */
#ifndef LPAD_TRUST_H
#define LPAD_TRUST_H

#include "config.h"

#include <esim/rsp_types.h>
#include <esim/trust.h>

#ifndef LPAD_DATADIR
#define LPAD_DATADIR "/usr/share/coreesim"
#endif
#ifndef LPAD_SYSCONFDIR
#define LPAD_SYSCONFDIR "/etc/coreesim"
#endif

/* The CiRoots of @config, or else the directories above. An unusable file is an error that names it. */
int trust_load(const struct config *config, struct esim_pool *ret, struct esim_error *err);

/* The same with other directories than LPAD_DATADIR and LPAD_SYSCONFDIR. */
int trust_load_from(const struct config *config, const char *data_dir, const char *sysconf_dir,
		    struct esim_pool *ret, struct esim_error *err);

/*
 * Add to @to those of @from whose key ids @wanted holds (NULL: all): an eUICC trusts the CIs
 * that it lists and no others.
 */
int trust_add_wanted(struct esim_pool *to, const struct esim_pool *from,
		     const struct esim_key_id_list *wanted, struct esim_error *err);

#endif
