/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * The device, made as reader and card are. What it can do is fixed with it, and with extended
 * APDUs and T=1 that is a matter of the card: so the card is powered once, and then waits without
 * power for the first client.
 */
#include "proxy.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/ioctl.h>
#include <unistd.h>

#define DEVICE "/dev/euicc-proxy"

#define POWER_TIMEOUT 10000	/* ms */

/* --- the card ---------------------------------------------------------------- */

/* A reader without a card: extended APDUs only where no card could change that. */
static void describe_reader(const struct proxy *proxy, struct euicc_proxy_new_dev *args)
{
	struct usbccid_info info;
	bool t1_alone;

	usbccid_describe(proxy->reader, &info);
	t1_alone = info.t1 && !info.t0;
	args->features = EUICC_FEATURE_BASIC | EUICC_FEATURE_WARM | EUICC_FEATURE_COLD;
	if (info.level == USBCCID_EXTENDED_APDU || (info.level == USBCCID_TPDU && t1_alone))
		args->features |= EUICC_FEATURE_EXTENDED;
	args->protocol = t1_alone ? EUICC_PROTOCOL_T1 : EUICC_PROTOCOL_NONE;
	snprintf(args->name, sizeof(args->name), "%.*s", (int)sizeof(args->name) - 1, info.name);
}

static void describe_card(const struct usbccid_card *card, struct euicc_proxy_new_dev *args)
{
	const size_t most = card->extended ? 4 + 3 + 65535 + 2 : 4 + 1 + 255 + 1;

	args->features &= ~EUICC_FEATURE_EXTENDED;
	if (card->extended)
		args->features |= EUICC_FEATURE_EXTENDED;
	args->max_command = (uint32_t)(card->max_command < most ? card->max_command : most);
	args->protocol = card->protocol;
	memcpy(args->atr, card->atr, card->atr_len);
	args->atr_len = (uint32_t)card->atr_len;
}

/* USBCCID_OK: the card is known. What a card that does not answer is, its clients will hear. */
static int ask_card(struct proxy *proxy, struct euicc_proxy_new_dev *args, struct usbccid_error *err)
{
	struct usbccid_card card;
	int r = usbccid_power_on(proxy->reader, proxy->slot, USBCCID_COLD, POWER_TIMEOUT, err);

	if (!r)
		r = usbccid_card(proxy->reader, proxy->slot, POWER_TIMEOUT, &card, err);
	if (r)
		return r;
	describe_card(&card, args);
	return usbccid_power_off(proxy->reader, proxy->slot, POWER_TIMEOUT, err);
}

/* Without a card, or with one that does not answer, there is a device all the same. */
static bool look(struct proxy *proxy, struct euicc_proxy_new_dev *args, enum outcome *ret_why)
{
	struct usbccid_error err = { 0 };

	describe_reader(proxy, args);
	proxy->present = true;
	switch (ask_card(proxy, args, &err)) {
	case USBCCID_OK:
		return true;
	case USBCCID_ENOMEDIUM:
		proxy->present = false;
		return true;
	case USBCCID_EMUTE:
	case USBCCID_EPROTO:
	case USBCCID_ENOTSUP:
	case USBCCID_ESTALE:
	case USBCCID_ETIMEDOUT:
		complain("%s", err.message);
		return true;
	case USBCCID_ENODEV:
		*ret_why = OUTCOME_GONE;
		return false;
	case USBCCID_ECANCELED:
		*ret_why = OUTCOME_STOPPED;
		return false;
	default:
		complain("%s", err.message);
		*ret_why = OUTCOME_FAILED;
		return false;
	}
}

/* --- the kernel ------------------------------------------------------------------ */

static bool refused(const char *what)
{
	const char *advice = "";

	if (errno == ENOENT || errno == ENXIO || errno == ENODEV)
		advice = "; load the module: modprobe euicc_proxy";
	else if (errno == EPERM || errno == EACCES)
		advice = "; it needs root (CAP_SYS_ADMIN)";
	else if (errno == ENOTTY)
		advice = "; that is not the kernel's proxy";
	complain("%s: %s%s", what, strerror(errno), advice);
	return false;
}

/* With @fd of the kernel's proxy. */
static bool make(struct proxy *proxy, int fd, struct euicc_proxy_new_dev *args)
{
	const struct euicc_proxy_msg removed = {
		.op = EUICC_PROXY_EVENT,
		.handle = EUICC_EVENT_REMOVED,
	};

	if (ioctl(fd, EUICC_PROXY_NEW_DEV, args) < 0)
		return refused("cannot make a device");
	proxy->end = args->fd;
	/* A request that poll() told of may be over when it is read. */
	if (fcntl(proxy->end, F_SETFL, O_NONBLOCK) < 0)
		return refused("the device");
	return proxy->present || write(proxy->end, &removed, sizeof(removed)) > 0 || refused("the device");
}

bool device_make(struct proxy *proxy, const char *name, unsigned *ret_minor, enum outcome *ret_why)
{
	struct euicc_proxy_new_dev args = { 0 };
	int fd = open(DEVICE, O_RDWR | O_CLOEXEC);
	bool made;

	*ret_why = OUTCOME_FAILED;
	/* Before anything is done to the card. */
	if (fd < 0)
		return refused(DEVICE);
	usbccid_set_cancel_fd(proxy->reader, proxy->stop_fd);
	made = look(proxy, &args, ret_why);
	if (made && name)
		snprintf(args.name, sizeof(args.name), "%s", name);
	made = made && make(proxy, fd, &args);
	close(fd);
	*ret_minor = args.minor;
	return made;
}
