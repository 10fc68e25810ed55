/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The virtual modem's inside: channels, what it takes its card for and when it looks, its habits, its slots. */
#include "vmodem_rig.h"

#include <stdlib.h>

#define CASE(name, text)				\
	ATF_TC(name);					\
	ATF_TC_HEAD(name, tc)				\
	{						\
		atf_tc_set_md_var(tc, "descr", text);	\
	}						\
	ATF_TC_BODY(name, tc)

static const uint8_t isdr[] = { 0xA0, 0x00, 0x00, 0x05, 0x59, 0x10, 0x10, 0xFF,
				0xFF, 0xFF, 0xFF, 0x89, 0x00, 0x00, 0x01, 0x00 };

/* --- channels ------------------------------------------------------------------------------------------------ */

CASE(channels_are_few, "The modem gives as many channels as it has, and one that is closed can be had again")
{
	unsigned channels[3], more;
	struct vrig rig;
	uint16_t sw;

	(void)tc;
	vrig_card();
	vrig_open(&rig, 1, NULL);
	for (unsigned i = 0; i < 3; i++)
		channels[i] = vrig_channel(&rig);
	ATF_REQUIRE_EQ(3, vmodem_channels_open(rig.modem));
	ATF_REQUIRE_EQ(ESIM_EBUSY, vmodem_channel_open(rig.modem, esim_slice(isdr, sizeof(isdr)), 0, &more, NULL, &sw));
	ATF_REQUIRE_EQ(0, vmodem_channel_close(rig.modem, channels[1]));
	ATF_REQUIRE_EQ(ESIM_ENOENT, vmodem_channel_close(rig.modem, channels[1]));
	ATF_REQUIRE_EQ(channels[1], vrig_channel(&rig));
	vrig_quirk(&rig, "channels=2");
	ATF_REQUIRE_EQ(0, vmodem_channel_close(rig.modem, channels[1]));
	ATF_REQUIRE_EQ_MSG(ESIM_EBUSY,
			   vmodem_channel_open(rig.modem, esim_slice(isdr, sizeof(isdr)), 0, &more, NULL, &sw),
			   "the modem's bound, though the card has one more");
	vrig_quirk(&rig, "channels=19");
	vmodem_uim_power(rig.modem, 0, false);
	vmodem_uim_power(rig.modem, 0, true);
	for (unsigned i = 0; i < 19; i++)
		vrig_channel(&rig);
	ATF_REQUIRE_EQ_MSG(0x9000, vrig_apdu(&rig, 19, VRIG_GET_EID "00", NULL), "a channel of the further class form");
	vrig_close(&rig);
}

CASE(unknown_application, "An application that the card has not leaves no channel open")
{
	static const uint8_t nothing[] = { 0xA0, 0x00, 0x00, 0x00, 0x01 };
	struct vrig rig;
	unsigned channel = 99;
	uint16_t sw = 0;

	(void)tc;
	vrig_card();
	vrig_open(&rig, 1, NULL);
	ATF_REQUIRE_EQ(0, vmodem_channel_open(rig.modem, esim_slice(nothing, 5), 0, &channel, NULL, &sw));
	ATF_REQUIRE_EQ(0x6A82, sw);
	ATF_REQUIRE_EQ_MSG(99, channel, "no channel is told of");
	ATF_REQUIRE_EQ(0, vmodem_channels_open(rig.modem));
	for (unsigned i = 0; i < 3; i++)
		vrig_channel(&rig);
	vrig_close(&rig);
}

CASE(channel_in_class, "The modem puts the channel into the class byte; with class-bits the host has to")
{
	struct vrig rig;
	unsigned first, second;

	(void)tc;
	vrig_card();
	vrig_open(&rig, 1, NULL);
	first = vrig_channel(&rig);
	second = vrig_channel(&rig);
	ATF_REQUIRE_EQ(2, second);
	ATF_REQUIRE_EQ(0x9000, vrig_apdu(&rig, first, VRIG_GET_EID "00", NULL));
	ATF_REQUIRE_EQ(0x9000, vrig_apdu(&rig, second, VRIG_GET_EID "00", NULL));
	vrig_quirk(&rig, "class-bits");
	ATF_REQUIRE(vrig_apdu(&rig, second, VRIG_GET_EID "00", NULL) != 0x9000);
	ATF_REQUIRE_EQ(0x9000, vrig_apdu(&rig, second, "82E2910006BF3E035C015A00", NULL));
	vrig_close(&rig);
}

/* --- APDUs --------------------------------------------------------------------------------------------------- */

CASE(apdu_habits, "Each habit of APDUs is one that the card has not, and goes when it is cleared")
{
	static const struct {
		const char *quirk, *clear, *apdu;
		uint16_t with, without;
	} habits[] = {
		{ "le-required", "-le-required", VRIG_GET_EID, 0x6700, 0x9000 },
		{ "le-refused", "-le-refused", VRIG_GET_EID "00", 0x6700, 0x9000 },
		{ "segment-limit=5", "-segment-limit", VRIG_GET_EID "00", 0x6601, 0x9000 },
		{ "show-61", "-show-61", VRIG_GET_EID, 0x6115, 0x9000 },
	};
	struct vrig rig;
	unsigned channel;

	(void)tc;
	vrig_card();
	vrig_open(&rig, 1, NULL);
	channel = vrig_channel(&rig);
	for (size_t i = 0; i < sizeof(habits) / sizeof(habits[0]); i++) {
		vrig_quirk(&rig, habits[i].quirk);
		ATF_CHECK_EQ_MSG(habits[i].with, vrig_apdu(&rig, channel, habits[i].apdu, NULL), "%s", habits[i].quirk);
		vrig_quirk(&rig, habits[i].clear);
		ATF_CHECK_EQ_MSG(habits[i].without, vrig_apdu(&rig, channel, habits[i].apdu, NULL), "%s",
				 habits[i].clear);
	}
	vrig_close(&rig);
}

CASE(isdr_denied, "A firmware that denies the ISD-R opens no channel to it, and others all the same")
{
	static const uint8_t usim[] = { 0xA0, 0x00, 0x00, 0x00, 0x87, 0x10, 0x02 };
	struct esim_buf fci = ESIM_BUF_INIT;
	struct vrig rig;
	unsigned channel;
	uint16_t sw;

	(void)tc;
	vrig_card();
	vrig_open(&rig, 1, "isdr-denied");
	ATF_REQUIRE_EQ(ESIM_EREFUSED,
		       vmodem_channel_open(rig.modem, esim_slice(isdr, sizeof(isdr)), 0, &channel, NULL, &sw));
	ATF_REQUIRE_EQ(0, vmodem_channels_open(rig.modem));
	ATF_REQUIRE_EQ(0, vmodem_channel_open(rig.modem, esim_slice(usim, sizeof(usim)), 0, &channel, &fci, &sw));
	ATF_REQUIRE(fci.len > 0);
	esim_buf_reset(&fci);
	vrig_quirk(&rig, "no-fci");
	vrig_quirk(&rig, "-isdr-denied");
	ATF_REQUIRE_EQ(0, vmodem_channel_open(rig.modem, esim_slice(isdr, sizeof(isdr)), 0, &channel, &fci, &sw));
	ATF_REQUIRE_EQ_MSG(0, fci.len, "no-fci tells none");
	esim_buf_free(&fci);
	vrig_close(&rig);
}

/* --- what it takes the card for ---------------------------------------------------------------------------------- */

static void climb(struct vrig *rig, enum esim_modem_step step)
{
	switch (step) {
	case ESIM_MODEM_UIM_POWER:
		vmodem_uim_power(rig->modem, 0, false);
		vmodem_uim_power(rig->modem, 0, true);
		break;
	case ESIM_MODEM_AIRPLANE:
		vmodem_set_radio(rig->modem, false);
		vmodem_set_radio(rig->modem, true);
		break;
	case ESIM_MODEM_RESET:
		vmodem_restart(rig->modem);
		ATF_REQUIRE_EQ(VMODEM_BUS_RESTARTS, vmodem_bus(rig->modem));
		vmodem_arrived(rig->modem);
		break;
	case ESIM_MODEM_REFRESH:
	case ESIM_MODEM_STEPS:
		break;
	}
}

CASE(follows, "After a switch the modem tells the old ICCID until the rung from which on it looks again, then the new one")
{
	static const char *const quirks[] = { NULL, "follows=1", "follows=2", "follows=3", "follows=4" };
	struct vrig rig;
	char imsi[16];

	(void)tc;
	for (unsigned follows = 0; follows <= ESIM_MODEM_STEPS; follows++) {
		ATF_REQUIRE_EQ(0, system("rm -rf card pki"));
		vrig_card();
		vrig_open(&rig, 1, quirks[follows]);
		ATF_REQUIRE_STREQ(VRIG_FIRST, vrig_iccid(&rig));
		ATF_REQUIRE(vmodem_imsi(rig.modem, imsi));
		ATF_REQUIRE_STREQ("001010123456789", imsi);
		vrig_enable_second(&rig, true);
		for (unsigned step = 0; step < ESIM_MODEM_STEPS; step++) {
			climb(&rig, (enum esim_modem_step)step);
			ATF_CHECK_STREQ_MSG(step < follows ? VRIG_FIRST : VRIG_SECOND, vrig_iccid(&rig), "%u at %u",
					    follows, step);
		}
		vrig_close(&rig);
	}
}

CASE(switch_without_refresh, "Without REFRESH the modem hears nothing of a switch until the card is off and on")
{
	struct vrig rig;

	(void)tc;
	vrig_card();
	vrig_open(&rig, 1, NULL);
	vrig_enable_second(&rig, false);
	ATF_REQUIRE_STREQ(VRIG_FIRST, vrig_iccid(&rig));
	climb(&rig, ESIM_MODEM_UIM_POWER);
	ATF_REQUIRE_STREQ(VRIG_SECOND, vrig_iccid(&rig));
	vrig_close(&rig);
}

CASE(reenumerates, "A modem that re-enumerates leaves the bus at REFRESH, and knows the new profile when it is back")
{
	struct vrig rig;

	(void)tc;
	vrig_card();
	vrig_open(&rig, 1, "reenumerates");
	vrig_enable_second(&rig, true);
	ATF_REQUIRE_EQ(VMODEM_BUS_RESTARTS, vmodem_bus(rig.modem));
	vmodem_arrived(rig.modem);
	ATF_REQUIRE_EQ(VMODEM_BUS_THERE, vmodem_bus(rig.modem));
	ATF_REQUIRE_STREQ(VRIG_SECOND, vrig_iccid(&rig));
	ATF_REQUIRE_EQ(0, vmodem_channels_open(rig.modem));
	vrig_close(&rig);
}

CASE(refresh_closes_channels, "REFRESH closes channels; one that loses them thinks that they are open, and the card does not")
{
	struct vrig rig;
	unsigned channel;

	(void)tc;
	vrig_card();
	vrig_open(&rig, 1, NULL);
	vrig_enable_second(&rig, true);
	ATF_REQUIRE_EQ(0, vmodem_channels_open(rig.modem));
	vrig_close(&rig);

	ATF_REQUIRE_EQ(0, system("rm -rf card pki"));
	vrig_card();
	vrig_open(&rig, 1, "loses-channels");
	channel = vrig_enable_second(&rig, true);
	ATF_REQUIRE_EQ(1, vmodem_channels_open(rig.modem));
	ATF_REQUIRE_EQ(0x6881, vrig_apdu(&rig, channel, VRIG_GET_EID "00", NULL));
	ATF_REQUIRE_EQ(0, vmodem_channel_close(rig.modem, channel));
	ATF_REQUIRE_EQ(0, vmodem_channels_open(rig.modem));
	vrig_close(&rig);
}

CASE(ready_after, "After a step the modem says so often that it is not ready, and no more often")
{
	struct esim_iccid iccid;
	struct vrig rig;

	(void)tc;
	vrig_card();
	vrig_open(&rig, 1, "ready-after=2");
	ATF_REQUIRE_EQ_MSG(VMODEM_CARD_READY, vmodem_card_state(rig.modem, 0), "no step was taken");
	climb(&rig, ESIM_MODEM_UIM_POWER);
	ATF_REQUIRE_EQ(VMODEM_CARD_NOT_READY, vmodem_card_state(rig.modem, 0));
	ATF_REQUIRE(!vmodem_iccid(rig.modem, &iccid));
	ATF_REQUIRE(vmodem_iccid(rig.modem, &iccid));
	ATF_REQUIRE_EQ(VMODEM_CARD_READY, vmodem_card_state(rig.modem, 0));
	vrig_close(&rig);
}

/* --- power, slots, the bus ------------------------------------------------------------------------------------------ */

CASE(power_off, "A card without power has no channels, answers nothing and tells nothing")
{
	struct esim_buf response = ESIM_BUF_INIT;
	struct esim_iccid iccid;
	struct vrig rig;
	unsigned channel;

	(void)tc;
	vrig_card();
	vrig_open(&rig, 1, NULL);
	channel = vrig_channel(&rig);
	vmodem_uim_power(rig.modem, 1, false);
	ATF_REQUIRE_EQ(VMODEM_CARD_OFF, vmodem_card_state(rig.modem, 1));
	ATF_REQUIRE_EQ(0, vmodem_channels_open(rig.modem));
	ATF_REQUIRE_EQ(ESIM_ENOENT, vmodem_transmit(rig.modem, channel, esim_slice("\x00\xF2\x00\x00", 4), &response));
	ATF_REQUIRE_EQ(ESIM_ENODEV, vmodem_transmit(rig.modem, 0, esim_slice("\x00\xF2\x00\x00", 4), &response));
	ATF_REQUIRE(!vmodem_iccid(rig.modem, &iccid));
	esim_buf_free(&response);
	vrig_close(&rig);
}

CASE(slots, "A switch of slots closes the channels and shows the other card; a slot that is not there is refused")
{
	struct vrig rig;

	(void)tc;
	vrig_card();
	vrig_open(&rig, 2, NULL);
	vrig_channel(&rig);
	ATF_REQUIRE_EQ(1, vmodem_active_slot(rig.modem));
	ATF_REQUIRE_EQ(VMODEM_CARD_OFF, vmodem_card_state(rig.modem, 2));
	ATF_REQUIRE_EQ(0, vmodem_switch_slot(rig.modem, 2));
	ATF_REQUIRE_EQ(0, vmodem_channels_open(rig.modem));
	ATF_REQUIRE_EQ(2, vmodem_active_slot(rig.modem));
	ATF_REQUIRE(vmodem_slot_in_use(rig.modem, 2));
	ATF_REQUIRE_STREQ("", vrig_iccid(&rig));
	ATF_REQUIRE_EQ(ESIM_EINVAL, vmodem_switch_slot(rig.modem, 3));
	ATF_REQUIRE_EQ(ESIM_EINVAL, vmodem_switch_slot(rig.modem, 0));
	ATF_REQUIRE_EQ(0, vmodem_switch_slot(rig.modem, 1));
	ATF_REQUIRE_STREQ(VRIG_FIRST, vrig_iccid(&rig));
	vrig_close(&rig);
}

CASE(slots_swapped, "Where slots are swapped, what is switched to as 1 is the card that is told of as 2")
{
	struct vrig rig;

	(void)tc;
	vrig_card();
	vrig_open(&rig, 2, "slots-swapped");
	ATF_REQUIRE_EQ(2, vmodem_active_slot(rig.modem));
	ATF_REQUIRE_EQ(VMODEM_CARD_READY, vmodem_card_state(rig.modem, 1));
	ATF_REQUIRE_EQ(0, vmodem_switch_slot(rig.modem, 1));
	ATF_REQUIRE_EQ(1, vmodem_active_slot(rig.modem));
	ATF_REQUIRE_EQ(VMODEM_CARD_READY, vmodem_card_state(rig.modem, 2));
	ATF_REQUIRE_EQ(VMODEM_CARD_OFF, vmodem_card_state(rig.modem, 1));
	vrig_close(&rig);
}

CASE(restart, "A modem that starts anew has no channels and its radio on; unplugged it stays away until plugged in")
{
	struct vrig rig;

	(void)tc;
	vrig_card();
	vrig_open(&rig, 1, NULL);
	vrig_channel(&rig);
	vmodem_set_radio(rig.modem, false);
	vmodem_unplug(rig.modem);
	vmodem_restart(rig.modem);
	ATF_REQUIRE_EQ_MSG(VMODEM_BUS_GONE, vmodem_bus(rig.modem), "what is gone does not come by itself");
	vmodem_plug(rig.modem);
	ATF_REQUIRE_EQ(VMODEM_BUS_RESTARTS, vmodem_bus(rig.modem));
	vmodem_arrived(rig.modem);
	ATF_REQUIRE_EQ(0, vmodem_channels_open(rig.modem));
	ATF_REQUIRE(vmodem_radio(rig.modem));
	vrig_close(&rig);
}

CASE(options, "An option, a quirk or a fault that is none is refused by name")
{
	static const char *const bad[] = { "", "-", "nonsense", "channels", "channels=", "channels=0", "channels=20",
					   "channels=x", "channels=-1", "le-required=1", "-channels=3", "follows=5",
					   "channels=99999999999999999999" };
	const struct vmodem_options both = { .protocols = VMODEM_MBIM | VMODEM_QMI }, many = { .slots = 5 },
				    beyond = { .slots = 2, .active = 3 };
	struct esim_error err = { 0 };
	struct vmodem *modem = NULL;
	struct vrig rig;

	(void)tc;
	vrig_card();
	vrig_open(&rig, 1, NULL);
	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++)
		ATF_CHECK_EQ_MSG(ESIM_EINVAL, vmodem_set_quirk(rig.modem, bad[i], &err), "%s", bad[i]);
	ATF_REQUIRE_EQ(3, vmodem_quirk_value(rig.modem, VMODEM_CHANNELS));
	ATF_REQUIRE_EQ(ESIM_EINVAL, vmodem_new(&both, &modem, &err));
	ATF_REQUIRE_EQ(ESIM_EINVAL, vmodem_new(&many, &modem, &err));
	ATF_REQUIRE_EQ(ESIM_EINVAL, vmodem_new(&beyond, &modem, &err));
	ATF_REQUIRE(!modem);
	vrig_close(&rig);
}

ATF_TP_ADD_TCS(tp)
{
	ATF_TP_ADD_TC(tp, channels_are_few);
	ATF_TP_ADD_TC(tp, unknown_application);
	ATF_TP_ADD_TC(tp, channel_in_class);
	ATF_TP_ADD_TC(tp, apdu_habits);
	ATF_TP_ADD_TC(tp, isdr_denied);
	ATF_TP_ADD_TC(tp, follows);
	ATF_TP_ADD_TC(tp, switch_without_refresh);
	ATF_TP_ADD_TC(tp, reenumerates);
	ATF_TP_ADD_TC(tp, refresh_closes_channels);
	ATF_TP_ADD_TC(tp, ready_after);
	ATF_TP_ADD_TC(tp, power_off);
	ATF_TP_ADD_TC(tp, slots);
	ATF_TP_ADD_TC(tp, slots_swapped);
	ATF_TP_ADD_TC(tp, restart);
	ATF_TP_ADD_TC(tp, options);
	return atf_no_error();
}
