/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The five functions of ES9+; the first two are ES11's as well. */
#ifndef SMDPP_FUNCTIONS_H
#define SMDPP_FUNCTIONS_H

#include "smdpp/call.h"

int es9p_initiate_authentication_serve(struct call *call);
int es9p_authenticate_client_serve(struct call *call);
int es9p_get_bound_profile_package_serve(struct call *call);
int es9p_cancel_session_serve(struct call *call);
int es9p_handle_notification_serve(struct call *call);

/* The SM-DS's half of authenticateClient: the session is verified, the matching id is an event id. */
int es11_answer_events(struct call *call, struct esim_slice matching_id);

#endif
