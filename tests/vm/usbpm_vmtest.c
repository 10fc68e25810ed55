/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Power management of the readers under euicc_ccid: a reader whose card nobody uses sleeps and wakes
 * up for the next; a system that sleeps, and a reader that is reset, keep a card's session or begin
 * a new one, and never mix answers up.
 */
#include "vm/device.h"
#include "vm/plugged.h"
#include "vm/tap.h"
#include "vm/usbfs.h"

#include <dirent.h>
#include <errno.h>
#include <pthread.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#define DEVICES "/sys/bus/usb/devices/"

static const uint8_t get_eid[] = { 0x80, 0xE2, 0x91, 0x00, 0x06, 0xBF, 0x3E, 0x03, 0x5C, 0x01, 0x5A };

/* 0: the EID came; -EILSEQ: something else; else the errno or status. */
static int ask_eid(int fd)
{
	uint8_t response[64];
	uint16_t sw = 0;
	size_t len = 0;
	int r = device_apdu(fd, get_eid, sizeof(get_eid), response, sizeof(response), &len, &sw);

	if (r)
		return r;
	return sw == 0x9000 && len == 21 && response[0] == 0xBF && response[1] == 0x3E ? 0 : -EILSEQ;
}

static const char *power(const char *bus_port, const char *attribute, char path[128])
{
	snprintf(path, 128, DEVICES "%s/power/%s", bus_port, attribute);
	return path;
}

/* The reader may sleep as soon as nobody uses it. */
static void allow_sleep(const char *bus_port)
{
	char path[128];

	plugged_write(power(bus_port, "autosuspend_delay_ms", path), "0");
	device_expect(plugged_write(power(bus_port, "control", path), "auto"), 0,
		      "the reader may be suspended");
}

static bool status_becomes(const char *bus_port, const char *status)
{
	char path[128];

	return plugged_wait(power(bus_port, "runtime_status", path), status);
}

static bool status_is(const char *bus_port, const char *status)
{
	char path[128], now[32];

	return !plugged_read(power(bus_port, "runtime_status", path), now, sizeof(now)) &&
	       !strcmp(now, status);
}

/* --- autosuspend ------------------------------------------------------------ */

static void autosuspend(const char *name, const char *bus_port, unsigned minor)
{
	int fd = device_open(minor, 0);

	allow_sleep(bus_port);
	tap_ok(status_becomes(bus_port, "suspended"), "%s: sleeps while the card has no power", name);
	tap_ok(device_isdr_channel(fd) == 0, "%s: wakes up for a channel", name);
	tap_ok(status_is(bus_port, "active") && ask_eid(fd) == 0, "%s: is awake while there is one", name);
	close(fd);
	tap_ok(status_becomes(bus_port, "suspended"), "%s: sleeps again when the card is off", name);
	fd = device_open(minor, 0);
	tap_ok(device_isdr_channel(fd) == 0 && ask_eid(fd) == 0, "%s: and wakes up again", name);
	close(fd);
}

static void sleeping_reader(void)
{
	struct vreader_options options;
	struct plugged plugged;
	uint64_t resumes;

	plugged_options(&options);
	if (!plugged_start(&plugged, &options))
		return;
	resumes = vreader_stat(plugged.reader, "resumes");
	autosuspend("a reader", plugged.bus_port, (unsigned)plugged.minor);
	tap_ok(vreader_stat(plugged.reader, "resumes") == resumes + 2, "the reader was woken up twice");
	plugged_obeys(&plugged, "autosuspend");
	plugged_stop(&plugged);
}

/* Taken away with a card in use, which kept it awake, and given back. */
static void sleeping_again(void)
{
	struct vreader_options options;
	struct plugged plugged;

	plugged_options(&options);
	if (!plugged_start(&plugged, &options))
		return;
	allow_sleep(plugged.bus_port);
	tap_ok(device_isdr_channel(plugged.fd) == 0, "a channel to the ISD-R");
	tap_ok(plugged_match("del", plugged.bus_port) == 0 && plugged_match("add", plugged.bus_port) == 0 &&
	       plugged_minor(plugged.bus_port, 0) >= 0, "the reader is given back, and taken again");
	tap_ok(status_becomes(plugged.bus_port, "suspended"), "nobody keeps it awake any more");
	plugged_stop(&plugged);
}

/* An empty slot: the reader sleeps only where it can tell of a card; the card is found in any case. */
static void sleeping_empty(void)
{
	struct vreader_options options;
	struct plugged plugged;

	plugged_options(&options);
	options.empty = 1;
	options.remote_wakeup = true;
	if (!plugged_start(&plugged, &options))
		return;
	allow_sleep(plugged.bus_port);
	tap_ok(vreader_ask(plugged.reader, NULL, "wait suspends 1") == 0 &&
	       status_becomes(plugged.bus_port, "suspended"), "an empty reader sleeps, told to wake the host");
	vreader_ask(plugged.reader, NULL, "insert 0");
	tap_ok(device_isdr_channel(plugged.fd) == 0 && ask_eid(plugged.fd) == 0,
	       "a card that came meanwhile is found by OPEN_CHANNEL");
	plugged_stop(&plugged);
}

/* Asleep, and pulled. */
static void pulled_asleep(void)
{
	struct vreader_options options;
	struct plugged plugged;

	plugged_options(&options);
	if (!plugged_start(&plugged, &options))
		return;
	allow_sleep(plugged.bus_port);
	tap_ok(status_becomes(plugged.bus_port, "suspended"), "a reader sleeps");
	vreader_ask(plugged.reader, NULL, "detach");
	device_expect(device_isdr_channel(plugged.fd), -ENODEV, "pulled in its sleep: it is gone");
	plugged_stop(&plugged);
}

/* --- resets of the reader --------------------------------------------------- */

struct asking {
	int fd, result;
};

static void *ask_in_thread(void *argument)
{
	struct asking *asking = argument;

	asking->result = ask_eid(asking->fd);
	return NULL;
}

static void reset_idle(void)
{
	static struct usbfs usb;
	struct vreader_options options;
	struct euicc_open_channel open;
	struct plugged plugged;

	plugged_options(&options);
	if (!plugged_start(&plugged, &options))
		return;
	tap_ok(device_isdr_channel(plugged.fd) == 0 && ask_eid(plugged.fd) == 0, "a channel to the ISD-R");
	tap_ok(usbfs_open(&usb, plugged.bus_port) == 0 && usbfs_reset(&usb) == 0, "the reader is reset");
	usbfs_close(&usb);
	device_expect(ask_eid(plugged.fd), -ESTALE, "the session is over, and the channel says so");
	tap_ok(device_channel(plugged.fd, device_isdr, sizeof(device_isdr), 0, &open) == 0 &&
	       open.generation > 1 && ask_eid(plugged.fd) == 0, "the next session is a new generation");
	plugged_obeys(&plugged, "reset of the reader");
	plugged_stop(&plugged);
}

/* The answer is held back while the reset comes: what was sent is unknown. */
static void reset_under_way(void)
{
	static struct usbfs usb;
	struct vreader_options options;
	struct plugged plugged;
	struct asking asking;
	pthread_t thread;

	plugged_options(&options);
	if (!plugged_start(&plugged, &options))
		return;
	tap_ok(device_isdr_channel(plugged.fd) == 0, "a channel to the ISD-R");
	vreader_ask(plugged.reader, NULL, "fault hold@xfr:1");
	asking = (struct asking){ .fd = plugged.fd };
	pthread_create(&thread, NULL, ask_in_thread, &asking);
	tap_ok(vreader_ask(plugged.reader, NULL, "wait held 1") == 0, "a command is on the wire");
	tap_ok(usbfs_open(&usb, plugged.bus_port) == 0 && usbfs_reset(&usb) == 0, "the reader is reset");
	usbfs_close(&usb);
	pthread_join(thread, NULL);
	vreader_ask(plugged.reader, NULL, "fault none");
	tap_note("the command's status: %d", asking.result);
	tap_ok(asking.result < 0 && asking.result != -ECANCELED && asking.result != -EILSEQ,
	       "its outcome is unknown, and said to be");
	device_expect(ask_eid(plugged.fd), -ESTALE, "the session is over");
	tap_ok(device_isdr_channel(plugged.fd) == 0 && ask_eid(plugged.fd) == 0, "and the next works");
	plugged_stop(&plugged);
}

/* --- system sleep ----------------------------------------------------------- */

/* To a stage and back at once: the kernel's own delay there is a busy loop. */
static int sleep_once(const char *stage)
{
	char states[64] = "";
	int r = plugged_write("/sys/power/pm_test", stage);

	plugged_write("/sys/module/suspend/parameters/pm_test_delay", "0");
	plugged_read("/sys/power/state", states, sizeof(states));
	if (!r)
		r = plugged_write("/sys/power/state", strstr(states, "mem") ? "mem" : "freeze");
	return r;
}

/*
 * The emulated reader is a program, and frozen with all others: from the stage "devices" on it cannot
 * answer when the kernel wakes it up, and vhci_hcd does not sleep while it has devices. So the reader
 * may go and come back. What must not be is a wrong answer.
 */
static void sleep_with_vreader(const char *stage, bool kept)
{
	struct vreader_options options;
	struct plugged plugged;
	int r;

	plugged_options(&options);
	if (!plugged_start(&plugged, &options))
		return;
	tap_ok(device_isdr_channel(plugged.fd) == 0, "a channel to the ISD-R");
	tap_note("pm_test %s: %d", stage, sleep_once(stage));
	r = ask_eid(plugged.fd);
	tap_note("the next command: %d", r);
	if (kept)
		tap_ok(r == 0, "pm_test %s: the session goes on", stage);
	else
		tap_ok(r == 0 || r == -ESTALE || r == -ENODEV,
		       "pm_test %s: the session goes on, or is said to be over", stage);
	if (r == -ESTALE)
		tap_ok(device_isdr_channel(plugged.fd) == 0 && ask_eid(plugged.fd) == 0, "and the next works");
	if (r == -ENODEV) {
		tap_ok(vreader_ask(plugged.reader, NULL, "wait attached 2") == 0, "the reader comes back");
		close(plugged.fd);
		plugged.minor = plugged_minor(plugged.bus_port, 0);
		plugged.fd = plugged.minor < 0 ? -1 : device_open((unsigned)plugged.minor, 0);
		tap_ok(device_isdr_channel(plugged.fd) == 0 && ask_eid(plugged.fd) == 0, "and works");
	}
	plugged_stop(&plugged);
}

/* The system tries to sleep while a card has not answered: its answer is right when it comes. */
static void sleep_under_way(void)
{
	struct vreader_options options;
	struct plugged plugged;
	struct asking asking;
	pthread_t thread;
	int r;

	plugged_options(&options);
	if (!plugged_start(&plugged, &options))
		return;
	tap_ok(device_isdr_channel(plugged.fd) == 0, "a channel to the ISD-R");
	vreader_ask(plugged.reader, NULL, "fault hold@xfr:1");
	asking = (struct asking){ .fd = plugged.fd };
	pthread_create(&thread, NULL, ask_in_thread, &asking);
	tap_ok(vreader_ask(plugged.reader, NULL, "wait held 1") == 0, "a command is on the wire");
	r = sleep_once("devices");
	vreader_ask(plugged.reader, NULL, "release");
	pthread_join(thread, NULL);
	tap_note("pm_test devices: %d", r);
	device_expect(asking.result, 0, "an answer that comes after the system's sleep is right");
	plugged_stop(&plugged);
}

/* --- the reader of QEMU: a device that sleeps with the system ---------------- */

static bool find_qemu(char bus_port[VREADER_BUS_PORT_SIZE])
{
	const struct dirent *entry;
	bool found = false;
	DIR *dir = opendir(DEVICES);

	while (dir && !found && (entry = readdir(dir))) {
		char path[512], vendor[8], product[8];

		snprintf(path, sizeof(path), DEVICES "%s/idVendor", entry->d_name);
		if (plugged_read(path, vendor, sizeof(vendor)))
			continue;
		snprintf(path, sizeof(path), DEVICES "%s/idProduct", entry->d_name);
		found = !plugged_read(path, product, sizeof(product)) && !strcmp(vendor, "08e6") &&
			!strcmp(product, "4433");
		if (found)
			snprintf(bus_port, VREADER_BUS_PORT_SIZE, "%.31s", entry->d_name);
	}
	if (dir)
		closedir(dir);
	return found;
}

static void sleep_with_qemu(unsigned minor, const char *stage)
{
	struct euicc_open_channel open, after;
	int fd = device_open(minor, 0), r;

	tap_ok(device_channel(fd, device_isdr, sizeof(device_isdr), 0, &open) == 0 && ask_eid(fd) == 0,
	       "QEMU's reader: a channel to the ISD-R");
	device_expect(sleep_once(stage), 0, "the system sleeps as far as the stage %s", stage);
	r = ask_eid(fd);
	tap_note("the next command: %d", r);
	tap_ok(r == 0 || r == -ESTALE, "%s: the session goes on, or is said to be over", stage);
	if (r)
		tap_ok(device_channel(fd, device_isdr, sizeof(device_isdr), 0, &after) == 0 &&
		       after.generation > open.generation && ask_eid(fd) == 0,
		       "%s: the next session is a new generation", stage);
	close(fd);
}

static void qemu_cases(void)
{
	static const char *const stages[] = { "freezer", "devices", "platform" };
	char bus_port[VREADER_BUS_PORT_SIZE];
	int minor;

	if (!find_qemu(bus_port)) {
		tap_skip("QEMU's usb-ccid", "this machine has none");
		return;
	}
	plugged_match("add", bus_port);
	minor = plugged_minor(bus_port, 0);
	if (tap_ok(minor >= 0, "QEMU's reader is taken")) {
		autosuspend("QEMU's reader", bus_port, (unsigned)minor);
		for (size_t i = 0; i < sizeof(stages) / sizeof(stages[0]); i++)
			sleep_with_qemu((unsigned)minor, stages[i]);
	}
	plugged_match("del", bus_port);
}

int main(void)
{
	plugged_forget_ports();
	sleeping_reader();
	sleeping_again();
	sleeping_empty();
	pulled_asleep();
	reset_idle();
	reset_under_way();
	sleep_with_vreader("freezer", true);
	sleep_with_vreader("devices", false);
	sleep_under_way();
	qemu_cases();
	return tap_exit();
}
