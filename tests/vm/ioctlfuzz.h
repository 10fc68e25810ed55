/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The ioctl fuzzer's parts. A program is a string of bytes; each choice that a step has
 * to make (which call, which descriptor, which field to spoil) is read from it, so that
 * any string is a program, and one that reached new code can be kept and changed a little.
 */
#ifndef COREESIM_TESTS_VM_IOCTLFUZZ_H
#define COREESIM_TESTS_VM_IOCTLFUZZ_H

#include <pthread.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define FUZZ_CLIENTS	12	/* descriptors of /dev/euiccN held at a time */
#define FUZZ_ENDS	4	/* transport's ends held at a time, so devices */
#define FUZZ_MAX_THREADS 16
#define FUZZ_ARENA	(3 * 65536u)

/* --- input ----------------------------------------------------------------------- */

struct fuzz_input {
	const uint8_t *data;
	size_t len, pos;
};

bool fuzz_input_end(const struct fuzz_input *input);
uint8_t fuzz_byte(struct fuzz_input *input);
uint32_t fuzz_u32(struct fuzz_input *input);
uint32_t fuzz_below(struct fuzz_input *input, uint32_t limit);
bool fuzz_one_in(struct fuzz_input *input, uint32_t n);

/* A length or an offset as mistakes are made with them: near 0, near @limit, near 2^32. */
uint32_t fuzz_number(struct fuzz_input *input, uint32_t limit);

/* Change one to four bytes of @data, where the input says. */
void fuzz_spoil(struct fuzz_input *input, void *data, size_t len);

/* --- what the threads share --------------------------------------------------------- */

struct fuzz_thread {
	pthread_t id;
	atomic_int tid;			/* 0: not running yet */
	unsigned number;
	uint64_t random;
	bool server;			/* plays the transport's ends, not the clients */
	struct fuzz_coverage *coverage;	/* NULL: the kernel counts none */
	uint8_t *own;			/* arena of FUZZ_ARENA bytes, readable and writable */
	_Atomic(const char *) call;	/* under way, or NULL */
	atomic_uint calls;		/* so far */
};

struct fuzz_world {
	atomic_int clients[FUZZ_CLIENTS], ends[FUZZ_ENDS];	/* descriptors, or -1 */
	atomic_uint minors[FUZZ_ENDS];
	int control;			/* /dev/euicc-proxy */
	uint8_t *shared;		/* an arena that all threads write while the kernel reads it */
	uint8_t *moving;		/* another one, whose protection changes under the kernel */
	uint8_t *moving_alias;		/* the same memory, always writable */
	atomic_bool stop;
	struct fuzz_thread threads[FUZZ_MAX_THREADS];
	unsigned thread_count;
	atomic_uint unexpected;		/* answers that the ABI does not know */
};

/* The watchdog looks at calls: each system call that can wait stands between these. */
void fuzz_call_begin(struct fuzz_thread *thread, const char *name);
void fuzz_call_end(struct fuzz_thread *thread);

/* One step of a program. */
void fuzz_client_step(struct fuzz_world *world, struct fuzz_thread *thread, struct fuzz_input *input);
void fuzz_server_step(struct fuzz_world *world, struct fuzz_thread *thread, struct fuzz_input *input);

/* A signal that interrupts what @thread waits in. */
void fuzz_interrupt(struct fuzz_thread *thread);

/* Put @fd into @slot and close what was there. */
void fuzz_replace(atomic_int *slot, int fd);

/*
 * Reports where @rc is -1 with an errno that is not in @allowed (ends with 0). EBADF and ENOTTY
 * always pass: another thread may have closed the descriptor, and its number is used anew.
 */
void fuzz_expect(struct fuzz_world *world, const char *call, long rc, const int *allowed);

/* --- coverage and the programs that gave it --------------------------------------------- */

/* Of the calling thread, in the modules' code. NULL where the kernel has no KCOV. */
struct fuzz_coverage *fuzz_coverage_new(void);
void fuzz_coverage_free(struct fuzz_coverage **coverage);
void fuzz_coverage_begin(struct fuzz_coverage *coverage);
/* True where this run went from one place of the code to another as no run before it did. */
bool fuzz_coverage_end(struct fuzz_coverage *coverage);
/* Different edges of all threads so far. */
unsigned fuzz_coverage_total(void);

#define FUZZ_PROGRAM_MAX 1024

/* A new program, or a kept one changed, from the thread's random numbers; its length. */
size_t fuzz_program_make(struct fuzz_thread *thread, uint8_t program[FUZZ_PROGRAM_MAX]);
void fuzz_program_keep(struct fuzz_thread *thread, const uint8_t *program, size_t len);
uint64_t fuzz_random(uint64_t *state);

#endif
