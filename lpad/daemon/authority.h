/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * May a caller do this? polkit's CheckAuthorization, asked without blocking. The subject is
 * the caller's name on the bus, which polkit itself traces to a session and a user. Nothing
 * of the call but the action's name is told. Where polkit is not there, is slow or answers with an
 * error, the answer is no.
 */
#ifndef LPAD_AUTHORITY_H
#define LPAD_AUTHORITY_H

#include <systemd/sd-bus.h>

#include <stdint.h>

#define AUTHORITY_PATIENCE_USEC		(10 * UINT64_C(1000000))	/* of a question that asks no person */
#define AUTHORITY_PERSON_USEC		(180 * UINT64_C(1000000))	/* of one that may */

struct authority;
struct authority_query;

int authority_new(sd_bus *bus, struct authority **ret);
void authority_free(struct authority **authority);
/* Other times than those above. */
void authority_set_patience(struct authority *authority, uint64_t usec, uint64_t person_usec);

/*
 * May the sender of @call do @action? A person is asked for a password only where @call allows that
 * (ALLOW_INTERACTIVE_AUTHORIZATION), and no longer than the sender stays on the bus. @answer comes once,
 * from the loop, unless the query is cancelled; @denied is NULL for yes, else a sentence. 0 or negative.
 */
int authority_ask(struct authority *authority, sd_bus_message *call, const char *action,
		  void (*answer)(void *context, const char *denied), void *context, struct authority_query **ret);
/* No answer is wanted any more; polkit is told, so that nobody is asked in vain. */
void authority_cancel(struct authority_query **query);

#endif
