/* SPDX-License-Identifier: GPL-2.0-or-later */
/* lpactl apdu: commands as they are, on the basic channel where the transport gives it. */
#include "app.h"

#include <esim/hex.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static int parse(struct app *app, int number, struct esim_buf *command)
{
	const char *text = app->options.arguments[number];
	const size_t size = strlen(text) / 2;
	uint8_t *bytes;
	size_t len;

	esim_buf_reset(command);
	bytes = esim_buf_extend(command, size);
	if (size < 4 || size > ESIM_MAX_COMMAND || !bytes ||
	    esim_hex_decode(text, bytes, size, &len))
		return esim_error_set(&app->err, ESIM_EINVAL,
				      "APDU %d is none: it takes four bytes or more, in hex", number + 1);
	return 0;
}

static int exchange(struct app *app, struct esim_slice command)
{
	struct esim_buf response = ESIM_BUF_INIT_MAX(ESIM_MAX_RESPONSE);
	char *text = NULL;
	uint16_t sw = 0;
	int rc = esim_card_transmit_basic(app->card, command, &response, &sw, &app->err);

	if (rc == ESIM_ENOTSUP)
		rc = esim_card_transmit(app->card, command, &response, &sw, &app->err);
	if (!rc) {
		esim_buf_append_byte(&response, (uint8_t)(sw >> 8));
		esim_buf_append_byte(&response, (uint8_t)sw);
		text = malloc(2 * response.len + 1);
		if (!text || esim_buf_failed(&response))
			rc = esim_error_set(&app->err, ESIM_ENOMEM, "no memory");
	}
	if (!rc) {
		esim_hex_encode(esim_buf_slice(&response), text);
		if (app->options.json)
			json_array_append_new(json_object_get(app->result, "responses"),
					      json_string(text));
		else
			puts(text);
	}
	free(text);
	esim_buf_free(&response);
	return rc;
}

int apdu_direct(struct app *app)
{
	struct esim_buf command = ESIM_BUF_INIT;
	int rc = 0;

	/* All are looked at before the first is sent. */
	for (int i = 0; !rc && i < app->options.argument_count; i++)
		rc = parse(app, i, &command);
	if (!rc)
		rc = app_open_card(app);
	json_object_set_new(app->result, "responses", json_array());
	for (int i = 0; !rc && i < app->options.argument_count; i++) {
		rc = parse(app, i, &command);
		if (!rc)
			rc = exchange(app, esim_buf_slice(&command));
	}
	esim_buf_free(&command);
	return rc;
}
