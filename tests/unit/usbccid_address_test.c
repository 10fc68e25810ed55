/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What a caller calls a reader, which one that is, and who has it. */
#include <finder.h>
#include <holder.h>

#include <atf-c.h>
#include <stdio.h>
#include <sys/stat.h>
#include <unistd.h>

/* --- addresses ------------------------------------------------------------- */

ATF_TC_WITHOUT_HEAD(addresses_have_two_forms);
ATF_TC_BODY(addresses_have_two_forms, tc)
{
	static const char *const bad[] = { "3", "3-", "-1", "3-1.", "3-1..2", "3-1 ", "1234-1", "3-x",
					   "08e6", "08e6:", ":3437", "08e6:34375", "08e6:3437 ", "08g6:1",
					   "3-1:1.0", "/dev/bus/usb/003/002" };
	struct address address;

	ATF_CHECK(usb_address_parse("", &address) && address.kind == ADDRESS_ONLY);
	ATF_CHECK(usb_address_parse("3-1", &address) && address.kind == ADDRESS_BUS_PORT);
	ATF_CHECK(usb_address_parse("12-1.4.3", &address) && address.kind == ADDRESS_BUS_PORT);
	ATF_CHECK(usb_address_parse("08E6:3437", &address) && address.kind == ADDRESS_PRODUCT);
	ATF_CHECK_EQ(address.vendor, 0x08E6);
	ATF_CHECK_EQ(address.product, 0x3437);
	ATF_CHECK(usb_address_parse("8e6:1", &address) && address.product == 1);
	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++)
		ATF_CHECK_MSG(!usb_address_parse(bad[i], &address), "%s", bad[i]);
}

#define READER(port, number, id, text) { .setup.info = { .bus_port = port, .interface = number, \
	.vendor = 0x08E6, .product = id, .name = text } }

static struct found_reader readers[] = {
	READER("1-1", 0, 0x3437, "One"), READER("1-2", 0, 0x3437, "Two"), READER("1-2", 3, 0x3437, "Two"),
	READER("2-1.4", 1, 0x0001, "Three"),
};

static const struct {
	const char *address;
	int interface;
	size_t count;			/* of readers that are plugged in */
	int code, chosen;
	const char *message;		/* a part of it */
} choices[] = {
	{ "", -1, 1, 0, 0, NULL },
	{ "", -1, 0, USBCCID_ENODEV, 0, "there is no USB smart-card reader" },
	{ "", -1, 4, USBCCID_EINVAL, 0, "1-1 (One), 1-2 (Two), 2-1.4 (Three)" },
	{ "08e6:3437", -1, 4, USBCCID_EINVAL, 0, "1-1 (One), 1-2 (Two)" },
	{ "08e6:1", -1, 4, 0, 3, NULL },
	{ "08e6:2", -1, 4, USBCCID_ENODEV, 0, "08e6:0002" },
	{ "1-2", -1, 4, 0, 1, NULL },
	{ "1-2", 3, 4, 0, 2, NULL },
	{ "1-2", 2, 4, USBCCID_ENODEV, 0, "1-2" },
	{ "", 3, 4, 0, 2, NULL },
	{ "3-1", -1, 4, USBCCID_ENODEV, 0, "3-1" },
	{ "first", -1, 4, USBCCID_EINVAL, 0, "BUS-PORT" },
};

ATF_TC_WITHOUT_HEAD(an_address_means_one_reader_or_says_which_there_are);
ATF_TC_BODY(an_address_means_one_reader_or_says_which_there_are, tc)
{
	for (size_t i = 0; i < sizeof(choices) / sizeof(choices[0]); i++) {
		const struct found_readers found = { .readers = readers, .count = choices[i].count };
		struct found_reader *chosen = NULL;
		struct usbccid_error err = { 0 };
		int r = address_choose(&found, choices[i].address, choices[i].interface, &chosen, &err);

		ATF_CHECK_EQ_MSG(r, choices[i].code, "choice %zu: %d", i, r);
		if (choices[i].code == 0)
			ATF_CHECK_EQ_MSG(chosen, &readers[choices[i].chosen], "choice %zu", i);
		else
			ATF_CHECK_MSG(strstr(err.message, choices[i].message), "choice %zu: %s", i,
				      err.message);
	}
}

ATF_TC_WITHOUT_HEAD(a_long_list_is_cut_at_a_whole_reader);
ATF_TC_BODY(a_long_list_is_cut_at_a_whole_reader, tc)
{
	static struct found_reader many[USBCCID_MAX_READERS];
	const struct found_readers found = { .readers = many, .count = USBCCID_MAX_READERS };
	struct found_reader *chosen;
	struct usbccid_error err;
	size_t len;

	for (unsigned i = 0; i < USBCCID_MAX_READERS; i++) {
		snprintf(many[i].setup.info.bus_port, USBCCID_BUS_PORT_SIZE, "1-%u", i);
		snprintf(many[i].setup.info.name, USBCCID_NAME_SIZE, "Reader of number %u", i);
	}
	ATF_CHECK_EQ(address_choose(&found, "", -1, &chosen, &err), USBCCID_EINVAL);
	len = strlen(err.message);
	ATF_REQUIRE(len > 6);
	ATF_CHECK_STREQ(err.message + len - 6, "), ...");
}

/* --- holders ---------------------------------------------------------------- */

static void make(const char *path)
{
	char part[256];

	for (size_t i = 1; path[i]; i++)
		if (path[i] == '/') {
			snprintf(part, sizeof(part), "%.*s", (int)i, path);
			mkdir(part, 0755);
		}
}

static void make_link(const char *target, const char *path)
{
	make(path);
	unlink(path);
	ATF_REQUIRE_EQ(symlink(target, path), 0);
}

static void make_file(const char *path, const char *text)
{
	FILE *file;

	make(path);
	file = fopen(path, "w");
	ATF_REQUIRE(file != NULL);
	fputs(text, file);
	fclose(file);
}

#define INTERFACE "sys/bus/usb/devices/3-1:1.2/"

static const struct holder_places places = { .sysfs = "sys", .procfs = "proc" };
static const struct holder_query query = {
	.bus_port = "3-1", .configuration = 1, .interface = 2, .bus = 3, .address = 17,
};

static const char *holder(void)
{
	static char text[96];

	holder_find(&places, &query, text, sizeof(text));
	return text;
}

ATF_TC_WITHOUT_HEAD(a_kernel_driver_is_named_with_its_device);
ATF_TC_BODY(a_kernel_driver_is_named_with_its_device, tc)
{
	ATF_CHECK_STREQ(holder(), "");
	make_link("../../../bus/usb/drivers/cdc_mbim", INTERFACE "driver");
	ATF_CHECK_STREQ(holder(), "the kernel's cdc_mbim");
	make_link("../../../bus/usb/drivers/euicc_ccid", INTERFACE "driver");
	make(INTERFACE "euicc/euicc12/");
	make(INTERFACE "euicc/euicc3/");
	make(INTERFACE "euicc/euicc_other/");
	ATF_CHECK_STREQ(holder(), "the kernel's euicc_ccid as /dev/euicc3");
}

ATF_TC_WITHOUT_HEAD(a_program_is_named_as_far_as_it_can_be_seen);
ATF_TC_BODY(a_program_is_named_as_far_as_it_can_be_seen, tc)
{
	make_link("../../../bus/usb/drivers/usbfs", INTERFACE "driver");
	ATF_CHECK_STREQ(holder(), "another program");
	make_link("/dev/bus/usb/003/018", "proc/7/fd/3");
	make_link("/dev/bus/usb/003/017", "proc/self/fd/3");
	ATF_CHECK_STREQ(holder(), "another program");
	make_link("/dev/null", "proc/512/fd/0");
	make_link("/dev/bus/usb/003/017", "proc/512/fd/9");
	ATF_CHECK_STREQ(holder(), "a program (process 512)");
	make_file("proc/512/comm", "pcs\x1B" "cd\n");
	ATF_CHECK_STREQ(holder(), "pcs?cd (process 512)");
}

/* A reset of the device would take it from them. */
ATF_TC_WITHOUT_HEAD(who_has_another_interface_of_the_device_is_found);
ATF_TC_BODY(who_has_another_interface_of_the_device_is_found, tc)
{
	char text[96];

	make_link("../../../bus/usb/drivers/usbfs", INTERFACE "driver");
	make_link("../../../bus/usb/drivers/usbhid", "sys/bus/usb/devices/3-11:1.0/driver");
	ATF_CHECK(!holder_of_others(&places, &query, text, sizeof(text)));
	make_link("../../../bus/usb/drivers/usbhid", "sys/bus/usb/devices/3-1:1.3/driver");
	ATF_CHECK(holder_of_others(&places, &query, text, sizeof(text)));
	ATF_CHECK_STREQ("the kernel's usbhid", text);
	make_link("../../../bus/usb/drivers/usbfs", "sys/bus/usb/devices/3-1:1.0/driver");
	ATF_CHECK(holder_of_others(&places, &query, text, sizeof(text)));
	ATF_CHECK_STREQ("another program", text);
}

ATF_TP_ADD_TCS(tp)
{
	ATF_TP_ADD_TC(tp, addresses_have_two_forms);
	ATF_TP_ADD_TC(tp, an_address_means_one_reader_or_says_which_there_are);
	ATF_TP_ADD_TC(tp, a_long_list_is_cut_at_a_whole_reader);
	ATF_TP_ADD_TC(tp, a_kernel_driver_is_named_with_its_device);
	ATF_TP_ADD_TC(tp, a_program_is_named_as_far_as_it_can_be_seen);
	ATF_TP_ADD_TC(tp, who_has_another_interface_of_the_device_is_found);
	return atf_no_error();
}
