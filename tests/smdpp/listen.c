/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The listening socket; see listen.h. */
#include "smdpp/listen.h"

#include <errno.h>
#include <netdb.h>
#include <netinet/in.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#define BACKLOG 256
#define LOOPBACK "127.0.0.1"

static int split(const char *spec, char *host, size_t size, const char **port)
{
	const char *colon = strrchr(spec, ':');
	size_t len = colon ? (size_t)(colon - spec) : 0;

	if (!colon || !colon[1])
		return ESIM_EINVAL;
	if (len >= 2 && spec[0] == '[' && spec[len - 1] == ']') {
		spec++;
		len -= 2;
	}
	if (len >= size)
		return ESIM_EINVAL;
	snprintf(host, size, "%.*s", (int)len, spec);
	if (!len)
		snprintf(host, size, "%s", LOOPBACK);
	*port = colon + 1;
	return 0;
}

static int open_socket(const struct addrinfo *info)
{
	int fd = socket(info->ai_family, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0), one = 1;

	if (fd < 0)
		return -errno;
	setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &one, sizeof(one));
	if (bind(fd, info->ai_addr, info->ai_addrlen) < 0 || listen(fd, BACKLOG) < 0) {
		int failure = errno;

		close(fd);
		return -failure;
	}
	return fd;
}

static void describe(int fd, char *address, size_t size)
{
	struct sockaddr_storage bound;
	socklen_t len = sizeof(bound);
	char host[128] = "?", port[16] = "?";

	if (getsockname(fd, (struct sockaddr *)&bound, &len) == 0)
		getnameinfo((struct sockaddr *)&bound, len, host, sizeof(host), port, sizeof(port),
			    NI_NUMERICHOST | NI_NUMERICSERV);
	snprintf(address, size, bound.ss_family == AF_INET6 ? "[%s]:%s" : "%s:%s", host, port);
}

int listen_open(const char *spec, char *address, size_t size, struct esim_error *err)
{
	struct addrinfo hints = { .ai_socktype = SOCK_STREAM, .ai_flags = AI_PASSIVE }, *info;
	char host[256];
	const char *port;
	int fd, failure;

	if (split(spec, host, sizeof(host), &port))
		return esim_error_set(err, ESIM_EINVAL, "\"%s\" is not HOST:PORT", spec);
	failure = getaddrinfo(host, port, &hints, &info);
	if (failure)
		return esim_error_set(err, ESIM_EINVAL, "cannot listen at %s: %s", spec, gai_strerror(failure));
	fd = open_socket(info);
	freeaddrinfo(info);
	if (fd < 0)
		return esim_error_errno(err, ESIM_EINVAL, -fd, "cannot listen at %s", spec);
	describe(fd, address, size);
	return fd;
}
