/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The calls of a transport, for failnth_vmtest: NEW_DEV, read() and write() of its end, and the
 * probe of euicc_ccid through the driver's bind file.
 */
#include "vm/device.h"
#include "vm/failnth_call.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <pthread.h>
#include <stdio.h>
#include <string.h>
#include <sys/ioctl.h>
#include <unistd.h>

static const uint8_t atr[] = { 0x3B, 0x9F, 0x96, 0x80, 0x1F, 0xC7, 0x80, 0x31, 0xE0, 0x73, 0xFE,
			       0x21, 0x1B, 0x63, 0x57, 0x4A, 0x45, 0x00, 0x90, 0x00, 0x1C };

struct message {
	struct euicc_proxy_msg head;
	uint8_t payload[EUICC_PROXY_PAYLOAD_MAX];
};

static struct euicc_proxy_new_dev dev;
static struct message request, answer;
static int control = -1, descriptor = -1;
static unsigned int devices, descriptors;
static pthread_t client;

static unsigned int count_entries(const char *path)
{
	DIR *dir = opendir(path);
	unsigned int count = 0;

	while (dir && readdir(dir))
		count++;
	if (dir)
		closedir(dir);
	return count;
}

/* --- NEW_DEV ---------------------------------------------------------------------------------- */

static bool prepare_new_dev(void)
{
	if (control < 0)
		control = open("/dev/euicc-proxy", O_RDWR | O_CLOEXEC);
	devices = count_entries("/sys/class/euicc");
	descriptors = count_entries("/proc/self/fd");
	dev = (struct euicc_proxy_new_dev){
		.features = EUICC_FEATURE_FCI | EUICC_FEATURE_COLD, .atr_len = sizeof(atr), .name = "nth",
	};
	memcpy(dev.atr, atr, sizeof(atr));
	return control >= 0;
}

static int run_new_dev(void)
{
	return ioctl(control, EUICC_PROXY_NEW_DEV, &dev) ? -errno : 0;
}

static const char *check_new_dev(int rc)
{
	struct euicc_info info;
	int fd;

	if (!rc) {
		fd = device_open(dev.minor, 0);
		rc = fd < 0 ? fd : device_info(fd, &info);
		if (fd >= 0)
			close(fd);
		close(dev.fd);
		if (rc || info.atr_len != sizeof(atr) || memcmp(info.atr, atr, sizeof(atr)))
			return "success, and the device is not there";
	}
	if (count_entries("/sys/class/euicc") != devices)
		return "a device is left";
	if (count_entries("/proc/self/fd") != descriptors)
		return "a descriptor is left";
	if (!prepare_new_dev() || run_new_dev())
		return "after it NEW_DEV fails";
	close(dev.fd);
	return NULL;
}

static const struct failnth_call call_new_dev = {
	.name = "NEW_DEV", .prepare = prepare_new_dev,
	.run = run_new_dev, .check = check_new_dev,
};

/* --- the transport's end ------------------------------------------------------------------------ */

/* The basic channel: RESET is the only request that it needs. */
static void *open_basic(void *unused)
{
	struct euicc_open_channel args = { .flags = EUICC_OPEN_BASIC, .timeout_ms = DEVICE_WAIT_MS };

	(void)unused;
	return (void *)(intptr_t)-device_ioctl(descriptor, EUICC_OPEN_CHANNEL, &args);
}

/* A client waits, and its request is there to be read. */
static bool prepare_end(void)
{
	if (!prepare_new_dev())
		return false;
	dev.features |= EUICC_FEATURE_BASIC;
	if (run_new_dev())
		return false;
	descriptor = device_open(dev.minor, 0);
	return descriptor >= 0 && !pthread_create(&client, NULL, open_basic, NULL) &&
	       device_poll(dev.fd, POLLIN, DEVICE_WAIT_MS) & POLLIN;
}

static void make_answer(void)
{
	answer.head = (struct euicc_proxy_msg){
		.id = request.head.id, .op = EUICC_PROXY_ANSWER, .length = sizeof(atr),
	};
	memcpy(answer.payload, atr, sizeof(atr));
}

static int run_end_write(void)
{
	return write(dev.fd, &answer, sizeof(answer.head) + answer.head.length) < 0 ? -errno : 0;
}

static int run_end_read(void)
{
	return read(dev.fd, &request, sizeof(request)) < 0 ? -errno : 0;
}

static const char *end(const char *why)
{
	void *result = NULL;

	if (why)
		close(dev.fd);	/* an unplug: the client comes back whatever happened */
	pthread_join(client, &result);
	close(descriptor);
	if (why)
		return why;
	close(dev.fd);
	return result ? "the client's call fails" : NULL;
}

static const char *check_end_read(int rc)
{
	if (rc && run_end_read())
		return end("the request is lost");
	if (request.head.op != EUICC_PROXY_RESET || !request.head.id)
		return end("another request");
	make_answer();
	return end(run_end_write() ? "after it write() fails" : NULL);
}

static const struct failnth_call call_end_read = {
	.name = "read of a transport's end", .prepare = prepare_end,
	.run = run_end_read, .check = check_end_read,
};

static bool prepare_end_write(void)
{
	if (!prepare_end() || run_end_read())
		return false;
	make_answer();
	return true;
}

static const char *check_end_write(int rc)
{
	return end(rc && run_end_write() ? "the answer cannot be given any more" : NULL);
}

static const struct failnth_call call_end_write = {
	.name = "write to a transport's end", .prepare = prepare_end_write,
	.run = run_end_write, .check = check_end_write,
};

const struct failnth_call *const failnth_transport_calls[] = {
	&call_new_dev, &call_end_read, &call_end_write, NULL,
};
