/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The emulated reader itself, seen from a program by usbfs: what euicc_ccid and usbccid are tested
 * with must be right, or be wrong as it was told to be.
 */
#include "vm/plugged.h"
#include "vm/tap.h"
#include "vm/usbfs.h"

#include <errno.h>
#include <string.h>

enum { SET_PARAMETERS = 0x61, POWER_ON = 0x62, POWER_OFF = 0x63, SLOT_STATUS = 0x65,
       XFR_BLOCK = 0x6F, ABORT = 0x72 };
enum { SHORT_MS = 500 };

static struct usbfs usb;
static struct plugged plugged;

static bool start(const struct vreader_options *options)
{
	if (!plugged_start_unmatched(&plugged, options))
		return false;
	return tap_ok(usbfs_open(&usb, plugged.bus_port) == 0 && usbfs_claim(&usb) == 0,
		      "a program can claim the reader");
}

static void stop(void)
{
	usbfs_close(&usb);
	plugged_stop(&plugged);
}

static bool power_on(uint16_t select)
{
	return usbfs_command(&usb, POWER_ON, 0, select, NULL, 0) == 0 && usb.answer[7] == 0 &&
	       usb.answer_len > 12;
}

static bool failed(uint8_t error)
{
	return (usb.answer[7] & 0xC0) == 0x40 && usb.answer[8] == error;
}

static bool refused(const void *data, size_t len, uint8_t error)
{
	return usbfs_command(&usb, XFR_BLOCK, 0, 0, data, len) == 0 && failed(error);
}

#define BLOCK_IS(command, answer) \
	usbfs_block_is(&usb, command, sizeof(command) - 1, answer, sizeof(answer) - 1)

#define SELECT_ISDR \
	"\x01\xA4\x04\x00\x10\xA0\x00\x00\x05\x59\x10\x10\xFF\xFF\xFF\xFF\x89\x00\x00\x01\x00"

static void tpdu_level(void)
{
	struct vreader_options options;

	plugged_options(&options);
	options.max_rate = 10752;
	if (start(&options)) {
		tap_ok(power_on(3), "TPDU: the card answers to reset");
		tap_ok(BLOCK_IS("\x00\x70\x00\x00\x00", "\x6C\x01"), "TPDU: P3 too large is 6Cxx");
		tap_ok(BLOCK_IS("\x00\x70\x00\x00\x01", "\x01\x90\x00"), "TPDU: P3 exact gives the data");
		tap_ok(refused("\x00\x70\x00\x00", 4, 1), "TPDU: four bytes are refused");
		tap_ok(refused(SELECT_ISDR "\x00", 22, 1), "TPDU: case 4 is refused");
		tap_ok(usbfs_command(&usb, XFR_BLOCK, 0, 0, SELECT_ISDR, 21) == 0 &&
		       usb.answer_len == 12 && usb.answer[10] == 0x61, "TPDU: case 3 gives 61xx");
		tap_ok(vreader_stat(plugged.reader, "violations") == 2, "TPDU: both are counted");
	}
	stop();
}

static void rates(void)
{
	struct vreader_options options;

	plugged_options(&options);
	if (start(&options)) {
		tap_ok(power_on(3) && BLOCK_IS("\xFF\x10\x96\x79", "\xFF\x10\x96\x79"), "PPS is accepted");
		tap_ok(refused("\x00\x70\x00\x00\x01", 5, 0xFE), "PPS without SetParameters: no understanding");
		tap_ok(power_on(3) && BLOCK_IS("\xFF\x10\x96\x79", "\xFF\x10\x96\x79") &&
		       usbfs_command(&usb, SET_PARAMETERS, 0, 0, "\x96\x10\x00\x0A\x00", 5) == 0 &&
		       BLOCK_IS("\x00\x70\x00\x00\x01", "\x01\x90\x00"), "PPS with SetParameters: as before");
		tap_ok(power_on(3) && BLOCK_IS("\x00\x70\x00\x00\x01", "\x01\x90\x00") &&
		       refused("\xFF\x10\x96\x79", 4, 0xFE), "PPS after a command: the card is mute");
	}
	stop();
}

static void voltages(void)
{
	struct vreader_options options;

	plugged_options(&options);
	options.card_voltages = VREADER_3V;
	options.voltages = VREADER_3V | VREADER_1V8;
	if (start(&options)) {
		tap_ok(!power_on(3) && failed(0xFE), "voltage: mute at the wrong class");
		tap_ok(!power_on(2) && failed(7), "voltage: another class needs power-off first");
		tap_ok(usbfs_command(&usb, POWER_OFF, 0, 0, NULL, 0) == 0 && power_on(2),
		       "voltage: answers at the right class");
		tap_ok(usbfs_command(&usb, POWER_OFF, 0, 0, NULL, 0) == 0 && !power_on(1) && failed(7),
		       "voltage: a class that the reader lacks is refused");
		tap_ok(!power_on(0) && failed(7), "voltage: automatic only where the feature says so");
	}
	stop();
}

static void short_level(bool show)
{
	struct vreader_options options;

	plugged_options(&options);
	options.level = VREADER_SHORT;
	options.show_procedure = show;
	if (start(&options)) {
		tap_ok(power_on(3) && BLOCK_IS("\x00\x70\x00\x00\x01", "\x01\x90\x00"), "short: case 2");
		tap_ok(usbfs_command(&usb, XFR_BLOCK, 0, 0, SELECT_ISDR "\x00", 22) == 0 &&
		       usb.answer[7] == 0 && (usb.answer[10] == 0x61) == show,
		       "short: 61xx is %s", show ? "shown" : "hidden");
	}
	stop();
}

/* A message of 16 bytes and header: commands and answers in parts. */
static void extended_level(void)
{
	struct vreader_options options;
	size_t answer = 0, parts = 0;

	plugged_options(&options);
	options.level = VREADER_EXTENDED;
	options.max_message = 26;
	options.high_speed = true;
	options.class_last = true;
	if (start(&options)) {
		tap_ok(power_on(3) && BLOCK_IS("\x00\x70\x00\x00\x01", "\x01\x90\x00"), "extended: case 2");
		tap_ok(usbfs_command(&usb, XFR_BLOCK, 0, 1, SELECT_ISDR, 16) == 0 &&
		       usb.answer_len == 10 && usb.answer[9] == 0x10, "extended: a part is taken");
		usbfs_command(&usb, XFR_BLOCK, 0, 2, &SELECT_ISDR "\x00"[16], 6);
		for (; usb.answer_len > 10 && usb.answer_len <= 26; parts++) {
			answer += usb.answer_len - 10;
			if (usb.answer[9] != 1 && usb.answer[9] != 3)
				break;
			usbfs_command(&usb, XFR_BLOCK, 0, 0x10, NULL, 0);
		}
		tap_ok(parts >= 2 && usb.answer[9] == 2 && answer > 32, "extended: the answer in parts");
		tap_ok(vreader_stat(plugged.reader, "violations") == 0, "extended: nothing to object to");
	}
	stop();
}

static bool good_status(void)
{
	return usbfs_command(&usb, SLOT_STATUS, 0, 0, NULL, 0) == 0 && usb.answer_len == 10 &&
	       usb.answer[0] == 0x81 && usb.answer[6] == usb.seq && usb.answer[7] == 1;
}

static void faults(void)
{
	struct vreader_options options;

	plugged_options(&options);
	options.fault = "extend=2@status:1,stale=1@status:2,seq=05@status:3,short=4@status:4,"
			"stall-in@status:5,stall-out@status:6,length=77@status:7,mute@status:8";
	if (!start(&options))
		return;
	tap_ok(usbfs_command(&usb, SLOT_STATUS, 0, 0, NULL, 0) == 0 && usb.answer[7] == 0x81 &&
	       usbfs_read(&usb, 5000) == 0 && usb.answer[7] == 0x81 && usbfs_read(&usb, 5000) == 0 &&
	       usb.answer[7] == 1, "fault: time extensions");
	tap_ok(usbfs_command(&usb, SLOT_STATUS, 0, 0, NULL, 0) == 0 && usb.answer[6] == usb.seq - 1 &&
	       usbfs_read(&usb, 5000) == 0 && usb.answer[6] == usb.seq, "fault: a stale answer first");
	tap_ok(usbfs_command(&usb, SLOT_STATUS, 0, 0, NULL, 0) == 0 && usb.answer[6] == usb.seq + 5,
	       "fault: a wrong bSeq");
	tap_ok(usbfs_command(&usb, SLOT_STATUS, 0, 0, NULL, 0) == 0 && usb.answer_len == 4,
	       "fault: a short answer");
	tap_ok(usbfs_command(&usb, SLOT_STATUS, 0, 0, NULL, 0) == -EPIPE &&
	       usbfs_read(&usb, 5000) == -EPIPE && usbfs_clear_halt(&usb, 0x82) == 0,
	       "fault: reads stall until the halt is cleared");
	tap_ok(usbfs_command(&usb, SLOT_STATUS, 0, 0, NULL, 0) == -EPIPE &&
	       usbfs_send(&usb, SLOT_STATUS, 0, 0, NULL, 0) == -EPIPE &&
	       usbfs_clear_halt(&usb, 0x03) == 0, "fault: writes stall until the halt is cleared");
	tap_ok(usbfs_command(&usb, SLOT_STATUS, 0, 0, NULL, 0) == 0 && usb.answer[1] == 77,
	       "fault: a wrong length");
	tap_ok(usbfs_send(&usb, SLOT_STATUS, 0, 0, NULL, 0) == 0 &&
	       usbfs_read(&usb, SHORT_MS) == -ETIMEDOUT, "fault: no answer");
	tap_ok(usbfs_command(&usb, SLOT_STATUS, 0, 0, NULL, 0) == 0 && failed(0xE0),
	       "fault: the slot is busy");
	tap_ok(usbfs_abort(&usb, 0, (uint8_t)(usb.seq + 1)) == 0 &&
	       usbfs_command(&usb, ABORT, 0, 0, NULL, 0) == 0 && usb.answer[0] == 0x81 && good_status(),
	       "Abort frees the slot");
	stop();
}

static void cards_and_plug(void)
{
	struct vreader_options options;
	char where[VREADER_BUS_PORT_SIZE];
	uint8_t bits[8] = { 0 };

	plugged_options(&options);
	if (!start(&options))
		return;
	tap_ok(usbfs_interrupt(&usb, bits, sizeof(bits), 5000) == 2 && bits[0] == 0x50 && bits[1] == 3,
	       "notification: a card is there");
	vreader_ask(plugged.reader, NULL, "remove 0");
	tap_ok(usbfs_interrupt(&usb, bits, sizeof(bits), 5000) == 2 && bits[1] == 2,
	       "notification: it went");
	tap_ok(usbfs_command(&usb, SLOT_STATUS, 0, 0, NULL, 0) == 0 && usb.answer[7] == 2,
	       "the slot is empty");
	vreader_ask(plugged.reader, NULL, "insert 0");
	tap_ok(usbfs_interrupt(&usb, bits, sizeof(bits), 5000) == 2 && bits[1] == 3,
	       "notification: another came");
	tap_ok(vreader_ask(plugged.reader, NULL, "fault detach@status") == 0 &&
	       usbfs_command(&usb, SLOT_STATUS, 0, 0, NULL, 0) < 0 &&
	       vreader_ask(plugged.reader, NULL, "wait detached 1") == 0, "fault: the reader goes");
	usbfs_close(&usb);
	tap_ok(vreader_ask(plugged.reader, NULL, "fault none") == 0 &&
	       vreader_ask(plugged.reader, NULL, "attach") == 0 &&
	       usbfs_open(&usb, vreader_bus_port(plugged.reader, where)) == 0 &&
	       usbfs_claim(&usb) == 0 && good_status(), "and comes back");
	stop();
}

/* Each takes a port of its own. */
static void several(void)
{
	struct vreader_options options;
	struct plugged readers[3];
	unsigned started = 0;

	plugged_options(&options);
	for (; started < 3; started++)
		if (!plugged_start_unmatched(&readers[started], &options))
			break;
	tap_ok(started == 3 && strcmp(readers[0].bus_port, readers[1].bus_port) &&
	       strcmp(readers[1].bus_port, readers[2].bus_port), "three readers at once");
	while (started > 0)
		plugged_stop(&readers[--started]);
}

int main(void)
{
	plugged_forget_ports();
	tpdu_level();
	rates();
	voltages();
	short_level(false);
	short_level(true);
	extended_level();
	faults();
	cards_and_plug();
	several();
	return tap_exit();
}
