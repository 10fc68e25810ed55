/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * A whole LPA before a virtual modem: the transports' modules, the real proxies in a network namespace of the test's own,
 * a modem in a thread with a fresh card, the test SM-DP+. Works in the current directory. Skips the test where a
 * namespace, a proxy or the build's modules cannot be had.
 */
#ifndef MODEM_RIG_H
#define MODEM_RIG_H

#include "lpa_fixture.h"

#include "vmodem/way.h"

#define MODEM_RIG_APDU_TIMEOUT_MS 1500

struct modem_way {
	const char *scheme;
	unsigned protocol;
	const char *proxy;			/* NULL: none is needed */
};
extern const struct modem_way modem_way_mbim, modem_way_qmi, modem_way_at;

struct modem_rig {
	const struct modem_way *way;
	struct vmodem_thread *modem;
	pid_t proxy;
	char pki[256], directory[128];
	struct lpa_fixture lpa;
	const char *query;			/* of the URI: "?slot=2"; NULL: none */
	unsigned slots;				/* of the modem; 0: 1 */
};

/* The one rig: the fixture's hooks have no other way to it. With an order named "order". */
extern struct modem_rig modem_rig;

void modem_rig_begin(const struct modem_way *way);
void modem_rig_end(void);

/* A fresh modem with a fresh card. @quirks: as `vmodem --quirk` has them, NULL-terminated; NULL: none. */
void modem_rig_renew(const char *const *quirks);

/* What the transport hears as modems.conf from the next opening on. */
void modem_rig_configure(const char *text);

/* Open the modem, download and so on; and let it go. */
int modem_rig_open(struct esim_error *err);
void modem_rig_close(void);
int modem_rig_download(struct esim_error *err);
/* The only profile. *@ret_found false: there is none. */
int modem_rig_find(struct esim_profile *ret, bool *ret_found, struct esim_error *err);
/* Enable it, or disable it, with the refresh flag. */
int modem_rig_switch(bool enable, struct esim_error *err);

/* A figure of `stats`, and channels that are open in the modem. */
unsigned modem_rig_stat(const char *name);
unsigned modem_rig_channels(void);

#endif
