/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Signals: each object once a turn of the loop, what changed alone, and in an order to rely on. */
#include "lpad_fake_model.h"

/* Each signal as "path member detail\n". */
struct heard {
	char text[4096];
};

static void note(struct heard *heard, const char *fmt, ...) __attribute__((format(printf, 2, 3)));
static void note(struct heard *heard, const char *fmt, ...)
{
	size_t len = strlen(heard->text);
	va_list ap;

	va_start(ap, fmt);
	vsnprintf(heard->text + len, sizeof(heard->text) - len, fmt, ap);
	va_end(ap);
}

static void note_changed(struct heard *heard, sd_bus_message *m)
{
	const char *interface, *name;

	ATF_REQUIRE(sd_bus_message_read(m, "s", &interface) > 0);
	ATF_REQUIRE(sd_bus_message_enter_container(m, 'a', "{sv}") > 0);
	while (!sd_bus_message_at_end(m, false)) {
		ATF_REQUIRE(sd_bus_message_enter_container(m, 'e', "sv") > 0);
		ATF_REQUIRE(sd_bus_message_read(m, "s", &name) > 0);
		ATF_REQUIRE(sd_bus_message_skip(m, "v") >= 0);
		ATF_REQUIRE(sd_bus_message_exit_container(m) >= 0);
		note(heard, " %s", name);
	}
}

static int on_signal(sd_bus_message *m, void *userdata, sd_bus_error *error)
{
	struct heard *heard = userdata;
	const char *member = sd_bus_message_get_member(m), *path = sd_bus_message_get_path(m);
	int success;

	(void)error;
	if (strncmp(path, ROOT, strlen(ROOT)) != 0)
		return 0;
	if (strncmp(member, "Interfaces", 10) == 0)
		ATF_REQUIRE(sd_bus_message_read(m, "o", &path) > 0);
	note(heard, "%s %s", path + strlen(ROOT), member);
	if (strcmp(member, "PropertiesChanged") == 0)
		note_changed(heard, m);
	if (strcmp(member, "Finished") == 0) {
		ATF_REQUIRE(sd_bus_message_read(m, "b", &success) > 0);
		note(heard, " %d", success);
	}
	note(heard, "\n");
	return 0;
}

static void hear(sd_bus *client, struct heard *heard)
{
	heard->text[0] = '\0';
	ATF_REQUIRE(sd_bus_add_match(client, NULL, "type='signal'", on_signal, heard) >= 0);
	bus_rig_settle(client);
	heard->text[0] = '\0';
}

ATF_TC_WITHOUT_HEAD(an_object_says_once_a_turn_what_changed_and_nothing_else);
ATF_TC_BODY(an_object_says_once_a_turn_what_changed_and_nothing_else, tc)
{
	sd_bus *client = fake_start();
	struct job_request request = { .uid = getuid() };
	struct job *job = fake_job(&fake.euiccs[0], &request);
	static struct heard heard;

	hear(client, &heard);
	job->progress = 10;
	bus_job_changed(fake.daemon.bus, job);
	job->progress = 20;
	job->state = JOB_RUNNING;
	bus_job_changed(fake.daemon.bus, job);
	bus_euicc_changed(fake.daemon.bus, &fake.euiccs[0]);
	bus_notification_changed(fake.daemon.bus, &fake.notification);
	bus_rig_settle(client);
	ATF_CHECK_STREQ(heard.text, "/job/1 PropertiesChanged State Progress\n");
	heard.text[0] = '\0';
	fake.euiccs[0].state = EUICC_BUSY;
	bus_euicc_changed(fake.daemon.bus, &fake.euiccs[0]);
	bus_rig_settle(client);
	bus_euicc_changed(fake.daemon.bus, &fake.euiccs[0]);
	bus_rig_settle(client);
	ATF_CHECK_STREQ(heard.text, "/euicc/1 PropertiesChanged State\n");
	heard.text[0] = '\0';
	fake.test_mode = true;
	bus_manager_changed(fake.daemon.bus);
	bus_rig_settle(client);
	ATF_CHECK_STREQ(heard.text, " PropertiesChanged TestMode\n");
	fake_end(client);
}

ATF_TC_WITHOUT_HEAD(finished_comes_after_the_last_change_and_before_the_object_goes);
ATF_TC_BODY(finished_comes_after_the_last_change_and_before_the_object_goes, tc)
{
	sd_bus *client = fake_start();
	struct job_request request = { .uid = getuid() };
	struct job *job = fake_job(&fake.euiccs[0], &request);
	static struct heard heard;

	hear(client, &heard);
	bus_job_finished(fake.daemon.bus, job);
	job->state = JOB_DONE;
	job->progress = 100;
	bus_job_changed(fake.daemon.bus, job);
	bus_rig_settle(client);
	ATF_CHECK_STREQ(heard.text, "/job/1 PropertiesChanged State Progress\n/job/1 Finished 1\n");
	heard.text[0] = '\0';
	job = fake_job(&fake.euiccs[0], &request);
	job->state = JOB_FAILED;
	bus_job_finished(fake.daemon.bus, job);
	bus_job_removed(fake.daemon.bus, job);
	bus_rig_settle(client);
	ATF_CHECK_STREQ(heard.text, "/job/2 InterfacesAdded\n/job/2 Finished 0\n/job/2 InterfacesRemoved\n");
	fake_end(client);
}

ATF_TC_WITHOUT_HEAD(what_comes_and_goes_is_told_unless_it_is_hidden);
ATF_TC_BODY(what_comes_and_goes_is_told_unless_it_is_hidden, tc)
{
	sd_bus *client = fake_start();
	static struct heard heard;

	hear(client, &heard);
	bus_profile_removed(fake.daemon.bus, &fake.profiles[1]);
	bus_profile_changed(fake.daemon.bus, &fake.profiles[1]);
	bus_rig_settle(client);
	ATF_CHECK_STREQ(heard.text, "");
	bus_profile_removed(fake.daemon.bus, &fake.profiles[0]);
	fake.euiccs[0].profiles = &fake.profiles[1];
	bus_event_removed(fake.daemon.bus, &fake.event);
	fake.euiccs[0].events = NULL;
	bus_rig_settle(client);
	ATF_CHECK_STREQ(heard.text, "/euicc/1/profile/1 InterfacesRemoved\n/euicc/1/event/1 InterfacesRemoved\n"
				    "/euicc/1 PropertiesChanged ProfileCount\n");
	heard.text[0] = '\0';
	/* Come and gone within a turn: nobody needs to know. */
	fake.euiccs[0].events = &fake.event;
	bus_event_added(fake.daemon.bus, &fake.event);
	bus_event_removed(fake.daemon.bus, &fake.event);
	bus_rig_settle(client);
	ATF_CHECK_STREQ(heard.text, "");
	bus_event_added(fake.daemon.bus, &fake.event);
	bus_rig_settle(client);
	ATF_CHECK_STREQ(heard.text, "/euicc/1/event/1 InterfacesAdded\n");
	fake_end(client);
}

ATF_TP_ADD_TCS(tp)
{
	ATF_TP_ADD_TC(tp, an_object_says_once_a_turn_what_changed_and_nothing_else);
	ATF_TP_ADD_TC(tp, finished_comes_after_the_last_change_and_before_the_object_goes);
	ATF_TP_ADD_TC(tp, what_comes_and_goes_is_told_unless_it_is_hidden);
	return atf_no_error();
}
