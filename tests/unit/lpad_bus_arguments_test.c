/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What callers pass: each method's arguments reach the model as meant, and hostile ones are refused by name. */
#include "lpad_fake_model.h"

#define EUICC	"Euicc1"
#define INVALID	"InvalidArgument"

#define download(client, ...) bus_rig_call(client, E1, EUICC, "Download", "a{sv}", __VA_ARGS__)

static const char *path_of(sd_bus_message *answer)
{
	const char *path;

	ATF_REQUIRE_MSG(sd_bus_message_read(answer, "o", &path) > 0, "%s", bus_rig_error(answer));
	return path;
}

/* --- orders ----------------------------------------------------------------------------------------- */

ATF_TC_WITHOUT_HEAD(an_order_by_activation_code_reaches_the_model_whole);
ATF_TC_BODY(an_order_by_activation_code_reaches_the_model_whole, tc)
{
	sd_bus *client = fake_start();
	sd_bus_message *m = download(client, 5, "activation_code", "s",
				     "LPA:1$smdp.example.com$CODE", "confirmation_code", "s", "1234", "interactive", "b", 1,
				     "enable_after", "b", 1, "expected_iccid", "s", "89440000000000000177");

	ATF_CHECK_STREQ(path_of(m), ROOT "/job/1");
	sd_bus_message_unref(m);
	ATF_CHECK_EQ(fake.of, &fake.euiccs[0]);
	ATF_CHECK_EQ(fake.request.kind, JOB_DOWNLOAD);
	ATF_CHECK_EQ(fake.request.uid, getuid());
	ATF_CHECK_EQ(fake.request.download.source, LPA_ORDER_ACTIVATION_CODE);
	ATF_CHECK_STREQ(fake.request.download.activation_code, "LPA:1$smdp.example.com$CODE");
	ATF_CHECK_STREQ(fake.request.download.confirmation_code, "1234");
	ATF_CHECK(fake.request.download.interactive && fake.request.download.enable_after);
	ATF_CHECK(fake.request.download.has_expected_iccid);
	ATF_CHECK(memcmp(&fake.request.download.expected_iccid, &fake.profiles[0].info.iccid, 10) == 0);
	ATF_CHECK_STREQ(rig.action, "org.coreesim.lpa1.download");
	fake_end(client);
}

ATF_TC_WITHOUT_HEAD(an_order_by_address_event_or_nothing_has_its_source);
ATF_TC_BODY(an_order_by_address_event_or_nothing_has_its_source, tc)
{
	sd_bus *client = fake_start();

	bus_rig_expect(download(client, 2, "smdp_address", "s", " SMDP.Example.com. ", "matching_id", "s",
				"M-1"), "", NULL);
	ATF_CHECK_EQ(fake.request.download.source, LPA_ORDER_ADDRESS);
	ATF_CHECK_STREQ(fake.request.download.address, "smdp.example.com");
	ATF_CHECK(fake.request.download.has_matching_id);
	ATF_CHECK_STREQ(fake.request.download.matching_id, "M-1");
	bus_rig_expect(download(client, 1, "event", "o", E1 "/event/1"), "", NULL);
	ATF_CHECK_EQ(fake.request.download.source, LPA_ORDER_EVENT);
	ATF_CHECK_STREQ(fake.request.download.matching_id, PLANTED_CODE);
	ATF_CHECK_EQ(fake.request.download.event_number, 1);
	bus_rig_expect(download(client, 0), "", NULL);
	ATF_CHECK_EQ(fake.request.download.source, LPA_ORDER_DEFAULT_SMDP);
	ATF_CHECK(!fake.request.download.interactive);
	bus_rig_expect(bus_rig_call(client, E1 "/event/1", "Event1", "Download", "a{sv}", 1, "interactive",
				    "b", 1), "", NULL);
	ATF_CHECK_EQ(fake.request.download.source, LPA_ORDER_EVENT);
	ATF_CHECK_STREQ(fake.request.download.address, PLANTED_ADDRESS);
	ATF_CHECK(fake.request.download.interactive);
	fake_end(client);
}

static char *long_text(size_t len)
{
	char *text = malloc(len + 1);

	memset(text, 'a', len);
	text[len] = '\0';
	return text;
}

ATF_TC_WITHOUT_HEAD(a_hostile_dictionary_is_refused_with_the_name_of_the_key);
ATF_TC_BODY(a_hostile_dictionary_is_refused_with_the_name_of_the_key, tc)
{
	sd_bus *client = fake_start();
	char *code = long_text(ESIM_MAX_ACTIVATION_CODE + 1), *pin = long_text(ESIM_MAX_CONFIRMATION_CODE + 1);
	char *unknown = long_text(100000);

	bus_rig_expect(download(client, 1, "activationcode", "s", "x"), INVALID, "\"activationcode\"");
	bus_rig_expect(download(client, 1, "interactive\x1B[2J", "b", 1), INVALID, "\"interactive[2J\"");
	bus_rig_expect(download(client, 1, unknown, "b", 1), INVALID, "aaaa");
	bus_rig_expect(download(client, 1, "interactive", "s", "yes"), INVALID,
		       "interactive is to be a truth value");
	bus_rig_expect(download(client, 1, "activation_code", "u", 1), INVALID,
		       "activation_code is to be a text");
	bus_rig_expect(download(client, 1, "activation_code", "as", 0), INVALID,
		       "activation_code is to be a text");
	bus_rig_expect(download(client, 1, "event", "s", E1 "/event/1"), INVALID,
		       "event is to be an object path");
	bus_rig_expect(download(client, 1, "activation_code", "v", "s", "x"), INVALID,
		       "activation_code is to be");
	bus_rig_expect(download(client, 2, "interactive", "b", 1, "interactive", "b", 0), INVALID,
		       "interactive is there twice");
	bus_rig_expect(download(client, 1, "activation_code", "s", code), INVALID, "activation_code is too long");
	bus_rig_expect(download(client, 1, "confirmation_code", "s", pin), INVALID,
		       "confirmation_code is too long");
	ATF_CHECK_EQ(fake.submitted, 0);
	ATF_CHECK_EQ_MSG(rig.questions, 0, "somebody was asked for what cannot be");
	free(code);
	free(pin);
	free(unknown);
	fake_end(client);
}

ATF_TC_WITHOUT_HEAD(an_order_that_contradicts_itself_is_refused);
ATF_TC_BODY(an_order_that_contradicts_itself_is_refused, tc)
{
	sd_bus *client = fake_start();

	bus_rig_expect(download(client, 2, "activation_code", "s", "1$a.example.com$", "smdp_address", "s",
				"a.example.com"), INVALID, "only one");
	bus_rig_expect(download(client, 1, "matching_id", "s", "x"), INVALID, "matching_id");
	bus_rig_expect(download(client, 1, "activation_code", "s", "PLANTED"), INVALID, "activation_code");
	bus_rig_expect(download(client, 1, "smdp_address", "s", "not a name"), INVALID, "smdp_address");
	bus_rig_expect(download(client, 1, "event", "o", ROOT "/euicc/2/event/1"), INVALID, "event");
	bus_rig_expect(download(client, 1, "event", "o", E1 "/event/9"), "NotFound", "event");
	bus_rig_expect(download(client, 1, "confirmation_code", "s", ""), INVALID, "confirmation_code");
	bus_rig_expect(download(client, 1, "expected_iccid", "s", "8944"), INVALID, "expected_iccid");
	bus_rig_expect(bus_rig_call(client, E1 "/event/1", "Event1", "Download", "a{sv}", 1,
				    "activation_code", "s", "1$a$"), INVALID, "activation_code");
	ATF_CHECK_EQ(fake.submitted, 0);
	fake_end(client);
}

ATF_TC_WITHOUT_HEAD(another_signature_than_the_documented_one_is_refused);
ATF_TC_BODY(another_signature_than_the_documented_one_is_refused, tc)
{
	static const char *const wrong = "org.freedesktop.DBus.Error.InvalidArgs";
	sd_bus *client = fake_start();

	bus_rig_expect(bus_rig_call(client, E1, EUICC, "Download", "s", "x"), wrong, NULL);
	bus_rig_expect(bus_rig_call(client, E1, EUICC, "Download", ""), wrong, NULL);
	bus_rig_expect(bus_rig_call(client, E1, EUICC, "MemoryReset", "ay", 0), wrong, NULL);
	bus_rig_expect(bus_rig_call(client, E1 "/profile/1", "Profile1", "Enable", "a{ss}", 0), wrong, NULL);
	fake_end(client);
}

/* --- the other methods ---------------------------------------------------------------------------------- */

ATF_TC_WITHOUT_HEAD(each_method_of_an_euicc_asks_for_its_job_and_its_action);
ATF_TC_BODY(each_method_of_an_euicc_asks_for_its_job_and_its_action, tc)
{
	sd_bus *client = fake_start();

	bus_rig_expect(bus_rig_call(client, E1, EUICC, "Discover", "a{sv}", 1, "smds", "s",
				    "LPA.ds.example.com"), "", NULL);
	ATF_CHECK_EQ(fake.request.kind, JOB_DISCOVER);
	ATF_CHECK_STREQ(fake.request.address, "lpa.ds.example.com");
	ATF_CHECK_STREQ(rig.action, "org.coreesim.lpa1.download");
	bus_rig_expect(bus_rig_call(client, E1, EUICC, "Discover", "a{sv}", 1, "smds", "s", ""), INVALID, "smds");
	bus_rig_expect(bus_rig_call(client, E1, EUICC, "MemoryReset", "as", 2, "operational-profiles",
				    "default-address"), "", NULL);
	ATF_CHECK_EQ(fake.request.kind, JOB_RESET);
	ATF_CHECK_EQ(fake.request.reset_options,
		     ES10C_RESET_OPERATIONAL_PROFILES | ES10C_RESET_DEFAULT_SMDP_ADDRESS);
	ATF_CHECK_STREQ(rig.action, "org.coreesim.lpa1.memory-reset");
	bus_rig_expect(bus_rig_call(client, E1, EUICC, "MemoryReset", "as", 0), "", NULL);
	ATF_CHECK_EQ(fake.request.reset_options, 0);
	bus_rig_expect(bus_rig_call(client, E1, EUICC, "MemoryReset", "as", 1, "everything"), INVALID, "what");
	bus_rig_expect(bus_rig_call(client, E1, EUICC, "MemoryReset", "as", 2, "test-profiles",
				    "test-profiles"), INVALID, "twice");
	bus_rig_expect(bus_rig_call(client, E1, EUICC, "SetDefaultSmdpAddress", "s", "a.example.com"), "", NULL);
	ATF_CHECK_EQ(fake.request.kind, JOB_ADDRESS);
	ATF_CHECK_STREQ(fake.request.address, "a.example.com");
	ATF_CHECK_STREQ(rig.action, "org.coreesim.lpa1.default-address");
	bus_rig_expect(bus_rig_call(client, E1, EUICC, "SetDefaultSmdpAddress", "s", ""), "", NULL);
	ATF_CHECK_STREQ(fake.request.address, "");
	bus_rig_expect(bus_rig_call(client, E1, EUICC, "SetDefaultSmdpAddress", "s", "no name"), INVALID,
		       "address");
	fake_end(client);
}

ATF_TC_WITHOUT_HEAD(each_method_of_a_profile_asks_for_its_job_and_its_action);
ATF_TC_BODY(each_method_of_a_profile_asks_for_its_job_and_its_action, tc)
{
	static const struct {
		const char *method, *action;
		enum job_kind kind;
	} methods[] = {
		{ "Enable", "org.coreesim.lpa1.manage-profiles", JOB_ENABLE },
		{ "Disable", "org.coreesim.lpa1.manage-profiles", JOB_DISABLE },
		{ "Delete", "org.coreesim.lpa1.delete-profile", JOB_DELETE },
	};
	sd_bus *client = fake_start();
	char *nickname = long_text(ESIM_MAX_NICKNAME + 1);

	for (size_t i = 0; i < sizeof(methods) / sizeof(methods[0]); i++) {
		bus_rig_expect(bus_rig_call(client, E1 "/profile/1", "Profile1", methods[i].method,
					    "a{sv}", 2, "refresh", "b", 1, "port", "u", 1), "", NULL);
		ATF_CHECK_EQ(fake.request.kind, methods[i].kind);
		ATF_CHECK_STREQ(rig.action, methods[i].action);
		ATF_CHECK(fake.request.how.refresh && fake.request.how.port == 1);
		ATF_CHECK(memcmp(&fake.request.iccid, &fake.profiles[0].info.iccid, 10) == 0);
		bus_rig_expect(bus_rig_call(client, E1 "/profile/1", "Profile1", methods[i].method,
					    "a{sv}", 1, "port", "i", 1), INVALID, "port");
	}
	bus_rig_expect(bus_rig_call(client, E1 "/profile/1", "Profile1", "SetNickname", "s",
				    "\xE6\x97\xA5"), "", NULL);
	ATF_CHECK_EQ(fake.request.kind, JOB_NICKNAME);
	ATF_CHECK_STREQ(fake.request.nickname, "\xE6\x97\xA5");
	bus_rig_expect(bus_rig_call(client, E1 "/profile/1", "Profile1", "SetNickname", "s", nickname),
		       INVALID, "nickname");
	free(nickname);
	fake_end(client);
}

static bool dropped(void *context)
{
	(void)context;
	return fake.dropped;
}

ATF_TC_WITHOUT_HEAD(a_notification_is_sent_or_dropped);
ATF_TC_BODY(a_notification_is_sent_or_dropped, tc)
{
	sd_bus *client = fake_start();
	struct calling *calling;

	bus_rig_expect(bus_rig_call(client, E1 "/notification/1", "Notification1", "Send", ""), "", NULL);
	ATF_CHECK_EQ(fake.request.kind, JOB_NOTIFICATION);
	ATF_CHECK_STREQ(fake.request.notification, "0");
	ATF_CHECK_STREQ(rig.action, "org.coreesim.lpa1.manage-profiles");
	calling = bus_rig_begin(client, false, E1 "/notification/1", "Notification1", "Drop", "");
	bus_rig_until(dropped, NULL);
	ATF_CHECK_STREQ(rig.action, "org.coreesim.lpa1.drop-notification");
	ATF_CHECK(!bus_rig_answered(calling));
	fake.done(fake.context, NULL);
	bus_rig_expect(bus_rig_finish(calling), "", NULL);
	fake_end(client);
}

static int on_changed(sd_bus_message *m, void *userdata, sd_bus_error *error)
{
	(void)m;
	(void)error;
	*(bool *)userdata = true;
	return 0;
}

static bool refreshed(void *context)
{
	(void)context;
	return fake.refreshed;
}

ATF_TC_WITHOUT_HEAD(refresh_answers_when_it_is_done_and_after_its_signals);
ATF_TC_BODY(refresh_answers_when_it_is_done_and_after_its_signals, tc)
{
	sd_bus *client = fake_start();
	struct calling *calling = bus_rig_begin(client, false, E1, EUICC, "Refresh", "");
	struct esim_error err;
	bool changed = false;

	ATF_REQUIRE(sd_bus_match_signal(client, NULL, NULL, E1, NULL, "PropertiesChanged", on_changed,
					&changed) >= 0);
	bus_rig_until(refreshed, NULL);
	ATF_CHECK_EQ(bus_calls(fake.daemon.bus), 1);
	ATF_CHECK(!bus_rig_answered(calling));
	bus_rig_settle(client);
	changed = false;
	fake.euiccs[0].state = EUICC_BUSY;
	bus_euicc_changed(fake.daemon.bus, &fake.euiccs[0]);
	fake.done(fake.context, NULL);
	bus_rig_expect(bus_rig_finish(calling), "", NULL);
	ATF_CHECK_MSG(changed, "the answer came before the signal");
	ATF_CHECK_EQ(bus_calls(fake.daemon.bus), 0);
	calling = bus_rig_begin(client, false, E1, EUICC, "Refresh", "");
	fake.refreshed = 0;
	bus_rig_until(refreshed, NULL);
	esim_error_set(&err, ESIM_EBUSY, "another program holds it");
	fake.done(fake.context, &err);
	bus_rig_expect(bus_rig_finish(calling), "Busy", "another program holds it");
	fake.fails = ESIM_ENODEV;
	bus_rig_expect(bus_rig_call(client, E1, EUICC, "Refresh", ""), "NotReady", "the model says no");
	fake_end(client);
}

static bool jobs_made(void *count)
{
	return fake.daemon.next_job == *(unsigned *)count;
}

ATF_TC_WITHOUT_HEAD(attest_answers_with_what_its_job_came_to);
ATF_TC_BODY(attest_answers_with_what_its_job_came_to, tc)
{
	sd_bus *client = fake_start();
	struct calling *calling = bus_rig_begin(client, false, E1, EUICC, "Attest", "ay", 8, 1, 2, 3, 4, 5,
						6, 7, 8);
	sd_bus_message *m;
	const char *name, *value;
	unsigned jobs = 1;

	bus_rig_until(jobs_made, &jobs);
	ATF_CHECK_EQ(fake.request.kind, JOB_ATTEST);
	ATF_CHECK_EQ(fake.request.nonce_len, 8);
	ATF_CHECK_EQ(fake.request.nonce[7], 8);
	ATF_CHECK_STREQ(rig.action, "org.coreesim.lpa1.attest");
	fake.daemon.jobs->details = json_pack("{s:{s:s}}", "attestation", "euiccSigned1", "30");
	fake.daemon.jobs->state = JOB_DONE;
	bus_job_finished(fake.daemon.bus, fake.daemon.jobs);
	m = bus_rig_finish(calling);
	ATF_REQUIRE(sd_bus_message_enter_container(m, 'a', "{sv}") > 0);
	ATF_REQUIRE(sd_bus_message_read(m, "{sv}", &name, "s", &value) > 0);
	ATF_CHECK_STREQ(name, "euiccSigned1");
	ATF_CHECK_STREQ(value, "30");
	sd_bus_message_unref(m);

	bus_rig_expect(bus_rig_call(client, E1, EUICC, "Attest", "ay", 2, 1, 2), INVALID, "nonce");
	calling = bus_rig_begin(client, false, E1, EUICC, "Attest", "ay", 8, 1, 2, 3, 4, 5, 6, 7, 8);
	jobs = 2;
	bus_rig_until(jobs_made, &jobs);
	esim_error_set(&fake.daemon.jobs->next->error, ESIM_ENET, "no network");
	fake.daemon.jobs->next->state = JOB_FAILED;
	bus_job_finished(fake.daemon.bus, fake.daemon.jobs->next);
	bus_rig_expect(bus_rig_finish(calling), "Network", "no network");
	fake_end(client);
}

ATF_TC_WITHOUT_HEAD(check_events_asks_every_euicc_that_is_there);
ATF_TC_BODY(check_events_asks_every_euicc_that_is_there, tc)
{
	sd_bus *client = fake_start();
	sd_bus_message *m;
	const char *first, *second;

	m = bus_rig_call(client, ROOT, "Manager1", "CheckEvents", "");
	ATF_REQUIRE(sd_bus_message_read(m, "ao", 2, &first, &second) > 0);
	ATF_CHECK_STREQ(first, ROOT "/job/1");
	ATF_CHECK_STREQ(second, ROOT "/job/2");
	ATF_CHECK_EQ(fake.request.kind, JOB_DISCOVER);
	sd_bus_message_unref(m);
	fake.euiccs[0].state = EUICC_GONE;
	m = bus_rig_call(client, ROOT, "Manager1", "CheckEvents", "");
	ATF_REQUIRE(sd_bus_message_read(m, "ao", 1, &first) > 0);
	ATF_CHECK_EQ(fake.of, &fake.euiccs[1]);
	sd_bus_message_unref(m);
	fake.fails = ESIM_EBUSY;
	fake.check = "tooMany";
	bus_rig_expect(bus_rig_call(client, ROOT, "Manager1", "CheckEvents", ""), "TooMany", "the model says no");
	fake.euiccs[1].state = EUICC_GONE;
	bus_rig_expect(bus_rig_call(client, ROOT, "Manager1", "CheckEvents", ""), "", NULL);
	fake_end(client);
}

ATF_TC_WITHOUT_HEAD(an_activation_code_is_taken_apart_or_refused_without_repeating_it);
ATF_TC_BODY(an_activation_code_is_taken_apart_or_refused_without_repeating_it, tc)
{
	sd_bus *client = fake_start();
	sd_bus_message *m = bus_rig_call(client, ROOT, "Manager1", "ParseActivationCode", "s",
				     "LPA:1$smdp.example.com$ID-1$1.3.6.1$1");
	const char *name, *address, *id, *oid;
	int required;

	ATF_REQUIRE(sd_bus_message_read(m, "a{sv}", 4, &name, "s", &address, &name, "s", &id, &name, "s",
					&oid, &name,
					"b", &required) > 0);
	ATF_CHECK_STREQ(address, "smdp.example.com");
	ATF_CHECK_STREQ(id, "ID-1");
	ATF_CHECK_STREQ(oid, "1.3.6.1");
	ATF_CHECK(required);
	sd_bus_message_unref(m);
	m = bus_rig_call(client, ROOT, "Manager1", "ParseActivationCode", "s", "2$" PLANTED_CODE);
	ATF_CHECK(!strstr(sd_bus_message_get_error(m)->message, PLANTED_CODE));
	bus_rig_expect(m, INVALID, NULL);
	fake_end(client);
}

ATF_TP_ADD_TCS(tp)
{
	ATF_TP_ADD_TC(tp, an_order_by_activation_code_reaches_the_model_whole);
	ATF_TP_ADD_TC(tp, an_order_by_address_event_or_nothing_has_its_source);
	ATF_TP_ADD_TC(tp, a_hostile_dictionary_is_refused_with_the_name_of_the_key);
	ATF_TP_ADD_TC(tp, an_order_that_contradicts_itself_is_refused);
	ATF_TP_ADD_TC(tp, another_signature_than_the_documented_one_is_refused);
	ATF_TP_ADD_TC(tp, each_method_of_an_euicc_asks_for_its_job_and_its_action);
	ATF_TP_ADD_TC(tp, each_method_of_a_profile_asks_for_its_job_and_its_action);
	ATF_TP_ADD_TC(tp, a_notification_is_sent_or_dropped);
	ATF_TP_ADD_TC(tp, refresh_answers_when_it_is_done_and_after_its_signals);
	ATF_TP_ADD_TC(tp, attest_answers_with_what_its_job_came_to);
	ATF_TP_ADD_TC(tp, check_events_asks_every_euicc_that_is_there);
	ATF_TP_ADD_TC(tp, an_activation_code_is_taken_apart_or_refused_without_repeating_it);
	return atf_no_error();
}
