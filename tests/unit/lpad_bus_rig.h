/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What tests of lpad's bus stand on: a dbus-daemon of their own, a polkit that answers as it is told, and
 * callers; all but the first on one event loop, in one process. A failed check ends the test; the
 * dbus-daemon ends with its process.
 */
#ifndef LPAD_BUS_RIG_H
#define LPAD_BUS_RIG_H

#include "lpad/daemon/bus_private.h"

#include <atf-c.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define ROOT	"/org/coreesim/Lpa1"
#define E1	ROOT "/euicc/1"

enum polkit_mode {
	POLKIT_YES, POLKIT_NO, POLKIT_CHALLENGE, POLKIT_ERROR,
	POLKIT_SILENT,				/* keeps the question */
	POLKIT_OWNER_ALONE,			/* yes, but to "configure" */
};

struct rig {
	sd_event *event;
	char address[256];
	sd_bus *polkit;
	enum polkit_mode mode;
	unsigned questions, cancelled;
	sd_bus_message *kept;			/* the latest question that is silent yet */
	char action[64], subject[32], id[32];	/* of the latest question */
	unsigned flags, details;
	pid_t dbus;
};
extern struct rig rig;

/* dbus-daemon and loop; polkit is a step of its own, since it may be missing. */
void bus_rig_start(void);
void bus_rig_polkit(void);
void bus_rig_end(void);

sd_bus *bus_rig_client(void);
void bus_rig_client_leaves(sd_bus **client);

/* Let the loop go round until @ready; a test that waits for a minute fails. */
void bus_rig_until(bool (*ready)(void *context), void *context);
/* What lpad's bus has sent, and has to send, has arrived at @client. */
void bus_rig_settle(sd_bus *client);

/* A call under way. */
struct calling {
	sd_bus_message *answer;			/* NULL: none yet */
};
/* @interface without the bus's name before it, unless it begins with "org.". */
struct calling *bus_rig_begin(sd_bus *client, bool interactive, const char *path, const char *interface,
			  const char *member, const char *types, ...);
bool bus_rig_answered(void *calling);
/* The answer, which may be an error; to be unreferenced. */
sd_bus_message *bus_rig_finish(struct calling *calling);

/* The whole of it: path, interface, member, types, arguments. */
#define bus_rig_call(client, ...) bus_rig_finish(bus_rig_begin(client, false, __VA_ARGS__))

/* "InvalidArgument" of an error's name, "" of none. */
const char *bus_rig_error(sd_bus_message *answer);
/* An answer that was expected, and is let go. */
void bus_rig_expect(sd_bus_message *answer, const char *error, const char *in_sentence);

/* The next tag of XML, comments and declarations passed over; "" at the end. */
#define RIG_TAG		512
#define RIG_VALUE	128
const char *bus_rig_tag(const char **xml, char tag[static RIG_TAG]);
bool bus_rig_tag_is(const char *tag, const char *name);
const char *bus_rig_attribute(const char *tag, const char *name, char value[static RIG_VALUE]);

/* A file of the sources, whole; to be freed. */
char *bus_rig_source(const char *name);

/* Everything that one observer's connection receives, byte for byte. */
struct observer {
	sd_bus *bus;
	uint8_t *bytes;
	size_t len;
	int inner, outer;
};
void bus_rig_observe(struct observer *observer);

#endif
