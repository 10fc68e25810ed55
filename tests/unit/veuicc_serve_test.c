/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The virtual eUICC behind its socket: it can always be stopped, and a want of descriptors does not make it spin. */
#include "veuicc_fixture.h"

#include "veuicc/serve.h"

#include <esim/transport.h>

#include <poll.h>
#include <pthread.h>
#include <sched.h>
#include <stdio.h>
#include <string.h>
#include <sys/eventfd.h>
#include <sys/ioctl.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <time.h>
#include <unistd.h>

#define ADDRESS		"unix:card.sock"
#define WAIT_MS		500

struct served {
	struct veuicc *card;
	int fd, stop;
	pthread_t thread;
	int result;
};

static int64_t clock_ms(clockid_t clock)
{
	struct timespec now;

	ATF_REQUIRE_EQ(0, clock_gettime(clock, &now));
	return (int64_t)now.tv_sec * 1000 + now.tv_nsec / 1000000;
}

static void make_card(struct served *s, const char *link)
{
	const struct rsp_pki_options pki = { .required = RSP_PKI_ALL, .fresh = true };
	const struct veuicc_options options = { .pki_dirs = { "pki" }, .pki_count = 1, .link = link,
						.real_time = link != NULL };
	struct rsp_pki *made = NULL;
	struct esim_error err;

	ATF_REQUIRE_EQ(0, mkdir("pki", 0700));
	ATF_REQUIRE_EQ_MSG(0, rsp_pki_load("pki", &pki, &made, &err), "%s", err.message);
	ATF_REQUIRE_EQ_MSG(0, rsp_pki_save(made, "pki", &err), "%s", err.message);
	rsp_pki_free(&made);
	ATF_REQUIRE_EQ_MSG(0, veuicc_new(&options, &s->card, &err), "%s", err.message);
	s->stop = eventfd(0, EFD_CLOEXEC);
	ATF_REQUIRE(s->stop >= 0);
}

static void end(struct served *s)
{
	eventfd_write(s->stop, 1);
	pthread_join(s->thread, NULL);
	close(s->stop);
	veuicc_free(&s->card);
}

/* --- stopping ---------------------------------------------------------------------------- */

static void *talk(void *context)
{
	struct served *s = context;

	s->result = veuicc_serve_stream(s->card, s->fd, s->stop);
	return NULL;
}

ATF_TC_WITHOUT_HEAD(a_slow_link_does_not_keep_the_card_from_being_stopped);
ATF_TC_BODY(a_slow_link_does_not_keep_the_card_from_being_stopped, tc)
{
	struct served s = { 0 };
	int64_t begun;
	int ends[2], left = 1;

	(void)tc;
	make_card(&s, "apdu-us=60000000");
	ATF_REQUIRE_EQ(0, socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, ends));
	s.fd = ends[1];
	ATF_REQUIRE_EQ(0, pthread_create(&s.thread, NULL, talk, &s));
	ATF_REQUIRE_EQ(12, write(ends[0], "\x00\x01\x01\x00\x07\x00\xA4\x00\x04\x02\x3F\x00", 12));
	while (left > 0) {
		ATF_REQUIRE_EQ(0, ioctl(ends[1], FIONREAD, &left));
		sched_yield();
	}
	begun = clock_ms(CLOCK_MONOTONIC);
	end(&s);
	ATF_CHECK_EQ(ESIM_ECANCELED, s.result);
	ATF_CHECK(clock_ms(CLOCK_MONOTONIC) - begun < 30000);
	close(ends[0]);
	close(ends[1]);
}

/* --- descriptors and readers ------------------------------------------------------------------- */

static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
static pthread_cond_t is_ready = PTHREAD_COND_INITIALIZER;
static bool ready;

static void on_ready(const char *address)
{
	(void)address;
	pthread_mutex_lock(&lock);
	ready = true;
	pthread_cond_signal(&is_ready);
	pthread_mutex_unlock(&lock);
}

static void *listen_there(void *context)
{
	struct served *s = context;

	s->result = veuicc_serve_listen(s->card, ADDRESS, s->stop, on_ready, NULL);
	return NULL;
}

static void start_listening(struct served *s)
{
	make_card(s, NULL);
	ATF_REQUIRE_EQ(0, pthread_create(&s->thread, NULL, listen_there, s));
	pthread_mutex_lock(&lock);
	while (!ready)
		pthread_cond_wait(&is_ready, &lock);
	pthread_mutex_unlock(&lock);
}

ATF_TC_WITHOUT_HEAD(without_descriptors_the_listener_rests_and_goes_on_later);
ATF_TC_BODY(without_descriptors_the_listener_rests_and_goes_on_later, tc)
{
	struct sockaddr_un address = { .sun_family = AF_UNIX, .sun_path = "card.sock" };
	struct served s = { 0 };
	struct rlimit limit, low;
	struct pollfd answer;
	clockid_t clock;
	uint8_t atr[64];
	int64_t used;

	(void)tc;
	start_listening(&s);
	answer = (struct pollfd){ .fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0), .events = POLLIN };
	ATF_REQUIRE_EQ(0, getrlimit(RLIMIT_NOFILE, &limit));
	low = limit;
	low.rlim_cur = 3;
	ATF_REQUIRE_EQ(0, pthread_getcpuclockid(s.thread, &clock));
	ATF_REQUIRE_EQ(0, setrlimit(RLIMIT_NOFILE, &low));
	ATF_REQUIRE_EQ(0, connect(answer.fd, (struct sockaddr *)&address, sizeof(address)));
	ATF_REQUIRE_EQ(6, write(answer.fd, "\x00\x01\x01\x00\x01\x04", 6));
	used = clock_ms(clock);
	/* No answer can come: in this time a loop without rest would use the processor. */
	ATF_REQUIRE_EQ(0, poll(&answer, 1, WAIT_MS));
	used = clock_ms(clock) - used;
	ATF_CHECK_MSG(used < WAIT_MS / 5, "%d ms", (int)used);
	ATF_REQUIRE_EQ(0, setrlimit(RLIMIT_NOFILE, &limit));
	ATF_REQUIRE(poll(&answer, 1, 60000) > 0 && read(answer.fd, atr, sizeof(atr)) > 2);
	close(answer.fd);
	end(&s);
	ATF_CHECK_EQ(0, s.result);
}

ATF_TC_WITHOUT_HEAD(a_second_reader_is_told_that_there_may_be_another);
ATF_TC_BODY(a_second_reader_is_told_that_there_may_be_another, tc)
{
	struct esim_transport *first = NULL, *second = NULL;
	struct served s = { 0 };
	struct esim_error err;

	(void)tc;
	start_listening(&s);
	ATF_REQUIRE_EQ_MSG(0, esim_transport_open(ADDRESS, &first, &err), "%s", err.message);
	ATF_CHECK_EQ(ESIM_ETIMEDOUT, esim_transport_open(ADDRESS, &second, &err));
	ATF_CHECK_MSG(strstr(err.advice, "nother reader") != NULL, "%s", err.advice);
	esim_transport_free(&first);
	end(&s);
}

ATF_TP_ADD_TCS(tp)
{
	ATF_TP_ADD_TC(tp, a_slow_link_does_not_keep_the_card_from_being_stopped);
	ATF_TP_ADD_TC(tp, without_descriptors_the_listener_rests_and_goes_on_later);
	ATF_TP_ADD_TC(tp, a_second_reader_is_told_that_there_may_be_another);
	return atf_no_error();
}
