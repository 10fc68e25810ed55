/* SPDX-License-Identifier: GPL-2.0-or-later */
/* D-Bus errors as causes; see bus_client.h. The names are those of org.coreesim.Lpa1.xml. */
#include "bus_client.h"

#include <esim/text.h>

#include <string.h>

#define LPAD_ERROR LPAD_NAME ".Error."
#define DBUS_ERROR "org.freedesktop.DBus.Error."

static const struct cause {
	const char *name;
	int code;
	enum esim_domain domain;
	const char *message;			/* NULL: its own */
	const char *advice;
} causes[] = {
	{ LPAD_ERROR "InvalidArgument", ESIM_EINVAL, ESIM_DOMAIN_USAGE, NULL, "" },
	{ LPAD_ERROR "NotAuthorized", ESIM_EREFUSED, ESIM_DOMAIN_POLICY, NULL, "" },
	{ LPAD_ERROR "NotFound", ESIM_ENOENT, ESIM_DOMAIN_CARD, NULL, "" },
	{ LPAD_ERROR "NotSupported", ESIM_ENOTSUP, ESIM_DOMAIN_CARD, NULL, "" },
	{ LPAD_ERROR "NotReady", ESIM_ENODEV, ESIM_DOMAIN_TRANSPORT, NULL, "" },
	{ LPAD_ERROR "WrongState", ESIM_ESTALE, ESIM_DOMAIN_SYSTEM, NULL, "" },
	{ LPAD_ERROR "Busy", ESIM_EBUSY, ESIM_DOMAIN_TRANSPORT, NULL, "" },
	{ LPAD_ERROR "TooMany", ESIM_EBUSY, ESIM_DOMAIN_SYSTEM, NULL, "" },
	{ LPAD_ERROR "Card", ESIM_ERESULT, ESIM_DOMAIN_CARD, NULL, "" },
	{ LPAD_ERROR "Transport", ESIM_EIO, ESIM_DOMAIN_TRANSPORT, NULL, "" },
	{ LPAD_ERROR "Network", ESIM_ENET, ESIM_DOMAIN_NETWORK, NULL, "" },
	{ LPAD_ERROR "Server", ESIM_ESERVER, ESIM_DOMAIN_SERVER, NULL, "" },
	{ LPAD_ERROR "Verification", ESIM_EVERIFY, ESIM_DOMAIN_VERIFY, NULL, "" },
	{ LPAD_ERROR "Refused", ESIM_EREFUSED, ESIM_DOMAIN_POLICY, NULL, "" },
	{ LPAD_ERROR "Cancelled", ESIM_ECANCELED, ESIM_DOMAIN_POLICY, NULL, "" },
	{ LPAD_ERROR "Timeout", ESIM_ETIMEDOUT, ESIM_DOMAIN_TRANSPORT, NULL, "" },
	{ LPAD_ERROR "System", ESIM_EIO, ESIM_DOMAIN_SYSTEM, NULL, "" },
	{ DBUS_ERROR "AccessDenied", ESIM_EREFUSED, ESIM_DOMAIN_POLICY, NULL, "" },
	{ DBUS_ERROR "InteractiveAuthorizationRequired", ESIM_EREFUSED, ESIM_DOMAIN_POLICY, NULL, "" },
	{ DBUS_ERROR "UnknownObject", ESIM_ENOENT, ESIM_DOMAIN_CARD, "it is not there any more", "" },
	{ DBUS_ERROR "UnknownMethod", ESIM_ENOENT, ESIM_DOMAIN_CARD, "it is not there any more", "" },
	{ DBUS_ERROR "NoReply", ESIM_EIO, ESIM_DOMAIN_SYSTEM, "lpad ended before it answered",
	  "look into lpad's journal, and at what is on the eUICC now" },
	{ DBUS_ERROR "ServiceUnknown", ESIM_EIO, ESIM_DOMAIN_SYSTEM, "lpad ended, and cannot be started",
	  "look into lpad's journal, or go without it: --direct" },
};

/* What else the bus may say: lpad could not be started, no memory. */
static const struct cause anything = { "", ESIM_EIO, ESIM_DOMAIN_SYSTEM, NULL, "" };

static const struct cause *cause_of(const char *name)
{
	for (size_t i = 0; i < sizeof(causes) / sizeof(causes[0]); i++)
		if (strcmp(causes[i].name, name) == 0)
			return &causes[i];
	return &anything;
}

int bus_client_failed(const sd_bus_error *error, struct esim_error *err)
{
	const struct cause *cause = cause_of(error->name ? error->name : "");
	const char *message = cause->message ? cause->message : error->message ? error->message : error->name;
	char printable[sizeof(err->message)];

	esim_text_printable(message, strlen(message), printable, sizeof(printable));
	esim_error_set(err, cause->code, "%s", printable);
	esim_error_advise(err, "%s", cause->advice);
	err->domain = cause->domain;
	return cause->code;
}
