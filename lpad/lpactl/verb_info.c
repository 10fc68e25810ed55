/* SPDX-License-Identifier: GPL-2.0-or-later */
/* lpactl info: what this eUICC is. */
#include "app.h"
#include "bus_client.h"
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

static void warn_of_eid(const char *digits)
{
	struct esim_eid eid;

	if (esim_eid_parse(digits, &eid))
		return;
	if (esim_eid_is_zero(&eid))
		fputs("lpactl: warning: the EID is all zero: this eUICC was never personalised, or its reader hides it\n",
		      stderr);
	else if (!esim_eid_valid(&eid))
		fputs("lpactl: warning: the check digits of the EID are wrong\n", stderr);
}

int info_direct(struct app *app)
{
	struct facts f = { 0 };
	int rc = app_open_card(app);

	if (!rc)
		rc = read_facts(app, &f);
	if (!rc) {
		warn_of_eid(f.eid_text);
		fill_json(app, &f);
	}
	es10b_euicc_info2_clear(&f.info2);
	esim_rat_clear(&f.rat);
	return rc;
}

/* lpad's names are flat, those of a direct run nest the addresses. */
int info_by_lpad(struct app *app)
{
	static const char *const same[] = { "isdrAid", "euiccInfo2", "rulesAuthorisationTable" };
	json_t *details = NULL, *addresses = json_object();
	int rc = bus_details(app->bus, app->euicc, "Euicc1", &details, &app->err);

	if (!rc) {
		warn_of_eid(output_text(details, "eid"));
		json_object_set(app->result, "eidValue", json_object_get(details, "eid"));
		json_object_set(addresses, "defaultDpAddress", json_object_get(details, "defaultDpAddress"));
		json_object_set(addresses, "rootDsAddress", json_object_get(details, "rootDsAddress"));
		json_object_set(app->result, "euiccConfiguredAddresses", addresses);
		for (size_t i = 0; i < sizeof(same) / sizeof(same[0]); i++)
			json_object_set(app->result, same[i], json_object_get(details, same[i]));
		if (json_is_false(json_object_get(details, "complete")))
			app_note(app, "lpad could not read all of this eUICC: what is not known is left out");
	}
	json_decref(addresses);
	json_decref(details);
	return rc;
}

static void print_key_ids(const char *name, const json_t *list)
{
	size_t i;
	json_t *id;

	json_array_foreach(list, i, id) {
		output_field(stdout, i ? " " : name, json_string_value(id));
	}
}

void info_print(const json_t *result)
{
	const json_t *addresses = json_object_get(result, "euiccConfiguredAddresses");
	const json_t *info2 = json_object_get(result, "euiccInfo2");
	const json_t *free_memory = json_object_get(json_object_get(info2, "extCardResource"),
						    "freeNonVolatileMemory");
	char text[64];

	output_member(stdout, "EID", result, "eidValue");
	output_member(stdout, "SGP.22 version", info2, "svn");
	output_member(stdout, "Profile version", info2, "profileVersion");
	output_member(stdout, "Firmware version", info2, "euiccFirmwareVer");
	if (free_memory) {
		snprintf(text, sizeof(text), "%" JSON_INTEGER_FORMAT " bytes", json_integer_value(free_memory));
		output_field(stdout, "Free memory", text);
	}
	output_member(stdout, "Default SM-DP+", addresses, "defaultDpAddress");
	output_member(stdout, "Root SM-DS", addresses, "rootDsAddress");
	print_key_ids("CIs for verification", json_object_get(info2, "euiccCiPKIdListForVerification"));
	print_key_ids("CIs for signing", json_object_get(info2, "euiccCiPKIdListForSigning"));
	output_member(stdout, "Forbidden policy rules", info2, "forbiddenProfilePolicyRules");
	output_member(stdout, "Accreditation", info2, "sasAcreditationNumber");
}
