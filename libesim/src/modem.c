/* SPDX-License-Identifier: GPL-2.0-or-later */
/* A modem between this host and the card: what it says, in one voice; see esim/modem.h. The ladder is modem_settle.c. */
#include "transport_internal.h"

#include <esim/lpa.h>

#include <string.h>

static const struct {
	const char *name, *id;
} steps[ESIM_MODEM_STEPS] = {
	[ESIM_MODEM_REFRESH] = { "REFRESH", "refresh" },
	[ESIM_MODEM_UIM_POWER] = { "UIM power cycle", "uimPowerCycle" },
	[ESIM_MODEM_AIRPLANE] = { "airplane mode", "airplaneMode" },
	[ESIM_MODEM_RESET] = { "modem reset", "modemReset" },
};

const char *esim_modem_step_name(enum esim_modem_step step)
{
	return (unsigned)step < ESIM_MODEM_STEPS ? steps[step].name : "";
}

const char *esim_modem_step_id(enum esim_modem_step step)
{
	return (unsigned)step < ESIM_MODEM_STEPS ? steps[step].id : "";
}

bool esim_transport_is_modem(const struct esim_transport *transport)
{
	return transport->ops->modem != NULL;
}

static int does_not_tell(const char *what, struct esim_error *err)
{
	return esim_error_set(err, ESIM_ENOTSUP, "this modem does not tell %s", what);
}

int esim_modem_facts(struct esim_transport *transport, struct esim_modem_facts *ret, struct esim_error *err)
{
	const struct esim_modem_ops *modem = transport->ops->modem;

	if (!modem || !modem->facts)
		return does_not_tell("what it is", err);
	*ret = (struct esim_modem_facts){ .slots = 0 };
	return modem->facts(transport->priv, ret, err);
}

void esim_modem_policy(struct esim_transport *transport, struct esim_modem_policy *ret)
{
	const struct esim_modem_ops *modem = transport->ops->modem;

	*ret = (struct esim_modem_policy){ .refresh = ESIM_MODEM_REFRESH_ALWAYS };
	if (modem && modem->policy)
		modem->policy(transport->priv, ret);
}

int esim_modem_iccid(struct esim_transport *transport, struct esim_iccid *ret, unsigned timeout_ms,
		     struct esim_error *err)
{
	const struct esim_modem_ops *modem = transport->ops->modem;

	if (!modem || !modem->iccid)
		return does_not_tell("the ICCID", err);
	return modem->iccid(transport->priv, ret, timeout_ms, err);
}

int esim_modem_reopen(struct esim_transport *transport, unsigned timeout_ms, struct esim_error *err)
{
	const struct esim_modem_ops *modem = transport->ops->modem;

	if (!modem || !modem->reopen)
		return esim_error_set(err, ESIM_ENOTSUP, "there is no way back to this device");
	return modem->reopen(transport->priv, timeout_ms, err);
}

int esim_modem_device_info(const struct esim_modem_facts *facts, struct es10b_device_info *ret,
			   struct esim_error *err)
{
	struct es10b_device_info info = { .has_imei = false };
	struct es10b_device_capabilities *can = &info.capabilities;
	int r = 0;

	if (facts->imei[0])
		r = lpa_device_info_from_imei(facts->imei, &info, err);
	else
		r = esim_error_set(err, ESIM_ENOENT, "the modem does not tell its IMEI");
	can->gsm.major = facts->gsm;
	can->utran.major = facts->utran;
	can->eutran_epc.major = facts->eutran;
	/* A host that needs a modem's word for 5G knows of the core network beside LTE's alone. */
	can->nr_epc.major = facts->nr;
	can->form_factor_known = facts->form != ESIM_MODEM_FORM_UNKNOWN;
	can->is_euicc_form_factor_removable = facts->form == ESIM_MODEM_FORM_REMOVABLE;
	*ret = info;
	return r;
}
