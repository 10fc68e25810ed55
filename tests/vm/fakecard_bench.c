/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "vm/fakecard_bench.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

int bench_client(struct bench *bench)
{
	int fd = fakecard_client(bench->card), r = device_isdr_channel(fd);

	if (r < 0) {
		errno = -r;
		perror("bench: no channel");
		_exit(1);
	}
	return fd;
}

void bench_begin(struct bench *bench, const struct fakecard_options *options)
{
	bench->card = fakecard_new(options);
	if (!bench->card)
		_exit(1);
	bench->fd = bench_client(bench);
	bench->batch = device_batch_new();
	bench->before = fakecard_count(bench->card);
}

void bench_end(struct bench *bench)
{
	device_batch_free(bench->batch);
	close(bench->fd);
	fakecard_free(bench->card);
}

struct euicc_xfer_entry *bench_add(struct bench *bench, uint32_t tag, uint16_t sw, uint16_t len)
{
	uint8_t command[32];

	return device_batch_add(bench->batch, command,
				fakecard_command(command, tag, sw, len, 0, false));
}

int bench_exchange(int fd, uint32_t tag, uint16_t len)
{
	uint8_t command[32], *response = malloc((size_t)len + 1);
	size_t got = 0;
	uint16_t sw = 0;
	int r;

	r = device_apdu(fd, command, fakecard_command(command, tag, 0x9000, len, 0, false), response,
			(size_t)len + 1, &got, &sw);
	if (r == 0 && (sw != 0x9000 || got != len || !fakecard_is_response(tag, response, got)))
		r = -EBADMSG;
	free(response);
	return r;
}

bool bench_answered(const struct bench *bench, unsigned int index, uint32_t tag, uint16_t sw,
		    size_t len)
{
	const struct euicc_xfer_entry *entry = &bench->batch->entries[index];

	return entry->status == 0 && entry->sw == sw && entry->response_len == len &&
	       fakecard_is_response(tag, device_batch_response(bench->batch, index), len);
}

unsigned int bench_saw(struct bench *bench, uint32_t tag)
{
	return fakecard_seen(bench->card, bench->before, FAKECARD_COMMAND, tag, NULL);
}
