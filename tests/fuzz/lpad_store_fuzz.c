/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The state of lpad, with anything in a file: it is read, or set aside with its very bytes. The first
 * byte says which file it is; of the outbox the JSON and the TLV, with a length before the JSON.
 */
#include "lpad/daemon/log.h"
#include "lpad/daemon/outbox.h"

#include <fcntl.h>
#include <ftw.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define EID "89049032123451234512345678901235"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static char directory[64], files[128];
static struct store *store;
static struct esim_eid eid;

/* In place of log.c's: what is set aside would be said a thousand times a second. */
void log_say(int priority, const char *fmt, ...)
{
	(void)priority;
	(void)fmt;
}

static int remove_one(const char *path, const struct stat *st, int type, struct FTW *ftw)
{
	(void)st;
	(void)type;
	(void)ftw;
	return remove(path);
}

static void remove_all(void)
{
	store_close(&store);
	nftw(directory, remove_one, 8, FTW_DEPTH | FTW_PHYS);
}

static void start(void)
{
	struct esim_error err;

	snprintf(directory, sizeof(directory), "%s/lpad_store_XXXXXX", access("/dev/shm", W_OK) ? "/tmp" : "/dev/shm");
	if (!mkdtemp(directory) || esim_eid_parse(EID, &eid) || store_open(directory, &store, &err) ||
	    store_write(store, &eid, "outbox/7.tlv", esim_slice("x", 1), &err))
		abort();
	snprintf(files, sizeof(files), "%s/euicc/" EID, directory);
	atexit(remove_all);
}

static void path_of(const char *name, const char *ending, char *path, size_t size)
{
	snprintf(path, size, "%s/%s%s", files, name, ending);
}

static void put(const char *name, const uint8_t *data, size_t size)
{
	char path[256];
	FILE *file;

	path_of(name, "", path, sizeof(path));
	file = fopen(path, "w");
	if (!file || fwrite(data, 1, size, file) != size || fclose(file))
		abort();
}

static bool is_there(const char *name, const char *ending)
{
	char path[256];

	path_of(name, ending, path, sizeof(path));
	return access(path, F_OK) == 0;
}

static void forget(const char *name)
{
	char path[256];

	path_of(name, "", path, sizeof(path));
	unlink(path);
	path_of(name, ".bad-1", path, sizeof(path));
	unlink(path);
}

/* Either it stayed, or it was set aside. */
static void check(const char *name, bool good)
{
	if (is_there(name, "") != good || is_there(name, ".bad-1") == good)
		abort();
	forget(name);
}

static void fuzz_card(const uint8_t *data, size_t size)
{
	struct card_record record;

	put("card.json", data, size);
	check("card.json", card_record_read(store, &eid, &record) == 0);
	if (record.isdr_aid.len > ESIM_MAX_AID || !memchr(record.reader, 0, sizeof(record.reader)))
		abort();
}

static void fuzz_session(const uint8_t *data, size_t size)
{
	struct session_record record;
	struct esim_error err;
	bool good;

	put("session.json", data, size);
	good = session_record_read(store, &eid, &record, &err) == 0;
	check("session.json", good);
	if (good && (!record.server_address[0] || !record.transaction_id[0]))
		abort();
}

static void fuzz_outbox(const uint8_t *data, size_t size)
{
	struct esim_buf tlv = ESIM_BUF_INIT;
	struct outbox outbox;
	struct esim_error err;
	size_t json = 0;

	if (size >= 2) {
		json = (size_t)data[0] << 8 | data[1];
		data += 2;
		size -= 2;
	}
	if (json > size)
		json = size;
	if (json > 0)
		put("outbox/7.json", data, json);
	put("outbox/7.tlv", data + json, size - json);
	if (outbox_load(store, &eid, &outbox, &err) || outbox.count > 1)
		abort();
	if (is_there("outbox/7.tlv", "") != (outbox.count == 1))
		abort();
	if (outbox.count == 1 && (outbox.entries[0].metadata.seq_number != 7 ||
				  outbox_read(store, &eid, &outbox.entries[0], &tlv, &err)))
		abort();
	esim_buf_free(&tlv);
	outbox_clear(&outbox);
	forget("outbox/7.tlv");
	forget("outbox/7.json");
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	if (!store)
		start();
	if (size == 0)
		return 0;
	if (data[0] == 'c')
		fuzz_card(data + 1, size - 1);
	else if (data[0] == 's')
		fuzz_session(data + 1, size - 1);
	else
		fuzz_outbox(data + 1, size - 1);
	return 0;
}
