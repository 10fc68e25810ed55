/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What lpad shows on the bus to anyone: its objects, their properties and signals, and nothing private. */
#include "lpad_fake_model.h"

#include <ctype.h>

/* --- introspection -------------------------------------------------------------------------------- */

/* The next tag of XML, comments and declarations passed over; "" at the end. Attributes: attribute(). */
static const char *next_tag(const char **xml, char tag[static 512])
{
	const char *at = *xml, *end;

	tag[0] = '\0';
	while ((at = strchr(at, '<'))) {
		end = strncmp(at, "<!--", 4) == 0 ? strstr(at, "-->") : strchr(at, '>');
		ATF_REQUIRE(end);
		if (at[1] != '!' && at[1] != '?') {
			ATF_REQUIRE(end - at < 512);
			memcpy(tag, at + 1, (size_t)(end - at - 1));
			tag[end - at - 1] = '\0';
			*xml = end + 1;
			return tag;
		}
		at = end;
	}
	return tag;
}

static const char *attribute(const char *tag, const char *name, char value[static 128])
{
	char key[32];
	const char *at;

	snprintf(key, sizeof(key), " %s=\"", name);
	at = strstr(tag, key);
	value[0] = '\0';
	if (at)
		snprintf(value, 128, "%.*s", (int)strcspn(at + strlen(key), "\""), at + strlen(key));
	return value;
}

static bool tag_is(const char *tag, const char *name)
{
	size_t len = strlen(name);

	return strncmp(tag, name, len) == 0 && !isalnum((unsigned char)tag[len]);
}

/* One line for each thing that @interface has in @xml, in the order they come. */
static char *contract(const char *xml, const char *interface)
{
	char tag[512], a[128], b[128], c[128], *text;
	size_t size;
	FILE *out = open_memstream(&text, &size);
	bool inside = false;

	while (next_tag(&xml, tag)[0]) {
		if (tag_is(tag, "interface"))
			inside = strcmp(attribute(tag, "name", a), interface) == 0;
		else if (tag_is(tag, "/interface"))
			inside = false;
		else if (!inside || tag[0] == '/')
			continue;
		else if (tag_is(tag, "arg"))
			fprintf(out, "  arg %s %s %s\n", attribute(tag, "direction", a), attribute(tag, "type", b),
				attribute(tag, "name", c));
		else if (tag_is(tag, "annotation"))
			fprintf(out, "  %s=%s\n", attribute(tag, "name", a), attribute(tag, "value", b));
		else if (tag_is(tag, "property"))
			fprintf(out, "property %s %s %s\n", attribute(tag, "name", a), attribute(tag, "type", b),
				attribute(tag, "access", c));
		else
			fprintf(out, "%.*s %s\n", (int)strcspn(tag, " "), tag, attribute(tag, "name", a));
	}
	fclose(out);
	return text;
}

static char *documented(void)
{
	const char *source = getenv("COREESIM_SRC");
	char path[512], *text;
	size_t len;
	FILE *file;

	snprintf(path, sizeof(path), "%s/lpad/dbus/org.coreesim.Lpa1.xml", source ? source : ".");
	file = fopen(path, "r");
	ATF_REQUIRE_MSG(file, "%s cannot be read", path);
	text = calloc(1, 65536);
	len = fread(text, 1, 65535, file);
	ATF_REQUIRE(len > 0 && len < 65535);
	fclose(file);
	return text;
}

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

ATF_TC_WITHOUT_HEAD(introspection_is_what_the_xml_file_says);
ATF_TC_BODY(introspection_is_what_the_xml_file_says, tc)
{
	sd_bus *client = fake_start();
	struct job_request request = { .uid = getuid() };
	char *xml = documented();

	fake_job(&fake.euiccs[0], &request);
	for (size_t i = 0; i < sizeof(served) / sizeof(served[0]); i++) {
		sd_bus_message *m = rig_call(client, served[i].path, "org.freedesktop.DBus.Introspectable",
					     "Introspect", "");
		char *expected = contract(xml, served[i].interface), *got;
		const char *text;

		ATF_REQUIRE(sd_bus_message_read(m, "s", &text) > 0);
		got = contract(text, served[i].interface);
		ATF_CHECK(expected[0]);
		ATF_CHECK_MSG(strcmp(got, expected) == 0, "%s:\n%s\nbut the file has\n%s", served[i].interface, got,
			      expected);
		free(expected);
		free(got);
		sd_bus_message_unref(m);
	}
	free(xml);
	fake_end(client);
}

/* --- objects ------------------------------------------------------------------------------------------ */

static const char *const foreign[] = {
	ROOT "/euicc/3", ROOT "/euicc/01", ROOT "/euicc/1_", ROOT "/euicc/4294967297", ROOT "/euicc/0",
	E1 "/profile/9", E1 "/profile/2", E1 "/profile/1/x", E1 "/profile", E1 "/notification/99999999999999999999",
	E1 "/event/x", ROOT "/job/7", ROOT "/job/1/1", ROOT "/euicc", ROOT "/x", "/", "/org/coreesim",
};

ATF_TC_WITHOUT_HEAD(a_path_that_is_no_object_has_no_method_and_no_property);
ATF_TC_BODY(a_path_that_is_no_object_has_no_method_and_no_property, tc)
{
	static const char *const interfaces[] = { "Euicc1", "Profile1", "Notification1", "Event1", "Job1" };
	sd_bus *client = fake_start();

	for (size_t i = 0; i < sizeof(foreign) / sizeof(foreign[0]); i++)
		for (size_t k = 0; k < 5; k++) {
			sd_bus_message *m = rig_call(client, foreign[i], interfaces[k], "GetDetails", "");

			ATF_CHECK_MSG(strncmp(rig_error(m), "org.freedesktop.DBus.Error.Unknown", 34) == 0, "%s %s: %s",
				      foreign[i], interfaces[k], rig_error(m));
			sd_bus_message_unref(m);
		}
	ATF_CHECK_EQ(rig.questions, 0);
	/* An object of one kind has no other kind's interface. */
	rig_expect(rig_call(client, E1, "Profile1", "GetDetails", ""), "org.freedesktop.DBus.Error.UnknownMethod", NULL);
	fake_end(client);
}

static unsigned count_paths(sd_bus_message *m, const char *wanted, bool *found)
{
	unsigned count = 0;
	const char *path;

	*found = false;
	ATF_REQUIRE(sd_bus_message_enter_container(m, 'a', "{oa{sa{sv}}}") > 0);
	while (sd_bus_message_enter_container(m, 'e', "oa{sa{sv}}") > 0) {
		ATF_REQUIRE(sd_bus_message_read(m, "o", &path) > 0);
		ATF_REQUIRE(sd_bus_message_skip(m, "a{sa{sv}}") >= 0);
		ATF_REQUIRE(sd_bus_message_exit_container(m) >= 0);
		*found |= strcmp(path, wanted) == 0;
		count++;
		if (sd_bus_message_at_end(m, false))
			break;
	}
	return count;
}

ATF_TC_WITHOUT_HEAD(the_object_manager_lists_each_object_once_and_no_hidden_one);
ATF_TC_BODY(the_object_manager_lists_each_object_once_and_no_hidden_one, tc)
{
	sd_bus *client = fake_start();
	struct job_request request = { .uid = getuid() };
	sd_bus_message *m;
	bool found;

	fake_job(&fake.euiccs[0], &request);
	m = rig_call(client, ROOT, "org.freedesktop.DBus.ObjectManager", "GetManagedObjects", "");
	/* Two eUICCs, a profile, a notification, an event, a job. */
	ATF_CHECK_EQ(count_paths(m, E1 "/notification/1", &found), 6);
	ATF_CHECK(found);
	sd_bus_message_unref(m);
	m = rig_call(client, ROOT, "org.freedesktop.DBus.ObjectManager", "GetManagedObjects", "");
	count_paths(m, E1 "/profile/2", &found);
	ATF_CHECK(!found);
	sd_bus_message_unref(m);
	fake_end(client);
}

static void check_property(sd_bus *client, const char *path, const char *interface, const char *name,
			   const char *expected)
{
	char full[64], *text;
	size_t size;
	FILE *out = open_memstream(&text, &size);
	sd_bus_message *m;
	char type, inner;
	const char *contents, *item;

	snprintf(full, sizeof(full), BUS_NAME ".%s", interface);
	m = rig_call(client, path, "org.freedesktop.DBus.Properties", "Get", "ss", full, name);
	ATF_REQUIRE_MSG(sd_bus_message_enter_container(m, 'v', NULL) > 0, "%s.%s: %s", interface, name, rig_error(m));
	ATF_REQUIRE(sd_bus_message_peek_type(m, &type, &contents) > 0);
	if (type == 'a') {
		ATF_REQUIRE(sd_bus_message_enter_container(m, 'a', "s") > 0);
		while (sd_bus_message_read_basic(m, 's', &item) > 0)
			fprintf(out, "%s ", item);
	} else {
		union { const char *s; uint32_t u; uint64_t t; int b; } value;

		inner = type;
		ATF_REQUIRE(sd_bus_message_read_basic(m, inner, &value) > 0);
		if (type == 's')
			fprintf(out, "%s", value.s);
		else
			fprintf(out, "%llu", type == 't' ? (unsigned long long)value.t : value.u);
	}
	fclose(out);
	ATF_CHECK_MSG(strcmp(text, expected) == 0, "%s.%s is %s, not %s", interface, name, text, expected);
	free(text);
	sd_bus_message_unref(m);
}

ATF_TC_WITHOUT_HEAD(properties_say_what_the_model_has);
ATF_TC_BODY(properties_say_what_the_model_has, tc)
{
	sd_bus *client = fake_start();
	struct job_request request = { .uid = getuid(), .kind = JOB_DISCOVER };
	struct job *job = fake_job(&fake.euiccs[0], &request);

	job->needs = JOB_NEEDS_CONSENT | JOB_NEEDS_CONFIRMATION_CODE;
	job->state = JOB_WAITING;
	job->progress = 42;
	strcpy(job->stage, "ES9+.InitiateAuthentication");
	check_property(client, ROOT, "Manager1", "Version", COREESIM_VERSION);
	check_property(client, ROOT, "Manager1", "TestMode", "0");
	check_property(client, E1, "Euicc1", "Device", "unix");
	check_property(client, E1, "Euicc1", "Transport", "unix");
	check_property(client, E1, "Euicc1", "State", "ready");
	check_property(client, E1, "Euicc1", "SpecVersion", "2.2.2");
	check_property(client, E1, "Euicc1", "ProfileCount", "1");
	check_property(client, E1 "/profile/1", "Profile1", "State", "disabled");
	check_property(client, E1 "/profile/1", "Profile1", "Class", "operational");
	check_property(client, E1 "/profile/1", "Profile1", "Port", "0");
	check_property(client, E1 "/profile/1", "Profile1", "PolicyRules", "ppr1 ");
	check_property(client, E1 "/notification/1", "Notification1", "Operation", "install");
	check_property(client, E1 "/notification/1", "Notification1", "Attempts", "3");
	check_property(client, E1 "/notification/1", "Notification1", "NextAttempt", "1234567890");
	check_property(client, ROOT "/job/1", "Job1", "Kind", "discover");
	check_property(client, ROOT "/job/1", "Job1", "State", "waiting");
	check_property(client, ROOT "/job/1", "Job1", "Stage", "ES9+.InitiateAuthentication");
	check_property(client, ROOT "/job/1", "Job1", "Progress", "42");
	check_property(client, ROOT "/job/1", "Job1", "Needs", "consent confirmation-code ");
	fake.profiles[0].unknown_state = true;
	check_property(client, E1 "/profile/1", "Profile1", "State", "unknown");
	fake_end(client);
}

/* --- signals -------------------------------------------------------------------------------------------- */

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
	rig_settle(client);
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
	rig_settle(client);
	ATF_CHECK_STREQ(heard.text, "/job/1 PropertiesChanged State Progress\n");
	heard.text[0] = '\0';
	fake.euiccs[0].state = EUICC_BUSY;
	bus_euicc_changed(fake.daemon.bus, &fake.euiccs[0]);
	rig_settle(client);
	bus_euicc_changed(fake.daemon.bus, &fake.euiccs[0]);
	rig_settle(client);
	ATF_CHECK_STREQ(heard.text, "/euicc/1 PropertiesChanged State\n");
	heard.text[0] = '\0';
	fake.test_mode = true;
	bus_manager_changed(fake.daemon.bus);
	rig_settle(client);
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
	rig_settle(client);
	ATF_CHECK_STREQ(heard.text, "/job/1 PropertiesChanged State Progress\n/job/1 Finished 1\n");
	heard.text[0] = '\0';
	job = fake_job(&fake.euiccs[0], &request);
	job->state = JOB_FAILED;
	bus_job_finished(fake.daemon.bus, job);
	bus_job_removed(fake.daemon.bus, job);
	rig_settle(client);
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
	rig_settle(client);
	ATF_CHECK_STREQ(heard.text, "");
	bus_profile_removed(fake.daemon.bus, &fake.profiles[0]);
	fake.euiccs[0].profiles = &fake.profiles[1];
	bus_event_removed(fake.daemon.bus, &fake.event);
	fake.euiccs[0].events = NULL;
	rig_settle(client);
	ATF_CHECK_STREQ(heard.text, "/euicc/1/profile/1 InterfacesRemoved\n/euicc/1/event/1 InterfacesRemoved\n"
				    "/euicc/1 PropertiesChanged ProfileCount\n");
	heard.text[0] = '\0';
	/* Come and gone within a turn: nobody needs to know. */
	fake.euiccs[0].events = &fake.event;
	bus_event_added(fake.daemon.bus, &fake.event);
	bus_event_removed(fake.daemon.bus, &fake.event);
	rig_settle(client);
	ATF_CHECK_STREQ(heard.text, "");
	bus_event_added(fake.daemon.bus, &fake.event);
	rig_settle(client);
	ATF_CHECK_STREQ(heard.text, "/euicc/1/event/1 InterfacesAdded\n");
	fake_end(client);
}

/* --- privacy ------------------------------------------------------------------------------------------------ */

static void walk(sd_bus *client, const char *path)
{
	sd_bus_message *m = rig_call(client, path, "org.freedesktop.DBus.Introspectable", "Introspect", "");
	const char *xml;
	char tag[512], name[128], child[256];

	if (sd_bus_message_read(m, "s", &xml) > 0)
		while (next_tag(&xml, tag)[0]) {
			if (tag_is(tag, "interface"))
				sd_bus_message_unref(rig_call(client, path, "org.freedesktop.DBus.Properties", "GetAll",
							      "s", attribute(tag, "name", name)));
			if (!tag_is(tag, "node") || !attribute(tag, "name", name)[0])
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
	job->details = json_pack("{s:s,s:s,s:s}", "iccid", PLANTED_ICCID, "profileName", PLANTED_NAME, "serverAddress",
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

	rig_observe(&observer);
	ATF_REQUIRE(sd_bus_match_signal_async(observer.bus, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL) >= 0);
	rig_settle(observer.bus);
	rig.mode = POLKIT_NO;
	job = fake_job(&fake.euiccs[0], &request);
	plant_job(job);
	job->state = JOB_WAITING;
	bus_job_changed(fake.daemon.bus, job);
	rig_settle(observer.bus);
	bus_profile_removed(fake.daemon.bus, &fake.profiles[0]);
	bus_profile_added(fake.daemon.bus, &fake.profiles[0]);
	bus_notification_removed(fake.daemon.bus, &fake.notification);
	bus_notification_added(fake.daemon.bus, &fake.notification);
	job->state = JOB_FAILED;
	bus_job_finished(fake.daemon.bus, job);
	rig_settle(observer.bus);
	walk(observer.bus, ROOT);
	sd_bus_message_unref(rig_call(observer.bus, ROOT, "org.freedesktop.DBus.ObjectManager", "GetManagedObjects", ""));
	for (size_t i = 1; i < sizeof(served) / sizeof(served[0]); i++)
		rig_expect(rig_call(observer.bus, served[i].path, served[i].interface, "GetDetails", ""),
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

ATF_TP_ADD_TCS(tp)
{
	ATF_TP_ADD_TC(tp, introspection_is_what_the_xml_file_says);
	ATF_TP_ADD_TC(tp, a_path_that_is_no_object_has_no_method_and_no_property);
	ATF_TP_ADD_TC(tp, the_object_manager_lists_each_object_once_and_no_hidden_one);
	ATF_TP_ADD_TC(tp, properties_say_what_the_model_has);
	ATF_TP_ADD_TC(tp, an_object_says_once_a_turn_what_changed_and_nothing_else);
	ATF_TP_ADD_TC(tp, finished_comes_after_the_last_change_and_before_the_object_goes);
	ATF_TP_ADD_TC(tp, what_comes_and_goes_is_told_unless_it_is_hidden);
	ATF_TP_ADD_TC(tp, no_byte_that_an_observer_receives_is_private);
	return atf_no_error();
}
