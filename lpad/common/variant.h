/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * JSON into D-Bus and back: an object is a{sv}, an array of texts as (an empty one too), any other
 * array av, text s, integer x, real d, boolean b. Names go over as they are; null members are left
 * out. From the bus every basic type is taken, y q u t i n x as integers, o and g as texts, ay as
 * hexadecimal text; depth, members and bytes are bounded.
 */
#ifndef LPAD_VARIANT_H
#define LPAD_VARIANT_H

#include <jansson.h>
#include <systemd/sd-bus.h>

#define VARIANT_MAX_DEPTH	16
#define VARIANT_MAX_MEMBERS	4096
#define VARIANT_MAX_BYTES	(1024 * 1024)	/* of texts and octets */

/*
 * 0 or a negative errno: -ELOOP nested too deeply, -EMSGSIZE too much of it, -ERANGE a number that JSON
 * cannot hold, -EBADMSG what has no JSON, or a name that is there twice, -ENXIO nothing there.
 */
/* Append @object (a JSON object, NULL: empty) as a{sv}. */
int variant_append_dict(sd_bus_message *message, const json_t *object);

/* Read an a{sv} at the message's place. New reference. */
int variant_read_dict(sd_bus_message *message, json_t **ret);
/* Read whatever comes next, of any type. */
int variant_read(sd_bus_message *message, json_t **ret);

#endif
