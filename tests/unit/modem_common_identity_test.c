/* SPDX-License-Identifier: GPL-2.0-or-later */
/* modem/common: a port is known by where it is plugged in, and found there again under whatever name it comes back. */
#include "modem/common/identity_internal.h"

#include <atf-c.h>
#include <errno.h>
#include <linux/capability.h>
#include <pthread.h>
#include <pty.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#define WAIT_MS 30000

static const struct identity_places places = { .sysfs = "sys", .dev = NULL, .udev = "run/udev" };

/* A directory and all above it. */
static void make_directory(const char *path)
{
	char part[300];

	for (size_t i = 1; i <= strlen(path); i++)
		if (path[i] == '/' || !path[i]) {
			snprintf(part, sizeof(part), "%.*s", (int)i, path);
			mkdir(part, 0755);
		}
}

static void make_file(const char *directory, const char *name, const char *text)
{
	char path[400];
	FILE *file;

	make_directory(directory);
	snprintf(path, sizeof(path), "%s/%s", directory, name);
	file = fopen(path, "w");
	ATF_REQUIRE(file);
	fputs(text, file);
	fclose(file);
}

static void make_link(const char *target, const char *path)
{
	unlink(path);
	ATF_REQUIRE_EQ_MSG(0, symlink(target, path), "%s: %s", path, strerror(errno));
}

/* This test's own /dev and /sys. */
static struct identity_places own_places(void)
{
	struct identity_places own = places;
	static char dev[300];
	char cwd[200];

	ATF_REQUIRE(getcwd(cwd, sizeof(cwd)));
	snprintf(dev, sizeof(dev), "%s/dev", cwd);
	make_directory(dev);
	make_directory("sys/class/usbmisc");
	make_directory("sys/class/tty");
	make_directory("sys/drivers/cdc_mbim");
	make_directory("sys/drivers/option");
	own.dev = dev;
	return own;
}

/* A modem at USB port 1-2 with MBIM on its first interface and a serial port on its third. */
static void plug(const char *wdm, const char *tty, const char *devnum)
{
	char path[300], target[300];

	make_file("sys/devices/usb1/1-2", "idVendor", "2c7c\n");
	make_file("sys/devices/usb1/1-2", "idProduct", "0125\n");
	make_file("sys/devices/usb1/1-2", "devnum", devnum);
	make_file("sys/devices/usb1/1-2/1-2:1.0", "bInterfaceNumber", "00\n");
	make_file("sys/devices/usb1/1-2/1-2:1.2", "bInterfaceNumber", "02\n");
	make_link("../../../../drivers/cdc_mbim", "sys/devices/usb1/1-2/1-2:1.0/driver");
	make_link("../../../../drivers/option", "sys/devices/usb1/1-2/1-2:1.2/driver");
	snprintf(path, sizeof(path), "sys/devices/usb1/1-2/1-2:1.0/usbmisc/%s", wdm);
	make_directory(path);
	snprintf(target, sizeof(target), "../../devices/usb1/1-2/1-2:1.0/usbmisc/%s", wdm);
	snprintf(path, sizeof(path), "sys/class/usbmisc/%s", wdm);
	make_link(target, path);
	snprintf(path, sizeof(path), "sys/devices/usb1/1-2/1-2:1.2/%s/tty/%s", tty, tty);
	make_directory(path);
	snprintf(target, sizeof(target), "../../devices/usb1/1-2/1-2:1.2/%s/tty/%s", tty, tty);
	snprintf(path, sizeof(path), "sys/class/tty/%s", tty);
	make_link(target, path);
	make_file("dev", wdm, "");
	make_file("dev", tty, "");
}

static void unplug(const char *wdm, const char *tty)
{
	char path[300];

	snprintf(path, sizeof(path), "dev/%s", wdm);
	ATF_REQUIRE_EQ(0, unlink(path));
	snprintf(path, sizeof(path), "dev/%s", tty);
	ATF_REQUIRE_EQ(0, unlink(path));
	snprintf(path, sizeof(path), "sys/class/usbmisc/%s", wdm);
	ATF_REQUIRE_EQ(0, unlink(path));
	snprintf(path, sizeof(path), "sys/class/tty/%s", tty);
	ATF_REQUIRE_EQ(0, unlink(path));
	ATF_REQUIRE_EQ(0, system("rm -r sys/devices/usb1/1-2"));
}

static struct modem_identity read_one(const struct identity_places *own, const char *name)
{
	struct modem_identity identity = { 0 };
	struct esim_error err = { 0 };
	char path[400];

	snprintf(path, sizeof(path), "%s/%s", own->dev, name);
	ATF_REQUIRE_EQ_MSG(0, identity_read(own, path, &identity, &err), "%s", err.message);
	return identity;
}

ATF_TC_WITHOUT_HEAD(the_functions_of_one_modem_are_one_modem);
ATF_TC_BODY(the_functions_of_one_modem_are_one_modem, tc)
{
	const struct identity_places own = own_places();
	struct modem_identity mbim, at, linked;

	plug("cdc-wdm0", "ttyUSB2", "12\n");
	mbim = read_one(&own, "cdc-wdm0");
	ATF_CHECK_STREQ("usbmisc", mbim.subsystem);
	ATF_CHECK_STREQ("cdc_mbim", mbim.driver);
	ATF_CHECK_STREQ("1-2", mbim.bus_port);
	ATF_CHECK_EQ(0, mbim.interface);
	ATF_CHECK_EQ(12, mbim.devnum);
	ATF_CHECK_EQ(0x2c7c, mbim.usb_vendor);
	ATF_CHECK_EQ(0x0125, mbim.usb_product);
	ATF_CHECK_STREQ("usb-1-2", mbim.key);
	at = read_one(&own, "ttyUSB2");
	ATF_CHECK_STREQ("tty", at.subsystem);
	ATF_CHECK_STREQ("option", at.driver);
	ATF_CHECK_EQ(2, at.interface);
	ATF_CHECK_STREQ(mbim.key, at.key);
	/* A link of udev's leads to the same port. */
	make_link("cdc-wdm0", "dev/modem");
	linked = read_one(&own, "modem");
	ATF_CHECK_EQ(0, memcmp(&mbim, &linked, sizeof(mbim)));
}

ATF_TC_WITHOUT_HEAD(a_node_that_was_made_anew_is_another_enumeration);
ATF_TC_BODY(a_node_that_was_made_anew_is_another_enumeration, tc)
{
	struct identity_places own = own_places();
	struct modem_identity first, second;

	/* On PCIe there is no number that a reset changes, and the minor comes again. */
	make_file("dev", "wwan0mbim0", "");
	first = read_one(&own, "wwan0mbim0");
	ATF_REQUIRE_EQ(0, rename("dev/wwan0mbim0", "dev/before"));
	make_file("dev", "wwan0mbim0", "");
	second = read_one(&own, "wwan0mbim0");
	ATF_CHECK_STREQ(first.key, second.key);
	ATF_CHECK(!modem_identity_same(&first, &second));
	first = read_one(&own, "wwan0mbim0");
	ATF_CHECK(modem_identity_same(&first, &second));
}

ATF_TC_WITHOUT_HEAD(what_sysfs_does_not_know_keeps_the_name_it_was_asked_for_by);
ATF_TC_BODY(what_sysfs_does_not_know_keeps_the_name_it_was_asked_for_by, tc)
{
	struct modem_identity first, second;
	struct esim_error err = { 0 };
	char name[64];
	int a, b, other;

	ATF_REQUIRE_EQ(0, openpty(&a, &other, name, NULL, NULL));
	make_link(name, "port");
	ATF_REQUIRE_EQ(0, modem_identity_of("port", &first, &err));
	ATF_CHECK_STREQ("port", first.port);
	ATF_CHECK_STREQ("", first.bus_port);
	ATF_CHECK_STREQ("dev-port", first.key);
	ATF_REQUIRE_EQ(0, openpty(&b, &other, name, NULL, NULL));
	make_link(name, "port");
	ATF_REQUIRE_EQ(0, modem_identity_of("port", &second, &err));
	ATF_CHECK_STREQ(first.key, second.key);
	ATF_CHECK_MSG(first.devnum != second.devnum, "a new pty is another enumeration");

	ATF_REQUIRE_EQ(0, modem_identity_of("qrtr://3", &first, &err));
	ATF_CHECK_STREQ("qrtr://3", first.port);
	ATF_CHECK_STREQ("qrtr-3", first.key);
	ATF_CHECK_EQ(ESIM_ENODEV, modem_identity_of("/dev/cdc-wdm99", &first, &err));
	ATF_CHECK_MSG(strstr(err.message, "/dev/cdc-wdm99"), "%s", err.message);
	make_file(".", "file", "");
	ATF_CHECK_EQ(ESIM_EINVAL, modem_identity_of("file", &first, &err));
	ATF_CHECK_MSG(strstr(err.message, "is no device"), "%s", err.message);
}

ATF_TC_WITHOUT_HEAD(a_key_is_a_file_name_whatever_the_port_is_called);
ATF_TC_BODY(a_key_is_a_file_name_whatever_the_port_is_called, tc)
{
	struct modem_identity identity;
	struct esim_error err = { 0 };
	char directory[120] = "", path[128];

	memset(directory, 'd', 110);
	make_directory(directory);
	snprintf(path, sizeof(path), "%s/../%s/.x%%", directory, "e");
	make_directory("e");
	make_file("e", ".x%", "");
	ATF_REQUIRE_EQ(0, identity_read(&identity_system, path, &identity, &err));
	ATF_CHECK_EQ(sizeof(identity.key) - 1, strlen(identity.key));
	ATF_CHECK(strncmp(identity.key, "dev-", 4) == 0);
	ATF_CHECK_MSG(!strpbrk(identity.key, "/.%"), "%s", identity.key);
	memset(directory, 'd', 119);
	snprintf(path, sizeof(path), "%s%s", directory, "12345678");
	ATF_REQUIRE_EQ(127, strlen(path));
	ATF_CHECK_EQ(ESIM_ENODEV, identity_read(&identity_system, path, &identity, &err));
}

/* --- coming back --------------------------------------------------------------------------------------- */

struct waiting {
	struct identity_places own;
	struct modem_identity identity;
	struct esim_cancel *cancel;
	struct esim_error err;
	unsigned timeout_ms;
	int rc;
};

static void *wait_for_it(void *data)
{
	struct waiting *waiting = data;

	waiting->rc = identity_wait_in(&waiting->own, &waiting->identity, waiting->cancel, waiting->timeout_ms,
				       &waiting->err);
	return NULL;
}

ATF_TC_WITHOUT_HEAD(it_comes_back_under_another_name);
ATF_TC_BODY(it_comes_back_under_another_name, tc)
{
	struct waiting waiting = { .own = own_places(), .timeout_ms = WAIT_MS };
	pthread_t thread;

	plug("cdc-wdm0", "ttyUSB2", "12\n");
	waiting.identity = read_one(&waiting.own, "cdc-wdm0");
	unplug("cdc-wdm0", "ttyUSB2");
	/* What comes meanwhile under the old name is another modem's. */
	make_file("dev", "cdc-wdm0", "");
	ATF_REQUIRE_EQ(0, pthread_create(&thread, NULL, wait_for_it, &waiting));
	plug("cdc-wdm1", "ttyUSB5", "13\n");
	pthread_join(thread, NULL);
	ATF_REQUIRE_EQ_MSG(0, waiting.rc, "%s", waiting.err.message);
	ATF_CHECK_MSG(strstr(waiting.identity.port, "/dev/cdc-wdm1"), "%s", waiting.identity.port);
	ATF_CHECK_EQ(13, waiting.identity.devnum);
	ATF_CHECK_STREQ("usb-1-2", waiting.identity.key);
	waiting.identity.interface = 2;
	snprintf(waiting.identity.subsystem, sizeof(waiting.identity.subsystem), "tty");
	wait_for_it(&waiting);
	ATF_CHECK_MSG(strstr(waiting.identity.port, "/dev/ttyUSB5"), "%s", waiting.identity.port);
}

ATF_TC_WITHOUT_HEAD(a_pty_comes_back_behind_its_link);
ATF_TC_BODY(a_pty_comes_back_behind_its_link, tc)
{
	struct waiting waiting = { .own = identity_system, .timeout_ms = WAIT_MS };
	char name[64], path[300], target[64];
	int master, slave;
	pthread_t thread;

	ATF_REQUIRE(getcwd(path, sizeof(path) - 8));
	strcat(path, "/p");
	if (strlen(path) >= sizeof(waiting.identity.port))
		atf_tc_skip("this directory's name is too long for a port");
	ATF_REQUIRE_EQ(0, openpty(&master, &slave, name, NULL, NULL));
	make_link(name, path);
	ATF_REQUIRE_EQ(0, modem_identity_of(path, &waiting.identity, NULL));
	close(slave);
	close(master);
	ATF_REQUIRE_EQ(0, unlink(path));
	ATF_REQUIRE_EQ(0, pthread_create(&thread, NULL, wait_for_it, &waiting));
	ATF_REQUIRE_EQ(0, openpty(&master, &slave, target, NULL, NULL));
	make_link(target, path);
	pthread_join(thread, NULL);
	ATF_REQUIRE_EQ_MSG(0, waiting.rc, "%s", waiting.err.message);
	ATF_CHECK_STREQ(path, waiting.identity.port);
}

ATF_TC_WITHOUT_HEAD(a_wait_ends_by_its_time_or_its_handle);
ATF_TC_BODY(a_wait_ends_by_its_time_or_its_handle, tc)
{
	struct waiting waiting = { .own = own_places(), .timeout_ms = 20 };
	struct modem_identity before;
	pthread_t thread;

	plug("cdc-wdm0", "ttyUSB2", "12\n");
	before = waiting.identity = read_one(&waiting.own, "cdc-wdm0");
	unplug("cdc-wdm0", "ttyUSB2");
	wait_for_it(&waiting);
	ATF_CHECK_EQ(ESIM_ENODEV, waiting.rc);
	ATF_CHECK_MSG(strstr(waiting.err.message, "USB 1-2"), "%s", waiting.err.message);
	waiting.timeout_ms = WAIT_MS;
	ATF_REQUIRE_EQ(0, esim_cancel_new(&waiting.cancel));
	ATF_REQUIRE_EQ(0, pthread_create(&thread, NULL, wait_for_it, &waiting));
	esim_cancel_trigger(waiting.cancel);
	pthread_join(thread, NULL);
	ATF_CHECK_EQ(ESIM_ECANCELED, waiting.rc);
	esim_cancel_free(&waiting.cancel);
	ATF_CHECK_EQ(0, memcmp(&before, &waiting.identity, sizeof(before)));
}

/* A daemon without the right to open it reaches it by a proxy, but not before udev is done with it. */
ATF_TC_WITHOUT_HEAD(a_node_that_may_not_be_opened_is_back_when_udev_is_done);
ATF_TC_BODY(a_node_that_may_not_be_opened_is_back_when_udev_is_done, tc)
{
	struct waiting waiting = { .own = own_places(), .timeout_ms = 20 };

	plug("cdc-wdm0", "ttyUSB2", "12\n");
	waiting.identity = read_one(&waiting.own, "cdc-wdm0");
	ATF_REQUIRE_EQ(0, chmod("dev/cdc-wdm0", 0));
	/* root's own right to open everything goes too. */
	ATF_REQUIRE_EQ(0, syscall(SYS_capset, &(struct __user_cap_header_struct){ _LINUX_CAPABILITY_VERSION_3, 0 },
				  (struct __user_cap_data_struct[2]){ { 0 } }));
	make_file("run/udev", "control", "");
	wait_for_it(&waiting);
	ATF_CHECK_EQ(ESIM_ENODEV, waiting.rc);
	make_file("run/udev/data", "c0:0", "");
	wait_for_it(&waiting);
	ATF_CHECK_EQ_MSG(0, waiting.rc, "%s", waiting.err.message);
}

ATF_TP_ADD_TCS(tp)
{
	ATF_TP_ADD_TC(tp, the_functions_of_one_modem_are_one_modem);
	ATF_TP_ADD_TC(tp, a_node_that_was_made_anew_is_another_enumeration);
	ATF_TP_ADD_TC(tp, what_sysfs_does_not_know_keeps_the_name_it_was_asked_for_by);
	ATF_TP_ADD_TC(tp, a_key_is_a_file_name_whatever_the_port_is_called);
	ATF_TP_ADD_TC(tp, it_comes_back_under_another_name);
	ATF_TP_ADD_TC(tp, a_pty_comes_back_behind_its_link);
	ATF_TP_ADD_TC(tp, a_wait_ends_by_its_time_or_its_handle);
	ATF_TP_ADD_TC(tp, a_node_that_may_not_be_opened_is_back_when_udev_is_done);
	return atf_no_error();
}
