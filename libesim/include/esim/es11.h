/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * ES11 (SGP.22, 5.8): the SM-DS. Its messages are those of ES9+ with another
 * answer to authenticateClient, so it shares the codec.
 */
#ifndef ESIM_ES11_H
#define ESIM_ES11_H

#include <esim/es9p.h>

#ifdef __cplusplus
extern "C" {
#endif

int es11_initiate_authentication(struct es9p_server *server,
				 const uint8_t challenge[ESIM_AT_LEAST(ESIM_CHALLENGE_SIZE)],
				 struct esim_slice euicc_info1,
				 struct es9p_initiate_authentication_response *ret,
				 struct esim_error *err);

/* Fills events; an answer without eventEntries is ESIM_EPROTO. */
int es11_authenticate_client(struct es9p_server *server, const char *transaction_id_text,
			     struct esim_slice authenticate_server_response,
			     struct es9p_authenticate_client_response *ret,
			     struct esim_error *err);

#ifdef __cplusplus
}
#endif
#endif
