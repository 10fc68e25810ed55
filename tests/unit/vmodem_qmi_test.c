/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The QMI front by its bytes: clients, channels, faults, and what a hostile host sends. */
#include "vmodem_rig.h"

#include "vmodem/inside.h"
#include "vmodem/qmi.h"

#include <stdlib.h>
#include <string.h>

#define CASE(name, text)				\
	ATF_TC(name);					\
	ATF_TC_HEAD(name, tc)				\
	{						\
		atf_tc_set_md_var(tc, "descr", text);	\
	}						\
	ATF_TC_BODY(name, tc)

static const uint8_t isdr[] = { 0xA0, 0x00, 0x00, 0x05, 0x59, 0x10, 0x10, 0xFF,
				0xFF, 0xFF, 0xFF, 0x89, 0x00, 0x00, 0x01, 0x00 };

/* --- the host ---------------------------------------------------------------------------------------------- */

static void make_request(struct esim_buf *out, uint8_t service, uint8_t client, uint16_t tid, uint16_t id,
			 struct esim_slice tlvs)
{
	const size_t header = service == QMI_CTL ? 11 : 12;

	esim_buf_append_byte(out, 0x01);
	vqmi_put_u16(out, (unsigned)(header + tlvs.len));
	esim_buf_append(out, (uint8_t[]){ 0, service, client, 0, (uint8_t)tid }, 5);
	if (service != QMI_CTL)
		esim_buf_append_byte(out, (uint8_t)(tid >> 8));
	vqmi_put_u16(out, id);
	vqmi_put_u16(out, (unsigned)tlvs.len);
	esim_buf_append_slice(out, tlvs);
}

static void ask(struct vrig *rig, uint8_t service, uint8_t client, uint16_t id, struct esim_buf *tlvs)
{
	struct esim_buf out = ESIM_BUF_INIT;

	vrig_forget_sent(rig);
	make_request(&out, service, client, 7, id, tlvs ? esim_buf_slice(tlvs) : esim_slice(NULL, 0));
	vmodem_feed(&rig->front, esim_buf_slice(&out));
	esim_buf_free(&out);
	if (tlvs)
		esim_buf_free(tlvs);
}

/* The TLVs of message @index, whose frame, service and lengths are right. */
static struct esim_slice tlvs_of(struct vrig *rig, size_t index, uint8_t service)
{
	const size_t before = service == QMI_CTL ? 12 : 13;
	const struct esim_buf *message = &rig->sent[index];

	ATF_REQUIRE(rig->sent_count > index);
	ATF_REQUIRE(message->len >= before);
	ATF_REQUIRE_EQ(0x01, message->data[0]);
	ATF_REQUIRE_EQ(message->len - 1, (size_t)(message->data[1] | message->data[2] << 8));
	ATF_REQUIRE_EQ(0x80, message->data[3]);
	ATF_REQUIRE_EQ(service, message->data[4]);
	return esim_slice(message->data + before, message->len - before);
}

/* The first message that was sent is the answer with this error; its TLVs. */
static struct esim_slice answered(struct vrig *rig, uint8_t service, unsigned error)
{
	const struct esim_slice tlvs = tlvs_of(rig, 0, service);
	struct esim_slice result;

	ATF_REQUIRE(vqmi_tlvs_are_framed(tlvs));
	ATF_REQUIRE(vqmi_find_tlv(tlvs, 0x02, &result));
	ATF_REQUIRE_EQ(4, result.len);
	ATF_REQUIRE_EQ(error != 0, result.data[0]);
	ATF_REQUIRE_EQ_MSG(error, (unsigned)(result.data[2] | result.data[3] << 8), "error %d", result.data[2]);
	ATF_REQUIRE_EQ(7, rig->sent[0].data[7]);
	return tlvs;
}

static uint8_t allocate(struct vrig *rig, uint8_t service)
{
	struct esim_buf tlvs = ESIM_BUF_INIT;
	struct esim_slice value;

	vqmi_put_tlv(&tlvs, 0x01, &service, 1);
	ask(rig, QMI_CTL, 0, 0x0022, &tlvs);
	ATF_REQUIRE(vqmi_find_tlv(answered(rig, QMI_CTL, QMI_OK), 0x01, &value));
	ATF_REQUIRE_EQ(2, value.len);
	ATF_REQUIRE_EQ(service, value.data[0]);
	return value.data[1];
}

static void ask_open(struct vrig *rig, uint8_t client)
{
	struct esim_buf tlvs = ESIM_BUF_INIT;
	uint8_t aid[1 + sizeof(isdr)] = { sizeof(isdr) };

	memcpy(aid + 1, isdr, sizeof(isdr));
	vqmi_put_tlv(&tlvs, 0x01, "\x01", 1);
	vqmi_put_tlv(&tlvs, 0x10, aid, sizeof(aid));
	ask(rig, QMI_UIM, client, 0x0042, &tlvs);
}

static void ask_close(struct vrig *rig, uint8_t client, uint8_t channel)
{
	struct esim_buf tlvs = ESIM_BUF_INIT;

	vqmi_put_tlv(&tlvs, 0x01, "\x01", 1);
	vqmi_put_tlv(&tlvs, 0x11, &channel, 1);
	ask(rig, QMI_UIM, client, 0x003F, &tlvs);
}

static void start(struct vrig *rig, unsigned slots, const char *quirk)
{
	vrig_card();
	vrig_open(rig, slots, quirk);
	vrig_front(rig, &vmodem_qmi);
}

static uint64_t clients(const struct vrig *rig)
{
	return rig->modem->counts[COUNT_CLIENTS];
}

/* --- what a host may ask ------------------------------------------------------------------------------------- */

CASE(client_ids, "Client ids are counted, released once, and forgotten by a sync; one that is not there is refused")
{
	struct esim_buf tlvs = ESIM_BUF_INIT, again = ESIM_BUF_INIT;
	struct vrig rig;
	uint8_t id;

	(void)tc;
	start(&rig, 1, NULL);
	id = allocate(&rig, QMI_UIM);
	ATF_REQUIRE_MSG(allocate(&rig, QMI_UIM) != id, "each its own");
	ATF_REQUIRE_EQ(2, clients(&rig));
	vqmi_put_tlv(&tlvs, 0x01, (uint8_t[]){ QMI_UIM, id }, 2);
	esim_buf_append_slice(&again, esim_buf_slice(&tlvs));
	ask(&rig, QMI_CTL, 0, 0x0023, &tlvs);
	answered(&rig, QMI_CTL, QMI_OK);
	ATF_REQUIRE_EQ(1, clients(&rig));
	ask(&rig, QMI_CTL, 0, 0x0023, &again);
	answered(&rig, QMI_CTL, QMI_INVALID_CLIENT_ID);
	ask(&rig, QMI_UIM, id, 0x002F, NULL);
	answered(&rig, QMI_UIM, QMI_INVALID_CLIENT_ID);
	ask(&rig, QMI_CTL, 0, 0x0027, NULL);
	answered(&rig, QMI_CTL, QMI_OK);
	ATF_REQUIRE_EQ(0, clients(&rig));
	vrig_close(&rig);
}

CASE(channel, "A channel is opened, closed once; without one that is free, and to a refused ISD-R, QMI's errors tell")
{
	struct esim_slice value;
	struct vrig rig;
	uint8_t id;

	(void)tc;
	start(&rig, 1, "channels=1");
	id = allocate(&rig, QMI_UIM);
	ask_open(&rig, id);
	ATF_REQUIRE_EQ(1, vqmi_u8(answered(&rig, QMI_UIM, QMI_OK), 0x10));
	ATF_REQUIRE(vqmi_find_tlv(answered(&rig, QMI_UIM, QMI_OK), 0x11, &value));
	ATF_REQUIRE(esim_slice_is(value, "\x90\x00", 2));
	ask_open(&rig, id);
	answered(&rig, QMI_UIM, QMI_NO_RESOURCES);
	ask_close(&rig, id, 1);
	answered(&rig, QMI_UIM, QMI_OK);
	ATF_REQUIRE_EQ(0, vmodem_channels_open(rig.modem));
	ask_close(&rig, id, 1);
	answered(&rig, QMI_UIM, QMI_INVALID_ARGUMENT);
	vrig_quirk(&rig, "isdr-denied");
	ask_open(&rig, id);
	answered(&rig, QMI_UIM, QMI_ACCESS_DENIED);
	vrig_quirk(&rig, "no-uicc");
	ask_open(&rig, id);
	answered(&rig, QMI_UIM, QMI_INVALID_COMMAND);
	vrig_close(&rig);
}

CASE(quirks, "What a firmware lacks is answered by an error; a service that is not there has no clients")
{
	struct esim_buf tlvs = ESIM_BUF_INIT, service = ESIM_BUF_INIT;
	struct vrig rig;
	uint8_t id;

	(void)tc;
	start(&rig, 2, "no-slots");
	id = allocate(&rig, QMI_UIM);
	ask(&rig, QMI_UIM, id, 0x0047, NULL);
	answered(&rig, QMI_UIM, QMI_INVALID_COMMAND);
	vrig_quirk(&rig, "no-power");
	vqmi_put_tlv(&tlvs, 0x01, "\x01", 1);
	ask(&rig, QMI_UIM, id, 0x0030, &tlvs);
	answered(&rig, QMI_UIM, QMI_NOT_SUPPORTED);
	vqmi_put_tlv(&service, 0x01, "\x05", 1);
	ask(&rig, QMI_CTL, 0, 0x0022, &service);
	answered(&rig, QMI_CTL, QMI_NOT_SUPPORTED);
	vrig_close(&rig);
}

/* --- faults, and a hostile host ---------------------------------------------------------------------------------- */

CASE(faults, "Each fault makes of the answer what it says")
{
	struct vrig rig;
	uint8_t id;

	(void)tc;
	start(&rig, 1, NULL);
	id = allocate(&rig, QMI_DMS);
	vrig_fault(&rig, "busy@1:radio,error@2:radio,mute@1:info,truncated@2:info,noise@3:info,garbage@4:info");
	ask(&rig, QMI_DMS, id, 0x002D, NULL);
	answered(&rig, QMI_DMS, QMI_DEVICE_IN_USE);
	ask(&rig, QMI_DMS, id, 0x002D, NULL);
	answered(&rig, QMI_DMS, QMI_INTERNAL);
	ask(&rig, QMI_DMS, id, 0x0021, NULL);
	ATF_REQUIRE_EQ(0, rig.sent_count);
	ask(&rig, QMI_DMS, id, 0x0021, NULL);
	ATF_REQUIRE(!vqmi_tlvs_are_framed(tlvs_of(&rig, 0, QMI_DMS)));
	ask(&rig, QMI_DMS, id, 0x0021, NULL);
	ATF_REQUIRE_EQ_MSG(2, rig.sent_count, "noise, and then the answer");
	ATF_REQUIRE(vqmi_tlvs_are_framed(tlvs_of(&rig, 1, QMI_DMS)));
	ask(&rig, QMI_DMS, id, 0x0021, NULL);
	ATF_REQUIRE_EQ(0xA5, tlvs_of(&rig, 0, QMI_DMS).data[0]);
	vrig_close(&rig);
}

CASE(hostile, "Frames with any lengths and contents are answered or dropped, and the next one is understood")
{
	static const uint8_t services[] = { QMI_CTL, QMI_WDS, QMI_DMS, QMI_NAS, QMI_UIM, 0x55 };
	struct vrig rig;
	uint8_t bytes[64];
	unsigned seed = 1;

	(void)tc;
	start(&rig, 2, NULL);
	for (unsigned i = 0; i < 20000; i++) {
		struct esim_buf out = ESIM_BUF_INIT;
		const size_t len = (size_t)rand_r(&seed) % sizeof(bytes);

		for (size_t k = 0; k < len; k++)
			bytes[k] = (uint8_t)(rand_r(&seed) % 4 ? rand_r(&seed) % 3 : rand_r(&seed));
		make_request(&out, services[i % 6], (uint8_t)(i / 6 % 3), (uint16_t)i, (uint16_t)(rand_r(&seed) % 0x60),
			     esim_slice(bytes, len));
		if (i % 5 == 0)
			out.data[(size_t)rand_r(&seed) % out.len] ^= (uint8_t)rand_r(&seed);
		vmodem_feed(&rig.front, esim_buf_slice(&out));
		esim_buf_free(&out);
		vrig_forget_sent(&rig);
		if (vmodem_bus(rig.modem) != VMODEM_BUS_THERE)
			vmodem_arrived(rig.modem);
	}
	memset(bytes, 0, sizeof(bytes));
	for (unsigned i = 0; i < 70; i++)		/* ends what the last length promised */
		vmodem_feed(&rig.front, esim_slice(bytes, sizeof(bytes)));
	ask(&rig, QMI_CTL, 0, 0x0027, NULL);
	answered(&rig, QMI_CTL, QMI_OK);
	vrig_close(&rig);
}

ATF_TP_ADD_TCS(tp)
{
	ATF_TP_ADD_TC(tp, client_ids);
	ATF_TP_ADD_TC(tp, channel);
	ATF_TP_ADD_TC(tp, quirks);
	ATF_TP_ADD_TC(tp, faults);
	ATF_TP_ADD_TC(tp, hostile);
	return atf_no_error();
}
