/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * ModemManager (org.freedesktop.ModemManager1) as far as the switch of a profile concerns it: which modems
 * it has, by which port libesim reaches them, to have one set aside while its card changes, and what
 * became of it then. Calls are synchronous, with a deadline and a cancel handle; a client belongs to one
 * thread. What comes over the bus is checked and bounded: a modem that makes no sense is left out.
 * ModemManager is never started by asking for it.
 */
#ifndef LPAD_MODEM_MANAGER_H
#define LPAD_MODEM_MANAGER_H

#include <esim/cancel.h>
#include <esim/error.h>
#include <esim/hex.h>
#include <esim/limits.h>
#include <esim/modem.h>

#include <systemd/sd-bus.h>

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define MM_NAME			"org.freedesktop.ModemManager1"
#define MM_PATH			"/org/freedesktop/ModemManager1"
#define MM_MODEM		MM_NAME ".Modem"
#define MM_MAX_MODEMS		32
#define MM_MAX_PORTS		24
#define MM_MAX_PATH		128
#define MM_CALL_TIMEOUT_MS	10000		/* of a question */
#define MM_INHIBIT_TIMEOUT_MS	60000		/* it ends connections and closes ports first */

/* The values are ModemManager's. */
enum mm_port_type { MM_PORT_NET = 2, MM_PORT_AT = 3, MM_PORT_QMI = 6, MM_PORT_MBIM = 7 };
enum mm_state {
	MM_STATE_FAILED = -1, MM_STATE_UNKNOWN, MM_STATE_INITIALIZING, MM_STATE_LOCKED, MM_STATE_DISABLED,
	MM_STATE_DISABLING, MM_STATE_ENABLING, MM_STATE_ENABLED, MM_STATE_SEARCHING, MM_STATE_REGISTERED,
	MM_STATE_DISCONNECTING, MM_STATE_CONNECTING, MM_STATE_CONNECTED,
};
enum mm_registration {
	MM_IDLE, MM_HOME, MM_SEARCHING, MM_DENIED, MM_REGISTRATION_UNKNOWN, MM_ROAMING, MM_HOME_SMS_ONLY,
	MM_ROAMING_SMS_ONLY, MM_EMERGENCY_ONLY, MM_HOME_NO_CSFB, MM_ROAMING_NO_CSFB, MM_RESTRICTED,
};
/* "registered", "searching" …, "unknown" of a value that is none of them. */
const char *mm_state_name(int state);
const char *mm_registration_name(unsigned registration);

struct mm_port {
	char name[32];				/* "cdc-wdm0": a plain name below /dev or of a network interface */
	unsigned type;				/* enum mm_port_type, or what is no concern of ours */
};

struct mm_sim {
	char path[MM_MAX_PATH];			/* "": none in this slot */
	char iccid[ESIM_ICCID_DIGITS + 1], eid[ESIM_EID_DIGITS + 1];	/* digits; "": not told */
	bool is_esim;
};

/* Texts are as ModemManager gave them, cut to fit: to be made printable where they are shown. */
struct mm_modem {
	char path[MM_MAX_PATH];
	char uid[256];				/* Device: of the hardware, whatever its ports are called */
	char manufacturer[64], model[64];
	struct mm_port ports[MM_MAX_PORTS];
	size_t port_count;
	int state;				/* enum mm_state */
	unsigned registration;			/* enum mm_registration */
	char operator_name[64], operator_code[8];
	unsigned slot;				/* the one in use, from 1; 0: not told */
	struct mm_sim sim;			/* in that one */
	struct mm_sim slots[ESIM_MODEM_MAX_SLOTS];
	size_t slot_count;			/* 0: not told */
};

/* --- modem_manager_read.c: answers, for who asks asynchronously too --------------------------------- */

/* That of ObjectManager.GetManagedObjects; of SIMs the paths alone. *@ret: free(). A negative errno. */
int mm_read_modems(sd_bus_message *reply, struct mm_modem **ret, size_t *ret_count);
/* That of Properties.GetAll of a SIM, into @sim, which has its path. */
int mm_read_sim(sd_bus_message *reply, struct mm_sim *sim);

/* "mbim:/dev/cdc-wdm0", with "?slot=N" where @slot is not 0. false: no port. */
bool mm_uri(const struct mm_modem *modem, unsigned slot, char uri[static ESIM_URI_SIZE]);
/* The modem that the port of @uri ("qmi:/dev/cdc-wdm0?slot=2", a link to it too) is one of; NULL: none. */
const struct mm_modem *mm_find_uri(const struct mm_modem *modems, size_t count, const char *uri);
const struct mm_modem *mm_find_uid(const struct mm_modem *modems, size_t count, const char *uid);
/* Is @uri that of a modem by its scheme? */
bool mm_is_modem_uri(const char *uri);

/* --- modem_manager.c: the client ---------------------------------------------------------------------- */

struct mm_client;

/*
 * @address NULL: the system bus. ESIM_ENOENT: ModemManager does not run there, or there is no bus. @cancel
 * (may be NULL) ends every call with ESIM_ECANCELED.
 */
int mm_open(const char *address, const struct esim_cancel *cancel, struct mm_client **ret, struct esim_error *err);
/* Whatever this connection has inhibited is released. */
void mm_close(struct mm_client **client);

/* All, with their SIMs. *@ret: free(). */
int mm_list(struct mm_client *client, struct mm_modem **ret, size_t *ret_count, struct esim_error *err);

/* --- modem_inhibit.c: a switch beside ModemManager ------------------------------------------------------ */

/* A connection of its own, so that ModemManager lets go whatever becomes of this process. */
struct mm_inhibition;

struct mm_switch {
	const char *address;			/* of the bus; NULL: the system's */
	const char *uri;			/* of the modem's card */
	const struct esim_cancel *cancel;	/* may be NULL */
	/* Asked before anything is done to @modem, as long as it wants: 0, or why it is not to be. May be NULL. */
	int (*ready)(void *context, const struct mm_modem *modem, struct esim_error *err);
	void *context;
};

/*
 * Have the modem set aside: ModemManager closes its ports and does not touch it. *@ret NULL and 0
 * where ModemManager does not run or has no such modem. ESIM_EBUSY: for another program already;
 * ESIM_EREFUSED: this one may not ask for that.
 */
int mm_inhibit(const struct mm_switch *how, struct mm_inhibition **ret, struct esim_error *err);

/* What ModemManager made of the modem after it was released. */
struct mm_report {
	bool back;				/* it has the modem again */
	bool sim_fits;				/* whose SIM is the expected one */
	int state;				/* enum mm_state, where it is back, as are those below */
	unsigned registration;
	char operator_name[64], operator_code[8];
	char network_manager[24];		/* NetworkManager's word for the device's state; "": it says none */
};

/*
 * Release it, then wait until ModemManager has it again, with the SIM @expected (NULL: any or none), and
 * knows what became of its registration: @timeout_ms at most, which is no error. One that was enabled
 * before is enabled again where no NetworkManager does that. @cancel of mm_inhibit() ends the wait, never
 * the release. @inhibition NULL: nothing to do, and *@ret is empty.
 */
int mm_release(struct mm_inhibition **inhibition, const struct esim_iccid *expected, unsigned timeout_ms,
	       struct mm_report *ret, struct esim_error *err);
/* Release it and ask nothing. */
void mm_inhibition_free(struct mm_inhibition **inhibition);

#endif
