/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * `mbim:DEV[?slot=N]`, a modem that speaks MBIM: what its files share. From the wire up: port.c has
 * libmbim's device and one exchange at a time (socket.c its socket), status.c what a modem may answer in place of an
 * answer, uicc.c, basic.c, extensions.c the messages of one service each (and answers.h the reading
 * of what came), channels.c (adapt.c), slots.c, steps.c, facts.c, news.c, capability.c what the
 * transport does with them, open.c in which order, transport.c the tables of libesim.
 */
#ifndef MBIM_H
#define MBIM_H

#include "modem/common/address.h"
#include "modem/common/channels.h"
#include "modem/common/glib_call.h"
#include "modem/common/identity.h"
#include "modem/common/journal.h"
#include "modem/common/quirks.h"

#include <esim/modem.h>

#include <libmbim-glib.h>
#include <stdbool.h>

#define MBIM_TIMEOUT_MS		10000u		/* of a message that the card has no part in */
#define MBIM_CLOSE_TIMEOUT_MS	3000u		/* of one channel */
#define MBIM_END_TIMEOUT_MS	5000u		/* of all that closing a transport does */

/* What the modem says that it has; all, where it does not say. */
enum mbim_services {
	MBIM_HAS_UICC = 1 << 0,			/* MS UICC Low Level Access */
	MBIM_HAS_ATR = 1 << 1,
	MBIM_HAS_TERMINAL_CAPABILITY = 1 << 2,
	MBIM_HAS_RESET = 1 << 3,		/* of the UICC */
	MBIM_HAS_SLOTS = 1 << 4,		/* MS Basic Connect Extensions: mappings */
	MBIM_HAS_SLOT_STATE = 1 << 5,
	MBIM_HAS_DEVICE_RESET = 1 << 6,
};

struct mbim_slots {
	unsigned count;				/* 0: not known */
	unsigned executors;
	uint32_t map[ESIM_MODEM_MAX_SLOTS];	/* executor to slot, both from 0 */
};

struct mbim {
	struct modem_address address;
	struct modem_identity identity;
	struct quirks quirks;
	struct journal *journal;
	struct glib_call call;

	MbimDevice *device;			/* NULL: the port is closed */
	gulong removed_handler, indication_handler;
	GSocket *socket;			/* its, to the proxy; NULL: none */
	gulong hook;				/* on GIO, while it opens */

	unsigned services;			/* enum mbim_services */
	struct esim_modem_facts facts;
	uint8_t atr[ESIM_MAX_ATR];
	size_t atr_len;

	bool slot_switched;
	struct mbim_slots before;		/* as it was found */

	struct channels channels;
	uint32_t unresolved;			/* group whose opening had no end that we saw; 0: none */
};

/* --- socket.c ----------------------------------------------------------------------------------- */

/* Around the port's opening, and after its end: no descriptor is closed twice. */
void mbim_socket_connects(struct mbim *mbim);
void mbim_socket_connected(struct mbim *mbim);
void mbim_socket_ends(struct mbim *mbim);

/* --- port.c ------------------------------------------------------------------------------------- */

int mbim_port_open(struct mbim *mbim, struct esim_error *err);
void mbim_port_close(struct mbim *mbim);

/*
 * One request, taken and freed, and the answer to that very request: *@ret is freed with mbim_message_unref(). A modem
 * that is busy or not yet ready is asked again while there is time. ESIM_ENODEV: the modem left, or lost its session.
 */
int mbim_exchange(struct mbim *mbim, const char *what, MbimMessage *request, unsigned timeout_ms, MbimMessage **ret,
		  struct esim_error *err);

/* --- channels.c --------------------------------------------------------------------------------- */

int mbim_channel_open(void *priv, unsigned port, struct esim_slice aid, uint8_t p2, uint32_t *ret_handle,
		      struct esim_buf *fci, unsigned timeout_ms, struct esim_error *err);
int mbim_channel_transmit(void *priv, uint32_t handle, struct esim_slice command, struct esim_buf *response,
			  unsigned timeout_ms, struct esim_error *err);
void mbim_channel_close(void *priv, uint32_t handle);

/* What is open in the modem as far as we know, for mbim_channels_clean(). */
size_t mbim_channels_known(const struct mbim *mbim, struct journal_channel ret[static CHANNELS_MAX + 1]);
/* What a former owner left. */
int mbim_channels_clean(struct mbim *mbim, const struct journal_channel *left, size_t count, struct esim_error *err);
/* Close what is open, as far as the modem answers within @timeout_ms; the handles are stale. */
void mbim_channels_end(struct mbim *mbim, unsigned timeout_ms);
/* The card or the modem began anew: no channel is left in it. */
void mbim_channels_gone(struct mbim *mbim);

/* --- slots.c ------------------------------------------------------------------------------------- */

int mbim_slots_read(struct mbim *mbim, struct mbim_slots *ret, struct esim_error *err);
/* The slot that the URI names, used and ready. */
int mbim_slot_take(struct mbim *mbim, struct esim_error *err);
void mbim_slot_restore(struct mbim *mbim);
/* The slot in use as the quirks count, from 1; 0: not known. */
unsigned mbim_slot_of(const struct mbim *mbim, const struct mbim_slots *slots);

/* --- steps.c ------------------------------------------------------------------------------------- */

int mbim_step(void *priv, enum esim_modem_step step, unsigned timeout_ms, struct esim_error *err);
int mbim_reset(void *priv, enum esim_reset kind, struct esim_error *err);

/* --- facts.c, news.c ------------------------------------------------------------------------------ */

/* Device services and caps; the quirks again, now that the firmware is known. */
int mbim_facts_read(struct mbim *mbim, struct esim_error *err);
int mbim_facts(void *priv, struct esim_modem_facts *ret, struct esim_error *err);

/* Another client of the proxy agreed on MBIMEx 3.0, for all: some messages have another form then. */
bool mbim_has_extensions_3(const struct mbim *mbim);

int mbim_news_subscribe(struct mbim *mbim, struct esim_error *err);
int mbim_iccid(void *priv, struct esim_iccid *ret, unsigned timeout_ms, struct esim_error *err);
int mbim_wait(void *priv, unsigned timeout_ms, struct esim_error *err);

/* --- open.c ---------------------------------------------------------------------------------------- */

int mbim_open(const char *rest, const struct esim_cancel *cancel, const struct esim_transport_ops **ret_ops, void **ret_priv,
	      struct esim_error *err);
int mbim_reopen(void *priv, unsigned timeout_ms, struct esim_error *err);
void mbim_close(void *priv);

extern const struct esim_transport_ops mbim_transport_ops;

#endif
