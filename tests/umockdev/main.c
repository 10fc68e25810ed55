/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The program `vreader-host`: run a command that sees an emulated USB reader, without a
 * kernel's help. The reader is a thread here; this thread is the bus that it is plugged into.
 */
#include "device.h"

#include "vreader/command_line.h"

#include <esim/program.h>

#include <errno.h>
#include <poll.h>
#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/eventfd.h>
#include <sys/signalfd.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#define PRELOAD		"libumockdev-preload.so.0"
#define FIRST_NUMBER	2		/* 1 is the root hub */
#define EXIT_CANNOT_RUN	127

static const char usage[] =
"Usage: vreader-host [--driver NAME] [VREADER-OPTION]... -- COMMAND [ARGUMENT]...\n"
"Run COMMAND with an emulated USB reader plugged in, which it and all that it starts see\n"
"as any other USB device (by libumockdev, which is preloaded). This machine's own USB\n"
"devices are out of their sight. Needs neither root nor a kernel module.\n"
"\n"
"  --driver NAME          the reader's interface is held by the kernel driver NAME\n"
"  VREADER-OPTION         see vreader --help; not --stdin, --to. While COMMAND runs, the\n"
"                         reader takes commands over --control SOCKET\n"
"  --help, --version\n"
"\n"
"SIGTERM and SIGINT end COMMAND by SIGTERM; a second one by SIGKILL.\n"
"Exit status: COMMAND's, or 128 and the number of the signal that ended it; 127: it cannot\n"
"be run; 2: usage; 1: other failures before COMMAND is run.\n";

struct host {
	struct vreader_arguments arguments;
	const char *kernel_driver;
	char **command;

	struct usbip_bus bus;
	struct vreader *reader;
	pthread_t thread;
	int stop, signals, uevents;

	pthread_mutex_t lock;			/* of the next two */
	int plugged;				/* a device that waits for its enumeration; negative: none */
	bool high_speed;
	int wake;

	UMockdevTestbed *testbed;
	struct usb_device *device;
	unsigned number;
	pid_t child;
	bool asked;				/* the command has been told to end */
};

static int complain(const char *what)
{
	fprintf(stderr, "vreader-host: %s: %s\n", what, strerror(errno));
	return EXIT_OTHER;
}

/* --- the preloaded library ------------------------------------------------------ */

static void append_variable(const char *name, const char *value, const char *separator, bool first)
{
	const char *old = getenv(name);
	g_autofree char *text = !old || !*old ? g_strdup(value) :
				first ? g_strconcat(value, separator, old, NULL) :
					g_strconcat(old, separator, value, NULL);

	setenv(name, text, 1);
}

/*
 * umockdev's own side needs the library too. A program built with AddressSanitizer wants its run-time
 * library to come first, for no reason that concerns this one: it is told not to insist.
 */
static int preload(char **argv)
{
	const char *preloaded = getenv("LD_PRELOAD");

	if (preloaded && strstr(preloaded, PRELOAD))
		return 0;
	append_variable("LD_PRELOAD", PRELOAD, ":", true);
	append_variable("ASAN_OPTIONS", "verify_asan_link_order=0", ":", false);
	execv("/proc/self/exe", argv);
	return complain("execv");
}

/* --- the bus ---------------------------------------------------------------------- */

/* From the reader's thread: enumeration is the other's work. */
static int attach(void *context, int socket, bool high_speed)
{
	struct host *host = context;
	int fd = dup(socket);

	if (fd < 0)
		return ESIM_ENODEV;
	pthread_mutex_lock(&host->lock);
	host->plugged = fd;
	host->high_speed = high_speed;
	pthread_mutex_unlock(&host->lock);
	eventfd_write(host->wake, 1);
	return 0;
}

/* As the kernel's netlink has it. */
static void uevent(const struct host *host, const char *action)
{
	char text[256];
	int len = snprintf(text, sizeof(text), "%s@/devices/usb1/%s%cACTION=%s%cDEVPATH=/devices/usb1/%s%c"
			   "DEVTYPE=usb_device", action, DEVICE_BUS_PORT, 0, action, 0, DEVICE_BUS_PORT, 0);

	if (send(host->uevents, text, (size_t)len + 1, MSG_NOSIGNAL) < 0)
		complain("uevent");
}

static void unplug(struct host *host)
{
	if (!host->device)
		return;
	usb_device_unplug(&host->device);
	uevent(host, "remove");
}

static void plug(struct host *host)
{
	eventfd_t count;
	bool high_speed;
	int fd;

	eventfd_read(host->wake, &count);
	pthread_mutex_lock(&host->lock);
	fd = host->plugged;
	high_speed = host->high_speed;
	host->plugged = -1;
	pthread_mutex_unlock(&host->lock);
	if (fd < 0)
		return;
	unplug(host);
	host->device = usb_device_plug(host->testbed, fd, high_speed, host->number++, host->kernel_driver);
	if (host->device)
		uevent(host, "bind");
}

/* --- the command -------------------------------------------------------------------- */

static int run_command(struct host *host)
{
	sigset_t none;

	host->child = fork();
	if (host->child < 0)
		return complain("fork");
	if (host->child > 0)
		return 0;
	sigemptyset(&none);
	sigprocmask(SIG_SETMASK, &none, NULL);
	signal(SIGPIPE, SIG_DFL);
	execvp(host->command[0], host->command);
	complain(host->command[0]);
	_exit(EXIT_CANNOT_RUN);
}

/* The command's exit status once it has ended; negative while it runs. */
static int take_signal(struct host *host)
{
	struct signalfd_siginfo info;
	int status;

	if (read(host->signals, &info, sizeof(info)) != sizeof(info))
		return -1;
	if (info.ssi_signo != SIGCHLD) {
		kill(host->child, host->asked ? SIGKILL : SIGTERM);
		host->asked = true;
		return -1;
	}
	if (waitpid(host->child, &status, WNOHANG) != host->child)
		return -1;
	return WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
}

static int serve(struct host *host)
{
	for (;;) {
		struct pollfd fds[] = {
			{ .fd = host->signals, .events = POLLIN },
			{ .fd = host->wake, .events = POLLIN },
			{ .fd = host->device ? host->device->link.fd : -1, .events = POLLIN },
		};
		int status = -1;

		if (poll(fds, G_N_ELEMENTS(fds), -1) < 0 && errno != EINTR)
			return complain("poll");
		if (fds[2].revents && !usb_device_serve(host->device))
			unplug(host);
		if (fds[1].revents)
			plug(host);
		if (fds[0].revents)
			status = take_signal(host);
		if (status >= 0)
			return status;
	}
}

/* --- the whole ------------------------------------------------------------------------ */

static void *reader_main(void *argument)
{
	struct host *host = argument;

	vreader_run(host->reader, host->stop, NULL);
	return NULL;
}

static int start_reader(struct host *host)
{
	struct esim_error err = { 0 };
	int r = vreader_new(&host->arguments.reader, &host->reader, &err);

	if (!r && host->arguments.control)
		r = vreader_control_listen(host->reader, host->arguments.control, &err);
	if (!r)
		r = vreader_attach(host->reader, &err);
	if (r) {
		fprintf(stderr, "vreader-host: %s\n", err.message);
		return err.code == ESIM_EINVAL ? EXIT_USAGE : EXIT_OTHER;
	}
	r = pthread_create(&host->thread, NULL, reader_main, host);
	if (!r)
		return 0;
	errno = r;
	return complain("pthread_create");
}

static void stop_reader(struct host *host)
{
	eventfd_write(host->stop, 1);
	pthread_join(host->thread, NULL);
	if (host->arguments.stats) {
		char text[VREADER_REPLY_SIZE];

		vreader_print_stats(host->reader, text, sizeof(text));
		fputs(text, stdout);
	}
}

static int set_up(struct host *host)
{
	int pair[2];
	sigset_t signals;

	sigemptyset(&signals);
	sigaddset(&signals, SIGTERM);
	sigaddset(&signals, SIGINT);
	sigaddset(&signals, SIGCHLD);
	sigprocmask(SIG_BLOCK, &signals, NULL);
	signal(SIGPIPE, SIG_IGN);
	host->signals = signalfd(-1, &signals, SFD_CLOEXEC);
	host->stop = eventfd(0, EFD_CLOEXEC);
	host->wake = eventfd(0, EFD_CLOEXEC);
	if (host->signals < 0 || host->stop < 0 || host->wake < 0 ||
	    socketpair(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0, pair))
		return complain("descriptors");
	pthread_mutex_init(&host->lock, NULL);
	host->plugged = -1;
	host->number = FIRST_NUMBER;
	host->uevents = pair[0];
	host->bus = (struct usbip_bus){ .attach = attach, .context = host, .uevents = pair[1] };
	host->arguments.reader.bus = &host->bus;
	host->testbed = umockdev_testbed_new();
	sysfs_root_hub(host->testbed);
	return 0;
}

static int run(struct host *host)
{
	int r = set_up(host);

	if (!r)
		r = start_reader(host);
	if (r)
		return r;
	plug(host);
	r = run_command(host);
	if (!r)
		r = serve(host);
	stop_reader(host);
	unplug(host);
	return r;
}

/* Our own option is taken out of those for the reader. */
static int take_driver(struct host *host, int argc, char **argv)
{
	int kept = 1;

	for (int i = 1; i < argc; i++) {
		if (!strcmp(argv[i], "--driver") && i + 1 < argc)
			host->kernel_driver = argv[++i];
		else
			argv[kept++] = argv[i];
	}
	return kept;
}

static int parse(struct host *host, int argc, char **argv)
{
	int own = 1, r;

	while (own < argc && strcmp(argv[own], "--"))
		own++;
	for (int i = 1; i < own; i++) {
		if (!strcmp(argv[i], "--help")) {
			fputs(usage, stdout);
			return -1;
		}
	}
	host->command = argv + own + (own < argc);
	argv[own] = NULL;
	r = vreader_command_line(take_driver(host, own, argv), argv, &host->arguments);
	if (r)
		return r;
	if (*host->command && !host->arguments.to && !host->arguments.read_stdin)
		return 0;
	fputs(*host->command ? "vreader-host: --to and --stdin are vreader's alone\n" :
			       "vreader-host: no command; try \"vreader-host --help\"\n", stderr);
	return EXIT_USAGE;
}

int main(int argc, char **argv)
{
	static struct host host;
	int r;

	esim_open_standard_fds();
	r = preload(argv);
	if (!r)
		r = parse(&host, argc, argv);
	if (!r)
		r = run(&host);
	vreader_free(&host.reader);
	g_clear_object(&host.testbed);
	return r < 0 ? 0 : r;
}
