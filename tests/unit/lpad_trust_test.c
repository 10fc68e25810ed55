/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Which CI certificates lpad trusts: the package's, the administrator's, and those of the eUICC alone. */
#include "lpad/daemon/trust.h"

#include <atf-c.h>
#include <stdlib.h>
#include <string.h>

static struct esim_error err;

static void run(const char *command)
{
	ATF_REQUIRE_EQ_MSG(0, system(command), "%s", command);
}

/* The CI of the nist PKI as a.der, that of the brainpool PKI as b.der. */
static void make_directories(void)
{
	if (!getenv("COREESIM_PKI"))
		atf_tc_skip("COREESIM_PKI names no PKI");
	run("mkdir -p usr/ci.d usr/ci-test.d etc/ci.d etc/ci-test.d");
	run("cp $COREESIM_PKI/nist/CERT_CI.der usr/ci.d/a.der");
	run("cp $COREESIM_PKI/brainpool/CERT_CI.der usr/ci-test.d/b.der");
	run("echo nothing >usr/ci.d/README");
}

static size_t load(const struct config *config)
{
	struct esim_pool pool = { 0 };
	size_t count;

	ATF_REQUIRE_EQ_MSG(0, trust_load_from(config, "usr", "etc", &pool, &err), "%s", err.message);
	count = pool.count;
	esim_pool_free(&pool);
	return count;
}

ATF_TC_WITHOUT_HEAD(test_roots_count_in_test_mode_alone);
ATF_TC_BODY(test_roots_count_in_test_mode_alone, tc)
{
	struct config config = { 0 };

	ATF_CHECK_EQ(0, load(&config));
	make_directories();
	ATF_CHECK_EQ(1, load(&config));
	config.device_test_mode = true;
	ATF_CHECK_EQ(2, load(&config));
}

ATF_TC_WITHOUT_HEAD(the_administrator_replaces_and_takes_away);
ATF_TC_BODY(the_administrator_replaces_and_takes_away, tc)
{
	const struct config config = { 0 };
	struct esim_pool nist = { 0 }, pool = { 0 };

	make_directories();
	run("cp $COREESIM_PKI/brainpool/CERT_CI.der etc/ci.d/a.der");
	ATF_REQUIRE_EQ(0, esim_pool_add_file(&nist, "usr/ci.d/a.der", &err));
	ATF_REQUIRE_EQ_MSG(0, trust_load_from(&config, "usr", "etc", &pool, &err), "%s", err.message);
	ATF_REQUIRE_EQ(1, pool.count);
	ATF_CHECK(!esim_pool_find(&pool, esim_slice(nist.anchors[0].key_id, nist.anchors[0].key_id_len)));
	esim_pool_free(&pool);
	esim_pool_free(&nist);

	run(": >etc/ci.d/a.der");
	ATF_CHECK_EQ(0, load(&config));
	run("ln -sf /dev/null etc/ci.d/a.der");
	ATF_CHECK_EQ(0, load(&config));
	run("ln -sf nowhere etc/ci.d/a.der");
	ATF_CHECK(trust_load_from(&config, "usr", "etc", &pool, &err) < 0);
}

ATF_TC_WITHOUT_HEAD(an_unusable_file_is_named);
ATF_TC_BODY(an_unusable_file_is_named, tc)
{
	const struct config config = { 0 };
	struct esim_pool pool = { 0 };

	make_directories();
	run("echo nonsense >etc/ci.d/c.pem");
	ATF_CHECK(trust_load_from(&config, "usr", "etc", &pool, &err) < 0);
	ATF_CHECK_MSG(strstr(err.message, "etc/ci.d/c.pem"), "%s", err.message);
	ATF_CHECK_EQ(0, pool.count);
}

ATF_TC_WITHOUT_HEAD(directories_that_the_configuration_names_are_the_only_ones);
ATF_TC_BODY(directories_that_the_configuration_names_are_the_only_ones, tc)
{
	char mine[] = "mine", missing[] = "missing";
	char *dirs[] = { mine, missing };
	struct config config = { .ci_roots = dirs, .ci_roots_count = 1, .device_test_mode = true };
	struct esim_pool pool = { 0 };

	make_directories();
	run("mkdir mine && cp $COREESIM_PKI/brainpool/CERT_CI.der mine/");
	ATF_CHECK_EQ(1, load(&config));
	config.ci_roots_count = 2;
	ATF_CHECK(trust_load_from(&config, "usr", "etc", &pool, &err) < 0);
	ATF_CHECK_MSG(strstr(err.message, "missing"), "%s", err.message);
}

ATF_TC_WITHOUT_HEAD(what_the_euicc_does_not_list_is_left_out);
ATF_TC_BODY(what_the_euicc_does_not_list_is_left_out, tc)
{
	const struct config config = { .device_test_mode = true };
	struct esim_pool all = { 0 }, chosen = { 0 };
	struct esim_key_id_list wanted = { .count = 1 };

	make_directories();
	ATF_REQUIRE_EQ(0, trust_load_from(&config, "usr", "etc", &all, &err));
	wanted.ids[0].len = all.anchors[1].key_id_len;
	memcpy(wanted.ids[0].bytes, all.anchors[1].key_id, all.anchors[1].key_id_len);
	ATF_REQUIRE_EQ_MSG(0, trust_add_wanted(&chosen, &all, &wanted, &err), "%s", err.message);
	ATF_REQUIRE_EQ(1, chosen.count);
	ATF_CHECK_STREQ(all.anchors[1].name, chosen.anchors[0].name);
	ATF_REQUIRE_EQ(0, trust_add_wanted(&chosen, &all, NULL, &err));
	ATF_CHECK_EQ(2, chosen.count);
	esim_pool_free(&chosen);
	esim_pool_free(&all);
}

ATF_TP_ADD_TCS(tp)
{
	ATF_TP_ADD_TC(tp, test_roots_count_in_test_mode_alone);
	ATF_TP_ADD_TC(tp, the_administrator_replaces_and_takes_away);
	ATF_TP_ADD_TC(tp, an_unusable_file_is_named);
	ATF_TP_ADD_TC(tp, directories_that_the_configuration_names_are_the_only_ones);
	ATF_TP_ADD_TC(tp, what_the_euicc_does_not_list_is_left_out);
	return atf_no_error();
}
