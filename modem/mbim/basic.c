/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Answers of Basic Connect: what the modem has and is, its card's state, its radio. */
#include "answers.h"

#include <esim/lpa.h>
#include <esim/text.h>

#include <string.h>

/* --- device services ------------------------------------------------------------------------------------ */

static const struct {
	MbimService service;
	uint32_t cid;
	unsigned has;
} services[] = {
	{ MBIM_SERVICE_MS_UICC_LOW_LEVEL_ACCESS, MBIM_CID_MS_UICC_LOW_LEVEL_ACCESS_OPEN_CHANNEL, MBIM_HAS_UICC },
	{ MBIM_SERVICE_MS_UICC_LOW_LEVEL_ACCESS, MBIM_CID_MS_UICC_LOW_LEVEL_ACCESS_ATR, MBIM_HAS_ATR },
	{ MBIM_SERVICE_MS_UICC_LOW_LEVEL_ACCESS, MBIM_CID_MS_UICC_LOW_LEVEL_ACCESS_TERMINAL_CAPABILITY,
	  MBIM_HAS_TERMINAL_CAPABILITY },
	{ MBIM_SERVICE_MS_UICC_LOW_LEVEL_ACCESS, MBIM_CID_MS_UICC_LOW_LEVEL_ACCESS_RESET, MBIM_HAS_RESET },
	{ MBIM_SERVICE_MS_BASIC_CONNECT_EXTENSIONS, MBIM_CID_MS_BASIC_CONNECT_EXTENSIONS_DEVICE_SLOT_MAPPINGS,
	  MBIM_HAS_SLOTS },
	{ MBIM_SERVICE_MS_BASIC_CONNECT_EXTENSIONS, MBIM_CID_MS_BASIC_CONNECT_EXTENSIONS_SLOT_INFO_STATUS,
	  MBIM_HAS_SLOT_STATE },
	{ MBIM_SERVICE_MS_BASIC_CONNECT_EXTENSIONS, MBIM_CID_MS_BASIC_CONNECT_EXTENSIONS_DEVICE_RESET,
	  MBIM_HAS_DEVICE_RESET },
};

static unsigned has_of(const MbimDeviceServiceElement *element)
{
	MbimService service = mbim_uuid_to_service(&element->device_service_id);
	unsigned has = 0;

	for (size_t i = 0; i < G_N_ELEMENTS(services); i++)
		for (guint32 j = 0; service == services[i].service && j < element->cids_count; j++)
			if (element->cids[j] == services[i].cid)
				has |= services[i].has;
	return has;
}

int mbim_answer_services(const MbimMessage *answer, unsigned *ret, struct esim_error *err)
{
	g_autoptr(MbimDeviceServiceElementArray) elements = NULL;
	GError *error = NULL;
	guint32 count = 0;
	int r = mbim_answer_status(answer, "device services", err);

	if (!r)
		r = mbim_answer_list_fits(answer, "device services", 2 * sizeof(guint32), err);
	if (r)
		return r;
	if (!mbim_message_device_services_response_parse(answer, &count, NULL, &elements, &error))
		return mbim_malformed(err, "device services", &error);
	*ret = 0;
	for (guint32 i = 0; i < count; i++)
		*ret |= has_of(elements[i]);
	return 0;
}

/* --- device caps ---------------------------------------------------------------------------------------------- */

/* The first release that has the class: what the modem does beyond it, it does not tell here. */
static void take_releases(MbimDataClass classes, const char *custom, struct esim_modem_facts *facts)
{
	if (classes & (MBIM_DATA_CLASS_GPRS | MBIM_DATA_CLASS_EDGE))
		facts->gsm = 3;
	if (classes & MBIM_DATA_CLASS_UMTS)
		facts->utran = 3;
	if (classes & MBIM_DATA_CLASS_HSDPA)
		facts->utran = 5;
	if (classes & MBIM_DATA_CLASS_HSUPA)
		facts->utran = 6;
	if (classes & MBIM_DATA_CLASS_LTE)
		facts->eutran = 8;
	if (classes & (MBIM_DATA_CLASS_5G_NSA | MBIM_DATA_CLASS_5G_SA) || (custom && strstr(custom, "5G")))
		facts->nr = 15;
}

static void take_imei(const char *id, struct esim_modem_facts *facts)
{
	struct es10b_device_info checked;

	if (id && strlen(id) == sizeof(facts->imei) - 1 && lpa_device_info_from_imei(id, &checked, NULL) == 0)
		memcpy(facts->imei, id, sizeof(facts->imei));
}

int mbim_answer_device_caps(const MbimMessage *answer, struct esim_modem_facts *facts, struct esim_error *err)
{
	g_autofree char *custom = NULL, *id = NULL, *firmware = NULL, *hardware = NULL;
	MbimDataClass classes = 0;
	GError *error = NULL;
	int r = mbim_answer_status(answer, "device caps", err);

	if (r)
		return r;
	if (!mbim_message_device_caps_response_parse(answer, NULL, NULL, NULL, NULL, &classes, NULL, NULL, NULL,
						     &custom, &id, &firmware, &hardware, &error))
		return mbim_malformed(err, "device caps", &error);
	take_releases(classes, classes & MBIM_DATA_CLASS_CUSTOM ? custom : NULL, facts);
	take_imei(id, facts);
	if (firmware)
		esim_text_printable(firmware, strlen(firmware), facts->firmware, sizeof(facts->firmware));
	if (hardware)
		esim_text_printable(hardware, strlen(hardware), facts->model, sizeof(facts->model));
	return 0;
}

/* --- subscriber ready status ------------------------------------------------------------------------------------ */

static int parse_iccid(char *digits, struct esim_iccid *ret, struct esim_error *err)
{
	size_t len = strlen(digits);

	while (len > 0 && (digits[len - 1] == 'F' || digits[len - 1] == 'f'))
		digits[--len] = '\0';
	if (len == 0)
		return esim_error_set(err, ESIM_ENOENT, "the modem sees a card without an enabled profile");
	if (esim_iccid_parse(digits, ret))
		return esim_error_set(err, ESIM_EPROTO, "the modem's ICCID is none");
	return 0;
}

static int read_state(MbimSubscriberReadyState state, char *iccid, struct esim_iccid *ret, struct esim_error *err)
{
	switch (state) {
	case MBIM_SUBSCRIBER_READY_STATE_NOT_INITIALIZED:
		return esim_error_set(err, ESIM_EBUSY, "the modem is still reading its card");
	case MBIM_SUBSCRIBER_READY_STATE_SIM_NOT_INSERTED:
		return esim_error_set(err, ESIM_ENOENT, "the modem sees no card");
	case MBIM_SUBSCRIBER_READY_STATE_BAD_SIM:
	case MBIM_SUBSCRIBER_READY_STATE_FAILURE:
		return esim_error_set(err, ESIM_ENOENT, "the modem cannot use its card");
	case MBIM_SUBSCRIBER_READY_STATE_NO_ESIM_PROFILE:
		return esim_error_set(err, ESIM_ENOENT, "the modem sees a card without an enabled profile");
	case MBIM_SUBSCRIBER_READY_STATE_INITIALIZED:
	case MBIM_SUBSCRIBER_READY_STATE_NOT_ACTIVATED:
	case MBIM_SUBSCRIBER_READY_STATE_DEVICE_LOCKED:
		return iccid ? parse_iccid(iccid, ret, err) :
			       esim_error_set(err, ESIM_ENOENT, "the modem does not tell an ICCID");
	}
	return esim_error_set(err, ESIM_EPROTO, "the modem answers subscriber ready state %u", (unsigned)state);
}

int mbim_answer_ready_status(const MbimMessage *answer, bool v3, struct esim_iccid *ret, struct esim_error *err)
{
	MbimSubscriberReadyState state = MBIM_SUBSCRIBER_READY_STATE_NOT_INITIALIZED;
	g_autofree char *iccid = NULL;
	GError *error = NULL;
	gboolean read;
	int r = mbim_answer_status(answer, "subscriber ready status", err);

	if (r == ESIM_ENODEV)
		return esim_error_set(err, ESIM_ENOENT, "the modem sees no card");
	if (r)
		return r;
	read = v3 ? mbim_message_ms_basic_connect_v3_subscriber_ready_status_response_parse(
			    answer, &state, NULL, NULL, &iccid, NULL, NULL, NULL, &error) :
		    mbim_message_subscriber_ready_status_response_parse(answer, &state, NULL, &iccid, NULL, NULL, NULL,
									&error);
	return read ? read_state(state, iccid, ret, err) : mbim_malformed(err, "subscriber ready status", &error);
}

int mbim_answer_form(const MbimMessage *answer, enum esim_modem_form *ret, struct esim_error *err)
{
	MbimSubscriberReadyStatusFlag flags = MBIM_SUBSCRIBER_READY_STATUS_FLAG_NONE;
	GError *error = NULL;
	int r = mbim_answer_status(answer, "subscriber ready status", err);

	if (r)
		return r;
	if (!mbim_message_ms_basic_connect_v3_subscriber_ready_status_response_parse(answer, NULL, &flags, NULL, NULL,
										     NULL, NULL, NULL, &error))
		return mbim_malformed(err, "subscriber ready status", &error);
	*ret = !(flags & MBIM_SUBSCRIBER_READY_STATUS_FLAG_SIM_REMOVABILITY_KNOWN) ? ESIM_MODEM_FORM_UNKNOWN :
	       flags & MBIM_SUBSCRIBER_READY_STATUS_FLAG_SIM_REMOVABLE ? ESIM_MODEM_FORM_REMOVABLE :
	       ESIM_MODEM_FORM_EMBEDDED;
	return 0;
}

/* --- radio state ------------------------------------------------------------------------------------------------ */

int mbim_answer_radio(const MbimMessage *answer, bool *ret_hardware, bool *ret_software, struct esim_error *err)
{
	MbimRadioSwitchState hardware, software;
	GError *error = NULL;
	int r = mbim_answer_status(answer, "radio state", err);

	if (r)
		return r;
	if (!mbim_message_radio_state_response_parse(answer, &hardware, &software, &error))
		return mbim_malformed(err, "radio state", &error);
	*ret_hardware = hardware == MBIM_RADIO_SWITCH_STATE_ON;
	*ret_software = software == MBIM_RADIO_SWITCH_STATE_ON;
	return 0;
}
