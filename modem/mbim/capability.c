/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * TERMINAL CAPABILITY (TS 102 221, 11.1.19): the modem sends it to the card when that is activated, and keeps what it is
 * told to send. So it is told once that there is an LPA here: the card is not reset for it.
 */
#include "capability.h"

#include "answers.h"

#include <string.h>

#define TAG_EUICC_CAPABILITIES 0x83

/* LUId, LPDd, LDSd: the LPA is in the device, with all its parts (SGP.22, 5.7.1). */
static const uint8_t lpa_support[] = { TAG_EUICC_CAPABILITIES, 1, 0x07 };

static int read_objects(struct mbim *mbim, MbimMessage **ret, struct esim_slice objects[static MBIM_MAX_CAPABILITIES],
			size_t *ret_count, struct esim_error *err)
{
	int r = mbim_exchange(mbim, "TERMINAL CAPABILITY",
			      mbim_message_ms_uicc_low_level_access_terminal_capability_query_new(NULL), MBIM_TIMEOUT_MS,
			      ret, err);

	return r ? r : mbim_answer_terminal_capability(*ret, objects, ret_count, err);
}

static int write_objects(struct mbim *mbim, const struct esim_slice *objects, size_t count, struct esim_error *err)
{
	MbimMessage *answer = NULL;
	int r = mbim_exchange(mbim, "TERMINAL CAPABILITY", mbim_terminal_capability_request(objects, count),
			      MBIM_TIMEOUT_MS, &answer, err);

	if (!r)
		mbim_message_unref(answer);
	return r;
}

bool mbim_capability_missing(struct esim_slice *objects, size_t *count)
{
	const struct esim_slice ours = { lpa_support, sizeof(lpa_support) };

	for (size_t i = 0; i < *count; i++) {
		/* libmbim's own tools pad an object to whole words. */
		if (objects[i].len >= ours.len && memcmp(objects[i].data, ours.data, ours.len) == 0)
			return false;
		if (objects[i].len > 0 && objects[i].data[0] == TAG_EUICC_CAPABILITIES) {
			objects[i] = ours;
			return true;
		}
	}
	if (*count == MBIM_MAX_CAPABILITIES)
		return false;
	objects[(*count)++] = ours;
	return true;
}

int mbim_capability_tell(struct mbim *mbim, struct esim_error *err)
{
	struct esim_slice objects[MBIM_MAX_CAPABILITIES];
	MbimMessage *answer = NULL;
	size_t count = 0;
	int r;

	if (!(mbim->services & MBIM_HAS_TERMINAL_CAPABILITY))
		return 0;
	r = read_objects(mbim, &answer, objects, &count, err);
	if (!r && mbim_capability_missing(objects, &count))
		r = write_objects(mbim, objects, count, err);
	g_clear_pointer(&answer, mbim_message_unref);
	return r && glib_call_can_do_without(r) ? 0 : r;
}
