/* SPDX-License-Identifier: GPL-2.0-or-later */
/* A virtual modem that misbehaves: at which request, and what becomes of the answer. */
#include "vmodem_rig.h"

#include <stdio.h>
#include <string.h>

#define CASE(name, text)				\
	ATF_TC(name);					\
	ATF_TC_HEAD(name, tc)				\
	{						\
		atf_tc_set_md_var(tc, "descr", text);	\
	}						\
	ATF_TC_BODY(name, tc)

CASE(specifications, "A fault that is none is refused, and those that were set stay")
{
	static const char *const bad[] = { "mute", "mute@", "mute@0", "mute@x", "mute@1:", "mute@1:nothing", "@1", "mute@1+2",
					   "mute@-1", "sing@1", "mute@1,sing@1", "mute@99999999999", ",", "mute@1:apdu:open" };
	struct esim_error err = { 0 };
	struct vrig rig;

	(void)tc;
	vrig_card();
	vrig_open(&rig, 1, NULL);
	vrig_fault(&rig, "late@1");
	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++)
		ATF_CHECK_EQ_MSG(ESIM_EINVAL, vmodem_set_fault(rig.modem, bad[i], &err), "%s", bad[i]);
	ATF_REQUIRE_EQ(VMODEM_FAULT_LATE, vmodem_next_fault(rig.modem, "apdu"));
	vrig_close(&rig);
}

CASE(counting, "A fault strikes at the Nth request, of its kind where it names one, once or from there on")
{
	struct vrig rig;

	(void)tc;
	vrig_card();
	vrig_open(&rig, 1, NULL);
	vrig_fault(&rig, "mute@2,busy@2:apdu,error@3+:close");
	ATF_REQUIRE_EQ(VMODEM_FAULTS, vmodem_next_fault(rig.modem, "apdu"));
	ATF_REQUIRE_EQ(VMODEM_FAULT_MUTE, vmodem_next_fault(rig.modem, "close"));
	ATF_REQUIRE_EQ(VMODEM_FAULT_BUSY, vmodem_next_fault(rig.modem, "apdu"));
	ATF_REQUIRE_EQ(VMODEM_FAULTS, vmodem_next_fault(rig.modem, "close"));
	ATF_REQUIRE_EQ(VMODEM_FAULT_ERROR, vmodem_next_fault(rig.modem, "close"));
	ATF_REQUIRE_EQ(VMODEM_FAULTS, vmodem_next_fault(rig.modem, "apdu"));
	ATF_REQUIRE_EQ(VMODEM_FAULT_ERROR, vmodem_next_fault(rig.modem, "close"));
	vrig_fault(&rig, "none");
	ATF_REQUIRE_EQ(VMODEM_FAULTS, vmodem_next_fault(rig.modem, "close"));
	vrig_close(&rig);
}

CASE(happen_by_themselves, "Reset, vanish and closes happen by themselves, the first two when the front is done")
{
	struct vrig rig;
	unsigned channel;

	(void)tc;
	vrig_card();
	vrig_open(&rig, 1, NULL);
	channel = vrig_channel(&rig);
	vrig_fault(&rig, "closes@1,reset@2,vanish@3");
	vmodem_next_fault(rig.modem, "other");
	ATF_REQUIRE_EQ_MSG(1, vmodem_channels_open(rig.modem), "without a word: the modem still thinks so");
	ATF_REQUIRE_EQ(0x6881, vrig_apdu(&rig, channel, VRIG_GET_EID "00", NULL));
	vmodem_next_fault(rig.modem, "other");
	ATF_REQUIRE_EQ(VMODEM_BUS_RESTARTS, vmodem_bus(rig.modem));
	ATF_REQUIRE_EQ_MSG(1, vmodem_channels_open(rig.modem), "not before it left");
	vmodem_arrived(rig.modem);
	ATF_REQUIRE_EQ(0, vmodem_channels_open(rig.modem));
	vmodem_next_fault(rig.modem, "other");
	ATF_REQUIRE_EQ(VMODEM_BUS_GONE, vmodem_bus(rig.modem));
	vrig_close(&rig);
}

/* --- answers ---------------------------------------------------------------------------------------------- */

static int open_front(struct vmodem *modem, struct vmodem_front *front)
{
	(void)modem, (void)front;
	return 0;
}

static void close_front(struct vmodem_front *front)
{
	(void)front;
}

static void feed(struct vmodem_front *front, struct esim_slice bytes)
{
	vmodem_answer(front, vmodem_next_fault(front->modem, "other"), bytes);
}

static void hear(struct vmodem_front *front, enum vmodem_news news)
{
	(void)front, (void)news;
}

static const struct vmodem_front_ops parrot = {
	.name = "parrot", .open = open_front, .close = close_front, .feed = feed, .news = hear,
};

static void ask(struct vrig *rig, const char *text)
{
	vmodem_feed(&rig->front, esim_slice(text, strlen(text)));
}

/* All that was sent since the last look, with a bar between messages. */
static const char *heard(struct vrig *rig)
{
	static char text[256];
	size_t used = 0;

	text[0] = '\0';
	for (size_t i = 0; i < rig->sent_count; i++)
		used += (size_t)snprintf(text + used, sizeof(text) - used, "%s%.*s", i ? "|" : "",
					 (int)rig->sent[i].len, (const char *)rig->sent[i].data);
	vrig_forget_sent(rig);
	return text;
}

CASE(answers, "An answer is dropped, comes after the next one, comes twice, or waits until it is told to come")
{
	struct vrig rig;

	(void)tc;
	vrig_card();
	vrig_open(&rig, 1, NULL);
	vrig_front(&rig, &parrot);
	vrig_fault(&rig, "mute@1,late@2,late@3,twice@5,late@6,error@8");
	ask(&rig, "a");
	ATF_REQUIRE_STREQ("", heard(&rig));
	ask(&rig, "b");
	ask(&rig, "c");
	ATF_REQUIRE_STREQ("", heard(&rig));
	ask(&rig, "d");
	ATF_REQUIRE_STREQ("d|b|c", heard(&rig));
	ask(&rig, "e");
	ATF_REQUIRE_STREQ("e|e", heard(&rig));
	ask(&rig, "f");
	vmodem_release(rig.modem);
	ATF_REQUIRE_STREQ("f", heard(&rig));
	ask(&rig, "g");
	ask(&rig, "h");
	ATF_REQUIRE_STREQ_MSG("g|h", heard(&rig), "an error is the front's to say");
	vrig_close(&rig);
}

CASE(gone_with_the_modem, "An answer that is late is not given by a modem that has started anew")
{
	struct vrig rig;

	(void)tc;
	vrig_card();
	vrig_open(&rig, 1, NULL);
	vrig_front(&rig, &parrot);
	vrig_fault(&rig, "late@1,reset@2");
	ask(&rig, "a");
	ask(&rig, "b");
	ATF_REQUIRE_STREQ("", heard(&rig));
	vmodem_arrived(rig.modem);
	ask(&rig, "c");
	ATF_REQUIRE_STREQ("c", heard(&rig));
	vrig_close(&rig);
}

ATF_TP_ADD_TCS(tp)
{
	ATF_TP_ADD_TC(tp, specifications);
	ATF_TP_ADD_TC(tp, counting);
	ATF_TP_ADD_TC(tp, happen_by_themselves);
	ATF_TP_ADD_TC(tp, answers);
	ATF_TP_ADD_TC(tp, gone_with_the_modem);
	return atf_no_error();
}
