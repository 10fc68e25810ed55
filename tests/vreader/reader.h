/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Inside the reader. One thread, one loop: usbip gives requests, device answers them
 * endpoint by endpoint, ccid makes messages of them, slot and exchange speak to the
 * card. Nothing here waits: what takes time has a moment at which it is due.
 */
#ifndef VREADER_READER_H
#define VREADER_READER_H

#include "vreader/descriptors.h"
#include "vreader/fault.h"
#include "usbip/pipe.h"
#include "vreader/slot.h"
#include "usbip/usbip.h"

#define VREADER_MAX_CONTROLS	8
#define VREADER_NEVER		UINT64_MAX

/* The answer to the command that a slot is busy with. */
struct vreader_pending {
	bool active, held;
	uint8_t slot, seq;
	struct esim_buf answer;
	struct vreader_plan plan;
	uint64_t due;			/* microseconds of the monotonic clock */
	uint64_t extension, period;	/* the next time extension; 0: none */
};

/* Abort has two halves, in any order: the control request and the message. */
struct vreader_aborting {
	bool asked, told;		/* by the control request, by the message */
	uint8_t seq;			/* of either */
};

struct vreader_control {
	int in, out;			/* in < 0: this place is free */
	struct esim_buf line;
	bool waiting;
	enum vreader_stat stat;		/* what it waits for, and for how much of it */
	uint64_t count;
};

struct vreader {
	struct vreader_options options;
	struct vreader_descriptors descriptors;
	struct vreader_stats stats;
	struct vreader_faults faults;

	struct usbip_link link;
	int uevents;
	char bus_port[USBIP_BUS_PORT_SIZE];	/* empty: not enumerated */
	bool unplug;			/* a fault says so; done by the loop */
	vreader_notice *notice;

	struct usbip_pipe bulk_in, interrupt;
	struct esim_buf out;		/* the message that the host is sending */
	bool out_halted;
	bool remote_wakeup;
	uint8_t configuration;

	unsigned slot_count;
	struct vreader_slot slots[VREADER_MAX_SLOTS];
	struct vreader_pending pending[VREADER_MAX_SLOTS];
	struct vreader_aborting aborting[VREADER_MAX_SLOTS];

	struct vreader_control controls[VREADER_MAX_CONTROLS];
	int listener;
	char listener_path[108];
};

/* --- reader.c --- */
uint64_t vreader_now(void);
void vreader_detach(struct vreader *reader);

/* --- device.c: requests of the host --- */
void vreader_device_request(struct vreader *reader, const struct usbip_request *request,
			    struct esim_slice data);
/* As a port reset leaves it: no card has power, nothing is under way. */
void vreader_device_reset(struct vreader *reader);

/* --- ccid.c: messages --- */
void vreader_ccid_command(struct vreader *reader, struct esim_slice block,
			  const struct vreader_plan *plan);
/* What is due goes out; the moment of the next. */
uint64_t vreader_ccid_tick(struct vreader *reader, uint64_t now);
/* False: this slot does not exist. */
bool vreader_ccid_abort(struct vreader *reader, uint8_t slot, uint8_t seq);
void vreader_ccid_release(struct vreader *reader);
void vreader_ccid_reset(struct vreader *reader);
/* NotifySlotChange, where a slot changed and the host listens. */
void vreader_ccid_notify(struct vreader *reader);

/* --- enumeration.c: what the kernel says of the device --- */
void vreader_uevents_take(struct vreader *reader);

/* --- control.c --- */
void vreader_control_take(struct vreader_control *control);
void vreader_control_accept(struct vreader *reader);
/* Carry out what has come, and answer those who wait for what has happened. */
void vreader_control_steps(struct vreader *reader);
void vreader_control_close(struct vreader_control *control);

#endif
