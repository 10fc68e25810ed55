/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The MBIM front by its bytes: sessions, commands, fragments, indications, faults, and what a hostile host sends. */
#include "vmodem_rig.h"

#include "vmodem/mbim.h"

#include <stdio.h>
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

enum { QUERY, SET };

/* --- the host ---------------------------------------------------------------------------------------------- */

static void put_header(struct esim_buf *out, uint32_t type, size_t len, uint32_t tid)
{
	vmbim_put_u32(out, type);
	vmbim_put_u32(out, (uint32_t)len);
	vmbim_put_u32(out, tid);
}

static void tell(struct vrig *rig, struct esim_buf *message)
{
	vmodem_feed(&rig->front, esim_buf_slice(message));
	esim_buf_free(message);
}

static void send_open(struct vrig *rig, uint32_t max)
{
	struct esim_buf out = ESIM_BUF_INIT;

	put_header(&out, MBIM_OPEN, 16, 1);
	vmbim_put_u32(&out, max);
	tell(rig, &out);
}

static void make_command(struct esim_buf *out, uint32_t tid, enum mbim_service service, uint32_t cid, unsigned set,
			 struct esim_slice info)
{
	put_header(out, MBIM_COMMAND, MBIM_COMMAND_HEADER + info.len, tid);
	vmbim_put_u32(out, 1);
	vmbim_put_u32(out, 0);
	esim_buf_append(out, vmbim_uuids[service], MBIM_UUID);
	vmbim_put_u32(out, cid);
	vmbim_put_u32(out, set);
	vmbim_put_u32(out, (uint32_t)info.len);
	esim_buf_append_slice(out, info);
}

static void command(struct vrig *rig, uint32_t tid, enum mbim_service service, uint32_t cid, unsigned set,
		    struct esim_slice info)
{
	struct esim_buf out = ESIM_BUF_INIT;

	make_command(&out, tid, service, cid, set, info);
	tell(rig, &out);
}

static uint32_t word(const struct esim_buf *message, size_t at)
{
	ATF_REQUIRE(message->len >= at + 4);
	return vmbim_get_u32(message->data + at);
}

/* The only message that was sent is COMMAND_DONE with this status; its InformationBuffer. */
static struct esim_slice answered(struct vrig *rig, uint32_t tid, uint32_t status)
{
	const struct esim_buf *message = &rig->sent[0];

	ATF_REQUIRE_EQ(1, rig->sent_count);
	ATF_REQUIRE_EQ(MBIM_COMMAND_DONE, word(message, 0));
	ATF_REQUIRE_EQ(message->len, word(message, 4));
	ATF_REQUIRE_EQ(tid, word(message, 8));
	ATF_REQUIRE_EQ(1, word(message, 12));
	ATF_REQUIRE_EQ(0, word(message, 16));
	ATF_REQUIRE_EQ_MSG(status, word(message, 40), "status %x", word(message, 40));
	ATF_REQUIRE_EQ(message->len - 48, word(message, 44));
	return esim_slice(message->data + 48, message->len - 48);
}

/* The only message that was sent is FUNCTION_ERROR with this error. */
static void refused(struct vrig *rig, uint32_t error)
{
	ATF_REQUIRE_EQ(1, rig->sent_count);
	ATF_REQUIRE_EQ(MBIM_FUNCTION_ERROR, word(&rig->sent[0], 0));
	ATF_REQUIRE_EQ(error, word(&rig->sent[0], 12));
	vrig_forget_sent(rig);
}

static void start(struct vrig *rig, unsigned slots, const char *quirk)
{
	vrig_card();
	vrig_open(rig, slots, quirk);
	vrig_front(rig, &vmodem_mbim);
	send_open(rig, 4096);
	ATF_REQUIRE_EQ(1, rig->sent_count);
	ATF_REQUIRE_EQ(MBIM_OPEN_DONE, word(&rig->sent[0], 0));
	ATF_REQUIRE_EQ(1, word(&rig->sent[0], 8));
	ATF_REQUIRE_EQ(MBIM_SUCCESS, word(&rig->sent[0], 12));
	vrig_forget_sent(rig);
}

/* OPEN_CHANNEL for the ISD-R in group 7. */
static struct esim_slice open_channel(struct vrig *rig, uint32_t status)
{
	struct mbim_info info = { 0 };
	struct esim_buf flat = ESIM_BUF_INIT;

	vmbim_info_sized(&info, esim_slice(isdr, sizeof(isdr)));
	vmbim_info_u32(&info, 0);
	vmbim_info_u32(&info, 7);
	vmbim_info_finish(&info, &flat);
	command(rig, 2, MBIM_MS_UICC, 2, SET, esim_buf_slice(&flat));
	vmbim_info_free(&info);
	esim_buf_free(&flat);
	return answered(rig, 2, status);
}

static void close_channel(struct vrig *rig, uint32_t channel, uint32_t group, uint32_t status)
{
	struct esim_buf info = ESIM_BUF_INIT;

	vrig_forget_sent(rig);
	vmbim_put_u32(&info, channel);
	vmbim_put_u32(&info, group);
	command(rig, 3, MBIM_MS_UICC, 3, SET, esim_buf_slice(&info));
	esim_buf_free(&info);
	answered(rig, 3, status);
	vrig_forget_sent(rig);
}

static void make_apdu(struct esim_buf *flat, uint32_t channel, struct esim_slice apdu)
{
	struct mbim_info info = { 0 };

	vmbim_info_u32(&info, channel);
	vmbim_info_u32(&info, 0);
	vmbim_info_u32(&info, 0);
	vmbim_info_sized(&info, apdu);
	vmbim_info_finish(&info, flat);
	vmbim_info_free(&info);
}

/* --- sessions ----------------------------------------------------------------------------------------------- */

CASE(session, "Nothing is done for a host that has not opened, nor for one that has closed")
{
	struct esim_buf out = ESIM_BUF_INIT;
	struct vrig rig;

	(void)tc;
	start(&rig, 1, NULL);
	put_header(&out, MBIM_CLOSE, 12, 9);
	tell(&rig, &out);
	ATF_REQUIRE_EQ(MBIM_CLOSE_DONE, word(&rig.sent[0], 0));
	ATF_REQUIRE_EQ(9, word(&rig.sent[0], 8));
	vrig_forget_sent(&rig);
	command(&rig, 2, MBIM_BASIC_CONNECT, 1, QUERY, esim_slice(NULL, 0));
	refused(&rig, MBIM_NOT_OPENED);
	send_open(&rig, 4096);
	vrig_forget_sent(&rig);
	command(&rig, 2, MBIM_BASIC_CONNECT, 1, QUERY, esim_slice(NULL, 0));
	answered(&rig, 2, MBIM_SUCCESS);
	vrig_forget_sent(&rig);
	vmodem_restart(rig.modem);
	vmodem_arrived(rig.modem);
	command(&rig, 3, MBIM_BASIC_CONNECT, 1, QUERY, esim_slice(NULL, 0));
	refused(&rig, MBIM_NOT_OPENED);
	vrig_close(&rig);
}

CASE(pieces, "Messages may come in any pieces, and several at once")
{
	struct esim_buf out = ESIM_BUF_INIT;
	struct vrig rig;

	(void)tc;
	start(&rig, 1, NULL);
	make_command(&out, 5, MBIM_BASIC_CONNECT, 3, QUERY, esim_slice(NULL, 0));
	make_command(&out, 6, MBIM_BASIC_CONNECT, 3, QUERY, esim_slice(NULL, 0));
	for (size_t i = 0; i < 50; i++)
		vmodem_feed(&rig.front, esim_slice(out.data + i, 1));
	ATF_REQUIRE_EQ(1, rig.sent_count);
	vmodem_feed(&rig.front, esim_slice(out.data + 50, out.len - 50));
	ATF_REQUIRE_EQ(2, rig.sent_count);
	ATF_REQUIRE_EQ(5, word(&rig.sent[0], 8));
	ATF_REQUIRE_EQ(6, word(&rig.sent[1], 8));
	esim_buf_free(&out);
	vrig_close(&rig);
}

/* --- the card -------------------------------------------------------------------------------------------------- */

CASE(channel, "A channel is opened, used and closed; status words are in their bytes' order; a fourth is not to be had")
{
	static const uint8_t get_eid[] = { 0x80, 0xE2, 0x91, 0x00, 0x06, 0xBF, 0x3E, 0x03, 0x5C, 0x01, 0x5A, 0x00 };
	struct esim_buf flat = ESIM_BUF_INIT;
	struct esim_slice info, data;
	struct vrig rig;
	uint32_t value;

	(void)tc;
	start(&rig, 1, NULL);
	info = open_channel(&rig, MBIM_SUCCESS);
	ATF_REQUIRE(vmbim_read_u32(info, 0, &value) && value == 0x0090);
	ATF_REQUIRE(vmbim_read_u32(info, 4, &value) && value == 1);
	ATF_REQUIRE(vmbim_read_ref(info, 8, true, &data) && data.len > 2 && data.data[0] == 0x6F);
	vrig_forget_sent(&rig);
	make_apdu(&flat, 1, esim_slice(get_eid, sizeof(get_eid)));
	command(&rig, 4, MBIM_MS_UICC, 4, SET, esim_buf_slice(&flat));
	info = answered(&rig, 4, MBIM_SUCCESS);
	ATF_REQUIRE(vmbim_read_u32(info, 0, &value) && value == 0x0090);
	ATF_REQUIRE(vmbim_read_ref(info, 4, true, &data) && data.len == 21 && !memcmp(data.data, "\xBF\x3E\x12\x5A", 4));
	esim_buf_free(&flat);
	for (unsigned i = 0; i < 2; i++) {
		vrig_forget_sent(&rig);
		open_channel(&rig, MBIM_SUCCESS);
	}
	vrig_forget_sent(&rig);
	open_channel(&rig, MBIM_NO_LOGICAL_CHANNELS);
	close_channel(&rig, 2, 7, MBIM_SUCCESS);
	close_channel(&rig, 2, 7, MBIM_INVALID_LOGICAL_CHANNEL);
	close_channel(&rig, 0, 7, MBIM_SUCCESS);
	ATF_REQUIRE_EQ_MSG(0, vmodem_channels_open(rig.modem), "the whole group");
	vrig_close(&rig);
}

CASE(quirks, "What a modem has not is answered so, and is not among its services")
{
	static const struct { const char *quirk; enum mbim_service service; uint32_t cid; } missing[] = {
		{ "no-uicc", MBIM_MS_UICC, 1 }, { "no-atr", MBIM_MS_UICC, 1 }, { "no-power", MBIM_MS_UICC, 6 },
		{ "no-slots", MBIM_MS_EXTENSIONS, 5 }, { "no-slots", MBIM_MS_EXTENSIONS, 7 },
	};
	struct vrig rig;
	char clear[32];

	(void)tc;
	start(&rig, 2, NULL);
	for (size_t i = 0; i < sizeof(missing) / sizeof(missing[0]); i++) {
		vrig_quirk(&rig, missing[i].quirk);
		command(&rig, 2, missing[i].service, missing[i].cid, QUERY, esim_slice(NULL, 0));
		answered(&rig, 2, MBIM_NO_DEVICE_SUPPORT);
		vrig_forget_sent(&rig);
		snprintf(clear, sizeof(clear), "-%s", missing[i].quirk);
		vrig_quirk(&rig, clear);
		command(&rig, 2, missing[i].service, missing[i].cid, QUERY, esim_slice(NULL, 0));
		answered(&rig, 2, MBIM_SUCCESS);
		vrig_forget_sent(&rig);
	}
	vrig_quirk(&rig, "isdr-denied");
	open_channel(&rig, MBIM_OPERATION_NOT_ALLOWED);
	vrig_quirk(&rig, "no-group");
	close_channel(&rig, 0, 7, MBIM_INVALID_PARAMETERS);
	vrig_close(&rig);
}

CASE(slots, "The slot map counts from 0, and a switch is told by both slots' states")
{
	struct mbim_info info = { 0 }, slot = { 0 };
	struct esim_buf flat = ESIM_BUF_INIT;
	unsigned slot_news = 0;
	struct vrig rig;

	(void)tc;
	start(&rig, 2, NULL);
	vmbim_info_u32(&slot, 1);
	vmbim_info_u32(&info, 1);
	vmbim_info_struct(&info, &slot);
	vmbim_info_finish(&info, &flat);
	command(&rig, 2, MBIM_MS_EXTENSIONS, 7, SET, esim_buf_slice(&flat));
	ATF_REQUIRE_EQ(2, vmodem_active_slot(rig.modem));
	ATF_REQUIRE_EQ(MBIM_COMMAND_DONE, word(&rig.sent[0], 0));
	for (size_t i = 1; i < rig.sent_count; i++)
		slot_news += word(&rig.sent[i], 0) == MBIM_INDICATE_STATUS && word(&rig.sent[i], 36) == 8;
	ATF_REQUIRE(slot_news >= 2);
	vrig_forget_sent(&rig);
	flat.data[flat.len - 4] = 2;
	command(&rig, 3, MBIM_MS_EXTENSIONS, 7, SET, esim_buf_slice(&flat));
	answered(&rig, 3, MBIM_INVALID_PARAMETERS);
	vmbim_info_free(&info);
	esim_buf_free(&flat);
	vrig_close(&rig);
}

/* --- indications -------------------------------------------------------------------------------------------------- */

static unsigned told(struct vrig *rig, uint32_t cid)
{
	unsigned count = 0;

	for (size_t i = 0; i < rig->sent_count; i++)
		count += word(&rig->sent[i], 0) == MBIM_INDICATE_STATUS && word(&rig->sent[i], 36) == cid &&
			 !memcmp(rig->sent[i].data + 20, vmbim_uuids[MBIM_BASIC_CONNECT], MBIM_UUID);
	vrig_forget_sent(rig);
	return count;
}

static void radio(struct vrig *rig, uint32_t on)
{
	struct esim_buf info = ESIM_BUF_INIT;

	vmbim_put_u32(&info, on);
	command(rig, 2, MBIM_BASIC_CONNECT, 3, SET, esim_buf_slice(&info));
	esim_buf_free(&info);
}

CASE(indications, "The host is told of card and radio, unless it asked for others or the modem tells nothing")
{
	struct mbim_info info = { 0 }, element = { 0 };
	struct esim_buf flat = ESIM_BUF_INIT;
	struct vrig rig;

	(void)tc;
	start(&rig, 1, NULL);
	radio(&rig, 0);
	ATF_REQUIRE_EQ(1, told(&rig, 3));
	radio(&rig, 1);
	ATF_REQUIRE_MSG(told(&rig, 2) >= 1, "the card was off and on with the radio");
	vrig_quirk(&rig, "no-indications");
	radio(&rig, 0);
	ATF_REQUIRE_EQ(0, told(&rig, 3));
	vrig_quirk(&rig, "-no-indications");
	/* SUBSCRIBER_READY_STATUS alone */
	esim_buf_append(&element.fixed, vmbim_uuids[MBIM_BASIC_CONNECT], MBIM_UUID);
	vmbim_info_u32(&element, 1);
	vmbim_info_u32(&element, 2);
	vmbim_info_u32(&info, 1);
	vmbim_info_struct(&info, &element);
	vmbim_info_finish(&info, &flat);
	command(&rig, 3, MBIM_BASIC_CONNECT, 19, SET, esim_buf_slice(&flat));
	answered(&rig, 3, MBIM_SUCCESS);
	vrig_forget_sent(&rig);
	radio(&rig, 1);
	for (size_t i = 1; i < rig.sent_count; i++)
		ATF_REQUIRE_EQ(2, word(&rig.sent[i], 36));
	ATF_REQUIRE(rig.sent_count > 1);
	vmbim_info_free(&info);
	esim_buf_free(&flat);
	vrig_close(&rig);
}

CASE(refresh, "After a switch of profiles the host is told the new ICCID")
{
	struct esim_slice text;
	struct vrig rig;
	const struct esim_buf *message;

	(void)tc;
	start(&rig, 1, NULL);
	vrig_enable_second(&rig, true);
	command(&rig, 2, MBIM_BASIC_CONNECT, 3, QUERY, esim_slice(NULL, 0));
	ATF_REQUIRE(rig.sent_count >= 2);
	message = &rig.sent[1];
	ATF_REQUIRE_EQ(MBIM_INDICATE_STATUS, word(message, 0));
	ATF_REQUIRE_EQ(2, word(message, 36));
	ATF_REQUIRE(vmbim_read_ref(esim_slice(message->data + 44, message->len - 44), 12, false, &text));
	ATF_REQUIRE_EQ(2 * strlen(VRIG_SECOND), text.len);
	for (size_t i = 0; i < text.len / 2; i++)
		ATF_REQUIRE_EQ(VRIG_SECOND[i], text.data[2 * i]);
	vrig_close(&rig);
}

/* --- fragments ------------------------------------------------------------------------------------------------------ */

CASE(fragments_out, "An answer beyond the host's bound comes in fragments that are one message together")
{
	struct esim_buf whole = ESIM_BUF_INIT;
	struct vrig rig;

	(void)tc;
	start(&rig, 1, NULL);
	send_open(&rig, 64);
	vrig_forget_sent(&rig);
	command(&rig, 2, MBIM_BASIC_CONNECT, 1, QUERY, esim_slice(NULL, 0));
	ATF_REQUIRE(rig.sent_count > 2);
	for (size_t i = 0; i < rig.sent_count; i++) {
		const struct esim_buf *one = &rig.sent[i];

		ATF_REQUIRE(one->len <= 64);
		ATF_REQUIRE_EQ(one->len, word(one, 4));
		ATF_REQUIRE_EQ(rig.sent_count, word(one, 12));
		ATF_REQUIRE_EQ(i, word(one, 16));
		esim_buf_append(&whole, one->data + 20, one->len - 20);
	}
	ATF_REQUIRE_EQ(whole.len - 28, word(&whole, 24));
	esim_buf_free(&whole);
	vrig_close(&rig);
}

/* @message in two fragments, the first of @first_total, the second with this number of this many. */
static void split(struct vrig *rig, const struct esim_buf *message, uint32_t first_total, uint32_t number, uint32_t total)
{
	const size_t first = 60;
	struct esim_buf out = ESIM_BUF_INIT;

	put_header(&out, MBIM_COMMAND, first, 8);
	vmbim_put_u32(&out, first_total);
	vmbim_put_u32(&out, 0);
	esim_buf_append(&out, message->data + 20, first - 20);
	put_header(&out, MBIM_COMMAND, 20 + message->len - first, 8);
	vmbim_put_u32(&out, total);
	vmbim_put_u32(&out, number);
	esim_buf_append(&out, message->data + first, message->len - first);
	tell(rig, &out);
}

CASE(fragments_in, "A command in fragments is carried out once it is whole; one out of sequence is refused")
{
	static const uint8_t status[] = { 0x80, 0xF2, 0x00, 0x0C };
	struct esim_buf flat = ESIM_BUF_INIT, message = ESIM_BUF_INIT;
	struct vrig rig;

	(void)tc;
	start(&rig, 1, NULL);
	make_apdu(&flat, 0, esim_slice(status, sizeof(status)));
	make_command(&message, 8, MBIM_MS_UICC, 4, SET, esim_buf_slice(&flat));
	split(&rig, &message, 2, 1, 2);
	answered(&rig, 8, MBIM_SUCCESS);
	vrig_forget_sent(&rig);
	split(&rig, &message, 2, 0, 2);
	refused(&rig, MBIM_OUT_OF_SEQUENCE);
	split(&rig, &message, 3, 2, 3);
	refused(&rig, MBIM_OUT_OF_SEQUENCE);
	split(&rig, &message, 3, 1, 2);
	refused(&rig, MBIM_OUT_OF_SEQUENCE);
	split(&rig, &message, 2, 1, 2);
	answered(&rig, 8, MBIM_SUCCESS);
	esim_buf_free(&flat);
	esim_buf_free(&message);
	vrig_close(&rig);
}

/* --- a hostile host --------------------------------------------------------------------------------------------------- */

CASE(bad_lengths, "A length that lies gets an error, and the next message is understood")
{
	static const uint32_t lengths[] = { 0, 11, 4097, 0xFFFFFFFF };
	struct esim_buf out = ESIM_BUF_INIT;
	struct vrig rig;

	(void)tc;
	start(&rig, 1, NULL);
	for (size_t i = 0; i < sizeof(lengths) / sizeof(lengths[0]); i++) {
		put_header(&out, MBIM_COMMAND, lengths[i], 3);
		tell(&rig, &out);
		refused(&rig, MBIM_LENGTH_MISMATCH);
	}
	put_header(&out, MBIM_COMMAND, 16, 3);
	vmbim_put_u32(&out, 1);
	tell(&rig, &out);
	refused(&rig, MBIM_LENGTH_MISMATCH);
	make_command(&out, 3, MBIM_BASIC_CONNECT, 3, QUERY, esim_slice("\1\0\0\0", 4));
	out.data[44] = 5;
	tell(&rig, &out);
	refused(&rig, MBIM_LENGTH_MISMATCH);
	put_header(&out, 0x77777777, 12, 3);
	tell(&rig, &out);
	refused(&rig, MBIM_UNKNOWN);
	command(&rig, 4, MBIM_BASIC_CONNECT, 3, QUERY, esim_slice(NULL, 0));
	answered(&rig, 4, MBIM_SUCCESS);
	vrig_close(&rig);
}

CASE(bad_references, "An offset or a size beyond the buffer is an invalid parameter")
{
	uint8_t info[28] = { 16, 0, 0, 0, 16, 0, 0, 0 };
	struct vrig rig;

	(void)tc;
	start(&rig, 1, NULL);
	for (size_t i = 0; i < 2; i++) {
		info[4 * i + 3] = 0xFF;
		command(&rig, 2, MBIM_MS_UICC, 2, SET, esim_slice(info, sizeof(info)));
		answered(&rig, 2, MBIM_INVALID_PARAMETERS);
		vrig_forget_sent(&rig);
		info[4 * i + 3] = 0;
	}
	command(&rig, 2, MBIM_BASIC_CONNECT, 19, SET, esim_slice("\xFF\xFF\xFF\xFF", 4));
	answered(&rig, 2, MBIM_INVALID_PARAMETERS);
	vrig_forget_sent(&rig);
	command(&rig, 2, MBIM_MS_EXTENSIONS, 8, QUERY, esim_slice("\xFF\xFF\xFF\xFF", 4));
	answered(&rig, 2, MBIM_INVALID_PARAMETERS);
	vrig_close(&rig);
}

CASE(noise, "Whatever a host sends, the modem stays and understands the next session")
{
	struct vrig rig;
	uint8_t bytes[512];
	unsigned seed = 1;

	(void)tc;
	start(&rig, 2, NULL);
	for (unsigned i = 0; i < 20000; i++) {
		struct esim_buf out = ESIM_BUF_INIT;
		size_t len = (size_t)rand_r(&seed) % sizeof(bytes);

		for (size_t k = 0; k < len; k++)
			bytes[k] = (uint8_t)(rand_r(&seed) % 4 ? 0 : rand_r(&seed));
		make_command(&out, i, (enum mbim_service)(i % MBIM_SERVICES), (uint32_t)rand_r(&seed) % 26, i / 3 % 2,
			     esim_slice(bytes, len));
		if (i % 7 == 0)
			out.data[(size_t)rand_r(&seed) % out.len] ^= (uint8_t)rand_r(&seed);
		tell(&rig, &out);
		vrig_forget_sent(&rig);
		if (vmodem_bus(rig.modem) != VMODEM_BUS_THERE)
			vmodem_arrived(rig.modem);
		if (i % 100 == 0)
			send_open(&rig, (uint32_t)rand_r(&seed));
		vrig_forget_sent(&rig);
	}
	memset(bytes, 0xFF, sizeof(bytes));
	vmodem_feed(&rig.front, esim_slice(bytes, sizeof(bytes)));
	send_open(&rig, 4096);
	vrig_forget_sent(&rig);
	send_open(&rig, 4096);
	vrig_forget_sent(&rig);
	command(&rig, 4, MBIM_BASIC_CONNECT, 3, QUERY, esim_slice(NULL, 0));
	answered(&rig, 4, MBIM_SUCCESS);
	vrig_close(&rig);
}

/* --- faults ---------------------------------------------------------------------------------------------------------------- */

CASE(faults, "Each fault makes of the answer what it says")
{
	struct vrig rig;

	(void)tc;
	start(&rig, 1, NULL);
	vrig_fault(&rig, "busy@1:radio,error@2:radio,garbage@1:info,truncated@2:info,noise@3:info");
	radio(&rig, 0);
	answered(&rig, 2, MBIM_BUSY);
	vrig_forget_sent(&rig);
	radio(&rig, 0);
	answered(&rig, 2, MBIM_FAILURE);
	ATF_REQUIRE_MSG(vmodem_radio(rig.modem), "neither was carried out");
	vrig_forget_sent(&rig);
	for (unsigned i = 0; i < 3; i++)
		command(&rig, 10 + i, MBIM_BASIC_CONNECT, 1, QUERY, esim_slice(NULL, 0));
	ATF_REQUIRE_EQ(4, rig.sent_count);
	ATF_REQUIRE_EQ(10, word(&rig.sent[0], 8));
	ATF_REQUIRE_EQ_MSG(0xA5A5A5A5, word(&rig.sent[0], 20), "garbage, in a frame that is one");
	ATF_REQUIRE_MSG(word(&rig.sent[1], 44) > rig.sent[1].len, "truncated");
	ATF_REQUIRE_EQ_MSG(0x5A5A5A5A, word(&rig.sent[2], 0), "noise, and then the answer");
	ATF_REQUIRE_EQ(12, word(&rig.sent[3], 8));
	vrig_close(&rig);
}

ATF_TP_ADD_TCS(tp)
{
	ATF_TP_ADD_TC(tp, session);
	ATF_TP_ADD_TC(tp, pieces);
	ATF_TP_ADD_TC(tp, channel);
	ATF_TP_ADD_TC(tp, quirks);
	ATF_TP_ADD_TC(tp, slots);
	ATF_TP_ADD_TC(tp, indications);
	ATF_TP_ADD_TC(tp, refresh);
	ATF_TP_ADD_TC(tp, fragments_out);
	ATF_TP_ADD_TC(tp, fragments_in);
	ATF_TP_ADD_TC(tp, bad_lengths);
	ATF_TP_ADD_TC(tp, bad_references);
	ATF_TP_ADD_TC(tp, noise);
	ATF_TP_ADD_TC(tp, faults);
	return atf_no_error();
}
