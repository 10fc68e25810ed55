/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The state of lpad: old or new, never half; what is damaged is set aside, never dropped, never a crash. */
#include "lpad/daemon/store.h"

#include <atf-c.h>
#include <dirent.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#define EID	"89049032123451234512345678901235"
#define CARD	"state/euicc/" EID "/card.json"
#define SESSION	"state/euicc/" EID "/session.json"

static struct esim_eid eid;
static struct store *store;

static void open_store(void)
{
	struct esim_error err;

	ATF_REQUIRE_EQ(esim_eid_parse(EID, &eid), 0);
	ATF_REQUIRE_EQ_MSG(store_open("state", &store, &err), 0, "%s", err.message);
}

static size_t read_file(const char *path, char *text, size_t size)
{
	int fd = open(path, O_RDONLY);
	ssize_t len;

	ATF_REQUIRE_MSG(fd >= 0, "%s", path);
	len = read(fd, text, size);
	ATF_REQUIRE(len >= 0);
	close(fd);
	return (size_t)len;
}

static void write_file(const char *path, const void *text, size_t len)
{
	int fd = open(path, O_WRONLY | O_CREAT | O_TRUNC, 0600);

	ATF_REQUIRE(fd >= 0);
	ATF_REQUIRE_EQ(write(fd, text, len), (ssize_t)len);
	close(fd);
}

static bool exists(const char *path)
{
	struct stat st;

	return lstat(path, &st) == 0;
}

static mode_t mode_of(const char *path)
{
	struct stat st;

	ATF_REQUIRE_MSG(stat(path, &st) == 0, "%s", path);
	return st.st_mode & 07777;
}

static const struct card_record card = {
	.number = 7, .isdr_aid = { { 0xA0, 0, 0, 5, 0x59 }, 5 }, .segment_size = 120, .reader = "usb a reader",
};
static const struct session_record session = {
	.server_address = "smdp.example.com", .transaction_id = "00112233", .is_smds = true, .has_iccid = true,
	.iccid = { { 0x98, 0x44, 0, 1 } },
};

static void write_card(void)
{
	struct esim_error err;

	ATF_REQUIRE_EQ_MSG(card_record_write(store, &eid, &card, &err), 0, "%s", err.message);
}

ATF_TC_WITHOUT_HEAD(what_was_written_is_read);
ATF_TC_BODY(what_was_written_is_read, tc)
{
	struct card_record read;
	struct session_record under_way;
	struct esim_error err;

	open_store();
	ATF_CHECK_EQ(card_record_read(store, &eid, &read), ESIM_ENOENT);
	write_card();
	ATF_REQUIRE_EQ(card_record_read(store, &eid, &read), 0);
	ATF_CHECK_EQ(read.number, card.number);
	ATF_CHECK_EQ(read.segment_size, card.segment_size);
	ATF_CHECK_STREQ(read.reader, card.reader);
	ATF_CHECK(esim_slice_is(esim_slice(read.isdr_aid.bytes, read.isdr_aid.len), card.isdr_aid.bytes,
				card.isdr_aid.len));
	ATF_CHECK_EQ(session_record_read(store, &eid, &under_way, &err), ESIM_ENOENT);
	ATF_CHECK_EQ(session_record_end(store, &eid, &err), 0);
	ATF_REQUIRE_EQ(session_record_write(store, &eid, &session, &err), 0);
	ATF_REQUIRE_EQ(session_record_read(store, &eid, &under_way, &err), 0);
	ATF_CHECK_STREQ(under_way.server_address, session.server_address);
	ATF_CHECK_STREQ(under_way.transaction_id, session.transaction_id);
	ATF_CHECK(under_way.is_smds && !under_way.loading && under_way.has_iccid);
	ATF_CHECK_EQ(memcmp(&under_way.iccid, &session.iccid, sizeof(under_way.iccid)), 0);
	ATF_CHECK_EQ(session_record_end(store, &eid, &err), 0);
	ATF_CHECK_EQ(session_record_read(store, &eid, &under_way, &err), ESIM_ENOENT);
	store_close(&store);
}

/* Whatever the umask says: EIDs and addresses are in these names and files. */
ATF_TC_WITHOUT_HEAD(nobody_else_reads_it);
ATF_TC_BODY(nobody_else_reads_it, tc)
{
	umask(0);
	ATF_REQUIRE_EQ(mkdir("state", 0755), 0);
	open_store();
	write_card();
	ATF_CHECK_EQ(mode_of("state"), 0700);
	ATF_CHECK_EQ(mode_of("state/euicc/" EID), 0700);
	ATF_CHECK_EQ(mode_of(CARD), 0600);
	umask(0377);
	ATF_REQUIRE_EQ(unlink(CARD), 0);
	write_card();
	ATF_CHECK_EQ(mode_of(CARD), 0600);
	umask(022);
	store_close(&store);
}

ATF_TC_WITHOUT_HEAD(one_lpad_has_it);
ATF_TC_BODY(one_lpad_has_it, tc)
{
	struct store *second = NULL;
	struct esim_error err;

	open_store();
	ATF_CHECK_EQ(store_open("state", &second, &err), ESIM_EBUSY);
	ATF_CHECK_STREQ(err.message, "another lpad has state");
	ATF_CHECK(!second);
	store_close(&store);
	ATF_CHECK_EQ(store_open("state", &second, &err), 0);
	store_close(&second);
}

ATF_TC_WITHOUT_HEAD(eids_that_have_a_directory);
ATF_TC_BODY(eids_that_have_a_directory, tc)
{
	struct esim_eid *eids;
	struct esim_error err;
	size_t count;

	open_store();
	ATF_REQUIRE_EQ(store_euiccs(store, &eids, &count, &err), 0);
	ATF_CHECK_EQ(count, 0);
	free(eids);
	write_card();
	ATF_REQUIRE_EQ(mkdir("state/euicc/lost+found", 0700), 0);
	ATF_REQUIRE_EQ(mkdir("state/euicc/8904903212345123451234567890123a", 0700), 0);
	ATF_REQUIRE_EQ(store_euiccs(store, &eids, &count, &err), 0);
	ATF_REQUIRE_EQ(count, 1);
	ATF_CHECK_EQ(memcmp(&eids[0], &eid, sizeof(eid)), 0);
	free(eids);
	store_close(&store);
}

ATF_TC_WITHOUT_HEAD(names_lead_nowhere_else);
ATF_TC_BODY(names_lead_nowhere_else, tc)
{
	static const char *const names[] = {
		"", ".", "..", "/etc/passwd", "../card.json", "outbox/..", "outbox/../x", "a/b/c", "a//b", "a/",
		".hidden", "outbox/.x", "a b", "n\xC3\xA4me",
		"0123456789012345678901234567890123456789012345678901234567890123456789",
	};
	struct esim_buf text = ESIM_BUF_INIT;
	struct esim_error err;

	open_store();
	for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
		ATF_CHECK_EQ_MSG(store_write(store, &eid, names[i], esim_slice("x", 1), &err), ESIM_EINVAL, "%s",
				 names[i]);
		ATF_CHECK_EQ(store_read(store, &eid, names[i], &text, &err), ESIM_EINVAL);
		ATF_CHECK_EQ(store_remove(store, &eid, names[i], &err), ESIM_EINVAL);
	}
	store_close(&store);
}

ATF_TC_WITHOUT_HEAD(links_are_not_followed);
ATF_TC_BODY(links_are_not_followed, tc)
{
	struct esim_buf text = ESIM_BUF_INIT;
	struct card_record read;
	struct esim_error err;

	write_file("secret", "secret", 6);
	open_store();
	write_card();
	ATF_REQUIRE_EQ(unlink(CARD), 0);
	ATF_REQUIRE_EQ(symlink("../../../secret", CARD), 0);
	ATF_CHECK_EQ(store_read(store, &eid, "card.json", &text, &err), ESIM_EPROTO);
	ATF_CHECK_EQ(card_record_read(store, &eid, &read), ESIM_ENOENT);
	ATF_CHECK(exists(CARD ".bad-1"));
	ATF_REQUIRE_EQ(symlink("../../../secret", CARD), 0);
	write_card();
	ATF_CHECK_EQ(card_record_read(store, &eid, &read), 0);
	ATF_REQUIRE_EQ(mkdir("elsewhere", 0700), 0);
	ATF_REQUIRE_EQ(symlink("../../../elsewhere", "state/euicc/" EID "/outbox"), 0);
	ATF_CHECK_EQ(store_write(store, &eid, "outbox/1.tlv", esim_slice("x", 1), &err), ESIM_EIO);
	ATF_CHECK_EQ(err.domain, ESIM_DOMAIN_SYSTEM);
	ATF_CHECK(!exists("elsewhere/1.tlv"));
	ATF_CHECK_EQ(read_file("secret", (char[8]){ 0 }, 8), 6);
	esim_buf_free(&text);
	store_close(&store);
}

/* A FIFO would have lpad wait for ever. */
ATF_TC_WITHOUT_HEAD(what_is_no_file_is_set_aside);
ATF_TC_BODY(what_is_no_file_is_set_aside, tc)
{
	struct card_record read;

	open_store();
	write_card();
	ATF_REQUIRE_EQ(unlink(CARD), 0);
	ATF_REQUIRE_EQ(mkfifo(CARD, 0600), 0);
	ATF_CHECK_EQ(card_record_read(store, &eid, &read), ESIM_ENOENT);
	ATF_REQUIRE_EQ(mkdir(CARD, 0700), 0);
	ATF_CHECK_EQ(card_record_read(store, &eid, &read), ESIM_ENOENT);
	ATF_CHECK(exists(CARD ".bad-1") && exists(CARD ".bad-2") && !exists(CARD));
	store_close(&store);
}

/* Also a newer lpad's: it finds its file again under the other name. */
ATF_TC_WITHOUT_HEAD(what_is_of_no_use_is_set_aside);
ATF_TC_BODY(what_is_of_no_use_is_set_aside, tc)
{
	static const char *const files[] = {
		"", "{", "[]", "7", "{}", "{\"version\":2,\"number\":1,\"isdrAid\":\"\",\"segmentSize\":0,\"reader\":\"\"}",
		"{\"version\":\"1\"}", "{\"version\":1}",
		"{\"version\":1,\"number\":-1,\"isdrAid\":\"\",\"segmentSize\":0,\"reader\":\"\"}",
		"{\"version\":1,\"number\":4294967296,\"isdrAid\":\"\",\"segmentSize\":0,\"reader\":\"\"}",
		"{\"version\":1,\"number\":1,\"isdrAid\":\"0\",\"segmentSize\":0,\"reader\":\"\"}",
		"{\"version\":1,\"number\":1,\"number\":1,\"isdrAid\":\"\",\"segmentSize\":0,\"reader\":\"\"}",
		"{\"version\":1,\"number\":1,\"isdrAid\":\"\",\"segmentSize\":0,\"reader\":\"\"} x",
	};
	struct card_record read;

	open_store();
	write_card();
	for (size_t i = 0; i < sizeof(files) / sizeof(files[0]); i++) {
		char kept[200];

		write_file(CARD, files[i], strlen(files[i]));
		ATF_CHECK_EQ_MSG(card_record_read(store, &eid, &read), ESIM_ENOENT, "%s", files[i]);
		ATF_CHECK_EQ(read.number, 0);
		ATF_REQUIRE_MSG(!exists(CARD) && exists(CARD ".bad-1"), "%s", files[i]);
		ATF_CHECK_EQ(read_file(CARD ".bad-1", kept, sizeof(kept)), strlen(files[i]));
		ATF_CHECK_EQ(memcmp(kept, files[i], strlen(files[i])), 0);
		ATF_REQUIRE_EQ(unlink(CARD ".bad-1"), 0);
	}
	store_close(&store);
}

/* The clock of the file system's times is coarse: until it has gone on. */
static void next_tick(void)
{
	struct stat first, now;

	write_file("tick", "", 0);
	ATF_REQUIRE_EQ(stat("tick", &first), 0);
	do {
		chmod("tick", 0600);
		ATF_REQUIRE_EQ(stat("tick", &now), 0);
	} while (now.st_ctim.tv_sec == first.st_ctim.tv_sec && now.st_ctim.tv_nsec == first.st_ctim.tv_nsec);
}

/* The disk does not fill up with them; the oldest goes. */
ATF_TC_WITHOUT_HEAD(few_are_kept_aside);
ATF_TC_BODY(few_are_kept_aside, tc)
{
	struct card_record read;
	char kept[8] = "", path[200];
	bool found = false;

	open_store();
	write_card();
	for (int i = 0; i < STORE_MAX_BAD + 3; i++) {
		char text = (char)('a' + i);

		write_file(CARD, &text, 1);
		ATF_CHECK_EQ(card_record_read(store, &eid, &read), ESIM_ENOENT);
		next_tick();
	}
	for (int i = 1; i <= STORE_MAX_BAD; i++) {
		snprintf(path, sizeof(path), CARD ".bad-%d", i);
		ATF_REQUIRE_EQ(read_file(path, kept, sizeof(kept)), 1);
		ATF_CHECK_MSG(kept[0] >= 'd', "%c is still there", kept[0]);
		found |= kept[0] == 'a' + STORE_MAX_BAD + 2;
	}
	ATF_CHECK(found);
	snprintf(path, sizeof(path), CARD ".bad-%d", STORE_MAX_BAD + 1);
	ATF_CHECK(!exists(path));
	store_close(&store);
}

ATF_TC_WITHOUT_HEAD(what_is_too_large_is_set_aside);
ATF_TC_BODY(what_is_too_large_is_set_aside, tc)
{
	struct esim_buf text = ESIM_BUF_INIT;
	struct session_record under_way;
	struct esim_error err;
	int fd;

	open_store();
	ATF_REQUIRE_EQ(session_record_write(store, &eid, &session, &err), 0);
	fd = open(SESSION, O_WRONLY);
	ATF_REQUIRE(fd >= 0);
	ATF_REQUIRE_EQ(ftruncate(fd, STORE_MAX_FILE + 1), 0);
	close(fd);
	ATF_CHECK_EQ(store_read(store, &eid, "session.json", &text, &err), ESIM_ETOOBIG);
	ATF_CHECK_EQ(session_record_read(store, &eid, &under_way, &err), ESIM_ENOENT);
	ATF_CHECK(exists(SESSION ".bad-1"));
	esim_buf_free(&text);
	store_close(&store);
}

/* Every end and every byte: what is read then can be, or the file is set aside whole. */
static void damage(const char *path, int (*read)(void))
{
	char whole[1024], bad[256], found[1024];
	const size_t len = read_file(path, whole, sizeof(whole));

	snprintf(bad, sizeof(bad), "%s.bad-1", path);
	for (size_t cut = 0; cut < len; cut++) {
		write_file(path, whole, cut);
		ATF_CHECK_EQ_MSG(read(), ESIM_ENOENT, "cut at %zu", cut);
		ATF_REQUIRE_EQ(read_file(bad, found, sizeof(found)), cut);
		unlink(bad);
	}
	for (size_t at = 0; at < len; at++) {
		for (unsigned bit = 0; bit < 8; bit++) {
			char changed[1024];
			int rc;

			memcpy(changed, whole, len);
			changed[at] = (char)(changed[at] ^ (1 << bit));
			write_file(path, changed, len);
			rc = read();
			ATF_REQUIRE_MSG(rc == 0 || (rc == ESIM_ENOENT && exists(bad)), "%zu: %d", at, rc);
			unlink(bad);
		}
	}
}

static int read_card(void)
{
	struct card_record read;
	int rc = card_record_read(store, &eid, &read);

	ATF_CHECK(read.isdr_aid.len <= sizeof(read.isdr_aid.bytes) && read.segment_size <= 65535);
	ATF_CHECK(memchr(read.reader, 0, sizeof(read.reader)));
	return rc;
}

static int read_session(void)
{
	struct session_record read;
	struct esim_error err;

	return session_record_read(store, &eid, &read, &err);
}

ATF_TC_WITHOUT_HEAD(damage_of_any_kind_is_survived);
ATF_TC_BODY(damage_of_any_kind_is_survived, tc)
{
	struct esim_error err;

	open_store();
	write_card();
	damage(CARD, read_card);
	ATF_REQUIRE_EQ(session_record_write(store, &eid, &session, &err), 0);
	damage(SESSION, read_session);
	store_close(&store);
}

/* A crash before the rename leaves the old file, and of the new one nothing. */
ATF_TC_WITHOUT_HEAD(what_a_crash_left_is_cleaned);
ATF_TC_BODY(what_a_crash_left_is_cleaned, tc)
{
	struct esim_error err;

	open_store();
	write_card();
	ATF_REQUIRE_EQ(store_write(store, &eid, "outbox/1.tlv", esim_slice("x", 1), &err), 0);
	store_close(&store);
	write_file("state/euicc/" EID "/.card.json.tmp", "{\"vers", 6);
	write_file("state/euicc/" EID "/outbox/.1.tlv.tmp", "x", 1);
	write_file("state/euicc/" EID "/.keep", "x", 1);
	open_store();
	ATF_CHECK(!exists("state/euicc/" EID "/.card.json.tmp"));
	ATF_CHECK(!exists("state/euicc/" EID "/outbox/.1.tlv.tmp"));
	ATF_CHECK(exists("state/euicc/" EID "/.keep"));
	ATF_CHECK(exists("state/euicc/" EID "/outbox/1.tlv"));
	ATF_CHECK_EQ(read_card(), 0);
	write_file("state/euicc/" EID "/.card.json.tmp", "{\"vers", 6);
	write_card();
	ATF_CHECK_EQ(read_card(), 0);
	store_close(&store);
}

static unsigned files_in(const char *path)
{
	DIR *dir = opendir(path);
	unsigned count = 0;

	ATF_REQUIRE(dir);
	while (readdir(dir))
		count++;
	closedir(dir);
	return count - 2;
}

/* As a full disk does, a limit of the process cuts a write short. */
ATF_TC_WITHOUT_HEAD(a_write_that_fails_keeps_the_old);
ATF_TC_BODY(a_write_that_fails_keeps_the_old, tc)
{
	struct card_record changed = card, read;
	struct rlimit limit;
	struct esim_error err;

	open_store();
	write_card();
	signal(SIGXFSZ, SIG_IGN);
	ATF_REQUIRE_EQ(getrlimit(RLIMIT_FSIZE, &limit), 0);
	for (rlim_t size = 0; size < 100; size += 9) {
		struct rlimit less = { size, limit.rlim_max };

		changed.number = 8;
		ATF_REQUIRE_EQ(setrlimit(RLIMIT_FSIZE, &less), 0);
		ATF_CHECK_EQ(card_record_write(store, &eid, &changed, &err), ESIM_EIO);
		ATF_REQUIRE_EQ(setrlimit(RLIMIT_FSIZE, &limit), 0);
		ATF_CHECK_EQ(err.domain, ESIM_DOMAIN_SYSTEM);
		ATF_CHECK_MSG(strstr(err.message, "cannot write card.json: "), "%s", err.message);
		ATF_REQUIRE_EQ(card_record_read(store, &eid, &read), 0);
		ATF_CHECK_EQ(read.number, 7);
		ATF_CHECK_EQ(files_in("state/euicc/" EID), 1);
	}
	store_close(&store);
}

/* One that nobody may write to. Root may everywhere, so another is asked. */
ATF_TC_WITHOUT_HEAD(a_directory_that_cannot_be_written_is_an_error);
ATF_TC_BODY(a_directory_that_cannot_be_written_is_an_error, tc)
{
	struct esim_error err;
	pid_t pid;
	int status = 0;

	ATF_REQUIRE_EQ(mkdir("closed", 0755), 0);
	pid = fork();
	ATF_REQUIRE(pid >= 0);
	if (pid == 0) {
		if (geteuid() == 0 && setuid(65534))
			_exit(2);
		chmod("closed", 0555);
		_exit(store_open("closed", &store, &err) == ESIM_EIO && err.domain == ESIM_DOMAIN_SYSTEM ? 0 : 1);
	}
	ATF_REQUIRE_EQ(waitpid(pid, &status, 0), pid);
	ATF_CHECK_EQ(WEXITSTATUS(status), 0);
}

ATF_TP_ADD_TCS(tp)
{
	ATF_TP_ADD_TC(tp, what_was_written_is_read);
	ATF_TP_ADD_TC(tp, nobody_else_reads_it);
	ATF_TP_ADD_TC(tp, one_lpad_has_it);
	ATF_TP_ADD_TC(tp, eids_that_have_a_directory);
	ATF_TP_ADD_TC(tp, names_lead_nowhere_else);
	ATF_TP_ADD_TC(tp, links_are_not_followed);
	ATF_TP_ADD_TC(tp, what_is_no_file_is_set_aside);
	ATF_TP_ADD_TC(tp, what_is_of_no_use_is_set_aside);
	ATF_TP_ADD_TC(tp, few_are_kept_aside);
	ATF_TP_ADD_TC(tp, what_is_too_large_is_set_aside);
	ATF_TP_ADD_TC(tp, damage_of_any_kind_is_survived);
	ATF_TP_ADD_TC(tp, what_a_crash_left_is_cleaned);
	ATF_TP_ADD_TC(tp, a_write_that_fails_keeps_the_old);
	ATF_TP_ADD_TC(tp, a_directory_that_cannot_be_written_is_an_error);
	return atf_no_error();
}
