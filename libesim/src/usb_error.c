/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The table from usbccid's codes to errors; see usb_error.h. */
#include "usb_error.h"

#include <stddef.h>
#include <string.h>

static const struct cause {
	int from, code;
	const char *advice;		/* NULL: none */
} causes[] = {
	{ USBCCID_EINVAL, ESIM_EINVAL, NULL },
	{ USBCCID_ENOMEM, ESIM_ENOMEM, NULL },
	{ USBCCID_ENODEV, ESIM_ENODEV, "Is the reader plugged in? `lpactl devices` lists the readers." },
	{ USBCCID_ENOMEDIUM, ESIM_ENODEV, "Insert the card, the right way round." },
	{ USBCCID_EMUTE, ESIM_ENODEV, "Does the card lie the right way round, with clean contacts?" },
	{ USBCCID_EBUSY, ESIM_EBUSY, "Try again when it has ended, or stop it." },
	{ USBCCID_EACCES, ESIM_EIO,
	  "Run this as root, or let a udev rule give you the reader's device node." },
	{ USBCCID_ENOTSUP, ESIM_ENOTSUP, NULL },
	{ USBCCID_EPROTO, ESIM_EPROTO, NULL },
	{ USBCCID_EIO, ESIM_EIO, NULL },
	{ USBCCID_ETIMEDOUT, ESIM_ETIMEDOUT, NULL },
	{ USBCCID_ECANCELED, ESIM_ECANCELED, NULL },
	{ USBCCID_ESTALE, ESIM_ESTALE, "Begin anew." },
	{ USBCCID_EOVERFLOW, ESIM_ETOOBIG, NULL },
};

static const struct cause *find_cause(int code)
{
	static const struct cause unknown = { 0, ESIM_EIO, NULL };

	for (size_t i = 0; i < sizeof(causes) / sizeof(causes[0]); i++)
		if (causes[i].from == code)
			return &causes[i];
	return &unknown;
}

/* There is often a way to the card through whoever holds the reader. */
static void advise_of_holder(struct esim_error *err, const char *holder)
{
	const char *device = strstr(holder, "/dev/euicc");

	if (device)
		esim_error_advise(err, "Use it as %.*s.", (int)strcspn(device, " ,;)"), device);
	else if (strncmp(holder, "pcscd", strlen("pcscd")) == 0)
		esim_error_advise(err, "Use it through pcscd (--device pcsc:), or stop pcscd.");
	else if (strncmp(holder, "the kernel's ", strlen("the kernel's ")) == 0)
		esim_error_advise(err, "Unbind it from that driver (/sys/bus/usb/drivers/%s/unbind).",
				  holder + strlen("the kernel's "));
}

int usb_error(struct esim_error *err, const struct usbccid_error *cause)
{
	const struct cause *known = find_cause(cause->code);

	/* The sentence may name the holder already. */
	if (cause->holder[0] && !strstr(cause->message, cause->holder))
		esim_error_set(err, known->code, "%s: held by %s", cause->message, cause->holder);
	else
		esim_error_set(err, known->code, "%s", cause->message);
	if (known->advice)
		esim_error_advise(err, "%s", known->advice);
	if (cause->holder[0])
		advise_of_holder(err, cause->holder);
	/* All of these lie with the reader or with who uses it, but for what the caller did. */
	if (err && known->code != ESIM_EINVAL && known->code != ESIM_ENOMEM &&
	    known->code != ESIM_ECANCELED)
		err->domain = ESIM_DOMAIN_TRANSPORT;
	return known->code;
}

int usb_error_command(struct esim_error *err, const struct usbccid_error *cause)
{
	return esim_error_outcome(err, usb_error(err, cause),
				  cause->sent ? ESIM_OUTCOME_UNKNOWN : ESIM_OUTCOME_NEVER_SENT);
}
