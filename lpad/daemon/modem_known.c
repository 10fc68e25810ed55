/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Modems that are served, and what becomes of them with each list; see modem_known.h. */
#include "modem_known.h"

#include "daemon.h"
#include "log.h"
#include "modem_board.h"
#include "monitor.h"
#include "publish.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

struct modem_seen {
	struct modem_seen *next;
	char uid[sizeof(((struct mm_modem *)0)->uid)];
	char uri[ESIM_URI_SIZE];
	unsigned slot;				/* in use, as ModemManager said; 0: it did not */
	bool published;				/* it is served as the /dev/euiccN that comes of that */
};

static const struct config *config_of(const struct modem_known *known)
{
	return &known->daemon->context->config;
}

/* stat() and not access(): that asks the unit's DeviceAllow= too, and a modem's port is modem-broker's to open. */
static bool has_node(const char *uri)
{
	char path[ESIM_URI_SIZE];
	struct stat status;
	const char *rest = strchr(uri, ':') + 1;

	snprintf(path, sizeof(path), "%.*s", (int)strcspn(rest, "?"), rest);
	return stat(path, &status) == 0;
}

static struct modem_seen *find_seen(struct modem_known *known, const struct mm_modem *modem, const char *uri)
{
	struct modem_seen *seen = known->seen;

	while (seen && strcmp(seen->uid, modem->uid) != 0)
		seen = seen->next;
	/* ModemManager may have a name of its own for the hardware that udev told of. */
	if (!seen)
		for (seen = known->seen; seen && strcmp(seen->uri, uri) != 0;)
			seen = seen->next;
	return seen;
}

/* One that the configuration names by a port of its own is that device's: a modem has one owner. */
static bool is_configured(const struct modem_known *known, const struct mm_modem *modem)
{
	const struct config *config = config_of(known);

	for (size_t i = 0; i < config->device_count; i++)
		if (mm_find_uri(modem, 1, config->devices[i]))
			return true;
	return false;
}

static void add_seen(struct modem_known *known, const struct mm_modem *modem, const char *uri)
{
	struct modem_seen *seen = calloc(1, sizeof(*seen));

	if (!seen)
		return;
	snprintf(seen->uid, sizeof(seen->uid), "%s", modem->uid);
	snprintf(seen->uri, sizeof(seen->uri), "%s", uri);
	seen->slot = modem->slot;
	seen->next = known->seen;
	known->seen = seen;
	seen->published = config_of(known)->publish;
	log_say(LOG_INFO, "a modem is there: %s", uri);
	if (seen->published)
		publish_change(known->bus, uri, true);
	else
		device_appeared(known->daemon, uri);
}

static void move_seen(struct modem_known *known, struct modem_seen *seen, const char *uri)
{
	if (seen->published) {
		publish_change(known->bus, seen->uri, false);
		publish_change(known->bus, uri, true);
	} else {
		device_moved(known->daemon, seen->uri, uri);
	}
	snprintf(seen->uri, sizeof(seen->uri), "%s", uri);
}

static void update_seen(struct modem_known *known, struct modem_seen *seen, const struct mm_modem *modem,
			const char *uri)
{
	const bool other_slot = modem->slot && seen->slot && modem->slot != seen->slot;

	snprintf(seen->uid, sizeof(seen->uid), "%s", modem->uid);
	if (modem->slot)
		seen->slot = modem->slot;
	/* While a profile is switched the lane's work has its port, also against one who comes to it; the end looks again. */
	if (modem_board_is_switching(known->daemon->modems, seen->uri) ||
	    modem_board_is_switching(known->daemon->modems, uri))
		return;
	if (strcmp(seen->uri, uri) != 0)
		move_seen(known, seen, uri);
	else if (other_slot)
		device_changed(known->daemon, uri);
}

static void drop_seen(struct modem_known *known, struct modem_seen **at)
{
	struct modem_seen *seen = *at;

	*at = seen->next;
	log_say(LOG_INFO, "a modem is there no more: %s", seen->uri);
	if (seen->published)
		publish_change(known->bus, seen->uri, false);
	else
		device_went(known->daemon, seen->uri);
	free(seen);
}

/* Those whose port is not there any more. */
void modem_known_drop_gone(struct modem_known *known)
{
	for (struct modem_seen **at = &known->seen; *at;) {
		if (has_node((*at)->uri) || modem_board_is_switching(known->daemon->modems, (*at)->uri))
			at = &(*at)->next;
		else
			drop_seen(known, at);
	}
}

static void drop_configured(struct modem_known *known, const struct mm_modem *modem)
{
	for (struct modem_seen **at = &known->seen; *at;) {
		if (strcmp((*at)->uid, modem->uid) != 0)
			at = &(*at)->next;
		else
			drop_seen(known, at);
	}
}

/* The list's modem of that uid has another port now, and not this one any more. */
static bool has_moved(const struct modem_seen *seen, const struct mm_modem *modems, size_t count)
{
	char uri[ESIM_URI_SIZE];

	for (size_t i = 0; i < count; i++)
		if (strcmp(seen->uid, modems[i].uid) == 0)
			return mm_uri(&modems[i], 0, uri) && strcmp(seen->uri, uri) != 0;
	return false;
}

/*
 * Several may come back with their ports' names exchanged. A modem that moves to a name needs it free: who had that,
 * and moved himself, goes, and comes by the list.
 */
static void free_names(struct modem_known *known, const struct mm_modem *modems, size_t count)
{
	char uri[ESIM_URI_SIZE];

	for (struct modem_seen **at = &known->seen; *at;) {
		bool is_others = false;

		for (size_t i = 0; i < count; i++)
			if (strcmp((*at)->uid, modems[i].uid) != 0 && mm_uri(&modems[i], 0, uri))
				is_others |= strcmp((*at)->uri, uri) == 0;
		if (is_others && has_moved(*at, modems, count) &&
		    !modem_board_is_switching(known->daemon->modems, (*at)->uri))
			drop_seen(known, at);
		else
			at = &(*at)->next;
	}
}

void modem_known_take(struct modem_known *known, const struct mm_modem *modems, size_t count)
{
	char uri[ESIM_URI_SIZE];

	free_names(known, modems, count);
	for (size_t i = 0; i < count; i++) {
		struct modem_seen *seen;

		if (!mm_uri(&modems[i], 0, uri))
			continue;
		if (is_configured(known, &modems[i])) {
			drop_configured(known, &modems[i]);
			continue;
		}
		seen = find_seen(known, &modems[i], uri);
		if (seen)
			update_seen(known, seen, &modems[i], uri);
		else
			add_seen(known, &modems[i], uri);
	}
	modem_known_drop_gone(known);
}

void modem_known_reload(struct modem_known *known)
{
	for (struct modem_seen **at = &known->seen; *at;) {
		if ((config_of(known)->scan & CONFIG_SCAN_MODEM) && (*at)->published == config_of(known)->publish)
			at = &(*at)->next;
		else
			drop_seen(known, at);
	}
}

void modem_known_forget(struct modem_known *known)
{
	struct modem_seen *next;

	for (struct modem_seen *seen = known->seen; seen; seen = next) {
		next = seen->next;
		free(seen);
	}
	known->seen = NULL;
}
