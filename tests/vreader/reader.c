/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The reader as a whole: made, plugged in, run; see vreader.h. */
#include "vreader/reader.h"

#include "usbip/uevents.h"

#include <errno.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

uint64_t vreader_now(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return (uint64_t)now.tv_sec * 1000000 + (uint64_t)now.tv_nsec / 1000;
}

/* --- making ----------------------------------------------------------------- */

static int check_options(const struct vreader_options *options, struct esim_error *err)
{
	if (options->slots > VREADER_MAX_SLOTS)
		return esim_error_set(err, ESIM_EINVAL, "at most %d slots", VREADER_MAX_SLOTS);
	if (options->max_message && (options->max_message < CCID_HEADER + 1 ||
				     options->max_message > 65554))
		return esim_error_set(err, ESIM_EINVAL, "a message has 11 to 65554 bytes");
	if (options->vendor > 0xFFFF || options->product > 0xFFFF)
		return esim_error_set(err, ESIM_EINVAL, "vendor and product have four digits");
	if (options->t1_ifsc > 254 || options->t1_bwi > 9 || options->t1_cwi > 15)
		return esim_error_set(err, ESIM_EINVAL,
				      "T=1: IFSC is at most 254, BWI at most 9, CWI at most 15");
	return 0;
}

/* From the second slot on, what the card keeps in files has the slot's number behind its name. */
static int make_card(struct vreader *reader, unsigned i, struct esim_error *err)
{
	struct veuicc_options card = reader->options.card;
	char *state = NULL, *log = NULL;
	uint8_t atr[ESIM_MAX_ATR];
	int r = 0;

	if (i > 0 && card.state_dir && asprintf(&state, "%s.%u", card.state_dir, i) < 0)
		r = esim_error_set(err, ESIM_ENOMEM, "no memory");
	if (!r && i > 0 && card.log && asprintf(&log, "%s.%u", card.log, i) < 0)
		r = esim_error_set(err, ESIM_ENOMEM, "no memory");
	card.state_dir = state ? state : card.state_dir;
	card.log = log ? log : card.log;
	card.real_time = false;
	if (reader->options.t1 && !card.atr.len)
		card.atr = esim_slice(atr, vreader_atr_make_t1(&reader->options, atr));
	if (!r)
		r = veuicc_new(&card, &reader->slots[i].card, err);
	free(state);
	free(log);
	return r;
}

static int make_slots(struct vreader *reader, struct esim_error *err)
{
	for (unsigned i = 0; i < reader->slot_count; i++) {
		struct vreader_slot *slot = &reader->slots[i];
		int r = make_card(reader, i, err);

		if (r)
			return r;
		slot->options = &reader->options;
		slot->stats = &reader->stats;
		slot->present = !(reader->options.empty & 1u << i);
		slot->again = ESIM_BUF_INIT;
		vreader_slot_reset_parameters(slot);
	}
	return 0;
}

int vreader_new(const struct vreader_options *options, struct vreader **ret, struct esim_error *err)
{
	struct vreader *reader = calloc(1, sizeof(*reader));
	int r;

	if (!reader)
		return esim_error_set(err, ESIM_ENOMEM, "no memory for a reader");
	reader->link.fd = reader->uevents = reader->listener = -1;
	for (size_t i = 0; i < VREADER_MAX_CONTROLS; i++)
		reader->controls[i].in = -1;
	reader->options = *options;
	reader->slot_count = options->slots ? options->slots : 1;
	vreader_descriptors_make(options, &reader->descriptors);
	reader->bulk_in = (struct usbip_pipe){ .packet = reader->descriptors.packet,
						 .stray_zlp = options->stray_zlp };
	reader->interrupt = (struct usbip_pipe){ .packet = 8 };
	if ((r = check_options(options, err)) ||
	    (r = vreader_descriptors_patch(&reader->descriptors, options->patch, err)) ||
	    (r = vreader_faults_parse(options->fault, &reader->faults, err)) ||
	    (r = make_slots(reader, err)) ||
	    (r = reader->uevents = options->bus ? options->bus->uevents :
						     usbip_uevents_open(err)) < 0) {
		vreader_free(&reader);
		return r;
	}
	*ret = reader;
	return 0;
}

void vreader_free(struct vreader **reader_pointer)
{
	struct vreader *reader = reader_pointer ? *reader_pointer : NULL;

	if (!reader)
		return;
	vreader_detach(reader);
	for (size_t i = 0; i < VREADER_MAX_CONTROLS; i++)
		vreader_control_close(&reader->controls[i]);
	if (reader->listener >= 0) {
		close(reader->listener);
		unlink(reader->listener_path);
	}
	if (reader->uevents >= 0)
		close(reader->uevents);
	for (unsigned i = 0; i < reader->slot_count; i++) {
		esim_buf_free(&reader->slots[i].again);
		veuicc_free(&reader->slots[i].card);
	}
	free(reader);
	*reader_pointer = NULL;
}

/* --- the plug --------------------------------------------------------------- */

int vreader_attach(struct vreader *reader, struct esim_error *err)
{
	if (reader->link.fd >= 0 || reader->bus_port[0])
		return esim_error_set(err, ESIM_EBUSY, "the reader is plugged in, or not yet gone");
	return usbip_attach(&reader->link, reader->options.bus, reader->options.high_speed, err);
}

/* Its cards lose their power, and what was under way is forgotten. */
void vreader_detach(struct vreader *reader)
{
	usbip_detach(&reader->link);
	for (unsigned i = 0; i < reader->slot_count; i++)
		if (!reader->slots[i].card)
			return;
	vreader_device_reset(reader);
}

static void serve(struct vreader *reader)
{
	struct esim_buf data = ESIM_BUF_INIT;
	struct usbip_request request;
	int gone = usbip_receive(&reader->link), r;

	while (reader->link.fd >= 0 && !reader->unplug &&
	       (r = usbip_next(&reader->link, &request, &data)) != 0) {
		if (r < 0) {
			gone = r;
			break;
		}
		vreader_device_request(reader, &request, esim_buf_slice(&data));
	}
	esim_buf_free(&data);
	if (gone || reader->unplug)
		vreader_detach(reader);
	reader->unplug = false;
}

/* --- running ---------------------------------------------------------------- */

static int milliseconds_until(uint64_t moment)
{
	uint64_t now = vreader_now();

	if (moment == VREADER_NEVER)
		return -1;
	return moment <= now ? 0 : (int)((moment - now + 999) / 1000);
}

enum { STOP, LINK, UEVENTS, LISTENER, CONTROLS };

static void look(struct vreader *reader, const struct pollfd *fds)
{
	if (fds[LINK].revents && fds[LINK].fd == reader->link.fd)
		serve(reader);
	if (fds[UEVENTS].revents)
		vreader_uevents_take(reader);
	if (fds[LISTENER].revents)
		vreader_control_accept(reader);
	for (size_t i = 0; i < VREADER_MAX_CONTROLS; i++)
		if (fds[CONTROLS + i].revents && reader->controls[i].in == fds[CONTROLS + i].fd)
			vreader_control_take(&reader->controls[i]);
}

int vreader_run(struct vreader *reader, int stop_fd, vreader_notice *notice)
{
	struct pollfd fds[CONTROLS + VREADER_MAX_CONTROLS];

	reader->notice = notice;
	for (;;) {
		uint64_t next;

		vreader_control_steps(reader);
		next = vreader_ccid_tick(reader, vreader_now());
		vreader_control_steps(reader);
		fds[STOP] = (struct pollfd){ .fd = stop_fd, .events = POLLIN };
		fds[LINK] = (struct pollfd){ .fd = reader->link.fd, .events = POLLIN };
		fds[UEVENTS] = (struct pollfd){ .fd = reader->uevents, .events = POLLIN };
		fds[LISTENER] = (struct pollfd){ .fd = reader->listener, .events = POLLIN };
		for (size_t i = 0; i < VREADER_MAX_CONTROLS; i++)
			fds[CONTROLS + i] = (struct pollfd){ .fd = reader->controls[i].in,
							     .events = POLLIN };
		if (poll(fds, CONTROLS + VREADER_MAX_CONTROLS, milliseconds_until(next)) < 0) {
			if (errno != EINTR)
				return ESIM_EIO;
			continue;
		}
		if (fds[STOP].revents)
			break;
		look(reader, fds);
	}
	vreader_detach(reader);
	return 0;
}

void vreader_print_stats(const struct vreader *reader, char *text, size_t size)
{
	vreader_stats_print(&reader->stats, text, size);
}
