/* SPDX-License-Identifier: GPL-2.0-or-later */
/* MBIM, Microsoft's Basic Connect Extensions: slots, reset, version. Slots count from 0 here. */
#include "vmodem/mbim.h"

enum slot_state { SLOT_OFF_EMPTY = 1, SLOT_OFF = 2, SLOT_EMPTY = 3, SLOT_NOT_READY = 4, SLOT_ACTIVE_ESIM = 7,
		  SLOT_ACTIVE_ESIM_NO_PROFILES = 8 };

static enum mbim_status sys_caps(struct mbim *mbim, bool set, struct esim_slice in, struct mbim_info *out)
{
	(void)set, (void)in;
	vmbim_info_u32(out, 1);				/* NumberOfExecutors */
	vmbim_info_u32(out, vmodem_slots(mbim->modem));
	vmbim_info_u32(out, 1);				/* Concurrency */
	vmbim_put_u64(&out->fixed, 0x1D6B0105);		/* ModemId */
	return MBIM_SUCCESS;
}

static void put_map(struct mbim *mbim, struct mbim_info *out)
{
	struct mbim_info slot = { 0 };

	vmbim_info_u32(&slot, vmodem_active_slot(mbim->modem) - 1);
	vmbim_info_u32(out, 1);
	vmbim_info_struct(out, &slot);
}

static enum mbim_status slot_mappings(struct mbim *mbim, bool set, struct esim_slice in, struct mbim_info *out)
{
	struct esim_slice element;
	uint32_t count, slot;

	if (set && (!vmbim_read_u32(in, 0, &count) || count != 1 || !vmbim_read_ref(in, 4, false, &element) ||
		    !vmbim_read_u32(element, 0, &slot) || slot >= vmodem_slots(mbim->modem) ||
		    vmodem_switch_slot(mbim->modem, slot + 1)))
		return MBIM_INVALID_PARAMETERS;
	put_map(mbim, out);
	return MBIM_SUCCESS;
}

/* A slot that no modem is mapped to has no power. */
static enum slot_state slot_state(struct mbim *mbim, unsigned slot)
{
	const bool active = vmodem_slot_in_use(mbim->modem, slot);
	struct esim_iccid iccid;

	switch (vmodem_card_state(mbim->modem, slot)) {
	case VMODEM_CARD_ABSENT:
		return active ? SLOT_EMPTY : SLOT_OFF_EMPTY;
	case VMODEM_CARD_OFF:
		return SLOT_OFF;
	case VMODEM_CARD_NOT_READY:
		return SLOT_NOT_READY;
	case VMODEM_CARD_READY:
		break;
	}
	return vmodem_iccid(mbim->modem, &iccid) ? SLOT_ACTIVE_ESIM : SLOT_ACTIVE_ESIM_NO_PROFILES;
}

static enum mbim_status slot_info(struct mbim *mbim, bool set, struct esim_slice in, struct mbim_info *out)
{
	uint32_t slot;

	(void)set;
	if (!vmbim_read_u32(in, 0, &slot) || slot >= vmodem_slots(mbim->modem))
		return MBIM_INVALID_PARAMETERS;
	vmbim_info_u32(out, slot);
	vmbim_info_u32(out, slot_state(mbim, slot + 1));
	return MBIM_SUCCESS;
}

static enum mbim_status device_reset(struct mbim *mbim, bool set, struct esim_slice in, struct mbim_info *out)
{
	(void)set, (void)in, (void)out;
	if (vmodem_quirk(mbim->modem, VMODEM_NO_RESET))
		return MBIM_NO_DEVICE_SUPPORT;
	vmodem_restart(mbim->modem);
	return MBIM_SUCCESS;
}

/* MBIM 1.0 with extensions 1.0 or 3.0. The host says what it has: with less it gets the earlier forms. */
static enum mbim_status version(struct mbim *mbim, bool set, struct esim_slice in, struct mbim_info *out)
{
	const bool has_3 = vmodem_quirk(mbim->modem, VMODEM_MBIMEX_3);

	(void)set;
	mbim->extensions_3 = has_3 && in.len >= 4 && in.data[3] >= 3;
	vmbim_put_u16(&out->fixed, 0x0100);
	vmbim_put_u16(&out->fixed, has_3 ? 0x0300 : 0x0100);
	return MBIM_SUCCESS;
}

const struct mbim_command vmbim_extension_commands[] = {
	{ 5, MBIM_QUERY, "slots", NULL, sys_caps },
	{ 7, MBIM_BOTH, "slots", "switch", slot_mappings },
	{ 8, MBIM_QUERY, "slots", NULL, slot_info },
	{ 10, MBIM_SET, NULL, "reset", device_reset },
	{ 15, MBIM_QUERY, "other", NULL, version },
	{ 0 },
};
