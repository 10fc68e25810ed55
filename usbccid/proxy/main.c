/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The program usbccid-proxy: signals, and one life of the reader after the other. */
#include "proxy.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/signalfd.h>
#include <unistd.h>

void complain(const char *format, ...)
{
	va_list list;

	fputs("usbccid-proxy: ", stderr);
	va_start(list, format);
	vfprintf(stderr, format, list);
	va_end(list);
	fputc('\n', stderr);
}

static bool failed(const char *what)
{
	complain("%s: %s", what, strerror(errno));
	return false;
}

/* --- one life of the reader ------------------------------------------------------ */

static bool watch(int epoll_fd, int fd)
{
	struct epoll_event event = { .events = EPOLLIN };

	return epoll_ctl(epoll_fd, EPOLL_CTL_ADD, fd, &event) == 0;
}

static bool watch_all(struct proxy *proxy)
{
	proxy->wake_fd = epoll_create1(EPOLL_CLOEXEC);
	return (proxy->wake_fd >= 0 && watch(proxy->wake_fd, proxy->end) &&
		watch(proxy->wake_fd, proxy->stop_fd)) || failed("epoll");
}

/* From the device's first moment to its last. */
static enum outcome be_device(struct proxy *proxy, const char *name)
{
	enum outcome outcome;
	unsigned minor;

	if (!device_make(proxy, name, &minor, &outcome))
		return outcome;
	if (!watch_all(proxy))
		return OUTCOME_FAILED;
	printf("listening /dev/euicc%u\n", minor);
	if (fflush(stdout)) {
		failed("standard output");
		return OUTCOME_FAILED;
	}
	return serve(proxy);
}

/* @reader is the callee's, and closed at the end, behind its device. */
static enum outcome live(struct usbccid_reader *reader, const struct arguments *arguments, int stop_fd)
{
	struct proxy *proxy = calloc(1, sizeof(*proxy));
	enum outcome outcome = OUTCOME_FAILED;
	struct usbccid_info info;

	usbccid_describe(reader, &info);
	if (!proxy) {
		failed(info.bus_port);
	} else if (arguments->slot >= info.slots) {
		complain("%s (%s) has no slot %u, it has %u", info.bus_port, info.name, arguments->slot,
			 info.slots);
	} else {
		*proxy = (struct proxy){ .reader = reader, .slot = arguments->slot, .end = -1,
					 .stop_fd = stop_fd, .wake_fd = -1 };
		outcome = be_device(proxy, arguments->name);
		if (proxy->end >= 0)
			close(proxy->end);
		if (proxy->wake_fd >= 0)
			close(proxy->wake_fd);
	}
	if (outcome == OUTCOME_GONE)
		complain("%s (%s) was unplugged", info.bus_port, info.name);
	/* What a request that failed left in it is the client's. */
	if (proxy)
		explicit_bzero(proxy, sizeof(*proxy));
	free(proxy);
	usbccid_set_cancel_fd(reader, -1);
	usbccid_close(&reader);
	return outcome;
}

/* --- one life after the other ------------------------------------------------------- */

/* Something was plugged in, or the end has come. What is missing is said in @err, once. */
static int wait_for_reader(struct usbccid *ccid, bool *told, int stop_fd, struct usbccid_error *err)
{
	char bus_port[USBCCID_BUS_PORT_SIZE];
	enum usbccid_change change;
	int r;

	if (!*told)
		complain("%s: waiting for it", err->message);
	*told = true;
	do
		r = usbccid_wait_change(ccid, stop_fd, -1, &change, bus_port, err);
	while (!r && change != USBCCID_ARRIVED);
	return r;
}

/* An exit status. */
static int run(struct usbccid *ccid, const struct arguments *arguments, int stop_fd)
{
	const struct usbccid_open_options options = { .interface = -1, .detach = arguments->detach };
	enum outcome outcome = OUTCOME_GONE;
	struct usbccid_reader *reader;
	struct usbccid_error err;
	bool told = false;
	int r;

	do {
		r = usbccid_open(ccid, arguments->address, &options, &reader, &err);
		if (!r) {
			told = false;
			outcome = live(reader, arguments, stop_fd);
		} else if (r == USBCCID_ENODEV && arguments->wait) {
			r = wait_for_reader(ccid, &told, stop_fd, &err);
		}
	} while (!r && outcome == OUTCOME_GONE && arguments->wait);
	if (r == USBCCID_ECANCELED)
		return 0;
	if (r)
		complain("%s", err.message);
	if (r == USBCCID_EINVAL)
		return EXIT_USAGE;
	return !r && outcome == OUTCOME_STOPPED ? 0 : EXIT_OTHER;
}

static int start(const struct arguments *arguments, int stop_fd)
{
	char bus_port[USBCCID_BUS_PORT_SIZE];
	enum usbccid_change change;
	struct usbccid_error err;
	struct usbccid *ccid;
	int r = usbccid_new(&ccid, &err);

	if (r) {
		complain("%s", err.message);
		return EXIT_OTHER;
	}
	/* From here on, what is plugged in is heard of: none comes between a look and a wait. */
	if (arguments->wait)
		usbccid_wait_change(ccid, -1, 0, &change, bus_port, NULL);
	r = run(ccid, arguments, stop_fd);
	usbccid_free(&ccid);
	return r;
}

/* Started without one of them, what is printed would go into a device. */
static void open_standard_fds(void)
{
	int fd;

	for (fd = STDIN_FILENO; fd <= STDERR_FILENO; fd++)
		if (fcntl(fd, F_GETFD) < 0 && open("/dev/null", O_RDWR) != fd)
			_exit(EXIT_OTHER);
}

int main(int argc, char **argv)
{
	struct arguments arguments;
	sigset_t signals;
	int stop_fd, r;

	open_standard_fds();
	r = command_line(argc, argv, &arguments);
	if (r)
		return r < 0 ? 0 : r;
	/* Before libusb starts a thread, which would take them otherwise. */
	sigemptyset(&signals);
	sigaddset(&signals, SIGTERM);
	sigaddset(&signals, SIGINT);
	sigprocmask(SIG_BLOCK, &signals, NULL);
	signal(SIGPIPE, SIG_IGN);
	stop_fd = signalfd(-1, &signals, SFD_CLOEXEC);
	if (stop_fd < 0)
		return failed("signalfd"), EXIT_OTHER;
	r = start(&arguments, stop_fd);
	close(stop_fd);
	return r;
}
