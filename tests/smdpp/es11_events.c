/* SPDX-License-Identifier: GPL-2.0-or-later */
/* ES11.AuthenticateClient (SGP.22, 5.8.2): the events that wait for an eUICC. */
#include "smdpp/functions.h"

#include <string.h>

static int put_event(json_t *events, const struct order *order, const char *own_name)
{
	json_t *event = json_pack("{s:s, s:s}", "eventId", order->event, "rspServerAddress",
				  order->event_server ? order->event_server : own_name);

	return event && json_array_append_new(events, event) == 0 ? 0 : ESIM_ENOMEM;
}

int es11_answer_events(struct call *call, struct esim_slice matching_id)
{
	struct smdpp *server = call->server;
	struct order *order = NULL;
	json_t *events = json_array();
	int r = events ? 0 : ESIM_ENOMEM;

	while (!r && (order = orders_next_event(&server->orders, order, &call->session->eid)))
		if (matching_id.len == 0 || esim_slice_is(matching_id, order->event, strlen(order->event)))
			r = put_event(events, order, server->name);
	if (!r && json_array_size(events) == 0 && matching_id.len)
		r = call_failed(call, "8.9.5", "3.9", "No such event for this EID");
	if (!r)
		r = call_put_transaction_id(call);
	if (r)
		json_decref(events);
	else if (json_object_set_new(call->response, "eventEntries", events))
		r = ESIM_ENOMEM;
	if (!r)
		call->session->state = SESSION_OVER;
	return r;
}
