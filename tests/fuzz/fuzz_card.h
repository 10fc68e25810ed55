/* SPDX-License-Identifier: GPL-2.0-or-later */
/* A card for fuzzers: its PKI is made once, its state lives in memory alone. */
#ifndef FUZZ_CARD_H
#define FUZZ_CARD_H

#include "veuicc/veuicc.h"

#include "rsp/pki.h"

#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

static char fuzz_card_dir[] = P_tmpdir "/coreesim-fuzz-XXXXXX";

static inline void fuzz_card_clean(void)
{
	char path[128];

	for (unsigned slot = 0; slot < RSP_PKI_SLOTS; slot++) {
		const char *name = rsp_pki_slot_name((enum rsp_pki_slot)slot);

		snprintf(path, sizeof(path), "%s/CERT_%s.der", fuzz_card_dir, name);
		unlink(path);
		snprintf(path, sizeof(path), "%s/SK_%s.pem", fuzz_card_dir, name);
		unlink(path);
	}
	rmdir(fuzz_card_dir);
}

static inline void fuzz_card_make_pki(void)
{
	struct rsp_pki_options options = { .required = RSP_PKI_CARD, .fresh = true };
	struct rsp_pki *pki;

	if (!mkdtemp(fuzz_card_dir) || rsp_pki_load("", &options, &pki, NULL) ||
	    rsp_pki_save(pki, fuzz_card_dir, NULL))
		abort();
	rsp_pki_free(&pki);
}

/* A new card, off. */
static inline struct veuicc *fuzz_card_new(void)
{
	struct veuicc_options options = { .pki_dirs = { fuzz_card_dir }, .pki_count = 1 };
	static bool made;
	struct veuicc *card;

	if (!made) {
		fuzz_card_make_pki();
		atexit(fuzz_card_clean);
		made = true;
	}
	if (veuicc_new(&options, &card, NULL))
		abort();
	return card;
}

#endif
