/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Tables from errno to errors, one for each call of euicc(4); see kdev_error.h. */
#include "kdev_error.h"

#include <errno.h>
#include <stddef.h>

struct cause {
	int errnum;
	int code;
	const char *message;
	const char *advice;		/* NULL: none */
};

static const struct cause open_causes[] = {
	{ ENOENT, ESIM_ENODEV, "there is no such device",
	  "Is the reader plugged in and bound, or the program behind the device running?" },
	{ ENXIO, ESIM_ENODEV, "the device is gone", NULL },
	{ ENODEV, ESIM_ENODEV, "the device is gone", NULL },
	{ EACCES, ESIM_EIO, "you may not open it",
	  "Members of the group euicc may; a change of groups counts from the next login." },
	{ EPERM, ESIM_EIO, "you may not open it", NULL },
	{ EBUSY, ESIM_EBUSY, "too many programs have it open", NULL },
	{ EMFILE, ESIM_EBUSY, "too many files are open", NULL },
	{ ENFILE, ESIM_EBUSY, "too many files are open", NULL },
	{ 0, ESIM_EIO, "it cannot be opened", NULL },
};

static const struct cause channel_causes[] = {
	{ ENOENT, ESIM_ENOENT, "the card has no such application", NULL },
	{ EREMOTEIO, ESIM_ESW, "the card refuses the channel", NULL },
	{ EBUSY, ESIM_EBUSY, "the channel is taken by another program", "Try again when it has ended." },
	{ EPERM, ESIM_ENOTSUP, "the basic channel is for processes with CAP_SYS_RAWIO", NULL },
	{ ENOSPC, ESIM_EBUSY, "the card has no free logical channel",
	  "Other programs hold them all: try again when one has ended." },
	{ EOPNOTSUPP, ESIM_ENOTSUP, "this device has no such channel", NULL },
	{ ENOMEDIUM, ESIM_ENODEV, "no card, or it is mute", "Insert the card, the right way round." },
	{ ETIMEDOUT, ESIM_ETIMEDOUT, "the card does not answer", NULL },
	{ EINTR, ESIM_ECANCELED, "interrupted while the channel was opened", NULL },
	{ ECANCELED, ESIM_ECANCELED, "cancelled before the channel was opened", NULL },
	{ ENODEV, ESIM_ENODEV, "the device was removed", NULL },
	{ ENOMEM, ESIM_ENOMEM, "out of memory", NULL },
	{ EINVAL, ESIM_EINVAL, "the kernel refuses the call", NULL },
	{ 0, ESIM_EIO, "the channel cannot be opened", NULL },
};

static const struct cause xfer_causes[] = {
	{ EPERM, ESIM_EINVAL,
	  "a channel takes no SELECT, no MANAGE CHANNEL and no class with channel bits", NULL },
	{ E2BIG, ESIM_ETOOBIG, "the command is longer than the device takes", NULL },
	{ EBUSY, ESIM_EBUSY, "a command is under way on this channel already", NULL },
	{ ENOTCONN, ESIM_EINVAL, "no channel is open", NULL },
	{ ESTALE, ESIM_ESTALE, "the card was reset: the channel is gone", "Begin anew." },
	{ ENOMEDIUM, ESIM_ENODEV, "the card is gone", NULL },
	{ ENOMEM, ESIM_ENOMEM, "out of memory", NULL },
	{ ECANCELED, ESIM_ECANCELED, "cancelled before the command was sent", NULL },
	{ EINTR, ESIM_ECANCELED, "interrupted before the command was sent", NULL },
	{ ENODEV, ESIM_ENODEV, "the device was removed", NULL },
	{ EINVAL, ESIM_EINVAL, "the kernel takes this for no command APDU", NULL },
	{ 0, ESIM_EIO, "the command cannot be sent", NULL },
};

static const struct cause reset_causes[] = {
	{ EBUSY, ESIM_EBUSY, "another program holds a channel of the card, which a reset would close",
	  "Try again when it has ended." },
	{ EOPNOTSUPP, ESIM_ENOTSUP, "this device has no such reset", NULL },
	{ ENOMEDIUM, ESIM_ENODEV, "no card, or it is mute", NULL },
	{ ETIMEDOUT, ESIM_ETIMEDOUT, "the card does not come back from its reset", NULL },
	{ EINTR, ESIM_ECANCELED, "interrupted while the card was reset", NULL },
	{ ECANCELED, ESIM_ECANCELED, "cancelled before the card was reset", NULL },
	{ ENODEV, ESIM_ENODEV, "the device was removed", NULL },
	{ ENOMEM, ESIM_ENOMEM, "out of memory", NULL },
	{ 0, ESIM_EIO, "the card cannot be reset", NULL },
};

static const struct cause status_causes[] = {
	{ ECANCELED, ESIM_EIO, "the command was not sent", NULL },
	{ ETIMEDOUT, ESIM_ETIMEDOUT, "the card does not answer", NULL },
	{ EINTR, ESIM_ECANCELED, "interrupted while the card was at work", NULL },
	{ ENODEV, ESIM_ENODEV, "the device was removed while the card was at work", NULL },
	{ ENOMEDIUM, ESIM_ENODEV, "the card was removed while it was at work", NULL },
	{ 0, ESIM_EIO, "the exchange with the card failed", NULL },
};

static int set(struct esim_error *err, const struct cause *cause, int errnum)
{
	int code;

	while (cause->errnum && cause->errnum != errnum)
		cause++;
	/* What has a sentence of its own here needs none of errno's. */
	if (cause->errnum)
		code = esim_error_set(err, cause->code, "%s", cause->message);
	else
		code = esim_error_errno(err, cause->code, errnum, "%s", cause->message);
	if (cause->advice)
		esim_error_advise(err, "%s", cause->advice);
	/* These lie with whoever else uses the device, not with the card. */
	if (err && (errnum == EBUSY || errnum == EMFILE || errnum == ENFILE))
		err->domain = ESIM_DOMAIN_TRANSPORT;
	return code;
}

int kdev_error_open(struct esim_error *err, const char *path, int errnum)
{
	int code = set(err, open_causes, errnum);

	esim_error_prefix(err, "%s: ", path);
	return code;
}

int kdev_error_channel(struct esim_error *err, int errnum, uint16_t sw)
{
	int code = errnum == EREMOTEIO && sw ? esim_error_sw(err, "SELECT", sw) :
					       set(err, channel_causes, errnum);

	if (err)
		err->sw = sw;
	return code;
}

int kdev_error_xfer(struct esim_error *err, int errnum)
{
	return esim_error_outcome(err, set(err, xfer_causes, errnum), ESIM_OUTCOME_NEVER_SENT);
}

int kdev_error_reset(struct esim_error *err, int errnum)
{
	return set(err, reset_causes, errnum);
}

int kdev_error_status(struct esim_error *err, int status)
{
	return esim_error_outcome(err, set(err, status_causes, -status),
				  status == -ECANCELED ? ESIM_OUTCOME_NEVER_SENT :
							 ESIM_OUTCOME_UNKNOWN);
}
