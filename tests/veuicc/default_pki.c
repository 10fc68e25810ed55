/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Where a program finds the build's own PKI; see default_pki.h. */
#include "veuicc/default_pki.h"

#include <libgen.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

const char *veuicc_default_pki(void)
{
	static char path[PATH_MAX + 32];
	const char *from = getenv("COREESIM_PKI");
	char program[PATH_MAX];
	ssize_t n;

	if (from && *from) {
		snprintf(path, sizeof(path), "%.*s/nist", PATH_MAX, from);
		return path;
	}
	n = readlink("/proc/self/exe", program, sizeof(program) - 1);
	program[n > 0 ? n : 0] = '\0';
	snprintf(path, sizeof(path), "%s/../pki/nist", dirname(program));
	return path;
}
