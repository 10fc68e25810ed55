/* SPDX-License-Identifier: GPL-2.0-or-later */
/* A call whose faults are tried one by one. */
#ifndef COREESIM_TESTS_VM_FAILNTH_CALL_H
#define COREESIM_TESTS_VM_FAILNTH_CALL_H

#include <stdbool.h>

struct failnth_call {
	const char *name;
	bool (*prepare)(void);		/* what must be there before; may be NULL */
	int (*run)(void);		/* the call and nothing else; 0 or more, or -errno */
	/* Whether @rc is true: NULL, or what is wrong. Also cleans up, and tries the next call. */
	const char *(*check)(int rc);
	bool any_errno;			/* others' code is on the way, which has errnos of its own */
};

/* NULL at the end. */
extern const struct failnth_call *const failnth_calls[], *const failnth_transport_calls[];

/* False: there is no reader that survives it. */
extern const struct failnth_call failnth_probe;
bool failnth_probe_begin(void);
void failnth_probe_end(void);

/* The card that the calls use. False: no proxy. */
bool failnth_begin(void);
void failnth_end(void);

#endif
