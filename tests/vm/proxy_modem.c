/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The modem in software as a program, for shell suites: `proxy_vmtest modem STATE PKI [LOG]`. */
#include "vm/owned_proxy.h"
#include "vm/proxy_cases.h"

#include <signal.h>
#include <stdio.h>
#include <stdlib.h>

int proxy_modem(const char *state, const char *pki, const char *log)
{
	struct veuicc_options options = { .state_dir = state, .pki_dirs = { pki }, .pki_count = 1, .log = log };
	struct esim_error err = { 0 };
	struct owned_proxy *proxy;
	struct veuicc *card;
	sigset_t signals;
	int signal;

	sigemptyset(&signals);
	sigaddset(&signals, SIGTERM);
	sigaddset(&signals, SIGINT);
	sigprocmask(SIG_BLOCK, &signals, NULL);
	if (veuicc_new(&options, &card, &err)) {
		fprintf(stderr, "modem: %s\n", err.message);
		return EXIT_FAILURE;
	}
	proxy = owned_proxy_new(card, NULL);
	if (proxy) {
		printf("listening /dev/euicc%u\n", owned_proxy_minor(proxy));
		fflush(stdout);
		sigwait(&signals, &signal);
	}
	owned_proxy_free(proxy);
	veuicc_free(&card);
	return proxy ? EXIT_SUCCESS : EXIT_FAILURE;
}
