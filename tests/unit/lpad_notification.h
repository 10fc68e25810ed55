/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Notifications as a card gives them, for tests of what lpad keeps of them. */
#ifndef LPAD_NOTIFICATION_H
#define LPAD_NOTIFICATION_H

#include <esim/es10b.h>
#include <esim/tlv.h>

#include <string.h>

/* An OtherSignedNotification; @salt stands for what another eUICC, or another time, would sign. */
static inline void make_notification(uint32_t seq_number, const char *address, uint8_t salt,
				     struct esim_buf *ret)
{
	static const uint8_t install[] = { 0x07, 0x80 };
	uint8_t signature[64];
	size_t whole = esim_tlv_begin(ret, 0x30), metadata = esim_tlv_begin(ret, 0xBF2F);

	memset(signature, salt, sizeof(signature));
	esim_tlv_put_uint(ret, 0x80, seq_number);
	esim_tlv_put(ret, 0x81, install, sizeof(install));
	esim_tlv_put_text(ret, 0x0C, address);
	esim_tlv_end(ret, metadata);
	esim_tlv_put(ret, 0x5F37, signature, sizeof(signature));
	for (int certificate = 0; certificate < 2; certificate++) {
		static const uint8_t empty[] = { 0x30, 0x03, 0x02, 0x01, 0x01, 0x30, 0x00, 0x03, 0x01, 0x00 };

		esim_tlv_put(ret, 0x30, empty, sizeof(empty));
	}
	esim_tlv_end(ret, whole);
}

#endif
