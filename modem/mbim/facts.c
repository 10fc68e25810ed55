/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What the modem has and is. */
#include "answers.h"

#include <string.h>

static int read_services(struct mbim *mbim, struct esim_error *err)
{
	MbimMessage *answer = NULL;
	int r = mbim_exchange(mbim, "device services", mbim_message_device_services_query_new(NULL), MBIM_TIMEOUT_MS,
			      &answer, err);

	mbim->services = ~0u;
	if (!r) {
		r = mbim_answer_services(answer, &mbim->services, err);
		mbim_message_unref(answer);
	}
	return r && glib_call_can_do_without(r) ? 0 : r;
}

static int read_caps(struct mbim *mbim, struct esim_error *err)
{
	MbimMessage *answer = NULL;
	int r = mbim_exchange(mbim, "device caps", mbim_message_device_caps_query_new(NULL), MBIM_TIMEOUT_MS, &answer,
			      err);

	if (!r) {
		r = mbim_answer_device_caps(answer, &mbim->facts, err);
		mbim_message_unref(answer);
	}
	return r && glib_call_can_do_without(r) ? 0 : r;
}

int mbim_facts_read(struct mbim *mbim, struct esim_error *err)
{
	int r;

	modem_identity_facts(&mbim->identity, &mbim->facts);
	r = read_services(mbim, err);
	if (!r)
		r = read_caps(mbim, err);
	if (!r && mbim->facts.firmware[0])
		r = quirks_load_of(&mbim->identity, QUIRK_MBIM, mbim->facts.firmware, &mbim->quirks, err);
	if (!r && !(mbim->services & MBIM_HAS_UICC)) {
		r = esim_error_set(err, ESIM_ENOTSUP, "the modem's firmware gives MBIM no access to its card: it has no "
				   "MS UICC Low Level Access");
		esim_error_advise(err, "Try qmi: or at: with another port of this modem.");
	}
	return r;
}

bool mbim_has_extensions_3(const struct mbim *mbim)
{
	return mbim->device && mbim_device_check_ms_mbimex_version(mbim->device, 3, 0);
}

/* Earlier extensions have no message that tells. */
static int read_form(struct mbim *mbim, struct esim_error *err)
{
	MbimMessage *answer = NULL;
	int r;

	if (!mbim_has_extensions_3(mbim))
		return 0;
	r = mbim_exchange(mbim, "subscriber ready status", mbim_message_subscriber_ready_status_query_new(NULL),
			  MBIM_TIMEOUT_MS, &answer, err);
	if (r)
		return r;
	r = mbim_answer_form(answer, &mbim->facts.form, err);
	mbim_message_unref(answer);
	return r;
}

static int read_slots(struct mbim *mbim, struct esim_error *err)
{
	struct mbim_slots slots;
	int r = mbim_slots_read(mbim, &slots, err);

	if (r)
		return r;
	mbim->facts.slots = slots.count;
	mbim->facts.slot = mbim_slot_of(mbim, &slots);
	return 0;
}

/* What few want to know is asked for here, once. */
int mbim_facts(void *priv, struct esim_modem_facts *ret, struct esim_error *err)
{
	struct mbim *mbim = priv;
	int r = mbim->facts.slots ? 0 : read_slots(mbim, err);

	if ((!r || glib_call_can_do_without(r)) && mbim->facts.form == ESIM_MODEM_FORM_UNKNOWN)
		r = read_form(mbim, err);
	if (r && !glib_call_can_do_without(r))
		return r;
	*ret = mbim->facts;
	return 0;
}
