/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The modem as a whole: made, asked, taken through the rungs of the ladder, on the bus and off it; see vmodem.h. */
#include "vmodem/inside.h"

#include <stdlib.h>
#include <string.h>

/* --- made ------------------------------------------------------------------------------------------- */

static int check_options(const struct vmodem_options *options, struct esim_error *err)
{
	const unsigned protocols = options->protocols;

	if ((protocols & VMODEM_MBIM) && (protocols & VMODEM_QMI))
		return esim_error_set(err, ESIM_EINVAL, "a modem speaks MBIM or QMI, not both");
	if (options->slots > VMODEM_MAX_SLOTS)
		return esim_error_set(err, ESIM_EINVAL, "a modem has at most %d slots", VMODEM_MAX_SLOTS);
	if (options->active > (options->slots ? options->slots : 1))
		return esim_error_set(err, ESIM_EINVAL, "there is no slot %u", options->active);
	return 0;
}

static void take_options(struct vmodem *modem, const struct vmodem_options *options)
{
	struct vmodem_options *own = &modem->options;

	*own = *options;
	own->slots = options->slots ? options->slots : 1;
	own->imei = options->imei ? options->imei : "490154203237518";
	own->manufacturer = options->manufacturer ? options->manufacturer : "CoreESIM";
	own->model = options->model ? options->model : "Virtual modem";
	own->firmware = options->firmware ? options->firmware : "VM1.0";
	own->vendor = options->vendor ? options->vendor : 0x1D6B;
	own->product = options->product ? options->product : 0x0105;
	modem->active = options->active ? options->active - 1 : 0;
	modem->radio = true;
}

/* "DIR" of slot 1, "DIR.2" of slot 2, … */
static const char *numbered(const char *path, unsigned index, char *ret, size_t size)
{
	if (!path)
		return NULL;
	if (index)
		snprintf(ret, size, "%s.%u", path, index + 1);
	else
		snprintf(ret, size, "%s", path);
	return ret;
}

static int make_slot(struct vmodem *modem, unsigned index, struct esim_error *err)
{
	struct vmodem_slot *slot = &modem->slots[index];
	struct veuicc_options card = modem->options.card;

	if (modem->options.empty & 1u << index)
		return 0;
	card.state_dir = numbered(card.state_dir, index, slot->state, sizeof(slot->state));
	card.log = numbered(card.log, index, slot->log, sizeof(slot->log));
	return veuicc_new(&card, &slot->card, err);
}

static int set_up(struct vmodem *modem, struct esim_error *err)
{
	const struct vmodem_options *options = &modem->options;
	int r = vmodem_set_fault(modem, options->fault, err);

	for (size_t i = 0; !r && options->quirks && options->quirks[i]; i++)
		r = vmodem_set_quirk(modem, options->quirks[i], err);
	for (unsigned i = 0; !r && i < options->slots; i++)
		r = make_slot(modem, i, err);
	if (r)
		return r;
	vmodem_card_on(modem, vmodem_active(modem));
	modem->not_ready = 0;
	vmodem_identify(modem);
	modem->news = 0;
	return 0;
}

int vmodem_new(const struct vmodem_options *options, struct vmodem **ret, struct esim_error *err)
{
	struct vmodem *modem;
	int r = check_options(options, err);

	if (r)
		return r;
	modem = calloc(1, sizeof(*modem));
	if (!modem)
		return esim_error_set(err, ESIM_ENOMEM, "no memory for a modem");
	take_options(modem, options);
	r = set_up(modem, err);
	if (r)
		vmodem_free(&modem);
	else
		*ret = modem;
	return r;
}

void vmodem_free(struct vmodem **modem_pointer)
{
	struct vmodem *modem = modem_pointer ? *modem_pointer : NULL;

	if (!modem)
		return;
	for (size_t i = 0; i < modem->front_count; i++) {
		modem->fronts[i]->ops->close(modem->fronts[i]);
		esim_buf_free(&modem->fronts[i]->late);
	}
	for (unsigned i = 0; i < VMODEM_MAX_SLOTS; i++)
		veuicc_free(&modem->slots[i].card);
	free(modem);
	*modem_pointer = NULL;
}

/* --- asked -------------------------------------------------------------------------------------------- */

const struct vmodem_options *vmodem_options(const struct vmodem *modem)
{
	return &modem->options;
}

unsigned vmodem_slots(const struct vmodem *modem)
{
	return modem->options.slots;
}

/* Where slots are swapped, a number for switching means the other of two; it is its own inverse. */
static unsigned mapped(const struct vmodem *modem, unsigned slot)
{
	return vmodem_quirk(modem, VMODEM_SLOTS_SWAPPED) && slot <= 2 && modem->options.slots >= 2 ? 3 - slot : slot;
}

unsigned vmodem_active_slot(const struct vmodem *modem)
{
	return mapped(modem, modem->active + 1);
}

bool vmodem_slot_in_use(const struct vmodem *modem, unsigned slot)
{
	return slot == modem->active + 1;
}

static const struct vmodem_slot *slot_of(const struct vmodem *modem, unsigned number)
{
	static const struct vmodem_slot none;

	if (number > modem->options.slots)
		return &none;
	return &modem->slots[number ? number - 1 : modem->active];
}

/* A host that waits to be told hears of it when it has asked often enough. */
static bool not_ready(struct vmodem *modem)
{
	if (modem->not_ready == 0)
		return false;
	modem->not_ready--;
	if (modem->not_ready == 0)
		vmodem_tell(modem, VMODEM_NEWS_CARD);
	return true;
}

enum vmodem_card_state vmodem_card_state(struct vmodem *modem, unsigned number)
{
	const struct vmodem_slot *slot = slot_of(modem, number);

	if (!slot->card)
		return VMODEM_CARD_ABSENT;
	if (!slot->answers)
		return VMODEM_CARD_OFF;
	return slot == vmodem_active(modem) && not_ready(modem) ? VMODEM_CARD_NOT_READY : VMODEM_CARD_READY;
}

struct esim_slice vmodem_atr(struct vmodem *modem, unsigned number)
{
	const struct vmodem_slot *slot = slot_of(modem, number);

	return slot->card ? veuicc_atr(slot->card) : esim_slice(NULL, 0);
}

const struct esim_eid *vmodem_eid(struct vmodem *modem, unsigned number)
{
	const struct vmodem_slot *slot = slot_of(modem, number);

	return slot->card && !vmodem_quirk(modem, VMODEM_NO_EID) ? veuicc_eid(slot->card) : NULL;
}

bool vmodem_iccid(struct vmodem *modem, struct esim_iccid *ret)
{
	if (not_ready(modem) || !modem->has_iccid || !vmodem_active(modem)->answers)
		return false;
	*ret = modem->iccid;
	return true;
}

bool vmodem_imsi(struct vmodem *modem, char digits[static 16])
{
	if (!modem->has_imsi || modem->not_ready || !vmodem_active(modem)->answers)
		return false;
	memcpy(digits, modem->imsi, sizeof(modem->imsi));
	return true;
}

bool vmodem_radio(const struct vmodem *modem)
{
	return modem->radio;
}

/* --- steps ---------------------------------------------------------------------------------------------- */

int vmodem_switch_slot(struct vmodem *modem, unsigned number)
{
	if (number < 1 || number > modem->options.slots)
		return ESIM_EINVAL;
	number = mapped(modem, number);
	if (number - 1 == modem->active)
		return 0;
	vmodem_card_off(modem, vmodem_active(modem));
	modem->active = number - 1;
	vmodem_card_on(modem, vmodem_active(modem));
	vmodem_identify(modem);
	vmodem_tell(modem, VMODEM_NEWS_SLOT);
	return 0;
}

/* The card goes off and on with the radio, in a modem that learns something by it. */
void vmodem_set_radio(struct vmodem *modem, bool on)
{
	if (modem->radio == on)
		return;
	modem->radio = on;
	if (on && vmodem_quirk_value(modem, VMODEM_FOLLOWS) <= ESIM_MODEM_AIRPLANE) {
		vmodem_card_off(modem, vmodem_active(modem));
		vmodem_card_on(modem, vmodem_active(modem));
		vmodem_identify(modem);
	}
	vmodem_tell(modem, VMODEM_NEWS_RADIO);
}

/* --- the bus -------------------------------------------------------------------------------------------- */

enum vmodem_bus vmodem_bus(const struct vmodem *modem)
{
	return modem->bus;
}

void vmodem_restart(struct vmodem *modem)
{
	if (modem->bus == VMODEM_BUS_THERE)
		modem->bus = VMODEM_BUS_RESTARTS;
}

void vmodem_unplug(struct vmodem *modem)
{
	modem->bus = VMODEM_BUS_GONE;
}

void vmodem_plug(struct vmodem *modem)
{
	if (modem->bus == VMODEM_BUS_GONE)
		modem->bus = VMODEM_BUS_RESTARTS;
}

/* All that was, is not: channels, sessions of the protocols, the radio that was off. */
void vmodem_arrived(struct vmodem *modem)
{
	modem->bus = VMODEM_BUS_THERE;
	modem->counts[COUNT_RESTARTS]++;
	modem->radio = true;
	vmodem_card_off(modem, vmodem_active(modem));
	vmodem_card_on(modem, vmodem_active(modem));
	if (vmodem_quirk_value(modem, VMODEM_FOLLOWS) <= ESIM_MODEM_RESET)
		vmodem_identify(modem);
	modem->news = 0;
	for (size_t i = 0; i < modem->front_count; i++) {
		esim_buf_free(&modem->fronts[i]->late);
		modem->fronts[i]->ops->news(modem->fronts[i], VMODEM_NEWS_RESTART);
	}
}
