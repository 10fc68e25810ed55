/* SPDX-License-Identifier: GPL-2.0-or-later */
/* pkttyagent(1): asks on this terminal what polkit wants to know, where no desktop does. */
#ifndef LPACTL_BUS_AGENT_H
#define LPACTL_BUS_AGENT_H

#include <sys/types.h>

/* Nothing where one runs, standard input is no terminal, the user is root, or there is no such program. */
void bus_agent_start(pid_t *agent);
void bus_agent_stop(pid_t *agent);

#endif
