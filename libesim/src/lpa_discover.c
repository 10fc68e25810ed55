/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Discovery (SGP.22, 3.6.2): which servers hold something for this eUICC. */
#include "lpa_session.h"

#include <stdlib.h>
#include <string.h>

int lpa_smds_address(struct lpa *lpa, const char *smds, char ret[static ESIM_MAX_FQDN + 1],
		     struct esim_error *err)
{
	struct es10a_addresses addresses;
	int rc;

	if (!smds || !smds[0]) {
		rc = lpa_addresses(lpa, &addresses, err);
		if (rc)
			return rc;
		smds = addresses.root_smds;
	}
	if (!smds[0]) {
		esim_error_set(err, ESIM_ENOENT, "this eUICC has no root SM-DS address");
		esim_error_advise(err, "name the SM-DS");
		return ESIM_ENOENT;
	}
	return esim_address_normalise(smds, lpa->options.allow_ports, lpa->options.allow_literal,
				      ret, err);
}

static void take_events(struct lpa_session *session, struct es9p_event **ret, size_t *ret_count)
{
	*ret = session->answer.events;
	*ret_count = session->answer.event_count;
	session->answer.events = NULL;
	session->answer.event_count = 0;
}

int lpa_discover(struct lpa *lpa, const char *smds, struct es9p_event **ret, size_t *ret_count,
		 struct esim_error *err)
{
	struct lpa_session session = {
		.lpa = lpa,
		.reason = LPA_NO_REASON,
		.server_oid = "",
		.kind = LPA_SERVER_SMDS,
	};
	char address[ESIM_MAX_FQDN + 1];
	struct esim_error local;
	int rc = lpa_need_servers(lpa, err);

	if (!err)
		err = &local;
	if (!rc)
		rc = lpa_smds_address(lpa, smds, address, err);
	if (!rc)
		rc = lpa_server_init(lpa, address, &session.server, err);
	if (rc)
		return rc;
	rc = lpa_session_authenticate(&session, err);
	if (rc) {
		lpa_session_call_off(&session, err);
	} else {
		lpa_session_finished(&session);
		take_events(&session, ret, ret_count);
	}
	lpa_session_clear(&session);
	return rc;
}
