/* SPDX-License-Identifier: GPL-2.0-or-later */
/* A command APDU as the modem wants it; see apdu_policy.h. */
#include "apdu_policy.h"

#include "libesim/src/apdu.h"

int apdu_policy_apply(const struct quirks *quirks, unsigned channel, struct esim_slice command,
		      struct esim_buf *ret, struct esim_error *err)
{
	struct apdu apdu;
	int rc = apdu_parse(command, &apdu), cla;

	if (rc)
		return esim_error_set(err, ESIM_EINVAL, "the command APDU's lengths do not add up");
	if (apdu.data.len > APDU_SHORT_DATA || apdu.le > APDU_SHORT_LE)
		return esim_error_set(err, ESIM_ETOOBIG, "a modem's channel takes no extended-length command");
	if (apdu.data.len > 0 && quirks->le == QUIRK_LE_ALWAYS && !apdu.le)
		apdu.le = APDU_SHORT_LE;
	if (apdu.data.len > 0 && quirks->le == QUIRK_LE_NEVER)
		apdu.le = 0;
	if (quirks->cla == QUIRK_CLASS_CHANNEL) {
		cla = apdu_class(apdu.cla, channel);
		if (cla < 0)
			return esim_error_set(err, ESIM_EINVAL, "class byte %02X cannot carry channel %u", apdu.cla,
					      channel);
		apdu.cla = (uint8_t)cla;
	}
	rc = apdu_build(&apdu, ret);
	return rc ? esim_error_set(err, rc, "no room for the command APDU") : 0;
}

void apdu_policy_describe(const struct quirks *quirks, struct esim_transport_info *info)
{
	info->features &= ~(unsigned)(ESIM_TRANSPORT_CASE4 | ESIM_TRANSPORT_NEEDS_LE | ESIM_TRANSPORT_EXTENDED);
	if (quirks->le != QUIRK_LE_NEVER)
		info->features |= ESIM_TRANSPORT_CASE4;
	if (quirks->le == QUIRK_LE_ALWAYS)
		info->features |= ESIM_TRANSPORT_NEEDS_LE;
	info->max_data = quirks->segment_size;
}
