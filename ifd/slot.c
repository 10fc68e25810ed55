/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "slot.h"

#include "device.h"

#include <errno.h>
#include <string.h>
#include <unistd.h>

/* Of a card behind a modem, which tells no ATR: T=0 with everything by default, ISO/IEC 7816-3, 8.2. */
static const uint8_t minimal_atr[] = { 0x3B, 0x00 };

int slot_init(struct slot *slot, const struct config_slot *config)
{
	int r;

	*slot = (struct slot){ .config = config, .open = true };
	r = channels_init(&slot->channels, config->device, &config->policy);
	if (r)
		return r;
	r = presence_init(&slot->presence, config->device, &slot->channels.generation);
	if (r) {
		channels_free(&slot->channels);
		return r;
	}
	pthread_mutex_init(&slot->lock, NULL);
	return 0;
}

void slot_free(struct slot *slot)
{
	/* pcscd waits half a second for a command that does not end, and then closes all the same. */
	pthread_mutex_lock(&slot->lock);
	slot->open = slot->powered = false;
	slot->atr_len = 0;
	channels_free(&slot->channels);
	pthread_mutex_unlock(&slot->lock);
	presence_free(&slot->presence);
	/* The locks stay: somebody may be about to take them. */
}

/* --- power -------------------------------------------------------------------------------------- */

/*
 * Is the card's session one that clients of this slot left something in (a verified PIN, say), or
 * one that says nothing yet?
 */
static bool needs_reset(const struct slot *slot, const struct euicc_info *info, enum slot_power what)
{
	if (info->card_state == EUICC_CARD_OFF)
		return info->atr_len == 0;
	if (info->card_state != EUICC_CARD_ON || info->atr_len == 0)
		return true;
	return what == SLOT_RESET || info->generation == slot->channels.used_generation;
}

/* Others who use the card are not to lose it, and not every modem can: then it stays as it is. */
static int reset(int fd, const struct euicc_info *info, enum slot_power what)
{
	uint32_t kind = what == SLOT_UP && info->features & EUICC_FEATURE_COLD ? EUICC_RESET_COLD :
										EUICC_RESET_ANY;
	int r = device_reset(fd, kind);

	return r == -EBUSY || r == -EOPNOTSUPP ? 0 : r;
}

static int activate(struct slot *slot, int fd, enum slot_power what)
{
	struct euicc_info info;
	int r = device_info(fd, &info);

	if (r)
		return r;
	if (info.card_state == EUICC_CARD_ABSENT)
		return -ENOMEDIUM;
	if (needs_reset(slot, &info, what)) {
		r = reset(fd, &info, what);
		if (!r)
			r = device_info(fd, &info);
		if (r)
			return r;
	}
	if (info.card_state == EUICC_CARD_ABSENT || info.card_state == EUICC_CARD_MUTE)
		return -ENOMEDIUM;
	slot->atr_len = info.atr_len < sizeof(slot->atr) ? info.atr_len : sizeof(slot->atr);
	memcpy(slot->atr, info.atr, slot->atr_len);
	if (!slot->atr_len) {
		memcpy(slot->atr, minimal_atr, sizeof(minimal_atr));
		slot->atr_len = sizeof(minimal_atr);
	}
	return 0;
}

static int power_up(struct slot *slot, enum slot_power what)
{
	int fd = slot->open && slot->config->device[0] ? device_open(slot->config->device) : -ENODEV, r;

	if (fd < 0)
		return fd;
	r = activate(slot, fd, what);
	close(fd);
	if (r)
		return r;
	slot->powered = true;
	return 0;
}

int slot_power(struct slot *slot, enum slot_power what)
{
	int r = 0;

	pthread_mutex_lock(&slot->lock);
	channels_reset(&slot->channels);
	slot->powered = false;
	slot->atr_len = 0;
	if (what != SLOT_DOWN)
		r = power_up(slot, what);
	if (slot->powered)
		presence_session_new(&slot->presence);
	pthread_mutex_unlock(&slot->lock);
	return r;
}

size_t slot_atr(struct slot *slot, uint8_t *out)
{
	size_t len;

	pthread_mutex_lock(&slot->lock);
	len = slot->atr_len;
	memcpy(out, slot->atr, len);
	pthread_mutex_unlock(&slot->lock);
	return len;
}

/* --- presence --------------------------------------------------------------------------------------- */

static void end_session(struct slot *slot)
{
	channels_reset(&slot->channels);
	slot->powered = false;
}

/*
 * pcscd does not power down a card that went, and its clients may never speak again. A file of a
 * device that went would keep its number from the one that comes: another slot's, or nobody's.
 */
bool slot_present(struct slot *slot)
{
	bool present = presence_check(&slot->presence);

	if (!atomic_load(&slot->presence.lost))
		return present;
	pthread_mutex_lock(&slot->lock);
	if (atomic_load(&slot->presence.lost))
		end_session(slot);
	pthread_mutex_unlock(&slot->lock);
	return present;
}

/* --- APDUs ----------------------------------------------------------------------------------------- */

static bool ends_session(int error)
{
	return error == -ESTALE || error == -ENODEV || error == -ENOMEDIUM;
}

/*
 * pcscd powers down what nobody used for some seconds. A client that reconnects without a reset then has it power nothing
 * up, and "no card" in answer to his command would be its last word: it forgets the card, and its thread sees no change.
 */
static int begin_session(struct slot *slot)
{
	if (!slot->open || atomic_load(&slot->presence.lost))
		return -ENOMEDIUM;
	return slot->powered ? 0 : power_up(slot, SLOT_UP);
}

int slot_transmit(struct slot *slot, const uint8_t *command, size_t len, struct answer *answer)
{
	int r;

	pthread_mutex_lock(&slot->lock);
	answer->len = 0;
	r = begin_session(slot);
	if (!r)
		r = channels_transmit(&slot->channels, command, len, answer);
	if (slot->powered && ends_session(r)) {
		end_session(slot);
		presence_session_lost(&slot->presence);
	}
	pthread_mutex_unlock(&slot->lock);
	return r;
}
