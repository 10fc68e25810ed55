/* SPDX-License-Identifier: GPL-2.0-or-later */
/* A PendingNotification read, and its line in the notification log. */
#ifndef SMDPP_NOTIFICATIONS_H
#define SMDPP_NOTIFICATIONS_H

#include "smdpp/server.h"

#include <esim/tlv.h>

struct notification {
	bool is_result;			/* ProfileInstallationResult (BF37), else OtherSignedNotification (30) */
	struct esim_tlv signed_part;	/* BF27 or BF2F: what the signature covers */
	struct esim_tlv signature;
	struct esim_slice euicc_certificate, eum_certificate;	/* of the other kind; DER */
	struct esim_slice transaction_id;	/* of a result; empty: none */
	struct esim_slice address, iccid;
	uint64_t seq_number;
	uint8_t event;			/* one bit of NotificationEvent */
	bool success;			/* of a result */
	struct esim_slice aid;		/* of a success; empty: none */
	uint64_t bpp_command_id, error_reason;	/* of a failure */
};

/* 0 or ESIM_EPROTO. Slices point into @whole. */
int notification_parse(struct esim_slice whole, struct notification *ret, struct esim_error *err);

/* One line of JSON; @eid "" where it is not known, @problem NULL where the signature verified. */
void notification_log(struct smdpp *server, const struct notification *n, const char *eid,
		      const char *problem);

#endif
