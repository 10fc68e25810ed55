/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* What went wrong, for programs and for people; see usbccid.h. */
#include "reader.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <time.h>

const char *usbccid_code_name(int code)
{
	static const char *const names[] = {
		"USBCCID_OK", "USBCCID_EINVAL", "USBCCID_ENOMEM", "USBCCID_ENODEV", "USBCCID_ENOMEDIUM",
		"USBCCID_EMUTE", "USBCCID_EBUSY", "USBCCID_EACCES", "USBCCID_ENOTSUP", "USBCCID_EPROTO",
		"USBCCID_EIO", "USBCCID_ETIMEDOUT", "USBCCID_ECANCELED", "USBCCID_ESTALE",
		"USBCCID_EOVERFLOW",
	};

	if (code > 0 || code <= -(int)(sizeof(names) / sizeof(names[0])))
		return "unknown";
	return names[-code];
}

void error_clear(struct usbccid_error *err)
{
	if (err)
		memset(err, 0, sizeof(*err));
}

int error_set(struct usbccid_error *err, int code, const char *fmt, ...)
{
	va_list args;

	error_clear(err);
	if (!err)
		return code;
	err->code = code;
	va_start(args, fmt);
	vsnprintf(err->message, sizeof(err->message), fmt, args);
	va_end(args);
	return code;
}

uint64_t wire_now_ms(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return (uint64_t)now.tv_sec * 1000 + (uint64_t)now.tv_nsec / 1000000;
}
