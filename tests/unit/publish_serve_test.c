/* SPDX-License-Identifier: GPL-2.0-or-later */
/* euicc-publish as the kernel meets it: each request has its answer, and a modem that hangs holds up no next one. */
#include "lpad/publish/publish.h"

#include <atf-c.h>
#include <errno.h>
#include <poll.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/eventfd.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

#define HANDLE 0x107u

struct message {
	struct euicc_proxy_msg msg;
	uint8_t payload[64];
};

/* --- a modem ----------------------------------------------------------------------------------------- */

static struct modem {
	const struct esim_cancel *cancel;
	uint16_t refusal;		/* SELECT's status word; 0: it opens */
	uint32_t closed;
	unsigned resets;
	bool hangs, stale, gone;
	bool heeds;			/* takes its time, and what is cancelled */
} modem;

static void modem_close(void *priv)
{
	(void)priv;
}

static void describe(void *priv, struct esim_transport_info *ret)
{
	(void)priv;
	*ret = (struct esim_transport_info){ .features = ESIM_TRANSPORT_OWNED | ESIM_TRANSPORT_RESET };
}

static int channel_open(void *priv, unsigned port, struct esim_slice aid, uint8_t p2, uint32_t *ret_handle,
			struct esim_buf *fci, unsigned timeout_ms, struct esim_error *err)
{
	(void)priv, (void)port, (void)aid, (void)p2, (void)timeout_ms;
	if (modem.refusal)
		return esim_error_sw(err, "SELECT", modem.refusal);
	esim_buf_append(fci, "\x6F\x00", 2);
	*ret_handle = HANDLE;
	return 0;
}

static int channel_transmit(void *priv, uint32_t handle, struct esim_slice command, struct esim_buf *response,
			    unsigned timeout_ms, struct esim_error *err)
{
	struct pollfd fd = { .fd = esim_cancel_fd(modem.cancel), .events = POLLIN };

	(void)priv, (void)handle, (void)timeout_ms;
	if (modem.heeds && poll(&fd, 1, 1) != 0)
		return esim_error_set(err, ESIM_ECANCELED, "cancelled");
	if (modem.gone)
		return esim_error_set(err, ESIM_ENODEV, "the modem left");
	if (modem.stale)
		return esim_error_set(err, ESIM_ESTALE, "the modem was reset");
	if (modem.hangs) {
		modem.hangs = false;
		poll(&fd, 1, -1);
		esim_error_set(err, ESIM_ECANCELED, "cancelled");
		err->outcome = ESIM_OUTCOME_UNKNOWN;
		return ESIM_ECANCELED;
	}
	esim_buf_append(response, command.data, command.len);
	esim_buf_append(response, "\x90\x00", 2);
	return 0;
}

static void channel_close(void *priv, uint32_t handle)
{
	(void)priv;
	modem.closed = handle;
}

static int reset(void *priv, enum esim_reset kind, struct esim_error *err)
{
	(void)priv, (void)kind, (void)err;
	modem.resets++;
	return 0;
}

static void set_cancel(void *priv, const struct esim_cancel *cancel)
{
	(void)priv;
	modem.cancel = cancel;
}

static const struct esim_transport_ops ops = {
	.close = modem_close, .describe = describe, .channel_open = channel_open,
	.channel_transmit = channel_transmit, .channel_close = channel_close, .reset = reset,
	.set_cancel = set_cancel,
};

/* --- the kernel's end -------------------------------------------------------------------------------------- */

struct rig {
	struct esim_transport *transport;
	struct port *port;
	int kernel, end, stop_fd, rc;
	struct esim_error err;
	pthread_t thread;
};

static void *serve(void *context)
{
	struct rig *rig = context;

	rig->rc = publish_serve(rig->transport, rig->port, rig->end, rig->stop_fd, &rig->err);
	return NULL;
}

static void begin_at(struct rig *rig, const char *uri)
{
	int fds[2];

	modem = (struct modem){ .cancel = NULL };
	ATF_REQUIRE_EQ(0, socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_NONBLOCK, 0, fds));
	rig->kernel = fds[0];
	rig->end = fds[1];
	rig->stop_fd = eventfd(0, EFD_CLOEXEC);
	ATF_REQUIRE_EQ_MSG(0, port_new(uri, &rig->port, &rig->err), "%s", rig->err.message);
	ATF_REQUIRE_EQ(0, esim_transport_new(&ops, &modem, &rig->transport));
	ATF_REQUIRE_EQ(0, pthread_create(&rig->thread, NULL, serve, rig));
}

static void begin(struct rig *rig)
{
	begin_at(rig, "qmi:qrtr://0");
}

/* It ends by itself, or has. */
static void ended(struct rig *rig)
{
	ATF_REQUIRE_EQ(0, pthread_join(rig->thread, NULL));
	esim_transport_free(&rig->transport);
	port_free(&rig->port);
	close(rig->kernel);
	close(rig->end);
	close(rig->stop_fd);
}

static void end(struct rig *rig)
{
	eventfd_write(rig->stop_fd, 1);
	ended(rig);
}

static void ask(struct rig *rig, uint32_t id, uint32_t op, uint32_t handle, const void *payload, uint32_t len)
{
	struct message message = { .msg = { .id = id, .op = op, .handle = handle, .length = len } };

	memcpy(message.payload, payload, len);
	ATF_REQUIRE_EQ((ssize_t)(sizeof(message.msg) + len), write(rig->kernel, &message, sizeof(message.msg) + len));
}

static struct message heard(struct rig *rig)
{
	struct pollfd fd = { .fd = rig->kernel, .events = POLLIN };
	struct message message = { 0 };

	ATF_REQUIRE_EQ_MSG(1, poll(&fd, 1, 30000), "no answer");
	ATF_REQUIRE(read(rig->kernel, &message, sizeof(message)) >= (ssize_t)sizeof(message.msg));
	return message;
}

static void is(const struct message *message, uint32_t id, uint32_t op, uint32_t handle, const char *payload,
	       uint32_t len)
{
	ATF_CHECK_EQ(id, message->msg.id);
	ATF_CHECK_EQ(op, message->msg.op);
	ATF_CHECK_EQ(handle, message->msg.handle);
	ATF_REQUIRE_EQ(len, message->msg.length);
	ATF_CHECK_EQ(0, memcmp(message->payload, payload, len));
}

static void answered(struct rig *rig, uint32_t id, uint32_t handle, const char *payload, uint32_t len)
{
	const struct message message = heard(rig);

	is(&message, id, EUICC_PROXY_ANSWER, handle, payload, len);
}

ATF_TC_WITHOUT_HEAD(every_request_has_its_answer);
ATF_TC_BODY(every_request_has_its_answer, tc)
{
	const struct euicc_proxy_open wanted = { .aid = { 0xA0, 0, 0, 5, 0x59 }, .aid_len = 5, .timeout_ms = 1000 };
	struct rig rig;

	begin(&rig);
	ask(&rig, 1, EUICC_PROXY_OPEN, 0, &wanted, sizeof(wanted));
	answered(&rig, 1, HANDLE, "\x6F\x00\x90\x00", 4);
	ask(&rig, 2, EUICC_PROXY_XFER, HANDLE, "\x80\xE2\x91\x00", 4);
	answered(&rig, 2, HANDLE, "\x80\xE2\x91\x00\x90\x00", 6);
	ask(&rig, 3, EUICC_PROXY_CLOSE, HANDLE, "", 0);
	answered(&rig, 3, HANDLE, "", 0);
	ATF_CHECK_EQ(HANDLE, modem.closed);
	ask(&rig, 4, EUICC_PROXY_RESET, EUICC_RESET_COLD, "", 0);
	answered(&rig, 4, EUICC_RESET_COLD, "", 0);
	ATF_CHECK_EQ(1, modem.resets);
	end(&rig);
	ATF_CHECK_EQ_MSG(0, rig.rc, "%s", rig.err.message);
}

ATF_TC_WITHOUT_HEAD(a_card_that_refuses_an_application_says_so_by_its_status_word);
ATF_TC_BODY(a_card_that_refuses_an_application_says_so_by_its_status_word, tc)
{
	const struct euicc_proxy_open wanted = { .aid_len = 5 }, basic = { .flags = EUICC_OPEN_BASIC };
	struct message message;
	struct rig rig;

	begin(&rig);
	modem.refusal = 0x6A82;
	ask(&rig, 1, EUICC_PROXY_OPEN, 0, &wanted, sizeof(wanted));
	answered(&rig, 1, 0, "\x6A\x82", 2);
	ask(&rig, 2, EUICC_PROXY_OPEN, 0, &basic, sizeof(basic));
	message = heard(&rig);
	is(&message, 2, EUICC_PROXY_FAILED, EOPNOTSUPP, "", 0);
	end(&rig);
}

ATF_TC_WITHOUT_HEAD(what_the_kernel_cancels_ends_and_the_next_request_is_served);
ATF_TC_BODY(what_the_kernel_cancels_ends_and_the_next_request_is_served, tc)
{
	struct message message;
	struct rig rig;

	begin(&rig);
	for (uint32_t id = 1; id < 50; id += 2) {
		modem.hangs = true;
		ask(&rig, id, EUICC_PROXY_XFER, HANDLE, "\x80\xE2\x91\x00", 4);
		ask(&rig, id, EUICC_PROXY_CANCEL, 0, "", 0);
		message = heard(&rig);
		is(&message, id, EUICC_PROXY_FAILED, ETIMEDOUT, "", 0);
		ask(&rig, id + 1, EUICC_PROXY_XFER, HANDLE, "\x80\xE2\x91\x00", 4);
		answered(&rig, id + 1, HANDLE, "\x80\xE2\x91\x00\x90\x00", 6);
	}
	end(&rig);
}

/* A request is not taken for the CANCEL of the one before it. */
ATF_TC_WITHOUT_HEAD(requests_that_come_as_fast_as_they_can_are_none_of_them_cancelled);
ATF_TC_BODY(requests_that_come_as_fast_as_they_can_are_none_of_them_cancelled, tc)
{
	struct rig rig;

	begin(&rig);
	modem.heeds = true;
	for (uint32_t id = 1; id < 1000; id++) {
		ask(&rig, id, EUICC_PROXY_XFER, HANDLE, "\x80\xE2\x91\x00", 4);
		answered(&rig, id, HANDLE, "\x80\xE2\x91\x00\x90\x00", 6);
	}
	end(&rig);
}

ATF_TC_WITHOUT_HEAD(a_signal_ends_what_is_under_way);
ATF_TC_BODY(a_signal_ends_what_is_under_way, tc)
{
	struct rig rig;

	begin(&rig);
	modem.hangs = true;
	ask(&rig, 1, EUICC_PROXY_XFER, HANDLE, "\x80\xE2\x91\x00", 4);
	end(&rig);
	ATF_CHECK_EQ_MSG(0, rig.rc, "%s", rig.err.message);
}

ATF_TC_WITHOUT_HEAD(channels_that_the_modem_lost_are_a_session_that_is_over);
ATF_TC_BODY(channels_that_the_modem_lost_are_a_session_that_is_over, tc)
{
	struct message message;
	struct rig rig;

	begin(&rig);
	modem.stale = true;
	ask(&rig, 1, EUICC_PROXY_XFER, HANDLE, "\x80\xE2\x91\x00", 4);
	message = heard(&rig);
	is(&message, 0, EUICC_PROXY_EVENT, EUICC_EVENT_RESET, "", 0);
	message = heard(&rig);
	is(&message, 1, EUICC_PROXY_FAILED, EIO, "", 0);
	end(&rig);
}

ATF_TC_WITHOUT_HEAD(a_modem_that_goes_while_nobody_asks_ends_it);
ATF_TC_BODY(a_modem_that_goes_while_nobody_asks_ends_it, tc)
{
	char uri[64] = "mbim:/tmp/publish.XXXXXX?slot=1", *path = uri + strlen("mbim:");
	char *query = strchr(path, '?');
	struct rig rig;
	int fd;

	*query = '\0';
	fd = mkstemp(path);
	ATF_REQUIRE(fd >= 0);
	*query = '?';
	begin_at(&rig, uri);
	*query = '\0';
	/* Other rights, as udev gives them, are no end. */
	ATF_REQUIRE_EQ(0, chmod(path, 0660));
	ask(&rig, 1, EUICC_PROXY_XFER, HANDLE, "\x80\xE2\x91\x00", 4);
	answered(&rig, 1, HANDLE, "\x80\xE2\x91\x00\x90\x00", 6);
	/* As a device's node is, which a program has open. */
	ATF_REQUIRE_EQ(0, unlink(path));
	ended(&rig);
	close(fd);
	ATF_CHECK_EQ_MSG(ESIM_ENODEV, rig.rc, "%s", rig.err.message);
}

ATF_TC_WITHOUT_HEAD(a_modem_that_is_gone_at_a_request_ends_it);
ATF_TC_BODY(a_modem_that_is_gone_at_a_request_ends_it, tc)
{
	struct message message;
	struct rig rig;

	begin(&rig);
	modem.gone = true;
	ask(&rig, 1, EUICC_PROXY_XFER, HANDLE, "\x80\xE2\x91\x00", 4);
	message = heard(&rig);
	is(&message, 0, EUICC_PROXY_EVENT, EUICC_EVENT_RESET, "", 0);
	message = heard(&rig);
	is(&message, 1, EUICC_PROXY_FAILED, ENOMEDIUM, "", 0);
	ended(&rig);
	ATF_CHECK_EQ_MSG(ESIM_ENODEV, rig.rc, "%s", rig.err.message);
}

ATF_TP_ADD_TCS(tp)
{
	ATF_TP_ADD_TC(tp, every_request_has_its_answer);
	ATF_TP_ADD_TC(tp, a_card_that_refuses_an_application_says_so_by_its_status_word);
	ATF_TP_ADD_TC(tp, what_the_kernel_cancels_ends_and_the_next_request_is_served);
	ATF_TP_ADD_TC(tp, requests_that_come_as_fast_as_they_can_are_none_of_them_cancelled);
	ATF_TP_ADD_TC(tp, a_signal_ends_what_is_under_way);
	ATF_TP_ADD_TC(tp, channels_that_the_modem_lost_are_a_session_that_is_over);
	ATF_TP_ADD_TC(tp, a_modem_that_goes_while_nobody_asks_ends_it);
	ATF_TP_ADD_TC(tp, a_modem_that_is_gone_at_a_request_ends_it);
	return atf_no_error();
}
