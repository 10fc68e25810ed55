/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What NetworkManager says of a modem's connection: a report, no more. See modem_client.h. */
#include "modem_client.h"

#include <stdio.h>
#include <string.h>

#define NM_NAME		"org.freedesktop.NetworkManager"
#define NM_PATH		"/org/freedesktop/NetworkManager"
#define NM_MAX_DEVICES	64

static const char *state_name(uint32_t state)
{
	static const char *const names[] = {
		"unknown", "unmanaged", "unavailable", "disconnected", "prepare", "config", "needAuth", "ipConfig",
		"ipCheck", "secondaries", "activated", "deactivating", "failed",
	};

	return state % 10 || state / 10 >= sizeof(names) / sizeof(names[0]) ? "unknown" : names[state / 10];
}

bool nm_is_running(struct mm_client *client)
{
	struct esim_error ignored;

	return mm_has_owner(client, NM_NAME, &ignored) > 0;
}

/* The reply stands at the property's value; NULL: it has none such. */
static sd_bus_message *get(struct mm_client *client, const char *device, const char *property, const char *type)
{
	sd_bus_message *reply = NULL;
	struct esim_error ignored;

	if (mm_call(client, MM_CALL_TIMEOUT_MS, NM_NAME, device, "org.freedesktop.DBus.Properties", "Get", &reply,
		    &ignored, "ss", NM_NAME ".Device", property))
		return NULL;
	if (sd_bus_message_enter_container(reply, 'v', type) > 0)
		return reply;
	sd_bus_message_unref(reply);
	return NULL;
}

static bool is_device_of(struct mm_client *client, const char *device, const char *modem)
{
	sd_bus_message *reply = get(client, device, "Udi", "s");
	const char *udi = "";
	bool fits;

	if (reply)
		sd_bus_message_read_basic(reply, 's', &udi);
	fits = strcmp(udi, modem) == 0;
	sd_bus_message_unref(reply);
	return fits;
}

static void read_state(struct mm_client *client, const char *device, char state[static 24])
{
	sd_bus_message *reply = get(client, device, "State", "u");
	uint32_t value = 0;

	if (reply && sd_bus_message_read_basic(reply, 'u', &value) > 0)
		snprintf(state, 24, "%s", state_name(value));
	sd_bus_message_unref(reply);
}

void nm_device_state(struct mm_client *client, const char *modem, char state[static 24])
{
	sd_bus_message *reply = NULL;
	struct esim_error ignored;
	const char *device;
	unsigned seen = 0;

	state[0] = '\0';
	if (mm_call(client, MM_CALL_TIMEOUT_MS, NM_NAME, NM_PATH, NM_NAME, "GetDevices", &reply, &ignored, ""))
		return;
	if (sd_bus_message_enter_container(reply, 'a', "o") > 0)
		while (!state[0] && seen++ < NM_MAX_DEVICES && sd_bus_message_read_basic(reply, 'o', &device) > 0)
			if (is_device_of(client, device, modem))
				read_state(client, device, state);
	sd_bus_message_unref(reply);
}
