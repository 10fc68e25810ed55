/* SPDX-License-Identifier: GPL-2.0-or-later */
/* lpactl show-qr: an activation code for the camera of a phone. */
#include "app.h"
#include "code.h"
#include "output.h"
#include "qr.h"

#include <esim/activation_code.h>

#include <stdio.h>
#include <string.h>
#include <unistd.h>

static int make(struct app *app, const struct code *code)
{
	struct esim_activation_code parsed;
	json_t *rows = NULL;
	int rc = esim_activation_code_parse(code->text, true, &parsed, &app->err);

	esim_activation_code_clear(&parsed);
	if (!rc)
		rc = qr_make(code->text, &rows, &app->err);
	if (!rc && app->options.png)
		rc = qr_write_png(rows, app->options.png, &app->err);
	if (!rc && app->options.png)
		json_object_set_new(app->result, "png", json_string(app->options.png));
	else if (!rc)
		json_object_set(app->result, "rows", rows);
	json_decref(rows);
	return rc;
}

int show_qr(struct app *app)
{
	const struct options *o = &app->options;
	struct code code = { 0 };
	int rc;

	if ((o->argument_count > 0) == (o->code_file != NULL)) {
		esim_error_set(&app->err, ESIM_EINVAL, "give either an activation code or --code-file");
		return ESIM_EINVAL;
	}
	rc = code_read(app, &code);
	if (!rc)
		rc = make(app, &code);
	explicit_bzero(&code, sizeof(code));
	return rc;
}

/* --- on a terminal ------------------------------------------------------------------------------- */

static bool is_light(const json_t *rows, int x, int y)
{
	const int size = (int)json_array_size(rows);

	if (x < 0 || y < 0 || x >= size || y >= size)
		return true;
	return json_string_value(json_array_get(rows, (size_t)y))[x] == '0';
}

/* Two rows a line. What is light is drawn: most terminals are dark, and the colours make this one so. */
static void print_line(const json_t *rows, int y)
{
	static const char *const halves[] = { " ", "\u2584", "\u2580", "\u2588" };
	const int size = (int)json_array_size(rows), bottom = size + QR_MARGIN;
	const bool colours = isatty(STDOUT_FILENO);

	fputs(colours ? "\033[97;40m" : "", stdout);
	for (int x = -QR_MARGIN; x < size + QR_MARGIN; x++)
		fputs(halves[2 * is_light(rows, x, y) + (y + 1 < bottom && is_light(rows, x, y + 1))], stdout);
	puts(colours ? "\033[0m" : "");
}

void show_qr_print(const json_t *result)
{
	const json_t *rows = json_object_get(result, "rows");

	for (int y = -QR_MARGIN; rows && y < (int)json_array_size(rows) + QR_MARGIN; y += 2)
		print_line(rows, y);
}
