/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The fuzzer's transports: makes devices, answers their requests as a card would often
 * enough that clients get far, and otherwise wrongly, late, twice or never.
 */
#include "vm/ioctlfuzz.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/euicc.h>
#include <poll.h>
#include <string.h>
#include <sys/ioctl.h>
#include <unistd.h>

#define PATIENCE 5	/* ms for a request to come */

struct message {
	struct euicc_proxy_msg head;
	uint8_t payload[EUICC_PROXY_PAYLOAD_MAX + 64];
};

static const uint8_t atr[] = { 0x3B, 0x9F, 0x96, 0x80, 0x1F, 0xC7, 0x80, 0x31, 0xE0, 0x73, 0xFE,
			       0x21, 0x1B, 0x63, 0x57, 0x4A, 0x45, 0x00, 0x90, 0x00, 0x1C };

static void new_device(struct fuzz_world *world, struct fuzz_thread *thread, struct fuzz_input *input)
{
	static const int allowed[] = { EINVAL, ENOSPC, ENOMEM, EMFILE, EFAULT, EPERM, EINTR, 0 };
	struct euicc_proxy_new_dev args = {
		.features = fuzz_below(input, 128),
		.protocol = fuzz_one_in(input, 4) ? EUICC_PROTOCOL_NONE : EUICC_PROTOCOL_T0,
	};
	uint32_t slot = fuzz_below(input, FUZZ_ENDS);
	long rc;

	if (fuzz_below(input, 2)) {
		args.atr_len = sizeof(atr);
		memcpy(args.atr, atr, sizeof(atr));
	}
	strcpy(args.name, "fuzz");
	if (fuzz_one_in(input, 4))
		args.max_command = fuzz_number(input, 65544);
	if (fuzz_one_in(input, 4))
		args.max_response = fuzz_number(input, 65536);
	if (fuzz_one_in(input, 6))
		fuzz_spoil(input, &args, sizeof(args));
	fuzz_call_begin(thread, "NEW_DEV");
	rc = ioctl(world->control, EUICC_PROXY_NEW_DEV, &args);
	fuzz_call_end(thread);
	fuzz_expect(world, "NEW_DEV", rc, allowed);
	if (rc)
		return;
	atomic_store(&world->minors[slot], args.minor);
	fuzz_call_begin(thread, "close of a transport");
	fuzz_replace(&world->ends[slot], args.fd);
	fuzz_call_end(thread);
}

static void send_message(struct fuzz_world *world, struct fuzz_thread *thread, struct fuzz_input *input,
			 int fd, struct message *message)
{
	static const int allowed[] = { EINVAL, EFAULT, ENOMEM, EINTR, EAGAIN, ENODEV, 0 };
	size_t len = sizeof(message->head) + message->head.length;

	if (fuzz_one_in(input, 24))
		fuzz_spoil(input, &message->head, sizeof(message->head));
	if (fuzz_one_in(input, 24))
		len = fuzz_below(input, sizeof(*message));
	if (len > sizeof(*message))
		len = sizeof(*message);
	fuzz_call_begin(thread, "write to a transport's end");
	fuzz_expect(world, "write to a transport's end", write(fd, message, len), allowed);
	fuzz_call_end(thread);
}

/* Data of a length that the input says, and a status word. */
static uint32_t card_says(struct fuzz_input *input, uint8_t *to, uint32_t most)
{
	static const uint8_t sws[][2] = {
		{ 0x90, 0x00 }, { 0x90, 0x00 }, { 0x90, 0x00 }, { 0x61, 0x10 }, { 0x6C, 0x08 }, { 0x91, 0x20 },
		{ 0x6A, 0x82 }, { 0x61, 0x00 }, { 0x6E, 0x00 }, { 0x68, 0x81 }, { 0x6A, 0x81 }, { 0x62, 0x83 },
	};
	uint32_t len = fuzz_one_in(input, 2) ? fuzz_below(input, most) : 0;

	memset(to, 0x77, len);
	memcpy(to + len, sws[fuzz_below(input, 16) % 12], 2);
	return len + 2;
}

static void answer_xfer(struct fuzz_input *input, const struct message *request, struct message *answer)
{
	const uint8_t *command = request->payload;

	if (request->head.length >= 4 && command[1] == 0x70 && command[2] == 0x00 &&
	    !fuzz_one_in(input, 8)) {
		/* MANAGE CHANNEL, open: one of 1 to 19, free or not. */
		answer->payload[0] = (uint8_t)(1 + fuzz_below(input, fuzz_one_in(input, 8) ? 32 : 4));
		memcpy(answer->payload + 1, "\x90\x00", 2);
		answer->head.length = 3;
	} else if (fuzz_one_in(input, 16)) {
		answer->head.length = fuzz_below(input, 3);
	} else {
		answer->head.length = card_says(input, answer->payload,
						fuzz_one_in(input, 16) ? 65536 : 256);
	}
}

static void make_answer(struct fuzz_input *input, const struct message *request, struct message *answer)
{
	answer->head = (struct euicc_proxy_msg){ .id = request->head.id, .op = EUICC_PROXY_ANSWER };
	if (fuzz_one_in(input, 24)) {
		answer->head.op = EUICC_PROXY_FAILED;
		answer->head.handle = fuzz_one_in(input, 2) ? ECANCELED : fuzz_number(input, 133);
		return;
	}
	switch (request->head.op) {
	case EUICC_PROXY_RESET:
		if (!fuzz_one_in(input, 4)) {
			answer->head.length = fuzz_one_in(input, 8) ? fuzz_below(input, 64) : sizeof(atr);
			memcpy(answer->payload, atr, sizeof(atr));
		}
		break;
	case EUICC_PROXY_OPEN:
		answer->head.handle = fuzz_below(input, 8);
		answer->head.length = card_says(input, answer->payload, 300);
		break;
	case EUICC_PROXY_CLOSE:
		answer->head.length = fuzz_one_in(input, 16);
		break;
	default:
		answer_xfer(input, request, answer);
	}
}

/* Up to a few requests of one device, as they come. */
static void serve(struct fuzz_world *world, struct fuzz_thread *thread, struct fuzz_input *input)
{
	static const int allowed[] = { EAGAIN, EINVAL, EFAULT, EINTR, ENOMEM, ENODEV, 0 };
	static _Thread_local struct message request, answer;
	int fd = atomic_load(&world->ends[fuzz_below(input, FUZZ_ENDS)]);
	uint32_t rounds = 1 + fuzz_below(input, 12);

	for (uint32_t i = 0; i < rounds; i++) {
		struct pollfd pollfd = { .fd = fd, .events = POLLIN };
		size_t room = fuzz_one_in(input, 32) ? fuzz_below(input, 24) : sizeof(request);
		ssize_t len;

		fuzz_call_begin(thread, "poll of a transport's end");
		poll(&pollfd, 1, PATIENCE);
		fuzz_call_end(thread);
		if (!(pollfd.revents & POLLIN))
			return;
		fuzz_call_begin(thread, "read of a transport's end");
		len = read(fd, &request, room);
		fuzz_call_end(thread);
		fuzz_expect(world, "read of a transport's end", len, allowed);
		if (len < (ssize_t)sizeof(request.head) || request.head.op == EUICC_PROXY_CANCEL)
			continue;
		if (fuzz_one_in(input, 48))
			continue;	/* silence */
		make_answer(input, &request, &answer);
		send_message(world, thread, input, fd, &answer);
		if (fuzz_one_in(input, 48))
			send_message(world, thread, input, fd, &answer);
	}
}

/* An event, or an answer to nothing. */
static void unasked(struct fuzz_world *world, struct fuzz_thread *thread, struct fuzz_input *input)
{
	static _Thread_local struct message message;
	int fd = atomic_load(&world->ends[fuzz_below(input, FUZZ_ENDS)]);

	message.head = (struct euicc_proxy_msg){
		.op = EUICC_PROXY_EVENT, .handle = 1 + fuzz_below(input, 3),
	};
	if (fuzz_one_in(input, 4))
		message.head.id = fuzz_below(input, 64);
	if (fuzz_one_in(input, 4))
		message.head.op = fuzz_below(input, 20);
	if (message.head.handle == EUICC_EVENT_INSERTED && fuzz_one_in(input, 2)) {
		message.head.length = sizeof(atr);
		memcpy(message.payload, atr, sizeof(atr));
	}
	send_message(world, thread, input, fd, &message);
}

/* Calls of clients on a transport's end, and of transports on the control device. */
static void stray(struct fuzz_world *world, struct fuzz_thread *thread, struct fuzz_input *input)
{
	static const int refused[] = { ENOTTY, EINVAL, EFAULT, ENODEV, 0 };
	int fd = atomic_load(&world->ends[fuzz_below(input, FUZZ_ENDS)]);

	if (fuzz_one_in(input, 2))
		fd = world->control;
	fuzz_call_begin(thread, "stray ioctl on a transport's end");
	fuzz_expect(world, "stray ioctl on a transport's end",
		    ioctl(fd, _IOC(fuzz_below(input, 4), EUICC_IOC_MAGIC, fuzz_below(input, 16),
				   fuzz_below(input, 512)), thread->own), refused);
	fuzz_call_end(thread);
}

void fuzz_server_step(struct fuzz_world *world, struct fuzz_thread *thread, struct fuzz_input *input)
{
	switch (fuzz_below(input, 24)) {
	case 1: case 2: new_device(world, thread, input); break;
	case 3: case 4: unasked(world, thread, input); break;
	case 5: stray(world, thread, input); break;
	case 6:
		if (!fuzz_one_in(input, 4))
			break;
		fuzz_call_begin(thread, "close of a transport");
		fuzz_replace(&world->ends[fuzz_below(input, FUZZ_ENDS)], -1);
		fuzz_call_end(thread);
		break;
	default: serve(world, thread, input); break;
	}
}
