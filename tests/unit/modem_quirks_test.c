/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Every habit of modems in the field, alone and in the combinations that occur, over each protocol: download, enable,
 * disable and delete work, and the modem reports the profile after the rung that it needs; or a sentence says what its
 * firmware forbids. No channel is left open in it.
 */
#include "modem_rig.h"

#include <atf-c.h>

#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#define MAX_QUIRKS 6
#define BOUND_S 300

/* A modem that does not follow is to be climbed in seconds here. */
#define TIMES "RefreshTimeout=2s\nUimPowerTimeout=2s\nAirplaneTimeout=2s\nResetTimeout=60s\n"

enum { ON_MBIM = 1, ON_QMI = 2, ON_AT = 4, EVERYWHERE = 7 };

struct habit {
	unsigned ways;
	const char *quirks[MAX_QUIRKS];
	const char *conf;			/* lines for modems.conf beside TIMES; NULL: none */
	const char *sentence;			/* in the error's message or advice; NULL: it works */
	int step;				/* rung that it takes; -1: any */
};

static const struct habit habits[] = {
	{ EVERYWHERE, { NULL }, NULL, NULL, ESIM_MODEM_REFRESH },
	{ EVERYWHERE, { "le-required" }, NULL, NULL, -1 },
	{ EVERYWHERE, { "le-required" }, "Le=always\n", NULL, -1 },
	{ EVERYWHERE, { "le-refused" }, NULL, NULL, -1 },
	{ EVERYWHERE, { "le-refused" }, "Le=never\n", NULL, -1 },
	{ ON_QMI | ON_AT, { "class-bits" }, "Class=channel\n", NULL, -1 },
	{ EVERYWHERE, { "segment-limit=120" }, NULL, NULL, -1 },
	{ EVERYWHERE, { "segment-limit=120" }, "SegmentSize=100\n", NULL, -1 },
	{ EVERYWHERE, { "show-61" }, NULL, NULL, -1 },
	{ EVERYWHERE, { "show-61", "le-refused", "segment-limit=100" }, NULL, NULL, -1 },
	{ EVERYWHERE, { "isdr-denied" }, NULL, "firmware", -1 },
	{ EVERYWHERE, { "isdr-denied" }, "Note=Another port of this modem does.\n", "Another port of this modem does.", -1 },
	{ EVERYWHERE, { "no-uicc" }, NULL, "firmware", -1 },
	{ EVERYWHERE, { "channels=1" }, NULL, NULL, -1 },
	{ EVERYWHERE, { "no-fci" }, NULL, NULL, -1 },
	{ EVERYWHERE, { "follows=2" }, NULL, NULL, ESIM_MODEM_AIRPLANE },
	{ ON_MBIM | ON_QMI, { "follows=1" }, NULL, NULL, ESIM_MODEM_UIM_POWER },
	{ ON_MBIM | ON_QMI, { "follows=1", "no-power" }, NULL, NULL, ESIM_MODEM_AIRPLANE },
	{ EVERYWHERE, { "follows=3" }, NULL, NULL, ESIM_MODEM_RESET },
	{ EVERYWHERE, { "follows=4" }, "ResetTimeout=5s\n", "after:", -1 },
	{ ON_MBIM | ON_QMI, { "follows=3", "no-reset" }, NULL, "after:", -1 },
	/* Nothing that AT can do resets the card then, and so the eUICC has not switched. */
	{ ON_AT, { "follows=3", "no-reset" }, NULL, "is not enabled", -1 },
	{ EVERYWHERE, { "reenumerates" }, NULL, NULL, ESIM_MODEM_REFRESH },
	{ EVERYWHERE, { "reenumerates", "ready-after=3", "no-indications" }, NULL, NULL, -1 },
	{ EVERYWHERE, { "reenumerates" }, "Refresh=never\n", NULL, -1 },
	{ EVERYWHERE, { "ready-after=2" }, NULL, NULL, -1 },
	{ EVERYWHERE, { "loses-channels" }, NULL, NULL, ESIM_MODEM_REFRESH },
	{ EVERYWHERE, { "loses-channels", "follows=2" }, NULL, NULL, ESIM_MODEM_AIRPLANE },
	{ EVERYWHERE, { "no-slots" }, NULL, NULL, -1 },
	{ EVERYWHERE, { "no-slots" }, "Slots=none\n", NULL, -1 },
	{ EVERYWHERE, { "slots-swapped" }, NULL, NULL, -1 },
	{ EVERYWHERE, { "no-eid" }, NULL, NULL, -1 },
	{ EVERYWHERE, { "no-atr", "no-power", "no-reset", "no-imei" }, NULL, NULL, -1 },
	{ EVERYWHERE, { "no-imei" }, NULL, NULL, -1 },
	{ ON_MBIM, { "no-group" }, NULL, NULL, -1 },
	{ ON_MBIM, { "no-group" }, "GroupClose=no\n", NULL, -1 },
	{ EVERYWHERE, { "no-indications" }, NULL, NULL, -1 },
	{ EVERYWHERE, { "no-indications" }, "Indications=no\n", NULL, -1 },
	{ ON_MBIM | ON_QMI, { NULL }, "Proxy=no\n", NULL, ESIM_MODEM_REFRESH },
	{ ON_MBIM | ON_QMI, { "reenumerates", "no-indications" }, "Proxy=no\n", NULL, -1 },
	{ ON_AT, { "at-no-test" }, NULL, NULL, -1 },
	{ ON_AT, { "at-bare" }, NULL, NULL, -1 },
	{ ON_AT, { "at-no-cchc" }, NULL, NULL, -1 },
	{ ON_AT, { "at-csim-only" }, NULL, NULL, -1 },
	{ ON_AT, { "at-csim-only" }, "AtChannel=csim\n", NULL, -1 },
	{ ON_AT, { "at-echo" }, NULL, NULL, -1 },
	{ ON_AT, { "at-chatter" }, NULL, NULL, -1 },
	{ ON_AT, { "at-no-cme" }, NULL, NULL, -1 },
	{ ON_AT, { "at-short-lines=200" }, NULL, NULL, -1 },
	{ ON_AT, { "at-bare", "at-echo", "at-chatter", "at-no-cme" }, NULL, NULL, -1 },
	{ ON_AT, { "at-csim-only", "at-echo", "at-no-cme", "show-61" }, NULL, NULL, -1 },
	{ ON_AT, { "at-no-cchc", "at-bare", "at-no-test" }, NULL, NULL, -1 },
};
#define HABITS (sizeof(habits) / sizeof(habits[0]))

/* --- what is done ------------------------------------------------------------------------------------------ */

static void name_habit(const struct habit *habit, char *text, size_t size)
{
	size_t used = (size_t)snprintf(text, size, "%s:", modem_rig.way->scheme);

	for (size_t i = 0; i < MAX_QUIRKS && habit->quirks[i] && used < size; i++)
		used += (size_t)snprintf(text + used, size - used, " %s", habit->quirks[i]);
	if (habit->conf && used < size)
		snprintf(text + used, size - used, " with %.*s", (int)strcspn(habit->conf, "\n"), habit->conf);
}

static int switch_both_ways(const struct habit *habit, const char *name, struct esim_error *err)
{
	const struct esim_modem_settled *settled;
	int r = modem_rig_switch(true, err);

	settled = lpa_settled(modem_rig.lpa.lpa);
	ATF_CHECK_MSG(settled, "%s: the ladder was not climbed", name);
	if (r)
		return r;
	ATF_CHECK_MSG(settled && settled->reported, "%s: the modem does not report the profile", name);
	if (settled && habit->step >= 0)
		ATF_CHECK_MSG((int)settled->step == habit->step, "%s: it took %s", name,
			      esim_modem_step_name(settled->step));
	if (habit->quirks[0] && !habit->quirks[1] && !habit->conf && !strcmp(habit->quirks[0], "reenumerates"))
		ATF_CHECK_MSG(settled && settled->re_enumerated, "%s: that it left the bus is not told", name);
	return modem_rig_switch(false, err);
}

static int lifecycle(const struct habit *habit, const char *name, struct esim_error *err)
{
	struct esim_profile profile;
	bool found = false;
	int r = modem_rig_open(err);

	if (!r)
		r = modem_rig_download(err);
	if (!r)
		r = switch_both_ways(habit, name, err);
	if (!r)
		r = modem_rig_find(&profile, &found, err);
	if (!r)
		r = lpa_delete_profile(modem_rig.lpa.lpa, &profile, err);
	return r;
}

static void try_habit(const struct habit *habit)
{
	struct esim_error err;
	char name[256], conf[512];
	int r;

	name_habit(habit, name, sizeof(name));
	snprintf(conf, sizeof(conf), "[*]\n" TIMES "%s", habit->conf ? habit->conf : "");
	modem_rig_configure(conf);
	modem_rig_renew(habit->quirks);
	esim_error_clear(&err);
	alarm(BOUND_S);
	r = lifecycle(habit, name, &err);
	alarm(0);
	if (habit->sentence)
		ATF_CHECK_MSG(r && (strstr(err.message, habit->sentence) || strstr(err.advice, habit->sentence)),
			      "%s: %d, '%s' is not in: %s (%s)", name, r, habit->sentence, err.message, err.advice);
	else
		ATF_CHECK_EQ_MSG(r, 0, "%s: %s", name, err.message);
	modem_rig_close();
	ATF_CHECK_EQ_MSG(modem_rig_channels(), 0, "%s: %u channels are left", name, modem_rig_channels());
}

static void try_all(const struct modem_way *way, unsigned on)
{
	modem_rig_begin(way);
	for (size_t i = 0; i < HABITS; i++)
		if (habits[i].ways & on)
			try_habit(&habits[i]);
	modem_rig_end();
}

/* --- slots, and two at once -------------------------------------------------------------------------------------- */

static void another_slot(const struct modem_way *way)
{
	char reply[VMODEM_LINE_SIZE];
	struct esim_error err;

	modem_rig_begin(way);
	modem_rig.slots = 2;
	modem_rig_renew(NULL);
	modem_rig.query = "?slot=2";
	ATF_REQUIRE_EQ_MSG(modem_rig_open(&err), 0, "%s", err.message);
	ATF_REQUIRE_EQ(vmodem_ask(modem_rig.modem, reply, "state"), 0);
	ATF_CHECK_MSG(strstr(reply, "slot 2"), "%s", reply);
	ATF_CHECK_EQ_MSG(modem_rig_download(&err), 0, "%s", err.message);
	modem_rig_close();
	ATF_REQUIRE_EQ(vmodem_ask(modem_rig.modem, reply, "state"), 0);
	ATF_CHECK_MSG(strstr(reply, "slot 1"), "the slot that was in use is not again: %s", reply);
	modem_rig.query = "?slot=3";
	ATF_CHECK(modem_rig_open(&err) != 0);
	ATF_CHECK_MSG(strstr(err.message, "slot 3"), "%s", err.message);
	modem_rig_end();
}

static void is_at_slot(const char *slot, const char *when)
{
	char reply[VMODEM_LINE_SIZE];

	ATF_REQUIRE_EQ(vmodem_ask(modem_rig.modem, reply, "state"), 0);
	ATF_CHECK_MSG(strstr(reply, slot), "%s: not %s: %s", when, slot, reply);
}

static bool is_switched_and_asked(void)
{
	char reply[VMODEM_LINE_SIZE];

	ATF_REQUIRE_EQ(vmodem_ask(modem_rig.modem, reply, "state"), 0);
	return strstr(reply, "slot 2") && modem_rig_channels() > 0;
}

/* By a program that waits for the card's answer, and has no time to put anything back. */
static void killed_in_slot_2(void)
{
	char program[512], uri[ESIM_URI_SIZE];
	int status;
	pid_t pid;

	snprintf(program, sizeof(program), "%s/lpactl", getenv("COREESIM_BIN"));
	snprintf(uri, sizeof(uri), "%s:%s/m-%s?slot=2", modem_rig.way->scheme, modem_rig.directory, modem_rig.way->scheme);
	ATF_REQUIRE_EQ(vmodem_ask(modem_rig.modem, NULL, "fault mute@1+:apdu"), 0);
	pid = fork();
	ATF_REQUIRE(pid >= 0);
	if (pid == 0) {
		execl(program, "lpactl", "--device", uri, "info", (char *)NULL);
		_exit(127);
	}
	while (!is_switched_and_asked())
		ATF_REQUIRE_EQ_MSG(0, waitpid(pid, &status, WNOHANG), "lpactl ended: %d", status);
	kill(pid, SIGKILL);
	ATF_REQUIRE_EQ(pid, waitpid(pid, &status, 0));
	ATF_REQUIRE_EQ(vmodem_ask(modem_rig.modem, NULL, "fault none"), 0);
	is_at_slot("slot 2", "after the kill");
}

static void opened_and_closed(const char *query, const char *slot, const char *when)
{
	struct esim_error err;

	modem_rig.query = query;
	ATF_REQUIRE_EQ_MSG(modem_rig_open(&err), 0, "%s: %s", when, err.message);
	is_at_slot(slot, when);
	modem_rig_close();
}

/* Who comes next puts the slot back that was in use, unless somebody has chosen one since. */
static void slot_of_a_killed_owner(const struct modem_way *way)
{
	modem_rig_begin(way);
	modem_rig.slots = 2;
	modem_rig_renew(NULL);
	killed_in_slot_2();
	opened_and_closed(NULL, "slot 1", "the next owner, of the slot in use");
	is_at_slot("slot 1", "behind it");
	killed_in_slot_2();
	opened_and_closed("?slot=2", "slot 2", "the next owner, of the same slot");
	is_at_slot("slot 1", "behind that");

	killed_in_slot_2();
	ATF_REQUIRE_EQ(vmodem_ask(modem_rig.modem, NULL, "slot 1"), 0);
	opened_and_closed(NULL, "slot 1", "somebody has put it back");
	ATF_REQUIRE_EQ(vmodem_ask(modem_rig.modem, NULL, "slot 2"), 0);
	opened_and_closed(NULL, "slot 2", "somebody has chosen the other");
	modem_rig_end();
}

/* The second owner hears who the first is, and leaves nothing behind. */
static void two_owners(const struct modem_way *way)
{
	struct esim_transport *second = NULL;
	char uri[ESIM_URI_SIZE];
	struct esim_error err;

	modem_rig_begin(way);
	modem_rig_renew(NULL);
	ATF_REQUIRE_EQ_MSG(modem_rig_open(&err), 0, "%s", err.message);
	snprintf(uri, sizeof(uri), "%s:%s/m-%s", way->scheme, modem_rig.directory, way->scheme);
	ATF_CHECK_EQ_MSG(esim_transport_open(uri, &second, &err), ESIM_EBUSY, "%s", err.message);
	ATF_CHECK_MSG(err.message[0], "no sentence");
	ATF_CHECK_EQ_MSG(modem_rig_download(&err), 0, "%s", err.message);
	modem_rig_close();
	ATF_CHECK_EQ_MSG(esim_transport_open(uri, &second, &err), 0, "%s", err.message);
	esim_transport_free(&second);
	ATF_CHECK_EQ(modem_rig_channels(), 0);
	modem_rig_end();
}

/* The modem opens a channel and does not say which: who comes next finds it, and others' are left alone. */
static void an_opening_is_not_answered(const struct modem_way *way, const char *fault)
{
	struct esim_error err;
	int r;

	modem_rig_begin(way);
	modem_rig_renew(NULL);
	ATF_REQUIRE_EQ(0, vmodem_ask(modem_rig.modem, NULL, "fault %s@1:open", fault));
	r = modem_rig_open(&err);
	ATF_CHECK_EQ_MSG(1, modem_rig_stat("faults"), "%s did not happen", fault);
	ATF_CHECK_MSG(r == 0 || err.message[0], "no sentence");
	modem_rig_close();
	ATF_REQUIRE_EQ(0, vmodem_ask(modem_rig.modem, NULL, "fault none"));
	ATF_CHECK_EQ_MSG(0, modem_rig_open(&err), "%s", err.message);
	modem_rig_close();
	ATF_CHECK_EQ_MSG(0, modem_rig_channels(), "%s: %u channels are left", fault, modem_rig_channels());
	modem_rig_end();
}

/* Once the modem has been asked something, to which it says nothing. */
static void *give_up(void *cancel)
{
	while (modem_rig_stat("requests") == 0)
		continue;
	esim_cancel_trigger(cancel);
	return NULL;
}

static void a_mute_modem_is_given_up(const struct modem_way *way)
{
	struct esim_transport *transport = NULL;
	struct esim_cancel *cancel;
	char uri[ESIM_URI_SIZE];
	struct esim_error err;
	pthread_t user;

	modem_rig_begin(way);
	modem_rig_renew(NULL);
	ATF_REQUIRE_EQ(0, esim_cancel_new(&cancel));
	ATF_REQUIRE_EQ(0, vmodem_ask(modem_rig.modem, NULL, "fault mute@1+"));
	snprintf(uri, sizeof(uri), "%s:%s/m-%s", way->scheme, modem_rig.directory, way->scheme);
	ATF_REQUIRE_EQ(0, pthread_create(&user, NULL, give_up, cancel));
	ATF_CHECK_EQ_MSG(ESIM_ECANCELED, esim_transport_open_cancellable(uri, cancel, &transport, &err), "%s",
			 err.message);
	ATF_REQUIRE_EQ(0, pthread_join(user, NULL));
	ATF_REQUIRE_EQ(0, vmodem_ask(modem_rig.modem, NULL, "fault none"));
	ATF_CHECK_EQ_MSG(0, modem_rig_open(&err), "%s", err.message);
	modem_rig_close();
	esim_cancel_free(&cancel);
	modem_rig_end();
}

#define CASE(name, call) \
	ATF_TC(name); \
	ATF_TC_HEAD(name, tc) { atf_tc_set_md_var(tc, "timeout", "3600"); } \
	ATF_TC_BODY(name, tc) { call; }

CASE(mbim_habits, try_all(&modem_way_mbim, ON_MBIM))
CASE(qmi_habits, try_all(&modem_way_qmi, ON_QMI))
CASE(at_habits, try_all(&modem_way_at, ON_AT))
CASE(mbim_another_slot, another_slot(&modem_way_mbim))
CASE(qmi_another_slot, another_slot(&modem_way_qmi))
CASE(mbim_opening_mute, an_opening_is_not_answered(&modem_way_mbim, "mute"))
CASE(qmi_opening_mute, an_opening_is_not_answered(&modem_way_qmi, "mute"))
CASE(qmi_opening_garbage, an_opening_is_not_answered(&modem_way_qmi, "garbage"))
CASE(at_opening_mute, an_opening_is_not_answered(&modem_way_at, "mute"))
CASE(mbim_mute_is_given_up, a_mute_modem_is_given_up(&modem_way_mbim))
CASE(qmi_mute_is_given_up, a_mute_modem_is_given_up(&modem_way_qmi))
CASE(at_mute_is_given_up, a_mute_modem_is_given_up(&modem_way_at))
CASE(mbim_slot_of_a_killed_owner, slot_of_a_killed_owner(&modem_way_mbim))
CASE(qmi_slot_of_a_killed_owner, slot_of_a_killed_owner(&modem_way_qmi))
CASE(mbim_two_owners, two_owners(&modem_way_mbim))
CASE(qmi_two_owners, two_owners(&modem_way_qmi))
CASE(at_two_owners, two_owners(&modem_way_at))

ATF_TP_ADD_TCS(tp)
{
	ATF_TP_ADD_TC(tp, mbim_habits);
	ATF_TP_ADD_TC(tp, qmi_habits);
	ATF_TP_ADD_TC(tp, at_habits);
	ATF_TP_ADD_TC(tp, mbim_another_slot);
	ATF_TP_ADD_TC(tp, qmi_another_slot);
	ATF_TP_ADD_TC(tp, mbim_opening_mute);
	ATF_TP_ADD_TC(tp, qmi_opening_mute);
	ATF_TP_ADD_TC(tp, qmi_opening_garbage);
	ATF_TP_ADD_TC(tp, at_opening_mute);
	ATF_TP_ADD_TC(tp, mbim_mute_is_given_up);
	ATF_TP_ADD_TC(tp, qmi_mute_is_given_up);
	ATF_TP_ADD_TC(tp, at_mute_is_given_up);
	ATF_TP_ADD_TC(tp, mbim_slot_of_a_killed_owner);
	ATF_TP_ADD_TC(tp, qmi_slot_of_a_killed_owner);
	ATF_TP_ADD_TC(tp, mbim_two_owners);
	ATF_TP_ADD_TC(tp, qmi_two_owners);
	ATF_TP_ADD_TC(tp, at_two_owners);
	return atf_no_error();
}
