/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Attestation, as Euicc1.Attest answers it; see session.h. */
#include "session_internal.h"

#include "lpad/common/details.h"

int work_attest(struct card_session *session, const struct card_target *target,
		const struct session_hooks *hooks, struct esim_slice nonce, json_t **ret, struct esim_error *err)
{
	struct lpa_attestation attestation;
	struct lpa *lpa;
	int rc = session_begin(session, target, hooks, true, &lpa, err);

	if (rc)
		return rc;
	rc = lpa_attest(lpa, NULL, nonce, &attestation, err);
	if (!rc)
		*ret = json_attestation(&attestation);
	lpa_attestation_clear(&attestation);
	return session_leave(session, rc, err);
}
