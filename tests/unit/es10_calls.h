/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Every ES10 function as one call with fitting arguments, and a good answer to
 * it: for tests and fuzzers that go over all of them. What a call gives is read
 * to its last byte and freed.
 */
#ifndef UNIT_ES10_CALLS_H
#define UNIT_ES10_CALLS_H

#include "es10_answers.h"
#include "scripted.h"

#include <esim/es10a.h>
#include <esim/es10b.h>
#include <esim/es10c.h>

struct es10_call_case {
	const char *name;
	int (*call)(struct esim_card *card, struct esim_error *err);
	const char *answer;		/* hex, a good one */
};

static const uint8_t call_sequence[] = { 0x30, 0x03, 0x02, 0x01, 0x01 };
static const uint8_t call_key_id[] = { 0x04, 0x02, 0xAA, 0xBB };
static const uint8_t call_signature[67] = { 0x5F, 0x37, 0x40 };
static const struct esim_iccid call_iccid = {
	{ 0x98, 0x00, 0x10, 0x32, 0x54, 0x76, 0x98, 0x10, 0x32, 0x14 }
};
static const struct esim_transaction_id call_transaction_id = { { 1, 2, 3 }, 3 };

/* Touch every byte, so that a sanitizer sees a slice that points astray. */
static inline void read_all(struct esim_slice s)
{
	static volatile uint8_t sink;

	for (size_t i = 0; i < s.len; i++)
		sink = (uint8_t)(sink ^ s.data[i]);
}

#define SLICE(array) { (array), sizeof(array) }

static inline int call_addresses(struct esim_card *card, struct esim_error *err)
{
	struct es10a_addresses a;

	return es10a_get_euicc_configured_addresses(card, &a, err);
}

static inline int call_set_address(struct esim_card *card, struct esim_error *err)
{
	return es10a_set_default_dp_address(card, "smdp.example.com", err);
}

static inline int call_info1(struct esim_card *card, struct esim_error *err)
{
	struct es10b_euicc_info1 info = { 0 };
	int r = es10b_get_euicc_info1(card, &info, err);

	read_all(esim_buf_slice(&info.whole));
	es10b_euicc_info1_clear(&info);
	return r;
}

static inline int call_info2(struct esim_card *card, struct esim_error *err)
{
	struct es10b_euicc_info2 info = { 0 };
	int r = es10b_get_euicc_info2(card, &info, err);

	read_all(esim_buf_slice(&info.whole));
	es10b_euicc_info2_clear(&info);
	return r;
}

static inline int call_challenge(struct esim_card *card, struct esim_error *err)
{
	uint8_t challenge[ESIM_CHALLENGE_SIZE];

	return es10b_get_euicc_challenge(card, challenge, err);
}

static inline int call_rat(struct esim_card *card, struct esim_error *err)
{
	struct esim_rat rat = { 0 };
	int r = es10b_get_rat(card, &rat, err);

	esim_rat_judge(&rat, ESIM_PPR1 | ESIM_PPR2, &(struct esim_operator_id){ .mcc_mnc = { 1 } });
	esim_rat_clear(&rat);
	return r;
}

static inline int call_authenticate(struct esim_card *card, struct esim_error *err)
{
	static const struct es10b_device_info device = { .tac = { 0x35, 0x29, 0x06, 0x11 } };
	static const struct es10b_authenticate_server in = {
		SLICE(call_sequence), SLICE(call_signature), SLICE(call_key_id),
		SLICE(call_sequence), "M-1", &device, NULL,
	};
	struct es10b_authenticate_server_response response = { 0 };
	int r = es10b_authenticate_server(card, &in, &response, err);

	read_all(esim_buf_slice(&response.whole));
	read_all(response.euicc_signed1);
	read_all(response.euicc_signature1);
	read_all(response.euicc_certificate);
	read_all(response.eum_certificate);
	es10b_authenticate_server_response_clear(&response);
	return r;
}

static inline int call_prepare(struct esim_card *card, struct esim_error *err)
{
	static const struct es10b_prepare_download in = {
		SLICE(call_sequence), SLICE(call_signature), SLICE(call_sequence), true, { 1 },
	};
	struct es10b_prepare_download_response response = { 0 };
	int r = es10b_prepare_download(card, &in, &response, err);

	read_all(esim_buf_slice(&response.whole));
	read_all(response.euicc_signed2);
	read_all(response.euicc_signature2);
	es10b_prepare_download_response_clear(&response);
	return r;
}

static inline int call_load(struct esim_card *card, struct esim_error *err)
{
	struct es10b_installation_result result = { 0 };
	struct esim_buf bpp = ESIM_BUF_INIT;
	bool begun;
	int r;

	scripted_put_hex(&bpp, BOUND_PROFILE_PACKAGE);
	r = es10b_load_bound_profile_package(card, esim_buf_slice(&bpp), NULL, NULL, &result, &begun,
					     err);
	read_all(esim_buf_slice(&result.whole));
	read_all(result.signed_data);
	read_all(result.signature);
	es10b_installation_result_clear(&result);
	esim_buf_free(&bpp);
	return r;
}

static inline int call_cancel(struct esim_card *card, struct esim_error *err)
{
	struct esim_buf whole = ESIM_BUF_INIT;
	int r = es10b_cancel_session(card, &call_transaction_id, ES10B_CANCEL_POSTPONED, &whole, err);

	read_all(esim_buf_slice(&whole));
	esim_buf_free(&whole);
	return r;
}

static inline int call_crl(struct esim_card *card, struct esim_error *err)
{
	return es10b_load_crl(card, esim_slice(call_sequence, sizeof(call_sequence)), err);
}

static inline int call_list(struct esim_card *card, struct esim_error *err)
{
	struct esim_notification *list = NULL;
	size_t count = 0;
	int r = es10b_list_notification(card, 0, &list, &count, err);

	read_all(esim_slice(list, count * sizeof(*list)));
	free(list);
	return r;
}

static inline int call_retrieve(struct esim_card *card, struct esim_error *err)
{
	struct esim_pending_notification *list = NULL;
	size_t count = 0;
	int r = es10b_retrieve_notifications_list(card, ESIM_EVENT_DELETE, &list, &count, err);

	for (size_t i = 0; i < count; i++)
		read_all(esim_buf_slice(&list[i].whole));
	es10b_pending_notifications_free(&list, count);
	return r;
}

static inline int call_retrieve_one(struct esim_card *card, struct esim_error *err)
{
	struct esim_pending_notification one = { 0 };
	int r = es10b_retrieve_notification(card, 12, &one, err);

	read_all(esim_buf_slice(&one.whole));
	esim_pending_notification_clear(&one);
	return r;
}

static inline int call_remove(struct esim_card *card, struct esim_error *err)
{
	return es10b_remove_notification_from_list(card, 0, err);
}

static inline int call_profiles(struct esim_card *card, struct esim_error *err)
{
	struct esim_profile *list = NULL;
	size_t count = 0;
	int r = es10c_get_profiles_info(card, NULL, &list, &count, err);

	for (size_t i = 0; i < count; i++)
		read_all(esim_buf_slice(&list[i].unknown));
	es10c_profiles_free(&list, count);
	return r;
}

static inline int call_enable(struct esim_card *card, struct esim_error *err)
{
	return es10c_enable_profile(card, &(struct es10c_profile_id){ .iccid = call_iccid },
				    &(struct es10c_switch){ .refresh = true }, err);
}

static inline int call_disable(struct esim_card *card, struct esim_error *err)
{
	return es10c_disable_profile(card, &(struct es10c_profile_id){ .iccid = call_iccid },
				     &(struct es10c_switch){ 0 }, err);
}

static inline int call_delete(struct esim_card *card, struct esim_error *err)
{
	return es10c_delete_profile(card, &(struct es10c_profile_id){ .iccid = call_iccid }, err);
}

static inline int call_reset(struct esim_card *card, struct esim_error *err)
{
	return es10c_euicc_memory_reset(card, ES10C_RESET_OPERATIONAL_PROFILES, err);
}

static inline int call_eid(struct esim_card *card, struct esim_error *err)
{
	struct esim_eid eid;

	return es10c_get_eid(card, &eid, err);
}

static inline int call_nickname(struct esim_card *card, struct esim_error *err)
{
	return es10c_set_nickname(card, &call_iccid, "home", err);
}

static const struct es10_call_case es10_calls[] = {
	{ "ES10a.GetEuiccConfiguredAddresses", call_addresses, ANSWER_ADDRESSES },
	{ "ES10a.SetDefaultDpAddress", call_set_address, ANSWER_SET_ADDRESS },
	{ "ES10b.GetEUICCInfo1", call_info1, ANSWER_INFO1 },
	{ "ES10b.GetEUICCInfo2", call_info2, ANSWER_INFO2 },
	{ "ES10b.GetEUICCChallenge", call_challenge, ANSWER_CHALLENGE },
	{ "ES10b.GetRAT", call_rat, ANSWER_RAT },
	{ "ES10b.AuthenticateServer", call_authenticate, ANSWER_AUTHENTICATE },
	{ "ES10b.PrepareDownload", call_prepare, ANSWER_PREPARE },
	{ "ES10b.LoadBoundProfilePackage", call_load, ANSWER_LOAD },
	{ "ES10b.CancelSession", call_cancel, ANSWER_CANCEL },
	{ "ES10b.LoadCRL", call_crl, ANSWER_CRL },
	{ "ES10b.ListNotification", call_list, ANSWER_LIST },
	{ "ES10b.RetrieveNotificationsList", call_retrieve, ANSWER_RETRIEVE },
	{ "ES10b.RetrieveNotificationsList", call_retrieve_one, ANSWER_RETRIEVE },
	{ "ES10b.RemoveNotificationFromList", call_remove, ANSWER_REMOVE },
	{ "ES10c.GetProfilesInfo", call_profiles, ANSWER_PROFILES },
	{ "ES10c.EnableProfile", call_enable, ANSWER_ENABLE },
	{ "ES10c.DisableProfile", call_disable, ANSWER_DISABLE },
	{ "ES10c.DeleteProfile", call_delete, ANSWER_DELETE },
	{ "ES10c.eUICCMemoryReset", call_reset, ANSWER_RESET },
	{ "ES10c.GetEID", call_eid, ANSWER_EID },
	{ "ES10c.SetNickname", call_nickname, ANSWER_NICKNAME },
};

#define ES10_CALL_COUNT (sizeof(es10_calls) / sizeof(es10_calls[0]))

#endif
