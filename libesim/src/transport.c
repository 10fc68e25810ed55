/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Transports: the registry by URI scheme, and the calls of the vtable; see esim/transport.h. */
#include <esim/transport_module.h>

#include "apdu.h"
#include "transport_broker.h"
#include "transport_internal.h"
#include "transport_schemes.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define COMMAND_OVERHEAD 6		/* header, Lc and Le of a short command */

/* --- registry ----------------------------------------------------------------- */

typedef int (*opener)(const char *rest, struct esim_transport **ret, struct esim_error *err);

/* Without an opener: a module's, or known by name alone, since this build was made without it. */
static const struct {
	const char *prefix;
	const char *what;
	opener open;
	const char *module;	/* its scheme; NULL: none */
	bool takes_slot;	/* "?slot=N" belongs to the transport */
} schemes[] = {
	{ "unix:", "Unix sockets", transport_unix_open, NULL, false },
	{ "tcp:", "TCP sockets", transport_tcp_open, NULL, false },
	{ "/", "the kernel's eUICC devices", transport_kdev_open, NULL, false },
	{ "usb:", "USB readers", transport_usb_open, NULL, true },
	{ "pcsc:", "PC/SC readers", transport_pcsc_open, NULL, false },
	{ "vfio:", "readers by vfio", NULL, NULL, false },
	{ "mbim:", "MBIM modems", NULL, "mbim", true },
	{ "qmi:", "QMI modems", NULL, "qmi", true },
	{ "at:", "AT modems", NULL, "at", false },
};

#define SCHEME_COUNT (sizeof(schemes) / sizeof(schemes[0]))

/* The index of the scheme of @uri, or SCHEME_COUNT. */
static size_t find_scheme(const char *uri)
{
	size_t i = 0;

	while (i < SCHEME_COUNT && strncmp(uri, schemes[i].prefix, strlen(schemes[i].prefix)) != 0)
		i++;
	return i;
}

static int unknown_scheme(const char *uri, struct esim_error *err)
{
	esim_error_set(err, ESIM_EINVAL, "'%.64s' names no device", uri);
	esim_error_advise(err, "Write /dev/euiccN, usb:BUS-PORT, pcsc:READER, mbim:DEV, qmi:DEV, at:TTY, unix:PATH "
			       "or tcp:HOST:PORT.");
	return ESIM_EINVAL;
}

static int open_by_module(const char *scheme, const char *rest, const struct esim_cancel *cancel,
			  struct esim_transport **ret, struct esim_error *err)
{
	const struct esim_transport_module *module;
	const struct esim_transport_ops *ops;
	void *priv;
	int r = esim_transport_module_load(scheme, &module, err);

	if (!r)
		r = module->open(rest, cancel, &ops, &priv, err);
	if (r)
		return r;
	r = esim_transport_new(ops, priv, ret);
	return r ? esim_error_set(err, r, "out of memory") : 0;
}

int esim_transport_open(const char *uri, struct esim_transport **ret, struct esim_error *err)
{
	return esim_transport_open_cancellable(uri, NULL, ret, err);
}

int esim_transport_open_cancellable(const char *uri, const struct esim_cancel *cancel,
				    struct esim_transport **ret, struct esim_error *err)
{
	size_t i = find_scheme(uri);

	if (i == SCHEME_COUNT)
		return unknown_scheme(uri, err);
	if (schemes[i].module && transport_broker_wanted())
		return transport_broker_open(uri, cancel, ret, err);
	if (schemes[i].module)
		return open_by_module(schemes[i].module, uri + strlen(schemes[i].prefix), cancel, ret, err);
	if (!schemes[i].open)
		return esim_error_set(err, ESIM_ENOTSUP,
				      "'%.64s': this build cannot open %s (%s)", uri,
				      schemes[i].what, schemes[i].prefix);
	return schemes[i].open(uri + strlen(schemes[i].prefix), ret, err);
}

const char *const *esim_transport_schemes(void)
{
	static const char *const names[] = { "/dev/euicc", "usb", "pcsc", "mbim", "qmi", "at",
					     "unix", "tcp", NULL };

	return names;
}

/* One NAME=VALUE of a device's query; what belongs to the transport stays in its URI. */
static int take_option(const char *option, size_t len, bool takes_slot, struct esim_device *device,
		       struct esim_error *err)
{
	static const char channel_basic[] = "channel=basic", slot[] = "slot=";
	size_t used = strlen(device->uri);

	if (len == strlen(channel_basic) && memcmp(option, channel_basic, len) == 0) {
		device->basic_channel = true;
		return 0;
	}
	if (takes_slot && len > strlen(slot) && memcmp(option, slot, strlen(slot)) == 0 &&
	    !strchr(device->uri, '?') && used + 1 + len < sizeof(device->uri)) {
		snprintf(device->uri + used, sizeof(device->uri) - used, "?%.*s", (int)len, option);
		return 0;
	}
	esim_error_set(err, ESIM_EINVAL, "unknown option '%.*s' of the device", (int)(len < 64 ? len : 64), option);
	esim_error_advise(err, takes_slot ? "It takes ?slot=N, once, and ?channel=basic." :
					    "It takes ?channel=basic alone; ?slot=N is for usb:, mbim: and qmi:.");
	return ESIM_EINVAL;
}

int esim_device_parse(const char *text, struct esim_device *ret, struct esim_error *err)
{
	struct esim_device device = { .basic_channel = false };
	const char *query = strchr(text, '?');
	size_t i = find_scheme(text), len = query ? (size_t)(query - text) : strlen(text);
	int r;

	if (i == SCHEME_COUNT)
		return unknown_scheme(text, err);
	if (len >= sizeof(device.uri))
		return esim_error_set(err, ESIM_EINVAL, "the device's name is longer than %zu bytes",
				      sizeof(device.uri) - 1);
	memcpy(device.uri, text, len);
	while (query) {
		const char *option = query + 1;
		const char *end = strchrnul(option, '&');

		r = take_option(option, (size_t)(end - option), schemes[i].takes_slot, &device, err);
		if (r)
			return r;
		query = *end ? end : NULL;
	}
	*ret = device;
	return 0;
}

unsigned transport_max_data(size_t max_command)
{
	if (max_command > COMMAND_OVERHEAD && max_command < COMMAND_OVERHEAD + APDU_SHORT_DATA)
		return (unsigned)(max_command - COMMAND_OVERHEAD);
	return 0;
}

/* --- the vtable ----------------------------------------------------------------- */

int esim_transport_new(const struct esim_transport_ops *ops, void *priv,
		       struct esim_transport **ret)
{
	struct esim_transport *transport = malloc(sizeof(*transport));

	if (!transport) {
		ops->close(priv);
		return ESIM_ENOMEM;
	}
	*transport = (struct esim_transport){ ops, priv };
	*ret = transport;
	return 0;
}

void esim_transport_free(struct esim_transport **transport)
{
	if (!transport || !*transport)
		return;
	(*transport)->ops->close((*transport)->priv);
	free(*transport);
	*transport = NULL;
}

void esim_transport_describe(struct esim_transport *transport, struct esim_transport_info *ret)
{
	*ret = (struct esim_transport_info){ 0 };
	transport->ops->describe(transport->priv, ret);
}

static int not_supported(const char *what, struct esim_error *err)
{
	return esim_error_set(err, ESIM_ENOTSUP, "this transport has no %s", what);
}

int esim_transport_transmit(struct esim_transport *transport, struct esim_slice command,
			    struct esim_buf *response, unsigned timeout_ms, struct esim_error *err)
{
	if (!transport->ops->transmit)
		return not_supported("access to the basic channel", err);
	return transport->ops->transmit(transport->priv, command, response, timeout_ms, err);
}

int esim_transport_channel_open(struct esim_transport *transport, unsigned port,
				struct esim_slice aid, uint8_t p2, uint32_t *ret_handle,
				struct esim_buf *fci, unsigned timeout_ms, struct esim_error *err)
{
	if (!transport->ops->channel_open)
		return not_supported("channels of its own", err);
	return transport->ops->channel_open(transport->priv, port, aid, p2, ret_handle, fci,
					    timeout_ms, err);
}

int esim_transport_channel_transmit(struct esim_transport *transport, uint32_t handle,
				    struct esim_slice command, struct esim_buf *response,
				    unsigned timeout_ms, struct esim_error *err)
{
	if (!transport->ops->channel_transmit)
		return not_supported("channels of its own", err);
	return transport->ops->channel_transmit(transport->priv, handle, command, response,
						timeout_ms, err);
}

int esim_transport_channel_transmit_batch(struct esim_transport *transport, uint32_t handle,
					  const struct esim_transport_batch *batch,
					  struct esim_buf *responses, size_t *lengths,
					  size_t *ret_done, struct esim_error *err)
{
	*ret_done = 0;
	if (!transport->ops->channel_transmit_batch)
		return not_supported("batches", err);
	return transport->ops->channel_transmit_batch(transport->priv, handle, batch, responses,
						      lengths, ret_done, err);
}

void esim_transport_channel_close(struct esim_transport *transport, uint32_t handle)
{
	if (transport->ops->channel_close)
		transport->ops->channel_close(transport->priv, handle);
}

int esim_transport_reset(struct esim_transport *transport, enum esim_reset kind,
			 struct esim_error *err)
{
	if (!transport->ops->reset)
		return not_supported("way to reset the card", err);
	return transport->ops->reset(transport->priv, kind, err);
}

void esim_transport_set_cancel(struct esim_transport *transport, const struct esim_cancel *cancel)
{
	if (transport->ops->set_cancel)
		transport->ops->set_cancel(transport->priv, cancel);
}
