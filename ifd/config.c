/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The file is read twice: [driver] first, whose settings are every slot's, then the slots'. A
 * mistake in a slot's section empties that slot, any other mistake all of them: what an
 * administrator meant to refuse must not be reached for a slip of the pen.
 */
#include "config.h"

#include "config_value.h"
#include "log.h"

#include <errno.h>
#include <fcntl.h>
#include <ini.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define DEFAULT_SLOTS 4
#define DRIVER (-1)
#define BAD_SECTION (-2)

struct reading {
	struct config *config;
	FILE *file;
	const char *name;
	int line;
	bool second;			/* time through the file */
	struct config_slot common;	/* what [driver] says */
	unsigned seen[CONFIG_SLOTS_MAX + 1];	/* keys, as bits; [0] is [driver]'s */
	bool broken[CONFIG_SLOTS_MAX], all_broken;
};

void config_defaults(struct config *config)
{
	*config = (struct config){ .slots = DEFAULT_SLOTS };
	for (unsigned i = 0; i < CONFIG_SLOTS_MAX; i++) {
		snprintf(config->slot[i].device, CONFIG_DEVICE_MAX, "/dev/euicc%u", i);
		config->slot[i].policy.start = config_value_usim;
	}
}

static int section_number(const char *section)
{
	if (strcmp(section, "driver") == 0)
		return DRIVER;
	if (strncmp(section, "slot ", 5) == 0 && section[5] >= '0' &&
	    section[5] < '0' + CONFIG_SLOTS_MAX && section[6] == '\0')
		return section[5] - '0';
	return BAD_SECTION;
}

static void mark_broken(struct reading *reading, int section)
{
	if (section >= 0)
		reading->broken[section] = true;
	else
		reading->all_broken = true;
}

static void take_value(struct reading *reading, int section, const char *name, const char *value)
{
	struct config_slot *slot = section == DRIVER ? &reading->common : &reading->config->slot[section];
	unsigned *slots = section == DRIVER ? &reading->config->slots : NULL;
	const char *why = config_value_set(slot, slots, name, value, &reading->seen[section + 1]);

	if (!why)
		return;
	ifd_log_error("%s:%d: %s: %s", reading->name, reading->line, name, why);
	mark_broken(reading, section);
}

static int on_value(void *user, const char *section, const char *name, const char *value)
{
	struct reading *reading = user;
	int number = section_number(section);

	if (number == BAD_SECTION) {
		if (!reading->second)
			ifd_log_error("%s:%d: [%s] is no section; there are [driver] and [slot 0] to [slot %d]",
				      reading->name, reading->line, section, CONFIG_SLOTS_MAX - 1);
		reading->all_broken = true;
	} else if (reading->second == (number != DRIVER)) {
		take_value(reading, number, name, value);
	}
	return 1;
}

/*
 * A line for inih. It would take the rest of one that is too long for another line, and overlook
 * what comes after a NUL: a file that a crash left full of them would read as an empty one.
 */
static char *next_line(char *line, int size, void *stream)
{
	struct reading *reading = stream;
	int len = 0, c;

	reading->line++;
	do {
		c = getc(reading->file);
		if (c == EOF)
			break;
		line[len++] = (char)c;
	} while (c && c != '\n' && len + 1 < size);
	line[len] = '\0';
	if (c == EOF || c == '\n')
		return len ? line : NULL;
	ifd_log_error("%s:%d: the line %s", reading->name, reading->line,
		      c ? "is too long" : "has a NUL byte in it");
	reading->all_broken = true;
	return NULL;
}

static void read_through(struct reading *reading)
{
	int r;

	rewind(reading->file);
	reading->line = 0;
	r = ini_parse_stream(next_line, reading, on_value, reading);
	if (r == 0 && !ferror(reading->file))
		return;
	if (!reading->second)
		ifd_log_error("%s:%d: neither a section nor NAME = VALUE", reading->name, r);
	reading->all_broken = true;
}

void config_read(struct config *config, FILE *file, const char *name)
{
	struct reading reading = { .config = config, .file = file, .name = name };

	config_defaults(config);
	reading.common = config->slot[0];
	read_through(&reading);
	for (unsigned i = 0; i < CONFIG_SLOTS_MAX; i++)
		config->slot[i].policy = reading.common.policy;
	reading.second = true;
	read_through(&reading);
	for (unsigned i = 0; i < CONFIG_SLOTS_MAX; i++) {
		const char *why = config_value_conflict(&config->slot[i]);

		if (why && i < config->slots && !reading.all_broken && !reading.broken[i])
			ifd_log_error("%s: slot %u: %s", name, i, why);
		if (why || reading.all_broken || reading.broken[i])
			config->slot[i].device[0] = '\0';
	}
	if (reading.all_broken)
		ifd_log_error("%s: for the errors in it, all slots stay empty", name);
}

static void empty_all(struct config *config)
{
	config_defaults(config);
	for (unsigned i = 0; i < CONFIG_SLOTS_MAX; i++)
		config->slot[i].device[0] = '\0';
}

bool config_is_trusted(const struct stat *status)
{
	return S_ISREG(status->st_mode) && status->st_uid == 0 && !(status->st_mode & (S_IWGRP | S_IWOTH));
}

void config_load(struct config *config, const char *path)
{
	int fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK);
	struct stat status;
	FILE *file = NULL;

	config_defaults(config);
	if (fd < 0 && errno == ENOENT)
		return;
	if (fd >= 0 && fstat(fd, &status) == 0 && !config_is_trusted(&status)) {
		ifd_log_error("%s: not a file that root owns and nobody else may write: all slots stay empty", path);
		empty_all(config);
		close(fd);
		return;
	}
	if (fd >= 0)
		file = fdopen(fd, "r");
	if (!file) {
		ifd_log_error("%s: %s: all slots stay empty", path, strerror(errno));
		empty_all(config);
		if (fd >= 0)
			close(fd);
		return;
	}
	config_read(config, file, path);
	fclose(file);
}
