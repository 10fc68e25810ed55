/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * A modem in software: a transport of /dev/euicc-proxy that opens channels by itself, names them
 * by handles that say nothing, promises no FCI, and has the virtual eUICC behind it. A thread of
 * its own answers.
 */
#ifndef COREESIM_TESTS_VM_OWNED_PROXY_H
#define COREESIM_TESTS_VM_OWNED_PROXY_H

#include <stdbool.h>

#include "veuicc/veuicc.h"

struct owned_proxy_options {
	unsigned int channels;		/* at a time; 0: as many as the card gives */
	bool pass_61;			/* 61xx goes up, and the kernel fetches the data; else the
					 * modem does */
};

struct owned_proxy;

/* The card must live longer, and is the thread's alone meanwhile. OPTIONS may be NULL. NULL with
 * errno set where there is no proxy or it refuses. */
struct owned_proxy *owned_proxy_new(struct veuicc *card, const struct owned_proxy_options *options);
unsigned int owned_proxy_minor(const struct owned_proxy *proxy);

/* Channels that are open now, and requests of a kind (EUICC_PROXY_*) so far. */
unsigned int owned_proxy_channels(struct owned_proxy *proxy);
unsigned int owned_proxy_requests(struct owned_proxy *proxy, unsigned int op);

/* Unplugs and frees. NULL is fine. */
void owned_proxy_free(struct owned_proxy *proxy);

#endif
