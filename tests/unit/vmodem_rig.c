/* SPDX-License-Identifier: GPL-2.0-or-later */
/* A virtual modem for tests; see vmodem_rig.h. */
#include "vmodem_rig.h"

#include "veuicc_fixture.h"

#include <stdio.h>

#define MAX_APDU 300

void vrig_card(void)
{
	const struct veuicc_options options = { .state_dir = "card" };
	const struct profile_spec first = { .iccid = VRIG_FIRST }, second = { .iccid = VRIG_SECOND };
	struct fixture f;

	fixture_open(&f, &options);
	ATF_REQUIRE_EQ(-1, rsp_download(&f, &first));
	ATF_REQUIRE_EQ(-1, rsp_download(&f, &second));
	ATF_REQUIRE_EQ(0, fixture_result(&f, "BF3111A00C5A0A984474560000214251F8810100"));
	fixture_close(&f);
}

void vrig_open(struct vrig *rig, unsigned slots, const char *quirk)
{
	const char *quirks[] = { quirk, NULL };
	const struct vmodem_options options = {
		.protocols = VMODEM_MBIM,
		.slots = slots,
		.quirks = quirks,
		.card = { .state_dir = "card", .pki_dirs = { "pki" }, .pki_count = 1 },
	};
	struct esim_error err = { 0 };

	*rig = (struct vrig){ 0 };
	ATF_REQUIRE_EQ_MSG(0, vmodem_new(&options, &rig->modem, &err), "%s", err.message);
}

void vrig_forget_sent(struct vrig *rig)
{
	for (size_t i = 0; i < rig->sent_count; i++)
		esim_buf_free(&rig->sent[i]);
	rig->sent_count = 0;
}

void vrig_close(struct vrig *rig)
{
	vmodem_free(&rig->modem);
	vrig_forget_sent(rig);
}

void vrig_quirk(struct vrig *rig, const char *text)
{
	struct esim_error err = { 0 };

	ATF_REQUIRE_EQ_MSG(0, vmodem_set_quirk(rig->modem, text, &err), "%s", err.message);
}

void vrig_fault(struct vrig *rig, const char *spec)
{
	struct esim_error err = { 0 };

	ATF_REQUIRE_EQ_MSG(0, vmodem_set_fault(rig->modem, spec, &err), "%s", err.message);
}

/* --- the host -------------------------------------------------------------------------------------------- */

unsigned vrig_channel(struct vrig *rig)
{
	uint8_t aid[ESIM_MAX_AID];
	unsigned channel = 0;
	uint16_t sw = 0;
	size_t len;

	ATF_REQUIRE_EQ(0, esim_hex_decode(VRIG_ISDR, aid, sizeof(aid), &len));
	ATF_REQUIRE_EQ(0, vmodem_channel_open(rig->modem, esim_slice(aid, len), 0x00, &channel, NULL, &sw));
	ATF_REQUIRE_EQ(0x9000, sw);
	return channel;
}

uint16_t vrig_apdu(struct vrig *rig, unsigned channel, const char *hex, struct esim_buf *ret)
{
	struct esim_buf response = ESIM_BUF_INIT;
	uint8_t command[MAX_APDU];
	uint16_t sw;
	size_t len;

	ATF_REQUIRE_EQ(0, esim_hex_decode(hex, command, sizeof(command), &len));
	ATF_REQUIRE_EQ(0, vmodem_transmit(rig->modem, channel, esim_slice(command, len), &response));
	ATF_REQUIRE(response.len >= 2);
	sw = (uint16_t)(response.data[response.len - 2] << 8 | response.data[response.len - 1]);
	if (ret)
		esim_buf_append(ret, response.data, response.len - 2);
	esim_buf_free(&response);
	return sw;
}

unsigned vrig_enable_second(struct vrig *rig, bool refresh)
{
	unsigned channel = vrig_channel(rig);
	struct esim_buf answer = ESIM_BUF_INIT;
	char hex[80];
	uint16_t sw;

	snprintf(hex, sizeof(hex), "80E2910014BF3111A00C5A0A984474560000214261F68101%02X00", refresh ? 0xFF : 0);
	sw = vrig_apdu(rig, channel, hex, &answer);
	ATF_REQUIRE_MSG(sw == 0x9000 || sw >> 8 == 0x91, "%04X", sw);
	ATF_REQUIRE(esim_slice_is(esim_buf_slice(&answer), "\xBF\x31\x03\x80\x01\x00", 6));
	esim_buf_free(&answer);
	return channel;
}

const char *vrig_iccid(struct vrig *rig)
{
	static char digits[ESIM_ICCID_DIGITS + 1];
	struct esim_iccid iccid;

	digits[0] = '\0';
	if (vmodem_iccid(rig->modem, &iccid))
		ATF_REQUIRE_EQ(0, esim_iccid_format(&iccid, digits));
	return digits;
}

/* --- a front ------------------------------------------------------------------------------------------------ */

static void keep(struct vmodem_front *front, struct esim_slice message)
{
	struct vrig *rig = front->way;

	ATF_REQUIRE(rig->sent_count < VRIG_MAX_SENT);
	rig->sent[rig->sent_count] = ESIM_BUF_INIT;
	esim_buf_append_slice(&rig->sent[rig->sent_count++], message);
}

void vrig_front(struct vrig *rig, const struct vmodem_front_ops *ops)
{
	rig->front = (struct vmodem_front){ .ops = ops, .send = keep, .way = rig, .late = ESIM_BUF_INIT };
	ATF_REQUIRE_EQ(0, vmodem_front_add(rig->modem, &rig->front));
}
