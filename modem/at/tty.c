/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The port: opened for us alone, raw, and left as it was found. Two programs that read one port take each other's
 * answers, and TIOCEXCL does not keep root out: so who has it already is looked for, whom root sees.
 */
#include "at.h"

#include "libesim/src/deadline.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <string.h>
#include <sys/file.h>
#include <sys/ioctl.h>
#include <unistd.h>

static int say_busy(const char *path, const char *holder, struct esim_error *err)
{
	esim_error_set(err, ESIM_EBUSY, "%s has the port %s", holder, path);
	if (strncmp(holder, "ModemManager", 12) == 0)
		esim_error_advise(err, "Use the modem's mbim: or qmi: port, or have ModemManager leave the modem alone as long as "
				       "this runs: mmcli -m any --inhibit");
	else
		esim_error_advise(err, "Wait until it is done, or end it.");
	return ESIM_EBUSY;
}

static int take_alone(struct at_tty *tty, const char *path, struct esim_error *err)
{
	char holder[64] = "another program";

	if (at_holder_find(tty->fd, holder, sizeof(holder)) || flock(tty->fd, LOCK_EX | LOCK_NB))
		return say_busy(path, holder, err);
	if (ioctl(tty->fd, TIOCEXCL))
		return esim_error_errno(err, ESIM_EIO, errno, "%s", path);
	return 0;
}

static int set_raw(struct at_tty *tty, const char *path, struct esim_error *err)
{
	struct termios raw;

	if (tcgetattr(tty->fd, &tty->before))
		return esim_error_errno(err, ESIM_EINVAL, errno, "%s is no serial port", path);
	raw = tty->before;
	cfmakeraw(&raw);
	raw.c_cflag |= CLOCAL | CREAD;
	raw.c_cflag &= ~(tcflag_t)(CRTSCTS | CSTOPB);
	if (cfgetospeed(&raw) == B0)
		cfsetspeed(&raw, B115200);
	/* So that nothing there (EAGAIN) and a modem that hung up (0) are not the same. */
	raw.c_cc[VMIN] = 1;
	raw.c_cc[VTIME] = 0;
	if (tcsetattr(tty->fd, TCSANOW, &raw))
		return esim_error_errno(err, ESIM_EIO, errno, "%s", path);
	tty->has_before = true;
	return 0;
}

static int say_cannot_open(const char *path, int errnum, struct esim_error *err)
{
	if (errnum == EBUSY)
		return say_busy(path, "another program", err);
	esim_error_errno(err, ESIM_ENODEV, errnum, "cannot open %s", path);
	if (errnum == EACCES || errnum == EPERM)
		esim_error_advise(err, "Modems are root's: use lpad (leave --device out), or sudo.");
	return ESIM_ENODEV;
}

int at_tty_open(struct at_tty *tty, const char *path, struct esim_error *err)
{
	int r;

	*tty = (struct at_tty){ .fd = open(path, O_RDWR | O_NOCTTY | O_NONBLOCK | O_CLOEXEC) };
	if (tty->fd < 0)
		return say_cannot_open(path, errno, err);
	if (!isatty(tty->fd))
		r = esim_error_set(err, ESIM_EINVAL, "%s is no serial port", path);
	else
		r = take_alone(tty, path, err);
	if (r) {
		/* It is another's: nothing of it is changed. */
		close(tty->fd);
		tty->fd = -1;
		return r;
	}
	r = set_raw(tty, path, err);
	if (r)
		at_tty_close(tty);
	return r;
}

void at_tty_close(struct at_tty *tty)
{
	if (tty->fd < 0)
		return;
	if (tty->has_before) {
		/* What a modem that is stuck has not taken would hold close() up. */
		tcflush(tty->fd, TCOFLUSH);
		tcsetattr(tty->fd, TCSANOW, &tty->before);
	}
	ioctl(tty->fd, TIOCNXCL);
	close(tty->fd);
	*tty = (struct at_tty){ .fd = -1 };
}

static int hung_up(struct esim_error *err)
{
	return esim_error_set(err, ESIM_ENODEV, "the modem hung up: it left the bus, or starts anew");
}

int at_tty_read(struct at_tty *tty, uint8_t *bytes, size_t size, size_t *ret_len, struct esim_error *err)
{
	ssize_t n;

	*ret_len = 0;
	do
		n = tty->fd < 0 ? 0 : read(tty->fd, bytes, size);
	while (n < 0 && errno == EINTR);
	if (n < 0 && (errno == EAGAIN || errno == EWOULDBLOCK))
		return 0;
	if (n <= 0)
		return hung_up(err);
	*ret_len = (size_t)n;
	return 0;
}

int at_tty_write(struct at_tty *tty, const uint8_t *bytes, size_t len, size_t *ret_len, struct esim_error *err)
{
	ssize_t n;

	*ret_len = 0;
	do
		n = tty->fd < 0 ? 0 : write(tty->fd, bytes, len);
	while (n < 0 && errno == EINTR);
	if (n < 0 && (errno == EAGAIN || errno == EWOULDBLOCK))
		return 0;
	if (n <= 0)
		return hung_up(err);
	*ret_len = (size_t)n;
	return 0;
}

int at_tty_wait(struct at_tty *tty, short events, const struct esim_cancel *cancel, uint64_t deadline,
		struct esim_error *err)
{
	struct pollfd fds[] = {
		{ .fd = tty->fd, .events = events }, { .fd = esim_cancel_fd(cancel), .events = POLLIN },
	};
	int n;

	if (tty->fd < 0)
		return hung_up(err);
	do
		n = poll(fds, 2, deadline_left_ms(deadline));
	while (n < 0 && errno == EINTR);
	if (n < 0)
		return esim_error_errno(err, ESIM_EIO, errno, "waiting for the modem failed");
	if (fds[1].revents)
		return ESIM_ECANCELED;
	if (n == 0)
		return ESIM_ETIMEDOUT;
	/* What it said last is still read. */
	if ((fds[0].revents & (POLLHUP | POLLERR | POLLNVAL)) && !(fds[0].revents & POLLIN))
		return hung_up(err);
	return 0;
}
