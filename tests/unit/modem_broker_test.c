/* SPDX-License-Identifier: GPL-2.0-or-later */
/* modem-broker, which is root's, and callers who do not keep to its protocol. */
#include "modem/broker/broker.h"

#include <modem/broker.h>

#include <atf-c.h>
#include <fcntl.h>

#include <poll.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

#define BOUND_MS 120000

struct rig {
	int fd, its_fd;
	pthread_t thread;
};

static void *serve(void *context)
{
	struct rig *rig = context;

	broker_serve(rig->its_fd, -1);
	close(rig->its_fd);
	return NULL;
}

static void start(struct rig *rig)
{
	int fds[2];

	ATF_REQUIRE_EQ(socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, fds), 0);
	rig->fd = fds[0];
	rig->its_fd = fds[1];
	ATF_REQUIRE_EQ(pthread_create(&rig->thread, NULL, serve, rig), 0);
}

static void finish(struct rig *rig)
{
	if (rig->fd >= 0)
		close(rig->fd);
	ATF_REQUIRE_EQ(pthread_join(rig->thread, NULL), 0);
}

/* The message as it is; @length is what its header claims. */
static void say(struct rig *rig, uint32_t id, uint32_t op, uint32_t length, const void *payload, size_t len)
{
	struct {
		struct broker_request header;
		uint8_t payload[sizeof(struct broker_hello) + 64];
	} message = { .header = { .id = id, .op = op, .length = length } };

	ATF_REQUIRE(len <= sizeof(message.payload));
	if (len > 0)
		memcpy(message.payload, payload, len);
	ATF_REQUIRE(send(rig->fd, &message, sizeof(message.header) + len, MSG_NOSIGNAL) > 0);
}

/* The next message; false: the broker has ended the connection. */
static bool hear(struct rig *rig, struct broker_answer *answer, struct esim_error *err)
{
	struct {
		struct broker_answer header;
		uint8_t payload[BROKER_MAX_PAYLOAD];
	} message;
	struct pollfd fds = { .fd = rig->fd, .events = POLLIN };
	ssize_t n;

	ATF_REQUIRE_EQ(poll(&fds, 1, BOUND_MS), 1);
	n = recv(rig->fd, &message, sizeof(message), 0);
	if (n <= 0)
		return false;
	ATF_REQUIRE_EQ((size_t)n, sizeof(message.header) + message.header.length);
	*answer = message.header;
	if (answer->result == BROKER_AT_WORK)
		ATF_REQUIRE_EQ(message.header.length, 0);
	else if (answer->result) {
		ATF_REQUIRE_EQ(message.header.length, sizeof(*err));
		memcpy(err, message.payload, sizeof(*err));
	}
	return true;
}

static struct broker_hello hello_for(const char *uri)
{
	struct broker_hello hello = { .version = COREESIM_VERSION, .size = broker_sizes() };

	snprintf(hello.uri, sizeof(hello.uri), "%s", uri);
	return hello;
}

static void refused(struct rig *rig, uint32_t id, int code, const char *word)
{
	struct broker_answer answer;
	struct esim_error err;

	ATF_REQUIRE(hear(rig, &answer, &err));
	ATF_CHECK_EQ(answer.id, id);
	ATF_CHECK_EQ_MSG(answer.result, code, "%d: %s", answer.result, err.message);
	ATF_CHECK_MSG(strstr(err.message, word), "'%s' is not in: %s", word, err.message);
}

ATF_TC_WITHOUT_HEAD(operations_before_hello_are_refused);
ATF_TC_BODY(operations_before_hello_are_refused, tc)
{
	struct rig rig;

	start(&rig);
	for (uint32_t op = 0; op < BROKER_OPS + 3; op++) {
		if (op == BROKER_CANCEL || op == BROKER_HELLO)
			continue;
		say(&rig, op + 1, op, 0, NULL, 0);
		refused(&rig, op + 1, ESIM_EINVAL, "modem-broker");
	}
	finish(&rig);
}

ATF_TC_WITHOUT_HEAD(hello_of_another_build_is_refused);
ATF_TC_BODY(hello_of_another_build_is_refused, tc)
{
	struct broker_hello hello = hello_for("at:/dev/tty0");
	struct rig rig;

	start(&rig);
	hello.size++;
	say(&rig, 1, BROKER_HELLO, sizeof(hello), &hello, sizeof(hello));
	refused(&rig, 1, ESIM_EINVAL, "version");
	hello = hello_for("at:/dev/tty0");
	hello.version[0] = '9';
	say(&rig, 2, BROKER_HELLO, sizeof(hello), &hello, sizeof(hello));
	refused(&rig, 2, ESIM_EINVAL, "version");
	say(&rig, 3, BROKER_HELLO, sizeof(hello) - 1, &hello, sizeof(hello) - 1);
	refused(&rig, 3, ESIM_EINVAL, "build");
	/* The version is not ended by a NUL, nor the address. */
	memset(&hello, 'A', sizeof(hello));
	say(&rig, 4, BROKER_HELLO, sizeof(hello), &hello, sizeof(hello));
	refused(&rig, 4, ESIM_EINVAL, "version");
	finish(&rig);
}

ATF_TC_WITHOUT_HEAD(other_devices_than_modems_are_not_opened);
ATF_TC_BODY(other_devices_than_modems_are_not_opened, tc)
{
	static const char *const uris[] = {
		"at:/dev/null", "at:/dev/mem", "at:/etc/passwd", "mbim:/dev/../etc/passwd", "mbim:/dev/tty",
		"qmi:/dev/ttyS0", "at:", "at", "", "unix:/tmp/x", "tcp:127.0.0.1:1", "/dev/euicc0", "usb:1-1",
		"at:/dev/tty", "at:/dev/tty0", "at:/dev/console", "mbim:/dev/ptmx", "mbim:/dev/pts/ptmx", "tcp:/dev/pts/0",
		"at:/dev/pts/../null", "mbim:/dev/cdc-wdm0/../null", "at:relative", "../../x:/dev/pts/0",
	};

	for (size_t i = 0; i < sizeof(uris) / sizeof(uris[0]); i++) {
		const struct broker_hello hello = hello_for(uris[i]);
		struct broker_answer answer;
		struct esim_error err;
		struct rig rig;

		start(&rig);
		say(&rig, 1, BROKER_HELLO, sizeof(hello), &hello, sizeof(hello));
		ATF_REQUIRE(hear(&rig, &answer, &err));
		ATF_CHECK_MSG(answer.result == ESIM_EINVAL || answer.result == ESIM_ENODEV, "%s: %d: %s", uris[i], answer.result, err.message);
		finish(&rig);
	}
}

/* By way of root nobody reads along at another one's terminal; and what was looked at is what is opened. */
ATF_TC_WITHOUT_HEAD(a_terminal_is_its_owners_and_no_link_is_left);
ATF_TC_BODY(a_terminal_is_its_owners_and_no_link_is_left, tc)
{
	char uri[ESIM_URI_SIZE], wanted[ESIM_URI_SIZE], found[ESIM_URI_SIZE], here[256];
	int terminal = posix_openpt(O_RDWR | O_NOCTTY);
	struct esim_error err;

	ATF_REQUIRE(terminal >= 0 && grantpt(terminal) == 0 && unlockpt(terminal) == 0);
	snprintf(uri, sizeof(uri), "at:%s", ptsname(terminal));
	ATF_CHECK_EQ(ESIM_EINVAL, broker_may_open(uri, geteuid() + 1, found, &err));
	ATF_CHECK_EQ_MSG(0, broker_may_open(uri, geteuid(), found, &err), "%s", err.message);
	ATF_CHECK_STREQ(uri, found);
	ATF_REQUIRE_EQ(0, symlink(ptsname(terminal), "link"));
	ATF_REQUIRE(getcwd(here, sizeof(here)));
	snprintf(uri, sizeof(uri), "mbim:%s/link?slot=2", here);
	snprintf(wanted, sizeof(wanted), "mbim:%s?slot=2", ptsname(terminal));
	ATF_CHECK_EQ_MSG(0, broker_may_open(uri, geteuid(), found, &err), "%s", err.message);
	ATF_CHECK_STREQ(wanted, found);
	ATF_CHECK_EQ(ESIM_EINVAL, broker_may_open(uri, geteuid() + 1, found, &err));
	close(terminal);
}

/* So that who asks can tell a modem that takes its time from a broker that hangs; and he may have had enough. */
ATF_TC_WITHOUT_HEAD(while_a_modem_is_mute_the_broker_says_that_it_is_at_work);
ATF_TC_BODY(while_a_modem_is_mute_the_broker_says_that_it_is_at_work, tc)
{
	int terminal = posix_openpt(O_RDWR | O_NOCTTY);
	struct broker_answer answer;
	struct broker_hello hello;
	struct esim_error err;
	char uri[64];
	struct rig rig;

	ATF_REQUIRE(terminal >= 0 && grantpt(terminal) == 0 && unlockpt(terminal) == 0);
	snprintf(uri, sizeof(uri), "at:%s", ptsname(terminal));
	hello = hello_for(uri);
	start(&rig);
	say(&rig, 7, BROKER_HELLO, sizeof(hello), &hello, sizeof(hello));
	ATF_REQUIRE(hear(&rig, &answer, &err));
	ATF_CHECK_EQ(7, answer.id);
	ATF_CHECK_EQ_MSG(BROKER_AT_WORK, answer.result, "%s", answer.result ? err.message : "it is open");
	say(&rig, 7, BROKER_CANCEL, 0, NULL, 0);
	do
		ATF_REQUIRE(hear(&rig, &answer, &err));
	while (answer.result == BROKER_AT_WORK);
	ATF_CHECK_EQ_MSG(ESIM_ECANCELED, answer.result, "%s", err.message);
	finish(&rig);
	close(terminal);
}

ATF_TC_WITHOUT_HEAD(lengths_that_lie_end_the_connection);
ATF_TC_BODY(lengths_that_lie_end_the_connection, tc)
{
	static const uint32_t lies[] = { 1, 4, UINT32_MAX, BROKER_MAX_PAYLOAD };
	struct broker_answer answer;
	struct esim_error err;
	struct rig rig;

	for (size_t i = 0; i < sizeof(lies) / sizeof(lies[0]); i++) {
		start(&rig);
		say(&rig, 1, BROKER_DESCRIBE, lies[i], NULL, 0);
		ATF_CHECK(!hear(&rig, &answer, &err));
		finish(&rig);
	}
	start(&rig);
	ATF_REQUIRE_EQ(send(rig.fd, "short", 5, MSG_NOSIGNAL), 5);
	ATF_CHECK(!hear(&rig, &answer, &err));
	finish(&rig);
	start(&rig);
	say(&rig, 0, BROKER_DESCRIBE, 0, NULL, 0);
	ATF_CHECK(!hear(&rig, &answer, &err));
	finish(&rig);
}

ATF_TC_WITHOUT_HEAD(a_caller_who_reads_nothing_holds_nothing);
ATF_TC_BODY(a_caller_who_reads_nothing_holds_nothing, tc)
{
	struct timespec until;
	struct rig rig;
	int unread = 0;

	start(&rig);
	/* Each question once the one before is answered, until one is not: the buffer is full. */
	for (uint32_t id = 1; id < 100000; id++) {
		const int before = unread;

		say(&rig, id, BROKER_DESCRIBE, 0, NULL, 0);
		for (int i = 0; unread == before && i < 1000; i++) {
			ATF_REQUIRE_EQ(ioctl(rig.fd, FIONREAD, &unread), 0);
			if (unread == before)
				poll(NULL, 0, 1);
		}
		if (unread == before)
			break;
	}
	clock_gettime(CLOCK_REALTIME, &until);
	until.tv_sec += BOUND_MS / 1000;
	ATF_CHECK_EQ_MSG(pthread_timedjoin_np(rig.thread, NULL, &until), 0, "it waits for its caller");
	close(rig.fd);
}

ATF_TC_WITHOUT_HEAD(cancel_of_nothing_changes_nothing);
ATF_TC_BODY(cancel_of_nothing_changes_nothing, tc)
{
	struct rig rig;

	start(&rig);
	for (uint32_t id = 1; id < 100; id++)
		say(&rig, id, BROKER_CANCEL, 0, NULL, 0);
	say(&rig, 7, BROKER_DESCRIBE, 0, NULL, 0);
	refused(&rig, 7, ESIM_EINVAL, "which modem");
	finish(&rig);
}

ATF_TP_ADD_TCS(tp)
{
	ATF_TP_ADD_TC(tp, operations_before_hello_are_refused);
	ATF_TP_ADD_TC(tp, hello_of_another_build_is_refused);
	ATF_TP_ADD_TC(tp, other_devices_than_modems_are_not_opened);
	ATF_TP_ADD_TC(tp, a_terminal_is_its_owners_and_no_link_is_left);
	ATF_TP_ADD_TC(tp, while_a_modem_is_mute_the_broker_says_that_it_is_at_work);
	ATF_TP_ADD_TC(tp, lengths_that_lie_end_the_connection);
	ATF_TP_ADD_TC(tp, a_caller_who_reads_nothing_holds_nothing);
	ATF_TP_ADD_TC(tp, cancel_of_nothing_changes_nothing);
	return atf_no_error();
}
