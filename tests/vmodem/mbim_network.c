/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * MBIM, Basic Connect: the network, which is played: the modem is registered at home as soon as it has a radio and
 * a profile, and can be connected; no packet goes anywhere.
 */
#include "vmodem/mbim.h"

#include <string.h>

#define DATA_LTE	0x20
#define CLASS_GSM	1
#define RSSI		20
#define UNKNOWN_RATE	99

enum { DEREGISTERED = 1, HOME = 3 };
enum { ATTACHED = 2, DETACHED = 4 };
enum { ACTIVATED = 1, DEACTIVATED = 3 };

static const uint8_t internet[MBIM_UUID] = { 0x7E, 0x5E, 0x2A, 0x7E, 0x4E, 0x6F, 0x72, 0x72, 0x73, 0x6B, 0x65, 0x6E,
					     0x7E, 0x5E, 0x2A, 0x7E };

/* The first five digits of the IMSI; "": not registered. */
static bool home(struct mbim *mbim, char provider[static 6])
{
	char imsi[16];

	provider[0] = '\0';
	if (!vmodem_radio(mbim->modem) || !vmodem_imsi(mbim->modem, imsi))
		return false;
	memcpy(provider, imsi, 5);
	provider[5] = '\0';
	return true;
}

static void put_provider(struct mbim_info *out, const char *id)
{
	vmbim_info_text(out, id);
	vmbim_info_u32(out, 1);				/* ProviderState: home */
	vmbim_info_text(out, "Test network");
	vmbim_info_u32(out, CLASS_GSM);
	vmbim_info_u32(out, RSSI);
	vmbim_info_u32(out, UNKNOWN_RATE);
}

static enum mbim_status home_provider(struct mbim *mbim, bool set, struct esim_slice in, struct mbim_info *out)
{
	char id[6];

	(void)set, (void)in;
	if (!home(mbim, id))
		return MBIM_NOT_INITIALIZED;
	put_provider(out, id);
	return MBIM_SUCCESS;
}

static enum mbim_status none_provisioned(struct mbim *mbim, bool set, struct esim_slice in, struct mbim_info *out)
{
	(void)mbim, (void)set, (void)in;
	vmbim_info_u32(out, 0);
	return MBIM_SUCCESS;
}

static enum mbim_status visible_providers(struct mbim *mbim, bool set, struct esim_slice in, struct mbim_info *out)
{
	struct mbim_info provider = { 0 };
	char id[6];
	bool any = home(mbim, id);

	(void)set, (void)in;
	vmbim_info_u32(out, any);
	if (any) {
		put_provider(&provider, id);
		vmbim_info_struct(out, &provider);
	}
	return MBIM_SUCCESS;
}

static enum mbim_status register_state(struct mbim *mbim, bool set, struct esim_slice in, struct mbim_info *out)
{
	char id[6];
	bool registered = home(mbim, id);

	(void)set, (void)in;
	vmbim_info_u32(out, 0);				/* NwError */
	vmbim_info_u32(out, registered ? HOME : DEREGISTERED);
	vmbim_info_u32(out, 1);				/* automatic */
	vmbim_info_u32(out, registered ? DATA_LTE : 0);
	vmbim_info_u32(out, CLASS_GSM);
	vmbim_info_text(out, id);
	vmbim_info_text(out, registered ? "Test network" : "");
	vmbim_info_text(out, "");			/* RoamingText */
	vmbim_info_u32(out, registered ? 2 : 0);		/* packet service attaches by itself */
	return MBIM_SUCCESS;
}

static enum mbim_status packet_service(struct mbim *mbim, bool set, struct esim_slice in, struct mbim_info *out)
{
	uint32_t action;
	char id[6];
	bool attached;

	if (set && (!vmbim_read_u32(in, 0, &action) || action > 1))
		return MBIM_INVALID_PARAMETERS;
	if (set)
		mbim->detached = action == 1;
	attached = home(mbim, id) && !mbim->detached;
	vmbim_info_u32(out, 0);
	vmbim_info_u32(out, attached ? ATTACHED : DETACHED);
	vmbim_info_u32(out, attached ? DATA_LTE : 0);
	vmbim_put_u64(&out->fixed, 50000000);
	vmbim_put_u64(&out->fixed, 100000000);
	return MBIM_SUCCESS;
}

static enum mbim_status signal_state(struct mbim *mbim, bool set, struct esim_slice in, struct mbim_info *out)
{
	(void)set, (void)in;
	vmbim_info_u32(out, vmodem_radio(mbim->modem) ? RSSI : UNKNOWN_RATE);
	vmbim_info_u32(out, UNKNOWN_RATE);
	vmbim_info_u32(out, 5);				/* seconds */
	vmbim_info_u32(out, 0);
	vmbim_info_u32(out, 0);
	return MBIM_SUCCESS;
}

static enum mbim_status connect(struct mbim *mbim, bool set, struct esim_slice in, struct mbim_info *out)
{
	uint32_t session, command;
	char id[6];

	if (!vmbim_read_u32(in, 0, &session) || (set && (!vmbim_read_u32(in, 4, &command) || command > 1)) || session)
		return MBIM_INVALID_PARAMETERS;
	if (set && command == 1 && !home(mbim, id))
		return MBIM_NOT_INITIALIZED;
	if (set)
		mbim->connected = command == 1;
	vmbim_info_u32(out, session);
	vmbim_info_u32(out, mbim->connected ? ACTIVATED : DEACTIVATED);
	vmbim_info_u32(out, 0);				/* VoiceCallState */
	vmbim_info_u32(out, 1);				/* IPv4 */
	esim_buf_append(&out->fixed, internet, sizeof(internet));
	vmbim_info_u32(out, 0);				/* NwError */
	return MBIM_SUCCESS;
}

/* Addresses for documentation (RFC 5737). */
static enum mbim_status ip_configuration(struct mbim *mbim, bool set, struct esim_slice in, struct mbim_info *out)
{
	static const uint8_t address[] = { 24, 0, 0, 0, 192, 0, 2, 2 }, gateway[] = { 192, 0, 2, 1 };

	(void)set, (void)in;
	if (!mbim->connected)
		return MBIM_CONTEXT_NOT_ACTIVATED;
	vmbim_info_u32(out, 0);				/* SessionId */
	vmbim_info_u32(out, 0x0F);			/* IPv4: address, gateway, DNS, MTU */
	vmbim_info_u32(out, 0);				/* IPv6 */
	vmbim_info_u32(out, 1);
	vmbim_info_offset(out, esim_slice(address, sizeof(address)));
	vmbim_info_u32(out, 0);
	vmbim_info_u32(out, 0);
	vmbim_info_offset(out, esim_slice(gateway, sizeof(gateway)));
	vmbim_info_u32(out, 0);
	vmbim_info_u32(out, 1);
	vmbim_info_offset(out, esim_slice(gateway, sizeof(gateway)));
	vmbim_info_u32(out, 0);
	vmbim_info_u32(out, 0);
	vmbim_info_u32(out, 1500);
	vmbim_info_u32(out, 0);
	return MBIM_SUCCESS;
}

static enum mbim_status statistics(struct mbim *mbim, bool set, struct esim_slice in, struct mbim_info *out)
{
	(void)mbim, (void)set, (void)in;
	for (unsigned i = 0; i < 12; i++)
		vmbim_info_u32(out, 0);
	return MBIM_SUCCESS;
}

static enum mbim_status hint(struct mbim *mbim, bool set, struct esim_slice in, struct mbim_info *out)
{
	uint32_t state = 0;

	(void)mbim;
	if (set && !vmbim_read_u32(in, 0, &state))
		return MBIM_INVALID_PARAMETERS;
	vmbim_info_u32(out, state);
	return MBIM_SUCCESS;
}

const struct mbim_command vmbim_network_commands[] = {
	{ 6, MBIM_QUERY, "other", NULL, home_provider },
	{ 7, MBIM_QUERY, "other", NULL, none_provisioned },
	{ 8, MBIM_QUERY, "other", NULL, visible_providers },
	{ 9, MBIM_BOTH, "other", "other", register_state },
	{ 10, MBIM_BOTH, "other", "other", packet_service },
	{ 11, MBIM_BOTH, "other", "other", signal_state },
	{ 12, MBIM_BOTH, "other", "other", connect },
	{ 13, MBIM_QUERY, "other", NULL, none_provisioned },
	{ 15, MBIM_QUERY, "other", NULL, ip_configuration },
	{ 20, MBIM_QUERY, "other", NULL, statistics },
	{ 21, MBIM_BOTH, "other", "other", hint },
	{ 22, MBIM_QUERY, "other", NULL, hint },
	{ 0 },
};
