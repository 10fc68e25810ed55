/* SPDX-License-Identifier: GPL-2.0-or-later */
/* at: with a modem of every dialect behind it: it works, or says what the modem's firmware forbids. */
#include "modem_at_rig.h"

#include <pthread.h>

/* --- dialects ------------------------------------------------------------------------------------- */

static const struct {
	const char *quirks, *conf;
	const char *message;			/* NULL: it works */
} dialects[] = {
	{ "", "", NULL },
	{ "le-required", "[*]\nLe=always\n", NULL },
	{ "le-refused", "[*]\nLe=never\n", NULL },
	{ "class-bits", "", NULL },
	{ "class-bits", "[*]\nClass=channel\n", NULL },
	{ "show-61", "", NULL },
	{ "show-61 at-csim-only", "", NULL },
	{ "channels=1", "", NULL },
	{ "channels=1 at-csim-only", "", NULL },
	{ "no-fci", "", NULL },
	{ "no-imei", "", NULL },
	{ "at-no-test", "", NULL },
	{ "at-bare", "", NULL },
	{ "at-no-cchc", "", NULL },
	{ "at-csim-only", "", NULL },
	{ "at-echo", "", NULL },
	{ "at-chatter", "", NULL },
	{ "at-no-cme", "", NULL },
	{ "at-short-lines=64", "", NULL },
	{ "at-csim-only class-bits", "", NULL },
	{ "at-csim-only at-bare at-echo at-chatter at-no-cme at-no-test", "", NULL },
	{ "at-no-cchc at-bare at-echo at-chatter at-no-cme at-no-test", "", NULL },
	{ "at-bare at-chatter class-bits", "", NULL },
	{ "", "[*]\nAtChannel=csim\n", NULL },
	{ "", "[*]\nAtChannel=ccho\n", NULL },
	{ "isdr-denied", "", "AT+CCHO: the modem's firmware forbids the ISD-R (+CME ERROR: 3, operation not allowed)" },
	{ "isdr-denied at-no-cme", "", "the modem's firmware forbids the ISD-R" },
	{ "isdr-denied at-csim-only", "", "the modem's firmware forbids the ISD-R" },
	{ "isdr-denied at-csim-only at-no-cme", "", "the modem's firmware forbids the ISD-R" },
	{ "no-uicc", "", "neither AT+CCHO nor AT+CSIM" },
	{ "no-uicc at-no-cme", "", "neither AT+CCHO nor AT+CSIM" },
	{ "no-uicc", "[*]\nAtChannel=csim\n", "neither AT+CCHO nor AT+CSIM" },
};

ATF_TC_WITHOUT_HEAD(every_dialect_works_or_is_named);
ATF_TC_BODY(every_dialect_works_or_is_named, tc)
{
	for (size_t i = 0; i < sizeof(dialects) / sizeof(dialects[0]); i++) {
		const char *message = dialects[i].message;
		int r;

		rig_start(dialects[i].quirks, dialects[i].conf);
		r = rig_session(RIG_TIMEOUT_MS);
		if (message)
			ATF_CHECK_MSG(r == ESIM_ENOTSUP && strstr(err.message, message) && err.advice[0], "%s: %d %s",
				      dialects[i].quirks, r, err.message);
		else
			ATF_CHECK_EQ_MSG(r, 0, "%s %s: %s", dialects[i].quirks, dialects[i].conf, err.message);
		ATF_CHECK_EQ_MSG(rig_channels(), 0, "%s: a channel is left", dialects[i].quirks);
		rig_stop();
	}
}

ATF_TC_WITHOUT_HEAD(a_line_that_the_modem_cuts_asks_for_shorter_ones);
ATF_TC_BODY(a_line_that_the_modem_cuts_asks_for_shorter_ones, tc)
{
	uint8_t command[5 + 255] = { 0x80, 0xE2, 0x11, 0x00, 0xFF };
	struct esim_buf response = ESIM_BUF_INIT;
	struct esim_transport *transport;
	uint32_t handle;

	rig_start("at-short-lines=200", "");
	transport = rig_require_open();
	ATF_REQUIRE_EQ(rig_open_isdr(transport, &handle, RIG_TIMEOUT_MS), 0);
	ATF_REQUIRE_EQ(rig_eid(transport, handle, RIG_TIMEOUT_MS), 0);
	ATF_REQUIRE_EQ_MSG(esim_transport_channel_transmit(transport, handle, esim_slice(command, sizeof(command)),
							   &response, RIG_TIMEOUT_MS, &err), 0, "%s", err.message);
	ATF_CHECK(esim_slice_is(esim_buf_slice(&response), "\x66\x01", 2));
	esim_buf_free(&response);
	esim_transport_free(&transport);
	ATF_CHECK_EQ(rig_channels(), 0);
	rig_stop();
}

ATF_TC_WITHOUT_HEAD(a_modem_with_no_channel_left_says_so);
ATF_TC_BODY(a_modem_with_no_channel_left_says_so, tc)
{
	static const char *const quirks[] = { "channels=1", "channels=1 at-no-cme", "channels=1 at-csim-only" };

	for (size_t i = 0; i < 3; i++) {
		struct esim_transport *transport;
		uint32_t first, second;

		rig_start(quirks[i], "");
		transport = rig_require_open();
		ATF_REQUIRE_EQ(rig_open_isdr(transport, &first, RIG_TIMEOUT_MS), 0);
		ATF_CHECK_EQ_MSG(rig_open_isdr(transport, &second, RIG_TIMEOUT_MS), ESIM_EBUSY, "%s: %s", quirks[i],
				 err.message);
		ATF_CHECK(err.advice[0]);
		/* And the one that there is works on. */
		ATF_CHECK_EQ(rig_eid(transport, first, RIG_TIMEOUT_MS), 0);
		esim_transport_free(&transport);
		ATF_CHECK_EQ(rig_channels(), 0);
		rig_stop();
	}
}

ATF_TC_WITHOUT_HEAD(the_basic_channel_is_there_by_csim);
ATF_TC_BODY(the_basic_channel_is_there_by_csim, tc)
{
	static const uint8_t status[] = { 0x80, 0xF2, 0x00, 0x00, 0x00 };
	struct esim_buf response = ESIM_BUF_INIT;
	struct esim_transport_info info;
	struct esim_transport *transport;

	rig_start("", "");
	transport = rig_require_open();
	esim_transport_describe(transport, &info);
	ATF_CHECK_STREQ(info.scheme, "at");
	ATF_CHECK_MSG(strstr(info.name, "Virtual modem"), "%s", info.name);
	ATF_CHECK_EQ(info.features, ESIM_TRANSPORT_OWNED | ESIM_TRANSPORT_RAW | ESIM_TRANSPORT_RESET |
		     ESIM_TRANSPORT_CASE4);
	ATF_REQUIRE_EQ_MSG(esim_transport_transmit(transport, esim_slice(status, sizeof(status)), &response, RIG_TIMEOUT_MS,
						   &err), 0, "%s", err.message);
	ATF_CHECK(response.len > 2 && response.data[0] == 0x62);
	esim_buf_free(&response);
	esim_transport_free(&transport);
	rig_stop();
}

/* --- the modem itself ------------------------------------------------------------------------------------ */

static const struct esim_modem_ops *modem_ops(void **ret_priv)
{
	const struct esim_transport_ops *ops;
	char link[128], *path = realpath(".", NULL);

	snprintf(link, sizeof(link), "%.100s/port-at", path);
	free(path);
	esim_error_clear(&err);
	ATF_REQUIRE_EQ_MSG(at_open(link, NULL, &ops, ret_priv, &err), 0, "%s", err.message);
	return ops->modem;
}

ATF_TC_WITHOUT_HEAD(the_modem_says_who_it_is);
ATF_TC_BODY(the_modem_says_who_it_is, tc)
{
	const struct esim_modem_ops *ops;
	struct esim_modem_facts facts;
	void *priv;

	rig_start("at-chatter at-echo", "");
	ops = modem_ops(&priv);
	ATF_REQUIRE_EQ(ops->facts(priv, &facts, &err), 0);
	ATF_CHECK_STREQ(facts.imei, "490154203237518");
	ATF_CHECK_STREQ(facts.manufacturer, "CoreESIM");
	ATF_CHECK_STREQ(facts.model, "Virtual modem");
	ATF_CHECK_STREQ(facts.firmware, "VM1.0");
	at_close(priv);
	rig_stop();
	/* What it does not say is not made up. */
	rig_start("no-imei", "");
	ops = modem_ops(&priv);
	ATF_REQUIRE_EQ(ops->facts(priv, &facts, &err), 0);
	ATF_CHECK_STREQ(facts.imei, "");
	at_close(priv);
	rig_stop();
}

ATF_TC_WITHOUT_HEAD(quirks_are_those_of_its_firmware);
ATF_TC_BODY(quirks_are_those_of_its_firmware, tc)
{
	struct esim_transport_info info;
	struct esim_transport *transport;

	rig_start("", "[*]\nFirmware=VM1*\nProtocol=at\nSegmentSize=100\n[*]\nFirmware=VM2*\nSegmentSize=50\n");
	transport = rig_require_open();
	esim_transport_describe(transport, &info);
	ATF_CHECK_EQ(info.max_data, 100);
	esim_transport_free(&transport);
	rig_stop();
}

ATF_TC_WITHOUT_HEAD(without_a_profile_there_is_no_iccid);
ATF_TC_BODY(without_a_profile_there_is_no_iccid, tc)
{
	static const char *const quirks[] = { "", "at-no-cme" };

	for (size_t i = 0; i < 2; i++) {
		const struct esim_modem_ops *ops;
		struct esim_iccid iccid;
		void *priv;

		rig_start(quirks[i], "");
		ops = modem_ops(&priv);
		ATF_CHECK_EQ_MSG(ops->iccid(priv, &iccid, RIG_TIMEOUT_MS, &err), ESIM_ENOENT, "%s", err.message);
		at_close(priv);
		rig_stop();
	}
}

ATF_TC_WITHOUT_HEAD(after_a_step_no_channel_is_left_and_the_old_handle_is_stale);
ATF_TC_BODY(after_a_step_no_channel_is_left_and_the_old_handle_is_stale, tc)
{
	const struct esim_modem_ops *ops;
	struct esim_buf response = ESIM_BUF_INIT;
	uint32_t handle, again;
	void *priv;

	rig_start("", "");
	ops = modem_ops(&priv);
	ATF_REQUIRE_EQ(at_channel_open(priv, 0, esim_slice(rig_isdr, 16), 0, &handle, NULL, RIG_TIMEOUT_MS, &err), 0);
	ATF_CHECK_EQ(ops->step(priv, ESIM_MODEM_UIM_POWER, 1000, &err), ESIM_ENOTSUP);
	ATF_REQUIRE_EQ_MSG(ops->step(priv, ESIM_MODEM_AIRPLANE, RIG_TIMEOUT_MS, &err), 0, "%s", err.message);
	ATF_CHECK_EQ(rig_channels(), 0);
	ATF_CHECK_EQ(at_channel_transmit(priv, handle, esim_slice(rig_get_eid, 12), &response, 1000, &err), ESIM_ESTALE);
	ATF_REQUIRE_EQ(at_channel_open(priv, 0, esim_slice(rig_isdr, 16), 0, &again, NULL, RIG_TIMEOUT_MS, &err), 0);
	ATF_CHECK(again != handle);
	/* Harmless: it is not the new one's. */
	at_channel_close(priv, handle);
	ATF_CHECK_EQ(rig_channels(), 1);
	at_close(priv);
	ATF_CHECK_EQ(rig_channels(), 0);
	esim_buf_free(&response);
	rig_stop();
}

ATF_TC_WITHOUT_HEAD(airplane_mode_that_the_user_chose_stays);
ATF_TC_BODY(airplane_mode_that_the_user_chose_stays, tc)
{
	static const struct at_request off = { .line = "AT+CFUN=4" }, ask = { "AT+CFUN?", "+CFUN", AT_SHAPE_NUMBER };
	const struct esim_modem_ops *ops;
	void *priv;

	rig_start("", "");
	ops = modem_ops(&priv);
	ATF_REQUIRE_EQ(at_command(priv, "off", &off, RIG_TIMEOUT_MS, &err), 0);
	ATF_CHECK_EQ(ops->step(priv, ESIM_MODEM_AIRPLANE, RIG_TIMEOUT_MS, &err), ESIM_ENOTSUP);
	ATF_REQUIRE_EQ(at_command(priv, "mode", &ask, RIG_TIMEOUT_MS, &err), 0);
	ATF_CHECK_STREQ(at_answer(priv), "4");
	at_close(priv);
	rig_stop();
}

ATF_TC_WITHOUT_HEAD(a_modem_that_is_reset_is_found_again);
ATF_TC_BODY(a_modem_that_is_reset_is_found_again, tc)
{
	const struct esim_modem_ops *ops;
	uint32_t handle;
	void *priv;

	rig_start("", "");
	ops = modem_ops(&priv);
	ATF_REQUIRE_EQ(at_channel_open(priv, 0, esim_slice(rig_isdr, 16), 0, &handle, NULL, RIG_TIMEOUT_MS, &err), 0);
	ATF_REQUIRE_EQ_MSG(ops->step(priv, ESIM_MODEM_RESET, RIG_TIMEOUT_MS, &err), 0, "%s", err.message);
	ATF_CHECK_EQ(ops->wait(priv, RIG_TIMEOUT_MS, &err), ESIM_ENODEV);
	ATF_REQUIRE_EQ_MSG(ops->reopen(priv, RIG_TIMEOUT_MS, &err), 0, "%s", err.message);
	ATF_CHECK_EQ(rig_number("stats", "restarts "), 1);
	ATF_REQUIRE_EQ_MSG(at_channel_open(priv, 0, esim_slice(rig_isdr, 16), 0, &handle, NULL, RIG_TIMEOUT_MS, &err), 0,
			   "%s", err.message);
	at_close(priv);
	ATF_CHECK_EQ(rig_channels(), 0);
	rig_stop();
	/* And one whose firmware does not do it says so. */
	rig_start("no-reset", "");
	ops = modem_ops(&priv);
	ATF_CHECK_EQ_MSG(ops->step(priv, ESIM_MODEM_RESET, RIG_TIMEOUT_MS, &err), ESIM_ENOTSUP, "%s", err.message);
	at_close(priv);
	rig_stop();
}

ATF_TC_WITHOUT_HEAD(news_of_the_card_end_a_wait);
ATF_TC_BODY(news_of_the_card_end_a_wait, tc)
{
	const struct esim_modem_ops *ops;
	void *priv;

	rig_start("at-chatter", "");
	ops = modem_ops(&priv);
	ATF_REQUIRE_EQ(vmodem_ask(rig_modem, NULL, "slot 1"), 0);
	ATF_CHECK_EQ(ops->wait(priv, 1, &err), 0);
	ATF_REQUIRE_EQ(vmodem_ask(rig_modem, NULL, "unplug"), 0);
	ATF_CHECK_EQ(ops->wait(priv, RIG_TIMEOUT_MS, &err), ESIM_ENODEV);
	at_close(priv);
	rig_stop();
}

/* --- cancelled --------------------------------------------------------------------------------------------- */

/* Once the modem has the command, and says nothing. */
static void *cancel_when_mute(void *cancel)
{
	while (rig_number("stats", "faults ") == 0)
		;
	esim_cancel_trigger(cancel);
	return NULL;
}

ATF_TC_WITHOUT_HEAD(a_cancelled_command_ends_at_once_and_its_answer_is_nobodys);
ATF_TC_BODY(a_cancelled_command_ends_at_once_and_its_answer_is_nobodys, tc)
{
	struct esim_transport *transport;
	struct esim_cancel *cancel;
	uint32_t handle;
	pthread_t thread;

	rig_start("", "");
	ATF_REQUIRE_EQ(esim_cancel_new(&cancel), 0);
	transport = rig_require_open();
	ATF_REQUIRE_EQ(rig_open_isdr(transport, &handle, RIG_TIMEOUT_MS), 0);
	esim_transport_set_cancel(transport, cancel);
	ATF_REQUIRE_EQ(vmodem_ask(rig_modem, NULL, "fault late@1:apdu"), 0);
	ATF_REQUIRE_EQ(pthread_create(&thread, NULL, cancel_when_mute, cancel), 0);
	ATF_CHECK_EQ(rig_eid(transport, handle, RIG_TIMEOUT_MS), ESIM_ECANCELED);
	ATF_CHECK_EQ(err.outcome, ESIM_OUTCOME_UNKNOWN);
	pthread_join(thread, NULL);
	ATF_CHECK_EQ(rig_eid(transport, handle, RIG_TIMEOUT_MS), ESIM_ECANCELED);
	ATF_CHECK_EQ(err.outcome, ESIM_OUTCOME_NEVER_SENT);
	esim_cancel_clear(cancel);
	ATF_CHECK_EQ_MSG(rig_eid(transport, handle, RIG_TIMEOUT_MS), 0, "%s", err.message);
	esim_transport_free(&transport);
	ATF_CHECK_EQ(rig_channels(), 0);
	esim_cancel_free(&cancel);
	rig_stop();
}

ATF_TP_ADD_TCS(tp)
{
	ATF_TP_ADD_TC(tp, every_dialect_works_or_is_named);
	ATF_TP_ADD_TC(tp, a_line_that_the_modem_cuts_asks_for_shorter_ones);
	ATF_TP_ADD_TC(tp, a_modem_with_no_channel_left_says_so);
	ATF_TP_ADD_TC(tp, the_basic_channel_is_there_by_csim);
	ATF_TP_ADD_TC(tp, the_modem_says_who_it_is);
	ATF_TP_ADD_TC(tp, quirks_are_those_of_its_firmware);
	ATF_TP_ADD_TC(tp, without_a_profile_there_is_no_iccid);
	ATF_TP_ADD_TC(tp, after_a_step_no_channel_is_left_and_the_old_handle_is_stale);
	ATF_TP_ADD_TC(tp, airplane_mode_that_the_user_chose_stays);
	ATF_TP_ADD_TC(tp, a_modem_that_is_reset_is_found_again);
	ATF_TP_ADD_TC(tp, news_of_the_card_end_a_wait);
	ATF_TP_ADD_TC(tp, a_cancelled_command_ends_at_once_and_its_answer_is_nobodys);
	return atf_no_error();
}
