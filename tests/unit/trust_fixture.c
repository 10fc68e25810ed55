/* SPDX-License-Identifier: GPL-2.0-or-later */
/* See trust_fixture.h. */
#include "trust_fixture.h"

#include "rsp/file.h"

#include <esim/tlv.h>

#include <atf-c.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define EUM_ORGANIZATION "Fixture EUM"

static const struct rsp_name names[FIXTURE_SLOTS] = {
	[FIXTURE_CI] = { .organization = "Fixture", .common_name = "Fixture CI" },
	[FIXTURE_EUM] = { .organization = EUM_ORGANIZATION, .common_name = "EUM" },
	[FIXTURE_EUICC] = { .organization = EUM_ORGANIZATION, .serial_number = FIXTURE_EID,
			    .common_name = "eUICC" },
	[FIXTURE_DPAUTH] = { .organization = "Fixture", .common_name = "SM-DP+" },
	[FIXTURE_DPPB] = { .organization = "Fixture", .common_name = "SM-DP+" },
	[FIXTURE_DSAUTH] = { .organization = "Fixture", .common_name = "SM-DS" },
};

static const struct {
	enum fixture_slot issuer;
	const char *policy, *registered_id;
	uint8_t key_usage;
	bool is_ca;
	int path_len;
} shapes[FIXTURE_SLOTS] = {
	[FIXTURE_CI] = { FIXTURE_CI, "2.23.146.1.2.1.0", "2.999.1", RSP_KEY_USAGE_CERT_SIGN, true, -1 },
	[FIXTURE_EUM] = { FIXTURE_CI, "2.23.146.1.2.1.2", "2.999.5", RSP_KEY_USAGE_CERT_SIGN, true, 0 },
	[FIXTURE_EUICC] = { FIXTURE_EUM, "2.23.146.1.2.1.1", NULL, RSP_KEY_USAGE_DIGITAL_SIGNATURE,
			    false, 0 },
	[FIXTURE_DPAUTH] = { FIXTURE_CI, "2.23.146.1.2.1.4", "2.999.10",
			     RSP_KEY_USAGE_DIGITAL_SIGNATURE, false, 0 },
	[FIXTURE_DPPB] = { FIXTURE_CI, "2.23.146.1.2.1.5", "2.999.10",
			   RSP_KEY_USAGE_DIGITAL_SIGNATURE, false, 0 },
	[FIXTURE_DSAUTH] = { FIXTURE_CI, "2.23.146.1.2.1.7", "2.999.15",
			     RSP_KEY_USAGE_DIGITAL_SIGNATURE, false, 0 },
};

static void start_recipe(struct fixture *f, enum fixture_slot slot)
{
	f->recipe[slot] = (struct rsp_x509){
		.serial = 100 + (uint64_t)slot,
		.subject = names[slot],
		.issuer = names[shapes[slot].issuer],
		.not_before = FIXTURE_NOW - 30 * FIXTURE_DAY,
		.not_after = FIXTURE_NOW + 300 * FIXTURE_DAY,
		.key = rsp_key_public(f->key[slot]),
		.policy = shapes[slot].policy,
		.key_usage = shapes[slot].key_usage,
		.is_ca = shapes[slot].is_ca,
		.path_len = shapes[slot].path_len,
		.registered_id = shapes[slot].registered_id,
		.subject_key_id = fixture_key_id(f, slot),
	};
	if (slot != FIXTURE_CI)
		f->recipe[slot].authority_key_id = fixture_key_id(f, shapes[slot].issuer);
	if (slot == FIXTURE_EUM) {
		f->recipe[slot].permitted_organization = EUM_ORGANIZATION;
		f->recipe[slot].permitted_serial = "89049032";
	}
}

void fixture_init(struct fixture *f, enum esim_curve curve)
{
	struct esim_error err;

	*f = (struct fixture){ 0 };
	for (int i = 0; i < FIXTURE_SLOTS; i++) {
		ATF_REQUIRE_EQ(0, rsp_key_generate(curve, &f->key[i]));
		rsp_x509_key_id(rsp_key_public(f->key[i]), f->key_id[i]);
	}
	for (int i = 0; i < FIXTURE_SLOTS; i++) {
		start_recipe(f, (enum fixture_slot)i);
		fixture_issue(f, (enum fixture_slot)i);
	}
	ATF_REQUIRE_EQ_MSG(0, esim_pool_add_cert(&f->pool, fixture_der(f, FIXTURE_CI), &err), "%s",
			   err.message);
}

void fixture_free(struct fixture *f)
{
	for (int i = 0; i < FIXTURE_SLOTS; i++) {
		rsp_key_free(&f->key[i]);
		esim_buf_free(&f->der[i]);
	}
	esim_pool_free(&f->pool);
}

void fixture_make(struct fixture *f, enum fixture_slot slot, const struct rsp_key *issuer)
{
	struct esim_error err;

	esim_buf_free(&f->der[slot]);
	ATF_REQUIRE_EQ(0, rsp_x509_make(&f->recipe[slot], issuer, &f->der[slot], &err));
}

void fixture_issue_by(struct fixture *f, enum fixture_slot slot, const struct rsp_key *issuer)
{
	struct esim_error err;

	fixture_make(f, slot, issuer);
	ATF_REQUIRE_EQ_MSG(0, esim_cert_parse(fixture_der(f, slot), &f->cert[slot], &err), "%s",
			   err.message);
}

void fixture_issue(struct fixture *f, enum fixture_slot slot)
{
	fixture_issue_by(f, slot, f->key[shapes[slot].issuer]);
}

struct esim_anchor_facts ci_facts(const struct esim_cert *ci)
{
	return (struct esim_anchor_facts){
		.key_id = ci->subject_key_id,
		.subject = ci->subject,
		.key = ci->key,
		.not_before = ci->not_before,
		.not_after = ci->not_after,
	};
}

struct esim_slice fixture_der(const struct fixture *f, enum fixture_slot slot)
{
	return esim_buf_slice(&f->der[slot]);
}

struct esim_slice fixture_key_id(const struct fixture *f, enum fixture_slot slot)
{
	return esim_slice(f->key_id[slot], RSP_KEY_ID_SIZE);
}

void fixture_sign(const struct fixture *f, enum fixture_slot slot, const struct esim_slice *parts,
		  size_t count, struct esim_buf *out)
{
	uint8_t signature[ESIM_SIGNATURE_SIZE];

	ATF_REQUIRE_EQ(0, rsp_key_sign(f->key[slot], parts, count, signature));
	esim_tlv_put(out, 0x5F37, signature, sizeof(signature));
}

void require_failed_check(int result, const struct esim_error *err, const char *check,
			  const char *words)
{
	ATF_REQUIRE_EQ_MSG(ESIM_EVERIFY, result, "result %d", result);
	ATF_REQUIRE_EQ(ESIM_EVERIFY, err->code);
	ATF_CHECK_STREQ_MSG(check, err->check, "check '%s' instead of '%s': %s", err->check, check,
			    err->message);
	ATF_CHECK_MSG(strstr(err->message, words) != NULL, "'%s' is not in: %s", words, err->message);
}

void read_or_skip(const char *variable, const char *path, struct esim_buf *out)
{
	const char *dir = getenv(variable);
	struct esim_error err;
	char file[4096];

	if (!dir)
		atf_tc_skip("%s is not set", variable);
	snprintf(file, sizeof(file), "%s/%s", dir, path);
	if (rsp_file_read(file, 1024 * 1024, out, &err))
		atf_tc_skip("%s", err.message);
}
