/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What the parts of the bus share. A call goes: its handler (an interface's file) reads and checks the
 * arguments into a struct call, the authority is asked, then its act() runs: it finds the object anew,
 * since that may have gone meanwhile, asks the model and ends the call.
 */
#ifndef LPAD_BUS_PRIVATE_H
#define LPAD_BUS_PRIVATE_H

#include "authority.h"
#include "daemon.h"

#define BUS_NAME		"org.coreesim.Lpa1"
#define BUS_ROOT		"/org/coreesim/Lpa1"
#define BUS_PATH_SIZE		80		/* of any object's path, with the final zero */
#define BUS_MAX_PROPERTIES	5		/* that change, of one interface */

/* Calls under way; more are refused with TooMany. */
#define BUS_MAX_CALLS_SENDER	16
#define BUS_MAX_CALLS_UID	64		/* but root's */
#define BUS_MAX_CALLS		256
#define BUS_MAX_BORROWERS	64		/* callers that hold a descriptor of OpenChannel */

/* --- objects ---------------------------------------------------------------------------------- */

enum bus_kind { BUS_EUICC, BUS_PROFILE, BUS_NOTIFICATION, BUS_EVENT, BUS_JOB, BUS_KINDS };

struct bus_id {
	enum bus_kind kind;
	unsigned euicc;				/* 0: a job */
	unsigned number;			/* 0: the eUICC itself */
};

/* One D-Bus interface and the objects that have it. */
struct bus_interface {
	const char *name;
	const sd_bus_vtable *vtable;
	/* Of the model; NULL: there is none, or it is not to be seen. */
	void *(*find)(struct daemon *daemon, const struct bus_id *id);
	/* Which properties change, ends with NULL, and a fingerprint of each one's value. */
	const char *properties[BUS_MAX_PROPERTIES + 1];
	void (*print)(const void *object, uint64_t prints[BUS_MAX_PROPERTIES]);
};
extern const struct bus_interface bus_euicc_interface, bus_profile_interface, bus_notification_interface,
	bus_event_interface, bus_job_interface;
extern const sd_bus_vtable bus_manager_vtable[];
#define BUS_MANAGER	BUS_NAME ".Manager1"

/* bus_objects.c: the tree of objects, by numbers */
const struct bus_interface *bus_interface_of(enum bus_kind kind);
void bus_path_format(const struct bus_id *id, char path[static BUS_PATH_SIZE]);
/* Strict: as bus_path_format() writes it, and nothing else. */
bool bus_path_parse(const char *path, struct bus_id *ret);
/* The names of the bits that are set, as `as`; @names ends with NULL and starts at bit 0. */
int bus_append_bits(sd_bus_message *reply, unsigned bits, const char *const *names);
int bus_objects_add(struct bus *bus);

/* bus_news.c: signals, once a turn of the loop */
struct bus_news;
int bus_news_new(struct bus *bus, struct bus_news **ret);
void bus_news_free(struct bus_news **news);
/* Say now what is to be said: before an answer that rests on it. */
void bus_news_flush(struct bus_news *news);
uint64_t bus_print(const char *text);

/* --- errors: bus_error.c ---------------------------------------------------------------------- */

/* Set *@error and return the negative errno that a handler of sd-bus returns. @name as in the XML. */
int bus_error_set(sd_bus_error *error, const char *name, const char *fmt, ...)
	__attribute__((format(printf, 3, 4)));
int bus_error_from(sd_bus_error *error, const struct esim_error *err);
/* "Card" … of a failure, never NULL. */
const char *bus_error_name(const struct esim_error *err);

/* --- arguments: bus_arguments.c, bus_order.c -------------------------------------------------- */

struct argument {
	const char *name;
	char type;				/* 's', 'o': value is char[size]; 'b': bool; 'u': unsigned */
	void *value;
	size_t size;
	bool *given;				/* may be NULL */
};
/* Read a{sv} strictly: an unknown name, one that is there twice, another type, too long a text are refused. */
int arguments_read(sd_bus_message *message, const struct argument *arguments, size_t count,
		   sd_bus_error *error);
/* One text, and one string of octets. */
int argument_text(sd_bus_message *message, const char *name, char *text, size_t size, sd_bus_error *error);
int argument_octets(sd_bus_message *message, const char *name, size_t min, size_t max, uint8_t *octets,
		    size_t *ret_len, sd_bus_error *error);
/* A server's name, normalised in place. */
int argument_address(const char *name, char address[static ESIM_MAX_FQDN + 1], sd_bus_error *error);

/* What Download() takes, into @ret. @event: the Event1 that it is called on; NULL: an eUICC's, @euicc. */
int order_read(sd_bus_message *message, const struct euicc *euicc, const struct event *event,
	       struct job_request *ret, sd_bus_error *error);

/* --- calls: bus_call.c ------------------------------------------------------------------------ */

struct call {
	struct call *next;
	struct bus *bus;			/* NULL: the bus was freed, the model still owes an outcome */
	sd_bus_message *message;
	struct bus_id target;			/* kind BUS_KINDS: the manager */
	const char *action;			/* what it takes; NULL: nothing */
	void (*act)(struct call *call);		/* ends the call, or has it wait */
	bool has_owner;				/* of what is called: others take "configure" */
	uid_t owner;
	sd_bus_slot *asking;			/* the bus has not said yet whose call it is */
	void (*named)(struct call *call, bool known, uid_t uid);
	bool identified;			/* request.uid is that user */
	struct authority_query *query;		/* polkit has not answered yet */
	bool owed;				/* the model has not: set before it is asked */
	unsigned job;				/* to be answered when that job has ended; 0: none */
	void (*ended)(struct call *call, struct job *job);
	struct job_request request;
	struct esim_aid_value aid;		/* OpenChannel's */
	struct job_answer answer;		/* Confirm's; its code is request.download.confirmation_code */
	enum lpa_answer reason;			/* Cancel's */
};

/* Negative: refused, *@error says why. */
int bus_call_new(struct bus *bus, sd_bus_message *message, const struct bus_id *target, struct call **ret,
	     sd_bus_error *error);
/*
 * @r: what reading the arguments came to. If it is no failure, learn who calls, ask for @action (NULL:
 * polkit is not asked), then act(). Returns what a handler returns.
 */
int bus_call_authorise(struct call *call, int r, const char *action, void (*act)(struct call *call));

/* The ends of a call; each frees it. */
void bus_call_return(struct call *call);
/* @reply, or why it could not be made: @r. */
void bus_call_return_message(struct call *call, sd_bus_message *reply, int r);
void bus_call_return_path(struct call *call, const struct bus_id *id);
void bus_call_return_details(struct call *call, const json_t *details);
void bus_call_return_fd(struct call *call, int fd);
void bus_call_fail(struct call *call, const char *name, const char *fmt, ...)
	__attribute__((format(printf, 3, 4)));
void bus_call_fail_from(struct call *call, const struct esim_error *err);

/* The object that the call is for; NULL: it has gone, and the call was ended. */
void *bus_call_find(struct call *call);
/* Queue call->request for @euicc and answer with the job's path; NULL: failed, and ended. */
void bus_call_submit(struct call *call, struct euicc *euicc);
/* The same, but answered by ended() when the job has ended. */
void bus_call_submit_and_wait(struct call *call, struct euicc *euicc,
			      void (*ended)(struct call *call, struct job *job));
/* The model_done of a call that waits for the model. */
void bus_call_done(void *call, const struct esim_error *err);
/* For another such function: the bus has ended, and the call with this. */
bool bus_call_orphaned(struct call *call);

void bus_calls_job_ended(struct bus *bus, struct job *job);
void bus_calls_free(struct bus *bus);

/* --- whose call it is: bus_caller.c ------------------------------------------------------------------- */

/* @named comes once, now or later: the user as the bus driver knows it, nothing that the caller says. */
void bus_caller_identify(struct call *call, void (*named)(struct call *call, bool known, uid_t uid));

/* --- callers that borrowed a descriptor: bus_borrower.c --------------------------------------- */

struct borrower;
/* Watch @name from now on, so that model_borrower_gone() is called once it left. */
int borrower_begin(struct bus *bus, const char *name, struct esim_error *err);
/* It got one (@lent), or none. false: it left meanwhile. */
bool borrower_end(struct bus *bus, const char *name, bool lent);
void borrowers_free(struct bus *bus);

/* --- the bus itself --------------------------------------------------------------------------- */

#define BUS_MAX_CALLERS		16		/* whose uid is kept */
struct bus {
	struct daemon *daemon;
	sd_event *event;
	sd_bus *sd;
	struct authority *authority;
	struct bus_news *news;
	struct call *calls;
	unsigned call_count;
	struct borrower *borrowers;
	bool ending;				/* no more calls */
	/* A unique name is never given twice, so who has it does not change. */
	struct { char name[24]; uid_t uid; } callers[BUS_MAX_CALLERS];
	unsigned next_caller;
};

#endif
