/* SPDX-License-Identifier: GPL-2.0-or-later */
/* How many calls at once, descriptors that are lent, callers that leave, and how calls end with the daemon. */
#include "lpad_fake_model.h"

#include <fcntl.h>
#include <poll.h>
#include <sys/stat.h>

#define EUICC	"Euicc1"
#define DENIED	"NotAuthorized"

static bool was_asked(void *times)
{
	return rig.questions >= *(unsigned *)times;
}

/* --- many ------------------------------------------------------------------------------------------------ */

#define MANY	3000

ATF_TC_WITHOUT_HEAD(a_flood_of_calls_is_bounded_and_others_are_served);
ATF_TC_BODY(a_flood_of_calls_is_bounded_and_others_are_served, tc)
{
	sd_bus *client = fake_start(), *flood = bus_rig_client();
	static struct calling *calls[MANY];
	unsigned refused = 0, denied = 0, of_sender = 16;

	rig.mode = POLKIT_SILENT;
	authority_set_patience(fake.daemon.bus->authority, UINT64_C(600000000), 0);
	for (int i = 0; i < MANY; i++)
		calls[i] = bus_rig_begin(flood, false, E1, EUICC, "GetDetails", "");
	bus_rig_until(bus_rig_answered, calls[MANY - 1]);
	bus_rig_until(was_asked, &of_sender);
	ATF_CHECK_EQ(bus_calls(fake.daemon.bus), of_sender);
	rig.mode = POLKIT_YES;
	bus_rig_expect(bus_rig_call(client, E1, EUICC, "GetDetails", ""), "", NULL);
	bus_rig_client_leaves(&rig.polkit);
	for (int i = 0; i < MANY; i++) {
		sd_bus_message *m = bus_rig_finish(calls[i]);

		refused += strcmp(bus_rig_error(m), "TooMany") == 0;
		denied += strcmp(bus_rig_error(m), DENIED) == 0;
		sd_bus_message_unref(m);
	}
	ATF_CHECK_EQ(refused, MANY - of_sender);
	ATF_CHECK_EQ(denied, of_sender);
	ATF_CHECK_EQ(bus_calls(fake.daemon.bus), 0);
	bus_rig_client_leaves(&flood);
	fake_end(client);
}

#define CROWD		20
#define CROWD_CALLS	(16 * CROWD)
static struct calling *crowd_calls[CROWD_CALLS];

static bool have_answers(void *wanted)
{
	unsigned count = 0;

	for (int i = 0; i < CROWD_CALLS; i++)
		count += bus_rig_answered(crowd_calls[i]);
	return count >= *(unsigned *)wanted;
}

ATF_TC_WITHOUT_HEAD(many_callers_are_bounded_together);
ATF_TC_BODY(many_callers_are_bounded_together, tc)
{
	const unsigned most = getuid() ? 64 : 256;
	unsigned refused = 0, expected = CROWD_CALLS - most;
	sd_bus *client = fake_start(), *crowd[CROWD];

	rig.mode = POLKIT_SILENT;
	authority_set_patience(fake.daemon.bus->authority, UINT64_C(600000000), 0);
	for (int i = 0; i < CROWD; i++)
		crowd[i] = bus_rig_client();
	for (int i = 0; i < CROWD_CALLS; i++)
		crowd_calls[i] = bus_rig_begin(crowd[i / 16], false, E1, EUICC, "GetDetails", "");
	bus_rig_until(have_answers, &expected);
	ATF_CHECK_EQ(bus_calls(fake.daemon.bus), most);
	bus_rig_client_leaves(&rig.polkit);
	for (int i = 0; i < CROWD_CALLS; i++) {
		sd_bus_message *m = bus_rig_finish(crowd_calls[i]);

		refused += strcmp(bus_rig_error(m), "TooMany") == 0;
		sd_bus_message_unref(m);
	}
	ATF_CHECK_EQ(refused, expected);
	for (int i = 0; i < CROWD; i++)
		bus_rig_client_leaves(&crowd[i]);
	fake_end(client);
}

/* --- descriptors ------------------------------------------------------------------------------------------ */

static bool was_opened(void *context)
{
	(void)context;
	return fake.opened;
}

static bool is_gone(void *context)
{
	(void)context;
	return fake.gone;
}

static struct calling *begin_open(sd_bus *client)
{
	struct calling *calling = bus_rig_begin(client, false, E1, EUICC, "OpenChannel", "ay", 5, 0xA0, 0,
						0, 5, 0x59);

	bus_rig_until(was_opened, NULL);
	return calling;
}

static bool has_no_reader(void *pipe_end)
{
	struct pollfd pollfd = { .fd = *(int *)pipe_end, .events = POLLOUT };

	return poll(&pollfd, 1, 0) >= 0 && pollfd.revents & POLLERR;
}

ATF_TC_WITHOUT_HEAD(a_borrower_that_leaves_gives_back_what_it_has);
ATF_TC_BODY(a_borrower_that_leaves_gives_back_what_it_has, tc)
{
	sd_bus *client = fake_start(), *borrower = bus_rig_client();
	struct calling *calling = begin_open(borrower);
	struct stat sent, got;
	sd_bus_message *m;
	int pipe_ends[2], fd;

	ATF_CHECK_EQ(fake.aid_len, 5);
	ATF_CHECK_EQ(fake.aid[4], 0x59);
	ATF_CHECK_STREQ(fake.borrower, rig.subject);
	ATF_CHECK_STREQ(rig.action, "org.coreesim.lpa1.open-channel");
	ATF_REQUIRE_EQ(pipe(pipe_ends), 0);
	ATF_REQUIRE_EQ(fstat(pipe_ends[0], &sent), 0);
	fake.opened_done(fake.context, pipe_ends[0], NULL);
	m = bus_rig_finish(calling);
	ATF_REQUIRE_MSG(sd_bus_message_read(m, "h", &fd) > 0, "%s", bus_rig_error(m));
	ATF_REQUIRE_EQ(fstat(fd, &got), 0);
	ATF_CHECK_EQ(sent.st_ino, got.st_ino);
	sd_bus_message_unref(m);
	/* That was the only one. */
	bus_rig_until(has_no_reader, &pipe_ends[1]);
	close(pipe_ends[1]);
	ATF_CHECK_EQ(fake.gone, 0);
	bus_rig_client_leaves(&borrower);
	bus_rig_until(is_gone, NULL);
	ATF_CHECK(!fake.daemon.bus->borrowers);
	fake_end(client);
}

ATF_TC_WITHOUT_HEAD(a_caller_that_leaves_before_it_gets_a_descriptor_holds_none);
ATF_TC_BODY(a_caller_that_leaves_before_it_gets_a_descriptor_holds_none, tc)
{
	sd_bus *client = fake_start(), *borrower = bus_rig_client();
	int pipe_ends[2];

	free(begin_open(borrower));
	bus_rig_client_leaves(&borrower);
	bus_rig_until(is_gone, NULL);
	ATF_REQUIRE_EQ(pipe(pipe_ends), 0);
	fake.opened_done(fake.context, pipe_ends[0], NULL);
	ATF_CHECK_EQ(fake.gone, 2);
	ATF_CHECK_EQ(fcntl(pipe_ends[0], F_GETFD), -1);
	ATF_CHECK_EQ(bus_calls(fake.daemon.bus), 0);
	close(pipe_ends[1]);
	fake_end(client);
}

ATF_TC_WITHOUT_HEAD(who_got_no_descriptor_is_not_watched);
ATF_TC_BODY(who_got_no_descriptor_is_not_watched, tc)
{
	sd_bus *client = fake_start();
	struct calling *calling;
	struct esim_error err;

	calling = begin_open(client);
	esim_error_set(&err, ESIM_ENOTSUP, "not this way");
	fake.opened_done(fake.context, -1, &err);
	bus_rig_expect(bus_rig_finish(calling), "NotSupported", "not this way");
	ATF_CHECK(!fake.daemon.bus->borrowers);
	fake.fails = ESIM_ENODEV;
	bus_rig_expect(bus_rig_call(client, E1, EUICC, "OpenChannel", "ay", 5, 0xA0, 0, 0, 5, 0x59),
		       "NotReady", NULL);
	ATF_CHECK(!fake.daemon.bus->borrowers);
	bus_rig_expect(bus_rig_call(client, E1, EUICC, "OpenChannel", "ay", 0), "InvalidArgument", "aid");
	bus_rig_expect(bus_rig_call(client, E1, EUICC, "OpenChannel", "ay", 17, 1, 2, 3, 4, 5, 6, 7, 8, 9,
				    10, 11, 12, 13, 14, 15,
			    16, 17), "InvalidArgument", "aid");
	fake_end(client);
}

/* --- the end ------------------------------------------------------------------------------------------------ */

static bool was_refreshed(void *context)
{
	(void)context;
	return fake.refreshed;
}

ATF_TC_WITHOUT_HEAD(every_call_has_its_answer_when_the_daemon_ends);
ATF_TC_BODY(every_call_has_its_answer_when_the_daemon_ends, tc)
{
	sd_bus *client = fake_start();
	struct calling *waiting = bus_rig_begin(client, false, E1, EUICC, "Refresh", ""), *asking;
	unsigned twice = 2;

	bus_rig_until(was_refreshed, NULL);
	rig.mode = POLKIT_SILENT;
	asking = bus_rig_begin(client, false, E1, EUICC, "GetDetails", "");
	bus_rig_until(was_asked, &twice);
	bus_free(&fake.daemon.bus);
	bus_rig_expect(bus_rig_finish(waiting), "NotReady", "ending");
	bus_rig_expect(bus_rig_finish(asking), "NotReady", "ending");
	/* What the model owed comes late, and is let go. */
	fake.done(fake.context, NULL);
	fake_end(client);
}

ATF_TC_WITHOUT_HEAD(a_call_that_comes_as_the_daemon_ends_is_told_to_come_again);
ATF_TC_BODY(a_call_that_comes_as_the_daemon_ends_is_told_to_come_again, tc)
{
	sd_bus *client = fake_start();
	struct calling *late = bus_rig_begin(client, false, E1, EUICC, "Refresh", "");

	/* When this is answered, the bus has handed on what came before it. */
	ATF_REQUIRE(sd_bus_call_method(client, "org.freedesktop.DBus", "/", "org.freedesktop.DBus",
				       "GetId", NULL, NULL,
				       "") >= 0);
	bus_free(&fake.daemon.bus);
	bus_rig_expect(bus_rig_finish(late), "NotReady", "call again");
	ATF_CHECK_EQ(fake.refreshed, 0);
	fake_end(client);
}

ATF_TC_WITHOUT_HEAD(a_second_lpad_does_not_get_the_name);
ATF_TC_BODY(a_second_lpad_does_not_get_the_name, tc)
{
	sd_bus *client = fake_start();
	struct esim_error err;
	struct bus *second;

	ATF_REQUIRE_EQ(bus_new(&fake.daemon, rig.event, rig.address, &second, &err), 0);
	ATF_CHECK_EQ(bus_take_name(second, &err), ESIM_EBUSY);
	ATF_CHECK(strstr(err.message, "another lpad"));
	bus_free(&second);
	ATF_CHECK(bus_new(&fake.daemon, rig.event, "unix:path=/nonexistent", &second, &err) != 0);
	ATF_CHECK(strstr(err.message, "/nonexistent"));
	fake_end(client);
}

ATF_TP_ADD_TCS(tp)
{
	ATF_TP_ADD_TC(tp, a_flood_of_calls_is_bounded_and_others_are_served);
	ATF_TP_ADD_TC(tp, many_callers_are_bounded_together);
	ATF_TP_ADD_TC(tp, a_borrower_that_leaves_gives_back_what_it_has);
	ATF_TP_ADD_TC(tp, a_caller_that_leaves_before_it_gets_a_descriptor_holds_none);
	ATF_TP_ADD_TC(tp, who_got_no_descriptor_is_not_watched);
	ATF_TP_ADD_TC(tp, every_call_has_its_answer_when_the_daemon_ends);
	ATF_TP_ADD_TC(tp, a_call_that_comes_as_the_daemon_ends_is_told_to_come_again);
	ATF_TP_ADD_TC(tp, a_second_lpad_does_not_get_the_name);
	return atf_no_error();
}
