/* SPDX-License-Identifier: GPL-2.0-or-later */
/* MBIM answers made by hand, byte by byte, for tests of what reads them. */
#ifndef MODEM_MBIM_MESSAGES_H
#define MODEM_MBIM_MESSAGES_H

#include "modem/mbim/answers.h"

#include <string.h>

#define COMMAND_DONE 0x80000003u
#define FUNCTION_ERROR 0x80000004u

struct info {
	uint8_t bytes[1024];
	size_t len;
};

static inline void put32(struct info *info, uint32_t value)
{
	for (int i = 0; i < 4; i++)
		info->bytes[info->len++] = (uint8_t)(value >> 8 * i);
}

static inline void put(struct info *info, const void *data, size_t len)
{
	memcpy(info->bytes + info->len, data, len);
	info->len += len;
	while (info->len % 4)
		info->bytes[info->len++] = 0;
}

/* A COMMAND_DONE as it comes from the wire. Freed with mbim_message_unref(). */
static inline MbimMessage *done(MbimService service, uint32_t cid, uint32_t status, const struct info *info)
{
	struct info message = { .len = 0 };
	size_t len = info ? info->len : 0;

	put32(&message, COMMAND_DONE);
	put32(&message, (uint32_t)(48 + len));
	put32(&message, 7);
	put32(&message, 1);
	put32(&message, 0);
	put(&message, mbim_uuid_from_service(service), sizeof(MbimUuid));
	put32(&message, cid);
	put32(&message, status);
	put32(&message, (uint32_t)len);
	if (len)
		put(&message, info->bytes, len);
	return mbim_message_new(message.bytes, (guint32)message.len);
}

static inline MbimMessage *uicc_done(uint32_t cid, uint32_t status, const struct info *info)
{
	return done(MBIM_SERVICE_MS_UICC_LOW_LEVEL_ACCESS, cid, status, info);
}

#endif
