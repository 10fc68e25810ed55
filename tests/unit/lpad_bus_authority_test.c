/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Who may do what: polkit's word, and whose a job is. */
#include "lpad_fake_model.h"

#define EUICC	"Euicc1"
#define DENIED	"NotAuthorized"

/* --- polkit ------------------------------------------------------------------------------------------ */

ATF_TC_WITHOUT_HEAD(polkit_is_asked_about_the_caller_and_told_nothing_else);
ATF_TC_BODY(polkit_is_asked_about_the_caller_and_told_nothing_else, tc)
{
	sd_bus *client = fake_start();
	const char *name;

	sd_bus_message_unref(bus_rig_call(client, E1, EUICC, "GetDetails", ""));
	ATF_REQUIRE(sd_bus_get_unique_name(client, &name) >= 0);
	ATF_CHECK_STREQ(rig.subject, name);
	ATF_CHECK_STREQ(rig.action, "org.coreesim.lpa1.read-details");
	ATF_CHECK_EQ(rig.details, 0);
	ATF_CHECK_EQ(rig.flags, 0);
	ATF_CHECK_STREQ(rig.id, "");
	sd_bus_message_unref(bus_rig_finish(bus_rig_begin(client, true, E1, EUICC, "GetDetails", "")));
	ATF_CHECK_EQ(rig.flags, 1);
	ATF_CHECK(rig.id[0]);
	fake_end(client);
}

ATF_TC_WITHOUT_HEAD(where_polkit_says_no_nothing_is_done);
ATF_TC_BODY(where_polkit_says_no_nothing_is_done, tc)
{
	sd_bus *client = fake_start();

	rig.mode = POLKIT_NO;
	bus_rig_expect(bus_rig_call(client, E1, EUICC, "Download", "a{sv}", 0), DENIED,
		       "org.coreesim.lpa1.download");
	bus_rig_expect(bus_rig_call(client, E1, EUICC, "MemoryReset", "as", 0), DENIED,
		       "org.coreesim.lpa1.memory-reset");
	bus_rig_expect(bus_rig_call(client, E1, EUICC, "Refresh", ""), DENIED, NULL);
	bus_rig_expect(bus_rig_call(client, E1, EUICC, "OpenChannel", "ay", 5, 1, 2, 3, 4, 5), DENIED, NULL);
	bus_rig_expect(bus_rig_call(client, E1, EUICC, "Attest", "ay", 8, 1, 2, 3, 4, 5, 6, 7, 8), DENIED, NULL);
	bus_rig_expect(bus_rig_call(client, E1 "/profile/1", "Profile1", "Delete", "a{sv}", 0), DENIED, NULL);
	bus_rig_expect(bus_rig_call(client, E1 "/notification/1", "Notification1", "Drop", ""), DENIED, NULL);
	bus_rig_expect(bus_rig_call(client, E1 "/event/1", "Event1", "Download", "a{sv}", 0), DENIED, NULL);
	bus_rig_expect(bus_rig_call(client, ROOT, "Manager1", "CheckEvents", ""), DENIED, NULL);
	bus_rig_expect(bus_rig_call(client, ROOT, "Manager1", "ParseActivationCode", "s",
				    "1$a.example.com$"), DENIED, NULL);
	ATF_CHECK_EQ(fake.submitted + fake.refreshed + fake.opened + fake.dropped, 0);
	ATF_CHECK_EQ(bus_calls(fake.daemon.bus), 0);
	fake_end(client);
}

ATF_TC_WITHOUT_HEAD(a_password_that_is_missing_is_told_from_a_no);
ATF_TC_BODY(a_password_that_is_missing_is_told_from_a_no, tc)
{
	sd_bus *client = fake_start();

	rig.mode = POLKIT_CHALLENGE;
	bus_rig_expect(bus_rig_call(client, E1, EUICC, "Refresh", ""), DENIED, "interactive authorization");
	bus_rig_expect(bus_rig_finish(bus_rig_begin(client, true, E1, EUICC, "Refresh", "")), DENIED,
		       "nobody gave the password");
	rig.mode = POLKIT_ERROR;
	bus_rig_expect(bus_rig_call(client, E1, EUICC, "Refresh", ""), DENIED, "polkit failed: it has failed");
	ATF_CHECK_EQ(fake.refreshed, 0);
	fake_end(client);
}

ATF_TC_WITHOUT_HEAD(without_polkit_the_answer_is_no);
ATF_TC_BODY(without_polkit_the_answer_is_no, tc)
{
	sd_bus *client = fake_start();

	bus_rig_client_leaves(&rig.polkit);
	bus_rig_expect(bus_rig_call(client, E1, EUICC, "Refresh", ""), DENIED, "polkitd");
	bus_rig_expect(bus_rig_finish(bus_rig_begin(client, true, E1, EUICC, "Refresh", "")), DENIED, "polkitd");
	ATF_CHECK_EQ(fake.refreshed, 0);
	fake_end(client);
}

static bool was_called_off(void *context)
{
	(void)context;
	return rig.cancelled;
}

ATF_TC_WITHOUT_HEAD(a_polkit_that_is_silent_says_no_and_is_told_to_stop_asking);
ATF_TC_BODY(a_polkit_that_is_silent_says_no_and_is_told_to_stop_asking, tc)
{
	sd_bus *client = fake_start();

	rig.mode = POLKIT_SILENT;
	authority_set_patience(fake.daemon.bus->authority, 1000, 1000);
	bus_rig_expect(bus_rig_call(client, E1, EUICC, "Refresh", ""), DENIED, "in time");
	ATF_CHECK_EQ(rig.cancelled, 0);
	bus_rig_expect(bus_rig_finish(bus_rig_begin(client, true, E1, EUICC, "Refresh", "")), DENIED, "in time");
	bus_rig_until(was_called_off, NULL);
	ATF_CHECK_EQ(fake.refreshed, 0);
	fake_end(client);
}

static bool was_asked(void *times)
{
	return rig.questions >= *(unsigned *)times;
}

ATF_TC_WITHOUT_HEAD(nobody_is_asked_on_for_a_caller_that_has_left);
ATF_TC_BODY(nobody_is_asked_on_for_a_caller_that_has_left, tc)
{
	sd_bus *client = fake_start(), *leaver = bus_rig_client();
	unsigned once = 1;

	rig.mode = POLKIT_SILENT;
	free(bus_rig_begin(leaver, true, E1, EUICC, "MemoryReset", "as", 0));
	bus_rig_until(was_asked, &once);
	ATF_CHECK_EQ(bus_calls(fake.daemon.bus), 1);
	bus_rig_client_leaves(&leaver);
	bus_rig_until(was_called_off, NULL);
	ATF_CHECK_EQ(bus_calls(fake.daemon.bus), 0);
	ATF_CHECK_EQ(fake.submitted, 0);
	fake_end(client);
}

ATF_TC_WITHOUT_HEAD(what_went_while_polkit_was_asked_is_not_found);
ATF_TC_BODY(what_went_while_polkit_was_asked_is_not_found, tc)
{
	sd_bus *client = fake_start();
	struct calling *calling;
	unsigned once = 1;

	rig.mode = POLKIT_SILENT;
	calling = bus_rig_begin(client, false, E1 "/profile/1", "Profile1", "Enable", "a{sv}", 0);
	bus_rig_until(was_asked, &once);
	bus_profile_removed(fake.daemon.bus, &fake.profiles[0]);
	fake.euiccs[0].profiles = NULL;
	ATF_REQUIRE(sd_bus_reply_method_return(rig.kept, "(bba{ss})", true, false, 0) >= 0);
	bus_rig_expect(bus_rig_finish(calling), "NotFound", "/profile/1");
	ATF_CHECK_EQ(fake.submitted, 0);
	fake_end(client);
}

/* What the default is for users at the machine; nobody else has any of it. */
static const struct {
	const char *action, *active;
} defaults[] = {
	{ "read-details", "yes" }, { "download", "yes" }, { "manage-profiles", "yes" },
	{ "delete-profile", "auth_self" }, { "default-address", "auth_self" }, { "drop-notification",
										 "auth_self" },
	{ "memory-reset", "auth_admin" }, { "attest", "auth_admin" }, { "open-channel", "auth_admin" },
	{ "configure", "auth_admin" },
};

ATF_TC_WITHOUT_HEAD(the_policy_file_has_each_action_with_its_default);
ATF_TC_BODY(the_policy_file_has_each_action_with_its_default, tc)
{
	char *policy = bus_rig_source("lpad/polkit/org.coreesim.lpa1.policy"), expected[512];
	const char *at = policy;
	size_t count = 0;

	for (size_t i = 0; i < sizeof(defaults) / sizeof(defaults[0]); i++) {
		const char *action;

		snprintf(expected, sizeof(expected), "<action id=\"org.coreesim.lpa1.%s\">", defaults[i].action);
		action = strstr(policy, expected);
		ATF_REQUIRE_MSG(action, "no %s", defaults[i].action);
		/* Its owner: lpad is not root, and asks about others. */
		snprintf(expected, sizeof(expected), "<allow_any>no</allow_any>\n      "
			 "<allow_inactive>no</allow_inactive>\n      <allow_active>%s</allow_active>\n    </defaults>\n"
			 "    <annotate key=\"org.freedesktop.policykit.owner\">unix-user:lpad</annotate>\n  </action>",
			 defaults[i].active);
		ATF_CHECK_MSG(strstr(action, expected) && strstr(action, expected) < strstr(action,
											    "</action>"), "%s",
			      defaults[i].action);
	}
	while ((at = strstr(at, "<action id="))) {
		at++;
		count++;
	}
	ATF_CHECK_EQ(count, sizeof(defaults) / sizeof(defaults[0]));
	free(policy);
}

/* --- jobs ------------------------------------------------------------------------------------------------ */

ATF_TC_WITHOUT_HEAD(another_users_job_takes_what_an_administrator_has);
ATF_TC_BODY(another_users_job_takes_what_an_administrator_has, tc)
{
	sd_bus *client = fake_start();
	struct job_request request = { .uid = getuid() + 1, .kind = JOB_DOWNLOAD };
	static const char *const job = ROOT "/job/1";

	fake_job(&fake.euiccs[0], &request);
	rig.mode = POLKIT_OWNER_ALONE;
	bus_rig_expect(bus_rig_call(client, job, "Job1", "GetDetails", ""), DENIED, "another user's");
	ATF_CHECK_STREQ(rig.action, "org.coreesim.lpa1.configure");
	bus_rig_expect(bus_rig_call(client, job, "Job1", "Confirm", "a{sv}", 1, "consent", "b", 1), DENIED,
		       "another user's");
	bus_rig_expect(bus_rig_call(client, job, "Job1", "Cancel", "s", ""), DENIED, "another user's");
	ATF_CHECK_EQ(fake.confirmed + fake.cancelled, 0);
	rig.mode = POLKIT_YES;
	bus_rig_expect(bus_rig_call(client, job, "Job1", "Cancel", "s", ""), "", NULL);
	bus_rig_expect(bus_rig_call(client, job, "Job1", "Confirm", "a{sv}", 1, "consent", "b", 1), "", NULL);
	ATF_CHECK_EQ(fake.confirmed + fake.cancelled, 2);
	fake_end(client);
}

ATF_TC_WITHOUT_HEAD(an_owner_confirms_with_what_the_jobs_kind_takes_and_may_always_cancel);
ATF_TC_BODY(an_owner_confirms_with_what_the_jobs_kind_takes_and_may_always_cancel, tc)
{
	static const struct {
		enum job_kind kind;
		const char *action;
	} kinds[] = {
		{ JOB_DOWNLOAD, "download" }, { JOB_DISCOVER, "download" }, { JOB_ENABLE, "manage-profiles" },
		{ JOB_DISABLE, "manage-profiles" }, { JOB_DELETE, "delete-profile" }, { JOB_NICKNAME,
											"manage-profiles" },
		{ JOB_RESET, "memory-reset" }, { JOB_ADDRESS, "default-address" }, { JOB_NOTIFICATION,
										     "manage-profiles" },
		{ JOB_ATTEST, "attest" },
	};
	sd_bus *client = fake_start();
	char path[64];

	for (size_t i = 0; i < sizeof(kinds) / sizeof(kinds[0]); i++) {
		struct job_request request = { .uid = getuid(), .kind = kinds[i].kind };

		snprintf(path, sizeof(path), ROOT "/job/%u", fake_job(&fake.euiccs[0], &request)->number);
		rig.mode = POLKIT_YES;
		bus_rig_expect(bus_rig_call(client, path, "Job1", "Confirm", "a{sv}", 1, "consent", "b",
					    1), "", NULL);
		ATF_CHECK_STREQ(strrchr(rig.action, '.') + 1, kinds[i].action);
		rig.mode = POLKIT_NO;
		bus_rig_expect(bus_rig_call(client, path, "Job1", "Confirm", "a{sv}", 1, "consent", "b",
					    1), DENIED, NULL);
		ATF_CHECK_EQ(fake.confirmed, i + 1);
		bus_rig_expect(bus_rig_call(client, path, "Job1", "GetDetails", ""), DENIED, NULL);
		bus_rig_expect(bus_rig_call(client, path, "Job1", "Cancel", "s", ""), "", NULL);
		ATF_CHECK_EQ(fake.cancelled, i + 1);
	}
	fake_end(client);
}

ATF_TC_WITHOUT_HEAD(an_answer_reaches_the_job_as_it_was_given);
ATF_TC_BODY(an_answer_reaches_the_job_as_it_was_given, tc)
{
	sd_bus *client = fake_start();
	struct job_request request = { .uid = getuid() };
	static const char *const job = ROOT "/job/1";

	fake_job(&fake.euiccs[0], &request);
	bus_rig_expect(bus_rig_call(client, job, "Job1", "Confirm", "a{sv}", 2, "consent", "b", 1,
				    "confirmation_code", "s", "42"),
		   "", NULL);
	ATF_CHECK(fake.consent && !fake.policy_consent);
	ATF_CHECK_STREQ(fake.code, "42");
	bus_rig_expect(bus_rig_call(client, job, "Job1", "Confirm", "a{sv}", 1, "policy_consent", "b", 1),
		       "", NULL);
	ATF_CHECK(!fake.consent && fake.policy_consent);
	ATF_CHECK_STREQ(fake.code, "");
	bus_rig_expect(bus_rig_call(client, job, "Job1", "Confirm", "a{sv}", 0), "InvalidArgument", "no answer");
	bus_rig_expect(bus_rig_call(client, job, "Job1", "Confirm", "a{sv}", 1, "confirmation_code", "s",
				    ""), "InvalidArgument",
		   "confirmation_code");
	bus_rig_expect(bus_rig_call(client, job, "Job1", "Confirm", "a{sv}", 1, "yes", "b", 1),
		       "InvalidArgument", "yes");
	bus_rig_expect(bus_rig_call(client, job, "Job1", "Cancel", "s", "endUserRejection"), "", NULL);
	ATF_CHECK_EQ(fake.reason, LPA_NO);
	bus_rig_expect(bus_rig_call(client, job, "Job1", "Cancel", "s", "postponed"), "", NULL);
	ATF_CHECK_EQ(fake.reason, LPA_LATER);
	bus_rig_expect(bus_rig_call(client, job, "Job1", "Cancel", "s", "because"), "InvalidArgument", "reason");
	fake.fails = ESIM_EINVAL;
	bus_rig_expect(bus_rig_call(client, job, "Job1", "Cancel", "s", ""), "WrongState", "the model says no");
	bus_rig_expect(bus_rig_call(client, job, "Job1", "Confirm", "a{sv}", 1, "consent", "b", 1),
		       "WrongState", NULL);
	fake_end(client);
}

ATF_TP_ADD_TCS(tp)
{
	ATF_TP_ADD_TC(tp, polkit_is_asked_about_the_caller_and_told_nothing_else);
	ATF_TP_ADD_TC(tp, where_polkit_says_no_nothing_is_done);
	ATF_TP_ADD_TC(tp, a_password_that_is_missing_is_told_from_a_no);
	ATF_TP_ADD_TC(tp, without_polkit_the_answer_is_no);
	ATF_TP_ADD_TC(tp, a_polkit_that_is_silent_says_no_and_is_told_to_stop_asking);
	ATF_TP_ADD_TC(tp, nobody_is_asked_on_for_a_caller_that_has_left);
	ATF_TP_ADD_TC(tp, what_went_while_polkit_was_asked_is_not_found);
	ATF_TP_ADD_TC(tp, the_policy_file_has_each_action_with_its_default);
	ATF_TP_ADD_TC(tp, another_users_job_takes_what_an_administrator_has);
	ATF_TP_ADD_TC(tp, an_owner_confirms_with_what_the_jobs_kind_takes_and_may_always_cancel);
	ATF_TP_ADD_TC(tp, an_answer_reaches_the_job_as_it_was_given);
	return atf_no_error();
}
