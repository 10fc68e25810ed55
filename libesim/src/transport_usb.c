/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Readers on USB, `usb:[BUS-PORT|VID:PID][?slot=N]`, driven by usbccid without a daemon and
 * without a kernel driver.
 *
 * The card is powered when the transport is opened: an empty slot and a mute card are said at
 * once, and what the card takes is known before the first command. When the reader is unplugged
 * its handle goes; a reset opens the reader that is at the same bus and port by then.
 */
#include "transport_schemes.h"
#include "usb_error.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define POWER_TIMEOUT_MS 20000		/* three voltages, and a rate to agree on */
#define CARD_TIMEOUT_MS 5000
#define RESPONSE_SIZE (65536 + 2)

struct usb_transport {
	struct usbccid *ccid;
	struct usbccid_reader *reader;	/* NULL: unplugged */
	struct usbccid_info info;
	struct usbccid_card card;
	unsigned slot;
	const struct esim_cancel *cancel;
	uint8_t response[RESPONSE_SIZE];
};

/* --- the reader and its card ---------------------------------------------------------- */

static int open_reader(struct usb_transport *t, const char *address, int interface,
		       struct esim_error *err)
{
	const struct usbccid_open_options options = { .interface = interface };
	struct usbccid_error cause = { 0 };

	if (usbccid_open(t->ccid, address, &options, &t->reader, &cause))
		return usb_error(err, &cause);
	usbccid_set_cancel_fd(t->reader, esim_cancel_fd(t->cancel));
	return 0;
}

/* The one that was unplugged, where it is plugged in again. */
static int open_again(struct usb_transport *t, struct esim_error *err)
{
	struct usbccid_info now;
	int r = open_reader(t, t->info.bus_port, t->info.interface, err);

	if (r)
		return r;
	usbccid_describe(t->reader, &now);
	if (now.vendor == t->info.vendor && now.product == t->info.product)
		return 0;
	usbccid_close(&t->reader);
	esim_error_set(err, ESIM_ENODEV, "usb:%s: where %s was, there is %s now", t->info.bus_port,
		       t->info.name, now.name);
	esim_error_advise(err, "Begin anew.");
	return ESIM_ENODEV;
}

static int power_on(struct usb_transport *t, enum usbccid_reset kind, struct esim_error *err)
{
	struct usbccid_error cause = { 0 };
	int r = usbccid_power_on(t->reader, t->slot, kind, POWER_TIMEOUT_MS, &cause);

	if (!r)
		r = usbccid_card(t->reader, t->slot, CARD_TIMEOUT_MS, &t->card, &cause);
	if (!r)
		return 0;
	if (r == USBCCID_ENODEV)
		usbccid_close(&t->reader);
	return usb_error(err, &cause);
}

/* --- vtable ----------------------------------------------------------------------------- */

static void usb_close(void *priv)
{
	struct usb_transport *t = priv;

	usbccid_close(&t->reader);
	usbccid_free(&t->ccid);
	/* Answers of the card may have held what is secret. */
	explicit_bzero(t, sizeof(*t));
	free(t);
}

static void usb_describe(void *priv, struct esim_transport_info *ret)
{
	const struct usb_transport *t = priv;

	snprintf(ret->scheme, sizeof(ret->scheme), "usb");
	snprintf(ret->name, sizeof(ret->name), "%s (%.80s)", t->info.bus_port, t->info.name);
	ret->features = ESIM_TRANSPORT_RAW | ESIM_TRANSPORT_RESET | ESIM_TRANSPORT_CASE4;
	if (t->card.extended)
		ret->features |= ESIM_TRANSPORT_EXTENDED;
	ret->max_data = transport_max_data(t->card.max_command);
	if (t->card.atr_len <= sizeof(ret->atr)) {
		memcpy(ret->atr, t->card.atr, t->card.atr_len);
		ret->atr_len = t->card.atr_len;
	}
}

static int unplugged(const struct usb_transport *t, bool sent, struct esim_error *err)
{
	esim_error_set(err, ESIM_ENODEV, "usb:%s: %s was unplugged", t->info.bus_port, t->info.name);
	esim_error_advise(err, "Plug the reader in again and repeat the command.");
	return esim_error_outcome(err, ESIM_ENODEV, sent ? ESIM_OUTCOME_UNKNOWN : ESIM_OUTCOME_NEVER_SENT);
}

static int failed_command(struct usb_transport *t, const struct usbccid_error *cause,
			  struct esim_error *err)
{
	if (cause->code != USBCCID_ENODEV)
		return usb_error_command(err, cause);
	usbccid_close(&t->reader);
	return unplugged(t, cause->sent, err);
}

static int usb_transmit(void *priv, struct esim_slice command, struct esim_buf *response,
			unsigned timeout_ms, struct esim_error *err)
{
	struct usb_transport *t = priv;
	struct usbccid_error cause = { 0 };
	size_t len = 0;
	int r;

	if (!t->reader)
		return unplugged(t, false, err);
	r = usbccid_transmit(t->reader, t->slot, command.data, command.len, t->response,
			     sizeof(t->response), &len, timeout_ms, &cause);
	if (r)
		return failed_command(t, &cause, err);
	esim_buf_append(response, t->response, len);
	explicit_bzero(t->response, len);
	r = esim_buf_failed(response);
	return r ? esim_error_set(err, r, "no room for an answer of %zu bytes", len) : 0;
}

/* Cold, where nothing else is asked for: it brings back a card that a warm reset does not. */
static int usb_reset(void *priv, enum esim_reset kind, struct esim_error *err)
{
	const enum usbccid_reset how = kind == ESIM_RESET_WARM ? USBCCID_WARM : USBCCID_COLD;
	struct usb_transport *t = priv;
	int r = t->reader ? power_on(t, how, err) : 0;

	if (t->reader)
		return r;
	r = open_again(t, err);
	return r ? r : power_on(t, USBCCID_COLD, err);
}

static void usb_set_cancel(void *priv, const struct esim_cancel *cancel)
{
	struct usb_transport *t = priv;

	t->cancel = cancel;
	if (t->reader)
		usbccid_set_cancel_fd(t->reader, esim_cancel_fd(cancel));
}

static const struct esim_transport_ops usb_ops = {
	.close = usb_close,
	.describe = usb_describe,
	.transmit = usb_transmit,
	.reset = usb_reset,
	.set_cancel = usb_set_cancel,
};

/* --- opening ------------------------------------------------------------------------------ */

/* "?slot=N", or nothing; USBCCID_MAX_SLOTS where it is neither. */
static unsigned parse_slot(const char *option)
{
	static const char name[] = "?slot=";
	unsigned long slot;
	char *end;

	if (option[0] == '\0')
		return 0;
	if (strncmp(option, name, strlen(name)) != 0 || strchr("+- ", option[strlen(name)]))
		return USBCCID_MAX_SLOTS;
	slot = strtoul(option + strlen(name), &end, 10);
	return *end || slot > USBCCID_MAX_SLOTS ? USBCCID_MAX_SLOTS : (unsigned)slot;
}

/* "3-1?slot=1" into address and slot. */
static int parse(const char *rest, char address[static USBCCID_BUS_PORT_SIZE], unsigned *ret_slot,
		 struct esim_error *err)
{
	const size_t len = strcspn(rest, "?");

	if (len >= USBCCID_BUS_PORT_SIZE)
		return esim_error_set(err, ESIM_EINVAL, "usb: takes BUS-PORT or VID:PID, not '%.64s'",
				      rest);
	memcpy(address, rest, len);
	address[len] = '\0';
	*ret_slot = parse_slot(rest + len);
	if (*ret_slot == USBCCID_MAX_SLOTS)
		return esim_error_set(err, ESIM_EINVAL, "usb: '%.64s' is no slot: ?slot=0 to ?slot=%d",
				      rest + len, USBCCID_MAX_SLOTS - 1);
	return 0;
}

static int open_card(struct usb_transport *t, const char *rest, struct esim_error *err)
{
	char address[USBCCID_BUS_PORT_SIZE];
	struct usbccid_error cause = { 0 };
	int r = parse(rest, address, &t->slot, err);

	if (r)
		return r;
	if (usbccid_new(&t->ccid, &cause))
		return usb_error(err, &cause);
	r = open_reader(t, address, -1, err);
	if (r)
		return r;
	usbccid_describe(t->reader, &t->info);
	if (t->slot >= t->info.slots)
		return esim_error_set(err, ESIM_EINVAL, "usb:%s: %s has %u slot%s, the first is 0",
				      t->info.bus_port, t->info.name, t->info.slots,
				      t->info.slots == 1 ? "" : "s");
	return power_on(t, USBCCID_COLD, err);
}

int transport_usb_open(const char *rest, struct esim_transport **ret, struct esim_error *err)
{
	struct usb_transport *t = calloc(1, sizeof(*t));
	int r;

	if (!t)
		return esim_error_set(err, ESIM_ENOMEM, "out of memory");
	r = open_card(t, rest, err);
	if (r) {
		usb_close(t);
		return r;
	}
	r = esim_transport_new(&usb_ops, t, ret);
	return r ? esim_error_set(err, r, "out of memory") : 0;
}
