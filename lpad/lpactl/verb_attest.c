/* SPDX-License-Identifier: GPL-2.0-or-later */
/* lpactl attest: the eUICC's signature over a nonce, with its certificates. */
#include "app.h"
#include "bus_client.h"
#include "output.h"

#include "lpad/common/variant.h"

#include <esim/hex.h>

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sys/random.h>

#define RANDOM_NONCE 32

struct nonce {
	uint8_t bytes[LPA_MAX_NONCE];
	size_t len;
};

/* Of the user, else a fresh one; the result says which it is. */
static int make_nonce(struct app *app, struct nonce *nonce)
{
	const char *text = app->options.nonce;

	if (!text) {
		nonce->len = RANDOM_NONCE;
		if (getrandom(nonce->bytes, nonce->len, 0) != RANDOM_NONCE)
			return esim_error_errno(&app->err, ESIM_EIO, errno, "there are no random numbers");
	} else if (esim_hex_decode(text, nonce->bytes, sizeof(nonce->bytes), &nonce->len) ||
		   nonce->len < LPA_MIN_NONCE) {
		return esim_error_set(&app->err, ESIM_EINVAL, "--nonce takes %d to %d bytes in hexadecimal",
				      LPA_MIN_NONCE, LPA_MAX_NONCE);
	}
	json_object_set_new(app->result, "nonce", json_hex(esim_slice(nonce->bytes, nonce->len)));
	return 0;
}

int attest_direct(struct app *app)
{
	struct lpa_attestation attestation;
	struct nonce nonce = { 0 };
	int rc = make_nonce(app, &nonce);

	if (!rc)
		rc = app_open_servers(app);
	if (rc)
		return rc;
	rc = lpa_attest(app->lpa, NULL, esim_slice(nonce.bytes, nonce.len), &attestation, &app->err);
	if (!rc)
		json_object_update_new(app->result, json_attestation(&attestation));
	lpa_attestation_clear(&attestation);
	return rc;
}

static int call_lpad(struct app *app, const struct nonce *nonce, sd_bus_message **reply)
{
	sd_bus_message *message = NULL;
	int rc = bus_message(app->bus, app->euicc, "Euicc1", "Attest", &message, &app->err), r;

	if (rc)
		return rc;
	r = sd_bus_message_append_array(message, 'y', nonce->bytes, nonce->len);
	if (r < 0) {
		sd_bus_message_unref(message);
		return esim_error_errno(&app->err, ESIM_ENOMEM, -r, "the nonce cannot be sent");
	}
	return bus_send(app->bus, &message, reply, &app->err);
}

int attest_by_lpad(struct app *app)
{
	sd_bus_message *reply = NULL;
	struct nonce nonce = { 0 };
	json_t *details = NULL;
	int rc = make_nonce(app, &nonce);

	if (!rc)
		rc = call_lpad(app, &nonce, &reply);
	if (rc)
		return rc;
	if (variant_read_dict(reply, &details) < 0)
		rc = esim_error_set(&app->err, ESIM_EPROTO, "lpad's answer cannot be read");
	json_object_update(app->result, details);
	json_decref(details);
	sd_bus_message_unref(reply);
	return rc;
}

void attest_print(const json_t *result)
{
	static const char *const names[][2] = {
		{ "Nonce", "nonce" }, { "Server", "serverAddress" }, { "Matching id", "matchingId" },
		{ "euiccSigned1", "euiccSigned1" }, { "euiccSignature1", "euiccSignature1" },
		{ "CERT.EUICC.ECDSA", "euiccCertificate" }, { "CERT.EUM.ECDSA", "eumCertificate" },
	};

	/* A certificate is longer than a field of output_field(). */
	if (!json_object_get(result, "euiccSigned1"))
		return;
	for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++)
		printf("%-24s %s\n", names[i][0], output_text(result, names[i][1]));
}
