/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Cards that come and go in one device; see monitor_card.h. The file has no channel and powers nothing. */
#include "monitor_card.h"

#include "daemon.h"
#include "log.h"
#include "monitor.h"

#include <linux/euicc.h>

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <unistd.h>

#define MAX_AT_ONCE 16				/* what the kernel keeps unread */

struct card_watch {
	struct daemon *daemon;
	sd_event_source *source;
	int fd;
	char path[ESIM_URI_SIZE];
};

/* What lpad does itself, resets and commands, is no news. */
static bool is_news(const struct euicc_event *event)
{
	return event->type == EUICC_EVENT_INSERTED || event->type == EUICC_EVENT_REMOVED ||
	       event->type == EUICC_EVENT_OVERFLOW;
}

static int on_events(sd_event_source *source, int fd, uint32_t revents, void *userdata)
{
	struct card_watch *watch = userdata;
	struct euicc_event events[MAX_AT_ONCE];
	const ssize_t len = read(fd, events, sizeof(events));
	bool news = false;

	/* That the device itself went is udev's to tell. */
	if ((revents & EPOLLHUP) || (len < 0 && errno != EAGAIN && errno != EINTR)) {
		sd_event_source_set_enabled(source, SD_EVENT_OFF);
		return 0;
	}
	for (ssize_t i = 0; i < len / (ssize_t)sizeof(events[0]); i++)
		news |= is_news(&events[i]);
	if (news)
		device_changed(watch->daemon, watch->path);
	return 0;
}

struct card_watch *card_watch_new(struct daemon *daemon, const char *path)
{
	struct card_watch *watch = calloc(1, sizeof(*watch));

	if (!watch)
		return NULL;
	watch->daemon = daemon;
	snprintf(watch->path, sizeof(watch->path), "%s", path);
	watch->fd = open(path, O_RDWR | O_CLOEXEC | O_NONBLOCK);
	if (watch->fd < 0 || sd_event_add_io(daemon->event, &watch->source, watch->fd, EPOLLIN, on_events, watch) < 0) {
		log_say(LOG_NOTICE, "%s: cards that come and go there are not seen", path);
		card_watch_free(&watch);
	}
	return watch;
}

void card_watch_free(struct card_watch **watch)
{
	if (!*watch)
		return;
	sd_event_source_disable_unref((*watch)->source);
	if ((*watch)->fd >= 0)
		close((*watch)->fd);
	free(*watch);
	*watch = NULL;
}
