/* SPDX-License-Identifier: GPL-2.0-or-later */
/* See bus_agent.h. */
#include "bus_agent.h"

#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#define AGENT		"/usr/bin/pkttyagent"
#define PATIENCE_MS	10000

/* Standard output is the verb's alone; --fallback leaves it to a desktop's agent. */
static void run_agent(int ready)
{
	char number[12];

	prctl(PR_SET_PDEATHSIG, SIGTERM);
	snprintf(number, sizeof(number), "%d", ready);
	if (fcntl(ready, F_SETFD, 0) == 0 && dup2(STDERR_FILENO, STDOUT_FILENO) >= 0)
		execl(AGENT, AGENT, "--notify-fd", number, "--fallback", (char *)NULL);
	_exit(1);
}

/* It closes its end when polkit knows of it; so does its death. */
static void await_agent(int fd)
{
	struct pollfd closed = { .fd = fd };

	poll(&closed, 1, PATIENCE_MS);
}

void bus_agent_start(pid_t *agent)
{
	int ready[2];
	pid_t pid;

	if (*agent || geteuid() == 0 || !isatty(STDIN_FILENO) || access(AGENT, X_OK) || pipe2(ready, O_CLOEXEC))
		return;
	pid = fork();
	if (pid == 0)
		run_agent(ready[1]);
	close(ready[1]);
	if (pid > 0) {
		*agent = pid;
		await_agent(ready[0]);
	}
	close(ready[0]);
}

void bus_agent_stop(pid_t *agent)
{
	if (!*agent)
		return;
	kill(*agent, SIGTERM);
	kill(*agent, SIGCONT);
	waitpid(*agent, NULL, 0);
	*agent = 0;
}
