/* SPDX-License-Identifier: GPL-2.0-or-later */
/* A virtual modem on pseudo-terminals: opened as a port is, hung up when it leaves, found again by its link. */
#include "vmodem_rig.h"

#include "vmodem/mbim.h"
#include "vmodem/way.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define TIMEOUT_MS 60000

#define CASE(name, text)				\
	ATF_TC(name);					\
	ATF_TC_HEAD(name, tc)				\
	{						\
		atf_tc_set_md_var(tc, "descr", text);	\
	}						\
	ATF_TC_BODY(name, tc)

static struct vmodem_thread *start(const char *fault)
{
	const struct vmodem_serve_options options = {
		.modem = {
			.protocols = VMODEM_MBIM,
			.card = { .state_dir = "card", .pki_dirs = { "pki" }, .pki_count = 1 },
			.fault = fault,
		},
		.pty_link = "modem",
	};
	struct vmodem_thread *thread = NULL;
	struct esim_error err = { 0 };

	vrig_card();
	ATF_REQUIRE_EQ_MSG(0, vmodem_start(&options, &thread, &err), "%s", err.message);
	return thread;
}

static int open_port(struct vmodem_thread *thread)
{
	char path[128];
	int fd;

	vmodem_where(thread, "mbim", path);
	fd = open(path, O_RDWR | O_NOCTTY | O_CLOEXEC);
	ATF_REQUIRE_MSG(fd >= 0, "%s: %s", path, strerror(errno));
	return fd;
}

static void ask(int fd, uint32_t tid)
{
	struct esim_buf out = ESIM_BUF_INIT;

	vmbim_put_u32(&out, MBIM_OPEN);
	vmbim_put_u32(&out, 16);
	vmbim_put_u32(&out, tid);
	vmbim_put_u32(&out, 4096);
	ATF_REQUIRE_EQ((ssize_t)out.len, write(fd, out.data, out.len));
	esim_buf_free(&out);
}

/* The transaction id of the answer, 16 bytes; 0: it was hung up. */
static uint32_t answer(int fd)
{
	uint8_t bytes[16];

	for (size_t got = 0; got < sizeof(bytes);) {
		struct pollfd pollfd = { .fd = fd, .events = POLLIN };
		ssize_t n;

		ATF_REQUIRE_EQ(1, poll(&pollfd, 1, TIMEOUT_MS));
		n = read(fd, bytes + got, sizeof(bytes) - got);
		if (n <= 0)
			return 0;
		got += (size_t)n;
	}
	return vmbim_get_u32(bytes + 8);
}

/* A command that is answered when all that came before it is done. */
static void catch_up(struct vmodem_thread *thread)
{
	ATF_REQUIRE_EQ(0, vmodem_ask(thread, NULL, "stats"));
}

CASE(raw, "The port carries every byte as it is, for one program after the other")
{
	struct vmodem_thread *thread = start(NULL);

	(void)tc;
	/* Each transaction id holds bytes that a terminal would act on: ^C, ^D, CR, LF, ^Q, ^S, 7F, FF. */
	for (unsigned i = 0; i < 3; i++) {
		int fd = open_port(thread);

		ask(fd, 0x0D0A0403);
		ATF_REQUIRE_EQ(0x0D0A0403, answer(fd));
		ask(fd, 0xFF7F1311);
		ATF_REQUIRE_EQ(0xFF7F1311, answer(fd));
		close(fd);
	}
	vmodem_stop(&thread);
}

CASE(hung_up, "A modem that starts anew hangs its port up and has another, to which the link leads")
{
	struct vmodem_thread *thread = start(NULL);
	char before[128], after[128], target[PATH_MAX];
	ssize_t n;
	int fd = open_port(thread);

	(void)tc;
	vmodem_where(thread, "mbim", before);
	ask(fd, 1);
	ATF_REQUIRE_EQ(1, answer(fd));
	ATF_REQUIRE_EQ(0, vmodem_ask(thread, NULL, "restart"));
	ATF_REQUIRE_EQ_MSG(0, answer(fd), "it is hung up");
	vmodem_where(thread, "mbim", after);
	ATF_REQUIRE_MSG(after[0] && strcmp(before, after), "%s, then %s", before, after);
	n = readlink("modem-mbim", target, sizeof(target) - 1);
	ATF_REQUIRE(n > 0);
	target[n] = '\0';
	ATF_REQUIRE_STREQ(after, target);
	close(fd);
	fd = open_port(thread);
	ask(fd, 2);
	ATF_REQUIRE_EQ(2, answer(fd));
	close(fd);
	vmodem_stop(&thread);
	ATF_REQUIRE_EQ_MSG(-1, readlink("modem-mbim", target, sizeof(target)), "the link goes with the modem");
}

CASE(unplugged, "Unplugged, it is nowhere, and its link neither; plugged in, it is there")
{
	struct vmodem_thread *thread = start(NULL);
	char path[128];
	int fd = open_port(thread);

	(void)tc;
	ATF_REQUIRE_EQ(0, vmodem_ask(thread, NULL, "unplug"));
	ATF_REQUIRE_EQ(0, answer(fd));
	ATF_REQUIRE_STREQ("", vmodem_where(thread, "mbim", path));
	ATF_REQUIRE_EQ(-1, access("modem-mbim", F_OK));
	ATF_REQUIRE_EQ(0, vmodem_ask(thread, NULL, "plug"));
	close(fd);
	fd = open_port(thread);
	ask(fd, 5);
	ATF_REQUIRE_EQ(5, answer(fd));
	close(fd);
	vmodem_stop(&thread);
}

CASE(at_a_message, "A fault that resets strikes at its message, whose answer never comes")
{
	struct vmodem_thread *thread = start("reset@2:sync");
	int fd = open_port(thread);

	(void)tc;
	ask(fd, 1);
	ATF_REQUIRE_EQ(1, answer(fd));
	ask(fd, 2);
	ATF_REQUIRE_EQ(0, answer(fd));
	close(fd);
	vmodem_stop(&thread);
}

CASE(stale, "What a program did not read is not for the next one")
{
	struct vmodem_thread *thread = start(NULL);
	int fd = open_port(thread);

	(void)tc;
	for (unsigned i = 0; i < 100; i++)
		ask(fd, 7);
	close(fd);
	catch_up(thread);
	fd = open_port(thread);
	ask(fd, 8);
	ATF_REQUIRE_EQ(8, answer(fd));
	close(fd);
	vmodem_stop(&thread);
}

CASE(commands, "A command is answered by what it does, or by an error that names it")
{
	struct vmodem_thread *thread = start(NULL);
	char reply[VMODEM_LINE_SIZE];

	(void)tc;
	ATF_REQUIRE_EQ(0, vmodem_ask(thread, reply, "state"));
	ATF_REQUIRE_MSG(strstr(reply, "bus there\n") && strstr(reply, "iccid " VRIG_FIRST "\n"), "%s", reply);
	ATF_REQUIRE_EQ(0, vmodem_ask(thread, reply, "channels"));
	ATF_REQUIRE_STREQ("0\n", reply);
	ATF_REQUIRE_EQ(0, vmodem_ask(thread, reply, "quirk channels=2"));
	ATF_REQUIRE_EQ(0, vmodem_ask(thread, reply, "fault mute@1"));
	ATF_REQUIRE_EQ(0, vmodem_ask(thread, reply, "card-fault none"));
	ATF_REQUIRE_EQ(ESIM_EPROTO, vmodem_ask(thread, reply, "sing"));
	ATF_REQUIRE_MSG(strstr(reply, "\"sing\" is no command"), "%s", reply);
	ATF_REQUIRE_EQ(ESIM_EPROTO, vmodem_ask(thread, reply, "quirk nonsense"));
	ATF_REQUIRE_EQ(ESIM_EPROTO, vmodem_ask(thread, reply, "slot 2"));
	vmodem_stop(&thread);
}

ATF_TP_ADD_TCS(tp)
{
	ATF_TP_ADD_TC(tp, raw);
	ATF_TP_ADD_TC(tp, hung_up);
	ATF_TP_ADD_TC(tp, unplugged);
	ATF_TP_ADD_TC(tp, at_a_message);
	ATF_TP_ADD_TC(tp, stale);
	ATF_TP_ADD_TC(tp, commands);
	return atf_no_error();
}
