// SPDX-License-Identifier: GPL-2.0-only
/* The operations of a transport that is a program: each is one request of the line. */
#include <linux/err.h>
#include <linux/jiffies.h>
#include <linux/string.h>

#include "euicc_proxy.h"

/* 0 and the answer, or what the core is to be told. */
static int ask(struct euicc_proxy *proxy, struct euicc_proxy_request *request,
	       unsigned long timeout)
{
	int r = euicc_proxy_ask(proxy, request, timeout);

	return r ? r : request->error;
}

/* "As before" is the ATR of the event that told of this card, where there was one. */
static size_t event_atr(struct euicc_proxy *proxy, u8 *atr)
{
	size_t len;

	mutex_lock(&proxy->lock);
	len = proxy->atr_len;
	memcpy(atr, proxy->atr, len);
	mutex_unlock(&proxy->lock);
	return len;
}

static int proxy_activate(struct euicc_device *edev, u32 kind, unsigned long timeout, u8 *atr,
			  size_t *atr_len)
{
	struct euicc_proxy *proxy = euicc_priv(edev);
	struct euicc_proxy_request request = {
		.msg = { .op = EUICC_PROXY_RESET, .handle = kind },
		.data = atr,
		.size = EUICC_ATR_MAX,
	};
	int r = ask(proxy, &request, timeout);

	if (r)
		return r;
	euicc_proxy_session_over(proxy);
	*atr_len = request.len ? request.len : event_atr(proxy, atr);
	return 0;
}

static int proxy_exchange(struct euicc_device *edev, u32 channel, const u8 *command, size_t len,
			  struct euicc_response *response, unsigned long timeout)
{
	struct euicc_proxy_request request = {
		.msg = { .op = EUICC_PROXY_XFER, .handle = channel, .length = len },
		.payload = command,
		.data = response->data,
		.size = response->size,
	};
	int r = ask(euicc_priv(edev), &request, timeout);

	if (!r)
		response->len = request.len;
	return r;
}

static int proxy_open(struct euicc_device *edev, const struct euicc_open_channel *args,
		      struct euicc_response *response, u32 *handle, unsigned long timeout)
{
	struct euicc_proxy_open open = {
		.aid_len = args->aid_len,
		.p2 = args->p2,
		.flags = args->flags & EUICC_OPEN_BASIC,
		.timeout_ms = jiffies_to_msecs(timeout),
	};
	struct euicc_proxy_request request = {
		.msg = { .op = EUICC_PROXY_OPEN, .length = sizeof(open) },
		.payload = &open,
		.data = response->data,
		.size = response->size,
	};
	int r;

	memcpy(open.aid, args->aid, args->aid_len);
	r = ask(euicc_priv(edev), &request, timeout);
	if (r)
		return r;
	response->len = request.len;
	*handle = request.handle;
	return 0;
}

/* Where nobody reads it in time, the line keeps it. */
static void proxy_close(struct euicc_device *edev, u32 handle, unsigned long timeout)
{
	struct euicc_proxy_request request = {
		.msg = { .op = EUICC_PROXY_CLOSE, .handle = handle },
	};

	ask(euicc_priv(edev), &request, timeout);
}

static void proxy_stop(struct euicc_device *edev)
{
	euicc_proxy_stop(euicc_priv(edev));
}

const struct euicc_transport_ops euicc_proxy_ops = {
	.activate = proxy_activate,
	.exchange = proxy_exchange,
	.open = proxy_open,
	.close = proxy_close,
	.stop = proxy_stop,
};
