/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What is private reaches those whom polkit lets have it, and nobody else. */
#include "lpad_fake_model.h"

static const struct {
	const char *path, *interface;
} served[] = {
	{ ROOT, BUS_MANAGER },
	{ E1, BUS_NAME ".Euicc1" },
	{ E1 "/profile/1", BUS_NAME ".Profile1" },
	{ E1 "/notification/1", BUS_NAME ".Notification1" },
	{ E1 "/event/1", BUS_NAME ".Event1" },
	{ ROOT "/job/1", BUS_NAME ".Job1" },
};

static void walk(sd_bus *client, const char *path)
{
	sd_bus_message *m = bus_rig_call(client, path, "org.freedesktop.DBus.Introspectable", "Introspect", "");
	const char *xml;
	char tag[512], name[128], child[256];

	if (sd_bus_message_read(m, "s", &xml) > 0)
		while (bus_rig_tag(&xml, tag)[0]) {
			if (bus_rig_tag_is(tag, "interface"))
				sd_bus_message_unref(bus_rig_call(client, path,
								  "org.freedesktop.DBus.Properties", "GetAll",
							      "s", bus_rig_attribute(tag, "name", name)));
			if (!bus_rig_tag_is(tag, "node") || !bus_rig_attribute(tag, "name", name)[0])
				continue;
			snprintf(child, sizeof(child), "%s/%s", path, name);
			walk(client, child);
		}
	sd_bus_message_unref(m);
}

static void check_absent(const struct observer *observer, const void *planted, size_t len, const char *what)
{
	ATF_CHECK_MSG(!memmem(observer->bytes, observer->len, planted, len), "%s reached an observer", what);
}

static void plant_job(struct job *job)
{
	job->details = json_pack("{s:s,s:s,s:s}", "iccid", PLANTED_ICCID, "profileName", PLANTED_NAME,
				 "serverAddress",
				 PLANTED_ADDRESS);
	strcpy(job->request.download.matching_id, PLANTED_CODE);
	strcpy(job->request.download.confirmation_code, PLANTED_CODE);
	esim_error_set(&job->error, ESIM_EREFUSED, PLANTED_ERROR);
}

ATF_TC_WITHOUT_HEAD(no_byte_that_an_observer_receives_is_private);
ATF_TC_BODY(no_byte_that_an_observer_receives_is_private, tc)
{
	sd_bus *client = fake_start();
	struct job_request request = { .uid = getuid() };
	struct esim_iccid iccid;
	struct esim_eid eid;
	struct observer observer;
	struct job *job;

	bus_rig_observe(&observer);
	ATF_REQUIRE(sd_bus_match_signal_async(observer.bus, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL) >= 0);
	bus_rig_settle(observer.bus);
	rig.mode = POLKIT_NO;
	job = fake_job(&fake.euiccs[0], &request);
	plant_job(job);
	job->state = JOB_WAITING;
	bus_job_changed(fake.daemon.bus, job);
	bus_rig_settle(observer.bus);
	bus_profile_removed(fake.daemon.bus, &fake.profiles[0]);
	bus_profile_added(fake.daemon.bus, &fake.profiles[0]);
	bus_notification_removed(fake.daemon.bus, &fake.notification);
	bus_notification_added(fake.daemon.bus, &fake.notification);
	job->state = JOB_FAILED;
	bus_job_finished(fake.daemon.bus, job);
	bus_rig_settle(observer.bus);
	walk(observer.bus, ROOT);
	sd_bus_message_unref(bus_rig_call(observer.bus, ROOT, "org.freedesktop.DBus.ObjectManager",
					  "GetManagedObjects", ""));
	for (size_t i = 1; i < sizeof(served) / sizeof(served[0]); i++)
		bus_rig_expect(bus_rig_call(observer.bus, served[i].path, served[i].interface, "GetDetails", ""),
			   "NotAuthorized", NULL);
	/* The scan sees what is there, and far enough. */
	ATF_CHECK(memmem(observer.bytes, observer.len, "Finished", 8));
	ATF_CHECK(memmem(observer.bytes, observer.len, "NextAttempt", 11));
	ATF_CHECK(memmem(observer.bytes, observer.len, E1 "/profile/1", strlen(E1 "/profile/1")));
	check_absent(&observer, PLANTED_EID, strlen(PLANTED_EID), "the EID");
	check_absent(&observer, PLANTED_ICCID, 18, "the ICCID");
	check_absent(&observer, PLANTED_NAME, strlen(PLANTED_NAME), "the name");
	check_absent(&observer, PLANTED_ADDRESS, strlen(PLANTED_ADDRESS), "an address");
	check_absent(&observer, PLANTED_CODE, strlen(PLANTED_CODE), "a code");
	check_absent(&observer, PLANTED_ERROR, strlen(PLANTED_ERROR), "an error");
	check_absent(&observer, "planted/socket", 14, "a path");
	ATF_REQUIRE_EQ(esim_iccid_parse(PLANTED_ICCID, &iccid), 0);
	ATF_REQUIRE_EQ(esim_eid_parse(PLANTED_EID, &eid), 0);
	check_absent(&observer, iccid.bytes, sizeof(iccid.bytes), "the ICCID's octets");
	check_absent(&observer, eid.bytes, sizeof(eid.bytes), "the EID's octets");
	free(observer.bytes);
	sd_bus_flush_close_unref(observer.bus);
	fake_end(client);
}

static void check_detail(sd_bus *client, const char *path, const char *interface, const char *wanted)
{
	sd_bus_message *m = bus_rig_call(client, path, interface, "GetDetails", "");
	char *text;
	size_t size;
	FILE *out = open_memstream(&text, &size);

	ATF_REQUIRE_MSG(!sd_bus_message_is_method_error(m, NULL), "%s: %s", path, bus_rig_error(m));
	ATF_REQUIRE(sd_bus_message_dump(m, out, 0) >= 0);
	fclose(out);
	ATF_CHECK_MSG(strstr(text, wanted), "no %s in %s: %s", wanted, path, text);
	free(text);
	sd_bus_message_unref(m);
}

ATF_TC_WITHOUT_HEAD(details_go_to_whom_polkit_lets_read_them);
ATF_TC_BODY(details_go_to_whom_polkit_lets_read_them, tc)
{
	sd_bus *client = fake_start();
	struct job_request request = { .uid = getuid() };
	struct job *job = fake_job(&fake.euiccs[0], &request);

	job->details = json_pack("{s:s}", "iccid", PLANTED_ICCID);
	esim_error_set(&job->error, ESIM_EREFUSED, PLANTED_ERROR);
	check_detail(client, E1, "Euicc1", PLANTED_EID);
	check_detail(client, E1, "Euicc1", "notificationsOwed");
	check_detail(client, E1 "/profile/1", "Profile1", PLANTED_NAME);
	check_detail(client, E1 "/notification/1", "Notification1", PLANTED_ADDRESS);
	check_detail(client, E1 "/notification/1", "Notification1", PLANTED_ERROR);
	check_detail(client, E1 "/event/1", "Event1", PLANTED_CODE);
	check_detail(client, ROOT "/job/1", "Job1", E1);
	check_detail(client, ROOT "/job/1", "Job1", PLANTED_ERROR);
	check_detail(client, ROOT "/job/1", "Job1", "ESIM_EREFUSED");
	ATF_CHECK_STREQ(rig.action, "org.coreesim.lpa1.read-details");
	ATF_CHECK_EQ_MSG(json_object_size(fake.euiccs[0].details), 2, "the model's own object was written to");
	fake_end(client);
}

ATF_TP_ADD_TCS(tp)
{
	ATF_TP_ADD_TC(tp, no_byte_that_an_observer_receives_is_private);
	ATF_TP_ADD_TC(tp, details_go_to_whom_polkit_lets_read_them);
	return atf_no_error();
}
