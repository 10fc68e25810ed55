/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * killrelay: stands between lpad and its card, and between lpad and its server, counts what goes by,
 * and ends lpad with SIGKILL at a message of choice.
 *
 *   killrelay --card LISTEN:CARD --server PORT:PORT --pid FILE [--at KIND:N]
 *
 *   LISTEN, CARD   paths of Unix sockets: its own, and the virtual eUICC's (docs/man/veuicc.1)
 *   KIND           apdu      a command that the card never sees
 *                  answer    a command that the card has answered, unseen by lpad
 *                  request   a TLS record of application data towards the server, not sent
 *                  reply     one from the server, not seen by lpad
 *
 * Prints "listening PORT" when ready; at SIGTERM the counts, "apdu 40 answer 40 request 12 reply
 * 14", and "killed" before, where it did so. The numbers count over all connections, from 1; SIGUSR1
 * begins anew, and from then on alone is anything ended.
 */
#include <errno.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <poll.h>
#include <signal.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/signalfd.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#define MAX_PAIRS	32
#define CHUNK		65536
#define TLS_HEADER	5
#define TLS_APPLICATION_DATA 23
#define MIN_COMMAND	4	/* shorter messages are the reader's power and reset */

enum kind { APDU, ANSWER, REQUEST, REPLY, KINDS };
static const char *const kind_names[KINDS] = { "apdu", "answer", "request", "reply" };

/* One direction: bytes are kept until a whole message is there. */
struct flow {
	int from, to;
	enum kind kind;
	size_t len;
	uint8_t bytes[2 * CHUNK];
};

struct pair {
	bool used;
	struct flow flow[2];
};

static struct pair pairs[MAX_PAIRS];
static unsigned long counts[KINDS];
static enum kind kill_kind = KINDS;
static unsigned long kill_number;
static const char *pid_file;
static bool counting, killed;

static void die(const char *what)
{
	fprintf(stderr, "killrelay: %s: %s\n", what, strerror(errno));
	exit(1);
}

static int listen_unix(const char *path)
{
	struct sockaddr_un address = { .sun_family = AF_UNIX };
	int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);

	snprintf(address.sun_path, sizeof(address.sun_path), "%s", path);
	unlink(path);
	if (fd < 0 || bind(fd, (struct sockaddr *)&address, sizeof(address)) || listen(fd, 8))
		die(path);
	return fd;
}

static int connect_unix(const char *path)
{
	struct sockaddr_un address = { .sun_family = AF_UNIX };
	int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);

	snprintf(address.sun_path, sizeof(address.sun_path), "%s", path);
	if (fd >= 0 && connect(fd, (struct sockaddr *)&address, sizeof(address))) {
		close(fd);
		return -1;
	}
	return fd;
}

static int listen_tcp(const char *port)
{
	struct sockaddr_in address = {
		.sin_family = AF_INET,
		.sin_port = htons((uint16_t)strtoul(port, NULL, 10)),
		.sin_addr.s_addr = htonl(INADDR_LOOPBACK),
	};
	socklen_t len = sizeof(address);
	int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);

	if (fd < 0 || bind(fd, (struct sockaddr *)&address, len) || listen(fd, 8) ||
	    getsockname(fd, (struct sockaddr *)&address, &len))
		die("listen");
	printf("listening %u\n", ntohs(address.sin_port));
	fflush(stdout);
	return fd;
}

static int connect_tcp(const char *port)
{
	struct sockaddr_in address = {
		.sin_family = AF_INET,
		.sin_port = htons((uint16_t)strtoul(port, NULL, 10)),
		.sin_addr.s_addr = htonl(INADDR_LOOPBACK),
	};
	int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);

	if (fd >= 0 && connect(fd, (struct sockaddr *)&address, sizeof(address))) {
		close(fd);
		return -1;
	}
	return fd;
}

/* Length of the message at the beginning, 0: not whole yet. */
static size_t message_length(const struct flow *flow)
{
	size_t len;

	if (flow->kind == APDU || flow->kind == ANSWER) {
		if (flow->len < 2)
			return 0;
		len = 2 + ((size_t)flow->bytes[0] << 8 | flow->bytes[1]);
	} else {
		if (flow->len < TLS_HEADER)
			return 0;
		len = TLS_HEADER + ((size_t)flow->bytes[3] << 8 | flow->bytes[4]);
	}
	return len <= flow->len ? len : 0;
}

static bool counts_as_one(const struct flow *flow, size_t len)
{
	switch (flow->kind) {
	case APDU:
		return len >= 2 + MIN_COMMAND;
	case ANSWER:
		return len >= 2 + 2;
	case REQUEST:
	case REPLY:
	case KINDS:
		break;
	}
	return flow->bytes[0] == TLS_APPLICATION_DATA;
}

static void kill_it(void)
{
	FILE *file = fopen(pid_file, "re");
	long pid;

	if (!file || fscanf(file, "%ld", &pid) != 1)
		die(pid_file);
	fclose(file);
	if (kill((pid_t)pid, SIGKILL))
		die("kill");
	killed = true;
}

static bool send_all(int fd, const uint8_t *bytes, size_t len)
{
	while (len > 0) {
		ssize_t n = send(fd, bytes, len, MSG_NOSIGNAL);

		if (n < 0 && errno == EINTR)
			continue;
		if (n <= 0)
			return false;
		bytes += n;
		len -= (size_t)n;
	}
	return true;
}

/* False: the pair has ended. */
static bool forward(struct flow *flow)
{
	ssize_t n = recv(flow->from, flow->bytes + flow->len, sizeof(flow->bytes) - flow->len, 0);
	size_t len;

	if (n <= 0)
		return n < 0 && errno == EINTR;
	flow->len += (size_t)n;
	while ((len = message_length(flow)) > 0) {
		if (counts_as_one(flow, len) && ++counts[flow->kind] == kill_number && counting &&
		    flow->kind == kill_kind) {
			kill_it();
			return false;
		}
		if (!send_all(flow->to, flow->bytes, len))
			return false;
		memmove(flow->bytes, flow->bytes + len, flow->len - len);
		flow->len -= len;
	}
	return flow->len < sizeof(flow->bytes);
}

static void end_pair(struct pair *pair)
{
	close(pair->flow[0].from);
	close(pair->flow[0].to);
	pair->used = false;
}

static void join(int near, int far, enum kind out, enum kind in)
{
	for (size_t i = 0; i < MAX_PAIRS && far >= 0; i++) {
		struct pair *pair = &pairs[i];

		if (pair->used)
			continue;
		pair->used = true;
		pair->flow[0].from = pair->flow[1].to = near;
		pair->flow[0].to = pair->flow[1].from = far;
		pair->flow[0].kind = out;
		pair->flow[1].kind = in;
		pair->flow[0].len = pair->flow[1].len = 0;
		return;
	}
	close(near);
	if (far >= 0)
		close(far);
}

static void turn(struct pollfd *fds, int card_listener, int server_listener, const char *card,
		 const char *server)
{
	size_t n = 3;
	struct flow *flows[2 * MAX_PAIRS];

	for (size_t i = 0; i < MAX_PAIRS; i++) {
		for (int d = 0; d < 2 && pairs[i].used; d++) {
			flows[n - 3] = &pairs[i].flow[d];
			fds[n++] = (struct pollfd){ .fd = pairs[i].flow[d].from, .events = POLLIN };
		}
	}
	if (poll(fds, n, -1) < 0)
		return;
	for (size_t i = 3; i < n; i++) {
		struct pair *pair = &pairs[0];

		while (&pair->flow[0] != flows[i - 3] && &pair->flow[1] != flows[i - 3])
			pair++;
		if (fds[i].revents && pair->used && !forward(flows[i - 3]))
			end_pair(pair);
	}
	if (fds[1].revents)
		join(accept4(card_listener, NULL, NULL, SOCK_CLOEXEC), connect_unix(card), APDU, ANSWER);
	if (fds[2].revents)
		join(accept4(server_listener, NULL, NULL, SOCK_CLOEXEC), connect_tcp(server), REQUEST,
		     REPLY);
}

static void parse_at(const char *text)
{
	const char *colon = strchr(text, ':');

	for (int i = 0; colon && i < KINDS; i++)
		if (strncmp(text, kind_names[i], (size_t)(colon - text)) == 0)
			kill_kind = (enum kind)i;
	kill_number = colon ? strtoul(colon + 1, NULL, 10) : 0;
	if (kill_kind == KINDS || kill_number == 0) {
		fprintf(stderr, "killrelay: --at %s\n", text);
		exit(2);
	}
}

static _Noreturn void usage(void)
{
	fputs("usage: killrelay --card LISTEN:CARD --server PORT:PORT --pid FILE [--at KIND:N]\n", stderr);
	exit(2);
}

/* "A:B" in two; exits where there is no colon. */
static char *split(char *text)
{
	char *colon = strchr(text, ':');

	if (!colon)
		usage();
	*colon = '\0';
	return colon + 1;
}

static int ending_signals(void)
{
	sigset_t set;
	int fd;

	sigemptyset(&set);
	sigaddset(&set, SIGTERM);
	sigaddset(&set, SIGINT);
	sigaddset(&set, SIGUSR1);
	sigprocmask(SIG_BLOCK, &set, NULL);
	fd = signalfd(-1, &set, SFD_CLOEXEC);
	if (fd < 0)
		die("signalfd");
	return fd;
}

/* False: it was the signal that ends this. */
static bool take_signal(int fd)
{
	struct signalfd_siginfo signal;

	if (read(fd, &signal, sizeof(signal)) != sizeof(signal))
		die("signalfd");
	if (signal.ssi_signo != SIGUSR1)
		return false;
	memset(counts, 0, sizeof(counts));
	counting = true;
	puts("counting");
	fflush(stdout);
	return true;
}

int main(int argc, char **argv)
{
	struct pollfd fds[3 + 2 * MAX_PAIRS] = { { 0 } };
	char *card = NULL, *server = NULL, *card_to, *server_to;
	int card_listener, server_listener;

	for (int i = 1; i + 1 < argc; i += 2) {
		if (strcmp(argv[i], "--card") == 0)
			card = argv[i + 1];
		else if (strcmp(argv[i], "--server") == 0)
			server = argv[i + 1];
		else if (strcmp(argv[i], "--pid") == 0)
			pid_file = argv[i + 1];
		else if (strcmp(argv[i], "--at") == 0)
			parse_at(argv[i + 1]);
	}
	if (!card || !server || !pid_file)
		usage();
	card_to = split(card);
	server_to = split(server);
	fds[0] = (struct pollfd){ .fd = ending_signals(), .events = POLLIN };
	card_listener = listen_unix(card);
	server_listener = listen_tcp(server);
	while (!fds[0].revents || take_signal(fds[0].fd)) {
		fds[1] = (struct pollfd){ .fd = card_listener, .events = POLLIN };
		fds[2] = (struct pollfd){ .fd = server_listener, .events = POLLIN };
		turn(fds, card_listener, server_listener, card_to, server_to);
	}
	if (killed)
		puts("killed");
	for (int i = 0; i < KINDS; i++)
		printf("%s %lu%c", kind_names[i], counts[i], i + 1 < KINDS ? ' ' : '\n');
	return 0;
}
