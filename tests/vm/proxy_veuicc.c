/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The virtual eUICC behind a device: `veuicc --proxy` in this process, and a card that goes mute
 * or loses its power in the middle.
 */
#include "vm/proxy_cases.h"

#include "veuicc/proxy.h"

#include <errno.h>
#include <poll.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/eventfd.h>
#include <unistd.h>

#define SOON_MS 500

static const uint8_t get_eid[] = { 0x80, 0xE2, 0x91, 0x00, 0x06, 0xBF, 0x3E, 0x03, 0x5C, 0x01, 0x5A };

struct veuicc *proxy_card(void)
{
	const char *pki = getenv("COREESIM_PKI");
	struct veuicc_options options = { .pki_count = 1 };
	struct esim_error err = { 0 };
	struct veuicc *card = NULL;
	char path[256];

	snprintf(path, sizeof(path), "%s/nist", pki ? pki : "/pki");
	options.pki_dirs[0] = path;
	if (veuicc_new(&options, &card, &err))
		tap_fail("a virtual eUICC", "%s", err.message);
	return card;
}

bool proxy_gives_eid(int fd, struct veuicc *card)
{
	uint8_t response[64];
	uint16_t sw = 0;
	size_t len = 0;

	return device_apdu(fd, get_eid, sizeof(get_eid), response, sizeof(response), &len, &sw) == 0 &&
	       sw == 0x9000 && len > ESIM_EID_SIZE &&
	       !memcmp(response + len - ESIM_EID_SIZE, veuicc_eid(card)->bytes, ESIM_EID_SIZE);
}

struct server {
	struct veuicc *card;
	int fd, stop;
	unsigned int minor;
	pthread_t thread;
};

static void *serve(void *argument)
{
	struct server *server = argument;

	if (veuicc_proxy_talk(server->card, server->fd, server->stop))
		perror("veuicc_proxy_talk");
	close(server->fd);
	return NULL;
}

static bool server_start(struct server *server)
{
	struct esim_error err = { 0 };

	*server = (struct server){ .card = proxy_card(), .stop = eventfd(0, EFD_CLOEXEC) };
	if (server->card && veuicc_proxy_open(server->card, END_DEVICE, &server->fd, &server->minor, &err))
		tap_fail("a device for the virtual eUICC", "%s", err.message);
	return server->card && !err.code &&
	       pthread_create(&server->thread, NULL, serve, server) == 0;
}

static void server_stop(struct server *server)
{
	if (eventfd_write(server->stop, 1) == 0)
		pthread_join(server->thread, NULL);
	close(server->stop);
	veuicc_free(&server->card);
}

/* Between calls of the clients the server's thread waits, and the card is ours. */
static void fault_next(struct server *server, const char *action)
{
	char spec[64];

	snprintf(spec, sizeof(spec), "%s@%llu", action,
		 (unsigned long long)veuicc_apdu_count(server->card) + 1);
	veuicc_set_fault(server->card, spec, NULL);
}

static int eid_status(int fd)
{
	struct client *client = client_start_xfer(fd, SOON_MS, get_eid, sizeof(get_eid));
	int r = client_wait(client);

	if (r == 0)
		r = client->entry.status;
	client_free(client);
	return r;
}

static void check_card(struct server *server, int fd)
{
	struct euicc_open_channel open;
	struct euicc_info info;

	tap_ok(device_channel(fd, device_isdr, sizeof(device_isdr), 0, &open) == 0 && open.fci_len > 0 &&
	       open.fci[0] == 0x6F, "the virtual eUICC's ISD-R, with its FCI");
	tap_ok(proxy_gives_eid(fd, server->card), "and its EID");
	tap_ok(device_info(fd, &info) == 0 && info.card_state == EUICC_CARD_ON &&
	       info.atr_len == veuicc_atr(server->card).len &&
	       !memcmp(info.atr, veuicc_atr(server->card).data, info.atr_len), "and its ATR");
}

static void check_faults(struct server *server, int fd)
{
	fault_next(server, "mute");
	tap_ok(eid_status(fd) == -ETIMEDOUT, "a card that goes mute: ETIMEDOUT, unknown");
	tap_ok(eid_status(fd) == -ETIMEDOUT, "and mute it stays");
	tap_ok(device_reset(fd, EUICC_RESET_ANY, 0, NULL) == 0 && device_isdr_channel(fd) == 0 &&
	       proxy_gives_eid(fd, server->card), "until it is reset");
	fault_next(server, "power-loss");
	tap_ok(eid_status(fd) == -EIO, "a card that loses its power: unknown");
	tap_ok(eid_status(fd) == -ESTALE, "its channel is gone with its session");
	tap_ok(device_isdr_channel(fd) == 0 && proxy_gives_eid(fd, server->card),
	       "and OPEN starts the next");
}

void proxy_veuicc_cases(void)
{
	struct euicc_event event = { 0 };
	struct server server;
	int fd;

	if (!server_start(&server))
		return;
	fd = device_open(server.minor, 0);
	check_card(&server, fd);
	check_faults(&server, fd);
	server_stop(&server);
	while (event.type != EUICC_EVENT_GONE && device_event(fd, &event) == 0)
		;
	tap_ok(event.type == EUICC_EVENT_GONE, "the device goes when its program is told to stop");
	close(fd);
}
