/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "vm/churn_card.h"

#include <errno.h>
#include <poll.h>
#include <string.h>
#include <sys/ioctl.h>
#include <unistd.h>

#define CHANNELS 20	/* the basic one included */

static const uint8_t atr[] = { 0x3B, 0x9F, 0x96, 0x80, 0x1F, 0xC7, 0x80, 0x31, 0xE0, 0x73, 0xFE,
			       0x21, 0x1B, 0x63, 0x57, 0x4A, 0x45, 0x00, 0x90, 0x00, 0x1C };

int churn_card_new(int control, struct churn_card *card)
{
	struct euicc_proxy_new_dev args = {
		.features = EUICC_FEATURE_FCI | EUICC_FEATURE_P2 | EUICC_FEATURE_COLD | EUICC_FEATURE_BASIC,
		.atr_len = sizeof(atr), .name = "churn",
	};

	memcpy(args.atr, atr, sizeof(atr));
	if (ioctl(control, EUICC_PROXY_NEW_DEV, &args))
		return -errno;
	memset(card, 0, sizeof(*card));
	card->fd = args.fd;
	card->minor = args.minor;
	return 0;
}

void churn_command(uint8_t apdu[CHURN_COMMAND_LEN], uint32_t tag)
{
	static const uint8_t command[CHURN_COMMAND_LEN] = { 0x80, 0xE2, 0x91, 0x00, 8 };

	memcpy(apdu, command, sizeof(command));
	memcpy(apdu + 5, &tag, sizeof(tag));
}

/* --- the card -------------------------------------------------------------------------------- */

static uint32_t status(uint8_t *to, uint16_t sw)
{
	to[0] = (uint8_t)(sw >> 8);
	to[1] = (uint8_t)sw;
	return 2;
}

static uint32_t manage_channel(struct churn_card *card, const uint8_t *apdu, uint8_t *to)
{
	if (apdu[2] == 0x80) {
		if (!apdu[3] || apdu[3] >= CHANNELS || !(card->channels & 1u << apdu[3]))
			return status(to, 0x6A86);
		card->channels &= ~(1u << apdu[3]);
		return status(to, 0x9000);
	}
	for (uint8_t i = 1; i < CHANNELS; i++) {
		if (card->channels & 1u << i)
			continue;
		card->channels |= 1u << i;
		to[0] = i;
		return 1 + status(to + 1, 0x9000);
	}
	return status(to, 0x6A81);
}

static uint8_t channel_of(uint8_t cla)
{
	return cla & 0x40 ? (uint8_t)(4 + (cla & 0x0F)) : cla & 0x03;
}

static uint32_t answer(struct churn_card *card, const uint8_t *apdu, uint32_t len, uint8_t *to)
{
	uint8_t channel = len ? channel_of(apdu[0]) : 0;
	uint32_t pending = card->pending_len;

	if (len < 4)
		return status(to, 0x6700);
	card->pending_len = 0;
	if (apdu[1] == 0xC0) {
		if (!pending || channel != card->pending_channel)
			return status(to, 0x6F00);
		memcpy(to, card->pending, pending);
		return pending + status(to + pending, 0x9000);
	}
	if (pending && channel != card->pending_channel)
		card->lost++;
	if (apdu[1] == 0x70)
		return manage_channel(card, apdu, to);
	if (channel && !(card->channels & 1u << channel))
		return status(to, 0x6881);
	if (apdu[1] != 0xE2 || len < 5 + CHURN_ANSWER_LEN)
		return status(to, 0x9000);
	if (card->served & 1) {
		memcpy(card->pending, apdu + 5, CHURN_ANSWER_LEN);
		card->pending_len = CHURN_ANSWER_LEN;
		card->pending_channel = channel;
		return status(to, 0x6100 | CHURN_ANSWER_LEN);
	}
	memcpy(to, apdu + 5, CHURN_ANSWER_LEN);
	return CHURN_ANSWER_LEN + status(to + CHURN_ANSWER_LEN, 0x9000);
}

/* --- the transport's end ------------------------------------------------------------------------ */

bool churn_card_serve(struct churn_card *card, int ms, bool mute)
{
	struct pollfd pollfd = { .fd = card->fd, .events = POLLIN };
	struct euicc_proxy_msg *head = &card->message.head;
	uint8_t reply[256 + 2];
	ssize_t len;

	if (poll(&pollfd, 1, ms) <= 0)
		return false;
	len = read(card->fd, &card->message, sizeof(card->message));
	if (len < (ssize_t)sizeof(*head))
		return false;
	card->served++;
	if (mute || head->op == EUICC_PROXY_CANCEL)
		return true;
	if (head->op == EUICC_PROXY_RESET) {
		card->channels = 0;
		card->pending_len = 0;
		memcpy(card->message.payload, atr, sizeof(atr));
		head->length = sizeof(atr);
	} else {
		head->length = answer(card, card->message.payload, head->length, reply);
		memcpy(card->message.payload, reply, head->length);
	}
	head->op = EUICC_PROXY_ANSWER;
	head->handle = 0;
	return write(card->fd, &card->message, sizeof(*head) + head->length) >= 0;
}

int churn_card_event(struct churn_card *card, uint32_t type)
{
	struct euicc_proxy_msg head = { .op = EUICC_PROXY_EVENT, .handle = type };

	return write(card->fd, &head, sizeof(head)) < 0 ? -errno : 0;
}

void churn_card_end(struct churn_card *card)
{
	close(card->fd);
	card->fd = -1;
}
