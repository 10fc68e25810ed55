/* SPDX-License-Identifier: GPL-2.0-or-later */
/* PC/SC: pcscd with libccid, as a distribution has them. */
#include "bench/vm/vm_bench.h"
#include "vm/device.h"
#include "vm/tap.h"

#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include <winscard.h>

#define PCSCD		"/usr/sbin/pcscd"
#define WAIT_ROUNDS	600
#define WAIT_NS		(100 * 1000 * 1000)

static pid_t daemon_pid;
static SCARDCONTEXT context;
static SCARDHANDLE card;

pid_t bench_pcscd(void)
{
	return daemon_pid;
}

static void pause_a_round(void)
{
	const struct timespec round = { .tv_nsec = WAIT_NS };

	nanosleep(&round, NULL);
}

/* pcscd finds its readers by and by. */
static bool has_reader(void)
{
	SCARDCONTEXT asking;
	DWORD len = 0;
	bool found;

	if (SCardEstablishContext(SCARD_SCOPE_SYSTEM, NULL, NULL, &asking) != SCARD_S_SUCCESS)
		return false;
	found = SCardListReaders(asking, NULL, NULL, &len) == SCARD_S_SUCCESS;
	SCardReleaseContext(asking);
	return found;
}

bool bench_pcscd_start(void)
{
	if (access(PCSCD, X_OK))
		return false;
	mkdir("/run/pcscd", 0755);
	daemon_pid = fork();
	if (daemon_pid == 0) {
		execl(PCSCD, PCSCD, "--foreground", "--error", NULL);
		_exit(127);
	}
	for (int i = 0; daemon_pid > 0 && i < WAIT_ROUNDS; i++) {
		if (has_reader())
			return true;
		pause_a_round();
	}
	return false;
}

void bench_pcscd_stop(void)
{
	if (daemon_pid > 0) {
		kill(daemon_pid, SIGTERM);
		waitpid(daemon_pid, NULL, 0);
	}
	daemon_pid = 0;
}

static bool is_answered(const uint8_t *apdu, size_t len)
{
	uint8_t answer[300];
	DWORD answer_len = sizeof(answer);

	return SCardTransmit(card, SCARD_PCI_T0, apdu, len, NULL, answer, &answer_len) == SCARD_S_SUCCESS &&
	       answer_len >= 2 && answer[answer_len - 2] == 0x90;
}

/* There is one reader. */
static bool connect_card(void)
{
	char readers[1024];
	DWORD len = sizeof(readers), protocol;

	return SCardEstablishContext(SCARD_SCOPE_SYSTEM, NULL, NULL, &context) == SCARD_S_SUCCESS &&
	       SCardListReaders(context, NULL, readers, &len) == SCARD_S_SUCCESS &&
	       SCardConnect(context, readers, SCARD_SHARE_EXCLUSIVE, SCARD_PROTOCOL_T0, &card, &protocol) ==
		       SCARD_S_SUCCESS;
}

static bool open_pcsc(const char *bus_port)
{
	uint8_t select[22] = { 0x00, 0xA4, 0x04, 0x00, 16 };

	(void)bus_port;
	memcpy(select + 5, device_isdr, sizeof(device_isdr));
	if (!bench_pcscd_start())
		return false;
	if (connect_card() && is_answered(select, sizeof(select)))
		return true;
	tap_note("pcscd: the reader cannot be used");
	return false;
}

static bool unit(void)
{
	uint8_t apdu[BENCH_BLOCK];

	for (unsigned i = 0; i < BENCH_UNIT; i++) {
		bench_block(apdu, i);
		if (!is_answered(apdu, sizeof(apdu)))
			return false;
	}
	return true;
}

static void close_pcsc(void)
{
	if (card)
		SCardDisconnect(card, SCARD_UNPOWER_CARD);
	if (context)
		SCardReleaseContext(context);
	card = 0;
	context = 0;
	bench_pcscd_stop();
}

const struct bench_client bench_pcsc = {
	.name = "pcscd with libccid", .open = open_pcsc, .unit = unit, .close = close_pcsc,
	.server = bench_pcscd,
};
