/* SPDX-License-Identifier: GPL-2.0-or-later */
/* ModemManager's answers, read strictly; see modem_manager.h. */
#include "modem_manager.h"

#include <ctype.h>
#include <errno.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* --- properties ------------------------------------------------------------------------------------- */

/* One of a{sv} that is wanted: of another type than this it is passed over. */
struct property {
	const char *name, *type;
	int (*take)(sd_bus_message *m, const struct property *property, void *object);
	size_t offset, size;			/* in the object */
};

static void *member(const struct property *property, void *object)
{
	return (char *)object + property->offset;
}

static int take_text(sd_bus_message *m, const struct property *property, void *object)
{
	const char *text;
	int r = sd_bus_message_read_basic(m, property->type[0], &text);

	if (r > 0)
		snprintf(member(property, object), property->size, "%s", text);
	return r;
}

static int take_number(sd_bus_message *m, const struct property *property, void *object)
{
	return sd_bus_message_read_basic(m, property->type[0], member(property, object));
}

/* Digits of a length that can be; an ICCID may come with its filler. */
static int take_digits(sd_bus_message *m, const struct property *property, void *object)
{
	char *to = member(property, object);
	const char *text;
	size_t len;
	int r = sd_bus_message_read_basic(m, 's', &text);

	if (r <= 0)
		return r;
	len = strspn(text, "0123456789");
	to[0] = '\0';
	if (len > 0 && len < property->size && strspn(text + len, "Ff") == strlen(text + len))
		snprintf(to, property->size, "%.*s", (int)len, text);
	return r;
}

static int take_variant(sd_bus_message *m, const struct property *properties, const char *name, void *object)
{
	const char *contents;
	char type;
	int r = sd_bus_message_peek_type(m, &type, &contents);

	if (r <= 0)
		return r < 0 ? r : -EBADMSG;
	while (properties->name && strcmp(properties->name, name) != 0)
		properties++;
	if (!properties->name || type != 'v' || strcmp(contents, properties->type) != 0)
		return sd_bus_message_skip(m, "v");
	r = sd_bus_message_enter_container(m, 'v', contents);
	if (r > 0)
		r = properties->take(m, properties, object);
	return r < 0 ? r : sd_bus_message_exit_container(m);
}

static int read_properties(sd_bus_message *m, const struct property *properties, void *object)
{
	const char *name;
	int r = sd_bus_message_enter_container(m, 'a', "{sv}");

	while (r >= 0 && (r = sd_bus_message_enter_container(m, 'e', "sv")) > 0) {
		r = sd_bus_message_read_basic(m, 's', &name);
		if (r > 0)
			r = take_variant(m, properties, name, object);
		if (r >= 0)
			r = sd_bus_message_exit_container(m);
	}
	return r < 0 ? r : sd_bus_message_exit_container(m);
}

/* --- a modem ------------------------------------------------------------------------------------------- */

/* Of a device node or a network interface: it becomes part of a path. */
static bool is_port_name(const char *name)
{
	const size_t len = strlen(name);

	return len > 0 && len < sizeof(((struct mm_port *)0)->name) && name[0] != '.' &&
	       strspn(name, "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789._-") == len;
}

static int take_ports(sd_bus_message *m, const struct property *property, void *object)
{
	struct mm_modem *modem = object;
	const char *name;
	uint32_t type;
	int r = sd_bus_message_enter_container(m, 'a', "(su)");

	(void)property;
	modem->port_count = 0;
	while (r >= 0 && (r = sd_bus_message_read(m, "(su)", &name, &type)) > 0) {
		if (modem->port_count == MM_MAX_PORTS || !is_port_name(name))
			continue;
		snprintf(modem->ports[modem->port_count].name, sizeof(modem->ports[0].name), "%s", name);
		modem->ports[modem->port_count++].type = type;
	}
	return r < 0 ? r : sd_bus_message_exit_container(m);
}

/* "/" stands for none. */
static void set_path(char path[static MM_MAX_PATH], const char *text)
{
	snprintf(path, MM_MAX_PATH, "%s", strlen(text) > 1 && strlen(text) < MM_MAX_PATH ? text : "");
}

static int take_path(sd_bus_message *m, const struct property *property, void *object)
{
	const char *path;
	int r = sd_bus_message_read_basic(m, 'o', &path);

	if (r > 0)
		set_path(member(property, object), path);
	return r;
}

static int take_slots(sd_bus_message *m, const struct property *property, void *object)
{
	struct mm_modem *modem = object;
	const char *path;
	int r = sd_bus_message_enter_container(m, 'a', "o");

	(void)property;
	modem->slot_count = 0;
	while (r >= 0 && (r = sd_bus_message_read_basic(m, 'o', &path)) > 0)
		if (modem->slot_count < ESIM_MODEM_MAX_SLOTS)
			set_path(modem->slots[modem->slot_count++].path, path);
	return r < 0 ? r : sd_bus_message_exit_container(m);
}

#define AT(type, field) offsetof(type, field), sizeof(((type *)0)->field)

static const struct property modem_properties[] = {
	{ "Device", "s", take_text, AT(struct mm_modem, uid) },
	{ "Manufacturer", "s", take_text, AT(struct mm_modem, manufacturer) },
	{ "Model", "s", take_text, AT(struct mm_modem, model) },
	{ "Ports", "a(su)", take_ports, 0, 0 },
	{ "State", "i", take_number, AT(struct mm_modem, state) },
	{ "PrimarySimSlot", "u", take_number, AT(struct mm_modem, slot) },
	{ "Sim", "o", take_path, AT(struct mm_modem, sim.path) },
	{ "SimSlots", "ao", take_slots, 0, 0 },
	{ 0 },
};

static const struct property gpp_properties[] = {
	{ "RegistrationState", "u", take_number, AT(struct mm_modem, registration) },
	{ "OperatorName", "s", take_text, AT(struct mm_modem, operator_name) },
	{ "OperatorCode", "s", take_text, AT(struct mm_modem, operator_code) },
	{ 0 },
};

static const struct property sim_properties[] = {
	{ "SimIdentifier", "s", take_digits, AT(struct mm_sim, iccid) },
	{ "Eid", "s", take_digits, AT(struct mm_sim, eid) },
	{ 0 },
};

/* SimType, and what only an eSIM has; see mm_read_sim(). */
struct sim_kind {
	uint32_t type, esim_status;
};
#define MM_SIM_TYPE_ESIM 2

static const struct property sim_kind_properties[] = {
	{ "SimType", "u", take_number, AT(struct sim_kind, type) },
	{ "EsimStatus", "u", take_number, AT(struct sim_kind, esim_status) },
	{ 0 },
};

int mm_read_sim(sd_bus_message *reply, struct mm_sim *sim)
{
	struct sim_kind kind = { 0 };
	int r = read_properties(reply, sim_properties, sim);

	if (r >= 0)
		r = sd_bus_message_rewind(reply, true);
	if (r >= 0)
		r = read_properties(reply, sim_kind_properties, &kind);
	if (r < 0)
		return r;
	if (strlen(sim->eid) != ESIM_EID_DIGITS)
		sim->eid[0] = '\0';
	sim->is_esim = sim->eid[0] || kind.type == MM_SIM_TYPE_ESIM || kind.esim_status > 0;
	return 0;
}

/* --- all of them ------------------------------------------------------------------------------------------ */

static const struct property no_properties[] = { { 0 } };

/* @ret_found: it is a modem. */
static int read_interfaces(sd_bus_message *m, struct mm_modem *modem, bool *ret_found)
{
	const struct property *properties;
	const char *interface;
	int r = sd_bus_message_enter_container(m, 'a', "{sa{sv}}");

	while (r >= 0 && (r = sd_bus_message_enter_container(m, 'e', "sa{sv}")) > 0) {
		r = sd_bus_message_read_basic(m, 's', &interface);
		if (r <= 0)
			return r < 0 ? r : -EBADMSG;
		properties = strcmp(interface, MM_MODEM) == 0 ? modem_properties :
			     strcmp(interface, MM_MODEM ".Modem3gpp") == 0 ? gpp_properties : no_properties;
		*ret_found |= properties == modem_properties;
		r = read_properties(m, properties, modem);
		if (r >= 0)
			r = sd_bus_message_exit_container(m);
	}
	return r < 0 ? r : sd_bus_message_exit_container(m);
}

static int read_object(sd_bus_message *m, struct mm_modem *modem, bool *ret_found)
{
	const char *path;
	int r = sd_bus_message_read_basic(m, 'o', &path);

	*ret_found = false;
	*modem = (struct mm_modem){ .registration = MM_REGISTRATION_UNKNOWN };
	if (r <= 0)
		return r < 0 ? r : -EBADMSG;
	set_path(modem->path, path);
	r = read_interfaces(m, modem, ret_found);
	*ret_found = *ret_found && modem->path[0] && modem->uid[0];
	if (modem->slot_count > 0 && modem->slot > modem->slot_count)
		modem->slot = 0;
	return r;
}

int mm_read_modems(sd_bus_message *reply, struct mm_modem **ret, size_t *ret_count)
{
	struct mm_modem *modems = calloc(MM_MAX_MODEMS, sizeof(*modems)), modem;
	size_t count = 0;
	bool found;
	int r;

	if (!modems)
		return -ENOMEM;
	r = sd_bus_message_enter_container(reply, 'a', "{oa{sa{sv}}}");
	while (r >= 0 && (r = sd_bus_message_enter_container(reply, 'e', "oa{sa{sv}}")) > 0) {
		r = read_object(reply, &modem, &found);
		if (r >= 0 && found && count < MM_MAX_MODEMS)
			modems[count++] = modem;
		if (r >= 0)
			r = sd_bus_message_exit_container(reply);
	}
	if (r < 0) {
		free(modems);
		return r;
	}
	*ret = modems;
	*ret_count = count;
	return 0;
}

/* --- ports ---------------------------------------------------------------------------------------------------- */

static const struct {
	unsigned type;
	const char *scheme;
} ways[] = { { MM_PORT_MBIM, "mbim" }, { MM_PORT_QMI, "qmi" }, { MM_PORT_AT, "at" } };
#define WAY_COUNT (sizeof(ways) / sizeof(ways[0]))

static const struct mm_port *port_of_type(const struct mm_modem *modem, unsigned type)
{
	for (size_t i = 0; i < modem->port_count; i++)
		if (modem->ports[i].type == type)
			return &modem->ports[i];
	return NULL;
}

/* The port that libesim takes, MBIM before QMI before AT; NULL: it has none. */
static const struct mm_port *best_port(const struct mm_modem *modem)
{
	const struct mm_port *port = NULL;

	for (size_t i = 0; i < WAY_COUNT && !port; i++)
		port = port_of_type(modem, ways[i].type);
	return port;
}

bool mm_uri(const struct mm_modem *modem, unsigned slot, char uri[static ESIM_URI_SIZE])
{
	const struct mm_port *port = best_port(modem);
	size_t way = 0;

	if (!port)
		return false;
	while (ways[way].type != port->type)
		way++;
	snprintf(uri, ESIM_URI_SIZE, slot ? "%s:/dev/%s?slot=%u" : "%s:/dev/%s", ways[way].scheme, port->name, slot);
	return true;
}

/* What follows the scheme; NULL: it is no modem's. */
static const char *path_of(const char *uri)
{
	for (size_t i = 0; i < WAY_COUNT; i++) {
		const size_t len = strlen(ways[i].scheme);

		if (strncmp(uri, ways[i].scheme, len) == 0 && uri[len] == ':')
			return uri + len + 1;
	}
	return NULL;
}

bool mm_is_modem_uri(const char *uri)
{
	return path_of(uri) != NULL;
}

static bool is_same_node(const char *path, const char *port)
{
	char node[sizeof("/dev/") + sizeof(((struct mm_port *)0)->name)], of_port[PATH_MAX], of_path[PATH_MAX];

	snprintf(node, sizeof(node), "/dev/%s", port);
	if (strcmp(path, node) == 0)
		return true;
	return realpath(path, of_path) && realpath(node, of_port) && strcmp(of_path, of_port) == 0;
}

const struct mm_modem *mm_find_uri(const struct mm_modem *modems, size_t count, const char *uri)
{
	const char *rest = path_of(uri);
	char path[ESIM_URI_SIZE];

	if (!rest || rest[0] != '/')
		return NULL;
	snprintf(path, sizeof(path), "%.*s", (int)strcspn(rest, "?"), rest);
	for (size_t i = 0; i < count; i++)
		for (size_t j = 0; j < modems[i].port_count; j++)
			if (modems[i].ports[j].type != MM_PORT_NET && is_same_node(path, modems[i].ports[j].name))
				return &modems[i];
	return NULL;
}

const struct mm_modem *mm_find_uid(const struct mm_modem *modems, size_t count, const char *uid)
{
	for (size_t i = 0; i < count; i++)
		if (strcmp(modems[i].uid, uid) == 0)
			return &modems[i];
	return NULL;
}

/* --- words ------------------------------------------------------------------------------------------------------- */

const char *mm_state_name(int state)
{
	static const char *const names[] = {
		"failed", "unknown", "initializing", "locked", "disabled", "disabling", "enabling", "enabled",
		"searching", "registered", "disconnecting", "connecting", "connected",
	};

	return state < MM_STATE_FAILED || state > MM_STATE_CONNECTED ? "unknown" : names[state + 1];
}

const char *mm_registration_name(unsigned registration)
{
	static const char *const names[] = {
		"idle", "home", "searching", "denied", "unknown", "roaming", "homeSmsOnly", "roamingSmsOnly",
		"emergencyOnly", "homeCsfbNotPreferred", "roamingCsfbNotPreferred", "restricted",
	};

	return registration > MM_RESTRICTED ? "unknown" : names[registration];
}
