/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The test server under clients that hold on to their connections. */
#include "smdpp_rig.h"

#include <arpa/inet.h>
#include <atf-c.h>
#include <poll.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include <wolfssl/options.h>
#include <wolfssl/ssl.h>

#define CROWD		200	/* more than the server has room for */
#define PATIENCE_MS	300
#define PAUSE_MS	10
#define MAX_PAUSES	6000	/* a minute: then the test has failed */

static int connect_to_server(const struct rig *rig)
{
	struct sockaddr_in address = { .sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK) };
	const char *colon = strrchr(smdpp_address(rig->server), ':');
	int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);

	ATF_REQUIRE(fd >= 0 && colon);
	address.sin_port = htons((uint16_t)atoi(colon + 1));
	ATF_REQUIRE_EQ(0, connect(fd, (struct sockaddr *)&address, sizeof(address)));
	return fd;
}

ATF_TC_WITHOUT_HEAD(a_crowd_of_silent_clients_shuts_nobody_out);
ATF_TC_BODY(a_crowd_of_silent_clients_shuts_nobody_out, tc)
{
	int fds[CROWD];
	struct rig rig;

	(void)tc;
	rig_open(&rig);
	rig_start(&rig);
	for (size_t i = 0; i < CROWD; i++)
		fds[i] = connect_to_server(&rig);
	rig_read_card(&rig);
	ATF_REQUIRE_EQ_MSG(0, rig_initiate(&rig), "%s", rig.err.message);
	for (size_t i = 0; i < CROWD; i++)
		close(fds[i]);
	rig_close(&rig);
}

/* Has the server ended the connection? Waits a little. */
static bool ended(int fd)
{
	struct pollfd wait = { .fd = fd, .events = POLLIN };
	char byte;

	return poll(&wait, 1, PAUSE_MS) > 0 && recv(fd, &byte, 1, MSG_PEEK | MSG_DONTWAIT) <= 0;
}

static void start_impatient(struct rig *rig)
{
	signal(SIGPIPE, SIG_IGN);
	rig_open(rig);
	rig->options.patience_ms = PATIENCE_MS;
	rig_start(rig);
}

ATF_TC_WITHOUT_HEAD(a_handshake_has_its_time_however_much_comes);
ATF_TC_BODY(a_handshake_has_its_time_however_much_comes, tc)
{
	struct rig rig;
	unsigned pauses = 0;
	int fd;

	(void)tc;
	start_impatient(&rig);
	fd = connect_to_server(&rig);
	ATF_REQUIRE_EQ(5, send(fd, "\x16\x03\x01\x40\x00", 5, MSG_NOSIGNAL));
	while (!ended(fd) && pauses++ < MAX_PAUSES)
		(void)!send(fd, "\x01", 1, MSG_NOSIGNAL);
	ATF_CHECK(pauses < MAX_PAUSES);
	close(fd);
	rig_close(&rig);
}

ATF_TC_WITHOUT_HEAD(a_request_has_its_time_however_much_comes);
ATF_TC_BODY(a_request_has_its_time_however_much_comes, tc)
{
	static const char head[] = "POST /gsma/rsp2/es9plus/initiateAuthentication HTTP/1.1\r\n"
				   "Transfer-Encoding: chunked\r\n\r\n";
	WOLFSSL_CTX *ctx;
	WOLFSSL *ssl;
	struct rig rig;
	unsigned pauses = 0;
	int fd;

	(void)tc;
	start_impatient(&rig);
	fd = connect_to_server(&rig);
	ctx = wolfSSL_CTX_new(wolfTLSv1_2_client_method());
	wolfSSL_CTX_set_verify(ctx, WOLFSSL_VERIFY_NONE, NULL);
	ssl = wolfSSL_new(ctx);
	ATF_REQUIRE(ssl);
	wolfSSL_set_fd(ssl, fd);
	ATF_REQUIRE_EQ(WOLFSSL_SUCCESS, wolfSSL_connect(ssl));
	ATF_REQUIRE(wolfSSL_write(ssl, head, sizeof(head) - 1) > 0);
	while (!ended(fd) && pauses++ < MAX_PAUSES && wolfSSL_write(ssl, "1\r\nA\r\n", 6) > 0)
		;
	ATF_CHECK(pauses > 1 && pauses < MAX_PAUSES);
	wolfSSL_free(ssl);
	wolfSSL_CTX_free(ctx);
	close(fd);
	rig_close(&rig);
}

ATF_TP_ADD_TCS(tp)
{
	ATF_TP_ADD_TC(tp, a_crowd_of_silent_clients_shuts_nobody_out);
	ATF_TP_ADD_TC(tp, a_handshake_has_its_time_however_much_comes);
	ATF_TP_ADD_TC(tp, a_request_has_its_time_however_much_comes);
	return atf_no_error();
}
