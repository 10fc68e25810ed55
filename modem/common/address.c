/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What follows the scheme in a URI of a modem; see address.h. Every mistake is named: none is ignored. */
#include "address.h"

#include <esim/modem.h>
#include <esim/text.h>

#include <string.h>

#define QRTR "qrtr://"
#define SLOT "slot="

/* Decimal digits alone, @min to @max. */
static bool parse_number(const char *text, size_t len, unsigned long max, unsigned *ret)
{
	unsigned long number = 0;

	if (len == 0 || (len > 1 && text[0] == '0'))
		return false;
	for (size_t i = 0; i < len; i++) {
		if (text[i] < '0' || text[i] > '9')
			return false;
		number = number * 10 + (unsigned long)(text[i] - '0');
		if (number > max)
			return false;
	}
	*ret = (unsigned)number;
	return true;
}

static int parse_option(const char *scheme, const char *option, bool takes_slot, struct modem_address *address,
			struct esim_error *err)
{
	const char *number = option + strlen(SLOT);

	if (!takes_slot)
		return esim_error_set(err, ESIM_EINVAL, "%s: takes no option: '?%s'", scheme, option);
	if (strncmp(option, SLOT, strlen(SLOT)) != 0)
		return esim_error_set(err, ESIM_EINVAL, "%s: takes ?slot=N, not '?%s'", scheme, option);
	if (!parse_number(number, strlen(number), ESIM_MODEM_MAX_SLOTS, &address->slot) || address->slot == 0)
		return esim_error_set(err, ESIM_EINVAL, "%s: a slot is 1 to %d, not '%s'", scheme,
				      ESIM_MODEM_MAX_SLOTS, number);
	return 0;
}

static int parse_node(const char *scheme, const char *node, size_t len, bool takes_qrtr,
		      struct modem_address *address, struct esim_error *err)
{
	if (!takes_qrtr)
		return esim_error_set(err, ESIM_EINVAL, "%s: has no QRTR; qmi: has", scheme);
	if (!parse_number(node, len, UINT32_MAX, &address->node))
		return esim_error_set(err, ESIM_EINVAL, "%s: a QRTR node is a number, not '%.*s'", scheme, (int)len,
				      node);
	address->is_qrtr = true;
	return 0;
}

static int parse_path(const char *scheme, const char *path, size_t len, struct modem_address *address,
		      struct esim_error *err)
{
	if (len == 0)
		return esim_error_set(err, ESIM_EINVAL, "%s: a device is wanted, such as %s:%s", scheme, scheme,
				      strcmp(scheme, "at") == 0 ? "/dev/ttyUSB2" : "/dev/cdc-wdm0");
	if (path[0] != '/')
		return esim_error_set(err, ESIM_EINVAL, "%s: a device is named by its whole path, not '%.*s'", scheme,
				      (int)len, path);
	if (len >= sizeof(address->path))
		return esim_error_set(err, ESIM_EINVAL, "%s: the device's path is longer than %zu bytes", scheme,
				      sizeof(address->path) - 1);
	memcpy(address->path, path, len);
	return 0;
}

int modem_address_parse(const char *scheme, const char *rest, bool takes_qrtr, bool takes_slot,
			struct modem_address *ret, struct esim_error *err)
{
	struct modem_address address = { 0 };
	const char *option = strchr(rest, '?');
	const size_t len = option ? (size_t)(option - rest) : strlen(rest);
	char shown[sizeof(address.path) * 4];
	int rc;

	/* What a terminal would not show as it is can be in no message either. */
	if (strlen(rest) < sizeof(shown) && (!esim_utf8_valid(rest, strlen(rest)) ||
	    esim_text_printable(rest, strlen(rest), shown, sizeof(shown)) != strlen(rest)))
		return esim_error_set(err, ESIM_EINVAL, "%s: the address has unprintable characters", scheme);
	if (strncmp(rest, QRTR, strlen(QRTR)) == 0)
		rc = parse_node(scheme, rest + strlen(QRTR), len - strlen(QRTR), takes_qrtr, &address, err);
	else
		rc = parse_path(scheme, rest, len, &address, err);
	if (!rc && option)
		rc = parse_option(scheme, option + 1, takes_slot, &address, err);
	if (!rc)
		*ret = address;
	return rc;
}
