/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * lpad.conf(5) and lpad.conf.d/NAME.conf, read by libinih. Each key has its type
 * and bounds in one table (config.c); an unknown section or key, a value that
 * cannot be, or a line that is none is an error with file and line, and nothing
 * is taken over. A later file wins, list keys add up, "Key=" empties a list.
 */
#ifndef LPAD_CONFIG_H
#define LPAD_CONFIG_H

#include <esim/card.h>
#include <esim/error.h>
#include <esim/http.h>

#include <stdbool.h>
#include <stdint.h>

#define CONFIG_MAX_DEVICES	256	/* of key Device */
#define CONFIG_MAX_USB_ALLOW	64
#define CONFIG_MAX_CONNECT_TO	64
#define CONFIG_MAX_BYTES	(256 * 1024)	/* of one file */
#define CONFIG_MAX_FILES	64

enum config_scan {
	CONFIG_SCAN_KERNEL = 1 << 0,
	CONFIG_SCAN_USB = 1 << 1,		/* those that UsbAllow names */
	CONFIG_SCAN_MODEM = 1 << 2,
};

struct config {
	/* [Devices] */
	unsigned scan;				/* Scan=kernel usb modem */
	char **devices;				/* Device=URI, repeated; owned */
	size_t device_count;
	char **usb_allow;			/* UsbAllow=VID:PID or BUS-PORT, repeated; owned */
	size_t usb_allow_count;
	struct esim_aid isdr_aids[ESIM_MAX_ISDR_AIDS];	/* IsdrAid=HEX, repeated; none: esim_isdr_aids() */
	size_t isdr_aid_count;
	unsigned apdu_timeout_ms;		/* ApduTimeout=60s */
	/* [Modems] */
	bool modem_manager;			/* ModemManager=yes: asked where it runs, and has to set modems aside */
	uint64_t registration_usec;		/* RegistrationTimeout=1min, of a switch's report; 0: it waits for none */
	bool publish;				/* Publish=no: each modem as /dev/euiccN, by euicc-publish(8) */
	/* [Servers] */
	struct esim_connect_to *connect_to;	/* ConnectTo=HOST:PORT:HOST:PORT, repeated; owned */
	size_t connect_to_count;
	char **ci_roots;			/* CiRoots=DIR, repeated; owned. None: see trust.h */
	size_t ci_roots_count;
	bool allow_private;			/* AllowPrivateAddresses=no */
	char smds[ESIM_MAX_FQDN + 1];		/* Smds=HOST; "": the eUICC's root SM-DS */
	uint64_t check_events_usec;		/* CheckEvents=1d; 0: never by itself */
	char imei[16];				/* Imei=; "": the server is told none */
	/* [Download] */
	uint64_t consent_timeout_usec;		/* ConsentTimeout=5min */
	/* [Notifications] */
	uint64_t retry_min_usec, retry_max_usec;	/* RetryMin=30s, RetryMax=1d */
	/* [Daemon] */
	uint64_t idle_exit_usec;		/* IdleExit=1min; 0: never */
	bool show_hidden_profiles;		/* ShowHiddenProfiles=no */
	bool device_test_mode;			/* DeviceTestMode=no: test roots too, and hidden profiles */
};

/* @path, then every *.conf of @dropin_dir in the order of names. Neither need be there. */
int config_load(const char *path, const char *dropin_dir, struct config *ret, struct esim_error *err);

/*
 * The text of one file, for config_load() and the fuzzer; @name is for messages. Adds to @config, of which
 * after an error the caller knows no more than that it can be freed.
 */
int config_parse(const char *name, const char *text, size_t len, struct config *config, struct esim_error *err);

void config_defaults(struct config *ret);
void config_free(struct config *config);

#endif
