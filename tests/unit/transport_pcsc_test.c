/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Readers of pcscd by name, and what PC/SC says as libesim's errors. No pcscd is asked: the calls
 * that list readers end here, before libpcsclite.
 */
#include "pcsc_clients.h"
#include "pcsc_error.h"
#include "pcsc_readers.h"

#include <atf-c.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <unistd.h>

static struct esim_error err;

/* --- pcscd as the tests would have it ------------------------------------------------------ */

static struct {
	const char *names;		/* a multi-string */
	DWORD size;
	LONG list_result, state_result;
	unsigned unplugged;		/* so often a reader goes after it was listed */
	DWORD atr_len;
	unsigned lists, freed;
} pcscd;

LONG SCardListReaders(SCARDCONTEXT context, LPCSTR groups, LPSTR readers, LPDWORD size)
{
	(void)context;
	(void)groups;
	ATF_REQUIRE_EQ(*size, SCARD_AUTOALLOCATE);
	pcscd.lists++;
	if (pcscd.list_result)
		return pcscd.list_result;
	/* Not a byte behind it is the caller's. */
	*(char **)(void *)readers = memcpy(malloc(pcscd.size), pcscd.names, pcscd.size);
	*size = pcscd.size;
	return SCARD_S_SUCCESS;
}

LONG SCardFreeMemory(SCARDCONTEXT context, LPCVOID memory)
{
	(void)context;
	pcscd.freed++;
	free((void *)(uintptr_t)memory);
	return SCARD_S_SUCCESS;
}

LONG SCardGetStatusChange(SCARDCONTEXT context, DWORD timeout, SCARD_READERSTATE *states, DWORD count)
{
	(void)context;
	ATF_REQUIRE_EQ(timeout, 0);
	if (pcscd.unplugged) {
		pcscd.unplugged--;
		return SCARD_E_UNKNOWN_READER;
	}
	for (DWORD i = 0; i < count; i++) {
		states[i].dwEventState = SCARD_STATE_PRESENT | 0x00010000;
		states[i].cbAtr = pcscd.atr_len;
	}
	return pcscd.state_result;
}

#define PCSCD_HAS(multi_string) \
	do { \
		memset(&pcscd, 0, sizeof(pcscd)); \
		pcscd.names = (multi_string); \
		pcscd.size = sizeof(multi_string); \
	} while (0)

static struct pcsc_reader listed[PCSC_MAX_READERS];

static size_t list(void)
{
	size_t count = 99;

	ATF_REQUIRE_EQ_MSG(pcsc_list(1, listed, &count, &err), 0, "%s", err.message);
	ATF_CHECK_EQ(pcscd.freed, pcscd.list_result ? 0 : pcscd.lists);
	return count;
}

ATF_TC_WITHOUT_HEAD(a_reader_that_goes_meanwhile_hides_no_other);
ATF_TC_BODY(a_reader_that_goes_meanwhile_hides_no_other, tc)
{
	size_t count;

	PCSCD_HAS("Alpha 00 00\0Beta 01 00\0");
	pcscd.unplugged = 2;
	ATF_CHECK_EQ(list(), 2);
	ATF_CHECK_STREQ(listed[1].name, "Beta 01 00");
	ATF_CHECK_EQ(pcscd.lists, 3);
	/* One that comes and goes for ever ends in an error. */
	pcscd.unplugged = UINT_MAX;
	ATF_CHECK_EQ(pcsc_list(1, listed, &count, &err), ESIM_ENODEV);
	PCSCD_HAS("");
	pcscd.list_result = SCARD_E_NO_READERS_AVAILABLE;
	ATF_CHECK_EQ(list(), 0);
	pcscd.list_result = SCARD_E_NO_SERVICE;
	ATF_CHECK_EQ(pcsc_list(1, listed, &count, &err), ESIM_ENODEV);
}

ATF_TC_WITHOUT_HEAD(a_list_that_makes_no_sense_does_no_harm);
ATF_TC_BODY(a_list_that_makes_no_sense_does_no_harm, tc)
{
	char many[PCSC_MAX_READERS * 2 + 5], longest[300];

	PCSCD_HAS("");			/* one NUL */
	ATF_CHECK_EQ(list(), 0);
	PCSCD_HAS("\0Alpha\0");
	ATF_CHECK_EQ(list(), 0);
	PCSCD_HAS("Alpha\0Beta");
	pcscd.size--;			/* the last name has no end */
	pcscd.atr_len = MAX_ATR_SIZE + 1;
	ATF_CHECK_EQ(list(), 2);
	ATF_CHECK_STREQ(listed[1].name, "Beta");
	ATF_CHECK_EQ(listed[1].atr_len, 0);
	pcscd.atr_len = UINT32_MAX;
	ATF_CHECK_EQ(list(), 2);
	ATF_CHECK_EQ(listed[1].atr_len, 0);
	memset(longest, 'x', sizeof(longest));
	PCSCD_HAS(longest);
	ATF_CHECK_EQ(list(), 1);
	ATF_CHECK_EQ(strlen(listed[0].name), PCSC_NAME_SIZE - 1);
	for (size_t i = 0; i < sizeof(many); i++)
		many[i] = i % 2 ? '\0' : 'r';
	PCSCD_HAS(many);
	ATF_CHECK_EQ(list(), PCSC_MAX_READERS);
}

/* --- names and errors ----------------------------------------------------------------------- */

ATF_TC_WITHOUT_HEAD(a_readers_name_goes_into_a_uri_and_comes_out_the_same);
ATF_TC_BODY(a_readers_name_goes_into_a_uri_and_comes_out_the_same, tc)
{
	static const struct {
		const char *name, *uri;
	} rows[] = {
		{ "Virtual PCD 00 00", "pcsc:Virtual%20PCD%2000%2000" },
		{ "SCM, Inc. SCR [CCID] (1) 00 00", "pcsc:SCM,%20Inc.%20SCR%20%5BCCID%5D%20%281%29%2000%2000" },
		{ "100%25 what? #1&2", "pcsc:100%2525%20what%3F%20%231%262" },
		{ "L\xC3\xA9on", "pcsc:L%C3%A9on" },
	};
	char uri[PCSC_URI_SIZE], name[PCSC_NAME_SIZE], longest[PCSC_NAME_SIZE];

	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		pcsc_uri(rows[i].name, uri);
		ATF_CHECK_STREQ(uri, rows[i].uri);
		ATF_CHECK_EQ(pcsc_name(uri + strlen("pcsc:"), name, &err), 0);
		ATF_CHECK_STREQ(name, rows[i].name);
	}
	memset(longest, '%', sizeof(longest) - 1);
	longest[sizeof(longest) - 1] = '\0';
	pcsc_uri(longest, uri);
	ATF_CHECK_EQ(pcsc_name(uri + strlen("pcsc:"), name, &err), 0);
	ATF_CHECK_STREQ(name, longest);
}

ATF_TC_WITHOUT_HEAD(a_name_as_people_write_it_is_taken_and_an_impossible_one_is_not);
ATF_TC_BODY(a_name_as_people_write_it_is_taken_and_an_impossible_one_is_not, tc)
{
	char name[PCSC_NAME_SIZE], too_long[PCSC_NAME_SIZE + 1];

	ATF_CHECK_EQ(pcsc_name("A reader, 50% off", name, &err), 0);
	ATF_CHECK_STREQ(name, "A reader, 50% off");
	ATF_CHECK_EQ(pcsc_name("%", name, &err), 0);
	ATF_CHECK_STREQ(name, "%");
	ATF_CHECK_EQ(pcsc_name("a%00b", name, &err), ESIM_EINVAL);
	ATF_CHECK_EQ(pcsc_name("a\nb", name, &err), ESIM_EINVAL);
	memset(too_long, 'x', PCSC_NAME_SIZE);
	too_long[PCSC_NAME_SIZE] = '\0';
	ATF_CHECK_EQ(pcsc_name(too_long, name, &err), ESIM_EINVAL);
}

ATF_TC_WITHOUT_HEAD(the_reader_that_is_meant_is_chosen_and_none_is_guessed);
ATF_TC_BODY(the_reader_that_is_meant_is_chosen_and_none_is_guessed, tc)
{
	static const struct pcsc_reader readers[] = {
		{ .name = "Alpha 00 00", .state = SCARD_STATE_EMPTY },
		{ .name = "Alpha 00 00 twin", .state = SCARD_STATE_PRESENT },
		{ .name = "Beta 01 00", .state = SCARD_STATE_EMPTY },
	};
	static const struct {
		const char *wanted;
		size_t count;
		int r;
		int index;
	} rows[] = {
		{ "Alpha 00 00", 3, 0, 0 },	/* the whole name goes before a part of one */
		{ "TWIN", 3, 0, 1 }, { "beta", 3, 0, 2 },
		{ "alpha", 3, ESIM_EINVAL, -1 }, { "gamma", 3, ESIM_ENODEV, -1 },
		{ "", 3, 0, 1 },		/* the only one with a card */
		{ "", 1, 0, 0 },		/* the only one at all: its slot is empty, says the next call */
		{ "", 0, ESIM_ENODEV, -1 },
	};

	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		const struct pcsc_reader *found = NULL;

		ATF_CHECK_EQ_MSG(pcsc_choose(readers, rows[i].count, rows[i].wanted, &found, &err),
				 rows[i].r, "%s", rows[i].wanted);
		ATF_CHECK(found == (rows[i].index < 0 ? NULL : &readers[rows[i].index]));
	}
	pcsc_choose(readers, 3, "alpha", &(const struct pcsc_reader *){ NULL }, &err);
	ATF_CHECK_MSG(strstr(err.message, "Alpha 00 00, Alpha 00 00 twin"), "%s", err.message);
}

ATF_TC_WITHOUT_HEAD(what_pcsc_says_keeps_its_cause_and_the_commands_outcome);
ATF_TC_BODY(what_pcsc_says_keeps_its_cause_and_the_commands_outcome, tc)
{
	static const struct {
		LONG from;
		int code;
		enum esim_outcome outcome;
	} rows[] = {
		{ SCARD_E_NO_SERVICE, ESIM_ENODEV, ESIM_OUTCOME_UNKNOWN },
		{ SCARD_F_COMM_ERROR, ESIM_ENODEV, ESIM_OUTCOME_UNKNOWN },
		{ SCARD_E_INVALID_HANDLE, ESIM_ESTALE, ESIM_OUTCOME_NEVER_SENT },
		{ SCARD_W_RESET_CARD, ESIM_ESTALE, ESIM_OUTCOME_NEVER_SENT },
		{ SCARD_W_REMOVED_CARD, ESIM_ENODEV, ESIM_OUTCOME_UNKNOWN },
		{ SCARD_E_NO_SMARTCARD, ESIM_ENODEV, ESIM_OUTCOME_NEVER_SENT },
		{ SCARD_W_UNRESPONSIVE_CARD, ESIM_ENODEV, ESIM_OUTCOME_UNKNOWN },
		{ SCARD_E_SHARING_VIOLATION, ESIM_EBUSY, ESIM_OUTCOME_NEVER_SENT },
		{ SCARD_E_TIMEOUT, ESIM_ETIMEDOUT, ESIM_OUTCOME_UNKNOWN },
		{ SCARD_E_NOT_TRANSACTED, ESIM_EIO, ESIM_OUTCOME_UNKNOWN },
		{ SCARD_E_BAD_SEEK, ESIM_EIO, ESIM_OUTCOME_UNKNOWN },	/* in no table */
	};

	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		ATF_CHECK_EQ_MSG(pcsc_error_command(&err, "pcsc:a", rows[i].from), rows[i].code, "%zu", i);
		ATF_CHECK_EQ_MSG(err.outcome, rows[i].outcome, "%zu", i);
		ATF_CHECK_EQ_MSG(err.domain, ESIM_DOMAIN_TRANSPORT, "%zu", i);
		ATF_CHECK(strncmp(err.message, "pcsc:a: ", 8) == 0 && err.message[8]);
		ATF_CHECK_EQ(pcsc_error(NULL, "pcsc:a", rows[i].from), rows[i].code);
	}
	pcsc_error(&err, "pcsc:", SCARD_E_NO_SERVICE);
	ATF_CHECK(strstr(err.advice, "pcscd.socket"));
}

/* --- who else is there ------------------------------------------------------------------------ */

/* A process that is connected to a socket at @path, until the descriptor given back is closed. */
static int connected_process(const char *path, pid_t *ret_pid)
{
	struct sockaddr_un address = { .sun_family = AF_UNIX };
	int server = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0), ends[2], client;
	char byte;

	snprintf(address.sun_path, sizeof(address.sun_path), "%s", path);
	ATF_REQUIRE_EQ(bind(server, (struct sockaddr *)&address, sizeof(address)), 0);
	ATF_REQUIRE_EQ(listen(server, 1), 0);
	ATF_REQUIRE_EQ(socketpair(AF_UNIX, SOCK_STREAM, 0, ends), 0);
	*ret_pid = fork();
	if (*ret_pid == 0) {
		close(ends[0]);
		client = socket(AF_UNIX, SOCK_STREAM, 0);
		if (connect(client, (struct sockaddr *)&address, sizeof(address)) == 0 &&
		    write(ends[1], "x", 1) == 1)
			_exit(read(ends[1], &byte, 1) != 0);
		_exit(1);
	}
	close(ends[1]);
	ATF_REQUIRE_EQ(read(ends[0], &byte, 1), 1);
	ATF_REQUIRE(accept(server, NULL, NULL) >= 0);
	return ends[0];
}

ATF_TC_WITHOUT_HEAD(a_socket_that_is_only_called_like_pcscds_names_nobody);
ATF_TC_BODY(a_socket_that_is_only_called_like_pcscds_names_nobody, tc)
{
	char text[PCSC_CLIENTS_SIZE], process[32], here[80], path[108];
	pid_t pid;
	int end;

	ATF_REQUIRE_EQ(mkdir("run", 0700) || mkdir("run/pcscd", 0700), 0);
	ATF_REQUIRE(getcwd(here, sizeof(here)));
	snprintf(path, sizeof(path), "%s/run/pcscd/pcscd.comm", here);
	end = connected_process(path, &pid);
	pcsc_clients(text);
	close(end);
	ATF_REQUIRE_EQ(waitpid(pid, NULL, 0), pid);
	snprintf(process, sizeof(process), "(process %d)", (int)pid);
	ATF_CHECK_MSG(!strstr(text, process), "%s", text);
}

ATF_TP_ADD_TCS(tp)
{
	ATF_TP_ADD_TC(tp, a_socket_that_is_only_called_like_pcscds_names_nobody);
	ATF_TP_ADD_TC(tp, a_reader_that_goes_meanwhile_hides_no_other);
	ATF_TP_ADD_TC(tp, a_list_that_makes_no_sense_does_no_harm);
	ATF_TP_ADD_TC(tp, a_readers_name_goes_into_a_uri_and_comes_out_the_same);
	ATF_TP_ADD_TC(tp, a_name_as_people_write_it_is_taken_and_an_impossible_one_is_not);
	ATF_TP_ADD_TC(tp, the_reader_that_is_meant_is_chosen_and_none_is_guessed);
	ATF_TP_ADD_TC(tp, what_pcsc_says_keeps_its_cause_and_the_commands_outcome);
	return atf_no_error();
}
