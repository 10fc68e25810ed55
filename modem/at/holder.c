/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Which process has a device open, as far as /proc shows it: root sees all, others their own. */
#include "at.h"

#include <dirent.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>
#include <unistd.h>

#define FIRST_PTY_MAJOR	136		/* to 143: the numbers of each mount of devpts begin at 0 */
#define LAST_PTY_MAJOR	143

/* The same device; not one of that number which has left, and which a program has not yet closed. */
static bool is_same(const struct stat *one, const struct stat *other)
{
	const unsigned kind = major(one->st_rdev);

	return S_ISCHR(one->st_mode) && one->st_rdev == other->st_rdev && one->st_nlink > 0 &&
	       (kind < FIRST_PTY_MAJOR || kind > LAST_PTY_MAJOR || one->st_dev == other->st_dev);
}

static bool has_open(const char *pid, const struct stat *device)
{
	char path[64];
	struct dirent *entry;
	struct stat st;
	bool found = false;
	DIR *dir;

	snprintf(path, sizeof(path), "/proc/%.16s/fd", pid);
	dir = opendir(path);
	while (dir && !found && (entry = readdir(dir)) != NULL)
		found = fstatat(dirfd(dir), entry->d_name, &st, 0) == 0 && is_same(&st, device);
	if (dir)
		closedir(dir);
	return found;
}

static void read_name(const char *pid, char *ret, size_t size)
{
	char path[64];
	ssize_t len = -1;
	int fd;

	snprintf(path, sizeof(path), "/proc/%.16s/comm", pid);
	fd = open(path, O_RDONLY | O_CLOEXEC);
	if (fd >= 0) {
		len = read(fd, ret, size - 1);
		close(fd);
	}
	ret[len > 0 ? len : 0] = '\0';
	ret[strcspn(ret, "\n")] = '\0';
}

bool at_holder_find(int fd, char *ret, size_t size)
{
	struct dirent *entry;
	bool found = false;
	struct stat st;
	DIR *dir;

	if (fstat(fd, &st))
		return false;
	dir = opendir("/proc");
	while (dir && !found && (entry = readdir(dir)) != NULL) {
		const char *pid = entry->d_name;
		char name[32];

		if (strspn(pid, "0123456789") != strlen(pid) || atol(pid) == getpid() || !has_open(pid, &st))
			continue;
		read_name(pid, name, sizeof(name));
		snprintf(ret, size, "%s (process %.16s)", name[0] ? name : "a program", pid);
		found = true;
	}
	if (dir)
		closedir(dir);
	return found;
}
