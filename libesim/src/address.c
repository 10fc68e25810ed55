/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Server addresses: normalising what people paste and cards store, and telling
 * public addresses from private ones. Messages never repeat the text: it may be
 * a part of an activation code.
 */
#include "address.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <stdio.h>
#include <string.h>

#define MAX_HOST	253	/* RFC 1035, 2.3.4, written without the trailing dot */
#define MAX_LABEL	63

static bool is_digit(char c)
{
	return c >= '0' && c <= '9';
}

static bool is_space(char c)
{
	return c == ' ' || (c >= '\t' && c <= '\r');
}

static char lower(char c)
{
	return c >= 'A' && c <= 'Z' ? (char)(c - 'A' + 'a') : c;
}

static int bad(struct esim_error *err, const char *why)
{
	return esim_error_set(err, ESIM_EINVAL, "server address: %s", why);
}

static bool parse_port(const char *text, size_t len, uint16_t *ret)
{
	unsigned port = 0;

	if (len == 0 || len > 5)
		return false;
	for (size_t i = 0; i < len; i++) {
		if (!is_digit(text[i]))
			return false;
		port = port * 10 + (unsigned)(text[i] - '0');
	}
	if (port == 0 || port > UINT16_MAX)
		return false;
	*ret = (uint16_t)port;
	return true;
}

/* "1.2.3.4", and the shorthands that resolvers take for one: "127.1", "0x7f.1", "2130706433". */
static bool looks_like_ipv4(const char *host)
{
	const char *last = strrchr(host, '.');

	last = last ? last + 1 : host;
	if (last[0] == '0' && last[1] == 'x')
		return true;
	return is_digit(last[0]) && last[strspn(last, "0123456789")] == '\0';
}

static int check_labels(const char *host, struct esim_error *err)
{
	size_t label = 0;

	for (size_t i = 0;; i++) {
		char c = host[i];

		if (c == '.' || c == '\0') {
			if (label == 0)
				return bad(err, "a label of the name is empty");
			if (label > MAX_LABEL)
				return bad(err, "a label of the name has more than 63 characters");
			if (host[i - label] == '-' || host[i - 1] == '-')
				return bad(err, "a label of the name begins or ends with a hyphen");
			if (c == '\0')
				return 0;
			label = 0;
			continue;
		}
		if (!is_digit(c) && !(c >= 'a' && c <= 'z') && c != '-')
			return esim_error_set(err, ESIM_EINVAL,
					      "server address: character %zu is not allowed in a host name",
					      i + 1);
		label++;
	}
}

static int check_ipv6(const char *host, struct esim_error *err)
{
	char text[INET6_ADDRSTRLEN];
	struct in6_addr addr;
	size_t len = strlen(host) - 2;

	if (len >= sizeof(text))
		return bad(err, "what stands in brackets is no IPv6 address");
	memcpy(text, host + 1, len);
	text[len] = '\0';
	if (inet_pton(AF_INET6, text, &addr) != 1)
		return bad(err, "what stands in brackets is no IPv6 address");
	return 0;
}

static int check_host(struct address *address, struct esim_error *err)
{
	struct in_addr ipv4;

	address->literal = true;
	if (address->host[0] == '[')
		return check_ipv6(address->host, err);
	if (looks_like_ipv4(address->host)) {
		if (inet_pton(AF_INET, address->host, &ipv4) != 1)
			return bad(err, "it is neither a host name nor an IPv4 address");
		return 0;
	}
	address->literal = !strchr(address->host, '.');
	return check_labels(address->host, err);
}

/* Copy the host part in lower case and without the dot at its end. */
static int take_host(const char *text, size_t len, struct address *address, struct esim_error *err)
{
	if (len > 0 && text[len - 1] == '.')
		len--;
	if (len == 0)
		return bad(err, "it is empty");
	if (len > MAX_HOST)
		return bad(err, "it is longer than 253 characters");
	for (size_t i = 0; i < len; i++) {
		if (text[i] == '\0' || is_space(text[i]))
			return bad(err, "there is a space inside");
		address->host[i] = lower(text[i]);
	}
	address->host[len] = '\0';
	return check_host(address, err);
}

static int parse(const char *text, size_t len, struct address *ret, struct esim_error *err)
{
	struct address address = { .port = ADDRESS_HTTPS_PORT };
	const char *bracket, *colon;
	size_t host_len;
	int r;

	while (len > 0 && is_space(text[0]))
		text++, len--;
	while (len > 0 && is_space(text[len - 1]))
		len--;
	if (memmem(text, len, "://", 3) || memchr(text, '/', len))
		return bad(err, "it is a web address; only the host name belongs here");

	bracket = len > 0 && text[0] == '[' ? memchr(text, ']', len) : NULL;
	if (len > 0 && text[0] == '[' && !bracket)
		return bad(err, "a closing bracket is missing");
	host_len = bracket ? (size_t)(bracket - text) + 1 : len;
	if (bracket && host_len < len && text[host_len] != ':')
		return bad(err, "something follows the closing bracket");

	colon = bracket ? (host_len < len ? text + host_len : NULL) : memchr(text, ':', len);
	if (colon) {
		host_len = (size_t)(colon - text);
		if (!parse_port(colon + 1, len - host_len - 1, &address.port))
			return bad(err, "the port is not a number from 1 to 65535");
	}
	r = take_host(text, host_len, &address, err);
	if (r)
		return r;
	*ret = address;
	return 0;
}

int address_parse(const char *text, struct address *ret, struct esim_error *err)
{
	if (!text)
		return bad(err, "there is none");
	return parse(text, strlen(text), ret, err);
}

int esim_address_normalise(const char *text, bool allow_port, bool allow_literal,
			   char ret[static ESIM_MAX_FQDN + 1], struct esim_error *err)
{
	char out[ESIM_MAX_FQDN + 1];
	struct address address;
	int r, n;

	r = address_parse(text, &address, err);
	if (r)
		return r;
	if (address.literal && !allow_literal)
		return bad(err, "a full host name is needed (such as rsp.example.com), not an IP address or a single word");
	if (address.port == ADDRESS_HTTPS_PORT) {
		n = snprintf(out, sizeof(out), "%s", address.host);
	} else {
		if (!allow_port) {
			bad(err, "another port than 443 is not allowed");
			esim_error_advise(err, "Allow other ports only for servers that you know.");
			return ESIM_EINVAL;
		}
		n = snprintf(out, sizeof(out), "%s:%u", address.host, address.port);
	}
	if (n < 0 || (size_t)n >= sizeof(out))
		return bad(err, "it is too long");
	memcpy(ret, out, (size_t)n + 1);
	return 0;
}

/* --- "HOST:PORT:HOST:PORT" --------------------------------------------------------- */

/* The @nth colon outside brackets, or NULL. */
static const char *find_colon(const char *text, unsigned nth)
{
	bool inside = false;

	for (; *text; text++) {
		if (*text == '[' || *text == ']')
			inside = *text == '[';
		else if (*text == ':' && !inside && --nth == 0)
			return text;
	}
	return NULL;
}

int esim_connect_to_parse(const char *text, struct esim_connect_to *ret, struct esim_error *err)
{
	const char *middle = find_colon(text, 2);
	struct esim_connect_to out = { 0 };
	struct address from, to;

	if (!find_colon(text, 3) || find_colon(text, 4))
		return esim_error_set(err, ESIM_EINVAL,
				      "connect-to: HOST:PORT:HOST:PORT is wanted");
	if (parse(text, (size_t)(middle - text), &from, err) || address_parse(middle + 1, &to, err)) {
		esim_error_prefix(err, "connect-to: ");
		return ESIM_EINVAL;
	}
	memcpy(out.from_host, from.host, sizeof(out.from_host));
	memcpy(out.to_host, to.host, sizeof(out.to_host));
	out.from_port = from.port;
	out.to_port = to.port;
	*ret = out;
	return 0;
}

/* --- private addresses --------------------------------------------------------------- */

struct range {
	uint8_t prefix[16];
	unsigned bits;
};

/* RFC 6890 and its registry: what is not globally reachable. */
static const struct range private_ipv4[] = {
	{ { 0 }, 8 },			/* this network */
	{ { 10 }, 8 },			/* private */
	{ { 100, 64 }, 10 },		/* shared, carrier-grade NAT */
	{ { 127 }, 8 },			/* loopback */
	{ { 169, 254 }, 16 },		/* link-local */
	{ { 172, 16 }, 12 },		/* private */
	{ { 192, 0, 0 }, 24 },		/* protocol assignments */
	{ { 192, 0, 2 }, 24 },		/* documentation */
	{ { 192, 168 }, 16 },		/* private */
	{ { 198, 18 }, 15 },		/* benchmarking */
	{ { 198, 51, 100 }, 24 },	/* documentation */
	{ { 203, 0, 113 }, 24 },	/* documentation */
	{ { 224 }, 4 },			/* multicast */
	{ { 240 }, 4 },			/* reserved, broadcast */
};

static const struct range private_ipv6[] = {
	{ { 0 }, 96 },			/* unspecified, loopback, IPv4-compatible */
	{ { 0x00, 0x64, 0xFF, 0x9B, 0x00, 0x01 }, 48 },	/* local-use translation */
	{ { 0x01, 0x00 }, 64 },		/* discard */
	{ { 0x20, 0x01, 0x00, 0x00 }, 23 },	/* protocol assignments, Teredo, benchmarking */
	{ { 0x20, 0x01, 0x0D, 0xB8 }, 32 },	/* documentation */
	{ { 0x20, 0x02 }, 16 },		/* 6to4: would hide an IPv4 address */
	{ { 0xFC }, 7 },		/* unique local */
	{ { 0xFE, 0x80 }, 10 },		/* link-local */
	{ { 0xFE, 0xC0 }, 10 },		/* site-local, deprecated */
	{ { 0xFF }, 8 },		/* multicast */
};

/* IPv6 ranges whose last four bytes are an IPv4 address. */
static const struct range embeds_ipv4[] = {
	{ { [10] = 0xFF, 0xFF }, 96 },		/* mapped */
	{ { 0x00, 0x64, 0xFF, 0x9B }, 96 },	/* translated */
};

static bool in_range(const uint8_t *addr, const struct range *range)
{
	size_t bytes = range->bits / 8;
	unsigned bits = range->bits % 8;
	uint8_t mask = (uint8_t)(0xFF << (8 - bits));

	if (memcmp(addr, range->prefix, bytes) != 0)
		return false;
	return bits == 0 || ((addr[bytes] ^ range->prefix[bytes]) & mask) == 0;
}

static bool in_any(const uint8_t *addr, const struct range *ranges, size_t count)
{
	for (size_t i = 0; i < count; i++)
		if (in_range(addr, &ranges[i]))
			return true;
	return false;
}

#define IN_ANY(addr, table) in_any(addr, table, sizeof(table) / sizeof((table)[0]))

bool address_is_private(const struct sockaddr *addr)
{
	struct sockaddr_in6 ipv6;
	struct sockaddr_in ipv4;

	if (addr->sa_family == AF_INET) {
		memcpy(&ipv4, addr, sizeof(ipv4));
		return IN_ANY((const uint8_t *)&ipv4.sin_addr, private_ipv4);
	}
	if (addr->sa_family != AF_INET6)
		return true;
	memcpy(&ipv6, addr, sizeof(ipv6));
	if (IN_ANY(ipv6.sin6_addr.s6_addr, embeds_ipv4))
		return IN_ANY(ipv6.sin6_addr.s6_addr + 12, private_ipv4);
	return IN_ANY(ipv6.sin6_addr.s6_addr, private_ipv6);
}
