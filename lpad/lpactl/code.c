/* SPDX-License-Identifier: GPL-2.0-or-later */
/* See code.h. */
#include "code.h"

#include "prompt.h"
#include "qr.h"

#include <string.h>

int code_take(struct app *app, char *argument, struct code *code)
{
	if (strlen(argument) >= sizeof(code->text))
		return esim_error_set(&app->err, ESIM_EINVAL, "this code or matching id is too long");
	strcpy(code->text, argument);
	explicit_bzero(argument, strlen(argument));
	return 0;
}

int code_read(struct app *app, struct code *code)
{
	const struct options *o = &app->options;

	if (o->qr)
		return qr_read_png(o->qr, code->text, sizeof(code->text), &app->err);
	if (o->code_file)
		return prompt_read_file(app, o->code_file, "the activation code", code->text,
					sizeof(code->text));
	return o->argument_count > 0 ? code_take(app, o->arguments[0], code) : 0;
}
