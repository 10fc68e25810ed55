/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The client of broker.c: takes a channel to the ISD-R from the socket and asks for the EID. */
#include <err.h>
#include <linux/euicc.h>
#include <stdio.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <sys/un.h>

static int take(const char *path)
{
	union { char bytes[CMSG_SPACE(sizeof(int))]; struct cmsghdr align; } control;
	struct sockaddr_un address = { .sun_family = AF_UNIX };
	struct iovec byte = { .iov_base = &(char){ 0 }, .iov_len = 1 };
	struct msghdr message = {
		.msg_iov = &byte, .msg_iovlen = 1,
		.msg_control = control.bytes, .msg_controllen = sizeof(control.bytes),
	};
	int broker = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0), fd;
	struct cmsghdr *header;

	snprintf(address.sun_path, sizeof(address.sun_path), "%s", path);
	if (broker < 0 || connect(broker, (struct sockaddr *)&address, sizeof(address)))
		err(1, "%s", path);
	if (recvmsg(broker, &message, MSG_CMSG_CLOEXEC) <= 0)
		errx(1, "the broker gave no channel");
	header = CMSG_FIRSTHDR(&message);
	if (!header || header->cmsg_type != SCM_RIGHTS || header->cmsg_len != CMSG_LEN(sizeof(fd)))
		errx(1, "the broker sent something else");
	memcpy(&fd, CMSG_DATA(header), sizeof(fd));
	return fd;
}

int main(int argc, char **argv)
{
	static const unsigned char get_eid[] = { 0x80, 0xE2, 0x91, 0, 6, 0xBF, 0x3E, 3, 0x5C, 1, 0x5A, 0 };
	unsigned char answer[256];
	struct euicc_xfer_entry entry = { .command_len = sizeof(get_eid) };
	struct euicc_xfer xfer = {
		.entries = (__u64)(unsigned long)&entry, .entry_count = 1,
		.commands = (__u64)(unsigned long)get_eid, .commands_len = sizeof(get_eid),
		.responses = (__u64)(unsigned long)answer, .responses_size = sizeof(answer),
	};

	if (argc != 2)
		errx(2, "usage: broker-client SOCKET");
	if (ioctl(take(argv[1]), EUICC_XFER, &xfer))
		err(1, "nothing was sent");
	if (entry.status || entry.sw != 0x9000)
		errx(1, "status %d, SW %04X", entry.status, entry.sw);
	for (unsigned int i = 0; i < entry.response_len; i++)
		printf("%02X", answer[i]);
	putchar('\n');
	return 0;
}
