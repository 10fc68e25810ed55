/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "usbccid_wire.h"

#include <atf-c.h>
#include <ctype.h>
#include <poll.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

/* --- hex ------------------------------------------------------------------------------------ */

static unsigned digit(char c)
{
	return (unsigned)(isdigit((unsigned char)c) ? c - '0' : toupper((unsigned char)c) - 'A' + 10);
}

size_t from_hex(const char *hex, uint8_t *out, size_t size)
{
	size_t len = 0;

	for (; *hex; hex++) {
		if (*hex == ' ')
			continue;
		ATF_REQUIRE_MSG(isxdigit((unsigned char)hex[0]) && isxdigit((unsigned char)hex[1]),
				"no hex: %s", hex);
		ATF_REQUIRE(len < size);
		out[len++] = (uint8_t)(digit(hex[0]) << 4 | digit(hex[1]));
		hex++;
	}
	return len;
}

static void to_hex(const uint8_t *in, size_t len, char *out, size_t size)
{
	size_t used = 0;

	out[0] = '\0';
	for (size_t i = 0; i < len && used + 3 < size; i++)
		used += (size_t)snprintf(out + used, size - used, "%02X", in[i]);
}

/* --- the script ------------------------------------------------------------------------------ */

static bool begins(const char *line, const char *word)
{
	return strncmp(line, word, strlen(word)) == 0;
}

static void add_notice(struct scripted_wire *wire, const char *hex, bool late)
{
	const unsigned n = wire->notice_count++;

	ATF_REQUIRE(n < 64);
	wire->notice_len[n] = from_hex(hex, wire->notices[n], sizeof(wire->notices[n]));
	if (late)
		wire->notice_late++;
}

static int code_of(const char *word)
{
	static const struct {
		const char *word;
		int code;
	} codes[] = {
		{ "ok", 0 }, { "timeout", USBCCID_ETIMEDOUT }, { "deadline", USBCCID_ETIMEDOUT },
		{ "cancel", USBCCID_ECANCELED }, { "gone", USBCCID_ENODEV },
		{ "stall", USBCCID_EPROTO }, { "io", USBCCID_EIO }, { "unsent", USBCCID_EIO },
		{ "sent", USBCCID_EIO }, { "none", USBCCID_ENOTSUP },
		{ "reset", USBCCID_ESTALE }, { "busy", USBCCID_EBUSY },
	};

	for (size_t i = 0; i < sizeof(codes) / sizeof(codes[0]); i++)
		if (strcmp(codes[i].word, word) == 0)
			return codes[i].code;
	ATF_REQUIRE_MSG(false, "no such failure: %s", word);
	return 0;
}

/* What happens beside the messages, as soon as the line before it was played. */
static void play_asides(struct scripted_wire *wire)
{
	for (; wire->at < wire->count; wire->at++) {
		const char *line = wire->lines[wire->at];

		if (begins(line, "notice "))
			add_notice(wire, line + 7, false);
		else if (begins(line, "late "))
			add_notice(wire, line + 5, true);
		else if (begins(line, "interrupt "))
			wire->interrupt = code_of(line + 10);
		else if (begins(line, "readable"))
			wire->readable = true;
		else
			return;
	}
}

static const char *next_line(struct scripted_wire *wire, const char *what)
{
	if (wire->at == wire->count && wire->rounds > 0) {
		wire->rounds--;
		wire->at = 1;
	}
	ATF_REQUIRE_MSG(wire->at < wire->count, "the script is over, and here comes: %s", what);
	return wire->lines[wire->at++];
}

static int told(struct usbccid_error *err, int code, bool sent)
{
	if (code)
		error_set(err, code, "the wire says %s", usbccid_code_name(code));
	else
		error_clear(err);
	err->sent = code && sent;
	return code;
}

/* --- the wire -------------------------------------------------------------------------------- */

static struct scripted_wire *own(struct wire *wire)
{
	return (struct scripted_wire *)wire;
}

/* No number twice in a row, or a late answer would be taken for the next one's. */
static void check_seq(struct scripted_wire *wire, const uint8_t *message)
{
	const uint8_t slot = message[5], seq = message[6];

	if (message[0] == CCID_ABORT) {
		ATF_CHECK_MSG(wire->abort_owed, "Abort without its control request");
		ATF_CHECK_EQ(wire->abort_seq, seq);
		wire->abort_owed = false;
	}
	if (wire->seq_used[slot])
		ATF_CHECK_EQ((uint8_t)(wire->seq[slot] + 1), seq);
	wire->seq_used[slot] = true;
	wire->seq[slot] = seq;
}

static int scripted_send(struct wire *base, const uint8_t *message, size_t len,
			 struct usbccid_error *err)
{
	struct scripted_wire *wire = own(base);
	static uint8_t expected[CCID_MESSAGE_MAX];
	static char hex[3 * 300];
	uint8_t slot = 0;
	const char *line;
	size_t n;

	to_hex(message, len, hex, sizeof(hex));
	line = next_line(wire, hex);
	check_seq(wire, message);
	if (begins(line, "x ")) {
		play_asides(wire);
		return told(err, code_of(line + 2), strcmp(line, "x sent") == 0);
	}
	ATF_REQUIRE_MSG(line[0] == '>', "%s goes out, and not: %s", hex, line);
	if (line[1] != ' ')
		slot = (uint8_t)digit(line[1]);
	n = from_hex(line + 2, expected, sizeof(expected));
	ATF_REQUIRE(n >= 4);
	ATF_REQUIRE_MSG(len == CCID_HEADER_SIZE + n - 4, "%s goes out, and not: %s", hex, line);
	ATF_CHECK_EQ(n - 4, ccid_get_le32(message + 1));
	ATF_REQUIRE_MSG(message[0] == expected[0] && message[5] == slot &&
			memcmp(message + 7, expected + 1, n - 1) == 0,
			"%s goes out, and not: %s", hex, line);
	memcpy(wire->last, message, len);
	wire->last_len = len;
	play_asides(wire);
	return told(err, 0, true);
}

static void put_answer(struct scripted_wire *wire, const char *line, size_t *ret_len)
{
	static uint8_t bytes[CCID_MESSAGE_MAX];
	const size_t n = from_hex(line + 2, bytes, sizeof(bytes));
	const struct ccid_header header = {
		.type = bytes[0],
		.length = (uint32_t)(n - 4),
		.slot = (uint8_t)(wire->last[5] + (line[1] == 's')),
		.seq = (uint8_t)(wire->last[6] ^ (line[1] == 'f' ? 0x80 : 0)),
		.specific = { bytes[1], bytes[2], bytes[3] },
	};

	ATF_REQUIRE(n >= 4);
	ccid_header_put(wire->in, &header);
	memcpy(wire->in + CCID_HEADER_SIZE, bytes + 4, n - 4);
	*ret_len = CCID_HEADER_SIZE + n - 4;
}

static void pass_time(uint64_t deadline)
{
	uint64_t now = wire_now_ms();

	ATF_REQUIRE(deadline != WIRE_FOREVER);
	while (now < deadline) {
		poll(NULL, 0, (int)(deadline - now));
		now = wire_now_ms();
	}
}

static int scripted_receive(struct wire *base, const uint8_t **ret, size_t *ret_len,
			    uint64_t deadline, int cancel_fd, struct usbccid_error *err)
{
	struct scripted_wire *wire = own(base);
	const char *line = next_line(wire, "a wait for an answer");

	wire->deadline = deadline;
	wire->cancel_fd = cancel_fd;
	/* What was cancelled is brought to its end all the same. */
	if (wire->last[0] == CCID_ABORT || wire->must_be_over)
		ATF_CHECK_EQ(-1, cancel_fd);
	/* Abort leaves time to switch the card off. */
	if (wire->last[0] == CCID_ICC_POWER_OFF && wire->must_be_over)
		ATF_CHECK(deadline > wire_now_ms());
	ATF_REQUIRE_MSG(strchr("<=!", line[0]), "a wait for an answer, and not: %s", line);
	play_asides(wire);
	if (strcmp(line, "! deadline") == 0)
		pass_time(deadline);
	if (line[0] == '!')
		return told(err, code_of(line + 2), strcmp(line, "! unsent") != 0);
	if (line[0] == '<')
		put_answer(wire, line, ret_len);
	else
		*ret_len = from_hex(line + 1, wire->in, sizeof(wire->in));
	*ret = wire->in;
	return told(err, 0, true);
}

static int scripted_abort(struct wire *base, uint8_t slot, uint8_t seq, uint64_t deadline,
			  struct usbccid_error *err)
{
	struct scripted_wire *wire = own(base);
	const char *line = next_line(wire, "the control request of Abort");

	ATF_REQUIRE_MSG(begins(line, "abort "), "Abort, and not: %s", line);
	ATF_CHECK(slot < USBCCID_MAX_SLOTS);
	ATF_CHECK(deadline <= wire_now_ms() + 1000);
	wire->abort_seq = seq;
	wire->abort_owed = true;
	play_asides(wire);
	return told(err, code_of(line + 6), false);
}

static int scripted_recover(struct wire *base, struct usbccid_error *err)
{
	struct scripted_wire *wire = own(base);
	const char *line = next_line(wire, "recover");

	ATF_REQUIRE_MSG(begins(line, "recover"), "recover, and not: %s", line);
	play_asides(wire);
	return told(err, 0, false);
}

static int scripted_reset(struct wire *base, struct usbccid_error *err)
{
	struct scripted_wire *wire = own(base);
	const char *line = next_line(wire, "a reset");

	ATF_REQUIRE_MSG(begins(line, "reset "), "a reset, and not: %s", line);
	play_asides(wire);
	return told(err, code_of(line + 6), false);
}

static int scripted_notice(struct wire *base, const uint8_t **ret, size_t *ret_len, int fd,
			   uint64_t deadline, int cancel_fd, struct usbccid_error *err)
{
	struct scripted_wire *wire = own(base);
	const bool look = deadline != 0;

	(void)cancel_fd;
	wire->notice_deadline = deadline;
	wire->looks += look;
	play_asides(wire);
	if (wire->notice_count > (look ? 0 : wire->notice_late)) {
		memcpy(wire->in, wire->notices[0], sizeof(wire->notices[0]));
		*ret = wire->in;
		*ret_len = wire->notice_len[0];
		if (wire->endless)
			return 1;
		wire->notice_count--;
		if (wire->notice_late > wire->notice_count)
			wire->notice_late = wire->notice_count;
		memmove(wire->notices, wire->notices + 1,
			wire->notice_count * sizeof(wire->notices[0]));
		memmove(wire->notice_len, wire->notice_len + 1,
			wire->notice_count * sizeof(wire->notice_len[0]));
		told(err, 0, false);
		return 1;
	}
	if (wire->interrupt == USBCCID_ESTALE) {
		wire->interrupt = 0;
		return told(err, USBCCID_ESTALE, false);
	}
	if (wire->interrupt)
		return told(err, wire->interrupt, false);
	if (fd >= 0 && wire->readable)
		return told(err, 0, false);
	return told(err, USBCCID_ETIMEDOUT, false);
}

static void scripted_close(struct wire *base)
{
	struct scripted_wire *wire = own(base);

	if (wire->must_be_over)
		ATF_CHECK_MSG(wire->at == wire->count, "not played: %s", wire->lines[wire->at]);
	if (wire->closed)
		*wire->closed = true;
	free(wire);
}

static const struct wire_ops scripted_ops = {
	.send = scripted_send,
	.receive = scripted_receive,
	.abort = scripted_abort,
	.recover = scripted_recover,
	.reset = scripted_reset,
	.notice = scripted_notice,
	.close = scripted_close,
};

/* --- readers --------------------------------------------------------------------------------- */

struct reader_setup setup_of(uint32_t level)
{
	return (struct reader_setup){
		.info = { .bus_port = "3-1", .name = "Scripted Reader" },
		.descriptor = {
			.release = 0x0110,
			.voltages = CCID_VOLTAGE_5V | CCID_VOLTAGE_3V | CCID_VOLTAGE_1V8,
			.protocols = CCID_PROTOCOL_T0 | CCID_PROTOCOL_T1,
			.default_clock = 4000,
			.max_clock = 4000,
			.max_data_rate = 500000,
			.max_ifsd = 254,
			.features = level | CCID_AUTO_VOLTAGE | CCID_AUTO_PARAMETERS |
				    CCID_AUTO_IFSD,
			.max_message = 271,
			.max_busy_slots = 1,
		},
	};
}

struct scripted_wire *wire_of(struct usbccid_reader *reader)
{
	return (struct scripted_wire *)reader->wire;
}

int scripted_new(const struct reader_setup *setup, struct usbccid_reader **ret,
		 struct usbccid_error *err)
{
	struct scripted_wire *wire = calloc(1, sizeof(*wire));

	ATF_REQUIRE(wire);
	wire->wire.ops = &scripted_ops;
	return reader_new(&wire->wire, setup, ret, err);
}

struct usbccid_reader *scripted_reader(const struct reader_setup *setup)
{
	struct usbccid_reader *reader;
	struct usbccid_error err;

	ATF_REQUIRE_EQ_MSG(0, scripted_new(setup, &reader, &err), "%s", err.message);
	return reader;
}

void script(struct usbccid_reader *reader, ...)
{
	struct scripted_wire *wire = wire_of(reader);
	const char *line;
	va_list args;

	va_start(args, reader);
	while ((line = va_arg(args, const char *))) {
		ATF_REQUIRE(wire->count < SCRIPT_LINES);
		wire->lines[wire->count++] = line;
	}
	va_end(args);
	play_asides(wire);
}

void script_done(struct usbccid_reader *reader)
{
	const struct scripted_wire *wire = wire_of(reader);

	ATF_CHECK_MSG(wire->at == wire->count, "not played: %s", wire->lines[wire->at]);
}

void script_end(struct usbccid_reader *reader)
{
	bool closed = false;

	script_done(reader);
	for (unsigned i = 0; i < reader->slot_count; i++)
		reader->slots[i].powered = false;
	wire_of(reader)->closed = &closed;
	usbccid_close(&reader);
	ATF_CHECK(!reader);
	ATF_CHECK(closed);
}

void power_up(struct usbccid_reader *reader, const char *atr)
{
	static char answer[200];
	struct usbccid_error err;

	snprintf(answer, sizeof(answer), "< 80 000000 %s", atr);
	script(reader, "> 62 000000", answer, NULL);
	ATF_REQUIRE_EQ_MSG(0, usbccid_power_on(reader, 0, USBCCID_COLD, 1000, &err), "%s",
			   err.message);
}

const char *transmit_hex(struct usbccid_reader *reader, const char *command,
			 struct usbccid_error *err)
{
	static uint8_t bytes[70000], response[70000];
	static char hex[2 * 300];
	size_t len = from_hex(command, bytes, sizeof(bytes)), response_len = 0;

	if (usbccid_transmit(reader, 0, bytes, len, response, sizeof(response), &response_len, 1000,
			     err))
		return NULL;
	to_hex(response, response_len, hex, sizeof(hex));
	return hex;
}
