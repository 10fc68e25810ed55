/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Parts of a server address, for the rooms that connect to it. */
#ifndef LIBESIM_ADDRESS_H
#define LIBESIM_ADDRESS_H

#include <esim/http.h>

#include <stdbool.h>
#include <stdint.h>
#include <sys/socket.h>

#define ADDRESS_HTTPS_PORT 443

struct address {
	char host[ESIM_MAX_FQDN + 1];	/* as esim_address_normalise() gives it, without a port */
	uint16_t port;
	bool literal;			/* an IPv4 address, an IPv6 address in brackets, or one label */
};

/* Take apart what a person, card or server wrote. ESIM_EINVAL never repeats the text. */
int address_parse(const char *text, struct address *ret, struct esim_error *err);

/*
 * Not on the public Internet: loopback, private, link-local, shared, multicast,
 * unspecified, reserved and mapped forms of these (RFC 6890), and any family
 * that is neither IPv4 nor IPv6.
 */
bool address_is_private(const struct sockaddr *addr);

#endif
