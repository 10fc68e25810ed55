/* SPDX-License-Identifier: GPL-2.0-or-later */
/* ES11 (SGP.22, 5.8): ES9+ towards an SM-DS, whose answer carries events. */
#include <esim/es11.h>

#include "es9p_codec.h"

#include <stdio.h>

static const char interface[] = "ES11";

int es11_initiate_authentication(struct es9p_server *server,
				 const uint8_t challenge[static ESIM_CHALLENGE_SIZE],
				 struct esim_slice euicc_info1,
				 struct es9p_initiate_authentication_response *ret,
				 struct esim_error *err)
{
	return es9p_initiate_authentication_on(server, interface, challenge, euicc_info1, ret, err);
}

int es11_authenticate_client(struct es9p_server *server, const char *transaction_id_text,
			     struct esim_slice authenticate_server_response,
			     struct es9p_authenticate_client_response *ret, struct esim_error *err)
{
	struct es9p_authenticate_client_response response = { 0 };
	int r;

	r = es9p_authenticate_client_on(server, interface, transaction_id_text,
					authenticate_server_response, &response, err);
	if (r)
		return r;
	if (!response.is_smds) {
		es9p_authenticate_client_response_clear(&response);
		esim_error_set(err, ESIM_EPROTO,
			       "%s.AuthenticateClient: the server's answer: eventEntries is missing: it is no SM-DS",
			       interface);
		if (err) {
			err->domain = ESIM_DOMAIN_SERVER;
			snprintf(err->function, sizeof(err->function), "%s.AuthenticateClient",
				 interface);
		}
		return ESIM_EPROTO;
	}
	*ret = response;
	return 0;
}
