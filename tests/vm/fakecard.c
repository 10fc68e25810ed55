/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The transport's end of a proxy device: requests, rules, answers that are held, the log.
 */
#include "vm/fakecard.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/eventfd.h>
#include <sys/ioctl.h>
#include <time.h>
#include <unistd.h>

#include "vm/device.h"
#include "vm/fakecard_uicc.h"

#define RULES_MAX 32
#define HELD_MAX 8
#define LOG_MAX 65536

static const uint8_t answer_to_reset[] = { 0x3B, 0x9F, 0x96, 0x80, 0x1F, 0xC7, 0x80, 0x31,
					   0xE0, 0x73, 0xFE, 0x21, 0x1B, 0x63, 0x3A, 0x20,
					   0x4C, 0x6F, 0x83, 0x00, 0x90, 0x00, 0xE4 };

struct message {
	struct euicc_proxy_msg header;
	uint8_t payload[FAKECARD_ANSWER_MAX];
};

struct held {
	unsigned int order;
	struct message *answer;
};

struct fakecard {
	struct fakecard_options options;
	unsigned int minor;
	int fd, wake;
	pthread_t thread;
	bool joined;

	/* All that follows is under the lock; `changed` says that the log or `held` did. */
	pthread_mutex_t lock;
	pthread_cond_t changed;
	bool quit;
	struct fakecard_rule rules[RULES_MAX];
	unsigned int rule_count;
	struct held held[HELD_MAX];
	unsigned int held_count;
	struct fakecard_record *log;
	unsigned int count;
	struct fakecard_uicc uicc;
	struct message in, out;
};

static _Noreturn void fatal(const char *what)
{
	perror(what);
	_exit(1);
}

static void *allocated(void *memory)
{
	if (!memory)
		fatal("fakecard");
	return memory;
}

/* --- answers --------------------------------------------------------------------------- */

static int send_message(struct fakecard *card, const struct message *message)
{
	size_t len = sizeof(message->header) + message->header.length;
	ssize_t n = write(card->fd, message, len);

	if (n == (ssize_t)len)
		return 0;
	return n < 0 ? -errno : -EIO;
}

static struct fakecard_record *record(struct fakecard *card, unsigned int order)
{
	return order >= 1 && order <= card->count && order <= LOG_MAX ? &card->log[order - 1] : NULL;
}

static void answer(struct fakecard *card, unsigned int order, const struct message *message)
{
	struct fakecard_record *r = record(card, order);
	uint32_t len = message->header.length;

	if (r) {
		r->answered = message->header.op == EUICC_PROXY_ANSWER;
		if (r->answered && len >= 2 && r->kind != FAKECARD_RESET)
			r->sw = (uint16_t)(message->payload[len - 2] << 8 | message->payload[len - 1]);
	}
	/* The device may have gone meanwhile: the log tells. */
	(void)send_message(card, message);
}

static void make_failure(struct message *message, uint32_t error)
{
	message->header.op = EUICC_PROXY_FAILED;
	message->header.handle = error;
	message->header.length = 0;
}

/* --- requests -------------------------------------------------------------------------- */

static void do_reset(struct fakecard *card)
{
	fakecard_uicc_reset(&card->uicc);
	memcpy(card->out.payload, answer_to_reset, sizeof(answer_to_reset));
	card->out.header.length = sizeof(answer_to_reset);
}

static void do_open(struct fakecard *card)
{
	struct euicc_proxy_open open;
	unsigned int channel;
	struct message *out = &card->out;

	memcpy(&open, card->in.payload, sizeof(open));
	if (open.flags & EUICC_OPEN_BASIC) {
		make_failure(out, EOPNOTSUPP);
		return;
	}
	channel = fakecard_uicc_take(&card->uicc);
	if (channel == 0) {
		make_failure(out, ENOSPC);
		return;
	}
	out->header.handle = FAKECARD_HANDLE + channel;
	out->header.length = (uint32_t)fakecard_uicc_select(&card->uicc, open.aid, open.aid_len,
							    open.p2, out->payload);
	if (out->payload[out->header.length - 2] != 0x90)
		card->uicc.open[channel] = false;
}

/* What the card makes of the request: card->out. */
static void carry_out(struct fakecard *card, const struct fakecard_record *r)
{
	struct message *out = &card->out;

	if (r->kind == FAKECARD_RESET) {
		do_reset(card);
	} else if (r->kind == FAKECARD_OPEN) {
		do_open(card);
	} else if (r->kind == FAKECARD_CLOSE) {
		if (r->channel < FAKECARD_CHANNELS)
			card->uicc.open[r->channel] = false;
	} else {
		out->header.length = (uint32_t)fakecard_uicc_apdu(&card->uicc, r->channel,
								  card->in.payload, r->len,
								  out->payload);
	}
}

static bool by_rule(struct fakecard *card, const struct fakecard_record *r,
		    struct fakecard_rule *ret)
{
	for (unsigned int i = 0; i < card->rule_count; i++) {
		struct fakecard_rule *rule = &card->rules[i];

		if (!((rule->kinds ? rule->kinds : FAKECARD_ANY) & r->kind) ||
		    (rule->tag && rule->tag != r->tag))
			continue;
		if (rule->skip > 0) {
			rule->skip--;
			continue;
		}
		*ret = *rule;
		if (!rule->forever) {
			card->rule_count--;
			memmove(rule, rule + 1, (card->rule_count - i) * sizeof(*rule));
		}
		return true;
	}
	return false;
}

static void hold(struct fakecard *card, const struct fakecard_record *r)
{
	size_t len = sizeof(card->out.header) + card->out.header.length;
	struct held *held = &card->held[card->held_count];

	if (card->held_count == HELD_MAX)
		fatal("fakecard: too many answers are held");
	held->order = r->order;
	held->answer = allocated(malloc(sizeof(*held->answer)));
	memcpy(held->answer, &card->out, len);
	card->held_count++;
}

/* False where the transport's end is to be closed. */
static bool serve(struct fakecard *card, const struct fakecard_record *r)
{
	struct fakecard_rule rule;
	struct message *out = &card->out;

	out->header = (struct euicc_proxy_msg){ .id = card->in.header.id, .op = EUICC_PROXY_ANSWER };
	if (!by_rule(card, r, &rule)) {
		carry_out(card, r);
		answer(card, r->order, out);
		return true;
	}
	switch (rule.action) {
	case FAKECARD_HOLD:
		carry_out(card, r);
		hold(card, r);
		break;
	case FAKECARD_FAIL:
		make_failure(out, rule.value);
		answer(card, r->order, out);
		break;
	case FAKECARD_SILENT:
		break;
	case FAKECARD_SW:
		out->payload[0] = (uint8_t)(rule.value >> 8);
		out->payload[1] = (uint8_t)rule.value;
		out->header.length = 2;
		answer(card, r->order, out);
		break;
	case FAKECARD_BYTES:
		memcpy(out->payload, rule.bytes, rule.len);
		out->header.length = (uint32_t)rule.len;
		answer(card, r->order, out);
		break;
	case FAKECARD_UNPLUG:
		return false;
	}
	return true;
}

static void describe(struct fakecard *card, struct fakecard_record *r)
{
	const struct message *in = &card->in;

	*r = (struct fakecard_record){ .order = card->count + 1, .id = in->header.id,
				       .handle = in->header.handle };
	switch (in->header.op) {
	case EUICC_PROXY_RESET:
		r->kind = FAKECARD_RESET;
		return;
	case EUICC_PROXY_OPEN:
		r->kind = FAKECARD_OPEN;
		return;
	case EUICC_PROXY_CANCEL:
		r->kind = FAKECARD_CANCEL;
		return;
	case EUICC_PROXY_CLOSE:
		r->kind = FAKECARD_CLOSE;
		r->channel = in->header.handle - FAKECARD_HANDLE;
		return;
	}
	r->kind = fakecard_uicc_kind(in->payload, in->header.length);
	r->tag = fakecard_uicc_tag(in->payload, in->header.length);
	r->len = in->header.length;
	memcpy(r->head, in->payload, r->len < sizeof(r->head) ? r->len : sizeof(r->head));
	r->channel = in->header.handle ? in->header.handle - FAKECARD_HANDLE :
					 fakecard_uicc_channel(r->head[0]);
}

static void *run(void *argument)
{
	struct fakecard *card = argument;
	struct pollfd fds[2] = { { .fd = card->fd, .events = POLLIN },
				 { .fd = card->wake, .events = POLLIN } };
	struct fakecard_record r;
	bool more = true;
	ssize_t n;

	while (more) {
		if (poll(fds, 2, -1) < 0 && errno != EINTR)
			fatal("fakecard: poll");
		pthread_mutex_lock(&card->lock);
		more = !card->quit;
		if (more && fds[0].revents) {
			n = read(card->fd, &card->in, sizeof(card->in));
			if (n >= (ssize_t)sizeof(card->in.header)) {
				describe(card, &r);
				if (card->count < LOG_MAX)
					card->log[card->count] = r;
				card->count++;
				if (r.kind != FAKECARD_CANCEL)
					more = serve(card, &r);
				pthread_cond_broadcast(&card->changed);
			} else if (n >= 0 || (errno != EAGAIN && errno != EINTR)) {
				more = false;
			}
		}
		pthread_mutex_unlock(&card->lock);
	}
	/* Not under the lock: the kernel waits in here for the end of what is under way. */
	close(card->fd);
	return NULL;
}

/* --- making and ending ------------------------------------------------------------------- */

static int new_device(struct fakecard *card)
{
	const struct fakecard_options *options = &card->options;
	struct euicc_proxy_new_dev args = {
		.features = options->features,
		.max_command = options->max_command,
		.max_response = options->max_response,
		.protocol = options->direct ? EUICC_PROTOCOL_T1 : EUICC_PROTOCOL_T0,
	};
	int proxy = open("/dev/euicc-proxy", O_RDWR | O_CLOEXEC), r;

	if (proxy < 0)
		return -errno;
	if (!options->no_atr) {
		args.atr_len = sizeof(answer_to_reset);
		memcpy(args.atr, answer_to_reset, sizeof(answer_to_reset));
	}
	snprintf(args.name, sizeof(args.name), "%s", options->name ? options->name : "fake");
	r = ioctl(proxy, EUICC_PROXY_NEW_DEV, &args) < 0 ? -errno : 0;
	close(proxy);
	if (r < 0)
		return r;
	card->fd = args.fd;
	card->minor = args.minor;
	/* poll() tells when there is something; a read must never block under the lock. */
	if (fcntl(card->fd, F_SETFL, O_NONBLOCK) < 0)
		fatal("fakecard: O_NONBLOCK");
	return 0;
}

struct fakecard *fakecard_new(const struct fakecard_options *options)
{
	struct fakecard *card = calloc(1, sizeof(*card));
	pthread_condattr_t attr;
	int r;

	if (!card)
		fatal("fakecard");
	if (options)
		card->options = *options;
	if (!card->options.features)
		card->options.features = FAKECARD_FEATURES;
	card->uicc.options = &card->options;
	card->log = calloc(LOG_MAX, sizeof(*card->log));
	card->wake = eventfd(0, EFD_CLOEXEC);
	if (!card->log || card->wake < 0)
		fatal("fakecard");
	pthread_mutex_init(&card->lock, NULL);
	pthread_condattr_init(&attr);
	pthread_condattr_setclock(&attr, CLOCK_MONOTONIC);
	pthread_cond_init(&card->changed, &attr);
	r = new_device(card);
	if (r < 0) {
		close(card->wake);
		free(card->log);
		free(card);
		errno = -r;
		perror("fakecard: no device of /dev/euicc-proxy");
		return NULL;
	}
	if (pthread_create(&card->thread, NULL, run, card) != 0)
		fatal("fakecard: pthread_create");
	return card;
}

unsigned int fakecard_minor(const struct fakecard *card)
{
	return card->minor;
}

int fakecard_client(const struct fakecard *card)
{
	int fd = device_open(card->minor, 0);

	if (fd < 0) {
		errno = -fd;
		fatal("fakecard: /dev/euicc");
	}
	return fd;
}

void fakecard_forked(struct fakecard *card)
{
	close(card->fd);
}

void fakecard_unplug(struct fakecard *card)
{
	if (card->joined)
		return;
	pthread_mutex_lock(&card->lock);
	card->quit = true;
	pthread_mutex_unlock(&card->lock);
	if (eventfd_write(card->wake, 1) < 0)
		fatal("fakecard: eventfd");
	pthread_join(card->thread, NULL);
	card->joined = true;
}

void fakecard_free(struct fakecard *card)
{
	if (!card)
		return;
	fakecard_unplug(card);
	for (unsigned int i = 0; i < card->held_count; i++)
		free(card->held[i].answer);
	close(card->wake);
	pthread_cond_destroy(&card->changed);
	pthread_mutex_destroy(&card->lock);
	free(card->log);
	free(card);
}

/* --- what a test says ----------------------------------------------------------------------- */

void fakecard_rule(struct fakecard *card, const struct fakecard_rule *rule)
{
	pthread_mutex_lock(&card->lock);
	if (card->rule_count == RULES_MAX)
		fatal("fakecard: too many rules");
	card->rules[card->rule_count++] = *rule;
	pthread_mutex_unlock(&card->lock);
}

void fakecard_no_rules(struct fakecard *card)
{
	pthread_mutex_lock(&card->lock);
	card->rule_count = 0;
	pthread_mutex_unlock(&card->lock);
}

void fakecard_hold(struct fakecard *card, unsigned int kinds, unsigned int skip)
{
	fakecard_rule(card, &(struct fakecard_rule){ .kinds = kinds, .skip = skip,
						     .action = FAKECARD_HOLD });
}

bool fakecard_release(struct fakecard *card, int error)
{
	struct held held;
	bool any;

	pthread_mutex_lock(&card->lock);
	any = card->held_count > 0;
	if (any) {
		held = card->held[0];
		memmove(card->held, card->held + 1, --card->held_count * sizeof(held));
		if (error)
			make_failure(held.answer, (uint32_t)error);
		answer(card, held.order, held.answer);
		free(held.answer);
	}
	pthread_mutex_unlock(&card->lock);
	return any;
}

int fakecard_event(struct fakecard *card, uint32_t type, const void *payload, size_t len)
{
	struct message *event = allocated(calloc(1, sizeof(*event)));
	int r;

	event->header = (struct euicc_proxy_msg){ .op = EUICC_PROXY_EVENT, .handle = type,
						  .length = (uint32_t)len };
	if (len > 0)
		memcpy(event->payload, payload, len);
	pthread_mutex_lock(&card->lock);
	r = send_message(card, event);
	pthread_mutex_unlock(&card->lock);
	free(event);
	return r;
}

/* --- waiting and the log ------------------------------------------------------------------------ */

static struct timespec limit(void)
{
	struct timespec ts;

	clock_gettime(CLOCK_MONOTONIC, &ts);
	ts.tv_sec += DEVICE_WAIT_MS / 1000;
	return ts;
}

/* Under the lock. False after the limit. */
static bool wait_change(struct fakecard *card, const struct timespec *until, const char *what)
{
	if (pthread_cond_timedwait(&card->changed, &card->lock, until) == 0)
		return true;
	fprintf(stderr, "fakecard: waited in vain for %s\n", what);
	return false;
}

bool fakecard_wait_held(struct fakecard *card, struct fakecard_record *ret)
{
	struct timespec until = limit();
	struct fakecard_record *r;
	bool ok = true;

	pthread_mutex_lock(&card->lock);
	while (card->held_count == 0 && ok)
		ok = wait_change(card, &until, "an answer to hold");
	r = ok ? record(card, card->held[0].order) : NULL;
	if (r && ret)
		*ret = *r;
	pthread_mutex_unlock(&card->lock);
	return ok;
}

unsigned int fakecard_count(struct fakecard *card)
{
	unsigned int count;

	pthread_mutex_lock(&card->lock);
	count = card->count;
	pthread_mutex_unlock(&card->lock);
	return count;
}

bool fakecard_wait_count(struct fakecard *card, unsigned int count)
{
	struct timespec until = limit();
	bool ok = true;

	pthread_mutex_lock(&card->lock);
	while (card->count < count && ok)
		ok = wait_change(card, &until, "requests");
	pthread_mutex_unlock(&card->lock);
	return ok;
}

/* Under the lock. */
static unsigned int seen(struct fakecard *card, unsigned int from, unsigned int kinds, uint32_t tag,
			 bool first, struct fakecard_record *ret)
{
	unsigned int n = 0;

	for (unsigned int order = from + 1; record(card, order); order++) {
		const struct fakecard_record *r = record(card, order);

		if ((kinds && !(kinds & r->kind)) || (tag && tag != r->tag))
			continue;
		n++;
		if (ret)
			*ret = *r;
		if (first)
			break;
	}
	return n;
}

bool fakecard_wait_record(struct fakecard *card, unsigned int from, unsigned int kinds,
			  struct fakecard_record *ret)
{
	struct timespec until = limit();
	bool ok = true;

	pthread_mutex_lock(&card->lock);
	while (seen(card, from, kinds, 0, true, ret) == 0 && ok)
		ok = wait_change(card, &until, "a request");
	pthread_mutex_unlock(&card->lock);
	return ok;
}

bool fakecard_record(struct fakecard *card, unsigned int order, struct fakecard_record *ret)
{
	struct fakecard_record *r;

	pthread_mutex_lock(&card->lock);
	r = record(card, order);
	if (r)
		*ret = *r;
	pthread_mutex_unlock(&card->lock);
	return r != NULL;
}

unsigned int fakecard_seen(struct fakecard *card, unsigned int from, unsigned int kinds,
			   uint32_t tag, struct fakecard_record *ret)
{
	unsigned int n;

	pthread_mutex_lock(&card->lock);
	n = seen(card, from, kinds, tag, false, ret);
	pthread_mutex_unlock(&card->lock);
	return n;
}

unsigned int fakecard_lost(struct fakecard *card)
{
	unsigned int lost;

	pthread_mutex_lock(&card->lock);
	lost = card->uicc.lost;
	pthread_mutex_unlock(&card->lock);
	return lost;
}

unsigned int fakecard_open_channels(struct fakecard *card)
{
	unsigned int n = 0;

	pthread_mutex_lock(&card->lock);
	for (unsigned int i = 1; i < FAKECARD_CHANNELS; i++)
		n += card->uicc.open[i];
	pthread_mutex_unlock(&card->lock);
	return n;
}

void fakecard_dump(struct fakecard *card)
{
	pthread_mutex_lock(&card->lock);
	for (unsigned int order = 1; record(card, order); order++) {
		const struct fakecard_record *r = record(card, order);

		printf("# %4u id %u kind %#x channel %u:", r->order, r->id, (unsigned int)r->kind,
		       r->channel);
		for (size_t i = 0; i < sizeof(r->head) && i < r->len; i++)
			printf(" %02X", r->head[i]);
		printf(r->answered ? " -> %04X\n" : " -> unanswered\n", r->sw);
	}
	fflush(stdout);
	pthread_mutex_unlock(&card->lock);
}
