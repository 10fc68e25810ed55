/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Reading NAME.json, table-driven and strict; see order_file.h. */
#include "smdpp/order_file.h"

#include "rsp/clock.h"
#include "rsp/file.h"

#include <esim/base64.h>
#include <esim/limits.h>

#include <jansson.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define MAX_SIDE_FILE (64 * 1024)
#define DEFAULT_RETRIES 3

static const struct {
	const char *name;
	uint8_t event;
} event_names[] = {
	{ "install", ORDER_EVENT_INSTALL },
	{ "enable", ORDER_EVENT_ENABLE },
	{ "disable", ORDER_EVENT_DISABLE },
	{ "delete", ORDER_EVENT_DELETE },
};

static const char *const class_names[] = { "test", "provisioning", "operational" };

/* --- one reader per kind of value: 0 or ESIM_EINVAL ------------------------------ */

static int read_text(char **to, const json_t *value, size_t max)
{
	const char *text = json_string_value(value);

	if (!text || !*text || strlen(text) > max)
		return ESIM_EINVAL;
	*to = strdup(text);
	return *to ? 0 : ESIM_ENOMEM;
}

static int read_bool(bool *to, const json_t *value)
{
	if (!json_is_boolean(value))
		return ESIM_EINVAL;
	*to = json_boolean_value(value);
	return 0;
}

static int read_count(unsigned *to, const json_t *value)
{
	json_int_t number = json_integer_value(value);

	if (!json_is_integer(value) || number < 0 || number > 1000)
		return ESIM_EINVAL;
	*to = (unsigned)number;
	return 0;
}

static int read_code(struct order *order, const json_t *value, const char *dir)
{
	(void)dir;
	return read_text(&order->confirmation_code, value, ESIM_MAX_CONFIRMATION_CODE);
}

static int read_retries(struct order *order, const json_t *value, const char *dir)
{
	(void)dir;
	return read_count(&order->retries, value);
}

static int read_attempts(struct order *order, const json_t *value, const char *dir)
{
	(void)dir;
	return read_count(&order->attempts, value);
}

static int read_eid(struct order *order, const json_t *value, const char *dir)
{
	(void)dir;
	order->has_eid = json_is_string(value) && !esim_eid_parse(json_string_value(value), &order->eid);
	return order->has_eid ? 0 : ESIM_EINVAL;
}

static int read_default(struct order *order, const json_t *value, const char *dir)
{
	(void)dir;
	return read_bool(&order->is_default, value);
}

static int read_once(struct order *order, const json_t *value, const char *dir)
{
	(void)dir;
	return read_bool(&order->once, value);
}

static int read_protected_keys(struct order *order, const json_t *value, const char *dir)
{
	(void)dir;
	return read_bool(&order->protected_keys, value);
}

static int read_split_metadata(struct order *order, const json_t *value, const char *dir)
{
	(void)dir;
	return read_bool(&order->split_metadata, value);
}

static int read_rebind(struct order *order, const json_t *value, const char *dir)
{
	bool rebind;
	int r = read_bool(&rebind, value);

	(void)dir;
	order->no_rebind = !r && !rebind;
	return r;
}

static int read_released(struct order *order, const json_t *value, const char *dir)
{
	bool released;
	int r = read_bool(&released, value);

	(void)dir;
	order->unreleased = !r && !released;
	return r;
}

static int read_expires(struct order *order, const json_t *value, const char *dir)
{
	(void)dir;
	return json_is_string(value) ? rsp_clock_parse(json_string_value(value), &order->expires)
				     : ESIM_EINVAL;
}

static int read_class(struct order *order, const json_t *value, const char *dir)
{
	const char *text = json_string_value(value);

	(void)dir;
	for (uint8_t i = 0; i < 3; i++) {
		if ((text && strcmp(text, class_names[i]) == 0) ||
		    (json_is_integer(value) && json_integer_value(value) == i)) {
			order->profile_class = i;
			return 0;
		}
	}
	return ESIM_EINVAL;
}

static int read_policy_rules(struct order *order, const json_t *value, const char *dir)
{
	const json_t *rule;
	size_t i;

	(void)dir;
	if (!json_is_array(value))
		return ESIM_EINVAL;
	json_array_foreach(value, i, rule) {
		if (json_is_string(rule) && strcasecmp(json_string_value(rule), "ppr1") == 0)
			order->policy_rules |= ORDER_PPR1;
		else if (json_is_string(rule) && strcasecmp(json_string_value(rule), "ppr2") == 0)
			order->policy_rules |= ORDER_PPR2;
		else
			return ESIM_EINVAL;
	}
	return 0;
}

static int read_service_provider(struct order *order, const json_t *value, const char *dir)
{
	(void)dir;
	return read_text(&order->service_provider_name, value, ESIM_MAX_SERVICE_PROVIDER);
}

static int read_profile_name(struct order *order, const json_t *value, const char *dir)
{
	(void)dir;
	return read_text(&order->profile_name, value, ESIM_MAX_PROFILE_NAME);
}

static int read_gid(struct esim_buf *to, const json_t *value)
{
	uint8_t bytes[ESIM_MAX_PROFILE_OWNER_GID];
	size_t len;

	if (!value)
		return 0;
	if (!json_is_string(value) || esim_hex_decode(json_string_value(value), bytes, sizeof(bytes), &len))
		return ESIM_EINVAL;
	esim_buf_append(to, bytes, len);
	return esim_buf_failed(to);
}

/* "00101" or "001010" as in EF.PLMN: swapped nibbles, F for a missing third MNC digit. */
static int read_mccmnc(uint8_t to[static 3], const char *digits)
{
	size_t len = digits ? strlen(digits) : 0;
	uint8_t d[6];

	if ((len != 5 && len != 6) || strspn(digits, "0123456789") != len)
		return ESIM_EINVAL;
	for (size_t i = 0; i < 6; i++)
		d[i] = i < len ? (uint8_t)(digits[i] - '0') : 0xF;
	to[0] = (uint8_t)(d[1] << 4 | d[0]);
	to[1] = (uint8_t)(d[5] << 4 | d[2]);
	to[2] = (uint8_t)(d[4] << 4 | d[3]);
	return 0;
}

static int read_owner(struct order *order, const json_t *value, const char *dir)
{
	const json_t *plmn = json_is_object(value) ? json_object_get(value, "mccMnc") : value;

	(void)dir;
	if (read_mccmnc(order->owner, json_string_value(plmn)))
		return ESIM_EINVAL;
	order->has_owner = true;
	if (read_gid(&order->owner_gid1, json_object_get(value, "gid1")))
		return ESIM_EINVAL;
	return read_gid(&order->owner_gid2, json_object_get(value, "gid2"));
}

/* A file name beside the order, or the picture itself in base64. */
static int read_icon(struct order *order, const json_t *value, const char *dir)
{
	const char *text = json_string_value(value), *ending = text ? strrchr(text, '.') : NULL;
	char path[4096];
	int r;

	if (!text || strchr(text, '\n'))
		return ESIM_EINVAL;
	if (ending) {
		snprintf(path, sizeof(path), "%s/%s", dir, text);
		r = rsp_file_read(path, ESIM_MAX_ICON, &order->icon, NULL);
	} else {
		r = esim_base64_decode(text, strlen(text), &order->icon);
	}
	if (r || order->icon.len == 0 || order->icon.len > ESIM_MAX_ICON)
		return ESIM_EINVAL;
	order->icon_type = order->icon.len > 4 && memcmp(order->icon.data + 1, "PNG", 3) == 0;
	return 0;
}

static int add_notification(struct order *order, const json_t *name, const json_t *address)
{
	struct order_notification *to = &order->notifications[order->notification_count];

	if (!json_is_string(name) || order->notification_count == ORDER_MAX_NOTIFICATIONS)
		return ESIM_EINVAL;
	for (size_t i = 0; i < sizeof(event_names) / sizeof(event_names[0]); i++)
		if (strcmp(json_string_value(name), event_names[i].name) == 0)
			to->event = event_names[i].event;
	if (!to->event)
		return ESIM_EINVAL;
	order->notification_count++;
	return address ? read_text(&to->address, address, ESIM_MAX_FQDN) : 0;
}

static int read_notification_events(struct order *order, const json_t *value, const char *dir)
{
	const json_t *entry;
	size_t i;
	int r;

	(void)dir;
	if (!json_is_array(value))
		return ESIM_EINVAL;
	json_array_foreach(value, i, entry) {
		if (json_is_object(entry))
			r = add_notification(order, json_object_get(entry, "event"),
					     json_object_get(entry, "address"));
		else
			r = add_notification(order, entry, NULL);
		if (r)
			return r;
	}
	return 0;
}

static int read_event(struct order *order, const json_t *value, const char *dir)
{
	const json_t *server;
	int r;

	(void)dir;
	if (!json_is_object(value))
		return read_text(&order->event, value, ESIM_MAX_MATCHING_ID);
	r = read_text(&order->event, json_object_get(value, "id"), ESIM_MAX_MATCHING_ID);
	server = json_object_get(value, "server");
	return r || !server ? r : read_text(&order->event_server, server, ESIM_MAX_FQDN);
}

static const struct {
	const char *name;
	int (*read)(struct order *order, const json_t *value, const char *dir);
	const char *wants;
} members[] = {
	{ "confirmationCode", read_code, "a text" },
	{ "retries", read_retries, "a number" },
	{ "attempts", read_attempts, "a number" },
	{ "eid", read_eid, "32 digits" },
	{ "default", read_default, "true or false" },
	{ "once", read_once, "true or false" },
	{ "protectedKeys", read_protected_keys, "true or false" },
	{ "splitMetadata", read_split_metadata, "true or false" },
	{ "rebind", read_rebind, "true or false" },
	{ "released", read_released, "true or false" },
	{ "expires", read_expires, "a time such as 2026-11-22T13:00:00Z" },
	{ "class", read_class, "\"test\", \"provisioning\" or \"operational\"" },
	{ "policyRules", read_policy_rules, "a list of \"ppr1\" and \"ppr2\"" },
	{ "serviceProviderName", read_service_provider, "a text of at most 32 bytes" },
	{ "profileName", read_profile_name, "a text of at most 64 bytes" },
	{ "owner", read_owner, "\"MCCMNC\" or {mccMnc, gid1, gid2}" },
	{ "icon", read_icon, "a file name or base64, at most 1024 bytes" },
	{ "notificationEvents", read_notification_events,
	  "a list of \"install\", \"enable\", \"disable\", \"delete\" or {event, address}" },
	{ "event", read_event, "a text or {id, server}" },
};

static int read_member(struct order *order, const char *dir, const char *path, const char *name,
		       const json_t *value, struct esim_error *err)
{
	for (size_t i = 0; i < sizeof(members) / sizeof(members[0]); i++) {
		if (strcmp(name, members[i].name) != 0)
			continue;
		if (members[i].read(order, value, dir) == 0)
			return 0;
		return esim_error_set(err, ESIM_EINVAL, "%s: \"%s\" must be %s", path, name, members[i].wants);
	}
	return esim_error_set(err, ESIM_EINVAL, "%s: unknown member \"%s\"", path, name);
}

static void set_defaults(struct order *order)
{
	order->retries = DEFAULT_RETRIES;
	order->profile_class = 2;
}

static void default_notifications(struct order *order)
{
	static const uint8_t usual[] = { ORDER_EVENT_ENABLE, ORDER_EVENT_DISABLE, ORDER_EVENT_DELETE };

	for (size_t i = 0; i < sizeof(usual); i++)
		order->notifications[order->notification_count++].event = usual[i];
}

int order_file_read(struct order *order, const char *dir, const char *path, struct esim_error *err)
{
	struct esim_buf text = ESIM_BUF_INIT;
	json_error_t fault;
	json_t *root, *value;
	const char *name;
	int r;

	order_file_clear(order);
	set_defaults(order);
	r = rsp_file_read(path, MAX_SIDE_FILE, &text, err);
	if (r == ESIM_ENOENT) {
		default_notifications(order);
		return 0;
	}
	if (r)
		return r;
	root = json_loadb((const char *)text.data, text.len, JSON_REJECT_DUPLICATES, &fault);
	esim_buf_free(&text);
	if (!json_is_object(root)) {
		json_decref(root);
		return esim_error_set(err, ESIM_EINVAL, "%s is no JSON object: %s in line %d", path,
				      fault.text, fault.line);
	}
	json_object_foreach(root, name, value) {
		r = read_member(order, dir, path, name, value, err);
		if (r)
			break;
	}
	if (!r && !json_object_get(root, "notificationEvents"))
		default_notifications(order);
	json_decref(root);
	return r;
}

void order_file_clear(struct order *order)
{
	if (order->confirmation_code)
		explicit_bzero(order->confirmation_code, strlen(order->confirmation_code));
	free(order->confirmation_code);
	free(order->service_provider_name);
	free(order->profile_name);
	free(order->event);
	free(order->event_server);
	order->confirmation_code = order->service_provider_name = order->profile_name = NULL;
	order->event = order->event_server = NULL;
	esim_buf_free(&order->owner_gid1);
	esim_buf_free(&order->owner_gid2);
	esim_buf_free(&order->icon);
	for (size_t i = 0; i < order->notification_count; i++) {
		free(order->notifications[i].address);
		order->notifications[i] = (struct order_notification){ 0 };
	}
	order->notification_count = 0;
	order->attempts = 0;
	order->expires = 0;
	order->policy_rules = 0;
	order->has_eid = order->is_default = order->once = order->protected_keys = false;
	order->split_metadata = order->no_rebind = order->unreleased = order->has_owner = false;
}
