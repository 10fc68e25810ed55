/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Inside the QMI front (Qualcomm MSM Interface over QMUX, as qmi_wwan and libqmi have it). qmi.c holds frames, clients and
 * faults, qmi_wire.c the bytes, the other files a service each.
 */
#ifndef VMODEM_QMI_H
#define VMODEM_QMI_H

#include "vmodem/vmodem.h"

#define QMI_MAX_FRAME	4096
#define QMI_MAX_CLIENTS	64
#define QMI_FIRST_CLIENT 1
#define QMI_BROADCAST	0xFF

enum qmi_service { QMI_CTL = 0, QMI_WDS = 1, QMI_DMS = 2, QMI_NAS = 3, QMI_UIM = 11 };

enum qmi_error {
	QMI_OK = 0, QMI_MALFORMED = 1, QMI_INTERNAL = 3, QMI_CLIENT_IDS_EXHAUSTED = 5, QMI_INVALID_CLIENT_ID = 7,
	QMI_DEVICE_IN_USE = 23, QMI_INVALID_ARGUMENT = 48, QMI_DEVICE_NOT_READY = 52, QMI_NO_RESOURCES = 68,
	QMI_INVALID_COMMAND = 71, QMI_FILE_NOT_FOUND = 80, QMI_ACCESS_DENIED = 82, QMI_NOT_SUPPORTED = 94, QMI_NO_SIM = 102,
};

/* --- qmi_wire.c ------------------------------------------------------------------------------------- */

void vqmi_put_u16(struct esim_buf *buf, unsigned value);
void vqmi_put_u32(struct esim_buf *buf, uint32_t value);
void vqmi_put_tlv(struct esim_buf *buf, uint8_t type, const void *value, size_t len);
/* Fields are appended after it; vqmi_end_tlv() then writes the length. */
size_t vqmi_begin_tlv(struct esim_buf *buf, uint8_t type);
void vqmi_end_tlv(struct esim_buf *buf, size_t mark);
/* The value of a TLV among @tlvs; false: it is not there. @ret_whole false: the TLVs are not framed. */
bool vqmi_find_tlv(struct esim_slice tlvs, uint8_t type, struct esim_slice *ret);
bool vqmi_tlvs_are_framed(struct esim_slice tlvs);
/* A TLV of one byte; 0 where it is not there. */
uint8_t vqmi_u8(struct esim_slice tlvs, uint8_t type);
/* A length of @width bytes and as many bytes, filling the TLV. */
bool vqmi_counted(struct esim_slice tlvs, uint8_t type, unsigned width, struct esim_slice *ret);

/* --- the session --------------------------------------------------------------------------------------- */

struct qmi_client {
	bool used;
	uint8_t service, id;
	uint32_t events;			/* UIM's mask of Register Events */
};

struct qmi {
	struct vmodem_front *front;
	struct vmodem *modem;
	struct esim_buf in;			/* bytes of frames that are not whole */
	struct qmi_client clients[QMI_MAX_CLIENTS];
	uint8_t next_client;
	uint8_t mode;				/* DMS' operating mode */
	uint32_t token;				/* of the last long answer */
	struct esim_buf long_answer;		/* goes out in pieces behind the answer */
};

struct qmi_message {
	struct qmi_client *client;		/* NULL: CTL */
	struct esim_slice tlvs;
	uint8_t sw1, sw2;			/* for the answer's card result; 0: none */
};

/* TLVs of the answer but the result. */
typedef enum qmi_error qmi_handler(struct qmi *qmi, struct qmi_message *in, struct esim_buf *out);

struct qmi_command {
	uint16_t id;
	const char *kind;			/* for faults */
	qmi_handler *handler;
};

/* NULL handler ends each. */
extern const struct qmi_command vqmi_ctl_commands[], vqmi_dms_commands[], vqmi_uim_commands[], vqmi_channel_commands[],
	vqmi_nas_commands[], vqmi_wds_commands[];

/* --- qmi.c ----------------------------------------------------------------------------------------------- */

/* `stats` counts clients: none is to be left when a program has ended. NULL: there are too many. */
struct qmi_client *vqmi_allocate(struct qmi *qmi, uint8_t service);
void vqmi_release(struct qmi *qmi, struct qmi_client *client);
void vqmi_release_all(struct qmi *qmi);
struct qmi_client *vqmi_client(struct qmi *qmi, uint8_t service, uint8_t id);
void vqmi_indicate(struct qmi *qmi, const struct qmi_client *client, uint16_t id, struct esim_slice tlvs);

/* --- qmi_uim.c, qmi_channel.c ------------------------------------------------------------------------------ */

enum { QMI_EVENT_CARD = 1 << 0, QMI_EVENT_SLOT = 1 << 4 };

void vqmi_put_card_status(struct qmi *qmi, struct esim_buf *out);
void vqmi_put_slot_status(struct qmi *qmi, struct esim_buf *out);
/* What a long answer left to be told. */
void vqmi_send_pieces(struct qmi *qmi, const struct qmi_client *client);

#endif
