/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The outbox: nothing owed is ever forgotten, nothing damaged is sent, and each server gets its order. */
#include "lpad/daemon/outbox.h"

#include "lpad_notification.h"

#include <atf-c.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#define EID	"89049032123451234512345678901235"
#define BOX	"state/euicc/" EID "/outbox/"
#define SERVER	"smdp.example.com"

static struct esim_eid eid;
static struct store *store;
static struct outbox outbox;

static void start(void)
{
	struct esim_error err;

	ATF_REQUIRE_EQ(esim_eid_parse(EID, &eid), 0);
	ATF_REQUIRE_EQ_MSG(store_open("state", &store, &err), 0, "%s", err.message);
}

static void stop(void)
{
	outbox_clear(&outbox);
	store_close(&store);
}

static void load(void)
{
	struct esim_error err;

	outbox_clear(&outbox);
	ATF_REQUIRE_EQ_MSG(outbox_load(store, &eid, &outbox, &err), 0, "%s", err.message);
}

static void mirror(uint32_t seq_number, const char *address, uint8_t salt)
{
	struct esim_buf tlv = ESIM_BUF_INIT;
	struct esim_notification metadata;
	struct esim_error err;

	make_notification(seq_number, address, salt, &tlv);
	ATF_REQUIRE_EQ_MSG(es10b_pending_metadata(esim_buf_slice(&tlv), &metadata, &err), 0, "%s", err.message);
	ATF_REQUIRE_EQ_MSG(outbox_mirror(store, &eid, &outbox, &metadata, esim_buf_slice(&tlv), &err), 0, "%s",
			   err.message);
	esim_buf_free(&tlv);
}

static void update(size_t i)
{
	struct esim_error err;

	ATF_REQUIRE_EQ_MSG(outbox_update(store, &eid, &outbox.entries[i], &err), 0, "%s", err.message);
}

static void deliver(size_t i)
{
	outbox.entries[i].delivered = true;
	update(i);
}

static void purge(size_t i)
{
	struct esim_error err;

	ATF_REQUIRE_EQ_MSG(outbox_purge(store, &eid, &outbox, i, &err), 0, "%s", err.message);
}

static bool exists(const char *path)
{
	struct stat st;

	return lstat(path, &st) == 0;
}

/* "0 1 5-2", in the order of the outbox. */
static const char *names(void)
{
	static char text[512];
	size_t len = 0;

	text[0] = '\0';
	for (size_t i = 0; i < outbox.count; i++)
		len += (size_t)snprintf(text + len, sizeof(text) - len, "%s%s", i ? " " : "",
					outbox.entries[i].name);
	return text;
}

static size_t read_file(const char *path, uint8_t *bytes, size_t size)
{
	int fd = open(path, O_RDONLY);
	ssize_t len;

	ATF_REQUIRE_MSG(fd >= 0, "%s", path);
	len = read(fd, bytes, size);
	close(fd);
	ATF_REQUIRE(len > 0);
	return (size_t)len;
}

static void write_file(const char *path, const uint8_t *bytes, size_t len)
{
	int fd = open(path, O_WRONLY | O_CREAT | O_TRUNC, 0600);

	ATF_REQUIRE(fd >= 0);
	ATF_REQUIRE_EQ(write(fd, bytes, len), (ssize_t)len);
	close(fd);
}

/* --- what is kept --------------------------------------------------------------------------------- */

ATF_TC_WITHOUT_HEAD(what_was_mirrored_is_there_after_a_start);
ATF_TC_BODY(what_was_mirrored_is_there_after_a_start, tc)
{
	struct esim_buf tlv = ESIM_BUF_INIT, kept = ESIM_BUF_INIT;
	const struct outbox_entry *entry;
	struct esim_error err;

	start();
	load();
	ATF_CHECK_EQ(outbox.count, 0);
	mirror(3, SERVER, 1);
	outbox.entries[0].attempts = 2;
	outbox.entries[0].next_attempt = time(NULL) + 60;
	snprintf(outbox.entries[0].error, sizeof(outbox.entries[0].error), "no \001way");
	outbox.entries[0].error_details = json_pack("{s:s}", "domain", "network");
	update(0);
	load();
	ATF_REQUIRE_EQ(outbox.count, 1);
	entry = &outbox.entries[0];
	ATF_CHECK_EQ(entry->metadata.seq_number, 3);
	ATF_CHECK_STREQ(entry->metadata.address, SERVER);
	ATF_CHECK_EQ(entry->attempts, 2);
	ATF_CHECK(entry->next_attempt > time(NULL));
	ATF_CHECK_STREQ(entry->error, "no way");
	ATF_CHECK_STREQ(json_string_value(json_object_get(entry->error_details, "domain")), "network");
	ATF_CHECK(!entry->delivered);
	make_notification(3, SERVER, 1, &tlv);
	ATF_REQUIRE_EQ(outbox_read(store, &eid, entry, &kept, &err), 0);
	ATF_CHECK(esim_slice_equal(esim_buf_slice(&tlv), esim_buf_slice(&kept)));
	esim_buf_free(&tlv);
	esim_buf_free(&kept);
	stop();
}

ATF_TC_WITHOUT_HEAD(number_zero_is_one_and_the_order_is_theirs);
ATF_TC_BODY(number_zero_is_one_and_the_order_is_theirs, tc)
{
	start();
	mirror(10, SERVER, 1);
	mirror(0, SERVER, 1);
	mirror(4294967295u, SERVER, 1);
	mirror(9, SERVER, 1);
	ATF_CHECK_STREQ(names(), "0 9 10 4294967295");
	load();
	ATF_CHECK_STREQ(names(), "0 9 10 4294967295");
	stop();
}

/* Again and again, as each look at the card does it. */
ATF_TC_WITHOUT_HEAD(the_same_bytes_are_kept_once);
ATF_TC_BODY(the_same_bytes_are_kept_once, tc)
{
	start();
	mirror(5, SERVER, 1);
	outbox.entries[0].attempts = 4;
	update(0);
	mirror(5, SERVER, 1);
	ATF_CHECK_STREQ(names(), "5");
	ATF_CHECK_EQ(outbox.entries[0].attempts, 4);
	load();
	mirror(5, SERVER, 1);
	ATF_CHECK_STREQ(names(), "5");
	stop();
}

/* --- numbers that come again ------------------------------------------------------------------------- */

ATF_TC_WITHOUT_HEAD(an_old_number_of_one_that_is_owed_is_another);
ATF_TC_BODY(an_old_number_of_one_that_is_owed_is_another, tc)
{
	start();
	mirror(5, SERVER, 1);
	mirror(6, SERVER, 1);
	mirror(5, SERVER, 2);
	mirror(5, "other.example.com", 3);
	ATF_CHECK_STREQ(names(), "5 5-2 5-3 6");
	load();
	ATF_CHECK_STREQ(names(), "5 5-2 5-3 6");
	ATF_CHECK_STREQ(outbox.entries[2].metadata.address, "other.example.com");
	purge(0);
	mirror(5, SERVER, 4);
	ATF_CHECK_STREQ(names(), "5-2 5-3 5-4 6");
	stop();
}

ATF_TC_WITHOUT_HEAD(one_that_was_delivered_gives_its_place);
ATF_TC_BODY(one_that_was_delivered_gives_its_place, tc)
{
	start();
	mirror(5, SERVER, 1);
	deliver(0);
	mirror(5, SERVER, 2);
	load();
	ATF_REQUIRE_STREQ(names(), "5");
	ATF_CHECK(!outbox.entries[0].delivered);
	ATF_CHECK_EQ(outbox.entries[0].attempts, 0);
	mirror(5, SERVER, 3);
	deliver(1);
	mirror(5, SERVER, 4);
	load();
	ATF_CHECK_STREQ(names(), "5 5-2");
	ATF_CHECK(!outbox.entries[1].delivered);
	stop();
}

ATF_TC_WITHOUT_HEAD(more_than_a_card_holds_is_refused);
ATF_TC_BODY(more_than_a_card_holds_is_refused, tc)
{
	struct esim_buf tlv = ESIM_BUF_INIT;
	struct esim_notification metadata = { .seq_number = 1000 };
	struct esim_error err;

	start();
	for (uint32_t i = 0; i < ESIM_MAX_NOTIFICATIONS; i++)
		mirror(i, SERVER, 1);
	make_notification(1000, SERVER, 1, &tlv);
	ATF_CHECK_EQ(outbox_mirror(store, &eid, &outbox, &metadata, esim_buf_slice(&tlv), &err), ESIM_ETOOBIG);
	ATF_CHECK(!exists(BOX "1000.tlv"));
	esim_buf_free(&tlv);
	stop();
}

/* --- forgetting -------------------------------------------------------------------------------------------- */

ATF_TC_WITHOUT_HEAD(what_is_purged_is_gone);
ATF_TC_BODY(what_is_purged_is_gone, tc)
{
	start();
	mirror(1, SERVER, 1);
	mirror(2, SERVER, 1);
	purge(0);
	ATF_CHECK_STREQ(names(), "2");
	ATF_CHECK(!exists(BOX "1.tlv") && !exists(BOX "1.json"));
	load();
	ATF_CHECK_STREQ(names(), "2");
	stop();
}

/* kill -9 between any two of its steps. */
ATF_TC_WITHOUT_HEAD(a_crash_in_between_costs_nothing);
ATF_TC_BODY(a_crash_in_between_costs_nothing, tc)
{
	start();
	mirror(1, SERVER, 1);
	mirror(2, SERVER, 1);
	mirror(3, SERVER, 1);
	/* of a mirroring: its JSON was not written yet */
	ATF_REQUIRE_EQ(unlink(BOX "1.json"), 0);
	/* of a purge of what was delivered */
	deliver(1);
	ATF_REQUIRE_EQ(unlink(BOX "2.tlv"), 0);
	/* of a purge of what was dropped, or somebody took the file */
	ATF_REQUIRE_EQ(unlink(BOX "3.tlv"), 0);
	load();
	ATF_CHECK_STREQ(names(), "1");
	ATF_CHECK(!outbox.entries[0].delivered);
	ATF_CHECK_STREQ(outbox.entries[0].metadata.address, SERVER);
	ATF_CHECK(!exists(BOX "2.json"));
	ATF_CHECK(!exists(BOX "3.json") && exists(BOX "3.json.bad-1"));
	mirror(1, SERVER, 1);
	ATF_CHECK_STREQ(names(), "1");
	stop();
}

/* --- damage ---------------------------------------------------------------------------------------------------- */

/* A server forgets whatever comes: what is not what the card gave must not go out. */
ATF_TC_WITHOUT_HEAD(damaged_bytes_are_set_aside);
ATF_TC_BODY(damaged_bytes_are_set_aside, tc)
{
	uint8_t whole[512];
	size_t len;

	start();
	mirror(7, SERVER, 1);
	len = read_file(BOX "7.tlv", whole, sizeof(whole));
	for (size_t at = 0; at < 2 * len; at++) {
		if (at < len) {
			write_file(BOX "7.tlv", whole, at);
		} else {
			whole[at - len] ^= 0x10;
			write_file(BOX "7.tlv", whole, len);
			whole[at - len] ^= 0x10;
		}
		load();
		ATF_REQUIRE_EQ_MSG(outbox.count, 0, "%zu", at);
		ATF_REQUIRE(exists(BOX "7.tlv.bad-1") && exists(BOX "7.json.bad-1"));
		ATF_REQUIRE(!exists(BOX "7.tlv") && !exists(BOX "7.json"));
		/* The card that still holds it gives it again. */
		mirror(7, SERVER, 1);
		ATF_REQUIRE_STREQ(names(), "7");
		unlink(BOX "7.tlv.bad-1");
		unlink(BOX "7.json.bad-1");
	}
	stop();
}

/* What became of it is lost then; the notification is not, and is owed. */
ATF_TC_WITHOUT_HEAD(a_damaged_json_loses_no_notification);
ATF_TC_BODY(a_damaged_json_loses_no_notification, tc)
{
	uint8_t whole[512];
	size_t len;

	start();
	mirror(7, SERVER, 1);
	len = read_file(BOX "7.json", whole, sizeof(whole));
	for (size_t cut = 0; cut < len; cut++) {
		write_file(BOX "7.json", whole, cut);
		load();
		ATF_REQUIRE_STREQ(names(), "7");
		ATF_CHECK(!outbox.entries[0].delivered);
		ATF_CHECK(exists(BOX "7.json.bad-1"));
		unlink(BOX "7.json.bad-1");
	}
	for (size_t at = 0; at < len; at++) {
		bool is_owed;

		whole[at] ^= 0x01;
		write_file(BOX "7.json", whole, len);
		whole[at] ^= 0x01;
		load();
		/* A digest that fits no longer says that the bytes may not be what they were. */
		is_owed = outbox.count == 1 && !outbox.entries[0].delivered;
		ATF_REQUIRE_MSG(is_owed || (outbox.count == 0 && exists(BOX "7.tlv.bad-1")), "%zu", at);
		if (!is_owed)
			mirror(7, SERVER, 1);
		unlink(BOX "7.tlv.bad-1");
		unlink(BOX "7.json.bad-1");
	}
	stop();
}

ATF_TC_WITHOUT_HEAD(one_of_another_number_is_set_aside);
ATF_TC_BODY(one_of_another_number_is_set_aside, tc)
{
	start();
	mirror(7, SERVER, 1);
	ATF_REQUIRE_EQ(rename(BOX "7.tlv", BOX "8.tlv"), 0);
	load();
	ATF_CHECK_EQ(outbox.count, 0);
	ATF_CHECK(exists(BOX "8.tlv.bad-1") && exists(BOX "7.json.bad-1"));
	stop();
}

ATF_TC_WITHOUT_HEAD(foreign_names_are_left_alone);
ATF_TC_BODY(foreign_names_are_left_alone, tc)
{
	static const char *const foreign[] = {
		"007.tlv", "7-1.tlv", "7-0.tlv", "7-.tlv", "x.tlv", "7.tlv~", "7.TLV", "4294967296.tlv", "-7.tlv",
		"7.json.old", "99999999999999999999999999999999999999.json",
	};

	start();
	mirror(1, SERVER, 1);
	for (size_t i = 0; i < sizeof(foreign) / sizeof(foreign[0]); i++) {
		char path[200];

		snprintf(path, sizeof(path), BOX "%s", foreign[i]);
		write_file(path, (const uint8_t *)"x", 1);
		load();
		ATF_CHECK_STREQ(names(), "1");
		ATF_CHECK_MSG(exists(path), "%s", foreign[i]);
	}
	stop();
}

/* --- when ----------------------------------------------------------------------------------------------------------- */

/* The clock was a year ahead, and is right now: nobody waits a year. */
ATF_TC_WITHOUT_HEAD(a_time_of_a_wrong_clock_is_none);
ATF_TC_BODY(a_time_of_a_wrong_clock_is_none, tc)
{
	start();
	mirror(1, SERVER, 1);
	outbox.entries[0].next_attempt = time(NULL) + 365 * 24 * 3600;
	update(0);
	load();
	ATF_CHECK_EQ(outbox.entries[0].next_attempt, 0);
	stop();
}

ATF_TC_WITHOUT_HEAD(each_server_has_its_order);
ATF_TC_BODY(each_server_has_its_order, tc)
{
	start();
	mirror(1, "a.example", 1);
	mirror(2, "b.example", 1);
	mirror(3, "A.example", 1);
	mirror(4, "b.example", 1);
	ATF_CHECK(outbox_due(&outbox, 0, 100) && outbox_due(&outbox, 1, 100));
	ATF_CHECK(!outbox_due(&outbox, 2, 100) && !outbox_due(&outbox, 3, 100));
	ATF_CHECK_EQ(outbox_wake(&outbox), 0);
	outbox.entries[0].next_attempt = 150;
	ATF_CHECK(!outbox_due(&outbox, 0, 149) && outbox_due(&outbox, 0, 150));
	ATF_CHECK(!outbox_due(&outbox, 2, 149));
	outbox.entries[1].delivered = true;
	ATF_CHECK(outbox_due(&outbox, 3, 149) && !outbox_due(&outbox, 1, 149));
	outbox.entries[3].next_attempt = 300;
	ATF_CHECK_EQ(outbox_wake(&outbox), 150);
	outbox.entries[0].delivered = true;
	ATF_CHECK_EQ(outbox_wake(&outbox), 0);
	outbox.entries[2].delivered = true;
	ATF_CHECK_EQ(outbox_wake(&outbox), 300);
	outbox.entries[3].delivered = true;
	ATF_CHECK_EQ(outbox_wake(&outbox), INT64_MAX);
	stop();
}

ATF_TC_WITHOUT_HEAD(the_wait_doubles_within_bounds);
ATF_TC_BODY(the_wait_doubles_within_bounds, tc)
{
	static const uint64_t sec = 1000000;
	const struct outbox_retry retry = { 30 * sec, 86400 * sec };
	const int64_t whole[] = { 30, 60, 120, 240, 480, 960, 1920, 3840, 7680, 15360, 30720, 61440, 86400, 86400 };

	for (unsigned i = 0; i < sizeof(whole) / sizeof(whole[0]); i++) {
		int64_t least = INT64_MAX, most = 0;

		for (uint64_t random = 0; random < 2000; random++) {
			/* spread over all 64 bits */
			int64_t wait = outbox_next(&retry, i + 1, 0, random * UINT64_C(0x9E3779B97F4A7C15), 1000) -
				       1000;

			least = wait < least ? wait : least;
			most = wait > most ? wait : most;
		}
		ATF_CHECK_MSG(least >= whole[i] / 2 && least <= whole[i] / 2 + whole[i] / 50 + 1, "%u: %lld", i,
			      (long long)least);
		ATF_CHECK_MSG(most <= whole[i] && most >= whole[i] - whole[i] / 50 - 1, "%u: %lld", i,
			      (long long)most);
	}
	ATF_CHECK(outbox_next(&retry, 4000000000u, 0, 0, 0) == 43200);
	ATF_CHECK(outbox_next(&(struct outbox_retry){ sec, sec }, 1, 0, 0, 0) == 1);
}

ATF_TC_WITHOUT_HEAD(a_server_that_names_a_time_gets_it);
ATF_TC_BODY(a_server_that_names_a_time_gets_it, tc)
{
	static const uint64_t sec = 1000000;
	const struct outbox_retry retry = { 30 * sec, 86400 * sec };

	ATF_CHECK_EQ(outbox_next(&retry, 1, 3600, UINT64_MAX, 1000), 4600);
	ATF_CHECK(outbox_next(&retry, 1, 10, UINT64_MAX, 0) >= 15);
	ATF_CHECK_EQ(outbox_next(&retry, 1, UINT32_MAX, 0, 0), OUTBOX_MAX_WAIT);
}

/* A server that answered wants to be left alone; one that was not reached may be there now. */
ATF_TC_WITHOUT_HEAD(the_network_frees_what_waited_for_it);
ATF_TC_BODY(the_network_frees_what_waited_for_it, tc)
{
	struct esim_error err;

	start();
	for (uint32_t i = 0; i < 4; i++) {
		mirror(i, SERVER, 1);
		outbox.entries[i].attempts = 1;
		outbox.entries[i].next_attempt = time(NULL) + 1000;
	}
	outbox.entries[0].error_details = json_pack("{s:s, s:s}", "domain", "network", "code", "ESIM_ENET");
	outbox.entries[1].error_details = json_pack("{s:s, s:i}", "domain", "network", "httpStatus", 503);
	outbox.entries[2].error_details = json_pack("{s:s}", "code", "ESIM_ETIMEDOUT");
	outbox.entries[3].error_details = json_pack("{s:s}", "domain", "server");
	for (size_t i = 0; i < 4; i++)
		update(i);
	ATF_REQUIRE_EQ(outbox_network_up(store, &eid, &err), 0);
	load();
	ATF_CHECK_EQ(outbox.entries[0].next_attempt, 0);
	ATF_CHECK(outbox.entries[1].next_attempt > time(NULL));
	ATF_CHECK_EQ(outbox.entries[2].next_attempt, 0);
	ATF_CHECK(outbox.entries[3].next_attempt > time(NULL));
	ATF_CHECK_EQ(outbox.entries[0].attempts, 1);
	stop();
}

ATF_TP_ADD_TCS(tp)
{
	ATF_TP_ADD_TC(tp, what_was_mirrored_is_there_after_a_start);
	ATF_TP_ADD_TC(tp, number_zero_is_one_and_the_order_is_theirs);
	ATF_TP_ADD_TC(tp, the_same_bytes_are_kept_once);
	ATF_TP_ADD_TC(tp, an_old_number_of_one_that_is_owed_is_another);
	ATF_TP_ADD_TC(tp, one_that_was_delivered_gives_its_place);
	ATF_TP_ADD_TC(tp, more_than_a_card_holds_is_refused);
	ATF_TP_ADD_TC(tp, what_is_purged_is_gone);
	ATF_TP_ADD_TC(tp, a_crash_in_between_costs_nothing);
	ATF_TP_ADD_TC(tp, damaged_bytes_are_set_aside);
	ATF_TP_ADD_TC(tp, a_damaged_json_loses_no_notification);
	ATF_TP_ADD_TC(tp, one_of_another_number_is_set_aside);
	ATF_TP_ADD_TC(tp, foreign_names_are_left_alone);
	ATF_TP_ADD_TC(tp, a_time_of_a_wrong_clock_is_none);
	ATF_TP_ADD_TC(tp, each_server_has_its_order);
	ATF_TP_ADD_TC(tp, the_wait_doubles_within_bounds);
	ATF_TP_ADD_TC(tp, a_server_that_names_a_time_gets_it);
	ATF_TP_ADD_TC(tp, the_network_frees_what_waited_for_it);
	return atf_no_error();
}
