/* SPDX-License-Identifier: GPL-2.0-or-later */
/* /dev/euiccN as a transport: files and channels, outcomes, cancelling, counted system calls. */
#include "fake_kernel.h"

#include "device_list.h"
#include "transport_schemes.h"

#include <esim/card.h>

#include <atf-c.h>
#include <stdio.h>
#include <sys/stat.h>

static struct esim_error err;

static struct esim_transport *open_device(void)
{
	struct esim_transport *transport = NULL;

	ATF_REQUIRE_EQ_MSG(esim_transport_open(FAKE_DEVICE, &transport, &err), 0, "%s", err.message);
	return transport;
}

static uint32_t open_isdr(struct esim_transport *transport)
{
	struct esim_buf fci = ESIM_BUF_INIT;
	uint32_t handle = 99;

	ATF_REQUIRE_EQ_MSG(esim_transport_channel_open(transport, 0, esim_slice("\xA0\x00\x00\x05\x59", 5),
						       0, &handle, &fci, 1000, &err),
			   0, "%s", err.message);
	ATF_CHECK(esim_slice_is(esim_buf_slice(&fci), "\x6F\x00", 2));
	esim_buf_free(&fci);
	return handle;
}

static const uint8_t get_eid[] = { 0x80, 0xE2, 0x91, 0x00, 0x03, 0xBF, 0x3E, 0x00, 0x00 };

static int send_one(struct esim_transport *transport, uint32_t handle)
{
	struct esim_buf response = ESIM_BUF_INIT;
	int r;

	esim_error_clear(&err);
	r = esim_transport_channel_transmit(transport, handle, esim_slice(get_eid, sizeof(get_eid)),
					    &response, 1000, &err);
	if (!r)
		ATF_CHECK(response.len >= 2);
	esim_buf_free(&response);
	return r;
}

/* --- the device ------------------------------------------------------------------------- */

ATF_TC_WITHOUT_HEAD(what_the_kernel_says_of_the_device_is_described);
ATF_TC_BODY(what_the_kernel_says_of_the_device_is_described, tc)
{
	struct esim_transport_info info;
	struct esim_transport *t;

	fake_kernel_reset();
	t = open_device();
	esim_transport_describe(t, &info);
	ATF_CHECK_STREQ(info.scheme, "kdev");
	ATF_CHECK_STREQ(info.name, FAKE_DEVICE " (a reader)");
	ATF_CHECK_EQ(info.features, ESIM_TRANSPORT_OWNED | ESIM_TRANSPORT_RAW | ESIM_TRANSPORT_RESET |
		     ESIM_TRANSPORT_CASE4);
	ATF_CHECK_EQ(info.max_batch, 64);
	ATF_CHECK_EQ(info.max_data, 0);
	ATF_CHECK_EQ(info.atr_len, 2);
	fake.info.features = EUICC_FEATURE_OWNED | EUICC_FEATURE_EXTENDED;
	fake.info.max_command = 246;
	esim_transport_describe(t, &info);
	ATF_CHECK_EQ(info.features, ESIM_TRANSPORT_OWNED | ESIM_TRANSPORT_EXTENDED | ESIM_TRANSPORT_CASE4);
	ATF_CHECK_EQ(info.max_data, 240);
	esim_transport_free(&t);
}

ATF_TC_WITHOUT_HEAD(what_cannot_be_opened_says_why);
ATF_TC_BODY(what_cannot_be_opened_says_why, tc)
{
	static const struct {
		int errnum, code;
	} cases[] = {
		{ ENOENT, ESIM_ENODEV }, { ENODEV, ESIM_ENODEV }, { EACCES, ESIM_EIO },
		{ EBUSY, ESIM_EBUSY }, { EMFILE, ESIM_EBUSY }, { EIO, ESIM_EIO },
	};
	struct esim_transport *t = NULL;

	fake_kernel_reset();
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		fake.open_errno = cases[i].errnum;
		ATF_CHECK_EQ(esim_transport_open(FAKE_DEVICE, &t, &err), cases[i].code);
		ATF_CHECK(strncmp(err.message, FAKE_DEVICE ": ", strlen(FAKE_DEVICE) + 2) == 0);
		ATF_CHECK_EQ(err.domain, ESIM_DOMAIN_TRANSPORT);
	}
	/* Any file is not a card. */
	ATF_CHECK_EQ(esim_transport_open("/dev/null", &t, &err), ESIM_EINVAL);
	ATF_CHECK(t == NULL);
}

static void make_file(const char *path)
{
	FILE *file = fopen(path, "w");

	ATF_REQUIRE(file != NULL);
	fclose(file);
}

/* The devices of "dev", from an empty list. */
static void list_devices(struct device_list *list)
{
	list->count = 0;
	ATF_CHECK_EQ_MSG(device_list_kdev("dev", list, &err), 0, "%s", err.message);
}

ATF_TC_WITHOUT_HEAD(devices_are_listed_in_order_with_what_the_kernel_says);
ATF_TC_BODY(devices_are_listed_in_order_with_what_the_kernel_says, tc)
{
	struct esim_device_entry entries[ESIM_MAX_DEVICES];
	struct device_list list = { entries, 0 };

	fake_kernel_reset();
	ATF_CHECK_EQ(device_list_kdev("none", &list, &err), ESIM_EIO);
	ATF_REQUIRE_EQ(mkdir("dev", 0700), 0);
	make_file("dev/euicc-proxy");
	make_file("dev/euiccx");
	make_file("dev/euicc12");
	make_file("dev/euicc3");
	list_devices(&list);
	ATF_CHECK_EQ_MSG(list.count, 0, "files that are no devices");
	fake.everywhere = true;
	list_devices(&list);
	ATF_REQUIRE_EQ(list.count, 2);
	ATF_CHECK_STREQ(entries[0].uri, "dev/euicc3");
	ATF_CHECK_STREQ(entries[1].uri, "dev/euicc12");
	ATF_CHECK_STREQ(entries[0].transport, "kdev");
	ATF_CHECK_STREQ(entries[0].reader, "a reader");
	ATF_CHECK_EQ(entries[0].atr_len, 2);
	ATF_CHECK_EQ(entries[0].state, ESIM_DEVICE_CARD);
	fake.open_errno = EACCES;
	list_devices(&list);
	ATF_REQUIRE_EQ(list.count, 2);
	ATF_CHECK_EQ(entries[0].state, ESIM_DEVICE_UNUSABLE);
	ATF_CHECK_STREQ(entries[0].detail, "you may not open it");
	fake.open_errno = EBUSY;
	list_devices(&list);
	ATF_CHECK_EQ(entries[1].state, ESIM_DEVICE_HELD);
}

/* A row of candidates: a letter each, for a card, none, a mute one, and one that is held. */
static size_t make_candidates(struct device_list *list, const char *letters)
{
	const size_t first = list->count;

	for (; *letters; letters++) {
		struct esim_device_entry *entry = device_add(list, "usb", "a reader");

		snprintf(entry->uri, sizeof(entry->uri), "usb:1-%zu", list->count);
		entry->state = *letters == 'c' ? ESIM_DEVICE_CARD : *letters == 'n' ? ESIM_DEVICE_NO_CARD :
			       *letters == 'm' ? ESIM_DEVICE_MUTE : ESIM_DEVICE_HELD;
		if (entry->state == ESIM_DEVICE_HELD)
			snprintf(entry->detail, sizeof(entry->detail), "pcscd (process 512)");
	}
	return first;
}

ATF_TC_WITHOUT_HEAD(the_only_card_is_found_and_several_are_not_guessed_at);
ATF_TC_BODY(the_only_card_is_found_and_several_are_not_guessed_at, tc)
{
	struct esim_device_entry entries[ESIM_MAX_DEVICES];
	struct device_list list = { entries, 0 };
	size_t cards, first;

	ATF_CHECK_EQ(device_none(&list, &err), ESIM_ENOENT);
	first = make_candidates(&list, "cc");
	ATF_CHECK(device_only_card(&list, first, &cards) == NULL);
	ATF_CHECK_EQ(cards, 2);
	ATF_CHECK_EQ(device_several(&list, first, &err), ESIM_EINVAL);
	ATF_CHECK(strstr(err.message, "usb:1-1, usb:1-2"));
	/* Those before decide no more. */
	first = make_candidates(&list, "nhcm");
	ATF_CHECK(device_only_card(&list, first, &cards) == &entries[4]);
	list.count = 0;
	first = make_candidates(&list, "nhm");
	ATF_CHECK(device_only_card(&list, first, &cards) == NULL);
	ATF_CHECK_EQ(cards, 0);
	ATF_CHECK_EQ(device_none(&list, &err), ESIM_ENOENT);
	ATF_CHECK_MSG(strstr(err.message, "usb:1-1 has no card, usb:1-2 is held by pcscd (process 512), "
					  "usb:1-3 has a mute card"), "%s", err.message);
	/* However many there are. */
	while (device_add(&list, "usb", "one more"))
		entries[list.count - 1].state = ESIM_DEVICE_CARD;
	ATF_CHECK_EQ(list.count, ESIM_MAX_DEVICES);
	device_several(&list, 0, &err);
	device_none(&list, &err);
	ATF_CHECK(strlen(err.message) < sizeof(err.message));
}

ATF_TC_WITHOUT_HEAD(of_the_kernels_devices_the_one_with_the_link_is_preferred);
ATF_TC_BODY(of_the_kernels_devices_the_one_with_the_link_is_preferred, tc)
{
	struct esim_device_entry entries[ESIM_MAX_DEVICES];
	struct device_list list = { entries, 0 };

	fake_kernel_reset();
	fake.everywhere = true;
	ATF_REQUIRE_EQ(mkdir("dev", 0700), 0);
	make_file("dev/euicc0");
	make_file("dev/euicc1");
	list_devices(&list);
	ATF_CHECK(device_preferred_kdev("dev", &list) == NULL);
	ATF_REQUIRE_EQ(symlink("euicc1", "dev/euicc"), 0);
	ATF_CHECK(device_preferred_kdev("dev", &list) == &entries[1]);
	entries[1].state = ESIM_DEVICE_NO_CARD;
	ATF_CHECK_MSG(device_preferred_kdev("dev", &list) == NULL, "a device without a card is preferred");
}

/* --- channels ------------------------------------------------------------------------------- */

ATF_TC_WITHOUT_HEAD(each_channel_is_a_file_of_its_own_and_closed_by_itself);
ATF_TC_BODY(each_channel_is_a_file_of_its_own_and_closed_by_itself, tc)
{
	struct esim_transport *t;
	uint32_t first, second;
	int fd;

	fake_kernel_reset();
	t = open_device();
	first = open_isdr(t);
	second = open_isdr(t);
	ATF_CHECK(first != second);
	ATF_CHECK_EQ(fake.files, 3);
	ATF_CHECK_EQ(fake.opened.aid_len, 5);
	ATF_CHECK_EQ(fake.opened.timeout_ms, 1000);
	ATF_CHECK_EQ(send_one(t, first), 0);
	fd = fake.calls[fake.call_count - 1].fd;
	esim_transport_channel_close(t, first);
	ATF_CHECK(fcntl(fd, F_GETFD) < 0);
	ATF_CHECK_EQ(send_one(t, first), ESIM_EINVAL);
	ATF_CHECK_EQ(err.outcome, ESIM_OUTCOME_NEVER_SENT);
	ATF_CHECK_EQ(send_one(t, second), 0);
	fd = fake.calls[fake.call_count - 1].fd;
	esim_transport_free(&t);
	ATF_CHECK(fcntl(fd, F_GETFD) < 0);
}

ATF_TC_WITHOUT_HEAD(a_channel_that_is_refused_leaves_no_file_and_keeps_its_cause);
ATF_TC_BODY(a_channel_that_is_refused_leaves_no_file_and_keeps_its_cause, tc)
{
	static const struct {
		int errnum;
		uint16_t sw;
		int code;
	} cases[] = {
		{ ENOENT, 0x6A82, ESIM_ENOENT }, { EREMOTEIO, 0x6999, ESIM_ESW },
		{ ENOSPC, 0x6A81, ESIM_EBUSY }, { EBUSY, 0, ESIM_EBUSY },
		{ ENOMEDIUM, 0, ESIM_ENODEV }, { ETIMEDOUT, 0, ESIM_ETIMEDOUT },
		{ ENODEV, 0, ESIM_ENODEV }, { EOPNOTSUPP, 0, ESIM_ENOTSUP }, { EIO, 0, ESIM_EIO },
	};
	struct esim_transport *t;
	struct esim_buf fci = ESIM_BUF_INIT;
	uint32_t handle;

	fake_kernel_reset();
	t = open_device();
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		fake.channel_errno = cases[i].errnum;
		fake.channel_sw = cases[i].sw;
		ATF_CHECK_EQ(esim_transport_channel_open(t, 0, esim_slice(get_eid, 5), 0, &handle, &fci,
							 1000, &err), cases[i].code);
		ATF_CHECK_EQ(err.sw, cases[i].sw);
		ATF_CHECK(fcntl(fake.calls[fake.call_count - 1].fd, F_GETFD) < 0);
	}
	ATF_CHECK_EQ(esim_transport_channel_open(t, 1, esim_slice(get_eid, 5), 0, &handle, &fci, 1000,
						 &err), ESIM_ENOTSUP);
	esim_transport_free(&t);
}

/* The basic channel is privileged: `lpactl apdu` goes on with its own where it is not given. */
ATF_TC_WITHOUT_HEAD(a_channel_to_give_away_is_a_file_locked_to_its_aid);
ATF_TC_BODY(a_channel_to_give_away_is_a_file_locked_to_its_aid, tc)
{
	const struct esim_slice aid = esim_slice("\xA0\x00\x00\x05\x59", 5);
	int fd = -1;

	fake_kernel_reset();
	ATF_REQUIRE_EQ_MSG(0, esim_kdev_open_channel(FAKE_DEVICE, aid, &fd, &err), "%s", err.message);
	ATF_CHECK(fd >= 0);
	ATF_CHECK(fcntl(fd, F_GETFD) & FD_CLOEXEC);
	ATF_CHECK(esim_slice_is(aid, fake.opened.aid, fake.opened.aid_len));
	ATF_CHECK_EQ(0, fake.opened.flags);
	ATF_CHECK_EQ(1, fake.files);
	close(fd);
}

/* What open(2) would give next: the lowest numbers that are free. */
static void next_descriptors(int ret[2])
{
	for (int i = 0; i < 2; i++)
		ret[i] = open("/dev/null", O_RDONLY | O_CLOEXEC);
	close(ret[0]);
	close(ret[1]);
}

ATF_TC_WITHOUT_HEAD(no_channel_to_give_away_leaves_no_file);
ATF_TC_BODY(no_channel_to_give_away_leaves_no_file, tc)
{
	const struct esim_slice aid = esim_slice("\xA0\x00\x00\x05\x59", 5);
	static const uint8_t long_aid[17];
	int fd = -1, free_before[2], free_after[2];

	fake_kernel_reset();
	next_descriptors(free_before);
	ATF_CHECK_EQ(ESIM_ENOTSUP, esim_kdev_open_channel("/dev/null", aid, &fd, &err));
	ATF_CHECK_EQ(ESIM_ENODEV, esim_kdev_open_channel("/dev/euicc-that-is-not", aid, &fd, &err));
	/* The default application is none that anyone named. */
	ATF_CHECK_EQ(ESIM_EINVAL, esim_kdev_open_channel(FAKE_DEVICE, esim_slice(NULL, 0), &fd, &err));
	ATF_CHECK_EQ(ESIM_EINVAL, esim_kdev_open_channel(FAKE_DEVICE, esim_slice(long_aid, 17), &fd, &err));
	ATF_CHECK_EQ(0, fake.files);
	fake.channel_errno = ENOENT;
	fake.channel_sw = 0x6A82;
	ATF_CHECK_EQ(ESIM_ENOENT, esim_kdev_open_channel(FAKE_DEVICE, aid, &fd, &err));
	ATF_CHECK_EQ(0x6A82, err.sw);
	ATF_CHECK_EQ(-1, fd);
	next_descriptors(free_after);
	ATF_CHECK_EQ(0, memcmp(free_before, free_after, sizeof(free_after)));
}

ATF_TC_WITHOUT_HEAD(the_basic_channel_is_opened_when_wanted_and_is_no_must);
ATF_TC_BODY(the_basic_channel_is_opened_when_wanted_and_is_no_must, tc)
{
	static const uint8_t select_mf[] = { 0x00, 0xA4, 0x00, 0x04, 0x02, 0x3F, 0x00 };
	const struct esim_card_options basic = { .basic_channel = true };
	struct esim_buf out = ESIM_BUF_INIT;
	struct esim_transport *t;
	struct esim_card *card;
	uint16_t sw;

	fake_kernel_reset();
	ATF_REQUIRE_EQ(esim_card_open(open_device(), NULL, &card, &err), 0);
	ATF_CHECK_EQ(fake.opened.flags, 0);
	fake.basic_errno = EPERM;
	ATF_CHECK_EQ(esim_card_transmit_basic(card, esim_slice(select_mf, sizeof(select_mf)), &out, &sw,
					      &err), ESIM_ENOTSUP);
	fake.basic_errno = 0;
	for (int i = 0; i < 2; i++)
		ATF_CHECK_EQ(esim_card_transmit_basic(card, esim_slice(select_mf, sizeof(select_mf)),
						      &out, &sw, &err), 0);
	ATF_CHECK_EQ(fake.opened.flags, EUICC_OPEN_BASIC);
	ATF_CHECK_EQ(fake.opened.aid_len, 0);
	/* The device, the ISD-R's channel, one refused, one for both commands. */
	ATF_CHECK_EQ(fake.files, 4);
	esim_card_free(&card);

	fake_kernel_reset();
	t = open_device();
	ATF_REQUIRE_EQ_MSG(esim_card_open(t, &basic, &card, &err), 0, "%s", err.message);
	ATF_CHECK_EQ(fake.opened.flags, EUICC_OPEN_BASIC);
	ATF_CHECK_EQ(fake.files, 2);
	esim_card_free(&card);
	esim_buf_free(&out);
}

ATF_TC_WITHOUT_HEAD(a_reset_is_asked_for_by_the_file_that_holds_the_channel);
ATF_TC_BODY(a_reset_is_asked_for_by_the_file_that_holds_the_channel, tc)
{
	struct esim_transport *t;
	uint32_t handle;
	int fd;

	fake_kernel_reset();
	t = open_device();
	handle = open_isdr(t);
	ATF_CHECK_EQ(send_one(t, handle), 0);
	fd = fake.calls[fake.call_count - 1].fd;
	/* Another program's channel: ours stays as it is. */
	fake.reset_errno = EBUSY;
	ATF_CHECK_EQ(esim_transport_reset(t, ESIM_RESET_ANY, &err), ESIM_EBUSY);
	ATF_CHECK_EQ(err.domain, ESIM_DOMAIN_TRANSPORT);
	ATF_CHECK_EQ(fake.calls[fake.call_count - 1].fd, fd);
	ATF_CHECK_EQ(send_one(t, handle), 0);
	fake.reset_errno = 0;
	ATF_CHECK_EQ(esim_transport_reset(t, ESIM_RESET_COLD, &err), 0);
	ATF_CHECK_EQ(send_one(t, handle), ESIM_EINVAL);
	/* And with no channel, by the one that never has any. */
	ATF_CHECK_EQ(esim_transport_reset(t, ESIM_RESET_WARM, &err), 0);
	esim_transport_free(&t);
}

/* --- outcomes ---------------------------------------------------------------------------------- */

ATF_TC_WITHOUT_HEAD(an_errno_of_a_batch_was_never_sent_and_says_why);
ATF_TC_BODY(an_errno_of_a_batch_was_never_sent_and_says_why, tc)
{
	static const struct {
		int errnum, code;
	} cases[] = {
		{ ESTALE, ESIM_ESTALE }, { ENOMEDIUM, ESIM_ENODEV }, { ENODEV, ESIM_ENODEV },
		{ EBUSY, ESIM_EBUSY }, { EPERM, ESIM_EINVAL }, { E2BIG, ESIM_ETOOBIG },
		{ ENOMEM, ESIM_ENOMEM }, { EINVAL, ESIM_EINVAL }, { EFAULT, ESIM_EIO },
	};
	struct esim_transport *t;
	uint32_t handle;

	fake_kernel_reset();
	t = open_device();
	handle = open_isdr(t);
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		fake.xfer_errno = cases[i].errnum;
		ATF_CHECK_EQ(send_one(t, handle), cases[i].code);
		ATF_CHECK_EQ(err.outcome, ESIM_OUTCOME_NEVER_SENT);
		ATF_CHECK(err.message[0] != '\0');
	}
	/* Another signal than the one that cancels: nothing was sent, so it is sent now. */
	fake.xfer_errno = EINTR;
	ATF_CHECK_EQ(send_one(t, handle), 0);
	esim_transport_free(&t);
}

ATF_TC_WITHOUT_HEAD(a_status_keeps_sent_and_never_sent_apart);
ATF_TC_BODY(a_status_keeps_sent_and_never_sent_apart, tc)
{
	static const struct {
		int status, code;
		enum esim_outcome outcome;
	} cases[] = {
		{ -ETIMEDOUT, ESIM_ETIMEDOUT, ESIM_OUTCOME_UNKNOWN },
		{ -EINTR, ESIM_ECANCELED, ESIM_OUTCOME_UNKNOWN },
		{ -ENODEV, ESIM_ENODEV, ESIM_OUTCOME_UNKNOWN },
		{ -ENOMEDIUM, ESIM_ENODEV, ESIM_OUTCOME_UNKNOWN },
		{ -EIO, ESIM_EIO, ESIM_OUTCOME_UNKNOWN },
		{ -EINPROGRESS, ESIM_EIO, ESIM_OUTCOME_UNKNOWN },
		{ -ECANCELED, ESIM_EIO, ESIM_OUTCOME_NEVER_SENT },
		{ -EOVERFLOW, ESIM_ETOOBIG, ESIM_OUTCOME_NONE },
	};
	struct esim_transport *t;
	uint32_t handle;

	fake_kernel_reset();
	t = open_device();
	handle = open_isdr(t);
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		fake.fail_at = fake.commands + 1;
		fake.fail_status = cases[i].status;
		ATF_CHECK_EQ(send_one(t, handle), cases[i].code);
		ATF_CHECK_EQ(err.outcome, cases[i].outcome);
	}
	esim_transport_free(&t);
}

static void long_answer(struct esim_slice command, struct esim_buf *answer)
{
	(void)command;
	memset(esim_buf_extend(answer, 300), 0x5A, 300);
	esim_buf_append(answer, "\x90\x00", 2);
}

ATF_TC_WITHOUT_HEAD(a_batch_gives_each_answer_with_its_status_word);
ATF_TC_BODY(a_batch_gives_each_answer_with_its_status_word, tc)
{
	const struct esim_slice commands[] = {
		esim_slice(get_eid, 9), esim_slice(get_eid, 9), esim_slice(get_eid, 9),
	};
	struct esim_transport_batch batch = { .commands = commands, .count = 3, .timeout_ms = 0 };
	struct esim_buf responses = ESIM_BUF_INIT;
	struct esim_transport *t;
	size_t lengths[3], done;
	uint32_t handle;

	fake_kernel_reset();
	t = open_device();
	handle = open_isdr(t);
	fake.card = long_answer;
	ATF_REQUIRE_EQ(esim_transport_channel_transmit_batch(t, handle, &batch, &responses, lengths,
							     &done, &err), 0);
	ATF_CHECK_EQ(done, 3);
	ATF_CHECK_EQ(responses.len, 3 * 302);
	ATF_CHECK_EQ(lengths[2], 302);
	/* 0 would be the kernel's own 60 s, and more than it takes is an error. */
	ATF_CHECK_EQ(fake.last_timeout, 1);
	batch.timeout_ms = 3600000;
	batch.stop_on_data = true;
	ATF_REQUIRE_EQ(esim_transport_channel_transmit_batch(t, handle, &batch, &responses, lengths,
							     &done, &err), 0);
	ATF_CHECK_EQ(done, 1);
	ATF_CHECK_EQ(fake.last_timeout, EUICC_TIMEOUT_MAX);
	batch.count = 65;
	ATF_CHECK_EQ(esim_transport_channel_transmit_batch(t, handle, &batch, &responses, lengths,
							   &done, &err), ESIM_EINVAL);
	esim_buf_free(&responses);
	esim_transport_free(&t);
}

/* --- cancelling ------------------------------------------------------------------------------------ */

static struct esim_cancel *cancel;

/* As a signal handler does it. */
static void trigger(void)
{
	esim_cancel_trigger(cancel);
}

static struct esim_transport *open_cancellable(uint32_t *ret_handle)
{
	struct esim_transport *t;

	fake_kernel_reset();
	ATF_REQUIRE_EQ(esim_cancel_new(&cancel), 0);
	t = open_device();
	*ret_handle = open_isdr(t);
	esim_transport_set_cancel(t, cancel);
	return t;
}

ATF_TC_WITHOUT_HEAD(a_handle_that_has_fired_sends_nothing);
ATF_TC_BODY(a_handle_that_has_fired_sends_nothing, tc)
{
	uint32_t handle;
	struct esim_transport *t = open_cancellable(&handle);

	trigger();
	ATF_CHECK_EQ(send_one(t, handle), ESIM_ECANCELED);
	ATF_CHECK_EQ(err.outcome, ESIM_OUTCOME_NEVER_SENT);
	ATF_CHECK_EQ(fake_count(EUICC_XFER), 0);
	ATF_CHECK_EQ(esim_transport_reset(t, ESIM_RESET_ANY, &err), ESIM_ECANCELED);
	ATF_CHECK_EQ(fake_count(EUICC_RESET), 0);
	esim_cancel_clear(cancel);
	ATF_CHECK_EQ(send_one(t, handle), 0);
	ATF_CHECK_EQ(fake_count(EUICC_CANCEL), 0);
	esim_transport_free(&t);
	esim_cancel_free(&cancel);
}

/* The race that a flag alone loses: the handler runs when the flag was looked at already. */
ATF_TC_WITHOUT_HEAD(a_handle_that_fires_just_before_the_call_stops_it_all_the_same);
ATF_TC_BODY(a_handle_that_fires_just_before_the_call_stops_it_all_the_same, tc)
{
	uint32_t handle;
	struct esim_transport *t = open_cancellable(&handle);

	fake.before_xfer = trigger;
	ATF_CHECK_EQ(send_one(t, handle), ESIM_ECANCELED);
	ATF_CHECK_EQ(err.outcome, ESIM_OUTCOME_NEVER_SENT);
	ATF_CHECK_EQ(fake.commands, 0);
	esim_transport_free(&t);
	esim_cancel_free(&cancel);
}

ATF_TC_WITHOUT_HEAD(a_handle_that_fires_within_the_call_cancels_it_in_the_kernel);
ATF_TC_BODY(a_handle_that_fires_within_the_call_cancels_it_in_the_kernel, tc)
{
	uint32_t handle;
	struct esim_transport *t = open_cancellable(&handle);

	fake.within_xfer = trigger;
	ATF_CHECK_EQ(send_one(t, handle), ESIM_ECANCELED);
	ATF_CHECK_EQ(err.outcome, ESIM_OUTCOME_UNKNOWN);
	ATF_CHECK_EQ(fake_count(EUICC_CANCEL), 1);
	esim_cancel_clear(cancel);
	fake.cancelled = false;
	fake.never_sent = true;
	ATF_CHECK_EQ(send_one(t, handle), ESIM_ECANCELED);
	ATF_CHECK_EQ(err.outcome, ESIM_OUTCOME_NEVER_SENT);
	/* A call that is over is watched no more. */
	fake.within_xfer = NULL;
	trigger();
	ATF_CHECK_EQ(fake_count(EUICC_CANCEL), 2);
	esim_transport_free(&t);
	esim_cancel_free(&cancel);
}

static unsigned fired;

static void count_fire(struct esim_cancel_watch *watch)
{
	(void)watch;
	fired++;
}

ATF_TC_WITHOUT_HEAD(watches_are_bounded_fired_once_each_and_taken_away);
ATF_TC_BODY(watches_are_bounded_fired_once_each_and_taken_away, tc)
{
	struct esim_cancel_watch watches[ESIM_MAX_CANCEL_WATCHES + 1];

	ATF_REQUIRE_EQ(esim_cancel_new(&cancel), 0);
	for (size_t i = 0; i < ESIM_MAX_CANCEL_WATCHES + 1; i++) {
		watches[i].fire = count_fire;
		ATF_CHECK_EQ(esim_cancel_watch(cancel, &watches[i]),
			     i < ESIM_MAX_CANCEL_WATCHES ? 0 : ESIM_EBUSY);
	}
	esim_cancel_unwatch(cancel, &watches[3]);
	trigger();
	ATF_CHECK_EQ(fired, ESIM_MAX_CANCEL_WATCHES - 1);
	ATF_CHECK_EQ(esim_cancel_watch(cancel, &watches[3]), ESIM_ECANCELED);
	esim_cancel_clear(cancel);
	ATF_CHECK_EQ(esim_cancel_watch(cancel, &watches[3]), 0);
	ATF_CHECK_EQ(esim_cancel_watch(NULL, &watches[0]), 0);
	esim_cancel_unwatch(NULL, &watches[0]);
	esim_cancel_free(&cancel);
}

/* --- counted -------------------------------------------------------------------------------------- */

ATF_TC_WITHOUT_HEAD(a_long_command_takes_one_system_call_for_64_blocks);
ATF_TC_BODY(a_long_command_takes_one_system_call_for_64_blocks, tc)
{
	static const uint8_t data[255 * 200];
	struct esim_card_options options = { 0 };
	struct esim_card *card;

	fake_kernel_reset();
	ATF_REQUIRE_EQ(esim_cancel_new(&cancel), 0);
	options.cancel = cancel;
	ATF_REQUIRE_EQ(esim_card_open(open_device(), &options, &card, &err), 0);
	ATF_CHECK_EQ(fake_count(EUICC_XFER), 0);
	ATF_CHECK_EQ_MSG(esim_card_store_data(card, "ES10x.Test", esim_slice(data, sizeof(data)), NULL,
					      &err), 0, "%s", err.message);
	ATF_CHECK_EQ(fake.commands, 200);
	ATF_CHECK_EQ(fake_count(EUICC_XFER), 4);
	/* Nor does the cancel handle cost one. */
	ATF_CHECK_EQ(fake.polls, 0);
	esim_card_free(&card);
	esim_cancel_free(&cancel);
}

ATF_TP_ADD_TCS(tp)
{
	ATF_TP_ADD_TC(tp, what_the_kernel_says_of_the_device_is_described);
	ATF_TP_ADD_TC(tp, what_cannot_be_opened_says_why);
	ATF_TP_ADD_TC(tp, devices_are_listed_in_order_with_what_the_kernel_says);
	ATF_TP_ADD_TC(tp, the_only_card_is_found_and_several_are_not_guessed_at);
	ATF_TP_ADD_TC(tp, of_the_kernels_devices_the_one_with_the_link_is_preferred);
	ATF_TP_ADD_TC(tp, each_channel_is_a_file_of_its_own_and_closed_by_itself);
	ATF_TP_ADD_TC(tp, a_channel_that_is_refused_leaves_no_file_and_keeps_its_cause);
	ATF_TP_ADD_TC(tp, a_channel_to_give_away_is_a_file_locked_to_its_aid);
	ATF_TP_ADD_TC(tp, no_channel_to_give_away_leaves_no_file);
	ATF_TP_ADD_TC(tp, the_basic_channel_is_opened_when_wanted_and_is_no_must);
	ATF_TP_ADD_TC(tp, a_reset_is_asked_for_by_the_file_that_holds_the_channel);
	ATF_TP_ADD_TC(tp, an_errno_of_a_batch_was_never_sent_and_says_why);
	ATF_TP_ADD_TC(tp, a_status_keeps_sent_and_never_sent_apart);
	ATF_TP_ADD_TC(tp, a_batch_gives_each_answer_with_its_status_word);
	ATF_TP_ADD_TC(tp, a_handle_that_has_fired_sends_nothing);
	ATF_TP_ADD_TC(tp, a_handle_that_fires_just_before_the_call_stops_it_all_the_same);
	ATF_TP_ADD_TC(tp, a_handle_that_fires_within_the_call_cancels_it_in_the_kernel);
	ATF_TP_ADD_TC(tp, watches_are_bounded_fired_once_each_and_taken_away);
	ATF_TP_ADD_TC(tp, a_long_command_takes_one_system_call_for_64_blocks);
	return atf_no_error();
}
