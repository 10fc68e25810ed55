// SPDX-License-Identifier: GPL-2.0-only
/*
 * One complete exchange with the card: the command, its repetition where the card names another Le
 * (6Cxx), and GET RESPONSE until the card has no more (61xx). It is one step of the worker, so no
 * other channel's command comes in between, which would lose the response (TS 102 221, 12.1.1).
 */
#include <linux/jiffies.h>
#include <linux/ktime.h>
#include <linux/string.h>

#include "compat.h"
#include "euicc.h"
#include "euicc_apdu.h"
#include "trace.h"

#define EUICC_REPEATS_MAX	2	/* of a command, for 6Cxx */
#define EUICC_ROUNDS_MAX	1024	/* of GET RESPONSE */
#define EUICC_EMPTY_ROUNDS_MAX	8	/* of them in a row without data */

static void euicc_measure(struct euicc_device *edev, u64 ns)
{
	u64 us = div_u64(ns, NSEC_PER_USEC);
	unsigned int bucket = us ? min_t(unsigned int, fls64(us), EUICC_LATENCY_BUCKETS - 1) : 0;

	atomic64_inc(&edev->latency[bucket]);
	euicc_count(edev, EUICC_COUNT_EXCHANGES);
}

/* Only what the interface knows; anything else is an I/O error. */
int euicc_transport_error(struct euicc_device *edev, int err)
{
	switch (err) {
	case -ECANCELED:
	case -ENODEV:
		return err;
	case -ETIMEDOUT:
		euicc_count(edev, EUICC_COUNT_TIMEOUTS);
		break;
	case -ENOMEDIUM:
		spin_lock_irq(&edev->lock);
		if (edev->session)
			euicc_session_end(edev, EUICC_CARD_UNKNOWN, EUICC_EVENT_RESET,
					  EUICC_RESET_ANY);
		spin_unlock_irq(&edev->lock);
		break;
	default:
		err = -EIO;
	}
	euicc_count(edev, EUICC_COUNT_UNKNOWN);
	return err;
}

/* One command, one answer; its data go to @used bytes behind the start of the device's buffer. */
static int euicc_transmit(struct euicc_device *edev, struct euicc_exchange *ex, const u8 *command,
			  size_t len, size_t used)
{
	struct euicc_response response = {
		.data = edev->answer + used,
		.size = edev->max_response + 2,
	};
	u32 handle = euicc_owns_channels(edev) ? ex->channel : 0;
	long left = ex->deadline - jiffies;
	ktime_t start;
	u64 ns;
	int ret;

	if (left <= 0)
		return -ECANCELED;
	start = ktime_get();
	ret = edev->ops->exchange(edev, handle, command, len, &response, left);
	ns = ktime_to_ns(ktime_sub(ktime_get(), start));
	if (!ret && (response.len < 2 || response.len > response.size))
		ret = -EIO;
	if (ret) {
		trace_euicc_apdu(edev, ex->channel, command, len, 0, 0, ret, ns);
		return euicc_transport_error(edev, ret);
	}
	euicc_measure(edev, ns);
	ex->data_len = used + response.len - 2;
	ex->sw = get_unaligned_be16(response.data + response.len - 2);
	trace_euicc_apdu(edev, ex->channel, command, len, response.len - 2, ex->sw, 0, ns);
	return 0;
}

static int euicc_get_response(struct euicc_device *edev, struct euicc_exchange *ex, bool form_8x,
			      u8 le, size_t used)
{
	unsigned int channel = euicc_owns_channels(edev) ? 0 : ex->channel;
	u8 command[5] = {
		euicc_apdu_cla(form_8x ? 0x80 : 0x00, channel), EUICC_INS_GET_RESPONSE, 0, 0, le,
	};
	int ret;

	euicc_count(edev, EUICC_COUNT_GET_RESPONSES);
	ret = euicc_transmit(edev, ex, command, sizeof(command), used);
	if (!ret && euicc_sw1(ex->sw) == 0x6C) {
		command[4] = ex->sw & 0xFF;
		ret = euicc_transmit(edev, ex, command, sizeof(command), used);
	}
	return ret;
}

/* GET RESPONSE in the class that the card takes: 0x, or else 8x, which is remembered. */
static int euicc_fetch(struct euicc_device *edev, struct euicc_exchange *ex, size_t used)
{
	u8 le = ex->sw & 0xFF;
	int ret;

	ret = euicc_get_response(edev, ex, edev->get_response_8x, le, used);
	if (ret || edev->get_response_8x || (ex->sw != 0x6E00 && ex->sw != 0x6D00))
		return ret;
	ret = euicc_get_response(edev, ex, true, le, used);
	if (!ret && ex->sw != 0x6E00 && ex->sw != 0x6D00)
		edev->get_response_8x = true;
	return ret;
}

static int euicc_gather(struct euicc_device *edev, struct euicc_exchange *ex)
{
	unsigned int rounds = 0;
	unsigned int empty = 0;
	int ret;

	while (euicc_sw1(ex->sw) == 0x61 && ex->data_len <= EUICC_AREA_MAX) {
		size_t used = ex->data_len;

		if (rounds++ == EUICC_ROUNDS_MAX || empty == EUICC_EMPTY_ROUNDS_MAX)
			break;
		ret = euicc_fetch(edev, ex, used);
		if (ret)
			return ret;
		empty = ex->data_len == used ? empty + 1 : 0;
	}
	return 0;
}

/* "Never sent" of what follows a command that was sent is none: the command is unknown. */
static int euicc_later_error(struct euicc_device *edev, const struct euicc_exchange *ex, int err)
{
	if (err != -ECANCELED)
		return err;
	spin_lock_irq(&edev->lock);
	err = edev->dead ? -ENODEV : -EIO;
	spin_unlock_irq(&edev->lock);
	if (err == -EIO && time_after_eq(jiffies, ex->deadline))
		return euicc_transport_error(edev, -ETIMEDOUT);
	euicc_count(edev, EUICC_COUNT_UNKNOWN);
	return err;
}

static int euicc_send(struct euicc_device *edev, struct euicc_exchange *ex)
{
	size_t room = edev->max_command + 2;
	unsigned int repeats = 0;
	size_t len = ex->len;
	int ret;

	memcpy(edev->command, ex->command, len);
	if (!euicc_owns_channels(edev))
		edev->command[0] = euicc_apdu_cla(edev->command[0], ex->channel);
	ret = euicc_transmit(edev, ex, edev->command, len, 0);
	while (!ret && euicc_sw1(ex->sw) == 0x6C && repeats++ < EUICC_REPEATS_MAX) {
		len = euicc_apdu_set_le(edev->command, len, room, ex->sw & 0xFF);
		if (!len || len > edev->max_command)
			break;
		euicc_count(edev, EUICC_COUNT_WRONG_LENGTHS);
		ret = euicc_transmit(edev, ex, edev->command, len, 0);
		ret = euicc_later_error(edev, ex, ret);
	}
	return ret;
}

/*
 * Worker. 0: @ex->sw and @ex->data are the card's; 61xx or 6Cxx only where it came to no end with
 * them. -ECANCELED: not a byte went out. Else sent, and the outcome is unknown: -ETIMEDOUT, -EIO,
 * -ENOMEDIUM, -ENODEV.
 */
int euicc_exchange(struct euicc_device *edev, struct euicc_exchange *ex)
{
	int ret;

	ex->sw = 0;
	ex->data = edev->answer;
	ex->data_len = 0;
	if (ex->len > edev->max_command)
		return -ECANCELED;
	ret = euicc_send(edev, ex);
	if (ret)
		return ret;
	ret = euicc_later_error(edev, ex, euicc_gather(edev, ex));
	if (ret)
		return ret;
	if (euicc_sw1(ex->sw) == 0x91) {
		spin_lock_irq(&edev->lock);
		euicc_event_push(edev, EUICC_EVENT_PROACTIVE, ex->sw);
		spin_unlock_irq(&edev->lock);
	}
	return 0;
}
