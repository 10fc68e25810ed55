/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * /dev/euicc-proxy: a program as a transport. Every message by hand, every way to misbehave, and
 * who may hold the transport's end; then real cards behind it, with channels that the kernel
 * manages and with channels of their own.
 */
#include "vm/proxy_cases.h"

#include <dirent.h>
#include <signal.h>
#include <string.h>
#include <sys/mman.h>

struct proxy_command proxy_command(uint32_t tag, uint16_t response_len)
{
	struct proxy_command command;

	command.len = fakecard_command(command.bytes, tag, 0x9000, response_len, 0, true);
	return command;
}

void *proxy_nowhere(void)
{
	static void *nowhere;

	if (!nowhere)
		nowhere = mmap(NULL, 65536 + 16, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	return nowhere;
}

static unsigned int count_entries(const char *path)
{
	DIR *dir = opendir(path);
	struct dirent *entry;
	unsigned int count = 0;

	while (dir && (entry = readdir(dir)))
		count += entry->d_name[0] != '.';
	if (dir)
		closedir(dir);
	return count;
}

unsigned int proxy_device_count(void)
{
	return count_entries("/sys/class/euicc");
}

unsigned int proxy_descriptor_count(void)
{
	return count_entries("/proc/self/fd");
}

int main(int argc, char **argv)
{
	if (argc >= 4 && !strcmp(argv[1], "modem"))
		return proxy_modem(argv[2], argv[3], argc > 4 ? argv[4] : NULL);
	signal(SIGPIPE, SIG_IGN);
	proxy_new_dev_cases();
	proxy_message_cases();
	proxy_answer_cases();
	proxy_hang_cases();
	proxy_owned_cases();
	proxy_veuicc_cases();
	proxy_life_cases();
	tap_ok(proxy_device_count() == 0, "no device is left over");
	return tap_exit();
}
