/* SPDX-License-Identifier: GPL-2.0-or-later */
/* A broker: opens a channel to an application and hands it to whoever connects to its socket. The
 * client needs no right to the device; what it gets reaches this application alone, see euicc(4). */
#include <err.h>
#include <fcntl.h>
#include <linux/euicc.h>
#include <stdio.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

static int open_channel(const char *device)
{
	struct euicc_open_channel args = {
		.aid = { 0xA0, 0, 0, 5, 0x59, 0x10, 0x10, 0xFF, 0xFF, 0xFF, 0xFF, 0x89, 0, 0, 1, 0 },
		.aid_len = 16,
	};
	int fd = open(device, O_RDWR | O_CLOEXEC);

	if (fd < 0 || ioctl(fd, EUICC_OPEN_CHANNEL, &args))
		err(1, "%s: the ISD-R (SW %04X)", device, args.sw);
	return fd;
}

static void pass(int client, int fd)
{
	union { char bytes[CMSG_SPACE(sizeof(int))]; struct cmsghdr align; } control = { 0 };
	struct iovec byte = { .iov_base = &(char){ 0 }, .iov_len = 1 };
	struct msghdr message = {
		.msg_iov = &byte, .msg_iovlen = 1,
		.msg_control = control.bytes, .msg_controllen = sizeof(control.bytes),
	};
	struct cmsghdr *header = CMSG_FIRSTHDR(&message);

	*header = (struct cmsghdr){ CMSG_LEN(sizeof(fd)), SOL_SOCKET, SCM_RIGHTS };
	memcpy(CMSG_DATA(header), &fd, sizeof(fd));
	if (sendmsg(client, &message, MSG_NOSIGNAL) < 0)
		warn("a client went without its channel");
}

int main(int argc, char **argv)
{
	struct sockaddr_un address = { .sun_family = AF_UNIX };
	int listener = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);

	if (argc != 3 || strlen(argv[2]) >= sizeof(address.sun_path))
		errx(2, "usage: broker DEVICE SOCKET");
	strcpy(address.sun_path, argv[2]);
	unlink(argv[2]);
	if (listener < 0 || bind(listener, (struct sockaddr *)&address, sizeof(address)) ||
	    listen(listener, 8))
		err(1, "%s", argv[2]);
	printf("listening %s\n", argv[2]);
	fflush(stdout);
	for (int client; (client = accept(listener, NULL, NULL)) >= 0; close(client)) {
		int fd = open_channel(argv[1]);

		pass(client, fd);
		close(fd);	/* the client's copy keeps the channel open, and its end closes it */
	}
	err(1, "accept");
}
