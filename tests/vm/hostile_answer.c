/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Answers that lie: each field of the header, lengths, time without end, silence. */
#include "vm/device.h"
#include "vm/hostile_cases.h"
#include "vm/plugged.h"
#include "vm/tap.h"

#include <stdio.h>
#include <string.h>
#include <unistd.h>

/* Which command's answer: PPS is the first block, MANAGE CHANNEL, SELECT and STORE DATA follow. */
static const char *const steps[] = { "on", "off:1", "set", "xfr:1", "xfr:2", "xfr:4", "xfr" };

static const struct {
	const char *name;
	bool by_level;			/* taken in differently at each exchange level */
	const char *faults[16];		/* %s: the step */
} fields[] = {
	{ "bMessageType", false,
	  { "type=00@%s", "type=6F@%s", "type=80@%s", "type=81@%s", "type=82@%s", "type=83@%s", "type=FF@%s" } },
	{ "dwLength", true,
	  { "length=0@%s", "length=1@%s", "length=3@%s", "length=255@%s", "length=65535@%s",
	    "length=2147483648@%s", "length=4294967285@%s", "length=4294967295@%s" } },
	{ "bSlot", false, { "slot=01@%s", "slot=80@%s", "slot=FF@%s" } },
	{ "bSeq", false, { "seq=01@%s", "seq=80@%s", "seq=FF@%s" } },
	{ "bStatus", false,
	  { "status=01@%s", "status=02@%s", "status=03@%s", "status=3C@%s", "status=40@%s", "status=41@%s",
	    "status=42@%s", "status=43@%s", "status=80@%s", "status=82@%s", "status=C0@%s", "status=FF@%s" } },
	{ "bError", false,
	  { "error=01@%s", "error=FF@%s", "status=40@%1$s,error=FE@%1$s", "status=40@%1$s,error=E0@%1$s",
	    "status=40@%1$s,error=F6@%1$s", "status=80@%1$s,error=FF@%1$s", "status=80@%1$s,error=00@%1$s" } },
	{ "the last byte", true,
	  { "chain=01@%s", "chain=02@%s", "chain=03@%s", "chain=10@%s", "chain=80@%s", "chain=FF@%s" } },
	{ "too short", true,
	  { "short=0@%s", "short=1@%s", "short=5@%s", "short=9@%s", "short=10@%s", "short=11@%s" } },
	{ "too long", true, { "long=1@%s", "long=54@%s", "long=64@%s", "long=400@%s", "long=4096@%s" } },
	{ "stalls and silence", true,
	  { "stall-in@%s", "stall-out@%s", "lost@%s", "mute@%s", "extend@%s", "stale=200@%s" } },
};

static const struct {
	const char *name;
	struct vreader_options options;
} readers[] = {
	{ "TPDU", { .level = VREADER_TPDU } },
	{ "extended", { .level = VREADER_EXTENDED, .max_message = 43, .has_features = true, .features = 0x30 } },
};

/* The device may have been lost for good: then the reader is plugged in anew. */
static bool recover(struct plugged *plugged, const char *fault)
{
	vreader_ask(plugged->reader, NULL, "fault none");
	close(plugged->fd);
	plugged->minor = plugged_minor(plugged->bus_port, 0);
	plugged->fd = plugged->minor < 0 ? -1 : device_open((unsigned)plugged->minor, 0);
	if (plugged->fd >= 0 && hostile_works(plugged->fd))
		return true;
	tap_note("after %s the reader did not come back", fault);
	vreader_ask(plugged->reader, NULL, "detach");
	vreader_ask(plugged->reader, NULL, "attach");
	if (plugged->fd >= 0)
		close(plugged->fd);
	plugged->minor = plugged_minor(plugged->bus_port, 0);
	plugged->fd = plugged->minor < 0 ? -1 : device_open((unsigned)plugged->minor, 0);
	return false;
}

static bool try(struct plugged *plugged, const char *fault)
{
	bool good;

	if (vreader_ask(plugged->reader, NULL, "fault %s", fault)) {
		tap_note("the reader does not know %s", fault);
		return false;
	}
	good = hostile_session(plugged->fd, fault);
	return recover(plugged, fault) && good;
}

static void check_field(struct plugged *plugged, const char *reader, size_t field)
{
	for (size_t i = 0; i < sizeof(steps) / sizeof(steps[0]); i++) {
		const char *const *format = fields[field].faults;
		long since = hostile_now();
		bool good = true;

		for (; *format; format++) {
			char fault[96];

			/* The table's own formats, with one argument each. */
#pragma GCC diagnostic push
#pragma GCC diagnostic ignored "-Wformat-nonliteral"
			snprintf(fault, sizeof(fault), *format, steps[i]);
#pragma GCC diagnostic pop
			good = try(plugged, fault) && good;
		}
		tap_ok(good, "%s: %s wrong in the answer to %s: in time, honest, and back to work (%ld ms)",
		       reader, fields[field].name, steps[i], hostile_now() - since);
	}
}

static void check_reader(size_t i)
{
	struct vreader_options options, kind = readers[i].options;
	struct plugged plugged;

	plugged_options(&options);
	kind.card = options.card;
	if (!plugged_start(&plugged, &kind))
		return;
	if (tap_ok(hostile_works(plugged.fd), "%s: works while the reader behaves", readers[i].name))
		for (size_t field = 0; field < sizeof(fields) / sizeof(fields[0]); field++)
			if (i == 0 || fields[field].by_level)
				check_field(&plugged, readers[i].name, field);
	plugged_stop(&plugged);
}

/* A reader that hangs, and does not know Abort, is reset; one that has no answer even then is not ours. */
static void hangs(enum vreader_abort abort, const char *name)
{
	struct vreader_options options;
	struct plugged plugged;

	plugged_options(&options);
	options.abort = abort;
	if (!plugged_start(&plugged, &options))
		return;
	if (tap_ok(hostile_works(plugged.fd), "a reader whose Abort %s works", name)) {
		uint64_t configured = vreader_stat(plugged.reader, "configured");

		tap_ok(try(&plugged, "mute@xfr:2"), "it hangs: in time, honest, and back to work");
		tap_ok(vreader_stat(plugged.reader, "configured") == configured + (abort ? 1 : 0),
		       abort ? "by a reset of the reader" : "by Abort alone");
	}
	plugged_stop(&plugged);
}

/* The card's own lies, through an honest reader. */
static void card_lies(void)
{
	static const char *const faults[] = {
		"sw=6100@3+", "sw=61FF@2+", "sw=6C00@2+", "sw=6CFF@2+", "sw=6C01@2+", "empty@2+", "truncate=0@2+",
		"truncate=1@2+", "oversize@2+", "oversize=60000@2+", "corrupt@1", "corrupt=0@2+", "mute@2",
		"power-loss@2", "power-loss@3", "sw=0000@2+", "sw=FFFF@2+",
	};
	struct vreader_options options;
	struct plugged plugged;

	for (size_t i = 0; i < sizeof(faults) / sizeof(faults[0]); i++) {
		long since = hostile_now();
		int r;

		plugged_options(&options);
		options.level = i % 2 ? VREADER_EXTENDED : VREADER_TPDU;
		options.card.fault = faults[i];
		if (!plugged_start(&plugged, &options))
			continue;
		r = device_isdr_channel(plugged.fd);
		tap_ok(hostile_now() - since < HOSTILE_BOUND_MS, "a card with %s: in time (%d)", faults[i], r);
		vreader_ask(plugged.reader, NULL, "card-fault none");
		close(plugged.fd);
		plugged.fd = device_open((unsigned)plugged.minor, 0);
		device_reset(plugged.fd, EUICC_RESET_COLD, 0, NULL);
		tap_ok(hostile_works(plugged.fd), "and when it behaves again, it works");
		plugged_stop(&plugged);
	}
}

void hostile_answer_cases(void)
{
	for (size_t i = 0; i < sizeof(readers) / sizeof(readers[0]); i++)
		check_reader(i);
	hangs(VREADER_ABORT_WORKS, "works");
	hangs(VREADER_ABORT_IGNORED, "is ignored");
	hangs(VREADER_ABORT_STALLS, "stalls");
	card_lies();
}
