/* SPDX-License-Identifier: GPL-2.0-or-later */
/* News of the network: those of the kernel that matter, at once, and not without end. */
#include "lpad/daemon/network.h"

#include <atf-c.h>
#include <linux/netlink.h>
#include <linux/rtnetlink.h>
#include <net/if.h>
#include <sched.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#define PATIENCE 30

struct link_message {
	struct nlmsghdr header;
	struct ifinfomsg link;
};
struct route_message {
	struct nlmsghdr header;
	struct rtmsg route;
};

static bool is_news(const void *message, size_t len)
{
	return network_is_news(esim_slice(message, len));
}

ATF_TC_WITHOUT_HEAD(links_and_routes_that_come_are_news);
ATF_TC_BODY(links_and_routes_that_come_are_news, tc)
{
	struct link_message link = {
		{ .nlmsg_len = sizeof(link), .nlmsg_type = RTM_NEWLINK }, { .ifi_flags = IFF_UP | IFF_RUNNING },
	};
	struct route_message route = {
		{ .nlmsg_len = sizeof(route), .nlmsg_type = RTM_NEWROUTE },
		{ .rtm_type = RTN_UNICAST, .rtm_table = RT_TABLE_MAIN },
	};
	struct {
		struct link_message link;
		struct route_message route;
	} both;

	ATF_CHECK(is_news(&link, sizeof(link)));
	ATF_CHECK(is_news(&route, sizeof(route)));
	link.link.ifi_flags = IFF_UP;
	ATF_CHECK(!is_news(&link, sizeof(link)));
	both.link = link;
	both.route = route;
	ATF_CHECK(is_news(&both, sizeof(both)));
	link.link.ifi_flags = IFF_UP | IFF_RUNNING | IFF_LOOPBACK;
	ATF_CHECK(!is_news(&link, sizeof(link)));
	route.route.rtm_type = RTN_LOCAL;
	ATF_CHECK(!is_news(&route, sizeof(route)));
	route.route.rtm_type = RTN_UNICAST;
	route.header.nlmsg_type = RTM_DELROUTE;
	ATF_CHECK(!is_news(&route, sizeof(route)));
}

ATF_TC_WITHOUT_HEAD(messages_that_end_early_are_none);
ATF_TC_BODY(messages_that_end_early_are_none, tc)
{
	struct route_message route = {
		{ .nlmsg_len = sizeof(route), .nlmsg_type = RTM_NEWROUTE },
		{ .rtm_type = RTN_UNICAST, .rtm_table = RT_TABLE_MAIN },
	};

	for (size_t len = 0; len < sizeof(route); len++) {
		void *part = malloc(len ? len : 1);

		ATF_REQUIRE(part);
		memcpy(part, &route, len);
		ATF_CHECK_MSG(!is_news(part, len), "%zu", len);
		free(part);
	}
	for (uint32_t len = 0; len < sizeof(route); len++) {
		route.header.nlmsg_len = len;
		ATF_CHECK_MSG(!is_news(&route, sizeof(route)), "%u", len);
	}
}

static void count(void *context)
{
	++*(unsigned *)context;
}

static void run_until(sd_event *event, const unsigned *told, unsigned wanted)
{
	const time_t end = time(NULL) + PATIENCE;

	while (*told < wanted && time(NULL) < end)
		sd_event_run(event, 1000000);
	ATF_CHECK_EQ(*told, wanted);
}

/* With the kernel's own notices, in a network of the test's own. */
ATF_TC_WITHOUT_HEAD(the_kernel_is_heard);
ATF_TC_BODY(the_kernel_is_heard, tc)
{
	struct network *network = NULL;
	sd_event *event = NULL;
	unsigned told = 0;

	if (unshare(geteuid() == 0 ? CLONE_NEWNET : CLONE_NEWUSER | CLONE_NEWNET))
		atf_tc_skip("no network namespace can be made here");
	if (system("ip link set lo up 2>ip.log"))
		atf_tc_skip("ip(8) is not there");
	ATF_REQUIRE_EQ(sd_event_new(&event), 0);
	ATF_REQUIRE_EQ(network_watch(event, count, &told, &network), 0);
	while (sd_event_run(event, 0) > 0)
		continue;
	ATF_CHECK_EQ(told, 0);
	ATF_REQUIRE_EQ(system("ip route add 192.0.2.0/24 dev lo"), 0);
	run_until(event, &told, 1);
	/* What comes at once after that is told once, after a rest. */
	ATF_REQUIRE_EQ(system("for i in 1 2 3 4 5; do ip route add 198.51.100.$i dev lo; done"), 0);
	while (sd_event_run(event, 0) > 0)
		continue;
	ATF_CHECK_EQ(told, 1);
	run_until(event, &told, 2);
	network_free(&network);
	ATF_CHECK(!network);
	sd_event_unref(event);
}

ATF_TP_ADD_TCS(tp)
{
	ATF_TP_ADD_TC(tp, links_and_routes_that_come_are_news);
	ATF_TP_ADD_TC(tp, messages_that_end_early_are_none);
	ATF_TP_ADD_TC(tp, the_kernel_is_heard);
	return atf_no_error();
}
