/* SPDX-License-Identifier: GPL-2.0-or-later */
/* euicc-publish: the command line, the device, its end. See euicc-publish(8). */
#include "publish.h"

#include <esim/program.h>
#include <esim/text.h>

#include <errno.h>
#include <fcntl.h>
#include <getopt.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/signalfd.h>
#include <unistd.h>

#define DEVICE "/dev/euicc-proxy"

/* A modem whose commands are short gathers what comes by 61xx, and answers it whole. */
#define MAX_RESPONSE 65536u

enum { EXIT_OTHER = 1, EXIT_USAGE = 2 };

static void print_help(void)
{
	puts("Usage: euicc-publish [--name NAME] URI\n"
	     "Make an eUICC behind a modem a /dev/euiccN, by way of /dev/euicc-proxy.\n"
	     "Needs root and the module euicc_proxy. URI is as of lpactl's --device: mbim:/dev/cdc-wdm0.\n\n"
	     "  --name NAME       of the device, for people (the modem's)\n"
	     "  --help, --version\n\n"
	     "Prints \"listening /dev/euiccN\" when the device is there. SIGTERM and SIGINT end it with status 0.\n"
	     "Exit status: 0 ended by a signal, 1 failure or the modem is gone, 2 usage. See euicc-publish(8).");
}

static int complain(const struct esim_error *err)
{
	fprintf(stderr, "euicc-publish: %s\n", err->message);
	if (err->advice[0])
		fprintf(stderr, "advice: %s\n", err->advice);
	return EXIT_OTHER;
}

/* --- the device ------------------------------------------------------------------------------------------- */

static int refused(int errnum, struct esim_error *err)
{
	int rc = esim_error_errno(err, ESIM_EIO, errnum, "no device can be made at " DEVICE);

	if (errnum == ENOENT || errnum == ENXIO || errnum == ENODEV)
		esim_error_advise(err, "load the module: modprobe euicc_proxy");
	else if (errnum == EPERM || errnum == EACCES)
		esim_error_advise(err, "it needs root (CAP_SYS_ADMIN)");
	return rc;
}

/* What the transport is, as a transport of the kernel's. */
static void describe(struct esim_transport *transport, const char *name, struct euicc_proxy_new_dev *args)
{
	struct esim_transport_info info;
	char printable[sizeof(info.name)];

	esim_transport_describe(transport, &info);
	args->features = EUICC_FEATURE_OWNED;
	if (info.features & ESIM_TRANSPORT_RESET)
		args->features |= EUICC_FEATURE_COLD;
	if (info.features & ESIM_TRANSPORT_EXTENDED)
		args->features |= EUICC_FEATURE_EXTENDED;
	args->protocol = EUICC_PROTOCOL_NONE;
	args->max_response = MAX_RESPONSE;
	if (info.atr_len <= sizeof(args->atr)) {
		memcpy(args->atr, info.atr, info.atr_len);
		args->atr_len = (uint32_t)info.atr_len;
	}
	esim_text_printable(info.name, strlen(info.name), printable, sizeof(printable));
	snprintf(args->name, sizeof(args->name), "%.*s", (int)sizeof(args->name) - 1, name ? name : printable);
}

static int make_device(int fd, struct esim_transport *transport, const char *name, int *ret_end,
		       struct esim_error *err)
{
	struct euicc_proxy_new_dev args = { 0 };

	describe(transport, name, &args);
	if (ioctl(fd, EUICC_PROXY_NEW_DEV, &args) < 0)
		return refused(errno, err);
	/* A request that poll() told of may be over when it is read. */
	fcntl(args.fd, F_SETFL, O_NONBLOCK);
	*ret_end = args.fd;
	printf("listening /dev/euicc%u\n", args.minor);
	return fflush(stdout) ? esim_error_errno(err, ESIM_EIO, errno, "standard output") : 0;
}

/* A modem may be mute for half a minute: a signal is heard meanwhile. */
static int open_modem(const char *uri, int stop_fd, struct esim_transport **ret, struct esim_error *err)
{
	struct esim_cancel *cancel = NULL;
	struct watcher *watcher = NULL;
	int rc = esim_cancel_new(&cancel);

	if (rc)
		return esim_error_set(err, rc, "no memory");
	rc = watcher_new(-1, stop_fd, cancel, &watcher, err);
	if (!rc)
		rc = esim_transport_open_cancellable(uri, cancel, ret, err);
	watcher_free(&watcher);
	esim_cancel_free(&cancel);
	return rc;
}

static int publish(const char *uri, const char *name, int stop_fd, struct esim_error *err)
{
	struct esim_transport *transport = NULL;
	struct esim_transport_info info;
	struct port *port = NULL;
	int fd = open(DEVICE, O_RDWR | O_CLOEXEC), end = -1, rc;

	/* Before anything is done to the modem. */
	if (fd < 0)
		return refused(errno, err);
	rc = open_modem(uri, stop_fd, &transport, err);
	if (!rc) {
		esim_transport_describe(transport, &info);
		if (!(info.features & ESIM_TRANSPORT_OWNED))
			rc = esim_error_set(err, ESIM_ENOTSUP, "%s has no channels of its own; usbccid-proxy is for "
					    "readers", uri);
	}
	if (!rc)
		rc = port_new(uri, &port, err);
	if (!rc)
		rc = make_device(fd, transport, name, &end, err);
	if (!rc)
		rc = publish_serve(transport, port, end, stop_fd, err);
	/* The device goes first, and with it its clients. */
	if (end >= 0)
		close(end);
	close(fd);
	port_free(&port);
	esim_transport_free(&transport);
	return rc;
}

/* --- the command line --------------------------------------------------------------------------------------- */

static int stop_descriptor(void)
{
	sigset_t set;

	sigemptyset(&set);
	sigaddset(&set, SIGTERM);
	sigaddset(&set, SIGINT);
	sigprocmask(SIG_BLOCK, &set, NULL);
	signal(SIGPIPE, SIG_IGN);
	return signalfd(-1, &set, SFD_CLOEXEC);
}

static int misused(const char *why)
{
	fprintf(stderr, "euicc-publish: %s\nTry \"euicc-publish --help\".\n", why);
	return EXIT_USAGE;
}

int main(int argc, char **argv)
{
	static const struct option options[] = {
		{ "name", required_argument, NULL, 'n' },
		{ "help", no_argument, NULL, 'h' },
		{ "version", no_argument, NULL, 'v' },
		{ 0 },
	};
	const char *name = NULL;
	struct esim_error err;
	int stop_fd, c;

	esim_open_standard_fds();
	while ((c = getopt_long(argc, argv, "", options, NULL)) != -1) {
		if (c == 'h')
			return print_help(), 0;
		if (c == 'v')
			return puts("euicc-publish " COREESIM_VERSION), 0;
		if (c != 'n')
			return EXIT_USAGE;
		name = optarg;
	}
	if (optind + 1 != argc)
		return misused(optind < argc ? "one URI is wanted" : "the URI is missing");
	if (name && (!name[0] || strlen(name) >= sizeof(((struct euicc_proxy_new_dev *)0)->name)))
		return misused("a name has 1 to 63 bytes");
	stop_fd = stop_descriptor();
	if (stop_fd < 0) {
		esim_error_errno(&err, ESIM_EIO, errno, "signals cannot be heard");
		return complain(&err);
	}
	c = publish(argv[optind], name, stop_fd, &err);
	return c && c != ESIM_ECANCELED ? complain(&err) : 0;
}
