/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What the modem says of itself, and what it does with its radio (TS 27.007, 5, 7, 8). */
#include "vmodem/at.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static bool is(const char *argument, const char *what)
{
	return strcmp(argument, what) == 0;
}

static int manufacturer(struct vat *vat, const char *argument)
{
	if (is(argument, ""))
		vat_say(vat, "", "%s", vmodem_options(vat->modem)->manufacturer);
	return VAT_OK;
}

static int model(struct vat *vat, const char *argument)
{
	if (is(argument, ""))
		vat_say(vat, "", "%s", vmodem_options(vat->modem)->model);
	return VAT_OK;
}

static int firmware(struct vat *vat, const char *argument)
{
	if (is(argument, ""))
		vat_say(vat, "", "%s", vmodem_options(vat->modem)->firmware);
	return VAT_OK;
}

static int serial(struct vat *vat, const char *argument)
{
	if (vmodem_quirk(vat->modem, VMODEM_NO_IMEI))
		return VAT_ERROR;
	if (is(argument, "") || is(argument, "=1"))
		vat_say(vat, "", "%s", vmodem_options(vat->modem)->imei);
	return VAT_OK;
}

static int capabilities(struct vat *vat, const char *argument)
{
	(void)argument;
	vat_say(vat, "+GCAP", "+CGSM");
	return VAT_OK;
}

static int error_level(struct vat *vat, const char *argument)
{
	if (vmodem_quirk(vat->modem, VMODEM_AT_NO_CME))
		return VAT_ERROR;
	if (is(argument, "?"))
		vat_say(vat, "+CMEE", "%u", vat->cmee);
	else if (is(argument, "=?"))
		vat_say(vat, "+CMEE", "(0-2)");
	else if (strlen(argument) == 2 && argument[1] >= '0' && argument[1] <= '2')
		vat->cmee = (unsigned)(argument[1] - '0');
	else
		return 50;
	return VAT_OK;
}

static int set_functionality(struct vat *vat, unsigned level)
{
	struct vmodem *modem = vat->modem;

	vat->cfun = level;
	if (level == 0)
		vmodem_uim_power(modem, 0, false);
	else if (level == 1)
		vmodem_uim_power(modem, 0, true);
	vmodem_set_radio(modem, level == 1);
	return VAT_OK;
}

static int functionality(struct vat *vat, const char *argument)
{
	if (is(argument, "?"))
		vat_say(vat, "+CFUN", "%u", vmodem_radio(vat->modem) ? 1 : vat->cfun == 1 ? 4 : vat->cfun);
	else if (is(argument, "=?"))
		vat_say(vat, "+CFUN", "(0,1,4),(0,1)");
	else if (is(argument, "=1,1") && vmodem_quirk(vat->modem, VMODEM_NO_RESET))
		return 4;
	else if (is(argument, "=1,1"))
		vmodem_restart(vat->modem);
	else if (is(argument, "=0") || is(argument, "=1") || is(argument, "=4") || is(argument, "=1,0"))
		return set_functionality(vat, (unsigned)(argument[1] - '0'));
	else
		return 50;
	return VAT_OK;
}

static const char *functionality_kind(const char *argument)
{
	return is(argument, "=1,1") ? "reset" : "radio";
}

static bool is_registered(struct vat *vat)
{
	char imsi[16];

	return vmodem_radio(vat->modem) && vmodem_imsi(vat->modem, imsi);
}

static int registration(struct vat *vat, const char *name, const char *argument)
{
	if (is(argument, "?"))
		vat_say(vat, name, "0,%d", is_registered(vat) ? 1 : 0);
	else if (is(argument, "=?"))
		vat_say(vat, name, "(0-2)");
	return VAT_OK;
}

static int creg(struct vat *vat, const char *argument)
{
	return registration(vat, "+CREG", argument);
}

static int cgreg(struct vat *vat, const char *argument)
{
	return registration(vat, "+CGREG", argument);
}

static int cereg(struct vat *vat, const char *argument)
{
	return registration(vat, "+CEREG", argument);
}

static int operator(struct vat *vat, const char *argument)
{
	if (is(argument, "?") && is_registered(vat))
		vat_say(vat, "+COPS", "0,2,\"00101\",7");
	else if (is(argument, "?"))
		vat_say(vat, "+COPS", "0");
	return VAT_OK;
}

static int signal_quality(struct vat *vat, const char *argument)
{
	(void)argument;
	vat_say(vat, "+CSQ", "%d,99", vmodem_radio(vat->modem) ? 17 : 99);
	return VAT_OK;
}

static int charset(struct vat *vat, const char *argument)
{
	if (is(argument, "?"))
		vat_say(vat, "+CSCS", "\"IRA\"");
	else if (is(argument, "=?"))
		vat_say(vat, "+CSCS", "(\"IRA\",\"UCS2\")");
	return VAT_OK;
}

static int contexts(struct vat *vat, const char *argument)
{
	if (is(argument, "?"))
		vat_say(vat, "+CGDCONT", "1,\"IP\",\"internet\",\"\",0,0");
	else if (is(argument, "=?"))
		vat_say(vat, "+CGDCONT", "(1-3),\"IP\",,,(0),(0)");
	return VAT_OK;
}

const struct vat_command vat_basic_commands[] = {
	{ "+CGMI", "info", NULL, manufacturer }, { "+GMI", "info", NULL, manufacturer },
	{ "+CGMM", "info", NULL, model }, { "+GMM", "info", NULL, model },
	{ "+CGMR", "info", NULL, firmware }, { "+GMR", "info", NULL, firmware },
	{ "+CGSN", "info", NULL, serial }, { "+GSN", "info", NULL, serial },
	{ "+GCAP", "info", NULL, capabilities },
	{ "+CMEE", "sync", NULL, error_level },
	{ "+CFUN", NULL, functionality_kind, functionality },
	{ "+CREG", "other", NULL, creg }, { "+CGREG", "other", NULL, cgreg }, { "+CEREG", "other", NULL, cereg },
	{ "+COPS", "other", NULL, operator }, { "+CSQ", "other", NULL, signal_quality }, { "+CSCS", "other", NULL, charset },
	{ "+CGDCONT", "other", NULL, contexts },
	{ 0 },
};
