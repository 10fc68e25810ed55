/* SPDX-License-Identifier: GPL-2.0-or-later */
/* modem-broker: started by systemd for each connection, or listening by itself. See modem-broker(8). */
#include "broker.h"

#include <modem/broker.h>

#include <errno.h>
#include <fcntl.h>
#include <getopt.h>
#include <poll.h>
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/signalfd.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <unistd.h>

#define SYSTEMD_FD 3
#define MAX_CONNECTIONS 64

static void __attribute__((format(printf, 1, 2))) complain(const char *format, ...)
{
	va_list list;

	fputs("modem-broker: ", stderr);
	va_start(list, format);
	vfprintf(stderr, format, list);
	va_end(list);
	fputc('\n', stderr);
}

static void print_help(void)
{
	puts("Usage: modem-broker [--listen PATH]\n"
	     "Drive a modem for a program that may not open it: lpad, and members of group euicc.\n\n"
	     "  --listen PATH  make the socket and serve each connection by a process of its own;\n"
	     "                 without it systemd has made the connection (coreesim-modem.socket)\n"
	     "  --help         this text\n"
	     "  --version      version\n\n"
	     "See modem-broker(8).");
}

/* SIGTERM and SIGINT as something to read: they end a connection in order. */
static int stop_descriptor(void)
{
	sigset_t set;

	sigemptyset(&set);
	sigaddset(&set, SIGTERM);
	sigaddset(&set, SIGINT);
	sigprocmask(SIG_BLOCK, &set, NULL);
	return signalfd(-1, &set, SFD_CLOEXEC);
}

static int listen_at(const char *path)
{
	struct sockaddr_un address = { .sun_family = AF_UNIX };
	int fd;

	if (strlen(path) >= sizeof(address.sun_path)) {
		complain("%s: too long for a socket", path);
		return -1;
	}
	memcpy(address.sun_path, path, strlen(path) + 1);
	fd = socket(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0);
	/* Its owner's and group's alone from its first moment on. */
	umask(0117);
	if (fd >= 0 && (!unlink(path) || errno == ENOENT) &&
	    !bind(fd, (struct sockaddr *)&address, sizeof(address)) && !listen(fd, 16))
		return fd;
	complain("%s: %s", path, strerror(errno));
	return -1;
}

/* One more than fit is closed at once. */
static void serve_in_child(int listener, int stop_fd, pid_t children[static MAX_CONNECTIONS])
{
	int fd = accept4(listener, NULL, NULL, SOCK_CLOEXEC);
	size_t i = 0;

	while (i < MAX_CONNECTIONS && children[i] > 0)
		i++;
	if (fd >= 0 && i < MAX_CONNECTIONS) {
		children[i] = fork();
		if (children[i] == 0) {
			close(listener);
			broker_serve(fd, stop_fd);
			_exit(0);
		}
	}
	if (fd >= 0)
		close(fd);
}

static void forget_ended(pid_t children[static MAX_CONNECTIONS])
{
	pid_t pid;

	while ((pid = waitpid(-1, NULL, WNOHANG)) > 0)
		for (size_t i = 0; i < MAX_CONNECTIONS; i++)
			if (children[i] == pid)
				children[i] = 0;
}

static void end_all(const pid_t children[static MAX_CONNECTIONS])
{
	for (size_t i = 0; i < MAX_CONNECTIONS; i++)
		if (children[i] > 0)
			kill(children[i], SIGTERM);
	while (waitpid(-1, NULL, 0) > 0 || errno == EINTR)
		;
}

/* Until a signal; then the connections end too. */
static int listen_until_stopped(const char *path, int stop_fd)
{
	pid_t children[MAX_CONNECTIONS] = { 0 };
	int listener = listen_at(path);

	if (listener < 0)
		return 1;
	printf("listening %s\n", path);
	fflush(stdout);
	for (;;) {
		struct pollfd fds[] = {
			{ .fd = listener, .events = POLLIN }, { .fd = stop_fd, .events = POLLIN },
		};

		if (poll(fds, 2, -1) < 0 && errno == EINTR)
			continue;
		if (fds[1].revents)
			break;
		forget_ended(children);
		serve_in_child(listener, stop_fd, children);
	}
	close(listener);
	unlink(path);
	end_all(children);
	return 0;
}

int main(int argc, char **argv)
{
	static const struct option options[] = {
		{ "listen", required_argument, NULL, 'l' },
		{ "help", no_argument, NULL, 'h' },
		{ "version", no_argument, NULL, 'v' },
		{ 0 },
	};
	const char *path = NULL, *given = getenv("LISTEN_FDS");
	int stop_fd, c;

	while ((c = getopt_long(argc, argv, "", options, NULL)) != -1) {
		if (c == 'l')
			path = optarg;
		else if (c == 'h')
			return print_help(), 0;
		else if (c == 'v')
			return printf("modem-broker %s\n", COREESIM_VERSION), 0;
		else
			return 2;
	}
	if (optind < argc) {
		complain("'%s' is no argument of modem-broker", argv[optind]);
		return 2;
	}
	if (!path && !(given && strcmp(given, "1") == 0)) {
		complain("no connection was handed over; give --listen PATH, or see --help");
		return 2;
	}
	stop_fd = stop_descriptor();
	if (path)
		return listen_until_stopped(path, stop_fd);
	broker_serve(SYSTEMD_FD, stop_fd);
	return 0;
}
