/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Inside the MBIM front (USB-IF MBIM 1.0; Microsoft's extensions). mbim.c holds the session, mbim_wire.c the bytes,
 * the other files a service each.
 */
#ifndef VMODEM_MBIM_H
#define VMODEM_MBIM_H

#include "vmodem/vmodem.h"

#define MBIM_MAX_TRANSFER	4096		/* wMaxControlMessage */
#define MBIM_MAX_MESSAGE	(64 * 1024)	/* all fragments together */
#define MBIM_HEADER		12
#define MBIM_FRAGMENT_HEADER	20
#define MBIM_COMMAND_HEADER	48
#define MBIM_UUID		16
#define MBIM_MAX_REFS		32
#define MBIM_SERVICES		3
#define MBIM_MAX_CID		32		/* above all that there are here */

enum mbim_type {
	MBIM_OPEN = 1, MBIM_CLOSE = 2, MBIM_COMMAND = 3, MBIM_HOST_ERROR = 4,
	MBIM_OPEN_DONE = 0x80000001u, MBIM_CLOSE_DONE = 0x80000002u, MBIM_COMMAND_DONE = 0x80000003u,
	MBIM_FUNCTION_ERROR = 0x80000004u, MBIM_INDICATE_STATUS = 0x80000007u,
};

enum mbim_protocol_error {
	MBIM_OUT_OF_SEQUENCE = 2, MBIM_LENGTH_MISMATCH = 3, MBIM_NOT_OPENED = 5, MBIM_UNKNOWN = 6, MBIM_TOO_LONG = 8,
};

enum mbim_status {
	MBIM_SUCCESS = 0, MBIM_BUSY = 1, MBIM_FAILURE = 2, MBIM_SIM_NOT_INSERTED = 3, MBIM_NO_DEVICE_SUPPORT = 9,
	MBIM_NOT_INITIALIZED = 14, MBIM_CONTEXT_NOT_ACTIVATED = 16, MBIM_RADIO_POWER_OFF = 20,
	MBIM_INVALID_PARAMETERS = 21, MBIM_OPERATION_NOT_ALLOWED = 28,
	MBIM_NO_LOGICAL_CHANNELS = 0x87430001u, MBIM_SELECT_FAILED = 0x87430002u,
	MBIM_INVALID_LOGICAL_CHANNEL = 0x87430003u,
};

enum mbim_service { MBIM_BASIC_CONNECT, MBIM_MS_EXTENSIONS, MBIM_MS_UICC };

/* --- mbim_wire.c ------------------------------------------------------------------------------------ */

/* An InformationBuffer: fixed members, and the data that they refer to by offsets from its beginning. */
struct mbim_info {
	struct esim_buf fixed, data;
	struct { size_t at, offset; } refs[MBIM_MAX_REFS];	/* where in fixed; to where in data */
	size_t ref_count;
};

void vmbim_put_u16(struct esim_buf *buf, unsigned value);
void vmbim_put_u32(struct esim_buf *buf, uint32_t value);
void vmbim_put_u64(struct esim_buf *buf, uint64_t value);
uint32_t vmbim_get_u32(const uint8_t *p);
/* False: @in ends before. */
bool vmbim_read_u32(struct esim_slice in, size_t offset, uint32_t *ret);
/* What size and offset at @at refer to; @size_first: as in the UICC's messages. False: beyond @in. */
bool vmbim_read_ref(struct esim_slice in, size_t at, bool size_first, struct esim_slice *ret);

void vmbim_info_u32(struct mbim_info *info, uint32_t value);
void vmbim_info_text(struct mbim_info *info, const char *ascii);		/* as UTF-16 */
void vmbim_info_bytes(struct mbim_info *info, struct esim_slice bytes);	/* offset, size */
void vmbim_info_sized(struct mbim_info *info, struct esim_slice bytes);	/* size, offset */
void vmbim_info_offset(struct mbim_info *info, struct esim_slice bytes);	/* an offset alone */
/* Of another InformationBuffer, which is freed; for arrays of structs. */
void vmbim_info_struct(struct mbim_info *info, struct mbim_info *inner);
/* All of it in one piece, appended. */
void vmbim_info_finish(struct mbim_info *info, struct esim_buf *ret);
void vmbim_info_free(struct mbim_info *info);

/* --- the session --------------------------------------------------------------------------------------- */

struct mbim {
	struct vmodem_front *front;
	struct vmodem *modem;
	bool open;
	uint32_t max_transfer;

	struct esim_buf in;		/* bytes of messages that are not whole */
	struct esim_buf message;	/* fragments so far; empty: none under way */
	uint32_t tid, next_fragment, fragments;

	bool extensions_3;		/* agreed on: some messages have a later form */
	bool chosen;			/* the host said what it wants to be told */
	uint32_t wanted[MBIM_SERVICES];	/* bit per CID */

	/* the network as it plays it */
	bool detached, connected;
	unsigned pass_through;
	struct esim_buf capabilities;	/* as the host set them, each behind its length of 4 bytes */
	uint32_t capability_count;
	uint32_t group[ESIM_MAX_CHANNEL + 1];
};

/* @in: the request's InformationBuffer. The status; @out counts only for MBIM_SUCCESS. */
typedef enum mbim_status mbim_handler(struct mbim *mbim, bool set, struct esim_slice in, struct mbim_info *out);

enum { MBIM_QUERY = 1, MBIM_SET = 2, MBIM_BOTH = 3 };

struct mbim_command {
	uint32_t cid;
	unsigned takes;			/* MBIM_QUERY, MBIM_SET */
	const char *query_kind, *set_kind;	/* for faults */
	mbim_handler *handler;
};

extern const struct mbim_command vmbim_basic_commands[], vmbim_network_commands[], vmbim_extension_commands[],
	vmbim_uicc_commands[];		/* cid 0 ends each */
extern const uint8_t vmbim_uuids[MBIM_SERVICES][MBIM_UUID];

/* --- mbim_services.c ------------------------------------------------------------------------------------ */

/* NULL: there is none. */
const struct mbim_command *vmbim_find(const struct mbim *mbim, const uint8_t *uuid, uint32_t cid);
/* The CIDs of a service that this modem has, for DEVICE_SERVICES. */
size_t vmbim_service_cids(const struct mbim *mbim, enum mbim_service service, uint32_t cids[static MBIM_MAX_CID]);

#endif
