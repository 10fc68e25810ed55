/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The messages of MS Basic Connect Extensions: slots, and the modem's own reset. */
#include "answers.h"

int mbim_answer_sys_caps(const MbimMessage *answer, struct mbim_slots *slots, struct esim_error *err)
{
	GError *error = NULL;
	guint32 executors = 0, count = 0;
	int r = mbim_answer_status(answer, "system capabilities", err);

	if (r)
		return r;
	if (!mbim_message_ms_basic_connect_extensions_sys_caps_response_parse(answer, &executors, &count, NULL, NULL,
									      &error))
		return mbim_malformed(err, "system capabilities", &error);
	if (count == 0 || count > ESIM_MODEM_MAX_SLOTS || executors == 0 || executors > ESIM_MODEM_MAX_SLOTS)
		return esim_error_set(err, ESIM_EPROTO, "system capabilities: the modem answers %u slots for %u executors",
				      count, executors);
	slots->count = count;
	slots->executors = executors;
	return 0;
}

int mbim_answer_slot_map(const MbimMessage *answer, struct mbim_slots *slots, struct esim_error *err)
{
	g_autoptr(MbimSlotArray) map = NULL;
	GError *error = NULL;
	guint32 count = 0;
	int r = mbim_answer_status(answer, "slot mappings", err);

	if (!r)
		r = mbim_answer_list_fits(answer, "slot mappings", sizeof(guint32), err);
	if (r)
		return r;
	if (!mbim_message_ms_basic_connect_extensions_device_slot_mappings_response_parse(answer, &count, &map, &error))
		return mbim_malformed(err, "slot mappings", &error);
	if (count == 0 || count > ESIM_MODEM_MAX_SLOTS)
		return esim_error_set(err, ESIM_EPROTO, "slot mappings: the modem answers %u of them", count);
	for (guint32 i = 0; i < count; i++) {
		if (map[i]->slot >= ESIM_MODEM_MAX_SLOTS)
			return esim_error_set(err, ESIM_EPROTO, "slot mappings: the modem answers slot %u", map[i]->slot);
		slots->map[i] = map[i]->slot;
	}
	slots->executors = count;
	return 0;
}

MbimMessage *mbim_slot_map_request(const struct mbim_slots *slots)
{
	const MbimSlot *list[ESIM_MODEM_MAX_SLOTS + 1] = { NULL };
	MbimSlot map[ESIM_MODEM_MAX_SLOTS];

	for (unsigned i = 0; i < slots->executors; i++) {
		map[i].slot = slots->map[i];
		list[i] = &map[i];
	}
	return mbim_message_ms_basic_connect_extensions_device_slot_mappings_set_new(slots->executors, list, NULL);
}

int mbim_answer_slot_state(const MbimMessage *answer, MbimUiccSlotState *ret, struct esim_error *err)
{
	GError *error = NULL;
	int r = mbim_answer_status(answer, "slot state", err);

	if (r)
		return r;
	if (!mbim_message_ms_basic_connect_extensions_slot_info_status_response_parse(answer, NULL, ret, &error))
		return mbim_malformed(err, "slot state", &error);
	return 0;
}

int mbim_answer_device_reset(const MbimMessage *answer, struct esim_error *err)
{
	return mbim_answer_status(answer, "modem reset", err);
}
