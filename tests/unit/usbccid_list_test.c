/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Which interfaces are readers, and what they and their quirks are called. */
#include <finder.h>
#include <quirks.h>

#include <atf-c.h>
#include <stdio.h>

static const uint8_t class_descriptor[CCID_DESCRIPTOR_SIZE] = {
	54, CCID_DESCRIPTOR_TYPE, 0x10, 0x01, 3 /* four slots */, 7, 3, 0, 0, 0,
	[40] = 0x00, 0x00, 0x02, 0x00 /* short APDU */, 0x0F, 0x01, 0, 0 /* 271 */, [53] = 1,
};

enum { BULK = LIBUSB_TRANSFER_TYPE_BULK, INTERRUPT = LIBUSB_TRANSFER_TYPE_INTERRUPT };

/* An interface that a test bends; where it is a reader, endpoints 81, 02 and 83. */
struct bench {
	struct libusb_endpoint_descriptor endpoints[3];
	struct libusb_interface_descriptor alternates[2];
	struct libusb_interface interface;
	struct found_reader found;
};

static void set_up(struct bench *bench)
{
	*bench = (struct bench){
		.endpoints = {
			{ .bEndpointAddress = 0x83, .bmAttributes = INTERRUPT, .wMaxPacketSize = 8 },
			{ .bEndpointAddress = 0x02, .bmAttributes = BULK, .wMaxPacketSize = 64 },
			{ .bEndpointAddress = 0x81, .bmAttributes = BULK, .wMaxPacketSize = 512 },
		},
	};
	bench->alternates[0] = (struct libusb_interface_descriptor){
		.bInterfaceNumber = 4, .bInterfaceClass = CCID_INTERFACE_CLASS, .bNumEndpoints = 3,
		.endpoint = bench->endpoints, .extra = class_descriptor,
		.extra_length = sizeof(class_descriptor),
	};
	bench->interface = (struct libusb_interface){ .altsetting = bench->alternates,
						      .num_altsetting = 1 };
}

static bool is_reader(struct bench *bench)
{
	return interface_is_reader(&bench->interface, 0x1234, 0x5678, &bench->found);
}

ATF_TC_WITHOUT_HEAD(an_interface_of_the_class_is_a_reader);
ATF_TC_BODY(an_interface_of_the_class_is_a_reader, tc)
{
	struct bench bench;

	set_up(&bench);
	ATF_REQUIRE(is_reader(&bench));
	ATF_CHECK_EQ(bench.found.pipes.in, 0x81);
	ATF_CHECK_EQ(bench.found.pipes.in_packet, 512);
	ATF_CHECK_EQ(bench.found.pipes.out, 0x02);
	ATF_CHECK_EQ(bench.found.pipes.out_packet, 64);
	ATF_CHECK_EQ(bench.found.pipes.interrupt, 0x83);
	ATF_CHECK_EQ(bench.found.setup.info.interface, 4);
	ATF_CHECK_EQ(bench.found.setup.info.slots, 4);
	ATF_CHECK_EQ(bench.found.setup.info.level, USBCCID_SHORT_APDU);
	ATF_CHECK(bench.found.setup.info.t0 && bench.found.setup.info.t1);
}

ATF_TC_WITHOUT_HEAD(the_class_descriptor_may_be_behind_an_endpoint);
ATF_TC_BODY(the_class_descriptor_may_be_behind_an_endpoint, tc)
{
	struct bench bench;

	set_up(&bench);
	bench.alternates[0].extra = NULL;
	bench.alternates[0].extra_length = 0;
	ATF_CHECK(!is_reader(&bench));
	bench.endpoints[2].extra = class_descriptor;
	bench.endpoints[2].extra_length = sizeof(class_descriptor);
	ATF_CHECK(is_reader(&bench));
}

ATF_TC_WITHOUT_HEAD(malformed_interfaces_are_no_readers);
ATF_TC_BODY(malformed_interfaces_are_no_readers, tc)
{
	struct bench bench;

	set_up(&bench);
	bench.alternates[0].extra_length--;
	ATF_CHECK_MSG(!is_reader(&bench), "a class descriptor that is cut");
	set_up(&bench);
	bench.alternates[0].bNumEndpoints = 2;
	ATF_CHECK_MSG(!is_reader(&bench), "no bulk-in endpoint");
	set_up(&bench);
	bench.endpoints[1].wMaxPacketSize = 0;
	ATF_CHECK_MSG(!is_reader(&bench), "packets of no bytes");
	set_up(&bench);
	bench.interface.num_altsetting = 0;
	ATF_CHECK_MSG(!is_reader(&bench), "no setting at all");
	set_up(&bench);
	bench.alternates[0].bInterfaceProtocol = 2;
	ATF_CHECK_MSG(!is_reader(&bench), "a card with a plug, which has other messages");
}

ATF_TC_WITHOUT_HEAD(an_alternate_setting_may_be_the_reader);
ATF_TC_BODY(an_alternate_setting_may_be_the_reader, tc)
{
	struct bench bench;

	set_up(&bench);
	bench.alternates[1] = bench.alternates[0];
	bench.alternates[1].bAlternateSetting = 1;
	bench.alternates[0].bNumEndpoints = 0;
	bench.interface.num_altsetting = 2;
	ATF_REQUIRE(is_reader(&bench));
	ATF_CHECK_EQ(bench.found.alternate, 1);
}

ATF_TC_WITHOUT_HEAD(another_class_is_a_reader_only_where_the_model_is_known);
ATF_TC_BODY(another_class_is_a_reader_only_where_the_model_is_known, tc)
{
	struct bench bench;

	set_up(&bench);
	bench.alternates[0].bInterfaceClass = LIBUSB_CLASS_VENDOR_SPEC;
	ATF_CHECK(!is_reader(&bench));
	ATF_CHECK(interface_is_reader(&bench.interface, 0x04E6, 0x5120, &bench.found));
	ATF_CHECK_EQ(bench.found.setup.quirks, QUIRK_DESCRIPTOR_ELSEWHERE);
	bench.alternates[0].bInterfaceClass = LIBUSB_CLASS_HID;
	ATF_CHECK_MSG(!interface_is_reader(&bench.interface, 0x04E6, 0x5120, &bench.found),
		      "another interface of a known model");
}

ATF_TC_WITHOUT_HEAD(each_quirk_has_a_model_and_a_reason);
ATF_TC_BODY(each_quirk_has_a_model_and_a_reason, tc)
{
	for (size_t i = 0; i < quirk_count; i++) {
		ATF_CHECK(quirk_table[i].vendor && quirk_table[i].quirks && quirk_table[i].why[0]);
		ATF_CHECK_EQ_MSG(quirks_of(quirk_table[i].vendor, quirk_table[i].product),
				 quirk_table[i].quirks, "row %zu is there twice", i);
	}
	ATF_CHECK_EQ(quirks_of(0x1234, 0x5678), QUIRK_NONE);
}

ATF_TC_WITHOUT_HEAD(ports_are_named_as_the_kernel_does);
ATF_TC_BODY(ports_are_named_as_the_kernel_does, tc)
{
	const uint8_t ports[7] = { 1, 4, 255, 255, 255, 255, 255 };
	char text[USBCCID_BUS_PORT_SIZE];

	ATF_CHECK(bus_port_format(3, ports, 2, text));
	ATF_CHECK_STREQ(text, "3-1.4");
	ATF_CHECK(bus_port_format(255, ports, 7, text));
	ATF_CHECK_STREQ(text, "255-1.4.255.255.255.255.255");
	ATF_CHECK_MSG(!bus_port_format(3, ports, 0, text), "a root hub");
}

static const struct {
	const char *in, *out;
} names[] = {
	{ "Reader", "Reader" },
	{ "  a  \t b\n", "a b" },
	{ "caf\xC3\xA9", "caf\xC3\xA9" },
	{ "a\x1B[31m", "a?[31m" },
	{ "a\x7F\xC2\x9B", "a??" },
	{ "a\xE2\x80\xAE" "b\xE2\x81\xA6", "a?b?" },	/* RLO, LRI */
	{ "a\xD8\x9C" "b", "a?b" },			/* ALM */
	{ "\xFF\xC3", "??" },
	{ "\xC0\xAF", "??" },				/* overlong '/' */
	{ "\xED\xA0\x80", "???" },			/* surrogate */
	{ "\xF4\x90\x80\x80", "????" },
};

ATF_TC_WITHOUT_HEAD(names_are_printable);
ATF_TC_BODY(names_are_printable, tc)
{
	for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
		char text[64] = "";

		name_append(text, sizeof(text), names[i].in, strlen(names[i].in));
		ATF_CHECK_STREQ(text, names[i].out);
	}
}

ATF_TC_WITHOUT_HEAD(names_end_at_whole_characters);
ATF_TC_BODY(names_end_at_whole_characters, tc)
{
	char text[8] = "ab";

	name_append(text, sizeof(text), "c\xC3\xA9\xC3\xA9", 5);
	ATF_CHECK_STREQ(text, "ab c\xC3\xA9");
	name_append(text, sizeof(text), "longer", 6);
	ATF_CHECK_STREQ(text, "ab c\xC3\xA9");
}

ATF_TP_ADD_TCS(tp)
{
	ATF_TP_ADD_TC(tp, an_interface_of_the_class_is_a_reader);
	ATF_TP_ADD_TC(tp, the_class_descriptor_may_be_behind_an_endpoint);
	ATF_TP_ADD_TC(tp, malformed_interfaces_are_no_readers);
	ATF_TP_ADD_TC(tp, an_alternate_setting_may_be_the_reader);
	ATF_TP_ADD_TC(tp, another_class_is_a_reader_only_where_the_model_is_known);
	ATF_TP_ADD_TC(tp, each_quirk_has_a_model_and_a_reason);
	ATF_TP_ADD_TC(tp, ports_are_named_as_the_kernel_does);
	ATF_TP_ADD_TC(tp, names_are_printable);
	ATF_TP_ADD_TC(tp, names_end_at_whole_characters);
	return atf_no_error();
}
