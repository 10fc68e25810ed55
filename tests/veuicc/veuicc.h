/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The virtual eUICC: a card in software with a real ISD-R. Linked in-process by
 * tests and by the bench; the program `veuicc` puts it behind sockets.
 */
#ifndef VEUICC_H
#define VEUICC_H

#include <esim/bytes.h>
#include <esim/error.h>
#include <esim/hex.h>
#include <esim/limits.h>
#include <esim/transport.h>

#define VEUICC_MAX_PKI 4

/* SGP.22 versions that the card can be shaped as. */
#define VEUICC_SVN_2_0		0x020000u
#define VEUICC_SVN_2_1		0x020100u
#define VEUICC_SVN_2_2_2	0x020202u
#define VEUICC_SVN_2_5		0x020500u

/* Zeroed members take the value in brackets. Strings are copied. */
struct veuicc_options {
	const char *state_dir;			/* made where missing; [NULL: state in memory alone] */
	const char *pki_dirs[VEUICC_MAX_PKI];	/* the first gives the EID; one at least */
	size_t pki_count;
	unsigned svn;				/* VEUICC_SVN_… [2.5] */
	int64_t now;				/* clock of certificate checks, seconds [0: the real time] */
	size_t memory;				/* non-volatile bytes for profiles [512 KiB] */
	unsigned max_profiles;			/* [16] */
	const char *default_smdp;		/* of a fresh card [none] */
	const char *root_smds;			/* [testrootsmds.example.com] */
	const char *rat;			/* rules, see veuicc(1) [PPR1 and PPR2 by consent] */
	unsigned forbidden_pprs;		/* 1: PPR1, 2: PPR2, 3: both [0] */
	unsigned busy;				/* so many profile changes answer catBusy [0] */
	size_t segment_limit;			/* STORE DATA above it: SW 6601 [0: none] */
	bool no_test_profiles;			/* refuse class test [false] */
	bool require_test_keys;			/* test profiles need the test algorithm [false] */
	struct esim_slice atr;			/* [a UICC's] */
	const char *fault;			/* see veuicc(1) [none] */
	const char *link;			/* see veuicc(1) [free of cost] */
	bool real_time;				/* spend the cost of the link in real time [false] */
	const char *log;			/* file, one line per APDU [none] */
};

struct veuicc;

/* ESIM_EINVAL names the option; ESIM_EIO, ESIM_EPROTO: state or PKI unusable. The card is off. */
int veuicc_new(const struct veuicc_options *options, struct veuicc **ret, struct esim_error *err);
void veuicc_free(struct veuicc **card);

/* Where the card spends real time, it stops as soon as @fd can be read; negative: it does not. */
void veuicc_watch(struct veuicc *card, int fd);

/* The answer to reset; borrowed. ESIM_ENODEV where the state cannot be read again. */
int veuicc_power_on(struct veuicc *card, struct esim_slice *ret_atr);
void veuicc_power_off(struct veuicc *card);
int veuicc_reset(struct veuicc *card);

/* The answer to reset, powered or not; borrowed. */
struct esim_slice veuicc_atr(const struct veuicc *card);
bool veuicc_powered(const struct veuicc *card);

/*
 * One command APDU; the response with its status word is appended to @response.
 * ESIM_ENODEV: the card is off or lost its power; ESIM_ETIMEDOUT: it is mute.
 */
int veuicc_transmit(struct veuicc *card, struct esim_slice command, struct esim_buf *response);

/*
 * The card as a transport of libesim; powers it on. The transport borrows the
 * card, which must live longer.
 */
int veuicc_transport(struct veuicc *card, struct esim_transport **ret, struct esim_error *err);

const struct esim_eid *veuicc_eid(const struct veuicc *card);

/* What the link has cost so far, in microseconds of the virtual clock. */
uint64_t veuicc_link_time_us(const struct veuicc *card);

/* APDUs since veuicc_new(). */
uint64_t veuicc_apdu_count(const struct veuicc *card);

/* Replace the faults while the card runs; NULL: none. APDU numbers go on. */
int veuicc_set_fault(struct veuicc *card, const char *spec, struct esim_error *err);

/* The decrypted package of an installed profile, byte for byte; borrowed, empty where unknown. */
struct esim_slice veuicc_package(const struct veuicc *card, const struct esim_iccid *iccid);

#endif
