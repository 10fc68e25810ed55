/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The MBIM front: the session, messages and their fragments both ways, and which service a command goes to. */
#include "vmodem/mbim.h"

#include <stdlib.h>
#include <string.h>

/* --- messages to the host ------------------------------------------------------------------------------ */

static void put_header(struct esim_buf *out, uint32_t type, size_t len, uint32_t tid)
{
	vmbim_put_u32(out, type);
	vmbim_put_u32(out, (uint32_t)len);
	vmbim_put_u32(out, tid);
}

static void send_short(struct mbim *mbim, enum vmodem_fault fault, uint32_t type, uint32_t tid, uint32_t value)
{
	struct esim_buf out = ESIM_BUF_INIT;

	put_header(&out, type, MBIM_HEADER + 4, tid);
	vmbim_put_u32(&out, value);
	vmodem_answer(mbim->front, fault, esim_buf_slice(&out));
	esim_buf_free(&out);
}

static void send_error(struct mbim *mbim, uint32_t tid, enum mbim_protocol_error error)
{
	send_short(mbim, VMODEM_FAULTS, MBIM_FUNCTION_ERROR, tid, error);
}

/* @payload is what follows the fragment header; each fragment but the last has as much of it as fits. */
static void send_fragments(struct mbim *mbim, enum vmodem_fault fault, uint32_t type, uint32_t tid,
			   struct esim_slice payload)
{
	const size_t room = mbim->max_transfer - MBIM_FRAGMENT_HEADER;
	const size_t total = (payload.len + room - 1) / room;

	for (size_t i = 0; i < total; i++) {
		const size_t from = i * room, n = payload.len - from < room ? payload.len - from : room;
		const bool last = i + 1 == total;
		struct esim_buf out = ESIM_BUF_INIT;

		put_header(&out, type, MBIM_FRAGMENT_HEADER + n, tid);
		vmbim_put_u32(&out, (uint32_t)total);
		vmbim_put_u32(&out, (uint32_t)i);
		esim_buf_append(&out, payload.data + from, n);
		/* What comes late goes out behind a whole answer, not between its fragments. */
		if (last || fault != VMODEM_FAULTS)
			vmodem_answer(mbim->front, fault, esim_buf_slice(&out));
		else
			mbim->front->send(mbim->front, esim_buf_slice(&out));
		esim_buf_free(&out);
	}
}

/* What a fault makes of COMMAND_DONE's inside: another service's, of junk; or one whose lengths lie. */
static void spoil(enum vmodem_fault fault, struct esim_buf *payload)
{
	if (fault == VMODEM_FAULT_GARBAGE)
		memset(payload->data, 0xA5, payload->len);
	if (fault == VMODEM_FAULT_TRUNCATED) {
		payload->data[24] = 0xFF;		/* the low bytes of InformationBufferLength */
		payload->data[25] = 0xFF;
		for (size_t i = 28; i + 4 <= payload->len && i < 28 + 16; i += 4)
			payload->data[i + 1] = 0xFF;	/* sizes and offsets, most likely */
	}
}

static void send_noise(struct mbim *mbim)
{
	struct esim_buf out = ESIM_BUF_INIT;

	put_header(&out, 0x5A5A5A5A, 16, 0xFFFFFFFF);
	vmbim_put_u32(&out, 0x5A5A5A5A);
	mbim->front->send(mbim->front, esim_buf_slice(&out));
	esim_buf_free(&out);
}

/* Service, CID, what a COMMAND_DONE says of its outcome, and the InformationBuffer. */
static void answer_command(struct mbim *mbim, enum vmodem_fault fault, uint32_t tid, const uint8_t *service_and_cid,
			   enum mbim_status status, struct mbim_info *info)
{
	struct esim_buf payload = ESIM_BUF_INIT, buffer = ESIM_BUF_INIT;

	if (status == MBIM_SUCCESS || status == MBIM_SELECT_FAILED)
		vmbim_info_finish(info, &buffer);
	esim_buf_append(&payload, service_and_cid, MBIM_UUID + 4);
	vmbim_put_u32(&payload, status);
	vmbim_put_u32(&payload, (uint32_t)buffer.len);
	esim_buf_append_slice(&payload, esim_buf_slice(&buffer));
	if (!esim_buf_failed(&payload)) {
		spoil(fault, &payload);
		if (fault == VMODEM_FAULT_NOISE)
			send_noise(mbim);
		send_fragments(mbim, fault, MBIM_COMMAND_DONE, tid, esim_buf_slice(&payload));
	}
	esim_buf_free(&payload);
	esim_buf_free(&buffer);
}

/* --- indications ------------------------------------------------------------------------------------------ */

/* MBIM_INDICATE_STATUS with what a query would be answered with now, where the host wants it. */
static void indicate(struct mbim *mbim, enum mbim_service service, uint32_t cid, struct esim_slice in)
{
	const struct mbim_command *command = vmbim_find(mbim, vmbim_uuids[service], cid);
	struct esim_buf payload = ESIM_BUF_INIT, buffer = ESIM_BUF_INIT;
	struct mbim_info info = { 0 };

	if (!mbim->open || !command || (mbim->chosen && !(mbim->wanted[service] & 1u << cid)))
		return;
	if (command->handler(mbim, false, in, &info) == MBIM_SUCCESS) {
		vmbim_info_finish(&info, &buffer);
		esim_buf_append(&payload, vmbim_uuids[service], MBIM_UUID);
		vmbim_put_u32(&payload, cid);
		vmbim_put_u32(&payload, (uint32_t)buffer.len);
		esim_buf_append_slice(&payload, esim_buf_slice(&buffer));
		send_fragments(mbim, VMODEM_FAULTS, MBIM_INDICATE_STATUS, 0, esim_buf_slice(&payload));
	}
	vmbim_info_free(&info);
	esim_buf_free(&payload);
	esim_buf_free(&buffer);
}

/* --- messages of the host --------------------------------------------------------------------------------- */

static enum mbim_status run(struct mbim *mbim, const struct mbim_command *command, bool set, struct esim_slice in,
			    enum vmodem_fault fault, struct mbim_info *info)
{
	if (!command || !(command->takes & (set ? MBIM_SET : MBIM_QUERY)))
		return MBIM_NO_DEVICE_SUPPORT;
	if (fault == VMODEM_FAULT_BUSY)
		return MBIM_BUSY;
	if (fault == VMODEM_FAULT_ERROR)
		return MBIM_FAILURE;
	return command->handler(mbim, set, in, info);
}

static void take_command(struct mbim *mbim, uint32_t tid, struct esim_slice message)
{
	const uint8_t *service = message.data + MBIM_FRAGMENT_HEADER;
	const uint32_t cid = vmbim_get_u32(service + MBIM_UUID), len = vmbim_get_u32(message.data + 44);
	const bool set = vmbim_get_u32(message.data + 40) == 1;
	const struct mbim_command *command = vmbim_find(mbim, service, cid);
	const char *kind = !command ? "other" : set ? command->set_kind : command->query_kind;
	struct mbim_info info = { 0 };
	enum vmodem_fault fault;
	enum mbim_status status;

	if (len > message.len - MBIM_COMMAND_HEADER) {
		send_error(mbim, tid, MBIM_LENGTH_MISMATCH);
		return;
	}
	fault = vmodem_next_fault(mbim->modem, kind ? kind : "other");
	status = run(mbim, command, set, esim_slice(message.data + MBIM_COMMAND_HEADER, len), fault, &info);
	answer_command(mbim, fault, tid, service, status, &info);
	vmbim_info_free(&info);
}

static void take_open(struct mbim *mbim, uint32_t tid, struct esim_slice message)
{
	enum vmodem_fault fault = vmodem_next_fault(mbim->modem, "sync");
	uint32_t max;

	if (!vmbim_read_u32(message, MBIM_HEADER, &max)) {
		send_error(mbim, tid, MBIM_LENGTH_MISMATCH);
		return;
	}
	mbim->open = true;
	mbim->chosen = mbim->extensions_3 = false;
	mbim->max_transfer = max < 64 ? 64 : max > MBIM_MAX_TRANSFER ? MBIM_MAX_TRANSFER : max;
	send_short(mbim, fault, MBIM_OPEN_DONE, tid,
		   fault == VMODEM_FAULT_BUSY ? MBIM_BUSY : fault == VMODEM_FAULT_ERROR ? MBIM_FAILURE : MBIM_SUCCESS);
}

static void take_close(struct mbim *mbim, uint32_t tid)
{
	enum vmodem_fault fault = vmodem_next_fault(mbim->modem, "sync");

	mbim->open = false;
	send_short(mbim, fault, MBIM_CLOSE_DONE, tid, MBIM_SUCCESS);
}

/* The first fragment is taken whole, of the others what follows their header. */
static void take_fragment(struct mbim *mbim, uint32_t tid, struct esim_slice message)
{
	const uint32_t total = vmbim_get_u32(message.data + MBIM_HEADER), at = vmbim_get_u32(message.data + 16);
	const size_t skip = at ? MBIM_FRAGMENT_HEADER : 0;

	if (at == 0) {
		esim_buf_reset(&mbim->message);
		mbim->tid = tid;
		mbim->fragments = total;
		mbim->next_fragment = 0;
	}
	if (at >= total || at != mbim->next_fragment || total != mbim->fragments || tid != mbim->tid ||
	    (at == 0 && message.len < MBIM_COMMAND_HEADER)) {
		esim_buf_reset(&mbim->message);
		mbim->fragments = 0;
		send_error(mbim, tid, MBIM_OUT_OF_SEQUENCE);
		return;
	}
	esim_buf_append(&mbim->message, message.data + skip, message.len - skip);
	mbim->next_fragment++;
	if (esim_buf_failed(&mbim->message)) {
		esim_buf_reset(&mbim->message);
		mbim->fragments = 0;
		send_error(mbim, tid, MBIM_TOO_LONG);
		return;
	}
	if (mbim->next_fragment < total)
		return;
	take_command(mbim, tid, esim_buf_slice(&mbim->message));
	esim_buf_reset(&mbim->message);
	mbim->fragments = 0;
}

static void take_message(struct mbim *mbim, struct esim_slice message)
{
	const uint32_t type = vmbim_get_u32(message.data), tid = vmbim_get_u32(message.data + 8);

	switch (type) {
	case MBIM_OPEN:
		take_open(mbim, tid, message);
		break;
	case MBIM_CLOSE:
		take_close(mbim, tid);
		break;
	case MBIM_COMMAND:
		if (!mbim->open)
			send_error(mbim, tid, MBIM_NOT_OPENED);
		else if (message.len < MBIM_FRAGMENT_HEADER)
			send_error(mbim, tid, MBIM_LENGTH_MISMATCH);
		else
			take_fragment(mbim, tid, message);
		break;
	case MBIM_HOST_ERROR:
		break;
	default:
		send_error(mbim, tid, MBIM_UNKNOWN);
	}
}

/* The bytes up to the next message are taken off; false: it is not whole. A length that is none loses all that is there. */
static bool next_message(struct mbim *mbim)
{
	struct esim_buf *in = &mbim->in;
	uint32_t len;

	if (in->len < MBIM_HEADER)
		return false;
	len = vmbim_get_u32(in->data + 4);
	if (len < MBIM_HEADER || len > MBIM_MAX_TRANSFER) {
		send_error(mbim, vmbim_get_u32(in->data + 8), MBIM_LENGTH_MISMATCH);
		esim_buf_reset(in);
		return false;
	}
	if (in->len < len)
		return false;
	take_message(mbim, esim_slice(in->data, len));
	in->len -= len;
	memmove(in->data, in->data + len, in->len);
	return true;
}

/* --- the front ---------------------------------------------------------------------------------------------- */

static int front_open(struct vmodem *modem, struct vmodem_front *front)
{
	struct mbim *mbim = calloc(1, sizeof(*mbim));

	if (!mbim)
		return ESIM_ENOMEM;
	mbim->front = front;
	mbim->modem = modem;
	mbim->max_transfer = MBIM_MAX_TRANSFER;
	mbim->in = ESIM_BUF_INIT_MAX(2 * MBIM_MAX_MESSAGE);
	mbim->message = ESIM_BUF_INIT_MAX(MBIM_MAX_MESSAGE);
	front->priv = mbim;
	return 0;
}

static void forget(struct mbim *mbim)
{
	esim_buf_free(&mbim->in);
	esim_buf_free(&mbim->message);
	esim_buf_free(&mbim->capabilities);
	mbim->open = mbim->chosen = mbim->extensions_3 = mbim->detached = mbim->connected = false;
	mbim->fragments = mbim->capability_count = mbim->pass_through = 0;
	memset(mbim->group, 0, sizeof(mbim->group));
}

static void front_close(struct vmodem_front *front)
{
	forget(front->priv);
	free(front->priv);
	front->priv = NULL;
}

static void front_feed(struct vmodem_front *front, struct esim_slice bytes)
{
	struct mbim *mbim = front->priv;

	esim_buf_append_slice(&mbim->in, bytes);
	if (esim_buf_failed(&mbim->in))
		esim_buf_reset(&mbim->in);
	while (next_message(mbim) && vmodem_bus(mbim->modem) == VMODEM_BUS_THERE)
		continue;
}

static void slot_news(struct mbim *mbim)
{
	for (unsigned i = 0; i < vmodem_slots(mbim->modem); i++) {
		uint8_t index[4] = { (uint8_t)i };

		indicate(mbim, MBIM_MS_EXTENSIONS, 8, esim_slice(index, sizeof(index)));
	}
}

static void front_news(struct vmodem_front *front, enum vmodem_news news)
{
	const struct esim_slice nothing = esim_slice(NULL, 0);
	struct mbim *mbim = front->priv;

	switch (news) {
	case VMODEM_NEWS_RESTART:
		forget(mbim);
		break;
	case VMODEM_NEWS_RADIO:
		indicate(mbim, MBIM_BASIC_CONNECT, 3, nothing);
		indicate(mbim, MBIM_BASIC_CONNECT, 9, nothing);
		indicate(mbim, MBIM_BASIC_CONNECT, 10, nothing);
		break;
	case VMODEM_NEWS_SLOT:
		slot_news(mbim);
		break;
	case VMODEM_NEWS_CARD:
		mbim->connected = false;
		indicate(mbim, MBIM_BASIC_CONNECT, 2, nothing);
		slot_news(mbim);
		indicate(mbim, MBIM_BASIC_CONNECT, 9, nothing);
		break;
	}
}

const struct vmodem_front_ops vmodem_mbim = {
	.name = "mbim",
	.protocol = VMODEM_MBIM,
	.open = front_open,
	.close = front_close,
	.feed = front_feed,
	.news = front_news,
};
