/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Errors. Every function of libesim that can fail returns 0 or a negative
 * ESIM_E… code and, where the caller passes a struct esim_error, fills it with
 * the cause: status word, ES10 result, ES9+ subject and reason, HTTP status or
 * the check that failed, and a sentence for a person.
 *
 * A struct esim_error holds no pointers: it can be copied and needs no freeing.
 * It never holds keys, confirmation codes, activation codes or matching ids.
 */
#ifndef ESIM_ERROR_H
#define ESIM_ERROR_H

#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

enum esim_code {
	ESIM_OK = 0,
	ESIM_EINVAL = -1,	/* the caller passed something unusable */
	ESIM_ENOMEM = -2,
	ESIM_ETOOBIG = -3,	/* a limit of esim/limits.h was exceeded */
	ESIM_EPROTO = -4,	/* malformed data from card, server or file */
	ESIM_EIO = -5,		/* the transport failed */
	ESIM_ETIMEDOUT = -6,	/* a deadline passed */
	ESIM_ECANCELED = -7,	/* the caller's cancel handle fired */
	ESIM_ENODEV = -8,	/* no such device, no card, or the card is mute */
	ESIM_EBUSY = -9,	/* held by someone else, or catBusy */
	ESIM_ENOTSUP = -10,	/* card, transport or build cannot do this */
	ESIM_ESW = -11,		/* unexpected status word */
	ESIM_ERESULT = -12,	/* an ES10 function answered with a result code */
	ESIM_ENET = -13,	/* name resolution, connection, broken transfer */
	ESIM_ETLS = -14,	/* TLS handshake or server certificate */
	ESIM_EHTTP = -15,	/* unexpected HTTP status or header */
	ESIM_ESERVER = -16,	/* ES9+/ES11 functionExecutionStatus Failed */
	ESIM_EVERIFY = -17,	/* a check of the LPA failed; see `check` */
	ESIM_EREFUSED = -18,	/* the user or a policy said no */
	ESIM_ENOENT = -19,	/* no such profile, notification, event */
	ESIM_ESTALE = -20,	/* the card was reset or removed since the channel was opened */
};

/*
 * What is known of the command that failed on its way to the card. The two that are known are not
 * the same: one that was never sent can be repeated; after one that was sent, the card is asked what
 * became of it.
 */
enum esim_outcome {
	ESIM_OUTCOME_NONE,		/* the failure was none of a command's way */
	ESIM_OUTCOME_NEVER_SENT,	/* not a byte of it reached the card */
	ESIM_OUTCOME_UNKNOWN,		/* sent, at least in part, and not answered */
};

/* Where the cause lies; decides lpactl's exit status. */
enum esim_domain {
	ESIM_DOMAIN_NONE,
	ESIM_DOMAIN_USAGE,	/* arguments, configuration, local files */
	ESIM_DOMAIN_TRANSPORT,	/* the way to the card */
	ESIM_DOMAIN_CARD,	/* the card's own answer */
	ESIM_DOMAIN_NETWORK,	/* the way to the server, TLS and HTTP included */
	ESIM_DOMAIN_SERVER,	/* the server's own answer */
	ESIM_DOMAIN_VERIFY,	/* something did not verify */
	ESIM_DOMAIN_POLICY,	/* user, profile policy rules, RAT */
	ESIM_DOMAIN_SYSTEM,	/* memory, disk, operating system */
};

#define ESIM_NO_RESULT (-1)

struct esim_error {
	int code;			/* enum esim_code; 0: nothing recorded */
	enum esim_domain domain;
	enum esim_outcome outcome;
	uint16_t sw;			/* SW1SW2; 0: not known */
	int es10_result;		/* result code; ESIM_NO_RESULT: none */
	char function[40];		/* "ES10b.PrepareDownload", "ES9+.CancelSession", "" */
	char result_name[48];		/* the result's name in SGP.22, "" */
	char subject_code[24];		/* "8.2.6", "" */
	char reason_code[24];		/* "3.8", "" */
	char subject_identifier[64];	/* as the server sent it, made printable */
	int http_status;		/* 0: none */
	unsigned retry_after;		/* seconds, of the server's Retry-After; 0: none */
	char check[48];			/* "smdpSignature2", "serverAddress", "" */
	char message[320];		/* a sentence that says what and where */
	char advice[240];		/* what a person can do, or "" */
};

/* Start afresh. NULL is accepted here and by every function below. */
void esim_error_clear(struct esim_error *err);

/*
 * Record a cause and return @code, so that `return esim_error_set(…)` reads
 * well. Clears what was recorded before. The domain follows from the code and
 * can be overridden after the call.
 */
int esim_error_set(struct esim_error *err, int code, const char *fmt, ...)
	__attribute__((format(printf, 3, 4)));

/* The same with errno's text appended, domain ESIM_DOMAIN_SYSTEM unless @code says otherwise. */
int esim_error_errno(struct esim_error *err, int code, int errnum, const char *fmt, ...)
	__attribute__((format(printf, 4, 5)));

/* A status word that the function could not use: ESIM_ESW, with the word's meaning. */
int esim_error_sw(struct esim_error *err, const char *function, uint16_t sw);

/* A result code of an ES10 function, with its name in SGP.22: ESIM_ERESULT. */
int esim_error_result(struct esim_error *err, const char *function, int result,
		      const char *name);

/* A check of the LPA that failed: ESIM_EVERIFY. @check is SGP.22's name of what was checked. */
int esim_error_verify(struct esim_error *err, const char *check, const char *fmt, ...)
	__attribute__((format(printf, 3, 4)));

/* Put context before the message ("profile 8944…: "); keeps everything else. Returns err->code. */
int esim_error_prefix(struct esim_error *err, const char *fmt, ...)
	__attribute__((format(printf, 2, 3)));

/* Set the advice; keeps everything else. */
void esim_error_advise(struct esim_error *err, const char *fmt, ...)
	__attribute__((format(printf, 2, 3)));

/* Set what is known of the command; keeps everything else. Returns @code. */
int esim_error_outcome(struct esim_error *err, int code, enum esim_outcome outcome);

/* "neverSent" and "unknown", as `outcome` of lpactl's JSON; "" for ESIM_OUTCOME_NONE. */
const char *esim_outcome_name(enum esim_outcome outcome);

/* "ESIM_EPROTO" and so on; "unknown" for other values. */
const char *esim_code_name(int code);

/* "card", "server", … as `domain` of lpactl's JSON. */
const char *esim_domain_name(enum esim_domain domain);

/* The meaning of a status word (ISO/IEC 7816-4, ETSI TS 102 221), never NULL. */
const char *esim_sw_meaning(uint16_t sw);

#ifdef __cplusplus
}
#endif
#endif
