/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * ES10b (SGP.22, 5.7.5-5.7.14): authentication, download, notifications.
 *
 * Functions that answer with a result code return ESIM_ERESULT and name it in
 * the error (es10_result, result_name); the comment of each lists its codes.
 * Answers that go on to a server are kept byte for byte.
 */
#ifndef ESIM_ES10B_H
#define ESIM_ES10B_H

#include <esim/card.h>
#include <esim/rsp_types.h>

#ifdef __cplusplus
extern "C" {
#endif

#define ESIM_CHALLENGE_SIZE 16

struct esim_capabilities;		/* esim/capabilities.h */

/* --- information -------------------------------------------------------------- */

struct es10b_euicc_info1 {
	struct esim_version svn;
	struct esim_key_id_list ci_for_verification;	/* A9 */
	struct esim_key_id_list ci_for_signing;		/* AA */
	struct esim_buf whole;				/* BF20 as received: goes to the server; owned */
};
void es10b_euicc_info1_clear(struct es10b_euicc_info1 *info);

struct es10b_euicc_info2 {
	struct esim_version profile_version;		/* 81 */
	struct esim_version svn;			/* 82 */
	struct esim_version firmware_version;		/* 83 */
	bool has_memory;				/* 84 could be read */
	uint32_t installed_applications;
	uint32_t free_non_volatile_memory;		/* bytes */
	uint32_t free_volatile_memory;			/* bytes */
	uint32_t uicc_capability;			/* bit n = capability n */
	bool has_ts102241_version;
	struct esim_version ts102241_version;		/* 86 */
	bool has_global_platform_version;
	struct esim_version global_platform_version;	/* 87 */
	uint32_t rsp_capability;			/* 88, bit n = capability n */
	struct esim_key_id_list ci_for_verification;
	struct esim_key_id_list ci_for_signing;
	int category;					/* 8B: 0 other, 1 basic, 2 medium, 3 contactless; -1 absent */
	unsigned forbidden_policy_rules;		/* 99, enum esim_ppr */
	struct esim_version pp_version;			/* 04 */
	char sas_accreditation_number[65];		/* 0C */
	char platform_label[65], discovery_base_url[257]; /* AC; "" where absent */
	struct esim_buf whole;				/* BF22; owned */
};
void es10b_euicc_info2_clear(struct es10b_euicc_info2 *info);

int es10b_get_euicc_info1(struct esim_card *card, struct es10b_euicc_info1 *ret,
			  struct esim_error *err);					/* BF20 */
int es10b_get_euicc_info2(struct esim_card *card, struct es10b_euicc_info2 *ret,
			  struct esim_error *err);					/* BF22 */
int es10b_get_euicc_challenge(struct esim_card *card, uint8_t challenge[ESIM_AT_LEAST(ESIM_CHALLENGE_SIZE)],
			      struct esim_error *err);					/* BF2E */
int es10b_get_rat(struct esim_card *card, struct esim_rat *ret, struct esim_error *err); /* BF43 */

/* --- mutual authentication ------------------------------------------------------- */

/* DeviceInfo. Absent members are not sent: nothing is invented. */
struct es10b_device_info {
	uint8_t tac[4];
	bool has_imei;
	uint8_t imei[8];			/* BCD, nibble-swapped as in TS 24.008 10.5.1.4 */
	struct es10b_device_capabilities {	/* major.minor.revision; 0.0.0: not supported */
		struct esim_version gsm, utran, cdma2000_1x, cdma2000_hrpd, cdma2000_ehrpd,
			eutran_epc, contactless, rsp_crl;
		/* ESIM_FEATURE_DEVICE_INFO_EXTENSIBILITY: not sent to a card without. */
		struct esim_version nr_epc, nr_5gc, eutran_5gc;
		bool is_euicc_form_factor_removable, form_factor_known;
	} capabilities;
};

struct es10b_authenticate_server {
	struct esim_slice server_signed1;	/* 30 …, whole TLV */
	struct esim_slice server_signature1;	/* 5F37 …, whole TLV */
	struct esim_slice ci_key_id;		/* 04 …, whole TLV: euiccCiPKIdToBeUsed */
	struct esim_slice server_certificate;	/* 30 …, whole TLV */
	const char *matching_id;		/* NULL: field absent; "" is legal */
	const struct es10b_device_info *device;
	const struct esim_capabilities *capabilities; /* NULL: nothing known, no later field is sent */
};

/* AuthenticateServerResponse; slices point into `whole`. */
struct es10b_authenticate_server_response {
	struct esim_buf whole;			/* BF38: goes to the server; owned */
	struct esim_slice euicc_signed1;	/* whole TLVs */
	struct esim_slice euicc_signature1;
	struct esim_slice euicc_certificate;
	struct esim_slice eum_certificate;
};
void es10b_authenticate_server_response_clear(struct es10b_authenticate_server_response *r);

/*
 * BF38. Results: 1 invalidCertificate, 2 invalidSignature, 3 unsupportedCurve,
 * 4 noSessionContext, 5 invalidOid, 6 euiccChallengeMismatch, 7 ciPKUnknown,
 * 127 undefinedError. On a result `whole` is filled too: the server wants it.
 */
int es10b_authenticate_server(struct esim_card *card, const struct es10b_authenticate_server *in,
			      struct es10b_authenticate_server_response *ret,
			      struct esim_error *err);

/* --- download ------------------------------------------------------------------------ */

struct es10b_prepare_download {
	struct esim_slice smdp_signed2;		/* whole TLVs */
	struct esim_slice smdp_signature2;
	struct esim_slice smdp_certificate;
	bool has_hash_cc;
	uint8_t hash_cc[32];			/* SHA256(SHA256(code) | transactionId) */
};

struct es10b_prepare_download_response {
	struct esim_buf whole;			/* BF21: goes to the server; owned */
	struct esim_slice euicc_signed2;	/* whole TLVs, into `whole` */
	struct esim_slice euicc_signature2;
};
void es10b_prepare_download_response_clear(struct es10b_prepare_download_response *r);

/*
 * BF21. Results: 1 invalidCertificate, 2 invalidSignature, 3 unsupportedCurve,
 * 4 noSessionContext, 5 invalidTransactionId, 127 undefinedError; `whole` as above.
 */
int es10b_prepare_download(struct esim_card *card, const struct es10b_prepare_download *in,
			   struct es10b_prepare_download_response *ret, struct esim_error *err);

/* ProfileInstallationResult, BF37. */
struct es10b_installation_result {
	struct esim_buf whole;			/* goes to the server; owned */
	struct esim_notification notification;
	struct esim_transaction_id transaction_id;
	bool success;
	struct esim_aid_value isdp_aid;		/* on success */
	int bpp_command_id;			/* on failure: 0 initialiseSecureChannel … 5 loadProfileElements */
	int error_reason;			/* on failure: 1 incorrectInputValues … 127 */
	struct esim_slice signed_data;		/* BF27, whole; into `whole` */
	struct esim_slice signature;		/* 5F37, whole */
};
void es10b_installation_result_clear(struct es10b_installation_result *r);
const char *es10b_bpp_command_name(int bpp_command_id);
const char *es10b_error_reason_name(int error_reason);

/* Decode a BF37 that came from elsewhere (RetrieveNotificationsList). */
int es10b_installation_result_decode(struct esim_slice bf37, struct es10b_installation_result *ret,
				     struct esim_error *err);

struct es10b_load_progress {
	size_t segments_done, segments;
	size_t bytes_done, bytes;
};

/*
 * BF36: cut @bpp into its STORE DATA sequences (SGP.22, 2.5.5), send them on the
 * card's one channel, stop at the first answer that carries data. 0 whenever the
 * eUICC gave a result, good or bad: look at ret->success. Segments are slices of
 * the received bytes. *@ret_begun (may be NULL) tells whether any segment
 * reached the card.
 */
int es10b_load_bound_profile_package(struct esim_card *card, struct esim_slice bpp,
				     void (*progress)(void *context,
						      const struct es10b_load_progress *p),
				     void *context, struct es10b_installation_result *ret,
				     bool *ret_begun, struct esim_error *err);

/* --- session end ------------------------------------------------------------------------ */

enum es10b_cancel_reason {
	ES10B_CANCEL_END_USER_REJECTION = 0,
	ES10B_CANCEL_POSTPONED = 1,
	ES10B_CANCEL_TIMEOUT = 2,
	ES10B_CANCEL_PPR_NOT_ALLOWED = 3,
	ES10B_CANCEL_METADATA_MISMATCH = 4,
	ES10B_CANCEL_LOAD_BPP_EXECUTION_ERROR = 5,
	ES10B_CANCEL_UNDEFINED = 127,
};
const char *es10b_cancel_reason_name(enum es10b_cancel_reason reason);

/* BF41. Results: 5 invalidTransactionId, 127 undefinedError. *@whole gets BF41 for the server. */
int es10b_cancel_session(struct esim_card *card, const struct esim_transaction_id *transaction_id,
			 enum es10b_cancel_reason reason, struct esim_buf *whole,
			 struct esim_error *err);

/* BF35; @crl is a CertificateList (30). Results: 1 invalidSignature, 2 invalidCRLFormat,
 * 3 notEnoughMemorySpace, 4 verificationKeyNotFound, 5 fresherCrlAlreadyLoaded,
 * 6 baseCrlMissing, 127. ESIM_ENOTSUP without rspCapability bit 1 is the caller's check. */
int es10b_load_crl(struct esim_card *card, struct esim_slice crl, struct esim_error *err);

/* --- notifications -------------------------------------------------------------------------- */

/* BF28; @events filters (enum esim_event), 0 = all. *@ret is owned by the caller: free(). */
int es10b_list_notification(struct esim_card *card, unsigned events,
			    struct esim_notification **ret, size_t *ret_count,
			    struct esim_error *err);

/* BF2B: one by its number (ESIM_ENOENT: nothing), or all of @events (0 = all). */
int es10b_retrieve_notification(struct esim_card *card, uint32_t seq_number,
				struct esim_pending_notification *ret, struct esim_error *err);
int es10b_retrieve_notifications_list(struct esim_card *card, unsigned events,
				      struct esim_pending_notification **ret, size_t *ret_count,
				      struct esim_error *err);
void es10b_pending_notifications_free(struct esim_pending_notification **list, size_t count);

/* What a PendingNotification (BF37 or 30) that was kept outside the card says of itself; it must be whole. */
int es10b_pending_metadata(struct esim_slice pending, struct esim_notification *ret, struct esim_error *err);

/* BF30. Results: 1 nothingToDelete, 127. */
int es10b_remove_notification_from_list(struct esim_card *card, uint32_t seq_number,
					struct esim_error *err);

#ifdef __cplusplus
}
#endif
#endif
