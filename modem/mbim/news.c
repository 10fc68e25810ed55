/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What the modem takes its card for, and its news of it. */
#include "answers.h"

static guint32 ready_cids[] = { MBIM_CID_BASIC_CONNECT_SUBSCRIBER_READY_STATUS, MBIM_CID_BASIC_CONNECT_RADIO_STATE };
static guint32 slot_cids[] = { MBIM_CID_MS_BASIC_CONNECT_EXTENSIONS_SLOT_INFO_STATUS };

/* These indications and no more. A modem that takes no list sends what it wants. */
int mbim_news_subscribe(struct mbim *mbim, struct esim_error *err)
{
	MbimEventEntry basic = {
		.device_service_id = *MBIM_UUID_BASIC_CONNECT,
		.cids_count = G_N_ELEMENTS(ready_cids), .cids = ready_cids,
	};
	MbimEventEntry extensions = {
		.device_service_id = *MBIM_UUID_MS_BASIC_CONNECT_EXTENSIONS,
		.cids_count = G_N_ELEMENTS(slot_cids), .cids = slot_cids,
	};
	const MbimEventEntry *entries[] = { &basic, &extensions, NULL };
	bool has_slots = mbim->services & MBIM_HAS_SLOT_STATE;
	MbimMessage *answer = NULL;
	int r;

	if (mbim->quirks.no_indications)
		return 0;
	if (!has_slots)
		entries[1] = NULL;
	r = mbim_exchange(mbim, "subscribe list",
			  mbim_message_device_service_subscribe_list_set_new(has_slots ? 2 : 1, entries, NULL),
			  MBIM_TIMEOUT_MS, &answer, err);
	if (!r)
		mbim_message_unref(answer);
	return r && glib_call_can_do_without(r) ? 0 : r;
}

int mbim_iccid(void *priv, struct esim_iccid *ret, unsigned timeout_ms, struct esim_error *err)
{
	struct mbim *mbim = priv;
	MbimMessage *answer = NULL;
	int r = mbim_exchange(mbim, "subscriber ready status", mbim_message_subscriber_ready_status_query_new(NULL),
			      timeout_ms, &answer, err);

	if (r)
		return r;
	r = mbim_answer_ready_status(answer, mbim_has_extensions_3(mbim), ret, err);
	mbim_message_unref(answer);
	return r;
}

int mbim_wait(void *priv, unsigned timeout_ms, struct esim_error *err)
{
	struct mbim *mbim = priv;

	return glib_call_wait_news(&mbim->call, mbim->device, timeout_ms, err);
}
