/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What a program does before anything else when it is going to open sockets. */
#ifndef ESIM_PROGRAM_H
#define ESIM_PROGRAM_H

#include <fcntl.h>
#include <unistd.h>

#ifdef __cplusplus
extern "C" {
#endif

/*
 * Open /dev/null until descriptors 0 to 2 exist. Started without one of them, a
 * program would get its number for a socket to card or server, and print into that
 * or read answers of the user from it. Ends the process where there is no /dev/null.
 */
static inline void esim_open_standard_fds(void)
{
	int fd;

	for (fd = STDIN_FILENO; fd <= STDERR_FILENO; fd++)
		if (fcntl(fd, F_GETFD) < 0 && open("/dev/null", O_RDWR) != fd)
			_exit(1);
}

#ifdef __cplusplus
}
#endif
#endif
