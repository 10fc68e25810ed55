/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Root CIs of GSMA's production eSIM PKI, as public facts: name, key id, key and
 * validity. GSMA publishes the list; a card says by its CI key ids which of them
 * it trusts. Names are spelt as in the CI's own certificate, string types included:
 * TLS finds an issuer by these very bytes.
 */
#include <esim/lpa.h>

#include <string.h>

#define MAX_NAME 128	/* bytes of a Name below */

static const struct {
	const char *subject;		/* hex, Name */
	const char *key_id;		/* hex */
	const char *point;		/* hex, uncompressed */
	enum esim_curve curve;
	int64_t not_before, not_after;
} known[] = {
	{	/* C=CH (PrintableString), O=OISTE Foundation, CN=OISTE GSMA CI G1 (UTF8String) */
		"3043310B300906035504061302434831193017060355040A0C104F4953544520466F756E646174696F6E"
		"3119301706035504030C104F495354452047534D41204349204731",
		"4C27967AD20C14B391E9601E41E604AD57C0222F",
		"04BD9DECDCF142E0D82B09C08C98727A0C9EBABB3007B8B72F8C99CE9FE4ED04D4"
		"E14BB6072C3C8709ADAFEC3FB34CFF974ED82A81C2E8079E8685AF44410438C4",
		ESIM_CURVE_P256,
		1705447059, 2809207058,		/* 2024-01-16 23:17:39, 2059-01-07 23:17:38 */
	},
	{	/* O=GSM Association, CN=GSM Association - RSP2 Root CI1 (PrintableString) */
		"304431183016060355040A130F47534D204173736F63696174696F6E"
		"312830260603550403131F47534D204173736F63696174696F6E202D205253503220526F6F7420434931",
		"81370F5125D0B1D408D4C3B232E6D25E795BEBFB",
		"049D6ABAD2F41C2317E76189EBF8DE89BB00A997D42D68FF5F5D29FCC8A7EAC799"
		"37E85FE65968BDB08DB81DA7BA72F3F8EF140F4494081515A3C7BA9FD5F54EE6",
		ESIM_CURVE_P256,
		1487721600, 2592172799,		/* 2017-02-22 00:00:00, 2052-02-21 23:59:59 */
	},
};

static int add(struct esim_pool *pool, size_t i, struct esim_slice key_id, struct esim_error *err)
{
	uint8_t subject[MAX_NAME];
	struct esim_anchor_facts facts = {
		.key_id = key_id,
		.subject = { .data = subject },
		.key.curve = known[i].curve,
		.not_before = known[i].not_before,
		.not_after = known[i].not_after,
	};
	size_t len;

	if (esim_hex_decode(known[i].subject, subject, sizeof(subject), &facts.subject.len) ||
	    esim_hex_decode(known[i].point, facts.key.point, sizeof(facts.key.point), &len) ||
	    len != sizeof(facts.key.point))
		return esim_error_set(err, ESIM_EINVAL, "the built-in anchor %s is malformed",
				      known[i].key_id);
	return esim_pool_add_anchor(pool, &facts, err);
}

int esim_pool_add_known(struct esim_pool *pool, const struct esim_key_id_list *wanted,
			size_t *ret_added, struct esim_error *err)
{
	size_t added = 0;

	for (size_t i = 0; i < sizeof(known) / sizeof(known[0]); i++) {
		uint8_t bytes[ESIM_MAX_KEY_ID];
		struct esim_slice key_id = { .data = bytes };
		int rc = esim_hex_decode(known[i].key_id, bytes, sizeof(bytes), &key_id.len);

		if (!rc && wanted && !esim_key_id_list_has(wanted, key_id))
			continue;
		if (!rc)
			rc = add(pool, i, key_id, err);
		if (rc)
			return rc;
		added++;
	}
	*ret_added = added;
	return 0;
}
