/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The fuzzer's programs: how choices are read from one, and where new ones come from. */
#include "vm/ioctlfuzz.h"

#include <string.h>

#define KEPT_MAX 1024

bool fuzz_input_end(const struct fuzz_input *input)
{
	return input->pos >= input->len;
}

/* After the end all choices are 0: the last step of a program is still a whole one. */
uint8_t fuzz_byte(struct fuzz_input *input)
{
	return fuzz_input_end(input) ? 0 : input->data[input->pos++];
}

uint32_t fuzz_u32(struct fuzz_input *input)
{
	uint32_t value = 0;

	for (int i = 0; i < 4; i++)
		value = value << 8 | fuzz_byte(input);
	return value;
}

uint32_t fuzz_below(struct fuzz_input *input, uint32_t limit)
{
	if (limit <= 1)
		return 0;
	if (limit <= 256)
		return fuzz_byte(input) % limit;
	return fuzz_u32(input) % limit;
}

/* Never at the end of the input, so that what has run out of choices is ordinary. */
bool fuzz_one_in(struct fuzz_input *input, uint32_t n)
{
	return fuzz_below(input, n) == n - 1;
}

uint32_t fuzz_number(struct fuzz_input *input, uint32_t limit)
{
	switch (fuzz_below(input, 8)) {
	case 0: return fuzz_below(input, 4);
	case 1: return limit;
	case 2: return limit - fuzz_below(input, 8);
	case 3: return limit + fuzz_below(input, 8);
	case 4: return UINT32_MAX - fuzz_below(input, 8);
	case 5: return 0x80000000u - 4 + fuzz_below(input, 8);
	case 6: return fuzz_u32(input);
	default: return fuzz_below(input, limit);
	}
}

void fuzz_spoil(struct fuzz_input *input, void *data, size_t len)
{
	uint8_t *bytes = data;
	uint32_t count = 1 + fuzz_below(input, 4);

	for (uint32_t i = 0; i < count && len; i++) {
		uint32_t at = fuzz_below(input, (uint32_t)len);

		if (fuzz_one_in(input, 2))
			bytes[at] = fuzz_byte(input);
		else
			bytes[at] ^= (uint8_t)(1u << fuzz_below(input, 8));
	}
}

/* --- programs ------------------------------------------------------------------------ */

/* Of clients and of servers apart: a client's bytes mean nothing to a server. */
static struct kept {
	pthread_mutex_t lock;
	unsigned count;
	struct {
		size_t len;
		uint8_t bytes[FUZZ_PROGRAM_MAX];
	} programs[KEPT_MAX];
} kept[2] = { { .lock = PTHREAD_MUTEX_INITIALIZER }, { .lock = PTHREAD_MUTEX_INITIALIZER } };

uint64_t fuzz_random(uint64_t *state)
{
	*state ^= *state << 13;
	*state ^= *state >> 7;
	*state ^= *state << 17;
	return *state;
}

void fuzz_program_keep(struct fuzz_thread *thread, const uint8_t *program, size_t len)
{
	struct kept *mine = &kept[thread->server];
	unsigned at;

	pthread_mutex_lock(&mine->lock);
	at = mine->count < KEPT_MAX ? mine->count++ :
				      (unsigned)(fuzz_random(&thread->random) % KEPT_MAX);
	memcpy(mine->programs[at].bytes, program, len);
	mine->programs[at].len = len;
	pthread_mutex_unlock(&mine->lock);
}

static size_t copy_kept(struct fuzz_thread *thread, uint8_t *program)
{
	struct kept *mine = &kept[thread->server];
	size_t len = 0;

	pthread_mutex_lock(&mine->lock);
	if (mine->count) {
		size_t at = fuzz_random(&thread->random) % mine->count;

		len = mine->programs[at].len;
		memcpy(program, mine->programs[at].bytes, len);
	}
	pthread_mutex_unlock(&mine->lock);
	return len;
}

static size_t random_bytes(struct fuzz_thread *thread, uint8_t *program, size_t len)
{
	for (size_t i = 0; i < len; i++)
		program[i] = (uint8_t)(fuzz_random(&thread->random) >> 24);
	return len;
}

/* A kept program with some bytes changed, cut somewhere, or followed by new ones. */
static size_t change(struct fuzz_thread *thread, uint8_t *program, size_t len)
{
	uint64_t random = fuzz_random(&thread->random);
	size_t cut;

	switch (random % 4) {
	case 0:
		cut = (size_t)(random >> 8) % len;
		return cut + random_bytes(thread, program + cut, FUZZ_PROGRAM_MAX - cut);
	case 1:
		cut = (size_t)(random >> 8) % len;
		memmove(program + cut, program + cut + 1, len - cut - 1);
		return len > 1 ? len - 1 : len;
	default:
		for (uint64_t i = 0; i < 1 + random / 4 % 8; i++) {
			uint64_t where = fuzz_random(&thread->random);

			program[where % len] = (uint8_t)(where >> 32);
		}
		return len;
	}
}

size_t fuzz_program_make(struct fuzz_thread *thread, uint8_t program[FUZZ_PROGRAM_MAX])
{
	size_t len = 0;

	if (fuzz_random(&thread->random) % 4)
		len = copy_kept(thread, program);
	if (len)
		return change(thread, program, len);
	return random_bytes(thread, program, 64 + fuzz_random(&thread->random) % (FUZZ_PROGRAM_MAX - 64));
}
