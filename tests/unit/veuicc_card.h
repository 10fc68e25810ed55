/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The virtual eUICC in this process, opened as a card, with the build's own PKI. */
#ifndef UNIT_VEUICC_CARD_H
#define UNIT_VEUICC_CARD_H

#include <esim/card.h>
#include <veuicc/veuicc.h>

#include <atf-c.h>
#include <stdio.h>
#include <stdlib.h>

/* Skips the test where there is no PKI. The card of @options is closed by close_veuicc(). */
static inline struct esim_card *open_veuicc(struct veuicc_options *options, struct veuicc **ret)
{
	const char *pki = getenv("COREESIM_PKI");
	struct esim_transport *transport;
	struct esim_card *card;
	struct esim_error err;
	static char dir[512];

	if (!pki)
		atf_tc_skip("COREESIM_PKI is not set");
	snprintf(dir, sizeof(dir), "%s/nist", pki);
	options->pki_dirs[0] = dir;
	options->pki_count = 1;
	ATF_REQUIRE_EQ_MSG(veuicc_new(options, ret, &err), 0, "%s", err.message);
	ATF_REQUIRE_EQ_MSG(veuicc_transport(*ret, &transport, &err), 0, "%s", err.message);
	ATF_REQUIRE_EQ_MSG(esim_card_open(transport, NULL, &card, &err), 0, "%s", err.message);
	return card;
}

static inline void close_veuicc(struct esim_card **card, struct veuicc **veuicc)
{
	esim_card_free(card);
	veuicc_free(veuicc);
}

#endif
