/* SPDX-License-Identifier: GPL-2.0-or-later */
/* An attestation as JSON. See details.h. */
#include "details.h"

#include <stdlib.h>

/* A certificate is longer than what json_hex() takes. */
static json_t *json_octets(const struct esim_buf *octets)
{
	char *text = malloc(2 * octets->len + 1);
	json_t *string;

	if (!text)
		return NULL;
	esim_hex_encode(esim_buf_slice(octets), text);
	string = json_string(text);
	free(text);
	return string;
}

json_t *json_attestation(const struct lpa_attestation *attestation)
{
	json_t *object = json_object();

	json_object_set_new(object, "euiccSigned1", json_octets(&attestation->euicc_signed1));
	json_object_set_new(object, "euiccSignature1", json_octets(&attestation->euicc_signature1));
	json_object_set_new(object, "euiccCertificate", json_octets(&attestation->euicc_certificate));
	json_object_set_new(object, "eumCertificate", json_octets(&attestation->eum_certificate));
	json_object_set_new(object, "matchingId", json_text(attestation->matching_id));
	json_object_set_new(object, "serverAddress", json_text(attestation->server_address));
	return object;
}
