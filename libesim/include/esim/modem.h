/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * An eUICC behind a modem. A transport that reaches its card through a modem says so by
 * struct esim_modem_ops beside its vtable (esim/transport.h): who the modem is, what it takes the
 * card in its slot for, and by which means it can be made to look again. What one modem needs and
 * another must not get is in the modem's quirks (modems.conf(5)), which the transport has read.
 */
#ifndef ESIM_MODEM_H
#define ESIM_MODEM_H

#include <esim/es10b.h>
#include <esim/rsp_types.h>
#include <esim/transport.h>

#ifdef __cplusplus
extern "C" {
#endif

#define ESIM_MODEM_MAX_SLOTS 8

enum esim_modem_form {			/* of the card in the slot that is used */
	ESIM_MODEM_FORM_UNKNOWN,
	ESIM_MODEM_FORM_REMOVABLE,
	ESIM_MODEM_FORM_EMBEDDED,
};

/* What the modem says of itself. An empty string, 0: it does not say; nothing is made up. */
struct esim_modem_facts {
	char imei[16];				/* 15 digits, checked; or "" */
	char manufacturer[64], model[64], firmware[64];	/* printable UTF-8 */
	uint16_t usb_vendor, usb_product;
	char bus_port[32];			/* "1-2.1": stays through a re-enumeration; "" off USB */
	unsigned slots;				/* 0: not known */
	unsigned slot;				/* the one used, from 1; 0: not known */
	enum esim_modem_form form;
	/* Highest 3GPP release of each access technology that it has, major version; 0: not there. */
	uint8_t gsm, utran, eutran, nr;
};

/* The rungs of the ladder, gentlest first. */
enum esim_modem_step {
	ESIM_MODEM_REFRESH,			/* what the card asks for; the modem does it, or not */
	ESIM_MODEM_UIM_POWER,			/* the card off and on */
	ESIM_MODEM_AIRPLANE,			/* radio and card off and on */
	ESIM_MODEM_RESET,			/* the modem itself: it leaves the bus and comes back */
	ESIM_MODEM_STEPS,
};

/* "REFRESH", "UIM power cycle", "airplane mode", "modem reset", for people. */
const char *esim_modem_step_name(enum esim_modem_step step);
/* "refresh", "uimPowerCycle", "airplaneMode", "modemReset", as `modem.step` of lpactl's JSON. */
const char *esim_modem_step_id(enum esim_modem_step step);

enum esim_modem_refresh {			/* the refresh flag of Enable- and DisableProfile */
	ESIM_MODEM_REFRESH_ALWAYS,		/* unless the ladder has no such rung */
	ESIM_MODEM_REFRESH_AS_ASKED,
	ESIM_MODEM_REFRESH_NEVER,
};

/* What of all this a modem is to be spared, or needs; from its quirks. */
struct esim_modem_policy {
	enum esim_modem_refresh refresh;
	unsigned steps;				/* bits 1 << enum esim_modem_step; 0: all that it can do */
	unsigned step_timeout_ms[ESIM_MODEM_STEPS];	/* until it reports; 0: 20 s, the reset 90 s */
};

/*
 * Beside the vtable of struct esim_transport_ops; @priv is the transport's. Every call is made from
 * the thread that uses the transport, honours its cancel handle, and may be NULL where the modem
 * has no such means (ESIM_ENOTSUP then). After step(), and after any call that gives ESIM_ENODEV,
 * the channels are gone: closing one is harmless, using one is ESIM_ESTALE.
 */
struct esim_modem_ops {
	int (*facts)(void *priv, struct esim_modem_facts *ret, struct esim_error *err);
	void (*policy)(void *priv, struct esim_modem_policy *ret);

	/* What the modem now takes the enabled profile for. ESIM_ENOENT: it sees none; ESIM_EBUSY: not yet
	   ready to say; ESIM_ENODEV: it left the bus. */
	int (*iccid)(void *priv, struct esim_iccid *ret, unsigned timeout_ms, struct esim_error *err);

	/* Begin @step; not ESIM_MODEM_REFRESH, for which nothing can be done but wait. Whether it helped, iccid() tells. */
	int (*step)(void *priv, enum esim_modem_step step, unsigned timeout_ms, struct esim_error *err);

	/* Until the modem has news of its card, or so long. ESIM_ECANCELED; ESIM_ENODEV: it left the bus. */
	int (*wait)(void *priv, unsigned timeout_ms, struct esim_error *err);

	/* It left the bus: wait for it to come back at the same place, under whatever name, and open it again. */
	int (*reopen)(void *priv, unsigned timeout_ms, struct esim_error *err);
};

/* True where there is a modem between this host and the card. */
bool esim_transport_is_modem(const struct esim_transport *transport);

int esim_modem_facts(struct esim_transport *transport, struct esim_modem_facts *ret, struct esim_error *err);
void esim_modem_policy(struct esim_transport *transport, struct esim_modem_policy *ret);
int esim_modem_iccid(struct esim_transport *transport, struct esim_iccid *ret, unsigned timeout_ms,
		     struct esim_error *err);

/* After ESIM_ENODEV: wait for the modem to come back to its place. No channel is open then. */
int esim_modem_reopen(struct esim_transport *transport, unsigned timeout_ms, struct esim_error *err);

/*
 * DeviceInfo (SGP.22, 4.2) from what the modem says. ESIM_ENOENT: it does not say its IMEI; *@ret holds the
 * capabilities all the same.
 */
int esim_modem_device_info(const struct esim_modem_facts *facts, struct es10b_device_info *ret,
			   struct esim_error *err);

/* --- the ladder ----------------------------------------------------------------------------------- */

struct esim_modem_settle {
	const struct esim_iccid *expected;	/* NULL: no profile is enabled now */
	const struct esim_iccid *before;	/* what it reported before the switch; NULL: none, or not known */
	bool refresh;				/* the card was told to raise REFRESH: the first rung is there */
	/* Told before each rung; may be NULL. */
	void (*rung)(void *context, enum esim_modem_step step);
	void *context;
};

struct esim_modem_settled {
	bool reported;				/* the modem reports what was expected */
	enum esim_modem_step step;		/* the first rung after which it did; else the last tried */
	bool step_needed;			/* false: it reported so before any rung */
	bool re_enumerated;			/* it left the bus meanwhile */
	bool has_iccid;
	struct esim_iccid iccid;		/* what it reports, as last heard */
};

/*
 * After a switch: climb until the modem reports the profile that is expected, and stop there. The card's
 * channels are gone afterwards, good or bad. ESIM_EIO: the last rung did not help either; ESIM_ENODEV: it left
 * the bus and did not come back; *@ret and the message say what was tried and what the modem reports instead. A
 * modem that does not tell what it reports is made to look once, and 0 with reported false is all that can be said.
 */
int esim_modem_settle(struct esim_transport *transport, const struct esim_modem_settle *how,
		      struct esim_modem_settled *ret, struct esim_error *err);

#ifdef __cplusplus
}
#endif
#endif
