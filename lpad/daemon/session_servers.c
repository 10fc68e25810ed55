/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The way to servers: trust anchors that the eUICC itself lists, what a server is told of the device, and
 * one connection that the tasks after each other share.
 */
#include "session_internal.h"

#include "trust.h"

#include <string.h>

int64_t session_clock(void *context)
{
	return ((const struct card_session *)context)->context->clock;
}

void session_close_servers(struct card_session *session)
{
	esim_http_free(&session->http);
	esim_pool_free(&session->tls_roots);
	esim_pool_free(&session->rsp_roots);
}

/* Both lists: a server may be verified under one CI, and want a signature under another. */
static int wanted_roots(struct card_session *session, struct esim_key_id_list *ret, struct esim_error *err)
{
	const struct es10b_euicc_info1 *info1;
	int rc = lpa_euicc_info1(session->lpa, &info1, err);

	if (rc)
		return rc;
	*ret = info1->ci_for_verification;
	for (size_t i = 0; i < info1->ci_for_signing.count && ret->count < ESIM_MAX_CI_KEY_IDS; i++)
		ret->ids[ret->count++] = info1->ci_for_signing.ids[i];
	return 0;
}

/* Roots that the configuration names are the only ones. @wanted NULL: all. */
static int add_roots(const struct card_session *session, const struct esim_pool *from,
		     const struct esim_key_id_list *wanted, struct esim_pool *to, struct esim_error *err)
{
	size_t added;
	int rc = trust_add_wanted(to, from, wanted, err);

	if (!rc && session->context->config.ci_roots_count == 0)
		rc = esim_pool_add_known(to, wanted, &added, err);
	return rc;
}

static int choose_roots(struct card_session *session, bool gone, struct esim_error *err)
{
	struct esim_key_id_list wanted;
	int rc = gone ? 0 : wanted_roots(session, &wanted, err);

	if (!rc)
		rc = add_roots(session, &session->context->tls_roots, gone ? NULL : &wanted,
			       &session->tls_roots, err);
	if (!rc)
		rc = add_roots(session, &session->context->rsp_roots, gone ? NULL : &wanted,
			       &session->rsp_roots, err);
	if (rc || (session->tls_roots.count > 0 && session->rsp_roots.count > 0))
		return rc;
	esim_error_verify(err, "CERT.CI.ECDSA", "this eUICC trusts none of the root CIs that lpad knows");
	esim_error_advise(err, "for a test eUICC name the directory of its CI certificate: "
			       "CiRoots in lpad.conf");
	return ESIM_EVERIFY;
}

/* The IMEI of the configuration, or plainly nothing. */
static int describe_device(struct card_session *session, struct esim_error *err)
{
	const char *imei = session->context->config.imei;

	memset(&session->device, 0, sizeof(session->device));
	return imei[0] ? lpa_device_info_from_imei(imei, &session->device, err) : 0;
}

static int connect_http(struct card_session *session, struct esim_error *err)
{
	const struct config *config = &session->context->config;
	const struct esim_http_options options = {
		.tls_roots = &session->tls_roots,
		.connect_to = config->connect_to,
		.connect_to_count = config->connect_to_count,
		.allow_private = config->allow_private,
		.clock = session->context->has_clock ? session_clock : NULL,
		.clock_context = session,
		.cancel = session->cancel,
		.connect_timeout_ms = session->http_timeout_ms,
		.request_timeout_ms = session->http_timeout_ms,
	};

	return esim_http_new(&options, &session->http, err);
}

static bool fits(const struct card_session *session, bool gone)
{
	if (!session->http || session->http_gone != gone)
		return false;
	return gone || (session->has_eid &&
			memcmp(&session->http_eid, &session->eid, sizeof(session->eid)) == 0);
}

int session_open_servers(struct card_session *session, bool gone, struct esim_error *err)
{
	int rc = 0;

	if (!fits(session, gone)) {
		session_close_servers(session);
		rc = describe_device(session, err);
		if (!rc)
			rc = choose_roots(session, gone, err);
		if (!rc)
			rc = connect_http(session, err);
		session->http_gone = gone;
		session->http_eid = session->eid;
	}
	return rc ? rc : lpa_set_http(session->lpa, session->http, err);
}
