/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The program `vreader`: an emulated USB reader with virtual eUICCs; see vreader.h. */
#include "vreader/command_line.h"

#include <esim/program.h>

#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/signalfd.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

/* --- a command to a running reader ------------------------------------------ */

static int fail(const char *what)
{
	fprintf(stderr, "vreader: %s: %s\n", what, strerror(errno));
	return EXIT_OTHER;
}

/* The answer without its last line; `error` goes to standard error. */
static int print_answer(FILE *stream)
{
	char line[VREADER_REPLY_SIZE];

	while (fgets(line, sizeof(line), stream)) {
		if (!strcmp(line, "ok\n"))
			return 0;
		if (!strncmp(line, "error ", 6)) {
			fprintf(stderr, "vreader: %s", line + 6);
			return EXIT_OTHER;
		}
		fputs(line, stdout);
	}
	fputs("vreader: the reader is gone\n", stderr);
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

/* --- running ---------------------------------------------------------------- */

static void notice(const char *line)
{
	puts(line);
	fflush(stdout);
}

static int run(struct vreader *reader, const struct vreader_arguments *arguments, int stop_fd,
	       struct esim_error *err)
{
	int r = 0;

	if (arguments->control)
		r = vreader_control_listen(reader, arguments->control, err);
	if (!r && arguments->read_stdin)
		r = vreader_control_add(reader, dup(STDIN_FILENO), dup(STDOUT_FILENO));
	if (!r)
		r = vreader_attach(reader, err);
	if (!r)
		r = vreader_run(reader, stop_fd, notice);
	if (!r && arguments->stats) {
		char text[VREADER_REPLY_SIZE];

		vreader_print_stats(reader, text, sizeof(text));
		fputs(text, stdout);
	}
	return r;
}

static int serve(const struct vreader_arguments *arguments, int stop_fd)
{
	struct vreader *reader = NULL;
	struct esim_error err = { 0 };
	int r = vreader_new(&arguments->reader, &reader, &err);

	if (!r)
		r = run(reader, arguments, stop_fd, &err);
	vreader_free(&reader);
	if (!r)
		return 0;
	fprintf(stderr, "vreader: %s\n", err.message);
	return err.code == ESIM_EINVAL ? EXIT_USAGE : EXIT_OTHER;
}

int main(int argc, char **argv)
{
	struct vreader_arguments arguments = { 0 };
	sigset_t signals;
	int stop_fd, r;

	esim_open_standard_fds();
	r = vreader_command_line(argc, argv, &arguments);
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
	r = serve(&arguments, stop_fd);
	close(stop_fd);
	return r;
}
