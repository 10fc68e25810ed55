/* SPDX-License-Identifier: GPL-2.0-or-later */
/* modem/common: a handle is good for one channel, and never again. */
#include "modem/common/channels.h"

#include <atf-c.h>
#include <string.h>

static struct modem_channel *open_one(struct channels *channels, uint32_t number)
{
	struct modem_channel *channel = channels_free_place(channels, NULL);

	ATF_REQUIRE(channel);
	channel->open = true;
	channel->number = number;
	return channel;
}

ATF_TC_WITHOUT_HEAD(a_handle_finds_its_channel_and_no_other_number_does);
ATF_TC_BODY(a_handle_finds_its_channel_and_no_other_number_does, tc)
{
	struct channels channels = { 0 };
	struct modem_channel *first = open_one(&channels, 1), *second = open_one(&channels, 2);
	const uint32_t handle = channels_handle(&channels, second);
	struct esim_error err;

	ATF_CHECK(channels_handle(&channels, first) != 0);
	ATF_CHECK(channels_handle(&channels, first) != handle);
	ATF_CHECK_EQ(second, channels_find(&channels, handle, &err));
	for (uint32_t i = 0; i < 256; i++)
		if (((handle & ~0xFFu) | i) != handle && ((handle & ~0xFFu) | i) != channels_handle(&channels, first))
			ATF_CHECK_EQ(NULL, channels_find(&channels, (handle & ~0xFFu) | i, NULL));
	ATF_CHECK_EQ(NULL, channels_find(&channels, 0, NULL));
	ATF_CHECK_EQ(NULL, channels_find(&channels, UINT32_MAX, NULL));
	second->open = false;
	ATF_CHECK_EQ(NULL, channels_find(&channels, handle, &err));
	ATF_CHECK_EQ(ESIM_ESTALE, err.code);
	ATF_CHECK_EQ(ESIM_OUTCOME_NEVER_SENT, err.outcome);
}

ATF_TC_WITHOUT_HEAD(a_handle_of_before_a_reset_is_stale_though_its_place_is_taken_again);
ATF_TC_BODY(a_handle_of_before_a_reset_is_stale_though_its_place_is_taken_again, tc)
{
	struct channels channels = { 0 };
	const uint32_t before = channels_handle(&channels, open_one(&channels, 1));

	channels_stale(&channels);
	ATF_CHECK_EQ(NULL, channels_find(&channels, before, NULL));
	open_one(&channels, 1);
	ATF_CHECK_EQ(NULL, channels_find(&channels, before, NULL));
	/* Where the count comes round, 0 is still no handle. */
	channels.generation = UINT32_MAX >> 8;
	ATF_CHECK(channels_find(&channels, channels_handle(&channels, &channels.list[0]), NULL));
	ATF_CHECK(channels_handle(&channels, &channels.list[0]) != 0);
}

ATF_TC_WITHOUT_HEAD(there_are_so_many_and_no_more);
ATF_TC_BODY(there_are_so_many_and_no_more, tc)
{
	struct channels channels = { 0 };
	struct esim_error err;

	for (unsigned i = 0; i < CHANNELS_MAX; i++)
		ATF_CHECK_EQ(i, channels_index(&channels, open_one(&channels, i + 1)));
	ATF_CHECK_EQ(NULL, channels_free_place(&channels, &err));
	ATF_CHECK_EQ(ESIM_EBUSY, err.code);
	channels.list[3].open = false;
	ATF_CHECK_EQ(&channels.list[3], channels_free_place(&channels, &err));
}

ATF_TC_WITHOUT_HEAD(what_the_modem_is_not_asked);
ATF_TC_BODY(what_the_modem_is_not_asked, tc)
{
	static const uint8_t aid[ESIM_MAX_AID + 1];
	struct quirks quirks = { .apdu_timeout_ms = 5000 };
	struct esim_error err;

	ATF_CHECK_EQ(0, channels_check_open("MBIM", 0, esim_slice(aid, ESIM_MAX_AID), &err));
	ATF_CHECK_EQ(ESIM_ENOTSUP, channels_check_open("MBIM", 1, esim_slice(aid, ESIM_MAX_AID), &err));
	ATF_CHECK_EQ(ESIM_EINVAL, channels_check_open("MBIM", 0, esim_slice(aid, 0), &err));
	ATF_CHECK_EQ(ESIM_EINVAL, channels_check_open("MBIM", 0, esim_slice(aid, sizeof(aid)), &err));
	ATF_CHECK_EQ(5000, channels_timeout(&quirks, 1000));
	ATF_CHECK_EQ(9000, channels_timeout(&quirks, 9000));
	quirks.max_channels = 3;
	esim_error_clear(&err);
	ATF_CHECK_EQ(ESIM_EBUSY, channels_refused(&quirks, ESIM_EBUSY, &err));
	ATF_CHECK_MSG(strstr(err.advice, "3 logical channels"), "%s", err.advice);
	strcpy(quirks.note, "Its AT port opens them.");
	ATF_CHECK_EQ(ESIM_ENOTSUP, channels_refused(&quirks, ESIM_ENOTSUP, &err));
	ATF_CHECK_STREQ("Its AT port opens them.", err.advice);
	esim_error_clear(&err);
	ATF_CHECK_EQ(ESIM_ETIMEDOUT, channels_refused(&quirks, ESIM_ETIMEDOUT, &err));
	ATF_CHECK_STREQ("", err.advice);
}

ATF_TP_ADD_TCS(tp)
{
	ATF_TP_ADD_TC(tp, a_handle_finds_its_channel_and_no_other_number_does);
	ATF_TP_ADD_TC(tp, a_handle_of_before_a_reset_is_stale_though_its_place_is_taken_again);
	ATF_TP_ADD_TC(tp, there_are_so_many_and_no_more);
	ATF_TP_ADD_TC(tp, what_the_modem_is_not_asked);
	return atf_no_error();
}
