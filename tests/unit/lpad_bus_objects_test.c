/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What lpad has on the bus: the documented interfaces, objects at their paths alone, properties. */
#include "lpad_fake_model.h"

/* --- introspection -------------------------------------------------------------------------------- */

/* One line for each thing that @interface has in @xml, in the order they come. */
static char *contract(const char *xml, const char *interface)
{
	char tag[512], a[128], b[128], c[128], *text;
	size_t size;
	FILE *out = open_memstream(&text, &size);
	bool inside = false;

	while (bus_rig_tag(&xml, tag)[0]) {
		if (bus_rig_tag_is(tag, "interface"))
			inside = strcmp(bus_rig_attribute(tag, "name", a), interface) == 0;
		else if (bus_rig_tag_is(tag, "/interface"))
			inside = false;
		else if (!inside || tag[0] == '/')
			continue;
		else if (bus_rig_tag_is(tag, "arg"))
			fprintf(out, "  arg %s %s %s\n", bus_rig_attribute(tag, "direction", a),
				bus_rig_attribute(tag, "type", b),
				bus_rig_attribute(tag, "name", c));
		else if (bus_rig_tag_is(tag, "annotation"))
			fprintf(out, "  %s=%s\n", bus_rig_attribute(tag, "name", a), bus_rig_attribute(tag,
												       "value", b));
		else if (bus_rig_tag_is(tag, "property"))
			fprintf(out, "property %s %s %s\n", bus_rig_attribute(tag, "name", a),
				bus_rig_attribute(tag, "type", b),
				bus_rig_attribute(tag, "access", c));
		else
			fprintf(out, "%.*s %s\n", (int)strcspn(tag, " "), tag, bus_rig_attribute(tag, "name", a));
	}
	fclose(out);
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
	char *xml = bus_rig_source("lpad/dbus/org.coreesim.Lpa1.xml");

	fake_job(&fake.euiccs[0], &request);
	for (size_t i = 0; i < sizeof(served) / sizeof(served[0]); i++) {
		sd_bus_message *m = bus_rig_call(client, served[i].path, "org.freedesktop.DBus.Introspectable",
					     "Introspect", "");
		char *expected = contract(xml, served[i].interface), *got;
		const char *text;

		ATF_REQUIRE(sd_bus_message_read(m, "s", &text) > 0);
		got = contract(text, served[i].interface);
		ATF_CHECK(expected[0]);
		ATF_CHECK_MSG(strcmp(got, expected) == 0, "%s:\n%s\nbut the file has\n%s",
			      served[i].interface, got,
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
			sd_bus_message *m = bus_rig_call(client, foreign[i], interfaces[k], "GetDetails", "");

			ATF_CHECK_MSG(strncmp(bus_rig_error(m), "org.freedesktop.DBus.Error.Unknown",
					      34) == 0, "%s %s: %s",
				      foreign[i], interfaces[k], bus_rig_error(m));
			sd_bus_message_unref(m);
		}
	ATF_CHECK_EQ(rig.questions, 0);
	/* An object of one kind has no other kind's interface. */
	bus_rig_expect(bus_rig_call(client, E1, "Profile1", "GetDetails", ""),
		       "org.freedesktop.DBus.Error.UnknownMethod", NULL);
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
	m = bus_rig_call(client, ROOT, "org.freedesktop.DBus.ObjectManager", "GetManagedObjects", "");
	/* Two eUICCs, a profile, a notification, an event, a job. */
	ATF_CHECK_EQ(count_paths(m, E1 "/notification/1", &found), 6);
	ATF_CHECK(found);
	sd_bus_message_unref(m);
	m = bus_rig_call(client, ROOT, "org.freedesktop.DBus.ObjectManager", "GetManagedObjects", "");
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
	m = bus_rig_call(client, path, "org.freedesktop.DBus.Properties", "Get", "ss", full, name);
	ATF_REQUIRE_MSG(sd_bus_message_enter_container(m, 'v', NULL) > 0, "%s.%s: %s", interface, name,
			bus_rig_error(m));
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

ATF_TP_ADD_TCS(tp)
{
	ATF_TP_ADD_TC(tp, introspection_is_what_the_xml_file_says);
	ATF_TP_ADD_TC(tp, a_path_that_is_no_object_has_no_method_and_no_property);
	ATF_TP_ADD_TC(tp, the_object_manager_lists_each_object_once_and_no_hidden_one);
	ATF_TP_ADD_TC(tp, properties_say_what_the_model_has);
	return atf_no_error();
}
