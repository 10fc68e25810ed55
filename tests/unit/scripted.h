/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * A card made of given answers, linked in-process, for status words and data that
 * a well-behaved card never gives. Two ways:
 *
 *   strict    a table of commands and answers, in this order and no other
 *   auto      opening the card succeeds; what ends a STORE DATA gets `answer`
 */
#ifndef UNIT_SCRIPTED_H
#define UNIT_SCRIPTED_H

#include <esim/card.h>
#include <esim/hex.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

struct scripted_step {
	const char *command;		/* hex, the whole APDU; NULL: any */
	const char *answer;		/* hex with the status word; NULL: nothing */
	int result;			/* what the transport returns instead */
};

struct scripted {
	unsigned features;		/* 0: raw, with Le taken together with data */
	unsigned max_data;
	const struct scripted_step *steps;	/* strict: ends with an all-NULL step */
	size_t at;
	struct esim_slice answer;	/* auto: data and status word */
	int result;			/* auto: in its place */
	bool everywhere;		/* auto: also to the blocks before the last */
	unsigned resets, closed, channels_closed;
	const struct esim_cancel *cancel;
	struct esim_buf sent;		/* the last command */
	struct esim_buf data;		/* the data of all STORE DATA blocks */
	char wrong[256];		/* strict: what was sent in place of what was expected */
};

#define SCRIPTED_RAW (ESIM_TRANSPORT_RAW | ESIM_TRANSPORT_RESET | ESIM_TRANSPORT_CASE4)
#define SCRIPTED_END { .result = 1 }

static inline void scripted_close(void *priv)
{
	((struct scripted *)priv)->closed++;
}

static inline void scripted_describe(void *priv, struct esim_transport_info *ret)
{
	const struct scripted *s = priv;

	snprintf(ret->scheme, sizeof(ret->scheme), "scripted");
	ret->features = s->features ? s->features : SCRIPTED_RAW;
	ret->max_data = s->max_data;
}

static inline void scripted_put_hex(struct esim_buf *out, const char *hex)
{
	size_t len = 0;
	uint8_t *bytes = malloc(strlen(hex) / 2 + 1);

	if (!bytes || esim_hex_decode(hex, bytes, strlen(hex) / 2, &len))
		abort();
	esim_buf_append(out, bytes, len);
	free(bytes);
}

static inline int scripted_strict(struct scripted *s, struct esim_slice command,
				  struct esim_buf *response, struct esim_error *err)
{
	const struct scripted_step *step = &s->steps[s->at];
	char hex[2 * 300 + 1];

	esim_hex_encode(esim_slice(command.data, command.len < 300 ? command.len : 300), hex);
	if (step->result == 1 || (step->command && strcmp(step->command, hex) != 0)) {
		if (!s->wrong[0])
			snprintf(s->wrong, sizeof(s->wrong), "step %zu: sent %.80s, not %.80s", s->at, hex,
				 step->command ? step->command : "(the end)");
		return esim_error_set(err, ESIM_EIO, "the script ends here");
	}
	s->at++;
	if (step->result)
		return esim_error_set(err, step->result, "the script says so");
	if (step->answer)
		scripted_put_hex(response, step->answer);
	return 0;
}

static inline int scripted_auto(struct scripted *s, struct esim_slice command,
				struct esim_buf *response, struct esim_error *err)
{
	bool store_data = command.len > 5 && command.data[1] == 0xE2;
	bool last = store_data && command.data[2] == 0x91;

	if (command.len > 2 && command.data[1] == 0x70 && command.data[2] == 0x00) {
		scripted_put_hex(response, "019000");
	} else if (store_data && (last || s->everywhere)) {
		if (s->result)
			return esim_error_set(err, s->result, "the script says so");
		esim_buf_append_slice(response, s->answer);
	} else if (command.len > 1 && command.data[1] == 0xC0) {
		esim_buf_append_slice(response, s->answer);
	} else {
		scripted_put_hex(response, "9000");
	}
	if (store_data)
		esim_buf_append(&s->data, command.data + 5, command.data[4]);
	return 0;
}

static inline int scripted_transmit(void *priv, struct esim_slice command,
				    struct esim_buf *response, unsigned timeout_ms,
				    struct esim_error *err)
{
	struct scripted *s = priv;

	(void)timeout_ms;
	esim_buf_reset(&s->sent);
	esim_buf_append_slice(&s->sent, command);
	return s->steps ? scripted_strict(s, command, response, err) :
			  scripted_auto(s, command, response, err);
}

static inline int scripted_channel_open(void *priv, unsigned port, struct esim_slice aid, uint8_t p2,
					uint32_t *ret_handle, struct esim_buf *fci,
					unsigned timeout_ms, struct esim_error *err)
{
	struct scripted *s = priv;

	(void)port, (void)p2, (void)fci, (void)timeout_ms;
	esim_buf_reset(&s->sent);
	esim_buf_append_slice(&s->sent, aid);
	if (s->result)
		return esim_error_set(err, s->result, "the script says so");
	*ret_handle = 7;
	return 0;
}

static inline int scripted_channel_transmit(void *priv, uint32_t handle, struct esim_slice command,
					    struct esim_buf *response, unsigned timeout_ms,
					    struct esim_error *err)
{
	if (handle != 7)
		return esim_error_set(err, ESIM_EINVAL, "a handle that was never given out");
	return scripted_transmit(priv, command, response, timeout_ms, err);
}

static inline void scripted_channel_close(void *priv, uint32_t handle)
{
	((struct scripted *)priv)->channels_closed += handle == 7;
}

static inline int scripted_reset(void *priv, enum esim_reset kind, struct esim_error *err)
{
	(void)kind, (void)err;
	((struct scripted *)priv)->resets++;
	return 0;
}

static inline void scripted_set_cancel(void *priv, const struct esim_cancel *cancel)
{
	((struct scripted *)priv)->cancel = cancel;
}

/* The transport borrows @s. */
static inline struct esim_transport *scripted_transport(struct scripted *s)
{
	static const struct esim_transport_ops raw = {
		.close = scripted_close,
		.describe = scripted_describe,
		.transmit = scripted_transmit,
		.reset = scripted_reset,
		.set_cancel = scripted_set_cancel,
	};
	static const struct esim_transport_ops owned = {
		.close = scripted_close,
		.describe = scripted_describe,
		.channel_open = scripted_channel_open,
		.channel_transmit = scripted_channel_transmit,
		.channel_close = scripted_channel_close,
		.reset = scripted_reset,
		.set_cancel = scripted_set_cancel,
	};
	struct esim_transport *transport;

	if (esim_transport_new(s->features & ESIM_TRANSPORT_OWNED ? &owned : &raw, s, &transport))
		abort();
	return transport;
}

static inline void scripted_clear(struct scripted *s)
{
	esim_buf_free(&s->sent);
	esim_buf_free(&s->data);
}

#endif
