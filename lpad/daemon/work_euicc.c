/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Jobs on the eUICC as a whole; see session.h. */
#include "session_internal.h"

#include <esim/transport.h>

#include <string.h>

int work_reset(struct card_session *session, const struct card_target *target,
	       const struct session_hooks *hooks, unsigned *options, struct esim_error *err)
{
	struct modem_switch change;
	struct lpa *lpa;
	int rc = session_modem_begin(session, target->uri, hooks, &change, err);

	if (!rc)
		rc = session_begin(session, target, hooks, false, &lpa, err);
	if (rc)
		return session_modem_end(session, &change, hooks, rc, NULL);
	session->stale |= STALE_INFO2 | STALE_ADDRESSES;
	if (*options == 0)
		rc = lpa_reset_options(lpa, options, err);
	if (!rc)
		rc = lpa_memory_reset(lpa, *options, err);
	/* It may count its notifications anew: none is known by its number any more. */
	session->listed = false;
	rc = session_modem_end(session, &change, hooks, rc, NULL);
	return session_leave(session, rc, err);
}

int work_address(struct card_session *session, const struct card_target *target,
		 const struct session_hooks *hooks, const char *address, struct esim_error *err)
{
	struct lpa *lpa;
	int rc = session_begin(session, target, hooks, false, &lpa, err);

	if (rc)
		return rc;
	session->stale |= STALE_ADDRESSES;
	return session_leave(session, lpa_set_default_smdp(lpa, address, err), err);
}

int work_discover(struct card_session *session, const struct card_target *target,
		  const struct session_hooks *hooks, const char *smds, struct es9p_event **ret,
		  size_t *ret_count, struct esim_error *err)
{
	struct lpa *lpa;
	int rc = session_begin(session, target, hooks, true, &lpa, err);

	if (rc)
		return rc;
	if (!smds[0])
		smds = session->context->config.smds;
	return session_leave(session, lpa_discover(lpa, smds, ret, ret_count, err), err);
}

/* It is lent on the card of this very eUICC: the device may have another one by now. */
int work_open_channel(struct card_session *session, const struct card_target *target,
		      struct esim_slice aid, int *ret_fd, struct esim_error *err)
{
	struct esim_device device;
	struct lpa *lpa;
	int rc = session_begin(session, target, NULL, false, &lpa, err);

	if (rc)
		return rc;
	if (strcmp(session->info.scheme, "kdev") != 0)
		rc = esim_error_set(err, ESIM_ENOTSUP, "only the kernel's device (/dev/euiccN) lends channels");
	if (!rc)
		rc = esim_device_parse(target->uri, &device, err);
	if (!rc)
		rc = esim_kdev_open_channel(device.uri, aid, ret_fd, err);
	return session_leave(session, rc, err);
}
