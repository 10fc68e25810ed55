/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Transports that are loaded when a URI asks for them, so that libesim needs none of the libraries
 * that they need: MODULEDIR/SCHEME.so, which exports one object. A module
 * belongs to the build that it was made with: another version is refused, not guessed at.
 */
#ifndef ESIM_TRANSPORT_MODULE_H
#define ESIM_TRANSPORT_MODULE_H

#include <esim/transport.h>

#ifdef __cplusplus
extern "C" {
#endif

#define ESIM_TRANSPORT_MODULE_MAGIC 0x4553494Eu

struct esim_transport_module {
	uint32_t magic;
	uint32_t size;				/* of this struct */
	char version[16];			/* COREESIM_VERSION, NUL-padded */
	const char *scheme;			/* "mbim", without the colon */
	/*
	 * @rest: what follows the scheme, "?slot=N" included. @cancel is for this call alone, NULL: none. *@ret_ops and
	 * *@ret_priv are for esim_transport_new().
	 */
	int (*open)(const char *rest, const struct esim_cancel *cancel, const struct esim_transport_ops **ret_ops,
		    void **ret_priv, struct esim_error *err);
};

/* The one object that a module exports, a struct esim_transport_module: the name that it is looked up by. */
#define ESIM_TRANSPORT_MODULE_SYMBOL "esim_transport_module"

/*
 * The module of @scheme, which stays loaded. ESIM_ENOTSUP: it is not installed, or belongs to another build; the
 * message says which file. For esim_transport_open() and for programs that drive the vtable by themselves.
 */
int esim_transport_module_load(const char *scheme, const struct esim_transport_module **ret,
			       struct esim_error *err);

#ifdef __cplusplus
}
#endif
#endif
