/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The table of transactions; see session.h. */
#include "smdpp/session.h"

#include <string.h>

void session_clear(struct session *session)
{
	esim_buf_free(&session->euicc_certificate);
	esim_buf_free(&session->smdp_signature2);
	*session = (struct session){ 0 };
}

void sessions_clear(struct sessions *sessions)
{
	for (size_t i = 0; i < SESSION_MAX; i++)
		session_clear(&sessions->list[i]);
}

struct session *session_new(struct sessions *sessions)
{
	struct session *chosen = &sessions->list[0];

	for (size_t i = 0; i < SESSION_MAX; i++)
		if (sessions->list[i].age < chosen->age)
			chosen = &sessions->list[i];
	session_clear(chosen);
	if (esim_random(chosen->id, sizeof(chosen->id)) ||
	    esim_random(chosen->server_challenge, sizeof(chosen->server_challenge)))
		return NULL;
	chosen->used = true;
	chosen->age = ++sessions->age;
	return chosen;
}

struct session *session_find(struct sessions *sessions, struct esim_slice id)
{
	for (size_t i = 0; i < SESSION_MAX; i++)
		if (sessions->list[i].used && esim_slice_is(id, sessions->list[i].id, SESSION_ID_SIZE))
			return &sessions->list[i];
	return NULL;
}

int session_set_euicc(struct session *session, struct esim_slice der, struct esim_error *err)
{
	int r;

	esim_buf_reset(&session->euicc_certificate);
	esim_buf_append_slice(&session->euicc_certificate, der);
	r = esim_buf_failed(&session->euicc_certificate);
	if (r)
		return r;
	r = esim_cert_parse(esim_buf_slice(&session->euicc_certificate), &session->euicc, err);
	return r ? r : esim_eid_parse(session->euicc.subject_serial, &session->eid);
}
