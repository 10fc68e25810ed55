/* SPDX-License-Identifier: GPL-2.0-or-later */
/* lpactl info: what this eUICC is. */
#include "app.h"
#include "output.h"

#include <stdio.h>

struct facts {
	struct esim_eid eid;
	char eid_text[ESIM_EID_DIGITS + 1];
	struct es10b_euicc_info2 info2;
	struct es10a_addresses addresses;
	struct esim_rat rat;
};

static int read_facts(struct app *app, struct facts *f)
{
	struct esim_error ignored;
	int rc;

	lpa_step(app->lpa, "ES10c.GetEID");
	rc = es10c_get_eid(app->card, &f->eid, &app->err);
	if (!rc) {
		lpa_step(app->lpa, "ES10b.GetEUICCInfo2");
		rc = es10b_get_euicc_info2(app->card, &f->info2, &app->err);
	}
	lpa_step(app->lpa, NULL);
	if (!rc)
		rc = lpa_addresses(app->lpa, &f->addresses, &app->err);
	if (rc)
		return rc;
	if (esim_eid_format(&f->eid, f->eid_text))
		esim_hex_encode(esim_slice(f->eid.bytes, sizeof(f->eid.bytes)), f->eid_text);
	/* Version 2.0 cards lack the table: nothing to show then. */
	lpa_step(app->lpa, "ES10b.GetRAT");
	es10b_get_rat(app->card, &f->rat, &ignored);
	lpa_step(app->lpa, NULL);
	return 0;
}

static void fill_json(struct app *app, const struct facts *f)
{
	const struct esim_aid *aid = esim_card_aid(app->card);
	json_t *addresses = json_object();

	json_object_set_new(addresses, "defaultDpAddress", json_text(f->addresses.default_smdp));
	json_object_set_new(addresses, "rootDsAddress", json_text(f->addresses.root_smds));
	json_object_set_new(app->result, "eidValue", json_string(f->eid_text));
	json_object_set_new(app->result, "isdrAid", json_hex(esim_slice(aid->bytes, aid->len)));
	json_object_set_new(app->result, "euiccConfiguredAddresses", addresses);
	json_object_set_new(app->result, "euiccInfo2", json_info2(&f->info2));
	json_object_set_new(app->result, "rulesAuthorisationTable", json_rat(&f->rat));
}

static void print_version(const char *name, struct esim_version version)
{
	char text[12];

	esim_version_format(version, text);
	output_field(stdout, name, text);
}

static void print_key_ids(const char *name, const struct esim_key_id_list *list)
{
	char text[2 * ESIM_MAX_KEY_ID + 1];

	for (size_t i = 0; i < list->count; i++) {
		esim_hex_encode(esim_slice(list->ids[i].bytes, list->ids[i].len), text);
		output_field(stdout, i ? " " : name, text);
	}
}

static void print(const struct facts *f)
{
	char text[64];

	output_field(stdout, "EID", f->eid_text);
	print_version("SGP.22 version", f->info2.svn);
	print_version("Profile version", f->info2.profile_version);
	print_version("Firmware version", f->info2.firmware_version);
	if (f->info2.has_memory) {
		snprintf(text, sizeof(text), "%u bytes", f->info2.free_non_volatile_memory);
		output_field(stdout, "Free memory", text);
	}
	output_field(stdout, "Default SM-DP+", f->addresses.default_smdp);
	output_field(stdout, "Root SM-DS", f->addresses.root_smds);
	print_key_ids("CIs for verification", &f->info2.ci_for_verification);
	print_key_ids("CIs for signing", &f->info2.ci_for_signing);
	format_bits(f->info2.forbidden_policy_rules, ppr_names, text, sizeof(text));
	output_field(stdout, "Forbidden policy rules", text);
	output_field(stdout, "Accreditation", f->info2.sas_accreditation_number);
}

static void warn_of_eid(const struct esim_eid *eid)
{
	if (esim_eid_is_zero(eid))
		fputs("lpactl: warning: the EID is all zero: this eUICC was never personalised, or its reader hides it\n",
		      stderr);
	else if (!esim_eid_valid(eid))
		fputs("lpactl: warning: the check digits of the EID are wrong\n", stderr);
}

int verb_info(struct app *app)
{
	struct facts f = { 0 };
	int rc = app_open_card(app);

	if (!rc)
		rc = read_facts(app, &f);
	if (!rc) {
		warn_of_eid(&f.eid);
		if (app->options.json)
			fill_json(app, &f);
		else
			print(&f);
	}
	es10b_euicc_info2_clear(&f.info2);
	esim_rat_clear(&f.rat);
	return rc;
}
