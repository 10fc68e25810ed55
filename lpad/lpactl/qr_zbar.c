/* SPDX-License-Identifier: GPL-2.0-or-later */
/* zbar at run time; see qr_zbar.h. */
#include "qr_zbar.h"

#include <dlfcn.h>
#include <string.h>

#define LIBRARY "libzbar.so.0"

static int missing(struct esim_error *err, const char *what)
{
	esim_error_set(err, ESIM_ENOTSUP, "%s cannot be loaded: without it no picture is read", what);
	err->domain = ESIM_DOMAIN_SYSTEM;
	esim_error_advise(err, "install zbar (Debian: libzbar0), or type the code in");
	return ESIM_ENOTSUP;
}

int qr_zbar_load(struct qr_zbar *ret, struct esim_error *err)
{
	void *library = dlopen(LIBRARY, RTLD_NOW | RTLD_LOCAL), *function;

	if (!library)
		return missing(err, LIBRARY);
	/* C has no cast from an object's pointer to a function's: the bytes are the same. */
#define LOAD(name)						\
	function = dlsym(library, "zbar_" #name);		\
	if (!function)						\
		return missing(err, "zbar_" #name);		\
	memcpy(&ret->name, &function, sizeof(ret->name));
	QR_ZBAR_FUNCTIONS(LOAD)
#undef LOAD
	return 0;
}
