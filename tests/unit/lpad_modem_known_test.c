/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Modems that come under other names: which readers there are then. Every host has nodes of the names that they have here. */
#include "lpad_model.h"

#include "lpad/daemon/modem_board.h"
#include "lpad/daemon/modem_known.h"

static struct modem_known known;

static void on_switched(void *context, const char *uri)
{
	(void)context, (void)uri;
}

static void begin(void)
{
	struct esim_error err;

	start();
	ATF_REQUIRE_EQ(0, modem_board_new(daemon_.poster, on_switched, NULL, &daemon_.modems, &err));
	known.daemon = &daemon_;
}

static void end(void)
{
	modem_known_forget(&known);
	stop();
	modem_board_free(&daemon_.modems);
}

static struct mm_modem modem(const char *uid, const char *port)
{
	struct mm_modem modem = { .port_count = 1, .ports[0].type = MM_PORT_MBIM };

	snprintf(modem.uid, sizeof(modem.uid), "%s", uid);
	snprintf(modem.ports[0].name, sizeof(modem.ports[0].name), "%s", port);
	return modem;
}

/* Which there are, and no more: each uid at a port. */
static void take(const struct mm_modem *modems, size_t count)
{
	char uri[ESIM_URI_SIZE];
	size_t devices = 0;

	modem_known_take(&known, modems, count);
	until_idle();
	for (const struct device *device = daemon_.devices; device; device = device->next)
		devices += !device->leaving;
	ATF_CHECK_EQ_MSG(devices, count, "%zu modems, %zu readers", count, devices);
	for (size_t i = 0; i < count; i++) {
		ATF_REQUIRE(mm_uri(&modems[i], 0, uri));
		ATF_CHECK_MSG(device_find(&daemon_, uri), "nothing serves %s", uri);
	}
}

ATF_TC_WITHOUT_HEAD(a_modem_under_another_name_is_the_same_reader);
ATF_TC_BODY(a_modem_under_another_name_is_the_same_reader, tc)
{
	struct mm_modem one = modem("one", "null"), moved = modem("one", "full");
	const struct device *device;

	(void)tc;
	begin();
	take(&one, 1);
	device = device_find(&daemon_, "mbim:/dev/null");
	take(&moved, 1);
	ATF_CHECK_EQ(device, device_find(&daemon_, "mbim:/dev/full"));
	end();
}

ATF_TC_WITHOUT_HEAD(modems_that_exchange_their_names_are_both_served);
ATF_TC_BODY(modems_that_exchange_their_names_are_both_served, tc)
{
	struct mm_modem before[] = { modem("one", "null"), modem("two", "zero") };
	struct mm_modem after[] = { modem("one", "zero"), modem("two", "null") };
	struct mm_modem shifted[] = { modem("one", "null"), modem("two", "full") };

	(void)tc;
	begin();
	take(before, 2);
	take(after, 2);
	take(shifted, 2);
	/* The other way round in the list. */
	shifted[0] = modem("two", "null");
	shifted[1] = modem("one", "full");
	take(shifted, 2);
	end();
}

ATF_TC_WITHOUT_HEAD(a_name_that_a_switch_has_is_not_taken_until_its_end);
ATF_TC_BODY(a_name_that_a_switch_has_is_not_taken_until_its_end, tc)
{
	struct mm_modem before[] = { modem("one", "null"), modem("two", "zero") };
	struct mm_modem after[] = { modem("one", "zero"), modem("two", "null") };
	const struct device *switching;
	struct esim_error err;

	(void)tc;
	begin();
	take(before, 2);
	switching = device_find(&daemon_, "mbim:/dev/zero");
	ATF_REQUIRE_EQ(0, modem_board_begin(daemon_.modems, "mbim:/dev/zero", &err));
	take(after, 2);
	ATF_CHECK_EQ(switching, device_find(&daemon_, "mbim:/dev/zero"));
	modem_board_end(daemon_.modems, "mbim:/dev/zero");
	turn();
	take(after, 2);
	end();
}

ATF_TC_WITHOUT_HEAD(a_modem_is_there_as_long_as_its_node_is);
ATF_TC_BODY(a_modem_is_there_as_long_as_its_node_is, tc)
{
	struct mm_modem lost = modem("one", "no-such-port"), other = modem("two", "null");

	(void)tc;
	begin();
	take(&other, 1);
	/* Nobody lists it, as while somebody has set it aside. */
	modem_known_take(&known, NULL, 0);
	ATF_CHECK(device_find(&daemon_, "mbim:/dev/null"));
	modem_known_take(&known, &lost, 1);
	until_idle();
	ATF_CHECK(!device_find(&daemon_, "mbim:/dev/no-such-port"));
	ATF_CHECK(device_find(&daemon_, "mbim:/dev/null"));
	end();
}

ATF_TP_ADD_TCS(tp)
{
	ATF_TP_ADD_TC(tp, a_modem_under_another_name_is_the_same_reader);
	ATF_TP_ADD_TC(tp, modems_that_exchange_their_names_are_both_served);
	ATF_TP_ADD_TC(tp, a_name_that_a_switch_has_is_not_taken_until_its_end);
	ATF_TP_ADD_TC(tp, a_modem_is_there_as_long_as_its_node_is);
	return atf_no_error();
}
