/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Handles of channels; see channels.h. */
#include "channels.h"

#include <esim/limits.h>

#define INDEX_BITS 8

static uint32_t generation_of(const struct channels *channels)
{
	/* 0 is no handle. */
	return channels->generation % (UINT32_MAX >> INDEX_BITS) + 1;
}

struct modem_channel *channels_free_place(struct channels *channels, struct esim_error *err)
{
	for (unsigned i = 0; i < CHANNELS_MAX; i++)
		if (!channels->list[i].open)
			return &channels->list[i];
	esim_error_set(err, ESIM_EBUSY, "this program has %d channels of the modem open already", CHANNELS_MAX);
	return NULL;
}

unsigned channels_index(const struct channels *channels, const struct modem_channel *channel)
{
	return (unsigned)(channel - channels->list);
}

uint32_t channels_handle(const struct channels *channels, const struct modem_channel *channel)
{
	return generation_of(channels) << INDEX_BITS | channels_index(channels, channel);
}

int channels_say_stale(struct esim_error *err)
{
	esim_error_set(err, ESIM_ESTALE, "the card or the modem was reset: the channel is gone");
	esim_error_advise(err, "Begin anew.");
	return esim_error_outcome(err, ESIM_ESTALE, ESIM_OUTCOME_NEVER_SENT);
}

struct modem_channel *channels_find(struct channels *channels, uint32_t handle, struct esim_error *err)
{
	const unsigned index = handle & ((1u << INDEX_BITS) - 1);

	if (handle >> INDEX_BITS == generation_of(channels) && index < CHANNELS_MAX && channels->list[index].open)
		return &channels->list[index];
	channels_say_stale(err);
	return NULL;
}

void channels_stale(struct channels *channels)
{
	for (unsigned i = 0; i < CHANNELS_MAX; i++)
		channels->list[i].open = false;
	channels->generation++;
}

int channels_check_open(const char *protocol, unsigned port, struct esim_slice aid, struct esim_error *err)
{
	if (port != 0)
		return esim_error_set(err, ESIM_ENOTSUP, "%s reaches no eSIM port but 0: %u", protocol, port);
	if (aid.len == 0 || aid.len > ESIM_MAX_AID)
		return esim_error_set(err, ESIM_EINVAL, "an AID has 1 to %d bytes", ESIM_MAX_AID);
	return 0;
}

int channels_refused(const struct quirks *quirks, int code, struct esim_error *err)
{
	if (code == ESIM_EBUSY && quirks->max_channels)
		esim_error_advise(err, "This modem has %u logical channels for programs: try again when another "
				       "program has ended, or reset the modem.", quirks->max_channels);
	else if ((code == ESIM_ENOTSUP || code == ESIM_EIO) && quirks->note[0])
		esim_error_advise(err, "%s", quirks->note);
	return code;
}

unsigned channels_timeout(const struct quirks *quirks, unsigned timeout_ms)
{
	return timeout_ms > quirks->apdu_timeout_ms ? timeout_ms : quirks->apdu_timeout_ms;
}
