/* SPDX-License-Identifier: GPL-2.0-or-later */
/* See machine.h. */
#include "machine.h"

#include "bus.h"
#include "polkit.h"
#include "proc.h"

#include <err.h>
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>

#define MAX_PATH 4096
#define PATIENCE_US (120 * UINT64_C(1000000))
#define TURN_US 100000

/* --- the bus ---------------------------------------------------------------------------------- */

static const char bus_conf[] =
	"<!DOCTYPE busconfig PUBLIC \"-//freedesktop//DTD D-Bus Bus Configuration 1.0//EN\"\n"
	" \"http://www.freedesktop.org/standards/dbus/1.0/busconfig.dtd\">\n"
	"<busconfig>\n"
	"  <type>session</type>\n"
	"  <listen>unix:path=%s/bus</listen>\n"
	"  <auth>EXTERNAL</auth>\n"
	"  <policy context=\"default\">\n"
	"    <allow send_destination=\"*\" eavesdrop=\"true\"/><allow eavesdrop=\"true\"/><allow own=\"*\"/>\n"
	"  </policy>\n"
	"</busconfig>\n";

static void start_bus(struct machine *m)
{
	char conf[MAX_PATH], argument[MAX_PATH + 16];
	FILE *file, *output;

	snprintf(conf, sizeof(conf), "%s/bus.conf", m->scratch);
	file = fopen(conf, "w");
	if (!file || fprintf(file, bus_conf, m->scratch) < 0 || fclose(file))
		err(1, "%s", conf);
	snprintf(argument, sizeof(argument), "--config-file=%s", conf);
	m->bus_daemon = child_spawn((const char *const[]){ "/usr/bin/dbus-daemon", argument, "--nofork",
							   "--nopidfile", "--print-address=1", NULL },
				    m->log, &output);
	if (!fgets(m->address, sizeof(m->address), output))
		errx(1, "dbus-daemon did not start");
	m->address[strcspn(m->address, "\n")] = '\0';
	fclose(output);
}

static int note_owner(sd_bus_message *signal, void *context, sd_bus_error *error)
{
	struct machine *m = context;
	const char *name, *before, *after;
	int r = sd_bus_message_read(signal, "sss", &name, &before, &after);

	(void)error;
	if (r >= 0)
		m->owned = after[0] != '\0';
	return r;
}

static void connect_bus(struct machine *m)
{
	int r;

	m->bus = bus_connect(m->address);
	r = sd_bus_add_match(m->bus, NULL,
			     "type='signal',sender='org.freedesktop.DBus',member='NameOwnerChanged',"
			     "arg0='" MACHINE_SERVICE "'", note_owner, m);
	if (r < 0)
		errx(1, "NameOwnerChanged: %s", strerror(-r));
	if (setenv("DBUS_SYSTEM_BUS_ADDRESS", m->address, 1))
		err(1, "setenv");
}

static void end(pid_t *pid)
{
	if (*pid <= 0)
		return;
	kill(*pid, SIGTERM);
	waitpid(*pid, NULL, 0);
	*pid = 0;
}

/* --- all of it ------------------------------------------------------------------------------------ */

void machine_start(struct machine *m)
{
	char program[MAX_PATH];

	start_bus(m);
	polkit_start(m->address);
	connect_bus(m);
	snprintf(program, sizeof(program), "%s/smdpp", m->bin);
	child_start_server(&m->smdpp, (const char *const[]){ program, "--listen", "127.0.0.1:0",
							     "--profiles", m->profiles, "--name",
							     BENCH_NAME, "--pki", m->pki, NULL });
}

void machine_stop(struct machine *m)
{
	machine_stop_lpad(m);
	for (unsigned i = 0; i < m->card_count; i++)
		child_stop(&m->cards[i]);
	m->card_count = 0;
	child_stop(&m->smdpp);
	m->bus = sd_bus_flush_close_unref(m->bus);
	end(&m->bus_daemon);
}

/* --- lpad ------------------------------------------------------------------------------------------- */

static void write_conf(const struct machine *m, const char *path, unsigned cards)
{
	FILE *file = fopen(path, "w");
	char uri[MAX_PATH];

	if (!file)
		err(1, "%s", path);
	fprintf(file, "[Devices]\nScan=\n");
	for (unsigned i = 0; i < cards; i++) {
		machine_socket(m, i, uri, sizeof(uri));
		fprintf(file, "Device=%s\n", uri);
	}
	fprintf(file, "[Servers]\nCiRoots=%s/roots\nConnectTo=" BENCH_NAME ":443:%s\nCheckEvents=0\n",
		m->scratch, m->smdpp.address);
	fprintf(file, "[Daemon]\nIdleExit=0\n");
	if (fclose(file))
		err(1, "%s", path);
}

uint64_t machine_start_lpad(struct machine *m, unsigned cards)
{
	char program[MAX_PATH], conf[MAX_PATH], state[MAX_PATH];
	uint64_t start, us;
	FILE *output;

	snprintf(program, sizeof(program), "%s/lpad", m->bin);
	snprintf(conf, sizeof(conf), "%s/lpad.conf", m->scratch);
	snprintf(state, sizeof(state), "%s/state%u", m->scratch, m->states);
	write_conf(m, conf, cards);
	start = now_us();
	m->lpad = child_spawn((const char *const[]){ program, "--config", conf, "--state", state, "--bus",
						     m->address, NULL }, m->log, &output);
	while (!m->owned) {
		if (now_us() - start > PATIENCE_US || waitpid(m->lpad, NULL, WNOHANG) != 0)
			errx(1, "lpad did not come to the bus");
		bus_turn(m->bus, TURN_US);
	}
	us = now_us() - start;
	fclose(output);
	return us;
}

void machine_forget(struct machine *m)
{
	m->states++;
}

void machine_stop_lpad(struct machine *m)
{
	const uint64_t start = now_us();

	end(&m->lpad);
	while (m->owned && now_us() - start < PATIENCE_US)
		bus_turn(m->bus, TURN_US);
}

void machine_settle(struct machine *m, unsigned cards)
{
	const uint64_t start = now_us();

	while (bus_objects(m->bus, MACHINE_SERVICE ".Euicc1", "ready", NULL, 0) < cards ||
	       proc_threads(m->lpad) > 1) {
		if (now_us() - start > PATIENCE_US)
			errx(1, "lpad has %u of %u eUICCs ready and %u threads",
			     bus_objects(m->bus, MACHINE_SERVICE ".Euicc1", "ready", NULL, 0), cards,
			     proc_threads(m->lpad));
		bus_turn(m->bus, TURN_US);
	}
}

sd_bus_message *machine_call(struct machine *m, const char *path, const char *interface,
			     const char *method, const char *types, ...)
{
	sd_bus_error error = SD_BUS_ERROR_NULL;
	sd_bus_message *call = NULL, *reply = NULL;
	char name[128];
	va_list args;
	int r;

	snprintf(name, sizeof(name), MACHINE_SERVICE ".%s", interface);
	r = sd_bus_message_new_method_call(m->bus, &call, MACHINE_SERVICE, path, name, method);
	va_start(args, types);
	if (r >= 0)
		r = sd_bus_message_appendv(call, types, args);
	va_end(args);
	if (r >= 0)
		r = sd_bus_call(m->bus, call, PATIENCE_US, &error, &reply);
	if (r < 0)
		errx(1, "%s of %s: %s", method, path, error.message ? error.message : strerror(-r));
	sd_bus_message_unref(call);
	sd_bus_error_free(&error);
	return reply;
}
