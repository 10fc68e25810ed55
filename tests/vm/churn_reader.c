/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "vm/churn_reader.h"

#include <errno.h>
#include <fcntl.h>
#include <glob.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#define USB_DEVICES	"/sys/bus/usb/devices/"
#define QEMU_PRODUCT	"USB CCID"	/* 08e6:4433 */
#define WAIT_ROUNDS	60000
#define WAIT_NS		(1000 * 1000)

struct vreader_thread *churn_reader_start(void)
{
	const struct vreader_options options = {
		.level = VREADER_SHORT, .card = { .pki_dirs = { "/pki/nist" }, .pki_count = 1 },
	};
	struct vreader_thread *reader = NULL;
	struct esim_error err = { 0 };

	if (vreader_start(&options, &reader, &err))
		fprintf(stderr, "the reader: %s\n", err.message);
	return reader;
}

int churn_driver_write(const char *file, const char *text)
{
	char path[128];
	int fd, r;

	snprintf(path, sizeof(path), CHURN_DRIVER "%s", file);
	fd = open(path, O_WRONLY | O_CLOEXEC);
	if (fd < 0)
		return -errno;
	r = write(fd, text, strlen(text)) < 0 ? -errno : 0;
	close(fd);
	return r;
}

bool churn_port_match(const char *port)
{
	char text[64];
	int r;

	snprintf(text, sizeof(text), "add %s", port);
	r = churn_driver_write("match", text);
	if (r && r != -EEXIST)
		fprintf(stderr, "%s: %s\n", text, strerror(-r));
	return !r || r == -EEXIST;
}

bool churn_reader_match(struct vreader_thread *reader)
{
	char port[VREADER_BUS_PORT_SIZE];

	return churn_port_match(vreader_bus_port(reader, port));
}

int churn_port_minor(const char *port)
{
	char pattern[96], device[32];
	const struct timespec round = { .tv_nsec = WAIT_NS };

	snprintf(pattern, sizeof(pattern), "/sys/bus/usb/devices/%s:*/euicc/euicc*", port);
	for (int i = 0; i < WAIT_ROUNDS; i++) {
		glob_t found;
		int minor = -1;

		if (!glob(pattern, 0, NULL, &found))
			minor = atoi(strrchr(found.gl_pathv[0], '/') + strlen("/euicc"));
		globfree(&found);
		snprintf(device, sizeof(device), "/dev/euicc%d", minor);
		if (minor >= 0 && !access(device, F_OK))
			return minor;
		nanosleep(&round, NULL);
	}
	return -1;
}

int churn_reader_minor(struct vreader_thread *reader)
{
	char port[VREADER_BUS_PORT_SIZE];

	return churn_port_minor(vreader_bus_port(reader, port));
}

static bool is_qemu_reader(const char *path)
{
	char text[64] = "";
	int fd = open(path, O_RDONLY | O_CLOEXEC);

	if (fd < 0)
		return false;
	if (read(fd, text, sizeof(text) - 1) < 0)
		text[0] = '\0';
	close(fd);
	return strstr(text, QEMU_PRODUCT);
}

bool churn_qemu_reader(char port[VREADER_BUS_PORT_SIZE])
{
	glob_t found;
	bool is_found = false;

	if (glob(USB_DEVICES "*/product", 0, NULL, &found))
		return false;
	for (size_t i = 0; i < found.gl_pathc && !is_found; i++) {
		is_found = is_qemu_reader(found.gl_pathv[i]);
		if (is_found)
			sscanf(found.gl_pathv[i], USB_DEVICES "%31[^/]", port);
	}
	globfree(&found);
	return is_found;
}
