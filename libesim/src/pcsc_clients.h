/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Who else speaks to pcscd, for a message that says whom to ask. */
#ifndef PCSC_CLIENTS_H
#define PCSC_CLIENTS_H

#include <stdbool.h>

#define PCSC_CLIENTS_SIZE 160

/*
 * "opensc-tool (process 12)", or several, of the programs but this one that are connected to
 * pcscd. False: none can be seen; other users' processes are seen by root alone.
 */
bool pcsc_clients(char text[static PCSC_CLIENTS_SIZE]);

#endif
