/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Programs that the bench starts; see child.h. */
#include "bench/child.h"

#include <err.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#define LISTENING "listening "

pid_t child_spawn(const char *const argv[], int errors, FILE **ret_output)
{
	pid_t parent = getpid(), pid;
	int fds[2];

	if (pipe(fds))
		err(1, "pipe");
	pid = fork();
	if (pid < 0)
		err(1, "fork");
	if (pid == 0) {
		prctl(PR_SET_PDEATHSIG, SIGTERM);
		if (getppid() != parent)
			_exit(126);
		dup2(fds[1], STDOUT_FILENO);
		if (errors >= 0)
			dup2(errors, STDERR_FILENO);
		close(fds[0]);
		close(fds[1]);
		execv(argv[0], (char *const *)argv);
		warn("%s", argv[0]);
		_exit(127);
	}
	close(fds[1]);
	*ret_output = fdopen(fds[0], "r");
	if (!*ret_output)
		err(1, "fdopen");
	return pid;
}

void child_start_server(struct child *child, const char *const argv[])
{
	char line[sizeof(LISTENING) - 1 + CHILD_MAX_ADDRESS];
	FILE *output;

	child->pid = child_spawn(argv, -1, &output);
	if (!fgets(line, sizeof(line), output) || strncmp(line, LISTENING, strlen(LISTENING)))
		errx(1, "%s did not start", argv[0]);
	line[strcspn(line, "\n")] = '\0';
	memcpy(child->address, line + strlen(LISTENING), sizeof(child->address));
	fclose(output);
}

void child_stop(struct child *child)
{
	if (child->pid <= 0)
		return;
	kill(child->pid, SIGTERM);
	waitpid(child->pid, NULL, 0);
	child->pid = 0;
}

static uint64_t now_us(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return (uint64_t)now.tv_sec * 1000000 + (uint64_t)now.tv_nsec / 1000;
}

static uint64_t timeval_us(struct timeval tv)
{
	return (uint64_t)tv.tv_sec * 1000000 + (uint64_t)tv.tv_usec;
}

int child_run(const char *const argv[], char *output, size_t size, struct child_cost *ret)
{
	uint64_t start = now_us();
	struct rusage usage;
	FILE *stream;
	pid_t pid = child_spawn(argv, -1, &stream);
	size_t len;
	int status;

	len = fread(output, 1, size - 1, stream);
	output[len] = '\0';
	fclose(stream);
	if (wait4(pid, &status, 0, &usage) != pid)
		err(1, "wait4");
	ret->wall_us = now_us() - start;
	ret->cpu_us = timeval_us(usage.ru_utime) + timeval_us(usage.ru_stime);
	ret->peak_kib = usage.ru_maxrss;
	return WIFEXITED(status) ? WEXITSTATUS(status) : 128;
}
