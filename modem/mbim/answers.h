/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What a modem answers, read. Each takes a whole MBIM message of whatever contents and gives 0, or an
 * error with what the modem said in its place: a status with its name and number, or ESIM_EPROTO where the
 * answer is none. No I/O. @what is for messages.
 */
#ifndef MBIM_ANSWERS_H
#define MBIM_ANSWERS_H

#include "mbim.h"

/* --- status.c -------------------------------------------------------------------------------------- */

/* Statuses of MS UICC Low Level Access, which libmbim 1.28 has no names for. */
enum mbim_uicc_status {
	MBIM_STATUS_NO_LOGICAL_CHANNELS = 0x87430001,
	MBIM_STATUS_SELECT_FAILED = 0x87430002,
	MBIM_STATUS_INVALID_LOGICAL_CHANNEL = 0x87430003,
};

/* A command's answer, of @service and @cid, whatever its status. */
int mbim_answer_fits(const MbimMessage *answer, const char *what, MbimService service, uint32_t cid,
		     struct esim_error *err);
/* Its status; 0 for success. */
int mbim_answer_status(const MbimMessage *answer, const char *what, struct esim_error *err);
/* "Busy (MBIM status 1)" as an error. */
int mbim_status_failed(struct esim_error *err, const char *what, uint32_t status);
/* The list whose length comes first, with @fixed_size bytes before its offset-size pairs, is within the answer. */
int mbim_answer_list_fits(const MbimMessage *answer, const char *what, size_t fixed_size, struct esim_error *err);
/* An answer that cannot be read: ESIM_EPROTO; frees *@error. */
int mbim_malformed(struct esim_error *err, const char *what, GError **error);

/* --- uicc.c ------------------------------------------------------------------------------------------ */

int mbim_answer_open_channel(const MbimMessage *answer, uint32_t *ret_channel, struct esim_buf *fci,
			     struct esim_error *err);
/* The response and its status word, appended. */
int mbim_answer_apdu(const MbimMessage *answer, struct esim_buf *response, struct esim_error *err);
int mbim_answer_close_channel(const MbimMessage *answer, struct esim_error *err);
int mbim_answer_atr(const MbimMessage *answer, uint8_t ret[static ESIM_MAX_ATR], size_t *ret_len,
		    struct esim_error *err);
int mbim_answer_uicc_reset(const MbimMessage *answer, struct esim_error *err);

#define MBIM_MAX_CAPABILITIES 8

/* Objects of TERMINAL CAPABILITY (TS 102 221, 11.1.19); they borrow from @answer. */
int mbim_answer_terminal_capability(const MbimMessage *answer, struct esim_slice ret[static MBIM_MAX_CAPABILITIES],
				    size_t *ret_count, struct esim_error *err);

MbimMessage *mbim_open_channel_request(struct esim_slice aid, uint8_t p2, uint32_t group);
MbimMessage *mbim_apdu_request(uint32_t channel, struct esim_slice command);
/* @channel 0: all of @group. */
MbimMessage *mbim_close_channel_request(uint32_t channel, uint32_t group);
MbimMessage *mbim_terminal_capability_request(const struct esim_slice *objects, size_t count);

/* --- basic.c: Basic Connect ---------------------------------------------------------------------------- */

int mbim_answer_services(const MbimMessage *answer, unsigned *ret, struct esim_error *err);
/* IMEI, model, firmware and releases into *@facts. */
int mbim_answer_device_caps(const MbimMessage *answer, struct esim_modem_facts *facts, struct esim_error *err);
/* As the modem op iccid() has it. @v3: MBIMEx 3.0 was agreed on. */
int mbim_answer_ready_status(const MbimMessage *answer, bool v3, struct esim_iccid *ret, struct esim_error *err);
/* Of the card in use; of an answer of MBIMEx 3.0 alone. */
int mbim_answer_form(const MbimMessage *answer, enum esim_modem_form *ret, struct esim_error *err);
int mbim_answer_radio(const MbimMessage *answer, bool *ret_hardware, bool *ret_software, struct esim_error *err);

/* --- extensions.c: MS Basic Connect Extensions ---------------------------------------------------------- */

/* Number of slots and executors. */
int mbim_answer_sys_caps(const MbimMessage *answer, struct mbim_slots *slots, struct esim_error *err);
int mbim_answer_slot_map(const MbimMessage *answer, struct mbim_slots *slots, struct esim_error *err);
int mbim_answer_slot_state(const MbimMessage *answer, MbimUiccSlotState *ret, struct esim_error *err);
int mbim_answer_device_reset(const MbimMessage *answer, struct esim_error *err);

MbimMessage *mbim_slot_map_request(const struct mbim_slots *slots);

#endif
