/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Commands to the reader while it runs: a line each, on any number of connections. The
 * answer is lines of text and a last one, `ok` or `error REASON`. See vreader --help.
 */
#include "vreader/reader.h"

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#define MAX_LINE 1024

/* --- connections ------------------------------------------------------------ */

int vreader_control_add(struct vreader *reader, int in, int out)
{
	for (size_t i = 0; i < VREADER_MAX_CONTROLS; i++) {
		if (reader->controls[i].in >= 0)
			continue;
		reader->controls[i] = (struct vreader_control){
			.in = in, .out = out, .line = ESIM_BUF_INIT_MAX(MAX_LINE),
		};
		return 0;
	}
	return ESIM_EBUSY;
}

void vreader_control_close(struct vreader_control *control)
{
	if (control->in < 0)
		return;
	if (control->out != control->in)
		close(control->out);
	close(control->in);
	esim_buf_free(&control->line);
	control->in = -1;
}

int vreader_control_listen(struct vreader *reader, const char *path, struct esim_error *err)
{
	struct sockaddr_un address = { .sun_family = AF_UNIX };

	if (strlen(path) >= sizeof(address.sun_path))
		return esim_error_set(err, ESIM_EINVAL, "%s is too long for a socket", path);
	strcpy(address.sun_path, path);
	strcpy(reader->listener_path, path);
	unlink(path);
	reader->listener = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
	if (reader->listener < 0 ||
	    bind(reader->listener, (struct sockaddr *)&address, sizeof(address)) ||
	    listen(reader->listener, 4))
		return esim_error_errno(err, ESIM_EIO, errno, "cannot listen at %s", path);
	return 0;
}

void vreader_control_accept(struct vreader *reader)
{
	int fd = accept4(reader->listener, NULL, NULL, SOCK_CLOEXEC);

	if (fd >= 0 && vreader_control_add(reader, fd, fd))
		close(fd);
}

__attribute__((format(printf, 2, 3)))
static void reply(struct vreader_control *control, const char *format, ...)
{
	char text[VREADER_REPLY_SIZE];
	va_list list;
	int len;

	va_start(list, format);
	len = vsnprintf(text, sizeof(text), format, list);
	va_end(list);
	for (int done = 0; done < len;) {
		ssize_t n = write(control->out, text + done, (size_t)(len - done));

		if (n <= 0)
			return;
		done += (int)n;
	}
}

/* --- waiting ---------------------------------------------------------------- */

static void wait_for(struct vreader_control *control, enum vreader_stat stat, uint64_t count)
{
	control->waiting = true;
	control->stat = stat;
	control->count = count;
}

/* --- commands --------------------------------------------------------------- */

/* True: answered, or its answer will come. False: `ok` is the answer. */
typedef bool command_handler(struct vreader *reader, struct vreader_control *control, char *text);

static struct vreader_slot *slot_of(struct vreader *reader, struct vreader_control *control,
				    const char *text)
{
	char *end;
	unsigned long n = strtoul(text, &end, 10);

	if (*end == '\0' && n < reader->slot_count)
		return &reader->slots[n];
	reply(control, "error there is no slot %s\n", text);
	return NULL;
}

static bool insert(struct vreader *reader, struct vreader_control *control, char *text)
{
	struct vreader_slot *slot = slot_of(reader, control, text);

	if (!slot)
		return true;
	vreader_slot_insert(slot);
	vreader_ccid_notify(reader);
	return false;
}

static bool take_out(struct vreader *reader, struct vreader_control *control, char *text)
{
	struct vreader_slot *slot = slot_of(reader, control, text);

	if (!slot)
		return true;
	vreader_slot_remove(slot);
	vreader_ccid_notify(reader);
	return false;
}

static bool plug(struct vreader *reader, struct vreader_control *control, char *text)
{
	struct esim_error err = { 0 };

	(void)text;
	if (!vreader_attach(reader, &err))
		return false;
	reply(control, "error %s\n", err.message);
	return true;
}

static bool attach(struct vreader *reader, struct vreader_control *control, char *text)
{
	uint64_t before = reader->stats.count[STAT_ATTACHED];

	if (plug(reader, control, text))
		return true;
	wait_for(control, STAT_ATTACHED, before + 1);
	return true;
}

static bool detach(struct vreader *reader, struct vreader_control *control, char *text)
{
	bool enumerated = reader->bus_port[0];

	(void)text;
	vreader_detach(reader);
	if (enumerated)
		wait_for(control, STAT_DETACHED, reader->stats.count[STAT_DETACHED] + 1);
	return enumerated;
}

static bool set_faults(struct vreader *reader, struct vreader_control *control, char *text)
{
	struct esim_error err = { 0 };

	if (!vreader_faults_parse(text, &reader->faults, &err))
		return false;
	reply(control, "error %s\n", err.message);
	return true;
}

static bool set_card_faults(struct vreader *reader, struct vreader_control *control, char *text)
{
	struct esim_error err = { 0 };

	if (!veuicc_set_fault(reader->slots[0].card, strcmp(text, "none") ? text : NULL, &err))
		return false;
	reply(control, "error %s\n", err.message);
	return true;
}

static bool patch(struct vreader *reader, struct vreader_control *control, char *text)
{
	struct vreader_descriptors descriptors = { 0 };
	struct esim_error err = { 0 };

	vreader_descriptors_make(&reader->options, &descriptors);
	if (vreader_descriptors_patch(&descriptors, text, &err)) {
		reply(control, "error %s\n", err.message);
		return true;
	}
	reader->descriptors = descriptors;
	return false;
}

static bool release(struct vreader *reader, struct vreader_control *control, char *text)
{
	(void)control;
	(void)text;
	vreader_ccid_release(reader);
	return false;
}

static bool stats(struct vreader *reader, struct vreader_control *control, char *text)
{
	char all[VREADER_REPLY_SIZE];

	(void)text;
	vreader_print_stats(reader, all, sizeof(all));
	reply(control, "%s", all);
	return false;
}

static bool clear(struct vreader *reader, struct vreader_control *control, char *text)
{
	(void)control;
	(void)text;
	vreader_stats_clear(&reader->stats);
	return false;
}

static bool wait_stat(struct vreader *reader, struct vreader_control *control, char *text)
{
	char name[32];
	unsigned long long n;
	int stat;

	(void)reader;
	if (sscanf(text, "%31s %llu", name, &n) != 2 || (stat = vreader_stat_find(name)) < 0) {
		reply(control, "error \"%s\" is not NAME COUNT\n", text);
		return true;
	}
	wait_for(control, (enum vreader_stat)stat, n);
	return true;
}

static bool port(struct vreader *reader, struct vreader_control *control, char *text)
{
	(void)text;
	reply(control, "%s\n", reader->bus_port);
	return false;
}

/* Any bytes on the interrupt endpoint. */
static bool notify(struct vreader *reader, struct vreader_control *control, char *text)
{
	struct esim_buf message = ESIM_BUF_INIT;
	uint8_t bytes[64];
	size_t len;

	if (esim_hex_decode(text, bytes, sizeof(bytes), &len)) {
		reply(control, "error \"%s\" is no hex\n", text);
		return true;
	}
	esim_buf_append(&message, bytes, len);
	usbip_pipe_put(&reader->interrupt, &reader->link, &message);
	return false;
}

static const struct {
	const char *name;
	command_handler *handler;
} commands[] = {
	{ "insert", insert }, { "remove", take_out }, { "attach", attach }, { "plug", plug },
	{ "detach", detach }, { "fault", set_faults }, { "card-fault", set_card_faults },
	{ "patch", patch }, { "release", release }, { "stats", stats }, { "clear", clear },
	{ "wait", wait_stat }, { "port", port }, { "notify", notify },
};

static void run(struct vreader *reader, struct vreader_control *control, char *line)
{
	char *argument = strchr(line, ' ');

	if (argument)
		*argument++ = '\0';
	for (size_t i = 0; i < sizeof(commands) / sizeof(commands[0]); i++) {
		if (strcmp(commands[i].name, line))
			continue;
		if (!commands[i].handler(reader, control, argument ? argument : (char[]){ "" }))
			reply(control, "ok\n");
		return;
	}
	reply(control, "error \"%s\" is no command; see vreader --help\n", line);
}

/* The wait is over, or a command has come: true where something was done. */
static bool step(struct vreader *reader, struct vreader_control *control)
{
	char line[MAX_LINE + 1];
	char *end;
	size_t len;

	if (control->in < 0)
		return false;
	if (control->waiting) {
		if (reader->stats.count[control->stat] < control->count)
			return false;
		control->waiting = false;
		reply(control, "ok\n");
		return true;
	}
	end = control->line.len ? memchr(control->line.data, '\n', control->line.len) : NULL;
	if (!end)
		return false;
	len = (size_t)(end - (char *)control->line.data);
	memcpy(line, control->line.data, len);
	line[len] = '\0';
	control->line.len -= len + 1;
	memmove(control->line.data, end + 1, control->line.len);
	run(reader, control, line);
	return true;
}

void vreader_control_steps(struct vreader *reader)
{
	for (size_t i = 0; i < VREADER_MAX_CONTROLS; i++)
		while (step(reader, &reader->controls[i]))
			continue;
}

void vreader_control_take(struct vreader_control *control)
{
	char text[256];
	ssize_t n = read(control->in, text, sizeof(text));

	if (n < 0 && (errno == EAGAIN || errno == EINTR))
		return;
	if (n > 0)
		esim_buf_append(&control->line, text, (size_t)n);
	if (n <= 0 || esim_buf_failed(&control->line))
		vreader_control_close(control);
}
