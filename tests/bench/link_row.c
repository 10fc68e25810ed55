/* SPDX-License-Identifier: GPL-2.0-or-later */
/* A download on a modelled link: veuicc in-process with a virtual clock, smdpp on a real socket. */
#include "bench/bench.h"
#include "bench/floor.h"
#include "veuicc/veuicc.h"

#include <esim/lpa.h>

#include <err.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define BITS_PER_CHARACTER 12	/* as veuicc's link counts them */

static void must(int rc, const struct esim_error *error, const char *what)
{
	if (rc)
		errx(1, "%s: %s", what, error->message);
}

static enum lpa_answer agree(void *context, const struct lpa_offer *offer)
{
	(void)context;
	(void)offer;
	return LPA_YES;
}

static struct veuicc *new_card(const struct bench_setup *setup, const char *link)
{
	struct veuicc_options options = { .pki_dirs = { setup->pki }, .pki_count = 1, .link = link };
	struct veuicc *veuicc;
	struct esim_error error;

	must(veuicc_new(&options, &veuicc, &error), &error, "the virtual eUICC");
	return veuicc;
}

static struct esim_card *open_card(struct veuicc *veuicc, struct bench_floor *floor)
{
	const struct esim_card_options options = { .trace = bench_floor_apdu, .trace_context = floor };
	struct esim_transport *transport;
	struct esim_card *card;
	struct esim_error error;

	must(veuicc_transport(veuicc, &transport, &error), &error, "the virtual eUICC");
	must(esim_card_open(transport, &options, &card, &error), &error, "the card");
	return card;
}

static struct esim_http *new_http(const struct bench_setup *setup, const struct esim_pool *roots)
{
	struct esim_connect_to connect_to;
	struct esim_http_options options = {
		.tls_roots = roots, .connect_to = &connect_to, .connect_to_count = 1,
	};
	struct esim_http *http;
	struct esim_error error;
	char text[sizeof(BENCH_NAME) + CHILD_MAX_ADDRESS + 8];

	snprintf(text, sizeof(text), BENCH_NAME ":443:%s", setup->smdpp.address);
	must(esim_connect_to_parse(text, &connect_to, &error), &error, text);
	must(esim_http_new(&options, &http, &error), &error, "HTTP");
	return http;
}

static void download(struct esim_card *card, struct esim_http *http, const struct esim_pool *roots,
		     const char *matching_id)
{
	const struct es10b_device_info device = { .tac = { 0x00, 0x44, 0x01, 0x23 } };
	const struct lpa_options options = {
		.card = card, .http = http, .rsp_roots = roots, .device = &device,
		.callbacks = { .consent = agree },
	};
	const struct lpa_order order = {
		.source = LPA_ORDER_ADDRESS, .smdp_address = BENCH_NAME, .matching_id = matching_id,
	};
	struct lpa_download_result result;
	struct esim_error error;
	struct lpa *lpa;

	must(lpa_new(&options, &lpa, &error), &error, "the LPA");
	must(lpa_download(lpa, &order, &result, &error), &error, matching_id);
	lpa_download_result_clear(&result);
	lpa_free(&lpa);
}

/* What the link charges for APDUs and characters; the rest of the clock is the card's own work. */
static uint64_t transfer_us(const char *link, uint64_t apdus, uint64_t bytes)
{
	const char *baud = strstr(link, "baud="), *apdu = strstr(link, "apdu-us=");
	uint64_t us = apdu ? apdus * strtoul(apdu + 8, NULL, 10) : 0;

	return baud ? us + bytes * BITS_PER_CHARACTER * 1000000 / strtoul(baud + 5, NULL, 10) : us;
}

void bench_link(const struct bench_setup *setup, const char *link, const char *matching_id,
		struct link_row *ret)
{
	struct veuicc *veuicc = new_card(setup, link);
	struct bench_floor floor = { 0 };
	struct esim_card *card = open_card(veuicc, &floor);
	struct esim_pool roots = { 0 };
	struct esim_http_stats stats;
	struct esim_error error;
	struct esim_http *http;
	uint64_t own_us;

	must(esim_pool_add_dir(&roots, setup->pki, &error), &error, setup->pki);
	http = new_http(setup, &roots);
	download(card, http, &roots, matching_id);
	esim_http_stats(http, &stats);
	esim_card_free(&card);
	bench_floor_end(&floor);

	*ret = (struct link_row){
		.link = link,
		.time_us = veuicc_link_time_us(veuicc),
		.floor_apdus = floor.apdus, .apdus = floor.seen_apdus,
		.floor_blocks = floor.blocks, .blocks = floor.seen_blocks,
		.floor_bytes = floor.bytes, .bytes = floor.seen_bytes,
		.requests = stats.requests, .connections = stats.connections,
		.tls_handshakes = stats.tls_handshakes,
	};
	own_us = ret->time_us - transfer_us(link, ret->apdus, ret->bytes);
	ret->floor_us = own_us + transfer_us(link, ret->floor_apdus, ret->floor_bytes);
	esim_http_free(&http);
	esim_pool_free(&roots);
	veuicc_free(&veuicc);
}
