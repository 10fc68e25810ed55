/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Commands that reach the card: sessions, the card as it is, its files (TS 27.007, 8.17, 8.18, 8.43 to 8.46). */
#include "vmodem/at.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define EF_ICCID 12258
#define EF_IMSI 28423

static bool has_sessions(const struct vat *vat)
{
	return !vmodem_quirk(vat->modem, VMODEM_AT_CSIM_ONLY) && !vmodem_quirk(vat->modem, VMODEM_NO_UICC);
}

/* "AT+CCHO=?": VAT_OK or VAT_ERROR. */
static int test(const struct vat *vat)
{
	return vmodem_quirk(vat->modem, VMODEM_AT_NO_TEST) ? VAT_ERROR : VAT_OK;
}

static int card_state(struct vat *vat)
{
	switch (vmodem_card_state(vat->modem, 0)) {
	case VMODEM_CARD_ABSENT:
		return 10;
	case VMODEM_CARD_OFF:
		return 13;
	case VMODEM_CARD_NOT_READY:
		return 14;
	case VMODEM_CARD_READY:
		break;
	}
	return VAT_OK;
}

static int no_card(const struct vat *vat)
{
	return vmodem_card_state(vat->modem, 0) == VMODEM_CARD_ABSENT ? 10 : 13;
}

/* Hex, in quotes or not, to the end of @text; false: it is none. */
static bool take_hex(const char *text, struct esim_buf *ret)
{
	char hex[VAT_MAX_LINE];
	size_t len;

	text += *text == '"';
	len = strcspn(text, "\"");
	if (len == 0 || len % 2 || len >= sizeof(hex) || (text[len] == '"' && text[len + 1]))
		return false;
	memcpy(hex, text, len);
	hex[len] = '\0';
	return !esim_hex_decode(hex, esim_buf_extend(ret, len / 2), len / 2, &len);
}

/* "LENGTH,HEX", the length in characters. */
static bool take_apdu(const char *text, struct esim_buf *ret)
{
	char *end;
	unsigned long said = strtoul(text, &end, 10);

	return end != text && *end == ',' && take_hex(end + 1, ret) && said == 2 * ret->len;
}

static void say_apdu(struct vat *vat, const char *name, const struct esim_buf *response)
{
	const char *quote = vmodem_quirk(vat->modem, VMODEM_AT_BARE) ? "" : "\"";
	char *hex = malloc(2 * response->len + 1);

	if (!hex)
		abort();
	esim_hex_encode(esim_buf_slice(response), hex);
	vat_say(vat, name, "%zu,%s%s%s", 2 * response->len, quote, hex, quote);
	free(hex);
}

/* --- sessions ------------------------------------------------------------------------------------------- */

static int open_session(struct vat *vat, const char *argument)
{
	struct esim_buf aid = ESIM_BUF_INIT;
	unsigned channel = 0;
	uint16_t sw = 0;
	int r;

	if (!has_sessions(vat))
		return VAT_ERROR;
	if (strcmp(argument, "=?") == 0)
		return test(vat);
	if (argument[0] != '=' || !take_hex(argument + 1, &aid)) {
		esim_buf_free(&aid);
		return 50;
	}
	r = vmodem_channel_open(vat->modem, esim_buf_slice(&aid), 0x00, &channel, NULL, &sw);
	esim_buf_free(&aid);
	if (r)
		return r == ESIM_EREFUSED ? 3 : r == ESIM_EBUSY ? 20 : r == ESIM_ENODEV ? no_card(vat) : 50;
	if (sw >> 8 != 0x90 && sw >> 8 != 0x91 && sw >> 8 != 0x61)
		return sw == 0x6A82 ? 22 : 100;
	vat_say(vat, "+CCHO", "%u", channel);
	return VAT_OK;
}

static int transmit(struct vat *vat, const char *name, unsigned channel, const struct esim_buf *command)
{
	struct esim_buf response = ESIM_BUF_INIT_MAX(ESIM_MAX_RESPONSE);
	int r = vmodem_transmit(vat->modem, channel, esim_buf_slice(command), &response);

	if (!r)
		say_apdu(vat, name, &response);
	esim_buf_free(&response);
	return !r ? VAT_OK : r == ESIM_ENOENT ? 21 : no_card(vat);
}

static int session_command(struct vat *vat, const char *argument)
{
	struct esim_buf command = ESIM_BUF_INIT;
	unsigned long channel;
	char *end;
	int result = 50;

	if (!has_sessions(vat))
		return VAT_ERROR;
	if (strcmp(argument, "=?") == 0)
		return test(vat);
	channel = argument[0] == '=' ? strtoul(argument + 1, &end, 10) : 0;
	if (channel > 0 && channel <= ESIM_MAX_CHANNEL && *end == ',' && take_apdu(end + 1, &command))
		result = transmit(vat, "+CGLA", (unsigned)channel, &command);
	esim_buf_free(&command);
	return result;
}

static int close_session(struct vat *vat, const char *argument)
{
	unsigned long channel;
	int r;

	if (!has_sessions(vat) || vmodem_quirk(vat->modem, VMODEM_AT_NO_CCHC))
		return VAT_ERROR;
	if (strcmp(argument, "=?") == 0)
		return test(vat);
	channel = argument[0] == '=' ? strtoul(argument + 1, NULL, 10) : 0;
	if (channel == 0 || channel > ESIM_MAX_CHANNEL)
		return 50;
	r = vmodem_channel_close(vat->modem, (unsigned)channel);
	return !r ? VAT_OK : r == ESIM_ENOENT ? 21 : no_card(vat);
}

/* --- the card as it is --------------------------------------------------------------------------------------- */

/* SELECT of one of the GSMA's applications, on whatever channel. */
static bool selects_isdr(const struct esim_buf *command)
{
	static const uint8_t rid[] = { 0xA0, 0x00, 0x00, 0x05, 0x59 };

	return command->len >= 5 + sizeof(rid) && command->data[1] == 0xA4 && command->data[2] == 0x04 &&
	       memcmp(command->data + 5, rid, sizeof(rid)) == 0;
}

static int card_command(struct vat *vat, const char *argument)
{
	struct esim_buf command = ESIM_BUF_INIT;
	int result = 50;

	if (vmodem_quirk(vat->modem, VMODEM_NO_UICC))
		return VAT_ERROR;
	if (strcmp(argument, "=?") == 0)
		return test(vat);
	if (argument[0] == '=' && take_apdu(argument + 1, &command))
		result = vmodem_quirk(vat->modem, VMODEM_ISDR_DENIED) && selects_isdr(&command) ? 3 :
			 transmit(vat, "+CSIM", 0, &command);
	esim_buf_free(&command);
	return result;
}

/* MANAGE CHANNEL opens and closes; all else is an APDU. */
static const char *card_kind(const char *argument)
{
	const char *hex = strchr(argument, ',');

	if (!hex)
		return "other";
	hex += hex[1] == '"' ? 2 : 1;
	if (strncmp(hex, "007000", 6) == 0)
		return "open";
	return strncmp(hex, "007080", 6) == 0 ? "close" : "apdu";
}

/* --- who the card is ------------------------------------------------------------------------------------------ */

static int iccid(struct vat *vat, const char *argument)
{
	char digits[ESIM_ICCID_DIGITS + 1];
	struct esim_iccid value;
	int state = card_state(vat);

	if (strcmp(argument, "=?") == 0)
		return VAT_OK;
	if (state != VAT_OK)
		return state;
	if (!vmodem_iccid(vat->modem, &value) || esim_iccid_format(&value, digits))
		return 22;
	vat_say(vat, "+CCID", "%s", digits);
	return VAT_OK;
}

static int imsi(struct vat *vat, const char *argument)
{
	char digits[16];
	int state = card_state(vat);

	(void)argument;
	if (state != VAT_OK)
		return state;
	if (!vmodem_imsi(vat->modem, digits))
		return 22;
	vat_say(vat, "", "%s", digits);
	return VAT_OK;
}

/* As TS 31.102, 4.2.2 has it: a length, parity and kind, then digits with their nibbles swapped. */
static size_t imsi_file(struct vat *vat, uint8_t file[static 9])
{
	char digits[16];
	size_t len;

	if (!vmodem_imsi(vat->modem, digits))
		return 0;
	len = strlen(digits);
	memset(file, 0xFF, 9);
	file[0] = (uint8_t)(len / 2 + 1);
	file[1] = (uint8_t)((digits[0] - '0') << 4 | (len % 2 ? 9 : 1));
	for (size_t i = 1; i < len; i++) {
		uint8_t *to = &file[1 + (i + 1) / 2];
		const uint8_t digit = (uint8_t)(digits[i] - '0');

		*to = (uint8_t)(i % 2 ? (*to & 0xF0) | digit : (*to & 0x0F) | digit << 4);
	}
	return 9;
}

static int read_file(struct vat *vat, const char *argument)
{
	struct esim_iccid value;
	uint8_t file[ESIM_ICCID_SIZE];
	char hex[2 * sizeof(file) + 1];
	unsigned command, id;
	size_t len = 0;
	int state = card_state(vat);

	if (sscanf(argument, "=%u,%u", &command, &id) != 2 || command != 176)
		return 50;
	if (state != VAT_OK)
		return state;
	if (id == EF_ICCID && vmodem_iccid(vat->modem, &value)) {
		memcpy(file, value.bytes, len = sizeof(value.bytes));
	} else if (id == EF_IMSI) {
		len = imsi_file(vat, file);
	}
	esim_hex_encode(esim_slice(file, len), hex);
	if (len)
		vat_say(vat, "+CRSM", "144,0,\"%s\"", hex);
	else
		vat_say(vat, "+CRSM", "106,130");
	return VAT_OK;
}

static int pin(struct vat *vat, const char *argument)
{
	int state = card_state(vat);

	if (strcmp(argument, "?"))
		return VAT_OK;
	if (state == VAT_OK)
		vat_say(vat, "+CPIN", "READY");
	return state;
}

const struct vat_command vat_card_commands[] = {
	{ "+CCHO", "open", NULL, open_session }, { "+CGLA", "apdu", NULL, session_command }, { "+CCHC", "close", NULL, close_session },
	{ "+CSIM", NULL, card_kind, card_command },
	{ "+CCID", "ready", NULL, iccid }, { "+CIMI", "ready", NULL, imsi }, { "+CRSM", "ready", NULL, read_file },
	{ "+CPIN", "ready", NULL, pin },
	{ 0 },
};
