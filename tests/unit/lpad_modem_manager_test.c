/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What ModemManager says is read strictly: a modem that makes no sense is left out, and no name of a port leaves /dev. */
#include "lpad/common/modem_client.h"

#include <atf-c.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#define PROPERTIES "a{sv}"

static sd_bus *bus;

/* A message needs a bus, and no peer. */
static sd_bus_message *message_new(void)
{
	int fds[2];
	sd_bus_message *m;

	if (!bus) {
		ATF_REQUIRE_EQ(socketpair(AF_UNIX, SOCK_STREAM, 0, fds), 0);
		ATF_REQUIRE(sd_bus_new(&bus) >= 0);
		ATF_REQUIRE(sd_bus_set_fd(bus, fds[0], fds[0]) >= 0);
		ATF_REQUIRE(sd_bus_start(bus) >= 0);
		close(fds[1]);
	}
	ATF_REQUIRE(sd_bus_message_new_signal(bus, &m, "/x", "x.y", "z") >= 0);
	return m;
}

static void finish(sd_bus_message *m)
{
	ATF_REQUIRE(sd_bus_message_seal(m, 1, 0) >= 0);
	ATF_REQUIRE(sd_bus_message_rewind(m, true) >= 0);
}

static struct mm_modem *modems;
static size_t count;

static int read_all(sd_bus_message *m)
{
	int r;

	finish(m);
	free(modems);
	modems = NULL;
	count = 0;
	r = mm_read_modems(m, &modems, &count);
	sd_bus_message_unref(m);
	return r;
}

/* One object with one interface and these ports. */
static void one_modem(const char *interface, const char *uid, const char *port, unsigned type)
{
	sd_bus_message *m = message_new();

	ATF_REQUIRE(sd_bus_message_append(m, "a{oa{s" PROPERTIES "}}", 1, MM_PATH "/Modem/0", 1, interface, 4,
					  "Device", "s", uid, "Ports", "a(su)", 2, port, type, "ttyUSB2", 3u,
					  "State", "i", 8, "UnlockRetries", "a{uu}", 1, 1u, 3u) >= 0);
	ATF_REQUIRE_EQ(0, read_all(m));
}

ATF_TC_WITHOUT_HEAD(a_modem_is_read_with_its_ports);
ATF_TC_BODY(a_modem_is_read_with_its_ports, tc)
{
	char uri[ESIM_URI_SIZE];

	one_modem(MM_MODEM, "/sys/devices/usb1/1-2", "cdc-wdm0", MM_PORT_MBIM);
	ATF_REQUIRE_EQ(1, count);
	ATF_CHECK_STREQ("/sys/devices/usb1/1-2", modems[0].uid);
	ATF_CHECK_EQ(MM_STATE_REGISTERED, modems[0].state);
	ATF_REQUIRE(mm_uri(&modems[0], 0, uri));
	ATF_CHECK_STREQ("mbim:/dev/cdc-wdm0", uri);
	ATF_REQUIRE(mm_uri(&modems[0], 2, uri));
	ATF_CHECK_STREQ("mbim:/dev/cdc-wdm0?slot=2", uri);
	ATF_CHECK_EQ(&modems[0], mm_find_uri(modems, count, "qmi:/dev/cdc-wdm0?slot=1"));
	ATF_CHECK_EQ(&modems[0], mm_find_uri(modems, count, "at:/dev/ttyUSB2"));
	ATF_CHECK_EQ(NULL, mm_find_uri(modems, count, "at:/dev/ttyUSB1"));
	ATF_CHECK_EQ(NULL, mm_find_uri(modems, count, "qmi:qrtr://0"));
	ATF_CHECK_EQ(NULL, mm_find_uri(modems, count, "unix:/dev/cdc-wdm0"));
}

ATF_TC_WITHOUT_HEAD(a_port_has_a_plain_name_or_none);
ATF_TC_BODY(a_port_has_a_plain_name_or_none, tc)
{
	static const char *const names[] = {
		"../etc/shadow", "..", ".hidden", "", "a/b", "a b", "a?slot=1", "a\nb", "caf\xC3\xA9",
		"a-name-that-is-longer-than-any-name-of-a-device",
	};
	char uri[ESIM_URI_SIZE];

	for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
		one_modem(MM_MODEM, "/sys/m", names[i], MM_PORT_MBIM);
		ATF_REQUIRE_EQ(1, count);
		ATF_REQUIRE(mm_uri(&modems[0], 0, uri));
		ATF_CHECK_STREQ_MSG("at:/dev/ttyUSB2", uri, "%s: %s", names[i], uri);
	}
}

ATF_TC_WITHOUT_HEAD(what_is_no_modem_is_left_out);
ATF_TC_BODY(what_is_no_modem_is_left_out, tc)
{
	one_modem(MM_NAME ".Sim", "/sys/m", "cdc-wdm0", MM_PORT_MBIM);
	ATF_CHECK_EQ(0, count);
	one_modem(MM_MODEM, "", "cdc-wdm0", MM_PORT_MBIM);
	ATF_CHECK_EQ(0, count);
}

ATF_TC_WITHOUT_HEAD(a_property_of_another_type_is_passed_over);
ATF_TC_BODY(a_property_of_another_type_is_passed_over, tc)
{
	sd_bus_message *m = message_new();

	ATF_REQUIRE(sd_bus_message_append(m, "a{oa{s" PROPERTIES "}}", 1, MM_PATH "/Modem/0", 1, MM_MODEM, 4,
					  "Device", "s", "/sys/m", "State", "s", "registered", "Ports", "as", 1, "x",
					  "SimSlots", "u", 7u) >= 0);
	ATF_REQUIRE_EQ(0, read_all(m));
	ATF_REQUIRE_EQ(1, count);
	ATF_CHECK_EQ(0, modems[0].state);
	ATF_CHECK_EQ(0, modems[0].port_count);
	ATF_CHECK_EQ(0, modems[0].slot_count);
}

ATF_TC_WITHOUT_HEAD(an_answer_of_another_shape_is_an_error);
ATF_TC_BODY(an_answer_of_another_shape_is_an_error, tc)
{
	sd_bus_message *m = message_new();

	ATF_REQUIRE(sd_bus_message_append(m, "as", 1, "x") >= 0);
	ATF_CHECK(read_all(m) < 0);
	m = message_new();
	ATF_CHECK(read_all(m) < 0);
}

ATF_TC_WITHOUT_HEAD(lists_are_bounded);
ATF_TC_BODY(lists_are_bounded, tc)
{
	sd_bus_message *m = message_new();
	char path[64], uid[32];

	ATF_REQUIRE(sd_bus_message_open_container(m, 'a', "{oa{s" PROPERTIES "}}") >= 0);
	for (unsigned i = 0; i < MM_MAX_MODEMS + 8; i++) {
		snprintf(path, sizeof(path), MM_PATH "/Modem/%u", i);
		snprintf(uid, sizeof(uid), "/sys/%u", i);
		ATF_REQUIRE(sd_bus_message_append(m, "{oa{s" PROPERTIES "}}", path, 1, MM_MODEM, 1, "Device", "s",
						  uid) >= 0);
	}
	ATF_REQUIRE(sd_bus_message_close_container(m) >= 0);
	ATF_REQUIRE_EQ(0, read_all(m));
	ATF_CHECK_EQ(MM_MAX_MODEMS, count);
}

static struct mm_sim sim_of(const char *iccid, const char *eid)
{
	struct mm_sim sim = { .path = MM_PATH "/SIM/0" };
	sd_bus_message *m = message_new();

	ATF_REQUIRE(sd_bus_message_append(m, PROPERTIES, 3, "SimIdentifier", "s", iccid, "Eid", "s", eid, "SimType",
					  "u", 1u) >= 0);
	finish(m);
	ATF_REQUIRE_EQ(0, mm_read_sim(m, &sim));
	sd_bus_message_unref(m);
	return sim;
}

ATF_TC_WITHOUT_HEAD(numbers_of_a_SIM_are_digits_or_not_told);
ATF_TC_BODY(numbers_of_a_SIM_are_digits_or_not_told, tc)
{
	struct mm_sim sim = sim_of("8944000000000000017F", "89049032000001000000012345678954");

	ATF_CHECK_STREQ("8944000000000000017", sim.iccid);
	ATF_CHECK_STREQ("89049032000001000000012345678954", sim.eid);
	ATF_CHECK(sim.is_esim);
	sim = sim_of("89440000000000000170000", "8904");
	ATF_CHECK_STREQ("", sim.iccid);
	ATF_CHECK_STREQ("", sim.eid);
	ATF_CHECK(!sim.is_esim);
	sim = sim_of("89\x1b[2J", "");
	ATF_CHECK_STREQ("", sim.iccid);
}

ATF_TC_WITHOUT_HEAD(one_who_always_has_news_is_not_waited_for_longer);
ATF_TC_BODY(one_who_always_has_news_is_not_waited_for_longer, tc)
{
	struct mm_client client = { .news = true };
	struct esim_error err;

	ATF_CHECK_EQ(0, mm_wait(&client, UINT64_MAX, &err));
	client.news = true;
	ATF_CHECK_EQ(ESIM_ETIMEDOUT, mm_wait(&client, mm_now(), &err));
}

ATF_TP_ADD_TCS(tp)
{
	ATF_TP_ADD_TC(tp, a_modem_is_read_with_its_ports);
	ATF_TP_ADD_TC(tp, a_port_has_a_plain_name_or_none);
	ATF_TP_ADD_TC(tp, what_is_no_modem_is_left_out);
	ATF_TP_ADD_TC(tp, a_property_of_another_type_is_passed_over);
	ATF_TP_ADD_TC(tp, an_answer_of_another_shape_is_an_error);
	ATF_TP_ADD_TC(tp, lists_are_bounded);
	ATF_TP_ADD_TC(tp, numbers_of_a_SIM_are_digits_or_not_told);
	ATF_TP_ADD_TC(tp, one_who_always_has_news_is_not_waited_for_longer);
	return atf_no_error();
}
