/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Whatever clients and transports do, the kernel keeps its promises: every call comes back,
 * or does so on a signal; every errno and every status is one that the ABI knows; nothing is
 * left behind. What went wrong in the kernel itself, the guest's init finds in its log.
 *
 *   ioctlfuzz_vmtest [--seconds N] [--threads N] [--seed N] [--blind]
 *
 * Half of the threads are clients of /dev/euiccN, half are its transports. Where the kernel
 * has KCOV, programs that reached new code are kept and changed; --blind leaves that out.
 */
#include "vm/device.h"
#include "vm/fakecard.h"
#include "vm/ioctlfuzz.h"
#include "vm/tap.h"

#include <dirent.h>
#include <err.h>
#include <errno.h>
#include <fcntl.h>
#include <getopt.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

#define LOOK_NS		(50 * 1000 * 1000)	/* the watchdog's round */
#define NUDGE_ROUNDS	20			/* a call that takes longer gets a signal */
#define HANG_ROUNDS	2400			/* and this is a hang, on the slowest machine too */

static struct fuzz_world world;

/* --- what the steps use --------------------------------------------------------------- */

void fuzz_call_begin(struct fuzz_thread *thread, const char *name)
{
	atomic_fetch_add(&thread->calls, 1);
	atomic_store(&thread->call, name);
}

void fuzz_call_end(struct fuzz_thread *thread)
{
	atomic_store(&thread->call, NULL);
}

void fuzz_interrupt(struct fuzz_thread *thread)
{
	int tid = atomic_load(&thread->tid);

	if (tid)
		syscall(SYS_tgkill, getpid(), tid, SIGUSR1);
}

void fuzz_replace(atomic_int *slot, int fd)
{
	int old = atomic_exchange(slot, fd);

	if (old >= 0)
		close(old);
}

void fuzz_expect(struct fuzz_world *of, const char *call, long rc, const int *allowed)
{
	int error = errno;

	if (rc >= 0 || error == EBADF || error == ENOTTY)
		return;
	for (; *allowed; allowed++)
		if (error == *allowed)
			return;
	if (atomic_fetch_add(&of->unexpected, 1) < 20)
		tap_note("%s: errno %d (%s), which the ABI does not know there", call, error,
			 strerror(error));
}

/* --- threads ------------------------------------------------------------------------------ */

static void on_signal(int number)
{
	(void)number;
}

static void *run_programs(void *argument)
{
	struct fuzz_thread *thread = argument;
	static _Thread_local uint8_t program[FUZZ_PROGRAM_MAX];
	bool blind = !thread->coverage;

	atomic_store(&thread->tid, gettid());
	if (!blind)
		thread->coverage = fuzz_coverage_new();
	while (!atomic_load(&world.stop)) {
		struct fuzz_input input = { .data = program };

		input.len = fuzz_program_make(thread, program);
		fuzz_coverage_begin(thread->coverage);
		while (!fuzz_input_end(&input) && !atomic_load(&world.stop)) {
			if (thread->server)
				fuzz_server_step(&world, thread, &input);
			else
				fuzz_client_step(&world, thread, &input);
		}
		if (fuzz_coverage_end(thread->coverage))
			fuzz_program_keep(thread, program, input.len);
	}
	fuzz_coverage_free(&thread->coverage);
	atomic_store(&thread->tid, 0);
	return NULL;
}

/* With a page behind that is not there. */
static uint8_t *new_arena(int memfd)
{
	int flags = memfd < 0 ? MAP_PRIVATE | MAP_ANONYMOUS : MAP_SHARED;
	uint8_t *room = mmap(NULL, FUZZ_ARENA + 4096, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	uint8_t *arena;

	if (room == MAP_FAILED)
		err(1, "mmap");
	arena = mmap(room, FUZZ_ARENA, PROT_READ | PROT_WRITE, flags | MAP_FIXED, memfd, 0);
	if (arena == MAP_FAILED)
		err(1, "mmap");
	return arena;
}

static void start(unsigned threads, uint64_t seed, bool guided)
{
	struct sigaction action = { .sa_handler = on_signal };	/* no SA_RESTART */
	int memfd = memfd_create("moving", MFD_CLOEXEC);
	static struct fuzz_coverage *const wanted = (struct fuzz_coverage *)&world;

	sigaction(SIGUSR1, &action, NULL);
	if (memfd < 0 || ftruncate(memfd, FUZZ_ARENA))
		err(1, "memfd");
	world.shared = new_arena(-1);
	world.moving = new_arena(memfd);
	world.moving_alias = new_arena(memfd);
	close(memfd);
	for (int i = 0; i < FUZZ_CLIENTS; i++)
		atomic_init(&world.clients[i], -1);
	for (int i = 0; i < FUZZ_ENDS; i++)
		atomic_init(&world.ends[i], -1);
	world.thread_count = threads;
	for (unsigned i = 0; i < threads; i++) {
		struct fuzz_thread *thread = &world.threads[i];

		*thread = (struct fuzz_thread){
			.number = i, .server = i & 1, .own = new_arena(-1),
			.random = (seed + i + 1) * 0x9E3779B97F4A7C15u | 1,
			.coverage = guided ? wanted : NULL,
		};
	}
	for (unsigned i = 0; i < threads; i++)
		if (pthread_create(&world.threads[i].id, NULL, run_programs, &world.threads[i]))
			errx(1, "no thread");
}

/* One look at every thread: signals to those that wait long. False: one of them hangs. */
static bool watch(unsigned waited[], unsigned seen[])
{
	for (unsigned i = 0; i < world.thread_count; i++) {
		struct fuzz_thread *thread = &world.threads[i];
		const char *call = atomic_load(&thread->call);
		unsigned calls = atomic_load(&thread->calls);

		if (!call || calls != seen[i]) {
			waited[i] = 0;
			seen[i] = calls;
		} else if (++waited[i] % NUDGE_ROUNDS == 0) {
			fuzz_interrupt(thread);
		}
		if (waited[i] > HANG_ROUNDS) {
			tap_fail("every call comes back", "%s does not, signals notwithstanding", call);
			return false;
		}
	}
	return true;
}

static double now(void)
{
	struct timespec ts;

	clock_gettime(CLOCK_MONOTONIC, &ts);
	return (double)ts.tv_sec + (double)ts.tv_nsec / 1e9;
}

/* Until @seconds are over and all threads have come to their end. False: a hang. */
static bool run(double seconds)
{
	unsigned waited[FUZZ_MAX_THREADS] = { 0 }, seen[FUZZ_MAX_THREADS] = { 0 };
	const struct timespec round = { .tv_nsec = LOOK_NS };
	double end = now() + seconds;
	unsigned gone = 0;

	while (gone < world.thread_count) {
		nanosleep(&round, NULL);
		if (!watch(waited, seen))
			return false;
		if (now() < end)
			continue;
		atomic_store(&world.stop, true);
		for (; gone < world.thread_count; gone++)
			if (pthread_tryjoin_np(world.threads[gone].id, NULL))
				break;
	}
	return true;
}

/* --- what may be left ------------------------------------------------------------------- */

static unsigned count_entries(const char *path)
{
	DIR *dir = opendir(path);
	unsigned count = 0;

	while (dir && readdir(dir))
		count++;
	if (dir)
		closedir(dir);
	return count;
}

static void close_all(void)
{
	for (int i = 0; i < FUZZ_CLIENTS; i++)
		fuzz_replace(&world.clients[i], -1);
	for (int i = 0; i < FUZZ_ENDS; i++)
		fuzz_replace(&world.ends[i], -1);
}

static int still_works(void)
{
	struct fakecard *card = fakecard_new(NULL);
	int fd = card ? device_open(fakecard_minor(card), 0) : -errno;
	int r = fd < 0 ? fd : device_isdr_channel(fd);

	if (fd >= 0)
		close(fd);
	fakecard_free(card);
	return r;
}

int main(int argc, char *argv[])
{
	static const struct option options[] = {
		{ "seconds", required_argument, NULL, 's' }, { "threads", required_argument, NULL, 't' },
		{ "seed", required_argument, NULL, 'r' },    { "blind", no_argument, NULL, 'b' }, { 0 },
	};
	unsigned seconds = 5, threads = 6, calls = 0, devices, descriptors;
	uint64_t seed = (uint64_t)time(NULL);
	bool guided = true;
	int c, r;

	while ((c = getopt_long(argc, argv, "", options, NULL)) != -1) {
		switch (c) {
		case 's': seconds = (unsigned)strtoul(optarg, NULL, 10); break;
		case 't': threads = (unsigned)strtoul(optarg, NULL, 10); break;
		case 'r': seed = strtoull(optarg, NULL, 10); break;
		case 'b': guided = false; break;
		default: return 2;
		}
	}
	if (threads < 2 || threads > FUZZ_MAX_THREADS)
		errx(2, "--threads: 2 to %u", FUZZ_MAX_THREADS);
	world.control = open("/dev/euicc-proxy", O_RDWR | O_CLOEXEC);
	if (world.control < 0)
		err(1, "/dev/euicc-proxy");
	devices = count_entries("/sys/class/euicc");
	descriptors = count_entries("/proc/self/fd");

	start(threads, seed, guided);
	if (!run(seconds)) {
		tap_exit();
		_exit(1);	/* exit handlers would wait for the thread that hangs */
	}
	for (unsigned i = 0; i < threads; i++)
		calls += atomic_load(&world.threads[i].calls);
	close_all();
	tap_ok(true, "every call comes back (%u calls, seed %llu, %u edges)", calls,
	       (unsigned long long)seed, fuzz_coverage_total());
	tap_ok(atomic_load(&world.unexpected) == 0, "every errno and every status is one of the ABI's");
	tap_ok(count_entries("/proc/self/fd") == descriptors, "no descriptor is left");
	tap_ok(count_entries("/sys/class/euicc") == devices, "no device is left");
	r = still_works();
	tap_ok(!r, "a new device works after all that (%s)", strerror(-r));
	return tap_exit();
}
