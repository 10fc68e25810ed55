/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What one modem needs and another must not get: data, not code (modems.conf, read by libinih).
 * /usr/share/coreesim/modems.conf is ours; /etc/coreesim/modems.conf and modems.conf.d/NAME.conf
 * come after it, and of what fits a modem the later line wins, key by key. A section is a match:
 *
 *   [usb 2c7c:0125]                 by USB id; [usb 2c7c:*] by vendor; [*] any
 *   Firmware=EC25EFA*               and by firmware (fnmatch(3)); optional, the section's first key
 *   Protocol=qmi                    and by the way in: mbim, qmi, at; optional
 *
 * An unknown key or value is an error with file and line, and that file counts for nothing.
 */
#ifndef MODEM_QUIRKS_H
#define MODEM_QUIRKS_H

#include "identity.h"

#include <esim/modem.h>

enum quirk_le {
	QUIRK_LE_AUTO,				/* as the protocol says: with data, Le brings the answer at once */
	QUIRK_LE_ALWAYS,			/* Le=always: case 3 is answered 6700 without it */
	QUIRK_LE_NEVER,				/* Le=never: with data, Le is refused */
};

enum quirk_class {
	QUIRK_CLASS_PLAIN,			/* Class=plain: the modem puts the channel into CLA */
	QUIRK_CLASS_CHANNEL,			/* Class=channel: the host must */
};

enum quirk_slots {
	QUIRK_SLOTS_AUTO,
	QUIRK_SLOTS_NONE,			/* Slots=none: it has no way to name or switch one */
	QUIRK_SLOTS_SWAPPED,			/* Slots=swapped: 1 is 2 and 2 is 1 (two slots) */
	QUIRK_SLOTS_EXECUTOR,			/* Slots=executor: MBIM counts modems, not cards: 0 alone can be mapped */
};

enum quirk_at {
	QUIRK_AT_AUTO,				/* probed by doing */
	QUIRK_AT_CCHO,				/* AtChannel=ccho */
	QUIRK_AT_CSIM,				/* AtChannel=csim: CCHO is there and lies */
};

struct quirks {
	enum quirk_le le;			/* Le=auto|always|never */
	enum quirk_class cla;			/* Class=plain|channel */
	enum quirk_slots slots;			/* Slots=auto|none|swapped|executor */
	enum quirk_at at_channel;		/* AtChannel=auto|ccho|csim */
	unsigned segment_size;			/* SegmentSize=1-255: most data per STORE DATA; 0: negotiated */
	unsigned max_channels;			/* MaxChannels=1-19: for messages, and the last that is looked for; 0: not known */
	unsigned apdu_timeout_ms;		/* ApduTimeout=120s: at least so long for each; 0: the caller's */
	unsigned settle_ms;			/* SettleTime=2s: after a step it lies for so long */
	bool no_group_close;			/* GroupClose=no: MBIM: closing by group is not there */
	bool no_proxy;				/* Proxy=no: the proxy cannot serve it; the port must be free */
	bool no_indications;			/* Indications=no: it does not tell; it is asked instead */
	struct esim_modem_policy policy;	/* Refresh=as-asked|always|never, Ladder=refresh uim-power airplane reset,
						   RefreshTimeout=, UimPowerTimeout=, AirplaneTimeout=, ResetTimeout= */
	char note[160];				/* Note=: why, for messages of last resort */
};

enum quirk_protocol { QUIRK_MBIM = 1, QUIRK_QMI = 2, QUIRK_AT = 4 };

/* Who is asked about; unknown members are 0 or "". */
struct quirk_subject {
	enum quirk_protocol protocol;
	uint16_t usb_vendor, usb_product;
	const char *firmware;
};

/* All files. 0, also where there are none; an error names file and line, and *@ret holds what the good files say. */
int quirks_load(const struct quirk_subject *subject, struct quirks *ret, struct esim_error *err);

/* The same for the modem of @identity; @firmware "": not known yet. */
int quirks_load_of(const struct modem_identity *identity, enum quirk_protocol protocol, const char *firmware,
		   struct quirks *ret, struct esim_error *err);

/* The text of one file onto @quirks, for quirks_load() and the fuzzer; @name is for messages. */
int quirks_parse(const char *name, const char *text, size_t len, const struct quirk_subject *subject,
		 struct quirks *quirks, struct esim_error *err);

#endif
