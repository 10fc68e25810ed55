/* SPDX-License-Identifier: GPL-2.0-or-later */
/* A connection to lpad (org.coreesim.Lpa1): calls that an interrupt ends, and its objects. */
#ifndef LPACTL_BUS_CLIENT_H
#define LPACTL_BUS_CLIENT_H

#include <esim/cancel.h>
#include <esim/error.h>

#include <jansson.h>
#include <systemd/sd-bus.h>

#define LPAD_NAME "org.coreesim.Lpa1"
#define LPAD_PATH "/org/coreesim/Lpa1"

struct bus_client;

/*
 * ESIM_ENODEV with a sentence: there is no system bus, or nobody there who is lpad
 * or could be started as it. @cancel is borrowed.
 */
int bus_client_open(struct esim_cancel *cancel, struct bus_client **ret, struct esim_error *err);
void bus_client_free(struct bus_client **client);

/* Signals that fit @rule and are new are heard from here on, of every sender that is lpad. NULL: no memory, or no bus. */
int bus_client_match(struct bus_client *client, sd_bus_slot **slot, const char *rule,
		     sd_bus_message_handler_t handler, void *context, struct esim_error *err);

/* Hear what has come, or wait until something does or the cancel handle fires. */
int bus_client_turn(struct bus_client *client, struct esim_error *err);

/*
 * What an error of D-Bus means here. Those of lpad carry its sentence and get the code and domain that
 * a direct run would have had. Returns err->code.
 */
int bus_client_failed(const sd_bus_error *error, struct esim_error *err);

/*
 * A call in three steps, or in one. @interface is that of LPAD_NAME, as "Euicc1". Where polkit asks the
 * user something, it is asked on the terminal if there is one. No deadline but the interrupt, which is
 * ESIM_ECANCELED: lpad answers when the jobs before it are done. @ret may be NULL.
 */
int bus_message(struct bus_client *client, const char *path, const char *interface, const char *method,
		sd_bus_message **ret, struct esim_error *err);
int bus_send(struct bus_client *client, sd_bus_message **message, sd_bus_message **ret, struct esim_error *err);
int bus_call(struct bus_client *client, const char *path, const char *interface, const char *method,
	     sd_bus_message **ret, struct esim_error *err, const char *types, ...);
/* With one dictionary, which may hold secrets. */
int bus_call_dict(struct bus_client *client, const char *path, const char *interface, const char *method,
		  const json_t *options, sd_bus_message **ret, struct esim_error *err);

/* GetDetails(). New reference. */
int bus_details(struct bus_client *client, const char *path, const char *interface, json_t **ret,
		struct esim_error *err);

/* All properties of one interface, as JSON. New reference. */
int bus_properties(struct bus_client *client, const char *path, const char *interface, json_t **ret,
		   struct esim_error *err);

/* Of lpad's objects, path: { interface without LPAD_NAME: { property: value } }. New reference. */
int bus_objects(struct bus_client *client, json_t **ret, struct esim_error *err);
/* The {sa{sv}} array of one object, at the message's place, as there. */
int bus_read_interfaces(sd_bus_message *message, json_t **ret);

#endif
