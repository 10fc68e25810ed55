/* SPDX-License-Identifier: GPL-2.0-or-later */
/* `mbim:` through the real mbim-proxy to a virtual modem: channels, the modem's habits, slots, facts, rungs. */
#include "modem_mbim_rig.h"

#include <esim/hex.h>

#include <atf-c.h>
#include <pthread.h>
#include <signal.h>
#include <stdatomic.h>
#include <string.h>
#include <sys/eventfd.h>
#include <sys/wait.h>
#include <unistd.h>

/* --- channels -------------------------------------------------------------------------------------- */

STORY(channels_are_opened_used_and_closed)
{
	struct esim_transport_info info;
	uint32_t one, two, three, four;

	mbim_rig_start(rig, NULL, NULL);
	REQUIRE_MSG(mbim_rig_open(rig, "") == 0, "%s", rig->err.message);
	mbim_transport_ops.describe(rig->mbim, &info);
	REQUIRE(info.atr_len > 10 && info.atr[0] == 0x3B);
	REQUIRE(info.features & ESIM_TRANSPORT_OWNED && info.features & ESIM_TRANSPORT_RESET);
	REQUIRE(mbim_rig_isdr(rig, &one) == 0 && mbim_rig_isdr(rig, &two) == 0 && mbim_rig_isdr(rig, &three) == 0);
	REQUIRE(mbim_rig_channels(rig) == 3);
	REQUIRE(mbim_rig_eid(rig, two, 20000) == 0);
	/* A fourth is not to be had: the number and what to do are said. */
	REQUIRE(mbim_rig_isdr(rig, &four) == ESIM_EBUSY);
	REQUIRE(strstr(rig->err.message, "NO_LOGICAL_CHANNELS") && rig->err.advice[0]);
	mbim_channel_close(rig->mbim, two);
	REQUIRE(mbim_rig_channels(rig) == 2);
	REQUIRE(mbim_rig_eid(rig, two, 20000) == ESIM_ESTALE);
	mbim_channel_close(rig->mbim, two);
	REQUIRE(mbim_rig_eid(rig, one, 20000) == 0);
	/* What was not closed is closed with the transport. */
	mbim_rig_close(rig);
	REQUIRE(mbim_rig_channels(rig) == 0);
}

STORY(an_application_that_is_not_there_leaves_no_channel)
{
	static const uint8_t aid[] = { 0xA0, 0, 0, 5, 0x59, 0x10, 0x10, 0x42 };
	uint32_t handle;
	int r;

	mbim_rig_start(rig, NULL, NULL);
	REQUIRE(mbim_rig_open(rig, "") == 0);
	r = mbim_channel_open(rig->mbim, 0, esim_slice(aid, sizeof(aid)), 0, &handle, NULL, 20000, &rig->err);
	REQUIRE_MSG(r == ESIM_ESW && rig->err.sw == 0x6A82, "%s", rig->err.message);
	REQUIRE(mbim_rig_channels(rig) == 0);
	mbim_rig_is_healthy(rig);
}

/* --- an owner that died, and two at a time ------------------------------------------------------------- */

STORY(what_a_dead_owner_left_open_is_closed_at_the_next_start)
{
	int status;
	pid_t pid;

	mbim_rig_start(rig, NULL, NULL);
	pid = fork();
	REQUIRE(pid >= 0);
	if (pid == 0) {
		uint32_t handle;

		if (mbim_rig_open(rig, "") || mbim_rig_isdr(rig, &handle) || mbim_rig_isdr(rig, &handle))
			_exit(1);
		raise(SIGKILL);
	}
	REQUIRE(waitpid(pid, &status, 0) == pid);
	REQUIRE_MSG(WIFSIGNALED(status), "status %#x", (unsigned)status);
	REQUIRE(mbim_rig_channels(rig) == 2);
	REQUIRE_MSG(mbim_rig_open(rig, "") == 0, "%s", rig->err.message);
	REQUIRE(mbim_rig_channels(rig) == 0);
	mbim_rig_is_healthy(rig);
}

STORY(a_modem_without_groups_is_cleaned_by_numbers)
{
	static const char *const quirks[] = { "no-group", NULL };
	pid_t pid;

	mbim_rig_start(rig, quirks, NULL);
	pid = fork();
	REQUIRE(pid >= 0);
	if (pid == 0) {
		uint32_t handle;

		if (mbim_rig_open(rig, "") == 0 && mbim_rig_isdr(rig, &handle) == 0)
			raise(SIGKILL);
		_exit(1);
	}
	REQUIRE(waitpid(pid, NULL, 0) == pid);
	REQUIRE(mbim_rig_channels(rig) == 1);
	REQUIRE_MSG(mbim_rig_open(rig, "") == 0, "%s", rig->err.message);
	REQUIRE(mbim_rig_channels(rig) == 0);
}

STORY(a_modem_has_one_owner)
{
	struct mbim *first;

	mbim_rig_start(rig, NULL, NULL);
	REQUIRE(mbim_rig_open(rig, "") == 0);
	first = rig->mbim;
	rig->mbim = NULL;
	REQUIRE(mbim_rig_open(rig, "") == ESIM_EBUSY);
	REQUIRE(rig->err.message[0]);
	rig->mbim = first;
	mbim_rig_is_healthy(rig);
	mbim_rig_close(rig);
	REQUIRE(mbim_rig_open(rig, "") == 0);
}

/* --- habits ---------------------------------------------------------------------------------------------- */

static const struct habit {
	const char *quirk, *config;
	int open, isdr, eid;
	const char *says;		/* in the message of what failed */
} habits[] = {
	{ "le-required", NULL, 0, 0, 0, NULL },
	{ "le-required", "Le=always", 0, 0, 0, NULL },
	{ "le-refused", "Le=never", 0, 0, 0, NULL },
	{ "class-bits", NULL, 0, 0, 0, NULL },
	{ "class-bits", "Class=channel", 0, 0, 0, NULL },
	{ "isdr-denied", NULL, 0, ESIM_ENOTSUP, 0, "the modem's firmware forbids the ISD-R" },
	{ "no-fci", NULL, 0, 0, 0, NULL },
	{ "no-slots", NULL, 0, 0, 0, NULL },
	{ "no-uicc", NULL, ESIM_ENOTSUP, 0, 0, "no access to its card" },
	{ "no-atr", NULL, 0, 0, 0, NULL },
	{ "no-imei", NULL, 0, 0, 0, NULL },
	{ "no-group", "GroupClose=no", 0, 0, 0, NULL },
	{ "no-indications", "Indications=no", 0, 0, 0, NULL },
	{ "no-fci", "Proxy=no", 0, 0, 0, NULL },
};

static void live_with(struct mbim_rig *rig, const struct habit *habit)
{
	const char *const quirks[] = { habit->quirk, NULL };
	uint32_t handle;
	int r;

	mbim_rig_start(rig, quirks, habit->config);
	r = mbim_rig_open(rig, "");
	REQUIRE_MSG(r == habit->open, "%s: open: %d %s", habit->quirk, r, rig->err.message);
	r = r ? 0 : mbim_rig_isdr(rig, &handle);
	REQUIRE_MSG(r == habit->isdr, "%s: channel: %d %s", habit->quirk, r, rig->err.message);
	if (!habit->open && !r) {
		r = mbim_rig_eid(rig, handle, 20000);
		REQUIRE_MSG(r == habit->eid, "%s: APDU: %d %s", habit->quirk, r, rig->err.message);
		mbim_channel_close(rig->mbim, handle);
	}
	if (habit->says && !habit->eid)
		REQUIRE_MSG(strstr(rig->err.message, habit->says), "%s", rig->err.message);
	REQUIRE(mbim_rig_channels(rig) == 0);
	mbim_rig_stop(rig);
}

STORY(every_habit_works_or_is_told_in_a_sentence)
{
	for (size_t i = 0; i < sizeof(habits) / sizeof(habits[0]); i++)
		live_with(rig, &habits[i]);
}

/* A command with data and no Le, as the first blocks of a long one are: the first of 300 bytes. */
static int send_block(struct mbim_rig *rig, uint32_t handle, unsigned *ret_apdus)
{
	uint8_t command[5 + 200] = { 0x80, 0xE2, 0x11, 0, 200, 0xBF, 0x3E, 0x82, 1, 0x2C };
	struct esim_buf response = ESIM_BUF_INIT_MAX(ESIM_MAX_RESPONSE);
	unsigned before = mbim_rig_stat(rig, "requests");
	int sw;

	REQUIRE_MSG(mbim_channel_transmit(rig->mbim, handle, esim_slice(command, sizeof(command)), &response, 20000,
					  &rig->err) == 0, "%s", rig->err.message);
	REQUIRE(response.len >= 2);
	sw = response.data[response.len - 2] << 8 | response.data[response.len - 1];
	*ret_apdus = mbim_rig_stat(rig, "requests") - before;
	esim_buf_free(&response);
	return sw;
}

/* No table knows this modem: that it misses Le is found at the first 6700, and remembered. */
STORY(a_modem_that_misses_le_gets_it)
{
	static const char *const quirks[] = { "le-required", NULL };
	uint32_t handle;
	unsigned apdus;

	mbim_rig_start(rig, quirks, NULL);
	REQUIRE(mbim_rig_open(rig, "") == 0 && mbim_rig_isdr(rig, &handle) == 0);
	REQUIRE_MSG(send_block(rig, handle, &apdus) == 0x9000 && apdus == 2, "%u", apdus);
	REQUIRE_MSG(send_block(rig, handle, &apdus) == 0x9000 && apdus == 1, "%u", apdus);
}

/* Where another form helps no more than the first, the first answer stands and nothing is remembered. */
STORY(a_status_word_that_means_it_stays)
{
	static const char *const quirks[] = { "segment-limit=100", NULL };
	static const uint8_t unknown[] = { 0x80, 0x5E, 0, 0, 0 };
	struct esim_buf response = ESIM_BUF_INIT;
	uint32_t handle;

	mbim_rig_start(rig, quirks, NULL);
	REQUIRE(mbim_rig_open(rig, "") == 0 && mbim_rig_isdr(rig, &handle) == 0);
	REQUIRE(mbim_channel_transmit(rig->mbim, handle, esim_slice(unknown, sizeof(unknown)), &response, 20000,
				      &rig->err) == 0);
	REQUIRE(esim_slice_is(esim_buf_slice(&response), "\x6D\x00", 2));
	REQUIRE(rig->mbim->quirks.cla == QUIRK_CLASS_PLAIN && rig->mbim->quirks.le == QUIRK_LE_AUTO);
	esim_buf_free(&response);
	REQUIRE(mbim_rig_eid(rig, handle, 20000) == 0);
}

/* --- other threads ----------------------------------------------------------------------------------------- */

static atomic_bool ends;

/* What a thread has opened nobody else closes. 0, or how often that was so. */
static void *use_descriptors(void *data)
{
	intptr_t taken = 0;

	(void)data;
	while (!atomic_load(&ends)) {
		int fds[4];

		for (size_t i = 0; i < 4; i++)
			fds[i] = eventfd(0, EFD_CLOEXEC);
		for (size_t i = 0; i < 4; i++)
			taken += close(fds[i]) != 0;
	}
	return (void *)taken;
}

STORY(closing_takes_no_descriptor_from_other_threads)
{
	pthread_t thread;
	void *taken;

	mbim_rig_start(rig, NULL, NULL);
	REQUIRE(pthread_create(&thread, NULL, use_descriptors, NULL) == 0);
	for (int i = 0; i < 300; i++) {
		REQUIRE_MSG(mbim_rig_open(rig, "") == 0, "%s", rig->err.message);
		mbim_rig_close(rig);
	}
	atomic_store(&ends, true);
	REQUIRE(pthread_join(thread, &taken) == 0);
	REQUIRE_MSG(!taken, "%td descriptors were closed under their thread", (intptr_t)taken);
}

/* --- slots ------------------------------------------------------------------------------------------------- */

STORY(a_slot_is_taken_and_given_back)
{
	struct esim_modem_facts facts;

	rig->options.modem.slots = 2;
	mbim_rig_start(rig, NULL, NULL);
	REQUIRE_MSG(mbim_rig_open(rig, "?slot=2") == 0, "%s", rig->err.message);
	REQUIRE(mbim_rig_state_is(rig, "slot 2\n"));
	REQUIRE(mbim_facts(rig->mbim, &facts, NULL) == 0 && facts.slots == 2 && facts.slot == 2);
	mbim_rig_is_healthy(rig);
	mbim_rig_close(rig);
	REQUIRE(mbim_rig_state_is(rig, "slot 1\n"));
	/* Without a name, the one in use; with its own name, that one and no switch. */
	REQUIRE(mbim_rig_open(rig, "") == 0);
	REQUIRE(mbim_facts(rig->mbim, &facts, NULL) == 0 && facts.slot == 1);
	mbim_rig_close(rig);
	REQUIRE(mbim_rig_open(rig, "?slot=1") == 0 && mbim_rig_state_is(rig, "slot 1\n"));
	mbim_rig_close(rig);
	REQUIRE(mbim_rig_open(rig, "?slot=3") == ESIM_ENODEV);
	REQUIRE_MSG(strstr(rig->err.message, "it has 2"), "%s", rig->err.message);
}

STORY(an_empty_slot_is_said_to_be_empty_and_given_back)
{
	rig->options.modem.slots = 2;
	rig->options.modem.empty = 1 << 1;
	mbim_rig_start(rig, NULL, NULL);
	REQUIRE(mbim_rig_open(rig, "?slot=2") == ESIM_ENODEV);
	REQUIRE_MSG(strstr(rig->err.message, "slot 2"), "%s", rig->err.message);
	REQUIRE(mbim_rig_state_is(rig, "slot 1\n"));
	REQUIRE(mbim_rig_open(rig, "") == 0);
	mbim_rig_is_healthy(rig);
}

STORY(a_modem_that_cannot_switch_says_so)
{
	static const char *const quirks[] = { "no-slots", NULL };

	mbim_rig_start(rig, quirks, NULL);
	REQUIRE(mbim_rig_open(rig, "?slot=1") == ESIM_ENOTSUP && rig->err.advice[0]);
	mbim_rig_configure(rig, "Slots=none");
	REQUIRE(mbim_rig_open(rig, "?slot=1") == ESIM_ENOTSUP);
	mbim_rig_stop(rig);
	rig->options.modem.slots = 2;
	mbim_rig_start(rig, NULL, "Slots=executor");
	REQUIRE(mbim_rig_open(rig, "?slot=2") == ESIM_ENOTSUP);
	REQUIRE(mbim_rig_open(rig, "?slot=1") == 0);
}

/* --- facts --------------------------------------------------------------------------------------------------- */

STORY(facts_come_from_the_modem)
{
	static const char *const quirks[] = { "no-imei", NULL };
	struct esim_modem_facts facts;

	rig->options.modem.imei = "490154203237518";
	rig->options.modem.firmware = "FW 7";
	mbim_rig_start(rig, NULL, NULL);
	REQUIRE(mbim_rig_open(rig, "") == 0);
	REQUIRE(mbim_facts(rig->mbim, &facts, NULL) == 0);
	REQUIRE(strcmp(facts.imei, "490154203237518") == 0 && strcmp(facts.firmware, "FW 7") == 0);
	REQUIRE(facts.eutran >= 8);
	mbim_rig_stop(rig);
	mbim_rig_start(rig, quirks, NULL);
	REQUIRE(mbim_rig_open(rig, "") == 0);
	REQUIRE(mbim_facts(rig->mbim, &facts, NULL) == 0 && !facts.imei[0]);
}

/* As ModemManager does: the modem's messages are other ones for every client from then on. */
static void another_agrees_on_extensions_3(struct mbim_rig *rig)
{
	char command[400];

	snprintf(command, sizeof(command),
		 "mbimcli -p -d %s-mbim --device-open-ms-mbimex-v3 --query-device-services >%s/mbimcli", rig->link,
		 rig->here);
	REQUIRE(system(command) == 0);
}

STORY(with_extensions_3_agreed_on_by_another_the_form_is_known)
{
	static const char *const embedded[] = { "mbimex-3=2", NULL }, *const removable[] = { "mbimex-3=6", NULL };
	struct esim_modem_facts facts;
	struct esim_iccid iccid;

	mbim_rig_start(rig, embedded, NULL);
	REQUIRE(mbim_rig_open(rig, "") == 0);
	REQUIRE(mbim_facts(rig->mbim, &facts, NULL) == 0 && facts.form == ESIM_MODEM_FORM_UNKNOWN);
	another_agrees_on_extensions_3(rig);
	/* A fresh card has no profile: so says the state, in its later form too. */
	REQUIRE(mbim_iccid(rig->mbim, &iccid, 5000, &rig->err) == ESIM_ENOENT);
	REQUIRE_MSG(strstr(rig->err.message, "without an enabled profile"), "%s", rig->err.message);
	REQUIRE(mbim_facts(rig->mbim, &facts, NULL) == 0 && facts.form == ESIM_MODEM_FORM_EMBEDDED);
	mbim_rig_is_healthy(rig);
	mbim_rig_stop(rig);

	mbim_rig_start(rig, removable, NULL);
	REQUIRE(mbim_rig_open(rig, "") == 0);
	another_agrees_on_extensions_3(rig);
	REQUIRE(mbim_facts(rig->mbim, &facts, NULL) == 0 && facts.form == ESIM_MODEM_FORM_REMOVABLE);
}

/* --- rungs ------------------------------------------------------------------------------------------------------ */

STORY(rungs_end_channels_and_leave_the_radio_as_it_was)
{
	struct esim_iccid iccid;
	uint32_t handle;

	mbim_rig_start(rig, NULL, NULL);
	REQUIRE(mbim_rig_open(rig, "") == 0);
	/* A fresh card has no profile. */
	REQUIRE(mbim_iccid(rig->mbim, &iccid, 5000, &rig->err) == ESIM_ENOENT);
	for (int step = ESIM_MODEM_UIM_POWER; step <= ESIM_MODEM_AIRPLANE; step++) {
		REQUIRE(mbim_rig_isdr(rig, &handle) == 0);
		REQUIRE_MSG(mbim_step(rig->mbim, (enum esim_modem_step)step, 20000, &rig->err) == 0, "%s",
			    rig->err.message);
		REQUIRE(mbim_rig_eid(rig, handle, 20000) == ESIM_ESTALE);
		mbim_channel_close(rig->mbim, handle);
		REQUIRE(mbim_rig_channels(rig) == 0 && mbim_rig_state_is(rig, "radio on\n"));
		mbim_rig_is_healthy(rig);
	}
}

STORY(a_reset_modem_is_found_again)
{
	uint32_t handle;
	int r;

	mbim_rig_start(rig, NULL, NULL);
	REQUIRE(mbim_rig_open(rig, "") == 0 && mbim_rig_isdr(rig, &handle) == 0);
	REQUIRE_MSG(mbim_step(rig->mbim, ESIM_MODEM_RESET, 20000, &rig->err) == 0, "%s", rig->err.message);
	do
		r = mbim_wait(rig->mbim, 20000, &rig->err);
	while (r == 0);
	REQUIRE_MSG(r == ESIM_ENODEV, "%s", rig->err.message);
	REQUIRE_MSG(mbim_reopen(rig->mbim, 60000, &rig->err) == 0, "%s", rig->err.message);
	REQUIRE(mbim_rig_eid(rig, handle, 20000) == ESIM_ESTALE);
	mbim_rig_is_healthy(rig);
}

STORY(a_rung_that_the_firmware_has_not_is_not_supported)
{
	static const char *const quirks[] = { "no-power", "no-reset", NULL };

	mbim_rig_start(rig, quirks, NULL);
	REQUIRE(mbim_rig_open(rig, "") == 0);
	REQUIRE(mbim_step(rig->mbim, ESIM_MODEM_UIM_POWER, 5000, &rig->err) == ESIM_ENOTSUP);
	REQUIRE(mbim_step(rig->mbim, ESIM_MODEM_RESET, 5000, &rig->err) == ESIM_ENOTSUP);
	mbim_rig_is_healthy(rig);
}

ATF_TP_ADD_TCS(tp)
{
	ATF_TP_ADD_TC(tp, channels_are_opened_used_and_closed);
	ATF_TP_ADD_TC(tp, an_application_that_is_not_there_leaves_no_channel);
	ATF_TP_ADD_TC(tp, what_a_dead_owner_left_open_is_closed_at_the_next_start);
	ATF_TP_ADD_TC(tp, a_modem_without_groups_is_cleaned_by_numbers);
	ATF_TP_ADD_TC(tp, a_modem_has_one_owner);
	ATF_TP_ADD_TC(tp, every_habit_works_or_is_told_in_a_sentence);
	ATF_TP_ADD_TC(tp, a_modem_that_misses_le_gets_it);
	ATF_TP_ADD_TC(tp, a_status_word_that_means_it_stays);
	ATF_TP_ADD_TC(tp, closing_takes_no_descriptor_from_other_threads);
	ATF_TP_ADD_TC(tp, a_slot_is_taken_and_given_back);
	ATF_TP_ADD_TC(tp, an_empty_slot_is_said_to_be_empty_and_given_back);
	ATF_TP_ADD_TC(tp, a_modem_that_cannot_switch_says_so);
	ATF_TP_ADD_TC(tp, facts_come_from_the_modem);
	ATF_TP_ADD_TC(tp, with_extensions_3_agreed_on_by_another_the_form_is_known);
	ATF_TP_ADD_TC(tp, rungs_end_channels_and_leave_the_radio_as_it_was);
	ATF_TP_ADD_TC(tp, a_reset_modem_is_found_again);
	ATF_TP_ADD_TC(tp, a_rung_that_the_firmware_has_not_is_not_supported);
	return atf_no_error();
}
