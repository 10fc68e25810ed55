/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * usbccid's way to a reader, on a real bus: what is found, who has it, and the pipes, with messages
 * made by hand.
 */
#include "vm/plugged.h"
#include "vm/tap.h"
#include "vm/thread.h"

#include <reader.h>

#include <fcntl.h>
#include <linux/usbdevice_fs.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/eventfd.h>
#include <sys/ioctl.h>
#include <unistd.h>

enum { PATIENCE_MS = 20000, MOMENT_MS = 100 };

static struct plugged plugged;
static struct usbccid *ccid;
static struct usbccid_reader *reader;
static struct usbccid_error err;
static uint8_t seq;

static bool opened(const struct usbccid_open_options *options)
{
	int r = usbccid_open(ccid, plugged.bus_port, options, &reader, &err);

	if (r)
		tap_note("open: %s (%s)", err.message, usbccid_code_name(r));
	return r == 0;
}

static bool start(const char *fault)
{
	struct vreader_options options;

	plugged_options(&options);
	options.fault = fault;
	if (!plugged_start_unmatched(&plugged, &options))
		return false;
	return tap_ok(usbccid_new(&ccid, &err) == 0 && opened(NULL), "%s: the reader is opened",
		      fault ? fault : "plain");
}

static void stop(void)
{
	usbccid_close(&reader);
	usbccid_free(&ccid);
	plugged_stop(&plugged);
}

/* --- messages by hand ------------------------------------------------------- */

static int put(uint8_t type, const uint8_t *data, size_t len)
{
	struct ccid_header header = { .type = type, .length = (uint32_t)len };
	uint8_t message[CCID_HEADER_SIZE + 256];

	header.seq = ++seq;
	ccid_header_put(message, &header);
	memcpy(message + CCID_HEADER_SIZE, data, len);
	return reader->wire->ops->send(reader->wire, message, CCID_HEADER_SIZE + len, &err);
}

static int get(const uint8_t **answer, size_t *len, uint64_t deadline, int cancel_fd)
{
	return reader->wire->ops->receive(reader->wire, answer, len, deadline, cancel_fd, &err);
}

/* True where the answer is of @type and has the message's number. */
static bool answered(uint8_t type)
{
	const uint8_t *answer;
	size_t len;
	int r = get(&answer, &len, wire_now_ms() + PATIENCE_MS, -1);

	if (r)
		tap_note("receive: %s (%s)", err.message, usbccid_code_name(r));
	return r == 0 && len >= CCID_HEADER_SIZE && answer[0] == type && answer[6] == seq;
}

static bool status_works(void)
{
	return put(CCID_GET_SLOT_STATUS, (const uint8_t *)"", 0) == 0 && answered(CCID_SLOT_STATUS);
}

static bool power_works(void)
{
	return put(CCID_ICC_POWER_ON, (const uint8_t *)"", 0) == 0 && answered(CCID_DATA_BLOCK);
}

/* --- what is found, and who has it -------------------------------------------- */

/* The reader of these tests; QEMU may have one of its own. */
static bool listed(struct usbccid_info *ret)
{
	struct usbccid_info *infos;
	unsigned found = 0;
	size_t count;

	if (usbccid_list(ccid, &infos, &count, &err))
		return false;
	for (size_t i = 0; i < count; i++) {
		if (strcmp(infos[i].bus_port, plugged.bus_port))
			continue;
		*ret = infos[i];
		found++;
	}
	free(infos);
	return found == 1;
}

static void list(void)
{
	struct usbccid_info info = { 0 };

	if (start(NULL)) {
		usbccid_close(&reader);
		tap_ok(listed(&info), "list: the reader");
		tap_ok(info.vendor == 0x1D6B && info.product == 0x0104 && info.t0 && !info.t1 &&
		       info.slots == 1 && info.level == USBCCID_TPDU, "list: as its descriptors say");
		tap_ok(strstr(info.name, "CoreESIM") != NULL, "list: its name (%s)", info.name);
		tap_ok(!info.holder[0], "list: nobody has it");
	}
	stop();
}

static void program_has_it(void)
{
	struct usbccid_reader *second = NULL;
	struct usbccid_info info = { 0 };
	char self[64];

	if (start(NULL)) {
		snprintf(self, sizeof(self), "(process %d)", getpid());
		tap_ok(listed(&info) && strstr(info.holder, self), "a program has it: %s", info.holder);
		tap_ok(usbccid_open(ccid, plugged.bus_port, NULL, &second, &err) == USBCCID_EBUSY &&
		       strstr(err.holder, self) && strstr(err.message, err.holder),
		       "a second open names the first: %s", err.message);
		tap_ok(status_works(), "the first goes on");
	}
	stop();
}

static void kernel_has_it(void)
{
	const struct usbccid_open_options detach = { .interface = -1, .detach = true };
	struct usbccid_info info = { 0 };
	char driver[64], holder[96];

	if (start(NULL)) {
		usbccid_close(&reader);
		tap_ok(plugged_match("add", plugged.bus_port) == 0, "euicc_ccid takes it");
		snprintf(holder, sizeof(holder), "the kernel's euicc_ccid as /dev/euicc%d",
			 plugged_minor(plugged.bus_port, 0));
		tap_ok(listed(&info) && !strcmp(info.holder, holder), "list: %s", info.holder);
		tap_ok(usbccid_open(ccid, plugged.bus_port, NULL, &reader, &err) == USBCCID_EBUSY &&
		       !strcmp(err.holder, holder), "not taken unasked: %s", err.message);
		tap_ok(!strcmp(plugged_driver(plugged.bus_port, driver), "euicc_ccid"),
		       "the driver has it still");
		tap_ok(opened(&detach) && status_works(), "taken when asked");
		usbccid_close(&reader);
		tap_ok(!strcmp(plugged_driver(plugged.bus_port, driver), "euicc_ccid"),
		       "given back at the end");
	}
	stop();
}

/* --- the pipes --------------------------------------------------------------- */

static void messages(void)
{
	uint8_t data[64 - CCID_HEADER_SIZE] = { 0 };

	if (start(NULL)) {
		tap_ok(status_works(), "GetSlotStatus is answered");
		tap_ok(power_works(), "IccPowerOn is answered");
		tap_ok(put(CCID_XFR_BLOCK, data, sizeof(data)) == 0 && answered(CCID_DATA_BLOCK),
		       "a message of whole packets is answered");
		tap_ok(status_works(), "and the next one too");
	}
	stop();
}

static void waiting(void)
{
	int cancel = eventfd(0, EFD_CLOEXEC);
	const uint8_t *answer;
	size_t len;

	if (start("hold@status:1")) {
		tap_ok(put(CCID_GET_SLOT_STATUS, (const uint8_t *)"", 0) == 0 &&
		       vreader_ask(plugged.reader, NULL, "wait status 1") == 0, "the reader thinks");
		tap_ok(get(&answer, &len, wire_now_ms() + MOMENT_MS, -1) == USBCCID_ETIMEDOUT && err.sent,
		       "the deadline ends a receive");
		eventfd_write(cancel, 1);
		tap_ok(get(&answer, &len, WIRE_FOREVER, cancel) == USBCCID_ECANCELED && err.sent,
		       "the cancel descriptor ends a receive");
		vreader_ask(plugged.reader, NULL, "release");
		tap_ok(answered(CCID_SLOT_STATUS), "the late answer is met by the next receive");
		tap_ok(status_works(), "and the next message by its own");
	}
	close(cancel);
	stop();
}

static int receive_for_ever(void *argument)
{
	const uint8_t *answer;
	size_t len;

	(void)argument;
	return get(&answer, &len, WIRE_FOREVER, -1);
}

static void unplugged(void)
{
	struct thread thread;

	if (start("hold@status:1")) {
		put(CCID_GET_SLOT_STATUS, (const uint8_t *)"", 0);
		thread_start(&thread, receive_for_ever, NULL);
		tap_ok(thread_wait_asleep(&thread), "a receive waits");
		vreader_ask(plugged.reader, NULL, "detach");
		tap_ok(thread_join(&thread) == USBCCID_ENODEV && err.sent, "unplugging ends it");
		tap_ok(put(CCID_GET_SLOT_STATUS, (const uint8_t *)"", 0) == USBCCID_ENODEV && !err.sent,
		       "nothing goes out any more");
	}
	stop();
}

static void stalls(void)
{
	const uint8_t *answer;
	size_t len;

	if (start("stall-in@status:1,stall-out@status:3")) {
		put(CCID_GET_SLOT_STATUS, (const uint8_t *)"", 0);
		tap_ok(get(&answer, &len, wire_now_ms() + PATIENCE_MS, -1) == USBCCID_EPROTO,
		       "a stalled bulk-in endpoint is told: %s", err.message);
		tap_ok(reader->wire->ops->recover(reader->wire, &err) == 0 && status_works(),
		       "and cleared");
		put(CCID_GET_SLOT_STATUS, (const uint8_t *)"", 0);
		tap_ok(get(&answer, &len, wire_now_ms() + PATIENCE_MS, -1) == USBCCID_EPROTO,
		       "a stalled bulk-out endpoint is told: %s", err.message);
		tap_ok(reader->wire->ops->recover(reader->wire, &err) == 0 && status_works(),
		       "and cleared");
	}
	stop();
}

static void reset(void)
{
	if (start(NULL)) {
		tap_ok(power_works() && reader->wire->ops->reset(reader->wire, &err) == 0,
		       "the device is reset");
		tap_ok(power_works() && status_works(), "and is held as before");
		vreader_ask(plugged.reader, NULL, "detach");
		tap_ok(reader->wire->ops->reset(reader->wire, &err) == USBCCID_ENODEV,
		       "one that is gone cannot be reset");
	}
	stop();
}

/* What `usbreset` and the like do. */
static bool reset_by_another(void)
{
	char path[96], bus[16], device[16];
	bool done;
	int fd;

	snprintf(path, sizeof(path), "/sys/bus/usb/devices/%s/busnum", plugged.bus_port);
	if (plugged_read(path, bus, sizeof(bus)))
		return false;
	snprintf(path, sizeof(path), "/sys/bus/usb/devices/%s/devnum", plugged.bus_port);
	if (plugged_read(path, device, sizeof(device)))
		return false;
	snprintf(path, sizeof(path), "/dev/bus/usb/%03d/%03d", atoi(bus), atoi(device));
	fd = open(path, O_RDWR | O_CLOEXEC);
	done = fd >= 0 && ioctl(fd, USBDEVFS_RESET, 0) == 0;
	if (fd >= 0)
		close(fd);
	return done;
}

static void reset_elsewhere(void)
{
	const uint8_t *answer;
	struct thread thread;
	size_t len;
	int r;

	if (start("hold@status:1")) {
		put(CCID_GET_SLOT_STATUS, (const uint8_t *)"", 0);
		thread_start(&thread, receive_for_ever, NULL);
		tap_ok(thread_wait_asleep(&thread), "a receive waits");
		vreader_ask(plugged.reader, NULL, "fault none");
		tap_ok(reset_by_another(), "another program resets the device");
		tap_ok(thread_join(&thread) == USBCCID_ESTALE && err.sent, "that ends it: %s", err.message);
		tap_ok(power_works() && status_works(), "the reader is held as before");
		tap_ok(reset_by_another(), "once more, while nobody waits");
		/* Behind what the reader had to say of its cards. */
		do
			r = reader->wire->ops->notice(reader->wire, &answer, &len, -1,
						      wire_now_ms() + PATIENCE_MS, -1, &err);
		while (r == 1);
		tap_ok(r == USBCCID_ESTALE, "a wait for cards tells it: %s", err.message);
		tap_ok(power_works() && status_works(), "and it is held as before");
	}
	stop();
}

static void notices(void)
{
	int fd = eventfd(1, EFD_CLOEXEC), r;
	const uint8_t *notice;
	size_t len;

	if (start(NULL)) {
		const struct wire_ops *ops = reader->wire->ops;
		uint64_t deadline = wire_now_ms() + PATIENCE_MS;

		vreader_ask(plugged.reader, NULL, "remove 0");
		tap_ok(status_works(), "messages and notices do not hinder each other");
		/* Before it the reader may have had to say that there is a card. */
		do
			r = ops->notice(reader->wire, &notice, &len, -1, deadline, -1, &err);
		while (r == 1 && len == 2 && notice[1] == 0x03);
		tap_ok(r == 1 && len == 2 && notice[0] == 0x50 && notice[1] == 0x02, "the card went");
		vreader_ask(plugged.reader, NULL, "insert 0");
		tap_ok(ops->notice(reader->wire, &notice, &len, -1, deadline, -1, &err) == 1 && len == 2 &&
		       notice[1] == 0x03, "and came back");
		tap_ok(ops->notice(reader->wire, &notice, &len, fd, deadline, -1, &err) == 0,
		       "a descriptor that can be read ends the wait");
		tap_ok(ops->notice(reader->wire, &notice, &len, -1, deadline, fd, &err) ==
		       USBCCID_ECANCELED, "the cancel descriptor does too");
		vreader_ask(plugged.reader, NULL, "detach");
		tap_ok(ops->notice(reader->wire, &notice, &len, -1, deadline, -1, &err) == USBCCID_ENODEV,
		       "and unplugging");
	}
	close(fd);
	stop();
}

/* --- readers that come and go --------------------------------------------------- */

static bool changes(enum usbccid_change expected)
{
	char bus_port[USBCCID_BUS_PORT_SIZE];
	enum usbccid_change change;
	int r = usbccid_wait_change(ccid, -1, PATIENCE_MS, &change, bus_port, &err);

	if (r)
		tap_note("wait_change: %s", err.message);
	return r == 0 && change == expected && !strcmp(bus_port, plugged.bus_port);
}

static void hotplug(void)
{
	char bus_port[USBCCID_BUS_PORT_SIZE];
	enum usbccid_change change;

	if (start(NULL)) {
		usbccid_close(&reader);
		tap_ok(usbccid_wait_change(ccid, -1, MOMENT_MS, &change, bus_port, &err) ==
		       USBCCID_ETIMEDOUT, "what changed before is no change");
		vreader_ask(plugged.reader, NULL, "detach");
		tap_ok(changes(USBCCID_LEFT), "the reader left");
		vreader_ask(plugged.reader, NULL, "attach");
		vreader_bus_port(plugged.reader, plugged.bus_port);
		tap_ok(changes(USBCCID_ARRIVED), "it arrived");
		tap_ok(opened(NULL) && status_works(), "and can be opened");
	}
	stop();
}

/* `hotplug` needs a udev daemon, and is all that is tested then. */
int main(int argc, char **argv)
{
	plugged_forget_ports();
	if (argc > 1 && !strcmp(argv[1], "hotplug")) {
		hotplug();
		return tap_exit();
	}
	list();
	program_has_it();
	kernel_has_it();
	messages();
	waiting();
	unplugged();
	stalls();
	reset();
	reset_elsewhere();
	notices();
	return tap_exit();
}
