/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * `at:TTY`, a modem that takes AT commands on a serial port: what its files share. From the wire up: parser.c,
 * values.c and results.c know what a modem says, tty.c has the port, session.c one command at a time and stays in step,
 * channel_ccho.c and channel_csim.c are the two ways to a channel, channels.c what the transport does with them,
 * facts.c, iccid.c and steps.c the modem itself, open.c in which order, transport.c the tables of libesim.
 */
#ifndef AT_H
#define AT_H

#include "parser.h"

#include "modem/common/address.h"
#include "modem/common/channels.h"
#include "modem/common/identity.h"
#include "modem/common/journal.h"
#include "modem/common/quirks.h"

#include <esim/modem.h>

#include <stdbool.h>
#include <termios.h>

#define AT_TIMEOUT_MS		5000u		/* of a command that the card has no part in */
#define AT_CARD_TIMEOUT_MS	30000u		/* of one that it has, where the caller says nothing */
#define AT_CLOSE_TIMEOUT_MS	3000u		/* of one channel */
#define AT_END_TIMEOUT_MS	5000u		/* of all that closing a transport does */
#define AT_SYNC_TIMEOUT_MS	12000u		/* a modem that says nothing for so long is not there */
#define AT_SYNC_TRY_MS		1500u		/* of one AT */
#define AT_SILENCE_MS		250u		/* after which nothing more of a former command comes */

struct at_tty {
	int fd;				/* -1: closed */
	bool has_before;
	struct termios before;
};

/* Whether the modem can do it: found out by doing. */
enum at_ability { AT_NOT_TRIED, AT_CAN, AT_CANNOT };

struct at {
	struct modem_address address;
	struct modem_identity identity;
	struct quirks quirks;
	struct journal *journal;
	const struct esim_cancel *cancel;

	struct at_tty tty;
	struct at_parser parser;
	bool out_of_step;		/* an answer may still come that nobody waits for */

	enum at_ability ccho, cgla, cchc, csim;
	size_t longest_line;		/* that the modem has taken */
	const char *iccid_command;	/* which works; NULL: not known yet */
	struct esim_modem_facts facts;

	struct channels channels;
	bool unresolved;		/* an opening had no end that we saw */
	bool keeps_channels;		/* it has no way to close one */
};

/* --- tty.c ----------------------------------------------------------------------------------------- */

/* ESIM_EBUSY: another program has it, which is named where it can be seen. */
int at_tty_open(struct at_tty *tty, const char *path, struct esim_error *err);
void at_tty_close(struct at_tty *tty);

/* What is there to read, at most @size: 0 is nothing. ESIM_ENODEV: the modem hung up. */
int at_tty_read(struct at_tty *tty, uint8_t *bytes, size_t size, size_t *ret_len, struct esim_error *err);
int at_tty_write(struct at_tty *tty, const uint8_t *bytes, size_t len, size_t *ret_len, struct esim_error *err);

/* ESIM_ETIMEDOUT and ESIM_ECANCELED leave @err alone. @events: POLLIN, POLLOUT. */
int at_tty_wait(struct at_tty *tty, short events, const struct esim_cancel *cancel, uint64_t deadline,
		struct esim_error *err);

/* --- holder.c: who else has a device open ------------------------------------------------------------- */

/* "ModemManager (process 812)"; false: nobody that can be seen. */
bool at_holder_find(int fd, char *ret, size_t size);

/* --- session.c ------------------------------------------------------------------------------------- */

struct at_request {
	const char *line;		/* "AT+CCHO=\"A000…\"", without its end */
	const char *name;		/* of its answer: "+CCHO"; NULL: none */
	enum at_shape shape;
};

/*
 * Send a command and wait for its end, whatever that is: at->parser has it. Brings the port into step before, where
 * something may be left of a former one. ESIM_ENODEV: the modem hung up.
 */
int at_exchange(struct at *at, const struct at_request *request, unsigned timeout_ms, struct esim_error *err);

/* The same where nothing but OK, and an answer if one is expected, will do; @what is for the message. */
int at_command(struct at *at, const char *what, const struct at_request *request, unsigned timeout_ms,
	       struct esim_error *err);

/* Not a failure of the way, but the modem's own no? */
static inline bool at_has_refused(const struct at *at)
{
	return at->parser.final != AT_PENDING && at->parser.final != AT_OK;
}

/* The answer's value; "" where there is none. */
const char *at_answer(const struct at *at);

/* In step: what the modem says next answers what it is asked next. */
int at_sync(struct at *at, unsigned timeout_ms, struct esim_error *err);

/* The answer to the last opening, should it come late, is of this kind. */
void at_expect_late(struct at *at, const char *name, enum at_shape shape);

/* What comes unasked is heard until something is new with the card, or so long. */
int at_listen(struct at *at, unsigned timeout_ms, struct esim_error *err);

/* --- channel_ccho.c: the modem has sessions ----------------------------------------------------------- */

int at_ccho_open(struct at *at, struct esim_slice aid, unsigned *ret_session, unsigned timeout_ms,
		 struct esim_error *err);
int at_cgla(struct at *at, unsigned session, struct esim_slice command, struct esim_buf *response,
	    unsigned timeout_ms, struct esim_error *err);
int at_cchc(struct at *at, unsigned session, unsigned timeout_ms, struct esim_error *err);

/* --- channel_csim.c: the card as it is ------------------------------------------------------------------ */

/* Any command, its class byte as it is. */
int at_csim(struct at *at, struct esim_slice command, struct esim_buf *response, unsigned timeout_ms,
	    struct esim_error *err);
int at_csim_open(struct at *at, struct esim_slice aid, uint8_t p2, unsigned *ret_channel, struct esim_buf *fci,
		 unsigned timeout_ms, struct esim_error *err);
int at_csim_close(struct at *at, unsigned channel, unsigned timeout_ms, struct esim_error *err);
/* @command without channel bits, on @channel. */
int at_csim_transmit(struct at *at, unsigned channel, struct esim_slice command, struct esim_buf *response,
		     unsigned timeout_ms, struct esim_error *err);

/* --- apdu_line.c: what CGLA and CSIM have in common --------------------------------------------------------- */

/* @prefix ("AT+CSIM="), the length in characters, and @command in hex; the answer of @name appended to @response. */
int at_apdu_line(struct at *at, const char *prefix, const char *name, struct esim_slice command,
		 struct esim_buf *response, unsigned timeout_ms, struct esim_error *err);

/* --- channels.c ------------------------------------------------------------------------------------- */

int at_channel_open(void *priv, unsigned port, struct esim_slice aid, uint8_t p2, uint32_t *ret_handle,
		    struct esim_buf *fci, unsigned timeout_ms, struct esim_error *err);
int at_channel_transmit(void *priv, uint32_t handle, struct esim_slice command, struct esim_buf *response,
			unsigned timeout_ms, struct esim_error *err);
void at_channel_close(void *priv, uint32_t handle);

/* What a former owner left. */
void at_channels_clean(struct at *at, const struct journal_channel *left, size_t count);
/* Close what is open, as far as the modem answers within @timeout_ms; the handles are stale. */
void at_channels_end(struct at *at, unsigned timeout_ms);
/* The card or the modem began anew: no channel is left in it. */
void at_channels_gone(struct at *at);

/* Session or channel @number; 0 also where it is not open. @by_csim: the card's channel. */
int at_channel_close_number(struct at *at, unsigned number, bool by_csim, unsigned timeout_ms);

/* --- opening.c: by the way that this modem has ------------------------------------------------------------ */

/* *@ret is the channel when the card said yes; and where it failed and is still to be closed, with its number not 0. */
int at_opening(struct at *at, struct esim_slice aid, uint8_t p2, struct modem_channel *ret, struct esim_buf *fci,
	       unsigned timeout_ms, struct esim_error *err);

/* --- lost.c ------------------------------------------------------------------------------------------- */

/* Close the channel of an opening that had no end that we saw, as far as it can be told from others. */
void at_lost_resolve(struct at *at, unsigned timeout_ms);

/* --- facts.c, iccid.c, steps.c --------------------------------------------------------------------------- */

/* Maker, model, firmware, IMEI; the quirks again, now that the firmware is known. */
int at_facts_read(struct at *at, struct esim_error *err);
int at_facts(void *priv, struct esim_modem_facts *ret, struct esim_error *err);
int at_iccid(void *priv, struct esim_iccid *ret, unsigned timeout_ms, struct esim_error *err);
int at_wait(void *priv, unsigned timeout_ms, struct esim_error *err);
int at_step(void *priv, enum esim_modem_step step, unsigned timeout_ms, struct esim_error *err);
int at_reset(void *priv, enum esim_reset kind, struct esim_error *err);

/* --- open.c ------------------------------------------------------------------------------------------------ */

int at_open(const char *rest, const struct esim_cancel *cancel, const struct esim_transport_ops **ret_ops, void **ret_priv,
	    struct esim_error *err);
int at_reopen(void *priv, unsigned timeout_ms, struct esim_error *err);
void at_close(void *priv);

extern const struct esim_transport_ops at_transport_ops;

#endif
