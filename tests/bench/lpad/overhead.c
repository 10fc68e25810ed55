/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What the way over the bus adds to an operation: the same without it, in one process and by lpactl. */
#include "rows.h"

#include "bus.h"

#include <esim/lpa.h>

#include <err.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define MAX_RUNS 1000

/* --- over the bus ------------------------------------------------------------------------- */

static void details_by_bus(struct machine *m, const char *euicc, unsigned run)
{
	(void)run;
	sd_bus_message_unref(machine_call(m, euicc, "Euicc1", "GetDetails", ""));
}

static void nickname_by_bus(struct machine *m, const char *profile, unsigned run)
{
	sd_bus_message *call = NULL;
	char nickname[24];
	int r = sd_bus_message_new_method_call(m->bus, &call, MACHINE_SERVICE, profile,
					       MACHINE_SERVICE ".Profile1", "SetNickname");

	snprintf(nickname, sizeof(nickname), "bus %u", run);
	if (r >= 0)
		r = sd_bus_message_append(call, "s", nickname);
	if (r < 0 || !run_job(m, call))
		errx(1, "SetNickname failed");
}

/* --- by libesim ------------------------------------------------------------------------------ */

static void open_lpa(const struct machine *m, struct esim_card **card, struct lpa **lpa)
{
	struct esim_transport *transport = NULL;
	const struct esim_card_options options = { 0 };
	struct lpa_options lpa_options = { 0 };
	struct esim_error error;
	char uri[4096];

	machine_socket(m, 0, uri, sizeof(uri));
	if (esim_transport_open(uri, &transport, &error) ||
	    esim_card_open(transport, &options, card, &error))
		errx(1, "%s", error.message);
	lpa_options.card = *card;
	if (lpa_new(&lpa_options, lpa, &error))
		errx(1, "%s", error.message);
}

/* What Euicc1.GetDetails() tells of: it has it from when it was last read. */
static void details_directly(struct machine *m, const char *unused, unsigned run)
{
	struct es10b_euicc_info2 info2 = { 0 };
	const struct es10b_euicc_info1 *info1;
	struct es10a_addresses addresses;
	struct esim_card *card = NULL;
	struct esim_rat rat = { 0 };
	struct lpa *lpa = NULL;
	struct esim_error error;
	struct esim_eid eid;

	(void)unused, (void)run;
	open_lpa(m, &card, &lpa);
	if (es10c_get_eid(card, &eid, &error) || lpa_euicc_info1(lpa, &info1, &error) ||
	    es10b_get_euicc_info2(card, &info2, &error) || es10b_get_rat(card, &rat, &error) ||
	    lpa_addresses(lpa, &addresses, &error))
		errx(1, "%s", error.message);
	es10b_euicc_info2_clear(&info2);
	esim_rat_clear(&rat);
	lpa_free(&lpa);
	esim_card_free(&card);
}

static void nickname_directly(struct machine *m, const char *unused, unsigned run)
{
	struct esim_profile *profiles = NULL;
	struct esim_card *card = NULL;
	struct lpa *lpa = NULL;
	struct esim_error error;
	char nickname[24];
	size_t count = 0;

	(void)unused;
	snprintf(nickname, sizeof(nickname), "direct %u", run);
	open_lpa(m, &card, &lpa);
	if (lpa_profiles(lpa, &profiles, &count, &error) || count != 1 ||
	    lpa_rename_profile(lpa, &profiles[0], nickname, &error))
		errx(1, "%s", error.message);
	es10c_profiles_free(&profiles, count);
	lpa_free(&lpa);
	esim_card_free(&card);
}

/* --- by lpactl, a process each time ------------------------------------------------------------- */

static void run_lpactl(struct machine *m, bool direct, const char *const words[])
{
	const char *argv[16];
	char program[4096], uri[4096], output[65536];
	struct child_cost cost;
	size_t n = 0;

	snprintf(program, sizeof(program), "%s/lpactl", m->bin);
	machine_socket(m, 0, uri, sizeof(uri));
	argv[n++] = program;
	if (direct) {
		argv[n++] = "--direct";
		argv[n++] = "--device";
		argv[n++] = uri;
	}
	for (size_t i = 0; words[i]; i++)
		argv[n++] = words[i];
	argv[n] = NULL;
	if (child_run(argv, output, sizeof(output), &cost))
		errx(1, "lpactl %s failed: %s", words[0], output);
}

static void details_by_lpactl(struct machine *m, const char *unused, unsigned run)
{
	(void)unused, (void)run;
	run_lpactl(m, false, (const char *const[]){ "info", "--json", NULL });
}

static void details_by_lpactl_direct(struct machine *m, const char *unused, unsigned run)
{
	(void)unused, (void)run;
	run_lpactl(m, true, (const char *const[]){ "info", "--json", NULL });
}

static void nickname_by_lpactl(struct machine *m, const char *unused, unsigned run)
{
	char nickname[24];

	(void)unused;
	snprintf(nickname, sizeof(nickname), "lpactl %u", run);
	run_lpactl(m, false, (const char *const[]){ "rename", MACHINE_ICCID, nickname, NULL });
}

static void nickname_by_lpactl_direct(struct machine *m, const char *unused, unsigned run)
{
	char nickname[24];

	(void)unused;
	snprintf(nickname, sizeof(nickname), "lpactl, direct %u", run);
	run_lpactl(m, true, (const char *const[]){ "rename", MACHINE_ICCID, nickname, NULL });
}

/* --- all ---------------------------------------------------------------------------------------- */

typedef void operation(struct machine *m, const char *path, unsigned run);

static uint64_t measure(struct machine *m, const char *path, unsigned runs, operation *operate)
{
	uint64_t values[MAX_RUNS], start;

	for (unsigned i = 0; i < runs; i++) {
		machine_settle(m, 1);
		start = now_us();
		operate(m, path, i);
		values[i] = now_us() - start;
	}
	return median(values, runs);
}

static void download(struct machine *m, const char *euicc)
{
	sd_bus_message *call = NULL;
	int r = sd_bus_message_new_method_call(m->bus, &call, MACHINE_SERVICE, euicc,
					       MACHINE_SERVICE ".Euicc1", "Download");

	if (r >= 0)
		r = sd_bus_message_append(call, "a{sv}", 2, "smdp_address", "s", BENCH_NAME, "matching_id",
					  "s", "demo0");
	if (r < 0 || !run_job(m, call))
		errx(1, "the download failed");
}

void bench_overhead(struct machine *m, unsigned runs, struct overhead_row *ret)
{
	static operation *const details[OVERHEAD_WAYS] = {
		details_by_bus, details_directly, details_by_lpactl, details_by_lpactl_direct,
	}, *const nickname[OVERHEAD_WAYS] = {
		nickname_by_bus, nickname_directly, nickname_by_lpactl, nickname_by_lpactl_direct,
	};
	char euicc[BUS_PATH_SIZE], profile[BUS_PATH_SIZE];

	if (runs > MAX_RUNS)
		runs = MAX_RUNS;
	machine_cards(m, 1);
	machine_start_lpad(m, 1);
	machine_settle(m, 1);
	one_object(m, MACHINE_SERVICE ".Euicc1", euicc);
	download(m, euicc);
	machine_settle(m, 1);
	one_object(m, MACHINE_SERVICE ".Profile1", profile);
	for (int way = 0; way < OVERHEAD_WAYS; way++) {
		ret->details_us[way] = measure(m, euicc, runs, details[way]);
		ret->nickname_us[way] = measure(m, profile, runs, nickname[way]);
	}
	machine_stop_lpad(m);
}
