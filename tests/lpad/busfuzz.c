/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * busfuzz SEED CALLS: a hostile client of lpad on the system bus. Calls every method at every path with
 * arguments of random types, some of them large, and reads few of the answers. Prints how many calls it made.
 */
#include <errno.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <systemd/sd-bus.h>

#define NAME "org.coreesim.Lpa1"
#define ROOT "/org/coreesim/Lpa1"
#define LARGE 65536
#define MAX_DEPTH 4

static const char *const paths[] = {
	ROOT, ROOT "/euicc/1", ROOT "/euicc/2", ROOT "/euicc/4294967296", ROOT "/euicc/1/profile/1",
	ROOT "/euicc/1/profile/99", ROOT "/euicc/1/notification/1", ROOT "/euicc/1/event/1", ROOT "/job/1",
	ROOT "/job/0", ROOT "/job/01", "/", "/org/freedesktop/DBus",
};
static const char *const interfaces[] = {
	"Manager1", "Euicc1", "Profile1", "Notification1", "Event1", "Job1", "Nothing1",
};
static const char *const members[] = {
	"ParseActivationCode", "CheckEvents", "GetDetails", "Download", "Discover", "MemoryReset",
	"SetDefaultSmdpAddress", "Refresh", "OpenChannel", "Attest", "Enable", "Disable", "Delete",
	"SetNickname", "Send", "Drop", "Confirm", "Cancel", "Nothing",
};
static const char *const keys[] = {
	"activation_code", "smdp_address", "matching_id", "event", "confirmation_code", "interactive",
	"enable_after", "expected_iccid", "refresh", "port", "smds", "consent", "policy_consent", "nothing", "",
};
#define PICK(list) (list)[(size_t)rand() % (sizeof(list) / sizeof((list)[0]))]

static char large[LARGE];

static const char *random_text(void)
{
	static const char *const texts[] = { "", "1", "LPA:1$a.example$b", "LPA:1$$$$$$", "\xC3\xA9", "endUserRejection" };

	return rand() % 16 == 0 ? large : PICK(texts);
}

static int append_value(sd_bus_message *m, int depth);

static int append_dict(sd_bus_message *m, int depth)
{
	int r = sd_bus_message_open_container(m, 'a', "{sv}");

	for (int i = rand() % 8; r >= 0 && i > 0; i--) {
		r = sd_bus_message_open_container(m, 'e', "sv");
		if (r >= 0)
			r = sd_bus_message_append_basic(m, 's', PICK(keys));
		if (r >= 0)
			r = append_value(m, depth + 1);
		if (r >= 0)
			r = sd_bus_message_close_container(m);
	}
	return r < 0 ? r : sd_bus_message_close_container(m);
}

/* A variant of any type. */
static int append_value(sd_bus_message *m, int depth)
{
	switch (rand() % (depth < MAX_DEPTH ? 6 : 5)) {
	case 0:
		return sd_bus_message_append(m, "v", "s", random_text());
	case 1:
		return sd_bus_message_append(m, "v", "b", rand() % 2);
	case 2:
		return sd_bus_message_append(m, "v", "u", (uint32_t)rand());
	case 3:
		return sd_bus_message_append(m, "v", "o", PICK(paths));
	case 4:
		return sd_bus_message_append(m, "v", "as", 2, random_text(), random_text());
	default: {
		int r = sd_bus_message_open_container(m, 'v', "a{sv}");

		if (r >= 0)
			r = append_dict(m, depth);
		return r < 0 ? r : sd_bus_message_close_container(m);
	}
	}
}

static int append_argument(sd_bus_message *m)
{
	switch (rand() % 7) {
	case 0:
		return sd_bus_message_append(m, "s", random_text());
	case 1:
		return sd_bus_message_append(m, "u", (uint32_t)rand());
	case 2:
		return sd_bus_message_append_array(m, 'y', large, (size_t)rand() % LARGE);
	case 3:
		return sd_bus_message_append(m, "as", 3, random_text(), "operational-profiles", random_text());
	case 4:
		return append_value(m, 0);
	default:
		return append_dict(m, 0);
	}
}

static int call(sd_bus *bus, bool answered)
{
	char interface[64];
	sd_bus_message *m = NULL, *reply = NULL;
	int r;

	snprintf(interface, sizeof(interface), "%s.%s", NAME, PICK(interfaces));
	r = sd_bus_message_new_method_call(bus, &m, NAME, PICK(paths), interface, PICK(members));
	for (int i = rand() % 3; r >= 0 && i > 0; i--)
		r = append_argument(m);
	if (r >= 0 && answered)
		r = sd_bus_call(bus, m, 30000000, NULL, &reply);
	else if (r >= 0)
		r = sd_bus_send(bus, m, NULL);
	sd_bus_message_unref(reply);
	sd_bus_message_unref(m);
	return r;
}

int main(int argc, char **argv)
{
	long calls = argc > 2 ? atol(argv[2]) : 0, made = 0;
	sd_bus *bus = NULL;

	if (calls <= 0) {
		fputs("usage: busfuzz SEED CALLS\n", stderr);
		return 2;
	}
	srand((unsigned)atoi(argv[1]));
	memset(large, 'A', sizeof(large) - 1);
	for (long i = 0; i < calls; i++) {
		/* The bus may have had enough of this client: the next one begins. */
		if (!bus && sd_bus_open_system(&bus) < 0)
			return 1;
		if (call(bus, rand() % 8 == 0) >= 0 || errno != ENOTCONN)
			made++;
		if (rand() % 200 == 0 || !sd_bus_is_open(bus))
			bus = sd_bus_close_unref(bus);
	}
	sd_bus_flush_close_unref(bus);
	printf("%ld\n", made);
	return 0;
}
