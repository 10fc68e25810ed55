/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * A card: the ISD-R selected on a channel of a transport. What a card interface
 * asks of everyone lives here and nowhere else: logical channels 0-19 (ETSI TS
 * 102 221, 11.1.17), TERMINAL CAPABILITY (11.1.19), STORE DATA segmentation
 * (SGP.22, 5.7.2), 61/6C/91 status words, deadlines.
 */
#ifndef ESIM_CARD_H
#define ESIM_CARD_H

#include <esim/transport.h>

#ifdef __cplusplus
extern "C" {
#endif

struct esim_card;

struct esim_aid {
	uint8_t bytes[ESIM_MAX_AID];
	size_t len;
};

/*
 * ISD-R of SGP.02, then the AIDs of removable eUICCs in the field, in the order
 * tried. The table is the library's and may grow with it.
 */
const struct esim_aid *esim_isdr_aids(size_t *ret_count);

/* One exchange as the tracer sees it. */
struct esim_apdu_trace {
	unsigned channel;
	struct esim_slice command;
	struct esim_slice response;		/* status word included; empty: none came */
	int result;				/* 0 or ESIM_E… of the transport */
	uint64_t nanoseconds;			/* of a batch: this command's share */
	unsigned batch;				/* commands that went down in the same call */
};

struct esim_card_options {
	const struct esim_aid *aids;		/* NULL: esim_isdr_aids() */
	size_t aid_count;
	bool basic_channel;			/* use channel 0, open none */
	unsigned port;				/* eSIM port; 0 */
	unsigned segment_size;			/* STORE DATA bytes; 0: start at 255 and negotiate */
	unsigned apdu_timeout_ms;		/* 0: ESIM_DEFAULT_APDU_TIMEOUT_MS */
	uint8_t lpa_support;			/* TERMINAL CAPABILITY tag 83 bits; 0: LUId, LPDd, LDSd */
	const struct esim_cancel *cancel;
	void (*trace)(void *context, const struct esim_apdu_trace *apdu);
	void *trace_context;
};

/*
 * Find the ISD-R: TERMINAL CAPABILITY where the MF advertises it, a logical
 * channel, SELECT by each AID in turn. Takes the transport over, also on
 * failure. ESIM_ENOENT: no ISD-R, so no eUICC.
 */
int esim_card_open(struct esim_transport *transport, const struct esim_card_options *options,
		   struct esim_card **ret, struct esim_error *err);

/* Close the channel and the transport. NULL and half-open cards are accepted. */
void esim_card_free(struct esim_card **card);

/* The AID that answered, the channel in use, the segment size in force. */
const struct esim_aid *esim_card_aid(const struct esim_card *card);
unsigned esim_card_channel(const struct esim_card *card);
unsigned esim_card_segment_size(const struct esim_card *card);
struct esim_transport *esim_card_transport(struct esim_card *card);

struct esim_card_stats {
	uint64_t apdus;			/* commands sent: GET RESPONSE and repeats included, as far
					 * as they are not the transport's own */
	uint64_t blocks;		/* STORE DATA blocks among them */
	uint64_t bytes_sent, bytes_received;
	uint64_t nanoseconds;		/* spent waiting for the transport */
	uint64_t calls;			/* of the transport; fewer than apdus where it takes batches */
};
void esim_card_stats(const struct esim_card *card, struct esim_card_stats *ret);

/*
 * One ES10 command: @data in as many STORE DATA blocks as the segment size
 * asks, the answer's bytes without the status word appended to @response (NULL
 * where none is expected; data then is ESIM_EPROTO). A block refused with 6601
 * or 6700 at the start of a command makes the size smaller and is sent again;
 * the size found stays in force.
 * @function names it in errors ("ES10b.PrepareDownload"). 91xx is success:
 * esim_card_proactive() then tells. ESIM_ESW otherwise.
 */
int esim_card_store_data(struct esim_card *card, const char *function, struct esim_slice data,
			 struct esim_buf *response, struct esim_error *err);

/*
 * Commands in a row, such as the segments of a package, each as esim_card_store_data()
 * has it, until one is answered with data. Where the transport takes batches their blocks
 * go down together. *@ret_done tells how many were taken in whole, also on failure;
 * @progress (may be NULL) is told each time that it has grown.
 */
int esim_card_store_data_all(struct esim_card *card, const char *function,
			     const struct esim_slice *commands, size_t count,
			     struct esim_buf *response, size_t *ret_done,
			     void (*progress)(void *context, size_t done), void *context,
			     struct esim_error *err);

/* A proactive command is pending (91xx was seen); reading clears it. */
bool esim_card_proactive(struct esim_card *card);

/*
 * One APDU on the card's channel, for tools: @command has no channel bits. 61xx
 * and 6Cxx are followed. *@ret_sw is the final status word.
 */
int esim_card_transmit(struct esim_card *card, struct esim_slice command,
		       struct esim_buf *response, uint16_t *ret_sw, struct esim_error *err);

/* The same on the basic channel; ESIM_ENOTSUP where the transport or this process does not get it. */
int esim_card_transmit_basic(struct esim_card *card, struct esim_slice command,
			     struct esim_buf *response, uint16_t *ret_sw,
			     struct esim_error *err);

/* Reset the card, open a channel, select the ISD-R again. */
int esim_card_reset(struct esim_card *card, struct esim_error *err);

/* Select again without a reset, after REFRESH; falls back to a fresh channel. */
int esim_card_reselect(struct esim_card *card, struct esim_error *err);

/* A deadline for each command from now on, in milliseconds; 0: that of the options again. */
void esim_card_set_timeout(struct esim_card *card, unsigned milliseconds);

/* Change what the options said: the handle that cancels, the tracer. */
void esim_card_set_cancel(struct esim_card *card, const struct esim_cancel *cancel);

#ifdef __cplusplus
}
#endif
#endif
