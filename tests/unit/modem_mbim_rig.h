/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * A virtual modem on a terminal, mbim-proxy, and the transport to it: each story runs in a process, network and process
 * numbers of its own, and whatever it started ends with it.
 */
#ifndef MODEM_MBIM_RIG_H
#define MODEM_MBIM_RIG_H

#include "modem/mbim/mbim.h"
#include "vmodem/way.h"

#include <stdio.h>
#include <stdlib.h>
#include <sys/types.h>
#include <unistd.h>

struct mbim_rig {
	struct vmodem_serve_options options;	/* of the modem; a story may change them before mbim_rig_start() */
	struct vmodem_thread *modem;
	char pki[256], here[100], link[160], state[160], config[160];

	struct mbim *mbim;			/* NULL: not open */
	struct esim_error err;
};

/* In the story's process there is no ATF: the first thing that is not as it should be ends it. */
#define REQUIRE(condition) REQUIRE_MSG(condition, "%s", #condition)
#define REQUIRE_MSG(condition, ...) \
	do { \
		if (!(condition)) { \
			fprintf(stderr, "%s:%d: ", __FILE__, __LINE__); \
			fprintf(stderr, __VA_ARGS__); \
			fputc('\n', stderr); \
			_exit(1); \
		} \
	} while (0)

/* Runs @story; the test case fails where it does, and is skipped where there are no namespaces to be had. */
void mbim_rig_run(void (*story)(struct mbim_rig *rig));

/* A test case of that name, whose body is a story. */
#define STORY(name) \
	static void tell_##name(struct mbim_rig *rig); \
	ATF_TC_WITHOUT_HEAD(name); \
	ATF_TC_BODY(name, tc) \
	{ \
		mbim_rig_run(tell_##name); \
	} \
	static void tell_##name(struct mbim_rig *rig)

/* @quirks NULL-terminated, may be NULL; @config: lines for [*] of modems.conf, may be NULL. */
void mbim_rig_start(struct mbim_rig *rig, const char *const *quirks, const char *config);
void mbim_rig_configure(struct mbim_rig *rig, const char *config);
void mbim_rig_stop(struct mbim_rig *rig);

/* What follows "mbim:", with "?slot=2" or "". */
int mbim_rig_open(struct mbim_rig *rig, const char *suffix);
void mbim_rig_close(struct mbim_rig *rig);

/* The ISD-R on a channel, and its EID: 0 and 16 bytes, or what went wrong. */
int mbim_rig_isdr(struct mbim_rig *rig, uint32_t *ret_handle);
int mbim_rig_eid(struct mbim_rig *rig, uint32_t handle, unsigned timeout_ms);
/* Open, EID, close, no channel left: what a healthy modem does. */
void mbim_rig_is_healthy(struct mbim_rig *rig);

void mbim_rig_say(struct mbim_rig *rig, const char *command);
unsigned mbim_rig_channels(struct mbim_rig *rig);
unsigned mbim_rig_stat(struct mbim_rig *rig, const char *name);
/* Is @line in what the modem says of its state? */
bool mbim_rig_state_is(struct mbim_rig *rig, const char *line);

/* Of mbim-proxy, here. */
pid_t mbim_rig_proxy(void);
double mbim_rig_seconds(void);

#endif
