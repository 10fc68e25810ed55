/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Downloads and switches that wait for each other. The modem's interface is the loopback one: every host has it. */
#include "lpad/daemon/modem_board.h"

#include <atf-c.h>
#include <pthread.h>
#include <stdlib.h>
#include <string.h>
#include <systemd/sd-event.h>

#define URI "mbim:/dev/cdc-wdm0"

struct rig {
	sd_event *event;
	struct poster *poster;
	struct modem_board *board;
	struct mm_modem modem;
	unsigned ended, waited;
};

static void on_ended(void *context, const char *uri)
{
	ATF_CHECK_STREQ(URI, uri);
	((struct rig *)context)->ended++;
}

static void on_waiting(void *context)
{
	((struct rig *)context)->waited++;
}

static void begin(struct rig *rig)
{
	struct esim_error err;

	memset(rig, 0, sizeof(*rig));
	ATF_REQUIRE(sd_event_new(&rig->event) >= 0);
	ATF_REQUIRE_EQ(0, poster_new(rig->event, &rig->poster, &err));
	ATF_REQUIRE_EQ(0, modem_board_new(rig->poster, on_ended, rig, &rig->board, &err));
	rig->modem.ports[0].type = MM_PORT_NET;
	strcpy(rig->modem.ports[0].name, "lo");
	rig->modem.port_count = 1;
	ATF_REQUIRE_EQ(0, modem_board_begin(rig->board, URI, &err));
}

static void end(struct rig *rig)
{
	modem_board_end(rig->board, URI);
	ATF_CHECK(!modem_board_is_switching(rig->board, URI));
	ATF_REQUIRE(sd_event_run(rig->event, 0) >= 0);
	ATF_CHECK_EQ(1, rig->ended);
	modem_board_free(&rig->board);
	poster_free(&rig->poster);
	sd_event_unref(rig->event);
}

static int await_at_once(struct rig *rig)
{
	const struct board_waiter waiter = { .waiting = on_waiting, .context = rig };
	struct esim_error err;

	return modem_board_await_downloads(rig->board, URI, &rig->modem, &waiter, &err);
}

ATF_TC_WITHOUT_HEAD(a_modem_that_carries_a_download_is_not_set_aside);
ATF_TC_BODY(a_modem_that_carries_a_download_is_not_set_aside, tc)
{
	struct board_download download;
	struct esim_error err;
	struct rig rig;

	begin(&rig);
	ATF_CHECK(modem_board_is_switching(rig.board, URI));
	ATF_REQUIRE_EQ(0, board_download_begin(rig.board, &download, NULL, &err));
	/* Not connected: it may be this modem. */
	ATF_CHECK_EQ(ESIM_EBUSY, await_at_once(&rig));
	board_download_at(rig.board, &download, "127.0.0.1");
	ATF_CHECK_EQ(ESIM_EBUSY, await_at_once(&rig));
	ATF_CHECK_EQ(2, rig.waited);
	/* Over another interface, or over none that the modem has. */
	board_download_at(rig.board, &download, "192.0.2.7");
	ATF_CHECK_EQ(0, await_at_once(&rig));
	modem_board_set_aside(rig.board, URI);
	board_download_at(rig.board, &download, "127.0.0.1");
	rig.modem.port_count = 0;
	ATF_CHECK_EQ(0, await_at_once(&rig));
	rig.modem.port_count = 1;
	board_download_end(rig.board, &download);
	ATF_CHECK_EQ(0, await_at_once(&rig));
	ATF_CHECK_EQ(2, rig.waited);
	end(&rig);
}

static void *download_meanwhile(void *data)
{
	static struct board_download download;
	struct rig *rig = data;
	struct esim_error err;
	intptr_t rc = board_download_begin(rig->board, &download, NULL, &err);

	if (!rc)
		board_download_end(rig->board, &download);
	return (void *)rc;
}

ATF_TC_WITHOUT_HEAD(no_download_begins_while_a_modem_is_being_set_aside);
ATF_TC_BODY(no_download_begins_while_a_modem_is_being_set_aside, tc)
{
	struct esim_cancel *cancelled;
	struct board_download download;
	struct esim_error err;
	struct rig rig;
	pthread_t thread;
	void *rc;

	begin(&rig);
	ATF_REQUIRE_EQ(0, esim_cancel_new(&cancelled));
	esim_cancel_trigger(cancelled);
	/* Whoever need not wait begins; the cancel is the download's own matter. */
	ATF_REQUIRE_EQ(0, board_download_begin(rig.board, &download, cancelled, &err));
	board_download_end(rig.board, &download);

	ATF_REQUIRE_EQ(0, await_at_once(&rig));
	ATF_CHECK_EQ(ESIM_ECANCELED, board_download_begin(rig.board, &download, cancelled, &err));
	ATF_REQUIRE_EQ(0, pthread_create(&thread, NULL, download_meanwhile, &rig));
	modem_board_set_aside(rig.board, URI);
	ATF_REQUIRE_EQ(0, pthread_join(thread, &rc));
	ATF_CHECK(!rc);
	/* A switch that ends without a word lets them go, too. */
	ATF_REQUIRE_EQ(0, await_at_once(&rig));
	ATF_REQUIRE_EQ(0, pthread_create(&thread, NULL, download_meanwhile, &rig));
	modem_board_end(rig.board, URI);
	ATF_REQUIRE_EQ(0, pthread_join(thread, &rc));
	ATF_CHECK(!rc);
	esim_cancel_free(&cancelled);
	end(&rig);
}

ATF_TP_ADD_TCS(tp)
{
	ATF_TP_ADD_TC(tp, a_modem_that_carries_a_download_is_not_set_aside);
	ATF_TP_ADD_TC(tp, no_download_begins_while_a_modem_is_being_set_aside);
	return atf_no_error();
}
