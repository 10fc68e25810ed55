/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The ProfileInstallationResult (SGP.22, 2.5.6, 5.7.6): how a load ended, signed and kept. */
#ifndef VEUICC_RESULT_H
#define VEUICC_RESULT_H

#include "veuicc/card.h"

enum bpp_command {
	COMMAND_INITIALISE_SECURE_CHANNEL = 0,
	COMMAND_CONFIGURE_ISDP = 1,
	COMMAND_STORE_METADATA = 2,
	COMMAND_STORE_METADATA2 = 3,
	COMMAND_REPLACE_SESSION_KEYS = 4,
	COMMAND_LOAD_PROFILE_ELEMENTS = 5,
};

enum bpp_reason {
	REASON_NONE = 0,
	REASON_INCORRECT_INPUT_VALUES = 1,
	REASON_INVALID_SIGNATURE = 2,
	REASON_INVALID_TRANSACTION_ID = 3,
	REASON_UNSUPPORTED_CRT_VALUES = 4,
	REASON_UNSUPPORTED_REMOTE_OPERATION_TYPE = 5,
	REASON_UNSUPPORTED_PROFILE_CLASS = 6,
	REASON_SCP03T_STRUCTURE_ERROR = 7,
	REASON_SCP03T_SECURITY_ERROR = 8,
	REASON_ICCID_ALREADY_EXISTS = 9,
	REASON_INSUFFICIENT_MEMORY = 10,
	REASON_INTERRUPTION = 11,
	REASON_PE_PROCESSING_ERROR = 12,
	REASON_DATA_MISMATCH = 13,
	REASON_INVALID_NAA_KEY = 14,
	REASON_PPR_NOT_ALLOWED = 15,
	REASON_UNKNOWN_ERROR = 127,
};

/* Whose installation it was. Slices borrow. */
struct veuicc_installation {
	struct esim_slice transaction_id, server_address, server_oid;
	struct rsp_pki *pki;
	const struct esim_iccid *iccid;		/* NULL: not known yet */
};

struct veuicc_outcome {
	const struct veuicc_profile *installed;	/* NULL: it failed */
	enum bpp_command command;
	enum bpp_reason reason;
	enum veuicc_pe_status pe_status;	/* with REASON_PE_PROCESSING_ERROR */
	uint32_t element;			/* its identification; 0: unknown */
};

/* Make BF37, keep it as a pending notification (not yet durable), append it to @out. */
int veuicc_installation_result(struct veuicc *card, const struct veuicc_installation *installation,
			       const struct veuicc_outcome *outcome, struct esim_buf *out);

/* What a result needs to be made after a power loss. */
void veuicc_installation_encode(const struct veuicc_installation *installation,
				struct esim_slice ci_key_id, struct esim_buf *out);
int veuicc_installation_decode(struct veuicc *card, struct esim_slice in, struct esim_iccid *iccid,
			       struct veuicc_installation *ret);

#endif
