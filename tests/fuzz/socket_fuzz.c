/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The reader's side of the socket framing. The input is what the card's side
 * sends: pieces, each a length byte and as many bytes. A socket that keeps
 * message boundaries holds them all before the reader starts, and gives one to
 * each read: no thread, no waiting.
 */
#include "transport_schemes.h"

#include <esim/card.h>
#include <esim/es10c.h>

#include <stdlib.h>
#include <sys/socket.h>
#include <unistd.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

#define MAX_PIECES 100

static void send_pieces(int fd, const uint8_t *data, size_t size)
{
	for (int i = 0; i < MAX_PIECES && size > 0; i++) {
		size_t len = data[0] < size - 1 ? data[0] : size - 1;

		if (len > 0 && send(fd, data + 1, len, MSG_NOSIGNAL | MSG_DONTWAIT) < 0)
			break;
		data += 1 + len;
		size -= 1 + len;
	}
	shutdown(fd, SHUT_WR);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct esim_transport *transport;
	struct esim_card *card;
	struct esim_error err;
	struct esim_eid eid;
	int fds[2];

	if (socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, fds) < 0)
		abort();
	send_pieces(fds[1], data, size);
	if (transport_socket_adopt(fds[0], &transport, &err) == 0 &&
	    esim_card_open(transport, NULL, &card, &err) == 0) {
		es10c_get_eid(card, &eid, &err);
		esim_card_reset(card, &err);
		esim_card_free(&card);
	}
	close(fds[1]);
	return 0;
}
