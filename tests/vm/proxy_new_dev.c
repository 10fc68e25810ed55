/* SPDX-License-Identifier: GPL-2.0-or-later */
/* NEW_DEV: what it takes, gives and refuses; and that a refusal leaves nothing behind. */
#include "vm/proxy_cases.h"

#include <errno.h>
#include <fcntl.h>
#include <grp.h>
#include <linux/capability.h>
#include <sched.h>
#include <stdio.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

/* --- validation ------------------------------------------------------------------------- */

enum field { FEATURES, MAX_COMMAND, MAX_RESPONSE, PROTOCOL, ATR_LEN, RESERVED1, NAME, FLAGS,
	     RESERVED };

static const struct {
	const char *what;
	enum field field;
	uint64_t value, features;
	int expected;
} values[] = {
	{ "an unknown feature", FEATURES, 1ULL << 7, 0, -EINVAL },
	{ "the last feature bit", FEATURES, 1ULL << 63, 0, -EINVAL },
	{ "a command longer than short APDUs have", MAX_COMMAND, 262, 0, -EINVAL },
	{ "the longest short command", MAX_COMMAND, 261, 0, 0 },
	{ "the longest extended command", MAX_COMMAND, 65544, EUICC_FEATURE_EXTENDED, 0 },
	{ "a command longer than extended APDUs have", MAX_COMMAND, 65545, EUICC_FEATURE_EXTENDED,
	  -EINVAL },
	{ "the most that 32 bits hold", MAX_COMMAND, UINT32_MAX, EUICC_FEATURE_EXTENDED, -EINVAL },
	{ "a command in which SELECT has no room", MAX_COMMAND, 21, 0, -EINVAL },
	{ "a command that SELECT just fits", MAX_COMMAND, 22, 0, 0 },
	{ "a response longer than short APDUs have", MAX_RESPONSE, 257, 0, -EINVAL },
	{ "the longest short response", MAX_RESPONSE, 256, 0, 0 },
	{ "the longest extended response", MAX_RESPONSE, 65536, EUICC_FEATURE_EXTENDED, 0 },
	{ "a response longer than extended APDUs have", MAX_RESPONSE, 65537, EUICC_FEATURE_EXTENDED,
	  -EINVAL },
	{ "the longest response that a modem has gathered", MAX_RESPONSE, 65536, EUICC_FEATURE_OWNED, 0 },
	{ "a response longer than that", MAX_RESPONSE, 65537, EUICC_FEATURE_OWNED, -EINVAL },
	{ "a response in which an FCI has no room", MAX_RESPONSE, 255, 0, -EINVAL },
	{ "an unknown protocol", PROTOCOL, 2, 0, -EINVAL },
	{ "T=1", PROTOCOL, EUICC_PROTOCOL_T1, 0, 0 },
	{ "no protocol", PROTOCOL, EUICC_PROTOCOL_NONE, 0, 0 },
	{ "no ATR", ATR_LEN, 0, 0, 0 },
	{ "an ATR of one byte", ATR_LEN, 1, 0, -EINVAL },
	{ "an ATR of two bytes", ATR_LEN, 2, 0, 0 },
	{ "the longest ATR", ATR_LEN, 33, 0, 0 },
	{ "an ATR too long", ATR_LEN, 34, 0, -EINVAL },
	{ "an ATR of as much as 32 bits hold", ATR_LEN, UINT32_MAX, 0, -EINVAL },
	{ "a reserved byte behind the ATR", RESERVED1, 1, 0, -EINVAL },
	{ "a name without end", NAME, 'x', 0, -EINVAL },
	{ "a flag", FLAGS, 1, 0, -EINVAL },
	{ "a reserved word", RESERVED, 1, 0, -EINVAL },
};

static struct euicc_proxy_new_dev args_with(enum field field, uint64_t value, uint64_t features)
{
	struct euicc_proxy_new_dev args = end_args();

	args.features |= features;
	switch (field) {
	case FEATURES:
		args.features |= value;
		break;
	case MAX_COMMAND:
		args.max_command = (uint32_t)value;
		break;
	case MAX_RESPONSE:
		args.max_response = (uint32_t)value;
		break;
	case PROTOCOL:
		args.protocol = (uint32_t)value;
		break;
	case ATR_LEN:
		args.atr_len = (uint32_t)value;
		break;
	case RESERVED1:
		args.reserved1[2] = (uint8_t)value;
		break;
	case NAME:
		memset(args.name, (int)value, sizeof(args.name));
		break;
	case FLAGS:
		args.flags = (uint32_t)value;
		break;
	case RESERVED:
		args.reserved[5] = (uint32_t)value;
		break;
	}
	return args;
}

static void check_values(void)
{
	for (size_t i = 0; i < sizeof(values) / sizeof(values[0]); i++) {
		struct euicc_proxy_new_dev args = args_with(values[i].field, values[i].value,
							    values[i].features);
		int r = end_new_dev(&args);

		tap_ok(r == values[i].expected, "NEW_DEV: %s: %d", values[i].what, values[i].expected);
		if (r == 0)
			close(args.fd);
	}
}

/* --- what it gives ------------------------------------------------------------------------- */

static void check_info(void)
{
	struct euicc_proxy_new_dev args = end_args();
	struct euicc_info info = { 0 };
	struct stat st;
	struct end *end;
	int fd, r;

	args.max_command = 200;
	args.protocol = EUICC_PROTOCOL_T1;
	end = end_new(&args);
	fd = device_open(end->minor, 0);
	r = device_info(fd, &info);
	tap_ok(r == 0 && info.max_command == 200 && info.max_response == 256 &&
	       info.protocol == EUICC_PROTOCOL_T1 && !strcmp(info.transport, "proxy") &&
	       !strcmp(info.name, args.name) && info.atr_len == args.atr_len &&
	       !memcmp(info.atr, args.atr, args.atr_len) && info.generation == 0,
	       "GET_INFO gives what NEW_DEV was given");
	tap_ok((info.features & (EUICC_FEATURE_FCI | EUICC_FEATURE_P2)) ==
	       (EUICC_FEATURE_FCI | EUICC_FEATURE_P2),
	       "where the kernel manages the channels it gives the FCI and heeds P2");
	tap_ok((fcntl(end->fd, F_GETFD) & FD_CLOEXEC) && (fcntl(end->fd, F_GETFL) & O_ACCMODE) == O_RDWR,
	       "the transport's end is O_RDWR and closed on exec");
	tap_ok(end_is_quiet(end), "asking asks nothing of the transport");
	tap_ok(lseek(end->fd, 0, SEEK_SET) < 0 && errno == ESPIPE &&
	       pread(end->fd, &st, 16, 0) < 0 && errno == ESPIPE, "the transport's end has no position");
	tap_ok(ioctl(end->fd, EUICC_PROXY_NEW_DEV, &args) < 0 && errno == ENOTTY,
	       "the transport's end has no ioctls");
	close(fd);
	end_free(end);
}

/* --- refusals leave nothing ------------------------------------------------------------------ */

/* NEW_DEV in a child, after PREPARE: its errno. */
static int in_child(bool (*prepare)(void))
{
	struct euicc_proxy_new_dev args = end_args();
	int proxy = open(END_DEVICE, O_RDWR | O_CLOEXEC), status = 0;
	pid_t pid = fork();

	if (pid == 0) {
		if (!prepare())
			_exit(255);
		_exit(ioctl(proxy, EUICC_PROXY_NEW_DEV, &args) < 0 ? errno : 0);
	}
	waitpid(pid, &status, 0);
	close(proxy);
	return WIFEXITED(status) ? WEXITSTATUS(status) : 254;
}

static bool drop_sys_admin(void)
{
	struct __user_cap_header_struct head = { .version = _LINUX_CAPABILITY_VERSION_3 };
	struct __user_cap_data_struct data[2];

	if (syscall(SYS_capget, &head, data))
		return false;
	data[0].effective &= ~(1u << CAP_SYS_ADMIN);
	return !syscall(SYS_capset, &head, data);
}

static bool enter_user_namespace(void)
{
	return unshare(CLONE_NEWUSER) == 0;
}

static bool nothing(void)
{
	return true;
}

static void check_capability(void)
{
	int r;

	tap_ok(in_child(nothing) == 0, "NEW_DEV by root works in a child");
	tap_ok(in_child(drop_sys_admin) == EPERM, "NEW_DEV without CAP_SYS_ADMIN: EPERM");
	r = in_child(enter_user_namespace);
	if (r == 255)
		tap_skip("NEW_DEV as root of a user namespace: EPERM", "no user namespaces here");
	else
		tap_ok(r == EPERM, "NEW_DEV as root of a user namespace: EPERM");
}

static void check_bad_memory(void)
{
	const long page = sysconf(_SC_PAGESIZE);
	struct euicc_proxy_new_dev *args = mmap(NULL, (size_t)page, PROT_READ | PROT_WRITE,
						MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	unsigned int descriptors = proxy_descriptor_count();

	*args = end_args();
	mprotect(args, (size_t)page, PROT_READ);
	tap_ok(end_new_dev(args) == -EFAULT, "NEW_DEV that cannot tell its descriptor: EFAULT");
	tap_ok(proxy_device_count() == 0 && proxy_descriptor_count() == descriptors,
	       "NEW_DEV that failed leaves no device and no descriptor");
	munmap(args, (size_t)page);
	tap_ok(end_new_dev(args) == -EFAULT, "NEW_DEV from nowhere: EFAULT");
}

static void check_descriptors(void)
{
	struct euicc_proxy_new_dev args = end_args();
	int proxy = open(END_DEVICE, O_RDWR | O_CLOEXEC), r;
	struct rlimit old, none;

	getrlimit(RLIMIT_NOFILE, &old);
	none = old;
	none.rlim_cur = (rlim_t)proxy + 1;
	setrlimit(RLIMIT_NOFILE, &none);
	r = ioctl(proxy, EUICC_PROXY_NEW_DEV, &args) < 0 ? errno : 0;
	setrlimit(RLIMIT_NOFILE, &old);
	tap_ok(r == EMFILE && proxy_device_count() == 0,
	       "NEW_DEV without a free descriptor: EMFILE, and no device");
	tap_ok(ioctl(proxy, 0xE311, &args) < 0 && errno == ENOTTY, "an unknown ioctl: ENOTTY");
	close(proxy);
}

#define MINORS 256

static void check_minors(void)
{
	struct rlimit limit = { .rlim_cur = 1024, .rlim_max = 4096 };
	int fds[MINORS + 1], count = 0, r = 0;
	struct euicc_proxy_new_dev args;
	bool seen[MINORS] = { false }, twice = false;

	setrlimit(RLIMIT_NOFILE, &limit);
	while (count <= MINORS) {
		args = end_args();
		r = end_new_dev(&args);
		if (r < 0)
			break;
		fds[count++] = args.fd;
		twice = twice || args.minor >= MINORS || seen[args.minor];
		seen[args.minor % MINORS] = true;
	}
	tap_ok(r == -ENOSPC && count == MINORS && !twice, "%d devices, and then ENOSPC", MINORS);
	if (count > 100) {
		close(fds[100]);
		fds[100] = -1;
		args = end_args();
		r = end_new_dev(&args);
		tap_ok(r == 0, "a minor that is given back can be had again");
		fds[100] = r == 0 ? args.fd : -1;
	}
	while (count > 0)
		close(fds[--count]);
	tap_ok(proxy_device_count() == 0, "all minors are given back");
}

void proxy_new_dev_cases(void)
{
	check_values();
	check_info();
	check_capability();
	check_bad_memory();
	check_descriptors();
	check_minors();
}
