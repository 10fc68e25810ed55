/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Framing at the transport's end: what read() and write() take, and that a refusal loses nothing. */
#include "vm/proxy_cases.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <pthread.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/eventfd.h>
#include <unistd.h>

#define TAG 0xC0FFEE01

static int read_into(struct end *end, void *to, size_t len)
{
	ssize_t n = read(end->fd, to, len);

	return n < 0 ? -errno : (int)n;
}

/* --- read() ------------------------------------------------------------------------------- */

static void check_read(void)
{
	struct proxy_command command = proxy_command(TAG, 4);
	struct end *end = end_new(NULL);
	const size_t whole = sizeof(struct euicc_proxy_msg) + command.len;
	struct client *client;
	uint8_t *bad = proxy_nowhere();
	int fd = end_channel(end);

	tap_ok(read_into(end, &end->in, sizeof(end->in)) == -EAGAIN,
	       "read() with O_NONBLOCK and nothing to read: EAGAIN");
	client = client_start_xfer(fd, 0, command.bytes, command.len);
	tap_ok(device_poll(end->fd, POLLIN, DEVICE_WAIT_MS) == POLLIN, "poll() tells of a request");
	tap_ok(read_into(end, &end->in, 0) == -EINVAL, "read() of nothing: EINVAL");
	tap_ok(read_into(end, &end->in, 15) == -EINVAL, "read() shorter than a header: EINVAL");
	tap_ok(read_into(end, &end->in, 16) == -EINVAL, "read() of the header alone: EINVAL");
	tap_ok(read_into(end, &end->in, whole - 1) == -EINVAL, "read() a byte too short: EINVAL");
	tap_ok(read_into(end, bad, whole) == -EFAULT, "read() to nowhere: EFAULT");
	tap_ok(read_into(end, &end->in, whole) == (int)whole,
	       "after all of them the request is still there, and just fits");
	tap_ok(end->in.msg.op == EUICC_PROXY_XFER && end->in.msg.handle == 0 && end->in.msg.id != 0 &&
	       (end->in.payload[0] & 0x80) == 0x80 &&
	       !memcmp(end->in.payload + 1, command.bytes + 1, command.len - 1),
	       "an XFER: handle 0, an id, and the command with the channel in its class byte");
	tap_ok(end_is_quiet(end), "a request is read once");
	tap_ok(end_card_answer(end) == 0 && end_serve(end, client) == 0 && client->entry.status == 0 &&
	       client->entry.response_len == 4 && fakecard_is_response(TAG, client->response, 4),
	       "and its answer arrives");
	client_free(client);
	close(fd);
	end_free(end);
}

static void on_signal(int signal)
{
	(void)signal;
}

struct reader {
	int fd;
	ssize_t n;
	int error;
	struct end_message in;
};

static void *read_blocking(void *argument)
{
	struct reader *reader = argument;

	reader->n = read(reader->fd, &reader->in, sizeof(reader->in));
	reader->error = errno;
	return NULL;
}

/* Sends the signal until the thread has ended: it may not be waiting yet. */
static void interrupt(pthread_t thread)
{
	const struct timespec step = { .tv_nsec = 20 * 1000 * 1000 };
	struct timespec until;

	do {
		pthread_kill(thread, SIGUSR1);
		clock_gettime(CLOCK_REALTIME, &until);
		until.tv_nsec += step.tv_nsec;
		until.tv_sec += until.tv_nsec / 1000000000;
		until.tv_nsec %= 1000000000;
	} while (pthread_timedjoin_np(thread, NULL, &until) == ETIMEDOUT);
}

static void check_blocking_read(void)
{
	struct sigaction action = { .sa_handler = on_signal };
	struct reader *readers = calloc(2, sizeof(*readers));
	struct end *end = end_new(NULL);
	struct client *client;
	pthread_t threads[2];
	int fd, got, other;

	sigaction(SIGUSR1, &action, NULL);
	fcntl(end->fd, F_SETFL, 0);
	for (int i = 0; i < 2; i++) {
		readers[i].fd = end->fd;
		pthread_create(&threads[i], NULL, read_blocking, &readers[i]);
	}
	fd = device_open(end->minor, 0);
	client = client_start(CLIENT_RESET, fd, 0);
	do {
		got = pthread_tryjoin_np(threads[0], NULL) == 0 ? 0 :
		      pthread_tryjoin_np(threads[1], NULL) == 0 ? 1 : -1;
		if (got < 0)
			device_poll(end->fd, 0, 10);
	} while (got < 0);
	other = 1 - got;
	tap_ok(readers[got].n == (ssize_t)sizeof(struct euicc_proxy_msg) &&
	       readers[got].in.msg.op == EUICC_PROXY_RESET, "of two readers that wait one gets the request");
	interrupt(threads[other]);
	tap_ok(readers[other].n < 0 && readers[other].error == EINTR,
	       "the other waits on, until a signal ends it: EINTR");
	end->in = readers[got].in;
	tap_ok(end_card_answer(end) == 0 && client_wait(client) == 0, "and the answer arrives");
	client_free(client);
	close(fd);
	free(readers);
	end_free(end);
}

/* --- two that serve -------------------------------------------------------------------------- */

#define COMMANDS 200	/* each with its GET RESPONSE */

struct serving {
	struct end *end;		/* its card and its out buffer: under the lock */
	pthread_mutex_t *lock;
	int stop;
	struct end_message in;
	unsigned int served;
	bool failed;
};

static void *serve_beside(void *argument)
{
	struct serving *self = argument;
	struct end *end = self->end;
	struct pollfd fds[2] = { { .fd = end->fd, .events = POLLIN }, { .fd = self->stop, .events = POLLIN } };

	while (poll(fds, 2, -1) > 0 && !fds[1].revents) {
		if (read(end->fd, &self->in, sizeof(self->in)) < 0)
			continue;
		pthread_mutex_lock(self->lock);
		memcpy(&end->in, &self->in, sizeof(self->in.msg) + self->in.msg.length);
		self->failed = self->failed || end_card_answer(end) < 0;
		pthread_mutex_unlock(self->lock);
		self->served++;
	}
	return NULL;
}

static void check_two_servers(void)
{
	pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
	struct end *end = end_new(NULL);
	int fd = end_channel(end), stop = eventfd(0, EFD_CLOEXEC), right = 0;
	struct serving *servers = calloc(2, sizeof(*servers));
	pthread_t threads[2];

	for (int i = 0; i < 2; i++) {
		servers[i].end = end;
		servers[i].lock = &lock;
		servers[i].stop = stop;
		pthread_create(&threads[i], NULL, serve_beside, &servers[i]);
	}
	for (uint32_t tag = 1; tag <= COMMANDS; tag++) {
		struct proxy_command command = proxy_command(tag, 16);
		uint8_t response[16];
		size_t len = 0;

		right += device_apdu(fd, command.bytes, command.len, response, sizeof(response), &len,
				     NULL) == 0 &&
			 len == 16 && fakecard_is_response(tag, response, len);
	}
	eventfd_write(stop, 1);
	for (int i = 0; i < 2; i++)
		pthread_join(threads[i], NULL);
	tap_note("%u and %u requests", servers[0].served, servers[1].served);
	tap_ok(right == COMMANDS && !servers[0].failed && !servers[1].failed &&
	       servers[0].served + servers[1].served == 2 * COMMANDS,
	       "two threads at one end: each request goes to one of them, each answer to its command");
	close(fd);
	close(stop);
	free(servers);
	end_free(end);
}

/* --- write() ------------------------------------------------------------------------------ */

struct bad_write {
	const char *what;
	uint32_t id;			/* added to the request's */
	uint32_t op, handle, length;	/* as the header says */
	size_t payload;			/* as it is */
};

#define OTHER_ID 1000
#define NO_ID 0xFFFFFFFF

static const struct bad_write bad_writes[] = {
	{ "a payload shorter than it says", 0, EUICC_PROXY_ANSWER, 0, 3, 2 },
	{ "a payload longer than it says", 0, EUICC_PROXY_ANSWER, 0, 2, 3 },
	{ "a length of as much as 32 bits hold", 0, EUICC_PROXY_ANSWER, 0, UINT32_MAX, 2 },
	{ "more payload than there is in any message", 0, EUICC_PROXY_ANSWER, 0,
	  EUICC_PROXY_PAYLOAD_MAX + 1, EUICC_PROXY_PAYLOAD_MAX + 1 },
	{ "operation 0", 0, 0, 0, 2, 2 },
	{ "an operation that nobody knows", 0, 19, 0, 2, 2 },
	{ "an operation that is the kernel's", 0, EUICC_PROXY_XFER, 0, 2, 2 },
	{ "a CANCEL", 0, EUICC_PROXY_CANCEL, 0, 0, 0 },
	{ "an answer without an id", NO_ID, EUICC_PROXY_ANSWER, 0, 2, 2 },
	{ "an answer to an id that was never given", OTHER_ID, EUICC_PROXY_ANSWER, 0, 2, 2 },
	{ "an answer without a status word", 0, EUICC_PROXY_ANSWER, 0, 0, 0 },
	{ "an answer of half a status word", 0, EUICC_PROXY_ANSWER, 0, 1, 1 },
	{ "an answer longer than the device's responses", 0, EUICC_PROXY_ANSWER, 0, 259, 259 },
	{ "an answer with another handle", 0, EUICC_PROXY_ANSWER, 7, 2, 2 },
	{ "FAILED without an errno", 0, EUICC_PROXY_FAILED, 0, 0, 0 },
	{ "FAILED with what is no errno", 0, EUICC_PROXY_FAILED, 4096, 0, 0 },
	{ "FAILED with a negative errno", 0, EUICC_PROXY_FAILED, (uint32_t)-EIO, 0, 0 },
	{ "FAILED with a payload", 0, EUICC_PROXY_FAILED, EIO, 2, 2 },
	{ "an EVENT with an id", 0, EUICC_PROXY_EVENT, EUICC_EVENT_REMOVED, 0, 0 },
	{ "an EVENT that nobody knows", NO_ID, EUICC_PROXY_EVENT, 0, 0, 0 },
	{ "an EVENT that is the kernel's", NO_ID, EUICC_PROXY_EVENT, EUICC_EVENT_GONE, 0, 0 },
	{ "REMOVED with a payload", NO_ID, EUICC_PROXY_EVENT, EUICC_EVENT_REMOVED, 2, 2 },
	{ "RESET with a payload", NO_ID, EUICC_PROXY_EVENT, EUICC_EVENT_RESET, 2, 2 },
	{ "INSERTED with an ATR of one byte", NO_ID, EUICC_PROXY_EVENT, EUICC_EVENT_INSERTED, 1, 1 },
	{ "INSERTED with an ATR too long", NO_ID, EUICC_PROXY_EVENT, EUICC_EVENT_INSERTED, 34, 34 },
};

static int write_raw(struct end *end, const void *from, size_t len)
{
	ssize_t n = write(end->fd, from, len);

	return n < 0 ? -errno : (int)n;
}

static void check_bad_write(struct end *end, const struct bad_write *bad)
{
	uint8_t *raw = calloc(1, sizeof(struct euicc_proxy_msg) + bad->payload);
	struct euicc_proxy_msg msg = {
		.id = bad->id == NO_ID ? 0 : end->in.msg.id + bad->id,
		.op = bad->op,
		.handle = bad->handle,
		.length = bad->length,
	};

	memcpy(raw, &msg, sizeof(msg));
	tap_ok(write_raw(end, raw, sizeof(msg) + bad->payload) == -EINVAL, "write(): %s: EINVAL",
	       bad->what);
	free(raw);
}

static void check_write(void)
{
	struct proxy_command command = proxy_command(TAG, 256);
	struct end *end = end_new(NULL);
	struct client *client;
	uint8_t *bad = proxy_nowhere();
	int fd = end_channel(end);

	client = client_start_xfer(fd, 0, command.bytes, command.len);
	end_expect(end, EUICC_PROXY_XFER);
	tap_ok(write_raw(end, &end->in, 0) == -EINVAL, "write() of nothing: EINVAL");
	tap_ok(write_raw(end, &end->in, 15) == -EINVAL, "write() shorter than a header: EINVAL");
	tap_ok(write_raw(end, bad, 18) == -EFAULT, "write() from nowhere: EFAULT");
	for (size_t i = 0; i < sizeof(bad_writes) / sizeof(bad_writes[0]); i++)
		check_bad_write(end, &bad_writes[i]);
	tap_ok(!device_poll(client->over, POLLIN, 0) && !device_poll(fd, POLLIN, 0),
	       "after all of them the call still waits, and no event has come");
	memset(end->out, 0x5A, 256);
	memcpy(end->out + 256, "\x90\x00", 2);
	tap_ok(end_answer(end, end->out, 258) == 0 && client_wait(client) == 0 &&
	       client->entry.status == 0 && client->entry.response_len == 256 &&
	       client->entry.sw == 0x9000 && !memcmp(client->response, end->out, 256),
	       "and the longest answer that is right arrives");
	tap_ok(end_answer(end, "\x6F\x00", 2) == 0 && end_is_quiet(end),
	       "a second answer to the same request is taken and dropped");
	client_free(client);

	client = client_start(CLIENT_RESET, fd, 0);
	end_expect(end, EUICC_PROXY_RESET);
	tap_ok(end_answer(end, end->out, 1) == -EINVAL, "RESET answered with one byte: EINVAL");
	tap_ok(end_answer(end, end->out, 34) == -EINVAL, "RESET answered with too many: EINVAL");
	tap_ok(end_answer(end, end->out, 33) == 0 && client_wait(client) == 0,
	       "RESET answered with the longest ATR");
	client_free(client);
	close(fd);
	end_free(end);
}

/* An answer before its request was read is a guess. */
static void check_early_answer(void)
{
	struct end *end = end_new(NULL);
	int fd = device_open(end->minor, 0);
	struct client *client = client_start(CLIENT_RESET, fd, 0);
	struct euicc_proxy_msg guess = { .id = 1, .op = EUICC_PROXY_ANSWER };

	device_poll(end->fd, POLLIN, DEVICE_WAIT_MS);
	tap_ok(end_send(end, &guess, NULL) == -EINVAL, "an answer to what was not read: EINVAL");
	tap_ok(end_serve(end, client) == 0, "and the request is still there");
	client_free(client);
	close(fd);
	end_free(end);
}

void proxy_message_cases(void)
{
	check_read();
	check_blocking_read();
	check_two_servers();
	check_write();
	check_early_answer();
}
