/* SPDX-License-Identifier: GPL-2.0-or-later */
/* One owner of an AT port: who has it already is left alone and named, and it is left as it was found. */
#include "modem_at_rig.h"

#include <fcntl.h>
#include <signal.h>
#include <sys/ioctl.h>
#include <sys/wait.h>
#include <unistd.h>

ATF_TC_WITHOUT_HEAD(a_port_that_another_program_has_is_left_to_it_and_the_program_named);
ATF_TC_BODY(a_port_that_another_program_has_is_left_to_it_and_the_program_named, tc)
{
	struct esim_transport *transport = NULL;
	char path[128], pid[32], byte;
	int ready[2], status;
	pid_t child;

	rig_start("", "");
	rig_wait_until_there(path);
	ATF_REQUIRE_EQ(pipe(ready), 0);
	child = fork();
	ATF_REQUIRE(child >= 0);
	if (child == 0) {
		int fd = open(path, O_RDWR | O_NOCTTY);

		close(ready[0]);
		_exit(fd < 0 || write(ready[1], "x", 1) != 1 || pause());
	}
	close(ready[1]);
	ATF_CHECK_EQ(read(ready[0], &byte, 1), 1);
	ATF_CHECK_EQ(rig_open(&transport), ESIM_EBUSY);
	snprintf(pid, sizeof(pid), "process %d", (int)child);
	ATF_CHECK_MSG(strstr(err.message, pid), "%s", err.message);
	kill(child, SIGKILL);
	ATF_REQUIRE_EQ(waitpid(child, &status, 0), child);
	close(ready[0]);
	ATF_CHECK_EQ_MSG(rig_session(RIG_TIMEOUT_MS), 0, "%s", err.message);
	rig_stop();
}

ATF_TC_WITHOUT_HEAD(two_of_one_program_do_not_share_a_modem);
ATF_TC_BODY(two_of_one_program_do_not_share_a_modem, tc)
{
	struct esim_transport *first, *second = NULL;

	rig_start("", "");
	first = rig_require_open();
	ATF_CHECK_EQ(rig_open(&second), ESIM_EBUSY);
	esim_transport_free(&first);
	ATF_CHECK_EQ_MSG(rig_session(RIG_TIMEOUT_MS), 0, "%s", err.message);
	rig_stop();
}

ATF_TC_WITHOUT_HEAD(the_port_is_left_as_it_was_found);
ATF_TC_BODY(the_port_is_left_as_it_was_found, tc)
{
	struct termios before, after;
	int exclusive = 1;
	char path[128];
	int fd;

	rig_start("", "");
	rig_wait_until_there(path);
	fd = open(path, O_RDWR | O_NOCTTY | O_NONBLOCK | O_CLOEXEC);
	ATF_REQUIRE(fd >= 0);
	ATF_REQUIRE_EQ(tcgetattr(fd, &before), 0);
	before.c_lflag |= ISIG;
	before.c_cc[VMIN] = 3;
	ATF_REQUIRE_EQ(tcsetattr(fd, TCSANOW, &before), 0);
	ATF_CHECK_EQ_MSG(rig_session(RIG_TIMEOUT_MS), 0, "%s", err.message);
	ATF_REQUIRE_EQ(tcgetattr(fd, &after), 0);
	ATF_CHECK_EQ(after.c_lflag, before.c_lflag);
	ATF_CHECK_EQ(after.c_cc[VMIN], 3);
	ATF_CHECK_EQ(ioctl(fd, TIOCGEXCL, &exclusive), 0);
	ATF_CHECK_EQ(exclusive, 0);
	close(fd);
	rig_stop();
}

ATF_TC_WITHOUT_HEAD(what_a_program_that_died_left_open_is_closed);
ATF_TC_BODY(what_a_program_that_died_left_open_is_closed, tc)
{
	static const char *const quirks[] = { "channels=1", "channels=1 at-csim-only", "channels=1 at-no-cchc" };

	for (size_t i = 0; i < 3; i++) {
		struct esim_transport *transport;
		uint32_t handle;
		pid_t child;
		int status;

		rig_start(quirks[i], "");
		child = fork();
		ATF_REQUIRE(child >= 0);
		if (child == 0)
			_exit(rig_open(&transport) || rig_open_isdr(transport, &handle, RIG_TIMEOUT_MS));
		ATF_REQUIRE_EQ(waitpid(child, &status, 0), child);
		ATF_REQUIRE_EQ(status, 0);
		ATF_CHECK_EQ(rig_channels(), 1);
		transport = rig_require_open();
		ATF_CHECK_EQ_MSG(rig_channels(), 0, "%s", quirks[i]);
		esim_transport_free(&transport);
		ATF_CHECK_EQ_MSG(rig_session(RIG_TIMEOUT_MS), 0, "%s: %s", quirks[i], err.message);
		rig_stop();
	}
}

ATF_TC_WITHOUT_HEAD(what_is_no_modem_says_so);
ATF_TC_BODY(what_is_no_modem_says_so, tc)
{
	const struct esim_transport_ops *ops;
	void *priv;

	setenv("COREESIM_MODEMS_STATE", ".", 1);
	ATF_CHECK_EQ(at_open("/dev/no-such-port", NULL, &ops, &priv, &err), ESIM_ENODEV);
	ATF_CHECK_EQ(at_open("/dev/null", NULL, &ops, &priv, &err), ESIM_EINVAL);
	ATF_CHECK_MSG(strstr(err.message, "no serial port"), "%s", err.message);
	ATF_CHECK_EQ(at_open("ttyUSB2", NULL, &ops, &priv, &err), ESIM_EINVAL);
	ATF_CHECK_EQ(at_open("/dev/ttyUSB2?slot=2", NULL, &ops, &priv, &err), ESIM_EINVAL);
}

ATF_TP_ADD_TCS(tp)
{
	ATF_TP_ADD_TC(tp, a_port_that_another_program_has_is_left_to_it_and_the_program_named);
	ATF_TP_ADD_TC(tp, two_of_one_program_do_not_share_a_modem);
	ATF_TP_ADD_TC(tp, the_port_is_left_as_it_was_found);
	ATF_TP_ADD_TC(tp, what_a_program_that_died_left_open_is_closed);
	ATF_TP_ADD_TC(tp, what_is_no_modem_says_so);
	return atf_no_error();
}
