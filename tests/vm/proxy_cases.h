/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The parts of proxy_vmtest.c. Each leaves no device behind. */
#ifndef COREESIM_TESTS_VM_PROXY_CASES_H
#define COREESIM_TESTS_VM_PROXY_CASES_H

#include "vm/device.h"
#include "vm/proxy_end.h"
#include "vm/tap.h"

#include "veuicc/veuicc.h"

void proxy_new_dev_cases(void);		/* what NEW_DEV takes, gives and refuses */
void proxy_message_cases(void);		/* framing: read() and write() */
void proxy_answer_cases(void);		/* what answers, failures and events mean */
void proxy_hang_cases(void);		/* a transport that does not read, or does not answer */
void proxy_life_cases(void);		/* who holds the end, and what its closing does */
void proxy_owned_cases(void);		/* a transport that opens channels by itself */
void proxy_veuicc_cases(void);		/* the virtual eUICC behind a device */

/* A command with data and an answer of LEN bytes that say TAG; see fakecard_command(). */
struct proxy_command {
	uint8_t bytes[64];
	size_t len;
};
struct proxy_command proxy_command(uint32_t tag, uint16_t response_len);

/* A modem in software until SIGTERM; LOG may be NULL. An exit status. */
int proxy_modem(const char *state, const char *pki, const char *log);

/* A virtual eUICC of the build's PKI; NULL, and a failure said. */
struct veuicc *proxy_card(void);
/* Does the ISD-R on FD's channel give CARD's EID? */
bool proxy_gives_eid(int fd, struct veuicc *card);

/* 64 KiB that cannot be touched. */
void *proxy_nowhere(void);

/* Entries of /sys/class/euicc; descriptors of this process. */
unsigned int proxy_device_count(void);
unsigned int proxy_descriptor_count(void);

#endif
