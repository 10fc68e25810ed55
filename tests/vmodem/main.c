/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The program `vmodem`: a virtual modem with virtual eUICCs; see vmodem(1). */
#include "vmodem/command_line.h"

#include <esim/program.h>

#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/signalfd.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

static int fail(const char *what)
{
	fprintf(stderr, "vmodem: %s: %s\n", what, strerror(errno));
	return EXIT_OTHER;
}

/* --- a command to a running modem ------------------------------------------------------------------- */

/* The answer without its last line; `error` goes to standard error. */
static int print_answer(FILE *stream)
{
	char line[VMODEM_LINE_SIZE];

	while (fgets(line, sizeof(line), stream)) {
		if (!strcmp(line, "ok\n"))
			return 0;
		if (!strncmp(line, "error ", 6)) {
			fprintf(stderr, "vmodem: %s", line + 6);
			return EXIT_OTHER;
		}
		fputs(line, stdout);
	}
	fputs("vmodem: the modem is gone\n", stderr);
	return EXIT_OTHER;
}

static int command(const char *path, char **words)
{
	struct sockaddr_un address = { .sun_family = AF_UNIX };
	int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0), r;
	FILE *stream;

	if (fd < 0)
		return fail("socket");
	snprintf(address.sun_path, sizeof(address.sun_path), "%s", path);
	if (connect(fd, (struct sockaddr *)&address, sizeof(address)))
		return fail(path);
	for (; *words; words++)
		dprintf(fd, "%s%s", *words, words[1] ? " " : "\n");
	stream = fdopen(fd, "r");
	if (!stream)
		return fail("fdopen");
	r = print_answer(stream);
	fclose(stream);
	return r;
}

/* --- running -------------------------------------------------------------------------------------------- */

static void notice(void *context, const char *line)
{
	(void)context;
	puts(line);
	fflush(stdout);
}

int main(int argc, char **argv)
{
	struct vmodem_arguments arguments = { 0 };
	struct esim_error err = { 0 };
	sigset_t signals;
	int stop_fd, r;

	esim_open_standard_fds();
	r = vmodem_command_line(argc, argv, &arguments);
	if (r)
		return r < 0 ? 0 : r;
	if (arguments.to)
		return command(arguments.to, arguments.command);
	sigemptyset(&signals);
	sigaddset(&signals, SIGTERM);
	sigaddset(&signals, SIGINT);
	sigprocmask(SIG_BLOCK, &signals, NULL);
	signal(SIGPIPE, SIG_IGN);
	stop_fd = signalfd(-1, &signals, SFD_CLOEXEC);
	if (stop_fd < 0)
		return fail("signalfd");
	r = vmodem_serve(&arguments.serve, stop_fd, -1, notice, NULL, &err);
	close(stop_fd);
	if (!r)
		return 0;
	fprintf(stderr, "vmodem: %s\n", err.message);
	if (err.advice[0])
		fprintf(stderr, "advice: %s\n", err.advice);
	return err.code == ESIM_EINVAL ? EXIT_USAGE : EXIT_OTHER;
}
