/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * A modem that is mute, late, lies, resets or leaves, and a proxy that dies: each call ends in its time and says what is known;
 * nothing stays open in the modem, and the next try succeeds.
 */
#include "modem_mbim_rig.h"

#include <atf-c.h>
#include <pthread.h>
#include <signal.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#define AT_A_TIME 16

static uint32_t open_isdr(struct mbim_rig *rig)
{
	uint32_t handle;

	mbim_rig_start(rig, NULL, NULL);
	REQUIRE_MSG(mbim_rig_open(rig, "") == 0, "%s", rig->err.message);
	REQUIRE_MSG(mbim_rig_isdr(rig, &handle) == 0, "%s", rig->err.message);
	return handle;
}

/* --- deadlines and cancelling --------------------------------------------------------------------------- */

STORY(a_mute_modem_is_given_up_at_the_deadline)
{
	uint32_t handle = open_isdr(rig);
	double begun = mbim_rig_seconds();

	mbim_rig_say(rig, "fault mute@1:apdu");
	REQUIRE(mbim_rig_eid(rig, handle, 300) == ESIM_ETIMEDOUT);
	REQUIRE_MSG(mbim_rig_seconds() - begun < 10, "%.1f s", mbim_rig_seconds() - begun);
	REQUIRE(rig->err.outcome == ESIM_OUTCOME_UNKNOWN);
	/* The next command is answered by its own answer. */
	REQUIRE_MSG(mbim_rig_eid(rig, handle, 20000) == 0, "%s", rig->err.message);
}

/* The quirk is a floor: a slow modem gets its time, whoever is impatient. */
STORY(apdu_timeout_is_a_floor)
{
	uint32_t handle = open_isdr(rig);
	double begun;

	mbim_rig_close(rig);
	mbim_rig_configure(rig, "ApduTimeout=2s");
	REQUIRE(mbim_rig_open(rig, "") == 0 && mbim_rig_isdr(rig, &handle) == 0);
	mbim_rig_say(rig, "fault mute@1:apdu");
	begun = mbim_rig_seconds();
	REQUIRE(mbim_rig_eid(rig, handle, 100) == ESIM_ETIMEDOUT);
	REQUIRE_MSG(mbim_rig_seconds() - begun > 1.9, "%.1f s", mbim_rig_seconds() - begun);
}

STORY(a_late_answer_is_not_the_next_ones)
{
	static const uint8_t info1[] = { 0x80, 0xE2, 0x91, 0, 3, 0xBF, 0x20, 0, 0 };
	struct esim_buf response = ESIM_BUF_INIT_MAX(ESIM_MAX_RESPONSE);
	uint32_t handle = open_isdr(rig);

	mbim_rig_say(rig, "fault late@1:apdu");
	REQUIRE(mbim_rig_eid(rig, handle, 300) == ESIM_ETIMEDOUT);
	mbim_rig_say(rig, "release");
	REQUIRE(mbim_channel_transmit(rig->mbim, handle, esim_slice(info1, sizeof(info1)), &response, 20000,
				      &rig->err) == 0);
	/* EUICCInfo1, and not the EID. */
	REQUIRE(response.len > 2 && response.data[0] == 0xBF && response.data[1] == 0x20);
	esim_buf_free(&response);
	REQUIRE(mbim_rig_eid(rig, handle, 20000) == 0);
}

struct trigger {
	struct mbim_rig *rig;
	struct esim_cancel *cancel;
};

/* As soon as the modem has the request that it stays mute to. */
static void *cancel_when_sent(void *argument)
{
	struct trigger *trigger = argument;

	while (mbim_rig_stat(trigger->rig, "faults") == 0)
		sched_yield();
	esim_cancel_trigger(trigger->cancel);
	return NULL;
}

STORY(cancelling_ends_a_command_at_once)
{
	struct trigger trigger = { .rig = rig };
	uint32_t handle = open_isdr(rig);
	pthread_t thread;

	REQUIRE(esim_cancel_new(&trigger.cancel) == 0);
	mbim_transport_ops.set_cancel(rig->mbim, trigger.cancel);
	mbim_rig_say(rig, "fault mute@1:apdu");
	REQUIRE(pthread_create(&thread, NULL, cancel_when_sent, &trigger) == 0);
	REQUIRE(mbim_rig_eid(rig, handle, 100000) == ESIM_ECANCELED);
	REQUIRE(rig->err.outcome == ESIM_OUTCOME_UNKNOWN);
	pthread_join(thread, NULL);
	/* Triggered already: nothing is sent. */
	REQUIRE(mbim_rig_eid(rig, handle, 100000) == ESIM_ECANCELED);
	REQUIRE(rig->err.outcome == ESIM_OUTCOME_NEVER_SENT);
	/* A cancelled caller still leaves the modem in order. */
	mbim_channel_close(rig->mbim, handle);
	REQUIRE(mbim_rig_channels(rig) == 0);
	mbim_transport_ops.set_cancel(rig->mbim, NULL);
	mbim_rig_is_healthy(rig);
	esim_cancel_free(&trigger.cancel);
}

/* --- an answer to opening that never came ----------------------------------------------------------------- */

STORY(a_channel_whose_opening_was_not_answered_is_closed_by_its_group)
{
	uint32_t handle;

	mbim_rig_start(rig, NULL, NULL);
	REQUIRE(mbim_rig_open(rig, "") == 0);
	mbim_rig_say(rig, "fault mute@1:open");
	REQUIRE(mbim_channel_open(rig->mbim, 0, esim_slice("\xA0\0\0\5\x59\x10\x10\xFF\xFF\xFF\xFF\x89\0\0\1\0", 16), 0,
				  &handle, NULL, 300, &rig->err) == ESIM_ETIMEDOUT);
	REQUIRE(mbim_rig_stat(rig, "opened") == 1);
	REQUIRE_MSG(mbim_rig_channels(rig) == 0, "%u channels are left", mbim_rig_channels(rig));
	mbim_rig_is_healthy(rig);
}

/* The journal remembers it. */
STORY(a_channel_that_could_not_be_closed_is_closed_by_the_next_owner)
{
	uint32_t handle = open_isdr(rig);

	mbim_rig_say(rig, "fault error@1:close");
	mbim_channel_close(rig->mbim, handle);
	REQUIRE(mbim_rig_channels(rig) == 1);
	mbim_rig_close(rig);
	REQUIRE(mbim_rig_channels(rig) == 1);
	REQUIRE_MSG(mbim_rig_open(rig, "") == 0, "%s", rig->err.message);
	REQUIRE(mbim_rig_channels(rig) == 0);
	mbim_rig_is_healthy(rig);
}

/* --- every fault at every message ---------------------------------------------------------------------------- */

static const char *const messages[] = {
	"info", "capability", "atr", "ready", "open", "apdu", "close", "other", "slots",
};
static const char *const faults[] = {
	"garbage", "noise", "truncated", "twice", "busy", "error", "closes", "late", "mute", "reset", "vanish",
};

/* All that a caller does, up to the first thing that fails. */
static int use(struct mbim_rig *rig)
{
	struct esim_modem_facts facts;
	struct esim_iccid iccid;
	uint32_t handle;
	int r = mbim_rig_open(rig, "");

	if (!r)
		r = mbim_rig_isdr(rig, &handle);
	if (!r)
		r = mbim_rig_eid(rig, handle, 1000);
	if (!r)
		r = mbim_facts(rig->mbim, &facts, &rig->err);
	if (!r)
		r = mbim_iccid(rig->mbim, &iccid, 1000, &rig->err);
	if (r == ESIM_ENOENT)
		r = 0;
	if (!r)
		mbim_channel_close(rig->mbim, handle);
	mbim_rig_close(rig);
	return r;
}

static void suffer(struct mbim_rig *rig, const char *fault, const char *message)
{
	char command[64];
	double begun = mbim_rig_seconds();
	int r;

	snprintf(rig->link, sizeof(rig->link), "%s/%s-%s", rig->here, fault, message);
	mbim_rig_start(rig, NULL, NULL);
	snprintf(command, sizeof(command), "fault %s@1:%s", fault, message);
	mbim_rig_say(rig, command);
	r = use(rig);
	REQUIRE_MSG(mbim_rig_seconds() - begun < 120, "%s: %.0f s", command, mbim_rig_seconds() - begun);
	REQUIRE_MSG(r == 0 || rig->err.message[0], "%s: %d without a word", command, r);
	mbim_rig_say(rig, "fault none");
	mbim_rig_say(rig, "plug");
	REQUIRE_MSG(mbim_rig_open(rig, "") == 0, "%s: again: %s", command, rig->err.message);
	mbim_rig_is_healthy(rig);
	mbim_rig_stop(rig);
}

/* That suffer now; 0: a free place. */
static pid_t suffering[AT_A_TIME];

static bool take_place(pid_t from, pid_t to)
{
	for (size_t i = 0; i < AT_A_TIME; i++)
		if (suffering[i] == from) {
			suffering[i] = to;
			return true;
		}
	return false;
}

/* A proxy may become a child of this process: one does not end, and one that found another there fails at once. */
static void await_one(void)
{
	int status;
	pid_t pid;

	do {
		pid = wait(&status);
		REQUIRE(pid > 0);
	} while (!take_place(pid, 0));
	REQUIRE_MSG(WIFEXITED(status) && WEXITSTATUS(status) == 0, "status %#x", (unsigned)status);
}

/* In a process of its own, before any thread was in this one: GLib's do not live through a fork. */
static void start_suffering(struct mbim_rig *rig, const char *fault, const char *message)
{
	pid_t pid = fork();

	REQUIRE(pid >= 0);
	if (pid > 0) {
		REQUIRE(take_place(0, pid));
		return;
	}
	suffer(rig, fault, message);
	_exit(0);
}

/* Many modems at a time, since most of it is waiting; one proxy for all, which the first starts. */
static void suffer_all(struct mbim_rig *rig, size_t from, size_t to)
{
	const size_t count = sizeof(messages) / sizeof(messages[0]);
	size_t running = 0;

	start_suffering(rig, "twice", "info");
	await_one();
	for (size_t i = from * count; i < to * count; i++) {
		start_suffering(rig, faults[i / count], messages[i % count]);
		if (++running < AT_A_TIME)
			continue;
		await_one();
		running--;
	}
	while (running-- > 0)
		await_one();
}

STORY(a_wrong_answer_to_any_message_leaves_a_modem_that_works)
{
	suffer_all(rig, 0, 7);
}

STORY(no_answer_to_any_message_leaves_a_modem_that_works)
{
	suffer_all(rig, 7, 9);
}

STORY(a_modem_that_leaves_at_any_message_works_when_it_is_back)
{
	suffer_all(rig, 9, sizeof(faults) / sizeof(faults[0]));
}

/* Busy is no failure: asked again, it does it. */
STORY(a_busy_modem_is_asked_again)
{
	uint32_t handle = open_isdr(rig);

	mbim_channel_close(rig->mbim, handle);
	mbim_rig_say(rig, "fault busy@1:open,busy@2:open,busy@1:apdu");
	REQUIRE_MSG(mbim_rig_isdr(rig, &handle) == 0, "%s", rig->err.message);
	REQUIRE_MSG(mbim_rig_eid(rig, handle, 20000) == 0, "%s", rig->err.message);
	mbim_rig_say(rig, "fault busy@1+:apdu");
	REQUIRE(mbim_rig_eid(rig, handle, 1500) == ESIM_EBUSY);
	REQUIRE_MSG(strstr(rig->err.message, "BUSY (MBIM status 1)"), "%s", rig->err.message);
	REQUIRE(rig->err.outcome == ESIM_OUTCOME_NEVER_SENT);
}

/* --- it leaves, and the proxy dies ----------------------------------------------------------------------------- */

STORY(a_modem_that_left_is_opened_again_when_it_is_back)
{
	uint32_t handle = open_isdr(rig);

	mbim_rig_say(rig, "fault vanish@1:apdu");
	REQUIRE(mbim_rig_eid(rig, handle, 20000) == ESIM_ENODEV);
	REQUIRE(rig->err.outcome == ESIM_OUTCOME_UNKNOWN);
	REQUIRE(mbim_wait(rig->mbim, 20000, &rig->err) == ESIM_ENODEV);
	/* Not there: bounded. */
	REQUIRE(mbim_reopen(rig->mbim, 300, &rig->err) != 0);
	mbim_rig_say(rig, "plug");
	REQUIRE_MSG(mbim_reopen(rig->mbim, 60000, &rig->err) == 0, "%s", rig->err.message);
	REQUIRE(mbim_rig_eid(rig, handle, 20000) == ESIM_ESTALE);
	mbim_rig_is_healthy(rig);
}

/* The modem never left: what was open in it still is, and is closed when the port is opened anew. */
STORY(a_proxy_that_dies_leaks_no_channel)
{
	uint32_t handle = open_isdr(rig);

	REQUIRE(mbim_rig_channels(rig) == 1);
	REQUIRE(kill(mbim_rig_proxy(), SIGKILL) == 0);
	REQUIRE(mbim_rig_eid(rig, handle, 20000) == ESIM_ENODEV);
	REQUIRE_MSG(mbim_reopen(rig->mbim, 60000, &rig->err) == 0, "%s", rig->err.message);
	REQUIRE_MSG(mbim_rig_channels(rig) == 0, "%u channels are left", mbim_rig_channels(rig));
	REQUIRE(mbim_rig_eid(rig, handle, 20000) == ESIM_ESTALE);
	mbim_rig_is_healthy(rig);
}

ATF_TP_ADD_TCS(tp)
{
	ATF_TP_ADD_TC(tp, a_mute_modem_is_given_up_at_the_deadline);
	ATF_TP_ADD_TC(tp, apdu_timeout_is_a_floor);
	ATF_TP_ADD_TC(tp, a_late_answer_is_not_the_next_ones);
	ATF_TP_ADD_TC(tp, cancelling_ends_a_command_at_once);
	ATF_TP_ADD_TC(tp, a_channel_whose_opening_was_not_answered_is_closed_by_its_group);
	ATF_TP_ADD_TC(tp, a_channel_that_could_not_be_closed_is_closed_by_the_next_owner);
	ATF_TP_ADD_TC(tp, a_wrong_answer_to_any_message_leaves_a_modem_that_works);
	ATF_TP_ADD_TC(tp, no_answer_to_any_message_leaves_a_modem_that_works);
	ATF_TP_ADD_TC(tp, a_modem_that_leaves_at_any_message_works_when_it_is_back);
	ATF_TP_ADD_TC(tp, a_busy_modem_is_asked_again);
	ATF_TP_ADD_TC(tp, a_modem_that_left_is_opened_again_when_it_is_back);
	ATF_TP_ADD_TC(tp, a_proxy_that_dies_leaks_no_channel);
	return atf_no_error();
}
