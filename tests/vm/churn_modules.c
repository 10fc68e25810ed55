/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Modules go while files are open: a transport's at any time (its devices are gone then), the
 * core's not before the last file is closed. And all come back.
 */
#include "vm/churn.h"
#include "vm/churn_card.h"
#include "vm/churn_reader.h"
#include "vm/device.h"
#include "vm/tap.h"

#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/syscall.h>
#include <unistd.h>

static atomic_bool stop;
static atomic_int busy_minor = -1;

static int unload(const char *name)
{
	return syscall(SYS_delete_module, name, O_NONBLOCK) ? -errno : 0;
}

static int load(const char *name)
{
	char path[64];
	int fd, r;

	snprintf(path, sizeof(path), "/modules/%s.ko", name);
	fd = open(path, O_RDONLY | O_CLOEXEC);
	if (fd < 0)
		return -errno;
	r = syscall(SYS_finit_module, fd, "", 0) ? -errno : 0;
	close(fd);
	return r;
}

/* Opens and closes without end: what comes in between must not be found half gone. */
static void *be_client(void *unused)
{
	(void)unused;
	while (!atomic_load(&stop)) {
		int minor = atomic_load(&busy_minor);
		int fd = minor < 0 ? -1 : device_open((unsigned int)minor, 0);

		if (fd < 0)
			continue;
		device_isdr_channel(fd);
		close(fd);
	}
	return NULL;
}

/* Until the clients' files of a moment ago are closed. */
static int unload_when_free(const char *name)
{
	int r;

	do
		r = unload(name);
	while (r == -EWOULDBLOCK || r == -EBUSY);
	return r;
}

static bool step(bool ok, const char *what, int value)
{
	if (!ok)
		tap_note("%s: %d", what, value);
	return ok;
}

/* euicc_ccid away under an open file, and back. */
static bool ccid_cycle(struct vreader_thread *reader)
{
	int minor = churn_reader_minor(reader), fd, r;
	struct euicc_info info;

	fd = minor < 0 ? minor : device_open((unsigned int)minor, 0);
	if (!step(fd >= 0, "open the reader's device", fd))
		return false;
	r = device_isdr_channel(fd);
	if (!step(!r, "OPEN_CHANNEL at the reader", r))
		return false;
	atomic_store(&busy_minor, minor);
	r = unload_when_free("euicc_ccid");
	atomic_store(&busy_minor, -1);
	if (!step(!r, "unload euicc_ccid with files open", r))
		return false;
	r = device_info(fd, &info);
	close(fd);
	if (!step(r == -ENODEV, "GET_INFO without euicc_ccid", r))
		return false;
	r = load("euicc_ccid");
	return step(!r && churn_reader_match(reader), "load euicc_ccid", r);
}

/* euicc_proxy stays while a transport's end is open, and goes under its clients' files. */
static bool proxy_cycle(void)
{
	static struct churn_card card;
	struct euicc_info info;
	int control = open("/dev/euicc-proxy", O_RDWR | O_CLOEXEC), fd, r;
	bool held;

	if (!step(control >= 0 && !churn_card_new(control, &card), "a proxy's device", errno))
		return false;
	fd = device_open(card.minor, 0);
	close(control);
	held = unload("euicc_proxy") == -EWOULDBLOCK;
	churn_card_end(&card);
	if (!step(held, "euicc_proxy goes while its transport is there", 0))
		return false;
	r = unload_when_free("euicc_proxy");
	if (!step(!r, "unload euicc_proxy with a client's file open", r))
		return false;
	r = device_info(fd, &info);
	if (!step(r == -ENODEV, "GET_INFO without euicc_proxy", r))
		return false;
	/* The core is the file's. */
	r = unload("euicc");
	close(fd);
	return step(r == -EWOULDBLOCK, "euicc goes under an open file", r);
}

static bool core_cycle(bool usb)
{
	int r = usb ? unload_when_free("euicc_ccid") : 0;

	if (!r)
		r = unload_when_free("euicc");
	if (!step(!r, "unload euicc", r))
		return false;
	r = load("euicc");
	if (!r)
		r = load("euicc_proxy");
	if (!r && usb)
		r = load("euicc_ccid");
	return step(!r, "load everything again", r);
}

void churn_modules(unsigned int cycles)
{
	bool usb = !access(CHURN_DRIVER "match", F_OK);
	struct vreader_thread *reader = usb ? churn_reader_start() : NULL;
	unsigned int done = 0;
	pthread_t client;

	unload("euicc_kunit");	/* where it is there, it holds the core */
	if (usb && !tap_ok(reader && churn_reader_match(reader), "a reader with euicc_ccid bound to it"))
		return;
	pthread_create(&client, NULL, be_client, NULL);
	while (done < cycles && (!reader || ccid_cycle(reader)) && proxy_cycle() && core_cycle(usb) &&
	       (!reader || churn_reader_match(reader))) {
		churn_progress("unloading modules");
		done++;
	}
	atomic_store(&stop, true);
	pthread_join(client, NULL);
	if (reader)
		vreader_stop(&reader);
	tap_ok(done == cycles, "%u of %u times all modules go and come, with files open", done, cycles);
	if (!usb)
		tap_skip("euicc_ccid goes under open files", "this kernel has no USB");
}
