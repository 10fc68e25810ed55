/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The socket transport as a reader: framing, power, a hostile or slow card's
 * side, cancelling, coming back after a reset. The other end is a thread with a
 * table of what it expects and what it does.
 */
#include "transport_schemes.h"

#include <esim/hex.h>
#include <esim/transport.h>

#include <atf-c.h>
#include <netinet/in.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#define ATR "3B9F96801FC78031E073FE211B66D0"
#define POWER_ON "00010100010" "4"
#define ATR_REPLY "000F" ATR

static struct esim_error err;

/* Read these bytes (hex), then write those; end: NULL, NULL. */
struct act {
	const char *expect;
	const char *reply;
	bool hang_up;		/* close instead of going on */
};

struct peer {
	pthread_t thread;
	int fd;			/* connected */
	int listener;		/* or accepts, once for each list of acts that hangs up */
	const struct act *acts;
	char wrong[200];
};

static bool read_exact(int fd, uint8_t *to, size_t len)
{
	while (len > 0) {
		ssize_t n = read(fd, to, len);

		if (n <= 0)
			return false;
		to += n;
		len -= (size_t)n;
	}
	return true;
}

static void *run_peer(void *arg)
{
	struct peer *p = arg;
	uint8_t want[4096], got[4096];
	char hex[2 * sizeof(got) + 1];
	size_t len;

	for (const struct act *a = p->acts; a->expect || a->reply; a++) {
		if (p->fd < 0)
			p->fd = accept(p->listener, NULL, NULL);
		if (a->expect && esim_hex_decode(a->expect, want, sizeof(want), &len))
			abort();
		if (a->expect && (!read_exact(p->fd, got, len) || memcmp(want, got, len) != 0)) {
			esim_hex_encode(esim_slice(got, len), hex);
			snprintf(p->wrong, sizeof(p->wrong), "got %.60s, not %.60s", hex, a->expect);
			break;
		}
		if (a->reply) {
			if (esim_hex_decode(a->reply, want, sizeof(want), &len))
				abort();
			if (len > 0 && send(p->fd, want, len, MSG_NOSIGNAL) != (ssize_t)len)
				break;
		}
		if (a->hang_up) {
			close(p->fd);
			p->fd = -1;
		}
	}
	return NULL;
}

/* A transport with @acts on the other end, power-on included. */
static struct esim_transport *start(struct peer *p, const struct act *acts)
{
	struct esim_transport *t = NULL;
	int fds[2];

	ATF_REQUIRE_EQ(socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, fds), 0);
	*p = (struct peer){ .fd = fds[1], .listener = -1, .acts = acts };
	ATF_REQUIRE_EQ(pthread_create(&p->thread, NULL, run_peer, p), 0);
	ATF_REQUIRE_EQ_MSG(transport_socket_adopt(fds[0], &t, &err), 0, "%s", err.message);
	return t;
}

static void stop(struct peer *p, struct esim_transport **t)
{
	esim_transport_free(t);
	pthread_join(p->thread, NULL);
	if (p->fd >= 0)
		close(p->fd);
	ATF_CHECK_MSG(p->wrong[0] == '\0', "%s", p->wrong);
}

static int send_apdu(struct esim_transport *t, unsigned timeout_ms, char *answer, size_t size)
{
	static const uint8_t command[] = { 0x00, 0xA4, 0x00, 0x04, 0x02, 0x3F, 0x00 };
	struct esim_buf response = ESIM_BUF_INIT;
	int r;

	esim_error_clear(&err);
	r = esim_transport_transmit(t, esim_slice(command, sizeof(command)), &response, timeout_ms,
				    &err);
	ATF_REQUIRE(2 * response.len < size);
	esim_hex_encode(esim_buf_slice(&response), answer);
	esim_buf_free(&response);
	return r;
}

#define COMMAND "000700A40004023F00"

/* --- framing ------------------------------------------------------------------------- */

ATF_TC_WITHOUT_HEAD(power_on_and_atr_then_one_frame_each_way);
ATF_TC_BODY(power_on_and_atr_then_one_frame_each_way, tc)
{
	static const struct act acts[] = {
		{ POWER_ON, ATR_REPLY, false },
		{ COMMAND, "00029000", false },
		{ COMMAND, "0003AA9000", false },
		{ 0 },
	};
	struct esim_transport_info info;
	struct peer p;
	struct esim_transport *t = start(&p, acts);
	char answer[64];

	esim_transport_describe(t, &info);
	ATF_CHECK_EQ(info.atr_len, 15);
	ATF_CHECK(info.features & ESIM_TRANSPORT_RAW);
	ATF_CHECK(info.features & ESIM_TRANSPORT_CASE4);
	ATF_CHECK_EQ(send_apdu(t, 10000, answer, sizeof(answer)), 0);
	ATF_CHECK_STREQ(answer, "9000");
	ATF_CHECK_EQ(send_apdu(t, 10000, answer, sizeof(answer)), 0);
	ATF_CHECK_STREQ(answer, "AA9000");
	stop(&p, &t);
}

ATF_TC_WITHOUT_HEAD(a_frame_that_comes_byte_by_byte_is_put_together);
ATF_TC_BODY(a_frame_that_comes_byte_by_byte_is_put_together, tc)
{
	static const struct act acts[] = {
		{ POWER_ON, "00", false }, { NULL, "0F", false }, { NULL, ATR, false },
		{ COMMAND, "00", false }, { NULL, "04", false }, { NULL, "AA", false },
		{ NULL, "BB90", false }, { NULL, "00", false },
		{ 0 },
	};
	struct peer p;
	struct esim_transport *t = start(&p, acts);
	char answer[64];

	ATF_CHECK_EQ(send_apdu(t, 10000, answer, sizeof(answer)), 0);
	ATF_CHECK_STREQ(answer, "AABB9000");
	stop(&p, &t);
}

/* What the other end can do wrong at a command, what comes of it, and whether the way is gone. */
static const struct {
	const char *name, *reply;
	bool hang_up;
	int code;
} wrongs[] = {
	{ "an empty frame", "0000", false, ESIM_EPROTO },
	{ "no whole status word", "000190", false, ESIM_EPROTO },
	{ "two answers", "0002900000029000", false, ESIM_EPROTO },
	{ "closed without an answer", NULL, true, ESIM_ENODEV },
	{ "closed after a length", "0002", true, ESIM_ENODEV },
	{ "closed in mid-frame", "FFFF90", true, ESIM_ENODEV },
	{ "closed in mid-length", "00", true, ESIM_ENODEV },
};

ATF_TC_WITHOUT_HEAD(a_hostile_peer_is_an_error_and_the_way_is_closed);
ATF_TC_BODY(a_hostile_peer_is_an_error_and_the_way_is_closed, tc)
{
	for (size_t i = 0; i < sizeof(wrongs) / sizeof(wrongs[0]); i++) {
		const struct act acts[] = {
			{ POWER_ON, ATR_REPLY, false },
			{ COMMAND, wrongs[i].reply, wrongs[i].hang_up },
			{ 0 },
		};
		struct peer p;
		struct esim_transport *t = start(&p, acts);
		char answer[64];

		ATF_CHECK_EQ_MSG(send_apdu(t, 10000, answer, sizeof(answer)), wrongs[i].code, "%s: %s",
				 wrongs[i].name, err.message);
		ATF_CHECK_STREQ(answer, "");
		ATF_CHECK_EQ(send_apdu(t, 10000, answer, sizeof(answer)), ESIM_ENODEV);
		stop(&p, &t);
	}
}

ATF_TC_WITHOUT_HEAD(an_unusable_atr_is_refused);
ATF_TC_BODY(an_unusable_atr_is_refused, tc)
{
	static const struct {
		const char *reply;
		int code;
	} atrs[] = {
		{ "0000", ESIM_ENODEV },
		{ "0022" ATR ATR "00000000", ESIM_EPROTO },
		{ "FFFF" ATR, ESIM_ENODEV },
	};

	for (size_t i = 0; i < sizeof(atrs) / sizeof(atrs[0]); i++) {
		const struct act acts[] = { { POWER_ON, atrs[i].reply, true }, { 0 } };
		struct esim_transport *t = NULL;
		struct peer p;
		int fds[2];

		ATF_REQUIRE_EQ(socketpair(AF_UNIX, SOCK_STREAM, 0, fds), 0);
		p = (struct peer){ .fd = fds[1], .listener = -1, .acts = acts };
		ATF_REQUIRE_EQ(pthread_create(&p.thread, NULL, run_peer, &p), 0);
		ATF_CHECK_EQ_MSG(transport_socket_adopt(fds[0], &t, &err), atrs[i].code, "%s",
				 err.message);
		ATF_CHECK(t == NULL);
		stop(&p, &t);
	}
}

ATF_TC_WITHOUT_HEAD(what_would_be_a_control_message_is_no_command);
ATF_TC_BODY(what_would_be_a_control_message_is_no_command, tc)
{
	static const struct act acts[] = { { POWER_ON, ATR_REPLY, false }, { 0 } };
	struct esim_buf out = ESIM_BUF_INIT;
	struct peer p;
	struct esim_transport *t = start(&p, acts);

	for (size_t len = 0; len < 4; len++)
		ATF_CHECK_EQ(esim_transport_transmit(t, esim_slice("\0\0\0", len), &out, 1000, &err),
			     ESIM_EINVAL);
	stop(&p, &t);
}

/* --- time ------------------------------------------------------------------------------- */

ATF_TC_WITHOUT_HEAD(a_late_answer_never_belongs_to_the_next_command);
ATF_TC_BODY(a_late_answer_never_belongs_to_the_next_command, tc)
{
	static const struct act acts[] = { { POWER_ON, ATR_REPLY, false }, { COMMAND, NULL, false }, { 0 } };
	static const uint8_t late[] = { 0x00, 0x03, 0x11, 0x90, 0x00 };
	static const uint8_t right[] = { 0x00, 0x03, 0x22, 0x90, 0x00 };
	struct peer p;
	struct esim_transport *t = start(&p, acts);
	char answer[64];

	ATF_CHECK_EQ(send_apdu(t, 1, answer, sizeof(answer)), ESIM_ETIMEDOUT);
	pthread_join(p.thread, NULL);
	/* Part of the late answer, and once more too late. */
	ATF_REQUIRE_EQ(write(p.fd, late, 3), 3);
	ATF_CHECK_EQ(send_apdu(t, 1, answer, sizeof(answer)), ESIM_ETIMEDOUT);
	ATF_REQUIRE_EQ(write(p.fd, late + 3, 2), 2);
	/* Now it is taken off, and the next command waits for its own. */
	ATF_CHECK_EQ(send_apdu(t, 1, answer, sizeof(answer)), ESIM_ETIMEDOUT);
	ATF_REQUIRE_EQ(write(p.fd, right, 5), 5);
	ATF_CHECK_EQ(send_apdu(t, 1, answer, sizeof(answer)), ESIM_ETIMEDOUT);
	ATF_REQUIRE_EQ(write(p.fd, right, 5), 5);
	close(p.fd);
	esim_transport_free(&t);
}

ATF_TC_WITHOUT_HEAD(a_cancelled_command_leaves_the_way_usable);
ATF_TC_BODY(a_cancelled_command_leaves_the_way_usable, tc)
{
	static const struct act acts[] = {
		{ POWER_ON, ATR_REPLY, false }, { COMMAND, NULL, false }, { 0 },
	};
	static const struct act more[] = { { COMMAND, "00029000", false }, { 0 } };
	static const uint8_t late[] = { 0x00, 0x03, 0x11, 0x90, 0x00 };
	struct esim_cancel *cancel;
	struct peer p;
	struct esim_transport *t = start(&p, acts);
	char answer[64];

	ATF_REQUIRE_EQ(esim_cancel_new(&cancel), 0);
	esim_transport_set_cancel(t, cancel);
	ATF_CHECK_EQ(send_apdu(t, 1, answer, sizeof(answer)), ESIM_ETIMEDOUT);
	pthread_join(p.thread, NULL);
	esim_cancel_trigger(cancel);
	ATF_CHECK_EQ(send_apdu(t, 60000, answer, sizeof(answer)), ESIM_ECANCELED);
	ATF_CHECK_EQ(send_apdu(t, 60000, answer, sizeof(answer)), ESIM_ECANCELED);
	esim_transport_set_cancel(t, NULL);
	ATF_REQUIRE_EQ(write(p.fd, late, sizeof(late)), sizeof(late));
	p.acts = more;
	ATF_REQUIRE_EQ(pthread_create(&p.thread, NULL, run_peer, &p), 0);
	ATF_CHECK_EQ(send_apdu(t, 60000, answer, sizeof(answer)), 0);
	ATF_CHECK_STREQ(answer, "9000");
	esim_cancel_free(&cancel);
	stop(&p, &t);
}

/* Cancels as soon as the command has reached the other end. */
static void *cancel_on_command(void *arg)
{
	void **args = arg;
	uint8_t got[9];

	if (read_exact(*(int *)args[0], got, sizeof(got)))
		esim_cancel_trigger(args[1]);
	return NULL;
}

ATF_TC_WITHOUT_HEAD(cancel_wakes_a_waiting_command);
ATF_TC_BODY(cancel_wakes_a_waiting_command, tc)
{
	static const struct act acts[] = { { POWER_ON, ATR_REPLY, false }, { 0 } };
	struct esim_cancel *cancel;
	struct peer p;
	struct esim_transport *t = start(&p, acts);
	void *args[2];
	char answer[64];

	pthread_join(p.thread, NULL);
	ATF_REQUIRE_EQ(esim_cancel_new(&cancel), 0);
	args[0] = &p.fd;
	args[1] = cancel;
	ATF_REQUIRE_EQ(pthread_create(&p.thread, NULL, cancel_on_command, args), 0);
	esim_transport_set_cancel(t, cancel);
	ATF_CHECK_EQ(send_apdu(t, 600000, answer, sizeof(answer)), ESIM_ECANCELED);
	stop(&p, &t);
	esim_cancel_free(&cancel);
}

/* --- reset ---------------------------------------------------------------------------------- */

ATF_TC_WITHOUT_HEAD(warm_and_cold_reset_read_the_atr_again);
ATF_TC_BODY(warm_and_cold_reset_read_the_atr_again, tc)
{
	static const struct act acts[] = {
		{ POWER_ON, ATR_REPLY, false },
		{ "000102" "000104", "00023B00", false },
		{ "000100" "000101" "000104", ATR_REPLY, false },
		{ 0 },
	};
	struct esim_transport_info info;
	struct peer p;
	struct esim_transport *t = start(&p, acts);

	ATF_CHECK_EQ(esim_transport_reset(t, ESIM_RESET_ANY, &err), 0);
	esim_transport_describe(t, &info);
	ATF_CHECK_EQ(info.atr_len, 2);
	ATF_CHECK_EQ(esim_transport_reset(t, ESIM_RESET_COLD, &err), 0);
	esim_transport_describe(t, &info);
	ATF_CHECK_EQ(info.atr_len, 15);
	stop(&p, &t);
}

ATF_TC_WITHOUT_HEAD(a_reset_connects_anew_where_the_card_was_lost_or_mute);
ATF_TC_BODY(a_reset_connects_anew_where_the_card_was_lost_or_mute, tc)
{
	static const struct act acts[] = {
		{ POWER_ON, ATR_REPLY, false },
		{ COMMAND, "00", true },		/* lost in the middle */
		{ POWER_ON, ATR_REPLY, false },
		{ COMMAND, NULL, true },		/* mute, then gone */
		{ POWER_ON, ATR_REPLY, false },
		{ COMMAND, "00029000", false },
		{ 0 },
	};
	struct sockaddr_un address = { .sun_family = AF_UNIX, .sun_path = "card.socket" };
	struct peer p = { .fd = -1, .acts = acts };
	struct esim_transport *t = NULL;
	char answer[64];
	int r;

	p.listener = socket(AF_UNIX, SOCK_STREAM, 0);
	ATF_REQUIRE_EQ(bind(p.listener, (struct sockaddr *)&address, sizeof(address)), 0);
	ATF_REQUIRE_EQ(listen(p.listener, 1), 0);
	ATF_REQUIRE_EQ(pthread_create(&p.thread, NULL, run_peer, &p), 0);
	ATF_REQUIRE_EQ_MSG(esim_transport_open("unix:card.socket", &t, &err), 0, "%s", err.message);
	ATF_CHECK_EQ(send_apdu(t, 10000, answer, sizeof(answer)), ESIM_ENODEV);
	ATF_CHECK_EQ(esim_transport_reset(t, ESIM_RESET_ANY, &err), 0);
	/* No time at all: mute, unless the peer's hang-up is noticed first. */
	r = send_apdu(t, 0, answer, sizeof(answer));
	ATF_CHECK_MSG(r == ESIM_ETIMEDOUT || r == ESIM_ENODEV, "%s", esim_code_name(r));
	ATF_CHECK_EQ_MSG(esim_transport_reset(t, ESIM_RESET_ANY, &err), 0, "%s", err.message);
	ATF_CHECK_EQ(send_apdu(t, 10000, answer, sizeof(answer)), 0);
	stop(&p, &t);
	close(p.listener);
}

/* --- addresses ---------------------------------------------------------------------------------- */

ATF_TC_WITHOUT_HEAD(tcp_connects_to_names_and_literals);
ATF_TC_BODY(tcp_connects_to_names_and_literals, tc)
{
	static const struct act acts[] = {
		{ POWER_ON, ATR_REPLY, false }, { COMMAND, "00029000", false }, { 0 },
	};
	struct sockaddr_in address = { .sin_family = AF_INET };
	socklen_t len = sizeof(address);
	struct peer p = { .fd = -1, .acts = acts };
	struct esim_transport_info info;
	struct esim_transport *t = NULL;
	char uri[64], answer[64];

	address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
	p.listener = socket(AF_INET, SOCK_STREAM, 0);
	ATF_REQUIRE_EQ(bind(p.listener, (struct sockaddr *)&address, len), 0);
	ATF_REQUIRE_EQ(listen(p.listener, 1), 0);
	ATF_REQUIRE_EQ(getsockname(p.listener, (struct sockaddr *)&address, &len), 0);
	snprintf(uri, sizeof(uri), "tcp:127.0.0.1:%u", ntohs(address.sin_port));
	ATF_REQUIRE_EQ(pthread_create(&p.thread, NULL, run_peer, &p), 0);
	ATF_REQUIRE_EQ_MSG(esim_transport_open(uri, &t, &err), 0, "%s", err.message);
	esim_transport_describe(t, &info);
	ATF_CHECK_STREQ(info.scheme, "tcp");
	ATF_CHECK_EQ(send_apdu(t, 10000, answer, sizeof(answer)), 0);
	stop(&p, &t);
	close(p.listener);
}

ATF_TC_WITHOUT_HEAD(addresses_that_cannot_be_used_are_refused_with_a_reason);
ATF_TC_BODY(addresses_that_cannot_be_used_are_refused_with_a_reason, tc)
{
	static const struct {
		const char *uri;
		int code;
	} bad[] = {
		{ "", ESIM_EINVAL }, { "card", ESIM_EINVAL }, { "serial:x", ESIM_EINVAL },
		{ "UNIX:x", ESIM_EINVAL }, { "unix:", ESIM_EINVAL }, { "tcp:", ESIM_EINVAL },
		{ "tcp:host", ESIM_EINVAL }, { "tcp:host:", ESIM_EINVAL }, { "tcp::1", ESIM_EINVAL },
		{ "tcp:::1:2", ESIM_EINVAL }, { "unix:no/such/socket", ESIM_ENODEV },
		{ "tcp:127.0.0.1:http-x", ESIM_ENODEV },
		{ "/dev/euicc-none", ESIM_ENODEV }, { "vfio:0000:00:01.0", ESIM_ENOTSUP },
	};
	char *far_too_long = malloc(4096);
	struct esim_transport *t = NULL;

	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
		ATF_CHECK_EQ_MSG(esim_transport_open(bad[i].uri, &t, &err), bad[i].code, "%s: %s",
				 bad[i].uri, err.message);
		ATF_CHECK(err.message[0] != '\0');
	}
	memset(far_too_long, 'x', 4095);
	far_too_long[4095] = '\0';
	memcpy(far_too_long, "unix:", 5);
	ATF_CHECK_EQ(esim_transport_open(far_too_long, &t, &err), ESIM_EINVAL);
	memcpy(far_too_long, "tcp::", 5);
	ATF_CHECK_EQ(esim_transport_open(far_too_long, &t, &err), ESIM_EINVAL);
	ATF_CHECK(t == NULL);
	free(far_too_long);
}

ATF_TC_WITHOUT_HEAD(device_options_are_known_or_refused);
ATF_TC_BODY(device_options_are_known_or_refused, tc)
{
	static const char *const bad[] = {
		"unix:/x?", "unix:/x?channel=", "unix:/x?channel=basicx", "unix:/x?slot=1",
		"unix:/x?channel=basic&", "unix:/x?nonsense", "tty:/x", "dev/euicc0",
		"/dev/euicc0?slot=1", "pcsc:a reader?slot=1", "pcsc:what?",
	};
	struct esim_device device;

	ATF_CHECK_EQ(esim_device_parse("unix:/run/x", &device, &err), 0);
	ATF_CHECK_STREQ(device.uri, "unix:/run/x");
	ATF_CHECK(!device.basic_channel);
	ATF_CHECK_EQ(esim_device_parse("tcp:h:1?channel=basic", &device, &err), 0);
	ATF_CHECK_STREQ(device.uri, "tcp:h:1");
	ATF_CHECK(device.basic_channel);
	ATF_CHECK_EQ(esim_device_parse("mbim:/dev/cdc-wdm0?slot=2&channel=basic", &device, &err), 0);
	ATF_CHECK_STREQ(device.uri, "mbim:/dev/cdc-wdm0?slot=2");
	ATF_CHECK(device.basic_channel);
	ATF_CHECK_EQ(esim_device_parse("usb:3-1?channel=basic&slot=1", &device, &err), 0);
	ATF_CHECK_STREQ(device.uri, "usb:3-1?slot=1");
	ATF_CHECK(device.basic_channel);
	ATF_CHECK_EQ(esim_device_parse("pcsc:A reader, 00 00?channel=basic", &device, &err), 0);
	ATF_CHECK_STREQ(device.uri, "pcsc:A reader, 00 00");
	ATF_CHECK(device.basic_channel);
	ATF_CHECK_EQ(esim_device_parse("/dev/euicc0?channel=basic", &device, &err), 0);
	ATF_CHECK_STREQ(device.uri, "/dev/euicc0");
	ATF_CHECK(device.basic_channel);
	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++)
		ATF_CHECK_EQ_MSG(esim_device_parse(bad[i], &device, &err), ESIM_EINVAL, "%s", bad[i]);
	ATF_CHECK_STREQ(esim_transport_schemes()[0], "/dev/euicc");
}

ATF_TP_ADD_TCS(tp)
{
	ATF_TP_ADD_TC(tp, power_on_and_atr_then_one_frame_each_way);
	ATF_TP_ADD_TC(tp, a_frame_that_comes_byte_by_byte_is_put_together);
	ATF_TP_ADD_TC(tp, a_hostile_peer_is_an_error_and_the_way_is_closed);
	ATF_TP_ADD_TC(tp, an_unusable_atr_is_refused);
	ATF_TP_ADD_TC(tp, what_would_be_a_control_message_is_no_command);
	ATF_TP_ADD_TC(tp, a_late_answer_never_belongs_to_the_next_command);
	ATF_TP_ADD_TC(tp, a_cancelled_command_leaves_the_way_usable);
	ATF_TP_ADD_TC(tp, cancel_wakes_a_waiting_command);
	ATF_TP_ADD_TC(tp, warm_and_cold_reset_read_the_atr_again);
	ATF_TP_ADD_TC(tp, a_reset_connects_anew_where_the_card_was_lost_or_mute);
	ATF_TP_ADD_TC(tp, tcp_connects_to_names_and_literals);
	ATF_TP_ADD_TC(tp, addresses_that_cannot_be_used_are_refused_with_a_reason);
	ATF_TP_ADD_TC(tp, device_options_are_known_or_refused);
	return atf_no_error();
}
