/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The procedures of a Local Profile Assistant (SGP.22, 3): download, discovery,
 * profile management, notifications, memory reset. They put the functions of
 * ES10, ES9+ and ES11 in order, make the LPA's own checks, ask the user, and end
 * a session that failed on card and server with the right reason.
 *
 * One struct lpa serves one card, from one thread at a time. Texts that reach a
 * callback come from card and server: see esim/text.h before showing them.
 */
#ifndef ESIM_LPA_H
#define ESIM_LPA_H

#include <esim/capabilities.h>
#include <esim/es10a.h>
#include <esim/es10b.h>
#include <esim/es10c.h>
#include <esim/es9p.h>
#include <esim/modem.h>

#ifdef __cplusplus
extern "C" {
#endif

struct lpa;

/* --- decisions of the user ---------------------------------------------------------- */

/* What a person answers; each "no" has its reason in ES10b.CancelSession. */
enum lpa_answer {
	LPA_YES,
	LPA_NO,			/* endUserRejection */
	LPA_LATER,		/* postponed */
	LPA_NO_ANSWER,		/* timeout */
};

/* What a server offers, when all of it was verified that can be before the download. */
struct lpa_offer {
	const struct esim_profile *metadata;
	const char *server_address;
	bool confirmation_code_required;
	unsigned policy_rules;		/* enum esim_ppr, that need the user's consent apart; 0: none */
	bool known_test_profile;	/* its ICCID is that of the public TS.48 test profiles */
};

struct lpa_progress {
	const char *step;		/* SGP.22's name of the function that begins, "" at the end */
	const struct es10b_load_progress *load;	/* while a package is loaded, else NULL */
};

enum lpa_session_stage {
	LPA_SESSION_BEGUN,		/* the server gave a transaction id: card and server may hold a session */
	LPA_SESSION_OFFERED,		/* what is offered is known */
	LPA_SESSION_LOADING,		/* the next command brings the package to the card */
	LPA_SESSION_ENDED,		/* nobody holds it any more, as far as could be seen to; not told
					 * where the card did not answer: see lpa_end_session() */
};

/* For a journal: what a later process needs to end a session that this one left open. */
struct lpa_session_event {
	enum lpa_session_stage stage;
	const char *server_address;
	const char *transaction_id;	/* as the server wrote it */
	bool is_smds;
	const struct esim_iccid *iccid;	/* of the offered profile; NULL: not known yet */
};

/* All may be NULL: then nothing is consented to, and nothing shown. */
struct lpa_callbacks {
	void *context;
	/* Called before the step that the stage names is taken, and returns when it is written down. */
	void (*session)(void *context, const struct lpa_session_event *event);
	/* Asked where the cancel handle fired: what card and server are told. LPA_YES: nothing in particular. */
	enum lpa_answer (*why_cancelled)(void *context);
	enum lpa_answer (*consent)(void *context, const struct lpa_offer *offer);
	/* Asked after consent and only where offer->policy_rules is not 0. */
	enum lpa_answer (*ppr_consent)(void *context, const struct lpa_offer *offer);
	/* @code takes up to ESIM_MAX_CONFIRMATION_CODE characters; @refused counts the wrong ones before. */
	enum lpa_answer (*confirmation_code)(void *context, unsigned refused,
					     char code[ESIM_AT_LEAST(ESIM_MAX_CONFIRMATION_CODE + 1)]);
	void (*progress)(void *context, const struct lpa_progress *progress);
	/* Something worth telling that is no failure; one sentence, printable. */
	void (*note)(void *context, const char *sentence);
};

/* --- context ----------------------------------------------------------------------------- */

/* Borrowed members outlive the struct lpa. */
struct lpa_options {
	struct esim_card *card;			/* NULL: lpa_post_notification() alone can be called */
	struct esim_http *http;			/* NULL: none yet, see lpa_set_http() */
	const struct esim_pool *rsp_roots;	/* with http */
	const struct es9p_codec *codec;		/* NULL: JSON */
	struct esim_version version;		/* announced to servers; 0.0.0: es9p's own */
	const struct es10b_device_info *device;	/* with http; see lpa_device_info_from_imei(). What a modem before the
						   card tells of itself is added to it */
	/* ES10c.GetEID's, where the caller has read it: the eUICC's certificate must then be of this
	   EID. NULL: not compared, and not read for it: the chain holds the certificate to its EUM. */
	const struct esim_eid *eid;
	bool allow_ports, allow_literal;	/* of server addresses: esim_address_normalise() */
	int64_t (*clock)(void *context);	/* for certificates; NULL: the system's */
	void *clock_context;
	/* Watched by card and http too. While a session is called off it is cleared; what it said is restored. */
	struct esim_cancel *cancel;
	struct lpa_callbacks callbacks;
};

int lpa_new(const struct lpa_options *options, struct lpa **ret, struct esim_error *err);
void lpa_free(struct lpa **lpa);

/* Give the connection later, when the card has told which roots it trusts. Needs rsp_roots and device. */
int lpa_set_http(struct lpa *lpa, struct esim_http *http, struct esim_error *err);

/* EUICCInfo1, read from the card once; *@ret lives as long as @lpa. */
int lpa_euicc_info1(struct lpa *lpa, const struct es10b_euicc_info1 **ret, struct esim_error *err);

/*
 * What card and @server (NULL: none yet) can do, for esim_capable(). EUICCInfo2 is
 * read from the card once, and first when something asks.
 */
int lpa_capabilities(struct lpa *lpa, const struct es9p_server *server,
		     struct esim_capabilities *ret, struct esim_error *err);

/* What one step cost: the difference of the card's and the connection's figures. */
struct lpa_step {
	char name[40];				/* "ES10b.AuthenticateServer" */
	uint64_t nanoseconds;			/* wall clock, waiting for the user excluded */
	uint64_t apdus, blocks, card_bytes_sent, card_bytes_received, card_nanoseconds;
	uint64_t requests, connections, tls_handshakes, http_bytes_sent, http_bytes_received,
		http_nanoseconds;
};
#define LPA_MAX_STEPS 128

/* The steps so far, oldest first, until the next one begins; past LPA_MAX_STEPS the last one collects. */
const struct lpa_step *lpa_steps(const struct lpa *lpa, size_t *ret_count);

/* Bracket work outside a procedure for the same table; NULL ends a step. @name outlives it. */
void lpa_step(struct lpa *lpa, const char *name);

/* --- device information ---------------------------------------------------------------------- */

/*
 * DeviceInfo (SGP.22, 4.2) from an IMEI of 15 digits (its check digit is
 * verified) or 14: TAC and IMEI as TS 29.002's TBCD, the last octet check digit
 * and filler. Capabilities stay unset: the caller knows the modem, or nobody.
 */
int lpa_device_info_from_imei(const char *imei, struct es10b_device_info *ret,
			      struct esim_error *err);

/*
 * What servers are told of the device: lpa_options.device, completed by what the modem before the card tells, which is
 * asked once; the caller's IMEI counts. A modem that tells none is a note. Lives as long as @lpa; NULL: no device.
 */
const struct es10b_device_info *lpa_device(struct lpa *lpa);

/* --- download (SGP.22, 3.1.3) -------------------------------------------------------------------- */

enum lpa_order_source {
	LPA_ORDER_ACTIVATION_CODE,	/* activation_code */
	LPA_ORDER_ADDRESS,		/* smdp_address, matching_id (may be "" or NULL) */
	LPA_ORDER_DEFAULT_SMDP,		/* the eUICC's default SM-DP+ */
	LPA_ORDER_EVENT,		/* smdp_address, matching_id = event id: an SM-DP+ or a cascading SM-DS */
	LPA_ORDER_SMDS,			/* the first event of smdp_address, "" or NULL: of the root SM-DS */
};

struct lpa_order {
	enum lpa_order_source source;
	const char *activation_code;
	const char *smdp_address;
	const char *matching_id;
	const struct esim_iccid *expected_iccid;	/* NULL: any */
	bool enable_after;
	struct es10c_switch enable_how;		/* of enable_after: see lpa_enable_profile() */
	bool keep_notification;			/* leave the installation result to lpa_send_notifications() */
};

/* What is known at the end, also of a failure. */
struct lpa_download_result {
	bool has_metadata;
	struct esim_profile metadata;
	bool has_result;			/* the eUICC made a ProfileInstallationResult */
	struct es10b_installation_result result;
	bool notification_sent;			/* the server's 204 was there and the eUICC forgot it */
	bool installed;				/* the profile is on the card, whatever failed */
	bool enabled;
	unsigned attempts;			/* sessions begun */
	char server_address[ESIM_MAX_FQDN + 1];
};
void lpa_download_result_clear(struct lpa_download_result *result);

/*
 * The whole download. Before the card changes, every signature and chain of the
 * flow is verified on the host. Returns 0 when the profile is installed (and
 * enabled where asked). A failure keeps its first cause; that a session could not
 * be called off is a note.
 */
int lpa_download(struct lpa *lpa, const struct lpa_order *order, struct lpa_download_result *ret,
		 struct esim_error *err);

/*
 * End a session that an earlier process left open: on the card, and with its
 * signed word on the server. *@ret_card, *@ret_server: whether each took it; a
 * card that knows nothing of the session any more has ended it, and the server is
 * left to its own deadline, as an SM-DS is always. LPA_YES as @reason counts as
 * LPA_LATER. The error is the first cause: with *@ret_card only the server was not
 * told, and nobody can do that any more.
 */
int lpa_end_session(struct lpa *lpa, const char *server_address, const char *transaction_id,
		    bool is_smds, enum lpa_answer reason, bool *ret_card, bool *ret_server,
		    struct esim_error *err);

/* --- attestation ------------------------------------------------------------------------ */

#define LPA_MIN_NONCE 8
#define LPA_MAX_NONCE 64

/* An eUICC's signature over a nonce, with what verifies it; whole TLVs, owned. */
struct lpa_attestation {
	struct esim_buf euicc_signed1, euicc_signature1, euicc_certificate, eum_certificate;
	char matching_id[ESIM_MAX_MATCHING_ID + 1];	/* in ctxParams1: what carries the nonce */
	char server_address[ESIM_MAX_FQDN + 1];
};
void lpa_attestation_clear(struct lpa_attestation *attestation);

/*
 * Have the eUICC sign @nonce (LPA_MIN_NONCE-LPA_MAX_NONCE octets). An eUICC signs in
 * a session with a server alone: one is begun with @server (NULL: the default SM-DP+,
 * else the root SM-DS), the nonce in hexadecimal goes to the eUICC as the matching id
 * of AuthenticateServer, and the session is called off as postponed before the server
 * hears of it. The signature and both certificates are verified.
 */
int lpa_attest(struct lpa *lpa, const char *server, struct esim_slice nonce,
	       struct lpa_attestation *ret, struct esim_error *err);

/* --- discovery (SGP.22, 3.6.2) ------------------------------------------------------------------------ */

/* Ask @smds, NULL or "": the root SM-DS of the eUICC. *@ret is owned by the caller: free(). */
int lpa_discover(struct lpa *lpa, const char *smds, struct es9p_event **ret, size_t *ret_count,
		 struct esim_error *err);

/* --- profiles (SGP.22, 3.2) ------------------------------------------------------------------------------- */

/* All profiles, with all fields but the icon. es10c_profiles_free(). */
int lpa_profiles(struct lpa *lpa, struct esim_profile **ret, size_t *ret_count,
		 struct esim_error *err);

/*
 * Which of @profiles a person means by @text: a whole ICCID, an ISD-P AID, a
 * nickname, or the beginning of an ICCID that fits one
 * alone. ESIM_ENOENT; ESIM_EINVAL where it fits several.
 */
int lpa_select_profile(const struct esim_profile *profiles, size_t count, const char *text,
		       const struct esim_profile **ret, struct esim_error *err);

/*
 * Enable or disable, by ICCID and, where the card does not find that, by AID;
 * catBusy is tried again, bounded, then ESIM_EBUSY. With @how->refresh the card
 * raises REFRESH and the ISD-R is selected again; without, the card is reset. Behind a
 * modem its policy has the last word (esim/modem.h). Then
 * the state is read back: ESIM_EIO where it is not what was asked for. @profile is
 * one of lpa_profiles().
 */
int lpa_enable_profile(struct lpa *lpa, const struct esim_profile *profile,
		       const struct es10c_switch *how, struct esim_error *err);
int lpa_disable_profile(struct lpa *lpa, const struct esim_profile *profile,
			const struct es10c_switch *how, struct esim_error *err);

/*
 * Where the card is behind a modem, the two above and lpa_memory_reset() climb the ladder of esim/modem.h in
 * place of the card's reset, and a modem that does not follow is their failure though the eUICC has switched. What
 * came of it in the last of these calls; NULL: it did not come to that. Lives until the next of them.
 */
const struct esim_modem_settled *lpa_settled(const struct lpa *lpa);

/* Delete, and read back. Only a disabled profile can be deleted. */
int lpa_delete_profile(struct lpa *lpa, const struct esim_profile *profile, struct esim_error *err);

/* Set the nickname; "" removes it. Not UTF-8, or above 64 characters: ESIM_EINVAL. */
int lpa_rename_profile(struct lpa *lpa, const struct esim_profile *profile, const char *nickname,
		       struct esim_error *err);

/* --- notifications (SGP.22, 3.5) ------------------------------------------------------------------------------ */

struct lpa_notification {
	struct esim_notification metadata;
	bool sent;				/* the server's 204 was there */
	bool removed;				/* and the eUICC forgot it */
	bool skipped;				/* an earlier one to the same address failed */
	struct esim_error error;		/* code 0: none */
};

/*
 * Send what is pending, in ascending order of sequence numbers (0 is one), and
 * remove each after the server's 204. A server that fails is left alone, the
 * others still get theirs. *@ret (owned: free()) reports on each. The return
 * value is the first failure's.
 */
int lpa_send_notifications(struct lpa *lpa, struct lpa_notification **ret, size_t *ret_count,
			   struct esim_error *err);

/* List in ascending order, without sending. *@ret is owned: free(). */
int lpa_list_notifications(struct lpa *lpa, struct esim_notification **ret, size_t *ret_count,
			   struct esim_error *err);

/*
 * Send one notification that was kept aside, @pending as the eUICC gave it, and
 * leave the card alone. Its signature is verified before, as far as it brings its
 * certificates. 0 after the server's 204; err->retry_after is the server's wish.
 */
int lpa_post_notification(struct lpa *lpa, const struct esim_notification *metadata,
			  struct esim_slice pending, struct esim_error *err);

/* Forget one unsent. ESIM_ENOENT: there is none of that number. */
int lpa_drop_notification(struct lpa *lpa, uint32_t seq_number, struct esim_error *err);

/* --- the eUICC as a whole --------------------------------------------------------------------------------------- */

int lpa_addresses(struct lpa *lpa, struct es10a_addresses *ret, struct esim_error *err);

/* "" removes the default SM-DP+. */
int lpa_set_default_smdp(struct lpa *lpa, const char *address, struct esim_error *err);

/* All that this eUICC can be told to reset, enum es10c_reset_options. */
int lpa_reset_options(struct lpa *lpa, unsigned *ret, struct esim_error *err);

/*
 * ES10c.eUICCMemoryReset with enum es10c_reset_options, a reset of the card where a
 * profile went. ESIM_ENOTSUP: test profiles, of an eUICC that has none. catBusy as
 * in lpa_enable_profile().
 */
int lpa_memory_reset(struct lpa *lpa, unsigned options, struct esim_error *err);

/* ES10b.LoadCRL of a CertificateList (30). ESIM_ENOTSUP: this eUICC takes none. */
int lpa_load_crl(struct lpa *lpa, struct esim_slice crl, struct esim_error *err);

/* --- trust anchors -------------------------------------------------------------------------------------------------- */

/*
 * Add the root CIs of GSMA's production PKI that this build knows, those alone
 * whose key ids @wanted holds (NULL: all). Returns how many were added.
 */
int esim_pool_add_known(struct esim_pool *pool, const struct esim_key_id_list *wanted,
			size_t *ret_added, struct esim_error *err);

#ifdef __cplusplus
}
#endif
#endif
