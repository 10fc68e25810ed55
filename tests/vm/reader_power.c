/* SPDX-License-Identifier: GPL-2.0-or-later */
/* How a card is switched on: the voltage that it answers at, the rate that card and reader share. */
#include "vm/device.h"
#include "vm/plugged.h"
#include "vm/reader_cases.h"
#include "vm/tap.h"

#include <errno.h>
#include <unistd.h>

/* T=0 at 512/32 as the card's own mode (TA2): nothing to agree upon. */
static const uint8_t specific_atr[] = { 0x3B, 0x90, 0x96, 0x10, 0x00 };
/* T=0 and no TA1: the default rate. */
static const uint8_t default_atr[] = { 0x3B, 0x00 };

struct power {
	const char *name;
	unsigned voltages, card_voltages;
	uint32_t features;		/* with has_features */
	bool has_features;
	uint32_t max_rate;
	enum vreader_pps pps;
	const uint8_t *atr;
	size_t atr_len;
	int result;			/* of OPEN_CHANNEL */
	uint64_t voltage;		/* bPowerSelect of the last power-on */
	uint64_t pps_count;
	uint64_t on_count;		/* power-ons until the channel is open */
};

static const struct power powers[] = {
	{ .name = "1.8 V first", .voltage = 3, .pps_count = 1, .on_count = 1 },
	{ .name = "a card of 3 V", .card_voltages = VREADER_3V, .voltage = 2, .pps_count = 1, .on_count = 2 },
	{ .name = "a card of 5 V", .card_voltages = VREADER_5V, .voltage = 1, .pps_count = 1, .on_count = 3 },
	{ .name = "a reader without 1.8 V", .voltages = VREADER_5V | VREADER_3V, .voltage = 2,
	  .pps_count = 1, .on_count = 1 },
	{ .name = "a card that no voltage of the reader wakes", .voltages = VREADER_3V,
	  .card_voltages = VREADER_5V, .result = -ENOMEDIUM, .voltage = 2, .on_count = 1 },
	{ .name = "automatic voltage", .card_voltages = VREADER_3V, .has_features = true, .features = 0x38,
	  .voltage = 0, .pps_count = 1, .on_count = 1 },
	{ .name = "PPS by the reader", .has_features = true, .features = 0xB0, .voltage = 3, .on_count = 1 },
	{ .name = "all parameters by the reader", .has_features = true, .features = 0x70, .voltage = 3,
	  .on_count = 1 },
	{ .name = "a reader too slow for the card's rate", .max_rate = 10752, .voltage = 3, .on_count = 1 },
	{ .name = "the card answers PPS with the default rate", .pps = VREADER_PPS_DEFAULT, .voltage = 3,
	  .pps_count = 1, .on_count = 1 },
	{ .name = "the card refuses PPS: again, without", .pps = VREADER_PPS_MUTE, .voltage = 3,
	  .pps_count = 1, .on_count = 2 },
	{ .name = "the card answers PPS with nonsense: again, without", .pps = VREADER_PPS_GARBAGE,
	  .voltage = 3, .pps_count = 1, .on_count = 2 },
	{ .name = "a card in specific mode", .atr = specific_atr, .atr_len = sizeof(specific_atr),
	  .voltage = 3, .on_count = 1 },
	{ .name = "a card of the default rate", .atr = default_atr, .atr_len = sizeof(default_atr),
	  .voltage = 3, .on_count = 1 },
};

static void check(const struct power *power)
{
	struct vreader_options options;
	struct plugged plugged;
	uint64_t on, pps, voltage;

	plugged_options(&options);
	options.voltages = power->voltages;
	options.card_voltages = power->card_voltages;
	options.has_features = power->has_features;
	options.features = power->features;
	options.max_rate = power->max_rate;
	options.pps = power->pps;
	options.card.atr = esim_slice(power->atr, power->atr_len);
	if (!plugged_start(&plugged, &options))
		return;
	device_expect(device_isdr_channel(plugged.fd), power->result, "%s", power->name);
	on = vreader_stat(plugged.reader, "on");
	pps = vreader_stat(plugged.reader, "pps");
	voltage = vreader_stat(plugged.reader, "last-voltage");
	if (on != power->on_count || pps != power->pps_count || voltage != power->voltage)
		tap_note("%llu power-ons, the last at %llu, %llu PPS", (unsigned long long)on,
			 (unsigned long long)voltage, (unsigned long long)pps);
	tap_ok(on == power->on_count && voltage == power->voltage, "%s: power-ons", power->name);
	tap_ok(pps == power->pps_count, "%s: PPS", power->name);
	plugged_obeys(&plugged, power->name);
	plugged_stop(&plugged);
}

/* Nobody needs the card: its power goes after a while, and comes back at the next OPEN. */
static void idle(void)
{
	struct vreader_options options;
	struct euicc_open_channel open;
	struct plugged plugged;

	plugged_options(&options);
	if (!plugged_start(&plugged, &options))
		return;
	tap_ok(vreader_stat(plugged.reader, "on") == 0, "a reader is taken without switching the card on");
	if (tap_ok(device_isdr_channel(plugged.fd) == 0, "a channel to the ISD-R")) {
		uint64_t off = vreader_stat(plugged.reader, "off");

		close(plugged.fd);
		plugged.fd = -1;
		tap_ok(vreader_ask(plugged.reader, NULL, "wait off %llu", (unsigned long long)off + 1) == 0,
		       "the power goes when the last channel is closed");
		plugged.fd = device_open((unsigned)plugged.minor, 0);
		tap_ok(device_channel(plugged.fd, device_isdr, sizeof(device_isdr), 0, &open) == 0 &&
		       open.generation == 2, "and comes back with a new generation");
	}
	plugged_stop(&plugged);
}

/* A warm reset keeps the voltage; a cold one begins anew. Both end the session. */
static void resets(void)
{
	static const uint32_t kinds[] = { EUICC_RESET_WARM, EUICC_RESET_COLD, EUICC_RESET_ANY };
	struct vreader_options options;
	struct plugged plugged;
	uint32_t generation = 0;
	uint16_t sw;

	plugged_options(&options);
	options.card_voltages = VREADER_3V;
	if (!plugged_start(&plugged, &options))
		return;
	tap_ok(device_isdr_channel(plugged.fd) == 0, "a channel to the ISD-R");
	for (uint32_t i = 0; i < 3; i++) {
		tap_ok(device_reset(plugged.fd, kinds[i], 0, &generation) == 0 && generation == 2 + i,
		       "reset %u gives generation %u", i, generation);
		device_expect(device_apdu(plugged.fd, "\x80\xF2\x00\x00\x00", 5, NULL, 0, NULL, &sw), -ESTALE,
			      "the channel died with reset %u", i);
		tap_ok(device_isdr_channel(plugged.fd) == 0, "the same application again");
	}
	plugged_obeys(&plugged, "resets");
	plugged_stop(&plugged);
}

void reader_power_cases(void)
{
	for (size_t i = 0; i < sizeof(powers) / sizeof(powers[0]); i++)
		check(&powers[i]);
	idle();
	resets();
}
