/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What lanes and the loop tell each other of modems; see modem_board.h. */
#include "modem_board.h"

#include <arpa/inet.h>
#include <errno.h>
#include <ifaddrs.h>
#include <netinet/in.h>
#include <poll.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/eventfd.h>
#include <time.h>
#include <unistd.h>

/* A switch under way, and the post that says it ended. */
struct switching {
	struct post post;
	struct modem_board *board;
	struct switching *next;
	bool sets_aside;		/* from the look at the downloads until ModemManager has let go of the modem */
	char uri[ESIM_URI_SIZE];
};

/* Who waits for downloads, or for a modem that is just being set aside. */
struct waiting {
	struct waiting *next;
	int fd;
};

struct modem_board {
	struct poster *poster;
	void (*ended)(void *context, const char *uri);
	void *context;
	pthread_mutex_t lock;			/* for what follows */
	struct switching *switching;
	struct board_download *downloads;
	struct waiting *waiting;
};

int modem_board_new(struct poster *poster, void (*ended)(void *context, const char *uri), void *context,
		    struct modem_board **ret, struct esim_error *err)
{
	struct modem_board *board = calloc(1, sizeof(*board));

	if (!board)
		return esim_error_set(err, ESIM_ENOMEM, "no memory");
	board->poster = poster;
	board->ended = ended;
	board->context = context;
	pthread_mutex_init(&board->lock, NULL);
	*ret = board;
	return 0;
}

void modem_board_free(struct modem_board **board)
{
	if (!*board)
		return;
	pthread_mutex_destroy(&(*board)->lock);
	free(*board);
	*board = NULL;
}

/* --- switches ------------------------------------------------------------------------------------------------- */

static void tell_end(struct post *post)
{
	struct switching *switching = (struct switching *)post;

	switching->board->ended(switching->board->context, switching->uri);
	free(switching);
}

int modem_board_begin(struct modem_board *board, const char *uri, struct esim_error *err)
{
	struct switching *switching = calloc(1, sizeof(*switching));

	if (!switching)
		return esim_error_set(err, ESIM_ENOMEM, "no memory");
	switching->post.run = tell_end;
	switching->board = board;
	snprintf(switching->uri, sizeof(switching->uri), "%s", uri);
	pthread_mutex_lock(&board->lock);
	switching->next = board->switching;
	board->switching = switching;
	pthread_mutex_unlock(&board->lock);
	return 0;
}

/* Locked. Where the switch of @uri is, or would be: the list's end. */
static struct switching **find_switching(struct modem_board *board, const char *uri)
{
	struct switching **at = &board->switching;

	while (*at && strcmp((*at)->uri, uri) != 0)
		at = &(*at)->next;
	return at;
}

bool modem_board_is_switching(struct modem_board *board, const char *uri)
{
	bool is;

	pthread_mutex_lock(&board->lock);
	is = *find_switching(board, uri);
	pthread_mutex_unlock(&board->lock);
	return is;
}

/* --- who waits ---------------------------------------------------------------------------------------------------- */

/* Locked. */
static void wake(struct modem_board *board)
{
	const uint64_t one = 1;

	for (const struct waiting *w = board->waiting; w; w = w->next)
		if (write(w->fd, &one, sizeof(one)) < 0)
			continue;
}

static struct waiting *begin_waiting(struct modem_board *board)
{
	struct waiting *me = calloc(1, sizeof(*me));

	if (!me)
		return NULL;
	me->fd = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
	if (me->fd < 0) {
		free(me);
		return NULL;
	}
	pthread_mutex_lock(&board->lock);
	me->next = board->waiting;
	board->waiting = me;
	pthread_mutex_unlock(&board->lock);
	return me;
}

static void end_waiting(struct modem_board *board, struct waiting *me)
{
	struct waiting **at = &board->waiting;

	pthread_mutex_lock(&board->lock);
	while (*at != me)
		at = &(*at)->next;
	*at = me->next;
	pthread_mutex_unlock(&board->lock);
	close(me->fd);
	free(me);
}

static uint64_t now_ms(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return (uint64_t)now.tv_sec * 1000 + (uint64_t)now.tv_nsec / 1000000;
}

/* Until there is news; false: @until came. */
static bool wait_for_news(int fd, const struct esim_cancel *cancel, uint64_t until)
{
	struct pollfd fds[] = {
		{ .fd = fd, .events = POLLIN }, { .fd = esim_cancel_fd(cancel), .events = POLLIN },
	};
	const uint64_t now = now_ms();
	uint64_t count;

	if (now >= until)
		return false;
	if (poll(fds, 2, until == UINT64_MAX ? -1 : (int)(until - now)) > 0 && fds[0].revents && read(fd, &count, sizeof(count)) < 0)
		return errno == EAGAIN;
	return true;
}

/* --- the end of a switch ------------------------------------------------------------------------------------------ */

void modem_board_set_aside(struct modem_board *board, const char *uri)
{
	struct switching *switching;

	pthread_mutex_lock(&board->lock);
	switching = *find_switching(board, uri);
	if (switching)
		switching->sets_aside = false;
	wake(board);
	pthread_mutex_unlock(&board->lock);
}

void modem_board_end(struct modem_board *board, const char *uri)
{
	struct switching **at, *switching;

	pthread_mutex_lock(&board->lock);
	at = find_switching(board, uri);
	switching = *at;
	if (switching)
		*at = switching->next;
	wake(board);
	pthread_mutex_unlock(&board->lock);
	if (switching)
		post(board->poster, &switching->post);
}

/* --- downloads ---------------------------------------------------------------------------------------------------- */

/* Locked. A download that began now might go over a modem that is as good as gone. */
static bool is_setting_aside(const struct modem_board *board)
{
	for (const struct switching *s = board->switching; s; s = s->next)
		if (s->sets_aside)
			return true;
	return false;
}

static bool try_begin(struct modem_board *board, struct board_download *download)
{
	bool began;

	pthread_mutex_lock(&board->lock);
	began = !is_setting_aside(board);
	if (began) {
		download->next = board->downloads;
		board->downloads = download;
	}
	pthread_mutex_unlock(&board->lock);
	return began;
}

int board_download_begin(struct modem_board *board, struct board_download *download, const struct esim_cancel *cancel,
			 struct esim_error *err)
{
	struct waiting *me = begin_waiting(board);
	bool began;

	if (!me)
		return esim_error_set(err, ESIM_ENOMEM, "no memory to begin a download");
	download->address[0] = '\0';
	for (;;) {
		began = try_begin(board, download);
		if (began || esim_cancel_triggered(cancel))
			break;
		wait_for_news(me->fd, cancel, UINT64_MAX);
	}
	end_waiting(board, me);
	return began ? 0 : esim_error_set(err, ESIM_ECANCELED, "cancelled");
}

void board_download_at(struct modem_board *board, struct board_download *download, const char *address)
{
	pthread_mutex_lock(&board->lock);
	if (strcmp(download->address, address) != 0) {
		snprintf(download->address, sizeof(download->address), "%s", address);
		wake(board);
	}
	pthread_mutex_unlock(&board->lock);
}

void board_download_end(struct modem_board *board, struct board_download *download)
{
	struct board_download **at = &board->downloads;

	pthread_mutex_lock(&board->lock);
	while (*at && *at != download)
		at = &(*at)->next;
	if (*at)
		*at = download->next;
	wake(board);
	pthread_mutex_unlock(&board->lock);
}

/* --- over which interface ------------------------------------------------------------------------------------------- */

static bool is_address(const struct sockaddr *address, const char *text)
{
	union {
		struct in_addr v4;
		struct in6_addr v6;
	} wanted;

	if (!address)
		return false;
	if (address->sa_family == AF_INET && inet_pton(AF_INET, text, &wanted.v4) == 1)
		return memcmp(&((const struct sockaddr_in *)(const void *)address)->sin_addr, &wanted.v4,
			      sizeof(wanted.v4)) == 0;
	return address->sa_family == AF_INET6 && inet_pton(AF_INET6, text, &wanted.v6) == 1 &&
	       memcmp(&((const struct sockaddr_in6 *)(const void *)address)->sin6_addr, &wanted.v6,
		      sizeof(wanted.v6)) == 0;
}

/* A modem's interfaces may have others on top of them, with further letters to the name: wwan0.1, wwan0qmi1. */
static bool is_interface_of(const struct mm_modem *modem, const char *name)
{
	for (size_t i = 0; i < modem->port_count; i++)
		if (modem->ports[i].type == MM_PORT_NET &&
		    strncmp(name, modem->ports[i].name, strlen(modem->ports[i].name)) == 0)
			return true;
	return false;
}

static bool has_interface(const struct mm_modem *modem)
{
	for (size_t i = 0; i < modem->port_count; i++)
		if (modem->ports[i].type == MM_PORT_NET)
			return true;
	return false;
}

/* Locked. */
static bool carries(const struct modem_board *board, const struct mm_modem *modem, const struct ifaddrs *interfaces)
{
	for (const struct board_download *d = board->downloads; d; d = d->next) {
		if (!d->address[0])
			return true;
		for (const struct ifaddrs *i = interfaces; i; i = i->ifa_next)
			if (is_interface_of(modem, i->ifa_name) && is_address(i->ifa_addr, d->address))
				return true;
	}
	return false;
}

/* From a look that finds none on, no other may begin. */
static bool begin_setting_aside(struct modem_board *board, const char *uri, const struct mm_modem *modem,
				const struct ifaddrs *interfaces)
{
	struct switching *switching;
	bool is_free;

	pthread_mutex_lock(&board->lock);
	is_free = !carries(board, modem, interfaces);
	switching = *find_switching(board, uri);
	if (switching)
		switching->sets_aside = is_free;
	pthread_mutex_unlock(&board->lock);
	return is_free;
}

static int await(struct modem_board *board, const char *uri, const struct mm_modem *modem,
		 const struct ifaddrs *interfaces, int fd, const struct board_waiter *waiter, uint64_t until,
		 struct esim_error *err)
{
	bool told = false;

	for (;;) {
		if (begin_setting_aside(board, uri, modem, interfaces))
			return 0;
		if (!told)
			waiter->waiting(waiter->context);
		told = true;
		if (esim_cancel_triggered(waiter->cancel))
			return esim_error_set(err, ESIM_ECANCELED, "cancelled");
		if (!wait_for_news(fd, waiter->cancel, until))
			break;
	}
	esim_error_set(err, ESIM_EBUSY, "a download goes over this modem, which the switch would cut off");
	esim_error_advise(err, "try again when it has ended");
	return ESIM_EBUSY;
}

int modem_board_await_downloads(struct modem_board *board, const char *uri, const struct mm_modem *modem,
				const struct board_waiter *waiter, struct esim_error *err)
{
	struct ifaddrs *interfaces = NULL;
	struct waiting *me;
	int rc;

	if (!has_interface(modem))
		return 0;
	if (getifaddrs(&interfaces) < 0)
		return esim_error_errno(err, ESIM_EIO, errno, "the network interfaces cannot be listed");
	me = begin_waiting(board);
	if (me) {
		rc = await(board, uri, modem, interfaces, me->fd, waiter, now_ms() + waiter->timeout_ms, err);
		end_waiting(board, me);
	} else {
		rc = esim_error_set(err, ESIM_ENOMEM, "no memory to wait for a download");
	}
	freeifaddrs(interfaces);
	return rc;
}
