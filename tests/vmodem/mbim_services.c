/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Which services and CIDs of MBIM this modem has, as its habits leave them. */
#include "vmodem/mbim.h"

#include <string.h>

const uint8_t vmbim_uuids[MBIM_SERVICES][MBIM_UUID] = {
	[MBIM_BASIC_CONNECT] = { 0xA2, 0x89, 0xCC, 0x33, 0xBC, 0xBB, 0x8B, 0x4F, 0xB6, 0xB0, 0x13, 0x3E, 0xC2, 0xAA,
				 0xE6, 0xDF },
	[MBIM_MS_EXTENSIONS] = { 0x3D, 0x01, 0xDC, 0xC5, 0xFE, 0xF5, 0x4D, 0x05, 0x0D, 0x3A, 0xBE, 0xF7, 0x05, 0x8E,
				 0x9A, 0xAF },
	[MBIM_MS_UICC] = { 0xC2, 0xF6, 0x58, 0x8E, 0xF0, 0x37, 0x4B, 0xC9, 0x86, 0x65, 0xF4, 0xD4, 0x4B, 0xD0, 0x93,
			   0x67 },
};

static const struct mbim_command *const tables[MBIM_SERVICES][2] = {
	[MBIM_BASIC_CONNECT] = { vmbim_basic_commands, vmbim_network_commands },
	[MBIM_MS_EXTENSIONS] = { vmbim_extension_commands },
	[MBIM_MS_UICC] = { vmbim_uicc_commands },
};

static bool has(const struct mbim *mbim, enum mbim_service service, uint32_t cid)
{
	if (service == MBIM_MS_UICC && vmodem_quirk(mbim->modem, VMODEM_NO_UICC))
		return false;
	/* SYS_CAPS, DEVICE_SLOT_MAPPINGS, SLOT_INFO_STATUS */
	if (service == MBIM_MS_EXTENSIONS && (cid == 5 || cid == 7 || cid == 8))
		return !vmodem_quirk(mbim->modem, VMODEM_NO_SLOTS);
	return true;
}

static const struct mbim_command *find_in(enum mbim_service service, uint32_t cid)
{
	for (size_t i = 0; i < 2; i++)
		for (const struct mbim_command *c = tables[service][i]; c && c->cid; c++)
			if (c->cid == cid)
				return c;
	return NULL;
}

size_t vmbim_service_cids(const struct mbim *mbim, enum mbim_service service, uint32_t cids[static MBIM_MAX_CID])
{
	size_t count = 0;

	for (uint32_t cid = 1; cid < MBIM_MAX_CID; cid++)
		if (find_in(service, cid) && has(mbim, service, cid))
			cids[count++] = cid;
	return count;
}

const struct mbim_command *vmbim_find(const struct mbim *mbim, const uint8_t *uuid, uint32_t cid)
{
	for (unsigned i = 0; i < MBIM_SERVICES; i++)
		if (!memcmp(vmbim_uuids[i], uuid, MBIM_UUID))
			return has(mbim, (enum mbim_service)i, cid) ? find_in((enum mbim_service)i, cid) : NULL;
	return NULL;
}
