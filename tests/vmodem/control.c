/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Commands to the modem; see control.h and vmodem --help. */
#include "vmodem/control.h"
#include "vmodem/inside.h"

#include <errno.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#define MAX_COMMAND 1024

/* --- connections -------------------------------------------------------------------------------------- */

void vmodem_control_init(struct vmodem_control *control, struct vmodem *modem)
{
	*control = (struct vmodem_control){ .modem = modem, .listener = -1 };
	for (size_t i = 0; i < VMODEM_MAX_CONTROLS; i++)
		control->clients[i].fd = -1;
}

int vmodem_control_listen(struct vmodem_control *control, const char *path, struct esim_error *err)
{
	struct sockaddr_un address = { .sun_family = AF_UNIX };

	if (strlen(path) >= sizeof(address.sun_path))
		return esim_error_set(err, ESIM_EINVAL, "%s is too long for a socket", path);
	strcpy(address.sun_path, path);
	unlink(path);
	control->listener = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
	if (control->listener < 0 || bind(control->listener, (struct sockaddr *)&address, sizeof(address)) ||
	    listen(control->listener, 4))
		return esim_error_errno(err, ESIM_EIO, errno, "cannot listen at %s", path);
	strcpy(control->path, path);
	return 0;
}

void vmodem_control_add(struct vmodem_control *control, int fd)
{
	for (size_t i = 0; fd >= 0 && i < VMODEM_MAX_CONTROLS; i++) {
		if (control->clients[i].fd >= 0)
			continue;
		control->clients[i].fd = fd;
		control->clients[i].line = ESIM_BUF_INIT_MAX(MAX_COMMAND);
		return;
	}
	if (fd >= 0)
		close(fd);
}

static void drop(struct vmodem_control *control, size_t i)
{
	if (control->clients[i].fd < 0)
		return;
	close(control->clients[i].fd);
	esim_buf_free(&control->clients[i].line);
	control->clients[i].fd = -1;
}

void vmodem_control_clear(struct vmodem_control *control)
{
	for (size_t i = 0; i < VMODEM_MAX_CONTROLS; i++)
		drop(control, i);
	if (control->listener >= 0) {
		close(control->listener);
		unlink(control->path);
	}
	control->listener = -1;
}

/* --- commands ------------------------------------------------------------------------------------------- */

/* What is said before the last line; 0, or an error whose message is the last line. */
typedef int command_handler(struct vmodem *modem, const char *argument, FILE *reply, struct esim_error *err);

static int quirk(struct vmodem *modem, const char *argument, FILE *reply, struct esim_error *err)
{
	(void)reply;
	return vmodem_set_quirk(modem, argument, err);
}

static int fault(struct vmodem *modem, const char *argument, FILE *reply, struct esim_error *err)
{
	(void)reply;
	return vmodem_set_fault(modem, argument, err);
}

static int card_fault(struct vmodem *modem, const char *argument, FILE *reply, struct esim_error *err)
{
	struct veuicc *card = vmodem_active(modem)->card;

	(void)reply;
	if (!card)
		return esim_error_set(err, ESIM_ENODEV, "the slot is empty");
	return veuicc_set_fault(card, strcmp(argument, "none") ? argument : NULL, err);
}

static int unplug(struct vmodem *modem, const char *argument, FILE *reply, struct esim_error *err)
{
	(void)argument, (void)reply, (void)err;
	vmodem_unplug(modem);
	return 0;
}

static int plug(struct vmodem *modem, const char *argument, FILE *reply, struct esim_error *err)
{
	(void)argument, (void)reply, (void)err;
	vmodem_plug(modem);
	return 0;
}

static int restart(struct vmodem *modem, const char *argument, FILE *reply, struct esim_error *err)
{
	(void)argument, (void)reply, (void)err;
	vmodem_restart(modem);
	return 0;
}

static int release(struct vmodem *modem, const char *argument, FILE *reply, struct esim_error *err)
{
	(void)argument, (void)reply, (void)err;
	vmodem_release(modem);
	return 0;
}

static int switch_slot(struct vmodem *modem, const char *argument, FILE *reply, struct esim_error *err)
{
	char *end;
	unsigned long n = strtoul(argument, &end, 10);

	(void)reply;
	if (*end || n > VMODEM_MAX_SLOTS || vmodem_switch_slot(modem, (unsigned)n))
		return esim_error_set(err, ESIM_EINVAL, "there is no slot %s", argument);
	return 0;
}

static int stats(struct vmodem *modem, const char *argument, FILE *reply, struct esim_error *err)
{
	static const char *const names[COUNTS] = {
		[COUNT_REQUESTS] = "requests", [COUNT_APDUS] = "apdus", [COUNT_OPENED] = "opened",
		[COUNT_CLOSED] = "closed", [COUNT_REFRESHES] = "refreshes", [COUNT_FAULTS] = "faults",
		[COUNT_RESTARTS] = "restarts", [COUNT_REFUSED] = "refused", [COUNT_CLIENTS] = "clients",
	};

	(void)argument, (void)err;
	for (size_t i = 0; i < COUNTS; i++)
		fprintf(reply, "%s %llu\n", names[i], (unsigned long long)modem->counts[i]);
	return 0;
}

static int channels(struct vmodem *modem, const char *argument, FILE *reply, struct esim_error *err)
{
	(void)argument, (void)err;
	fprintf(reply, "%u\n", vmodem_channels_open(modem));
	return 0;
}

/* Looked at, not asked: nothing of it counts for ready-after. */
static int state(struct vmodem *modem, const char *argument, FILE *reply, struct esim_error *err)
{
	static const char *const buses[] = { "there", "restarts", "gone" };
	const struct vmodem_slot *slot = vmodem_active(modem);
	char digits[ESIM_ICCID_DIGITS + 1] = "";

	(void)argument, (void)err;
	if (modem->has_iccid)
		esim_iccid_format(&modem->iccid, digits);
	fprintf(reply, "bus %s\nslot %u\ncard %s\nready-after %u\nradio %s\niccid %s\nimsi %s\nchannels %u\n",
		buses[modem->bus], modem->active + 1, !slot->card ? "absent" : slot->answers ? "on" : "off",
		modem->not_ready, modem->radio ? "on" : "off", modem->has_iccid ? digits : "-",
		modem->has_imsi ? modem->imsi : "-", vmodem_channels_open(modem));
	return 0;
}

static const struct {
	const char *name;
	command_handler *handler;
} commands[] = {
	{ "quirk", quirk }, { "fault", fault }, { "card-fault", card_fault }, { "unplug", unplug }, { "plug", plug },
	{ "restart", restart }, { "release", release }, { "slot", switch_slot }, { "stats", stats },
	{ "channels", channels }, { "state", state },
};

static int dispatch(struct vmodem *modem, char *line, FILE *reply, struct esim_error *err)
{
	char *argument = strchr(line, ' ');

	if (argument)
		*argument++ = '\0';
	for (size_t i = 0; i < sizeof(commands) / sizeof(commands[0]); i++)
		if (!strcmp(commands[i].name, line))
			return commands[i].handler(modem, argument ? argument : "", reply, err);
	return esim_error_set(err, ESIM_EINVAL, "\"%s\" is no command; see vmodem --help", line);
}

static void answer(int fd, const char *text, size_t len)
{
	for (size_t done = 0; done < len;) {
		ssize_t n = send(fd, text + done, len - done, MSG_NOSIGNAL);

		if (n <= 0)
			return;
		done += (size_t)n;
	}
}

static void run(struct vmodem_control *control, int fd, char *line)
{
	struct esim_error err = { 0 };
	char *text = NULL;
	size_t len = 0;
	FILE *reply = open_memstream(&text, &len);

	if (!reply)
		return;
	if (dispatch(control->modem, line, reply, &err))
		fprintf(reply, "error %s\n", err.message);
	else
		fputs("ok\n", reply);
	fclose(reply);
	vmodem_deliver(control->modem);
	control->settle(control->context);
	answer(fd, text, len);
	free(text);
}

/* --- in the loop ------------------------------------------------------------------------------------------ */

void vmodem_control_wait(const struct vmodem_control *control, struct pollfd *fds)
{
	for (size_t i = 0; i < VMODEM_MAX_CONTROLS; i++)
		fds[i] = (struct pollfd){ .fd = control->clients[i].fd, .events = POLLIN };
	fds[VMODEM_MAX_CONTROLS] = (struct pollfd){ .fd = control->listener, .events = POLLIN };
}

static void take_lines(struct vmodem_control *control, size_t i)
{
	struct esim_buf *in = &control->clients[i].line;
	uint8_t *end;

	while (in->len && (end = memchr(in->data, '\n', in->len))) {
		char line[MAX_COMMAND + 1];
		size_t len = (size_t)(end - in->data);

		memcpy(line, in->data, len);
		line[len] = '\0';
		in->len -= len + 1;
		memmove(in->data, end + 1, in->len);
		run(control, control->clients[i].fd, line);
	}
}

static void take(struct vmodem_control *control, size_t i)
{
	char text[256];
	ssize_t n = recv(control->clients[i].fd, text, sizeof(text), MSG_DONTWAIT);

	if (n < 0 && (errno == EAGAIN || errno == EINTR))
		return;
	if (n > 0)
		esim_buf_append(&control->clients[i].line, text, (size_t)n);
	if (n <= 0 || esim_buf_failed(&control->clients[i].line)) {
		drop(control, i);
		return;
	}
	take_lines(control, i);
}

void vmodem_control_take(struct vmodem_control *control, const struct pollfd *fds)
{
	for (size_t i = 0; i < VMODEM_MAX_CONTROLS; i++)
		if (fds[i].revents && fds[i].fd >= 0)
			take(control, i);
	if (fds[VMODEM_MAX_CONTROLS].revents)
		vmodem_control_add(control, accept4(control->listener, NULL, NULL, SOCK_CLOEXEC));
}
