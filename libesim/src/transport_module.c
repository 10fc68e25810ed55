/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Transports that are loaded when a URI asks for them; see esim/transport_module.h. */
#include <esim/transport_module.h>

#include <dlfcn.h>
#include <errno.h>
#include <limits.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/auxv.h>
#include <unistd.h>

#define DIRECTORY_ENV "COREESIM_MODULES"	/* of a build tree; not heard by what is set-uid */
#define PACKAGE "coreesim-modem"

static int not_installed(const char *path, int errnum, struct esim_error *err)
{
	esim_error_errno(err, ESIM_ENOTSUP, errnum, "%.200s", path);
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

/* Of a build that is not installed: its programs are in bin/. What is set-uid may be linked from anywhere. */
static bool beside_program(const char *scheme, char path[static PATH_MAX])
{
	char program[PATH_MAX];
	const ssize_t len = getauxval(AT_SECURE) ? -1 : readlink("/proc/self/exe", program, sizeof(program) - 1);
	char *slash;

	if (len <= 0)
		return false;
	program[len] = '\0';
	slash = strrchr(program, '/');
	if (!slash)
		return false;
	*slash = '\0';
	return snprintf(path, PATH_MAX, "%s/../lib/coreesim/%s.so", program, scheme) < PATH_MAX && access(path, R_OK) == 0;
}

/* Installed is before built. */
static int find(const char *scheme, char path[static PATH_MAX], struct esim_error *err)
{
	const char *given = secure_getenv(DIRECTORY_ENV);
	char beside[PATH_MAX];
	int why;

	if (strchr(scheme, '/') ||
	    snprintf(path, PATH_MAX, "%s/%s.so", given ? given : ESIM_MODULEDIR, scheme) >= PATH_MAX)
		return esim_error_set(err, ESIM_EINVAL, "'%.64s' names no transport", scheme);
	if (access(path, R_OK) == 0)
		return 0;
	why = errno;
	if (given || why != ENOENT || !beside_program(scheme, beside))
		return not_installed(path, why, err);
	memcpy(path, beside, sizeof(beside));
	return 0;
}

int esim_transport_module_load(const char *scheme, const struct esim_transport_module **ret,
			       struct esim_error *err)
{
	const struct esim_transport_module *module;
	char path[PATH_MAX];
	void *library;
	int r = find(scheme, path, err);

	if (r)
		return r;
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
