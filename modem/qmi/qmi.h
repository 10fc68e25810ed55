/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * `qmi:DEV[?slot=N]` and `qmi:qrtr://NODE`, a modem that speaks QMI: what its files share. From the wire up: port.c
 * and device.c have libqmi's device, its clients and one exchange at a time, status.c what a modem may answer in place of
 * an answer, message.c TLVs, uim_channel.c, uim.c, dms.c the messages (and answers.h the reading of what came), channels.c,
 * lost.c, apdu.c, slots.c, steps.c, facts.c, news.c what the transport does with them, open.c in which order, transport.c the
 * tables of libesim.
 *
 * Two kinds of slots: a physical one holds a card, a logical one is what the modem's protocol stack is connected to. The
 * messages on slots and `?slot=N` speak of physical slots; every other message of UIM takes the logical slot that the
 * physical one is switched to, which is 1 in a modem for one SIM at a time.
 */
#ifndef QMI_H
#define QMI_H

#include "modem/common/address.h"
#include "modem/common/channels.h"
#include "modem/common/glib_call.h"
#include "modem/common/identity.h"
#include "modem/common/journal.h"
#include "modem/common/quirks.h"

#include <esim/modem.h>

#include <libqmi-glib.h>
#include <stdbool.h>

#define QMI_TIMEOUT_MS		10000u		/* of a message that the card has no part in */
#define QMI_CLOSE_TIMEOUT_MS	3000u		/* of one channel */
#define QMI_END_TIMEOUT_MS	5000u		/* of all that closing a transport does */

enum qmi_card { QMI_CARD_UNKNOWN, QMI_CARD_ABSENT, QMI_CARD_PRESENT };

struct qmi_slot {				/* a physical one */
	enum qmi_card card;
	bool active;
	unsigned logical;			/* from 1; 0 where it is not active */
	uint8_t iccid[ESIM_ICCID_SIZE];
	size_t iccid_len;			/* 0: not told */
};

struct qmi_slots {
	unsigned count;				/* 0: not known */
	struct qmi_slot slots[ESIM_MODEM_MAX_SLOTS];
};

/* An answer that is too long for one message: it comes in pieces, by indications. */
struct qmi_pieces {
	uint32_t token;
	size_t total;
	struct esim_buf bytes;
	gboolean complete;
};

struct qmi {
	struct modem_address address;
	struct modem_identity identity;
	struct quirks quirks;
	struct journal *journal;
	struct glib_call call;

	QmiDevice *device;			/* NULL: the port is closed */
	QmiClient *uim, *dms;
	gulong removed_handler, indication_handler;
	struct qmi_pieces pieces;

	struct esim_modem_facts facts;
	uint8_t atr[ESIM_MAX_ATR];
	size_t atr_len;

	unsigned logical;			/* slot for UIM's messages */
	unsigned told;				/* our physical slot as Get Slot Status counts; 0: not known */
	bool slot_switched;
	unsigned slot_before;			/* physical, as Switch Slot counts */

	struct channels channels;
	struct qmi_opening *opening;		/* one whose end its caller did not wait for; NULL: none */
};

/* --- device.c, port.c --------------------------------------------------------------------------- */

struct qmi_operation {				/* of libqmi, libqrtr */
	struct glib_operation base;
	struct qmi *qmi;
	QmiMessage *request;
	QmiService service;
	GObject *object;			/* QmiDevice, QmiClient, QrtrBus */
	QmiMessage *answer;
};

/* libqmi's device for the port or the node, not yet open. */
int qmi_device_find(struct qmi *qmi, struct esim_error *err);

int qmi_port_open(struct qmi *qmi, struct esim_error *err);
/* Gives the clients back and ends our connection; always leaves it closed. */
void qmi_port_close(struct qmi *qmi);

QmiMessage *qmi_uim_request(const struct qmi *qmi, uint16_t id);
QmiMessage *qmi_dms_request(const struct qmi *qmi, uint16_t id);

/*
 * One request, taken and freed, and the answer to that very request: *@ret is freed with qmi_message_unref(). A modem
 * that is not yet ready is asked again while there is time. ESIM_ENODEV: the modem left.
 */
int qmi_exchange(struct qmi *qmi, const char *what, QmiMessage *request, unsigned timeout_ms, QmiMessage **ret,
		 struct esim_error *err);
/* "Not yet", which is to be asked again. */
bool qmi_asks_to_wait(QmiMessage *answer);
/* An exchange of whose answer only the result matters. */
int qmi_command(struct qmi *qmi, const char *what, QmiMessage *request, unsigned timeout_ms, struct esim_error *err);

/* --- channels.c, opening.c ---------------------------------------------------------------------------- */

int qmi_channel_open(void *priv, unsigned port, struct esim_slice aid, uint8_t p2, uint32_t *ret_handle,
		     struct esim_buf *fci, unsigned timeout_ms, struct esim_error *err);
void qmi_channel_close(void *priv, uint32_t handle);

/* NULL: the handle is of none that is open. */
void qmi_channel_lost(struct qmi *qmi, struct modem_channel *channel);
/* A cancelled caller still leaves the modem in order. 0: it is closed. */
int qmi_close_quietly(struct qmi *qmi, unsigned number, unsigned timeout_ms);

size_t qmi_channels_known(const struct qmi *qmi, struct journal_channel ret[static CHANNELS_MAX + 1]);
/* What a former owner left. */
int qmi_channels_clean(struct qmi *qmi, const struct journal_channel *left, size_t count, struct esim_error *err);
/* Close what is open, as far as the modem answers within @timeout_ms; the handles are stale. */
void qmi_channels_end(struct qmi *qmi, unsigned timeout_ms);
/* The card or the modem began anew: no channel is left in it. */
void qmi_channels_gone(struct qmi *qmi);

/*
 * The exchange that opens a channel. Its answer alone tells the channel's number: where the caller cannot wait for it,
 * it is waited for behind his back, and qmi_opening_resolve() closes what it opened.
 */
int qmi_opening_exchange(struct qmi *qmi, QmiMessage *request, unsigned timeout_ms, QmiMessage **ret,
			 struct esim_error *err);
void qmi_opening_resolve(struct qmi *qmi, unsigned timeout_ms);
/* Nobody waits for it any more. */
void qmi_opening_forget(struct qmi *qmi);

/* --- lost.c -------------------------------------------------------------------------------------- */

/* Close the channel of an opening whose end nobody saw, as far as it can be told from others. */
void qmi_lost_resolve(struct qmi *qmi, unsigned timeout_ms);

/* --- apdu.c ----------------------------------------------------------------------------------------------- */

int qmi_transmit(void *priv, struct esim_slice command, struct esim_buf *response, unsigned timeout_ms,
		 struct esim_error *err);
/* On the card's channel @channel, the command as it is to go out; 0 is the basic channel. */
int qmi_apdu(struct qmi *qmi, unsigned channel, struct esim_slice command, struct esim_buf *response, unsigned timeout_ms,
	     struct esim_error *err);
int qmi_channel_transmit(void *priv, uint32_t handle, struct esim_slice command, struct esim_buf *response,
			 unsigned timeout_ms, struct esim_error *err);

/* --- slots.c ------------------------------------------------------------------------------------------------ */

int qmi_slots_read(struct qmi *qmi, struct qmi_slots *ret, unsigned timeout_ms, struct esim_error *err);
/* Which slot is in use, as far as the modem tells. */
int qmi_slot_find(struct qmi *qmi, struct esim_error *err);
/* The slot that the URI names, used and ready. */
int qmi_slot_take(struct qmi *qmi, struct esim_error *err);
void qmi_slot_restore(struct qmi *qmi);

/* --- steps.c -------------------------------------------------------------------------------------------------- */

int qmi_step(void *priv, enum esim_modem_step step, unsigned timeout_ms, struct esim_error *err);
int qmi_reset(void *priv, enum esim_reset kind, struct esim_error *err);

/* --- facts.c, news.c -------------------------------------------------------------------------------------------- */

/* What DMS knows; the quirks again, now that the firmware is known. */
int qmi_facts_read(struct qmi *qmi, struct esim_error *err);
int qmi_facts(void *priv, struct esim_modem_facts *ret, struct esim_error *err);

int qmi_news_subscribe(struct qmi *qmi, struct esim_error *err);
/* Is the card in our slot ready to be used? ESIM_EBUSY: not yet; ESIM_ENOENT: there is none. */
int qmi_card_ready(struct qmi *qmi, unsigned timeout_ms, struct esim_error *err);
int qmi_iccid(void *priv, struct esim_iccid *ret, unsigned timeout_ms, struct esim_error *err);
int qmi_wait(void *priv, unsigned timeout_ms, struct esim_error *err);

/* --- open.c ------------------------------------------------------------------------------------------------------ */

int qmi_open(const char *rest, const struct esim_cancel *cancel, const struct esim_transport_ops **ret_ops, void **ret_priv,
	     struct esim_error *err);
int qmi_reopen(void *priv, unsigned timeout_ms, struct esim_error *err);
void qmi_close(void *priv);

extern const struct esim_transport_ops qmi_transport_ops;

#endif
