/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The built-in production roots. */
#include <esim/lpa.h>

#include <atf-c.h>
#include <string.h>

static const uint8_t gsma_root[] = {
	0x81, 0x37, 0x0F, 0x51, 0x25, 0xD0, 0xB1, 0xD4, 0x08, 0xD4,
	0xC3, 0xB2, 0x32, 0xE6, 0xD2, 0x5E, 0x79, 0x5B, 0xEB, 0xFB,
};

ATF_TC_WITHOUT_HEAD(all_known_roots_are_well_formed);
ATF_TC_BODY(all_known_roots_are_well_formed, tc)
{
	struct esim_pool pool = { 0 };
	struct esim_error err;
	size_t added = 0;

	ATF_REQUIRE_EQ_MSG(0, esim_pool_add_known(&pool, NULL, &added, &err), "%s", err.message);
	ATF_CHECK(added >= 2);
	ATF_CHECK_EQ(added, pool.count);
	ATF_CHECK(esim_pool_find(&pool, esim_slice(gsma_root, sizeof(gsma_root))) != NULL);
	esim_pool_free(&pool);
}

ATF_TC_WITHOUT_HEAD(only_roots_that_the_card_names_are_trusted);
ATF_TC_BODY(only_roots_that_the_card_names_are_trusted, tc)
{
	struct esim_key_id_list wanted = { .count = 2 };
	struct esim_pool pool = { 0 };
	struct esim_error err;
	size_t added = 7;

	wanted.ids[0] = (struct esim_key_id){ .bytes = { 1, 2, 3 }, .len = 20 };
	wanted.ids[1].len = sizeof(gsma_root);
	memcpy(wanted.ids[1].bytes, gsma_root, sizeof(gsma_root));
	ATF_REQUIRE_EQ(0, esim_pool_add_known(&pool, &wanted, &added, &err));
	ATF_CHECK_EQ(1, added);
	ATF_CHECK_EQ(1, pool.count);
	esim_pool_free(&pool);

	wanted.count = 1;
	ATF_REQUIRE_EQ(0, esim_pool_add_known(&pool, &wanted, &added, &err));
	ATF_CHECK_EQ(0, added);
	ATF_CHECK_EQ(0, pool.count);
	esim_pool_free(&pool);
}

ATF_TP_ADD_TCS(tp)
{
	ATF_TP_ADD_TC(tp, all_known_roots_are_well_formed);
	ATF_TP_ADD_TC(tp, only_roots_that_the_card_names_are_trusted);
	return atf_no_error();
}
