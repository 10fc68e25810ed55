/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What lanes and the loop tell each other of modems, one board for the daemon: which one's profile is being
 * switched, so that its leaving the bus, and ModemManager's list, is no departure; and which downloads run
 * over which address of this host, so that no modem is set aside under one. Any thread.
 */
#ifndef LPAD_MODEM_BOARD_H
#define LPAD_MODEM_BOARD_H

#include "lane.h"

#include <esim/cancel.h>

#include "lpad/common/modem_manager.h"

struct modem_board;

/* @ended: on the loop, after each switch; @uri as it was begun with. */
int modem_board_new(struct poster *poster, void (*ended)(void *context, const char *uri), void *context,
		    struct modem_board **ret, struct esim_error *err);
/* No lane has a thread any more. */
void modem_board_free(struct modem_board **board);

/* --- switches ------------------------------------------------------------------------------------------ */

/* One that cannot be noted (no memory) is ESIM_ENOMEM. */
int modem_board_begin(struct modem_board *board, const char *uri, struct esim_error *err);
void modem_board_end(struct modem_board *board, const char *uri);
bool modem_board_is_switching(struct modem_board *board, const char *uri);

/* --- downloads ------------------------------------------------------------------------------------------- */

/* In its session, from begin to end; @address "" until it is known. */
struct board_download {
	struct board_download *next;
	char address[46];
};
/* Waits while a modem is being set aside. ESIM_ECANCELED, ESIM_ENOMEM: it did not begin. */
int board_download_begin(struct modem_board *board, struct board_download *download, const struct esim_cancel *cancel,
			 struct esim_error *err);
void board_download_at(struct modem_board *board, struct board_download *download, const char *address);
void board_download_end(struct modem_board *board, struct board_download *download);

struct board_waiter {
	const struct esim_cancel *cancel;
	unsigned timeout_ms;
	void (*waiting)(void *context);		/* called before the first wait */
	void *context;
};

/*
 * Until no download runs over a network interface of @modem, or may do so since it has not connected yet; where that is
 * so, none begins until the switch of @uri says that it set the modem aside, or ends. ESIM_ECANCELED; ESIM_EBUSY: one
 * still runs after the waiter's time.
 */
int modem_board_await_downloads(struct modem_board *board, const char *uri, const struct mm_modem *modem,
				const struct board_waiter *waiter, struct esim_error *err);
/* ModemManager has let go of it, or would not: downloads may begin. */
void modem_board_set_aside(struct modem_board *board, const char *uri);

#endif
