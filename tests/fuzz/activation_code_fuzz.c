/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Activation codes and, with the same bytes, server addresses and connect-to entries. */
#include <esim/activation_code.h>
#include <esim/http.h>

#include <stdint.h>
#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* What was normalised once stays as it is. */
static void check_address(const char *address)
{
	char again[ESIM_MAX_FQDN + 1];

	if (esim_address_normalise(address, true, true, again, NULL) || strcmp(address, again) != 0)
		abort();
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	char address[ESIM_MAX_FQDN + 1];
	struct esim_activation_code code;
	struct esim_connect_to connect_to;
	struct esim_error err;
	char *text;

	text = malloc(size + 1);
	if (!text)
		return 0;
	memcpy(text, data, size);
	text[size] = '\0';
	if (esim_activation_code_parse(text, true, &code, &err) == 0) {
		check_address(code.smdp_address);
		esim_activation_code_clear(&code);
	}
	if (esim_address_normalise(text, true, true, address, &err) == 0)
		check_address(address);
	esim_connect_to_parse(text, &connect_to, &err);
	free(text);
	return 0;
}
