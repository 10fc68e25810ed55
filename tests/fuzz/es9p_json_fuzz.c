/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Answers of an SM-DP+ or SM-DS: the first byte selects the function, the rest is the body. */
#include "es9p_codec.h"

#include <stdint.h>
#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* What the codec let through keeps its promises. */
static void require_slice(struct esim_slice slice, uint8_t first)
{
	if (slice.len < 2 || slice.data[0] != first)
		abort();
}

static void check(enum es9p_function function, const struct es9p_answer *answer)
{
	const struct es9p_initiate_authentication_response *i = &answer->initiate_authentication;
	const struct es9p_authenticate_client_response *c = &answer->authenticate_client;

	if (function == ES9P_INITIATE_AUTHENTICATION) {
		require_slice(i->server_signed1, 0x30);
		require_slice(i->server_signature1, 0x5F);
		require_slice(i->ci_key_id, 0x04);
		require_slice(i->server_certificate, 0x30);
		if (strlen(i->transaction_id_text) != 2 * i->transaction_id.len)
			abort();
	} else if (function == ES9P_AUTHENTICATE_CLIENT && !c->is_smds) {
		require_slice(c->profile_metadata, 0xBF);
		require_slice(c->smdp_signed2, 0x30);
		require_slice(c->smdp_signature2, 0x5F);
		require_slice(c->smdp_certificate, 0x30);
	} else if (function == ES9P_GET_BOUND_PROFILE_PACKAGE) {
		require_slice(esim_buf_slice(&answer->bound_profile_package), 0xBF);
	}
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct es9p_answer answer = { 0 };
	enum es9p_function function;
	struct esim_error err;

	if (size == 0)
		return 0;
	function = (enum es9p_function)(data[0] % ES9P_FUNCTIONS);
	if (es9p_json()->decode(function, esim_slice(data + 1, size - 1), &answer, &err) == 0 &&
	    !answer.status.failed)
		check(function, &answer);
	es9p_answer_clear(&answer);
	return 0;
}
