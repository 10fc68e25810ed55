/* SPDX-License-Identifier: GPL-2.0-or-later */
/* libesim: modems are found by sysfs, each once, and the only one is taken where there is nothing else. */
#include "device_list.h"

#include <atf-c.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

static struct esim_error err;
static struct esim_device_entry entries[ESIM_MAX_DEVICES];

/* @path and all above it. */
static void make_directory(const char *path)
{
	char part[300];

	for (size_t i = 1; i <= strlen(path); i++)
		if (path[i] == '/' || !path[i]) {
			snprintf(part, sizeof(part), "%.*s", (int)i, path);
			ATF_REQUIRE(mkdir(part, 0755) == 0 || errno == EEXIST);
		}
}

static void make_attribute(const char *directory, const char *name, const char *text)
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

static void make_link(const char *target, const char *directory, const char *name)
{
	char cwd[200], path[400], whole[500];

	ATF_REQUIRE(getcwd(cwd, sizeof(cwd)));
	make_directory(directory);
	make_directory(target);
	snprintf(path, sizeof(path), "%s/%s", directory, name);
	snprintf(whole, sizeof(whole), "%s/%s", cwd, target);
	ATF_REQUIRE_EQ_MSG(0, symlink(whole, path), "%s: %s", path, strerror(errno));
}

/* The interface of the USB device @device that @driver has; its port @port of @class is @under it. */
static void plug(const char *device, const char *interface, const char *driver, const char *class, const char *under)
{
	char directory[128], port[256], of_driver[64], of_class[64];

	snprintf(directory, sizeof(directory), "sys/devices/pci/usb1/%s", device);
	make_attribute(directory, "idVendor", "2c7c\n");
	snprintf(directory, sizeof(directory), "sys/devices/pci/usb1/%s/%s", device, interface);
	snprintf(of_driver, sizeof(of_driver), "sys/drivers/%s", driver);
	make_directory(directory);
	if (access(of_driver, F_OK) != 0)
		make_directory(of_driver);
	snprintf(port, sizeof(port), "%s/driver", directory);
	if (access(port, F_OK) != 0)
		make_link(of_driver, directory, "driver");
	snprintf(port, sizeof(port), "%s/%s", directory, under);
	snprintf(of_class, sizeof(of_class), "sys/class/%s", class);
	make_link(port, of_class, strrchr(under, '/') + 1);
}

static void name_device(const char *device, const char *manufacturer, const char *product)
{
	char directory[128];

	snprintf(directory, sizeof(directory), "sys/devices/pci/usb1/%s", device);
	if (manufacturer)
		make_attribute(directory, "manufacturer", manufacturer);
	if (product)
		make_attribute(directory, "product", product);
}

static struct device_list list_modems(void)
{
	struct device_list list = { entries, 0 };

	ATF_REQUIRE_EQ_MSG(0, device_list_modem("sys", &list, &err), "%s", err.message);
	return list;
}

ATF_TC_WITHOUT_HEAD(a_machine_without_modems_lists_none);
ATF_TC_BODY(a_machine_without_modems_lists_none, tc)
{
	ATF_CHECK_EQ(0, list_modems().count);
	make_directory("sys/class/usbmisc");
	ATF_CHECK_EQ(0, list_modems().count);
}

ATF_TC_WITHOUT_HEAD(a_modem_is_listed_by_its_driver_and_its_strings);
ATF_TC_BODY(a_modem_is_listed_by_its_driver_and_its_strings, tc)
{
	struct device_list list;

	plug("1-2", "1-2:1.0", "cdc_mbim", "usbmisc", "usbmisc/cdc-wdm1");
	name_device("1-2", "Maker\n", "Modem 5\n");
	plug("1-1", "1-1:1.4", "qmi_wwan", "usbmisc", "usbmisc/cdc-wdm0");
	name_device("1-1", NULL, "Alone\n");
	list = list_modems();
	ATF_REQUIRE_EQ(2, list.count);
	ATF_CHECK_STREQ("qmi:/dev/cdc-wdm0", entries[0].uri);
	ATF_CHECK_STREQ("qmi", entries[0].transport);
	ATF_CHECK_STREQ("Alone", entries[0].reader);
	ATF_CHECK_STREQ("mbim:/dev/cdc-wdm1", entries[1].uri);
	ATF_CHECK_STREQ("mbim", entries[1].transport);
	ATF_CHECK_STREQ("Maker Modem 5", entries[1].reader);
	ATF_CHECK_EQ(ESIM_DEVICE_MODEM, entries[1].state);
	ATF_CHECK_STREQ("modem", esim_device_state_name(entries[1].state));
}

ATF_TC_WITHOUT_HEAD(what_is_no_modems_control_port_is_left_out);
ATF_TC_BODY(what_is_no_modems_control_port_is_left_out, tc)
{
	plug("1-3", "1-3:1.0", "usblp", "usbmisc", "usbmisc/lp0");
	plug("1-4", "1-4:1.0", "cdc_wdm", "usbmisc", "usbmisc/cdc-wdm0");
	make_directory("sys/class/wwan");
	/* The device of the WWAN class itself, and its AT port. */
	plug("1-5", "1-5:1.0", "mhi_wwan_ctrl", "wwan", "wwan/wwan0");
	plug("1-5", "1-5:1.0", "mhi_wwan_ctrl", "wwan", "wwan/wwan0/wwan0at0");
	ATF_CHECK_EQ(0, list_modems().count);
	/* A link that leads nowhere: the modem left meanwhile. */
	ATF_REQUIRE_EQ(0, symlink("../../devices/gone", "sys/class/usbmisc/cdc-wdm9"));
	ATF_CHECK_EQ(0, list_modems().count);
}

ATF_TC_WITHOUT_HEAD(a_modem_with_several_ports_is_there_once);
ATF_TC_BODY(a_modem_with_several_ports_is_there_once, tc)
{
	struct device_list list;

	/* The kernel gives one function a port of either class; and this one has two functions. */
	plug("1-2", "1-2:1.0", "cdc_mbim", "usbmisc", "usbmisc/cdc-wdm0");
	plug("1-2", "1-2:1.0", "cdc_mbim", "wwan", "wwan/wwan0/wwan0mbim0");
	plug("1-2", "1-2:1.8", "qmi_wwan", "usbmisc", "usbmisc/cdc-wdm1");
	list = list_modems();
	ATF_REQUIRE_EQ(1, list.count);
	ATF_CHECK_STREQ("mbim:/dev/cdc-wdm0", entries[0].uri);
}

ATF_TC_WITHOUT_HEAD(a_modem_off_usb_is_named_by_its_place);
ATF_TC_BODY(a_modem_off_usb_is_named_by_its_place, tc)
{
	struct device_list list;

	make_link("sys/drivers/iosm", "sys/devices/pci/0000:02:00.0", "driver");
	make_link("sys/devices/pci/0000:02:00.0/wwan/wwan1/wwan1qmi0", "sys/class/wwan", "wwan1qmi0");
	make_link("sys/devices/pci/0000:02:00.0/wwan/wwan1/wwan1mbim0", "sys/class/wwan", "wwan1mbim0");
	list = list_modems();
	ATF_REQUIRE_EQ(1, list.count);
	ATF_CHECK_STREQ("mbim:/dev/wwan1mbim0", entries[0].uri);
	ATF_CHECK_STREQ("modem at 0000:02:00.0", entries[0].reader);
}

ATF_TC_WITHOUT_HEAD(there_may_be_more_than_fit);
ATF_TC_BODY(there_may_be_more_than_fit, tc)
{
	for (int i = 0; i < ESIM_MAX_DEVICES + 3; i++) {
		char device[16], interface[24], port[40];

		snprintf(device, sizeof(device), "2-%d", i);
		snprintf(interface, sizeof(interface), "2-%d:1.0", i);
		snprintf(port, sizeof(port), "usbmisc/cdc-wdm%d", i);
		plug(device, interface, "cdc_mbim", "usbmisc", port);
	}
	ATF_CHECK_EQ(ESIM_MAX_DEVICES, list_modems().count);
}

ATF_TC_WITHOUT_HEAD(the_only_modem_is_taken_and_several_are_not_guessed_at);
ATF_TC_BODY(the_only_modem_is_taken_and_several_are_not_guessed_at, tc)
{
	struct device_list list;
	size_t found;

	plug("1-2", "1-2:1.0", "cdc_mbim", "usbmisc", "usbmisc/cdc-wdm0");
	list = list_modems();
	ATF_CHECK(device_only_card(&list, 0, &found) == &entries[0]);
	plug("1-3", "1-3:1.0", "qmi_wwan", "usbmisc", "usbmisc/cdc-wdm1");
	list = list_modems();
	ATF_CHECK(device_only_card(&list, 0, &found) == NULL);
	ATF_CHECK_EQ(2, found);
	ATF_CHECK_EQ(ESIM_EINVAL, device_several(&list, 0, &err));
	ATF_CHECK_STREQ("there are 2 modems: mbim:/dev/cdc-wdm0, qmi:/dev/cdc-wdm1", err.message);
}

ATF_TP_ADD_TCS(tp)
{
	ATF_TP_ADD_TC(tp, a_machine_without_modems_lists_none);
	ATF_TP_ADD_TC(tp, a_modem_is_listed_by_its_driver_and_its_strings);
	ATF_TP_ADD_TC(tp, what_is_no_modems_control_port_is_left_out);
	ATF_TP_ADD_TC(tp, a_modem_with_several_ports_is_there_once);
	ATF_TP_ADD_TC(tp, a_modem_off_usb_is_named_by_its_place);
	ATF_TP_ADD_TC(tp, there_may_be_more_than_fit);
	ATF_TP_ADD_TC(tp, the_only_modem_is_taken_and_several_are_not_guessed_at);
	return atf_no_error();
}
