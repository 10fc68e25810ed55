/* SPDX-License-Identifier: GPL-2.0-or-later */
/* ifd: power and ATR of a slot, whose card others use too. */
#include "fake_kernel.h"

#include "ifd/slot.h"

#include <atf-c.h>
#include <pthread.h>
#include <semaphore.h>
#include <string.h>
#include <time.h>

#define SELECT "\x00\xA4\x04\x00\x07\xA0\x00\x00\x00\x87\x10\x02"

static struct config_slot config;
static struct slot slot;

static void begin(void)
{
	fake_kernel_reset();
	fake.info.generation = 7;
	config = (struct config_slot){ .device = FAKE_DEVICE };
	ATF_REQUIRE_EQ(slot_init(&slot, &config), 0);
}

static int transmit(const char *command, size_t len)
{
	uint8_t bytes[64];
	struct answer answer = { .bytes = bytes, .size = sizeof(bytes) };

	return slot_transmit(&slot, (const uint8_t *)command, len, &answer);
}

static void check_atr(const char *atr, size_t len)
{
	uint8_t out[EUICC_ATR_MAX];

	ATF_CHECK_EQ(slot_atr(&slot, out), len);
	ATF_CHECK_EQ(memcmp(out, atr, len), 0);
}

ATF_TC_WITHOUT_HEAD(a_known_atr_needs_no_power);
ATF_TC_BODY(a_known_atr_needs_no_power, tc)
{
	begin();
	check_atr("", 0);
	fake.info.card_state = EUICC_CARD_OFF;
	ATF_CHECK_EQ(slot_power(&slot, SLOT_UP), 0);
	check_atr("\x3B\x00", 2);
	fake.info.card_state = EUICC_CARD_ON;
	ATF_CHECK_EQ(slot_power(&slot, SLOT_UP), 0);
	ATF_CHECK_EQ(fake_count(EUICC_RESET), 0);
	ATF_CHECK_EQ(slot_power(&slot, SLOT_DOWN), 0);
	check_atr("", 0);
	slot_free(&slot);
}

ATF_TC_WITHOUT_HEAD(an_unknown_atr_is_asked_for_or_is_the_least_there_is);
ATF_TC_BODY(an_unknown_atr_is_asked_for_or_is_the_least_there_is, tc)
{
	static const int errors[] = { 0, EBUSY, EOPNOTSUPP };

	begin();
	fake.info.atr_len = 0;
	for (size_t i = 0; i < 3; i++) {
		fake.reset_errno = errors[i];
		ATF_CHECK_EQ(slot_power(&slot, SLOT_UP), 0);
		ATF_CHECK_EQ(fake_count(EUICC_RESET), i + 1);
		check_atr("\x3B\x00", 2);
	}
	slot_free(&slot);
}

ATF_TC_WITHOUT_HEAD(what_a_client_left_in_the_card_ends_with_power);
ATF_TC_BODY(what_a_client_left_in_the_card_ends_with_power, tc)
{
	begin();
	ATF_CHECK_EQ(slot_power(&slot, SLOT_UP), 0);
	ATF_CHECK_EQ(transmit(SELECT, 12), 0);
	ATF_CHECK_EQ(slot_power(&slot, SLOT_DOWN), 0);
	ATF_CHECK_EQ(fake_count(EUICC_RESET), 0);
	ATF_CHECK_EQ(slot_power(&slot, SLOT_UP), 0);
	ATF_CHECK_EQ(fake_count(EUICC_RESET), 1);
	/* Another session since: it holds nothing of ours. */
	fake.info.generation++;
	ATF_CHECK_EQ(slot_power(&slot, SLOT_UP), 0);
	ATF_CHECK_EQ(fake_count(EUICC_RESET), 1);
	/* A reset that is asked for is one. */
	ATF_CHECK_EQ(slot_power(&slot, SLOT_RESET), 0);
	ATF_CHECK_EQ(fake_count(EUICC_RESET), 2);
	/* Others hold the card: it stays, and the session is a new one all the same. */
	ATF_CHECK_EQ(transmit(SELECT, 12), 0);
	fake.reset_errno = EBUSY;
	ATF_CHECK_EQ(slot_power(&slot, SLOT_RESET), 0);
	ATF_CHECK_EQ(slot.channels.generation, 0);
	slot_free(&slot);
}

ATF_TC_WITHOUT_HEAD(without_a_card_there_is_no_power);
ATF_TC_BODY(without_a_card_there_is_no_power, tc)
{
	begin();
	fake.info.card_state = EUICC_CARD_ABSENT;
	ATF_CHECK_EQ(slot_power(&slot, SLOT_UP), -ENOMEDIUM);
	fake.info.card_state = EUICC_CARD_MUTE;
	fake.reset_errno = ENOMEDIUM;
	ATF_CHECK_EQ(slot_power(&slot, SLOT_UP), -ENOMEDIUM);
	check_atr("", 0);
	ATF_CHECK_EQ(transmit(SELECT, 12), -ENOMEDIUM);
	fake.open_errno = ENOENT;
	ATF_CHECK_EQ(slot_power(&slot, SLOT_UP), -ENODEV);
	slot_free(&slot);
	config.device[0] = '\0';
	ATF_REQUIRE_EQ(slot_init(&slot, &config), 0);
	ATF_CHECK(!presence_check(&slot.presence));
	ATF_CHECK_EQ(slot_power(&slot, SLOT_UP), -ENODEV);
	slot_free(&slot);
}

ATF_TC_WITHOUT_HEAD(a_command_powers_up_what_pcscd_had_powered_down);
ATF_TC_BODY(a_command_powers_up_what_pcscd_had_powered_down, tc)
{
	begin();
	ATF_CHECK_EQ(slot_power(&slot, SLOT_UP), 0);
	ATF_CHECK_EQ(transmit(SELECT, 12), 0);
	ATF_CHECK_EQ(slot_power(&slot, SLOT_DOWN), 0);
	ATF_CHECK_EQ(transmit(SELECT, 12), 0);
	/* It is a new session. */
	ATF_CHECK_EQ(fake_count(EUICC_RESET), 1);
	check_atr("\x3B\x00", 2);
	/* Not over the loss of one, of which pcscd has not heard. */
	ATF_CHECK_EQ(slot_power(&slot, SLOT_DOWN), 0);
	presence_session_lost(&slot.presence);
	ATF_CHECK_EQ(transmit(SELECT, 12), -ENOMEDIUM);
	presence_wait(&slot.presence, 60000);
	ATF_CHECK(!presence_check(&slot.presence));
	slot_free(&slot);
}

ATF_TC_WITHOUT_HEAD(a_lost_session_answers_nothing_until_power_up);
ATF_TC_BODY(a_lost_session_answers_nothing_until_power_up, tc)
{
	begin();
	ATF_CHECK_EQ(slot_power(&slot, SLOT_UP), 0);
	ATF_CHECK_EQ(transmit(SELECT, 12), 0);
	fake.xfer_errno = ESTALE;
	ATF_CHECK_EQ(transmit("\x00\xB0\x00\x00\x00", 5), -ESTALE);
	ATF_CHECK_EQ(transmit(SELECT, 12), -ENOMEDIUM);
	ATF_CHECK_EQ(slot.channels.generation, 0);
	/* pcscd's thread is woken, sees the card go, and come. */
	presence_wait(&slot.presence, 60000);
	ATF_CHECK(!presence_check(&slot.presence));
	ATF_CHECK_EQ(slot_power(&slot, SLOT_UP), 0);
	ATF_CHECK_EQ(transmit(SELECT, 12), 0);
	slot_free(&slot);
}

ATF_TC_WITHOUT_HEAD(a_device_that_went_is_let_go_of_though_no_client_speaks);
ATF_TC_BODY(a_device_that_went_is_let_go_of_though_no_client_speaks, tc)
{
	begin();
	ATF_CHECK_EQ(slot_power(&slot, SLOT_UP), 0);
	ATF_CHECK_EQ(transmit(SELECT, 12), 0);
	ATF_CHECK(slot_present(&slot));
	ATF_CHECK(slot.channels.channel[0].fd >= 0);
	/* The file that hears of events cannot be read any more: the device is gone. */
	fake.open_errno = ENOENT;
	ATF_CHECK(!slot_present(&slot));
	for (size_t i = 0; i < APDU_CHANNELS; i++)
		ATF_CHECK_EQ(slot.channels.channel[i].fd, -1);
	fake.open_errno = 0;
	ATF_CHECK(slot_present(&slot));
	ATF_CHECK_EQ(transmit(SELECT, 12), -ENOMEDIUM);
	ATF_CHECK_EQ(slot_power(&slot, SLOT_UP), 0);
	ATF_CHECK_EQ(transmit(SELECT, 12), 0);
	slot_free(&slot);
}

/* --- closed while a command is with the card ------------------------------------------------- */

static pthread_t closer;
static sem_t closes;
static int closed_early;

static void *close_slot(void *arg)
{
	sem_post(&closes);
	slot_free(&slot);
	return arg;
}

/* The kernel has the command: the closer gets all the time it would need to be wrong. */
static void close_meanwhile(void)
{
	struct timespec until;

	fake.within_xfer = NULL;
	ATF_REQUIRE_EQ(pthread_create(&closer, NULL, close_slot, NULL), 0);
	sem_wait(&closes);
	clock_gettime(CLOCK_REALTIME, &until);
	until.tv_nsec += 200 * 1000 * 1000;
	until.tv_sec += until.tv_nsec / 1000000000;
	until.tv_nsec %= 1000000000;
	closed_early = pthread_timedjoin_np(closer, NULL, &until) == 0;
}

ATF_TC_WITHOUT_HEAD(close_waits_for_the_command_under_way);
ATF_TC_BODY(close_waits_for_the_command_under_way, tc)
{
	begin();
	sem_init(&closes, 0, 0);
	ATF_CHECK_EQ(slot_power(&slot, SLOT_UP), 0);
	ATF_CHECK_EQ(transmit(SELECT, 12), 0);
	fake.within_xfer = close_meanwhile;
	ATF_CHECK_EQ(transmit("\x00\xB0\x00\x00\x00", 5), 0);
	ATF_REQUIRE_MSG(!closed_early, "the files and the memory of the command were taken away");
	ATF_REQUIRE_EQ(pthread_join(closer, NULL), 0);
	/* Who comes too late finds nothing, and opens nothing. */
	ATF_CHECK_EQ(transmit(SELECT, 12), -ENOMEDIUM);
	ATF_CHECK_EQ(slot_power(&slot, SLOT_UP), -ENODEV);
	ATF_CHECK_EQ(slot_power(&slot, SLOT_DOWN), 0);
	check_atr("", 0);
	ATF_CHECK(!presence_check(&slot.presence));
	ATF_CHECK_EQ(slot.presence.fd, -1);
}

ATF_TP_ADD_TCS(tp)
{
	ATF_TP_ADD_TC(tp, a_device_that_went_is_let_go_of_though_no_client_speaks);
	ATF_TP_ADD_TC(tp, close_waits_for_the_command_under_way);
	ATF_TP_ADD_TC(tp, a_known_atr_needs_no_power);
	ATF_TP_ADD_TC(tp, an_unknown_atr_is_asked_for_or_is_the_least_there_is);
	ATF_TP_ADD_TC(tp, what_a_client_left_in_the_card_ends_with_power);
	ATF_TP_ADD_TC(tp, without_a_card_there_is_no_power);
	ATF_TP_ADD_TC(tp, a_command_powers_up_what_pcscd_had_powered_down);
	ATF_TP_ADD_TC(tp, a_lost_session_answers_nothing_until_power_up);
	return atf_no_error();
}
