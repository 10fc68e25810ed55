/* SPDX-License-Identifier: GPL-2.0-or-later */
/* rtnetlink's notices of links and routes; see network.h. */
#include "network.h"

#include <errno.h>
#include <linux/netlink.h>
#include <linux/rtnetlink.h>
#include <net/if.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

struct network {
	void (*up)(void *context);
	void *context;
	sd_event_source *notices, *rest;	/* @rest is on after up(), until another may be told */
	bool again;				/* there was news meanwhile */
};

/* --- messages ------------------------------------------------------------------------------------------ */

static bool is_link_up(const struct nlmsghdr *message)
{
	const struct ifinfomsg *link = NLMSG_DATA(message);

	return message->nlmsg_len >= NLMSG_LENGTH(sizeof(*link)) && !(link->ifi_flags & IFF_LOOPBACK) &&
	       (link->ifi_flags & IFF_UP) && (link->ifi_flags & IFF_RUNNING);
}

/* Not those that the kernel keeps of the machine's own addresses, nor of single peers. */
static bool is_route(const struct nlmsghdr *message)
{
	const struct rtmsg *route = NLMSG_DATA(message);

	return message->nlmsg_len >= NLMSG_LENGTH(sizeof(*route)) && route->rtm_type == RTN_UNICAST &&
	       route->rtm_table != RT_TABLE_LOCAL && !(route->rtm_flags & RTM_F_CLONED);
}

bool network_is_news(struct esim_slice messages)
{
	while (messages.len >= sizeof(struct nlmsghdr)) {
		/* Aligned, and zeroes behind what is there. */
		union {
			struct nlmsghdr header;
			uint8_t bytes[NLMSG_SPACE(sizeof(struct ifinfomsg) + sizeof(struct rtmsg))];
		} message = { 0 };
		size_t size;

		memcpy(message.bytes, messages.data,
		       messages.len < sizeof(message) ? messages.len : sizeof(message));
		size = message.header.nlmsg_len;
		if (size < sizeof(struct nlmsghdr) || size > messages.len)
			return false;
		if ((message.header.nlmsg_type == RTM_NEWLINK && is_link_up(&message.header)) ||
		    (message.header.nlmsg_type == RTM_NEWROUTE && is_route(&message.header)))
			return true;
		size = NLMSG_ALIGN(size);
		if (size >= messages.len)
			return false;
		messages = esim_slice(messages.data + size, messages.len - size);
	}
	return false;
}

/* --- the socket -------------------------------------------------------------------------------------------- */

static void tell(struct network *network)
{
	uint64_t now;

	network->again = false;
	sd_event_now(sd_event_source_get_event(network->rest), CLOCK_BOOTTIME, &now);
	sd_event_source_set_time(network->rest, now + NETWORK_REST_USEC);
	sd_event_source_set_enabled(network->rest, SD_EVENT_ONESHOT);
	network->up(network->context);
}

static int on_rest(sd_event_source *source, uint64_t usec, void *context)
{
	struct network *network = context;

	(void)source;
	(void)usec;
	if (network->again)
		tell(network);
	return 0;
}

/* The kernel alone may say so. More notices than fit (ENOBUFS) are news as well. */
static bool read_news(int fd)
{
	uint8_t notices[8192];
	struct sockaddr_nl from = { 0 };
	bool news = false;

	for (;;) {
		socklen_t from_len = sizeof(from);
		ssize_t n = recvfrom(fd, notices, sizeof(notices), MSG_DONTWAIT, (struct sockaddr *)&from,
				     &from_len);

		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0 && errno != ENOBUFS)
			return news;
		if (n < 0 || (from.nl_pid == 0 && network_is_news(esim_slice(notices, (size_t)n))))
			news = true;
	}
}

static int on_notices(sd_event_source *source, int fd, uint32_t events, void *context)
{
	struct network *network = context;
	int enabled = SD_EVENT_OFF;

	(void)source;
	(void)events;
	if (!read_news(fd))
		return 0;
	sd_event_source_get_enabled(network->rest, &enabled);
	if (enabled == SD_EVENT_OFF)
		tell(network);
	else
		network->again = true;
	return 0;
}

static int open_socket(void)
{
	const struct sockaddr_nl groups = {
		.nl_family = AF_NETLINK,
		.nl_groups = RTMGRP_LINK | RTMGRP_IPV4_ROUTE | RTMGRP_IPV6_ROUTE,
	};
	int r, fd = socket(AF_NETLINK, SOCK_RAW | SOCK_CLOEXEC | SOCK_NONBLOCK, NETLINK_ROUTE);

	if (fd < 0)
		return -errno;
	if (bind(fd, (const struct sockaddr *)&groups, sizeof(groups)) == 0)
		return fd;
	r = -errno;
	close(fd);
	return r;
}

int network_watch(sd_event *event, void (*up)(void *context), void *context, struct network **ret)
{
	struct network *network = calloc(1, sizeof(*network));
	int fd = open_socket();
	int r = !network ? -ENOMEM : fd < 0 ? fd : 0;

	if (!r) {
		*network = (struct network){ .up = up, .context = context };
		r = sd_event_add_io(event, &network->notices, fd, EPOLLIN, on_notices, network);
	}
	if (r < 0) {
		if (fd >= 0)
			close(fd);
		free(network);
		return r;
	}
	sd_event_source_set_io_fd_own(network->notices, 1);
	r = sd_event_add_time(event, &network->rest, CLOCK_BOOTTIME, 0, 0, on_rest, network);
	if (r < 0) {
		network_free(&network);
		return r;
	}
	sd_event_source_set_enabled(network->rest, SD_EVENT_OFF);
	*ret = network;
	return 0;
}

void network_free(struct network **network)
{
	if (!*network)
		return;
	sd_event_source_disable_unref((*network)->notices);
	sd_event_source_disable_unref((*network)->rest);
	free(*network);
	*network = NULL;
}
