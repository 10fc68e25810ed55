/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Transports that are loaded when a URI asks for them; see esim/transport_module.h. */
#include <esim/transport_module.h>

#include <dlfcn.h>
#include <errno.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define DIRECTORY_ENV "COREESIM_MODULES"	/* of a build tree; not heard by what is set-uid */
#define PACKAGE "coreesim-modem"

static int not_installed(const char *path, struct esim_error *err)
{
	esim_error_errno(err, ESIM_ENOTSUP, errno, "%.200s", path);
	esim_error_advise(err, "Modems need what package %s has (Debian), or `make install` of this build.", PACKAGE);
	return ESIM_ENOTSUP;
}

/* The module of another build may have another idea of every struct. */
static int check(const struct esim_transport_module *module, const char *scheme, const char *path,
		 struct esim_error *err)
{
	if (!module || module->magic != ESIM_TRANSPORT_MODULE_MAGIC || module->size != sizeof(*module))
		return esim_error_set(err, ESIM_ENOTSUP, "%.200s is no transport of this library", path);
	if (strncmp(module->version, COREESIM_VERSION, sizeof(module->version)) != 0)
		return esim_error_set(err, ESIM_ENOTSUP, "%.180s is of version %.16s, this library of %s", path,
				      module->version, COREESIM_VERSION);
	if (strcmp(module->scheme, scheme) != 0 || !module->open)
		return esim_error_set(err, ESIM_ENOTSUP, "%.200s is no transport for %s:", path, scheme);
	return 0;
}

int esim_transport_module_load(const char *scheme, const struct esim_transport_module **ret,
			       struct esim_error *err)
{
	const char *directory = secure_getenv(DIRECTORY_ENV);
	const struct esim_transport_module *module;
	char path[PATH_MAX];
	void *library;
	int r;

	if (strchr(scheme, '/') || snprintf(path, sizeof(path), "%s/%s.so", directory ? directory : ESIM_MODULEDIR,
					    scheme) >= (int)sizeof(path))
		return esim_error_set(err, ESIM_EINVAL, "'%.64s' names no transport", scheme);
	if (access(path, R_OK))
		return not_installed(path, err);
	/* GLib's types cannot be unloaded: what was loaded stays. */
	library = dlopen(path, RTLD_NOW | RTLD_LOCAL | RTLD_NODELETE);
	if (!library)
		return esim_error_set(err, ESIM_ENOTSUP, "%s", dlerror());
	module = dlsym(library, ESIM_TRANSPORT_MODULE_SYMBOL);
	r = check(module, scheme, path, err);
	dlclose(library);
	if (!r)
		*ret = module;
	return r;
}
