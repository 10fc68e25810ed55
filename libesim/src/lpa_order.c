/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Where a download begins: activation code, address, the eUICC's default server, an event. */
#include "lpa_download.h"

#include <stdio.h>
#include <string.h>

static int set_address(struct lpa_download *d, const char *address, struct esim_error *err)
{
	const struct lpa_options *options = &d->lpa->options;

	return esim_address_normalise(address, options->allow_ports, options->allow_literal,
				      d->address, err);
}

static int set_matching_id(struct lpa_download *d, const char *matching_id, struct esim_error *err)
{
	if (strlen(matching_id) >= sizeof(d->matching_id))
		return esim_error_set(err, ESIM_EINVAL, "a matching id has at most %d characters",
				      ESIM_MAX_MATCHING_ID);
	strcpy(d->matching_id, matching_id);
	d->has_matching_id = true;
	return 0;
}

static int set_ci_key_id(struct lpa_download *d, const char *hex, struct esim_error *err)
{
	struct esim_key_id *id = &d->ci_key_id;

	if (hex[0] && esim_hex_decode(hex, id->bytes, sizeof(id->bytes), &id->len))
		return esim_error_set(err, ESIM_EINVAL,
				      "the activation code's CI key indicator is not a key id");
	return 0;
}

static int from_activation_code(struct lpa_download *d, struct esim_error *err)
{
	struct esim_activation_code code;
	int rc = esim_activation_code_parse(d->order->activation_code, d->lpa->options.allow_ports,
					    &code, err);

	if (rc)
		return rc;
	snprintf(d->address, sizeof(d->address), "%s", code.smdp_address);
	snprintf(d->server_oid, sizeof(d->server_oid), "%s", code.smdp_oid);
	rc = set_matching_id(d, code.matching_id, err);
	if (!rc)
		rc = set_ci_key_id(d, code.ci_key_indicator, err);
	esim_activation_code_clear(&code);
	return rc;
}

static int from_address(struct lpa_download *d, struct esim_error *err)
{
	int rc = set_address(d, d->order->smdp_address, err);

	if (!rc && d->order->matching_id)
		rc = set_matching_id(d, d->order->matching_id, err);
	return rc;
}

static int from_default_smdp(struct lpa_download *d, struct esim_error *err)
{
	struct es10a_addresses addresses;
	int rc = lpa_addresses(d->lpa, &addresses, err);

	if (rc)
		return rc;
	if (!addresses.default_smdp[0]) {
		esim_error_set(err, ESIM_ENOENT, "this eUICC has no default SM-DP+ address");
		esim_error_advise(err, "give an activation code, or set the default address first");
		return ESIM_ENOENT;
	}
	return set_address(d, addresses.default_smdp, err);
}

static int from_smds(struct lpa_download *d, struct esim_error *err)
{
	d->kind = LPA_SERVER_SMDS;
	return lpa_smds_address(d->lpa, d->order->smdp_address, d->address, err);
}

static int from_event(struct lpa_download *d, struct esim_error *err)
{
	d->kind = LPA_SERVER_EITHER;
	return from_address(d, err);
}

int lpa_resolve_order(struct lpa_download *d, struct esim_error *err)
{
	static int (*const sources[])(struct lpa_download *d, struct esim_error *err) = {
		[LPA_ORDER_ACTIVATION_CODE] = from_activation_code,
		[LPA_ORDER_ADDRESS] = from_address,
		[LPA_ORDER_DEFAULT_SMDP] = from_default_smdp,
		[LPA_ORDER_EVENT] = from_event,
		[LPA_ORDER_SMDS] = from_smds,
	};
	int rc;

	d->has_matching_id = false;
	d->kind = LPA_SERVER_SMDP;
	rc = sources[d->order->source](d, err);
	if (!rc)
		strcpy(d->result->server_address, d->address);
	return rc;
}

int lpa_follow_event(struct lpa_download *d, struct esim_error *err)
{
	const struct es9p_event *event = d->session.answer.events;
	const size_t count = d->session.answer.event_count;
	int rc;

	if (count == 0)
		return esim_error_set(err, ESIM_ENOENT, "%s has no event for this eUICC",
				      d->address);
	if (count > 1)
		lpa_note(d->lpa, "%s has %zu events for this eUICC; the first one is taken",
			 d->address, count);
	d->kind = LPA_SERVER_EITHER;
	rc = set_matching_id(d, event->event_id, err);
	if (!rc)
		rc = set_address(d, event->server_address, err);
	if (!rc)
		strcpy(d->result->server_address, d->address);
	return rc;
}
