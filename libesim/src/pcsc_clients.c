/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * pcscd tells nobody who its clients are; the kernel does. Each connection has an end at pcscd,
 * with the socket's name, and one without a name at the client. The kernel's socket diagnostics
 * say which belong together, and /proc which process has which; see pcsc_clients.h.
 */
#include "pcsc_clients.h"

#include <dirent.h>
#include <linux/netlink.h>
#include <linux/rtnetlink.h>
#include <linux/sock_diag.h>
#include <linux/unix_diag.h>
#include <poll.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#define SOCKET_NAME "/run/pcscd/pcscd.comm"
#define SOCKET_NAME_OLD "/var" SOCKET_NAME
#define MAX_CLIENTS 64
#define MAX_NAMED 3
#define ANSWER_SIZE 32768
#define ANSWER_WITHIN_MS 1000
#define NAME_SIZE 32			/* of a process */

struct clients {
	uint32_t inodes[MAX_CLIENTS];	/* of the clients' ends */
	size_t count;
};

/* --- the sockets ------------------------------------------------------------------------ */

static bool ask_for_sockets(int fd)
{
	struct {
		struct nlmsghdr header;
		struct unix_diag_req request;
	} message = {
		.header = {
			.nlmsg_len = sizeof(message),
			.nlmsg_type = SOCK_DIAG_BY_FAMILY,
			.nlmsg_flags = NLM_F_REQUEST | NLM_F_DUMP,
		},
		.request = {
			.sdiag_family = AF_UNIX,
			.udiag_states = UINT32_MAX,
			.udiag_show = UDIAG_SHOW_NAME | UDIAG_SHOW_PEER,
		},
	};

	return send(fd, &message, sizeof(message), 0) == sizeof(message);
}

static bool is_pcscds(const struct rtattr *name)
{
	char path[sizeof(((struct sockaddr_un *)NULL)->sun_path) + 1];

	/* Anybody may have a socket of that name elsewhere. */
	snprintf(path, sizeof(path), "%.*s", (int)RTA_PAYLOAD(name), (const char *)RTA_DATA(name));
	return strcmp(path, SOCKET_NAME) == 0 || strcmp(path, SOCKET_NAME_OLD) == 0;
}

/* One socket of the kernel's list: where it is pcscd's, the other end is a client's. */
static void take_socket(struct clients *clients, const struct nlmsghdr *message)
{
	const char *at = (const char *)message, *end = at + message->nlmsg_len;
	bool pcscds = false;
	uint32_t peer = 0;

	at += NLMSG_LENGTH(sizeof(struct unix_diag_msg));
	while ((size_t)(end - at) >= sizeof(struct rtattr)) {
		const struct rtattr *a = (const void *)at;
		const size_t len = RTA_ALIGN(a->rta_len);

		if (a->rta_len < sizeof(*a) || a->rta_len > (size_t)(end - at))
			break;
		if (a->rta_type == UNIX_DIAG_NAME)
			pcscds = is_pcscds(a);
		else if (a->rta_type == UNIX_DIAG_PEER && RTA_PAYLOAD(a) >= sizeof(peer))
			memcpy(&peer, RTA_DATA(a), sizeof(peer));
		at += len < (size_t)(end - at) ? len : (size_t)(end - at);
	}
	if (pcscds && peer && clients->count < MAX_CLIENTS)
		clients->inodes[clients->count++] = peer;
}

/* False: that was the last. */
static bool take_sockets(struct clients *clients, const char *at, size_t left)
{
	while (left >= sizeof(struct nlmsghdr)) {
		const struct nlmsghdr *message = (const void *)at;
		const size_t len = NLMSG_ALIGN(message->nlmsg_len);

		if (message->nlmsg_type != SOCK_DIAG_BY_FAMILY || message->nlmsg_len > left ||
		    message->nlmsg_len < NLMSG_LENGTH(sizeof(struct unix_diag_msg)))
			return false;
		take_socket(clients, message);
		at += len < left ? len : left;
		left -= len < left ? len : left;
	}
	return true;
}

static void find_sockets(struct clients *clients)
{
	int fd = socket(AF_NETLINK, SOCK_RAW | SOCK_CLOEXEC, NETLINK_SOCK_DIAG);
	struct pollfd wait = { .fd = fd, .events = POLLIN };
	void *answer = malloc(ANSWER_SIZE);
	ssize_t n = fd >= 0 && answer && ask_for_sockets(fd) ? 1 : 0;

	while (n > 0 && poll(&wait, 1, ANSWER_WITHIN_MS) == 1) {
		n = recv(fd, answer, ANSWER_SIZE, MSG_DONTWAIT);
		if (n > 0 && !take_sockets(clients, answer, (size_t)n))
			break;
	}
	free(answer);
	if (fd >= 0)
		close(fd);
}

/* --- the processes ------------------------------------------------------------------------ */

static bool is_client(const struct clients *clients, const char *link)
{
	unsigned inode;
	int end = 0;

	if (sscanf(link, "socket:[%u]%n", &inode, &end) != 1 || end == 0)
		return false;
	for (size_t i = 0; i < clients->count; i++)
		if (clients->inodes[i] == inode)
			return true;
	return false;
}

static bool has_client_socket(const struct clients *clients, int pid)
{
	char path[64], link[64];
	struct dirent *entry;
	bool found = false;
	DIR *dir;

	snprintf(path, sizeof(path), "/proc/%d/fd", pid);
	dir = opendir(path);
	while (!found && dir && (entry = readdir(dir))) {
		ssize_t n = readlinkat(dirfd(dir), entry->d_name, link, sizeof(link) - 1);

		link[n > 0 ? n : 0] = '\0';
		found = is_client(clients, link);
	}
	if (dir)
		closedir(dir);
	return found;
}

static void name_process(int pid, char name[static NAME_SIZE])
{
	char path[64];
	FILE *file;

	snprintf(path, sizeof(path), "/proc/%d/comm", pid);
	file = fopen(path, "re");
	if (!file || !fgets(name, NAME_SIZE, file))
		snprintf(name, NAME_SIZE, "a program");
	if (file)
		fclose(file);
	name[strcspn(name, "\n")] = '\0';
}

static size_t name_clients(const struct clients *clients, char text[static PCSC_CLIENTS_SIZE])
{
	struct dirent *entry;
	size_t named = 0, used = 0;
	char name[NAME_SIZE];
	DIR *dir = opendir("/proc");

	while (dir && named < MAX_NAMED && (entry = readdir(dir))) {
		int pid = atoi(entry->d_name);

		if (pid <= 0 || pid == getpid() || !has_client_socket(clients, pid))
			continue;
		name_process(pid, name);
		used += (size_t)snprintf(text + used, PCSC_CLIENTS_SIZE - used, "%s%s (process %d)",
					 named ? " or " : "", name, pid);
		named++;
	}
	if (dir)
		closedir(dir);
	return named;
}

bool pcsc_clients(char text[static PCSC_CLIENTS_SIZE])
{
	struct clients clients = { .count = 0 };

	text[0] = '\0';
	find_sockets(&clients);
	return clients.count > 0 && name_clients(&clients, text) > 0;
}
