/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "channels.h"

#include "device.h"
#include "select.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static void close_file(struct channels *channels, struct channel *channel)
{
	if (channel->fd >= 0)
		close(channel->fd);
	channel->fd = -1;
	channel->aid.len = 0;
	for (size_t i = 0; i < APDU_CHANNELS; i++) {
		if (channels->channel[i].fd >= 0)
			return;
	}
	atomic_store(&channels->generation, 0);
}

static void close_channel(struct channels *channels, struct channel *channel)
{
	answer_drop(&channel->kept);
	close_file(channels, channel);
	channel->open = false;
}

void channels_reset(struct channels *channels)
{
	for (size_t i = 0; i < APDU_CHANNELS; i++)
		close_channel(channels, &channels->channel[i]);
	channels->channel[0].open = true;
}

int channels_init(struct channels *channels, const char *device, const struct policy *policy)
{
	*channels = (struct channels){ .device = device, .policy = policy };
	for (size_t i = 0; i < APDU_CHANNELS; i++)
		channels->channel[i].fd = -1;
	channels->channel[0].open = true;
	channels->command = malloc(EUICC_AREA_MAX);
	channels->response = malloc(EUICC_AREA_MAX);
	if (channels->command && channels->response)
		return 0;
	channels_free(channels);
	return -ENOMEM;
}

void channels_free(struct channels *channels)
{
	channels_reset(channels);
	free(channels->command);
	free(channels->response);
	channels->command = NULL;
	channels->response = NULL;
}

/* --- MANAGE CHANNEL: the kernel's matter on the card, here a number ------------------------ */

static int channel_open(struct channels *channels, const struct apdu *apdu, struct answer *answer)
{
	struct channel *from = &channels->channel[apdu->channel];
	uint8_t number = apdu->p2;

	if (number >= APDU_CHANNELS)
		return answer_sw(answer, SW_WRONG_P1P2);
	if (number) {
		if (channels->channel[number].open)
			return answer_sw(answer, SW_NO_FUNCTION);
		channels->channel[number].open = true;
		return answer_sw(answer, SW_OK);
	}
	for (number = 1; number < APDU_CHANNELS && channels->channel[number].open; number++)
		;
	if (number == APDU_CHANNELS)
		return answer_sw(answer, SW_NO_FUNCTION);
	channels->channel[number].open = true;
	return answer_data(answer, &from->kept, apdu, &number, 1, SW_OK);
}

static int channel_close(struct channels *channels, const struct apdu *apdu, struct answer *answer)
{
	unsigned number = apdu->p2 ? apdu->p2 : apdu->channel;

	if (number == 0 || number >= APDU_CHANNELS)
		return answer_sw(answer, SW_WRONG_P1P2);
	if (!channels->channel[number].open)
		return answer_sw(answer, SW_NO_CHANNEL);
	close_channel(channels, &channels->channel[number]);
	return answer_sw(answer, SW_OK);
}

static int manage_channel(struct channels *channels, const struct apdu *apdu, struct answer *answer)
{
	if (!ifd_apdu_is_interindustry(apdu))
		return answer_sw(answer, SW_WRONG_INS);
	if (apdu->lc)
		return answer_sw(answer, SW_WRONG_LENGTH);
	switch (apdu->p1) {
	case 0x00:
		return channel_open(channels, apdu, answer);
	case 0x80:
		return channel_close(channels, apdu, answer);
	default:
		return answer_sw(answer, SW_WRONG_P1P2);
	}
}

/* --- files ----------------------------------------------------------------------------------- */

/* The channel has a new file. One of another card session says that all the others are lost. */
static int take_file(struct channels *channels, struct channel *channel, const struct selected *selected)
{
	uint32_t generation = atomic_load(&channels->generation);

	close_file(channels, channel);
	channel->fd = selected->fd;
	channel->aid = selected->aid;
	if (generation && generation != selected->generation && atomic_load(&channels->generation))
		return -ESTALE;
	atomic_store(&channels->generation, selected->generation);
	channels->used_generation = selected->generation;
	return 0;
}

/*
 * SELECT by name. A card stays with the former application where it knows no such other, so its
 * file is only closed afterwards; before, where it is the same, or stands in the way.
 */
static int select_name(struct channels *channels, struct channel *channel, const struct apdu *apdu,
		       struct answer *answer)
{
	struct selected selected;
	uint16_t sw = select_check(channels->policy, apdu);
	int r;

	if (sw)
		return answer_sw(answer, sw);
	if (channel->aid.len == apdu->lc && memcmp(channel->aid.bytes, apdu->data, apdu->lc) == 0)
		close_file(channels, channel);
	r = select_application(channels->device, channels->policy, apdu->data, apdu->lc, apdu->p2,
			       &selected);
	if (!r && selected.fd < 0 && selected.in_use && channel->fd >= 0) {
		close_file(channels, channel);
		r = select_application(channels->device, channels->policy, apdu->data, apdu->lc,
				       apdu->p2, &selected);
	}
	if (r)
		return r;
	if (selected.fd < 0)
		return answer_sw(answer, selected.sw);
	r = take_file(channels, channel, &selected);
	return r ? r : answer_data(answer, &channel->kept, apdu, selected.fci, selected.fci_len, selected.sw);
}

/* Channel 0 before any SELECT by name: the card's basic channel, or what stands for it. */
static int start_channel(struct channels *channels, struct channel *channel, uint16_t *ret_sw)
{
	const struct policy *policy = channels->policy;
	struct selected selected;
	int r;

	*ret_sw = SW_CONDITIONS;
	if (channel != &channels->channel[0])
		return 0;
	if (policy->basic_channel)
		r = select_basic(channels->device, &selected);
	else if (policy->start.len)
		r = select_start(channels->device, policy, channels->response, &selected);
	else
		return 0;
	if (r || selected.fd < 0)
		return r;
	*ret_sw = 0;
	r = take_file(channels, channel, &selected);
	/* It stands for no application, so that a SELECT of the same one is a new SELECT. */
	channel->aid.len = 0;
	return r;
}

/* SELECT by name is the card's own affair there, as far as the policy goes. */
static bool is_basic(const struct channels *channels, const struct channel *channel)
{
	return channels->policy->basic_channel && channel == &channels->channel[0];
}

/* --- commands of the card's ---------------------------------------------------------------------- */

/* XFER's errors, which mean that nothing was sent, as a card would put those that it would. */
static int refuse(int error, struct answer *answer)
{
	switch (error) {
	case -E2BIG:
	case -EINVAL:
		return answer_sw(answer, SW_WRONG_LENGTH);
	case -EPERM:
		return answer_sw(answer, SW_WRONG_INS);
	case -ENOTCONN:
		return -ESTALE;
	case -ESTALE:
	case -ENODEV:
	case -ENOMEDIUM:
	case -ETIMEDOUT:
	case -ENOMEM:
		return error;
	default:
		return -EIO;
	}
}

static int exchange(struct channels *channels, struct channel *channel, const struct apdu *apdu,
		    struct answer *answer)
{
	size_t len;
	uint16_t sw;
	int r;

	if (apdu->len > EUICC_AREA_MAX)
		return answer_sw(answer, SW_WRONG_LENGTH);
	/* The client's channel is not the card's: the class byte goes without. */
	memcpy(channels->command, apdu->bytes, apdu->len);
	channels->command[0] = apdu->cla;
	r = device_transmit(channel->fd, channels->command, apdu->len, channels->response, &len, &sw);
	explicit_bzero(channels->command, apdu->len);
	if (r)
		return refuse(r, answer);
	r = answer_data(answer, &channel->kept, apdu, channels->response, len, sw);
	explicit_bzero(channels->response, len);
	return r;
}

static int forward(struct channels *channels, struct channel *channel, const struct apdu *apdu,
		   struct answer *answer)
{
	uint16_t sw = policy_check_command(channels->policy, apdu, is_basic(channels, channel));
	int r;

	if (sw)
		return answer_sw(answer, sw);
	if (channel->fd < 0) {
		r = start_channel(channels, channel, &sw);
		if (r)
			return r;
		if (sw)
			return answer_sw(answer, sw);
	}
	return exchange(channels, channel, apdu, answer);
}

int channels_transmit(struct channels *channels, const uint8_t *command, size_t len, struct answer *answer)
{
	struct channel *channel;
	struct apdu apdu;
	uint16_t sw = ifd_apdu_parse(command, len, &apdu);
	int r;

	answer->len = 0;
	if (sw)
		return answer_sw(answer, sw);
	channel = &channels->channel[apdu.channel];
	if (!channel->open)
		return answer_sw(answer, SW_NO_CHANNEL);
	if (answer_from_kept(answer, &channel->kept, &apdu, &r))
		return r;
	if (apdu.ins == INS_GET_RESPONSE && ifd_apdu_is_interindustry(&apdu))
		return answer_sw(answer, SW_CONDITIONS);
	if (apdu.ins == INS_MANAGE_CHANNEL)
		return manage_channel(channels, &apdu, answer);
	if (apdu.ins == INS_SELECT && apdu.p1 == SELECT_BY_NAME && !is_basic(channels, channel))
		return select_name(channels, channel, &apdu, answer);
	return forward(channels, channel, &apdu, answer);
}
