/* SPDX-License-Identifier: GPL-2.0-or-later */
/* A modem's AT port: lines in, answers out (ITU-T V.250), with the dialects and the failures that are switched on. */
#include "vmodem/at.h"

#include <ctype.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

/* --- answers -------------------------------------------------------------------------------------------- */

static void append_text(struct esim_buf *buf, const char *text)
{
	esim_buf_append(buf, text, strlen(text));
}

void vat_say(struct vat *vat, const char *name, const char *format, ...)
{
	char *text;
	va_list ap;

	va_start(ap, format);
	if (vasprintf(&text, format, ap) < 0)
		abort();
	va_end(ap);
	append_text(&vat->info, "\r\n");
	if (name[0] && !vmodem_quirk(vat->modem, VMODEM_AT_BARE)) {
		append_text(&vat->info, name);
		append_text(&vat->info, ": ");
	}
	append_text(&vat->info, text);
	append_text(&vat->info, "\r\n");
	free(text);
}

static const char *cme_text(int cme)
{
	switch (cme) {
	case 3: return "operation not allowed";
	case 4: return "operation not supported";
	case 10: return "SIM not inserted";
	case 13: return "SIM failure";
	case 14: return "SIM busy";
	case 20: return "memory full";
	case 21: return "invalid index";
	case 22: return "not found";
	case 50: return "incorrect parameters";
	default: return "unknown";
	}
}

static void append_final(const struct vat *vat, struct esim_buf *answer, int end)
{
	char line[64];

	if (end == VAT_OK)
		strcpy(line, "\r\nOK\r\n");
	else if (end == VAT_ERROR || vat->cmee == 0 || vmodem_quirk(vat->modem, VMODEM_AT_NO_CME))
		strcpy(line, "\r\nERROR\r\n");
	else if (vat->cmee == 1)
		snprintf(line, sizeof(line), "\r\n+CME ERROR: %d\r\n", end);
	else
		snprintf(line, sizeof(line), "\r\n+CME ERROR: %s\r\n", cme_text(end));
	append_text(answer, line);
}

static void chatter(const struct vat *vat, struct esim_buf *answer, const char *line)
{
	if (vmodem_quirk(vat->modem, VMODEM_AT_CHATTER))
		append_text(answer, line);
}

/* The answer's own lines, as @fault has them. */
static void append_info(const struct vat *vat, struct esim_buf *answer, const char *name, enum vmodem_fault fault)
{
	if (fault == VMODEM_FAULT_NOISE)
		esim_buf_append(answer, "\0\xFF\x7F{]\0~\r\n\0x\r", 12);
	if (fault == VMODEM_FAULT_GARBAGE) {
		append_text(answer, "\r\n");
		append_text(answer, name);
		append_text(answer, ": \x01,\xFEg\"\r\n");
	} else if (fault == VMODEM_FAULT_TRUNCATED && vat->info.len > 7) {
		esim_buf_append(answer, vat->info.data, vat->info.len - 5);
		append_text(answer, "\r\n");
	} else {
		esim_buf_append_slice(answer, esim_buf_slice(&vat->info));
	}
}

static void answer(struct vmodem_front *front, const char *name, enum vmodem_fault fault, int end)
{
	struct vat *vat = front->priv;
	struct esim_buf bytes = ESIM_BUF_INIT;

	chatter(vat, &bytes, "\r\n+CREG: 1,\"00A4\",\"01\"\r\n");
	append_info(vat, &bytes, name, fault);
	chatter(vat, &bytes, "\r\n^RSSI:17\r\n\r\nRING\r\n");
	append_final(vat, &bytes, end);
	chatter(vat, &bytes, "\r\n+QIND: \"csq\",17,99\r\n");
	if (!esim_buf_failed(&bytes))
		vmodem_answer(front, fault, esim_buf_slice(&bytes));
	esim_buf_free(&bytes);
	esim_buf_reset(&vat->info);
}

/* --- commands ---------------------------------------------------------------------------------------------- */

static const struct vat_command *find(const struct vat_command *commands, const char *text, size_t len)
{
	for (; commands->name; commands++)
		if (strlen(commands->name) == len && strncasecmp(commands->name, text, len) == 0)
			return commands;
	return NULL;
}

/* "+CCHO=…": the name is a sign and letters. */
static const struct vat_command *extended(const char *text, const char **ret_argument)
{
	size_t len = 1 + strcspn(text + 1, "=?; ");
	const struct vat_command *command = find(vat_basic_commands, text, len);

	*ret_argument = text + len;
	return command ? command : find(vat_card_commands, text, len);
}

/* E0, V1, S0=0, &C1 and the like (V.250, 5.2.4.1): what is taken off the line; 0: no such command. */
static size_t basic(struct vat *vat, const char *text)
{
	const char *at = text;
	unsigned number;

	if (*at == '&')
		at++;
	if (!isalpha((unsigned char)*at) || !strchr("EVQXZFCDSI", toupper((unsigned char)*at)))
		return 0;
	at++;
	number = (unsigned)strtoul(at, NULL, 10);
	at += strspn(at, "0123456789");
	if (toupper((unsigned char)text[0]) == 'S' && *at == '=')
		at += 1 + strspn(at + 1, "0123456789");
	if (toupper((unsigned char)text[0]) == 'E')
		vat->echo = number != 0;
	if (toupper((unsigned char)text[0]) == 'Z' || strncasecmp(text, "&F", 2) == 0)
		vat->echo = true;
	if (toupper((unsigned char)text[0]) == 'I') {
		const struct vmodem_options *options = vmodem_options(vat->modem);

		vat_say(vat, "", "%s", options->manufacturer);
		vat_say(vat, "", "%s", options->model);
		vat_say(vat, "", "%s", options->firmware);
	}
	return (size_t)(at - text);
}

static void run_extended(struct vmodem_front *front, char *text)
{
	struct vat *vat = front->priv;
	const char *argument, *kind;
	const struct vat_command *command;
	enum vmodem_fault fault;
	int end = VAT_ERROR;
	char name[16];

	command = extended(text, &argument);
	kind = !command ? "other" : command->kind_of ? command->kind_of(argument) : command->kind;
	snprintf(name, sizeof(name), "%.*s", (int)strcspn(text, "=?"), text);
	fault = vmodem_next_fault(vat->modem, kind);
	if (fault == VMODEM_FAULT_BUSY)
		end = 14;
	else if (fault == VMODEM_FAULT_ERROR)
		end = 100;
	else if (command)
		end = command->run(vat, argument);
	answer(front, name, fault, end);
}

/* One line: basic commands, then at most one extended one. */
static void run_line(struct vmodem_front *front, char *line)
{
	struct vat *vat = front->priv;
	char *text = line + 2;

	/* Blanks between commands are nothing (V.250, 5.2.1). */
	text += strspn(text, " ");
	while (isalpha((unsigned char)*text) || *text == '&') {
		size_t len = basic(vat, text);

		if (!len) {
			answer(front, "", vmodem_next_fault(vat->modem, "other"), VAT_ERROR);
			return;
		}
		text += len;
		text += strspn(text, " ");
	}
	if (*text) {
		run_extended(front, text);
	} else {
		enum vmodem_fault fault = vmodem_next_fault(vat->modem, "sync");

		answer(front, "", fault, fault == VMODEM_FAULT_BUSY ? 14 : fault == VMODEM_FAULT_ERROR ? 100 : VAT_OK);
	}
}

/* --- lines ------------------------------------------------------------------------------------------------- */

static void echo(struct vmodem_front *front, const char *line)
{
	struct vat *vat = front->priv;
	struct esim_buf bytes = ESIM_BUF_INIT;

	if (!vat->echo && !vmodem_quirk(vat->modem, VMODEM_AT_ECHO))
		return;
	append_text(&bytes, line);
	append_text(&bytes, "\r");
	if (!esim_buf_failed(&bytes))
		front->send(front, esim_buf_slice(&bytes));
	esim_buf_free(&bytes);
}

static void end_line(struct vmodem_front *front)
{
	struct vat *vat = front->priv;
	const unsigned limit = vmodem_quirk_value(vat->modem, VMODEM_AT_SHORT_LINES);
	const bool cut = vat->too_long || (limit && vat->line.len > limit);
	char *line, *start;

	if (cut && limit && vat->line.len > limit)
		vat->line.len = limit;
	esim_buf_append_byte(&vat->line, '\0');
	line = strdup((const char *)vat->line.data);
	if (!line)
		abort();
	esim_buf_reset(&vat->line);
	vat->too_long = false;
	/* What is before AT is no command (V.250, 5.2.1). */
	for (start = line; *start && strncasecmp(start, "AT", 2) != 0;)
		start++;
	if (*start)
		echo(front, start);
	if (*start && cut)
		answer(front, "", vmodem_next_fault(vat->modem, "other"), VAT_ERROR);
	else if (*start)
		run_line(front, start);
	free(line);
}

static void at_feed(struct vmodem_front *front, struct esim_slice bytes)
{
	struct vat *vat = front->priv;

	for (size_t i = 0; i < bytes.len; i++) {
		if (bytes.data[i] == '\r')
			end_line(front);
		else if (bytes.data[i] == 0x08 && vat->line.len)
			vat->line.len--;
		else if (bytes.data[i] >= 0x20 && vat->line.len >= VAT_MAX_LINE)
			vat->too_long = true;
		else if (bytes.data[i] >= 0x20)
			esim_buf_append_byte(&vat->line, bytes.data[i]);
		if (vmodem_bus(vat->modem) != VMODEM_BUS_THERE)
			return;
	}
}

/* --- the front ----------------------------------------------------------------------------------------------- */

static void begin(struct vat *vat)
{
	esim_buf_reset(&vat->line);
	vat->too_long = false;
	vat->echo = true;
	vat->cmee = 0;
	vat->cfun = 1;
}

static int at_open(struct vmodem *modem, struct vmodem_front *front)
{
	struct vat *vat = calloc(1, sizeof(*vat));

	if (!vat)
		return ESIM_ENOMEM;
	vat->modem = modem;
	begin(vat);
	front->priv = vat;
	return 0;
}

static void at_close(struct vmodem_front *front)
{
	struct vat *vat = front->priv;

	if (!vat)
		return;
	esim_buf_free(&vat->line);
	esim_buf_free(&vat->info);
	free(vat);
	front->priv = NULL;
}

static void at_news(struct vmodem_front *front, enum vmodem_news news)
{
	static const char card[] = "\r\n^SIMST:1\r\n";

	switch (news) {
	case VMODEM_NEWS_CARD:
	case VMODEM_NEWS_SLOT:
		front->send(front, esim_slice(card, strlen(card)));
		break;
	case VMODEM_NEWS_RADIO:
		break;
	case VMODEM_NEWS_RESTART:
		begin(front->priv);
		break;
	}
}

const struct vmodem_front_ops vmodem_at = {
	.name = "at",
	.protocol = VMODEM_AT,
	.open = at_open,
	.close = at_close,
	.feed = at_feed,
	.news = at_news,
};
