/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "select.h"

#include "device.h"
#include "log.h"

#include <errno.h>
#include <string.h>
#include <unistd.h>

#define P2_OCCURRENCE 0x03

uint16_t select_check(const struct policy *policy, const struct apdu *apdu)
{
	if (ifd_apdu_is_chained(apdu))
		return SW_NO_CHAINING;
	if (ifd_apdu_is_secure(apdu))
		return SW_NO_SECURE_MESSAGING;
	if (apdu->lc > POLICY_AID_MAX)
		return SW_WRONG_LENGTH;
	/* The first or only one, with FCI, FCP or neither: there is no next on a file of its own. */
	if (apdu->p2 & P2_OCCURRENCE || apdu->p2 > 0x0C || apdu->p2 == 0x08)
		return SW_WRONG_P1P2;
	return policy_refuses_name(policy, apdu->data, apdu->lc) ? SW_NOT_FOUND : 0;
}

/* OPEN_CHANNEL's errors: a status word where a card would give one, else the errno. */
static int refused(int error, const struct euicc_open_channel *args, struct selected *ret)
{
	switch (error) {
	case -ESRCH:
		ret->sw = SW_NOT_FOUND;
		return 0;
	case -EREMOTEIO:
		ret->sw = args->sw ? args->sw : SW_UNKNOWN;
		ret->in_use = true;
		return 0;
	case -ENOSPC:
		ret->sw = SW_NO_CHANNEL;
		ret->in_use = true;
		return 0;
	case -EBUSY:
	case -EOPNOTSUPP:
		ret->sw = SW_CONDITIONS;
		return 0;
	case -EPERM:
		ifd_log_error("pcscd may not open the basic channel: it needs CAP_SYS_RAWIO");
		ret->sw = SW_CONDITIONS;
		return 0;
	case -ENODEV:
	case -ENOMEDIUM:
	case -ETIMEDOUT:
	case -ENOMEM:
		return error;
	default:
		return -EIO;
	}
}

static int open_file(const char *device, struct selected *ret)
{
	int fd = device_open(device);

	*ret = (struct selected){ .fd = -1 };
	if (fd >= 0)
		return fd;
	if (fd == -EBUSY || fd == -EMFILE || fd == -ENFILE) {
		/* As many files as the device allows are open. */
		ret->sw = SW_NO_CHANNEL;
		ret->in_use = true;
		return -EBUSY;
	}
	return fd == -ENODEV ? fd : -EIO;
}

static int open_channel(const char *device, struct euicc_open_channel *args, struct selected *ret)
{
	int fd = open_file(device, ret), r;

	if (fd < 0)
		return fd == -EBUSY ? 0 : fd;
	r = device_open_channel(fd, args);
	if (r == -EOPNOTSUPP && args->p2) {
		/* A modem that has no P2: its answer is what it gives for 00. */
		args->p2 = 0;
		r = device_open_channel(fd, args);
	}
	if (r) {
		close(fd);
		return refused(r, args, ret);
	}
	ret->fd = fd;
	ret->generation = args->generation;
	ret->sw = args->sw ? args->sw : SW_OK;
	ret->fci_len = args->fci_len < sizeof(ret->fci) ? args->fci_len : sizeof(ret->fci);
	memcpy(ret->fci, args->fci, ret->fci_len);
	return 0;
}

int select_application(const char *device, const struct policy *policy, const uint8_t *aid, size_t len,
		       uint8_t p2, struct selected *ret)
{
	struct euicc_open_channel args = {
		.aid_len = (uint8_t)len, .p2 = p2, .flags = EUICC_OPEN_FILE_SELECT,
	};
	int r;

	memcpy(args.aid, aid, len);
	r = open_channel(device, &args, ret);
	if (r || ret->fd < 0)
		return r;
	ret->aid.len = len;
	memcpy(ret->aid.bytes, aid, len);
	if (policy_refuses_answer(policy, ret->fci, ret->fci_len)) {
		close(ret->fd);
		*ret = (struct selected){ .fd = -1, .sw = SW_NOT_FOUND };
	}
	return 0;
}

int select_basic(const char *device, struct selected *ret)
{
	struct euicc_open_channel args = { .flags = EUICC_OPEN_BASIC };

	return open_channel(device, &args, ret);
}

int select_start(const char *device, const struct policy *policy, uint8_t *scratch, struct selected *ret)
{
	static const uint8_t select_mf[] = { 0x00, 0xA4, 0x00, 0x0C, 0x02, 0x3F, 0x00 };
	uint16_t sw;
	size_t len;
	int r;

	r = select_application(device, policy, policy->start.bytes, policy->start.len, 0x04, ret);
	if (r || ret->fd < 0)
		return r;
	r = device_transmit(ret->fd, select_mf, sizeof(select_mf), scratch, &len, &sw);
	if (!r)
		return 0;
	close(ret->fd);
	ret->fd = -1;
	return r == -ENODEV || r == -ENOMEDIUM || r == -ETIMEDOUT || r == -ESTALE ? r : -EIO;
}
