/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Server addresses: what normalises to what, what is refused, and which sockets are private. */
#include "address.h"

#include <arpa/inet.h>
#include <atf-c.h>
#include <netinet/in.h>
#include <stdio.h>
#include <string.h>

#define COUNT(array) (sizeof(array) / sizeof((array)[0]))

static void normalises(const char *text, bool port, bool literal, const char *wanted)
{
	char out[ESIM_MAX_FQDN + 1];
	struct esim_error err;

	ATF_REQUIRE_EQ_MSG(0, esim_address_normalise(text, port, literal, out, &err), "%s: %s",
			   text, err.message);
	ATF_REQUIRE_STREQ(wanted, out);
}

static void refused(const char *text, bool port, bool literal, const char *words)
{
	char out[ESIM_MAX_FQDN + 1] = "untouched";
	struct esim_error err;

	ATF_REQUIRE_EQ_MSG(ESIM_EINVAL, esim_address_normalise(text, port, literal, out, &err),
			   "%s became %s", text, out);
	ATF_REQUIRE_MSG(strstr(err.message, words), "%s: %s", text, err.message);
	ATF_REQUIRE_STREQ("untouched", out);
}

ATF_TC_WITHOUT_HEAD(pasted_addresses_are_normalised);
ATF_TC_BODY(pasted_addresses_are_normalised, tc)
{
	normalises("smdp.example.com", false, false, "smdp.example.com");
	normalises(" \tSMDP.Example.COM.\r\n", false, false, "smdp.example.com");
	normalises("rsp-3.xn--bcher-kva.example", false, false, "rsp-3.xn--bcher-kva.example");
	normalises("1.2.3.example", false, false, "1.2.3.example");
	normalises("smdp.example.com:443", false, false, "smdp.example.com");
	normalises("smdp.example.com.:8443", true, false, "smdp.example.com:8443");
}

ATF_TC_WITHOUT_HEAD(literals_need_permission);
ATF_TC_BODY(literals_need_permission, tc)
{
	static const char *const literals[] = { "127.0.0.1", "8.8.8.8", "[::1]", "localhost", "[2001:DB8::1]" };

	for (size_t i = 0; i < COUNT(literals); i++)
		refused(literals[i], false, false, "full host name");
	normalises("127.0.0.1", false, true, "127.0.0.1");
	normalises("[2001:DB8::1]:8443", true, true, "[2001:db8::1]:8443");
	normalises("LocalHost", false, true, "localhost");
}

ATF_TC_WITHOUT_HEAD(ports_need_permission);
ATF_TC_BODY(ports_need_permission, tc)
{
	refused("smdp.example.com:8443", false, false, "443");
	refused("smdp.example.com:0", true, false, "port");
	refused("smdp.example.com:65536", true, false, "port");
	refused("smdp.example.com:", true, false, "port");
	refused("smdp.example.com:44a", true, false, "port");
	refused("smdp.example.com:+44", true, false, "port");
	refused("smdp.example.com:443:443", true, false, "port");
}

/* Shorthands that a resolver would take for an IPv4 address must not pass as names. */
ATF_TC_WITHOUT_HEAD(numbers_in_disguise_are_refused);
ATF_TC_BODY(numbers_in_disguise_are_refused, tc)
{
	static const char *const disguised[] = { "127.1", "2130706433", "0x7f.0.0.1", "0x7f000001",
						 "1.2.3.4.5", "999.1.1.1", "10.0.0.0x1", "0177.0.0.1" };

	for (size_t i = 0; i < COUNT(disguised); i++) {
		refused(disguised[i], true, true, "neither a host name nor an IPv4");
		refused(disguised[i], false, false, "");
	}
}

ATF_TC_WITHOUT_HEAD(what_is_no_host_name_is_refused);
ATF_TC_BODY(what_is_no_host_name_is_refused, tc)
{
	char label[80] = "", name[400] = "";

	refused(NULL, false, false, "none");
	refused("", false, false, "empty");
	refused("   ", false, false, "empty");
	refused(".", false, false, "empty");
	refused("..", false, false, "label");
	refused("a..example.com", false, false, "label");
	refused(".example.com", false, false, "label");
	refused("smdp.example.com..", false, false, "label");
	refused("-smdp.example.com", false, false, "hyphen");
	refused("smdp-.example.com", false, false, "hyphen");
	refused("smdp.exa mple.com", false, false, "space");
	refused("smdp_1.example.com", false, false, "character 5");
	refused("smdp.ex\xC3\xA4mple.com", false, false, "character 8");
	refused("user@smdp.example.com", false, false, "character 5");
	refused("smdp.example.com\x01", false, false, "character 17");
	refused("https://smdp.example.com", false, false, "web address");
	refused("smdp.example.com/gsma", false, false, "web address");
	refused("[::1", true, true, "bracket");
	refused("[::1]x", true, true, "bracket");
	refused("[::g]", true, true, "IPv6");
	refused("[]", true, true, "IPv6");
	refused("::1", true, true, "port");
	memset(label, 'a', 64);
	snprintf(name, sizeof(name), "%s.example.com", label);
	refused(name, false, false, "63");
	memset(label, 0, sizeof(label));
	memset(label, 'a', 63);
	snprintf(name, sizeof(name), "%s.%s.%s.%s.com", label, label, label, label);
	refused(name, false, false, "253");
}

ATF_TC_WITHOUT_HEAD(connect_to_takes_four_fields);
ATF_TC_BODY(connect_to_takes_four_fields, tc)
{
	static const char *const bad[] = {
		"", ":::", "a.example.com:443:127.0.0.1", "a.example.com:443:127.0.0.1:", "a.example.com",
		"a.example.com::127.0.0.1:1", "a.example.com:443::1", "a.example.com:443:127.0.0.1:1:2",
		"a.example.com:443:127.0.0.1:70000", "a b.example.com:443:127.0.0.1:1",
		"a.example.com:443:::1:8443",
	};
	struct esim_connect_to c;
	struct esim_error err;

	ATF_REQUIRE_EQ(0, esim_connect_to_parse("SMDP.example.com:443:127.0.0.1:8443", &c, &err));
	ATF_REQUIRE_STREQ("smdp.example.com", c.from_host);
	ATF_REQUIRE_EQ(443, c.from_port);
	ATF_REQUIRE_STREQ("127.0.0.1", c.to_host);
	ATF_REQUIRE_EQ(8443, c.to_port);
	ATF_REQUIRE_EQ(0, esim_connect_to_parse("a.example.com:8443:[::1]:1", &c, &err));
	ATF_REQUIRE_STREQ("[::1]", c.to_host);
	for (size_t i = 0; i < COUNT(bad); i++) {
		ATF_REQUIRE_EQ_MSG(ESIM_EINVAL, esim_connect_to_parse(bad[i], &c, &err), "%s", bad[i]);
		ATF_REQUIRE(strstr(err.message, "connect-to"));
	}
}

static bool is_private(const char *text)
{
	struct sockaddr_in6 ipv6 = { .sin6_family = AF_INET6 };
	struct sockaddr_in ipv4 = { .sin_family = AF_INET };

	if (inet_pton(AF_INET, text, &ipv4.sin_addr) == 1)
		return address_is_private((struct sockaddr *)&ipv4);
	ATF_REQUIRE_EQ_MSG(1, inet_pton(AF_INET6, text, &ipv6.sin6_addr), "%s", text);
	return address_is_private((struct sockaddr *)&ipv6);
}

ATF_TC_WITHOUT_HEAD(private_ranges_are_known_at_their_edges);
ATF_TC_BODY(private_ranges_are_known_at_their_edges, tc)
{
	static const char *const private_addresses[] = {
		"0.0.0.0", "10.0.0.0", "10.255.255.255", "100.64.0.0", "100.127.255.255", "127.0.0.1",
		"127.255.255.255", "169.254.169.254", "172.16.0.0", "172.31.255.255", "192.168.0.0",
		"192.168.255.255", "192.0.2.1", "198.18.0.0", "198.19.255.255", "198.51.100.1",
		"203.0.113.1", "224.0.0.1", "239.255.255.255", "240.0.0.1", "255.255.255.255",
		"::", "::1", "::127.0.0.1", "::ffff:127.0.0.1", "::ffff:10.1.2.3", "64:ff9b::7f00:1",
		"64:ff9b:1::1", "100::1", "2001:db8::1", "2001::1", "2002:7f00:1::1", "fc00::1", "fdff::1", "fe80::1",
		"febf::1", "fec0::1", "ff02::1",
	};
	static const char *const public_addresses[] = {
		"1.1.1.1", "9.255.255.255", "11.0.0.0", "100.63.255.255", "100.128.0.0",
		"126.255.255.255", "128.0.0.1", "169.253.255.255", "169.255.0.0", "172.15.255.255",
		"172.32.0.0", "192.167.255.255", "192.169.0.0", "198.17.255.255", "198.20.0.0",
		"223.255.255.255", "::ffff:8.8.8.8", "64:ff9b::808:808", "2001:4860:4860::8888",
		"2600::1", "2a00::1",
	};
	struct sockaddr_storage other = { .ss_family = AF_UNIX };

	for (size_t i = 0; i < COUNT(private_addresses); i++)
		ATF_CHECK_MSG(is_private(private_addresses[i]), "%s", private_addresses[i]);
	for (size_t i = 0; i < COUNT(public_addresses); i++)
		ATF_CHECK_MSG(!is_private(public_addresses[i]), "%s", public_addresses[i]);
	ATF_CHECK(address_is_private((struct sockaddr *)&other));
}

ATF_TP_ADD_TCS(tp)
{
	ATF_TP_ADD_TC(tp, pasted_addresses_are_normalised);
	ATF_TP_ADD_TC(tp, literals_need_permission);
	ATF_TP_ADD_TC(tp, ports_need_permission);
	ATF_TP_ADD_TC(tp, numbers_in_disguise_are_refused);
	ATF_TP_ADD_TC(tp, what_is_no_host_name_is_refused);
	ATF_TP_ADD_TC(tp, connect_to_takes_four_fields);
	ATF_TP_ADD_TC(tp, private_ranges_are_known_at_their_edges);
	return atf_no_error();
}
