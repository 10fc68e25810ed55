/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The bus side of ModemManager for tests: the objects, properties and errors of its API, over modems that
 * a command describes. It opens no port. What ModemManager does in minutes happens at once here: a modem
 * that is set aside leaves the bus, one that is released is looked at anew by the command.
 *
 *   fakemm PROBE LOG
 *
 * PROBE is run by sh with the modem's uid as $1 ("" at the start) and prints a modem in lines of NAME VALUE:
 * uid, port (NAME:TYPE, repeated), manufacturer, model, iccid, eid, state, registration, operator, slots.
 * No line: there is none. Beside the signals it says "ready" on standard output, and in LOG, a line each,
 * what happened: "inhibit UID", "release UID", "dropped UID", "enable UID". SIGUSR1 looks anew, as if the
 * modem had been plugged; SIGTERM ends it.
 */
#include <systemd/sd-bus.h>
#include <systemd/sd-event.h>

#include <errno.h>
#include <signal.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define NAME	"org.freedesktop.ModemManager1"
#define ROOT	"/org/freedesktop/ModemManager1"
#define CORE	NAME ".Error.Core"
#define PORTS	8

struct port {
	char name[32];
	uint32_t type;
};

static struct fake {
	sd_bus *bus;
	sd_event *event;
	const char *probe;
	FILE *log;
	char *inhibitor;			/* unique name; NULL: nobody */
	sd_bus_track *track;
	unsigned number;			/* of the object, a new one each time it comes */
	bool there;
	char path[64], sim_path[64];
	sd_bus_slot *slots[3];
	/* as the command says */
	char uid[128], manufacturer[32], model[32], iccid[24], eid[40], operator[32];
	struct port ports[PORTS];
	size_t port_count;
	int32_t state;
	uint32_t registration, slot;
} fake;

static void die(const char *what, int r)
{
	fprintf(stderr, "fakemm: %s: %s\n", what, strerror(-r));
	exit(1);
}

static void note(const char *what)
{
	fprintf(fake.log, "%s %s\n", what, fake.uid);
	fflush(fake.log);
}

/* --- what a modem and its SIM tell -------------------------------------------------------------------- */

static int get_text(sd_bus *bus, const char *path, const char *interface, const char *property,
		    sd_bus_message *reply, void *userdata, sd_bus_error *error)
{
	(void)bus, (void)path, (void)interface, (void)property, (void)error;
	return sd_bus_message_append(reply, "s", (const char *)userdata);
}

static int get_ports(sd_bus *bus, const char *path, const char *interface, const char *property,
		     sd_bus_message *reply, void *userdata, sd_bus_error *error)
{
	int r = sd_bus_message_open_container(reply, 'a', "(su)");

	(void)bus, (void)path, (void)interface, (void)property, (void)userdata, (void)error;
	for (size_t i = 0; i < fake.port_count && r >= 0; i++)
		r = sd_bus_message_append(reply, "(su)", fake.ports[i].name, fake.ports[i].type);
	return r < 0 ? r : sd_bus_message_close_container(reply);
}

static int get_sim(sd_bus *bus, const char *path, const char *interface, const char *property,
		   sd_bus_message *reply, void *userdata, sd_bus_error *error)
{
	(void)bus, (void)path, (void)interface, (void)property, (void)userdata, (void)error;
	return sd_bus_message_append(reply, "o", fake.sim_path);
}

static int get_sims(sd_bus *bus, const char *path, const char *interface, const char *property,
		    sd_bus_message *reply, void *userdata, sd_bus_error *error)
{
	(void)bus, (void)path, (void)interface, (void)property, (void)userdata, (void)error;
	return sd_bus_message_append(reply, "ao", 1, fake.sim_path);
}

static int get_yes(sd_bus *bus, const char *path, const char *interface, const char *property,
		   sd_bus_message *reply, void *userdata, sd_bus_error *error)
{
	(void)bus, (void)path, (void)interface, (void)property, (void)userdata, (void)error;
	return sd_bus_message_append(reply, "b", 1);
}

static int get_sim_type(sd_bus *bus, const char *path, const char *interface, const char *property,
			sd_bus_message *reply, void *userdata, sd_bus_error *error)
{
	(void)bus, (void)path, (void)interface, (void)property, (void)userdata, (void)error;
	return sd_bus_message_append(reply, "u", fake.eid[0] ? 2u : 1u);
}

static int enable(sd_bus_message *message, void *userdata, sd_bus_error *error)
{
	(void)userdata, (void)error;
	note("enable");
	fake.state = 8;
	fake.registration = 1;
	sd_bus_emit_properties_changed(fake.bus, fake.path, NAME ".Modem", "State", NULL);
	sd_bus_emit_properties_changed(fake.bus, fake.path, NAME ".Modem.Modem3gpp", "RegistrationState", NULL);
	return sd_bus_reply_method_return(message, "");
}

#define TEXT(name, field) SD_BUS_PROPERTY(name, "s", get_text, offsetof(struct fake, field), 0)

static const sd_bus_vtable modem_vtable[] = {
	SD_BUS_VTABLE_START(0),
	TEXT("Device", uid), TEXT("Manufacturer", manufacturer), TEXT("Model", model),
	SD_BUS_PROPERTY("Ports", "a(su)", get_ports, 0, 0),
	SD_BUS_PROPERTY("State", "i", NULL, offsetof(struct fake, state), SD_BUS_VTABLE_PROPERTY_EMITS_CHANGE),
	SD_BUS_PROPERTY("PrimarySimSlot", "u", NULL, offsetof(struct fake, slot), 0),
	SD_BUS_PROPERTY("Sim", "o", get_sim, 0, 0),
	SD_BUS_PROPERTY("SimSlots", "ao", get_sims, 0, 0),
	SD_BUS_METHOD("Enable", "b", "", enable, SD_BUS_VTABLE_UNPRIVILEGED),
	SD_BUS_VTABLE_END,
};

static const sd_bus_vtable gpp_vtable[] = {
	SD_BUS_VTABLE_START(0),
	SD_BUS_PROPERTY("RegistrationState", "u", NULL, offsetof(struct fake, registration),
			SD_BUS_VTABLE_PROPERTY_EMITS_CHANGE),
	TEXT("OperatorName", operator),
	SD_BUS_VTABLE_END,
};

static const sd_bus_vtable sim_vtable[] = {
	SD_BUS_VTABLE_START(0),
	TEXT("SimIdentifier", iccid), TEXT("Eid", eid),
	SD_BUS_PROPERTY("Active", "b", get_yes, 0, 0),
	SD_BUS_PROPERTY("SimType", "u", get_sim_type, 0, 0),
	SD_BUS_VTABLE_END,
};

/* --- the modem comes and goes ------------------------------------------------------------------------------ */

static void take_port(const char *value)
{
	struct port *port = &fake.ports[fake.port_count];

	if (fake.port_count < PORTS && sscanf(value, "%31[^:]:%u", port->name, &port->type) == 2)
		fake.port_count++;
}

static void take_line(const char *name, const char *value)
{
	static const struct {
		const char *name;
		char *to;
		size_t size;
	} texts[] = {
		{ "uid", fake.uid, sizeof(fake.uid) }, { "manufacturer", fake.manufacturer, sizeof(fake.manufacturer) },
		{ "model", fake.model, sizeof(fake.model) }, { "iccid", fake.iccid, sizeof(fake.iccid) },
		{ "eid", fake.eid, sizeof(fake.eid) }, { "operator", fake.operator, sizeof(fake.operator) },
	};

	for (size_t i = 0; i < sizeof(texts) / sizeof(texts[0]); i++)
		if (strcmp(name, texts[i].name) == 0)
			snprintf(texts[i].to, texts[i].size, "%s", value);
	if (strcmp(name, "port") == 0)
		take_port(value);
	else if (strcmp(name, "state") == 0)
		fake.state = atoi(value);
	else if (strcmp(name, "registration") == 0)
		fake.registration = (uint32_t)atoi(value);
}

/* What the command prints; false: nothing. */
static bool probe(void)
{
	char command[4096], line[256], name[32], value[192];
	bool any = false;
	FILE *in;

	snprintf(command, sizeof(command), "sh '%s' '%s'", fake.probe, fake.uid);
	in = popen(command, "r");
	if (!in)
		die("popen", -errno);
	fake.port_count = 0;
	fake.state = 8;
	fake.registration = 1;
	fake.slot = 1;
	fake.iccid[0] = '\0';
	while (fgets(line, sizeof(line), in))
		if (sscanf(line, "%31s %191[^\n]", name, value) == 2) {
			take_line(name, value);
			any = true;
		}
	pclose(in);
	return any;
}

static void come(void)
{
	int r;

	if (fake.there || fake.inhibitor || !probe())
		return;
	snprintf(fake.path, sizeof(fake.path), ROOT "/Modem/%u", fake.number);
	snprintf(fake.sim_path, sizeof(fake.sim_path), ROOT "/SIM/%u", fake.number);
	fake.number++;
	r = sd_bus_add_object_vtable(fake.bus, &fake.slots[0], fake.path, NAME ".Modem", modem_vtable, &fake);
	if (r >= 0)
		r = sd_bus_add_object_vtable(fake.bus, &fake.slots[1], fake.path, NAME ".Modem.Modem3gpp", gpp_vtable,
					     &fake);
	if (r >= 0)
		r = sd_bus_add_object_vtable(fake.bus, &fake.slots[2], fake.sim_path, NAME ".Sim", sim_vtable, &fake);
	if (r < 0)
		die("objects", r);
	fake.there = true;
	sd_bus_emit_object_added(fake.bus, fake.path);
}

static void go(void)
{
	if (!fake.there)
		return;
	sd_bus_emit_object_removed(fake.bus, fake.path);
	for (size_t i = 0; i < 3; i++)
		fake.slots[i] = sd_bus_slot_unref(fake.slots[i]);
	fake.there = false;
}

/* --- setting it aside ------------------------------------------------------------------------------------------ */

static int release(const char *what)
{
	note(what);
	free(fake.inhibitor);
	fake.inhibitor = NULL;
	fake.track = sd_bus_track_unref(fake.track);
	come();
	return 0;
}

static int on_dropped(sd_bus_track *track, void *userdata)
{
	(void)track, (void)userdata;
	return release("dropped");
}

static int inhibit_device(sd_bus_message *message, void *userdata, sd_bus_error *error)
{
	const char *uid, *sender = sd_bus_message_get_sender(message);
	int on, r = sd_bus_message_read(message, "sb", &uid, &on);

	(void)userdata;
	if (r < 0)
		return r;
	if (strcmp(uid, fake.uid) != 0)
		return sd_bus_error_setf(error, CORE ".NotFound", "No device found with uid '%s'", uid);
	if (!on) {
		if (!fake.inhibitor || strcmp(fake.inhibitor, sender) != 0)
			return sd_bus_error_setf(error, CORE ".NotFound", "Device '%s' is not inhibited", uid);
		r = sd_bus_reply_method_return(message, "");
		release("release");
		return r;
	}
	if (fake.inhibitor)
		return sd_bus_error_setf(error, CORE ".InProgress", "Device '%s' is already inhibited", uid);
	note("inhibit");
	fake.inhibitor = strdup(sender);
	r = sd_bus_track_new(fake.bus, &fake.track, on_dropped, NULL);
	if (r >= 0)
		r = sd_bus_track_add_sender(fake.track, message);
	go();
	return r < 0 ? r : sd_bus_reply_method_return(message, "");
}

static const sd_bus_vtable manager_vtable[] = {
	SD_BUS_VTABLE_START(0),
	SD_BUS_METHOD("InhibitDevice", "sb", "", inhibit_device, SD_BUS_VTABLE_UNPRIVILEGED),
	SD_BUS_VTABLE_END,
};

/* --- the whole ----------------------------------------------------------------------------------------------------- */

static int look_again(sd_event_source *source, const struct signalfd_siginfo *info, void *userdata)
{
	(void)source, (void)info, (void)userdata;
	go();
	come();
	return 0;
}

static int stop(sd_event_source *source, const struct signalfd_siginfo *info, void *userdata)
{
	(void)info, (void)userdata;
	return sd_event_exit(sd_event_source_get_event(source), 0);
}

static int start(void)
{
	sigset_t signals;
	int r;

	sigemptyset(&signals);
	sigaddset(&signals, SIGUSR1);
	sigaddset(&signals, SIGTERM);
	sigprocmask(SIG_BLOCK, &signals, NULL);
	r = sd_event_default(&fake.event);
	if (r >= 0)
		r = sd_event_add_signal(fake.event, NULL, SIGUSR1, look_again, NULL);
	if (r >= 0)
		r = sd_event_add_signal(fake.event, NULL, SIGTERM, stop, NULL);
	if (r >= 0)
		r = sd_bus_open_system(&fake.bus);
	if (r >= 0)
		r = sd_bus_attach_event(fake.bus, fake.event, 0);
	if (r >= 0)
		r = sd_bus_add_object_manager(fake.bus, NULL, ROOT);
	if (r >= 0)
		r = sd_bus_add_object_vtable(fake.bus, NULL, ROOT, NAME, manager_vtable, NULL);
	return r < 0 ? r : sd_bus_request_name(fake.bus, NAME, 0);
}

int main(int argc, char **argv)
{
	int r;

	if (argc != 3) {
		fputs("usage: fakemm PROBE LOG\n", stderr);
		return 2;
	}
	fake.probe = argv[1];
	fake.log = fopen(argv[2], "a");
	if (!fake.log)
		die(argv[2], -errno);
	r = start();
	if (r < 0)
		die("start", r);
	come();
	puts("ready");
	fflush(stdout);
	r = sd_event_loop(fake.event);
	sd_bus_flush_close_unref(fake.bus);
	sd_event_unref(fake.event);
	fclose(fake.log);
	return r;
}
