/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Virtual eUICCs by the hundred: one EUM, and an EID with its certificate for each. */
#include "machine.h"

#include "rsp/pki.h"

#include <err.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define MAX_PATH 4096

/* 32 digits below the EUM's prefix; the last two make the whole 1 modulo 97 (SGP.29, 4.2). */
static void make_eid(unsigned number, char eid[static ESIM_EID_DIGITS + 1])
{
	unsigned rest = 0;
	uint8_t check;

	snprintf(eid, ESIM_EID_DIGITS + 1, "890490320000020000%012u00", number);
	for (const char *d = eid; *d; d++)
		rest = (rest * 10 + (unsigned)(*d - '0')) % 97;
	check = (uint8_t)(98 - rest);
	eid[ESIM_EID_DIGITS - 2] = (char)('0' + check / 10);
	eid[ESIM_EID_DIGITS - 1] = (char)('0' + check % 10);
}

/* CI and EUM are those of the whole PKI; the eUICC's key and certificate are made. */
static void make_pki(const struct machine *m, const char *dir, const char *eid)
{
	static const char *const shared[] = { "CERT_CI.der", "SK_CI.pem", "CERT_EUM.der", "SK_EUM.pem" };
	const struct rsp_pki_options options = { .required = RSP_PKI_CARD, .eid = eid };
	struct rsp_pki *pki = NULL;
	char from[MAX_PATH + 32], to[MAX_PATH + 32];
	struct esim_error error;
	int r;

	if (mkdir(dir, 0700))
		err(1, "%s", dir);
	for (size_t i = 0; i < sizeof(shared) / sizeof(shared[0]); i++) {
		snprintf(from, sizeof(from), "%s/%s", m->pki, shared[i]);
		snprintf(to, sizeof(to), "%s/%s", dir, shared[i]);
		if (symlink(from, to))
			err(1, "%s", to);
	}
	r = rsp_pki_load(dir, &options, &pki, &error);
	if (!r)
		r = rsp_pki_save(pki, dir, &error);
	if (r)
		errx(1, "%s", error.message);
	rsp_pki_free(&pki);
}

void machine_socket(const struct machine *m, unsigned card, char *uri, size_t size)
{
	snprintf(uri, size, "unix:%s/card%u", m->scratch, card);
}

static void start_card(struct machine *m, unsigned number)
{
	char program[MAX_PATH], pki[MAX_PATH], state[MAX_PATH], uri[MAX_PATH];
	char eid[ESIM_EID_DIGITS + 1];

	snprintf(program, sizeof(program), "%s/veuicc", m->bin);
	snprintf(pki, sizeof(pki), "%s/pki%u", m->scratch, number);
	snprintf(state, sizeof(state), "%s/eid%u.%u", m->scratch, number, m->generation);
	machine_socket(m, number, uri, sizeof(uri));
	make_eid(number, eid);
	if (access(pki, F_OK))
		make_pki(m, pki, eid);
	child_start_server(&m->cards[number], (const char *const[]){ program, "--state", state, "--listen",
								     uri, "--pki", pki, NULL });
}

void machine_cards(struct machine *m, unsigned count)
{
	for (unsigned i = 0; i < m->card_count; i++)
		child_stop(&m->cards[i]);
	m->generation++;
	for (unsigned i = 0; i < count; i++)
		start_card(m, i);
	m->card_count = count;
	machine_forget(m);
}
