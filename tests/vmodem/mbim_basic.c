/* SPDX-License-Identifier: GPL-2.0-or-later */
/* MBIM, Basic Connect: the device, its card and its radio (MBIM 1.0, 10.5). */
#include "vmodem/mbim.h"

#include <string.h>

#define ALL_DATA_CLASSES 0x3F		/* GPRS, EDGE, UMTS, HSDPA, HSUPA, LTE */
#define PIN_NOT_SUPPORTED 0
#define LOCK_PIN1 2

enum ready_state { NOT_INITIALIZED, INITIALIZED, SIM_NOT_INSERTED, BAD_SIM, NO_PROFILE = 7 };

static enum mbim_status device_caps(struct mbim *mbim, bool set, struct esim_slice in, struct mbim_info *out)
{
	const struct vmodem_options *options = vmodem_options(mbim->modem);

	(void)set, (void)in;
	vmbim_info_u32(out, 1);				/* DeviceType: embedded */
	vmbim_info_u32(out, 1);				/* CellularClass: GSM */
	vmbim_info_u32(out, 1);				/* VoiceClass: none */
	vmbim_info_u32(out, 2);				/* SimClass: removable */
	vmbim_info_u32(out, ALL_DATA_CLASSES);
	vmbim_info_u32(out, 0);				/* SmsCaps */
	vmbim_info_u32(out, 1);				/* ControlCaps: registration by hand */
	vmbim_info_u32(out, 8);				/* MaxSessions */
	vmbim_info_text(out, "");			/* CustomDataClass */
	vmbim_info_text(out, vmodem_quirk(mbim->modem, VMODEM_NO_IMEI) ? "" : options->imei);
	vmbim_info_text(out, options->firmware);
	vmbim_info_text(out, options->model);
	return MBIM_SUCCESS;
}

static enum ready_state ready_state(struct mbim *mbim, char iccid[static ESIM_ICCID_DIGITS + 1], char imsi[static 16])
{
	struct esim_iccid bytes;

	switch (vmodem_card_state(mbim->modem, 0)) {
	case VMODEM_CARD_ABSENT:
		return SIM_NOT_INSERTED;
	case VMODEM_CARD_OFF:
	case VMODEM_CARD_NOT_READY:
		return NOT_INITIALIZED;
	case VMODEM_CARD_READY:
		break;
	}
	if (!vmodem_iccid(mbim->modem, &bytes))
		return NO_PROFILE;
	if (esim_iccid_format(&bytes, iccid))
		return BAD_SIM;
	if (!vmodem_imsi(mbim->modem, imsi))
		imsi[0] = '\0';
	return INITIALIZED;
}

static enum mbim_status subscriber_ready(struct mbim *mbim, bool set, struct esim_slice in, struct mbim_info *out)
{
	char iccid[ESIM_ICCID_DIGITS + 1] = "", imsi[16] = "";

	(void)set, (void)in;
	vmbim_info_u32(out, ready_state(mbim, iccid, imsi));
	if (mbim->extensions_3)
		vmbim_info_u32(out, vmodem_quirk_value(mbim->modem, VMODEM_MBIMEX_3));
	vmbim_info_text(out, imsi);
	vmbim_info_text(out, iccid);
	vmbim_info_u32(out, 0);				/* ReadyInfo */
	vmbim_info_u32(out, 0);				/* no telephone numbers */
	return MBIM_SUCCESS;
}

static enum mbim_status radio_state(struct mbim *mbim, bool set, struct esim_slice in, struct mbim_info *out)
{
	uint32_t wanted;

	if (set && (!vmbim_read_u32(in, 0, &wanted) || wanted > 1))
		return MBIM_INVALID_PARAMETERS;
	if (set)
		vmodem_set_radio(mbim->modem, wanted);
	vmbim_info_u32(out, 1);				/* the hardware's switch */
	vmbim_info_u32(out, vmodem_radio(mbim->modem));
	return MBIM_SUCCESS;
}

static enum mbim_status pin(struct mbim *mbim, bool set, struct esim_slice in, struct mbim_info *out)
{
	(void)set, (void)in;
	if (vmodem_card_state(mbim->modem, 0) == VMODEM_CARD_ABSENT)
		return MBIM_SIM_NOT_INSERTED;
	vmbim_info_u32(out, LOCK_PIN1);
	vmbim_info_u32(out, 0);				/* unlocked */
	vmbim_info_u32(out, 3);
	return MBIM_SUCCESS;
}

/* PIN1 is there and not asked for; of the other nine there are none. */
static enum mbim_status pin_list(struct mbim *mbim, bool set, struct esim_slice in, struct mbim_info *out)
{
	(void)mbim, (void)set, (void)in;
	for (unsigned i = 0; i < 10; i++) {
		vmbim_info_u32(out, i ? PIN_NOT_SUPPORTED : 2);
		vmbim_info_u32(out, i ? 0 : 1);		/* numeric */
		vmbim_info_u32(out, i ? 0 : 4);
		vmbim_info_u32(out, i ? 0 : 8);
	}
	return MBIM_SUCCESS;
}

/* --- which services and CIDs there are, and what of them the host wants to hear ---------------------------- */

static enum mbim_status device_services(struct mbim *mbim, bool set, struct esim_slice in, struct mbim_info *out)
{
	uint32_t cids[MBIM_MAX_CID];
	uint32_t count = 0;

	(void)set, (void)in;
	for (unsigned i = 0; i < MBIM_SERVICES; i++)
		count += vmbim_service_cids(mbim, (enum mbim_service)i, cids) > 0;
	vmbim_info_u32(out, count);
	vmbim_info_u32(out, 0);				/* MaxDssSessions */
	for (unsigned i = 0; i < MBIM_SERVICES; i++) {
		const size_t n = vmbim_service_cids(mbim, (enum mbim_service)i, cids);
		struct mbim_info element = { 0 };

		if (!n)
			continue;
		esim_buf_append(&element.fixed, vmbim_uuids[i], MBIM_UUID);
		vmbim_info_u32(&element, 0);		/* DssPayload */
		vmbim_info_u32(&element, 0);		/* MaxDssInstances */
		vmbim_info_u32(&element, (uint32_t)n);
		for (size_t k = 0; k < n; k++)
			vmbim_info_u32(&element, cids[k]);
		vmbim_info_struct(out, &element);
	}
	return MBIM_SUCCESS;
}

static bool take_wanted(struct mbim *mbim, struct esim_slice element)
{
	uint32_t count, cid;

	if (!vmbim_read_u32(element, MBIM_UUID, &count) || count > (element.len - MBIM_UUID - 4) / 4)
		return false;
	for (unsigned i = 0; i < MBIM_SERVICES; i++) {
		if (memcmp(element.data, vmbim_uuids[i], MBIM_UUID))
			continue;
		for (uint32_t k = 0; k < count; k++)
			if (vmbim_read_u32(element, MBIM_UUID + 4 + 4 * k, &cid) && cid < MBIM_MAX_CID)
				mbim->wanted[i] |= 1u << cid;
	}
	return true;
}

static enum mbim_status subscribe(struct mbim *mbim, bool set, struct esim_slice in, struct mbim_info *out)
{
	struct esim_slice element;
	uint32_t count;

	(void)set;
	if (!vmbim_read_u32(in, 0, &count) || count > in.len / 8)
		return MBIM_INVALID_PARAMETERS;
	mbim->chosen = true;
	memset(mbim->wanted, 0, sizeof(mbim->wanted));
	vmbim_info_u32(out, count > MBIM_MAX_REFS ? 0 : count);
	for (uint32_t i = 0; i < count; i++) {
		if (!vmbim_read_ref(in, 4 + 8 * i, false, &element) || !take_wanted(mbim, element))
			return MBIM_INVALID_PARAMETERS;
		if (count <= MBIM_MAX_REFS)
			vmbim_info_bytes(out, element);
	}
	return MBIM_SUCCESS;
}

const struct mbim_command vmbim_basic_commands[] = {
	{ 1, MBIM_QUERY, "info", NULL, device_caps },
	{ 2, MBIM_QUERY, "ready", NULL, subscriber_ready },
	{ 3, MBIM_BOTH, "other", "radio", radio_state },
	{ 4, MBIM_QUERY, "other", NULL, pin },
	{ 5, MBIM_QUERY, "other", NULL, pin_list },
	{ 16, MBIM_QUERY, "other", NULL, device_services },
	{ 19, MBIM_SET, NULL, "other", subscribe },
	{ 0 },
};
