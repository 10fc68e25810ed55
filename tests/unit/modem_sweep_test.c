/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Everything that can go wrong between host and modem, at every message of a download and of an enable, over
 * each protocol: the call ends in its time and says why; nothing is left open in the modem; what the eUICC holds
 * is read anew and is the truth; and a second try succeeds.
 *
 * A run goes over every STRIDEth message, another start for each fault; COREESIM_SWEEP=1 takes them all.
 */
#include "modem_rig.h"

#include <atf-c.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define STRIDE	17
#define BOUND_S	300		/* of one call, on a machine that has other work */

static const char *const faults[] = {
	"mute", "late", "garbage", "noise", "truncated", "twice", "busy", "error", "reset", "vanish", "closes",
};
#define FAULTS (sizeof(faults) / sizeof(faults[0]))

/* --- what is done ------------------------------------------------------------------------------------ */

static int enable(struct esim_error *err)
{
	return modem_rig_switch(true, err);
}

struct procedure {
	const char *name;
	int (*run)(struct esim_error *err);
	bool needs_profile, enables;
};
static const struct procedure downloading = { "download", modem_rig_download, false, false };
static const struct procedure enabling = { "enable", enable, true, true };

static void prepare(const struct procedure *procedure)
{
	struct esim_error err;

	modem_rig_renew(NULL);
	if (!procedure->needs_profile)
		return;
	ATF_REQUIRE_EQ_MSG(modem_rig_open(&err), 0, "%s", err.message);
	ATF_REQUIRE_EQ_MSG(modem_rig_download(&err), 0, "%s", err.message);
	modem_rig_close();
}

/* From the opened port to the closed one. */
static int whole(const struct procedure *procedure, struct esim_error *err)
{
	int r = modem_rig_open(err);

	if (!r)
		r = procedure->run(err);
	modem_rig_close();
	return r;
}

static unsigned count_requests(const struct procedure *procedure)
{
	struct esim_error err;
	unsigned before;

	prepare(procedure);
	before = modem_rig_stat("requests");
	ATF_REQUIRE_EQ_MSG(whole(procedure, &err), 0, "%s without a fault: %s", procedure->name, err.message);
	ATF_CHECK(modem_rig_stat("requests") > before);
	return modem_rig_stat("requests") - before;
}

/* --- what must be true then --------------------------------------------------------------------------------- */

static void heal(void)
{
	vmodem_ask(modem_rig.modem, NULL, "fault none");
	vmodem_ask(modem_rig.modem, NULL, "release");
	vmodem_ask(modem_rig.modem, NULL, "plug");
}

/* The second try: what is missing is done, what is there is found. */
static int again(const struct procedure *procedure, struct esim_error *err)
{
	struct esim_profile profile = { .state = ESIM_PROFILE_DISABLED };
	bool found = false;
	int r = modem_rig_open(err);

	if (!r)
		r = modem_rig_find(&profile, &found, err);
	if (!r && (procedure->enables ? profile.state != ESIM_PROFILE_ENABLED : !found))
		r = procedure->run(err);
	if (!r)
		r = modem_rig_find(&profile, &found, err);
	if (!r && (!found || (procedure->enables && profile.state != ESIM_PROFILE_ENABLED)))
		r = esim_error_set(err, ESIM_EIO, "the profile is not there, or not enabled");
	modem_rig_close();
	return r;
}

/* Of QMI. One whose number nobody heard, or too late, cannot be given back: no message names it. */
static void check_clients(const char *fault, const char *where)
{
	const bool unheard = !strcmp(fault, "mute") || !strcmp(fault, "garbage") || !strcmp(fault, "truncated") || !strcmp(fault, "late");
	const unsigned left = modem_rig_stat("clients");

	ATF_CHECK_MSG(left <= (unheard ? 1 : 0), "%s: %u client ids are left", where, left);
}

static void one(const struct procedure *procedure, const char *fault, unsigned at_request)
{
	struct esim_error err;
	char where[96];
	unsigned seen;
	int r;

	snprintf(where, sizeof(where), "%s: %s at message %u of %s", modem_rig.way->scheme, fault, at_request,
		 procedure->name);
	prepare(procedure);
	ATF_REQUIRE_EQ(vmodem_ask(modem_rig.modem, NULL, "fault %s@%u", fault, at_request), 0);
	seen = modem_rig_stat("faults");
	alarm(BOUND_S);
	esim_error_clear(&err);
	r = whole(procedure, &err);
	ATF_CHECK_MSG(modem_rig_stat("faults") > seen, "%s: the fault did not happen", where);
	ATF_CHECK_MSG(r == 0 || (err.code == r && err.message[0]), "%s: %d and no sentence", where, r);
	heal();
	alarm(BOUND_S);
	r = again(procedure, &err);
	alarm(0);
	ATF_CHECK_EQ_MSG(r, 0, "%s: the second try fails: %s", where, err.message);
	ATF_CHECK_EQ_MSG(modem_rig_channels(), 0, "%s: %u channels are left", where, modem_rig_channels());
	check_clients(fault, where);
}

static void sweep(const struct modem_way *way, const struct procedure *procedure)
{
	const unsigned stride = getenv("COREESIM_SWEEP") ? 1 : STRIDE;
	unsigned requests;

	modem_rig_begin(way);
	requests = count_requests(procedure);
	printf("%s: %u messages in %s\n", way->scheme, requests, procedure->name);
	for (size_t i = 0; i < FAULTS; i++)
		for (unsigned at_request = 1 + (unsigned)(i * 2) % stride; at_request <= requests; at_request += stride)
			one(procedure, faults[i], at_request);
	modem_rig_end();
}

#define SWEEP(name, way, procedure) \
	ATF_TC(name); \
	ATF_TC_HEAD(name, tc) { atf_tc_set_md_var(tc, "timeout", "3600"); } \
	ATF_TC_BODY(name, tc) { sweep(&(way), &(procedure)); }

SWEEP(mbim_download, modem_way_mbim, downloading)
SWEEP(mbim_enable, modem_way_mbim, enabling)
SWEEP(qmi_download, modem_way_qmi, downloading)
SWEEP(qmi_enable, modem_way_qmi, enabling)
SWEEP(at_download, modem_way_at, downloading)
SWEEP(at_enable, modem_way_at, enabling)

ATF_TP_ADD_TCS(tp)
{
	ATF_TP_ADD_TC(tp, mbim_download);
	ATF_TP_ADD_TC(tp, mbim_enable);
	ATF_TP_ADD_TC(tp, qmi_download);
	ATF_TP_ADD_TC(tp, qmi_enable);
	ATF_TP_ADD_TC(tp, at_download);
	ATF_TP_ADD_TC(tp, at_enable);
	return atf_no_error();
}
