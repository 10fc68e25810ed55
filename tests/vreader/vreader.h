/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * An emulated USB smart-card reader (CCID 1.1) whose cards are virtual eUICCs. It
 * plugs itself into this machine's USB by vhci_hcd: whoever drives USB readers, in
 * the kernel or in a program, sees a device like any other, and sees every bit of
 * T=0, of the descriptors and of the faults that are asked for here.
 *
 * Linked in-process by tests, where the reader runs in a thread of its own; the
 * program `vreader` is the same behind a command line.
 */
#ifndef VREADER_H
#define VREADER_H

#include "usbip/usbip.h"
#include "veuicc/veuicc.h"

#define VREADER_MAX_SLOTS	4
#define VREADER_BUS_PORT_SIZE	USBIP_BUS_PORT_SIZE
#define VREADER_REPLY_SIZE	4096	/* what any command answers fits */

enum vreader_level {
	VREADER_TPDU,			/* T=0 for real: 61xx, 6Cxx and P3 are the host's */
	VREADER_SHORT,			/* short APDUs */
	VREADER_EXTENDED,		/* extended APDUs, chained where they are longer than a message */
	VREADER_CHARACTER,		/* descriptors alone: answers nothing but "not supported" */
};

enum vreader_pps {
	VREADER_PPS_ACCEPT,
	VREADER_PPS_DEFAULT,		/* the card answers without PPS1: it stays at the default rate */
	VREADER_PPS_GARBAGE,		/* another rate than the host's */
	VREADER_PPS_MUTE,		/* no answer, and none to anything until the next reset */
};

enum vreader_abort {
	VREADER_ABORT_WORKS,
	VREADER_ABORT_IGNORED,		/* taken, never answered */
	VREADER_ABORT_STALLS,		/* the control request is refused */
};

/* bVoltageSupport, and the classes that a card answers at. */
enum vreader_voltage {
	VREADER_5V = 1,
	VREADER_3V = 2,
	VREADER_1V8 = 4,
};

/* Zeroed members take the value in brackets. Strings are borrowed for the reader's life. */
struct vreader_options {
	enum vreader_level level;
	unsigned slots;				/* [1] */
	unsigned empty;				/* bit per slot that starts without a card [0] */
	bool high_speed;			/* [full speed] */
	bool no_interrupt;			/* no interrupt endpoint */
	bool class_last;			/* class descriptor behind the last endpoint */
	bool show_procedure;			/* short level: 61xx and 6Cxx are shown to the host */
	bool no_parameters;			/* GetParameters answers without data */
	bool remote_wakeup;
	bool stray_zlp;				/* a message of whole packets ends with an empty one, always */
	bool has_features;			/* @features counts, all of it but the level */
	uint32_t features;			/* dwFeatures [as the level needs] */
	uint32_t protocols;			/* dwProtocols [1: T=0; with t1 3: both] */
	uint32_t max_message;			/* dwMaxCCIDMessageLength [271; extended 65554] */
	uint32_t max_rate;			/* dwMaxDataRate, bit/s [344086] */
	unsigned voltages;			/* VREADER_*V of the reader [all] */
	unsigned card_voltages;			/* at which the card answers [all] */
	enum vreader_pps pps;
	enum vreader_abort abort;
	unsigned wtx_ms;			/* a time extension for so much of the card's time [0: none] */
	bool t1;				/* the card has T=1 alone, where @card has no ATR of its own */
	bool t1_crc;				/* its EDC is a CRC [LRC] */
	unsigned t1_ifsc;			/* bytes of INF that it takes [254] */
	unsigned t1_bwi, t1_cwi;		/* [0], [5] */
	unsigned t1_wtx;			/* it asks so often for more time before an answer [0] */
	unsigned vendor, product;		/* [1d6b:0104] */
	const char *patch;			/* see vreader --help [none] */
	const char *fault;			/* see vreader --help [none] */
	const struct usbip_bus *bus;		/* [vhci_hcd] */
	struct veuicc_options card;		/* of each slot; state and log get .N from slot 1 on */
};

struct vreader;

/* Called from the reader's loop with a line such as `attached 3-1`. */
typedef void vreader_notice(const char *line);

/* ESIM_EINVAL names the option. The reader is not yet plugged in. */
int vreader_new(const struct vreader_options *options, struct vreader **ret, struct esim_error *err);
void vreader_free(struct vreader **reader);

/* Plug it in. ESIM_ENODEV: no vhci_hcd, or no port of it is free; or the other bus takes none. */
int vreader_attach(struct vreader *reader, struct esim_error *err);

/* Take commands, a line each, see vreader --help. The reader closes @in and @out. */
int vreader_control_add(struct vreader *reader, int in, int out);
int vreader_control_listen(struct vreader *reader, const char *path, struct esim_error *err);

/* Until @stop_fd can be read; then the reader is unplugged. */
int vreader_run(struct vreader *reader, int stop_fd, vreader_notice *notice);

void vreader_print_stats(const struct vreader *reader, char *text, size_t size);

/* --- a reader in a thread ---------------------------------------------------- */

struct vreader_thread;

/* vreader_new(), vreader_run() and vreader_attach(); back when the kernel has enumerated it. */
int vreader_start(const struct vreader_options *options, struct vreader_thread **ret,
		  struct esim_error *err);
/* The same without being plugged in. */
int vreader_start_unplugged(const struct vreader_options *options, struct vreader_thread **ret,
			    struct esim_error *err);
void vreader_stop(struct vreader_thread **reader);

/*
 * One command, as the control channel takes it; @reply (VREADER_REPLY_SIZE bytes, or NULL) gets the
 * answer's lines without the last. ESIM_EPROTO where the reader says "error", with its words in
 * @reply; ESIM_ETIMEDOUT after two minutes.
 */
int vreader_ask(struct vreader_thread *reader, char *reply, const char *format, ...)
	__attribute__((format(printf, 3, 4)));

/* Where it is plugged in: "3-1"; empty while it is not. */
const char *vreader_bus_port(struct vreader_thread *reader, char text[VREADER_BUS_PORT_SIZE]);

/* A figure of `stats` by its name; UINT64_MAX for an unknown one. */
uint64_t vreader_stat(struct vreader_thread *reader, const char *name);

#endif
