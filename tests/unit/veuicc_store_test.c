/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The virtual eUICC: what survives, faults on purpose, the link's cost, and the way in by socket. */
#include "veuicc_fixture.h"

#include "veuicc/fault.h"
#include "veuicc/link.h"
#include "veuicc/rat.h"
#include "veuicc/serve.h"
#include "veuicc/vpcd.h"
#include "veuicc/vsc.h"

#include <esim/card.h>
#include <esim/es10c.h>

#include <dirent.h>
#include <poll.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

#define ICCID_1 "89000123456789012341"
#define WIRE_1 "98001032547698103214"
#define ICCID_2 "8900012345678901234"
#define WIRE_2 "980010325476981032F4"
#define ENABLE(wire) "BF3111A00C5A0A" wire "810100"
#define DELETE(wire) "BF330C5A0A" wire

static const struct profile_spec one = { .iccid = ICCID_1, .events = 0xF0 };
static const struct profile_spec two = { .iccid = ICCID_2, .events = 0xF0 };

/* Profiles and notifications as the card lists them: a picture of its state. */
static void picture(struct fixture *f, struct esim_buf *out)
{
	static const char *const requests[] = { "BF2D00", "BF2B00", "BF3C00" };
	struct esim_buf part = ESIM_BUF_INIT;

	esim_buf_reset(out);
	for (size_t i = 0; i < sizeof(requests) / sizeof(requests[0]); i++) {
		ATF_REQUIRE_EQ(0x9000, fixture_es10_hex(f, requests[i], &part));
		esim_buf_append_slice(out, esim_buf_slice(&part));
	}
	esim_buf_free(&part);
}

ATF_TC_WITHOUT_HEAD(state_is_the_same_after_a_restart);
ATF_TC_BODY(state_is_the_same_after_a_restart, tc)
{
	struct veuicc_options options = { .state_dir = "state", .default_smdp = "a.b" };
	struct esim_buf before = ESIM_BUF_INIT, after = ESIM_BUF_INIT, package = ESIM_BUF_INIT;
	struct esim_iccid iccid;
	struct stat st;
	struct fixture f;

	fixture_open(&f, &options);
	ATF_REQUIRE_EQ(-1, rsp_download(&f, &one));
	ATF_REQUIRE_EQ(-1, rsp_download(&f, &two));
	ATF_REQUIRE_EQ(0, fixture_result(&f, ENABLE(WIRE_2)));
	picture(&f, &before);
	fixture_restart(&f);
	picture(&f, &after);
	ATF_CHECK(esim_slice_equal(esim_buf_slice(&before), esim_buf_slice(&after)));
	rsp_package(&one, &package);
	ATF_REQUIRE_EQ(0, esim_iccid_parse(ICCID_1, &iccid));
	ATF_CHECK(esim_slice_equal(veuicc_package(f.card, &iccid), esim_buf_slice(&package)));
	ATF_REQUIRE_EQ(0, stat("state/upp-" ICCID_1 ".der", &st));
	ATF_CHECK_EQ((off_t)package.len, st.st_size);
	ATF_CHECK_EQ(0600, st.st_mode & 0777);
	ATF_REQUIRE_EQ(0, fixture_result(&f, DELETE(WIRE_1)));
	ATF_CHECK_EQ_MSG(-1, stat("state/upp-" ICCID_1 ".der", &st), "its package goes too");
	esim_buf_free(&before);
	esim_buf_free(&after);
	esim_buf_free(&package);
	fixture_close(&f);
}

ATF_TC_WITHOUT_HEAD(one_directory_holds_one_card);
ATF_TC_BODY(one_directory_holds_one_card, tc)
{
	struct veuicc_options options = { .state_dir = "state" };
	struct esim_error err = { 0 };
	struct veuicc *second = NULL;
	struct fixture f;

	fixture_open(&f, &options);
	ATF_CHECK_EQ(ESIM_EBUSY, veuicc_new(&f.options, &second, &err));
	ATF_CHECK(strstr(err.message, "in use") != NULL);
	fixture_close(&f);
}

ATF_TC_WITHOUT_HEAD(damaged_state_is_refused_not_replaced);
ATF_TC_BODY(damaged_state_is_refused_not_replaced, tc)
{
	struct veuicc_options options = { .state_dir = "state" };
	struct esim_error err = { 0 };
	struct fixture f;

	fixture_open(&f, &options);
	ATF_REQUIRE_EQ(-1, rsp_download(&f, &one));
	veuicc_free(&f.card);
	ATF_REQUIRE_EQ(0, truncate("state/state.der", 40));
	ATF_CHECK_EQ(ESIM_EPROTO, veuicc_new(&f.options, &f.card, &err));
	ATF_CHECK(strstr(err.message, "state") != NULL);
	ATF_REQUIRE_EQ(0, truncate("state/state.der", 0));
	ATF_CHECK(veuicc_new(&f.options, &f.card, &err) != 0);
	fixture_close(&f);
}

/* The power goes at each step of writing in turn: the state is the one before or the one after. */
ATF_TC_WITHOUT_HEAD(power_loss_at_any_write_leaves_before_or_after);
ATF_TC_BODY(power_loss_at_any_write_leaves_before_or_after, tc)
{
	struct veuicc_options options = { .state_dir = "state" };
	struct esim_buf empty = ESIM_BUF_INIT, full = ESIM_BUF_INIT, now = ESIM_BUF_INIT;
	struct fixture f;
	bool lost = true;
	char fault[32];

	fixture_open(&f, &options);
	ATF_REQUIRE_EQ(-1, rsp_download(&f, &one));
	picture(&f, &empty);
	for (unsigned n = 1; lost; n++) {
		ATF_REQUIRE_MSG(n < 100, "there is no end to the steps");
		snprintf(fault, sizeof(fault), "power-loss@write:%u", n);
		ATF_REQUIRE_EQ(0, veuicc_set_fault(f.card, fault, NULL));
		fixture_es10_hex(&f, ENABLE(WIRE_1), &now);
		lost = !veuicc_powered(f.card);
		ATF_REQUIRE_EQ(0, veuicc_set_fault(f.card, NULL, NULL));
		fixture_restart(&f);
		picture(&f, &now);
		if (esim_slice_equal(esim_buf_slice(&now), esim_buf_slice(&empty))) {
			ATF_CHECK_MSG(lost, "nothing was lost, yet nothing was done");
			continue;
		}
		if (full.len == 0)
			esim_buf_append_slice(&full, esim_buf_slice(&now));
		ATF_CHECK_EQ(2, fixture_result(&f, ENABLE(WIRE_1)));
		ATF_CHECK_EQ(0, fixture_result(&f, "BF3211A00C5A0A" WIRE_1 "810100"));
		for (char seq[] = "BF3003800101"; seq[11] <= '9'; seq[11]++)
			fixture_result(&f, seq);
		picture(&f, &empty);
	}
	esim_buf_free(&empty);
	esim_buf_free(&full);
	esim_buf_free(&now);
	fixture_close(&f);
}

static size_t count_packages(void)
{
	DIR *dir = opendir("state");
	const struct dirent *entry;
	size_t n = 0;

	ATF_REQUIRE(dir != NULL);
	while ((entry = readdir(dir)))
		n += !strncmp(entry->d_name, "upp-", 4);
	closedir(dir);
	return n;
}

/* Load @bpp with the power going at step @n; whether it went. */
static bool load_with_loss(struct fixture *f, unsigned n)
{
	struct esim_buf bpp = ESIM_BUF_INIT, bf37 = ESIM_BUF_INIT;
	char fault[32];
	bool lost;

	ATF_REQUIRE_EQ(0, rsp_authenticate(f));
	ATF_REQUIRE_EQ(0, rsp_prepare(f));
	rsp_bind(f, &one, &bpp);
	snprintf(fault, sizeof(fault), "power-loss@write:%u", n);
	ATF_REQUIRE_EQ(0, veuicc_set_fault(f->card, fault, NULL));
	rsp_load(f, esim_buf_slice(&bpp), &bf37);
	lost = !veuicc_powered(f->card);
	ATF_REQUIRE_EQ(0, veuicc_set_fault(f->card, NULL, NULL));
	esim_buf_free(&bpp);
	esim_buf_free(&bf37);
	return lost;
}

ATF_TC_WITHOUT_HEAD(power_loss_while_installing_leaves_no_half_profile);
ATF_TC_BODY(power_loss_while_installing_leaves_no_half_profile, tc)
{
	struct veuicc_options options = { .state_dir = "state" };
	struct esim_buf out = ESIM_BUF_INIT;
	struct esim_tlv whole, list, item;
	bool interrupted = false;
	struct fixture f;

	fixture_open(&f, &options);
	for (unsigned n = 1; load_with_loss(&f, n); n++) {
		ATF_REQUIRE_MSG(n < 100, "there is no end to the steps");
		fixture_restart(&f);
		/* Installed, or interrupted with a result that says so, or not begun. */
		ATF_REQUIRE_EQ(0x9000, fixture_es10_hex(&f, "BF2D00", &out));
		ATF_CHECK_EQ((size_t)(out.len > 6), count_packages());
		if (out.len > 6)
			ATF_REQUIRE_EQ(0, fixture_result(&f, DELETE(WIRE_1)));
		ATF_REQUIRE_EQ(0x9000, fixture_es10_hex(&f, "BF2B00", &out));
		ATF_REQUIRE_EQ(0, esim_tlv_check(esim_buf_slice(&out), "list", &whole, NULL));
		ATF_REQUIRE_EQ(1, esim_tlv_find(whole.value, 0xA0, &list));
		while (esim_tlv_next(&list.value, &item) == 1) {
			int outcome = item.tag == 0xBF37 ? rsp_outcome(&f, item.whole) : -1;

			ATF_CHECK_MSG(outcome == -1 || outcome == (5 << 8 | 11), "%04X", (unsigned)outcome);
			interrupted = interrupted || outcome != -1;
		}
		fixture_close(&f);
		ATF_REQUIRE_EQ(0, system("rm -rf state pki"));
		fixture_open(&f, &options);
	}
	ATF_CHECK_MSG(interrupted, "installFailedDueToInterruption was never seen");
	esim_buf_free(&out);
	fixture_close(&f);
}

/* --- faults ---------------------------------------------------------------- */

ATF_TC_WITHOUT_HEAD(faults_hit_the_apdu_they_name);
ATF_TC_BODY(faults_hit_the_apdu_they_name, tc)
{
	struct esim_buf out = ESIM_BUF_INIT;
	struct fixture f;
	uint64_t next;
	char fault[64];
	static const struct {
		const char *action;
		uint16_t sw;
		size_t len;
	} cases[] = {
		{ "sw=6A80", 0x6A80, 0 }, { "truncate=3", 0x9000, 3 }, { "truncate", 0x9000, 10 },
		{ "oversize=9", 0x9000, 30 }, { "empty", 0x9000, 0 }, { "corrupt=4", 0x9000, 21 },
	};

	fixture_open(&f, NULL);
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		next = veuicc_apdu_count(f.card) + 1;
		snprintf(fault, sizeof(fault), "%s@%llu", cases[i].action, (unsigned long long)next);
		ATF_REQUIRE_EQ(0, veuicc_set_fault(f.card, fault, NULL));
		ATF_CHECK_EQ(cases[i].sw, fixture_apdu(&f, "81E2910006BF3E035C015A00", &out));
		ATF_CHECK_EQ_MSG(cases[i].len, out.len, "%s: %zu", fault, out.len);
		if (!strncmp(cases[i].action, "corrupt", 7))
			ATF_CHECK_EQ(0x10 ^ 0xFF, out.data[4]);
		ATF_CHECK_EQ(0x9000, fixture_apdu(&f, "81E2910006BF3E035C015A00", &out));
		ATF_CHECK_EQ(21, out.len);
	}
	esim_buf_free(&out);
	fixture_close(&f);
}

ATF_TC_WITHOUT_HEAD(mute_until_reset_and_off_after_power_loss);
ATF_TC_BODY(mute_until_reset_and_off_after_power_loss, tc)
{
	static const uint8_t get_challenge[] = { 0x81, 0xE2, 0x91, 0x00, 0x03, 0xBF, 0x2E, 0x00 };
	struct esim_slice command = esim_slice(get_challenge, sizeof(get_challenge));
	struct esim_buf out = ESIM_BUF_INIT;
	struct fixture f;

	fixture_open(&f, NULL);
	ATF_REQUIRE_EQ(0, veuicc_set_fault(f.card, "mute@BF2E", NULL));
	ATF_CHECK_EQ(ESIM_ETIMEDOUT, veuicc_transmit(f.card, command, &out));
	ATF_REQUIRE_EQ(0, veuicc_set_fault(f.card, NULL, NULL));
	ATF_CHECK_EQ(ESIM_ETIMEDOUT, veuicc_transmit(f.card, command, &out));
	fixture_select(&f);
	ATF_CHECK_EQ(0, veuicc_transmit(f.card, command, &out));
	ATF_REQUIRE_EQ(0, veuicc_set_fault(f.card, "power-loss@BF2E", NULL));
	ATF_CHECK_EQ(ESIM_ENODEV, veuicc_transmit(f.card, command, &out));
	ATF_CHECK(!veuicc_powered(f.card));
	ATF_REQUIRE_EQ(0, veuicc_set_fault(f.card, NULL, NULL));
	fixture_select(&f);
	ATF_CHECK_EQ(0, veuicc_transmit(f.card, command, &out));
	esim_buf_free(&out);
	fixture_close(&f);
}

ATF_TC_WITHOUT_HEAD(function_faults_give_results_and_count_calls);
ATF_TC_BODY(function_faults_give_results_and_count_calls, tc)
{
	struct fixture f;

	fixture_open(&f, NULL);
	ATF_REQUIRE_EQ(0, veuicc_set_fault(f.card, "result=5@BF31:2,result=127@BF2D,sw=6985@BF3E", NULL));
	ATF_CHECK_EQ(1, fixture_result(&f, ENABLE(WIRE_1)));
	ATF_CHECK_EQ(5, fixture_result(&f, ENABLE(WIRE_1)));
	ATF_CHECK_EQ(1, fixture_result(&f, ENABLE(WIRE_1)));
	fixture_expect(&f, "BF2D00", "BF2D0381017F");
	ATF_CHECK_EQ(0x6985, fixture_apdu(&f, "81E2910006BF3E035C015A", NULL));
	ATF_REQUIRE_EQ(0, veuicc_set_fault(f.card, "result=3@BF38,result=11@BF36", NULL));
	ATF_CHECK_EQ(3, rsp_authenticate(&f));
	ATF_REQUIRE_EQ(0, veuicc_set_fault(f.card, "result=11@BF36", NULL));
	ATF_CHECK_EQ_MSG(5 << 8 | 11, rsp_download(&f, &one), "a signed result");
	ATF_REQUIRE_EQ(0, veuicc_set_fault(f.card, NULL, NULL));
	ATF_CHECK_EQ(-1, rsp_download(&f, &one));
	fixture_close(&f);
}

ATF_TC_WITHOUT_HEAD(specs_that_make_no_sense_are_refused);
ATF_TC_BODY(specs_that_make_no_sense_are_refused, tc)
{
	static const char *const faults[] = {
		"mute", "mute@", "@12", "sw@12", "sw=XYZ@12", "sw=10000@12", "mute=1@12", "result=3@12",
		"result@BF31", "mute@BF", "mute@C031", "mute@BF31:", "mute@write:3", "power-loss@write:",
		"nothing@1", "mute@1x", "mute@-1", "oversize=65001@1", "mute@1,,",
	};
	static const char *const rules[] = {
		"ppr1", "ppr3:*", "ppr1:", "ppr1:0010", "ppr1:00101/XY", "ppr1:00101///", "ppr1:*:maybe",
		"ppr1:*:consent:more", ";",
	};
	static const char *const links[] = { "baud", "baud=", "baud=x", "baud=-1", "speed=9", "baud=1;" };
	struct veuicc_fault fault;
	struct veuicc_rat rat;
	struct veuicc_link link;
	struct esim_error err;

	for (size_t i = 0; i < sizeof(faults) / sizeof(faults[0]); i++) {
		err.message[0] = '\0';
		ATF_CHECK_EQ_MSG(ESIM_EINVAL, veuicc_fault_parse(faults[i], &fault, &err), "%s", faults[i]);
		ATF_CHECK(err.message[0] != '\0');
	}
	for (size_t i = 0; i < sizeof(rules) / sizeof(rules[0]); i++)
		ATF_CHECK_EQ_MSG(ESIM_EINVAL, veuicc_rat_parse(rules[i], &rat, &err), "%s", rules[i]);
	for (size_t i = 0; i < sizeof(links) / sizeof(links[0]); i++)
		ATF_CHECK_EQ_MSG(ESIM_EINVAL, veuicc_link_parse(links[i], &link, &err), "%s", links[i]);
	ATF_CHECK_EQ(0, veuicc_fault_parse("mute@12+,corrupt=1@BF38:2,power-loss@write:3", &fault, &err));
	ATF_CHECK_EQ(3, fault.count);
}

ATF_TC_WITHOUT_HEAD(link_costs_are_on_the_virtual_clock);
ATF_TC_BODY(link_costs_are_on_the_virtual_clock, tc)
{
	struct veuicc_options options = { .link = "baud=9600,apdu-us=1000,crypto-us=50000" };
	struct fixture f;
	uint64_t before;

	fixture_open(&f, &options);
	before = veuicc_link_time_us(f.card);
	ATF_CHECK_EQ(0x9000, fixture_apdu(&f, "81E2910006BF3E035C015A00", NULL));
	/* 12 bytes there, 23 back, 12 bits each, at 9600 baud, and a millisecond. */
	ATF_CHECK_EQ(1000 + (12 + 23) * 12 * 1000000ull / 9600, veuicc_link_time_us(f.card) - before);
	before = veuicc_link_time_us(f.card);
	ATF_REQUIRE_EQ(0, rsp_authenticate(&f));
	ATF_CHECK_MSG(veuicc_link_time_us(f.card) - before > 150000, "three operations");
	fixture_close(&f);
}

ATF_TC_WITHOUT_HEAD(log_has_one_line_per_apdu);
ATF_TC_BODY(log_has_one_line_per_apdu, tc)
{
	struct veuicc_options options = { .log = "log" };
	char text[256] = "";
	struct fixture f;
	FILE *file;

	fixture_open(&f, &options);
	ATF_CHECK_EQ(0x9000, fixture_apdu(&f, "00A4000C023F00", NULL));
	fixture_close(&f);
	file = fopen("log", "r");
	ATF_REQUIRE(file != NULL);
	for (int i = 0; i < 3; i++)
		ATF_REQUIRE(fgets(text, sizeof(text), file) != NULL);
	ATF_CHECK_STREQ("3 > 00A4000C023F00 < 9000\n", text);
	ATF_CHECK(fgets(text, sizeof(text), file) == NULL);
	fclose(file);
}

/* --- sockets --------------------------------------------------------------- */

static void feed(struct fixture *f, const char *hex, int expected, const char *reply)
{
	struct esim_buf in = ESIM_BUF_INIT, out = ESIM_BUF_INIT;
	uint8_t bytes[64];
	char got[256];
	size_t len;

	ATF_REQUIRE_EQ(0, esim_hex_decode(hex, bytes, sizeof(bytes), &len));
	esim_buf_append(&in, bytes, len);
	ATF_CHECK_EQ_MSG(expected, veuicc_vpcd_feed(f->card, &in, &out), "%s", hex);
	esim_hex_encode(esim_buf_slice(&out), got);
	if (reply)
		ATF_CHECK_STREQ(reply, got);
	esim_buf_free(&in);
	esim_buf_free(&out);
}

ATF_TC_WITHOUT_HEAD(vpcd_framing_is_kept);
ATF_TC_BODY(vpcd_framing_is_kept, tc)
{
	struct fixture f;

	fixture_open(&f, NULL);
	feed(&f, "0001", 0, "");		/* half a message waits */
	feed(&f, "000101000700A4000C023F00", 0, "00029000");
	feed(&f, "000104", 0, "00163B9F96801FC78031E073FE211B63574A4553494D00DB");
	feed(&f, "000102", 0, "");
	feed(&f, "000100000700A4000C023F00", ESIM_ENODEV, "");	/* off */
	feed(&f, "0000", ESIM_EPROTO, "");
	feed(&f, "00020000", ESIM_EPROTO, "");
	feed(&f, "0003000000", ESIM_EPROTO, "");
	feed(&f, "000105", ESIM_EPROTO, "");
	fixture_close(&f);
}

ATF_TC_WITHOUT_HEAD(disconnecting_is_power_off);
ATF_TC_BODY(disconnecting_is_power_off, tc)
{
	static const uint8_t talk[] = { 0, 1, 1, 0, 7, 0, 0xA4, 0, 0x0C, 2, 0x3F, 0 };
	uint8_t answer[4] = { 0 };
	struct fixture f;
	int ends[2], stop[2];

	fixture_open(&f, NULL);
	ATF_REQUIRE_EQ(0, socketpair(AF_UNIX, SOCK_STREAM, 0, ends));
	ATF_REQUIRE_EQ(0, pipe(stop));
	ATF_REQUIRE_EQ((ssize_t)sizeof(talk), write(ends[0], talk, sizeof(talk)));
	ATF_REQUIRE_EQ(0, shutdown(ends[0], SHUT_WR));
	ATF_CHECK_EQ(0, veuicc_serve_stream(f.card, ends[1], stop[0]));
	ATF_CHECK_EQ((ssize_t)sizeof(answer), read(ends[0], answer, sizeof(answer)));
	ATF_CHECK_EQ(0, memcmp(answer, "\x00\x02\x90\x00", 4));
	ATF_CHECK(!veuicc_powered(f.card));
	ATF_REQUIRE_EQ(1, write(stop[1], "", 1));
	ATF_CHECK_EQ(ESIM_ECANCELED, veuicc_serve_stream(f.card, ends[1], stop[0]));
	for (int i = 0; i < 2; i++) {
		close(ends[i]);
		close(stop[i]);
	}
	fixture_close(&f);
}

/* The reader's side: has the card begun to answer? Then it is told to stop. */
struct stopper {
	int reader, stop;
};

static void *stop_when_answered(void *arg)
{
	const struct stopper *s = arg;
	struct pollfd fd = { .fd = s->reader, .events = POLLIN };

	return (void *)(intptr_t)(poll(&fd, 1, -1) != 1 || write(s->stop, "", 1) != 1);
}

ATF_TC(peer_that_reads_nothing_does_not_hold_the_card);
ATF_TC_HEAD(peer_that_reads_nothing_does_not_hold_the_card, tc)
{
	atf_tc_set_md_var(tc, "timeout", "60");
}
ATF_TC_BODY(peer_that_reads_nothing_does_not_hold_the_card, tc)
{
	static const uint8_t get_atr[] = { 0, 1, 4 };
	uint8_t pending[3 * 1024];
	struct fixture f;
	int ends[2], stop[2];
	size_t queued = 0;
	struct stopper stopper;
	pthread_t thread;
	void *failed;
	ssize_t n;

	fixture_open(&f, NULL);
	ATF_REQUIRE_EQ(0, socketpair(AF_UNIX, SOCK_STREAM, 0, ends));
	ATF_REQUIRE_EQ(0, pipe(stop));
	ATF_REQUIRE_EQ(0, setsockopt(ends[1], SOL_SOCKET, SO_SNDBUF, &(int){ 1 }, sizeof(int)));
	for (size_t i = 0; i < sizeof(pending); i++)
		pending[i] = get_atr[i % sizeof(get_atr)];
	/* Far more answers than the socket takes; the stop comes after the first. */
	while ((n = send(ends[0], pending, sizeof(pending), MSG_DONTWAIT)) > 0)
		queued += (size_t)n;
	ATF_REQUIRE(queued > sizeof(pending));
	stopper = (struct stopper){ ends[0], stop[1] };
	ATF_REQUIRE_EQ(0, pthread_create(&thread, NULL, stop_when_answered, &stopper));
	ATF_CHECK_EQ(ESIM_ECANCELED, veuicc_serve_stream(f.card, ends[1], stop[0]));
	ATF_REQUIRE_EQ(0, pthread_join(thread, &failed));
	ATF_CHECK(!failed);
	for (int i = 0; i < 2; i++) {
		close(ends[i]);
		close(stop[i]);
	}
	fixture_close(&f);
}

static struct esim_buf vsc_message(uint8_t type, const char *payload, size_t len)
{
	struct esim_buf out = ESIM_BUF_INIT;
	uint8_t header[12] = { 0, 0, 0, type, 0, 0, 0, 0, 0, 0, 0, (uint8_t)len };

	esim_buf_append(&out, header, sizeof(header));
	esim_buf_append(&out, payload, len);
	return out;
}

ATF_TC_WITHOUT_HEAD(vsc_inserts_the_card_and_answers);
ATF_TC_BODY(vsc_inserts_the_card_and_answers, tc)
{
	struct esim_buf in, out = ESIM_BUF_INIT;
	struct veuicc_vsc vsc = { 0 };
	struct fixture f;

	fixture_open(&f, NULL);
	veuicc_vsc_hello(&out);
	ATF_CHECK_EQ(24, out.len);
	ATF_CHECK_EQ(0, memcmp(out.data + 12, "VSCD", 4));
	esim_buf_reset(&out);
	in = vsc_message(1, "VSCD\0\0\0\2\0\0\0", 12);
	ATF_CHECK_EQ(0, veuicc_vsc_feed(&vsc, f.card, &in, &out));
	ATF_CHECK_EQ_MSG(3, out.data[3], "ReaderAdd");
	esim_buf_free(&in);
	esim_buf_reset(&out);
	in = vsc_message(2, "\0\0\0", 4);
	ATF_CHECK_EQ(0, veuicc_vsc_feed(&vsc, f.card, &in, &out));
	ATF_CHECK_EQ_MSG(5, out.data[3], "ATR");
	ATF_CHECK_EQ(22, out.data[11]);
	esim_buf_free(&in);
	esim_buf_reset(&out);
	in = vsc_message(7, "\x00\xA4\x00\x0C\x02\x3F\x00", 7);
	in.len -= 2;
	ATF_CHECK_EQ(0, veuicc_vsc_feed(&vsc, f.card, &in, &out));
	ATF_CHECK_EQ_MSG(0, out.len, "half a message waits");
	in.len += 2;
	ATF_CHECK_EQ(0, veuicc_vsc_feed(&vsc, f.card, &in, &out));
	ATF_CHECK(out.len == 14 && !memcmp(out.data + 12, "\x90\x00", 2));
	esim_buf_free(&in);
	esim_buf_reset(&out);
	in = vsc_message(7, "\x00\xA4", 2);
	ATF_CHECK_EQ(ESIM_EPROTO, veuicc_vsc_feed(&vsc, f.card, &in, &out));
	esim_buf_free(&in);
	in = vsc_message(99, "", 0);
	ATF_CHECK_EQ(ESIM_EPROTO, veuicc_vsc_feed(&vsc, f.card, &in, &out));
	esim_buf_free(&in);
	esim_buf_free(&out);
	fixture_close(&f);
}

ATF_TC_WITHOUT_HEAD(libesim_speaks_to_it_in_process);
ATF_TC_BODY(libesim_speaks_to_it_in_process, tc)
{
	struct esim_transport *transport;
	struct esim_error err = { 0 };
	struct esim_card *card;
	struct esim_eid eid;
	struct fixture f;

	fixture_open(&f, NULL);
	ATF_REQUIRE_EQ_MSG(0, veuicc_transport(f.card, &transport, &err), "%s", err.message);
	ATF_REQUIRE_EQ_MSG(0, esim_card_open(transport, NULL, &card, &err), "%s", err.message);
	ATF_REQUIRE_EQ_MSG(0, es10c_get_eid(card, &eid, &err), "%s", err.message);
	ATF_CHECK_EQ(0, memcmp(eid.bytes, veuicc_eid(f.card)->bytes, sizeof(eid.bytes)));
	ATF_REQUIRE_EQ(0, veuicc_set_fault(f.card, "mute@BF3E", NULL));
	ATF_CHECK_EQ(ESIM_ETIMEDOUT, es10c_get_eid(card, &eid, &err));
	ATF_REQUIRE_EQ(0, veuicc_set_fault(f.card, NULL, NULL));
	ATF_REQUIRE_EQ_MSG(0, esim_card_reset(card, &err), "%s", err.message);
	ATF_CHECK_EQ_MSG(0, es10c_get_eid(card, &eid, &err), "%s", err.message);
	esim_card_free(&card);
	ATF_CHECK_MSG(!veuicc_powered(f.card), "closing takes the power");
	fixture_close(&f);
}

ATF_TC_WITHOUT_HEAD(options_that_cannot_be_are_refused);
ATF_TC_BODY(options_that_cannot_be_are_refused, tc)
{
	struct veuicc_options options = { .svn = 0x020300, .pki_dirs = { "pki" }, .pki_count = 1 };
	struct veuicc *card = NULL;
	struct esim_error err = { 0 };

	ATF_CHECK_EQ(ESIM_EINVAL, veuicc_new(&options, &card, &err));
	options.svn = 0;
	options.pki_count = 0;
	ATF_CHECK_EQ(ESIM_EINVAL, veuicc_new(&options, &card, &err));
	options.pki_count = 1;
	ATF_CHECK(veuicc_new(&options, &card, &err) != 0);
	ATF_CHECK_MSG(strstr(err.message, "pki") != NULL, "%s", err.message);
	ATF_CHECK(card == NULL);
	veuicc_free(&card);
	veuicc_free(NULL);
}

ATF_TP_ADD_TCS(tp)
{
	ATF_TP_ADD_TC(tp, state_is_the_same_after_a_restart);
	ATF_TP_ADD_TC(tp, one_directory_holds_one_card);
	ATF_TP_ADD_TC(tp, damaged_state_is_refused_not_replaced);
	ATF_TP_ADD_TC(tp, power_loss_at_any_write_leaves_before_or_after);
	ATF_TP_ADD_TC(tp, power_loss_while_installing_leaves_no_half_profile);
	ATF_TP_ADD_TC(tp, faults_hit_the_apdu_they_name);
	ATF_TP_ADD_TC(tp, mute_until_reset_and_off_after_power_loss);
	ATF_TP_ADD_TC(tp, function_faults_give_results_and_count_calls);
	ATF_TP_ADD_TC(tp, specs_that_make_no_sense_are_refused);
	ATF_TP_ADD_TC(tp, link_costs_are_on_the_virtual_clock);
	ATF_TP_ADD_TC(tp, log_has_one_line_per_apdu);
	ATF_TP_ADD_TC(tp, vpcd_framing_is_kept);
	ATF_TP_ADD_TC(tp, disconnecting_is_power_off);
	ATF_TP_ADD_TC(tp, peer_that_reads_nothing_does_not_hold_the_card);
	ATF_TP_ADD_TC(tp, vsc_inserts_the_card_and_answers);
	ATF_TP_ADD_TC(tp, libesim_speaks_to_it_in_process);
	ATF_TP_ADD_TC(tp, options_that_cannot_be_are_refused);
	return atf_no_error();
}
